"""Which tests are about a name whose value has changed: a rebound parameter, or a name that was rebound since an earlier test of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable


class Rebinding:
    """The lines on which the nodes of a function bind its names and test them."""

    def __init__(self, arguments: ast.arguments, nodes: Iterable[ast.AST]) -> None:
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self._parameters = {a.arg for a in parameters if a is not None}
        self._bindings: dict[
            str, list[tuple[int, int]]
        ] = {}  # (line, last line of a `for` that has it as target, else 0)
        self._tested_lines: dict[str, set[int]] = {}
        self._loops: list[tuple[int, int]] = []
        # First lines of an `if` and of its `elif` or `else`, and the last line.
        self._branches: list[tuple[int, int, int]] = []
        targets: dict[int, int] = {}
        comprehension_targets: set[int] = set()  # which are names of their own
        for node in (all_nodes := list(nodes)):
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
                self._loops.append((node.lineno, node.end_lineno or node.lineno))
            if isinstance(node, (ast.For, ast.AsyncFor)):
                targets |= {id(n): node.end_lineno or node.lineno for n in ast.walk(node.target)}
            elif isinstance(node, ast.comprehension):
                comprehension_targets |= {id(n) for n in ast.walk(node.target)}
            elif isinstance(node, ast.If):
                for name in _names_in(node.test):
                    self._tested_lines.setdefault(name, set()).add(node.lineno)
                if node.orelse:
                    self._branches.append((node.lineno, node.orelse[0].lineno, node.end_lineno or node.lineno))
        for node in all_nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in comprehension_targets:
                self._bindings.setdefault(node.id, []).append((node.lineno, targets.get(id(node), 0)))
            for name in _bound_without_name(node):
                self._bindings.setdefault(name, []).append((node.lineno, 0))  # type: ignore[attr-defined]

    def tests_rebound_name(self, test: ast.expr) -> bool:
        """Whether a test is about a name that was rebound."""
        return any(self._is_rebound(name, test.lineno) for name in _names_in(test) if name in self._bindings)

    def _is_rebound(self, name: str, line: int) -> bool:
        earlier = [b for b in self._bindings[name] if b[0] < line and not self._in_other_branch(b[0], line)]
        if name in self._parameters:
            loops_around = [loop for loop in self._loops if loop[0] <= line <= loop[1]]
            rebound_in_loop = any(start <= b <= end for b, _ in self._bindings[name] for start, end in loops_around)
            return bool(earlier) or rebound_in_loop
        if not earlier or max(earlier)[1] >= line:
            return False  # a loop's target: nobody takes one item for the previous one
        return any(tested < max(earlier)[0] for tested in self._tested_lines.get(name, ()))

    def _in_other_branch(self, line: int, later: int) -> bool:
        """Whether `line` is in a branch of an `if`, and `later` in (or the test of) its `elif` or `else`."""
        return any(first < line < other <= later <= last for first, other, last in self._branches)


def _bound_without_name(node: ast.AST) -> list[str]:
    """The names that a node binds other than by a stored `Name`: those of handlers, patterns and imports."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    return [node.rest] if isinstance(node, ast.MatchMapping) and node.rest else []


def _names_in(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
