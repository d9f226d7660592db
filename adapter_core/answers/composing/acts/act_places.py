"""The statements that do what a question asks the place of: of the functions in the files that the search finds best."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ....code_graph import CodeGraph, is_test_path
from ....evidence.selection import Found
from ....graph import terms
from ....graph.source import is_python
from ....types import ModuleFacts, Symbol
from ..candidate import Candidate, SentenceBuilder
from ..statements.control_flow import PlacedStatement, function_node, placed_statements
from ..statements.quotes import quote_around
from .asked_act import AskedAct, asked_act
from .statement_acts import strength

_FILES = 3  # that are looked through
_FUNCTIONS = 12  # whose statements are looked at
_PLACES = 2  # that are told
_LEAST_HELD = 0.3  # of what the act is done to, by weight, that a function must hold to be looked at
_CONDITION_SHARE, _COMMENT_SHARE, _OWNER_SHARE, _PURPOSE_SHARE, _CLASS_SHARE = 0.7, 0.8, 0.6, 0.3, 0.3
_ALTERNATIVE_SHARE, _DERIVED_SHARE = 0.6, 0.8
_DERIVED_LETTERS, _STEM_LETTERS = 3, 4  # `limiter` of `limit`
_UNHELD_SHARE = 0.3  # of a word that none of the functions has, which is another one in the code
_SUITE_BONUS = 0.06  # for each of up to two other statements of the same branch that do it
_NAME_BONUS = 1.25  # for a function whose name says the act
_FOUND_BASE = 0.6  # of a function that the search did not find
_LEAST = 0.45  # that a place must have
_SECOND = 0.8  # of the best place, that a further one must have


@dataclass(frozen=True, slots=True)
class ActPlace:
    facts: ModuleFacts
    index: int
    line: int
    value: float


def act_sentences(graph: CodeGraph, found: Found) -> Iterator[Candidate]:
    """The sentences that quote the statements which do what the question asks the place of, the surest first."""
    act = asked_act(found.question, found.weights)
    if act is None:
        return
    for number, place in enumerate(act_places(graph, found, act)[:_PLACES]):
        document = graph.document(place.facts.path)
        symbol = place.facts.symbols[place.index]
        quote = quote_around(symbol, document.lines, place.line) if document is not None else None
        if quote is not None:
            text, lines, parts = quote
            builder = SentenceBuilder(place.facts, place.index, 0)
            yield replace(builder.sentence("act", text, *lines), order=number, steps=parts, named=True)


def act_places(graph: CodeGraph, found: Found, act: AskedAct) -> list[ActPlace]:
    """The places, best first; none that is not clearly one."""
    places: list[ActPlace] = []
    act, functions = _functions(graph, found, act)
    for facts, index, share in functions:
        document = graph.document(facts.path)
        if document is None:
            continue
        symbol = facts.symbols[index]
        node = function_node(symbol, document.lines)
        placed = placed_statements(node, document.lines) if node is not None else []
        does = [strength(p.node, act) for p in placed]
        acting = Counter(p.suite for p, sure in zip(placed, does, strict=True) if sure)
        values = [
            _value(p, sure, symbol, document.lines, act, found.alternatives)
            * share
            * (1 + _SUITE_BONUS * min(2, max(0, acting[p.suite] - 1)))
            for p, sure in zip(placed, does, strict=True)
        ]
        if values and max(values) >= _LEAST:
            best = values.index(max(values))
            places.append(ActPlace(facts, index, placed[best].node.lineno, values[best]))
    places.sort(key=lambda p: -p.value)
    return [p for p in places if p.value >= _SECOND * places[0].value]


def _functions(graph: CodeGraph, found: Found, act: AskedAct) -> tuple[AskedAct, list[tuple[ModuleFacts, int, float]]]:
    """The functions that hold most of what the act is done to, with the share that each counts by what the search says of it; and the act,
    with less weight for words that none of them has."""
    with_tests = "test" in found.weights
    evidence = [
        e for e in found.definitions if is_python(e.span.path) and (with_tests or not is_test_path(e.span.path))
    ]
    best = max((e.score for e in evidence), default=0.0) or 1.0
    scores: dict[tuple[str, str], float] = {}
    file_scores: dict[str, float] = {}
    for item in evidence:
        key = (item.span.path, item.symbol)
        scores[key] = max(scores.get(key, 0.0), item.score / best)
        file_scores[item.span.path] = max(file_scores.get(item.span.path, 0.0), item.score / best)
    texts: list[tuple[ModuleFacts, int, str]] = []
    needles = {t: _needles(t, found.alternatives) for t in act.objects}
    for path in sorted(file_scores, key=lambda p: -file_scores[p])[:_FILES]:
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None or facts.recovered:
            continue
        for index, symbol in enumerate(facts.symbols):
            if not symbol.is_callable:
                continue
            text = "\n".join((symbol.qualname, *document.lines[symbol.start - 1 : symbol.end])).lower()
            texts.append((facts, index, text))
    everything = "\n".join(text for _, _, text in texts)
    objects = {
        t: weight if any(x in everything for x in needles[t]) else weight * _UNHELD_SHARE
        for t, weight in act.objects.items()
    }
    # `pidfile` for "pid file": where code runs the words together, one of them is not enough.
    weight = max(objects.values(), default=0.0)
    objects |= {joined: weight for joined in act.compounds if joined in everything}
    needles |= {joined: (joined,) for joined in act.compounds if joined in everything}
    mass = sum(objects.values()) or 1.0
    held: list[tuple[float, ModuleFacts, int, float]] = []
    for facts, index, text in texts:
        symbol = facts.symbols[index]
        share = sum(objects[t] for t, n in needles.items() if any(x in text for x in n)) / mass
        if any(_writes_literal(text, literal) for literal in act.literals):
            share = 1.0
        if share >= _LEAST_HELD:
            score = max(scores.get((facts.path, symbol.qualname), 0.0), _FOUND_BASE * file_scores[facts.path])
            held.append(((share + _densest(text, objects, needles) / mass) * score, facts, index, 0.7 + 0.3 * score))
    held.sort(key=lambda item: -item[0])
    return replace(act, objects=objects), [(facts, index, share) for _, facts, index, share in held[:_FUNCTIONS]]


def _densest(text: str, objects: Mapping[str, float], needles: Mapping[str, Sequence[str]]) -> float:
    """The most, by weight, that a single line of a function holds of what the act is done to."""
    return max(sum(objects[t] for t, n in needles.items() if any(x in line for x in n)) for line in text.split("\n"))


def _needles(term: str, alternatives: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return (term, *alternatives.get(term, ()))


def _writes_literal(text: str, literal: str) -> bool:
    """Whether a text makes names that begin or end with a literal: `'is_%s' % name`, f"is_{name}", "is_" + name."""
    quoted = re.escape(literal.lower())
    pattern = rf"[\"']{quoted}(?:%|\{{|[\"'])" if literal.endswith("_") else rf"(?:%s|\}}|[\"']){quoted}[\"']"
    return bool(re.search(pattern, text))


def _value(
    placed: PlacedStatement,
    does: float,
    symbol: Symbol,
    lines: list[str],
    act: AskedAct,
    alternatives: Mapping[str, Sequence[str]],
) -> float:
    """How surely a statement does the act to what the question names, from 0 to about 1. `does`: how surely it does the act."""
    node = placed.node
    first = node.lineno
    body = getattr(node, "body", None)
    last = max(first, body[0].lineno - 1) if body else (node.end_lineno or first)
    text = "\n".join(lines[first - 1 : last])
    name_says = bool((terms.parts(symbol.name) & act.words) - act.objects.keys())
    makes_name = any(_writes_literal(text.lower(), literal) for literal in act.literals)
    if makes_name:
        does = 1.0
    elif not does and name_says and isinstance(node, ast.Return):
        does = 0.7  # the function is called by the act, and this is what it comes to
    if not does:
        return 0.0
    purpose = symbol.docstring.strip().partition("\n\n")[0] if symbol.docstring else ""
    owner, _, name = symbol.qualname.rpartition(".")
    fields = (
        (1.0, terms.distinct(text)),
        (_COMMENT_SHARE, terms.distinct(_comment_above(lines, first))),
        (_CONDITION_SHARE, terms.distinct(" ".join(t.text for t in placed.tests))),
        (_OWNER_SHARE, terms.distinct(name)),
        (_PURPOSE_SHARE, terms.distinct(purpose)),
        (_CLASS_SHARE, terms.distinct(owner)),
    )
    total = 0.0
    for term, weight in act.objects.items():
        others = alternatives.get(term, ())
        total += weight * max(share * _match(term, others, present) for share, present in fields)
    covered = total / (sum(act.objects.values()) or 1.0)
    if makes_name:
        covered = max(covered, 0.9)
    return does * covered * (_NAME_BONUS if name_says else 1.0)


def _match(term: str, others: Sequence[str], present: Collection[str]) -> float:
    """How far the present terms match one of the question: by itself, by a noun of it (`limiter`), or by an alternative."""
    if term in present:
        return 1.0
    is_long = len(term) >= _STEM_LETTERS
    if is_long and any(p.startswith(term) and len(p) <= len(term) + _DERIVED_LETTERS for p in present):
        return _DERIVED_SHARE
    return _ALTERNATIVE_SHARE if any(other in present for other in others) else 0.0


def _comment_above(lines: list[str], line: int) -> str:
    first = line
    while first > 1 and line - first < 4 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    inline = lines[line - 1].partition("#")[2]
    return " ".join([*lines[first - 1 : line - 1], inline])
