"""Where an exception is caught, where a question asks for that: the functions with a handler of it, each with its line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from ....code_graph import CodeGraph, is_test_path
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import Import, ModuleFacts, SymbolRef
from ...inert import code
from ..candidate import Candidate, scope_name
from ..links.imports import import_statement
from ..links.library_uses import in_order

_ASKED = re.compile(
    r"\b(?:where (?:is|are|do(?:es)?(?: we| it)?)|who|what|which (?:functions?|methods?|code)) (?:the )?(?:exceptions? |errors? )?"
    r"(?:(?:catch(?:es)?|handles?) `?(?P<a>[A-Z][\w.]*)`?|`?(?P<b>[A-Z][\w.]*)`?(?: exceptions?| errors?)? (?:caught|handled))\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_MAX_TOLD = 5


def exception_asked_for(question: str) -> str:
    """The exception whose handlers are asked for, without its module; "" in other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    return ((match["a"] or match["b"]) if match else "").rpartition(".")[2]


def catching(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """ "`f` catches `X`." of the product's functions and modules, those of tests where there are no others."""
    name = exception_asked_for(question)
    paths = _using(graph, name)
    found: dict[tuple[str, str, str], _Handler] = {}
    for path in sorted(paths, key=in_order):
        if found and (is_test_path(path) or len(found) >= _MAX_TOLD):
            break
        for one in _handlers(graph, path, name):
            found.setdefault((path, scope_name(one.owner), one.written), one)
    files = {label: {path for path, own, _ in found if own == label} for _, label, _ in found}
    for (path, label, written), one in list(found.items())[:_MAX_TOLD]:
        # Of one name in several files each is told with its module.
        subject = one.owner.full_name if len(files[label]) > 1 else label
        about = f"{path}:{one.owner.symbol.start}"
        yield Candidate(f"{code(subject)} catches {code(written)}.", "having", one.lines, about, 0, -1, named=True)


class _Handler(NamedTuple):
    """`written`: the exception, as it is written. `lines`: that show it."""

    owner: SymbolRef
    written: str
    lines: tuple[tuple[str, int, int], ...]


def imported_as(graph: CodeGraph, name: str) -> set[str]:
    """The other names by which files import an exception: handlers are told as they are written."""
    return {alias for path in _using(graph, name) for alias in _imports_as(graph.facts(path), name)}


def _using(graph: CodeGraph, name: str) -> list[str]:
    return graph.view.paths_using(name) if name[:1].isupper() else []


def _imports_as(facts: ModuleFacts | None, name: str) -> dict[str, Import]:
    imports = facts.imports if facts is not None else ()
    return {item.alias: item for item in imports if item.name == name and item.alias not in (None, name)}


def _handlers(graph: CodeGraph, path: str, name: str) -> Iterator[_Handler]:
    document, facts = graph.document(path), graph.facts(path)
    others = _imports_as(facts, name)
    any_name = "|".join(map(re.escape, (name, *others)))
    # To parse takes a thousand times as long, and most files that use a name have no handler of it.
    if document is None or not re.search(rf"\bexcept\b[^:]*\b(?:{any_name})\b", document.text):
        return
    tree = outline_of(document.text).tree
    for node in ast.walk(tree) if tree is not None and facts is not None else ():
        if facts is None or not isinstance(node, ast.ExceptHandler) or node.type is None:
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        # As it is written: `socket.timeout` may be no `timeout` of the workspace's own.
        written = next((w for w in map(ast.unparse, kinds) if w.rpartition(".")[2] == name or w in others), "")
        if written:
            lines = [(path, node.lineno, node.type.end_lineno or node.lineno)]
            if written in others:
                lines += import_statement(graph, path, others[written])
            yield _Handler(graph.ref(facts, scope_at(facts, node.lineno)), written, tuple(lines))
