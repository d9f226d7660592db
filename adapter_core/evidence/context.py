"""Evidence to the text that a model reads: `[n] path:start-end` blocks of real lines within a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..types import Evidence, EvidencePack, Span
from .options import ContextOptions

# Counts the tokens of each text, in the tokens of the model that will read them.
CountTokens = Callable[[Sequence[str]], list[int]]


def estimate_tokens(texts: Sequence[str]) -> list[int]:
    """A count without a model: source code has about 3.2 characters to a token in the vocabularies of small models."""
    return [max(1, round(len(text) / 3.2)) for text in texts]


def pack_context(
    evidence: Sequence[Evidence], options: ContextOptions | None = None, count: CountTokens = estimate_tokens
) -> EvidencePack:
    """The best evidence that fits, in order. A block that does not fit whole is cut at a line, marked, if half of it fits."""
    options = options or ContextOptions()
    blocks: list[str] = []
    used: list[Evidence] = []
    omitted: list[Span] = []
    left = options.tokens
    for item in evidence:
        block = _block(len(blocks) + 1, item.span, item.text)
        tokens = count([block])[0]
        if tokens > left:
            cut = _cut(len(blocks) + 1, item, left, tokens, count)
            if cut is None:
                omitted.append(item.span)
                continue
            block, item = cut
            tokens = count([block])[0]
            if tokens > left:
                omitted.append(item.span)
                continue
        blocks.append(block)
        used.append(item)
        left -= tokens
    return EvidencePack("\n\n".join(blocks), tuple(used), options.tokens - left, tuple(omitted))


def _block(number: int, span: Span, text: str) -> str:
    return f"[{number}] {span}\n{text}"


def _cut(number: int, item: Evidence, budget: int, tokens: int, count: CountTokens) -> tuple[str, Evidence] | None:
    """The first lines of the evidence that fit, if they are at least half of it."""
    from dataclasses import replace

    from ..graph.source import hash_text

    lines = item.text.split("\n")
    keep = int(len(lines) * budget / tokens) - 1
    if keep < max(2, len(lines) // 2):
        return None
    text = "\n".join(lines[:keep])
    span = replace(item.span, end=item.span.start + keep - 1)
    block = _block(number, span, text + "\n    # … cut")
    return (block, replace(item, span=span, text=text, sha256=hash_text(text))) if count([block])[0] <= budget else None
