"""A quick estimate whether a symbol has more callers in the product than those already known, from the calls of its name."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ....code_graph import CodeGraph, is_test_path
from ....types import Call, ModuleFacts, SymbolRef
from .calls import leads_to

_MAX_FILES = 40  # that use the name
_MAX_CALLS = 12  # that are followed


def other_callers_phrase(graph: CodeGraph, ref: SymbolRef, known_callers: Collection[tuple[str, int]]) -> str:
    """The words to append to a list of callers: ", among others", ", perhaps among others", or "" if there are none but the `known_callers`
    ones (by path and line)."""
    paths = [path for path in graph.view.paths_using(ref.symbol.name, "called") if not is_test_path(path)]
    is_uncertain = len(paths) > _MAX_FILES or _is_renamed_on_import(graph, ref.symbol.name)
    for number, (facts, call) in enumerate(_same_name_calls(graph, ref, paths[:_MAX_FILES], known_callers)):
        site = graph.site(facts, call) if number < _MAX_CALLS else None
        if site is not None and leads_to(site, ref) and _is_same_symbol(site.targets[0], ref):
            return ", among others"
        # A call that is known to lead elsewhere, or out of the workspace, is no call of it.
        is_uncertain |= (
            site is None
            or site.open
            or not (site.targets or site.external)
            or any(_is_same_symbol(t, ref) for t in site.targets)
        )
        if site is None:
            break
    return ", perhaps among others" if is_uncertain else ""


def _is_renamed_on_import(graph: CodeGraph, name: str) -> bool:
    """Whether the product imports something of this name under another name."""
    paths = [path for path in graph.view.paths_using(name, "aliased") if not is_test_path(path)]
    found = (graph.facts(path) for path in paths)
    return any(i.name == name and i.alias not in (None, name) for facts in found if facts for i in facts.imports)


def _same_name_calls(
    graph: CodeGraph, ref: SymbolRef, paths: Collection[str], known_callers: Collection[tuple[str, int]]
) -> Iterator[tuple[ModuleFacts, Call]]:
    """The calls of its name by other functions than the known ones and itself, those in nearby files first."""
    folder = ref.path.rpartition("/")[0]
    for path in sorted(paths, key=lambda p: (p != ref.path, not p.startswith(folder), p)):
        facts = graph.facts(path)
        for call in facts.calls if facts is not None else ():
            if facts is None or call.name != ref.symbol.name:
                continue
            caller = facts.symbols[call.owner]
            is_inside = path == ref.path and f"{caller.qualname}.".startswith(f"{ref.symbol.qualname}.")
            if not is_inside and (path, caller.start) not in known_callers:
                yield facts, call


def _is_same_symbol(first: SymbolRef, second: SymbolRef) -> bool:
    return (first.path, first.symbol.start, first.symbol.qualname) == (
        second.path,
        second.symbol.start,
        second.symbol.qualname,
    )
