"""Which tests ask about a name that means something else by then: a parameter that was bound anew, or what was asked before and has
another value since."""

from __future__ import annotations

import ast
from collections.abc import Iterable


class Rebinding:
    """Where the nodes of a function bind its names and ask about them."""

    def __init__(self, arguments: ast.arguments, nodes: Iterable[ast.AST]) -> None:
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self._given = {a.arg for a in listed if a is not None}
        self._bound: dict[str, list[tuple[int, int]]] = {}  # line, and the last line of the `for` whose target it is
        self._asked: dict[str, set[int]] = {}
        self._loops: list[tuple[int, int]] = []
        self._branches: list[
            tuple[int, int, int]
        ] = []  # the lines where an `if` and its `elif` or `else` begin, and its last one
        targets: dict[int, int] = {}
        within: set[int] = set()  # of comprehensions, whose targets are their own
        for node in (found := list(nodes)):
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
                self._loops.append((node.lineno, node.end_lineno or node.lineno))
            if isinstance(node, (ast.For, ast.AsyncFor)):
                targets |= {id(n): node.end_lineno or node.lineno for n in ast.walk(node.target)}
            elif isinstance(node, ast.comprehension):
                within |= {id(n) for n in ast.walk(node.target)}
            elif isinstance(node, ast.If):
                for name in _names(node.test):
                    self._asked.setdefault(name, set()).add(node.lineno)
                if node.orelse:
                    self._branches.append((node.lineno, node.orelse[0].lineno, node.end_lineno or node.lineno))
        for node in found:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in within:
                self._bound.setdefault(node.id, []).append((node.lineno, targets.get(id(node), 0)))
            for name in _bound_otherwise(node):
                self._bound.setdefault(name, []).append((node.lineno, 0))  # type: ignore[attr-defined]

    def asks_anew(self, test: ast.expr) -> bool:
        """Whether a test asks about such a name."""
        return any(self._is_another(name, test.lineno) for name in _names(test) if name in self._bound)

    def _is_another(self, name: str, line: int) -> bool:
        before = [b for b in self._bound[name] if b[0] < line and not self._in_other_branch(b[0], line)]
        if name in self._given:
            around = [loop for loop in self._loops if loop[0] <= line <= loop[1]]
            again = any(start <= b <= end for b, _ in self._bound[name] for start, end in around)
            return bool(before) or again
        if not before or max(before)[1] >= line:
            return False  # each item is another one, which nobody takes for the one before
        return any(asked < max(before)[0] for asked in self._asked.get(name, ()))

    def _in_other_branch(self, line: int, later: int) -> bool:
        """Whether one line is in a branch of an `if`, and a later one is, or is asked, in its `elif` or `else`."""
        return any(first < line < other <= later <= last for first, other, last in self._branches)


def _bound_otherwise(node: ast.AST) -> list[str]:
    """The names that a node binds without storing to a `Name`: of handlers, patterns and imports."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    return [node.rest] if isinstance(node, ast.MatchMapping) and node.rest else []


def _names(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
