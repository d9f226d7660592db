"""Write several sentences at once: each pass of the model adds a token to every one of them.

On a CPU the model's weights are what a pass waits for, so that eight sentences take little longer than one. The order at each step is that
of all writing: logits, memory, penalties, mask (`paths.py`), sampling.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..types import CancelToken, check_cancelled
from .backend import Draft, Drafted, Drafts, GenerationOptions
from .breaking import Breaker
from .decoder import InPlace, can_decode
from .loading import LoadedModel
from .paths import Spelling, Walk
from .reader import plain_layers
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
    rows = [_DraftRow(loaded, one, options, spelling, number) for number, one in enumerate(drafts)]
    room = loaded.info.context - max((len(row.tokens) for row in rows), default=0)
    if room < 1:
        raise ModelError(f"A prompt is longer than the model's context of {loaded.info.context}.")
    applied = applied or Applied()
    step = applied.step
    breaker = Breaker(loaded.model, cancel)
    batch = _Batch(loaded, [row.tokens for row in rows])
    with breaker:
        logits = batch.read()
    for _ in range(min(options.max_new_tokens, room)):
        check_cancelled(cancel)
        for row, predicted in zip(rows, logits, strict=True):
            if not row.done:
                row.add_token(predicted, step)
        if all(row.done for row in rows):
            break
        with breaker:
            logits = batch.predict([row.tokens[-1] for row in rows])
    return Drafts(
        tuple(row.to_drafted() for row in rows),
        batch.prompt_tokens,
        time.perf_counter() - started,
        applied.delta_norms,
        applied.capped,
    )


class _DraftRow:
    """One sentence while it is written."""

    def __init__(
        self, loaded: LoadedModel, request: Draft, options: GenerationOptions, spelling: Spelling, number: int
    ) -> None:
        self._tokenizer, self._end_ids = loaded.tokenizer, loaded.end_ids
        opening = loaded.tokenizer(clean(request.opening), add_special_tokens=False, split_special_tokens=True)
        self.tokens = [*encode_chat(loaded.tokenizer, request.messages), *opening["input_ids"]]
        self._opening, self._start = request.opening, len(self.tokens)
        self._walk = Walk(request.along, spelling) if request.along is not None else None
        # Each row has its own random numbers, so that a sample does not depend on the number of rows.
        row_options = replace(options, do_sample=request.sampled, seed=options.seed + number, min_new_tokens=0)
        self._sampler = Sampler(row_options, self.tokens, loaded.end_ids)
        self._sum = 0.0
        self._text = ""
        self._complete = self.done = False

    def add_token(self, logits: torch.Tensor, step: Any) -> None:
        import torch

        log_probs = torch.log_softmax(logits.float(), -1)
        mixed = step(self.tokens, logits) if step is not None else logits
        allowed = None
        if self._walk is not None:
            allowed = self._walk.allowed()
            if not allowed:
                self.done = True  # nothing in the vocabulary spells it
                return
        token = self._sampler.choose(mixed, allowed)
        self._sum += float(log_probs[token])
        self.tokens.append(token)
        if self._walk is not None:
            self._walk.go(token)
            self._complete = self.done = self._walk.ended
            return
        if token in self._end_ids:
            self.tokens.pop()
            self._complete = self.done = True
            return
        end = _ENDS.search(self._written())
        if end is not None:
            self._text = self._written()[: end.end()]
            self._complete = self.done = True

    def to_drafted(self) -> Drafted:
        text = self._text or self._written()
        count = len(self.tokens) - self._start
        return Drafted((self._opening + text).strip(), self._sum / max(1, count), self._complete, count)

    def _written(self) -> str:
        ids = self.tokens[self._start :]
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


class _Batch:
    """Prompts of several lengths, padded on the left; each distinct prompt is read once, however many rows continue it."""

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
            layers = plain_layers(self._past) if can_decode(self._loaded) else None
            if layers is not None:
                self._in_place = InPlace(self._loaded, layers, self._seen)
                self._past = None
            return output.logits[rows.to(device), -1]  # type: ignore[no-any-return, unused-ignore]

    def predict(self, tokens: Sequence[int]) -> torch.Tensor:
        """Append a token to each row; returns the logits after it: (rows, vocabulary)."""
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
