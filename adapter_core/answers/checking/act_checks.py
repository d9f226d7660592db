"""Checks of acts: whether the cited lines have the call, return, raise, assignment or handler that a sentence claims.

A check returns what is wrong, as a message for the reader, or "". `fits` and `matches` compare what a sentence writes with the syntax.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

from ...graph.outline import docstring_span, outline_of
from ...types import Call, CallSite, ModuleFacts
from ..composing.documentation.running_text import docstring_prose
from ..inert import prose
from ..unparsing import unparse
from .naming import ends_with, matching_symbols, name_parts, quote_names, ref_matches, scope_matches
from .region import Region
from .relations import BY_DOCSTRING, Condition, Relation
from .sentence import Mention
from .statements import Act, as_test, canonical

_MAX_SYMBOLS = 2
NAME = re.compile(r"[^\W\d]\w*")
KINDS_OF_ACTS = {
    "returns": ("return",), "returns_result": ("return",), "yields": ("yield",), "yields_from": ("yield_from",), "raises": ("raise",),
    "raises_result": ("raise",), "catches": ("catch",), "sets": ("set",), "calls": ("call",),
}  # fmt: skip
_CONSTANT = re.compile(
    r"""(?P<name>[A-Za-z_]\w{0,80})(?:: ?[\w.]{1,40})? ?= ?(["'])(?P<value>\w{1,80})\2[ \t]*(?:#.*)?"""
)


def _with_owner(
    region: Region, relation: Relation, pairs: Iterable[tuple[ModuleFacts, Act]]
) -> list[tuple[ModuleFacts, Act]]:
    return [(f, a) for f, a in pairs if all(scope_matches(f, a.owner, s, region) for s in relation.subjects)]


def check_acts(region: Region, relation: Relation) -> str:
    return check_acts_among(region, relation, region.acts)


def check_acts_among(region: Region, relation: Relation, pairs: Iterable[tuple[ModuleFacts, Act]]) -> str:
    kinds = KINDS_OF_ACTS[relation.kind]
    acts = _with_owner(region, relation, [(f, a) for f, a in pairs if a.kind in kinds])
    targets, values = relation.objects, relation.second_objects
    if relation.kind == "sets" and relation.words.startswith("assign") and values:
        targets, values = values, targets  # "assigns the value to the name"
    last_line = 0
    for target in targets:
        matching = [
            (f, a) for f, a in acts if act_matches(region, f, a, target, relation) and all(value_matches(a, v) for v in values)
        ]  # fmt: skip
        matching = matching or _acts_from_header(region, relation, target)
        if not matching:
            return f"the cited lines do not show that {quote_names(relation.subjects)} {relation.words} `{target.text}`"
        under_conditions = [a for _, a in matching if all(holds_under(a, c) for c in relation.conditions)]
        if not under_conditions:
            return f"the condition is not the one under which {quote_names(relation.subjects)} {relation.words} `{target.text}`"
        if relation.ordered:
            later_lines = [a.start for a in under_conditions if a.start >= last_line]
            if not later_lines:
                return "the order is another one in the cited lines"
            last_line = min(later_lines)
    return ""


def act_matches(region: Region, facts: ModuleFacts, act: Act, mention: Mention, relation: Relation) -> bool:
    text = mention.text
    if relation.loose:
        return set(NAME.findall(text)) <= set(NAME.findall(f"{act.text} {act.value}"))
    if act.kind == "call":
        return _call_matches(region, facts, act, mention)
    if act.kind in ("return", "yield", "yield_from"):
        callee_parts = name_parts(text) if not text.rstrip().endswith(")") or text.rstrip().endswith("()") else []
        if relation.kind == "returns_result" or text.rstrip().endswith("()"):
            return ends_with(act.value.split("."), callee_parts) or canonical(text) == act.text
        return canonical(text) == act.text or ends_with(act.value.split("."), callee_parts)
    if act.kind in ("raise", "catch"):
        return ends_with(name_parts(act.text), name_parts(text))
    return target_matches(act, text)


def target_matches(act: Act, text: str) -> bool:
    target, value = _assignment(text)
    if value is not None and value != act.value:
        return False
    if act.text in (target, target[1:-1] if target.startswith("(") else target):
        return True
    owner_names = [name for name, _ in act.owner]
    return bool(NAME.fullmatch(target.rpartition(".")[2])) and (
        ends_with(act.text.split("."), name_parts(target))
        or ends_with([*owner_names, *name_parts(act.text)], name_parts(target))
    )


def _assignment(text: str) -> tuple[str, str | None]:
    """(target, value) of `x: int = 1`; (expression, None) of an expression."""
    try:
        statement = ast.parse(text.strip()).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return canonical(text), None
    if isinstance(statement, ast.Assign):
        return unparse(statement.targets[0]), unparse(statement.value)
    if isinstance(statement, ast.AnnAssign):
        return unparse(statement.target), unparse(statement.value) if statement.value is not None else None
    return canonical(text), None


def value_matches(act: Act, mention: Mention) -> bool:
    text = re.sub(r"^\s*[-+*/%@&|^<>]*=\s*", "", mention.text)
    return canonical(text) == act.value or (act.value.startswith(text.removesuffix("()") + "(") and text.endswith("()"))


def holds_under(act: Act, condition: Condition) -> bool:
    if condition.caught:
        names = set(NAME.findall(condition.mention.text))
        return any(t.startswith("except ") and names <= set(NAME.findall(t)) for t, _ in act.tests)
    if not condition.exact:
        return True
    text, holds = as_test(condition.mention.text)
    expected = (text, holds == condition.holds)
    return expected in act.tests or (f"{text} is None", not expected[1]) in act.tests


def _call_matches(region: Region, facts: ModuleFacts, act: Act, mention: Mention) -> bool:
    wanted_parts, written_parts = name_parts(mention.text), name_parts(act.text)
    if not wanted_parts:
        return False
    has_same_name = bool(written_parts) and written_parts[-1] == wanted_parts[-1]
    if has_same_name and (len(wanted_parts) == 1 or ends_with(written_parts, wanted_parts)):
        return True
    if has_same_name and _is_known_caller(region, facts, act, wanted_parts):
        return True
    site = _call_site(region, facts, act)
    is_external = site is not None and site.direct and not site.open and not site.targets and len(site.external) == 1
    if site is None or not (has_same_name or site.sure or is_external):
        return False
    return any(ref_matches(r, wanted_parts) for r in (*site.targets, *site.enters)) or any(
        ends_with(name.split("."), wanted_parts) for name in site.external
    )


def _is_known_caller(region: Region, facts: ModuleFacts, act: Act, wanted_parts: list[str]) -> bool:
    """Whether a call is among the known callers of a symbol with that name. Answers list callers in the same way, so what they list is
    found here, too, even where the call itself cannot be resolved within its limits."""
    for ref in region.graph.find_symbol(".".join(wanted_parts))[:_MAX_SYMBOLS]:
        for site in region.links.of(ref).callers_soon.items:
            if site.resolved and site.span.path == facts.path and act.start <= site.span.start <= act.line:
                return True
    return False


def _call_site(region: Region, facts: ModuleFacts, act: Act) -> CallSite | None:
    name = act.text.rpartition(".")[2]
    calls: list[Call] = [c for c in facts.calls if act.start <= c.line <= act.line and c.name == name]
    return region.graph.site(facts, calls[0]) if calls else None


def _acts_from_header(region: Region, relation: Relation, mention: Mention) -> list[tuple[ModuleFacts, Act]]:
    """The acts that an annotation or a docstring field declares without a statement: "returns a `Response`", "raises `KeyError`"."""
    name = re.escape(mention.text.strip().rpartition(".")[2])
    acts = []
    if relation.kind == "returns" and not relation.conditions:
        for facts, symbol, owner in matching_symbols(region, relation.subjects):
            if symbol.returns and re.search(rf"\b{name}\b", symbol.returns):
                acts.append((facts, Act("return", owner, symbol.start, symbol.end, mention.text)))
    if relation.kind == "raises":
        for path, start, end in region.spans:
            document = region.graph.document(path)
            text = "\n".join(document.lines[start - 1 : end]) if document else ""
            owner_scope = region.owner_of(path, start)
            as_field = re.search(rf":(?:raises?|except|exception)\s+[~.\w, ]*\b{name}\s*:", text)
            by_docstring = relation.words.endswith(BY_DOCSTRING) and not relation.conditions
            is_listed = by_docstring and docstring_sentences_on_raise(region, path, start, end, mention.text.strip())
            if owner_scope and (as_field or is_listed):
                acts.append((owner_scope[0], Act("raise", owner_scope[1], start, end, mention.text)))
    return _with_owner(region, relation, acts)


def docstring_sentences_on_raise(region: Region, path: str, start: int, end: int, name: str) -> list[str]:
    """The sentences on an exception in the "Raises" section of the docstring around lines `start..end`, as far as it is on these."""
    document = region.graph.document(path)
    outline = outline_of("\n".join(document.lines) + "\n") if document is not None else None
    sentences: list[str] = []
    for node in outline.definitions.values() if outline is not None and document is not None else ():
        span = docstring_span(node)
        if document is not None and span is not None and span[0] <= start <= end <= span[1]:
            field_sentences = [p for p in docstring_prose(document.lines, *span) if p.field == f"raises {name}"]
            sentences += [prose(p.text) for p in field_sentences if start <= p.field_line <= end]
    return sentences


def check_passed(region: Region, relation: Relation) -> str:
    """ "`f` is passed to `register()` in `main`": a call of `register` there has `f` among its arguments."""
    for mention in relation.objects:
        for facts, act in region.acts:
            arguments = [name_parts(line) for line in act.value.split("\n")] if act.kind == "call" else []
            are_passed = all(
                any(ends_with(a, name_parts(s.text)[-1:]) for a in arguments) for s in relation.subjects[:1]
            )
            owner_matches = all(scope_matches(facts, act.owner, s, region) for s in relation.second_objects)
            if arguments and are_passed and owner_matches and _call_matches(region, facts, act, mention):
                break
        else:
            return f"the cited lines do not pass {quote_names(relation.subjects[:1])} to `{mention.text}`"
    return ""


def _cited_constants(region: Region, path: str) -> dict[str, str]:
    """The names of constants that cited lines of a file bind to a name in quotes, and those."""
    document = region.graph.document(path)
    lines = document.lines if document is not None else []
    cited = (line for file, start, end in region.spans if file == path for line in lines[start - 1 : end])
    return {match["name"]: match["value"] for line in cited if (match := _CONSTANT.fullmatch(line)) is not None}


def check_uses(region: Region, relation: Relation) -> str:
    """An unknown verb claims only that the object's names occur in the cited lines of the subject, or constants that are cited and hold
    them: `ENV_HOME = "KIT_HOME"`."""
    for mention in relation.objects:
        wanted_names = set(NAME.findall(mention.text))
        for path, start, end in region.spans:
            scopes_by_line = [(line, region.owner_of(path, line)) for line in range(start, end + 1)]
            owned_lines = [
                n
                for n, scope in scopes_by_line
                if scope and all(scope_matches(*scope, s, region) for s in relation.subjects)
            ]
            document = region.graph.document(path)
            if owned_lines and document:
                names = {n for i in owned_lines for n in NAME.findall(document.lines[i - 1])}
                constants = _cited_constants(region, path)
                if wanted_names <= names | {constants[n] for n in names & constants.keys()}:
                    break
        else:
            return f"the cited lines of {quote_names(relation.subjects)} do not use `{mention.text}`"
    return ""


def check_message(region: Region, relation: Relation) -> str:
    for mention in relation.objects:
        raise_acts = _with_owner(region, replace(relation, subjects=relation.subjects[:0]), region.acts)
        acts = [a for _, a in raise_acts if a.kind == "raise" and canonical(mention.text) == a.value]
        if not acts:
            return f"`{mention.text}` is not the message that is raised in the cited lines"
        if not any(all(holds_under(a, c) for c in relation.conditions) for a in acts):
            return f"the condition is not the one under which `{mention.text}` is raised"
    return ""


def check_assigned(region: Region, relation: Relation) -> str:
    """ "`x` is set to `1`": the subject is what is set."""
    for subject in relation.subjects[:1]:
        for value in relation.objects:
            target, assigned_value = _assignment(value.text)
            expected = assigned_value if assigned_value is not None else canonical(value.text)
            assignments = [a for _, a in region.acts if a.kind == "set" and target_matches(a, subject.text)]
            if assigned_value is not None and not any(a.text == target for a in assignments):
                return f"the cited lines do not assign `{target}`"
            if not any(a.value == expected for a in assignments) and not _declared(region, subject, value):
                return f"the cited lines do not set `{subject.text}` to `{value.text}`"
    return ""


def _declared(region: Region, subject: Mention, value: Mention) -> bool:
    """Whether the lines assign a symbol of that name and its signature is spelled like the value: not every spelling is an expression."""
    return any(
        ends_with([n for n, _ in owner], name_parts(subject.text)) and " ".join(symbol.signature.split()) == value.text
        for _, symbol, owner in matching_symbols(region, ())
    )
