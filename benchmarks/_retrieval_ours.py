"""Pathline as one of the systems: whole, and with one signal taken out at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from _retrieval_data import Place
from _retrieval_packing import BUDGETS, Tokens, lines_within
from _retrieval_scores import Found

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import pack_context
from adapter_core.evidence.options import ContextOptions, RankingOptions, SelectionOptions
from adapter_core.evidence.selection import search
from adapter_core.types import Evidence

OURS = "Pathline"
TOP = 20
# What is changed of `RankingOptions` to take one signal out.
ABLATIONS: dict[str, dict[str, Any]] = {
    "names": {"name_weight": 0.0, "qualname_weight": 0.0},
    "signatures": {"signature_weight": 0.0},
    "docstrings": {"docstring_weight": 0.0},
    "bodies": {"body_weight": 0.0},
    "path evidence": {"path_weight": 0.0, "path_coverage": 0.0},
    "evidence of the file": {"file_weight": 0.0},
    "coverage": {"coverage_power": 0.0},
    "coverage of the file": {"file_coverage_power": 0.0},
    "factors by kind of file": {
        "test_factor": 1.0,
        "text_factor": 1.0,
        "changelog_factor": 1.0,
        "aside_power": 0.0,
        "module_factor": 1.0,
    },
    "exact definitions": {"definition_boost": 0.0},
    "diversity of files": {"file_repeat": 1.0},
    "synonyms": {"synonym_weight": 0.0},
    "words that people say": {"everyday_words": 0, "said_weight": 0.0, "said_word": 1.0},
    "calls between results": {"call_spread": 0.0},
    "places of several definitions": {"region_lines": 1},
    "words that say little": {"own_name_weight": 1.0, "generic_weight": 1.0},
    "names written as words": {"mention_boost": 0.0},
    "rules for descriptions": {
        "phrase_named": 1.0,
        "phrase_unnamed": 1.0,
        "phrase_class_factor": 1.0,
        "phrase_module_factor": 1.0,
    },
    "rules for reports": {
        "report_test_factor": 0.45,
        "report_size_weight": 0.0,
        "report_definition_boost": 0.4,
        "long_name_weight": 1.5,
        "trace_boost": 0.0,
    },
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One setting of the ranking, by the name that tables show."""

    name: str
    ranking: RankingOptions


def variants(names: Sequence[str] = ()) -> list[Variant]:
    """Pathline, then Pathline without each of the named signals."""
    base = RankingOptions()
    return [Variant(OURS, base), *(Variant(f"{OURS} − {n}", replace(base, **ABLATIONS[n])) for n in names)]


def found_by(graph: CodeGraph, question: str, ranking: RankingOptions, tokens: Tokens) -> Found:
    """What Pathline returns and what its packs show within each budget."""
    found = search(graph, question, SelectionOptions(top=TOP, ranking=ranking))
    packs = {}
    for budget in BUDGETS:
        pack = pack_context(found.passages, ContextOptions(tokens=budget), tokens.count)
        parts = [(place_of(item), item.text) for item in pack.evidence]
        packs[budget] = lines_within(pack.text, parts, budget, tokens)
    return Found(tuple(place_of(e) for e in found.evidence), packs)


def place_of(item: Evidence) -> Place:
    return Place(item.span.path, item.span.start, item.span.end)


def run_repository(
    root: Path, questions: Sequence[str], systems: Sequence[Variant], tokens: Tokens
) -> tuple[dict[str, list[Found]], float]:
    """Every variant on every question of one checkout, and the seconds a question took."""
    with CodeGraph.load_or_build(root) as graph:
        started = time.perf_counter()
        found = {v.name: [found_by(graph, q, v.ranking, tokens) for q in questions] for v in systems}
        return found, (time.perf_counter() - started) / max(1, len(questions) * len(systems))
