"""The commit and tree that an answer is about.

Only git commands that run nothing of the repository are used: no hooks, no fsmonitor, no filters, no network. `git status` would run some
of these, so it is not known whether the tree is dirty.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ..paths import neutral_dir
from ..types import Provenance

_TIMEOUT_SECONDS = 2.0
# GIT_ALLOW_PROTOCOL and GIT_NO_LAZY_FETCH: a partial clone would otherwise fetch a missing object through a command it names.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_PAGER": "",
    "LC_ALL": "C",
}
_SAFE_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull, "-c", "core.untrackedCache=false")


def git_commit_sha(root: Path) -> str | None:
    """The commit that HEAD names, or None outside a repository."""
    return _rev_parse(root, "HEAD")[0]


def git_tree_sha(root: Path) -> str | None:
    """The tree of that commit, or None."""
    return _rev_parse(root, "HEAD^{tree}")[0]


def provenance_of(root: Path, model: str | None = None, adapter: str | None = None) -> Provenance:
    commit, tree = _rev_parse(root, "HEAD", "HEAD^{tree}")
    return Provenance(commit, tree, None, model, adapter)


def _rev_parse(root: Path, *names: str) -> list[str | None]:
    unknown: list[str | None] = [None] * len(names)
    git = _trusted_git(root)
    if git is None or not _in_repository(root):
        return unknown
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _ENVIRONMENT
    command = [git, *_SAFE_OPTIONS, "-C", str(root), "rev-parse", "--verify", "--quiet"]
    shas: list[str | None] = []
    for name in names:
        try:
            result = subprocess.run(
                [*command, name], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, env=environment,
                stdin=subprocess.DEVNULL, cwd=neutral_dir(), check=False,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            return unknown
        sha = result.stdout.strip()
        shas.append(sha if result.returncode == 0 and sha.isalnum() else None)
    return shas


def _trusted_git(root: Path) -> str | None:
    """The git on PATH, unless PATH leads into the workspace."""
    git = shutil.which("git")
    if git is None:
        return None
    real = os.path.realpath(git)
    is_in_workspace = any(Path(path).is_relative_to(root) for path in (os.path.abspath(git), real))
    return None if is_in_workspace else real


def _in_repository(root: Path) -> bool:
    return any((folder / ".git").exists() for folder in (root, *root.parents))
