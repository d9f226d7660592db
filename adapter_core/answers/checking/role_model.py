"""A log-linear model of how English expresses relations between names: which relation, and which name has which role.

Fitted by `benchmarks/fit_roles.py` on wordings of known relations; `roles.txt` holds its weights. It knows nothing of the code: the cited
lines show what is true, and the model only whether the words can mean it.
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
    """`weights`: by feature; 0 for any other."""

    weights: Mapping[str, float]

    def role_probabilities(self, words: Sequence[str], relation: str) -> dict[Roles, float]:
        """The probability of each order of the roles, given that the words express this relation. They add up to 1."""
        return self._softmax((order, role_features(words, relation, order)) for order in orders(relation))

    def relation_probabilities(self, words: Sequence[str], names: int) -> dict[str, float]:
        """The probability of each relation between so many names. They add up to 1."""
        return self._softmax((kind, relation_features(words, kind)) for kind in relations_of(names))

    def _softmax(self, features_by_option: Iterable[tuple[Key, Iterable[str]]]) -> dict[Key, float]:
        scores = {key: sum(self.weights.get(f, 0.0) for f in features) for key, features in features_by_option}
        highest = max(scores.values())
        exponentials = {key: math.exp(score - highest) for key, score in scores.items()}
        total = sum(exponentials.values())
        return {key: value / total for key, value in exponentials.items()}


def orders(relation: str) -> list[Roles]:
    """The possible orders of a relation's roles in a sentence."""
    return list(itertools.permutations(ROLES[relation]))


def relations_of(names: int) -> tuple[str, ...]:
    return PAIRS if names == 2 else TRIPLES


@functools.cache
def load_role_model() -> RoleModel:
    """The model with the weights that come with Pathline: a line is the weight in hundredths, a space, and the feature."""
    lines = [line.split(" ", 1) for line in _FILE.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    weight_of = {weight: int(weight) / 100 for weight, _ in lines}  # few distinct weights, each of many features
    return RoleModel({feature: weight_of[weight] for weight, feature in lines})
