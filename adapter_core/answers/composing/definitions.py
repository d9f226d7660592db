"""What a definition says by its own lines: where it stands, what it takes and returns, its bases, methods, members and value."""

from __future__ import annotations

from collections.abc import Iterator

from ...evidence.spans import own_blocks
from ...types import Evidence, ModuleFacts, Symbol
from ..inert import code
from .candidate import Candidate, SentenceBuilder, join_list
from .documentation.attribute_docs import assigns_value, attribute_doc_sentences
from .documentation.quoted_docs import MAX_HEADER_LINES
from .links.counts import parameters_of
from .links.imports import module_name
from .links.known_links import KnownLinks
from .links.reads import reader_sentences

ASSIGNED = ("constant", "variable", "type_alias", "field", "enum_member")
_MAX_SIGNATURE = 160
_MAX_LISTED = 5
_MAX_CONTENTS = 8
_MAX_DEFAULT, _MAX_ANNOTATION, _MAX_DECORATOR = 40, 80, 80
_MAX_STATEMENT = 12  # lines of what a module assigns
_MAX_RANGES = 3  # of a long header, each of `MAX_HEADER_LINES`
_MANY_LINES = 2  # of an assignment of which it is looked up who reads it
_MAX_LOOKED_UP = 2  # of one class
_KIND_WORDS = {
    "class": "a class", "function": "a function", "method": "a method", "property": "a property", "variable": "a variable",
    "constant": "a constant", "type_alias": "a type alias", "field": "a field", "enum_member": "an enum member",
}  # fmt: skip


def header(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """Where it is defined, as what; then what its header says."""
    symbol, facts = builder.symbol, builder.facts
    head = _head_span(facts, builder.index, lines)
    name = code(symbol.qualname)
    what = _KIND_WORDS.get(symbol.kind, "a symbol")
    if symbol.is_async:
        what = what.replace("a ", "an async ", 1)
    parent = facts.symbols[symbol.parent] if symbol.parent > 0 else None
    # Of what it is a method says its name.
    is_what = "is" if parent is not None and symbol.kind in ("method", "property") else f"is {what},"
    yield builder.sentence("where", f"{name} {is_what} defined in {code(facts.path)}.", head)
    if symbol.is_callable:
        yield from _signature(builder, head)
    else:
        yield from _value(builder, lines, head)
    if symbol.decorators and symbol.is_callable:
        yield from _decorators(builder)


def _signature(builder: SentenceBuilder, head: tuple[int, int]) -> Iterator[Candidate]:
    """What a function takes, with which defaults, and what it is annotated to return."""
    symbol = builder.symbol
    shown = parameters_of(symbol)
    # A header on several lines is cited whole or not spoken of: every default must be in the lines.
    complete = not shown or head[1] - head[0] < _MAX_RANGES * MAX_HEADER_LINES
    defaults = [
        f"{code(p.name)} (default {code(p.default)})"
        for p in shown
        if p.default is not None and len(p.default) <= _MAX_DEFAULT
    ]
    required = [code(p.name) for p in shown if p.default is None and not p.kind.startswith("var_")]
    parts = []
    if required:
        parts.append(f"takes {join_list(required)}")
    if defaults:
        parts.append(("optionally " if required else "takes optionally ") + join_list(defaults))
    if symbol.returns and len(symbol.returns) <= _MAX_ANNOTATION:
        parts.append(f"is annotated to return {code(symbol.returns)}")
    if parts and complete and len(" ".join(parts)) <= 3 * _MAX_SIGNATURE:
        lines = range(head[0], head[1] + 1, MAX_HEADER_LINES)
        spans = [(first, min(first + MAX_HEADER_LINES - 1, head[1])) for first in lines]
        yield builder.sentence("signature", f"{code(symbol.qualname)} {join_list(parts)}.", *spans)


_SAYS_NOTHING = ("Any", "Incomplete", "object", "typing.Any")


def _value(builder: SentenceBuilder, lines: list[str], head: tuple[int, int]) -> Iterator[Candidate]:
    """What a name is assigned, or else annotated with."""
    symbol = builder.symbol
    if symbol.kind not in ASSIGNED:
        return
    name, annotation = code(symbol.qualname), symbol.returns or ""
    if len(symbol.signature) <= _MAX_SIGNATURE and _stands_so(symbol, lines):
        text = f"{name} is assigned as {code(symbol.signature)}."
        yield builder.sentence("assigned", text, (symbol.start, symbol.end))
    elif 0 < len(annotation) <= _MAX_SIGNATURE and symbol.start == symbol.end and annotation not in _SAYS_NOTHING:
        yield builder.sentence("assigned", f"{name} is annotated with {code(annotation)}.", head)


def _decorators(builder: SentenceBuilder) -> Iterator[Candidate]:
    symbol = builder.symbol
    shown = [code("@" + d) for d in symbol.decorators if len(d) <= _MAX_DECORATOR and "\n" not in d]
    if shown and symbol.name_line - symbol.start < MAX_HEADER_LINES:
        text = f"{code(symbol.qualname)} is decorated with {join_list(shown)}."
        # `@app.route("/")` is how a function is registered; `@property` is not.
        kind = "registered" if any(set(d) & set(".(") for d in symbol.decorators) else "signature"
        yield builder.sentence(kind, text, (symbol.start, symbol.name_line))


def _stands_so(symbol: Symbol, lines: list[str]) -> bool:
    """Whether an assignment of few lines is written as its signature has it, with no comment in it."""
    written = "".join("".join(lines[symbol.start - 1 : symbol.end]).split())
    few = symbol.end - symbol.start < MAX_HEADER_LINES
    return few and assigns_value(symbol.signature) and "".join(symbol.signature.split()) in written


def _head_span(facts: ModuleFacts, index: int, lines: list[str]) -> tuple[int, int]:
    """The lines of a definition's header; its decorators too, unless there are so many that they would crowd it out."""
    symbol = facts.symbols[index]
    blocks = own_blocks(facts, index, lines)
    end = blocks[0].end if blocks and blocks[0].start <= symbol.name_line else symbol.name_line
    end = max(symbol.name_line, min(end, symbol.end))
    return (symbol.start if end - symbol.start < MAX_HEADER_LINES else symbol.name_line), end


def bases_and_methods(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """Of a class."""
    symbol, facts, index = builder.symbol, builder.facts, builder.index
    name = code(symbol.qualname)
    head = _head_span(facts, index, lines)
    bases = [b for b in symbol.bases if b != "object"]
    if bases and head[1] - head[0] < MAX_HEADER_LINES:
        text = f"{name} extends {join_list([code(b) for b in bases])}."
        yield builder.sentence("bases", text, head)
    # A property's getter and setter share a name; the first one is where it is defined.
    named = {s.name: s for s in reversed(facts.symbols) if s.parent == index and s.is_callable}
    methods = [s for s in reversed(named.values()) if not s.name.startswith("_")]
    if methods:
        shown = methods[:_MAX_LISTED]
        more = f" and {len(methods) - len(shown)} more" if len(methods) > len(shown) else ""
        text = f"{name} defines {join_list([code(m.name) for m in shown])}{more}."
        if not more:
            yield builder.sentence("where", text, *((m.name_line, m.name_line) for m in shown))


def members(
    builder: SentenceBuilder, links: KnownLinks, item: Evidence, document: list[str], look_up: bool
) -> Iterator[Candidate]:
    """What a class assigns in the lines that were found; `look_up`: and who reads it."""
    looked_up = 0
    for number, symbol in enumerate(builder.facts.symbols):
        inside = (
            symbol.parent == builder.index
            and symbol.kind in ASSIGNED
            and item.span.start <= symbol.start <= item.span.end
        )
        if not inside or (symbol.start == symbol.end and not assigns_value(symbol.signature)):
            continue  # what is only annotated says little
        member, name = SentenceBuilder(builder.facts, number, builder.rank), code(symbol.qualname)
        lines = (symbol.start, min(symbol.end, symbol.start + MAX_HEADER_LINES - 1))
        short = len(symbol.signature) <= _MAX_SIGNATURE and symbol.end == lines[1] and assigns_value(symbol.signature)
        text = (
            f"{name} is assigned as {code(symbol.signature)}."
            if short
            else f"{name} is defined in {code(member.path)}."
        )
        yield member.sentence("assigned", text, lines)
        yield from attribute_doc_sentences(member, document)
        if look_up and symbol.end - symbol.start > _MANY_LINES and looked_up < _MAX_LOOKED_UP:
            looked_up += 1
            with links.budget.spend():
                reading = list(reader_sentences(member, links.graph, links.graph.ref(builder.facts, number)))
            yield from reading


def assigned_in_module(builder: SentenceBuilder, item: Evidence) -> Iterator[Candidate]:
    """What a module assigns on the lines that were found."""
    for symbol in builder.facts.symbols[1:]:
        inside = item.span.start <= symbol.start and symbol.end <= item.span.end
        if (
            (inside and symbol.parent == 0 and symbol.kind in ASSIGNED and symbol.end - symbol.start < _MAX_STATEMENT)
            and len(symbol.signature) <= _MAX_SIGNATURE
            and "=" in symbol.signature
        ):
            text = f"{code(builder.facts.module)} assigns {code(symbol.signature)}."
            yield builder.sentence("signature", text, (symbol.start, symbol.end))


def contents(builder: SentenceBuilder) -> Iterator[Candidate]:
    """The functions and classes of a module that are public; where it has none of these, all."""
    own = [s for s in builder.facts.symbols if s.parent == 0 and (s.is_callable or s.kind == "class")]
    named = {s.name: s for s in reversed([s for s in own if not s.name.startswith("_")] or own)}
    shown = list(reversed(named.values()))[:_MAX_CONTENTS]
    if shown:
        others = ", among others" if len(named) > len(shown) else ""
        name = code(module_name(builder.facts.module, builder.path))
        text = f"The module {name} defines {join_list([code(s.name) for s in shown])}{others}."
        yield builder.sentence("contents", text, *((s.name_line, s.name_line) for s in shown))
