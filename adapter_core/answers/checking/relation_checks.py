"""Whether a claimed relation holds, in the syntax of the cited lines or in the graph.

Each check takes the lines and the relation and returns what is wrong, or "". The direction counts: `a` calls `b` where the call is in `a`
and its target is `b`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from ...graph.outline import outline_of
from ...types import ModuleFacts, Symbol
from . import act_checks, header_checks
from .act_checks import KINDS_OF_ACTS, NAME
from .naming import matching_symbols, name_parts, quote_names, scope_matches
from .region import Region, scope_of
from .relations import Relation


def problem_of(region: Region, relation: Relation) -> str:
    """What is wrong with a relation, "" if it holds."""
    if relation.kind == "says":
        return ""
    if relation.exclusive:
        return _check_exclusive(region, relation)
    check = _CHECKS.get(relation.kind)
    if check is None:
        return ""
    if relation.negated:
        return _check_denial(region, relation, check)
    return check(region, relation)


def _check_denial(region: Region, relation: Relation, check: Callable[[Region, Relation], str]) -> str:
    """A denial holds where the lines introduce the definition that it is about, and nothing in the whole of it is what is denied."""
    undecided = "a denial cannot be told from the cited lines"
    positive = replace(relation, negated=False, conditions=())
    if relation.kind in KINDS_OF_ACTS:
        symbols = list(matching_symbols(region, relation.subjects))
        if not relation.subjects:
            # "It never calls": the definitions that are cited as a whole.
            symbols = [s for s in symbols if region.covers(s[0].path, s[1].name_line, s[1].end)]
        if not symbols or relation.conditions:
            return undecided
        acts = [p for f, s, _ in symbols for p in region.acts_of(f.path, s.start, s.end)]
        last_parts = {name_parts(m.text)[-1] for m in relation.objects if name_parts(m.text)}
        kinds = KINDS_OF_ACTS[relation.kind]
        if any(a.kind in kinds and last_parts & set(NAME.findall(f"{a.text} {a.value}")) for _, a in acts):
            return f"{quote_names(relation.subjects)} does so"
        return ""
    if relation.kind not in ("kind", "takes", "default", "default_of", "decorated"):
        return undecided
    if not list(matching_symbols(region, relation.subjects[:1])):
        return undecided
    return "" if check(region, positive) else f"the cited lines say: {relation.words} {quote_names(relation.objects)}"


def _check_exclusive(region: Region, relation: Relation) -> str:
    """ "only", "always": all acts of that kind in the whole definition must match."""
    undecided = "that it is only or always so cannot be told from the cited lines"
    if relation.negated or relation.loose or not all(c.exact and not c.caught for c in relation.conditions):
        return undecided
    if relation.conditions:
        return _check_only_under(region, relation) or ""
    if relation.kind == "only_calls":
        return _check_only_caller(region, relation) or ""
    if relation.kind not in ("returns", "raises", "calls"):
        return undecided
    symbols = list(matching_symbols(region, relation.subjects))
    if len(symbols) != 1:
        return undecided
    facts, symbol, owner = symbols[0]
    acts = [(f, a) for f, a in region.acts_of(facts.path, symbol.start, symbol.end) if a.owner == owner]
    acts = [(f, a) for f, a in acts if a.kind in KINDS_OF_ACTS[relation.kind]]
    if not acts or not all(
        any(act_checks.act_matches(region, f, a, m, relation) for m in relation.objects) for f, a in acts
    ):
        return f"{quote_names(relation.subjects)} does other things, too"
    if relation.kind == "returns" and not _ends_in_return(region, facts, symbol):
        return undecided
    return ""


def _check_only_under(region: Region, relation: Relation) -> str:
    """ "returns `x` only if `c`": the cited lines must show it, and the definition nowhere without that condition."""
    problem = act_checks.check_acts(region, relation) if relation.kind in KINDS_OF_ACTS else "that cannot be told"
    if problem:
        return problem
    scopes = [region.owner_of(path, start) for path, start, _ in region.spans[:1]]
    for facts, owner in (scope for scope in scopes if scope is not None):
        symbols = [s for i, s in enumerate(facts.symbols) if i and scope_of(facts, i) == owner]
        pairs = [p for s in symbols for p in region.acts_of(facts.path, s.start, s.end) if p[1].owner == owner]
        for mention in relation.objects:
            matching = [
                (f, a)
                for f, a in pairs
                if a.kind in KINDS_OF_ACTS[relation.kind] and act_checks.act_matches(region, f, a, mention, relation)
            ]
            if not all(act_checks.holds_under(a, c) for _, a in matching for c in relation.conditions):
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


def _check_only_caller(region: Region, relation: Relation) -> str:
    problem = act_checks.check_acts_among(
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
                if not any(scope_matches(facts, scope_of(facts, index), s, region) for s in relation.subjects):
                    return f"`{mention.text}` is called elsewhere, too"
            if not listing.complete:
                return "whether that is the only caller cannot be told"
    return ""


_CHECKS: dict[str, Callable[[Region, Relation], str]] = {
    **dict.fromkeys(KINDS_OF_ACTS, act_checks.check_acts),
    "passed": act_checks.check_passed,
    "uses": act_checks.check_uses,
    "reads": act_checks.check_uses,
    "message": act_checks.check_message,
    "assigned": act_checks.check_assigned,
    "kind": header_checks.check_kind,
    "defined": header_checks.check_defined,
    "member": header_checks.check_member,
    "takes": header_checks.check_takes,
    "default": header_checks.check_default,
    "default_of": header_checks.check_default,
    "annotated": header_checks.check_annotated,
    "decorated": header_checks.check_decorated,
    "inherits": header_checks.check_inherits,
    "overrides": header_checks.check_overrides,
    "defines": header_checks.check_defines,
    "imports": header_checks.check_imports,
    "exports": header_checks.check_exports,
    "tested": header_checks.check_tested,
    "count": header_checks.check_count,
    "quoted": header_checks.check_quoted,
}
