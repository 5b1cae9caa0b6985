"""Completion in a shell: case ids, servers, capabilities, files; and the script that a shell needs for it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from wireproof import __version__
from wireproof.content import prepare_content, suites_folder
from wireproof.errors import UsageError, WireproofError
from wireproof.target import CAPABILITIES

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_WIREPROOF_COMPLETE"
MOST = 50  # whole ids that are offered at once; where there are more, their beginnings are


@click.command("completion", short_help="Print what makes a shell complete the words of these commands.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete wireproof's command line.

    bash, zsh: eval "$(wireproof completion bash)" in the shell's start file.
    fish: wireproof completion fish > ~/.config/fish/completions/wireproof.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"{shell} is not known here")
    click.echo(kind(context.find_root().command, {}, "wireproof", VARIABLE).source())


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own files."""
    return [CompletionItem(incomplete, type="file")]


def capabilities(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a server can or can't do."""
    return _items(CAPABILITIES, incomplete)


def servers(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The servers that come along."""
    prepare_content()
    bundled = import_module("wireproof.bundle.fixtures.servers").BUNDLED
    strict = import_module("wireproof.bundle.fixtures.strict.serving").names()
    return _items((*bundled, *strict), incomplete)


def proxies(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The proxies that come along."""
    prepare_content()
    return _items(import_module("wireproof.bundle.proxies").load(), incomplete)


def cases(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The bundled cases."""
    return _items(steps(case_ids(), incomplete), incomplete)


def recorded_cases(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The cases of the report that the command line names."""
    try:
        report = json.loads(Path(context.params["report"]).read_text(encoding="utf-8"))
        ids = [one["id"] for one in report["cases"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return _items(steps(ids, incomplete), incomplete)


BY_OPTION: dict[str, Completer] = {
    "case": cases,
    "assume": capabilities,
    "without": capabilities,
}
"""Those of the options of a run. All others that take a FILE, a JOURNAL or a REPORT complete files."""


def completer(option: str, metavar: str | None) -> Completer | None:
    """The completer of the option of a run that is called so, None where there is nothing to complete."""
    return BY_OPTION.get(option) or (files if metavar in ("FILE", "JOURNAL", "REPORT") else None)


def steps(ids: Iterable[str], incomplete: str) -> Sequence[str]:
    """The *ids* that begin so; where they are too many, their beginnings up to the next ``/`` or ``[``."""
    found = [name for name in ids if name.startswith(incomplete)]
    at = len(incomplete)
    while len(found) > MOST:
        beginnings = dict.fromkeys(_step(name, at) for name in found)
        if len(beginnings) > 1:
            return list(beginnings)
        # A single beginning would be taken for the whole.
        at = len(next(iter(beginnings)))
    return found


def _step(name: str, at: int) -> str:
    ends = [end for mark in "/[" if (end := name.find(mark, at)) >= 0]
    return name[: min(ends) + 1] if ends else name


def case_ids() -> Sequence[str]:
    """The ids of the bundled cases: from the cache while the suites are as they were, else collected."""
    path = _cache()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(kept, list):
            return kept
    except (OSError, ValueError):
        pass
    from wireproof.cli.looking import collect_cases  # noqa: PLC0415  # looking.py completes, too

    try:
        ids = [case.id for case in collect_cases()]
    except WireproofError:
        return ()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps(ids), encoding="utf-8")
        half.replace(path)
        for old in path.parent.glob("*.json"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        pass  # then they are collected again, the next time
    return ids


def _cache() -> Path:
    """The file for the ids of these very suites."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(suites_folder().rglob("*.py")):
        about = path.stat()
        digest.update(f"{path}\0{about.st_mtime_ns}\0{about.st_size}\0".encode())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "wireproof", "completion", f"{digest.hexdigest()[:16]}.json")


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
