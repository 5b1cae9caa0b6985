"""``python -m benchmarks [NAME …] [--quick | --whole] [--json FILE]``."""

from __future__ import annotations

import inspect
import json
import os
import pkgutil
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console

import benchmarks
from benchmarks.table import Size, Table
from wireproof import SUITES_VERSION, __version__
from wireproof.errors import WireproofError

_PREFIX = "bench_"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One module of this package."""

    name: str
    title: str
    measure: Callable[[Size], Sequence[Table]]


def found() -> dict[str, Benchmark]:
    """All benchmarks, by name."""
    names = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name.startswith(_PREFIX)]
    return {name.removeprefix(_PREFIX): _load(name) for name in names}


def _load(name: str) -> Benchmark:
    module = import_module(f"benchmarks.{name}")
    title = (inspect.getdoc(module) or name).partition("\n")[0]
    return Benchmark(name.removeprefix(_PREFIX), title, module.measure)


def _machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--quick", is_flag=True, help="A small size, which shows that the machinery works.")
@click.option("--whole", is_flag=True, help="All that can be measured, for minutes.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the numbers here, too.")
@click.option("--list", "list_only", is_flag=True, help="Only tell which benchmarks there are.")
def main(names: tuple[str, ...], quick: bool, whole: bool, json_file: Path | None, list_only: bool) -> None:
    """Run the benchmarks NAME... (all by default) and print their tables."""
    known = found()
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"no benchmark is called {unknown[0]!r}; there are: {', '.join(known)}")
    if list_only:
        for benchmark in known.values():
            click.echo(f"{benchmark.name:10} {benchmark.title}")
        return
    size = Size.QUICK if quick else Size.WHOLE if whole else Size.FULL
    console, results = Console(width=None if Console().is_terminal else 120), {}
    for name in names or known:
        console.print(f"\n[bold]{name}[/bold]: {known[name].title}", highlight=False)
        try:
            tables = known[name].measure(size)
        except WireproofError as exc:
            raise click.ClickException(str(exc)) from exc
        for table in tables:
            console.print(table)
        results[name] = [asdict(table) for table in tables]
    if json_file is not None:
        document = {
            "version": __version__,
            "suites": SUITES_VERSION,
            "size": size.value,
            "machine": _machine(),
            "benchmarks": results,
        }
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
