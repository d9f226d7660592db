"""Where an exception is raised, where a question asks for that: the functions that do, each with its line."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, listed, scope_name
from ..links.library_uses import in_order

_ASKED = re.compile(
    r"\b(?:where (?:is|are|do(?:es)?(?: we| it)?)|who|what|which (?:functions?|methods?|code|places?)) (?:the )?(?:exceptions? |errors? )?"
    r"(?:(?:raises?|throws?) (?:an? |the )?`?(?P<a>[A-Z][\w.]*)`?|`?(?P<b>[A-Z][\w.]*)`?(?: exceptions?| errors?)? (?:raised|thrown))\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_MAX_LISTED = 4
_MAX_GROUPS = 2
_Place = tuple[str, int, int]


def raised_exception_asked_for(question: str) -> str:
    """The exception of which it is asked where it is raised, without its module; "" in other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    name = ((match["a"] or match["b"]) if match else "").rpartition(".")[2]
    return name if name[:1].isupper() else ""


def raising_places(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """ "`X` is raised in `f` and `g`." of the product's functions; of tests and examples where there are no others. Files are read until
    there are more places than are told, or the graph's time is up. `check` raises where nobody waits any more."""
    name = raised_exception_asked_for(question)
    found: dict[tuple[str, str], tuple[SymbolRef, _Place]] = {}
    for path in sorted(graph.view.paths_using(name), key=in_order) if name else ():
        # Those of the product come first, so that no file after this one would be told of, either.
        enough = len(found) > _MAX_GROUPS * _MAX_LISTED or (found and (is_test_path(path) or is_aside(path)))
        if enough or graph.inference.late:
            break
        check()
        for owner, place in _raising(graph, path, name):
            found.setdefault((path, scope_name(owner)), (owner, place))
    names = Counter(label for _, label in found)
    shown = list(found.items())[: _MAX_GROUPS * _MAX_LISTED]
    others = ", among others" if len(found) > len(shown) else ""
    for start in range(0, len(shown), _MAX_LISTED):
        group = shown[start : start + _MAX_LISTED]
        # Of one name in several files each is told with its module.
        owners = [code(ref.full_name if names[label] > 1 else label) for (_, label), (ref, _) in group]
        places = tuple(place for _, (_, place) in group)
        text = f"{code(name)} is raised in {listed(owners)}{others}."
        yield Candidate(text, "having", places, f"{places[0][0]}:{places[0][1]}", 0, -1, named=True)


def _raising(graph: CodeGraph, path: str, name: str) -> Iterator[tuple[SymbolRef, _Place]]:
    """The functions of a file that raise it, by this name, each with the statement."""
    document, facts = graph.document(path), graph.facts(path)
    # To parse takes a thousand times as long, and most files that use a name do not raise it.
    if document is None or facts is None or not re.search(rf"\braise\b[^\n]*\b{re.escape(name)}\b", document.text):
        return
    tree = outline_of(document.text).tree
    raises = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)] if tree is not None else []
    for node in sorted(raises, key=lambda node: node.lineno):
        if node.exc is None:
            continue
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(raised, (ast.Name, ast.Attribute)) and ast.unparse(raised).rpartition(".")[2] == name:
            owner = graph.ref(facts, scope_at(facts, node.lineno))
            yield owner, (path, node.lineno, raised.end_lineno or node.lineno)
