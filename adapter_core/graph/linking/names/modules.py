"""Where an import leads: modules, their attributes, re-exports, star imports, namespace packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....types import Import, ModuleFacts
from ...parsing.exports import UNKNOWN_NAMES
from ..local import reaching
from ..results.values import EMPTY, Values, external, module, union

if TYPE_CHECKING:
    from ..inference import Inference
    from ..local.tables import SymbolTable

_MAX_FILES = 60  # in which an attribute of a module may be set


def absolute_module(facts: ModuleFacts, item: Import) -> str:
    """The dotted name of the module that an import names, with its leading dots resolved."""
    if not item.level:
        return item.module
    parts = facts.module.split(".")
    keep = len(parts) - item.level + (1 if _is_package(facts.path) else 0)
    return ".".join([*parts[: max(keep, 0)], *([item.module] if item.module else [])])


def workspace_module(inference: Inference, facts: ModuleFacts, name: str) -> str:
    """The workspace's name of a module that a file imports absolutely: from the source roots, else beside the outermost package around
    the file, as Python finds it for a script, and pytest for a test."""
    if "/" in facts.path and not _exists(inference, name.partition(".")[0]):
        folder = facts.module if _is_package(facts.path) else facts.module.rpartition(".")[0]
        while folder and _in_package(inference, folder):
            folder = folder.rpartition(".")[0]
        if folder and _exists(inference, f"{folder}.{name}"):
            return f"{folder}.{name}"
    return name


def resolved_module(inference: Inference, facts: ModuleFacts, item: Import) -> str:
    """The workspace's name of the module that an import names."""
    name = absolute_module(facts, item)
    return name if item.level else workspace_module(inference, facts, name)


def imported_value(inference: Inference, facts: ModuleFacts, item: Import) -> Values:
    """What an import binds."""
    name = resolved_module(inference, facts, item)
    if item.name is None:
        # `import a.b` binds `a`; `import a.b as c` binds the module itself.
        head = item.module.partition(".")[0]
        bound = name if item.alias != head else name[: len(name) - len(item.module)] + head
        return module_value(inference, bound)
    return attribute(inference, name, item.name)


def module_value(inference: Inference, name: str) -> Values:
    """The module of a dotted name."""
    return frozenset({module(name) if _exists(inference, name) else external(name)})


def imported_modules(inference: Inference, facts: ModuleFacts, item: Import) -> list[tuple[str, bool]]:
    """The modules that an import makes a file depend on, and whether each is in the workspace: `from a import b` means `a.b` where that
    is a module."""
    name = resolved_module(inference, facts, item)
    if item.name and item.name != "*" and inference.workspace.facts_of_module(f"{name}.{item.name}"):
        return [(f"{name}.{item.name}", True)]
    return [(name, _exists(inference, name))] if name else []


def attribute(inference: Inference, name: str, attr: str) -> Values:
    """The attribute `attr` of the module `name`: bound there, re-exported, or a submodule; or an external value."""
    files = inference.workspace.facts_of_module(name) if name else []
    for facts in files:
        table = inference.table(facts.path)
        if table is None:
            continue
        found = inference.infer_binding(table, 0, attr)
        later = from_later_stars(inference, table, attr, 0) if table.stars and found is not None else None
        if later is not None:
            return later
        if found is not None:
            # `from . import x` in a package's own __init__ means the submodule x.
            found = with_assigned_elsewhere(inference, table, attr, found)
            return found or _submodule(inference, name, attr) or assigned_elsewhere(inference, name, attr)
        starred = from_stars(inference, table, attr)
        if starred is not None:
            return starred
    below = _submodule(inference, name, attr)
    if below:
        return below
    if files or not name or _exists(inference, name):
        return assigned_elsewhere(inference, name, attr) or _getattr_result(inference, files, attr) if files else EMPTY
    return frozenset({external(f"{name}.{attr}")})


def attributes_with_prefix(inference: Inference, name: str, prefix: str) -> Values:
    """The functions and classes of a module whose names start with `prefix`."""
    parts: list[Values] = []
    for facts in inference.workspace.facts_of_module(name):
        table = inference.table(facts.path)
        symbols = table.facts.symbols if table is not None else ()
        for symbol_name in dict.fromkeys(
            symbols[i].name for i in (table.members.get(0, ()) if table is not None else ())
        ):
            if symbol_name.startswith(prefix):
                parts.append(attribute(inference, name, symbol_name))
    return union(parts)


def _getattr_result(inference: Inference, files: list[ModuleFacts], attr: str) -> Values:
    """What a module's `__getattr__` returns for a name that the module does not bind."""
    for facts in files:
        table = inference.table(facts.path)
        found = inference.infer_binding(table, 0, "__getattr__") if table and not attr.startswith("__") else None
        if found:
            return inference.getattr_result(found, attr)
    return EMPTY


def from_stars(inference: Inference, table: SymbolTable, name: str) -> Values | None:
    """What the star imports of a file bind a name to: the last one that does, and earlier ones where that one is conditional."""
    parts: list[Values] = []
    for item in reversed(table.stars):
        found = star(inference, table.facts, item, name)
        if found is not None:
            parts.append(found)
            if not item.conditional:
                break
    return union(parts) if parts else None


def from_later_stars(inference: Inference, table: SymbolTable, name: str, line: int) -> Values | None:
    """What a star import binds a name to that stands below all other bindings, and above a line (0: anywhere)."""
    last = max((e.line for e in reaching.bindings_of(table, 0, name).bindings), default=0)
    for item in reversed(table.stars):
        if item.line > last and not item.conditional and (not line or item.line < line):
            found = star(inference, table.facts, item, name)
            if found is not None:
                return found
    return None


def star(inference: Inference, facts: ModuleFacts, item: Import, name: str) -> Values | None:
    """What `from m import *` binds a name to; None where it does not bind it."""
    target = resolved_module(inference, facts, item)
    if name.startswith("__") or not exports(inference, target, name, ()):
        return None
    found = inference.memoize(("star", facts.path, item.line, target, name), lambda: attribute(inference, target, name))
    return found or None


def exports(inference: Inference, target: str, name: str, seen: tuple[str, ...]) -> bool:
    """Whether `from target import *` would import the name, judged by `__all__`; it may still be undefined there. Where the content of
    `__all__` is not known, it is taken to list all public names."""
    if target in seen:
        return False
    files = inference.workspace.facts_of_module(target)
    for facts in files:
        if facts.exports is None:
            return not name.startswith("_")
        if name in facts.exports:
            return True
        is_unknown = UNKNOWN_NAMES in facts.exports_of
        for dotted in facts.exports_of:
            values = inference.infer_text(facts.path, 0, dotted, 0) if dotted != UNKNOWN_NAMES else EMPTY
            inside = [value.path for value in values if value.kind == "module"]
            is_unknown = is_unknown or not inside
            if any(exports(inference, path, name, (*seen, target)) for path in inside):
                return True
        if is_unknown and not name.startswith("_"):
            return True
    return False


def _submodule(inference: Inference, name: str, attr: str) -> Values:
    full = f"{name}.{attr}" if name else attr
    return frozenset({module(full)}) if _exists(inference, full) else EMPTY


def _exists(inference: Inference, module_name: str) -> bool:
    workspace = inference.workspace
    return bool(workspace.facts_of_module(module_name)) or workspace.has_package(module_name)


def _in_package(inference: Inference, folder: str) -> bool:
    return any(_is_package(f.path) for f in inference.workspace.facts_of_module(folder))


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2].startswith("__init__.")


def with_assigned_elsewhere(inference: Inference, table: SymbolTable, name: str, found: Values) -> Values:
    """For a module variable that is a function, also what other files assign to it: `hooks.on_save = log`."""
    for value in found:  # this is called for every name, and most are not functions
        if value.kind not in ("function", "lambda"):
            return found
    if not found or not table.flows.get((0, name)):
        return found
    return found | assigned_elsewhere(inference, table.facts.module, name)


def assigned_elsewhere(inference: Inference, name: str, attr: str) -> Values:
    """What other files assign to an attribute of a module: `settings.handler = function`."""

    def compute() -> Values:
        parts: list[Values] = []
        # Who sets it names the module, too.
        naming = set(inference.workspace.paths_using(name.rpartition(".")[2]))
        paths = [path for path in inference.workspace.paths_using(attr) if path in naming]
        for path in paths if len(paths) <= _MAX_FILES else ():
            table = inference.table(path) if inference.spend(1) else None
            for flow in table.attribute_flows(attr) if table else ():
                head = flow.target.rpartition(".")[0]
                if flow.kind == "assign" and module(name) in inference.infer_text(path, flow.scope, head, flow.line):
                    parts.append(inference.infer_flow(path, flow))
        return union(parts)

    return inference.memoize(("set from outside", name, attr), compute)


__all__ = ["absolute_module", "attribute", "exports", "imported_value", "resolved_module", "star", "workspace_module"]
