"""The entry points of a program, for questions that ask for them: the scripts in `pyproject.toml`, and `__main__` modules."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from ....code_graph import CodeGraph, is_test_path
from ....types import SymbolRef
from ...inert import code, prose
from ..candidate import Candidate, definition_span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ASKED = re.compile(
    r"\b(?:entry[- ]?points?|console scripts?|main function|main module)\b|"
    r"\bwhere (?:do|should|can) (?:i|we) (?:start|begin)\b|"
    r"\bwhere (?:does|do) (?:the |this )?(?:program|app|application|cli|execution|command line|it|everything) (?:start|begin)s?\b",
    re.I,
)
_MAX_CHARS = 300
_SECTION = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]\s*(?:#.*)?\Z")
_SCRIPTS = ("project.scripts", "project.gui-scripts", "tool.poetry.scripts")
_SCRIPT = re.compile(r"\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*=\s*[\"'](?P<target>[\w.]+:[\w.]+)[\"']\s*(?:#.*)?\Z")
# Comments and strings, matched together so that a quote inside one starts no other.
_STRINGS = re.compile(
    r'#[^\n]*|"""(?P<a>(?:\\.|[^\\])*?)"""|'
    r"'''(?P<b>.*?)'''|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'",
    re.S,
)
_MAX_MODULES = 4
_NAMES = re.compile(r"[\w.]+")


def entry_point_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The sentences that quote each script and say what it calls, then those about the modules that `python -m` runs."""
    if not _ASKED.search(question[:_MAX_CHARS]):
        return
    for _, ref, sentence in console_scripts(graph):
        yield sentence
        if ref is not None and ref.symbol.kind == "function":
            definition_text = f"{code(ref.symbol.qualname)} is a function, defined in {code(ref.path)}."
            subject = f"{ref.path}:{ref.symbol.start}"
            yield Candidate(definition_text, "listing", (definition_span(ref),), subject, 0, -1, named=True)
    main_files = [
        row.path for row in graph.store.files() if row.path.endswith("__main__.py") and not is_test_path(row.path)
    ]
    for path in sorted(main_files, key=lambda p: (p.count("/"), p))[:_MAX_MODULES]:
        facts = graph.facts(path)
        calls = [c for c in facts.calls if c.owner == 0 and not c.form and _NAMES.fullmatch(c.callee)] if facts else []
        calls = [c for c in calls if facts is not None and graph.site(facts, c).targets] or calls[-1:]
        if facts is not None and calls:  # the last call into the workspace runs the program; those before it prepare it
            text = f"{code(facts.module)} calls {code(calls[-1].callee + '()')}."
            yield Candidate(text, "listing", ((path, calls[-1].line, calls[-1].line),), f"{path}:1", 0, -1, named=True)


def console_scripts(graph: CodeGraph) -> Iterator[tuple[str, SymbolRef | None, Candidate]]:
    """The scripts in `pyproject.toml`: the name of each, what it calls (None if that is not defined here), and the sentence that quotes
    it."""
    document = graph.document("pyproject.toml")
    lines = document.lines if document is not None else []
    scripts = _scripts("\n".join(lines))
    section = ""
    for number, (line, blanked) in enumerate(zip(lines, _blank_long_strings(lines), strict=True), 1):
        header, script = _SECTION.match(blanked), _SCRIPT.match(blanked)
        section = header["name"].strip() if header else section
        if script is not None and (section, script["name"], script["target"]) in scripts:
            text = f"{code('pyproject.toml')}: “{prose(line.strip())}”"
            span = ("pyproject.toml", number, number)
            sentence = Candidate(text, "listing", (span,), "pyproject.toml:1", 0, -1, named=True)
            yield script["name"], next(iter(graph.find_symbol(script["target"])), None), sentence


def _scripts(text: str) -> set[tuple[str, str, str]]:
    """(section, name, target) of the scripts in a `pyproject.toml`; empty if it cannot be parsed."""
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return set()
    scripts: set[tuple[str, str, str]] = set()
    for section in _SCRIPTS:
        table: Any = tables
        for key in section.split("."):
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            scripts.update((section, name, target) for name, target in table.items() if isinstance(target, str))
    return scripts


def _blank_long_strings(lines: list[str]) -> list[str]:
    """The lines of a TOML file with the contents of multi-line strings blanked: what looks like a table in there is none."""

    def blank(match: re.Match[str]) -> str:
        content = match["a"] or match["b"] or ""
        return match.group().replace(content, "\n" * content.count("\n")) if "\n" in content else match.group()

    return _STRINGS.sub(blank, "\n".join(lines)).split("\n") if lines else []
