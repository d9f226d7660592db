"""Settings and options by what is said of them: how far the words of their names and documentation are those of a question."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ....code_graph import CodeGraph, is_test_path
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.source import is_python
from ....graph.storage.postings import NAME, SIGNATURE
from ..listings.product_files import of_product
from .amounts import AMOUNT_TERMS
from .asked_in_words import AMOUNT_WORDS, MINOR, Described, in_plain_words
from .command_options import scope_of
from .declarations import MODULE_OF_SETTINGS, declared_in
from .declared import Declared, is_flag

# The terms of which a file has one that declares options by calls, or several that declares them otherwise.
_DECLARING = ("addargument", "addoption", "addini", "addconfigvalue", "registeroption", "click", "typer", "optparse")
_DOCUMENTING = ("desc", "help", "descript")
_HOLDERS = ("config", "set", "setting", "option", "opt", "conf", "configur", "preferenc", "default")
_DOCS = re.compile(r"(?:.*/)?docs?/|(?:.*/)?examples?/")
_DECLARES = re.compile(
    r"\b(?:add_?(?:argument|option|ini)|add_config_value|register_option|[oO]ption|[aA]rgument)\("
    r"|\b(?:help|description|desc|doc)(?:=[\"'f(_]|=\n| = [\"'f(_])"
    r"|^class \w*(?:Settings|Config\w*|Options|Opts|Conf|Preferences|Defaults)\b"
    r"|^(?:    )?\w+(?: *:[^=\n]+)? = |\benviron\b|\bgetenv\b",
    re.M,
)
_MAX_FILES, _MAX_DECLARED, _MAX_HEADS = 24, 1500, 40
# What a word counts in the documentation, in the name of the class or function around the declaration, and on its line.
_HELP, _SCOPE, _AROUND = 0.8, 0.45, 0.35
_OTHER_IN_FILE = 0.6
_OF_FILE = 0.8  # of the share of the words that a setting must have, what its file must have
_DEPRECATED, _MINOR, _BESIDE_FLAGS = 0.7, 0.1, 0.85
# Of the score, where an amount is asked for: for what is none, and for a name, which may be one.
_NO_AMOUNT, _NAMED_AMOUNT, _PLAIN_NUMBER = 0.5, 0.75, 0.85
_SWITCHES = frozenset({"True", "False"})
_LEAST_PART = 5  # letters of a word that a longer one in a name ends with
_OF_NONE = 0.7  # what a word counts that no setting has: a verb, mostly
_SPOKEN = 0.7  # the score of what a question has the name of, word by word
_IS_DEPRECATED = re.compile(r"\W*(?:deprecated|obsolete)\b", re.I)
_PRECISION = 0.35  # how much of the score goes by the share of the name that the question has


@dataclass(frozen=True, slots=True)
class Match:
    path: str
    declared: Declared
    score: float


def declaring_files(graph: CodeGraph, described: Described) -> list[str]:
    """The files of the product that may declare settings: those first that make options by calls, then those with more of the question's
    words."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        numbers: set[int] = set()
        for hit in map(index.hits, _DECLARING):
            numbers.update(index.file_of[hit.documents].tolist())
        by_calls = {index.paths[n] for n in numbers if n >= 0}
        with_default = set(index.file_of[index.hits("default").documents].tolist())
        for hit in map(index.hits, _DOCUMENTING):
            numbers.update(with_default & set(index.file_of[hit.documents].tolist()))
        for hit in map(index.hits, _HOLDERS):
            numbers.update(index.file_of[hit.documents[hit.fields == NAME]].tolist())
        numbers.update(n for n, path in enumerate(index.paths) if MODULE_OF_SETTINGS.search(path))
        numbers.update(_with_heads(index, described))
        paths = [p for p in {*of_product(index, numbers), *_of_scripts(index, by_calls)} if not _DOCS.match(p)]
        shares: dict[str, float] = dict.fromkeys(paths, 0.0)
        for term, weight in described.weights.items():
            own = index.hits(term).documents
            others = [index.hits(t).documents for t in described.alternatives.get(term, ())]
            with_term = {index.paths[n] for n in index.file_of[own].tolist() if n >= 0}
            with_other = {index.paths[n] for docs in others for n in index.file_of[docs].tolist() if n >= 0}
            for path in (with_term | with_other) & shares.keys():
                shares[path] += weight * (1.0 if path in with_term else _OTHER_IN_FILE)
    ordered = sorted(paths, key=lambda p: (p not in by_calls, -shares[p], p.count("/"), p))
    at_least = _OF_FILE * described.at_least * sum(described.weights.values())
    return [p for p in ordered if shares[p] >= at_least][:_MAX_FILES]


def _with_heads(index: SearchIndex, described: Described) -> set[int]:
    """The files with a module or class that has most of the question's words outside its functions, where it assigns names."""
    covered = np.zeros(len(index.file_of))
    for term, weight in described.weights.items():
        present = np.zeros(len(covered))
        for word, share in ((term, 1.0), *described.alternatives.get(term, {}).items()):
            hit = index.hits(word).documents
            present[hit] = np.maximum(present[hit], share)
        covered += weight * present
    functions = index.hits("def")
    covered[functions.documents[functions.fields == SIGNATURE]] = 0.0
    at_least = _OF_FILE * described.at_least * sum(described.weights.values())
    best = [int(n) for n in np.argsort(-covered, kind="stable")[:_MAX_HEADS] if covered[n] >= max(at_least, 1e-9)]
    return {int(index.file_of[n]) for n in best if index.alive[n]}


def _of_scripts(index: SearchIndex, paths: Iterable[str]) -> list[str]:
    """Those that are in a package, as the commands in `shop/scripts/` are."""
    known = set(index.paths)
    return [p for p in paths if f"{p.rpartition('/')[0]}/__init__.py" in known and is_python(p) and not is_test_path(p)]


def declared_at(graph: CodeGraph, paths: Iterable[str], check: Callable[[], None]) -> list[tuple[str, Declared]]:
    found: list[tuple[str, Declared]] = []
    for path in paths:
        if graph.inference.expired or len(found) >= _MAX_DECLARED:
            break
        check()
        document = graph.document(path)
        if document is not None and (_DECLARES.search(document.text) or MODULE_OF_SETTINGS.search(path)):
            found += [(path, one) for one in declared_in(document.text, path)]
    return found


def matches(
    graph: CodeGraph, described: Described, declared: Sequence[tuple[str, Declared]], said: Mapping[str, str]
) -> list[Match]:
    """The declared settings by how far they are what a question describes, the best first. `said`: what documents say of them, by the
    name under which they are read."""
    shares = [_shares(graph, path, one, said.get(one.dest, ""), described) for path, one in declared]
    count = len(declared)
    having = {term: sum(1 for own in shares if own.get(term, 0.0) > _SCOPE) for term in described.weights}
    information = {
        term: math.log(1 + count / (0.5 + max(1, number))) * (1.0 if number else _OF_NONE)
        for term, number in having.items()
    }
    mass = sum(weight * information[term] for term, weight in described.weights.items()) or 1.0
    asked: dict[str, float] = {}
    for term in described.weights:
        for other, share in ((term, 1.0), *described.alternatives.get(term, {}).items()):
            asked[other] = max(asked.get(other, 0.0), share)
    has_flags = any(map(is_flag, (one for _, one in declared)))
    found: list[Match] = []
    for (path, one), own in zip(declared, shares, strict=True):
        covered = sum(described.weights[term] * information[term] * share for term, share in own.items()) / mass
        parts = _name_terms(one)
        telling = parts - MINOR - (AMOUNT_TERMS if described.is_amount else frozenset()) or parts
        precision = sum(asked.get(part, 0.0) for part in telling) / (len(telling) or 1)
        score = covered * (1 - _PRECISION + _PRECISION * precision)
        score *= _DEPRECATED if _IS_DEPRECATED.match(one.quoted) else 1.0
        if has_flags and not is_flag(one) and not one.quoted:
            score *= _BESIDE_FLAGS
        if described.is_amount:
            score *= _amount_factor(one, own)
        if described.spoken & _compounds(one):
            score = max(score, _SPOKEN)
        found.append(Match(path, one, score * (1 + _MINOR * bool(parts & described.minor))))
    return sorted(found, key=lambda match: -match.score)


def _shares(graph: CodeGraph, path: str, one: Declared, said: str, described: Described) -> dict[str, float]:
    """How far each term of the question is one of a setting's."""
    document = graph.document(path)
    line = document.lines[one.start - 1] if document is not None and one.start <= len(document.lines) else ""
    around = f"{path.removesuffix('.py').replace('/', ' ')} {line}"
    names = [name.strip("-").replace("-", "_") for name in (*one.names, one.dest)]
    present = dict.fromkeys(terms.distinct(around), _AROUND)
    present |= dict.fromkeys(terms.distinct(scope_of(graph, path, one)), _SCOPE)
    present |= dict.fromkeys(terms.distinct(in_plain_words(f"{one.quoted} {said}")), _HELP)
    in_names = {term for name in names for term in (*terms.split(name), *_pairs(name))}
    present |= dict.fromkeys(in_names, 1.0)
    found: dict[str, float] = {}
    for term in described.weights:
        if term not in present and len(term) >= _LEAST_PART and any(part.endswith(term) for part in in_names):
            present[term] = _HELP  # `buffer` in `ringbuffer`
        others = described.alternatives.get(term, {}).items()
        other = max((present.get(t, 0.0) * counts for t, counts in others), default=0.0)
        if share := max(present.get(term, 0.0), other):
            found[term] = share
    return found


def _pairs(name: str) -> list[str]:
    """Two parts of a name as one word: `keepalive` of `timeout_keep_alive`."""
    return [one + other for one, other in pairwise(terms.words_of_name(name))]


def _amount_factor(one: Declared, shares: Mapping[str, float]) -> float:
    """A factor for how likely a setting is how long or how many: its default is a number, or it is spoken of as an amount."""
    if any(words in shares for words in AMOUNT_WORDS) and one.default not in _SWITCHES:
        return 1.0
    if one.default in {"", "None", *_SWITCHES}:
        return _NO_AMOUNT
    if any(map(str.isdigit, one.default)):
        return _PLAIN_NUMBER
    return _NAMED_AMOUNT if one.default[0].isidentifier() else _NO_AMOUNT


def _compounds(one: Declared) -> set[str]:
    """Its names of several words as one."""
    names = (name.strip("-").replace("-", "_") for name in (*one.names, one.dest))
    return {terms.compound(name) for name in names if len(terms.parts(name)) > 1}


def _name_terms(one: Declared) -> set[str]:
    return {
        part
        for name in (*one.names, one.dest)
        for word in terms.words(name.replace("-", "_"))
        for part in terms.parts(word)
        if len(part) > 1
    }
