"""The language model in this process: what the model process runs, and what tests and tuning use directly."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ..errors import Cancelled, ModelMemoryError
from ..types import CancelToken
from .backend import Adaptation, Draft, Drafts, Finished, GenerationEvent, GenerationOptions, Message, ModelInfo
from .call_lock import CallLock
from .draft import draft
from .generate import Writing
from .loading import LoadedModel, computing, load_model, pick_device
from .paths import Spelling
from .prefixes import Prefixes
from .scoring import ScoringOptions, score
from .serving import Applied, BareServing, Serving
from .sources import resolve
from .text import clean, encode_chat

_Value = TypeVar("_Value")


class LocalBackend:
    """`Backend` over transformers. Nothing heavy is imported before `load`.

    `model` as in `sources.resolve`, `dtype` and `device` as in `loading.load_model`. `serving` applies adaptations to the model
    (`adapters.serving.AdapterServing`); without it, only the bare model can be used. When a GPU runs out of memory, the model moves to the
    CPU, even in the middle of an answer, and the next `Finished` says so; after `unload` the GPU is tried again.
    """

    drafts = True

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
        self._prefixes = Prefixes()
        self._spelling: Spelling | None = None
        self._moved_to_cpu = False
        self._notes: list[str] = []
        self._call_lock = CallLock()

    def load(self) -> ModelInfo:
        with self._call_lock.held():
            return self._ensure_loaded().info

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        with self._call_lock.held():
            tokenizer = self._ensure_loaded().tokenizer
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
        applied_adaptation = replace(adaptation or Adaptation(), memory=None)

        def read() -> list[float]:
            loaded = self._ensure_loaded()
            with computing():
                self._serving.apply(loaded, applied_adaptation)
                return score(loaded, context, continuation, self._scoring, cancel)

        with self._call_lock.held(cancel):
            return self._with_cpu_fallback(read)

    def generate(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Iterator[GenerationEvent]:
        try:
            self._call_lock.acquire(cancel)
        except Cancelled:
            yield Finished("cancelled", 0, 0, 0.0, 0.0)
            return
        try:
            loaded = self._ensure_loaded()
            with computing():
                writing = Writing(loaded, encode_chat(loaded.tokenizer, messages), options)
            applied, events = self._with_cpu_fallback(lambda: self._apply_and_resume(writing, cancel, adaptation))
            while True:
                # Only the model's work is guarded: an error that the caller throws in at the `yield` is the caller's.
                ran_out = False
                try:
                    with computing():
                        event = next(events, None)
                except ModelMemoryError:
                    if not self._on_gpu():
                        raise
                    ran_out = True  # dealt with outside: while an error is handled it holds on to tensors
                if ran_out:
                    del events
                    self._move_to_cpu()
                    applied, events = self._apply_and_resume(writing, cancel, adaptation)
                    continue
                if event is None:
                    return
                if isinstance(event, Finished):
                    event = replace(
                        event, delta_norms=applied.delta_norms, capped=applied.capped, notes=self._take_notes()
                    )
                yield event
        finally:
            self._call_lock.release()

    def draft(
        self,
        drafts: Sequence[Draft],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Drafts:
        if not drafts:
            return Drafts()

        def write() -> Drafts:
            loaded = self._ensure_loaded()
            with computing():
                if self._spelling is None:
                    self._spelling = Spelling(loaded.tokenizer)
                applied = self._serving.apply(loaded, adaptation or Adaptation())
                return draft(loaded, drafts, options, self._spelling, cancel, applied)

        with self._call_lock.held(cancel):
            return replace(self._with_cpu_fallback(write), notes=self._take_notes())

    def unload(self) -> None:
        with self._call_lock.held():
            self._release_model()
            self._moved_to_cpu = False

    def close(self) -> None:
        self.unload()

    def _apply_and_resume(
        self, writing: Writing, cancel: CancelToken | None, adaptation: Adaptation | None
    ) -> tuple[Applied, Iterator[GenerationEvent]]:
        """Apply the adaptation, and start or resume writing."""
        loaded = self._ensure_loaded()
        with computing():
            applied = self._serving.apply(loaded, adaptation or Adaptation())
        return applied, writing.events(loaded, cancel, applied, self._prefixes)

    def _ensure_loaded(self) -> LoadedModel:
        if self._loaded is None:
            source = resolve(self._model)

            def load() -> LoadedModel:
                with computing():
                    return load_model(source, self._dtype, "cpu" if self._moved_to_cpu else self._device)

            self._loaded = self._with_cpu_fallback(load)
        return self._loaded

    # When a GPU's memory runs out.

    def _with_cpu_fallback(self, work: Callable[[], _Value]) -> _Value:
        """Returns `work()`; when a GPU runs out of memory, the model moves to the CPU and `work` runs again."""
        try:
            return work()
        except ModelMemoryError:
            if not self._on_gpu():
                raise
        self._move_to_cpu()
        return work()

    def _on_gpu(self) -> bool:
        return not self._moved_to_cpu and self._device_name() != "cpu"

    def _device_name(self) -> str:
        return self._loaded.info.device if self._loaded is not None else str(pick_device(self._device))

    def _move_to_cpu(self) -> None:
        """Release the model; it is loaded on the CPU from now on."""
        device = self._device_name()
        self._release_model()
        self._moved_to_cpu = True
        self._notes.append(f"Memory ran out on {device}: the model went on on the CPU, which is slower.")

    def _take_notes(self) -> tuple[str, ...]:
        """Returns and clears the notes for the user, which go with the next result."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def _release_model(self) -> None:
        self._serving.remove()
        self._prefixes.clear()
        self._loaded = self._spelling = None
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()
