"""From files to sequences of equal length: no padding, each token of the budget is trained on."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .covering import covering
from .options import FitOptions

_MOST_CHOSEN = 4096  # sequences; a step takes a second or two, and two or more of them


def packed(files: Mapping[str, np.ndarray], separator: int, options: FitOptions, others: int = 0) -> np.ndarray:
    """Shuffled sequences (n, length) int64 of `files` (path to tokens), by `options.seed`: all of one pass over them, or, where the options
    say so, of these the most telling ones, as many as the steps take beside `others`. Files follow each other, `separator` (a token)
    before each; of a file with more than `tokens_per_file`, one part of that length is taken. The same for the same files, in whatever
    order these come."""
    draw = random.Random(options.seed)
    paths = sorted(path for path, tokens in files.items() if len(tokens))
    draw.shuffle(paths)
    parts: dict[str, np.ndarray] = {}
    for path in paths:
        tokens = files[path]
        start = draw.randrange(max(len(tokens) - options.tokens_per_file, 0) + 1)
        parts[path] = tokens[start : start + options.tokens_per_file]
    divided = [piece for part in parts.values() for piece in (np.array([separator]), part)]
    stream = np.concatenate([np.empty(0, np.int64), *divided]).astype(np.int64)
    count = len(stream) // options.length
    sequences = stream[: count * options.length].reshape(count, options.length)
    order = list(range(count))
    draw.shuffle(order)
    if not options.covering:
        return sequences[order]
    chosen = covering(sequences, parts, min(text_sequences(options) - others, _MOST_CHOSEN)).tolist()
    if options.seconds is None:
        draw.shuffle(chosen)
        return sequences[chosen]
    # How many steps there will be is not known: the most telling text comes first.
    return sequences[[*chosen, *(place for place in order if place not in set(chosen))]]


def text_sequences(options: FitOptions) -> int:
    """How many sequences the steps that train on text take."""
    return (options.steps - int(options.steps * options.questions)) * options.batch


def prose_sequences_wanted(files: Mapping[str, np.ndarray], options: FitOptions) -> int:
    """How many sequences of other prose there is a use for: the options' share of the steps, and of what text there is."""
    there = sum(min(len(tokens), options.tokens_per_file) + 1 for tokens in files.values()) // options.length
    return int(min(text_sequences(options), there / (1 - options.prose)) * options.prose)


def mingled(text: np.ndarray, prose: np.ndarray, share: float) -> np.ndarray:
    """`text` (n, length) and, evenly among it, as much of `prose` (m, length) as makes `share` of both, while there is enough of it."""
    count = min(int(len(text) * share / (1 - share)), len(prose))
    every = (1 - share) / share if share else 0.0
    places = [int((number + 1) * every) for number in range(count)]
    return np.insert(text, places, prose[:count], axis=0) if count else text


@dataclass(frozen=True, slots=True)
class Sequences:
    """What is trained on, in its order: `tokens` (n, length) int64, and which of them count for the loss: `counted` (n, length) bool."""

    tokens: np.ndarray
    counted: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, part: slice) -> Sequences:
        return Sequences(self.tokens[part], self.counted[part])

    @property
    def digest(self) -> str:
        """SHA-256."""
        whole = hashlib.sha256(np.ascontiguousarray(self.tokens, "<i8").data)
        whole.update(np.packbits(self.counted).data)
        return whole.hexdigest()


def woven(text: np.ndarray, rows: Sequences, options: FitOptions) -> Sequences:
    """Whole steps of text (n, length), all of whose tokens count, and among them, as evenly as can be, `options.questions` of the steps
    from `rows`; where one of them is used up, the other goes on alone. At most `options.steps`."""
    batch = options.batch
    of_text, of_rows = len(text) // batch, len(rows) // batch if options.questions else 0
    chosen: list[tuple[np.ndarray, np.ndarray]] = []
    asked = read = 0
    while len(chosen) < options.steps and (asked < of_rows or read < of_text):
        turn = int((len(chosen) + 1) * options.questions) > int(len(chosen) * options.questions)
        if asked < of_rows and (turn or read == of_text):
            part = rows[asked * batch : (asked + 1) * batch]
            chosen.append((part.tokens, part.counted))
            asked += 1
        else:
            tokens = text[read * batch : (read + 1) * batch]
            chosen.append((tokens, np.ones(tokens.shape, bool)))
            read += 1
    if not chosen:
        return Sequences(np.empty((0, options.length), np.int64), np.empty((0, options.length), bool))
    return Sequences(np.concatenate([c[0] for c in chosen]), np.concatenate([c[1] for c in chosen]))
