"""Apply adaptations to a loaded model, call by call: the last one stays applied until a call asks for another."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np

from ..errors import AdapterError
from ..models.backend import Adaptation
from ..models.loading import LoadedModel
from ..models.serving import Applied
from .adapter import Adapter
from .files import load_adapters_npz
from .memory import Memory, tokenizer_digest
from .mixing import MixedAdapters, register_hook_mixed_adapters
from .options import delta_cap
from .remembering.counts import Counts
from .remembering.mixing import MemoryStep

# Loaded files stay cached, since calls may alternate: one adapter for reading, one for writing.
_MAX_ADAPTERS, _MAX_MEMORIES = 4, 2
_MIXING_PARAMETERS = tuple(inspect.signature(register_hook_mixed_adapters).parameters)[
    3:
]  # after the model and the two adapters

_Content = TypeVar("_Content")


class AdapterServing:
    """`models.serving.Serving` with the adapters and memories of this package.

    Files are identified by path, size, modification time and inode: a rewritten file is read again.
    """

    def __init__(self) -> None:
        self._model: Any = None
        self._tokenizer = ""
        self._applied_adapters: MixedAdapters | None = None
        self._key = ""
        self._adapters = _FileCache(load_adapters_npz, _MAX_ADAPTERS)
        self._memories = _FileCache(self._read_memory, _MAX_MEMORIES)

    def apply(self, loaded: LoadedModel, adaptation: Adaptation) -> Applied:
        if self._model is not loaded.model:
            self.remove()
            self._model, self._tokenizer = loaded.model, tokenizer_digest(loaded.tokenizer)
        try:
            applied = self._apply_adapters(adaptation)
            if adaptation.memory is None:
                return applied
            return replace(applied, step=MemoryStep(self._memories.get(adaptation.memory)))
        except BaseException:
            self._remove_adapters()
            raise

    def remove(self) -> None:
        self._remove_adapters()
        self._model = None
        self._adapters.clear()
        self._memories.clear()

    def _apply_adapters(self, adaptation: Adaptation) -> Applied:
        """Apply the adapters of an adaptation. An alpha of 0 leaves the model bare: not even biases are applied, and no file is read."""
        mixing = dict(adaptation.mixing)
        unknown = sorted(set(mixing) - set(_MIXING_PARAMETERS))
        if unknown:
            raise AdapterError(f"{unknown[0]!r} is no option of mixing adapters: use {', '.join(_MIXING_PARAMETERS)}.")
        names = (adaptation.adapter, adaptation.sub)
        if not any(names) or mixing.get("alpha_star") == 0:
            self._remove_adapters()
            return Applied()
        mixing["delta_cap"] = delta_cap(mixing.get("delta_cap"))  # that of the environment is part of the key, too
        described = json.dumps([[_file_identity(name) for name in names], mixing], sort_keys=True)
        key = hashlib.sha256(described.encode("utf-8", "backslashreplace")).hexdigest()
        if self._applied_adapters is None or key != self._key:
            base, sub = (self._adapters.get(name) if name is not None else None for name in names)
            self._remove_adapters()
            self._applied_adapters, self._key = self._mix(base, sub, mixing), key
        return Applied(key, self._applied_adapters.delta_norms, self._applied_adapters.capped)

    def _mix(self, base: Adapter | None, sub: Adapter | None, mixing: dict[str, Any]) -> MixedAdapters:
        try:
            return register_hook_mixed_adapters(self._model, base, sub, **mixing)
        except (ValueError, TypeError, KeyError) as error:
            raise AdapterError(
                f"Adapters cannot be mixed like this ({error}): change the options of mixing."
            ) from error

    def _remove_adapters(self) -> None:
        mixed, self._applied_adapters, self._key = self._applied_adapters, None, ""
        if mixed is not None:
            mixed.remove()

    def _read_memory(self, file: str) -> Memory:
        memory = Memory.load(file, self._tokenizer)
        return unmapped(memory) if os.name == "nt" else memory


def unmapped(memory: Memory) -> Memory:
    """A copy of a memory's counts without its mapped file: Windows cannot replace a mapped file, so an update would fail."""
    return Memory(memory.digest, {}, Counts(np.array(memory.counts.keys), np.array(memory.counts.numbers)))


class _FileCache(Generic[_Content]):
    """A cache of the contents of the last few files; a file that changed on disk is read again."""

    def __init__(self, read: Callable[[str], _Content], max_entries: int) -> None:
        self._read, self._max_entries = read, max_entries
        self._entries: OrderedDict[str, tuple[list[Any], _Content]] = OrderedDict()

    def get(self, file: str) -> _Content:
        identity = _file_identity(file)
        entry = self._entries.pop(file, None)
        if entry is None or entry[0] != identity:
            entry = identity, self._read(file)
        self._entries[file] = entry
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        return entry[1]

    def clear(self) -> None:
        self._entries.clear()


def _file_identity(file: str | None) -> list[Any]:
    if file is None:
        return []
    path = os.path.abspath(file)
    try:
        status = os.stat(path)
    except OSError:
        return [path]  # reading it says what is wrong
    return [path, status.st_size, status.st_mtime_ns, status.st_ino]
