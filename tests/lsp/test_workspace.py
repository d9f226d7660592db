from __future__ import annotations

import os
from pathlib import Path

import pytest

from lsp_server import workspace
from lsp_server.workspace import make_roots, places_of


def test_the_innermost_root_comes_first(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    roots, problems = make_roots([(tmp_path / "outer").as_uri(), inner.as_uri()])
    assert problems == []
    places = places_of((inner / "a.py").as_uri(), roots)
    assert [(place.root.name, place.path) for place in places] == [("inner", "a.py"), ("outer", "inner/a.py")]


def test_roots_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for side in ("left", "right"):
        (tmp_path / side / "app").mkdir(parents=True)
    roots, _ = make_roots([(tmp_path / side / "app").as_uri() for side in ("left", "right")])
    assert [root.name for root in roots] == ["app", "app-2"]


def test_folders_that_stay_open_keep_their_names(tmp_path: Path) -> None:
    for side in ("left", "right"):
        (tmp_path / side / "app").mkdir(parents=True)
    roots, _ = make_roots([(tmp_path / side / "app").as_uri() for side in ("left", "right")])
    assert make_roots([], roots[1:])[0] == [roots[1]]
    again, _ = make_roots([(tmp_path / "left" / "app").as_uri()], roots[1:])
    assert [root.name for root in again] == ["app-2", "app"]


def test_what_is_no_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    uris = [(tmp_path / "file").as_uri(), (tmp_path / "none").as_uri(), "vscode-vfs://github/x/y"]
    roots, problems = make_roots(uris)
    assert roots == []
    assert len(problems) == 3


def test_other_places_are_in_no_root(tmp_path: Path) -> None:
    roots, _ = make_roots([tmp_path.as_uri()])
    assert places_of("untitled:Untitled-1", roots) == []
    assert places_of((tmp_path.parent / "x.py").as_uri(), roots) == []
    assert places_of(tmp_path.as_uri() + "/../x.py", roots) == []
    assert places_of(tmp_path.as_uri() + "/%2e%2e/x.py", roots) == []


@pytest.mark.skipif(os.name == "nt", reason="needs the right to make symbolic links")
def test_a_linked_root_is_found_by_both_spellings(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "other").symlink_to(real)
    roots, _ = make_roots([(tmp_path / "link").as_uri()])
    assert places_of((real / "a.py").as_uri(), roots)[0].path == "a.py"
    assert places_of((tmp_path / "link" / "a.py").as_uri(), roots)[0].path == "a.py"
    assert places_of((tmp_path / "other" / "a.py").as_uri(), roots, follow=True)[0].path == "a.py"
    assert roots[0].uri_of("a b.py") == (tmp_path / "link").as_uri() + "/a%20b.py"


def test_names_have_the_letter_case_that_they_have_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS opens `SRC/App.py` where `src/app.py` is; the index knows the file by the latter."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("")
    (tmp_path / "src" / "Two.py").write_text("")
    monkeypatch.setattr(workspace, "_IGNORES_CASE", True)
    monkeypatch.setattr(os.path, "samefile", lambda a, b: a.casefold() == b.casefold())
    roots, _ = make_roots([tmp_path.as_uri()])

    def path_of(name: str) -> str:
        return places_of(f"{tmp_path.as_uri()}/{name}", roots, follow=True)[0].path

    assert path_of("SRC/App.py") == "src/app.py"
    assert path_of("src/Two.py") == "src/Two.py"
    assert path_of("SRC/New.py") == "src/New.py"
    assert path_of("gone/New.py") == "gone/New.py"
    os.rename(tmp_path / "src" / "app.py", tmp_path / "src" / "APP.py")
    os.utime(tmp_path / "src", ns=(1, 1))  # the clock may be too coarse to tell
    assert path_of("SRC/App.py") == "src/APP.py"
