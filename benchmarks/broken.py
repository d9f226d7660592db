"""Files broken in the middle of an edit: what of their facts is kept.

    ./x bench broken [FOLDER] [EDITS]

In files of FOLDER (Django) one edit at a random place leaves a text that does not parse. Its facts are compared with those of the text
before the edit: of each definition whose header is not on the edited line, whether it is there under its qualified name (`kept`) and
with the lines that it has now (`exact`); of each call on other lines, whether it is there in its function. Times are CPU times of
`parse_python`.
"""

from __future__ import annotations

import argparse
import ast
import random
import statistics
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from _common import DATA, report

from adapter_core.graph.parsing.parse import parse_python
from adapter_core.graph.source import read_source
from adapter_core.types import ModuleFacts

# Half statements, as they stand while they are typed on a line of their own.
TYPED = (
    """
    self.|x = |x = call(|return call(1, |if |if x|for x in|while x|with open(a) as|raise Error(f"{|def|def new|def new(self, a=|class
    |class New(Base|@|@deco(|import|from a import|from a import (|x = [1, |x = {"a": |print("abc|x = 'abc|try:|else|elif x:|except|lambda x
    |assert|del|yield from|a.b c|match x:|case
""".strip()
    .replace("\n    |", "|")
    .split("|")
)
MARKS = "()[]{}'\",:.=@\\"


def edits(text: str, chance: random.Random) -> Iterator[tuple[str, str, int, int]]:
    """One edit of each sort: its name, the text after it, the edited line, and how many lines it adds before those that follow."""
    lines = text.split("\n")
    number = chance.choice([n for n, line in enumerate(lines) if line.strip()])
    line = lines[number]
    indent = line[: len(line) - len(line.lstrip())]
    yield "half a statement typed", joined(lines, number, indent + chance.choice(TYPED), line), number + 1, 1
    yield "triple quote typed", joined(lines, number, indent + '"""', line), number + 1, 1
    place = chance.randrange(len(indent), len(line) + 1)
    yield "mark typed", joined(lines, number, line[:place] + chance.choice(MARKS) + line[place:]), number + 1, 0
    yield "rest of line deleted", joined(lines, number, line[:place]), number + 1, 0
    place = min(place, len(line) - 1)
    yield "character deleted", joined(lines, number, line[:place] + line[place + 1 :]), number + 1, 0
    yield "line moved", joined(lines, number, " " * chance.choice([1, 3, 4, 8]) + line), number + 1, 0
    headers = [
        n for n, h in enumerate(lines) if h.endswith(":") and h.lstrip().startswith(("def ", "class ", "if ", "for "))
    ]
    if headers:
        number = chance.choice(headers)
        yield "colon deleted", joined(lines, number, lines[number][:-1]), number + 1, 0


def joined(lines: list[str], number: int, *new: str) -> str:
    return "\n".join([*lines[:number], *new, *lines[number + 1 :]])


Definition = tuple[str, str, int, int, int, int]


def definitions(facts: ModuleFacts, after: int = 1 << 30, by: int = 0) -> Counter[Definition]:
    """Qualified name, kind, first and last line, place of the name; lines from `after` on are moved down."""
    found: Counter[Definition] = Counter()
    for s in facts.symbols[1:]:
        if s.is_definition:
            start, end, name_line = (n + by * (n >= after) for n in (s.start, s.end, s.name_line))
            found[(s.qualname, s.kind, start, end, name_line, s.name_column)] += 1
    return found


def calls(facts: ModuleFacts, text: str, edited: int, by: int) -> Counter[tuple[str, int, str, str]]:
    found: Counter[tuple[str, int, str, str]] = Counter()
    lines = {}
    for call in facts.calls:
        written = text[call.start : call.end]
        if call.line + written.count("\n") < edited or call.line >= edited + (1 if by else 0):
            lines[call] = call.line + by * (call.line >= edited)
    for call, line in lines.items():
        if line != edited:
            found[(call.callee, line, facts.symbols[call.owner].qualname, text[call.start : call.end])] += 1
    return found


def main(folder: Path, edit_count: int) -> None:
    warnings.simplefilter("ignore")
    chance = random.Random(5)
    files = sorted(p for p in folder.rglob("*.py") if p.stat().st_size > 2_000)
    kept: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    times: list[tuple[float, float]] = []
    while sum(map(len, kept.values())) < edit_count:
        text = read_source(chance.choice(files), 1_500_000).text
        if not (whole := parse_python("m.py", text, "m")).problems:
            for sort, broken, edited, by in edits(text, chance):
                if fails(broken):
                    kept[sort].append(compare(whole, text, broken, edited, by, times))
    rows = []
    for sort, found in [*sorted(kept.items()), ("all", [one for many in kept.values() for one in many])]:
        all_definitions, there, exact, all_calls, same_calls, invented, failed = map(sum, zip(*found, strict=True))
        rows.append(
            {
                "edit": sort, "broken texts": len(found), "definitions": all_definitions, "kept %": 100 * there / all_definitions,
                "exact %": 100 * exact / all_definitions, "calls kept %": 100 * same_calls / max(1, all_calls), "invented": invented,
                "raised or unmarked": failed,
            }
        )  # fmt: skip
    slow = sorted(t for t, _ in times)
    report(
        "broken", rows,
        {
            "milliseconds": {"median": statistics.median(slow), "p95": slow[int(len(slow) * 0.95)], "longest": slow[-1]},
            "times a whole file": statistics.median(b / w for b, w in times),
        },
    )  # fmt: skip
    print(f"ms: median {statistics.median(slow):.1f}, p95 {slow[int(len(slow) * 0.95)]:.1f}, longest {slow[-1]:.1f}; "
          f"{statistics.median(b / w for b, w in times):.2f} times the whole file")  # fmt: skip


def fails(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return True
    return False


def compare(
    whole: ModuleFacts, text: str, broken: str, edited: int, by: int, times: list[tuple[float, float]]
) -> tuple[int, ...]:
    failed = 0
    try:
        slow, facts = cpu(lambda: parse_python("m.py", broken, "m"))
        times.append((slow, cpu(lambda: parse_python("m.py", text, "m"))[0]))
    except Exception:  # noqa: BLE001 - whether anything is raised is one of the questions
        facts, failed = ModuleFacts("m.py", "m", whole.symbols[:1]), 1
    before, now = definitions(whole, edited, by), definitions(facts)
    if not by:
        # What the edited line is the header of may be read in any way.
        before = Counter({d: n for d, n in before.items() if not d[2] <= edited <= d[4]})
        now = Counter({d: n for d, n in now.items() if not d[2] <= edited <= d[4]})
    there = sum(n for d, n in before.items() if any(matches(d, current) for current in now if current[0] == d[0]))
    exact = (before & now).total()
    invented = sum(1 for d in now if not any(d[4] == current[4] for current in before) and d[4] != edited)
    old_calls, new_calls = calls(whole, text, edited, by), calls(facts, broken, edited, 0)
    return (
        before.total(),
        there,
        exact,
        old_calls.total(),
        (old_calls & new_calls).total(),
        invented,
        failed + (not facts.problems),
    )


def matches(first: Definition, second: Definition) -> bool:
    return first[0] == second[0] and first[4:] == second[4:]


def cpu(work: Callable[[], ModuleFacts]) -> tuple[float, ModuleFacts]:
    started = time.process_time()
    facts = work()
    return 1000 * (time.process_time() - started), facts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "Django-5.2")
    parser.add_argument("edits", nargs="?", type=int, default=2_000)
    arguments = parser.parse_args()
    main(arguments.folder, arguments.edits)
