"""Implicit call sites: operations of a file that may call a special method without a call expression, such as `with` and operators.

Found in the syntax tree on demand, not stored. Which functions they call is inferred in `implicit/targets.py`.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ....types import ModuleFacts
from ...parsing.define import dotted
from ...parsing.fields import outer_parts
from ...parsing.syntax import Syntax, syntax_of
from ...source import is_python
from .builtin_calls import BUILT_IN_CALLERS, BUILTINS, CALLER_NAMES, FORMATS, callback_positions
from .operators import OPERATORS

if TYPE_CHECKING:
    from ..inference import Inference

Extent = tuple[int, int]
NOWHERE: Extent = (-1, -1)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NO_SPECIAL_METHODS = (
    ast.Constant,
    ast.Lambda,
    ast.JoinedStr,
)  # run no special method of the workspace, whatever is done with them
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_COMPARED = {
    ast.Eq: ("eq", "eq"), ast.NotEq: ("ne", "ne"), ast.Lt: ("lt", "gt"), ast.LtE: ("le", "ge"), ast.Gt: ("gt", "lt"),
    ast.GtE: ("ge", "le"),
}  # fmt: skip
_ACCESS: dict[type, str] = {ast.Load: "get", ast.Store: "set", ast.Del: "delete"}
_MAX_FIELDS = 50  # of one format string
_DEEP = 70  # operators within one another


class Operation(NamedTuple):
    """One operation on a value. `kind` says how it is written, `protocol` which protocol it follows (`implicit.targets.PROTOCOLS`).

    `start:end` are the offsets of the value, `other` those of a second one: a right operand, or what is called (`len`). `name` is the
    attribute, or the operator; `text` how the value is written, as in `Call.callee`, `second` how the other one is. `direct`: the value is
    the result of a call.
    """

    kind: str
    protocol: str
    owner: int
    line: int
    last: int
    start: int
    end: int
    text: str = ""
    name: str = ""
    other: Extent = NOWHERE
    second: str = ""
    deferred: bool = False
    direct: bool = False


def operations_of(inference: Inference, path: str) -> tuple[Operation, ...]:
    """The operations of a file; empty where it does not parse, which is recorded in `inference.unparsed`."""
    if path not in inference.operations:
        table = inference.table(path)
        table = table if is_python(path) else None
        found = operations_in(table.facts, inference.workspace.text(path)) if table is not None else ()
        inference.operations[path] = found
    known = inference.operations[path]
    if known is None:
        inference.unparsed[path] = None
    return known or ()


def operations_in(facts: ModuleFacts, text: str) -> tuple[Operation, ...] | None:
    """The operations of a file in the order of its text; None where it does not parse."""
    syntax = syntax_of(facts.path, text, facts.module)
    if syntax is None:
        return None
    walk = _Walk(facts, text, syntax)
    walk.run(syntax.tree)
    return tuple(sorted(dict.fromkeys(walk.found), key=lambda o: (o.start, o.end)))


def _is_deep(node: ast.expr) -> bool:
    """Whether operators are nested so deeply, as in a long sum, that inference gives up: inferring each part by itself takes quadratic
    time."""
    for _ in range(_DEEP):
        if isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.UnaryOp):
            node = node.operand
        else:
            return False
    return True


class _Walk:
    def __init__(self, facts: ModuleFacts, text: str, syntax: Syntax) -> None:
        self.text = text
        self.found: list[Operation] = []
        self.extent = syntax.extent
        self.scopes = {(s.name, s.name_line): i for i, s in enumerate(facts.symbols) if s.is_definition}
        self.owner = 0
        self.deferred = False
        self.quoted = False

    def run(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, int, bool, bool]] = [(tree, 0, False, False)]
        while stack:
            node, self.owner, self.deferred, self.quoted = stack.pop()
            kind = type(node)
            if isinstance(node, _DEFINITIONS):
                index = self.scopes.get((node.name, node.lineno))
                stack += [(part, self.owner, self.deferred, self.quoted) for part in outer_parts(node)]
                if index is None:
                    continue  # the facts are those of another text
                if kind is ast.ClassDef:
                    extent = (index, index)
                    self.add_operation("class", "class", node, extent, text=node.name, line=node.lineno)
                stack += [(statement, index, False, False) for statement in node.body]
                continue
            handler = _HANDLERS.get(kind)
            if handler is not None:
                handler(self, node)
            deferred = self.deferred or kind is ast.Lambda
            quoted = self.quoted or kind is ast.JoinedStr
            for child in _children(node):
                if type(child) is not ast.Name and type(child) is not ast.Constant:
                    stack.append((child, self.owner, deferred, quoted))

    # -- noting ------------------------------------------------------------------------------------------------------

    def add_value(self, kind: str, protocol: str, node: ast.expr, whole: Any = None, **more: Any) -> None:
        """Record an operation on a value; `whole` is the node of the whole operation."""
        if isinstance(node, _NO_SPECIAL_METHODS):
            return
        extent = self.extent(node)
        if self.quoted and not _is_spelled(self.text[slice(*extent)], node):
            return  # Python before 3.12 may give wrong positions within f-strings
        self.add_operation(
            kind, protocol, whole or node, extent, text=dotted(node), direct=isinstance(node, ast.Call), **more
        )

    def add_operation(
        self, kind: str, protocol: str, whole: Any, extent: Extent, text: str = "", line: int = 0, direct: bool = False,
        name: str = "", other: ast.expr | None = None,
    ) -> None:  # fmt: skip
        line, last = (line, line) if line else (whole.lineno, whole.end_lineno)
        other_extent, second = (self.extent(other), dotted(other)) if other is not None else (NOWHERE, "")
        self.found.append(
            Operation(
                kind, protocol, self.owner, line, last, *extent, text, name, other_extent, second, self.deferred, direct
            )
        )

    def truth(self, test: ast.expr) -> None:
        """Record the values whose truth a condition tests: the operands of `and`, `or`, `not`."""
        todo = [test]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.BoolOp):
                todo += node.values
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
                todo.append(node.operand)
            elif not isinstance(node, (ast.Compare, *_DISPLAYS)):
                self.add_value("truth", "truth", node)

    def iterate(self, node: ast.expr, protocol: str = "iterate") -> None:
        if not isinstance(node, _DISPLAYS):
            self.add_value("iterate", protocol, node)

    # -- statements --------------------------------------------------------------------------------------------------

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.add_value("with", "with" if isinstance(node, ast.With) else "async with", item.context_expr)

    def for_(self, node: ast.For | ast.AsyncFor) -> None:
        self.iterate(node.iter, "iterate" if isinstance(node, ast.For) else "async iterate")

    def comprehension(self, node: ast.comprehension) -> None:
        self.iterate(node.iter, "async iterate" if node.is_async else "iterate")
        for test in node.ifs:
            self.truth(test)

    def assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            self.iterate(node.value)

    def augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Attribute):
            self.add_value("get", "get", target.value, target, name=target.attr)
        elif isinstance(target, ast.Subscript):
            self.add_value("subscript", "getitem", target.value, target)
        self.add_value("operator", "inplace", target, node, name=OPERATORS[type(node.op)], other=node.value)

    def test(self, node: ast.If | ast.While | ast.Assert | ast.IfExp) -> None:
        self.truth(node.test)

    def match(self, node: Any) -> None:
        for case in node.cases:
            if case.guard is not None:
                self.truth(case.guard)
            for inner in ast.walk(case.pattern):
                if isinstance(inner, ast.MatchValue):
                    self.add_value("compare", "compare", node.subject, inner, name="eq eq", other=inner.value)

    def raise_(self, node: ast.Raise) -> None:
        if node.exc is not None and not isinstance(node.exc, ast.Call):
            self.add_value("raise", "raise", node.exc, node)

    # -- expressions -------------------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute) -> None:
        access = _ACCESS[type(node.ctx)]
        self.add_value(access, access, node.value, node, name=node.attr)

    def subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.value, _DISPLAYS):
            access = {"get": "getitem", "set": "setitem", "delete": "delitem"}[_ACCESS[type(node.ctx)]]
            self.add_value("subscript", access, node.value, node)
        if isinstance(node.slice, (ast.Name, ast.Attribute)):
            self.add_value("subscript", "key", node.slice, node, other=node.value)

    def binary(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            operands = list(node.right.elts) if isinstance(node.right, ast.Tuple) else [node.right]
            for letter, argument in zip(FORMATS.findall(node.left.value.replace("%%", "")), operands, strict=False):
                self.add_value("format", "repr" if letter in "ra" else "str", argument, node)
            return
        if _is_deep(node):
            return
        self.value_or_constant("operator", "operator", node.left, node, OPERATORS[type(node.op)], node.right)

    def value_or_constant(
        self, kind: str, protocol: str, node: ast.expr, whole: ast.expr, name: str, other: ast.expr
    ) -> None:
        """As `add_value`, where the left operand may be a constant: `3 + money`."""
        extent = self.extent(node)
        may_call = not (isinstance(other, _NO_SPECIAL_METHODS) and isinstance(node, _NO_SPECIAL_METHODS))
        if may_call and (not self.quoted or _is_spelled(self.text[slice(*extent)], node)):
            self.add_operation(kind, protocol, whole, extent, text=dotted(node), name=name, other=other)

    def unary(self, node: ast.UnaryOp) -> None:
        if _is_deep(node):
            return
        if isinstance(node.op, ast.Not):
            self.truth(node.operand)
        else:
            self.add_value("operator", "unary", node.operand, node, name=OPERATORS[type(node.op)])

    def either(self, node: ast.BoolOp) -> None:
        for part in node.values[:-1]:
            self.truth(part)

    def compare(self, node: ast.Compare) -> None:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.In, ast.NotIn)):
                if not isinstance(right, _DISPLAYS):
                    self.add_value("compare", "contains", right, node)
            elif type(op) in _COMPARED:
                self.value_or_constant("compare", "compare", left, node, " ".join(_COMPARED[type(op)]), right)
            left = right

    def formatted(self, node: ast.FormattedValue) -> None:
        protocol = {-1: "format", 115: "str", 114: "repr", 97: "repr"}[node.conversion]
        self.add_value("format", protocol, node.value)

    def starred(self, node: ast.Starred) -> None:
        if isinstance(node.ctx, ast.Load):
            self.iterate(node.value)

    def keyword(self, node: ast.keyword) -> None:
        if node.arg is None:
            self.add_value("iterate", "mapping", node.value)

    def keys(self, node: ast.Dict) -> None:
        for key, add_value in zip(node.keys, node.values, strict=True):
            if key is None:
                self.add_value("iterate", "mapping", add_value)
            else:
                self.add_value("hash", "hash", key)

    def elements(self, node: ast.Set) -> None:
        for element in node.elts:
            if not isinstance(element, ast.Starred):
                self.add_value("hash", "hash", element)

    def element(self, node: ast.SetComp | ast.DictComp) -> None:
        self.add_value("hash", "hash", node.key if isinstance(node, ast.DictComp) else node.elt)

    def yield_from(self, node: ast.YieldFrom) -> None:
        self.iterate(node.value)

    def await_(self, node: ast.Await) -> None:
        self.add_value("await", "await", node.value)

    def call(self, node: ast.Call) -> None:
        function = node.func
        self.add_operation("construct", "construct", node, self.extent(function), text=dotted(function))
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant):
            self.of_string(node, name, function.value.value)
            return
        if name in CALLER_NAMES and (isinstance(function, ast.Name) or name not in BUILT_IN_CALLERS):
            self.add_callbacks(node, name)
        for position, protocol in BUILTINS.get(name, ()):
            arguments = node.args if position is None else node.args[position : position + 1]
            if protocol == "ordered" and any(k.arg == "key" for k in node.keywords):
                continue
            if protocol in ("get", "set", "delete"):
                attribute_name = (
                    node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else None
                )
                if isinstance(attribute_name, str):
                    self.add_value("built-in", protocol, node.args[0], node, name=attribute_name, other=function)
                continue
            for argument in arguments:
                if not isinstance(argument, ast.Starred) and not (
                    protocol.startswith("iterate") and isinstance(argument, _DISPLAYS)
                ):
                    self.add_value("built-in", protocol, argument, node, name=name, other=function)

    def add_callbacks(self, node: ast.Call, name: str) -> None:
        """Record callables that are passed to code that calls them: `map(f, values)`, `sorted(values, key=f)`."""
        for argument, last in callback_arguments(node, name):
            self.add_operation(
                "callback", "callback", node, self.extent(argument), text=dotted(argument), name=last, other=node
            )

    def of_string(self, node: ast.Call, name: str, add_value: object) -> None:
        """`"…".format(x)` and `"…".join(xs)`."""
        if name == "join" and isinstance(add_value, (str, bytes)):
            for argument in node.args:
                self.iterate(argument)
        if name == "format" and isinstance(add_value, str):
            for field, conversion in _fields(add_value):
                formatted = _format_argument(node, field)
                if formatted is not None:
                    protocol = {"r": "repr", "a": "repr", "s": "str"}.get(conversion, "format")
                    self.add_value("format", protocol, formatted, node)


def callback_arguments(node: ast.Call, name: str) -> list[tuple[ast.expr, str]]:
    """The arguments that a call of a function of this name may call, with their last names."""
    positions = callback_positions(name)
    arguments = [argument for position, argument in enumerate(node.args) if position in positions]
    arguments += [keyword.value for keyword in node.keywords if keyword.arg in positions]
    uninformative = (ast.Starred, ast.Constant, ast.JoinedStr, *_DISPLAYS)
    return [(a, dotted(a).rpartition(".")[2]) for a in arguments if not isinstance(a, uninformative)]


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The child nodes, without annotations."""
    for field in node._fields:
        if field == "annotation" or field == "returns":
            continue
        add_value = getattr(node, field, None)
        if isinstance(add_value, list):
            yield from (item for item in add_value if isinstance(item, ast.AST))
        elif isinstance(add_value, ast.AST):
            yield add_value


def _is_spelled(text: str, node: ast.expr) -> bool:
    """Whether a text is that of an expression."""
    try:
        return ast.dump(ast.parse(f"({text}\n)", mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _fields(text: str) -> list[tuple[str, str]]:
    """(number or name, conversion) of the fields of a format string that format the value itself."""
    found: list[tuple[str, str]] = []
    try:
        for number, (_, field, _, conversion) in enumerate(
            f for f in string.Formatter().parse(text) if f[1] is not None
        ):
            if field is not None and "." not in field and "[" not in field:
                found.append((field or str(number), conversion or ""))
    except ValueError:
        return []
    return found[:_MAX_FIELDS]


def _format_argument(node: ast.Call, field: str) -> ast.expr | None:
    if field.isdigit():
        positional = [a for a in node.args if not isinstance(a, ast.Starred)]
        return positional[int(field)] if len(positional) == len(node.args) > int(field) else None
    return next((k.value for k in node.keywords if k.arg == field), None)


_HANDLERS: dict[type, Callable[[_Walk, Any], None]] = {
    ast.With: _Walk.with_, ast.AsyncWith: _Walk.with_, ast.For: _Walk.for_, ast.AsyncFor: _Walk.for_,
    ast.comprehension: _Walk.comprehension, ast.Assign: _Walk.assign, ast.AugAssign: _Walk.augmented, ast.If: _Walk.test,
    ast.While: _Walk.test, ast.Assert: _Walk.test, ast.IfExp: _Walk.test, ast.Match: _Walk.match, ast.Raise: _Walk.raise_,
    ast.Attribute: _Walk.attribute, ast.Subscript: _Walk.subscript, ast.BinOp: _Walk.binary, ast.UnaryOp: _Walk.unary,
    ast.BoolOp: _Walk.either, ast.Compare: _Walk.compare, ast.FormattedValue: _Walk.formatted, ast.Starred: _Walk.starred,
    ast.keyword: _Walk.keyword, ast.Dict: _Walk.keys, ast.Set: _Walk.elements, ast.SetComp: _Walk.element,
    ast.DictComp: _Walk.element, ast.YieldFrom: _Walk.yield_from, ast.Await: _Walk.await_, ast.Call: _Walk.call,
}  # fmt: skip
