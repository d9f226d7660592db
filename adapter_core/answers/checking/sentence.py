"""One sentence as the verifier reads it: what it names and quotes, taken out, and the plain words that are left between.

In `Sentence.plain` each mention is a mark, `\\x02` its number `\\x03`, so that patterns over the words see where names stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARS = 2_000  # nobody writes longer sentences, and patterns take time over them
MARK = re.compile(r"\x02(\d+)\x03")
_ESCAPED = re.compile(r"\\([\[\]*<>#|\\~!+\-])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_PIECE = re.compile(
    r"(?P<fence>`+)(?!`)\s?(?P<code>.+?)\s?(?<!`)(?P=fence)(?!`)"
    r"|“(?P<curly>[^“”]{2,})”"
    r"|(?<!\w)\"(?P<straight>[^\"]{2,})\"(?!\w)"
)
_BARE = re.compile(
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
    """Take the mentions out of a sentence. Code spans and quotations are found from left to right, as a renderer would."""
    source = _CONTROL.sub(" ", text)
    mentions: list[Mention] = []
    plain: list[str] = []

    def mark(kind: str, content: str) -> str:
        mentions.append(Mention(kind, content))
        return f"\x02{len(mentions) - 1}\x03"

    def words(part: str) -> str:
        part = _ESCAPED.sub(r"\1", part)
        out, position = [], 0
        for match in _BARE.finditer(part):
            kind = match.lastgroup or "name"
            if match.group().lower() in _ABBREVIATIONS:
                continue
            out += [part[position : match.start()], mark(kind, match.group())]
            position = match.end()
        return "".join([*out, part[position:]])

    position = 0
    for match in _PIECE.finditer(source):
        plain.append(words(source[position : match.start()]))
        if match["code"] is not None:
            plain.append(mark("code", match["code"].strip()))
        else:
            plain.append(mark("quote", match["curly"] or match["straight"]))
        position = match.end()
    plain.append(words(source[position:]))
    return Sentence(text, "".join(plain), tuple(mentions))


def numbers_in(text: str) -> set[str]:
    """Numbers as written, signs kept, digit separators not. Digits within names (`sha256`) are none."""
    return {n.replace("_", "") for n in re.findall(r"(?<![\w.])-?\d(?:[\w.]*\w)?", text)}
