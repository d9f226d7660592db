"""True statements about a repository, read with Python's own `ast` and nothing of Pathline's; and sentences that tell them.

A fact is a relation between a subject (the qualified name of a definition) and an object, with the lines that show it. Facts of one
relation are told in several wordings; those of `HELD_OUT` were written together with the others and not looked at while the
verifier was made.
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


WORDINGS: dict[str, tuple[str, ...]] = {
    "calls": (
        "`{s}` calls `{o}`.", "`{o}` is called by `{s}`.", "The function `{s}` invokes `{o}`.",
        "It is `{s}` that calls `{o}` here.", "`{s}` works by calling `{o}`.", "`{o}` gets invoked from `{s}`.",
        "Inside `{s}` there is a call to `{o}`.", "The body of `{s}` calls `{o}` once or more.",
        "`{s}` relies on `{o}`, which it calls.", "Among the callers of `{o}` is `{s}`.", "`{s}` ends up calling `{o}`.",
        "`{s}` makes a call to `{o}`.", "During its work, `{s}` calls `{o}`.",
        "`{o}` is one of the functions that `{s}` calls.", "`{s}` delegates to `{o}`.",
        "The method `{s}` internally calls `{o}`.", "`{s}` uses `{o}`, calling it directly.",
    ),
    "returns": (
        "`{s}` returns `{o}`.", "`{o}` is returned by `{s}`.", "The method `{s}` simply returns `{o}`.",
        "When it is done, `{s}` returns `{o}` to its caller.", "What `{s}` returns is `{o}`.",
        "Calling `{s}` can return `{o}`.", "`{s}` hands back `{o}`.", "The return value of `{s}` is `{o}`.",
        "`{s}` will return `{o}`.", "`{s}` then returns `{o}`.",
    ),
    "returns_if": (
        "`{s}` returns `{o}` if `{e}`.", "If `{e}`, `{s}` returns `{o}`.", "`{s}` returns `{o}` when `{e}`.",
        "As long as `{e}`, `{s}` returns `{o}`.", "Whenever `{e}` holds, `{s}` returns `{o}`.",
        "`{s}` checks whether `{e}`, and if so returns `{o}`.", "If `{e}` holds, then `{s}` returns `{o}`.",
        "`{s}` returns `{o}` in case `{e}`.",
    ),
    "raises": (
        "`{s}` raises `{o}`.", "`{o}` is raised by `{s}`.", "`{s}` may raise `{o}`.",
        "An exception of type `{o}` is thrown by `{s}`.", "Calling `{s}` can raise `{o}`.", "`{s}` fails by raising `{o}`.",
        "Callers of `{s}` have to expect `{o}`, which it raises.", "A `{o}` is raised by `{s}`.", "`{s}` can throw `{o}`.",
        "`{s}` signals the error by raising `{o}`.",
    ),
    "sets": (
        "`{s}` sets `{o}` to `{e}`.", "In `{s}`, `{o}` is set to `{e}`.", "`{s}` assigns `{e}` to `{o}`.",
        "`{s}` stores `{e}` in `{o}`.", "The attribute `{o}` is assigned `{e}` by `{s}`.", "`{s}` updates `{o}` to `{e}`.",
        "`{o}` is set to `{e}` in `{s}`.", "`{s}` initializes `{o}` with `{e}`.",
    ),
    "default": (
        "The default of `{o}` in `{s}` is `{e}`.", "`{o}` of `{s}` defaults to `{e}`.",
        "`{s}` has a parameter `{o}` with a default of `{e}`.", "`{o}`, a parameter of `{s}`, defaults to `{e}`.",
        "Unless told otherwise, `{o}` of `{s}` is `{e}`.", "`{s}` gives `{o}` the default `{e}`.",
        "The parameter `{o}` of `{s}` has a default value of `{e}`.", "`{s}` uses `{e}` as the default for `{o}`.",
        "In `{s}`, `{o}` defaults to `{e}`.",
    ),
    "takes": (
        "`{s}` takes the parameter `{o}`.", "`{s}` accepts `{o}`.", "`{o}` is one of the parameters of `{s}`.",
        "`{s}` has a parameter `{o}`.", "Callers of `{s}` can pass `{o}`.", "One argument of `{s}` is `{o}`.",
        "`{s}` is declared with an argument `{o}`.", "`{s}` has an argument named `{o}`.",
        "The signature of `{s}` includes the parameter `{o}`.", "`{o}` is a parameter of `{s}`.",
    ),
    "inherits": (
        "`{s}` inherits from `{o}`.", "`{s}` is a subclass of `{o}`.", "`{o}` is the base class of `{s}`.",
        "The class `{s}` extends `{o}`.", "`{s}` derives from `{o}`.", "`{o}` is extended by `{s}`.",
        "`{s}` builds on its base class `{o}`.", "One of the bases of `{s}` is `{o}`.", "`{s}` is derived from `{o}`.",
        "`{o}` is the parent class of `{s}`.", "`{s}` subclasses `{o}`.", "`{s}` is a child class of `{o}`.",
    ),
    "member": (
        "`{s}` is a method of `{o}`.", "The method `{s}` belongs to `{o}`.", "`{o}` defines `{s}`.",
        "Among the methods of `{o}` is `{s}`.", "`{s}` is one of the methods of `{o}`.",
        "`{s}` is defined in the class `{o}`.", "The class `{o}` has a method `{s}`.", "`{s}` is an instance method of `{o}`.",
    ),
    "defined": (
        "`{s}` is defined in `{o}`.", "The definition of `{s}` lives in `{o}`.", "`{s}` is implemented in `{o}`.",
        "`{s}` can be found in `{o}`.", "The file `{o}` defines `{s}`.", "`{s}`, defined in `{o}`, is part of the project.",
        "The code of `{s}` resides in `{o}`.", "`{o}` contains the definition of `{s}`.",
    ),
    "decorated": (
        "`{s}` is decorated with `@{o}`.", "`{s}` is registered with `@{o}`.", "`@{o}` decorates `{s}`.",
        "`{s}` carries the decorator `@{o}`.", "`{s}` has the decorator `@{o}`.", "The decorator `@{o}` is applied to `{s}`.",
    ),
    "overrides": (
        "`{s}` overrides `{o}`.", "`{o}` is overridden by `{s}`.", "`{s}` reimplements `{o}`.",
        "The method `{s}` is an override of `{o}`.", "`{s}` takes the place of `{o}`.",
        "The implementation in `{s}` overrides `{o}`.", "`{s}` is overriding `{o}`.", "`{o}` is reimplemented by `{s}`.",
        "`{s}` replaces the inherited `{o}`.",
    ),
    "catches": (
        "`{s}` catches `{o}`.", "`{s}` is able to catch `{o}`.", "Within `{s}`, `{o}` is caught.",
        "`{o}` is handled in `{s}`.", "`{s}` has a handler that catches `{o}`.",
        "`{s}` handles `{o}` exceptions by catching them.", "Exceptions of type `{o}` are caught in `{s}`.",
        "`{s}` will catch `{o}`.",
    ),
}  # fmt: skip
HELD_OUT: dict[str, tuple[str, ...]] = {
    "calls": (
        "To do so, `{s}` calls `{o}`.", "`{s}` hands over to `{o}` by calling it.", "The call of `{o}` happens in `{s}`.",
        "`{o}` is what `{s}` calls.", "`{s}` invokes `{o}` as part of its work.", "`{o}` is used by `{s}`.",
    ),
    "returns": (
        "`{s}` returns `{o}` at that point.", "The result of `{s}` is `{o}`.", "`{s}` finishes by returning `{o}`.",
    ),
    "returns_if": (
        "`{s}` returns `{o}` only when `{e}`.", "`{s}`: if `{e}`, it returns `{o}`.",
        "Provided that `{e}`, `{s}` returns `{o}`.",
    ),
    "raises": (
        "`{s}` raises a `{o}`.", "The exception `{o}` comes from `{s}`.", "`{s}` is where `{o}` is raised.",
    ),
    "sets": (
        "`{s}` sets the attribute `{o}` to `{e}`.", "`{s}` assigns the value `{e}` to `{o}`.",
        "`{o}` gets the value `{e}` in `{s}`.",
    ),
    "default": (
        "The argument `{o}` of `{s}` is `{e}` by default.", "`{s}` takes `{o}`, which defaults to `{e}`.",
        "`{o}` has a default of `{e}` in `{s}`.",
    ),
    "takes": (
        "`{s}` takes an argument called `{o}`.", "`{o}` is an argument of `{s}`.", "`{s}` accepts the argument `{o}`.",
    ),
    "inherits": (
        "`{s}` is based on the class `{o}`.", "`{s}` inherits the behaviour of `{o}`.", "`{o}` is a base class of `{s}`.",
        "The class `{s}` is a subclass of `{o}`.",
    ),
    "member": (
        "`{o}` has the method `{s}`.", "The class `{o}` declares `{s}`.", "`{s}` is a function in the class `{o}`.",
    ),
    "defined": (
        "`{s}` is located in the file `{o}`.", "One finds `{s}` in `{o}`.", "`{s}` is declared in `{o}`.",
    ),
    "decorated": (
        "`{s}` is wrapped by the decorator `@{o}`.", "`{s}` is decorated by `@{o}`.",
    ),
    "overrides": (
        "`{s}` overrides the method `{o}`.", "`{s}` overrides the implementation of `{o}`.",
        "In subclasses, `{o}` is overridden by `{s}`.",
    ),
    "catches": (
        "`{s}` catches a `{o}`.", "`{s}` guards against `{o}` by catching it.", "If a `{o}` occurs, `{s}` catches it.",
    ),
}  # fmt: skip


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
                other = classes.get(base.id) if isinstance(base, ast.Name) else None
                if other and any(getattr(n, "name", "") == node.name for n in other.body):
                    yield self._fact("overrides", name, f"{other.name}.{node.name}", "", start, end)
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
    """Short enough to be said and cited, and with something to say."""
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
