"""Writing several sentences at once: one pass of the model goes a token further in each of them.

On a CPU the model's weights are what a pass waits for, so that eight sentences take little longer than one. The order at each step is that
of all writing: logits, memory, penalties, mask (`paths.py`), sampling.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, ModelError
from ..types import CancelToken
from .backend import Draft, Drafted, Drafts, GenerationOptions
from .breaking import Breaker
from .decoder import InPlace, can_decode
from .loading import LoadedModel
from .paths import Spelling, Walk
from .sampling import Sampler
from .serving import Applied
from .text import clean, encode_chat

if TYPE_CHECKING:
    import torch

_ENDS = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)[.!?][\"')`*]*(?=\s)|\n")


def draft(
    loaded: LoadedModel,
    drafts: Sequence[Draft],
    options: GenerationOptions,
    spelling: Spelling,
    cancel: CancelToken | None = None,
    applied: Applied | None = None,
) -> Drafts:
    """One sentence for each draft. Raises `ModelError` where a prompt does not fit the model's context, and `Cancelled`."""
    started = time.perf_counter()
    rows = [_Row(loaded, one, options, spelling, number) for number, one in enumerate(drafts)]
    room = loaded.info.context - max((len(row.tokens) for row in rows), default=0)
    if room < 1:
        raise ModelError(f"A prompt is longer than the model's context of {loaded.info.context}.")
    applied = applied or Applied()
    step = applied.step
    with_cancel = Breaker(loaded.model, cancel)
    batch = _Batch(loaded, [row.tokens for row in rows])
    with with_cancel:
        logits = batch.read()
    for _ in range(min(options.max_new_tokens, room)):
        if cancel is not None and cancel.is_set():
            raise Cancelled("Cancelled.")
        for row, predicted in zip(rows, logits, strict=True):
            if not row.done:
                row.go_on(predicted, step)
        if all(row.done for row in rows):
            break
        with with_cancel:
            logits = batch.predict([row.tokens[-1] for row in rows])
    return Drafts(
        tuple(row.drafted() for row in rows),
        batch.prompt_tokens,
        time.perf_counter() - started,
        applied.delta_norms,
        applied.capped,
    )


class _Row:
    """One sentence on its way."""

    def __init__(
        self, loaded: LoadedModel, wanted: Draft, options: GenerationOptions, spelling: Spelling, number: int
    ) -> None:
        self._tokenizer, self._end_ids = loaded.tokenizer, loaded.end_ids
        opening = loaded.tokenizer(clean(wanted.opening), add_special_tokens=False, split_special_tokens=True)
        self.tokens = [*encode_chat(loaded.tokenizer, wanted.messages), *opening["input_ids"]]
        self._opening, self._start = wanted.opening, len(self.tokens)
        self._walk = Walk(wanted.along, spelling) if wanted.along is not None else None
        # Each row has numbers of its own: what one draws does not depend on how many others there are.
        own = replace(options, do_sample=wanted.sampled, seed=options.seed + number, min_new_tokens=0)
        self._sampler = Sampler(own, self.tokens, loaded.end_ids)
        self._sum = 0.0
        self._text = ""
        self._whole = self.done = False

    def go_on(self, logits: torch.Tensor, step: Any) -> None:
        import torch

        chances = torch.log_softmax(logits.float(), -1)
        mixed = step(self.tokens, logits) if step is not None else logits
        allowed = None
        if self._walk is not None:
            allowed = self._walk.allowed()
            if not allowed:
                self.done = True  # nothing in the vocabulary spells it
                return
        token = self._sampler.choose(mixed, allowed)
        self._sum += float(chances[token])
        self.tokens.append(token)
        if self._walk is not None:
            self._walk.go(token)
            self._whole = self.done = self._walk.ended
            return
        if token in self._end_ids:
            self.tokens.pop()
            self._whole = self.done = True
            return
        end = _ENDS.search(self._written())
        if end is not None:
            self._text = self._written()[: end.end()]
            self._whole = self.done = True

    def drafted(self) -> Drafted:
        text = self._text or self._written()
        count = len(self.tokens) - self._start
        return Drafted((self._opening + text).strip(), self._sum / max(1, count), self._whole, count)

    def _written(self) -> str:
        ids = self.tokens[self._start :]
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


class _Batch:
    """Prompts of several lengths, padded at the left, each read once however many rows go on from it."""

    def __init__(self, loaded: LoadedModel, prompts: Sequence[Sequence[int]]) -> None:
        self._loaded = loaded
        self._unique = list(dict.fromkeys(map(tuple, prompts)))
        places = {prompt: at for at, prompt in enumerate(self._unique)}
        self._rows = [places[tuple(prompt)] for prompt in prompts]
        self._in_place: InPlace | None = None

    @property
    def prompt_tokens(self) -> int:
        return sum(map(len, self._unique))

    def read(self) -> torch.Tensor:
        """The logits after each row's prompt: (rows, vocabulary)."""
        import torch
        from transformers import DynamicCache

        device, longest = self._loaded.device, max(map(len, self._unique))
        ids = torch.zeros((len(self._unique), longest), dtype=torch.long)
        seen = torch.zeros_like(ids)
        for at, prompt in enumerate(self._unique):
            ids[at, longest - len(prompt) :] = torch.tensor(prompt)
            seen[at, longest - len(prompt) :] = 1
        positions = (seen.cumsum(-1) - 1).clamp(min=0)
        with torch.inference_mode():
            self._past: Any = DynamicCache(config=self._loaded.model.config)
            output = self._loaded.model(
                input_ids=ids.to(device),
                attention_mask=seen.to(device),
                position_ids=positions.to(device),
                past_key_values=self._past,
                use_cache=True,
                logits_to_keep=torch.tensor([longest - 1], device=device),
            )
            rows = torch.tensor(self._rows)
            self._past = output.past_key_values
            self._past.batch_select_indices(rows.to(device))
            self._seen, self._position = seen[rows], positions[rows, -1]
            if can_decode(self._loaded):
                layers = tuple((layer.keys, layer.values) for layer in self._past.layers)
                self._in_place = InPlace(self._loaded, layers, self._seen)
                self._past = None
            return output.logits[rows.to(device), -1]  # type: ignore[no-any-return, unused-ignore]

    def predict(self, tokens: Sequence[int]) -> torch.Tensor:
        """The logits one token further in each row: (rows, vocabulary)."""
        import torch

        self._position = self._position + 1
        if self._in_place is not None:
            return self._in_place.predict(tokens, self._position)
        device = self._loaded.device
        self._seen = torch.cat([self._seen, torch.ones((len(tokens), 1), dtype=torch.long)], dim=1)
        with torch.inference_mode():
            output = self._loaded.model(
                input_ids=torch.tensor(tokens, device=device)[:, None],
                attention_mask=self._seen.to(device),
                position_ids=self._position[:, None].to(device),
                past_key_values=self._past,
                use_cache=True,
            )
            self._past = output.past_key_values
            return output.logits[:, -1]  # type: ignore[no-any-return, unused-ignore]
