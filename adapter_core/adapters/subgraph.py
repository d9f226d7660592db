"""An adapter for part of a repository, made on demand and cached: for the modules of a question or around a symbol.

    adapters = SubgraphAdapters(graph, model_sha256, from_bank(open_bank(folder), fingerprint))
    adapter = adapters.of_files(["shop/cart.py", "shop/money.py"])

Nothing uses it unasked: an adapter of its own for each question voids what a model remembers of the prompt before.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..code_graph import CodeGraph
from ..errors import AdapterError, AdapterFileError
from ..evidence.embedding import Embedder
from ..evidence.feature_cache import FeatureCache, features_version
from ..types import CancelToken
from .adapter import Adapter
from .bank import BankEntry, adapters_bank
from .files import digest_of, load_adapters_npz, save_npz
from .generator import VERSION, generate_from_options
from .options import BankOptions, GeneratorOptions
from .targets import Shape

_IN_MEMORY, _ON_DISK = 4, 32


@dataclass(frozen=True, slots=True)
class SubgraphMaker:
    """Makes the adapter of the files at some paths, from their embedding `z`. `key` identifies all other inputs."""

    key: str
    make: Callable[[np.ndarray, Sequence[str]], Adapter]


def from_embedding(
    d_model: int, layers: int, shapes: Mapping[str, Shape], options: GeneratorOptions | None = None
) -> SubgraphMaker:
    """The null adapter of the part's embedding."""
    chosen = options or GeneratorOptions()

    def make(z: np.ndarray, paths: Sequence[str]) -> Adapter:
        return generate_from_options(z, d_model, layers, shapes, chosen)

    return SubgraphMaker(_key("generated", VERSION, d_model, layers, sorted(shapes.items()), asdict(chosen)), make)


def from_bank(entries: Sequence[BankEntry], version: str, options: BankOptions | None = None) -> SubgraphMaker:
    """The mixture of the nearest entries of a bank. `version` identifies the adapters in it: the fingerprint of their build."""
    bank_options = options or BankOptions()

    def make(z: np.ndarray, paths: Sequence[str]) -> Adapter:
        return adapters_bank(entries, z, bank_options.mixture_m, bank_options.weighting, bank_options.combine).adapter

    bank_digest = digest_of({entry.name: np.asarray(entry.z) for entry in entries})
    return SubgraphMaker(_key("bank", version, bank_digest, asdict(bank_options)), make)


class SubgraphAdapters:
    """The adapters of parts of one graph for one model. The last few are cached in memory, some more in `folder`, if given.

    They are known by the model's SHA-256, the maker's key, and the paths and hashes of the files, in order: an edit makes another one.
    """

    def __init__(
        self,
        graph: CodeGraph,
        model_sha256: str,
        maker: SubgraphMaker,
        folder: Path | None = None,
        features: FeatureCache | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._graph, self._model, self._maker, self._folder = graph, model_sha256, maker, folder
        self._embedder = Embedder(graph, features=features, cancel=cancel)
        self._recent: OrderedDict[str, Adapter] = OrderedDict()

    def of_files(self, paths: Collection[str]) -> Adapter:
        """The adapter of files, by relative paths. Raises `AdapterError` if none of them exists, and what the maker raises."""
        return self._get_or_make(paths)[1]

    def file_of(self, paths: Collection[str]) -> Path:
        """As `of_files`, but returns its file in the folder. Also raises `AdapterError` if that cannot be written."""
        key, adapter = self._get_or_make(paths)
        if self._folder is None:
            raise AdapterError(
                "Adapters of parts of a repository are kept in memory alone here: give a folder for them."
            )
        file = self._folder / f"{key}.npz"
        if not file.exists():
            self._save(key, adapter)
        if not file.exists():
            raise AdapterError(f"The folder {self._folder} cannot be written.")
        return file

    def _get_or_make(self, paths: Collection[str]) -> tuple[str, Adapter]:
        """(key, adapter) of some files."""
        documents = [d for d in map(self._graph.document, sorted(set(paths))) if d is not None]
        if not documents:
            raise AdapterError("There is no file in this part of the repository to make an adapter of.")
        key = _key(self._model, self._maker.key, features_version(), [(d.path, d.sha256) for d in documents])
        if key in self._recent:
            self._recent.move_to_end(key)
            return key, self._recent[key]
        adapter = self._load(key)
        if adapter is None:
            found = [d.path for d in documents]
            adapter = self._maker.make(self._embedder.part(files=found, linked_tests=False).z, found)
            self._save(key, adapter)
        self._recent[key] = adapter
        while len(self._recent) > _IN_MEMORY:
            self._recent.popitem(last=False)
        return key, adapter

    def _load(self, key: str) -> Adapter | None:
        if self._folder is None:
            return None
        file = self._folder / f"{key}.npz"
        try:
            adapter = load_adapters_npz(file)
        except AdapterFileError:
            return None  # not there, or damaged: it is made anew
        with suppress(OSError):
            os.utime(file)
        return adapter

    def _save(self, key: str, adapter: Adapter) -> None:
        """Save the adapter on disk, and delete all but the most recently used ones. A folder that cannot be written only costs time."""
        if self._folder is None:
            return
        with suppress(OSError):
            save_npz(self._folder / f"{key}.npz", adapter)
            files = sorted(self._folder.glob("*.npz"), key=lambda f: -f.stat().st_mtime_ns)
            for file in files[_ON_DISK:]:
                file.unlink(missing_ok=True)


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "backslashreplace")).hexdigest()[:32]
