"""The calls that were seen while a suite ran (`observed/`, by `observe.py`), and those that are found in the text, in the same words."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from adapter_core.code_graph import CodeGraph
from adapter_core.types import CallSite, Symbol, SymbolRef

_NOT_WRAPPING = {
    "staticmethod",
    "classmethod",
    "property",
    "setter",
    "deleter",
    "abstractmethod",
    "overload",
    "override",
    "final",
}


class Function(NamedTuple):
    """A function, class or module as both sides name it: without `<locals>` and comprehensions. The line is that of `def`."""

    path: str
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.name or '(module)'} {self.path}:{self.line}"


def function_of(ref: SymbolRef) -> Function:
    if ref.symbol.kind == "module":
        return Function(ref.path, "", 0)
    return Function(ref.path, ref.symbol.qualname, ref.symbol.name_line)


class Edge(NamedTuple):
    """A call that was observed. A lambda as the caller means the scope in which it is written."""

    caller: Function
    callee: Function
    line: int
    site: str

    @property
    def is_written(self) -> bool:
        kind, _, name = self.site.partition(":")
        return kind == "call" or (bool(name) and kind in ("decorator", "await"))


@dataclass
class Seen:
    """One file of `benchmarks/observed`, in the words of both sides."""

    name: str
    edges: set[Edge] = field(default_factory=set)
    bodies: set[Edge] = field(default_factory=set)  # by the bodies of modules and classes
    kinds: dict[Function, str] = field(default_factory=dict)
    outside: set[Function] = field(default_factory=set)
    lines: dict[str, set[int]] = field(default_factory=dict)
    run: dict[str, set[Function]] = field(default_factory=dict)  # test, without parameters -> what it ran
    set_up_and_tear_down: dict[str, set[Function]] = field(default_factory=dict)
    strange: list[Function] = field(default_factory=list)  # that the index does not know

    @cached_property
    def all(self) -> set[Edge]:
        return self.edges | self.bodies


def read_seen(file: Path, graph: CodeGraph) -> Seen:
    data = json.loads(file.read_text("utf-8"))
    seen = Seen(data["package"])
    scopes = Scopes(graph)
    functions: list[Function] = []
    for number, qualname, _, line, kind in data["functions"]:
        function = Function(data["files"][number], _plain(qualname), line if kind != "module" else 0)
        functions.append(function)
        seen.kinds[function] = kind
        if kind != "lambda" and scopes.symbol(function) is None:
            seen.strange.append(function)
    for key, edges in (("edges", seen.edges), ("body_edges", seen.bodies)):
        for caller, callee, line, site in data[key]:
            if seen.kinds[functions[callee]] in ("module", "class"):
                continue  # an import, a class statement
            where = data["sites"][site]
            edges.add(Edge(scopes.named(functions[caller]), functions[callee], line, where))
    seen.outside = {functions[i] for i in data["outside"]}
    seen.lines = {path: {n for a, b in runs for n in range(a, b + 1)} for path, runs in data["lines"].items()}
    for node, (_, _, run, set_up_and_tear_down) in data["tests"].items():
        base = node.partition("[")[0]
        seen.run.setdefault(base, set()).update(functions[i] for i in data["sets"][run])
        seen.set_up_and_tear_down.setdefault(base, set()).update(
            functions[i] for i in data["sets"][set_up_and_tear_down]
        )
    return seen


def _plain(qualname: str) -> str:
    """`f.<locals>.<listcomp>.<lambda>` in the graph's form: `f.<lambda>`; for a lambda in a lambda the outer one is left out."""
    parts = [
        p for p in qualname.split(".") if p not in ("<locals>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
    ]
    while "<lambda>" in parts[:-1]:
        parts.remove("<lambda>")
    return ".".join(p for p in parts if p != "<module>")


class Scopes:
    """The functions, classes and modules of the index, by name and line."""

    def __init__(self, graph: CodeGraph) -> None:
        self._graph = graph
        self._known: dict[str, dict[str, list[Symbol]]] = {}

    def _of(self, path: str) -> dict[str, list[Symbol]]:
        if path not in self._known:
            table: dict[str, list[Symbol]] = {}
            facts = self._graph.facts(path)
            for symbol in facts.symbols if facts else ():
                if symbol.is_definition:
                    table.setdefault(symbol.qualname, []).append(symbol)
            self._known[path] = table
        return self._known[path]

    def symbol(self, function: Function) -> Symbol | None:
        if not function.name:
            facts = self._graph.facts(function.path)
            return facts.symbols[0] if facts else None
        return next((s for s in self._of(function.path).get(function.name, ()) if s.name_line == function.line), None)

    def named(self, function: Function) -> Function:
        """A lambda's named scope; anything else is its own."""
        if not function.name.endswith("<lambda>"):
            return function
        enclosing = function.name.removesuffix("<lambda>").removesuffix(".")
        for symbol in self._of(function.path).get(enclosing, ()):
            if symbol.start <= function.line <= symbol.end:
                return Function(function.path, enclosing, symbol.name_line)
        return Function(function.path, enclosing, 0)


class Found(NamedTuple):
    """One call of the text with one function that it may enter."""

    caller: Function
    callee: Function
    first: int
    last: int
    text: str  # what is called, as written
    deferred: bool
    count: int  # of what the call may enter
    later: bool  # a generator or coroutine
    wrapped: bool  # by decorators that may put something else in its place
    implicit: str = ""  # what is written in place of a call


@dataclass
class Static:
    """All edges that the graph has."""

    found: list[Found] = field(default_factory=list)
    named: set[tuple[Function, Function]] = field(default_factory=set)  # what a reader would say is called
    # For each line of a file, the calls on it: (as written, whether traced into the workspace, and out of it).
    calls: dict[tuple[str, int], list[tuple[str, bool, tuple[str, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def static_edges(graph: CodeGraph) -> Static:
    static = Static()
    for row in graph.store.files():
        facts = graph.facts(row.path)
        text = graph.view.text(row.path) if facts and facts.calls else ""
        for call in facts.calls if facts else ():
            assert facts
            site = graph.site(facts, call)
            first = text.count("\n", 0, call.start) + 1
            last = first + text.count("\n", call.start, call.end)
            _add(static, site, row.path, first, last)
        for site in graph.implicit_calls(row.path).items:
            _add(static, site, row.path, site.span.start, site.span.end)
    return static


def _add(static: Static, site: CallSite, path: str, first: int, last: int) -> None:
    assert site.caller
    caller = function_of(site.caller)
    for target in (*site.targets, *site.enters):
        static.named.add((caller, function_of(target)))
    for line in range(first, last + 1):
        static.calls[path, line].append((site.callee, site.resolved, site.external))
    for target in site.enters:
        symbol = target.symbol
        decorators = {d.partition("(")[0].rpartition(".")[2] for d in symbol.decorators}
        static.found.append(
            Found(
                caller, function_of(target), first, last, site.callee, site.deferred, len(site.enters),
                symbol.is_generator or symbol.is_async, bool(decorators - _NOT_WRAPPING), site.implicit,
            )
        )  # fmt: skip


@dataclass
class Comparison:
    """The edges of one package, seen and found."""

    graph: CodeGraph
    seen: Seen
    static: Static
    scopes: Scopes

    @cached_property
    def pairs(self) -> set[tuple[Function, Function]]:
        return {(f.caller, f.callee) for f in self.static.found}

    @cached_property
    def at_lines(self) -> dict[tuple[Function, Function], list[Found]]:
        table: dict[tuple[Function, Function], list[Found]] = defaultdict(list)
        for found in self.static.found:
            table[found.caller, found.callee].append(found)
        return table

    @cached_property
    def wrappers(self) -> dict[Function, set[Function]]:
        """The decorated functions that a wrapper was seen to call; a wrapper is written in one of their decorators."""
        table: dict[Function, set[Function]] = defaultdict(set)
        for edge in self.seen.all:
            enclosing = edge.caller.name.split(".")[:-1]
            symbol = self.scopes.symbol(edge.callee) if enclosing else None
            names = {d.partition("(")[0].rpartition(".")[2] for d in symbol.decorators} if symbol else set()
            if names & set(enclosing):
                table[edge.caller].add(edge.callee)
        return table

    @cached_property
    def callers(self) -> dict[Function, set[Function]]:
        table: dict[Function, set[Function]] = defaultdict(set)
        for edge in self.seen.all:
            table[edge.callee].add(edge.caller)
        return table

    def is_found(self, edge: Edge) -> bool:
        return (edge.caller, edge.callee) in self.pairs

    def is_found_there(self, edge: Edge) -> bool:
        return any(f.first <= edge.line <= f.last for f in self.at_lines.get((edge.caller, edge.callee), ()))

    def is_composed(self, edge: Edge) -> bool:
        """Found, or one half of a call through a wrapper of which the whole was found."""
        if self.is_found(edge):
            return True
        if any((edge.caller, inner) in self.static.named for inner in self.wrappers.get(edge.callee, ())):
            return True
        return edge.callee in self.wrappers.get(edge.caller, ()) and any(
            (caller, edge.callee) in self.static.named for caller in self.callers[edge.caller]
        )


def kind_of(edge: Edge) -> str:
    """The kind of call site of an edge, and, for calls, how the name there relates to the function that was entered."""
    kind, _, name = edge.site.partition(":")
    if not edge.is_written:
        return kind
    last = edge.callee.name.rpartition(".")[2]
    if kind != "call":
        return f"{kind} @" if kind == "decorator" else kind
    if last == name:
        return "call: its name"
    if last in ("__init__", "__new__"):
        return "call: constructor"
    if last.startswith("__") and last.endswith("__"):
        return f"call: {'__call__' if last == '__call__' else 'special method'}"
    return "call: lambda" if last == "<lambda>" else "call: another name"
