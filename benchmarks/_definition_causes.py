"""Why one tool has a definition that another has not: rules that each name a cause."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from _written_definitions import Definition, Text, Written


@dataclass(frozen=True)
class Case:
    """A definition that one side has and the other has not."""

    definition: Definition
    text: Text
    refused: str | None  # why the side that lacks it refused the file
    written: Written | None  # None: no such `def` or `class` stands there

    @property
    def line(self) -> str:
        return self.text.lines[self.definition.line - 1] if self.definition.line <= len(self.text.lines) else ""


Rule = tuple[str, Callable[[Case], bool]]


def is_replaced(case: Case) -> bool:
    """Whether a later definition, assignment or import rebinds the name, or that of an enclosing class."""
    place = case.written
    if place is None:
        return False
    for qualname in (place.qualname, *place.outer):
        same = [w for w in case.text.definitions.values() if w.qualname == qualname]
        is_property = any(d.endswith("property") for w in same for d in w.decorators)
        later = [w.line for w in same if not (is_property and any(_SETTER.search(d) for d in w.decorators))]
        own = max((w.line for w in same if w.line <= place.line), default=place.line)
        if max([*later, *case.text.bound.get(qualname, ())], default=0) > own:
            return True
    return False


def is_assigned_in_init(case: Case) -> bool:
    return case.written is not None and case.written.qualname in case.text.of_instance


def is_below_long_f_string(case: Case) -> bool:
    return bool(_LONG_F_STRING.search("\n".join(case.text.lines[: case.definition.line])))


def is_newer_than_this_python(case: Case) -> bool:
    try:
        ast.parse("\n".join(case.text.lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False


_SETTER = re.compile(r"\.(?:setter|deleter)$")
_LAMBDA = re.compile(r"\blambda\b")
# An f-string in single quotes that goes on in the next line within its braces.
_LONG_F_STRING = re.compile(r"""\b[fF]['"](?!['"])[^'"\n]*\{[^}'"\n]*$""", re.MULTILINE)

# For each tool: why it lacks what Pathline has, and why it has what Pathline lacks. The first rule that holds counts.
ONLY_OURS: dict[str, list[Rule]] = {
    "tokens": [],
    "ctags": [
        ("below an f-string that spans lines (Python 3.12): ctags loses its way there", is_below_long_f_string),
    ],
    "griffe": [
        (
            "griffe cannot parse the file with the Python that it runs in",
            lambda c: c.refused is not None and c.refused.startswith("SyntaxError"),
        ),
        ("griffe stops on the file with an error", lambda c: c.refused is not None),
        (
            "inside a function: griffe describes what can be imported",
            lambda c: bool(c.written and "function" in c.written.scopes),
        ),
        ("`self.name = …` in `__init__` takes the place of a property in griffe", is_assigned_in_init),
        ("the name, or that of a class around, is bound again later: griffe keeps the last", is_replaced),
    ],
    "jedi": [
        ("jedi cannot read the file", lambda c: c.refused is not None),
        ("in a file that this Python cannot parse: jedi recovers part of it", is_newer_than_this_python),
    ],
}
_LEFT_OUT: Rule = ("Pathline leaves the file out", lambda c: c.refused is not None)
ONLY_THEIRS: dict[str, list[Rule]] = {
    "tokens": [_LEFT_OUT],
    "ctags": [
        _LEFT_OUT,
        (
            "a lambda: ctags calls it a function, and makes up a name where it has none",
            lambda c: c.written is None and bool(_LAMBDA.search(c.line)),
        ),
    ],
    "griffe": [
        _LEFT_OUT,
        (
            "`self.name = …` in `__init__`: griffe labels it as the property of that name",
            lambda c: c.written is None and c.line.strip().startswith(f"self.{c.definition.name}"),
        ),
    ],
    "jedi": [_LEFT_OUT],
}
UNEXPLAINED = "unexplained"


def causes(
    only: Iterable[Definition], texts: dict[str, Text], rules: list[Rule], refused: dict[str, str]
) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for definition in sorted(only):
        text = texts[definition.path]
        place = text.definitions.get((definition.line, definition.name, definition.kind))
        case = Case(definition, text, refused.get(definition.path), place)
        cause = next((name for name, holds in rules if holds(case)), UNEXPLAINED)
        found.setdefault(cause, []).append(case)
    return found
