"""A cache of keys and values of the last prompts, so that a common prefix of a prompt is not read again.

Keys and values depend on all earlier tokens, on the weights with their deltas, on number format and device, and, in their last bits, on how
the prompt was cut into chunks: matrix products of other shapes add in another order. So only the same tokens under the same key are reused,
up to the end of a whole chunk, where reading continues as it would have without the cache: the text is the same. Generated text was read
token by token and is not cached. A memory changes only logits, and no key.
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
    """Whole chunks of tokens with their keys and values (`layers`). `key`: everything else that these depend on."""

    key: tuple[str, ...]
    tokens: tuple[int, ...]
    layers: Layers

    @property
    def bytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)


class Prefixes:
    """The most recent prefixes, within a memory limit. Used by one call at a time."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_prefixes: int = MAX_PREFIXES) -> None:
        self._max_bytes, self._max_prefixes = max_bytes, max_prefixes
        self._entries: list[Prefix] = []  # the most recent one last

    def find(self, key: tuple[str, ...], prompt: Sequence[int], chunk: int) -> tuple[int, Layers]:
        """The number of cached tokens at the beginning of a prompt, and their keys and values: whole chunks, and never the last token, from
        which the first one is predicted."""
        best, found = 0, None
        for prefix in self._entries:
            shared = _common_prefix_length(prefix.tokens, prompt[:-1]) // chunk * chunk if prefix.key == key else 0
            if shared > best:
                best, found = shared, prefix
        if found is None:
            return 0, ()
        self._entries.remove(found)
        self._entries.append(found)
        return best, tuple((keys[..., :best, :], values[..., :best, :]) for keys, values in found.layers)

    def keep(self, key: tuple[str, ...], tokens: Sequence[int], chunk: int, reader: Reader) -> None:
        """Cache the keys and values that `reader` has for the whole chunks of these tokens."""
        count = len(tokens) // chunk * chunk
        layers = reader.beginning(count) if count else None
        if layers is None:
            return
        bytes_per_token = sum(keys[..., :1, :].nbytes + values[..., :1, :].nbytes for keys, values in layers)
        count = min(count, self._max_bytes // max(bytes_per_token, 1) // chunk * chunk)
        if not count:
            return
        try:
            # Copies: a view would hold on to the whole answer's memory.
            copied_layers = tuple(
                (keys[..., :count, :].clone(), values[..., :count, :].clone()) for keys, values in layers
            )
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return self.clear()  # the answer is written, and the next one reads its prompt
        new = Prefix(key, tuple(tokens[:count]), copied_layers)
        self._entries = [p for p in self._entries if p.key != key or p.tokens != new.tokens[: len(p.tokens)]]
        self._entries.append(new)
        while len(self._entries) > self._max_prefixes or sum(p.bytes for p in self._entries) > self._max_bytes:
            self._entries.pop(0)

    def clear(self) -> None:
        self._entries.clear()


def _common_prefix_length(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common prefix."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
