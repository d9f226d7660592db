"""From the options of an adapter to numbers for each layer and target. Pure functions; layer 0 is the lowest.

It is not known which of these schedules helps: all are off by default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...adapters.options import ABLATIONS
from ...adapters.targets import TARGETS
from ...errors import UsageError
from ..options import LAYER_SCHEDULES

# The targets that a kind of question raises: attention for questions about places and callers, the feed-forward part for questions about
# meaning (Geva et al., arXiv 2012.14913, find facts there).
_ATTENTION_KINDS = frozenset({"where", "callers", "tests", "impact", "registered", "inheritance", "count"})
_MLP_KINDS = frozenset({"what", "why", "overview"})
_RAISED, _LOWERED = 1.2, 0.8
_TOP_RAISE, _GSUB_RAISE = 1.3, 0.1


def target_weights_of(option_weights: Mapping[str, float], kind: str, q_aware: bool) -> dict[str, float]:
    """A factor for each target, those that are 1 left out. Raises `UsageError` for an unknown target."""
    _check_names(option_weights, TARGETS)
    weights = {target: float(option_weights.get(target, 1.0)) for target in TARGETS}
    if q_aware:
        raised_group = "attn" if kind in _ATTENTION_KINDS else "mlp" if kind in _MLP_KINDS else ""
        for group, targets in ABLATIONS.items():
            factor = 1.0 if not raised_group else _RAISED if group == raised_group else _LOWERED
            weights.update({t: weights[t] * factor for t in targets})
    return {target: round(weight, 6) for target, weight in weights.items() if weight != 1.0}


def layer_multipliers(schedule: str, layers: int) -> list[float]:
    """A factor for each layer, their mean about 1: "linear" rises from .5 to 1.5, "cosine" falls from 1.5 to .5 along half a wave, "hump"
    is highest in the middle, "top" leaves the lower two thirds out. Raises `UsageError` for an unknown one."""
    if schedule not in LAYER_SCHEDULES:
        raise UsageError(f"{schedule!r} is no layer schedule: use one of {', '.join(LAYER_SCHEDULES)}.")
    factors = []
    top = sum(layer_third(layer, layers) == 0 for layer in range(layers))
    for layer in range(layers):
        x = layer / (layers - 1) if layers > 1 else 0.5
        factors.append(
            {
                "flat": 1.0,
                "linear": 0.5 + x,
                "cosine": 1.0 + 0.5 * math.cos(math.pi * x),
                "hump": 0.5 + math.sin(math.pi * x) * math.pi / 4,
                "top": layers / top if layer_third(layer, layers) == 0 else 0.0,
            }[schedule]
        )
    return [round(factor, 6) for factor in factors]


def layer_third(layer: int, layers: int) -> int:
    """0 for the top third of the layers, 1 for the middle, 2 for the low one."""
    return min(2, (layers - 1 - layer) * 3 // max(layers, 1))


def kept_by_layer(tiers: Mapping[str, tuple[int, int, int]], layers: int) -> list[dict[str, int]]:
    """For each layer the number of components of each target that are kept; a target ("q_proj") overrides its group ("attn"). Raises
    `UsageError` for an unknown name."""
    _check_names(tiers, (*ABLATIONS, *TARGETS))
    kept = []
    for layer in range(layers):
        third = layer_third(layer, layers)
        keep = {t: tiers[group][third] for group, targets in ABLATIONS.items() if group in tiers for t in targets}
        keep.update({t: counts[third] for t, counts in tiers.items() if t in TARGETS})
        kept.append(keep)
    return kept


def kept_by_target(option_counts: Mapping[str, int], rank: int | None) -> dict[str, int]:
    """The number of components of each target that are kept: the smaller of its own number and `rank`. Raises `UsageError` for an unknown
    target."""
    _check_names(option_counts, TARGETS)
    kept = dict.fromkeys(TARGETS, rank) if rank is not None else {}
    for target, count in option_counts.items():
        kept[target] = count if rank is None else min(count, rank)
    return {target: int(count) for target, count in kept.items() if count is not None}


def raise_top_layers(factors: Sequence[float]) -> list[float]:
    """The factors of the second-stage fallback: more on the top third of the layers."""
    layers = len(factors)
    return [round(f * (_TOP_RAISE if layer_third(i, layers) == 0 else 1.0), 6) for i, f in enumerate(factors)]


def raise_subgraph_share(gsub: float) -> float:
    """The share of the subgraph's adapter in the second-stage fallback: slightly more."""
    return round(min(gsub + _GSUB_RAISE, 1.0), 6)


def weighted_mean(scores: Sequence[float], weights: Sequence[float]) -> float:
    """The weighted mean of entropy scores, each from 0 to 1. Raises `UsageError` for weights that give none."""
    total = math.fsum(weights)
    if len(weights) != len(scores) or min(weights) < 0 or not total > 0:
        raise UsageError(
            "entropy_weights are three numbers, none below 0 and not all 0: of repository, subgraph, question."
        )
    return math.fsum(s * w for s, w in zip(scores, weights, strict=True)) / total


def _check_names(options: Mapping[str, object], known: Sequence[str]) -> None:
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(f"{unknown[0]!r} is none of {', '.join(known)}.")
