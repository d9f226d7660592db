"""Look-up of symbols by name and by position."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Set
from itertools import islice

from ...types import ModuleFacts, Symbol
from ..linking.calls import sites
from ..linking.classes import mro
from ..linking.inference import Inference
from ..linking.local.overloads import implementation
from ..linking.results.values import Value, Values
from ..parsing.line_starts import line_starts
from ..snapshot.view import WorkspaceView
from ..source import is_python, is_test_path
from ..storage.columns import cell
from ..storage.sealed import damaged

_NEAREST = 5
Place = tuple[str, int]  # path, index of the symbol in its file's facts


def find(view: WorkspaceView, inference: Inference, name: str, at_most: int | None = None) -> list[Place]:
    """Symbols called `name`: bare (`route`), qualified (`Flask.route`), full (`flask.app.Flask.route`, `flask.app:Flask.route`) or with
    a path (`src/flask/app.py:route`), most important ones first. An inherited member is found through the class; a function with overload
    declarations is found once. With `at_most`, any `at_most` + 1 of them where there are more."""
    path, _, qualified = name.rpartition(":")
    if path and "/" not in path and not is_python(path):  # `flask.app:Flask`, as entry points are written
        path, qualified = "", f"{path}.{qualified}"
    qualified = unicodedata.normalize("NFKC", qualified)  # as in source (PEP 3131)
    name_parts = qualified.strip().removesuffix("()").split(".")
    enclosing = name_parts[-2] if len(name_parts) > 1 else ""
    with view.store.snapshot():
        matching = (
            p
            for p in _symbols_named(view, name_parts[-1], enclosing)
            if _matches(view, p, name_parts) and (not path or p[0] == path)
        )
        found = list(islice(matching, None if at_most is None else at_most + 1))
    if not found and enclosing:
        outer = name_parts[-3] if len(name_parts) > 2 else ""
        owners = [
            p
            for p in _symbols_named(view, enclosing, outer)
            if _kind(view, p) == "class" and _matches(view, p, name_parts[:-1])
        ]
        found = [m for p in owners for m in member(inference, Value("class", *p), name_parts[-1])]
    if not found and not path:
        found = [(f.path, 0) for f in view.facts_of_module(".".join(name_parts))]
        # `flask.Flask` names a re-export.
        for split in range(len(name_parts) - 1, 0, -1) if not found else ():
            for facts in view.facts_of_module(".".join(name_parts[:split])):
                values = inference.infer_text(facts.path, 0, ".".join(name_parts[split:]), 0)
                found = found or [p for v in sorted(values, key=lambda v: v[:3]) for p in places_of(view, v)]
    return sorted(dict.fromkeys(_implemented(view, found)), key=lambda p: _order(view, p))


def _implemented(view: WorkspaceView, places: Iterable[Place]) -> Iterator[Place]:
    """The places, each overload declaration replaced by the function that runs. A function may have hundreds of them, so that one is looked
    for once."""
    known: dict[tuple[str, int, str], int] = {}
    for path, index in places:
        facts = view.facts(path)
        symbol = facts.symbols[index] if facts is not None else None
        if facts is None or symbol is None or "overload" not in symbol.traits:
            yield path, index
            continue
        key = path, symbol.parent, symbol.name
        if key not in known:
            known[key] = implementation(facts, index)
        yield path, known[key]


def places_of(view: WorkspaceView, value: Value) -> list[Place]:
    """The symbols that a value stands for; a module is entry 0 of its files."""
    if value.kind == "module":
        return [(f.path, 0) for f in view.facts_of_module(value.path)]
    return [(value.path, value.index)] if value.kind in ("class", "function") else []


def member(inference: Inference, cls: Value, name: str) -> list[Place]:
    """Where an attribute of a class is defined: in the class, or in the base that it is inherited from."""
    for owner in mro.lookup_order(inference, cls):
        table = inference.table(owner.path) if owner.kind == "class" else None
        for index in (table.children.get((owner.index, name), ()) if table else ())[:1]:
            return [(owner.path, implementation(table.facts, index) if table else index)]
    return []


def nearest(view: WorkspaceView, name: str, limit: int) -> list[str]:
    """Symbol names of the workspace that look most like `name`."""
    lower: dict[str, str] = {}
    for known in view.store.all_names():
        if len(known) > 2:
            lower.setdefault(known.lower(), known)
    return [lower[n] for n in difflib.get_close_matches(name.lower(), lower, n=limit, cutoff=0.6)]


def unknown_name_reason(view: WorkspaceView, name: str) -> str:
    """The message that no symbol is called `name`, with the nearest names."""
    bare = name.strip().removesuffix("()").rpartition(":")[2].rpartition(".")[2]
    near = nearest(view, bare, _NEAREST) if bare else []
    return f"nothing is called {name!r}" + (f"; the nearest names: {', '.join(near)}" if near else "")


def symbol_index_at(facts: ModuleFacts, line: int, column: int | None) -> int | None:
    """The innermost symbol whose lines contain `line`; with a `column`, the one whose name is there, if any."""
    best: int | None = None
    for index, symbol in enumerate(facts.symbols):
        if not symbol.start <= line <= symbol.end:
            continue
        on_name = symbol.name_line == line and column is not None
        if index and on_name and symbol.name_column <= (column or 0) <= symbol.name_column + len(symbol.name):
            return index
        if best is None or symbol.end - symbol.start <= facts.symbols[best].end - facts.symbols[best].start:
            best = index
    return best


def scope_at(facts: ModuleFacts, line: int) -> int:
    """The innermost scope (module, class, function) that contains a line."""
    best = 0
    for index, symbol in enumerate(facts.symbols):
        if symbol.start <= line <= symbol.end and symbol.is_definition:
            best = index
    return best


def values_at(inference: Inference, facts: ModuleFacts, line: int, dotted: str, column: int | None) -> Values:
    """What a dotted name at a line may refer to; with the column of its first character, also variables of comprehensions and lambdas."""
    scope = scope_at(facts, line)
    text = inference.workspace.text(facts.path) if column is not None else ""
    starts = line_starts(text)
    start = starts[line - 1] + column if column is not None and line < len(starts) else -1
    if not text.startswith(dotted, max(start, 0)) or start < 0:
        values = inference.infer_text(facts.path, scope, dotted, line)
    else:
        values = inference.infer_at(facts.path, scope, start, start + len(dotted), line)
    if values:
        values |= sites.abstract_declaration(inference, facts.path, scope, dotted)
    # A decorated function is found under its own name, and not as what the decorator made of it.
    return frozenset(sites.undecorated(inference, v) if v.by is not None else v for v in values)


def index_of(facts: ModuleFacts, symbol: Symbol) -> int | None:
    """The index of a symbol in its file's facts."""
    for index, candidate in enumerate(facts.symbols):
        if candidate.qualname == symbol.qualname and candidate.start == symbol.start and candidate.kind == symbol.kind:
            return index
    return None


def lambda_symbol(facts: ModuleFacts, text: str, value: Value) -> Symbol:
    """A symbol for a lambda, which has none in the facts: named as in tracebacks, in the scope that contains it."""
    first, last = (text.count("\n", 0, offset) + 1 for offset in value.extra)
    column = value.extra[0] - (text.rfind("\n", 0, value.extra[0]) + 1)
    prefix = f"{facts.symbols[value.index].qualname}." if value.index else ""
    return Symbol("<lambda>", f"{prefix}<lambda>", "function", first, last, first, column, value.index)


def symbols_inside(facts: ModuleFacts, index: int) -> set[int]:
    """A symbol and everything defined in it."""
    inside = {index}
    for i in range(index + 1, len(facts.symbols)):
        if facts.symbols[i].parent in inside:
            inside.add(i)
    return inside


def has_more_scopes(view: WorkspaceView, name: str, kinds: Set[str], at_most: int) -> bool:
    """Whether more than `at_most` scopes outside the tests define a symbol of this name and one of these kinds. No more files are read than
    it takes to know: a name like `Meta` is in hundreds."""
    scopes: set[tuple[str, int]] = set()
    with view.store.snapshot():
        for path, index in _symbols_named(view, name, with_tests=False):
            facts = view.facts(path)
            if facts is not None and cell(facts.symbols, index, "kind") in kinds:
                scopes.add((path, cell(facts.symbols, index, "parent")))
                if len(scopes) > at_most:
                    return True
    return False


def _symbols_named(view: WorkspaceView, name: str, around: str = "", with_tests: bool = True) -> Iterator[Place]:
    """The symbols of a name; with `around`, only in files that define a symbol of that name or are called so, and modules. Call it within a
    snapshot of the store."""
    changed: dict[str, None] = {}
    rows = view.store.symbols_named(name)
    if around and len(rows) > 1:
        inside = {file for file, _ in view.store.symbols_named(around)} | view.store.files_of_last(around)
        rows = [row for row in rows if row[0] in inside or row[1] == 0]
    for file, index in rows:
        path = view.path_of(file)
        if path is None:
            raise damaged(f"a file that defines {name} is lost")
        if not with_tests and is_test_path(path):
            continue
        row = view.row(path)
        if row is not None and row.id == file and view.is_stored(path):
            _check_name(view, (path, index), name)
            yield path, index
        else:
            changed[path] = None
    for path in dict.fromkeys((*changed, *view.documents.open_texts)):
        facts = view.facts(path)
        yield from ((path, i) for i, s in enumerate(facts.symbols if facts else ()) if s.name == name)


def _check_name(view: WorkspaceView, place: Place, name: str) -> None:
    """Raises `IndexDamagedError` where the name table leads to a symbol of another name."""
    facts = view.facts(place[0])
    symbols = facts.symbols if facts is not None else ()
    if place[1] >= len(symbols) or cell(symbols, place[1], "name") != name:
        raise damaged(f"{name} is not where it is said to be")


def _symbol(view: WorkspaceView, place: Place) -> tuple[ModuleFacts, Symbol] | None:
    facts = view.facts(place[0])
    return (facts, facts.symbols[place[1]]) if facts is not None and place[1] < len(facts.symbols) else None


def _kind(view: WorkspaceView, place: Place) -> str:
    found = _symbol(view, place)
    return found[1].kind if found else ""


def _matches(view: WorkspaceView, place: Place, wanted: list[str]) -> bool:
    found = _symbol(view, place)
    if found is None:
        return False
    facts, symbol = found
    full = facts.module if symbol.kind == "module" else f"{facts.module}.{symbol.qualname}"
    return full.split(".")[-len(wanted) :] == wanted


_KIND_ORDER = {
    "class": 0, "function": 1, "method": 2, "property": 3, "module": 4, "constant": 5, "type_alias": 5, "enum_member": 5, "field": 6,
    "variable": 6,
}  # fmt: skip


def _order(view: WorkspaceView, place: Place) -> tuple[bool, bool, int, int, int, str, int]:
    """Product code before tests, functions that run before those only declared, classes before functions, outer classes before those
    within others, public and short paths first."""
    path, index = place
    found = _symbol(view, place)
    start = found[1].start if found else index
    declares = found is not None and "overload" in found[1].traits
    kind = _kind(view, place)
    depth = found[1].qualname.count(".") if found is not None and kind == "class" else 0
    return is_test_path(path), declares, _KIND_ORDER.get(kind, 9), depth, path.count("/"), path, start


__all__ = [
    "Place",
    "find",
    "has_more_scopes",
    "implementation",
    "index_of",
    "is_test_path",
    "member",
    "nearest",
    "places_of",
    "scope_at",
    "symbol_index_at",
    "symbols_inside",
    "unknown_name_reason",
]
