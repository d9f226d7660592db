from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from lsp_server.settings import Settings, read_settings

from .harness import REPOSITORY


def test_defaults_stand_where_nothing_is_set() -> None:
    assert read_settings(None) == (Settings(), [], [])
    assert read_settings({"model": None}) == (Settings(), [], [])


def test_values_are_taken() -> None:
    settings, problems, unknown = read_settings({"model": " x/y ", "useModel": False, "theme": "dark"})
    assert (settings.model_name, settings.useModel, problems, unknown) == ("x/y", False, [], ["theme"])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"useModel": "no"}, "pathline.useModel must be true or false, not a string; the default is used"),
        ({"useModel": 0}, "pathline.useModel must be true or false, not a number; the default is used"),
        ({"model": True}, "pathline.model must be a string, not true; the default is used"),
        ({"askCommand": ["x"]}, "pathline.askCommand must be a string, not a list; the default is used"),
        ("verbose", "the settings must be an object, not a string"),
    ],
)
def test_a_bad_value_leaves_the_default_and_is_reported(value: Any, problem: str) -> None:
    assert read_settings(value) == (Settings(), [problem], [])


def test_the_documented_settings_are_these() -> None:
    table = re.findall(
        r"^\| `(\w+)` \| `([^`]*)` \|", (REPOSITORY / "docs/protocol.md").read_text("utf-8"), re.MULTILINE
    )
    shown = {str: lambda value: f'"{value}"', bool: lambda value: str(value).lower()}
    assert table == [(field.name, shown[type(field.default)](field.default)) for field in fields(Settings)]
