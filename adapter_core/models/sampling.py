"""From the logits of one position to the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .backend import GenerationOptions

if TYPE_CHECKING:
    import torch


class Sampler:
    """Chooses tokens by `GenerationOptions`. Two samplers with equal options and inputs choose the same tokens.

    `seen` are the prompt's tokens: the repetition penalty counts them and every token chosen since (Keskar et al. 2019,
    CTRL, as transformers does it). `end_ids` are not chosen before `min_new_tokens` others were.
    """

    def __init__(self, options: GenerationOptions, seen: Sequence[int], end_ids: frozenset[int]) -> None:
        import torch

        self._options = options
        self._chosen = 0
        self._seen = torch.tensor(sorted(set(seen)), dtype=torch.long)
        self._end_ids = torch.tensor(sorted(end_ids), dtype=torch.long)
        self._generator = torch.Generator().manual_seed(options.seed)

    def choose(self, logits: torch.Tensor, allowed: Sequence[int] | None = None) -> int:
        """The next token for `logits` of shape (vocabulary,), where given one of those `allowed`. In float32 on the CPU: a seed means the
        same anywhere."""
        import torch

        options = self._options
        scores = logits.to("cpu", torch.float32, copy=True)
        if options.repetition_penalty != 1.0:
            seen = scores[self._seen]
            scores[self._seen] = torch.where(
                seen < 0, seen * options.repetition_penalty, seen / options.repetition_penalty
            )
        if self._chosen < options.min_new_tokens:
            scores[self._end_ids] = -torch.inf
        left = scores if allowed is None else scores[list(allowed)]
        token = self._sample(left) if options.do_sample and options.temperature > 0 else int(torch.argmax(left))
        token = token if allowed is None else allowed[token]
        self._chosen += 1
        if options.repetition_penalty != 1.0 and not (self._seen == token).any():
            self._seen = torch.cat([self._seen, torch.tensor([token])])
        return token

    def _sample(self, scores: torch.Tensor) -> int:
        """Nucleus sampling (Holtzman et al. 2020): the smallest set of tokens whose probability reaches `top_p`."""
        import torch

        probabilities = torch.softmax(scores / self._options.temperature, dim=-1)
        if self._options.top_p >= 1:
            return int(torch.multinomial(probabilities, 1, generator=self._generator))
        ordered, tokens = probabilities.sort(descending=True, stable=True)
        before = ordered.cumsum(0) - ordered  # the first token has 0 before it: the set is never empty
        ordered[before >= max(self._options.top_p, 0.0)] = 0
        ordered[0] = max(float(ordered[0]), 1e-12)
        return int(tokens[torch.multinomial(ordered, 1, generator=self._generator)])
