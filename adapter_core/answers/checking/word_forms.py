"""Plain words by what they can do for a relation: its verbs by form, its nouns by the side they name, and the small words of grammar.

The labels say nothing of what a sentence is about, so that what is learned of one verb holds for all that tell the same relation.
"""

from __future__ import annotations

import functools
import re

from .lexicon import BINDING, TARGET_DOES, TARGET_FIRST, VALUE_FIRST, look_up
from .sentence import Sentence

NAME, START, END = "NAME", "^", "$"
_PIECE = re.compile(r"\x02\d+\x03|'s\b|’s\b|[A-Za-z][\w'-]*|[,:;()?]")
_LEFT_OUT = frozenset("a an the its their his".split())
_PREPOSITIONS = {
    **dict.fromkeys(("in", "inside", "within", "at", "during", "throughout", "among", "amongst", "under", "between", "across", "beneath",
                     "below", "behind"), "in"),
    **dict.fromkeys(("on", "upon", "onto", "above", "over", "atop"), "on"),
    **dict.fromkeys(("to", "into", "towards", "toward"), "to"),
    **{p: p for p in ("by", "from", "of", "with", "as", "for")}, "off": "from", "against": "to", "like": "as",
}  # fmt: skip
_BE = frozenset("is are was were be been being isn't aren't wasn't".split())
_HAVE = frozenset("has have had having possesses possess".split())
_GRAMMAR = frozenset(
    "that which who whom whose what whatever where when whenever if once while unless until after before it them they one some any "
    "each every no not never without nor and or but than then there here can may might will would could should must do does did only "
    "always because since so alone you we 's ’s".split()
)
# Nouns that only say what kind of thing the name next to them is.
KIND_NOUNS = frozenset(
    "function method class file module exception exceptions error errors parameter argument attribute value values object expression "
    "option decorator field instance instances constructor test statement".split()
)
_FORMS = {"base": "act", "third": "act", "gerund": "ing", "participle": "ed", "past": "ed"}
_TOLD_AS = {"member": "defines", "defined": "defines", "decorated": "decorates", "returns_if": "returns"}


def words_of(sentence: Sentence) -> tuple[str, ...]:
    """The words in lower case, without articles; a name keeps its mark, and is "it" where it is named again."""
    seen: dict[str, str] = {}
    words = []
    for piece in _PIECE.findall(sentence.plain):
        word = piece.lower()
        if word[0] == "\x02":
            text = sentence.mentions[int(word[1:-1])].text
            if text in seen and seen[text] != word:
                word = "it"
            seen.setdefault(text, word)
        if word not in _LEFT_OUT:
            words.append(word)
    return tuple(words)


def is_name(word: str) -> bool:
    return word[0] == "\x02"


@functools.lru_cache(maxsize=8192)
def labels(word: str, relation: str) -> tuple[str, ...]:
    """What a word can be for a relation; at least one label."""
    if is_name(word):
        return (NAME,)
    if word in ",:;()?":
        return (",",)
    if word in _BE:
        return ("be",)
    if word in _HAVE:
        return ("have",)
    if word in _PREPOSITIONS:
        return (f"p:{_PREPOSITIONS[word]}",)
    if word in _GRAMMAR:
        return (word,)
    known, told = look_up(word), _TOLD_AS.get(relation, relation)
    found: list[str] = []
    if known is not None and known.form:
        found.append(f"V{_verb(known.lemma, known.acts, known.middle, told)}.{_FORMS[known.form]}")
    if known is not None:
        for side in ("doer", "done", "deed"):
            kinds = getattr(known, side)
            if kinds:
                found.append(f"N{'own' if told in kinds else 'other'}.{side}")
    return tuple(found) or (_by_ending(word),)


def _verb(lemma: str, acts: tuple[str, ...], middle: tuple[str, ...], told: str) -> str:
    if told in ("sets", "default"):
        if lemma in VALUE_FIRST:
            return "value"
        if lemma in TARGET_FIRST:
            return "target"
        return "becomes" if lemma in TARGET_DOES else "light"
    if told in acts:
        return "both" if told in middle else "own"
    if told in middle:
        return "middle"
    return "other" if acts or middle else "light"


def _by_ending(word: str) -> str:
    return "x" + next((e for e in ("ed", "ing", "ly", "s") if word.endswith(e)), "")


def cue(word: str, relation: str) -> tuple[bool, int]:
    """Whether a word can tell a relation, and how many relations it can tell."""
    known = look_up(word)
    if known is None:
        return False, 0
    told = _TOLD_AS.get(relation, relation)
    kinds = {*known.acts, *known.middle, *known.doer, *known.done, *known.deed}
    bound = told in ("sets", "default") and known.lemma in BINDING
    return told in kinds or bound, len(kinds)


def lemma(word: str) -> str:
    known = look_up(word)
    if known is not None and known.form:
        return known.lemma
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
