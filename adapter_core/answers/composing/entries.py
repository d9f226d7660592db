"""Where a program begins, where a question asks for its entry points: the scripts that `pyproject.toml` names, and `__main__` modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...code_graph import CodeGraph, is_test_path
from ..inert import code, prose
from .candidate import Candidate, definition

_ASKED = re.compile(
    r"\b(?:entry[- ]?points?|console scripts?|main function|main module)\b|"
    r"\bwhere (?:does|do) (?:the |this )?(?:program|app|application|cli|execution|command line|it|everything) (?:start|begin)s?\b",
    re.I,
)
_MAX_CHARS = 300
_SECTION = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]\s*(?:#.*)?\Z")
_SCRIPTS = frozenset({"project.scripts", "project.gui-scripts", "tool.poetry.scripts"})
_SCRIPT = re.compile(r"\s*[\w.\"'-]+\s*=\s*[\"'](?P<target>[\w.]+:[\w.]+)[\"']\s*(?:#.*)?\Z")
_MAX_TOLD = 4
_NAMES = re.compile(r"[\w.]+")


def entry_points(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """Each script as it is written with what it calls; after them the modules that `python -m` runs."""
    if not _ASKED.search(question[:_MAX_CHARS]):
        return
    document = graph.document("pyproject.toml")
    section = ""
    for number, line in enumerate(document.lines if document is not None else (), 1):
        header, script = _SECTION.match(line), _SCRIPT.match(line)
        section = header["name"].strip() if header else section
        if section in _SCRIPTS and script is not None:
            text = f"{code('pyproject.toml')}: “{prose(line.strip())}”"
            yield Candidate(
                text, "having", (("pyproject.toml", number, number),), "pyproject.toml:1", 0, -1, named=True
            )
            for ref in graph.find_symbol(script["target"])[:1]:
                told = f"{code(ref.symbol.qualname)} is a function, defined in {code(ref.path)}."
                about = f"{ref.path}:{ref.symbol.start}"
                if ref.symbol.kind == "function":
                    yield Candidate(told, "having", (definition(ref),), about, 0, -1, named=True)
    mains = [row.path for row in graph.store.files() if row.path.endswith("__main__.py") and not is_test_path(row.path)]
    for path in sorted(mains, key=lambda p: (p.count("/"), p))[:_MAX_TOLD]:
        facts = graph.facts(path)
        runs = [c for c in facts.calls if c.owner == 0 and not c.form and _NAMES.fullmatch(c.callee)] if facts else []
        runs = [c for c in runs if facts is not None and graph.site(facts, c).targets] or runs[-1:]
        if facts is not None and runs:  # the last call of the workspace's own is what all else prepares
            text = f"{code(facts.module)} calls {code(runs[-1].callee + '()')}."
            yield Candidate(text, "having", ((path, runs[-1].line, runs[-1].line),), f"{path}:1", 0, -1, named=True)
