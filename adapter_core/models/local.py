"""The language model in this process: what the model process runs, and what tests and tuning use directly."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..errors import Cancelled
from ..types import CancelToken
from .backend import Adaptation, Finished, GenerationEvent, GenerationOptions, Message, ModelInfo
from .generate import generate
from .loading import LoadedModel, computing, load_model
from .scoring import ScoringOptions, score
from .serving import Applied, BareServing, Serving
from .sources import resolve
from .text import clean, encode_chat
from .turn import Turn


class LocalBackend:
    """`Backend` over transformers. Nothing heavy is imported before `load`.

    `model` as in `sources.resolve`, `dtype` and `device` as in `loading.load_model`. `serving` puts adaptations on the model
    (`adapters.serving.AdapterServing`); without it, only the bare model is there.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        dtype: str | None = None,
        device: str | None = None,
        scoring: ScoringOptions | None = None,
        serving: Serving | None = None,
    ) -> None:
        self._model, self._dtype, self._device = model, dtype, device
        self._scoring = scoring or ScoringOptions()
        self._serving = serving or BareServing()
        self._loaded: LoadedModel | None = None
        self._turn = Turn()

    def load(self) -> ModelInfo:
        with self._turn:
            return self._ready().info

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        with self._turn:
            tokenizer = self._ready().tokenizer
            with computing():
                encoded = tokenizer(
                    [clean(text) for text in texts], add_special_tokens=False, split_special_tokens=True
                )
                return [len(ids) for ids in encoded["input_ids"]]

    def score(
        self,
        context: Sequence[str],
        continuation: str,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> list[float]:
        """As `Backend.score`: the continuation stands on a line of its own after each context, of which only the first
        `ScoringOptions.context_tokens` tokens are read."""
        if not context:
            return []
        self._turn.take(cancel)
        try:
            loaded = self._ready()
            self._apply(loaded, replace(adaptation, memory=None) if adaptation is not None else None)
            with computing():
                return score(loaded, context, continuation, self._scoring, cancel)
        finally:
            self._turn.give()

    def generate(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Iterator[GenerationEvent]:
        try:
            self._turn.take(cancel)
        except Cancelled:
            yield Finished("cancelled", 0, 0, 0.0, 0.0)
            return
        try:
            loaded = self._ready()
            applied = self._apply(loaded, adaptation)
            with computing():
                prompt = encode_chat(loaded.tokenizer, messages)
                events = generate(loaded, prompt, options, cancel, applied.step)
            while True:
                # Only the model's work is guarded: an error that the caller throws in at the `yield` is the caller's.
                with computing():
                    event = next(events, None)
                if event is None:
                    return
                if isinstance(event, Finished):
                    event = replace(event, delta_norms=applied.delta_norms, capped=applied.capped)
                yield event
        finally:
            self._turn.give()

    def unload(self) -> None:
        with self._turn:
            self._serving.remove()
            self._loaded = None
            gc.collect()
            torch = sys.modules.get("torch")
            if torch is not None and torch.cuda.is_available():
                torch.cuda.empty_cache()

    def close(self) -> None:
        self.unload()

    def _apply(self, loaded: LoadedModel, adaptation: Adaptation | None) -> Applied:
        with computing():
            return self._serving.apply(loaded, adaptation or Adaptation())

    def _ready(self) -> LoadedModel:
        if self._loaded is None:
            source = resolve(self._model)
            with computing():
                self._loaded = load_model(source, self._dtype, self._device)
        return self._loaded
