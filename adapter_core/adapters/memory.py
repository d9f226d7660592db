"""The memory of a repository: which token followed which others in its files, mixed into what a model predicts.

Contexts of one to eight tokens are kept, file by file as tokens and over all files as counts. The counts are additive, so an edit
subtracts those of the old text and adds those of the new: the same counts as if all had been counted anew.
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
from .remembering.followers import Model, after, known_of
from .remembering.gate import Gate, Known
from .remembering.store import read, write


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the memory says of the next token. The mixed probability of a token is `kept` times the model's, plus, for the tokens (m,)
    int64, sorted, their `shares` (m,) float64. `kept` and all shares sum to 1; without a known context `kept` is 1."""

    tokens: np.ndarray
    shares: np.ndarray
    kept: float


_NOTHING = Prediction(np.empty(0, np.int64), np.empty(0), 1.0)


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
        checked = {path: _checked(tokens) for path, tokens in files.items()}
        return cls(digest, checked, count(list(checked.values())), versions)

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
        """A file is now these tokens, or (None) gone. Afterwards everything is as if built from the files as they are now."""
        self.change({path: tokens}, {path: version})

    def change(self, files: Mapping[str, np.ndarray | None], versions: Mapping[str, str]) -> None:
        """As `update`, for several files at once."""
        new = {path: _checked(tokens) for path, tokens in files.items() if tokens is not None}
        old = [self._files.pop(path) for path in files if path in self._files]
        self._counts = add(self._counts, add(count(list(new.values())), count(old), -1))
        self._sums = None
        self._files.update(new)
        for path in files:
            self._versions.pop(path, None)
            if path in new and versions.get(path):
                self._versions[path] = versions[path]

    # -- predicting --------------------------------------------------------------------------------------------------

    def next_distribution(self, context: Sequence[int], model: Model, gate: Gate | None = None) -> Prediction:
        """What may follow `context`, of which only the last eight tokens matter. `gate` says how much it is believed (None: the fitted
        one). Takes a tenth of a millisecond."""
        known, found = after(self._counts, context, model)
        if not known.totals.any():
            return _NOTHING
        believed = (gate or Gate.fitted()).of(known)[0]
        shares, kept = [], 1.0
        for followers, weight in zip(reversed(found), reversed(believed.tolist()), strict=True):
            shares.append(followers.shares * (kept * weight))
            kept *= 1 - weight
        tokens, place = np.unique(np.concatenate([f.tokens for f in reversed(found)]), return_inverse=True)
        return Prediction(tokens, np.bincount(place, np.concatenate(shares), len(tokens)), float(kept))

    def known(self, tokens: np.ndarray, logs: np.ndarray, first: int = 1) -> Known:
        """What is known of the positions of a text from `first` (at least 1) on, for `Gate.mix`; `logs` (n, vocabulary): the log
        probabilities that the model gives there."""
        if self._sums is None:
            self._sums = np.concatenate([[0], np.cumsum(self._counts.numbers, dtype=np.int64)])
        return known_of(self._counts, self._sums, tokens, first, logs)

    # -- files -------------------------------------------------------------------------------------------------------

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write it as one file. Equal memories are equal bytes. Raises `OSError`.

        Afterwards it no longer rests on a file that it was loaded from: Windows replaces no file that is mapped.
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
        """What `save` wrote; its arrays are mapped. Raises `AdapterFileError`, also where it is for another tokenizer than that of
        `digest`."""
        header, arrays = read(file)
        if header["tokenizer"] != digest:
            raise AdapterFileError(f"The memory {file} was built with another model's tokenizer: build it anew.")
        ends = arrays["ends"].tolist()
        parts = zip(header["paths"], [0, *ends][: len(ends)], ends, strict=True)
        files = {path: arrays["tokens"][start:end] for path, start, end in parts}
        versions = {path: version for path, version in zip(header["paths"], header["versions"], strict=True) if version}
        return cls(digest, files, Counts(arrays["keys"], arrays["numbers"]), versions)


def tokenizer_digest(tokenizer: Any) -> str:
    """The SHA-256 of what decides how text becomes tokens: none of a model's weights, and not what a call left there about padding."""
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        text = repr(sorted(tokenizer.get_vocab().items()))
    else:
        told = {**json.loads(fast.to_str()), "padding": None, "truncation": None}
        text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _checked(tokens: np.ndarray) -> np.ndarray:
    if len(tokens) and int(tokens.max()) > MAX_TOKEN:
        raise UsageError(f"A memory holds token ids up to {MAX_TOKEN}: this model's vocabulary is larger.")
    return np.asarray(tokens, np.uint32)
