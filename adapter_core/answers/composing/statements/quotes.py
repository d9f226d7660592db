"""Statements quoted as they stand, with what has to be for them to run: what no sentence of ours would put better than the code.

A short function, branch, loop body or handler is quoted whole, and a short `if` with all its branches: together they are the decision.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ....code_graph import CodeGraph
from ....graph import terms
from ....graph.finding.lookup import scope_at
from ....types import Symbol
from ...inert import code, printable
from ..candidate import Candidate, SentenceBuilder, join_list
from .actions import callee_name
from .conditions import Condition, Lines, by_then_suffix, condition_of, lines_of_tests, merge_ranges
from .control_flow import PlacedStatement, expression_text, function_node, header_lines, placed_statements
from .endings import ENDINGS, EXITS
from .one_line import one_line

_MAX_TEXT = 200
_MAX_GROUP = 380
_MAX_LINES = 12
_MAX_STATEMENTS = 4  # of one branch that is quoted whole
_MAX_BRANCHES = 4
_MAX_QUOTES = 5  # of one symbol
_DECIDING = 2  # of how many symbols
_EXIT = 1.25  # what ends a function or a loop decides
_LITTLE = 0.5
_SILENT = (ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_LOGGING = frozenset("debug info warning warn error exception critical log print write echo".split())
_LOGGERS = frozenset({"log", "logger", "logging", "warnings", "console"})


@dataclass(frozen=True, slots=True)
class _Quote:
    kind: str  # quote | branch | bare
    text: str
    code: str
    lines: tuple[Lines, ...]
    worth: float = 1.0


def quote_sentences(
    builder: SentenceBuilder, symbol: Symbol, lines: list[str], weights: Mapping[str, float]
) -> Iterator[Candidate]:
    """The statements of a function that hold most of the question's words, in the order of the text. A word of the function's own name
    says nothing about which statement is meant."""
    node = function_node(symbol, lines)
    if node is None:
        return
    own = set(terms.terms_of(symbol.qualname))
    found: list[tuple[float, _Quote]] = []
    for one in _quotes_of(code(symbol.qualname), placed_statements(node, lines), lines):
        above = _comment_above(lines, one.lines[-1][0])
        mass = one.worth * sum(weights.get(t, 0.0) for t in set(terms.terms_of(f"{one.code} {above}")) - own)
        # What the first symbols decide is worth telling in whatever words they do.
        decides = one.worth > 1 or one.kind == "branch"
        if mass > 0 or (builder.rank < _DECIDING and decides and one.kind != "bare"):
            found.append((mass, one))
    best: list[_Quote] = []
    for _, one in sorted(found, key=lambda s: (-s[0], s[1].kind != "branch")):
        if len(best) < _MAX_QUOTES and not any(_within(one, other) for other in best):
            best.append(one)
    for one in sorted(best, key=lambda s: s.lines):
        above = _comment_above(lines, one.lines[-1][0])
        yield replace(builder.sentence(one.kind, one.text, *one.lines), comment_above=above)


def _comment_above(lines: list[str], line: int) -> str:
    """The comment that ends right above a line: it says what the line is for."""
    first = line
    while first > 1 and line - first < _MAX_LINES and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return " ".join(text.strip().lstrip("#").strip() for text in lines[first - 1 : line - 1])


def quote_at_line(name: str, symbol: Symbol, lines: list[str], line: int) -> tuple[str, list[Lines]] | None:
    """The simple statement of a function that stands on a line, as a sentence, with its lines; None where it is not quoted."""
    node = function_node(symbol, lines)
    around = (
        [p for p in placed_statements(node, lines) if header_lines(p.node)[0] <= line <= header_lines(p.node)[1]]
        if node is not None
        else []
    )
    if not around:
        return None
    one = min(around, key=lambda p: header_lines(p.node)[1] - header_lines(p.node)[0])
    # The header of a block says little of what is done with it.
    found = None if getattr(one.node, "body", None) else next(_single(code(name), one, lines), None)
    return (found.text, list(found.lines)) if found is not None else None


def _within(one: _Quote, other: _Quote) -> bool:
    return all(any(a <= start and end <= b for a, b in other.lines) for start, end in one.lines)


def _quotes_of(name: str, placed: Sequence[PlacedStatement], lines: list[str]) -> Iterator[_Quote]:
    suites: dict[int, list[PlacedStatement]] = {}
    for one in placed:
        suites.setdefault(one.suite, []).append(one)
    bodies = {id(items[0].node): items for number, items in suites.items() if number and items}
    for one in placed:
        node = one.node
        if isinstance(node, ast.If) and one.suite and node.orelse:
            whole = _chain(name, node, one, bodies, lines)
            if whole is not None:
                yield whole
        if isinstance(node, (ast.Try, ast.Match)) or type(node).__name__ == "TryStar":
            yield from _caught(name, node, lines)
        elif not isinstance(node, _SILENT) and not _is_text(node):
            yield from _single(name, one, lines)
    for number, items in suites.items():
        if number == 1 or (number and any(t.branch for t in items[0].tests)):
            yield from _body(name, [p for p in items if not _is_text(p.node)], lines)


def _single(name: str, one: PlacedStatement, lines: list[str]) -> Iterator[_Quote]:
    text = quote_statement(lines, one.node)
    if not (" " in text or "(" in text) or "`" in text:
        return  # `return` and `raise` alone say nothing
    start, end = header_lines(one.node)
    if end - start >= _MAX_LINES:
        return
    block = isinstance(one.node, (ast.If, ast.For, ast.AsyncFor, ast.While))
    condition = condition_of(one.tests, start, end, loops=True) if not block else Condition()
    before = condition.words
    entered = [
        item.context_expr for item in getattr(one.node, "items", [])
    ]  # `with self._lock` says little, `with open(…)` much
    little = block or says_little(one.node) or (bool(entered) and not any(isinstance(e, ast.Call) for e in entered))
    worth = (_LITTLE if little else 1.0) * (_EXIT if isinstance(one.node, EXITS) else 1.0)
    spans = tuple(merge_ranges([*lines_of_tests(condition.tests), (start, end)]))
    told = f"In {name}{', ' if before else ''}{before}: {code(text)}"
    yield _Quote("bare" if little else "quote", told, f"{before} {text}", spans, worth)


def _body(name: str, items: Sequence[PlacedStatement], lines: list[str]) -> Iterator[_Quote]:
    """A branch, the body of a loop, a handler or a short function, whole."""
    if not items:
        return
    if len(items) == 1 and isinstance(items[0].node, _SILENT):
        return
    parts = _parts(items, lines)
    first, last = items[0].node.lineno, items[-1].node.end_lineno or items[-1].node.lineno
    condition = condition_of(items[0].tests, first, last, loops=True)
    before = condition.words
    if not parts or _changed(condition, items) or (not before and len(parts) < 2):
        return
    told = f"In {name}{', ' if before else ''}{before}: {', then '.join(map(code, parts))}"
    spans = merge_ranges([*lines_of_tests(condition.tests), (first, last)])
    if len(told) <= _MAX_GROUP and last - first < _MAX_LINES:
        kind = "branch" if len(parts) > 1 else "bare" if says_little(items[-1].node) else "quote"
        yield _Quote(kind, told, f"{before} {' '.join(parts)}", tuple(spans), _worth(items))


def _changed(condition: Condition, items: Sequence[PlacedStatement]) -> bool:
    """Whether something before one of the statements binds anew what an early exit asks."""
    return any(t not in p.tests for p in items for t in condition.tests)


def _chain(
    name: str, node: ast.If, one: PlacedStatement, bodies: Mapping[int, list[PlacedStatement]], lines: list[str]
) -> _Quote | None:
    """An `if` with all its branches: "when `a`, `x = 1`; else when `b`, `x = 2`; otherwise `x = 3`"."""
    branches: list[str] = []
    words: list[str] = []
    spans: list[Lines] = []
    worth, number = 1.0, 0
    outer = condition_of(one.tests, node.lineno, node.lineno, loops=True)
    while True:
        own = bodies.get(id(node.body[0]), [])
        test = own[0].tests[-1] if own and own[0].tests and not own[0].tests[-1].guard else None
        parts = _parts(own, lines)
        if test is None or not test.text or not parts or _changed(outer, own):
            return None
        lead = f"{'else ' if number else ''}{'when' if test.holds else 'unless'} {code(test.text)}{by_then_suffix([test])}, "
        branches.append(lead + ", then ".join(map(code, parts)))
        spans += [(test.start, test.end), (node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno)]
        words += [test.text, *parts]
        worth, number = max(worth, _worth(own)), number + 1
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and number < _MAX_BRANCHES:
            node = node.orelse[0]
            continue
        break
    if node.orelse:
        own = bodies.get(id(node.orelse[0]), [])
        parts = _parts(own, lines)
        if not parts or _changed(outer, own):
            return None
        branches.append("otherwise " + ", then ".join(map(code, parts)))
        spans.append((node.orelse[0].lineno, node.orelse[-1].end_lineno or node.orelse[-1].lineno))
        words += parts
        worth = max(worth, _worth(own))
    before = outer.words
    told = f"In {name}{', ' if before else ''}{before}: {'; '.join(branches)}"
    within = [(t.start, t.end) for t in one.tests if t.kind == "within"]
    cited = merge_ranges([*lines_of_tests(outer.tests), *within, *spans])
    if len(told) > _MAX_GROUP or any(b - a >= _MAX_LINES for a, b in cited):
        return None
    return _Quote("branch", told, f"{before} {' '.join(words)}", tuple(cited), worth)


def _parts(items: Sequence[PlacedStatement], lines: list[str]) -> list[str]:
    """The statements of a body as they are quoted, what only logs left out where there is more to it; none where one of them cannot be."""
    told = [p for p in items if not isinstance(p.node, (ast.Pass, ast.Import, ast.ImportFrom))]
    acting = [p for p in told if not is_logging(p.node)]
    told = acting if any(not _leaves(p.node) for p in acting) else told
    if len(told) > _MAX_STATEMENTS or any(getattr(p.node, "body", None) for p in told):
        return []
    parts = [quote_statement(lines, p.node) for p in told]
    return parts if all(parts) and not any("`" in part for part in parts) else []


def _leaves(node: ast.stmt) -> bool:
    """Whether a statement only ends something: what is logged before it says why."""
    return isinstance(node, (ast.Continue, ast.Break)) or (isinstance(node, ast.Return) and node.value is None)


def _worth(items: Sequence[PlacedStatement]) -> float:
    return _EXIT if isinstance(items[-1].node, ENDINGS) else 1.0


def _caught(name: str, node: ast.stmt, lines: list[str]) -> Iterator[_Quote]:
    for handler in getattr(node, "handlers", []):
        if handler.type is None:
            continue
        several = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        kinds = [expression_text(one, lines) for one in several]
        if kinds and all(kinds):
            caught = join_list([code(kind) for kind in kinds])
            yield _Quote("quote", f"{name} catches {caught}.", " ".join(kinds), (header_lines(handler),))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_logging(node: ast.stmt) -> bool:
    """Whether a statement only tells somebody something: `logger.warning(…)`, `print(…)`."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    called = callee_name(node.value)
    owner, _, last = called.rpartition(".")
    return last in _LOGGING and (called == "print" or owner.rpartition(".")[2].strip("_").lower() in _LOGGERS)


def says_little(node: ast.stmt) -> bool:
    """Logging, what gives a name a first value (`found = []`, `table = Table()`), and what returns one."""
    if isinstance(node, (ast.Return, ast.Raise)):
        value = node.value if isinstance(node, ast.Return) else node.exc
        return value is None or isinstance(value, ast.Name)
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, ast.Name) and isinstance(node.value, ast.Constant)
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return _is_first(node.value) and all(isinstance(t, ast.Name) for t in targets)
    return is_logging(node)


def _is_first(value: ast.expr) -> bool:
    """Whether a value says nothing yet: a constant, an empty container, another name, what is called without anything."""
    if isinstance(value, (ast.List, ast.Dict, ast.Tuple)):
        return not ast.unparse(value)[1:-1]
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and not value.args and not value.keywords
    return isinstance(value, (ast.Constant, ast.Name)) or (
        isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name)
    )


def quote_statement(lines: list[str], node: ast.stmt) -> str:
    """A statement (of one with a body, its header) on one line; "" where it is too long, or a comment in it would swallow what follows."""
    first, last = header_lines(node)
    parts = lines[first - 1 : last]
    if not getattr(node, "body", None):
        # Without what else stands on its lines, such as a comment.
        parts = [part.encode("utf-8", "surrogatepass") for part in parts]  # type: ignore[misc]
        parts[-1] = parts[-1][: node.end_col_offset]
        parts[0] = parts[0][node.col_offset :]
        parts = [part.decode("utf-8", "replace") for part in parts]  # type: ignore[attr-defined]
    if len(parts) > _MAX_LINES or any("#" in part for part in parts):
        return ""
    text = printable(one_line(parts)).removesuffix(":")
    return text if len(text) <= _MAX_TEXT else ""


def sentence_at_line(graph: CodeGraph, place: tuple[str, int] | None) -> Candidate | None:
    """The statement that stands at a line of a function."""
    facts, document = (graph.facts(place[0]), graph.document(place[0])) if place is not None else (None, None)
    index = scope_at(facts, place[1]) if facts is not None and place is not None else 0
    if place is None or facts is None or document is None or not facts.symbols[index].is_callable:
        return None
    found = quote_at_line(facts.symbols[index].qualname, facts.symbols[index], document.lines, place[1])
    return SentenceBuilder(facts, index, 0).sentence("line", found[0], *found[1]) if found is not None else None
