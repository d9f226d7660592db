"""How often the model is asked, how each time, and when it is enough.

    1. as asked
    2. with a stronger scaffold: the places that can be cited, and the form of a sentence with the first selected file as its place
    3. the same with the adapter put on anew: more weight on the top layers, slightly more of the subgraph's adapter

The second and third come only where citations are required and nothing passed the checks, the third only where there is an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ...models.backend import GenerationOptions
from ...types import EvidencePack
from ..options import AskOptions
from ..prompts import PLACES, PLAIN, STRUCTURED
from .alignment import SentenceSplitter

_PARAGRAPHS = re.compile(r"\n\s*\n")
# Of adapter-aware decoding: no wilder than this.
_GENTLE_TEMPERATURE, _GENTLE_TOP_P, _GENTLE_PENALTY = 0.3, 0.9, 1.05


@dataclass(frozen=True, slots=True)
class Attempt:
    """`structured`: how many attempts with the form of a sentence this makes. `stronger`: with the adapter put on anew."""

    scaffold: str
    structured: int = 0
    stronger: bool = False


def attempts(options: AskOptions, with_adapter: bool) -> Iterator[Attempt]:
    """What may be tried, in order."""
    required = options.citations.require_citations
    yield Attempt(PLACES if required and options.attempts.adapter_aware_decoding else PLAIN)
    if required:
        yield Attempt(STRUCTURED, 1)
        if with_adapter:
            yield Attempt(STRUCTURED, 2, stronger=True)


def decoding(options: AskOptions) -> GenerationOptions:
    """How to write. With adapter-aware decoding, gentler where citations are required: a wild sample names what is not there."""
    given = options.generation
    if not (options.attempts.adapter_aware_decoding and options.citations.require_citations):
        return given
    return replace(
        given,
        temperature=min(given.temperature, _GENTLE_TEMPERATURE),
        top_p=min(given.top_p, _GENTLE_TOP_P),
        repetition_penalty=min(given.repetition_penalty, _GENTLE_PENALTY),
    )


def enough(options: AskOptions, written: str, shown: Collection[str]) -> bool:
    """Whether what the model wrote holds as many sentences that passed (`shown`, their texts) as are required."""
    if not options.citations.require_citations:
        return True
    if not shown:
        return False
    if not options.citations.citations_per_paragraph:
        return True
    told = [_sentences(paragraph) for paragraph in _PARAGRAPHS.split(written)]
    return all(any(sentence in shown for sentence in paragraph) for paragraph in told if paragraph)


def example_place(pack: EvidencePack, paths: Collection[str]) -> str | None:
    """The first selected file that is in the pack, with its first line there; else the first selected file, else the first place."""
    for path in paths:
        for item in pack.evidence:
            if item.span.path == path:
                return f"{path}:{item.span.start}"
    for path in paths:
        return f"{path}:1"
    return f"{pack.evidence[0].span.path}:{pack.evidence[0].span.start}" if pack.evidence else None


def _sentences(paragraph: str) -> list[str]:
    splitter = SentenceSplitter()
    return [*splitter.feed(paragraph), *splitter.finish()]
