"""What was built for a repository and a model, as an answer may mix it: what `adapters.available` says, and the null adapter beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...adapters.available import for_answers
from ...adapters.manifest import ADAPTERS, MANIFEST, Manifest, read_built, staleness
from ...code_graph import CodeGraph
from ...errors import AdapterFileError


@dataclass(frozen=True, slots=True)
class Built:
    """`fitted`: the file of the fitted adapter, where it was kept. `null`: that of the generated one. `memory`: that of the memory.
    `manifest`: of the generated one, or else of the fitted one. `notes`: what cannot be used and what is of an earlier state."""

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
    """Whether there is a fitted adapter with which the model reads better, by the questions that its build held back."""
    reading = for_answers(graph, model_name, model_digest, folder).reading
    return reading is not None and reading[1] > reading[0]


def what_is_built(
    graph: CodeGraph, model_name: str, model_digest: str, folder: Path | None = None, with_null: bool = False
) -> Built:
    """In the cache, or in the folder that `pathline build --out` was given. Never raises for what lies there. `with_null`: it is also noted
    where the null adapter is of an earlier state."""
    found = for_answers(graph, model_name, model_digest, folder)
    notes = list(found.notes)
    null: Path | None = None
    manifest = found.manifest if found.adapter is not None else None
    if (found.folder / MANIFEST).exists():
        try:
            built = read_built(found.folder)
            if built.manifest.model.get("sha256") != model_digest:
                notes.append(f"The adapter in {found.folder} is of another model: run `pathline build`.")
            else:
                null, manifest = found.folder / ADAPTERS, built.manifest
                if with_null and found.adapter is None:
                    notes += filter(None, [staleness(built.sources, graph).sentence()])
        except AdapterFileError as error:
            notes.append(str(error))
    told = tuple(
        note[0].lower() + note[1:].rstrip(".") if note.startswith("The ") else note.rstrip(".") for note in notes
    )
    return Built(found.folder, found.adapter, null, found.memory, manifest, told, bool(found.memory_stale))
