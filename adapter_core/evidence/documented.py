"""Sections of documentation ranked among themselves, for questions how one does something.

Beside code a section has few words, and its own words for things. So they are weighed here by how rare they are in documentation, and a
title counts for much: it says what the section is for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.storage.postings import BODY, NAME, QUALNAME
from .options import RankingOptions
from .question import Question
from .ranking import expanded_terms, is_changelog
from .search_index import SearchIndex
from .vocabulary import LIGHT_TERMS

# What goes with a project beside its documentation, and how one goes from one version to the next.
_NO_GUIDE = re.compile(
    r"(^|/)(\.github/|[^/]*(?:migrating|migrate[-_](?:to|from)|upgrad|porting|versionhistory|whats?[-_]?new|"
    r"licen[cs]e|authors|credits|code_of_conduct|security|_template)[^/]*(/|$))|"
    r"(^|/)migration(?:[-_]?(?:guide|v?\d)[^/]*)?\.\w+$",  # to another version: a project may have migrations of its own
    re.I,
)
_RATIONALE = re.compile(r"(^|/)(why|rationale|design|comparison|alternatives|motivation)\w*\.\w+$", re.I)
_EXAMPLE = re.compile(r"(^|/)(examples?|samples?|demos?|bench(marks?)?|extras|contrib)/")
_RATIONALE_TITLE = re.compile(r"\W*(?:why|api|reference|support|resources)\b", re.I)
_NO_GUIDE_TITLE = re.compile(
    r"\W*(?:(?:getting )?help|contribut\w*|report\w*|credits|acknowledg\w*|licen[cs]e|table of contents|see also|next steps|projects|"
    r"links|making a pull request\w*)\b",
    re.I,
)
_ASIDE_FACTOR = 0.6
_MIN_LENGTH = 8  # words below a title
_TEXT = (".md", ".markdown", ".rst", ".txt")
_TITLE, _TITLES_ABOVE, _BODY, _LENGTH = 4.0, 1.0, 0.5, 0.6
_SATURATION, _COVERAGE_POWER = 2.0, 1.75
_BY_ALTERNATIVE, _BY_PHRASE = 0.5, 0.75  # what other words count for a word, and for a phrase, which nothing else says
_IN_PHRASE_FACTOR = 0.5  # of the words of such a phrase
_AVOIDED_FACTOR, _LIGHT_FACTOR = 0.3, 0.4
_MAX_CHARS = 300
_AVOIDING = re.compile(r"\s(?:without|instead of|rather than|and not|but not)\s", re.I)
_MAX_IDF = 2.5  # a word is not what is asked about because it is rare: "really" is


@dataclass(frozen=True, slots=True)
class Section:
    """The symbol `index` of a text. `coverage`: the share of the question that it has, by weight; `titled`: that its titles have;
    `sure`: the first, with words that no documentation has at full weight."""

    path: str
    index: int
    score: float
    coverage: float
    titled: float
    sure: float


def best_sections(
    graph: CodeGraph, index: SearchIndex, question: Question, options: RankingOptions, limit: int
) -> list[Section]:
    """The sections of documentation with most of the question, best first."""
    documents = np.flatnonzero(_documentation(index)[index.file_of] & index.alive)
    if not len(documents):
        return []
    number_of = np.full(len(index.file_of), -1, dtype=np.int64)
    number_of[documents] = np.arange(len(documents))
    lengths = index.lengths[documents, BODY].astype(np.float64)
    norms = 1 - _LENGTH + _LENGTH * lengths / max(float(lengths.mean()), 1.0)
    scores, covered, titled = np.zeros(len(documents)), np.zeros(len(documents)), np.zeros(len(documents))
    total = unknown = 0.0
    avoided = avoided_terms(question.text)
    in_phrases = {term for phrase in question.phrases for word in phrase for term in terms.split(word)}
    for term, weight, alternatives in expanded_terms(question, question.terms, options):
        weight *= (_AVOIDED_FACTOR if term in avoided else 1.0) * (_IN_PHRASE_FACTOR if term in in_phrases else 1.0)
        weight *= _LIGHT_FACTOR if term in LIGHT_TERMS else 1.0
        by_other = _BY_PHRASE if " " in term else _BY_ALTERNATIVE
        own, own_title = _frequency(index, [term, *_derived(term)], number_of, norms)
        other, other_title = _frequency(index, alternatives, number_of, norms)
        frequency = own + by_other * other
        idf = min(_MAX_IDF, _idf(len(documents), int(np.count_nonzero(own if own.any() else frequency))))
        scores += weight * idf * frequency / (frequency + _SATURATION)
        covered += weight * idf * np.where(own > 0, 1.0, by_other * (other > 0))
        titled += weight * idf * np.where(own_title, 1.0, by_other * other_title)
        total += weight * idf
        unknown += 0.0 if frequency.any() else weight * (_MAX_IDF - idf)
    if not total:
        return []
    scores *= (0.4 + 0.6 * covered / total) ** _COVERAGE_POWER
    files = index.file_of[documents]
    order = np.lexsort((index.symbol_of[documents], files, -scores))[:limit]
    found: list[Section] = []
    for n in order[scores[order] > 0].tolist():
        path, number = index.paths[files[n]], int(index.symbol_of[documents[n]])
        facts = graph.facts(path)
        name = facts.symbols[number].name if facts is not None and number < len(facts.symbols) else ""
        if name and lengths[n] > _MIN_LENGTH and not _NO_GUIDE_TITLE.match(name):
            factor = _ASIDE_FACTOR if _is_aside(path) or _RATIONALE_TITLE.match(name) else 1.0
            score, coverage, title = float(scores[n]) * factor, float(covered[n] / total), float(titled[n] / total)
            sure = float(covered[n] / (total + unknown))
            found.append(Section(path, number, score, coverage, title, sure))
    return sorted(found, key=lambda s: -s.score)


def avoided_terms(text: str) -> set[str]:
    """The terms of what is to be avoided ("without", "instead of") that are in no other part of a text."""
    wanted, _, avoided = _AVOIDING.sub("\0", text[:_MAX_CHARS], count=1).partition("\0")
    return set(terms.terms_of(avoided)) - set(terms.terms_of(wanted))


def _derived(term: str) -> list[str]:
    """The adjective of a noun, and the reverse, which have other stems: "conditional" and "condition"."""
    return [term.removesuffix("ional"), term.removesuffix("al")] if term.endswith("ional") else [f"{term}ional"]


def _frequency(
    index: SearchIndex, wanted: Sequence[str], number_of: np.ndarray, norms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How often each section has one of the terms, weighted by field; and whether its titles have one."""
    title, above, body = np.zeros(len(norms)), np.zeros(len(norms)), np.zeros(len(norms))
    for term in wanted:
        hits = index.hits(term)
        numbers = number_of[hits.documents]
        for field, into in ((NAME, title), (QUALNAME, above), (BODY, body)):
            is_here = (hits.fields == field) & (numbers >= 0)
            into += np.bincount(numbers[is_here], hits.counts[is_here], minlength=len(into))
    frequency = _TITLE * np.minimum(title, 1) + _TITLES_ABOVE * np.minimum(above, 1) + _BODY * body / norms
    return frequency, (title > 0) | (above > 0)


def _idf(count: int, matching: int) -> float:
    return math.log(1 + (count - matching + 0.5) / (matching + 0.5)) if matching else 1.0


def _documentation(index: SearchIndex) -> np.ndarray:
    """Which files are documentation, (files,)."""
    known = index.stored.derived(
        "documentation", lambda: np.array([is_documentation(path) for path in index.stored.paths], dtype=bool)
    )
    return np.append(known, [is_documentation(path) for path in index.paths[len(known) :]]).astype(bool)


def _is_aside(path: str) -> bool:
    return _RATIONALE.search(path) is not None or _EXAMPLE.search(path) is not None


def is_documentation(path: str) -> bool:
    """Whether a file tells users about the program: no tests, news, licenses and the like."""
    return (
        path.lower().endswith(_TEXT)
        and not is_test_path(path)
        and not is_changelog(path)
        and not _NO_GUIDE.search(path)
    )
