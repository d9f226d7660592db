"""Which triple quotes of a text are never closed.

One quote too many turns a file inside out: code becomes text, and docstrings become code. So the lines are read in every way (each as code,
or as the inside of a string), and the reading with the smallest penalty is taken: for prose among the code, a string where none can be,
definitions in a string, an unterminated string. Among equals it is the one that leaves the most code outside of strings.
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
    """One way to read the lines so far: its penalty, how many lines of code it takes for text, where the string that is open at their
    end begins, whether that is a statement of its own without a definition so far, the unterminated strings before it, each as (opening
    quote, offset at which code resumes, those before), and whether the last of the code is prose."""

    penalty: int = 0
    hidden_lines: int = 0
    opened: int = 0
    alone: bool = False
    unclosed: tuple[int, int, object] | None = None
    prose: bool = False

    def ended(self, offset: int) -> _Reading:
        """The open string is unterminated, and code resumes at `offset`."""
        return _Reading(self.penalty + _UNCLOSED, self.hidden_lines, unclosed=(self.opened, offset, self.unclosed))

    def with_code(self, line: str) -> _Reading:
        """The code continues with this line. A piece of prose is penalised once, however long it is."""
        if _is_prose(line):
            return self if self.prose else self._replace(penalty=self.penalty + 1, prose=True)
        return self._replace(prose=False) if self.prose and _CODE.match(line) else self

    def with_text(self, line: str) -> _Reading:
        """The open string continues with this line."""
        if not _CODE.match(line):
            return self
        hides = self.alone and bool(_DEFINITION.match(line))
        return _Reading(
            self.penalty + _HIDES * hides, self.hidden_lines + 1, self.opened, self.alone and not hides, self.unclosed
        )


def unclosed(text: str) -> dict[int, int]:
    """The offsets of unterminated opening quotes, each with the offset of the line at which code resumes."""
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


def closing(text: str, start_at: int, quotes: str) -> int:
    """The offset after the first unescaped `quotes` from a position on; -1 where there are none."""
    while (found := text.find(quotes, start_at)) >= 0:
        before = found
        while before > start_at and text[before - 1] == "\\":
            before -= 1
        if (found - before) % 2 == 0:
            return found + len(quotes)
        start_at = found + 1
    return -1


def _keep(readings: dict[str, _Reading], quotes: str, reading: _Reading) -> None:
    if quotes not in readings or reading[:2] < readings[quotes][:2]:
        readings[quotes] = reading


def _after_quotes(readings: dict[str, _Reading], line: str, start: int, before: str) -> dict[str, _Reading]:
    """The readings after a line with triple quotes, which begins at offset `start` after a line that ends in `before`."""
    after: dict[str, _Reading] = {}
    for quotes, reading in readings.items():
        penalty, opened, alone, code_start = reading.penalty, reading.opened, reading.alone, 0
        while True:
            if quotes:
                end = closing(line, code_start, quotes)
                if end < 0:
                    break
                penalty += bool(_OPERATOR.search(line, code_start, end - 3)) + _invalid_after(line, end)
                quotes, code_start = "", end
            mark = _QUOTES.search(line, code_start)
            code = line[code_start : mark.start() if mark else None]
            penalty += _is_prose(code)
            if mark is None or mark[0] == "#":
                break
            code_start = mark.end()
            if mark[0] in _TRIPLES:
                alone = bool(_ALONE.match(line[: mark.start()]))
                penalty += (before not in ":([{,=\\'\"") if alone else _invalid_before(code)
                quotes, opened = mark[0], start + mark.start()
            elif len(mark[0]) == 1:
                penalty += 1  # a single quote without its other one
                break
        _keep(after, quotes, _Reading(penalty, reading.hidden_lines, opened, alone, reading.unclosed))
    return after


def _is_prose(line: str) -> bool:
    """Whether two names are side by side, which no code has."""
    words = _WORDS.search(line)
    if words is None:
        return False
    before = line[: words.start()]
    if "#" in before or "'" in before or '"' in before:
        return False
    found = words[0].split()
    return any(a not in _KEYWORDS and b not in _KEYWORDS for a, b in pairwise(found))


def _invalid_after(line: str, code_start: int) -> bool:
    """Whether the text after a string cannot follow one."""
    match = _AFTER.match(line, code_start)
    if match is None:
        return False
    if match[3] and _PREFIX.fullmatch(match[2]):
        return False  # a further string
    return not match[1] or match[2] not in _KEYWORDS


def _invalid_before(code: str) -> bool:
    """Whether the text before a string cannot precede one."""
    match = _BEFORE.search(code)
    if match is None or (match[1] and match.end(1) == len(code) and _PREFIX.fullmatch(match[1])):
        return False
    return bool(match[2]) or match[1] not in _KEYWORDS
