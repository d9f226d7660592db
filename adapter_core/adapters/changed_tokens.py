"""Which tokens of a text an adapter makes likelier or less likely, most changed first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..types import CancelToken, check_cancelled
from .adapter import Adapter
from .mixing import register_hook_mixed_adapters

if TYPE_CHECKING:
    from ..models.loading import LoadedModel

_WINDOW = 512  # tokens of each text
_BEFORE = 8  # tokens shown before one


@dataclass(frozen=True, slots=True)
class ChangedToken:
    """`change`: of its log probability (natural), positive if the adapter makes it likelier. `text`: the index of its text, `position`: its
    index in that. `before`: the text before it."""

    text: int
    position: int
    token: str
    before: str
    change: float


def changed_tokens(
    loaded: LoadedModel,
    adapter: Adapter,
    texts: Sequence[str],
    top: int = 16,
    cancel: CancelToken | None = None,
    **mixing: Any,
) -> list[ChangedToken]:
    """The `top` tokens of the first 512 of each text whose log probability the adapter changes most. `mixing` goes to
    `register_hook_mixed_adapters`. Raises what that raises, and `Cancelled`."""
    tokenizer = loaded.tokenizer
    encoded = [
        tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"][:_WINDOW] for text in texts
    ]
    plain = [_log_probabilities(loaded, ids, cancel) for ids in encoded]
    with register_hook_mixed_adapters(loaded.model, adapter, **mixing):
        adapted = [_log_probabilities(loaded, ids, cancel) for ids in encoded]
    changes = [
        (after - before, number, position)
        for number, (befores, afters) in enumerate(zip(plain, adapted, strict=True))
        for position, (before, after) in enumerate(zip(befores, afters, strict=True), 1)
    ]
    changes.sort(key=lambda c: (-abs(c[0]), c[1], c[2]))
    return [
        ChangedToken(
            number, position, tokenizer.decode(encoded[number][position : position + 1]),
            tokenizer.decode(encoded[number][max(position - _BEFORE, 0) : position]), change,
        )
        for change, number, position in changes[:top]
    ]  # fmt: skip


def _log_probabilities(loaded: LoadedModel, ids: Sequence[int], cancel: CancelToken | None) -> list[float]:
    """The log probability of each token but the first, given those before it."""
    import torch

    check_cancelled(cancel, "The comparison was stopped.")
    if len(ids) < 2:
        return []
    with torch.inference_mode():
        input_ids = torch.tensor([list(ids)], device=loaded.device)
        logits = loaded.model(input_ids=input_ids).logits[0, :-1].float()
        chosen = torch.log_softmax(logits, dim=-1).gather(1, input_ids[0, 1:, None])
        found: list[float] = chosen[:, 0].tolist()
        return found
