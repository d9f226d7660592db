"""Callables that are passed to external code which calls them at once: `map(f, values)`, `sorted(values, key=f)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ....types import Call
from ..aliases import may_alias
from ..flow import folding
from ..local.builtin_calls import CALLER_NAMES, CALLERS, KEY_CALLERS, KEY_POSITIONS
from ..results.values import EMPTY, Value, Values, external, unbound, union

if TYPE_CHECKING:
    from ..inference import Context, Inference

_COMPARE_ARGUMENTS = ("builtins.min", "builtins.max")  # where there are several
_INSERTS = "bisect.insort"  # and also calls the key with the inserted value


class Callback(NamedTuple):
    """An argument that is called, and the values of its own arguments, by position."""

    function: ast.expr
    arguments: list[Values]


def callback_of(inference: Inference, callee: Value, node: ast.Call, context: Context) -> Callback | None:
    """The callback of a call of something external; None where there is none."""
    position_and_protocol = _callback_position(callee, node)
    if position_and_protocol is None:
        return None
    position, protocol = position_and_protocol
    function = _argument(node, position)
    return (
        None
        if function is None
        else Callback(function, _callback_argument_values(inference, callee, node, context, position, protocol))
    )


def callback_arguments(callees: Values, node: ast.Call) -> list[ast.expr]:
    """The arguments of a call that any of the external callees calls."""
    positions = [found[0] for callee in callees if (found := _callback_position(callee, node)) is not None]
    return [argument for position in positions if (argument := _argument(node, position)) is not None]


def _callback_position(callee: Value, node: ast.Call) -> tuple[int | str, str] | None:
    """The position of the callback among the arguments, and how its arguments are formed."""
    if callee.kind == "method" and callee.path == "sort":
        return "key", "receiver"
    if callee.kind != "external":
        return None
    if callee.path in KEY_CALLERS:
        return (KEY_POSITIONS.get(callee.path, "key") if _argument(node, "key") is None else "key"), "keyed"
    if callee.path == "builtins.iter" and len(node.args) == 2:
        return 0, "nothing"
    return CALLERS.get(callee.path)


def _argument(node: ast.Call, place: int | str) -> ast.expr | None:
    if isinstance(place, str):
        return next((k.value for k in node.keywords if k.arg == place), None)
    return node.args[place] if place < len(node.args) and not isinstance(node.args[0], ast.Starred) else None


def _callback_argument_values(
    inference: Inference, callee: Value, node: ast.Call, context: Context, position: int | str, protocol: str
) -> list[Values]:
    def elements(argument: ast.expr) -> Values:
        return inference.elements(inference.infer(argument, context))

    other_arguments = [a for number, a in enumerate(node.args) if number != position]
    if protocol == "each":
        return [elements(a) for a in other_arguments]
    if protocol == "fold":
        first = union([inference.infer(a, context) for a in other_arguments[1:]])
        ordered = folding.ordered_elements(inference, other_arguments[0], context) if other_arguments else None
        values = elements(other_arguments[0]) if other_arguments else EMPTY
        if ordered and not first:
            first, values, ordered = ordered[0], union(ordered[1:]), ordered[1:]
        elif not first:
            first = values
        # The result of one call is an argument of the next.
        is_applied_again = isinstance(position, int) and (ordered is None or len(ordered) > 1)
        previous = inference.call_results(inference.infer(node.args[position], context)) if is_applied_again else EMPTY  # type: ignore[index]
        return [first | previous, values]
    if protocol == "spread":
        values = elements(other_arguments[0]) if other_arguments else EMPTY
        return [inference.unpacked(values, str(number)) for number in range(4)]
    if protocol == "text":
        return [frozenset({external("re.Match()")})]
    if protocol == "receiver":
        return [inference.elements(frozenset({callee.extra}))]
    if protocol == "keyed":
        if callee.path in _COMPARE_ARGUMENTS and len(other_arguments) > 1:
            return [union([inference.infer(a, context) for a in other_arguments])]
        iterable = KEY_CALLERS[callee.path]
        parts = [elements(a) for a in node.args[iterable : iterable + 1]]
        if callee.path.startswith(_INSERTS):
            parts += [inference.infer(a, context) for a in node.args[iterable + 1 : iterable + 2]]
        return [union(parts)]
    return []


def callback_calls_of(inference: Inference, function: Value) -> Iterator[tuple[str, Call, Value, Callback]]:
    """(file, call, value of the argument, callback) of the calls that pass a function to external code."""
    target = unbound(function)
    seen: set[tuple[str, int, int]] = set()
    for path, call in _candidate_calls(inference, function):
        if (path, call.start, call.end) in seen:
            continue
        seen.add((path, call.start, call.end))
        context = inference.context(path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if context is None or not isinstance(node, ast.Call):
            continue
        for callee in inference.callees(path, call):
            callback = callback_of(inference, callee, node, context)
            if callback is None:
                continue
            for value in inference.infer(callback.function, context):
                if unbound(value) == target:
                    yield path, call, value, callback


def _candidate_calls(inference: Inference, function: Value) -> Iterator[tuple[str, Call]]:
    """The calls of such code that contain a possible alias of the function, or the lambda itself."""
    if function.kind == "lambda":
        table = inference.table(function.path)
        start, end = function.extra
        for call in table.calls_around(start) if table else ():
            if end <= call.end and call.name in CALLER_NAMES:
                yield function.path, call
    for home, name in may_alias.aliases_of(inference, function):
        if inference.expired:
            inference.mark_incomplete()
            return
        for path in may_alias.files_of(inference, home, name, function.path):
            if inference.spend(1):
                yield from ((path, call) for call in _calls_mentioning(inference, path, name))


def _calls_mentioning(inference: Inference, path: str, name: str) -> Iterator[Call]:
    inference.note_read(path)
    callback_calls = inference.callback_calls.get(path)
    if callback_calls is None:
        table = inference.table(path)
        callback_calls = inference.callback_calls[path] = tuple(table.callback_calls) if table is not None else ()
    text = inference.workspace.text(path) if callback_calls else ""
    for call in callback_calls:
        if text.find(name, call.start, call.end) >= 0:
            yield call
