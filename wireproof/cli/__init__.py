"""The command line: ``wireproof run`` and its companions."""

from __future__ import annotations

import sys

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
from wireproof.errors import WireproofError
from wireproof.wire.text import printable

USAGE, INTERRUPTED = 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="wireproof")
def cli() -> None:
    """Judge WebSocket and Socket.IO servers, and what stands before them, requirement by requirement.

    `wireproof run ws://127.0.0.1:8080` judges a server of yours, `wireproof demo` one that comes along.
    """


_SHORT = {
    run_command: "Judge the server at a URL.",
    demo_command: "Start a bundled server and judge it.",
    serve_command: "Start a bundled server, or list them.",
    list_command: "List cases or requirements.",
    explain_command: "Explain a case or a requirement.",
    replay_command: "Run a case of a report again, as it ran.",
    report_command: "Make reports of a run's journal.",
    compare_command: "Tell what changed from one report to another.",
    baseline_command: "Write a report's failures as a file for --known.",
    matrix_command: "Join the reports of several servers into one page.",
    routes_command: "Show which proxies --via can lead through here.",
    proxy_command: "Run a proxy, or a chain of them.",
    completion_command: "Print what makes a shell complete the words of these commands.",
}
for command, words in _SHORT.items():
    command.short_help = words
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
    sys.exit(status if isinstance(status, int) else 0)
