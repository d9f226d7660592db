"""Sentences that quote statements as written, with their conditions, where no words of ours would be better than the code.

A short function, branch, loop body or handler is quoted whole, and so is a short `if` with all its branches, which are one decision.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ....code_graph import CodeGraph
from ....graph import terms
from ....graph.finding.lookup import scope_at
from ....types import STEP_SEPARATOR, Symbol
from ...inert import code, printable
from ...unparsing import unparse
from ..candidate import Candidate, SentenceBuilder, join_list
from .actions import callee_name
from .conditions import Condition, Lines, by_then_suffix, condition_of, lines_of_tests, merge_ranges
from .control_flow import PlacedStatement, expression_text, function_node, header_lines, placed_statements
from .endings import ENDINGS, EXITS
from .one_line import one_line

_MAX_TEXT = 200
_MAX_GROUP = 380
_MAX_INLINE = 100  # of a sentence with one statement
_MAX_LINES = 12
_MAX_STATEMENTS = 4  # of one branch that is quoted whole
_MAX_LED_UP, _MAX_LED_UP_TEXT = 3, 560  # statements that lead up to a branch, and the text of both
_MAX_BRANCHES = 4
_MAX_QUOTES = 5  # of one symbol
_DECIDING_SUBJECTS = 2  # the first subjects, whose decisions are quoted whatever words they hold
_EXIT_FACTOR = 1.25  # for what ends a function or a loop
_LITTLE_FACTOR = 0.5
_SILENT = (ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_LOGGING_METHODS = frozenset("debug info warning warn error exception critical log print write echo".split())
_DECLARING = frozenset({"add_argument", "add_option", "add_parser"})
_LOGGER_NAMES = frozenset({"log", "logger", "logging", "console"})


@dataclass(frozen=True, slots=True)
class _Quote:
    kind: str  # quote | branch | bare
    text: str
    code: str
    lines: tuple[Lines, ...]
    factor: float = 1.0
    parts: tuple[
        str, ...
    ] = ()  # what ends the text, to be shown line by line: several statements or branches, or a long one


def quote_sentences(
    builder: SentenceBuilder, symbol: Symbol, lines: list[str], weights: Mapping[str, float]
) -> Iterator[Candidate]:
    """Quotes of the statements that hold most of the question's words, in the order of the text. Words of the function's own name do not
    count, since they say nothing about which statement is asked for."""
    node = function_node(symbol, lines)
    if node is None:
        return
    name_terms = set(terms.terms_of(symbol.qualname))
    scored: list[tuple[float, _Quote]] = []
    for quote in _quotes_of(code(symbol.qualname), placed_statements(node, lines), lines):
        comment = _comment_above(lines, quote.lines[-1][0])
        score = quote.factor * sum(
            weights.get(t, 0.0) for t in set(terms.terms_of(f"{quote.code} {comment}")) - name_terms
        )
        # Decisions of the first subjects are quoted whatever words they hold.
        is_decision = quote.factor > 1 or quote.kind == "branch"
        if score > 0 or (builder.rank < _DECIDING_SUBJECTS and is_decision and quote.kind != "bare"):
            scored.append((score, quote))
    chosen: list[_Quote] = []
    for _, quote in sorted(scored, key=lambda s: (-s[0], s[1].kind != "branch")):
        if len(chosen) < _MAX_QUOTES and not any(_is_within(quote, other) for other in chosen):
            chosen.append(quote)
    for quote in sorted(chosen, key=lambda s: s.lines):
        comment = _comment_above(lines, quote.lines[-1][0])
        sentence = builder.sentence(quote.kind, quote.text, *quote.lines)
        yield replace(sentence, beside=comment, steps=quote.parts)


def _comment_above(lines: list[str], line: int) -> str:
    """The text of the comment right above a line, which says what the line is for; "" if there is none."""
    first = line
    while first > 1 and line - first < _MAX_LINES and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return " ".join(text.strip().lstrip("#").strip() for text in lines[first - 1 : line - 1])


def quote_at_line(
    name: str, symbol: Symbol, lines: list[str], line: int, with_headers: bool = False
) -> tuple[str, list[Lines]] | None:
    """The text of the quote of the simple statement (`with_headers`: or the header of a block) on a line, and the lines that show it; None
    if it is not quoted."""
    node = function_node(symbol, lines)
    enclosing = (
        [p for p in placed_statements(node, lines) if header_lines(p.node)[0] <= line <= header_lines(p.node)[1]]
        if node is not None
        else []
    )
    if not enclosing:
        return None
    innermost = min(enclosing, key=lambda p: header_lines(p.node)[1] - header_lines(p.node)[0])
    # The header of a block says little about what the block does.
    is_header = bool(getattr(innermost.node, "body", None))
    quote = next(_quote_single(code(name), innermost, lines), None) if with_headers or not is_header else None
    return (quote.text, list(quote.lines)) if quote is not None else None


def quote_around(symbol: Symbol, lines: list[str], line: int) -> tuple[str, tuple[Lines, ...], tuple[str, ...]] | None:
    """The text of the quote that tells most closely of the statement that begins on a line: of its branch if that is short, else of itself;
    with the lines that show it, and its parts. None if it is not quoted."""
    node = function_node(symbol, lines)
    placed = placed_statements(node, lines) if node is not None else []
    around = [q for q in _quotes_of(code(symbol.qualname), placed, lines) if any(a <= line <= b for a, b in q.lines)]
    around = [q for q in around if q.kind == "branch" or q.lines[-1][0] <= line <= q.lines[-1][1]]
    if not around:
        return None
    best = min(around, key=lambda q: (q.kind != "branch", sum(b - a for a, b in q.lines)))
    return best.text, best.lines, best.parts


def _is_within(inner: _Quote, outer: _Quote) -> bool:
    return all(any(a <= start and end <= b for a, b in outer.lines) for start, end in inner.lines)


def _quotes_of(name: str, placed: Sequence[PlacedStatement], lines: list[str]) -> Iterator[_Quote]:
    suites: dict[int, list[PlacedStatement]] = {}
    for statement in placed:
        suites.setdefault(statement.suite, []).append(statement)
    bodies = {id(items[0].node): items for number, items in suites.items() if number and items}
    for statement in placed:
        node = statement.node
        if isinstance(node, ast.If) and statement.suite and node.orelse:
            chain = _quote_chain(name, node, statement, bodies, lines)
            if chain is not None:
                yield chain
        if isinstance(node, (ast.Try, ast.Match)) or type(node).__name__ == "TryStar":
            yield from _quote_handlers(name, node, lines)
        elif not isinstance(node, _SILENT) and not _is_constant(node):
            yield from _quote_single(name, statement, lines)
    for number, items in suites.items():
        if number:
            yield from _quote_led_up_to(name, items, bodies, lines)
        if number == 1 or (number and any(t.is_branch for t in items[0].tests)):
            items = _with_blocks_opened(items, bodies)
            yield from _quote_body(name, [p for p in items if not _is_constant(p.node)], lines)


def _quote_single(name: str, statement: PlacedStatement, lines: list[str]) -> Iterator[_Quote]:
    text = quote_statement(lines, statement.node)
    if not (" " in text or "(" in text) or "`" in text:
        return  # `return` and `raise` alone say nothing
    start, end = header_lines(statement.node)
    if end - start >= _MAX_LINES:
        return
    is_block = isinstance(statement.node, (ast.If, ast.For, ast.AsyncFor, ast.While))
    condition = condition_of(statement.tests, start, end, loops=True) if not is_block else Condition()
    condition_text = condition.words
    context_managers = [
        item.context_expr for item in getattr(statement.node, "items", [])
    ]  # `with self._lock` says little, `with open(…)` much
    is_minor = (
        is_block
        or says_little(statement.node)
        or (bool(context_managers) and not any(isinstance(e, ast.Call) for e in context_managers))
    )
    factor = (_LITTLE_FACTOR if is_minor else 1.0) * (_EXIT_FACTOR if isinstance(statement.node, EXITS) else 1.0)
    spans = tuple(merge_ranges([*lines_of_tests(condition.tests), (start, end)]))
    sentence = f"In {name}{', ' if condition_text else ''}{condition_text}: {code(text)}"
    parts = (code(text),) if len(sentence) > _MAX_INLINE else ()
    yield _Quote("bare" if is_minor else "quote", sentence, f"{condition_text} {text}", spans, factor, parts)


def _quote_body(name: str, items: Sequence[PlacedStatement], lines: list[str]) -> Iterator[_Quote]:
    """The quote of a whole branch, loop body, handler or short function, if it is short."""
    if not items:
        return
    if len(items) == 1 and isinstance(items[0].node, _SILENT):
        return
    parts = _quote_parts(items, lines)
    first, last = items[0].node.lineno, items[-1].node.end_lineno or items[-1].node.lineno
    condition = condition_of(items[0].tests, first, last, loops=True)
    condition_text = condition.words
    if not parts or _rebinds_condition(condition, items) or (not condition_text and len(parts) < 2):
        return
    quoted_parts = tuple(map(code, parts))
    text = f"In {name}{', ' if condition_text else ''}{condition_text}: {STEP_SEPARATOR.join(quoted_parts)}"
    spans = merge_ranges([*lines_of_tests(condition.tests), (first, last)])
    if len(text) <= _MAX_GROUP and last - first < _MAX_LINES:
        kind = "branch" if len(parts) > 1 else "bare" if says_little(items[-1].node) else "quote"
        yield _Quote(
            kind,
            text,
            f"{condition_text} {' '.join(parts)}",
            tuple(spans),
            _exit_factor(items),
            quoted_parts if len(parts) > 1 or len(text) > _MAX_INLINE else (),
        )


def _with_blocks_opened(
    items: Sequence[PlacedStatement], bodies: Mapping[int, list[PlacedStatement]]
) -> list[PlacedStatement]:
    """The statements of a body, with those of a `with` behind its header: what runs in it is what it is for."""
    opened: list[PlacedStatement] = []
    for item in items:
        inner = bodies.get(id(item.node.body[0]), []) if isinstance(item.node, (ast.With, ast.AsyncWith)) else []
        is_simple = inner and not any(getattr(p.node, "body", None) for p in inner)
        opened += [replace(item, is_header=True), *inner] if is_simple else [item]
    return opened


def _quote_led_up_to(
    name: str, items: Sequence[PlacedStatement], bodies: Mapping[int, list[PlacedStatement]], lines: list[str]
) -> Iterator[_Quote]:
    """The quotes of an `if` that raises or logs, with the statements right before it that bind the message and what it tests: one without
    the other tells half of it."""
    for end, statement in enumerate(items):
        if not isinstance(statement.node, ast.If) or not _mentions_failure(items[end : end + 2]):
            continue
        chain = _quote_chain(name, statement.node, statement, bodies, lines, with_logging=True)
        start = end
        while start and end - start < _MAX_LED_UP and _binds_for(items[start - 1].node, items[start : end + 1]):
            start -= 1
        if chain is None or start == end:
            continue
        bound = items[start:end]
        parts = [quote_statement(lines, p.node) for p in bound]
        condition = condition_of(bound[0].tests, bound[0].node.lineno, bound[-1].node.lineno, loops=True)
        if not all(parts) or any("`" in part for part in parts) or _rebinds_condition(condition, [*bound, statement]):
            continue
        steps = (*map(code, parts), *chain.parts)
        own_lines = [(p.node.lineno, p.node.end_lineno or p.node.lineno) for p in bound]
        after = _ending_after(statement.node, items[end + 1 : end + 2])
        if after is not None:
            steps = (*steps, f"otherwise {code(quote_statement(lines, after.node))}")
            own_lines.append((after.node.lineno, after.node.end_lineno or after.node.lineno))
        words = condition.words
        text = f"In {name}{', ' if words else ''}{words}: {STEP_SEPARATOR.join(steps)}"
        spans = merge_ranges([*lines_of_tests(condition.tests), *own_lines, *chain.lines])
        if len(text) <= _MAX_LED_UP_TEXT and all(b - a < _MAX_LINES for a, b in spans):
            yield _Quote("branch", text, f"{' '.join(parts)} {chain.code}", tuple(spans), _EXIT_FACTOR, steps)


def _binds_for(node: ast.stmt, following: Sequence[PlacedStatement]) -> bool:
    """Whether a statement binds one name that the following ones read."""
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    return isinstance(target, ast.Name) and any(
        isinstance(n, ast.Name) and n.id == target.id for p in following for n in ast.walk(p.node)
    )


def _mentions_failure(items: Sequence[PlacedStatement]) -> bool:
    """Whether these raise or log."""
    nodes = (n for p in items for n in ast.walk(p.node) if isinstance(n, ast.stmt))
    return any(isinstance(n, ast.Raise) or is_logging(n) for n in nodes)


def _ending_after(node: ast.If, following: Sequence[PlacedStatement]) -> PlacedStatement | None:
    """The exit right behind an `if` without `else` whose one branch exits, so that it runs otherwise."""
    is_exit = bool(following) and isinstance(following[0].node, (ast.Raise, ast.Return))
    return following[0] if is_exit and not node.orelse and isinstance(node.body[-1], EXITS) else None


def _rebinds_condition(condition: Condition, items: Sequence[PlacedStatement]) -> bool:
    """Whether a name of an early exit's test is rebound before one of the statements."""
    return any(t not in p.tests for p in items for t in condition.tests)


def _quote_chain(
    name: str,
    node: ast.If,
    statement: PlacedStatement,
    bodies: Mapping[int, list[PlacedStatement]],
    lines: list[str],
    with_logging: bool = False,
) -> _Quote | None:
    """The quote of an `if` with all its branches ("when `a`, `x = 1`; else when `b`, `x = 2`; otherwise `x = 3`"); None if it is too long
    or cannot be quoted whole."""
    branches: list[str] = []
    words: list[str] = []
    spans: list[Lines] = []
    factor, count = 1.0, 0
    outer = condition_of(statement.tests, node.lineno, node.lineno, loops=True)
    while True:
        body = bodies.get(id(node.body[0]), [])
        test = body[0].tests[-1] if body and body[0].tests and not body[0].tests[-1].is_guard else None
        parts = _quote_parts(body, lines, with_logging)
        if test is None or not test.text or not parts or _rebinds_condition(outer, body):
            return None
        lead = f"{'else ' if count else ''}{'when' if test.holds else 'unless'} {code(test.text)}{by_then_suffix([test])}, "
        branches.append(lead + ", then ".join(map(code, parts)))
        spans += [(test.start, test.end), (node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno)]
        words += [test.text, *parts]
        factor, count = max(factor, _exit_factor(body)), count + 1
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and count < _MAX_BRANCHES:
            node = node.orelse[0]
            continue
        break
    if node.orelse:
        body = bodies.get(id(node.orelse[0]), [])
        parts = _quote_parts(body, lines, with_logging)
        if not parts or _rebinds_condition(outer, body):
            return None
        branches.append("otherwise " + ", then ".join(map(code, parts)))
        spans.append((node.orelse[0].lineno, node.orelse[-1].end_lineno or node.orelse[-1].lineno))
        words += parts
        factor = max(factor, _exit_factor(body))
    condition_text = outer.words
    text = f"In {name}{', ' if condition_text else ''}{condition_text}: {STEP_SEPARATOR.join(branches)}"
    block_lines = [(t.start, t.end) for t in statement.tests if t.kind == "within"]
    cited_lines = merge_ranges([*lines_of_tests(outer.tests), *block_lines, *spans])
    if len(text) > _MAX_GROUP or any(b - a >= _MAX_LINES for a, b in cited_lines):
        return None
    return _Quote("branch", text, f"{condition_text} {' '.join(words)}", tuple(cited_lines), factor, tuple(branches))


def _quote_parts(items: Sequence[PlacedStatement], lines: list[str], with_logging: bool = False) -> list[str]:
    """The quoted statements of a body, without logging and assertions if the rest does more than exit; empty if one of them cannot be
    quoted."""
    quotable = [p for p in items if not isinstance(p.node, (ast.Pass, ast.Import, ast.ImportFrom))]
    non_logging = [p for p in quotable if not is_logging(p.node) and not isinstance(p.node, ast.Assert)]
    quotable = non_logging if not with_logging and any(not _only_exits(p.node) for p in non_logging) else quotable
    if len(quotable) > _MAX_STATEMENTS or any(getattr(p.node, "body", None) and not p.is_header for p in quotable):
        return []
    parts = [quote_statement(lines, p.node) for p in quotable]
    return parts if all(parts) and not any("`" in part for part in parts) else []


def _only_exits(node: ast.stmt) -> bool:
    """Whether a statement only exits; then the logging before it says why."""
    return isinstance(node, (ast.Continue, ast.Break)) or (isinstance(node, ast.Return) and node.value is None)


def _exit_factor(items: Sequence[PlacedStatement]) -> float:
    return _EXIT_FACTOR if isinstance(items[-1].node, ENDINGS) else 1.0


def _quote_handlers(name: str, node: ast.stmt, lines: list[str]) -> Iterator[_Quote]:
    for handler in getattr(node, "handlers", []):
        if handler.type is None:
            continue
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        exceptions = [expression_text(type_, lines) for type_ in types]
        if exceptions and all(exceptions):
            caught = join_list([code(exception) for exception in exceptions])
            yield _Quote("quote", f"{name} catches {caught}.", " ".join(exceptions), (header_lines(handler),))


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_logging(node: ast.stmt) -> bool:
    """Whether a statement only logs or prints: `logger.warning(…)`, `print(…)`, `logger and logger.debug(…)`. A warning of Python is more:
    callers see it, and may have it raised."""
    value = node.value if isinstance(node, ast.Expr) else None
    value = value.values[-1] if isinstance(value, ast.BoolOp) else value
    if not isinstance(value, ast.Call):
        return False
    callee = callee_name(value)
    owner, _, last = callee.rpartition(".")
    return last in _LOGGING_METHODS and (
        callee == "print" or owner.rpartition(".")[2].strip("_").lower() in _LOGGER_NAMES
    )


def declares_option(node: ast.stmt) -> bool:
    """Whether a statement declares an option of the command line: `parser.add_argument(…)`."""
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and callee_name(value).rpartition(".")[2] in _DECLARING


def says_little(node: ast.stmt) -> bool:
    """Whether a statement says little: logging, an initial value (`found = []`, `table = Table()`), or the return of a name."""
    if isinstance(node, (ast.Return, ast.Raise)):
        value = node.value if isinstance(node, ast.Return) else node.exc
        return value is None or isinstance(value, ast.Name)
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, ast.Name) and isinstance(node.value, ast.Constant)
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return _is_initial_value(node.value) and all(isinstance(t, ast.Name) for t in targets)
    return is_logging(node)


def _is_initial_value(value: ast.expr) -> bool:
    """Whether a value says nothing yet: a constant, an empty container, another name, a call without arguments."""
    if isinstance(value, (ast.List, ast.Dict, ast.Tuple)):
        return not unparse(value)[1:-1]
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and not value.args and not value.keywords
    return isinstance(value, (ast.Constant, ast.Name)) or (
        isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name)
    )


def quote_statement(lines: list[str], node: ast.stmt) -> str:
    """A statement (or the header of one with a body) on one line; "" if it is too long, or a comment in it would swallow what follows."""
    first, last = header_lines(node)
    parts = lines[first - 1 : last]
    if not getattr(node, "body", None):
        # Without other text on its lines, such as a comment.
        parts = [part.encode("utf-8", "surrogatepass") for part in parts]  # type: ignore[misc]
        parts[-1] = parts[-1][: node.end_col_offset]
        parts[0] = parts[0][node.col_offset :]
        parts = [part.decode("utf-8", "replace") for part in parts]  # type: ignore[attr-defined]
    if len(parts) > _MAX_LINES or any("#" in part for part in parts):
        return ""
    text = printable(one_line(parts)).removesuffix(":")
    return text if len(text) <= _MAX_TEXT else ""


def sentence_at_line(graph: CodeGraph, location: tuple[str, int] | None) -> Candidate | None:
    """The sentence that quotes the statement at a line (path and number) of a function; None if there is none."""
    facts, document = (graph.facts(location[0]), graph.document(location[0])) if location is not None else (None, None)
    index = scope_at(facts, location[1]) if facts is not None and location is not None else 0
    if location is None or facts is None or document is None or not facts.symbols[index].is_callable:
        return None
    quote = quote_at_line(facts.symbols[index].qualname, facts.symbols[index], document.lines, location[1])
    return SentenceBuilder(facts, index, 0).sentence("line", quote[0], *quote[1]) if quote is not None else None
