"""An answer after edits that came while it was made: lines that only moved are cited where they are now, and what rests on edited ones is
not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adapter_core import answer_to_dict
from adapter_core.engine import hash_lines, join_reasons, with_claims
from adapter_core.types import Answer, Citation, Claim, Dropped, Evidence, Span

from .documents import Document
from .moved_lines import LineMoves

_EDITED = "cited lines were edited while the answer was made; ask again"


@dataclass(frozen=True, slots=True)
class Located:
    """An answer, and for each span that it shows the LSP location."""

    answer: Answer
    locations: Mapping[Span, dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """As `answer_to_dict`, with the locations beside the spans."""
        value = answer_to_dict(self.answer)
        for claim, told in zip(self.answer.claims, value["claims"], strict=True):
            for citation, shown in zip(claim.citations, told["citations"], strict=True):
                shown["location"] = self.locations[citation.span]
        for item, shown in zip(self.answer.evidence, value["evidence"], strict=True):
            shown["location"] = self.locations[item.span]
        return value


def up_to_date(located: Located, moves: LineMoves, documents: Mapping[str, Document]) -> tuple[Located, int]:
    """The answer as of now, and how many of its citations are no longer fresh, since their lines were edited. `moves`: since the snapshot
    that it was made from. `documents`: the open ones, as they are now."""
    locations: dict[Span, dict[str, Any]] = {}

    def placed(span: Span) -> Span | None:
        location = located.locations[span]
        place = moves.of(location["uri"], span.start, span.end)
        if place is None:
            return None
        now = replace(span, start=place[0], end=place[1])
        locations[now] = _moved(location, now.start - span.start)
        return now

    def cited(citation: Citation) -> Citation:
        now = placed(citation.span)
        document = documents.get(located.locations[citation.span]["uri"])
        if now is not None and (document is None or hash_lines(document.lines, now.start, now.end) == citation.sha256):
            return replace(citation, span=now)
        locations.setdefault(citation.span, located.locations[citation.span])
        return replace(citation, fresh=False)

    def seen(item: Evidence) -> list[Evidence]:
        now = placed(item.span)
        return [replace(item, span=now)] if now is not None else []

    answer = located.answer
    claims = [replace(claim, citations=tuple(map(cited, claim.citations))) for claim in answer.claims]
    evidence = tuple(now for item in answer.evidence for now in seen(item))
    stale = sum(not citation.fresh for claim in claims for citation in claim.citations)
    return Located(replace(with_claims(answer, claims), evidence=evidence), locations), stale


def without_stale(located: Located) -> Located:
    """The answer without the sentences whose lines were edited under it: what is shown is fresh, or it is not shown."""
    answer = located.answer
    kept = [claim for claim in answer.claims if _is_fresh(claim)]
    lost = tuple(Dropped(claim.text, _EDITED) for claim in answer.claims if not _is_fresh(claim))
    shown = with_claims(answer, kept) if kept else replace(answer, claims=(), text=f"No answer: {_EDITED}.")
    return replace(
        located,
        answer=replace(
            shown,
            found=bool(kept),
            dropped=answer.dropped + lost,
            complete=False,
            reason=join_reasons(answer.reason, _EDITED),
        ),
    )


def _is_fresh(claim: Claim) -> bool:
    return all(citation.fresh for citation in claim.citations)


def _moved(location: dict[str, Any], shift: int) -> dict[str, Any]:
    ends = {name: {**place, "line": place["line"] + shift} for name, place in location["range"].items()}
    return {**location, "range": ends} if shift else location
