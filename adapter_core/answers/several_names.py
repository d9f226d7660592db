"""Questions about the links of several names: "who calls a / b" is asked of each name, and what was found for none is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..code_graph import CodeGraph
from ..evidence.question import analyse
from ..types import Answer, Evidence
from .composing.listings.uses import asks_uses
from .export import join_reasons
from .kinds import LINKS, answer_kind
from .options import ComposeOptions
from .render import to_markdown

_MAX_CHARS = 300
_MAX_NAMES = 3
_MIN_SENTENCES = 2  # about each name
_NAME = r"(?:`[A-Za-z_][\w.]*(?:\(\))?`|[A-Za-z_][\w.]*(?:\(\))?)"
_NAMES = re.compile(
    rf"(?<![\w./`])(?P<names>{_NAME}(?:\s*(?:,\s*(?:and |or )?|/|\band\b|\bor\b)\s*{_NAME}){{1,{_MAX_NAMES - 1}}})"
    r"(?P<rest>(?:\s+(?:is|are|used|called|caught|handled|raised|read|tested|covered|overridden|constructed|extended))*)\W*\Z",
    re.I,
)
_SEPARATOR = re.compile(r"\s*(?:,\s*(?:and |or )?|/|\band\b|\bor\b)\s*", re.I)
_CODE_LIKE = re.compile(r"`|\(\)|\w[._]\w|[a-z][A-Z]|^_")
_LINKED = re.compile(r"\b(?:catch(?:es)?|caught|handles?|handled|rais(?:es?|ed)|throws?|thrown)\b", re.I)


def questions_by_name(graph: CodeGraph, question: str) -> dict[str, str]:
    """For a question about links of several names at its end, the question about each; empty for other questions."""
    match = _NAMES.search(question) if len(question) <= _MAX_CHARS else None
    if match is None or not (
        answer_kind(analyse(question)) in LINKS or asks_uses(question) or _LINKED.search(question)
    ):
        return {}
    names = _SEPARATOR.split(match["names"])
    if len(set(names)) < 2 or _is_path(graph, match["names"]) or not all(_is_name(graph, name) for name in names):
        return {}
    before, behind = question[: match.start()], question[match.end("names") :]
    singular = re.sub(r"\bare\s+\Z", "is ", before)
    return {name.strip("`"): f"{singular}{name}{behind}" for name in names}


def _is_path(graph: CodeGraph, names: str) -> bool:
    return "/" in names and " " not in names and any(names in row.path for row in graph.store.files())


def _is_name(graph: CodeGraph, name: str) -> bool:
    bare = name.strip("`").removesuffix("()")
    return bool(_CODE_LIKE.search(name)) or bool(graph.find_symbol(bare, at_most=1))


def share_of(options: ComposeOptions, parts: int) -> ComposeOptions:
    """The options for each of several parts of an answer."""
    seconds = options.link_seconds / parts if options.link_seconds is not None else None
    return replace(options, max_sentences=max(_MIN_SENTENCES, options.max_sentences // parts), link_seconds=seconds)


def joined_answer(names: Sequence[str], answers: Sequence[Answer]) -> Answer:
    """One answer of those about each name."""
    if not any(answer.claims for answer in answers):
        return answers[0]
    claims = tuple(dict.fromkeys(claim for answer in answers for claim in answer.claims))
    evidence: list[Evidence] = []
    for item in (item for answer in answers for item in answer.evidence):
        if not any(item.span.overlaps(other.span) for other in evidence):
            evidence.append(item)
    missing = [name for name, answer in zip(names, answers, strict=True) if not answer.claims]
    notes = [f"nothing was found for {' or '.join(missing)}"] if missing else []
    reasons = dict.fromkeys([*notes, *(answer.reason for answer in answers if answer.claims)])
    return replace(
        answers[0],
        text=to_markdown(claims),
        claims=claims,
        evidence=tuple(evidence),
        dropped=tuple(item for answer in answers for item in answer.dropped),
        found=True,
        complete=all(answer.complete for answer in answers),
        reason=join_reasons(*reasons),
    )
