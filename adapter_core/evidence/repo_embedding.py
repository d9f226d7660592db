"""The embedding of a repository as a value: its vector, the views that are summed in it, and their density; saving and loading."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .factors import VIEWS
from .hashing import Density, unit
from .options import EmbeddingOptions

ARRAYS, DIAGNOSTICS = "embedding.npz", "embedding.json"
_SCHEMA = 1


@dataclass(frozen=True, slots=True, eq=False)
class RepoEmbedding:
    """`z`: float32 (dim,), the weighted sum of the views, at length 1 (all zeros where they are). `z_…`: the views, float32 (dim,),
    each at length 1 or all zeros. `density`: how full each view is. `files`: how many files it was made of."""

    z: np.ndarray
    z_sym: np.ndarray
    z_doc: np.ndarray
    z_mod: np.ndarray
    z_top: np.ndarray
    z_types: np.ndarray
    z_calls: np.ndarray
    z_tests: np.ndarray
    z_text: np.ndarray
    density: Mapping[str, Density]
    files: int
    options: EmbeddingOptions

    def view(self, name: str) -> np.ndarray:
        """One of `factors.VIEWS`. Raises `KeyError`."""
        if name not in VIEWS:
            raise KeyError(name)
        view: np.ndarray = getattr(self, f"z_{name}")
        return view

    @property
    def sha256(self) -> str:
        """Of the bytes of `z`, little-endian."""
        return hashlib.sha256(self.z.astype("<f4").tobytes()).hexdigest()

    def reweighted(self, weights: Mapping[str, float]) -> np.ndarray:
        """`z` as it would be with other weights for some views: float32 (dim,), length 1."""
        total = np.zeros(self.options.dim)
        for view in VIEWS:
            total = total + weights.get(view, self.options.weight(view)) * self.view(view).astype(np.float64)
        return unit(total).astype(np.float32)

    def diagnostics(self) -> dict[str, Any]:
        """Hash, size, density and options as JSON data."""
        return {
            "schema": _SCHEMA,
            "sha256": self.sha256,
            "files": self.files,
            "non_zeros": int(np.count_nonzero(self.z)),
            "views": {view: asdict(self.density[view]) for view in VIEWS},
            "options": asdict(self.options),
        }

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write `embedding.npz` and `embedding.json` into a folder, which is created if needed. Raises `OSError`."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        arrays = {"z": self.z, **{f"z_{view}": self.view(view) for view in VIEWS}}
        np.savez(target / ARRAYS, **{name: array.astype("<f4") for name, array in arrays.items()})  # type: ignore[arg-type]
        (target / DIAGNOSTICS).write_text(json.dumps(self.diagnostics(), indent=2, sort_keys=True) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> RepoEmbedding:
        """Read what `save` wrote. Raises `OSError`, and `ValueError` where it is damaged or of another version."""
        source = Path(folder)
        try:
            diagnostics = json.loads((source / DIAGNOSTICS).read_text("utf-8"))
            options = EmbeddingOptions(**diagnostics["options"])
            density = {view: Density(**diagnostics["views"][view]) for view in VIEWS}
            with np.load(source / ARRAYS, allow_pickle=False) as data:
                arrays = {name: data[name] for name in ("z", *(f"z_{view}" for view in VIEWS))}
            embedding = cls(**arrays, density=density, files=diagnostics["files"], options=options)
            is_intact = all(a.shape == (options.dim,) and a.dtype == np.float32 for a in arrays.values())
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{source} holds no embedding that can be read: {error}") from error
        if diagnostics.get("schema") != _SCHEMA or not is_intact or diagnostics.get("sha256") != embedding.sha256:
            raise ValueError(f"{source} holds a damaged embedding, or one of another version: build it anew")
        return embedding
