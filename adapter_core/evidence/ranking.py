"""Weighted BM25F over the documents of a workspace, with the evidence that a path and its neighbours add.

BM25F: Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004. Each field's term count is
normalised by that field's length and weighted; the sum is saturated once.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import numpy as np

from ..code_graph import is_test_path
from ..graph.postings import BODY, DOCSTRING, FIELDS, NAME, QUALNAME, SIGNATURE
from .question import Question
from .search_index import SearchIndex

# Found by coordinate search on development questions as a whole (docs/evaluation.md); the second digit means nothing.
_WEIGHTS = np.zeros(len(FIELDS))
_WEIGHTS[[NAME, QUALNAME, SIGNATURE, DOCSTRING, BODY]] = (4.0, 2.0, 1.1, 0.5, 0.9)
_B = np.zeros(len(FIELDS))
_B[[NAME, QUALNAME, SIGNATURE, DOCSTRING, BODY]] = (0.3, 0.3, 0.4, 0.5, 0.65)
_K1 = 3.5
_PATH_WEIGHT = 0.3
_FILE_WEIGHT = 0.35
_COVERAGE_POWER = 2.5
_PENALTIES = (
    (re.compile(r"(^|/)(examples?|samples?|demos?|benchmarks?|scripts?|tools)/"), 0.6),
    (re.compile(r"(^|/)(_?vendor(ed)?|third_party|extern(al)?|_?compat|backports)(/|\.py$|_)"), 0.5),
    (re.compile(r"(^|/)migrations/|_pb2\.py$|(^|/)generated/"), 0.4),
    (re.compile(r"(^|/)(setup|conf)\.py$"), 0.5),
)
_MENTIONED = 2.0
_CHANGES = re.compile(r"(^|/)(changelog|changes|history|news|releases?)[^/]*(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranked:
    """`scores` (documents,), 0 where nothing matched; `coverage` (documents,): share of the question's idf found there;
    `idf` for each term of the question."""

    scores: np.ndarray
    coverage: np.ndarray
    idf: dict[str, float]


def rank(index: SearchIndex, question: Question) -> Ranked:
    total = len(index.file_of)
    scores = np.zeros(total)
    covered = np.zeros(total)
    path_scores = np.zeros(len(index.paths))
    path_covered = np.zeros(len(index.paths))
    idf: dict[str, float] = {}
    mass = 0.0
    for term, weight in question.terms.items():
        hit = index.hits(term)
        documents, inverse = np.unique(hit.documents, return_inverse=True)
        value = float(np.log(1 + (index.count - len(documents) + 0.5) / (len(documents) + 0.5)))
        idf[term] = value
        mass += weight * value
        if len(hit.files):
            path_scores[hit.files] += weight * value
            path_covered[hit.files] += weight * value
        if not len(documents):
            continue
        length = index.lengths[hit.documents, hit.fields] / index.average[hit.fields]
        norm = 1 - _B[hit.fields] + _B[hit.fields] * length
        tf = np.bincount(inverse, _WEIGHTS[hit.fields] * hit.counts / norm, minlength=len(documents))
        scores[documents] += weight * value * tf * (_K1 + 1) / (_K1 + tf)
        covered[documents] += weight * value
    mass = mass or 1.0
    matched = scores > 0
    files = np.maximum(index.file_of, 0)
    coverage = np.where(matched, covered / mass, 0.0)
    with_path = np.minimum(1.0, coverage + 0.3 * path_covered[files] / mass)
    scores *= (0.4 + 0.6 * with_path) ** _COVERAGE_POWER
    scores += np.where(matched, _PATH_WEIGHT * path_scores[files], 0.0)
    # The rest of a module (imports, constants) says less than a definition does.
    scores *= _file_factors(index, question)[files] * np.where(index.symbol_of == 0, 0.75, 1.0)
    scores[~index.alive] = 0
    scores = _add_file_evidence(index, scores)
    return Ranked(scores, coverage, idf)


def _add_file_evidence(index: SearchIndex, scores: np.ndarray) -> np.ndarray:
    """A file whose parts match together is likelier to hold the answer than one with a single chance match."""
    if not len(scores) or scores.max() <= 0:
        return scores
    files = np.maximum(index.file_of, 0)
    # The sum over a file, with large files damped: squares favour a few strong parts over many weak ones.
    sums = np.sqrt(np.bincount(files, np.where(index.alive, scores, 0) ** 2, minlength=len(index.paths)))
    return scores * (1 - _FILE_WEIGHT) + np.where(scores > 0, _FILE_WEIGHT * sums[files], 0.0)


def _file_factors(index: SearchIndex, question: Question) -> np.ndarray:
    about_tests = question.kind == "tests" or any(t.startswith("test") or t == "pytest" for t in question.terms)
    factors = np.array(
        [_path_factor(path, kind, about_tests) for path, kind in zip(index.paths, index.kinds, strict=True)]
    )
    for mentioned in (p.lstrip("./") for p in question.paths):
        for i, path in enumerate(index.paths):
            if path == mentioned or path.endswith("/" + mentioned):
                factors[i] = _MENTIONED
    return factors


@functools.lru_cache(maxsize=200_000)
def _path_factor(path: str, kind: str, about_tests: bool) -> float:
    """Product code counts whole; tests, documentation, examples and copies of others' code less."""
    factor = 1.0
    if is_test_path(path):
        factor = 1.0 if about_tests else 0.45
    elif kind == "text":
        factor = 0.3 if _CHANGES.search(path) else 0.6
    for pattern, penalty in _PENALTIES:
        if pattern.search(path):
            factor *= penalty
    return factor
