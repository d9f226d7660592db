"""Pack files into training sequences of equal length: no padding, each token of the budget is trained on."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .covering import select_covering
from .options import FitOptions

_MAX_CHOSEN = 4096  # sequences by coverage, which takes time; more steps than these fill read more at random


def pack_sequences(
    files: Mapping[str, np.ndarray], separator: int, options: FitOptions, reserved: int = 0
) -> np.ndarray:
    """Shuffled sequences (n, length) int64 of `files` (path to tokens), by `options.seed`: all of one pass over them, or, with
    `options.covering`, the most informative ones, as many as the steps take minus `reserved`. Files are concatenated, each after
    `separator` (a token); of a file with more than `tokens_per_file`, one part of that length is used. Independent of the order of
    `files`."""
    draw = random.Random(options.seed)
    paths = sorted(path for path, tokens in files.items() if len(tokens))
    draw.shuffle(paths)
    parts: dict[str, np.ndarray] = {}
    for path in paths:
        tokens = files[path]
        start = draw.randrange(max(len(tokens) - options.tokens_per_file, 0) + 1)
        parts[path] = tokens[start : start + options.tokens_per_file]
    pieces = [piece for part in parts.values() for piece in (np.array([separator]), part)]
    stream = np.concatenate([np.empty(0, np.int64), *pieces]).astype(np.int64)
    count = len(stream) // options.length
    sequences = stream[: count * options.length].reshape(count, options.length)
    order = list(range(count))
    draw.shuffle(order)
    if not options.covering:
        return sequences[order]
    wanted = text_sequence_count(options) - reserved
    chosen = select_covering(sequences, parts, min(wanted, _MAX_CHOSEN)).tolist()
    covering = set(chosen)
    rest = [place for place in order if place not in covering]
    if options.seconds is not None:
        # The number of steps is not known: the most informative text comes first.
        return sequences[[*chosen, *rest]]
    chosen += rest[: max(wanted - len(chosen), 0)]
    draw.shuffle(chosen)
    return sequences[chosen]


def text_sequence_count(options: FitOptions) -> int:
    """The number of sequences in the steps that train on text."""
    return (options.steps - int(options.steps * options.questions)) * options.batch


def prose_sequence_count(files: Mapping[str, np.ndarray], options: FitOptions) -> int:
    """The number of sequences of other prose to add: the options' share, of the steps and of the text that there is."""
    there = sum(min(len(tokens), options.tokens_per_file) + 1 for tokens in files.values()) // options.length
    return int(min(text_sequence_count(options), there / (1 - options.prose)) * options.prose)


def mix_in_prose(text: np.ndarray, prose: np.ndarray, share: float) -> np.ndarray:
    """`text` (n, length) with `prose` (m, length) inserted evenly, so that prose is `share` of the result, as far as there is enough."""
    count = min(int(len(text) * share / (1 - share)), len(prose))
    every = (1 - share) / share if share else 0.0
    places = [int((number + 1) * every) for number in range(count)]
    return np.insert(text, places, prose[:count], axis=0) if count else text


@dataclass(frozen=True, slots=True)
class Sequences:
    """The training sequences in order: `tokens` (n, length) int64, and which of them count for the loss: `loss_mask` (n, length) bool."""

    tokens: np.ndarray
    loss_mask: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, part: slice) -> Sequences:
        return Sequences(self.tokens[part], self.loss_mask[part])

    @property
    def digest(self) -> str:
        """SHA-256."""
        whole = hashlib.sha256(np.ascontiguousarray(self.tokens, "<i8").data)
        whole.update(np.packbits(self.loss_mask).data)
        return whole.hexdigest()


def interleave_rows(text: np.ndarray, rows: Sequences, options: FitOptions) -> Sequences:
    """Whole steps of text (n, length), all of whose tokens count, and among them, as evenly as can be, `options.questions` of the steps
    from `rows`; where one of them is used up, the other goes on alone. At most `options.steps`."""
    batch = options.batch
    text_count, row_count = len(text) // batch, len(rows) // batch if options.questions else 0
    chosen: list[tuple[np.ndarray, np.ndarray]] = []
    rows_used = text_used = 0
    while len(chosen) < options.steps and (rows_used < row_count or text_used < text_count):
        turn = int((len(chosen) + 1) * options.questions) > int(len(chosen) * options.questions)
        if rows_used < row_count and (turn or text_used == text_count):
            part = rows[rows_used * batch : (rows_used + 1) * batch]
            chosen.append((part.tokens, part.loss_mask))
            rows_used += 1
        else:
            tokens = text[text_used * batch : (text_used + 1) * batch]
            chosen.append((tokens, np.ones(tokens.shape, bool)))
            text_used += 1
    if not chosen:
        return Sequences(np.empty((0, options.length), np.int64), np.empty((0, options.length), bool))
    return Sequences(np.concatenate([c[0] for c in chosen]), np.concatenate([c[1] for c in chosen]))
