"""From files to sequences of equal length: no padding, each token of the budget is trained on."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping

import numpy as np

from .fit_options import FitOptions


def packed(files: Mapping[str, np.ndarray], separator: int, options: FitOptions) -> np.ndarray:
    """All sequences (n, length) int64 of one shuffled pass over `files` (path to tokens), by `options.seed`. Files follow each other,
    `separator` (a token) before each; of a file with more than `tokens_per_file`, one part of that length is taken. The same for the
    same files, in whatever order these come."""
    draw = random.Random(options.seed)
    paths = sorted(path for path, tokens in files.items() if len(tokens))
    draw.shuffle(paths)
    parts: list[np.ndarray] = []
    for path in paths:
        tokens = files[path]
        start = draw.randrange(max(len(tokens) - options.tokens_per_file, 0) + 1)
        parts += [np.array([separator]), tokens[start : start + options.tokens_per_file]]
    stream = np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int64)
    count = len(stream) // options.length
    order = list(range(count))
    draw.shuffle(order)
    return stream[: count * options.length].reshape(count, options.length)[order]


def digest_of(sequences: np.ndarray) -> str:
    """The SHA-256 of what is trained on, in its order."""
    return hashlib.sha256(np.ascontiguousarray(sequences, "<i8").data).hexdigest()
