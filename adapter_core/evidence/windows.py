"""Windows on symbols: of a long definition its signature, its docstring and the statements that match a question.

A window consists of whole statements. Its text marks omitted lines, and its parts are runs of real lines that can be cited.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph, index_of
from ..graph import terms
from ..graph.source import hash_lines, hash_text
from ..graph.storage.postings import in_function
from ..types import Evidence, ModuleFacts, Span, SymbolRef
from .candidates import SymbolKey, symbol_key
from .options import ContextOptions
from .packing import Passage, omission_mark, passage_of, runs
from .question import analyse
from .statements import Unit, head_length, is_docstring, units_of

_DEFINITIONS = frozenset({"class", "function", "method", "property"})


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a symbol that is shown: `parts`, runs of real lines in order; `text`, the parts with marks for omitted lines; `left_out`,
    the number of these. `symbol` is None for evidence outside any definition. `score`: the summed weight of the question's terms in it."""

    symbol: SymbolRef | None
    parts: tuple[Evidence, ...]
    text: str
    left_out: int
    score: float
    passage: Passage


@dataclass(frozen=True, slots=True)
class _Piece:
    """A symbol's units, the first `head` of which are its head. The window must hold the lines of `wanted_ranges`; `template` gives symbol,
    score and reasons."""

    ref: SymbolRef
    lines: Mapping[int, str]
    units: tuple[Unit, ...]
    head: int
    wanted_ranges: tuple[tuple[int, int], ...]
    template: Evidence


def collect_function_windows(
    graph: CodeGraph,
    path_or_symbols: str | Sequence[SymbolRef | str],
    question: str = "",
    max_lines: int = ContextOptions().max_lines,
) -> list[Window]:
    """Windows of about `max_lines` lines on functions and other symbols: a shorter one is shown whole, a longer one by its signature, its
    docstring (the first paragraph, where all of it would take more than half of the lines), and statements.

    For a file's path: on all its functions and methods that match the question, the best first; without a question on all of them, in
    order. For symbols, or names of symbols: on each of them, in their order. A class or module is shown by its own statements and the
    signatures of its definitions.
    """
    if isinstance(path_or_symbols, str):
        facts = graph.facts(path_or_symbols)
        if facts is not None:
            refs = [
                graph.ref(facts, i) for i, s in enumerate(facts.symbols) if s.is_callable and not in_function(facts, s)
            ]
            windows = windows_of(graph, refs, question, max_lines)
            if not question.strip():
                return windows
            return sorted((w for w in windows if w.score > 0), key=lambda w: -w.score)
        path_or_symbols = [path_or_symbols]
    refs = [r for item in path_or_symbols for r in (graph.find_symbol(item) if isinstance(item, str) else [item])]
    return windows_of(graph, refs, question, max_lines)


def windows_of(
    graph: CodeGraph,
    wanted: Iterable[Evidence | SymbolRef],
    question: str = "",
    max_lines: int = ContextOptions().max_lines,
) -> list[Window]:
    """A window on each symbol, and on the symbol around each evidence, in order; several evidences in one symbol share a window."""
    pieces: dict[SymbolKey, _Piece] = {}
    order: list[SymbolKey | Evidence] = []
    for item in wanted:
        piece = _piece_of_evidence(graph, item) if isinstance(item, Evidence) else _piece(graph, item)
        if piece is None:
            order += [item] if isinstance(item, Evidence) else []
            continue
        key = symbol_key(piece.ref)
        if key in pieces:
            earlier = pieces[key]
            piece = replace(
                earlier,
                wanted_ranges=(*earlier.wanted_ranges, *piece.wanted_ranges),
                template=_merge_evidence(earlier.template, piece.template),
            )
        else:
            order.append(key)
        pieces[key] = piece
    weights = _term_weights(question, pieces.values())
    return [
        _window_without_symbol(item, weights)
        if isinstance(item, Evidence)
        else _window(pieces[item], weights, max_lines)
        for item in order
    ]


# -- symbols to units --------------------------------------------------------------------------------------------------


def _piece_of_evidence(graph: CodeGraph, evidence: Evidence) -> _Piece | None:
    """The innermost definition around evidence (for nested functions the outermost function); None where there is none, or where the
    lines have changed."""
    span = evidence.span
    facts, document = graph.facts(span.path), graph.document(span.path)
    if facts is None or document is None or hash_lines(document.lines, span.start, span.end) != evidence.sha256:
        return None
    definitions = [
        s for s in facts.symbols
        if s.kind in _DEFINITIONS and s.start <= span.start and span.end <= s.end and not in_function(facts, s)
    ]  # fmt: skip
    if not definitions:
        return None
    innermost = min(definitions, key=lambda s: s.end - s.start)
    ref = SymbolRef(graph.name, facts.path, facts.module, innermost)
    piece = _piece(graph, ref, ((span.start, span.end),))
    return replace(piece, template=replace(piece.template, score=evidence.score, why=evidence.why)) if piece else None


def _piece(graph: CodeGraph, ref: SymbolRef, wanted_ranges: tuple[tuple[int, int], ...] = ()) -> _Piece | None:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or document is None or index is None:
        return None
    symbol = facts.symbols[index]
    end = min(symbol.end, len(document.lines))
    lines = document.lines[symbol.start - 1 : end]
    units = units_of(ref.path, lines, symbol.start)
    head = head_length(ref.path, lines, units)
    if symbol.kind in ("class", "module"):
        units = _drop_inner_bodies(facts, index, units, wanted_ranges)
    span = Span(graph.name, ref.path, symbol.start, max(end, symbol.start))
    name = facts.module if symbol.kind == "module" else symbol.qualname
    template = Evidence(span, "", "", name, symbol.kind, 0.0)
    return (
        _Piece(ref, dict(enumerate(lines, symbol.start)), tuple(units), head, wanted_ranges, template)
        if units
        else None
    )


def _drop_inner_bodies(
    facts: ModuleFacts, index: int, units: Sequence[Unit], wanted_ranges: Sequence[tuple[int, int]]
) -> list[Unit]:
    """The units of a class or module without the bodies of its definitions, except for the wanted lines."""
    inner = [s for s in facts.symbols if s.parent == index and s.kind in _DEFINITIONS]
    kept = []
    for unit in units:
        definition = next((s for s in inner if s.start <= unit.code <= s.end), None)
        if definition is None or unit.code < definition.name_line or _overlaps_any(unit, wanted_ranges):
            kept.append(unit)
        elif unit.code == definition.name_line:
            kept.append(replace(unit, final=True))
    return kept


# -- units to windows --------------------------------------------------------------------------------------------------


def _term_weights(question: str, pieces: Iterable[_Piece]) -> dict[str, float]:
    """The question's terms with their weights times idf over the statements of these pieces."""
    query_terms = analyse(question).terms
    if not query_terms:
        return {}
    texts = [_unit_text(piece.lines, unit) for piece in pieces for unit in piece.units]
    documents_with = Counter(term for text in texts for term in set(terms.terms_of(text)) & query_terms.keys())
    return {
        term: weight * math.log(1 + len(texts) / (1 + documents_with[term])) for term, weight in query_terms.items()
    }


def _window(piece: _Piece, weights: Mapping[str, float], max_lines: int) -> Window:
    units = piece.units
    shown_units = list(units)
    if sum(len(u.lines) for u in units) > max_lines:
        shown_units = _chosen_units(piece, weights, max_lines)
    shown_units = _trim_leading_blanks(piece.lines, shown_units)
    shown_lines = {n: piece.lines[n] for u in shown_units for n in u.lines}
    score = _score("\n".join(shown_lines.values()), weights)
    passage = Passage(piece.template, tuple(shown_units), min(piece.head, len(shown_units)), piece.lines)
    return Window(
        piece.ref,
        tuple(_evidence_parts(passage, shown_lines)),
        _text_with_marks(passage, shown_lines),
        len(piece.lines) - len(shown_lines),
        score,
        passage,
    )


def _chosen_units(piece: _Piece, weights: Mapping[str, float], max_lines: int) -> list[Unit]:
    """The head, and the wanted units of the body, or else the best run of units that fits into the remaining lines (without a match, the
    first ones)."""
    head, body = list(piece.units[: piece.head]), piece.units[piece.head :]
    if head and sum(len(u.lines) for u in head) > max_lines // 2:
        head[-1] = _first_paragraph(piece.lines, head[-1])
    lines_left = max_lines - sum(len(u.lines) for u in head)
    if any(_overlaps_any(unit, piece.wanted_ranges) for unit in body):
        return [
            *head,
            *_complete_headers(body, {i for i, u in enumerate(body) if _overlaps_any(u, piece.wanted_ranges)}),
        ]
    scores = [_score(_unit_text(piece.lines, unit), weights) for unit in body]
    best: tuple[float, range] | None = None
    for first in range(len(body)):
        lines, total = 0, 0.0
        for last in range(first, len(body)):
            lines += len(body[last].lines)
            total += scores[last]
            if lines > lines_left:
                break
            if not body[last].final or (any(scores) and not (scores[first] and scores[last])):
                continue
            # The score for its length, where anything matches; else as many lines from the beginning as fit.
            value = total / math.sqrt(lines + 6) if any(scores) else float(lines)
            if best is None or value > best[0]:
                best = value, range(first, last + 1)
        if not any(scores):
            break
    # A single statement may be longer than the limit.
    return [*head, *(body[i] for i in best[1])] if best is not None else head or list(body[:1])


def _complete_headers(units: Sequence[Unit], chosen: set[int]) -> list[Unit]:
    """The chosen units, with the next statement added after each header that would end a run."""
    for number in sorted(chosen):
        while not units[number].final and number + 1 < len(units) and number + 1 not in chosen:
            number += 1
            chosen.add(number)
    return [units[i] for i in sorted(chosen)]


def _first_paragraph(lines: Mapping[int, str], docstring: Unit) -> Unit:
    """The first paragraph of a docstring; any other statement as it is."""
    if not is_docstring(lines[docstring.code]):
        return docstring
    has_text = False
    for number in range(docstring.code, docstring.end + 1):
        if has_text and not lines[number].strip():
            return replace(docstring, end=number - 1)
        has_text = has_text or bool(lines[number].strip().strip("rRuU\"'"))
    return docstring


def _trim_leading_blanks(lines: Mapping[int, str], units: Sequence[Unit]) -> list[Unit]:
    """The units without blank lines at the beginning of each run."""
    trimmed: list[Unit] = []
    for unit in units:
        start = unit.start
        if not trimmed or trimmed[-1].end != start - 1:
            start = next(n for n in unit.lines if lines[n].strip() or n == unit.code)
        trimmed.append(replace(unit, start=start))
    return trimmed


def _window_without_symbol(evidence: Evidence, weights: Mapping[str, float]) -> Window:
    """The window of evidence outside any definition: the evidence itself."""
    return Window(None, (evidence,), evidence.text, 0, _score(evidence.text, weights), passage_of(evidence))


def _evidence_parts(passage: Passage, shown_lines: Mapping[int, str]) -> Iterable[Evidence]:
    for first, last in runs(shown_lines):
        text = "\n".join(shown_lines[n] for n in range(first, last + 1))
        span = replace(passage.evidence.span, start=first, end=last)
        yield replace(passage.evidence, span=span, text=text, sha256=hash_text(text))


def _text_with_marks(passage: Passage, shown_lines: Mapping[int, str]) -> str:
    text_lines: list[str] = []
    omitted_lines: list[str] = []
    for number, text in passage.lines.items():
        if number in shown_lines:
            text_lines += [omission_mark(omitted_lines, passage.evidence.span.path)] if omitted_lines else []
            omitted_lines = []
            text_lines.append(text)
        else:
            omitted_lines.append(text)
    return "\n".join(
        [*text_lines, *([omission_mark(omitted_lines, passage.evidence.span.path)] if omitted_lines else [])]
    )


def _merge_evidence(first: Evidence, second: Evidence) -> Evidence:
    return replace(first, score=max(first.score, second.score), why=tuple(dict.fromkeys((*first.why, *second.why))))


def _score(text: str, weights: Mapping[str, float]) -> float:
    return sum(weights.get(term, 0.0) for term in dict.fromkeys(terms.terms_of(text)))


def _unit_text(lines: Mapping[int, str], unit: Unit) -> str:
    return "\n".join(lines[n] for n in unit.lines)


def _overlaps_any(unit: Unit, spans: Iterable[tuple[int, int]]) -> bool:
    return any(unit.start <= end and start <= unit.end for start, end in spans)
