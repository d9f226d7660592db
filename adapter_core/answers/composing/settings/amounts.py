"""What is an amount: a number as code writes it (`2**30`, `60 * 60`), and names of limits, times and sizes."""

from __future__ import annotations

import ast

from ....graph import terms

_WORDS = (
    "timeout time ttl age lifetime interval period delay limit max maximum min minimum size count number depth length retries "
    "retry attempts threshold capacity buffer port chunk window frequency rate backlog workers threads expire expiry expires "
    "seconds minutes hours days bytes default width height quota budget ratio factor level"
)
AMOUNT_TERMS = frozenset(map(terms.stem, _WORDS.split()))


def is_amount_name(name: str) -> bool:
    """Whether a name has a word for an amount or a default: `keep_alive_timeout`, `DEFAULT_PORT`."""
    return not AMOUNT_TERMS.isdisjoint(terms.parts(name))


def is_amount(value: ast.expr | None) -> bool:
    """Whether an expression is a number that is written out, or a product of numbers, or a time made of some: `timedelta(hours=1)`."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, (int, float)) and not isinstance(value.value, bool)
    if isinstance(value, ast.UnaryOp):
        return is_amount(value.operand)
    if isinstance(value, ast.BinOp):
        return is_amount(value.left) and is_amount(value.right)
    if isinstance(value, ast.Call) and (value.args or value.keywords):
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        numbers = [*value.args, *(k.value for k in value.keywords)]
        return name in ("timedelta", "float", "int") and all(map(is_amount, numbers))
    return False
