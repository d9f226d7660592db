"""Turns a model's sentence into a claim: aligned with lines that support it and verified by every check, or dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...types import Claim, Evidence
from ..checking.rests_on_code import prose_only_problem
from ..checking.wording import wording_problem
from ..citations import cite
from ..state import Run
from ..verify import verify_claim
from .alignment import align, is_whole
from .predicates import Place


def checked_sentence(run: Run, sentence: str, evidence: tuple[Evidence, ...], word_share: float) -> Claim | None:
    """The sentence as a claim with the first of its places that passes all checks; else None, and it is recorded as dropped, for the reason
    at the place that passed most checks. `word_share`: as in `CitationOptions`."""
    claim, reason = find_support(run, sentence, evidence, word_share)
    if claim is None:
        run.drop(sentence, reason)
    return claim


def find_support(
    run: Run,
    sentence: str,
    evidence: tuple[Evidence, ...],
    word_share: float,
    known_places: Sequence[Place] = (),
    header: Place | None = None,
) -> tuple[Claim | None, str]:
    """As `checked_sentence`: (claim, "") or (None, reason). `known_places`: places that are known to support it, which are tried first.
    `header`: the place of its symbol's definition, which is also cited where the other lines alone do not pass."""
    if not is_whole(sentence):
        return None, "it is no whole sentence"
    lines = run.options.citations.max_lines
    reason, most_checks_passed = "no lines of the evidence support it", 0
    aligned = align(sentence, evidence, lines)
    place_lists = [tuple(known_places)] if known_places else []
    place_lists += _alternatives(aligned, lines)
    place_lists += [(*known_places, place) for place in aligned if known_places and place not in known_places]
    if header is not None:
        place_lists += [
            (*places, header)
            for places in ([tuple(known_places)] if known_places else [(place,) for place in aligned[:2]])
        ]
    for places in place_lists:
        cited = [cite(run.graph, *place, lines) for place in places]
        unverified = Claim(sentence, "phrased", tuple(c for c in cited if c is not None))
        claim, problem = verify_claim(run.graph, unverified, run.links)
        checks_passed = 1
        if not problem:
            problem, checks_passed = prose_only_problem(run.graph, sentence, claim.citations), 2
        if not problem:
            problem, checks_passed = wording_problem(run.graph, sentence, claim.citations, word_share), 3
        if not problem:
            return claim, ""
        if checks_passed > most_checks_passed:
            reason, most_checks_passed = problem, checks_passed
    return None, reason


def _alternatives(places: Sequence[Place], lines: int) -> Iterator[tuple[Place, ...]]:
    """Each place by itself; then the best one together with each of the others, where both have no more lines than one may have: the two
    parts of a sentence may be supported by two places."""
    yield from ((place,) for place in places)
    for other in places[1:]:
        both = (places[0], other)
        are_disjoint = places[0][0] != other[0] or places[0][2] < other[1] or other[2] < places[0][1]
        if are_disjoint and sum(last - first + 1 for _, first, last in both) <= lines:
            yield both
