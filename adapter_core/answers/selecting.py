"""Which modules and files a question is about: what the subgraph's adapter is made of, whose heads are packed, whose path is an example."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..code_graph import CodeGraph
from ..errors import UsageError
from ..evidence.modules import RankedFile, modules_from_symbols, question_aware_modules_and_files
from ..evidence.options import ModuleOptions
from ..evidence.rerank import rerank_modules_and_files
from ..evidence.selection import Found
from ..types import Evidence
from .options import AskOptions


@dataclass(frozen=True, slots=True)
class Selected:
    """Best first. `gains`: for what was reranked, the second look's score as a share of the first's, by path."""

    modules: tuple[RankedFile, ...]
    files: tuple[RankedFile, ...]
    gains: dict[str, float]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)


def select(graph: CodeGraph, question: str, found: Found, options: AskOptions) -> Selected:
    """Raises `UsageError` where files around a zoom symbol are wanted, and there is none."""
    if options.sources.of_sources == "zoom":
        if found.zoom is None:
            raise UsageError("--of-sources zoom looks around a symbol: name it with --zoom.")
        modules = modules_from_symbols(graph, [found.zoom], options.selection.zoom_radius)
        files = list(modules)
    else:
        modules, files = question_aware_modules_and_files(
            graph, question, options=ModuleOptions(path_glob=options.selection.path_glob)
        )
    gains: dict[str, float] = {}
    if options.sources.rerank:
        before = {file.path: file.score for file in (*modules, *files)}
        modules, files = rerank_modules_and_files(graph, question, modules, files)
        gains = {f.path: f.score / before[f.path] for f in (*modules, *files) if before.get(f.path, 0) > 0}
    return Selected(tuple(modules), tuple(files), gains)


def keep_selected(found: Found, selected: Selected) -> Found:
    """What was found in the selected files alone."""
    paths = set(selected.paths)

    def inside(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(item for item in items if item.span.path in paths)

    return replace(
        found,
        evidence=inside(found.evidence),
        passages=inside(found.passages),
        definitions=inside(found.definitions),
    )


def sort_by_gains(found: Found, selected: Selected) -> Found:
    """What was found, in the order of its scores after the second look at its files; a file without one counts as it did."""

    def ordered(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        judged = [replace(e, score=round(e.score * selected.gains.get(e.span.path, 1.0), 4)) for e in items]
        return tuple(sorted(judged, key=lambda e: -e.score))

    return replace(
        found,
        evidence=ordered(found.evidence),
        passages=ordered(found.passages),
        definitions=ordered(found.definitions),
    )
