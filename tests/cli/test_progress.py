from __future__ import annotations

import io
import sys

import pytest

from adapter_core.cli.progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch, *steps: tuple[str, int, int, str]) -> str:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Bar() as bar:
        for step in steps:
            bar.show(*step)
    return terminal.getvalue()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a[/bold].py", "a[/bold].py"),
        ("app/[id]/page.py", "app/[id]/page.py"),
        ("a\x1b[2J.py", "a\N{REPLACEMENT CHARACTER}[2J.py"),
    ],
)
def test_a_file_may_be_called_anything(monkeypatch: pytest.MonkeyPatch, name: str, shown: str) -> None:
    """Names of files are the repository's: no markup, and nothing that moves the cursor."""
    said = drawn(monkeypatch, ("Indexing", 1, 2, name))
    assert shown in said
    assert "\x1b[2J" not in said


def test_a_stage_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    *_, last = drawn(monkeypatch, ("Memory", 5, 5, "a.py"), ("Fitting", 1, 3, "")).split("Fitting")
    assert "1/3" in last
    assert "Memory" not in last


def test_no_terminal_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar() as bar:
        bar.show("Indexing", 1, 2, "a.py")
    assert capsys.readouterr() == ("", "")
