"""What statements do: whether a call, return, raise, assignment or handler on the cited lines is the one that a sentence tells of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

from ...graph.outline import docstring_span, outline_of
from ...types import Call, CallSite, ModuleFacts
from ..composing.documentation.running_text import docstring_prose
from ..inert import prose
from .naming import ends_with, introduced, owner_fits, parts_of, ref_fits, shown
from .region import Region
from .relations import BY_DOCSTRING, Condition, Relation
from .sentence import Mention
from .statements import Act, as_test, canonical

_MAX_ENTERED = 2
NAME = re.compile(r"[^\W\d]\w*")
KINDS_OF_ACTS = {
    "returns": ("return",), "returns_result": ("return",), "yields": ("yield",), "yields_from": ("yield_from",), "raises": ("raise",),
    "raises_result": ("raise",), "catches": ("catch",), "sets": ("set",), "calls": ("call",),
}  # fmt: skip


def _owned(
    region: Region, relation: Relation, pairs: Iterable[tuple[ModuleFacts, Act]]
) -> list[tuple[ModuleFacts, Act]]:
    return [(f, a) for f, a in pairs if all(owner_fits(f, a.owner, s, region) for s in relation.subjects)]


def acts(region: Region, relation: Relation) -> str:
    return acts_problem(region, relation, region.acts)


def acts_problem(region: Region, relation: Relation, pairs: Iterable[tuple[ModuleFacts, Act]]) -> str:
    kinds = KINDS_OF_ACTS[relation.kind]
    owned = _owned(region, relation, [(f, a) for f, a in pairs if a.kind in kinds])
    targets, values = relation.objects, relation.second
    if relation.kind == "sets" and relation.words.startswith("assign") and values:
        targets, values = values, targets  # "assigns the value to the name"
    line = 0
    for target in targets:
        fits = [
            (f, a) for f, a in owned if act_fits(region, f, a, target, relation) and all(value_fits(a, v) for v in values)
        ]  # fmt: skip
        fits = fits or _from_header(region, relation, target)
        if not fits:
            return f"the cited lines do not show that {shown(relation.subjects)} {relation.words} `{target.text}`"
        held = [a for _, a in fits if all(holds_under(a, c) for c in relation.conditions)]
        if not held:
            return (
                f"the condition is not the one under which {shown(relation.subjects)} {relation.words} `{target.text}`"
            )
        if relation.ordered:
            later = [a.start for a in held if a.start >= line]
            if not later:
                return "the order is another one in the cited lines"
            line = min(later)
    return ""


def act_fits(region: Region, facts: ModuleFacts, act: Act, mention: Mention, relation: Relation) -> bool:
    text = mention.text
    if relation.loose:
        return set(NAME.findall(text)) <= set(NAME.findall(f"{act.text} {act.value}"))
    if act.kind == "call":
        return _call_fits(region, facts, act, mention)
    if act.kind in ("return", "yield", "yield_from"):
        called = parts_of(text) if not text.rstrip().endswith(")") or text.rstrip().endswith("()") else []
        if relation.kind == "returns_result" or text.rstrip().endswith("()"):
            return ends_with(act.value.split("."), called) or canonical(text) == act.text
        return canonical(text) == act.text or ends_with(act.value.split("."), called)
    if act.kind in ("raise", "catch"):
        return ends_with(parts_of(act.text), parts_of(text))
    return target_fits(act, text)


def target_fits(act: Act, text: str) -> bool:
    target, value = _assignment(text)
    if value is not None and value != act.value:
        return False
    if act.text in (target, target[1:-1] if target.startswith("(") else target):
        return True
    owned = [name for name, _ in act.owner]
    return bool(NAME.fullmatch(target.rpartition(".")[2])) and (
        ends_with(act.text.split("."), parts_of(target)) or ends_with([*owned, *parts_of(act.text)], parts_of(target))
    )


def _assignment(text: str) -> tuple[str, str | None]:
    """Target and value of `x: int = 1`; of an expression itself, and no value."""
    try:
        statement = ast.parse(text.strip()).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return canonical(text), None
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0]), ast.unparse(statement.value)
    if isinstance(statement, ast.AnnAssign):
        return ast.unparse(statement.target), ast.unparse(statement.value) if statement.value is not None else None
    return canonical(text), None


def value_fits(act: Act, mention: Mention) -> bool:
    text = re.sub(r"^\s*[-+*/%@&|^<>]*=\s*", "", mention.text)
    return canonical(text) == act.value or (act.value.startswith(text.removesuffix("()") + "(") and text.endswith("()"))


def holds_under(act: Act, condition: Condition) -> bool:
    if condition.caught:
        names = set(NAME.findall(condition.mention.text))
        return any(t.startswith("except ") and names <= set(NAME.findall(t)) for t, _ in act.tests)
    if not condition.exact:
        return True
    text, holds = as_test(condition.mention.text)
    wanted = (text, holds == condition.holds)
    return wanted in act.tests or (f"{text} is None", not wanted[1]) in act.tests


def _call_fits(region: Region, facts: ModuleFacts, act: Act, mention: Mention) -> bool:
    wanted, written = parts_of(mention.text), parts_of(act.text)
    if not wanted:
        return False
    named = bool(written) and written[-1] == wanted[-1]
    if named and (len(wanted) == 1 or ends_with(written, wanted)):
        return True
    if named and _enters(region, facts, act, wanted):
        return True
    site = _site(region, facts, act)
    outside = site is not None and site.direct and not site.open and not site.targets and len(site.external) == 1
    if site is None or not (named or site.sure or outside):
        return False
    return any(ref_fits(r, wanted) for r in (*site.targets, *site.enters)) or any(
        ends_with(name.split("."), wanted) for name in site.external
    )


def _enters(region: Region, facts: ModuleFacts, act: Act, wanted: list[str]) -> bool:
    """Whether a call is among those that are found from what it enters. That is asked first, as in an answer, so that the same is found,
    also where a call cannot be followed forwards within its limits."""
    for ref in region.graph.find_symbol(".".join(wanted))[:_MAX_ENTERED]:
        for site in region.links.of(ref).callers_soon.items:
            if site.resolved and site.span.path == facts.path and act.start <= site.span.start <= act.line:
                return True
    return False


def _site(region: Region, facts: ModuleFacts, act: Act) -> CallSite | None:
    name = act.text.rpartition(".")[2]
    found: list[Call] = [c for c in facts.calls if act.start <= c.line <= act.line and c.name == name]
    return region.graph.site(facts, found[0]) if found else None


def _from_header(region: Region, relation: Relation, mention: Mention) -> list[tuple[ModuleFacts, Act]]:
    """What an annotation or a field of the docstring says instead of a statement: "returns a `Response`", "raises `KeyError`"."""
    name = re.escape(mention.text.strip().rpartition(".")[2])
    found = []
    if relation.kind == "returns" and not relation.conditions:
        for facts, symbol, owner in introduced(region, relation.subjects):
            if symbol.returns and re.search(rf"\b{name}\b", symbol.returns):
                found.append((facts, Act("return", owner, symbol.start, symbol.end, mention.text)))
    if relation.kind == "raises":
        for path, start, end in region.spans:
            document = region.graph.document(path)
            text = "\n".join(document.lines[start - 1 : end]) if document else ""
            scope = region.owner_of(path, start)
            as_field = re.search(rf":(?:raises?|except|exception)\s+[~.\w, ]*\b{name}\s*:", text)
            by_docstring = relation.words.endswith(BY_DOCSTRING) and not relation.conditions
            listed = by_docstring and raised_by_docstring(region, path, start, end, mention.text.strip())
            if scope and (as_field or listed):
                found.append((scope[0], Act("raise", scope[1], start, end, mention.text)))
    return _owned(region, relation, found)


def raised_by_docstring(region: Region, path: str, start: int, end: int, name: str) -> list[str]:
    """What the docstring around some lines says of an exception that it lists there under "Raises", sentence by sentence."""
    document = region.graph.document(path)
    outline = outline_of("\n".join(document.lines) + "\n") if document is not None else None
    found: list[str] = []
    for node in outline.definitions.values() if outline is not None and document is not None else ():
        span = docstring_span(node)
        if document is not None and span is not None and span[0] <= start <= end <= span[1]:
            of_it = [p for p in docstring_prose(document.lines, *span) if p.field == f"raises {name}"]
            found += [prose(p.text) for p in of_it if start <= p.field_line <= end]
    return found


def passed(region: Region, relation: Relation) -> str:
    """ "`f` is passed to `register()` in `main`": a call of `register` there has `f` among its arguments."""
    for mention in relation.objects:
        for facts, act in region.acts:
            arguments = [parts_of(line) for line in act.value.split("\n")] if act.kind == "call" else []
            given = all(any(ends_with(a, parts_of(s.text)[-1:]) for a in arguments) for s in relation.subjects[:1])
            owned = all(owner_fits(facts, act.owner, s, region) for s in relation.second)
            if arguments and given and owned and _call_fits(region, facts, act, mention):
                break
        else:
            return f"the cited lines do not pass {shown(relation.subjects[:1])} to `{mention.text}`"
    return ""


def uses(region: Region, relation: Relation) -> str:
    """What an unknown verb may mean: the name is written in the cited lines of the one who is said to do it."""
    for mention in relation.objects:
        wanted = set(NAME.findall(mention.text))
        for path, start, end in region.spans:
            scopes = [(line, region.owner_of(path, line)) for line in range(start, end + 1)]
            own = [n for n, found in scopes if found and all(owner_fits(*found, s, region) for s in relation.subjects)]
            document = region.graph.document(path)
            if own and document and wanted <= {n for i in own for n in NAME.findall(document.lines[i - 1])}:
                break
        else:
            return f"the cited lines of {shown(relation.subjects)} do not use `{mention.text}`"
    return ""


def message(region: Region, relation: Relation) -> str:
    for mention in relation.objects:
        raised = _owned(region, replace(relation, subjects=relation.subjects[:0]), region.acts)
        if not any(a.kind == "raise" and canonical(mention.text) == a.value for _, a in raised):
            return f"`{mention.text}` is not the message that is raised in the cited lines"
    return ""


def assigned(region: Region, relation: Relation) -> str:
    """ "`x` is set to `1`": the subject is what is set."""
    for subject in relation.subjects[:1]:
        for value in relation.objects:
            target, statement = _assignment(value.text)
            wanted = statement if statement is not None else canonical(value.text)
            sets = [a for _, a in region.acts if a.kind == "set" and target_fits(a, subject.text)]
            if statement is not None and not any(a.text == target for a in sets):
                return f"the cited lines do not assign `{target}`"
            if not any(a.value == wanted for a in sets) and not _declared(region, subject, value):
                return f"the cited lines do not set `{subject.text}` to `{value.text}`"
    return ""


def _declared(region: Region, subject: Mention, value: Mention) -> bool:
    """A symbol of that name whose assignment stands in the lines, spelled as the value is: not every spelling is an expression."""
    return any(
        ends_with([n for n, _ in owner], parts_of(subject.text)) and " ".join(symbol.signature.split()) == value.text
        for _, symbol, owner in introduced(region, ())
    )
