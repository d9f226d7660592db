"""Sentences about inheritance: what a method overrides and what overrides it, what extends a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ....code_graph import is_test_path
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, class_header_spans, definition_span, join_list
from .known_links import Links

_MAX_LISTED, _MAX_ASKED = 4, 12
_MAX_FURTHER = 3  # subclasses whose own subclasses are told


def inheritance_sentences(builder: SentenceBuilder, links: Links, asked: bool = False) -> Iterator[Candidate]:
    """The sentences about what a method overrides and what overrides it; for a class, about what extends it. `asked`: the question asks
    for that, so that as many as a reader can take in are told, and what extends these in turn."""
    ref = links.ref
    name = code(ref.symbol.qualname)
    if ref.symbol.kind in ("method", "property"):
        for base in [r for r in links.overridden if is_named(r)][:1]:
            yield builder.sentence_at(
                "bases", f"{name} overrides {code(base.symbol.qualname)}.", definition_span(ref), definition_span(base)
            )
        yield from _listing(builder, links, f"{name} is overridden by", links.overrides, "overrides", asked)
    elif ref.symbol.kind == "class":
        yield from _listing(builder, links, f"{name} is extended by", links.subclasses, "subclasses", asked)
        if asked:
            yield from _further(builder, links)


def _further(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """What extends the subclasses, for the first of them that are extended themselves."""
    count = 0
    for ref in links.subclasses:
        refs = links.graph.subclasses_of(ref) if count < _MAX_FURTHER and not is_test_path(ref.path) else []
        for item in _listing(builder, links, f"{code(ref.symbol.qualname)} is extended by", refs, "subclasses", True):
            count += 1
            yield replace(item, kind="listing", named=True, order=count)


def _listing(
    builder: SentenceBuilder, links: Links, lead: str, refs: Sequence[SymbolRef], kind: str, asked: bool = False
) -> Iterator[Candidate]:
    refs = sorted(refs, key=lambda r: is_test_path(r.path)) if asked else refs
    by_name = {r.symbol.qualname: r for r in refs if is_named(r)}
    listed_refs = list(by_name.items())[: _MAX_ASKED if asked else _MAX_LISTED]
    if listed_refs:
        total = f" ({len(refs)} in all)" if kind not in links.incomplete else ""
        others = f", among others{total}" if len(refs) > len(listed_refs) else ""
        text = f"{lead} {join_list([code(n) for n, _ in listed_refs])}{others}."
        yield builder.sentence_at(
            "overridden", text, *(lines for _, r in listed_refs for lines in class_header_spans(links.graph, r))
        )


def is_named(ref: SymbolRef) -> bool:
    return ref.symbol.name != "<lambda>"
