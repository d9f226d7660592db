"""A function may have hundreds of overload declarations, as `get_capability` of pygls has."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.graph.finding import lookup
from adapter_core.graph.linking.local.overloads import implementation
from adapter_core.types import ModuleFacts
from tests.support import graph_of


def test_the_function_that_runs_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stubs = "".join(f"@overload\ndef get(name: int, other: str = '{n}') -> int: ...\n" for n in range(300))
    graph = graph_of(tmp_path, f"#- m.py\nfrom typing import overload\n{stubs}def get(name):\n    return name\n")
    calls: list[int] = []

    def counted(facts: ModuleFacts, index: int) -> int:
        calls.append(index)
        return implementation(facts, index)

    monkeypatch.setattr(lookup, "implementation", counted)
    assert [ref.symbol.start for ref in graph.find_symbol("get")] == [602]
    assert len(calls) == 1
