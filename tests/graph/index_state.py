"""Everything that a graph says about its workspace, without what depends on the index's history: for comparing two of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.search_index import SearchIndex
from adapter_core.evidence.selection import search
from adapter_core.graph.indexing.sync import SyncOptions, sync
from adapter_core.graph.source import is_python
from adapter_core.graph.storage.postings import FIELDS
from adapter_core.graph.storage.store import USES, Store
from adapter_core.graph.terms import terms_of
from adapter_core.types import SymbolRef

_WORDS = re.compile(r"\w+")
Place = tuple[str, str, int]


def fresh_graph(root: Path, open_texts: dict[str, str] | None = None) -> CodeGraph:
    """The graph of the files as they are, built from nothing, in memory."""
    store = Store(None)
    sync(root, store, SyncOptions(workers=1))
    return CodeGraph(root, store, open_texts)


def stored(store: Store) -> dict[str, Any]:
    """What stands in the database, by paths and not by ids."""
    rows = store.files()
    path_of = {row.id: row.path for row in rows}
    facts = {row.path: store.facts(row) for row in rows}
    names = {symbol.name for module in facts.values() for symbol in module.symbols}
    return {
        "files": {r.path: (r.kind, r.module, r.size, r.sha256, r.symbols, r.problem) for r in rows},
        "facts": facts,
        "all names": sorted(store.all_names()),
        "names": sorted((n, path_of[f], i) for n in names for f, i in store.symbols_named(n)),
        "roots": store.roots(),
        "completeness": store.completeness(),
    }


def linked(graph: CodeGraph) -> dict[str, Any]:
    """What is worked out when it is asked: the facts under open texts, symbols by name, users of names, calls both ways."""
    texts = texts_of(graph)
    python = [path for path in texts if is_python(path)]
    facts = {path: graph.facts(path) for path in texts}
    symbols = [(path, s.name) for path, module in facts.items() if module for s in module.symbols]
    words = sorted({word for path in python for word in _WORDS.findall(texts[path])} | {"nowhere_written"})
    callers = {}
    for path in python:
        for ref in graph.defs_in(path):
            if ref.symbol.is_callable or ref.symbol.kind == "class":
                sites = graph.who_calls(ref).items
                callers[_place(ref)] = [(str(s.span), s.callee, s.resolved) for s in sites]
    return {
        "facts": facts,
        "symbols": {name: _places(graph.find_symbol(name)) for name in sorted({name for _, name in symbols})},
        "using": {(word, how): graph.view.paths_using(word, how) for word in words for how in USES},
        "modules": {path: graph.module_for_file(path) for path in python},
        "calls": [edge for path in python for edge in _edges(graph, path)],
        "callers": callers,
    }


def searched(graph: CodeGraph, questions: Iterable[str] = ()) -> dict[str, Any]:
    """All postings over live documents, and what some questions find."""
    index = SearchIndex(graph)
    documents = {}
    for number in range(len(index.file_of)):
        if index.alive[number]:
            path, symbol = index.paths[index.file_of[number]], int(index.symbol_of[number])
            documents[(path, symbol)] = index.lengths[number].tolist()
    hits = {}
    for term in sorted({t for path, text in texts_of(graph).items() for t in (*terms_of(text), *terms_of(path))}):
        found = index.hits(term)
        rows = [
            (index.paths[index.file_of[d]], int(index.symbol_of[d]), FIELDS[f], int(count))
            for d, f, count in zip(found.documents, found.fields, found.counts, strict=True)
        ]
        hits[term] = (sorted(rows), sorted(index.paths[f] for f in found.files))
    answers = {q: [(str(e.span), round(e.score, 6)) for e in search(graph, q).evidence] for q in questions}
    return {"documents": documents, "hits": hits, "answers": answers}


def texts_of(graph: CodeGraph) -> dict[str, str]:
    paths = {row.path for row in graph.store.files()} | set(graph.documents.open_texts)
    return {path: graph.view.text(path) for path in sorted(paths)}


def _edges(graph: CodeGraph, path: str) -> list[tuple[Any, ...]]:
    facts = graph.facts(path)
    if facts is None:
        return []
    found: list[tuple[Any, ...]] = []
    for call in facts.calls:
        site = graph.site(facts, call)
        caller = _places([site.caller] if site.caller else [])
        found.append(
            (path, call, site.resolved, _places(site.targets), _places(site.enters), sorted(site.external), caller)
        )
    return found


def _places(refs: Iterable[SymbolRef]) -> list[Place]:
    return sorted(map(_place, refs))


def _place(ref: SymbolRef) -> Place:
    return ref.path, ref.symbol.qualname, ref.symbol.start
