"""Passages of files to the text that a model reads, within a budget of its own tokens.

    [1] app/router.py:10-14
    def match(self, url):
        '''Find the endpoint whose rule matches the URL.'''
        # … 34 lines left out

Each block is one run of real lines, so that it can be cited. A passage that does not fit whole keeps its head (signature and docstring)
and loses statements from its end. No line stands there twice: what overlaps or touches is one block, at the place of the better one.

Asking a tokenizer costs, and the tokens of a whole are not quite the sum of those of its parts. So the parts are counted once, all in one
call; what they add up to decides what is tried; and the text as a whole is counted, which alone decides what is taken.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..graph.source import hash_text, is_python
from ..types import Evidence, EvidencePack, Span
from .statements import Unit, head_length, units_of

# Counts the tokens of each text, in the tokens of the model that will read them.
CountTokens = Callable[[Sequence[str]], list[int]]

SEPARATOR = "\n\n"
_TRIALS = 4
_MORE = 2.0
_FULL = 0.95  # of the budget: then no further trial is made for what is left of it
_MARK = "    # … 99 lines left out\n"
File = tuple[str, str]  # root, path
Draft = TypeVar("Draft")


def estimate_tokens(texts: Sequence[str]) -> list[int]:
    """A count without a model: source code has about 3.2 characters to a token in the vocabularies of small models."""
    return [max(1, round(len(text) / 3.2)) for text in texts]


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be packed together: `units` of a file, in order, the first `head` of which say what the rest is about.

    `lines` holds the text by line number, of the units and of what else belongs to the passage: that counts as left out. `evidence` gives
    symbol, score and reasons.
    """

    evidence: Evidence
    units: tuple[Unit, ...]
    head: int
    lines: Mapping[int, str]

    @property
    def file(self) -> File:
        return self.evidence.span.root, self.evidence.span.path


@dataclass
class _Draft:
    """`taken[file][line]`: for each packed line the passage that brought it."""

    taken: defaultdict[File, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    complete: bool = True


def passage_of(evidence: Evidence) -> Passage:
    """Evidence as it is, to be cut at its own statements."""
    span = evidence.span
    lines = evidence.text.split("\n")
    units = units_of(span.path, lines, span.start)
    numbered = dict(enumerate(lines, span.start))
    return Passage(evidence, tuple(units), head_length(span.path, lines, units), numbered)


def pack(passages: Sequence[Passage], budget: int, count: CountTokens, min_kept: float) -> EvidencePack:
    """As much of the passages as fits, best first. `min_kept`: a passage of which a smaller share of the lines would fit is left out, as
    long as there is something else."""
    costs = _costs(passages, count)

    def attempt(allowance: float) -> tuple[_Draft, str, bool]:
        draft = _fill(passages, allowance, costs, min_kept)
        return draft, SEPARATOR.join(_blocks(passages, draft)), draft.complete

    draft, text, tokens = fit(attempt, _Draft(), budget, count)
    return EvidencePack(text, tuple(_evidence(passages, draft)), tokens, tuple(_omitted(passages, draft)))


def fit(
    attempt: Callable[[float], tuple[Draft, str, bool]], nothing: Draft, budget: int, count: CountTokens
) -> tuple[Draft, str, int]:
    """The fullest text within the budget that was found, and its tokens; `nothing` and "" where none fits.

    `attempt` makes the text whose parts add up to no more than it is allowed, and says whether that is all there is.
    """
    best, best_text, best_tokens = nothing, "", 0
    allowance, low, high = float(budget), 0.0, math.inf
    # What is tried falls until something fits; how much more might fit is asked a few times only.
    trials = 0
    while allowance >= 1 and (trials < _TRIALS or not best_text):
        trials += 1
        draft, text, complete = attempt(allowance)
        tokens = count([text])[0] if text else 0
        if tokens > budget:
            high = allowance
            # The parts may add up to less than the whole: then as much less is allowed.
            allowance = allowance * budget / tokens if trials == 1 else (low + high) / 2
            continue
        if tokens >= best_tokens:
            best, best_text, best_tokens = draft, text, tokens
        if complete or tokens >= _FULL * budget or trials >= _TRIALS:
            break
        low = allowance
        allowance = min(allowance * min(_MORE, budget / max(tokens, 1)), (low + high) / 2)
    return best, best_text, best_tokens


def _costs(passages: Sequence[Passage], count: CountTokens) -> dict[str, int]:
    """The tokens of every unit, header and mark by themselves, in one call."""
    texts = dict.fromkeys(_unit_text(passage, unit) for passage in passages for unit in passage.units)
    texts |= dict.fromkeys(_header(len(passages), p.evidence.span) for p in passages)
    texts |= {_MARK: None}
    return dict(zip(texts, count(list(texts)), strict=True)) if passages else {}


def _fill(passages: Sequence[Passage], allowance: float, costs: Mapping[str, int], min_kept: float) -> _Draft:
    """The passages one after the other, as long as the tokens of their parts add up to no more than allowed."""
    draft = _Draft()
    left = allowance
    for number, passage in enumerate(passages):
        taken = draft.taken[passage.file]
        new = [unit for unit in passage.units if any(n not in taken for n in unit.lines)]
        if not new:
            continue
        header = costs[_header(len(passages), passage.evidence.span)]
        prices = [costs[_unit_text(passage, unit)] for unit in new]
        spent = header + sum(prices)
        if spent > left:
            draft.complete = False
            new, spent = _cut(passage, new, prices, header + costs[_MARK], left, min_kept)
        left -= spent
        for unit in new:
            for line in unit.lines:
                taken.setdefault(line, number)
    # A scrap is better than nothing.
    return draft if any(draft.taken.values()) or not min_kept else _fill(passages, allowance, costs, 0.0)


def _cut(
    passage: Passage, new: Sequence[Unit], prices: Sequence[int], spent: int, left: float, min_kept: float
) -> tuple[list[Unit], int]:
    """The first of the new units that fit, and their cost: at least the head and one statement of the body, and a piece of some size."""
    head = set(passage.units[: passage.head])
    keep, cost = 0, 0
    for position, (unit, price) in enumerate(zip(new, prices, strict=True)):
        spent += price
        if spent > left:
            break
        if unit.final and unit not in head:
            keep, cost = position + 1, spent
    share = sum(len(u.lines) for u in new[:keep]) / sum(len(u.lines) for u in passage.units)
    return (list(new[:keep]), cost) if share >= min_kept else ([], 0)


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as (first, last) of those that follow each other, in order."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found


def _ranked(passages: Sequence[Passage], draft: _Draft) -> list[tuple[int, Span, str]]:
    """The runs of packed lines with their texts, each with the best passage in it, in the order of these."""
    found = []
    for file, taken in draft.taken.items():
        for first, last in runs(taken):
            lines = range(first, last + 1)
            text = "\n".join(passages[taken[n]].lines[n] for n in lines)
            found.append((min(taken[n] for n in lines), Span(*file, first, last), text))
    return sorted(found, key=lambda run: (run[0], run[1].start))


def _blocks(passages: Sequence[Passage], draft: _Draft) -> list[str]:
    known = _known(passages)
    blocks = []
    for number, (_, span, text) in enumerate(_ranked(passages, draft), 1):
        file = span.root, span.path
        left_out: list[str] = []
        while (line := span.end + len(left_out) + 1) in known[file] and line not in draft.taken[file]:
            left_out.append(passages[known[file][line]].lines[line])
        blocks.append(f"{_header(number, span)}{text}" + ("\n" + mark(left_out, span.path) if left_out else ""))
    return blocks


def _known(passages: Sequence[Passage]) -> defaultdict[File, dict[int, int]]:
    """Every line of the passages, with the first passage that has it."""
    known: defaultdict[File, dict[int, int]] = defaultdict(dict)
    for number, passage in enumerate(passages):
        for line in passage.lines:
            known[passage.file].setdefault(line, number)
    return known


def _evidence(passages: Sequence[Passage], draft: _Draft) -> Iterator[Evidence]:
    for number, span, text in _ranked(passages, draft):
        best = passages[number].evidence
        inside = [p for p in passages if p.file == (span.root, span.path) and _meets(p, span)]
        why = tuple(dict.fromkeys(reason for p in inside for reason in p.evidence.why))
        yield Evidence(span, text, hash_text(text), best.symbol, best.kind, best.score, why)


def _meets(passage: Passage, span: Span) -> bool:
    return any(unit.start <= span.end and span.start <= unit.end for unit in passage.units)


def _omitted(passages: Sequence[Passage], draft: _Draft) -> list[Span]:
    """The lines of the passages that are not in the pack, those of better passages first."""
    found = []
    for file, known in _known(passages).items():
        for first, last in runs(known.keys() - draft.taken[file].keys()):
            found.append((min(known[n] for n in range(first, last + 1)), Span(*file, first, last)))
    return [span for _, span in sorted(found, key=lambda run: (run[0], run[1].path, run[1].start))]


def _unit_text(passage: Passage, unit: Unit) -> str:
    return "".join(f"{passage.lines[n]}\n" for n in unit.lines)


def _header(number: int, span: Span) -> str:
    return f"[{number}] {span}\n"


def mark(left_out: Sequence[str], path: str) -> str:
    """What stands in place of lines that were left out, as a comment where the text is Python."""
    said = f"… {len(left_out)} line{'s' * (len(left_out) != 1)} left out"
    following = next((line for line in left_out if line.strip()), "")
    return f"{following[: len(following) - len(following.lstrip())]}{'# ' * is_python(path)}{said}"
