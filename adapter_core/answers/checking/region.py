"""The cited lines of a sentence, with the acts and symbols on them."""

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
    """Lines of a workspace. `acts`: those on these lines; `introduced_symbols`: the symbols whose header or assignment is on them;
    `decorated_symbols`: those whose decorators are, too. `links`: the cache of links that were looked up before."""

    def __init__(self, graph: CodeGraph, citations: Sequence[Citation], links: KnownLinks | None = None) -> None:
        self.graph = graph
        self.links = links or KnownLinks(graph)
        self.spans = [(c.span.path, c.span.start, c.span.end) for c in citations]

    @cached_property
    def acts(self) -> list[tuple[ModuleFacts, Act]]:
        return [pair for path, start, end in self.spans for pair in self.acts_of(path, start, end)]

    def acts_of(self, path: str, start: int, end: int) -> list[tuple[ModuleFacts, Act]]:
        """The acts on lines of one file. For a file that does not parse: the acts of the definition around the lines, if that parses, else
        only the calls."""
        facts, document = self.graph.facts(path), self.graph.document(path)
        if facts is None or document is None:
            return []
        tree = outline_of("\n".join(document.lines) + "\n").tree
        if tree is not None:
            return [(facts, act) for act in acts_on(tree, start, end)]
        return [(facts, act) for act in _acts_in_broken_file(facts, document.lines, start, end)]

    @cached_property
    def introduced_symbols(self) -> list[tuple[ModuleFacts, int]]:
        """(facts, index) of the symbols whose header, from the name on, or assignment overlaps the lines."""
        return list(self._symbols_from(lambda s: s.name_line))

    @cached_property
    def decorated_symbols(self) -> list[tuple[ModuleFacts, int]]:
        return list(self._symbols_from(lambda s: s.start))

    def _symbols_from(self, first: Callable[[Symbol], int]) -> Iterator[tuple[ModuleFacts, int]]:
        for path in dict.fromkeys(p for p, _, _ in self.spans):
            facts = self.graph.facts(path)
            for index, symbol in enumerate(facts.symbols if facts else ()):
                # Finding the header's end needs the syntax, which is slow; most symbols are nowhere near the lines.
                is_near = index and facts is not None and self._overlaps(path, first(symbol), symbol.end)
                if is_near and facts is not None and self._overlaps(path, first(symbol), self.header_end(path, symbol)):
                    yield facts, index

    def _overlaps(self, path: str, first: int, last: int) -> bool:
        return any(p == path and a <= last and first <= b for p, a, b in self.spans)

    def covers(self, path: str, first: int, last: int) -> bool:
        return any(p == path and a <= first and last <= b for p, a, b in self.spans)

    def header_end(self, path: str, symbol: Symbol) -> int:
        """The last line of a definition's signature or bases; for an assignment its last line."""
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
            arguments = node.args
            parts += [
                *arguments.posonlyargs,
                *arguments.args,
                *arguments.kwonlyargs,
                arguments.vararg,
                arguments.kwarg,
                *arguments.defaults,
            ]
            parts += [*arguments.kw_defaults, node.returns]
        return max([symbol.name_line, *(p.end_lineno or 0 for p in parts if p is not None)])

    def owner_of(self, path: str, line: int) -> tuple[ModuleFacts, Owner] | None:
        """The innermost scope around a line."""
        facts = self.graph.facts(path)
        if facts is None:
            return None
        innermost = -1
        for index, symbol in enumerate(facts.symbols):
            if index and symbol.kind in _SCOPES and symbol.start <= line <= symbol.end:
                innermost = index
        return facts, scope_of(facts, innermost)


def scope_of(facts: ModuleFacts, index: int) -> Owner:
    """The scopes from the outermost to the symbol at `index`; empty for the module."""
    chain: list[tuple[str, bool]] = []
    while index > 0:
        symbol = facts.symbols[index]
        chain.append((symbol.name, symbol.kind == "class"))
        index = symbol.parent
    return tuple(reversed(chain))


def _acts_in_broken_file(facts: ModuleFacts, lines: list[str], start: int, end: int) -> Iterator[Act]:
    enclosing = [
        i for i, s in enumerate(facts.symbols) if i and s.kind in _SCOPES and s.start <= start and end <= s.end
    ]  # fmt: skip
    for index in reversed(enclosing):
        symbol = facts.symbols[index]
        text = textwrap.dedent("\n".join(lines[symbol.start - 1 : symbol.end])) + "\n"
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        outer, line_offset = scope_of(facts, symbol.parent), symbol.start - 1
        for act in acts_on(tree, start - line_offset, end - line_offset):
            yield Act(
                act.kind,
                (*outer, *act.owner),
                act.start + line_offset,
                act.line + line_offset,
                act.text,
                act.value,
                act.tests,
            )
        return
    for call in facts.calls:
        if start <= call.line <= end:
            name = call.callee.rpartition(")")[2].rpartition("]")[2].strip(".")
            yield Act("call", scope_of(facts, call.owner), call.line, call.line, name, name)
