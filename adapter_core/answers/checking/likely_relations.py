"""Relations by likelihood: which of the relations that the cited lines show between a sentence's names its words can mean.

The patterns of `relations.py` parse known forms. Here it is the other way round: the lines show which relations between the names are
true, and for each of these a model gives the probability that the words express it, with the names in these roles (`role_model.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .denials import is_denied
from .region import Region
from .relation_checks import problem_of
from .relations import EXCLUSIVE, Condition, Relation
from .role_model import Roles, load_role_model, orders, relations_of
from .sentence import Mention, Sentence
from .word_forms import cue, is_name, labels, words_of

# Least probabilities, chosen on sets of wordings that were left out of the fit. The relation may stay ambiguous, so that its probability
# may be small; that of the roles may not.
MIN_RELATION_PROBABILITY, MIN_ROLES_PROBABILITY = 0.1, 0.65
# Where a pattern parsed the relation that the lines show with the sides swapped, the words must be clearer.
MIN_ROLES_AGAINST_PATTERN = 0.95
# A relation that a pattern parsed and the lines show is kept unless it is this unlikely.
MIN_RELATION_OF_PATTERN, MIN_ROLES_OF_PATTERN = 0.02, 0.2
_KEYWORD = re.compile(r"(except|raise|return|yield)(?: (.+?):?)?|(?:class|def|if|with|try|for|while)")


@dataclass(frozen=True, slots=True)
class WordSequence:
    """A sentence about two or three names with its words (see `word_forms.words_of`). `names`: in the order of the text, each once."""

    sentence: Sentence
    words: tuple[str, ...]
    names: tuple[Mention, ...]


def word_sequence(sentence: Sentence) -> WordSequence | None:
    """The words and names of a sentence with two or three names and no quotation; None for any other."""
    sentence = keywords_as_words(sentence)
    words = words_of(sentence)
    names = tuple(sentence.mentions[int(word[1:-1])] for word in words if is_name(word))
    if len(names) not in (2, 3) or any(m.kind == "quote" for m in names):
        return None
    return WordSequence(sentence, words, names)


def keywords_as_words(sentence: Sentence) -> Sentence:
    """The sentence with keywords in backticks as plain words: "a `raise` of `E`", "a `raise E`"."""
    plain, mentions = sentence.plain, list(sentence.mentions)
    for position, mention in enumerate(sentence.mentions):
        match = _KEYWORD.fullmatch(mention.text) if mention.kind == "code" else None
        if match is None:
            continue
        mark = f"\x02{position}\x03"
        if match[2]:
            mentions[position] = Mention("code", match[2])
            # "an `except E` clause" is a handler for it
            phrase = "handler for" if match[1] == "except" else f"{match[1]} of"
            plain = re.sub(rf"{mark}(?: (?:clause|statement|block|branch|line))?", f"{phrase} {mark}", plain)
        else:
            plain = plain.replace(mark, mention.text)
    return replace(sentence, plain=plain, mentions=tuple(mentions))


def supported_relation(
    region: Region, sequence: WordSequence, pattern_relations: Sequence[Relation] = ()
) -> Relation | None:
    """The relation that the lines show and the words express, or None. `pattern_relations`: what the patterns parsed instead."""
    if not any(map(_is_content_word, sequence.words)):
        return None
    model, plain = load_role_model(), sequence.sentence.plain
    exclusive = EXCLUSIVE.search(plain) is not None
    probabilities = model.relation_probabilities(sequence.words, len(sequence.names))
    role_probabilities = {
        kind: model.role_probabilities(sequence.words, kind)
        for kind, probability in probabilities.items()
        if probability >= MIN_RELATION_PROBABILITY and not is_denied(plain, kind)
    }
    for kind, order, relation in _possible_relations(sequence, exclusive):
        minimum = (
            MIN_ROLES_AGAINST_PATTERN
            if any(_is_swapped(relation, other) for other in pattern_relations)
            else MIN_ROLES_PROBABILITY
        )
        if (
            kind in role_probabilities
            and role_probabilities[kind][order] >= minimum
            and not problem_of(region, relation)
        ):
            return relation
    return _unspecific_relation(region, sequence, exclusive)


def _is_content_word(word: str) -> bool:
    """Whether a word is a verb ("is", too), a noun or an unknown word."""
    label = labels(word, "")[0]
    return not is_name(word) and (label in ("be", "have") or label[0] in "VNx")


def _unspecific_relation(region: Region, sequence: WordSequence, exclusive: bool) -> Relation | None:
    """ "`f` looks for `x` in `y`": without any word for a relation the sentence claims only that the first name uses the others. None where
    the lines show another relation between them in a different order, which the words might get the wrong way round."""
    first, verb, *_ = sequence.words
    begins_with_verb = is_name(first) and labels(verb, "")[0] in ("xs", "Vlight.act") and verb.endswith("s")
    if (
        not begins_with_verb
        or any(any(cue(word, "sets")) for word in sequence.words)
        or is_denied(sequence.sentence.plain, "uses")
    ):
        return None
    relation = Relation("uses", sequence.names[:1], sequence.names[1:], exclusive=exclusive, words=verb)
    if problem_of(region, relation):
        return None
    supported = (order for _, order, candidate in _possible_relations(sequence) if not problem_of(region, candidate))
    return None if any(order != ("x", "y") for order in supported) else relation


def _possible_relations(sequence: WordSequence, exclusive: bool = False) -> Iterator[tuple[str, Roles, Relation]]:
    """(kind, roles in the order of the text, relation to check in the lines) for every relation that the names could have."""
    for kind in relations_of(len(sequence.names)):
        for order in orders(kind):
            yield kind, order, relation_of(kind, dict(zip(order, sequence.names, strict=True)), exclusive)


def is_doubtful(sequence: WordSequence, pattern_relations: Sequence[Relation]) -> bool:
    """Whether the words are unlikely to express any of the relations that the patterns parsed."""
    possible = [
        (kind, order)
        for kind, order, candidate in _possible_relations(sequence)
        if any(_is_same(candidate, other) for other in pattern_relations)
    ]
    if not possible:
        return False
    model = load_role_model()
    probabilities = model.relation_probabilities(sequence.words, len(sequence.names))
    return not any(
        probabilities[kind] >= MIN_RELATION_OF_PATTERN
        and model.role_probabilities(sequence.words, kind)[order] >= MIN_ROLES_OF_PATTERN
        for kind, order in possible
    )


def relation_of(kind: str, names: Mapping[str, Mention], exclusive: bool = False) -> Relation:
    """The relation to check in the lines, given the names by their roles (`role_features.py`)."""
    x, y = names["x"], names.get("y")
    if kind == "sets":
        return Relation(kind, (x,), (names["t"],), exclusive=exclusive, words=kind, second_objects=(names["v"],))
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


def _is_same(relation: Relation, other: Relation) -> bool:
    fields = ("kind", "subjects", "objects", "second_objects")
    return all(getattr(relation, field) == getattr(other, field) for field in fields)


def _is_swapped(relation: Relation, other: Relation) -> bool:
    """Whether one is the other with its sides swapped."""
    return relation.kind == other.kind and (
        (relation.subjects == other.objects and relation.objects == other.subjects)
        or (
            bool(relation.second_objects)
            and relation.second_objects == other.objects
            and relation.objects == other.second_objects
        )
        or (relation.kind == "default" and relation.objects == other.subjects[:1])
    )
