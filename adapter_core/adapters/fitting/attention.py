"""Attention for training on a CPU: two matrix products for each group of heads that share keys, and a softmax between them.

PyTorch's fused attention saves memory that short sequences do not need, and takes a third of a training step on a CPU in bfloat16. This
is the textbook form (Vaswani et al., arXiv 1706.03762), in which backward passes are matrix products as well. Grouped queries are laid
one behind the other, so that keys and values are not repeated for each head.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NAME = "pathline_training"


@contextmanager
def attention_for_training(model: Any) -> Iterator[None]:
    """A context in which the model uses this attention, if it is on a CPU and used PyTorch's; otherwise it is unchanged."""
    before = model.config._attn_implementation
    if model.device.type != "cpu" or before != "sdpa":
        yield
        return
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, eager_mask)
    model.set_attn_implementation(_NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _attend(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: float | None = None, **_: Any
) -> tuple[Any, None]:
    """`query` (batch, heads, length, width), `key` and `value` (batch, groups, length, width), `attention_mask` (batch, 1, length, length)
    to be added. Returns (batch, length, heads, width), and None for the weights."""
    import torch

    batch, heads, length, width = query.shape
    groups, seen = key.shape[1], key.shape[2]
    scale = width**-0.5 if scaling is None else scaling
    scaled_query = (query * scale).reshape(batch * groups, heads // groups * length, width)
    scores = torch.bmm(scaled_query, key.reshape(batch * groups, seen, width).transpose(1, 2))
    scores = scores.view(batch, heads, length, seen)
    if attention_mask is not None:
        scores = scores + attention_mask
    shares = torch.softmax(scores, dim=-1).view(batch * groups, heads // groups * length, seen)
    found = torch.bmm(shares, value.reshape(batch * groups, seen, width)).view(batch, heads, length, width)
    return found.transpose(1, 2).contiguous(), None
