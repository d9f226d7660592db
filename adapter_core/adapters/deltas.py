"""The deltas that a mixture of adapters adds to each weight: scaled, mixed, truncated; still as factors, in NumPy.

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
class _WeightedAdapter:
    """An adapter of a mixture, with its scale and its share."""

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
    """For each layer and target the factors of the delta, which is `up @ down` without a further scale.

    Each adapter is scaled by `alpha_star / rank`; if these are None, by its own scale (or 1, for layers without one). With a single
    adapter, `g_sub` has no effect; with two, one that lacks a target counts as 0 there. `target_weights` and `layer_multipliers` are
    factors (default: 1). `beta` scales biases.

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
    layers = _mix_layers(base_layers, sub_layers, options)
    return layers if options.rank_budget is None else iter(_apply_rank_budget([*layers], options.rank_budget))


def _mix_layers(
    base_layers: Layers | None, sub_layers: Layers | None, options: MixingOptions
) -> Iterator[LayerFactors]:
    g_sub, layer_multipliers = options.g_sub, options.layer_multipliers
    if not 0 <= g_sub <= 1:
        raise ValueError("g_sub must be from 0 to 1")
    parts = [
        _WeightedAdapter(_layers_of(layers), _scale_of(layers, options.alpha_star, options.rank), share)
        for layers, share in ((base_layers, 1 - g_sub), (sub_layers, g_sub))
        if layers is not None
    ]
    if len(parts) == 1:
        parts = [_WeightedAdapter(parts[0].layers, parts[0].scale, 1.0)]
    count = max((len(part.layers) for part in parts), default=0)
    if any(len(part.layers) != count for part in parts):
        raise AdapterError("The two adapters are for different models: one has more layers than the other.")
    if layer_multipliers is not None and len(layer_multipliers) < count:
        raise ValueError(f"layer_multipliers has {len(layer_multipliers)} numbers for {count} layers")
    ablated = {t for name in options.ablate for t in ABLATIONS.get(name, (name,))}

    def layer(index: int) -> LayerFactors:
        factor = 1.0 if layer_multipliers is None else float(layer_multipliers[index])
        mixed_layer = {}
        for target in dict.fromkeys(t for part in parts for t in part.layers[index] if t not in ablated):
            weight = factor * (options.target_weights or {}).get(target, 1.0)
            if weight:
                mixed = _mix(target, index, parts, weight, options.beta)
                keep = _rank_limit(target, index, options.per_target_keep, options.per_target_keep_layers)
                mixed_layer[target] = truncate_rank(mixed, keep)
        return mixed_layer

    return (layer(index) for index in range(count))


def delta_norm(factors: Factors) -> float:
    """The Frobenius norm of `up @ down`, from the small matrices of inner products."""
    up, down = factors.up, factors.down
    return math.sqrt(max(float(((up.T @ up).astype(np.float64) * (down @ down.T)).sum()), 0.0))


def scale_factors(factors: Factors, factor: float) -> Factors:
    """The factors of `factor` times the delta, bias included."""
    bias = None if factors.bias is None else factors.bias * np.float32(factor)
    return Factors(factors.down, factors.up * np.float32(factor), bias)


def truncate_rank(factors: Factors, keep: int | None) -> Factors:
    """The best approximation of rank at most `keep` (None: unchanged), by singular values."""
    if keep is None or keep >= factors.rank:
        return factors
    left, values, right = decompose_delta(factors)
    keep = max(keep, 0)
    return Factors(right[:keep].astype(np.float32), (left[:, :keep] * values[:keep]).astype(np.float32), factors.bias)


def decompose_delta(factors: Factors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The singular value decomposition of `up @ down`, float64: (d_out, k), (k,), (k, d_in) with k at most the rank. The large matrix
    is not made: those of two QR decompositions are decomposed instead."""
    q_up, r_up = np.linalg.qr(factors.up.astype(np.float64))
    q_down, r_down = np.linalg.qr(factors.down.astype(np.float64).T)
    left, values, right = np.linalg.svd(r_up @ r_down.T)
    k = len(values)
    return q_up @ left[:, :k], values, right[:k] @ q_down.T


def _layers_of(adapter: Layers) -> tuple[LayerFactors, ...]:
    return adapter.layers if isinstance(adapter, Adapter) else tuple(adapter)


def _scale_of(adapter: Layers, alpha_star: float | None, rank: int | None) -> float:
    if rank is not None and rank < 1:
        raise ValueError("rank must be positive")
    own_rank = adapter.rank if isinstance(adapter, Adapter) else next((f.rank for x in adapter for f in x.values()), 1)
    if alpha_star is None:
        return adapter.scale if isinstance(adapter, Adapter) else 1.0
    if not math.isfinite(alpha_star):
        raise ValueError("alpha_star must be finite")
    return alpha_star / (rank if rank is not None else own_rank)


def _mix(target: str, layer: int, parts: Sequence[_WeightedAdapter], weight: float, beta: float) -> Factors:
    matching = [(part.layers[layer][target], part) for part in parts if target in part.layers[layer]]
    if len({factors.shape for factors, _ in matching}) > 1:
        shapes = " and ".join(str(factors.shape) for factors, _ in matching)
        raise AdapterError(f"The two adapters are for different models: {target} has the shapes {shapes}.")
    ups = [_multiplied(factors.up, part.scale * part.share * weight) for factors, part in matching]
    downs = [factors.down for factors, _ in matching]
    up = ups[0] if len(ups) == 1 else np.concatenate(ups, axis=1, dtype=np.float32)
    down = downs[0] if len(downs) == 1 else np.concatenate(downs, dtype=np.float32)
    biases = [_multiplied(f.bias, part.share * weight * beta) for f, part in matching if f.bias is not None]
    # A sum is finite where all of its parts are (or they cancel, which infinities do not): one look at each matrix.
    is_finite = math.isfinite(float(up.sum())) and math.isfinite(float(down.sum()))
    if not (is_finite and all(np.isfinite(bias).all() for bias in biases)):
        raise AdapterError(f"The adapter holds what is no number (in {target}): build it anew.")
    return Factors(down, up, sum(biases[1:], biases[0]) if biases else None)


def _multiplied(array: np.ndarray, factor: float) -> np.ndarray:
    return array if factor == 1 else array * np.float32(factor)


def _rank_limit(
    target: str,
    layer: int,
    per_target: Mapping[str, int] | None,
    per_layer: Sequence[Mapping[str, int] | None] | None,
) -> int | None:
    layer_limits = per_layer[layer] if per_layer is not None and layer < len(per_layer) else None
    limits = [keep[target] for keep in (per_target, layer_limits) if keep is not None and target in keep]
    if any(k < 0 for k in limits):
        raise ValueError("a rank to keep must not be negative")
    return min(limits, default=None)


def _apply_rank_budget(deltas: Sequence[LayerFactors], budget: int) -> tuple[LayerFactors, ...]:
    if budget < 0:
        raise ValueError("rank_budget must not be negative")
    ranked = [
        (-value, layer, target)
        for layer, factors in enumerate(deltas)
        for target, delta in factors.items()
        for value in decompose_delta(delta)[1].tolist()
    ]
    ranks: dict[tuple[int, str], int] = {}
    for _, layer, target in sorted(ranked)[:budget]:
        ranks[layer, target] = ranks.get((layer, target), 0) + 1
    return tuple(
        {target: truncate_rank(delta, ranks.get((layer, target), 0)) for target, delta in factors.items()}
        for layer, factors in enumerate(deltas)
    )
