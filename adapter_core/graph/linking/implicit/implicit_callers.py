"""Implicit callers of special methods and properties: `targets.py`, in reverse.

Nothing of this is stored. Files that may contain such an operation are found by name: that of the property, of the class, and of possible
aliases of its instances. In a small workspace all files are searched.
"""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, NamedTuple

from ....types import Symbol
from ..aliases import may_alias
from ..classes import hierarchy, metaclasses
from ..classes.mro import lookup_order
from ..local.builtin_calls import BUILTINS, CALLER_NAMES
from ..local.implicit_sites import Operation, operations_of
from ..local.tables import SymbolTable
from ..results.values import Value
from . import callback_sites
from .targets import PROTOCOLS, ImplicitCall, implicit_calls

if TYPE_CHECKING:
    from ..inference import Inference

_ALL_FILES = 120  # a workspace with so many files is searched completely
_MAX_FILES = 120  # that are searched for one function
_FEW_FILES = 12
_ACCESS = {"__getattr__": "get", "__getattribute__": "get", "__setattr__": "set", "__delattr__": "delete"}
_DESCRIPTORS = {"__get__": "get", "__set__": "set", "__delete__": "delete"}
_STATEMENTS = ("__init_subclass__", "__set_name__", "__prepare__")
_ITERATION = ("iterate", "async iterate", "iterate sized", "iter", "aiter", "contains")
_SUBSCRIPTS = {
    "__getitem__": ("getitem", "mapping", *_ITERATION, "reversed"), "__class_getitem__": ("getitem",), "__missing__": ("getitem",),
    "__index__": ("key",), "__contains__": ("contains",), "__reversed__": ("reversed",), "__len__": ("iterate sized", "reversed"),
}  # fmt: skip
_BINARY = re.compile(r"__[ir]?(add|sub|mul|truediv|floordiv|mod|pow|matmul|and|or|xor|lshift|rshift)__")
_UNARY = re.compile(r"__(neg|pos|invert)__")
_COMPARED = re.compile(r"__(eq|ne|lt|le|gt|ge)__")
_RAISED = re.compile(r"\braise\s+(?!\w[\w.]*\()\S")
# Syntax that occurs in every file with an operation of a protocol.
_SYNTAX = {
    "with": r"\bwith\b", "async with": r"\bwith\b", "await": r"\bawait\b", "async iterate": r"\basync\b", "hash": r"[{(]",
    "raise": r"\braise\b", "class": r"\bclass\b", "compare": r"[=!]=|[<>]|\bcase\b", "contains": r"\bin\b", "setitem": r"\]",
    "delitem": r"\bdel\b", "getitem": r"\[", "key": r"\[", "delete": r"\bdel\b|\bdelattr\b", "mapping": r"\*\*",
    "callback": rf"\b(?:{'|'.join(sorted(CALLER_NAMES))})\b",
}  # fmt: skip


ACCESSES = frozenset({"get", "set", "delete"})
# The protocols that are linked in advance (`linkpass.py`). Of the rest, instantiations are searched where the class is named.
LINKED = frozenset(
    """with await next anext mapping setitem delitem instancecheck subclasscheck index floor ceil trunc fspath copy deepcopy abs round int
    float complex bytes iterate iter aiter reversed contains getitem ordered operator inplace unary compare raise class get set
    delete callback str repr format truth length hash key dir""".split()
) | {"async with", "async iterate", "iterate sized"}  # fmt: skip


class OperationFilter(NamedTuple):
    """The operations that may call a function implicitly: those of some protocols; for attribute accesses only of some names (empty:
    any)."""

    protocols: frozenset[str]
    names: frozenset[str] = frozenset()

    def fits(self, operation: Operation) -> bool:
        return operation.protocol in self.protocols and (not self.names or operation.name in self.names)


def implicit_callers_of(inference: Inference, value: Value) -> tuple[list[tuple[str, ImplicitCall]], str]:
    """(path, implicit call) of a function or class, and the reason why the list may be incomplete."""
    known = inference.implicit_callers.get(value)
    if known is None:
        with inference.tracking_incomplete():
            known = *_find_implicit_callers(inference, value), inference.incomplete
        if not inference.expired and not inference.unparsed:
            inference.implicit_callers[value] = known
    inference.incomplete = inference.incomplete or known[2]
    return known[:2]


def operation_filter(inference: Inference, value: Value) -> OperationFilter:
    """The operations that may call a function or class, judged by its own definition alone; `_confirmed_filter` also looks at the rest
    of the workspace."""
    table = inference.table(value.path)
    symbol = table.facts.symbols[value.index] if table is not None else None
    if table is None or symbol is None:
        return OperationFilter(frozenset())
    if symbol.kind == "class":
        return OperationFilter(frozenset({"raise"} if symbol.bases and _is_exception(inference, value) else ()))
    if symbol.kind == "property":
        return OperationFilter(ACCESSES, frozenset({symbol.name}))
    if symbol.visibility != "special":
        other = _under_another_name(inference, table, symbol) if symbol.parent > 0 else None
        return other or OperationFilter(frozenset({"callback"}), frozenset({symbol.name}))
    if symbol.name in _DESCRIPTORS:
        return OperationFilter(frozenset({_DESCRIPTORS[symbol.name]}))
    if symbol.name in ("__init__", "__new__"):
        cls = Value("class", value.path, symbol.parent)
        protocols = (
            "class" if metaclasses.is_metaclass(inference, cls) else "raise" if _is_exception(inference, cls) else ""
        )
        return OperationFilter(frozenset({protocols} - {""}))
    return OperationFilter(*_protocols(symbol.name))


def is_linked(criteria: OperationFilter) -> bool:
    """Whether all these operations are ones that are linked in advance. Attribute accesses are, where their names are known."""
    return criteria.protocols <= LINKED and (bool(criteria.names) or not criteria.protocols & ACCESSES)


def implicit_callers_in(
    inference: Inference, value: Value, paths: frozenset[str]
) -> tuple[list[tuple[str, ImplicitCall]], str]:
    """`implicit_callers_of`, in some files only."""
    return _find_implicit_callers(inference, value, paths)


def _find_implicit_callers(
    inference: Inference, value: Value, among: frozenset[str] | None = None
) -> tuple[list[tuple[str, ImplicitCall]], str]:
    table = inference.table(value.path)
    symbol = table.facts.symbols[value.index] if table is not None else None
    criteria = _confirmed_filter(inference, value, symbol) if symbol is not None else None
    if criteria is None:
        return [], ""
    if inference.expired:
        return [], ""
    paths, reason = _files(inference, value, criteria)
    if among is not None:
        reason = reason if among.difference(paths) else ""
        paths = [path for path in paths if path in among]
    found: list[tuple[str, ImplicitCall]] = []
    for number, path in enumerate(paths):
        if inference.expired or number >= _MAX_FILES:
            return found, reason or f"{len(paths) - number} of {len(paths)} files that may run it were not looked at"
        if not _may_contain(inference.workspace.text(path), criteria) or not _may_pass_callback(
            inference, path, criteria
        ):
            continue
        for operation in _operations(inference, path, criteria):
            if inference.expired:
                break
            for call in implicit_calls(inference, path, operation):
                if value in call.targets.entered or value in call.targets.named:
                    found.append((path, call))
    return found, reason


# -- which operations --------------------------------------------------------------------------------------------------


def _confirmed_filter(inference: Inference, value: Value, symbol: Symbol) -> OperationFilter | None:
    if symbol.kind == "class":
        return OperationFilter(frozenset({"raise"})) if _is_raised(inference, value) else None
    table = inference.table(value.path)
    assert table is not None
    cls = Value("class", value.path, symbol.parent)
    in_class = symbol.parent > 0 and table.facts.symbols[symbol.parent].kind == "class"
    if in_class and symbol.kind == "property":
        access = next((a for a in ("setter", "deleter") if any(d.endswith(f".{a}") for d in symbol.decorators)), "")
        return OperationFilter(
            frozenset({{"setter": "set", "deleter": "delete"}.get(access, "get")}), frozenset({symbol.name})
        )
    if in_class and symbol.name == "keys":
        return OperationFilter(frozenset({"mapping"}))
    if not (symbol.name.startswith("__") and symbol.name.endswith("__")):
        other = _under_another_name(inference, table, symbol) if in_class else None
        return other or OperationFilter(
            frozenset({"callback"}), frozenset(n for _, n in may_alias.aliases_of(inference, value))
        )
    if symbol.name == "__getattr__" and value.index and symbol.parent == 0:
        return OperationFilter(frozenset({"get"}))
    if not in_class:
        return None
    if symbol.name in _DESCRIPTORS:
        names = {name for _, name in _holders(inference, cls)}
        return OperationFilter(frozenset({_DESCRIPTORS[symbol.name]}), frozenset(names or {""}))
    if symbol.name in ("__init__", "__new__"):
        if metaclasses.is_metaclass(inference, cls):
            return OperationFilter(frozenset({"class"}))
        return OperationFilter(frozenset({"raise"})) if _is_raised(inference, cls) else None
    protocols = _protocols(symbol.name)
    return OperationFilter(*protocols) if protocols[0] else None


def _under_another_name(inference: Inference, table: SymbolTable, symbol: Symbol) -> OperationFilter | None:
    """For `size = property(_size)` and `__radd__ = add`: the operations that call `_size` and `add`."""
    text = inference.workspace.text(table.facts.path)
    protocols: set[str] = set()
    names: set[str] = set()
    for target in table.assigned_in(symbol.parent):
        for flow in table.flows.get((symbol.parent, target), ()):
            if symbol.name not in text[flow.start : flow.end]:
                continue
            if text.startswith("property", flow.start):
                protocols |= {"get", "set", "delete"}
                names.add(target)
            elif target.startswith("__"):
                more, target_names = _protocols(target)
                protocols |= more
                names |= target_names
    return OperationFilter(frozenset(protocols), frozenset(names)) if protocols else None


def _protocols(method: str) -> tuple[frozenset[str], frozenset[str]]:
    """The protocols that may call a method; for operators also their names."""
    if method in _ACCESS:
        return frozenset({_ACCESS[method]}), frozenset()
    if method in _STATEMENTS:
        return frozenset({"class"}), frozenset()
    if method in ("__post_init__", "__attrs_post_init__"):
        return frozenset({"construct"}), frozenset()
    if method in ("__iter__", "__next__", "__aiter__", "__anext__"):
        later = method in ("__aiter__", "__anext__")
        protocols = ("async iterate", "aiter", "anext") if later else (*_ITERATION, "next")
        return frozenset(protocols), frozenset()
    binary, unary = _BINARY.fullmatch(method), _UNARY.fullmatch(method)
    if binary or unary:
        operator = (binary or unary)[1]  # type: ignore[index]
        return frozenset({"operator", "inplace"} if binary else {"unary"}), frozenset({operator})
    if _COMPARED.fullmatch(method):
        return frozenset({"compare", "ordered"}), frozenset()
    found = {protocols for protocols, steps in PROTOCOLS.items() if any(method in step for step in steps)}
    if method == "__hash__":
        found.add("key")
    return frozenset({*found, *_SUBSCRIPTS.get(method, ())}), frozenset()


def _is_raised(inference: Inference, cls: Value) -> bool:
    """Whether a class is an exception that may be raised without being called."""
    table = inference.table(cls.path)
    if table is None or not table.facts.symbols[cls.index].bases:
        return False
    below = [cls, *hierarchy.all_subclasses(inference, cls)]
    names = [t.facts.symbols[c.index].name for c in below if (t := inference.table(c.path))]
    paths = dict.fromkeys(path for name in names for path in inference.files_using_name(name))
    text = inference.workspace.text
    # Texts are cheaper to read than bases are to follow.
    raised = len(paths) > _FEW_FILES or any(_RAISED.search(text(path)) for path in paths)
    return raised and _is_exception(inference, cls)


def _is_exception(inference: Inference, cls: Value) -> bool:
    for base in lookup_order(inference, cls):
        if base.kind != "class":
            last = base.path.rpartition(".")[2]
            external_base = getattr(builtins, last, None)
            return last.endswith(("Error", "Exception", "Warning")) or (
                isinstance(external_base, type) and issubclass(external_base, BaseException)
            )
    return False


# -- which files -------------------------------------------------------------------------------------------------------


def _files(inference: Inference, value: Value, criteria: OperationFilter) -> tuple[list[str], str]:
    """The files to search, likely ones first, and the reason why there may be more."""
    if criteria.names and criteria.protocols <= {"get", "set", "delete"}:
        named = {p for name in criteria.names for p in inference.workspace.paths_using(name)}
        return sorted(named, key=lambda p: (p != value.path, p)), ""
    if criteria.protocols == {"callback"}:
        calling = {p for name in CALLER_NAMES for p in inference.workspace.paths_using(name, "called")}
        aliases = may_alias.aliases_of(inference, value)
        handing = {p for home, name in aliases for p in may_alias.files_of(inference, home, name, value.path)}
        return sorted(calling & handing), ""
    table = inference.table(value.path)
    assert table is not None
    symbol = table.facts.symbols[value.index]
    cls = value if symbol.kind == "class" else Value("class", value.path, symbol.parent)
    below = [cls, *hierarchy.all_subclasses(inference, cls)] if symbol.kind == "class" or symbol.parent > 0 else []
    if criteria.protocols == {"class"}:
        classes = hierarchy.classes_of_metaclass(inference, cls) if symbol.name != "__init_subclass__" else []
        if symbol.name != "__set_name__":
            return list(dict.fromkeys(c.path for c in (*below, *classes))), ""
    paths: dict[str, None] = {value.path: None}
    for subclass in below:
        other = inference.table(subclass.path)
        paths.update(
            dict.fromkeys(inference.files_using_name(other.facts.symbols[subclass.index].name) if other else ())
        )
    if criteria.protocols <= {"raise", "construct"}:
        return list(paths), ""
    everywhere = inference.workspace.python_paths()
    if len(everywhere) <= _ALL_FILES:
        return [*paths, *(p for p in everywhere if p not in paths)], ""
    for home, name in _holders(inference, cls):
        paths.update(dict.fromkeys(may_alias.files_of(inference, home, name, value.path)))
    return list(
        paths
    ), "what runs it without a call was looked for only in files that name the class or what carries it"


def _holders(inference: Inference, cls: Value) -> list[tuple[str, str]]:
    """(file, or "" for any, and name) of possible aliases of instances of a class."""
    found: dict[tuple[str, str], None] = {}
    for subclass in (cls, *hierarchy.all_subclasses(inference, cls)):
        found.update(dict.fromkeys(may_alias.aliases_of_instances(inference, subclass)))
    return list(found)


# So common that looking for a sign of them is not worth while.
_ANYWHERE = frozenset({"truth", "str", "format", "repr", "iterate", "get", "set", "construct"})


def _may_contain(text: str, criteria: OperationFilter) -> bool:
    """Whether the text of a file has the syntax of any such operation."""
    if criteria.names and criteria.protocols <= {"get", "set", "delete"}:
        return any(re.search(rf"\.\s*{name}\b|[\"']{name}[\"']", text) for name in criteria.names)
    if criteria.protocols & _ANYWHERE:
        return True
    signs = [_SYNTAX[protocols] for protocols in criteria.protocols if protocols in _SYNTAX]
    signs += [
        rf"\b{name}\b"
        for name, argument_protocols in BUILTINS.items()
        if any(protocols in criteria.protocols for _, protocols in argument_protocols)
    ]
    return not signs or any(re.search(sign, text) for sign in signs)


def _operations(inference: Inference, path: str, criteria: OperationFilter) -> list[Operation]:
    """The operations of a file that match the filter."""
    operations = (
        callback_sites.callback_operations(inference, path, criteria.names)
        if criteria.protocols == {"callback"}
        else None
    )
    return (
        operations
        if operations is not None
        else [operation for operation in operations_of(inference, path) if criteria.fits(operation)]
    )


def _may_pass_callback(inference: Inference, path: str, criteria: OperationFilter) -> bool:
    """Whether a file passes something with one of these names to code that calls it back, as far as its facts tell. Reading the syntax
    tree costs much more. True for a file that does not parse."""
    table = inference.table(path) if criteria.protocols == {"callback"} else None
    if table is None or table.facts.recovered or table.facts.problems:
        return True
    text = inference.workspace.text(path)
    return any(name in text[start:end] for start, end in table.callback_call_extents for name in criteria.names)


__all__ = [
    "ACCESSES",
    "LINKED",
    "OperationFilter",
    "implicit_callers_in",
    "implicit_callers_of",
    "is_linked",
    "operation_filter",
]
