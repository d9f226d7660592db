"""The adapters and the memory that were built for a repository and a model: those of `adapters.available`, and the null adapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...adapters.available import for_answers
from ...adapters.manifest import ADAPTERS, MANIFEST, Manifest, read_built, staleness
from ...code_graph import CodeGraph
from ...errors import AdapterFileError


@dataclass(frozen=True, slots=True)
class BuiltAdapters:
    """`fitted`: the file of the fitted adapter, if it was kept; `null`: of the generated adapter; `memory`: of the memory. `manifest`: that
    of the generated adapter, or else of the fitted one. `notes`: what is unusable or stale, as sentences."""

    folder: Path
    fitted: Path | None = None
    null: Path | None = None
    memory: Path | None = None
    manifest: Manifest | None = None
    notes: tuple[str, ...] = ()
    memory_stale: bool = False

    @property
    def layers(self) -> int:
        return int(self.manifest.model["layers"]) if self.manifest is not None else 0


def reads_better(graph: CodeGraph, model_name: str, model_digest: str, folder: Path | None = None) -> bool:
    """Whether there is a fitted adapter with which the model reads better, as measured on the held-out questions of its build."""
    reading = for_answers(graph, model_name, model_digest, folder).reading
    return reading is not None and reading[1] > reading[0]


def find_built_adapters(
    graph: CodeGraph, model_name: str, model_digest: str, folder: Path | None = None, with_null: bool = False
) -> BuiltAdapters:
    """What was built, in the cache or in a folder of `pathline build --out`. Damaged files are noted and never raise. `with_null`: note a
    stale null adapter, too."""
    available = for_answers(graph, model_name, model_digest, folder)
    notes = list(available.notes)
    null: Path | None = None
    manifest = available.manifest if available.adapter is not None else None
    if (available.folder / MANIFEST).exists():
        try:
            built = read_built(available.folder)
            if built.manifest.model.get("sha256") != model_digest:
                notes.append(f"The adapter in {available.folder} is of another model: run `pathline build`.")
            else:
                null, manifest = available.folder / ADAPTERS, built.manifest
                if with_null and available.adapter is None:
                    notes += filter(None, [staleness(built.sources, graph).sentence()])
        except AdapterFileError as error:
            notes.append(str(error))
    note_texts = tuple(
        note[0].lower() + note[1:].rstrip(".") if note.startswith("The ") else note.rstrip(".") for note in notes
    )
    return BuiltAdapters(
        available.folder, available.adapter, null, available.memory, manifest, note_texts, bool(available.memory_stale)
    )
