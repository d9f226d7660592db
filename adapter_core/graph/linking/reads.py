"""What an inference read: which files, and which names it asked for. What rests on it stays true until one of these changes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from ...types import ModuleFacts
from .facts import Workspace

Read = tuple[int, int]  # `Reads.files` and `Reads.names`
NOTHING: Read = (0, 0)
NAME_BITS = 16_384
_FEW = 4


def hash_of(how: str, name: str) -> int:
    """A number of 32 bits for a name used in one way."""
    return zlib.crc32(f"{how} {name}".encode("utf-8", "surrogatepass"))


def bit_of(number: int) -> int:
    """The bit of a name among `Reads.names`, by its hash. Several names share one: then more is taken to be read than was."""
    return 1 << number % NAME_BITS


class Reads:
    """Sets of bits: `files` by the numbers of their paths, `names` by `bit_of`. Equal sets are kept once."""

    def __init__(self, numbers: dict[str, int]) -> None:
        """`numbers` of all paths that may be read."""
        self.files = 0
        self.names = 0
        self._bits = {path: 1 << number for path, number in numbers.items()}
        self._same: dict[int, int] = {}
        self._last = NOTHING

    def read(self, path: str) -> None:
        self.files |= self._bits.get(path, 0)

    def asked(self, how: str, name: str) -> None:
        self.names |= bit_of(hash_of(how, name))

    def files_of(self, paths: Iterable[str]) -> int:
        """The bits of some files."""
        files = 0
        for path in paths:
            files |= self._bits.get(path, 0)
        return files

    def add(self, read: Read) -> None:
        """Note what was read for a result when it was worked out."""
        self.files |= read[0]
        self.names |= read[1]

    def begin(self) -> Read:
        """From here on what is read is that of one result. Gives back what was read before, for `end`."""
        before = self.files, self.names
        self.files = self.names = 0
        return before

    def end(self, before: Read) -> Read:
        """What was read for the result; it counts for what is around it, too."""
        files, names = self.files, self.names
        if (files, names) != self._last:
            # Most often what was read for a part of it is all that was read. To hash so many bits takes longer.
            self._last = self._same.setdefault(files, files), self._same.setdefault(names, names)
        self.files, self.names = before[0] | files, before[1] | names
        return self._last

    def forget(self) -> None:
        """Equal sets need no longer be kept once."""
        self._same.clear()


class TracedWorkspace:
    """A workspace that notes what is asked of it."""

    def __init__(self, workspace: Workspace, reads: Reads) -> None:
        self._workspace = workspace
        self._reads = reads
        # Of names that many files use: these files, their bits, and the name's own number.
        self._using: dict[tuple[str, str], tuple[list[str], int, int]] = {}

    def facts(self, path: str) -> ModuleFacts | None:
        self._reads.read(path)
        return self._workspace.facts(path)

    def text(self, path: str) -> str:
        self._reads.read(path)
        return self._workspace.text(path)

    def facts_of_module(self, module: str) -> list[ModuleFacts]:
        self._reads.asked("module", module)
        found = self._workspace.facts_of_module(module)
        for facts in found:
            self._reads.read(facts.path)
        return found

    def has_package(self, module: str) -> bool:
        self._reads.asked("module", module)
        return self._workspace.has_package(module)

    def paths_using(self, name: str, how: str = "named") -> list[str]:
        known = self._using.get((name, how))
        if known is None:
            paths = self._workspace.paths_using(name, how)
            known = paths, self._reads.files_of(paths), hash_of(how, name)
            if len(paths) > _FEW:
                self._using[name, how] = known
        paths, files, number = known
        self._reads.files |= files
        self._reads.names |= bit_of(number)
        return paths

    def python_paths(self) -> list[str]:
        self._reads.asked("paths", "")
        return self._workspace.python_paths()


__all__ = ["NAME_BITS", "NOTHING", "Read", "Reads", "TracedWorkspace", "bit_of", "hash_of"]
