"""Writing on from what was read, in memory that is written in place: joined anew for every token, the keys and values of a long prompt cost
a third of the time (embedded model in bfloat16, 930 tokens; `./x bench writing`).

A pass takes one token, or that and some guessed ones, which cost little where the guess is right. But a product of another shape rounds in
another way: in 32 bits by a hundred thousandth of a logit, in 16 bits by up to .7, which makes another text. Passes that are always of one
shape would round alike, bit for bit (tried: eight tokens, filled up), but cost more than the guesses saved. So only a model in float32
guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .loading import LoadedModel

if TYPE_CHECKING:
    import torch

    from .reader import Layers

_STRIDE = 512  # by how many tokens the memory grows
# Tested (tests/models/test_lookup.py, test_draft.py). Other families may interpret the mask differently, and use the slower path.
_FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "phi3", "gpt2")
_STEADY_ROPES = (None, "default", "linear", "llama3", "yarn")  # others rotate by how long the text is so far


def can_decode(loaded: LoadedModel) -> bool:
    """Whether `Decoder` and `InPlace` know the model; they also need keys and values of all tokens (`plain_layers`). On GPUs it was not
    measured."""
    config = loaded.model.config
    ropes = getattr(config, "rope_parameters", None)
    return (
        loaded.device.type == "cpu"
        and config.model_type in _FAMILIES
        and getattr(config, "_attn_implementation", "") == "sdpa"
        and (ropes.get("rope_type") if isinstance(ropes, dict) else None) in _STEADY_ROPES
    )


class Decoder:
    """Continues from the keys and values of all tokens so far (`layers`, which are not changed)."""

    def __init__(self, loaded: LoadedModel, layers: Layers) -> None:
        self._loaded = loaded
        self._past = _Past(layers)
        self.guesses = loaded.info.dtype == "float32"

    def predict(self, tokens: Sequence[int]) -> torch.Tensor:
        """The logits after each of the tokens: (tokens, vocabulary). Only `keep` makes the tokens part of the text."""
        import torch

        start, count = self._past.count, len(tokens)
        size = -(-(start + count) // _STRIDE) * _STRIDE
        with torch.inference_mode():
            positions = torch.arange(start, start + count)
            self._past.size = size
            output = self._loaded.model(
                input_ids=torch.tensor([list(tokens)]),
                position_ids=positions[None],
                attention_mask=(torch.arange(size) <= positions[:, None])[None, None],
                past_key_values=self._past,
                use_cache=True,
            )
            return output.logits[0]  # type: ignore[no-any-return, unused-ignore]

    def keep(self, count: int) -> None:
        """Make the first `count` tokens of the last pass part of the text."""
        self._past.count += count


class InPlace:
    """The same for several texts at once, a token for each at a time. `layers` of shape (texts, heads, tokens, width); `seen`
    (texts, tokens) is 0 where a shorter text was padded at its left."""

    def __init__(self, loaded: LoadedModel, layers: Layers, seen: torch.Tensor) -> None:
        self._loaded = loaded
        self._past = _Past(layers)
        self._seen = seen.bool()

    def predict(self, tokens: Sequence[int], positions: torch.Tensor) -> torch.Tensor:
        """The logits after one more token of each text, at its own position: (texts, vocabulary)."""
        import torch

        count = self._past.count
        self._past.size = -(-(count + 1) // _STRIDE) * _STRIDE
        with torch.inference_mode():
            mask = torch.zeros((len(tokens), self._past.size), dtype=torch.bool)
            mask[:, : self._seen.shape[1]] = self._seen
            mask[:, self._seen.shape[1] : count + 1] = True
            output = self._loaded.model(
                input_ids=torch.tensor(tokens)[:, None],
                position_ids=positions[:, None],
                attention_mask=mask[:, None, None],
                past_key_values=self._past,
                use_cache=True,
            )
        self._past.count += 1
        return output.logits[:, -1]  # type: ignore[no-any-return, unused-ignore]


class _Past:
    """Keys and values of every layer, filled up to `size`: the part of a transformers cache that the families above use when mask and
    positions are passed."""

    def __init__(self, layers: Layers) -> None:
        self.count = layers[0][0].shape[-2]
        self.size = 0
        self._layers: list[list[torch.Tensor]] = [list(pair) for pair in layers]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self.count

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        own = self._layers[layer_idx]
        for index, new in enumerate((keys, values)):
            held = own[index]
            if held.shape[-2] != self.size:
                # Zeros, since what is masked is multiplied by nothing and must be a number.
                grown = held.new_zeros(*held.shape[:-2], self.size, held.shape[-1])
                grown[..., : self.count, :] = held[..., : self.count, :]
                own[index] = held = grown
            held[..., self.count : self.count + new.shape[-2], :] = new
        return own[0], own[1]
