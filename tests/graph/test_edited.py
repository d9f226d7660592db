"""Facts of open texts are remembered from one view to the next, and are always those of the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.snapshot import edited
from tests.support import graph_of

TEXT = "def one():\n    return 1\n"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    real = edited.parse_file

    def counted(path: str, kind: str, text: str, module: str):
        found.append(text)
        return real(path, kind, text, module)

    monkeypatch.setattr(edited, "parse_file", counted)
    edited._cache.clear()
    return found


def names(graph: CodeGraph, path: str) -> list[str]:
    return [ref.symbol.name for ref in graph.defs_in(path)]


def test_an_open_text_is_parsed_once(tmp_path: Path, parses: list[str]) -> None:
    graph = graph_of(tmp_path, f"#- a.py\n{TEXT}")
    for _ in range(3):
        graph.overlay({"a.py": TEXT + "\n\ndef two(): ...\n"})
        assert names(graph, "a.py") == ["one", "two"]
    assert len(parses) == 1


def test_an_edit_is_seen_and_lets_go_of_what_was(tmp_path: Path, parses: list[str]) -> None:
    graph = graph_of(tmp_path, f"#- a.py\n{TEXT}#- b/a.py\n{TEXT}")
    for name in ("two", "three", "two"):
        graph.overlay({"a.py": f"{TEXT}\n\ndef {name}(): ...\n"})
        assert names(graph, "a.py") == ["one", name]
        assert names(graph, "b/a.py") == ["one"]
    assert len(parses) == 3
    assert len(edited._cache) == 1


def test_the_same_text_elsewhere_is_another_file(tmp_path: Path, parses: list[str]) -> None:
    graph = graph_of(tmp_path, f"#- a.py\n{TEXT}#- b/c.py\n{TEXT}")
    text = f"{TEXT}\n\ndef two(): ...\n"
    graph.overlay({"a.py": text, "b/c.py": text})
    assert {ref.full_name for ref in graph.find_symbol("two")} == {"a.two", "b.c.two"}
    assert len(parses) == 2


def test_what_changed_on_disk_alone_is_not_kept(tmp_path: Path, parses: list[str]) -> None:
    graph = graph_of(tmp_path, f"#- a.py\n{TEXT}")
    (graph.root / "a.py").write_text(f"{TEXT}\n\ndef later(): ...\n")
    graph.overlay({})
    assert names(graph, "a.py") == ["one", "later"]
    assert not edited._cache
