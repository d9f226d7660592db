"""The settings and options that a question describes without naming them: how each is declared, with its default and documentation."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ....code_graph import CodeGraph, index_of, is_test_path
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ..candidate import Candidate, SentenceBuilder
from ..definitions import value_sentences
from ..listings.default_values import parameter_default_sentence
from .asked_in_words import Described, described_settings
from .choices import choice_sentences, choices_of
from .command_options import further_options, option_sentence, scope_of
from .declared import READ, Declared, bare, is_flag
from .documented import documented_sentences
from .documented_parameters import DocumentedParameter, documented_parameters
from .matching import Match, declared_at, declaring_files, matches
from .setting_questions import asks_allowed, asks_to_change
from .ways import options_with_default, rejecting_sentences, taking_sentences

_MAX_READ_UP = 16  # settings without documentation of their own, for which documents are searched
_STANDING_OUT, _FAR_BETTER = 0.75, 1.5
_MAX_ALL, _FEW = 16, 4
_WORTH_READING_UP, _OF_FAMILY, _STRONG, _SURELY_MEANT = 0.3, 0.3, 0.7, 0.6
_UNITS = frozenset({"timeout", "time", "second", "default", "size", "limit"})  # that one name has and the other not
_NO_DEFAULTS = frozenset({"None", '""', "''", "[]", "{}", "()"})


class Wanted(NamedTuple):
    """What a question asks of a setting beside its value: how it is changed, and which values are allowed."""

    change: bool
    allowed: bool


def described_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """A sentence for each setting that the question describes, the one that has most of its words first. `check` raises once the question
    is cancelled."""
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    told: set[tuple[str, int, str]] = set()
    items = list(choice_sentences(graph, question, check))
    wanted = Wanted(asks_to_change(question), asks_allowed(question))
    for described in described_settings(question, own_names):
        items += _sentences_for(graph, described, wanted, told, check)
    yield from (replace(item, rank=rank) for rank, item in enumerate(items))


def _sentences_for(
    graph: CodeGraph, described: Described, wanted: Wanted, told: set[tuple[str, int, str]], check: Callable[[], None]
) -> Iterator[Candidate]:
    """`told`: path, line and name of what was told, to which it adds."""
    declared = declared_at(graph, declaring_files(graph, described), check)
    if described.of_environment:
        declared = [(path, one) for path, one in declared if one.said == READ]
    if not described.weights:
        if described.lists:
            yield from _all_of_them(graph, [(path, one) for path, one in declared if is_flag(one)] or declared)
        return
    chosen, said = _matching(graph, described, declared)
    parameters: dict[int, DocumentedParameter] = {}
    if (not chosen or described.wants_value) and not described.of_environment:
        parameters = {id(p.declared): p for p in documented_parameters(graph, described, check)}
        pool = [*declared, *((p.path, p.declared) for p in parameters.values())]
        with_parameters = _matching(graph, described, pool)
        chosen, said = with_parameters if with_parameters[0] else (chosen, said)
    if described.lists and chosen and len(declared) <= _FEW:
        chosen += [Match(path, one, 0.0) for path, one in declared if all(one is not m.declared for m in chosen)]
    matched = _with_counterparts(chosen, declared)
    if wanted.change and not described.lists:
        matched = _with_options(graph, matched, declared)
    if described.wants_value:
        matched = _values_first(matched, declared)
    for match in matched:
        place = match.path, match.declared.start, match.declared.dest
        if place not in told:
            told.add(place)
            yield from _sentences(graph, match, parameters.get(id(match.declared)), said, matched)
    for match in matched[:1] if not described.lists else ():
        if wanted.allowed:
            yield from choices_of(graph, match.path, match.declared.names, match.declared.start)
            yield from rejecting_sentences(graph, match.path, match.declared)
        if wanted.change:
            yield from taking_sentences(graph, match.declared)


def _values_first(matched: Sequence[Match], declared: Sequence[tuple[str, Declared]]) -> list[Match]:
    """The same; those without a value last, and each whose value is the name of another behind that one."""
    told: list[Match] = []
    for match in sorted(matched, key=lambda m: m.declared.default in ("", *_NO_DEFAULTS)):
        named = match.declared.default.rpartition(".")[2]
        bases = [Match(path, one, match.score) for path, one in declared if named and one.dest == named and one.default]
        for one in (*bases[:1], match):
            if all(one.declared is not other.declared for other in told):
                told.append(one)
    return told


def _with_options(graph: CodeGraph, matched: list[Match], declared: Sequence[tuple[str, Declared]]) -> list[Match]:
    """The same; behind each the options on a command line that set it."""
    found: list[Match] = []
    for match in matched:
        options = options_with_default(match.declared, scope_of(graph, match.path, match.declared), declared)
        found += [match, *(Match(path, option, match.score) for path, option in options)]
    return list({id(match.declared): match for match in found}.values())


def _matching(
    graph: CodeGraph, described: Described, pool: Sequence[tuple[str, Declared]]
) -> tuple[list[Match], dict[str, Candidate]]:
    """The settings that are told, and what documents say of those that have no documentation of their own."""
    found = matches(graph, described, pool, {})
    said: dict[str, Candidate] = {}
    if found and found[0].score:
        bare_ones = [m for m in found if not m.declared.quoted and m.score > _WORTH_READING_UP * found[0].score]
        said = _read_up(graph, bare_ones)
        if said:
            found = matches(graph, described, pool, {name: _quotation(item) for name, item in said.items()})
    return _chosen(found, described), said


def _chosen(found: Sequence[Match], described: Described) -> list[Match]:
    if described.wants_value and not described.is_named_so:  # a name without a value tells nothing
        found = [m for m in found if is_flag(m.declared) or m.declared.default not in ("", *_NO_DEFAULTS)]
    best = found[0].score if found else 0.0
    at_least = described.at_least * (_STANDING_OUT if _stands_out(found) else 1.0)
    kept = [m for m in found if m.score >= max(at_least * 0.8, described.near * best)]
    if not kept or kept[0].score < at_least:
        return []
    if described.asks_way:
        # A flag is a way to do something; a variable is one only if it is surely meant.
        is_sure = len(described.weights) > 1
        kept = [m for m in kept if is_flag(m.declared) or (is_sure and m.score >= _SURELY_MEANT)]
    flags = {bare(name) for m in kept if is_flag(m.declared) for name in (*m.declared.names, m.declared.dest)}
    told: dict[tuple[str, str, str], Match] = {}
    for match in kept:
        one = match.declared
        says_more = is_flag(one) or one.quoted or one.default not in ("", *_NO_DEFAULTS) or bare(one.dest) not in flags
        if says_more:
            told.setdefault((bare(one.names[0]), one.default, one.quoted), match)
    chosen = [*told.values()]
    if described.lists:
        chosen = _with_families(chosen, found, described)
    chosen = chosen[: described.limit]
    if described.lists:
        paths = list(dict.fromkeys(m.path for m in chosen))
        weights = described.weights
        first = {
            id(m.declared) for m in chosen if m.score >= _STRONG * found[0].score or _first_term(m.declared) in weights
        }
        chosen.sort(key=lambda m: (id(m.declared) not in first, paths.index(m.path), m.declared.start))
    return chosen


def _stands_out(found: Sequence[Match]) -> bool:
    """Whether the first is described far better than all others that are not the same by another name."""
    others = (m.score for m in found[1:] if m.declared.dest != found[0].declared.dest)
    return bool(found) and found[0].score >= _FAR_BETTER * next(others, 0.0)


def _with_families(chosen: list[Match], found: Sequence[Match], described: Described) -> list[Match]:
    """The same; where several of them begin with a word of the question, all that do come first: `RETRY_TIMES`, `RETRY_ENABLED`; and those
    behind them whose name goes on where that of another ends: `proxy` and `proxy_auth`."""
    counts = Counter(first for m in chosen if (first := _first_term(m.declared)) in described.weights)
    families = {first for first, count in counts.items() if count > 1}
    members = [m for m in found if _first_term(m.declared) in families and m.score > _OF_FAMILY * chosen[0].score]
    chosen = list({id(m.declared): m for m in (*members, *chosen)}.values()) if families else chosen
    names = {(m.path, bare(m.declared.dest)) for m in chosen}
    chosen += [
        m
        for m in found
        if m.score and any(m.path == path and _extends(bare(m.declared.dest), name) for path, name in names)
    ]
    return list({id(m.declared): m for m in chosen}.values())


def _extends(one: str, other: str) -> bool:
    return one.startswith(f"{other}_") or other.startswith(f"{one}_")


def _first_term(one: Declared) -> str:
    return (terms.split(bare(one.dest)) or ("",))[0]


def _with_counterparts(chosen: list[Match], declared: Sequence[tuple[str, Declared]]) -> list[Match]:
    """The same; behind an option without a default the setting that has its name and one: `keep_alive_timeout = 5` behind
    `--keep-alive`."""
    told: list[Match] = []
    for match in chosen:
        if any(match.declared is other.declared for other in told):
            continue
        told.append(match)
        if match.declared.default or not is_flag(match.declared):
            continue
        parts = terms.parts(match.declared.dest)
        others = [
            Match(path, one, match.score)
            for path, one in declared
            if one.default not in ("", *_NO_DEFAULTS)
            and not is_flag(one)
            and parts <= terms.parts(one.dest)
            and terms.parts(one.dest) - parts <= _UNITS
        ]
        others.sort(key=lambda m: len(m.declared.dest))
        told += [m for m in others[:1] if all(m.declared is not other.declared for other in (*chosen, *told))]
    return told


def _sentences(
    graph: CodeGraph,
    match: Match,
    parameter: DocumentedParameter | None,
    said: dict[str, Candidate],
    beside: Sequence[Match] = (),
) -> Iterator[Candidate]:
    subject = f"{match.path}:{match.declared.start}"
    if parameter is not None:
        says_little = match.declared.default in _NO_DEFAULTS
        default = parameter_default_sentence(graph, parameter.function, match.declared.dest)
        for item in (parameter.says, default) if says_little else (default, parameter.says):
            if item is not None:
                yield replace(item, kind="setting", subject=subject, named=True, order=-1)
        return
    text, lines = option_sentence(graph, match.path, match.declared)
    spans = tuple((match.path, *one) for one in lines)
    yield Candidate(text, "setting", spans, subject, 0, -1, named=True)
    if all(match.declared.default.rpartition(".")[2] != other.declared.dest for other in beside):
        yield from (
            replace(item, kind="setting", subject=subject, named=True) for item in _named_value(graph, match.declared)
        )
    if not match.declared.quoted and (item := said.get(match.declared.dest)) is not None:
        yield replace(item, subject=subject)


def _named_value(graph: CodeGraph, one: Declared) -> Iterator[Candidate]:
    """What the default is, where the declaration has only a name for it: `constants.default_tag`."""
    if not re.fullmatch(r"[A-Za-z_]\w*(?:\.\w+)*", one.default) or keyword.iskeyword(one.default):
        return
    refs = [r for r in graph.find_symbol(one.default, 4) if not is_test_path(r.path) and r.symbol.parent == 0]
    facts, document = (graph.facts(refs[0].path), graph.document(refs[0].path)) if len(refs) == 1 else (None, None)
    index = index_of(facts, refs[0].symbol) if facts is not None else None
    if facts is not None and document is not None and index is not None and not refs[0].symbol.is_callable:
        yield from value_sentences(SentenceBuilder(facts, index, 0), document.lines)


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
