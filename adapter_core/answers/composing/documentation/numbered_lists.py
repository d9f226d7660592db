"""Lists that a text numbers, told in their order: of each item its first sentence, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ....types import STEP_SEPARATOR
from ...inert import prose
from ..candidate import MAX_CITED
from .running_text import prose_in

_MARK = re.compile(r"(?P<indent>\s*)(?:#|(?P<number>\d{1,2}))[.)]\s+(?=\S)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"\s*~{3,}\s*\Z")  # may underline a title, too
# Before a list: that it is no course, or not what is done.
_NO_COURSE = re.compile(
    r"\b(?:not|never|no longer|used to|formerly|previously|deprecated|one of|either|any of|some of|whichever|alternatives?|"
    r"instead of|or|options?|without|avoid)\b|n't\b|n’t\b",
    re.I,
)
_MIN_ITEMS = 3
_MIN_SHARE = 0.6  # of the items must be told
_MAX_TEXT = 1_600
# What would end the quotation, or read like the next item.
_UNQUOTABLE = re.compile(r"[“”]|; \(")

Lines = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Listing:
    """`steps`: "(1) “First”", "(3) “Third”"; what cannot be told is left out, and its number with it. `spans` show them."""

    steps: tuple[str, ...]
    spans: tuple[Lines, ...]


@dataclass(slots=True)
class _List:
    """`items`: number, first and last line of each. `marked`: the last number as written, None where there is none. `alike`:
    all are marked alike."""

    indent: int
    marked: int | None
    alike: bool = False
    items: list[tuple[int, int, int]] = field(default_factory=list)


def lists_in(lines: list[str], start: int, end: int) -> Iterator[Listing]:
    """The numbered lists on lines `start..end` that have three items or more, most of which can be told. None that is introduced by what
    says that these are no steps: "Do one of these:", "What it no longer does:"."""
    for found in _lists(lines, start, min(end, len(lines))):
        if _NO_COURSE.search(_introduction(lines, start, found.items[0][1])):
            continue
        told = [(n, said) for n, first, last in found.items if (said := _said(lines, (first, last))) is not None]
        if len(found.items) < _MIN_ITEMS or len(told) < max(_MIN_ITEMS, _MIN_SHARE * len(found.items)):
            continue
        steps, spans = list[str](), list[Lines]()
        for number, (words, first, last) in told:
            if steps and len(STEP_SEPARATOR.join(steps)) + len(words) > _MAX_TEXT:
                steps[-1] += "; …"
                break
            steps.append(f"({number}) “{words}”")
            if spans and first <= spans[-1][1] + 1 and last - spans[-1][0] < MAX_CITED:
                first = spans.pop()[0]
            spans.append((first, last))
        yield Listing(tuple(steps), tuple(spans))


def _said(lines: list[str], item: Lines) -> tuple[str, int, int] | None:
    """The first sentence of an item with its lines; None where it has none that can be quoted."""
    found = prose_in(lines, *item)
    if not found or found[0].start != item[0] or found[0].field or _UNQUOTABLE.search(found[0].text):
        return None
    return prose(found[0].text).rstrip("."), found[0].start, found[0].end


def _introduction(lines: list[str], start: int, first: int) -> str:
    """The paragraph before a list, where it leads on to it with a colon."""
    number = first - 1
    while number >= start and not lines[number - 1].strip():
        number -= 1
    found: list[str] = []
    while number >= start and lines[number - 1].strip():
        found.insert(0, lines[number - 1].strip())
        number -= 1
    text = " ".join(found)
    return text.rpartition(". ")[2] if text.endswith(":") else ""


def _lists(lines: list[str], start: int, end: int) -> Iterator[_List]:
    """Lists, outermost ones only: items one below the other, with what is further in."""
    open_list: _List | None = None
    in_fence = False
    for number in range(start, end + 1):
        line = lines[number - 1]
        fence = bool(_FENCE.match(line)) and not (
            _RULE.match(line) and not in_fence and _is_title(lines, number, start)
        )
        inside = in_fence or fence
        in_fence ^= fence
        indent = len(line) - len(line.lstrip())
        if not line.strip() or inside or (open_list is not None and indent > open_list.indent):
            if open_list is not None and line.strip():
                item, first, _ = open_list.items[-1]
                open_list.items[-1] = item, first, number
            continue
        mark = _MARK.match(line)
        marked = int(mark["number"]) if mark and mark["number"] else None
        if open_list is not None and mark and indent == open_list.indent and _goes_on(open_list, marked):
            place = open_list.items[-1][0] + 1
            open_list.alike = marked == open_list.marked
            open_list.marked = marked
            open_list.items.append((place, number, number))
            continue
        if open_list is not None:
            yield open_list
        begins = mark is not None and marked in (None, 0, 1)
        open_list = _List(indent, marked, items=[(1 if marked is None else marked, number, number)]) if begins else None
    if open_list is not None:
        yield open_list


def _is_title(lines: list[str], number: int, start: int) -> bool:
    """Whether a line of marks stands right below a text that it underlines."""
    above = lines[number - 2].rstrip() if number > start else ""
    return bool(above.strip()) and len(lines[number - 1].rstrip()) >= len(above) - 1


def _goes_on(found: _List, marked: int | None) -> bool:
    """Whether an item of this number may follow: the next one, or another 1 where all are marked so, or another `#`."""
    if marked is None or found.marked is None:
        return marked == found.marked
    if found.alike:
        return marked == 1
    return marked == found.marked + 1 or (marked == found.marked == 1 and len(found.items) == 1)
