"""What was built for a repository and a model, and whether it is of the files as they are. No array is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..adapters.manifest import ADAPTERS, MANIFEST, SourceFile, Staleness, build_folder, file_sha256, staleness
from ..adapters.memory_store import read
from ..code_graph import CodeGraph
from ..errors import AdapterFileError
from ..graph.source import is_python

FITTED, MEMORY = "fitted", "repository.memory"


@dataclass(frozen=True, slots=True)
class Built:
    """`fitted`: the file of the fitted adapter, where it was kept. `null`: that of the generated one. `memory`: that of the memory. `told`:
    the manifest of the generated one ({} where there is none). `notes`: what cannot be used and what is of an earlier state."""

    folder: Path
    fitted: Path | None = None
    null: Path | None = None
    memory: Path | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    memory_stale: bool = False

    @property
    def layers(self) -> int:
        return int(self.told.get("model", {}).get("layers", 0))


def what_is_built(
    graph: CodeGraph, model_name: str, model_digest: str, folder: Path | None = None, with_null: bool = False
) -> Built:
    """In the cache, or in the folder that `pathline build --out` was given. Never raises for what lies there. `with_null`: it is also noted
    where the null adapter is of an earlier state."""
    place = folder if folder is not None else build_folder(graph, model_name, model_digest)
    notes: list[str] = []
    told = _manifest(place, model_digest, notes)
    fitted_told = _manifest(place / FITTED, model_digest, notes)
    fitted = place / FITTED / ADAPTERS if fitted_told.get("kept") else None
    if fitted is not None:
        _note_stale(graph, "adapter", _sources(place / FITTED, notes), " --fit", notes)
    elif with_null and told:
        _note_stale(graph, "adapter", _sources(place, notes), "", notes)
    null = place / ADAPTERS if told else None
    memory, stale = _memory(graph, place / MEMORY, notes)
    return Built(place, fitted, null, memory, told or fitted_told, tuple(notes), stale)


def _manifest(folder: Path, digest: str, notes: list[str]) -> dict[str, Any]:
    """{} where there is none; or where it cannot be used, and then a note says why."""
    file = folder / MANIFEST
    try:
        told = json.loads(file.read_text("utf-8"))
        if told["model"]["sha256"] != digest:
            notes.append(f"the adapter in {folder} is of another model: run `pathline build`")
            return {}
        if file_sha256(folder / ADAPTERS) != told["files"][ADAPTERS]:
            notes.append(f"{folder / ADAPTERS} is not what was built: run `pathline build --rebuild`")
            return {}
        int(told["model"]["layers"])
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        notes.append(f"{file} cannot be read ({error}): build the adapter anew")
        return {}
    return dict(told)


def _sources(folder: Path, notes: list[str]) -> list[SourceFile]:
    try:
        lines = (folder / "sources.jsonl").read_text("utf-8").split("\n")
        told = [json.loads(line) for line in lines if line]
        return [SourceFile(str(t["path"]), str(t["sha256"]), int(t["bytes"])) for t in told]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        notes.append(f"it is not known what the adapter in {folder} was built from ({error}): build it anew")
        return []


def _memory(graph: CodeGraph, file: Path, notes: list[str]) -> tuple[Path | None, bool]:
    if not file.exists():
        return None, False
    try:
        header, _ = read(file)
        known = [SourceFile(str(p), str(v), 0) for p, v in zip(header["paths"], header["versions"], strict=True)]
    except (AdapterFileError, KeyError, TypeError, ValueError) as error:
        notes.append(str(error) if isinstance(error, AdapterFileError) else f"{file} is damaged: build it anew")
        return None, False
    return file, _note_stale(graph, "memory", known, "", notes)


def _note_stale(graph: CodeGraph, what: str, sources: list[SourceFile], flag: str, notes: list[str]) -> bool:
    """Both are made of Python: another README does not make them stale."""
    found = staleness(sources, graph) if sources else Staleness()
    python = [[p for p in paths if is_python(p)] for paths in (found.changed, found.added, found.removed)]
    parts = [
        f"{len(paths)} {name} ({', '.join(paths[:3])}{', …' if len(paths) > 3 else ''})"
        for paths, name in zip(python, ("changed", "added", "removed"), strict=True)
        if paths
    ]
    if parts:
        notes.append(
            f"the {what} is of an earlier state: since then, files {', '.join(parts)}; run `pathline build{flag}`"
        )
    return bool(parts)
