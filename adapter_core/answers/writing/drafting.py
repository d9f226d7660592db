"""An answer sentence by sentence: about each of the first places several drafts of one sentence, of which the best that passes is shown.

A model of 135 million parameters copies well out of a short text and loses its way in a long one. So each sentence has a prompt of its
own: the question and one definition, its beginning given ("`name` …"). Some drafts are written freely, some along what was compiled of
the definition (`sayable.py`); all go through the same checks. The drafts of a few places are written at once, so that the first
sentence is there soon; a place of which no draft passes is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from ...errors import AdapterError, UsageError
from ...evidence.selection import Found
from ...evidence.windows import windows_of
from ...graph import terms
from ...graph.source import hash_lines
from ...models.backend import Backend, Draft, Drafted, Drafts, Message
from ...types import Claim, Evidence, Span, SymbolRef
from ..checking.wording import tells
from ..composing.candidate import definition_span
from ..composing.sentence_scores import lexical_scores
from ..kinds import LINKS, answer_kind
from ..prompts import drafting_messages
from ..state import DeadlineToken, Run
from .adapting import Plan
from .alignment import SentenceSplitter, shorter
from .passing import look_for
from .sayable import Place, Sayable, sayable

_WINDOW_LINES = 12
_MAX_EVIDENCE_LINES = 400
# What is chosen by, beside the likelihood of a draft: the share of the question that it answers to, and what it repeats.
_RELEVANCE, _REPEATED, _FREELY = 3.0, 1.0, 0.5


@dataclass(frozen=True, slots=True)
class _Place:
    """A symbol to say a sentence about, its lines, the one that names it, and how it is shown to the model."""

    said: Sayable
    evidence: tuple[Evidence, ...]
    header: Place
    messages: tuple[Message, ...]


def draft_sentences(run: Run, backend: Backend, found: Found, plan: Plan, claims: dict[str, Claim]) -> None:
    """Fill `claims`, by their texts, with at most one sentence for each place. Raises `ModelError` and `Cancelled`."""
    options = run.options.attempts
    places = list(islice(_places(run, found), options.draft_places))
    said: set[str] = set()
    for start in range(0, len(places), options.places_at_once):
        some = places[start : start + options.places_at_once]
        rows = [(place, draft) for place in some for draft in _drafts(place, options.drafts)]
        written, plan = _written(run, backend, plan, [draft for _, draft in rows])
        run.metrics["drafts"] = run.metrics.get("drafts", 0) + len(written)
        for place in some:
            own = [d for (p, _), d in zip(rows, written, strict=True) if p is place]
            claim = _best(run, place, own, found, said)
            if claim is None or claim.text in claims:
                continue
            if not claims:
                run.mark("first_phrased")
            claims[claim.text] = claim
            said.update(terms.terms_of(claim.text))
            run.emit("claim", claim)
            if len(claims) >= run.options.compose.max_sentences:
                return
        if run.is_late():
            return


def _places(run: Run, found: Found) -> Iterator[_Place]:
    """What the question is about, the best first, as far as there is something to be said of it."""
    items = run.candidates(found)
    run.check()
    kind = answer_kind(found.question)
    scores = lexical_scores(items, kind, found.weights, found.question.text[:300], found.instead)
    for one in sayable(items, scores, kind in LINKS):
        ref = _symbol(run, one)
        document = run.graph.document(one.path)
        if ref is None or document is None:
            continue
        start, end = ref.symbol.start, min(ref.symbol.end, len(document.lines), ref.symbol.start + _MAX_EVIDENCE_LINES)
        text = "\n".join(document.lines[start - 1 : end])
        lines = Evidence(
            Span(run.graph.name, one.path, start, end), text, hash_lines(document.lines, start, end), one.name, "", 0.0
        )
        windows = windows_of(run.graph, [ref], run.question, _WINDOW_LINES)
        shown = windows[0].text if windows else text
        yield _Place(one, (lines,), definition_span(ref), drafting_messages(run.question, one.name, shown))


def _symbol(run: Run, said: Sayable) -> SymbolRef | None:
    facts = run.graph.facts(said.path)
    for index, symbol in enumerate(facts.symbols if facts is not None else ()):
        if symbol.start == said.line and symbol.kind != "module" and facts is not None:
            return run.graph.ref(facts, index)
    return None


def _drafts(place: _Place, count: int) -> Iterator[Draft]:
    """One free and greedy, one along what can be said and greedy, the others sampled along it."""
    along = place.said.paths()
    for number in range(count):
        yield Draft(place.messages, place.said.opening, along if number else None, sampled=number > 1)


def _written(run: Run, backend: Backend, plan: Plan, drafts: Sequence[Draft]) -> tuple[tuple[Drafted, ...], Plan]:
    """The drafts, adapted, and what adapts the next ones; without the adapter where that cannot be put on."""
    # Copying out of the prompt is what is wanted, so nothing is taken off for repetition.
    options = replace(
        run.options.generation,
        max_new_tokens=min(run.options.generation.max_new_tokens, run.options.attempts.draft_tokens),
        repetition_penalty=1.0,
    )
    adaptation = plan.adaptation()
    if adaptation is not None:
        try:
            written = backend.draft(drafts, options, DeadlineToken(run), adaptation)
        except (AdapterError, UsageError) as error:
            run.note(f"the adapter was not used: {error}")
        else:
            run.adapter_name = plan.name
            return _noted(run, written), plan
    return _noted(run, backend.draft(drafts, options, DeadlineToken(run))), Plan()


def _noted(run: Run, drafts: Drafts) -> tuple[Drafted, ...]:
    """Tokens and times add up over the places; how large the deltas are is that of the last ones."""
    metrics = run.metrics
    metrics["prompt_tokens"] = metrics.get("prompt_tokens", 0) + drafts.prompt_tokens
    metrics["new_tokens"] = metrics.get("new_tokens", 0) + sum(one.tokens for one in drafts.written)
    metrics["draft_seconds"] = round(metrics.get("draft_seconds", 0) + drafts.seconds, 3)
    if drafts.delta_norms:
        metrics["delta_norms"] = {target: round(norm, 6) for target, norm in drafts.delta_norms.items()}
        metrics["deltas_capped"] = drafts.capped
    for note in drafts.notes:
        run.note(note)
    return drafts.written


def _best(run: Run, place: _Place, drafts: Sequence[Drafted], found: Found, said: set[str]) -> Claim | None:
    """Of the drafts that pass the best one; of those that do not the reasons are noted."""
    passed: list[tuple[float, Claim]] = []
    total = sum(found.weights.values()) or 1.0
    for draft in dict.fromkeys(drafts):
        claim = _passing(run, place, draft)
        if claim is None:
            continue
        words = set(terms.terms_of(claim.text))
        relevance = sum(found.weights.get(word, 0.0) for word in words) / total
        repeated = len(words & said) / len(words)
        told = place.said.score(claim.text) or _FREELY
        passed.append((draft.likelihood + _RELEVANCE * relevance + told - _REPEATED * repeated, claim))
    return max(passed, key=lambda one: one[0])[1] if passed else None


def _passing(run: Run, place: _Place, draft: Drafted) -> Claim | None:
    """The draft, or the longest beginning of it that can stand alone and passes."""
    splitter = SentenceSplitter()
    sentences = [*splitter.feed(draft.text), *splitter.finish()] if draft.whole else []
    if not sentences:
        run.drop(draft.text, "it is no whole sentence")
        return None
    first = ""
    for text in (sentences[0], *shorter(sentences[0])):
        claim, reason = look_for(
            run, text, place.evidence, run.options.citations.draft_word_share, place.said.places(text), place.header
        )
        if claim is not None and not tells(text):
            claim, reason = None, "it tells nothing"
        if claim is not None:
            return claim
        first = first or reason
    run.drop(sentences[0], first)
    return None
