"""The argument of a call for a parameter."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....types import Parameter
from ..results.values import EMPTY, Values, union

if TYPE_CHECKING:
    from ..inference import Context, Inference


def argument_for_parameter(
    inference: Inference,
    parameters: Sequence[Parameter],
    bound: bool,
    node: ast.Call,
    context: Context,
    parameter: Parameter,
) -> Values:
    """The values that a call passes for one of the parameters."""
    positional = [p for p in parameters if p.kind in ("positional", "positional_only")]
    if bound and positional:
        positional = positional[1:]
    parts: list[Values] = []
    if parameter in positional:
        position = positional.index(parameter)
        for number, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                for value in inference.infer(argument.value, context):
                    parts.append(inference.item(value, None, str(position - number)) if position >= number else EMPTY)
                break
            if number == position:
                parts.append(inference.infer(argument, context))
                break
    for keyword in node.keywords:
        if keyword.arg == parameter.name:
            parts.append(inference.infer(keyword.value, context))
        elif keyword.arg is None:
            for value in inference.infer(keyword.value, context):
                parts.append(inference.item(value, repr(parameter.name), None))
    return union(parts)
