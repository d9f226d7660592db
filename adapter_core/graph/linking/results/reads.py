"""Dependencies of inference results: which files were read, and which names were looked up. A result is valid until one of them changes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

from ....types import ModuleFacts
from ...memory.recent import Recent
from ..local.facts import Workspace

NAME_BITS = 16_384
_ALL_NAMES = (1 << NAME_BITS) - 1
_MAX_FEW = 96  # numbers that are stored as such; for more, bits take less memory
_FEW_PATHS = 4
_MAX_CACHED_NAMES = 2_000


def hash_of(use: str, name: str) -> int:
    """A 32-bit hash of a name and the way it is used."""
    return zlib.crc32(f"{use} {name}".encode("utf-8", "surrogatepass"))


def bit_of(number: int) -> int:
    """The bit of a name in `Reads.names`, by its hash. Names may share a bit, so that a result may seem to depend on more than it does."""
    return 1 << number % NAME_BITS


class Read(NamedTuple):
    """The dependencies of one result: `few` numbers in order, and those whose bits are set in `many`. The number of a name is that of
    its bit (`bit_of`); those of files come after all of these."""

    few: tuple[int, ...]
    many: int


NOTHING = Read((), 0)


class Reads:
    """Collects dependencies, result by result. Most results depend on a handful of files and names, and many on the same: equal ones are
    interned, and the bits of a large one are shared by results that build on it."""

    def __init__(self, numbers: dict[str, int]) -> None:
        """`numbers`: those of all paths that may be read."""
        self._numbers = {path: NAME_BITS + number for path, number in numbers.items()}
        self._numbers_read: set[int] = set()  # what the running evaluation has read itself
        self._partial_reads: list[Read] = []  # and what was read for its parts
        self._enclosing: list[tuple[set[int], list[Read]]] = []  # the same for the results around it
        self._names: dict[int, int] = {}  # each number of a name once
        self._bit_sets: dict[int, int] = {}
        self._interned: dict[int, dict[tuple[int, ...], Read]] = {}  # by the identity of their `many`

    def note_file(self, path: str) -> None:
        number = self._numbers.get(path)
        if number is not None:
            self._numbers_read.add(number)

    def note_name(self, use: str, name: str) -> None:
        self._numbers_read.add(self._name_number(hash_of(use, name)))

    def _name_number(self, number: int) -> int:
        number %= NAME_BITS
        return self._names.setdefault(number, number)

    def add(self, note_file: Read) -> None:
        """Add the dependencies of a cached result."""
        self._partial_reads.append(note_file)

    def begin(self) -> int:
        """Start collecting for one result. Returns its depth, for `end`."""
        self._enclosing.append((self._numbers_read, self._partial_reads))
        self._numbers_read, self._partial_reads = set(), []
        return len(self._enclosing)

    def end(self, depth: int) -> Read:
        """The dependencies of the result at that depth, including unfinished ones within it after an exception. They count for the
        enclosing result, too."""
        numbers, parts = self._numbers_read, self._partial_reads
        while len(self._enclosing) > depth:
            more, more_parts = self._enclosing.pop()
            numbers |= more
            parts += more_parts
        note_file = self._merge(numbers, parts)
        self._numbers_read, self._partial_reads = self._enclosing.pop()
        self._partial_reads.append(note_file)
        return note_file

    def start(self) -> None:
        """Start collecting for a new query."""
        self._numbers_read, self._partial_reads = set(), []
        self._enclosing.clear()

    def of(self, paths: Iterable[str], number: int) -> Read:
        """The dependency on some files, and on a name by its hash."""
        files = [self._numbers[path] for path in paths if path in self._numbers]
        return self._merge({*files, self._name_number(number)}, [])

    def _merge(self, numbers: set[int], parts: list[Read]) -> Read:
        """All of these together; `numbers` is consumed."""
        distinct = {id(part): part for part in parts}
        if len(distinct) == 1 and numbers.issubset(parts[0].few):
            return parts[0]  # often a single part has read everything
        many = 0
        for part in distinct.values():
            numbers.update(part.few)
            if part.many and part.many is not many:
                many = many | part.many if many else part.many
        if len(numbers) > _MAX_FEW:
            many |= _bits(numbers)
            numbers = set()
        same = self._interned.get(id(many))
        if same is None:
            many = self._bit_sets.setdefault(many, many)
            same = self._interned.setdefault(id(many), {})
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
        note_file = self._merge(set(self._numbers_read), self._partial_reads)
        return note_file.many | _bits(note_file.few)

    def forget(self) -> None:
        """Drop the interned dependencies."""
        self._interned.clear()
        self._bit_sets.clear()
        self._names.clear()


def _bits(numbers: Iterable[int]) -> int:
    numbers = list(numbers)
    found = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        found[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(found, "little")


class TracedWorkspace:
    """A workspace that records what is read of it."""

    def __init__(self, workspace: Workspace, reads: Reads) -> None:
        self._workspace = workspace
        self._reads = reads
        # Of names that many files use: these files, and the name's own number.
        self._using_cache: Recent[tuple[str, str], Read] = Recent(_MAX_CACHED_NAMES)

    def facts(self, path: str) -> ModuleFacts | None:
        self._reads.note_file(path)
        return self._workspace.facts(path)

    def text(self, path: str) -> str:
        self._reads.note_file(path)
        return self._workspace.text(path)

    def facts_of_module(self, module: str) -> list[ModuleFacts]:
        self._reads.note_name("module", module)
        found = self._workspace.facts_of_module(module)
        for facts in found:
            self._reads.note_file(facts.path)
        return found

    def has_package(self, module: str) -> bool:
        self._reads.note_name("module", module)
        return self._workspace.has_package(module)

    def paths_using(self, name: str, use: str = "named") -> list[str]:
        paths = self._workspace.paths_using(name, use)
        if len(paths) <= _FEW_PATHS:
            self._reads.note_name(use, name)
            for path in paths:
                self._reads.note_file(path)
            return paths
        key = name, use
        note_file = self._using_cache.fetch(key)
        if note_file is None:
            note_file = self._using_cache[key] = self._reads.of(paths, hash_of(use, name))
        self._reads.add(note_file)
        return paths

    def python_paths(self) -> list[str]:
        self._reads.note_name("paths", "")
        return self._workspace.python_paths()


__all__ = ["NAME_BITS", "NOTHING", "Read", "Reads", "TracedWorkspace", "bit_of", "hash_of"]
