"""Whether a class or module surely has nothing of a name."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable

from ..linking.aliases import references
from ..linking.classes import members, mro, outside
from ..linking.classes.attributes import attribute
from ..linking.classes.metaclasses import metaclass
from ..linking.inference import Inference
from ..linking.names import modules
from ..linking.results.values import Value, instance
from ..snapshot.view import WorkspaceView
from ..source import is_test_path
from .dependencies import importers

_MAX_FILES = 200  # that use the name
_ANY_NAME = ("__getattr__", "__getattribute__")
_OF_PROTOCOLS = frozenset({"_is_protocol", "_is_runtime_protocol", "_abc_impl"})
# What makes names up in a module, and in a class.
_DYNAMIC = re.compile(r"\b(?:globals|locals)\(\)|\bsys\.modules\b|\b(?:setattr|exec|vars)\(|\.__dict__\b")
_DYNAMIC_CLASS = re.compile(r"\blocals\(\)|\b(?:exec|vars)\(|\bsetattr\(\s*(?:self|cls)\b|\b(?:self|cls)\.__dict__\b")
# Class decorators that add no names of their own, but for special ones. Any other one may give a class whatever it likes.
_PLAIN_DECORATORS = frozenset(
    "attrs dataclass define deprecated final frozen mutable runtime_checkable s total_ordering unique".split()
)
_MODULE_GETATTR = re.compile(r"^def __getattr__\(.*?(?=^\S|\Z)", re.M | re.S)


def lacks(view: WorkspaceView, inference: Inference, place: tuple[str, int], name: str) -> bool:
    """Whether it is certain that a class (with its bases), its instances, or a module (index 0) have nothing of this name. False where
    something outside the workspace, or code that makes names up, may provide it."""
    if hasattr(object, name) or name in _OF_PROTOCOLS or _is_set_somewhere(view, name):
        return False
    return (
        _class_lacks(inference, Value("class", *place), name)
        if place[1]
        else _module_lacks(view, inference, place[0], name)
    )


def _class_lacks(inference: Inference, cls: Value, name: str) -> bool:
    order = mro.lookup_order(inference, cls)
    if any(members.any_defines(inference, order, special) for special in (name, *_ANY_NAME)):
        return False
    if any(_may_have_outside(base, name) for base in order if base.kind != "class"):
        return False
    if attribute(inference, instance(cls), name) or attribute(inference, cls, name):
        return False
    return all(_own_text_lacks(inference, base, name) for base in order if base.kind == "class")


def _may_have_outside(base: Value, name: str) -> bool:
    if base.path in outside.NOTHING_OF_THEIR_OWN:
        return False
    top, _, builtin = base.path.partition(".")
    return top != "builtins" or hasattr(getattr(builtins, builtin, None), name) or not hasattr(builtins, builtin)


def _own_text_lacks(inference: Inference, cls: Value, name: str) -> bool:
    """Whether a class has only bases that are known, no decorator or metaclass that may make names up, and no code that does, or that
    mentions the name as an attribute of its own or in a string."""
    table = inference.table(cls.path)
    if table is None:
        return False
    symbol = table.facts.symbols[cls.index]
    if not _PLAIN_DECORATORS.issuperset(d.partition("(")[0].rpartition(".")[2] for d in symbol.decorators):
        return False
    for base in symbol.bases:
        values = inference.infer_text(cls.path, max(symbol.parent, 0), base.partition("[")[0], symbol.start)
        # Anything else may be a class that was made by a call.
        if not values or not all(value.kind in ("class", "external") for value in values):
            return False
    if not _metaclass_lacks(inference, metaclass(inference, cls), name):
        return False
    text = _text_of(inference, cls)
    return not _DYNAMIC_CLASS.search(text) and not re.search(rf"\b(?:self|cls)\.{name}\b|[\"']{name}[\"']", text)


def _metaclass_lacks(inference: Inference, meta: Value | None, name: str) -> bool:
    """Whether a metaclass surely adds nothing of this name to its classes."""
    if meta is None or meta.path == "abc.ABCMeta":
        return True
    if meta.kind != "class":
        return False
    text = _text_of(inference, meta)
    return not _DYNAMIC.search(text) and not re.search(rf"\b{name}\b", text)


def _text_of(inference: Inference, cls: Value) -> str:
    table = inference.table(cls.path)
    symbol = table.facts.symbols[cls.index] if table is not None else None
    lines = inference.workspace.text(cls.path).split("\n")
    return "\n".join(lines[symbol.start - 1 : symbol.end]) if symbol is not None else ""


def _module_lacks(view: WorkspaceView, inference: Inference, path: str, name: str) -> bool:
    table = inference.table(path)
    if table is None:
        return False
    facts = table.facts
    module = facts.module
    submodule = f"{module}.{name}"
    # One that is imported and not there may be made when the package is built.
    if view.facts_of_module(submodule) or view.has_package(submodule) or importers(view, inference, submodule):
        return False
    text = view.text(path)
    if table.children.get((0, name)) or table.imports.get((0, name)) or name in facts.symbols[0].local_names:
        return False
    # A module's own `__getattr__` mostly has a table of the names that it provides, and refuses all others.
    provider = _MODULE_GETATTR.search(text)
    if provider is not None and ("AttributeError" not in provider.group() or re.search(rf"\b{name}\b", text)):
        return False
    if any(not view.facts_of_module(modules.absolute_module(facts, item)) for item in table.stars):
        return False
    is_known = references.module_symbols(inference, module, name) or inference.infer_text(path, 0, name, 0)
    return not is_known and not _DYNAMIC.search(text)


def _is_set_somewhere(view: WorkspaceView, name: str) -> bool:
    """Whether the product sets an attribute of this name on an object from outside, or so many files use the name that it is not looked
    up."""
    pattern = re.compile(rf"(?<!\bself)(?<!\bcls)\.{name}\s*(?::[^=\n]+)?=(?!=)|\bsetattr\([^)\n]*[\"']{name}[\"']")
    paths = [path for path in view.paths_with_part(name) if not is_test_path(path)]
    return len(paths) > _MAX_FILES or any(pattern.search(view.text(path)) for path in paths)


def member_names(inference: Inference, place: tuple[str, int]) -> list[str]:
    """The names that a class and its bases define, or a module, the nearest first."""
    classes: Iterable[Value] = (
        mro.lookup_order(inference, Value("class", *place)) if place[1] else [Value("module", *place)]
    )
    names: dict[str, None] = {}
    for owner in classes:
        table = inference.table(owner.path) if owner.kind != "external" else None
        for index in table.members.get(owner.index, ()) if table is not None else ():
            names.setdefault(table.facts.symbols[index].name)  # type: ignore[union-attr]
    return list(names)
