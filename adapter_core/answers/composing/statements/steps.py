"""What a function does from its first statement to its last, in one sentence: statements as they stand, in the order of the text, each with
what has to be for it to run. Each early exit is one of them; where others are left out, "…" stands.

Which statements are told is all that is chosen; the rest follows from the syntax (`course`), so that a sentence is checked by telling the
same statements once more.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ....code_graph import CodeGraph, index_of
from ....graph import terms
from ....types import STEP_SEPARATOR, Symbol, SymbolRef
from ...checking.sentence import MAX_CHARS
from ...inert import code, printable
from ..candidate import Candidate, SentenceBuilder
from .actions import callee
from .conditions import Lines, in_words, joined, lines_of
from .control_flow import AGAIN, Placed, Test, function_at, header, source, statements
from .endings import ENDINGS
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
_SILENT = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_NAMES = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Step:
    """A statement. `text`: as it is told, "" where it cannot be. `tests`: all that stands around it. `lines` show it; `end` is its last
    one."""

    node: ast.stmt
    text: str
    tests: tuple[Test, ...]
    lines: Lines
    end: int

    @property
    def leaves(self) -> bool:
        return isinstance(self.node, ENDINGS)

    @property
    def length(self) -> int:
        return len(self.text) + sum(len(t.text) for t in self.tests if t.branch) // 2 + 4


def steps(
    builder: SentenceBuilder,
    graph: CodeGraph,
    ref: SymbolRef,
    lines: list[str],
    weights: Mapping[str, float],
    named: bool = False,
) -> Iterator[Candidate]:
    """A function's course, where it has three steps or more and most of it can be told. `named`: it is what was asked about."""
    found = steps_of(ref.symbol, lines)
    known = _called_here(graph, ref)
    mass = sum(weights.values()) or 1.0
    worth = [_worth(s, known, weights, mass) for s in found]
    told = _fitting(found, worth, _NAMED if named else 1)
    wanted = sum(w >= _WORTH_TELLING for w in worth)
    if len(told) < max(_MIN_STEPS, _MIN_SHARE * wanted):
        return
    known_as = course(found, told)
    if known_as is None or course(found, mentioned(found, STEP_SEPARATOR.join(known_as[0]))) != known_as:
        return  # another statement reads like something that is told
    parts, spans = known_as
    sentence = builder.step_list("steps", f"In {code(ref.symbol.qualname)}, in the order written:", parts, *spans)
    if len(parts) > 1 and len(sentence.text) <= MAX_CHARS:
        yield sentence


def steps_of(symbol: Symbol, lines: list[str]) -> list[Step]:
    """The statements of a function that may be told, in the order of the text: none with a body of its own, none that only logs something
    (but for handlers, which are known by that), no docstring and no import."""
    node = function_at(symbol, lines)
    found = [_step(placed, lines) for placed in (statements(node, lines) if node is not None else ())]
    return [step for step in found if step is not None]


def _step(placed: Placed, lines: list[str]) -> Step | None:
    node = placed.node
    bare = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if getattr(node, "body", None) or getattr(node, "cases", None) or isinstance(node, _SILENT) or bare:
        return None
    handles = bool(placed.tests) and placed.tests[-1].kind == "except"
    if (isinstance(node, ast.Pass) or logs(node)) and not handles:
        return None
    text, shown = _told_as(node, lines)
    return Step(node, text, placed.tests, shown, node.end_lineno or shown[1])


def _told_as(node: ast.stmt, lines: list[str]) -> tuple[str, Lines]:
    """A statement as it stands, or a long one by what it comes to, "" where that cannot be said either; and the lines that show it."""
    text, (start, end) = quoted(lines, node), header(node)
    if text and "`" not in text and len(text) <= _MAX_STEP:
        return code(text), (start, end)
    value = getattr(node, "exc", None) or getattr(node, "value", None)
    while isinstance(value, ast.Await):
        value = value.value
    called = callee(value) if isinstance(value, ast.Call) else ""
    target = source(node.targets[0], lines) if isinstance(node, ast.Assign) and len(node.targets) == 1 else ""
    if not isinstance(value, ast.Call) or not called or "`" in target:
        return "", (start, end)
    last = called.rpartition(".")[2].lstrip("_")
    result = f"the result of {code(called + '()')}"
    if isinstance(node, ast.Raise):
        said = f"raises {code(called)}" if last[:1].isupper() else f"raises {result}"
        said = "" if last == "with_traceback" else said
    elif isinstance(node, ast.Return):
        said = f"returns {result}"
    elif target:
        said = f"sets {code(target)} to {result}"
    else:
        said = f"calls {code(called + '()')}" if isinstance(node, ast.Expr) else ""
    return said, (start, value.func.end_lineno or start)


def _called_here(graph: CodeGraph, ref: SymbolRef) -> set[tuple[str, int]]:
    """The calls of something of the workspace, by name and line."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or index is None:
        return set()
    own = [c for c in facts.calls if c.owner == index and not c.form]
    return {(c.callee, c.line) for c in own if graph.site(facts, c).resolved}


def _worth(step: Step, known: set[tuple[str, int]], weights: Mapping[str, float], mass: float) -> float:
    held = sum(weights.get(t, 0.0) for t in set(terms.terms_of(step.text)))
    depth = sum(t.branch for t in step.tests)
    return (_own_worth(step.node, known) + _WORDS * held / mass) * _DEPTH**depth


def _own_worth(node: ast.stmt, known: set[tuple[str, int]]) -> float:
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    if any((callee(c), line) in known for c in calls for line in (c.lineno, c.func.end_lineno)):
        return 1.0
    keeps = isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, (ast.Name, ast.Constant))
    if (keeps and _names_only(node)) or is_little(node):
        return _LITTLE
    if isinstance(node, ast.Return) or any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
        return 0.8
    return 0.5 if calls or not _names_only(node) else 0.4


def _names_only(node: ast.stmt) -> bool:
    """Whether no attribute or item is set, which others may see."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return all(target is None or isinstance(target, ast.Name) for target in targets)


def _fitting(found: Sequence[Step], worth: Sequence[float], times: int) -> list[int]:
    """Which are told: all early exits and handlers with what binds the names that they speak of, as many of the others as there is room
    for, the best first, and what binds names in these. Empty where one that has to be told cannot be."""
    needed = [i for i, s in enumerate(found) if s.leaves or isinstance(s.node, ast.Pass) or logs(s.node)]
    if any(not found[i].text for i in needed):
        return []
    room = times * _MAX_TEXT - sum(found[i].length for i in needed)
    kept = set(needed)
    room = _with_binders(found, kept, room, times * _MAX_STEPS)
    for i in sorted(range(len(found)), key=lambda i: -worth[i]):
        if i not in kept and found[i].text and worth[i] >= _WORTH_TELLING and found[i].length <= room:
            kept.add(i)
            room -= found[i].length
    room = _with_binders(found, kept, room, times * _MAX_STEPS)
    return sorted(kept) if room >= 0 and len(kept) <= times * _MAX_STEPS else []


def _with_binders(found: Sequence[Step], kept: set[int], room: int, most: int) -> int:
    """Add what last bound a name that kept steps and their tests speak of, as far as there is room. Returns the room that is left."""
    bound: dict[str, int] = {}
    wanted: set[int] = set()
    for i, step in enumerate(found):
        if i in kept:
            texts = (step.text, *(t.text for t in step.tests))
            wanted.update(bound[name] for text in texts for name in _NAMES.findall(text) if name in bound)
        bound.update(dict.fromkeys(_binds(step), i))
    for i in sorted(wanted - kept, reverse=True):
        if found[i].text and found[i].length <= room and len(kept) < most:
            kept.add(i)
            room -= found[i].length
    return room


def _binds(step: Step) -> set[str]:
    return {n.id for n in ast.walk(step.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def mentioned(found: Sequence[Step], listing: str) -> list[int]:
    """The steps that a listing tells, if it is one of these."""
    return [i for i, step in enumerate(found) if step.leaves or (step.text and step.text in listing)]


def course(found: Sequence[Step], told: Sequence[int]) -> tuple[tuple[str, ...], list[Lines]] | None:
    """Some steps as they are listed, those under the same condition as one, behind "…" where others stand before them; and the lines that
    show it. None where a condition cannot be told."""
    kept = [found[i] for i in told]
    ends = {step.end for step in kept if step.leaves}
    parts: list[str] = []
    said = _Said()
    last = -1
    for i, step in zip(told, kept, strict=True):
        # That an exit before it was not taken need not be said behind that exit.
        exits = [t for t in step.tests if t.guard and (t.untold or any(t.start <= n <= t.end for n in ends))]
        tests = [t for t in step.tests if (t.word or t.kind != "within") and t not in exits]
        gap = "… " if i - last > 1 else ""
        if parts and not gap and tests == said.tests and not found[last].leaves:
            parts[-1] += f", then {step.text}"
        else:
            words = said.in_words(tests, bool(gap))
            if words is None:
                return None
            parts.append(f"{gap}{words}{': ' if words else ''}{step.text}")
        last = i
    numbered = [f"({number}) {part}" for number, part in enumerate(parts, 1)]
    if numbered and last < len(found) - 1:
        numbered[-1] += "; …"
    # An early exit is shown where it is told itself.
    asked = [[t for t in step.tests if not t.guard] for step in kept]
    spans = [span for step, tests in zip(kept, asked, strict=True) for span in (*lines_of(tests), step.lines)]
    return tuple(numbered), joined(spans)


class _Said:
    """The condition that was told last, by which the next one may be told shorter."""

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self._turned: set[Test] = set()  # what the last "otherwise" stood for

    def in_words(self, tests: list[Test], gap: bool) -> str | None:
        """A condition from outside in: "otherwise" where it is the one before turned round, "in the same loop". None: it cannot be told."""
        before, turned = self.tests, self._turned
        self.tests, self._turned = tests, set()
        own, lead = tests, []
        # What "otherwise" turns round is all that was said: nothing but loops may stand before the test that is.
        alone = all(_is_loop(t) or t in turned for t in before[:-1])
        other = _other_way(before[-1], tests) if before and not gap and alone else None
        loops = _loops(tests)
        if other is not None and tests[: len(before)] == [*before[:-1], other]:
            self._turned = {*turned, other}
            own, lead = tests[len(before) :], ["otherwise"]
        elif loops and loops == _loops(before):
            own, lead = tests[len(loops) :], ["in the same loop"]
        if len(own) > _MAX_TESTS or not all(_tellable(t) for t in own):
            return None
        # In the order written "by then" goes without saying.
        return ", ".join([*lead, *(t.word or in_words([replace(t, anew=False)]) for t in own)])


def _loops(tests: Sequence[Test]) -> list[Test]:
    """The loops that stand around all of it."""
    count = next((i for i, t in enumerate(tests) if not _is_loop(t)), len(tests))
    return list(tests[:count])


def _is_loop(test: Test) -> bool:
    return test.kind in ("for", "while") or test.word == AGAIN


def _tellable(test: Test) -> bool:
    return bool(test.text or test.word) and "`" not in test.text and test.kind != "other" and not test.guard


def _other_way(test: Test, tests: Sequence[Test]) -> Test | None:
    """The one of `tests` that asks the same and has it the other way round: what an `else` or `elif` stands under."""
    return next(
        (
            t
            for t in tests
            if t.kind == test.kind == "if"
            and (t.text, t.start) == (test.text, test.start)
            and t.holds != test.holds
            and not t.guard
        ),
        None,
    )


def goes_so(symbol: Symbol, lines: list[str], listing: str, spans: Sequence[Lines]) -> bool:
    """Whether a function's steps are told as they are, and their lines are among some cited ones."""
    found = steps_of(symbol, lines)
    known = course(found, mentioned(found, listing))
    shown = {n for a, b in spans for n in range(a, b + 1)}
    return (
        known is not None
        and printable(STEP_SEPARATOR.join(known[0])) == printable(listing)
        and all(n in shown for a, b in known[1] for n in range(a, b + 1))
    )
