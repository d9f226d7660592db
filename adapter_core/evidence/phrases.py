"""Phrases: what describes one thing ("Remove expired entries from the cache") rather than asks a question.

Who describes what something does looks for the definition that does it: one of which the name says most of this and little else, and
rather a function than a class or a whole module. Of a question about how things work neither holds.
"""

from __future__ import annotations

from ..code_graph import CodeGraph
from ..graph import terms
from .candidates import Candidates
from .options import RankingOptions
from .question import Question

# With fewer words it may as well be a name.
_MIN_WORDS = 4
_KINDS = frozenset({"other", "tests"})
_OF_CLASSES = frozenset({"class", "classes", "exception", "exceptions", "mixin", "enum", "dataclass"})
_OF_MODULES = frozenset({"module", "modules", "package", "packages"})


def is_phrase(question: Question) -> bool:
    """Whether a question is one line that asks nothing: no question word at its beginning, no question mark at its end."""
    text = question.text
    asks = question.kind not in _KINDS or text.endswith("?") or question.is_report
    return not asks and "\n" not in text and len(terms.words(text)) >= _MIN_WORDS


def prefer_named(graph: CodeGraph, question: Question, options: RankingOptions, candidates: Candidates) -> None:
    """Weigh candidates by what the parts of their names have in common with a phrase, and by their kind; the best has score 1 again."""
    said = {word.lower() for word in terms.words(question.text)}
    for candidate in candidates.values():
        facts = graph.facts(candidate.path)
        if facts is None or candidate.index >= len(facts.symbols):
            continue
        symbol = facts.symbols[candidate.index]
        parts = terms.parts(facts.module.rpartition(".")[2] if symbol.kind == "module" else symbol.name)
        named = sum(part in question.terms for part in parts)
        factor = options.phrase_named**named * options.phrase_unnamed ** (len(parts) - named)
        if symbol.kind == "class" and not said & _OF_CLASSES:
            factor *= options.phrase_class_factor
        elif symbol.kind == "module" and not said & _OF_MODULES:
            factor *= options.phrase_module_factor
        candidate.score *= factor
    best = max((c.score for c in candidates.values()), default=0.0) or 1.0
    for candidate in candidates.values():
        candidate.score /= best
