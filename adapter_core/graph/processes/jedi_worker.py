"""The process that runs jedi: what is known about the name at one position, as plain JSON.

Nothing of the workspace is imported, executed or unpickled here (`jedi_guard`). A question that takes too long, or too much memory, ends
the process; the parent starts another.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil

from .children import ParentPipe, end_process
from .jedi_guard import FOREIGN_PATH_MODULE, environment_folders, guarded, is_below, prepare

T = TypeVar("T")

_MAX_ROWS = 8
_MAX_TYPES = 6
_MAX_TEXT = 300
# What nearly every question needs, loaded in small steps while idle.
_WARM_UP = ("import types", "import typing", "import collections.abc", "import typing_extensions", "''.strip", "{}.get")
_IDLE_SECONDS = 0.3
# Above this many bytes in use, syntax trees of files are forgotten.
_TIDY_BYTES = 500_000_000

Request = dict[str, Any]
Row = dict[str, Any]


def main() -> int:
    pipe = ParentPipe()
    warnings.simplefilter("ignore")
    prepare()
    _one_os_path()
    _read_ahead("''")
    pipe.send({"ready": True})
    warm_up = list(_WARM_UP)
    while True:
        request = pipe.receive(_IDLE_SECONDS if warm_up else None)
        if request is None:
            _read_ahead(warm_up.pop(0))
            continue
        with _ended_after(float(request.get("seconds") or 5.0)):
            answer = _answer(request, pipe.send)
        pipe.send(answer)
        if answer.get("spent"):
            end_process()
        _tidy()


def _answer(request: Request, send: Callable[[Row], None]) -> Row:
    """The last message about a question. What comes before the types is sent as `partial` when it is known."""
    number = request.get("id")
    try:
        _limit_memory(int(request.get("memory") or 0))
        root = Path(request["root"])
        with guarded(root), _own_text(root / request["path"], request["text"]):
            found = _inspect(request, lambda rows: send({"id": number, "partial": True, **rows}))
    except MemoryError:
        return {"id": number, "error": "it took too much memory", "spent": True}
    except RecursionError:
        return {"id": number, "error": "the code is nested too deeply"}
    except Exception as error:  # noqa: BLE001 - jedi raises of every kind on odd code; the question fails, not the worker
        return {"id": number, "error": f"{type(error).__name__}: {error}"[:_MAX_TEXT]}
    return {"id": number, **found}


def _inspect(request: Request, on_places: Callable[[Row], None]) -> Row:
    """`definitions`, `outside` and `type` of what stands at a position, as `resolve.Inspection` has them."""
    import jedi

    root, path = Path(request["root"]), str(request["path"])
    script = jedi.Script(
        request["text"],
        path=root / path,
        environment=jedi.InterpreterEnvironment(),
        project=_project(root, _import_folders(root, path, request.get("folders") or ())),
    )
    line, column = int(request["line"]), int(request["column"])
    places = _Places(root)
    names = places.sorted(script.goto(line, column, follow_imports=True))
    inside, outside = places.inside(names), places.outside(names)
    # Of a variable or a parameter of the workspace, the type is more telling than the place of its assignment.
    is_resolved = bool(outside) or any(name.type not in ("statement", "param") for name in names if inside)
    if is_resolved:
        on_places({"definitions": inside, "outside": outside})
    values = places.sorted(script.infer(line, column))
    if not is_resolved:
        inside, outside = places.inside(values) or inside, places.outside(values)
    return {"definitions": inside, "outside": outside, "type": _types(values)}


def _project(root: Path, folders: list[str]) -> Any:
    import jedi

    return jedi.Project(
        root,
        load_unsafe_extensions=False,
        smart_sys_path=False,
        sys_path=[*folders, *(entry for entry in sys.path if entry)],
    )


def _import_folders(root: Path, path: str, folders: list[str] | tuple[str, ...]) -> list[str]:
    """Where the workspace's imports are looked up: its source roots, then beside a file that is in no package."""
    beside = (root / path).parent
    found = [root / folder if folder else root for folder in folders]
    if not (beside / "__init__.py").exists():
        found.append(beside)
    return [str(folder) for folder in dict.fromkeys(found) if folder.is_dir()]


# -- what jedi found, as plain values --------------------------------------------------------------------------------


class _Places:
    """Which of jedi's names are defined in the workspace, and which outside."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        below = [folder for folder in environment_folders() if is_below(folder, self._root) and folder != self._root]
        self._foreign = tuple(below)  # an environment inside the workspace is none of its code

    def sorted(self, names: list[Any]) -> list[Any]:
        """In an order that is the same each time; jedi's is that of a set."""
        return sorted(names or [], key=lambda n: (str(n.module_path or ""), n.line or 0, n.column or 0, n.name or ""))

    def inside(self, names: list[Any]) -> list[Row]:
        found = []
        for name in names:
            relative = self._relative(name)
            if relative is not None and name.line is not None:
                found.append({"path": relative, "line": name.line, "column": name.column, "name": name.name})
        return found[:_MAX_ROWS]

    def outside(self, names: list[Any]) -> list[Row]:
        found: dict[tuple[Any, ...], Row] = {}
        for name in names:
            full = _told(lambda name=name: name.full_name, None)  # type: ignore[misc]
            if full and self._relative(name) is None and name.type != "namespace":
                row = _external(name, full)
                found.setdefault((full, row["kind"]), row)
        return list(found.values())[:_MAX_ROWS]

    def _relative(self, name: Any) -> str | None:
        if name.module_path is None:
            return None
        real = os.path.realpath(name.module_path)
        if not is_below(real, self._root) or any(is_below(real, folder) for folder in self._foreign):
            return None
        return Path(real).relative_to(self._root).as_posix()


def _external(name: Any, full_name: str) -> Row:
    """A definition outside the workspace, without a path of this machine."""
    file, in_stubs = _shown_file(name.module_path)
    compiled = in_stubs or _told(name.in_builtin_module, False)
    return {
        "full_name": full_name,
        "module": _told(lambda: name.module_name, "") or "",
        "kind": name.type,
        "file": file,
        "line": None if compiled else name.line,
        "doc": _first_line(_told(lambda: name.docstring(raw=True, fast=False), "")),
        "signature": _signature(name),
    }


def _shown_file(path: Path | None) -> tuple[str, bool]:
    """A file relative to the folder it is imported from, and whether it is one of jedi's own stubs."""
    from jedi.inference.gradual.typeshed import TYPESHED_PATH

    if path is None:
        return "", False
    real = os.path.realpath(path)
    stubs = os.path.realpath(TYPESHED_PATH)
    if is_below(real, stubs):
        return Path(real).relative_to(stubs).as_posix().partition("/")[2], True
    folders = [os.path.realpath(entry) for entry in sys.path if entry]
    around = max((folder for folder in folders if is_below(real, folder)), key=len, default=os.path.dirname(real))
    return Path(real).relative_to(around).as_posix(), False


def _signature(name: Any) -> str:
    if name.type in ("module", "param", "instance"):
        return ""
    found: list[Any] = _told(name.get_signatures, [])
    return _cut(_told(found[0].to_string, "")) if found else ""


def _first_line(text: str) -> str:
    return next((_cut(line) for line in text.strip().split("\n") if line.strip()), "")


def _types(values: list[Any]) -> str:
    """`str`, `list[int] | None`, `flask.app.Flask`, `type[pathlib.Path]`, `module os`, `function`."""
    found = dict.fromkeys(filter(None, map(_type, values)))
    named = sorted(found, key=lambda text: (text == "None", text))
    return _cut(" | ".join(named[:_MAX_TYPES] + ["…"] * (len(named) > _MAX_TYPES)))


def _type(value: Any) -> str:
    name = str(_told(lambda: value.full_name, None) or value.name or "").removeprefix("builtins.")
    if value.type == "module":
        return f"module {name}"
    if value.type == "class":
        return f"type[{name}]"
    if value.type != "instance":
        return str(value.type)
    if name == "NoneType":
        return "None"
    # jedi writes `List[int]`, and classes without their modules.
    arguments = re.fullmatch(r"[\w.]+(\[.+\])", _told(value.get_type_hint, "") or "", re.DOTALL)
    return name + re.sub(r"\b(?:List|Dict|Tuple|Set|FrozenSet|Type)(?=\[)", _lower, arguments[1] if arguments else "")


def _lower(match: re.Match[str]) -> str:
    return match[0].lower()


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _told(ask: Callable[[], T], otherwise: T) -> T:
    """One detail, which is left out where jedi fails to tell it."""
    try:
        return ask()
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - as in `_answer`
        return otherwise


# -- limits and caches -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End this process after a time, whatever it is busy with: the thread that does it needs no interpreter lock."""
    with open(os.devnull, "w") as null:
        faulthandler.dump_traceback_later(seconds, exit=True, file=null)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _limit_memory(size: int) -> None:
    """On Linux, let allocations above a size fail. Elsewhere the parent watches."""
    if sys.platform == "linux" and size:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


# The unsaved text of the last question: its path, the text, and parso's entry for it under its grammar's key.
_last: tuple[Path, str, str, Any] | None = None


@contextlib.contextmanager
def _own_text(path: Path, text: str) -> Iterator[None]:
    """Keep the tree of an editor's text from being taken for that of the file, which other files are analysed with.

    parso keeps both under the path. Here the file's is put back afterwards, and the text's is used again for the same text.
    """
    global _last
    from parso.cache import parser_cache

    of_file = {key: entries.pop(path) for key, entries in parser_cache.items() if path in entries}
    if _last is not None and _last[:2] == (path, text):
        parser_cache.setdefault(_last[2], {})[path] = _last[3]
    try:
        yield
    finally:
        for key, entries in parser_cache.items():
            if path in entries:
                _last = (path, text, key, entries.pop(path))
        for key, entry in of_file.items():
            parser_cache.setdefault(key, {})[path] = entry


def _tidy() -> None:
    if psutil.Process().memory_info().rss > _TIDY_BYTES:
        from parso.cache import parser_cache

        parser_cache.clear()
        gc.collect()


def _one_os_path() -> None:
    """The stub of `os.path` takes everything from that of `ntpath`, if there is one: jedi reads no `sys.platform`."""
    import jedi
    from jedi.inference.gradual import typeshed

    typeshed._cache_stub_file_map(jedi.InterpreterEnvironment().version_info).pop(FOREIGN_PATH_MODULE, None)


def _read_ahead(code: str) -> None:
    """Infer something, for the sake of the stubs that are parsed for it: those of the built-in types take a second."""
    import jedi

    script = jedi.Script(code, environment=jedi.InterpreterEnvironment(), project=_project(Path(os.getcwd()), []))
    script.infer()


__all__ = ["main"]
