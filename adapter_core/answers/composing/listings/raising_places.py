"""Where an exception is raised, where a question asks for that: the functions that do, each with its line."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, definition_span, join_list, scope_name
from ..links.library_uses import product_first_key

_ASKED = re.compile(
    r"\b(?:where (?:is|are|do(?:es)?(?: we| it)?)|who|what|which (?:functions?|methods?|code|places?)) (?:the )?(?:exceptions? |errors? )?"
    r"(?:(?:raises?|throws?) (?:an? |the )?`?(?P<a>[A-Z][\w.]*)`?|`?(?P<b>[A-Z][\w.]*)`?(?: exceptions?| errors?)? (?:raised|thrown))\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_MAX_LISTED = 4
_MAX_GROUPS = 2
_MAX_MEANT = 3  # classes of one name
_RAISE = re.compile(r"\braise\b")
_NEAR = 200  # characters from a `raise` to the name of what is raised
_PathLines = tuple[str, int, int]


def raised_exception_in_question(question: str) -> str:
    """The exception of which it is asked where it is raised, as it is written, perhaps with its module; "" in other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    name = (match["a"] or match["b"]).strip(".") if match else ""
    return name if name.rpartition(".")[2][:1].isupper() else ""


def raising_places(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """ "`X` is raised in `f` and `g`." of the product's functions; of tests and examples where there are no others. Several classes of one
    name are told apart. Files are read until there are more places than are told, or the graph's time is up. `check` raises where nobody
    waits any more."""
    asked = raised_exception_in_question(question)
    name = asked.rpartition(".")[2]
    meant = [ref for ref in graph.find_symbol(asked) if ref.symbol.kind == "class"] if asked else []
    namesakes = [ref for ref in graph.find_symbol(name) if ref.symbol.kind == "class"] if asked else []
    if len(namesakes) < 2 and (meant or asked == name):
        yield from _told(name, _places(graph, name, lambda _: True, check))
    elif not meant:  # `socket.Timeout`, where the workspace has a `Timeout` of its own
        yield from _told(name, _places(graph, name, lambda refs: not refs, check))
    for ref in meant[:_MAX_MEANT] if len(namesakes) > 1 else ():
        yield from _told(name, _places(graph, name, _leads_to(ref), check), ref)


def _leads_to(ref: SymbolRef) -> Callable[[Sequence[SymbolRef]], bool]:
    return lambda refs: ref in refs


def _places(
    graph: CodeGraph, name: str, is_meant: Callable[[Sequence[SymbolRef]], bool], check: Callable[[], None]
) -> list[tuple[SymbolRef, _PathLines]]:
    """The functions that raise something of this name, each with one statement; `is_meant`: of what that name leads to there."""
    found: dict[tuple[str, str], tuple[SymbolRef, _PathLines]] = {}
    for path in sorted(graph.view.paths_using(name), key=product_first_key):
        # Those of the product come first, so that no file after this one would be told of, either.
        if graph.inference.expired or (found and (is_test_path(path) or is_aside(path))):
            break
        check()
        for owner, place, refs in _raising(graph, path, name):
            if is_meant(refs):
                found.setdefault((path, scope_name(owner)), (owner, place))
            if len(found) > _MAX_GROUPS * _MAX_LISTED:
                return list(found.values())
    return list(found.values())


def _told(
    name: str, found: Sequence[tuple[SymbolRef, _PathLines]], one_of: SymbolRef | None = None
) -> Iterator[Candidate]:
    """`one_of`: the class that is meant, of several that have this name."""
    which = f" defined in {code(one_of.path)}" if one_of is not None else ""
    names = Counter(scope_name(ref) for ref, _ in found)
    shown = found[: _MAX_GROUPS * _MAX_LISTED]
    others = ", among others" if len(found) > len(shown) else ""
    for start in range(0, len(shown), _MAX_LISTED):
        group = shown[start : start + _MAX_LISTED]
        # Of one name in several files each is told with its module.
        owners = [code(ref.full_name if names[scope_name(ref)] > 1 else scope_name(ref)) for ref, _ in group]
        places = tuple(place for _, place in group) + ((definition_span(one_of),) if one_of is not None else ())
        text = f"{code(name)}{which} is raised in {join_list(owners)}{others}."
        yield Candidate(text, "listing", places, f"{places[0][0]}:{places[0][1]}", 0, -1, named=True)


def _raising(graph: CodeGraph, path: str, name: str) -> Iterator[tuple[SymbolRef, _PathLines, Sequence[SymbolRef]]]:
    """The functions of a file that raise something of this name, each with the statement and what the name leads to there."""
    document, facts = graph.document(path), graph.facts(path)
    # To parse takes a thousand times as long, and most files that use a name do not raise it.
    if document is None or facts is None or not _may_raise(document.text, name):
        return
    tree = outline_of(document.text).tree
    raises = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)] if tree is not None else []
    for node in sorted(raises, key=lambda node: node.lineno):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if not isinstance(raised, (ast.Name, ast.Attribute)):
            continue
        written = ast.unparse(raised)
        if written.rpartition(".")[2] == name:
            place = (path, node.lineno, raised.end_lineno or node.lineno)
            refs = graph.resolve(path, raised.lineno, written, raised.col_offset)
            yield graph.ref(facts, scope_at(facts, node.lineno)), place, refs


def _may_raise(text: str, name: str) -> bool:
    """Whether a `raise` stands not far before some use of a name; each is looked at by itself, so that odd texts take no longer."""
    uses = re.finditer(rf"\b{re.escape(name)}\b", text)
    return any(_RAISE.search(text, max(0, use.start() - _NEAR), use.start()) for use in uses)
