from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lsp_server.markdown import code_block, docstring_head

HOSTILE = [
    "![x](https://pathline.invalid/a.png)",
    "[click](command:workbench.action.quit)",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "<https://pathline.invalid/>  https://pathline.invalid/ www.pathline.invalid a@pathline.invalid",
    "# heading\n## another\n- item\n+ item\n* item\n1. item\n2) item\n> quote\n    code\n---\n===\n| a | b |\n|---|---|",
    "``` \nfence\n```\n~~~\nfence\n~~~",
    "[ref]\n\n[ref]: https://pathline.invalid/",
    "`` ` `` *emphasis* __strong__ ~~gone~~ $x$ [^1]",
    "\\[escaped](x) \\`",
    "text with `code](x)` and ![`alt`](y)",
    "&lt;b&gt; &#60;b&#62;",
    "\u202e reversed \u2066 hidden \x00 \x1b[31m",
]
QUIET = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "code_inline"}


def check_inert(markdown: str) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    tokens = [t for token in parser.parse(markdown) for t in (token, *(token.children or ()))]
    found = {t.type for t in tokens}
    assert found <= QUIET, (found - QUIET, markdown)
    outside = markdown
    for token in tokens:
        if token.type == "code_inline":
            mark, content = re.escape(token.markup), re.escape(token.content)
            outside = re.sub(
                rf"{mark} ?{content} ?{mark}", "", outside, count=1
            )  # its content may stand elsewhere, too
    assert "://" not in outside.replace("\\://", "")  # editors make links of bare addresses
    assert not any((ord(c) < 32 and c != "\n") or c in "\u202e\u2066" for c in markdown)


@pytest.mark.parametrize("text", HOSTILE)
def test_docstrings_become_plain_paragraphs(text: str) -> None:
    check_inert(docstring_head(text))


@given(st.lists(st.sampled_from([*"`*_[]()<>#!&|~:\\- \n1.", "a", "www.", "http://x", "]("]), max_size=30).map("".join))
def test_whatever_a_docstring_holds(text: str) -> None:
    check_inert(docstring_head(text))


@pytest.mark.parametrize("text", [*HOSTILE, "```", "a ```` b", "", "~~~\n```"])
def test_code_cannot_leave_its_block(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(code_block(text, "python"))
    assert [t.type for t in tokens] == ["fence"]


def test_what_a_docstring_marks_as_code_stays_code() -> None:
    assert (
        docstring_head("Raises `ValueError` for ``x_y``, not for x_y.") == "Raises `ValueError` for `x_y`, not for x_y."
    )


def test_the_head_ends_where_sections_begin() -> None:
    assert docstring_head("Do it.\n\nMore.\n\nArgs:\n    x: what") == "Do it.\n\nMore."
    assert docstring_head("Do it.\n\nParameters\n----------\nx : int") == "Do it."
    assert docstring_head("Do it.\n\n:param x: what") == "Do it."
