"""From a candidate to its evidence: the lines to be shown, with the reasons for its rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..code_graph import CodeGraph
from ..graph import terms
from ..graph.source import hash_text, slice_lines
from ..types import Evidence, Span
from .candidates import Candidate
from .everyday import Phrase, everyday_table
from .spans import deciding_lines, further_lines
from .vocabulary import synonyms

_MAX_WORDS = 6  # in one reason
_ALTERNATIVE_WEIGHT = 0.6  # of a term's weight, for a word that code uses instead of it
_MAX_ALTERNATIVES = 6  # for each term


class Cutter:
    """Cuts candidates to evidence for one question. `weights`: the question's terms with their information; `phrases`: its phrases for
    which code uses other words; `max_lines`: a longer definition is cut to its deciding lines. `alternatives` as in `Found`."""

    def __init__(
        self,
        graph: CodeGraph,
        weights: Mapping[str, float],
        max_lines: int,
        phrases: Mapping[Phrase, tuple[str, ...]] | None = None,
    ) -> None:
        self._graph = graph
        self._weights = weights
        self._max_lines = max_lines
        synonyms_of, everyday = synonyms(), everyday_table()
        # Each term and phrase of the question with the terms that code may use instead.
        self.alternatives = {term: (*synonyms_of.get(term, ()), *everyday.words.get(term, ())) for term in weights}
        self.alternatives |= {" ".join(phrase): said for phrase, said in (phrases or {}).items()}
        self._line_weights = self._weights_for_lines(weights)
        self._heaviest_first = sorted((t for t, w in weights.items() if w > 0), key=lambda t: -weights[t])
        self._terms_of: dict[str, set[str]] = {}

    def _weights_for_lines(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weights of terms in a line, the alternatives of the question's terms and phrases included. A phrase has no weight of its
        own, so its alternatives get theirs from the heaviest term."""
        line_weights = dict(weights)
        phrase_weight = _ALTERNATIVE_WEIGHT * max(weights.values(), default=0.0)
        for term, alternatives in self.alternatives.items():
            for alternative in alternatives[:_MAX_ALTERNATIVES]:
                line_weights[alternative] = max(
                    line_weights.get(alternative, 0.0), _ALTERNATIVE_WEIGHT * weights.get(term, phrase_weight)
                )
        return line_weights

    def deciding_evidence(self, candidate: Candidate) -> list[Evidence]:
        """The deciding lines of a candidate, best first; its head comes last, where it is a span of its own."""
        facts, document = self._graph.facts(candidate.path), self._graph.document(candidate.path)
        if facts is None or document is None or candidate.index >= len(facts.symbols) or not document.lines:
            return []
        spans = deciding_lines(facts, candidate.index, document.lines, self._line_weights, self._max_lines)
        return [e for span in reversed(spans) if (e := self.evidence_at(candidate, *span)) is not None]

    def remaining_evidence(self, candidate: Candidate, shown: Sequence[Evidence]) -> list[Evidence]:
        """The lines of a function that are not in `shown` yet, in pieces, the best first."""
        facts, document = self._graph.facts(candidate.path), self._graph.document(candidate.path)
        if facts is None or document is None or candidate.index >= len(facts.symbols):
            return []
        shown_ranges = [(item.span.start, item.span.end) for item in shown if item.span.path == candidate.path]
        spans = further_lines(facts, candidate.index, document.lines, self._line_weights, self._max_lines, shown_ranges)
        return [e for span in spans if (e := self.evidence_at(candidate, *span)) is not None]

    def best_evidence(self, candidate: Candidate) -> Evidence | None:
        """The single best evidence of a candidate: its region, or else its best lines. None where it has no lines."""
        if candidate.region:
            return self.evidence_at(candidate, *candidate.region)
        return next(iter(self.deciding_evidence(candidate)), None)

    def evidence_at(self, candidate: Candidate, start: int, end: int) -> Evidence | None:
        """Lines `start..end` of a candidate's file as evidence with score and reasons; None where the file is gone."""
        facts, document = self._graph.facts(candidate.path), self._graph.document(candidate.path)
        if facts is None or document is None:
            return None
        symbol = facts.symbols[candidate.index]
        end = min(end, len(document.lines))
        text = slice_lines(document.lines, start, end)
        merged_reasons = (
            (facts.symbols[other.index].name, reason) for other in candidate.merged for reason in other.why
        )
        reasons = [*candidate.why, *(f"{name}: {reason}" for name, reason in merged_reasons)]
        why = dict.fromkeys([*reasons, *self._match_reasons(symbol.name, candidate.path, text)])
        name = symbol.qualname if symbol.kind != "module" else facts.module
        span = Span(self._graph.name, candidate.path, start, end)
        return Evidence(span, text, hash_text(text), name, symbol.kind, round(candidate.score, 4), tuple(why))

    def terms_in(self, text: str) -> set[str]:
        """The different terms of a name, path or text; remembered, since spans of one file share some and all are looked at again for the
        share of the question that they hold."""
        known = self._terms_of.get(text)
        if known is None:
            known = self._terms_of[text] = terms.distinct(text)
        return known

    def _match_reasons(self, name: str, path: str, text: str) -> list[str]:
        """Which of the question's terms are in the name, path and text, the heaviest first; and which only as one of their alternatives."""
        reasons = []
        matching: set[str] = set()
        all_present: set[str] = set()
        for label, text_part in (("name", name), ("path", path), ("text", text)):
            present = self.terms_in(text_part)
            all_present |= present
            matched = [term for term in self._heaviest_first if term in present]
            if matched:
                reasons.append(f"{label}: {' '.join(matched[:_MAX_WORDS])}")
            matching.update(matched)
        without_match = [t for t in self.alternatives if t not in matching and self._weights.get(t, 1.0) > 0]
        found_alternatives = (
            (t, next((o for o in self.alternatives[t] if o in all_present), "")) for t in without_match
        )
        by_alternative = [f"{term} by {other}" for term, other in found_alternatives if other]
        return [*reasons, f"like: {', '.join(by_alternative[:_MAX_WORDS])}"] if by_alternative else reasons
