"""Clauses that are taken out of a sentence or told more plainly before it is read: asides, and callers who leave something out."""

from __future__ import annotations

import re

from .relations import NEGATION

_MARK = r"\x02\d+\x03"
# ", as one can see from its source,": an aside that names nothing, between a name and its verb.
_BETWEEN = re.compile(
    rf"(?P<name>{_MARK}),\s(?!(?:and|or|but|when|if|unless|while|once|after|before)\b)(?:(?!\x02)[^,.;:])+,(?=\s\w)",
    re.I,
)
# "Callers of `f` who leave `x` unspecified get …": what holds where the caller does so.
_WHO = re.compile(
    rf"\A\W*(?:the |any |all )?(?:callers?|users?|those|anyone|whoever|one|people|code)\b"
    rf"(?:\s(?:of|calling|using|that calls?|who calls?))?\s"
    rf"(?P<name>{_MARK})\s(?:who|that|which|and|but|without)\s"
    rf"(?P<how>leaves?|leaving|omits?|omitting|skips?|skipping|does not|do not|doesn't|don't|never|not)\b(?:(?!\x02)[^,.;])*"
    rf"(?P<what>{_MARK})\s*(?:unspecified|unset|out|off|away|blank|empty|alone)?,?\s(?P<rest>.+)\Z",
    re.I | re.S,
)
# "When `f` is called without `x`, the value is `1`", "if you do not pass `x` to `f`, `1` is used".
_WITHOUT = (
    re.compile(
        rf"\A\W*(?:when|if|whenever) (?:the )?(?:\w+ )?(?P<name>{_MARK}) (?:is|gets) (?:called|invoked|used|run) without "
        rf"(?:(?:an?|the|any|its|argument|parameter|value|for) )*(?P<what>{_MARK}),? (?P<rest>.+)\Z",
        re.I | re.S,
    ),
    re.compile(
        r"\A\W*(?:when|if|whenever|in case) (?:you|one|we|nobody|callers?|the caller|users?|the user) "
        r"(?:(?:do|does) not|don't|doesn't|never|omits?|leaves?|skips?|forgets?)"
        r"(?: (?:pass|give|provide|supply|specify|set|use|out|to pass))* "
        rf"(?:(?:an?|the|any|its|argument|parameter|value|for) )*(?P<what>{_MARK})(?: out| off| away)? "
        r"(?:to|in|for|from|of|when calling|calling) "
        rf"(?:(?:the|a|calls?|function|method|class|of|to) )*(?P<name>{_MARK}),? (?P<rest>.+)\Z",
        re.I | re.S,
    ),
)
_IT = re.compile(r"\b(?:for|to) it\b", re.I)


def without_asides(text: str) -> str:
    """The words without asides, but for those that deny something."""
    return _BETWEEN.sub(lambda m: m.group() if NEGATION.search(m.group()) else m["name"], text)


def of_callers(text: str) -> str:
    """ "Callers of `f` who omit `x` get `1` for it": "`f` gets `1` for `x`"; any other text as it is. The second is the name left out."""
    match = _WHO.match(text) or _WITHOUT[0].match(text) or _WITHOUT[1].match(text)
    if match is None or NEGATION.search(match["rest"]):
        return text
    values = [mark for mark in re.findall(_MARK, match["rest"]) if mark != match["what"]]
    if match.re is not _WHO:
        return f"By default, {match['name']} has {values[0]} for {match['what']}" if len(values) == 1 else text
    rest = _IT.sub(f"for {match['what']}", match["rest"], count=1)
    if match["what"] not in rest:
        rest = f"{rest.rstrip(' .')} for {match['what']}"
    return f"By default, {match['name']} has {re.sub(r'^(?:will |then )?[a-z]+ ', '', rest, count=1)}"
