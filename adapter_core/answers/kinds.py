"""The kind of answer that a question wants: those of `evidence.question`, and more that only answering tells apart."""

from __future__ import annotations

import re

from ..evidence.guides import asks_how_to
from ..evidence.question import Question
from .composing.links.counts import counted_kinds

# Kinds that ask for links of a symbol, and not for what it does.
LINKS = ("count", "impact", "inheritance", "registered", "callers", "tests")

_IMPACT = re.compile(
    r"\bwhat (?:if|happens? (?:if|when)|breaks?|would break|else (?:has to|must|needs? to)|depends on|is affected)\b[^?]*"
    r"\b(?:chang|renam|remov|delet|modif|break|depend|affect|refactor)|"
    r"\b(?:impact|effects?|consequences?) of (?:a change|changing|renaming|removing|deleting|modifying|refactoring)\b|"
    r"\b(?:what|which)(?: other)?(?: modules?| files?| packages?| parts?| code)? depends? on\b|\bwhat breaks if\b|"
    r"\bif (?:i|we|you|one) (?:change|rename|remove|delete|modify|refactor)\b",
    re.I,
)
_INHERITANCE = re.compile(
    r"\b(?:which|what) (?:\w+ ){0,2}(?:overrid\w+|extends?|inherits?|derives?|subclass(?:es)?) (?!of\b)|"
    r"\b(?:which|what) (?:\w+ ){0,2}(?:sub)?classes(?: are there)?(?: that)? (?:implement|realise|realize)s? (?!of\b)|"
    r"\b(?:sub|child )class(?:es)? (?:of|does|has|exist)|\b(?:overridden|extended|implemented|subclassed) by\b|"
    r"\b(?:who|what|where|which)\b[^?]{0,40}\boverrid(?:es|den)\b|\bimplementations? of `|"
    r"\b(?:which|what) (?:\w+ )?(?:sub|base |parent |super)class(?:es)?\b[^?]{0,30}\b(?:of|has|have|does|do|extends?|inherits?)\b",
    re.I,
)
_REGISTERED = re.compile(
    r"\b(?:where|how|who)\b[^?]{0,60}\b(?:is|are|gets?|was)\b[^?]{0,40}\b"
    r"(?:registered|hooked|plugged|wired)\b(?! (?:through|via|in|with)\b)|"
    r"\bwhere (?:is|are|gets?) \S+ passed\b",
    re.I,
)
# Of something that is named; "How are plugins registered?" asks for what registering does.
_HOW = re.compile(r"\W*how\b", re.I)
# A question that has "test" or "used" in it mostly asks for something else.
_TESTS = re.compile(
    r"\b(?:which|what|any|list|show|find|are there|how many) (?:\w+ ){0,2}tests?\b"
    r"(?! (?:class|method|suite|runner|function|case)(?:es|s)?\b)|"
    r"\b(?:covered|tested|exercised) by\b|\b(?:how|where) (?:is|are) [^?]{1,60} tested\b|"
    r"`'s tests?\b|\btests? (?:that )?(?:for|cover\w*|exercis\w*|reach\w*) (?!the )|\btest coverage\b",
    re.I,
)
_CALLERS = re.compile(
    r"\b(?:who|what|which (?:\w+ ){0,2}?(?:functions?|methods?|class(?:es)?|modules?|files?|parts|places))(?: else)? "
    r"(?:calls?|uses?|imports?|invokes?|instantiates?|constructs?) (?!of\b)|"
    r"\b(?:callers?|call sites?|usages?|users) (?:of|for)\b|\bhas callers\b|\bcalls it\b|`'s (?:callers?|call sites?|usages?|users)\b|"
    r"\bwhere (?:is|are|does|do)(?: \S+){1,3} (?:called|invoked|instantiated|constructed|used)\b",
    re.I,
)
_CLAUSE = re.compile(r"[?;,]\s|\.\s|,? and (?=what|how|why|where|which|who)\b", re.I)
_KIND_OF_WORD = {"where": "where", "why": "why", "how": "how"}
_QUESTION_WORD = re.compile(r"\b(where|why|how|what|which|describe|explain)\b", re.I)


def answer_kind(question: Question) -> str:
    """impact | count | inheritance | registered | callers | tests | where | why | how | what | overview | other."""
    text = question.text[:300]
    if _IMPACT.search(text):
        return "impact"
    if counted_kinds(text):
        return "count"
    if _INHERITANCE.search(text):
        return "inheritance"
    if _REGISTERED.search(text) and (question.identifiers or not _HOW.match(text)):
        return "registered"
    clause = _CLAUSE.split(text, maxsplit=1)[0]  # the first clause decides
    if _CALLERS.search(clause):
        return "callers"
    if _TESTS.search(clause):
        return "tests"
    if asks_order(text):
        return "how"
    if question.kind not in ("callers", "tests"):
        return question.kind
    first = _QUESTION_WORD.search(text)
    return _KIND_OF_WORD.get(first.group().lower(), "what") if first else "other"


# "What does it accept?", and not "what does it take to …"; "what can be passed to it?".
TAKES = (
    r"\bwhat (?:does|do|can|must|should|may)\b[^?]{1,80}\b(?:accept|take|expect|receive)(?: as \w+)?\s*(?:\?|$)"
    r"|\bwhat (?:(?:can|could|may|must|should|do|has to|needs to) (?:i |we |you |one )?(?:be )?)?"
    r"(?:pass|give|hand|passed|given|handed) (?:in)?to\b"
)
_PARAMETERS = re.compile(
    rf"\b(?:parameters?|arguments?|(?<!by )defaults?|signature|options?|keywords?)\b|{TAKES}", re.I
)


def asks_parameters(question: Question) -> bool:
    """Whether a question asks what something takes, so that for a class its constructor is an answer."""
    return bool(_PARAMETERS.search(question.text[:300]))


_STRUCTURE = re.compile(
    r"\b(?:architect\w*|relat(?:ed?|ion\w*)|hierarch\w*|inherit\w*|sub-?class\w*|base class\w*|mixins?|fit together|work together|layers?|"
    r"layered|designed?|patterns?|interact\w*|coordinat\w*|extend\w*|implementations?|structured?|organi[sz]\w*|component\w*|overview)\b",
    re.I,
)


def asks_structure(question: Question) -> bool:
    """Whether a question asks how parts of the program hang together, so that what extends what is part of the answer."""
    return question.kind == "overview" or bool(_STRUCTURE.search(question.text[:300]))


_COURSE = re.compile(
    r"\b(?:\w*flows?|steps|step-by-step|sequences?|what happens|happens? (?:when|if|after|before|during)|stages|phases|workflow|"
    r"(?:in )?(?:what|which) order|order (?:of|in which)|strict ordering|overall|algorithm|life ?cycle|trace (?:the|how|what)|"
    r"walk (?:me |us )?through|from .{3,60} to|end[- ]to[- ]end|explain|describe|outline|how (?:does|do|is|are) .{3,60} works?|"
    r"what does .{3,60} do)\b",
    re.I,
)
# Not where a place is asked for: a default order, some business logic.
_HOW_COURSE = re.compile(r"\b(?:order(?:ed|ing)?|logic|determin\w+|decid\w+|convert\w*|transform\w*)\b", re.I)


def asks_course(question: Question) -> bool:
    """Whether a question asks what happens one after the other, so that a function from its first statement to its last is an answer."""
    text = question.text[:300]
    return bool(_COURSE.search(text)) or (question.kind == "how" and bool(_HOW_COURSE.search(text)))


_WALK = re.compile(
    r"\b(?:walk|talk|guide|take) (?:me |us )?through\b|\bwhat happens\b(?: \w+){0,4}? (?:to|when|if|after|once|while|on|during|as)\b",
    re.I,
)
_ORDER = re.compile(r"\b(?:in )?(?:what|which) order (?:is|are|do|does|will|did)\b", re.I)


def asks_workings(question: Question, kind: str) -> bool:
    """Whether a question asks how or why the code does something, and not how one does it, so that the function that does it is the answer.
    `kind`: of the answer."""
    text = question.text[:300]
    if question.is_report or asks_how_to(text) or asks_difference(text) or asks_what_it_does(text):
        return False
    return kind in ("how", "why") or bool(_WALK.search(text)) or asks_order(text)


def asks_order(text: str) -> bool:
    """Whether a question asks in which order several things are done, so that the function that does most of them is the answer."""
    return bool(_ORDER.search(text))


_FAILING = re.compile(
    r"\b(?:rais\w+|fail\w*|crash\w*|die[sd]?|dying|hangs?|errors?|exceptions?|throws?|thrown|invalid|not valid|miss(?:es|ed)?|breaks?|"
    r"refused|rejected|times? out|timed out|lost|drops?|dropped|retr(?:y|ies|ied))\b",
    re.I,
)
_DECIDING = re.compile(
    r"\bhow (?:do|does|is|are)\b[^?]*\b(?:decid\w+|choos\w+|chosen|pick(?:s|ed)?|select(?:s|ed)?|determin\w+|figures? out|know|tells?|"
    r"detect\w*|works? out|guess\w*)\b",
    re.I,
)


def asks_failure(text: str) -> bool:
    """Whether a question asks what becomes of something that fails."""
    return bool(_FAILING.search(text))


def asks_decision(text: str) -> bool:
    """Whether a question asks how something is decided."""
    return bool(_DECIDING.search(text))


_WHAT_IT_DOES = re.compile(
    r"\W*(?:what(?:'s| is| are)(?! (?:the|a|an|in)\b)\b[^?]{1,60}|what does (?:the )?\S+(?: \w+)? do|"
    r"(?:explain|describe)(?: what)? \S+(?: does)?)\W*\Z",
    re.I,
)


def asks_what_it_does(text: str) -> bool:
    """Whether a question asks what something does or is, which is answered first by what its docstring says first."""
    return bool(_WHAT_IT_DOES.match(text))


_DIFFERENCE = re.compile(
    r"\b(?:differences?|distinction) between\b|\b(?:differs?|different) from\b|\bhow do [^?]+ differ\b|\bcompare [^?]+ (?:and|with|to)\b|"
    r"\w`? vs\.? `?\w",
    re.I,
)


_NAME = r"`?(?P<{}>[A-Za-z_][\w.]*)`?"
_COMPARED_NAMES = re.compile(
    rf"\b(?:between|do|does|compare|how (?:is|are)) (?:the |an? )?{_NAME.format('a')} "
    r"(?:and|differs? from|different from|with|to) (?:the |an? )?"
    rf"{_NAME.format('b')}|(?<![\w.]){_NAME.format('c')} vs\.? {_NAME.format('d')}",
    re.I,
)


_GOES_ON = re.compile(r" (?!(?:class|function|method|object|in|when|for|decorator|here)\b)\w")


def compared_names(text: str) -> list[str]:
    """The two names that a question compares, including plain words; empty for other questions, and where a name in code is compared with
    several words."""
    found = _COMPARED_NAMES.search(text[:300]) if asks_difference(text) else None
    if found is not None and found.group().count("`") == 2 and _GOES_ON.match(text, found.end()):
        return []
    return [name.strip(".") for name in found.groups() if name] if found is not None else []


def asks_difference(text: str) -> bool:
    """Whether a question asks how several things differ, which is answered first by what each of them is."""
    return bool(_DIFFERENCE.search(text[:300]))
