"""Packs evidence, symbols or whole files into the text that a model reads, within a budget of its tokens."""

from __future__ import annotations

from collections.abc import Sequence

from ..code_graph import CodeGraph
from ..types import Evidence, EvidencePack, SymbolRef
from .heads import pack_context_heads
from .options import ContextOptions
from .packing import CountTokens, estimate_tokens, pack, passage_of
from .windows import Window, collect_function_windows, windows_of
from .yes_no import model_prob_yes


def pack_context(
    evidence: Sequence[Evidence], options: ContextOptions | None = None, count: CountTokens = estimate_tokens
) -> EvidencePack:
    """The best evidence that fits, as `[n] path:start-end` blocks of real lines, the best first; see `packing`.

    Block n is `evidence[n - 1]` of the pack, one run of lines; overlapping and adjacent evidence is one block. `omitted` are the lines of
    the evidence that are not in the pack.
    """
    options = options or ContextOptions()
    return pack([passage_of(item) for item in evidence], options.tokens, count, options.min_kept)


def pack_context_windows(
    graph: CodeGraph,
    evidence_or_symbols: Sequence[Evidence | SymbolRef],
    budget: int | None = None,
    count_tokens: CountTokens = estimate_tokens,
    question: str = "",
    options: ContextOptions | None = None,
) -> EvidencePack:
    """Windows on symbols that fit into the budget (None: `options.tokens`): of each its signature and docstring and, where it is long, the
    statements that match the question.

    For evidence the window is on the symbol around it, and holds the evidence's own statements; evidence outside any definition is packed
    as `pack_context` does. `omitted` are the lines of the symbols that are not in the pack.
    """
    options = options or ContextOptions()
    windows = windows_of(graph, evidence_or_symbols, question, options.max_lines)
    tokens = options.tokens if budget is None else budget
    return pack([window.passage for window in windows], tokens, count_tokens, options.min_kept)


__all__ = [
    "CountTokens",
    "Window",
    "collect_function_windows",
    "estimate_tokens",
    "model_prob_yes",
    "pack_context",
    "pack_context_heads",
    "pack_context_windows",
]
