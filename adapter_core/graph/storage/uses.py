"""How one file uses names: what it calls, decorates with, derives classes from, imports under another name, and accesses attributes of."""

from __future__ import annotations

from collections.abc import Callable

from ...types import ModuleFacts, called_names
from .columns import column

_NO_NAMES = frozenset({"", "self", "cls", "super()", "()", "[]", "*"})


def uses(facts: ModuleFacts) -> dict[str, set[str]]:
    """Names by use: "called", "decorated" and "base" by the last part of what is written, "aliased" by their original name, "asked" as
    `x` in `x.run()` and `m.x.run()`."""
    callees = column(facts.calls, "callee")
    columns = list(zip(callees, column(facts.calls, "form"), column(facts.calls, "start"), strict=True))
    found: dict[str, set[str]] = {"called": set(), "decorated": set()}
    for (_, form, _), name in zip(columns, called_names(columns), strict=True):
        found["decorated" if form == "decorator" else "called"].add(name)
    found["base"] = {base_name(base) for symbol in facts.symbols for base in symbol.bases}
    found["aliased"] = {item.name for item in facts.imports if item.name and item.name != item.alias}
    found["asked"] = {
        part for callee in {callee for callee in callees if "." in callee} for part in callee.split(".")[:-1]
    } - _NO_NAMES
    for names in found.values():
        names.discard("")
    return found


def base_name(text: str) -> str:
    """The name of a base class: `Model` of `orm.Model[int]`, `make_model` of `make_model("users")`."""
    return text.partition("[")[0].partition("(")[0].rpartition(".")[2]


def properties(facts: ModuleFacts, text_of: Callable[[str], str]) -> set[str]:
    """The names of the properties that a file defines, by a decorator or by `x = property(…)`."""
    kinds, names = column(facts.symbols, "kind"), column(facts.symbols, "name")
    found = {name for kind, name in zip(kinds, names, strict=True) if kind == "property"}
    if any(name == "property" for name in column(facts.calls, "callee")):
        text = text_of(facts.path)
        found |= {
            flow.target for flow in facts.flows if flow.kind == "assign" and text.startswith("property", flow.start)
        }
    return found


__all__ = ["base_name", "properties", "uses"]
