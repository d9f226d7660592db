"""Sentences of running text and comments with their lines: splits paragraphs into sentences and joins sentences into passages."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

# A sentence ends at . ! ? before a space and a capital, digit or quote; not after "e.g.", "i.e.", "Mr." or one letter.
_SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)(?<!\b[MD]r)(?<!\bMrs)(?<!\b[A-Za-z])[.!?](?=\s+[\"'`(*:A-Z0-9])"
)
# Escapes and line continuations, which would be misread as written.
_ESCAPE = re.compile(r"\\[nrtxuN0\n]|\\\s*\Z|\\ ")
# A sentence with such an opening depends on the one before it.
_DEPENDENT_OPENING = re.compile(
    r"(?:This|It|These|They|Those|Such|Otherwise|However|Instead|In this|In that|Also|Thus|Therefore|Then|But|And|So|For example|"
    r"For instance|In other words|That is|Hence|Here|Note that|Additionally|Furthermore|Moreover)\b"
)
_UNJOINABLE = re.compile("[│└├─“”]")  # drawn trees, and quotes, which would end the quotation around them
_MIN_WORDS = 3
MAX_CHARS = 320
_MAX_PASSAGE = 480


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence on the lines `start..end`. `rank`: its position in the text, from 0. `field`: "param x", "returns", "raises X" for a
    sentence in a field of a docstring, else ""; `field_line`: the first line of that field."""

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


def split_sentences(paragraph: Sequence[tuple[int, str]], field: str, field_line: int, rank: int) -> list[Prose]:
    """The sentences of a paragraph, which is given as (number, line) pairs; `rank`: of the first one. Introductions ("…:") and paragraphs
    of links are left out."""
    text = ""
    offsets: list[int] = []
    for _, line in paragraph:
        offsets.append(len(text))
        text += line.strip() + " "
    sentences: list[Prose] = []
    if _ONLY_LINKS.fullmatch(text.strip()):
        return sentences
    position = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]:
        sentence = text[position:end].strip()
        # A colon introduces something that this sentence does not say.
        is_complete = (
            not sentence.endswith(":")
            and not _ESCAPE.search(sentence)
            and not _TAG.match(sentence)
            and len(sentence.split()) >= (1 if field else _MIN_WORDS)
        )
        if is_complete and len(sentence) <= MAX_CHARS:
            begin = position + len(text[position:end]) - len(text[position:end].lstrip())
            first = paragraph[bisect_right(offsets, begin) - 1][0]
            last = paragraph[bisect_left(offsets, end) - 1][0]
            sentences.append(Prose(sentence, first, last, rank + len(sentences), field, field_line))
        position = end
    return sentences


def depends_on_previous(text: str) -> bool:
    """Whether a sentence says little without the previous one."""
    return bool(_DEPENDENT_OPENING.match(text))


def join_passages(sentences: Sequence[Prose], lines: list[str], wanted: Callable[[str], bool]) -> list[Prose]:
    """The sentences, with consecutive ones of a paragraph joined where the second is `wanted` or depends on the first."""
    passages: list[Prose] = []
    for sentence in sentences:
        previous = passages[-1] if passages else None
        if previous is not None and not (previous.field or sentence.field) and sentence.start <= previous.end + 2:
            text = f"{previous.text} {sentence.text}"
            is_contiguous = text in " ".join(" ".join(lines[previous.start - 1 : sentence.end]).split())
            belongs = depends_on_previous(sentence.text) or (
                sentence.start <= previous.end + 1 and wanted(sentence.text)
            )
            # A line without a full stop is a heading or a summary.
            belongs = belongs and previous.text.endswith((".", "!", "?", ":")) and not _UNJOINABLE.search(text)
            if is_contiguous and belongs and len(text) <= _MAX_PASSAGE:
                passages[-1] = replace(previous, text=text, end=sentence.end)
                continue
        passages.append(sentence)
    return passages
