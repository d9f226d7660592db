"""Where the product reads a setting: `args.warningiserror`, `self.cfg.timeout`, `settings.getint("RETRY_TIMES")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ...inert import code
from ..candidate import Candidate, scope_name
from ..listings.product_files import product_files_with_all
from ..statements.quotes import sentence_at_line
from .declared import Declared

HOLDS_SETTINGS = re.compile(
    r"(?:conf(?:ig)?|cfg|settings?|opts?|options?|args?|kwargs|namespace|ns|params?|prefs|flags|env|environ|defaults?)s?\d?\Z",
    re.I,
)
_MAX_FILES, _MAX_TOLD = 30, 2


def reading_sentences(
    graph: CodeGraph, declared: Declared, path: str, check: Callable[[], None]
) -> Iterator[Candidate]:
    """Sentences that quote the statements which read it, each of another function. `path`: of the declaration."""
    seen: set[tuple[str, int]] = set()
    told = 0
    for read_path in _files(graph, declared, path):
        if graph.inference.expired:
            return
        check()
        document, facts = graph.document(read_path), graph.facts(read_path)
        if document is None or facts is None or declared.dest not in document.text:
            continue
        lines = _reading_lines(document.text, declared, read_path == path)
        home = scope_at(facts, declared.start) if read_path == path else 0
        # Where it is declared and read in one function, other functions of the file read namesakes.
        at_home = [line for line in lines if facts.symbols[home].is_callable and scope_at(facts, line) == home]
        for line in at_home or lines:
            owner = scope_at(facts, line)
            if (read_path, owner) in seen:
                continue
            sentence = sentence_at_line(graph, (read_path, line))
            if sentence is None or declared.dest not in sentence.text:
                ref = graph.ref(facts, owner)
                text = f"{code(declared.dest)} is read in {code(scope_name(ref))}."
                sentence = Candidate(text, "setting", ((read_path, line, line),), f"{read_path}:{line}", 0, -1)
            seen.add((read_path, owner))
            told += 1
            yield replace(sentence, kind="setting", subject=f"{read_path}:{line}", named=True)
            if told == _MAX_TOLD:
                return
        if at_home:
            return


def _files(graph: CodeGraph, declared: Declared, path: str) -> list[str]:
    """The files that may read it, those near the declaration first."""
    if declared.bound_in:
        return [path]
    with graph.store.snapshot():
        parts = terms.split(declared.dest)
        paths = product_files_with_all(SearchIndex(graph), parts[-1:])
    is_flag = declared.names[0].startswith("-")

    def distance(other: str) -> tuple[bool, bool, int, str]:
        if other == path:  # what parses arguments mostly reads them; a module of settings only defines them
            return False, not is_flag, 0, other
        shared = sum(1 for _ in _shared_parts(path.split("/"), other.split("/")))
        return other.startswith(("doc/", "docs/")), is_flag, -shared, other

    return sorted(paths, key=distance)[:_MAX_FILES]


def _shared_parts(one: list[str], other: list[str]) -> Iterator[str]:
    """The parts with which both begin."""
    for a, b in zip(one, other, strict=False):
        if a != b:
            return
        yield a


def _reading_lines(text: str, declared: Declared, is_same_file: bool) -> list[int]:
    tree = outline_of(text).tree
    root: ast.AST | None = tree
    if declared.bound_in and tree is not None:
        functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
        root = next((n for n in functions if n.lineno == declared.bound_in), None)
    found = []
    for node in ast.walk(root) if root is not None else ():
        line = getattr(node, "lineno", 0)
        if is_same_file and declared.start <= line <= declared.end:
            continue
        if _reads(node, declared):
            found.append(line)
    return sorted(set(found))


def _reads(node: ast.AST, declared: Declared) -> bool:
    name = declared.dest
    if declared.bound_in and isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Attribute):
        return node.attr == name and isinstance(node.ctx, ast.Load) and holds_settings(node.value)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Load) and _is_text(node.slice, name) and holds_settings(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        return node.func.attr.startswith("get") and _is_text(node.args[0], name) and holds_settings(node.func.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        return len(node.args) > 1 and _is_text(node.args[1], name) and holds_settings(node.args[0])
    return False


def holds_settings(node: ast.expr) -> bool:
    """Whether an expression is named like what holds settings: `args`, `self.config`, `app.settings`."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return bool(HOLDS_SETTINGS.search(name))


def _is_text(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text
