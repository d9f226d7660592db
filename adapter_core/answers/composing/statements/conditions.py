"""The condition under which a statement runs, in words: "when `a`, unless `c`". Nobody reads more than two conditions in a sentence, so the
outer ones of more become "in one of its branches"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...inert import code
from ..candidate import MAX_CITED
from .control_flow import Test

Lines = tuple[int, int]
_MAX_GAP = 3
_MAX_TESTS = 2
BRANCH, LOOP = "in one of its branches", "in one of its loops"
# After early exits that are not put into words; and for a test of a name that was rebound since the function began or since it was last
# tested.
THAT_FAR, BY_THEN = "if it gets that far", " by then"


@dataclass(frozen=True, slots=True)
class Condition:
    """`words`: "" if there is no condition, or none that can be put into words. `tests`: those whose lines show it."""

    words: str = ""
    tests: tuple[Test, ...] = ()


def condition_of(tests: Sequence[Test], start: int, end: int, loops: bool = False) -> Condition:
    """The condition of the code on lines `start..end`: the branches around it with the early exits in them, or, without branches, the early
    exits before it if they are few and near; `THAT_FAR` for early exits left out. `loops`: include the loops around it; otherwise they are
    only cited, like each `with` and `try`, since those change how a condition reads."""
    conditions = [t for t in tests if t.kind != "within" and (loops or t.kind != "for")]
    first = next((i for i, t in enumerate(conditions) if not t.is_guard), None)
    inner = conditions[first or 0 :]
    relevant = [t for t in inner if t.kind != "changed"]
    blocks = tuple(t for t in tests if t.kind in ("within", "for"))
    if _is_expressible(relevant, start, end) and len(relevant) <= _MAX_TESTS:
        words = [condition_words(relevant)] if relevant else []
        words += [THAT_FAR] if len(relevant) < len(conditions) else []
        return Condition(", ".join(words), _sorted_tests(relevant, blocks) if relevant else ())
    if first is None:
        loop_tests = [t for t in tests if t.kind == "for"]
        return Condition(LOOP, tuple(loop_tests[-1:])) if loop_tests else Condition(THAT_FAR)
    branches = [i for i, t in enumerate(relevant) if not t.is_guard]
    last = relevant[branches[-1] :]
    if not branches[-1] or not _is_expressible(last, start, end) or len(last) > _MAX_TESTS:
        loop = all(relevant[i].kind in ("for", "while") for i in branches)
        return Condition(LOOP if loop else BRANCH, (last[0],))
    return Condition(f"{BRANCH}, {condition_words(last)}", tuple(last))


def _is_expressible(tests: Sequence[Test], start: int, end: int) -> bool:
    """Whether all tests can be put into words, and early exits are near the code on lines `start..end`."""
    guards = [t for t in tests if t.is_guard]
    is_near = not guards or min(end, start + MAX_CITED - 1) - guards[0].start < MAX_CITED
    return is_near and all(t.text and t.kind != "other" for t in tests)


def _sorted_tests(*parts: Sequence[Test]) -> tuple[Test, ...]:
    return tuple(sorted({t for part in parts for t in part}, key=lambda t: t.start))


def condition_words(tests: Sequence[Test]) -> str:
    """ "for each `x in xs`, when `a` and `b`, unless `c` by then"; "" without tests. Outer loops come first, since the other tests may be
    about their items."""
    first = next((i for i, t in enumerate(tests) if t.kind not in ("for", "while")), len(tests))
    loops, others = tests[:first], tests[first:]
    holds = [t for t in others if t.kind == "if" and t.holds]
    fails = [t for t in others if t.kind == "if" and not t.holds]
    parts = [f"when {' and '.join(code(t.text) for t in holds)}{by_then_suffix(holds)}"] if holds else []
    parts += [f"unless {' or '.join(code(t.text) for t in fails)}{by_then_suffix(fails)}"] if fails else []
    # The innermost handler says what happens, the handlers around it when.
    handlers = [code(t.text) for t in reversed(others) if t.kind == "except"]
    parts += [f"{'while handling' if parts or n else 'when it catches'} {caught}" for n, caught in enumerate(handlers)]
    return ", ".join(
        [*map(_loop_words, loops), *parts, *(_loop_words(t) for t in others if t.kind in ("for", "while"))]
    )


def _loop_words(test: Test) -> str:
    word = "for each" if test.kind == "for" else "while" if test.holds else "until"
    return f"{word} {code(test.text)}"


def by_then_suffix(tests: Sequence[Test]) -> str:
    return BY_THEN if any(t.is_rebound for t in tests) else ""


def lines_of_tests(tests: Sequence[Test]) -> list[Lines]:
    """The lines of the tests, and of the `else` of a branch in one."""
    found = [(t.start, t.end) for t in tests]
    return [*found, *((t.else_line, t.else_line) for t in tests if t.else_line)]


def cited_lines(tests: Sequence[Test], start: int, end: int) -> list[Lines]:
    """The lines of the tests and the statement, as merged ranges of at most `MAX_CITED` lines."""
    return merge_ranges([*lines_of_tests(tests), (start, min(end, start + MAX_CITED - 1))])


def merge_ranges(spans: Sequence[Lines]) -> list[Lines]:
    """The ranges in order; those with at most `_MAX_GAP` lines between them are merged if the result has at most `MAX_CITED` lines."""
    found: list[Lines] = []
    for start, end in sorted(set(spans)):
        if found and start - found[-1][1] <= _MAX_GAP + 1 and max(end, found[-1][1]) - found[-1][0] < MAX_CITED:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
