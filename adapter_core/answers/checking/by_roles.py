"""Words against lines: what the cited lines show of the names in a sentence, and whether its words can be meant so.

Grammar reads forms that it knows. Here it is the other way round: the lines say which relations between the names are true, and
for each of these the words are asked how likely they tell it, and with the roles this way round (`role_model.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .lexicon import look_up
from .plain import REFUSES, keywords_as_words
from .region import Region
from .relation_checks import problem_of
from .relations import EXCLUSIVE, NEGATION, Condition, Relation
from .role_model import fitted, orders, relations_of
from .sentence import Mention, Sentence
from .word_forms import is_name, words_of

# Least shares of likelihood, chosen on sets of wordings that neither grammar nor model was made with. Which relation it is may stay
# open, so that share may be small; who does it may not.
LEAST_RELATION, LEAST_ROLES = 0.06, 0.85
# Where grammar read the relation that the lines show, but the other way round, the words must be all the clearer.
LEAST_ROLES_AGAINST = 0.95
# What grammar read and the lines show is kept unless the words hardly can be meant so.
LEAST_RELATION_READ, LEAST_ROLES_READ = 0.02, 0.2
# A denial of a condition.
_DEPENDS = re.compile(r"\b(?:unless|false|falsy|fails? when|unmet|violated|otherwise|else)\b", re.I)
# A bound is no default.
_BOUNDS = re.compile(r"\b(?:at (?:least|most)|(?:less|fewer|greater) than|minim\w+|maxim\w+|mandatory)\b", re.I)
# What a default is for, that nothing is given, is told by a denial in a clause of its own: "when no `x` is given", "without `x`".
_LEFT_OUT = re.compile(
    r"\b(?:if|when|whenever|unless|where|in case|without|once|callers?|those|in the absence of|(?:a|an|the) (?:missing|omitted|absent)|"
    r"omit\w*|leav(?:e|es|ing)|skip\w*|need not)\b[^,.;:]*",
    re.I,
)
_DENIES = re.compile(
    r"\b(?:no|not|nothing|none|never|unless|without|omit\w*|skip\w*|leav(?:e|es|ing) (?:out|off|away|\S+ out|\S+ unspecified)|"
    r"left (?:out|off|away|unset|unspecified)|missing|absen\w+|unspecified|unset|lack\w*|nobody)\b|n't\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence about two or three names. `names`: in the order of the text, each once."""

    sentence: Sentence
    words: tuple[str, ...]
    names: tuple[Mention, ...]


def words_about(sentence: Sentence) -> Words | None:
    """The words of a sentence that names two or three things and quotes nothing; None for any other."""
    sentence = keywords_as_words(sentence)
    words = words_of(sentence)
    names = tuple(sentence.mentions[int(word[1:-1])] for word in words if is_name(word))
    if len(names) not in (2, 3) or any(m.kind == "quote" for m in names):
        return None
    return Words(sentence, words, names)


def told_by(region: Region, about: Words, against: Sequence[Relation] = ()) -> Relation | None:
    """The relation that the lines show and the words tell, if there is one. `against`: what grammar read instead."""
    if not any(look_up(word) for word in about.words if not is_name(word)):
        return None  # no word tells anything
    model, exclusive = fitted(), EXCLUSIVE.search(about.sentence.plain) is not None
    likely = model.relations(about.words, len(about.names))
    for kind in relations_of(len(about.names)):
        if likely[kind] < LEAST_RELATION or _denied(about.sentence.plain, kind):
            continue
        shares = model.roles(about.words, kind)
        for order, share in shares.items():
            relation = relation_of(kind, dict(zip(order, about.names, strict=True)), exclusive)
            least = LEAST_ROLES_AGAINST if any(_turned(relation, other) for other in against) else LEAST_ROLES
            if share >= least and not problem_of(region, relation):
                return relation
    return None


def doubtful(about: Words, read_as: Sequence[Relation]) -> bool:
    """Whether the words hardly can tell any of the relations that they were read as."""
    model, names = fitted(), len(about.names)
    read = [
        (kind, order)
        for kind in relations_of(names)
        for order in orders(kind)
        if any(_same(relation_of(kind, dict(zip(order, about.names, strict=True))), other) for other in read_as)
    ]
    if not read:
        return False
    likely = model.relations(about.words, names)
    return not any(
        likely[kind] >= LEAST_RELATION_READ and model.roles(about.words, kind)[order] >= LEAST_ROLES_READ
        for kind, order in read
    )


def relation_of(kind: str, names: Mapping[str, Mention], exclusive: bool = False) -> Relation:
    """The relation that is checked in the lines, of names by their roles (`role_features.py`)."""
    x, y = names["x"], names.get("y")
    if kind == "sets":
        return Relation(kind, (x,), (names["t"],), exclusive=exclusive, words=kind, second=(names["v"],))
    if kind == "default":
        return Relation(kind, (names["t"], x), (names["v"],), exclusive=exclusive, words=kind)
    assert y is not None
    if kind in ("member", "defined", "decorated"):
        name = "decorated" if kind == "decorated" else "defined"
        return Relation(name, (y,), (x,), exclusive=exclusive, words=name)
    if kind == "returns_if":
        under = (Condition(names["e"], True, True),)
        return Relation("returns", (x,), (y,), exclusive=exclusive, words="returns", conditions=under)
    return Relation(kind, (x,), (y,), exclusive=exclusive, words=kind)


def _same(relation: Relation, other: Relation) -> bool:
    sides = ("kind", "subjects", "objects", "second")
    return all(getattr(relation, side) == getattr(other, side) for side in sides)


def _turned(relation: Relation, other: Relation) -> bool:
    """Whether one is the other the wrong way round."""
    return relation.kind == other.kind and (
        (relation.subjects == other.objects and relation.objects == other.subjects)
        or (bool(relation.second) and relation.second == other.objects and relation.objects == other.second)
        or (relation.kind == "default" and relation.objects == other.subjects[:1])
    )


def _denied(plain: str, kind: str) -> bool:
    """Whether the words deny something, but for what a default is for: that nothing is given."""
    if kind != "default":
        return bool(NEGATION.search(plain) or REFUSES.search(plain) or _DEPENDS.search(plain))
    if _BOUNDS.search(plain) or NEGATION.search(_LEFT_OUT.sub(" ", plain)):
        return True
    return any(len(_DENIES.findall(clause.group())) > 1 for clause in _LEFT_OUT.finditer(plain))
