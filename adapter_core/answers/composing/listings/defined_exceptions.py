"""The exceptions that a workspace defines, module by module, for questions that ask for all of them."""

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

_FILLER_WORDS = (
    "are|is|does|do|exist|defined|there|here|that|have|has|we|it|you|in|of|this|the|project|package|library|code|codebase|repo|repository|"
    "module|define|defines|raise|raised|available|own"
)
_ASKED = re.compile(
    r"\W*(?:which|what|list|show|give)(?: me)?(?: are)?(?: all)?(?: of)?(?: the)?(?: custom| own)* (?:exceptions?|errors?)"
    rf"(?: class(?:es)?| types?)?(?: (?:{_FILLER_WORDS}))*\W*\Z",
    re.I,
)
_EXCEPTIONS = re.compile(r"\b(?:exceptions?|errors?)\b", re.I)
_EXCEPTION_NAME = re.compile(r"(?:Error|Exception|Warning|Interrupt|Exit)\Z")
_BUILTIN_EXCEPTIONS = {n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException)}
# A class with no other bases than these is no exception, whatever its name.
_PLAIN_BASES = {n for n, v in vars(builtins).items() if isinstance(v, type)} - _BUILTIN_EXCEPTIONS | set(
    "ABC Enum Flag Generic IntEnum IntFlag NamedTuple Protocol StrEnum TypedDict".split()
)
_MAX_CHARS = 300
_MAX_CLASSES = 200
_MAX_DEPTH = 4  # of inheritance
_MAX_LISTED = 8
_MAX_MODULES = 3


def asks_for_exceptions(graph: CodeGraph, question: str) -> bool:
    """Whether a question asks for all exceptions. The project's own name in it is ignored, since everything here belongs to the project."""
    if not _EXCEPTIONS.search(question[:_MAX_CHARS]):
        return False
    with graph.store.snapshot():
        project_names = SearchIndex(graph).own_names
    words = [
        w
        for w in question[:_MAX_CHARS].split()
        if _EXCEPTIONS.search(w) or terms.compound(w.strip("?.`'\"")) not in project_names
    ]
    return bool(_ASKED.match(" ".join(words)))


def defined_exception_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The sentences about which exceptions a module defines, for the modules with most of them, without tests."""
    if not asks_for_exceptions(graph, question):
        return
    for refs in exceptions_by_module(graph)[:_MAX_MODULES]:
        yield exceptions_sentence(refs)


def exceptions_by_module(graph: CodeGraph) -> list[list[SymbolRef]]:
    """The exception classes of each module, the module with most of them first."""
    by_module: dict[str, list[SymbolRef]] = {}
    for ref in _exception_classes(graph):
        by_module.setdefault(ref.path, []).append(ref)
    modules = sorted(by_module.values(), key=lambda refs: (is_aside(refs[0].path), -len(refs), refs[0].path))
    return [
        sorted({r.symbol.name: r for r in sorted(refs, key=_start, reverse=True)}.values(), key=_start)
        for refs in modules
    ]


def exceptions_sentence(refs: list[SymbolRef]) -> Candidate:
    """ "The module `shop.errors` defines `A`, `B` and `C`.", with the exceptions of one module."""
    listed_refs = refs[:_MAX_LISTED]
    module = refs[0].module
    name = module if module and all(part.isidentifier() for part in module.split(".")) else refs[0].path
    others = ", among others" if len(refs) > len(listed_refs) else ""
    text = f"The module {code(name)} defines {join_list([code(r.symbol.name) for r in listed_refs])}{others}."
    spans = tuple(definition_span(r) for r in listed_refs)
    return Candidate(text, "listing", spans, f"{refs[0].path}:{listed_refs[0].symbol.start}", 0, -1, named=True)


def _start(ref: SymbolRef) -> int:
    return ref.symbol.start


def _exception_classes(graph: CodeGraph) -> list[SymbolRef]:
    """The top-level exception classes of the product: those that extend a built-in exception or another such class, or, if their base is
    outside the workspace, are named like an exception."""
    open_files = [path for path in graph.documents.open_texts if is_python(path)]
    open_names = {r.symbol.name for path in open_files for r in graph.defs_in(path)}
    names = {n for n in open_names.union(graph.store.all_names()) if _EXCEPTION_NAME.search(n)}
    exception_bases = _BUILTIN_EXCEPTIONS | names
    for _ in range(_MAX_DEPTH):
        paths = {
            path for base in exception_bases for path in graph.view.paths_using(base, "base") if not is_test_path(path)
        }
        classes = [r.symbol for path in sorted(paths) for r in graph.defs_in(path) if r.symbol.kind == "class"]
        new_names = {c.name for c in classes if any(b.rpartition(".")[2] in exception_bases for b in c.bases)} - names
        if not new_names:
            break
        names |= new_names
        exception_bases |= new_names
    refs = [r for name in sorted(names)[:_MAX_CLASSES] for r in graph.find_symbol(name)]
    module_classes = [r for r in refs if r.symbol.kind == "class" and "." not in r.symbol.qualname and r.symbol.bases]
    known: dict[SymbolRef, bool] = {}
    return [r for r in module_classes if not is_test_path(r.path) and is_exception(graph, r, known)]


def is_exception(graph: CodeGraph, ref: SymbolRef, known: dict[SymbolRef, bool]) -> bool:
    """Whether a class is an exception by its bases, followed recursively within the workspace. `known`: a cache."""
    if ref not in known:
        known[ref] = False  # in case the class extends itself
        bases = graph.bases_of(ref)
        names = [b.partition("[")[0].rpartition(".")[2] for b in ref.symbol.bases]
        base_names = {r.symbol.name for r in bases}
        external_names = (
            [n for n in names if n not in base_names and n not in _PLAIN_BASES] if len(bases) < len(names) else []
        )
        by_name = bool(external_names) and bool(_EXCEPTION_NAME.search(ref.symbol.name))
        known[ref] = (
            by_name
            or any(n in _BUILTIN_EXCEPTIONS or _EXCEPTION_NAME.search(n) for n in external_names)
            or any(is_exception(graph, base, known) for base in bases)
        )
    return known[ref]
