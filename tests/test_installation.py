"""What is said where libraries are missing installs them, and nothing of a name that is not ours."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from adapter_core.installation import how_to_install

ROOT = Path(__file__).resolve().parents[1]


def test_a_checkout_with_its_own_environment_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))
    assert how_to_install("model").endswith(f'"{ROOT / "x"}" setup`')
    assert how_to_install("report").endswith(f'"{ROOT / "x"}" setup --dev`')


def test_elsewhere_the_libraries_of_the_extra_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    lines = [
        "numpy>=1.26",
        'gguf>=0.17; extra == "model"',
        "torch>=2,<3 ; extra == 'model'",
        'ruff; extra == "dev-model"',
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    assert (
        how_to_install("model") == f'install them with `"{sys.executable}" -m pip install "gguf>=0.17" "torch>=2,<3"`'
    )


def test_without_an_installation_the_path_of_the_source_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(metadata, "requires", requires)
    assert '"PATH-TO-PATHLINE[model]"' in how_to_install("model")


def test_no_text_says_to_install_pathline_by_its_name() -> None:
    """It is on no package index: whoever takes the name there would be installed."""
    by_name = re.compile(r"\b(?:install|inject)(?: -\S+)* [\"']?pathline\b(?![/.-])")
    folders = ("adapter_core", "lsp_server", "docs")
    files = [
        ROOT / "README.md",
        *(f for name in folders for f in (ROOT / name).rglob("*") if f.suffix in (".py", ".md")),
    ]
    assert not [file for file in files if by_name.search(file.read_text("utf-8"))]
