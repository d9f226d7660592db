"""The sentences of a section of documentation, whatever was asked."""

from __future__ import annotations

from ....code_graph import CodeGraph
from ....evidence.guides import guide_end
from ....graph.source import hash_lines, is_python
from ....types import Evidence, ModuleFacts, Span
from ..candidate import Candidate, SentenceBuilder
from .quoted_docs import quote_documentation


def section_quotes(graph: CodeGraph, facts: ModuleFacts, number: int) -> list[Candidate]:
    """The sentences of a section, or of a text before its first section."""
    document, symbol = graph.document(facts.path), facts.symbols[number]
    end = guide_end(facts, number)
    if document is None or is_python(facts.path) or end < symbol.start:
        return []
    text, sha256 = "\n".join(document.lines[symbol.start - 1 : end]), hash_lines(document.lines, symbol.start, end)
    item = Evidence(Span(graph.name, facts.path, symbol.start, end), text, sha256, symbol.qualname, symbol.kind, 1.0)
    return list(quote_documentation(SentenceBuilder(facts, number, 0), document.lines, item, {}, with_lists=False))
