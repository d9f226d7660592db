"""Modules that are about something as a whole: what they define for others, for questions which tools or helpers there are for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.storage.postings import DOCSTRING, NAME
from ....types import SymbolRef
from ..candidate import Candidate, SentenceBuilder
from ..documentation.quoted_docs import quote_module_docstring
from ..project_layout import parts_sentence
from .asked_collection import AskedCollection
from .class_families import of_product

_MIN_MATCHING = 2
_MIN_OF_MODULE = 0.35  # of what a module defines for others, so many have the words
_MIN_SHARE = 0.5  # of the wanted terms that a definition must have, with its module's name and docstring
_MAX_FILES = 12
_ENOUGH_MATCHING = 4
_FROM_MODULE = 0.6
_MAX_DEFINED = 30
_MIN_SHARE_OF_PACKAGE, _MIN_PARTS, _MAX_PARTS = 0.7, 3, 12


@dataclass(frozen=True, slots=True)
class Contents:
    """`members`: all that a module defines for others, those first that have the words of the question."""

    module: SymbolRef
    members: tuple[SymbolRef, ...]
    score: float


def modules_about(graph: CodeGraph, asked: AskedCollection) -> list[Contents]:
    """The modules of the product of which most definitions are about what is asked, the best first."""
    found: list[Contents] = []
    for path in _paths(graph, asked):
        module = next((r for r in graph.defs_in(path) if r.symbol.kind == "module"), None)
        facts = graph.facts(path)
        if facts is None:
            continue
        module = module or graph.ref(facts, 0)
        members = public_definitions(graph, path)
        if not 1 < len(members) <= _MAX_DEFINED:
            continue
        of_module = dict.fromkeys(terms.distinct(module.symbol.docstring.partition("\n\n")[0]), _FROM_MODULE)
        of_module |= dict.fromkeys(terms.distinct(path.removesuffix(".py").rpartition("/")[2]), 1.0)
        is_called_so = bool(asked.share(dict.fromkeys(terms.parts(path.removesuffix(".py").rpartition("/")[2]), 1.0)))
        shares = [_share(asked, ref, of_module, is_called_so) for ref in members]
        matching = sum(share >= _MIN_SHARE for share in shares)
        if matching >= _MIN_MATCHING and matching >= _MIN_OF_MODULE * len(members):
            ordered = sorted(
                zip(shares, members, strict=True), key=lambda pair: (pair[0] < _MIN_SHARE, pair[1].symbol.start)
            )
            strength = sum(sorted(shares, reverse=True)[:_ENOUGH_MATCHING]) / min(_ENOUGH_MATCHING, len(shares))
            score = strength * (0.7 + 0.3 * matching / len(members))
            found.append(Contents(module, tuple(ref for _, ref in ordered), score))
    return sorted(found, key=lambda contents: -contents.score)


def package_of(graph: CodeGraph, asked: AskedCollection) -> list[Candidate]:
    """The modules of a package that is called what is asked for, and what each says of itself."""
    with graph.store.snapshot():
        paths = [path for path in SearchIndex(graph).paths if path.endswith("/__init__.py") and of_product(path)]
    named = [
        path
        for path in paths
        if asked.head and asked.counts(asked.head, dict.fromkeys(terms.parts(path.split("/")[-2]), 1.0)) == 1.0
    ]
    present = [(asked.share(dict.fromkeys(terms.distinct(path.replace("/", " ")), 1.0)), path) for path in named]
    for share, path in sorted(present, key=lambda pair: (-pair[0], pair[1].count("/"), pair[1])):
        facts = graph.facts(path)
        lead = next(parts_sentence(graph, SentenceBuilder(facts, 0, 0)), None) if facts is not None else None
        if lead is not None and share >= _MIN_SHARE_OF_PACKAGE and len(lead.spans) >= _MIN_PARTS:
            return [lead, *_of_parts(graph, [span[0] for span in lead.spans])]
    return []


def _of_parts(graph: CodeGraph, paths: list[str]) -> list[Candidate]:
    told: list[Candidate] = []
    for path in paths[:_MAX_PARTS]:
        facts, document = graph.facts(path), graph.document(path)
        if facts is not None and document is not None:
            told += list(quote_module_docstring(SentenceBuilder(facts, 0, 0), document.lines, {}))[:1]
    return told


def module_called(graph: CodeGraph, asked: AskedCollection) -> Contents | None:
    """The module of the product whose name is the noun in the plural: `processors.py`, `decorators.py`; None if there are several."""
    with graph.store.snapshot():
        paths = [path for path in SearchIndex(graph).paths if of_product(path)]
    named = [
        path
        for path in paths
        if path.rpartition("/")[2].removesuffix(".py") in (f"{asked.noun}s", f"{asked.noun[:-1]}ies")
    ]
    facts = graph.facts(named[0]) if len(named) == 1 else None
    members = public_definitions(graph, named[0]) if facts is not None else ()
    if facts is None or not _MIN_PARTS <= len(members) <= _MAX_DEFINED:
        return None
    return Contents(graph.ref(facts, 0), members, 0.0)


def public_definitions(graph: CodeGraph, path: str) -> tuple[SymbolRef, ...]:
    """The public classes and functions that a module defines at its top."""
    facts = graph.facts(path)
    found: dict[str, SymbolRef] = {}
    for number, symbol in enumerate(facts.symbols if facts is not None else ()):
        is_told = (
            symbol.parent == 0
            and symbol.is_definition
            and not symbol.name.startswith("_")
            and "overload" not in symbol.traits
        )
        if facts is not None and is_told:
            found.setdefault(symbol.name, graph.ref(facts, number))
    return tuple(found.values())


def _share(asked: AskedCollection, ref: SymbolRef, of_module: dict[str, float], is_called_so: bool) -> float:
    present = dict(of_module)
    present |= dict.fromkeys(terms.distinct(ref.symbol.docstring.partition("\n\n")[0]), 1.0)
    present |= dict.fromkeys(terms.parts(ref.symbol.name), 1.0)
    own = dict.fromkeys(terms.parts(ref.symbol.name) | terms.distinct(ref.symbol.docstring.partition("\n\n")[0]), 1.0)
    return asked.share(present) if is_called_so or asked.share(own) else 0.0


def _paths(graph: CodeGraph, asked: AskedCollection) -> list[str]:
    """The files of the product in which several definitions have wanted terms in name or docstring."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        counts: dict[int, dict[int, float]] = defaultdict(dict)
        for term, weight in asked.weights.items():
            for word in (term, *asked.alternatives.get(term, ())):
                hit = index.hits(word)
                for number, field in zip(hit.documents.tolist(), hit.fields.tolist(), strict=True):
                    if field in (NAME, DOCSTRING) and index.symbol_of[number]:
                        documents = counts[int(index.file_of[number])]
                        documents[number] = documents.get(number, 0.0) + weight
        sums = {
            index.paths[n]: sum(values.values())
            for n, values in counts.items()
            if n >= 0 and len(values) >= _MIN_MATCHING
        }
    return sorted((path for path in sums if of_product(path)), key=lambda path: (-sums[path], path))[:_MAX_FILES]
