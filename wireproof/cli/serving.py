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
from wireproof.content import load_drivers, prepare_content
from wireproof.errors import UsageError
from wireproof.proxy.driver import Missing
from wireproof.proxy.via import parse_programs, parse_via
from wireproof.wire.text import printable


@click.command(
    "serve",
    context_settings={"ignore_unknown_options": True},
    short_help="Start a bundled server, or list them.",
)
@click.argument("name", required=False, shell_complete=servers)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes any free port; several nodes take it and those behind it.")
@click.option("--nodes", default=1, type=click.IntRange(1), help="How many that share rooms and broadcasts.")
def serve_command(name: str | None, options: tuple[str, ...], host: str, port: int, nodes: int) -> None:
    """Start the bundled server NAME; without a name, list them.

    OPTIONS are the server's own, as --defaults and --ping-interval MILLISECONDS of those for Socket.IO.
    """
    prepare_content()
    strict = import_module("wireproof.bundle.fixtures.strict.serving")
    real = import_module("wireproof.bundle.fixtures.servers")
    bundled = real.BUNDLED
    if name is None:
        width = max(map(len, bundled))
        for key, server in bundled.items():
            click.echo(f"{key:{width}} {server.title}")
        click.echo(f"{'strict':{width}} the strict reference server (needs nothing)")
        click.echo(f"{'strict-socketio':{width}} the same for Engine.IO and Socket.IO (needs nothing)")
        twins = [twin for twin in strict.names() if twin not in strict.FAULTLESS]
        click.echo(f"and {len(twins)} faulty twins of them, such as {twins[0]}: see docs/matrix.md")
    elif name in bundled and nodes > 1:
        serving = real.serve_nodes(
            name, nodes, options, host, port, lambda urls: click.echo(f"listening on {urls}")
        )
        asyncio.run(serving)
    elif name in bundled:
        argv = bundled[name].command(host, port, *options)
        os.execv(argv[0], argv)  # noqa: S606  # the server takes this process's place, signals and all
    elif name in strict.names():
        if options or nodes > 1:
            raise UsageError(f"the server {name} takes no options of its own and is no more than one node")
        asyncio.run(strict.serve_forever(name, host, port, lambda url: click.echo(f"listening on {url}")))
    else:
        raise UsageError(f"no bundled server is called {name!r}; `wireproof serve` lists them")


@click.command("demo", short_help="Start a bundled server and judge it.")
@click.option(
    "--server",
    default="strict",
    show_default=True,
    help="Any server that `wireproof serve` lists.",
    shell_complete=servers,
)
@run_options
def demo_command(server: str, **options: Any) -> int:
    """Start a bundled server and run everything against it.

    A --via whose program is not here is left out, and told.
    """
    started = {**options, **_bundled(server), "via": _that_can_run(options["via"], options["program"])}
    if started["via"] and not options["quiet"]:
        ways = "".join(f", through {name}" for name in started["via"])
        click.echo(f"The server {server!r}: every case directly{ways}.")
        click.echo("What a proxy does differently by normal conduct is told as KNOWN.\n")
    for name in ("start", "ready", "profile"):
        started[name] = options[name] or started[name]
    ways = "".join(f" --via {shlex.quote(one)}" for one in started["via"])
    again = f"wireproof demo --server {server}{ways} --case {{case}} --seed {{seed}}"
    return run(started, sys.argv[1:], again)


def perform_bundled(server: str, case: str) -> Performance:
    """Run one case against a bundled server; nothing is shown."""
    return perform({**default_options(), **_bundled(server), "case": (case,), "quiet": True}, ())


def _that_can_run(via: tuple[str, ...], program: tuple[str, ...]) -> tuple[str, ...]:
    """Those routes of *via* whose proxies are installed; the others are told."""
    drivers = load_drivers() if via else {}
    told = parse_programs(program, os.environ, drivers)
    found = []
    for name in via:
        sought = ((hop.proxy, drivers[hop.proxy]) for hop in parse_via(name, drivers).hops)
        lacking = [one for key, driver in sought if isinstance(one := driver.find(told.get(key)), Missing)]
        if lacking:
            click.echo(f"left out: {name}, which is not here. {printable(lacking[0].hint)}", err=True)
        else:
            found.append(name)
    return tuple(found)


def _bundled(server: str) -> dict[str, str]:
    """The options that start a bundled server on a free port, with the profile that comes along with it."""
    prepare_content()
    real = import_module("wireproof.bundle.fixtures.servers").BUNDLED.get(server)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "wireproof", "serve", server, "--port", str(port)]
    return {
        "url": f"ws://127.0.0.1:{port}",
        "start": shlex.join(words),
        "ready": r"line:^listening on",
        "profile": str(real.profile) if real and real.profile else "",
    }
