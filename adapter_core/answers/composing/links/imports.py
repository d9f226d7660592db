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
    """The sentences about which modules import it, the product's first, each with its import. `in_tests`: only those of tests."""
    lines_by_module: dict[str, tuple[str, int, int]] = {}
    imports = [import_lines for import_lines in _import_lines(graph, ref) if import_lines[0] != ref.path]
    for import_lines in sorted(
        imports, key=lambda p: (is_test_path(p[0]), not p[0].startswith(ref.path.partition("/")[0]))
    ):
        if is_test_path(import_lines[0]) or not in_tests:
            lines_by_module.setdefault(
                module_name(graph.module_for_file(import_lines[0]), import_lines[0]), import_lines
            )
    name = code(scope_name(ref))
    others = ", among others" if len(lines_by_module) > 2 * _MAX_LISTED else ""
    for start in range(0, min(len(lines_by_module), 2 * _MAX_LISTED), _MAX_LISTED):
        group = dict(list(lines_by_module.items())[start : start + _MAX_LISTED])
        text = f"{name} is imported by {join_list([code(module) for module in group])}{others}."
        lines = [line for import_lines in group.values() for line in _statement_lines(*import_lines)]
        yield builder.sentence_at("tests" if in_tests else "imports", text, *lines)


def _statement_lines(path: str, first: int, last: int) -> list[tuple[str, int, int]]:
    """The lines to cite for a statement: all of them, or the first and the last of a long one."""
    return [(path, first, last)] if last - first < _MAX_SHOWN else [(path, first, first), (path, last, last)]


def _import_lines(graph: CodeGraph, ref: SymbolRef) -> Iterator[tuple[str, int, int]]:
    """The (path, first line, line that names it) of the statements that import a function, class or module by name, file by file."""
    is_module = ref.symbol.kind == "module"
    paths = graph.importers_of(ref.module) if is_module else graph.view.paths_using(ref.symbol.name)
    for path in paths:
        facts = graph.facts(path)
        if facts is None:
            continue
        for item in facts.imports:
            if is_module:
                is_import_of_it = any(name == ref.module for name, _ in imported_modules(graph.inference, facts, item))
            else:
                bound_name = item.alias or item.name
                is_import_of_it = item.name == ref.symbol.name and ref in graph.resolve(
                    path, item.line, bound_name or ""
                )
            if is_import_of_it:
                yield path, item.line, _line_naming(graph, path, item.line, item.name or item.module)


def import_statement(graph: CodeGraph, path: str, item: Import) -> list[tuple[str, int, int]]:
    """The lines to cite for an import."""
    return _statement_lines(path, item.line, _line_naming(graph, path, item.line, item.name or item.module))


def _line_naming(graph: CodeGraph, path: str, start: int, name: str) -> int:
    """The line of an import statement that names the imported thing: in brackets there may be one on each line."""
    document = graph.document(path)
    lines = document.lines[start - 1 : start - 1 + _MAX_IMPORT] if document is not None else []
    for number, line in enumerate(lines):
        text = line if number else line.partition("import")[2]
        if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text):
            return start + number
    return start


def module_name(module: str, path: str) -> str:
    """The dotted name of a module; its path if that is no valid name (`tests/part-1/test_a.py`)."""
    return module if module and all(part.isidentifier() for part in module.split(".")) else path
