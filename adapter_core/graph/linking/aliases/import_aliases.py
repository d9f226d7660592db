"""Import aliases: the names under which files import a definition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ....types import Call
from ...memory.request_cache import request_cache
from ..results.values import Value

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_NAMES = 48
_MAX_DECORATED = 12  # functions below one decorator, which may be decorators themselves
_MAX_CALLING = 12  # files that call a decorator factory
CONSTRUCTORS = ("__init__", "__new__")


def aliases_of_name(inference: Inference, name: str) -> list[str]:
    """A name, and the names under which files import it (`from m import name as alias`), transitively."""
    return inference.memoize_data(("names", name), lambda: _compute_aliases_of_name(inference, name))


def _compute_aliases_of_name(inference: Inference, name: str) -> list[str]:
    found = inference.memoize(("names", name), lambda: frozenset(scoped_name("", n) for n in _aliases(inference, name)))
    return sorted((v.extra for v in found), key=lambda n: (n != name, n)) or [name]


def _aliases(inference: Inference, name: str) -> list[str]:
    found = [name]
    for current in found:
        for path in inference.workspace.paths_using(current, "aliased"):
            table = inference.table(path) if inference.spend(2) else None
            for alias in table.aliases.get(current, ()) if table else ():
                if alias not in found and len(found) < _MAX_NAMES:
                    found.append(alias)
    return found


def files_using_name(inference: Inference, name: str) -> list[str]:
    """The files that contain a name or an alias of it."""
    found: dict[str, None] = {}
    for alias in aliases_of_name(inference, name):
        found.update(dict.fromkeys(inference.workspace.paths_using(alias)))
    return list(found)


def decorators_of(inference: Inference, function: Value) -> list[tuple[str, Call]]:
    """The decorator lines that may apply a function: by its name, that of the function that returns it, or that of its class."""
    table = inference.table(function.path)
    if table is None:
        return []
    symbols = table.facts.symbols
    found = _of_its_instance(inference, function) if symbols[function.index].name == "__call__" else []
    index = function.index
    while index > 0:
        symbol = symbols[index]
        is_constructor = symbols[function.index].name in (*CONSTRUCTORS, "__call__")
        if symbol.kind == "class" and not is_constructor:
            break
        if symbol.name not in (*CONSTRUCTORS, "__call__"):
            applied = _decorator_calls(inference, symbol.name)
            found += applied
            if index != function.index:
                for name in _forwarding_functions(inference, symbol.name):
                    found += _decorator_calls(inference, name)
                # Its results have the names of what it decorates, and these may be decorators, too.
                for name in _decorated_by(inference, applied) if len(applied) <= _MAX_DECORATED else ():
                    found += _decorator_calls(inference, name)
        if symbol.kind == "class":
            break
        index = symbol.parent
    return found


def _decorator_calls(inference: Inference, name: str) -> list[tuple[str, Call]]:
    """The decorator lines with a name, or an alias of it."""
    found: list[tuple[str, Call]] = []
    for alias in aliases_of_name(inference, name):
        for path in inference.workspace.paths_using(alias, "decorated"):
            table = inference.table(path) if inference.spend() else None
            found += [(path, c) for c in table.decorators.get(alias, ())] if table else []
    return found


def _forwarding_functions(inference: Inference, name: str) -> list[str]:
    """The functions that return the result of a function of this name: `def get(self, path): return self.route(path, "GET")`."""
    return inference.memoize_data(("handing back", name), lambda: _find_forwarding_functions(inference, name))


def _find_forwarding_functions(inference: Inference, name: str) -> list[str]:
    found: dict[str, None] = {}
    paths = inference.workspace.paths_using(name, "called")
    for path in paths if len(paths) <= _MAX_CALLING else ():
        table = inference.table(path) if inference.spend() else None
        for call in table.calls.get(name, ()) if table is not None else ():
            symbol = table.facts.symbols[call.owner]  # type: ignore[union-attr]
            returns = table.returns.get(call.owner, ()) if symbol.name != name else ()  # type: ignore[union-attr]
            if any((flow.start, flow.end) == (call.start, call.end) for flow in returns):
                found[symbol.name] = None
    return list(found)


def _decorated_by(inference: Inference, applied: list[tuple[str, Call]]) -> list[str]:
    """The names of the functions below some decorators."""
    found: dict[str, None] = {}
    for path, call in applied:
        table = inference.table(path)
        for index in table.decorated if table is not None else ():
            symbol = table.facts.symbols[index]  # type: ignore[union-attr]
            if symbol.is_callable and symbol.parent == call.owner and symbol.start <= call.line < symbol.name_line:
                found[symbol.name] = None
    return list(found)


def _of_its_instance(inference: Inference, function: Value) -> list[tuple[str, Call]]:
    """`@guard`, where `guard = Guard("edit")` is an instance of the class that defines `__call__`."""
    table = inference.table(function.path)
    found: list[tuple[str, Call]] = []
    parent = table.facts.symbols[function.index].parent if table is not None else 0
    for home, name in inference.aliases_of_instances(Value("class", function.path, parent)):
        for path in [home] if home else inference.workspace.paths_using(name, "decorated"):
            other = inference.table(path) if inference.spend() else None
            found += [(path, c) for c in other.decorators.get(name, ())] if other else []
    return found


class _ScopedName(Value):
    """Many are hashed, and sets of them are always iterated in the order of their names, so the hash need not be the same in every
    process."""

    __slots__ = ()
    __hash__ = tuple.__hash__


@request_cache(8_000)
def scoped_name(home: str, name: str) -> Value:
    """A name that may refer to a definition: in one file, or (home "") anywhere."""
    return _ScopedName("name", home, 0, name)


def by_name(names: Iterable[Value]) -> list[Value]:
    """Scoped names in order."""
    return sorted(names, key=lambda c: (c.path, c.extra))
