"""Weighted BM25F over the documents of a workspace, with the evidence of paths and of other documents in the same file.

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
from .everyday import everyday_table
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
# Terms that weigh less were mentioned in passing: they are not expanded, and do not make a question one about tests.
_MIN_EXPANDED_WEIGHT = 0.3
_MAX_SYNONYMS = 6
_CLASSES = ("product", "tests", "text", "changes")
_CHANGELOG_PATH = re.compile(r"(^|/)(changelog|changes|history|news|releases?)[^/]*(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranked:
    """`scores` (documents,), 0 without a match; `covered` (documents,): the question's information (weight times idf) in each document;
    `idf`: by term of the question."""

    scores: np.ndarray
    covered: np.ndarray
    idf: dict[str, float]


@dataclass(frozen=True, slots=True)
class _TermMatches:
    """The matches of a question's terms. `scores` (documents,): BM25F, summed over the terms; `covered` (documents,): the information found
    in each, of `total_information`; `in_paths` (files,): the information in a file's path, `in_files` (files,): anywhere in its text."""

    scores: np.ndarray
    covered: np.ndarray
    in_paths: np.ndarray
    in_files: np.ndarray
    idf: dict[str, float]
    total_information: float


def rank(index: SearchIndex, question: Question, options: RankingOptions | None = None) -> Ranked:
    options = options or RankingOptions()
    matches = _match_terms(index, question, options)
    matched = np.flatnonzero((matches.scores > 0) & index.alive)
    files = index.file_of[matched]
    path_information = matches.in_paths[files]
    coverage = matches.covered[matched] / matches.total_information
    coverage = np.minimum(1.0, coverage + options.path_coverage * path_information / matches.total_information)
    matched_scores = matches.scores[matched] * _coverage_factor(coverage, options.coverage_power)
    matched_scores += options.path_weight * path_information
    if not question.is_report:
        # Terms that a definition leaves out may be elsewhere in its file.
        matched_scores *= _coverage_factor(matches.in_files / matches.total_information, options.file_coverage_power)[
            files
        ]
    else:
        # A few lines match some of so many words by chance.
        body = index.lengths[matched, BODY] / index.average[BODY]
        matched_scores *= 1 + options.report_size_weight * np.minimum(np.log2(1 + body), 3.0)
    # The module's own document (imports, constants) answers less often than a definition does.
    module_factors = np.where(index.symbol_of[matched] == 0, options.module_factor, 1.0)
    matched_scores *= _file_factors(index, question, options)[files] * module_factors
    scores = np.zeros(len(index.file_of))
    scores[matched] = _with_file_evidence(matched_scores, files, len(index.paths), options.file_weight)
    return Ranked(scores, matches.covered, matches.idf)


def _match_terms(index: SearchIndex, question: Question, options: RankingOptions) -> _TermMatches:
    """Match each term of the question, with its alternatives, against all documents and paths."""
    document_count = len(index.file_of)
    scores, covered = np.zeros(document_count), np.zeros(document_count)
    in_paths, in_files = np.zeros(len(index.paths)), np.zeros(len(index.paths))
    idf: dict[str, float] = {}
    total_information = 0.0
    query_terms = question.terms
    if len(query_terms) > options.long_terms:
        query_terms = _most_informative(index, query_terms, options.long_terms)
    for term, weight, alternatives in expanded_terms(question, query_terms, options):
        hits = index.hits(term)
        files = hits.files
        direct, tf = _frequency(index, hits, options)
        term_idf = _idf(index.count, len(direct))
        if alternatives:
            alternative_hits = _concatenated([index.hits(other) for other in alternatives])
            files = np.concatenate((files, alternative_hits.files))
            by_alternative = np.bincount(
                alternative_hits.documents,
                _field_frequencies(index, alternative_hits, options),
                minlength=document_count,
            )
            tf = tf + options.synonym_weight * by_alternative[direct]
            by_alternative[direct] = 0.0
            by_alternative_only = np.flatnonzero(by_alternative > 0)
            joint_idf = _idf(index.count, len(direct) + len(by_alternative_only))
            # A rare word keeps much of its idf beside a common synonym: `download` beside `get`.
            term_idf = term_idf + options.synonym_idf * (joint_idf - term_idf) if len(direct) else joint_idf
            scores[by_alternative_only] += (
                weight
                * joint_idf
                * _saturated(options.synonym_weight * by_alternative[by_alternative_only], options.k1)
            )
            covered[by_alternative_only] += weight * joint_idf * options.synonym_coverage
        scores[direct] += weight * term_idf * _saturated(tf, options.k1)
        covered[direct] += weight * term_idf
        # Once for each file, however many of its documents have the term: NumPy reads all before it writes.
        in_files[index.file_of[direct]] += weight * term_idf
        if term in query_terms:
            idf[term] = term_idf
        total_information += weight * term_idf
        if len(files):
            files_with_path_term = np.flatnonzero(np.bincount(files))
            in_paths[files_with_path_term] += weight * min(term_idf, _idf(len(index.paths), len(files_with_path_term)))
    return _TermMatches(scores, covered, in_paths, in_files, idf, total_information or 1.0)


def expanded_terms(
    question: Question, query_terms: Mapping[str, float], options: RankingOptions
) -> Iterator[tuple[str, float, list[str]]]:
    """(term, weight, terms that code may use instead) for each term and phrase. A phrase itself matches nothing, only its alternatives."""
    if not options.synonym_weight:
        yield from ((term, weight, []) for term, weight in query_terms.items())
        return
    synonyms_of, everyday = synonyms(), everyday_table()
    for term, weight in query_terms.items():
        everyday_terms = everyday.words.get(term, ())[: options.everyday_words]
        alternatives = (
            dict.fromkeys((*synonyms_of.get(term, ()), *everyday_terms)) if weight >= _MIN_EXPANDED_WEIGHT else {}
        )
        yield term, weight, [t for t in alternatives if t not in query_terms][:_MAX_SYNONYMS]
    for phrase, said in question.phrases.items():
        yield " ".join(phrase), options.said_weight, [t for t in said if t not in query_terms][:_MAX_SYNONYMS]


def _frequency(index: SearchIndex, hits: TermHits, options: RankingOptions) -> tuple[np.ndarray, np.ndarray]:
    """(the documents with a term, in order; its BM25F frequency in each)."""
    # Few documents have a term, and its postings come document by document: all that follows is for those documents only.
    is_first = np.ones(len(hits.documents), dtype=bool)
    np.not_equal(hits.documents[1:], hits.documents[:-1], out=is_first[1:])
    documents = hits.documents[is_first].astype(np.int64)
    tf = np.bincount(np.cumsum(is_first) - 1, _field_frequencies(index, hits, options), minlength=len(documents))
    return (documents, tf) if (tf > 0).all() else (documents[tf > 0], tf[tf > 0])


def _field_frequencies(index: SearchIndex, hits: TermHits, options: RankingOptions) -> np.ndarray:
    """What each posting adds to the BM25F frequency of its term: the count in one field, normalised by length and weighted."""
    weights, b = _field_arrays(options)
    fields = hits.fields
    # `take` with flat positions is faster than an index of two arrays.
    length = index.lengths.ravel().take(hits.documents * len(FIELDS) + fields) / index.average.take(fields)
    norm = (1 - b).take(fields) + b.take(fields) * length
    frequencies: np.ndarray = weights.take(fields) * hits.counts / norm
    return frequencies


def _saturated(tf: np.ndarray, k1: float) -> np.ndarray:
    return (k1 + 1) * tf / (k1 + tf)


def _coverage_factor(coverage: np.ndarray, power: float) -> np.ndarray:
    """A factor of 1 for a coverage of 1, and less for a smaller one."""
    return (0.4 + 0.6 * coverage) ** power


def _concatenated(hits: Sequence[TermHits]) -> TermHits:
    columns = zip(*((h.documents, h.packed, h.files) for h in hits), strict=True)
    return TermHits(*(np.concatenate(column) for column in columns))


def _most_informative(index: SearchIndex, query_terms: Mapping[str, float], limit: int) -> dict[str, float]:
    """The `limit` terms of a long text with the highest weight times idf; terms without any match have none."""
    information = {}
    for term, weight in query_terms.items():
        document_count = int(np.count_nonzero(np.bincount(index.hits(term).documents)))
        information[term] = weight * _idf(index.count, document_count) if document_count else 0.0
    kept = sorted(query_terms, key=lambda t: (-information[t], t))[:limit]
    return {term: query_terms[term] for term in query_terms if term in set(kept)}


def _idf(count: int, matching: int) -> float:
    return math.log(1 + (count - matching + 0.5) / (matching + 0.5))


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
    """The scores with a share of the file's evidence: a file of which several parts match is likelier to hold the answer than one with a
    single chance match. `scores`, `files`: of the matching documents, (n,); `count`: the number of all files."""
    # A sum of squares over a file favours a few strong parts over many weak ones.
    sums = np.sqrt(np.bincount(files, scores**2, minlength=count))
    return scores * (1 - weight) + np.where(scores > 0, weight * sums[files], 0.0)


def _file_factors(index: SearchIndex, question: Question, options: RankingOptions) -> np.ndarray:
    about_tests = not question.is_report and (
        question.kind == "tests"
        or any(w >= _MIN_EXPANDED_WEIGHT and (t.startswith("test") or t == "pytest") for t, w in question.terms.items())
    )
    test_factor = options.report_test_factor if question.is_report else options.test_factor
    factor_of = {
        "product": 1.0,
        "tests": options.asked_test_factor if about_tests else test_factor,
        "text": options.text_factor,
        "changes": options.changelog_factor,
    }
    classes, aside_factors = index.stored.derived("path classes", lambda: _path_classes(index.stored))
    overlay_classes = [
        _path_class(*pair)
        for pair in zip(index.paths[len(aside_factors) :], index.kinds[len(aside_factors) :], strict=True)
    ]
    factors = np.array([factor_of[name] for name in _CLASSES])[
        np.append(classes, [c for c, _ in overlay_classes]).astype(int)
    ]
    factors *= np.append(aside_factors, [a for _, a in overlay_classes]) ** options.aside_power
    for mentioned in (p.lstrip("./") for p in question.paths):
        for i, path in enumerate(index.paths):
            if path == mentioned or path.endswith("/" + mentioned):
                factors[i] = options.mentioned_factor
    return factors


def _path_classes(stored: StoredDocuments) -> tuple[np.ndarray, np.ndarray]:
    """Each file's class (index in `_CLASSES`) and its factor by `_ASIDE`, both (files,)."""
    classes_and_factors = [_path_class(path, kind) for path, kind in zip(stored.paths, stored.kinds, strict=True)]
    return np.array([c for c, _ in classes_and_factors], dtype=np.int64), np.array(
        [a for _, a in classes_and_factors], dtype=np.float64
    )


def is_changelog(path: str) -> bool:
    """Whether the path is that of a text on what changed from one version to the next."""
    return _CHANGELOG_PATH.search(path) is not None


def is_aside(path: str) -> bool:
    """Whether the path is that of an example, a copy of others' code or generated code."""
    return any(pattern.search(path) for pattern, _ in _ASIDE)


def _path_class(path: str, kind: str) -> tuple[int, float]:
    """(index in `_CLASSES`, factor by `_ASIDE`) of a path. Tests, texts, examples and others' code count less than product code."""
    class_name = "product"
    if is_test_path(path):
        class_name = "tests"
    elif kind == "text":
        class_name = "changes" if is_changelog(path) else "text"
    return _CLASSES.index(class_name), math.prod(penalty for pattern, penalty in _ASIDE if pattern.search(path))
