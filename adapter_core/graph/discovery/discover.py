"""Which files of a folder are indexed.

Git's ignore rules are applied (without running git), and files that are never the project's own source are left out in any case:
environments, installed packages, build output, caches, key files. Symbolic links are not followed: a link into the root would duplicate a
file, one out of it would leave the workspace.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from ...errors import RootError
from ...types import Problem
from ..source import MAKEFILES, MAX_FILE_BYTES, is_python, read_bytes

_SKIPPED_DIRS = frozenset(
    """
    .git .hg .svn .bzr .jj .venv __pycache__ site-packages dist-packages node_modules bower_components .tox .nox
    .eggs .mypy_cache .pytest_cache .ruff_cache .hypothesis .ipynb_checkpoints .idea .vscode .direnv .pixi .cache
    __pypackages__
    """.split()
)
# These names are also used by real packages, so a folder with an __init__.py stays.
_BUILD_DIRS = frozenset("build dist target _build htmlcov venv env virtualenv".split())
_KEY_FILES = re.compile(
    "|".join(
        fnmatch.translate(p)
        for p in (
            ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.kdbx", "id_rsa*", "id_ed25519*",
            "id_ecdsa*", ".netrc", "_netrc", ".pypirc", ".npmrc", ".htpasswd", "credentials", "credentials.*", "secrets.*",
        )
    ),
    re.IGNORECASE,
)  # fmt: skip
_TEXT_SUFFIXES = frozenset({".md", ".rst"})
_TEXT_NAMES = frozenset({"pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", *MAKEFILES})
_README = re.compile(
    r"(readme|changelog|changes|contributing|architecture|hacking|development|testing)(\.txt)?$", re.IGNORECASE
)
_MAX_RULES_BYTES = 1_000_000
_MAX_STARS = 4
_MAX_INTEGER = 2**63 - 1
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT
_DOC_DIRS = frozenset({"doc", "docs", "documentation"})


@dataclass(frozen=True, slots=True)
class DiscoverOptions:
    """Limits of one walk. `ignore` holds further patterns in .gitignore syntax, relative to the root."""

    max_files: int = 200_000
    max_files_at_home: int = 5_000
    max_entries_per_file: int = 40
    max_file_bytes: int = MAX_FILE_BYTES
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundFile:
    path: str
    kind: str  # python | text
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int = 0  # 0 on Windows, where listing a folder does not give it
    module: str = ""  # under which a Python file is imported


@dataclass
class Discovery:
    files: list[FoundFile] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)
    complete: bool = True
    reason: str = ""


def check_root(root: str | os.PathLike[str]) -> Path:
    """The real path of a workspace root. Raises `RootError` with what to do."""
    path = Path(root).expanduser()
    try:
        path = path.resolve(strict=True)
    except FileNotFoundError:
        raise RootError(f"There is no folder {path}; give the path of a repository with --repo.") from None
    except (OSError, RuntimeError) as error:
        raise RootError(f"{path} cannot be opened ({error}); give the path of a readable folder.") from error
    if not path.is_dir():
        raise RootError(f"{path} is a file; give the folder of the repository instead, for example {path.parent}.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise RootError(f"{path} cannot be read; check its permissions.")
    return path


def discover(root: Path, options: DiscoverOptions | None = None) -> Discovery:
    """Walk `root`. Raises `RootError` where it cannot be read. Unreadable folders and irregular files below it are listed in `skipped`."""
    options = options or DiscoverOptions()
    found = Discovery()
    at_home = root == root.parent or root == _home()
    limit = options.max_files_at_home if at_home else options.max_files
    entries = 0
    rules = root_rules(root, options.ignore)
    stack: list[tuple[str, tuple[Rules, ...], bool]] = [("", rules, False)]
    while stack:
        folder, rules, in_docs = stack.pop()
        try:
            with os.scandir(root / folder if folder else root) as listing:
                children = sorted(listing, key=lambda e: e.name)
        except OSError as error:
            if not folder:
                raise RootError(
                    f"{_printable(str(root))} cannot be read ({error.strerror}); is it still there?"
                ) from error
            found.skipped.append(Problem(_printable(folder), f"folder cannot be read: {error.strerror}"))
            continue
        names = {entry.name for entry in children}
        if folder and ("pyvenv.cfg" in names or "conda-meta" in names):
            continue
        if ".gitignore" in names:
            rules = (*rules, Rules(folder, _read_lines(root / folder / ".gitignore")))
        below: list[tuple[str, tuple[Rules, ...], bool]] = []
        for entry in children:
            entries += 1
            path = f"{folder}/{entry.name}" if folder else entry.name
            if _is_dir(entry):
                if not _skip_dir(entry) and not is_ignored(path + "/", rules):
                    below.append((path, rules, in_docs or entry.name.lower() in _DOC_DIRS))
                continue
            kind = kind_of(entry.name, in_docs)
            if kind is None or is_ignored(path, rules):
                continue
            _add_file(found, entry, path, kind, options.max_file_bytes)
            if len(found.files) >= limit:
                break
        stack.extend(reversed(below))
        if len(found.files) >= limit or entries >= limit * options.max_entries_per_file:
            found.complete = False
            found.reason = (
                f"stopped after {len(found.files):,} files"
                + (": this is a home or root folder" if at_home else "")
                + "; open the folder of one project, or raise the limit with --max-files"
            )
            break
    return found


def discover_some(root: Path, paths: Iterable[str], options: DiscoverOptions | None = None) -> Discovery:
    """Those of the given files (relative paths) that exist and that `discover` would list."""
    options = options or DiscoverOptions()
    found = Discovery()
    folders: dict[str, tuple[tuple[Rules, ...], bool] | None] = {
        "": (with_own_rules(root, "", root_rules(root, options.ignore)), False)
    }
    for path in dict.fromkeys(paths):
        folder, _, name = path.rpartition("/")
        state = None if _leaves_root(path) else _folder_state(root, folder, folders)
        kind = kind_of(name, state[1]) if state is not None else None
        if state is None or kind is None or is_ignored(path, state[0]):
            continue
        try:
            with os.scandir(root / folder if folder else root) as listing:
                entry = next((e for e in listing if e.name == name), None)
        except OSError:
            continue
        if entry is not None and not _is_dir(entry):
            _add_file(found, entry, path, kind, options.max_file_bytes)
    return found


def _folder_state(
    root: Path, folder: str, known: dict[str, tuple[tuple[Rules, ...], bool] | None]
) -> tuple[tuple[Rules, ...], bool] | None:
    """The ignore rules of a folder, and whether it holds documentation; None where it is left out."""
    if folder in known:
        return known[folder]
    above, _, name = folder.rpartition("/")
    outer = _folder_state(root, above, known)
    state: tuple[tuple[Rules, ...], bool] | None = None
    if outer is not None and name not in ("", ".", ".."):
        folder_path = root / folder
        left_out = (
            _is_link(folder_path) or not folder_path.is_dir() or is_skipped_folder(name, folder_path) or is_ignored(folder + "/", outer[0])
            or (folder_path / "pyvenv.cfg").exists() or (folder_path / "conda-meta").exists()
        )  # fmt: skip
        if not left_out:
            state = (with_own_rules(root, folder, outer[0]), outer[1] or name.lower() in _DOC_DIRS)
    known[folder] = state
    return state


def with_own_rules(root: Path, folder: str, rules: tuple[Rules, ...]) -> tuple[Rules, ...]:
    """The ignore rules of a folder: those of the enclosing folders, and its `.gitignore`."""
    file = root / folder / ".gitignore" if folder else root / ".gitignore"
    return (*rules, Rules(folder, _read_lines(file))) if file.is_file() else rules


def is_folder(root: Path, path: str, options: DiscoverOptions) -> bool:
    """Whether there is a folder of this relative path that `discover` would walk."""
    if not (root / path).is_dir():
        return False  # most are files: before any rules are read
    rules = with_own_rules(root, "", root_rules(root, options.ignore))
    return not _leaves_root(path) and _folder_state(root, path, {"": (rules, False)}) is not None


def _leaves_root(path: str) -> bool:
    """Whether a path is absolute or has a drive, and so would leave the root."""
    return path.startswith("/") or os.path.isabs(path) or bool(os.path.splitdrive(path)[0])


def affects_discovery(path: str) -> bool:
    """Whether a change of this file may change which other files are indexed, or their module names."""
    name = path.rpartition("/")[2]
    return name in (".gitignore", "pyvenv.cfg", "pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", "tox.ini")


def may_be_indexed(path: str) -> bool:
    """Whether a file of this name may be indexed, or may change what is."""
    name = path.rpartition("/")[2]
    return kind_of(name, in_docs=True) is not None or affects_discovery(path)


def in_skipped_folder(path: str) -> bool:
    """Whether a path is, or lies in, a folder that never holds the project's own source, whatever is in it."""
    return not _SKIPPED_DIRS.isdisjoint(path.split("/"))


def kind_of(name: str, in_docs: bool = False) -> str | None:
    """ "python", "text", or None for a file that is not indexed."""
    if is_python(name):
        return "python"  # `secrets.py` is a module, and one of the standard library's
    if is_key_file(name):
        return None
    _stem, suffix = os.path.splitext(name.lower())
    if suffix in _TEXT_SUFFIXES or name in _TEXT_NAMES or _README.match(name) or (in_docs and suffix == ".txt"):
        return "text"
    return None


def is_key_file(name: str) -> bool:
    """Whether a file, by its name, holds keys or passwords, and must not be read."""
    return _KEY_FILES.match(name) is not None


def _add_file(found: Discovery, entry: os.DirEntry[str], path: str, kind: str, max_bytes: int) -> None:
    try:
        info = entry.stat(follow_symlinks=False)
        path.encode("utf-8")
    except OSError as error:
        found.skipped.append(Problem(_printable(path), f"cannot be read: {error.strerror}"))
    except UnicodeEncodeError:
        found.skipped.append(Problem(_printable(path), "file name is not valid Unicode"))
    else:
        if stat.S_ISLNK(info.st_mode):
            found.skipped.append(Problem(path, "symbolic link"))
        elif not stat.S_ISREG(info.st_mode):
            found.skipped.append(Problem(path, "not a regular file"))
        elif info.st_size > max_bytes:
            found.skipped.append(Problem(path, f"larger than {max_bytes // 1000:,} kB"))
        else:
            times = clamp_to_int64(info.st_mtime_ns), clamp_to_int64(info.st_ctime_ns)
            found.files.append(FoundFile(path, kind, info.st_size, *times, inode=clamp_to_int64(info.st_ino)))


def clamp_to_int64(number: int) -> int:
    """SQLite stores signed 64-bit integers: no time after the year 2262, and not every inode."""
    return max(-_MAX_INTEGER, min(number, _MAX_INTEGER))


def _printable(path: str) -> str:
    """A path that can be printed, even where it is not valid Unicode."""
    return path.encode("utf-8", "replace").decode()


class Rules:
    """The ignore rules of one folder; paths are matched relative to it."""

    def __init__(self, folder: str, lines: list[str]) -> None:
        self._prefix = f"{folder}/" if folder else ""
        self._spec = GitIgnoreSpec.from_lines(_valid_patterns(lines))

    def check(self, path: str) -> bool | None:
        return self._spec.check_file(path[len(self._prefix) :]).include


def is_ignored(path: str, rules: tuple[Rules, ...]) -> bool:
    """Whether the rules exclude a path; the path of a folder ends in a slash."""
    # The deepest folder that has an opinion decides, as in git.
    for rule in reversed(rules):
        verdict = rule.check(path)
        if verdict is not None:
            return verdict
    return False


def root_rules(root: Path, extra: tuple[str, ...]) -> tuple[Rules, ...]:
    """The user's own rules, those of the clone, and `extra` ones; the folder's `.gitignore` is added by `with_own_rules`."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config")
    # The user's own file may be a link; only in a workspace none is followed.
    user_file = Path(os.path.realpath(config / "git" / "ignore"))
    sources = (_read_lines(user_file), _read_lines(root / ".git" / "info" / "exclude"), list(extra))
    return tuple(Rules("", lines) for lines in sources if lines)


def _valid_patterns(lines: list[str]) -> Iterator[str]:
    for line in lines:
        # Each star of a pattern is one of a regular expression; many in one part take longer than anybody waits.
        if any(part.replace("**", "").count("*") > _MAX_STARS for part in line.split("/")):
            continue
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue  # git ignores a malformed pattern, too
        yield line


def _read_lines(file: Path) -> list[str]:
    try:
        return read_bytes(file, _MAX_RULES_BYTES).decode("utf-8-sig", errors="replace").split("\n")
    except (OSError, ValueError):
        return []


def _skip_dir(entry: os.DirEntry[str]) -> bool:
    return is_skipped_folder(entry.name, entry.path)


def is_skipped_folder(name: str, path: str | os.PathLike[str]) -> bool:
    """Whether a folder, by its name, never holds the project's own source."""
    if name in _SKIPPED_DIRS or name.endswith((".egg-info", ".dist-info")):
        return True
    return name in _BUILD_DIRS and not os.path.exists(os.path.join(path, "__init__.py"))


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and not _is_junction(entry)
    except OSError:
        return False


def _is_junction(entry: os.DirEntry[str] | Path) -> bool:
    """Whether it is a Windows junction, a link between folders that counts as a folder. (Python 3.12 has a method for it.)"""
    if os.name != "nt":
        return False
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION


def _is_link(folder_path: Path) -> bool:
    try:
        return folder_path.is_symlink() or _is_junction(folder_path)
    except OSError:
        return False


def _home() -> Path:
    try:
        return Path.home().resolve()
    except (OSError, RuntimeError):
        return Path("/")
