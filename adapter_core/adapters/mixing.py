"""Apply adapters to a model for a while: mix and cap their deltas, apply them, and remove them without a trace.

    with register_hook_mixed_adapters(model, base, sub, g_sub=0.3) as mixed:
        ...                        # the model as adapted; mixed.delta_norms says by how much
    # every weight is what it was, bit for bit

Merged into the weights ("merge"), an adapter costs nothing per token, but a weight of few bits rounds a small delta away; a side path
("hook") keeps it whole and costs some time per token. Weights that are no floats (int8) take side paths only.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import AdapterError, UsageError
from .adapter import Adapter, Factors, LayerFactors
from .deltas import Layers, layer_deltas, scale_factors
from .options import ABLATIONS, BACKENDS, MixingOptions, delta_cap
from .side_path import SidePath
from .snapshot import REGISTRY, Patch
from .targets import TARGETS, Site, layout_of, match_sites

if TYPE_CHECKING:
    import torch

_DEFAULTS = MixingOptions()
_PROBE_COUNT, _PROBE_SEED = 64, 7
_PROBED_NORMS: weakref.WeakKeyDictionary[Any, dict[tuple[int, int], float]] = weakref.WeakKeyDictionary()


class MixedAdapters:
    """A mixture that is applied to a model, until `remove`. A context manager, and (for callers that expect a list of hooks) iterable: one
    item.

    `delta_norms`: by target, the Frobenius norm of all its deltas as a share of that of its weights. `layer_norms`: the same for each
    layer (0 where it has none). `capped`: how many deltas were scaled down by the cap. `backend`: "merge", "hook", or both ("merge+hook").
    """

    def __init__(self, norms: _Norms, capped: int, backend: str) -> None:
        self.delta_norms: Mapping[str, float] = norms.by_target()
        self.layer_norms: Mapping[str, tuple[float, ...]] = norms.by_layer()
        self.capped = capped
        self.backend = backend
        # Not the mixture itself: it holds the parameters, and what the registry holds must not keep these alive.
        self._owner = object()
        self._parameters: list[torch.nn.Parameter] = []
        self._paths: list[SidePath] = []
        self._lock = threading.Lock()

    def remove(self) -> None:
        """Remove the deltas: weights that nothing else changes are restored bit for bit. Idempotent."""
        with self._lock:
            try:
                for path in self._paths:
                    path.remove()
            finally:
                REGISTRY.remove(self._owner, self._parameters)
            self._paths, self._parameters = [], []

    def _attach(self, patches: Sequence[tuple[Any, Sequence[Patch]]], paths: Sequence[SidePath]) -> None:
        try:
            for path in paths:
                self._paths.append(path)
                path.attach()
            self._parameters = [parameter for parameter, _ in patches]
            REGISTRY.apply(self._owner, patches)
        except BaseException:
            self.remove()
            raise

    def __enter__(self) -> MixedAdapters:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

    def __iter__(self) -> Iterator[MixedAdapters]:
        yield self

    def __len__(self) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class _Norms:
    """Squared norms by (layer, target): of deltas, and of the weights that they change."""

    layers: int
    deltas: dict[tuple[int, str], float]
    weights: dict[tuple[int, str], float]

    def by_target(self) -> dict[str, float]:
        shares = {}
        for target in TARGETS:
            keys = [key for key in self.weights if key[1] == target]
            if keys:
                shares[target] = _norm_ratio(sum(self.deltas[k] for k in keys), sum(self.weights[k] for k in keys))
        return shares

    def by_layer(self) -> dict[str, tuple[float, ...]]:
        return {
            target: tuple(
                _norm_ratio(self.deltas.get((i, target), 0.0), self.weights.get((i, target), 0.0))
                for i in range(self.layers)
            )
            for target in self.by_target()
        }


def register_hook_mixed_adapters(
    model: Any,
    base_layers: Layers | None,
    sub_layers: Layers | None = None,
    alpha_star: float | None = None,
    g_sub: float = _DEFAULTS.g_sub,
    rank: int | None = None,
    beta: float = _DEFAULTS.beta,
    target_weights: Mapping[str, float] | None = None,
    backend: str = _DEFAULTS.backend,
    layer_multipliers: Sequence[float] | None = None,
    per_target_keep: Mapping[str, int] | None = None,
    per_target_keep_layers: Sequence[Mapping[str, int] | None] | None = None,
    *,
    rank_budget: int | None = _DEFAULTS.rank_budget,
    ablate: Collection[str] = _DEFAULTS.ablate,
    delta_cap: float | None = None,
) -> MixedAdapters:
    """Put (1 - g_sub) · base + g_sub · sub on a model; see `deltas.build_per_layer_deltas` for what goes into it.

    `delta_cap`: a delta whose Frobenius norm is more than this share of its weight's is scaled down to it; None: the environment's
    `REPO_ADAPTER_DELTA_CAP`, else the default. Several mixtures may be on a model; each can be taken off at any time, the cap holds for
    each. Weights must not be written by others meanwhile; moving the model (`model.to`) is fine. Raises `AdapterError` where the
    adapter does not fit the model, `UsageError` and `ValueError` for arguments that cannot be; the model is then as it was.
    """
    if backend not in BACKENDS:
        raise UsageError(f"{backend!r} is no way to apply an adapter: use one of {', '.join(BACKENDS)}.")
    unknown = sorted(set(ablate) - set(ABLATIONS) - set(TARGETS))
    if unknown:
        raise UsageError(f"{unknown[0]!r} cannot be left out: use {', '.join((*ABLATIONS, *TARGETS))}.")
    options = MixingOptions(
        alpha_star=alpha_star, g_sub=g_sub, rank=rank, beta=beta, target_weights=target_weights,
        layer_multipliers=layer_multipliers, per_target_keep=per_target_keep, per_target_keep_layers=per_target_keep_layers,
        rank_budget=rank_budget, ablate=ablate,
    )  # fmt: skip
    deltas = layer_deltas(base_layers, sub_layers, options)
    one = base_layers if base_layers is not None else sub_layers
    count = len(one.layers if isinstance(one, Adapter) else one) if one is not None else 0
    return _apply(model, deltas, count, backend, delta_cap)


def _apply(
    model: Any, deltas: Iterator[LayerFactors], count: int, backend: str, requested_cap: float | None
) -> MixedAdapters:
    cap = delta_cap(requested_cap)
    norms = _Norms(count, {}, {})
    patches: dict[int, tuple[Any, list[Patch]]] = {}
    paths: list[SidePath] = []
    capped = 0
    for layer, module, site, target, factors in _matched_modules(model, deltas, count):
        weight = getattr(module, "weight", None)
        floats = _is_float(weight)
        merge = floats and backend != "hook"
        if backend == "merge" and not merge:
            raise AdapterError(
                f"A delta cannot be merged into the weights of {site.path}, which are no floats: use the backend 'hook'."
            )
        share = (
            REGISTRY.norm(weight, site.start, site.stop, site.transposed)
            if floats
            else _probed_norm(module, site, model)
        )
        norm = _norm(factors)
        if not math.isfinite(norm):
            raise AdapterError(f"The adapter's numbers are too large to be added up (in {target}): build it anew.")
        if norm > cap * share:
            factors, norm, capped = _scale_to_cap(factors, cap * share / norm), cap * share, capped + 1
        norms.deltas[layer, target], norms.weights[layer, target] = norm * norm, share * share
        if merge:
            parameter, parameter_patches = patches.setdefault(id(weight), (weight, []))
            parameter_patches.append(Patch(site.start, site.stop, site.transposed, *_tensors(factors, parameter)))
        if not merge or factors.bias is not None:
            paths.append(SidePath(module, site, factors, factored=not merge))
    backends = ["merge"] * bool(patches) + ["hook"] * any(p.factored for p in paths)
    mixed = MixedAdapters(norms, capped, "+".join(backends) or backend)
    mixed._attach([*patches.values()], paths)
    return mixed


def _matched_modules(
    model: Any, deltas: Iterator[LayerFactors], count: int
) -> Iterator[tuple[int, Any, Site, str, Factors]]:
    """Each delta that changes anything, with the module and the site that it is for. Raises `AdapterError` where one does not fit."""
    layout = layout_of(model)
    blocks = model.get_submodule(layout.blocks)
    for layer, target, site, factors in match_sites(layout, deltas, count):
        if factors.rank or factors.bias is not None:
            yield layer, blocks[layer].get_submodule(site.path), site, target, factors


def _scale_to_cap(factors: Factors, factor: float) -> Factors:
    scaled = scale_factors(factors, factor)
    return Factors(scaled.down, scaled.up, factors.bias)


def _is_float(weight: Any) -> bool:
    """Whether a weight is a tensor of floats of at least 16 bits: a module of packed integers may have something else by that name."""
    import torch

    return isinstance(weight, torch.nn.Parameter) and weight.is_floating_point() and weight.element_size() >= 2


def _probed_norm(module: Any, site: Site, model: Any) -> float:
    """The norm of the weight that a module of packed numbers stands for, whatever its format: the mean of |W x|² over random x is |W|²
    (Hutchinson, 1989). With these probes it is right within a few percent; hooks on the module are passed by. Remembered: packed
    weights are not changed in place."""
    import torch

    norms = _PROBED_NORMS.setdefault(module, {})
    if (site.start, site.stop) not in norms:
        reference = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))
        generator = torch.Generator().manual_seed(_PROBE_SEED)
        with torch.no_grad():
            probes = torch.randn(_PROBE_COUNT, site.d_in, generator=generator).to(reference.device, reference.dtype)
            out = module.forward(probes) - module.forward(torch.zeros_like(probes[:1]))
            size = float(torch.linalg.vector_norm(out[:, site.start : site.stop], dtype=torch.float32))
        norms[site.start, site.stop] = size / _PROBE_COUNT**0.5
    return norms[site.start, site.stop]


def _norm(factors: Factors) -> float:
    """As `deltas.delta_norm`, through torch: NumPy's threads wait for each other, many times as long as this takes, on busy cores."""
    up, down = (_tensor(a).float() for a in (factors.up, factors.down))
    square = float(((up.T @ up).double() * (down @ down.T)).sum())
    return math.sqrt(square) if not square < 0 else 0.0


def _tensors(factors: Factors, like: Any) -> tuple[Any, Any]:
    up, down = (_tensor(a).to(like.device, like.dtype) for a in (factors.up, factors.down))
    return up, down


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(np.require(array, np.float32, ["C", "W"]))


def _norm_ratio(delta: float, weight: float) -> float:
    return (delta / weight) ** 0.5 if weight else 0.0
