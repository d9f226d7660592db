"""What an inference read: which files, and which names it asked for. What rests on it stays true until one of these changes."""

from __future__ import annotations

import zlib

from ...types import ModuleFacts
from .facts import Workspace

NAME_BITS = 16_384


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
        self._numbers = numbers
        self._of: dict[object, tuple[int, int]] = {}
        self._same: dict[int, int] = {}

    def read(self, path: str) -> None:
        number = self._numbers.get(path)
        if number is not None:
            self.files |= 1 << number

    def asked(self, how: str, name: str) -> None:
        self.names |= bit_of(hash_of(how, name))

    def begin(self) -> tuple[int, int]:
        """From here on what is read is that of one result. Gives back what was read before, for `end`."""
        before = self.files, self.names
        self.files = self.names = 0
        return before

    def end(self, key: object, known: bool, before: tuple[int, int]) -> None:
        """Keep what was read for the result under a key; of one that was `known`, take what was read for it then."""
        files, names = self._of.get(key, (0, 0)) if known else (0, 0)
        if self.files or self.names or not known:
            # Worked out now; or known, and then forgotten for want of room before it was looked up.
            files, names = files | self.files, names | self.names
            files, names = self._of[key] = self._same.setdefault(files, files), self._same.setdefault(names, names)
        self.files, self.names = before[0] | files, before[1] | names

    def forget(self) -> None:
        self._of.clear()
        self._same.clear()


class TracedWorkspace:
    """A workspace that notes what is asked of it."""

    def __init__(self, workspace: Workspace, reads: Reads) -> None:
        self._workspace = workspace
        self._reads = reads

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
        self._reads.asked(how, name)
        paths = self._workspace.paths_using(name, how)
        for path in paths:
            self._reads.read(path)
        return paths

    def python_paths(self) -> list[str]:
        self._reads.asked("paths", "")
        return self._workspace.python_paths()


__all__ = ["NAME_BITS", "Reads", "TracedWorkspace", "bit_of", "hash_of"]
