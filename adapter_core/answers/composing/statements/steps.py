"""The course of a function in one sentence: its statements as written, in the order of the text, each with the condition under which it
runs. All early exits are included; "…" marks other statements that are left out.

Only the choice of statements is free; the rest follows from the syntax (`render_course`), so a sentence is checked by rendering the same
statements once more.
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
from .actions import callee_name
from .conditions import Lines, condition_words, lines_of_tests, merge_ranges
from .control_flow import (
    ENDLESS_LOOP,
    PlacedStatement,
    Test,
    expression_text,
    function_node,
    header_lines,
    placed_statements,
)
from .endings import ENDINGS
from .quotes import declares_option, is_logging, quote_statement, says_little

_MAX_TEXT = 800
_MAX_STEP, _MAX_RAISE = 160, 80
_MIN_STEPS, _MAX_STEPS = 3, 12
_NAMED_FACTOR, _MAIN_FACTOR = (
    2,
    1.5,
)  # how much more text and steps a function may have that is named, or does what is asked
_MIN_SHARE = 0.6  # of the important steps, that must fit
_MAX_TESTS = 3
_SHORTER = 0.75  # of the room and steps, where the sentence gets too long
_MANY_STEPS = 20  # of important steps; of more a part is enough
_MAX_ALIKE = 3  # times that steps are added that read like chosen ones
_DEPTH = 0.85
_TEST_SHARE = 0.5  # of a word in the test around a step
_WORDS_GAIN = 1.5  # added to the score of a step that holds all words of the question
_MINOR_SCORE, _MIN_SCORE = 0.1, 0.3
_SILENT = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Assert)
_DEBUGGING = re.compile(r"(?<![^\W_])(?:debug\w*|verbose)", re.I)
_NAMES = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of the course. `text`: as rendered, "" if it cannot be; `tests`: the conditions and blocks around it; `lines`: those that
    show it; `end`: its last line."""

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
        return len(self.text) + sum(len(t.text) for t in self.tests if t.is_branch) // 2 + 4


def step_sentences(
    builder: SentenceBuilder,
    graph: CodeGraph,
    ref: SymbolRef,
    lines: list[str],
    weights: Mapping[str, float],
    named: bool = False,
    is_main: bool = False,
) -> Iterator[Candidate]:
    """The sentence about a function's course, if it has three steps or more and most of it can be rendered. `named`: the question names the
    function; `is_main`: it is the one that does what is asked."""
    all_steps = function_steps(ref.symbol, lines)
    called_here = _workspace_calls(graph, ref)
    mass = sum(weights.values()) or 1.0
    messages = names_for_messages(ref.symbol, lines)
    scores = [
        _MINOR_SCORE if _is_aside(s, messages, weights) else _score(s, called_here, weights, mass) for s in all_steps
    ]
    factor = _NAMED_FACTOR if named else _MAIN_FACTOR if is_main else 1.0
    important_count = sum(score >= _MIN_SCORE for score in scores)
    for smaller in (factor, _SHORTER * factor):
        chosen = _choose_steps(all_steps, scores, smaller)
        is_enough = len(chosen) >= max(_MIN_STEPS, _MIN_SHARE * min(important_count, _MANY_STEPS))
        rendered = _render_whole(all_steps, chosen) if is_enough else None
        if rendered is None:
            return
        parts, spans = rendered
        sentence = builder.step_list("steps", f"In {code(ref.symbol.qualname)}, in the order written:", parts, *spans)
        if len(parts) > 1 and len(sentence.text) <= MAX_CHARS:
            yield sentence
            return


def _render_whole(steps: Sequence[Step], chosen: Sequence[int]) -> tuple[tuple[str, ...], list[Lines]] | None:
    """The chosen steps as `render_course` has them, with those that read like one of them, so that the sentence can be checked; None if it
    cannot."""
    for _ in range(_MAX_ALIKE):
        rendered = render_course(steps, chosen)
        if rendered is None:
            return None
        mentioned = mentioned_steps(steps, STEP_SEPARATOR.join(rendered[0]))
        untellable = {steps[i].text for i in mentioned if i not in chosen and not _has_expressible_place(steps[i])}
        mentioned = [i for i in mentioned if steps[i].leaves or steps[i].text not in untellable]
        if mentioned == chosen or render_course(steps, mentioned) == rendered:
            return rendered
        chosen = mentioned
    return None


def function_steps(symbol: Symbol, lines: list[str]) -> list[Step]:
    """The possible steps of a function, in the order of the text: its statements without those that have a body, docstrings, imports,
    assertions, and logging outside of handlers (a handler that only logs is described by that)."""
    node = function_node(symbol, lines)
    found = [_step(placed, lines) for placed in (placed_statements(node, lines) if node is not None else ())]
    return [step for step in found if step is not None]


def _step(placed: PlacedStatement, lines: list[str]) -> Step | None:
    node = placed.node
    does_nothing = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    does_nothing = does_nothing or (isinstance(node, ast.AnnAssign) and node.value is None)
    does_nothing = does_nothing or (isinstance(node, ast.Delete) and all(isinstance(t, ast.Name) for t in node.targets))
    if getattr(node, "body", None) or getattr(node, "cases", None) or isinstance(node, _SILENT) or does_nothing:
        return None
    in_handler = bool(placed.tests) and placed.tests[-1].kind == "except"
    if (isinstance(node, ast.Pass) or is_logging(node)) and not in_handler:
        return None
    text, lines_shown = _text_and_lines(node, lines)
    return Step(node, text, placed.tests, lines_shown, node.end_lineno or lines_shown[1])


def _text_and_lines(node: ast.stmt, lines: list[str]) -> tuple[str, Lines]:
    """The text of a statement: as written, or a summary of a long one, or "" if there is none; and the lines that show it."""
    text, (start, end) = quote_statement(lines, node), header_lines(node)
    if text and "`" not in text and len(text) <= (_MAX_RAISE if isinstance(node, ast.Raise) else _MAX_STEP):
        return code(text), (start, end)
    value = getattr(node, "exc", None) or getattr(node, "value", None)
    while isinstance(value, ast.Await):
        value = value.value
    callee = callee_name(value) if isinstance(value, ast.Call) else ""
    target = expression_text(node.targets[0], lines) if isinstance(node, ast.Assign) and len(node.targets) == 1 else ""
    if not isinstance(value, ast.Call) or not callee or "`" in target:
        return "", (start, end)
    last = callee.rpartition(".")[2].lstrip("_")
    result = f"the result of {code(callee + '()')}"
    if isinstance(node, ast.Raise):
        text = f"raises {code(callee)}" if last[:1].isupper() else f"raises {result}"
        text = "" if last == "with_traceback" else text
    elif isinstance(node, ast.Return):
        text = f"returns {result}"
    elif target:
        text = f"sets {code(target)} to {result}"
    else:
        text = f"calls {code(callee + '()')}" if isinstance(node, ast.Expr) else ""
    return text, (start, value.func.end_lineno or start)


def _workspace_calls(graph: CodeGraph, ref: SymbolRef) -> set[tuple[str, int]]:
    """The calls of the function that lead to the workspace, as (callee, line)."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or index is None:
        return set()
    own = [c for c in facts.calls if c.owner == index and not c.form]
    return {(c.callee, c.line) for c in own if graph.site(facts, c).resolved}


def _score(step: Step, called: set[tuple[str, int]], weights: Mapping[str, float], mass: float) -> float:
    around = set(terms.terms_of(step.tests[-1].text)) if step.tests and step.tests[-1].is_branch else set()
    own = set(terms.terms_of(step.text))
    word_weight = sum(weights.get(t, 0.0) for t in own) + _TEST_SHARE * sum(weights.get(t, 0.0) for t in around - own)
    # What is done otherwise lies behind each test of a chain, and yet is the usual case.
    depth = sum(t.is_branch and not _is_failed(t) for t in step.tests) + any(map(_is_failed, step.tests))
    return (_statement_score(step.node, called) + _WORDS_GAIN * word_weight / mass) * _DEPTH**depth


def _is_failed(test: Test) -> bool:
    return test.kind == "if" and not test.holds and test.is_branch


def _is_aside(step: Step, messages: set[str], weights: Mapping[str, float]) -> bool:
    """Whether a step only serves messages or debugging, and the question does not ask for that; or declares an option."""
    bound = _bound_names(step)
    is_for_message = (
        isinstance(step.node, ast.Assign) and bool(bound) and bound <= messages and _binds_only_names(step.node)
    )
    is_debugging = "debug" not in weights and any(
        t.is_branch and t.holds and _DEBUGGING.search(t.text) for t in step.tests
    )
    return is_for_message or is_debugging or declares_option(step.node)


def names_for_messages(symbol: Symbol, lines: list[str]) -> set[str]:
    """The names that a function reads in nothing but what it logs."""
    node = function_node(symbol, lines)
    logged: set[str] = set()
    read: set[str] = set()
    stack = list(ast.iter_child_nodes(node)) if node is not None else []
    while stack:
        child = stack.pop()
        if isinstance(child, ast.stmt) and is_logging(child):
            logged |= {n.id for n in ast.walk(child) if isinstance(n, ast.Name)}
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            read.add(child.id)
        stack.extend(ast.iter_child_nodes(child))
    return logged - read


def _statement_score(node: ast.stmt, called: set[tuple[str, int]]) -> float:
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    if any((callee_name(c), line) in called for c in calls for line in (c.lineno, c.func.end_lineno)):
        return 1.0
    is_plain_binding = isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(
        node.value, (ast.Name, ast.Constant)
    )
    if (is_plain_binding and _binds_only_names(node)) or says_little(node):
        return _MINOR_SCORE
    if isinstance(node, ast.Return) or any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
        return 0.8
    return 0.5 if calls or not _binds_only_names(node) else 0.4


def _binds_only_names(node: ast.stmt) -> bool:
    """Whether a statement binds no attribute or item, which code outside the function may see."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return all(target is None or isinstance(target, ast.Name) for target in targets)


def _choose_steps(steps: Sequence[Step], scores: Sequence[float], factor: float) -> list[int]:
    """The indices of the steps to render: all early exits (but for loops of which nothing is told) and handlers, the best others that fit,
    and for all of these the steps that bind their names. Empty if a required step cannot be rendered. `factor`: of the room and the number
    of steps."""
    untold = {loop for s in steps if _leaves_loop(s) and not _has_expressible_place(s) for loop in _innermost_loop(s)}
    steps = [s if _has_expressible_place(s) and untold.isdisjoint(s.tests) else replace(s, text="") for s in steps]
    required = [i for i, s in enumerate(steps) if s.leaves and not (_leaves_loop(s) and not s.text)]
    required += [i for i, s in enumerate(steps) if s.text and (isinstance(s.node, ast.Pass) or is_logging(s.node))]
    if any(not steps[i].text for i in required):
        return []
    required += [i - 1 for i in required if i and i - 1 not in required and _is_purpose(steps[i - 1], steps[i])]
    limit = factor * _MAX_STEPS
    room = factor * _MAX_TEXT - sum(steps[i].length for i in required)
    chosen = set(required)
    room = _add_binders(steps, chosen, room, limit)
    for i in sorted(range(len(steps)), key=lambda i: -scores[i]):
        is_worth_it = steps[i].text and scores[i] >= _MIN_SCORE and steps[i].length <= room
        if i not in chosen and is_worth_it and len(chosen) < limit:
            chosen.add(i)
            room -= steps[i].length
    room = _add_binders(steps, chosen, room, limit)
    if room < 0 or len(chosen) > limit:
        return []
    told = {loop for i in chosen if not steps[i].leaves for loop in _loops(steps[i])}
    return sorted(i for i in chosen if not _leaves_loop(steps[i]) or told.issuperset(_innermost_loop(steps[i])))


def _leaves_loop(step: Step) -> bool:
    return isinstance(step.node, (ast.Break, ast.Continue))


def _loops(step: Step) -> list[Test]:
    """The loops around a step, outermost first."""
    return [t for t in step.tests if _is_loop(t) and not t.is_guard]


def _innermost_loop(step: Step) -> list[Test]:
    return _loops(step)[-1:]


def _has_expressible_place(step: Step) -> bool:
    """Whether the conditions of a step can be put into words, however little the ones before it allow to leave out."""
    tests = [t for t in step.tests if not t.is_guard and (t.phrase or t.kind != "within")]
    return len(tests) <= _MAX_TESTS and all(map(_is_expressible, tests))


def _is_purpose(step: Step, following: Step) -> bool:
    """Whether a step stands right before a `break` or `continue`, which alone says nothing of what the loop is for."""
    return _leaves_loop(following) and bool(step.text) and step.tests == following.tests


def _add_binders(steps: Sequence[Step], chosen: set[int], room: float, limit: float) -> float:
    """Add to `chosen` the steps that last bound a name in chosen steps and their tests, as far as they fit. Returns the remaining room."""
    binder_of: dict[str, int] = {}
    binders: set[int] = set()
    for i, step in enumerate(steps):
        if i in chosen:
            texts = (step.text, *(t.text for t in step.tests))
            binders.update(binder_of[name] for text in texts for name in _NAMES.findall(text) if name in binder_of)
        binder_of.update(dict.fromkeys(_bound_names(step), i))
    for i in sorted(binders - chosen, reverse=True):
        if steps[i].text and steps[i].length <= room and len(chosen) < limit:
            chosen.add(i)
            room -= steps[i].length
    return room


def _bound_names(step: Step) -> set[str]:
    return {n.id for n in ast.walk(step.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def mentioned_steps(steps: Sequence[Step], listing: str) -> list[int]:
    """The indices of the steps that a rendered course must consist of: those whose text occurs in it, and the exits, without a `break` or
    `continue` of a loop of which nothing else is told."""
    stated = [i for i, step in enumerate(steps) if not step.leaves and step.text and step.text in listing]
    told = {loop for i in stated for loop in _loops(steps[i])}
    exits = [
        i for i, s in enumerate(steps) if s.leaves and not (_leaves_loop(s) and told.isdisjoint(_innermost_loop(s)))
    ]
    return sorted([*stated, *exits])


def render_course(steps: Sequence[Step], chosen: Sequence[int]) -> tuple[tuple[str, ...], list[Lines]] | None:
    """The chosen steps as numbered parts (steps under the same condition joined, "…" where others are left out), and the lines that show
    them; None if a condition cannot be put into words."""
    chosen_steps = [steps[i] for i in chosen]
    exit_lines = {step.end for step in chosen_steps if step.leaves}
    parts: list[str] = []
    renderer = _ConditionRenderer()
    last = -1
    for i, step in zip(chosen, chosen_steps, strict=True):
        # After an early exit that is rendered itself, that it was not taken goes without saying.
        exits = [
            t
            for t in step.tests
            if t.is_guard and (t.is_unclear_exit or any(t.start <= n <= t.end for n in exit_lines))
        ]
        tests = [t for t in step.tests if (t.phrase or t.kind != "within") and t not in exits]
        gap = "… " if i - last > 1 else ""
        if parts and not gap and tests == renderer.tests and not steps[last].leaves:
            parts[-1] += f", then {step.text}"
        else:
            words = renderer.render(tests, bool(gap))
            if words is None:
                return None
            parts.append(f"{gap}{words}{': ' if words else ''}{step.text}")
        last = i
    numbered = [f"({number}) {part}" for number, part in enumerate(parts, 1)]
    if numbered and last < len(steps) - 1:
        numbered[-1] += "; …"
    # The lines of early exits are cited with their own steps.
    conditions = [[t for t in step.tests if not t.is_guard] for step in chosen_steps]
    spans = [
        span
        for step, tests in zip(chosen_steps, conditions, strict=True)
        for span in (*lines_of_tests(tests), step.lines)
    ]
    return tuple(numbered), merge_ranges(spans)


class _ConditionRenderer:
    """Renders conditions, each as short as the one before it allows."""

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self._negated: set[Test] = set()  # the tests that the last "otherwise" stood for

    def render(self, tests: list[Test], gap: bool) -> str | None:
        """The words of a condition, outermost test first; "otherwise" for the negated previous condition, "in the same loop" (or `with`)
        for the same blocks. None if it cannot be put into words. `gap`: steps are left out before it."""
        previous, negated = self.tests, self._negated
        self.tests, self._negated = tests, set()
        own_tests, lead = tests, []
        # "Otherwise" negates the whole previous condition: only loops and tests negated already may precede the negated test.
        is_whole_negation = all(_is_block(t) or t in negated for t in previous[:-1])
        opposite = _negated_test(previous[-1], tests) if previous and not gap and is_whole_negation else None
        blocks, blocks_before = _outer_blocks(tests), _outer_blocks(previous)
        if opposite is not None and tests[: len(previous)] == [*previous[:-1], opposite]:
            self._negated = {*negated, opposite}
            own_tests, lead = tests[len(previous) :], ["otherwise"]
        elif blocks and blocks == blocks_before:
            has_loop = any(map(_is_loop, blocks))
            own_tests, lead = tests[len(blocks) :], ["in the same loop" if has_loop else "in the same `with`"]
        elif blocks and not any(map(_is_loop, blocks)) and blocks == [t for t in blocks_before if not _is_loop(t)]:
            own_tests, lead = tests[len(blocks) :], ["in the same `with`"]
        if len(own_tests) > _MAX_TESTS or not all(_is_expressible(t) for t in own_tests):
            return None
        # Steps are in the order written, so "by then" goes without saying.
        return ", ".join([*lead, *(t.phrase or condition_words([replace(t, is_rebound=False)]) for t in own_tests)])


def _outer_blocks(tests: Sequence[Test]) -> list[Test]:
    """The loops and `with` blocks before any other test."""
    count = next((i for i, t in enumerate(tests) if not _is_block(t)), len(tests))
    return list(tests[:count])


def _is_block(test: Test) -> bool:
    return _is_loop(test) or (test.kind == "within" and test.phrase.startswith(("in `with", "in a `with")))


def _is_loop(test: Test) -> bool:
    return test.kind in ("for", "while") or test.phrase == ENDLESS_LOOP


def _is_expressible(test: Test) -> bool:
    is_clear = test.kind != "other" or bool(test.phrase)
    return bool(test.text or test.phrase) and "`" not in test.text and is_clear and not test.is_guard


def _negated_test(test: Test, tests: Sequence[Test]) -> Test | None:
    """The test among `tests` that is the negation of `test`, as for an `else` or `elif`; None if there is none."""
    return next(
        (
            t
            for t in tests
            if t.kind == test.kind == "if"
            and (t.text, t.start) == (test.text, test.start)
            and t.holds != test.holds
            and not t.is_guard
        ),
        None,
    )


def matches_steps(symbol: Symbol, lines: list[str], listing: str, spans: Sequence[Lines]) -> bool:
    """Whether `listing` is the rendered course of the function, and the lines that show it are among `spans`."""
    steps = function_steps(symbol, lines)
    rendered = render_course(steps, mentioned_steps(steps, listing))
    cited = {n for a, b in spans for n in range(a, b + 1)}
    return (
        rendered is not None
        and printable(STEP_SEPARATOR.join(rendered[0])) == printable(listing)
        and all(n in cited for a, b in rendered[1] for n in range(a, b + 1))
    )
