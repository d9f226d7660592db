"""A syntax tree to facts: the state of one file while it is read. `scope` does the reading."""

from __future__ import annotations

import ast

from ..types import Call, Flow, Import, ModuleFacts, Symbol
from .define import Definer, docstring_of
from .newer import Older
from .scope import Scope
from .source import line_starts


class Extractor:
    """Use once: `Extractor(path, text, module).run(tree)`. With `older`, the tree is of that older spelling of the text."""

    def __init__(self, path: str, text: str, module: str, older: Older | None = None) -> None:
        self.path = path
        self.module = module
        self.lines = text.split("\n")
        self.starts = line_starts(text)
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.ascii = text.isascii()
        self._columns: dict[int, list[int]] = {}  # of lines that are not ASCII: each byte's code point
        self.aliases = older.aliases if older else frozenset()
        self.define = Definer(self.lines, older)
        self.symbols: list[Symbol] = []
        self.imports: list[Import] = []
        self.calls: list[Call] = []
        self.flows: list[Flow] = []
        self.exports: list[str] | None = None
        self.exports_of: list[str] = []

    def run(self, tree: ast.Module) -> ModuleFacts:
        name = self.module.rpartition(".")[2]
        root = Symbol(
            name, self.module, "module", 1, max(1, len(self.lines)), 1, 0, docstring=docstring_of(tree, self.lines)
        )
        self.symbols.append(root)
        Scope(self, 0, "", None).body(tree.body)
        return ModuleFacts(
            self.path, self.module, tuple(self.symbols), tuple(self.imports), tuple(self.calls), tuple(self.flows),
            len(self.lines), exports=None if self.exports is None else tuple(self.exports), exports_of=tuple(self.exports_of),
        )  # fmt: skip

    def offset(self, line: int, column: int) -> int:
        """`ast` counts columns in UTF-8 bytes; everything else here counts code points."""
        start = self.starts[line - 1]
        if self.ascii:
            return start + column
        if line not in self._columns:
            text = self.lines[line - 1] if line <= len(self.lines) else ""
            self._columns[line] = [] if text.isascii() else code_points(text)
        columns = self._columns[line]
        return start + (columns[min(column, len(columns) - 1)] if columns else column)


def code_points(line: str) -> list[int]:
    """For each byte of a line in UTF-8, and its end, the number of the code point that it belongs to."""
    found: list[int] = []
    for number, character in enumerate(line):
        code = ord(character)
        found += [number] * (1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF))
    return [*found, len(line)]
