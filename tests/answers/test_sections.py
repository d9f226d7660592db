"""Docstrings with sections, item by item: what each item says, of what, and on which lines; and escapes that would be misread."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.documentation.prose import join_passages
from adapter_core.answers.composing.documentation.running_text import docstring_prose, prose_in
from adapter_core.answers.inert import prose
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from tests.support import graph_of

NUMPY = '''
"""Summary of the function here.

Parameters
----------
first : int, optional
    How many there are of it.
    And of what.
second, third
    Two at once.

Returns
-------
out : ndarray
    What comes out of it.

See Also
--------
other : Never this one here.

Notes
-----
What is noted counts.
"""
'''
GOOGLE = '''
"""Summary of the function here.

Args:
    first (int): How many there are
        of it.
    **rest: Everything else.

Returns:
    dict[str, int]: What comes out.

Raises:
    KeyError: If there is none.

Example:
    Do not show this line.

What follows is text again.
"""
'''


def read(text: str) -> list[tuple[str, str, int, int, int]]:
    lines = text.split("\n")
    return [(s.field, s.text, s.field_line, s.start, s.end) for s in docstring_prose(lines, 2, len(lines) - 1)]


def test_numpy() -> None:
    assert read(NUMPY) == [
        ("", "Summary of the function here.", 2, 2, 2),
        ("param first", "How many there are of it.", 6, 7, 7),
        ("param first", "And of what.", 6, 8, 8),
        ("param second", "Two at once.", 9, 10, 10),
        ("returns", "What comes out of it.", 14, 15, 15),
        ("", "What is noted counts.", 23, 23, 23),
    ]


def test_google() -> None:
    assert read(GOOGLE) == [
        ("", "Summary of the function here.", 2, 2, 2),
        ("param first", "How many there are of it.", 5, 5, 6),
        ("param **rest", "Everything else.", 7, 7, 7),
        ("returns", "What comes out.", 10, 10, 10),
        ("raises KeyError", "If there is none.", 13, 13, 13),
        ("", "What follows is text again.", 18, 18, 18),
    ]


MIXED = '''
"""Open a door.

Arguments:
---------
    name (str): Name of the door.
        It must be known.
    force (bool): Whether to break
        the lock.
    how: By which hand.
    depth : int
        How deep it is.

Returns
-------
    ~doors.Door: the opened door,
        or `None` when it is locked.
"""
'''


def test_items_as_google_writes_them_under_a_heading_as_numpy_does() -> None:
    assert read(MIXED) == [
        ("", "Open a door.", 2, 2, 2),
        ("param name", "Name of the door.", 6, 6, 6),
        ("param name", "It must be known.", 6, 7, 7),
        ("param force", "Whether to break the lock.", 8, 8, 9),
        ("param how", "By which hand.", 10, 10, 10),
        ("param depth", "How deep it is.", 11, 12, 12),
        ("returns", "the opened door, or `None` when it is locked.", 16, 16, 17),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Message: if there was one.", "Message: if there was one."),
        ("~queue.Message: or nothing at all.", "queue.Message: or nothing at all."),
        ("Message: the next one of them.", "the next one of them."),
    ],
)
@pytest.mark.parametrize("heading", ["Returns:\n", "Returns\n-------\n"])
def test_a_type_that_is_needed_to_read_the_words_stays(heading: str, line: str, said: str) -> None:
    assert [text for _, text, *_ in read(f'\n"""Take one of them.\n\n{heading}    {line}\n"""\n')[1:]] == [said]


@pytest.mark.parametrize(
    "line", ["ndarray of shape (n, m)", "out : ndarray of floats", "list of tuple of int", "out : int"]
)
def test_a_type_under_an_underlined_heading_is_no_prose(line: str) -> None:
    text = f'\n"""Take one of them.\n\nReturns\n-------\n{line}\n    What comes out of it.\n"""\n'
    assert [said for _, said, *_ in read(text)[1:]] == ["What comes out of it."]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**mode** - *(optional)* Reads x | y", "mode - (optional) Reads x | y"),
        ("Either (1 || 2) or Dict[str, int]", "Either (1 || 2) or `Dict[str, int]`"),
        ("2 * 3 and a > b", "2 * 3 and a > b"),
        ("# no heading", "\\# no heading"),
        ("> no quotation", "\\> no quotation"),
        ("[no](<link> now)", "\\[no\\](`<link>` now)"),
        ("~~not struck~~ but ~near~", "\\~\\~not struck\\~\\~ but ~near~"),
    ],
)
def test_escapes_stand_only_where_they_must(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_what_stands_for_another_character_is_not_shown() -> None:
    assert read('\n"""Splits at \\n and at nothing else.\n\nThis one is shown as it stands.\n"""\n') == [
        ("", "This one is shown as it stands.", 4, 4, 4)
    ]


def test_code_without_a_mark_is_no_sentence() -> None:
    code = '    q = Query("a=1&a=2")\n    assert q.get_list("a") == ["1", "2"]\n    q.show(1)'
    text = f'"""Return all values of a key.\n\nUsage:\n\n{code}\n\nA value x = 3 counts, too.\n"""'
    lines = text.split("\n")
    found = [s.text for s in docstring_prose(lines, 1, len(lines))]
    assert found == ["Return all values of a key.", "A value x = 3 counts, too."]


def test_the_words_of_a_field_may_begin_on_the_next_line() -> None:
    lines = ['"""Sends it.', "", ":param request:", "    The request to be sent over.", '"""']
    assert [(s.text, s.field) for s in docstring_prose(lines, 1, 5)][-1] == (
        "The request to be sent over.",
        "param request",
    )


def test_a_sentence_that_leans_or_holds_what_is_asked_stands_with_the_one_before_it() -> None:
    lines = [
        '"""Counts the frobs. It skips those that are old.',
        "Nobody asks here. The cache is cleared first.",
        '"""',
    ]
    found = join_passages(docstring_prose(lines, 1, 3), lines, lambda text: "cache" in text)
    assert [s.text for s in found] == [
        "Counts the frobs. It skips those that are old.",
        "Nobody asks here. The cache is cleared first.",
    ]
    assert [(s.start, s.end) for s in found] == [(1, 1), (2, 2)]


def test_a_line_without_a_stop_is_not_joined_with_the_next_paragraph() -> None:
    lines = [
        "Merge two frames",
        "",
        "This will merge the two of them on their keys.",
        "It keeps the order of the keys.",
    ]
    texts = [p.text for p in join_passages(prose_in(lines, 1, 4), lines, lambda _: True)]
    assert texts == [
        "Merge two frames",
        "This will merge the two of them on their keys. It keeps the order of the keys.",
    ]


def told(text: str) -> list[tuple[str, str]]:
    lines = text.strip("\n").split("\n")
    return [(s.field, s.text) for s in docstring_prose(lines, 1, len(lines))]


FIELDS = '''
"""Assert that a block of code raises something.

:param expected:
    The type that is expected.

    It may be left out, too.

    .. note:: Subclasses count as well.

:kwparam str | re.Pattern[str] | None match:
    A pattern that the message has to match.

    - as a whole
    - at its beginning
:kwparam Callable[[Base], bool] check:

    .. versionadded:: 8.4

    What says yes or no.
:ivar int count: how often it was asked
:vartype count: int
:raises ValueError: where there is none
:returns: what was raised in the end
:rtype: Info
:meta private:

.. tip::
   Not of any field.

:Example: Not a field, a sentence.

This stands on its own again.
"""
'''


def test_fields_keep_what_is_further_in_and_types_say_nothing() -> None:
    match = "param str | re.Pattern[str] | None match"
    assert told(FIELDS) == [
        ("", "Assert that a block of code raises something."),
        ("param expected", "The type that is expected."),
        ("param expected", "It may be left out, too."),
        ("param expected", "Subclasses count as well."),
        (match, "A pattern that the message has to match."),
        (match, "as a whole"),
        (match, "at its beginning"),
        ("param Callable[[Base], bool] check", "What says yes or no."),
        ("param int count", "how often it was asked"),
        ("raises ValueError", "where there is none"),
        ("returns", "what was raised in the end"),
        ("", "Not of any field."),
        ("", "Not a field, a sentence."),
        ("", "This stands on its own again."),
    ]


MARKED = '''
"""frob(x, y) -> int

Summary of the function here.

**Using with** ``parametrize``

What is used there.

*Important:*
What matters is here.

# A heading of Markdown

Below a heading.

.. deprecated:: 2.1
   Use something else now.

.. warning::
   This one is not safe at all.
   It never was.

.. seealso:: Another function of this kind.

.. _a-target:

.. code-block:: python

   not.a(sentence) at all here

=====  ==================
a      What a stands for.
b      What b stands for.
=====  ==================

+---+-----------------+
| a | In a grid of it |
+---+-----------------+

>>> frob(1, 2)
A line that it prints here.

**This is no title, it is a sentence.**

What *is* told **here** counts.
"""
'''


def test_marks_of_other_kinds_are_no_sentences() -> None:
    assert told(MARKED) == [
        ("", "Summary of the function here."),
        ("", "What is used there."),
        ("", "What matters is here."),
        ("", "Below a heading."),
        ("", "This one is not safe at all."),
        ("", "It never was."),
        ("", "**This is no title, it is a sentence.**"),
        ("", "What *is* told **here** counts."),
    ]


def test_items_of_sections_say_whose_words_they_are() -> None:
    text = '''
"""Summary of the function here.

Args:
    kwargs:
        What is passed on with *all* the others.
    other (int): How many there are.

        Counted anew each time.

Raises:
    TypeError: If it is no text.

    errors.NotThere:
        If there is none.

Shape:
    - Input: what nobody reads here.

Explanation
-----------
Why it is as it is.

Raises
------
OneError
    When it is one of them.

.. note::
    Nothing else is raised here.
"""
'''
    assert told(text) == [
        ("", "Summary of the function here."),
        ("param kwargs", "What is passed on with *all* the others."),
        ("param other", "How many there are."),
        ("param other", "Counted anew each time."),
        ("raises TypeError", "If it is no text."),
        ("raises errors.NotThere", "If there is none."),
        ("", "Why it is as it is."),
        ("raises OneError", "When it is one of them."),
        ("", "Nothing else is raised here."),
    ]


def test_parameters_with_their_types_need_no_section() -> None:
    text = '''
"""
labels (`Tensor` of shape `(a, b)`, *optional*):
    What is to be found.
size (`int`):
    How large it may be.

A sentence (with brackets in it): it goes on
as one sentence.
"""
'''
    assert told(text) == [
        ("param labels", "What is to be found."),
        ("param size", "How large it may be."),
        ("", "A sentence (with brackets in it): it goes on as one sentence."),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dict[str, int]: What comes out.", "What comes out."),
        ("list of str: What comes out.", "What comes out."),
        (
            "A pair of two-element tuples: the first one and the second.",
            "A pair of two-element tuples: the first one and the second.",
        ),
        ("What comes out.", "What comes out."),
    ],
)
def test_of_what_is_returned_the_type_is_left_out(line: str, said: str) -> None:
    assert told(f'"""Summary of it all.\n\nReturns:\n    {line}\n"""')[1:] == [("returns", said)]


STORED = '''
#- app/store.py
alpha = 1; beta = 2
"""The second number of the two."""


class Conf:
    timeout = 3
    retries = 5
    """How often a request is tried again."""


def pull(key):
    """Pull the data of a key.

    Raises:
        KeyError: if the key is unknown to the table
        ValueError: if the key is empty or blank
    """
    timeout = 3
    return key
'''


@pytest.mark.parametrize(
    ("sentence", "start", "end", "stands"),
    [
        ("`pull` raises `KeyError`, by its docstring: “if the key is unknown to the table”", 15, 15, True),
        ("`pull` raises `ValueError`, by its docstring: “if the key is empty or blank”", 16, 16, True),
        ("`pull` raises `KeyError`, by its docstring: “if the key is empty or blank”", 15, 16, False),
        ("`pull` raises `ValueError`, by its docstring: “if the key is unknown to the table”", 15, 16, False),
        ("`pull` raises `KeyError` if the key is empty or blank.", 15, 16, False),
        ("`retries` of `Conf`: “How often a request is tried again.”", 7, 8, True),
        ("`timeout` of `Conf`: “How often a request is tried again.”", 6, 8, False),
        ("`timeout` of `pull`: “Pull the data of a key.”", 11, 19, False),
        ("`beta` of `app.store`: “The second number of the two.”", 1, 2, True),
        ("`alpha` of `app.store`: “The second number of the two.”", 1, 2, False),
    ],
)
def test_what_is_said_of_one_thing_is_not_said_of_its_neighbour(
    tmp_path: Path, sentence: str, start: int, end: int, stands: bool
) -> None:
    with graph_of(tmp_path, STORED) as graph:
        cited = cite(graph, "app/store.py", start, end, 40)
        assert cited is not None
        assert (not supports(graph, sentence, (cited,)).reason) == stands


COMPACT = """
#- docs/depot.md
# Depot
Parcels wait in the depot until a van is free.
They are weighed first.

## Weighing scales
Heavy parcels wait for the second van.
#- src/depot.py
def dispatch(parcel):
    return parcel
"""


def test_what_stands_right_below_a_title_is_told_with_it(tmp_path: Path) -> None:
    answer = answer_question(graph_of(tmp_path, COMPACT), "Which parcels wait for the second van?")
    told = {claim.text: [str(c.span) for c in claim.citations] for claim in answer.claims}
    text = "`docs/depot.md`, “Weighing scales”: “Heavy parcels wait for the second van.”"
    assert told[text] == ["docs/depot.md:5-6"]
    assert not answer.dropped


def test_words_that_go_on_below_each_other_under_an_underlined_heading() -> None:
    text = '\n"""Take one of them.\n\nReturns\n-------\n    tuple[str, str]: The name of the\n    one that is taken, and its use.\n"""\n'
    assert read(text)[1:] == [("returns", "The name of the one that is taken, and its use.", 6, 6, 7)]


def test_a_title_underlined_with_tildes_opens_no_fence() -> None:
    lines = [
        "Tests",
        "~~~~~",
        "",
        "Run them with tox every time.",
        "",
        "~~~",
        "not prose in here at all",
        "~~~",
        "",
        "The end is near now.",
    ]
    assert [p.text for p in prose_in(lines, 1, len(lines))] == ["Run them with tox every time.", "The end is near now."]


LONE_NAMES = '''
"""Add a view to what is there.

Arguments that are looked at

wrapper

  The name of another view.  It is shown around this one:

  .. code-block:: python

     wrapper = "frame"

  This is what comes below.

``renderer``
  One of two kinds:

  json
    Text for machines to read.

  Which one is up to you.

**options
    All that is left over.

returns
    The view that was added.

Caveats

  Never on a Sunday or so.

All views are kept forever.
"""
'''


def test_a_name_alone_on_its_line_says_of_which_parameter_the_text_below_is() -> None:
    assert [(field, text) for field, text, *_ in read(LONE_NAMES)] == [
        ("", "Add a view to what is there."),
        ("", "Arguments that are looked at"),
        ("param wrapper", "The name of another view."),
        ("param wrapper", "This is what comes below."),
        ("param renderer", "Which one is up to you."),
        ("param **options", "All that is left over."),
        ("returns", "The view that was added."),
        ("", "Never on a Sunday or so."),
        ("", "All views are kept forever."),
    ]


def test_documentation_of_one_parameter_is_not_told_of_the_function(tmp_path: Path) -> None:
    docstring = LONE_NAMES.strip().replace("\n", "\n    ")
    graph = graph_of(
        tmp_path, f"#- views.py\ndef add_view(wrapper, renderer=None):\n    {docstring}\n    return wrapper\n"
    )
    answer = answer_question(graph, "What is the wrapper of add_view?")
    text = "`wrapper` of `add_view`: “The name of another view.”"
    assert text in [claim.text for claim in answer.claims]
    assert not answer.dropped
    assert not any(claim.text.startswith("`add_view`: “The name") for claim in answer.claims)
    cited = cite(graph, "views.py", 6, 8, 12)
    assert cited is not None
    assert supports(graph, text, (cited,)).ok
    assert not supports(graph, "`depth` of `add_view`: “The name of another view.”", (cited,)).ok


def test_a_long_line_is_read_in_no_time() -> None:
    long = "A" + " word" * 20_000
    lines = ['"""Take one of them.', "", "Returns", "-------", long, '"""']
    started = time.monotonic()
    docstring_prose(lines, 1, len(lines))
    assert time.monotonic() - started < 5


def test_comments_in_markdown_are_no_sentences() -> None:
    lines = [
        "Run them with tox every time.",
        "<!--",
        "This is a note for the editors.",
        "```",
        "Nobody else has to read it. -->",
        "[//]: # (This one is not to be read either.)",
        "The end is near now.",
        "<!-- And this is gone. -->",
        "It is over for good.",
    ]
    assert [p.text for p in prose_in(lines, 1, len(lines))] == [
        "Run them with tox every time.",
        "The end is near now.",
        "It is over for good.",
    ]


def test_lines_found_inside_a_fence_are_code() -> None:
    lines = ["# Tests", "", "```", "not prose in here", "nor is this here", "```", "", "The end is near now."]
    assert [p.text for p in prose_in(lines, 5, len(lines), read_from=1)] == ["The end is near now."]


def test_a_command_in_a_paragraph_of_its_own_stands_with_its_introduction() -> None:
    lines = ["To see all pipes, run:", "", "  ``pipes list --all``", "", "Then look.", "", "``pipes stop now please``"]
    sentences = prose_in(lines, 1, len(lines), with_leads=True)
    found = join_passages(sentences, lines, lambda text: False, with_leads=True)
    assert [(s.text, s.start, s.end) for s in found] == [("To see all pipes, run: ``pipes list --all``", 1, 3)]


def test_a_definition_in_markdown_is_not_told_without_its_term() -> None:
    lines = [
        "The shop has these parts:",
        "",
        "`till`",
        "",
        ": Where money is kept. It is locked.",
        "",
        "All else is free.",
    ]
    assert [s.text for s in prose_in(lines, 1, len(lines))] == ["All else is free."]


def test_the_rest_of_a_sentence_behind_code_is_not_told_alone() -> None:
    lines = [
        "Run all of it. These two are equal::",
        "",
        "    run(a)",
        "    a()",
        "",
        "except that the first one waits.",
        "",
        "numpy is used for all.",
    ]
    found = join_passages(prose_in(lines, 1, len(lines)), lines, lambda _: False)
    assert [s.text for s in found] == ["Run all of it.", "numpy is used for all."]
