"""Reading several tokens in one pass and predicting after each, so that guessed tokens cost little where the guess is wrong.

In 16 bits, a matrix product of another shape rounds so differently that another token may win (on the embedded model, logits were seen
to differ by up to .7). So there every pass has one shape, with or without a guess: `WIDTH` tokens, filled up, over keys and values whose
number is filled up to whole `STRIDE`s and masked. Each row of such a pass is computed by itself, and the logits of a position are bit for
bit the same whatever row it stands in (tested); so is the text. It costs about what a pass of one token costs: both read all of the
weights. In 32 bits a wider pass costs twice as much, and rounding is a hundred thousandth of a logit: there a pass is as wide as what it
reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .loading import LoadedModel

if TYPE_CHECKING:
    import torch

    from .reader import Layers

WIDTH = 8
STRIDE = 512  # attention on the CPU takes keys in blocks of this many: the blocks are then the same whatever row a token stands in

# Tried (tests/models/test_blocks.py). Others may read a mask in another way than this, and are written with token by token.
_FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "phi3", "gpt2")
_STEADY_ROPES = (None, "default", "linear", "llama3", "yarn")  # others rotate by how long the text is so far


def can_read_blocks(loaded: LoadedModel) -> bool:
    config = loaded.model.config
    ropes = getattr(config, "rope_parameters", None) or {}
    return (
        loaded.device.type == "cpu"  # on GPUs it was not measured
        and config.model_type in _FAMILIES
        and getattr(config, "_attn_implementation", "") == "sdpa"
        and (ropes.get("rope_type") if isinstance(ropes, dict) else None) in _STEADY_ROPES
    )


class BlockReader:
    """Goes on from what a `Reader` has read (`layers`, which stay as they are)."""

    def __init__(self, loaded: LoadedModel, layers: Layers) -> None:
        import torch

        self._loaded = loaded
        self._fixed = loaded.info.dtype != "float32"
        with torch.inference_mode():
            self._past = _Past(layers)

    @property
    def guesses(self) -> int:
        """How many guessed tokens a pass takes beside the one that is certain."""
        return WIDTH - 1

    @property
    def shortest_run(self) -> int:
        """The least that must agree for a guess: any where a wrong one costs nothing."""
        return 1 if self._fixed else 3

    def predict(self, tokens: Sequence[int]) -> torch.Tensor:
        """The logits after each of the tokens, at most `WIDTH`: (tokens, vocabulary). Nothing of it is kept before `keep`."""
        import torch

        start, count = self._past.count, len(tokens)
        width = WIDTH if self._fixed else count
        size = -(-(start + width) // STRIDE) * STRIDE
        with torch.inference_mode():
            rows = torch.arange(start, start + width)
            # What fills up stands nowhere behind the last token: a position may be the last that the model has.
            positions = rows.clamp(max=start + count - 1)[None]
            ids = torch.tensor([[*tokens, *[tokens[-1]] * (width - count)]])
            mask = (torch.arange(size) <= rows[:, None])[None, None]
            self._past.size = size
            output = self._loaded.model(
                input_ids=ids, position_ids=positions, attention_mask=mask, past_key_values=self._past, use_cache=True
            )
            return output.logits[0, :count]  # type: ignore[no-any-return, unused-ignore]

    def keep(self, count: int) -> None:
        """The first `count` of the tokens of the last pass are part of the text."""
        self._past.count += count


class _Past:
    """Keys and values of every layer, in memory that is filled up to `size` and written in place: as a transformers cache, as far as
    the models above use one when they are given mask and positions."""

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
