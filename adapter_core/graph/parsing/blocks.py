"""Logical lines to blocks by their indentation, as it was meant where it is wrong.

A line with an unknown indentation belongs to the nearest level; one that is indented without reason, to the block of the line before it.
Where a block continues after some lines with less indentation, these lines are part of it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import zip_longest

from .layout import Row, columns

_TABS = (8, 4, 2)
_MAX_OUTSIDE = 3  # so many lines may interrupt a block and be taken for part of it

_HEAD = re.compile(r"(?:async[ \t]+)?(def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b|(@)")
_SOFT = ("match", "case")


@dataclass(slots=True)
class Node:
    """A logical line with the block below it. `head`: the keyword of a compound statement, "@" for a decorator, "" for all else; `last`:
    the index of its last physical line, with its block; `indent`: its indentation as written."""

    row: Row
    head: str
    opens: bool  # ends in a colon
    indent: str
    last: int
    body: Block | None = None


@dataclass(slots=True)
class Block:
    """Statements of one level. `head`: that of the statement that it belongs to; `indent`: how they are indented, or should be; `level`:
    the number of enclosing blocks."""

    head: str = ""
    indent: str = ""
    level: int = 0
    nodes: list[Node] = field(default_factory=list)


def blocks_of(text: str, rows: list[Row]) -> Block:
    """The block of the whole module."""
    nodes = [_node(text, row) for row in rows]
    tab = _tab_width(nodes)
    tree = _Tree(tab, _step(nodes, tab))
    for node, following in zip_longest(nodes, nodes[1:]):
        tree.add(node, following)
    placed = all_nodes(tree.root)
    for node, block in placed:
        if node.body is not None:
            node.body.indent = _indent_of(node.body.nodes[0], block)
            node.body.level = block.level + 1
    for node, _ in reversed(placed):
        if node.body is not None:
            node.last = max(node.last, node.body.nodes[-1].last)
    return tree.root


def all_nodes(block: Block) -> list[tuple[Node, Block]]:
    """Each node of a block and of the blocks in it, with the block that contains it, in order of the text."""
    found = []
    todo = [(node, block) for node in reversed(block.nodes)]
    while todo:
        node, around = todo.pop()
        found.append((node, around))
        if node.body is not None:
            todo += [(inner, node.body) for inner in reversed(node.body.nodes)]
    return found


def _node(text: str, row: Row) -> Node:
    indent = text[text.rfind("\n", 0, row.start) + 1 : row.start]
    opens = not row.closers and text[row.end - 1] == ":"
    match = _HEAD.match(text, row.start)
    head = (match[1] or match[2] or "") if match else ""
    if head in _SOFT and not opens:
        head = ""
    return Node(row, head, opens, indent, row.last)


def _tab_width(nodes: list[Node]) -> int:
    """The width of tabs with which the fewest indentations are wrong; 8, as in Python 2, where that does not decide."""
    if not any("\t" in n.indent for n in nodes) or not any(" " in n.indent for n in nodes):
        return _TABS[0]
    return min(_TABS, key=lambda tab: _oddities(nodes, tab))


def _step(nodes: list[Node], tab: int) -> int:
    depths = [columns(n.indent, tab) for n in nodes]
    steps = Counter(b - a for node, a, b in zip(nodes, depths, depths[1:], strict=False) if node.opens and b > a)
    return max(steps, key=lambda step: steps[step], default=0)


def _oddities(nodes: list[Node], tab: int) -> int:
    count = 0
    levels = [0]
    opened = False
    for node in nodes:
        depth = columns(node.indent, tab)
        count += opened != (depth > levels[-1])
        while levels and levels[-1] > depth:
            levels.pop()
        if not levels or levels[-1] < depth:
            count += not opened
            levels.append(depth)
        opened = node.opens
    return count


class _Tree:
    def __init__(self, tab: int, step: int) -> None:
        self.root = Block()
        self._tab = tab
        self._step = step  # by which blocks are indented, as a rule
        self._levels: list[tuple[int, Block]] = [(0, self.root)]
        self._before: Node | None = None
        # The levels that the last dedent closed, the block that it led to, and how many statements that had.
        self._closed: tuple[list[tuple[int, Block]], Block, int] = ([], self.root, 0)

    def add(self, node: Node, following: Node | None) -> None:
        depth = columns(node.indent, self._tab)
        if depth < self._levels[-1][0]:
            self._dedent(depth)
        if depth > self._levels[-1][0]:
            after = columns(following.indent, self._tab) if following is not None else depth
            self._indent(depth, alone=after == self._levels[-1][0])
        self._levels[-1][1].nodes.append(node)
        self._before = node

    def _dedent(self, depth: int) -> None:
        levels = self._levels
        closed: list[tuple[int, Block]] = []
        while levels[-1][0] > depth:
            closed.append(levels.pop())
        closed.reverse()
        around, block = levels[-1]
        if around < depth:  # to no level that there is
            if not self._reopen(depth) and (closed[0][0] - depth <= depth - around or depth - around == self._step):
                levels.append((depth, closed[0][1]))
            elif levels[-1][0] < depth:
                levels.append((depth, block))
        self._closed = closed, levels[-1][1], len(levels[-1][1].nodes)

    def _indent(self, depth: int, alone: bool) -> None:
        """`alone`: what follows the node is indented like what precedes it."""
        block = self._levels[-1][1]
        before = self._before
        if (
            before is not None
            and block.nodes
            and block.nodes[-1] is before
            and (before.opens or before.head not in ("", "@"))
        ):
            before.body = Block(before.head)
            self._levels.append((depth, before.body))
        elif alone or not self._reopen(depth):
            self._levels.append((depth, block))

    def _reopen(self, depth: int) -> bool:
        """Continue a block of that depth after a few interrupting statements; these become part of it."""
        closed, landed, count = self._closed
        moved = landed.nodes[count:]
        place = next((i for i, (level, _) in enumerate(closed) if level == depth), None)
        lines = sum(node.row.last - node.row.first + 1 for node in moved)
        if place is None or self._levels[-1][1] is not landed or lines > _MAX_OUTSIDE:
            return False
        if any(node.head in ("@", "def", "class") for node in moved):
            return False
        del landed.nodes[count:]
        self._levels += closed[: place + 1]
        closed[place][1].nodes.extend(moved)
        return True


def _indent_of(first: Node, around: Block) -> str:
    """The indentation of a block that begins with `first`: as written, unless it does not extend the enclosing one."""
    written = first.indent
    if "\f" not in written and len(written) > len(around.indent) and written.startswith(around.indent):
        return written
    return around.indent + "    "
