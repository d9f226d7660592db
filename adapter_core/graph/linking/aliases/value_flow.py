"""Value flow, one step in one file: the names that get the value of a name, of an expression, of a result or an argument.

Targets of assignments, parameters, containers and results are found by text, and cached, since many functions share a name. `may_alias.py`
follows all steps.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ....types import Call, Flow, Symbol
from ..classes import generated
from ..local.builtin_calls import CALLER_NAMES
from ..local.tables import SymbolTable, scopes
from ..results.values import Value
from .import_aliases import by_name, decorators_of, files_using_name, scoped_name

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_FILES = 60
_MAX_CALLING = 12  # files that call a function by another name than its own
_ADD_METHODS = frozenset(
    {"append", "add", "insert", "appendleft", "extend", "update", "setdefault", "register", "put", "push"}
)
# Functions that never return their arguments: built-in ones, and some of `inspect` and `asyncio`.
_INSPECTING = frozenset("isinstance issubclass callable len hasattr str repr bool int float id hash print".split())
_BINDING = ("functools.partial", "types.MethodType")
_INSPECTING_MODULES = ("inspect", "asyncio")
_NO_VALUE_USE = re.compile(r"\s*(\(|\.|=(?!=))")
_ITEM_ACCESS = re.compile(r"\[|\.(?:values|items|get|pop|popitem|popleft|setdefault|copy)\(")


def _value_uses(text: str, name: str, container: bool) -> Iterator[int]:
    """Where a name is used as a value: not called, without an attribute access, not as a keyword; or, for a container, where an item is
    taken out."""
    offset = text.find(name)
    size = len(name)
    while offset >= 0:
        end = offset + size
        before, after = text[offset - 1 : offset], text[end : end + 1]
        is_word = not (before.isalnum() or before == "_" or after.isalnum() or after == "_")
        if is_word and (not _NO_VALUE_USE.match(text, end) or (container and _ITEM_ACCESS.match(text, end))):
            yield offset
        offset = text.find(name, end)


def targets_of_name(inference: Inference, path: str, name: str, container: bool) -> tuple[Value, ...]:
    """The names that get the value of `name` in one file."""
    return inference.memoize_data(
        ("targets of name", path, name, container), lambda: _compute_targets(inference, path, name, container)
    )


def _compute_targets(inference: Inference, path: str, name: str, container: bool) -> tuple[Value, ...]:
    found: list[Value] = []
    if path in inference.workspace.paths_using(name, "aliased"):
        table = inference.table(path)
        found += [scoped_name("", alias) for alias in (table.aliases.get(name, ()) if table else ())]
    key = ("mentioned", path, name, container)
    uses = inference.memoize_data(key, lambda: _find_uses(inference, path, name, container))
    table = inference.table(path) if uses else None
    if table is not None:
        for offset, flows, call in uses:
            found += _targets_of(inference, table, offset, flows, call)
    return tuple(dict.fromkeys(found))


def _find_uses(
    inference: Inference, path: str, name: str, container: bool
) -> list[tuple[int, list[Flow], Call | None]]:
    """The uses of a name as a value in one file, each with the flows that contain it and the innermost call that it is an argument of."""
    text = inference.workspace.text(path)
    # Most mentions are in imports: the facts of their files need not be read.
    offsets = [
        offset
        for offset in _value_uses(text, name, container)
        if not text.startswith(("from ", "import "), text.rfind("\n", 0, offset) + 1)
    ]
    table = inference.table(path) if offsets else None
    return (
        [(offset, flows_around(table, offset), _call_around(table, offset)) for offset in offsets]
        if table is not None
        else []
    )


def argument_uses(inference: Inference, path: str, name: str) -> list[tuple[int, Call]]:
    """The uses of a name as an argument in a file."""
    key = "mentioned", path, name, False
    found = inference.memoize_data(key, partial(_find_uses, inference, path, name, False))
    return [(place, call) for place, _, call in found if call is not None]


def assigned_to(inference: Inference, name: str) -> list[str]:
    """The last names of what `name` is assigned to, of the containers it is stored in, and of the functions that return it or a value
    made from it, in the files that use it."""
    return inference.memoize_data(("assigned to", name), lambda: _assigned_to(inference, name))


def _assigned_to(inference: Inference, name: str) -> list[str]:
    found: dict[str, None] = {}
    paths = files_using_name(inference, name)
    for path in paths if len(paths) <= _MAX_FILES else ():
        key = "mentioned", path, name, False
        for _, flows, _ in inference.memoize_data(key, partial(_find_uses, inference, path, name, False)):
            for target in (flow.target.rpartition(".")[2] for flow in flows if flow.kind == "assign"):
                found.update(dict.fromkeys([target, f"{target}[]"]))
            # `return partial(name, level)`: the returning function may be used by its own name.
            returning = [flow.owner for flow in flows if flow.kind == "return"]
            symbols = inference.table(path).facts.symbols if returning else ()  # type: ignore[union-attr]
            found.update(dict.fromkeys(symbols[owner].name for owner in returning))
    return list(found)


def targets_of_place(inference: Inference, path: str, offset: int) -> list[Value]:
    """The names that get the value of the expression at an offset: targets of assignments, parameters, containers, results."""
    table = inference.table(path)
    if table is None:
        return []
    return _targets_of(inference, table, offset, flows_around(table, offset), _call_around(table, offset))


def _targets_of(
    inference: Inference, table: SymbolTable, offset: int, flows: list[Flow], call: Call | None
) -> list[Value]:
    found: list[Value] = []
    discards = call is not None and _discards_argument(table, call)
    for flow in flows:
        if not (discards and flow.start <= call.start and call.end <= flow.end):  # type: ignore[union-attr]
            found += from_flow(inference, table, flow)
    if call is not None and not discards:
        found += _from_argument(inference, table.facts.path, call, offset)
    return found


def _discards_argument(table: SymbolTable, call: Call) -> bool:
    """Whether a call passes on nothing of its arguments: the built-in function itself, not another one of its name."""
    module, _, name = call.callee.rpartition(".")
    if module:
        return module in _INSPECTING_MODULES and name.startswith("is") and _is_imported(table, call, module)
    return (
        name in _INSPECTING
        and not table.stars
        and not any(_binds(table, s, name) for s in scopes(table.facts, call.owner))
    )


def _is_imported(table: SymbolTable, call: Call, module: str) -> bool:
    binding_scopes = [s for s in scopes(table.facts, call.owner) if _binds(table, s, module)]
    return bool(binding_scopes) and (binding_scopes[0], module) in table.imports


def _binds(table: SymbolTable, scope: int, name: str) -> bool:
    symbol = table.facts.symbols[scope]
    return (
        any((scope, name) in bound for bound in (table.children, table.imports, table.flows))
        or name in symbol.local_names
        or any(p.name == name for p in symbol.parameters)
    )


def flows_around(table: SymbolTable, offset: int) -> list[Flow]:
    """The flows whose expression contains an offset, without those that pass on nothing."""
    return [f for f in table.flows_around(offset) if f.kind not in ("annotation", "lambda", "except")]


def from_flow(inference: Inference, table: SymbolTable, flow: Flow) -> list[Value]:
    """The names that get the value of a flow; for a result, what is done with it."""
    path = table.facts.path
    if flow.kind in ("return", "yield", "yield_from"):
        return targets_of_result(inference, table, flow.owner)
    last = flow.target.rpartition(".")[2]
    local = "." not in flow.target and table.facts.symbols[flow.owner].is_callable
    home = path if local else ""
    # An item of a list of functions is called as `handlers[0]()`, or by the name of a loop variable.
    return [scoped_name(home, last), scoped_name(home, f"{last}[]")]


def targets_of_result(inference: Inference, table: SymbolTable, owner: int) -> list[Value]:
    """The names that get the result of a function: of those who call it and keep, or call, the result, and of what it decorates."""
    key = ("targets of result", table.facts.path, owner)
    return inference.memoize_data(key, lambda: list(dict.fromkeys(_compute_result_targets(inference, table, owner))))


def _compute_result_targets(inference: Inference, table: SymbolTable, owner: int) -> list[Value]:
    symbol = table.facts.symbols[owner]
    if not symbol.is_callable:
        return []
    path = table.facts.path
    found: list[Value] = []
    nested = symbol.parent > 0 and table.facts.symbols[symbol.parent].is_callable
    if symbol.kind == "property":
        found.append(scoped_name("", symbol.name))
    users = [path] if nested else files_using_name(inference, symbol.name)
    calling = _files_calling(inference, symbol.name)
    for user in users if len(users) <= _MAX_FILES else [path]:
        other = inference.table(user) if inference.spend() and user in calling else None
        if other is None:
            continue
        for alias in (symbol.name, *other.aliases.get(symbol.name, ())):
            found += _targets_of_calls(inference, other, alias, owner)
            for target in _decorated(other) if alias in other.decorators else ():
                if any(_decorator_name(d) == alias for d in target.decorators):
                    found.append(scoped_name("", target.name))
    if not found and not nested and any(table.facts.symbols[i].is_callable for i in table.members.get(owner, ())):
        found += _targets_of_aliased_calls(inference, path, owner)
    if nested or symbol.name == "__call__":
        # `@decorator(argument)`: the inner function is returned by the outer one, or by the `__call__` of a decorating object.
        for user, decorator in decorators_of(inference, Value("function", path, owner)):
            other = inference.table(user)
            for target in _decorated(other) if other else ():
                if target.start <= decorator.line < target.name_line:
                    found.append(scoped_name("", target.name))
    return found


def _targets_of_calls(inference: Inference, table: SymbolTable, name: str, owner: int) -> Iterator[Value]:
    """The names that get the results of the calls of a name in one file."""
    for call in table.calls.get(name, ()):
        yield scoped_name(table.facts.path, "()")
        for flow in flows_around(table, call.start):
            if not (flow.kind in ("return", "yield") and flow.owner == owner):
                yield from _from_flow_once(inference, table, flow)
        inner = _call_around(table, call.start, outer=call)
        if inner is not None:
            yield from _from_argument(inference, table.facts.path, inner, call.start)


def _targets_of_aliased_calls(inference: Inference, path: str, owner: int) -> Iterator[Value]:
    """The same for a function that is never called by its own name: `for layer in LAYERS: view = layer(view)`."""
    for home, name in inference.aliases_of(Value("function", path, owner)):
        users = [home] if home else inference.workspace.paths_using(name, "called")
        for user in users if len(users) <= _MAX_CALLING else ():
            other = inference.table(user) if inference.spend() else None
            if other is not None:
                yield from _targets_of_calls(inference, other, name, -1)


def _files_calling(inference: Inference, name: str) -> frozenset[str]:
    """The files that call something of a name, decorate with it, or import it under another name. Most only mention it, and need not be
    read."""
    found = (inference.workspace.paths_using(name, use) for use in ("called", "decorated", "aliased"))
    return frozenset(path for paths in found for path in paths)


def _from_flow_once(inference: Inference, table: SymbolTable, flow: Flow) -> list[Value]:
    if flow.kind in ("return", "yield", "yield_from"):
        key = ("targets of returned", table.facts.path, flow.owner)
        return by_name(inference.memoize(key, lambda: frozenset(targets_of_result(inference, table, flow.owner))))
    return from_flow(inference, table, flow)


def _decorated(table: SymbolTable) -> Iterator[Symbol]:
    symbols = table.facts.symbols
    return (symbols[index] for index in table.decorated)


def _decorator_name(text: str) -> str:
    return text.partition("(")[0].rpartition(".")[2]


def _call_around(table: SymbolTable, offset: int, outer: Call | None = None) -> Call | None:
    """The innermost call whose arguments contain an offset; neither `outer`, nor one that begins where it does."""
    innermost: Call | None = None
    for call in table.calls_around(offset):
        if call.form == "decorator":
            continue
        if outer is not None and call.start == offset and call.end <= outer.end:
            continue
        if innermost is None or (call.start, -call.end) > (innermost.start, -innermost.end):
            innermost = call
    return innermost


def _from_argument(inference: Inference, path: str, call: Call, offset: int) -> list[Value]:
    """The names that get the value of the argument of a call at an offset."""
    key = ("targets of argument", path, call.start, call.end, offset)
    return inference.memoize_data(
        key, lambda: list(dict.fromkeys(_compute_argument_targets(inference, path, call, offset)))
    )


def _compute_argument_targets(inference: Inference, path: str, call: Call, offset: int) -> list[Value]:
    context = inference.context(path, call.owner, call.start, call.end, call.line)
    if context is None or not isinstance(context.source.tree, ast.Call):
        return []
    node = context.source.tree
    position: int | str | None = None
    for number, argument in enumerate(node.args):
        start, end = context.source.span(argument)
        if start <= offset - call.start < end:
            position = number
    for keyword in node.keywords:
        start, end = context.source.span(keyword.value)
        if start <= offset - call.start < end:
            position = keyword.arg or "**"
    if position is None:
        return []
    if call.name in _ADD_METHODS and "." in call.callee:
        container = call.callee.rpartition(".")[0].rpartition(".")[2]
        return [scoped_name(path, container), scoped_name(path, f"{container}[]")] if container else []
    if call.name in ("set_defaults", "SimpleNamespace") and isinstance(position, str):
        return [scoped_name("", position)]  # `parser.set_defaults(func=build)`, and then `args.func(args)`
    found = [scoped_name(path, name) for name in _lambda_parameters(node)] if call.name in CALLER_NAMES else []
    for value in inference.callees(path, call):
        is_partial = value.kind == "external" and value.path in _BINDING
        if is_partial and node.args and position != 0:
            # The arguments of `partial` are passed to its first argument.
            for function in inference.infer(node.args[0], context):
                found += target_parameters(inference, function, position - 1 if isinstance(position, int) else position)
        elif is_partial:
            # The partial flows to where the call is used: `run(partial(f, 1))`.
            found.append(scoped_name(path, "()"))  # `partial(f, 1)()`
            table = inference.table(path)
            outer_call = _call_around(table, call.start, outer=call) if table is not None else None
            found += _from_argument(inference, path, outer_call, call.start) if outer_call is not None else []
        found += target_parameters(inference, value, position)
    return found


def _lambda_parameters(node: ast.Call) -> list[str]:
    """The parameters of lambdas among the arguments of a call: `reduce(lambda app, layer: layer(app), layers)`."""
    return [a.arg for argument in node.args if isinstance(argument, ast.Lambda) for a in argument.args.args]


def target_parameters(inference: Inference, callee: Value, position: int | str) -> list[Value]:
    """The parameter of `callee` that gets an argument at a position, or by a keyword."""
    if callee.kind == "class":
        targets = [v._replace(extra=callee) for v in inference.constructors(callee)]
        if not targets:
            return [scoped_name("", name) for name in generated.field_of_argument(inference, callee, position)]
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
        variadic = [p.name for p in parameters if p.kind in ("var_positional", "var_keyword")]
        if isinstance(position, int) and position < len(positional):
            found.append(scoped_name(target.path, positional[position].name))
        elif isinstance(position, str) and any(p.name == position for p in parameters):
            found.append(scoped_name(target.path, position))
        else:
            for name in variadic:
                found += [scoped_name(target.path, name), scoped_name(target.path, f"{name}[]")]
    return found
