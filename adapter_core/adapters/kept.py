"""The adapters that lie in the cache folder: `<cache>/adapters/<workspace>/<model>`, and which of them may go."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..graph.cache_folder import PruneReport, Removal, exists, folder_bytes
from .manifest import write_whole

FOLDER, NOTE = "adapters", "workspace.json"


@dataclass(frozen=True, slots=True)
class KeptAdapters:
    """What is kept of one workspace, for all models. `root`: of which, None where that is not known; `root_exists`: None where it cannot
    be told."""

    folder: Path
    root: str | None
    root_exists: bool | None
    bytes: int


def note_root(folder: Path, root: Path) -> None:
    """Note in a workspace's folder which root it is of. Raises `OSError`."""
    write_whole(folder / NOTE, (json.dumps({"root": str(root)}) + "\n").encode("utf-8", "backslashreplace"))


def list_kept(cache: Path) -> list[KeptAdapters]:
    """By name. Links are not followed."""
    try:
        with os.scandir(cache / FOLDER) as entries:
            folders = sorted(Path(e.path) for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [_kept(folder) for folder in folders]


def prune_kept(cache: Path, report: PruneReport, dry_run: bool = False) -> None:
    """Remove the adapters of workspaces whose root is gone, and say so in the report. What is being built stays."""
    for kept in list_kept(cache):
        if kept.root_exists is not False:
            continue
        try:
            if not dry_run:
                _remove(kept.folder)
        except Timeout:
            report.skipped.append((kept.folder, "a running Pathline is building there"))
        except OSError as error:
            report.skipped.append((kept.folder, str(error)))
        else:
            report.removed.append(Removal(kept.folder, kept.bytes, "root_gone"))


def _kept(folder: Path) -> KeptAdapters:
    try:
        root = json.loads((folder / NOTE).read_text("utf-8"))["root"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        root = None
    known = root if isinstance(root, str) else None
    return KeptAdapters(folder, known, exists(known) if known is not None else None, folder_bytes(folder))


def _remove(folder: Path) -> None:
    with ExitStack() as held:
        for lock in sorted(folder.glob(".*.lock")):
            held.enter_context(FileLock(lock, timeout=0))
        if os.name != "nt":
            shutil.rmtree(folder)
            return
    shutil.rmtree(folder)  # Windows deletes no open file
