"""What was read for the last answers, so that the same beginning of a prompt is not read again.

Keys and values depend on all tokens before, on the weights with all deltas on them, on number format and device, and, in their last
bits, on how the prompt was cut into chunks: matrix products of other shapes add in another order. So what is used again is the same tokens
of the same key, up to the end of a whole chunk, where reading goes on as it would have without: the text is the same. What was written
was read token by token and is not kept. A memory changes logits alone, and no key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .loading import is_out_of_memory
from .reader import Reader

if TYPE_CHECKING:
    from .reader import Layers

# The embedded model's keys and values are 23 kB for a token.
MAX_BYTES = 256 << 20
MAX_PREFIXES = 2


@dataclass(frozen=True, slots=True)
class Prefix:
    """Whole chunks of tokens under a key (everything that their keys and values depend on), and what was read of them."""

    key: tuple[str, ...]
    tokens: tuple[int, ...]
    layers: Layers

    @property
    def bytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)


class Prefixes:
    """The last few, within a bound of memory. Used by one call at a time."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_prefixes: int = MAX_PREFIXES) -> None:
        self._max_bytes, self._max_prefixes = max_bytes, max_prefixes
        self._kept: list[Prefix] = []  # the most recent one last

    def find(self, key: tuple[str, ...], prompt: Sequence[int], chunk: int) -> tuple[int, Layers]:
        """How many tokens of a prompt need not be read, and their keys and values: whole chunks, and never the last token, from which
        the first one is predicted."""
        best, found = 0, None
        for prefix in self._kept:
            same = _common(prefix.tokens, prompt[:-1]) // chunk * chunk if prefix.key == key else 0
            if same > best:
                best, found = same, prefix
        if found is None:
            return 0, ()
        self._kept.remove(found)
        self._kept.append(found)
        return best, tuple((keys[..., :best, :], values[..., :best, :]) for keys, values in found.layers)

    def keep(self, key: tuple[str, ...], tokens: Sequence[int], chunk: int, reader: Reader) -> None:
        """Keep what a reader has read of these tokens, of which the whole chunks were read as such."""
        count = len(tokens) // chunk * chunk
        layers = reader.beginning(count) if count else None
        if layers is None:
            return
        each = sum(keys[..., :1, :].nbytes + values[..., :1, :].nbytes for keys, values in layers)
        count = min(count, self._max_bytes // max(each, 1) // chunk * chunk)
        if not count:
            return
        try:
            # Copies: a view would hold on to the whole answer's memory.
            cut = tuple((keys[..., :count, :].clone(), values[..., :count, :].clone()) for keys, values in layers)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return self.clear()  # the answer is written, and the next one reads its prompt
        new = Prefix(key, tuple(tokens[:count]), cut)
        self._kept = [p for p in self._kept if p.key != key or p.tokens != new.tokens[: len(p.tokens)]]
        self._kept.append(new)
        while len(self._kept) > self._max_prefixes or sum(p.bytes for p in self._kept) > self._max_bytes:
            self._kept.pop(0)

    def clear(self) -> None:
        self._kept.clear()


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common beginning."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
