"""Where a function may be called: the names that may carry it, found backwards from where it is mentioned.

`def f` is called by its own name; but also by an alias of an import, by a variable or attribute it is assigned to, by the parameter
that it is handed to, by what returns it, out of a container. This finds the names, generously and by text alone; whether a call of
such a name does enter the function is for forward inference to say.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...types import Call, Flow, Symbol
from . import classes, generated
from .registered import registrar
from .tables import Tables
from .values import Value, Values, unbound

if TYPE_CHECKING:
    from .evaluate import Inference

_MAX_CARRIERS = 48
_MAX_FILES = 60
_MAX_CALLING_FILES = 40
_ADDING = frozenset(
    {"append", "add", "insert", "appendleft", "extend", "update", "setdefault", "register", "put", "push"}
)
_CONSTRUCTORS = ("__init__", "__new__")


def names_of(inference: Inference, name: str) -> list[str]:
    """A name, and the names under which files import it (`from m import name as alias`), again and again."""
    return inference.aside(("names", name), lambda: _names_of(inference, name))


def _names_of(inference: Inference, name: str) -> list[str]:
    found = inference.once(("names", name), lambda: frozenset(_carrier("", n) for n in _aliases(inference, name)))
    return sorted((v.extra for v in found), key=lambda n: (n != name, n)) or [name]


def _aliases(inference: Inference, name: str) -> list[str]:
    found = [name]
    for current in found:
        for path in inference.workspace.paths_using(current, "aliased"):
            table = inference.table(path) if inference.spend(2) else None
            for alias in table.aliases.get(current, ()) if table else ():
                if alias not in found and len(found) < _MAX_CARRIERS:
                    found.append(alias)
    return found


def files_naming(inference: Inference, name: str) -> list[str]:
    """The files in which a name, or an alias of it, stands."""
    found: dict[str, None] = {}
    for alias in names_of(inference, name):
        found.update(dict.fromkeys(inference.workspace.paths_using(alias)))
    return list(found)


def decorators_of(inference: Inference, function: Value) -> list[tuple[str, Call]]:
    """The decorators that may apply a function: by its name, that of the function that returns it, or that of its class."""
    table = inference.table(function.path)
    if table is None:
        return []
    symbols = table.facts.symbols
    found: list[tuple[str, Call]] = []
    index = function.index
    while index > 0:
        symbol = symbols[index]
        is_constructor = symbols[function.index].name in (*_CONSTRUCTORS, "__call__")
        if symbol.kind == "class" and not is_constructor:
            break
        if symbol.name not in (*_CONSTRUCTORS, "__call__"):
            for alias in names_of(inference, symbol.name):
                for path in inference.workspace.paths_using(alias, "decorated"):
                    other = inference.table(path) if inference.spend() else None
                    found += [(path, c) for c in other.decorators.get(alias, ())] if other else []
        if symbol.kind == "class":
            break
        index = symbol.parent
    return found


def sites_of(inference: Inference, value: Value) -> list[tuple[str, Call]]:
    """The calls that may enter a function, class or lambda: all calls of a name that may carry it."""
    found: dict[tuple[str, int, int, str], tuple[str, Call]] = {}
    carried = inference.once(("carriers", unbound(value)), lambda: _carriers(inference, unbound(value)))
    for carrier in sorted(carried, key=lambda c: (c.path, c.extra)):
        if inference.late:
            break  # to find the files of a name takes time, too
        name: str = carrier.extra
        for path in [carrier.path] if carrier.path else inference.workspace.paths_using(name, "called"):
            table = inference.table(path) if not inference.late else None
            for call in table.calls.get(name, ()) if table else ():
                found[(path, call.start, call.end, call.form)] = (path, call)
        for path in () if carrier.path else inference.workspace.paths_using(name, "decorated"):
            table = inference.table(path) if not inference.late else None
            for call in table.decorators.get(name, ()) if table else ():
                found[(path, call.start, call.end, call.form)] = (path, call)
    if value.kind == "lambda":
        # What the lambda is handed to calls it, if anything does.
        table = inference.table(value.path)
        start, end = value.extra
        for call in table.calls_around(start) if table else ():
            if end <= call.end:
                found[(value.path, call.start, call.end, call.form)] = (value.path, call)
    return [found[key] for key in sorted(found)]


def names_carrying(inference: Inference, value: Value) -> list[tuple[str, str]]:
    """(file, or "" for any, and name) of the names that may carry a function, class or lambda."""
    plain = unbound(value)
    carried = inference.once(("carriers", plain), lambda: _carriers(inference, plain))
    names = [(c.path, c.extra) for c in carried if not c.extra.endswith(("[]", "()"))]
    return sorted(names)


def names_of_instances(inference: Inference, cls: Value) -> list[tuple[str, str]]:
    """The same of what a call of a class gives."""
    key = ("carriers of instances", cls)
    first = _constructed(inference, _name(inference, cls))
    carried = inference.once(key, lambda: _expanded(inference, first, cls.path))
    return sorted((c.path, c.extra) for c in carried if not c.extra.endswith(("[]", "()")))


def files_of(inference: Inference, home: str, name: str, defined_in: str) -> list[str]:
    """The files in which a name that may carry something defined in a file is worth looking at."""
    return _files(inference, _carrier(home, name), defined_in)


def is_common(inference: Inference, function: Value) -> bool:
    """Whether so many files call something of the function's name that its calls are not looked at for their arguments."""
    name = called_as(inference, function)
    return not name or len(inference.workspace.paths_using(name, "called")) > _MAX_CALLING_FILES


def called_as(inference: Inference, function: Value) -> str:
    """The name by which a function is called where nothing else carries it: its own, of a constructor that of its class."""
    table = inference.table(function.path)
    if table is None:
        return ""
    symbol = table.facts.symbols[function.index]
    return (
        table.facts.symbols[symbol.parent].name if symbol.name in _CONSTRUCTORS and symbol.parent > 0 else symbol.name
    )


@functools.lru_cache(maxsize=20_000)
def _carrier(home: str, name: str) -> Value:
    """A name by which something may be called: in one file, or (home "") anywhere."""
    return Value("carrier", home, 0, name)


def _files(inference: Inference, carrier: Value, defined_in: str) -> list[str]:
    """Where to look for what takes over the value of a carrier. A name that stands everywhere is a word rather than a name: then
    only where the value is defined."""
    if carrier.path:
        return [carrier.path]
    paths = inference.workspace.paths_using(carrier.extra)
    if len(paths) > _MAX_FILES:
        return [defined_in]
    return paths


def _carriers(inference: Inference, value: Value) -> Values:
    return _expanded(inference, _first(inference, value), value.path)


def _expanded(inference: Inference, first: list[Value], defined_in: str) -> Values:
    """Some carriers, and what takes over what they carry."""
    found: dict[Value, None] = dict.fromkeys(first)
    todo = list(found)
    while todo:
        carrier = todo.pop(0)
        name: str = carrier.extra
        if name.endswith(("[]", "()")) or name == "cls" or (name.startswith("__") and name.endswith("__")):
            continue
        container = _carrier(carrier.path, f"{name}[]") in found
        for path in _files(inference, carrier, defined_in):
            if not inference.spend():
                return frozenset(found)
            for new in _carried_further(inference, path, name, container):
                if new in found:
                    continue
                if len(found) >= _MAX_CARRIERS:
                    inference.partial = True
                    return frozenset(found)
                found[new] = None
                todo.append(new)
    return frozenset(found)


def _first(inference: Inference, value: Value) -> list[Value]:
    table = inference.table(value.path)
    if table is None:
        return []
    if value.kind == "lambda":
        start, end = value.extra
        return [c for f in _flows_around(table, start) if f.end >= end for c in _from_flow(inference, table, f)]
    symbols = table.facts.symbols
    symbol = symbols[value.index]
    parent = symbols[symbol.parent] if symbol.parent > 0 else None
    # A function in a function is known by its name in that file alone.
    home = value.path if parent is not None and parent.is_callable else ""
    if parent is not None and parent.kind == "class" and symbol.name.startswith("__") and symbol.name.endswith("__"):
        # Such a name is called in the class and below it, through `super()`; elsewhere it is that of another class.
        cls = Value("class", value.path, symbol.parent)
        named = [cls, *classes.all_subclasses(inference, cls)]
        found = [_carrier(path, symbol.name) for path in dict.fromkeys(c.path for c in named)]
        if symbol.name in _CONSTRUCTORS:
            found += [_carrier("", f"{_name(inference, c)}{generic}") for c in named for generic in ("", "[]")]
            found += [_carrier(path, "cls") for path in dict.fromkeys(c.path for c in named)]
    else:
        found = [_carrier(home, symbol.name)]
    if symbol.kind == "class":
        found.append(_carrier(home, f"{symbol.name}[]"))  # `Box[int](3)`
    if parent is not None and parent.kind == "class":
        cls = Value("class", value.path, symbol.parent)
        if symbol.name == "__call__":
            for current in [cls, *classes.all_subclasses(inference, cls)]:
                found += _constructed(inference, _name(inference, current))
    for text in symbol.decorators:
        if head := registrar(text):
            found.append(_carrier("", head.rpartition(".")[2]))  # is called in its place, perhaps
        # A decorator is handed the function: its parameter carries it.
        for decorator in inference.text(value.path, max(symbol.parent, 0), text, symbol.start):
            found += _into_parameter(inference, decorator, 0)
    return found


def _name(inference: Inference, cls: Value) -> str:
    table = inference.table(cls.path)
    return table.facts.symbols[cls.index].name if table else ""


def _constructed(inference: Inference, name: str) -> list[Value]:
    """The names to which `Name(…)` is assigned, or handed."""
    found: list[Value] = [_carrier("", name)]
    paths = inference.workspace.paths_using(name, "called")
    for path in paths if len(paths) <= _MAX_FILES else ():
        table = inference.table(path) if inference.spend() else None
        for call in table.calls.get(name, ()) if table else ():
            found += _carried_from(inference, path, call.start)
            found.append(_carrier(path, "()"))
    return found


_AFTER = re.compile(r"\s*(\(|\.|=(?!=))")
_TAKEN_OUT = re.compile(r"\[|\.(?:values|items|get|pop|popitem|popleft|setdefault|copy)\(")


def _mentions(text: str, name: str, container: bool) -> Iterator[int]:
    """Where a name stands as a value of its own: not called, not asked for an attribute, not the name of a keyword; or, of a
    container, where something is taken out of it."""
    place = text.find(name)
    size = len(name)
    while place >= 0:
        end = place + size
        before, after = text[place - 1 : place], text[end : end + 1]
        whole = not (before.isalnum() or before == "_" or after.isalnum() or after == "_")
        if whole and (not _AFTER.match(text, end) or (container and _TAKEN_OUT.match(text, end))):
            yield place
        place = text.find(name, end)


def _carried_further(inference: Inference, path: str, name: str, container: bool) -> tuple[Value, ...]:
    """The names that take over what `name` carries in one file. Many functions share a name."""
    return inference.aside(
        ("carried further", path, name, container), lambda: _taken_over(inference, path, name, container)
    )


def _taken_over(inference: Inference, path: str, name: str, container: bool) -> tuple[Value, ...]:
    found: list[Value] = []
    if path in inference.workspace.paths_using(name, "aliased"):
        table = inference.table(path)
        found += [_carrier("", alias) for alias in (table.aliases.get(name, ()) if table else ())]
    text = inference.workspace.text(path)
    for place in _mentions(text, name, container):
        # Most mentions are in imports: the facts of their files need not be read.
        if not text.startswith(("from ", "import "), text.rfind("\n", 0, place) + 1):
            found += _carried_from(inference, path, place)
    return tuple(dict.fromkeys(found))


def _carried_from(inference: Inference, path: str, offset: int) -> list[Value]:
    """The names that what stands at an offset flows to: targets of assignments, parameters, containers, results."""
    table = inference.table(path)
    if table is None:
        return []
    found: list[Value] = []
    for flow in _flows_around(table, offset):
        found += _from_flow(inference, table, flow)
    inner = _call_around(table, offset)
    if inner is not None:
        found += _from_argument(inference, path, inner, offset)
    return found


def _flows_around(table: Tables, offset: int) -> list[Flow]:
    return [f for f in table.flows_around(offset) if f.kind not in ("annotation", "lambda", "except")]


def _from_flow(inference: Inference, table: Tables, flow: Flow) -> list[Value]:
    path = table.facts.path
    if flow.kind in ("return", "yield", "yield_from"):
        return _from_result(inference, table, flow.owner)
    last = flow.target.rpartition(".")[2]
    local = "." not in flow.target and table.facts.symbols[flow.owner].is_callable
    home = path if local else ""
    # What is taken out of a list of functions is called `handlers[0]()` as well as by the name of a loop.
    return [_carrier(home, last), _carrier(home, f"{last}[]")]


def _from_result(inference: Inference, table: Tables, owner: int) -> list[Value]:
    """Who calls the function and keeps, or calls, what it gives; what it decorates."""
    symbol = table.facts.symbols[owner]
    if not symbol.is_callable:
        return []
    path = table.facts.path
    found: list[Value] = []
    nested = symbol.parent > 0 and table.facts.symbols[symbol.parent].is_callable
    if symbol.kind == "property":
        found.append(_carrier("", symbol.name))
    users = [path] if nested else files_naming(inference, symbol.name)
    for user in users if len(users) <= _MAX_FILES else [path]:
        other = inference.table(user) if inference.spend() else None
        if other is None:
            continue
        for alias in (symbol.name, *other.aliases.get(symbol.name, ())):
            for call in other.calls.get(alias, ()):
                found.append(_carrier(user, "()"))
                found += [c for f in _flows_around(other, call.start) if not (f.kind in ("return", "yield") and f.owner == owner)
                          for c in _from_flow_once(inference, other, f)]  # fmt: skip
                inner = _call_around(other, call.start, outside=call)
                if inner is not None:
                    found += _from_argument(inference, user, inner, call.start)
            for target in _decorated(other) if alias in other.decorators else ():
                if any(_decorator_name(d) == alias for d in target.decorators):
                    found.append(_carrier("", target.name))
    if nested:
        # `@decorator(argument)`: the inner function is given back by the outer one.
        for user, decorator in decorators_of(inference, Value("function", path, owner)):
            other = inference.table(user)
            for target in _decorated(other) if other else ():
                if target.start <= decorator.line < target.name_line:
                    found.append(_carrier("", target.name))
    return found


def _from_flow_once(inference: Inference, table: Tables, flow: Flow) -> list[Value]:
    if flow.kind in ("return", "yield", "yield_from"):
        key = ("carried result", table.facts.path, flow.owner)
        return list(inference.once(key, lambda: frozenset(_from_result(inference, table, flow.owner))))
    return _from_flow(inference, table, flow)


def _decorated(table: Tables) -> Iterator[Symbol]:
    symbols = table.facts.symbols
    return (symbols[index] for index in table.decorated)


def _decorator_name(text: str) -> str:
    return text.partition("(")[0].rpartition(".")[2]


def _call_around(table: Tables, offset: int, outside: Call | None = None) -> Call | None:
    """The innermost call among whose arguments an offset lies; `outside`: not that one, nor one that begins where it does."""
    best: Call | None = None
    for call in table.calls_around(offset):
        if call.form == "decorator" or call is outside:
            continue
        if outside is not None and call.start == offset and call.end <= outside.end:
            continue
        if best is None or (call.start, -call.end) > (best.start, -best.end):
            best = call
    return best


def _from_argument(inference: Inference, path: str, call: Call, offset: int) -> list[Value]:
    here = inference.here(path, call.owner, call.start, call.end, call.line)
    if here is None or not isinstance(here.source.tree, ast.Call):
        return []
    node = here.source.tree
    place: int | str | None = None
    for number, argument in enumerate(node.args):
        start, end = here.source.span(argument)
        if start <= offset - call.start < end:
            place = number
    for keyword in node.keywords:
        start, end = here.source.span(keyword.value)
        if start <= offset - call.start < end:
            place = keyword.arg or "**"
    if place is None:
        return []
    if call.name in _ADDING and "." in call.callee:
        container = call.callee.rpartition(".")[0].rpartition(".")[2]
        return [_carrier(path, container), _carrier(path, f"{container}[]")] if container else []
    if call.name == "set_defaults" and isinstance(place, str):
        return [_carrier("", place)]  # `parser.set_defaults(func=build)`, and then `args.func(args)`
    found: list[Value] = []
    for value in inference.callees(path, call):
        if value.kind == "external" and value.path == "functools.partial" and node.args and place != 0:
            # What `partial` is given goes to the function that it is given first.
            for inner in inference.expression(node.args[0], here):
                found += _into_parameter(inference, inner, place - 1 if isinstance(place, int) else place)
        found += _into_parameter(inference, value, place)
    return found


def _into_parameter(inference: Inference, callee: Value, place: int | str) -> list[Value]:
    """The parameter of `callee` that an argument at a place, or by a keyword, goes to."""
    if callee.kind == "class":
        targets = [v._replace(extra=callee) for v in inference.constructors(callee)]
        if not targets:
            return [_carrier("", name) for name in generated.stored_as(inference, callee, place)]
    elif callee.kind == "instance":
        targets = [v for v in inference.member(callee, "__call__") if v.kind == "function"]
    else:
        targets = [callee] if callee.kind == "function" else []
    found: list[Value] = []
    for target in targets:
        table = inference.table(target.path)
        if table is None:
            continue
        parameters = table.facts.symbols[target.index].parameters
        positional = [p for p in parameters if p.kind in ("positional", "positional_only")][
            1 if target.extra is not None else 0 :
        ]
        gathering = [p.name for p in parameters if p.kind in ("var_positional", "var_keyword")]
        if isinstance(place, int) and place < len(positional):
            found.append(_carrier(target.path, positional[place].name))
        elif isinstance(place, str) and any(p.name == place for p in parameters):
            found.append(_carrier(target.path, place))
        else:
            for name in gathering:
                found += [_carrier(target.path, name), _carrier(target.path, f"{name}[]")]
    return found
