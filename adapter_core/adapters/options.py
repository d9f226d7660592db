"""The options of generated adapters, of mixing and of building. Each default stands here and nowhere else."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from .targets import ATTENTION, MLP, TARGETS

CAP_VARIABLE = "REPO_ADAPTER_DELTA_CAP"
LAYER_GATES = ("zmean", "cosine", "hump", "linear")
BACKENDS = ("auto", "merge", "hook")
ABLATIONS: Mapping[str, tuple[str, ...]] = {"attn": ATTENTION, "mlp": MLP}


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """Options of the deterministic generator. `map_cap`: the largest Frobenius norm of a map (up @ down; below .01, within the resolution
    of the rounding). `rounded`: round factors to 16-bit floats. `layer_gate`: the strength of each layer, one of `LAYER_GATES`."""

    rank: int = 8
    seed: int = 0
    targets: tuple[str, ...] = TARGETS
    layer_gate: str = "zmean"
    learn_bias: bool = False
    map_cap: float = 1.0
    rounded: bool = True


@dataclass(frozen=True, slots=True)
class MixingOptions:
    """Options of mixing adapters and applying them to a model; all but these two are described at `deltas.build_per_layer_deltas`.

    `delta_cap`: no delta has a larger Frobenius norm than this share of its weight's. Learned deltas were measured at .014 to .021, so
    it catches what went wrong and nothing else. `backend`: "merge" changes weights, "hook" adds a side path, "auto" merges where the
    weight is a float."""

    delta_cap: float = 0.1
    g_sub: float = 0.5
    beta: float = 1.0
    rank_budget: int | None = None
    ablate: Collection[str] = ()
    backend: str = "auto"
    alpha_star: float | None = None
    rank: int | None = None
    target_weights: Mapping[str, float] | None = None
    layer_multipliers: Sequence[float] | None = None
    per_target_keep: Mapping[str, int] | None = None
    per_target_keep_layers: Sequence[Mapping[str, int] | None] | None = None


@dataclass(frozen=True, slots=True)
class BankOptions:
    """`mixture_m` adapters are taken, the nearest by embedding; `weighting` "uniform" (the control) or "cosine"; `combine` "concat" keeps
    the exact mean at rank m·r, "average" averages the factors themselves at rank r."""

    mixture_m: int = 4
    weighting: str = "uniform"
    combine: str = "concat"


@dataclass(frozen=True, slots=True)
class CapacityOptions:
    """From an entropy of 0 to 1 to a rank and a share of the subgraph's adapter. Off until it is shown to help."""

    enabled: bool = False
    rank_min: int = 4
    rank_max: int = 16
    g_min: float = 0.3
    g_max: float = 0.7


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """Options of `build_adapters`. `modules`: also an embedding of each module, at most `max_modules`. `priors`: weigh targets by the
    graph's contents (`priors.py`), off until shown to help. `transport`: the number format of the file, see `transport.py`."""

    generator: GeneratorOptions = GeneratorOptions()
    capacity: CapacityOptions = CapacityOptions()
    priors: bool = False
    modules: bool = False
    max_modules: int = 2000
    transport: str = "float32"


def delta_cap(given: float | None = None) -> float:
    """The cap in force: `given`, else `REPO_ADAPTER_DELTA_CAP`, else the default. Raises `UsageError`."""
    environment_value = os.environ.get(CAP_VARIABLE, "").strip()
    if given is None and not environment_value:
        return MixingOptions().delta_cap
    try:
        cap = float(environment_value if given is None else given)
    except ValueError:
        cap = math.nan
    if not cap >= 0:
        what = "delta_cap" if given is not None else CAP_VARIABLE
        raise UsageError(
            f"{what} is {environment_value if given is None else given!r}; give a share of the weight's norm such as 0.05."
        )
    return cap
