"""A bank of adapters with embeddings: the adapters nearest to the embedding of a question's part of the repository are mixed.

Whether nearness helps is measured against the control: uniform weights are the default, and a bank that knows the way must beat one
that draws its `mixture_m` at random.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import AdapterError, AdapterFileError
from .adapter import Adapter, Factors
from .files import digest_of, read_arrays, write_arrays
from .options import BankOptions

_DEFAULTS = BankOptions()
_SCHEMA = 1
_MAX_NAMES = 64 << 20


@dataclass(frozen=True, slots=True, eq=False)
class BankEntry:
    """`z` (dim,) is the embedding of the module `name`; `load` returns its adapter, which may have to be read or made first."""

    name: str
    z: np.ndarray
    load: Callable[[], Adapter]


@dataclass(frozen=True, slots=True)
class Mixture:
    """An adapter, and the entries it was mixed from: names, weights (which sum to 1) and cosines to the query embedding."""

    adapter: Adapter
    names: tuple[str, ...]
    weights: tuple[float, ...]
    cosines: tuple[float, ...]


def adapters_bank(
    entries: Sequence[BankEntry],
    z: np.ndarray,
    mixture_m: int = _DEFAULTS.mixture_m,
    weighting: str = _DEFAULTS.weighting,
    combine: str = _DEFAULTS.combine,
) -> Mixture:
    """The mixture of the `mixture_m` entries nearest to `z` (of all, where there are fewer), by cosine, then by name.

    `weighting` "uniform": all alike; "cosine": by their cosines, those below 0 not at all. `combine` "concat": factors beside each other,
    so that the delta is the weighted mean of the deltas, at the sum of the ranks; "average": the weighted means of the factors, which is
    an adapter of the same rank but not the mean of the deltas. Raises `AdapterError` where the bank is empty or its adapters do not fit
    each other, `ValueError` for arguments out of range.
    """
    if mixture_m < 1 or weighting not in ("uniform", "cosine") or combine not in ("concat", "average"):
        raise ValueError("mixture_m must be positive, weighting uniform or cosine, combine concat or average")
    chosen = nearest(entries, z, mixture_m)
    if not chosen:
        raise AdapterError("The bank holds no adapter: build one with `pathline build --modules`.")
    cosines = [max(cosine, 0.0) for _, cosine in chosen]
    if weighting == "uniform" or not any(cosines):
        cosines = [1.0] * len(chosen)
    weights = [c / sum(cosines) for c in cosines]
    adapters = [entry.load() for entry, _ in chosen]
    if len({len(adapter.layers) for adapter in adapters}) > 1:
        raise AdapterError("The adapters of the bank are for different models: build it anew.")
    mixed = (_concatenate if combine == "concat" else _average)(adapters, weights)
    return Mixture(mixed, tuple(e.name for e, _ in chosen), tuple(weights), tuple(c for _, c in chosen))


def nearest(entries: Sequence[BankEntry], z: np.ndarray, count: int) -> list[tuple[BankEntry, float]]:
    """The entries nearest to `z` with their cosines, best first; equal ones by name. Raises `ValueError` for another dimension."""
    found = [(entry, _cosine(entry.z, z)) for entry in entries]
    return sorted(found, key=lambda f: (-f[1], f[0].name))[:count]


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape:
        raise ValueError(f"embeddings of {a.shape} and {b.shape} cannot be compared")
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    length = float(np.linalg.norm(wide_a) * np.linalg.norm(wide_b))
    # To 12 digits: sums that differ in their last bits between processors must not change an order.
    return round(float(wide_a @ wide_b) / length, 12) if length else 0.0


def _concatenate(adapters: Sequence[Adapter], weights: Sequence[float]) -> Adapter:
    scale = adapters[0].scale or 1.0
    layers: list[dict[str, Factors]] = []
    for index in range(len(adapters[0].layers)):
        scaled_layers = [(a.layers[index], w * a.scale / scale) for a, w in zip(adapters, weights, strict=True)]
        weighted_layers = [(a.layers[index], w) for a, w in zip(adapters, weights, strict=True)]
        layer = {}
        for target in dict.fromkeys(t for layer_factors, _ in scaled_layers for t in layer_factors):
            parts = [(f[target], w) for f, w in scaled_layers if target in f]
            _check_shapes(target, [f for f, _ in parts])
            biases = [
                b * np.float32(w) for f, w in weighted_layers if target in f and (b := f[target].bias) is not None
            ]
            layer[target] = Factors(
                np.concatenate([f.down for f, _ in parts]),
                np.concatenate([f.up * np.float32(w) for f, w in parts], axis=1),
                sum(biases[1:], biases[0]) if biases else None,
            )
        layers.append(layer)
    rank = sum(adapter.rank for adapter in adapters)
    return Adapter(tuple(layers), rank, scale * rank)


def _average(adapters: Sequence[Adapter], weights: Sequence[float]) -> Adapter:
    first = adapters[0]
    if any((a.rank, a.alpha) != (first.rank, first.alpha) for a in adapters):
        raise AdapterError(
            "The adapters of the bank differ in rank or scale, so their factors have no mean: use concat."
        )
    layers: list[dict[str, Factors]] = []
    for index in range(len(first.layers)):
        layer = {}
        for target in dict.fromkeys(t for a in adapters for t in a.layers[index]):
            those = [a.layers[index][target] for a in adapters if target in a.layers[index]]
            if len(those) < len(adapters) or any(f.rank != those[0].rank for f in those):
                raise AdapterError(f"The adapters of the bank do not all have {target} at one rank: use concat.")
            _check_shapes(target, those)
            down, up = (
                sum(np.float32(w) * a for w, a in zip(weights, arrays, strict=True))
                for arrays in ([f.down for f in those], [f.up for f in those])
            )
            biases = [np.float32(w) * f.bias for w, f in zip(weights, those, strict=True) if f.bias is not None]
            layer[target] = Factors(np.asarray(down), np.asarray(up), sum(biases[1:], biases[0]) if biases else None)
        layers.append(layer)
    return Adapter(tuple(layers), first.rank, first.alpha)


def _check_shapes(target: str, factors: Sequence[Factors]) -> None:
    if len({f.shape for f in factors}) > 1:
        raise AdapterError(f"The adapters of the bank are for different models: {target} has several shapes.")


# -- files -------------------------------------------------------------------------------------------------------------


def save_embeddings(file: Path, embeddings: Sequence[tuple[str, np.ndarray]]) -> None:
    """Write names with their embeddings (all of one dimension). The same ones give the same bytes. Raises `OSError`."""
    names = np.frombuffer(json.dumps([name for name, _ in embeddings]).encode(), np.uint8)
    z = np.stack([z.astype("<f4") for _, z in embeddings]) if embeddings else np.zeros((0, 0), "<f4")
    arrays = {"names": names, "z": z}
    metadata_bytes = json.dumps({"schema": _SCHEMA, "sha256": digest_of(arrays)}, sort_keys=True).encode()
    write_arrays(file, {"meta": np.frombuffer(metadata_bytes, np.uint8), **arrays})


def load_embeddings(file: Path) -> list[tuple[str, np.ndarray]]:
    """Load what `save_embeddings` wrote: (name, z) pairs. Raises `AdapterFileError`."""
    arrays = read_arrays(file)
    try:
        metadata = json.loads(arrays.pop("meta").tobytes())
        if (
            metadata["schema"] != _SCHEMA
            or metadata["sha256"] != digest_of(arrays)
            or arrays["names"].nbytes > _MAX_NAMES
        ):
            raise ValueError("another version, or its checksum is wrong")
        names = json.loads(arrays["names"].tobytes())
        z = arrays["z"]
        if (
            not isinstance(names, list)
            or not all(isinstance(n, str) for n in names)
            or z.ndim != 2
            or len(z) != len(names)
        ):
            raise ValueError("names and embeddings do not fit together")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AdapterFileError(f"{file} is no bank of embeddings that can be read ({error}): build it anew.") from error
    return list(zip(names, z, strict=True))
