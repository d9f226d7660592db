"""Checks of a definition's header (kind, place, parameters, defaults, annotations, decorators, bases, overrides), counts and quotations.

A check returns what is wrong, as a message for the reader, or "".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...graph.finding.dependencies import absolute_module
from ...types import ModuleFacts, Parameter, Symbol, SymbolRef
from ..composing.documentation.attribute_docs import documents_attribute
from ..composing.links.counts import NOUNS, count_of
from ..composing.listings.keyed_defaults import keyed_defaults
from .act_checks import docstring_sentences_on_raise, target_matches, value_matches
from .naming import ends_with, matching_symbols, name_parts, quote_names, ref_matches, scope_matches
from .region import Region, scope_of
from .relations import Relation
from .sentence import Mention
from .statements import Owner, canonical
from .verbs import KINDS

_MAX_BASES = 50


def _check_header(region: Region, relation: Relation, matches: Callable[[ModuleFacts, Symbol, Mention], bool]) -> str:
    symbols = list(matching_symbols(region, relation.subjects, relation.kind == "decorated"))
    if not symbols:
        return f"the cited lines do not define {quote_names(relation.subjects)}"
    for mention in relation.objects:
        if not any(matches(facts, symbol, mention) for facts, symbol, _ in symbols):
            return f"the definition of {quote_names(relation.subjects)} does not say: {relation.words} `{mention.text}`"
    return ""


def check_kind(region: Region, relation: Relation) -> str:
    claimed_words = relation.words
    kind_name = next((k for k in sorted(KINDS, key=len, reverse=True) if re.search(rf"\b{k}\b", claimed_words)), "")
    kinds = KINDS.get(kind_name, ())
    subjects = relation.subjects[:1]
    symbols = [
        (facts, symbol, owner)
        for facts, symbol, owner in matching_symbols(region, subjects)
        if symbol.kind in kinds
        and (symbol.is_async or not re.search(r"\basync\b|coroutine", claimed_words))
        and (symbol.is_generator or kind_name != "generator")
        and (
            kind_name not in ("dataclass", "classmethod", "staticmethod")
            or any(kind_name in d for d in symbol.decorators)
        )
    ]
    if not symbols:
        return f"the cited lines do not define {quote_names(subjects)} as {claimed_words.partition(' ')[2]}"
    for mention in relation.objects:
        mention_parts = name_parts(mention.text)
        if not any(ends_with([*f.module.split("."), *(n for n, _ in o[:-1])], mention_parts) for f, _, o in symbols):
            return f"{quote_names(subjects)} is not one of `{mention.text}`"
    return ""


def check_member(region: Region, relation: Relation) -> str:
    """ "`get` belongs to `Cache`"."""

    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        outer = [n for n, _ in scope_of(facts, symbol.parent)]
        return ends_with([*facts.module.split("."), *outer], name_parts(mention.text))

    return _check_header(region, relation, fits)


def check_defined(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        path = mention.text.strip().removeprefix("./")
        outer = scope_of(facts, symbol.parent)
        return path == facts.path or facts.path.endswith("/" + path) or any(
            ends_with([*facts.module.split("."), *(n for n, _ in outer)], name_parts(p)) for p in (mention.text,)
        )  # fmt: skip

    return _check_header(region, relation, fits)


def check_takes(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        name = mention.text.strip().lstrip("*")
        return any(
            p.name == name and (p.default is not None or "optional" not in relation.words)
            for p in _parameters(region, facts, symbol)
        )

    return _check_header(region, relation, fits)


def _parameters(region: Region, facts: ModuleFacts, symbol: Symbol) -> tuple[Parameter, ...]:
    """The symbol's parameters; for a class those of its `__init__`, if that is in the lines, too."""
    if symbol.kind != "class":
        return symbol.parameters
    inits = [
        s
        for f, s, o in matching_symbols(region, ())
        if f is facts and s.name == "__init__" and o[-2:-1] == ((symbol.name, True),)
    ]
    return inits[0].parameters if inits else symbol.parameters


def check_default(region: Region, relation: Relation) -> str:
    """ "`x` of `f` defaults to `1`", "the default of `x` in `f` is `1`"; the function need not be named."""
    names = (*relation.objects, *relation.subjects) if relation.kind == "default_of" else relation.subjects
    values = relation.second_objects if relation.kind == "default_of" else relation.objects[:1]
    if not names or not values:
        return ""
    for name in names:
        other_names = [m for m in names if m is not name]
        for _, symbol, _ in matching_symbols(region, other_names):
            for parameter in symbol.parameters:
                is_parameter = parameter.default is not None and parameter.name == name.text.strip().lstrip("*")
                if is_parameter and canonical(parameter.default or "") == canonical(values[0].text):
                    return ""
    if any(
        a.kind == "set" and target_matches(a, names[0].text) and value_matches(a, values[0]) for _, a in region.acts
    ):
        return ""
    if any(_is_looked_up_default(region, name, [m for m in names if m is not name], values[0]) for name in names):
        return ""
    return f"`{values[0].text}` is not the default of `{names[0].text}` in the cited lines"


def _is_looked_up_default(region: Region, name: Mention, table_or_scopes: Sequence[Mention], value: Mention) -> bool:
    """Whether the lines look a name up with this value as the default, or have the pair in a table of defaults. Each of `table_or_scopes`
    must name that table or a scope around it."""
    for path, start, end in region.spans:
        document = region.graph.document(path)
        for entry in keyed_defaults("\n".join(document.lines) + "\n") if document is not None else ():
            matches_entry = start <= entry.start and entry.end <= end and entry.name == name.text.strip().strip("\"'")
            if matches_entry and canonical(entry.value) == canonical(value.text):
                scope = region.owner_of(path, entry.start)
                if scope and all(
                    m.text.strip() == entry.table or scope_matches(*scope, m, region) for m in table_or_scopes
                ):
                    return True
    return False


def check_annotated(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        return symbol.returns is not None and (
            canonical(symbol.returns) == canonical(mention.text) or (relation.loose and mention.text in symbol.returns)
        )

    return _check_header(region, relation, fits)


def check_decorated(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        decorator = mention.text.strip().lstrip("@")
        return any(
            canonical(d) == canonical(decorator)
            or ("(" not in decorator and ends_with(name_parts(d), name_parts(decorator)))
            for d in symbol.decorators
        )

    return _check_header(region, relation, fits)


def check_inherits(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        base_parts = name_parts(mention.text.partition("[")[0])
        if symbol.kind != "class":
            return False
        if any(
            canonical(b) == canonical(mention.text) or ends_with(b.partition("[")[0].split("."), base_parts)
            for b in symbol.bases
        ):
            return True
        return any(
            ref_matches(r, base_parts) for r in _all_bases(region, SymbolRef("", facts.path, facts.module, symbol))
        )

    return _check_header(region, relation, fits)


def _all_bases(region: Region, cls: SymbolRef) -> list[SymbolRef]:
    """The direct and indirect base classes in the workspace, at most 50."""
    bases: dict[tuple[str, int], SymbolRef] = {}
    pending = [cls]
    while pending and len(bases) < _MAX_BASES:
        for base in region.graph.bases_of(pending.pop()):
            if (base.path, base.symbol.start) not in bases:
                bases[(base.path, base.symbol.start)] = base
                pending.append(base)
    return list(bases.values())


def check_overrides(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        mention_parts = name_parts(mention.text)
        overridden = region.graph.overridden_by(SymbolRef("", facts.path, facts.module, symbol))
        return any(
            ref_matches(r, mention_parts) or ends_with(r.full_name.split(".")[:-1], mention_parts) for r in overridden
        )

    return _check_header(region, relation, fits)


def check_defines(region: Region, relation: Relation) -> str:
    for mention in relation.objects:
        mention_parts = name_parts(mention.text)
        owners = [
            owner
            for facts, _, owner in matching_symbols(region, ())
            if ends_with([n for n, _ in owner], mention_parts)
            and all(scope_matches(facts, owner[:-1], s, region) for s in relation.subjects)
        ]
        if not owners:
            return f"the cited lines do not define `{mention.text}` in {quote_names(relation.subjects)}"
    return ""


def check_imports(region: Region, relation: Relation) -> str:
    for mention in relation.objects:
        mention_parts = name_parts(mention.text)
        is_imported = False
        for path, start, end in region.spans:
            facts = region.graph.facts(path)
            if facts is None:
                continue
            for item in facts.imports:
                names = [item.name] if item.name else []
                module_parts, absolute_parts = (
                    [*item.module.split("."), *names],
                    [*absolute_module(facts, item).split("."), *names],
                )
                matches = item.alias == mention.text or any(
                    ends_with(full, mention_parts) or full[: len(mention_parts)] == mention_parts
                    for full in (module_parts, absolute_parts)
                )
                scope = scope_of(facts, item.owner)
                if start <= item.line <= end and matches:
                    is_imported = is_imported or all(scope_matches(facts, scope, s, region) for s in relation.subjects)
        if not is_imported:
            return f"the cited lines do not import `{mention.text}`"
    return ""


def check_exports(region: Region, relation: Relation) -> str:
    """ "`shop` exports `Cart`": the entries of the `__all__` in the lines."""
    exporting = [
        facts
        for facts, i in region.introduced_symbols
        if facts.symbols[i].name == "__all__" and all(scope_matches(facts, (), s, region) for s in relation.subjects)
    ]
    for mention in relation.objects:
        if not any(mention.text in (facts.exports or ()) for facts in exporting):
            return f"`{mention.text}` is not in an `__all__` on the cited lines"
    return ""


def check_tested(region: Region, relation: Relation) -> str:
    """ "`f` may be reached by calls from the test `t`"; without the "may" only if it surely is."""
    tests_left = [mention.text.strip() for mention in relation.objects]
    surely = relation.words.startswith("reached")
    # Finding tests is slow where calls are not linked yet: stop at the first meanings of the name that suffice.
    for ref in (ref for subject in relation.subjects[:1] for ref in region.graph.find_symbol(subject.text)[:4]):
        nodes = [link.node_id for link in region.links.of(ref).tests.items if not (surely and link.uncertain)]
        tests_left = [t for t in tests_left if not any(node == t or node.endswith("::" + t) for node in nodes)]
        if not tests_left:
            return ""
    how = "surely leads" if surely else "leads"
    return f"no call {how} from `{tests_left[0]}` to {quote_names(relation.subjects)}" if tests_left else ""


def check_count(region: Region, relation: Relation) -> str:
    """ "`f` is called at 3 places", "in a total of 9 tests", "`C` has 4 methods": the graph's counts for the symbols in the lines."""
    if relation.words.startswith("called"):
        noun = "calling tests" if relation.words.startswith("called in") else "places"
    else:
        noun = next((k for k, (singular, _) in NOUNS.items() if singular in relation.words), "")
    for facts, symbol, _ in matching_symbols(region, relation.subjects[:1]):
        ref = SymbolRef(region.graph.name, facts.path, facts.module, symbol)
        number = count_of(region.links.of(ref), noun)
        if number is not None and str(number) == relation.objects[0].text:
            return ""
    return f"{relation.objects[0].text} is not the count, or it cannot be told from the cited lines"


def check_quoted(region: Region, relation: Relation) -> str:
    """The quotation's source must be the innermost definition around its lines, or the file. Where it is about `x` of `f`, `x` must be a
    parameter or a docstring field there. (That the words themselves occur is checked in `verify.py`.)"""
    if relation.words == "raised":
        name, text = relation.second_objects[0].text.strip(), relation.objects[0].text
        sentences = [
            sentence for span in region.spans for sentence in docstring_sentences_on_raise(region, *span, name)
        ]
        return "" if any(text in sentence for sentence in sentences) else f"the docstring does not say this of `{name}`"
    first_words = [w.lower() for w in re.findall(r"\w+", relation.objects[0].text)][:3]
    for path, start, end in region.spans:
        document = region.graph.document(path)
        lines = document.lines[start - 1 : end] if document else []
        for offset, line in enumerate(lines):
            scope = region.owner_of(path, start + offset)
            if scope is None or (first_words and first_words[0] not in line.lower()):
                continue
            facts, owner = scope
            # A comment may be attributed to any scope around it; a docstring only to its own definition.
            if relation.words == "comment":
                source_matches = any(True for _ in matching_symbols(region, relation.subjects)) or any(
                    scope_matches(facts, owner[:n], s, region, True)
                    for s in relation.subjects
                    for n in range(len(owner) + 1)
                )
            else:
                source_matches = all(scope_matches(facts, owner, s, region, True) for s in relation.subjects)
            cited_lines = [n for p, a, b in region.spans if document and p == path for n in document.lines[a - 1 : b]]
            line_number = start + offset
            if source_matches and all(
                _is_documented_field(facts, owner, m.text, cited_lines)
                or (document and documents_attribute(facts, m.text, line_number, document.lines))
                for m in relation.second_objects
            ):
                return ""
    return f"the quotation does not stand in {quote_names(relation.subjects)}"


def _is_documented_field(facts: ModuleFacts, owner: Owner, name: str, lines: list[str]) -> bool:
    """Whether a name is a parameter of a definition (of a class: of its methods), or a field in the lines (`:param name:`, `name:`, or the
    name alone)."""
    parameter_name = name.strip().lstrip("*")
    if any(line.strip().strip("`*") == parameter_name for line in lines):
        return True
    if any(re.search(rf"(?:^|[\s:*`]){re.escape(parameter_name)}[`*]*\s*(?::|\(.*\):)", line) for line in lines):
        return True
    names = [n for n, _ in owner]
    return any(
        p.name == parameter_name
        for index, symbol in enumerate(facts.symbols)
        if symbol.is_callable and [n for n, _ in scope_of(facts, index)][: len(names)] == names
        for p in symbol.parameters
    )
