"""Whether a relation that a sentence claims holds: in the syntax of the cited lines, or, beyond them, in the graph.

Each check takes the lines and the relation and says what is wrong, or "". The direction counts: `a` calls `b` where the call stands in
`a` and leads to `b`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from ...graph.outline import outline_of
from ...types import ModuleFacts, Symbol
from . import act_checks, header_checks
from .act_checks import KINDS_OF_ACTS, NAME
from .naming import introduced, owner_fits, parts_of, shown
from .region import Region, scope_of
from .relations import Relation


def problem_of(region: Region, relation: Relation) -> str:
    """What is wrong with a relation, "" if it holds."""
    if relation.kind == "says":
        return ""
    if relation.exclusive:
        return _exclusive(region, relation)
    check = _CHECKS.get(relation.kind)
    if check is None:
        return ""
    if relation.negated:
        return _negated(region, relation, check)
    return check(region, relation)


def _negated(region: Region, relation: Relation, check: Callable[[Region, Relation], str]) -> str:
    """A denial holds where the definition it is about is in the lines and the whole of it shows nothing of the kind."""
    undecided = "a denial cannot be told from the cited lines"
    positive = replace(relation, negated=False, conditions=())
    if relation.kind in KINDS_OF_ACTS:
        symbols = list(introduced(region, relation.subjects))
        if not relation.subjects:
            # "It never calls": what the lines hold as a whole.
            symbols = [s for s in symbols if region.covers(s[0].path, s[1].name_line, s[1].end)]
        if not symbols or relation.conditions:
            return undecided
        acts = [p for f, s, _ in symbols for p in region.acts_of(f.path, s.start, s.end)]
        last = {parts_of(m.text)[-1] for m in relation.objects if parts_of(m.text)}
        kinds = KINDS_OF_ACTS[relation.kind]
        if any(a.kind in kinds and last & set(NAME.findall(f"{a.text} {a.value}")) for _, a in acts):
            return f"{shown(relation.subjects)} does so"
        return ""
    if relation.kind not in ("kind", "takes", "default", "default_of", "decorated"):
        return undecided
    if not list(introduced(region, relation.subjects[:1])):
        return undecided
    return "" if check(region, positive) else f"the cited lines say: {relation.words} {shown(relation.objects)}"


def _exclusive(region: Region, relation: Relation) -> str:
    """ "only", "always": of what a definition does all, and the whole of it is looked at."""
    undecided = "that it is only or always so cannot be told from the cited lines"
    if relation.negated or relation.loose or not all(c.exact and not c.caught for c in relation.conditions):
        return undecided
    if relation.conditions:
        return _only_under(region, relation) or ""
    if relation.kind == "only_calls":
        return _only_called_by(region, relation) or ""
    if relation.kind not in ("returns", "raises", "calls"):
        return undecided
    symbols = list(introduced(region, relation.subjects))
    if len(symbols) != 1:
        return undecided
    facts, symbol, owner = symbols[0]
    acts = [(f, a) for f, a in region.acts_of(facts.path, symbol.start, symbol.end) if a.owner == owner]
    acts = [(f, a) for f, a in acts if a.kind in KINDS_OF_ACTS[relation.kind]]
    if not acts or not all(
        any(act_checks.act_fits(region, f, a, m, relation) for m in relation.objects) for f, a in acts
    ):
        return f"{shown(relation.subjects)} does other things, too"
    if relation.kind == "returns" and not _ends_in_return(region, facts, symbol):
        return undecided
    return ""


def _only_under(region: Region, relation: Relation) -> str:
    """ "returns `x` only if `c`": so it is in the cited lines, and nowhere in the definition without that condition."""
    problem = act_checks.acts(region, relation) if relation.kind in KINDS_OF_ACTS else "that cannot be told"
    if problem:
        return problem
    around = [region.owner_of(path, start) for path, start, _ in region.spans[:1]]
    for facts, owner in (found for found in around if found is not None):
        symbols = [s for i, s in enumerate(facts.symbols) if i and scope_of(facts, i) == owner]
        pairs = [p for s in symbols for p in region.acts_of(facts.path, s.start, s.end) if p[1].owner == owner]
        for mention in relation.objects:
            same = [
                (f, a)
                for f, a in pairs
                if a.kind in KINDS_OF_ACTS[relation.kind] and act_checks.act_fits(region, f, a, mention, relation)
            ]
            if not all(act_checks.holds_under(a, c) for _, a in same for c in relation.conditions):
                return f"`{mention.text}` is also there without that condition"
        return ""
    return "that it is only so cannot be told from the cited lines"


def _ends_in_return(region: Region, facts: ModuleFacts, symbol: Symbol) -> bool:
    document = region.graph.document(facts.path)
    node = (
        outline_of("\n".join(document.lines) + "\n").definitions.get((symbol.name, symbol.name_line))
        if document
        else None
    )
    return node is not None and isinstance(node.body[-1], (ast.Return, ast.Raise))


def _only_called_by(region: Region, relation: Relation) -> str:
    problem = act_checks.acts_problem(
        region, replace(relation, kind="calls", subjects=relation.subjects[:1], words="calls"), region.acts
    )
    if problem:
        return problem
    for mention in relation.objects:
        for ref in region.graph.find_symbol(mention.text)[:2]:
            listing = region.links.of(ref).callers
            for site in listing.items:
                facts = region.graph.facts(site.span.path)
                if not site.resolved or facts is None:
                    return "whether that is the only caller cannot be told"
                index = next((i for i, s in enumerate(facts.symbols) if site.caller and s == site.caller.symbol), 0)
                if not any(owner_fits(facts, scope_of(facts, index), s, region) for s in relation.subjects):
                    return f"`{mention.text}` is called elsewhere, too"
            if not listing.complete:
                return "whether that is the only caller cannot be told"
    return ""


_CHECKS: dict[str, Callable[[Region, Relation], str]] = {
    **dict.fromkeys(KINDS_OF_ACTS, act_checks.acts),
    "passed": act_checks.passed,
    "uses": act_checks.uses,
    "message": act_checks.message,
    "assigned": act_checks.assigned,
    "kind": header_checks.kind,
    "defined": header_checks.defined,
    "member": header_checks.member,
    "takes": header_checks.takes,
    "default": header_checks.default,
    "default_of": header_checks.default,
    "annotated": header_checks.annotated,
    "decorated": header_checks.decorated,
    "inherits": header_checks.inherits,
    "overrides": header_checks.overrides,
    "defines": header_checks.defines,
    "imports": header_checks.imports,
    "tested": header_checks.tested,
    "count": header_checks.count,
    "quoted": header_checks.quoted,
}
