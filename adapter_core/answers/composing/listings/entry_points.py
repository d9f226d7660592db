"""Where a program begins, where a question asks for its entry points: the scripts that `pyproject.toml` names, and `__main__` modules."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from ....code_graph import CodeGraph, is_test_path
from ...inert import code, prose
from ..candidate import Candidate, definition_span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ASKED = re.compile(
    r"\b(?:entry[- ]?points?|console scripts?|main function|main module)\b|"
    r"\bwhere (?:does|do) (?:the |this )?(?:program|app|application|cli|execution|command line|it|everything) (?:start|begin)s?\b",
    re.I,
)
_MAX_CHARS = 300
_SECTION = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]\s*(?:#.*)?\Z")
_SCRIPTS = ("project.scripts", "project.gui-scripts", "tool.poetry.scripts")
_SCRIPT = re.compile(r"\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*=\s*[\"'](?P<target>[\w.]+:[\w.]+)[\"']\s*(?:#.*)?\Z")
# In the order in which they begin: a quote within one of them begins no other.
_STRINGS = re.compile(
    r'#[^\n]*|"""(?P<a>(?:\\.|[^\\])*?)"""|'
    r"'''(?P<b>.*?)'''|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'",
    re.S,
)
_MAX_TOLD = 4
_NAMES = re.compile(r"[\w.]+")


def entry_points(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """Each script as it is written with what it calls; after them the modules that `python -m` runs."""
    if not _ASKED.search(question[:_MAX_CHARS]):
        return
    document = graph.document("pyproject.toml")
    lines = document.lines if document is not None else []
    scripts = _scripts("\n".join(lines))
    section = ""
    for number, (line, bare) in enumerate(zip(lines, _without_long_strings(lines), strict=True), 1):
        header, script = _SECTION.match(bare), _SCRIPT.match(bare)
        section = header["name"].strip() if header else section
        if script is not None and (section, script["name"], script["target"]) in scripts:
            text = f"{code('pyproject.toml')}: “{prose(line.strip())}”"
            yield Candidate(
                text, "listing", (("pyproject.toml", number, number),), "pyproject.toml:1", 0, -1, named=True
            )
            for ref in graph.find_symbol(script["target"])[:1]:
                told = f"{code(ref.symbol.qualname)} is a function, defined in {code(ref.path)}."
                about = f"{ref.path}:{ref.symbol.start}"
                if ref.symbol.kind == "function":
                    yield Candidate(told, "listing", (definition_span(ref),), about, 0, -1, named=True)
    mains = [row.path for row in graph.store.files() if row.path.endswith("__main__.py") and not is_test_path(row.path)]
    for path in sorted(mains, key=lambda p: (p.count("/"), p))[:_MAX_TOLD]:
        facts = graph.facts(path)
        runs = [c for c in facts.calls if c.owner == 0 and not c.form and _NAMES.fullmatch(c.callee)] if facts else []
        runs = [c for c in runs if facts is not None and graph.site(facts, c).targets] or runs[-1:]
        if facts is not None and runs:  # the last call of the workspace's own is what all else prepares
            text = f"{code(facts.module)} calls {code(runs[-1].callee + '()')}."
            yield Candidate(text, "listing", ((path, runs[-1].line, runs[-1].line),), f"{path}:1", 0, -1, named=True)


def _scripts(text: str) -> set[tuple[str, str, str]]:
    """(section, name, what it calls) of the scripts in a `pyproject.toml`; none where it cannot be read."""
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return set()
    found: set[tuple[str, str, str]] = set()
    for section in _SCRIPTS:
        table: Any = tables
        for key in section.split("."):
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            found.update((section, name, target) for name, target in table.items() if isinstance(target, str))
    return found


def _without_long_strings(lines: list[str]) -> list[str]:
    """The lines of a TOML file, without what strings of several lines hold: what looks like a table in there is none."""

    def emptied(match: re.Match[str]) -> str:
        inside = match["a"] or match["b"] or ""
        return match.group().replace(inside, "\n" * inside.count("\n")) if "\n" in inside else match.group()

    return _STRINGS.sub(emptied, "\n".join(lines)).split("\n") if lines else []
