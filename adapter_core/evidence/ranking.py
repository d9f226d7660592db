"""Weighted BM25F over the documents of a workspace, with the evidence that a path and its neighbours add.

BM25F: Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004. Each field's term count is
normalised by that field's length and weighted; the sum is saturated once.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..code_graph import is_test_path
from ..graph.storage.postings import BODY, DOCSTRING, FIELDS, NAME, QUALNAME, SIGNATURE
from .everyday import everyday
from .options import RankingOptions
from .question import Question
from .search_index import SearchIndex, StoredDocuments, TermHits
from .vocabulary import synonyms

# Examples, copies of others' code, generated files: factors, raised to `RankingOptions.aside_power`.
_ASIDE = (
    (re.compile(r"(^|/)([a-z]+_)?(examples?|samples?|demos?|bench|benchmarks?|scripts?|tools)/"), 0.6),
    (re.compile(r"(^|/)(_?vendor(ed)?|third_party|extern(al)?|_?compat|backports)(/|\.py$|_)"), 0.5),
    (re.compile(r"(^|/)migrations/|_pb2\.py$|(^|/)generated/"), 0.4),
    (re.compile(r"(^|/)(setup|conf)\.py$"), 0.5),
)
# Of the weight of a term: what weighs less was named in passing.
_EXPANDED = 0.3
_MAX_SYNONYMS = 6
_CLASSES = ("product", "tests", "text", "changes")
_CHANGES = re.compile(r"(^|/)(changelog|changes|history|news|releases?)[^/]*(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranked:
    """`scores` (documents,), 0 where nothing matched; `covered` (documents,): the information of the question (weight times idf) that each
    holds; `idf` for each term of the question."""

    scores: np.ndarray
    covered: np.ndarray
    idf: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Met:
    """What a question's terms meet. `scores` (documents,): BM25F, summed over the terms; `covered` (documents,): the information found
    there, of `mass` in all; `in_paths` (files,): the information found in a file's path, `in_files` (files,): anywhere in its text."""

    scores: np.ndarray
    covered: np.ndarray
    in_paths: np.ndarray
    in_files: np.ndarray
    idf: dict[str, float]
    mass: float


def rank(index: SearchIndex, question: Question, options: RankingOptions | None = None) -> Ranked:
    options = options or RankingOptions()
    met = _meet(index, question, options)
    matched = np.flatnonzero((met.scores > 0) & index.alive)
    files = index.file_of[matched]
    in_path = met.in_paths[files]
    coverage = met.covered[matched] / met.mass
    coverage = np.minimum(1.0, coverage + options.path_coverage * in_path / met.mass)
    found = met.scores[matched] * _coverage_factor(coverage, options.coverage_power)
    found += options.path_weight * in_path
    if not question.is_report:
        # The answer speaks in terms of its surroundings: what a definition leaves unsaid stands elsewhere in its file.
        found *= _coverage_factor(met.in_files[files] / met.mass, options.file_coverage_power)
    else:
        # Against so many words a few lines are easily covered by chance.
        body = index.lengths[matched, BODY] / index.average[BODY]
        found *= 1 + options.report_size_weight * np.minimum(np.log2(1 + body), 3.0)
    # The rest of a module (imports, constants) says less than a definition does.
    of_module = np.where(index.symbol_of[matched] == 0, options.module_factor, 1.0)
    found *= _file_factors(index, question, options)[files] * of_module
    scores = np.zeros(len(index.file_of))
    scores[matched] = _with_file_evidence(found, files, len(index.paths), options.file_weight)
    return Ranked(scores, met.covered, met.idf)


def _meet(index: SearchIndex, question: Question, options: RankingOptions) -> _Met:
    """Where each term of the question stands, and what it counts there."""
    total = len(index.file_of)
    scores, covered = np.zeros(total), np.zeros(total)
    in_paths, in_files = np.zeros(len(index.paths)), np.zeros(len(index.paths))
    idf: dict[str, float] = {}
    mass = 0.0
    asked = question.terms
    if len(asked) > options.long_terms:
        asked = _telling(index, asked, options.long_terms)
    for term, weight, others in _in_other_words(question, asked, options):
        hit = index.hits(term)
        files = hit.files
        # Over all documents, since that is faster than finding out which they are; the rest is for those that hold the term.
        tf = _frequency(index, hit, options)
        own = np.flatnonzero(tf > 0)
        value = _idf(index.count, len(own))
        if others:
            further = _joined([index.hits(other) for other in others])
            files = np.concatenate((files, further.files))
            tf = tf + options.synonym_weight * _frequency(index, further, options)
            together = _idf(index.count, int(np.count_nonzero(tf)))
            # A rare word tells much, also where a word that means the same is everywhere: `download` beside `get`.
            value = value + options.synonym_idf * (together - value) if len(own) else together
            only = np.flatnonzero(tf > 0)
            only = only[np.isin(only, own, assume_unique=True, invert=True)]
            scores[only] += weight * together * _saturated(tf[only], options.k1)
            covered[only] += weight * together * options.synonym_coverage
        scores[own] += weight * value * _saturated(tf[own], options.k1)
        covered[own] += weight * value
        holding = np.zeros(len(index.paths), dtype=bool)
        holding[index.file_of[own]] = True
        in_files[holding] += weight * value
        if term in asked:
            idf[term] = value
        mass += weight * value
        if len(files):
            named = np.flatnonzero(np.bincount(files))
            in_paths[named] += weight * min(value, _idf(len(index.paths), len(named)))
    return _Met(scores, covered, in_paths, in_files, idf, mass or 1.0)


def _in_other_words(
    question: Question, asked: Mapping[str, float], options: RankingOptions
) -> Iterator[tuple[str, float, list[str]]]:
    """What is looked for: each term with its weight and the terms that code may have instead. A phrase stands nowhere as it is said."""
    if not options.synonym_weight:
        yield from ((term, weight, []) for term, weight in asked.items())
        return
    alike, table = synonyms(), everyday()
    for term, weight in asked.items():
        further = table.words.get(term, ())[: options.everyday_words]
        others = dict.fromkeys((*alike.get(term, ()), *further)) if weight >= _EXPANDED else {}
        yield term, weight, [t for t in others if t not in asked][:_MAX_SYNONYMS]
    for phrase in question.said:
        meant = table.phrases.get(phrase, ())
        yield " ".join(phrase), options.said_weight, [t for t in meant if t not in asked][:_MAX_SYNONYMS]


def _frequency(index: SearchIndex, hit: TermHits, options: RankingOptions) -> np.ndarray:
    """How often a term stands in each document, (documents,): by field, each normalised by its length and weighted."""
    weights, b = _field_arrays(options)
    length = index.lengths[hit.documents, hit.fields] / index.average[hit.fields]
    norm = 1 - b[hit.fields] + b[hit.fields] * length
    return np.bincount(hit.documents, weights[hit.fields] * hit.counts / norm, minlength=len(index.file_of))


def _saturated(tf: np.ndarray, k1: float) -> np.ndarray:
    return (k1 + 1) * tf / (k1 + tf)


def _coverage_factor(coverage: np.ndarray, power: float) -> np.ndarray:
    """1 where all of a question's information is met, less where less of it is."""
    return (0.4 + 0.6 * coverage) ** power


def _joined(hits: Sequence[TermHits]) -> TermHits:
    columns = zip(*((h.documents, h.fields, h.counts, h.files) for h in hits), strict=True)
    return TermHits(*(np.concatenate(column) for column in columns))


def _telling(index: SearchIndex, asked: Mapping[str, float], limit: int) -> dict[str, float]:
    """Of a long text the terms that tell most: by weight and rarity; those that occur nowhere tell nothing."""
    value = {}
    for term, weight in asked.items():
        having = int(np.count_nonzero(np.bincount(index.hits(term).documents)))
        value[term] = weight * _idf(index.count, having) if having else 0.0
    best = sorted(asked, key=lambda t: (-value[t], t))[:limit]
    return {term: asked[term] for term in asked if term in set(best)}


def _idf(count: int, having: int) -> float:
    return math.log(1 + (count - having + 0.5) / (having + 0.5))


@functools.lru_cache(maxsize=64)
def _field_arrays(options: RankingOptions) -> tuple[np.ndarray, np.ndarray]:
    """Weight and length normalisation of each field, (fields,)."""
    weights, b = np.zeros(len(FIELDS)), np.zeros(len(FIELDS))
    for field, name in (
        (NAME, "name"),
        (QUALNAME, "qualname"),
        (SIGNATURE, "signature"),
        (DOCSTRING, "docstring"),
        (BODY, "body"),
    ):
        weights[field], b[field] = getattr(options, f"{name}_weight"), getattr(options, f"{name}_b")
    return weights, b


def _with_file_evidence(scores: np.ndarray, files: np.ndarray, count: int, weight: float) -> np.ndarray:
    """A file whose parts match together is likelier to hold the answer than one with a single chance match. `scores` and `files`: of the
    documents that match, (n,); `count`: of all files."""
    # The sum over a file, with large files damped: squares favour a few strong parts over many weak ones.
    sums = np.sqrt(np.bincount(files, scores**2, minlength=count))
    return scores * (1 - weight) + np.where(scores > 0, weight * sums[files], 0.0)


def _file_factors(index: SearchIndex, question: Question, options: RankingOptions) -> np.ndarray:
    about_tests = not question.is_report and (
        question.kind == "tests"
        or any(w >= _EXPANDED and (t.startswith("test") or t == "pytest") for t, w in question.terms.items())
    )
    of_tests = options.report_test_factor if question.is_report else options.test_factor
    factor_of = {
        "product": 1.0,
        "tests": options.asked_test_factor if about_tests else of_tests,
        "text": options.text_factor,
        "changes": options.changelog_factor,
    }
    classes, aside = _path_classes(index.stored)
    further = [_path_class(*pair) for pair in zip(index.paths[len(aside) :], index.kinds[len(aside) :], strict=True)]
    factors = np.array([factor_of[name] for name in _CLASSES])[np.append(classes, [c for c, _ in further]).astype(int)]
    factors *= np.append(aside, [a for _, a in further]) ** options.aside_power
    for mentioned in (p.lstrip("./") for p in question.paths):
        for i, path in enumerate(index.paths):
            if path == mentioned or path.endswith("/" + mentioned):
                factors[i] = options.mentioned_factor
    return factors


@functools.lru_cache(maxsize=4)
def _path_classes(stored: StoredDocuments) -> tuple[np.ndarray, np.ndarray]:
    """Of each file its class (index in `_CLASSES`) and the factor of `_ASIDE`, each (files,)."""
    found = [_path_class(path, kind) for path, kind in zip(stored.paths, stored.kinds, strict=True)]
    return np.array([c for c, _ in found], dtype=np.int64), np.array([a for _, a in found], dtype=np.float64)


def is_aside(path: str) -> bool:
    """Whether it is an example, a copy of others' code or generated."""
    return any(pattern.search(path) for pattern, _ in _ASIDE)


def _path_class(path: str, kind: str) -> tuple[int, float]:
    """Product code counts whole; tests, documentation, examples and copies of others' code less."""
    name = "product"
    if is_test_path(path):
        name = "tests"
    elif kind == "text":
        name = "changes" if _CHANGES.search(path) else "text"
    return _CLASSES.index(name), math.prod(penalty for pattern, penalty in _ASIDE if pattern.search(path))
