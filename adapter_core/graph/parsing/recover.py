"""Facts from source that `ast` rejects: broken, or newer than the running Python.

A repaired text (`repair`) is read in its place, as any other. Where there is none, definitions are recognised by their first lines.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import Any

import parso

from ...types import ModuleFacts, Symbol
from ..source import split_lines
from .blocks import Block, Node, blocks_of
from .complete import NEWEST_GRAMMAR
from .extract import Extractor
from .layout import layout_of
from .newer import Older
from .repair import Damage, readable, repaired

_MAX_CHARS = 400_000
_DEFINITION = re.compile(r"(?:async[ \t]+)?(def|class)[ \t]+([^\W\d]\w*)[ \t]*(?=[(:\[])")


def recover_python(path: str, text: str, module: str, problem: str, older: Older | None = None) -> ModuleFacts:
    """The facts of a file that does not parse, in `older` spelling or not, with `problem` among its problems."""
    found = repaired(older.text if older else text) if len(text) <= _MAX_CHARS else None
    if found is None:
        return _by_lines(path, module, text, problem)
    facts = Extractor(path, text, module, older, found).run(found.tree)
    if found.damage and all(_is_newer(damage) for damage in found.damage):
        return facts
    damaged = sorted({(damage.first + 1, damage.last + 1) for damage in found.damage})
    return replace(facts, problems=(problem,), recovered=True, damaged=tuple(damaged))


def _is_newer(damage: Damage) -> bool:
    """Whether a statement is not broken, but in syntax that is newer than the running Python's."""
    if damage.is_newer:
        return True
    # Other errors (a wrong escape, what cannot be assigned to) are in sentences that parso takes for whole, too.
    if not any(mark in damage.fault for mark in ("invalid syntax", "expected", "f-string")):
        return False
    todo = [_grammar().parse(damage.text)]
    while todo:
        node = todo.pop()
        if node.type in ("error_node", "error_leaf"):
            return False
        todo += getattr(node, "children", ())
    return True


@functools.cache
def _grammar() -> Any:
    return parso.load_grammar(version=NEWEST_GRAMMAR)


def _by_lines(path: str, module: str, text: str, problem: str) -> ModuleFacts:
    """Lines that look like definitions, with the blocks below them: for texts that are too long, or nested too deeply, to be repaired."""
    text = readable(text)
    count = len(split_lines(text))
    symbols = [Symbol(module.rpartition(".")[2], module, "module", 1, max(1, count), 1, 0)]
    root = blocks_of(text, layout_of(text).rows)
    todo = [(node, start, 0) for node, start in reversed(_with_starts(root))]
    while todo:
        node, start, parent = todo.pop()
        symbol = _by_header(text, node, start, parent, symbols[parent])
        if symbol is not None:
            parent = len(symbols)
            symbols.append(symbol)
        if node.body is not None:
            todo += [(inner, start, parent) for inner, start in reversed(_with_starts(node.body))]
    return ModuleFacts(
        path, module, tuple(symbols), (), (), (), count, (problem,), recovered=True, damaged=((1, max(1, count)),)
    )


def _with_starts(block: Block) -> list[tuple[Node, int]]:
    """The nodes of a block, each with the index of its first line, or that of its decorators."""
    found = []
    start = -1
    for node in block.nodes:
        start = node.row.first if start < 0 else start
        found.append((node, start))
        if node.head != "@":
            start = -1
    return found


def _by_header(text: str, node: Node, start: int, parent: int, around: Symbol) -> Symbol | None:
    match = _DEFINITION.match(text, node.row.start)
    if match is None:
        return None
    prefix = f"{around.qualname}." if parent else ""
    kind = "class" if match[1] == "class" else "method" if around.kind == "class" else "function"
    column = match.start(2) - text.rfind("\n", 0, match.start(2)) - 1
    signature = " ".join(text[node.row.start : node.row.end].split()).rstrip(":")
    return Symbol(
        match[2], prefix + match[2], kind, start + 1, node.last + 1, node.row.first + 1, column, parent, signature
    )
