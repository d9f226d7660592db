"""What a class extends, for questions for its base classes or mixins: all of its bases, and what these extend."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....code_graph import CodeGraph, is_test_path
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, class_header_spans, definition_span, join_list

_NAME = r"(?:the )?(?:class )?`?(?P<{}>[A-Za-z_][\w.]*)`?(?: class)?"
_BASES = (
    r"(?:(?:direct |immediate )?"
    r"(?:mixins?|mix-ins?|base(?: class(?:es)?)?|bases|super-?class(?:es)?|parents?(?: class(?:es)?)?|ancestors?))"
)
_EXTENDS = r"(?:extends?|inherits?(?: from)?|derives? from|subclass(?:es)?|mix(?:es)? in|builds? on|combines?)"
_ASKED = re.compile(
    r"\W*(?:"
    rf"(?:(?:which|what) )(?:other )?(?:{_BASES}|class(?:es)?|types?) (?:does|do) {_NAME.format('a')} (?:{_EXTENDS}|have|use)"
    rf"|(?:(?:what|which|who)(?:'s| is| are)|list|show|name|find)(?: me)?(?: all)?(?: of)?(?: the)? {_BASES} of {_NAME.format('b')}"
    rf"|what (?:does|do) {_NAME.format('c')} {_EXTENDS}"
    rf"|what (?:is|are) {_NAME.format('d')}(?:'s)? (?:{_BASES}|derived from|built from|composed of)"
    r")\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_MAX_CLASSES = 3  # of one name
_MAX_BASES = 16  # that one sentence lists
_MAX_FURTHER = 5  # bases of which it is told what they extend


def class_with_asked_bases(question: str) -> str:
    """The class whose bases a question asks for; "" for other questions."""
    match = _ASKED.match(question) if len(question) <= _MAX_CHARS else None
    return next((name for name in match.groups() if name), "").strip(".") if match is not None else ""


def asks_bases(question: str) -> bool:
    return bool(class_with_asked_bases(question))


def named_bases(cls: SymbolRef) -> list[str]:
    """The bases that a class names, as written."""
    return [base for base in cls.symbol.bases if base != "object"]


def base_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """ "`C` extends `A` and `B`." with all of its bases, and what these extend in turn."""
    name = class_with_asked_bases(question)
    refs = [ref for ref in graph.find_symbol(name) if ref.symbol.kind == "class"] if name else []
    classes = [ref for ref in refs if not is_test_path(ref.path)] or refs
    told: set[tuple[str, int]] = set()
    for cls in classes[:_MAX_CLASSES]:
        yield from _sentence(graph, cls, cls.full_name if len(classes) > 1 else cls.symbol.qualname)
        told.add((cls.path, cls.symbol.start))
    if len(classes) == 1:
        further = [base for base in graph.bases_of(classes[0]) if named_bases(base)]
        for base in further[:_MAX_FURTHER]:
            if (base.path, base.symbol.start) not in told:
                told.add((base.path, base.symbol.start))
                yield from _sentence(graph, base, base.symbol.qualname)


def _sentence(graph: CodeGraph, cls: SymbolRef, name: str) -> Iterator[Candidate]:
    bases = named_bases(cls)
    if not bases:
        text = f"{code(name)} is a class, defined in {code(cls.path)}."
        yield Candidate(text, "listing", (definition_span(cls),), f"{cls.path}:{cls.symbol.start}", 0, -1, named=True)
        return
    others = ", among others" if len(bases) > _MAX_BASES else ""
    listed = join_list([code(base) for base in bases[:_MAX_BASES]])
    text = f"{code(name)} extends {listed}{others}."
    spans = tuple(class_header_spans(graph, cls))
    yield Candidate(text, "listing", spans, f"{cls.path}:{cls.symbol.start}", 0, -1, named=True)
