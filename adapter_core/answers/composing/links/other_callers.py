"""Whether some callers of something are all that the product has, told in a moment: from the calls of its name, and few of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ....code_graph import CodeGraph, is_test_path
from ....types import Call, ModuleFacts, SymbolRef
from .calls import leads_to

_MAX_FILES = 40  # that use the name
_MAX_CALLS = 12  # that are followed


def other_callers_phrase(graph: CodeGraph, ref: SymbolRef, known: Collection[tuple[str, int]]) -> str:
    """What to say behind the callers that are `known` (by path and line): whether there are others; "" where there are none."""
    paths = [path for path in graph.view.paths_using(ref.symbol.name, "called") if not is_test_path(path)]
    doubtful = len(paths) > _MAX_FILES or _goes_by_others(graph, ref.symbol.name)
    for number, (facts, call) in enumerate(_calls_of_its_name(graph, ref, paths[:_MAX_FILES], known)):
        site = graph.site(facts, call) if number < _MAX_CALLS else None
        if site is not None and leads_to(site, ref) and _same(site.targets[0], ref):
            return ", among others"
        # What is known to lead elsewhere, and what leads to none of the workspace, is no call of it.
        doubtful |= (
            site is None or site.open or not (site.targets or site.external) or any(_same(t, ref) for t in site.targets)
        )
        if site is None:
            break
    return ", perhaps among others" if doubtful else ""


def _goes_by_others(graph: CodeGraph, name: str) -> bool:
    """Whether the product imports something of a name under another one."""
    paths = [path for path in graph.view.paths_using(name, "aliased") if not is_test_path(path)]
    found = (graph.facts(path) for path in paths)
    return any(i.name == name and i.alias not in (None, name) for facts in found if facts for i in facts.imports)


def _calls_of_its_name(
    graph: CodeGraph, ref: SymbolRef, paths: Collection[str], known: Collection[tuple[str, int]]
) -> Iterator[tuple[ModuleFacts, Call]]:
    """Calls of its name by others than the known ones and it itself; those near it first."""
    own = ref.path.rpartition("/")[0]
    for path in sorted(paths, key=lambda p: (p != ref.path, not p.startswith(own), p)):
        facts = graph.facts(path)
        for call in facts.calls if facts is not None else ():
            if facts is None or call.name != ref.symbol.name:
                continue
            caller = facts.symbols[call.owner]
            inside = path == ref.path and f"{caller.qualname}.".startswith(f"{ref.symbol.qualname}.")
            if not inside and (path, caller.start) not in known:
                yield facts, call


def _same(one: SymbolRef, other: SymbolRef) -> bool:
    return (one.path, one.symbol.start, one.symbol.qualname) == (other.path, other.symbol.start, other.symbol.qualname)
