"""Sentences that quote comments: those above a definition, and those in a function."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....graph.parsing.tree import parse_tree
from ...inert import code, prose
from ..candidate import Candidate, SentenceBuilder
from .prose import MAX_CHARS, Prose, split_sentences, without_leads

_MAX_BELOW = 8  # lines of code that a comment is about
_MAX_LINES = 9  # right above a definition
_FILE_COMMENT = re.compile(
    r"\b(?:copyright|licen[cs]e[ds]?|all rights reserved|SPDX|authors?|maintainers?|this (?:file|module|script|program))\b|\(c\)|©",
    re.I,
)
_NOISE_COMMENT = re.compile(
    r"#\s*(noqa|type:|pragma|pylint|mypy|ruff|fmt:|isort|TODO|FIXME|XXX|-\*-|!|region|endregion)", re.I
)
_MIN_WORDS = 4
# `#: ` is how Sphinx knows the comment of an attribute.
_COMMENT_SIGN = re.compile(r"#+:?(?=\s|\Z)|#+")
_DIRECTIVE_LINE = re.compile(r"\.\. [\w-]+::")


def comment_above_sentences(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    symbol = builder.symbol
    name = code(symbol.qualname)
    strings = outline_of("\n".join(lines) + "\n").string_lines
    first = symbol.start
    while first > 1 and lines[first - 2].strip().startswith("#") and first - 1 not in strings:
        first -= 1
    if not "".join(lines[: first - 1]).strip() and _FILE_COMMENT.search("".join(lines[: symbol.start - 1])):
        return  # a comment about the file, not about its first symbol
    first = max(first, symbol.start - _MAX_LINES)
    for sentence in comment_sentences(lines, first, symbol.start, strings) if first < symbol.start else ():
        yield builder.sentence(
            "comment", f"A comment above {name} says: “{prose(sentence.text)}”", (sentence.start, symbol.name_line)
        )


def comment_sentences_in(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """The sentences that quote the comments in a function, each attributed to the innermost function around it."""
    facts, symbol = builder.facts, builder.symbol
    strings = outline_of("\n".join(lines) + "\n").string_lines
    for sentence in comment_sentences(lines, symbol.start, symbol.end, strings):
        inner = facts.symbols[scope_at(facts, sentence.start)]
        name = code((inner if inner.is_callable else symbol).qualname)
        found = builder.sentence(
            "comment", f"A comment in {name} says: “{prose(sentence.text)}”", (sentence.start, sentence.end)
        )
        below = (line for line in lines[sentence.end - 1 : symbol.end] if line.strip() and line.lstrip()[0] != "#")
        yield replace(found, beside="".join(islice(below, _MAX_BELOW)))


def comment_sentences(lines: list[str], start: int, end: int, strings: frozenset[int] = frozenset()) -> list[Prose]:
    """The runs of full-line comments on lines `start..end`: a short run as one sentence together with the line of code below it, a long one
    by paragraphs, and long paragraphs by sentences.

    `strings`: the lines that begin inside a string, where nothing is a comment.
    """
    sentences: list[Prose] = []
    run: list[tuple[int, str]] = []
    bare_text: dict[int, str] = {}
    for number in range(start, min(end, len(lines)) + 2):
        text = lines[number - 1].strip() if number <= min(end, len(lines)) else ""
        if text.startswith("#") and number not in strings and not _NOISE_COMMENT.match(text):
            bare_text[number] = _COMMENT_SIGN.sub("", text)
            comment_text = bare_text[number].strip()
            run.append((number, "" if _DIRECTIVE_LINE.match(comment_text) else comment_text))
            continue
        if _is_commented_code([bare_text[n] for n, _ in run]):
            pass
        elif _joined_text(run) and len(_joined_text(run)) <= MAX_CHARS:
            sentences += _single_sentence(run, number if text and number <= end else run[-1][0], len(sentences))
        else:
            for paragraph in _paragraphs(run):
                if _is_commented_code([bare_text[n] for n, _ in paragraph]):
                    continue
                short = len(_joined_text(paragraph)) <= MAX_CHARS
                rank = len(sentences)
                sentences += (
                    _single_sentence(paragraph, paragraph[-1][0], rank)
                    if short
                    else without_leads(split_sentences(paragraph, "", 0, rank))
                )
        run = []
    return sentences


def _is_commented_code(texts: Sequence[str]) -> bool:
    """Whether comments consist of commented-out statements, and not of words that happen to parse as an expression or an annotation
    ("retries: how often")."""
    tree = parse_tree(textwrap.dedent("\n".join(texts)) + "\n") if texts else None
    statements = tree.body if tree is not None else []
    placeholders = (isinstance(s, ast.Pass) or (isinstance(s, ast.AnnAssign) and s.value is None) for s in statements)
    bare_expressions = (isinstance(s, ast.Expr) and not isinstance(s.value, (ast.Call, ast.Await)) for s in statements)
    return bool(statements) and not any(placeholders) and not any(bare_expressions)


def _single_sentence(run: Sequence[tuple[int, str]], last: int, rank: int) -> list[Prose]:
    """The comments as one sentence that extends to the line `last`; empty if they say too little or look like code."""
    text = _joined_text(run)
    if len(text.split()) < _MIN_WORDS or text.endswith(",") or re.search(r"[=(]\S*$", text):
        return []
    return [Prose(text.rstrip(":"), run[0][0], last, rank)]


def _joined_text(run: Sequence[tuple[int, str]]) -> str:
    return " ".join(part for _, part in run).strip()


def _paragraphs(run: Sequence[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    paragraphs: list[list[tuple[int, str]]] = [[]]
    for number, text in run:
        if text:
            paragraphs[-1].append((number, text))
        elif paragraphs[-1]:
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]
