"""The interface through which adaptations are applied to a loaded model; `adapters` implements it and is passed in, since `models` must
not import it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..errors import ModelError
from .backend import Adaptation
from .loading import LoadedModel

if TYPE_CHECKING:
    import torch

# From all tokens so far and the logits (vocabulary,) after them to new logits.
LogitsStep = Callable[[Sequence[int], "torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True, slots=True)
class Applied:
    """`deltas` stands for everything that changes what the model computes from its input ("" for nothing): two calls with the same one may
    share what was read. `step` is mixed into the logits while writing. The rest as in `Finished`."""

    deltas: str = ""
    delta_norms: Mapping[str, float] = field(default_factory=dict)
    capped: int = 0
    step: LogitsStep | None = None


class Serving(Protocol):
    """Applies adaptations to a model, and keeps the last one applied. Used by one call at a time."""

    def apply(self, loaded: LoadedModel, adaptation: Adaptation) -> Applied:
        """Apply `adaptation`, changing only what differs from the one applied last. Raises `AdapterError` and `UsageError`;
        the model is then bare."""
        ...

    def remove(self) -> None:
        """Restore the bare model. Idempotent."""
        ...


class BareServing:
    """The `Serving` of a model that was opened without adapters: it accepts only the empty adaptation."""

    def apply(self, loaded: LoadedModel, adaptation: Adaptation) -> Applied:
        if adaptation != Adaptation():
            raise ModelError("This model was opened without adapters: open it with `open_backend` to use them.")
        return Applied()

    def remove(self) -> None:
        return
