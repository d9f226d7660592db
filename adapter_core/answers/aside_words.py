"""Things that a question takes for granted and of which only tests, examples and documentation speak: "where is the ORM layer?"."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..evidence.question import Question
from ..evidence.ranking import is_aside
from ..evidence.search_index import SearchIndex
from ..evidence.vocabulary import GENERIC_WORDS, STOP_WORDS, synonyms
from ..graph import terms
from ..graph.outline import outline_of
from ..graph.source import is_python
from ..types import Claim
from .inert import prose
from .kinds import LINKS, answer_kind
from .relation_words import RELATION_WORDS

_MAX_CHARS = 160  # longer questions name things in passing
_MAX_FILES = 200  # of the product that are read for a word
_MAX_NAMED_FILES = 1_000  # of the product, that are searched for a word within names
_MAX_WORDS = 2
_FEW_TERMS = 2
# Folders of tests that hold no test modules alone, of tutorials, and of documentation.
_OF_ASIDES = re.compile(r"(^|/)(_?tests?|testsuite|testing|docs?|doc|tutorials?|examples?|samples?|demos?)/", re.I)
_DOCUMENTS = re.compile(r"(^|/)docs?/|\.(?:rst|md|txt)\Z", re.I)
_TUTORIALS = re.compile(r"(^|/)(tutorials?|examples?|samples?|demos?)/", re.I)


def words_of_asides(graph: CodeGraph, question: Question) -> list[str]:
    """The names of things in a short question that no code of the product has, not even in a string, though tests, examples, comments or
    documentation do; with a capital in the middle of the question, or imported by asides alone."""
    title = question.text.partition("\n")[0]
    if len(question.text) > _MAX_CHARS or answer_kind(question) in LINKS:
        return []
    alike = synonyms()
    found: list[str] = []
    with graph.store.snapshot():
        index = SearchIndex(graph)
        for word in dict.fromkeys(terms.words(title)):
            if not _is_thing(graph, title, word, index.own_names):
                continue
            term = terms.split(word)[-1]
            if any(len(index.hits(other).documents) for other in alike.get(term, ())):
                continue  # the product may call it otherwise
            files = {int(n) for n in np.unique(index.file_of[index.hits(term).documents]) if n >= 0}
            paths = [index.paths[number] for number in files]
            if paths and not _is_in_product(graph, paths, term) and not _is_part_of_a_name(graph, word):
                found.append(word)
    return found[:_MAX_WORDS]


def _is_thing(graph: CodeGraph, title: str, word: str, own_names: frozenset[str]) -> bool:
    if (
        word.lower() in STOP_WORDS | GENERIC_WORDS | RELATION_WORDS
        or terms.compound(word) in own_names
        or len(word) < 3
    ):
        return False
    if graph.find_symbol(word, at_most=1):
        return False
    return _is_capital(title, word) or (word.islower() and bool(graph.importers_of(word)))


def _is_capital(title: str, word: str) -> bool:
    """Whether a word has a capital, and is not the first."""
    return word[:1].isupper() and re.search(rf"\w\W+{re.escape(word)}\b", title) is not None


def _is_product(path: str) -> bool:
    return is_python(path) and not is_test_path(path) and not is_aside(path) and not _OF_ASIDES.search(path)


def _is_in_product(graph: CodeGraph, paths: list[str], term: str) -> bool:
    """Whether code of the product has the term in a name or a string; or may have it, where it is not known."""
    product = list(filter(_is_product, paths))
    if len(product) > _MAX_FILES:
        return True
    return any(_has_in_code(graph, path, term) for path in product)


def _is_part_of_a_name(graph: CodeGraph, word: str) -> bool:
    """Whether code of the product has the word within a name, as `IPv6Address` has "IPv6"; or may have it, in too many files."""
    spellings = "|".join(map(re.escape, dict.fromkeys((word, word.lower(), word.upper(), word.capitalize()))))
    pattern = re.compile(rf"(?<![A-Za-z])(?:{spellings})(?![a-z])")
    product = [row.path for row in graph.store.files() if _is_product(row.path)]
    if len(product) > _MAX_NAMED_FILES:
        return True
    documents = (graph.document(path) for path in product)
    texts = (document.text for document in documents if document is not None and pattern.search(document.text))
    trees = (tree for text in texts if (tree := outline_of(text).tree) is not None)
    return any(pattern.search(name) for tree in trees for node in ast.walk(tree) for name in _names_of(node))


def _has_in_code(graph: CodeGraph, path: str, term: str) -> bool:
    document = graph.document(path)
    tree = outline_of(document.text).tree if document is not None else None
    if tree is None or term in terms.terms_of(path):
        return True
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return any(term in terms.terms_of(text) for node in ast.walk(tree) for text in _texts_of(node, docstrings))


def _texts_of(node: ast.AST, docstrings: set[int]) -> list[str]:
    """The names and strings of a node itself."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and id(node) not in docstrings else []
    return _names_of(node)


def _names_of(node: ast.AST) -> list[str]:
    names = (getattr(node, field, None) for field in ("id", "attr", "name", "arg", "asname", "module", "rest"))
    listed = getattr(node, "names", ()) if isinstance(node, (ast.Global, ast.Nonlocal)) else ()
    return [name for name in (*names, *listed) if isinstance(name, str)]


def told_of_asides(graph: CodeGraph, words: Sequence[str]) -> str:
    """ "only tests and documentation speak of “ORM”, no code outside of these does"; "" without words."""
    if not words:
        return ""
    places = list(dict.fromkeys(place for word in words for place in places_of(graph, word)))
    verb = "speaks" if places == ["documentation"] else "speak"
    quoted_words = ", ".join(f"“{prose(word)}”" for word in words)
    listed = " and ".join(filter(None, (", ".join(places[:-1]), places[-1])))
    return f"only {listed} {verb} of {quoted_words}, no code outside of these does"


def places_of(graph: CodeGraph, word: str) -> list[str]:
    """Where a word stands, in words: tests, examples, documentation, and comments of the code."""
    kinds = {_kind_of(path) for path in _paths_with(graph, word)}
    return [kind for kind in ("tests", "examples", "documentation", "comments") if kind in kinds]


def _paths_with(graph: CodeGraph, word: str) -> list[str]:
    with graph.store.snapshot():
        index = SearchIndex(graph)
        numbers = np.unique(index.file_of[index.hits(terms.split(word)[-1]).documents])
        return [index.paths[int(number)] for number in numbers if number >= 0]


def _kind_of(path: str) -> str:
    if _TUTORIALS.search(path) or (is_aside(path) and is_python(path)):
        return "examples"
    if is_test_path(path) or re.search(r"(^|/)(_?tests?|testsuite)/", path):
        return "tests"
    return "documentation" if _DOCUMENTS.search(path) or not is_python(path) else "comments"


def without_noise(
    graph: CodeGraph, question: Question, claims: list[Claim], asides: Sequence[str], missing: Sequence[str]
) -> list[Claim]:
    """The sentences that speak of the things of asides, or are of files that do. Where none is, and where nothing speaks of the `missing`
    words, and they name a thing: if the question has few other words, the sentences that have all of these; else all sentences."""
    missing = missing if any(_is_capital(question.text, word) for word in missing) else ()
    wanted = {terms.split(word)[-1] for word in asides}
    paths = {path for word in asides for path in _paths_with(graph, word) if _kind_of(path) != "comments"}
    kept = [c for c in claims if wanted & _terms_of(c) or any(citation.span.path in paths for citation in c.citations)]
    if kept or not (asides or missing):
        return kept or claims
    others = _other_terms(graph, question, (*asides, *missing))
    return [claim for claim in claims if others <= _terms_of(claim)] if 0 < len(others) <= _FEW_TERMS else claims


def _other_terms(graph: CodeGraph, question: Question, missing: Sequence[str]) -> set[str]:
    """The terms that a question has beside the missing ones."""
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    title = question.text.partition("\n")[0]
    words = [word for word in terms.words(title) if word not in missing and terms.compound(word) not in own_names]
    noise = STOP_WORDS | GENERIC_WORDS | RELATION_WORDS
    return {terms.split(word)[-1] for word in words if word.lower() not in noise}


def _terms_of(claim: Claim) -> set[str]:
    return set(terms.terms_of(" ".join((claim.text, *(c.span.path for c in claim.citations)))))
