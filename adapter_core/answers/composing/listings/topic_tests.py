"""The tests on a subject that a question describes in words: those that have its words in their names, or in a line of what they do.

Tests of a symbol that is named are found by the calls that lead to it (`links/reaching_tests.py`). A subject such as "the eviction
policies" is no symbol, and what calls something that mentions it need not test it.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ....code_graph import CodeGraph, is_test_path
from ....evidence.options import RankingOptions
from ....evidence.question import Question, analyse
from ....evidence.ranking import expanded_terms
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.source import is_python
from ....graph.storage.postings import BODY, DOCSTRING, NAME, QUALNAME
from ....graph.testing.collecting.config import matches
from ....types import STEP_SEPARATOR, Citation, Symbol
from ...asked_symbols import named_modules, named_symbols
from ...inert import printable
from ...kinds import answer_kind
from ..candidate import Candidate

# Words of asking for tests, which no test is on.
FRAME = frozenset(
    map(
        terms.stem,
        "test tests tested testing suite suites case cases check checks checking verify verifies cover covers covered coverage exercise "
        "exercises ensure ensures sure assert asserts prove proves run runs running execute start single specific unit there behaviour "
        "behavior functionality feature handling about related deal concern concerning command locally".split(),
    )
)
# What a term counts where it stands: in a test's name, its class, its file, its docstring, its lines.
_IN_NAME, _IN_CLASS, _IN_PATH, _IN_DOCSTRING, _IN_BODY = 1.0, 0.9, 0.8, 0.7, 0.55
_BY_ALTERNATIVE = 0.8
_SCATTERED, _TOGETHER = 0.6, 1.3  # of the share of a test that has several of the words on different lines, or on one
_LEAST_SHARE, _LEAST_IN_FILE, _OF_BEST = 0.5, 0.4, 0.65  # in a file that is named after it, less is needed
_MIN_BEGINNING = 4  # letters of a word with which a part of a file's name begins
_MAX_TESTS, _MAX_LOOKED_AT, _MAX_FILES = 8, 60, 3
_MAX_QUOTE = 120
_FORM = re.compile(
    r"`(?P<path>[^`]+)` has (?:these tests|this test)(?P<others>, among others)?: (?P<rest>`.+)", re.DOTALL
)
_STEP = re.compile(r"`(?P<name>[^`]+)`(?:, with `(?P<quote>[^`]+)`)?")


@dataclass(frozen=True, slots=True)
class TopicTest:
    """`share`: of the subject's words, by weight, that it has; `line`: one of its lines with most of those that its name has not, or 0."""

    path: str
    symbol: Symbol
    share: float
    line: int = 0


class Wanted(NamedTuple):
    """A term of a subject: its weight, the terms that say it, and those that code may use instead."""

    weight: float
    own: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def forms(self) -> set[str]:
        return {*self.own, *self.others}


def topic_test_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """For a question that asks which tests there are for something that it describes: a sentence for each file that has some."""
    asked = analyse(question)
    if answer_kind(asked) != "tests" or named_symbols(graph, asked) or named_modules(graph, asked):
        return
    found = tests_on(graph, subject_of_tests(graph, asked))
    for order, path in enumerate(dict.fromkeys(test.path for test in found)):
        yield _sentence(graph, path, [test for test in found if test.path == path], order)


def asks_topic_tests(text: str) -> bool:
    return answer_kind(analyse(text)) == "tests"


def subject_of_tests(graph: CodeGraph, question: Question) -> dict[str, Wanted]:
    """The terms of what tests are on."""
    with graph.store.snapshot():
        left_out = FRAME | SearchIndex(graph).own_names
    wanted = {term: weight for term, weight in question.terms.items() if term not in left_out}
    subject: dict[str, Wanted] = {}
    for term, weight, alternatives in expanded_terms(question, wanted, RankingOptions()):
        if " " not in term:
            subject[term] = Wanted(weight, (term,), tuple(alternatives))
        else:  # what its words mean by themselves is something else
            parts = set(terms.terms_of(term)) & subject.keys()
            subject.update({part: Wanted(subject[part].weight, tuple(alternatives)) for part in parts})
    return subject


def tests_on(graph: CodeGraph, subject: Mapping[str, Wanted]) -> list[TopicTest]:
    """The tests with most of the subject's words, the best first; none if there are none with half of it."""
    if not subject:
        return []
    with graph.store.snapshot():
        index = SearchIndex(graph)
        documents, shares = _shares(index, subject)
        order = np.lexsort((index.symbol_of[documents], index.file_of[documents], -shares))[:_MAX_LOOKED_AT]
        places = [
            (index.paths[index.file_of[documents[n]]], int(index.symbol_of[documents[n]]), shares[n]) for n in order
        ]
    found: list[TopicTest] = []
    words = {term: wanted.forms for term, wanted in subject.items()}
    every = {form for forms in words.values() for form in forms}
    for path, number, share in places:
        facts, document = graph.facts(path), graph.document(path)
        symbol = facts.symbols[number] if facts is not None and number < len(facts.symbols) else None
        least = _LEAST_IN_FILE if names_subject(path, every) else _LEAST_SHARE
        if symbol is None or document is None or not symbol.is_callable or share < least:
            continue
        if not symbol.name.startswith("test") and not matches(symbol.name, graph.tests.rules.python_functions):
            continue
        line, is_scattered = _best_line(document.lines, symbol, path, words)
        factor = _SCATTERED if is_scattered else _TOGETHER if len(subject) > 1 and share < _IN_PATH else 1.0
        found.append(TopicTest(path, symbol, share * factor, line))
    found.sort(key=lambda test: (-test.share, test.path, test.symbol.start))
    best = found[0].share if found else 0.0
    kept = [test for test in found if test.share >= max(_OF_BEST * best, _LEAST_IN_FILE * _SCATTERED)]
    by_file: dict[str, float] = {}
    for test in kept:
        by_file[test.path] = by_file.get(test.path, 0.0) + test.share**2
    files = sorted(by_file, key=lambda path: (not names_subject(path, every), -by_file[path], path))[:_MAX_FILES]
    collected = {path: _test_names(graph, path) for path in files}
    return [t for path in files for t in kept if t.path == path and t.symbol.qualname in collected[path]][:_MAX_TESTS]


def _shares(index: SearchIndex, subject: Mapping[str, Wanted]) -> tuple[np.ndarray, np.ndarray]:
    """The documents of test files that have some of the subject, and their shares of it."""
    test_files = {n: _name_parts(path) for n, path in enumerate(index.paths) if is_python(path) and is_test_path(path)}
    is_test = np.zeros(len(index.paths), dtype=bool)
    is_test[list(test_files)] = True
    documents = np.flatnonzero((index.file_of >= 0) & index.alive & is_test[np.maximum(index.file_of, 0)])
    number_of = np.full(len(index.file_of), -1, dtype=np.int64)
    number_of[documents] = np.arange(len(documents))
    total, scores = 0.0, np.zeros(len(documents))
    for wanted in subject.values():
        own, other = (
            _presence(index, words, documents, number_of, test_files) for words in (wanted.own, wanted.others)
        )
        present = np.maximum(own, _BY_ALTERNATIVE * other)
        matching = int(np.count_nonzero(present))
        idf = math.log(1 + (len(documents) - matching + 0.5) / (matching + 0.5))
        total += wanted.weight * idf
        scores += wanted.weight * idf * present
    some = np.flatnonzero(scores > 0)
    return documents[some], scores[some] / (total or 1.0)


def _presence(
    index: SearchIndex,
    words: Sequence[str],
    documents: np.ndarray,
    number_of: np.ndarray,
    test_files: Mapping[int, Sequence[str]],
) -> np.ndarray:
    """How far each document has one of the words, by where it stands. `test_files`: the parts of their names."""
    present = np.zeros(len(documents))
    for word in words:
        hits = index.hits(word)
        numbers = number_of[hits.documents]
        for field, value in ((NAME, _IN_NAME), (QUALNAME, _IN_CLASS), (DOCSTRING, _IN_DOCSTRING), (BODY, _IN_BODY)):
            here = numbers[(hits.fields == field) & (numbers >= 0)]
            present[here] = np.maximum(present[here], value)
        begun = [n for n, parts in test_files.items() if _begins_part(parts, word)]
        in_path = np.isin(index.file_of[documents], [*hits.files.tolist(), *begun])
        present[in_path] = np.maximum(present[in_path], _IN_PATH)
    return present


def _name_parts(path: str) -> list[str]:
    return re.split(r"[\W_]+", path.rpartition("/")[2].lower())


def _begins_part(parts: Sequence[str], word: str) -> bool:
    """Whether a part of a file's name begins with a word: "django" of `test_djangocache.py`."""
    return len(word) >= _MIN_BEGINNING and any(part.startswith(word) for part in parts)


def names_subject(path: str, words: Set[str]) -> bool:
    """Whether the name of a file has one of the words."""
    parts = _name_parts(path)
    return not words.isdisjoint(terms.terms_of(path.rpartition("/")[2])) or any(_begins_part(parts, w) for w in words)


def _best_line(lines: list[str], symbol: Symbol, path: str, words: Mapping[str, Set[str]]) -> tuple[int, bool]:
    """(the line of a test with most of the words that its name and path have not, or 0; whether none has all that its lines have)."""
    said = set(terms.terms_of(f"{symbol.qualname} {path}"))
    missing = {term: forms for term, forms in words.items() if not forms & said}
    best, best_count, present = 0, 0, set[str]()
    for number in range(symbol.name_line + 1, symbol.end + 1) if missing else ():
        here = set(terms.terms_of(lines[number - 1]))
        matched = {term for term, forms in missing.items() if forms & here}
        present |= matched
        if len(matched) > best_count:
            best, best_count = number, len(matched)
    return best if best and _is_statement(lines[best - 1]) else 0, best_count < len(present)


def _is_statement(line: str) -> bool:
    """Whether a line is a whole statement of code that can be quoted."""
    if len(line.strip()) > _MAX_QUOTE or "`" in line:
        return False
    try:
        body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return False
    is_text = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return bool(body) and not is_text


def _sentence(graph: CodeGraph, path: str, found: Sequence[TopicTest], order: int) -> Candidate:
    document = graph.document(path)
    lines = document.lines if document is not None else []
    steps: list[str] = []
    spans: list[tuple[str, int, int]] = []
    for test in found:
        name_line = test.symbol.name_line
        steps.append(f"`{test.symbol.qualname}`")
        spans.append((path, name_line, name_line))
        if test.line:
            steps[-1] += f", with `{printable(lines[test.line - 1])}`"
            spans.append((path, test.line, test.line))
    others = ", among others" if len(_test_names(graph, path)) > len(found) else ""
    text = f"`{path}` has {'these tests' if len(found) > 1 else 'this test'}{others}: {STEP_SEPARATOR.join(steps)}"
    return Candidate(text, "listing", tuple(spans), f"{path}:1", order, -1, named=True, steps=tuple(steps))


def _test_names(graph: CodeGraph, path: str) -> set[str]:
    return {node.qualname for node in graph.tests.file(path).nodes if node.path == path}


def topic_tests_hold(graph: CodeGraph, sentence: str, citations: Sequence[Citation]) -> bool | None:
    """Whether a file has these tests, with these lines; None for a sentence of another form."""
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        return None
    path = form["path"]
    facts, document = graph.facts(path), graph.document(path)
    if facts is None or document is None:
        return False
    tests = _test_names(graph, path)
    cited = {n for c in citations if c.span.path == path for n in range(c.span.start, c.span.end + 1)}
    steps = form["rest"].split(f"{STEP_SEPARATOR}`")
    if form["others"] and len(steps) >= len(tests):
        return False
    for step in steps:
        told = _STEP.fullmatch(f"`{step.removeprefix('`')}")
        found = [s for s in facts.symbols if told and s.qualname == told["name"] and s.name_line in cited]
        if told is None or told["name"] not in tests or not found:
            return False
        quote = told["quote"]
        own = [printable(document.lines[n - 1]) for s in found for n in range(s.start, s.end + 1) if n in cited]
        if quote is not None and quote not in own:
            return False
    return True
