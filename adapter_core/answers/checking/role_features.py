"""Features of a sentence for the roles of its names in a relation, and for the relation: input of a log-linear model (`role_model.py`).

The roles: x the agent, y the patient (containers and decorators are agents), e a condition; t the target that is set, v its value. For
each name: the words next to it, the preposition that governs it, the nearest verb and noun. For the sentence: the words before, between
and after the names. Each feature occurs twice: shared by all relations, and for its own relation (`…|relation`). The feature names are
those of `roles.txt`: change them only together with a new fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from .word_forms import END, KIND_NOUNS, START, cue, is_name, labels, lemma

PAIRS = ("calls", "returns", "raises", "takes", "inherits", "member", "defined", "decorated", "overrides", "catches")
ROLES = {**dict.fromkeys(PAIRS, "xy"), "returns_if": "xye", "sets": "xtv", "default": "xtv"}
TRIPLES = ("returns_if", "sets", "default")
_MAX_DISTANCE = 4  # words between a preposition and its name
Word = TypeVar("Word")


def role_features(words: Sequence[str], relation: str, roles: Sequence[str]) -> Iterator[str]:
    """The features of a relation with `roles` for the names, in the order of the text."""
    for feature in _label_features(words, relation, roles):
        yield feature
        yield f"{feature}|{relation}"
    for position, role in zip(_name_positions(words), roles, strict=True):
        for side, word in (
            ("before", words[position - 1] if position else START),
            ("behind", _item_or(words, position + 1, END)),
        ):
            if not is_name(word):
                yield f"{role} {side} {word}"
                yield f"{role} {side} {word}|{relation}"
    yield from _verb_features(words, relation, roles)


def _label_features(words: Sequence[str], relation: str, roles: Sequence[str]) -> Iterator[str]:
    word_labels = [labels(word, relation) for word in words]
    positions = _name_positions(words)
    yield f"order {''.join(roles)}"
    yield from _context_features(word_labels, positions, roles)
    bounds = [-1, *positions, len(words)]
    for index, (position, role) in enumerate(zip(positions, roles, strict=True)):
        first, last = position, position
        while first and words[first - 1] in KIND_NOUNS:
            first -= 1
        while last + 1 < len(words) and words[last + 1] in KIND_NOUNS:
            last += 1
        if first < position:
            yield f"{role} is {words[position - 1]}"
        yield from _neighbour_features(word_labels, first, last, role)
        governor = _governor(word_labels, first)
        yield f"{role} under {governor}"
        before, behind = word_labels[bounds[index] + 1 : position], word_labels[position + 1 : bounds[index + 2]]
        verbs, nouns = ([x for word_label in before for x in word_label if x[0] == kind] for kind in "VN")
        verbs_behind = [x for word_label in behind for x in word_label if x[0] == "V"]
        nouns_behind = [x for word_label in behind for x in word_label if x[0] == "N"]
        passive = any("be" in word_label for word_label in behind)
        if verbs:
            yield f"{role} after {verbs[-1]} {governor} {index > 0}"
            yield f"{role} after {verbs[-1]}"
        if nouns:
            yield f"{role} after {nouns[-1]} {governor} {index > 0}"
        if verbs_behind:
            yield f"{role} before {verbs_behind[0]} {passive}"
        if nouns_behind:
            yield f"{role} before {nouns_behind[0]} {index} {passive}"
        patterns = [
            "".join(kind for kind, word_label in pair if word_label)
            for pair in ((("V", verbs), ("N", nouns)), (("V", verbs_behind), ("N", nouns_behind)))
        ]
        yield f"{role} {index} {patterns[0]}>{patterns[1]}"


def _verb_features(words: Sequence[str], relation: str, roles: Sequence[str]) -> Iterator[str]:
    """The verbs themselves before and after a name, since some have the patient as their subject: a function "wears" its decorator."""
    positions = _name_positions(words)
    bounds = [-1, *positions, len(words)]
    for index, (position, role) in enumerate(zip(positions, roles, strict=True)):
        before = [w for w in words[bounds[index] + 1 : position] if labels(w, relation)[0][0] == "V"]
        behind = [w for w in words[position + 1 : bounds[index + 2]] if labels(w, relation)[0][0] == "V"]
        if before:
            yield f"{role} after {lemma(before[-1])} {index > 0}|{relation}"
        if behind:
            yield f"{role} before {lemma(behind[0])}|{relation}"


def _neighbour_features(word_labels: Sequence[tuple[str, ...]], first: int, last: int, role: str) -> Iterator[str]:
    """The labels of the two words before and after a name."""
    for near in _item_or(word_labels, first - 1, (START,)):
        yield f"{role} < {near}"
        for far in _item_or(word_labels, first - 2, (START,)):
            yield f"{role} < {far} {near}"
    for near in _item_or(word_labels, last + 1, (END,)):
        yield f"{role} > {near}"
        for far in _item_or(word_labels, last + 2, (END,)):
            yield f"{role} > {near} {far}"


def _context_features(
    word_labels: Sequence[tuple[str, ...]], positions: Sequence[int], roles: Sequence[str]
) -> Iterator[str]:
    """The labels of known words before, between and after the names, for each stretch and each two adjacent stretches."""
    bounds, ends = [-1, *positions, len(word_labels)], ["", *roles, ""]
    label_texts = [
        " ".join(some[0] for some in word_labels[a + 1 : b] if not some[0].startswith("x")) for a, b in pairwise(bounds)
    ]
    for index, label_text in enumerate(label_texts):
        yield f"{ends[index]}[{label_text}]{ends[index + 1]}"
    for index, (first, second) in enumerate(pairwise(label_texts)):
        yield f"{ends[index]}[{first}]{ends[index + 1]}[{second}]{ends[index + 2]}"


def _governor(word_labels: Sequence[tuple[str, ...]], first: int) -> str:
    """The label of the preposition that governs a name, with no other name or comma between them; "none" without one."""
    for position in range(first - 1, max(-1, first - 1 - _MAX_DISTANCE), -1):
        label = word_labels[position][0]
        if label.startswith("p:"):
            return label
        if label in ("NAME", ","):
            break
    return "none"


def _name_positions(words: Sequence[str]) -> list[int]:
    return [i for i, word in enumerate(words) if is_name(word)]


def _item_or(items: Sequence[Word], position: int, default: Word) -> Word:
    return items[position] if 0 <= position < len(items) else default


def relation_features(words: Sequence[str], relation: str) -> Iterator[str]:
    """The features of a sentence for its relation: its words, pairs of adjacent words, and what the lexicon knows of them."""
    previous, any_cue = START, False
    for word in (*words, END):
        token = "NAME" if is_name(word) else lemma(word)
        yield f"says {previous} {token}|{relation}"
        previous = token
        if token in ("NAME", END) or word in ",:;()?":
            continue
        yield f"says {token}|{relation}"
        is_cue, relation_count = cue(word, relation)
        any_cue = any_cue or is_cue
        if is_cue or relation_count:
            yield f"cue {is_cue} {min(relation_count, 4)}"
        if is_cue:
            yield f"cue|{relation}"
    yield f"any cue {any_cue}"
    yield f"relation|{relation}"
