"""Statements quoted as they stand, where words of the question are in them: what no sentence of ours would put better than the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ..graph import terms
from ..graph.outline import outline_of
from ..types import Symbol
from .candidate import Candidate, Speaker
from .inert import code, printable

_MAX_TEXT = 200
_MAX_LINES = 12
_MAX_QUOTES = 4  # of one symbol
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SILENT = (ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)


def quotes(speaker: Speaker, symbol: Symbol, lines: list[str], weights: Mapping[str, float]) -> Iterator[Candidate]:
    """The statements of a function that hold most of the question's words, in the order of the text. A word of the function's own name
    says nothing about which statement is meant."""
    node = outline_of("\n".join(lines) + "\n").definitions.get((symbol.name, symbol.name_line))
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    own = set(terms.terms_of(symbol.qualname))
    found: list[tuple[float, int, int, str]] = []
    for one in statements_of(node):
        start, end = one.lineno, last_line(one)
        text = quoted(lines, one)
        # `return` and `raise` alone say nothing.
        mass = sum(weights.get(t, 0.0) for t in set(terms.terms_of(text)) - own) if " " in text or "(" in text else 0.0
        if mass > 0:
            found.append((mass, start, end, text))
    best = sorted(found, key=lambda s: -s[0])[:_MAX_QUOTES]
    name = code(symbol.qualname)
    for _, start, end, text in sorted(best, key=lambda s: s[1]):
        caught = text.removeprefix("except ").partition(" as ")[0] if text.startswith("except ") else ""
        told = f"{name} catches {code(caught)}." if caught else f"In {name}: {code(text)}"
        yield speaker.say("quote", told, (start, end))


def statements_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt | ast.ExceptHandler]:
    """The statements of a function, and its exception handlers. None of what is defined inside it, and no docstring."""
    stack: list[ast.stmt | ast.ExceptHandler] = list(reversed(node.body))
    while stack:
        one = stack.pop()
        if isinstance(one, (*_DEFINITIONS, *_SILENT)):
            continue
        body: list[ast.stmt] = getattr(one, "body", [])
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
            continue
        if not isinstance(one, (ast.Try, ast.Match)) and type(one).__name__ != "TryStar":
            yield one
        inner: list[ast.stmt | ast.ExceptHandler] = [*body]
        for case in getattr(one, "cases", []):
            inner += case.body
        inner += [*getattr(one, "handlers", []), *getattr(one, "orelse", []), *getattr(one, "finalbody", [])]
        stack.extend(reversed(inner))


def last_line(node: ast.stmt | ast.ExceptHandler) -> int:
    """The last line of a statement; of one with a body of its own, of its header."""
    body: list[ast.stmt] = getattr(node, "body", [])
    return max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno


def quoted(lines: list[str], node: ast.stmt | ast.ExceptHandler) -> str:
    """A statement (of one with a body, its header) on one line; "" where it is too long, or a comment in it would swallow what follows."""
    parts = lines[node.lineno - 1 : last_line(node)]
    if not getattr(node, "body", None):
        # Without what else stands on its last line, such as a comment.
        raw = parts[-1].encode("utf-8", "surrogatepass")[: node.end_col_offset]
        parts = [*parts[:-1], raw.decode("utf-8", "replace")]
    if len(parts) > _MAX_LINES or any("#" in part for part in parts):
        return ""
    text = printable(" ".join(part.strip() for part in parts)).removesuffix(":").replace("( ", "(").replace(" )", ")")
    return text if len(text) <= _MAX_TEXT else ""
