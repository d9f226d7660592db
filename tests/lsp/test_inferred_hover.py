"""Hover where our own graph does not tell: type inference does, and says that it does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_server.features import hover
from lsp_server.markdown import MARKDOWN
from tests.support import write_tree

from .harness import Client, cursor

Connect = Callable[..., Client]


def shown(client: Client, root: Path, marked: str, name: str = "use.py", patience: float = 30.0) -> str | None:
    """The hover at `$0`, once type inference is up."""
    text, position = cursor(marked)
    uri = client.open(root / name, text)
    end = time.monotonic() + patience
    while True:
        found = client.hover(uri, position["line"], position["character"])
        if (found is not None and "not checked" not in found) or time.monotonic() > end:
            client.close_document(uri)
            return found


@pytest.fixture
def client(connect: Connect, tmp_path: Path) -> Client:
    root = write_tree(tmp_path / "ws", "#- made.py\nclass Thing:\n    def append(self, x): ...\n")
    client = connect()
    client.initialize(root)
    client.ready()
    return client


def test_definitions_outside_the_workspace(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    text = shown(client, root, "import json\njson.$0loads('1')\n")
    assert text is not None
    assert text.startswith("```python\ndef loads(")
    assert "Deserialize" in text
    assert "inferred: `json.loads` in `json/__init__.py:" in text
    assert text.endswith("outside this workspace")
    text = shown(client, root, "import pathlib\n\ndef f():\n    here = pathlib.Path()\n    return he$0re\n")
    assert text is not None
    assert re.match(
        r"```python\nhere: pathlib\.(?:_local\.)?Path\n```", text
    )  # Python 3.13 keeps it in a module of its own
    text = shown(client, root, "$0len([])\n")
    assert text is not None
    assert "inferred: `builtins.len` in `builtins.pyi`, outside this workspace" in text
    assert str(Path.home()) not in text


def test_inference_beats_a_match_by_name(client: Client, tmp_path: Path) -> None:
    text = shown(client, tmp_path / "ws", "import shlex\n\nshlex.split('a').app$0end('b')\n")
    assert text is not None
    assert "builtins.list.append" in text
    assert "made.py" not in text


def test_nothing_is_nothing(client: Client, tmp_path: Path) -> None:
    assert shown(client, tmp_path / "ws", "import nowhere\nnowhere.th$0ing\n", patience=3.0) is None


def test_an_inference_that_does_not_answer_is_marked() -> None:
    own = hover.HoverContent(None, None, "body", "matched by name", None, False)  # type: ignore[arg-type]
    marked = hover._with_inference(own, "type inference took longer than 0.8 s", MARKDOWN)
    assert marked is not None
    assert marked.where == "matched by name · not checked, type inference took longer than 0.8 s"
    assert hover._with_inference(own, None, MARKDOWN) == own
    assert hover._with_inference(None, "type inference took longer than 0.8 s", MARKDOWN) is None
