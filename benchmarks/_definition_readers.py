"""The classes and functions that each tool sees: Pathline, universal-ctags, griffe, jedi."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _common import ROOT
from _written_definitions import Definition, Text

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.discovery.discover import discover

GRIFFE = "griffe==2.4.1"
CTAGS_MISSING = """\
There is no universal-ctags on PATH, so Pathline is compared with the others only. To get it:
  Debian, Ubuntu: apt-get install universal-ctags     macOS: brew install universal-ctags     Windows: scoop install universal-ctags"""
SUFFIXES = (".py", ".pyi")
KINDS = {"class": "class", "function": "function", "method": "function", "property": "function"}


def source_files(root: Path) -> list[str]:
    return sorted(f.relative_to(root).as_posix() for f in root.rglob("*") if f.suffix in SUFFIXES and f.is_file())


@dataclass
class Seen:
    """What one tool reports of a folder. `refused`: files that it could not read, with its reason."""

    definitions: set[Definition]
    refused: dict[str, str] = field(default_factory=dict)


def pathline(root: Path) -> Seen:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PATHLINE_CACHE_DIR"] = cache
        with CodeGraph.load_or_build(root, rebuild=True) as graph:
            # Of indexed files only: `defs_in` would also parse a file that the index leaves out.
            rows = graph.store.files()
            why = {problem.path: problem.reason for problem in discover(root).skipped}
            left_out = set(source_files(root)) - {row.path for row in rows}
            return Seen(
                {
                    Definition(row.path, ref.symbol.name_line, ref.symbol.name, KINDS[ref.symbol.kind])
                    for row in rows
                    for ref in graph.defs_in(row.path)
                    if row.path.endswith(SUFFIXES) and ref.symbol.kind in KINDS
                },
                {path: why.get(path, "no reason given") for path in left_out},
            )


def ctags_command() -> list[str] | None:
    """How to get definitions as JSON lines of the files named on standard input; None where there is no universal-ctags."""
    program = next((p for n in ("ctags", "universal-ctags") if (p := shutil.which(n)) and _is_universal(p)), None)
    if program is None:
        return None
    return [
        program, "--options=NONE", "--languages=Python", "--language-force=Python", "--kinds-Python=cfm",
        "--output-format=json", "--fields=+nK", "--sort=no", "-f", "-", "-L", "-",
    ]  # fmt: skip


def _is_universal(program: str) -> bool:
    # macOS and Emacs bring programs of the same name that know none of these options.
    return b"Universal Ctags" in subprocess.run([program, "--version"], capture_output=True, check=False).stdout


def ctags(root: Path, files: Sequence[str]) -> Seen | None:
    command = ctags_command()
    if command is None:
        return None
    done = subprocess.run(command, input="\n".join(files).encode(), cwd=root, capture_output=True, check=True)
    tags = [json.loads(line) for line in done.stdout.split(b"\n") if line.strip()]
    return Seen(
        {
            Definition(tag["path"], tag["line"], tag["name"], "class" if tag["kind"] == "class" else "function")
            for tag in tags
            if tag["_type"] == "tag"
        }
    )


# Both children print [[[path, line, name, kind], …], {path: why it was refused}].
_CHILD = """
import json, os, pathlib, sys, tokenize
found, refused = [], {}
def run(files, read):
    for path in files:
        try:
            with tokenize.open(path) as file:
                text = file.read()
            found.extend([path, *row] for row in read(path, text))
        except Exception as error:
            refused[path] = f"{type(error).__name__}: {error}"
    json.dump([found, refused], sys.stdout)
"""
# griffe keeps overloads and the setter of a property beside the member. It visits the body of one function only, `__init__`.
GRIFFE_CODE = (
    _CHILD
    + """
import griffe
def functions(function):
    yield [function.lineno, function.name, "function"]
    for overload in function.overloads or ():
        yield from functions(overload)
    yield from members(function)
def members(owner):
    for overloads in getattr(owner, "overloads", {}).values() if owner.is_module or owner.is_class else ():
        for function in overloads:
            yield from functions(function)
    for member in owner.members.values():
        if member.is_alias:
            continue
        if member.is_class:
            yield [member.lineno, member.name, "class"]
            yield from members(member)
        elif member.is_function:
            yield from functions(member)
        elif "property" in member.labels:
            yield [member.lineno, member.name, "function"]
            for function in (member.setter, member.deleter):
                if function is not None:
                    yield from functions(function)
extensions = griffe.load_extensions()
def visit(path, text):
    return list(members(griffe.visit(pathlib.Path(path).stem, pathlib.Path(path), text, extensions=extensions)))
run(json.load(sys.stdin), visit)
"""
)
# `Name.type` would follow an import to the file it names; the definition of the name in this file is what is asked here.
# No path is given, so that jedi keeps no tree and writes none into its cache.
JEDI_CODE = (
    _CHILD
    + """
import jedi
environment = jedi.InterpreterEnvironment()
def names(path, text):
    for name in jedi.Script(text, environment=environment).get_names(all_scopes=True, definitions=True, references=False):
        node = name._name.tree_name.get_definition()
        if node is not None and node.type in ("classdef", "funcdef"):
            yield [name.line, name.name, "class" if node.type == "classdef" else "function"]
run(json.load(sys.stdin), names)
"""
)


def child(python: Path, code: str, root: Path, files: Sequence[str]) -> Seen:
    """Run one of the readers above, isolated from the folder that it reads."""
    done = subprocess.run(
        [str(python), "-I", "-W", "ignore", "-c", code],
        input=json.dumps(list(files)).encode(), cwd=root, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    rows, refused = json.loads(done.stdout)
    return Seen({Definition(*row) for row in rows}, refused)


def griffe(python: Path, root: Path, files: Sequence[str], texts: dict[str, Text]) -> Seen:
    """griffe reports the line of the first decorator, not of the name: the next definition from there on is matched."""
    seen = child(python, GRIFFE_CODE, root, files)
    lines = {path: sorted((w.line, w.name, w.kind) for w in text.definitions.values()) for path, text in texts.items()}

    def of_name(d: Definition) -> Definition:
        line, name, kind = next((w for w in lines[d.path] if w[0] >= d.line), (d.line, d.name, d.kind))
        return d._replace(line=line) if (name, kind) == (d.name, d.kind) else d

    return Seen({of_name(d) for d in seen.definitions}, seen.refused)


def environment(name: str, *requirements: str, below: Path = ROOT / ".setup" / "bench") -> Path:
    """The interpreter of an environment `below` a folder that holds `requirements`; made where it is missing."""
    folder = below / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / ".requirements"
    expected_stamp = f"{sys.version_info[:2]} {' '.join(requirements)}"
    if not (stamp.exists() and stamp.read_text("utf-8") == expected_stamp):
        print(f"Installing {', '.join(requirements)} into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True)
        stamp.write_text(expected_stamp, "utf-8")
    return python
