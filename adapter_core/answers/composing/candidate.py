"""A sentence that may enter an answer, and what makes such sentences about one symbol."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from ...code_graph import CodeGraph
from ...graph.outline import outline_of
from ...types import STEP_SEPARATOR, ModuleFacts, SymbolRef

# Kinds of sentences about what a function does, of which each has lines of its own.
OF_STATEMENTS = frozenset({"quote", "branch", "decides", "steps", "bare", "returns", "raises", "sets", "calls"})

# Kinds that tell a whole course, one thing after the other.
COURSES = frozenset({"steps", "listed"})
MAX_CITED = 12  # lines of one citation


@dataclass(frozen=True, slots=True)
class Candidate:
    """`spans`: (path, start, end). `about`: the symbol it speaks of, as `path:line`; `place`: the rank of its evidence; `order`: its place
    among the sentences about the same symbol; `named`: the question names that symbol;
    `above`: the comment right above what it quotes, which says what that is for; `steps`: as in `Claim`."""

    text: str
    # where | signature | doc | param | returns | raises | sets | decides | calls | callers | used | assigned | tests | comment | bases |
    # overridden | registered | imports (by whom) | count | quote | branch (several statements of one) | steps (those of a function that
    # tell most) | bare (a statement that tells little) | contents (what a module defines) | text |
    # having (which classes have a method) | default (what something is unless it is given) | way (from one to another over calls) |
    # at (what stands at the line that is named) | together (how what the others are about is linked)
    kind: str
    spans: tuple[tuple[str, int, int], ...]
    about: str
    place: int
    order: int
    named: bool = False
    above: str = ""
    steps: tuple[str, ...] = ()


class Speaker:
    """Makes candidates about one symbol."""

    def __init__(self, facts: ModuleFacts, index: int, place: int) -> None:
        self.facts = facts
        self.index = index
        self.path = facts.path
        self.symbol = facts.symbols[index]
        self.place = place
        self.about = f"{facts.path}:{self.symbol.start}"

    def say(self, kind: str, text: str, *spans: tuple[int, int]) -> Candidate:
        return self.say_of(kind, text, *((self.path, a, b) for a, b in spans))

    def list_steps(self, kind: str, lead: str, steps: tuple[str, ...], *spans: tuple[int, int]) -> Candidate:
        """A sentence that lists steps behind `lead`."""
        return replace(self.say(kind, f"{lead} {STEP_SEPARATOR.join(steps)}", *spans), steps=steps)

    def say_of(self, kind: str, text: str, *spans: tuple[str, int, int]) -> Candidate:
        return Candidate(text, kind, tuple(dict.fromkeys(spans)), self.about, self.place, 0)


def definition(ref: SymbolRef, whole: bool = False) -> tuple[str, int, int]:
    """The line in which it is defined. A call line shows `x.send()`; that this `send` is meant stands there, so it is cited, too.
    `whole`: with the lines of a short header that follow."""
    line = ref.symbol.name_line
    return ref.path, line, min(ref.symbol.end, line + 3) if whole else line


def class_header(graph: CodeGraph, ref: SymbolRef) -> list[tuple[str, int, int]]:
    """The lines of a class up to the last of its bases, in ranges that may be cited; of anything else those of a short header."""
    document = graph.document(ref.path)
    outline = outline_of("\n".join(document.lines) + "\n") if document is not None else None
    node = outline.definitions.get((ref.symbol.name, ref.symbol.name_line)) if outline is not None else None
    if not isinstance(node, ast.ClassDef) or not node.bases:
        return [definition(ref, whole=True)]
    first, last = ref.symbol.name_line, node.bases[-1].end_lineno or ref.symbol.name_line
    return [(ref.path, n, min(n + MAX_CITED - 1, last)) for n in range(first, last + 1, MAX_CITED)]


def listed(parts: list[str]) -> str:
    """ "a, b and c"."""
    return "".join(parts) if len(parts) <= 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def scope_name(ref: SymbolRef) -> str:
    """The qualified name of a scope; of a module its dotted name."""
    return ref.module if ref.symbol.kind == "module" else ref.symbol.qualname
