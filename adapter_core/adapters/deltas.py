"""What a mixture of adapters adds to each weight: scaled, mixed, trimmed; still as factors, in NumPy.

The delta of a target is (1 - g) · base + g · sub, each `scale * up @ down`. It is kept as one pair of factors, one adapter's components
beside the other's, with everything that scales it in `up`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import AdapterError
from .adapter import Adapter, Factors, LayerFactors
from .options import ABLATIONS, MixingOptions

Layers = Adapter | Sequence[LayerFactors]
_DEFAULTS = MixingOptions()


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the adapters of a mixture, its scale, and its share."""

    layers: tuple[LayerFactors, ...]
    scale: float
    share: float


def build_per_layer_deltas(
    base_layers: Layers | None,
    sub_layers: Layers | None = None,
    *,
    alpha_star: float | None = None,
    g_sub: float = _DEFAULTS.g_sub,
    rank: int | None = None,
    beta: float = _DEFAULTS.beta,
    target_weights: Mapping[str, float] | None = None,
    layer_multipliers: Sequence[float] | None = None,
    per_target_keep: Mapping[str, int] | None = None,
    per_target_keep_layers: Sequence[Mapping[str, int] | None] | None = None,
    rank_budget: int | None = None,
    ablate: Collection[str] = (),
) -> tuple[LayerFactors, ...]:
    """For each layer and target the factors of what is to be added: the delta is `up @ down`, without a further scale.

    Each adapter is scaled by `alpha_star / rank`; where these are None, by its own scale (or 1, for layers without one). With one adapter
    alone, `g_sub` plays no part; with two, one that lacks a target counts as 0 there. `target_weights` and `layer_multipliers` multiply
    (what is missing: 1). `beta` scales biases.

    `per_target_keep` and `per_target_keep_layers[i]` (the stricter counts) keep the best components of a target: of its singular value
    decomposition, so that what is lost is as small as can be (Eckart and Young, 1936). `rank_budget` then keeps so many over all, the
    largest singular values first. `ablate`: groups ("attn", "mlp") or targets that are left out. Raises `AdapterError` for adapters that
    do not fit each other, or hold what is no number, and `ValueError` for arguments out of range.
    """
    options = MixingOptions(
        alpha_star=alpha_star, g_sub=g_sub, rank=rank, beta=beta, target_weights=target_weights,
        layer_multipliers=layer_multipliers, per_target_keep=per_target_keep, per_target_keep_layers=per_target_keep_layers,
        rank_budget=rank_budget, ablate=ablate,
    )  # fmt: skip
    return tuple(layer_deltas(base_layers, sub_layers, options))


def layer_deltas(
    base_layers: Layers | None, sub_layers: Layers | None, options: MixingOptions
) -> Iterator[LayerFactors]:
    """As `build_per_layer_deltas`, but without a `rank_budget` layer by layer: the memory of one is free when the next is made. Arrays may
    be those of the adapters themselves. Raises what that raises, at once or on the way."""
    layers = _each_layer(base_layers, sub_layers, options)
    return layers if options.rank_budget is None else iter(_within_budget([*layers], options.rank_budget))


def _each_layer(
    base_layers: Layers | None, sub_layers: Layers | None, options: MixingOptions
) -> Iterator[LayerFactors]:
    g_sub, layer_multipliers = options.g_sub, options.layer_multipliers
    if not 0 <= g_sub <= 1:
        raise ValueError("g_sub must be from 0 to 1")
    parts = [
        _Part(_layers(layers), _scale(layers, options.alpha_star, options.rank), share)
        for layers, share in ((base_layers, 1 - g_sub), (sub_layers, g_sub))
        if layers is not None
    ]
    if len(parts) == 1:
        parts = [_Part(parts[0].layers, parts[0].scale, 1.0)]
    count = max((len(part.layers) for part in parts), default=0)
    if any(len(part.layers) != count for part in parts):
        raise AdapterError("The two adapters are for different models: one has more layers than the other.")
    if layer_multipliers is not None and len(layer_multipliers) < count:
        raise ValueError(f"layer_multipliers has {len(layer_multipliers)} numbers for {count} layers")
    left_out = {t for name in options.ablate for t in ABLATIONS.get(name, (name,))}

    def layer(index: int) -> LayerFactors:
        factor = 1.0 if layer_multipliers is None else float(layer_multipliers[index])
        found = {}
        for target in dict.fromkeys(t for part in parts for t in part.layers[index] if t not in left_out):
            weight = factor * (options.target_weights or {}).get(target, 1.0)
            if weight:
                mixed = _mix(target, index, parts, weight, options.beta)
                keep = _keep(target, index, options.per_target_keep, options.per_target_keep_layers)
                found[target] = truncated(mixed, keep)
        return found

    return (layer(index) for index in range(count))


def delta_norm(factors: Factors) -> float:
    """The Frobenius norm of `up @ down`, from the small matrices of inner products."""
    up, down = factors.up, factors.down
    return math.sqrt(max(float(((up.T @ up).astype(np.float64) * (down @ down.T)).sum()), 0.0))


def scaled(factors: Factors, factor: float) -> Factors:
    """Factors of the delta and the bias times a number."""
    bias = None if factors.bias is None else factors.bias * np.float32(factor)
    return Factors(factors.down, factors.up * np.float32(factor), bias)


def truncated(factors: Factors, keep: int | None) -> Factors:
    """The best factors of at most `keep` components (None: all), by singular values."""
    if keep is None or keep >= factors.rank:
        return factors
    left, values, right = decomposed(factors)
    keep = max(keep, 0)
    return Factors(right[:keep].astype(np.float32), (left[:, :keep] * values[:keep]).astype(np.float32), factors.bias)


def decomposed(factors: Factors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The singular value decomposition of `up @ down`, float64: (d_out, k), (k,), (k, d_in) with k at most the rank. The large matrix
    is not made: those of two QR decompositions are decomposed instead."""
    q_up, r_up = np.linalg.qr(factors.up.astype(np.float64))
    q_down, r_down = np.linalg.qr(factors.down.astype(np.float64).T)
    left, values, right = np.linalg.svd(r_up @ r_down.T)
    k = len(values)
    return q_up @ left[:, :k], values, right[:k] @ q_down.T


def _layers(given: Layers) -> tuple[LayerFactors, ...]:
    return given.layers if isinstance(given, Adapter) else tuple(given)


def _scale(given: Layers, alpha_star: float | None, rank: int | None) -> float:
    if rank is not None and rank < 1:
        raise ValueError("rank must be positive")
    own_rank = given.rank if isinstance(given, Adapter) else next((f.rank for x in given for f in x.values()), 1)
    if alpha_star is None:
        return given.scale if isinstance(given, Adapter) else 1.0
    if not math.isfinite(alpha_star):
        raise ValueError("alpha_star must be finite")
    return alpha_star / (rank if rank is not None else own_rank)


def _mix(target: str, layer: int, parts: Sequence[_Part], weight: float, beta: float) -> Factors:
    given = [(part.layers[layer][target], part) for part in parts if target in part.layers[layer]]
    if len({factors.shape for factors, _ in given}) > 1:
        shapes = " and ".join(str(factors.shape) for factors, _ in given)
        raise AdapterError(f"The two adapters are for different models: {target} has the shapes {shapes}.")
    ups = [_times(factors.up, part.scale * part.share * weight) for factors, part in given]
    downs = [factors.down for factors, _ in given]
    up = ups[0] if len(ups) == 1 else np.concatenate(ups, axis=1, dtype=np.float32)
    down = downs[0] if len(downs) == 1 else np.concatenate(downs, dtype=np.float32)
    biases = [_times(f.bias, part.share * weight * beta) for f, part in given if f.bias is not None]
    # A sum is finite where all of its parts are (or they cancel, which infinities do not): one look at each matrix.
    whole = math.isfinite(float(up.sum())) and math.isfinite(float(down.sum()))
    if not (whole and all(np.isfinite(bias).all() for bias in biases)):
        raise AdapterError(f"The adapter holds what is no number (in {target}): build it anew.")
    return Factors(down, up, sum(biases[1:], biases[0]) if biases else None)


def _times(array: np.ndarray, factor: float) -> np.ndarray:
    return array if factor == 1 else array * np.float32(factor)


def _keep(
    target: str,
    layer: int,
    per_target: Mapping[str, int] | None,
    per_layer: Sequence[Mapping[str, int] | None] | None,
) -> int | None:
    own = per_layer[layer] if per_layer is not None and layer < len(per_layer) else None
    told = [keep[target] for keep in (per_target, own) if keep is not None and target in keep]
    if any(k < 0 for k in told):
        raise ValueError("a rank to keep must not be negative")
    return min(told, default=None)


def _within_budget(deltas: Sequence[LayerFactors], budget: int) -> tuple[LayerFactors, ...]:
    if budget < 0:
        raise ValueError("rank_budget must not be negative")
    found = [
        (-value, layer, target)
        for layer, factors in enumerate(deltas)
        for target, one in factors.items()
        for value in decomposed(one)[1].tolist()
    ]
    kept: dict[tuple[int, str], int] = {}
    for _, layer, target in sorted(found)[:budget]:
        kept[layer, target] = kept.get((layer, target), 0) + 1
    return tuple(
        {target: truncated(one, kept.get((layer, target), 0)) for target, one in factors.items()}
        for layer, factors in enumerate(deltas)
    )
