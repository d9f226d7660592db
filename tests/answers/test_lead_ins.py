"""Sentences that introduce a list or an example, lists that end, and calls in text."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.inert import prose
from tests.answers.asking import told
from tests.support import graph_of


def _about(tmp_path: Path, docstring: str) -> str:
    text = "\n".join(f"    {line}".rstrip() for line in docstring.split("\n"))
    return "\n".join(
        told(graph_of(tmp_path, f"#- a.py\ndef parcel(x):\n{text}\n    return x\n"), "What does parcel do?")
    )


@pytest.mark.parametrize(
    ("docstring", "quoted"),
    [
        ('"""Packs things up for you::\n\n    parcel(1)\n"""', "“Packs things up for you: …”"),
        (
            '"""Packs a pair of:\n\n- a first thing here\n- a second thing here\n"""',
            "“Packs a pair of: a first thing here; a second",
        ),
        (
            '"""Packs a pair of:\n\n1. a first thing here\n2. a second thing here\n"""',
            "of: (1) a first thing here; (2) a second thing",
        ),
    ],
)
def test_what_introduces_is_told_with_what_it_introduces(tmp_path: Path, docstring: str, quoted: str) -> None:
    assert quoted in _about(tmp_path, docstring)


def test_a_list_ends_where_the_next_paragraph_begins(tmp_path: Path) -> None:
    docstring = '"""Packs things.\n\nThe parcel depends on:\n\n- The x passed in here.\n\nThis parcel has another reference to x.\n"""'
    assert "passed in here. This" not in _about(tmp_path, docstring)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call read_pid() already", "call `read_pid()` already"),
        ("see _get_all(env, x) there", "see `_get_all(env, x)` there"),
        ("see _get_all(env, (x) there", "see _get_all(env, (x) there"),
        ("the some_name.other() of it", "the `some_name.other()` of it"),
        ("use {class}`~a.Log` and {doc}`x`", "use `Log` and `x`"),
    ],
)
def test_a_call_is_marked_as_a_whole_or_not(text: str, shown: str) -> None:
    assert prose(text) == shown
