"""How graph items are shown: each as one line for a reader, `path:line` first, and as one JSON object."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..graph.exporting.records import resolution, symbol_record
from .common import printable

if TYPE_CHECKING:
    from ..graph.testing.collecting.collect import TestNode
    from ..types import CallSite, Reference, SymbolRef, TestLink

_SHOWN_WHY = 3


class Line(NamedTuple):
    """One line of output: `text` is the item, `note` a remark on it. `line` 0: only the path is shown."""

    path: str
    line: int
    text: str
    note: str = ""
    depth: int = 0


class Shape(NamedTuple):
    """How one kind of thing is shown."""

    to_dict: Callable[[Any], dict[str, Any]]
    to_line: Callable[[Any], Line]


class Printer:
    """Writes lines to stdout. Terminals find `path:line` by themselves where the user stands in the root; elsewhere it is a link."""

    def __init__(self, root: Path, cwd: Path) -> None:
        from .console import PipedConsole

        self._root = root
        self._out = PipedConsole(highlight=False, soft_wrap=True)
        self._linked = self._out.is_terminal and cwd.resolve() != root

    def title(self, text: str) -> None:
        from rich.text import Text

        self._out.print(Text(printable(text), style="bold underline" if sys.stdout.isatty() else ""))

    def blank(self) -> None:
        self._out.print()

    def text(self, text: str) -> None:
        from rich.text import Text

        self._out.print(Text(printable(text)))

    def line(self, line: Line) -> None:
        from rich.style import Style
        from rich.text import Text

        where = f"{line.path}:{line.line}" if line.line else line.path
        text = Text()
        if line.path:
            link = f"{(self._root / line.path).as_uri()}#L{max(line.line, 1)}" if self._linked else None
            text.append(printable(where), Style(color="cyan", link=link))
            text.append("  ")
        text.append("  " * line.depth + printable(line.text), "bold")
        if line.note:
            text.append("  " + printable(line.note), "dim")
        self._out.print(text)


# -- symbols ---------------------------------------------------------------------------------------------------------


def symbol_dict(ref: SymbolRef) -> dict[str, Any]:
    return {"path": ref.path, "line": ref.symbol.name_line, "module": ref.module, **symbol_record(ref)}


def symbol_line(ref: SymbolRef) -> Line:
    symbol = ref.symbol
    about = symbol.signature if symbol.signature and symbol.signature != symbol.name else symbol.kind
    return Line(ref.path, symbol.name_line, ref.full_name, " ".join([*symbol.traits, about]))


def place_dict(ref: SymbolRef) -> dict[str, Any]:
    """A symbol that something else points to."""
    return {
        "full_name": ref.full_name,
        "kind": ref.symbol.kind,
        "path": ref.path,
        "line": ref.symbol.name_line,
    }


# -- calls -----------------------------------------------------------------------------------------------------------


def _call_dict(site: CallSite, otherwise: str) -> dict[str, Any]:
    return {
        "path": site.span.path,
        "line": site.span.start,
        "caller": place_dict(site.caller) if site.caller is not None else None,
        "callee": site.callee,
        "resolution": resolution(site, otherwise),
        "sure": site.sure,
        "targets": [place_dict(r) for r in site.targets],
        "enters": [place_dict(r) for r in site.enters],
        "external": list(site.external),
        "deferred": site.deferred,
        "implicit": site.implicit,
    }


def _traced(site: CallSite, otherwise: str) -> str:
    how = resolution(site, otherwise).replace("_", " ")
    to = ", ".join([r.full_name for r in site.targets] or site.external)
    return f"{how} → {to}" if to else how


def _written(site: CallSite) -> str:
    """The call in short: `f(x)[0].run(y)` is `(…)[…].run()`."""
    callee = site.callee.replace("()", "(…)").replace("[]", "[…]")
    written = f"{callee} (implicit: {site.implicit})" if site.implicit else f"{callee}()"
    return written + (" in a lambda" if site.deferred else "")


def _call_line(site: CallSite) -> Line:
    return Line(site.span.path, site.span.start, _written(site), _traced(site, "unresolved"))


def _caller_line(site: CallSite) -> Line:
    caller = site.caller.full_name if site.caller is not None else ""
    return Line(site.span.path, site.span.start, caller, f"{_written(site)}  {_traced(site, 'by_name')}")


# -- references, tests, modules, coverage ----------------------------------------------------------------------------


def _reference_dict(reference: Reference) -> dict[str, Any]:
    return {
        "path": reference.span.path,
        "line": reference.span.start,
        "column": reference.column,
        "kind": reference.kind,
        "owner": place_dict(reference.owner) if reference.owner is not None else None,
        "text": reference.line_text,
    }


def _reference_line(reference: Reference) -> Line:
    return Line(reference.span.path, reference.span.start, reference.line_text.strip(), reference.kind)


def _link_dict(link: TestLink) -> dict[str, Any]:
    span = link.span
    return {
        "path": span.path,
        "line": span.start,
        "start": span.start,
        "end": span.end,
        "node_id": link.node_id,
        "why": list(link.why),
        "distance": link.distance,
        "likely": link.likely,
        "guessed": link.guessed,
        "uncertain": link.uncertain,
        "via": [{"path": at.path, "line": at.start} for at in link.via],
    }


def _link_line(link: TestLink) -> Line:
    more = len(link.why) - _SHOWN_WHY
    why = "; ".join(link.why[:_SHOWN_WHY]) + (f"; and {more} more" if more > 0 else "")
    return Line(link.span.path, link.span.start, link.node_id, why)


def _node_dict(node: TestNode) -> dict[str, Any]:
    return {
        "path": node.path,
        "line": node.start,
        "start": node.start,
        "end": node.end,
        "node_id": node.node_id,
        "qualname": node.qualname,
        "parameters_known": node.parameters_known,
        "fixtures": list(node.fixtures),
    }


def _node_line(node: TestNode) -> Line:
    return Line(node.path, node.start, node.node_id, "" if node.parameters_known else "parameters not known")


class Dependency(NamedTuple):
    """One module imports another; `path` and `line` are those of the first import that says so."""

    path: str
    line: int
    importing: str
    imported: str
    in_workspace: bool


def _dependency_line(dependency: Dependency) -> Line:
    where = "" if dependency.in_workspace else "external"
    return Line(dependency.path, dependency.line, f"{dependency.importing} → {dependency.imported}", where)


class Covered(NamedTuple):
    """How many of a symbol's measured lines ran."""

    ref: SymbolRef
    covered: int
    measured: int

    @property
    def percent(self) -> float | None:
        return round(100 * self.covered / self.measured, 1) if self.measured else None


def _covered_dict(covered: Covered) -> dict[str, Any]:
    return {
        **symbol_dict(covered.ref),
        "covered": covered.covered,
        "measured": covered.measured,
        "percent": covered.percent,
    }


def _covered_line(covered: Covered) -> Line:
    share = f" ({covered.percent:.0f} %)" if covered.percent is not None else ""
    coverage_text = f"{covered.covered} of {covered.measured} lines ran{share}" if covered.measured else "not measured"
    return Line(covered.ref.path, covered.ref.symbol.name_line, covered.ref.full_name, coverage_text)


SYMBOL = Shape(symbol_dict, symbol_line)
CALL = Shape(lambda site: _call_dict(site, "unresolved"), _call_line)
CALLER = Shape(lambda site: _call_dict(site, "by_name"), _caller_line)
REFERENCE = Shape(_reference_dict, _reference_line)
TEST_LINK = Shape(_link_dict, _link_line)
TEST_NODE = Shape(_node_dict, _node_line)
DEPENDENCY = Shape(Dependency._asdict, _dependency_line)
COVERED = Shape(_covered_dict, _covered_line)

__all__ = [
    "CALL",
    "CALLER",
    "COVERED",
    "DEPENDENCY",
    "REFERENCE",
    "SYMBOL",
    "TEST_LINK",
    "TEST_NODE",
    "Covered",
    "Dependency",
    "Line",
    "Printer",
    "Shape",
    "place_dict",
    "symbol_dict",
    "symbol_line",
]
