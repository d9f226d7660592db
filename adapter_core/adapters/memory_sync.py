"""The memory of a workspace: made from its index, brought up to date with it, kept in the user's cache."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ..code_graph import CodeGraph
from ..errors import AdapterFileError, Cancelled
from ..paths import cache_dir
from ..types import CancelToken
from .fit_windows import encode
from .memory import Memory, tokenizer_digest


def sync_memory(
    graph: CodeGraph, tokenizer: Any, memory: Memory | None = None, cancel: CancelToken | None = None
) -> Memory:
    """The memory of the Python files of `graph` as they are now, open editors included. Of a `memory` that is given, only what changed
    is read into tokens anew; it is changed in place. Raises `Cancelled`, and then nothing was changed."""
    digest = tokenizer_digest(tokenizer)
    if memory is None or memory.digest != digest:
        memory = Memory.build({}, digest)
    texts, versions = {}, {}
    paths = graph.view.python_paths()
    for path in paths:
        if cancel is not None and cancel.is_set():
            raise Cancelled("Cancelled.")
        document = graph.document(path)
        if document is None:
            continue
        versions[path] = document.sha256
        if memory.versions.get(path) != document.sha256:
            texts[path] = document.text
    changes: dict[str, Any] = {path: None for path in memory.files if path not in versions}
    changes.update(zip(texts, encode(tokenizer, list(texts.values())), strict=True))
    if changes:
        memory.change(changes, versions)
    return memory


def stored_memory(graph: CodeGraph, tokenizer: Any, cancel: CancelToken | None = None) -> Memory:
    """As `sync_memory`, from and to the file in the cache; one that cannot be used is replaced. Raises `Cancelled` and `OSError`."""
    file = memory_file(graph.root, tokenizer)
    try:
        before: Memory | None = Memory.load(file, tokenizer_digest(tokenizer))
    except AdapterFileError:
        before = None
    known = dict(before.versions) if before is not None else None
    memory = sync_memory(graph, tokenizer, before, cancel)
    if memory.versions == known:
        return memory
    file.parent.mkdir(parents=True, exist_ok=True)
    memory.save(file)
    return Memory.load(file, memory.digest)


def memory_file(root: Path, tokenizer: Any) -> Path:
    """Where the memory of a workspace is kept, one for each tokenizer."""
    name = hashlib.sha256(f"{root}\0{tokenizer_digest(tokenizer)}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return cache_dir() / "memories" / f"{name}.memory"
