from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.graph.source import NotText, decode, hash_lines, read_source, slice_lines, split_lines


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\n", "x = 1\n"),
        (codecs.BOM_UTF8 + "é = 1\n".encode(), "é = 1\n"),
        ("# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"), "# -*- coding: latin-1 -*-\nname = 'é'\n"),
        (codecs.BOM_UTF16_LE + "x = 'é'\n".encode("utf-16-le"), "x = 'é'\n"),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
    ],
)
def test_bytes_become_text(data: bytes, text: str) -> None:
    source = decode(data)
    assert (source.text, source.problem) == (text, "")


def test_undecodable_bytes_are_read_and_reported() -> None:
    source = decode(b"name = '\xe9'\n")
    assert source.text == "name = 'é'\n"
    assert "latin-1" in source.problem


def test_unknown_cookie_is_reported() -> None:
    assert "coding cookie" in decode(b"# coding: klingon\nx = 1\n").problem


def test_binary_data_is_refused() -> None:
    with pytest.raises(NotText):
        decode(b"\x7fELF\0\0\0")


def test_lines_end_at_newlines_only() -> None:
    assert split_lines("a\x0cb\nc\u2028d\x0be\x85f\r\ng\rh") == ["a\x0cb", "c\u2028d\x0be\x85f", "g", "h"]
    assert split_lines("") == []
    assert split_lines("\n") == [""]


@given(st.text(alphabet="ab\n\r\x0c\u2028é🙂"))
def test_slices_and_hashes_agree(text: str) -> None:
    lines = split_lines(text)
    if lines:
        assert "\n".join(slice_lines(lines, i, i) for i in range(1, len(lines) + 1)) == slice_lines(
            lines, 1, len(lines)
        )
        assert len(hash_lines(lines, 1, len(lines))) == 64


def test_reading_respects_the_size_cap_and_refuses_links(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x" * 100)
    with pytest.raises(ValueError, match="larger than"):
        read_source(file, 99)
    assert read_source(file, 100).text == "x" * 100
    link = tmp_path / "link.py"
    try:
        link.symlink_to(file)
    except OSError:
        pytest.skip("links need a privilege on this system")
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP, whose message differs by platform
        read_source(link, 1000)
