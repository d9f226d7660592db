"""Which bindings of a name may hold at a place in the same scope.

Blocks are told by indentation, line by line: a line within a string that happens to look like the end of a block makes a binding
that always holds look like one that may not, and no worse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ....types import Flow, Import
from .tables import SymbolTable

_MAX_LINES = 300  # lines that are looked through between a binding and a place
_HEADER = re.compile(r"\s*(?:async\s+)?(?:if|elif|else|for|while|try|except|finally|with|case|match|def|class)\b")
_LOOP = re.compile(r"\s*(?:async\s+)?(?:for|while)\b")
_BRANCH = re.compile(r"\s*(?:elif|else|case)\b")
_AUGMENTED = re.compile(r"\s*(?:[-+*/%&|^@]|//|\*\*|>>|<<)=")
EXIT = re.compile(r"\s*(?:return|raise|continue|break)\b")
_IF = re.compile(r"\s*(?:if|elif|case)\b")


class Binding(NamedTuple):
    """One binding of a name in a scope: a symbol's index, an import or a flow, and from where on it holds: after that offset, or
    (-1) below its line. `apart`: at any time, as by `global`. `number`: its place among those of the name in the scope."""

    line: int
    after: int
    conditional: bool
    what: int | Import | Flow
    apart: bool = False
    number: int = 0


class Bindings(NamedTuple):
    """What binds a name in a scope, in the order of the text; `parameter`: it is a parameter there, too; `branching`: some of these may
    not run, so that the lines tell more."""

    events: Sequence[Binding]
    parameter: bool
    branching: bool


_NONE: tuple[Binding, ...] = ()
_BLANK_INDENT = 1_000_000


class Lines(NamedTuple):
    """The lines of a file, and how far each is indented; a blank one is so without end. In `code` comments are, too."""

    texts: list[str]
    indents: list[int]
    code: list[int]


NO_LINES = Lines([], [], [])


def lines_of(texts: list[str]) -> Lines:
    """The same lines, measured once."""
    bare = [text.lstrip() for text in texts]
    indents = [len(text) - len(rest) if rest else _BLANK_INDENT for text, rest in zip(texts, bare, strict=True)]
    code = [_BLANK_INDENT if rest.startswith("#") else indent for indent, rest in zip(indents, bare, strict=True)]
    return Lines(texts, indents, code)


class ReadPosition(NamedTuple):
    """Where a name is read: its offset (-1: not known), its line, and the lines of the file, where a binding is conditional."""

    offset: int
    line: int
    lines: Lines


def bindings_of(table: SymbolTable, scope: int, name: str) -> Bindings:
    """The bindings of a name. A variable of a class or module without a value counts where nothing else does."""
    in_scope = table.bindings[scope]
    known = in_scope.get(name)
    if known is None:
        events = _find_bindings(table, scope, name) or _NONE
        owner = table.facts.symbols[scope]
        parameter = owner.is_callable and any(p.name == name for p in owner.parameters)
        branching = any(e.conditional and not e.apart for e in events)
        known = Bindings(events, parameter, branching) if events else _UNBOUND[parameter]
        in_scope[name] = known
    return known


_UNBOUND = Bindings(_NONE, False, False), Bindings(_NONE, True, False)


def is_not_yet_bound(table: SymbolTable, scope: int, name: str, offset: int) -> bool:
    """Whether a name that is read in the body of a class is bound there only further down, so that it means what is around the class."""
    if table.facts.symbols[scope].kind != "class":
        return False
    return all(event.after > offset and not event.apart for event in bindings_of(table, scope, name).events)


def _find_bindings(table: SymbolTable, scope: int, name: str) -> list[Binding]:
    facts = table.facts
    events: list[Binding] = []
    plain: Binding | None = None
    for index in table.children.get((scope, name), ()):
        symbol = facts.symbols[index]
        if symbol.is_definition:
            if symbol.kind == "property" and any(d.endswith((".setter", ".deleter")) for d in symbol.decorators):
                continue
            events.append(Binding(symbol.name_line, -1, symbol.conditional, index))
        else:
            plain = Binding(symbol.name_line, -1, True, index)
    for item in table.imports.get((scope, name), ()):
        events.append(Binding(item.line, -1, item.conditional, item))
    for flow in table.flows.get((scope, name), ()):
        apart = flow.scope != scope  # by `global` or `nonlocal`, at any time
        noted = flow.kind == "annotation"
        events.append(Binding(flow.line, flow.end, flow.conditional or apart or noted, flow, apart or noted))
    if not events and plain is not None:
        return [plain]
    events.sort(key=lambda e: (e.line, e.after))
    return [event._replace(number=number) for number, event in enumerate(events)]


def reaching_bindings(bound: Bindings, place: ReadPosition | None) -> tuple[list[Binding], bool]:
    """The bindings that may hold at a place (None: seen from another scope, so the last ones), and whether what a parameter of
    that name was given may still hold."""
    events, parameter, branching = bound
    if place is None:
        return _last_bindings(events, events)
    before = [e for e in events if e.apart or _is_before(e, place)]
    if not before and not parameter:
        return _last_bindings(events, events)  # reached some other way
    if not branching:
        return _last_bindings(before, events)
    chosen = []
    open_ = True
    for event in reversed(before):
        if event.apart:
            continue
        if not _other_branch(event, place):
            chosen.append(event)
        if not event.conditional or _has_run(event, place):
            open_ = False
            break
    chosen += [e for e in before if e.apart]
    chosen += [e for e in events if e not in before and e.conditional and _loops_back(e, place, before)]
    return chosen, open_


def _last_bindings(usable: Sequence[Binding], events: Sequence[Binding]) -> tuple[list[Binding], bool]:
    chosen: list[Binding] = []
    for event in reversed(usable):
        chosen.append(event)
        if not event.conditional:
            return chosen + [e for e in usable if e.apart and e not in chosen], False
    return chosen, True


def _is_before(event: Binding, place: ReadPosition) -> bool:
    return event.line < place.line if event.after < 0 or place.offset < 0 else event.after <= place.offset


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def least_indent(lines: Lines, first: int, last: int) -> int:
    """The least indentation of the lines after `first` up to `last`, but for blank ones and comments."""
    return min(lines.code[first:last], default=_BLANK_INDENT)


def _inside(event: Binding, line: int, lines: Lines) -> bool:
    """Whether the block in which a binding stands, or which it heads, goes on to a line."""
    if line - event.line > _MAX_LINES or not 0 < event.line <= len(lines.texts):
        return False
    own = lines.texts[event.line - 1]
    indent = _indent(own) + (1 if _HEADER.match(own) and not isinstance(event.what, int) else 0)
    return least_indent(lines, event.line, line) >= indent


def _has_run(event: Binding, place: ReadPosition) -> bool:
    """Whether a binding that may not run has run, though, where the place is reached: the place is in its block, below it. What is
    added to with `+=` is not bound anew."""
    what = event.what
    if isinstance(what, Flow) and 0 < event.line <= len(place.lines.texts):
        own = place.lines.texts[event.line - 1].lstrip()
        if own.startswith(what.target) and _AUGMENTED.match(own, len(what.target)):
            return False
    if event.line >= place.line:
        # On one line: `while (m := f()): m()` and the like.
        return event.line == place.line and event.after >= 0
    return _inside(event, place.line, place.lines)


def _other_branch(event: Binding, place: ReadPosition) -> bool:
    """Whether a binding stands in one branch of an `if` and the place in another one, with no loop around both."""
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
    """Whether the block below a head ends with an exit, above a line."""
    indent = lines.indents[head - 1]
    last = head
    while last < line and lines.code[last] > indent:
        last += 1
    inner = min(lines.code[head:last], default=0)
    ends = [number for number in range(head, last) if lines.code[number] == inner]
    ends = [number for number in ends if lines.texts[number].lstrip()[:1] not in (")", "]", "}")]
    return last < line and bool(ends) and EXIT.match(lines.texts[ends[-1]]) is not None


def loop_around(lines: Lines, line: int, last: int) -> tuple[int, int] | None:
    """The innermost loop around a line that goes on to `last`: the line of its head, and the indentation of that."""
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
    """Whether a binding below the place stands in a loop with it, so that it holds the next time round."""
    if event.line - place.line > _MAX_LINES or not 0 < place.line <= event.line <= len(place.lines.texts):
        return False
    loop = loop_around(place.lines, place.line, event.line)
    if loop is None:
        return False
    return not any(loop[0] <= b.line and not b.apart and (b.line == loop[0] or _has_run(b, place)) for b in before)
