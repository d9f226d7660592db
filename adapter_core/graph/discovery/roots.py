"""Source roots: the folders below which imports look for modules, read from configuration files. Nothing is executed.

The workspace folder is one; so are `src` and `lib` at the top or beside a project file, unless they are packages, and what
`pyproject.toml`, `setup.cfg` or the text of `setup.py` declares: setuptools' `package-dir` and `where`, Poetry's `from`, Hatch's and PDM's
folders, uv's module root, pytest's `pythonpath`. Some declare that a folder holds a package of another name.
"""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..parsing.define import dotted
from ..parsing.tree import parse_tree

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_USUAL_ROOTS = ("src", "lib")
PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_CONFIG_FILES = (*PROJECT_FILES, "pytest.ini", "tox.ini")

# A folder, and the package that it contains; "" for a source root.
DeclaredRoot = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SourceRoots:
    """Folders relative to the workspace, without a slash at the end; "" is the workspace itself. `packages`: (folder, dotted name) of
    folders that are a package under a declared name."""

    folders: tuple[str, ...] = ("",)
    packages: tuple[tuple[str, str], ...] = ()

    def module_name(self, path: str) -> str:
        """The dotted name under which a file is imported: relative to the innermost root around it."""
        best, package = "", ""
        for folder in self.folders:
            if len(folder) > len(best) and path.startswith(folder + "/"):
                best = folder
        for folder, name in self.packages:
            if len(folder) >= len(best) and (not folder or path.startswith(folder + "/")):
                best, package = folder, name
        inner = path[len(best) + 1 :] if best else path
        parts = [*([package] if package else []), *inner.rsplit(".", 1)[0].split("/")]
        if len(parts) > 1 and parts[-1] == "__init__":
            parts = parts[:-1]
        elif parts == ["__init__"] and best:
            parts = [best.rpartition("/")[2]]  # a root that is itself a package
        return ".".join(parts)


def source_roots(paths: Iterable[str], read: Any) -> SourceRoots:
    """The roots of a workspace with these files. `read(path)` returns the text of a file, "" where it cannot be read."""
    known_files = set(paths)
    projects = {""} | {p.rpartition("/")[0] for p in known_files if p.rpartition("/")[2] in PROJECT_FILES}
    declared = [
        (_join(project, folder), name)
        for project in sorted(projects)
        for file in (_join(project, name) for name in _CONFIG_FILES)
        if file in known_files
        for folder, name in _declared_roots(file, read(file))
    ]
    roots = {folder for folder, name in declared if not name}
    packages = {folder: name for folder, name in declared if name and folder not in roots}
    usual_folders = projects | {_join(project, name) for project in projects for name in _USUAL_ROOTS}
    existing_folders = _folders_of(known_files)

    def is_package(folder: str) -> bool:
        return _join(folder, "__init__.py") in known_files

    folders = {f for f in roots | (usual_folders - packages.keys()) if f in existing_folders and not is_package(f)}
    # The workspace itself is a package only where it looks like one: everything in it has another name then.
    existing_packages = {f: name for f, name in packages.items() if f in existing_folders or (not f and is_package(f))}
    return SourceRoots(("", *sorted(folders)), tuple(sorted(existing_packages.items())))


def _folders_of(paths: Iterable[str]) -> set[str]:
    """The folders that contain files, directly or not; without the workspace itself."""
    found: set[str] = set()
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in found:
            found.add(path)
    return found


def _join(folder: str, name: str) -> str:
    name = name.strip().strip("/").removeprefix("./")
    if name in (".", ""):
        return folder
    return f"{folder}/{name}" if folder else name


def _declared_roots(file: str, text: str) -> list[DeclaredRoot]:
    if not text:
        return []
    try:
        if file.endswith(".py"):
            found = list(_from_script(text))
        elif file.endswith(".toml"):
            found = list(_from_toml(tomllib.loads(text)))
        else:
            found = list(_from_cfg(text))
    except (ValueError, TypeError, AttributeError, KeyError, configparser.Error, RecursionError):
        return []  # a file that its own tools could not read declares nothing
    return [
        (folder, name)
        for folder_value, name in found
        if (folder := _folder(folder_value)) is not None and _is_name(name)
    ]


def _from_toml(data: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    tool = data.get("tool", {})
    setuptools = tool.get("setuptools", {})
    for name, folder in (setuptools.get("package-dir") or {}).items():
        yield folder, name
    packages = setuptools.get("packages")
    if isinstance(packages, dict):
        yield from _roots((packages.get("find") or {}).get("where"))
    for package in tool.get("poetry", {}).get("packages", []) or []:
        if isinstance(package, dict):
            yield from _roots(package.get("from"))
    yield from _roots(tool.get("pdm", {}).get("build", {}).get("package-dir"))
    yield from _roots(tool.get("uv", {}).get("build-backend", {}).get("module-root"))
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    yield from _roots([p.rpartition("/")[0] for p in wheel.get("packages", []) if isinstance(p, str)])
    sources = wheel.get("sources")
    if isinstance(sources, dict):
        for folder, name in sources.items():
            yield folder, name.strip("/").replace("/", ".")
    else:
        yield from _roots(sources)
    paths = tool.get("pytest", {}).get("ini_options", {}).get("pythonpath")
    yield from _roots(paths.split() if isinstance(paths, str) else paths)


def _from_cfg(text: str) -> Iterator[tuple[Any, Any]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    if parser.has_section("options"):
        for entry in re.split(r"[,\n]", parser.get("options", "package_dir", fallback="")):
            name, equals, folder = entry.partition("=")
            if equals:
                yield folder, name.strip()
    yield from _roots(parser.get("options.packages.find", "where", fallback="").split())
    for section in ("pytest", "tool:pytest"):
        yield from _roots(parser.get(section, "pythonpath", fallback="").split())


def _from_script(text: str) -> Iterator[tuple[Any, Any]]:
    """The literal arguments of `setup` in a setup script."""
    tree = parse_tree(text)
    for call in ast.walk(tree) if tree is not None else ():
        if not isinstance(call, ast.Call):
            continue
        arguments: dict[str | None, ast.expr] = {keyword.arg: keyword.value for keyword in call.keywords}
        called = dotted(call.func).rpartition(".")[2]
        if called == "setup" and isinstance(package_dir := arguments.get("package_dir"), ast.Dict):
            for name, folder in zip(package_dir.keys, package_dir.values, strict=True):
                if isinstance(name, ast.Constant) and isinstance(folder, ast.Constant):
                    yield folder.value, name.value
        elif called in ("find_packages", "find_namespace_packages"):
            where = arguments.get("where", call.args[0] if call.args else None)
            yield from _roots(where.value if isinstance(where, ast.Constant) else None)


def _roots(value: Any) -> list[tuple[Any, str]]:
    """Roots declared as one folder, as several, or not at all."""
    return [(folder, "") for folder in ([value] if isinstance(value, str) else value or [])]


def _folder(value: Any) -> str | None:
    """A folder inside the workspace; None for one outside."""
    folder = value.strip().replace("\\", "/") if isinstance(value, str) else "/"
    return None if folder.startswith("/") or ".." in folder.split("/") or ":" in folder else folder


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and (not name or all(part.isidentifier() for part in name.split(".")))
