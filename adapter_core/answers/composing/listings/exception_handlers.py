"""The functions with a handler of an exception, each with its line, for questions where it is caught."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ....code_graph import CodeGraph
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import Import, ModuleFacts, SymbolRef
from ...checking.statements import suppressed
from ...inert import code
from ...unparsing import unparse
from ..candidate import Candidate, class_header_spans, join_list, scope_name
from ..links.imports import import_statement
from ..links.library_uses import is_of_library, product_first_key
from .product_files import is_of_tests
from .totals import among_others, spread

_ASKED = re.compile(
    r"\b(?:where (?:is|are|do(?:es)?(?: we| it)?)|who|what|which (?:functions?|methods?|code|places?)) (?:the )?(?:exceptions? |errors? )?"
    r"(?:(?:catch(?:es)?|handles?|suppress(?:es)?|swallows?|traps?) (?:the |an? )?(?:exceptions? |errors? )?`?(?P<a>[A-Za-z_][\w.]*)`?"
    r"(?: exceptions?| errors?)?|`?(?P<b>[A-Za-z_][\w.]*)`?(?: exceptions?| errors?)? "
    r"(?:being |ever |actually )?(?:caught|handled|suppressed|swallowed|trapped))\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_HANDLER = re.compile(r"\bexcept\b|\bsuppress\(")
_MAX_HEADER_CHARS = 400  # characters of the head of a handler
_MAX_SENTENCES = 3
_MAX_LISTED, _MAX_GROUPS = 4, 2  # in grouped sentences, which are used for more than `_MAX_SENTENCES` handlers
_MAX_HANDLERS = 24
_MAX_BASES = 3


def caught_exception_in_question(question: str) -> str:
    """The exception whose handlers the question asks for, without its module; "" for other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    name = ((match["a"] or match["b"]) if match else "").rpartition(".")[2]
    return name if name[:1].isupper() else ""


def handler_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """ "`f` catches `X`." for the product's functions and modules, or those of tests if there are no others; "`X` is caught in `f` and
    `g`." if there are many. If no handler names it, the handlers of its nearest base class that has some."""
    name = caught_exception_in_question(question)
    found, is_total = _named_handlers(graph, name)
    if not found:
        yield from _base_handler_sentences(graph, name)
        return
    yield from _handler_listing(found, name, is_total)


def count_of_handlers(graph: CodeGraph, name: str) -> int | None:
    """How many functions of the product have a handler of it; None if they were not counted."""
    found, is_total = _named_handlers(graph, name)
    return len(found) if is_total else None


def _named_handlers(graph: CodeGraph, name: str) -> tuple[list[_Handler], bool]:
    """(the handlers, whether these are all of the product)."""
    is_own = any(ref.symbol.kind == "class" for ref in graph.find_symbol(name)) if name else False
    found: dict[tuple[str, str, str], _Handler] = {}
    is_total = True
    for path in sorted(_files_using(graph, name), key=lambda path: (is_of_tests(path), product_first_key(path))):
        if found and is_of_tests(path):
            break
        if len(found) > _MAX_HANDLERS:
            is_total = False
            break
        for handler in _handlers(graph, path, name):
            if not (is_own and is_of_library(graph, handler.written)):  # a library's class of that name is another one
                found.setdefault((path, scope_name(handler.owner), handler.written), handler)
    return list(found.values()), is_total


def _handler_listing(handlers: list[_Handler], name: str, is_total: bool) -> Iterator[Candidate]:
    name_counts = Counter(scope_name(ref) for ref in {handler.owner for handler in handlers})

    def owner_name(handler: _Handler) -> str:
        # Functions of the same name in several files are shown with their modules.
        return code(
            handler.owner.full_name if name_counts[scope_name(handler.owner)] > 1 else scope_name(handler.owner)
        )

    groups = [[handler] for handler in handlers]
    if len(handlers) > _MAX_SENTENCES:
        same_name = spread(
            (handler for handler in handlers if handler.written.rpartition(".")[2] == name), lambda h: h.owner.path
        )
        groups = [
            same_name[start : start + _MAX_LISTED]
            for start in range(0, min(len(same_name), _MAX_GROUPS * _MAX_LISTED), _MAX_LISTED)
        ]
    others = among_others(sum(map(len, groups)), len(handlers), is_total)
    for group in groups:
        first = group[0]
        subject = f"{first.owner.path}:{first.owner.symbol.start}"
        lines = tuple(line for handler in group for line in handler.lines)
        text = f"{owner_name(first)} catches {code(first.written)}."
        if len(group) > 1:
            text = f"{code(name)} is caught in {join_list([owner_name(handler) for handler in group])}{others}."
        yield Candidate(text, "listing", lines, subject, 0, -1, named=True)


def _base_handler_sentences(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    """The sentences that the exception extends its base class, and which functions catch that."""
    refs = [ref for ref in graph.find_symbol(name, at_most=1) if ref.symbol.kind == "class"] if name else []
    for _ in range(_MAX_BASES):
        bases = graph.bases_of(refs[0]) if len(refs) == 1 else []
        if len(bases) != 1:
            return
        (base,), child = bases, refs[0]
        text = f"{code(child.symbol.qualname)} extends {code(base.symbol.qualname)}."
        subject = f"{child.path}:{child.symbol.start}"
        yield Candidate(text, "listing", tuple(class_header_spans(graph, child)), subject, 0, -1, named=True)
        handlers, is_total = _named_handlers(graph, base.symbol.name)
        if handlers:
            yield from _handler_listing(handlers, base.symbol.name, is_total)
            return
        refs = bases


class _Handler(NamedTuple):
    """A handler in `owner`. `written`: the exception as written; `lines`: those that show it."""

    owner: SymbolRef
    written: str
    lines: tuple[tuple[str, int, int], ...]


def import_aliases(graph: CodeGraph, name: str) -> set[str]:
    """The aliases under which files import an exception; sentences show handlers as written."""
    return {alias for path in _files_using(graph, name) for alias in _imports_as(graph.facts(path), name)}


def _files_using(graph: CodeGraph, name: str) -> list[str]:
    return graph.view.paths_using(name) if name[:1].isupper() else []


def _imports_as(facts: ModuleFacts | None, name: str) -> dict[str, Import]:
    imports = facts.imports if facts is not None else ()
    return {item.alias: item for item in imports if item.name == name and item.alias not in (None, name)}


def _has_handler_of(text: str, name: re.Pattern[str]) -> bool:
    """Whether the header of a handler may contain the name. Each is examined by itself, so that odd texts take linear time."""
    headers = (text[m.end() : m.end() + _MAX_HEADER_CHARS].partition(":")[0] for m in _HANDLER.finditer(text))
    return any(name.search(header) for header in headers)


def _handlers(graph: CodeGraph, path: str, name: str) -> Iterator[_Handler]:
    document, facts = graph.document(path), graph.facts(path)
    aliases = _imports_as(facts, name)
    names_pattern = "|".join(map(re.escape, (name, *aliases)))
    # Parsing takes a thousand times as long, and most files that use a name have no handler of it.
    if document is None or not _has_handler_of(document.text, re.compile(rf"\b(?:{names_pattern})\b")):
        return
    tree = outline_of(document.text).tree
    caught = [(line, nodes) for node in ast.walk(tree) for line, nodes in _caught_by(node)] if tree is not None else []
    for line, exception_nodes in sorted(caught, key=lambda item: item[0]):
        if facts is None:
            continue
        # As written: `socket.timeout` need not be a `timeout` of the workspace.
        written = next(
            (text for text in map(unparse, exception_nodes) if text.rpartition(".")[2] == name or text in aliases),
            "",
        )
        if written:
            lines = [(path, line, exception_nodes[-1].end_lineno or line)]
            if written in aliases:
                lines += import_statement(graph, path, aliases[written])
            yield _Handler(graph.ref(facts, scope_at(facts, line)), written, tuple(lines))


def _caught_by(node: ast.AST) -> Iterator[tuple[int, list[ast.expr]]]:
    """First line and exceptions of a handler, or of each exception of a `with suppress(X)`."""
    if isinstance(node, (ast.With, ast.AsyncWith)):
        yield from ((exception.lineno, [exception]) for exception in suppressed(node))
    elif isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield node.lineno, node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
