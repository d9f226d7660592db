"""Sentences about imports: which modules import a function, class or module, and the lines that show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....code_graph import CodeGraph, is_test_path
from ....graph.finding.dependencies import imported_modules
from ....types import Import, SymbolRef
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, join_list, scope_name

_MAX_LISTED = 4
_MAX_SHOWN = 12  # lines of one statement that are cited whole
_MAX_IMPORT = 60  # lines of one import statement


def importer_sentences(
    builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef, in_tests: bool = False
) -> Iterator[Candidate]:
    """Which modules import it, the product's first, each with its import; `in_tests`: those of tests alone."""
    places: dict[str, tuple[str, int, int]] = {}
    found = [place for place in _imports_of(graph, ref) if place[0] != ref.path]
    for place in sorted(found, key=lambda p: (is_test_path(p[0]), not p[0].startswith(ref.path.partition("/")[0]))):
        if is_test_path(place[0]) or not in_tests:
            places.setdefault(module_name(graph.module_for_file(place[0]), place[0]), place)
    name = code(scope_name(ref))
    others = ", among others" if len(places) > 2 * _MAX_LISTED else ""
    for start in range(0, min(len(places), 2 * _MAX_LISTED), _MAX_LISTED):
        group = dict(list(places.items())[start : start + _MAX_LISTED])
        text = f"{name} is imported by {join_list([code(module) for module in group])}{others}."
        lines = [line for place in group.values() for line in _shown(*place)]
        yield builder.sentence_at("tests" if in_tests else "imports", text, *lines)


def _shown(path: str, first: int, last: int) -> list[tuple[str, int, int]]:
    """Lines that show a statement: all of them, or of many the first and the last."""
    return [(path, first, last)] if last - first < _MAX_SHOWN else [(path, first, first), (path, last, last)]


def _imports_of(graph: CodeGraph, ref: SymbolRef) -> Iterator[tuple[str, int, int]]:
    """Where files import a function, class or module by name, in order: from the statement's first line to the one that names it."""
    is_module = ref.symbol.kind == "module"
    paths = graph.importers_of(ref.module) if is_module else graph.view.paths_using(ref.symbol.name)
    for path in paths:
        facts = graph.facts(path)
        if facts is None:
            continue
        for item in facts.imports:
            if is_module:
                meant = any(name == ref.module for name, _ in imported_modules(graph.inference, facts, item))
            else:
                bound = item.alias or item.name
                meant = item.name == ref.symbol.name and ref in graph.resolve(path, item.line, bound or "")
            if meant:
                yield path, item.line, _named_at(graph, path, item.line, item.name or item.module)


def import_statement(graph: CodeGraph, path: str, item: Import) -> list[tuple[str, int, int]]:
    """The lines of a file that show an import."""
    return _shown(path, item.line, _named_at(graph, path, item.line, item.name or item.module))


def _named_at(graph: CodeGraph, path: str, start: int, name: str) -> int:
    """The line of an import statement that names what it imports: brackets may hold one on each line."""
    document = graph.document(path)
    lines = document.lines[start - 1 : start - 1 + _MAX_IMPORT] if document is not None else []
    for number, line in enumerate(lines):
        named = line if number else line.partition("import")[2]
        if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", named):
            return start + number
    return start


def module_name(module: str, path: str) -> str:
    """The dotted name of a module; its path where that cannot be one (`tests/part-1/test_a.py`)."""
    return module if module and all(part.isidentifier() for part in module.split(".")) else path
