from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import adapter_core.adapters as adapters

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", adapters.__all__)
def test_every_public_name_is_there_and_no_module(name: str) -> None:
    assert getattr(adapters, name).__module__.startswith("adapter_core.adapters.")


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        adapters.nothing  # noqa: B018


def test_names_cost_nothing_until_they_are_used() -> None:
    code = (
        "import sys, adapter_core.adapters as e\n"
        "e.Adapter\n"
        "print([m for m in ('torch', 'transformers', 'safetensors', 'jedi') if m in sys.modules])\n"
        "[getattr(e, n) for n in e.__all__]\n"
        "print([m for m in ('torch', 'transformers', 'jedi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
