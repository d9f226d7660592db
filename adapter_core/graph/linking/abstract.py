"""Methods that are there to be replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import Value

if TYPE_CHECKING:
    from .evaluate import Inference

_ABSTRACT_LINES = 6


def is_abstract(inference: Inference, function: Value) -> bool:
    """Whether a method is there to be replaced: marked so, or with a body of nothing but a docstring, `pass`, `...` or
    `raise NotImplementedError`."""
    table = inference.table(function.path)
    if table is None:
        return False
    symbol = table.facts.symbols[function.index]
    if "abstract" in symbol.traits:
        return True
    text = inference.workspace.text(function.path).split("\n")[symbol.name_line - 1 : symbol.end]
    body = [line.strip() for line in text if line.strip() and not line.strip().startswith("#")]
    if symbol.docstring:
        return symbol.end - symbol.name_line <= symbol.docstring.count("\n") + _ABSTRACT_LINES and _does_nothing(
            body[-1]
        )
    return (len(body) <= 2 and _does_nothing(body[-1])) or (
        len(body) > 2 and body[-1].startswith("raise NotImplementedError")
    )


def _does_nothing(line: str) -> bool:
    line = line.rpartition(": ")[2] if line.startswith("def ") or line.startswith("async def ") else line
    if line.endswith(('"""', "'''")):
        # The end of a docstring, unless a value stands there.
        return not line.startswith(("return", "yield")) and "=" not in line
    return line in ("pass", "...") or line.startswith("raise NotImplementedError")
