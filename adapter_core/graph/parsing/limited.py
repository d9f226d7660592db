"""Names that are bound within one expression only: variables of comprehensions, parameters of lambdas."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from ...types import Flow

Extent = Callable[[Any], tuple[int, int]]  # of a node: its first and last offset


def of_comprehension(node: Any, owner: int, extent: Extent) -> Iterator[Flow]:
    """The flows to the variables of a list, set, dict or generator expression."""
    first, last = extent(node)
    for part in node.generators:
        start, end = extent(part.iter)
        for name, path, line in _names(part.target, ""):
            yield Flow("for", owner, owner, name, start, end, line, path, True, first, last)


def _names(target: ast.expr, path: str) -> Iterator[tuple[str, str, int]]:
    if isinstance(target, ast.Name):
        yield target.id, path, target.lineno
    elif isinstance(target, (ast.Tuple, ast.List)):
        for number, element in enumerate(target.elts):
            starred = isinstance(element, ast.Starred)
            step = f"*{number}:{len(target.elts) - number - 1}" if starred else str(number)
            inner = element.value if isinstance(element, ast.Starred) else element
            yield from _names(inner, f"{path}.{step}" if path else step)


def of_lambda(node: ast.Lambda, owner: int, extent: Extent) -> Iterator[Flow]:
    """The parameters of a lambda, numbered; "*" are variadic ones. They also hold where they are declared, unless there are defaults,
    which are evaluated outside."""
    start, end = extent(node)
    first, last = extent(node.body)
    arguments = node.args
    if not (arguments.defaults or any(arguments.kw_defaults)):
        first, last = start, end
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    places = [(argument.arg, str(number)) for number, argument in enumerate(named)]
    places += [(a.arg, "*") for a in (arguments.vararg, arguments.kwarg) if a is not None]
    for name, path in places:
        yield Flow("lambda", owner, owner, name, start, end, node.lineno, path, True, first, last)
