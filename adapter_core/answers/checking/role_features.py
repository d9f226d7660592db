"""What of a sentence tells who does it and what it is done to: features of a log-linear model (`role_model.py`).

A role is x who does it, y what it is done to (of containers and decorators: these do it), e what it depends on; t what is set, v what
to. Of each name: the words beside it, the preposition that governs it, the verb and the noun next to it. Of the whole: what
stands before, between and behind the names. Each feature is there by itself, shared by all relations, and once more for its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from .word_forms import END, KIND_NOUNS, START, cue, is_name, labels, lemma

PAIRS = ("calls", "returns", "raises", "takes", "inherits", "member", "defined", "decorated", "overrides", "catches")
ROLES = {**dict.fromkeys(PAIRS, "xy"), "returns_if": "xye", "sets": "xtv", "default": "xtv"}
TRIPLES = ("returns_if", "sets", "default")
_REACH = 4  # words between a preposition and its name
Word = TypeVar("Word")


def role_features(words: Sequence[str], relation: str, roles: Sequence[str]) -> Iterator[str]:
    """The features of one reading: `roles` of the names, in the order of the text."""
    for feature in _shared(words, relation, roles):
        yield feature
        yield f"{feature}|{relation}"
    for place, role in zip(_places(words), roles, strict=True):
        for side, word in (("before", words[place - 1] if place else START), ("behind", _at(words, place + 1, END))):
            if not is_name(word):
                yield f"{role} {side} {word}"
                yield f"{role} {side} {word}|{relation}"
    yield from _by_verb(words, relation, roles)


def _shared(words: Sequence[str], relation: str, roles: Sequence[str]) -> Iterator[str]:
    told = [labels(word, relation) for word in words]
    places = _places(words)
    yield f"order {''.join(roles)}"
    yield from _between(told, places, roles)
    bounds = [-1, *places, len(words)]
    for number, (place, role) in enumerate(zip(places, roles, strict=True)):
        first, last = place, place
        while first and words[first - 1] in KIND_NOUNS:
            first -= 1
        while last + 1 < len(words) and words[last + 1] in KIND_NOUNS:
            last += 1
        if first < place:
            yield f"{role} is {words[place - 1]}"
        yield from _beside(told, first, last, role)
        governor = _governor(told, first)
        yield f"{role} under {governor}"
        before, behind = told[bounds[number] + 1 : place], told[place + 1 : bounds[number + 2]]
        verbs, nouns = ([x for some in before for x in some if x[0] == sort] for sort in "VN")
        later = [x for some in behind for x in some if x[0] == "V"]
        named = [x for some in behind for x in some if x[0] == "N"]
        passive = any("be" in some for some in behind)
        if verbs:
            yield f"{role} after {verbs[-1]} {governor} {number > 0}"
            yield f"{role} after {verbs[-1]}"
        if nouns:
            yield f"{role} after {nouns[-1]} {governor} {number > 0}"
        if later:
            yield f"{role} before {later[0]} {passive}"
        if named:
            yield f"{role} before {named[0]} {number} {passive}"
        sorts = [
            "".join(sort for sort, some in pair if some)
            for pair in ((("V", verbs), ("N", nouns)), (("V", later), ("N", named)))
        ]
        yield f"{role} {number} {sorts[0]}>{sorts[1]}"


def _by_verb(words: Sequence[str], relation: str, roles: Sequence[str]) -> Iterator[str]:
    """The verb itself before and behind a name, since some are told from the other side: a function "wears" its decorator."""
    places = _places(words)
    bounds = [-1, *places, len(words)]
    for number, (place, role) in enumerate(zip(places, roles, strict=True)):
        before = [w for w in words[bounds[number] + 1 : place] if labels(w, relation)[0][0] == "V"]
        behind = [w for w in words[place + 1 : bounds[number + 2]] if labels(w, relation)[0][0] == "V"]
        if before:
            yield f"{role} after {lemma(before[-1])} {number > 0}|{relation}"
        if behind:
            yield f"{role} before {lemma(behind[0])}|{relation}"


def _beside(told: Sequence[tuple[str, ...]], first: int, last: int, role: str) -> Iterator[str]:
    """The labels of the two words before and behind a name."""
    for one in _at(told, first - 1, (START,)):
        yield f"{role} < {one}"
        for two in _at(told, first - 2, (START,)):
            yield f"{role} < {two} {one}"
    for one in _at(told, last + 1, (END,)):
        yield f"{role} > {one}"
        for two in _at(told, last + 2, (END,)):
            yield f"{role} > {one} {two}"


def _between(told: Sequence[tuple[str, ...]], places: Sequence[int], roles: Sequence[str]) -> Iterator[str]:
    """What tells structure before, between and behind the names, each stretch by itself and two that follow each other."""
    bounds, ends = [-1, *places, len(told)], ["", *roles, ""]
    stretches = [
        " ".join(some[0] for some in told[a + 1 : b] if not some[0].startswith("x")) for a, b in pairwise(bounds)
    ]
    for number, stretch in enumerate(stretches):
        yield f"{ends[number]}[{stretch}]{ends[number + 1]}"
    for number, (one, two) in enumerate(pairwise(stretches)):
        yield f"{ends[number]}[{one}]{ends[number + 1]}[{two}]{ends[number + 2]}"


def _governor(told: Sequence[tuple[str, ...]], first: int) -> str:
    """The preposition that a name hangs on, with no other name or comma between."""
    for place in range(first - 1, max(-1, first - 1 - _REACH), -1):
        label = told[place][0]
        if label.startswith("p:"):
            return label
        if label in ("NAME", ","):
            break
    return "none"


def _places(words: Sequence[str]) -> list[int]:
    return [i for i, word in enumerate(words) if is_name(word)]


def _at(row: Sequence[Word], place: int, otherwise: Word) -> Word:
    return row[place] if 0 <= place < len(row) else otherwise


def relation_features(words: Sequence[str], relation: str) -> Iterator[str]:
    """What of a sentence tells which relation it is about: its words, two in a row, and what the lexicon knows of them."""
    before, hit = START, False
    for word in (*words, END):
        own = "NAME" if is_name(word) else lemma(word)
        yield f"says {before} {own}|{relation}"
        before = own
        if own in ("NAME", END) or word in ",:;()?":
            continue
        yield f"says {own}|{relation}"
        tells, count = cue(word, relation)
        hit = hit or tells
        if tells or count:
            yield f"cue {tells} {min(count, 4)}"
        if tells:
            yield f"cue|{relation}"
    yield f"any cue {hit}"
    yield f"relation|{relation}"
