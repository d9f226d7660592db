"""The attempts at a phrased answer: how many, how each is made, and when to stop.

    1. with the plain prompt
    2. with a stronger scaffold: the places that can be cited, and an example sentence that cites the first selected file
    3. the same with a stronger adapter: more weight on the top layers, slightly more of the subgraph's adapter

The second and third are made only where citations are required and no sentence passed the checks, the third only with an adapter.
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
# The limits of adapter-aware decoding.
_GENTLE_TEMPERATURE, _GENTLE_TOP_P, _GENTLE_PENALTY = 0.3, 0.9, 1.05


@dataclass(frozen=True, slots=True)
class Attempt:
    """`structured`: the number of this attempt among those with an example sentence, 0 without one. `stronger`: with a stronger adapter."""

    scaffold: str
    structured: int = 0
    stronger: bool = False


def attempts(options: AskOptions, with_adapter: bool) -> Iterator[Attempt]:
    """The attempts that may be made, in order."""
    required = options.citations.require_citations
    yield Attempt(PLACES if required and options.attempts.adapter_aware_decoding else PLAIN)
    if required:
        yield Attempt(STRUCTURED, 1)
        if with_adapter:
            yield Attempt(STRUCTURED, 2, stronger=True)


def decoding_options(options: AskOptions) -> GenerationOptions:
    """The generation options. With adapter-aware decoding and required citations, temperature, top-p and penalty are limited: a random
    sample names what does not exist."""
    generation = options.generation
    if not (options.attempts.adapter_aware_decoding and options.citations.require_citations):
        return generation
    return replace(
        generation,
        temperature=min(generation.temperature, _GENTLE_TEMPERATURE),
        top_p=min(generation.top_p, _GENTLE_TOP_P),
        repetition_penalty=min(generation.repetition_penalty, _GENTLE_PENALTY),
    )


def has_enough(options: AskOptions, written: str, passed_texts: Collection[str]) -> bool:
    """Whether the model's text has as many sentences that passed the checks (`passed_texts`) as the options require."""
    if not options.citations.require_citations:
        return True
    if not passed_texts:
        return False
    if not options.citations.citations_per_paragraph:
        return True
    paragraphs = [_sentences(paragraph) for paragraph in _PARAGRAPHS.split(written)]
    return all(any(sentence in passed_texts for sentence in paragraph) for paragraph in paragraphs if paragraph)


def example_place(pack: EvidencePack, paths: Collection[str]) -> str | None:
    """`path:line` of the first selected file that is in the pack; else of the first selected file, else of the first evidence."""
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
