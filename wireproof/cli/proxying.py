"""``wireproof routes`` and ``wireproof proxy``: what can stand before a target, and one to play with."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wireproof.cli.completing import proxies as proxy_names
from wireproof.content import load_drivers
from wireproof.errors import UsageError, WireproofError
from wireproof.proxy.driver import Driver, Drivers, Feature, Missing, Software, Unsupported, Upstream
from wireproof.proxy.route import OpenRoute, open_route
from wireproof.proxy.via import Route, parse_programs, parse_upstream, parse_via
from wireproof.wire.text import printable

_PROGRAM = click.option(
    "--program",
    metavar="NAME=PATH",
    multiple=True,
    help="Where the program of a proxy is; NAME=path takes the one on PATH.",
)


@click.command("routes", short_help="Show which proxies --via can lead through here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_PROGRAM
def routes_command(as_json: bool, program: tuple[str, ...]) -> None:
    """Show which proxies `--via` can lead through here, and what to install for the rest."""
    drivers = load_drivers()
    told = parse_programs(program, os.environ, drivers)
    found = {name: driver.find(told.get(name)) for name, driver in drivers.items()}
    if as_json:
        listed = [_as_data(drivers[name], software) for name, software in found.items()]
        click.echo(json.dumps({"routes": listed}, indent=2, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 1, 0))
    table.add_column("proxy", no_wrap=True)
    table.add_column("software", max_width=22)
    table.add_column("can", overflow="fold", ratio=1)
    for name, software in found.items():
        driver = drivers[name]
        lines = Text("\n").join(_cells(driver, software))
        table.add_row(Text(name, style="bold"), Text(_software(driver, software)), lines)
    console = Console(highlight=False)
    console.print(table)
    _show_switches(console, drivers)
    console.print("`wireproof proxy NAME[:SETTING,…] --upstream URL` runs one of them.", markup=False)


def _software(driver: Driver, software: Software | Missing) -> str:
    if isinstance(software, Missing):
        return f"{driver.title}\nnot here"
    return printable(f"{driver.title} {software.version}") + "\n" + printable(software.source)


def _cells(driver: Driver, software: Software | Missing) -> Iterator[Text]:
    if isinstance(software, Missing):
        yield Text(printable(software.hint), style="yellow")
        return
    answers = {feature: driver.supports(feature, software) for feature in Feature}
    yield Text(", ".join(str(f) for f, answer in answers.items() if not isinstance(answer, Unsupported)))
    reasons: dict[str, list[str]] = {}
    for feature, answer in answers.items():
        if isinstance(answer, Unsupported):
            reasons.setdefault(answer.reason, []).append(str(feature))
    for reason, names in reasons.items():
        yield Text(f"not {', '.join(names)}: {reason}", style="dim")
    if driver.switches:
        yield Text(f"of its own, see below: {', '.join(driver.switches)}")


def _show_switches(console: Console, drivers: Drivers) -> None:
    """The settings that only some proxies have, each once."""
    switches = {name: meaning for driver in drivers.values() for name, meaning in driver.switches.items()}
    if not switches:
        return
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("setting", no_wrap=True)
    table.add_column("of the simulated ones; written NAME or NAME=VALUE")
    for name, meaning in switches.items():
        table.add_row(Text(name), Text(meaning))
    console.print(table)
    console.print()


def _as_data(driver: Driver, software: Software | Missing) -> dict[str, Any]:
    data: dict[str, Any] = {"name": driver.name, "title": driver.title, "kind": driver.kind}
    if isinstance(software, Missing):
        return {**data, "software": None, "hint": software.hint}
    path = None if software.path is None else str(software.path)
    answers = {feature: driver.supports(feature, software) for feature in Feature}
    unsupported = {str(f): one.reason for f, one in answers.items() if isinstance(one, Unsupported)}
    return {
        **data,
        "software": {"path": path, "version": software.version, "source": software.source},
        "features": [str(feature) for feature in Feature if str(feature) not in unsupported],
        "unsupported": unsupported,
        "switches": dict(driver.switches),
    }


@click.command("proxy", short_help="Run a proxy, or a chain of them.")
@click.argument("via", metavar="NAME[:SETTING,…]", shell_complete=proxy_names)
@click.option("--upstream", metavar="URL", multiple=True, required=True, help="Where it leads; repeatable.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes any free port.")
@click.option("--idle-timeout", type=click.FloatRange(min=0.001), help="Cut idle WebSockets, in seconds.")
@click.option("--tls", is_flag=True, help="End TLS here, with a new certificate.")
@click.option("--folder", metavar="DIR", help="Keep configuration and logs here.")
@_PROGRAM
def proxy_command(
    via: str,
    upstream: tuple[str, ...],
    port: int,
    idle_timeout: float | None,
    tls: bool,
    folder: str | None,
    program: tuple[str, ...],
) -> None:
    """Run a proxy, or a chain as in haproxy+nginx, until Ctrl-C.

    Settings are a policy (round-robin, cookie …), tls, h2 and idle-timeout=SECONDS; `wireproof routes` shows
    what each can.
    """
    drivers = load_drivers()
    first, *rest = parse_via(via, drivers).hops
    extras = {Feature.TLS} if tls else set()
    if idle_timeout is not None:
        extras.add(Feature.IDLE_TIMEOUT)
        first = replace(first, idle_timeout=idle_timeout)
    route = Route(via, (replace(first, extras=first.extras | extras), *rest))
    upstreams = [parse_upstream(url) for url in upstream]
    told = parse_programs(program, os.environ, drivers)
    try:
        place = nullcontext(folder) if folder else tempfile.TemporaryDirectory(prefix="wireproof-proxy-")
        with place as where:
            opened = asyncio.run(_serve(route, upstreams, Path(where), drivers, told, port))
    except OSError as exc:
        raise UsageError(f"the folder can't be written: {exc}") from exc
    if opened.dead:
        names = " and ".join(one.hop.proxy for one in opened.dead)
        raise WireproofError(f"{names} ended by itself\n{opened.log}")


async def _serve(
    route: Route, upstreams: list[Upstream], folder: Path, drivers: Drivers, told: dict[str, str], port: int
) -> OpenRoute:
    """Run the route until a signal comes, or a proxy of it ends by itself."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    async with open_route(route, upstreams, folder, drivers, told, port) as opened:
        click.echo(_line(opened))
        waits = [asyncio.ensure_future(one.wait()) for one in (asked, *(h.proxy.exited for h in opened.hops))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    return opened


def _line(opened: OpenRoute) -> str:
    software = " to ".join(f"{one.driver.title} {one.software.version}" for one in reversed(opened.hops))
    to = ", ".join(dict.fromkeys(str(node) for one in opened.hops for node in one.layout.upstreams))
    trust = f" (trust {opened.certificate.authority})" if opened.certificate else ""
    return printable(f"listening on {opened.url}{trust}: {software}, leads to {to}")
