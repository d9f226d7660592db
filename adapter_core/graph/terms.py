"""The words of source and questions, as the search indexes them.

An identifier yields its parts (camelCase, snake_case) and, when it has several, itself: `urlMapBuild` gives `url map build urlmapbuild`.
Parts are lower case and lightly stemmed, by rules that are the same on every platform: `routes`, `routing` and `route` all become `rout`.
"""

from __future__ import annotations

import functools
import re

from .irregular import BASE_OF

_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_MAX_LENGTH = 64
# Nouns of verbs, and adverbs: `creation` meets `create`, `management` `manage`, `serialization` `serialize`.
_DERIVED = (("ization", "iz"), ("ion", ""), ("ment", ""), ("ly", ""))
_LEAST = 5  # letters left: `version`, `session` and `document` are no verbs
# What is left of a short verb: a vowel, then consonants. One with a single consonant has lost its e, or the consonant would be doubled.
_SHORT_VERB = re.compile(r"[^aeiou]?[aeiouy][^aeiou]{1,2}|[^aeiouy]{2}y")
_WITH_E = re.compile(r"[^aeiou]?[aeiouy][^aeiouwxy]")
_NO_FORMS = frozenset({"during", "embed", "evening", "red", "shed", "sled"})
_NO_DERIVED = frozenset({"statement", "question", "implement", "supplement", "compliment", "complement"})


def words(text: str) -> list[str]:
    """The identifiers and words of a text, as written, in order; underscores alone are one, too, that yields no term."""
    return _WORD.findall(text)


def words_of_name(name: str) -> list[str]:
    """The words of one identifier in lower case, in order: `url map build` of `urlMapBuild`."""
    return [part.lower() for part in _PART.findall(name)]


@functools.lru_cache(maxsize=200_000)
def split(word: str) -> tuple[str, ...]:
    """The terms of one word: its stemmed parts, then the whole in lower case when there are several."""
    if len(word) > _MAX_LENGTH * 4:
        return ()
    parts = _PART.findall(word)
    if len(parts) <= 1:
        bare = word.strip("_")
        return (stem(bare.lower()),) if bare else ()
    terms = [stem(part.lower()) for part in parts if len(part) > 1 or part.isalpha()]
    whole = word.strip("_").lower()
    if len(whole) <= _MAX_LENGTH:
        terms.append(compound(whole))
    return tuple(terms)


def compound(name: str) -> str:
    """The term for a whole identifier of several parts; underscores do not count, so `urlMap` and `url_map` meet."""
    return name.replace("_", "").lower()


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A light suffix stripper: plural, -ing, -ed, some suffixes that make nouns of verbs, and final e, as long as four letters are
    left, or what is left is a verb of three; and the verb of an irregular form."""
    if (base := BASE_OF.get(word) or BASE_OF.get(word.removesuffix("s"))) is not None:
        word = base
    if len(word) < 5 or not word.isascii() or not word.isalpha():
        return word[:-1] if len(word) == 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    if word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        rest = word[: -len(suffix)]
        if word.endswith(suffix) and len(rest) >= 4 and any(c in "aeiouy" for c in rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "aeiosl" else rest
            break
        if word.endswith(suffix) and len(word) < 7 and word not in _NO_FORMS and _SHORT_VERB.fullmatch(rest):
            return rest + "e" if _WITH_E.fullmatch(rest) else rest  # `moved` of `move`, `asked` of `ask`
    for suffix, kept in () if word in _NO_DERIVED else _DERIVED:
        rest = word[: -len(suffix)]
        if word.endswith(suffix) and len(rest) >= _LEAST and (suffix != "ion" or rest[-1] in "st"):
            word = rest + kept
            break
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return word


def terms_of(text: str) -> list[str]:
    """All terms of a text, in order, repetition kept."""
    found: list[str] = []
    for word in words(text):
        found.extend(split(word))
    return found


def distinct(text: str) -> set[str]:
    """The different terms of a text."""
    return set().union(*map(split, set(words(text))))


def parts(name: str) -> set[str]:
    """The different terms of a name, without the one for all of it."""
    found = split(name)
    return set(found[:-1] if len(found) > 1 else found)
