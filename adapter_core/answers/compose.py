"""Sentences that are true by construction: each is compiled from facts of the graph or quotes the text, and names its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph, index_of, is_test_path
from ..evidence.selection import Found
from ..evidence.spans import own_blocks
from ..graph.finding.lookup import implementation
from ..graph.source import is_python
from ..types import Evidence, ModuleFacts, Symbol
from .asked import asked_by_words, kind_of, named_first, named_place, named_symbols
from .composing.around import contents, imported, inheritance, mutations, numbers, passed, reads, standing_at, tests
from .composing.attributes import assigns, attribute_docs
from .composing.budget import TimeBudget
from .composing.calling import BY_NAME, callers, calling_tests, calls, uses
from .composing.candidate import OF_STATEMENTS, Candidate, Speaker, listed
from .composing.chain import way_asked_for
from .composing.comments import comments_above, comments_in
from .composing.counts import asked_for, parameters_of
from .composing.deciding import decisions
from .composing.documented import MAX_HEADER_LINES, of_docstring, of_documentation, of_module
from .composing.having import all_listings
from .composing.links import KnownLinks, Links
from .composing.meeting import meeting_point
from .composing.outside import outside_uses
from .composing.quotes import quotes
from .composing.steps import steps
from .composing.telling import actions
from .inert import code
from .kinds import LINKS, asks_course

_MAX_SYMBOLS = 8
_MAX_SIGNATURE = 160
_ASSIGNED = ("constant", "variable", "type_alias", "field", "enum_member")
_SETTINGS = (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json")
_MAX_LISTED = 5
_MANY_LINES = 2  # of an assignment of which it is looked up who reads it
_MAX_LOOKED_UP = 2  # of one class
_Found = tuple[ModuleFacts, int, Evidence | None]
_NEAR = 3  # of how many symbols callers and the like are looked for, unless they are asked for


def candidates(graph: CodeGraph, found: Found, limit: int, links: KnownLinks | None = None) -> list[Candidate]:
    """The sentences that the evidence yields, in order of the evidence; before it, about what a question about links or a place names.
    `links`: those that are known, with the time in which more are looked for."""
    links = links or KnownLinks(graph)
    budget = links.budget
    seen: dict[str, Candidate] = {}
    by_name: set[tuple[str, int, int]] = set()
    about: set[tuple[str, int]] = set()
    place = 0
    kind = kind_of(graph, found.question)
    course = kind not in LINKS and asks_course(found.question)
    zoomed = found.zoom is not None and found.zoom.symbol.kind == "module"
    with budget.spend():
        outside = outside_uses(graph, found.question) if kind == "callers" else []
    unknown = kind == "callers" and bool(found.question.identifiers)  # unless something is named
    asked = _Asked(
        kind, asked_for(found.question.text), _asked_about(graph, found), course, zoomed, bool(outside), unknown
    )
    evident = list(_evident(graph, found))
    with budget.spend():
        if course and not asked.named:
            evident = _meeting(graph, evident)
        way = way_asked_for(graph, found.question.text) if kind not in LINKS else None
        listed = all_listings(links, found.question.text)
    told = (item for one in outside for item in one.told)
    first = (
        way,
        standing_at(graph, named_place(graph, found.question.text)),
        *told,
        *listed,
    )
    seen |= {item.text: item for item in first if item is not None}
    items = {(facts.path, index): item for facts, index, item in evident}
    for facts, index, item in (*_named(graph, found, items), *evident):
        if (facts.path, index) in about:
            continue
        about.add((facts.path, index))
        own = list(_sentences(graph, facts, index, item, asked, place, found.weights, links))
        for order, candidate in enumerate(sorted(_once(own), key=lambda c: _reading_place(c, asked.kind))):
            named = (facts.path, facts.symbols[index].start) in asked.named
            if candidate.text.startswith(BY_NAME):
                if by_name.issuperset(candidate.spans):
                    continue  # of another symbol of that name
                by_name.update(candidate.spans)
            seen.setdefault(candidate.text, replace(candidate, order=order, named=named))
        place += 1
        if place >= _MAX_SYMBOLS or len(seen) >= limit:
            break
    return list(seen.values())[:limit]


def _once(own: list[Candidate]) -> list[Candidate]:
    """Of the sentences about one symbol, each statement (known by its last line) is told once: in words where they say all of it, else
    as it stands."""
    told = {c.spans[-1][2] for c in own if c.kind in ("returns", "raises", "sets")}
    kept = [c for c in own if c.kind != "quote" or c.spans[-1][2] not in told]
    shown = {c.spans[-1][2] for c in kept if c.kind == "quote"}
    return [c for c in kept if c.kind != "bare" or c.spans[-1][2] not in shown]


_INTRODUCING = ("where", "contents", "doc", "param", "signature", "bases", "text")


def _reading_place(candidate: Candidate, kind: str) -> tuple[int, int]:
    """Where it stands among the sentences about one symbol: what introduces it, its statements in the order of the code, what surrounds
    it; that first where it was asked for."""
    if candidate.kind in _INTRODUCING:
        return 1, 0
    if candidate.kind in OF_STATEMENTS or candidate.kind == "comment":
        return 2, candidate.spans[0 if candidate.kind in ("decides", "steps") else -1][1]
    return (0, 0) if kind in LINKS else (3, 0)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The kind of answer, what is to be counted, and, by path and line, the symbols that the question names; none where it names none.
    `course`: it asks what happens one after the other. `zoomed`: it is asked about a module. `outside`: it names what the workspace uses
    and does not define; `unknown`: it names as code what is neither."""

    kind: str
    counted: tuple[str, ...]
    named: frozenset[tuple[str, int]]
    course: bool
    zoomed: bool
    outside: bool
    unknown: bool

    def means(self, place: tuple[str, int]) -> bool:
        """Whether links of a symbol may answer: who calls what was not asked about is no answer to who calls something."""
        return self.kind not in LINKS or place in self.named or not (self.named or self.outside or self.unknown)


def _evident(graph: CodeGraph, found: Found) -> Iterator[tuple[ModuleFacts, int, Evidence | None]]:
    for item in sorted(found.definitions, key=lambda e: not asked_by_words(e, found)):
        facts = graph.facts(item.span.path)
        index = _symbol_of(facts, item) if facts else None
        if facts is not None and index is not None:
            body = implementation(facts, index)
            yield facts, body, item if body == index else None


def _meeting(graph: CodeGraph, evident: list[_Found]) -> list[_Found]:
    """What was found, behind the function in which most of it meets."""
    refs = [graph.ref(f, i) for f, i, _ in evident if f.symbols[i].is_callable and not is_test_path(f.path)]
    point = meeting_point(graph, refs)
    facts = graph.facts(point.path) if point is not None else None
    index = index_of(facts, point.symbol) if facts is not None and point is not None else None
    if facts is None or index is None:
        return evident
    known = [one for one in evident if (one[0].path, one[1]) == (facts.path, index)]
    return [*(known or [(facts, index, None)]), *(one for one in evident if one not in known)]


def _named(
    graph: CodeGraph, found: Found, items: Mapping[tuple[str, int], Evidence | None]
) -> Iterator[tuple[ModuleFacts, int, Evidence | None]]:
    for ref in named_first(graph, found.question):
        facts = graph.facts(ref.path)
        index = index_of(facts, ref.symbol) if facts is not None else None
        if facts is not None and index is not None:
            yield facts, index, items.get((facts.path, index))


def _asked_about(graph: CodeGraph, found: Found) -> frozenset[tuple[str, int]]:
    refs = [*named_symbols(graph, found.question), *named_first(graph, found.question)]
    refs += [found.zoom] if found.zoom is not None else []
    if refs:
        return frozenset((ref.path, ref.symbol.start) for ref in refs)
    return frozenset((e.span.path, e.span.start) for e in found.definitions if asked_by_words(e, found))


def _symbol_of(facts: ModuleFacts, item: Evidence) -> int | None:
    for index, symbol in enumerate(facts.symbols):
        name = facts.module if symbol.kind == "module" else symbol.qualname
        if (
            name == item.symbol
            and symbol.kind == item.kind
            and symbol.start <= item.span.end
            and item.span.start <= symbol.end
        ):
            return index
    return None


def _sentences(
    graph: CodeGraph,
    facts: ModuleFacts,
    index: int,
    item: Evidence | None,
    asked: _Asked,
    place: int,
    weights: Mapping[str, float],
    links: KnownLinks,
) -> Iterator[Candidate]:
    document, budget = graph.document(facts.path), links.budget
    if document is None:
        return
    speaker = Speaker(facts, index, place)
    symbol = facts.symbols[index]
    if facts.path.endswith(_SETTINGS):
        return  # what stands in them is no prose
    if symbol.kind in ("section", "module"):
        if asked.kind in ("tests", "impact", "callers") and (facts.path, symbol.start) in asked.named:
            with budget.spend():
                importing = list(imported(speaker, graph, graph.ref(facts, index), asked.kind == "tests"))
            yield from importing
        if item is not None and (symbol.kind == "section" or not is_python(facts.path)):
            yield from of_documentation(speaker, facts, index, document.lines, item, weights, asked.course)
        elif item is not None:
            yield from of_module(speaker, facts, document.lines, weights)
            yield from _assigned(speaker, facts, item)
            if asked.zoomed or asked.kind == "overview":
                yield from contents(speaker, facts)
        return
    ref = graph.ref(facts, index)
    named = (facts.path, symbol.start) in asked.named
    linked = asked.means((facts.path, symbol.start)) and (symbol.is_callable or symbol.kind == "class")
    with budget.spend():
        around = list(_surroundings(speaker, links.of(ref), asked, place)) if linked else []
    if asked.kind in LINKS:
        yield from around  # first, since of very many sentences the last ones are left out
    where, *header = _header(speaker, symbol, facts, index, document.lines)
    told = list(of_docstring(speaker, symbol, document.lines, weights, asked.course))
    if not told or told[0].kind != "doc":
        yield where  # else its first sentence says more, and cites the same line
    yield from told
    yield from header
    if symbol.kind == "class":
        yield from _class(speaker, facts, index, document.lines)
        if item is not None:
            yield from _members(graph, facts, index, item, place, document.lines, budget)
    if symbol.kind in (*_ASSIGNED, "class") or symbol.is_callable:
        yield from comments_above(speaker, symbol, document.lines)
    if symbol.kind in _ASSIGNED:
        yield from attribute_docs(speaker, facts, symbol, document.lines)
    if symbol.is_callable:
        yield from comments_in(speaker, facts, symbol, document.lines)
        yield from decisions(speaker, symbol, document.lines)
        if asked.course and (named or not place):
            yield from steps(speaker, graph, ref, document.lines, weights, named)
        yield from actions(speaker, symbol, document.lines)
        yield from quotes(speaker, symbol, document.lines, weights)
        # Where links are asked for, what it calls itself is beside the point.
        with budget.spend() if asked.kind in LINKS else nullcontext():
            called = list(calls(speaker, graph, ref, document.lines))
        yield from called
        yield from mutations(speaker, ref, document.lines)
    if asked.kind not in LINKS:
        yield from around


def _surroundings(speaker: Speaker, links: Links, asked: _Asked, place: int) -> Iterator[Candidate]:
    """What links tell takes time to find out: only of the first symbols, and where the question asks for it."""
    kind, graph, ref = asked.kind, links.graph, links.ref
    # What is soon found comes before what may take all the time.
    about_bases: list[Candidate] = []
    if kind == "inheritance" or (place < _NEAR and not ref.symbol.name.startswith("__")):
        about_bases = list(inheritance(speaker, links))
    importing: list[Candidate] = []
    if kind == "impact" and place < _NEAR and "." not in ref.symbol.qualname:
        importing = list(imported(speaker, graph, ref))
    if kind in LINKS:
        # Beside a library's function of the same name it is told which this is.
        full = ref.full_name if asked.outside else ""
        told = list(callers(speaker, links, kind not in ("tests", "impact"), full))
        yield from told
        if not told and kind == "callers":  # what calls it under another name, or hands it on, names it
            yield from reads(speaker, graph, ref)
    elif place < _NEAR:
        yield from uses(speaker, links)
    yield from about_bases
    if kind in ("tests", "impact"):
        yield from calling_tests(speaker, links)
        if place < _NEAR:
            yield from tests(speaker, links)
    if kind in ("registered", "callers", "impact") and place < _NEAR:
        yield from passed(speaker, graph, ref)
    yield from importing
    if kind == "count" and place < _NEAR:
        yield from numbers(speaker, links, asked.counted)
    elif kind == "impact" and place < _NEAR:
        yield from numbers(speaker, links, ("places", "subclasses", "overrides", "tests"), only_shown=True)


_KIND_WORDS = {
    "class": "a class", "function": "a function", "method": "a method", "property": "a property", "variable": "a variable",
    "constant": "a constant", "type_alias": "a type alias", "field": "a field", "enum_member": "an enum member",
}  # fmt: skip


def _header(speaker: Speaker, symbol: Symbol, facts: ModuleFacts, index: int, lines: list[str]) -> Iterator[Candidate]:
    head = _head_span(facts, index, lines)
    name = code(symbol.qualname)
    what = _KIND_WORDS.get(symbol.kind, "a symbol")
    if symbol.is_async:
        what = what.replace("a ", "an async ", 1)
    parent = facts.symbols[symbol.parent] if symbol.parent > 0 else None
    # Of what it is a method says its name.
    is_what = "is" if parent is not None and symbol.kind in ("method", "property") else f"is {what},"
    yield speaker.say("where", f"{name} {is_what} defined in {code(facts.path)}.", head)
    if symbol.is_callable:
        shown = parameters_of(symbol)
        # A header on several lines is cited whole or not spoken of: every default must be in the lines.
        complete = not shown or head[1] - head[0] < MAX_HEADER_LINES
        defaults = [
            f"{code(p.name)} (default {code(p.default)})"
            for p in shown
            if p.default is not None and len(p.default) <= 40
        ]
        required = [code(p.name) for p in shown if p.default is None and not p.kind.startswith("var_")]
        parts = []
        if required:
            parts.append(f"takes {listed(required)}")
        if defaults:
            parts.append(("optionally " if required else "takes optionally ") + listed(defaults))
        if symbol.returns and len(symbol.returns) <= 80:
            parts.append(f"is annotated to return {code(symbol.returns)}")
        if parts and complete and len(" ".join(parts)) <= 3 * _MAX_SIGNATURE:
            yield speaker.say("signature", f"{name} {listed(parts)}.", head)
    elif symbol.kind in _ASSIGNED and len(symbol.signature) <= _MAX_SIGNATURE and _stands_so(symbol, lines):
        span = symbol.start, symbol.end
        yield speaker.say("assigned", f"{name} is assigned as {code(symbol.signature)}.", span)
    elif (
        symbol.kind in _ASSIGNED
        and symbol.returns
        and len(symbol.returns) <= _MAX_SIGNATURE
        and symbol.start == symbol.end
    ):
        yield speaker.say("assigned", f"{name} is annotated with {code(symbol.returns)}.", head)
    if symbol.decorators and symbol.is_callable:
        shown_decorators = [code("@" + d) for d in symbol.decorators if len(d) <= 80 and "\n" not in d]
        if shown_decorators and symbol.name_line - symbol.start < MAX_HEADER_LINES:
            text = f"{name} is decorated with {listed(shown_decorators)}."
            # `@app.route("/")` is how a function is registered; `@property` is not.
            kind = "registered" if any(set(d) & set(".(") for d in symbol.decorators) else "signature"
            yield speaker.say(kind, text, (symbol.start, symbol.name_line))


def _stands_so(symbol: Symbol, lines: list[str]) -> bool:
    """Whether an assignment of few lines is written as its signature has it, with no comment in it."""
    written = "".join("".join(lines[symbol.start - 1 : symbol.end]).split())
    few = symbol.end - symbol.start < MAX_HEADER_LINES
    return few and assigns(symbol.signature) and "".join(symbol.signature.split()) in written


def _head_span(facts: ModuleFacts, index: int, lines: list[str]) -> tuple[int, int]:
    """The lines of a definition's header; its decorators too, unless there are so many that they would crowd it out."""
    symbol = facts.symbols[index]
    blocks = own_blocks(facts, index, lines)
    end = blocks[0].end if blocks and blocks[0].start <= symbol.name_line else symbol.name_line
    end = max(symbol.name_line, min(end, symbol.end))
    return (symbol.start if end - symbol.start < MAX_HEADER_LINES else symbol.name_line), end


def _class(speaker: Speaker, facts: ModuleFacts, index: int, lines: list[str]) -> Iterator[Candidate]:
    symbol = facts.symbols[index]
    name = code(symbol.qualname)
    head = _head_span(facts, index, lines)
    bases = [b for b in symbol.bases if b != "object"]
    if bases and head[1] - head[0] < MAX_HEADER_LINES:
        text = f"{name} extends {listed([code(b) for b in bases])}."
        yield speaker.say("bases", text, head)
    # A property's getter and setter share a name; the first one is where it is defined.
    named = {s.name: s for s in reversed(facts.symbols) if s.parent == index and s.is_callable}
    methods = [s for s in reversed(named.values()) if not s.name.startswith("_")]
    if methods:
        shown = methods[:_MAX_LISTED]
        more = f" and {len(methods) - len(shown)} more" if len(methods) > len(shown) else ""
        text = f"{name} defines {listed([code(m.name) for m in shown])}{more}."
        if not more:
            yield speaker.say("where", text, *((m.name_line, m.name_line) for m in shown))


def _members(
    graph: CodeGraph,
    facts: ModuleFacts,
    index: int,
    item: Evidence,
    place: int,
    document: list[str],
    budget: TimeBudget,
) -> Iterator[Candidate]:
    """What a class assigns in the lines that were found, and who reads it."""
    looked_up = 0
    for number, symbol in enumerate(facts.symbols):
        inside = (
            symbol.parent == index and symbol.kind in _ASSIGNED and item.span.start <= symbol.start <= item.span.end
        )
        if not inside or (symbol.start == symbol.end and not assigns(symbol.signature)):
            continue  # what is only annotated says little
        speaker, name = Speaker(facts, number, place), code(symbol.qualname)
        lines = (symbol.start, min(symbol.end, symbol.start + MAX_HEADER_LINES - 1))
        short = len(symbol.signature) <= _MAX_SIGNATURE and symbol.end == lines[1] and assigns(symbol.signature)
        text = (
            f"{name} is assigned as {code(symbol.signature)}." if short else f"{name} is defined in {code(facts.path)}."
        )
        yield speaker.say("assigned", text, lines)
        yield from attribute_docs(speaker, facts, symbol, document)
        if place < _NEAR and symbol.end - symbol.start > _MANY_LINES and looked_up < _MAX_LOOKED_UP:
            looked_up += 1
            with budget.spend():
                reading = list(reads(speaker, graph, graph.ref(facts, number)))
            yield from reading


def _assigned(speaker: Speaker, facts: ModuleFacts, item: Evidence) -> Iterator[Candidate]:
    """What a module assigns on the lines that were found."""
    for symbol in facts.symbols[1:]:
        inside = item.span.start <= symbol.start and symbol.end <= item.span.end
        if (
            (inside and symbol.parent == 0 and symbol.kind in _ASSIGNED and symbol.end - symbol.start < 12)
            and len(symbol.signature) <= _MAX_SIGNATURE
            and "=" in symbol.signature
        ):
            text = f"{code(facts.module)} assigns {code(symbol.signature)}."
            yield speaker.say("signature", text, (symbol.start, symbol.end))
