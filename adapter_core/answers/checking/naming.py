"""When a name in a sentence means a scope or a symbol: bare, qualified, with its module, or as a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...code_graph import CodeGraph
from ...types import ModuleFacts, Symbol, SymbolRef
from .region import Region, scope_of
from .sentence import Mention
from .statements import Owner

_MAX_FILES = 50


def parts_of(name: str) -> list[str]:
    """`self.compare(x)` is compare, `Router.match()` Router, match."""
    bare = re.sub(r"\([^()]*\)\s*\Z", "", name.strip().lstrip("@")).strip()
    parts = [p for p in bare.replace("::", ".").split(".") if p]
    return parts[1:] if len(parts) > 1 and parts[0] in ("self", "cls", "super()") else parts


def ends_with(full: list[str], part: list[str]) -> bool:
    return bool(part) and full[-len(part) :] == part


def owner_fits(facts: ModuleFacts, owner: Owner, mention: Mention, region: Region, exact: bool = False) -> bool:
    """Whether a mention names a scope: the innermost one; where not `exact`, a class around it, or its file or module."""
    path = mention.text.strip().removeprefix("./")
    if path == facts.path or facts.path.endswith("/" + path):
        return not (exact and owner)
    if "::" in path:  # a pytest id
        file, _, test = path.partition("::")
        told = test.partition("[")[0].split("::")
        within = [n for n, _ in owner[: len(told)]] == told  # what stands in a test is part of it
        return file == facts.path and within and (len(owner) == len(told) or not owner[len(told) - 1][1])
    wanted, module, names = parts_of(mention.text), facts.module.split("."), [name for name, _ in owner]
    if not wanted:
        return False
    for length in range(len(owner), -1, -1):
        inner = length == len(owner)
        if exact and not inner:
            return False
        if (inner or length == 0 or owner[length - 1][1]) and ends_with([*module, *names[:length]], wanted):
            return True
    qualname = ".".join(names)
    return len(wanted) > 1 and any(
        r.path == facts.path and r.symbol.qualname == qualname for r in region.graph.find_symbol(".".join(wanted))
    )


def ref_fits(ref: SymbolRef, wanted: list[str]) -> bool:
    return ends_with(ref.full_name.split("."), wanted)


def used_in(graph: CodeGraph, name: str) -> bool:
    """Whether a name is written somewhere in the Python files of a workspace."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(word.search(graph.view.text(path)) for path in graph.view.paths_using(name)[:_MAX_FILES])


def shown(mentions: Iterable[Mention]) -> str:
    return ", ".join(f"`{m.text}`" for m in mentions) or "it"


def introduced(
    region: Region, subjects: Iterable[Mention], decorated: bool = False
) -> Iterator[tuple[ModuleFacts, Symbol, Owner]]:
    """The symbols that the lines introduce and that all of `subjects` fit, each with its scopes."""
    subjects = tuple(subjects)
    for facts, index in region.decorated if decorated else region.introduced:
        owner = scope_of(facts, index)
        full = [*facts.module.split("."), *(n for n, _ in owner)]
        own = [ends_with(full, parts_of(s.text)) for s in subjects]
        around = [_names_outer(full, owner, s) for s in subjects]
        if all(a or b for a, b in zip(own, around, strict=True)) and (any(own) or not subjects):
            yield facts, facts.symbols[index], owner


def _names_outer(full: list[str], owner: Owner, mention: Mention) -> bool:
    """Of "the method `get` of `Cache`" the second."""
    return len(owner) > 1 and owner[-2][1] and ends_with(full[:-1], parts_of(mention.text))
