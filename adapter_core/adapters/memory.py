"""The memory of a repository: which token followed which others in its files, mixed into the model's predictions.

Contexts of one to eight tokens are kept, file by file as tokens and over all files as counts. The counts are additive, so an edit
subtracts those of the old text and adds those of the new: the result equals a new count of everything.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import AdapterFileError, UsageError
from .remembering.counts import MAX_TOKEN, Counts, add, count
from .remembering.followers import ModelView, stats_after, stats_of_text
from .remembering.gate import ContextStats, Gate
from .remembering.store import read, write


@dataclass(frozen=True, slots=True)
class Prediction:
    """The memory's part in the distribution of the next token. The mixed probability of a token is `model_weight` times the model's, plus
    its share: `shares` (m,) float64 of `tokens` (m,) int64, sorted. `model_weight` and all shares sum to 1; without a known context
    `model_weight` is 1."""

    tokens: np.ndarray
    shares: np.ndarray
    model_weight: float


_MODEL_ALONE = Prediction(np.empty(0, np.int64), np.empty(0), 1.0)


class Memory:
    """Counts over the files of a repository, for the tokenizer whose digest it carries (`tokenizer_digest`)."""

    def __init__(
        self, digest: str, files: Mapping[str, np.ndarray], counts: Counts, versions: Mapping[str, str] | None = None
    ) -> None:
        self.digest = digest
        self._files = dict(files)
        self._versions = dict(versions or {})
        self._counts = counts
        self._sums: np.ndarray | None = None

    @classmethod
    def build(cls, files: Mapping[str, np.ndarray], digest: str, versions: Mapping[str, str] | None = None) -> Memory:
        """The memory of files given as tokens (path to (n,) integers). `versions`: a hash of the text of each, to know what has changed.
        Raises `UsageError` for ids of 2**20 and more."""
        files_by_path = {path: _check_token_ids(tokens) for path, tokens in files.items()}
        return cls(digest, files_by_path, count(list(files_by_path.values())), versions)

    @property
    def counts(self) -> Counts:
        return self._counts

    @property
    def files(self) -> Mapping[str, np.ndarray]:
        """The tokens of each file."""
        return self._files

    @property
    def token_count(self) -> int:
        return sum(map(len, self._files.values()))

    @property
    def versions(self) -> Mapping[str, str]:
        """The hash of the text of each file, where one was given."""
        return self._versions

    def update(self, path: str, tokens: np.ndarray | None, version: str = "") -> None:
        """Replace the tokens of a file, or (None) remove it. The result equals a memory built from the new files."""
        self.change({path: tokens}, {path: version})

    def change(self, files: Mapping[str, np.ndarray | None], versions: Mapping[str, str]) -> None:
        """As `update`, for several files at once."""
        new = {path: _check_token_ids(tokens) for path, tokens in files.items() if tokens is not None}
        old = [self._files[path] for path in files if path in self._files]
        # All of it before anything is changed: where memory runs out, files and counts still belong together.
        counts = add(self._counts, add(count(list(new.values())), count(old), -1))
        kept = {path: tokens for path, tokens in self._files.items() if path not in files}
        known = {path: version for path, version in self._versions.items() if path not in files}
        known.update({path: versions[path] for path in new if versions.get(path)})
        self._files, self._versions, self._counts, self._sums = {**kept, **new}, known, counts, None

    # -- predicting --------------------------------------------------------------------------------------------------

    def next_distribution(self, context: Sequence[int], model: ModelView, gate: Gate | None = None) -> Prediction:
        """The prediction after `context`, of which only the last eight tokens matter. `gate` sets the memory's weight (None: the fitted
        one). Takes a tenth of a millisecond."""
        stats, followers_by_length = stats_after(self._counts, context, model)
        if not stats.totals.any():
            return _MODEL_ALONE
        gate_weights = (gate or Gate.fitted()).of(stats)[0]
        shares, model_weight = [], 1.0
        for followers, weight in zip(reversed(followers_by_length), reversed(gate_weights.tolist()), strict=True):
            shares.append(followers.shares * (model_weight * weight))
            model_weight *= 1 - weight
        tokens, place = np.unique(
            np.concatenate([f.tokens for f in reversed(followers_by_length)]), return_inverse=True
        )
        return Prediction(tokens, np.bincount(place, np.concatenate(shares), len(tokens)), float(model_weight))

    def stats_of(self, tokens: np.ndarray, logs: np.ndarray, first: int = 1) -> ContextStats:
        """The statistics of the positions of a text from `first` (at least 1) on, for `Gate.mix`; `logs` (n, vocabulary): the log
        probabilities that the model gives there."""
        if self._sums is None:
            self._sums = np.concatenate([[0], np.cumsum(self._counts.numbers, dtype=np.int64)])
        return stats_of_text(self._counts, self._sums, tokens, first, logs)

    # -- files -------------------------------------------------------------------------------------------------------

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write it as one file. Equal memories are equal bytes. Raises `OSError`.

        First copies the arrays that are mapped from the file it was loaded from: Windows cannot replace a mapped file.
        """
        self._files = {path: np.array(tokens) for path, tokens in self._files.items()}
        self._counts = Counts(np.array(self._counts.keys), np.array(self._counts.numbers))
        paths = sorted(self._files)
        tokens = [self._files[path] for path in paths]
        write(
            file,
            {"tokenizer": self.digest, "paths": paths, "versions": [self._versions.get(path, "") for path in paths]},
            {
                "keys": self._counts.keys,
                "numbers": self._counts.numbers,
                "tokens": np.concatenate([np.empty(0, np.uint32), *tokens]),
                "ends": np.cumsum([len(t) for t in tokens], dtype=np.int64),
            },
        )

    @classmethod
    def load(cls, file: str | os.PathLike[str], digest: str) -> Memory:
        """Load what `save` wrote, with memory-mapped arrays. Raises `AdapterFileError`, also if its tokenizer digest is not `digest`."""
        header, arrays = read(file)
        if header["tokenizer"] != digest:
            raise AdapterFileError(f"The memory {file} was built with another model's tokenizer: build it anew.")
        ends = arrays["ends"].tolist()
        if (
            not len(ends) == len(header["paths"])
            or [0, *ends] != sorted([*ends, 0])
            or (ends or [0])[-1] != len(arrays["tokens"])
        ):
            raise AdapterFileError(
                f"The memory {file} is damaged (its files are not those of its tokens): build it anew."
            )
        if len(arrays["keys"]) != len(arrays["numbers"]):
            raise AdapterFileError(
                f"The memory {file} is damaged (its counts are not those of its keys): build it anew."
            )
        parts = zip(header["paths"], [0, *ends][: len(ends)], ends, strict=True)
        files = {path: arrays["tokens"][start:end] for path, start, end in parts}
        versions = {path: version for path, version in zip(header["paths"], header["versions"], strict=True) if version}
        return cls(digest, files, Counts(arrays["keys"], arrays["numbers"]), versions)


def tokenizer_digest(tokenizer: Any) -> str:
    """The SHA-256 of everything that determines tokenization, without the padding and truncation state that calls leave there."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        text = repr(sorted(tokenizer.get_vocab().items()))
    else:
        normalised = {**json.loads(backend.to_str()), "padding": None, "truncation": None}
        text = json.dumps(normalised, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check_token_ids(tokens: np.ndarray) -> np.ndarray:
    if len(tokens) and int(tokens.max()) > MAX_TOKEN:
        raise UsageError(f"A memory holds token ids up to {MAX_TOKEN}: this model's vocabulary is larger.")
    return np.asarray(tokens, np.uint32)
