"""Source roots: below which folders imports look for modules, read from the files that say so. Nothing is executed.

The workspace's own folder is one; `src` and `lib` at the top or beside a project's file are, unless they are packages; so is what
`pyproject.toml` or `setup.cfg` name: setuptools' `package-dir` and `where`, Poetry's `from`, Hatch's and PDM's folders, uv's module
root, pytest's `pythonpath`.
"""

from __future__ import annotations

import configparser
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_USUAL = ("src", "lib")
PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


@dataclass(frozen=True, slots=True)
class SourceRoots:
    """Folders relative to the workspace, without slashes at their ends; "" is the workspace itself."""

    folders: tuple[str, ...] = ("",)

    def module_name(self, path: str) -> str:
        """The dotted name under which a file is imported: relative to the innermost root around it."""
        best = ""
        for folder in self.folders:
            if len(folder) > len(best) and path.startswith(folder + "/"):
                best = folder
        inner = path[len(best) + 1 :] if best else path
        parts = inner.rsplit(".", 1)[0].split("/")
        if len(parts) > 1 and parts[-1] == "__init__":
            parts = parts[:-1]
        elif parts == ["__init__"] and best:
            parts = [best.rpartition("/")[2]]  # a root that is itself a package
        return ".".join(parts)


def source_roots(paths: Iterable[str], read: Any) -> SourceRoots:
    """The roots of a workspace with these files. `read(path)` gives a file's text, "" where it cannot be read."""
    every = set(paths)
    folders: dict[str, None] = {"": None}
    projects = {""} | {p.rpartition("/")[0] for p in every if p.rpartition("/")[2] in PROJECT_FILES}
    top = {p.partition("/")[0] for p in every if "/" in p}
    for project in sorted(projects):
        named = [
            f
            for name in ("pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini")
            if (f := _join(project, name)) in every
        ]
        told = [folder for file in named for folder in _told(file, read(file))]
        for folder in [*told, *_USUAL]:
            full = _join(project, folder)
            usual_top = not project and folder in top
            if (
                full
                and (usual_top or any(p.startswith(full + "/") for p in every))
                and _join(full, "__init__.py") not in every
            ):
                folders[full] = None
        if project and _join(project, "__init__.py") not in every:
            folders[project] = None
    return SourceRoots(tuple(sorted(folders)))


def _join(folder: str, name: str) -> str:
    name = name.strip().strip("/").removeprefix("./")
    if name in (".", ""):
        return folder
    return f"{folder}/{name}" if folder else name


def _told(file: str, text: str) -> list[str]:
    if not text:
        return []
    try:
        return _from_toml(_toml(text)) if file.endswith(".toml") else _from_cfg(text)
    except (ValueError, TypeError, AttributeError, KeyError, configparser.Error, RecursionError):
        return []  # a file that its own tools could not read tells nothing


def _toml(text: str) -> dict[str, Any]:
    if sys.version_info < (3, 11):
        return _toml_by_lines(text)
    import tomllib  # type: ignore[import-not-found,unused-ignore]

    return tomllib.loads(text)


_LINE = re.compile(r"([\w.\"'-]+)\s*=\s*(.+)")


def _toml_by_lines(text: str) -> dict[str, Any]:
    """Tables and one-line strings, lists and inline tables: enough for the few settings read here."""
    result: dict[str, Any] = {}
    table = result
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("["):
            table = result
            for part in line.strip("[] ").split("."):
                following = table.setdefault(part.strip("\"' "), {})
                if not isinstance(following, dict):
                    break
                table = following
        elif match := _LINE.match(line):
            key = match[1].strip("\"'")
            strings = re.findall(r"\"([^\"]*)\"|'([^']*)'", match[2])
            values = [a or b for a, b in strings]
            if match[2].startswith("{"):
                table[key] = dict(zip(values[::2], values[1::2], strict=False)) or {"": values[0] if values else ""}
            elif match[2].startswith("["):
                table[key] = values
            elif values:
                table[key] = values[0]
    return result


def _from_toml(data: dict[str, Any]) -> list[str]:
    tool = data.get("tool", {})
    found: list[Any] = []
    setuptools = tool.get("setuptools", {})
    found.append((setuptools.get("package-dir") or {}).get(""))  # a folder given to one package is no root of modules
    packages = setuptools.get("packages")
    if isinstance(packages, dict):
        where = (packages.get("find") or {}).get("where", [])
        found += [where] if isinstance(where, str) else where
    for package in tool.get("poetry", {}).get("packages", []) or []:
        if isinstance(package, dict) and package.get("from"):
            found.append(package["from"])
    found.append(tool.get("pdm", {}).get("build", {}).get("package-dir"))
    found.append(tool.get("uv", {}).get("build-backend", {}).get("module-root"))
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    found += [p.rpartition("/")[0] for p in wheel.get("packages", []) if isinstance(p, str)]
    found += (wheel.get("sources") or []) if isinstance(wheel.get("sources"), list) else []
    paths = tool.get("pytest", {}).get("ini_options", {}).get("pythonpath", [])
    found += paths.split() if isinstance(paths, str) else paths
    return _folders(found)


def _from_cfg(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    found: list[Any] = []
    if parser.has_section("options"):
        for line in parser.get("options", "package_dir", fallback="").split("\n"):
            key, given, folder = line.partition("=")
            found.append(folder if given and not key.strip() else "")
    found += parser.get("options.packages.find", "where", fallback="").split()
    for section in ("pytest", "tool:pytest"):
        found += parser.get(section, "pythonpath", fallback="").split()
    return _folders(found)


def _folders(found: Iterable[Any]) -> list[str]:
    """Folders inside the workspace; what leads out of it is nobody's source root."""
    kept = [f.strip().replace("\\", "/") for f in found if isinstance(f, str)]
    return [f for f in kept if f and not f.startswith(("/", "..")) and ".." not in f.split("/") and ":" not in f]
