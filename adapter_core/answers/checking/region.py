"""The cited lines of a sentence, and what the graph and the syntax know of them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from ...code_graph import CodeGraph
from ...graph.outline import outline_of
from ...types import Citation, ModuleFacts, Symbol
from ..composing.links.known_links import KnownLinks
from .statements import Act, Owner, acts_on

_SCOPES = ("class", "function", "method", "property")


class Region:
    """Lines of a workspace. `acts` are those on these lines; `introduced` the symbols whose header, or assignment, stands there;
    `decorated` those of which a decorator does, too. `links`: what was looked for before, and where what is looked for here is kept."""

    def __init__(self, graph: CodeGraph, citations: Sequence[Citation], links: KnownLinks | None = None) -> None:
        self.graph = graph
        self.links = links or KnownLinks(graph)
        self.spans = [(c.span.path, c.span.start, c.span.end) for c in citations]

    @cached_property
    def acts(self) -> list[tuple[ModuleFacts, Act]]:
        return [pair for path, start, end in self.spans for pair in self.acts_of(path, start, end)]

    def acts_of(self, path: str, start: int, end: int) -> list[tuple[ModuleFacts, Act]]:
        """The acts on lines of one file. Of a file that does not parse: those of the definition around the lines, if that does; else
        its calls alone."""
        facts, document = self.graph.facts(path), self.graph.document(path)
        if facts is None or document is None:
            return []
        tree = outline_of("\n".join(document.lines) + "\n").tree
        if tree is not None:
            return [(facts, act) for act in acts_on(tree, start, end)]
        return [(facts, act) for act in _of_broken_file(facts, document.lines, start, end)]

    @cached_property
    def introduced(self) -> list[tuple[ModuleFacts, int]]:
        """(facts, index) of the symbols whose header lines, from the name on, or assignment meet the lines."""
        return list(self._symbols(lambda s: s.name_line))

    @cached_property
    def decorated(self) -> list[tuple[ModuleFacts, int]]:
        return list(self._symbols(lambda s: s.start))

    def _symbols(self, first: Callable[[Symbol], int]) -> Iterator[tuple[ModuleFacts, int]]:
        for path in dict.fromkeys(p for p, _, _ in self.spans):
            facts = self.graph.facts(path)
            for index, symbol in enumerate(facts.symbols if facts else ()):
                # Where a header ends takes a look at the syntax; most symbols are nowhere near the lines.
                near = index and facts is not None and self._meets(path, first(symbol), symbol.end)
                if near and facts is not None and self._meets(path, first(symbol), self.header_end(path, symbol)):
                    yield facts, index

    def _meets(self, path: str, first: int, last: int) -> bool:
        return any(p == path and a <= last and first <= b for p, a, b in self.spans)

    def covers(self, path: str, first: int, last: int) -> bool:
        return any(p == path and a <= first and last <= b for p, a, b in self.spans)

    def header_end(self, path: str, symbol: Symbol) -> int:
        """The last line of a definition's signature or bases; of what is assigned, its last line."""
        if symbol.kind not in _SCOPES:
            return symbol.end
        document = self.graph.document(path)
        outline = outline_of("\n".join(document.lines) + "\n") if document else None
        node = outline.definitions.get((symbol.name, symbol.name_line)) if outline else None
        if node is None:
            return min(symbol.name_line + 3, symbol.end)
        parts: list[ast.expr | ast.arg | ast.keyword | None] = []
        if isinstance(node, ast.ClassDef):
            parts += [*node.bases, *node.keywords]
        else:
            spec = node.args
            parts += [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg, *spec.defaults]
            parts += [*spec.kw_defaults, node.returns]
        return max([symbol.name_line, *(p.end_lineno or 0 for p in parts if p is not None)])

    def owner_of(self, path: str, line: int) -> tuple[ModuleFacts, Owner] | None:
        """The innermost scope around a line."""
        facts = self.graph.facts(path)
        if facts is None:
            return None
        best = -1
        for index, symbol in enumerate(facts.symbols):
            if index and symbol.kind in _SCOPES and symbol.start <= line <= symbol.end:
                best = index
        return facts, scope_of(facts, best)


def scope_of(facts: ModuleFacts, index: int) -> Owner:
    """The scopes from the outermost to the symbol at `index`; empty for the module."""
    chain: list[tuple[str, bool]] = []
    while index > 0:
        symbol = facts.symbols[index]
        chain.append((symbol.name, symbol.kind == "class"))
        index = symbol.parent
    return tuple(reversed(chain))


def _of_broken_file(facts: ModuleFacts, lines: list[str], start: int, end: int) -> Iterator[Act]:
    around = [
        i for i, s in enumerate(facts.symbols) if i and s.kind in _SCOPES and s.start <= start and end <= s.end
    ]  # fmt: skip
    for index in reversed(around):
        symbol = facts.symbols[index]
        text = textwrap.dedent("\n".join(lines[symbol.start - 1 : symbol.end])) + "\n"
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        outer, shift = scope_of(facts, symbol.parent), symbol.start - 1
        for act in acts_on(tree, start - shift, end - shift):
            yield Act(
                act.kind, (*outer, *act.owner), act.start + shift, act.line + shift, act.text, act.value, act.tests
            )
        return
    for call in facts.calls:
        if start <= call.line <= end:
            name = call.callee.rpartition(")")[2].rpartition("]")[2].strip(".")
            yield Act("call", scope_of(facts, call.owner), call.line, call.line, name, name)
