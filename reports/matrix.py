"""The matrix of cases and routes: modules, functions, a row for each case, a cell for each route and node."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .charts import Piece, Strip, stacked, strip
from .sections import section_title
from .shown import natural
from .verdict_words import BAR, KEYS, ORDER, worst

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One way to the target: a route, and where there are several nodes, one of them."""

    route: str
    node: str | None
    label: str
    about: str = ""


@dataclass(slots=True)
class Result:
    """One record of the report, with its place on the page.

    ``inline`` tells that its evidence stands among the findings; ``held`` says where it is kept otherwise.
    ``only_here`` names the route where it is to blame; ``direct`` is the record without it, if there is one.
    """

    record: Record
    anchor: str
    column: int
    inline: bool = False
    held: str = ""
    only_here: str = ""
    direct: Record | None = None

    @property
    def verdict(self) -> str:
        """The record's verdict."""
        return str(self.record["verdict"])

    @property
    def name(self) -> str:
        """What tells the case from the others of its function, or the function's name when it is alone."""
        return parameter_of(self.record["id"])


@dataclass(slots=True)
class Row:
    """One case: its results by column."""

    id: str
    name: str
    cells: list[Result | None]

    @property
    def verdict(self) -> str:
        """The worst of its results."""
        return worst([cell.verdict for cell in self.cells if cell])

    @property
    def first(self) -> Result:
        """The result that its name leads to: the worst, and among equals that of the first column."""
        return next(cell for cell in self.cells if cell and cell.verdict == self.verdict)

    @property
    def elsewhere(self) -> bool:
        """Whether the fragment that is its id leads to evidence among the findings."""
        return any(cell.inline and cell.anchor == self.id for cell in self.cells if cell)

    @property
    def duration_s(self) -> float:
        """The longest of its results."""
        return max(float(cell.record["duration_s"]) for cell in self.cells if cell)

    @property
    def level(self) -> str:
        """The level under which its weightiest result is filed."""
        return str(self.first.record["level"])


@dataclass(slots=True)
class Function:
    """The cases that one function makes of its parameters."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)

    @property
    def alone(self) -> bool:
        """Whether it makes a single case without parameters."""
        return len(self.rows) == 1 and "[" not in self.rows[0].id


@dataclass(slots=True)
class Module:
    """The functions of one module of a suite."""

    key: str
    suite: str
    section: str
    title: str
    functions: list[Function] = field(default_factory=list)

    @property
    def rows(self) -> Iterator[Row]:
        """Every row, in order."""
        return (row for function in self.functions for row in function.rows)

    @property
    def strip(self) -> Strip:
        """One mark for each case."""
        return strip([row.verdict for row in self.rows])

    @property
    def counts(self) -> Counter[str]:
        """How many results have each verdict."""
        return Counter(cell.verdict for row in self.rows for cell in row.cells if cell)

    @property
    def told(self) -> tuple[tuple[str, str, int], ...]:
        """The verdicts that occur: key, word, count."""
        counts = self.counts
        return tuple((KEYS[name], name, counts[name]) for name in ORDER if counts[name])


def columns_of(report: Mapping[str, Any]) -> tuple[Column, ...]:
    """Every route (and node) that has a result, in the order of the report."""
    about = {route["name"]: route for route in report["routes"]}
    order = {name: index for index, name in enumerate(about)}
    seen = {(case["route"], case.get("node")) for case in report["cases"]}
    nodes = {node for _, node in seen}
    columns = []
    for route, node in sorted(seen, key=lambda key: (order.get(key[0], len(order)), key[0], key[1] or "")):
        told = about.get(route, {})
        software = " ".join(str(told[key]) for key in ("software", "version") if told.get(key))
        label = f"{route} · {node}" if len(nodes) > 1 and node else route
        columns.append(Column(route, node, label, software))
    return tuple(columns)


def anchor_of(record: Record) -> str:
    """The fragment under which a result is found: the case's id, with its route and node unless direct."""
    route = "" if record["route"] == "direct" else f"@{record['route']}"
    node = f"@{record['node']}" if record.get("node") else ""
    return f"{record['id']}{route}{node}"


def results_of(report: Mapping[str, Any], columns: Sequence[Column]) -> list[Result]:
    """Every result, with the route's own faults marked as such."""
    index = {(column.route, column.node): number for number, column in enumerate(columns)}
    direct = {case["id"]: case for case in report["cases"] if case["route"] == "direct"}
    results = []
    for case in sorted(report["cases"], key=lambda case: natural(case["id"])):
        result = Result(case, anchor_of(case), index[case["route"], case.get("node")])
        if case.get("blame") in ("route", "route-or-nodes"):
            result.only_here, result.direct = case["route"], direct.get(case["id"])
        results.append(result)
    return results


def modules_of(results: Sequence[Result], columns: Sequence[Column]) -> tuple[Module, ...]:
    """The results by module, function and case, in the order in which they come."""
    modules: dict[str, Module] = {}
    functions: dict[str, Function] = {}
    rows: dict[str, Row] = {}
    for result in results:
        case_id = result.record["id"]
        module_key, _, last = case_id.rpartition("/")
        function_key = case_id.partition("[")[0]
        module = modules.get(module_key)
        if module is None:
            module = modules[module_key] = _module(module_key)
        function = functions.get(function_key)
        if function is None:
            function = functions[function_key] = Function(last.partition("[")[0], result.record["title"])
            module.functions.append(function)
        row = rows.get(case_id)
        if row is None:
            row = rows[case_id] = Row(case_id, parameter_of(case_id), [None] * len(columns))
            function.rows.append(row)
        row.cells[result.column] = result
    return tuple(sorted(modules.values(), key=_module_order))


def parameter_of(case_id: str) -> str:
    """The parameters of a case, without their brackets; the function's name when there are none."""
    _, bracket, parameters = case_id.partition("[")
    return parameters.removesuffix("]") if bracket else case_id.rpartition("/")[2]


_NAMES = {"tls": "TLS", "tcp": "TCP", "http": "HTTP", "utf8": "UTF-8"}
_MODULE = re.compile(r"(?:(?P<spec>rfc\d+)_?)?(?:s(?P<section>\d+(?:_\d+)*))?_?(?P<rest>.*)")


def _module(key: str) -> Module:
    suite, _, name = key.partition("/")
    match = _MODULE.fullmatch(name)
    parts = match.groupdict("") if match else {"spec": "", "section": "", "rest": name}
    section, spec = parts["section"].replace("_", "."), parts["spec"] or "rfc6455"
    words = " ".join(_NAMES.get(word, word) for word in parts["rest"].split("_") if word)
    heading = section_title(spec, section) if section else ""
    # Several modules may share a section: then the module's own words tell them apart.
    title = words[:1].upper() + words[1:] if words else heading or name or suite
    return Module(key, suite, f"{parts['spec']} {section}".strip(), title)


def _module_order(module: Module) -> tuple[str, bool, tuple[int, ...], str]:
    numbers = tuple(int(part) for part in re.findall(r"\d+", module.section))
    return module.suite, not numbers, numbers, module.key


def suite_choices(modules: Sequence[Module]) -> tuple[str, ...]:
    """The suites, in order."""
    return tuple(dict.fromkeys(module.suite for module in modules))


def verdict_bar(counts: Mapping[str, int]) -> tuple[Piece, ...]:
    """Counts of verdicts as a bar."""
    return stacked(counts, BAR, KEYS)
