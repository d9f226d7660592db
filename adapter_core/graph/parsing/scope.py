"""A syntax tree to facts, in one pass: definitions, imports, calls, and which values are bound to which names.

This is the hot loop of indexing, so statements are dispatched by one table look-up, and expressions are walked with a stack that skips what
cannot contain anything of interest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ...types import Call, Flow, Import
from .define import dotted
from .exports import exported_names
from .fields import FIELDS, outer_parts, spelled
from .limited import of_comprehension, of_lambda
from .patterns import captured

if TYPE_CHECKING:
    from .extract import Extractor

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_CONSTANT, _NAME, _ATTRIBUTE, _CALL = ast.Constant, ast.Name, ast.Attribute, ast.Call
_YIELDS = (ast.Yield, ast.YieldFrom)  # in a lambda they make a generator of that, not of the function around it
_BY_START = attrgetter("start", "end")
_NO_FIELDS: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


class Scope:
    """The facts of one module, class or function body. `bound` collects the names that a function binds (None elsewhere)."""

    def __init__(self, file: Extractor, owner: int, prefix: str, node: _Definition | None) -> None:
        self.file = file
        self.owner = owner
        self.prefix = prefix
        self.in_class = isinstance(node, ast.ClassDef)
        self.class_line = node.lineno if isinstance(node, ast.ClassDef) else 0
        self.in_function = file.symbols[owner].is_callable
        self.bound: dict[str, None] = {}
        self.outer: dict[str, int] = {}  # names declared global or nonlocal, with the owner of their binding
        self.conditional = False
        self.typing_only = False
        self.generator = False

    # -- statements --------------------------------------------------------------------------------------------------

    def body(self, statements: list[ast.stmt]) -> None:
        handlers = _STATEMENTS
        for statement in statements:
            handler = handlers.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def inner(self, *bodies: list[ast.stmt]) -> None:
        """Statements that may not run, or may run more than once."""
        was_conditional, self.conditional = self.conditional, True
        for statements in bodies:
            self.body(statements)
        self.conditional = was_conditional

    def definition(self, node: _Definition) -> None:
        file, owner = self.file, self.owner
        for part in outer_parts(node):
            if type(part) is not _NAME and type(part) is not _CONSTANT:
                self.expression(part)
        for decorator in node.decorator_list:
            start, end = self._extent(decorator)
            file.calls.append(Call(dotted(decorator), decorator.lineno, owner, start, end, "decorator"))
        symbol = file.define.definition(node, owner, self.prefix, self.in_class)
        if self.conditional:
            symbol = symbol._replace(conditional=True)
        index = len(file.symbols)
        file.symbols.append(symbol)
        if symbol.parameters:
            self.defaults(node.args, index)  # type: ignore[union-attr]
        scope = Scope(file, index, symbol.qualname + ".", node)
        if scope.in_function:
            scope.bound.update(dict.fromkeys(file.define.type_names(node)))
        scope.body(node.body)
        if scope.bound or scope.generator:
            file.symbols[index] = symbol._replace(local_names=tuple(sorted(scope.bound)), is_generator=scope.generator)

    def defaults(self, arguments: ast.arguments, index: int) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default is not None and type(default) is not _CONSTANT:
                start, end = self._extent(default)
                self.file.flows.append(Flow("default", index, self.owner, argument.arg, start, end, default.lineno))

    def import_(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self._import(alias.name, None, bound, 0, node.lineno)

    def import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._import(node.module or "", alias.name, alias.asname or alias.name, node.level, node.lineno)

    def _import(self, module: str, name: str | None, bound: str, level: int, line: int) -> None:
        owner = self.outer.get(bound, self.owner)
        self.file.imports.append(Import(module, name, bound, level, line, owner, self.conditional, self.typing_only))

    def assign(self, node: ast.Assign) -> None:
        value = node.value
        for target in node.targets:
            if type(target) is _NAME and target.id == "__all__" and self.owner == 0:
                self._exports(value, fresh=True)
            self.bind(target, value, "assign", node)
            self.expression(target)
        self.expression(value)

    def annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            if type(node.target) is _NAME and node.target.id == "__all__" and self.owner == 0:
                self._exports(node.value, fresh=True)
            self.bind(node.target, node.value, "assign", node)
            self.expression(node.value)
        else:
            self.bind(node.target, None, "assign", node)
        self._flow("annotation", node.target, node.annotation, node.lineno, "")
        self.expression(node.target)

    def augmented(self, node: ast.AugAssign) -> None:
        if type(node.target) is _NAME and node.target.id == "__all__" and self.owner == 0:
            self._exports(node.value, fresh=False)
        if self.in_function and type(node.target) is _NAME and node.target.id not in self.outer:
            self.bound[node.target.id] = None
        was_conditional, self.conditional = self.conditional, True  # the old value stays part of it
        self._flow("assign", node.target, node.value, node.lineno, "")
        self.conditional = was_conditional
        self.expression(node.target)
        self.expression(node.value)

    def for_(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        was_conditional, self.conditional = self.conditional, True
        self.bind(node.target, node.iter, "for", node)
        self.conditional = was_conditional
        self.expression(node.target)
        self.inner(node.body, node.orelse)

    def while_(self, node: ast.While) -> None:
        self.expression(node.test)
        self.inner(node.body, node.orelse)

    def if_(self, node: ast.If) -> None:
        was_conditional, typing_before = self.conditional, self.typing_only
        self.conditional = True
        # A chain of elif is nested to any depth, so it is followed in a loop.
        while True:
            self.expression(node.test)
            self.typing_only = typing_before or dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING"
            self.body(node.body)
            self.typing_only = typing_before
            following = node.orelse
            if len(following) == 1 and type(following[0]) is ast.If:
                node = following[0]
                continue
            self.body(following)
            break
        self.conditional = was_conditional

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.expression(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, item.context_expr, "with", node)
                self.expression(item.optional_vars)
        self.body(node.body)

    def try_(self, node: Any) -> None:
        self.inner(node.body, node.orelse)
        for handler in node.handlers:
            if handler.type is not None:
                self.expression(handler.type)
                if handler.name:
                    self._name(handler.name, handler.type, "except", handler.lineno, "")
            self.inner(handler.body)
        self.body(node.finalbody)

    def match(self, node: ast.Match) -> None:
        self.expression(node.subject)
        for case in node.cases:
            was_conditional, self.conditional = self.conditional, True
            for name, value, kind, line_path, line in captured(case.pattern, node.subject):
                self._bound(name)
                if value is not None:
                    self._name(name, value, kind, line, line_path)
                else:
                    # Bound to something that is not known.
                    self.file.flows.append(Flow("assign", self.owner, self.owner, name, 0, 0, line, "", True))
            if case.guard is not None:
                self.expression(case.guard)
            self.body(case.body)
            self.conditional = was_conditional

    def return_(self, node: ast.Return) -> None:
        if node.value is not None:
            self._value("return", node.value, node.lineno)
            self.expression(node.value)

    def expression_statement(self, node: ast.Expr) -> None:
        value = node.value
        if type(value) is ast.Call and value.args and dotted(value.func) in ("__all__.extend", "__all__.append"):
            self._exports(value.args[0], fresh=False)  # in a function, too: a decorator lists what it decorates
        self.expression(value)

    def other(self, node: Any) -> None:
        """raise, assert, delete: they bind nothing, but their expressions may contain calls."""
        for name in node._fields:
            value = getattr(node, name)
            if isinstance(value, ast.expr):
                self.expression(value)
            elif type(value) is list:
                for item in value:
                    self.expression(item)

    def global_(self, node: ast.Global) -> None:
        for name in node.names:
            self._declared(name, 0, node.lineno)

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        symbols = self.file.symbols
        for name in node.names:
            # The binding may stand below us in the text, so only parameters and what came before it can be told; the nearest
            # function around is right for all but names that skip a level.
            owner = symbols[self.owner].parent
            while owner > 0 and not symbols[owner].is_callable:
                owner = symbols[owner].parent
            self._declared(name, max(owner, 0), node.lineno)

    def _declared(self, name: str, owner: int, line: int) -> None:
        self.outer[name] = owner
        self.file.flows.append(Flow("declared", owner, self.owner, name, 0, 0, line))

    def type_alias(self, node: Any) -> None:
        if not self.in_function:
            self.file.symbols.append(
                self.file.define.binding(
                    node.name.id, "type_alias", node, node.name, self.owner, self.prefix, None, self.conditional
                )
            )
        self._name(node.name.id, node.value, "assign", node.lineno, "")

    # -- what is bound -----------------------------------------------------------------------------------------------

    def bind(self, target: ast.expr, value: ast.expr | None, kind: str, node: Any, path: str = "") -> None:
        """Follow a target into its parts; record symbols (outside functions), local names (inside) and flows."""
        which = type(target)
        if which is _NAME:
            name: str = target.id  # type: ignore[attr-defined]
            if self.in_function:
                self._bound(name)
            elif kind == "assign" and isinstance(node, (ast.Assign, ast.AnnAssign)):
                self._variable(name, node, target, path)
            if value is not None:
                self._flow(kind, target, value, node.lineno, path)
        elif which is ast.Attribute:
            if value is not None:
                self._flow(kind, target, value, node.lineno, path)
        elif which is ast.Subscript:
            if value is not None and not path and kind == "assign":
                # Under which key, where it is a constant, as `repr` spells it.
                self._flow("item", target.value, value, node.lineno, spelled(target.slice))  # type: ignore[attr-defined]
        elif which in (ast.Tuple, ast.List):
            starred = False
            elements = target.elts  # type: ignore[attr-defined]
            for number, element in enumerate(elements):
                place = number - len(elements) if starred else number
                if type(element) is ast.Starred:
                    starred = True
                    rest = f"*{number}:{len(elements) - number - 1}"
                    self.bind(element.value, value, kind, node, f"{path}.{rest}" if path else rest)
                    continue
                self.bind(element, value, kind, node, f"{path}.{place}" if path else str(place))
        elif which is ast.Starred:
            self.bind(target.value, value, kind, node, path)  # type: ignore[attr-defined]

    def _variable(self, name: str, node: ast.Assign | ast.AnnAssign, target: ast.expr, path: str) -> None:
        file = self.file
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        kind = "type_alias" if target.lineno in file.aliases and not path else ""
        file.symbols.append(
            file.define.binding(
                name, kind, node, target, self.owner, self.prefix, annotation, self.conditional, self.class_line, path
            )
        )

    def _flow(self, kind: str, target: ast.expr, value: ast.expr, line: int, path: str) -> None:
        name = target.id if type(target) is _NAME else dotted(target)
        if not name or (type(value) is _CONSTANT and type(value.value) is not str and type(target) is not _NAME):
            return
        self._name(name, value, kind, line, path)

    def _bound(self, name: str) -> None:
        if self.in_function and name not in self.outer:
            self.bound[name] = None

    def _name(self, name: str, value: ast.expr, kind: str, line: int, path: str) -> None:
        if "." not in name and kind not in ("item", "annotation"):
            self._bound(name)
        start, end = self._extent(value)
        owner = self.outer.get(name, self.owner)
        self.file.flows.append(Flow(kind, owner, self.owner, name, start, end, line, path, self.conditional))

    def _value(self, kind: str, value: ast.expr, line: int) -> None:
        if type(value) is _CONSTANT and type(value.value) is not str:
            return
        self.file.flows.append(Flow(kind, self.owner, self.owner, "", *self._extent(value), line, "", self.conditional))

    def _exports(self, value: ast.expr, fresh: bool) -> None:
        """Record the names in `__all__ = …`, `+= …` and `.extend(…)`."""
        names, modules = exported_names(value)
        file = self.file
        if fresh:
            file.exports, file.exports_of = [], []
        file.exports = (file.exports or []) + names
        file.exports_of += modules

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, root: ast.expr, deferred: bool = False) -> None:
        """Record the calls in an expression, in the order of the text, and its bindings."""
        kind: type = type(root)
        while kind is _ATTRIBUTE:
            root = root.value  # type: ignore[attr-defined]
            kind = type(root)
        if kind is _NAME or kind is _CONSTANT:
            return
        stack: list[Any] = [root]
        pop, push = stack.pop, stack.append
        file, owner, form = self.file, self.owner, "lambda" if deferred else ""
        found: list[Call] = []
        while stack:
            node = pop()
            kind = type(node)
            while kind is _ATTRIBUTE:
                node = node.value
                kind = type(node)
            if kind is _NAME or kind is _CONSTANT or node is None:
                continue
            if kind is _CALL:
                start, end = self._extent(node)
                func = node.func
                if type(func) is _NAME:
                    callee = func.id
                elif type(func) is _ATTRIBUTE and type(func.value) is _NAME:
                    callee = f"{func.value.id}.{func.attr}"
                else:
                    callee = dotted(func)
                    push(func)
                found.append(Call(callee, node.lineno, owner, start, end, form))
                for part in node.args:
                    if type(part) is not _NAME and type(part) is not _CONSTANT:
                        push(part)
                for keyword in node.keywords:
                    push(keyword.value)
                continue
            if kind is ast.Lambda:
                file.flows.extend(of_lambda(node, owner, self._extent))
                stack.extend(d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None)
                if deferred:
                    push(node.body)
                else:
                    self.expression(node.body, deferred=True)
                continue
            special = _BINDING.get(kind)
            if special is not None and not (deferred and kind in _YIELDS):
                special(self, node)
            single, several = FIELDS.get(kind, _NO_FIELDS)
            for name in single:
                push(getattr(node, name))
            for name in several:
                stack.extend(getattr(node, name))
        if found:
            if len(found) > 1:
                found.sort(key=_BY_START)
            file.calls.extend(found)

    def walrus(self, node: ast.NamedExpr) -> None:
        self.bind(node.target, node.value, "assign", node)

    def comprehension(self, node: Any) -> None:
        self.file.flows.extend(of_comprehension(node, self.owner, self._extent))

    def _extent(self, node: Any) -> tuple[int, int]:
        file = self.file
        odd = file.non_ascii_lines
        if odd is not None and (not odd or (node.lineno not in odd and node.end_lineno not in odd)):
            starts = file.starts
            return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        return file.offset(node.lineno, node.col_offset), file.offset(node.end_lineno, node.end_col_offset)

    def yield_(self, node: ast.Yield) -> None:
        self.generator = True
        if node.value is not None:
            self._value("yield", node.value, node.lineno)

    def yield_from(self, node: ast.YieldFrom) -> None:
        self.generator = True
        self._value("yield_from", node.value, node.lineno)


_STATEMENTS: dict[type, Callable[[Scope, Any], None]] = {
    ast.FunctionDef: Scope.definition,
    ast.AsyncFunctionDef: Scope.definition,
    ast.ClassDef: Scope.definition,
    ast.Import: Scope.import_,
    ast.ImportFrom: Scope.import_from,
    ast.Assign: Scope.assign,
    ast.AnnAssign: Scope.annotated,
    ast.AugAssign: Scope.augmented,
    ast.For: Scope.for_,
    ast.AsyncFor: Scope.for_,
    ast.While: Scope.while_,
    ast.If: Scope.if_,
    ast.With: Scope.with_,
    ast.AsyncWith: Scope.with_,
    ast.Try: Scope.try_,
    ast.Match: Scope.match,
    ast.Return: Scope.return_,
    ast.Expr: Scope.expression_statement,
    ast.Raise: Scope.other,
    ast.Assert: Scope.other,
    ast.Delete: Scope.other,
    ast.Global: Scope.global_,
    ast.Nonlocal: Scope.nonlocal_,
}
for _name, _handler in (("TryStar", Scope.try_), ("TypeAlias", Scope.type_alias)):
    if hasattr(ast, _name):
        _STATEMENTS[getattr(ast, _name)] = _handler

_BINDING: dict[type, Callable[[Scope, Any], None]] = {
    ast.NamedExpr: Scope.walrus,
    ast.ListComp: Scope.comprehension,
    ast.SetComp: Scope.comprehension,
    ast.DictComp: Scope.comprehension,
    ast.GeneratorExp: Scope.comprehension,
    ast.Yield: Scope.yield_,
    ast.YieldFrom: Scope.yield_from,
}
