"""Comments as sentences: short ones whole, long ones by what they are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core import CodeGraph, answer_question
from adapter_core.answers.composing.documentation.comments import comment_sentences

WHY = """\
def process(request, token):
    if token is None:
        # Requests without a token are refused where the referer does not match
        # what is allowed.
        #
        # Suppose that somebody visits a plain page. An attacker between the two sends a form that targets
        # the encrypted one, and submits it by a script that the page brings along with its other parts. The
        # attacker has a token, since anybody can have one. So the referer is compared strictly, which
        # leaves nobody out who comes from our own pages over an encrypted connection.
        check(request)
    # Short and to the point.
    return finish(request)
"""


def spans(text: str) -> list[tuple[str, int, int]]:
    lines = text.split("\n")
    return [(one.text, one.start, one.end) for one in comment_sentences(lines, 1, len(lines))]


def test_a_short_comment_is_one_sentence_with_the_line_below_it() -> None:
    assert spans(WHY)[-1] == ("Short and to the point.", 11, 12)


def test_a_long_comment_is_told_by_paragraphs_and_sentences() -> None:
    found = spans(WHY)
    first, others = found[0], found[1:-1]
    assert first[1:] == (3, 4)
    assert first[0].startswith("Requests without a token")
    assert first[0].endswith("is allowed.")
    assert [one[1:] for one in others] == [(6, 6), (6, 7), (7, 8), (8, 9)]
    assert others[-1][0].startswith("So the referer is compared strictly")


def test_code_that_is_commented_out_is_no_sentence() -> None:
    assert spans("def f():\n    # value = compute(a, b,\n    # something(\n    return 1\n") == []


def test_statements_that_are_commented_out_are_no_sentences() -> None:
    out = "# if fast and not quiet:\n#     report(time, unit)\n#     return time, unit\nLIMIT = 1\n"
    assert spans(out) == []
    assert spans("# tries = 3 if fast else 5\nLIMIT = 1\n") == []
    # An expression or an annotation, as far as Python can tell.
    for words in ("width or height or both", "seconds: either short or long", "every call of wait(seconds) counts"):
        assert [text for text, *_ in spans(f"# {words}\nLIMIT = 1\n")] == [words]


HEADER = "# Copyright 2020 the people of Kit\n# Licensed under the terms in LICENSE\n"


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (HEADER, False),
        ("#!/usr/bin/env python\n" + HEADER, False),
        ("\n" + HEADER, False),
        (HEADER + "# and without any warranty of any kind\n" * 12, False),
        ("# This file is part of the kit for shops.\n", False),
        ("# timeout = wait(seconds, unit) or 3\n", False),
        (HEADER + "\n# How often a payment is tried again.\n", True),
        ("# How often a payment is tried again.\n", True),
        ("import os\n\n# How often it is tried under the licence of the bank.\n", True),
    ],
)
def test_what_a_file_begins_with_is_no_comment_of_its_first_constant(tmp_path: Path, before: str, says: bool) -> None:
    (tmp_path / "pay.py").write_text(f"{before}PAYMENT_TRIES = 3\n", "utf-8")
    with CodeGraph.load_or_build(tmp_path) as graph:
        texts = [claim.text for claim in answer_question(graph, "What is PAYMENT_TRIES?").claims]
    assert texts
    assert any(text.startswith("A comment above `PAYMENT_TRIES` says: “How often") for text in texts) == says
    assert any("A comment" in text for text in texts) == says


def test_why_is_answered_from_a_long_comment(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text(
        WHY + "\n\ndef check(request):\n    return request\n\n\ndef finish(request):\n    return request\n", "utf-8"
    )
    with CodeGraph.load_or_build(tmp_path) as graph:
        answer = answer_question(graph, "Why does process compare the referer strictly?")
    told = [claim for claim in answer.claims if "So the referer is compared strictly" in claim.text]
    assert [str(citation.span) for claim in told for citation in claim.citations] == ["checks.py:8-9"]


def test_a_comment_is_told_of_the_function_that_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(
        "def apply(callback):\n    def wrapper(value):\n        # Set the content type only where it was serialised.\n"
        "        return callback(value)\n    # Hand the wrapper to the router.\n    return wrapper\n",
        "utf-8",
    )
    with CodeGraph.load_or_build(tmp_path) as graph:
        answer = answer_question(graph, "Why does apply set the content type and hand the wrapper to the router?")
    told = {claim.text.partition(" says")[0] for claim in answer.claims if claim.text.startswith("A comment")}
    assert told == {"A comment in `apply.wrapper`", "A comment in `apply`"}


REASONS = '''
class Shelf:
    def put(self, key, value):
        """Put it."""
        # The order of SELECT and INSERT is important below.
        #
        # Shelf.get does not remove expired keys to avoid writes during lookups. Commonly used keys will therefore remain on the
        # shelf, making an UPDATE the preferred path.
        #
        # The alternative is to assume that the key is not present by first trying to insert it and then handling the error that
        # comes of the constraint.
        rows = self.sql("SELECT key FROM shelf WHERE key = ?", key)
        return self.update(rows) if rows else self.insert(key, value)
'''


def test_of_one_comment_the_paragraph_that_gives_the_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "shelf.py").write_text(REASONS, "utf-8")
    with CodeGraph.load_or_build(tmp_path) as graph:
        answer = answer_question(
            graph, "Why does putting a value first look up the key instead of just trying to insert it?"
        )
    told = [claim.text for claim in answer.claims]
    assert any("to avoid writes during lookups" in text for text in told[:2])
