"""From a definition to its deciding lines.

A short definition is its own evidence. Of a long one the head is kept (decorators, signature, first docstring paragraph) and
the statements that match the question best; a window never cuts a statement.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass

from ..graph import terms
from ..graph.outline import outline_of
from ..graph.source import is_python
from ..types import ModuleFacts, Symbol


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `start..end` that belong together: a simple statement, or the header of a compound one."""

    start: int
    end: int


def deciding_lines(
    facts: ModuleFacts, index: int, lines: list[str], weights: Mapping[str, float], max_lines: int
) -> list[tuple[int, int]]:
    """The best spans of a definition, best first; the first holds the head where the definition is longer than `max_lines`."""
    symbol = facts.symbols[index]
    end = min(symbol.end, len(lines))
    if symbol.kind == "module" or symbol.kind == "section":
        return _windows(symbol, own_blocks(facts, index, lines), lines, weights, max_lines, with_head=False)
    if end - symbol.start + 1 <= max_lines and symbol.kind != "class":
        return [(symbol.start, end)]
    if symbol.kind == "class" and end - symbol.start + 1 <= max_lines // 2:
        return [(symbol.start, end)]
    return _windows(symbol, own_blocks(facts, index, lines), lines, weights, max_lines, with_head=True)


def own_blocks(facts: ModuleFacts, index: int, lines: list[str]) -> list[Block]:
    """The blocks of a symbol in order, without those of the definitions in it (for functions: nested ones included)."""
    symbol = facts.symbols[index]
    end = min(symbol.end, len(lines))
    if symbol.kind == "section" or not is_python(facts.path):
        inner = [s for s in facts.symbols[1:] if index == 0]
        stop = min((s.start - 1 for s in inner), default=end)
        return _paragraphs(lines, symbol.start, max(stop, symbol.start) if index == 0 else end)
    starts = _statement_blocks("\n".join(lines) + "\n")
    if not starts:
        return _paragraphs(lines, symbol.start, end)
    skip: list[tuple[int, int]] = []
    if not symbol.is_callable:
        skip = [(s.start, s.end) for s in facts.symbols if s.parent == index and (s.is_callable or s.kind == "class")]
    return [
        Block(b.start, min(b.end, end)) for b in starts
        if symbol.start <= b.start <= end and not any(a <= b.start <= z for a, z in skip)
    ]  # fmt: skip


@functools.lru_cache(maxsize=64)
def _statement_blocks(text: str) -> tuple[Block, ...]:
    tree = outline_of(text).tree
    if tree is None:
        return ()
    found: list[Block] = []
    stack: list[ast.stmt] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        children: list[ast.stmt] = []
        for name in ("body", "handlers", "orelse", "finalbody", "cases"):
            children.extend(getattr(node, name, None) or ())
        first = (
            min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            if hasattr(node, "lineno")
            else 0
        )
        if not children:
            found.append(Block(node.lineno, node.end_lineno or node.lineno))
            continue
        if first:
            inner = min(getattr(c, "lineno", node.lineno + 1) for c in children)
            found.append(Block(first, max(first, inner - 1)))
        stack.extend(reversed(children))
    return tuple(sorted(found, key=lambda b: b.start))


def _paragraphs(lines: list[str], start: int, end: int) -> list[Block]:
    blocks: list[Block] = []
    begin: int | None = None
    for number in range(start, min(end, len(lines)) + 1):
        if lines[number - 1].strip():
            begin = begin or number
        elif begin:
            blocks.append(Block(begin, number - 1))
            begin = None
    if begin:
        blocks.append(Block(begin, min(end, len(lines))))
    return blocks


def line_score(text: str, weights: Mapping[str, float]) -> float:
    """The summed weight of the question's terms that occur in a text, each once."""
    return sum(weights.get(term, 0.0) for term in set(terms.terms_of(text)))


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


def _windows(
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
    # Nothing in it is asked for by name: it is then shown from its beginning, in whole blocks.
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
