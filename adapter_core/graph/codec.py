"""`ModuleFacts` to and from bytes: compressed JSON, positional, for the store."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from ..types import Call, Import, ModuleFacts, Parameter, Symbol
from .source import is_python


def encode_facts(facts: ModuleFacts) -> bytes:
    """Facts without the path and module: those belong to the place, not to the content."""
    value = [
        [_symbol_row(s) for s in facts.symbols],
        [[i.module, i.name, i.alias, i.level, i.line, i.owner] for i in facts.imports],
        [[c.callee, c.line, c.owner, c.deferred] for c in facts.calls],
        facts.line_count,
        facts.problems,
    ]
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def decode_facts(path: str, module: str, data: bytes) -> ModuleFacts:
    """Raises `ValueError` or `TypeError` on damaged data."""
    try:
        symbols, imports, calls, line_count, problems = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"damaged facts of {path}") from error
    # The module's own symbol is named for the place: the same content may stand under several paths.
    symbols[0][:2] = [module.rpartition(".")[2] if is_python(path) else module, module]
    rows: Iterable[list[Any]] = symbols
    return ModuleFacts(
        path,
        module,
        tuple(_symbol(row) for row in rows),
        tuple(Import(*row) for row in imports),
        tuple(Call(*row) for row in calls),
        line_count,
        tuple(problems),
    )


def _symbol_row(s: Symbol) -> list[Any]:
    return [
        s.name, s.qualname, s.kind, s.start, s.end, s.name_line, s.name_column, s.parent, s.signature, s.docstring,
        [(p.name, p.kind, p.annotation, p.default) for p in s.parameters], s.returns, s.decorators, s.bases, s.is_async, s.local_names,
    ]  # fmt: skip


def _symbol(row: list[Any]) -> Symbol:
    values = list(row)
    values[10] = tuple(Parameter(*p) for p in values[10])
    for place in (12, 13, 15):
        values[place] = tuple(values[place])
    return Symbol(*values)
