"""Joins candidates into one region: a small class of which several members match, and adjacent definitions with similar scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..code_graph import CodeGraph
from ..graph.source import is_python
from ..graph.storage.columns import cell
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
        is_class = _kind(facts, candidate.index) == "class"
        cls = candidate.index if is_class else cell(facts.symbols, candidate.index, "parent")
        if cls > 0 and (is_class or _kind(facts, cls) == "class"):
            parts[cls].append(candidate)
    for cls, members in parts.items():
        start, end = _extent(facts, cls)
        if len(members) > 1 and end - start < max_lines:
            best, *parts_besides = sorted(members, key=lambda c: -c.score)
            best.region, best.merged, best.as_whole = (start, end), parts_besides, True
            besides = set(map(id, parts_besides))
            candidates = [c for c in candidates if id(c) not in besides]
    return candidates


def _neighbours(facts: ModuleFacts, candidates: list[Candidate], options: RankingOptions) -> list[Candidate]:
    """Join adjacent candidates with similar scores into the best of them, with the lines of all as its region."""
    found: list[Candidate] = []
    run: list[Candidate] = []
    extents = {c.index: _extent(facts, c.index) for c in candidates}
    for candidate in sorted(candidates, key=lambda c: extents[c.index][0]):
        start, end = extents[candidate.index]
        kind, length = _kind(facts, candidate.index), end - start + 1
        limit = options.region_lines // 2 if kind == "class" else options.region_lines
        if kind == "module" or candidate.region or length > limit:
            found.append(candidate)
            continue
        if run and not _fits_run(extents, run, candidate, options):
            found.append(_merge_run(extents, run))
            run = []
        run.append(candidate)
    return [*found, _merge_run(extents, run)] if run else found


def _add_members(facts: ModuleFacts, places: list[Candidate]) -> None:
    """Fill `members` of each class among the candidates with the other candidates that it defines."""
    classes = {c.index: c for c in places if not c.region and _kind(facts, c.index) == "class"}
    for place in sorted(places, key=lambda c: -c.score) if classes else ():
        parent = cell(facts.symbols, place.index, "parent")
        if parent in classes:
            classes[parent].members.append(place)


def _fits_run(
    extents: Mapping[int, tuple[int, int]], run: list[Candidate], candidate: Candidate, options: RankingOptions
) -> bool:
    (first, _), (_, last), (start, end) = (extents[c.index] for c in (run[0], run[-1], candidate))
    scores = [c.score for c in (*run, candidate)]
    is_near = last < start <= last + _MAX_GAP + 1
    return is_near and end - first < options.region_lines and min(scores) >= options.join_share * max(scores)


def _merge_run(extents: Mapping[int, tuple[int, int]], run: list[Candidate]) -> Candidate:
    best, *best.merged = sorted(run, key=lambda c: -c.score)
    if best.merged:
        best.region = extents[run[0].index][0], extents[run[-1].index][1]
    return best


# Most candidates are only looked at here, so no `Symbol` is built for them.


def _kind(facts: ModuleFacts, index: int) -> str:
    kind: str = cell(facts.symbols, index, "kind")
    return kind


def _extent(facts: ModuleFacts, index: int) -> tuple[int, int]:
    """The first and the last line of a symbol."""
    return cell(facts.symbols, index, "start"), cell(facts.symbols, index, "end")
