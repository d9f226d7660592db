"""May-alias analysis: the names by which a function, class or lambda may be called, as the closure of the steps of `value_flow.py`.

`def f` is called by its own name, but also by an import alias, by a variable or attribute that it is assigned to, by a parameter that it is
passed to, as the result of a function, or out of a container. The names are found generously and by text alone; whether a call of such a
name does enter the function is decided by forward inference.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....types import Call
from ..classes import hierarchy
from ..classes.mro import lookup_order
from ..local.snippets import snippet
from ..local.tables import SymbolTable
from ..results.values import Value, Values, unbound
from .import_aliases import CONSTRUCTORS, by_name, scoped_name
from .singledispatch import dispatcher_name
from .value_flow import assigned_to, target_parameters, targets_of_name, targets_of_place, targets_of_result

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_ALIASES = 48
_MAX_FILES = 60
_MAX_CALLING_FILES = 40
_MAX_SITES = 80


def call_sites_of(inference: Inference, value: Value) -> list[tuple[str, Call]]:
    """The calls that may enter a function, class or lambda: all calls of its possible aliases."""
    return _call_sites(inference, value, _may_alias(inference, value))


def argument_sites(inference: Inference, function: Value) -> tuple[list[tuple[str, Call]], bool]:
    """The calls that may pass arguments to a function, and whether the list is complete; where there are too many, those by its own
    name."""
    if is_common(inference, function):
        return [], False
    aliases = _may_alias(inference, function)
    # A call has only one name, and each of these files has at least one call; so a lower bound usually suffices, and no file need be read.
    using = [inference.workspace.paths_using(n, "called") for n in {c.extra for c in aliases if not c.path}]
    open_only = len(inference.workspace.paths_using("", "called"))  # are among the files of any name
    if sum(max(len(paths) - open_only, 0) for paths in using) <= _MAX_SITES:
        sites = _call_sites(inference, function, aliases)
        if len(sites) <= _MAX_SITES:
            return sites, True
    name = call_name(inference, function)
    own_name_calls = _call_sites(inference, function, [c for c in aliases if c.extra == name])
    named = [(path, call) for path, call in own_name_calls if call.name == name]
    return (named if len(named) <= _MAX_SITES else []), False


def _may_alias(inference: Inference, value: Value) -> list[Value]:
    unbound_value = unbound(value)
    return by_name(inference.memoize(("may alias", unbound_value), lambda: _closure(inference, unbound_value)))


def _call_sites(inference: Inference, value: Value, aliases: list[Value]) -> list[tuple[str, Call]]:
    found: dict[tuple[str, int, int, str], tuple[str, Call]] = {}
    for alias in aliases:
        if inference.expired:  # to find the files of a name takes time, too
            inference.mark_incomplete()
            break
        name: str = alias.extra
        sites = _calls_in_file(inference, alias.path, name) if alias.path else _calls_named(inference, name)
        for path, call in sites:
            found[(path, call.start, call.end, call.form)] = (path, call)
    if value.kind == "lambda":
        # If anything calls the lambda, it is the call that it is an argument of.
        table = inference.table(value.path)
        start, end = value.extra
        for call in table.calls_around(start) if table else ():
            if end <= call.end:
                found[(value.path, call.start, call.end, call.form)] = (value.path, call)
    return [found[key] for key in sorted(found)]


def _calls_named(inference: Inference, name: str) -> list[tuple[str, Call]]:
    """The calls and decorators of a name in all files."""
    return inference.memoize_data(("written", name), lambda: _find_calls_named(inference, name))


def _find_calls_named(inference: Inference, name: str) -> list[tuple[str, Call]]:
    found: list[tuple[str, Call]] = []
    for path in inference.workspace.paths_using(name, "called"):
        found += _calls_in_file(inference, path, name)
    for path in inference.workspace.paths_using(name, "decorated"):
        table = inference.table(path) if not inference.expired else None
        found += [(path, call) for call in table.decorators.get(name, ())] if table is not None else []
    return found


def _calls_in_file(inference: Inference, path: str, name: str) -> list[tuple[str, Call]]:
    if inference.expired:
        inference.mark_incomplete()
        return []
    if inference.named_calls is not None:
        inference.note_read(path)
        return [(path, call) for call in inference.named_calls.calls(path, name)]
    table = inference.table(path)
    return [(path, call) for call in table.calls.get(name, ())] if table is not None else []


def aliases_of(inference: Inference, value: Value) -> list[tuple[str, str]]:
    """(file, or "" for any, and name) of the possible aliases of a function, class or lambda."""
    names = [(c.path, c.extra) for c in _may_alias(inference, value) if not c.extra.endswith(("[]", "()"))]
    return sorted(names)


def aliases_and_containers_of(inference: Inference, value: Value) -> list[tuple[str, str]]:
    """The same, with the names of containers that may hold it: `HANDLERS` for `HANDLERS = {"open": on_open}`."""
    names = {(c.path, c.extra.removesuffix("[]")) for c in _may_alias(inference, value)}
    return sorted((home, name) for home, name in names if name and not name.endswith("()"))


def aliases_of_instances(inference: Inference, cls: Value) -> list[tuple[str, str]]:
    """The same for instances of a class."""
    key = ("aliases of instances", cls)
    first = _instance_names(inference, _name(inference, cls))
    aliases = inference.memoize(key, lambda: _transitive_aliases(inference, first, cls.path))
    return sorted((c.path, c.extra) for c in aliases if not c.extra.endswith(("[]", "()")))


def decorator_uses(inference: Inference, function: Value) -> list[tuple[str, Call]]:
    """The decorator lines with another name that a function, or the one that returns it, is assigned to: `trace = fast if DEBUG else
    plain`, `@KINDS["fast"]`."""
    table = inference.table(function.path)
    found: list[tuple[str, Call]] = []
    index = function.index if table is not None and _may_decorate(inference, table, function.index) else 0
    while table is not None and index > 0 and table.facts.symbols[index].is_callable:
        names = assigned_to(inference, table.facts.symbols[index].name)
        if index != function.index:
            # The result of the enclosing function is stored under a name: `guarded = make_guard(log)`, `@guarded`.
            names = [
                *names,
                *(c.extra for c in targets_of_result(inference, table, index) if not c.extra.endswith(("[]", "()"))),
            ]
        for name in dict.fromkeys(names):
            for path in inference.workspace.paths_using(name, "decorated"):
                other = inference.table(path) if inference.spend() else None
                found += [(path, call) for call in (other.decorators.get(name, ()) if other is not None else ())]
        index = table.facts.symbols[index].parent
    return found


def _may_decorate(inference: Inference, table: SymbolTable, index: int) -> bool:
    """Whether a function contains another one, or returns an argument; others are unlikely to be decorators."""
    symbols = table.facts.symbols
    if any(symbols[inner].is_callable for inner in table.members.get(index, ())):
        return True
    text = inference.workspace.text(table.facts.path)
    names = [p.name for p in symbols[index].parameters]
    return any(text[flow.start : flow.end] in names for flow in table.returns.get(index, ()))


def files_of(inference: Inference, home: str, name: str, defined_in: str) -> list[str]:
    """The files in which an alias of something defined in `defined_in` is followed."""
    return _files(inference, scoped_name(home, name), defined_in)


def is_common(inference: Inference, function: Value) -> bool:
    """Whether so many files call something of the function's name that its calls are not searched for arguments."""
    name = call_name(inference, function)
    return not name or len(inference.workspace.paths_using(name, "called")) > _MAX_CALLING_FILES


def call_name(inference: Inference, function: Value) -> str:
    """The name by which a function is called where it has no other alias: its own; for a constructor that of its class."""
    table = inference.table(function.path)
    if table is None:
        return ""
    symbol = table.facts.symbols[function.index]
    return table.facts.symbols[symbol.parent].name if symbol.name in CONSTRUCTORS and symbol.parent > 0 else symbol.name


def _files(inference: Inference, alias: Value, defined_in: str) -> list[str]:
    """The files in which an alias is followed. A name that occurs in too many files is followed only where the value is defined."""
    if alias.path:
        return [alias.path]
    paths = inference.workspace.paths_using(alias.extra)
    if len(paths) > _MAX_FILES:
        return [defined_in]
    return paths


def _closure(inference: Inference, value: Value) -> Values:
    return _transitive_aliases(inference, _initial_aliases(inference, value), value.path)


def _transitive_aliases(inference: Inference, initial: list[Value], defined_in: str) -> Values:
    """Aliases, and all names that get their value."""
    found: dict[Value, None] = dict.fromkeys(initial)
    todo = list(found)
    while todo:
        alias = todo.pop(0)
        name: str = alias.extra
        if name.endswith(("[]", "()")) or name == "cls" or (name.startswith("__") and name.endswith("__")):
            continue
        container = scoped_name(alias.path, f"{name}[]") in found
        for path in _files(inference, alias, defined_in):
            if not inference.spend():
                return frozenset(found)
            for target in targets_of_name(inference, path, name, container):
                if target in found:
                    continue
                if len(found) >= _MAX_ALIASES:
                    inference.incomplete = True
                    return frozenset(found)
                found[target] = None
                todo.append(target)
    return frozenset(found)


def _initial_aliases(inference: Inference, value: Value) -> list[Value]:
    table = inference.table(value.path)
    if table is None:
        return []
    if value.kind == "lambda":
        return targets_of_place(inference, value.path, value.extra[0])
    symbols = table.facts.symbols
    symbol = symbols[value.index]
    parent = symbols[symbol.parent] if symbol.parent > 0 else None
    # A function in a function is known by its name in that file alone.
    home = value.path if parent is not None and parent.is_callable else ""
    if parent is not None and parent.kind == "class" and symbol.name.startswith("__") and symbol.name.endswith("__"):
        # Such a name is called in the class and below it, through `super()`; elsewhere it is that of another class.
        cls = Value("class", value.path, symbol.parent)
        named = [cls, *hierarchy.all_subclasses(inference, cls)]
        found = [scoped_name(path, symbol.name) for path in dict.fromkeys(c.path for c in named)]
        if symbol.name in CONSTRUCTORS:
            found += [scoped_name("", f"{_name(inference, c)}{generic}") for c in named for generic in ("", "[]")]
            found += [scoped_name(path, "cls") for path in dict.fromkeys(c.path for c in named)]
    else:
        found = [scoped_name(home, symbol.name)]
    if symbol.kind == "class":
        found.append(scoped_name(home, f"{symbol.name}[]"))  # `Box[int](3)`
    if parent is not None and parent.kind == "class":
        cls = Value("class", value.path, symbol.parent)
        found += _aliases_by_prefix(inference, cls, symbol.name)
        if symbol.name == "__call__":
            for current in [cls, *hierarchy.all_subclasses(inference, cls)]:
                found += _instance_names(inference, _name(inference, current))
    for text in symbol.decorators:
        if head := dispatcher_name(text):
            found.append(scoped_name("", head.rpartition(".")[2]))  # is called in its place, perhaps
        # A decorator gets the function as an argument: its parameter is an alias.
        for decorator in inference.infer_text(value.path, max(symbol.parent, 0), text, symbol.start):
            found += target_parameters(inference, decorator, 0)
    return found


def _aliases_by_prefix(inference: Inference, cls: Value, name: str) -> list[Value]:
    """The aliases of a method that its class, or a base, looks up by a composed name: `getattr(self, "visit_" + kind)`."""
    found: list[Value] = []
    for path in dict.fromkeys(c.path for c in lookup_order(inference, cls) if c.kind == "class"):
        for prefix, start in _getattr_prefixes(inference, path):
            if name.startswith(prefix) and name != prefix:
                found += [scoped_name(path, "()"), *targets_of_place(inference, path, start)]
    return found


def _getattr_prefixes(inference: Inference, path: str) -> list[tuple[str, int]]:
    """The known prefixes of the names that `getattr` looks up in a file, with their offsets."""
    table = inference.table(path)
    calls = table.calls.get("getattr", ()) if table is not None else ()
    if table is None or not calls:
        return []
    return inference.memoize_data(("beginnings", path), lambda: _find_getattr_prefixes(inference, table, calls))


def _find_getattr_prefixes(inference: Inference, table: SymbolTable, calls: Sequence[Call]) -> list[tuple[str, int]]:
    found = []
    for call in calls:
        context = inference.context(table.facts.path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        # Only literals and local names are considered: inference would cost more than it is worth.
        name_nodes: list[ast.expr] = [node.args[1]]
        if isinstance(node.args[1], ast.Name):
            text = inference.workspace.text(table.facts.path)
            flows = table.flows.get((call.owner, node.args[1].id), ())
            sources = [snippet(text[f.start : f.end]) for f in flows if f.kind == "assign" and not f.path]
            name_nodes = [source.tree for source in sources if source is not None]
        found += [(text, call.start) for name_node in name_nodes if (text := _constant_prefix(name_node))]
    return found


def _constant_prefix(node: ast.expr) -> str:
    """The constant prefix of a composed text."""
    if isinstance(node, ast.JoinedStr):
        first = node.values[0] if node.values else None
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _constant(node.func.value).partition("{")[0]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _constant(node.left).partition("%")[0]
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        node = node.left
        if prefix := _constant(node) or (_constant_prefix(node) if isinstance(node, ast.JoinedStr) else ""):
            return prefix
    return ""


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(inference: Inference, cls: Value) -> str:
    table = inference.table(cls.path)
    return table.facts.symbols[cls.index].name if table else ""


def _instance_names(inference: Inference, name: str) -> list[Value]:
    """The names that `Name(…)` is assigned or passed to."""
    found: list[Value] = [scoped_name("", name)]
    paths = inference.workspace.paths_using(name, "called")
    for path in paths if len(paths) <= _MAX_FILES else ():
        table = inference.table(path) if inference.spend() else None
        for call in table.calls.get(name, ()) if table else ():
            found += targets_of_place(inference, path, call.start)
            found.append(scoped_name(path, "()"))
    return found
