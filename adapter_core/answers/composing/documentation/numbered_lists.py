"""The numbered lists of a text in their order, each item quoted by its first sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ....types import STEP_SEPARATOR
from ...inert import prose
from ..candidate import MAX_CITED
from .running_text import prose_in

_ITEM_MARK = re.compile(r"(?P<indent>\s*)(?:#|(?P<number>\d{1,2}))[.)]\s+(?=\S)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"\s*~{3,}\s*\Z")  # may underline a title, too
# Words in an introduction after which a list is no sequence of steps, or not what is done.
_NO_COURSE = re.compile(
    r"\b(?:not|never|no longer|used to|formerly|previously|deprecated|one of|either|any of|some of|whichever|alternatives?|"
    r"instead of|or|options?|without|avoid)\b|n't\b|n’t\b",
    re.I,
)
_MIN_ITEMS = 3
_MIN_SHARE = 0.6  # of the items must be quotable
_MAX_TEXT = 1_600
# Text that would end the quotation or read like the next item.
_UNQUOTABLE = re.compile(r"[“”]|; \(")

Lines = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Listing:
    """`steps`: "(1) “First”", "(3) “Third”"; items that cannot be quoted are left out with their numbers. `spans`: the lines that show
    them."""

    steps: tuple[str, ...]
    spans: tuple[Lines, ...]


@dataclass(slots=True)
class _List:
    """A list being read. `items`: (number, first line, last line); `last_number`: of the last item as written, None for "#"; `is_uniform`:
    all items have the same number."""

    indent: int
    last_number: int | None
    is_uniform: bool = False
    items: list[tuple[int, int, int]] = field(default_factory=list)


def lists_in(lines: list[str], start: int, end: int) -> Iterator[Listing]:
    """The numbered lists on lines `start..end` with three items or more, most of them quotable; without those whose introduction says that
    they are no steps ("Do one of these:", "What it no longer does:")."""
    for item_list in _lists(lines, start, min(end, len(lines))):
        if _NO_COURSE.search(_introduction(lines, start, item_list.items[0][1])):
            continue
        quoted = [
            (n, quotation)
            for n, first, last in item_list.items
            if (quotation := _quotable_sentence(lines, (first, last))) is not None
        ]
        if len(item_list.items) < _MIN_ITEMS or len(quoted) < max(_MIN_ITEMS, _MIN_SHARE * len(item_list.items)):
            continue
        steps, spans = list[str](), list[Lines]()
        for number, (words, first, last) in quoted:
            if steps and len(STEP_SEPARATOR.join(steps)) + len(words) > _MAX_TEXT:
                steps[-1] += "; …"
                break
            steps.append(f"({number}) “{words}”")
            if spans and first <= spans[-1][1] + 1 and last - spans[-1][0] < MAX_CITED:
                first = spans.pop()[0]
            spans.append((first, last))
        yield Listing(tuple(steps), tuple(spans))


def _quotable_sentence(lines: list[str], item: Lines) -> tuple[str, int, int] | None:
    """(text, first line, last line) of the first sentence of an item; None if it cannot be quoted."""
    sentences = prose_in(lines, *item)
    if not sentences or sentences[0].start != item[0] or sentences[0].field or _UNQUOTABLE.search(sentences[0].text):
        return None
    return prose(sentences[0].text).rstrip("."), sentences[0].start, sentences[0].end


def _introduction(lines: list[str], start: int, first: int) -> str:
    """The last sentence of the paragraph before a list if it ends with a colon; else ""."""
    number = first - 1
    while number >= start and not lines[number - 1].strip():
        number -= 1
    paragraph: list[str] = []
    while number >= start and lines[number - 1].strip():
        paragraph.insert(0, lines[number - 1].strip())
        number -= 1
    text = " ".join(paragraph)
    return text.rpartition(". ")[2] if text.endswith(":") else ""


def _lists(lines: list[str], start: int, end: int) -> Iterator[_List]:
    """The outermost lists: items of the same indent, each with the more indented lines below it."""
    open_list: _List | None = None
    in_fence = False
    for number in range(start, end + 1):
        line = lines[number - 1]
        fence = bool(_FENCE.match(line)) and not (
            _RULE.match(line) and not in_fence and _is_title(lines, number, start)
        )
        is_fenced = in_fence or fence
        in_fence ^= fence
        indent = len(line) - len(line.lstrip())
        if not line.strip() or is_fenced or (open_list is not None and indent > open_list.indent):
            if open_list is not None and line.strip():
                item, first, _ = open_list.items[-1]
                open_list.items[-1] = item, first, number
            continue
        mark = _ITEM_MARK.match(line)
        written = int(mark["number"]) if mark and mark["number"] else None
        if open_list is not None and mark and indent == open_list.indent and _continues_list(open_list, written):
            item_number = open_list.items[-1][0] + 1
            open_list.is_uniform = written == open_list.last_number
            open_list.last_number = written
            open_list.items.append((item_number, number, number))
            continue
        if open_list is not None:
            yield open_list
        begins_list = mark is not None and written in (None, 0, 1)
        open_list = (
            _List(indent, written, items=[(1 if written is None else written, number, number)]) if begins_list else None
        )
    if open_list is not None:
        yield open_list


def _is_title(lines: list[str], number: int, start: int) -> bool:
    """Whether a line of marks underlines the text right above it."""
    above = lines[number - 2].rstrip() if number > start else ""
    return bool(above.strip()) and len(lines[number - 1].rstrip()) >= len(above) - 1


def _continues_list(item_list: _List, written: int | None) -> bool:
    """Whether an item with this number may follow: the next number, another 1 in a list of 1s, or another `#`."""
    if written is None or item_list.last_number is None:
        return written == item_list.last_number
    if item_list.is_uniform:
        return written == 1
    return written == item_list.last_number + 1 or (written == item_list.last_number == 1 and len(item_list.items) == 1)
