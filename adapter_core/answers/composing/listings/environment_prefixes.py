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
        for name, value in _settings_in(node):
            prefix = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
            if name not in (_OPTIONS, _FIELDS) or not _PREFIX.fullmatch(prefix) or facts is None:
                continue
            index = scope_at(facts, value.lineno)
            scope = facts.symbols[index]
            if name == _FIELDS and scope.kind == "class" and scope.name == "Config" and scope.parent > 0:
                index = scope.parent  # which configures the class around it
            if name == _FIELDS and facts.symbols[index].kind != "class":
                continue  # any variable or dictionary may have the name
            thing, behind = ("option", f"{prefix}_") if name == _OPTIONS else ("field", prefix)
            owner = code(scope_name(graph.ref(facts, index)))
            yield (
                f"Each {thing} of {owner} is also read from the environment variable that has its name behind {code(behind)}.",
                value.lineno,
            )


def _settings_in(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id, node.value


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
