"""Sentences about where a name is read: statements that read an assigned value, and calls that get a function as an argument."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ....code_graph import CodeGraph, is_test_path
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...checking.statements import callee
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, definition_span, join_list, scope_name
from ..statements.quotes import quote_at_line

_MAX_LISTED = 4
_MAX_READS = 40
_REFERENCES_SECONDS = 0.5  # time limit of the search; for a name that is everywhere, what is found by then is enough
_MAX_USES = 2


def reader_sentences(builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """Quotes of the product's statements that read an assigned value or function, which show what it is for; for those outside functions,
    as in a table of a class, in which class or module they are."""
    seen: set[str] = set()
    outside: dict[str, tuple[str, int, int]] = {}
    for reference in graph.refs_of(ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        owner, document = reference.owner, graph.document(reference.span.path)
        if reference.kind != "read" or owner is None or document is None or is_test_path(reference.span.path):
            continue
        if owner.symbol.kind in ("class", "module") and (ref.symbol.is_callable or ref.symbol.kind == "class"):
            line = reference.span.start
            outside.setdefault(scope_name(owner), (reference.span.path, line, line))
            continue
        quote = quote_at_line(scope_name(owner), owner.symbol, document.lines, reference.span.start)
        if quote is not None and quote[0] not in seen and len(seen) < _MAX_USES:
            seen.add(quote[0])
            yield builder.sentence_at("used", quote[0], *((owner.path, *lines) for lines in quote[1]))
    listed = dict(list(outside.items())[:_MAX_LISTED])
    if listed:
        others = ", among others" if len(outside) > len(listed) else ""
        text = f"{code(ref.symbol.name)} is read in {join_list([code(name) for name in listed])}{others}."
        yield builder.sentence_at("used", text, *listed.values())


def passing_sentences(builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """The sentences about where a function is passed to something that may call it: `app.add_url_rule("/", view_func=index)`."""
    name = code(ref.symbol.qualname)
    count = 0
    for reference in graph.refs_of(ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        if reference.kind != "read" or reference.owner is None or count >= _MAX_LISTED:
            continue
        receiving_call = _receiving_call(
            graph, reference.span.path, reference.span.start, reference.column, ref.symbol.name
        )
        if receiving_call is not None:
            count += 1
            text = f"{name} is passed to {code(receiving_call[0] + '()')} in {code(scope_name(reference.owner))}."
            yield builder.sentence_at(
                "registered", text, (reference.span.path, *receiving_call[1:]), definition_span(ref)
            )


def _receiving_call(graph: CodeGraph, path: str, line: int, column: int, name: str) -> tuple[str, int, int] | None:
    """(callee, first line, line of the argument) of the innermost call that has the name at this position as an argument."""
    document = graph.document(path)
    tree = outline_of("\n".join(document.lines) + "\n").tree if document is not None else None
    best: tuple[str, int, int] | None = None
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Call) or not node.lineno <= line <= (node.end_lineno or node.lineno):
            continue
        for argument in (*node.args, *(k.value for k in node.keywords)):
            last = argument.attr if isinstance(argument, ast.Attribute) else getattr(argument, "id", None)
            if last == name and argument.lineno <= line <= (argument.end_lineno or line) and line - node.lineno < 12:
                callee_text = callee(node)
                best = (callee_text, node.lineno, line) if callee_text else None
    return best
