"""Joins candidates into one region: a small class of which several members match, and adjacent definitions with similar scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..code_graph import CodeGraph
from ..graph.source import is_python
from ..types import ModuleFacts
from .candidates import Candidate
from .options import RankingOptions

# Lines between adjacent definitions, at most: blank lines, a comment, a constant.
_MAX_GAP = 4


def joined_candidates(graph: CodeGraph, candidates: Iterable[Candidate], options: RankingOptions) -> list[Candidate]:
    """The candidates, with those of one region joined into its best one."""
    by_file: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_file[candidate.path].append(candidate)
    found: list[Candidate] = []
    for path, in_file in by_file.items():
        facts = graph.facts(path) if is_python(path) and len(in_file) > 1 else None
        if facts is None:
            found += in_file
            continue
        in_file = _whole_classes(facts, [c for c in in_file if c.index < len(facts.symbols)], options.region_lines)
        joined = _neighbours(facts, in_file, options)
        _add_members(facts, joined)
        found += joined
    return found


def _whole_classes(facts: ModuleFacts, candidates: list[Candidate], max_lines: int) -> list[Candidate]:
    """Replace several candidates of a small class by the best of them, with the whole class as its region: it shows more in hardly more
    lines."""
    parts: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        symbol = facts.symbols[candidate.index]
        cls = candidate.index if symbol.kind == "class" else symbol.parent
        if cls > 0 and facts.symbols[cls].kind == "class":
            parts[cls].append(candidate)
    for cls, members in parts.items():
        symbol = facts.symbols[cls]
        if len(members) > 1 and symbol.end - symbol.start < max_lines:
            best, *parts_besides = sorted(members, key=lambda c: -c.score)
            best.region, best.merged, best.as_whole = (symbol.start, symbol.end), parts_besides, True
            candidates = [c for c in candidates if c not in parts_besides]
    return candidates


def _neighbours(facts: ModuleFacts, candidates: list[Candidate], options: RankingOptions) -> list[Candidate]:
    """Join adjacent candidates with similar scores into the best of them, with the lines of all as its region."""
    found: list[Candidate] = []
    run: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: facts.symbols[c.index].start):
        symbol = facts.symbols[candidate.index]
        length = symbol.end - symbol.start + 1
        limit = options.region_lines // 2 if symbol.kind == "class" else options.region_lines
        if symbol.kind == "module" or candidate.region or length > limit:
            found.append(candidate)
            continue
        if run and not _fits_run(facts, run, candidate, options):
            found.append(_merge_run(facts, run))
            run = []
        run.append(candidate)
    return [*found, _merge_run(facts, run)] if run else found


def _add_members(facts: ModuleFacts, places: list[Candidate]) -> None:
    """Fill `members` of each class among the candidates with the other candidates that it defines."""
    classes = {c.index: c for c in places if facts.symbols[c.index].kind == "class" and not c.region}
    for place in sorted(places, key=lambda c: -c.score):
        parent = facts.symbols[place.index].parent
        if parent in classes:
            classes[parent].members.append(place)


def _fits_run(facts: ModuleFacts, run: list[Candidate], candidate: Candidate, options: RankingOptions) -> bool:
    first, last, next_symbol = (facts.symbols[c.index] for c in (run[0], run[-1], candidate))
    scores = [c.score for c in (*run, candidate)]
    is_near = last.end < next_symbol.start <= last.end + _MAX_GAP + 1
    return (
        is_near
        and next_symbol.end - first.start < options.region_lines
        and min(scores) >= options.join_share * max(scores)
    )


def _merge_run(facts: ModuleFacts, run: list[Candidate]) -> Candidate:
    best, *best.merged = sorted(run, key=lambda c: -c.score)
    if best.merged:
        best.region = facts.symbols[run[0].index].start, facts.symbols[run[-1].index].end
    return best
