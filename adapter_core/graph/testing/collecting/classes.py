"""The classes of one test module: their bases and members, and whether pytest collects them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...parsing.fields import dotted_name
from .names import Function, ModuleNames

BaseResolver = Callable[[str], "bool | None"]

_DEPTH = 20  # classes inside classes, bases of bases
_MANY = 500  # steps up a hierarchy
# Bases that bring no tests.
_EMPTY_BASES = ("abc.", "contextlib.", "django.test.", "enum.", "typing.", "typing_extensions.", "unittest.")
# Bases from elsewhere that bring a constructor, for which pytest passes over a class.
_CONSTRUCTED = frozenset(
    "BaseModel Enum Exception Flag IntEnum IntFlag NamedTuple StrEnum Thread TypedDict UserDict UserList UserString".split()
)
_CONSTRUCTING_DECORATORS = frozenset(
    "dataclass dataclasses.dataclass attr.s attr.attrs attr.define attrs.define attrs.frozen attrs.mutable "
    "pydantic.dataclasses.dataclass".split()
)


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """`names.local` are the members, `around` the names that are visible at the class statement. `bases`: qualnames of bases in the same
    file. `foreign`: the others, as (written, canonical)."""

    node: ast.ClassDef
    qualname: str
    names: ModuleNames
    around: ModuleNames
    bases: tuple[str, ...]
    foreign: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClassAttribute:
    """An attribute of a class: the class that defines it, and the last statement that binds it there."""

    owner: ClassFacts
    node: ast.AST

    @property
    def function(self) -> Function | None:
        return self.node if isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


class ClassTable:
    """All classes of a module outside of functions, by qualname."""

    def __init__(self, names: ModuleNames, is_test_case: BaseResolver | None = None) -> None:
        self.classes: dict[str, ClassFacts] = {}
        self._is_test_case = is_test_case
        self._read(names, "", ())

    def mro(self, qualname: str) -> tuple[str, ...]:
        """The class and its bases in the same file, nearest first."""
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path or name not in self.classes or len(path) > _DEPTH or len(order) > _MANY:
                return
            order.append(name)
            for base in self.classes[name].bases:
                visit(base, (*path, name))

        visit(qualname, ())
        # A base that several classes share comes after all of them, as in Python's own order.
        return tuple(reversed(dict.fromkeys(reversed(order))))

    def members(self, qualname: str) -> Iterator[tuple[str, ClassAttribute]]:
        """All attributes, inherited ones first, each as the nearest class binds it."""
        mro = [self.classes[name] for name in self.mro(qualname)]
        for position in range(len(mro) - 1, -1, -1):
            for name, binders in mro[position].names.local.items():
                if not any(name in nearer.names.local for nearer in mro[:position]):
                    yield name, ClassAttribute(mro[position], binders[-1])

    def lookup(self, qualname: str, attribute: str) -> ClassAttribute | None:
        for name in self.mro(qualname):
            binders = self.classes[name].names.local.get(attribute)
            if binders:
                return ClassAttribute(self.classes[name], binders[-1])
        return None

    def flag(self, qualname: str) -> bool | None:
        """The value of `__test__`; None where there is none that can be read."""
        found = self.lookup(qualname, "__test__")
        value = found.owner.names.literal(found.node) if found and isinstance(found.node, ast.expr) else None
        return value if isinstance(value, bool) else None

    def may_inherit_more(self, qualname: str) -> bool:
        """Whether a base in another file may contribute tests, fixtures and marks."""
        return any(
            not canonical.startswith(_EMPTY_BASES) and not _is_builtin(self.classes[name].names, written)
            for name in self.mro(qualname)
            for written, canonical in self.classes[name].foreign
        )

    def is_test_case(self, qualname: str) -> bool:
        """Whether a class descends from `unittest.TestCase`, judged by the file and the names of its bases."""
        return any(
            self.names_test_case(written, canonical)
            for name in self.mro(qualname)
            for written, canonical in self.classes[name].foreign
        )

    def is_constructed(self, qualname: str) -> bool:
        """Whether a class has an `__init__` or `__new__` of its own or of a base."""
        for name in self.mro(qualname):
            facts = self.classes[name]
            if "__init__" in facts.names.local or "__new__" in facts.names.local:
                return True
            calls = (d.func if isinstance(d, ast.Call) else d for d in facts.node.decorator_list)
            if any(facts.around.canonical(call) in _CONSTRUCTING_DECORATORS for call in calls):
                return True
            for written, canonical in facts.foreign:
                builtin = facts.names.builtin(ast.Name(written, ast.Load()))
                if isinstance(builtin, type):
                    if any("__init__" in vars(c) or "__new__" in vars(c) for c in builtin.__mro__ if c is not object):
                        return True
                elif canonical.rpartition(".")[2] in _CONSTRUCTED:
                    return True
        return False

    def is_abstract(self, qualname: str) -> bool:
        """Whether there are abstract methods that no class of the same file implements."""
        mro = [self.classes[name] for name in self.mro(qualname)]
        if not any(_has_abstract_metaclass(facts) for facts in mro):
            return False
        for _, found in self.members(qualname):
            if found.function is not None and any(
                dotted_name(d).rpartition(".")[2].startswith("abstract") for d in found.function.decorator_list
            ):
                return True
        return False

    def names_test_case(self, written: str, canonical: str) -> bool:
        """Whether a class from another file descends from `unittest.TestCase`, judged by its name or by the caller."""
        if self._is_test_case is not None:
            answer = self._is_test_case(written)
            if answer is not None:
                return answer
        return canonical.rpartition(".")[2].endswith("TestCase")

    def _read(self, names: ModuleNames, prefix: str, outer: tuple[ModuleNames, ...]) -> None:
        for name, binders in names.local.items():
            node = binders[-1]
            if not isinstance(node, ast.ClassDef) or len(outer) > _DEPTH:
                continue
            inner = names.inside(node)
            bases, foreign = self._bases(node, names, prefix)
            self.classes[prefix + name] = ClassFacts(node, prefix + name, inner, names, bases, foreign)
            self._read(inner, f"{prefix}{name}.", (*outer, names))

    def _bases(
        self, node: ast.ClassDef, names: ModuleNames, prefix: str
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        own, foreign = [], []
        for base in node.bases:
            base_node = names.resolve(base.value if isinstance(base, ast.Subscript) else base)
            written = dotted_name(base_node)
            first = written.partition(".")[0]
            if first in names.local and prefix and isinstance(names.local[first][-1], ast.ClassDef):
                own.append(prefix + written)
            elif first and isinstance(names.bound.get(first, [None])[-1], ast.ClassDef) and first not in names.imports:
                own.append(written)
            else:
                foreign.append((written, names.canonical(base_node)))
        # `class TestA(TestA)`: of two classes of one name, only the last is known here.
        return tuple(base for base in own if base != prefix + node.name), tuple(foreign)


def _is_builtin(names: ModuleNames, written: str) -> bool:
    return isinstance(names.builtin(ast.Name(written, ast.Load())), type)


def _has_abstract_metaclass(facts: ClassFacts) -> bool:
    bases = {canonical.rpartition(".")[2] for _, canonical in facts.foreign}
    metaclasses = {
        dotted_name(keyword.value).rpartition(".")[2] for keyword in facts.node.keywords if keyword.arg == "metaclass"
    }
    return "ABC" in bases or "ABCMeta" in metaclasses
