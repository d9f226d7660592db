"""Labels of plain words for a relation: its verbs by form, its nouns by the side that they name, and function words.

The labels are independent of the words themselves, so that what the model learns of one verb holds for all verbs of the same relation.
They are part of the feature names in `roles.txt`.
"""

from __future__ import annotations

import functools
import re

from .lexicon import BINDING, TARGET_AS_SUBJECT, TARGET_FIRST, VALUE_FIRST, look_up
from .sentence import Sentence

NAME, START, END = "NAME", "^", "$"
_TOKEN = re.compile(r"\x02\d+\x03|'s\b|’s\b|[A-Za-z][\w'-]*|[,:;()?]")
_SKIPPED_WORDS = frozenset("a an the its their his".split())
_PREPOSITIONS = {
    **dict.fromkeys(("in", "inside", "within", "at", "during", "throughout", "among", "amongst", "under", "between", "across", "beneath",
                     "below", "behind"), "in"),
    **dict.fromkeys(("on", "upon", "onto", "above", "over", "atop"), "on"),
    **dict.fromkeys(("to", "into", "towards", "toward"), "to"),
    **{p: p for p in ("by", "from", "of", "with", "as", "for")}, "off": "from", "against": "to", "like": "as",
}  # fmt: skip
_BE_FORMS = frozenset("is are was were be been being isn't aren't wasn't".split())
_HAVE_FORMS = frozenset("has have had having possesses possess".split())
_FUNCTION_WORDS = frozenset(
    "that which who whom whose what whatever where when whenever if once while unless until after before it them they one some any "
    "each every no not never without nor and or but than then there here can may might will would could should must do does did only "
    "always because since so alone you we 's ’s".split()
)
# Nouns for the kind of the name next to them.
KIND_NOUNS = frozenset(
    "function method class file module exception exceptions error errors parameter argument attribute value values object expression "
    "option decorator field instance instances constructor test statement".split()
)
_FORMS = {"base": "act", "third": "act", "gerund": "ing", "participle": "ed", "past": "ed"}
_LEXICON_RELATION = {"member": "defines", "defined": "defines", "decorated": "decorates", "returns_if": "returns"}


def words_of(sentence: Sentence) -> tuple[str, ...]:
    """The words of a sentence in lower case, without articles and possessives; a name is its mark, or "it" where it occurs again."""
    mark_of: dict[str, str] = {}
    words = []
    for token in _TOKEN.findall(sentence.plain):
        word = token.lower()
        if word[0] == "\x02":
            text = sentence.mentions[int(word[1:-1])].text
            if text in mark_of and mark_of[text] != word:
                word = "it"
            mark_of.setdefault(text, word)
        if word not in _SKIPPED_WORDS:
            words.append(word)
    return tuple(words)


def is_name(word: str) -> bool:
    return word[0] == "\x02"


@functools.lru_cache(maxsize=8192)
def labels(word: str, relation: str) -> tuple[str, ...]:
    """The labels of a word for a relation; at least one."""
    if is_name(word):
        return (NAME,)
    if word in ",:;()?":
        return (",",)
    if word in _BE_FORMS:
        return ("be",)
    if word in _HAVE_FORMS:
        return ("have",)
    if word in _PREPOSITIONS:
        return (f"p:{_PREPOSITIONS[word]}",)
    if word in _FUNCTION_WORDS:
        return (word,)
    entry, lexicon_relation = look_up(word), _LEXICON_RELATION.get(relation, relation)
    word_labels: list[str] = []
    if entry is not None and entry.form:
        word_labels.append(
            f"V{_verb_class(entry.lemma, entry.active, entry.middle, lexicon_relation)}.{_FORMS[entry.form]}"
        )
    if entry is not None:
        # The features in `roles.txt` call the sides doer, done and deed.
        for side, kinds in (("doer", entry.agent_of), ("done", entry.patient_of), ("deed", entry.action_of)):
            if kinds:
                word_labels.append(f"N{'own' if lexicon_relation in kinds else 'other'}.{side}")
    return tuple(word_labels) or (_unknown_label(word),)


def _verb_class(lemma: str, active: tuple[str, ...], middle: tuple[str, ...], relation: str) -> str:
    if relation in ("sets", "default"):
        if lemma in VALUE_FIRST:
            return "value"
        if lemma in TARGET_FIRST:
            return "target"
        return "becomes" if lemma in TARGET_AS_SUBJECT else "light"
    if relation in active:
        return "both" if relation in middle else "own"
    if relation in middle:
        return "middle"
    return "other" if active or middle else "light"


def _unknown_label(word: str) -> str:
    return "x" + next((e for e in ("ed", "ing", "ly", "s") if word.endswith(e)), "")


def cue(word: str, relation: str) -> tuple[bool, int]:
    """(whether a word can express the relation, the number of relations that it can express)."""
    entry = look_up(word)
    if entry is None:
        return False, 0
    lexicon_relation = _LEXICON_RELATION.get(relation, relation)
    kinds = {*entry.active, *entry.middle, *entry.agent_of, *entry.patient_of, *entry.action_of}
    is_binding = lexicon_relation in ("sets", "default") and entry.lemma in BINDING
    return lexicon_relation in kinds or is_binding, len(kinds)


def lemma(word: str) -> str:
    entry = look_up(word)
    if entry is not None and entry.form:
        return entry.lemma
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
