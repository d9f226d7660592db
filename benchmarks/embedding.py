"""Does the repository embedding describe a repository?

./x bench embedding FOLDER [--modules N]      FOLDER holds checkouts named OWNER+NAME@COMMIT, some of them of one repository

Halves: the Python files of each repository are split at random; is one half nearer to the other one than to those of other repositories?
Versions: is a repository's nearest neighbour another version of it? Modules: is a module nearer to those that it imports, that
import it or that lie in its package than to the others? Each with all views, without one of them, with one alone, and with a
seeded random vector for each part (chance). Centred: the mean of all repositories is taken away first.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from _common import report

from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.evidence.embedding import Embedder, RepoEmbedding
from adapter_core.evidence.factors import VIEWS
from adapter_core.evidence.feature_cache import FeatureCache
from adapter_core.evidence.options import EmbeddingOptions
from adapter_core.evidence.topology import ImportGraph, import_graph
from adapter_core.graph.indexing.sync import SyncOptions

OPTIONS = EmbeddingOptions(include_text=True)
_SPLITS = 5
_DIMS = (256, 512, 1536, 4096)
_MIN_FILES = 12
_BOOTSTRAPS = 2000
Vectors = Callable[[RepoEmbedding], np.ndarray]


@dataclass
class Repository:
    """`halves[i]`: the two halves of split i. `modules`: some of its modules' embeddings, by path."""

    name: str
    whole: RepoEmbedding
    halves: list[tuple[RepoEmbedding, RepoEmbedding]] = field(default_factory=list)
    narrow: dict[int, tuple[RepoEmbedding, RepoEmbedding]] = field(default_factory=dict)
    modules: dict[str, RepoEmbedding] = field(default_factory=dict)
    imports: ImportGraph = field(default_factory=ImportGraph)
    seconds: float = 0.0


def read(folder: Path, split: bool, max_modules: int) -> Repository:
    """Embed a checkout; with `split`, its halves and modules, too."""
    graph = CodeGraph.load_or_build(folder, options=SyncOptions(workers=1))
    features = FeatureCache()
    started = process_time()
    embedder = Embedder(graph, OPTIONS, features)
    found = Repository(name_of(folder), embedder.whole())
    found.seconds = process_time() - started
    paths = graph.view.python_paths()
    if split and len(paths) >= _MIN_FILES:
        for seed in range(_SPLITS):
            found.halves.append(_halves(embedder, paths, seed))
        for dim in _DIMS:
            found.narrow[dim] = _halves(Embedder(graph, replace(OPTIONS, dim=dim), features), paths, 0)
        product = [p for p in paths if not is_test_path(p) and len(graph.defs_in(p)) > 1]
        for path in sorted(random.Random(5).sample(product, min(max_modules, len(product)))):
            found.modules[path] = embedder.part(files=[path], linked_tests=False)
        found.imports = import_graph(graph)
    graph.close()
    return found


def name_of(folder: Path) -> str:
    return folder.name.partition("@")[0].rpartition("+")[2]


def _halves(embedder: Embedder, paths: list[str], seed: int) -> tuple[RepoEmbedding, RepoEmbedding]:
    shuffled = random.Random(seed).sample(paths, len(paths))
    middle = len(paths) // 2
    return (
        embedder.part(files=shuffled[:middle], linked_tests=False),
        embedder.part(files=shuffled[middle:], linked_tests=False),
    )


# -- measures ----------------------------------------------------------------------------------------------------------


def variants() -> Iterator[tuple[str, Vectors]]:
    """All views with their weights, some without, each alone."""
    yield "all views, with text", lambda e: e.z
    yield "all views (the default)", lambda e: e.reweighted({"text": 0.0})
    yield "without mod and top", lambda e: e.reweighted(dict.fromkeys(("text", "mod", "top"), 0.0))
    for view in VIEWS[:-1]:
        yield f"  without {view}", lambda e, view=view: e.reweighted({"text": 0.0, view: 0.0})
    for view in VIEWS:
        yield f"  {view} alone", lambda e, view=view: e.view(view)
    yield "chance: a random vector", _noise


def _noise(embedding: RepoEmbedding) -> np.ndarray:
    return np.random.default_rng(int(embedding.sha256[:12], 16)).standard_normal(embedding.options.dim)


def similarities(first: list[np.ndarray], second: list[np.ndarray], centred: bool = False) -> np.ndarray:
    """Cosines, (len(first), len(second)); `centred`: after subtracting the mean of all vectors."""
    a, b = np.array(first, np.float64), np.array(second, np.float64)
    if centred:
        mean = np.concatenate([a, b]).mean(axis=0)
        a, b = a - mean, b - mean
    norms = [np.maximum(np.linalg.norm(m, axis=1, keepdims=True), 1e-12) for m in (a, b)]
    product: np.ndarray = (a / norms[0]) @ (b / norms[1]).T
    return product


def matching(cosines: np.ndarray) -> dict[str, float]:
    """How well row i finds column i: share found first, mean reciprocal rank, mean rank, AUC, and the mean cosines."""
    own = np.diag(cosines)
    off_diagonal = ~np.eye(len(cosines), dtype=bool)
    # Ties count half, as if they were drawn.
    above = (cosines > own[:, None]).sum(axis=1) + 0.5 * ((cosines == own[:, None]) & off_diagonal).sum(axis=1)
    return {
        "first": float((above < 0.5).mean()),
        "MRR": float((1 / (above + 1)).mean()),
        "mean rank": float((above + 1).mean()),
        "AUC": float(1 - above.mean() / (len(cosines) - 1)),
        "cosine own": float(own.mean()),
        "cosine others": float(cosines[off_diagonal].mean()),
    }


def averaged(tables: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.fmean(t[key] for t in tables) for key in tables[0]}


def halves(repositories: list[Repository]) -> list[dict[str, Any]]:
    rows = []
    for name, vector in [*variants(), ("all views (the default), centred", lambda e: e.reweighted({"text": 0.0}))]:
        tables = []
        for split in range(_SPLITS):
            pairs = [r.halves[split] for r in repositories]
            cosines = similarities([vector(a) for a, _ in pairs], [vector(b) for _, b in pairs], "centred" in name)
            tables.append(averaged([matching(cosines), matching(cosines.T)]))
        rows.append({"task": "halves", "vector": name, **averaged(tables)})
    for dim in _DIMS:
        pairs = [r.narrow[dim] for r in repositories]
        no_text = {"text": 0.0}
        cosines = similarities([a.reweighted(no_text) for a, _ in pairs], [b.reweighted(no_text) for _, b in pairs])
        rows.append({"task": "halves", "vector": f"all views (the default), dim {dim}, one split", **matching(cosines)})
    return rows


def versions(repositories: list[Repository]) -> list[dict[str, Any]]:
    """For each repository with several versions: is the nearest neighbour another version of it, and how near compared to other
    repositories?"""
    rows = []
    vectors = [r.whole.reweighted({"text": 0.0}) for r in repositories]
    cosines = similarities(vectors, vectors)
    np.fill_diagonal(cosines, -2)
    names = [r.name for r in repositories]
    for name in sorted({n for n in names if names.count(n) > 1}):
        same = np.array([n == name for n in names])
        own, foreign = cosines[same][:, same], cosines[same][:, ~same]
        upper = own[np.triu_indices(len(own), 1)]
        rows.append({
            "task": "versions", "vector": name, "count": int(same.sum()),
            "first": float((own.max(axis=1) > foreign.max(axis=1)).mean()),
            "cosine own": float(upper.mean()), "least own": float(upper.min()), "nearest other": float(foreign.max()),
        })  # fmt: skip
    return rows


def spread(repositories: list[Repository]) -> list[dict[str, Any]]:
    """How alike the embeddings of different repositories are: were all nearly one, nothing made from them could differ."""
    rows = []
    unique = list({r.name: r for r in repositories}.values())
    for name, centred in (("all views (the default)", False), ("all views (the default), centred", True)):
        vectors = [r.whole.reweighted({"text": 0.0}) for r in unique]
        cosines = similarities(vectors, vectors, centred)
        upper = cosines[np.triu_indices(len(cosines), 1)]
        rows.append({
            "task": "spread", "vector": name, "count": len(unique), "cosine others": float(upper.mean()),
            "least": float(upper.min()), "most": float(upper.max()),
        })  # fmt: skip
    return rows


def modules(repositories: list[Repository]) -> list[dict[str, Any]]:
    """For each module: are those that belong to it (by import, either way, or by package) nearer than the others?"""
    rows = []
    for name, vector in variants():
        by_repository = [t for r in repositories if (t := _modules_of(r, vector)) is not None]
        row = {"task": "modules", "vector": name, "count": len(by_repository), **averaged(by_repository)}
        aucs = np.array([t["AUC"] for t in by_repository])
        draws = np.random.default_rng(1).integers(0, len(aucs), (_BOOTSTRAPS, len(aucs)))
        rows.append(row | {"AUC error": float(aucs[draws].mean(axis=1).std())})
    return rows


def _modules_of(repository: Repository, vector: Vectors) -> dict[str, float] | None:
    paths = list(repository.modules)
    if len(paths) < _MIN_FILES:
        return None
    belong = np.array([[a != b and _belong(repository.imports, a, b) for b in paths] for a in paths])
    vectors = [vector(e) for e in repository.modules.values()]
    cosines = similarities(vectors, vectors)
    first, chance, aucs = [], [], []
    for i in range(len(paths)):
        other_indices = np.arange(len(paths)) != i
        near = belong[i][other_indices]
        if not near.any() or near.all():
            continue
        scores = cosines[i][other_indices]
        best = scores == scores.max()
        first.append(float(near[best].mean()))
        chance.append(float(near.mean()))
        pairs = scores[near][:, None] - scores[~near][None, :]
        aucs.append(float((pairs > 0).mean() + 0.5 * (pairs == 0).mean()))
    if len(aucs) < _MIN_FILES // 2:
        return None
    return {"first": statistics.fmean(first), "chance": statistics.fmean(chance), "AUC": statistics.fmean(aucs)}


def _belong(imports: ImportGraph, a: str, b: str) -> bool:
    first, second = imports.module_of[a], imports.module_of[b]
    return (
        second in imports.inside[a] or first in imports.inside[b]
        or (a.rpartition("/")[0] == b.rpartition("/")[0] and first.rpartition(".")[0] == second.rpartition(".")[0])
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--modules", type=int, default=80, help="at most so many modules of each repository")
    arguments = parser.parse_args()
    folders = sorted(p for p in arguments.folder.iterdir() if p.is_dir())
    repositories: list[Repository] = []
    for number, folder in enumerate(folders):
        seen = {r.name for r in repositories}
        repositories.append(read(folder, name_of(folder) not in seen, arguments.modules))
        print(f"{number + 1}/{len(folders)} {name_of(folder)}", flush=True)
    split = [r for r in repositories if r.halves]
    rows = [*halves(split), *versions(repositories), *spread(repositories), *modules(split)]
    report("embedding", rows, {
        "repositories": [
            {"name": r.name, "files": r.whole.files, "seconds": round(r.seconds, 2), "non_zeros": int(np.count_nonzero(r.whole.z)),
             "collisions": {v: r.whole.density[v].collisions for v in VIEWS},
             "features": {v: r.whole.density[v].features for v in VIEWS}}
            for r in split
        ],
    })  # fmt: skip


if __name__ == "__main__":
    main()
