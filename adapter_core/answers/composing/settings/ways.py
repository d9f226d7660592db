"""How a setting is changed that was found: the options and parameters whose default it is, the parameters that take it; and which
values of it are refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....graph.source import is_python
from ....graph.storage.postings import DOCSTRING, SIGNATURE
from ....types import Citation, SymbolRef
from ...citations import are_within, spans_of
from ...inert import code
from ...unparsing import short_code
from ..candidate import Candidate, SentenceBuilder, scope_name
from ..documentation.quoted_docs import quote_docstring
from ..listings.default_values import parameter_default_sentence
from .declared import Declared, is_flag, last_line

_MAX_TOLD, _MAX_SYMBOLS, _MAX_CODE = 2, 12, 200
_REJECTS = re.compile(r"`(?P<scope>[^`]+)` rejects a `(?P<name>[^`]+)` for which `[^`]+`: `[^`]+`\.")


def options_with_default(
    one: Declared, scope: str, declared: Sequence[tuple[str, Declared]]
) -> Iterator[tuple[str, Declared]]:
    """The options on a command line whose default is this attribute or constant: `default=Server.timeout`."""
    names = {one.dest} if one.dest.isupper() else set()
    names.add(f"{scope.rpartition('.')[2]}.{one.dest}")
    for path, other in declared:
        if is_flag(other) and ".".join(other.default.split(".")[-2:]) in names:
            yield path, other


def taking_sentences(graph: CodeGraph, one: Declared) -> Iterator[Candidate]:
    """The parameters whose default is this constant, and those whose documentation speaks of it or of the table that has it."""
    name = one.holder.partition("[")[0].rpartition(".")[2] or one.dest
    if len(terms.parts(name)) < 2 and not name.isupper():
        return
    told = 0
    for ref, field in _mentioning(graph, name):
        for item in _of_signature(graph, ref, name) if field == SIGNATURE else _of_docstring(graph, ref, name):
            told += 1
            if told <= _MAX_TOLD:
                yield replace(item, kind="setting", named=True, order=-1)


def _mentioning(graph: CodeGraph, name: str) -> list[tuple[SymbolRef, int]]:
    """The functions and classes of the product that mention a name in signature or docstring."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        hit = index.hits(terms.split(name)[-1])
        places = [
            (index.paths[index.file_of[n]], int(index.symbol_of[n]), int(field))
            for n, field in zip(hit.documents, hit.fields, strict=True)
            if field in (SIGNATURE, DOCSTRING) and index.file_of[n] >= 0 and index.symbol_of[n] > 0
        ]
    places = [p for p in places if is_python(p[0]) and not is_test_path(p[0]) and not is_aside(p[0])]
    found: list[tuple[SymbolRef, int]] = []
    for path, number, field in sorted(places, key=lambda p: (p[2] != SIGNATURE, p))[:_MAX_SYMBOLS]:
        facts = graph.facts(path)
        if facts is not None and number < len(facts.symbols):
            found.append((graph.ref(facts, number), field))
    return found


def _of_signature(graph: CodeGraph, ref: SymbolRef, name: str) -> Iterator[Candidate]:
    for parameter in ref.symbol.parameters:
        default = parameter.default or ""
        item = parameter_default_sentence(graph, ref, parameter.name) if default.split(".")[-1] == name else None
        if item is not None:
            yield item


def _of_docstring(graph: CodeGraph, ref: SymbolRef, name: str) -> Iterator[Candidate]:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    if facts is None or document is None:
        return
    index = next(
        (n for n, s in enumerate(facts.symbols) if s.start == ref.symbol.start and s.name == ref.symbol.name), 0
    )
    for item in quote_docstring(SentenceBuilder(facts, index, 0), document.lines, {}, False) if index else ():
        if item.kind == "param" and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", item.text.partition("“")[2]):
            yield item


def rejecting_sentences(graph: CodeGraph, path: str, one: Declared) -> Iterator[Candidate]:
    """ "`kit.conf` rejects a `PREFIX` for which `not PREFIX.isalpha()`: `raise ValueError(…)`." """
    document = graph.document(path)
    for name in dict.fromkeys((one.dest, *one.names)):
        for text, lines in _rejections(graph, path, document.text, name) if document is not None else ():
            yield Candidate(text, "setting", ((path, *lines),), f"{path}:{one.start}", 0, -1, named=True)


def rejection_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether the cited lines show such a check; None for a sentence of another form."""
    match = _REJECTS.fullmatch(sentence.strip())
    if match is None:
        return None
    spans = spans_of(citations)
    for path in dict.fromkeys(path for path, _, _ in spans):
        document = graph.document(path)
        for text, lines in _rejections(graph, path, document.text, match["name"]) if document is not None else ():
            if text == sentence.strip() and are_within([(path, *lines)], spans):
                return True
    return False


def _rejections(graph: CodeGraph, path: str, text: str, name: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The checks of a name that a module or function always gets to, and that raise an error."""
    tree, facts = outline_of(text).tree, graph.facts(path)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for owner in (tree, *(n for n in ast.walk(tree) if isinstance(n, functions))) if tree is not None else ():
        for node in owner.body:
            if isinstance(owner, functions) and any(isinstance(n, ast.Return) for n in ast.walk(node)):
                break
            raised = node.body[-1] if isinstance(node, ast.If) else None
            if not isinstance(node, ast.If) or not isinstance(raised, ast.Raise) or not _is_about(node.test, name):
                continue
            test, statement = short_code(node.test, _MAX_CODE), _statement(raised)
            if facts is None or not test or not statement or "`" in test + statement:
                continue
            scope = scope_name(graph.ref(facts, scope_at(facts, node.lineno)))
            yield (
                f"{code(scope)} rejects a {code(name)} for which {code(test)}: {code(statement)}.",
                (node.lineno, last_line(raised)),
            )


def _statement(node: ast.Raise) -> str:
    if node.exc is None:
        return ""
    raised, cause = short_code(node.exc, _MAX_CODE), short_code(node.cause, _MAX_CODE) if node.cause else ""
    return f"raise {raised}{f' from {cause}' if cause else ''}" if raised else ""


def _is_about(test: ast.expr, name: str) -> bool:
    return any(
        (isinstance(n, ast.Name) and n.id == name) or (isinstance(n, ast.Attribute) and n.attr == name)
        for n in ast.walk(test)
    )
