"""Which bindings of a name reach a position in the same scope.

Blocks are recognised by indentation, line by line. A line within a string that looks like the end of a block only makes a binding look
conditional that is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ....types import Flow, Import
from .tables import SymbolTable

_MAX_LINES = 300  # lines that are searched between a binding and a position
_HEADER = re.compile(r"\s*(?:async\s+)?(?:if|elif|else|for|while|try|except|finally|with|case|match|def|class)\b")
_LOOP = re.compile(r"\s*(?:async\s+)?(?:for|while)\b")
_BRANCH = re.compile(r"\s*(?:elif|else|case)\b")
_AUGMENTED = re.compile(r"\s*(?:[-+*/%&|^@]|//|\*\*|>>|<<)=")
EXIT = re.compile(r"\s*(?:return|raise|continue|break)\b")
_IF = re.compile(r"\s*(?:if|elif|case)\b")


class Binding(NamedTuple):
    """One binding of a name in a scope; `source` is a symbol's index, an import or a flow. It holds behind the offset `after`, or (-1)
    below its line. `at_any_time`: its position does not matter, as with `global`. `number`: its position among the bindings of the name
    in the scope."""

    line: int
    after: int
    conditional: bool
    source: int | Import | Flow
    at_any_time: bool = False
    number: int = 0


class Bindings(NamedTuple):
    """The bindings of a name in a scope, in the order of the text. `parameter`: it is also a parameter; `branching`: some bindings are
    conditional, so that the lines have to be looked at."""

    bindings: Sequence[Binding]
    parameter: bool
    branching: bool


_NONE: tuple[Binding, ...] = ()
_BLANK_INDENT = 1_000_000


class Lines(NamedTuple):
    """The lines of a file and their indentation; that of a blank line is infinite. `code`: the same, with comments as blank lines."""

    texts: list[str]
    indents: list[int]
    code: list[int]


NO_LINES = Lines([], [], [])


def lines_of(texts: list[str]) -> Lines:
    """Measure the indentation of lines."""
    stripped = [text.lstrip() for text in texts]
    indents = [len(text) - len(rest) if rest else _BLANK_INDENT for text, rest in zip(texts, stripped, strict=True)]
    code = [_BLANK_INDENT if rest.startswith("#") else indent for indent, rest in zip(indents, stripped, strict=True)]
    return Lines(texts, indents, code)


class ReadPosition(NamedTuple):
    """Where a name is read: its offset (-1: unknown), its line, and the lines of the file, where a binding is conditional."""

    offset: int
    line: int
    lines: Lines


def bindings_of(table: SymbolTable, scope: int, name: str) -> Bindings:
    """The bindings of a name. A declaration without a value counts only where there is no other binding."""
    in_scope = table.bindings[scope]
    known = in_scope.get(name)
    if known is None:
        bindings = _find_bindings(table, scope, name) or _NONE
        owner = table.facts.symbols[scope]
        parameter = owner.is_callable and any(p.name == name for p in owner.parameters)
        branching = any(e.conditional and not e.at_any_time for e in bindings)
        known = Bindings(bindings, parameter, branching) if bindings else _UNBOUND[parameter]
        in_scope[name] = known
    return known


_UNBOUND = Bindings(_NONE, False, False), Bindings(_NONE, True, False)


def is_not_yet_bound(table: SymbolTable, scope: int, name: str, offset: int) -> bool:
    """Whether a name that is read in a class body is bound there only further down, so that it refers to an enclosing scope."""
    if table.facts.symbols[scope].kind != "class":
        return False
    return all(event.after > offset and not event.at_any_time for event in bindings_of(table, scope, name).bindings)


def _find_bindings(table: SymbolTable, scope: int, name: str) -> list[Binding]:
    facts = table.facts
    bindings: list[Binding] = []
    declaration: Binding | None = None
    for index in table.children.get((scope, name), ()):
        symbol = facts.symbols[index]
        if symbol.is_definition:
            if symbol.kind == "property" and any(d.endswith((".setter", ".deleter")) for d in symbol.decorators):
                continue
            bindings.append(Binding(symbol.name_line, -1, symbol.conditional, index))
        else:
            declaration = Binding(symbol.name_line, -1, True, index)
    for item in table.imports.get((scope, name), ()):
        bindings.append(Binding(item.line, -1, item.conditional, item))
    for flow in table.flows.get((scope, name), ()):
        at_any_time = flow.scope != scope  # by `global` or `nonlocal`, at any time
        noted = flow.kind == "annotation"
        bindings.append(
            Binding(flow.line, flow.end, flow.conditional or at_any_time or noted, flow, at_any_time or noted)
        )
    if not bindings and declaration is not None:
        return [declaration]
    bindings.sort(key=lambda e: (e.line, e.after))
    return [event._replace(number=number) for number, event in enumerate(bindings)]


def reaching_bindings(bound: Bindings, place: ReadPosition | None) -> tuple[list[Binding], bool]:
    """The bindings that reach a position (None: in another scope, so the last ones), and whether the value of a parameter with this name
    may still hold there."""
    bindings, parameter, branching = bound
    if place is None:
        return _last_bindings(bindings, bindings)
    before = [e for e in bindings if e.at_any_time or _is_before(e, place)]
    if not before and not parameter:
        return _last_bindings(bindings, bindings)  # reached some other way
    if not branching:
        return _last_bindings(before, bindings)
    chosen = []
    open_ = True
    for event in reversed(before):
        if event.at_any_time:
            continue
        if not _other_branch(event, place):
            chosen.append(event)
        if not event.conditional or _has_run(event, place):
            open_ = False
            break
    chosen += [e for e in before if e.at_any_time]
    chosen += [e for e in bindings if e not in before and e.conditional and _loops_back(e, place, before)]
    return chosen, open_


def _last_bindings(usable: Sequence[Binding], bindings: Sequence[Binding]) -> tuple[list[Binding], bool]:
    chosen: list[Binding] = []
    for event in reversed(usable):
        chosen.append(event)
        if not event.conditional:
            return chosen + [e for e in usable if e.at_any_time and e not in chosen], False
    return chosen, True


def _is_before(event: Binding, place: ReadPosition) -> bool:
    return event.line < place.line if event.after < 0 or place.offset < 0 else event.after <= place.offset


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def least_indent(lines: Lines, first: int, last: int) -> int:
    """The smallest indentation of the lines after `first` up to `last`, without blank ones and comments."""
    return min(lines.code[first:last], default=_BLANK_INDENT)


def _inside(event: Binding, line: int, lines: Lines) -> bool:
    """Whether the block that contains a binding, or that it begins, extends to a line."""
    if line - event.line > _MAX_LINES or not 0 < event.line <= len(lines.texts):
        return False
    line_text = lines.texts[event.line - 1]
    indent = _indent(line_text) + (1 if _HEADER.match(line_text) and not isinstance(event.source, int) else 0)
    return least_indent(lines, event.line, line) >= indent


def _has_run(event: Binding, place: ReadPosition) -> bool:
    """Whether a conditional binding has run whenever the position is reached: the position is below it in the same block. `+=` does not
    count as rebinding."""
    source = event.source
    if isinstance(source, Flow) and 0 < event.line <= len(place.lines.texts):
        line_text = place.lines.texts[event.line - 1].lstrip()
        if line_text.startswith(source.target) and _AUGMENTED.match(line_text, len(source.target)):
            return False
    if event.line >= place.line:
        # On one line: `while (m := f()): m()` and the like.
        return event.line == place.line and event.after >= 0
    return _inside(event, place.line, place.lines)


def _other_branch(event: Binding, place: ReadPosition) -> bool:
    """Whether a binding and the position are in different branches of an `if`, with no loop around both."""
    lines, last = place.lines, place.line
    texts, indents, code = lines
    if not event.conditional or last - event.line > _MAX_LINES or not 0 < event.line < last <= len(texts):
        return False
    outer = least_indent(lines, event.line, last)
    if outer >= _indent(texts[event.line - 1]):
        return False
    heads = [texts[number] for number in range(event.line, last) if code[number] == outer]
    if not all(_BRANCH.match(head) for head in heads) or _indent(texts[last - 1]) <= outer:
        return False
    above = event.line - 2
    while above >= 0 and indents[above] > outer:
        above -= 1
    if above < 0 or not _IF.match(texts[above]):
        return False
    return loop_around(lines, above + 1, last) is None


def block_exits(lines: Lines, head: int, line: int) -> bool:
    """Whether the block below a header ends with an exit, above a line."""
    indent = lines.indents[head - 1]
    last = head
    while last < line and lines.code[last] > indent:
        last += 1
    inner = min(lines.code[head:last], default=0)
    ends = [number for number in range(head, last) if lines.code[number] == inner]
    ends = [number for number in ends if lines.texts[number].lstrip()[:1] not in (")", "]", "}")]
    return last < line and bool(ends) and EXIT.match(lines.texts[ends[-1]]) is not None


def loop_around(lines: Lines, line: int, last: int) -> tuple[int, int] | None:
    """The innermost loop around a line that extends to `last`: the line of its header, and its indentation."""
    indent = _indent(lines.texts[line - 1])
    for number in range(line - 1, max(0, line - _MAX_LINES), -1):
        if lines.indents[number - 1] >= indent:
            continue
        text, indent = lines.texts[number - 1], lines.indents[number - 1]
        if _LOOP.match(text) and least_indent(lines, number, last) > indent:
            return number, indent
        if not indent or not _HEADER.match(text):
            return None
    return None


def _loops_back(event: Binding, place: ReadPosition, before: list[Binding]) -> bool:
    """Whether a binding below the position is in a loop with it, so that it holds in the next iteration."""
    if event.line - place.line > _MAX_LINES or not 0 < place.line <= event.line <= len(place.lines.texts):
        return False
    loop = loop_around(place.lines, place.line, event.line)
    if loop is None:
        return False
    return not any(
        loop[0] <= b.line and not b.at_any_time and (b.line == loop[0] or _has_run(b, place)) for b in before
    )
