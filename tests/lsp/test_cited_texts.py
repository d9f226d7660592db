"""What a citation can name, the editors' clients synchronise."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

import pytest

from adapter_core.graph.discovery.discover import kind_of

EDITORS = Path(__file__).resolve().parents[2] / "editors"
NAMES = ["a.py", "a.pyi", "a.pyw", "a.md", "a.rst", "a.txt", "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini"]
TITLES = ["readme", "changelog", "changes", "contributing", "architecture", "hacking", "development", "testing"]


@pytest.mark.parametrize("name", [*NAMES, *TITLES, *map(str.upper, TITLES)])
def test_vscode_opens_what_is_indexed(name: str) -> None:
    assert kind_of(name, in_docs=True) is not None
    source = (EDITORS / "vscode/src/documents.ts").read_text("utf-8")
    patterns = [re.sub(r"\*\*/", "", pattern) for pattern in re.findall(r'pattern: "([^"]+)"', source)]
    assert patterns
    one_each = [
        pattern.replace(braces[0], choice)
        for pattern in patterns
        for braces in [re.search(r"\{(.*)\}", pattern)]
        if braces
        for choice in braces[1].split(",")
    ]
    assert any(PurePath(name).match(pattern) for pattern in one_each)


def test_a_client_watches_what_is_indexed() -> None:
    """(Neovim goes by the kind of a file that it finds out itself: see the tests of it.)"""
    from lsp_server.features.watched_files import _PATTERNS

    def choices(pattern: str) -> set[str]:
        braces = re.search(r"\{(.*)\}", pattern)
        return set(braces[1].split(",")) if braces else set()

    assert {name.rpartition(".")[2] for name in NAMES} <= choices(_PATTERNS[0])
    assert {*TITLES, *map(str.upper, TITLES)} <= set().union(*map(choices, _PATTERNS[1:]))
