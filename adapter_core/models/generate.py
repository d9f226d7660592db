"""Writing: a prompt is read in chunks, then tokens are written one by one; the cancel token is looked at in between,
and while the prompt is read before every layer.

In float32, likely next tokens are guessed from the prompt and verified in the same pass (prompt lookup decoding). A guess is accepted only
if model, memory, penalties, masks and sampling choose the same token, so the text is the same as without guessing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import Cancelled, ModelError
from ..types import CancelToken
from .backend import Finished, GenerationEvent, GenerationOptions, TextChunk
from .breaking import Breaker
from .decoder import Decoder, can_decode
from .loading import LoadedModel
from .lookup import MAX_GUESSED, Lookup
from .prefixes import Prefixes
from .reader import Reader
from .sampling import Sampler
from .serving import Applied
from .text import Detokenizer, StopScanner

if TYPE_CHECKING:
    import torch

# Long enough to keep the device busy, short enough (.3 s on two cores) for a cancel to be felt at once. Fixed and not
# adapted to the clock: rounding depends on the chunks, and the same question should get the same answer.
PREFILL_CHUNK = 256
PREFILL_CHUNK_ON_GPU = 2048


def generate(
    loaded: LoadedModel, prompt: Sequence[int], options: GenerationOptions, cancel: CancelToken | None = None
) -> Iterator[GenerationEvent]:
    """Write after `prompt` (token ids) with the bare model. Raises as `Writing`."""
    return Writing(loaded, prompt, options).events(loaded, cancel)


class Writing:
    """One answer while it is written. It can be resumed after an interruption, also with another copy of the model.

    For each token: the model's logits, the memory, penalties, masks, choice. Raises `ModelError` when the prompt does not fit the model's
    context.
    """

    def __init__(self, loaded: LoadedModel, prompt: Sequence[int], options: GenerationOptions) -> None:
        room = loaded.info.context - len(prompt)
        if not prompt:
            raise ModelError("There is nothing in the prompt for the model to go on from.")
        if room < 1:
            raise ModelError(
                f"The prompt of {len(prompt)} tokens is longer than the model's context of {loaded.info.context}."
            )
        self._prompt_tokens = len(prompt)
        self._tokens = list(prompt)
        self._limit = len(prompt) + min(options.max_new_tokens, room)
        self._use_lookup = options.lookup
        self._end_ids = loaded.end_ids
        self._sampler = Sampler(options, prompt, loaded.end_ids)
        self._detokenizer, self._scanner = Detokenizer(loaded.tokenizer), StopScanner(options.stop)
        self._prefill_seconds = self._decode_seconds = 0.0
        self._reused = 0

    def events(
        self,
        loaded: LoadedModel,
        cancel: CancelToken | None = None,
        applied: Applied | None = None,
        prefixes: Prefixes | None = None,
    ) -> Iterator[GenerationEvent]:
        """Read the prompt and all text so far, and continue writing. `prefixes`: cached keys and values of earlier prompts, which this one
        extends."""
        applied = applied or Applied()
        cancelled = cancel.is_set if cancel is not None else lambda: False
        chunk = PREFILL_CHUNK if loaded.device.type == "cpu" else PREFILL_CHUNK_ON_GPU
        key = (loaded.info.digest, loaded.info.dtype, loaded.info.device, str(chunk), applied.deltas)
        started = time.perf_counter()
        read_count, layers = prefixes.find(key, self._tokens, chunk) if prefixes is not None else (0, ())
        self._reused = read_count
        reader = Reader(loaded, layers)
        prompt = tuple(self._tokens)
        breaker = Breaker(loaded.model, cancel)
        try:
            while read_count < len(prompt) and not cancelled():
                part = prompt[read_count : read_count + chunk]
                with breaker:
                    if read_count + chunk < len(prompt):
                        reader.read(part)
                    else:
                        logits = reader.predict(part)
                read_count += len(part)
        except Cancelled:
            pass  # in the middle of a chunk: what was read before it stays
        finally:
            if prefixes is not None:
                prefixes.keep(key, prompt[:read_count], chunk, reader)
        if read_count < len(prompt):
            self._prefill_seconds += time.perf_counter() - started
            yield self._finished("cancelled")
            return
        self._prefill_seconds += time.perf_counter() - started
        started = time.perf_counter()
        reason = "length"
        for predicted in self._predictions(loaded, reader, logits):
            if cancelled():
                reason = "cancelled"
                break
            token = self._sampler.choose(applied.step(self._tokens, predicted) if applied.step else predicted)
            self._tokens.append(token)
            if token in self._end_ids:
                reason = "stop"
                break
            if text := self._scanner.add(self._detokenizer.add(token)):
                yield TextChunk(text)
            if self._scanner.stopped:
                reason = "stop"
                break
        if not self._scanner.stopped and (
            text := self._scanner.add(self._detokenizer.finish()) + self._scanner.finish()
        ):
            yield TextChunk(text)
        self._decode_seconds += time.perf_counter() - started
        yield self._finished(reason)

    def _predictions(self, loaded: LoadedModel, reader: Reader, first: torch.Tensor) -> Iterator[torch.Tensor]:
        """The logits after all tokens so far, up to the limit. The caller appends a token before it takes the next ones."""
        if len(self._tokens) < self._limit:
            yield first
        layers = reader.beginning(len(self._tokens) - 1) if can_decode(loaded) else None
        if layers is None:
            while len(self._tokens) < self._limit:
                yield reader.predict(self._tokens[-1:])
            return
        decoder = Decoder(loaded, layers)
        del layers
        reader.forget()
        lookup = Lookup(self._tokens) if self._use_lookup and decoder.guesses else None
        while (left := self._limit - len(self._tokens)) > 0:
            guessed = lookup.guess(min(MAX_GUESSED, left - 1)) if lookup is not None else []
            rows = decoder.predict([self._tokens[-1], *guessed])
            accepted = 0
            while True:
                yield rows[accepted]
                if lookup is not None:
                    lookup.add(self._tokens[-1])
                if accepted == len(guessed) or self._tokens[-1] != guessed[accepted]:
                    break
                accepted += 1
            decoder.keep(accepted + 1)

    def _finished(self, reason: str) -> Finished:
        return Finished(
            reason,
            self._prompt_tokens,
            len(self._tokens) - self._prompt_tokens,
            self._prefill_seconds,
            self._decode_seconds,
            reused_tokens=min(self._reused, self._prompt_tokens),
        )
