"""A sentence of running text or of comments with its lines: paragraphs cut into sentences, and these put together again."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

# A sentence ends at . ! ? before a space and a capital, digit or quote; not after "e.g.", "i.e." or one letter.
_SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)(?<!\b[A-Za-z])[.!?](?=\s+[\"'`(*:A-Z0-9])"
)
# What stands for another character, or runs on: shown as written it would be misread.
_ESCAPE = re.compile(r"\\[nrtxuN0\n]|\\\s*\Z|\\ ")
# A sentence that begins like this leans on the one before it.
_LEANS = re.compile(
    r"(?:This|It|These|They|Those|Such|Otherwise|However|Instead|In this|In that|Also|Thus|Therefore|Then|But|And|So|For example|"
    r"For instance|In other words|That is|Hence|Here|Note that|Additionally|Furthermore|Moreover)\b"
)
_DRAWN = re.compile("[│└├─“”]")  # trees, and quotations, which would end the one around them
_MIN_WORDS = 3
MAX_CHARS = 320
_MAX_PASSAGE = 480


@dataclass(frozen=True, slots=True)
class Prose:
    """One sentence. `field` is "param x", "returns", "raises X" for a field of the docstring, else empty; `field_line` is where
    that field begins; `rank` counts from 0."""

    text: str
    start: int
    end: int
    rank: int
    field: str = ""
    field_line: int = 0


# Badges, pictures, the same page in other languages.
_LINK = r"!?\[(?:!\[[^\[\]]*\]\([^()]*\)|[^\[\]])*\](?:\([^()]*\)|\[[^\[\]]*\])"
_TAG = re.compile(
    r"<(?:!--|/?(?:p|a|img|div|br|hr|h[1-6]|table|t[rdh]|picture|source|center|em|strong|b|i|sub|sup|details|summary|span)\b)"
)
_ONLY_LINKS = re.compile(rf"[\s•|·*>,-]*{_LINK}(?:[\s•|·*,-]+{_LINK})*[\s•|·*,-]*")


def split(paragraph: Sequence[tuple[int, str]], field: str, field_line: int, rank: int) -> list[Prose]:
    """The sentences of a paragraph, given as numbered lines; `rank`: of the first one. What only introduces or links is none."""
    text = ""
    offsets: list[int] = []
    for _, line in paragraph:
        offsets.append(len(text))
        text += line.strip() + " "
    found: list[Prose] = []
    if _ONLY_LINKS.fullmatch(text.strip()):
        return found
    position = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]:
        sentence = text[position:end].strip()
        # What ends in a colon introduces something that is not said here.
        whole = (
            not sentence.endswith(":")
            and not _ESCAPE.search(sentence)
            and not _TAG.match(sentence)
            and len(sentence.split()) >= (1 if field else _MIN_WORDS)
        )
        if whole and len(sentence) <= MAX_CHARS:
            begin = position + len(text[position:end]) - len(text[position:end].lstrip())
            first = paragraph[bisect_right(offsets, begin) - 1][0]
            last = paragraph[bisect_left(offsets, end) - 1][0]
            found.append(Prose(sentence, first, last, rank + len(found), field, field_line))
        position = end
    return found


def leans(text: str) -> bool:
    """Whether a sentence says little without the one before it."""
    return bool(_LEANS.match(text))


def in_passages(found: Sequence[Prose], lines: list[str], wanted: Callable[[str], bool]) -> list[Prose]:
    """Sentences that follow each other in one paragraph, put together where the next one is `wanted` or leans on the one before it."""
    passages: list[Prose] = []
    for one in found:
        before = passages[-1] if passages else None
        if before is not None and not (before.field or one.field) and one.start <= before.end + 2:
            text = f"{before.text} {one.text}"
            follows = text in " ".join(" ".join(lines[before.start - 1 : one.end]).split())
            joins = leans(one.text) or (one.start <= before.end + 1 and wanted(one.text))
            # A line that ends without a stop is a heading of what follows, or a summary.
            joins = joins and before.text.endswith((".", "!", "?", ":")) and not _DRAWN.search(text)
            if follows and joins and len(text) <= _MAX_PASSAGE:
                passages[-1] = replace(before, text=text, end=one.end)
                continue
        passages.append(one)
    return passages
