"""Comparisons of which a side is no name: "`ThreadedServer` and starting the normal server with several processes". Of such a side it is
told what docstrings and documents say that has most of its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...code_graph import CodeGraph, is_test_path
from ...evidence.documented import is_documentation
from ...evidence.everyday import everyday_table
from ...evidence.question import analyse
from ...evidence.ranking import is_aside, is_changelog
from ...evidence.search_index import SearchIndex
from ...evidence.vocabulary import STOP_WORDS, synonyms
from ...graph import terms
from ...graph.source import is_python
from ...graph.storage.postings import DOCSTRING, NAME, SIGNATURE
from ...types import SymbolRef
from ..clauses import split_question
from .candidate import COLLECTED, Candidate, SentenceBuilder
from .collections.members import member_sentences
from .comparisons import definitions_to_compare
from .documentation.quotation import quoted_in
from .documentation.quoted_docs import quote_docstring
from .documentation.sections import section_quotes

_CODE = r"`[^`]+`"
_SIDE = rf"(?:{_CODE}|[^`?])+?"
_SIDES = re.compile(
    rf"\b(?:differences?|distinctions?)(?: is there| are there)? between (?P<a>{_SIDE}) and (?P<b>(?:{_CODE}|[^`?])+)\W*\Z"
    rf"|\bhow (?:do|does|is|are) (?P<c>{_SIDE}) (?:differ(?:s|ent)?) (?:from|to|than) (?P<d>(?:{_CODE}|[^`?])+)\W*\Z"
    rf"|\bcompare (?P<e>{_SIDE}) (?:with|to|and) (?P<f>(?:{_CODE}|[^`?])+)\W*\Z",
    re.I,
)
_NAMED = re.compile(r"`(?P<code>[A-Za-z_][\w.]*)(?:\(\))?`|\b(?P<plain>[A-Za-z]+(?:_\w+|[a-z][A-Z]\w*|\.\w+))")
_OLD = re.compile(r"deprecat|migrat|upgrad|chang", re.I)
_ARTICLE = re.compile(r"\A(?:the|an?) ", re.I)
_ONE = re.compile(r"\bones?\b", re.I)
_MINOR = frozenset(
    map(
        terms.stem,
        "normal plain regular ordinary usual usually default simple simply just several many more single start starting run "
        "running use using "
        "call calling pass passing set setting do doing have having instead directly own same one class function method object "
        "way make".split(),
    )
)
_PLAIN = _MINOR | set(map(terms.stem, "synchronous sync blocking standard base basic decorator original".split()))
_MIN_SHARE, _MIN_FOLLOWING, _ALTERNATIVE = 0.6, 0.3, 0.7
_OF_OWNER, _MINOR_WEIGHT = 0.6, 0.25
_MAX_SYMBOLS, _MAX_TOLD, _MAX_OF_NAME = 24, 2, 2
_EXTRA = 0.04  # for each word of a name that is not asked for


@dataclass(frozen=True, slots=True)
class _Words:
    weights: Mapping[str, float]
    alternatives: Mapping[str, tuple[str, ...]]

    def share(self, present: Mapping[str, float]) -> float:
        mass = sum(self.weights.values()) or 1.0
        found = 0.0
        for term, weight in self.weights.items():
            other = max((present.get(o, 0.0) for o in self.alternatives[term]), default=0.0)
            found += weight * max(present.get(term, 0.0), _ALTERNATIVE * other)
        return found / mass


def sides_of(question: str) -> tuple[str, str] | None:
    """The two sides that a question compares, as it writes them; "one" in the second stands for the last word of the first."""
    for part in split_question(question):
        match = _SIDES.search(part[:300])
        if match is not None:
            a, b = (side.strip() for side in match.groups() if side)
            last = re.findall(r"\w+", a)[-1:] if not _NAMED.fullmatch(a) else []
            return a, _ONE.sub(last[0], b) if last else b
    return None


def sentences_in_words(graph: CodeGraph, question: str) -> list[Candidate]:
    """What is said of each of the two sides, where at least one of them is no name; nothing where nothing is found for one of them."""
    sides = sides_of(question)
    if sides is None:
        return []
    if any(
        len(_ARTICLE.sub("", side).split()) == 1 and "`" not in side and not _NAMED.fullmatch(side) for side in sides
    ):
        return []  # a word for a thing, of which documentation may say how it differs from the other
    named = [_named(graph, side) for side in sides]
    if all(map(_NAMED.fullmatch, sides)) or any(
        ref is None and _NAMED.fullmatch(side) for side, ref in zip(sides, named, strict=True)
    ):
        return []
    told: list[list[Candidate]] = []
    for side, ref in zip(sides, named, strict=True):
        others = [other for other in named if other is not None]
        told.append(
            _of_name(graph, ref) if ref is not None else _of_words(graph, side, others, told[0] if told else [])
        )
    items = [item for items in told for item in items] if all(told) else []
    return [
        replace(
            s, kind="listing", subject=f"{s.spans[0][0]}:{s.spans[0][1]}", order=order - 100, named=True, role=COLLECTED
        )
        for order, s in enumerate(items)
    ]


def _named(graph: CodeGraph, side: str) -> SymbolRef | None:
    """The definition that a side names, if it does nothing else."""
    match = _NAMED.search(side)
    if match is None:
        words = [
            word
            for word in re.findall(r"\w+", side)
            if terms.stem(word.lower()) not in _PLAIN and word.lower() not in STOP_WORDS
        ]
        names = (words[0].capitalize(), words[0]) if len(words) == 1 else ()
        found = [
            ref
            for name in names
            for ref in definitions_to_compare(graph, name)
            if ref.symbol.name.lower() == name.lower()
        ]
        return next(iter(found), None)
    if len(re.findall(r"\w+", side.replace(match.group(), ""))) > _MAX_OF_NAME:
        return None
    return next(iter(definitions_to_compare(graph, match["code"] or match["plain"])), None)


def _of_name(graph: CodeGraph, ref: SymbolRef) -> list[Candidate]:
    quotes = [item for item in _quotes(graph, ref) if item.kind == "doc"][:_MAX_OF_NAME]
    return quotes or list(member_sentences(graph, ref))


def _quotes(graph: CodeGraph, ref: SymbolRef) -> list[Candidate]:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    if facts is None or document is None:
        return []
    number = next(
        (n for n, s in enumerate(facts.symbols) if (s.start, s.name) == (ref.symbol.start, ref.symbol.name)), 0
    )
    return list(quote_docstring(SentenceBuilder(facts, number, 0), document.lines, {}, False)) if number else []


def _of_words(graph: CodeGraph, side: str, others: list[SymbolRef], told: list[Candidate]) -> list[Candidate]:
    """The sentence that has most of the words of a side, with the next one about the same."""
    words = _words(graph, side)
    if not words.weights:
        return []
    best: tuple[float, list[Candidate]] = (0.0, [])
    known = {item.text for item in told}
    for name, items in _speaking(graph, words, others):
        own = terms.parts(name)
        extra = len(own - set(words.weights) - {o for others_of in words.alternatives.values() for o in others_of})
        for number, item in enumerate(items):
            present = dict.fromkeys(terms.distinct(name.rpartition(".")[0]), _OF_OWNER) | dict.fromkeys(own, 1.0)
            present |= dict.fromkeys(terms.distinct(item.text), 1.0)
            score = words.share(present) - _EXTRA * extra - _EXTRA * min(number, 3) / 3
            if score > best[0] and item.text not in known:
                following = [
                    i for i in items[number + 1 : number + _MAX_TOLD] if i.kind == item.kind and _goes_on(words, i)
                ]
                best = score, [item, *following]
    return best[1] if best[0] >= _MIN_SHARE else []


def _goes_on(words: _Words, item: Candidate) -> bool:
    """Whether the sentence behind the best one is about the same: a parameter's, or one that has words of the side."""
    return item.text.startswith("`") and words.share(dict.fromkeys(terms.distinct(item.text), 1.0)) >= _MIN_FOLLOWING


def _speaking(graph: CodeGraph, words: _Words, others: list[SymbolRef]) -> Iterator[tuple[str, list[Candidate]]]:
    """(name, sentences) of the definitions and sections that have most of the words."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        covered = np.zeros(len(index.file_of))
        for term, weight in words.weights.items():
            present = np.zeros(len(index.file_of))
            for word in (term, *words.alternatives[term]):
                hit = index.hits(word)
                spoken = hit.documents[
                    np.isin(hit.fields, (NAME, DOCSTRING, SIGNATURE)) | ~_is_code(index, hit.documents)
                ]
                present[spoken] = np.maximum(present[spoken], 1.0 if word == term else _ALTERNATIVE)
            covered += weight * present
        best = [
            int(n) for n in np.argsort(-covered, kind="stable")[: 6 * _MAX_SYMBOLS] if covered[n] > 0 and index.alive[n]
        ]
        places = [(index.paths[index.file_of[n]], int(index.symbol_of[n])) for n in best]
    excluded = {(ref.path, ref.symbol.start) for ref in others}
    left = _MAX_SYMBOLS
    for path, number in places:
        facts = graph.facts(path) if left and not is_test_path(path) and not is_aside(path) else None
        if facts is None or number >= len(facts.symbols) or (path, facts.symbols[number].start) in excluded:
            continue
        left -= 1
        symbol = facts.symbols[number]
        if is_python(path) and number:
            yield symbol.qualname, [i for i in _quotes(graph, graph.ref(facts, number)) if i.kind in ("doc", "param")]
        elif is_documentation(path) and not is_changelog(path) and not _OLD.search(path):
            yield symbol.name, [q for q in section_quotes(graph, facts, number) if len(quoted_in(q)) > 1]


def _is_code(index: SearchIndex, documents: np.ndarray) -> np.ndarray:
    kinds = np.array([kind == "python" for kind in index.kinds], dtype=bool)
    return kinds[index.file_of[documents]] if len(kinds) else np.zeros(len(documents), dtype=bool)


def _words(graph: CodeGraph, side: str) -> _Words:
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    weights = {
        term: _MINOR_WEIGHT if term in _MINOR else 1.0
        for term in analyse(side, own_names).terms
        if term not in own_names
    }
    if all(weight < 1.0 for weight in weights.values()):
        return _Words({}, {})
    alike, everyday = synonyms(), everyday_table()
    return _Words(weights, {term: (*alike.get(term, ()), *everyday.words.get(term, ())[:8]) for term in weights})
