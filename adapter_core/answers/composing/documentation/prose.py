"""Sentences of running text and comments with their lines: splits paragraphs into sentences and joins sentences into passages."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
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
LIST_ITEM = re.compile(r"\s*(?:[-*+•]|(?:\d+|#|[a-z])[.)])\s+")
_UNJOINABLE = re.compile("[│└├─“”]")  # drawn trees, and quotes, which would end the quotation around them
_UNFINISHED = re.compile(r"\W*(?:TODO|FIXME|XXX|TBD)\b")
LEADS_ON = ": …"  # the end of a sentence that introduces what stands below it
_ONLY_LITERAL = re.compile(r"(`{1,2})[^`]+\1")  # a command that stands in a paragraph of its own
_GOES_ON = re.compile(r"[a-z]{2,} ")
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
    leads: bool = False  # it ends with a colon, and introduces what comes below it


# Badges, pictures, the same page in other languages.
_LINK = r"!?\[(?:!\[[^\[\]]*\]\([^()]*\)|[^\[\]])*\](?:\([^()]*\)|\[[^\[\]]*\])"
_TAG = re.compile(
    r"<(?:!--|/?(?:p|a|img|div|br|hr|h[1-6]|table|t[rdh]|picture|source|center|em|strong|b|i|sub|sup|details|summary|span)\b)"
)
_ONLY_LINKS = re.compile(rf"[\s•|·*>,-]*{_LINK}(?:[\s•|·*,-]+{_LINK})*[\s•|·*,-]*")


def split_sentences(paragraph: Sequence[tuple[int, str]], field: str, field_line: int, rank: int) -> list[Prose]:
    """The sentences of a paragraph, which is given as (number, line) pairs; `rank`: of the first one. Paragraphs of links
    are left out."""
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
        is_complete = (
            not _ESCAPE.search(sentence)
            and not _TAG.match(sentence)
            and not _UNFINISHED.match(sentence)
            and len(sentence.split()) >= (1 if field else _MIN_WORDS)
        )
        if is_complete and len(sentence) <= MAX_CHARS:
            begin = position + len(text[position:end]) - len(text[position:end].lstrip())
            first = paragraph[bisect_right(offsets, begin) - 1][0]
            last = paragraph[bisect_left(offsets, end) - 1][0]
            sentences.append(
                Prose(sentence, first, last, rank + len(sentences), field, field_line, sentence.endswith(":"))
            )
        position = end
    return sentences


def depends_on_previous(text: str) -> bool:
    """Whether a sentence says little without the previous one."""
    return bool(_DEPENDENT_OPENING.match(text))


def without_leads(sentences: Iterable[Prose]) -> list[Prose]:
    """The sentences that say something by themselves: a colon introduces something that its sentence does not say."""
    return [sentence for sentence in sentences if not sentence.leads]


def join_passages(
    sentences: Sequence[Prose], lines: list[str], wanted: Callable[[str], bool], with_leads: bool = False
) -> list[Prose]:
    """The sentences, with consecutive ones of a paragraph joined where the second is `wanted` or depends on the first, and introductions
    ("…:") with the items below them. An introduction without items ends in "…" where it is the first sentence, or `with_leads`, and is
    left out elsewhere."""
    passages: list[Prose] = []
    for sentence in sentences:
        previous = passages[-1] if passages else None
        if previous is not None and previous.leads and _is_item_below(previous, sentence, lines):
            text = f"{previous.text}{';' if not previous.text.endswith(':') else ''} {_numbered(sentence, lines)}"
            if len(text) <= _MAX_PASSAGE and not _UNJOINABLE.search(text):
                passages[-1] = replace(previous, text=text, end=sentence.end)
                continue
        if _goes_on_behind_code(sentence, lines):
            continue
        if _ONLY_LITERAL.fullmatch(sentence.text) and not sentence.field:
            if previous is not None and previous.leads and sentence.start == previous.end + 2:
                passages[-1] = replace(previous, text=f"{previous.text} {sentence.text}", end=sentence.end)
            continue
        if previous is not None and not (previous.field or sentence.field) and sentence.start <= previous.end + 2:
            text = f"{previous.text} {sentence.text}"
            is_contiguous = text in " ".join(" ".join(lines[previous.start - 1 : sentence.end]).split())
            belongs = depends_on_previous(sentence.text) or (
                sentence.start <= previous.end + 1 and wanted(sentence.text)
            )
            # A line without a full stop is a heading or a summary.
            belongs = belongs and previous.text.endswith((".", "!", "?", ":")) and not _UNJOINABLE.search(text)
            belongs = belongs and not _ends_list(previous, sentence, lines)
            if is_contiguous and belongs and len(text) <= _MAX_PASSAGE:
                passages[-1] = replace(previous, text=text, end=sentence.end, leads=sentence.leads)
                continue
        passages.append(sentence)
    return [ended for passage in passages if (ended := _ended(passage, with_leads)) is not None]


def _ended(passage: Prose, with_leads: bool) -> Prose | None:
    """A passage that does not end with a colon; None for an introduction that says nothing by itself."""
    if not passage.text.endswith(":"):
        return passage
    is_first = not passage.rank and not passage.field
    if not (is_first or with_leads or _SENTENCE_END.search(passage.text)):
        return None
    return replace(passage, text=f"{passage.text.rstrip(':').rstrip()}{LEADS_ON}")


def _goes_on_behind_code(sentence: Prose, lines: list[str]) -> bool:
    """Whether a sentence is the rest of one that a code block interrupts, and says nothing without it: "except that it takes longer"."""
    if sentence.field or not _GOES_ON.match(sentence.text):
        return False
    above = next((line for line in reversed(lines[: sentence.start - 1]) if line.strip()), "")
    own = lines[sentence.start - 1]
    is_below_code = len(above) - len(above.lstrip()) > len(own) - len(own.lstrip()) and not LIST_ITEM.match(above)
    return (
        bool(sentence.rank)
        and not lines[sentence.start - 2].strip()
        and (is_below_code or above.strip() in ("```", "~~~"))
    )


def _is_item_below(lead: Prose, sentence: Prose, lines: list[str]) -> bool:
    """Whether a sentence begins an item of the list that a passage introduces, of which no line is left out."""
    between = "".join(lines[lead.end : sentence.start - 1]).strip()
    return sentence.field == lead.field and not between and LIST_ITEM.match(lines[sentence.start - 1]) is not None


def _numbered(sentence: Prose, lines: list[str]) -> str:
    """The text of an item with its number, which is a word of it."""
    number = re.match(r"\s*(\d+)[.)]", lines[sentence.start - 1])
    text = sentence.text.rstrip(".;,")
    return f"({number[1]}) {text}" if number else text


def _ends_list(previous: Prose, sentence: Prose, lines: list[str]) -> bool:
    """Whether a sentence stands below an empty line that ends the list of which `previous` is an item."""
    if sentence.start <= previous.end + 1:
        return False
    number = previous.start
    while number > 1 and lines[number - 1].strip() and not LIST_ITEM.match(lines[number - 1]):
        number -= 1
    mark = LIST_ITEM.match(lines[number - 1])
    indent = len(lines[sentence.start - 1]) - len(lines[sentence.start - 1].lstrip())
    return mark is not None and indent < mark.end()
