from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.evidence.context import estimate_tokens, pack_context
from adapter_core.evidence.options import ContextOptions
from adapter_core.evidence.statements import head_length, units_of
from adapter_core.graph.source import hash_text
from adapter_core.types import Evidence, EvidencePack, Span
from tests.evidence.programs import programs

HEADER = re.compile(r"\[(\d+)\] (\S+?):(\d+)(?:-(\d+))?")
MARK = re.compile(r"\s*(?:# )?… (\d+) lines? left out")
LONG = '''
def send(self, request, timeout=30):
    """Send a request and give back the response.

    Follows redirects.
    """
    if timeout is None:
        timeout = self.timeout
    for attempt in range(self.retries):
        try:
            return self.pool.send(request, timeout=timeout)
        except TimeoutError:
            continue
    # Nothing answered.
    raise TimeoutError(
        request,
    )
'''


@dataclass
class Counter:
    """Counts tokens in one of several ways, and its own calls."""

    kind: str = "characters"
    calls: list[int] = field(default_factory=list)

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.calls.append(len(texts))
        return [self.tokens(text) for text in texts]

    def tokens(self, text: str) -> int:
        if self.kind == "words":
            return len(re.findall(r"\w+|[^\w\s]", text))
        if self.kind == "whole":  # more than its parts
            return len(text) + len(text) ** 2 // 500
        if self.kind == "saving":  # less than its parts
            return int(len(text) ** 0.8) + 3
        if self.kind == "constant":
            return 50
        return estimate_tokens([text])[0]


def evidence(text: str, start: int = 1, end: int | None = None, path: str = "a.py", why: str = "") -> Evidence:
    lines = text.strip("\n").split("\n")
    end = end or len(lines)
    part = "\n".join(lines[start - 1 : end])
    return Evidence(
        Span("repo", path, start, end), part, hash_text(part), "name", "function", 1.0, (why,) if why else ()
    )


def shown(pack: EvidencePack) -> list[tuple[str, int]]:
    return [(e.span.path, n) for e in pack.evidence for n in range(e.span.start, e.span.end + 1)]


def left_out(pack: EvidencePack) -> list[tuple[str, int]]:
    return [(s.path, n) for s in pack.omitted for n in range(s.start, s.end + 1)]


def check(
    pack: EvidencePack, items: Sequence[Evidence], files: dict[str, list[str]], budget: int, count: Counter
) -> None:
    """What holds of every pack."""
    assert pack.tokens == (count.tokens(pack.text) if pack.text else 0) <= max(budget, 0)
    # No line twice, none lost: what is shown and what is left out make up the evidence.
    lines, missing = shown(pack), left_out(pack)
    assert len(lines) == len(set(lines))
    asked = {(e.span.path, n) for e in items for n in range(e.span.start, e.span.end + 1)}
    assert sorted(lines + missing) == sorted(asked)
    # Block n is evidence n, of real lines with their hash; nothing else stands there but marks that say what follows.
    rest = pack.text
    for number, item in enumerate(pack.evidence, 1):
        real = "\n".join(files[item.span.path][item.span.start - 1 : item.span.end])
        assert item.text == real
        assert item.sha256 == hash_text(real)
        assert rest.startswith(f"[{number}] {item.span}\n{real}")
        rest = rest.removeprefix(f"[{number}] {item.span}\n{real}")
        behind = item.span.end + 1
        while (item.span.path, behind) in missing:
            behind += 1
        if behind > item.span.end + 1:
            mark, _, rest = rest.removeprefix("\n").partition("\n")
            told = MARK.fullmatch(mark)
            assert told
            assert int(told[1]) == behind - item.span.end - 1
            rest = f"\n{rest}" if rest else ""
        rest = rest.removeprefix("\n\n")
    assert not rest
    # Runs that touch are one.
    ends = {(e.span.path, e.span.end + 1) for e in pack.evidence}
    assert not ends & {(e.span.path, e.span.start) for e in pack.evidence}


_KINDS = st.sampled_from(["characters", "words", "whole", "saving", "constant"])
_BUDGETS = st.integers(-1, 400)


@settings(deadline=None)
@given(st.lists(programs(), min_size=1, max_size=2), st.data(), _BUDGETS, _KINDS)
def test_packs_of_any_spans(texts: list[str], data: st.DataObject, budget: int, kind: str) -> None:
    files = {f"f{i}.py": text.split("\n") for i, text in enumerate(texts)}
    items = []
    for _ in range(data.draw(st.integers(0, 6))):
        path = data.draw(st.sampled_from(sorted(files)))
        start = data.draw(st.integers(1, len(files[path])))
        end = data.draw(st.integers(start, len(files[path])))
        items.append(evidence("\n".join(files[path]), start, end, path))
    count = Counter(kind)
    pack = pack_context(items, ContextOptions(tokens=budget), count)
    check(pack, items, files, budget, count)
    assert len(count.calls) <= (6 if kind == "characters" else 14)
    assert all(n == 1 for n in count.calls[1:])


@settings(deadline=None)
@given(st.lists(programs(), min_size=1, max_size=5), st.randoms(use_true_random=False), _BUDGETS, _KINDS)
def test_packs_of_whole_definitions(texts: list[str], rng: object, budget: int, kind: str) -> None:
    """Definitions that do not overlap: cut at statements, never in the head, and in the order given."""
    whole = "\n".join(
        f"def f{i}(a,\n      b):\n    '''Doc\n    {i}.'''\n" + _indented(text) for i, text in enumerate(texts)
    )
    lines = whole.split("\n")
    starts = [n for n, line in enumerate(lines, 1) if re.match(r"def f\d+\(a,$", line)]
    items = [evidence(whole, a, z - 1) for a, z in zip(starts, [*starts[1:], len(lines) + 1], strict=True)]
    rng.shuffle(items)  # type: ignore[attr-defined]
    count = Counter(kind)
    pack = pack_context(items, ContextOptions(tokens=budget), count)
    check(pack, items, {"a.py": lines}, budget, count)
    borders = {unit.end for unit in units_of("a.py", lines, 1) if unit.final}
    assert {e.span.end for e in pack.evidence} <= borders
    packed = {n for _, n in shown(pack)}
    for item in items:
        units = units_of("a.py", item.text.split("\n"), item.span.start)
        head = {n for unit in units[: head_length("a.py", item.text.split("\n"), units)] for n in unit.lines}
        inside = packed & set(range(item.span.start, item.span.end + 1))
        assert len(head) == 4
        assert not inside or head < inside
    ranks = [min(i for i, item in enumerate(items) if item.span.overlaps(e.span)) for e in pack.evidence]
    assert ranks == sorted(ranks)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line.strip() else line for line in text.split("\n"))


# -- examples ----------------------------------------------------------------------------------------------------------


def packed(items: Sequence[Evidence], budget: int) -> str:
    return pack_context(items, ContextOptions(tokens=budget)).text


def test_what_fits_is_there_as_it_is() -> None:
    assert packed([evidence("x = 1"), evidence("One.\nTwo.", path="b.md")], 100) == (
        "[1] a.py:1\nx = 1\n\n[2] b.md:1-2\nOne.\nTwo."
    )


def test_a_long_function_keeps_its_head() -> None:
    assert packed([evidence(LONG)], 95) == (
        "[1] a.py:1-7\n"
        "def send(self, request, timeout=30):\n"
        '    """Send a request and give back the response.\n'
        "\n"
        "    Follows redirects.\n"
        '    """\n'
        "    if timeout is None:\n"
        "        timeout = self.timeout\n"
        "    # … 9 lines left out"
    )


def test_a_head_alone_is_not_shown() -> None:
    pack = pack_context([evidence(LONG), evidence("x = 1", path="b.py")], ContextOptions(tokens=55))
    assert pack.text == "[1] b.py:1\nx = 1"
    assert pack.omitted == (Span("repo", "a.py", 1, 16),)


def test_a_scrap_is_not_shown() -> None:
    text = "x = 1\n" + "\n".join(f"variable_{i} = call({i})" for i in range(40))
    other = evidence("y = 2", path="b.py")
    assert packed([evidence(text), other], 40) == "[1] b.py:1\ny = 2"
    # But a scrap is better than nothing.
    assert pack_context([evidence(text)], ContextOptions(tokens=40)).evidence[0].span.end == 5
    pack = pack_context([evidence(text), other], ContextOptions(tokens=40, min_kept=0.05))
    assert [str(e.span) for e in pack.evidence] == ["a.py:1-4", "b.py:1"]


def test_text_is_cut_at_paragraphs() -> None:
    text = "Title\n=====\n\nFirst words.\n\nLast words " + "and more " * 40
    assert packed([evidence(text, path="a.md")], 30) == (
        "[1] a.md:1-4\nTitle\n=====\n\nFirst words.\n… 2 lines left out"
    )


def test_what_overlaps_or_touches_is_one_block_with_all_reasons() -> None:
    items = [
        evidence(LONG, 6, 8, why="a"),
        evidence("y = 1", path="b.py"),
        evidence(LONG, 8, 10, why="b"),
        evidence(LONG, 11, 12, why="c"),
    ]
    pack = pack_context(items, ContextOptions(tokens=500))
    assert [str(e.span) for e in pack.evidence] == ["a.py:6-12", "b.py:1"]
    assert pack.evidence[0].why == ("a", "b", "c")
    assert pack.text.count("timeout = self.timeout") == 1
    assert pack.omitted == ()


def test_what_is_there_already_costs_nothing() -> None:
    alone = pack_context([evidence(LONG)], ContextOptions(tokens=500))
    twice = pack_context([evidence(LONG), evidence(LONG, 3, 9), evidence(LONG)], ContextOptions(tokens=alone.tokens))
    assert twice.text == alone.text


def test_a_tokenizer_that_finds_less_in_the_whole_is_made_use_of() -> None:
    """Where the parts add up to more than the whole, what is left over is filled."""
    items = [evidence("\n".join(f"v{i} = {i}" for i in range(8)), path=f"f{n}.py") for n in range(40)]
    count = Counter("saving")
    pack = pack_context(items, ContextOptions(tokens=300), count)
    assert pack.tokens > 240
    assert len(count.calls) <= 5


def test_few_calls_of_the_tokenizer() -> None:
    count = Counter()
    pack_context([evidence(LONG, path=f"f{n}.py") for n in range(30)], ContextOptions(tokens=900), count)
    assert len(count.calls) <= 5
    count = Counter()
    pack_context([evidence(LONG, path=f"f{n}.py") for n in range(3)], ContextOptions(tokens=900), count)
    assert len(count.calls) == 2


def test_nothing_to_pack() -> None:
    count = Counter()
    assert pack_context([], count=count) == EvidencePack("", (), 0, ())
    assert pack_context([evidence("x = 1")], ContextOptions(tokens=0), count).omitted == (Span("repo", "a.py", 1, 1),)


@pytest.mark.parametrize("tokens", [60, 120, 300, 900])
def test_on_real_code(flask: Path, tokens: int) -> None:
    lines = (flask / "src/flask/app.py").read_text("utf-8").split("\n")
    items = [evidence("\n".join(lines), n, min(n + 59, len(lines) - 1), "app.py") for n in range(200, 900, 47)]
    count = Counter("words")
    pack = pack_context(items, ContextOptions(tokens=tokens), count)
    check(pack, items, {"app.py": lines}, tokens, count)
    assert pack.tokens > 0.6 * tokens
