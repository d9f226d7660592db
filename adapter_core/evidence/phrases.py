"""Phrases: a query that describes one thing ("Remove expired entries from the cache") rather than asks a question.

It looks for the definition that does what it describes: one whose name holds most of its words and little else, and rather a function
than a class or a module. Neither holds for a question about how things work.
"""

from __future__ import annotations

from ..code_graph import CodeGraph
from ..graph import terms
from ..graph.storage.columns import cell
from .candidates import Candidates
from .options import RankingOptions
from .question import Question

# With fewer words it may as well be a name.
_MIN_WORDS = 4
_PHRASE_KINDS = frozenset({"other", "tests"})
_CLASS_WORDS = frozenset({"class", "classes", "exception", "exceptions", "mixin", "enum", "dataclass"})
_MODULE_WORDS = frozenset({"module", "modules", "package", "packages"})


def is_phrase(question: Question) -> bool:
    """Whether a query is one line and no question: it has neither a question word at its beginning nor a question mark at its end."""
    text = question.text
    is_question = question.kind not in _PHRASE_KINDS or text.endswith("?") or question.is_report
    return not is_question and "\n" not in text and len(terms.words(text)) >= _MIN_WORDS


def prefer_named(graph: CodeGraph, question: Question, options: RankingOptions, candidates: Candidates) -> None:
    """Multiply the candidates' scores by factors for the parts of their names in and not in the phrase, and for their kind; then scale
    them so that the best has score 1 again."""
    question_words = {word.lower() for word in terms.words(question.text)}
    for candidate in candidates.values():
        facts = graph.facts(candidate.path)
        if facts is None or candidate.index >= len(facts.symbols):
            continue
        # Many candidates are only looked at here, so no `Symbol` is built for them.
        kind, name = (cell(facts.symbols, candidate.index, field) for field in ("kind", "name"))
        parts = terms.parts(facts.module.rpartition(".")[2] if kind == "module" else name)
        matching = sum(part in question.terms for part in parts)
        factor = options.phrase_named**matching * options.phrase_unnamed ** (len(parts) - matching)
        if kind == "class" and not question_words & _CLASS_WORDS:
            factor *= options.phrase_class_factor
        elif kind == "module" and not question_words & _MODULE_WORDS:
            factor *= options.phrase_module_factor
        candidate.score *= factor
    best = max((c.score for c in candidates.values()), default=0.0) or 1.0
    for candidate in candidates.values():
        candidate.score /= best
