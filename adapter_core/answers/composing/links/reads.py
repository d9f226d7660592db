"""Sentences about where a name is read: what reads an assigned value, and what takes a function as an argument."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ....code_graph import CodeGraph, is_test_path
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...checking.statements import callee
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, definition_span, scope_name
from ..statements.quotes import quote_at_line

_MAX_LISTED = 4
_MAX_READS = 40
_REFERENCES_SECONDS = 0.5  # of a name that is everywhere, what is found by then is enough
_MAX_USES = 2


def reader_sentences(builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """The statements of the product that read what is assigned: what it is for shows there."""
    seen: set[str] = set()
    for reference in graph.refs_of(ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        owner, document = reference.owner, graph.document(reference.span.path)
        if reference.kind != "read" or owner is None or document is None or is_test_path(reference.span.path):
            continue
        found = quote_at_line(scope_name(owner), owner.symbol, document.lines, reference.span.start)
        if found is not None and found[0] not in seen:
            seen.add(found[0])
            yield builder.sentence_at("used", found[0], *((owner.path, *lines) for lines in found[1]))
        if len(seen) == _MAX_USES:
            return


def passing_sentences(builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """Where it is handed to something that may call it: `app.add_url_rule("/", view_func=index)`."""
    name = code(ref.symbol.qualname)
    said = 0
    for reference in graph.refs_of(ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        if reference.kind != "read" or reference.owner is None or said >= _MAX_LISTED:
            continue
        taker = _taker(graph, reference.span.path, reference.span.start, reference.column, ref.symbol.name)
        if taker is not None:
            said += 1
            text = f"{name} is passed to {code(taker[0] + '()')} in {code(scope_name(reference.owner))}."
            yield builder.sentence_at("registered", text, (reference.span.path, *taker[1:]), definition_span(ref))


def _taker(graph: CodeGraph, path: str, line: int, column: int, name: str) -> tuple[str, int, int] | None:
    """(callee, first line, line of the argument) of the innermost call that takes the name at a place as an argument."""
    document = graph.document(path)
    tree = outline_of("\n".join(document.lines) + "\n").tree if document is not None else None
    best: tuple[str, int, int] | None = None
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Call) or not node.lineno <= line <= (node.end_lineno or node.lineno):
            continue
        for argument in (*node.args, *(k.value for k in node.keywords)):
            last = argument.attr if isinstance(argument, ast.Attribute) else getattr(argument, "id", None)
            if last == name and argument.lineno <= line <= (argument.end_lineno or line) and line - node.lineno < 12:
                called = callee(node)
                best = (called, node.lineno, line) if called else None
    return best
