"""What is said where libraries are missing installs them, and nothing of a name that is not ours."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from adapter_core.installation import how_to_install

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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


def test_what_is_asked_for_allows_what_is_tested_and_where_inner_parts_are_used_nothing_newer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [Requirement(r) for rs in (project["dependencies"], *project["optional-dependencies"].values()) for r in rs]
    pins = [Requirement(line) for line in (ROOT / "constraints.txt").read_text("utf-8").split("\n") if "==" in line]
    tested = {(pin.name.lower(), str(one.version)) for pin in pins for one in pin.specifier}
    wrong = [f"{a.name} {v}" for a in asked for name, v in tested if name == a.name.lower() and v not in a.specifier]
    assert not wrong
    (jedi,), (pygls,) = ([a.specifier for a in asked if a.name == name] for name in ("jedi", "pygls"))
    assert ("0.20.9" in jedi, "0.21" in jedi) == (True, False)  # graph/processes/jedi_guard.py
    assert ("2.1.9" in pygls, "2.2" in pygls) == (True, False)  # lsp_server/protocol.py


def test_no_text_says_to_install_pathline_by_its_name() -> None:
    """It is on no package index: whoever takes the name there would be installed."""
    by_name = re.compile(r"\b(?:install|inject)(?: -\S+)* [\"']?pathline\b(?![/.-])")
    folders = ("adapter_core", "lsp_server", "docs")
    files = [
        ROOT / "README.md",
        *(f for name in folders for f in (ROOT / name).rglob("*") if f.suffix in (".py", ".md")),
    ]
    assert not [file for file in files if by_name.search(file.read_text("utf-8"))]
