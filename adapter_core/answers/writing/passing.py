"""A sentence of a model as a claim: aligned to lines that hold what it says, and through every check; or dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...types import Claim, Evidence
from ..checking.rests_on_code import prose_only_problem
from ..checking.wording import wording_problem
from ..citations import cite
from ..state import Run
from ..verify import verify_claim
from .alignment import align, is_whole
from .sayable import Place


def checked_sentence(run: Run, sentence: str, evidence: tuple[Evidence, ...], word_share: float) -> Claim | None:
    """The sentence with the first of its places that holds what it says; else it is dropped, for the reason of the place that came
    furthest. `word_share`: as in `CitationOptions`."""
    claim, reason = look_for(run, sentence, evidence, word_share)
    if claim is None:
        run.drop(sentence, reason)
    return claim


def look_for(
    run: Run,
    sentence: str,
    evidence: tuple[Evidence, ...],
    word_share: float,
    known: Sequence[Place] = (),
    header: Place | None = None,
) -> tuple[Claim | None, str]:
    """As `checked_sentence`: the claim, or None and why there is none. `known`: where all of it stands, as far as that is known, to be
    tried first. `header`: of the definition that it is about, which is cited, too, where what the sentence says rests on it."""
    if not is_whole(sentence):
        return None, "it is no whole sentence"
    lines = run.options.citations.max_lines
    reason, furthest = "no lines of the evidence support it", 0
    aligned = align(sentence, evidence, lines)
    tried = [tuple(known)] if known else []
    tried += _alternatives(aligned, lines)
    tried += [(*known, place) for place in aligned if known and place not in known]
    if header is not None:
        tried += [(*places, header) for places in ([tuple(known)] if known else [(place,) for place in aligned[:2]])]
    for places in tried:
        cited = [cite(run.graph, *place, lines) for place in places]
        said = Claim(sentence, "phrased", tuple(c for c in cited if c is not None))
        claim, problem = verify_claim(run.graph, said, run.links)
        passed = 1
        if not problem:
            problem, passed = prose_only_problem(run.graph, sentence, claim.citations), 2
        if not problem:
            problem, passed = wording_problem(run.graph, sentence, claim.citations, word_share), 3
        if not problem:
            return claim, ""
        if passed > furthest:
            reason, furthest = problem, passed
    return None, reason


def _alternatives(places: Sequence[Place], lines: int) -> Iterator[tuple[Place, ...]]:
    """Each place by itself; then the best together with each other one, as long as they are of no more lines than one may be: what a
    sentence says of two things may stand in two places."""
    yield from ((place,) for place in places)
    for other in places[1:]:
        both = (places[0], other)
        apart = places[0][0] != other[0] or places[0][2] < other[1] or other[2] < places[0][1]
        if apart and sum(last - first + 1 for _, first, last in both) <= lines:
            yield both
