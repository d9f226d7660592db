"""True statements about a repository, read with Python's own `ast` and nothing of Pathline's; and sentences that tell them.

A fact is a relation between a subject (the qualified name of a definition) and an object, with the lines that show it. Facts of one
relation are told in several wordings (`_wordings.py`).
"""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_TEXT = 60
MAX_LINES = 12


@dataclass(frozen=True, slots=True)
class Fact:
    """`extra`: the value that is set, the default, the condition of a return. `holds`: whether that condition holds or fails there."""

    relation: str
    subject: str
    object: str
    extra: str
    path: str
    first: int
    last: int
    holds: bool = True


def facts_of(root: Path, paths: Iterable[str]) -> list[Fact]:
    found: list[Fact] = []
    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                source = (root / path).read_bytes().decode("utf-8")
                tree = ast.parse(source)
        except (SyntaxError, ValueError, OSError, RecursionError):
            continue
        if "\f" in source or "\u2028" in source:
            continue
        found += _Reader(path).read(tree)
    return found


class _Reader:
    def __init__(self, path: str) -> None:
        self._path = path

    def read(self, tree: ast.Module) -> list[Fact]:
        try:
            return list(self._scope(tree.body, "", None, {}))
        except RecursionError:
            return []

    def _fact(
        self, relation: str, subject: str, object_: str, extra: str, first: int, last: int, holds: bool = True
    ) -> Fact:
        return Fact(relation, subject, object_, extra, self._path, first, last, holds)

    def _scope(
        self, body: list[ast.stmt], name: str, cls: ast.ClassDef | None, classes: dict[str, ast.ClassDef]
    ) -> Iterator[Fact]:
        classes = {**classes, **{n.name: n for n in body if isinstance(n, ast.ClassDef)}}
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from self._function(node, f"{name}.{node.name}" if name else node.name, cls, classes)
            elif isinstance(node, ast.ClassDef):
                own = f"{name}.{node.name}" if name else node.name
                line = (node.lineno, max(node.lineno, node.body[0].lineno - 1))
                for base in node.bases:
                    if isinstance(base, (ast.Name, ast.Attribute)):
                        yield self._fact(
                            "inherits", own, ast.unparse(base), "", node.lineno, max(node.lineno, base.lineno)
                        )
                yield self._fact("defined", own, self._path, "", *line)
                yield from self._scope(node.body, own, node, classes)

    def _function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        name: str,
        cls: ast.ClassDef | None,
        classes: dict[str, ast.ClassDef],
    ) -> Iterator[Fact]:
        start, end = node.lineno, max(node.lineno, node.body[0].lineno - 1)
        yield self._fact("defined", name, self._path, "", start, end)
        if cls is not None:
            yield self._fact("member", name, name.rpartition(".")[0], "", start, end)
            for base in cls.bases:
                base_class = classes.get(base.id) if isinstance(base, ast.Name) else None
                if base_class and any(getattr(n, "name", "") == node.name for n in base_class.body):
                    yield self._fact("overrides", name, f"{base_class.name}.{node.name}", "", start, end)
        for decorator in node.decorator_list:
            if decorator.lineno == decorator.end_lineno:
                yield self._fact("decorated", name, ast.unparse(decorator), "", decorator.lineno, start)
        spec = node.args
        plain = [*spec.posonlyargs, *spec.args]
        defaults = dict(zip([a.arg for a in plain][len(plain) - len(spec.defaults) :], spec.defaults, strict=True))
        defaults |= {a.arg: d for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None}
        for argument in [*plain, *spec.kwonlyargs]:
            if argument.arg not in ("self", "cls"):
                yield self._fact("takes", name, argument.arg, "", start, end)
                if argument.arg in defaults:
                    yield self._fact("default", name, argument.arg, ast.unparse(defaults[argument.arg]), start, end)
        yield from self._body(node.body, name, [])
        yield from self._scope([n for n in _flat(node.body) if hasattr(n, "name")], name, None, classes)

    def _body(self, body: list[ast.stmt], name: str, tests: list[tuple[ast.expr, bool]]) -> Iterator[Fact]:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            if isinstance(node, ast.If):
                yield from self._calls(node.test, name)
                yield from self._body(node.body, name, [*tests, (node.test, True)])
                yield from self._body(node.orelse, name, [*tests, (node.test, False)])
                continue
            blocks = [getattr(node, f, None) for f in ("body", "orelse", "finalbody")]
            if any(blocks):
                for field in ("iter", "test", "subject"):
                    if getattr(node, field, None) is not None:
                        yield from self._calls(getattr(node, field), name)
                for item in getattr(node, "items", ()):
                    yield from self._calls(item.context_expr, name)
                for block in blocks:
                    yield from self._body(block or [], name, [])
                for handler in getattr(node, "handlers", ()):
                    if handler.type is not None and isinstance(handler.type, (ast.Name, ast.Attribute)):
                        yield self._fact("catches", name, ast.unparse(handler.type), "", handler.lineno, handler.lineno)
                    yield from self._body(handler.body, name, [])
                for case in getattr(node, "cases", ()):
                    yield from self._body(case.body, name, [])
                continue
            yield from self._statement(node, name, tests)

    def _statement(self, node: ast.stmt, name: str, tests: list[tuple[ast.expr, bool]]) -> Iterator[Fact]:
        start, end = node.lineno, node.end_lineno or node.lineno
        if isinstance(node, ast.Return) and node.value is not None:
            yield self._fact("returns", name, ast.unparse(node.value), "", start, end)
            if tests:
                test, holds = tests[-1]
                yield self._fact(
                    "returns_if", name, ast.unparse(node.value), ast.unparse(test), test.lineno, end, holds
                )
        elif isinstance(node, ast.Raise) and node.exc is not None:
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(called, (ast.Name, ast.Attribute)) and ast.unparse(called).rpartition(".")[2][:1].isupper():
                yield self._fact("raises", name, ast.unparse(called), "", start, end)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            yield self._fact("sets", name, ast.unparse(node.targets[0]), ast.unparse(node.value), start, end)
        yield from self._calls(node, name)

    def _calls(self, node: ast.AST, name: str) -> Iterator[Fact]:
        stack = [node]
        while stack:
            one = stack.pop()
            if isinstance(one, ast.Lambda):
                continue
            if isinstance(one, ast.Call) and isinstance(one.func, (ast.Name, ast.Attribute)):
                text = ast.unparse(one.func)
                if all(part.isidentifier() for part in text.split(".")):
                    yield self._fact(
                        "calls", name, text, "", one.func.end_lineno or one.lineno, one.func.end_lineno or one.lineno
                    )
            stack.extend(ast.iter_child_nodes(one))


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for field in ("body", "orelse", "finalbody"):
                yield from _flat(getattr(node, field, None) or [])


def usable(fact: Fact) -> bool:
    """Whether a fact is short enough for a sentence with a citation, and not trivial."""
    texts = (fact.subject, fact.object, fact.extra)
    return fact.last - fact.first < MAX_LINES and all(
        len(t) <= MAX_TEXT and "`" not in t and "\n" not in t for t in texts
    )


class Table:
    """Looks facts up by what they say, names by their last part. Asks nothing of the verifier."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
        for fact in facts:
            self._by[(fact.relation, last(fact.subject), last(fact.object))].append(fact)

    def holds(self, relation: str, subject: str, object_: str, extra: str = "", holds: bool = True) -> bool:
        return any(True for _ in self.find(relation, subject, object_, extra, holds))

    def find(self, relation: str, subject: str, object_: str, extra: str = "", holds: bool = True) -> Iterator[Fact]:
        for fact in self._by.get((relation, last(subject), last(object_)), ()):
            if (not extra or fact.extra == extra) and fact.holds == holds:
                yield fact


def last(name: str) -> str:
    """The last part of a dotted name; of anything else, the whole."""
    bare = name.removesuffix("()")
    return bare.rpartition(".")[2] if all(p.isidentifier() for p in bare.split(".")) else bare
