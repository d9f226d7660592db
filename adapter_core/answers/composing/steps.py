"""What a function does from its first statement to its last, in one sentence: the statements that tell most, in the order of the text, each
as it stands and with what has to be for it to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ...code_graph import CodeGraph, index_of
from ...graph import terms
from ...types import SymbolRef
from ..inert import code
from .body import callee
from .candidate import Candidate, Speaker
from .conditions import Condition, Lines, condition_of, joined, lines_of
from .placed import Placed, Test, function_at, header, statements
from .quotes import is_little, logs, quoted

_MAX_TEXT = 640
_MAX_STEP = 140
_MIN_STEPS, _MAX_STEPS = 3, 9
_MAX_LINES = 12
_DEPTH = 0.85
_WORDS = 1.5  # what a step gains that holds all words of the question


@dataclass(frozen=True, slots=True)
class _Step:
    text: str
    tests: tuple[Test, ...]
    condition: Condition
    lines: Lines
    worth: float

    @property
    def length(self) -> int:
        return len(self.text) + len(self.condition.words) // 2 + 4


def steps(
    speaker: Speaker, graph: CodeGraph, ref: SymbolRef, lines: list[str], weights: Mapping[str, float]
) -> Iterator[Candidate]:
    """A function's course, where it has three steps or more that can be told."""
    node = function_at(ref.symbol, lines)
    if node is None:
        return
    known = _called_here(graph, ref)
    mass = sum(weights.values()) or 1.0
    found = [s for p in statements(node, lines) if (s := _step(p, lines, known, weights, mass)) is not None]
    kept = _without_told(_fitting(found))
    if len(kept) < _MIN_STEPS:
        return
    name = code(ref.symbol.qualname)
    parts: list[str] = []
    spans: list[Lines] = []
    before: tuple[str, tuple[object, ...]] | None = None
    for step in kept:
        key = step.condition.words, step.condition.tests
        if before == key:
            parts[-1] += f", then {code(step.text)}"
        else:
            parts.append(f"{step.condition.words}{': ' if step.condition.words else ''}{code(step.text)}")
        before = key
        spans += [*lines_of(step.condition.tests), step.lines]
    told = "; ".join(f"({number}) {part}" for number, part in enumerate(parts, 1))
    yield speaker.say("steps", f"In {name}, in the order written: {told}", *joined(spans))


def _called_here(graph: CodeGraph, ref: SymbolRef) -> set[tuple[str, int]]:
    """The calls of something of the workspace, by name and line."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or index is None:
        return set()
    return {
        (c.callee, c.line) for c in facts.calls if c.owner == index and not c.form and graph.site(facts, c).resolved
    }


def _step(
    placed: Placed, lines: list[str], known: set[tuple[str, int]], weights: Mapping[str, float], mass: float
) -> _Step | None:
    node = placed.node
    if getattr(node, "body", None) or isinstance(node, _SILENT) or logs(node) or _is_text(node):
        return None
    text = quoted(lines, node)
    if not text or "`" in text or len(text) > _MAX_STEP:
        return None
    start, end = header(node)
    condition = condition_of(placed.tests, start, end, loops=True)
    depth = sum(t.branch for t in placed.tests)
    held = sum(weights.get(t, 0.0) for t in set(terms.terms_of(f"{text} {condition.words}")))
    worth = (_worth(node, known) + _WORDS * held / mass) * _DEPTH**depth
    return _Step(text, placed.tests, condition, (start, end), worth)


_SILENT = (ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Assert)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _worth(node: ast.stmt, known: set[tuple[str, int]]) -> float:
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    if any((callee(c), c.func.end_lineno or c.lineno) in known or (callee(c), c.lineno) in known for c in calls):
        return 1.0
    if is_little(node):
        return 0.1
    if isinstance(node, ast.Raise):
        return 0.4
    if isinstance(node, ast.Return) or any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
        return 0.8
    return 0.5 if calls else 0.35


def _fitting(found: list[_Step]) -> list[_Step]:
    """As many of the best as there is room for, in the order of the text."""
    kept: list[_Step] = []
    room = _MAX_TEXT
    for step in sorted(found, key=lambda s: -s.worth):
        if len(kept) < _MAX_STEPS and step.length <= room and step.worth >= 0.3:
            kept.append(step)
            room -= step.length
    return sorted(kept, key=lambda s: s.lines)


def _without_told(kept: list[_Step]) -> list[_Step]:
    """An early exit that is a step of its own need not be said of each step behind it."""
    ends = {step.lines[1] for step in kept}
    found = []
    for step in kept:
        tests = tuple(t for t in step.tests if not (t.guard and t.end in ends))
        found.append(replace(step, condition=condition_of(tests, *step.lines, loops=True)))
    return found
