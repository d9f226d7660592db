"""What a function raises, for questions for that: by its own statements, and by those of the functions that it calls."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ....code_graph import CodeGraph, index_of, is_test_path
from ....types import Call, SymbolRef
from ...checking.statements import suppressed
from ...inert import code
from ...unparsing import unparse
from ..candidate import MAX_CITED, Candidate, SentenceBuilder, definition_span, join_list, scope_name
from ..documentation.quoted_docs import quote_docstring
from ..statements.action_sentences import action_phrase
from ..statements.actions import Action, function_actions
from ..statements.call_conditions import tests_by_call
from ..statements.conditions import Lines, cited_lines, condition_of, lines_of_tests, merge_ranges
from ..statements.control_flow import function_node, own_nodes
from ..statements.quotes import quote_at_line

_NAME = r"(?:the )?(?:(?:function|method) )?`?(?P<{}>[A-Za-z_][\w.]*)`?(?:\(\))?(?: (?:function|method))?"
_THINGS = r"(?:exceptions?|errors?|exception types?)"
_CAN = r"(?:can|could|may|might|does|do|will|would|should)"
_ASKED = re.compile(
    r"\W*(?:"
    rf"(?:what|which) (?:kinds? of )?(?:{_THINGS} )?{_CAN} {_NAME.format('a')} (?:raise|throw)s?"
    rf"|(?:what|which) {_THINGS} (?:is|are|gets?|{_CAN} be) (?:raised|thrown) (?:by|in|from) {_NAME.format('b')}"
    rf"|(?:list |show |what are )?(?:all )?(?:the )?{_THINGS} (?:that |which )?(?:raised by |thrown by )?(?:{_CAN} )?{_NAME.format('c')} "
    r"(?:raises?|throws?|can raise|can throw|may raise|might raise)"
    rf"|(?:does|can|could|may|might) {_NAME.format('d')} (?:ever )?(?:raise|throw) (?:anything|something|(?:an |any )?{_THINGS})"
    r")\W*\Z",
    re.I,
)
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
_MAX_CHARS = 300
_MAX_FUNCTIONS = 2  # of one name
_MAX_OWN = 4  # statements of its own that are told one by one
_MAX_QUOTED = 2  # others that are quoted
_OWN = -2  # its own statements are told first
_MAX_CALLS = 40  # that are followed in each function
_MAX_STEPS = 3  # calls from the function to the one that raises
_MAX_PATHS = 5
_MAX_EACH = 2  # exceptions of one function that is called
_MAX_BODY_LINES = 5 * MAX_CITED
CALLS, NO_RAISE = "calls", "has no `raise` statement of its own"
NEXT_STEP, INFERRED = "; ", ", judged by inferred types"
_MAX_TARGETS = 4  # of one call: a method and its overrides
_EVERYTHING = frozenset({"Exception", "BaseException"})
_UNSPECIFIC = frozenset({"NotImplementedError"})  # of a method that others override
_PRONOUNS = frozenset({"it", "this", "that", "they", "we", "you", "i", "one", "code"})


def function_asked_what_it_raises(question: str) -> str:
    """The function of which a question asks what it raises; "" for other questions."""
    match = _ASKED.match(question) if len(question) <= _MAX_CHARS else None
    name = next((name for name in match.groups() if name), "").strip(".") if match is not None else ""
    return "" if name.lower() in _PRONOUNS else name


@dataclass(frozen=True, slots=True)
class Step:
    """A call of `callee` by `caller`, with its words ("`f` calls `g()` when `x`"), the lines that show it, and what the handlers
    around it catch. `is_sure`: it runs nothing else."""

    caller: SymbolRef
    callee: SymbolRef
    words: str
    lines: tuple[tuple[str, int, int], ...]
    handlers: tuple[tuple[str, ...], ...]
    is_sure: bool


def raised_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """What the function raises itself, or that it has no such statement; then what those raise that it calls, by `_MAX_STEPS` calls at
    most, nearest first. What a handler around a call catches is left out. `check`: raises if the answer was cancelled."""
    name = function_asked_what_it_raises(question)
    for ref in functions_called(graph, name)[:_MAX_FUNCTIONS] if name else ():
        yield from _own_sentences(graph, ref)
        yield from _path_sentences(graph, ref, check)


def functions_called(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The product's functions of that name; for a class what constructs it."""
    refs = [ref for ref in graph.find_symbol(name) if not is_test_path(ref.path)]
    refs = [ref for ref in refs if ref.symbol.qualname == name] or refs
    owner, _, member = name.rpartition(".")
    if not refs and owner:
        classes = [ref for ref in graph.find_symbol(owner) if ref.symbol.kind == "class"]
        refs = [ref for cls in classes[:_MAX_FUNCTIONS] for ref in graph.members(cls, member)]
    constructors = [r for ref in refs if ref.symbol.kind == "class" for r in graph.members(ref, "__init__")[:1]]
    return list(dict.fromkeys([*(ref for ref in refs if ref.symbol.is_callable), *constructors]))


def _listing(ref: SymbolRef, text: str, *spans: tuple[str, int, int], order: int = -1) -> Candidate:
    subject = f"{ref.path}:{ref.symbol.start}"
    return Candidate(text, "listing", tuple(dict.fromkeys(spans)), subject, 0, order, named=True)


def _lines(graph: CodeGraph, ref: SymbolRef) -> list[str]:
    document = graph.document(ref.path)
    return document.lines if document is not None else []


def _raise_actions(graph: CodeGraph, ref: SymbolRef) -> list[Action]:
    actions = function_actions(ref.symbol, _lines(graph, ref))
    return [action for action in actions if action.kind in ("raise", "raise_result")]


def raise_statements(graph: CodeGraph, ref: SymbolRef) -> list[ast.Raise] | None:
    """All `raise` statements of a function, without those of functions in it; None if it does not parse."""
    node = function_node(ref.symbol, _lines(graph, ref))
    return [inner for inner in own_nodes(node) if isinstance(inner, ast.Raise)] if node is not None else None


def _own_sentences(graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    name, actions, statements = code(ref.symbol.qualname), _raise_actions(graph, ref), raise_statements(graph, ref)
    if statements is None:
        return
    size = ref.symbol.end - ref.symbol.start + 1
    if not statements and size <= _MAX_BODY_LINES:
        spans = [
            (ref.path, line, min(line + MAX_CITED - 1, ref.symbol.end))
            for line in range(ref.symbol.start, ref.symbol.end + 1, MAX_CITED)
        ]
        yield _listing(ref, f"{name} {NO_RAISE}.", *spans, order=_OWN)
    raised = {code(action.subject): action for action in reversed(actions) if action.kind == "raise"}
    if len(actions) > _MAX_OWN and len(raised) > 1:
        others = ", among others" if len(statements) > len(actions) or len(raised) > MAX_CITED else ""
        listed = dict(list(reversed(raised.items()))[:MAX_CITED])
        spans = [(ref.path, action.start, min(action.end, action.start + MAX_CITED - 1)) for action in listed.values()]
        yield _listing(
            ref, f"{name} raises {join_list(list(listed))}{others}.", *spans, definition_span(ref), order=_OWN
        )
    # One of each exception first.
    for action in sorted(actions, key=lambda a: raised.get(code(a.subject)) is not a)[:_MAX_OWN]:
        text, lines = _raise_clause(ref, action)
        yield _listing(ref, f"{text}.", *((ref.path, *span) for span in lines), order=_OWN)
    yield from _documented(graph, ref)
    told = {action.start for action in actions}
    for statement in [node for node in statements if node.lineno not in told][:_MAX_QUOTED]:
        # What is raised anew, or within a `with`, which may catch it.
        quote = quote_at_line(scope_name(ref), ref.symbol, _lines(graph, ref), statement.lineno)
        if quote is not None:
            yield _listing(ref, quote[0], *((ref.path, *span) for span in quote[1]), order=_OWN)


def _documented(graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """What it raises by its docstring."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or index is None:
        return
    for item in quote_docstring(SentenceBuilder(facts, index, 0), _lines(graph, ref), {}, False):
        if item.text.startswith(f"{code(ref.symbol.qualname)} raises "):
            yield replace(item, kind="listing", order=_OWN, named=True)


def _raise_clause(ref: SymbolRef, action: Action) -> tuple[str, list[Lines]]:
    """ "`f` raises `E` when `x`", and the lines that show it."""
    condition = condition_of(action.tests, action.start, action.end)
    text = f"{code(ref.symbol.qualname)} {action_phrase(action)}{' ' if condition.words else ''}{condition.words}"
    return text, cited_lines(condition.tests, action.start, action.end)


def _path_sentences(graph: CodeGraph, start: SymbolRef, check: Callable[[], None]) -> Iterator[Candidate]:
    seen, number = {start}, 0
    paths: list[tuple[Step, ...]] = [()]
    for path in paths:
        check()
        if graph.inference.expired or number >= _MAX_PATHS:
            return
        last = path[-1].callee if path else start
        for sentence in _raised_at_the_end(graph, start, path) if path else ():
            number += 1
            yield sentence
        for step in _steps(graph, last) if len(path) < _MAX_STEPS else ():
            if step.callee not in seen:
                seen.add(step.callee)
                paths.append((*path, step))


def _raised_at_the_end(graph: CodeGraph, start: SymbolRef, path: tuple[Step, ...]) -> Iterator[Candidate]:
    told: set[str] = set()
    last = path[-1].callee
    for action in _raise_actions(graph, last):
        if action.kind != "raise" or action.subject in told or len(told) >= _MAX_EACH:
            continue
        raised = action.subject.rpartition(".")[2]
        if raised in _UNSPECIFIC or any(_may_catch(graph, raised, step.handlers) for step in path):
            continue
        told.add(action.subject)
        clause, lines = _raise_clause(last, action)
        spans = [span for step in path for span in step.lines]
        text = NEXT_STEP.join((*(step.words for step in path), clause))
        ending = "" if all(step.is_sure for step in path) else INFERRED
        yield _listing(
            start, f"{text}{ending}.", *spans, *((last.path, *span) for span in lines), definition_span(last)
        )


def _steps(graph: CodeGraph, caller: SymbolRef) -> Iterator[Step]:
    """The calls of a function that lead to functions of the workspace, in the order of the text."""
    facts = graph.facts(caller.path)
    index = index_of(facts, caller.symbol) if facts is not None else None
    lines = _lines(graph, caller)
    node = function_node(caller.symbol, lines)
    if facts is None or index is None or node is None:
        return
    tests_of, handlers_of = tests_by_call(caller.symbol, lines), _handlers_by_line(node)
    own_calls = [call for call in facts.calls if call.owner == index and not call.deferred]
    for call in own_calls[:_MAX_CALLS]:
        tests = tests_of.get((call.callee, call.line))
        if tests is None:
            continue
        condition = condition_of(tests, call.line, call.line, loops=True)
        words = f"{code(caller.symbol.qualname)} {CALLS} {code(call.callee + '()')}{' ' if condition.words else ''}{condition.words}"
        spans = merge_ranges([*lines_of_tests(condition.tests), (call.line, call.line)])
        handlers = handlers_of.get(call.line, ())
        targets, is_sure = called_functions(graph, caller.path, call)
        # Of a method and its overrides that of the same file first.
        for target in sorted(targets, key=lambda ref: ref.path != caller.path):
            yield Step(caller, target, words, tuple((caller.path, *span) for span in spans), handlers, is_sure)


def called_functions(graph: CodeGraph, path: str, call: Call) -> tuple[list[SymbolRef], bool]:
    """The few functions of the workspace that a call may run, and whether it surely runs the one that there is. None for what may be
    anything, and for generators, which run later."""
    facts = graph.facts(path)
    site = graph.site(facts, call) if facts is not None and call.callee != "cls" else None
    if site is None or any(name.rpartition(".")[2] == call.name for name in site.external):
        return [], False
    targets = list(site.targets) or graph.resolve(path, call.line, call.callee)
    called = [
        r for ref in targets for r in ([ref] if ref.symbol.kind != "class" else graph.members(ref, "__init__")[:1])
    ]
    if not 0 < len(called) <= _MAX_TARGETS or not all(
        r.symbol.is_callable and not r.symbol.is_generator for r in called
    ):
        return [], False
    is_direct = site.direct and not site.open and not site.external
    return called, len(called) == 1 and (site.sure or is_direct or not (site.open or site.external or not site.targets))


def _handlers_by_line(node: ast.AST) -> dict[int, tuple[tuple[str, ...], ...]]:
    """For each line of a function in a `try` or `with suppress(…)`: what the handlers around it catch and do not raise again, as written,
    or "" for something that is not a name."""
    found: dict[int, tuple[tuple[str, ...], ...]] = {}
    for inner in own_nodes(node):
        if isinstance(inner, (ast.With, ast.AsyncWith)):
            caught = [tuple(unparse(item) for item in suppressed(inner))]
        elif isinstance(inner, _TRIES):
            caught = [_caught(handler) for handler in inner.handlers if not _raises_again(handler)]
        else:
            continue
        caught = [names for names in caught if names]
        last = inner.body[-1].end_lineno or inner.body[-1].lineno
        for line in range(inner.body[0].lineno, last + 1) if caught else ():
            found[line] = (*found.get(line, ()), *caught)
    return found


def _caught(handler: ast.ExceptHandler) -> tuple[str, ...]:
    if handler.type is None:
        return ("BaseException",)
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return tuple(unparse(item) if isinstance(item, (ast.Name, ast.Attribute)) else "" for item in types)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in handler.body)


def _may_catch(graph: CodeGraph, raised: str, handlers: tuple[tuple[str, ...], ...]) -> bool:
    """Whether one of these handlers catches what is raised under this name, or may do so as far as is known."""
    caught = {name.rpartition(".")[2] for names in handlers for name in names}
    if not caught:
        return False
    return (
        bool(caught & (_EVERYTHING | {raised}))
        or bool(caught & _base_names(graph, raised))
        or not all(name[:1].isupper() for name in caught)
    )


def _base_names(graph: CodeGraph, name: str) -> set[str]:
    """The names of all classes that an exception extends; those of classes of that name anywhere, if it is not known which one it is."""
    builtin = getattr(builtins, name, None)
    if isinstance(builtin, type):
        return {cls.__name__ for cls in builtin.__mro__}
    found: set[str] = set()
    pending = [ref for ref in graph.find_symbol(name) if ref.symbol.kind == "class"]
    seen = set(pending)
    for cls in pending:
        for written in cls.symbol.bases:
            base = written.rpartition(".")[2]
            builtin = getattr(builtins, base, None)
            found |= {base} | ({c.__name__ for c in builtin.__mro__} if isinstance(builtin, type) else set())
        pending += [base for base in graph.bases_of(cls) if base not in seen]
        seen.update(pending)
    return found
