"""A cache of the features of files by the hash of their content, in memory and, if wanted, in one NPZ file."""

from __future__ import annotations

import functools
import hashlib
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..graph.storage.version import index_version
from ..whole_files import whole_file
from .factors import VIEWS
from .hashing import Counts
from .options import EmbeddingOptions

# Modules that determine the features, beside those that determine the index.
_FEATURE_MODULES = ("evidence/commonplace", "evidence/factors", "evidence/hashing", "graph/linking/names/modules")


class FeatureCache:
    """Features of files by path, module and content. One file takes some kilobytes."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Mapping[str, Counts]] = {}
        self._requested: set[bytes] = set()
        self.hits = 0
        self.misses = 0

    def get(
        self,
        path: str,
        module: str,
        sha256: str,
        options: EmbeddingOptions,
        compute: Callable[[], Mapping[str, Counts]],
    ) -> Mapping[str, Counts]:
        """The features of a file by view; `compute` is called where they are not cached."""
        text_limits = (options.text_max_bytes, options.max_text_tokens) if options.include_text else ()
        key = hashlib.sha256(repr((features_version(), path, module, sha256, text_limits)).encode()).digest()
        self._requested.add(key)
        if key in self._entries:
            self.hits += 1
        else:
            self.misses += 1
            self._entries[key] = compute()
        return self._entries[key]

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write the entries that were requested since loading; the others belong to files that have changed or gone. Raises `OSError`."""
        keys = sorted(self._requested & self._entries.keys())
        empty = Counts(np.zeros(0, np.uint64), np.zeros(0, np.int64))
        parts = [self._entries[key].get(view, empty) for key in keys for view in VIEWS]
        with whole_file(Path(file)) as stream:
            np.savez(
                stream,
                keys=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 32),
                bounds=np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64),
                hashes=np.concatenate([empty.hashes, *(p.hashes for p in parts)]),
                counts=np.concatenate([empty.counts, *(p.counts for p in parts)]),
            )

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> FeatureCache:
        """Load a saved cache; an empty one where the file is missing or damaged."""
        cache = cls()
        try:
            with np.load(file, allow_pickle=False) as data:
                keys, bounds, hashes, counts = (data[name] for name in ("keys", "bounds", "hashes", "counts"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return cache
        is_intact = (
            bounds.shape == (len(keys) * len(VIEWS) + 1,) and keys.shape[1:] == (32,) and hashes.dtype == np.uint64
        )
        if not is_intact or counts.dtype != np.int64 or not len(hashes) == len(counts) == bounds[-1]:
            return cache
        for position, key in enumerate(keys):
            ends = bounds[position * len(VIEWS) : (position + 1) * len(VIEWS) + 1].tolist()
            views = {
                v: Counts(hashes[ends[i] : ends[i + 1]], counts[ends[i] : ends[i + 1]]) for i, v in enumerate(VIEWS)
            }
            cache._entries[key.tobytes()] = {view: counted for view, counted in views.items() if len(counted)}
        return cache


@functools.cache
def features_version() -> str:
    """A hash of the code that determines the features."""
    digest = hashlib.sha256(index_version("features").encode())
    for name in _FEATURE_MODULES:
        # Line ends differ between checkouts.
        digest.update((Path(__file__).parents[1] / f"{name}.py").read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
