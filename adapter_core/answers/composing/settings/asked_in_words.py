"""Which questions are answered by settings and options that they do not name, and with which words they describe them: "how long are
idle connections kept open by default, and which flag changes it?"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import pairwise

from ....evidence.everyday import everyday_table
from ....evidence.question import analyse
from ....evidence.vocabulary import STOP_WORDS, synonyms
from ....graph import terms
from .setting_questions import MAX_CHARS, NOTHING_GIVEN, QUANTITY, Asking, asking_of, asks_variable, things_asked

# Words of such questions that do not say which setting is meant.
MINOR = frozenset(
    map(
        terms.stem,
        "option options flag flags switch switches setting settings knob default defaults argument arguments parameter "
        "parameters arg args ini variable variables value values key keys config configuration configure configured "
        "changed change changes set sets adjust control controls controlled long many much often far soon want need make possible there "
        "have give take takes pass use available exist support accept own different way tell told please run running time same certain "
        "only instead start add adds plugin new custom enable box get try thing things built server program tool library application "
        "project command serve cli env environment choose choice choices pick select chosen".split(),
    )
)
# What options are called, for what people want: on top of the synonyms of code.
_WORDS: Mapping[str, str] = {
    "https": "ssl tls certificate certfile keyfile",
    "tls": "ssl",
    "ssl": "tls",
    "encrypt": "ssl tls",
    "background": "daemon daemonize detach",
    "stop": "graceful shutdown",
    "quiet": "silent verbose",
    "noisy": "verbose quiet",
    "proxy": "forwarded",
    "folder": "dir directory",
    "directory": "dir folder",
    "address": "host bind",
    "listen": "bind host port",
    "concurrency": "concurrent workers jobs",
    "simultaneous": "concurrent concurrency",
    "parallel": "jobs workers concurrent concurrency",
    "recent": "depth",
    "idle": "keepalive inactive silent",
    "limit": "max maximum cap",
    "attempt": "retry retries",
    "cli": "cmd",
    "watch": "reload",
    "file": "path",
    "kept": "keep",
    "sent": "send",
    "held": "hold",
    "written": "write",
    "hidden": "hide",
    "shown": "show",
    "chosen": "choose",
    "taken": "take",
}
_OWN_WORDS = {
    word if word == "https" else terms.stem(word): tuple(map(terms.stem, others.split()))
    for word, others in _WORDS.items()
}
_ASKING = frozenset({"how", "what", "by", "after"})  # such phrases ask how long, by which
# The words by which settings tell such amounts.
_AMOUNTS = (
    (re.compile(r"\b[Hh]ow (?:often|frequently)\b"), "interval every frequency period delay seconds"),
    (
        re.compile(r"\b[Hh]ow (?:long|soon)\b"),
        "timeout seconds minutes hours days duration time delay ttl age lifetime interval period expire expiration",
    ),
    (re.compile(r"\b[Hh]ow many\b"), "max maximum number count limit attempts"),
    (re.compile(r"\b[Hh]ow (?:big|large|much)\b"), "size max maximum limit bytes"),
    (
        re.compile(r"\b[Hh]ow (?:big|large|much|many|long|deep|high)\b[^?]{0,50}\b(?:can|may|could|allowed|at most)\b"),
        "limit max maximum cap capacity most",
    ),
)
# Verbs that say no more than "how long" does.
_LASTING = frozenset({"last", "live", "stay", "kept", "keep", "remain", "valid", "surviv", "wait", "take", "expir"})
_RHYTHM, _OF_RHYTHM = (
    frozenset(map(terms.stem, ("interval", "period", "delay"))),
    0.6,
)  # tell how often rather than how long
_GROWING = frozenset({"grow", "becom", "reach", "hold"})  # verbs that say no more than "how big" does
# Under these terms a question has them.
AMOUNT_WORDS = tuple(asking.pattern for asking, _ in _AMOUNTS)
_MAX_EVERYDAY, _PHRASE_WEIGHT, _AMOUNT_WEIGHT = 4, 0.6, 0.3
_COUNTED = re.compile(r"\bhow (?:many|much) (?P<what>[A-Za-z]+)", re.I)
_OF_COUNTED = 1.5  # the weight of what is counted or measured
_ENDING = re.compile(
    r"\b(?:before|until|till) (?:it|they|that|this|one) (?:(?:is|are|gets?) )?(?P<what>[A-Za-z]+)", re.I
)
_OF_ENDING = 0.5  # what is done in the end, of which names of settings seldom speak
_OF_PROJECT = 0.25  # the weight left of what the whole project is about, such as a cache in `diskcache`
_FEWEST_OF_WAY = 2  # words that tell what one wants to do: one alone is in the names of many settings
_OWN_SHARE, _OTHER_SHARE = 0.85, 0.6  # what another word counts in place of the question's


_PHRASES = (
    (re.compile(r"\btim(?:e|es|ed|ing) out\b", re.I), "timeout"),
    (re.compile(r"\bcommand[- ]line\b", re.I), "cli"),
    (re.compile(r"\b(?:try|tries|tried) (?:it |them |that )?again\b", re.I), "retry"),
    (re.compile(r"\b(?P<stem>[a-z]{2,})ied\b"), r"\g<stem>y"),
    (NOTHING_GIVEN, "by default"),
    (
        re.compile(r"\bat (?:the same|a|one|any) time\b|\bat once\b|\bin parallel\b|\bsimultaneous(?:ly)?\b", re.I),
        "concurrent",
    ),
)


@dataclass(frozen=True, slots=True)
class Described:
    """`weights`: of the question's terms; `alternatives`: of a term, what those count that code may have instead. `at_least`: the share of
    them that a setting must have; `near`: the share of the best that others must have; `limit`: how many are told. `lists`: whether all are
    asked for; `is_named_so`: whether the question calls it a setting, an option or the like; `minor`: its terms that hardly tell which one
    is meant; `spoken`: its words as names of several of them; `is_amount`: whether it asks how long, how many or
    the like; `asks_way`: whether it only asks how one does something; `wants_value`: whether it asks for the value;
    `of_environment`: whether it asks for a variable of the environment."""

    weights: Mapping[str, float]
    alternatives: Mapping[str, Mapping[str, float]]
    at_least: float
    near: float
    limit: int
    lists: bool
    is_named_so: bool
    minor: frozenset[str]
    spoken: frozenset[str]
    is_amount: bool
    asks_way: bool
    wants_value: bool = False
    of_environment: bool = False


def described_settings(question: str, own_names: Set[str] = frozenset()) -> list[Described]:
    """The setting or the settings that a question describes, one by one where it asks for several; none for a question that asks for
    something else."""
    text = in_plain_words(question[:MAX_CHARS])
    asking = asking_of(question[:MAX_CHARS])
    if not asking:
        return []
    things = things_asked(text, asking, lambda part: bool(_own_terms(_words(part, own_names)[0])))
    at_least, near, limit = _measures(asking, asks_variable(question), len(things))
    return [
        Described(
            weights,
            alternatives,
            at_least,
            near,
            limit,
            asking.lists,
            asking.lists or asking.one,
            _minor_terms(thing),
            _spoken_names(thing),
            not asking.lists and QUANTITY.search(thing) is not None,
            asking.only_way,
            not asking.lists and (asking.default or asking.amount),
            asks_variable(question),
        )
        for thing in things
        for weights, alternatives in [_words(thing, own_names)]
        if (weights or asking.lists) and not (asking.possible and len(_own_terms(weights)) < _FEWEST_OF_WAY)
    ]


def _measures(asking: Asking, of_environment: bool, things: int) -> tuple[float, float, int]:
    """`at_least`, `near` and `limit` of `Described`: what is not called a setting must be one all the more surely."""
    if asking.lists:
        return 0.3, 0.55, 8
    if asking.one and not of_environment:
        return 0.36, 0.75, 3
    if asking.default or asking.changes or asking.amount or of_environment:
        return 0.45, 0.7 if asking.amount else 0.8, 2
    if asking.possible:
        return 0.6, 0.8, 2
    return 0.5, 0.7, 4 if things == 1 else 3


def _spoken_names(text: str) -> frozenset[str]:
    """The names that two or three words one after the other may be: `inplace` of "in place"."""
    words = [word.lower() for word in terms.words(text)]
    runs = (words[at : at + length] for length in (2, 3) for at in range(len(words) - length + 1))
    return frozenset("".join(run) for run in runs if not STOP_WORDS.issuperset(run))


def _own_terms(weights: Mapping[str, float]) -> list[str]:
    """The terms of these that are words of the question, not phrases or amounts."""
    return [term for term in weights if term not in AMOUNT_WORDS and " " not in term]


def _minor_terms(text: str) -> frozenset[str]:
    return frozenset(terms.distinct(text) & MINOR)


def in_plain_words(text: str) -> str:
    """The text with one word in place of some phrases, that names of settings have: `timeout` for "times out"."""
    for phrase, word in _PHRASES:
        text = phrase.sub(word, text)
    return text


def _words(question: str, own_names: Set[str]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    query = analyse(question, frozenset(own_names))
    own = {terms.stem(name) for name in own_names} | own_names
    weights = {term: weight for term, weight in query.terms.items() if term not in MINOR and term not in own}
    for term in {terms.stem(word.lower()) for word in terms.words(question) if _is_in_name(word.lower(), own_names)}:
        if term in weights:
            weights[term] *= _OF_PROJECT
    if re.search(r"\bhttps\b", question, re.I) and "http" in weights:  # whose stem is that of `http`
        weights["https"] = weights.pop("http")
    synonyms_of, everyday = synonyms(), everyday_table()
    alternatives: dict[str, dict[str, float]] = {}
    for term in weights:
        others = (*synonyms_of.get(term, ()), *everyday.words.get(term, ())[:_MAX_EVERYDAY])
        alternatives[term] = dict.fromkeys(others, _OTHER_SHARE) | dict.fromkeys(_OWN_WORDS.get(term, ()), _OWN_SHARE)
    for one, other in pairwise(word.lower() for word in terms.words(question)):
        for term in (terms.stem(one), terms.stem(other)):  # `keepalive` of "keep-alive"
            if term in weights:  # and `linkcheck` of "link checker"
                alternatives[term] |= {one + other: 1.0, terms.stem(one + other.removesuffix("er")): 1.0}
    if (counted := _COUNTED.search(question)) and (term := terms.split(counted["what"])[-1]) in weights:
        weights[term] = max(1.0, weights[term]) * _OF_COUNTED
    if (ending := _ENDING.search(question)) and (term := terms.split(ending["what"])[-1]) in weights:
        weights[term] *= _OF_ENDING
    for asking, words in _AMOUNTS:
        asked = asking.search(question) if weights else None
        if asked is not None:
            amounts = [terms.stem(word) for word in words.split()]
            weights.pop(terms.stem(asked.group().split()[1].lower()), None)  # "how big" is told by the amounts
            for term in _LASTING & weights.keys() if "ttl" in amounts else ():
                alternatives[term] = (
                    dict.fromkeys((w for w in amounts if w not in _RHYTHM), _OWN_SHARE) | alternatives[term]
                )
            for term in _GROWING & weights.keys() if "size" in amounts else ():
                alternatives[term] = dict.fromkeys(amounts, _OWN_SHARE) | alternatives[term]
            weights[asking.pattern] = _AMOUNT_WEIGHT
            alternatives[asking.pattern] = {
                w: _OF_RHYTHM if w in _RHYTHM and "ttl" in amounts else 1.0 for w in amounts
            }
    for phrase, others in query.phrases.items():
        is_minor = phrase[0] in _ASKING or all(terms.stem(word) in MINOR or word in STOP_WORDS for word in phrase)
        if others and not is_minor:
            weights[" ".join(phrase)] = _PHRASE_WEIGHT
            alternatives[" ".join(phrase)] = dict.fromkeys(others, 1.0)
    return weights, alternatives


def _is_in_name(word: str, own_names: Set[str]) -> bool:
    """Whether a word is a part of the project's name."""
    bare = (name.removeprefix("py") for name in own_names)
    return len(word) > 2 and any(name != word and (name.startswith(word) or name.endswith(word)) for name in bare)
