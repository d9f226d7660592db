"""The modules and files that a question is about, and those near given symbols."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from ..code_graph import CodeGraph
from ..graph import terms
from ..graph.finding.dependencies import imported_modules
from ..graph.source import is_python
from ..types import SymbolRef
from .candidates import SymbolKey, symbol_key
from .options import ModuleOptions
from .question import Question, analyse
from .ranking import rank
from .search_index import SearchIndex


@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file and its module ("" for a text). `distance`: the number of links from the seeds (`modules_from_symbols` only)."""

    path: str
    module: str
    score: float
    why: tuple[str, ...] = ()
    distance: int = 0


# Modules and files, best first. A module is represented by its source file where there is a stub beside it.
Ranking = tuple[list[RankedFile], list[RankedFile]]


@functools.lru_cache(maxsize=4096)
def prompt_token_set(text: str) -> frozenset[str]:
    """The informative terms of a prompt: parts of identifiers, stemmed (`graph.terms`), without stop words; for a long text the 40 that a
    search for it would use."""
    return frozenset(analyse(text).terms)


def name_matches_prompt(name: str, prompt_tokens: Iterable[str]) -> bool:
    """Whether a prompt contains a name: as a whole (`urlMap` is `url_map`), or all of its parts that are not stop words."""
    tokens = prompt_tokens if isinstance(prompt_tokens, (set, frozenset)) else frozenset(prompt_tokens)
    whole = terms.compound(name.strip("_"))
    parts = prompt_token_set(name) - {whole}
    return whole in tokens or (bool(parts) and parts <= tokens)


def question_aware_modules_and_files(
    graph: CodeGraph, question: str, top_k: int | None = None, options: ModuleOptions | None = None
) -> Ranking:
    """The modules and the files (texts among them) that a question is about, at most `top_k` of each (None: `options.top`), best first.

    A file's score is that of the best of its definitions or paragraphs, 1 for the best file; a file that defines a name which the
    question writes as code gets more, one whose name or folder is in the question a little.
    """
    options = options or ModuleOptions()
    top_k = options.top if top_k is None else top_k
    with graph.store.snapshot():
        index = SearchIndex(graph)
        query = analyse(question, index.own_names)
        ranked = rank(index, query)
    scores = ranked.scores
    if options.path_glob:
        allowed = np.array([fnmatchcase(path, options.path_glob) for path in index.paths], dtype=bool)
        scores = scores * allowed[np.maximum(index.file_of, 0)]
    best_scores = np.zeros(len(index.paths))
    best_documents = np.full(len(index.paths), -1)
    # In ascending order the last one written is the best document of its file.
    order = np.argsort(scores, kind="stable")
    order = order[scores[order] > 0]
    best_scores[index.file_of[order]], best_documents[index.file_of[order]] = scores[order], order
    top = float(best_scores.max()) if len(best_scores) else 0.0
    scored_files: dict[str, tuple[float, list[str]]] = {}
    for file_index in np.argsort(-best_scores, kind="stable")[: top_k * 6]:
        if best_scores[file_index] > 0:
            path = index.paths[file_index]
            why = _match_reason(graph, path, int(index.symbol_of[best_documents[file_index]]))
            scored_files[path] = (float(best_scores[file_index]) / top, why)
    _boost_definitions(graph, query, options, scored_files)
    _boost_path_matches(prompt_token_set(question), options, scored_files)
    if options.path_glob:
        scored_files = {path: entry for path, entry in scored_files.items() if fnmatchcase(path, options.path_glob)}
    files = [
        RankedFile(path, graph.module_for_file(path) if is_python(path) else "", round(score, 4), tuple(why))
        for path, (score, why) in scored_files.items()
    ]
    files.sort(key=lambda f: (-f.score, f.path))
    return modules_of(files)[:top_k], files[:top_k]


def modules_of(files: Iterable[RankedFile]) -> list[RankedFile]:
    """The modules of ranked files, each once: rank and score are those of its best file, its path that of a source before a stub."""
    best_files: dict[str, RankedFile] = {}
    for file in files:
        known_file = best_files.get(file.module)
        if file.module and known_file is None:
            best_files[file.module] = file
        elif known_file is not None and known_file.path.endswith(".pyi") and not file.path.endswith(".pyi"):
            best_files[file.module] = RankedFile(
                file.path, file.module, known_file.score, known_file.why, known_file.distance
            )
    return list(best_files.values())


def _match_reason(graph: CodeGraph, path: str, symbol: int) -> list[str]:
    facts = graph.facts(path)
    if facts is None or not 0 < symbol < len(facts.symbols):
        return ["matches"]
    return [f"{facts.symbols[symbol].qualname} matches"]


def _boost_definitions(
    graph: CodeGraph, query: Question, options: ModuleOptions, scored_files: dict[str, tuple[float, list[str]]]
) -> None:
    for name in query.identifiers:
        refs = graph.find_symbol(name, at_most=options.max_definitions)
        if len(refs) > options.max_definitions:
            continue  # too ambiguous
        for position, path in enumerate(dict.fromkeys(r.path for r in refs)):
            score, why = scored_files.get(path, (0.0, []))
            scored_files[path] = score + options.definition / (1 + position), [*why, f"defines {name}"]


def _boost_path_matches(
    tokens: frozenset[str], options: ModuleOptions, scored_files: dict[str, tuple[float, list[str]]]
) -> None:
    for path, (score, why) in scored_files.items():
        path_parts = path.rpartition(".")[0].split("/")
        matching_parts = [part for part in path_parts if name_matches_prompt(part, tokens)]
        if matching_parts:
            scored_files[path] = (
                score + options.named * len(matching_parts),
                [*why, f"named {' '.join(matching_parts)}"],
            )


# -- around symbols ----------------------------------------------------------------------------------------------------


def modules_from_symbols(
    graph: CodeGraph,
    seeds: Sequence[SymbolRef | str],
    radius: int | None = None,
    top_k: int | None = None,
    options: ModuleOptions | None = None,
) -> list[RankedFile]:
    """The modules of the seeds and of the symbols at most `radius` links from them, the nearest first, then by weight.

    Links are calls (both ways), bases and subclasses, overrides, tests, and imports between modules (both ways). Each kind of link has a
    weight (`ModuleOptions`), and a path the product of its links' weights; those of several paths of one length are summed. `why` names
    the heaviest links. Only the heaviest `max_frontier` symbols of each step are followed. Unknown names are left out.
    """
    options = options or ModuleOptions()
    radius = options.radius if radius is None else radius
    top_k = options.top if top_k is None else top_k
    refs = [r for seed in seeds for r in (graph.find_symbol(seed) if isinstance(seed, str) else [seed])]
    frontier = {symbol_key(ref): (ref, 1.0, "seed") for ref in refs}
    seen = set(frontier)
    reached_files: dict[str, RankedFile] = {}
    for distance in range(max(radius, 0) + 1):
        _add_reached_files(graph, [*frontier.values()], distance, reached_files)
        if distance == radius:
            break
        heaviest = sorted(frontier.values(), key=lambda f: (-f[1], symbol_key(f[0])))[: options.max_frontier]
        next_frontier: dict[SymbolKey, tuple[SymbolRef, float, str]] = {}
        for ref, weight, _ in heaviest:
            for neighbour, link_weight, why in _linked_symbols(graph, ref, options):
                if symbol_key(neighbour) not in seen:
                    known = next_frontier.get(symbol_key(neighbour))
                    total = weight * link_weight + (known[1] if known else 0.0)
                    next_frontier[symbol_key(neighbour)] = neighbour, total, known[2] if known else why
        seen |= next_frontier.keys()
        frontier = next_frontier
    ordered = sorted(reached_files.values(), key=lambda f: (f.distance, -f.score, f.module, f.path))
    return modules_of(ordered)[:top_k]


def _add_reached_files(
    graph: CodeGraph,
    frontier: Sequence[tuple[SymbolRef, float, str]],
    distance: int,
    reached_files: dict[str, RankedFile],
) -> None:
    """Add the files of this step's symbols, with their weights summed; a file that was reached earlier stays as it is."""
    weights: dict[str, list[tuple[float, str]]] = {}
    for ref, weight, why in sorted(frontier, key=lambda f: (-f[1], symbol_key(f[0]))):
        if is_python(ref.path):
            weights.setdefault(ref.path, []).append((weight, why))
    for path, arrivals in weights.items():
        if path not in reached_files:
            reasons = tuple(dict.fromkeys(why for _, why in arrivals))[:3]
            score = round(sum(weight for weight, _ in arrivals), 4)
            reached_files[path] = RankedFile(path, graph.module_for_file(path), score, reasons, distance)


def _linked_symbols(graph: CodeGraph, ref: SymbolRef, options: ModuleOptions) -> Iterator[tuple[SymbolRef, float, str]]:
    """(linked symbol, weight of the link, reason) for each link of a symbol."""
    name = ref.symbol.name
    if ref.symbol.kind == "module":
        yield from _linked_modules(graph, ref, options)
        return
    for callee in graph.callees_of(ref):
        yield callee, options.call, f"called by {name}"
    sites = [s for s in graph.who_calls(ref, implicit=False).items if s.resolved and s.caller is not None][
        : options.max_links
    ]
    for site in sites:
        if site.caller is not None:
            yield site.caller, options.caller, f"calls {name}"
    if ref.symbol.kind == "class":
        yield from ((base, options.inheritance, f"base of {name}") for base in graph.bases_of(ref))
        yield from (
            (cls, options.inheritance, f"built on {name}") for cls in graph.subclasses_of(ref)[: options.max_links]
        )
    elif ref.symbol.kind in ("method", "property"):
        yield from ((m, options.inheritance, f"overridden by {name}") for m in graph.overridden_by(ref))
        yield from ((m, options.inheritance, f"overrides {name}") for m in graph.overrides_of(ref)[: options.max_links])
    for link in graph.tests_for_symbol(ref, 1).items[: options.max_links]:
        test = graph.symbol_at(link.span.path, link.span.start)
        if test is not None:
            yield test, options.test, f"tests {name}"
    facts = graph.facts(ref.path)
    if facts is not None:
        yield from _linked_modules(graph, graph.ref(facts, 0), options)


def _linked_modules(graph: CodeGraph, ref: SymbolRef, options: ModuleOptions) -> Iterator[tuple[SymbolRef, float, str]]:
    facts = graph.facts(ref.path)
    if facts is None:
        return
    names = {n for item in facts.imports for n, inside in imported_modules(graph.inference, facts, item) if inside}
    for name in sorted(names):
        yield from (
            (graph.ref(f, 0), options.imports, f"imported by {ref.module}") for f in graph.facts_of_module(name)
        )
    for path in graph.importers_of(ref.module)[: options.max_links]:
        importer = graph.facts(path)
        if importer is not None:
            yield graph.ref(importer, 0), options.importer, f"imports {ref.module}"
