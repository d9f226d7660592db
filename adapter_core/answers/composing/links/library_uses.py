"""The callers and importers of what the workspace does not define: functions and classes of libraries, by their dotted names.

`json.dumps` is the library's even if the workspace has a `dumps` in a module `json` of its own; the sentence says which one it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ....code_graph import CodeGraph, is_test_path
from ....evidence.question import Question
from ....evidence.ranking import is_aside
from ....types import Call, CallSite, Import, ModuleFacts
from ...inert import code
from ..candidate import Candidate, join_list, scope_name
from .imports import import_statement

_MAX_NAMES = 3
_MAX_LISTED = 4
_MAX_GROUPS = 2
_MAX_CALLS = 600  # of one name that are looked at
_MAX_CHARS = 300
_OBJECT = re.compile(
    r"\b(?:(?:who|what|which (?:\w+ )?(?:functions?|methods?|class(?:es)?|modules?|files?|packages?)) (?:calls?|uses?|imports?|invokes?) "
    r"|where (?:is|are|do (?:we|i|you) (?:call|use|import)) |(?:callers?|call sites?|usages?|users) of )"
    r"[`\"']?(?P<name>[A-Za-z_][\w.]*)(?:\(\))?[`\"']?(?: (?:called|used|imported|invoked|constructed))?\W*\Z",
    re.I,
)
_PathLines = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class LibraryUse:
    """A name of a library as the question writes it (`json.dumps`), and the sentences about its uses."""

    name: str
    sentences: tuple[Candidate, ...]


def library_uses(graph: CodeGraph, question: Question) -> list[LibraryUse]:
    """The uses of each name in a question for callers or users that is defined outside the workspace: its callers, or the importers of a
    module. Names that the workspace does not use are left out."""
    found = []
    names = used_names(question)
    for name in names:
        if any(other.endswith(f".{name}") for other in names):
            continue  # the last part of another
        sentences = tuple(_sentences_about(graph, name)) if _may_be_external(graph, name) else ()
        if sentences:
            found.append(LibraryUse(name, sentences))
    return found


def used_names(question: Question) -> list[str]:
    """The names whose callers, users or importers a question may ask for, including plain words."""
    match = _OBJECT.search(question.text[:_MAX_CHARS])
    plain = [match["name"].strip(".")] if match else []
    return list(dict.fromkeys([*question.identifiers[:_MAX_NAMES], *plain]))


def _may_be_external(graph: CodeGraph, name: str) -> bool:
    """Whether a name may be a library's: a dotted one if its first part is a library, any other if the workspace does not define it."""
    top, dot, _ = name.partition(".")
    if graph.facts_of_module(top) or graph.view.has_package(top):
        return False
    if dot:
        return is_library(graph, top)
    definitions = graph.find_symbol(name)
    # A variable of that name is a fallback for a missing library.
    return not definitions or (
        all(r.symbol.kind in ("module", "variable") for r in definitions) and is_library(graph, name)
    )


def is_library(graph: CodeGraph, top: str) -> bool:
    """Whether `top` is the first part of the standard library's modules, or of other modules that files import."""
    files = (graph.facts(path) for path in graph.view.paths_using(top))
    imports = (item for facts in files if facts is not None for item in facts.imports)
    return top in sys.stdlib_module_names or any(i.module.partition(".")[0] == top and not i.level for i in imports)


def is_of_library(graph: CodeGraph, written: str) -> bool:
    """Whether a dotted name is that of something in a library, and not in a module of the workspace: `trio.WouldBlock`."""
    top, _, rest = written.partition(".")
    return bool(rest) and is_library(graph, top) and not graph.facts_of_module(top)


def product_first_key(path: str) -> tuple[bool, bool, str]:
    """A sort key: the product's files first, then those beside it, such as examples, then tests."""
    return is_test_path(path) or "/_tests/" in path, is_aside(path), path


def _sentences_about(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    calls = list(_calls(graph, name))
    product_calls = [call for call in calls if not is_test_path(call[1].span.path)] or calls
    # Keyed by name and certainty, since the same name may be imported from two libraries.
    callers: dict[tuple[str, bool], dict[str, list[_PathLines]]] = {}
    for full_name, site, lines in product_calls:
        if site.caller is not None:
            certain = len(site.external) == 1 and not site.open
            callers.setdefault((full_name, certain), {}).setdefault(scope_name(site.caller), lines)
    for (full_name, certain), by_caller in sorted(callers.items(), key=lambda group: not group[0][1]):
        group = [c for c in by_caller if certain or c not in callers.get((full_name, True), {})]
        others = " among others" if len(group) > _MAX_LISTED else ""
        for start in range(0, min(len(group), _MAX_GROUPS * _MAX_LISTED), _MAX_LISTED):
            group_callers = group[start : start + _MAX_LISTED]
            spans = [span for caller in group_callers for span in by_caller[caller]]
            is_called = "is called" if certain else "is perhaps called"
            text = f"{_introduce(full_name)} {is_called} by {join_list([code(caller) for caller in group_callers])}{others}."
            yield _sentence(graph, "callers", text, spans)
    if not calls:
        yield from _import_sentences(graph, name)


def _introduce(full_name: str) -> str:
    top, _, name = full_name.partition(".")
    if top == "builtins":
        return f"The built-in {code(name)}"  # as it is written in the cited lines
    if top in sys.stdlib_module_names:
        return f"The standard library's {code(full_name)}"
    return f"{code(full_name)}, from outside this workspace,"


def _calls(graph: CodeGraph, name: str) -> Iterator[tuple[str, CallSite, list[_PathLines]]]:
    """(full name, call, lines that show it) of the calls of a library's function or class, the product's first."""
    name_parts = name.split(".")
    checked = 0
    paths = {path for use in ("called", "aliased") for path in graph.view.paths_using(name_parts[-1], use)}
    for path in sorted(paths, key=product_first_key):
        facts = graph.facts(path)
        names = (
            {name_parts[-1], *(i.alias for i in facts.imports if i.name == name_parts[-1])}
            if facts is not None
            else set()
        )
        for call in facts.calls if facts is not None else ():
            if call.name not in names or call.form or checked >= _MAX_CALLS:
                continue
            checked += 1
            site = graph.site(facts, call) if facts is not None else None
            if facts is None or site is None or site.targets:
                continue
            full_name = next(
                (e for e in site.external if "(" not in e and e.split(".")[-len(name_parts) :] == name_parts), ""
            )
            if full_name:
                yield full_name, site, _evidence_lines(graph, facts, call, site, full_name)


def _evidence_lines(
    graph: CodeGraph, facts: ModuleFacts, call: Call, site: CallSite, full_name: str
) -> list[_PathLines]:
    """The line of the call, and of the import if the call does not spell the full name."""
    call_line = (site.span.path, site.span.start, site.span.end)
    if site.callee == full_name:
        return [call_line]
    head, _, rest = site.callee.partition(".")
    scopes = _scopes(facts, call.owner)
    imports = [i for i in facts.imports if _binding(i)[0] == head and i.owner in scopes]
    # A name may be imported several times; the one that makes up the full name comes first, and of these the innermost.
    imports.sort(key=lambda i: (".".join(filter(None, (_binding(i)[1], rest))) != full_name, scopes.index(i.owner)))
    return [call_line, *import_statement(graph, facts.path, imports[0])] if imports else [call_line]


def _binding(item: Import) -> tuple[str, str]:
    """The name that an import binds, and the full name of what it is bound to."""
    if item.name is not None:
        return item.alias or item.name, f"{item.module}.{item.name}"
    top = item.module.partition(".")[0]
    return (item.alias, item.module) if item.alias else (top, top)


def _scopes(facts: ModuleFacts, owner: int) -> list[int]:
    """A scope and those around it, the innermost first."""
    scopes = [owner]
    while scopes[-1] > 0:
        scopes.append(facts.symbols[scopes[-1]].parent)
    return scopes


def _import_sentences(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    """The sentence about which modules import a library, or a module of it."""
    lines_by_module: dict[str, list[_PathLines]] = {}
    paths = {*graph.importers_of(name), *graph.view.paths_using(name.rpartition(".")[2])}
    for path in sorted(paths, key=product_first_key):
        facts = graph.facts(path)
        matching = (i for i in facts.imports if not i.level and f"{i.module}.".startswith(f"{name}.")) if facts else ()
        item = next(iter(matching), None)
        if facts is not None and item is not None:
            lines_by_module.setdefault(facts.module, import_statement(graph, path, item))
    listed_modules = list(lines_by_module.items())[:_MAX_LISTED]
    if listed_modules:
        others = ", among others" if len(lines_by_module) > len(listed_modules) else ""
        text = f"{code(name)} is imported by {join_list([code(module) for module, _ in listed_modules])}{others}."
        yield _sentence(graph, "imports", text, [line for _, lines in listed_modules for line in lines])


def _sentence(graph: CodeGraph, kind: str, text: str, spans: Sequence[_PathLines]) -> Candidate:
    path, line, _ = spans[0]
    owner = graph.symbol_at(path, line)
    subject = f"{path}:{owner.symbol.start if owner is not None else line}"
    return Candidate(text, kind, tuple(dict.fromkeys(spans)), subject, 0, -1, named=True)
