"""What each member of a collection says of itself; of a class without a docstring what it extends and overrides."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from ....code_graph import CodeGraph, index_of
from ....types import Citation, Symbol, SymbolRef
from ...citations import are_within, spans_of
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, class_header_spans, definition_span, join_list
from ..definitions import value_sentences
from ..documentation.quoted_docs import quote_docstring
from ..settings.quotable import quoted_text, text_node
from .named_values import assigned_value

_MAX_OVERRIDDEN = 4
_DESCRIBING = ("description", "help", "summary", "short_description", "subcommand", "command")
_HOLDS = re.compile(r"`(?P<name>[^`]+)` has the `\w+` “[^“”]+”")
_FORM = re.compile(
    r"`(?P<name>[^`]+)` extends (?:`[^`]+`(?:, | and )?)+, and overrides (?:`[^`]+`(?:, | and )?)+(?:, among others)?\."
)


def member_sentences(graph: CodeGraph, ref: SymbolRef, name: str = "") -> Iterator[Candidate]:
    """The first sentences of its docstring; of a class without one what it extends and overrides, and what the first method that it
    overrides says of itself. `name`: by which it is told, if not by its own."""
    own, shown = code(ref.symbol.qualname), code(name or ref.symbol.qualname)
    for item in _own_sentences(graph, ref):
        yield replace(item, text=shown + item.text[len(own) :]) if item.text.startswith(own) else item


def _own_sentences(graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    first = _first_quote(graph, ref)
    if first is not None:
        yield first
        return
    if ref.symbol.kind != "class":
        return
    described = _description(graph, ref)
    if described is not None:
        yield described
        return
    told = difference_sentence(graph, ref)
    methods = _overriding(graph, ref)
    if told is not None and (methods or len(ref.symbol.bases) > 1):
        yield told  # that it extends what all of them extend is said already
    for method in sorted(methods, key=lambda m: -len(_overridden_too(graph, m))):
        quote = _first_quote(graph, method)
        if quote is not None:
            yield quote
            break


def _description(graph: CodeGraph, ref: SymbolRef) -> Candidate | None:
    """What a class holds as its description: `help = "Removes old sessions."`."""
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    for number, symbol in enumerate(facts.symbols) if facts is not None else ():
        if symbol.parent == index and symbol.name in _DESCRIBING and facts is not None and document is not None:
            node = assigned_value(symbol, document.lines)
            if node is not None and text_node(node) is not None:
                return _quoted_value(SentenceBuilder(facts, number, 0), document.lines, node)
    return None


def _quoted_value(builder: SentenceBuilder, lines: list[str], node: ast.expr) -> Candidate | None:
    """An assigned text: as it is written where that is short, else its first sentences."""
    if (short := next(value_sentences(builder, lines), None)) is not None:
        return short
    symbol, owner = builder.symbol, builder.facts.symbols[builder.symbol.parent]
    said, (first, last) = quoted_text(node)
    if not said:
        return None
    text = f"{code(owner.qualname)} has the {code(symbol.name)} “{said}”"
    return builder.sentence("param", text, (symbol.name_line, symbol.name_line), (first, last))


def _overridden_too(graph: CodeGraph, method: SymbolRef) -> list[SymbolRef]:
    """The methods of other classes that override the same: in what many do for themselves they differ."""
    return graph.overrides_of(graph.overridden_by(method)[-1])


def _first_quote(graph: CodeGraph, ref: SymbolRef) -> Candidate | None:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or document is None or index is None or not ref.symbol.docstring:
        return None
    quotes = quote_docstring(SentenceBuilder(facts, index, 0), document.lines, {}, False)
    return next((quote for quote in quotes if quote.kind == "doc"), None)


def difference_sentence(graph: CodeGraph, ref: SymbolRef) -> Candidate | None:
    """ "`A` extends `B`, and overrides `run` and `stop`." """
    bases = [base for base in ref.symbol.bases if base != "object"]
    name = code(ref.symbol.qualname)
    if not bases or any("`" in base for base in bases):
        return None
    methods = _overriding(graph, ref)
    text = f"{name} extends {join_list([code(base) for base in bases])}"
    if methods:
        others = ", among others" if len(methods) > _MAX_OVERRIDDEN else ""
        text += f", and overrides {join_list([code(m.symbol.name) for m in methods[:_MAX_OVERRIDDEN]])}{others}"
    spans = (*class_header_spans(graph, ref), *(definition_span(m) for m in methods[:_MAX_OVERRIDDEN]))
    return Candidate(f"{text}.", "bases", spans, "", 0, 0)


def member_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a class extends and overrides what such a sentence says, or holds this text; None for a sentence of another form."""
    form = _FORM.fullmatch(sentence.strip()) or _HOLDS.fullmatch(sentence.strip())
    if form is None:
        return None
    cited = spans_of(citations)
    for ref in graph.find_symbol(form["name"]):
        told = None
        if ref.symbol.kind == "class":
            told = _description(graph, ref) if _HOLDS.fullmatch(sentence.strip()) else difference_sentence(graph, ref)
        said = sentence.strip().removeprefix(code(form["name"]))
        if told is not None and told.text == f"{code(ref.symbol.qualname)}{said}" and are_within(told.spans, cited):
            return True
    return False


def _overriding(graph: CodeGraph, ref: SymbolRef) -> list[SymbolRef]:
    """The public methods of a class that override one of the workspace, in their order."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or index is None:
        return []
    own: dict[str, tuple[int, Symbol]] = {}
    for number, symbol in enumerate(facts.symbols):
        if symbol.parent == index and symbol.is_callable and not symbol.name.startswith("_"):
            own.setdefault(symbol.name, (number, symbol))
    refs = [graph.ref(facts, number) for number, _ in own.values()]
    return [method for method in refs if graph.overridden_by(method)]
