"""Selects the modules and files that a question is about, for the subgraph's adapter, the packing of file heads, and the example path."""

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
    """The selected modules and files, best first. `gains`: for reranked files, the new score divided by the old one, by path."""

    modules: tuple[RankedFile, ...]
    files: tuple[RankedFile, ...]
    gains: dict[str, float]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)


def select(graph: CodeGraph, question: str, found: Found, options: AskOptions) -> Selected:
    """The modules and files for a question. Raises `UsageError` if files around a zoom symbol are wanted and there is none."""
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
        scores = {file.path: file.score for file in (*modules, *files)}
        modules, files = rerank_modules_and_files(graph, question, modules, files)
        gains = {f.path: f.score / scores[f.path] for f in (*modules, *files) if scores.get(f.path, 0) > 0}
    return Selected(tuple(modules), tuple(files), gains)


def keep_selected(found: Found, selected: Selected) -> Found:
    """The search results in the selected files only."""
    paths = set(selected.paths)

    def in_selected_files(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(item for item in items if item.span.path in paths)

    return replace(
        found,
        evidence=in_selected_files(found.evidence),
        passages=in_selected_files(found.passages),
        definitions=in_selected_files(found.definitions),
    )


def sort_by_gains(found: Found, selected: Selected) -> Found:
    """The search results sorted by score times the gain of their file (1 for files that were not reranked)."""

    def ordered(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        rescored = [replace(e, score=round(e.score * selected.gains.get(e.span.path, 1.0), 4)) for e in items]
        return tuple(sorted(rescored, key=lambda e: -e.score))

    return replace(
        found,
        evidence=ordered(found.evidence),
        passages=ordered(found.passages),
        definitions=ordered(found.definitions),
    )
