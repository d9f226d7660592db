"""The one interface to a language model, and the values that cross it.

Three things implement `Backend`: `models.local.LocalBackend` (in this process: tests, tuning),
`models.process.ProcessBackend` (its own process, the normal case), and later a remote model over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..types import CancelToken


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How to write. `temperature` 0 is greedy. `stop` ends the text before any of these strings."""

    max_new_tokens: int = 160
    min_new_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.1
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is "system", "user" or "assistant". The model's chat template is applied."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Newly written text; chunks joined are the whole text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Always the last event. `reason` is "stop", "length" or "cancelled"; times are in seconds."""

    reason: str
    prompt_tokens: int
    new_tokens: int
    prefill_seconds: float
    decode_seconds: float


GenerationEvent = TextChunk | Finished


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`name` as the user knows it, `digest` the SHA-256 of the weights, `context` the longest prompt in tokens."""

    name: str
    digest: str
    context: int
    dtype: str
    device: str


class Backend(Protocol):
    """Methods raise `ModelError`. After `cancel` was seen, generation ends in `Finished("cancelled", …)` and no error.

    A backend serves one call at a time and may be called from any thread.
    """

    def load(self) -> ModelInfo:
        """Load the model unless it is loaded. May take seconds."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""
        ...

    def score(self, context: Sequence[str], continuation: str, cancel: CancelToken | None = None) -> list[float]:
        """Mean log probability per token of `continuation` after each of the contexts (natural log; batched).

        Reading: `score(sentences, question)` is log P(question | sentence) / tokens. Raises `Cancelled` on cancel.
        """
        ...

    def generate(
        self, messages: Sequence[Message], options: GenerationOptions, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        """Write an answer. Events arrive as they are made."""
        ...

    def unload(self) -> None:
        """Give the memory back. The next call loads again."""
        ...

    def close(self) -> None:
        """End it, with its process if it has one. Idempotent."""
        ...
