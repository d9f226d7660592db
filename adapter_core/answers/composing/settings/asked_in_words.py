"""Which questions are answered by settings and options that they do not name, and with which words they describe them: "how long are
idle connections kept open by default, and which flag changes it?"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import pairwise

from ....evidence.everyday import everyday_table
from ....evidence.guides import asks_how_to
from ....evidence.question import EXTENDING, analyse, asks_for_own
from ....evidence.vocabulary import STOP_WORDS, synonyms
from ....graph import terms

_MAX_CHARS = 300
_ONE = (
    r"(?:option|flag|switch|setting|knob|config(?:uration)? (?:value|variable|key|option)"
    r"|command[- ]line (?:option|argument|flag|switch))"
)
_SEVERAL = (
    r"(?:(?:options|flags|switches|settings|knobs)|(?:config(?:uration)?|ini) (?:values|variables|keys|options)"
    r"|command[- ]line (?:arguments|args|parameters))"
)
_LISTING = re.compile(
    rf"\b(?:which|what|list|show|name|all|are there(?: any)?)\b[^?]{{0,60}}?\b{_SEVERAL}\b(?!\.)", re.I
)
_ASKS_ONE = re.compile(
    rf"\b(?:which|what|is there(?: an?)?|name of the|by (?:a|an|the|which))\b[^?]{{0,40}}?\b{_ONE}\b(?! (?:class|module|parser|group)\b)",
    re.I,
)
_DEFAULT = re.compile(r"\bby default\b|\bdefault\b|\bdefaults? to\b|\bout of the box\b", re.I)
_QUANTITY = re.compile(
    r"\bhow (?:long|many|much|often|big|large|frequently|soon|deep|far)\b|\bafter how\b|\bwhat is the (?:max|min)\w*\b",
    re.I,
)
_CHANGES = re.compile(
    r"\bhow (?:do|can|could|would|should) (?:i|we|you|one) (?:\w+ )?"
    r"(?:change|configure|set|adjust|raise|lower|increase|reduce)\b|\b(?:chang|configur|adjust)\w+ (?:it|that|this)\b",
    re.I,
)
# What links to or makes something is asked of code.
_LINKED = re.compile(r"\b(?:subclass\w*|extends?|inherits?|overrid\w+|callers?|who calls|is called|are called)\b", re.I)
_OF_CODE = re.compile(
    r"\b(?:tests?|raises?|raised|calls?|subclass\w*|extends?|functions?|method|class(?:es)?|modules?)\b", re.I
)
# Words of such questions that do not say which setting is meant.
_MINOR = frozenset(
    map(
        terms.stem,
        "option options flag flags switch switches setting settings knob default defaults argument arguments parameter "
        "parameters arg args ini variable variables value values key keys config configuration configure configured "
        "changed change changes set sets adjust control controls controlled long many much often far soon want need make possible there "
        "have give take takes pass use available exist support accept own different way tell told please run running time same certain "
        "only instead start add adds plugin new custom enable box get try thing things built server program tool library application "
        "project command serve cli".split(),
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
_USING = frozenset({"use", "provide", "support", "make"})
_ASKING = frozenset({"how", "what", "by", "after"})  # such phrases ask how long, by which
# The words by which settings tell such amounts.
_AMOUNTS = (
    (re.compile(r"\b[Hh]ow (?:often|frequently)\b"), "interval every frequency period delay seconds"),
    (
        re.compile(r"\b[Hh]ow (?:long|soon)\b"),
        "timeout seconds minutes hours days duration time delay ttl age lifetime interval period",
    ),
    (re.compile(r"\b[Hh]ow many\b"), "max maximum number count limit"),
    (re.compile(r"\b[Hh]ow (?:big|large)\b"), "size max maximum limit bytes"),
)
# Verbs that say no more than "how long" does.
_LASTING = frozenset({"last", "live", "stay", "kept", "keep", "remain", "valid", "surviv", "wait", "take", "expir"})
# Under these terms a question has them.
AMOUNT_WORDS = tuple(asking.pattern for asking, _ in _AMOUNTS)
_MAX_EVERYDAY, _PHRASE_WEIGHT, _AMOUNT_WEIGHT = 4, 0.6, 0.3
_OWN_SHARE, _OTHER_SHARE = 0.85, 0.6  # what another word counts in place of the question's


_AND = re.compile(r",? (?:and|or) ")
_PHRASES = (
    (re.compile(r"\btim(?:e|es|ed|ing) out\b", re.I), "timeout"),
    (re.compile(r"\bcommand[- ]line\b", re.I), "cli"),
    (re.compile(r"\b(?:leav(?:e|es|ing)|left) (?:\w+ ){0,3}out\b", re.I), "exclude"),
    (re.compile(r"\bvirtual env(?:ironment)?s?\b", re.I), "virtualenv"),
    (re.compile(r"\benv(?:ironment)? (?:variable|var)s?\b", re.I), "variables"),
    (re.compile(r"\b(?:several|multiple|many|all|more) (?:processes|threads|cores|cpus|workers)\b", re.I), "parallel"),
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
    the like; `asks_way`: whether it only asks how one does something."""

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


def described_settings(question: str, own_names: Set[str] = frozenset()) -> list[Described]:
    """The setting or the settings that a question describes, one by one where it asks how to do one thing and another; none for a question
    that asks for something else."""
    text = in_plain_words(question[:_MAX_CHARS])
    lists, asks_one = _has_noun(_LISTING, text), _has_noun(_ASKS_ONE, text)
    changes = bool(_CHANGES.search(text) and (_QUANTITY.search(text) or _DEFAULT.search(text)))
    asks_default = bool(_DEFAULT.search(text)) and (changes or not re.match(r"\W*(?:where|who)\b", text, re.I))
    how_to = asks_how_to(text) and not _makes_own(text)
    if not (lists or asks_one) and (_OF_CODE.search(text) or not (asks_default or changes or how_to)):
        return []
    things = [text] if lists or asks_one or asks_default or changes else _AND.split(text)
    if lists:
        at_least, near, limit = 0.3, 0.55, 8
    elif asks_one:
        at_least, near, limit = 0.36, 0.75, 3
    elif asks_default or changes:
        at_least, near, limit = 0.45, 0.8, 2
    else:
        at_least, near, limit = 0.5, 0.7, 4 if len(things) == 1 else 3
    return [
        Described(
            weights,
            alternatives,
            at_least,
            near,
            limit,
            lists,
            lists or asks_one,
            _minor_terms(thing),
            _spoken_names(thing),
            not lists and _QUANTITY.search(thing) is not None,
            not (lists or asks_one or asks_default or changes),
        )
        for thing in things
        for weights, alternatives in [_words(thing, own_names)]
        if weights or lists
    ]


def _makes_own(text: str) -> bool:
    """Whether a question asks how to write something of one's own, which no setting does."""
    match = EXTENDING.search(text)
    return match is not None and match["verb"].lower() not in _USING and bool(asks_for_own(text))


def calls_it_setting(question: str) -> bool:
    """Whether a question asks for what it calls a setting, an option or the like."""
    text = question[:_MAX_CHARS]
    return _has_noun(_LISTING, text) or _has_noun(_ASKS_ONE, text)


def _has_noun(asking: re.Pattern[str], text: str) -> bool:
    """Whether a question asks so for settings, and not for a class of that name or what is linked to one."""
    match = asking.search(text)
    return match is not None and match.group().split()[-1].islower() and _LINKED.search(text) is None


def _spoken_names(text: str) -> frozenset[str]:
    """The names that two or three words one after the other may be: `inplace` of "in place"."""
    words = [word.lower() for word in terms.words(text)]
    runs = (words[at : at + length] for length in (2, 3) for at in range(len(words) - length + 1))
    return frozenset("".join(run) for run in runs if not STOP_WORDS.issuperset(run))


def _minor_terms(text: str) -> frozenset[str]:
    return frozenset(terms.distinct(text) & _MINOR)


def in_plain_words(text: str) -> str:
    """The text with one word in place of some phrases, that names of settings have: `timeout` for "times out"."""
    for phrase, word in _PHRASES:
        text = phrase.sub(word, text)
    return text


def _words(question: str, own_names: Set[str]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    query = analyse(question, frozenset(own_names))
    own = {terms.stem(name) for name in own_names} | own_names
    weights = {term: weight for term, weight in query.terms.items() if term not in _MINOR and term not in own}
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
    for asking, words in _AMOUNTS:
        if weights and asking.search(question):
            amounts = [terms.stem(word) for word in words.split()]
            for term in _LASTING & weights.keys() if "ttl" in amounts else ():
                alternatives[term] = dict.fromkeys(amounts, _OWN_SHARE) | alternatives[term]
            weights[asking.pattern] = _AMOUNT_WEIGHT
            alternatives[asking.pattern] = dict.fromkeys(amounts, 1.0)
    for phrase, others in query.phrases.items():
        is_minor = phrase[0] in _ASKING or all(terms.stem(word) in _MINOR or word in STOP_WORDS for word in phrase)
        if others and not is_minor:
            weights[" ".join(phrase)] = _PHRASE_WEIGHT
            alternatives[" ".join(phrase)] = dict.fromkeys(others, 1.0)
    return weights, alternatives
