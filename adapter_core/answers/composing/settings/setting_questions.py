"""What questions about settings ask for: which one, all of them, a default, an amount, how to change it, which values it may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ....evidence.guides import asks_how_to
from ....evidence.question import EXTENDING, asks_for_own
from ...clauses import split_question

MAX_CHARS = 300
_ONE = (
    r"(?:option|flag|switch|setting|knob|config(?:uration)? (?:value|variable|key|option)|env(?:ironment)?[ -]?var(?:iable)?"
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
_GIVE = r"(?:give|set|say|specify|specifie|pass|configure|choose|change)"
# "If I don't give one", "unless I configure anything", "if nothing is set".
NOTHING_GIVEN = re.compile(
    rf"\b(?:if|when|unless) (?:i|we|you|one|nobody) [^?,]{{0,12}}?\b{_GIVE} (?:anything|nothing|something|one|it|them|any|none)\b"
    rf"|\b(?:if|when) (?:nothing|none) (?:is|was|gets?) (?:{_GIVE}\w*|given|chosen)\b",
    re.I,
)
_DEFAULT = re.compile(rf"\bby default\b|\bdefault\b|\bdefaults? to\b|\bout of the box\b|{NOTHING_GIVEN.pattern}", re.I)
QUANTITY = re.compile(
    r"\bhow (?:long|many|much|often|big|large|frequently|soon|deep|far)\b|\bafter how\b|\bwhat is the (?:max|min)\w*\b"
    r"|\b(?:limits?|maximum|minimum|timeouts?|cap) (?:on|of|for|to)\b",
    re.I,
)
# What asks for an amount that somebody chose: how long something is kept, how big it may become.
_AMOUNT = re.compile(
    r"\bhow (?:long|often|frequently|soon)\b[^?]{0,50}?\b(?:is|are|do|does|will|can|may|must|should|until|before)\b"
    r"|\b(?:after|for) how (?:long|many|much)\b"
    r"|\bhow (?:big|large|deep|much|many|far|wide|high|small)\b[^?]{0,50}?\b(?:can|may|could|allowed|at most|at once|at a time|before|until"
    r"|(?:is|are) (?:kept|held|cached|stored|remembered|retried|buffered|queued|allowed|tried))\b"
    r"|\b(?:what(?:'s| is| are)|is there|are there) (?:the |an? |any |some )(?:\w+ ){0,3}"
    r"(?-i:limits?|maximum|minimum|max|min|timeouts?|cap|quota|interval|threshold)\b",
    re.I,
)
_CHANGE = (
    r"(?:change|configure|customi[sz]e|set|adjust|raise|lower|increase|reduce|override|tune|shorten|extend|modify)"
)
_YOU = r"(?:do|can|could|would|should|may|might) (?:i|we|you|one)"
_CHANGES = re.compile(
    rf"\bhow {_YOU} (?:\w+ )?{_CHANGE}\b|\b(?:how|where) to {_CHANGE}\b"
    r"|\b(?:chang|configur|adjust|control|set|rais|lower|increas|reduc)\w* (?:it|that|this|them)\b",
    re.I,
)
_MAY_CHANGE = re.compile(
    r"\b(?:(?:can|could|may) (?:i|we|you|one)|is it possible to|are we able to) "
    rf"{_CHANGE}\b|\bis (?:the |an? )?[^?]{{1,40}} (?:configurable|adjustable|customi[sz]able)\b"
    rf"|\bwhere {_YOU} (?:\w+ )?(?:{_CHANGE}|specify|turn|enable|disable)\b"
    rf"|\bhow {_YOU} (?:\w+ )?(?:change|configure|adjust|customi[sz]e|override)\b",
    re.I,
)
# "Can I make a worker restart after some requests?" asks for a way, too.
_POSSIBLE = re.compile(
    r"\W*(?:(?:can|could|may) (?:i|we|you|one)|is it possible (?:to|for|that)|is there (?:a|any|some) (?:\w+ )?way (?:to|of)|"
    r"are we able to)\b",
    re.I,
)
# What links to or makes something is asked of code.
_LINKED = re.compile(r"\b(?:subclass\w*|extends?|inherits?|overrid\w+|callers?|who calls|is called|are called)\b", re.I)
_OF_CODE = re.compile(
    r"\b(?:tests?|raises?|raised|calls?|subclass\w*|extends?|functions?|method|class(?:es)?|modules?)\b", re.I
)
_FIT = r"(?:allowed|valid|accepted|permitted|legal|possible|supported|available)"
_ALLOWED = re.compile(
    rf"\b(?:which|what) (?:[\w-]+ ){{1,4}}?(?:are|is|can be|may be) (?:\w+ )?{_FIT}\b"
    rf"|\b{_FIT} (?:values|range|choices|characters|names|formats)\b"
    r"|\bwhat (?:values|choices) (?:can|may|could|does|do)\b",
    re.I,
)
_VARIABLE = re.compile(
    r"\b(?:which|what|is there(?: an?)?|name of the|through (?:an?|the|which)|by (?:an?|the|which)|with (?:an?|which))\b[^?]{0,30}?"
    r"\benv(?:ironment)?[ -]?var(?:iable)?\b",
    re.I,
)
_USING = frozenset({"use", "provide", "support", "make"})
_AND = re.compile(r",? (?:and|or) ")
_QUESTION_WORD = re.compile(r"\W*(?:who|what|where|which|how|why|is|are|can|does|do)\b", re.I)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question or a part of it asks of settings. `lists`: all of them; `one`: which, by that name; `default`, `amount`: its value;
    `changes`: how it is changed; `allowed`: which values it may have; `how_to`: how one does something, which a setting may do;
    `possible`: whether one can."""

    lists: bool = False
    one: bool = False
    default: bool = False
    amount: bool = False
    changes: bool = False
    allowed: bool = False
    how_to: bool = False
    possible: bool = False

    def __bool__(self) -> bool:
        return any((self.lists, self.one, self.default, self.amount, self.changes, self.how_to))

    @property
    def only_way(self) -> bool:
        return self.how_to and not any((self.lists, self.one, self.default, self.amount, self.changes))


def asking_of(text: str) -> Asking:
    """What a text asks of settings; nothing where it asks for code."""
    lists, one = has_noun(_LISTING, text), has_noun(_ASKS_ONE, text)
    if not (lists or one) and _OF_CODE.search(_MAY_CHANGE.sub(" ", _CHANGES.sub(" ", text))):
        return Asking()
    is_default, is_possible = bool(_DEFAULT.search(text)), bool(_POSSIBLE.match(text))
    changes = bool(_CHANGES.search(text) and (QUANTITY.search(text) or is_default)) or bool(_MAY_CHANGE.search(text))
    return Asking(
        lists,
        one,
        is_default and (changes or not re.match(r"\W*(?:where|who)\b", text, re.I)),
        bool(_AMOUNT.search(text)),
        changes,
        bool(_ALLOWED.search(text)),
        (asks_how_to(text) or is_possible) and not _makes_own(text),
        is_possible,
    )


def things_asked(text: str, asking: Asking, says_what: Callable[[str], bool]) -> list[str]:
    """The things whose settings a question asks for, one by one. `says_what`: whether a text has words of its own that tell one: a part
    without, such as "and which setting changes that", is about the one before."""
    if asking.lists:
        return [text]
    if asking.only_way:
        return _AND.split(text)
    things: list[str] = []
    context = ""
    for part in split_question(text):
        if asking_of(part):
            if says_what(part) or not things:
                things.append(f"{context} {part}".strip())
                context = ""
        elif not _QUESTION_WORD.match(part):
            context = part  # "when a job succeeds, how long …"
    return [thing for thing in things if says_what(thing)] or [text]


def has_noun(asking: re.Pattern[str], text: str) -> bool:
    """Whether a question asks so for settings, and not for a class of that name or what is linked to one."""
    match = asking.search(text)
    return match is not None and match.group().split()[-1].islower() and _LINKED.search(text) is None


def calls_it_setting(question: str) -> bool:
    """Whether a question asks for what it calls a setting, an option or the like."""
    text = question[:MAX_CHARS]
    return has_noun(_LISTING, text) or has_noun(_ASKS_ONE, text)


def asks_variable(question: str) -> bool:
    """Whether a question asks for one variable of the environment."""
    return bool(_VARIABLE.search(question[:MAX_CHARS]))


def asks_allowed(question: str) -> bool:
    """Whether a question asks which values are allowed."""
    return bool(_ALLOWED.search(question[:MAX_CHARS]))


def asks_to_change(question: str) -> bool:
    """Whether a question asks how something is changed, or which setting does that."""
    text = question[:MAX_CHARS]
    return bool(_CHANGES.search(text) or _MAY_CHANGE.search(text) or has_noun(_ASKS_ONE, text))


def _makes_own(text: str) -> bool:
    """Whether a question asks how to write something of one's own, which no setting does."""
    match = EXTENDING.search(text)
    return match is not None and match["verb"].lower() not in _USING and bool(asks_for_own(text))
