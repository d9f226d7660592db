"""Which settings and options a question asks about: `--dry`, "the dry option", "what does max_requests do"."""

from __future__ import annotations

import re
from typing import NamedTuple

_MAX_CHARS, _MAX_NAMES = 300, 3
_FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
# Commands of others: their flags are not the repository's.
_FOREIGN = re.compile(r"\b(?:pip|pytest|python\d?|docker|curl|npm|make|apt|brew)\b[^?,;]{0,30}\Z", re.I)
_NOUN = (
    r"(?:(?:command[- ]line |config(?:uration)? )?(?:options?|flags?|switch(?:es)?|settings?)"
    r"|config(?:uration)? (?:values?|variables?))"
)
_PLAIN = r"[`\"']?(?P<{}>[A-Za-z][\w-]+)[`\"']?"
_BEFORE_NOUN = re.compile(
    rf"\b(?:what|which|how|where|why|explain|describe|default)\b[^?]{{0,40}}?{_PLAIN.format('a')} {_NOUN}\b", re.I
)
_BEHIND_NOUN = re.compile(rf"\b(?:the|a) {_NOUN} {_PLAIN.format('a')}", re.I)
_NAME = r"(?P<open>[`\"'])?(?P<name>[A-Za-z]\w*_\w*[A-Za-z0-9]|(?(open)[A-Za-z]\w+|(?-i:[A-Z]{3,})))(?(open)[`\"'])(?![\w(.])"
_TAIL = (
    r"(?: (?:do(?:es)?|mean|for|control|change|affect|configure|used|read|handled|checked|validated|applied|set|processed|parsed|defined"
    r"|declared|evaluated|honou?red|work|needed|about|reached|given|good|and|default|in)\b|\W*\Z|[?,;])"
)
_ABOUT = re.compile(
    rf"\b(?:what(?:'s)?(?: (?:does|do|is|are|happens (?:when|if|with)))?|where (?:is|are|does)|how (?:does|is)|why (?:is|would|does)"
    rf"|explain|describe|(?:purpose|meaning|effect) of)(?: (?:the|a|an))? {_NAME}{_TAIL}",
    re.I,
)
_ALONE = re.compile(rf"\W*{_NAME}\W*")
# What is linked to a name is asked of a function or class.
_LINKS = re.compile(r"\b(?:who|tests?|callers?|calls?|subclass\w*|raises?)\b", re.I)
_WHERE = re.compile(r"\W*(?:where\b|which (?:function|file|part|code|module)s?\b)", re.I)
_NO_NAMES = frozenset(
    "the this that a an which what all any these those each default of command line config configuration other new".split()
)


class Asked(NamedTuple):
    """`name`: as the question has it. `certain`: whether the question calls it an option or setting, or it is written as a flag."""

    name: str
    certain: bool


def asked_settings(question: str) -> list[Asked]:
    """The names of the settings and options that a question asks about, in its order; a name that is not `certain` may be that of a
    function or variable as well."""
    text = question[:_MAX_CHARS]
    found = [Asked(m.group(), True) for m in _FLAG.finditer(text) if not _FOREIGN.search(text[: m.start()])]
    if found or not _LINKS.search(text):
        found += [Asked(m["a"], True) for p in (_BEFORE_NOUN, _BEHIND_NOUN) for m in p.finditer(text)]
        found += [Asked(m["name"], False) for m in _ABOUT.finditer(text)]
        found += [Asked(m["name"], False) for m in [_ALONE.fullmatch(text)] if m]
    by_name = {one.name: one for one in reversed(found) if one.name.lower() not in _NO_NAMES}
    return [by_name[name] for name in dict.fromkeys(one.name for one in found) if name in by_name][:_MAX_NAMES]


def asks_place(question: str) -> bool:
    """Whether a question asks where something is, before what it does."""
    return bool(_WHERE.match(question))
