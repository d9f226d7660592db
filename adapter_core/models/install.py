"""Install a model into the cache (under a lock, built beside its final folder and moved there as a whole), and remove it.

A process that dies meanwhile leaves a `.building-…` folder, which the next installation of that name removes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from ..errors import ModelError, ModelFileError, PathlineError
from ..isolation import child_environment, isolated_command, quiet_process_options
from ..paths import models_dir
from .environment import library_environment
from .sources import missing_libraries
from .store import MANIFEST, Manifest, Progress, find_installed, no_progress, write_manifest

_POLL_SECONDS = 0.2
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows knows no quotas


def require_libraries() -> None:
    """Raises `ModelMissingError` unless an isolated child finds what conversion needs. Imports nothing here."""
    names = ("torch", "transformers", "gguf", "safetensors", "accelerate")
    command = isolated_command("adapter_core.models.install", *names)
    try:
        found = subprocess.run(
            command,
            cwd=models_dir(),
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"Python cannot be started to look for torch: {error}.") from error
    if found.returncode != 0:
        raise missing_libraries(found.stdout.decode("utf-8", "replace").split())


def main() -> int:
    """The child of `require_libraries`: print those of the named modules that cannot be found; 0 when there is none."""
    import importlib.util
    import sys

    missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
    print(*missing)
    return int(bool(missing))


@contextmanager
def installing(name: str, progress: Progress = no_progress) -> Iterator[None]:
    """Hold the lock of one model's name, waiting for another process that installs or removes it."""
    with disk_errors():
        models_dir().mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(models_dir() / f".{name}.lock")
        while True:
            try:
                lock.acquire(timeout=_POLL_SECONDS)
                break
            except filelock.Timeout:
                progress("wait", 0, 0)
    try:
        for leftover in models_dir().glob(f".building-{name}-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        lock.release()


def build(name: str, source: str, source_sha256: str, fill: Callable[[Path, Path], None]) -> Manifest:
    """Make the folder `name` by `fill(scratch folder, model folder)` and put it in its place, over an older one.

    The lock is held by the caller. Whatever happens, the old model stands until the new one is complete.
    """
    with disk_errors():
        work = Path(tempfile.mkdtemp(prefix=f".building-{name}-", dir=models_dir()))
        try:
            scratch, folder = work / "scratch", work / "model"
            scratch.mkdir()
            folder.mkdir()
            fill(scratch, folder)
            manifest = write_manifest(folder, name, source, source_sha256)
            place = models_dir() / name
            if place.exists():
                try:
                    place.rename(work / "old")
                except PermissionError as error:
                    raise ModelError(
                        f"{place} cannot be replaced: is a Pathline that uses it still running?"
                    ) from error
            try:
                folder.rename(place)
            except OSError:
                if (work / "old").exists():
                    (work / "old").rename(place)
                raise
            return manifest
        finally:
            shutil.rmtree(work, ignore_errors=True)


def remove(name: str, progress: Progress = no_progress) -> int:
    """Delete an installed model and return the bytes freed. Raises `ModelMissingError`, and `ModelError` if in use."""
    with installing(find_installed(name).name, progress):
        folder = find_installed(name)  # as it is now that no other process is at it
        size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        with disk_errors():
            grave = Path(tempfile.mkdtemp(prefix=f".building-{folder.name}-", dir=models_dir()))
        # Renamed first, so that it is gone as a whole or not at all.
        try:
            folder.rename(grave / "old")
        except OSError as error:
            raise ModelError(
                f"{folder} cannot be removed ({error.strerror}): is a Pathline that uses it still running?"
            ) from error
        finally:
            shutil.rmtree(grave, ignore_errors=True)
        return size


def convert_gguf(gguf: Path, scratch: Path, folder: Path, progress: Progress = no_progress) -> None:
    """Run `convert` in a child. Raises `ModelFileError` for a file that is no model and `ModelError` for the rest."""
    progress("convert", 0, 0)
    command = isolated_command("adapter_core.models.convert", str(_link_in_own_folder(gguf, scratch)), str(folder))
    with (scratch / "convert.out").open("w+b") as out, (scratch / "convert.err").open("w+b") as err:
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env=child_environment(**library_environment()),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            **quiet_process_options(),
        )
        try:
            while process.poll() is None:
                progress("convert", 0, 0)
                time.sleep(_POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        out.seek(0)
        lines = out.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    try:
        problem = str(json.loads(lines)["error"])
    except (ValueError, KeyError, TypeError):
        problem = f"died: code {process.returncode}"
    kind, _, detail = problem.partition(": ")
    if kind == "missing":
        raise missing_libraries()
    if kind == "full":
        raise OSError(errno.ENOSPC, detail)
    if kind in ("memory", "died"):
        reason = "there is not enough memory" if kind == "memory" else f"the process ended with {detail}"
        raise ModelError(f"{gguf.name} could not be converted: {reason}.")
    if problem:
        raise ModelFileError(f"{gguf.name} cannot be read as a model ({detail}).")
    progress("convert", 1, 1)


def _link_in_own_folder(gguf: Path, scratch: Path) -> Path:
    """A link to the file in an empty folder: the libraries would also read files beside it, such as a `tokenizer_config.json` that
    names code, and the result would depend on them."""
    link = scratch / "alone" / gguf.name
    link.parent.mkdir()
    for link_file in (os.symlink, os.link, shutil.copyfile):  # Windows lets not everyone make links
        try:
            link_file(gguf.resolve(), link)
            break
        except OSError:
            if link_file is shutil.copyfile:
                raise
    return link


@contextmanager
def disk_errors() -> Iterator[None]:
    """A context that turns an `OSError` into a `ModelError` with advice; `PathlineError`s pass."""
    try:
        yield
    except PathlineError:
        raise
    except OSError as error:
        where = models_dir()
        if error.errno in _FULL:
            raise ModelError(f"The disk is full: make room where {where} is. Nothing was changed.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise ModelError(f"{where} cannot be written: set PATHLINE_CACHE_DIR to a folder of yours.") from error
        raise ModelError(f"The model could not be installed in {where}: {error}.") from error


def is_complete(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()
