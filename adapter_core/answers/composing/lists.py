"""Lists that a text numbers, told in their order: of each item its first sentence, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..inert import prose
from .candidate import MAX_CITED
from .prose import sentences_in

_MARK = re.compile(r"(?P<indent>\s*)(?:#|(?P<number>\d{1,2}))[.)]\s+(?=\S)")
_FENCE = ("```", "~~~")
_MIN_ITEMS = 3
_MIN_SHARE = 0.6  # of the items must be told
_MAX_TEXT = 1_600
# What would end the quotation, or read like the next item.
_UNQUOTABLE = re.compile(r"[“”]|; \(")

Lines = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Listing:
    """`text`: "(1) “First.”; (3) “Third.”"; what cannot be told is left out, and its number with it. `spans` show it."""

    text: str
    spans: tuple[Lines, ...]


@dataclass(slots=True)
class _List:
    """`items`: first and last line of each. `last`: the number of the last one, 0 where they have none."""

    indent: int
    last: int
    items: list[Lines] = field(default_factory=list)


def lists_in(lines: list[str], start: int, end: int) -> Iterator[Listing]:
    """The numbered lists on lines `start..end` that have three items or more, most of which can be told."""
    for found in _lists(lines, start, min(end, len(lines))):
        told = [(n, said) for n, item in enumerate(found.items, 1) if (said := _said(lines, item)) is not None]
        if len(found.items) < _MIN_ITEMS or len(told) < max(_MIN_ITEMS, _MIN_SHARE * len(found.items)):
            continue
        text, spans = "", list[Lines]()
        for number, (words, first, last) in told:
            if len(text) + len(words) > _MAX_TEXT:
                text += "; …"
                break
            text += f"{'; ' if text else ''}({number}) “{words}”"
            if spans and first <= spans[-1][1] + 1 and last - spans[-1][0] < MAX_CITED:
                first = spans.pop()[0]
            spans.append((first, last))
        yield Listing(text, tuple(spans))


def _said(lines: list[str], item: Lines) -> tuple[str, int, int] | None:
    """The first sentence of an item with its lines; None where it has none that can be quoted."""
    found = sentences_in(lines, *item)
    if not found or found[0].start != item[0] or found[0].field or _UNQUOTABLE.search(found[0].text):
        return None
    return prose(found[0].text).rstrip("."), found[0].start, found[0].end


def _lists(lines: list[str], start: int, end: int) -> Iterator[_List]:
    """Lists, outermost ones only: items one below the other, with what is further in."""
    open_list: _List | None = None
    in_fence = False
    for number in range(start, end + 1):
        line = lines[number - 1]
        in_fence ^= line.strip().startswith(_FENCE)
        indent = len(line) - len(line.lstrip())
        if not line.strip() or in_fence or (open_list is not None and indent > open_list.indent):
            if open_list is not None and line.strip():
                open_list.items[-1] = open_list.items[-1][0], number
            continue
        mark = _MARK.match(line)
        counted = int(mark["number"] or 0) if mark else -1
        if open_list is not None and mark and indent == open_list.indent and _goes_on(open_list.last, counted):
            open_list.last = counted
            open_list.items.append((number, number))
            continue
        if open_list is not None:
            yield open_list
        open_list = _List(indent, counted, [(number, number)]) if counted in (0, 1) else None
    if open_list is not None:
        yield open_list


def _goes_on(last: int, number: int) -> bool:
    """Whether an item of this number may follow: the next one, or the same where all are marked `#` or `1`."""
    return number == last + 1 if last > 1 or number > 1 else number == last
