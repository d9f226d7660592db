"""Build the memory of a workspace from its index, update it, and store it in the folder of its adapters."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...code_graph import CodeGraph
from ...errors import AdapterFileError, ModelFileError
from ...models.environment import library_environment
from ...models.sources import missing_libraries
from ...types import CancelToken, check_cancelled
from ..fitting.windows import encode
from ..memory import Memory, tokenizer_digest

MEMORY = "repository.memory"
# Called with the number of files tokenized so far, their total, and the last one's path.
SyncProgress = Callable[[int, int, str], None]
# Between two looks at the cancel token, a tokenizer on two cores needs about a second for this much.
_BATCH_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """A memory and the file that it was loaded from. `read`: the number of files that were tokenized again."""

    memory: Memory
    file: Path
    read: int


def sync_memory(
    graph: CodeGraph,
    tokenizer: Any,
    memory: Memory | None = None,
    cancel: CancelToken | None = None,
    progress: SyncProgress | None = None,
) -> Memory:
    """The memory of the current Python files of `graph`, with unsaved texts. If a `memory` is passed, only files that changed
    are tokenized again, and it is updated in place. Raises `Cancelled`, and then nothing was changed."""
    digest = tokenizer_digest(tokenizer)
    if memory is None or memory.digest != digest:
        memory = Memory.build({}, digest)
    texts, versions = {}, {}
    for path in graph.view.python_paths():
        check_cancelled(cancel)
        document = graph.document(path)
        if document is None:
            continue
        versions[path] = document.sha256
        if memory.versions.get(path) != document.sha256:
            texts[path] = document.text
    changes: dict[str, Any] = {path: None for path in memory.files if path not in versions}
    waiting: list[str] = []
    done = size = 0
    for number, (path, text) in enumerate(texts.items(), 1):
        waiting.append(path)
        size += len(text)
        if size >= _BATCH_CHARACTERS or number == len(texts):
            check_cancelled(cancel)
            changes.update(zip(waiting, encode(tokenizer, [texts[p] for p in waiting]), strict=True))
            done += len(waiting)
            waiting, size = [], 0
            if progress is not None:
                progress(done, len(texts), path)
    if changes:
        memory.change(changes, versions)
    return memory


def stored_memory(
    graph: CodeGraph,
    tokenizer: Any,
    folder: Path,
    cancel: CancelToken | None = None,
    progress: SyncProgress | None = None,
) -> StoredMemory:
    """As `sync_memory`, from and to the file `MEMORY` in `folder` (`manifest.build_folder`); one that cannot be used is replaced.
    Raises `Cancelled` and `OSError`."""
    file = folder / MEMORY
    try:
        stored: Memory | None = Memory.load(file, tokenizer_digest(tokenizer))
    except AdapterFileError:
        stored = None
    old_versions = dict(stored.versions) if stored is not None else {}
    is_valid = stored is not None
    memory = sync_memory(graph, tokenizer, stored, cancel, progress)
    read = sum(old_versions.get(path) != version for path, version in memory.versions.items())
    if is_valid and memory.versions == old_versions:
        return StoredMemory(memory, file, 0)
    folder.mkdir(parents=True, exist_ok=True)
    memory.save(file)
    return StoredMemory(Memory.load(file, memory.digest), file, read)


def load_tokenizer(folder: Path, name: str) -> Any:
    """The tokenizer of the model `name`, without its weights and without Torch. Raises `ModelMissingError` without the libraries and
    `ModelFileError` where there is none in `folder`."""
    for variable, value in library_environment().items():
        os.environ.setdefault(variable, value)
    try:
        import transformers
    except ImportError as error:
        raise missing_libraries() from error
    try:
        return transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except MemoryError:
        raise
    except Exception as error:  # a foreign file can break the loader in any way
        raise ModelFileError(f"There is no tokenizer in {folder} that can be used: {name} gets no memory.") from error
