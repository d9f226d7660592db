"""Who calls or imports what the workspace does not define: functions and classes of libraries, by their dotted names.

`json.dumps` is the library's also where the workspace has a `dumps` in a module `json` of its own: what is told says which.
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
from ..candidate import Candidate, listed, scope_name
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
_Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class LibraryUse:
    """A name of a library as the question has it (`json.dumps`), and what is told of it."""

    name: str
    told: tuple[Candidate, ...]


def library_uses(graph: CodeGraph, question: Question) -> list[LibraryUse]:
    """Of each name in a question for callers or users that is defined outside the workspace: who calls it here; of a module, who
    imports it. Nothing of a name that nothing here uses."""
    found = []
    names = used_names(question)
    for name in names:
        if any(other.endswith(f".{name}") for other in names):
            continue  # the last part of another
        told = tuple(_told(graph, name)) if _may_be_outside(graph, name) else ()
        if told:
            found.append(LibraryUse(name, told))
    return found


def used_names(question: Question) -> list[str]:
    """The names of which a question may ask who calls, uses or imports them, also those that are written as plain words."""
    match = _OBJECT.search(question.text[:_MAX_CHARS])
    plain = [match["name"].strip(".")] if match else []
    return list(dict.fromkeys([*question.identifiers[:_MAX_NAMES], *plain]))


def _may_be_outside(graph: CodeGraph, name: str) -> bool:
    """A dotted name of which a library has the first part; any other that nothing of the workspace has."""
    top, dot, _ = name.partition(".")
    if graph.facts_of_module(top) or graph.view.has_package(top):
        return False
    if dot:
        return is_library(graph, top)
    own = graph.find_symbol(name)
    # A variable of the name is what stands in where the library is missing.
    return not own or (all(r.symbol.kind in ("module", "variable") for r in own) and is_library(graph, name))


def is_library(graph: CodeGraph, top: str) -> bool:
    """Whether a first part is that of modules which are imported from outside: of the standard library's, or of others that files name."""
    found = (graph.facts(path) for path in graph.view.paths_using(top))
    imports = (item for facts in found if facts is not None for item in facts.imports)
    return top in sys.stdlib_module_names or any(i.module.partition(".")[0] == top and not i.level for i in imports)


def product_first_key(path: str) -> tuple[bool, bool, str]:
    """A key by which the product's files come first, then what stands beside it, such as examples, then tests."""
    return is_test_path(path), is_aside(path), path


def _told(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    called = list(_calls(graph, name))
    own = [one for one in called if not is_test_path(one[1].span.path)] or called
    # By the name and whether it can be no other one, since the same name may be imported from two libraries.
    callers: dict[tuple[str, bool], dict[str, list[_Place]]] = {}
    for full, site, lines in own:
        if site.caller is not None:
            certain = len(site.external) == 1 and not site.open
            callers.setdefault((full, certain), {}).setdefault(scope_name(site.caller), lines)
    for (full, certain), by_caller in sorted(callers.items(), key=lambda group: not group[0][1]):
        group = [c for c in by_caller if certain or c not in callers.get((full, True), {})]
        others = " among others" if len(group) > _MAX_LISTED else ""
        for start in range(0, min(len(group), _MAX_GROUPS * _MAX_LISTED), _MAX_LISTED):
            shown = group[start : start + _MAX_LISTED]
            places = [place for caller in shown for place in by_caller[caller]]
            is_called = "is called" if certain else "is perhaps called"
            text = f"{_introduced(full)} {is_called} by {listed([code(caller) for caller in shown])}{others}."
            yield _said(graph, "callers", text, places)
    if not called:
        yield from _imports(graph, name)


def _introduced(full: str) -> str:
    top, _, name = full.partition(".")
    if top == "builtins":
        return f"The built-in {code(name)}"  # as it is written in the cited lines
    if top in sys.stdlib_module_names:
        return f"The standard library's {code(full)}"
    return f"{code(full)}, from outside this workspace,"


def _calls(graph: CodeGraph, name: str) -> Iterator[tuple[str, CallSite, list[_Place]]]:
    """(full name, call, lines that show it) of the calls of a library's function or class, the product's first."""
    wanted = name.split(".")
    looked = 0
    paths = {path for how in ("called", "aliased") for path in graph.view.paths_using(wanted[-1], how)}
    for path in sorted(paths, key=product_first_key):
        facts = graph.facts(path)
        names = {wanted[-1], *(i.alias for i in facts.imports if i.name == wanted[-1])} if facts is not None else set()
        for call in facts.calls if facts is not None else ():
            if call.name not in names or call.form or looked >= _MAX_CALLS:
                continue
            looked += 1
            site = graph.site(facts, call) if facts is not None else None
            if facts is None or site is None or site.targets:
                continue
            full = next((e for e in site.external if "(" not in e and e.split(".")[-len(wanted) :] == wanted), "")
            if full:
                yield full, site, _shown(graph, facts, call, site, full)


def _shown(graph: CodeGraph, facts: ModuleFacts, call: Call, site: CallSite, full: str) -> list[_Place]:
    """The call, and where it does not say all of the name the import that does."""
    here = (site.span.path, site.span.start, site.span.end)
    if site.callee == full:
        return [here]
    head, _, rest = site.callee.partition(".")
    scopes = _scopes(facts, call.owner)
    found = [i for i in facts.imports if _bound(i)[0] == head and i.owner in scopes]
    # A name may be imported several times; the one that makes up the full name comes first, and of these the innermost.
    found.sort(key=lambda i: (".".join(filter(None, (_bound(i)[1], rest))) != full, scopes.index(i.owner)))
    return [here, *import_statement(graph, facts.path, found[0])] if found else [here]


def _bound(item: Import) -> tuple[str, str]:
    """The name that an import binds, and what it stands for."""
    if item.name is not None:
        return item.alias or item.name, f"{item.module}.{item.name}"
    top = item.module.partition(".")[0]
    return (item.alias, item.module) if item.alias else (top, top)


def _scopes(facts: ModuleFacts, owner: int) -> list[int]:
    """A scope and those around it, the innermost first."""
    found = [owner]
    while found[-1] > 0:
        found.append(facts.symbols[found[-1]].parent)
    return found


def _imports(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    """Which modules import a library, or a module of it."""
    places: dict[str, list[_Place]] = {}
    paths = {*graph.importers_of(name), *graph.view.paths_using(name.rpartition(".")[2])}
    for path in sorted(paths, key=product_first_key):
        facts = graph.facts(path)
        found = (i for i in facts.imports if not i.level and f"{i.module}.".startswith(f"{name}.")) if facts else ()
        item = next(iter(found), None)
        if facts is not None and item is not None:
            places.setdefault(facts.module, import_statement(graph, path, item))
    shown = list(places.items())[:_MAX_LISTED]
    if shown:
        others = ", among others" if len(places) > len(shown) else ""
        text = f"{code(name)} is imported by {listed([code(module) for module, _ in shown])}{others}."
        yield _said(graph, "imports", text, [line for _, lines in shown for line in lines])


def _said(graph: CodeGraph, kind: str, text: str, places: Sequence[_Place]) -> Candidate:
    path, line, _ = places[0]
    owner = graph.symbol_at(path, line)
    about = f"{path}:{owner.symbol.start if owner is not None else line}"
    return Candidate(text, kind, tuple(dict.fromkeys(places)), about, 0, -1, named=True)
