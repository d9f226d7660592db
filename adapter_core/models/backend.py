"""The one interface to a language model, and the values that cross it.

Three things implement `Backend`: `models.local.LocalBackend` (in this process: tests, tuning),
`models.process.ProcessBackend` (its own process, the normal case), and a remote model over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..types import CancelToken

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "bfloat16", "float16", "float32")


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How to generate text. Greedy, unless `do_sample` is set and `temperature` is above 0; `temperature`, `top_p` and `seed` only affect
    sampling. `stop` ends the text before any of these strings. `lookup`: guess next tokens from the prompt and verify them, where that
    changes the speed and not the text (in float32)."""

    max_new_tokens: int = 160
    min_new_tokens: int = 0
    do_sample: bool = False
    temperature: float = 0.7
    top_p: float = 1.0
    repetition_penalty: float = 1.1
    seed: int = 0
    stop: tuple[str, ...] = ()
    lookup: bool = True


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What to apply to the model during a call: files and plain values, so that it can be sent to the model's process.

    `adapter`: file (.npz) of the base adapter; `sub`: file of the subgraph's, mixed in by mixing["g_sub"]. `mixing`: keyword arguments of
    `adapters.mixing.register_hook_mixed_adapters` as plain JSON values (alpha_star, g_sub, rank, beta, target_weights, backend,
    layer_multipliers, per_target_keep, per_target_keep_layers, rank_budget, ablate, delta_cap); an alpha_star of 0 is the model without
    adapters. `memory`: a memory's file, mixed into the logits while writing, and not while scoring. The empty one is the bare model.
    """

    adapter: str | None = None
    sub: str | None = None
    mixing: Mapping[str, Any] = field(default_factory=dict)
    memory: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is "system", "user" or "assistant". The model's chat template is applied."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Paths:
    """The texts that may be written, as a finite automaton: `edges[state]` are (text, next state), a walk begins in state 0 and
    ends in a state without edges."""

    edges: tuple[tuple[tuple[str, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A request for one sentence after a conversation. `opening`: the fixed beginning of the answer. `along`: the only texts that may
    follow it (None: any). `sampled`: sample with temperature and `top_p` of the options, else greedily."""

    messages: tuple[Message, ...]
    opening: str = ""
    along: Paths | None = None
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Drafted:
    """A written sentence: `text` with its opening. `likelihood`: the mean log probability of its `tokens` tokens under the bare or adapted
    model, before penalties and masks. `whole`: it ended, and was not cut off."""

    text: str
    likelihood: float
    whole: bool
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Drafts:
    """The results of several drafts, in their order. `prompt_tokens` counts each distinct prompt once; the rest as in `Finished`."""

    written: tuple[Drafted, ...] = ()
    prompt_tokens: int = 0
    seconds: float = 0.0
    delta_norms: Mapping[str, float] = field(default_factory=dict)
    capped: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Newly written text; chunks joined are the whole text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Always the last event. `reason` is "stop", "length" or "cancelled"; times are in seconds.

    `delta_norms`: by target, the norm of the adapter's deltas as a share of that of the weights ({} without an adapter); `capped`: how many
    deltas the cap scaled down. `reused_tokens`: how many prompt tokens came from the prefix cache. `notes`: sentences for the user.
    """

    reason: str
    prompt_tokens: int
    new_tokens: int
    prefill_seconds: float
    decode_seconds: float
    delta_norms: Mapping[str, float] = field(default_factory=dict)
    capped: int = 0
    reused_tokens: int = 0
    notes: tuple[str, ...] = ()


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
    """`drafts`: whether `draft` is supported; a server that writes only whole answers does not support it.

    Methods raise `ModelError`. After `cancel` was seen, generation ends in `Finished("cancelled", …)` and no error.

    A backend serves one call at a time and may be called from any thread. Each call that reads or writes passes its adaptation (None: the
    bare model), and no call sees that of another. One that cannot be applied raises `AdapterError` (`AdapterFileError` for its files) or
    `UsageError`, and leaves the model bare.
    """

    @property
    def drafts(self) -> bool: ...

    def load(self) -> ModelInfo:
        """Load the model unless it is loaded. May take seconds."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""
        ...

    def score(
        self,
        context: Sequence[str],
        continuation: str,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> list[float]:
        """Mean log probability per token of `continuation` after each of the contexts (natural log; batched).

        Reading: `score(sentences, question)` is log P(question | sentence) / tokens. Raises `Cancelled` on cancel.
        """
        ...

    def generate(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Iterator[GenerationEvent]:
        """Write an answer. Events arrive as they are made."""
        ...

    def draft(
        self,
        drafts: Sequence[Draft],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Drafts:
        """One sentence for each draft, in their order, all written at once. The same drafts, options and threads: the same texts.
        Raises `Cancelled` on cancel."""
        ...

    def unload(self) -> None:
        """Release the model's memory. The next call loads it again."""
        ...

    def close(self) -> None:
        """Close the backend for good, with its process if it has one. Idempotent."""
        ...
