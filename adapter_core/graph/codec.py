"""`ModuleFacts` to and from bytes, for the store: positional JSON for what is text, arrays of int32 for what is numbers, compressed."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from itertools import chain
from typing import Any

from ..types import Call, Flow, Import, ModuleFacts, Parameter, Symbol
from .source import is_python

_HEAD = struct.Struct("<I")
_SYMBOL_KINDS = (
    "module", "class", "function", "method", "property", "variable", "constant", "field", "enum_member", "type_alias", "section",
)  # fmt: skip
_FLOW_KINDS = (
    "assign", "annotation", "for", "with", "except", "item", "return", "yield", "yield_from", "lambda", "default", "declared",
)  # fmt: skip
_SYMBOL_CODE = {kind: code for code, kind in enumerate(_SYMBOL_KINDS)}
_FLOW_CODE = {kind: code for code, kind in enumerate(_FLOW_KINDS)}
_FORMS = ("", "lambda", "decorator")
_FORM_CODE = {form: code for code, form in enumerate(_FORMS)}
_CALL_NUMBERS = 5
_FLOW_NUMBERS = 9
# `array` has no fixed-width codes; this one is four bytes wherever Python runs.
_INT32 = "i"
assert array(_INT32).itemsize == 4


def encode_facts(facts: ModuleFacts) -> bytes:
    """Facts without the path and module: those belong to the place, not to the content."""
    texts = [
        [_symbol_row(s) for s in facts.symbols],
        facts.imports,
        [c.callee for c in facts.calls],
        [f.target for f in facts.flows],
        {n: f.path for n, f in enumerate(facts.flows) if f.path},
        facts.line_count,
        facts.problems,
        facts.exports,
        facts.exports_of,
        facts.recovered,
        facts.damaged,
    ]
    form = _FORM_CODE
    numbers = array(_INT32, chain.from_iterable([(*c[1:5], form[c.form]) for c in facts.calls]))
    code = _FLOW_CODE
    numbers.extend(
        chain.from_iterable(
            [
                (code[f.kind], f.owner, f.scope, f.start, f.end, f.line, f.conditional, f.first, f.last)
                for f in facts.flows
            ]
        )
    )
    if sys.byteorder == "big":
        numbers.byteswap()
    head = json.dumps(texts, separators=(",", ":")).encode()
    return zlib.compress(_HEAD.pack(len(head)) + head + numbers.tobytes(), 1)


def decode_facts(path: str, module: str, data: bytes) -> ModuleFacts:
    """Raises `ValueError` or `TypeError` on damaged data."""
    try:
        body = zlib.decompress(data)
        (size,) = _HEAD.unpack_from(body)
    except (zlib.error, struct.error) as error:
        raise ValueError(f"damaged facts of {path}") from error
    start = _HEAD.size
    symbols, imports, callees, targets, paths, line_count, problems, exports, exports_of, recovered, damaged = (
        json.loads(body[start : start + size])
    )
    numbers = array(_INT32)
    numbers.frombytes(body[start + size :])
    if sys.byteorder == "big":
        numbers.byteswap()
    values = numbers.tolist()
    # The module's own symbol is named for the place: the same content may stand under several paths.
    symbols[0][:2] = [module.rpartition(".")[2] if is_python(path) else module, module]
    split = len(callees) * _CALL_NUMBERS
    return ModuleFacts(
        path,
        module,
        tuple([_symbol(row) for row in symbols]),
        tuple([Import(*row) for row in imports]),
        tuple(_calls(callees, values[:split])),
        tuple(_flows(targets, paths, values[split:])),
        line_count,
        tuple(problems),
        None if exports is None else tuple(exports),
        tuple(exports_of),
        recovered,
        tuple([(first, last) for first, last in damaged]),
    )


def _calls(callees: list[str], values: list[int]) -> list[Call]:
    columns = [values[n::_CALL_NUMBERS] for n in range(_CALL_NUMBERS)]
    line, owner, start, end, form = columns
    return list(map(Call, callees, line, owner, start, end, [_FORMS[code] for code in form]))


def _flows(targets: list[str], paths: dict[str, str], values: list[int]) -> list[Flow]:
    kind, owner, scope, start, end, line, conditional, first, last = (
        values[n::_FLOW_NUMBERS] for n in range(_FLOW_NUMBERS)
    )
    path = [""] * len(targets)
    for number, text in paths.items():
        path[int(number)] = text
    kinds = [_FLOW_KINDS[code] for code in kind]
    return list(map(Flow, kinds, owner, scope, targets, start, end, line, path, map(bool, conditional), first, last))


def _symbol_row(s: Symbol) -> list[Any]:
    return [
        s.name, s.qualname, _SYMBOL_CODE[s.kind], s.start, s.end, s.name_line, s.name_column, s.parent, s.signature, s.docstring,
        [(p.name, p.kind, p.annotation, p.default) for p in s.parameters], s.returns, s.decorators, s.bases, s.is_async,
        s.local_names, s.conditional, s.is_generator,
    ]  # fmt: skip


def _symbol(row: list[Any]) -> Symbol:
    name, qualname, kind, *places, parameters, returns, decorators, bases, is_async, local_names, conditional, gen = row
    start, end, name_line, name_column, parent, signature, docstring = places
    return Symbol(
        name, qualname, _SYMBOL_KINDS[kind], start, end, name_line, name_column, parent, signature, docstring,
        tuple([Parameter(*p) for p in parameters]) if parameters else (),
        returns, tuple(decorators), tuple(bases), is_async, tuple(local_names), conditional, gen,
    )  # fmt: skip
