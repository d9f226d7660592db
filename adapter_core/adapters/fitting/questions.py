"""Questions with the places of their answers, extracted from a repository itself, to train a model to read for a question.

Of each function and class with a docstring, its first sentence is the question and the definition without it the place; of a comment on
lines of its own, the comment and the lines that follow; of a test with a telling name, its words and its body. The place comes first and
the question on the next line, as `models/scoring.py` reads them; only the question's tokens count for the loss, so what is trained is
log P(question | place) (query likelihood: Ponte and Croft 1998; from a language model: Sachan et al., arXiv 2204.07496).
"""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .windows import encode

_MIN_WORDS, _MAX_WORDS = 4, 40
_MAX_LINES = 40
_COMMENTED_LINES = 8
_SENTENCE_END = re.compile(r"(?<=[.!?])(?:\s|$)")
_ROLE = re.compile(r":[\w:]+:(?=`)")
_MARKUP = re.compile(r"[`*]+")


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """`kind`: docstring | comment | test. `place` is text of `path` that holds the answer."""

    kind: str
    path: str
    question: str
    place: str


def question_rows(texts: Mapping[str, str]) -> list[QuestionRow]:
    """Of Python files (path to text), in order of paths and lines. A question that occurs more than once tells no place, and is left
    out, as is all of a file that does not parse."""
    found = [row for path in sorted(texts) for row in _rows(path, texts[path])]
    often = Counter(row.question.lower() for row in found)
    return [row for row in found if often[row.question.lower()] == 1 and _has_usable_length(row.question)]


def pack_question_rows(
    tokenizer: Any, rows: list[QuestionRow], separator: int, length: int, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """At most `count` sequences (n, length) int64 of whole rows, and which of their tokens are a question's, (n, length) bool.

    Rows are drawn by `seed`; a place is cut so that its row fits, the rest of a sequence is filled with `separator`. The same for the
    same rows.
    """
    order = list(rows)
    random.Random(seed).shuffle(order)
    sequences: list[np.ndarray] = []
    question_masks: list[np.ndarray] = []
    tokens, mask = _empty_sequence(separator, length)
    at = 0
    for place, question in _encode_rows(tokenizer, order, length):
        size = 1 + len(place) + len(question)
        if size > length:
            continue
        if at + size > length:
            sequences.append(tokens)
            question_masks.append(mask)
            if len(sequences) == count:
                break
            tokens, mask = _empty_sequence(separator, length)
            at = 0
        tokens[at + 1 : at + size] = np.concatenate([place, question])
        mask[at + 1 + len(place) : at + size] = True
        at += size
    else:
        if at:
            sequences.append(tokens)
            question_masks.append(mask)
    if not sequences:
        return np.empty((0, length), np.int64), np.empty((0, length), bool)
    return np.stack(sequences), np.stack(question_masks)


def _encode_rows(tokenizer: Any, rows: list[QuestionRow], length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(rows), 256):
        some = rows[start : start + 256]
        # The line break belongs to the place: a token that reaches over it would tell what comes.
        places = encode(tokenizer, [row.place.rstrip() + "\n" for row in some])
        questions = encode(tokenizer, [row.question for row in some])
        for place, question in zip(places, questions, strict=True):
            room = length - 1 - len(question)
            yield (place if len(place) <= room else np.concatenate([place[: room - 1], place[-1:]])), question


def _empty_sequence(separator: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(length, separator, np.int64), np.zeros(length, bool)


def _has_usable_length(question: str) -> bool:
    return _MIN_WORDS <= len(question.split()) <= _MAX_WORDS


def _rows(path: str, text: str) -> list[QuestionRow]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[tuple[int, QuestionRow]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            row = _docstring_row(path, lines, node) or _test_row(path, lines, node)
            if row is not None:
                found.append((node.lineno, row))
    found += [(number, row) for number, row in _comment_rows(path, lines)]
    return [row for _, row in sorted(found, key=lambda item: item[0])]


def _docstring_row(path: str, lines: list[str], node: Any) -> QuestionRow | None:
    docstring = ast.get_docstring(node)
    string = node.body[0]
    if not docstring or len(node.body) < 2 or string.end_lineno is None or node.body[1].lineno <= string.end_lineno:
        return None
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    before = lines[start - 1 : string.lineno - 1]
    after = lines[string.end_lineno : min(node.end_lineno, string.end_lineno + _MAX_LINES)]
    return QuestionRow("docstring", path, _first_sentence(docstring), "\n".join([*before, *after]))


def _test_row(path: str, lines: list[str], node: Any) -> QuestionRow | None:
    if isinstance(node, ast.ClassDef) or not node.name.startswith("test_"):
        return None
    body = lines[node.body[0].lineno - 1 : min(node.end_lineno, node.lineno + _MAX_LINES)]
    return QuestionRow("test", path, " ".join(node.name.split("_")[1:]), "\n".join(body))


def _comment_rows(path: str, lines: list[str]) -> Iterator[tuple[int, QuestionRow]]:
    at = 0
    while at < len(lines):
        start = at
        while at < len(lines) and lines[at].strip().startswith("#"):
            at += 1
        if at == start:
            at += 1
            continue
        indent = lines[at - 1][: len(lines[at - 1]) - len(lines[at - 1].lstrip())]
        code = []
        for line in lines[at : at + _COMMENTED_LINES]:
            if not line.strip() or not line.startswith(indent):
                break
            code.append(line)
        words = " ".join(line.strip().lstrip("#").strip() for line in lines[start:at])
        # Commented-out code, directives of tools, and rulers are no questions.
        if code and re.match(r"[A-Z][a-z]* [a-z]", words) and not re.search(r"[=(){}\[\]]", words):
            yield at, QuestionRow("comment", path, _first_sentence(words), "\n".join(code))


def _first_sentence(text: str) -> str:
    """The first sentence as plain text on one line, without its full stop, like a question."""
    flat = " ".join(text.split("\n\n")[0].split())
    sentence = _SENTENCE_END.split(flat, maxsplit=1)[0]
    return _MARKUP.sub("", _ROLE.sub("", sentence)).rstrip(". ").strip()
