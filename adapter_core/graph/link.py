"""Links between files, worked out at query time from local facts: what a name means, where an import leads.

Resolution is what can be told from the text: scopes, imports and their re-exports, `self`, `cls`, `super()` along the class
hierarchy, and parameters with an annotation. What cannot be told stays unresolved; it is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from ..types import Import, ModuleFacts, Symbol, SymbolRef

_MAX_DEPTH = 12
_TYPE_NAME = re.compile(r"[A-Za-z_][\w.]*")


class FactSource(Protocol):
    """What linking needs of the index."""

    def facts_of_module(self, module: str) -> list[ModuleFacts]: ...

    def ref(self, facts: ModuleFacts, index: int) -> SymbolRef: ...


class Linker:
    def __init__(self, source: FactSource) -> None:
        self._source = source

    def resolve(self, dotted: str, facts: ModuleFacts, owner: int, depth: int = 0) -> list[SymbolRef]:
        """What `dotted`, as written in the scope of symbol `owner`, refers to. Empty: unknown or outside the workspace."""
        head, *rest = dotted.split(".")
        if depth > _MAX_DEPTH or not head:
            return []
        if head in ("self", "cls") or head == "super()":
            return self._through_instance(head, rest, facts, owner, depth)
        if head == "()":
            return []
        for scope in scopes(facts, owner):
            symbol = facts.symbols[scope]
            if head in symbol.local_names:
                return []  # a local variable: what it holds is not told by the text
            if symbol.is_callable:
                typed = self._typed_parameter(head, rest, facts, scope, depth)
                if typed is not None:
                    return typed
            found = [
                i for i in range(len(facts.symbols))
                if i and facts.symbols[i].parent == scope and facts.symbols[i].name == head
            ]  # fmt: skip
            if found:
                return self._members([self._source.ref(facts, found[-1])], rest, depth)
            imported = [i for i in facts.imports if i.owner == scope and i.alias == head]
            if imported:
                return [r for item in imported for r in self._imported(item, rest, facts, depth)]
        for item in facts.imports:
            if item.name == "*":
                found_refs = self._module_attribute(absolute(facts, item), [head, *rest], depth + 1)
                if found_refs:
                    return found_refs
        return []

    def bases(self, ref: SymbolRef, facts: ModuleFacts, depth: int = 0) -> list[SymbolRef]:
        """The base classes of a class that stand in the workspace, nearest first."""
        parent = max(ref.symbol.parent, 0)
        return [
            base
            for text in ref.symbol.bases
            for base in self.resolve(text.partition("[")[0], facts, parent, depth + 1)
            if base.symbol.kind == "class"
        ]

    def member(self, owner: SymbolRef, name: str, depth: int = 0, inherited_only: bool = False) -> list[SymbolRef]:
        """The attribute `name` of a class, looked up along its bases in order of definition."""
        if depth > _MAX_DEPTH:
            return []
        for facts in self._facts(owner):
            index = index_of(facts, owner.symbol)
            if index is None:
                continue
            if not inherited_only:
                own = [i for i, s in enumerate(facts.symbols) if s.parent == index and s.name == name]
                if own:
                    return [self._source.ref(facts, own[0])]
            for base in self.bases(owner, facts, depth):
                if base != owner:
                    found = self.member(base, name, depth + 1)
                    if found:
                        return found
        return []

    def _through_instance(
        self, head: str, rest: list[str], facts: ModuleFacts, owner: int, depth: int
    ) -> list[SymbolRef]:
        index = instance_class(facts, owner, head)
        if index is None or not rest:
            return [] if index is None else [self._source.ref(facts, index)]
        ref = self._source.ref(facts, index)
        found = self.member(ref, rest[0], depth + 1, inherited_only=head == "super()")
        return self._members(found, rest[1:], depth)

    def _typed_parameter(
        self, head: str, rest: list[str], facts: ModuleFacts, owner: int, depth: int
    ) -> list[SymbolRef] | None:
        for parameter in facts.symbols[owner].parameters:
            if parameter.name == head:
                if not rest or not parameter.annotation:
                    return []
                parent = max(facts.symbols[owner].parent, 0)
                for name in _annotated_names(parameter.annotation):
                    classes = [r for r in self.resolve(name, facts, parent, depth + 1) if r.symbol.kind == "class"]
                    found = self._members(classes, rest, depth)
                    if found:
                        return found
                return []
        return None

    def _members(self, refs: list[SymbolRef], rest: list[str], depth: int) -> list[SymbolRef]:
        for name in rest:
            following: list[SymbolRef] = []
            for ref in refs:
                if ref.symbol.kind == "class":
                    following.extend(self.member(ref, name, depth + 1))
                elif ref.symbol.kind == "module":
                    following.extend(self._module_attribute(ref.module, [name], depth + 1))
            refs = following
        return refs

    def _imported(self, item: Import, rest: list[str], facts: ModuleFacts, depth: int) -> list[SymbolRef]:
        module = absolute(facts, item)
        if item.name is None:
            # `import a.b` binds `a`; `import a.b as c` binds the module itself.
            bound = module if item.alias != module.partition(".")[0] else item.alias
            return self._module_attribute(bound, rest, depth + 1)
        return self._module_attribute(module, [item.name, *rest], depth + 1)

    def _module_attribute(self, module: str, names: list[str], depth: int) -> list[SymbolRef]:
        if depth > _MAX_DEPTH:
            return []
        files = self._source.facts_of_module(module)
        if not names:
            return [self._source.ref(facts, 0) for facts in files]
        for facts in files:
            index = next((i for i, s in enumerate(facts.symbols) if i and s.parent == 0 and s.name == names[0]), None)
            if index is not None:
                return self._members([self._source.ref(facts, index)], names[1:], depth)
            # A name that the module itself imports: a re-export.
            for item in facts.imports:
                if item.owner == 0 and (item.alias == names[0] or item.name == "*"):
                    rest = names if item.name == "*" else names[1:]
                    if item.name == "*":
                        found = self._module_attribute(absolute(facts, item), rest, depth + 1)
                    else:
                        found = self._imported(item, rest, facts, depth + 1)
                    if found:
                        return found
        return self._module_attribute(f"{module}.{names[0]}", names[1:], depth + 1) if module else []

    def _facts(self, ref: SymbolRef) -> Iterator[ModuleFacts]:
        for facts in self._source.facts_of_module(ref.module):
            if facts.path == ref.path:
                yield facts


def absolute(facts: ModuleFacts, item: Import) -> str:
    """The dotted name of the module that an import names, its leading dots worked out."""
    if not item.level:
        return item.module
    parts = facts.module.split(".")
    is_package = facts.path.rpartition("/")[2].startswith("__init__.")
    keep = len(parts) - item.level + (1 if is_package else 0)
    return ".".join([*parts[: max(keep, 0)], *([item.module] if item.module else [])])


def scopes(facts: ModuleFacts, owner: int) -> Iterator[int]:
    """The scopes whose names are visible in `owner`, innermost first. A class body is not visible in its methods."""
    yield owner
    inside_function = facts.symbols[owner].is_callable
    while owner > 0:
        owner = facts.symbols[owner].parent
        if owner < 0:
            return
        if facts.symbols[owner].kind == "class" and inside_function:
            continue
        inside_function = inside_function or facts.symbols[owner].is_callable
        yield owner


def instance_class(facts: ModuleFacts, owner: int, head: str) -> int | None:
    """The class whose instance (or which itself) `self`, `cls` or `super()` is in a scope: that of the nearest method around it,
    whose first parameter has that name and is not bound again on the way."""
    while owner > 0:
        symbol = facts.symbols[owner]
        if symbol.is_callable:
            parent = symbol.parent
            names = [p.name for p in symbol.parameters]
            if parent > 0 and facts.symbols[parent].kind == "class":
                if "staticmethod" in symbol.decorators or head in symbol.local_names:
                    return None
                return parent if head == "super()" or names[:1] == [head] else None
            if head in names or head in symbol.local_names:
                return None
        elif symbol.kind == "class":
            return None
        owner = symbol.parent
    return None


def index_of(facts: ModuleFacts, symbol: Symbol) -> int | None:
    for index, candidate in enumerate(facts.symbols):
        if candidate.qualname == symbol.qualname and candidate.start == symbol.start and candidate.kind == symbol.kind:
            return index
    return None


def _annotated_names(annotation: str) -> list[str]:
    """The class names of an annotation: `"App | None"`, `Optional[App]`, `list[App]` all name App."""
    names = _TYPE_NAME.findall(annotation.replace('"', " ").replace("'", " "))
    return [n for n in names if n not in ("None", "Optional", "Union", "t.Optional", "typing.Optional", "t.Union")]
