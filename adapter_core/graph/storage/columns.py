"""Tables in columns, whose rows are created on demand.

The facts of a file are read for one name in it more often than as a whole: of a stored table only the rows that are needed become objects.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from .sealed import damaged

R = TypeVar("R")
Make = Callable[[int, "array[int]", Sequence[Any]], R]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table. Their numbers are plain values, except for `texts`, which are indexes into the strings of a file, and
    `codes`, which are indexes into a list of their own."""

    fields: tuple[str, ...]
    texts: frozenset[str]
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Rows(Sequence[R]):
    """A sequence of rows, each created once, by `make(index, numbers, strings)`. Equal to any tuple of equal rows.

    Column n is at `numbers[base + n * size:]`. Raises `IndexDamagedError` where an index is out of range.
    """

    __slots__ = ("_base", "_created", "_layout", "_make", "_numbers", "_on_clear", "_strings")

    def __init__(
        self, layout: Layout, numbers: array[int], base: int, size: int, strings: Sequence[Any], make: Make[R],
        clear: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """`clear` is called with `Rows.clear`."""
        self._layout = layout
        self._numbers = numbers
        self._base = base
        self._strings = strings
        self._make = make
        self._on_clear = clear
        self._created: list[R | None] = [None] * size

    def __len__(self) -> int:
        return len(self._created)

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...

    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        if type(index) is not int and isinstance(index, slice):
            return tuple([self[number] for number in range(*index.indices(len(self._created)))])
        row = self._created[index]
        return self._new(index) if row is None else row

    def __iter__(self) -> Iterator[R]:
        for number, row in enumerate(self._created):
            yield self._new(number) if row is None else row

    def _new(self, index: int) -> R:
        row = self._created[index] = self.transient_row(index)
        return row

    def transient_row(self, index: int) -> R:
        """A row that is created for this once, and not kept."""
        size = len(self._created)
        place = index % size
        first = self._base + place
        try:
            return self._make(
                place, self._numbers[first : first + size * len(self._layout.fields) : size], self._strings
            )
        except (ValueError, TypeError, IndexError) as error:
            raise damaged("rows of facts are lost") from error

    def column(self, name: str) -> Sequence[Any]:
        """One field of all rows, without creating them."""
        layout, size = self._layout, len(self._created)
        first = self._base + layout.fields.index(name) * size
        numbers = self._numbers[first : first + size]
        words = self._strings if name in layout.texts else layout.codes.get(name)
        try:
            return numbers if words is None else [words[number] for number in numbers]
        except IndexError as error:
            raise damaged("rows of facts are lost") from error

    def cell(self, index: int, name: str) -> Any:
        """One field of one row (0 <= index < len), without creating it."""
        layout, size = self._layout, len(self._created)
        number = self._numbers[self._base + layout.fields.index(name) * size + index]
        words = self._strings if name in layout.texts else layout.codes.get(name)
        try:
            return number if words is None else words[number]
        except IndexError as error:
            raise damaged("rows of facts are lost") from error

    def clear(self) -> None:
        """Drop the created rows; they are created again on demand."""
        self._created = [None] * len(self._created)
        if self._on_clear is not None:
            self._on_clear()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Rows, tuple)) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def column(rows: Sequence[Any], name: str) -> Sequence[Any]:
    """One field of all rows of any table."""
    return rows.column(name) if isinstance(rows, Rows) else [getattr(row, name) for row in rows]


def cell(rows: Sequence[Any], index: int, name: str) -> Any:
    """One field of one row of any table."""
    return rows.cell(index, name) if isinstance(rows, Rows) else getattr(rows[index], name)


class Grouped(Generic[R]):
    """The rows of a table by a key, stored as row numbers."""

    __slots__ = ("_numbers", "_rows")

    def __init__(self, rows: Sequence[R], numbers: Mapping[Any, Sequence[int]]) -> None:
        self._rows = rows
        self._numbers = numbers

    def get(self, key: object, default: Sequence[R] = ()) -> Sequence[R]:
        numbers = self._numbers.get(key)
        return default if numbers is None else [self._rows[number] for number in numbers]

    def __contains__(self, key: object) -> bool:
        return key in self._numbers
