"""Writes an answer sentence by sentence: several drafts of one sentence about each of the best symbols, of which the best that passes all
checks is shown.

A model of 135 million parameters copies well from a short text and gets lost in a long one. So each sentence has its own prompt, the
question and one definition, and a given beginning ("`name` …"). Some drafts are written freely, some along predicates that were compiled
from the definition (`predicates.py`); all go through the same checks. The drafts of a few symbols are written at once, so that the first
sentence is there soon; a symbol without a draft that passes is left out.
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
from ..checking.wording import is_informative
from ..composing.candidate import definition_span
from ..composing.sentence_scores import lexical_scores
from ..kinds import LINKS, answer_kind
from ..prompts import drafting_messages
from ..state import DeadlineToken, Run
from .adapting import Plan
from .alignment import SentenceSplitter, shorter_beginnings
from .passing import find_support
from .predicates import Place, SymbolPredicates, symbol_predicates

_WINDOW_LINES = 12
_MAX_EVIDENCE_LINES = 400
# Weights in the score of a draft, beside its likelihood: the question's share in it, and the share that repeats earlier sentences; and
# the score of a free draft that has none of the predicates.
_RELEVANCE, _REPEATED, _FREE_DRAFT_SCORE = 3.0, 1.0, 0.5


@dataclass(frozen=True, slots=True)
class _Subject:
    """A symbol to write a sentence about: its predicates, its lines, the line that names it, and its prompt."""

    predicates: SymbolPredicates
    evidence: tuple[Evidence, ...]
    header: Place
    messages: tuple[Message, ...]


def draft_sentences(run: Run, backend: Backend, found: Found, plan: Plan, claims: dict[str, Claim]) -> None:
    """Fill `claims`, by their texts, with at most one sentence for each symbol. Raises `ModelError` and `Cancelled`."""
    options = run.options.attempts
    subjects = list(islice(_subjects(run, found), options.draft_places))
    said_terms: set[str] = set()
    for start in range(0, len(subjects), options.places_at_once):
        batch = subjects[start : start + options.places_at_once]
        requests = [(subject, draft) for subject in batch for draft in _draft_requests(subject, options.drafts)]
        written, plan = _write_drafts(run, backend, plan, [draft for _, draft in requests])
        run.metrics["drafts"] = run.metrics.get("drafts", 0) + len(written)
        for subject in batch:
            subject_drafts = [d for (p, _), d in zip(requests, written, strict=True) if p is subject]
            claim = _best_claim(run, subject, subject_drafts, found, said_terms)
            if claim is None or claim.text in claims:
                continue
            if not claims:
                run.mark("first_phrased")
            claims[claim.text] = claim
            said_terms.update(terms.terms_of(claim.text))
            run.emit("claim", claim)
            if len(claims) >= run.options.compose.max_sentences:
                return
        if run.is_late():
            return


def _subjects(run: Run, found: Found) -> Iterator[_Subject]:
    """The symbols that the question is about, the best first, as far as they have predicates."""
    items = run.candidates(found)
    run.check()
    kind = answer_kind(found.question)
    scores = lexical_scores(items, kind, found.weights, found.question.text[:300], found.alternatives)
    for predicates in symbol_predicates(items, scores, kind in LINKS):
        ref = _symbol_ref(run, predicates)
        document = run.graph.document(predicates.path)
        if ref is None or document is None:
            continue
        start, end = ref.symbol.start, min(ref.symbol.end, len(document.lines), ref.symbol.start + _MAX_EVIDENCE_LINES)
        text = "\n".join(document.lines[start - 1 : end])
        evidence = Evidence(
            Span(run.graph.name, predicates.path, start, end),
            text,
            hash_lines(document.lines, start, end),
            predicates.name,
            "",
            0.0,
        )
        windows = windows_of(run.graph, [ref], run.question, _WINDOW_LINES)
        prompt_text = windows[0].text if windows else text
        yield _Subject(
            predicates, (evidence,), definition_span(ref), drafting_messages(run.question, predicates.name, prompt_text)
        )


def _symbol_ref(run: Run, predicates: SymbolPredicates) -> SymbolRef | None:
    facts = run.graph.facts(predicates.path)
    for index, symbol in enumerate(facts.symbols if facts is not None else ()):
        if symbol.start == predicates.line and symbol.kind != "module" and facts is not None:
            return run.graph.ref(facts, index)
    return None


def _draft_requests(subject: _Subject, count: int) -> Iterator[Draft]:
    """The requests for drafts: one free and greedy, one along the predicates and greedy, the others sampled along them."""
    paths = subject.predicates.paths()
    for number in range(count):
        yield Draft(subject.messages, subject.predicates.opening, paths if number else None, sampled=number > 1)


def _write_drafts(run: Run, backend: Backend, plan: Plan, drafts: Sequence[Draft]) -> tuple[tuple[Drafted, ...], Plan]:
    """(the adapted drafts, the plan for the next ones); without the adapter, now and from then on, where it cannot be applied."""
    # The model is to copy from its prompt, so there is no penalty for repetition.
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
            return _record_metrics(run, written), plan
    return _record_metrics(run, backend.draft(drafts, options, DeadlineToken(run))), Plan()


def _record_metrics(run: Run, drafts: Drafts) -> tuple[Drafted, ...]:
    """Add tokens and times to the metrics; the norms of the deltas are those of the last call."""
    metrics = run.metrics
    metrics["prompt_tokens"] = metrics.get("prompt_tokens", 0) + drafts.prompt_tokens
    metrics["new_tokens"] = metrics.get("new_tokens", 0) + sum(draft.tokens for draft in drafts.written)
    metrics["draft_seconds"] = round(metrics.get("draft_seconds", 0) + drafts.seconds, 3)
    if drafts.delta_norms:
        metrics["delta_norms"] = {target: round(norm, 6) for target, norm in drafts.delta_norms.items()}
        metrics["deltas_capped"] = drafts.capped
    for note in drafts.notes:
        run.note(note)
    return drafts.written


def _best_claim(
    run: Run, subject: _Subject, drafts: Sequence[Drafted], found: Found, said_terms: set[str]
) -> Claim | None:
    """The best draft that passes, None if none does; the reasons of the others are recorded in `run`."""
    passed: list[tuple[float, Claim]] = []
    total = sum(found.weights.values()) or 1.0
    for draft in dict.fromkeys(drafts):
        claim = _passing_claim(run, subject, draft)
        if claim is None:
            continue
        words = set(terms.terms_of(claim.text))
        relevance = sum(found.weights.get(word, 0.0) for word in words) / total
        repeated = len(words & said_terms) / len(words)
        path_score = subject.predicates.score(claim.text) or _FREE_DRAFT_SCORE
        passed.append((draft.likelihood + _RELEVANCE * relevance + path_score - _REPEATED * repeated, claim))
    return max(passed, key=lambda item: item[0])[1] if passed else None


def _passing_claim(run: Run, subject: _Subject, draft: Drafted) -> Claim | None:
    """The draft, or its longest beginning that can stand alone and passes; None if none does."""
    splitter = SentenceSplitter()
    sentences = [*splitter.feed(draft.text), *splitter.finish()] if draft.whole else []
    if not sentences:
        run.drop(draft.text, "it is no whole sentence")
        return None
    first_reason = ""
    for text in (sentences[0], *shorter_beginnings(sentences[0])):
        claim, reason = find_support(
            run,
            text,
            subject.evidence,
            run.options.citations.draft_word_share,
            subject.predicates.places(text),
            subject.header,
        )
        if claim is not None and not is_informative(text):
            claim, reason = None, "it tells nothing"
        if claim is not None:
            return claim
        first_reason = first_reason or reason
    run.drop(sentences[0], first_reason)
    return None
