"""The statements that change what an attribute or variable holds: assignments to it and its items, `del`, methods that change a container,
`setattr`, and those of `namespace_writes.py`. What is changed through another name (`items = self.items`) is not seen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ....graph.parsing.fields import dotted_name
from ...unparsing import unparse
from .namespace_writes import NamespaceWrite, may_write_namespace, namespace_writes

# Methods of the standard containers that change them.
MUTATORS = frozenset(
    "append add extend insert update pop remove discard clear setdefault popitem appendleft extendleft popleft sort reverse rotate "
    "move_to_end difference_update intersection_update symmetric_difference_update".split()
)
_QUEUE_METHODS = frozenset({"put", "put_nowait"})
_HEAP_FUNCTIONS = frozenset(
    {"heappush", "heappop", "heapify", "heappushpop", "heapreplace", "insort", "insort_left", "insort_right"}
)
_SETTERS = frozenset({"setattr", "delattr", "__setattr__", "__delattr__"})
# Methods of other objects that are called as if they changed them: `tasks.add_task(…)`.
_CHANGING = (
    r"(?:add|append|insert|push|remove|discard|pop|clear|register|unregister)_\w+|push|register|unregister|enqueue"
)
_CHANGING_NAME = re.compile(_CHANGING)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MUTATING = "|".join(sorted(MUTATORS | _QUEUE_METHODS))
_MUTATING_FUNCTIONS = "|".join(sorted(_HEAP_FUNCTIONS))


@dataclass(frozen=True, slots=True)
class Write:
    """`receiver`: the dotted name before the attribute, "" of a bare name, None if it is no dotted name. `target`: what is assigned,
    deleted or called, as `unparse` writes it. `form`: assign | delete | call | loop (also `with … as`) | likely (a call of a
    method that by its name changes it). `is_rebound`: the name itself is
    assigned, and not an item of it."""

    receiver: str | None
    target: str
    form: str
    is_rebound: bool
    line: int
    start: int
    end: int


def may_write(text: str, name: str) -> bool:
    """Whether a text may hold a write of a name, for which it then has to be parsed."""
    return may_write_namespace(text) or bool(_may_write_pattern(name).search(text))


@request_cache(8)
def _may_write_pattern(name: str) -> re.Pattern[str]:
    word = re.escape(name)
    return re.compile(
        rf"\b{word}\b(?:\[[^\n]{{0,80}}\])*(?:[^\n=]{{0,80}}=(?!=)|\s*\.(?:{_MUTATING}|{_CHANGING})\b|,[\s\w.,)\[\]]{{0,120}}\n[^\n=]{{0,80}}=(?!=))"
        rf"|\b(?:del|for|as)\b[^\n]{{0,80}}\b{word}\b|\b(?:{_MUTATING_FUNCTIONS})\([^\n]{{0,80}}\b{word}\b|attr(?:__)?\([^\n]{{0,80}}[\"']{word}[\"']"
    )


@request_cache(64)
def writes_of(text: str, name: str) -> tuple[Write, ...]:
    """The writes of attributes and variables of this name in a file, in the order of the text; none where it does not parse."""
    tree = outline_of(text).tree
    found: list[Write] = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.stmt) and not isinstance(node, _DEFINITIONS):
            found += _statement_writes(node, name)
    found += [_in_namespace(write) for write in namespace_writes(text) if write.name == name]
    return tuple(sorted(dict.fromkeys(found), key=lambda write: (write.line, write.start)))


def untold_writes_of(text: str) -> tuple[Write, ...]:
    """The writes of attributes whose names a file does not tell: `x.__dict__.update(values)`."""
    return tuple(_in_namespace(write) for write in namespace_writes(text) if not write.name)


def _in_namespace(write: NamespaceWrite) -> Write:
    return Write(write.receiver, write.target, write.form, True, write.line, write.start, write.end)


def _statement_writes(node: ast.stmt, name: str) -> Iterator[Write]:
    first, last = node.lineno, node.end_lineno or node.lineno
    body: list[ast.stmt] = getattr(node, "body", [])
    last = max(first, body[0].lineno - 1) if body else last
    for target, form in _targets(node):
        for part in _parts(target):
            place = _place_of(part, name)
            if place is not None:
                is_rebound = not isinstance(part, ast.Subscript)
                yield Write(place[0], unparse(part), form, is_rebound, part.end_lineno or first, first, last)
    for expression in _own_expressions(node):
        for call in ast.walk(expression):
            if isinstance(call, ast.Call):
                yield from _call_writes(call, name, first, last)


def _targets(node: ast.stmt) -> Iterator[tuple[ast.expr, str]]:
    if isinstance(node, ast.Assign):
        yield from ((target, "assign") for target in node.targets)
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        yield node.target, "assign"
    elif isinstance(node, ast.Delete):
        yield from ((target, "delete") for target in node.targets)
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        yield node.target, "loop"
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        yield from ((item.optional_vars, "loop") for item in node.items if item.optional_vars is not None)


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _parts(element)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def _own_expressions(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, of one with a body those of its header."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def _place_of(node: ast.expr, name: str) -> tuple[str | None] | None:
    """(receiver,) of an attribute or variable of this name, or an item of it; None of anything else."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute) and node.attr == name:
        return (dotted_name(node.value) or None,)
    return ("",) if isinstance(node, ast.Name) and node.id == name else None


def _call_writes(call: ast.Call, name: str, first: int, last: int) -> Iterator[Write]:
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    line = function.end_lineno or first
    is_likely = bool(_CHANGING_NAME.fullmatch(called))
    if isinstance(function, ast.Attribute) and (is_likely or called in MUTATORS | _QUEUE_METHODS):
        place = _place_of(function.value, name)
        if place is not None:
            form = "likely" if is_likely else "call"
            yield Write(place[0], unparse(function) + "()", form, False, line, first, last)
    elif called in _SETTERS:
        texts = [a.value if isinstance(a, ast.Constant) else None for a in call.args[:2]]
        if name in texts:
            owner = call.args[0] if texts.index(name) else getattr(function, "value", call)
            yield Write(dotted_name(owner) or None, unparse(function) + "()", "call", True, line, first, last)
    elif called in _HEAP_FUNCTIONS and call.args:
        place = _place_of(call.args[0], name)
        if place is not None:
            yield Write(place[0], unparse(function) + "()", "call", False, line, first, last)
