"""What a definition says by its own lines: where it stands, what it takes and returns, its bases, methods, members and value."""

from __future__ import annotations

from collections.abc import Iterator

from ...evidence.spans import own_blocks
from ...types import Evidence, ModuleFacts, Symbol
from ..inert import code
from .candidate import Candidate, Speaker, listed
from .documentation.attribute_docs import assigns, attribute_docs
from .documentation.quoted_docs import MAX_HEADER_LINES
from .links.counts import parameters_of
from .links.imports import module_name
from .links.known_links import KnownLinks
from .links.reads import reads

ASSIGNED_KINDS = ("constant", "variable", "type_alias", "field", "enum_member")
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


def header(speaker: Speaker, lines: list[str]) -> Iterator[Candidate]:
    """Where it is defined, as what; then what its header says."""
    symbol, facts = speaker.symbol, speaker.facts
    head = _head_span(facts, speaker.index, lines)
    name = code(symbol.qualname)
    what = _KIND_WORDS.get(symbol.kind, "a symbol")
    if symbol.is_async:
        what = what.replace("a ", "an async ", 1)
    parent = facts.symbols[symbol.parent] if symbol.parent > 0 else None
    # Of what it is a method says its name.
    is_what = "is" if parent is not None and symbol.kind in ("method", "property") else f"is {what},"
    yield speaker.say("where", f"{name} {is_what} defined in {code(facts.path)}.", head)
    if symbol.is_callable:
        yield from _signature(speaker, head)
    else:
        yield from _value(speaker, lines, head)
    if symbol.decorators and symbol.is_callable:
        yield from _decorators(speaker)


def _signature(speaker: Speaker, head: tuple[int, int]) -> Iterator[Candidate]:
    """What a function takes, with which defaults, and what it is annotated to return."""
    symbol = speaker.symbol
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
        parts.append(f"takes {listed(required)}")
    if defaults:
        parts.append(("optionally " if required else "takes optionally ") + listed(defaults))
    if symbol.returns and len(symbol.returns) <= _MAX_ANNOTATION:
        parts.append(f"is annotated to return {code(symbol.returns)}")
    if parts and complete and len(" ".join(parts)) <= 3 * _MAX_SIGNATURE:
        lines = range(head[0], head[1] + 1, MAX_HEADER_LINES)
        spans = [(first, min(first + MAX_HEADER_LINES - 1, head[1])) for first in lines]
        yield speaker.say("signature", f"{code(symbol.qualname)} {listed(parts)}.", *spans)


_SAYS_NOTHING = ("Any", "Incomplete", "object", "typing.Any")


def _value(speaker: Speaker, lines: list[str], head: tuple[int, int]) -> Iterator[Candidate]:
    """What a name is assigned, or else annotated with."""
    symbol = speaker.symbol
    if symbol.kind not in ASSIGNED_KINDS:
        return
    name, annotation = code(symbol.qualname), symbol.returns or ""
    if len(symbol.signature) <= _MAX_SIGNATURE and _stands_so(symbol, lines):
        text = f"{name} is assigned as {code(symbol.signature)}."
        yield speaker.say("assigned", text, (symbol.start, symbol.end))
    elif 0 < len(annotation) <= _MAX_SIGNATURE and symbol.start == symbol.end and annotation not in _SAYS_NOTHING:
        yield speaker.say("assigned", f"{name} is annotated with {code(annotation)}.", head)


def _decorators(speaker: Speaker) -> Iterator[Candidate]:
    symbol = speaker.symbol
    shown = [code("@" + d) for d in symbol.decorators if len(d) <= _MAX_DECORATOR and "\n" not in d]
    if shown and symbol.name_line - symbol.start < MAX_HEADER_LINES:
        text = f"{code(symbol.qualname)} is decorated with {listed(shown)}."
        # `@app.route("/")` is how a function is registered; `@property` is not.
        kind = "registered" if any(set(d) & set(".(") for d in symbol.decorators) else "signature"
        yield speaker.say(kind, text, (symbol.start, symbol.name_line))


def _stands_so(symbol: Symbol, lines: list[str]) -> bool:
    """Whether an assignment of few lines is written as its signature has it, with no comment in it."""
    written = "".join("".join(lines[symbol.start - 1 : symbol.end]).split())
    few = symbol.end - symbol.start < MAX_HEADER_LINES
    return few and assigns(symbol.signature) and "".join(symbol.signature.split()) in written


def _head_span(facts: ModuleFacts, index: int, lines: list[str]) -> tuple[int, int]:
    """The lines of a definition's header; its decorators too, unless there are so many that they would crowd it out."""
    symbol = facts.symbols[index]
    blocks = own_blocks(facts, index, lines)
    end = blocks[0].end if blocks and blocks[0].start <= symbol.name_line else symbol.name_line
    end = max(symbol.name_line, min(end, symbol.end))
    return (symbol.start if end - symbol.start < MAX_HEADER_LINES else symbol.name_line), end


def bases_and_methods(speaker: Speaker, lines: list[str]) -> Iterator[Candidate]:
    """Of a class."""
    symbol, facts, index = speaker.symbol, speaker.facts, speaker.index
    name = code(symbol.qualname)
    head = _head_span(facts, index, lines)
    bases = [b for b in symbol.bases if b != "object"]
    if bases and head[1] - head[0] < MAX_HEADER_LINES:
        text = f"{name} extends {listed([code(b) for b in bases])}."
        yield speaker.say("bases", text, head)
    # A property's getter and setter share a name; the first one is where it is defined.
    named = {s.name: s for s in reversed(facts.symbols) if s.parent == index and s.is_callable}
    methods = [s for s in reversed(named.values()) if not s.name.startswith("_")]
    if methods:
        shown = methods[:_MAX_LISTED]
        more = f" and {len(methods) - len(shown)} more" if len(methods) > len(shown) else ""
        text = f"{name} defines {listed([code(m.name) for m in shown])}{more}."
        if not more:
            yield speaker.say("where", text, *((m.name_line, m.name_line) for m in shown))


def members(
    speaker: Speaker, links: KnownLinks, item: Evidence, document: list[str], look_up: bool
) -> Iterator[Candidate]:
    """What a class assigns in the lines that were found; `look_up`: and who reads it."""
    looked_up = 0
    for number, symbol in enumerate(speaker.facts.symbols):
        inside = (
            symbol.parent == speaker.index
            and symbol.kind in ASSIGNED_KINDS
            and item.span.start <= symbol.start <= item.span.end
        )
        if not inside or (symbol.start == symbol.end and not assigns(symbol.signature)):
            continue  # what is only annotated says little
        member, name = Speaker(speaker.facts, number, speaker.place), code(symbol.qualname)
        lines = (symbol.start, min(symbol.end, symbol.start + MAX_HEADER_LINES - 1))
        short = len(symbol.signature) <= _MAX_SIGNATURE and symbol.end == lines[1] and assigns(symbol.signature)
        text = (
            f"{name} is assigned as {code(symbol.signature)}."
            if short
            else f"{name} is defined in {code(member.path)}."
        )
        yield member.say("assigned", text, lines)
        yield from attribute_docs(member, document)
        if look_up and symbol.end - symbol.start > _MANY_LINES and looked_up < _MAX_LOOKED_UP:
            looked_up += 1
            with links.budget.spend():
                reading = list(reads(member, links.graph, links.graph.ref(speaker.facts, number)))
            yield from reading


def assigned_in_module(speaker: Speaker, item: Evidence) -> Iterator[Candidate]:
    """What a module assigns on the lines that were found."""
    for symbol in speaker.facts.symbols[1:]:
        inside = item.span.start <= symbol.start and symbol.end <= item.span.end
        if (
            (
                inside
                and symbol.parent == 0
                and symbol.kind in ASSIGNED_KINDS
                and symbol.end - symbol.start < _MAX_STATEMENT
            )
            and len(symbol.signature) <= _MAX_SIGNATURE
            and "=" in symbol.signature
        ):
            text = f"{code(speaker.facts.module)} assigns {code(symbol.signature)}."
            yield speaker.say("signature", text, (symbol.start, symbol.end))


def contents(speaker: Speaker) -> Iterator[Candidate]:
    """The functions and classes of a module that are public; where it has none of these, all."""
    own = [s for s in speaker.facts.symbols if s.parent == 0 and (s.is_callable or s.kind == "class")]
    named = {s.name: s for s in reversed([s for s in own if not s.name.startswith("_")] or own)}
    shown = list(reversed(named.values()))[:_MAX_CONTENTS]
    if shown:
        others = ", among others" if len(named) > len(shown) else ""
        name = code(module_name(speaker.facts.module, speaker.path))
        text = f"The module {name} defines {listed([code(s.name) for s in shown])}{others}."
        yield speaker.say("contents", text, *((s.name_line, s.name_line) for s in shown))
