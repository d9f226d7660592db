"""Elements of lists, tuples, sets and dicts: displays, later additions (`filling`), and `*args` and `**kwargs`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...parsing.fields import dotted_name, spelled
from ..results.values import EMPTY, Value, Values, external, union

if TYPE_CHECKING:
    from ..inference import Context, Inference

_MAX_POSITIONS = 12  # of `*args` that are distinguished
_MAPPINGS = ("dict", "OrderedDict", "ChainMap")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


def _display(inference: Inference, value: Value) -> tuple[ast.expr, Context] | None:
    start, end = value.extra
    # Elements are evaluated where they are written: `a, b = b, a` refers to the values before.
    line = inference.workspace.text(value.path).count("\n", 0, start) + 1
    context = inference.context(value.path, value.index, start, end, line)
    return None if context is None else (context.source.tree, context)


def display_elements(inference: Inference, value: Value) -> Values:
    """What iterating over a display yields: elements, or the keys of a dict."""

    def compute() -> Values:
        found = _display(inference, value)
        if found is None:
            return EMPTY
        node, context = found
        if isinstance(node, _COMPREHENSIONS):
            return inference.infer(node.elt, context)
        if isinstance(node, ast.Dict):
            return union([inference.infer(k, context) for k in node.keys if k is not None])
        if isinstance(node, ast.Call):
            # `list(x)`, `set(x)`, `deque(x)`, `dict.fromkeys(x)`; of `dict(…)` the keys are of no interest.
            return union([inference.elements(inference.infer(a, context)) for a in node.args[:1]])
        if isinstance(node, ast.DictComp):
            return inference.infer(node.key, context)
        return union([element(inference, e, context) for e in getattr(node, "elts", ())])

    return inference.memoize(("elements", value), lambda: _with_additions(inference, value, None, compute()))


def _with_additions(inference: Inference, value: Value, key: str | None, written: Values) -> Values:
    return written | inference.added_values(value, key, written)


def element(inference: Inference, node: ast.expr, context: Context) -> Values:
    """The values of an element of a display, or of an argument; for a starred one, of what is unpacked."""
    values = inference.infer(node, context)
    return inference.elements(values) if isinstance(node, ast.Starred) else values


def display_values(inference: Inference, value: Value) -> Values:
    """The values of a dict; the elements of anything else."""
    return display_item(inference, value, None, None)


def display_item(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """The item with a constant key (as `repr` spells it) or index; all possible items where that does not decide."""

    def compute() -> Values:
        found = _display(inference, value)
        if found is None:
            return EMPTY
        node, context = found
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
            index_or_key = key if key is not None else step
            exact = [v for k, v in pairs if k is not None and spelled(k) == index_or_key]
            if index_or_key is not None and exact:
                return inference.infer(exact[-1], context)
            if index_or_key is not None and pairs and all(isinstance(k, ast.Constant) for k, _ in pairs):
                return EMPTY
            return union(
                [
                    inference.infer(v, context)
                    if k is not None
                    else union(
                        [
                            display_item(inference, d, key, step)
                            for d in inference.infer(v, context)
                            if d.kind == "display"
                        ]
                    )
                    for k, v in pairs
                    if index_or_key is None or not isinstance(k, ast.Constant)
                ]
            )
        if isinstance(node, ast.DictComp):
            return _values_named(inference, node, key, inference.infer(node.value, context))
        if isinstance(node, ast.Call) and dotted_name(node.func).rpartition(".")[2] == "defaultdict":
            return inference.call_results(inference.infer(node.args[0], context)) if node.args else EMPTY
        if isinstance(node, ast.Call) and dotted_name(node.func).endswith("dict.fromkeys"):
            return inference.infer(node.args[1], context) if len(node.args) > 1 else EMPTY
        if isinstance(node, ast.Call):
            named = [k for k in node.keywords if k.arg and (key is None or repr(k.arg) == key)]
            given_first = node.args if dotted_name(node.func).endswith("ChainMap") else node.args[:1]
            inner = [v for a in [*given_first, *(k.value for k in node.keywords if not k.arg)]
                     for v in inference.infer(a, context)]  # fmt: skip
            get_item = _ITEM_GETTERS.get(dotted_name(node.func).rpartition(".")[2], _item_by_key)
            items = [get_item(inference, v, key, step) for v in inner]
            return union([inference.infer(k.value, context) for k in named] + items)
        if isinstance(node, _COMPREHENSIONS):
            return inference.infer(node.elt, context)
        elements = getattr(node, "elts", [])
        if step is not None and not any(isinstance(e, ast.Starred) for e in elements):
            number = int(step)
            return inference.infer(elements[number], context) if -len(elements) <= number < len(elements) else EMPTY
        return union([element(inference, e, context) for e in elements])

    index_or_key = key if key is not None else step
    return inference.memoize(
        ("item", value, key, step), lambda: _with_additions(inference, value, index_or_key, compute())
    )


def _values_named(inference: Inference, node: ast.DictComp, key: str | None, values: Values) -> Values:
    """Those values of `{f.__name__: f for f in functions}` whose name is the key."""
    named = isinstance(node.key, ast.Attribute) and node.key.attr == "__name__"
    if key is None or not named or ast.dump(node.key.value) != ast.dump(node.value):  # type: ignore[attr-defined]
        return values
    names = {v: inference.attribute(frozenset({v}), "__name__") for v in values}
    return frozenset(
        v for v, value_names in names.items() if not value_names or any(repr(n.extra) == key for n in value_names)
    )


def value_under_name(inference: Inference, values: Values, name: str) -> Values:
    """The value of a dict under a key that is written as the same name: `{Op.ADD: add}[Op.ADD]`; empty where there is none, or the dict
    is filled later."""
    parts: list[Values] = []
    for value in values:
        found = _display(inference, value) if value.kind == "display" else None
        if found is None or not isinstance(found[0], ast.Dict):
            return EMPTY
        same = [
            v for k, v in zip(found[0].keys, found[0].values, strict=True) if k is not None and dotted_name(k) == name
        ]
        if not same or inference.added_values(value, None, EMPTY):
            return EMPTY
        parts.append(inference.infer(same[-1], found[1]))
    return union(parts)


def contents_of_call(inference: Inference, node: ast.Call, context: Context, key: str | None) -> Values:
    """The contents of a container that is created by a call: from another container, from pairs, or from keywords."""
    from_argument = [
        _item_of_pairs(inference, v, key, None) for a in node.args[:1] for v in inference.infer(a, context)
    ]
    from_argument += [containing for a in node.args[:1] for containing in [_written_elements(inference, a, context)]]
    from_keywords = [k.value for k in node.keywords if k.arg and key in (None, repr(k.arg))]
    return union([*from_argument, *(inference.infer(value, context) for value in from_keywords)])


def _written_elements(inference: Inference, node: ast.expr, context: Context) -> Values:
    """The elements of a list display or the like."""
    return union([element(inference, e, context) for e in getattr(node, "elts", ())])


def _item_of_pairs(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """An item of a dict that is created from another one, or from pairs."""
    if value.kind == "display":
        found = _display(inference, value)
        node, context = found if found is not None else (None, None)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and context is not None:
            index_or_key = key if key is not None else step
            pairs = [e for e in node.elts if not isinstance(e, ast.Starred)]
            first = [spelled(e.elts[0]) if isinstance(e, ast.Tuple) and len(e.elts) == 2 else "" for e in pairs]
            exact = [e for e, k in zip(pairs, first, strict=True) if k and k == index_or_key]
            if index_or_key is not None and all(first) and not exact and pairs:
                return EMPTY
            return union([inference.unpacked(inference.infer(e, context), "1") for e in exact or pairs])
        listing = isinstance(node, _COMPREHENSIONS) or (
            isinstance(node, ast.Call) and dotted_name(node.func).rpartition(".")[2] not in (*_MAPPINGS, "fromkeys")
        )
        if not listing:
            return inference.item(value, key, step)
    elif not (value.kind == "generator" or (value.kind == "typed" and value.path == "list")):
        return inference.item(value, key, step)
    return inference.unpacked(inference.elements(frozenset({value})), "1")


def update_values(inference: Inference, value: Value, key: str | None) -> Values:
    """What `update(value)` adds to a dict, under a key or any; or to a set."""
    if value.kind == "display":
        node = (_display(inference, value) or (None,))[0]
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set, *_COMPREHENSIONS)):
            return display_item(inference, value, key, None)
        return _item_of_pairs(inference, value, key, None) | display_values(inference, value)
    elements = inference.element_values(value)
    pairs = value.kind == "generator" or any(v.kind == "typed" and v.path == "places" for v in elements)
    return elements | inference.unpacked(elements, "1") if pairs else elements


def _item_by_position(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """An item of a list that is created from another container, by its index where both have the same order."""
    if value.kind in ("instance", "generator"):
        return inference.element_values(value)
    return inference.item(value, key, step)


def _item_by_key(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    return inference.item(value, key, step)


def _any_item(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """An item of a container that is created from another one in a different order."""
    return inference.element_values(value)


_ITEM_GETTERS = {
    **dict.fromkeys(_MAPPINGS, _item_of_pairs), **dict.fromkeys(("list", "tuple", "deque"), _item_by_position),
    **dict.fromkeys(("sorted", "reversed", "set", "frozenset"), _any_item),
}  # fmt: skip


def rest(inference: Inference, value: Value, first: int, after: int) -> Values:
    """What a starred target gets: a list of the elements from `first` on, without the last `after`."""
    if value.kind == "starred" and not after:
        later = [inference.variadic_values(value, str(place)) for place in range(first, first + _MAX_POSITIONS)]
        return frozenset({Value("typed", "list", 0, union(later))})
    found = _display(inference, value) if value.kind == "display" else None
    elements = getattr(found[0], "elts", None) if found else None
    if found and elements is not None and not any(isinstance(e, ast.Starred) for e in elements):
        kept = elements[first : len(elements) - after]
        return frozenset({Value("typed", "places", 0, tuple(inference.infer(e, found[1]) for e in kept))})
    return frozenset({Value("typed", "list", 0, inference.elements(frozenset({value})))})


def starred_elements(inference: Inference, value: Value) -> Values:
    """The elements of `*args`; for `**kwargs` its keys are strings."""
    name = value.extra
    table = inference.table(value.path)
    parameter = (
        next((p for p in table.facts.symbols[value.index].parameters if p.name == name), None) if table else None
    )
    if parameter is not None and parameter.kind == "var_keyword":
        return frozenset({external("builtins.str()")})
    return inference.variadic_values(value, None)


def starred_item(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """`args[0]`, `kwargs["name"]`; or any element."""
    return inference.variadic_values(value, step if step is not None else key)
