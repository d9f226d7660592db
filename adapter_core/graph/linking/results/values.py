"""Values: what an expression may evaluate to, as far as that can be inferred."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from ...memory.request_cache import on_clear

_MAX_TEXT_HASHES = 60_000
_WITH_TEXTS = ("attributes", "applied")  # have texts within `extra`


class _TextHashes(dict[str, int]):
    """A number for each text: the same in every process, which `hash` of a text is not."""

    def __missing__(self, text: str) -> int:
        if len(self) >= _MAX_TEXT_HASHES:
            self.clear()
        text_hash = self[text] = zlib.crc32(text.encode("utf-8", "surrogatepass"))
        return text_hash


_TEXT_HASHES = _TextHashes()
on_clear(_TEXT_HASHES.clear)


class Value(NamedTuple):
    """One of the things that an expression may be; an expression has a set of them, and the empty set means: not known.

    kind        path          index            extra
    module      dotted name   0                None
    class       file          symbol           None
    instance    file          symbol of class  None
    function    file          symbol           the receiver that it is bound to, or None
    generator   file          symbol           None              what calling a generator function gives
    lambda      file          scope            (start, end)      offsets in the file
    composed    file          scope            (start, end, bases, line)   the class that `type(name, bases, members)` there gives
    object      file          scope            (start, end, bases, line)   an instance of such a class
    display     file          scope            (start, end)      a list, tuple, set or dict, written out or as a comprehension
    super       file          symbol of class  the receiver      members are looked for after that class
    starred     file          symbol           parameter         the tuple of `*args`, the dict of `**kwargs`
    typed       "list", …     0                element values    a container of which only its elements' type is known
                "places"      0                a tuple of values the values of a tuple, place by place
                "callable"    0                result values     something to call
                "future"      0                values            what its `result()` gives
                "entered"     0                values            a context manager that gives these back
    attributes  ""            0                (name, values)…   a `SimpleNamespace`
                "tuple"       0                (name, values)…   a named tuple made by a call, field by field
    namespace   file          scope            None              `globals()`
                ""            0                an instance       its `__dict__`
    property    file          symbol           the getter        what `property(get)` gives
    unbound     file          symbol           (value, whether)  `staticmethod(f)`, or (whether) `classmethod(f)`
    method      its name      0                the container     `items.append`
    partial     file          scope            (value, start, end)   a function with its first arguments given, in the call at these offsets
    external    dotted name   0                None              outside the workspace, or what comes of it; the text of a short string
    other       ""            0                None              beside the rest: something that the text does not tell
    many        ""            0                None              more things than are followed; only where a limit was met

    `by` is the (path, symbol) of a decorated definition whose name leads to this instead: to what its decorators returned.
    """

    kind: str
    path: str
    index: int = 0  # type: ignore[assignment] # tuple.index is never used
    extra: Any = None
    by: tuple[str, int] | None = None

    def __hash__(self) -> int:
        """The order of a set follows its hashes, and decides which values are looked at first where a limit is reached. So the hash must
        be the same in every process, which those of texts and of None are not. Fields are accessed by position because this is called
        more than anything else."""
        text_hash = _TEXT_HASHES[self[1]] + self[2] * 1_000_003
        extra = self[3]
        if extra is not None:
            if type(extra) is str:
                text_hash ^= _TEXT_HASHES[extra]
            elif self[0] not in _WITH_TEXTS:
                text_hash ^= hash(extra) * 3
        return text_hash if self[4] is None else text_hash + self[4][1] * 31


Values = frozenset[Value]
EMPTY: Values = frozenset()
OTHER = Value("other", "")
MANY = Value("many", "")
TUPLE_FACTORY = "collections.namedtuple()"  # the path of a class of named tuples that a call made
_UNKNOWN = ("external", "other", "many")


def module(name: str) -> Value:
    return Value("module", name)


def external(name: str) -> Value:
    # A longer chain on an external value says no more.
    return Value("external", name if len(name) < 120 else name[:120])


def instance(cls: Value) -> Value:
    return Value("instance", cls.path, cls.index)


def class_of(value: Value) -> Value:
    """The class of an instance."""
    return Value("class", value.path, value.index)


def unbound(function: Value) -> Value:
    """A function without its receiver, and without the decorated name that led to it."""
    if function.kind == "function" and function.extra is not None:
        return Value("function", function.path, function.index)
    return function if function.by is None else function._replace(by=None)


def bind_to(functions: Values, receivers: Values) -> Values:
    """Functions as methods of the values of their first parameter."""
    possible = [r for r in receivers if r.kind in ("instance", "class")]
    return frozenset(f._replace(extra=r) for f in functions if f.kind == "function" for r in possible) or functions


def list_of_tuples(parts: list[Values]) -> Values:
    """A list of tuples with these values, position by position."""
    return frozenset({Value("typed", "list", 0, frozenset({Value("typed", "places", 0, tuple(parts))}))})


def workspace_values(values: Values) -> Values:
    """The values that are in the workspace."""
    return frozenset(v for v in values if v.kind not in _UNKNOWN)


def union_of_alternatives(parts: list[Values], is_exhaustive: list[bool]) -> Values:
    """The value of something that may be any of the alternatives. Where some alternatives are unknown, `OTHER` is added; `is_exhaustive`
    says for each one whether no value means none, as with the constant None."""
    found = union(parts)
    if found and not all(part or exhaustive for part, exhaustive in zip(parts, is_exhaustive, strict=True)):
        return found | {OTHER}
    return found


def union(parts: list[Values], limit: int = 400) -> Values:
    """All values of the parts; more than `limit` become `MANY`."""
    if not parts:
        return EMPTY
    if len(parts) == 1:
        return parts[0]
    found = frozenset().union(*parts)
    return found if len(found) <= limit else frozenset({MANY})
