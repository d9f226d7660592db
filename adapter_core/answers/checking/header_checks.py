"""What a definition's header says: kind, place, parameters, defaults, annotations, decorators, bases, what it overrides; and quotations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...graph.finding.dependencies import absolute_module
from ...types import ModuleFacts, Parameter, Symbol, SymbolRef
from ..composing.documentation.attribute_docs import documents_attribute
from ..composing.links.counts import NOUNS, count_of
from ..composing.listings.keyed_defaults import keyed_defaults
from .act_checks import raised_by_docstring, target_fits, value_fits
from .naming import ends_with, introduced, owner_fits, parts_of, ref_fits, shown
from .region import Region, scope_of
from .relations import Relation
from .sentence import Mention
from .statements import Owner, canonical
from .verbs import KINDS

_MAX_BASES = 50


def _header(region: Region, relation: Relation, fits: Callable[[ModuleFacts, Symbol, Mention], bool]) -> str:
    symbols = list(introduced(region, relation.subjects, relation.kind == "decorated"))
    if not symbols:
        return f"the cited lines do not define {shown(relation.subjects)}"
    for mention in relation.objects:
        if not any(fits(facts, symbol, mention) for facts, symbol, _ in symbols):
            return f"the definition of {shown(relation.subjects)} does not say: {relation.words} `{mention.text}`"
    return ""


def kind(region: Region, relation: Relation) -> str:
    words = relation.words
    name = next((k for k in sorted(KINDS, key=len, reverse=True) if re.search(rf"\b{k}\b", words)), "")
    kinds = KINDS.get(name, ())
    subjects = relation.subjects[:1]
    symbols = [
        (facts, symbol, owner)
        for facts, symbol, owner in introduced(region, subjects)
        if symbol.kind in kinds
        and (symbol.is_async or not re.search(r"\basync\b|coroutine", words))
        and (symbol.is_generator or name != "generator")
        and (name not in ("dataclass", "classmethod", "staticmethod") or any(name in d for d in symbol.decorators))
    ]
    if not symbols:
        return f"the cited lines do not define {shown(subjects)} as {words.partition(' ')[2]}"
    for mention in relation.objects:
        wanted = parts_of(mention.text)
        if not any(ends_with([*f.module.split("."), *(n for n, _ in o[:-1])], wanted) for f, _, o in symbols):
            return f"{shown(subjects)} is not one of `{mention.text}`"
    return ""


def member(region: Region, relation: Relation) -> str:
    """ "`get` belongs to `Cache`"."""

    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        outer = [n for n, _ in scope_of(facts, symbol.parent)]
        return ends_with([*facts.module.split("."), *outer], parts_of(mention.text))

    return _header(region, relation, fits)


def defined(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        path = mention.text.strip().removeprefix("./")
        outer = scope_of(facts, symbol.parent)
        return path == facts.path or facts.path.endswith("/" + path) or any(
            ends_with([*facts.module.split("."), *(n for n, _ in outer)], parts_of(p)) for p in (mention.text,)
        )  # fmt: skip

    return _header(region, relation, fits)


def takes(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        name = mention.text.strip().lstrip("*")
        return any(
            p.name == name and (p.default is not None or "optional" not in relation.words)
            for p in _parameters(region, facts, symbol)
        )

    return _header(region, relation, fits)


def _parameters(region: Region, facts: ModuleFacts, symbol: Symbol) -> tuple[Parameter, ...]:
    """Of a class those of its `__init__`, where that is in the lines, too."""
    if symbol.kind != "class":
        return symbol.parameters
    inits = [
        s
        for f, s, o in introduced(region, ())
        if f is facts and s.name == "__init__" and o[-2:-1] == ((symbol.name, True),)
    ]
    return inits[0].parameters if inits else symbol.parameters


def default(region: Region, relation: Relation) -> str:
    """ "`x` of `f` defaults to `1`", "the default of `x` in `f` is `1`"; the function need not be named."""
    names = (*relation.objects, *relation.subjects) if relation.kind == "default_of" else relation.subjects
    values = relation.second if relation.kind == "default_of" else relation.objects[:1]
    if not names or not values:
        return ""
    for name in names:
        functions = [m for m in names if m is not name]
        for _, symbol, _ in introduced(region, functions):
            for parameter in symbol.parameters:
                given = parameter.default is not None and parameter.name == name.text.strip().lstrip("*")
                if given and canonical(parameter.default or "") == canonical(values[0].text):
                    return ""
    if any(a.kind == "set" and target_fits(a, names[0].text) and value_fits(a, values[0]) for _, a in region.acts):
        return ""
    if any(_falls_back(region, name, [m for m in names if m is not name], values[0]) for name in names):
        return ""
    return f"`{values[0].text}` is not the default of `{names[0].text}` in the cited lines"


def _falls_back(region: Region, name: Mention, others: Sequence[Mention], value: Mention) -> bool:
    """Whether the lines look a name up with this value for where it is not given, or have it in a table of defaults; `others`: that
    table, or what is around the lines."""
    for path, start, end in region.spans:
        document = region.graph.document(path)
        for one in keyed_defaults("\n".join(document.lines) + "\n") if document is not None else ():
            within = start <= one.start and one.end <= end and one.name == name.text.strip().strip("\"'")
            if within and canonical(one.value) == canonical(value.text):
                scope = region.owner_of(path, one.start)
                if scope and all(m.text.strip() == one.table or owner_fits(*scope, m, region) for m in others):
                    return True
    return False


def annotated(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        return symbol.returns is not None and (
            canonical(symbol.returns) == canonical(mention.text) or (relation.loose and mention.text in symbol.returns)
        )

    return _header(region, relation, fits)


def decorated(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        wanted = mention.text.strip().lstrip("@")
        return any(
            canonical(d) == canonical(wanted) or ("(" not in wanted and ends_with(parts_of(d), parts_of(wanted)))
            for d in symbol.decorators
        )

    return _header(region, relation, fits)


def inherits(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        wanted = parts_of(mention.text.partition("[")[0])
        if symbol.kind != "class":
            return False
        if any(
            canonical(b) == canonical(mention.text) or ends_with(b.partition("[")[0].split("."), wanted)
            for b in symbol.bases
        ):
            return True
        return any(ref_fits(r, wanted) for r in bases_above(region, SymbolRef("", facts.path, facts.module, symbol)))

    return _header(region, relation, fits)


def bases_above(region: Region, cls: SymbolRef) -> list[SymbolRef]:
    """All base classes in the workspace, near and far."""
    found: dict[tuple[str, int], SymbolRef] = {}
    around = [cls]
    while around and len(found) < _MAX_BASES:
        for base in region.graph.bases_of(around.pop()):
            if (base.path, base.symbol.start) not in found:
                found[(base.path, base.symbol.start)] = base
                around.append(base)
    return list(found.values())


def overrides(region: Region, relation: Relation) -> str:
    def fits(facts: ModuleFacts, symbol: Symbol, mention: Mention) -> bool:
        wanted = parts_of(mention.text)
        replaced = region.graph.overridden_by(SymbolRef("", facts.path, facts.module, symbol))
        return any(ref_fits(r, wanted) or ends_with(r.full_name.split(".")[:-1], wanted) for r in replaced)

    return _header(region, relation, fits)


def defines(region: Region, relation: Relation) -> str:
    for mention in relation.objects:
        wanted = parts_of(mention.text)
        inside = [
            owner
            for facts, _, owner in introduced(region, ())
            if ends_with([n for n, _ in owner], wanted)
            and all(owner_fits(facts, owner[:-1], s, region) for s in relation.subjects)
        ]
        if not inside:
            return f"the cited lines do not define `{mention.text}` in {shown(relation.subjects)}"
    return ""


def imports(region: Region, relation: Relation) -> str:
    for mention in relation.objects:
        wanted = parts_of(mention.text)
        found = False
        for path, start, end in region.spans:
            facts = region.graph.facts(path)
            if facts is None:
                continue
            for item in facts.imports:
                names = [item.name] if item.name else []
                written, whole = [*item.module.split("."), *names], [*absolute_module(facts, item).split("."), *names]
                fits = item.alias == mention.text or any(
                    ends_with(full, wanted) or full[: len(wanted)] == wanted for full in (written, whole)
                )
                scope = scope_of(facts, item.owner)
                if start <= item.line <= end and fits:
                    found = found or all(owner_fits(facts, scope, s, region) for s in relation.subjects)
        if not found:
            return f"the cited lines do not import `{mention.text}`"
    return ""


def tested(region: Region, relation: Relation) -> str:
    missing = [mention.text.strip() for mention in relation.objects]
    # Looking for tests takes long where calls are not linked: of what a name may mean no more is asked than is needed.
    for ref in (ref for subject in relation.subjects[:1] for ref in region.graph.find_symbol(subject.text)[:4]):
        nodes = [link.node_id for link in region.links.of(ref).tests.items]
        missing = [t for t in missing if not any(node == t or node.endswith("::" + t) for node in nodes)]
        if not missing:
            return ""
    return f"no call leads from `{missing[0]}` to {shown(relation.subjects)}" if missing else ""


def count(region: Region, relation: Relation) -> str:
    """ "`f` is called at 3 places", "in a total of 9 tests", "`C` has 4 methods": as the graph counts, of what the lines define."""
    if relation.words.startswith("called"):
        what = "calling tests" if relation.words.startswith("called in") else "places"
    else:
        what = next((k for k, (one, _) in NOUNS.items() if one in relation.words), "")
    for facts, symbol, _ in introduced(region, relation.subjects[:1]):
        ref = SymbolRef(region.graph.name, facts.path, facts.module, symbol)
        counted = count_of(region.links.of(ref), what)
        if counted is not None and str(counted) == relation.objects[0].text:
            return ""
    return f"{relation.objects[0].text} is not the count, or it cannot be told from the cited lines"


def quoted(region: Region, relation: Relation) -> str:
    """The quotation stands in what is named as its source: the innermost definition around its lines, or the file. What it is said to be
    of (`x` of `f`) is a parameter there, or the field of the docstring."""
    if relation.words == "raised":
        name, text = relation.second[0].text.strip(), relation.objects[0].text
        said = [told for span in region.spans for told in raised_by_docstring(region, *span, name)]
        return "" if any(text in told for told in said) else f"the docstring does not say this of `{name}`"
    words = [w.lower() for w in re.findall(r"\w+", relation.objects[0].text)][:3]
    for path, start, end in region.spans:
        document = region.graph.document(path)
        lines = document.lines[start - 1 : end] if document else []
        for offset, line in enumerate(lines):
            scope = region.owner_of(path, start + offset)
            if scope is None or (words and words[0] not in line.lower()):
                continue
            facts, owner = scope
            # A comment is also in what is around the innermost definition; a docstring speaks of that alone.
            if relation.words == "comment":
                fits = any(True for _ in introduced(region, relation.subjects)) or any(
                    owner_fits(facts, owner[:n], s, region, True)
                    for s in relation.subjects
                    for n in range(len(owner) + 1)
                )
            else:
                fits = all(owner_fits(facts, owner, s, region, True) for s in relation.subjects)
            beside = [n for p, a, b in region.spans if document and p == path for n in document.lines[a - 1 : b]]
            at = start + offset
            if fits and all(
                _is_field(facts, owner, m.text, beside)
                or (document and documents_attribute(facts, m.text, at, document.lines))
                for m in relation.second
            ):
                return ""
    return f"the quotation does not stand in {shown(relation.subjects)}"


def _is_field(facts: ModuleFacts, owner: Owner, name: str, lines: list[str]) -> bool:
    """Whether a name is a parameter of a definition (of a class: of its methods), or a field by the text (`:param name:`, `name:`)."""
    bare = name.strip().lstrip("*")
    if any(re.search(rf"(?:^|[\s:*`]){re.escape(bare)}[`*]*\s*(?::|\(.*\):)", line) for line in lines):
        return True
    names = [n for n, _ in owner]
    return any(
        p.name == bare
        for index, symbol in enumerate(facts.symbols)
        if symbol.is_callable and [n for n, _ in scope_of(facts, index)][: len(names)] == names
        for p in symbol.parameters
    )
