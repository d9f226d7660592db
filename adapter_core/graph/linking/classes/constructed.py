"""The names of a class, and whether anything instantiates it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...storage.columns import column
from ..local.tables import SymbolTable
from ..results.values import Value
from . import mro

if TYPE_CHECKING:
    from ..inference import Inference

_ERRORS = ("Exception", "Error", "Warning")
_MAX_FILES = 24  # that name an exception


def class_names(inference: Inference, table: SymbolTable, cls: Value, with_factory: bool = True) -> list[str]:
    """The names of a class. One that is defined in a function also goes by the name of that function (`class User(make_model("users"))`;
    `with_factory`), and by the names of its result (`Base = make_model("users")`)."""
    symbol = table.facts.symbols[cls.index]
    own_names = inference.aliases_of_name(symbol.name)
    enclosing = table.facts.symbols[symbol.parent] if symbol.parent > 0 else None
    if enclosing is None or not enclosing.is_callable:
        return own_names
    aliases = [name for _, name in inference.aliases_of(cls)]
    return list(
        dict.fromkeys([*own_names, *(inference.aliases_of_name(enclosing.name) if with_factory else ()), *aliases])
    )


def is_constructed(inference: Inference, cls: Value, or_attribute_used: bool = False) -> bool:
    """Whether anything of the class's name is called, or (`or_attribute_used`) something is called on it, such as a classmethod."""
    table = inference.table(cls.path)
    if table is None:
        return False
    name = table.facts.symbols[cls.index].name
    key = ("constructed", cls.path, cls.index, or_attribute_used)
    return bool(
        inference.memoize(
            key,
            lambda: frozenset(
                {cls}
                if _is_called(inference, name, class_names(inference, table, cls, False), or_attribute_used)
                or _is_raised(inference, cls, name)
                else ()
            ),
        )
    )


def _is_called(inference: Inference, name: str, aliases: list[str], or_attribute_used: bool) -> bool:
    names = [name_or_generic for alias in aliases for name_or_generic in (alias, f"{alias}[]")]
    if any(inference.workspace.paths_using(n, "called") for n in names):
        open_only = set(inference.workspace.paths_using("", "called"))
        for n in names:
            for path in inference.workspace.paths_using(n, "called"):
                table = inference.table(path) if path in open_only else None
                if path not in open_only or (table is not None and n in table.calls):
                    return True
    users = inference.workspace.paths_using(name, "asked") if or_attribute_used else ()
    open_only = set(inference.workspace.paths_using("", "asked")) if users else set()
    for path in users:
        other = inference.table(path) if path in open_only else None
        callees = column(other.facts.calls, "callee") if other is not None else ()
        if path not in open_only or any(name in callee and name in callee.split(".")[:-1] for callee in callees):
            return True
    return False


def is_called_under_alias(inference: Inference, cls: Value) -> bool:
    """Whether a class is called under another name: `kind = KINDS.get(text, Plain)`, `kind()`."""
    for home, name in inference.aliases_of(cls):
        table = inference.table(home) if home else None
        if name in table.calls if table is not None else inference.workspace.paths_using(name, "called"):
            return True
    return False


def _is_raised(inference: Inference, cls: Value, name: str) -> bool:
    """Whether an exception is raised without a call: `raise NotFound`."""
    outside = [c for c in mro.lookup_order(inference, cls) if c.kind == "external"]
    if not any(c.path.endswith(_ERRORS) for c in outside):
        return False
    raised = re.compile(rf"\braise (?:\w+\.)*{name}\b(?!\s*[(.])")
    return any(raised.search(inference.workspace.text(path)) for path in inference.files_using_name(name)[:_MAX_FILES])


def is_method_referenced(inference: Inference, cls: Value, name: str) -> bool:
    """Whether a class method is referenced without being called: `create = Model.create`."""
    table = inference.table(cls.path)
    if table is None:
        return False
    reference = re.compile(rf"\b{table.facts.symbols[cls.index].name}\.{name}\b(?!\s*\()")
    paths = inference.files_using_name(table.facts.symbols[cls.index].name)
    named = set(inference.workspace.paths_using(name))
    return any(reference.search(inference.workspace.text(path)) for path in paths if path in named)


__all__ = ["class_names", "is_called_under_alias", "is_constructed", "is_method_referenced"]
