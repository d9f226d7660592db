"""Verifies sentences that quote statements: "In `f`, when `a`: `x = 1`, then `g(x)`" and similar forms.

They are compared as syntax: each must be a statement of that function on the cited lines, under the tests that the sentence claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...code_graph import CodeGraph
from ...types import CallSite, Citation, Symbol, SymbolRef
from ..composing.documentation.quoted_docs import LISTED, matches_list
from ..composing.documentation.samples import SHOWS, matches_sample
from ..composing.links.examples import OF_DOCSTRING, docstring_sample_holds
from ..composing.listings.module_choices import choice_holds
from ..composing.statements.call_conditions import tests_by_call
from ..composing.statements.conditions import BRANCH, BY_THEN, LOOP, THAT_FAR, Lines
from ..composing.statements.control_flow import PlacedStatement, Test, function_node, header_lines, placed_statements
from ..composing.statements.decisions import describe_decision
from ..composing.statements.quotes import quote_statement
from ..composing.statements.steps import matches_steps
from ..inert import printable
from .naming import ends_with, name_parts

_CODE = r"(?:`[^`]+`)"
_TEST = (
    rf"(?:in one of its (?:branches|loops)|when {_CODE}(?: and {_CODE})*|unless {_CODE}(?: or {_CODE})*"
    rf"|(?:while handling|while|until|when it catches|for each) {_CODE})"
)
_STEPS = rf"{_CODE}(?:(?:, then|;) {_CODE})*"
_LEAD = rf"(?:(?:else )?(?:when|unless) {_CODE}, |otherwise )"
_FORM = re.compile(
    rf"In (?P<owner>{_CODE})(?P<around>(?:, {_TEST})*): (?P<rest>(?:{_LEAD})?{_STEPS}(?:; {_LEAD}{_STEPS})*)"
)
_WRITTEN = re.compile(rf"In (?P<owner>{_CODE}), in the order written: (?P<rest>.+)", re.DOTALL)
_LISTED = re.compile(rf"`(?P<owner>[^`]+)`(?P<title>, “[^“”]+”)?{LISTED} (?P<rest>\(\d+\) “.+)", re.DOTALL)
_SHOWN = re.compile(rf"`(?P<path>[^`]+)`(?P<title>, “[^“”]+”)?{SHOWS} (?P<rest>`.+)", re.DOTALL)
_IN_DOCSTRING = re.compile(rf"{OF_DOCSTRING}`(?P<owner>[^`]+)`{SHOWS} (?P<rest>`.+)", re.DOTALL)
_LED_TO = re.compile(r"(?P<lead>`(?P<path>[^`]+)`(?P<title>, “[^“”]+”)?: “[^“”]+”) (?P<rest>`.+)", re.DOTALL)
_CALLS = re.compile(
    rf"(?P<owner>{_CODE}) calls(?P<order>, in the order written,)? "
    rf"(?P<called>{_CODE}(?:(?:, | and ){_CODE})*) (?P<around>{_TEST}(?:, {_TEST})*)\."
)
_CALL_STEPS = re.compile(
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

ClaimedTest = tuple[str, str, bool]  # kind and text of a test, and whether it must hold


def statements_hold(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a sentence of one of these forms is true; None for another form, or one that has to be checked otherwise, too."""
    unhedged = without_hedges(sentence)
    if unhedged != sentence and not _hedges_hold(graph, sentence, citations):
        return False
    return _form_holds(graph, unhedged, citations)


def introduction_of_sample(sentence: str) -> str:
    """The sentence that stands above a code sample, which has to be checked by itself; "" for any other sentence."""
    form = _LED_TO.fullmatch(sentence.strip())
    return form["lead"] if form is not None else ""


def without_hedges(sentence: str) -> str:
    """The sentence without its remarks on earlier exits and on names that are rebound before."""
    return _BY_THEN.sub("", _THAT_FAR.sub("", sentence))


def _hedges_hold(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """Whether the remarks are true: there is an early exit before the cited statements, and a test around them on a rebound name."""
    owner = re.search(_CODE, sentence)
    for symbol, spans, lines in _cited_functions(graph, owner.group()[1:-1], citations) if owner else ():
        node = function_node(symbol, lines)
        placed = placed_statements(node, lines) if node is not None else []
        tests_around = [
            p.tests
            for p in placed
            if any(a <= header_lines(p.node)[1] and header_lines(p.node)[0] <= b for a, b in spans)
        ]
        calls = tests_by_call(symbol, lines)
        tests_around += [
            tests for (_, line), tests in calls.items() if tests is not None and _is_cited(spans, line, line)
        ]
        early_exit_holds = not _THAT_FAR.search(sentence) or any(t.is_guard for tests in tests_around for t in tests)
        rebound_holds = not _BY_THEN.search(sentence) or any(
            t.is_rebound and _is_cited(spans, t.start, t.end) for tests in tests_around for t in tests
        )
        if early_exit_holds and rebound_holds:
            return True
    return False


def _form_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        if (call_steps := _CALL_STEPS.fullmatch(sentence.strip())) and not _steps_hold(
            graph, call_steps["steps"], citations
        ):
            return False  # each step is also checked as the relation that it claims
        if _WRITTEN.fullmatch(sentence.strip()):
            return _written_order_holds(graph, sentence.strip(), citations)
        if listing := _LISTED.fullmatch(sentence.strip()):
            return matches_list(graph, listing["owner"], listing["title"] or "", listing["rest"], citations)
        if example := _IN_DOCSTRING.fullmatch(sentence.strip()):
            return docstring_sample_holds(graph, example["owner"], example["rest"], citations)
        if sample := _SHOWN.fullmatch(sentence.strip()) or _LED_TO.fullmatch(sentence.strip()):
            return matches_sample(graph, sample["path"], sample["title"] or "", sample["rest"], citations)
        return (
            _calls_hold(graph, sentence.strip(), citations)
            or _decision_holds(graph, sentence.strip(), citations)
            or choice_holds(graph, sentence.strip(), citations)
            or None
        )
    claimed = list(_claimed_statements(form["around"], form["rest"]))
    for symbol, spans, lines in _cited_functions(graph, form["owner"][1:-1], citations):
        node = function_node(symbol, lines)
        placed = _cited_statements(spans, placed_statements(node, lines)) if node is not None else []
        placed = [p for p in placed if _branch_matches(form["around"], p.tests)]
        if all(any(_matches(p, text, tests, spans, lines) for p in placed) for text, tests in claimed):
            return True
    return False


def _steps_hold(graph: CodeGraph, steps: str, citations: tuple[Citation, ...]) -> bool:
    """Whether each step is a call on the cited lines from the target of the step before: a function, or the `__init__` of a class. Targets
    are compared as definitions, since names may be ambiguous."""
    sites = [(site.caller, (*site.targets, *site.enters)) for site in _cited_calls(graph, citations)]
    reached: set[tuple[str, int]] | None = None
    for step in steps.split("; "):
        caller_name, callee_name = (name[1:-1] for name in re.findall(_CODE, step)[:2])
        targets: set[tuple[str, int]] = set()
        for caller, refs in sites:
            is_caller = (
                caller is not None
                and caller.symbol.qualname == caller_name
                and (not reached or _symbol_key(caller) in reached)
            )
            if is_caller and any(ref.symbol.qualname == callee_name for ref in refs):
                targets.update(map(_symbol_key, refs))
        if not targets:
            return False
        reached = targets
    return True


def _cited_calls(graph: CodeGraph, citations: tuple[Citation, ...]) -> Iterator[CallSite]:
    for path in dict.fromkeys(c.span.path for c in citations):
        facts = graph.facts(path)
        cited_ranges = [(c.span.start, c.span.end) for c in citations if c.span.path == path]
        for call in facts.calls if facts is not None else ():
            if facts is not None and any(start <= call.line <= end for start, end in cited_ranges):
                yield graph.site(facts, call)


def _symbol_key(ref: SymbolRef) -> tuple[str, int]:
    return ref.path, ref.symbol.start


def _calls_hold(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """ "`f` calls, in the order written, `a()` and `b()` when `c`, for each `x in xs`." """
    form = _CALLS.fullmatch(sentence)
    if form is None:
        return False
    called = [name[1:-1].removesuffix("()") for name in re.findall(_CODE, form["called"])]
    claimed = set(_claimed_tests(form["around"]))
    for symbol, spans, lines in _cited_functions(graph, form["owner"][1:-1], citations):
        written_calls = tests_by_call(symbol, lines)
        lines_by_call = [
            sorted(
                line
                for (callee, line), tests in written_calls.items()
                if callee == name
                and _is_cited(spans, line, line)
                and tests is not None
                and claimed <= _cited_tests(tests, spans)
                and _branch_matches(form["around"], tuple(tests))
            )
            for name in called
        ]
        if all(lines_by_call) and (not form["order"] or _ascending(lines_by_call)):
            return True
    return False


def _decision_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """ "`f` decides in this order: …": the text must be that of its exits, and their lines must be cited."""
    form = re.match(rf"(?P<owner>{_CODE}) (?=decides in this order: )", sentence)
    if form is None:
        return False
    for symbol, spans, lines in _cited_functions(graph, form["owner"][1:-1], citations):
        decision = describe_decision(symbol, lines)
        if (
            decision is not None
            and decision[0] == sentence[form.end() :]
            and all(_is_cited(spans, *d) for d in decision[1])
        ):
            return True
    return False


def _written_order_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool:
    """ "In `f`, in the order written: (1) `x = 1`; (2) when `a`: `g(x)`, then `h(x)`"."""
    form = _WRITTEN.fullmatch(sentence)
    return form is not None and any(
        matches_steps(symbol, lines, form["rest"], spans)
        for symbol, spans, lines in _cited_functions(graph, form["owner"][1:-1], citations)
    )


def _branch_matches(around: str, tests: tuple[Test, ...]) -> bool:
    """Whether the tests include a branch or a loop where the sentence says "in one of its branches" or "loops"."""
    loop = any(t.is_branch and t.kind in ("for", "while") for t in tests)
    return (BRANCH not in around or any(t.is_branch for t in tests)) and (LOOP not in around or loop)


def _ascending(lines_by_call: list[list[int]]) -> bool:
    last_line = 0
    for lines in lines_by_call:
        later_lines = [n for n in lines if n >= last_line]
        if not later_lines:
            return False
        last_line = later_lines[0]
    return True


def _claimed_statements(around: str, rest: str) -> Iterator[tuple[str, list[ClaimedTest]]]:
    """(statement, the tests that the sentence claims around it) for each quoted statement."""
    outer_tests = list(_claimed_tests(around))
    earlier_tests: list[ClaimedTest] = []
    for branch in re.split(rf"; (?={_LEAD})", rest):
        lead = re.match(_LEAD, branch)
        branch_tests = list(_claimed_tests(lead.group())) if lead else []
        steps = branch[lead.end() :] if lead else branch
        for step in re.findall(_CODE, steps):
            yield step[1:-1], [*outer_tests, *earlier_tests, *branch_tests]
        earlier_tests += [(kind, text, not holds) for kind, text, holds in branch_tests]


def _claimed_tests(text: str) -> Iterator[ClaimedTest]:
    for match in _TESTS.finditer(text):
        for code in re.findall(_CODE, match["tests"]):
            yield _KINDS[match["word"]], printable(code[1:-1]), match["word"] not in ("unless", "until")


def _cited_functions(
    graph: CodeGraph, name: str, citations: tuple[Citation, ...]
) -> Iterator[tuple[Symbol, list[Lines], list[str]]]:
    """(function, cited line ranges of its file, lines of the file) for the functions of that name around all cited lines of their file."""
    wanted_parts = name_parts(name)
    for path in dict.fromkeys(c.span.path for c in citations):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        spans = [(c.span.start, c.span.end) for c in citations if c.span.path == path]
        for symbol in facts.symbols[1:]:
            is_inside = all(symbol.start <= a and b <= symbol.end for a, b in spans)
            full_name = [*facts.module.split("."), *symbol.qualname.split(".")]
            if is_inside and symbol.is_callable and ends_with(full_name, wanted_parts):
                yield symbol, spans, document.lines


def _cited_statements(spans: list[Lines], placed: list[PlacedStatement]) -> list[PlacedStatement]:
    return [p for p in placed if _is_cited(spans, *header_lines(p.node))]


def _is_cited(spans: list[Lines], start: int, end: int) -> bool:
    return all(any(a <= n <= b for a, b in spans) for n in range(start, end + 1))


def _cited_tests(tests: tuple[Test, ...], spans: list[Lines]) -> set[ClaimedTest]:
    """The tests whose lines are cited."""
    return {(t.kind, printable(t.text), t.holds) for t in tests if _is_cited(spans, t.start, t.end)}


def _matches(
    placed: PlacedStatement, text: str, tests: list[ClaimedTest], spans: list[Lines], lines: list[str]
) -> bool:
    return set(tests) <= _cited_tests(placed.tests, spans) and printable(
        quote_statement(lines, placed.node)
    ) == printable(text)
