"""Update an answer after edits that were made while it was computed: citations follow lines that only moved, and sentences on edited lines
are dropped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapter_core import answer_to_dict
from adapter_core.engine import MAX_FILE_BYTES, hash_lines, join_reasons, read_source, with_claims
from adapter_core.types import Answer, Citation, Claim, Dropped, Evidence, Span

from .documents import Document
from .moved_lines import LineMoves
from .positions import path_of_uri

_EDITED = "cited lines were edited while the answer was made; ask again"


@dataclass(frozen=True, slots=True)
class Located:
    """An answer, and the LSP location of each of its spans."""

    answer: Answer
    locations: Mapping[Span, dict[str, Any]]

    @property
    def uris(self) -> set[str]:
        return {location["uri"] for location in self.locations.values()}

    @property
    def cited_uris(self) -> set[str]:
        spans = (citation.span for claim in self.answer.claims for citation in claim.citations)
        return {self.locations[span]["uri"] for span in spans}

    def to_json(self) -> dict[str, Any]:
        """As `answer_to_dict`, with the locations beside the spans."""
        value = answer_to_dict(self.answer)
        for claim, claim_json in zip(self.answer.claims, value["claims"], strict=True):
            for citation, item_json in zip(claim.citations, claim_json["citations"], strict=True):
                item_json["location"] = self.locations[citation.span]
        for item, item_json in zip(self.answer.evidence, value["evidence"], strict=True):
            item_json["location"] = self.locations[item.span]
        return value


def up_to_date(located: Located, moves: LineMoves, documents: Mapping[str, Document]) -> tuple[Located, int]:
    """(the answer with current lines, the number of citations that are stale because their lines were edited). `moves`: since the snapshot
    that the answer was made from. `documents`: the currently open ones, and what was read of others."""
    locations: dict[Span, dict[str, Any]] = {}

    def moved_span(span: Span) -> Span | None:
        location = located.locations[span]
        lines = moves.of(location["uri"], span.start, span.end)
        if lines is None:
            return None
        now = replace(span, start=lines[0], end=lines[1])
        locations[now] = _moved(location, now.start - span.start)
        return now

    def updated_citation(citation: Citation) -> Citation:
        now = moved_span(citation.span)
        document = documents.get(located.locations[citation.span]["uri"])
        if now is not None and (document is None or hash_lines(document.lines, now.start, now.end) == citation.sha256):
            return replace(citation, span=now)
        locations.setdefault(citation.span, located.locations[citation.span])
        return replace(citation, fresh=False)

    def updated_evidence(item: Evidence) -> list[Evidence]:
        now = moved_span(item.span)
        return [replace(item, span=now)] if now is not None else []

    answer = located.answer
    claims = [replace(claim, citations=tuple(map(updated_citation, claim.citations))) for claim in answer.claims]
    evidence = tuple(now for item in answer.evidence for now in updated_evidence(item))
    stale = sum(not citation.fresh for claim in claims for citation in claim.citations)
    return Located(replace(with_claims(answer, claims), evidence=evidence), locations), stale


def documents_on_disk(uris: Iterable[str]) -> dict[str, Document]:
    """Files that are not open, as they are on disk; empty where there is none. For a worker thread."""
    found: dict[str, Document] = {}
    for uri in uris:
        path = path_of_uri(uri)
        try:
            text = read_source(Path(os.path.realpath(path)), MAX_FILE_BYTES).text if path is not None else ""
        except (OSError, ValueError):
            text = ""
        found[uri] = Document(uri, 0, text)
    return found


def without_stale(located: Located) -> Located:
    """The answer without its stale sentences, which are listed in `dropped`; marked as incomplete."""
    answer = located.answer
    kept = [claim for claim in answer.claims if _is_fresh(claim)]
    dropped = tuple(Dropped(claim.text, _EDITED) for claim in answer.claims if not _is_fresh(claim))
    fresh_answer = with_claims(answer, kept) if kept else replace(answer, claims=(), text=f"No answer: {_EDITED}.")
    return replace(
        located,
        answer=replace(
            fresh_answer,
            found=bool(kept),
            dropped=answer.dropped + dropped,
            complete=False,
            reason=join_reasons(answer.reason, _EDITED),
        ),
    )


def _is_fresh(claim: Claim) -> bool:
    return all(citation.fresh for citation in claim.citations)


def _moved(location: dict[str, Any], shift: int) -> dict[str, Any]:
    ends = {name: {**place, "line": place["line"] + shift} for name, place in location["range"].items()}
    return {**location, "range": ends} if shift else location
