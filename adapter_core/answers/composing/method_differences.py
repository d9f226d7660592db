"""What each of two classes does in the methods that both define: the difference between two that are built on one base."""

from __future__ import annotations

from collections.abc import Iterator

from ...code_graph import CodeGraph, index_of
from ...types import Symbol, SymbolRef
from .candidate import Candidate, SentenceBuilder
from .documentation.quoted_docs import quote_docstring
from .links.calls import call_sentences
from .statements.action_sentences import action_sentences
from .statements.decisions import decision_sentences
from .statements.steps import function_steps, step_sentences

_MAX_METHODS = 2
_MAX_TOLD = 12  # statements of a method that is told from first to last
_MAX_SENTENCES = 2  # about one that is not
_TEXT_LIKE = "__repr__ __str__ __eq__ __hash__ __len__ __iter__ __enter__ __exit__".split()


def method_differences(graph: CodeGraph, a: SymbolRef, b: SymbolRef) -> Iterator[Candidate]:
    """What each does in the methods that both define, those of which a base has one first; `__init__` only if there are no
    others and one of the two says nothing of itself."""
    methods = [_own_methods(graph, ref) for ref in (a, b)]
    shared = [name for name in methods[0] if name in methods[1]]
    public = [name for name in shared if not name.startswith("_") or name == "__call__"]
    if not public and not (a.symbol.docstring and b.symbol.docstring):
        public = [name for name in shared if name == "__init__"]
    bases = {s.name for ref in graph.bases_of(a) for s in _own_methods(graph, ref).values()}
    public.sort(key=lambda name: name not in bases)
    for name in public[:_MAX_METHODS]:
        for ref, own in zip((a, b), methods, strict=True):
            yield from _told(graph, ref, own[name])


def _own_methods(graph: CodeGraph, cls: SymbolRef) -> dict[str, Symbol]:
    facts = graph.facts(cls.path)
    index = index_of(facts, cls.symbol) if facts is not None else None
    if facts is None or index is None:
        return {}
    return {s.name: s for s in facts.symbols if s.parent == index and s.is_callable and s.name not in _TEXT_LIKE}


def _told(graph: CodeGraph, cls: SymbolRef, method: Symbol) -> list[Candidate]:
    """The course of a short method; of another one what its docstring says, or what it returns, decides and calls."""
    facts, document = graph.facts(cls.path), graph.document(cls.path)
    index = index_of(facts, method) if facts is not None else None
    if facts is None or document is None or index is None:
        return []
    builder, ref = SentenceBuilder(facts, index, 0), graph.ref(facts, index)
    quotes = [s for s in quote_docstring(builder, document.lines, {}, False) if s.kind == "doc"][:1]
    if len(function_steps(method, document.lines)) <= _MAX_TOLD:
        steps = list(step_sentences(builder, graph, ref, document.lines, {}, named=True))[:1]
        if steps:
            return [*quotes, *steps]
    acts = [
        *decision_sentences(builder, method, document.lines),
        *(s for s in action_sentences(builder, method, document.lines) if s.kind != "bare"),
        *call_sentences(builder, graph, ref, document.lines),
    ]
    return [*quotes, *acts][:_MAX_SENTENCES]
