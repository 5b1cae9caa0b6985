"""``wireproof serve`` and ``wireproof demo``: the servers that come along."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import sys
from importlib import import_module
from typing import Any

import click

from wireproof.cli.completing import servers
from wireproof.cli.options import default_options, run_options
from wireproof.cli.running import Performance, perform, run
from wireproof.content import prepare_content
from wireproof.errors import UsageError


@click.command("serve")
@click.argument("name", required=False, shell_complete=servers)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes any free port.")
def serve_command(name: str | None, host: str, port: int) -> None:
    """Start the bundled server NAME; without a name, list them."""
    prepare_content()
    strict = import_module("wireproof.bundle.fixtures.strict.serving")
    bundled = import_module("wireproof.bundle.fixtures.servers").BUNDLED
    if name is None:
        for key, server in bundled.items():
            click.echo(f"{key:16} {server.title}")
        click.echo("strict           the strict reference server (needs nothing)")
        click.echo(f"and {len(strict.names()) - 1} faulty twins of it: {', '.join(strict.names()[1:])}")
    elif name in bundled:
        argv = bundled[name].command(host, port)
        os.execv(argv[0], argv)  # noqa: S606  # the server takes this process's place, signals and all
    elif name in strict.names():
        asyncio.run(strict.serve_forever(name, host, port, lambda url: click.echo(f"listening on {url}")))
    else:
        raise UsageError(f"no bundled server is called {name!r}; `wireproof serve` lists them")


@click.command("demo")
@click.option(
    "--server",
    default="strict",
    show_default=True,
    help="Any server that `wireproof serve` lists.",
    shell_complete=servers,
)
@run_options
def demo_command(server: str, **options: Any) -> int:
    """Start a bundled server and run everything against it."""
    started = {**options, **_bundled(server)}
    for name in ("start", "ready"):
        started[name] = options[name] or started[name]
    return run(started, sys.argv[1:], f"wireproof demo --server {server} --case {{case}} --seed {{seed}}")


def perform_bundled(server: str, case: str) -> Performance:
    """Run one case against a bundled server; nothing is shown."""
    return perform({**default_options(), **_bundled(server), "case": (case,), "quiet": True}, ())


def _bundled(server: str) -> dict[str, str]:
    """The options that start a bundled server on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "wireproof", "serve", server, "--port", str(port)]
    return {
        "url": f"ws://127.0.0.1:{port}",
        "start": shlex.join(words),
        "ready": r"line:^listening on",
    }
