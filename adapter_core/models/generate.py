"""Writing: a prompt is read in chunks, then tokens are written one by one; the cancel token is looked at in between."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..types import CancelToken
from .backend import Finished, GenerationEvent, GenerationOptions, TextChunk
from .loading import LoadedModel
from .sampling import Sampler
from .serving import LogitsStep
from .text import Detokenizer, StopScanner

if TYPE_CHECKING:
    import torch

# Long enough to keep the device busy, short enough (.3 s on two cores) for a cancel to be felt at once. Fixed and not
# adapted to the clock: rounding depends on the chunks, and the same question should get the same answer.
PREFILL_CHUNK = 256
PREFILL_CHUNK_ON_GPU = 2048


def generate(
    loaded: LoadedModel,
    prompt: Sequence[int],
    options: GenerationOptions,
    cancel: CancelToken | None = None,
    step: LogitsStep | None = None,
) -> Iterator[GenerationEvent]:
    """Write after `prompt` (token ids). For each token: the model's logits, `step`, penalties, masks, choice. Raises `ModelError` when the
    prompt does not fit the model's context."""
    room = loaded.info.context - len(prompt)
    if not prompt:
        raise ModelError("There is nothing in the prompt for the model to go on from.")
    if room < 1:
        raise ModelError(
            f"The prompt of {len(prompt)} tokens is longer than the model's context of {loaded.info.context}."
        )
    cancelled = cancel.is_set if cancel is not None else lambda: False
    limit = min(options.max_new_tokens, room)
    reader = _Reader(loaded)
    started = time.perf_counter()
    written, reason = 0, "length"
    size = PREFILL_CHUNK if loaded.device.type == "cpu" else PREFILL_CHUNK_ON_GPU
    for at in range(0, len(prompt), size):
        if cancelled():
            yield Finished("cancelled", len(prompt), 0, time.perf_counter() - started, 0.0)
            return
        chunk = prompt[at : at + size]
        if at + size < len(prompt):
            reader.read(chunk)
        else:
            logits = reader.predict(chunk)
    read = time.perf_counter()

    tokens = list(prompt)
    sampler = Sampler(options, prompt, loaded.end_ids)
    detokenizer, scanner = Detokenizer(loaded.tokenizer), StopScanner(options.stop)
    while written < limit:
        if cancelled():
            reason = "cancelled"
            break
        token = sampler.choose(step(tokens, logits) if step is not None else logits)
        tokens.append(token)
        written += 1
        if token in loaded.end_ids:
            reason = "stop"
            break
        if text := scanner.add(detokenizer.add(token)):
            yield TextChunk(text)
        if scanner.stopped:
            reason = "stop"
            break
        if written < limit:
            logits = reader.predict([token])
    if not scanner.stopped and (text := scanner.add(detokenizer.finish()) + scanner.finish()):
        yield TextChunk(text)
    yield Finished(reason, len(prompt), written, read - started, time.perf_counter() - read)


class _Reader:
    """The model with what it has read so far (keys and values of every layer)."""

    def __init__(self, loaded: LoadedModel) -> None:
        from transformers import DynamicCache

        self._loaded = loaded
        self._past: Any = DynamicCache(config=loaded.model.config)

    # Inference mode is entered in each method and not around the generator: left on across a `yield`, it would be on in
    # the caller too.

    def read(self, tokens: Sequence[int]) -> None:
        """Read on without predicting: the logits of 128 positions would cost as much as half the model."""
        import torch

        with torch.inference_mode():
            body = self._loaded.model.base_model
            self._past = body(input_ids=self._ids(tokens), past_key_values=self._past, use_cache=True).past_key_values

    def predict(self, tokens: Sequence[int]) -> torch.Tensor:
        """Read on, and return the logits after the last token, of shape (vocabulary,)."""
        import torch

        with torch.inference_mode():
            # A position, not a count: a slice of the hidden states is not contiguous, and the matrix product would
            # first copy the whole head (160 ms for 49k tokens of vocabulary).
            last = torch.tensor([len(tokens) - 1], device=self._loaded.device)
            output = self._loaded.model(
                input_ids=self._ids(tokens), past_key_values=self._past, use_cache=True, logits_to_keep=last
            )
            self._past = output.past_key_values
            return output.logits[0, -1]  # type: ignore[no-any-return, unused-ignore]

    def _ids(self, tokens: Sequence[int]) -> torch.Tensor:
        import torch

        return torch.tensor([list(tokens)], device=self._loaded.device)
