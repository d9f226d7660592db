"""Whether quoted statements stand where a sentence says: "In `f`, when `a`: `x = 1`, then `g(x)`" and the like.

Compared as syntax: each of them is a statement of that function on the cited lines, and runs only where what is told around it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...code_graph import CodeGraph
from ...types import CallSite, Citation, Symbol, SymbolRef
from ..composing.documentation.quoted_docs import LISTED, matches_list
from ..composing.statements.call_conditions import tests_by_call
from ..composing.statements.conditions import BRANCH, BY_THEN, LOOP, THAT_FAR, Lines
from ..composing.statements.control_flow import PlacedStatement, Test, function_node, header_lines, placed_statements
from ..composing.statements.decisions import describe_decision
from ..composing.statements.quotes import quote_statement
from ..composing.statements.steps import matches_steps
from ..inert import printable
from .naming import ends_with, parts_of

_CODE = r"(?:`[^`]+`)"
_TEST = (
    rf"(?:in one of its (?:branches|loops)|when {_CODE}(?: and {_CODE})*|unless {_CODE}(?: or {_CODE})*"
    rf"|(?:while handling|while|until|when it catches|for each) {_CODE})"
)
_STEPS = rf"{_CODE}(?:, then {_CODE})*"
_LEAD = rf"(?:(?:else )?(?:when|unless) {_CODE}, |otherwise )"
_FORM = re.compile(
    rf"In (?P<owner>{_CODE})(?P<around>(?:, {_TEST})*): (?P<rest>{_LEAD}{_STEPS}(?:; {_LEAD}{_STEPS})*|{_STEPS})"
)
_WRITTEN = re.compile(rf"In (?P<owner>{_CODE}), in the order written: (?P<rest>.+)", re.DOTALL)
_LISTED = re.compile(rf"`(?P<owner>[^`]+)`(?P<title>, “[^“”]+”)?{LISTED} (?P<rest>\(\d+\) “.+)", re.DOTALL)
_CALLS = re.compile(
    rf"(?P<owner>{_CODE}) calls(?P<order>, in the order written,)? "
    rf"(?P<called>{_CODE}(?:(?:, | and ){_CODE})*) (?P<around>{_TEST}(?:, {_TEST})*)\."
)
_WAY = re.compile(
    rf"Step by step: (?P<steps>{_CODE} (?:calls|may call|constructs) {_CODE}(?:; {_CODE} (?:calls|may call|constructs) {_CODE})*)\."
)
_TESTS = re.compile(
    rf"(?P<word>when it catches|for each|while handling|when|unless|while|until) (?P<tests>{_CODE}(?: (?:and|or) {_CODE})*)"
)
_THAT_FAR = re.compile(rf"(?:(?<=`)|(?<=`{BY_THEN})),? {THAT_FAR}(?=[.:])")
_BY_THEN = re.compile(rf"(?<=`){BY_THEN}\b")
_KINDS = {
    "when": "if",
    "unless": "if",
    "while": "while",
    "until": "while",
    "when it catches": "except",
    "while handling": "except",
    "for each": "for",
}

Told = tuple[str, str, bool]  # kind and text of a test, and whether it has to hold


def stand_so(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether all of a sentence of such a form is so; None where the sentence has another form, or can be read in another way, too."""
    said = without_hedges(sentence)
    if said != sentence and not _hedged_so(graph, sentence, citations):
        return False
    return _stand_so(graph, said, citations)


def without_hedges(sentence: str) -> str:
    """A sentence without what it says of early exits before, and of names that are bound anew before."""
    return _BY_THEN.sub("", _THAT_FAR.sub("", sentence))


def _hedged_so(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """Whether an early exit stands before what is on the cited lines, and a test around that asks about what was bound anew, as is said."""
    owner = re.search(_CODE, sentence)
    for symbol, spans, lines in _functions(graph, owner.group()[1:-1], citations) if owner else ():
        node = function_node(symbol, lines)
        placed = placed_statements(node, lines) if node is not None else []
        around = [
            p.tests
            for p in placed
            if any(a <= header_lines(p.node)[1] and header_lines(p.node)[0] <= b for a, b in spans)
        ]
        calls = tests_by_call(symbol, lines)
        around += [tests for (_, line), tests in calls.items() if tests is not None and _shown(spans, line, line)]
        far = not _THAT_FAR.search(sentence) or any(t.is_guard for tests in around for t in tests)
        then = not _BY_THEN.search(sentence) or any(
            t.is_rebound and _shown(spans, t.start, t.end) for tests in around for t in tests
        )
        if far and then:
            return True
    return False


def _stand_so(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        if (way := _WAY.fullmatch(sentence.strip())) and not _follows(graph, way["steps"], citations):
            return False  # that each step is so is checked as of any other sentence
        if _WRITTEN.fullmatch(sentence.strip()):
            return _written_so(graph, sentence.strip(), citations)
        if listing := _LISTED.fullmatch(sentence.strip()):
            return matches_list(graph, listing["owner"], listing["title"] or "", listing["rest"], citations)
        return _called_so(graph, sentence.strip(), citations) or _decided_so(graph, sentence.strip(), citations) or None
    told = list(_told(form["around"], form["rest"]))
    for symbol, spans, lines in _functions(graph, form["owner"][1:-1], citations):
        node = function_node(symbol, lines)
        placed = _on(spans, placed_statements(node, lines)) if node is not None else []
        placed = [p for p in placed if _branched(form["around"], p.tests)]
        if all(any(_is(p, text, tests, spans, lines) for p in placed) for text, tests in told):
            return True
    return False


def _follows(graph: CodeGraph, steps: str, citations: tuple[Citation, ...]) -> bool:
    """Whether each step is a call on the cited lines, in what the one before it led to: a function, or the `__init__` of a class. By the
    definitions and not by their names, which others may have, too."""
    sites = [(site.caller, (*site.targets, *site.enters)) for site in _cited_calls(graph, citations)]
    led_to: set[tuple[str, int]] | None = None
    for step in steps.split("; "):
        begins, ends = (name[1:-1] for name in re.findall(_CODE, step)[:2])
        found: set[tuple[str, int]] = set()
        for caller, refs in sites:
            begun = caller is not None and caller.symbol.qualname == begins and (not led_to or _key(caller) in led_to)
            if begun and any(ref.symbol.qualname == ends for ref in refs):
                found.update(map(_key, refs))
        if not found:
            return False
        led_to = found
    return True


def _cited_calls(graph: CodeGraph, citations: tuple[Citation, ...]) -> Iterator[CallSite]:
    for path in dict.fromkeys(c.span.path for c in citations):
        facts = graph.facts(path)
        shown = [(c.span.start, c.span.end) for c in citations if c.span.path == path]
        for call in facts.calls if facts is not None else ():
            if facts is not None and any(start <= call.line <= end for start, end in shown):
                yield graph.site(facts, call)


def _key(ref: SymbolRef) -> tuple[str, int]:
    return ref.path, ref.symbol.start


def _called_so(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """ "`f` calls, in the order written, `a()` and `b()` when `c`, for each `x in xs`." """
    form = _CALLS.fullmatch(sentence)
    if form is None:
        return False
    called = [name[1:-1].removesuffix("()") for name in re.findall(_CODE, form["called"])]
    told = set(_tests(form["around"]))
    for symbol, spans, lines in _functions(graph, form["owner"][1:-1], citations):
        held = tests_by_call(symbol, lines)
        places = [
            sorted(
                line
                for (callee, line), tests in held.items()
                if callee == name
                and _shown(spans, line, line)
                and tests is not None
                and told <= _told_by(tests, spans)
                and _branched(form["around"], tuple(tests))
            )
            for name in called
        ]
        if all(places) and (not form["order"] or _ascending(places)):
            return True
    return False


def _decided_so(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """ "`f` decides in this order: …": that is what its exits come to, and their lines are cited."""
    form = re.match(rf"(?P<owner>{_CODE}) (?=decides in this order: )", sentence)
    if form is None:
        return False
    for symbol, spans, lines in _functions(graph, form["owner"][1:-1], citations):
        decision = describe_decision(symbol, lines)
        if (
            decision is not None
            and decision[0] == sentence[form.end() :]
            and all(_shown(spans, *d) for d in decision[1])
        ):
            return True
    return False


def _written_so(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """ "In `f`, in the order written: (1) `x = 1`; (2) when `a`: `g(x)`, then `h(x)`"."""
    form = _WRITTEN.fullmatch(sentence)
    return form is not None and any(
        matches_steps(symbol, lines, form["rest"], spans)
        for symbol, spans, lines in _functions(graph, form["owner"][1:-1], citations)
    )


def _branched(around: str, tests: tuple[Test, ...]) -> bool:
    """Whether what is said to stand "in one of its branches", or loops, stands in one."""
    loop = any(t.is_branch and t.kind in ("for", "while") for t in tests)
    return (BRANCH not in around or any(t.is_branch for t in tests)) and (LOOP not in around or loop)


def _ascending(places: list[list[int]]) -> bool:
    line = 0
    for lines in places:
        later = [n for n in lines if n >= line]
        if not later:
            return False
        line = later[0]
    return True


def _told(around: str, rest: str) -> Iterator[tuple[str, list[Told]]]:
    """(statement, what is told to hold around it)."""
    outer = list(_tests(around))
    before: list[Told] = []
    for branch in re.split(rf"; (?={_LEAD})", rest):
        lead = re.match(_LEAD, branch)
        own = list(_tests(lead.group())) if lead else []
        steps = branch[lead.end() :] if lead else branch
        for step in re.findall(_CODE, steps):
            yield step[1:-1], [*outer, *before, *own]
        before += [(kind, text, not holds) for kind, text, holds in own]


def _tests(text: str) -> Iterator[Told]:
    for match in _TESTS.finditer(text):
        for one in re.findall(_CODE, match["tests"]):
            yield _KINDS[match["word"]], printable(one[1:-1]), match["word"] not in ("unless", "until")


def _functions(
    graph: CodeGraph, name: str, citations: tuple[Citation, ...]
) -> Iterator[tuple[Symbol, list[Lines], list[str]]]:
    """The functions of that name in which the cited lines of their file stand, with these and the lines of the file."""
    wanted = parts_of(name)
    for path in dict.fromkeys(c.span.path for c in citations):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        spans = [(c.span.start, c.span.end) for c in citations if c.span.path == path]
        for symbol in facts.symbols[1:]:
            inside = all(symbol.start <= a and b <= symbol.end for a, b in spans)
            full = [*facts.module.split("."), *symbol.qualname.split(".")]
            if inside and symbol.is_callable and ends_with(full, wanted):
                yield symbol, spans, document.lines


def _on(spans: list[Lines], placed: list[PlacedStatement]) -> list[PlacedStatement]:
    return [p for p in placed if _shown(spans, *header_lines(p.node))]


def _shown(spans: list[Lines], start: int, end: int) -> bool:
    return all(any(a <= n <= b for a, b in spans) for n in range(start, end + 1))


def _told_by(tests: tuple[Test, ...], spans: list[Lines]) -> set[Told]:
    """The tests whose lines are cited."""
    return {(t.kind, printable(t.text), t.holds) for t in tests if _shown(spans, t.start, t.end)}


def _is(placed: PlacedStatement, text: str, tests: list[Told], spans: list[Lines], lines: list[str]) -> bool:
    return set(tests) <= _told_by(placed.tests, spans) and printable(quote_statement(lines, placed.node)) == printable(
        text
    )
