"""From a candidate to the lines that are shown of it, with the reasons for its rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..code_graph import CodeGraph
from ..graph import terms
from ..graph.source import hash_text, slice_lines
from ..types import Evidence, Span
from .candidates import Candidate
from .everyday import Phrase, everyday
from .spans import deciding_lines, further_lines
from .vocabulary import synonyms

_WORDS = 6  # in one reason
# Of the weight of a term, what a word that code has instead of it tells of a line; so many of them count.
_INSTEAD = 0.6
_MOST_INSTEAD = 6


class Cutter:
    """Cuts for one question. `weights`: its terms with their information, `said`: its phrases for which code has words of its own;
    `max_lines`: what is longer is cut to its deciding lines. `instead` as in `Found`."""

    def __init__(
        self, graph: CodeGraph, weights: Mapping[str, float], max_lines: int, said: Sequence[Phrase] = ()
    ) -> None:
        self._graph = graph
        self._weights = weights
        self._max_lines = max_lines
        alike, table = synonyms(), everyday()
        # Each term and phrase of the question with what code may have instead.
        self.instead = {term: (*alike.get(term, ()), *table.words.get(term, ())) for term in weights}
        self.instead |= {" ".join(phrase): table.phrases.get(phrase, ()) for phrase in said}
        self._line_weights = self._with_others(weights)

    def _with_others(self, weights: Mapping[str, float]) -> dict[str, float]:
        """What terms tell of a line, also those that code may have instead of the question's. A phrase has no information itself."""
        found = dict(weights)
        of_phrase = _INSTEAD * max(weights.values(), default=0.0)
        for asked, others in self.instead.items():
            for term in others[:_MOST_INSTEAD]:
                found[term] = max(found.get(term, 0.0), _INSTEAD * weights.get(asked, of_phrase))
        return found

    def deciding(self, candidate: Candidate) -> list[Evidence]:
        """The deciding lines of a candidate, best first; its head comes last, where it stands apart."""
        facts, document = self._graph.facts(candidate.path), self._graph.document(candidate.path)
        if facts is None or document is None or candidate.index >= len(facts.symbols) or not document.lines:
            return []
        spans = deciding_lines(facts, candidate.index, document.lines, self._line_weights, self._max_lines)
        return [e for span in reversed(spans) if (e := self.cut(candidate, *span)) is not None]

    def left(self, candidate: Candidate, shown: Sequence[Evidence]) -> list[Evidence]:
        """What the lines that are `shown` leave of a function, in pieces, the best first."""
        facts, document = self._graph.facts(candidate.path), self._graph.document(candidate.path)
        if facts is None or document is None or candidate.index >= len(facts.symbols):
            return []
        known = [(item.span.start, item.span.end) for item in shown if item.span.path == candidate.path]
        spans = further_lines(facts, candidate.index, document.lines, self._line_weights, self._max_lines, known)
        return [e for span in spans if (e := self.cut(candidate, *span)) is not None]

    def result(self, candidate: Candidate) -> Evidence | None:
        """What a candidate is as one result: its region, or else its best lines."""
        if candidate.region:
            return self.cut(candidate, *candidate.region)
        return next(iter(self.deciding(candidate)), None)

    def cut(self, candidate: Candidate, start: int, end: int) -> Evidence | None:
        """Lines of the file of a candidate as evidence; None where the file is gone."""
        facts, document = self._graph.facts(candidate.path), self._graph.document(candidate.path)
        if facts is None or document is None:
            return None
        symbol = facts.symbols[candidate.index]
        end = min(end, len(document.lines))
        text = slice_lines(document.lines, start, end)
        others = ((facts.symbols[other.index].name, reason) for other in candidate.others for reason in other.why)
        said = [*candidate.why, *(f"{name}: {reason}" for name, reason in others)]
        why = dict.fromkeys([*said, *self._reasons(symbol.name, candidate.path, text)])
        name = symbol.qualname if symbol.kind != "module" else facts.module
        span = Span(self._graph.name, candidate.path, start, end)
        return Evidence(span, text, hash_text(text), name, symbol.kind, round(candidate.score, 4), tuple(why))

    def _reasons(self, name: str, path: str, text: str) -> list[str]:
        """Which of the question's terms stand where, the most telling first; and which only by a word that means much the same."""
        reasons = []
        missing = {term for term, weight in self._weights.items() if weight > 0}
        everything: set[str] = set()
        for label, where in (("name", name), ("path", path), ("text", text)):
            present = terms.distinct(where)
            everything |= present
            hit = sorted(
                (t for t, w in self._weights.items() if w > 0 and t in present), key=lambda t: -self._weights[t]
            )
            if hit:
                reasons.append(f"{label}: {' '.join(hit[:_WORDS])}")
            missing.difference_update(hit)
        asked = [term for term in self.instead if term in missing or term not in self._weights]
        others = ((t, next((o for o in self.instead[t] if o in everything), "")) for t in asked)
        near = [f"{term} by {other}" for term, other in others if other]
        return [*reasons, f"like: {', '.join(near[:_WORDS])}"] if near else reasons
