"""A model that writes what it is told to, and remembers how it was asked; and a folder with what was built for a repository."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from adapter_core.adapters.manifest import build_folder
from adapter_core.adapters.memory import Memory
from adapter_core.adapters.targets import shapes_from_dims
from adapter_core.build import AdapterMaker, BuildModel, MadeAdapter, build_adapters
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.model_shape import ModelDims
from adapter_core.models.backend import (
    Adaptation,
    Finished,
    GenerationEvent,
    GenerationOptions,
    Message,
    ModelInfo,
    TextChunk,
)
from adapter_core.types import CancelToken
from tests.adapters.models import random_adapter

DIMS = ModelDims(layers=6, d_model=16, heads=4, kv_heads=2, head_dim=4, intermediate=24, vocab=50, model_type="llama")
MODEL = BuildModel("tiny", "ab" * 32, DIMS, shapes_from_dims(DIMS))
INFO = ModelInfo("tiny", "ab" * 32, 2048, "float32", "cpu")


class Writer:
    """`texts`: what it writes, one after the other, the last one again and again. `errors`: what each call raises instead."""

    drafts = False

    def __init__(self, *texts: str, errors: Sequence[Exception | None] = (), norms: Mapping[str, float] | None = None):
        self.texts, self.errors, self.norms = texts or ("",), list(errors), norms or {}
        self.asked: list[str] = []
        self.adaptations: list[Adaptation | None] = []
        self.options: list[GenerationOptions] = []
        self.scored: list[tuple[list[str], str, Adaptation | None]] = []

    def load(self) -> ModelInfo:
        return INFO

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(t.split()) for t in texts]

    def score(
        self,
        context: Sequence[str],
        continuation: str,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> list[float]:
        self.scored.append((list(context), continuation, adaptation))
        return [-1.0 - i / 10 for i in range(len(context))]

    def generate(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Iterator[GenerationEvent]:
        number = len(self.asked)
        self.asked.append(messages[-1].content)
        self.adaptations.append(adaptation)
        self.options.append(options)
        error = self.errors[number] if number < len(self.errors) else None
        if error is not None:
            raise error
        text = self.texts[min(number, len(self.texts) - 1)]
        for start in range(0, len(text), 7):
            if cancel is not None and cancel.is_set():
                yield Finished("cancelled", 10, start // 7, 0.1, 0.1)
                return
            yield TextChunk(text[start : start + 7])
        norms = self.norms if adaptation is not None and adaptation.adapter else {}
        yield Finished("stop", 10, 10, 0.1, 0.1, norms)

    def unload(self) -> None: ...

    def close(self) -> None: ...


def build_null(graph: CodeGraph, folder: Path | None = None, modules: bool = False) -> Path:
    """As `pathline build` does it."""
    from adapter_core.adapters.options import BuildOptions

    return build_adapters(graph, MODEL, folder, BuildOptions(modules=modules)).folder


def build_fitted(graph: CodeGraph, kept: bool = True, reading: Sequence[float] = ()) -> Path:
    """A fitted adapter beside the null one; random numbers stand for what training gives. Returns its file. `reading`: how well the model
    reads without it and with it."""
    folder = build_folder(graph, MODEL.name, MODEL.digest) / "fitted"
    made = MadeAdapter(random_adapter(MODEL.target_shapes, DIMS.layers, rank=8, alpha=16.0), "fitted", {})
    build_adapters(graph, MODEL, folder, maker=AdapterMaker("fitted", lambda inputs: made))
    manifest = folder / "manifest.json"
    scores = [{"condition": f"reading {i}", "mean_reciprocal_rank": value} for i, value in enumerate(reading)]
    manifest.write_text(
        json.dumps({**json.loads(manifest.read_text("utf-8")), "kept": kept, "scores": scores}), "utf-8"
    )
    return folder / "adapters.npz"


def build_memory(graph: CodeGraph) -> Path:
    folder = build_folder(graph, MODEL.name, MODEL.digest)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [row.path for row in graph.store.files() if row.kind == "python"]
    documents = {path: graph.document(path) for path in paths}
    versions = {path: document.sha256 for path, document in documents.items() if document is not None}
    Memory.build({p: np.arange(9) for p in paths}, "tokenizer", versions).save(folder / "repository.memory")
    return folder / "repository.memory"
