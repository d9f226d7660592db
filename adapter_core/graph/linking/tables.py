"""One file's facts, found by name and scope instead of by going through them."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from ...types import Call, Flow, Import, ModuleFacts, called_names

BUCKET = 9
# Methods that put their last argument, or its elements, into a container.
ADDING = ("append", "add", "insert", "appendleft", "setdefault", "put", "put_nowait")
EXTENDING = ("extend", "update", "extendleft")
PUSHING = ("heappush", "heappushpop", "heapreplace", "insort", "insort_left", "insort_right")
_MAX_FILLERS = 60
_SELF_FLOWS = frozenset({"assign", "annotation", "for", "with", "item"})


class Put(NamedTuple):
    """Where something is put into a container: the container as written, and the offsets of what is put (an item under a key; None: any)
    or the call that puts it there."""

    target: str
    scope: int
    line: int
    start: int = 0
    end: int = 0
    key: str | None = None
    call: Call | None = None


@dataclass(slots=True)
class Tables:
    """`children[(scope, name)]`: symbols; `members[scope]`: all of them; `imports[(scope, alias)]`; `stars`: star imports.

    `flows[(scope, target)]`, but for those that hold within a comprehension or lambda only (`limited`), what is put into containers
    (`items[target]`), names that `global` or `nonlocal` give to another scope (`declared[(scope, name)]`), parameters' defaults
    (`defaults[(function, name)]`), `returns[scope]` and `yields[scope]`. Of those to attributes, `attributes[(class, name)]` are to
    `self.name` in its methods, `attribute_flows[name]` all to `x.name`.

    `stores_by_name[name]`: what is put into containers called `name` or `x.name`; `fillers`: the calls that put something into a
    parameter, or into what has no name.
    `flows_near` and `calls_near` hold what overlaps a stretch of `2 ** BUCKET` characters, by the number of the stretch.
    `calls[name]`, by last name, decorators included; `decorators[name]`: decorator lines alone, by the name that is called in them.
    """

    facts: ModuleFacts
    children: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    members: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    imports: dict[tuple[int, str], list[Import]] = field(default_factory=lambda: defaultdict(list))
    stars: list[Import] = field(default_factory=list)
    flows: dict[tuple[int, str], list[Flow]] = field(default_factory=lambda: defaultdict(list))
    items: dict[str, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    limited: dict[tuple[int, str], list[Flow]] = field(default_factory=lambda: defaultdict(list))
    defaults: dict[tuple[int, str], Flow] = field(default_factory=dict)
    declared: dict[tuple[int, str], int] = field(default_factory=dict)
    returns: dict[int, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    yields: dict[int, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    attributes: dict[tuple[int, str], list[Flow]] = field(default_factory=lambda: defaultdict(list))
    attribute_flows: dict[str, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))
    _puts: dict[str, list[Put]] | None = None
    _fillers: list[Call] | None = None
    _near: tuple[dict[int, list[Flow]], dict[int, list[Call]]] | None = None
    decorators: dict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))

    @property
    def fillers(self) -> list[Call]:
        if self._fillers is None:
            found = [c for method in PUSHING for c in self.calls.get(method, ())]
            for method in (*ADDING, *EXTENDING):
                for call in self.calls.get(method, ()):
                    holder = call.callee.rpartition(".")[0]
                    if holder.endswith(("()", "[]")) or (
                        holder and "." not in holder and self._is_parameter(call.owner, holder)
                    ):
                        found.append(call)
            self._fillers = found[:_MAX_FILLERS]
        return self._fillers

    def _is_parameter(self, owner: int, name: str) -> bool:
        for scope in scopes(self.facts, owner):
            symbol = self.facts.symbols[scope]
            if symbol.is_callable and any(p.name == name for p in symbol.parameters):
                return True
            if name in symbol.local_names:
                return False
        return False

    @property
    def stores_by_name(self) -> dict[str, list[Put]]:
        if self._puts is None:
            puts: dict[str, list[Put]] = defaultdict(list)
            for target, flows in self.items.items():
                puts[target.rpartition(".")[2]] += [Put(target, f.scope, f.line, f.start, f.end, f.path) for f in flows]
            for method in (*ADDING, *EXTENDING):
                for call in self.calls.get(method, ()):
                    target = call.callee.rpartition(".")[0]
                    if target and target[-1] not in ")]":
                        puts[target.rpartition(".")[2]].append(Put(target, call.owner, call.line, call=call))
            self._puts = puts
        return self._puts

    @property
    def flows_near(self) -> dict[int, list[Flow]]:
        return self._stretches()[0]

    @property
    def calls_near(self) -> dict[int, list[Call]]:
        return self._stretches()[1]

    def _stretches(self) -> tuple[dict[int, list[Flow]], dict[int, list[Call]]]:
        # Asked for in few files, so made when it is.
        if self._near is None:
            flows: dict[int, list[Flow]] = defaultdict(list)
            calls: dict[int, list[Call]] = defaultdict(list)
            for flow in self.facts.flows:
                for bucket in range(flow.start >> BUCKET, (flow.end >> BUCKET) + 1):
                    flows[bucket].append(flow)
            for call in self.facts.calls:
                for bucket in range(call.start >> BUCKET, (call.end >> BUCKET) + 1):
                    calls[bucket].append(call)
            self._near = flows, calls
        return self._near


def tables_of(facts: ModuleFacts) -> Tables:
    table = Tables(facts)
    for index, symbol in enumerate(facts.symbols):
        if index:
            table.children[(symbol.parent, symbol.name)].append(index)
            table.members[symbol.parent].append(index)
    for item in facts.imports:
        if item.name == "*":
            table.stars.append(item)
        else:
            table.imports[(item.owner, item.alias)].append(item)
    for flow in facts.flows:
        if flow.kind == "return":
            table.returns[flow.owner].append(flow)
        elif flow.kind in ("yield", "yield_from"):
            table.yields[flow.owner].append(flow)
        elif flow.kind == "declared":
            table.declared[(flow.scope, flow.target)] = flow.owner
        elif flow.kind == "default":
            table.defaults[(flow.owner, flow.target)] = flow
        elif flow.last:
            table.limited[(flow.owner, flow.target)].append(flow)
        else:
            if flow.kind == "item":
                table.items[flow.target].append(flow)
            else:
                table.flows[(flow.owner, flow.target)].append(flow)
            head, dot, name = flow.target.rpartition(".")
            if dot:
                table.attribute_flows[name].append(flow)
                cls = instance_class(facts, flow.scope, head) if flow.kind in _SELF_FLOWS else None
                if cls is not None:
                    table.attributes[(cls, name)].append(flow)
    for call, name in zip(facts.calls, called_names(facts), strict=True):
        if call.form == "decorator":
            table.decorators[name].append(call)
        table.calls[call.name].append(call)
    return table


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


@dataclass(frozen=True, slots=True)
class Snippet:
    """An expression, parsed by itself. `starts` are the offsets of its lines in the text `(…)` that was parsed."""

    tree: ast.expr
    text: str
    starts: tuple[int, ...]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands in the expression's own text: offsets in code points."""
        # A tuple without parentheses of its own takes those around the text for its own.
        return (
            max(self._offset(node.lineno, node.col_offset), 0),  # type: ignore[attr-defined]
            min(self._offset(node.end_lineno, node.end_col_offset), len(self.text) - 3),  # type: ignore[attr-defined]
        )

    def _offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        if not self.text.isascii():
            column = len(self.text[start:].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))
        return start + column - 1


@functools.lru_cache(maxsize=4_000)
def snippet(text: str) -> Snippet | None:
    """None where the text is no expression by itself."""
    # In parentheses an expression may go over several lines; the line end closes a comment.
    wrapped = f"({text}\n)"
    try:
        tree = ast.parse(wrapped, "<pathline>", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Snippet(tree, wrapped, tuple(accumulate((len(line) + 1 for line in wrapped.split("\n")), initial=0)))


def dotted_text(node: ast.expr) -> str:
    """`a.b.c` for names and attributes of names; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))
