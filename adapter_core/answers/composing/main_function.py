"""The function whose body does what a question asks about: of those that the search finds best, the one whose text holds most of the
question, and that does something itself instead of declaring, forwarding or logging it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ...code_graph import CodeGraph, is_test_path
from ...evidence.selection import Found
from ...graph import terms
from ...types import Symbol, SymbolRef
from ..kinds import asks_decision, asks_failure, asks_order
from ..unparsing import unparse
from .about_symbol import Subject, subject_of
from .reacting import reacting_functions
from .statements.control_flow import function_node, own_nodes
from .statements.quotes import declares_option, is_logging
from .statements.steps import names_for_messages

# How much a term of the question counts where the function itself does not have it, but its class or its file is named by it; and what one
# counts of which it has only an alternative: in its name or what it is for, and anywhere in it.
_OWNER_SHARE, _PATH_SHARE = 0.6, 0.4
_TOLD_ALTERNATIVE, _ALTERNATIVE = 0.6, 0.2
_BASE = 0.4  # of what the search says, whatever words it holds
_RANK_DECAY = 0.97
_POOL = 8  # subjects that are compared
_BY_STATEMENTS = (0.4, 0.75, 0.9)  # what a function with no, one and two statements counts
_CONSTRUCTOR_FACTOR = 0.7  # it keeps what others work with
_MAX_CALLEES = 2  # functions that it hands over to
_FEW_STATEMENTS = 4
_FOUND_GAIN = 0.5  # of what the search found, too
_HANDLING_FACTOR = 1.25
# "When the server is stopped": the one thing that is done to something, which its method is called for.
_OCCASION = re.compile(
    r"\b(?:when|whenever|if|after|once|while)\b[^,;?]{1,60}?\b(?:is|are|was|were|gets?|being|been) (?P<verb>[a-z]{2,}(?:ed|en))\b",
    re.I,
)
_DONE = re.compile(r"\b(?:is|are|was|were|gets?|being|been) [a-z]{2,}(?:ed|en)\b", re.I)
_OCCASION_GAIN = 0.35
_DECIDING_GAIN, _MAX_DECISIONS = 0.12, 3
_LEAST_COVERAGE = 0.2  # of the question, that these hold
_IDLE = (ast.Pass, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Assert, ast.Raise)


@dataclass(frozen=True, slots=True)
class MainFunction:
    """The function that an answer leads with, and those that it hands over to: of its callees the ones that hold most of the question, best
    first."""

    subject: Subject
    callees: tuple[Subject, ...]


def main_function(
    graph: CodeGraph, found: Found, subjects: Sequence[Subject], named: Collection[tuple[str, int]]
) -> MainFunction | None:
    """The function that the answer leads with; None if the search finds none. A wrapper stands for what it calls. `named`: path and line
    of what the question names."""
    with_tests, text = "test" in found.weights, found.question.text[:300]
    pool = [s for s in subjects if s.symbol.is_callable and s.evidence is not None]
    pool = [s for s in pool if with_tests or not is_test_path(s.facts.path)][:_POOL]
    if named and not asks_order(text):
        pool = [s for s in pool if s.location in named] or _reacting(graph, subjects, named, text)
    best_score = max((s.evidence.score for s in pool if s.evidence is not None), default=0.0) or 1.0
    scored = [
        (
            (_BASE + _coverage(graph, subject, found.weights, found.alternatives))
            * _substance(graph, subject)
            * _fitness(graph, subject, found, text)
            * (subject.evidence.score / best_score if subject.evidence is not None else 0.0)
            * _RANK_DECAY**rank,
            -rank,
            subject,
        )
        for rank, subject in enumerate(pool)
    ]
    if not scored:
        return None
    subject = max(scored, key=lambda item: item[:2])[2]
    subject = next((s for s in subjects if s.key == subject.key), subject)
    called = _called_functions(graph, subject, subjects)
    if len(called) == 1 and _statement_count(graph, subject) == 1 < (_statement_count(graph, called[0]) or 0):
        subject, called = called[0], _called_functions(graph, called[0], subjects)
    by_coverage = [(_coverage(graph, s, found.weights, found.alternatives), s) for s in called]
    callees = [s for c, s in sorted(by_coverage, key=lambda c: -c[0]) if c >= _LEAST_COVERAGE][:_MAX_CALLEES]
    if called and (_statement_count(graph, subject) or 0) <= _FEW_STATEMENTS:
        # What it does is mostly done by one of these.
        largest = max(called, key=lambda s: _statement_count(graph, s) or 0)
        callees = [*(s for s in callees if s.key != largest.key), largest][-_MAX_CALLEES:]
    return MainFunction(subject, tuple(callees))


def _reacting(
    graph: CodeGraph, subjects: Sequence[Subject], named: Collection[tuple[str, int]], text: str
) -> list[Subject]:
    """Where a question asks what becomes of an error of a class that it names: the functions that do something about it, each as if the
    search had found it like the class."""
    classes = [s for s in subjects if s.location in named and s.symbol.kind == "class" and s.evidence is not None]
    if not classes or not asks_failure(text):
        return []
    found = reacting_functions(graph, {s.symbol.name for s in classes})
    return [replace(s, evidence=classes[0].evidence) for s in found]


def does_what_is_asked(graph: CodeGraph, found: Found, ref: SymbolRef) -> float:
    """How well a function that the search need not have found does what is asked: the share of the question that it has, less for one that
    does little."""
    subject = subject_of(graph, ref)
    if subject is None:
        return 0.0
    scores = [e.score for e in found.definitions if e.span.path == ref.path and e.symbol == ref.symbol.qualname]
    share = _coverage(graph, subject, found.weights, found.alternatives) * _substance(graph, subject)
    return share * (1.0 + _FOUND_GAIN * max(scores, default=0.0))


def _fitness(graph: CodeGraph, subject: Subject, found: Found, text: str) -> float:
    """A factor: for the function that is called for what happens (`stop` "when the server is stopped"); for one that handles errors, where
    the question asks what becomes of a failure; and for one whose tests ask about the question's words, where it asks how something is
    decided."""
    document = graph.document(subject.facts.path)
    node = function_node(subject.symbol, document.lines) if document is not None else None
    if node is None:
        return 1.0
    occasion = _OCCASION.search(text)
    if occasion is not None and len(_DONE.findall(text)) == 1:
        name = terms.parts(subject.symbol.name)
        if terms.stem(occasion["verb"].lower()) in name:
            return 1.0 + _OCCASION_GAIN / len(name)
    if asks_failure(text) and any(isinstance(n, ast.ExceptHandler) for n in own_nodes(node)):
        return _HANDLING_FACTOR
    if asks_decision(text):
        tests = [n.test for n in own_nodes(node) if isinstance(n, (ast.If, ast.IfExp, ast.While))]
        wanted = {t for t in found.weights if t not in terms.distinct(subject.symbol.qualname)}
        count = sum(bool(wanted & terms.distinct(unparse(test))) for test in tests)
        return 1.0 + _DECIDING_GAIN * min(count, _MAX_DECISIONS)
    return 1.0


def _called_functions(graph: CodeGraph, subject: Subject, subjects: Sequence[Subject]) -> list[Subject]:
    """The functions of the workspace that a function surely calls, in the order of the first call."""
    known = {s.key: s for s in subjects}
    found: dict[tuple[str, int], Subject] = {}
    ref = graph.ref(subject.facts, subject.index)
    for site in graph.calls_of(ref, implicit=False).items:
        for target in site.targets if site.sure and not site.deferred and len(site.targets) == 1 else ():
            callee = subject_of(graph, target)
            if callee is not None and callee.symbol.is_callable and callee.key != subject.key:
                found.setdefault(callee.key, known.get(callee.key, callee))
    return list(found.values())


def _coverage(
    graph: CodeGraph, subject: Subject, weights: Mapping[str, float], alternatives: Mapping[str, Sequence[str]]
) -> float:
    """The share of the question's words, by weight, that the function has, or its class or file is named by."""
    symbol, document = subject.symbol, graph.document(subject.facts.path)
    purpose = symbol.docstring.strip().partition("\n\n")[0] if symbol.docstring else ""
    fields = (
        (1.0, _TOLD_ALTERNATIVE, terms.distinct(f"{symbol.name} {purpose}")),
        (1.0, _ALTERNATIVE, terms.distinct(_told_text(symbol, document.lines)) if document is not None else set()),
        (_OWNER_SHARE, _ALTERNATIVE, terms.distinct(symbol.qualname)),
        (_PATH_SHARE, _ALTERNATIVE, terms.distinct(subject.facts.path)),
    )
    total = 0.0
    for term, weight in weights.items():
        others = alternatives.get(term, ())
        total += weight * max(
            share * (1.0 if term in present else other_share if any(o in present for o in others) else 0.0)
            for share, other_share, present in fields
        )
    return total / (sum(weights.values()) or 1.0)


def _told_text(symbol: Symbol, lines: list[str]) -> str:
    """The text of a function without the messages that it logs and the options that it declares, which speak of what goes on elsewhere."""
    node = function_node(symbol, lines)
    messages = names_for_messages(symbol, lines)
    logged = {
        n
        for statement in (own_nodes(node) if node is not None else ())
        if isinstance(statement, ast.stmt)
        and (is_logging(statement) or _binds_only(statement, messages) or declares_option(statement))
        for n in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    }
    return "".join(lines[n - 1] for n in range(symbol.start, min(symbol.end, len(lines)) + 1) if n not in logged)


def _binds_only(node: ast.stmt, names: Collection[str]) -> bool:
    return isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) and t.id in names for t in node.targets)


def _substance(graph: CodeGraph, subject: Subject) -> float:
    """A factor for how much a function does itself: an abstract method nothing, a wrapper one thing."""
    count = _statement_count(graph, subject)
    factor = _BY_STATEMENTS[count] if count is not None and count < len(_BY_STATEMENTS) else 1.0
    return factor * (_CONSTRUCTOR_FACTOR if subject.symbol.name == "__init__" else 1.0)


def _statement_count(graph: CodeGraph, subject: Subject) -> int | None:
    """How many statements of a function do something; None if its file does not parse."""
    document = graph.document(subject.facts.path)
    node = function_node(subject.symbol, document.lines) if document is not None else None
    return sum(isinstance(n, ast.stmt) and not _is_idle(n) for n in own_nodes(node)) if node is not None else None


def _is_idle(node: ast.stmt) -> bool:
    """Whether a statement does nothing that a question how something works asks for: a docstring, an import, an assertion, an error, a
    message."""
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, _IDLE) or is_constant or is_logging(node) or declares_option(node)
