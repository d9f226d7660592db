"""Which triple quotes of a text are never closed.

One quote too many turns a file inside out: what was code is text, and the docstrings are code. So the lines are read in every way
(each as code, or as the inside of a string), and that is taken of which the least is odd: prose among the code, a string where none can
stand, definitions in a string, a string without an end. Among equals it is the one that leaves the most code outside of strings.
"""

from __future__ import annotations

import keyword
import re
from itertools import pairwise
from typing import NamedTuple

# How odd it is that a string has no end, and that one which stands by itself holds definitions, beside the 1 of all else.
_UNCLOSED = 2
_HIDES = 3

_TRIPLES = ("'''", '"""')
_QUOTES = re.compile(r"#|'''|\"\"\"|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|['\"]")
_WORDS = re.compile(r"(?<!\w)[^\W\d]\w*(?:[ \t]+[^\W\d]\w*)+")
_AFTER = re.compile(r"([ \t]*)(\w+)(['\"]?)")
_BEFORE = re.compile(r"(?:(?<!\w)(\w+)|([)\].]))[ \t]*\Z")
_OPERATOR = re.compile(r"[=(,\[{+%][ \t]*\Z")
_PREFIX = re.compile(r"[rbuft]{1,2}", re.IGNORECASE)
_ALONE = re.compile(r"[ \t]*[rbuft]{0,2}\Z", re.IGNORECASE)
_KEYWORDS = frozenset({*keyword.kwlist, "match", "case", "type", "print", "exec"} - {"None", "True", "False"})
_DEFINITION = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+[^\W\d]\w*[ \t]*[(:]")
_CODE = re.compile(
    r"[ \t]*(?:@[^\W\d]|(?:async|class|def|elif|else|except|finally|for|from|if|import|pass|raise|return|try|while|with|yield)\b"
    r"|[\w.]+[ \t]*(?:=|\())"
)


class _Reading(NamedTuple):
    """One way to read the lines so far: how odd it is, how many lines of code it takes for text, where the string that is open at their
    end begins, whether that stands by itself and holds no definition yet, the strings without an end before that, each as (opening
    quote, offset at which code goes on, those before), and whether the last of the code is prose."""

    odd: int = 0
    hidden: int = 0
    opened: int = 0
    alone: bool = False
    unclosed: tuple[int, int, object] | None = None
    prose: bool = False

    def ended(self, offset: int) -> _Reading:
        """The open string has no end of its own, and code goes on at `offset`."""
        return _Reading(self.odd + _UNCLOSED, self.hidden, unclosed=(self.opened, offset, self.unclosed))

    def with_code(self, line: str) -> _Reading:
        """The code goes on with this line. However long it is, a piece of prose is odd once."""
        if _is_prose(line):
            return self if self.prose else self._replace(odd=self.odd + 1, prose=True)
        return self._replace(prose=False) if self.prose and _CODE.match(line) else self

    def with_text(self, line: str) -> _Reading:
        """The open string goes on with this line."""
        if not _CODE.match(line):
            return self
        hides = self.alone and bool(_DEFINITION.match(line))
        return _Reading(
            self.odd + _HIDES * hides, self.hidden + 1, self.opened, self.alone and not hides, self.unclosed
        )


def unclosed(text: str) -> dict[int, int]:
    """The offsets of the opening quotes that nothing closes, each with the offset of the line at which code goes on."""
    if not any(quotes in text for quotes in _TRIPLES):
        return {}
    readings = {"": _Reading()}  # by the quotes of the string in which the next line begins, "" for code
    start = 0
    before = ":"  # the last character of the last line that has any
    for line in text.split("\n"):
        for quotes in _TRIPLES:
            if quotes in readings:
                _keep(readings, "", readings[quotes].ended(start))
        if '"""' in line or "'''" in line:
            readings = _after_quotes(readings, line, start, before)
        else:
            for quotes, reading in readings.items():
                readings[quotes] = reading.with_text(line) if quotes else reading.with_code(line)
        start += len(line) + 1
        before = line.rstrip()[-1:] or before
    best = min((r.ended(len(text)) if quotes else r for quotes, r in readings.items()), key=lambda r: r[:2])
    found: dict[int, int] = {}
    chain: object = best.unclosed
    while isinstance(chain, tuple):
        found[chain[0]] = chain[1]
        chain = chain[2]
    return found


def closing(text: str, at: int, quotes: str) -> int:
    """The offset after the first `quotes` from `at` on that no backslash stands before; -1 where there are none."""
    while (found := text.find(quotes, at)) >= 0:
        before = found
        while before > at and text[before - 1] == "\\":
            before -= 1
        if (found - before) % 2 == 0:
            return found + len(quotes)
        at = found + 1
    return -1


def _keep(readings: dict[str, _Reading], quotes: str, reading: _Reading) -> None:
    if quotes not in readings or reading[:2] < readings[quotes][:2]:
        readings[quotes] = reading


def _after_quotes(readings: dict[str, _Reading], line: str, start: int, before: str) -> dict[str, _Reading]:
    """The readings after a line with triple quotes, which begins at offset `start` behind a line that ends in `before`."""
    after: dict[str, _Reading] = {}
    for quotes, reading in readings.items():
        odd, opened, alone, here = reading.odd, reading.opened, reading.alone, 0
        while True:
            if quotes:
                end = closing(line, here, quotes)
                if end < 0:
                    break
                odd += bool(_OPERATOR.search(line, here, end - 3)) + _odd_after(line, end)
                quotes, here = "", end
            mark = _QUOTES.search(line, here)
            code = line[here : mark.start() if mark else None]
            odd += _is_prose(code)
            if mark is None or mark[0] == "#":
                break
            here = mark.end()
            if mark[0] in _TRIPLES:
                alone = bool(_ALONE.match(line[: mark.start()]))
                odd += (before not in ":([{,=\\'\"") if alone else _odd_before(code)
                quotes, opened = mark[0], start + mark.start()
            elif len(mark[0]) == 1:
                odd += 1  # a single quote without its other one
                break
        _keep(after, quotes, _Reading(odd, reading.hidden, opened, alone, reading.unclosed))
    return after


def _is_prose(line: str) -> bool:
    """Whether two names stand side by side, as they do in no code."""
    words = _WORDS.search(line)
    if words is None:
        return False
    before = line[: words.start()]
    if "#" in before or "'" in before or '"' in before:
        return False
    found = words[0].split()
    return any(a not in _KEYWORDS and b not in _KEYWORDS for a, b in pairwise(found))


def _odd_after(line: str, here: int) -> bool:
    """Whether what follows a string cannot follow one."""
    match = _AFTER.match(line, here)
    if match is None:
        return False
    if match[3] and _PREFIX.fullmatch(match[2]):
        return False  # a further string
    return not match[1] or match[2] not in _KEYWORDS


def _odd_before(code: str) -> bool:
    """Whether what stands before a string cannot stand there."""
    match = _BEFORE.search(code)
    if match is None or (match[1] and match.end(1) == len(code) and _PREFIX.fullmatch(match[1])):
        return False
    return bool(match[2]) or match[1] not in _KEYWORDS
