"""What has to be for a statement to run, in words: "when `a`, unless `c`". Nobody reads more than two conditions in a sentence: of more,
the outer ones are "one of its branches"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...inert import code
from ..candidate import MAX_CITED
from .control_flow import Test

Lines = tuple[int, int]
_MAX_GAP = 3
_MAX_TOLD = 2
BRANCH, LOOP = "in one of its branches", "in one of its loops"
# Behind early exits that are not told; and a test of a name that was bound anew since the function began, or since it was asked last.
THAT_FAR, BY_THEN = "if it gets that far", " by then"


@dataclass(frozen=True, slots=True)
class Condition:
    """`words`: "" where nothing is asked, or nothing that can be told. `tests`: those whose lines show it."""

    words: str = ""
    tests: tuple[Test, ...] = ()


def condition_of(tests: Sequence[Test], start: int, end: int, loops: bool = False) -> Condition:
    """The condition of what stands on lines `start..end`: the branches around it and the early exits within these; where there are no
    branches, the early exits before it, if they are few and near. Of early exits that are not told, that there are some. `loops`: the
    loops around it are told, too; else they are only cited, as is each `with` and `try`, since a condition in one reads otherwise than
    without."""
    asked = [t for t in tests if t.kind != "within" and (loops or t.kind != "for")]
    first = next((i for i, t in enumerate(asked) if not t.guard), None)
    around = asked[first or 0 :]
    held = [t for t in around if t.kind != "changed"]
    shown = tuple(t for t in tests if t.kind in ("within", "for"))
    if _tellable(held, start, end) and len(held) <= _MAX_TOLD:
        words = [in_words(held)] if held else []
        words += [THAT_FAR] if len(held) < len(asked) else []
        return Condition(", ".join(words), _in_order(held, shown) if held else ())
    if first is None:
        looped = [t for t in tests if t.kind == "for"]
        return Condition(LOOP, tuple(looped[-1:])) if looped else Condition(THAT_FAR)
    branches = [i for i, t in enumerate(held) if not t.guard]
    last = held[branches[-1] :]
    if not branches[-1] or not _tellable(last, start, end) or len(last) > _MAX_TOLD:
        loop = all(held[i].kind in ("for", "while") for i in branches)
        return Condition(LOOP if loop else BRANCH, (last[0],))
    return Condition(f"{BRANCH}, {in_words(last)}", tuple(last))


def _tellable(held: Sequence[Test], start: int, end: int) -> bool:
    """Whether all of it can be put into words; early exits only near what stands behind them."""
    guards = [t for t in held if t.guard]
    near = not guards or min(end, start + MAX_CITED - 1) - guards[0].start < MAX_CITED
    return near and all(t.text and t.kind != "other" for t in held)


def _in_order(*parts: Sequence[Test]) -> tuple[Test, ...]:
    return tuple(sorted({t for part in parts for t in part}, key=lambda t: t.start))


def in_words(tests: Sequence[Test]) -> str:
    """ "for each `x in xs`, when `a` and `b`, unless `c` by then" of tests that are all told; "" of none. Loops around all the others come
    first: these may speak of what a loop goes through."""
    first = next((i for i, t in enumerate(tests) if t.kind not in ("for", "while")), len(tests))
    loops, others = tests[:first], tests[first:]
    holds = [t for t in others if t.kind == "if" and t.holds]
    fails = [t for t in others if t.kind == "if" and not t.holds]
    parts = [f"when {' and '.join(code(t.text) for t in holds)}{by_then(holds)}"] if holds else []
    parts += [f"unless {' or '.join(code(t.text) for t in fails)}{by_then(fails)}"] if fails else []
    # Of handlers within each other the inner one is what happens, the outer ones are when.
    handlers = [code(t.text) for t in reversed(others) if t.kind == "except"]
    parts += [f"{'while handling' if parts or n else 'when it catches'} {caught}" for n, caught in enumerate(handlers)]
    return ", ".join([*map(_loop, loops), *parts, *(_loop(t) for t in others if t.kind in ("for", "while"))])


def _loop(test: Test) -> str:
    word = "for each" if test.kind == "for" else "while" if test.holds else "until"
    return f"{word} {code(test.text)}"


def by_then(tests: Sequence[Test]) -> str:
    return BY_THEN if any(t.anew for t in tests) else ""


def lines_of(tests: Sequence[Test]) -> list[Lines]:
    """The lines that say what is asked, and the `else` of a branch where it stands in one."""
    found = [(t.start, t.end) for t in tests]
    return [*found, *((t.beside, t.beside) for t in tests if t.beside)]


def cited(tests: Sequence[Test], start: int, end: int) -> list[Lines]:
    """The lines of tests and statement: ranges of at most twelve lines, joined where they are near each other."""
    return joined([*lines_of(tests), (start, min(end, start + MAX_CITED - 1))])


def joined(spans: Sequence[Lines]) -> list[Lines]:
    """Ranges in the order of the text; those with a few lines between them are one, as far as that has twelve lines."""
    found: list[Lines] = []
    for start, end in sorted(set(spans)):
        if found and start - found[-1][1] <= _MAX_GAP + 1 and max(end, found[-1][1]) - found[-1][0] < MAX_CITED:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
