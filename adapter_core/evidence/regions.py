"""Candidates that stand together become one place: a small class of which several parts match, and neighbours that match about as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..code_graph import CodeGraph
from ..graph.source import is_python
from ..types import ModuleFacts
from .candidates import Candidate
from .options import RankingOptions

# Between neighbours, at most: blank lines, a comment, a constant.
_MAX_GAP = 4


def regions(graph: CodeGraph, candidates: Iterable[Candidate], options: RankingOptions) -> list[Candidate]:
    """The candidates with those joined that are one place."""
    by_file: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_file[candidate.path].append(candidate)
    found: list[Candidate] = []
    for path, own in by_file.items():
        facts = graph.facts(path) if is_python(path) and len(own) > 1 else None
        if facts is None:
            found += own
            continue
        own = _whole_classes(facts, [c for c in own if c.index < len(facts.symbols)], options.region_lines)
        places = _neighbours(facts, own, options)
        _add_members(facts, places)
        found += places
    return found


def _whole_classes(facts: ModuleFacts, candidates: list[Candidate], max_lines: int) -> list[Candidate]:
    """A class of few lines instead of several of its parts: it says more than they do, in hardly more lines."""
    parts: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        symbol = facts.symbols[candidate.index]
        cls = candidate.index if symbol.kind == "class" else symbol.parent
        if cls > 0 and facts.symbols[cls].kind == "class":
            parts[cls].append(candidate)
    for cls, own in parts.items():
        symbol = facts.symbols[cls]
        if len(own) > 1 and symbol.end - symbol.start < max_lines:
            best, *others = sorted(own, key=lambda c: -c.score)
            best.region, best.others, best.whole = (symbol.start, symbol.end), others, True
            candidates = [c for c in candidates if c not in others]
    return candidates


def _neighbours(facts: ModuleFacts, candidates: list[Candidate], options: RankingOptions) -> list[Candidate]:
    """Candidates that follow each other and are of a score: the best of them stands for the lines of all."""
    found: list[Candidate] = []
    run: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: facts.symbols[c.index].start):
        symbol = facts.symbols[candidate.index]
        length = symbol.end - symbol.start + 1
        limit = options.region_lines // 2 if symbol.kind == "class" else options.region_lines
        if symbol.kind == "module" or candidate.region or length > limit:
            found.append(candidate)
            continue
        if run and not _joins(facts, run, candidate, options):
            found.append(_joined(facts, run))
            run = []
        run.append(candidate)
    return [*found, _joined(facts, run)] if run else found


def _add_members(facts: ModuleFacts, places: list[Candidate]) -> None:
    """To each class that is a place of its own those of the other places that it defines."""
    classes = {c.index: c for c in places if facts.symbols[c.index].kind == "class" and not c.region}
    for place in sorted(places, key=lambda c: -c.score):
        parent = facts.symbols[place.index].parent
        if parent in classes:
            classes[parent].members.append(place)


def _joins(facts: ModuleFacts, run: list[Candidate], candidate: Candidate, options: RankingOptions) -> bool:
    first, last, new = (facts.symbols[c.index] for c in (run[0], run[-1], candidate))
    scores = [c.score for c in (*run, candidate)]
    near = last.end < new.start <= last.end + _MAX_GAP + 1
    return near and new.end - first.start < options.region_lines and min(scores) >= options.join_share * max(scores)


def _joined(facts: ModuleFacts, run: list[Candidate]) -> Candidate:
    best, *best.others = sorted(run, key=lambda c: -c.score)
    if best.others:
        best.region = facts.symbols[run[0].index].start, facts.symbols[run[-1].index].end
    return best
