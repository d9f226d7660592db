"""Which modules and files a question is about, and which lie around given symbols."""

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
    """A file, and the module that it is ("" for a text). `distance`: over how many links it was reached, for what was walked to."""

    path: str
    module: str
    score: float
    why: tuple[str, ...] = ()
    distance: int = 0


# Modules and files, best first. A module is shown by the file to be read for it: its source, where there is a stub beside it.
Ranking = tuple[list[RankedFile], list[RankedFile]]


@functools.lru_cache(maxsize=4096)
def prompt_token_set(text: str) -> frozenset[str]:
    """The terms of a prompt that can tell something: parts of identifiers, stemmed (`graph.terms`), without stop words; of a long text
    the 40 that a search for it would use."""
    return frozenset(analyse(text).terms)


def name_matches_prompt(name: str, prompt_tokens: Iterable[str]) -> bool:
    """Whether a prompt speaks of a name: has it as a whole (`urlMap` is `url_map`), or all of its parts that are no stop words."""
    tokens = prompt_tokens if isinstance(prompt_tokens, (set, frozenset)) else frozenset(prompt_tokens)
    whole = terms.compound(name.strip("_"))
    parts = prompt_token_set(name) - {whole}
    return whole in tokens or (bool(parts) and parts <= tokens)


def question_aware_modules_and_files(
    graph: CodeGraph, question: str, top_k: int | None = None, options: ModuleOptions | None = None
) -> Ranking:
    """The modules and the files (texts among them) that a question is about, at most `top_k` of each (None: `options.top`), best first.

    A file is as good as the best of its definitions or paragraphs, the best file 1; one that defines a name which the question
    writes as code gets more, one whose name or folder the question speaks of a little.
    """
    options = options or ModuleOptions()
    top_k = options.top if top_k is None else top_k
    with graph.store.snapshot():
        index = SearchIndex(graph)
        asked = analyse(question, index.own_names)
        ranked = rank(index, asked)
    scores = ranked.scores
    if options.path_glob:
        allowed = np.array([fnmatchcase(path, options.path_glob) for path in index.paths], dtype=bool)
        scores = scores * allowed[np.maximum(index.file_of, 0)]
    best = np.zeros(len(index.paths))
    document = np.full(len(index.paths), -1)
    # In rising order the last to be written is the best document of its file.
    order = np.argsort(scores, kind="stable")
    order = order[scores[order] > 0]
    best[index.file_of[order]], document[index.file_of[order]] = scores[order], order
    top = float(best.max()) if len(best) else 0.0
    found: dict[str, tuple[float, list[str]]] = {}
    for position in np.argsort(-best, kind="stable")[: top_k * 6]:
        if best[position] > 0:
            path = index.paths[position]
            why = _best_part(graph, path, int(index.symbol_of[document[position]]))
            found[path] = (float(best[position]) / top, why)
    _add_definitions(graph, asked, options, found)
    _add_names(prompt_token_set(question), options, found)
    if options.path_glob:
        found = {path: told for path, told in found.items() if fnmatchcase(path, options.path_glob)}
    files = [
        RankedFile(path, graph.module_for_file(path) if is_python(path) else "", round(score, 4), tuple(why))
        for path, (score, why) in found.items()
    ]
    files.sort(key=lambda f: (-f.score, f.path))
    return modules_of(files)[:top_k], files[:top_k]


def modules_of(files: Iterable[RankedFile]) -> list[RankedFile]:
    """The modules of ranked files, each once: the best of its files gives place and score, its source is shown before its stub."""
    found: dict[str, RankedFile] = {}
    for file in files:
        known = found.get(file.module)
        if file.module and known is None:
            found[file.module] = file
        elif known is not None and known.path.endswith(".pyi") and not file.path.endswith(".pyi"):
            found[file.module] = RankedFile(file.path, file.module, known.score, known.why, known.distance)
    return list(found.values())


def _best_part(graph: CodeGraph, path: str, symbol: int) -> list[str]:
    facts = graph.facts(path)
    if facts is None or not 0 < symbol < len(facts.symbols):
        return ["matches"]
    return [f"{facts.symbols[symbol].qualname} matches"]


def _add_definitions(
    graph: CodeGraph, asked: Question, options: ModuleOptions, found: dict[str, tuple[float, list[str]]]
) -> None:
    for name in asked.identifiers:
        refs = graph.find_symbol(name, at_most=options.max_definitions)
        if len(refs) > options.max_definitions:
            continue  # a name that is everywhere tells nothing
        for place, path in enumerate(dict.fromkeys(r.path for r in refs)):
            score, why = found.get(path, (0.0, []))
            found[path] = score + options.definition / (1 + place), [*why, f"defines {name}"]


def _add_names(tokens: frozenset[str], options: ModuleOptions, found: dict[str, tuple[float, list[str]]]) -> None:
    for path, (score, why) in found.items():
        parts = path.rpartition(".")[0].split("/")
        told = [part for part in parts if name_matches_prompt(part, tokens)]
        if told:
            found[path] = score + options.named * len(told), [*why, f"named {' '.join(told)}"]


# -- around symbols ----------------------------------------------------------------------------------------------------


def modules_from_symbols(
    graph: CodeGraph,
    seeds: Sequence[SymbolRef | str],
    radius: int | None = None,
    top_k: int | None = None,
    options: ModuleOptions | None = None,
) -> list[RankedFile]:
    """The modules of the seeds and of what lies at most `radius` links from them, the nearest first, then by weight.

    Links are calls (both ways), bases and subclasses, overrides, tests, and imports between modules (both ways). What is reached over
    several links of one length adds them up; each link has a weight (`ModuleOptions`), and a path the product of its links'. `why` names
    the heaviest. Of each step only the heaviest `max_frontier` symbols go on. Names that mean nothing are left out.
    """
    options = options or ModuleOptions()
    radius = options.radius if radius is None else radius
    top_k = options.top if top_k is None else top_k
    refs = [r for seed in seeds for r in (graph.find_symbol(seed) if isinstance(seed, str) else [seed])]
    frontier = {symbol_key(ref): (ref, 1.0, "seed") for ref in refs}
    seen = set(frontier)
    reached: dict[str, RankedFile] = {}
    for distance in range(max(radius, 0) + 1):
        _note(graph, [*frontier.values()], distance, reached)
        if distance == radius:
            break
        heaviest = sorted(frontier.values(), key=lambda f: (-f[1], symbol_key(f[0])))[: options.max_frontier]
        following: dict[SymbolKey, tuple[SymbolRef, float, str]] = {}
        for ref, weight, _ in heaviest:
            for other, link, why in _links(graph, ref, options):
                if symbol_key(other) not in seen:
                    before = following.get(symbol_key(other))
                    total = weight * link + (before[1] if before else 0.0)
                    following[symbol_key(other)] = other, total, before[2] if before else why
        seen |= following.keys()
        frontier = following
    ordered = sorted(reached.values(), key=lambda f: (f.distance, -f.score, f.module, f.path))
    return modules_of(ordered)[:top_k]


def _note(
    graph: CodeGraph, frontier: Sequence[tuple[SymbolRef, float, str]], distance: int, reached: dict[str, RankedFile]
) -> None:
    """Add up what was reached in this step, file by file; a file that was reached earlier stays what it is."""
    weights: dict[str, list[tuple[float, str]]] = {}
    for ref, weight, why in sorted(frontier, key=lambda f: (-f[1], symbol_key(f[0]))):
        if is_python(ref.path):
            weights.setdefault(ref.path, []).append((weight, why))
    for path, parts in weights.items():
        if path not in reached:
            reasons = tuple(dict.fromkeys(why for _, why in parts))[:3]
            score = round(sum(weight for weight, _ in parts), 4)
            reached[path] = RankedFile(path, graph.module_for_file(path), score, reasons, distance)


def _links(graph: CodeGraph, ref: SymbolRef, options: ModuleOptions) -> Iterator[tuple[SymbolRef, float, str]]:
    """What a symbol is linked to, each link with its weight and name."""
    name = ref.symbol.name
    if ref.symbol.kind == "module":
        yield from _module_links(graph, ref, options)
        return
    for other in graph.callees_of(ref):
        yield other, options.call, f"called by {name}"
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
        yield from _module_links(graph, graph.ref(facts, 0), options)


def _module_links(graph: CodeGraph, ref: SymbolRef, options: ModuleOptions) -> Iterator[tuple[SymbolRef, float, str]]:
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
