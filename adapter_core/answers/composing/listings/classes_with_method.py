"""Which classes have a method of a name, where a question asks for them: "Which classes implement `__iter__`?"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....code_graph import CodeGraph, is_test_path
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, definition_span, join_list

_ASKED = re.compile(
    r"\b(?:(?:which|what) (?:\w+ )?(?:class(?:es)?|types|objects) (?:that )?(?:define|implement|have|provide|support)s?"
    r"|who (?:define|implement|provide)s|(?:all |the )?implementations? of)"
    r" (?:an? |the |their own )?(?:method )?`?(?P<name>[A-Za-z_]\w*)(?:\(\))?`?(?: methods?| propert(?:y|ies))?\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_MAX_LISTED = 4
_MAX_GROUPS = 2
_FEWEST = 2  # of one there is more to say than where it is


def method_in_question(question: str) -> str:
    """The method whose classes are asked for; "" of other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    return match["name"] if match else ""


def classes_with_method(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The classes that define the method or property that is asked for, those of the product alone, if any do."""
    name = method_in_question(question)
    refs = [r for r in graph.find_symbol(name) if r.symbol.kind in ("method", "property")] if name else []
    own = [r for r in refs if not is_test_path(r.path)] or refs
    owners: dict[str, SymbolRef] = {}
    for ref in own:  # a class may define it twice, and several classes may be called the same
        owners.setdefault(ref.symbol.qualname.rpartition(".")[0], ref)
    if len(owners) < _FEWEST:
        return
    for kind in ("method", "property"):
        found = [(owner, ref) for owner, ref in owners.items() if ref.symbol.kind == kind]
        others = ", among others" if len(found) > _MAX_GROUPS * _MAX_LISTED else ""
        for start in range(0, min(len(found), _MAX_GROUPS * _MAX_LISTED), _MAX_LISTED):
            group = found[start : start + _MAX_LISTED]
            text = f"{code(name)} is a {kind} of {join_list([code(owner) for owner, _ in group])}{others}."
            first = group[0][1]
            spans = tuple(definition_span(r) for _, r in group)
            yield Candidate(text, "listing", spans, f"{first.path}:{first.symbol.start}", 0, -1, named=True)
