"""Folds: a name that a loop rebinds from its own value, `for layer in layers: app = layer(app)`; and `reduce` with a lambda.

Each iteration is applied to the result of the one before, in the order of the list where that is known: a list that is written out,
`*args`, successive `append` calls. Where it is not known, each element is assumed to be applied once, after any of the others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ....types import Call, Flow
from ...storage.columns import column
from ..aliases import value_flow
from ..local.reaching import Binding, Lines, least_indent, loop_around
from ..local.tables import SymbolTable
from ..results.values import EMPTY, Value, Values, union, workspace_values

if TYPE_CHECKING:
    from ..inference import Context, Environment, Inference

_MAX_STEPS = 12
_MAX_LOOP_LINES = 40  # lines of a loop that are searched
_CALLED = frozenset({"function", "lambda", "partial", "class", "instance", "composed", "object"})
_EXITS = ("break", "return", "continue")
_MAX_FILES = 12  # that may use the name
_WORD = re.compile(r"[^\W\d]\w*")
_IN_ORDER = frozenset({"list", "tuple", "iter"})


class _Fold(NamedTuple):
    """The statement that rebinds the name, and the loop around it. `runs_always`: it runs in every iteration, and the loop has no early
    exit."""

    flow: Flow
    loop: Flow
    runs_always: bool

    @property
    def extent(self) -> tuple[int, int]:
        return self.flow.start, self.flow.end

    @property
    def names(self) -> tuple[str, str]:
        return self.flow.target, self.loop.target


class _Reduction(NamedTuple):
    """`reduce(lambda app, layer: layer(app), layers, handler)`: the call, the names of the parameters, the offsets of the body."""

    call: Call
    names: tuple[str, str]
    extent: tuple[int, int]


def finished_fold(inference: Inference, table: SymbolTable, chosen: list[Binding], line: int) -> Flow | None:
    """Among the bindings that may hold at a line (0: anywhere), one in a loop that has ended by then."""
    for fold in _folds(inference, table) if any(binding.conditional for binding in chosen) else ():
        if isinstance(fold, _Fold) and any(binding.source == fold.flow for binding in chosen):
            lines = inference.line_table(table.facts.path)
            return None if line and _is_in_block(lines, fold.loop.line, line) else fold.flow
    return None


def result(inference: Inference, table: SymbolTable, flow: Flow) -> Values:
    """The value of such a name after its loop."""
    steps = _steps(inference, table, flow.start, flow.end)
    return steps[-1] if steps else EMPTY


def reduced(inference: Inference, node: ast.Call, context: Context) -> Values:
    """The result of `reduce` with a lambda; empty where the order of the elements is not known."""
    table = inference.table(context.path) if context.base >= 0 and isinstance(node.args[0], ast.Lambda) else None
    if table is None:
        return EMPTY
    start, end = context.source.span(node.args[0].body)  # type: ignore[attr-defined]
    steps = _steps(inference, table, context.base + start, context.base + end)
    return steps[-1] if steps else EMPTY


def callees_by_iteration(inference: Inference, path: str, call: Call) -> Iterator[tuple[Value, Environment]]:
    """The callees of a call, each with the environment it is called in. In a fold there is one for each iteration."""
    environments = _environments_at(inference, path, call.start) if inference.folds.get(path) != () else []
    if not environments:
        for value in inference.callees(path, call):
            yield value, ()
    for environment in environments:
        context = inference.context(path, call.owner, call.start, call.end, call.line, environment)
        if context is not None and isinstance(context.source.tree, ast.Call):
            for value in inference.infer(context.source.tree.func, context):
                yield value, environment


def partial_contexts(inference: Inference, value: Value) -> Iterator[Context]:
    """The contexts in which the first arguments of a partial are evaluated: for a partial made in a fold, one for each iteration."""
    path, (function, start, end) = value.path, value.extra
    for environment in _environments_at(inference, path, start) or [()]:
        context = inference.context(path, value.index, start, end, 0, environment)
        if context is None or not isinstance(context.source.tree, ast.Call):
            continue
        if not environment or function in inference.infer(context.source.tree.args[0], context):
            yield context


def _folds(inference: Inference, table: SymbolTable) -> tuple[_Fold | _Reduction, ...]:
    """The folds of a file."""
    found = inference.folds.get(table.facts.path)
    if found is None:
        every: list[_Fold | _Reduction] = [*_find_folds(inference, table), *_find_reductions(inference, table)]
        found = inference.folds[table.facts.path] = tuple(every)
    return found


def _find_reductions(inference: Inference, table: SymbolTable) -> Iterator[_Reduction]:
    for call in table.calls.get("reduce", ()):
        context = inference.context(table.facts.path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        function = node.args[0] if isinstance(node, ast.Call) and len(node.args) > 1 else None
        if context is not None and isinstance(function, ast.Lambda) and len(function.args.args) == 2:
            start, end = context.source.span(function.body)
            names = function.args.args[0].arg, function.args.args[1].arg
            yield _Reduction(call, names, (call.start + start, call.start + end))


def _find_folds(inference: Inference, table: SymbolTable) -> Iterator[_Fold]:
    path, flows = table.facts.path, table.facts.flows
    fields = ("kind", "conditional", "path", "target", "start", "end")
    columns = zip(*(column(flows, field) for field in fields), strict=True)
    text = ""
    for number, (kind, conditional, part, target, start, end) in enumerate(columns):
        if kind != "assign" or not conditional or part or "." in target:
            continue
        text = text or inference.workspace.text(path)
        if text.find(target, start, end) < 0 or text.find("(", start, end) < 0:
            continue
        flow, words = flows[number], _WORD.findall(text, start, end)
        found = _loop_of(inference.line_table(path), table, flow, words) if target in words and not flow.last else None
        if found is not None:
            yield found


def _loop_of(lines: Lines, table: SymbolTable, flow: Flow, words: list[str]) -> _Fold | None:
    """The loop around a statement, if the statement uses the loop variable and nothing else in the loop binds the name."""
    loop = loop_around(lines, flow.line, flow.line)
    if loop is None:
        return None
    for word in dict.fromkeys(words):
        for head in table.flows.get((flow.owner, word), ()):
            if head.kind == "for" and head.line == loop[0] and head.scope == flow.scope:
                other_flows = [
                    f for f in table.flows.get((flow.owner, flow.target), ()) if f != flow and f.line >= head.line
                ]
                if any(_is_in_block(lines, head.line, f.line) for f in other_flows):
                    return None
                body = next((n for n in lines.code[loop[0] :] if n < 1_000_000), 0)
                return _Fold(flow, head, lines.indents[flow.line - 1] == body and not _may_break(lines, head.line))
    return None


def _is_in_block(lines: Lines, head: int, line: int) -> bool:
    """Whether a line is in the block below a header line."""
    return head < line <= len(lines.texts) and least_indent(lines, head, line) > lines.indents[head - 1]


def _may_break(lines: Lines, head: int) -> bool:
    """Whether a loop may end early."""
    texts = enumerate(lines.texts[head : head + _MAX_LOOP_LINES], head + 1)
    return any(text.lstrip().startswith(_EXITS) and _is_in_block(lines, head, line) for line, text in texts)


def _environments_at(inference: Inference, path: str, offset: int) -> list[Environment]:
    """The environments of a fold that contains an offset, one for each iteration."""
    table = inference.table(path)
    folds = _folds(inference, table) if table is not None else ()
    fold = next((f for f in folds if f.extent[0] <= offset < f.extent[1]), None)
    if table is None or fold is None:
        return []
    steps = _steps(inference, table, *fold.extent)
    return [_environment(fold, before, element) for before, element in zip(steps[:-1:2], steps[1::2], strict=True)]


def _environment(fold: _Fold | _Reduction, before: Values, element: Values) -> Environment:
    return tuple(sorted(zip(fold.names, (before, element), strict=True), key=lambda e: e[0]))


def _steps(inference: Inference, table: SymbolTable, start: int, end: int) -> tuple[Values, ...]:
    """For each iteration the value of the name before it and the value of the loop variable; at the end the final value of the name."""
    fold = next((f for f in _folds(inference, table) if f.extent == (start, end)), None)
    if fold is None:
        return ()
    path = table.facts.path

    def compute() -> Values:
        if isinstance(fold, _Fold):
            return _loop_steps(inference, path, fold)
        return _reduction_steps(inference, path, fold)

    found = inference.memoize(("fold", path, start, end), compute)
    return next(iter(found)).extra if found else ()


def _loop_steps(inference: Inference, path: str, fold: _Fold) -> Values:
    flow, loop = fold.flow, fold.loop
    first = inference.infer_name(flow.target, path, flow.scope, loop.start, loop.line)
    if all(value.kind not in _CALLED for value in first):
        return EMPTY  # nothing is known of data that passes through functions, iteration by iteration or not
    elements = _loop_elements(inference, path, loop)
    each = inference.infer_flow(path, loop) if elements is None else EMPTY
    return _iterations(
        first, elements, each, lambda *one: inference.infer_flow(path, flow, _environment(fold, *one)), fold.runs_always
    )


def _reduction_steps(inference: Inference, path: str, fold: _Reduction) -> Values:
    call = fold.call
    context = inference.context(path, call.owner, call.start, call.end, call.line)
    if context is None:
        return EMPTY
    arguments: list[ast.expr] = context.source.tree.args  # type: ignore[attr-defined]
    elements = ordered_elements(inference, arguments[1], context)
    if not elements or not all(elements):
        return EMPTY
    if len(arguments) > 2:
        elements = [inference.infer(arguments[2], context), *elements]
    return _iterations(
        elements[0], elements[1:], EMPTY,
        lambda *one: inference.infer_at(path, call.owner, *fold.extent, call.line, _environment(fold, *one)), True,
    )  # fmt: skip


def _iterations(
    first: Values,
    elements: list[Values] | None,
    each: Values,
    next_value: Callable[[Values, Values], Values],
    runs_always: bool,
) -> Values:
    """One value that holds the steps of all iterations: in the order of `elements`, or (None) for each of `each`, in any order."""
    steps: list[Values] = []
    if elements is None:
        candidates = sorted(workspace_values(each), key=lambda v: (v.kind, v.path, v.index))
        if not 0 < len(candidates) <= _MAX_STEPS:
            return EMPTY
        results = [next_value(first, frozenset({candidate})) for candidate in candidates]
        for number, candidate in enumerate(candidates):
            other_steps = union([first, *results[:number], *results[number + 1 :]])
            steps += [other_steps, frozenset({candidate})]
        last = union(results)
    else:
        last = first
        for element in elements:
            steps += [last, element]
            new = next_value(last, element)
            last = new if runs_always else new | last
    if not workspace_values(last) or not steps:
        return EMPTY
    last = last if runs_always else last | first
    return frozenset({Value("typed", "fold", 0, (*steps, last))})


# -- in which order ----------------------------------------------------------------------------------------------------


def _loop_elements(inference: Inference, path: str, loop: Flow) -> list[Values] | None:
    """The values of the loop variable in order; None where the order is not known."""
    context = inference.context(path, loop.scope, loop.start, loop.end, loop.line)
    found = ordered_elements(inference, context.source.tree, context) if context is not None else None
    for step in loop.path.split(".") if found and loop.path else ():
        found = [inference.unpacked(element, step) for element in found or ()]
    return found if found and len(found) <= _MAX_STEPS and all(found) else None


def ordered_elements(inference: Inference, node: ast.expr, context: Context) -> list[Values] | None:
    """The elements of a list or the like in order; None where the order is not known."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        inner = ordered_elements(inference, node.args[0], context) if node.func.id in (*_IN_ORDER, "reversed") else None
        return inner[::-1] if inner and node.func.id == "reversed" else inner
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        bounds = [_number(part) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
        inner = ordered_elements(inference, node.value, context) if None not in bounds else None
        first, last, step = (bound[0] if bound else None for bound in bounds)
        return inner[first:last:step] if inner is not None else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = ordered_elements(inference, node.left, context), ordered_elements(inference, node.right, context)
        return [*left, *right] if left is not None and right is not None else None
    values = workspace_values(inference.infer(node, context))
    return _ordered_elements_of(inference, next(iter(values))) if len(values) == 1 else None


def _number(node: ast.expr | None) -> tuple[int | None] | None:
    """A slice bound, which may be missing; None where it is not a constant."""
    try:
        found = ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
    return (found,) if found is None or isinstance(found, int) else None


def sliced(inference: Inference, node: ast.Subscript, context: Context) -> Values:
    """The elements that a slice selects from a list whose elements are known by position."""
    found = ordered_elements(inference, node, context)
    return frozenset({Value("typed", "places", 0, tuple(found))}) if found else EMPTY


def _ordered_elements_of(inference: Inference, value: Value) -> list[Values] | None:
    if value.kind == "typed" and value.path == "places":
        return list(value.extra)
    if value.kind == "starred":
        places = [inference.variadic_values(value, str(place)) for place in range(_MAX_STEPS)]
        return places[: next((n for n, place in enumerate(places) if not place), len(places))]
    if value.kind != "display":
        return None
    start, end = value.extra
    line = inference.workspace.text(value.path).count("\n", 0, start) + 1
    context = inference.context(value.path, value.index, start, end, line)
    if context is None:
        return None
    if isinstance(context.source.tree, ast.Call):
        return ordered_elements(inference, context.source.tree, context)
    if not isinstance(context.source.tree, (ast.List, ast.Tuple)):
        return None
    written = [inference.infer(e, context) for e in context.source.tree.elts]
    if any(isinstance(e, ast.Starred) for e in context.source.tree.elts):
        return None
    added = inference.elements(frozenset({value})) - union(written)
    later = _order_by_use(inference, added)
    return None if later is None else [*written, *later]


def _order_by_use(inference: Inference, values: Values) -> list[Values] | None:
    """Functions and classes in the order in which they are passed as arguments or decorated, if one scope does all of it."""
    found: dict[tuple[str, int], list[tuple[int, int, Value]]] = {}
    for value in values:
        table = inference.table(value.path) if value.kind in ("function", "class") else None
        if table is None:
            return None
        symbol = table.facts.symbols[value.index]
        places = []
        if symbol.decorators:
            places.append((value.path, max(symbol.parent, 0), symbol.name_line, 0))
        for path in inference.files_using_name(symbol.name)[:_MAX_FILES]:
            uses = value_flow.argument_uses(inference, path, symbol.name)
            places += [(path, call.owner, call.line, offset) for offset, call in uses]
        if len(places) != 1:
            return None
        path, owner, line, offset = places[0]
        found.setdefault((path, owner), []).append((line, offset, value))
    if len(found) > 1:
        return None
    ordered = sorted((use for uses_in_scope in found.values() for use in uses_in_scope), key=lambda use: use[:2])
    return [frozenset({use[2]}) for use in ordered]


__all__ = [
    "callees_by_iteration",
    "finished_fold",
    "ordered_elements",
    "partial_contexts",
    "reduced",
    "result",
    "sliced",
]
