"""All sentences about one symbol, for one question: from its definition, its documentation, its statements and its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from ...code_graph import CodeGraph
from ...graph.source import is_python
from ...types import Evidence, ModuleFacts, Symbol, SymbolRef
from ..inert import code
from ..kinds import LINKS
from .candidate import Candidate, Speaker
from .definitions import ASSIGNED, assigned_in_module, bases_and_methods, contents, header, members
from .documentation.attribute_docs import attribute_docs
from .documentation.comments import comments_above, comments_in
from .documentation.quoted_docs import of_docstring, of_documentation, of_module
from .links.calls import callers, calling_tests, calls, uses
from .links.counts import count_sentences
from .links.imports import imported
from .links.inheritance import inheritance
from .links.known_links import KnownLinks, Links
from .links.reaching_tests import reaching_tests
from .links.reads import passed, reads
from .statements.action_sentences import actions, mutations
from .statements.decisions import decisions
from .statements.quotes import quotes
from .statements.steps import steps

_SETTINGS = (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json")
_MAX_NESTED = 3  # functions within one
_NEAR = 3  # of how many symbols callers and the like are looked for, unless they are asked for


@dataclass(frozen=True, slots=True)
class Subject:
    """A symbol that sentences are about. `evidence`: its lines that were found; None where they were not, and the question names it."""

    facts: ModuleFacts
    index: int
    evidence: Evidence | None

    @property
    def symbol(self) -> Symbol:
        return self.facts.symbols[self.index]

    @property
    def key(self) -> tuple[str, int]:
        return self.facts.path, self.index

    @property
    def where(self) -> tuple[str, int]:
        return self.facts.path, self.symbol.start


@dataclass(frozen=True, slots=True)
class QuestionTraits:
    """What a question asks of all symbols: the kind of answer, what is to be counted, and, by path and line, the symbols that it names
    (none where it names none). `course`: it asks what happens one after the other. `zoomed`: it is asked about a module. `outside`: it
    names what the workspace uses and does not define; `unknown`: it names as code what is neither."""

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


@dataclass(frozen=True, slots=True)
class SymbolSentences:
    """Tells of one symbol after the other. `weights`: of the question's terms."""

    links: KnownLinks
    asked: QuestionTraits
    weights: Mapping[str, float]

    @property
    def _graph(self) -> CodeGraph:
        return self.links.graph

    def sentences(self, subject: Subject, rank: int) -> Iterator[Candidate]:
        """`rank`: how many symbols were told of before."""
        document = self._graph.document(subject.facts.path)
        if document is None or subject.facts.path.endswith(_SETTINGS):
            return  # what stands in settings is no prose
        speaker = Speaker(subject.facts, subject.index, rank)
        if subject.symbol.kind in ("section", "module"):
            yield from self._of_file(speaker, subject, document.lines)
        else:
            yield from self._of_definition(speaker, subject, document.lines)

    def _of_file(self, speaker: Speaker, subject: Subject, lines: list[str]) -> Iterator[Candidate]:
        """Of a module, or a section of documentation."""
        facts, item, asked = subject.facts, subject.evidence, self.asked
        if asked.kind in ("tests", "impact", "callers") and subject.where in asked.named:
            with self.links.budget.spend():
                ref = self._graph.ref(facts, subject.index)
                importing = list(imported(speaker, self._graph, ref, asked.kind == "tests"))
            yield from importing
        if item is None:
            return
        if subject.symbol.kind == "section" or not is_python(facts.path):
            yield from of_documentation(speaker, lines, item, self.weights, asked.course)
            return
        yield from of_module(speaker, lines, self.weights)
        yield from assigned_in_module(speaker, item)
        if asked.zoomed or asked.kind == "overview":
            yield from contents(speaker)

    def _of_definition(self, speaker: Speaker, subject: Subject, lines: list[str]) -> Iterator[Candidate]:
        symbol = subject.symbol
        linked = self._of_links(speaker, subject)
        if self.asked.kind in LINKS:
            yield from linked  # first, since of very many sentences the last ones are left out
        yield from self._introduction(speaker, lines)
        if symbol.kind == "class":
            yield from bases_and_methods(speaker, lines)
            if subject.evidence is not None:
                yield from members(speaker, self.links, subject.evidence, lines, speaker.place < _NEAR)
        if symbol.kind in (*ASSIGNED, "class") or symbol.is_callable:
            yield from comments_above(speaker, lines)
        if symbol.kind in ASSIGNED:
            yield from attribute_docs(speaker, lines)
        if symbol.is_callable:
            yield from self._of_statements(speaker, subject, lines)
        if self.asked.kind not in LINKS:
            yield from linked

    def _introduction(self, speaker: Speaker, lines: list[str]) -> Iterator[Candidate]:
        """Where it is defined, its docstring, its header."""
        where, *rest = header(speaker, lines)
        told = list(of_docstring(speaker, lines, self.weights, self.asked.course))
        if not told or told[0].kind != "doc":
            yield where  # else its first sentence says more, and cites the same line
        yield from told
        yield from rest

    def _of_statements(self, speaker: Speaker, subject: Subject, lines: list[str]) -> Iterator[Candidate]:
        """What the statements of a function say and do."""
        symbol, ref = subject.symbol, self._graph.ref(subject.facts, subject.index)
        named = subject.where in self.asked.named
        yield from comments_in(speaker, lines)
        yield from decisions(speaker, symbol, lines)
        if self.asked.course and (named or not speaker.place):
            yield from steps(speaker, self._graph, ref, lines, self.weights, named)
        yield from actions(speaker, symbol, lines)
        yield from quotes(speaker, symbol, lines, self.weights)
        for inner, function in _nested(speaker):
            yield from actions(inner, function, lines)
            yield from quotes(inner, function, lines, self.weights)
        # Where links are asked for, what it calls itself is beside the point.
        with self.links.budget.spend() if self.asked.kind in LINKS else nullcontext():
            called = list(calls(speaker, self._graph, ref, lines))
        yield from called
        yield from mutations(speaker, ref, lines)

    def _of_links(self, speaker: Speaker, subject: Subject) -> list[Candidate]:
        """What links tell takes time to find out: only where the question asks for it."""
        has_links = subject.symbol.is_callable or subject.symbol.kind == "class"
        with self.links.budget.spend():
            if not has_links or not self.asked.means(subject.where):
                return []
            links = self.links.of(self._graph.ref(subject.facts, subject.index))
            return list(_surroundings(speaker, links, self.asked))


def _nested(speaker: Speaker) -> Iterator[tuple[Speaker, Symbol]]:
    """The functions that are defined within one, which was found for what they do, too."""
    facts = speaker.facts
    own = [number for number, s in enumerate(facts.symbols) if s.parent == speaker.index and s.is_callable]
    for number in own[:_MAX_NESTED]:
        yield Speaker(facts, number, speaker.place), facts.symbols[number]


def _surroundings(speaker: Speaker, links: Links, asked: QuestionTraits) -> Iterator[Candidate]:
    """What links tell takes time to find out: only of the first symbols, and where the question asks for it."""
    kind, graph, ref = asked.kind, links.graph, links.ref
    near = speaker.place < _NEAR
    # What is soon found comes before what may take all the time.
    about_bases: list[Candidate] = []
    if kind == "inheritance" or (near and not ref.symbol.name.startswith("__")):
        about_bases = list(inheritance(speaker, links))
    importing: list[Candidate] = []
    if kind == "impact" and near and "." not in ref.symbol.qualname:
        importing = list(imported(speaker, graph, ref))
    if kind in LINKS:
        told = list(callers(speaker, links, kind not in ("tests", "impact"), _named(graph, ref, asked)))
        yield from told
        if not told and kind == "callers":  # what calls it under another name, or hands it on, names it
            yield from reads(speaker, graph, ref)
    elif near:
        yield from uses(speaker, links)
    yield from about_bases
    if kind in ("tests", "impact"):
        yield from calling_tests(speaker, links, _named(graph, ref, asked))
        if near:
            yield from reaching_tests(speaker, links)
    if kind in ("registered", "callers", "impact") and near:
        yield from passed(speaker, graph, ref)
    yield from importing
    if kind == "count" and near:
        yield from count_sentences(speaker, links, asked.counted)
    elif kind == "impact" and near:
        yield from count_sentences(speaker, links, ("places", "subclasses", "overrides", "tests"), only_shown=True)


def _named(graph: CodeGraph, ref: SymbolRef, asked: QuestionTraits) -> str:
    """What a symbol is called where its callers are told: beside a library's function of its name, or another one of the workspace that
    the question may mean, it is said which this is."""
    if asked.outside:
        return code(ref.full_name)
    alike = (r for r in graph.find_symbol(ref.symbol.qualname) if r.symbol.qualname == ref.symbol.qualname)
    several = any(r.path != ref.path and (r.path, r.symbol.start) in asked.named for r in alike)
    return f"{code(ref.symbol.qualname)} defined in {code(ref.path)}" if several else code(ref.symbol.qualname)
