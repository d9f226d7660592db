"""A model with the keys and values of every layer for the tokens that it has read so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .loading import LoadedModel

if TYPE_CHECKING:
    import torch

    Layers = tuple[tuple[torch.Tensor, torch.Tensor], ...]


class Reader:
    """Inference mode is entered in each method and not around a generator that uses it: left on across a `yield`, it would be on in the
    caller too. `layers`: keys and values to continue from, of shape (1, heads, tokens, width) each; they are not changed."""

    def __init__(self, loaded: LoadedModel, layers: Layers = ()) -> None:
        import torch
        from transformers import DynamicCache

        self._loaded = loaded
        self._past: Any = DynamicCache(config=loaded.model.config)
        with torch.inference_mode():
            for index, (keys, values) in enumerate(layers):
                self._past.update(keys, values, index)  # joins them to nothing, into memory of its own

    def read(self, tokens: Sequence[int]) -> None:
        """Read tokens without predicting: the logits of 128 positions would cost as much as half the model."""
        import torch

        with torch.inference_mode():
            body = self._loaded.model.base_model
            self._past = body(input_ids=self._ids(tokens), past_key_values=self._past, use_cache=True).past_key_values

    def predict(self, tokens: Sequence[int]) -> torch.Tensor:
        """Read tokens, and return the logits after the last one, of shape (vocabulary,)."""
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

    def beginning(self, tokens: int) -> Layers | None:
        """Keys and values of the first tokens; None where `plain_layers` is."""
        layers = plain_layers(self._past)
        if layers is None:
            return None
        return tuple((keys[..., :tokens, :], values[..., :tokens, :]) for keys, values in layers)

    def forget(self) -> None:
        """Drop the keys and values, after another object has taken them over."""
        self._past = None

    def _ids(self, tokens: Sequence[int]) -> torch.Tensor:
        import torch

        return torch.tensor([list(tokens)], device=self._loaded.device)


def plain_layers(past: Any) -> Layers | None:
    """Keys and values of every layer of a transformers cache; None where it does not keep those of all tokens (sliding windows, recurrent
    layers)."""
    from transformers.cache_utils import DynamicLayer

    layers = getattr(past, "layers", None)
    if not layers or any(type(layer) is not DynamicLayer or not layer.is_initialized for layer in layers):
        return None
    return tuple((layer.keys, layer.values) for layer in layers)
