"""Sentences from the lines of a definition: where it is defined, its signature, decorators, bases, methods, members and value."""

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
from .statements.writes import may_write, writes_of

ASSIGNED_KINDS = ("constant", "variable", "type_alias", "field", "enum_member")
_MAX_SIGNATURE = 160
_MAX_LISTED = 5
_MAX_CONTENTS = 8
EXCEPTION_NAMES = ("Error", "Exception", "Warning")
_MAX_DEFAULT, _MAX_ANNOTATION, _MAX_DECORATOR = 40, 80, 80
_MAX_STATEMENT = 12  # lines of an assignment in a module
_STARS = {"var_positional": "*", "var_keyword": "**"}
_MAX_RANGES = 3  # cited for a long header, each of `MAX_HEADER_LINES`
_LONG_ASSIGNMENT = 2  # lines; the readers of longer ones are looked up
_MAX_READERS = 2  # members of one class whose readers are looked up
_KIND_WORDS = {
    "class": "a class", "function": "a function", "method": "a method", "property": "a property", "variable": "a variable",
    "constant": "a constant", "type_alias": "a type alias", "field": "a field", "enum_member": "an enum member",
}  # fmt: skip


def definition_sentences(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """The sentence where a symbol is defined, as what; then those about its header."""
    symbol, facts = builder.symbol, builder.facts
    header_span = _header_span(facts, builder.index, lines)
    name = code(symbol.qualname)
    kind_words = _KIND_WORDS.get(symbol.kind, "a symbol")
    if symbol.kind == "constant" and _is_changed(facts, symbol, lines):
        kind_words = _KIND_WORDS["variable"]
    if symbol.is_async:
        kind_words = kind_words.replace("a ", "an async ", 1)
    parent = facts.symbols[symbol.parent] if symbol.parent > 0 else None
    # The qualified name shows that it is a method.
    predicate = "is" if parent is not None and symbol.kind in ("method", "property") else f"is {kind_words},"
    yield builder.sentence("where", f"{name} {predicate} defined in {code(facts.path)}.", header_span)
    if symbol.is_callable:
        yield from _signature_sentence(builder, header_span)
    else:
        yield from _value_sentence(builder, lines, header_span)
    if symbol.decorators and symbol.is_callable:
        yield from _decorator_sentence(builder)


def _is_changed(facts: ModuleFacts, symbol: Symbol, lines: list[str]) -> bool:
    """Whether the file of a name in capitals changes it, or what it holds."""
    text = "\n".join(lines) + "\n"
    writes = writes_of(text, symbol.name) if may_write(text, symbol.name) else ()
    return any(write.form != "likely" and not symbol.start <= write.line <= symbol.end for write in writes)


def _signature_sentence(builder: SentenceBuilder, header_span: tuple[int, int]) -> Iterator[Candidate]:
    """The sentence about a function's parameters, their defaults, and its return annotation."""
    symbol = builder.symbol
    parameters = parameters_of(symbol)
    # A header is cited whole or left out, since every default must be in the cited lines.
    is_citable = not parameters or header_span[1] - header_span[0] < _MAX_RANGES * MAX_HEADER_LINES
    defaults = [
        f"{code(p.name)} (default {code(p.default)})"
        for p in parameters
        if p.default is not None and len(p.default) <= _MAX_DEFAULT
    ]
    required = [code(_STARS.get(p.kind, "") + p.name) for p in parameters if p.default is None]
    parts = []
    if required:
        parts.append(f"takes {join_list(required)}")
    if defaults:
        parts.append(("optionally " if required else "takes optionally ") + join_list(defaults))
    if symbol.returns and len(symbol.returns) <= _MAX_ANNOTATION:
        parts.append(f"is annotated to return {code(symbol.returns)}")
    if parts and is_citable and len(" ".join(parts)) <= 3 * _MAX_SIGNATURE:
        lines = range(header_span[0], header_span[1] + 1, MAX_HEADER_LINES)
        spans = [(first, min(first + MAX_HEADER_LINES - 1, header_span[1])) for first in lines]
        # The declaration of a protocol or stub file stands for others, which may take and return something else.
        lead = "In one of its overloads, " if "overload" in symbol.traits else ""
        yield builder.sentence("signature", f"{lead}{code(symbol.qualname)} {join_list(parts)}.", *spans)


_VAGUE_ANNOTATIONS = ("Any", "Incomplete", "object", "typing.Any")


def value_sentences(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """The sentence about what a name is assigned, or else annotated with; none where that cannot be quoted."""
    yield from _value_sentence(builder, lines, _header_span(builder.facts, builder.index, lines))


def _value_sentence(builder: SentenceBuilder, lines: list[str], header_span: tuple[int, int]) -> Iterator[Candidate]:
    """The sentence about what a name is assigned, or else annotated with."""
    symbol = builder.symbol
    if symbol.kind not in ASSIGNED_KINDS:
        return
    name, annotation = code(symbol.qualname), symbol.returns or ""
    if symbol.signature == f"{symbol.name} = {symbol.name}":
        return  # a name that is exported again
    if len(symbol.signature) <= _MAX_SIGNATURE and _is_written_as_signature(symbol, lines):
        text = f"{name} is assigned as {code(symbol.signature)}."
        yield builder.sentence("assigned", text, (symbol.start, symbol.end))
    elif 0 < len(annotation) <= _MAX_SIGNATURE and symbol.start == symbol.end and annotation not in _VAGUE_ANNOTATIONS:
        yield builder.sentence("assigned", f"{name} is annotated with {code(annotation)}.", header_span)


def _decorator_sentence(builder: SentenceBuilder) -> Iterator[Candidate]:
    symbol = builder.symbol
    decorators = [code("@" + d) for d in symbol.decorators if len(d) <= _MAX_DECORATOR and "\n" not in d]
    if decorators and symbol.name_line - symbol.start < MAX_HEADER_LINES:
        text = f"{code(symbol.qualname)} is decorated with {join_list(decorators)}."
        # `@app.route("/")` is how a function is registered; `@property` is not.
        kind = "registered" if any(set(d) & set(".(") for d in symbol.decorators) else "signature"
        yield builder.sentence(kind, text, (symbol.start, symbol.name_line))


def _is_written_as_signature(symbol: Symbol, lines: list[str]) -> bool:
    """Whether an assignment is short and written as in its signature, without a comment in it."""
    written = "".join("".join(lines[symbol.start - 1 : symbol.end]).split())
    is_short = symbol.end - symbol.start < MAX_HEADER_LINES
    return is_short and assigns_value(symbol.signature) and "".join(symbol.signature.split()) in written


def _header_span(facts: ModuleFacts, index: int, lines: list[str]) -> tuple[int, int]:
    """First and last line of a definition's header, including its decorators unless these take too many lines."""
    symbol = facts.symbols[index]
    blocks = own_blocks(facts, index, lines)
    end = blocks[0].end if blocks and blocks[0].start <= symbol.name_line else symbol.name_line
    end = max(symbol.name_line, min(end, symbol.end))
    return (symbol.start if end - symbol.start < MAX_HEADER_LINES else symbol.name_line), end


def class_sentences(builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
    """The sentences about the bases and the public methods of a class."""
    symbol, facts, index = builder.symbol, builder.facts, builder.index
    name = code(symbol.qualname)
    header_span = _header_span(facts, index, lines)
    bases = [b for b in symbol.bases if b != "object"]
    if bases and header_span[1] - header_span[0] < MAX_HEADER_LINES:
        text = f"{name} extends {join_list([code(b) for b in bases])}."
        yield builder.sentence("bases", text, header_span)
    # A property's getter and setter share a name; the first one is where it is defined.
    by_name = {s.name: s for s in reversed(facts.symbols) if s.parent == index and s.is_callable}
    methods = [s for s in reversed(by_name.values()) if not s.name.startswith("_")]
    if methods:
        listed_methods = methods[:_MAX_LISTED]
        more = f" and {len(methods) - len(listed_methods)} more" if len(methods) > len(listed_methods) else ""
        text = f"{name} defines {join_list([code(m.name) for m in listed_methods])}{more}."
        if not more:
            yield builder.sentence("where", text, *((m.name_line, m.name_line) for m in listed_methods))


def member_sentences(
    builder: SentenceBuilder, links: KnownLinks, item: Evidence, document: list[str], with_readers: bool
) -> Iterator[Candidate]:
    """The sentences about what a class assigns on the found lines; `with_readers`: also those about who reads it."""
    readers_count = 0
    for number, symbol in enumerate(builder.facts.symbols):
        is_member = (
            symbol.parent == builder.index
            and symbol.kind in ASSIGNED_KINDS
            and item.span.start <= symbol.start <= item.span.end
        )
        if not is_member or (symbol.start == symbol.end and not assigns_value(symbol.signature)):
            continue  # an annotation alone says little
        member, name = SentenceBuilder(builder.facts, number, builder.rank), code(symbol.qualname)
        lines = (symbol.start, min(symbol.end, symbol.start + MAX_HEADER_LINES - 1))
        is_quotable = (
            len(symbol.signature) <= _MAX_SIGNATURE and symbol.end == lines[1] and assigns_value(symbol.signature)
        )
        text = (
            f"{name} is assigned as {code(symbol.signature)}."
            if is_quotable
            else f"{name} is defined in {code(member.path)}."
        )
        yield member.sentence("assigned", text, lines)
        yield from attribute_doc_sentences(member, document)
        if with_readers and symbol.end - symbol.start > _LONG_ASSIGNMENT and readers_count < _MAX_READERS:
            readers_count += 1
            with links.budget.spend():
                about_readers = list(reader_sentences(member, links.graph, links.graph.ref(builder.facts, number)))
            yield from about_readers


def module_assignment_sentences(builder: SentenceBuilder, item: Evidence) -> Iterator[Candidate]:
    """The sentences about what a module assigns on the found lines."""
    for symbol in builder.facts.symbols[1:]:
        is_found = item.span.start <= symbol.start and symbol.end <= item.span.end
        if (
            (
                is_found
                and symbol.parent == 0
                and symbol.kind in ASSIGNED_KINDS
                and symbol.end - symbol.start < _MAX_STATEMENT
            )
            and len(symbol.signature) <= _MAX_SIGNATURE
            and "=" in symbol.signature
        ):
            text = f"{code(builder.facts.module)} assigns {code(symbol.signature)}."
            yield builder.sentence("signature", text, (symbol.start, symbol.end))


def content_sentence(builder: SentenceBuilder) -> Iterator[Candidate]:
    """The sentence about the public functions and classes of a module, classes before functions where there are many; about all of them if
    none is public."""
    top_level = [s for s in builder.facts.symbols if s.parent == 0 and (s.is_callable or s.kind == "class")]
    top_level = [s for s in top_level if not (s.name.startswith("__") and s.name.endswith("__"))]
    by_name = {s.name: s for s in reversed([s for s in top_level if not s.name.startswith("_")] or top_level)}
    first = sorted(by_name.values(), key=lambda s: (s.kind != "class" or s.name.endswith(EXCEPTION_NAMES), s.start))
    listed_symbols = sorted(first[:_MAX_CONTENTS], key=lambda s: s.start)
    if listed_symbols:
        others = ", among others" if len(by_name) > len(listed_symbols) else ""
        name = code(module_name(builder.facts.module, builder.path))
        text = f"The module {name} defines {join_list([code(s.name) for s in listed_symbols])}{others}."
        yield builder.sentence("contents", text, *((s.name_line, s.name_line) for s in listed_symbols))


def export_sentence(builder: SentenceBuilder) -> Iterator[Candidate]:
    """The sentence about the names in the `__all__` of a package that are defined elsewhere."""
    symbols = builder.facts.symbols
    variable = next((s for s in symbols if s.parent == 0 and s.name == "__all__"), None)
    own = {s.name for s in symbols if s.is_callable or s.kind == "class"}
    names = [n for n in builder.facts.exports or () if n.isidentifier() and not n.startswith("_") and n not in own]
    if not builder.path.endswith("__init__.py") or variable is None or not names:
        return
    others = ", among others" if len(names) > _MAX_CONTENTS else ""
    name = code(module_name(builder.facts.module, builder.path))
    text = f"The package {name} exports {join_list([code(n) for n in names[:_MAX_CONTENTS]])}{others}."
    yield builder.sentence("contents", text, (variable.start, min(variable.end, variable.start + MAX_HEADER_LINES - 1)))
