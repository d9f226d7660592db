"""Turns a text that does not parse into one that does, with the same definitions in the same lines.

The fault is narrowed down: to a statement of the module, to one in its body, and so on to the logical lines at fault. Each of these is
completed (`complete`), or else replaced by `pass`, or by `if 1:` where it is the header of a block. All others stay as they are.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import NamedTuple

from .blocks import Block, Node, all_nodes, blocks_of
from .complete import Budget, Frame, completed, fault_of, parse
from .layout import Row, layout_of
from .newer import older_string

# Python itself refuses a hundred levels of indentation.
_MAX_LEVELS = 90
# Characters that may be parsed to complete statements, in addition to those parsed to find them.
_MAX_COMPLETING = 600_000

_MAX_CLAUSES = 500  # each `elif` is nested in the one before
_MAX_NESTED = 4  # f-strings in f-strings

_CONFLICT_MARK = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_NO_SOURCE = re.compile("[\0\ud800-\udfff]")
_MISSPELT = re.compile(r"(\W{0,3}([^\W\d]\w*))[ \t]+[^\W\d]\w*[ \t]*[(:\[]")

# What makes a logical line a text of its own: what stands before it, and, behind the body of a compound statement, after it.
_BEFORE = {
    "elif": "if 1: pass\n",
    "else": "if 1: pass\n",
    "except": "try: pass\n",
    "finally": "try: pass\n",
    "case": "match 1:\n ",
}
_AFTER = {"@": "\ndef _(): pass", "try": "\nfinally: pass", "match": "\n case _: pass"}
# Which clauses may follow which.
_FOLLOWS = {
    "elif": ("if", "elif"),
    "else": ("if", "elif", "for", "while", "except"),
    "except": ("try", "except"),
    "finally": ("try", "except", "else"),
}

# Statements that may be removed where they are damaged, for the sake of their neighbours.
_LOOSE = ("", "if", "for", "while", "with")


class Damage(NamedTuple):
    """A logical line that was changed: the indexes of its physical lines, and, where it does not parse, its code as a text of its own."""

    first: int
    last: int
    text: str = ""
    fault: str = ""
    is_newer: bool = False  # not broken, but in syntax that is newer than this Python's


class Repaired(NamedTuple):
    """A text with the lines of the original, and its tree. `shifts`: by how many columns the code of a line, counted from 1, is further
    to the right than in the original."""

    text: str
    tree: ast.Module
    shifts: dict[int, int]
    damage: list[Damage]


def repaired(text: str) -> Repaired | None:
    """None where the text is nested too deeply, or could not be repaired."""
    text = readable(text)
    layout = layout_of(text)
    root = blocks_of(text, layout.rows)
    mender = _Repairer(text, root, layout.nested_strings if sys.version_info < (3, 12) else [])
    if mender.deepest > _MAX_LEVELS:
        return None
    mender.repair(root)
    found = "\n".join(mender.lines)
    tree = parse(found)
    return None if isinstance(tree, SyntaxError) else Repaired(found, tree, mender.shifts, mender.damage)


def readable(text: str) -> str:
    """The text, of the same length, without merge conflict markers and characters that no source may contain."""
    text = _NO_SOURCE.sub(" ", text)
    if "\n=======\n" not in text:
        return text
    marks: list[re.Match[str]] = []  # of a conflict, from its first line on
    parts: list[str] = []
    done = 0
    for mark in _CONFLICT_MARK.finditer(text):
        if mark[0][0] == "<":
            marks = [mark]
        elif marks:
            marks.append(mark)
        if mark[0][0] == ">" and any(m[0] == "=" * 7 for m in marks):
            for found in marks:
                parts += (text[done : found.start()], " " * len(found[0]))
                done = found.end()
            marks = []
    return "".join((*parts, text[done:]))


class _Repairer:
    """`lines` are those of the text as far as it is repaired."""

    def __init__(self, text: str, root: Block, nested_strings: list[tuple[int, int]]) -> None:
        self._text = text
        self._nested_strings = nested_strings
        self._original = text.split("\n")
        self._budget = Budget(_MAX_COMPLETING)
        # By their first lines, the statements of which nothing is left, and those of which not all is.
        self._neutral: set[int] = set()
        self._changed: set[int] = set()
        self.lines = [""] * len(self._original)
        self.shifts: dict[int, int] = {}
        self.damage: list[Damage] = []
        self.deepest = 0
        for node, block in all_nodes(root):
            self.deepest = max(self.deepest, block.level)
            self._write(node, block, text[node.row.start : node.row.end])
            if node.indent != block.indent:
                self.damage.append(Damage(node.row.first, node.row.last))

    def repair(self, block: Block) -> None:
        """Make a block parse."""
        groups = _grouped(block.nodes)
        for group in groups:
            if len(groups) == 1 or self._fails(block, group[0].row.first, group[-1].last):
                self._repair_group(group, block)
        self._link(block)

    def _repair_group(self, group: list[Node], block: Block) -> None:
        sound = sum(self._repair_line(node, block) for node in group) == len(group)
        bodies = [node.body for node in group if node.body is not None]
        for body in bodies:
            if (sound and len(bodies) == 1) or self._fails(body, body.nodes[0].row.first, body.nodes[-1].last):
                self.repair(body)

    def _repair_line(self, node: Node, block: Block) -> bool:
        """Make a logical line parse; returns whether it did so by itself, if need be respelled."""
        code = self._text[node.row.start : node.row.end]
        frame = _frame(node)
        fault = fault_of(frame.before + code + frame.after)
        if fault is None:
            return True
        respelled = self._respelled(node.row)
        if respelled != code and fault_of(frame.before + respelled + frame.after) is None:
            self._write(node, block, respelled)
            self.damage.append(Damage(node.row.first, node.row.last, is_newer=True))
            return True
        self.damage.append(Damage(node.row.first, node.row.last, frame.before + code + frame.after, fault.msg))
        code = respelled
        for start, end in node.row.junk:
            start, end = start - node.row.start, end - node.row.start
            code = code[:start] + " " * (end - start) + code[end:]
        whole = completed(code, node.row.closers, frame, self._budget)
        if whole is not None:
            self._write(node, block, whole)
            self._changed.add(node.row.first)
            if node.body is None and node.head in _LOOSE and not self.lines[node.row.last].strip():
                self.lines[node.row.last] = block.indent + "pass"  # it ends where it ended
        elif node.body is None:
            self._replace_by_pass(node, block)
        elif not self._fix_keyword(node, block, code):
            self._simplify(node, block)
        return False

    def _respelled(self, row: Row) -> str:
        """The code of a logical line in the spelling of older Python versions."""
        code = self._text[row.start : row.end]
        nested = [(a - row.start, b - row.start) for a, b in self._nested_strings if row.start <= a and b <= row.end]
        for _ in range(_MAX_NESTED):
            for start, end in nested:
                code = code[:start] + older_string(code[start:end]) + code[end:]
            nested = layout_of(code).nested_strings if nested else []
        return code

    def _fix_keyword(self, node: Node, block: Block, code: str) -> bool:
        """Fix the misspelt keyword of a definition; returns whether there was one."""
        match = _MISSPELT.match(code)
        for keyword in ("class", "def"):
            if match and len(match[2]) > 1 and set(match[2]) <= set(keyword):
                rest = code[match.end(1) :]
                whole = completed(
                    keyword + rest, node.row.closers, Frame("", " pass", ("", ":"), header=True), self._budget
                )
                if whole is not None:
                    self._write(node, block, whole, len(keyword) - len(match[1]))
                    node.head = keyword
                    return True
        return False

    def _link(self, block: Block) -> None:
        """Ensure that clauses follow their statements, decorators precede definitions, cases are in a `match`, and no block is empty."""
        decorators: list[Node] = []
        chain: list[Node] = []  # the clauses of the compound statement so far
        lost: list[Node] = []  # statements that may be erased, since the last that may not
        for node in block.nodes:
            if self._is_removable(node, chain, block):
                lost.append(node)
                continue
            if node.head == "elif" and len(chain) == _MAX_CLAUSES and node.row.first not in self._changed:
                self._write(node, block, self._text[node.row.start : node.row.end].removeprefix("el"), -len("el"))
                chain = [node]
            elif _follows(node, chain):
                self._erase(lost)
                chain.append(node)
            else:
                self._close(chain, block)
                if node.head in _FOLLOWS or (node.head == "case" and block.head != "match"):
                    self._simplify(node, block)
                chain = [node]
            if node.head in ("@", "def", "class") and decorators:
                self._erase(lost)
            elif node.head != "@":
                self._erase(decorators)
            decorators = [*decorators, node] if node.head == "@" else []
            lost = []
            if node.head == "match" and node.body is not None:
                self._link_cases(node, node.body, block)
        self._close(chain, block)
        self._erase(decorators)
        if block.nodes and not any("".join(self.lines[n.row.first : n.last + 1]).strip() for n in block.nodes):
            self._write(block.nodes[-1], block, "pass")

    def _is_removable(self, node: Node, chain: list[Node], block: Block) -> bool:
        """Whether the statement may be removed for the sake of its neighbours: it is damaged, and nothing depends on it."""
        if node.row.first in self._changed and node.body is None and node.head in ("try", *_FOLLOWS):
            if not _follows(node, chain):
                self._replace_by_pass(node, block)
        elif node.row.first in self._changed:
            return node.body is None and node.head in _LOOSE
        return node.row.first in self._neutral

    def _link_cases(self, node: Node, body: Block, block: Block) -> None:
        """A `match` may contain only cases."""
        left = [inner for inner in body.nodes if inner.row.first not in self._neutral]
        if left and all(inner.head == "case" for inner in left):
            self._erase([inner for inner in body.nodes if inner.row.first in self._neutral])
            return
        self._simplify(node, block)
        for inner in left:
            if inner.head == "case":
                self._simplify(inner, body)

    def _close(self, chain: list[Node], block: Block) -> None:
        """A `try` needs an `except` or `finally` clause."""
        if chain and chain[0].head == "try" and len(chain) == 1:
            self._simplify(chain[0], block)

    def _simplify(self, node: Node, block: Block) -> None:
        """Reduce a compound statement to `if 1:`."""
        self.damage.append(Damage(node.row.first, node.row.last))
        self._write(node, block, "if 1:" if node.body is not None else "if 1: pass")
        node.head = "if"

    def _replace_by_pass(self, node: Node, block: Block) -> None:
        """Reduce a statement to `pass` in its last line."""
        self._write(node, block, "")
        self.lines[node.row.last] = block.indent + "pass"
        self._neutral.add(node.row.first)

    def _erase(self, nodes: list[Node]) -> None:
        for node in nodes:
            self.damage.append(Damage(node.row.first, node.row.last))
            self.lines[node.row.first : node.row.last + 1] = [""] * (node.row.last - node.row.first + 1)

    def _write(self, node: Node, block: Block, code: str, further: int = 0) -> None:
        """Write `code` in place of a logical line; it is `further` to the right, in addition to the change of the indentation."""
        row = node.row
        written = code.split("\n")
        written[0] = block.indent + written[0]
        self.lines[row.first : row.last + 1] = [*written, *[""] * (row.last + 1 - row.first - len(written))]
        self.shifts.pop(row.first + 1, None)
        if shift := len(block.indent) - len(node.indent) + further:
            self.shifts[row.first + 1] = shift

    def _fails(self, block: Block, first: int, last: int) -> bool:
        """Whether these lines of a block do not parse."""
        code = "\n".join(self.lines[first : last + 1])
        if block.indent:
            code = ("match 1:\n" if block.head == "match" else "if 1:\n") + code
        return fault_of(code) is not None


def _follows(node: Node, chain: list[Node]) -> bool:
    return (
        bool(chain)
        and chain[-1].head in _FOLLOWS.get(node.head, ())
        and (chain[0].head == "try" or node.head not in ("except", "finally"))
    )


def _grouped(nodes: list[Node]) -> list[list[Node]]:
    """The nodes that together form one statement."""
    groups: list[list[Node]] = []
    for node in nodes:
        before = groups[-1][-1].head if groups else ""
        if before == "@" or before in _FOLLOWS.get(node.head, ()):
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _frame(node: Node) -> Frame:
    before, after = _BEFORE.get(node.head, ""), _AFTER.get(node.head, "")
    if node.body is not None:
        return Frame(before, after if node.head == "match" else " pass" + after, ("", ":"), header=True)
    if node.head in ("", "@", "match"):
        return Frame(before, after if node.head == "@" else "", decorator=node.head == "@")
    return Frame(before, after, ("", " pass", ": pass"))
