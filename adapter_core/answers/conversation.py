"""Several questions in a row: what was found stays at hand, and "and who calls it?" is about the symbol of the answer before.

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
_POSSESSIVE = frozenset({"its", "their"})
_MAX_ELLIPSIS = 6  # words of a question that says only what is new ("and the tests?")
_KEPT_EVIDENCE = 24


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as asked and as understood, and the symbol that its answer is about. `caller`: what that answer says first that it is
    called by, where it was asked who calls it."""

    question: str
    understood: str
    focus: str | None
    caller: str | None = None


@dataclass
class Conversation:
    """One conversation about one workspace. It keeps names, spans and hashes, no graph: each question may be asked of a newer one."""

    turns: list[Turn] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def focus(self) -> str | None:
        """The symbol that "it" means: full name with its path, as `CodeGraph.find_symbol` takes it."""
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
        """As `answer_question`; a question that leans on the one before is answered about its symbol, with its evidence at hand."""
        options = options or AskOptions()
        known = self._known(graph) if options.zoom is None else None
        understood = resolve_question(graph, question, known)
        if known is not None and self._asks_again(understood):
            # Who calls that was just answered: now it means the caller.
            known = next(iter(graph.find_symbol(self.turns[-1].caller or "")), known)
            understood = resolve_question(graph, question, known)
        context: tuple[Evidence, ...] = ()
        if understood != question and known is not None:
            options = replace(options, zoom=place_of(known))
            context = tuple(self.evidence)
        answer = answer_question(graph, understood, options, backend, cancel, on_event, context)
        answer = replace(answer, question=question)
        focus = self._focus_of(graph, understood, answer)
        self.turns.append(Turn(question, understood, focus, _first_caller(graph, understood, answer)))
        spans = {e.span for e in answer.evidence}
        self.evidence = [*answer.evidence, *(e for e in self.evidence if e.span not in spans)][:_KEPT_EVIDENCE]
        return answer

    def _asks_again(self, understood: str) -> bool:
        """Whether a question that leans on the one before asks who calls what was just told the callers of."""
        last = self.turns[-1] if self.turns else None
        if last is None or last.caller is None or answer_kind(analyse(understood)) != "callers":
            return False
        before = analyse(last.understood).identifiers
        return not before or analyse(understood).identifiers == before

    def _known(self, graph: CodeGraph) -> SymbolRef | None:
        focus = self.focus
        return next(iter(graph.find_symbol(focus)), None) if focus else None

    def _focus_of(self, graph: CodeGraph, question: str, answer: Answer) -> str | None:
        """What the question names, or else what the first sentence is about."""
        for name in analyse(question).identifiers:
            refs = graph.find_symbol(name)
            if refs:
                return place_of(refs[0])
        asked = analyse(question)
        for ref in (*named_members(graph, asked), *graph.find_symbol(bare_object_name(asked) or "-")):
            return place_of(ref)
        paths = {c.span.path for claim in answer.claims[:1] for c in claim.citations}
        for claim in answer.claims[:1]:
            for mention in read_sentence(claim.text).of("code"):
                refs = graph.find_symbol(mention.text)
                here = [r for r in refs if r.path in paths] or refs
                if here:
                    return place_of(here[0])
        return None


def _first_caller(graph: CodeGraph, question: str, answer: Answer) -> str | None:
    """The function in which the first line stands that answers who calls something."""
    if answer_kind(analyse(question)) != "callers" or not answer.claims or not answer.claims[0].citations:
        return None
    span = answer.claims[0].citations[0].span
    facts = graph.facts(span.path)
    index = scope_at(facts, span.start) if facts is not None else 0
    calls = re.search(r"\b(?:calls|called|constructed)\b", answer.claims[0].text)
    return place_of(graph.ref(facts, index)) if facts is not None and index and calls else None


def place_of(ref: SymbolRef) -> str:
    """`path:qualname`, which is one symbol however many share its name."""
    return f"{ref.path}:{ref.module if ref.symbol.kind == 'module' else ref.symbol.qualname}"


def resolve_question(graph: CodeGraph, question: str, focus: SymbolRef | None) -> str:
    """The question with the symbol of the answer before in the place of "it". As it is where it stands on its own."""
    if focus is None or is_chat(question) or any(graph.find_symbol(n) for n in analyse(question).identifiers):
        return question
    name = f"`{focus.symbol.qualname}`"
    bare = _OPENING.sub("", question)
    pronoun = _PRONOUN.search(bare)
    if pronoun is not None:
        shown = f"{name}'s" if pronoun.group().lower() in _POSSESSIVE else name
        return bare[: pronoun.start()] + shown + bare[pronoun.end() :]
    if bare != question or (len(bare.split()) < _MAX_ELLIPSIS and not _names_something(graph, bare)):
        return f"{bare.rstrip(' ?!.')} of {name}?"
    return question


def _names_something(graph: CodeGraph, question: str) -> bool:
    """Whether a short question brings a name of its own: "Where is Router?"."""
    return any(graph.find_symbol(word) for word in analyse(question).words)
