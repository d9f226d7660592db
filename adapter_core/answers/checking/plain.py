"""Claims of a sentence about two or three names, read by its structure (`grammar.py`), with the condition it puts on them.

What the words leave open, which of several relations is meant, is left to the lines: a claim has alternatives, and one that holds is
enough. Who does it and what it is done to is never left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .bindings import Reading
from .clauses import of_callers, without_asides
from .grammar import readings_of
from .lexicon import ANY
from .relations import EXCLUSIVE, IS_FALSE, IS_TRUE, NEGATION, Claims, Condition, Relation
from .sentence import MARK, Mention, Sentence

_M = r"\x02(\d+)\x03"
# "when `f` runs" is no condition, but says where.
_C = (
    _M + r"(?!\s+(?:(?:is|gets?|has been) (?:called|run|executed|invoked|entered|used)|runs?|executes?|starts?|"
    r"is (?:running|executing))\b)"
)
_FILL = (
    r"(?:\s*\b(?:that|it|is|the|a|an|case|true|condition|expression|test|check|predicate|guard|of|statement|this|where|holds|both|"
    r"given|in)\b)*\s*"
)
_IF = (
    r"(?:if and only if|if|when(?:ever)?|while|as long as|so long as|as soon as|provided|providing|assuming|supposing|given|once|"
    r"(?<!is )where|"
    r"(?:in|for) (?:the )?(?:case|event|situation)s?(?: (?:that|where|when|of))?|(?:on|under|upon)(?: the)? condition|under|should|"
    r"(?:up)?on (?:finding|seeing|noticing)|"
    r"(?:in|inside|within|on) (?:a|the) (?:branch|block|path|arm)(?: (?:under|where|of|for|guarded by))?|"
    r"guarded by|subject to|depending on|contingent on|conditional on|the condition(?: for (?:this|that|it))?(?: being)?|"
    r"(?:(?:after|by|on|upon)(?: having)?|having) (?:determin|f[io]u?nd|check|verif|establish|see|seen|confirm|notic|made sure|making sure|"
    r"ascertain|learn|test)\w*(?: that| whether)|"
    r"because(?: of)?|since)"
)
_CHECKS = r"(?:checks|tests|evaluates|verifies|examines|inspects|asks|looks(?: at)?|determines|sees)(?: (?:whether|if|for|that))?"
_THEN = (
    r"(?:\s*,?\s*(?:and|then|,)*\s*(?:(?:if (?:so|it (?:is|does|holds)|that (?:is so|holds)|true|this holds|this is (?:so|true))|"
    r"in (?:that|which|this) case|when (?:so|true|it (?:is|holds|does))|then|on success|"
    r"if that is the case)(?: (?:true|so|the case))?)\s*,?)"
)
_LATER = r"\s*,?\s*\b(?:if|when|whenever|where|once|in case)\s+(?:it|this|that|so|true|the (?:check|test|condition))\b"
_GOOD, _GUARD, _UNDER = "(?:true|truthy|met|satisfied)", "(?:condition|test|guard|check|case)", "(?:under|on|for|in)"
# (pattern, whether the condition holds where it matches); the mention in it is the condition.
_CONDITIONS = (
    (re.compile(rf"(?:\bonly )?\bunless\b{_FILL}{_M}{IS_TRUE}?\s*,?", re.I), False),
    (re.compile(rf"(?:\b(?:only|just|exactly|precisely) )?\b{_IF}\b{_FILL}{_C}{IS_FALSE}\s*,?", re.I), False),
    (re.compile(rf"(?:\b(?:only|just|exactly|precisely) )?\b{_IF}\b{_FILL}{_C}{IS_TRUE}?\s*(?:,?\s*then\b)?,?", re.I), True),
    (re.compile(rf"\b{_CHECKS}{_FILL}{_M}{IS_TRUE}?{_THEN}", re.I), True),
    (re.compile(rf"\b{_CHECKS}{_FILL}{_M},?\s*(?:and|then|,|\s)+(?=[^.;]*{_LATER}{IS_FALSE}\W*\Z)", re.I), False),
    (re.compile(rf"\b{_CHECKS}{_FILL}{_M},?\s*(?:and|then|,|\s)+(?=[^.;]*{_LATER}{IS_TRUE}\W*\Z)", re.I), True),
    (re.compile(rf"(?:\b(?:with|a|an|the) )*(?:true|truthy)?\s*{_M}\s*\b(?:being {_GOOD}|holding(?: true)?)\b\s*,?", re.I), True),
    (re.compile(rf"{_M} (?:is|forms|states) (?:the|a|its) {_GUARD}(?: {_UNDER} (?:which|that))?", re.I), True),
    (re.compile(rf"\b(?:the )?{_GUARD}(?: {_UNDER} (?:which|that|this))?\b(?=.*\bis {_M}\W*\Z)", re.I), True),
)  # fmt: skip
_TOLD = re.compile(
    r"\b(?P<how>if|when|unless|where|whenever|in case|without)\b(?P<clause>(?:(?!\x02)[^,.;])*?\b"
    r"(?:given|passed|told|specified|supplied|provided|"
    r"omit\w*|left out|leaves? it out|skips it|missing|absent|set|said|stated|"
    r"unspecified|chosen|named|overridden|else|otherwise|nothing|none|argument|value|asked|changed|explicit)\b(?:(?!\x02)[^,.;])*),?",
    re.I,
)
_DENIED = re.compile(
    r"\b(?:no|not|nothing|none|omit\w*|skips|leaves?|left out|missing|absent|unspecified|without|unset|isn't)\b", re.I
)
_IT_INSTEAD = re.compile(
    r"(?<=\bfor) (?:it|(?:that|the|this)(?: \w+)? (?:parameter|argument|option|one))\b|(?<=\bfor) that\b|(?<=\bset) it\b",
    re.I,
)
_IN_CALL = re.compile(
    r"(?: (?:of|from|in|when|by))?(?: (?:an?|the|any))? (?:calls?|calling|invo\w+)(?: (?:to|of))? (\x02\d+\x03),?", re.I
)
_ITS = re.compile(r"\b(?:it|(?:that|the|this) (?:parameter|argument|option)|its value)\b", re.I)
_THE = r"\s*(?:(?:the|an?|parameter|argument|option|keyword|no|value|for)\s+)*"
_OMITTED = re.compile(
    rf"\b(?:(?:if|when|whenever|in case|where)\b{_THE}{_M}\s*(?:(?:argument|parameter|value)\s+)?(?:is|was|has been|gets)?\s*"
    r"(?:omitted|left (?:out|unset|off|away)|missing|absent|unspecified|unset|skipped|not (?:given|passed|specified|supplied|provided|set)|"
    r"given|passed|specified|supplied|provided)\b(?: (?:from|in|by|to|when|for)(?: (?:an?|the|its))? (?:calls?|callers?|calling|"
    r"arguments?)(?: (?:to|of) it)?)?,?|"
    rf"(?:(?:if|when|whenever|in case|where)(?: an?| the)? (?:callers?|calls?|user|one|you|nobody|nothing)\s+)?"
    rf"(?:without|(?:omit(?:ting|s)?|leav(?:es?|ing)(?: (?:out|off|away))?|skip(?:ping|s)?|(?:does not|do not|doesn't) "
    rf"(?:pass|give|specify|supply|provide|set))\b){_THE}"
    r"\x02(\d+)\x03(?: (?:out|off|away))?,?)",
    re.I,
)
REFUSES = re.compile(
    r"\b(?:avoid\w*|refus\w+|forget\w*|omit\w*|lack\w*|ignor\w+|miss(?:es|ing)?|rarely|hardly|seldom|prevent\w*|skip\w*|unlike|"
    r"other than|bypass\w*|stops? short|unable|impossible|un(?:related|aware|touched)|independent\w*|neglect\w*|disallow\w*|forbid\w*|"
    # how often it is done is not looked at
    r"twice|thrice|(?:two|three|four|five|several|many) times|repeatedly|at most|(?:more|less|fewer) than|ceas\w+|declin\w+|exempt\w*|"
    r"free (?:of|from)|far from|anything but)\b",
    re.I,
)  # fmt: skip
_EXCEPT = re.compile(r"\bexcept(?:ion)?[ -](?:clause|block|handler|branch|statement|arm)\b", re.I)
_CALLED = re.compile(
    r"\b(?:if|unless|when|where)\b(?:(?!\x02)[^,.;])*?\b(?:callers?|calls?|users?) (?:of|to|uses?|calls?) (?:the \w+ )?(\x02\d+\x03)",
    re.I,
)
_ASIDE = re.compile(
    r",?\s*\b(?:when|whenever|once|if|while|after|before|as soon as)\b(?:(?!\x02)[^,.;:])+(?:,|(?=\.?\s*\Z))", re.I
)
_AFTERTHOUGHT = re.compile(
    r",\s*(?:which (?:is|are|can|may)|as|where|because|since|so|and (?:this|that))\b(?:(?!\x02)[^.;])*(?=\.?\s*\Z)",
    re.I,
)
# "Left out, the argument `x` of `f` is `1`"; "`x` is optional; its default is `1`".
_LEFT = re.compile(
    r"\A\W*(?:(?:if|when) )?(?:left (?:out|off|unset|away|alone|unspecified)|omitted|unspecified|not (?:given|specified)),\s",
    re.I,
)
_ITS_DEFAULT = re.compile(r"[;,] (?:and )?(?:its|the) (?=default)", re.I)
_UNLESS = re.compile(r"\bunless\b", re.I)
_KEYWORD = re.compile(r"(except|raise|return|yield)(?: (.+?):?)?|(?:class|def|if|with|try|for|while)")
_SEVERAL = re.compile(r";|\.\s+\S|—")


def plain_claims(sentence: Sentence) -> Claims | None:
    """The claims of a sentence about few names; None where its structure is not understood."""
    sentence = keywords_as_words(sentence)
    names = [sentence.mentions[int(n)] for n in MARK.findall(sentence.plain)]
    if any(m.kind == "quote" for m in sentence.mentions):
        return None
    if not 2 <= len(names) <= 4 or _SEVERAL.search(_ITS_DEFAULT.sub(" ", sentence.plain.strip())):
        return None
    text, conditions, default = _without_conditions(sentence)
    if REFUSES.search(text) or NEGATION.search(text) or _UNLESS.search(text):
        return None
    readings = readings_of(f"By default, {text}" if default else text, sentence.mentions)
    exclusive = EXCLUSIVE.search(sentence.plain) is not None
    relations = tuple(relation for r in readings for relation in _relations(r, exclusive, conditions))
    if not relations or (conditions and len(set(relations[0].mentions)) + len(conditions) < len(names)):
        return None
    open_ended = any(r.kinds == ANY for r in readings)
    return Claims((), (), (), alternatives=relations, open_ended=open_ended)


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


def _without_conditions(sentence: Sentence) -> tuple[str, tuple[Condition, ...], bool]:
    """The words without what they put under a condition; the conditions; whether they speak of what holds where nothing is given."""
    text, default = without_asides(_EXCEPT.sub("handler", sentence.plain)), False
    left = _LEFT.match(text)
    if left:
        return text[left.end() :], (), True
    text = _ITS_DEFAULT.sub(", whose ", text)
    of_one = of_callers(text)
    if of_one != text:
        return of_one, (), True
    names = len(MARK.findall(text))
    omitted = _OMITTED.search(text)
    if omitted and _denies(omitted.group()):
        mark = f"\x02{omitted[1] or omitted[2]}\x03"
        called = _IN_CALL.match(text, omitted.end())
        if called:
            # "when `x` is left out of a call to `f`, it is `1`"
            rest = _ITS.sub(mark, text[called.end() :], count=1)
            rest = rest if mark in rest else f"{rest.rstrip(' .')} for {mark}"
            return f"In {called[1]}, {rest}", (), True
        said = mark in text[: omitted.start()] + text[omitted.end() :]
        text = text[: omitted.start()] + ("" if said else f" {mark} ") + text[omitted.end() :]
        return (text, (), True) if said else (_for_omitted(text, mark), (), True)
    called = _CALLED.search(text)
    if called:
        # "unless the caller of `f` passes something else"
        text = f"{text[: called.start()]} in {called[1]} {text[called.start() :].replace(called[1], ' ', 1)}"
    told = _TOLD.search(text)
    if told:
        denials = len(_DENIED.findall(told["clause"])) + (told["how"].lower() in ("unless", "without"))
        if denials % 2:
            text, default = text[: told.start()] + text[told.end() :], True
    if default or names < 3:
        return _bare(text), (), default
    for pattern, holds in _CONDITIONS:
        match = pattern.search(text)
        if match is None or (NEGATION.search(match.group()) and holds):
            continue
        mention = sentence.mentions[int(match[1])]
        rest = text[: match.start()] + " " + text[match.end() :]
        rest = re.sub(rf"(?:\bis )?\x02{match[1]}\x03", "", rest)
        return _bare(rest), (Condition(mention, holds, True),), default
    return _bare(text), (), default


def _bare(text: str) -> str:
    """The words without clauses that name nothing: "when it is called", "which is where it is defined"."""
    for pattern in (_ASIDE, _AFTERTHOUGHT):
        match = pattern.search(text)
        if match and not NEGATION.search(match.group()):
            text = f"{text[: match.start()]} {text[match.end() :]}"
    return text


def _denies(text: str) -> bool:
    return bool(
        re.search(
            r"\b(?:no|not|doesn't|without|omit\w*|left|leav\w+|missing|absent|unspecified|unset|skip\w*)\b", text, re.I
        )
    ) and not re.search(r"\bno\b.*\bnot\b|\bnot\b.*\b(?:omitted|left|missing|absent|unset)\b", text, re.I)


def _for_omitted(text: str, mark: str) -> str:
    """ "If no `x` is given, `f` uses `1`" says that `f` uses `1` for `x`."""
    bare = text.replace(f" {mark} ", " ").strip().rstrip(".")
    named = _IT_INSTEAD.sub(f" {mark}", bare)
    return named if named != bare else f"{bare} for {mark}"


def _relations(reading: Reading, exclusive: bool, conditions: tuple[Condition, ...]) -> Iterator[Relation]:
    for kind in reading.kinds:
        if conditions and kind not in _CONDITIONAL:
            continue
        subjects, objects, second = reading.actor, reading.done[:1], reading.value[:0]
        name = _CHECKED_AS.get(kind, kind)
        if kind in ("defines", "decorates"):
            subjects, objects = reading.done, reading.actor[:1]
        elif kind == "uses":
            objects = reading.done
        elif kind == "sets":
            second = reading.value
        elif kind == "default":
            subjects, objects = (*reading.done, *reading.actor), reading.value
        yield Relation(name, subjects, objects, exclusive=exclusive, words=name, second=second, conditions=conditions)


_CONDITIONAL = frozenset({"calls", "returns", "raises", "catches", "yields", "sets"})
_CHECKED_AS = {"defines": "defined", "decorates": "decorated"}
