"""Results of a function that depend on whether an optional parameter is None: `if f is None: return partial(…)`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from ....types import Flow, Parameter
from ..local.reaching import block_exits

if TYPE_CHECKING:
    from ..inference import Inference


class Nullness(NamedTuple):
    """A parameter that is known to be None, or not to be."""

    name: str
    is_none: bool


def is_none_argument(parameter: Parameter, position: int, node: ast.Call) -> bool:
    """Whether a call omits an optional parameter, or passes None; `position`: among the positional parameters, -1 for others."""
    if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
        return False
    arguments = [k.value for k in node.keywords if k.arg == parameter.name]
    arguments += node.args[position : position + 1] if position >= 0 else []
    return all(isinstance(argument, ast.Constant) and argument.value is None for argument in arguments)


def is_unreachable(inference: Inference, path: str, flow: Flow, first: int, known: Nullness) -> bool:
    """Whether a `return` of the function that begins at line `first` contradicts what is known of a parameter: it is in such a branch,
    in the one beside its opposite, or below that one if it ends with an exit."""
    lines, name = inference.line_table(path), known.name
    missing = re.compile(rf"\s*(?:el)?if (?:{name} is None|not {name}):")
    there = re.compile(rf"\s*(?:el)?if (?:{name} is not None|{name}|callable\({name}\)):")
    wrong, right = (there, missing) if known.is_none else (missing, there)  # not taken, and taken
    if not first < flow.line <= len(lines.texts):
        return False
    indent = lines.indents[flow.line - 1]
    branch = False  # whether the line is in an `else` of the next `if` above
    for number in range(flow.line - 1, first, -1):
        text, line_indent = lines.texts[number - 1], lines.code[number - 1]
        if line_indent < indent:
            indent, branch = line_indent, text.lstrip().startswith("else:")
            if wrong.match(text):
                return True
        elif line_indent == indent:
            if right.match(text) and (branch or block_exits(lines, number, flow.line)):
                return True
            branch = branch and text.lstrip().startswith("elif ")
    return False


__all__ = ["Nullness", "is_none_argument", "is_unreachable"]
