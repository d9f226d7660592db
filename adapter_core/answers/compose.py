"""Sentences that are true by construction: each is compiled from facts of the graph or quotes the text, and names its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..code_graph import CodeGraph, index_of, is_test_path
from ..evidence.linked import ADDS, BUILT_ON
from ..evidence.selection import Found
from ..graph.finding.lookup import implementation
from ..types import Evidence, ModuleFacts, SymbolRef
from .asked_symbols import is_named_by_words, leading_symbols, named_symbols, parameter_owners, resolve_answer_kind
from .composing.about_symbol import QuestionTraits, Subject, SymbolSentences
from .composing.candidate import OF_STATEMENTS, Candidate
from .composing.links.call_paths import call_path_sentence
from .composing.links.calls import BY_NAME
from .composing.links.common_caller import common_caller
from .composing.links.counts import counted_kinds
from .composing.links.known_links import KnownLinks
from .composing.links.library_uses import LibraryUse, library_uses
from .composing.listings.all_kinds import cached_listings
from .composing.statements.quotes import sentence_at_line
from .kinds import LINKS, asks_course

_MAX_SYMBOLS = 8
_INTRODUCING = ("where", "contents", "doc", "param", "signature", "bases", "text")


def candidates(graph: CodeGraph, found: Found, limit: int, links: KnownLinks | None = None) -> list[Candidate]:
    """The sentences that the evidence yields, in order of the evidence; before it, about what a question about links or a place names.
    `links`: those that are known, with the time in which more are looked for."""
    links = links or KnownLinks(graph)
    kind = resolve_answer_kind(graph, found.question)
    with links.budget.spend():
        outside = library_uses(graph, found.question) if kind == "callers" else []
    asked = _asked(graph, found, kind, outside)
    evident = list(_evident(graph, found))
    with links.budget.spend():
        if asked.course and not asked.named:
            evident = _behind_common_caller(graph, evident)
        seen = {item.text: item for item in _of_the_question(links, found, kind, outside)}
    teller = SymbolSentences(links, asked, found.weights)
    by_name: set[tuple[str, int, int]] = set()
    for rank, subject in enumerate(_subjects(graph, found, evident)):
        if rank >= _MAX_SYMBOLS or (rank and len(seen) >= limit):
            break
        own = _once(list(teller.sentences(subject, rank)))
        if found.line is not None and not any(item.kind == "at" for item in seen.values()):
            own = _at_line(own, found.line)
        for order, candidate in enumerate(sorted(own, key=lambda c: _reading_place(c, kind))):
            if candidate.text.startswith(BY_NAME):
                if by_name.issuperset(candidate.spans):
                    continue  # of another symbol of that name
                by_name.update(candidate.spans)
            named = subject.where in asked.named
            seen.setdefault(
                candidate.text,
                replace(candidate, order=min(order, candidate.order or order), named=named or candidate.named),
            )
    return list(seen.values())[:limit]


def _at_line(own: list[Candidate], line: tuple[str, int]) -> list[Candidate]:
    """Some sentences, of which the one that shows the line that is pointed at most closely comes first; as they are where none does."""
    showing = {i: b - a for i, c in enumerate(own) for path, a, b in c.spans if path == line[0] and a <= line[1] <= b}
    if not showing:
        return own
    best = min(showing, key=lambda i: showing[i])
    return [replace(c, kind="at", order=-1, named=True) if i == best else c for i, c in enumerate(own)]


def _asked(graph: CodeGraph, found: Found, kind: str, outside: Sequence[LibraryUse]) -> QuestionTraits:
    return QuestionTraits(
        kind,
        counted=counted_kinds(found.question.text),
        named=_asked_about(graph, found),
        course=kind not in LINKS and asks_course(found.question),
        zoomed=found.zoom is not None and found.zoom.symbol.kind == "module",
        outside=bool(outside),
        unknown=kind == "callers" and bool(found.question.identifiers),  # unless something is named
    )


def _of_the_question(links: KnownLinks, found: Found, kind: str, outside: Sequence[LibraryUse]) -> Iterator[Candidate]:
    """What is told before any symbol: the way between two that are named, the line that is named, libraries, listings."""
    graph, text = links.graph, found.question.text
    first = call_path_sentence(graph, text) if kind not in LINKS else None, sentence_at_line(graph, found.line)
    yield from (item for item in first if item is not None)
    yield from (item for one in outside for item in one.told)
    yield from cached_listings(links, text)


def _once(own: list[Candidate]) -> list[Candidate]:
    """Of the sentences about one symbol, each statement (known by its last line) is told once: in words where they say all of it, else
    as it stands."""
    told = {c.spans[-1][2] for c in own if c.kind in ("returns", "raises", "sets")}
    kept = [c for c in own if c.kind != "quote" or c.spans[-1][2] not in told]
    shown = {c.spans[-1][2] for c in kept if c.kind == "quote"}
    return [c for c in kept if c.kind != "bare" or c.spans[-1][2] not in shown]


def _reading_place(candidate: Candidate, kind: str) -> tuple[int, int]:
    """Where it stands among the sentences about one symbol: what introduces it, its statements in the order of the code, what surrounds
    it; that first where it was asked for."""
    if candidate.kind in _INTRODUCING:
        return 1, 0
    if candidate.kind in OF_STATEMENTS or candidate.kind == "comment":
        return 2, candidate.spans[0 if candidate.kind in ("decides", "steps") else -1][1]
    return (0, 0) if kind in LINKS else (3, 0)


def _subjects(graph: CodeGraph, found: Found, evident: Sequence[Subject]) -> Iterator[Subject]:
    """Each symbol once: those that the question names first, then what was found."""
    evidence = {one.key: one.evidence for one in evident}
    told: set[tuple[str, int]] = set()
    for subject in (*_named(graph, found, evidence), *evident):
        if subject.key not in told:
            told.add(subject.key)
            yield subject


def _evident(graph: CodeGraph, found: Found) -> Iterator[Subject]:
    for item in sorted(found.definitions, key=lambda e: not is_named_by_words(e, found)):
        facts = graph.facts(item.span.path)
        index = _symbol_of(facts, item) if facts else None
        if facts is not None and index is not None:
            body = implementation(facts, index)
            yield Subject(facts, body, item if body == index else None)


def _behind_common_caller(graph: CodeGraph, evident: list[Subject]) -> list[Subject]:
    """What was found, behind the function that calls most of it."""
    refs = [
        graph.ref(one.facts, one.index)
        for one in evident
        if one.symbol.is_callable and not is_test_path(one.facts.path)
    ]
    caller = common_caller(graph, refs)
    first = _subject_of(graph, caller) if caller is not None else None
    if first is None:
        return evident
    known = [one for one in evident if one.key == first.key]
    return [*(known or [first]), *(one for one in evident if one.key != first.key)]


def _named(graph: CodeGraph, found: Found, evidence: Mapping[tuple[str, int], Evidence | None]) -> Iterator[Subject]:
    for ref in (
        *leading_symbols(graph, found.question),
        *parameter_owners(graph, found.question),
        *_to_add_by(graph, found),
    ):
        subject = _subject_of(graph, ref)
        if subject is not None:
            yield replace(subject, evidence=evidence.get(subject.key))


def _subject_of(graph: CodeGraph, ref: SymbolRef) -> Subject | None:
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    return Subject(facts, index, None) if facts is not None and index is not None else None


def _asked_about(graph: CodeGraph, found: Found) -> frozenset[tuple[str, int]]:
    refs = [
        *named_symbols(graph, found.question),
        *leading_symbols(graph, found.question),
        *parameter_owners(graph, found.question),
    ]
    refs += [found.zoom] if found.zoom is not None else []
    if refs:
        return frozenset((ref.path, ref.symbol.start) for ref in refs)
    spans = [e.span for e in found.definitions if is_named_by_words(e, found)]
    return frozenset(
        [*((ref.path, ref.symbol.start) for ref in _to_add_by(graph, found)), *((s.path, s.start) for s in spans)]
    )


def _to_add_by(graph: CodeGraph, found: Found) -> list[SymbolRef]:
    """What one extends or calls to add something of one's own, where a question asks how: of the classes that were found the one on
    which most others are built, and the function that is named for it."""
    why = {
        BUILT_ON: [e for e in found.definitions if BUILT_ON in e.why],
        ADDS: [e for e in found.definitions if ADDS in e.why],
    }
    refs = {
        key: [r for e in items if (r := graph.symbol_at(e.span.path, e.span.start)) is not None]
        for key, items in why.items()
    }
    bases = sorted(refs[BUILT_ON], key=lambda r: -len(graph.subclasses_of(r)))
    return [*bases[:1], *refs[ADDS][:1]]


def _symbol_of(facts: ModuleFacts, item: Evidence) -> int | None:
    for index, symbol in enumerate(facts.symbols):
        name = facts.module if symbol.kind == "module" else symbol.qualname
        if (
            name == item.symbol
            and symbol.kind == item.kind
            and symbol.start <= item.span.end
            and item.span.start <= symbol.end
        ):
            return index
    return None
