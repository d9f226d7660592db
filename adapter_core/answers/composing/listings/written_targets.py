"""The attribute or variable that a question asks for, and where the workspace writes it."""

from __future__ import annotations

import posixpath
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....graph.finding.lookup import Place, scope_at
from ....graph.finding.receivers import are_related, class_of_self, is_base, named_places, receiver_places
from ....types import ModuleFacts, SymbolRef
from ..statements.namespace_writes import may_write_namespace
from ..statements.writes import Write, may_write, untold_writes_of, writes_of
from .asked_write import AskedWrite

ASSIGNED_KINDS = ("constant", "variable", "field", "enum_member")
# For reading the files that use a name, and of that for those that show what a receiver is; the user is waiting.
_SECONDS, _RECEIVER_SECONDS = 0.15, 0.1
_MAX_OWNERS = 3  # unrelated classes and modules that have something of this name
_MIN_FILES = 8  # that are read however long it takes
_MAX_RECEIVERS = 6  # places that show what a receiver is
_ELSEWHERE: Place = ("", 0)  # the owner of an attribute of something outside the workspace
_MIN_HINT = 3  # letters of a receiver's name that may be short for its class's


@dataclass(frozen=True, slots=True)
class PlacedWrite:
    """A write with its scope: `facts.symbols[scope]`. `owner`: the class or module whose attribute is written, None if that is unknown."""

    facts: ModuleFacts
    scope: int
    write: Write
    owner: Place | None

    @property
    def path(self) -> str:
        return self.facts.path


@dataclass(frozen=True, slots=True)
class Target:
    """`owners`: the classes and modules (as entry 0 of their files) whose attribute `name` is asked for. `definitions`: the symbols of this
    name there, and in derived classes; `writes`: those known to be of it; `guesses`: those that may be, by their name;
    `untold`: those of attributes of these owners whose names the code does not tell.
    `complete`: whether all files that use the name were read."""

    name: str
    owners: tuple[Place, ...]
    definitions: tuple[SymbolRef, ...]
    writes: tuple[PlacedWrite, ...]
    guesses: tuple[PlacedWrite, ...]
    complete: bool
    untold: tuple[PlacedWrite, ...] = ()


def find_target(graph: CodeGraph, asked: AskedWrite, check: Callable[[], None]) -> Target | None:
    """What the question asks for; None if the workspace has no attribute or variable of this name, or too many that it may mean."""
    named_owners = _named_owners(graph, asked.owner)
    if not asked.is_code and not named_owners and asked.owner:
        return None  # plain words about something else
    for name in asked.names if named_owners else asked.names[:1]:
        found = _target_of(graph, asked, name, named_owners, check)
        if found is not None:
            return found
    return None


def _named_owners(graph: CodeGraph, owner: str) -> list[Place]:
    """The classes, else the modules, that a question names as the owner."""
    if not owner:
        return []
    refs = [ref for ref in graph.find_symbol(owner) if ref.symbol.kind == "class"]
    places = [_place(graph, ref) for ref in [r for r in refs if not is_test_path(r.path)] or refs]
    return places[:_MAX_OWNERS] or [(facts.path, 0) for facts in graph.facts_of_module(owner)]


def _place(graph: CodeGraph, ref: SymbolRef) -> Place:
    facts = graph.facts(ref.path)
    symbols = facts.symbols if facts is not None else ()
    return ref.path, next(
        (i for i, s in enumerate(symbols) if s.start == ref.symbol.start and s.name == ref.symbol.name), 0
    )


def _target_of(
    graph: CodeGraph, asked: AskedWrite, name: str, named_owners: list[Place], check: Callable[[], None]
) -> Target | None:
    symbols = [ref for ref in graph.find_symbol(name) if not is_test_path(ref.path) and not is_aside(ref.path)]
    assigned = [(ref, owner) for ref in symbols if (owner := _owner_of(graph, ref)) is not None]
    placed, complete = _placed_writes(graph, name, named_owners, check)
    if not named_owners:
        if not asked.is_code and any(ref.symbol.kind in ("function", "class", "module") for ref in symbols):
            return None
        candidates = [owner for _, owner in assigned]
        candidates += [p.owner for p in placed if p.owner is not None and p.write.receiver in ("self", "cls", "")]
        named_owners = _roots(graph, candidates)
        if asked.owner:
            hinted = [place for place in named_owners if _is_hint(asked.owner, _name_of(graph, place))]
            named_owners = _owners_of_receiver(graph, asked.owner, name) or hinted or named_owners
        elif _is_looked_up_by_name(graph, name) and not any("__dict__" in p.write.target for p in placed):
            return None
        if len(named_owners) > (_MAX_OWNERS if asked.is_code else 1):
            return None
    owners = tuple(named_owners)
    definitions = [ref for ref, owner in assigned if _is_any(graph, owner, owners)]
    writes = [p for p in placed if p.owner is not None and _is_any(graph, p.owner, owners)]
    if not definitions and not writes:
        return None
    is_rare = all(_is_any(graph, p.owner, owners) for p in placed if p.owner is not None)
    is_rare = is_rare and all(_is_any(graph, owner, owners) for _, owner in assigned)
    guesses = [p for p in placed if p.owner is None and (is_rare or _is_named_so(graph, p, owners))]
    untold = [
        p for p in _untold_writes(graph, placed) if _is_any(graph, p.owner, owners) or _is_named_so(graph, p, owners)
    ]
    return Target(name, owners, tuple(definitions), tuple(writes), tuple(guesses), complete, tuple(untold))


def _owners_of_receiver(graph: CodeGraph, receiver: str, name: str) -> list[Place]:
    """The classes and modules that a receiver stands for where the product writes `receiver.name`, the most frequent one first."""
    written = re.compile(rf"(?<![\w.]){re.escape(receiver)}\.{re.escape(name)}\b")
    counts: Counter[Place] = Counter()
    with graph.within(_RECEIVER_SECONDS):
        for path in graph.view.paths_using(name):
            if counts.total() >= _MAX_RECEIVERS or graph.inference.expired:
                break
            document, facts = graph.document(path), graph.facts(path)
            match = written.search(document.text) if document is not None and not is_test_path(path) else None
            if match is not None and document is not None and facts is not None:
                line = document.text.count("\n", 0, match.start()) + 1
                counts.update(receiver_places(graph.inference, facts, line, receiver) or ())
    return _roots(graph, [place for place, _ in counts.most_common(_MAX_OWNERS)])


def _owner_of(graph: CodeGraph, ref: SymbolRef) -> Place | None:
    """The class or module of an assigned symbol; None of other symbols."""
    facts = graph.facts(ref.path)
    if facts is None or ref.symbol.kind not in ASSIGNED_KINDS or ref.symbol.parent < 0:
        return None
    is_own = ref.symbol.parent == 0 or facts.symbols[ref.symbol.parent].kind == "class"
    return (ref.path, ref.symbol.parent) if is_own else None


def _placed_writes(
    graph: CodeGraph, name: str, first: list[Place], check: Callable[[], None]
) -> tuple[list[PlacedWrite], bool]:
    """The writes of the product, those in the files of the `first` places first, and whether all files were read. Where time is short, it
    is unknown whose attribute some of them write."""
    first_paths = {path for path, _ in first}
    near_folders = {posixpath.dirname(path) for path in first_paths}  # where derived classes mostly are
    named_paths = set(graph.view.paths_using(name))
    # As a key of `__dict__` the name stands in a string.
    keyed_paths = [path for path in graph.view.paths_using("__dict__") if name in graph.view.text(path)]
    paths = [path for path in {*named_paths, *keyed_paths} if not is_test_path(path) and not is_aside(path)]

    def nearest_first(path: str) -> tuple[bool, bool, str]:
        return path not in first_paths, posixpath.dirname(path) not in near_folders, path

    found: list[PlacedWrite] = []
    is_complete = True
    end = time.monotonic() + _SECONDS
    for number, path in enumerate(sorted(paths, key=nearest_first)):
        is_late = number >= _MIN_FILES and time.monotonic() > end
        if graph.inference.expired or (is_late and path not in first_paths):
            is_complete = False
            break
        check()
        document, facts = graph.document(path), graph.facts(path)
        if document is not None and facts is not None and may_write(document.text, name):
            found += _in_file(graph, facts, document.text, name)
    with graph.within(_RECEIVER_SECONDS):
        with_owners = [_with_owner(graph, placed) for placed in found]
    return [placed for placed in with_owners if placed.owner != _ELSEWHERE], is_complete


def _untold_writes(graph: CodeGraph, placed: Iterable[PlacedWrite]) -> Iterator[PlacedWrite]:
    """The writes of attributes whose names are not told, in the files that write the asked one."""
    for facts in {p.path: p.facts for p in placed}.values():
        document = graph.document(facts.path)
        if document is None or not may_write_namespace(document.text):
            continue
        for write in untold_writes_of(document.text):
            owner = class_of_self(facts, write.line, write.receiver) if write.receiver else None
            yield PlacedWrite(facts, scope_at(facts, write.line), write, owner)


def _in_file(graph: CodeGraph, facts: ModuleFacts, text: str, name: str) -> Iterator[PlacedWrite]:
    for write in writes_of(text, name):
        scope = scope_at(facts, write.line)
        if write.receiver != "":
            owner = class_of_self(facts, write.line, write.receiver) if write.receiver is not None else None
            yield PlacedWrite(facts, scope, write, owner)
        elif (scope or not write.is_rebound) and facts.symbols[scope].kind != "class":  # no definition
            owner = _owner_of_variable(graph, facts, write.line, name)
            if owner is not None:
                yield PlacedWrite(facts, scope, write, owner)


def _owner_of_variable(graph: CodeGraph, facts: ModuleFacts, line: int, name: str) -> Place | None:
    """The module of the variable that a bare name on a line refers to; None of local names."""
    for path, index in named_places(graph.inference, facts, line, name):
        variable_facts = graph.facts(path)
        if variable_facts is not None and variable_facts.symbols[index].kind in ASSIGNED_KINDS:
            return path, max(0, variable_facts.symbols[index].parent)
    return None


def _with_owner(graph: CodeGraph, placed: PlacedWrite) -> PlacedWrite:
    """The write with its owner, if the type of its receiver tells it."""
    receiver = placed.write.receiver
    if placed.owner is not None or not receiver or graph.inference.expired:
        return placed
    places = receiver_places(graph.inference, placed.facts, placed.write.line, receiver)
    return replace(placed, owner=min(places) if places else _ELSEWHERE if places is not None else None)


def _is_any(graph: CodeGraph, place: Place | None, owners: tuple[Place, ...]) -> bool:
    if place is None:
        return False
    return any(
        place == owner or (place[1] and owner[1] and are_related(graph.inference, place, owner)) for owner in owners
    )


def _roots(graph: CodeGraph, places: list[Place]) -> list[Place]:
    """The places without those of classes derived from others of them, in order."""
    distinct = list(dict.fromkeys(places))
    derived = {
        place
        for place in distinct
        if place[1] and any(is_base(graph.inference, other, place) for other in distinct if other[1])
    }
    return [place for place in distinct if place not in derived]


def _name_of(graph: CodeGraph, place: Place) -> str:
    facts = graph.facts(place[0])
    return facts.symbols[place[1]].name if facts is not None else ""


def _is_hint(hint: str, class_name: str) -> bool:
    """Whether a receiver is named like a class: `env` and `environment` like `BuildEnvironment`."""
    bare = hint.rpartition(".")[2].replace("_", "").lower()
    return len(bare) >= _MIN_HINT and bare in class_name.lower()


def _is_named_so(graph: CodeGraph, placed: PlacedWrite, owners: tuple[Place, ...]) -> bool:
    return any(_is_hint(placed.write.receiver or "", _name_of(graph, owner)) for owner in owners)


def _is_looked_up_by_name(graph: CodeGraph, name: str) -> bool:
    """Whether a file of the product has the name as a string, as settings are looked up; then the question may mean the setting."""
    paths = [path for path in graph.view.paths_using(name) if not is_test_path(path) and not is_aside(path)]
    quoted = (f'"{name}"', f"'{name}'")
    documents = (graph.document(path) for path in paths)
    return any(document is not None and any(text in document.text for text in quoted) for document in documents)
