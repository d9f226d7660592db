"""What keeps jedi from running anything of a workspace, and from reading anything but Python source in it.

Two layers, neither of which relies on the other. First, the few functions of jedi and parso that import or unpickle are
replaced (`prepare`), and a version of them that lacks one is refused:

- jedi looks for a module with the workspace's folders put on `sys.path` and every finder of `sys.meta_path` asked. One of
  those, setuptools' `_distutils_hack`, imports `setuptools` when it is asked for `distutils`: the workspace's, if it has
  one. Here only the built-in names and the folders themselves are looked at, and `sys.path` stays as it is.
- jedi imports what has no source: a workspace's `antigravity.so` makes it import the `antigravity` that it finds on its
  own path, and so does any extension module of the folders there, which in an editable installation are the workspace's.
  Here only extension modules of the standard library are imported.
- zip archives that the workspace's source puts on `sys.path` would have their byte code unmarshalled.
- parso keeps parsed files as pickles in the user's cache folder.

Second, an audit hook (PEP 578), armed while a question is answered (`guarded`), raises before anything is executed that is
not the standard library, jedi or this package, a process or connection is opened, or a file written; and what lies
outside the workspace and this Python's own folders, a link that leads there, a pipe or a huge file, "does not exist".

What jedi itself leaves alone when it is used as in `jedi_worker`: `.jedi/project.json` is read by `get_default_project`
only, interpreters of virtual environments are started by `Environment` only, and `buildout.cfg` is looked for with
`smart_sys_path` only.
"""

from __future__ import annotations

import errno
import functools
import os
import site
import stat
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader, PathFinder
from pathlib import Path
from typing import Any

_MAX_FILE_BYTES = 4_000_000

_FORBIDDEN = (
    *(
        "subprocess.",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "os.startfile",
        "pty.",
        "os.kill",
    ),
    *(
        "socket.",
        "urllib.",
        "http.",
        "ftplib.",
        "smtplib.",
        "imaplib.",
        "poplib.",
        "telnetlib.",
        "nntplib.",
        "webbrowser.",
    ),
    *("pickle.", "ctypes.", "cpython.run_", "winreg.", "msvcrt.", "syslog.", "sqlite3.", "tempfile.", "shutil."),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"),
    *("os.utime", "os.setxattr", "os.removexattr", "os.putenv", "os.unsetenv", "os.chdir", "os.mkfifo", "os.mknod"),
)
# jedi takes `os.path` for the modules of all systems.
FOREIGN_PATH_MODULE = "posixpath" if os.name == "nt" else "ntpath"

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_INSTALLED = ("site-packages", "dist-packages")


class RefusedError(RuntimeError):
    """jedi was about to do what it must not."""


class _Armed:
    """The workspace that is looked at, and the thread that does; None between questions."""

    thread: int | None = None
    root: str = ""


def prepare() -> None:
    """Replace what imports or unpickles, once in a process. Raises `RuntimeError` with a jedi or parso that is built otherwise."""
    import parso.cache
    from jedi.inference.compiled.subprocess import functions

    _replace(functions, "get_module_info", _module_info)
    _replace(functions, "load_module", _load_compiled)
    for name in ("_load_from_file_system", "_save_to_file_system", "_remove_cache_and_update_lock"):
        _replace(parso.cache, name, lambda *args, **kwargs: None)
    sys.dont_write_bytecode = True
    environment_folders(), _code_folders(), _own_path()  # these must be evaluated before the first question
    sys.addaudithook(_audit)


@contextmanager
def guarded(root: Path) -> Iterator[None]:
    """Answer a question about the workspace `root`, in this thread, under the audit hook."""
    _real_folder.cache_clear()
    _Armed.root = _real(root)
    _Armed.thread = threading.get_ident()
    try:
        yield
    finally:
        _Armed.thread = None


@functools.lru_cache(1)
def environment_folders() -> tuple[str, ...]:
    """Where this Python keeps the standard library and installed packages: outside a workspace, even where they are below it."""
    user = site.getusersitepackages() if site.ENABLE_USER_SITE else ""
    installed: list[str] = getattr(site, "getsitepackages", list)()
    named = [user, *installed, *(sysconfig.get_path(name) for name in ("purelib", "platlib"))]
    return tuple(dict.fromkeys([*(_real(folder) for folder in named if folder), *_standard_library()]))


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; both as `os.path.realpath` gives them."""
    path, folder = os.path.normcase(path), os.path.normcase(folder)
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


# -- what jedi calls -------------------------------------------------------------------------------------------------


def _module_info(
    inference_state: Any,
    sys_path: Iterable[Any] | None = None,
    full_name: str | None = None,
    *,
    string: str,
    path: Iterable[Any] | None = None,
    is_global_search: bool = True,
) -> tuple[Any, bool | None]:
    """In place of `functions.get_module_info`: where the source of a module is. (None, None) where there is no such module."""
    from jedi.inference.compiled.subprocess import functions

    if path is None and string in sys.builtin_module_names:
        return None, False
    if path is None and string == FOREIGN_PATH_MODULE:
        return None, None
    where = [str(folder) for folder in (path if path is not None else sys_path or sys.path)]
    try:
        spec = PathFinder.find_spec(string, [p for p in where if os.path.isdir(p) or p in _own_path()])
        if spec is None:
            return None, None
        if spec.loader is None:
            folders = list(spec.submodule_search_locations or ())
            return functions.ImplicitNSInfo(string if path is None else full_name, folders), True
        if isinstance(spec.loader, ExtensionFileLoader):
            return None, spec.loader.is_package(string)
        return functions._from_loader(spec.loader, string)
    except (ImportError, ValueError):
        return None, None


def _load_compiled(inference_state: Any, dotted_name: str, sys_path: Iterable[Any] | None = None) -> Any:
    """In place of `functions.load_module`: import extension modules of the standard library, and no others."""
    from jedi.inference.compiled import access

    if not _is_compiled_standard(dotted_name):
        return None
    try:
        __import__(dotted_name)
    except ImportError:
        return None
    return access.create_access_path(inference_state, sys.modules[dotted_name])


@functools.lru_cache(256)
def _is_compiled_standard(name: str) -> bool:
    if name in sys.builtin_module_names:
        return True
    if "." in name or name not in sys.stdlib_module_names:
        return False
    spec = PathFinder.find_spec(name, [folder for folder in sys.path if folder and _is_standard(_real(folder))])
    return spec is not None and isinstance(spec.loader, ExtensionFileLoader)


def _replace(module: Any, name: str, replacement: Any) -> None:
    if not callable(getattr(module, name, None)):
        raise RuntimeError(f"{module.__name__} has no {name}: this version cannot be kept from running code")
    setattr(module, name, replacement)


# -- the audit hook --------------------------------------------------------------------------------------------------


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _Armed.thread is None or _Armed.thread != threading.get_ident():
        return
    if event == "open":
        _check_open(*args[:3])
    elif event in ("os.listdir", "os.scandir"):
        if args[0] is not None and not isinstance(args[0], int):
            _check_readable(_real(os.fsdecode(args[0])))
    elif event == "exec":
        _check_code(getattr(args[0], "co_filename", ""))
    elif event == "import":
        if args[1]:  # an extension module's file
            _check_code(os.fsdecode(args[1]))
    elif event.startswith(_FORBIDDEN):
        raise RefusedError(f"jedi was stopped before {event}")


def _check_open(path: Any, mode: Any, flags: Any) -> None:
    if isinstance(path, int):
        return
    if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
        raise RefusedError("jedi was stopped before it wrote a file")
    real = _real(os.fsdecode(path))
    _check_readable(real)
    try:
        found = os.stat(real)
    except OSError:
        return  # `open` reports what is wrong with it
    if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_FILE_BYTES:
        raise _missing(real)


def _check_readable(real: str) -> None:
    if not any(is_below(real, folder) for folder in (_Armed.root, *_own_path())):
        raise _missing(real)


def _check_code(file: str) -> None:
    """Raise for code that is not of the standard library, jedi, parso or this package. `<string>` is what those make."""
    if file and not file.startswith("<"):
        real = _real(file)
        if not _is_standard(real) and not any(is_below(real, folder) for folder in _code_folders()):
            raise RefusedError(f"jedi was stopped before {os.path.basename(file)} ran")


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "not for jedi", path)


# -- folders ---------------------------------------------------------------------------------------------------------


def _is_standard(real: str) -> bool:
    for folder in _standard_library():
        if is_below(real, folder):
            return not any(part in _INSTALLED for part in real[len(folder) :].split(os.sep))
    return False


@functools.lru_cache(1)
def _standard_library() -> tuple[str, ...]:
    named = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__)]
    named += [sysconfig.get_config_var("DESTSHARED"), os.path.join(sys.base_prefix, "DLLs")]
    return tuple(dict.fromkeys(_real(folder) for folder in named if folder))


@functools.lru_cache(1)
def _code_folders() -> tuple[str, ...]:
    import jedi
    import parso

    return tuple(_real(os.path.dirname(file)) for file in (jedi.__file__, parso.__file__, os.path.dirname(__file__)))


@functools.lru_cache(1)
def _own_path() -> tuple[str, ...]:
    """What this process imports from, as named and as it really is: it may be read, and archives among it may be looked into."""
    named = [entry for entry in sys.path if entry]
    return tuple(dict.fromkeys([*named, *map(_real, named), *environment_folders(), *_code_folders()]))


def _real(path: str | os.PathLike[str]) -> str:
    """Where a path leads. Folders are looked up once in a question."""
    folder, name = os.path.split(os.path.abspath(path))
    joined = os.path.join(_real_folder(folder), name)
    return os.path.realpath(joined) if os.path.islink(joined) else joined


@functools.lru_cache(4096)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


__all__ = ["FOREIGN_PATH_MODULE", "RefusedError", "environment_folders", "guarded", "is_below", "prepare"]
