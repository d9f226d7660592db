"""Build the adapter of a repository: its embedding, the adapter made from it, and the manifest that records the inputs.

    python -I -m adapter_core.build path/to/repository            # the same as `pathline build`

    with CodeGraph.load_or_build("path/to/repository") as graph:
        report = build_adapters(graph, find_model())
    report.folder / "adapters.npz"

Ready in seconds, since by default the adapter is the generated one (`adapters/generator.py`): the null model, which is mixed into
nothing by itself. A better one is made by an `AdapterMaker` that takes its place: `build_fitted.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from . import __version__
from .adapters import generator
from .adapters import manifest as build_files
from .adapters.adapter import Adapter
from .adapters.bank import BankEntry, load_embeddings, save_embeddings
from .adapters.capacity import Capacity, entropy_score, scale_capacity
from .adapters.files import SCHEMA, save_npz
from .adapters.manifest import Built, Manifest, SourceFile
from .adapters.options import BuildOptions, GeneratorOptions
from .adapters.priors import kbann_priors
from .adapters.targets import Shape, shapes_from_config
from .adapters.watching import UNWATCHED, Progress, Watcher
from .answers.provenance import provenance_of
from .code_graph import CodeGraph, is_test_path
from .errors import AdapterError, AdapterFileError, Cancelled
from .evidence.embedding import Embedder
from .evidence.feature_cache import FeatureCache, features_version
from .evidence.model_shape import ModelDims, read_config, read_dims
from .evidence.repo_embedding import ARRAYS, DIAGNOSTICS, RepoEmbedding
from .graph.cache.adapters import note_root
from .models.sources import resolve
from .paths import cache_dir

_FEATURES = "features.npz"
_LOCK_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class BuildModel:
    """The model that an adapter is for: its name, `digest` the SHA-256 of its weights ("": unknown), its shape, its `folder` (None:
    only its shape is known)."""

    name: str
    digest: str
    dims: ModelDims
    target_shapes: Mapping[str, Shape]
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """The inputs of an `AdapterMaker`. `priors` are weights of targets ({}: all 1)."""

    graph: CodeGraph
    model: BuildModel
    embedding: RepoEmbedding
    options: GeneratorOptions
    priors: Mapping[str, float]
    watcher: Watcher


@dataclass(frozen=True, slots=True)
class MadeAdapter:
    """`kind` and `settings`: how it was made; `scores`: its measurements, each with its controls; `kept` and `scale`
    as in `Manifest`."""

    adapter: Adapter
    kind: str
    settings: Mapping[str, Any]
    scores: tuple[Mapping[str, Any], ...] = ()
    kept: bool = False
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class AdapterMaker:
    """Makes the adapter of a repository. `key` is part of the fingerprint: an adapter built with another key is rebuilt."""

    key: str
    make: Callable[[BuildInputs], MadeAdapter]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """`reused`: the inputs had not changed, so nothing was built. `seconds` by stage."""

    folder: Path
    manifest: Manifest
    reused: bool
    seconds: Mapping[str, float] = field(default_factory=dict)


def generate_null_adapter(inputs: BuildInputs) -> MadeAdapter:
    """The null adapter: from the embedding alone."""
    options = inputs.options
    model = inputs.model
    if not any(target in options.targets for target in model.target_shapes):
        raise AdapterError(
            f"{model.name} has none of the targets {', '.join(options.targets)}: it has {', '.join(model.target_shapes)}."
        )
    adapter = generator.generate_from_options(
        inputs.embedding.z, model.dims.d_model, model.dims.layers, model.target_shapes, options, inputs.priors
    )
    return MadeAdapter(adapter, "generated", asdict(options))


GENERATED = AdapterMaker(f"generated {generator.VERSION}", generate_null_adapter)


def find_model(model: str | None = None, target_shapes: Mapping[str, Shape] | None = None) -> BuildModel:
    """The model to build for (None: the embedded one), from its configuration alone. `target_shapes` replaces the shapes that
    follow from that. Raises `ModelMissingError`, `ModelFileError`, `AdapterError`."""
    source = resolve(model)
    config = read_config(source.folder / "config.json")
    shapes = target_shapes if target_shapes is not None else shapes_from_config(config)
    return BuildModel(source.name, source.digest, read_dims(config, source.name), dict(shapes), source.folder)


def build_adapters(
    graph: CodeGraph,
    model: BuildModel,
    out: str | os.PathLike[str] | None = None,
    options: BuildOptions | None = None,
    maker: AdapterMaker = GENERATED,
    *,
    rebuild: bool = False,
    watcher: Watcher = UNWATCHED,
) -> BuildReport:
    """Build the adapter of a workspace into its folder in the cache, or into `out`; nothing is built if it is there already, made from
    the same files with the same options, unless `rebuild` is set.

    The same inputs give the same bytes. Raises `AdapterError` (the folder cannot be written, another process is building there, there is
    nothing to build from), `Cancelled`, and what the maker raises.
    """
    options = options or BuildOptions()
    folder = (
        Path(os.path.abspath(out)) if out is not None else build_files.build_folder(graph, model.name, model.digest)
    )
    sources = build_files.sources_of(graph)
    if not sources:
        raise AdapterError(
            "There is nothing to build an adapter from: the repository holds no Python file and no documentation."
        )
    fingerprint = _fingerprint(model, options, maker.key, sources)
    with locked(folder):
        reusable = None if rebuild else _reusable_build(folder, fingerprint)
        if reusable is not None:
            return BuildReport(folder, reusable.manifest, True)
        try:
            return _Build(graph, model, folder, options, maker, sources, fingerprint, watcher).run()
        except OSError as error:
            raise AdapterError(f"A file that the build needs cannot be read or written ({error}).") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A context in which no other process builds in a folder, which is made. Raises `AdapterError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_path(folder))
        lock.acquire(timeout=_LOCK_WAIT_SECONDS)
    except Timeout:
        raise AdapterError(f"Another Pathline process is building in {folder}; try again in a moment.") from None
    except (OSError, NotImplementedError) as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def _unwritable(folder: Path, error: Exception) -> AdapterError:
    return AdapterError(f"The folder {folder} cannot be written ({error}): name another one with --out.")


def _lock_path(folder: Path) -> Path:
    """The lock file of a folder: beside it in the cache, where another process may delete the folder; elsewhere inside it, so that
    nothing is left beside the folder that the user named."""
    if folder.is_relative_to(cache_dir()):
        return folder.with_name(f".{folder.name}.lock")
    return folder / ".lock"


def open_bank(folder: str | os.PathLike[str]) -> list[BankEntry]:
    """The modules of a built folder as a bank: each with the adapter that is generated from its embedding. Raises `AdapterFileError`, also
    if it was built without modules."""
    folder_path = Path(folder)
    manifest = build_files.read_built(folder_path, verify=False).manifest
    if build_files.MODULES not in manifest.files:
        raise AdapterFileError(f"{folder_path} holds no modules: run `pathline build --modules`.")
    try:
        options = GeneratorOptions(**{**manifest.generator, "targets": tuple(manifest.target_shapes)})
        layers, d_model = int(manifest.model["layers"]), int(manifest.model["d_model"])
    except (TypeError, ValueError, KeyError) as error:
        raise AdapterFileError(
            f"{folder_path} was built by another version of Pathline ({error}): build it anew."
        ) from error

    def generate(z: np.ndarray) -> Adapter:
        return generator.generate_from_options(z, d_model, layers, manifest.target_shapes, options, manifest.priors)

    embeddings = load_embeddings(folder_path / build_files.MODULES)
    return [BankEntry(name, z, partial(generate, z)) for name, z in embeddings]


# -- the stages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Build:
    """One build into a folder that this process has locked. The old files stay valid until the last stage, which writes."""

    graph: CodeGraph
    model: BuildModel
    folder: Path
    options: BuildOptions
    maker: AdapterMaker
    sources: tuple[SourceFile, ...]
    fingerprint: str
    watcher: Watcher
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> BuildReport:
        graph, options, progress = self.graph, self.options, self.watcher.progress
        # Beside the folders of all models: features of files do not depend on a model.
        shared = build_files.build_folder(graph, self.model.name, self.model.digest).parent
        with self._stage("embedding"):
            features = FeatureCache.load(shared / _FEATURES)
            embedder = Embedder(
                graph, features=features, progress=lambda d, t, f: progress("embedding", d, t, f), cancel=self.watcher.cancel
            )  # fmt: skip
            embedding = embedder.whole()
        with self._stage("adapter"):
            capacity, generator_options = _capacity(graph, options)
            priors = kbann_priors(embedding, list(self.model.target_shapes)) if options.priors else {}
            inputs = BuildInputs(graph, self.model, embedding, generator_options, priors, self.watcher)
            made = self.maker.make(inputs)
        with self._stage("modules"):
            modules = _module_embeddings(graph, embedder, options.max_modules, progress) if options.modules else []
        with self._stage("writing"):
            try:
                written = self._write(embedding, made, modules)
                with suppress(OSError):  # without it, the next build only takes longer
                    note_root(shared, graph.root)
                    features.save(shared / _FEATURES)
                manifest = self._manifest(inputs, made, capacity, len(modules), written)
                build_files.write_manifest(self.folder, manifest)
            except OSError as error:
                raise _unwritable(self.folder, error) from error
        return BuildReport(self.folder, manifest, False, self.seconds)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        if self.watcher.stopped:
            raise Cancelled("The build was stopped; what was there before is still there.")
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)

    def _write(
        self, embedding: RepoEmbedding, made: MadeAdapter, modules: Sequence[tuple[str, np.ndarray]]
    ) -> list[str]:
        """Everything but the manifest; returns the names of the files."""
        # A folder without a manifest is no adapter: from here on the old one is not used.
        (self.folder / build_files.MANIFEST).unlink(missing_ok=True)
        embedding.save(self.folder)
        save_npz(self.folder / build_files.ADAPTERS, made.adapter, self.options.transport)
        build_files.write_sources(self.folder, self.sources)
        written = [build_files.ADAPTERS, ARRAYS, DIAGNOSTICS, build_files.SOURCES]
        (self.folder / build_files.MODULES).unlink(missing_ok=True)
        if self.options.modules:
            save_embeddings(self.folder / build_files.MODULES, modules)
            written.append(build_files.MODULES)
        return written

    def _manifest(
        self, inputs: BuildInputs, made: MadeAdapter, capacity: Capacity | None, modules: int, written: Sequence[str]
    ) -> Manifest:
        provenance = provenance_of(self.graph.root)
        complete, reason = self.graph.completeness
        return Manifest(
            kind=made.kind,
            fingerprint=self.fingerprint,
            model={"name": self.model.name, "sha256": self.model.digest, **asdict(self.model.dims)},
            target_shapes=_adapter_shapes(made.adapter),
            rank=made.adapter.rank,
            alpha=made.adapter.alpha,
            seed=inputs.options.seed,
            generator=asdict(inputs.options),
            settings=made.settings,
            priors=inputs.priors or None,
            capacity=asdict(capacity) if capacity is not None else None,
            commit=provenance.commit,
            tree=provenance.tree,
            versions=_versions(),
            data={
                "files": len(self.sources),
                "bytes": sum(s.bytes for s in self.sources),
                "sources_sha256": _sources_digest(self.sources),
                "embedding_sha256": inputs.embedding.sha256,
                "modules": modules,
            },
            files={name: build_files.file_sha256(self.folder / name) for name in written},
            scores=made.scores,
            kept=made.kept,
            scale=made.scale,
            complete=complete,
            reason=reason,
        )


def _capacity(graph: CodeGraph, options: BuildOptions) -> tuple[Capacity | None, GeneratorOptions]:
    if not options.capacity.enabled:
        return None, options.generator
    capacity = scale_capacity(entropy_score(graph), options.capacity)
    return capacity, replace(options.generator, rank=capacity.rank)


def _module_embeddings(
    graph: CodeGraph, embedder: Embedder, limit: int, progress: Progress
) -> list[tuple[str, np.ndarray]]:
    """(name, embedding) of each module that is no test, by name; only the `limit` largest if there are more."""
    rows = [row for row in graph.store.files() if row.kind == "python" and not is_test_path(row.path)]
    by_module: dict[str, list[str]] = {}
    symbols: dict[str, int] = {}
    for row in rows:
        name = graph.module_for_file(row.path)
        by_module.setdefault(name, []).append(row.path)
        symbols[name] = symbols.get(name, 0) + row.symbols
    names = sorted(sorted(by_module, key=lambda name: (-symbols[name], name))[:limit])
    embeddings = []
    for number, name in enumerate(names):
        progress("modules", number, len(names), name)
        z = embedder.part(files=by_module[name], linked_tests=False).z
        if z.any():
            embeddings.append((name, z))
    return embeddings


def _reusable_build(folder: Path, fingerprint: str) -> Built | None:
    """The build in the folder if it is complete and has this fingerprint; else None."""
    try:
        built = build_files.read_built(folder)
    except AdapterFileError:
        return None
    return built if built.manifest.fingerprint == fingerprint else None


def _fingerprint(model: BuildModel, options: BuildOptions, key: str, sources: tuple[SourceFile, ...]) -> str:
    inputs = {
        "model": [model.name, model.digest, asdict(model.dims), {t: list(s) for t, s in model.target_shapes.items()}],
        "options": asdict(options),
        "keys": [key],
        "versions": _versions(),
        "sources": _sources_digest(sources),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _versions() -> dict[str, Any]:
    return {
        "pathline": __version__, "files": SCHEMA, "manifest": build_files.SCHEMA, "generator": generator.VERSION,
        "features": features_version(),
    }  # fmt: skip


def _sources_digest(sources: tuple[SourceFile, ...]) -> str:
    lines = "".join(f"{s.sha256}  {s.path}\n" for s in sources)
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()


def _adapter_shapes(adapter: Adapter) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for layer in adapter.layers:
        shapes.update({target: factors.shape for target, factors in layer.items()})
    return shapes


if __name__ == "__main__":
    # The command-line entry point. Nothing else here imports the command line.
    from .cli.build import main

    raise SystemExit(main())
