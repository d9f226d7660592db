"""A candidate sentence of an answer, and the builder of such sentences about one symbol."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from ...code_graph import CodeGraph
from ...graph.outline import outline_of
from ...types import STEP_SEPARATOR, ModuleFacts, SymbolRef

# Kinds of sentences about the statements of a function; each cites lines of its own.
OF_STATEMENTS = frozenset({"quote", "branch", "decides", "steps", "bare", "returns", "raises", "sets", "calls"})

# Kinds that describe a whole course of action, step by step.
COURSES = frozenset({"steps", "listed"})
MAX_CITED = 12  # lines of one citation
COLLECTED = (
    "member"  # the role of a sentence that tells a collection or a side of a comparison, which is the whole answer
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """`spans`: the lines that show it, as (path, start, end). `subject`: the symbol that it is about, as `path:line`; `rank`: of the
    evidence that it comes from; `order`: its position among the sentences about the same subject; `named`: whether the question names the
    subject; `role`: of the subject, where the answer leads with one function: "main", "callee" of that one,
    `COLLECTED`, or ""; `beside`: what is
    written beside it and shows what it is about: the comment above a quoted statement, the code below a comment; `steps`: as in
    `Claim`."""

    text: str
    # where | signature | doc | param | returns | raises | sets | decides | calls | callers | used | example (a call of it, for who asks
    # how it is used) | assigned | tests |
    # perhaps_tests (tests that may reach it) | comment | bases | overridden | registered | imports (who imports it) | count | quote |
    # branch (several statements of a branch) | steps (the important statements of a function) | listed (a numbered list of the
    # documentation) | bare (a statement that says little) | contents (what a module defines) | text | listing (all things of a kind:
    # classes with a method, handlers, …) | setting (of a setting or option that the question names) |
    # default (of a parameter, option or setting) | call_path (from one function to another) |
    # act (the statement that does what the question asks the place of) |
    # line (the statement at the line that the question points at) | linking (how the subjects of the other sentences are linked)
    kind: str
    spans: tuple[tuple[str, int, int], ...]
    subject: str
    rank: int
    order: int
    named: bool = False
    role: str = ""
    beside: str = ""
    steps: tuple[str, ...] = ()


class SentenceBuilder:
    """Builds candidates about the symbol `facts.symbols[index]`; `rank`: of its evidence."""

    def __init__(self, facts: ModuleFacts, index: int, rank: int) -> None:
        self.facts = facts
        self.index = index
        self.path = facts.path
        self.symbol = facts.symbols[index]
        self.rank = rank
        self.subject = f"{facts.path}:{self.symbol.start}"

    def sentence(self, kind: str, text: str, *spans: tuple[int, int]) -> Candidate:
        return self.sentence_at(kind, text, *((self.path, a, b) for a, b in spans))

    def step_list(self, kind: str, lead: str, steps: tuple[str, ...], *spans: tuple[int, int]) -> Candidate:
        """A candidate that lists steps after `lead`."""
        return replace(self.sentence(kind, f"{lead} {STEP_SEPARATOR.join(steps)}", *spans), steps=steps)

    def sentence_at(self, kind: str, text: str, *spans: tuple[str, int, int]) -> Candidate:
        return Candidate(text, kind, tuple(dict.fromkeys(spans)), self.subject, self.rank, 0)


def definition_span(ref: SymbolRef, with_header: bool = False) -> tuple[str, int, int]:
    """The line of the symbol's name, as (path, start, end). It is cited beside a call line, which shows only `x.send()` and not which
    `send`. `with_header`: with the next lines of a short header."""
    line = ref.symbol.name_line
    return ref.path, line, min(ref.symbol.end, line + 3) if with_header else line


def class_header_spans(graph: CodeGraph, ref: SymbolRef) -> list[tuple[str, int, int]]:
    """The lines of a class up to the last of its bases, in ranges of at most `MAX_CITED` lines; of anything else those of a short
    header."""
    document = graph.document(ref.path)
    outline = outline_of("\n".join(document.lines) + "\n") if document is not None else None
    node = outline.definitions.get((ref.symbol.name, ref.symbol.name_line)) if outline is not None else None
    if not isinstance(node, ast.ClassDef) or not node.bases:
        return [definition_span(ref, with_header=True)]
    first, last = ref.symbol.name_line, node.bases[-1].end_lineno or ref.symbol.name_line
    return [(ref.path, n, min(n + MAX_CITED - 1, last)) for n in range(first, last + 1, MAX_CITED)]


def join_list(parts: list[str]) -> str:
    """ "a, b and c"."""
    return "".join(parts) if len(parts) <= 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def scope_name(ref: SymbolRef) -> str:
    """The qualified name of a scope; of a module its dotted name."""
    return ref.module if ref.symbol.kind == "module" else ref.symbol.qualname
