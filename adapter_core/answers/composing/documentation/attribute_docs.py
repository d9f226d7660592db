"""Attribute docstrings: the string literal below an assignment, as Sphinx reads it; and whether a signature is an assignment."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ....types import ModuleFacts, Symbol
from ...inert import code, prose
from ..candidate import Candidate, SentenceBuilder
from .running_text import docstring_prose


def attribute_doc_sentences(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """The sentences that quote an attribute's docstring, each with the line of the assignment."""
    facts, symbol = builder.facts, builder.symbol
    span = _string_below(symbol, lines)
    owner = facts.symbols[symbol.parent] if symbol.parent > 0 else None
    whose = code(owner.qualname if owner is not None else facts.module)
    for sentence in docstring_prose(lines, *span) if span is not None else ():
        if not sentence.field:
            text = f"{code(symbol.name)} of {whose}: “{prose(sentence.text)}”"
            yield builder.sentence("param", text, (symbol.name_line, symbol.name_line), (sentence.start, sentence.end))


def assigns_value(signature: str) -> bool:
    """Whether a signature assigns a value: it is no bare annotation (which may contain a `=`, too: `Field(gt=0)`), and not `x = ...` of a
    stub."""
    if signature.endswith("= ..."):
        return False
    try:
        node = ast.parse(signature).body[0]
    except (SyntaxError, ValueError, IndexError):
        return "=" in signature  # newer syntax
    return not isinstance(node, (ast.AnnAssign, ast.Expr)) or (
        isinstance(node, ast.AnnAssign) and node.value is not None
    )


def documents_attribute(facts: ModuleFacts, name: str, line: int, lines: list[str]) -> bool:
    """Whether the string on a line is the docstring of an assignment of `name`."""
    named = [s for s in facts.symbols if s.name == name.strip() and s.start <= line]
    spans = (_string_below(symbol, lines) for symbol in named)
    return any(span is not None and span[0] <= line <= span[1] for span in spans)


def _string_below(symbol: Symbol, lines: list[str]) -> tuple[int, int] | None:
    """The lines of the string right after the assignment of a symbol; None if there is none."""
    return _strings_below("\n".join(lines) + "\n").get((symbol.name, symbol.start))


@request_cache(8)
def _strings_below(text: str) -> dict[tuple[str, int], tuple[int, int]]:
    """The lines of the string below each assignment, by name and line of the assignment."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    tree = outline_of(text).tree
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, (ast.Module, ast.ClassDef)):
            continue
        for statement, following in itertools.pairwise(node.body):
            value = following.value if isinstance(following, ast.Expr) else None
            if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
            for name in (t.id for t in targets if isinstance(t, ast.Name)):
                found[name, statement.lineno] = following.lineno, following.end_lineno or following.lineno
    return found
