"""A repository, or a part of it, as one vector: hashed knowledge factors, each a view of its own, added up with weights.

    embedding = build_repo_embedding("path/to/repository")
    embedding.z                  # float32 (1536,), length 1: the same bytes on every platform for the same files
    embedding.view("calls")      # one of its parts, length 1 (or all zeros where there is nothing to say)

What it describes and how well is measured in docs/evaluation.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..errors import Cancelled
from ..types import CancelToken
from .factors import VIEWS, file_features
from .feature_cache import FeatureCache
from .hashing import Counts, Density, add, count, hashed, unit
from .options import EmbeddingOptions
from .repo_embedding import RepoEmbedding
from .topology import ImportGraph, file_masses, import_graph, link_features, product_files_of_tests, topology_features

# (steps done, steps known so far, path of the current file); a file takes one step for its imports and one for its features.
Progress = Callable[[int, int, str], None]
_DEFAULTS = EmbeddingOptions()


def build_repo_embedding(
    repo_root: str | os.PathLike[str],
    dim: int = _DEFAULTS.dim,
    include_text: bool = _DEFAULTS.include_text,
    text_max_bytes: int = _DEFAULTS.text_max_bytes,
    max_text_tokens: int = _DEFAULTS.max_text_tokens,
    text_weight: float = _DEFAULTS.text_weight,
    calls_weight: float = _DEFAULTS.calls_weight,
    types_weight: float = _DEFAULTS.types_weight,
    tests_weight: float = _DEFAULTS.tests_weight,
    graph_prop_hops: int = _DEFAULTS.graph_prop_hops,
    graph_prop_damp: float = _DEFAULTS.graph_prop_damp,
    ignore: Sequence[str] | None = None,
    *,
    features: FeatureCache | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> RepoEmbedding:
    """The embedding of a whole repository; its index is built or brought up to date first.

    The parameters are those of `EmbeddingOptions`; `ignore` holds further patterns in .gitignore syntax. `features` caches the features of
    files between calls. Raises `RootError`, `IndexStoreError`, `Cancelled`, and `ValueError` for options out of range.
    """
    options = EmbeddingOptions(
        dim=dim, include_text=include_text, text_max_bytes=text_max_bytes, max_text_tokens=max_text_tokens,
        text_weight=text_weight, calls_weight=calls_weight, types_weight=types_weight, tests_weight=tests_weight,
        graph_prop_hops=graph_prop_hops, graph_prop_damp=graph_prop_damp,
    )  # fmt: skip
    with CodeGraph.load_or_build(repo_root, ignore=ignore, cancel=cancel) as graph:
        return Embedder(graph, options, features, progress, cancel).whole()


def build_subgraph_embedding_from_graph(
    g: CodeGraph,
    include_modules: Collection[str] | None = None,
    include_files: Collection[str] | None = None,
    options: EmbeddingOptions | None = None,
    *,
    features: FeatureCache | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> RepoEmbedding:
    """The embedding of part of a graph: of modules (dotted names, each with the modules below it) and of files (relative paths).

    With neither, of all of it. Test files that name one of the files count as its tests. For many parts of one graph, make one
    `Embedder`. Raises `Cancelled`.
    """
    embedder = Embedder(g, options or _DEFAULTS, features, progress, cancel)
    if include_modules is None and include_files is None:
        return embedder.whole()
    return embedder.part(include_modules or (), include_files or ())


class Embedder:
    """Embeds parts of one graph. The links between files are computed once; the features of single files are cached in `features`."""

    def __init__(
        self,
        graph: CodeGraph,
        options: EmbeddingOptions = _DEFAULTS,
        features: FeatureCache | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._graph = graph
        self._options = options
        self._features = features if features is not None else FeatureCache()
        self._progress = progress
        self._cancel = cancel
        self._imports: ImportGraph | None = None
        self._links: dict[str, frozenset[str]] | None = None
        self._done = 0
        self._total = 0

    def whole(self) -> RepoEmbedding:
        return self._embed(self._paths())

    def part(
        self, modules: Collection[str] = (), files: Collection[str] = (), linked_tests: bool = True
    ) -> RepoEmbedding:
        """The embedding of modules (dotted names, each with those below it) and files (relative paths). Unknown ones are ignored.

        `linked_tests`: the test files that name one of these files are added.
        """
        wanted_paths = set(files)
        prefixes = tuple(f"{name}." for name in modules)
        chosen_paths = {
            path for path in self._paths()
            if path in wanted_paths or self._module(path) in modules or self._module(path).startswith(prefixes)
        }  # fmt: skip
        if linked_tests:
            chosen_paths |= {
                test for test, targets in self._test_links().items() if not targets.isdisjoint(chosen_paths)
            }
        return self._embed(sorted(chosen_paths))

    def _embed(self, paths: Sequence[str]) -> RepoEmbedding:
        options = self._options
        self._total += len(paths)
        imports, links = self._import_graph(), self._test_links()
        path_set = set(paths)
        parts: dict[str, list[Counts]] = {view: [] for view in VIEWS}
        for path in paths:
            self._step(path)
            for view, counted in self._file_counts(path).items():
                parts[view].append(counted)
        python = [p for p in paths if p in imports.module_of and not is_test_path(p)]
        mass = file_masses(imports, python, options.graph_prop_hops, options.graph_prop_damp)
        parts["top"].append(count(topology_features(imports, mass)))
        tested_files = {test: links[test] & path_set for test in sorted(path_set & links.keys())}
        parts["tests"].append(count(link_features(tested_files, imports.module_of)))
        return _weighted_sum(parts, len(paths), options)

    def _file_counts(self, path: str) -> Mapping[str, Counts]:
        document = self._graph.document(path)
        if document is None:
            return {}
        return self._features.get(
            path, self._module(path), document.sha256, self._options, lambda: self._compute_counts(path, document.lines)
        )

    def _compute_counts(self, path: str, lines: Sequence[str]) -> dict[str, Counts]:
        facts = self._graph.facts(path)
        if facts is None:
            return {}
        return {view: count(features) for view, features in file_features(facts, lines, self._options).items()}

    def _paths(self) -> list[str]:
        stored = {row.path for row in self._graph.store.files()}
        return sorted(stored | set(self._graph.documents.open_texts))

    def _module(self, path: str) -> str:
        return self._import_graph().module_of.get(path, "")

    def _import_graph(self) -> ImportGraph:
        if self._imports is None:
            self._total += len(self._graph.view.python_paths())
            self._imports = import_graph(self._graph, self._step)
        return self._imports

    def _test_links(self) -> dict[str, frozenset[str]]:
        if self._links is None:
            self._links = product_files_of_tests(self._import_graph())
        return self._links

    def _step(self, path: str) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("The embedding was stopped.")
        if self._progress is not None:
            self._progress(self._done, self._total, path)
        self._done += 1


def _weighted_sum(counts_by_view: Mapping[str, list[Counts]], files: int, options: EmbeddingOptions) -> RepoEmbedding:
    views: dict[str, np.ndarray] = {}
    density: dict[str, Density] = {}
    total = np.zeros(options.dim)
    for view in VIEWS:
        sums, density[view] = hashed(add(counts_by_view[view]), options.dim)
        unit_sums = unit(sums)
        total = total + options.weight(view) * unit_sums
        views[f"z_{view}"] = unit_sums.astype(np.float32)
    return RepoEmbedding(unit(total).astype(np.float32), **views, density=density, files=files, options=options)


__all__ = ["Embedder", "Progress", "RepoEmbedding", "build_repo_embedding", "build_subgraph_embedding_from_graph"]
