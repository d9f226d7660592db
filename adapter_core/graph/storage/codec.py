"""`ModuleFacts` to and from bytes, for the store.

    size of the first part
    first part     counts of rows; their columns, as int32; JSON of all strings in them, and of the few other facts of a file
    second part    JSON: one list of the other fields of the symbols: signature, docstring, parameters and the like

Both parts are compressed. The first one holds what tables are searched by, and is decoded at once; the second one what is read of a symbol
after it was found. Rows are created on demand (`columns.Rows`).
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...types import Call, Flow, Import, ModuleFacts, Parameter, Symbol
from ..source import is_python
from .columns import Layout, Make, Rows

_SIZE = struct.Struct("<I")
_COUNTS = struct.Struct("<4I")
_SYMBOL_KINDS = (
    "module", "class", "function", "method", "property", "variable", "constant", "field", "enum_member", "type_alias", "section",
)  # fmt: skip
_FLOW_KINDS = (
    "assign", "annotation", "for", "with", "except", "item", "return", "yield", "yield_from", "lambda", "default", "declared",
)  # fmt: skip
_PARAMETER_KINDS = ("positional", "positional_only", "var_positional", "keyword_only", "var_keyword")
_FORMS = ("", "lambda", "decorator")
_SYMBOL_CODE = {kind: code for code, kind in enumerate(_SYMBOL_KINDS)}
_FLOW_CODE = {kind: code for code, kind in enumerate(_FLOW_KINDS)}
_PARAMETER_CODE = {kind: code for code, kind in enumerate(_PARAMETER_KINDS)}
_FORM_CODE = {form: code for code, form in enumerate(_FORMS)}
# Bits of the columns of flags.
_CONDITIONAL, _ASYNC, _GENERATOR, _TYPING_ONLY = 1, 2, 4, 8

# The tables, in the order in which they stand in the first part.
_SYMBOLS = Layout(
    ("name", "qualname", "kind", "start", "end", "name_line", "name_column", "parent", "flags", "details"),
    frozenset({"name", "qualname"}), {"kind": _SYMBOL_KINDS},
)  # fmt: skip
_IMPORTS = Layout((*Import._fields[:6], "flags"), frozenset({"module", "name", "alias"}))
_CALLS = Layout(Call._fields, frozenset({"callee"}), {"form": _FORMS})
_FLOWS = Layout(Flow._fields, frozenset({"target", "path"}), {"kind": _FLOW_KINDS})
_NAME, _QUALNAME, _PARENT = (_SYMBOLS.fields.index(name) for name in ("name", "qualname", "parent"))
_NO_DETAILS = -1

# `array` has no fixed-width codes; this one is four bytes wherever Python runs.
_INT32 = "i"
assert array(_INT32).itemsize == 4
_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def encode_facts(facts: ModuleFacts) -> bytes:
    """Facts without the path and module: those belong to the place, not to the content."""
    strings: defaultdict[str | None, int] = defaultdict()
    strings.default_factory = strings.__len__
    number = strings.__getitem__
    number(None)
    numbers: list[int] = []
    details: list[str | int | None] = []
    for columns in (
        _symbol_columns(facts.symbols, number, details),
        _import_columns(facts.imports, number),
        _call_columns(facts.calls, number),
        _flow_columns(facts.flows, number),
    ):
        for values in columns:
            numbers.extend(values)
    counts = _COUNTS.pack(len(facts.symbols), len(facts.imports), len(facts.calls), len(facts.flows))
    rest = [
        facts.line_count,
        facts.recovered,
        facts.problems,
        facts.exports,
        facts.exports_of,
        facts.damaged,
        list(strings),
    ]
    packed = array(_INT32, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    first = zlib.compress(b"".join((counts, packed.tobytes(), _json(rest).encode())), 1)
    second = zlib.compress(_json(details).encode(), 1)
    return b"".join((_SIZE.pack(len(first)), first, second))


_Number = Callable[["str | None"], int]
_Columns = Iterable[Iterable[int]]


def _symbol_columns(symbols: Sequence[Symbol], number: _Number, details: list[str | int | None]) -> _Columns:
    rows = []
    for s in symbols:
        details_index = _NO_DETAILS
        if s.signature or s.docstring or s.parameters or s.returns or s.decorators or s.bases or s.local_names:
            details_index = len(details)
            details += (
                s.signature, s.docstring, s.returns, len(s.parameters), len(s.decorators), len(s.bases), len(s.local_names)
            )  # fmt: skip
            for p in s.parameters:
                details += (p.name, _PARAMETER_CODE[p.kind], p.annotation, p.default)
            details += s.decorators
            details += s.bases
            details += s.local_names
        qualname = f"{symbols[s.parent].qualname}.{s.name}" if s.parent > 0 else s.name
        flags = s.conditional * _CONDITIONAL | s.is_async * _ASYNC | s.is_generator * _GENERATOR
        rows.append((
            number(s.name), number(None if s.qualname == qualname else s.qualname), _SYMBOL_CODE[s.kind],
            s.start, s.end, s.name_line, s.name_column, s.parent, flags, details_index,
        ))  # fmt: skip
    return zip(*rows, strict=True)


def _import_columns(imports: Sequence[Import], number: _Number) -> _Columns:
    if not imports:
        return ()
    module, name, alias, level, line, owner, conditional, typing_only = zip(*imports, strict=True)
    flags = [c * _CONDITIONAL | t * _TYPING_ONLY for c, t in zip(conditional, typing_only, strict=True)]
    return map(number, module), map(number, name), map(number, alias), level, line, owner, flags


def _call_columns(calls: Sequence[Call], number: _Number) -> _Columns:
    if not calls:
        return ()
    callee, line, owner, start, end, form = zip(*calls, strict=True)
    return map(number, callee), line, owner, start, end, map(_FORM_CODE.__getitem__, form)


def _flow_columns(flows: Sequence[Flow], number: _Number) -> _Columns:
    if not flows:
        return ()
    kind, owner, scope, target, start, end, line, path, conditional, first, last = zip(*flows, strict=True)
    kinds = map(_FLOW_CODE.__getitem__, kind)
    return kinds, owner, scope, map(number, target), start, end, line, map(number, path), conditional, first, last


def decode_facts(path: str, module: str, data: bytes) -> ModuleFacts:
    """Raises `ValueError` or `TypeError` on damaged data; damage in single rows raises `IndexDamagedError` when they are read."""
    try:
        (size,) = _SIZE.unpack_from(data)
        first = memoryview(zlib.decompress(memoryview(data)[_SIZE.size : _SIZE.size + size]))
        counts = _COUNTS.unpack_from(first)
    except (zlib.error, struct.error) as error:
        raise ValueError(f"damaged facts of {path}") from error
    layouts = (_SYMBOLS, _IMPORTS, _CALLS, _FLOWS)
    bases = [0]
    for count, layout in zip(counts, layouts, strict=True):
        bases.append(bases[-1] + count * len(layout.fields))
    end = _COUNTS.size + bases.pop() * 4
    numbers = array(_INT32)
    numbers.frombytes(first[_COUNTS.size : end])
    if sys.byteorder == "big":
        numbers.byteswap()
    line_count, recovered, problems, exports, exports_of, damaged, texts = json.loads(str(first[end:], "ascii"))
    # The module's own symbol is named for the place: the same content may stand under several paths.
    numbers[_NAME * counts[0]], numbers[_QUALNAME * counts[0]] = len(texts), len(texts) + 1
    texts += [module.rpartition(".")[2] if is_python(path) else module, module]
    # Most names of a file are those of other files, too.
    strings = [text and sys.intern(text) for text in texts]
    detailed = _Symbols(numbers, counts[0], data[_SIZE.size + size :])
    makes: tuple[Make[Any], ...] = (detailed.make, _import, _call, _flow)
    symbols, imports, calls, flows = (
        Rows(layout, numbers, base, count, strings, make, detailed.clear if make == detailed.make else None)
        for layout, base, count, make in zip(layouts, bases, counts, makes, strict=True)
    )
    return ModuleFacts(
        path, module, symbols, imports, calls, flows, line_count, tuple(problems),
        None if exports is None else tuple(exports), tuple(exports_of), recovered,
        tuple([(first, last) for first, last in damaged]),
    )  # fmt: skip


def _import(_: int, numbers: array[int], strings: Sequence[Any]) -> Import:
    module, name, alias, level, line, owner, flags = numbers
    return Import(
        strings[module], strings[name], strings[alias], level, line, owner, bool(flags & _CONDITIONAL), bool(flags & _TYPING_ONLY)
    )  # fmt: skip


def _call(_: int, numbers: array[int], strings: Sequence[Any]) -> Call:
    callee, line, owner, start, end, form = numbers
    return Call(strings[callee], line, owner, start, end, _FORMS[form])


def _flow(_: int, numbers: array[int], strings: Sequence[Any]) -> Flow:
    kind, owner, scope, target, start, end, line, path, conditional, first, last = numbers
    return Flow(
        _FLOW_KINDS[kind], owner, scope, strings[target], start, end, line, strings[path], bool(conditional), first, last
    )  # fmt: skip


class _Symbols:
    """Creates the symbols of one file; decodes the second part of its facts for the first one that has details."""

    __slots__ = ("_count", "_details", "_numbers", "_packed")

    def __init__(self, numbers: array[int], count: int, packed: bytes) -> None:
        self._numbers = numbers
        self._count = count
        self._packed = packed
        self._details: list[Any] = []

    def make(self, index: int, numbers: array[int], strings: Sequence[Any]) -> Symbol:
        name, qualname, kind, start, end, name_line, name_column, parent, flags, details_index = numbers
        known = (
            strings[name], strings[qualname] or self._qualified(index, strings), _SYMBOL_KINDS[kind], start, end,
            name_line, name_column, parent,
        )  # fmt: skip
        marks = bool(flags & _CONDITIONAL), bool(flags & _GENERATOR)
        if details_index == _NO_DETAILS:
            return Symbol(*known, is_async=bool(flags & _ASYNC), conditional=marks[0], is_generator=marks[1])
        details = self._details or self._unpack()
        signature, docstring, returns, parameters, decorators, bases, local_names = details[
            details_index : details_index + 7
        ]
        details_index += 7
        symbol_parameters = []
        for offset in range(details_index, details_index + 4 * parameters, 4):
            parameter, code, annotation, default = details[offset : offset + 4]
            symbol_parameters.append(Parameter(parameter, _PARAMETER_KINDS[code], annotation, default))
        details_index += 4 * parameters
        parts = []
        for count in (decorators, bases, local_names):
            parts.append(tuple(details[details_index : details_index + count]))
            details_index += count
        return Symbol(
            *known, signature, docstring, tuple(symbol_parameters), returns, parts[0], parts[1], bool(flags & _ASYNC), parts[2], *marks
        )  # fmt: skip

    def _unpack(self) -> list[Any]:
        try:
            self._details = json.loads(zlib.decompress(self._packed))
        except zlib.error as error:
            raise ValueError(str(error)) from error
        return self._details

    def clear(self) -> None:
        """Drop the decoded second part."""
        self._details = []

    def _qualified(self, index: int, strings: Sequence[Any]) -> str:
        """The names of a symbol and the enclosing ones, joined: for nearly all symbols the qualified name."""
        numbers, count = self._numbers, self._count
        parts: list[str] = []
        while index > 0:
            stored = strings[numbers[_QUALNAME * count + index]]
            parts.append(stored or strings[numbers[_NAME * count + index]])
            if stored:
                break
            # Enclosing symbols come first.
            index = min(numbers[_PARENT * count + index], index - 1)
        return ".".join(reversed(parts))
