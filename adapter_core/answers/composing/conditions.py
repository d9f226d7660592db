"""What has to be for a statement to run, in words: "when `a` and `b`, unless `c`"."""

from __future__ import annotations

from collections.abc import Sequence

from ..inert import code
from .placed import Test

Lines = tuple[int, int]
_MAX_GAP = 3
_MAX_CITED = 12  # lines of one citation
_MAX_TOLD = 3
_MAX_GUARDS = 2


def told_tests(tests: Sequence[Test], start: int, end: int, loops: bool = False) -> list[Test]:
    """The tests that are put into words for what stands on lines `start..end`: the branches around it, and the early exits within the
    innermost of them; where there are no branches, the early exits before it. Exits only if they are few and near, and nothing where one
    of the branches cannot be told: it would sound as if the others were all. `loops`: the loops around it, too."""
    if is_untold(tests):
        return []
    around = [t for t in tests if not t.guard and t.kind != "other" and t.text]
    around = [t for t in around if t.kind != "for" or loops][-_MAX_TOLD:]
    branches = any(t.kind in ("if", "while", "except") for t in around)
    guards = [t for t in (tests[tests.index(around[-1]) + 1 :] if branches else tests) if t.guard]
    near = guards and len(guards) <= _MAX_GUARDS and min(end, start + _MAX_CITED - 1) - guards[0].start < _MAX_CITED
    return [*around, *guards] if near and all(t.text for t in guards) else around


def is_untold(tests: Sequence[Test]) -> bool:
    """Whether it stands in a branch that is not put into words."""
    return any(not t.guard and (t.kind == "other" or not t.text) for t in tests if t.kind != "for") or (
        sum(t.kind != "for" and not t.guard for t in tests) > _MAX_TOLD
    )


def in_words(tests: Sequence[Test]) -> str:
    """ "when `a` and `b`, unless `c`, for each `x in xs`" of tests that are all told; "" of none."""
    holds = [code(t.text) for t in tests if t.kind == "if" and t.holds]
    fails = [code(t.text) for t in tests if t.kind == "if" and not t.holds]
    parts = [f"when {' and '.join(holds)}"] if holds else []
    parts += [f"unless {' or '.join(fails)}"] if fails else []
    catches = "while handling" if parts else "when it catches"
    parts += [f"{catches} {code(t.text)}" for t in tests if t.kind == "except"]
    parts += [f"while {code(t.text)}" for t in tests if t.kind == "while" and t.holds]
    parts += [f"until {code(t.text)}" for t in tests if t.kind == "while" and not t.holds]
    parts += [f"for each {code(t.text)}" for t in tests if t.kind == "for"]
    return ", ".join(parts)


def lines_of(tests: Sequence[Test]) -> list[Lines]:
    """The lines that say what is asked, and the `else` of a branch where it stands in one."""
    found = [(t.start, t.end) for t in tests]
    return [*found, *((t.beside, t.beside) for t in tests if t.beside)]


def cited(tests: Sequence[Test], start: int, end: int) -> list[Lines]:
    """The lines of tests and statement: ranges of at most twelve lines, joined where they are near each other."""
    return joined([*lines_of(tests), (start, min(end, start + _MAX_CITED - 1))])


def joined(spans: Sequence[Lines]) -> list[Lines]:
    """Ranges in the order of the text; those with a few lines between them are one, as far as that has twelve lines."""
    found: list[Lines] = []
    for start, end in sorted(set(spans)):
        if found and start - found[-1][1] <= _MAX_GAP + 1 and max(end, found[-1][1]) - found[-1][0] < _MAX_CITED:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
