"""The settings and options that a question describes without naming them: how each is declared, with its default and documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ..candidate import Candidate
from ..listings.default_values import parameter_default_sentence
from .asked_in_words import Described, described_setting
from .command_options import further_options, option_sentence
from .declared import Declared, bare
from .documented import documented_sentences
from .documented_parameters import DocumentedParameter, documented_parameters
from .matching import Match, declared_at, declaring_files, matches

_MAX_READ_UP = 8  # settings without documentation of their own, for which documents are searched
_MAX_ALL, _FEW = 16, 4
_LEAST_ALONE = 0.6  # of a parameter that a question does not call a setting


def described_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """A sentence for each setting that the question describes, the one that has most of its words first. `check` raises once the question
    is cancelled."""
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    described = described_setting(question, own_names)
    if described is None:
        return
    declared = declared_at(graph, declaring_files(graph, described), check)
    if not described.weights:
        if described.lists:
            yield from _all_of_them(graph, [(path, one) for path, one in declared if _is_flag(one)] or declared)
        return
    parameters = list(documented_parameters(graph, described, check))
    by_declared = {id(p.declared): p for p in parameters}
    pool = [*declared, *((p.path, p.declared) for p in parameters)]
    found = matches(graph, described, pool, {})
    said: dict[str, Candidate] = {}
    if found and found[0].score:
        said = _read_up(graph, [m for m in found if not m.declared.quoted and m.score > 0.3 * found[0].score])
        if said:
            found = matches(graph, described, pool, {name: _quotation(item) for name, item in said.items()})
    chosen = _chosen(found, described, by_declared.keys())
    if described.lists and chosen and len(declared) <= _FEW:
        chosen += [Match(path, one, 0.0) for path, one in declared if all(one is not m.declared for m in chosen)]
    chosen = _with_counterparts(chosen, declared)
    for rank, match in enumerate(chosen):
        for item in _sentences(graph, match, by_declared.get(id(match.declared)), said):
            yield replace(item, rank=rank)


def _chosen(found: Sequence[Match], described: Described, parameters: object) -> list[Match]:
    best = found[0].score if found else 0.0
    if best < described.at_least:
        return []
    kept = [m for m in found if m.score >= max(described.at_least * 0.8, described.near * best)]
    told: list[Match] = []
    seen: set[tuple[str, str, str]] = set()
    for match in kept:
        key = (bare(match.declared.names[0]), match.declared.default, match.declared.quoted)
        if key not in seen:
            seen.add(key)
            told.append(match)
    return told[: described.limit]


def _with_counterparts(chosen: list[Match], declared: Sequence[tuple[str, Declared]]) -> list[Match]:
    """The same; behind an option without a default the setting that has its name and one: `keep_alive_timeout = 5` behind
    `--keep-alive`."""
    told: list[Match] = []
    for match in chosen:
        if any(match.declared is other.declared for other in told):
            continue
        told.append(match)
        if match.declared.default or not _is_flag(match.declared):
            continue
        parts = set(terms.parts(match.declared.dest))
        others = [
            Match(path, one, match.score)
            for path, one in declared
            if one.default and not _is_flag(one) and parts and parts <= set(terms.parts(one.dest))
        ]
        others.sort(key=lambda m: len(m.declared.dest))
        told += [m for m in others[:1] if all(m.declared is not other.declared for other in (*chosen, *told))]
    return told


def _sentences(
    graph: CodeGraph, match: Match, parameter: DocumentedParameter | None, said: dict[str, Candidate]
) -> Iterator[Candidate]:
    subject = f"{match.path}:{match.declared.start}"
    if parameter is not None:
        default = parameter_default_sentence(graph, parameter.function, match.declared.dest)
        for item in (default, parameter.says):
            if item is not None:
                yield replace(item, kind="setting", subject=subject, named=True, order=-1)
        return
    text, lines = option_sentence(graph, match.path, match.declared)
    spans = tuple((match.path, *one) for one in lines)
    yield Candidate(text, "setting", spans, subject, 0, -1, named=True)
    if not match.declared.quoted and (item := said.get(match.declared.dest)) is not None:
        yield replace(item, subject=subject)


def _all_of_them(graph: CodeGraph, declared: Sequence[tuple[str, Declared]]) -> Iterator[Candidate]:
    """All options, those first of the file that declares most of them."""
    by_path: dict[str, list[Declared]] = {}
    for path, one in declared:
        by_path.setdefault(path, []).append(one)
    left = _MAX_ALL
    for rank, path in enumerate(sorted(by_path, key=lambda p: -len(by_path[p]))):
        told = by_path[path][:left]
        left -= len(told)
        for one in told:
            yield from (replace(item, rank=rank) for item in _sentences(graph, Match(path, one, 1.0), None, {}))
        yield from (replace(item, rank=rank) for item in further_options(graph, path, by_path[path][len(told) :]))


def _read_up(graph: CodeGraph, found: Sequence[Match]) -> dict[str, Candidate]:
    """What documents say of these settings, by name."""
    said: dict[str, Candidate] = {}
    for match in found[:_MAX_READ_UP]:
        for item in documented_sentences(graph, match.declared.dest):
            said.setdefault(match.declared.dest, item)
    return said


def _quotation(item: Candidate) -> str:
    return item.text.partition("“")[2].rpartition("”")[0]


def _is_flag(one: Declared) -> bool:
    return any(name.startswith("-") for name in one.names)
