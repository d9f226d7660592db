"""A log-linear model of how English tells relations between names: which relation, and which name has which role.

Fitted by `benchmarks/fit_roles.py` on wordings of known relations; `roles.txt` holds its weights. It knows nothing of code: what is true
is for the lines to show. It judges whether words can be meant so.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .role_features import PAIRS, ROLES, TRIPLES, relation_features, role_features

_FILE = Path(__file__).with_name("roles.txt")
Roles = tuple[str, ...]
Key = TypeVar("Key")


@dataclass(frozen=True)
class RoleModel:
    """`weights`: of each feature; of others it is 0."""

    weights: Mapping[str, float]

    def roles(self, words: Sequence[str], relation: str) -> dict[Roles, float]:
        """How likely each order of the roles is, given that the words tell this relation. They add up to 1."""
        return self._shares((order, role_features(words, relation, order)) for order in orders(relation))

    def relations(self, words: Sequence[str], names: int) -> dict[str, float]:
        """How likely each relation between so many names is. They add up to 1."""
        return self._shares((kind, relation_features(words, kind)) for kind in relations_of(names))

    def _shares(self, options: Iterable[tuple[Key, Iterable[str]]]) -> dict[Key, float]:
        scores = {key: sum(self.weights.get(f, 0.0) for f in features) for key, features in options}
        highest = max(scores.values())
        likely = {key: math.exp(score - highest) for key, score in scores.items()}
        total = sum(likely.values())
        return {key: value / total for key, value in likely.items()}


def orders(relation: str) -> list[Roles]:
    """The ways in which the roles of a relation can stand in a sentence."""
    return list(itertools.permutations(ROLES[relation]))


def relations_of(names: int) -> tuple[str, ...]:
    return PAIRS if names == 2 else TRIPLES


@functools.cache
def fitted() -> RoleModel:
    """The model with the weights that come with Pathline: a line is the weight in hundredths, a space, and the feature."""
    lines = [line.split(" ", 1) for line in _FILE.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    told = {weight: int(weight) / 100 for weight, _ in lines}  # few weights, and many features of each
    return RoleModel({feature: told[weight] for weight, feature in lines})
