from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.positions import join_uri, path_of_uri, relative_to, to_column, to_units, uri_of_path

ENCODINGS = ("utf-8", "utf-16", "utf-32")


@given(st.text(alphabet="aé漢😀\t\x0c\u2028", max_size=20), st.integers(0, 25), st.sampled_from(ENCODINGS))
def test_units_and_columns_are_inverse(line: str, column: int, encoding: str) -> None:
    column = min(column, len(line))
    assert to_column(line, to_units(line, column, encoding), encoding) == column


def test_units_past_the_end_are_the_end() -> None:
    assert [to_column("a😀", 99, e) for e in ENCODINGS] == [2, 2, 2]
    assert [to_units("a😀", 99, e) for e in ENCODINGS] == [5, 3, 2]
    assert to_column("abc", -1, "utf-16") == 0


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/a%20b/%C3%A9.py", "/home/a b/é.py"),
        ("file://localhost/x.py", "/x.py"),
        ("FILE:///x.py", "/x.py"),
        ("file:///a#b.py", "/a#b.py"),
        ("file:///a?b.py", "/a?b.py"),
        ("file:///100%25.py", "/100%.py"),
        ("file://server/share/x.py", None),
        ("untitled:Untitled-1", None),
        ("git:/x.py?ref=HEAD", None),
        ("file:relative.py", None),
        ("file:///nul%00.py", None),
        ("file://[broken/x.py", None),
        ("", None),
    ],
)
def test_paths_of_uris(uri: str, path: str | None) -> None:
    assert path_of_uri(uri, windows=False) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/Users/x.py", "c:\\Users\\x.py"),
        ("file:///C:/Users/x.py", "c:\\Users\\x.py"),
        ("file:///C:", "c:\\"),
        ("file://server/share/x.py", "\\\\server\\share\\x.py"),
    ],
)
def test_paths_of_uris_on_windows(uri: str, path: str) -> None:
    assert path_of_uri(uri, windows=True) == path


def test_uris_of_paths() -> None:
    assert uri_of_path("/home/a b/é#.py", windows=False) == "file:///home/a%20b/%C3%A9%23.py"
    assert uri_of_path("C:\\a b\\x.py", windows=True) == "file:///c%3A/a%20b/x.py"
    assert uri_of_path("\\\\server\\share\\x.py", windows=True) == "file://server/share/x.py"
    assert join_uri("file:///c%3A/ws/", "a b/x.py") == "file:///c%3A/ws/a%20b/x.py"


@given(st.text(alphabet="abc é#?%&+ 漢/", min_size=1, max_size=20))
def test_a_uri_leads_back_to_its_path(name: str) -> None:
    assert path_of_uri(uri_of_path("/" + name.lstrip("/"), windows=False), windows=False) == "/" + name.lstrip("/")


def test_relative_paths() -> None:
    assert relative_to("/ws/a/b.py", "/ws", windows=False) == "a/b.py"
    assert relative_to("/ws/a/b.py", "/ws/", windows=False) == "a/b.py"
    assert relative_to("/ws/a/../../etc/x.py", "/ws", windows=False) is None
    assert relative_to("/wsx/b.py", "/ws", windows=False) is None
    assert relative_to("/ws", "/ws", windows=False) is None
    assert relative_to("/b.py", "/", windows=False) == "b.py"


def test_relative_paths_on_windows_ignore_case() -> None:
    assert relative_to("c:\\Work\\Src\\x.py", "C:\\work", windows=True) == "Src/x.py"
    assert relative_to("\\\\server\\share\\p\\x.py", "\\\\SERVER\\share\\p", windows=True) == "x.py"
    assert relative_to("d:\\work\\x.py", "c:\\work", windows=True) is None
