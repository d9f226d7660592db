"""Words against lines: what the cited lines show of the names in a sentence, and whether its words can be meant so.

Patterns (`relations.py`) read forms that they know. Here it is the other way round: the lines say which relations between the names are
true, and for each of these the words are asked how likely they tell it, and with the roles this way round (`role_model.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .denials import denied
from .region import Region
from .relation_checks import problem_of
from .relations import EXCLUSIVE, Condition, Relation
from .role_model import Roles, fitted, orders, relations_of
from .sentence import Mention, Sentence
from .word_forms import cue, is_name, labels, words_of

# Least shares of likelihood, chosen on sets of wordings that were left out of the fit. Which relation it is may stay open, so that share
# may be small; who does it may not.
LEAST_RELATION, LEAST_ROLES = 0.1, 0.65
# Where a pattern read the relation that the lines show, but the other way round, the words must be all the clearer.
LEAST_ROLES_AGAINST = 0.95
# What a pattern read and the lines show is kept unless the words hardly can be meant so.
LEAST_RELATION_READ, LEAST_ROLES_READ = 0.02, 0.2
_KEYWORD = re.compile(r"(except|raise|return|yield)(?: (.+?):?)?|(?:class|def|if|with|try|for|while)")


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


def keywords_as_words(sentence: Sentence) -> Sentence:
    """The keyword of "a `raise` of `E`" and "a `raise E`" is a word of the sentence."""
    plain, mentions = sentence.plain, list(sentence.mentions)
    for place, mention in enumerate(sentence.mentions):
        match = _KEYWORD.fullmatch(mention.text) if mention.kind == "code" else None
        if match is None:
            continue
        mark = f"\x02{place}\x03"
        if match[2]:
            mentions[place] = Mention("code", match[2])
            # "an `except E` clause" is a handler for it
            told = "handler for" if match[1] == "except" else f"{match[1]} of"
            plain = re.sub(rf"{mark}(?: (?:clause|statement|block|branch|line))?", f"{told} {mark}", plain)
        else:
            plain = plain.replace(mark, mention.text)
    return replace(sentence, plain=plain, mentions=tuple(mentions))


def told_by(region: Region, about: Words, against: Sequence[Relation] = ()) -> Relation | None:
    """The relation that the lines show and the words tell, if there is one. `against`: what patterns read instead."""
    if not any(map(_tells, about.words)):
        return None
    model, plain = fitted(), about.sentence.plain
    exclusive = EXCLUSIVE.search(plain) is not None
    likely = model.relations(about.words, len(about.names))
    told = {
        kind: model.roles(about.words, kind)
        for kind, share in likely.items()
        if share >= LEAST_RELATION and not denied(plain, kind)
    }
    for kind, order, relation in _readings(about, exclusive):
        least = LEAST_ROLES_AGAINST if any(_turned(relation, other) for other in against) else LEAST_ROLES
        if kind in told and told[kind][order] >= least and not problem_of(region, relation):
            return relation
    return _use(region, about, exclusive)


def _tells(word: str) -> bool:
    """Whether a word says something: a verb ("is", too), a noun or one that is not known."""
    label = labels(word, "")[0]
    return not is_name(word) and (label in ("be", "have") or label[0] in "VNx")


def _use(region: Region, about: Words, exclusive: bool) -> Relation | None:
    """ "`f` looks for `x` in `y`": where no word tells a relation, no more is read than that the first name has to do with the others;
    and nothing at all where the lines show a relation between them that may be told the wrong way round."""
    first, verb, *_ = about.words
    starts = is_name(first) and labels(verb, "")[0] in ("xs", "Vlight.act") and verb.endswith("s")
    if not starts or any(any(cue(word, "sets")) for word in about.words) or denied(about.sentence.plain, "uses"):
        return None
    relation = Relation("uses", about.names[:1], about.names[1:], exclusive=exclusive, words=verb)
    if problem_of(region, relation):
        return None
    shown = (order for _, order, one in _readings(about) if not problem_of(region, one))
    return None if any(order != ("x", "y") for order in shown) else relation


def _readings(about: Words, exclusive: bool = False) -> Iterator[tuple[str, Roles, Relation]]:
    """All that could be told of the names: the relation, the roles in the order of the text, and what is checked in the lines."""
    for kind in relations_of(len(about.names)):
        for order in orders(kind):
            yield kind, order, relation_of(kind, dict(zip(order, about.names, strict=True)), exclusive)


def doubtful(about: Words, read_as: Sequence[Relation]) -> bool:
    """Whether the words hardly can tell any of the relations that they were read as."""
    read = [(kind, order) for kind, order, one in _readings(about) if any(_same(one, other) for other in read_as)]
    if not read:
        return False
    model = fitted()
    likely = model.relations(about.words, len(about.names))
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
