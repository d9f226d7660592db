"""Whether a name in a sentence means a scope or a symbol: bare, qualified, with its module, or as a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...code_graph import CodeGraph
from ...types import ModuleFacts, Symbol, SymbolRef
from .region import Region, scope_of
from .sentence import Mention
from .statements import Owner

_MAX_FILES = 50


def name_parts(name: str) -> list[str]:
    """The parts of a dotted name without call and `self`: ["compare"] for `self.compare(x)`, ["Router", "match"] for `Router.match()`."""
    undecorated = re.sub(r"\([^()]*\)\s*\Z", "", name.strip().lstrip("@")).strip()
    parts = [p for p in undecorated.replace("::", ".").split(".") if p]
    return parts[1:] if len(parts) > 1 and parts[0] in ("self", "cls", "super()") else parts


def ends_with(name: list[str], suffix: list[str]) -> bool:
    return bool(suffix) and name[-len(suffix) :] == suffix


def scope_matches(facts: ModuleFacts, owner: Owner, mention: Mention, region: Region, exact: bool = False) -> bool:
    """Whether a mention names the innermost scope; or, unless `exact`, a class around it, or its file or module."""
    path = mention.text.strip().removeprefix("./")
    if path == facts.path or facts.path.endswith("/" + path):
        return not (exact and owner)
    if "::" in path:  # a pytest id
        file, _, test = path.partition("::")
        test_parts = test.partition("[")[0].split("::")
        is_within = [n for n, _ in owner[: len(test_parts)]] == test_parts  # a scope within a test is part of it
        return file == facts.path and is_within and (len(owner) == len(test_parts) or not owner[len(test_parts) - 1][1])
    mention_parts, module, names = name_parts(mention.text), facts.module.split("."), [name for name, _ in owner]
    if not mention_parts:
        return False
    for length in range(len(owner), -1, -1):
        is_innermost = length == len(owner)
        if exact and not is_innermost:
            return False
        if (is_innermost or length == 0 or owner[length - 1][1]) and ends_with(
            [*module, *names[:length]], mention_parts
        ):
            return True
    qualname = ".".join(names)
    return len(mention_parts) > 1 and any(
        r.path == facts.path and r.symbol.qualname == qualname
        for r in region.graph.find_symbol(".".join(mention_parts))
    )


def ref_matches(ref: SymbolRef, name_parts_wanted: list[str]) -> bool:
    return ends_with(ref.full_name.split("."), name_parts_wanted)


def name_occurs(graph: CodeGraph, name: str) -> bool:
    """Whether a name occurs in the Python files of a workspace; at most 50 files are read."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(word.search(graph.view.text(path)) for path in graph.view.paths_using(name)[:_MAX_FILES])


def quote_names(mentions: Iterable[Mention]) -> str:
    return ", ".join(f"`{m.text}`" for m in mentions) or "it"


def matching_symbols(
    region: Region, subjects: Iterable[Mention], decorated: bool = False
) -> Iterator[tuple[ModuleFacts, Symbol, Owner]]:
    """(facts, symbol, its scopes) for the symbols that the lines introduce and that all of `subjects` match."""
    subjects = tuple(subjects)
    for facts, index in region.decorated_symbols if decorated else region.introduced_symbols:
        owner = scope_of(facts, index)
        full_name = [*facts.module.split("."), *(n for n, _ in owner)]
        matches_symbol = [ends_with(full_name, name_parts(s.text)) for s in subjects]
        matches_enclosing = [_names_outer(full_name, owner, s) for s in subjects]
        if all(a or b for a, b in zip(matches_symbol, matches_enclosing, strict=True)) and (
            any(matches_symbol) or not subjects
        ):
            yield facts, facts.symbols[index], owner


def _names_outer(full: list[str], owner: Owner, mention: Mention) -> bool:
    """Whether a mention names the class around a symbol: the `Cache` of "the method `get` of `Cache`"."""
    return len(owner) > 1 and owner[-2][1] and ends_with(full[:-1], name_parts(mention.text))
