"""What a text numbers is told in its order, and only what stands there so passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.checking.quoted_statements import statements_hold
from adapter_core.answers.citations import cite
from adapter_core.answers.composing.documentation.numbered_lists import lists_in
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

DOCS = """
#- docs/parcels.rst
Parcels
=======

What a parcel is.

How a parcel travels
--------------------

Every parcel takes the same way through the depot:

#. The parcel is weighed by the clerk. A heavy parcel waits.
#. The clerk prints a label for the parcel,
   which names the street.
#. The label is glued to the parcel.

    This is code of the third item.

#. The van takes the parcel to the street.

That is all of it.
#- src/depot.py
def dispatch(parcel):
    \"\"\"Send a parcel on its way.

    1. The parcel is weighed again.
    2. The parcel gets a stamp.
    3. The parcel leaves the depot.
    \"\"\"
    return parcel
"""
COURSE = "What happens to a parcel step by step on its way through the depot?"


def texts(text: str) -> list[str]:
    lines = text.splitlines()
    return ["; ".join(found.steps) for found in lists_in(lines, 1, len(lines))]


def listed(graph: CodeGraph, question: str) -> list[tuple[str, tuple[tuple[str, int, int], ...]]]:
    claims = answer_question(graph, question).claims
    return [
        (c.text, tuple((x.span.path, x.span.start, x.span.end) for x in c.citations))
        for c in claims
        if ", in the order listed: " in c.text
    ]


def of_section(graph: CodeGraph) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    found = listed(graph, COURSE)
    return next(one for one in found if one[0].startswith("`docs"))


def stands(graph: CodeGraph, sentence: str, spans: tuple[tuple[str, int, int], ...]) -> bool | None:
    cited = [cite(graph, path, a, b, 40) for path, a, b in spans]
    return statements_hold(graph, sentence, tuple(c for c in cited if c is not None))


def test_the_list_of_a_section_is_told_whole_and_cited(tmp_path: Path) -> None:
    with graph_of(tmp_path, DOCS) as graph:
        text, spans = of_section(graph)
        assert text == (
            "`docs/parcels.rst`, “How a parcel travels”, in the order listed: (1) “The parcel is weighed by the clerk”; "
            "(2) “The clerk prints a label for the parcel, which names the street”; (3) “The label is glued to the parcel”; "
            "(4) “The van takes the parcel to the street”"
        )
        document = graph.document("docs/parcels.rst")
        assert document is not None
        shown = {n for path, a, b in spans if path == "docs/parcels.rst" for n in range(a, b + 1)}
        for line, content in enumerate(document.lines, 1):
            assert (line in shown) >= content.startswith(("How a parcel", "#.", "   which"))
        (claim,) = [c for c in answer_question(graph, COURSE).claims if c.text == text]
        assert claim.lead == "`docs/parcels.rst`, “How a parcel travels”, in the order listed:"
        assert [s[:3] for s in claim.steps] == ["(1)", "(2)", "(3)", "(4)"]


def test_the_list_of_a_docstring_is_told_of_its_function(tmp_path: Path) -> None:
    with graph_of(tmp_path, DOCS) as graph:
        found = [text for text, _ in listed(graph, "What are the steps of `dispatch`?")]
        items = "(1) “The parcel is weighed again”; (2) “The parcel gets a stamp”; (3) “The parcel leaves the depot”"
        assert f"`dispatch`, in the order listed: {items}" in found


def test_only_where_a_course_is_asked_for(tmp_path: Path) -> None:
    with graph_of(tmp_path, DOCS) as graph:
        assert not listed(graph, "Where is the label of a parcel printed?")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(1) “The parcel is weighed by the clerk”", "(1) “The parcel is weighed by the van”"),
        ("(3) “The label is glued", "(4) “The label is glued"),
        ("“How a parcel travels”", "“Parcels”"),
        ("`docs/parcels.rst`", "`docs/parcel.rst`"),
        ("; (4) “The van takes the parcel to the street”", ""),
    ],
)
def test_a_list_that_is_told_otherwise_does_not_stand(tmp_path: Path, right: str, wrong: str) -> None:
    with graph_of(tmp_path, DOCS) as graph:
        text, spans = of_section(graph)
        assert stands(graph, text, spans)
        assert right in text
        assert not stands(graph, text.replace(right, wrong), spans)
        without_last = tuple(s for s in spans if s != spans[-1])
        assert not stands(graph, text, without_last)


def test_lists_end_where_something_else_stands() -> None:
    one = "1. First we open it.\n2. Then we read it.\n3. Then we close it.\n"
    other = "1. Another one begins here.\n2. It goes on there.\n3. It ends at last.\n"
    assert len(texts(one + "\nA paragraph between them.\n\n" + other)) == 2
    assert len(texts(one + other)) == 2


def test_markdown_may_number_all_items_alike() -> None:
    (found,) = texts("1. First we open it.\n1. Then we read it.\n1. Then we close it.\n")
    assert found.startswith("(1) “First we open it”; (2) “Then we read it”")


@pytest.mark.parametrize(
    "text",
    [
        "1. First we open it.\n2. Then we read it.\n",  # two are no list worth telling
        "1. First we open it.\n3. Then we read it.\n5. Then we close it.\n",
        "4. First we open it.\n5. Then we read it.\n6. Then we close it.\n",
        "1. First we open it.\n1. Then we read it.\n2. Then we close it.\n",
        "Do one of these:\n\n1. First we open it.\n2. Then we read it.\n3. Then we close it.\n",
        "What this used to do, and no longer does:\n1. First we open it.\n2. Then we read it.\n3. Then we close it.\n",
        "- First we open it.\n- Then we read it.\n- Then we close it.\n",
        "```\n1. First we open it.\n2. Then we read it.\n3. Then we close it.\n```\n",
        "1. `open()`\n2. `read()`\n3. Then we close it.\n4. ok\n",  # most of it cannot be told
    ],
)
def test_what_is_no_list_that_can_be_told(text: str) -> None:
    assert texts(text) == []


def test_an_item_that_cannot_be_told_leaves_a_gap_in_the_numbers() -> None:
    (found,) = texts("1. First we open it.\n2. Call::\n\n    x()\n\n3. Then we close it.\n4. Then we go home.\n")
    assert found == "(1) “First we open it”; (3) “Then we close it”; (4) “Then we go home”"


def test_quotation_marks_within_an_item_end_no_quotation() -> None:
    (found,) = texts(
        "1. First we say “go”; (2) and so on.\n2. Then we read it.\n3. Then we close it.\n4. Then we go.\n"
    )
    assert found.startswith("(2) “Then we read it”")


def test_a_long_list_is_marked_as_cut() -> None:
    (found,) = texts("\n".join(f"{n}. Word after word of item number {n} is said here again." for n in range(1, 90)))
    assert found.endswith("; …")
    assert len(found) < 1_700


def test_numbers_are_those_that_stand_there() -> None:
    (found,) = texts("0. Back it up before.\n1. First we open it.\n2. Then we read it.\n3. Then we close it.\n")
    assert found.startswith("(0) “Back it up before”; (1) “First we open it”; (2) “Then we read it”")


def test_a_title_that_is_underlined_with_tildes_begins_no_code() -> None:
    (found,) = texts("How it works\n~~~~~~~~~~~~\n\n1. First we open it.\n2. Then we read it.\n3. Then we close it.\n")
    assert found.startswith("(1) “First we open it”")
    assert texts("~~~\n1. First we open it.\n2. Then we read it.\n3. Then we close it.\n~~~\n") == []


def test_a_list_below_a_title_with_quotation_marks_is_not_told(tmp_path: Path) -> None:
    quoted = DOCS.replace(
        "How a parcel travels\n--------------------", "How a “parcel” travels\n----------------------"
    )
    with graph_of(tmp_path, quoted) as graph:
        found = listed(graph, COURSE)
        assert not any(text.startswith("`docs") for text, _ in found)
