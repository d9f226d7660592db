"""Statements quoted as they stand: which, in what form, and each told once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from adapter_core.answers.compose import candidates
from adapter_core.answers.composing.statements.control_flow import header_lines, placed_statements
from adapter_core.answers.composing.statements.quotes import quote_statement
from adapter_core.answers.runner import answer_question
from adapter_core.evidence.selection import search
from adapter_core.types import STEP_SEPARATOR
from tests.support import graph_of, write

WORKSPACE = """
#- shop/price.py
class Basket:
    def settle(self, customer, goods):
        \"\"\"Settle the bill.\"\"\"
        import decimal
        rebate = 0
        for step in self.steps:
            rebate = max(rebate, step.loyalty_rebate(customer))  # the best one
        try:
            total = sum(
                one.price
                for one in goods
            )
        except KeyError as missing:
            self.failed = missing
        self.last_rebate = rebate
        self.paid = total - rebate
        return rebate
"""


def sentences(repo: Path, question: str) -> list[str]:
    answer = answer_question(graph_of(repo, WORKSPACE), question)
    assert not answer.dropped
    return [c.text for c in answer.claims]


def test_the_statement_that_holds_the_words_is_quoted(repo: Path) -> None:
    found = sentences(repo, "Where is the loyalty rebate of a customer worked out in Basket.settle?")
    assert (
        "In `Basket.settle`, for each `step in self.steps`: `rebate = max(rebate, step.loyalty_rebate(customer))`"
        in found
    )


def test_a_statement_is_told_once(repo: Path) -> None:
    found = "\n".join(sentences(repo, "What does Basket.settle do with last_rebate and paid?"))
    assert found.count("last_rebate") <= 1
    assert found.count("self.paid") <= 1


def test_what_is_caught_is_told_and_settings_are_no_prose(repo: Path) -> None:
    found = sentences(repo, "Where does Basket.settle say that it failed, when a KeyError is missing?")
    assert "`Basket.settle` sets `self.failed` to `missing` when it catches `KeyError`." in found
    write(repo, "pyproject.toml", '[tool.rebates]\nloyalty = "high"\nmost = 3\n')
    answer = answer_question(graph_of(repo, WORKSPACE), "Which loyalty is set in tool.rebates?")
    assert not any(c.span.path == "pyproject.toml" for claim in answer.claims for c in claim.citations)


SOURCE = '''
def f(a):
    """What it does."""
    import os
    x = g(  # why
        a,
    )
    y = h(
        a,
        k=1,
    )
    with open(a) as file:
        pass
    try:
        z = 1; w = 2
    except (OSError, ValueError):
        raise
    match a:
        case 1:
            v = 3
    def inner():
        u = 4
    été = "é"  # summer
'''


def test_headers_and_statements_on_one_line() -> None:
    lines = SOURCE.split("\n")
    (node,) = ast.parse(SOURCE).body
    assert isinstance(node, ast.FunctionDef)
    shown = [(*header_lines(one.node), quote_statement(lines, one.node)) for one in placed_statements(node, lines)]
    assert [s for s in shown if not s[2].startswith(('"""', "import", "try", "match", "pass"))] == [
        (5, 7, ""),  # a comment would swallow what follows it
        (8, 11, "y = h(a, k=1)"),
        (12, 12, "with open(a) as file"),
        (15, 15, "z = 1"),
        (15, 15, "w = 2"),
        (17, 17, "raise"),
        (18, 20, ""),  # what is in a `match` are statements of their own
        (20, 20, "v = 3"),
        (23, 23, 'été = "é"'),
    ]


@pytest.mark.parametrize("text", ["x" * 250, "[\n" + "1,\n" * 20 + "]"])
def test_what_is_too_long_is_not_quoted(text: str) -> None:
    source = f"def f():\n    x = {text}\n"
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    assert quote_statement(source.split("\n"), node.body[0]) == ""


def test_a_comment_says_what_the_statement_below_it_is_for(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        def shown(value, long):
            out = value[0]
            # the standard deviation comes last
            if long and len(value) == 5:
                out += value[4]
            return out
        """,
    )
    answer = answer_question(graph, "Under what conditions is the standard deviation shown?")
    assert "In `shown`, when `long and len(value) == 5`: `out += value[4]`" in [c.text for c in answer.claims]


def test_a_short_function_is_quoted_whole(repo: Path) -> None:
    graph = graph_of(
        repo, "#- m.py\ndef frob(x):\n    '''Frobs it.'''\n    y = x.frob(1)\n    log.info('y')\n    return y + 1\n"
    )
    texts = [c.text for c in candidates(graph, search(graph, "How does frob work with x?"), 100)]
    assert "In `frob`: `y = x.frob(1)`; `return y + 1`" in texts


def test_what_is_quoted_is_shown_line_by_line(repo: Path) -> None:
    long_call = f"register('option', {'x' * 60!r}, into=registry)"
    graph = graph_of(
        repo,
        f"#- m.py\ndef accept(value, registry):\n    if value.pending:\n        first = value.first\n        {long_call}\n"
        "    elif value.done:\n        registry.drop(value)\n    else:\n        registry.keep(value)\n\n"
        f"def enter(option):\n    if option:\n        {long_call}\n        return 1\n    return None\n",
    )
    claims = answer_question(graph, "Where does accept register an option value?").claims
    shown = {claim.lead: claim.steps for claim in claims if claim.steps}
    assert all(claim.text == f"{claim.lead} {STEP_SEPARATOR.join(claim.steps)}" for claim in claims if claim.steps)
    assert shown["In `accept`:"] == (
        f"when `value.pending`, `first = value.first`, then `{long_call}`",
        "else when `value.done`, `registry.drop(value)`",
        "otherwise `registry.keep(value)`",
    )
    assert shown["In `enter`, when `option`:"] == (f"`{long_call}`", "`return 1`")


def test_white_space_in_a_string_is_not_folded(repo: Path) -> None:
    source = "def f(a):\n    g('one  two', a)\n    x   =  h(a)\n"
    lines = source.split("\n")
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    assert [quote_statement(lines, node) for node in tree.body] == ["", "x = h(a)"]


def test_exceptions_that_are_caught_together_are_told_one_by_one(repo: Path) -> None:
    source = """
def read(name):
    try:
        return open(name)
    except (
        OSError,
        errors.Missing,
    ) as error:
        print(error)
"""
    graph = graph_of(repo, f"#- shop/read.py\n{source}")
    answer = answer_question(graph, "Which errors does read handle?")
    assert "`read` catches `OSError` and `errors.Missing`." in [claim.text for claim in answer.claims]
    assert not answer.dropped
