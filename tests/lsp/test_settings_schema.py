"""The extension's settings and the documentation say what the server takes."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from lsp_server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
# The extension sets this one itself: it names a command of the extension's own.
SET_BY_CLIENTS = {"askCommand"}


def test_the_extension_contributes_every_setting_with_its_default() -> None:
    package = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text("utf-8"))
    properties = package["contributes"]["configuration"]["properties"]
    for field in fields(Settings):
        if field.name not in SET_BY_CLIENTS:
            assert properties[f"pathline.{field.name}"]["default"] == field.default


def test_no_command_of_the_extension_is_one_of_the_servers() -> None:
    package = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text("utf-8"))
    assert not [c["command"] for c in package["contributes"]["commands"] if c["command"].startswith("pathline.server.")]


def test_the_protocol_documents_every_setting() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    assert not [field.name for field in fields(Settings) if f"| `{field.name}` |" not in text]
