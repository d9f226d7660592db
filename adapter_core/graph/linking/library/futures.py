"""Tasks and futures: `create_task(work())`, `group.create_task(…)`, `submit`, and the results of `await`, `gather` and `result()`.

A coroutine is represented by the value that awaiting it gives. A task is a `typed` value of its own, because it has methods:
`task.result()`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..results.values import Value, Values, union

if TYPE_CHECKING:
    from ..inference import Context, Inference

_TASK_FACTORIES = frozenset({"asyncio.ensure_future", "asyncio.run_coroutine_threadsafe"})
_RUNNING = ".run_until_complete"


def awaited(values: Values) -> Values:
    """The result of `await`; for a task its result."""
    if not any(_is_future(value) for value in values):
        return values
    return union([value.extra if _is_future(value) else frozenset({value}) for value in values])


def result(inference: Inference, name: str, node: ast.Call, context: Context) -> Values | None:
    """The result of an external function that starts work, waits for it, or submits it to a pool; None for any other."""
    if not node.args:
        return None
    if name in _TASK_FACTORIES or name.endswith(".create_task"):
        return _future(inference.infer(node.args[0], context))
    if name.startswith("concurrent.futures.") and name.endswith((".submit", ".map")):
        results = inference.call_results(inference.infer(node.args[0], context))
        return _future(results) if name.endswith("t") else frozenset({Value("typed", "list", 0, results)})
    if name.endswith(".run_in_executor") and len(node.args) > 1:
        return _future(inference.call_results(inference.infer(node.args[1], context)))
    if name.endswith(_RUNNING):
        return awaited(inference.infer(node.args[0], context))
    if name == "asyncio.gather":
        return _gather_results(inference, node, context)
    if name == "asyncio.wait":
        waited = Value("typed", "list", 0, inference.elements(inference.infer(node.args[0], context)))
        return frozenset({Value("typed", "places", 0, (frozenset({waited}), frozenset({waited})))})
    return None


def _gather_results(inference: Inference, node: ast.Call, context: Context) -> Values:
    """The results of awaitables that are awaited together, by position."""
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        starred = [a.value if isinstance(a, ast.Starred) else None for a in node.args]
        parts = [
            inference.infer(a, context) if inner is None else inference.elements(inference.infer(inner, context))
            for a, inner in zip(node.args, starred, strict=True)
        ]
        return frozenset({Value("typed", "list", 0, awaited(union(parts)))})
    results = tuple(awaited(inference.infer(a, context)) for a in node.args)
    return frozenset({Value("typed", "places", 0, results)})


def _future(values: Values) -> Values:
    return frozenset({Value("typed", "future", 0, values)})


def _is_future(value: Value) -> bool:
    return value.kind == "typed" and value.path == "future"


__all__ = ["awaited", "result"]
