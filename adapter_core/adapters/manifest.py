"""The folder of a built adapter: its files, its manifest, and whether it is out of date.

manifest.json    the build: its inputs, options and scores; the SHA-256 of every other file. Written last
sources.jsonl    a line for each file that it was built from: path, sha256, bytes
adapters.npz     the adapter (`files.py`)
embedding.npz    the repository's embedding, with embedding.json (`evidence/repo_embedding.py`)
modules.npz      optional: the bank: an embedding for each module, from which its adapter is generated (`bank.py`, `build.open_bank`)
repository.memory, fitted/
                 not listed in the manifest: the memory (`remembering/sync.py`), which is updated separately, and the fitted adapter, a
                 folder like this one with its own manifest. `available.for_answers` finds both
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..code_graph import CodeGraph
from ..errors import AdapterFileError
from ..models.store import sha256_of
from ..paths import cache_dir
from ..whole_files import whole_file
from .targets import TARGETS, Shape

SCHEMA = 1
MANIFEST, SOURCES, ADAPTERS, MODULES, FITTED = (
    "manifest.json", "sources.jsonl", "adapters.npz", "modules.npz", "fitted",
)  # fmt: skip
_MAX_BYTES = 200_000_000
_MAX_LISTED_PATHS = 3
# Settings and scores may hold whatever their maker writes; these are numbers where they are there.
_COUNTED, _SCORED = ("steps", "tokens"), ("text", "bodies", "general", "mean_reciprocal_rank")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that an adapter was built from."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`kind`: how the adapter was made ("generated" is the null adapter). `fingerprint`: of all its inputs. `model`: the model it is for.
    `generator`: the options of the generator; `settings`: those of the adapter's maker. `priors`, `capacity`: None if not used. `data`:
    counts of its sources. `scores`: its measurements, each with its controls; empty until measured. `kept`: the scores show that it
    helps, so answers use it; `scale`: the scale that was chosen (already applied to the stored numbers; 1 if it was not kept).
    `complete`: the index held all files."""

    kind: str
    fingerprint: str
    model: Mapping[str, Any]
    target_shapes: Mapping[str, Shape]
    rank: int
    alpha: float
    seed: int
    generator: Mapping[str, Any]
    settings: Mapping[str, Any]
    priors: Mapping[str, float] | None
    capacity: Mapping[str, Any] | None
    commit: str | None
    tree: str | None
    versions: Mapping[str, Any]
    data: Mapping[str, Any]
    files: Mapping[str, str]
    scores: Sequence[Mapping[str, Any]] = ()
    kept: bool = False
    scale: float = 1.0
    complete: bool = True
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__}
        shapes = {target: list(shape) for target, shape in self.target_shapes.items()}
        return {
            "schema": SCHEMA,
            **values,
            "targets": list(self.target_shapes),
            "target_shapes": shapes,
            "scores": list(self.scores),
        }


@dataclass(frozen=True, slots=True)
class Staleness:
    """How a repository differs from the files that an adapter was built from: paths."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed)

    def counts(self) -> str:
        """Such as "since then, files 1 changed (a.py), 2 added (b.py, c.py)"; "" if nothing differs."""
        parts = [
            f"{len(paths)} {what} ({', '.join(paths[:_MAX_LISTED_PATHS])}{', …' if len(paths) > _MAX_LISTED_PATHS else ''})"
            for paths, what in ((self.changed, "changed"), (self.added, "added"), (self.removed, "removed"))
            if paths
        ]
        return f"since then, files {', '.join(parts)}" if parts else ""

    def sentence(self, what: str = "adapter", command: str = "pathline build") -> str:
        """A sentence for the user that `what` is out of date, with the command that rebuilds it; "" if nothing differs."""
        return f"The {what} is of an earlier state: {self.counts()}; run `{command}`." if self else ""


@dataclass(frozen=True, slots=True)
class Built:
    """The folder of a build, with its manifest and its sources."""

    folder: Path
    manifest: Manifest
    sources: tuple[SourceFile, ...] = field(default=())


def build_folder(graph: CodeGraph, model_name: str, model_digest: str) -> Path:
    """The folder of a workspace's adapter for a model: in the user's cache, named after the workspace's index."""
    from ..graph.workspace import index_path

    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in model_name)[-60:].lstrip(".") or "model"
    return cache_dir() / "adapters" / index_path(graph.root).parent.name / f"{safe}-{model_digest[:12]}"


def sources_of(graph: CodeGraph) -> tuple[SourceFile, ...]:
    """The files of the index, by path, with the hashes of their bytes when they were read."""
    return tuple(SourceFile(row.path, row.sha256, row.size) for row in graph.store.files())


def staleness(sources: Iterable[SourceFile], graph: CodeGraph) -> Staleness:
    """How the graph's files differ from what an adapter was built from."""
    then = {source.path: source.sha256 for source in sources}
    now = {source.path: source.sha256 for source in sources_of(graph)}
    return Staleness(
        tuple(sorted(path for path in then.keys() & now.keys() if then[path] != now[path])),
        tuple(sorted(now.keys() - then.keys())),
        tuple(sorted(then.keys() - now.keys())),
    )


def read_built(folder: str | os.PathLike[str], verify: bool = True) -> Built:
    """Read the manifest and the sources of a folder; with `verify`, also check the hashes of all files. Raises `AdapterFileError`."""
    place = Path(folder)
    manifest = _read_manifest(place)
    for name, sha256 in manifest.files.items() if verify else ():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise AdapterFileError(f"{place} names a file outside of it: build it anew.")
        if file_sha256(place / name) != sha256:
            raise AdapterFileError(f"{place / name} is not what was built: run `pathline build --rebuild`.")
    try:
        lines = (place / SOURCES).read_text("utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line]
        sources = tuple(SourceFile(str(t["path"]), str(t["sha256"]), int(t["bytes"])) for t in rows)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AdapterFileError(f"{place / SOURCES} cannot be read ({error}): build the adapter anew.") from error
    return Built(place, manifest, sources)


def write_sources(folder: Path, sources: Sequence[SourceFile]) -> None:
    """Raises `OSError`."""
    lines = (
        json.dumps({"path": s.path, "sha256": s.sha256, "bytes": s.bytes}, ensure_ascii=False)
        for s in sorted(sources, key=lambda s: s.path)
    )
    # Names of files may hold what is no text.
    _write(folder / SOURCES, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Raises `OSError`."""
    _write(folder / MANIFEST, (json.dumps(manifest.as_dict(), indent=2, sort_keys=True) + "\n").encode())


def _write(file: Path, data: bytes) -> None:
    """Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as stream:
        stream.write(data)


def file_sha256(file: Path) -> str:
    """ "" where it cannot be read."""
    try:
        return sha256_of(file)
    except OSError:
        return ""


def _read_manifest(place: Path) -> Manifest:
    try:
        with (place / MANIFEST).open("rb") as stream:
            values = json.loads(stream.read(_MAX_BYTES))
        # What comes behind it may be another in another version.
        if values.pop("schema") != SCHEMA:
            raise AdapterFileError(f"{place} was written by another version of Pathline: build the adapter anew.")
        targets = values.pop("targets")
        shapes = {str(t): (int(s[0]), int(s[1])) for t, s in values.pop("target_shapes").items()}
        files = {str(name): str(sha256) for name, sha256 in values.pop("files").items()}
        if set(targets) != set(shapes) or not set(targets) <= set(TARGETS):
            raise ValueError("its targets do not fit their shapes")
        manifest = Manifest(target_shapes={t: shapes[t] for t in targets}, files=files, **values)
        _check_types(manifest)
    except FileNotFoundError as error:
        raise AdapterFileError(f"There is no adapter in {place}: run `pathline build`.") from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise AdapterFileError(f"{place / MANIFEST} cannot be read ({error}): build the adapter anew.") from error
    return manifest


def _check_types(manifest: Manifest) -> None:
    """Raise `ValueError`, `LookupError` or `TypeError` unless all that is read of a manifest is of its type: whoever reads it need not
    look again."""
    expected: dict[Any, tuple[Any, ...]] = {
        str: (manifest.kind, manifest.fingerprint, manifest.reason, manifest.model["name"], manifest.model["sha256"]),
        int: (manifest.rank, manifest.seed, *(manifest.model[n] for n in ("layers", "d_model"))),
        bool: (manifest.kept, manifest.complete),
        dict: (manifest.generator, manifest.settings, manifest.versions, manifest.data, *manifest.scores),
        list: (manifest.scores,),
        (dict, type(None)): (manifest.priors, manifest.capacity),
        (str, type(None)): (manifest.commit, manifest.tree),
    }
    if not all(isinstance(value, kind) for kind, values in expected.items() for value in values):
        raise ValueError("something in it is of another type")
    counts = [manifest.data[name] for name in ("files", "bytes", "modules")]
    counts += [manifest.settings.get(name, 0) for name in _COUNTED]
    numbers = [manifest.alpha, manifest.scale, *(score.get(name, 0) for score in manifest.scores for name in _SCORED)]
    if not all(isinstance(n, int) for n in counts) or not all(
        isinstance(n, (int, float)) and abs(n) < 1e9 for n in numbers
    ):
        raise ValueError("something in it is no number")
