"""Sentences that compare two symbols: how one is built on the other, what each is, and what only one of them has.

What only one has cannot be seen on the cited lines alone: it is what the other surely lacks, and is checked by making the sentence again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product

from ...code_graph import CodeGraph, index_of, is_test_path
from ...graph.finding.membership import lacks
from ...types import Citation, Symbol, SymbolRef
from ..citations import are_within, spans_of
from ..inert import code
from .candidate import MAX_CITED, Candidate, SentenceBuilder, class_header_spans, definition_span, join_list
from .definitions import parameters_of
from .documentation.compared import comparing_sentences
from .documentation.quoted_docs import quote_docstring
from .method_differences import method_differences
from .reading_order import edges_between

_MAX_NAMESAKES = 3
_MAX_DEFINITIONS = 40
_MAX_LISTED = 5
_ASIDE = re.compile(r"(^|/)(examples?|samples?|extras|contrib|docs?|bench(marks?)?)/")
_ONLY = re.compile(
    r"Only (?P<owner>`[^`]+`) (?:has|takes) .+; only (?P<other>`[^`]+`) .+|Only `[^`]+` (?:has|takes) .+, and not `[^`]+`.*"
)
_NAME = re.compile(r"only `(?P<name>[^`]+)`|and not `(?P<other>[^`]+)`", re.I)


def definitions_to_compare(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The functions and classes that a name may mean in a comparison, product code before examples. `session.run`, where that is no name
    of its own, is `Session.run`."""
    owner, dot, member = name.rpartition(".")
    names = [f"{owner[:1].upper()}{owner[1:]}.{member}", name] if dot and "." not in owner else [name]
    for candidate_name in names:
        refs = [
            r
            for r in graph.find_symbol(candidate_name, _MAX_DEFINITIONS)
            if (r.symbol.is_callable or r.symbol.kind == "class") and "overload" not in r.symbol.traits
        ]
        product_refs = [r for r in refs if not is_test_path(r.path)]
        if product_refs:
            return sorted(product_refs, key=lambda r: bool(_ASIDE.search(r.path)))
    return []


def compared_pair(graph: CodeGraph, names: Sequence[str]) -> tuple[SymbolRef, SymbolRef] | None:
    """The two symbols that a question compares: of the definitions of its two names those that belong together most."""
    if len(names) != 2:
        return None
    found = [definitions_to_compare(graph, name)[:_MAX_DEFINITIONS] for name in names]
    pairs = [(a, b) for a, b in product(*found) if a != b]
    return min(pairs, key=_distance, default=None)


def _distance(pair: tuple[SymbolRef, SymbolRef]) -> tuple[int, ...]:
    a, b = pair
    owners = [r.symbol.qualname.rpartition(".")[0] for r in pair]
    return (
        sum(bool(_ASIDE.search(r.path)) for r in pair),
        int((a.symbol.kind == "class") != (b.symbol.kind == "class")),
        int(a.path != b.path or owners[0] != owners[1]),
        int(a.path != b.path),
        sum("." in r.symbol.qualname for r in pair),
    )


def comparison_sentences(graph: CodeGraph, names: Sequence[str]) -> list[Candidate]:
    """The comparison of the two symbols that these names mean; where one of them is no function or class of the workspace, only what
    documentation says of both."""
    pair = compared_pair(graph, names)
    documented = list(comparing_sentences(graph, names))
    if pair is None:
        return _as_listed(documented)
    described = [list(_descriptions(graph, ref, pair)) for ref in pair]
    sentences = [s for found in described for s in found if s.kind == "doc"]
    sentences += [*documented, *_relations(graph, pair)]
    are_classes = all(ref.symbol.kind == "class" for ref in pair)
    acts = list(method_differences(graph, *pair)) if are_classes else []
    if not acts:  # which show where each is defined
        sentences += [s for found in described for s in found if s.kind != "doc"]
    sentences += acts
    owners = {(r.path, r.symbol.qualname.rpartition(".")[0]) for r in pair}
    if len(owners) == 1 or not any("." in r.symbol.qualname and "." not in n for r, n in zip(pair, names, strict=True)):
        sentences += _only_one_has(graph, pair)  # of methods of unrelated classes that says nothing
    for ref, name in zip(pair, names, strict=True):
        sentences += _namesakes(graph, ref, name, pair)
    return _as_listed(sentences)


def _as_listed(sentences: Iterable[Candidate]) -> list[Candidate]:
    """The sentences in their order, each with a subject of its own: none is repeated by another."""
    return [
        replace(s, kind="listing", subject=f"{s.spans[0][0]}:{s.spans[0][1]}", order=order - 100, named=True)
        for order, s in enumerate(sentences)
    ]


def _relations(graph: CodeGraph, pair: tuple[SymbolRef, SymbolRef]) -> Iterator[Candidate]:
    keys = {(ref.path, ref.symbol.start): ref for ref in pair}
    for one, other in (pair, pair[::-1]):
        if one.symbol.kind == "class" and any(_same(base, other) for base in graph.bases_of(one)):
            text = f"{display_name(graph, one)} extends {display_name(graph, other)}."
            yield Candidate(text, "bases", tuple(class_header_spans(graph, one)), "", 0, 0)
    for edge in edges_between(graph, keys):
        source, target = keys[edge.source], keys[edge.target]
        text = f"{display_name(graph, source)} {edge.word} {display_name(graph, target)}."
        yield Candidate(text, "calls", edge.lines, "", 0, 0)


def _descriptions(graph: CodeGraph, ref: SymbolRef, pair: Sequence[SymbolRef]) -> Iterator[Candidate]:
    """The first sentence of its docstring; else where it is defined."""
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or document is None or index is None:
        return
    builder = SentenceBuilder(facts, index, 0)
    first = next((s for s in quote_docstring(builder, document.lines, {}, False) if s.kind == "doc"), None)
    if first is not None:
        quotation = first.text.removeprefix(code(ref.symbol.qualname))
        yield replace(first, text=f"{display_name(graph, ref)}{quotation}")
    elif any(_same(ref, r) for r in pair):
        yield builder.sentence(
            "where", f"{display_name(graph, ref)} is defined in {code(ref.path)}.", definition_span(ref)[1:]
        )


def _namesakes(graph: CodeGraph, ref: SymbolRef, name: str, pair: Sequence[SymbolRef]) -> Iterator[Candidate]:
    """What else of this name there is, if it is a class or function of a module, each with its module."""
    if "." in ref.symbol.qualname:
        return
    others = [
        r
        for r in definitions_to_compare(graph, name)
        if r.symbol.qualname == ref.symbol.qualname and not _same(r, ref) and not _ASIDE.search(r.path)
    ]
    for other in others[: _MAX_NAMESAKES - 1]:
        yield from _descriptions(graph, other, pair)


def _only_one_has(graph: CodeGraph, pair: tuple[SymbolRef, SymbolRef]) -> Iterator[Candidate]:
    """ "Only `A` has `x`; only `B` has `y` and `z`." of two classes; of two functions what only one takes."""
    a, b = pair
    if (a.symbol.kind == "class") != (b.symbol.kind == "class"):
        return
    verb = "has" if a.symbol.kind == "class" else "takes"
    has = [_members(graph, ref) if ref.symbol.kind == "class" else _parameters(ref) for ref in pair]
    only = [_lacking(graph, pair[1 - i], has[i]) for i in (0, 1)]
    names = [display_name(graph, ref) for ref in pair]
    spans = [definition_span(ref) for ref in pair]
    parts = []
    for i in (0, 1):
        listed = only[i][:_MAX_LISTED]
        spans += [has[i][n] for n in listed]
        if listed:
            others = ", among others" if len(only[i]) > len(listed) else ""
            parts.append(f"only {names[i]} {verb} {join_list([code(n) for n in listed])}{others}")
    if not parts:
        return
    text = "; ".join(parts)
    if len(parts) == 1:
        text += f", and not {names[0] if only[1] else names[1]}"
    yield Candidate(f"{text[0].upper()}{text[1:]}.", "where", tuple(dict.fromkeys(spans)), "", 0, 0)


def comparison_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a sentence on what only one of two has is what these two give, on cited lines; None for any other sentence."""
    if _ONLY.fullmatch(sentence) is None:
        return None
    names = [m["name"] or m["other"] for m in _NAME.finditer(sentence)]
    cited = spans_of(citations)
    found = [[r for r in graph.find_symbol(n) if are_within([definition_span(r)], cited)] for n in names[:2]]
    pairs = [(a, b) for a, b in product(*found)] if len(found) == 2 else []
    for a, b in pairs:
        for candidate in (*_only_one_has(graph, (a, b)), *_only_one_has(graph, (b, a))):
            if candidate.text == sentence and are_within(candidate.spans, cited):
                return True
    return False


def _members(graph: CodeGraph, cls: SymbolRef) -> dict[str, tuple[str, int, int]]:
    """The public methods and properties of a class, its own before those of its bases, with the lines of their names."""
    found: dict[str, tuple[str, int, int]] = {}
    for ref, symbols in _class_and_bases(graph, cls):
        for symbol in symbols:
            if symbol.is_callable and not symbol.name.startswith("_"):
                found.setdefault(symbol.name, (ref.path, symbol.name_line, symbol.name_line))
    return found


def _lacking(graph: CodeGraph, ref: SymbolRef, names: Iterable[str]) -> list[str]:
    """Those of the names that a class surely lacks, or a function does not take; of a class, up to one more than are listed."""
    if ref.symbol.kind != "class":
        parameters = parameters_of(ref.symbol)
        taken = {p.name for p in parameters}
        return [] if any(p.kind.startswith("var_") for p in parameters) else [n for n in names if n not in taken]
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if index is None:
        return []
    surely = (n for n in names if lacks(graph.view, graph.inference, (ref.path, index), n))
    return list(islice(surely, _MAX_LISTED + 1))


def _class_and_bases(graph: CodeGraph, cls: SymbolRef) -> Iterator[tuple[SymbolRef, list[Symbol]]]:
    """A class and its bases in the workspace, each with what it defines."""
    pending, seen = [cls], set[tuple[str, int]]()
    while pending:
        ref = pending.pop(0)
        facts = graph.facts(ref.path)
        index = index_of(facts, ref.symbol) if facts is not None else None
        if facts is None or index is None or (ref.path, ref.symbol.start) in seen:
            continue
        seen.add((ref.path, ref.symbol.start))
        yield ref, [symbol for symbol in facts.symbols if symbol.parent == index]
        pending += graph.bases_of(ref)


def _parameters(ref: SymbolRef) -> dict[str, tuple[str, int, int]]:
    """The parameters of a function by name, each with the line where the header has it."""
    first = ref.symbol.name_line
    span = (ref.path, first, min(ref.symbol.end, first + MAX_CITED - 1))
    return {p.name: span for p in parameters_of(ref.symbol) if not p.kind.startswith("var_")}


def display_name(graph: CodeGraph, ref: SymbolRef) -> str:
    """The qualified name, with the module if there is another definition of it."""
    others = [
        r for r in graph.find_symbol(ref.symbol.qualname, _MAX_DEFINITIONS) if r.symbol.qualname == ref.symbol.qualname
    ]
    is_ambiguous = any(r.path != ref.path and not is_test_path(r.path) for r in others)
    return code(ref.full_name if is_ambiguous else ref.symbol.qualname)


def _same(one: SymbolRef, other: SymbolRef) -> bool:
    return (one.path, one.symbol.start) == (other.path, other.symbol.start)
