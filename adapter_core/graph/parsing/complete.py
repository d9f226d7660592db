"""Completes a statement that does not parse, without moving it: missing parts are added at its end, wrong ones are blanked or cut off.
No remaining character is moved."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from parso.python.tokenize import tokenize
from parso.utils import parse_version_string

from .layout import MAX_OPEN
from .line_starts import line_starts
from .tree import FILENAME, UNPARSED

NEWEST_GRAMMAR = "3.14"

_MAX_CUTS = 8
_MAX_BLANKED = 3
_ATTEMPT = 200  # the cost of an attempt in addition to its characters

_CLOSER = {"(": ")", "[": "]", "{": "}"}
_ENDS = (",", ")", "]", "}")
_BEGINS = (",", "(", "[", "{")
_HEADER = re.compile(r"[^:\s][ \t]*:\Z")
_OPERATOR = re.compile(r"[^\w\s'\"()\[\]{},]+")
_FORMATTED = re.compile(r"(?<!\w)(?:[ft]|r[ft]|[ft]r)(?=['\"])", re.IGNORECASE)
_PYTHON_2 = re.compile(r"(?:print|exec)\b(?!\s*\()")
_DEFINED = re.compile(r"(?:async[ \t]+)?(def|class)[ \t]+[^\W\d]\w*(?![ \t]*\w)")
_JUNK_BEHIND_NAME = re.compile(r"((?:async[ \t]+)?(?:def|class)[ \t]+[^\W\d]\w*)([^\w\s(\[:]+)(?=[(\[:])")
_DANGLING = re.compile(r"[=.,+*/%&|^<>~@:-]\Z|\b(?:in|and|or|not|is|if|else|elif|while|lambda|as)\Z")


class Frame(NamedTuple):
    """The context that makes a statement a whole text: what is `before` and `after` it, and the ends that it may need itself."""

    before: str
    after: str
    ends: tuple[str, ...] = ("",)
    header: bool = False  # of a block
    decorator: bool = False


class Budget:
    """How many characters may still be parsed to complete the statements of one file."""

    def __init__(self, characters: int) -> None:
        self.left = characters

    def fault(self, text: str) -> SyntaxError | None:
        self.left -= len(text) + _ATTEMPT
        return fault_of(text)


def fault_of(text: str) -> SyntaxError | None:
    """The fault of a text; None where Python parses it."""
    parsed = parse(text)
    return parsed if isinstance(parsed, SyntaxError) else None


def parse(text: str) -> ast.Module | SyntaxError:
    """The syntax tree of a text, or its fault."""
    try:
        return ast.parse(text, FILENAME)
    except SyntaxError as error:
        return error
    except UNPARSED as error:
        return SyntaxError(str(error))


def completed(code: str, closers: str, frame: Frame, budget: Budget) -> str | None:
    """`code`, which does not parse in its frame, as a statement that does; None where too little of it can be read."""
    for candidate in _candidates(code, closers, frame, budget):
        for end in frame.ends:
            if budget.left < 0:
                return None
            whole = candidate + end
            if frame.header and not _HEADER.search(whole):
                continue
            if budget.fault(frame.before + whole + frame.after) is None:
                return whole
    return None


def _candidates(code: str, closers: str, frame: Frame, budget: Budget) -> Iterator[str]:
    yield code + closers
    if not frame.decorator and _DANGLING.search(code):
        yield code + " 0" + closers
    if match := _PYTHON_2.match(code):
        yield " " * match.end() + code[match.end() :] + closers
    unformatted = _FORMATTED.sub(lambda m: "r".rjust(len(m[0])) if "r" in m[0].lower() else " " * len(m[0]), code)
    if unformatted != code:
        yield unformatted + closers
    if match := _JUNK_BEHIND_NAME.match(code):
        yield _blank(code, *match.span(2)) + closers
    tokens = _tokens(code)
    balanced = code
    for stray in _unmatched_brackets(tokens):
        balanced = _blank(balanced, stray.start, stray.end)
    if balanced != code:
        yield balanced + (tokens[-1].closers)
    where = None
    text = code + closers
    for _ in range(_MAX_BLANKED):
        where = _fault_offset(text, frame, budget)
        blanked = _without_element(text, tokens, where) if where is not None else None
        if blanked is None:
            break
        yield blanked
        text = blanked
    yield from _truncations(code, tokens, where)
    if match := _DEFINED.match(code):
        yield match[0] + ("()" if match[1] == "def" else "")


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    closers: str  # of the brackets that are open after it


def _tokens(code: str) -> list[_Token]:
    starts = line_starts(code)
    found: list[_Token] = []
    opened: list[str] = []
    for token in tokenize(code, version_info=parse_version_string(NEWEST_GRAMMAR)):
        if token.string.strip():
            if token.string in _CLOSER:
                if len(opened) < MAX_OPEN:
                    opened.append(_CLOSER[token.string])
            elif token.string in opened:
                while opened.pop() != token.string:
                    pass
            start = starts[token.start_pos[0] - 1] + token.start_pos[1]
            found.append(_Token(start, start + len(token.string), token.string, "".join(reversed(opened))))
    return found


def _unmatched_brackets(tokens: list[_Token]) -> list[_Token]:
    """Brackets without a counterpart, inside of brackets that have one."""
    opened: list[_Token] = []
    found: list[_Token] = []
    for token in tokens:
        if token.text in _CLOSER:
            (opened if len(opened) < MAX_OPEN else found).append(token)
        elif token.text in _CLOSER.values():
            if not any(_CLOSER[t.text] == token.text for t in opened):
                found.append(token)
                continue
            while _CLOSER[opened[-1].text] != token.text:
                found.append(opened.pop())
            opened.pop()
    return found


def _fault_offset(text: str, frame: Frame, budget: Budget) -> int | None:
    """The offset at which Python finds a fault; None where that is elsewhere, or about the meaning of the text."""
    end = next((e for e in reversed(frame.ends) if not (text.endswith(":") and e.startswith(":"))), "")
    error = budget.fault(frame.before + text + end + frame.after)
    if error is None or not error.lineno or not error.offset or "cannot" in error.msg or "illegal" in error.msg:
        return None
    lines = (frame.before + text).split("\n")
    offset = sum(len(line) + 1 for line in lines[: error.lineno - 1]) + error.offset - 1 - len(frame.before)
    return min(offset, len(text)) if offset >= 0 else None


def _without_element(text: str, tokens: list[_Token], where: int) -> str | None:
    """The text without the operator before `where`, if that ends an element of some brackets, or else without the whole element. None
    where there are no brackets around it."""
    live = [t for t in tokens if text.startswith(t.text, t.start)]
    position = next((i for i, t in enumerate(live) if t.end > where), len(live))
    ends = position == len(live) or live[position].text in _ENDS
    if ends and position and _OPERATOR.fullmatch(live[position - 1].text):
        return _blank(text, live[position - 1].start, live[position - 1].end)
    first, depth = position, 0
    while first and (depth or live[first - 1].text not in _BEGINS):
        first -= 1
        depth += (live[first].text in _ENDS[1:]) - (live[first].text in _CLOSER)
    if first == 0:
        return None
    last, depth = position, 0
    while last < len(live) and (depth or live[last].text not in _ENDS):
        depth += (live[last].text in _CLOSER) - (live[last].text in _ENDS[1:])
        last += 1
    start = live[first].start if first < len(live) else len(text)
    end = len(text) if last == len(live) else live[last].end if live[last].text == "," else live[last].start
    return _blank(text, start, end) if start < end else None


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


def _truncations(code: str, tokens: list[_Token], where: int | None) -> Iterator[str]:
    """The code up to a token: up to the fault, and then up to its end, shorter each time."""
    before = len(tokens) if where is None else sum(t.end <= where for t in tokens)
    places = [*range(before - 1, before - 1 - _MAX_CUTS, -1), *range(len(tokens) - 1, len(tokens) - 1 - _MAX_CUTS, -1)]
    for place in dict.fromkeys(p for p in places if p >= 0):
        yield code[: tokens[place].end] + tokens[place].closers
