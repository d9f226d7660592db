"""How something is used: the code in its docstring, and the statements that call it or hand it on, in examples and tests, or else in the
product, the shortest first.

What is private is not for use, and a call on `self` shows how something else is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....types import STEP_SEPARATOR, CallSite, Citation, SymbolRef
from ...citations import are_within, spans_of
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, scope_name
from ..documentation.quoted_docs import docstring_lines_of
from ..documentation.samples import SHOWS, Sample, samples_in
from ..statements.quotes import quote_at_line
from .calls import value_lines
from .known_links import Links

_MAX_EXAMPLES = 2
_MAX_LOOKED_AT, _MAX_READS = 40, 40
_MAX_TEXT = 220
_REFERENCES_SECONDS = 0.3
_OWN = ("self.", "cls.", "super()")
OF_DOCSTRING = "The docstring of "

_Example = tuple[str, tuple[tuple[str, int, int], ...]]


def example_sentences(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """The code in its docstring; quotes of the shortest statements that surely call it, each of another function; where there are none, of
    those of tests and examples that call something of its name, or hand it on."""
    if any(part.startswith("_") for part in links.ref.symbol.qualname.split(".")):
        return
    yield from docstring_sample(builder, links.graph)
    called = sorted((s for s in links.callers.items if not s.callee.startswith(_OWN)), key=_place)
    shown = list(_shortest(_example(links, site) for site in [s for s in called if s.sure][:_MAX_LOOKED_AT]))
    if not shown:
        by_name = (s for s in called if _is_example(s.span.path) and _names(s.callee, links.ref))
        shown = list(_shortest(_quoted(links, s.caller, s.span.start) for s in list(by_name)[:_MAX_LOOKED_AT]))
    shown = shown or list(_shortest(_handed_on(links)))
    for text, spans in shown:
        yield builder.sentence_at("example", text, *spans)


def docstring_sample(builder: SentenceBuilder, graph: CodeGraph) -> Iterator[Candidate]:
    """The first code that the docstring of a function or class shows."""
    document = graph.document(builder.path)
    sample = _sample_of(builder, document.lines) if document is not None else None
    if sample is not None:
        line = builder.symbol.name_line
        text = f"{OF_DOCSTRING}{code(builder.symbol.qualname)}{SHOWS} {STEP_SEPARATOR.join(sample.steps)}"
        item = builder.sentence_at("example", text, (builder.path, line, line), *sample.spans(builder.path))
        yield replace(item, steps=sample.steps)


def docstring_sample_holds(graph: CodeGraph, owner: str, steps: str, citations: tuple[Citation, ...]) -> bool:
    """Whether the docstring of `owner` begins its code with exactly these lines, on cited ones."""
    for path in dict.fromkeys(c.span.path for c in citations):
        facts, document = graph.facts(path), graph.document(path)
        for index, symbol in enumerate(facts.symbols) if facts is not None and document is not None else ():
            if symbol.qualname != owner or document is None or facts is None:
                continue
            sample = _sample_of(SentenceBuilder(facts, index, 0), document.lines)
            if sample is not None and STEP_SEPARATOR.join(sample.steps) == steps:
                line = symbol.name_line
                return are_within([(path, line, line), *sample.spans(path)], spans_of(citations))
    return False


def _sample_of(builder: SentenceBuilder, lines: list[str]) -> Sample | None:
    where = docstring_lines_of(builder.symbol, lines)
    samples = samples_in(lines, *where) if where is not None else iter(())
    return next((sample for sample in samples if not sample.is_signature), None)


def _shortest(examples: Iterator[_Example | None]) -> Iterator[_Example]:
    """The shortest example of each function, those of tests and examples first."""
    found: dict[str, tuple[tuple[bool, int, str], _Example]] = {}
    for example in examples:
        if example is not None:
            text, spans = example
            key = (not _is_example(spans[0][0]), len(text), text)
            owner = text.partition(": ")[0]
            if owner not in found or key < found[owner][0]:
                found[owner] = key, example
    yield from (example for _, example in sorted(found.values())[:_MAX_EXAMPLES])


def _handed_on(links: Links) -> Iterator[_Example | None]:
    """The statements of tests and examples that hand it on, as `Cache(disk=JSONDisk)` does."""
    for reference in links.graph.refs_of(links.ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        if reference.kind == "read" and _is_example(reference.span.path):
            yield _quoted(links, reference.owner, reference.span.start)


def _names(callee: str, ref: SymbolRef) -> bool:
    return callee.rpartition(".")[2] == ref.symbol.name


def _is_example(path: str) -> bool:
    return is_aside(path) or is_test_path(path)


def _place(site: CallSite) -> tuple[bool, bool, str, int]:
    """Examples first, then tests, then the product."""
    path = site.span.path
    return not _is_example(path), is_test_path(path), path, site.span.start


def _example(links: Links, site: CallSite) -> _Example | None:
    return (
        _quoted(links, site.caller, site.span.start) if value_lines(links.graph, links.ref, site) is not None else None
    )


def _quoted(links: Links, owner: SymbolRef | None, line: int) -> _Example | None:
    """The statement on a line of a function, if it names what is used and is short."""
    document = links.graph.document(owner.path) if owner is not None else None
    if owner is None or document is None or not owner.symbol.is_callable:
        return None
    quote = quote_at_line(scope_name(owner), owner.symbol, document.lines, line, with_headers=True)
    if quote is None or len(quote[0]) > _MAX_TEXT or links.ref.symbol.name not in quote[0].partition(": ")[2]:
        return None
    return quote[0], tuple((owner.path, *lines) for lines in quote[1])
