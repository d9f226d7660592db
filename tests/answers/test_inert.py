from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.answers.inert import code, printable, prose


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Use :meth:`~flask.Flask.route` or ``x = 1``.", "Use `route` or `x = 1`."),
        ("See `the docs <https://example.org>`_ now.", "See the docs now."),
        ("![x](https://evil.example/i.png) hi", "x hi"),
        ("[click](command:workbench.action.quit) me", "click me"),
        ("a <script>alert(1)</script> b", "a `<script>`alert(1)`</script>` b"),
        ("go to https://evil.example/x now", "go to `https://evil.example/x` now"),
        ("reset\x1b[31m and \u202eback", "reset \\[31m and back"),
        ("uses _private_name and __init__", "uses `_private_name` and `__init__`"),
        ("one ` tick", "one  tick"),
    ],
)
def test_prose(source: str, shown: str) -> None:
    assert prose(source) == shown


@given(st.text(alphabet=st.sampled_from("ab `[]()<>!*_#|~\\:/.\n\x1b\u202e")))
def test_no_text_makes_a_link_an_image_or_html(text: str) -> None:
    shown = prose(text)
    outside = re.sub(r"`[^`]*`", "", shown)
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert not re.search(r"(?<!\\)<", outside)
    assert "\n" not in shown
    assert "\x1b" not in shown


@given(st.text())
def test_a_code_span_cannot_be_left(text: str) -> None:
    shown = code(text)
    fence = re.match(r"`+", shown)
    assert fence
    assert shown.endswith(fence.group())
    assert fence.group() not in printable(text) or len(fence.group()) == 3
