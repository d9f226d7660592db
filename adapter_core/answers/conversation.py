"""Conversations of several questions: evidence is kept, and "and who calls it?" is about the symbol of the previous answer.

conversation = Conversation()
conversation.ask(graph, "Where are URLs matched?")
conversation.ask(graph, "and who calls it?")
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ..code_graph import CodeGraph
from ..evidence.question import analyse
from ..graph.finding.lookup import scope_at
from ..models.backend import Backend
from ..types import Answer, CancelToken, EventSink, Evidence, SymbolRef
from .asked_symbols import bare_object_name, named_members
from .chat import is_chat
from .checking.sentence import read_sentence
from .kinds import answer_kind
from .options import AskOptions
from .runner import answer_question

_OPENING = re.compile(r"^\s*(?:(?:and|but|so|then|ok(?:ay)?|now)\b[\s,]*)+", re.I)
_PRONOUN = re.compile(
    r"\b(?:(?:this|that|the same|the) (?:function|class|method|property|module|symbol|one|thing)|it|this|that|they|them|its|their)\b",
    re.I,
)
# "its `close`", "its close() method": a name written as code, and no ordinary word.
_MEMBER = re.compile(
    r"\b(?:its|their) (?P<name>`[A-Za-z_]\w*(?:\(\))?`|[A-Za-z_]\w*\(\)|_\w+|\w+_\w+|\w+(?= (?:method|property|attribute)\b))"
    r"(?: (?:method|property|attribute))?",
    re.I,
)
_POSSESSIVE = frozenset({"its", "their"})
_MAX_ELLIPSIS = 6  # words of an elliptic question ("and the tests?")
_MAX_EVIDENCE = 24


@dataclass(frozen=True, slots=True)
class QuestionTurn:
    """A question as asked and as resolved (`understood`), and the symbol that its answer is about (`focus`). `caller`: the first caller
    that the answer names, if the question asked for callers."""

    question: str
    understood: str
    focus: str | None
    caller: str | None = None


@dataclass
class Conversation:
    """A conversation about one workspace. It keeps names, spans and hashes but no graph, so each question may use a newer graph."""

    turns: list[QuestionTurn] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def focus(self) -> str | None:
        """The symbol that "it" refers to, in a form that `CodeGraph.find_symbol` takes; None at the beginning."""
        return next((t.focus for t in reversed(self.turns) if t.focus), None)

    def ask(
        self,
        graph: CodeGraph,
        question: str,
        options: AskOptions | None = None,
        backend: Backend | None = None,
        cancel: CancelToken | None = None,
        on_event: EventSink | None = None,
    ) -> Answer:
        """As `answer_question`; a question that refers to the previous one is answered about its symbol, with its evidence as context."""
        options = options or AskOptions()
        focus_symbol = self._focus_symbol(graph) if options.zoom is None else None
        resolved_question = resolve_question(graph, question, focus_symbol)
        focus_symbol = named_member(graph, question, focus_symbol) or focus_symbol
        if focus_symbol is not None and self._asks_callers_again(resolved_question):
            # The callers of the focus were just given, so now "it" is the caller.
            focus_symbol = next(iter(graph.find_symbol(self.turns[-1].caller or "")), focus_symbol)
            resolved_question = resolve_question(graph, question, focus_symbol)
        context: tuple[Evidence, ...] = ()
        if resolved_question != question and focus_symbol is not None:
            options = replace(options, zoom=unique_name(focus_symbol))
            context = tuple(self.evidence)
        answer = answer_question(graph, resolved_question, options, backend, cancel, on_event, context)
        answer = replace(answer, question=question)
        focus = self._new_focus(graph, resolved_question, answer)
        self.turns.append(
            QuestionTurn(question, resolved_question, focus, _first_caller(graph, resolved_question, answer))
        )
        spans = {e.span for e in answer.evidence}
        self.evidence = [*answer.evidence, *(e for e in self.evidence if e.span not in spans)][:_MAX_EVIDENCE]
        return answer

    def _asks_callers_again(self, resolved_question: str) -> bool:
        """Whether a question asks for the callers of the symbol whose callers the previous answer gave."""
        last = self.turns[-1] if self.turns else None
        if last is None or last.caller is None or answer_kind(analyse(resolved_question)) != "callers":
            return False
        previous_names = analyse(last.understood).identifiers
        return not previous_names or analyse(resolved_question).identifiers == previous_names

    def _focus_symbol(self, graph: CodeGraph) -> SymbolRef | None:
        focus = self.focus
        return next(iter(graph.find_symbol(focus)), None) if focus else None

    def _new_focus(self, graph: CodeGraph, question: str, answer: Answer) -> str | None:
        """The unique name of the symbol that the question names, or else of the one that the first sentence is about; None if there is
        none."""
        for name in analyse(question).identifiers:
            refs = graph.find_symbol(name)
            if refs:
                return unique_name(refs[0])
        parsed = analyse(question)
        for ref in (*named_members(graph, parsed), *graph.find_symbol(bare_object_name(parsed) or "-")):
            return unique_name(ref)
        paths = {c.span.path for claim in answer.claims[:1] for c in claim.citations}
        for claim in answer.claims[:1]:
            for mention in read_sentence(claim.text).of("code"):
                refs = graph.find_symbol(mention.text)
                refs_here = [r for r in refs if r.path in paths] or refs
                if refs_here:
                    return unique_name(refs_here[0])
        return None


def _first_caller(graph: CodeGraph, question: str, answer: Answer) -> str | None:
    """The unique name of the function that contains the first cited line of an answer about callers; None for other answers."""
    if answer_kind(analyse(question)) != "callers" or not answer.claims or not answer.claims[0].citations:
        return None
    span = answer.claims[0].citations[0].span
    facts = graph.facts(span.path)
    index = scope_at(facts, span.start) if facts is not None else 0
    is_about_calls = re.search(r"\b(?:calls|called|constructed)\b", answer.claims[0].text)
    return unique_name(graph.ref(facts, index)) if facts is not None and index and is_about_calls else None


def unique_name(ref: SymbolRef) -> str:
    """`path:qualname`, which identifies one symbol among those of the same name."""
    return f"{ref.path}:{ref.module if ref.symbol.kind == 'module' else ref.symbol.qualname}"


def resolve_question(graph: CodeGraph, question: str, focus: SymbolRef | None) -> str:
    """The question with `focus` in place of "it"; unchanged if it stands on its own."""
    member = _MEMBER.search(question)
    cls = _class_of(graph, focus) if focus is not None and member is not None else None
    if cls is not None and member is not None:
        stripped = _OPENING.sub("", question[: member.start()])
        return f"{stripped}`{cls.symbol.qualname}.{member['name'].strip('`').removesuffix('()')}`{question[member.end() :]}"
    if focus is None or is_chat(question) or any(graph.find_symbol(n) for n in analyse(question).identifiers):
        return question
    name = f"`{focus.symbol.qualname}`"
    stripped = _OPENING.sub("", question)
    pronoun = _PRONOUN.search(stripped)
    if pronoun is not None:
        replacement = f"{name}'s" if pronoun.group().lower() in _POSSESSIVE else name
        return stripped[: pronoun.start()] + replacement + stripped[pronoun.end() :]
    if stripped != question or (len(stripped.split()) < _MAX_ELLIPSIS and not _names_something(graph, stripped)):
        return f"{stripped.rstrip(' ?!.')} of {name}?"
    return question


def named_member(graph: CodeGraph, question: str, focus: SymbolRef | None) -> SymbolRef | None:
    """The member of the focus that a question names ("what does its `close` do?"); None if it names none."""
    member = _MEMBER.search(question)
    cls = _class_of(graph, focus) if focus is not None and member is not None else None
    if cls is None or member is None:
        return None
    return next(iter(graph.members(cls, member["name"].strip("`").removesuffix("()"))), None)


def _class_of(graph: CodeGraph, focus: SymbolRef) -> SymbolRef | None:
    """The focus if it is a class, or the class of a method; None for anything else."""
    scopes = [focus] if focus.symbol.kind == "class" else graph.owners_of(focus)[:1]
    return scopes[0] if scopes and scopes[0].symbol.kind == "class" else None


def _names_something(graph: CodeGraph, question: str) -> bool:
    """Whether a short question brings a name of its own: "Where is Router?"."""
    return any(graph.find_symbol(word) for word in analyse(question).words)
