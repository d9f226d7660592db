from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapter_core.errors import RootError
from adapter_core.graph.discovery.discover import DiscoverOptions, check_root, discover, kind_of
from tests.support import write, write_tree


def paths(root: Path, **options: object) -> list[str]:
    return [f.path for f in discover(root.resolve(), DiscoverOptions(**options)).files]  # type: ignore[arg-type]


def test_finds_python_and_documentation(repo: Path) -> None:
    write_tree(
        repo,
        """
        #- README.md
        # Title
        #- docs/guide.rst
        Guide
        #- docs/notes.txt
        note
        #- notes.txt
        not documentation
        #- pyproject.toml
        [project]
        #- pkg/a.py
        x = 1
        #- pkg/b.pyi
        x: int
        #- data.json
        {}
        """,
    )
    assert paths(repo) == ["README.md", "pyproject.toml", "docs/guide.rst", "docs/notes.txt", "pkg/a.py", "pkg/b.pyi"]


def test_git_ignore_rules(repo: Path) -> None:
    write_tree(
        repo,
        """
        #- .gitignore
        *.gen.py
        /local/
        !keep.gen.py
        [broken
        #- .git/info/exclude
        private.py
        #- a.py
        #- a.gen.py
        #- keep.gen.py
        #- private.py
        #- local/b.py
        #- sub/local/c.py
        #- sub/.gitignore
        d.py
        !x.gen.py
        #- sub/d.py
        #- sub/x.gen.py
        #- sub/deep/d.py
        """,
    )
    assert paths(repo) == ["a.py", "keep.gen.py", "sub/x.gen.py", "sub/local/c.py"]


def test_what_is_never_the_projects_own_is_left_out(repo: Path) -> None:
    write_tree(
        repo,
        """
        #- ok.py
        #- .venv/lib/a.py
        #- node_modules/x/a.py
        #- build/lib/a.py
        #- dist/a.py
        #- lib/python3/site-packages/b.py
        #- custom_env/pyvenv.cfg
        #- custom_env/lib/c.py
        #- tool/build/__init__.py
        #- tool/build/real.py
        #- x.egg-info/a.py
        #- __pycache__/a.py
        """,
    )
    assert paths(repo) == ["ok.py", "tool/build/__init__.py", "tool/build/real.py"]


@pytest.mark.parametrize(
    "name", [".env", ".env.local", "server.pem", "id_rsa", "secrets.toml", "credentials.md", "prod.key"]
)
def test_key_files_are_never_read(name: str) -> None:
    assert kind_of(name, in_docs=True) is None


def test_links_are_not_followed(repo: Path, tmp_path: Path) -> None:
    write(repo, "a/x.py", "x = 1\n")
    outside = write(tmp_path / "outside", "secret.py", "password = 1\n")
    try:
        os.symlink(repo, repo / "a" / "loop", target_is_directory=True)
        os.symlink(outside, repo / "a" / "leak.py")
    except OSError:
        pytest.skip("links need a privilege on this system")
    found = discover(repo.resolve())
    assert [f.path for f in found.files] == ["a/x.py"]
    assert [(p.path, p.reason) for p in found.skipped] == [("a/leak.py", "symbolic link")]


def test_large_files_are_skipped_with_a_reason(repo: Path) -> None:
    write(repo, "big.py", "x" * 3000)
    found = discover(repo.resolve(), DiscoverOptions(max_file_bytes=2000))
    assert [(p.path, p.reason) for p in found.skipped] == [("big.py", "larger than 2 kB")]


def test_a_limit_is_said(repo: Path) -> None:
    for i in range(20):
        write(repo, f"m{i}.py", "")
    found = discover(repo.resolve(), DiscoverOptions(max_files=5))
    assert len(found.files) == 5
    assert not found.complete
    assert "--max-files" in found.reason


def test_a_home_folder_stops_early(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(repo))
    monkeypatch.setenv("USERPROFILE", str(repo))
    for i in range(6):
        write(repo, f"m{i}.py", "")
    found = discover(repo.resolve(), DiscoverOptions(max_files_at_home=3))
    assert len(found.files) == 3
    assert "home" in found.reason


def test_roots_that_cannot_be(repo: Path) -> None:
    file = write(repo, "a.py", "")
    with pytest.raises(RootError, match="There is no folder"):
        check_root(repo / "nowhere")
    with pytest.raises(RootError, match="is a file"):
        check_root(file)
    assert check_root(repo) == repo.resolve()
