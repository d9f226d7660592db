"""Packs passages of files into the text that a model reads, within a budget of its own tokens.

    [1] app/router.py:10-14
    def match(self, url):
        '''Find the endpoint whose rule matches the URL.'''
        # … 34 lines left out

Each block is one run of real lines, so that it can be cited. A passage that does not fit whole keeps its head (signature and docstring)
and loses statements from its end. No line occurs twice: overlapping and adjacent passages are one block, at the rank of the better one.

Tokenizing is slow, and the tokens of a text are not quite the sum of those of its parts. So the parts are counted once, all in one call;
their sum decides which texts are tried; and only the count of a whole text decides whether it is used.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from ..graph.source import hash_text, is_python
from ..types import Evidence, EvidencePack, Span
from .statements import Unit, head_length, units_of

# Counts the tokens of each text, in the tokens of the model that will read them.
CountTokens = Callable[[Sequence[str]], list[int]]

SEPARATOR = "\n\n"
_MAX_TRIALS = 4
_MAX_GROWTH = 2.0
_FULL_SHARE = 0.95  # of the budget: a text that fills so much of it is good enough
_SAMPLE_MARK = "    # … 99 lines left out\n"
File = tuple[str, str]  # root, path
_LineOwners = dict[File, dict[int, int]]
Draft = TypeVar("Draft")


def estimate_tokens(texts: Sequence[str]) -> list[int]:
    """A count without a model: source code has about 3.2 characters to a token in the vocabularies of small models."""
    return [max(1, round(len(text) / 3.2)) for text in texts]


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines to be packed together: `units` of a file, in order, the first `head` of which introduce the rest.

    `lines`: line number to text, of the units and of the passage's other lines, which count as omitted. `evidence` gives symbol, score
    and reasons.
    """

    evidence: Evidence
    units: tuple[Unit, ...]
    head: int
    lines: Mapping[int, str]

    @property
    def file(self) -> File:
        return self.evidence.span.root, self.evidence.span.path


@dataclass(frozen=True, slots=True)
class _Costs:
    """Tokens of the passages' headers, of the units of each, and of a mark for omitted lines."""

    headers: Sequence[int]
    units: Sequence[Sequence[int]]
    mark: int


@dataclass
class _Draft:
    """`passage_at[file][line]`: the index of the passage that each packed line is from. `complete`: nothing was left out."""

    passage_at: defaultdict[File, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    complete: bool = True


def passage_of(evidence: Evidence) -> Passage:
    """All lines of an evidence as a passage, which may be cut between its statements."""
    span = evidence.span
    lines = evidence.text.split("\n")
    units = units_of(span.path, lines, span.start)
    numbered = dict(enumerate(lines, span.start))
    return Passage(evidence, tuple(units), head_length(span.path, lines, units), numbered)


def pack(passages: Sequence[Passage], budget: int, count: CountTokens, min_kept: float) -> EvidencePack:
    """As much of the passages as fits into `budget` tokens, best first. A passage of which a smaller share of the lines than `min_kept`
    would fit is left out, unless nothing else fits."""
    costs = _token_costs(passages, count)
    passage_of_line = _passage_of_line(passages)

    def render_within(allowance: float) -> tuple[_Draft, str, bool]:
        draft = _select_units(passages, allowance, costs, min_kept)
        return draft, SEPARATOR.join(_blocks(passages, draft, passage_of_line)), draft.complete

    draft, text, tokens = fit_to_budget(render_within, _Draft(), budget, count)
    omitted = _omitted_spans(draft, passage_of_line)
    return EvidencePack(text, tuple(_evidence(passages, draft)), tokens, tuple(omitted))


def fit_to_budget(
    render_within: Callable[[float], tuple[Draft, str, bool]], empty: Draft, budget: int, count: CountTokens
) -> tuple[Draft, str, int]:
    """(draft, text, tokens) of the fullest text within the budget; `empty`, "" and 0 where none fits.

    `render_within(allowance)` returns draft and text whose parts add up to no more than that many tokens, and whether nothing is left out.
    """
    best_draft, best_text, best_tokens = empty, "", 0
    allowance, low, high = float(budget), 0.0, math.inf
    # The allowance falls until a text fits; for a fuller one there are a few trials only.
    trials = 0
    while allowance >= 1 and (trials < _MAX_TRIALS or not best_text):
        trials += 1
        draft, text, complete = render_within(allowance)
        tokens = count([text])[0] if text else 0
        if tokens > budget:
            high = allowance
            # The parts may add up to less than the whole: scale the allowance by as much.
            allowance = allowance * budget / tokens if trials == 1 else (low + high) / 2
            continue
        if tokens >= best_tokens:
            best_draft, best_text, best_tokens = draft, text, tokens
        if complete or tokens >= _FULL_SHARE * budget or trials >= _MAX_TRIALS:
            break
        low = allowance
        allowance = min(allowance * min(_MAX_GROWTH, budget / max(tokens, 1)), (low + high) / 2)
    return best_draft, best_text, best_tokens


def _token_costs(passages: Sequence[Passage], count: CountTokens) -> _Costs:
    """The tokens of every unit, header and mark by themselves, in one call."""
    unit_texts = [[_unit_text(passage, unit) for unit in passage.units] for passage in passages]
    headers = [_header(len(passages), p.evidence.span) for p in passages]
    texts = list(dict.fromkeys((*chain.from_iterable(unit_texts), *headers, _SAMPLE_MARK))) if passages else []
    tokens = dict(zip(texts, count(texts), strict=True)) if texts else {}
    return _Costs(
        [tokens[header] for header in headers],
        [[tokens[text] for text in of_passage] for of_passage in unit_texts],
        tokens.get(_SAMPLE_MARK, 0),
    )


def _select_units(passages: Sequence[Passage], allowance: float, costs: _Costs, min_kept: float) -> _Draft:
    """Passages in order, as long as the tokens of their parts add up to no more than `allowance`."""
    draft = _Draft()
    budget_left = allowance
    for passage_index, passage in enumerate(passages):
        passage_at = draft.passage_at[passage.file]
        units = list(zip(passage.units, costs.units[passage_index], strict=True))
        if passage_at:
            units = [(unit, cost) for unit, cost in units if any(n not in passage_at for n in unit.lines)]
        if not units:
            continue
        new_units, unit_costs = zip(*units, strict=True)
        header = costs.headers[passage_index]
        cost = header + sum(unit_costs)
        if cost > budget_left:
            draft.complete = False
            new_units, cost = _first_units(passage, new_units, unit_costs, header + costs.mark, budget_left, min_kept)
        budget_left -= cost
        for unit in new_units:
            for line in unit.lines:
                passage_at.setdefault(line, passage_index)
    # A small part is better than nothing.
    return draft if any(draft.passage_at.values()) or not min_kept else _select_units(passages, allowance, costs, 0.0)


def _first_units(
    passage: Passage,
    new_units: Sequence[Unit],
    unit_costs: Sequence[int],
    spent: int,
    budget_left: float,
    min_kept: float,
) -> tuple[tuple[Unit, ...], int]:
    """The first of the new units that fit, and their cost in tokens. None where they would be less than the head and one statement, or
    less than the share `min_kept` of the lines."""
    head = set(passage.units[: passage.head])
    kept_count, kept_cost = 0, 0
    for position, (unit, unit_cost) in enumerate(zip(new_units, unit_costs, strict=True)):
        spent += unit_cost
        if spent > budget_left:
            break
        if unit.final and unit not in head:
            kept_count, kept_cost = position + 1, spent
    share = sum(len(u.lines) for u in new_units[:kept_count]) / sum(len(u.lines) for u in passage.units)
    return (tuple(new_units[:kept_count]), kept_cost) if share >= min_kept else ((), 0)


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The ranges (first, last) of consecutive numbers, in order."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = ranges[-1][0], number
        else:
            ranges.append((number, number))
    return ranges


def _ranked_runs(passages: Sequence[Passage], draft: _Draft) -> list[tuple[int, Span, str]]:
    """(index of its best passage, span, text) for each run of packed lines, in the order of the passages."""
    ranked_runs = []
    for file, passage_at in draft.passage_at.items():
        for first, last in runs(passage_at):
            lines = range(first, last + 1)
            text = "\n".join(passages[passage_at[n]].lines[n] for n in lines)
            ranked_runs.append((min(passage_at[n] for n in lines), Span(*file, first, last), text))
    return sorted(ranked_runs, key=lambda run: (run[0], run[1].start))


def _blocks(passages: Sequence[Passage], draft: _Draft, passage_of_line: _LineOwners) -> list[str]:
    blocks = []
    for block_number, (_, span, text) in enumerate(_ranked_runs(passages, draft), 1):
        file = span.root, span.path
        omitted_lines: list[str] = []
        while (line := span.end + len(omitted_lines) + 1) in passage_of_line[file] and line not in draft.passage_at[
            file
        ]:
            omitted_lines.append(passages[passage_of_line[file][line]].lines[line])
        blocks.append(
            f"{_header(block_number, span)}{text}"
            + ("\n" + omission_mark(omitted_lines, span.path) if omitted_lines else "")
        )
    return blocks


def _passage_of_line(passages: Sequence[Passage]) -> _LineOwners:
    """The index of the first passage with each line, by file and line number."""
    passage_of_line: dict[File, dict[int, int]] = {}
    for passage_index, passage in enumerate(passages):
        of_file = passage_of_line.setdefault(passage.file, {})
        for line in passage.lines:
            of_file.setdefault(line, passage_index)
    return passage_of_line


def _evidence(passages: Sequence[Passage], draft: _Draft) -> Iterator[Evidence]:
    for passage_index, span, text in _ranked_runs(passages, draft):
        best = passages[passage_index].evidence
        overlapping = [p for p in passages if p.file == (span.root, span.path) and _overlaps(p, span)]
        why = tuple(dict.fromkeys(reason for p in overlapping for reason in p.evidence.why))
        yield Evidence(span, text, hash_text(text), best.symbol, best.kind, best.score, why)


def _overlaps(passage: Passage, span: Span) -> bool:
    return any(unit.start <= span.end and span.start <= unit.end for unit in passage.units)


def _omitted_spans(draft: _Draft, passage_of_line: _LineOwners) -> list[Span]:
    """Spans of the passages' lines that are not in the pack, those of better passages first."""
    ranked_spans = []
    for file, of_file in passage_of_line.items():
        for first, last in runs(of_file.keys() - draft.passage_at[file].keys()):
            ranked_spans.append((min(of_file[n] for n in range(first, last + 1)), Span(*file, first, last)))
    return [span for _, span in sorted(ranked_spans, key=lambda run: (run[0], run[1].path, run[1].start))]


def _unit_text(passage: Passage, unit: Unit) -> str:
    return "".join(f"{passage.lines[n]}\n" for n in unit.lines)


def _header(number: int, span: Span) -> str:
    return f"[{number}] {span}\n"


def omission_mark(omitted_lines: Sequence[str], path: str) -> str:
    """The line that replaces omitted lines, indented as they are; a comment where the file is Python."""
    text = f"… {len(omitted_lines)} line{'s' * (len(omitted_lines) != 1)} left out"
    first_text = next((line for line in omitted_lines if line.strip()), "")
    return f"{first_text[: len(first_text) - len(first_text.lstrip())]}{'# ' * is_python(path)}{text}"
