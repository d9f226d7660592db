"""The exceptions that a workspace defines, where a question asks for all of them, module by module."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.source import is_python
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, definition_span, join_list

_REST = (
    "are|is|does|do|exist|defined|there|here|that|have|has|we|it|you|in|of|this|the|project|package|library|code|codebase|repo|repository|"
    "module|define|defines|raise|raised|available|own"
)
_ASKED = re.compile(
    r"\W*(?:which|what|list|show|give)(?: me)?(?: are)?(?: all)?(?: of)?(?: the)?(?: custom| own)* (?:exceptions?|errors?)"
    rf"(?: class(?:es)?| types?)?(?: (?:{_REST}))*\W*\Z",
    re.I,
)
_EXCEPTIONS = re.compile(r"\b(?:exceptions?|errors?)\b", re.I)
_CALLED_SO = re.compile(r"(?:Error|Exception|Warning|Interrupt|Exit)\Z")
_RAISED = {n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException)}
# What is built on nothing but these is no exception, whatever it is called.
_NEVER_RAISED = {n for n, v in vars(builtins).items() if isinstance(v, type)} - _RAISED | set(
    "ABC Enum Flag Generic IntEnum IntFlag NamedTuple Protocol StrEnum TypedDict".split()
)
_MAX_CHARS = 300
_MAX_CLASSES = 200
_MAX_DEPTH = 4  # of classes built on each other
_MAX_LISTED = 8
_MAX_MODULES = 3


def asks_for_exceptions(graph: CodeGraph, question: str) -> bool:
    """The name of the project itself, of which everything in it is, says nothing."""
    if not _EXCEPTIONS.search(question[:_MAX_CHARS]):
        return False
    with graph.store.snapshot():
        own = SearchIndex(graph).own_names
    words = [
        w
        for w in question[:_MAX_CHARS].split()
        if _EXCEPTIONS.search(w) or terms.compound(w.strip("?.`'\"")) not in own
    ]
    return bool(_ASKED.match(" ".join(words)))


def defined_exceptions(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """Of the modules that define most of them, which these are; without those of tests."""
    if not asks_for_exceptions(graph, question):
        return
    by_module: dict[str, list[SymbolRef]] = {}
    for ref in _exceptions(graph):
        by_module.setdefault(ref.path, []).append(ref)
    most = sorted(by_module.values(), key=lambda refs: (is_aside(refs[0].path), -len(refs), refs[0].path))
    for refs in most[:_MAX_MODULES]:
        refs = sorted({r.symbol.name: r for r in sorted(refs, key=_start, reverse=True)}.values(), key=_start)
        shown = refs[:_MAX_LISTED]
        module = refs[0].module
        name = module if module and all(part.isidentifier() for part in module.split(".")) else refs[0].path
        others = ", among others" if len(refs) > len(shown) else ""
        text = f"The module {code(name)} defines {join_list([code(r.symbol.name) for r in shown])}{others}."
        spans = tuple(definition_span(r) for r in shown)
        yield Candidate(text, "listing", spans, f"{refs[0].path}:{shown[0].symbol.start}", 0, -1, named=True)


def _start(ref: SymbolRef) -> int:
    return ref.symbol.start


def _exceptions(graph: CodeGraph) -> list[SymbolRef]:
    """Classes of modules by their names and their bases: what is built on one of the language's exceptions, or on such a class; on what
    stands outside the workspace, by its name."""
    unsaved = [path for path in graph.documents.open_texts if is_python(path)]
    written = {r.symbol.name for path in unsaved for r in graph.defs_in(path)}
    names = {n for n in written.union(graph.store.all_names()) if _CALLED_SO.search(n)}
    built_on = _RAISED | names
    for _ in range(_MAX_DEPTH):
        paths = {path for base in built_on for path in graph.view.paths_using(base, "base") if not is_test_path(path)}
        classes = [r.symbol for path in sorted(paths) for r in graph.defs_in(path) if r.symbol.kind == "class"]
        found = {c.name for c in classes if any(b.rpartition(".")[2] in built_on for b in c.bases)} - names
        if not found:
            break
        names |= found
        built_on |= found
    refs = [r for name in sorted(names)[:_MAX_CLASSES] for r in graph.find_symbol(name)]
    own = [r for r in refs if r.symbol.kind == "class" and "." not in r.symbol.qualname and r.symbol.bases]
    known: dict[SymbolRef, bool] = {}
    return [r for r in own if not is_test_path(r.path) and _is_exception(graph, r, known)]


def _is_exception(graph: CodeGraph, ref: SymbolRef, known: dict[SymbolRef, bool]) -> bool:
    """Whether one of its bases is, of those in the workspace in turn; `known`: what is worked out already."""
    if ref not in known:
        known[ref] = False  # of a class that is built on itself
        own = graph.bases_of(ref)
        names = [b.partition("[")[0].rpartition(".")[2] for b in ref.symbol.bases]
        there = {r.symbol.name for r in own}
        foreign = [n for n in names if n not in there and n not in _NEVER_RAISED] if len(own) < len(names) else []
        by_name = bool(foreign) and bool(_CALLED_SO.search(ref.symbol.name))
        known[ref] = (
            by_name
            or any(n in _RAISED or _CALLED_SO.search(n) for n in foreign)
            or any(_is_exception(graph, base, known) for base in own)
        )
    return known[ref]
