"""Constrained writing: a mask over the vocabulary that allows only tokens which continue one of the given texts.

The texts are those of a finite automaton: edges hold text, a walk from state 0 to a state without edges is a complete text. As Willard and
Louf describe it (2023, arXiv 2307.09702), but state by state instead of over the whole vocabulary: at most a few hundred texts may follow,
and a token is allowed if one of them begins with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .backend import Paths

_SPACES = {"\u0120": b" ", "\u2581": b" "}  # of byte-level vocabularies and of SentencePiece's
_MAX_TOKEN = 48  # bytes; longer ones are runs of signs


class Spelling:
    """The tokens of a vocabulary, indexed by the bytes that they decode to."""

    def __init__(self, tokenizer: Any) -> None:
        vocabulary: dict[str, int] = tokenizer.get_vocab()
        special = set(tokenizer.all_special_ids)
        pieces = any(token.startswith("\u2581") for token in vocabulary)
        letters = {sign: bytes([number]) for number, sign in _byte_signs().items()}
        self._ids: dict[bytes, int] = {}
        for token, number in vocabulary.items():
            if number not in special and (written := _bytes_of(token, pieces, letters)):
                self._ids.setdefault(written, number)

    def beginnings(self, text: bytes) -> Iterator[tuple[int, int]]:
        """(token, its length in bytes) of each token that `text` begins with."""
        for length in range(1, min(len(text), _MAX_TOKEN) + 1):
            token = self._ids.get(text[:length])
            if token is not None:
                yield token, length


class Walk:
    """The position of one text in the automaton: a set of states, as several texts may have a common prefix."""

    def __init__(self, paths: Paths, spelling: Spelling) -> None:
        self._edges: Sequence[Sequence[tuple[bytes, int]]] = [
            [(text.encode(), state) for text, state in edges if text] for edges in paths.edges
        ]
        self._spelling = spelling
        self._at: set[tuple[bytes, int]] = set(self._edges[0]) if self._edges else set()
        self._next: dict[int, set[tuple[bytes, int]]] = {}
        self.ended = not self._at

    def allowed(self) -> list[int]:
        """The ids of the tokens that may come next, sorted; empty if no token fits."""
        self._next = {}
        for rest, state in self._at:
            for token, length in self._spelling.beginnings(rest):
                self._next.setdefault(token, set()).add((rest[length:], state))
        return sorted(self._next)

    def go(self, token: int) -> None:
        """Append one of the tokens that `allowed` returned last. Sets `ended` if a text is complete."""
        at: set[tuple[bytes, int]] = set()
        for rest, state in self._next[token]:
            if rest:
                at.add((rest, state))
            else:
                at.update(self._edges[state])
                self.ended = self.ended or not self._edges[state]
        self._at = at


def _bytes_of(token: str, pieces: bool, letters: dict[str, bytes]) -> bytes:
    """The bytes that a token decodes to; b"" if they are not known."""
    if pieces:
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            return bytes.fromhex(token[3:5])
        return token.replace("\u2581", " ").encode()
    try:
        return b"".join(_SPACES.get(sign) or letters[sign] for sign in token)
    except KeyError:
        return b""


def _byte_signs() -> dict[int, str]:
    """How byte-level vocabularies write each byte (Radford et al. 2019, GPT-2): itself where it is printable, else a sign from 256 on."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    remaining = [number for number in range(256) if number not in plain]
    return {number: chr(number) for number in plain} | {number: chr(256 + at) for at, number in enumerate(remaining)}
