"""An adapter from an embedding alone, the same on every platform: the null model.

Directions are seeded noise; the embedding determines the weight and sign of each. Measured (docs/adapters.md), it makes unseen text less
likely, never more: it is the control that any other adapter has to beat, and off unless it wins.

Everything that affects the result is computed in integers, or in float operations that IEEE 754 rounds correctly. The random numbers are
SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) of a counter: number i of a stream is a
function of its key and of i, so that NumPy and Torch make the same ones, on any device, in any order. Norms, sines and the like differ
in their last bits between libraries; they enter only after rounding to 12 or 16 bits behind the point.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .adapter import Adapter, Factors
from .options import LAYER_GATES, GeneratorOptions
from .targets import TARGETS, Shape

VERSION = 1
_DEFAULTS = GeneratorOptions()
_GAMMA, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_POINT = 12  # bits behind the point of gates and weights
_Z_POINT = 24  # of the embedding's numbers, so that their sums are exact
_CAP_POINT = 16
_SQRT3 = 1.7320508


@dataclass(frozen=True, slots=True)
class _TargetMap:
    """One target of one layer: the keys of its random streams, and the factor of each of its components (`gains`, float32, (rank,))."""

    down_key: int
    up_key: int
    gains: np.ndarray
    shape: Shape


def generate_lora_from_embedding(
    z: np.ndarray,
    d_model: int,
    num_layers: int,
    rank: int = _DEFAULTS.rank,
    seed: int = _DEFAULTS.seed,
    targets: Sequence[str] | None = None,
    target_shapes: Mapping[str, Shape] | None = None,
    layer_gate: str = _DEFAULTS.layer_gate,
    target_weights: Mapping[str, float] | None = None,
    learn_bias: bool = _DEFAULTS.learn_bias,
    map_cap: float = _DEFAULTS.map_cap,
    rounded: bool = _DEFAULTS.rounded,
) -> Adapter:
    """The adapter of an embedding `z` (any length of at least one number for each target; its norm does not matter).

    Targets (default: all that have a shape) have the shapes of `target_shapes`, (d_out, d_in), or (d_model, d_model). Each takes its own
    segment of z; `gate_proj` and `up_proj`, whose outputs are multiplied, read the same directions. `layer_gate`: "linear" rises with
    depth, "cosine" rises smoothly, "hump" is strongest in the middle, "zmean" follows the mean of the layer's part of z.
    `target_weights` multiply a target's maps; then each map's Frobenius norm is brought down to `map_cap`. `learn_bias` adds biases of
    zeros, for those who train them. The adapter's scale is 1. Raises `ValueError` for what is out of range.
    """
    plan = _plan(z, d_model, num_layers, rank, seed, targets, target_shapes, layer_gate, target_weights)
    layers = []
    for maps in plan:
        layer = {}
        for target, map_ in maps.items():
            d_out, d_in = map_.shape
            down = (_uniform(map_.down_key, rank * d_in) * _unit_scale(d_in)).reshape(rank, d_in)
            up = (_uniform(map_.up_key, d_out * rank) * _unit_scale(d_out)).reshape(d_out, rank) * map_.gains
            down, up = _round_to_float16(down, rounded), _round_to_float16(up, rounded)
            up = _round_to_float16(up * _cap_factor(_map_norm(up, down), map_cap), rounded)
            layer[target] = Factors(down, up, np.zeros(d_out, np.float32) if learn_bias else None)
        layers.append(layer)
    return Adapter(tuple(layers), rank, float(rank))


def generate_from_options(
    z: np.ndarray,
    d_model: int,
    num_layers: int,
    shapes: Mapping[str, Shape],
    options: GeneratorOptions,
    target_weights: Mapping[str, float] | None = None,
) -> Adapter:
    """`generate_lora_from_embedding` with `options`, for the targets in `shapes` that the options name."""
    return generate_lora_from_embedding(
        z, d_model, num_layers, options.rank, options.seed, target_shapes={t: s for t, s in shapes.items() if t in options.targets},
        layer_gate=options.layer_gate, target_weights=target_weights, learn_bias=options.learn_bias, map_cap=options.map_cap,
        rounded=options.rounded,
    )  # fmt: skip


def generate_lora_from_embedding_torch(
    z: Any,
    d_model: int,
    num_layers: int,
    rank: int = _DEFAULTS.rank,
    seed: int = _DEFAULTS.seed,
    targets: Sequence[str] | None = None,
    target_shapes: Mapping[str, Shape] | None = None,
    layer_gate: str = _DEFAULTS.layer_gate,
    target_weights: Mapping[str, float] | None = None,
    learn_bias: bool = _DEFAULTS.learn_bias,
    map_cap: float = _DEFAULTS.map_cap,
    rounded: bool = _DEFAULTS.rounded,
    device: Any = None,
) -> list[dict[str, dict[str, Any]]]:
    """As `generate_lora_from_embedding`, on a Torch device: for each layer and target the tensors "down", "up" and, with `learn_bias`,
    "bias", float32. The same numbers, to 1e-6 at least (a norm may be added up otherwise)."""
    import torch

    values = z.detach().cpu().numpy() if isinstance(z, torch.Tensor) else z
    plan = _plan(values, d_model, num_layers, rank, seed, targets, target_shapes, layer_gate, target_weights)

    def round16(x: Any) -> Any:
        return x.to(torch.float16).to(torch.float32) if rounded else x

    layers = []
    for maps in plan:
        layer = {}
        for target, map_ in maps.items():
            d_out, d_in = map_.shape
            gains = torch.from_numpy(map_.gains).to(device)
            down = (_uniform_torch(map_.down_key, rank * d_in, device) * float(_unit_scale(d_in))).reshape(rank, d_in)
            up = (_uniform_torch(map_.up_key, d_out * rank, device) * float(_unit_scale(d_out))).reshape(
                d_out, rank
            ) * gains
            down, up = round16(down), round16(up)
            wide_up, wide_down = up.double(), down.double()
            square = ((wide_up.T @ wide_up) * (wide_down @ wide_down.T)).sum().item()
            up = round16(up * float(_cap_factor(math.sqrt(max(square, 0.0)), map_cap)))
            layer[target] = {"down": down, "up": up}
            if learn_bias:
                layer[target]["bias"] = torch.zeros(d_out, dtype=torch.float32, device=device)
        layers.append(layer)
    return layers


# -- what both have in common ------------------------------------------------------------------------------------------


def _plan(
    z: np.ndarray,
    d_model: int,
    num_layers: int,
    rank: int,
    seed: int,
    targets: Sequence[str] | None,
    target_shapes: Mapping[str, Shape] | None,
    layer_gate: str,
    target_weights: Mapping[str, float] | None,
) -> Iterator[dict[str, _TargetMap]]:
    if rank < 1 or num_layers < 1 or d_model < 1:
        raise ValueError("rank, num_layers and d_model must be positive")
    if layer_gate not in LAYER_GATES:
        raise ValueError(f"layer_gate must be one of {', '.join(LAYER_GATES)}")
    selected = tuple(targets) if targets is not None else tuple(target_shapes or TARGETS)
    if set(selected) - set(TARGETS) or not selected:
        raise ValueError(f"targets must be some of {', '.join(TARGETS)}")
    if target_shapes is not None and set(selected) - set(target_shapes):
        raise ValueError(f"there is no shape of {', '.join(sorted(set(selected) - set(target_shapes)))}")
    selected = tuple(t for t in TARGETS if t in selected)
    unit = _normalise(z)
    if len(unit) < len(selected):
        raise ValueError(f"an embedding of {len(unit)} numbers has no segment for each of {len(selected)} targets")
    segments = dict(zip(selected, np.array_split(unit, len(selected)), strict=True))
    shapes = {t: (target_shapes[t] if target_shapes is not None else (d_model, d_model)) for t in selected}
    weights = {t: _round_to_bits((target_weights or {}).get(t, 1.0), _POINT) for t in selected}
    gates = _layer_gates(layer_gate, unit, num_layers)
    # Lazily: an adapter is made layer by layer, and the arguments are checked at once.
    return (
        {t: _target_map(seed, layer, t, segments[t], rank, gates[layer] * weights[t], shapes[t]) for t in selected}
        for layer in range(num_layers)
    )


def _target_map(
    seed: int, layer: int, target: str, segment: np.ndarray, rank: int, weight: float, shape: Shape
) -> _TargetMap:
    # What goes in is shared by gate and up: their outputs meet, number by number.
    read = "gate_up" if target in ("gate_proj", "up_proj") else target
    signs = (_random_bits(_key(seed, layer, target, "signs"), rank * len(segment)) >> np.uint64(63)).astype(np.int64)
    # Integers: the sum is exact. Signs of equal size keep the gains' size that of the segment.
    sums = (1 - 2 * signs).reshape(rank, len(segment)) @ segment
    gains = (sums.astype(np.float64) / (1 << _Z_POINT) * weight).astype(np.float32)
    return _TargetMap(_key(seed, layer, read, "down"), _key(seed, layer, target, "up"), gains, shape)


def _normalise(z: np.ndarray) -> np.ndarray:
    """z at length 1, in units of 2 ** -24: int64. Zeros stay zeros."""
    values = np.asarray(z, np.float64).ravel()
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("an embedding must hold finite numbers")
    largest = float(np.abs(values).max())
    if not largest:
        return np.zeros(len(values), np.int64)
    # A power of two, so that nothing is lost: squares of very small or large numbers are no floats.
    values = values / 2.0 ** math.frexp(largest)[1]
    length = math.sqrt(math.fsum(v * v for v in values.tolist()))
    return np.floor(values / length * (1 << _Z_POINT) + 0.5).astype(np.int64)


def _layer_gates(kind: str, unit: np.ndarray, layers: int) -> list[float]:
    """How strong each layer is: from 0 to 1, or about 1 for "zmean"."""
    if kind == "zmean":
        parts = [part.tolist() for part in np.array_split(unit, layers)]
        means = [sum(part) / (len(part) << _Z_POINT) * math.sqrt(len(unit)) if part else 0.0 for part in parts]
        return [_round_to_bits(1.0 + m / (1.0 + abs(m)), _POINT) for m in means]
    depth = [(layer + 0.5) / layers for layer in range(layers)]
    shape: dict[str, Callable[[float], float]] = {
        "linear": lambda x: x,
        "cosine": lambda x: 0.5 - 0.5 * math.cos(math.pi * x),
        "hump": lambda x: math.sin(math.pi * x),
    }
    return [_round_to_bits(shape[kind](x), _POINT) for x in depth]


def _round_to_bits(value: float, bits: int) -> float:
    if not math.isfinite(value):
        raise ValueError("weights must be finite")
    return math.floor(value * (1 << bits) + 0.5) / (1 << bits)


def _unit_scale(size: int) -> np.float32:
    """Makes numbers from -1 to 1 a vector of about length 1."""
    return np.float32(_SQRT3) / np.float32(math.sqrt(size))


def _cap_factor(norm: float, cap: float) -> np.float32:
    if cap < 0:
        raise ValueError("map_cap must not be negative")
    if norm <= cap:
        return np.float32(1.0)
    # Downwards, so that what is capped stays below in spite of the rounding to 16-bit floats that follows (11 bits).
    return np.float32(math.floor(cap / norm * (1 - 2**-10) * (1 << _CAP_POINT)) / (1 << _CAP_POINT))


def _map_norm(up: np.ndarray, down: np.ndarray) -> float:
    """The Frobenius norm of `up @ down`, which is not made for it."""
    wide_up, wide_down = up.astype(np.float64), down.astype(np.float64)
    return math.sqrt(max(float(((wide_up.T @ wide_up) * (wide_down @ wide_down.T)).sum()), 0.0))


def _round_to_float16(values: np.ndarray, rounded: bool) -> np.ndarray:
    return values.astype(np.float16).astype(np.float32) if rounded else values.astype(np.float32)


# -- random numbers ----------------------------------------------------------------------------------------------------


def _key(*parts: object) -> int:
    data = f"pathline adapter {VERSION} {parts!r}".encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _random_bits(key: int, count: int) -> np.ndarray:
    """The first numbers of a stream, 64 bits each."""
    with np.errstate(over="ignore"):
        x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GAMMA) + np.uint64(key)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(_MIX1)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(_MIX2)
        mixed: np.ndarray = x ^ (x >> np.uint64(31))
    return mixed


def _uniform(key: int, count: int) -> np.ndarray:
    """Evenly spread from -1 to 1, float32: multiples of 2 ** -23, exact."""
    return ((_random_bits(key, count) >> np.uint64(40)).astype(np.int64) - (1 << 23)).astype(np.float32) * np.float32(
        2**-23
    )


def _uniform_torch(key: int, count: int, device: Any) -> Any:
    """The same numbers; 64-bit integers are signed there, so shifts fill with the sign, which is taken off."""
    import torch

    def signed(value: int) -> int:
        return value - (1 << 64) if value >= 1 << 63 else value

    def shifted(x: Any, bits: int) -> Any:
        return (x >> bits) & ((1 << (64 - bits)) - 1)

    x = torch.arange(1, count + 1, dtype=torch.int64, device=device) * signed(_GAMMA) + signed(key)
    x = (x ^ shifted(x, 30)) * signed(_MIX1)
    x = (x ^ shifted(x, 27)) * signed(_MIX2)
    x = x ^ shifted(x, 31)
    return (shifted(x, 40) - (1 << 23)).to(torch.float32) * 2.0**-23
