"""Environment variables that no line names: those of all options of a command (`auto_envvar_prefix`), or of all fields of a class
(`env_prefix`)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import Citation
from ...citations import are_within, spans_of
from ...inert import code
from ..candidate import Candidate, scope_name
from .product_files import product_files_with

_OPTIONS, _FIELDS = "auto_envvar_prefix", "env_prefix"
_FORM = re.compile(
    r"Each (?:option|field) of `(?P<scope>[^`]+)` is also read from the environment variable that has its name behind `[^`]+`\."
)
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MAX_FILES, _MAX_TOLD = 8, 3


def prefix_sentences(graph: CodeGraph) -> Iterator[Candidate]:
    """ "Each option of `main` is also read from the environment variable that has its name behind `SHOP_`." """
    with graph.store.snapshot():
        paths = product_files_with(SearchIndex(graph), ("autoenvvarprefix", "envprefix"))
    told = 0
    for path in paths[:_MAX_FILES]:
        for text, line in _prefixes(graph, path):
            told += 1
            if told <= _MAX_TOLD:
                yield Candidate(text, "listing", ((path, line, line),), f"{path}:{line}", 0, -1, named=True)


def _prefixes(graph: CodeGraph, path: str) -> Iterator[tuple[str, int]]:
    """(sentence, line) for each prefix that a file sets."""
    document, facts = graph.document(path), graph.facts(path)
    tree = outline_of(document.text).tree if document is not None else None
    for node in ast.walk(tree) if tree is not None and facts is not None else ():
        of_fields = _prefixes_of_fields(node) if isinstance(node, ast.ClassDef) else []
        for thing, value in [*(("field", v) for v in of_fields), *(("option", v) for v in _prefixes_of_options(node))]:
            prefix = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
            if not _PREFIX.fullmatch(prefix) or facts is None:
                continue
            index = scope_at(facts, node.lineno if isinstance(node, ast.ClassDef) else value.lineno)
            behind = f"{prefix}_" if thing == "option" else prefix
            owner = code(scope_name(graph.ref(facts, index)))
            yield (
                f"Each {thing} of {owner} is also read from the environment variable that has its name behind {code(behind)}.",
                value.lineno,
            )


def _prefixes_of_options(node: ast.AST) -> list[ast.expr]:
    """What a node gives as prefix for a command's options: as a keyword, or as an entry of a dictionary."""
    if isinstance(node, ast.keyword):
        return [node.value] if node.arg == _OPTIONS else []
    return [value for key, value in _entries(node) if key == _OPTIONS]


def _prefixes_of_fields(node: ast.ClassDef) -> list[ast.expr]:
    """What a class gives as prefix for its fields: as its keyword, in `model_config`, or in a class `Config` in it. Anything else may have
    the name, too."""
    found = [keyword.value for keyword in node.keywords if keyword.arg == _FIELDS]
    for statement in node.body:
        value = _assigned_to(statement, "model_config")
        if isinstance(value, ast.Call):
            found += [keyword.value for keyword in value.keywords if keyword.arg == _FIELDS]
        elif value is not None:
            found += [entry for key, entry in _entries(value) if key == _FIELDS]
        if isinstance(statement, ast.ClassDef) and statement.name == "Config":
            found += [prefix for part in statement.body if (prefix := _assigned_to(part, _FIELDS)) is not None]
    return found


def _assigned_to(statement: ast.stmt, name: str) -> ast.expr | None:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    is_name = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return statement.value if is_name and isinstance(statement, (ast.Assign, ast.AnnAssign)) else None


def _entries(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value


def prefix_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a cited line sets such a prefix; None for a sentence of another form."""
    if _FORM.fullmatch(sentence.strip()) is None:
        return None
    spans = spans_of(citations)
    return any(
        text == sentence.strip() and are_within([(path, line, line)], spans)
        for path in dict.fromkeys(path for path, _, _ in spans)
        for text, line in _prefixes(graph, path)
    )
