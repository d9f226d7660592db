from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.graph.source import split_lines
from lsp_server.documents import Document, DocumentStore, Edit

ENCODINGS = ("utf-8", "utf-16", "utf-32")
PIECES = [
    "a",
    "foo",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\x0c",
    "\x0b",
    "\u2028",
    "\x85",
    "é",
    "漢",
    "😀",
    "\ud83d",
    "\ude00",
    "",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def check_edit(before: str, edit: Edit, after: str, encoding: str = "utf-16") -> None:
    store = DocumentStore()
    store.open("file:///a.py", 1, before)
    changed = store.change("file:///a.py", 2, [edit], encoding)
    assert changed is not None
    assert changed[1].text == after
    assert changed[1].version == 2
    assert store.get("file:///a.py") == changed[1]


def test_a_form_feed_does_not_end_a_line() -> None:
    check_edit("a\x0cb\nc\n", Edit("X", (1, 0), (1, 1)), "a\x0cb\nX\n")


def test_a_line_separator_does_not_end_a_line() -> None:
    check_edit("a\u2028b\nc\n", Edit("X", (1, 0), (1, 1)), "a\u2028b\nX\n")


def test_a_lone_carriage_return_ends_a_line() -> None:
    check_edit("a\rb\r\nc", Edit("X", (2, 0), (2, 1)), "a\rb\r\nX")


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_columns_count_the_units_of_the_client(encoding: str, units: int) -> None:
    check_edit("😀x", Edit("y", (0, units), (0, units + 1)), "😀y", encoding)


def test_a_position_inside_a_code_point_is_its_start() -> None:
    check_edit("a😀b", Edit("|", (0, 2), (0, 2)), "a|😀b", "utf-8")
    check_edit("aéb", Edit("", (0, 2), (0, 4)), "a", "utf-8")


def test_a_client_that_counts_utf_16_may_cut_a_code_point_in_two() -> None:
    """What is open is what the client has: with its next edit, both have the code point again."""
    check_edit("a😀b", Edit("", (0, 2), (0, 3)), "a\ud83db")
    check_edit("a😀b", Edit("|", (0, 2), (0, 2)), "a\ud83d|\ude00b")
    check_edit("a😀b", Edit("\ude80", (0, 2), (0, 3)), "a🚀b")
    check_edit("😀\n😀", Edit("", (0, 1), (1, 1)), "😀")


def test_positions_past_the_end_are_clipped() -> None:
    check_edit("ab\ncd", Edit("X", (0, 99), (0, 99)), "abX\ncd")
    check_edit("ab\ncd", Edit("X", (9, 9), (9, 9)), "ab\ncdX")
    check_edit("ab\r\ncd", Edit("X", (0, 3), (0, 3)), "abX\r\ncd")


def test_an_edit_without_a_range_replaces_everything() -> None:
    check_edit("old", Edit("new\n"), "new\n")


def test_a_reversed_range_is_put_right() -> None:
    check_edit("abc", Edit("X", (0, 2), (0, 1)), "aXc")


def test_many_edits_of_a_large_document_are_quick() -> None:
    """A rename in a generated file. When each edit cost what the file does, it took a minute."""
    count = 30_000
    store = DocumentStore()
    store.open("file:///a.py", 1, "value = compute(value)  # some words\n" * count)
    edits = [Edit("other", (line, 0), (line, 5)) for line in range(0, count, 7)]
    started = time.monotonic()
    changed = store.change("file:///a.py", 2, edits, "utf-16")
    assert time.monotonic() - started < 10
    assert changed is not None
    assert changed[1].text.count("other = compute(value)") == len(edits)


def test_two_halves_of_a_code_point_join() -> None:
    store = DocumentStore()
    store.open("file:///a.py", 1, "\ud83d")
    changed = store.change("file:///a.py", 2, [Edit("\ude00", (0, 1), (0, 1))], "utf-16")
    assert changed is not None
    assert changed[1].text == "😀"


def test_edits_of_one_notification_build_on_each_other() -> None:
    store = DocumentStore()
    store.open("file:///a.py", 1, "one\n")
    edits = [Edit("zero\n", (0, 0), (0, 0)), Edit("two", (1, 0), (1, 3))]
    changed = store.change("file:///a.py", 2, edits, "utf-16")
    assert changed is not None
    assert changed[1].text == "zero\ntwo\n"


def test_a_held_document_does_not_change() -> None:
    store = DocumentStore()
    held = store.open("file:///a.py", 1, "one\n")
    store.change("file:///a.py", 2, [Edit("two\n")], "utf-16")
    assert held.text == "one\n"
    assert store.change("file:///other.py", 1, [Edit("x")], "utf-16") is None


def test_lines_are_those_of_the_core() -> None:
    for text in ("", "a", "a\n", "a\r\n\r\nb\rc\x0cd\u2028e", "\n\n", "é\r"):
        assert Document("u", 1, text).lines == split_lines(text)


@given(texts, st.lists(st.tuples(texts, *[st.integers(0, 14)] * 4), max_size=6), st.sampled_from(ENCODINGS))
def test_edits_equal_edits_of_the_plain_text(
    text: str, edits: list[tuple[str, int, int, int, int]], encoding: str
) -> None:
    """Against a model that works on lists of code units."""
    store = DocumentStore()
    document = store.open("file:///a.py", 0, text)
    for version, (new, *numbers) in enumerate(edits, 1):
        start, end = sorted([(numbers[0], numbers[1]), (numbers[2], numbers[3])])
        expected = naive_edit(document.text, start, end, new, encoding)
        changed = store.change("file:///a.py", version, [Edit(new, start, end)], encoding)
        assert changed is not None
        document = changed[1]
        assert document.text == expected


def naive_edit(text: str, start: tuple[int, int], end: tuple[int, int], new: str, encoding: str) -> str:
    if encoding == "utf-16":  # an edit may begin or end between the halves of a code point
        text = "".join(map(chr, memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")))
    first, last = naive_offset(text, *start, encoding), naive_offset(text, *end, encoding)
    joined = text[:first] + new + text[last:]
    return joined.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def naive_offset(text: str, line: int, units: int, encoding: str) -> int:
    parts = re.split(r"(\r\n|\r|\n)", text)
    if line >= (len(parts) + 1) // 2:
        return len(text)
    offset = sum(map(len, parts[: 2 * line]))
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    codec = encoding if encoding == "utf-8" else f"{encoding}-le"
    for char in parts[2 * line]:
        units -= len(char.encode(codec, "surrogatepass")) // size
        if units < 0:
            break
        offset += 1
    return offset
