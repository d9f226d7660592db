"""Prior weights of targets from what is known of a repository, in the manner of KBANN (Towell and Shavlik, "Knowledge-based artificial
neural networks", Artificial Intelligence 70, 1994): rules say which weights knowledge of a kind should reach, and start these larger.

The rules are guesses at what parts of a transformer do, and nothing here has shown that they help: off by default
(`BuildOptions.priors`), kept for the ablation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..evidence.repo_embedding import RepoEmbedding
from .targets import TARGETS

# Knowledge that relates one place to another goes to attention (where to look: q, k; what is carried: v, o); knowledge of what things
# are and are called goes to the feed-forward part, where models keep facts (Geva et al., arXiv 2012.14913).
RULES: Mapping[str, tuple[str, ...]] = {
    "calls": ("q_proj", "k_proj"),
    "top": ("k_proj", "o_proj"),
    "mod": ("q_proj", "o_proj"),
    "tests": ("v_proj", "o_proj"),
    "types": ("v_proj", "gate_proj"),
    "sym": ("up_proj", "down_proj"),
    "doc": ("gate_proj", "up_proj", "down_proj"),
}
_STRENGTH = 0.5


def kbann_priors(embedding: RepoEmbedding, targets: Sequence[str] = TARGETS) -> dict[str, float]:
    """A weight for each target, their mean 1, each within half and one and a half: larger where the repository holds more of the
    knowledge that reaches it (the logarithm of how many features a view has)."""
    amounts = {view: math.log1p(embedding.density[view].features) for view in RULES}
    total = math.fsum(amounts.values())
    if not total:
        return dict.fromkeys(targets, 1.0)
    shares = {
        t: math.fsum(amounts[v] / total / len(reached) for v, reached in RULES.items() if t in reached) for t in targets
    }
    mean = math.fsum(shares.values()) / len(shares)
    if not mean:
        return dict.fromkeys(targets, 1.0)
    off = {t: share / mean - 1 for t, share in shares.items()}
    worst = max(1.0, max(abs(o) for o in off.values()))
    # To 6 digits: logarithms differ in their last bits between libraries.
    return {t: round(1 + _STRENGTH * o / worst, 6) for t, o in off.items()}
