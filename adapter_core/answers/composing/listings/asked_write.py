"""Which attribute or variable a question asks for who changes it: "who sets `Arbiter.pid`?", "what is stored in the cache of Session"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"(?:`[^`\n]{1,80}`|\"[\w.]+\"|'[\w.]+'|(?<![\w.])[A-Za-z_][\w.]*)"
_KIND = r"(?:attribute|variable|field|member|global|dict|dictionary|mapping|list|set|deque|queue|cache|counter|flag|property|object)"
_OWNED = r"(?:class|object|instance|module)"
_ADVERB = r"(?:all|also|else|ever|actually|currently|really|first|later|then|exactly|initially|again|can|could|may|might|will|would|is|are)"
# The object of the question: a name, or the words of one, perhaps of an owner.
_OBJECT = (
    rf"(?:the |this |its )?(?:(?:values?|contents?|state|{_KIND}) (?:of|in|named|called) (?:the )?)?"
    rf"(?:(?P<owner_before>{_NAME})'s )?(?P<name>{_NAME}(?: [a-z_]+){{0,2}}?)(?:\(\))?(?: {_KIND})?"
    rf"(?: (?:of|in|on|from) (?:the |an? )?(?:{_OWNED} )?(?P<owner>{_NAME})(?: {_OWNED})?)?"
)
_TAIL = (
    r"(?:,? (?:to|in|into|from|after|outside(?: of)?|besides|except|other than|apart from|during|at|while|when|if|before|anywhere|by|"
    r"elsewhere|again|later|there)\b[^?]{0,80})?\W*\Z"
)
_CHANGES = (
    r"(?:changes?|sets?|writes?|modif(?:y|ies)|updates?|resets?|mutates?|assigns?|reassigns?|clears?|empties|fills?|populates?|overwrites?|"
    r"replaces?|increments?|decrements?|increases?|decreases?|alters?|touche?s?|initiali[sz]es?|manipulates?|deletes?|flips?|bumps?|"
    r"(?:adds?|appends?|puts?|stores?|saves?|writes?|removes?|deletes?|inserts?|pops?|pushe?s?|drops?|registers?|takes?)"
    r"(?: [\w-]+){0,2} (?:to|into|in|from|on|onto|out of)|setting|changing|modifying|updating|resetting|writing(?: to)?|mutating|filling|"
    r"populating|clearing|assigning)(?: (?:to|into))?"
)
_CHANGED = (
    r"(?:re-?)?(?:changed|set|written(?: to)?|modified|updated|reset|mutated|assigned(?: to)?|cleared|emptied|filled(?: in)?|populated|"
    r"overwritten|replaced|incremented|decremented|increased|decreased|altered|touched|initiali[sz]ed|manipulated|deleted|appended to|"
    r"added to|written into|flipped|bumped)"
)
_AGENT = (
    r"(?:who(?:ever)?|what(?: (?:code|part|functions?|methods?))?|which(?: [\w-]+){0,3}|where (?:do|does|did)(?: [\w.]+){1,2}|"
    r"(?:code|functions?|methods?|places?|lines?|spots?|statements?|everything|anything) (?:that|which|where|in which)(?: (?:we|it|they))?|"
    r"(?:do|does|can|could|is|are) (?:anything|anyone|anybody|something|someone|any [\w ]{1,30}?|there [\w ]{1,30}? that)|responsible for)"
)
_ASKED = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b{_AGENT} (?:{_ADVERB} ){{0,3}}{_CHANGES} {_OBJECT}{_TAIL}",
        rf"\b(?:where|when|how|by whom|at what point)(?: (?:else|exactly|all|in (?:the )?code)){{0,2}} "
        rf"(?:is|are|does|do|was|gets?|can|will)(?: the)?(?: {_ADVERB})? {_OBJECT} (?:(?:gets?|got|be|being|been|{_ADVERB}) ){{0,3}}"
        rf"{_CHANGED}(?: (?:by|in|from))?{_TAIL}",
        rf"(?:\A\W*|[,;] |\band )(?:is|are|does|can|could) {_OBJECT} (?:(?:gets?|be|being|{_ADVERB}) ){{0,3}}"
        rf"{_CHANGED}(?: (?:by|in|from))?{_TAIL}",
        rf"\bwhat(?:'s| is| are| gets?| does it have| goes| ends up)(?: \w+ly)?(?: (?:stored|kept|held|saved|put|recorded|cached|collected|"
        rf"remembered|being stored))? (?:in|into|inside|under) {_OBJECT}{_TAIL}",
        rf"\bwhat (?:does|do|can|will) {_OBJECT} (?:hold|contain|store|keep|record|remember|track|collect)(?: track of)?{_TAIL}",
        rf"\b(?:all |the |any |every |list |show |find )+(?:me )?(?:the |all )*(?:writes?|writers?|assignments?|changes?|updates?|"
        rf"modifications?|mutations?|mutators?|setters?) (?:made |done )?(?:to|of) {_OBJECT}{_TAIL}",
    )
)
# What is changed in words of another kind: a setting, a header, a parameter.
_OTHER_KIND = re.compile(
    r"\b(?:defaults?|settings?|options?|flags?|headers?|arguments?|parameters?|cookies?|environment|env(?:ironment)? var\w*|permissions?|"
    r"config(?:uration)? (?:key|value|entry|file)s?|keywords?|file|version)\b",
    re.I,
)
_CODE_LIKE = re.compile(r"\A(?:_\w+|\w+_\w*|[A-Z][A-Z0-9]+|[a-z]+[A-Z]\w*)\Z")
_WHAT_IS = re.compile(r"\W*what(?:'s| is| are) (?:the |in )?[`\"']?(?P<name>[A-Za-z_][\w.]*)[`\"']?\W*\Z", re.I)
_MAX_CHARS = 240
_PRONOUNS = frozenset(
    "it this that them these those he she we i you they what who something anything everything up down out".split()
)
_SELVES = frozenset({"self", "cls"})


@dataclass(frozen=True, slots=True)
class AskedWrite:
    """`names`: the names that the attribute or variable may have, likeliest first. `owner`: its class, module or object as written, ""
    if the question names none. `is_code`: whether the name is written as code, and is no plain word."""

    names: tuple[str, ...]
    owner: str
    is_code: bool


def asked_write(question: str) -> AskedWrite | None:
    """What a question asks for who changes it; None for other questions."""
    question = " ".join(question.split())
    if len(question) > _MAX_CHARS:
        return None
    for pattern in _ASKED:
        match = pattern.search(question)
        asked = _read(match) if match is not None else None
        if asked is not None:
            return asked
    return None


def asks_only_writes(parts: list[str]) -> bool:
    """Whether all parts of a question ask who changes something, or what that is."""
    asked = [asked_write(part) for part in parts]
    names = {name for item in asked if item is not None for name in item.names}
    return bool(names) and all(
        item is not None or ((match := _WHAT_IS.match(part)) is not None and match["name"].rpartition(".")[2] in names)
        for item, part in zip(asked, parts, strict=True)
    )


def _read(match: re.Match[str]) -> AskedWrite | None:
    written, owner = match["name"], match["owner"] or match["owner_before"] or ""
    is_quoted = written[0] in "`\"'"
    words = written.strip("`\"'").removesuffix("()").split()
    owner = owner.strip("`\"'.")
    before, _, name = words[-1].strip(".").rpartition(".")
    owner = owner or before if before not in _SELVES else owner
    is_code = is_quoted or bool(before) or bool(_CODE_LIKE.match(name))
    if len(words) > 1 and (not owner or not {"and", "or"}.isdisjoint(words)):
        return None
    if len(words) > 1:
        name, is_code = "_".join(words), False
    rest = match.string[: match.start("name")] + match.string[match.end("name") :]
    if not name.isidentifier() or name.lower() in _PRONOUNS or (_OTHER_KIND.search(rest) and not owner):
        return None
    return AskedWrite(
        (name, f"_{name}") if not is_code else (name,), "" if owner.lower() in _PRONOUNS | _SELVES else owner, is_code
    )
