"""A setting or option that a file declares, and what makes one of the pieces of its syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...unparsing import short_code
from ..candidate import MAX_CITED
from .quotable import Lines, quoted_text

# Stands for that no value is given, which is no default: argparse's SUPPRESS, an object of one's own.
NO_VALUE = re.compile(
    r"(?:.*\.)?_*(?:\w+_)?(?:SUPPRESS|sentinel|unset|undefined|not_?(?:set|given)|no_?(?:default|value)|missing)_*",
    re.I,
)
_MAX_VALUE = 60
DECLARED, READ, LOOKED_UP = "is declared in", "is read from the environment in", "is looked up in"
PLACES = f"(?:{DECLARED}|{READ}|{LOOKED_UP})"


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting or option, declared by the lines `start..end`. `names`: its name and flags as written; `dest`: the name under which it is
    read. `default`: as written, or "". `quoted`: the beginning of its documentation, or "". `word`: "help", "documentation" or "comment".
    `shown`, `help_shown`: the lines that show names and default, and names and documentation. `bound_in`: the line of the function that
    gets it as a parameter, or 0. `negatives`: those of the names that switch it off. `is_kept`: whether its value is kept under `dest`,
    which that of `--version` is not. `is_field`: whether it is nothing but an attribute, a constant or an entry of a table. `holder`: the
    table that has it, or "". `said`: how the place is told, which is no declaration where a variable of the environment or a key of
    settings is read. `is_plain`: whether it is not declared as a setting, and not in a place that holds settings."""

    names: tuple[str, ...]
    dest: str
    default: str
    quoted: str
    word: str
    start: int
    end: int
    shown: tuple[Lines, ...]
    help_shown: tuple[Lines, ...]
    bound_in: int = 0
    negatives: tuple[str, ...] = ()
    is_kept: bool = True
    is_field: bool = False
    holder: str = ""
    said: str = DECLARED
    is_plain: bool = False

    def has(self, name: str) -> bool:
        """Whether it goes by a name: a flag as it is written, anything else with or without dashes."""
        if name.startswith("-") and not name.startswith("--"):
            return name in self.names
        return bare(name) in map(bare, self.names) if len(bare(name)) > 1 else False

    def written(self, name: str) -> str:
        """The name as it is written."""
        return name if name in self.names else next(n for n in self.names if bare(n) == bare(name))


def bare(name: str) -> str:
    return name.lstrip("-").replace("-", "_").lower()


def is_flag(one: Declared) -> bool:
    """Whether it is given on a command line by a flag."""
    return any(name.startswith("-") for name in one.names)


def declare(
    names: Sequence[str],
    dest: str,
    default: ast.expr | None,
    help_node: ast.expr | None,
    word: str,
    node: ast.stmt | ast.expr,
    pieces: Sequence[Lines],
    bound_in: int = 0,
) -> Declared:
    shown = _together(pieces)
    names_shown = _together(pieces[:1] if isinstance(node, ast.ClassDef) else [(node.lineno, node.lineno), *pieces[:1]])
    quoted, help_lines = quoted_text(help_node) if help_node is not None else ("", (0, 0))
    help_shown = _together([*(names_shown if len(names_shown) == 1 else pieces), help_lines]) if quoted else ()
    value = short_code(default, _MAX_VALUE) if default is not None else ""
    value = value if "`" not in value and not NO_VALUE.fullmatch(value) else ""
    return Declared(tuple(names), dest, value, quoted, word, node.lineno, last_line(node), shown, help_shown, bound_in)


def widened(one: Declared, line: int) -> Declared:
    """The same, from an earlier line on."""
    shown = _together([(line, line), *one.shown])
    help_shown = _together([(line, line), *one.help_shown]) if one.help_shown else ()
    return replace(one, start=line, shown=shown, help_shown=help_shown)


def _together(pieces: Sequence[Lines]) -> tuple[Lines, ...]:
    """The lines as one range where that is short, else each range for itself, cut to what can be cited."""
    first, last = min(a for a, _ in pieces), max(b for _, b in pieces)
    if last - first < MAX_CITED:
        return ((first, last),)
    return tuple(sorted({(a, min(b, a + MAX_CITED - 1)) for a, b in pieces}))


def argument_of(call: ast.Call, at: int | None) -> ast.expr | None:
    return call.args[at] if at is not None and at < len(call.args) else None


def name_of(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else str(getattr(function, "id", ""))


def text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def last_line(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def bound_otherwise(node: ast.stmt) -> set[str]:
    """The names that a statement binds or deletes otherwise than by `name = value`; "*" for an import of all that a module has."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        return set()
    parts = list(ast.walk(node))
    names = {n.id for n in parts if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return names | {(n.asname or n.name).partition(".")[0] for n in parts if isinstance(n, ast.alias)}
