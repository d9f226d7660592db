"""Questions of several parts."""

from __future__ import annotations

import pytest

from adapter_core.answers.clauses import split_question


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("who raises Late and who catches it", ["who raises Late", "who catches Late"]),
        (
            "what does `pool.Late` mean, who raises it and who catches it?",
            ["what does `pool.Late` mean", "who raises `pool.Late`", "who catches `pool.Late`?"],
        ),
        ("Where is open_pool used? And why does it wait?", ["Where is open_pool used", "why does open_pool wait?"]),
        ("Who calls pack?", ["Who calls pack?"]),
        ("What is the default of host and port?", ["What is the default of host and port?"]),
        ("How is it done, and what for?", ["How is it done", "what for?"]),
        ("", [""]),
    ],
)
def test_each_part_has_the_name(question: str, parts: list[str]) -> None:
    assert split_question(question) == parts


def test_a_long_text_is_one_question() -> None:
    text = "why and what, " * 2_000
    assert split_question(text) == [text]
