"""What answers may use of a build: a fitted adapter that was kept, a memory, and whether they are up to date.

    found = for_answers(graph, source.name, source.digest)
    Adaptation(adapter=found.adapter and str(found.adapter), memory=found.memory and str(found.memory))

Neither Torch nor a tokenizer is needed to know it. The files of a fitted adapter are compared with their hashes (half a millisecond for a
megabyte), so that a damaged one is told before a model is loaded; of a memory only the header is read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..code_graph import CodeGraph
from ..errors import AdapterFileError
from ..graph.parsing.parse import file_kind
from .manifest import ADAPTERS, FITTED, Manifest, SourceFile, Staleness, build_folder, read_built, staleness
from .remembering.store import read_header
from .remembering.sync import MEMORY

_UP_TO_DATE = Staleness()


@dataclass(frozen=True, slots=True)
class ForAnswers:
    """What is built for one repository and one model.

    `folder`: the folder of the build. `adapter`: the file of the fitted adapter, to be applied unscaled (the `scale` at which it was kept
    is already in its numbers); None if there is none, or it was not kept (see `manifest.kept`, `manifest.scores`). `memory`: the file of
    the memory, or None. A stale one can still be used: it only lacks later changes. `problems`: a sentence for each file that cannot be
    used.
    """

    folder: Path
    adapter: Path | None = None
    scale: float = 0.0
    manifest: Manifest | None = None
    adapter_stale: Staleness = _UP_TO_DATE
    memory: Path | None = None
    memory_stale: Staleness = _UP_TO_DATE
    problems: tuple[str, ...] = ()

    @property
    def reading(self) -> tuple[float, float] | None:
        """Mean reciprocal rank of the right place for questions of the repository's own, by the model alone and with the adapter, as far as
        it was measured: an adapter that writes better need not read better."""
        scores = self.manifest.scores if self.manifest is not None and self.adapter is not None else ()
        found = [s["mean_reciprocal_rank"] for s in scores if "mean_reciprocal_rank" in s]
        return (found[0], found[1]) if len(found) == 2 else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user: what cannot be used, and what is out of date."""
        stale = (self.adapter_stale.sentence(command="pathline build --fit"), self.memory_stale.sentence("memory"))
        return (*self.problems, *filter(None, stale))

    def as_dict(self) -> dict[str, Any]:
        manifest = self.manifest
        return {
            "folder": str(self.folder),
            "adapter": str(self.adapter) if self.adapter else None,
            "kept": manifest.kept if manifest is not None else None,
            "scale": self.scale,
            "reading": list(self.reading) if self.reading is not None else None,
            "memory": str(self.memory) if self.memory else None,
            "notes": list(self.notes),
        }


def for_answers(
    graph: CodeGraph, model_name: str, model_digest: str, folder: str | os.PathLike[str] | None = None
) -> ForAnswers:
    """What is built for this repository and this model (`models.sources.resolve` gives name and digest): in the cache, or in `folder` (that
    of `pathline build --out`). Never raises for the contents of the folder."""
    build_path = Path(folder) if folder is not None else build_folder(graph, model_name, model_digest)
    problems: list[str] = []
    adapter, manifest, adapter_stale = _find_adapter(graph, build_path / FITTED, model_digest, problems)
    memory, memory_stale = _find_memory(graph, build_path / MEMORY, problems)
    scale = manifest.scale if manifest is not None and adapter is not None else 0.0
    return ForAnswers(build_path, adapter, scale, manifest, adapter_stale, memory, memory_stale, tuple(problems))


def _find_adapter(
    graph: CodeGraph, folder: Path, digest: str, problems: list[str]
) -> tuple[Path | None, Manifest | None, Staleness]:
    if not folder.exists():
        return None, None, Staleness()
    try:
        built = read_built(folder)
    except AdapterFileError as error:
        problems.append(str(error))
        return None, None, Staleness()
    if built.manifest.model.get("sha256") != digest:
        problems.append(f"The adapter in {folder} is of another model: run `pathline build --fit`.")
        return None, None, Staleness()
    if not built.manifest.kept:
        return None, built.manifest, Staleness()
    # What it was fitted to is Python; another README does not make it stale.
    return folder / ADAPTERS, built.manifest, _only_python(staleness(built.sources, graph))


def _find_memory(graph: CodeGraph, file: Path, problems: list[str]) -> tuple[Path | None, Staleness]:
    if not file.exists():
        return None, Staleness()
    try:
        header = read_header(file)
    except AdapterFileError as error:
        problems.append(str(error))
        return None, Staleness()
    known = zip(header["paths"], header["versions"], strict=True)
    return file, _only_python(staleness([SourceFile(path, version, 0) for path, version in known], graph))


def _only_python(found: Staleness) -> Staleness:
    def python(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path for path in paths if file_kind(path) == "python")

    return Staleness(python(found.changed), python(found.added), python(found.removed))
