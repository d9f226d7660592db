"""What a function does from its first statement to its last, in one sentence: statements as they stand, in the order of the text, each with
what has to be for it to run. Each early exit is one of them; where others are left out, "…" stands.

Not told where a condition would take too many words.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...code_graph import CodeGraph, index_of
from ...graph import terms
from ...types import SymbolRef
from ..inert import code
from .body import callee
from .candidate import Candidate, Speaker
from .conditions import Lines, in_words, joined, lines_of
from .placed import EXITS, Placed, Test, function_at, header, source, statements
from .quotes import is_little, logs, quoted

_MAX_TEXT = 800
_MAX_STEP = 160
_MIN_STEPS, _MAX_STEPS = 3, 12
_NAMED = 2  # times as much may be told of what the question names
_MIN_SHARE = 0.6  # of what would be told
_MAX_TESTS = 3
_DEPTH = 0.85
_WORDS = 1.5  # what a step gains that holds all words of the question
_LITTLE, _WORTH_TELLING = 0.1, 0.3
_LEAVING = (*EXITS, ast.Continue, ast.Break)
_SILENT = (ast.Pass, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)


@dataclass(frozen=True, slots=True)
class _Step:
    """`text`: as it is told, "" where it is not. `tests`: all that stands around it. `lines` show it; `end` is its last one."""

    text: str
    tests: tuple[Test, ...]
    lines: Lines
    end: int
    worth: float
    leaves: bool

    @property
    def length(self) -> int:
        return len(self.text) + sum(len(t.text) for t in self.tests if t.branch) // 2 + 4


def steps(
    speaker: Speaker,
    graph: CodeGraph,
    ref: SymbolRef,
    lines: list[str],
    weights: Mapping[str, float],
    named: bool = False,
) -> Iterator[Candidate]:
    """A function's course, where it has three steps or more and most of it can be told. `named`: it is what was asked about."""
    node = function_at(ref.symbol, lines)
    if node is None:
        return
    known = _called_here(graph, ref)
    mass = sum(weights.values()) or 1.0
    found = [s for p in statements(node, lines) if (s := _step(p, lines, known, weights, mass)) is not None]
    kept = _fitting(found, _NAMED if named else 1)
    worth_telling = sum(s.worth >= _WORTH_TELLING for s in found)
    if len(kept) < max(_MIN_STEPS, _MIN_SHARE * worth_telling):
        return
    told = _told(kept, found)
    if len(told) > 1:
        listing = "; ".join(f"({number}) {part}" for number, part in enumerate(told, 1))
        spans = [span for s in kept for span in (*lines_of(s.tests), s.lines)]
        yield speaker.say("steps", f"In {code(ref.symbol.qualname)}, in the order written: {listing}", *joined(spans))


def _called_here(graph: CodeGraph, ref: SymbolRef) -> set[tuple[str, int]]:
    """The calls of something of the workspace, by name and line."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or index is None:
        return set()
    own = [c for c in facts.calls if c.owner == index and not c.form]
    return {(c.callee, c.line) for c in own if graph.site(facts, c).resolved}


def _step(
    placed: Placed, lines: list[str], known: set[tuple[str, int]], weights: Mapping[str, float], mass: float
) -> _Step | None:
    """None of what has a body, and of what says nothing."""
    node = placed.node
    text_alone = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if getattr(node, "body", None) or isinstance(node, _SILENT) or logs(node) or text_alone:
        return None
    text, shown = told_as(node, lines)
    depth = sum(t.branch for t in placed.tests)
    held = sum(weights.get(t, 0.0) for t in set(terms.terms_of(text)))
    worth = (_worth(node, known) + _WORDS * held / mass) * _DEPTH**depth
    return _Step(text, placed.tests, shown, node.end_lineno or shown[1], worth, isinstance(node, _LEAVING))


def told_as(node: ast.stmt, lines: list[str]) -> tuple[str, Lines]:
    """A statement as it stands, or a long one by what it comes to, "" where that cannot be said either; and the lines that show it."""
    text, (start, end) = quoted(lines, node), header(node)
    if text and "`" not in text and len(text) <= _MAX_STEP:
        return code(text), (start, end)
    value = getattr(node, "exc", None) or getattr(node, "value", None)
    while isinstance(value, ast.Await):
        value = value.value
    called = callee(value) if isinstance(value, ast.Call) else ""
    target = source(node.targets[0], lines) if isinstance(node, ast.Assign) and len(node.targets) == 1 else ""
    if not isinstance(value, ast.Call) or not called:
        return "", (start, end)
    if isinstance(node, ast.Raise):
        said = f"raises {code(called)}"
    elif isinstance(node, ast.Return) or target:
        said = f"{f'sets {code(target)} to' if target else 'returns'} the result of {code(called + '()')}"
    else:
        said = f"calls {code(called + '()')}" if isinstance(node, ast.Expr) else ""
    return said, (start, value.func.end_lineno or start)


def _worth(node: ast.stmt, known: set[tuple[str, int]]) -> float:
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    if any((callee(c), line) in known for c in calls for line in (c.lineno, c.func.end_lineno)):
        return 1.0
    keeps = isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, (ast.Name, ast.Constant))
    if keeps or is_little(node):
        return _LITTLE
    if isinstance(node, ast.Return) or any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
        return 0.8
    return 0.5 if calls else 0.4


def _fitting(found: Sequence[_Step], times: int) -> list[_Step]:
    """All early exits, and as many of the others as there is room for, the best first; in the order of the text. Empty where one of the
    exits cannot be told."""
    leaving = [s for s in found if s.leaves]
    if any(not s.text for s in leaving):
        return []
    room, kept = times * _MAX_TEXT - sum(s.length for s in leaving), list(leaving)
    for step in sorted(found, key=lambda s: -s.worth):
        if not step.leaves and step.text and step.worth >= _WORTH_TELLING and step.length <= room:
            kept.append(step)
            room -= step.length
    return sorted(kept, key=lambda s: s.lines) if room >= 0 and len(kept) <= times * _MAX_STEPS else []


def _told(kept: Sequence[_Step], found: Sequence[_Step]) -> list[str]:
    """The steps as they are numbered: those under the same condition as one, behind "…" where others stand before them. Empty where a
    condition cannot be told."""
    ends = {step.end for step in kept if step.leaves}
    left_out = [s.lines for s in found if s.worth >= _WORTH_TELLING and s not in kept]
    parts: list[str] = []
    before: list[Test] | None = None
    line = 0
    for step in kept:
        # That an exit before it was not taken need not be said behind that exit.
        tests = [t for t in step.tests if (t.word or t.kind != "within") and not (t.guard and t.end in ends)]
        gap = "… " if any(line < start < step.lines[0] for start, _ in left_out) else ""
        words = _words(tests, None if gap else before)
        if words is None:
            return []
        if before == tests and not gap:
            parts[-1] += f", then {step.text}"
        else:
            parts.append(f"{gap}{words}{': ' if words else ''}{step.text}")
        before, line = tests, step.lines[0]
    return parts


def _words(tests: Sequence[Test], before: Sequence[Test] | None) -> str | None:
    """The condition from outside in, "otherwise" where it is that of the step before with its last test turned round. None: it cannot be
    told."""
    own, lead = list(tests), []
    if before and len(own) >= len(before) and own[: len(before)] == [*before[:-1], _turned(before[-1], own)]:
        own, lead = own[len(before) :], ["otherwise"]
    if len(own) > _MAX_TESTS or any(not (t.text or t.word) or t.kind == "other" or t.guard for t in own):
        return None
    return ", ".join([*lead, *(t.word or in_words([t]) for t in own)])


def _turned(test: Test, tests: Sequence[Test]) -> Test | None:
    """The one of `tests` that asks the same and has it the other way round: what an `else` or `elif` stands under."""
    return next(
        (
            t
            for t in tests
            if t.kind == test.kind == "if" and (t.text, t.start) == (test.text, test.start) and t.holds != test.holds
        ),
        None,
    )
