"""Type narrowing by `isinstance(x, C)`: in the branch below, after an early exit or an `assert`, in the rest of the condition; and by a
negative result, in the other branches, or after an exit in that one.

By text: a condition with `or`, or one that spans several lines, is ignored. Rebinding within a branch is not considered; code that checks a
value and then replaces it is rare.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from ..classes import mro
from ..local.reaching import EXIT, Lines, block_exits, least_indent
from ..results.values import EMPTY, Value, Values, class_of, instance, union

if TYPE_CHECKING:
    from ..inference import Context, Inference

_MAX_LINES = 200  # lines below a question for which its answer is remembered
_MAX_CHARACTERS = 8_000  # and characters
_NEAR = 160  # characters before a condition at which the thing that it is about may stand
_ISINSTANCE = re.compile(r"isinstance\(\s*([\w.]+)\s*,")
_HEAD = re.compile(r"(?:if|elif|while)\s+(?:[^\n]*\band\s+)?")
_NEGATED = re.compile(r"(?:if|elif)\s+not\s+")
_ALONE = re.compile(r"(?:el)?if\s+")
_OTHER = re.compile(r"\s*(?:elif|else)\b")
_STATEMENTS = ("if ", "elif ", "while ")
_OTHERWISE = re.compile(r"\b(?:or|else|lambda)\b")


_OPEN = frozenset({"external", "other", "many"})


class _Check(NamedTuple):
    """One call of `isinstance`: its subject, scope, offsets and line."""

    subject: str
    scope: int
    start: int
    end: int
    line: int


_NO_CHECKS: dict[tuple[int, str], list[_Check]] = {}  # of a file


def narrowed(inference: Inference, subject: str, offset: int, context: Context, values: Values) -> Values:
    """What a name, or dotted name, may be at an offset, given its possible values: only those that pass the preceding check; where
    nothing is known, an instance of the checked class."""
    if len(values) == 1 and next(iter(values)).kind not in _OPEN:
        return values  # nothing to choose from
    for check in _checks(inference, context.path).get((context.scope, subject), ()):
        if _holds(inference, check, offset, context):
            classes = _checked_classes(inference, check, context.path)
            if classes:
                return _instances_among(inference, values, classes)
        elif len(values) > 1 and offset > check.end and _is_excluded(inference, check, offset, context):
            values = _instances_excluded(inference, values, _checked_classes(inference, check, context.path))
    return values


def is_checked(inference: Inference, path: str, scope: int, name: str) -> bool:
    """Whether there is a check, in a scope, of a name, or (`.name`) of an attribute."""
    return (scope, name) in _checks(inference, path)


def _checks(inference: Inference, path: str) -> dict[tuple[int, str], list[_Check]]:
    """The checks of a file by scope and subject, and by the last name of the subject; last ones first."""
    checks = inference.isinstance_checks.get(path)
    if checks is None:
        checks = inference.isinstance_checks[path] = _find_checks(inference, path) or _NO_CHECKS
    return checks


def _find_checks(inference: Inference, path: str) -> dict[tuple[int, str], list[_Check]]:
    table = inference.table(path)
    text = inference.workspace.text(path)
    found: dict[tuple[int, str], list[_Check]] = {}
    for call in table.calls.get("isinstance", ()) if table is not None else ():
        match = _ISINSTANCE.match(text, call.start) if call.callee == "isinstance" else None
        if match is not None:
            found_check = _Check(match[1], call.owner, call.start, call.end, call.line)
            _, dot, last = match[1].rpartition(".")
            for key in (match[1], f".{last}") if dot else (match[1],):
                found.setdefault((call.owner, key), []).append(found_check)
    return {key: list(reversed(same_subject)) for key, same_subject in found.items()}


def _checked_classes(inference: Inference, check: _Check, path: str) -> Values:
    """The workspace classes of a check; empty where one of them is something else."""
    key = ("asked for", path, check.start)
    return inference.memoize(key, lambda: _find_checked_classes(inference, check, path))


def _find_checked_classes(inference: Inference, check: _Check, path: str) -> Values:
    context = inference.context(path, check.scope, check.start, check.end, check.line)
    node = context.source.tree if context is not None else None
    if context is None or not isinstance(node, ast.Call) or len(node.args) != 2:
        return EMPTY
    todo, found = [node.args[1]], []
    while todo:
        class_node = todo.pop()
        if isinstance(class_node, ast.Tuple):
            todo += class_node.elts
        elif isinstance(class_node, ast.BinOp):
            todo += [class_node.left, class_node.right]
        else:
            values = inference.infer(class_node, context)
            if not values or any(v.kind != "class" for v in values):
                return EMPTY
            found.append(values)
    return union(found)


def _instances_among(inference: Inference, values: Values, classes: Values) -> Values:
    """The values that are instances of the classes or of subclasses; where there are none, any instance of the classes."""
    fit = frozenset(
        v for v in values if v.kind == "instance" and not classes.isdisjoint(mro.lookup_order(inference, class_of(v)))
    )
    if fit:
        return fit
    # What is known, and is none of it, may still be one built on both.
    return values if any(v.kind == "instance" for v in values) else frozenset(map(instance, classes))


def _instances_excluded(inference: Inference, values: Values, classes: Values) -> Values:
    """The values that are not instances of the classes or of subclasses; all of them where no others are known."""
    remaining = frozenset(v for v in values if v.kind != "instance" or classes.isdisjoint(_order(inference, v)))
    return remaining if any(v.kind == "instance" for v in remaining) else values


def _order(inference: Inference, value: Value) -> list[Value]:
    return mro.lookup_order(inference, class_of(value))


def _is_excluded(inference: Inference, check: _Check, offset: int, context: Context) -> bool:
    """Whether an offset is reached only after a negative result: in a later branch of the same `if`, or below one that ends with an
    exit; and the name is not rebound between."""
    text = inference.workspace.text(context.path)
    if offset - check.end > _MAX_CHARACTERS:
        return False
    begin = text.rfind("\n", 0, check.start) + 1
    before, after = text[begin : check.start].lstrip(), text[check.end : text.find("\n", check.end)].rstrip()
    is_alone = _ALONE.fullmatch(before)
    if is_alone is None or not after.startswith(":"):
        return False
    lines = inference.line_table(context.path)
    line = check.line + text.count("\n", check.start, offset)
    if not check.line < line <= min(len(lines.texts), check.line + _MAX_LINES):
        return False
    indent, depth = lines.indents[check.line - 1], least_indent(lines, check.line, line)
    name = rf"(?<![\w.]){re.escape(check.subject)}\b"
    bound = rf"{name}[^\n=()\[]*(?<![=!<>])=(?!=)|\b(?:for|as)\s[^\n:]*{name}[^\n:]*(?:\bin\b|:)"
    if depth != indent or re.search(bound, text[check.end : offset]):
        return False
    heads = [number for number in range(check.line, line) if lines.code[number] == indent]
    branches = next((n for n, number in enumerate(heads) if not _OTHER.match(lines.texts[number])), len(heads))
    if branches == len(heads):
        return lines.indents[line - 1] > indent or heads[-1] == line - 1  # within another branch, or in its head
    exits = EXIT.match(after, 1) is not None or block_exits(lines, check.line, line)
    return exits and is_alone[0].startswith("if")


def _holds(inference: Inference, check: _Check, offset: int, context: Context) -> bool:
    text = inference.workspace.text(context.path)
    if offset < check.start:
        # `x.f() if isinstance(x, C) else …`, `[x.f() for x in xs if isinstance(x, C)]`
        between = text[offset : check.start] if check.start - offset <= _NEAR else ""
        statement = text[text.rfind("\n", 0, check.start) + 1 : text.find("\n", check.end)].strip()
        beside = between.endswith("if ") and not (statement.startswith(_STATEMENTS) and statement.endswith(":"))
        return beside and not _OTHERWISE.search(between)
    between = text[check.end : offset] if offset - check.end <= _NEAR else "\n"
    if "\n" not in between:
        # `isinstance(x, C) and x.f()`
        joined = between.lstrip().startswith("and ") and not _OTHERWISE.search(between)
        if joined and not text[: check.start].endswith("not "):
            return True
    if offset - check.end > _MAX_CHARACTERS:
        return False
    lines = inference.line_table(context.path)
    line = check.line + text.count("\n", check.start, offset)
    if not check.line <= line <= min(len(lines.texts), check.line + _MAX_LINES):
        return False
    return _leads_to(lines, check, text, line)


def _leads_to(lines: Lines, check: _Check, text: str, line: int) -> bool:
    """Whether a line is reached only after a positive result, by the statement that contains the check."""
    begin = text.rfind("\n", 0, check.start) + 1
    before, after = text[begin : check.start].lstrip(), text[check.end : text.find("\n", check.end)].rstrip()
    indent = lines.indents[check.line - 1]
    depth = least_indent(lines, check.line, line) if line > check.line else -1
    if _HEAD.fullmatch(before) and not _OTHERWISE.search(before):
        alone = after == ":" or (after.startswith(" and ") and after.endswith(":") and not _OTHERWISE.search(after))
        return depth > indent if alone else after.startswith(":") and line == check.line
    if before == "assert " and not _OTHERWISE.search(after):
        return depth >= indent
    if _NEGATED.fullmatch(before) and after.startswith((":", " or ")) and depth >= indent:
        exits_at_once = after.startswith(":") and EXIT.match(after, 1)
        return bool(exits_at_once) or block_exits(lines, check.line, line)
    return False


__all__ = ["is_checked", "narrowed"]
