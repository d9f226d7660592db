"""The commands by which a project runs its tests: targets of its `Makefile`, environments of `tox.ini`, sessions of `noxfile.py`, and the
scripts that `pyproject.toml` gives hatch, poe, pdm and the like."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....graph.outline import outline_of
from ....graph.source import MAKEFILES
from ...inert import printable

_MAX_STEPS, _MAX_STEP = 4, 200
_RUNS_TESTS = re.compile(
    r"(?:^|[\s/({\"'])(?:pytest|py\.test|unittest|nosetests|nose2|trial|stestr|zope-testrunner|tox|nox|ward|coverage run)\b|"
    r"\brun_?tests?\b|\bsetup\.py test\b|\btests?\.py\b|\bmanage\.py test\b|\bscripts/test\b",
)
_INSTALLS = re.compile(r"\b(?:pip|install|uv add|apt(?:-get)?)\b")
_SECTION = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]\s*(?:#.*)?\Z")
_TOX_SECTION = re.compile(r"testenv(?::(?P<name>[\w.,{}-]+))?\Z")
_COMMANDS = re.compile(r"commands\s*=(?P<rest>.*)")
_TARGET = re.compile(r"(?P<name>[A-Za-z0-9][\w./-]*)(?: +[\w./-]+)*\s*::?(?!=)(?P<rest>.*)")
_SCRIPT = re.compile(
    r"\s*[\"']?(?P<name>[\w:.-]+)[\"']?\s*=\s*(?:\{[^{}]*\b(?:cmd|shell)\s*=\s*)?(?P<quote>[\"'])(?P<command>[^\"']+)(?P=quote)"
)
# Sections of `pyproject.toml` with scripts, and how one of them is run.
_SCRIPT_SECTIONS = (
    (re.compile(r"tool\.hatch\.envs\.default\.scripts\Z"), "hatch run {name}"),
    (re.compile(r"tool\.hatch\.envs\.(?P<env>[\w-]+)\.scripts\Z"), "hatch run {env}:{name}"),
    (re.compile(r"tool\.poe\.tasks\Z"), "poe {name}"),
    (re.compile(r"tool\.pdm\.scripts\Z"), "pdm run {name}"),
    (re.compile(r"tool\.taskipy\.tasks\Z"), "task {name}"),
    (re.compile(r"tool\.rye\.scripts\Z"), "rye run {name}"),
    (re.compile(r"tool\.pixi\.(?:feature\.[\w-]+\.)?tasks\Z"), "pixi run {name}"),
)


@dataclass(frozen=True, slots=True)
class TestCommand:
    """`run`: what one types; `name`: of the target, environment, session or script ("" for the default environment); `steps`: what it runs,
    as written on `lines` of the file `path`; `start`: the line where it is declared; `remark`: what is written beside it there."""

    __test__ = False  # for pytest, which takes it for a test class

    run: str
    name: str
    path: str
    start: int
    steps: tuple[str, ...]
    lines: tuple[int, ...]
    remark: str = ""


def test_commands(graph: CodeGraph) -> list[TestCommand]:
    """The commands of the root folder that run tests, in the order of the files."""
    found: list[TestCommand] = []
    for path, read in ((*((name, _targets) for name in MAKEFILES), ("tox.ini", _environments), ("noxfile.py", _sessions),
                       ("pyproject.toml", _scripts))):  # fmt: skip
        document = graph.document(path) if graph.view.row(path) is not None else None
        found += read(path, document.lines) if document is not None else ()
    return [c for c in found if any(_RUNS_TESTS.search(step) and not _INSTALLS.search(step) for step in c.steps)]


test_commands.__test__ = False  # type: ignore[attr-defined]


def _command(
    run: str, name: str, path: str, start: int, shown: Sequence[tuple[int, str]], remark: str = ""
) -> Iterator[TestCommand]:
    """One command, if what it runs can be quoted."""
    steps = [(number, printable(text)) for number, text in shown if text.strip()]
    if steps and len(steps) <= _MAX_STEPS and not any("`" in text or len(text) > _MAX_STEP for _, text in steps):
        yield TestCommand(run, name, path, start, tuple(t for _, t in steps), tuple(n for n, _ in steps), remark)


def _targets(path: str, lines: list[str]) -> Iterator[TestCommand]:
    for number, line in enumerate(lines, 1):
        target = _TARGET.match(line)
        if target is None:
            continue
        shown: list[tuple[int, str]] = []
        for below in range(number + 1, len(lines) + 1):
            if not lines[below - 1].startswith("\t"):
                break
            text = lines[below - 1].strip().lstrip("@-+ ")
            shown.append((below, "" if text.startswith("#") else text))
        yield from _command(
            f"make {target['name']}", target["name"], path, number, shown, target["rest"].partition("#")[2].strip("# ")
        )


def _environments(path: str, lines: list[str]) -> Iterator[TestCommand]:
    name: str | None = None
    start = 0
    for number, line in enumerate(lines, 1):
        if header := _SECTION.match(line):
            section = _TOX_SECTION.match(header["name"].strip())
            name, start = (section["name"] or "" if section else None), number
        elif name is not None and (commands := _COMMANDS.match(line)):
            shown = [(number, commands["rest"].strip())]
            for below in range(number + 1, len(lines) + 1):
                text = lines[below - 1]
                if text.strip() and not text[0].isspace():
                    break
                shown.append((below, "" if text.lstrip().startswith(("#", ";")) else text.strip()))
            yield from _command(f"tox -e {name}" if name else "tox", name, path, start, shown)


def _sessions(path: str, lines: list[str]) -> Iterator[TestCommand]:
    tree = outline_of("\n".join(lines) + "\n").tree
    for node in tree.body if tree is not None else ():
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        if not any("session" in (getattr(m, "attr", ""), getattr(m, "id", "")) for m in marks):
            continue
        given = [k.value for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords if k.arg == "name"]
        name = next((str(v.value) for v in given if isinstance(v, ast.Constant)), node.name)
        calls = [
            n for n in ast.walk(node)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "run"
        ]  # fmt: skip
        shown = sorted((c.lineno, " ".join(line.strip() for line in lines[c.lineno - 1 : c.end_lineno])) for c in calls)
        yield from _command(f"nox -s {name}", name, path, node.lineno, shown, (ast.get_docstring(node) or ""))


def _scripts(path: str, lines: list[str]) -> Iterator[TestCommand]:
    section = ""
    for number, line in enumerate(lines, 1):
        if header := _SECTION.match(line):
            section = header["name"].strip()
        elif script := _SCRIPT.match(line):
            for pattern, form in _SCRIPT_SECTIONS:
                if (match := pattern.match(section)) is not None:
                    run = form.format(name=script["name"], **match.groupdict())
                    yield from _command(run, script["name"], path, number, [(number, script["command"])])
                    break
