"""Windows on symbols: of a long definition its signature, its docstring and the statements that answer to a question.

A window is whole statements only. What it leaves out is marked in its text, and its parts are runs of real lines that can be cited.
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
from .packing import Passage, mark, passage_of, runs
from .question import analyse
from .statements import Unit, head_length, is_docstring, units_of

_DEFINITIONS = frozenset({"class", "function", "method", "property"})


@dataclass(frozen=True, slots=True)
class Window:
    """What is shown of a symbol: `parts`, runs of real lines in order; `text`, the parts with marks where lines were left out, `left_out`
    of them. `symbol` is None for evidence that lies in no definition. `score`: how much of the question its statements hold."""

    symbol: SymbolRef | None
    parts: tuple[Evidence, ...]
    text: str
    left_out: int
    score: float
    passage: Passage


@dataclass(frozen=True, slots=True)
class _Piece:
    """A symbol's units; `wanted` are the lines that the window must hold, `template` gives symbol, score and reasons."""

    ref: SymbolRef
    lines: Mapping[int, str]
    units: tuple[Unit, ...]
    head: int
    wanted: tuple[tuple[int, int], ...]
    template: Evidence


def collect_function_windows(
    graph: CodeGraph,
    path_or_symbols: str | Sequence[SymbolRef | str],
    question: str = "",
    max_lines: int = ContextOptions().max_lines,
) -> list[Window]:
    """Windows of about `max_lines` lines on functions and other symbols: a shorter one is shown whole, of a longer one its signature, its
    docstring (the first paragraph, where all of it would take more than half of the lines), and statements.

    Given a file's path, on all its functions and methods: those that hold something of the question, the best first; all of them, in
    order, where nothing is asked. Given symbols, or names of symbols, on each of them, in the order given. A class or module is shown
    by its own statements and the first lines of what it defines.
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
    refs = [r for one in path_or_symbols for r in (graph.find_symbol(one) if isinstance(one, str) else [one])]
    return windows_of(graph, refs, question, max_lines)


def windows_of(
    graph: CodeGraph,
    wanted: Iterable[Evidence | SymbolRef],
    question: str = "",
    max_lines: int = ContextOptions().max_lines,
) -> list[Window]:
    """A window for each symbol, and for each evidence on the symbol in which it lies (one for several in the same), in order."""
    pieces: dict[SymbolKey, _Piece] = {}
    order: list[SymbolKey | Evidence] = []
    for one in wanted:
        found = _piece_of_evidence(graph, one) if isinstance(one, Evidence) else _piece(graph, one)
        if found is None:
            order += [one] if isinstance(one, Evidence) else []
            continue
        key = symbol_key(found.ref)
        if key in pieces:
            known = pieces[key]
            found = replace(
                known, wanted=(*known.wanted, *found.wanted), template=_joined(known.template, found.template)
            )
        else:
            order.append(key)
        pieces[key] = found
    weights = _weights(question, pieces.values())
    return [
        _loose(one, weights) if isinstance(one, Evidence) else _window(pieces[one], weights, max_lines) for one in order
    ]


# -- symbols to units --------------------------------------------------------------------------------------------------


def _piece_of_evidence(graph: CodeGraph, evidence: Evidence) -> _Piece | None:
    """The innermost definition around evidence (of functions in a function the outermost); None where it lies in none, or where the file
    is no longer what it was."""
    span = evidence.span
    facts, document = graph.facts(span.path), graph.document(span.path)
    if facts is None or document is None or hash_lines(document.lines, span.start, span.end) != evidence.sha256:
        return None
    around = [
        s for s in facts.symbols
        if s.kind in _DEFINITIONS and s.start <= span.start and span.end <= s.end and not in_function(facts, s)
    ]  # fmt: skip
    if not around:
        return None
    innermost = min(around, key=lambda s: s.end - s.start)
    ref = SymbolRef(graph.name, facts.path, facts.module, innermost)
    found = _piece(graph, ref, ((span.start, span.end),))
    return replace(found, template=replace(found.template, score=evidence.score, why=evidence.why)) if found else None


def _piece(graph: CodeGraph, ref: SymbolRef, wanted: tuple[tuple[int, int], ...] = ()) -> _Piece | None:
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
        units = _without_bodies(facts, index, units, wanted)
    span = Span(graph.name, ref.path, symbol.start, max(end, symbol.start))
    name = facts.module if symbol.kind == "module" else symbol.qualname
    template = Evidence(span, "", "", name, symbol.kind, 0.0)
    return _Piece(ref, dict(enumerate(lines, symbol.start)), tuple(units), head, wanted, template) if units else None


def _without_bodies(
    facts: ModuleFacts, index: int, units: Sequence[Unit], wanted: Sequence[tuple[int, int]]
) -> list[Unit]:
    """Of what a class or module defines only decorators and signature, but for the lines that are wanted."""
    inner = [s for s in facts.symbols if s.parent == index and s.kind in _DEFINITIONS]
    kept = []
    for unit in units:
        around = next((s for s in inner if s.start <= unit.code <= s.end), None)
        if around is None or unit.code < around.name_line or _meets(unit, wanted):
            kept.append(unit)
        elif unit.code == around.name_line:
            kept.append(replace(unit, final=True))
    return kept


# -- units to windows --------------------------------------------------------------------------------------------------


def _weights(question: str, pieces: Iterable[_Piece]) -> dict[str, float]:
    """The question's terms, by how few of the statements at hand hold them."""
    asked = analyse(question).terms
    if not asked:
        return {}
    texts = [_text(piece.lines, unit) for piece in pieces for unit in piece.units]
    held = Counter(term for text in texts for term in set(terms.terms_of(text)) & asked.keys())
    return {term: weight * math.log(1 + len(texts) / (1 + held[term])) for term, weight in asked.items()}


def _window(piece: _Piece, weights: Mapping[str, float], max_lines: int) -> Window:
    units = piece.units
    chosen = list(units)
    if sum(len(u.lines) for u in units) > max_lines:
        chosen = _chosen(piece, weights, max_lines)
    chosen = _without_blank_beginnings(piece.lines, chosen)
    numbered = {n: piece.lines[n] for u in chosen for n in u.lines}
    score = _score("\n".join(numbered.values()), weights)
    passage = Passage(piece.template, tuple(chosen), min(piece.head, len(chosen)), piece.lines)
    return Window(
        piece.ref,
        tuple(_parts(passage, numbered)),
        _marked(passage, numbered),
        len(piece.lines) - len(numbered),
        score,
        passage,
    )


def _chosen(piece: _Piece, weights: Mapping[str, float], max_lines: int) -> list[Unit]:
    """The head, then what is wanted; else the best run of statements that the rest of the lines hold; else the first ones."""
    head, body = list(piece.units[: piece.head]), piece.units[piece.head :]
    if head and sum(len(u.lines) for u in head) > max_lines // 2:
        head[-1] = _first_paragraph(piece.lines, head[-1])
    room = max_lines - sum(len(u.lines) for u in head)
    if any(_meets(unit, piece.wanted) for unit in body):
        return [*head, *_to_their_end(body, {i for i, u in enumerate(body) if _meets(u, piece.wanted)})]
    scores = [_score(_text(piece.lines, unit), weights) for unit in body]
    best: tuple[float, range] | None = None
    for first in range(len(body)):
        lines, total = 0, 0.0
        for last in range(first, len(body)):
            lines += len(body[last].lines)
            total += scores[last]
            if lines > room:
                break
            if not body[last].final or (any(scores) and not (scores[first] and scores[last])):
                continue
            # More of the question for each line, where anything is asked; else as many lines from the beginning as there is room for.
            value = total / math.sqrt(lines + 6) if any(scores) else float(lines)
            if best is None or value > best[0]:
                best = value, range(first, last + 1)
        if not any(scores):
            break
    # A single statement may be longer than all there is room for.
    return [*head, *(body[i] for i in best[1])] if best is not None else head or list(body[:1])


def _to_their_end(body: Sequence[Unit], chosen: set[int]) -> list[Unit]:
    """The chosen units, and behind each header that would be the end of a run the statement that it needs."""
    for number in sorted(chosen):
        while not body[number].final and number + 1 < len(body) and number + 1 not in chosen:
            number += 1
            chosen.add(number)
    return [body[i] for i in sorted(chosen)]


def _first_paragraph(lines: Mapping[int, str], docstring: Unit) -> Unit:
    """The beginning of a docstring that would fill the window; any other statement as it is."""
    if not is_docstring(lines[docstring.code]):
        return docstring
    said = False
    for number in range(docstring.code, docstring.end + 1):
        if said and not lines[number].strip():
            return replace(docstring, end=number - 1)
        said = said or bool(lines[number].strip().strip("rRuU\"'"))
    return docstring


def _without_blank_beginnings(lines: Mapping[int, str], units: Sequence[Unit]) -> list[Unit]:
    """The units without the blank lines at the beginning of a run."""
    found: list[Unit] = []
    for unit in units:
        start = unit.start
        if not found or found[-1].end != start - 1:
            start = next(n for n in unit.lines if lines[n].strip() or n == unit.code)
        found.append(replace(unit, start=start))
    return found


def _loose(evidence: Evidence, weights: Mapping[str, float]) -> Window:
    """Evidence that lies in no definition."""
    return Window(None, (evidence,), evidence.text, 0, _score(evidence.text, weights), passage_of(evidence))


def _parts(passage: Passage, numbered: Mapping[int, str]) -> Iterable[Evidence]:
    for first, last in runs(numbered):
        text = "\n".join(numbered[n] for n in range(first, last + 1))
        span = replace(passage.evidence.span, start=first, end=last)
        yield replace(passage.evidence, span=span, text=text, sha256=hash_text(text))


def _marked(passage: Passage, numbered: Mapping[int, str]) -> str:
    shown: list[str] = []
    hidden: list[str] = []
    for number, text in passage.lines.items():
        if number in numbered:
            shown += [mark(hidden, passage.evidence.span.path)] if hidden else []
            hidden = []
            shown.append(text)
        else:
            hidden.append(text)
    return "\n".join([*shown, *([mark(hidden, passage.evidence.span.path)] if hidden else [])])


def _joined(one: Evidence, other: Evidence) -> Evidence:
    return replace(one, score=max(one.score, other.score), why=tuple(dict.fromkeys((*one.why, *other.why))))


def _score(text: str, weights: Mapping[str, float]) -> float:
    return sum(weights.get(term, 0.0) for term in dict.fromkeys(terms.terms_of(text)))


def _text(lines: Mapping[int, str], unit: Unit) -> str:
    return "\n".join(lines[n] for n in unit.lines)


def _meets(unit: Unit, spans: Iterable[tuple[int, int]]) -> bool:
    return any(unit.start <= end and start <= unit.end for start, end in spans)
