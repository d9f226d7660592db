"""Splits a sentence into its mentions (names, numbers, quotations) and the plain words between them.

In `Sentence.plain` each mention is a mark, `\\x02` its number `\\x03`, so that patterns over the words see where the names are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARS = 2_000  # longer sentences are not written by anybody, and slow for the patterns
MARK = re.compile(r"\x02(\d+)\x03")
_ESCAPED = re.compile(r"\\([\[\]*<>#|\\~!+\-])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_QUOTED_SPAN = re.compile(
    r"(?P<fence>`+)(?!`)\s?(?P<code>.+?)\s?(?<!`)(?P=fence)(?!`)"
    r"|“(?P<curly>[^“”]{2,})”"
    r"|(?<!\w)\"(?P<straight>[^\"]{2,})\"(?!\w)"
)
_BARE_NAME_OR_NUMBER = re.compile(
    r"(?P<name>(?<![\w.])_*[A-Za-z]\w*(?:\.\w+)+(?:\(\))?|\b\w*[^\W\d]_\w+\b(?:\(\))?|\b_\w+\b(?:\(\))?|\b[a-z]+[A-Z]\w*\b(?:\(\))?"
    r"|\b[A-Z][a-z0-9]+[A-Z]\w*\b(?:\(\))?|\b[A-Za-z_]\w*\(\)|\b(?:None|True|False)\b)"
    r"|(?P<number>(?<![\w.])-?\d(?:[\w.]*\w)?)"
)
_ABBREVIATIONS = frozenset({"e.g", "i.e", "a.k.a", "etc"})


@dataclass(frozen=True, slots=True)
class Mention:
    """`kind`: code (in backticks) | name (an identifier in plain words) | number | quote."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    plain: str
    mentions: tuple[Mention, ...]

    def of(self, *kinds: str) -> list[Mention]:
        return [m for m in self.mentions if m.kind in kinds]


def read_sentence(text: str) -> Sentence:
    """Extract the mentions of a sentence. Code spans and quotations are found from left to right, as a renderer does."""
    source = _CONTROL.sub(" ", text)
    mentions: list[Mention] = []
    plain: list[str] = []

    def add_mention(kind: str, content: str) -> str:
        mentions.append(Mention(kind, content))
        return f"\x02{len(mentions) - 1}\x03"

    def replace_bare_names(fragment: str) -> str:
        fragment = _ESCAPED.sub(r"\1", fragment)
        pieces, position = [], 0
        for match in _BARE_NAME_OR_NUMBER.finditer(fragment):
            kind = match.lastgroup or "name"
            if match.group().lower() in _ABBREVIATIONS:
                continue
            pieces += [fragment[position : match.start()], add_mention(kind, match.group())]
            position = match.end()
        return "".join([*pieces, fragment[position:]])

    position = 0
    for match in _QUOTED_SPAN.finditer(source):
        plain.append(replace_bare_names(source[position : match.start()]))
        if match["code"] is not None:
            plain.append(add_mention("code", match["code"].strip()))
        else:
            plain.append(add_mention("quote", match["curly"] or match["straight"]))
        position = match.end()
    plain.append(replace_bare_names(source[position:]))
    return Sentence(text, "".join(plain), tuple(mentions))


def numbers_in(text: str) -> set[str]:
    """Numbers as written, signs kept, digit separators not. Digits within names (`sha256`) are none."""
    return {n.replace("_", "") for n in re.findall(r"(?<![\w.])-?\d(?:[\w.]*\w)?", text)}
