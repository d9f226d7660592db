"""What of a ranked list a reader with N tokens gets to see. All systems are measured by one tokenizer and one block format."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _retrieval_data import Place, lines_of

from adapter_core.evidence.context import estimate_tokens
from adapter_core.models.store import DEFAULT_NAME, model_folder

BUDGETS = (900, 2000)
CHARACTERS_PER_TOKEN = 3.2  # as in `estimate_tokens`


@dataclass(frozen=True, slots=True)
class Tokens:
    """`count` gives the tokens of each text; `prefix(text, n)` how many characters its first n tokens span."""

    name: str
    count: Callable[[Sequence[str]], list[int]]
    prefix: Callable[[str, int], int]


def load_tokens(model: Path | None = None) -> Tokens:
    """The tokens of the embedded model (`model`: its folder); an estimate where it is not installed."""
    file = (model or model_folder(DEFAULT_NAME)) / "tokenizer.json"
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return _estimated()
    if not file.is_file():
        return _estimated()
    tokenizer: Any = Tokenizer.from_file(str(file))
    known: dict[str, int] = {}

    def count(texts: Sequence[str]) -> list[int]:
        new = [t for t in dict.fromkeys(texts) if t not in known]
        if len(known) > 50_000:
            known.clear()
            new = list(dict.fromkeys(texts))
        for text, encoding in zip(new, tokenizer.encode_batch(new, add_special_tokens=False), strict=True):
            known[text] = len(encoding.ids)
        return [known[t] for t in texts]

    @functools.lru_cache(maxsize=50_000)
    def prefix(text: str, n: int) -> int:
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        return len(text) if len(offsets) <= n else offsets[n - 1][1]

    return Tokens(DEFAULT_NAME, count, prefix)


def _estimated() -> Tokens:
    return Tokens("estimate of 3.2 characters", estimate_tokens, lambda _, n: int(n * CHARACTERS_PER_TOKEN))


def pack_places(places: Iterable[Place], root: Path) -> tuple[str, list[tuple[Place, str]]]:
    """A pack of whole places in order, in the format of Pathline's own; lines that an earlier block holds are left out of later ones."""
    blocks: list[str] = []
    parts: list[tuple[Place, str]] = []
    seen: set[tuple[str, int]] = set()
    for place in places:
        lines = lines_of(root / place.path)
        for start, end in _runs(place, min(place.end, len(lines)), seen):
            text = "\n".join(lines[start - 1 : end])
            span = Place(place.path, start, end)
            seen.update((place.path, n) for n in range(start, end + 1))
            blocks.append(f"[{len(blocks) + 1}] {place.path}:{start if start == end else f'{start}-{end}'}\n{text}")
            parts.append((span, text))
    return "\n\n".join(blocks), parts


def _runs(place: Place, end: int, seen: set[tuple[str, int]]) -> list[tuple[int, int]]:
    """The runs of lines of a place that are not seen yet."""
    runs: list[tuple[int, int]] = []
    for n in range(max(place.start, 1), end + 1):
        if (place.path, n) in seen:
            continue
        if runs and runs[-1][1] == n - 1:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
    return runs


def lines_within(text: str, parts: Iterable[tuple[Place, str]], budget: int, tokens: Tokens) -> list[Place]:
    """The lines of a pack that end within its first `budget` tokens. `parts`: the places that it shows and their text, in order.

    Raises `ValueError` where the text of a part is not in the pack: then the pack does not say what it shows.
    """
    limit = tokens.prefix(text, budget)
    found: list[Place] = []
    cursor = 0
    for place, block in parts:
        newline = text.find(f"\n{block}", cursor)
        if newline < 0:
            raise ValueError(f"the pack does not hold the text of {place}")
        position = newline + 1
        cursor = position + len(block)
        inside = text[position : min(cursor, limit)] if position < limit else ""
        whole = inside.count("\n") + (1 if cursor <= limit else 0)
        if whole:
            found.append(Place(place.path, place.start, min(place.start + whole - 1, place.end)))
    return found
