"""What the names of one test module refer to, judged by its text: imports, definitions and constants.

A name counts as a constant when the module binds it exactly once, to an expression; a list or dict must also be used only in ways that do
not modify it. Everything else is unknown, and so is what is read through it: nothing is guessed, and nothing is imported.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ...parsing.fields import dotted_name

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_DEPTH = 40  # how many names and operands deep an expression is followed
_LONGEST = 10_000  # elements of a sequence or characters of a text that are worth computing
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# Calls that only read their arguments.
_READERS = frozenset(
    "parametrize fixture param len sorted enumerate zip list tuple set frozenset dict range any all sum max min map filter "
    "product chain print repr str isinstance type id iter".split()
)
_READING_METHODS = frozenset({"items", "keys", "values", "index", "count", "copy", "get"})


def statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that run in one scope, in order, and whether they are conditional. What is under `if TYPE_CHECKING` and `if
    __name__ == "__main__"` does not run when pytest imports the module."""
    stack: list[tuple[ast.stmt, bool]] = [(node, False) for node in reversed(body)]
    while stack:
        node, conditional = stack.pop()
        yield node, conditional
        if isinstance(node, _SCOPES):
            continue
        blocks: list[list[ast.stmt]] = []
        if isinstance(node, ast.If):
            blocks = [[] if _never_runs(node.test) else node.body, node.orelse]
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            blocks = [node.body, node.orelse]
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            stack.extend((child, conditional) for child in reversed(node.body))
        elif hasattr(node, "handlers"):  # Try; TryStar from Python 3.11 on
            handlers = [handler.body for handler in node.handlers]
            blocks = [node.body, *handlers, node.orelse, node.finalbody]  # type: ignore[attr-defined]
        elif isinstance(node, ast.Match):
            blocks = [case.body for case in node.cases]
        for block in reversed(blocks):
            stack.extend((child, True) for child in reversed(block))


@dataclass(frozen=True, slots=True)
class _Uses:
    """`rebound`: names that some function rebinds with `global`. `disturbed`: names that are used where their value could be modified:
    `CASES.append(...)`, `fill(CASES)`, `other = CASES`."""

    rebound: frozenset[str]
    disturbed: frozenset[str]


class ModuleNames:
    """The names of a module, or (`inside`) of a class in it. `imports`: local name to dotted name (a relative one keeps its dots).
    `stars`: star-imported modules. `bound`: name to its bindings, in order: a definition, the expression of a plain assignment, or the
    statement of another kind. `local`: the same without names from outside the class. `conditional`: names whose last binding is
    conditional."""

    _condition: bool

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.imports: dict[str, str] = {}
        self.stars: list[str] = []
        self.bound: dict[str, list[ast.AST]] = {}
        self.local = self.bound
        self.conditional: set[str] = set()
        self._root = self
        self._bind(tree.body)

    def inside(self, node: ast.ClassDef) -> ModuleNames:
        """The names as the statements of a class body see them."""
        inner = object.__new__(ModuleNames)
        inner.tree, inner.stars = self.tree, self.stars
        inner.imports, inner.bound, inner.conditional = {}, {}, set()
        inner._bind(node.body)
        inner.imports = {k: v for k, v in self._root.imports.items() if k not in inner.bound} | inner.imports
        inner.local = inner.bound
        inner.bound = {
            **self._root.bound,
            **inner.local,
        }  # a class inside a class does not see the names of the outer one
        inner._root = self._root
        return inner

    def value(self, name: str) -> ast.expr | None:
        """The expression of a constant."""
        binders = self.bound.get(name, ())
        if len(binders) != 1 or not isinstance(binders[0], ast.expr):
            return None
        value = binders[0]
        uses = self._root._uses
        return None if name in uses.rebound or (_may_change(value) and name in uses.disturbed) else value

    def definition(self, name: str) -> Definition | None:
        """The function or class of a name, where it is bound once."""
        binders = self.bound.get(name, ())
        if len(binders) == 1 and isinstance(binders[0], (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return binders[0]
        return None

    def builtin(self, node: ast.AST) -> object | None:
        """The built-in object of a plain name, unless the module rebinds it."""
        if isinstance(node, ast.Name) and node.id not in self.bound and not self.stars:
            return getattr(builtins, node.id, None)
        return None

    def canonical(self, node: ast.AST) -> str:
        """The dotted name of `node` with imports and constants resolved: `mark.skip` is `pytest.mark.skip`. "": not a name."""
        tail = ""
        for _ in range(_DEPTH):
            first, dot, rest = dotted_name(node).partition(".")
            if not first:
                return ""
            tail = (dot + rest) + tail
            if first in self.imports:
                return self.imports[first] + tail
            value = self.value(first)
            if value is None:
                return first + tail
            node = value
        return ""

    def resolve(self, node: ast.expr) -> ast.expr:
        """`node`, or the expression of the constant that it names."""
        for _ in range(_DEPTH):
            value = self.value(node.id) if isinstance(node, ast.Name) else None
            if value is None:
                return node
            node = value
        return node

    def sequence(self, node: ast.expr, depth: int = 0) -> list[ast.expr] | None:
        """The elements of a list or tuple, where the text shows all of them."""
        node = self.resolve(node)
        if depth > _DEPTH:
            return None
        if isinstance(node, (ast.List, ast.Tuple)):
            found: list[ast.expr] = []
            for element in node.elts:
                if isinstance(element, ast.Starred):
                    inner = self.sequence(element.value, depth + 1)
                    if inner is None:
                        return None
                    found.extend(inner)
                else:
                    found.append(element)
            return found if len(found) <= _LONGEST else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.sequence(node.left, depth + 1), self.sequence(node.right, depth + 1)
            return None if left is None or right is None or len(left) + len(right) > _LONGEST else left + right
        if isinstance(node, ast.Call) and not node.keywords:
            return self._sequence_of_call(node, depth)
        return None

    def _sequence_of_call(self, node: ast.Call, depth: int) -> list[ast.expr] | None:
        builtin = self.builtin(node.func)
        if builtin is list or builtin is tuple:
            return self.sequence(node.args[0], depth + 1) if len(node.args) == 1 else None
        if builtin is not range or not 1 <= len(node.args) <= 3:
            return None
        numbers = [number for argument in node.args if isinstance(number := self.literal(argument), int)]
        if len(numbers) != len(node.args):
            return None
        try:
            values = range(*numbers)
            return [ast.copy_location(ast.Constant(v), node) for v in values] if len(values) <= _LONGEST else None
        except (ValueError, OverflowError):
            return None

    def literal(self, node: ast.expr, depth: int = 0) -> object:
        """The number, text, bytes, bool or None of an expression; `...` where it is something else or unknown."""
        node = self.resolve(node)
        if isinstance(node, ast.Constant):
            return node.value
        if depth > _DEPTH:
            return ...
        try:
            if isinstance(node, ast.UnaryOp):
                return _unary(node.op, self.literal(node.operand, depth + 1))
            if isinstance(node, ast.BinOp):
                return _binary(node.op, self.literal(node.left, depth + 1), self.literal(node.right, depth + 1))
            if isinstance(node, ast.Call) and self.builtin(node.func) is float and len(node.args) == 1:
                text = self.literal(node.args[0], depth + 1)
                return float(text) if isinstance(text, (str, int, float)) and not node.keywords else ...
        except (ArithmeticError, TypeError, ValueError):
            return ...
        return ...

    @cached_property
    def _uses(self) -> _Uses:
        return _uses_of(self.tree)

    def _bind(self, body: list[ast.stmt]) -> None:
        for node, self._condition in statements(body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._add(node.name, node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self.imports[name] = alias.name if alias.asname else name
                    self._add(name, node)
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                for alias in node.names:
                    if alias.name == "*":
                        self.stars.append(module)
                        continue
                    name = alias.asname or alias.name
                    self.imports[name] = f"{module}.{alias.name}"
                    self._add(name, node)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                if node.value is None:
                    continue
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    # With `A = B = []`, both names share one object.
                    if isinstance(target, ast.Name) and len(targets) == 1:
                        self._add(target.id, node.value)
                    else:
                        self._add_targets(target, node)
            else:
                self._bind_other(node)

    def _bind_other(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.For, ast.AsyncFor, ast.AugAssign)):
            self._add_targets(node.target, node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    self._add_targets(item.optional_vars, node)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self._add_targets(target, node)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                for part in ast.walk(case.pattern):
                    name = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(name, str):
                        self._add(name, node)
        elif hasattr(node, "handlers"):
            for handler in node.handlers:
                if handler.name:
                    self._add(handler.name, node)

    def _add_targets(self, target: ast.expr, node: ast.stmt) -> None:
        for part in ast.walk(target):
            # `CASES[0] = x` binds nothing, but it changes what is bound: `disturbed` sees to that.
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                self._add(part.id, node)

    def _add(self, name: str, node: ast.AST) -> None:
        self.bound.setdefault(name, []).append(node)
        if self._condition:
            self.conditional.add(name)
        else:
            self.conditional.discard(name)


def _uses_of(tree: ast.Module) -> _Uses:
    rebound: set[str] = set()
    read_only: set[int] = set()
    used: list[ast.Name | ast.Attribute] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            used.append(node)
        if isinstance(node, ast.Attribute):
            if node.attr in _READING_METHODS:
                read_only.add(id(node.value))
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            read_only.add(id(node.iter))
        elif isinstance(node, ast.Call):
            if dotted_name(node.func).rpartition(".")[2] in _READERS:
                read_only.update(map(id, node.args))
                read_only.update(id(keyword.value) for keyword in node.keywords)
        elif isinstance(node, ast.Compare):
            read_only.update(map(id, node.comparators))
        elif isinstance(node, ast.BinOp):
            read_only.update((id(node.left), id(node.right)))
        elif isinstance(node, ast.Starred) or (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
            read_only.add(id(node.value))
        elif isinstance(node, ast.Global):
            rebound.update(node.names)
    disturbed = (n.id if isinstance(n, ast.Name) else n.attr for n in used if id(n) not in read_only)
    return _Uses(frozenset(rebound), frozenset(disturbed))


def _may_change(value: ast.expr) -> bool:
    """Whether code that has the value could change its elements."""
    if isinstance(value, ast.Call):
        return dotted_name(value.func) == "list"
    return not isinstance(value, (ast.Constant, ast.UnaryOp, ast.Tuple, ast.Attribute, ast.Name, ast.Lambda))


def _never_runs(test: ast.expr) -> bool:
    if dotted_name(test).rpartition(".")[2] == "TYPE_CHECKING":
        return True
    return isinstance(test, ast.Compare) and dotted_name(test.left) == "__name__" and isinstance(test.ops[0], ast.Eq)


def _unary(op: ast.unaryop, value: object) -> object:
    if not isinstance(value, (int, float, complex)):
        return ...
    if isinstance(op, ast.USub):
        return -value
    if isinstance(op, ast.UAdd):
        return +value
    return ~value if isinstance(op, ast.Invert) and type(value) is int else ...


def _binary(op: ast.operator, left: object, right: object) -> object:
    if isinstance(left, (str, bytes)) or isinstance(right, (str, bytes)):
        return _binary_text(op, left, right)
    if not isinstance(left, (int, float, complex)) or not isinstance(right, (int, float, complex)):
        return ...
    if isinstance(op, ast.Add):
        return left + right
    if isinstance(op, ast.Sub):
        return left - right
    if isinstance(op, ast.Mult):
        return left * right
    if isinstance(op, ast.Div):
        return left / right
    if isinstance(left, int) and isinstance(right, int) and 0 <= right <= 128 and abs(left) < 1 << 64:
        if isinstance(op, ast.Pow):
            return left**right
        if isinstance(op, ast.LShift):
            return left << right
        if isinstance(op, ast.BitOr):
            return left | right
    return ...


def _binary_text(op: ast.operator, left: object, right: object) -> object:
    if isinstance(op, ast.Add):
        if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) <= _LONGEST:
            return left + right
        if isinstance(left, bytes) and isinstance(right, bytes) and len(left) + len(right) <= _LONGEST:
            return left + right
    if isinstance(op, ast.Mult):
        text, times = (left, right) if isinstance(left, (str, bytes)) else (right, left)
        if isinstance(text, (str, bytes)) and isinstance(times, int) and len(text) * times <= _LONGEST:
            return text * times
    return ...
