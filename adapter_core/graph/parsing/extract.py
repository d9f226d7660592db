"""A syntax tree to facts: the state while one file is read. `scope` does the reading."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...types import Call, Flow, Import, ModuleFacts, Symbol
from .define import Definer, docstring_of
from .line_starts import line_starts
from .newer import Older
from .scope import Scope

if TYPE_CHECKING:
    from .repair import Repaired


class Extractor:
    """Use once: `Extractor(path, text, module).run(tree)`. With `older` or `repaired`, the tree is of that text in place of this one."""

    def __init__(
        self, path: str, text: str, module: str, older: Older | None = None, repaired: Repaired | None = None
    ) -> None:
        self.path = path
        self.module = module
        self.lines = text.split("\n")
        self.starts = line_starts(text)
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        parsed_text = repaired or older
        self._parsed = parsed_text.text.split("\n") if parsed_text else self.lines
        self._shifts = repaired.shifts if repaired else {}
        # The lines in which a column of the tree is not the column in the text (None: any may be one).
        non_ascii = () if text.isascii() else (n for n, line in enumerate(self._parsed, 1) if not line.isascii())
        self.non_ascii_lines = frozenset(non_ascii) if repaired is None else None
        self._columns: dict[int, list[int]] = {}  # of lines that are not ASCII: each byte's code point
        self.aliases = older.aliases if older else frozenset()
        self.define = Definer(self.lines, self._parsed, self._shifts, older)
        self.symbols: list[Symbol] = []
        self.imports: list[Import] = []
        self.calls: list[Call] = []
        self.flows: list[Flow] = []
        self.exports: list[str] | None = None
        self.exports_of: list[str] = []

    def run(self, tree: ast.Module) -> ModuleFacts:
        name = self.module.rpartition(".")[2]
        root = Symbol(name, self.module, "module", 1, max(1, len(self.lines)), 1, 0, docstring=docstring_of(tree))
        self.symbols.append(root)
        Scope(self, 0, "", None).body(tree.body)
        return ModuleFacts(
            self.path, self.module, tuple(self.symbols), tuple(self.imports), tuple(self.calls), tuple(self.flows),
            len(self.lines), exports=None if self.exports is None else tuple(self.exports), exports_of=tuple(self.exports_of),
        )  # fmt: skip

    def offset(self, line: int, column: int) -> int:
        """The offset in the text for a position in the tree; what repair has appended to a line counts as its end."""
        start = self.starts[line - 1]
        if self.non_ascii_lines is not None and line not in self.non_ascii_lines:
            return start + column
        if line not in self._columns:
            parsed = self._parsed[line - 1] if line <= len(self._parsed) else ""
            self._columns[line] = [] if parsed.isascii() else code_points(parsed)
        columns = self._columns[line]
        column = (columns[min(column, len(columns) - 1)] if columns else column) - self._shifts.get(line, 0)
        return start + min(max(0, column), len(self.lines[line - 1]) if line <= len(self.lines) else 0)


def code_points(line: str) -> list[int]:
    """For each byte of a line in UTF-8, and its end, the number of the code point that it belongs to."""
    found: list[int] = []
    for number, character in enumerate(line):
        code = ord(character)
        found += [number] * (1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF))
    return [*found, len(line)]
