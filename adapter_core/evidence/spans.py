"""From a definition to its deciding lines: the spans that are shown of it for a question.

A short definition is shown whole; a long one by its head (decorators, signature, first docstring paragraph) and the statements that
match the question best. A span never cuts a statement, unless it alone is longer than the limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..graph import terms
from ..graph.source import is_python
from ..graph.storage.columns import column
from ..types import ModuleFacts, Symbol
from .statements import logical_lines

_DEFINITION_KINDS = frozenset({"class", "function", "method", "property"})
_MAX_PIECES = 4  # of a function's remaining lines: more than any pack holds


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `start..end` that belong together: a simple statement, or the header of a compound one, with its decorators."""

    start: int
    end: int


def deciding_lines(
    facts: ModuleFacts, index: int, lines: list[str], weights: Mapping[str, float], max_lines: int
) -> list[tuple[int, int]]:
    """The best spans of a definition, best first; the first holds the head where the definition is longer than `max_lines`."""
    symbol = facts.symbols[index]
    end = min(symbol.end, len(lines))
    if symbol.kind == "module" or symbol.kind == "section":
        return _deciding_spans(symbol, own_blocks(facts, index, lines), lines, weights, max_lines, with_head=False)
    if end - symbol.start + 1 <= max_lines and symbol.kind != "class":
        return [(symbol.start, end)]
    if symbol.kind == "class" and end - symbol.start + 1 <= max_lines // 2:
        return [(symbol.start, end)]
    return _deciding_spans(symbol, own_blocks(facts, index, lines), lines, weights, max_lines, with_head=True)


def further_lines(
    facts: ModuleFacts,
    index: int,
    lines: list[str],
    weights: Mapping[str, float],
    max_lines: int,
    shown_ranges: Sequence[tuple[int, int]],
) -> list[tuple[int, int]]:
    """The lines of a function outside `shown_ranges`, in pieces of about `max_lines`, those that hold most of the question first. None for
    other symbols."""
    symbol = facts.symbols[index]
    if not symbol.is_callable or any(start <= symbol.start and symbol.end <= last for start, last in shown_ranges):
        return []
    blocks = own_blocks(facts, index, lines)
    pieces: list[tuple[int, int]] = []
    first = symbol.start
    for start, last in [*sorted(shown_ranges), (symbol.end + 1, symbol.end)]:
        pieces_before, last_line = len(pieces), first - 1
        for block in blocks:
            if not first <= block.start < start:
                continue
            # A comment above a statement belongs to it.
            if len(pieces) > pieces_before and block.end - pieces[-1][0] < max_lines:
                pieces[-1] = pieces[-1][0], block.end
            else:
                # A statement that is longer than a piece is cut.
                pieces.append((last_line + 1, min(block.end, block.start + max_lines - 1)))
            last_line = block.end
        first = max(first, last + 1)
    ranked = sorted(pieces, key=lambda piece: -line_score("\n".join(lines[piece[0] - 1 : piece[1]]), weights))
    return ranked[:_MAX_PIECES]


def own_blocks(facts: ModuleFacts, index: int, lines: list[str]) -> list[Block]:
    """The blocks of a symbol in order: of a class or module without those of the definitions in it, of a function with them."""
    symbol = facts.symbols[index]
    end = min(symbol.end, len(lines))
    if symbol.kind == "section" or not is_python(facts.path):
        # A text file's own blocks end before its first section.
        if index == 0 and len(facts.symbols) > 1:
            end = min(column(facts.symbols, "start")[1:]) - 1
        return _blocks(facts.path, lines, symbol.start, max(end, symbol.start))
    inner_ranges: list[tuple[int, int]] = []
    if not symbol.is_callable:
        # The columns alone: a file may have thousands of symbols, and no `Symbol` is needed of them.
        columns = (column(facts.symbols, name) for name in ("parent", "kind", "start", "end"))
        inner_ranges = [
            (first, last)
            for parent, kind, first, last in zip(*columns, strict=True)
            if parent == index and kind in _DEFINITION_KINDS
        ]
    blocks: list[Block] = []
    start = symbol.start
    # The lines between the inner definitions, each gap by itself.
    for first, last in [*sorted(inner_ranges), (end + 1, end)]:
        blocks += _blocks(facts.path, lines, start, first - 1)
        start = max(start, last + 1)
    return blocks


def _blocks(path: str, lines: list[str], start: int, end: int) -> list[Block]:
    blocks: list[Block] = []
    decorator_line = 0
    for first, last in logical_lines(path, lines[start - 1 : end]):
        if lines[start + first - 1].lstrip().startswith("@"):
            decorator_line = decorator_line or start + first
            continue
        blocks.append(Block(decorator_line or start + first, start + last))
        decorator_line = 0
    return blocks


def line_score(text: str, weights: Mapping[str, float]) -> float:
    """The summed weight of the question's terms that occur in a text, each once."""
    present = terms.distinct(text)
    return sum(weight for term, weight in weights.items() if term in present)


def head_end(symbol: Symbol, lines: list[str], blocks: list[Block]) -> int:
    """The last line of a definition's head: signature and the first docstring paragraph."""
    if not blocks:
        return symbol.start
    end = blocks[0].end
    if symbol.docstring and len(blocks) > 1:
        for number in range(blocks[1].start, min(blocks[1].end, blocks[1].start + 8) + 1):
            if not lines[number - 1].strip() and number > blocks[1].start:
                break
            end = number
    return end


def _deciding_spans(
    symbol: Symbol, blocks: list[Block], lines: list[str], weights: Mapping[str, float], max_lines: int, with_head: bool
) -> list[tuple[int, int]]:
    if not blocks:
        return [(symbol.start, min(symbol.end, symbol.start + max_lines - 1))]
    spans: list[tuple[int, int]] = []
    first = 0
    if with_head:
        end = min(head_end(symbol, lines, blocks), symbol.start + max_lines - 1)
        spans.append((symbol.start, end))
        first = next((i for i, b in enumerate(blocks) if b.start > end), len(blocks))
    scores = [line_score("\n".join(lines[b.start - 1 : b.end]), weights) for b in blocks]
    best = _best_window(blocks[first:], scores[first:], max(8, max_lines - sum(e - s + 1 for s, e in spans)))
    if best is not None:
        start, end = best
        if spans and start <= spans[0][1] + 3:
            spans = [(spans[0][0], end)]
        else:
            spans.append((start, end))
    if spans:
        return spans
    # No block matches: show it from its beginning, in whole blocks.
    last = max((b.end for b in blocks if b.end < blocks[0].start + max_lines), default=blocks[0].start + max_lines - 1)
    return [(blocks[0].start, last)]


def _best_window(blocks: list[Block], scores: list[float], max_lines: int) -> tuple[int, int] | None:
    """The run of blocks within `max_lines` with the highest score for its length, trimmed to matching blocks."""
    best: tuple[float, int, int] | None = None
    for i, first in enumerate(blocks):
        if scores[i] <= 0:
            continue
        total = 0.0
        for j in range(i, len(blocks)):
            length = blocks[j].end - first.start + 1
            if length > max_lines and j > i:
                break
            total += scores[j]
            if scores[j] <= 0:
                continue
            value = total / (length + 6) ** 0.5
            if best is None or value > best[0]:
                best = (value, first.start, min(blocks[j].end, first.start + max_lines - 1))
    return best[1:] if best else None
