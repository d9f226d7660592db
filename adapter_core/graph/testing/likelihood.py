"""How likely a test runs a symbol, estimated from the calls that lead from one to the other, and from both names.

The weights are rounded from measurements with the test suites of three packages (`benchmarks/observed`): of the calls with one target in
functions that ran, .92 happened, under an `if` .7, in an `except` .35; the more targets, the fewer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..terms import split
from ..terms import words as words_of

MIN_LIKELIHOOD = 0.2  # less likely tests are left out
_IN_TEST, _IN_CODE, _AFTER_EXITS = 0.98, 0.93, 0.85
_UNDER_CONDITION, _IN_EXCEPT, _DEFERRED = 0.75, 0.4, 0.5
_SEVERAL, _MORE = 0.5, -0.4
# Of the logistic sum.
_BIAS, _WAY, _NEAR, _SET_UP, _GUESSED = -1.9, 0.5, 1.8, -0.4, -2.0
_NAME_IN_NAME, _NAME_IN_TEXT, _CLASS_IN_NAME, _CLASS_IN_TEXT, _MODULE_IN_FILE, _NAME_IN_FILE = (
    0.7,
    0.3,
    1.2,
    0.4,
    0.7,
    1.0,
)
_SURE = 0.995
_NAMED, _NAMED_FURTHER = 0.2, 0.3
_HEADER = re.compile(r"\s*(if|elif|else|except|case|match|for|async for|while|try|finally|with|async with)\b")
_EXIT = re.compile(r"\s*(return|raise)\b")
_NO_WORDS = frozenset({"test", "py", "init"})


class Words(NamedTuple):
    """The words of a name, of the enclosing class, of the text, and of the file name."""

    name: frozenset[str]
    around: frozenset[str]
    text: frozenset[str]
    file: frozenset[str]


def words(path: str, qualname: str, text: str = "") -> Words:
    around, _, name = qualname.rpartition(".")
    stem = path.rpartition("/")[2].removesuffix(".py")
    return Words(_terms(name), _terms(around), _terms(text), _terms(stem if stem != "__init__" else ""))


def _terms(text: str) -> frozenset[str]:
    return frozenset(term for word in words_of(text) for term in split(word)) - _NO_WORDS


def step_likelihood(condition: str, after: bool, targets: int, in_test: bool, deferred: bool) -> float:
    """How likely a running function makes a call, to one particular target of its `targets`. `condition`, `after`: see `conditions`."""
    if targets > 1:
        likely = _SEVERAL * targets**_MORE
    else:
        likely = _IN_TEST if in_test else _AFTER_EXITS if after else _IN_CODE
        likely *= _IN_EXCEPT if condition == "except" else _UNDER_CONDITION if condition else 1.0
    return likely * (_DEFERRED if deferred else 1.0)


def conditions(lines: Sequence[str], first: int, line: int) -> tuple[str, bool]:
    """The kind of condition above a line of a function ("": none, "if", "except"), and whether an earlier statement of the function may
    end it. Judged by indentation."""
    found, after = "", False
    indent = _indent(lines[line - 1]) if line <= len(lines) else 0
    for number in range(min(line, len(lines)) - 1, first, -1):
        text = lines[number - 1]
        line_indent = _indent(text)
        if line_indent < 0:
            continue
        if line_indent < indent:
            indent = line_indent + (text.lstrip()[0] in ")]}")  # the header of such a line has the same indentation
            header = _HEADER.match(text)
            kind = header[1] if header is not None else ""
            if kind == "except":
                found = "except"
            elif kind in ("if", "elif", "else", "case", "match") and not found:
                found = "if"
        elif line_indent > indent and _EXIT.match(text):
            after = True
    return found, after


def _indent(text: str) -> int:
    """-1 for a blank line."""
    bare = text.lstrip()
    return len(text) - len(bare) if bare and not bare.startswith("#") else -1


def test_likelihood(
    path_likelihood: float, distance: int, set_up: bool, guessed: bool, target: Words, test: Words
) -> float:
    """How likely a test runs a symbol. `path_likelihood`: the product of the steps; `distance`: their number. `set_up`: it is reached by
    code that runs before or after the test; `guessed`: through a step that is not a call in the text."""
    path_likelihood = min(path_likelihood, _SURE)
    total = (
        _BIAS
        + _WAY * math.log(path_likelihood / (1 - path_likelihood))
        + _NEAR / max(distance, 1)
        + (_SET_UP if set_up else 0.0)
        + (_GUESSED if guessed else 0.0)
        + _NAME_IN_NAME * _shared(target.name, test.name | test.around)
        + _NAME_IN_TEXT * _shared(target.name, test.text)
        + _CLASS_IN_NAME * _shared(target.around, test.name | test.around)
        + _CLASS_IN_TEXT * _shared(target.around, test.text)
        + _MODULE_IN_FILE * _shared(target.file, test.file)
        + _NAME_IN_FILE * _shared(target.name | target.around, test.file)
    )
    return 1 / (1 + math.exp(-total))


def name_likelihood(target: Words, test: Words) -> float:
    """The same for a test that only has the symbol's name: higher where its class or module is also named."""
    around = _shared(target.around or target.file, test.name | test.around | test.file)
    return _NAMED + _NAMED_FURTHER * max(around, _shared(target.file, test.file))


def _shared(target: frozenset[str], others: frozenset[str]) -> float:
    return len(target & others) / len(target) if target else 0.0
