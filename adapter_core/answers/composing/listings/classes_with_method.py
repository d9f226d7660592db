"""The classes that have a method of a name, for questions such as "Which classes implement `__iter__`?"."""

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
_MIN_OWNERS = 2  # about a single one there is more to say


def method_in_question(question: str) -> str:
    """The method whose classes the question asks for; "" for other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    return match["name"] if match else ""


def method_owner_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The sentences about which classes define the method or property that is asked for; only those of the product, if there are any."""
    name = method_in_question(question)
    refs = [r for r in graph.find_symbol(name) if r.symbol.kind in ("method", "property")] if name else []
    product_refs = [r for r in refs if not is_test_path(r.path)] or refs
    owners: dict[str, SymbolRef] = {}
    for ref in product_refs:  # a class may define it twice, and classes may share a name
        owners.setdefault(ref.symbol.qualname.rpartition(".")[0], ref)
    if len(owners) < _MIN_OWNERS:
        return
    for kind in ("method", "property"):
        owners_of_kind = [(owner, ref) for owner, ref in owners.items() if ref.symbol.kind == kind]
        others = ", among others" if len(owners_of_kind) > _MAX_GROUPS * _MAX_LISTED else ""
        for start in range(0, min(len(owners_of_kind), _MAX_GROUPS * _MAX_LISTED), _MAX_LISTED):
            group = owners_of_kind[start : start + _MAX_LISTED]
            text = f"{code(name)} is a {kind} of {join_list([code(owner) for owner, _ in group])}{others}."
            first = group[0][1]
            spans = tuple(definition_span(r) for _, r in group)
            yield Candidate(text, "listing", spans, f"{first.path}:{first.symbol.start}", 0, -1, named=True)
