"""A syntax tree to facts: the state of one file while it is read. `scope` does the reading."""

from __future__ import annotations

import ast
from itertools import accumulate

from ..types import Call, Flow, Import, ModuleFacts, Symbol
from .define import Definer, docstring_of
from .newer import Older
from .scope import Scope


class Extractor:
    """Use once: `Extractor(path, text, module).run(tree)`. With `older`, the tree is of that older spelling of the text."""

    def __init__(self, path: str, text: str, module: str, older: Older | None = None) -> None:
        self.path = path
        self.module = module
        self.lines = text.split("\n")
        # The offset of each line's first character.
        self.starts = [0, *accumulate(len(line) + 1 for line in self.lines)]
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.ascii = text.isascii()
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
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return start + column
        return start + len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))
