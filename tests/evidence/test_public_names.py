from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import adapter_core.evidence as evidence

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", evidence.__all__)
def test_every_public_name_is_there_and_no_module(name: str) -> None:
    assert getattr(evidence, name).__module__.startswith("adapter_core.evidence.")


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        evidence.nothing  # noqa: B018


def test_names_cost_nothing_until_they_are_used() -> None:
    code = (
        "import sys, adapter_core.evidence as e\n"
        "e.auto_model_dims\n"
        "print([m for m in ('numpy', 'torch', 'transformers', 'jedi') if m in sys.modules])\n"
        "[getattr(e, n) for n in e.__all__]\n"
        "print([m for m in ('torch', 'transformers', 'jedi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
