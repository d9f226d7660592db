"""How something is used: the statements that call it in examples and tests, or else in the product, the shortest first.

What is private is not for use, and a call on `self` shows how something else is built.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....code_graph import is_test_path
from ....evidence.ranking import is_aside
from ....types import CallSite
from ..candidate import Candidate, SentenceBuilder, scope_name
from ..statements.quotes import quote_at_line
from .calls import value_lines
from .known_links import Links

_MAX_EXAMPLES = 2
_MAX_LOOKED_AT = 40
_MAX_TEXT = 220
_OWN = ("self.", "cls.", "super()")


def example_sentences(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """Quotes of the shortest statements that surely call it, each of another function."""
    if any(part.startswith("_") for part in links.ref.symbol.qualname.split(".")):
        return
    found: dict[str, tuple[tuple[bool, int, str], str, tuple[tuple[str, int, int], ...]]] = {}
    sites = (s for s in links.callers.items if s.sure and not s.callee.startswith(_OWN))
    for site in sorted(sites, key=_place)[:_MAX_LOOKED_AT]:
        example = _example(links, site)
        if example is None:
            continue
        text, spans = example
        key = (not _is_example(site.span.path), len(text), text)
        owner = text.partition(": ")[0]
        if owner not in found or key < found[owner][0]:
            found[owner] = key, text, spans
    for _, text, spans in sorted(found.values())[:_MAX_EXAMPLES]:
        yield builder.sentence_at("example", text, *spans)


def _is_example(path: str) -> bool:
    return is_aside(path) or is_test_path(path)


def _place(site: CallSite) -> tuple[bool, bool, str, int]:
    """Examples first, then tests, then the product."""
    path = site.span.path
    return not _is_example(path), is_test_path(path), path, site.span.start


def _example(links: Links, site: CallSite) -> tuple[str, tuple[tuple[str, int, int], ...]] | None:
    document, caller = links.graph.document(site.span.path), site.caller
    if document is None or caller is None or not caller.symbol.is_callable:
        return None
    if value_lines(links.graph, links.ref, site) is None:
        return None
    quote = quote_at_line(scope_name(caller), caller.symbol, document.lines, site.span.start)
    if quote is None or len(quote[0]) > _MAX_TEXT or links.ref.symbol.name not in quote[0].partition(": ")[2]:
        return None
    return quote[0], tuple((caller.path, *lines) for lines in quote[1])
