"""Where an exception is caught, where a question asks for that: the functions with a handler of it, each with its line."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ....code_graph import CodeGraph, is_test_path
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import Import, ModuleFacts, SymbolRef
from ...inert import code
from ..candidate import Candidate, class_header_spans, join_list, scope_name
from ..links.imports import import_statement
from ..links.library_uses import product_first_key

_ASKED = re.compile(
    r"\b(?:where (?:is|are|do(?:es)?(?: we| it)?)|who|what|which (?:functions?|methods?|code)) (?:the )?(?:exceptions? |errors? )?"
    r"(?:(?:catch(?:es)?|handles?) `?(?P<a>[A-Z][\w.]*)`?|`?(?P<b>[A-Z][\w.]*)`?(?: exceptions?| errors?)? (?:caught|handled))\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_HANDLER = re.compile(r"\bexcept\b")
_MAX_HEAD = 400  # characters of the head of a handler
_MAX_TOLD = 5
_MAX_LISTED, _MAX_GROUPS = 4, 3  # where there are more than these
_MAX_LOOKED_AT = 24
_MAX_BASES = 3


def caught_exception_in_question(question: str) -> str:
    """The exception whose handlers are asked for, without its module; "" in other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    return ((match["a"] or match["b"]) if match else "").rpartition(".")[2]


def handler_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """ "`f` catches `X`." of the product's functions and modules, those of tests where there are no others; where there are many,
    "`X` is caught in `f` and `g`." Where none names it, the handlers of the nearest of its bases that has some."""
    name = caught_exception_in_question(question)
    found = _named_handlers(graph, name)
    if not found:
        yield from _of_bases(graph, name)
        return
    yield from _told(found, name)


def _named_handlers(graph: CodeGraph, name: str) -> list[_Handler]:
    found: dict[tuple[str, str, str], _Handler] = {}
    for path in sorted(_using(graph, name), key=product_first_key):
        if found and (is_test_path(path) or len(found) > _MAX_LOOKED_AT):
            break
        for one in _handlers(graph, path, name):
            found.setdefault((path, scope_name(one.owner), one.written), one)
    return list(found.values())


def _told(found: list[_Handler], name: str) -> Iterator[Candidate]:
    named = Counter(scope_name(ref) for ref in {one.owner for one in found})

    def owner(one: _Handler) -> str:
        # Of one name in several files each is told with its module.
        return code(one.owner.full_name if named[scope_name(one.owner)] > 1 else scope_name(one.owner))

    groups = [[one] for one in found]
    if len(found) > _MAX_TOLD:
        plain = [one for one in found if one.written.rpartition(".")[2] == name]
        groups = [
            plain[at : at + _MAX_LISTED] for at in range(0, min(len(plain), _MAX_GROUPS * _MAX_LISTED), _MAX_LISTED)
        ]
    others = ", among others" if sum(map(len, groups)) < len(found) else ""
    for group in groups:
        first = group[0]
        about = f"{first.owner.path}:{first.owner.symbol.start}"
        lines = tuple(line for one in group for line in one.lines)
        text = f"{owner(first)} catches {code(first.written)}."
        if len(group) > 1:
            text = f"{code(name)} is caught in {join_list([owner(one) for one in group])}{others}."
        yield Candidate(text, "listing", lines, about, 0, -1, named=True)


def _of_bases(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    """That it extends a class, and who catches that."""
    refs = [ref for ref in graph.find_symbol(name, at_most=1) if ref.symbol.kind == "class"] if name else []
    for _ in range(_MAX_BASES):
        bases = graph.bases_of(refs[0]) if len(refs) == 1 else []
        if len(bases) != 1:
            return
        (base,), child = bases, refs[0]
        text = f"{code(child.symbol.qualname)} extends {code(base.symbol.qualname)}."
        about = f"{child.path}:{child.symbol.start}"
        yield Candidate(text, "listing", tuple(class_header_spans(graph, child)), about, 0, -1, named=True)
        found = _named_handlers(graph, base.symbol.name)
        if found:
            yield from _told(found, base.symbol.name)
            return
        refs = bases


class _Handler(NamedTuple):
    """`written`: the exception, as it is written. `lines`: that show it."""

    owner: SymbolRef
    written: str
    lines: tuple[tuple[str, int, int], ...]


def import_aliases(graph: CodeGraph, name: str) -> set[str]:
    """The other names by which files import an exception: handlers are told as they are written."""
    return {alias for path in _using(graph, name) for alias in _imports_as(graph.facts(path), name)}


def _using(graph: CodeGraph, name: str) -> list[str]:
    return graph.view.paths_using(name) if name[:1].isupper() else []


def _imports_as(facts: ModuleFacts | None, name: str) -> dict[str, Import]:
    imports = facts.imports if facts is not None else ()
    return {item.alias: item for item in imports if item.name == name and item.alias not in (None, name)}


def _names_one(text: str, name: re.Pattern[str]) -> bool:
    """Whether the head of some handler may have a name; each is looked at by itself, so that odd texts take no longer."""
    heads = (text[m.end() : m.end() + _MAX_HEAD].partition(":")[0] for m in _HANDLER.finditer(text))
    return any(name.search(head) for head in heads)


def _handlers(graph: CodeGraph, path: str, name: str) -> Iterator[_Handler]:
    document, facts = graph.document(path), graph.facts(path)
    others = _imports_as(facts, name)
    any_name = "|".join(map(re.escape, (name, *others)))
    # To parse takes a thousand times as long, and most files that use a name have no handler of it.
    if document is None or not _names_one(document.text, re.compile(rf"\b(?:{any_name})\b")):
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
