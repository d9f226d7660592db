"""What an inference read: which files, and which names it asked for. What rests on it stays true until one of these changes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

from ....types import ModuleFacts
from ...memory.recent import Recent
from ..local.facts import Workspace

NAME_BITS = 16_384
_ALL_NAMES = (1 << NAME_BITS) - 1
_MAX_FEW = 96  # numbers that are kept as such; of more the bits take less room
_FEW_PATHS = 4
_MAX_CACHED_NAMES = 2_000


def hash_of(how: str, name: str) -> int:
    """A number of 32 bits for a name used in one way."""
    return zlib.crc32(f"{how} {name}".encode("utf-8", "surrogatepass"))


def bit_of(number: int) -> int:
    """The bit of a name among `Reads.names`, by its hash. Several names share one: then more is taken to be read than was."""
    return 1 << number % NAME_BITS


class Read(NamedTuple):
    """What was read for one result: `few` numbers in order, and those whose bits are set in `many`. A name's number is that of its bit
    (`bit_of`), a file's comes behind all of these."""

    few: tuple[int, ...]
    many: int


NOTHING = Read((), 0)


class Reads:
    """Gathers what is read, result by result. Most results rest on a handful of files and names, and many on the same: equal ones are
    kept once, and the bits of a dear one are shared by what is built on it."""

    def __init__(self, numbers: dict[str, int]) -> None:
        """`numbers` of all paths that may be read."""
        self._numbers = {path: NAME_BITS + number for path, number in numbers.items()}
        self._own: set[int] = set()  # what is read at this moment, by itself
        self._parts: list[Read] = []  # and what was read for parts of it
        self._around: list[tuple[set[int], list[Read]]] = []  # the same for the results around it
        self._names: dict[int, int] = {}  # each number of a name once
        self._many: dict[int, int] = {}
        self._same: dict[int, dict[tuple[int, ...], Read]] = {}  # by the identity of their `many`

    def read(self, path: str) -> None:
        number = self._numbers.get(path)
        if number is not None:
            self._own.add(number)

    def asked(self, how: str, name: str) -> None:
        self._own.add(self._named(hash_of(how, name)))

    def _named(self, number: int) -> int:
        number %= NAME_BITS
        return self._names.setdefault(number, number)

    def add(self, read: Read) -> None:
        """Note what was read for a result when it was worked out."""
        self._parts.append(read)

    def begin(self) -> int:
        """From here on what is read is that of one result. Gives back its depth, for `end`."""
        self._around.append((self._own, self._parts))
        self._own, self._parts = set(), []
        return len(self._around)

    def end(self, depth: int) -> Read:
        """What was read for the result of that depth, also where an exception left some within it unended; it counts for what is around
        it, too."""
        numbers, parts = self._own, self._parts
        while len(self._around) > depth:
            more, more_parts = self._around.pop()
            numbers |= more
            parts += more_parts
        read = self._joined(numbers, parts)
        self._own, self._parts = self._around.pop()
        self._parts.append(read)
        return read

    def start(self) -> None:
        """From here on what is read is that of another question."""
        self._own, self._parts = set(), []
        self._around.clear()

    def of(self, paths: Iterable[str], number: int) -> Read:
        """Some files, and a name by its hash."""
        files = [self._numbers[path] for path in paths if path in self._numbers]
        return self._joined({*files, self._named(number)}, [])

    def _joined(self, numbers: set[int], parts: list[Read]) -> Read:
        """All of these together; `numbers` is used up."""
        distinct = {id(part): part for part in parts}
        if len(distinct) == 1 and numbers.issubset(parts[0].few):
            return parts[0]  # most often what was read for a part of it is all that was read
        many = 0
        for part in distinct.values():
            numbers.update(part.few)
            if part.many and part.many is not many:
                many = many | part.many if many else part.many
        if len(numbers) > _MAX_FEW:
            many |= _bits(numbers)
            numbers = set()
        same = self._same.get(id(many))
        if same is None:
            many = self._many.setdefault(many, many)
            same = self._same.setdefault(id(many), {})
        few = tuple(sorted(numbers))
        return same.get(few) or same.setdefault(few, Read(few, many))

    @property
    def files(self) -> int:
        """The bits of the files, by the numbers of their paths."""
        return self._bits >> NAME_BITS

    @property
    def names(self) -> int:
        """The bits of the names (`bit_of`)."""
        return self._bits & _ALL_NAMES

    @property
    def _bits(self) -> int:
        read = self._joined(set(self._own), self._parts)
        return read.many | _bits(read.few)

    def forget(self) -> None:
        """Equal ones need no longer be kept once."""
        self._same.clear()
        self._many.clear()
        self._names.clear()


def _bits(numbers: Iterable[int]) -> int:
    numbers = list(numbers)
    found = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        found[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(found, "little")


class TracedWorkspace:
    """A workspace that notes what is asked of it."""

    def __init__(self, workspace: Workspace, reads: Reads) -> None:
        self._workspace = workspace
        self._reads = reads
        # Of names that many files use: these files, and the name's own number.
        self._using: Recent[tuple[str, str], Read] = Recent(_MAX_CACHED_NAMES)

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
        paths = self._workspace.paths_using(name, how)
        if len(paths) <= _FEW_PATHS:
            self._reads.asked(how, name)
            for path in paths:
                self._reads.read(path)
            return paths
        key = name, how
        read = self._using.fetch(key)
        if read is None:
            read = self._using[key] = self._reads.of(paths, hash_of(how, name))
        self._reads.add(read)
        return paths

    def python_paths(self) -> list[str]:
        self._reads.asked("paths", "")
        return self._workspace.python_paths()


__all__ = ["NAME_BITS", "NOTHING", "Read", "Reads", "TracedWorkspace", "bit_of", "hash_of"]
