"""What the cache folder holds of workspaces beside their indexes: adapters and memories, `<cache>/adapters/<workspace>/<model>`.

Their content is the business of other packages; here they are folders that can be rebuilt and take room. A folder has the name of its
workspace's index, a note about its root, and locks (`.NAME.lock`) that are held during builds.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

FOLDER, NOTE = "adapters", "workspace.json"


@dataclass(frozen=True, slots=True)
class KeptAdapters:
    """The adapters of one workspace, for all models. `root`: its root folder, None where unknown; `root_exists`: None where it cannot be
    determined. `changed`: the last change, in seconds since the epoch."""

    folder: Path
    root: str | None
    root_exists: bool | None
    bytes: int
    changed: float


class InUse(Exception):  # noqa: N818 - an outcome
    """Something is being built there."""


def note_root(folder: Path, root: Path) -> None:
    """Write the root into a workspace's folder. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{NOTE}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        temporary.write_bytes((json.dumps({"root": str(root)}) + "\n").encode("utf-8", "backslashreplace"))
        temporary.replace(folder / NOTE)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def list_kept(cache: Path) -> list[KeptAdapters]:
    """By name. Links are not followed."""
    try:
        with os.scandir(cache / FOLDER) as entries:
            folders = sorted(Path(e.path) for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [_kept(folder) for folder in folders]


def remove_kept(folder: Path) -> None:
    """Raises `InUse` where something is being built there, and `OSError`."""
    try:
        with ExitStack() as locks:
            for lock in sorted(folder.rglob(".*.lock")):
                locks.enter_context(FileLock(lock, timeout=0))
            if os.name != "nt":
                shutil.rmtree(folder)
                return
    except Timeout:
        raise InUse("a running Pathline is building there") from None
    shutil.rmtree(folder)  # Windows deletes no open file


def exists(root: str) -> bool | None:
    """Whether the path exists; None where it cannot be determined, as in an unreadable folder."""
    try:
        os.stat(root)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return None
    return True


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder, links not followed; 0 where there is none."""
    return sum(found.st_size for found in _stats(folder))


def _stats(folder: Path) -> list[os.stat_result]:
    found = []
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                found.append(os.lstat(os.path.join(path, name)))
            except OSError:
                continue
    return found


def _kept(folder: Path) -> KeptAdapters:
    try:
        root = json.loads((folder / NOTE).read_text("utf-8"))["root"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        root = None
    known = root if isinstance(root, str) else None
    stats = _stats(folder)
    return KeptAdapters(
        folder,
        known,
        exists(known) if known is not None else None,
        sum(s.st_size for s in stats),
        max((s.st_mtime for s in stats), default=0.0),
    )
