"""All candidate sentences about one symbol: from its definition, its documentation, its statements and its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from ...code_graph import CodeGraph, index_of, is_test_path
from ...graph import terms
from ...graph.source import is_python
from ...types import Evidence, ModuleFacts, Symbol, SymbolRef
from ..inert import code
from ..kinds import LINKS
from .candidate import Candidate, SentenceBuilder
from .definitions import (
    ASSIGNED_KINDS,
    class_sentences,
    content_sentence,
    definition_sentences,
    export_sentence,
    member_sentences,
    module_assignment_sentences,
)
from .documentation.attribute_docs import attribute_doc_sentences
from .documentation.comments import comment_above_sentences, comment_sentences_in
from .documentation.quoted_docs import guide_sentences, quote_docstring, quote_documentation, quote_module_docstring
from .documentation.samples import reader_of
from .links.calls import call_sentences, caller_sentences, calling_test_sentences, use_sentences
from .links.counts import count_sentences
from .links.examples import example_sentences
from .links.imports import importer_sentences
from .links.inheritance import inheritance_sentences
from .links.known_links import KnownLinks, Links
from .links.reaching_tests import reaching_test_sentences
from .links.reads import passing_sentences, reader_sentences
from .named_constants import constant_sentences
from .statements.action_sentences import action_sentences, mutation_sentences
from .statements.decisions import decision_sentences
from .statements.quotes import quote_sentences
from .statements.steps import function_steps, step_sentences

_SETTINGS_SUFFIXES = (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json")
_MAX_TOLD = 14  # statements of a function that is told from first to last, though no course of events is asked for
_MAX_NESTED = 3  # functions within one
# The first subjects, whose callers and the like are looked up even if the question does not ask for links.
_LINKED_SUBJECTS = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """A symbol that sentences are about. `evidence`: the found lines of it; None if only the question names it."""

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
    def location(self) -> tuple[str, int]:
        return self.facts.path, self.symbol.start


def subject_of(graph: CodeGraph, ref: SymbolRef) -> Subject | None:
    """The symbol as a subject that was not found by the search; None if its file has changed meanwhile."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    return Subject(facts, index, None) if facts is not None and index is not None else None


@dataclass(frozen=True, slots=True)
class QuestionTraits:
    """What a question asks, whatever the subject. `kind`: of the answer; `counted_kinds`: as `counts.counted_kinds`; `named`: path and line
    of the symbols that it names. `wants_course`: it asks what happens step by step. `is_module_zoom`: the zoom symbol is a module.
    `names_library`: it names what the workspace uses and does not define; `names_unknown`: it names as code what is neither.
    `guides`: path and line of the documentation that tells how something is done, or why. `wants_examples`: it asks how one does
    something. `roles`: of the functions by path and line, as in `Candidate`."""

    kind: str
    counted_kinds: tuple[str, ...]
    named: frozenset[tuple[str, int]]
    wants_course: bool
    is_module_zoom: bool
    names_library: bool
    names_unknown: bool
    guides: frozenset[tuple[str, int]] = frozenset()
    wants_examples: bool = False
    roles: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def may_link(self, location: tuple[str, int]) -> bool:
        """Whether links of the symbol at `location` may answer: the callers of one symbol do not answer a question for another's."""
        return (
            self.kind not in LINKS
            or location in self.named
            or not (self.named or self.names_library or self.names_unknown)
        )


@dataclass(frozen=True, slots=True)
class SymbolSentences:
    """Compiles the sentences about one symbol after the other. `weights`: of the question's terms; `alternatives`: as in `Found`."""

    links: KnownLinks
    traits: QuestionTraits
    weights: Mapping[str, float]
    alternatives: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def _graph(self) -> CodeGraph:
        return self.links.graph

    def sentences(self, subject: Subject, rank: int) -> Iterator[Candidate]:
        """The sentences about one symbol; `rank`: how many symbols come before it."""
        document = self._graph.document(subject.facts.path)
        if document is None or subject.facts.path.endswith(_SETTINGS_SUFFIXES):
            return  # settings have no sentences
        builder = SentenceBuilder(subject.facts, subject.index, rank)
        if subject.symbol.kind in ("section", "module"):
            yield from self._text_sentences(builder, subject, document.lines)
        else:
            yield from self._code_sentences(builder, subject, document.lines)

    def _text_sentences(self, builder: SentenceBuilder, subject: Subject, lines: list[str]) -> Iterator[Candidate]:
        """The sentences about a module or a section of documentation."""
        facts, item, traits = subject.facts, subject.evidence, self.traits
        if traits.kind in ("tests", "impact", "callers") and subject.location in traits.named:
            with self.links.budget.spend():
                ref = self._graph.ref(facts, subject.index)
                about_imports = list(importer_sentences(builder, self._graph, ref, traits.kind == "tests"))
            yield from about_imports
        if item is None:
            return
        if subject.location in traits.guides:
            yield from guide_sentences(builder, lines, item, self.weights, self.alternatives, reader_of(self._graph))
            return
        if subject.symbol.kind == "section" or not is_python(facts.path):
            yield from quote_documentation(builder, lines, item, self.weights, traits.wants_course)
            return
        yield from quote_module_docstring(builder, lines, self.weights)
        yield from module_assignment_sentences(builder, item)
        if traits.is_module_zoom or traits.kind == "overview":
            yield from content_sentence(builder)
            yield from export_sentence(builder)

    def _code_sentences(self, builder: SentenceBuilder, subject: Subject, lines: list[str]) -> Iterator[Candidate]:
        symbol = subject.symbol
        about_links = self._timed_link_sentences(builder, subject)
        if self.traits.kind in LINKS:
            yield from about_links  # first, since the last of very many sentences are cut off
        yield from self._introduction(builder, lines)
        if symbol.kind == "class":
            yield from class_sentences(builder, lines)
            if subject.evidence is not None:
                yield from member_sentences(
                    builder, self.links, subject.evidence, lines, builder.rank < _LINKED_SUBJECTS
                )
        if symbol.kind in (*ASSIGNED_KINDS, "class") or symbol.is_callable:
            yield from comment_above_sentences(builder, lines)
        if symbol.kind in ASSIGNED_KINDS:
            yield from attribute_doc_sentences(builder, lines)
        if symbol.is_callable:
            yield from self._statement_sentences(builder, subject, lines)
        if self.traits.kind not in LINKS:
            yield from about_links

    def _introduction(self, builder: SentenceBuilder, lines: list[str]) -> Iterator[Candidate]:
        """Where it is defined, its docstring and its header."""
        definition_sentence, *rest = definition_sentences(builder, lines)
        docstring = list(quote_docstring(builder, lines, self.weights, self.traits.wants_course))
        if not docstring or docstring[0].kind != "doc":
            yield definition_sentence  # else its first sentence says more, and cites the same line
        yield from docstring
        yield from rest

    def _statement_sentences(self, builder: SentenceBuilder, subject: Subject, lines: list[str]) -> Iterator[Candidate]:
        """The sentences about the statements of a function."""
        symbol, ref = subject.symbol, self._graph.ref(subject.facts, subject.index)
        named = subject.location in self.traits.named
        yield from comment_sentences_in(builder, lines)
        yield from decision_sentences(builder, symbol, lines)
        is_aside = is_test_path(subject.facts.path) and "test" not in self.weights
        wants_course = self.traits.wants_course and (named or not (builder.rank or is_aside))
        role = self.traits.roles.get(subject.location, "") if self.traits.kind != "why" else ""
        is_main = role == "main"
        wants_course = wants_course or (bool(role) and self.traits.wants_course)
        if wants_course or (is_main and len(function_steps(symbol, lines)) <= _MAX_TOLD):
            yield from step_sentences(builder, self._graph, ref, lines, self.weights, named, is_main)
        if "default" in self.weights:
            yield from self._constants(builder)
        yield from action_sentences(builder, symbol, lines)
        yield from quote_sentences(builder, symbol, lines, self.weights)
        for inner, function in _nested_functions(builder):
            yield from action_sentences(inner, function, lines)
            yield from quote_sentences(inner, function, lines, self.weights)
        # In an answer about links, what the function itself calls matters little, so it uses the links' time budget.
        with self.links.budget.spend() if self.traits.kind in LINKS else nullcontext():
            about_calls = list(call_sentences(builder, self._graph, ref, lines))
        yield from about_calls
        yield from mutation_sentences(builder, ref, lines)

    def _constants(self, builder: SentenceBuilder) -> Iterator[Candidate]:
        """The values of the constants that a function uses, first of those that are called what the question asks for."""
        for item in constant_sentences(self._graph, builder.facts, builder.symbol, builder.rank):
            name_terms = terms.parts(item.text.partition("`")[2].partition("`")[0])
            is_asked = len(name_terms) > 1 and name_terms <= self.weights.keys()
            yield replace(item, kind="default", rank=0, named=True) if is_asked else item

    def _timed_link_sentences(self, builder: SentenceBuilder, subject: Subject) -> list[Candidate]:
        """The sentences about links; empty if the question does not ask for those of this symbol. Looking links up takes time."""
        has_links = subject.symbol.is_callable or subject.symbol.kind == "class"
        with self.links.budget.spend():
            if not has_links or not self.traits.may_link(subject.location):
                return []
            links = self.links.of(self._graph.ref(subject.facts, subject.index))
            return list(_link_sentences(builder, links, self.traits))


def _nested_functions(builder: SentenceBuilder) -> Iterator[tuple[SentenceBuilder, Symbol]]:
    """Builder and symbol of the first functions nested in this one, which may have been found for what they do."""
    facts = builder.facts
    nested = [index for index, s in enumerate(facts.symbols) if s.parent == builder.index and s.is_callable]
    for index in nested[:_MAX_NESTED]:
        yield SentenceBuilder(facts, index, builder.rank), facts.symbols[index]


def _link_sentences(builder: SentenceBuilder, links: Links, traits: QuestionTraits) -> Iterator[Candidate]:
    """The sentences about links. Since looking links up takes time, some are made for the first subjects only, or only on request."""
    kind, graph, ref = traits.kind, links.graph, links.ref
    is_top = builder.rank < _LINKED_SUBJECTS
    # Quick look-ups come before those that may use up the time.
    about_inheritance: list[Candidate] = []
    if kind == "inheritance" or (is_top and not ref.symbol.name.startswith("__")):
        about_inheritance = list(inheritance_sentences(builder, links, kind == "inheritance"))
        if any(item.text.endswith(" among others.") for item in about_inheritance) and kind == "inheritance":
            counted = count_sentences(builder, links, ("subclasses", "overrides"))
            about_inheritance[1:1] = [replace(item, kind="total", named=True) for item in counted]
    about_imports: list[Candidate] = []
    if kind == "impact" and is_top and "." not in ref.symbol.qualname:
        about_imports = list(importer_sentences(builder, graph, ref))
    if kind in LINKS:
        about_callers = list(
            caller_sentences(builder, links, kind not in ("tests", "impact"), _name_for_callers(graph, ref, traits))
        )
        yield from about_callers
        if not about_callers and kind == "callers":
            # Code that calls it under another name or passes it on reads its name.
            yield from reader_sentences(builder, graph, ref)
    elif is_top and traits.wants_examples:
        yield from example_sentences(builder, links)
    elif is_top:
        yield from use_sentences(builder, links)
    yield from about_inheritance
    if kind in ("tests", "impact"):
        yield from calling_test_sentences(builder, links, _name_for_callers(graph, ref, traits))
        if is_top:
            yield from reaching_test_sentences(builder, links)
    if kind in ("registered", "callers", "impact") and is_top:
        yield from passing_sentences(builder, graph, ref)
    yield from about_imports
    if kind == "count" and is_top:
        yield from count_sentences(builder, links, traits.counted_kinds)
    elif kind == "impact" and is_top:
        yield from count_sentences(builder, links, ("places", "subclasses", "overrides", "tests"), only_shown=True)


def _name_for_callers(graph: CodeGraph, ref: SymbolRef, traits: QuestionTraits) -> str:
    """The name of a symbol in the sentences about its callers, qualified if a library or another file has one of the same name that the
    question may mean."""
    if traits.names_library:
        return code(ref.full_name)
    namesakes = (r for r in graph.find_symbol(ref.symbol.qualname) if r.symbol.qualname == ref.symbol.qualname)
    is_ambiguous = any(r.path != ref.path and (r.path, r.symbol.start) in traits.named for r in namesakes)
    return f"{code(ref.symbol.qualname)} defined in {code(ref.path)}" if is_ambiguous else code(ref.symbol.qualname)
