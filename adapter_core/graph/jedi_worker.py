"""The process that runs jedi. Nothing that the workspace holds or names is imported, executed or unpickled here.

What jedi 0.20.1 could run, and why it does not:
- It imports compiled modules to look into them, but from the interpreter's own path alone
  (`load_unsafe_extensions=False`); the workspace is only on the project's path, where source is parsed.
- `.jedi/project.json` is read by `get_default_project` only; a project is always given.
- A virtual environment's interpreter is started by `Environment` only; `InterpreterEnvironment` stays in this process.
- `buildout.cfg` and its scripts are looked for with `smart_sys_path` only.
- parso keeps parsed files as pickles in the user's cache; both sides of that are switched off below.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from .children import ParentPipe

# Folders below a root where projects keep their packages.
_SOURCE_DIRS = ("", "src", "lib", "python")
_MAX_DEFINITIONS = 8


def main() -> int:
    pipe = ParentPipe()
    warnings.simplefilter("ignore")
    _without_pickles()
    _warm_up()
    pipe.send({"ready": True})
    while True:
        request = pipe.receive()
        if request is not None:
            pipe.send(_answer(request))


def _without_pickles() -> None:
    """Keep parso's cache in memory: it would read, and write, pickled trees on disk."""
    import parso.cache

    parso.cache._load_from_file_system = lambda *args, **kwargs: None
    parso.cache._save_to_file_system = lambda *args, **kwargs: None
    parso.cache._remove_cache_and_update_lock = lambda *args, **kwargs: None


def _warm_up() -> None:
    """Parse the stubs of the built-in types once, before the clock of a question runs."""
    import jedi

    script = jedi.Script("x = ''\nx", environment=jedi.InterpreterEnvironment(), project=_project(Path(os.getcwd())))
    script.infer(2, 0)


def _project(root: Path) -> Any:
    import jedi

    own = [str(root / folder) if folder else str(root) for folder in _SOURCE_DIRS if (root / folder).is_dir()]
    return jedi.Project(
        root,
        load_unsafe_extensions=False,
        smart_sys_path=False,
        sys_path=[*own, *(entry for entry in sys.path if entry)],
    )


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    number = request.get("id")
    try:
        found = _definitions(
            Path(request["root"]), request["path"], request["text"], int(request["line"]), int(request["column"])
        )
    except Exception as error:  # noqa: BLE001 - jedi raises of every kind on odd code; the question fails, not the worker
        return {"id": number, "error": f"{type(error).__name__}: {error}"[:300], "definitions": []}
    return {"id": number, "definitions": found}


def _definitions(root: Path, path: str, text: str, line: int, column: int) -> list[list[Any]]:
    """[path, line, column, name] of the definitions inside the root: where the name leads, else what its value is."""
    import jedi

    script = jedi.Script(text, path=root / path, environment=jedi.InterpreterEnvironment(), project=_project(root))
    names = script.goto(line, column, follow_imports=True) or []
    rows = _rows(root, path, names)
    if not rows or _is_local(names):
        # The name is a local variable or a parameter: its type is more telling than the place of its assignment.
        rows = _rows(root, path, script.infer(line, column)) or rows
    return rows[:_MAX_DEFINITIONS]


def _is_local(names: list[Any]) -> bool:
    return all(name.type in ("statement", "param") for name in names)


def _rows(root: Path, path: str, names: list[Any]) -> list[list[Any]]:
    rows = []
    for name in names:
        place = name.module_path
        if place is None or name.line is None:
            continue
        try:
            relative = Path(os.path.realpath(place)).relative_to(os.path.realpath(root)).as_posix()
        except (OSError, ValueError):
            continue
        rows.append([relative, name.line, name.column, name.name])
    return rows


__all__ = ["main"]
