"""Adaptations on a loaded model, call by call: what the last call put there stays until a call wants something else."""

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

# What was read stays for calls that take turns: one adapter for reading, one for writing.
_ADAPTERS_KEPT, _MEMORIES_KEPT = 4, 2
_MIXING = tuple(inspect.signature(register_hook_mixed_adapters).parameters)[3:]  # after the model and the two adapters

_Read = TypeVar("_Read")


class AdapterServing:
    """`models.serving.Serving` with the adapters and memories of this package.

    Files are known by path, size, time of change and inode: one that was written anew is read anew.
    """

    def __init__(self) -> None:
        self._model: Any = None
        self._tokenizer = ""
        self._mixed: MixedAdapters | None = None
        self._key = ""
        self._adapters = _Files(load_adapters_npz, _ADAPTERS_KEPT)
        self._memories = _Files(self._read_memory, _MEMORIES_KEPT)

    def apply(self, loaded: LoadedModel, adaptation: Adaptation) -> Applied:
        if self._model is not loaded.model:
            self.remove()
            self._model, self._tokenizer = loaded.model, tokenizer_digest(loaded.tokenizer)
        try:
            applied = self._put(adaptation)
            if adaptation.memory is None:
                return applied
            return replace(applied, step=MemoryStep(self._memories.get(adaptation.memory)))
        except BaseException:
            self._take_off()
            raise

    def remove(self) -> None:
        self._take_off()
        self._model = None
        self._adapters.clear()
        self._memories.clear()

    def _put(self, adaptation: Adaptation) -> Applied:
        """Have the weights as wanted. An alpha of 0 isolates the model: not even biases go on, and no file is read."""
        mixing = dict(adaptation.mixing)
        unknown = sorted(set(mixing) - set(_MIXING))
        if unknown:
            raise AdapterError(f"{unknown[0]!r} is no option of mixing adapters: use {', '.join(_MIXING)}.")
        names = (adaptation.adapter, adaptation.sub)
        if not any(names) or mixing.get("alpha_star") == 0:
            self._take_off()
            return Applied()
        mixing["delta_cap"] = delta_cap(mixing.get("delta_cap"))  # that of the environment is part of the key, too
        described = json.dumps([[_identity(name) for name in names], mixing], sort_keys=True)
        key = hashlib.sha256(described.encode("utf-8", "backslashreplace")).hexdigest()
        if self._mixed is None or key != self._key:
            base, sub = (self._adapters.get(name) if name is not None else None for name in names)
            self._take_off()
            self._mixed, self._key = self._mix(base, sub, mixing), key
        return Applied(key, self._mixed.delta_norms, self._mixed.capped)

    def _mix(self, base: Adapter | None, sub: Adapter | None, mixing: dict[str, Any]) -> MixedAdapters:
        try:
            return register_hook_mixed_adapters(self._model, base, sub, **mixing)
        except (ValueError, TypeError, KeyError) as error:
            raise AdapterError(
                f"Adapters cannot be mixed like this ({error}): change the options of mixing."
            ) from error

    def _take_off(self) -> None:
        mixed, self._mixed, self._key = self._mixed, None, ""
        if mixed is not None:
            mixed.remove()

    def _read_memory(self, file: str) -> Memory:
        memory = Memory.load(file, self._tokenizer)
        return unmapped(memory) if os.name == "nt" else memory


def unmapped(memory: Memory) -> Memory:
    """What predicts of a memory, without its file: Windows replaces no file that is mapped, and an update would fail."""
    return Memory(memory.digest, {}, Counts(np.array(memory.counts.keys), np.array(memory.counts.numbers)))


class _Files(Generic[_Read]):
    """The last few files that were read, each as it is on disk now."""

    def __init__(self, read: Callable[[str], _Read], kept: int) -> None:
        self._read, self._count = read, kept
        self._kept: OrderedDict[str, tuple[list[Any], _Read]] = OrderedDict()

    def get(self, file: str) -> _Read:
        identity = _identity(file)
        found = self._kept.pop(file, None)
        if found is None or found[0] != identity:
            found = identity, self._read(file)
        self._kept[file] = found
        while len(self._kept) > self._count:
            self._kept.popitem(last=False)
        return found[1]

    def clear(self) -> None:
        self._kept.clear()


def _identity(file: str | None) -> list[Any]:
    if file is None:
        return []
    path = os.path.abspath(file)
    try:
        status = os.stat(path)
    except OSError:
        return [path]  # reading it says what is wrong
    return [path, status.st_size, status.st_mtime_ns, status.st_ino]
