"""The outcome of a run in a terminal of 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from wireproof.cli.alike import Group, alike
from wireproof.cli.excerpt import excerpt
from wireproof.report import ROUTED, Report
from wireproof.run.affinity import STICKINESS
from wireproof.run.route import DEPLOYED, DIRECT
from wireproof.verdict import Verdict
from wireproof.wire.text import printable

WIDEST = 80
NAMED = 10  # cases of a group, observations and reasons that are told one by one
PARAMETERS = 20  # of one function
_LABEL = 10  # columns for what a line is about
_LEFT = 6  # columns before everything that belongs to a case

_STYLES = {
    "fail": "bold red",
    "warn": "yellow",
    "info": "cyan",
    "inconclusive": "magenta",
    "error": "bold magenta",
}
# The gravest last, where the eye is when the run is over.
_SHOWN = (Verdict.WARN, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
_WAYS = {"out": "sent", "in": "came", "note": ""}
_UNSEEN = (("not-tested", "not tested"), ("not-testable", "unseen from outside"))
_VARIABLE = re.compile(r"\$WIREPROOF_\w+")
_SHELL_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")


def plain(text: str, width: int, under: int = 0) -> list[str]:
    """*text* in lines of *width*, all but the first after *under* blanks; a longer word has its own line."""
    lines = textwrap.wrap(
        text, width, subsequent_indent=" " * under, break_long_words=False, break_on_hyphens=False
    )
    return lines or [""]


def shell(head: str, command: str, width: int) -> list[str]:
    """*head* and a command in lines of *width*, which a shell takes as one.

    An option stays with its value where they fit.
    """
    lines, bare = [head], True
    for word in _command_words(command, width - 2):
        if not bare and len(lines[-1]) + 1 + len(word) > width - 2:
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] += word if bare else f" {word}"
        bare = False
    return lines


def _command_words(text: str, width: int) -> Iterator[str]:
    words = [match[0] for match in _SHELL_WORD.finditer(text)]
    while words:
        word = words.pop(0)
        if word.startswith("--") and words and len(word) + len(words[0]) < width - 2:
            word += f" {words.pop(0)}"
        yield word


def show(report: Report, outcome: str) -> None:
    """Print what a person has to know: accusations, evidence, coverage, counts, the *outcome*."""
    page = _page(report)
    page.causes()
    page.accusations()
    page.known()
    page.overview()
    page.closing(outcome)


def show_briefly(report: Report, outcome: str) -> None:
    """Print the counts and the *outcome* alone."""
    _page(report).closing(outcome)


def _page(report: Report) -> _Page:
    console = Console(highlight=False, soft_wrap=True)
    return _Page(console, max(40, min(console.width, WIDEST)), report)


class _Page:
    def __init__(self, console: Console, width: int, report: Report) -> None:
        self._console, self._width, self._report = console, width, report
        self._asked = {requirement["id"]: requirement for requirement in report["requirements"]}
        self._direct = {case["id"]: case for case in report["cases"] if case["route"] == DIRECT.name}
        self._routes = {route["name"] for route in report["routes"]}

    def causes(self) -> None:
        """Why much was not tried on some route: first of all, since it explains the rest."""
        for name, told in self._report["causes"].items():
            self._print("CAUSE", _STYLES["warn"], printable(f"{name}: {told}"))
            self._console.print()

    def accusations(self) -> None:
        """Everything that is not clean and not known, alike things together."""
        for verdict in _SHOWN:
            cases = [c for c in self._report["cases"] if c["verdict"] == verdict and not c["known"]]
            # What fails directly is shown as it was seen there.
            for group in alike(sorted(cases, key=lambda case: (case["id"], case["route"] != DIRECT.name))):
                self._group(group)
        self._secrets()

    def _secrets(self) -> None:
        """What stands for secrets in the commands that were shown."""
        shown = [case["reproduce"] for case in self._report["cases"] if case["verdict"] in _SHOWN]
        names = dict.fromkeys(name for text in shown for name in _VARIABLE.findall(text))
        if names:
            told = f"set {' and '.join(names)} to what you gave before you run one"
            self._free(f"These commands leave out what is secret: {told}.")
            self._console.print()

    def known(self) -> None:
        """The known failures, one entry for each reason."""
        found: dict[tuple[str, str | None, str | None], list[Mapping[str, Any]]] = {}
        for case in self._report["cases"]:
            if known := case["known"]:
                found.setdefault((known["reason"], known["link"], known["expires"]), []).append(case)
        for (reason, link, expires), cases in found.items():
            self._print("KNOWN", _STYLES["info"], printable(reason))
            if link:
                self._line("see", link)
            if expires:
                self._line("until", expires)
            self._cases(cases, label="cases")
            self._console.print()

    def overview(self) -> None:
        """What was seen beside the accusations, and how much was looked at."""
        cases = self._report["cases"]
        if count := self._report["summary"]["info"]:
            seen = _plural(count, "case looked", "cases looked")
            text = f"{seen} at what the text leaves open. --html and --json tell what was seen."
            self._print("INFO ", _STYLES["info"], text)
        passing = Counter(text for case in cases for text in case["in_passing"])
        self._tally("Rules broken in passing, which decide no verdict:", passing)
        absent = Counter(case["reason"] for case in cases if case["verdict"] == Verdict.NOT_APPLICABLE)
        self._tally("Not applicable:", absent)
        self._between()
        for spec in dict.fromkeys(requirement["spec"] for requirement in self._report["requirements"]):
            self._free(self._coverage(spec))

    def _between(self) -> None:
        """What the user's own way to the server showed, but for what was said first, or told by the user."""
        causes, nodes = self._report["causes"], self._report["target"].get("nodes", ())
        deployed = DEPLOYED.name in self._routes
        needless = {"nodes", STICKINESS} if len(nodes) > 1 and not deployed else set[str]()
        told = {
            name: text
            for name, text in self._report["between"].items()
            if causes.get(name) != text and name not in needless
        }
        if told:
            self._free(f"What stands between ({self._report['target']['url'] if deployed else 'directly'}):")
        for name, text in told.items():
            self._free(printable(f"{name}: {text}"), 8)

    def closing(self, outcome: str) -> None:
        """The counts and the outcome in one sentence."""
        summary = self._report["summary"]
        parts = [f"{summary[v]} {v}" for v in summary if summary[v] and v != "known"]
        if summary["known"]:
            parts.append(f"{summary['known']} of the failures known")
        ways = len({case["route"] for case in self._report["cases"]})
        over = f" over {ways} routes" if ways > 1 else ""
        self._free(f"{', '.join(parts) or 'no case'}{over} in {self._report['duration_s']:.1f} s")
        self._free(printable(outcome), style="bold")

    def _group(self, group: Group) -> None:
        case = group.first
        self._print(f"{case['verdict'].upper():<5}", _STYLES[case["verdict"]], printable(_name(case)))
        self._free(printable(case["title"]), _LEFT)
        for name in case["broken"]:
            if one := self._asked.get(name):
                derived = ", derived" if one["basis"] == "derived" else ""
                place = f"{_spec(one['spec'])} section {one['section']}"
                self._line("demanded", f"{one['level']}{derived}, {place}: {one['asks']}")
        if case["expected"]:
            self._line("expected", " or ".join(case["expected"]))
        if case["observed"]:
            self._line("observed", case["observed"])
        for number, line in enumerate(case["reason"].split("\n") if case["reason"] else ()):
            self._line("" if number else "reason", line)
        self._transcript(case)
        if case["blame"] in ROUTED:
            who = case["route"] + (" or the nodes behind it" if case["blame"] != "route" else "")
            where = "on one node, directly" if case["blame"] != "route" else "directly"
            direct = self._direct.get(case["id"])
            # Some cases have a server of their own behind the proxies, and nothing to try without these.
            self._line("blame", f"{who}: the same case passes {where}, like this" if direct else who)
            if direct:
                self._transcript(direct, "directly")
        for line in shell(f"{'again':<{_LABEL}}", printable(case["reproduce"]), self._width - _LEFT):
            self._console.print(Text(" " * _LEFT + line))
        self._others(group)
        self._console.print()

    def _transcript(self, case: Mapping[str, Any], name: str = "wire") -> None:
        entries, some = case["transcript"], excerpt(case)
        several = len({entry["peer"] for entry in entries}) > 1
        for number, at in enumerate(some.shown):
            entry = entries[at]
            peer = f" #{entry['peer']}" if several else ""
            head = f"{entry['t']:.4f}{peer} {_WAYS.get(entry['dir'], entry['dir']):<4} "
            label = "" if number else name
            mark, style = (">", _STYLES.get(case["verdict"], "")) if at == some.marked else ("", "")
            self._line(f"{label:<{_LABEL - 2}}{mark}", f"{head}{entry['text']}", len(head), style)
        if some.rest:
            self._line("", some.rest)

    def _others(self, group: Group) -> None:
        """The rest of a group: by name alone where the same was seen, else with what was seen."""
        function = group.first["id"].partition("[")[0]
        if also := [case["route"] for case in group.same if case["id"] == group.first["id"]]:
            self._line("likewise", self._through([group.first["route"], *also]))
        self._cases([case for case in group.same if case["id"] != group.first["id"]], function)
        other: dict[tuple[str, str], list[str]] = {}
        for case in group.other:
            seen = case["observed"] or case["reason"].partition("\n")[0]
            other.setdefault((case["id"], seen), []).append(case["route"])
        for (name, seen), routes in list(other.items())[:NAMED]:
            self._line("likewise", f"{name.removeprefix(function)} {self._through(routes)}".strip())
            self._line("", seen)
        self._more(len(other) - NAMED)

    def _cases(self, cases: Sequence[Mapping[str, Any]], function: str = "", label: str = "likewise") -> None:
        """Cases by name, each once; those that took the same routes together."""
        routes: dict[str, list[str]] = {}
        for case in cases:
            routes.setdefault(case["id"], []).append(case["route"])
        together: dict[str, list[str]] = {}
        for name, taken in routes.items():
            together.setdefault(self._through(taken), []).append(name)
        for through, names in together.items():
            self._names(names, through, function, label)

    def _through(self, routes: Sequence[str]) -> str:
        """By which of the run's routes; nothing where that goes without saying."""
        if len(routes) > 1 and {*routes} == self._routes:
            return "on both routes" if len(routes) == 2 else "on all routes"
        via = [name for name in routes if name != DIRECT.name]
        told = f"via {', '.join(via)}" if via else ""
        return f"directly and {told}" if told and len(via) < len(routes) else told

    def _names(self, names: Sequence[str], through: str, function: str, label: str) -> None:
        """Cases by name, those of one function together; the name of *function* goes without saying."""
        functions: dict[str, list[str]] = {}
        for name in names:
            functions.setdefault(name.partition("[")[0], []).append(name)
        if own := functions.pop(function, []):
            self._line(label, " ".join([*_parameters(own), through]).rstrip())
        for number, (name, cases) in enumerate(functions.items()):
            if number == NAMED:
                break
            if not own and not number:
                self._line(label, "")
            text = printable(" ".join([name, *_parameters(cases), through]).rstrip())
            for part in plain(text, self._width - _LEFT - 2, 2):
                self._console.print(Text(" " * (_LEFT + 2) + part))
        self._more(sum(map(len, list(functions.values())[NAMED:])))

    def _more(self, count: int) -> None:
        if count > 0:
            self._line("", f"and {count} more, which --json names")

    def _tally(self, heading: str, counts: Counter[str]) -> None:
        if not counts:
            return
        self._free(heading)
        for text, count in counts.most_common(NAMED):
            lines = plain(printable(text), self._width - 8)
            for number, line in enumerate(lines):
                self._console.print(Text(f"{' ' * 8 if number else f'{count:6d}  '}{line}"))
        if len(counts) > NAMED:
            self._free(f"and {len(counts) - NAMED} more kinds, which --json tells", 8)

    def _coverage(self, spec: str) -> str:
        counts = Counter(one["status"] for one in self._report["requirements"] if one["spec"] == spec)
        told = [_plural(counts["met"], "requirement met", "requirements met"), f"{counts['broken']} broken"]
        told += [f"{counts[key]} {word}" for key, word in _UNSEEN if counts[key]]
        return f"{_spec(spec)}: {', '.join(told)}."

    def _print(self, label: str, style: str, rest: str) -> None:
        """A heading in colour; what follows it hangs below itself."""
        first, *more = plain(rest, self._width - _LEFT)
        self._console.print(Text.assemble((label, style), f" {first}"))
        for line in more:
            self._console.print(Text(" " * _LEFT + line))

    def _line(self, label: str, text: str, under: int = 0, style: str = "") -> None:
        """One labelled line of a case; its further lines hang *under* so many columns of its text."""
        for number, line in enumerate(plain(printable(text), self._width - _LEFT - _LABEL, under)):
            text = f"{' ' * _LEFT}{'' if number else label:<{_LABEL}}{line}"
            self._console.print(Text(text.rstrip(), style=style))

    def _free(self, text: str, left: int = 0, style: str = "") -> None:
        for line in plain(text, self._width - left):
            self._console.print(Text(" " * left + line, style=style))


def _name(case: Mapping[str, Any]) -> str:
    return str(case["id"]) + ("" if case["route"] == DIRECT.name else f" via {case['route']}")


def _parameters(names: Sequence[str]) -> list[str]:
    """What tells cases of one function apart."""
    given = [f"[{name.partition('[')[2]}" for name in names if "[" in name]
    more = len(given) - PARAMETERS
    return [*given[:PARAMETERS], f"and {more} more, which --json names"] if more > 0 else given


def _spec(key: str) -> str:
    return re.sub(r"^rfc(\d+)$", r"RFC \1", key)


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
