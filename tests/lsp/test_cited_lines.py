from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.graph.source import hash_lines
from lsp_server.documents import Document, Edit
from lsp_server.features.cited_lines import Cited, moved

TEXT = "".join(f"line {n}\n" for n in range(1, 11))


def cited(start: int, end: int, text: str = TEXT) -> Cited:
    document = Document("u", 1, text)
    return Cited(start, end, hash_lines(document.lines, start, end), "because", document.end_units(end - 1, "utf-16"))


def check_move(start: int, end: int, edit: Edit, expected: tuple[int, int] | None) -> None:
    before = Document("u", 1, TEXT)
    after = before.edited([edit], 2, "utf-16")
    found = moved((cited(start, end),), before, after, "utf-16")
    assert [(c.start, c.end) for c in found] == ([expected] if expected else [])
    assert all(hash_lines(after.lines, c.start, c.end) == c.sha256 for c in found)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Edit("new\nnew\n", (0, 0), (0, 0)), (6, 8)),
        (Edit("", (0, 0), (2, 0)), (2, 4)),
        (Edit("new\n", (3, 0), (3, 0)), (5, 7)),
        (Edit("new\n", (6, 0), (6, 0)), (4, 6)),
        (Edit("!", (8, 0), (8, 0)), (4, 6)),
        (Edit("!", (4, 0), (4, 0)), None),
        (Edit("new\n", (4, 0), (4, 0)), None),
        (Edit("", (2, 0), (4, 0)), None),
        (Edit(""), None),
        (Edit("first\n" + TEXT), (5, 7)),
        (Edit(TEXT + "last\n"), (4, 6)),
    ],
)
def test_cited_lines_move_or_go(edit: Edit, expected: tuple[int, int] | None) -> None:
    check_move(4, 6, edit, expected)


lines = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "\x0c\n"]), min_size=1, max_size=8).map("".join)


@given(lines, lines, st.integers(1, 8), st.integers(0, 3))
def test_what_is_shown_is_what_was_cited(old: str, new: str, start: int, more: int) -> None:
    before, after = Document("u", 1, old), Document("u", 2, new)
    end = min(start + more, len(before.lines))
    if start > end:
        return
    for item in moved((cited(start, end, old),), before, after, "utf-16"):
        assert after.lines[item.start - 1 : item.end] == before.lines[start - 1 : end]
