"""Assignments: whether something is one, and what the string literal below it says of it, as Sphinx reads it (an attribute's docstring)."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from ...graph.outline import outline_of
from ...types import ModuleFacts, Symbol
from ..inert import code, prose
from .candidate import Candidate, Speaker
from .prose import docstring_sentences


def attribute_docs(speaker: Speaker, facts: ModuleFacts, symbol: Symbol, lines: list[str]) -> Iterator[Candidate]:
    """The sentences of it, each with the lines of the assignment."""
    span = _below(symbol, lines)
    owner = facts.symbols[symbol.parent] if symbol.parent > 0 else None
    whose = code(owner.qualname if owner is not None else facts.module)
    for sentence in docstring_sentences(lines, *span) if span is not None else ():
        if not sentence.field:
            text = f"{code(symbol.name)} of {whose}: “{prose(sentence.text)}”"
            yield speaker.say("param", text, (symbol.name_line, symbol.name_line), (sentence.start, sentence.end))


def assigns(signature: str) -> bool:
    """Whether a signature is an assignment that tells something: no mere annotation (which may hold a `=`, too: `Field(gt=0)`), and not
    `x = ...` of a stub."""
    if signature.endswith("= ..."):
        return False
    try:
        node = ast.parse(signature).body[0]
    except (SyntaxError, ValueError, IndexError):
        return "=" in signature  # newer syntax
    return not isinstance(node, (ast.AnnAssign, ast.Expr)) or (
        isinstance(node, ast.AnnAssign) and node.value is not None
    )


def _below(symbol: Symbol, lines: list[str]) -> tuple[int, int] | None:
    """The lines of the string that follows the assignment of a symbol."""
    tree = outline_of("\n".join(lines) + "\n").tree
    for node in ast.walk(tree) if tree is not None else ():
        body = getattr(node, "body", None)
        if not isinstance(node, (ast.Module, ast.ClassDef)) or not isinstance(body, list):
            continue
        for statement, following in itertools.pairwise(body):
            assigns = isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.lineno == symbol.start
            text = following.value if isinstance(following, ast.Expr) else None
            if assigns and isinstance(text, ast.Constant) and isinstance(text.value, str):
                return following.lineno, following.end_lineno or following.lineno
    return None
