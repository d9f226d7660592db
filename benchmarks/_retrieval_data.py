"""Questions about repositories with the places that an answer cites, as read from JSON lines. The rows stay outside this repository.

Row: `id, repo (owner/name), commit, question, gold [{path, start_line?, end_line?, …}], gold_kind`. The checkout of a row is
`FOLDER/owner+name@commit`.
"""

from __future__ import annotations

import ast
import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter_core.graph.source import NotText, decode, split_lines

# Sets of the headline (their gold has lines), all sets with questions, and the bug reports, which are reported apart.
LINE_SETS = ("sweqa_bench", "sweqa_pro_rl", "deeprepoqa_v1")
OWN_SET = "own_questions"  # questions.py; its gold has lines, too
QUESTION_SETS = (*LINE_SETS, "deepcodebench", "rlm_bench_httpx")
ALL_SETS = (*QUESTION_SETS, "swebench_loc")
MAX_GOLD_LINES = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Lines `start..end` of a file."""

    path: str
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1

    def overlaps(self, other: Place) -> bool:
        return self.path == other.path and self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True)
class Row:
    """`places`: gold lines, in the order of the reference; empty where only files are known. `functions`: definitions of functions
    in which gold places start. `definitions`: these, and what the gold names as its symbol, which may be a class. `group`: the row's
    set, with what is reported apart within it. `checkout`: the name of the folder with the repository."""

    id: str
    set: str
    group: str
    repo: str
    commit: str
    question: str
    files: tuple[str, ...]
    places: tuple[Place, ...]
    functions: tuple[Place, ...]
    definitions: tuple[Place, ...]
    checkout: str


def load_rows(folder: Path, repos: Path, sets: Iterable[str]) -> list[Row]:
    """The rows of some sets whose checkout exists and whose gold names a place."""
    found = []
    for name in sets:
        for line in (folder / f"{name}.jsonl").read_text("utf-8").split("\n"):
            if not line:
                continue
            raw = json.loads(line)
            root = repos / f"{raw['repo'].replace('/', '+')}@{raw['commit']}"
            if root.is_dir() and raw["gold"]:
                found.append(read_row(name, raw, root))
    return found


def read_row(name: str, raw: dict[str, Any], root: Path) -> Row:
    """A row of the set `name`, whose repository is in the folder `root`."""
    gold = [(g, Place(g["path"], g["start_line"], g["end_line"])) for g in raw["gold"] if g.get("start_line")]
    functions = [_gold_function(root, g, place) for g, place in gold]
    named = [_named(root, g, place) for g, place in gold]
    group = name
    if "includes_location_hints" in raw:
        group += ", with hints" if raw["includes_location_hints"] else ", no hints"
    return Row(
        id=raw["id"],
        set=name,
        group=group,
        repo=raw["repo"],
        commit=raw["commit"],
        question=raw["question"],
        files=tuple(dict.fromkeys(g["path"] for g in raw["gold"])),
        places=tuple(dict.fromkeys(place for _, place in gold)),
        functions=tuple(dict.fromkeys(f for f in functions if f is not None)),
        definitions=tuple(dict.fromkeys(d for d in (*functions, *named) if d is not None)),
        checkout=root.name,
    )


def gold_lines(row: Row) -> frozenset[tuple[str, int]]:
    """(path, line) of the headline: of each file its smallest gold place (the first of several), capped at 60 lines."""
    smallest: dict[str, Place] = {}
    for place in row.places:
        if place.path not in smallest or place.length < smallest[place.path].length:
            smallest[place.path] = place
    return _lines(smallest.values())


def all_gold_lines(row: Row) -> frozenset[tuple[str, int]]:
    """(path, line) of all gold places, each capped at 60 lines."""
    return _lines(row.places)


def _lines(places: Iterable[Place]) -> frozenset[tuple[str, int]]:
    return frozenset((p.path, n) for p in places for n in range(p.start, min(p.end, p.start + MAX_GOLD_LINES - 1) + 1))


def _gold_function(root: Path, gold: dict[str, Any], place: Place) -> Place | None:
    """The innermost function in which a gold place starts, by Python's own `ast`; if that cannot read the file, the function that the row
    names."""
    known = definitions_of(root / place.path)
    if known is None:
        function = gold.get("symbol_kind") == "func"
        return Place(place.path, gold["symbol_start"], gold["symbol_end"]) if function else None
    enclosing = [d for d in known if not d.is_class and d.start <= place.start <= d.end]
    if not enclosing:
        return None
    innermost = min(enclosing, key=lambda d: d.end - d.start)
    return Place(place.path, innermost.start, innermost.end)


def _named(root: Path, gold: dict[str, Any], place: Place) -> Place | None:
    """The definition that a gold place names, the one around the place where several have the name."""
    name = gold.get("symbol")
    same = [d for d in definitions_of(root / place.path) or () if name and f".{d.qualname}".endswith(f".{name}")]
    same.sort(key=lambda d: not d.start <= place.start <= d.end)
    return Place(place.path, same[0].start, same[0].end) if same else None


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or function of a file with its first and last line, decorators included."""

    qualname: str
    start: int
    end: int
    is_class: bool


@functools.lru_cache(maxsize=4096)
def definitions_of(path: Path) -> tuple[Definition, ...] | None:
    """All classes, functions and methods of a file; None where it is not Python, or of another Python."""
    if path.suffix not in (".py", ".pyi"):
        return None
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None
    return tuple(_definitions(tree, ""))


def _definitions(parent: ast.AST, prefix: str) -> Iterator[Definition]:
    for node in ast.iter_child_nodes(parent):
        inner = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield Definition(prefix + node.name, first, node.end_lineno or first, isinstance(node, ast.ClassDef))
            inner = f"{prefix}{node.name}."
        yield from _definitions(node, inner)


@functools.lru_cache(maxsize=512)
def lines_of(path: Path) -> tuple[str, ...]:
    """The lines of a file, as Pathline counts them; none where there is no such file."""
    try:
        return tuple(split_lines(decode(path.read_bytes()).text))
    except (OSError, NotText):
        return ()
