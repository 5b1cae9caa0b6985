"""The command line: ``wireproof run`` and its companions."""

from __future__ import annotations

import sys
import traceback

import click

from wireproof import __version__
from wireproof.cli.comparing import baseline_command, compare_command, matrix_command
from wireproof.cli.completing import completion_command
from wireproof.cli.looking import explain_command, list_command
from wireproof.cli.proxying import proxy_command, routes_command
from wireproof.cli.replaying import replay_command
from wireproof.cli.reporting import report_command
from wireproof.cli.running import run_command
from wireproof.cli.serving import demo_command, serve_command
from wireproof.errors import InternalError, WireproofError
from wireproof.wire.text import printable

USAGE, INTERRUPTED = 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="wireproof")
def cli() -> None:
    """Judge WebSocket and Socket.IO servers, and what stands before them, requirement by requirement.

    `wireproof run ws://127.0.0.1:8080` judges a server of yours, `wireproof demo` one that comes along.
    """


for command in (
    run_command,
    demo_command,
    serve_command,
    list_command,
    explain_command,
    replay_command,
    report_command,
    compare_command,
    baseline_command,
    matrix_command,
    routes_command,
    proxy_command,
    completion_command,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit with its status; what the user can mend is told without a traceback."""
    try:
        status = cli.main(prog_name="wireproof", standalone_mode=False)
    except click.exceptions.Abort:
        status = INTERRUPTED
    except click.ClickException as exc:
        exc.show()
        status = USAGE
    except KeyboardInterrupt:
        status = INTERRUPTED
    except WireproofError as exc:
        # A message may quote the server: only its line breaks are ours.
        click.echo("wireproof: " + "\n".join(map(printable, str(exc).split("\n"))), err=True)
        status = exc.status
    except Exception:  # noqa: BLE001  # a defect of wireproof's own: 1 would accuse the server
        traceback.print_exc()
        status = InternalError.status
    sys.exit(status if isinstance(status, int) else 0)
