"""Settings and options by what is said of them: how far the words of their names and documentation are those of a question."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.storage.postings import NAME
from ..listings.product_files import of_product
from .asked_in_words import Described
from .declarations import declared_in
from .declared import Declared

# The terms of which a file has one that declares options by calls, or several that declares them otherwise.
_DECLARING = ("addargument", "addoption", "addini", "addconfigvalue", "registeroption", "click", "typer", "optparse")
_DOCUMENTING = ("desc", "help", "descript")
_HOLDERS = ("config", "set", "setting", "option", "opt", "conf", "configur", "preferenc", "default")
_MODULE_OF_SETTINGS = re.compile(r"(?:^|/)(?:\w+_)?(?:settings|config|conf|defaults|options)\.py\Z")
_DECLARES = re.compile(
    r"\b(?:add_?(?:argument|option|ini)|add_config_value|register_option|[oO]ption|[aA]rgument)\(|\b(?:help|description|desc|doc) ?= ?"
    r"|^class \w*(?:Settings|Config\w*|Options|Opts|Conf|Preferences|Defaults)\b",
    re.M,
)
_MAX_FILES, _MAX_DECLARED = 24, 1500
_HELP, _AROUND = 0.9, 0.35  # what a word counts in the documentation, and around the declaration
_OTHER_IN_FILE = 0.6
_PRECISION = 0.3  # how much of the score goes by the share of the name that the question has


@dataclass(frozen=True, slots=True)
class Match:
    path: str
    declared: Declared
    score: float


def declaring_files(graph: CodeGraph, described: Described) -> list[str]:
    """The files of the product that may declare settings, those first that have more of the question's words."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        numbers: set[int] = set()
        for hit in map(index.hits, _DECLARING):
            numbers.update(index.file_of[hit.documents].tolist())
        with_default = set(index.file_of[index.hits("default").documents].tolist())
        for hit in map(index.hits, _DOCUMENTING):
            numbers.update(with_default & set(index.file_of[hit.documents].tolist()))
        for hit in map(index.hits, _HOLDERS):
            numbers.update(index.file_of[hit.documents[hit.fields == NAME]].tolist())
        numbers.update(n for n, path in enumerate(index.paths) if _MODULE_OF_SETTINGS.search(path))
        paths = of_product(index, numbers)
        shares: dict[str, float] = dict.fromkeys(paths, 0.0)
        for term, weight in described.weights.items():
            own = index.hits(term).documents
            others = [index.hits(t).documents for t in described.alternatives.get(term, ())]
            with_term = {index.paths[n] for n in index.file_of[own].tolist() if n >= 0}
            with_other = {index.paths[n] for docs in others for n in index.file_of[docs].tolist() if n >= 0}
            for path in (with_term | with_other) & shares.keys():
                shares[path] += weight * (1.0 if path in with_term else _OTHER_IN_FILE)
    ordered = sorted(paths, key=lambda p: (-shares[p], p.count("/"), p))
    return [p for p in ordered if shares[p] or not described.weights][:_MAX_FILES]


def declared_at(graph: CodeGraph, paths: Iterable[str], check: Callable[[], None]) -> list[tuple[str, Declared]]:
    found: list[tuple[str, Declared]] = []
    for path in paths:
        if graph.inference.expired or len(found) >= _MAX_DECLARED:
            break
        check()
        document = graph.document(path)
        if document is not None and (_DECLARES.search(document.text) or _MODULE_OF_SETTINGS.search(path)):
            found += [(path, one) for one in declared_in(document.text, path)]
    return found


def matches(
    graph: CodeGraph, described: Described, declared: Sequence[tuple[str, Declared]], said: Mapping[str, str]
) -> list[Match]:
    """The declared settings by how far they are what a question describes, the best first. `said`: what documents say of them, by the
    name under which they are read."""
    shares = [_shares(graph, path, one, said.get(one.dest, ""), described) for path, one in declared]
    count = len(declared)
    information = {
        term: math.log(1 + count / (0.5 + max(1, sum(1 for own in shares if own.get(term, 0.0) > _AROUND))))
        for term in described.weights
    }
    mass = sum(weight * information[term] for term, weight in described.weights.items()) or 1.0
    found: list[Match] = []
    for (path, one), own in zip(declared, shares, strict=True):
        covered = sum(described.weights[term] * information[term] * share for term, share in own.items()) / mass
        parts = _name_terms(one)
        named = {t for term in described.weights for t in (term, *described.alternatives.get(term, ()))}
        precision = len(parts & named) / (len(parts) or 1)
        found.append(Match(path, one, covered * (1 - _PRECISION + _PRECISION * precision)))
    return sorted(found, key=lambda match: -match.score)


def _shares(graph: CodeGraph, path: str, one: Declared, said: str, described: Described) -> dict[str, float]:
    """How far each term of the question is one of a setting's."""
    present = dict.fromkeys(_around(graph, path, one), _AROUND)
    present |= dict.fromkeys(terms.distinct(f"{one.quoted} {said}"), _HELP)
    names = (name.strip("-").replace("-", "_") for name in (*one.names, one.dest))
    present |= dict.fromkeys((term for name in names for term in terms.split(name)), 1.0)
    found: dict[str, float] = {}
    for term in described.weights:
        others = described.alternatives.get(term, {}).items()
        other = max((present.get(t, 0.0) * counts for t, counts in others), default=0.0)
        if share := max(present.get(term, 0.0), other):
            found[term] = share
    return found


def _around(graph: CodeGraph, path: str, one: Declared) -> set[str]:
    document = graph.document(path)
    line = document.lines[one.start - 1] if document is not None and one.start <= len(document.lines) else ""
    return terms.distinct(f"{path.removesuffix('.py').replace('/', ' ')} {line}")


def _name_terms(one: Declared) -> set[str]:
    return {
        part
        for name in (*one.names, one.dest)
        for word in terms.words(name.replace("-", "_"))
        for part in terms.parts(word)
    }
