"""Score a text: how likely it is after each of several contexts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ModelError
from ..types import CancelToken, check_cancelled
from .breaking import Breaker
from .loading import LoadedModel
from .text import clean

SEPARATOR = "\n"


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """`context_tokens` of each context are read, from its beginning. A forward pass takes at most `batch_tokens` with
    padding, and only texts whose lengths differ by less than `padding` (a share of the longest)."""

    context_tokens: int = 512
    batch_tokens: int = 2048
    padding: float = 0.25


@dataclass(frozen=True, slots=True)
class _Item:
    """One text to read: its tokens, and where the continuation begins (at least 1)."""

    index: int
    ids: list[int]
    start: int


def score(
    loaded: LoadedModel,
    contexts: Sequence[str],
    continuation: str,
    options: ScoringOptions | None = None,
    cancel: CancelToken | None = None,
) -> list[float]:
    """Mean log probability per token of `continuation` on the line after each context.

    Raises `Cancelled` and `ModelError`.
    """
    options = options or ScoringOptions()
    if not continuation.strip():
        raise ModelError("There is no text to score.")
    items = []
    for index, context in enumerate(contexts):
        check_cancelled(cancel)
        items.append(_prepare(loaded, index, context, continuation, options))
    scores = [0.0] * len(items)
    breaker = Breaker(loaded.model, cancel)
    for batch in micro_batches(items, options):
        check_cancelled(cancel)
        with breaker:
            values = _read(loaded, batch)
        for item, value in zip(batch, values, strict=True):
            if not math.isfinite(value):
                raise ModelError(
                    "The model computed something that is no number: its files or its number format are not right."
                )
            scores[item.index] = value
    return scores


def micro_batches(items: Sequence[_Item], options: ScoringOptions) -> list[list[_Item]]:
    """Texts of similar length together, the longest first, so that memory runs out at once or not at all."""
    batches: list[list[_Item]] = []
    for item in sorted(items, key=lambda item: -len(item.ids)):
        if batches:
            longest, count = len(batches[-1][0].ids), len(batches[-1]) + 1
            if longest * count <= options.batch_tokens and len(item.ids) >= longest * (1 - options.padding) - 8:
                batches[-1].append(item)
                continue
        batches.append([item])
    return batches


def _prepare(loaded: LoadedModel, index: int, context: str, continuation: str, options: ScoringOptions) -> _Item:
    """Tokenize context and continuation as one text, as the model has met such text, and find where the latter begins.

    A token that reaches over the border counts as part of the continuation.
    """
    tokenizer, window = loaded.tokenizer, loaded.info.context
    head, tail = clean(context).rstrip(), clean(continuation).strip()
    tail_tokens = len(tokenizer(tail, add_special_tokens=False, split_special_tokens=True)["input_ids"])
    room = min(options.context_tokens, window - tail_tokens - 8)
    if room < 1:
        raise ModelError(
            f"A text of {tail_tokens} tokens is too long to be scored by a model with a context of {window}."
        )
    head = _first_tokens(tokenizer, head, room)
    prefix = head + SEPARATOR if head else ""
    encoded = tokenizer(prefix + tail, split_special_tokens=True, return_offsets_mapping=True)
    ids, offsets = list(encoded["input_ids"]), encoded["offset_mapping"]
    inside = [at for at, (_, end) in enumerate(offsets) if end > len(prefix)]
    if not inside:
        raise ModelError("There is no text to score.")
    start, stop = inside[0], inside[-1] + 1  # after it come only special tokens, which close a text
    ids = ids[:stop]
    if start == 0:  # the first token needs one before it to be predicted from
        ids, start = [_first_token(loaded), *ids], 1
    return _Item(index, ids, start)


def _first_tokens(tokenizer: Any, text: str, count: int) -> str:
    """The beginning of `text`, up to `count` tokens."""
    # No token is longer than this on average over a text; a cut first spares the tokenizer a huge one.
    text = text[: count * 32]
    offsets = tokenizer(text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True)[
        "offset_mapping"
    ]
    return text if len(offsets) <= count else text[: offsets[count - 1][1]].rstrip()


def _first_token(loaded: LoadedModel) -> int:
    tokenizer = loaded.tokenizer
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    return min(loaded.end_ids, default=0)


def _read(loaded: LoadedModel, batch: Sequence[_Item]) -> list[float]:
    """One forward pass. Texts are padded at the right and no mask is needed: attention looks only to the left.

    The vocabulary's logits (large) are computed for the continuation's positions alone.
    """
    import torch

    longest = max(len(item.ids) for item in batch)
    tokens = torch.zeros((len(batch), longest), dtype=torch.long)
    max_targets = max(len(item.ids) - item.start for item in batch)
    positions = torch.zeros((len(batch), max_targets), dtype=torch.long)
    for row, item in enumerate(batch):
        tokens[row, : len(item.ids)] = torch.tensor(item.ids)
        count = len(item.ids) - item.start
        positions[row, :count] = torch.arange(item.start - 1, len(item.ids) - 1)
    tokens, positions = tokens.to(loaded.device), positions.to(loaded.device)
    with torch.inference_mode():
        logits = loaded.model(input_ids=tokens, use_cache=False, logits_to_keep=positions).logits
        if logits.shape[1] != max_targets:  # an architecture that does not know `logits_to_keep`
            logits = torch.take_along_dim(logits, positions[..., None], dim=1)
        targets = torch.take_along_dim(tokens, positions + 1, dim=1)
        chosen = torch.log_softmax(logits.float(), dim=-1).gather(-1, targets[..., None])[..., 0].cpu()
    counts = [len(item.ids) - item.start for item in batch]
    return [float(chosen[row, :count].mean()) for row, count in enumerate(counts)]
