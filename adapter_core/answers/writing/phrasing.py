"""The model writes, and what passes every check is shown, sentence by sentence.

A model that can is asked for one sentence about each place (`drafting.py`). Where nothing of that passes, and with one that writes whole
answers only, a text is written over the packed evidence; where nothing of that passes, again (`retrying.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...errors import AdapterError, Cancelled, ModelError, UsageError
from ...evidence.selection import Found
from ...models.backend import Adaptation, Backend, Finished, GenerationEvent, Message, TextChunk
from ...types import Claim, EvidencePack
from ..prompts import STRUCTURED, phrasing_messages
from ..state import DeadlineToken, Run
from .adapting import Plan
from .alignment import SentenceSplitter
from .drafting import draft_sentences
from .packs import Reader, pack_for_model
from .passing import checked_sentence
from .retrying import Attempt, attempts, decoding, enough, example_place


@dataclass
class _Writing:
    """What the attempts of one answer share: `claims` that passed, by their texts, and what the last attempt wrote."""

    run: Run
    backend: Backend
    pack: EvidencePack
    plan: Plan
    word_share: float
    claims: dict[str, Claim] = field(default_factory=dict)
    written: str = ""
    stopped: bool = False


def phrase(run: Run, found: Found, plan: Plan) -> list[Claim]:
    """Sentences of the model that passed every check. None of a model that fails, has no time, or writes nothing that holds; a note then
    says why. Raises `Cancelled` on the caller's cancel."""
    if run.backend is None:
        run.note("phrasing needs the model, so the composed answer stands")
        return []
    if not run.model_works:
        return []
    claims: dict[str, Claim] = {}
    words = run.options.citations.word_share
    try:
        if run.options.attempts.by_sentence and run.backend.drafts:
            draft_sentences(run, run.backend, found, plan, claims)
            if claims or run.is_late():
                return _shown(run, claims)
            words = run.options.citations.draft_word_share  # of such a model no more is believed in a longer text
        reader = Reader(run.backend, DeadlineToken(run))
        pack = pack_for_model(run.graph, run.question, found, lambda: run.selection(found), run.options, reader)
        run.metrics["pack_tokens"] = pack.tokens
        writing = _Writing(run, run.backend, pack, plan, words, claims)
        _write(writing, found)
    except ModelError as error:
        run.model_works = False
        run.note(f"the model stopped: {error}")
    except Cancelled:
        run.check()
        run.note(_no_time(run))
    return _shown(run, claims)


def _shown(run: Run, claims: dict[str, Claim]) -> list[Claim]:
    run.mark("phrased")
    if not claims:
        run.note("no sentence of the model passed the checks, so the composed answer stands")
    return list(claims.values())


def _write(writing: _Writing, found: Found) -> None:
    run = writing.run
    for number, attempt in enumerate(attempts(run.options, writing.plan.mixes)):
        if attempt.stronger and not writing.plan.mixes:
            return  # it could not be put on
        run.metrics["retries"] = number
        if number:
            run.detail(f"attempt {number + 1}: {attempt.scaffold}{', adapter put on anew' * attempt.stronger}")
        _attempt(writing, attempt, found)
        if writing.stopped or enough(run.options, writing.written, writing.claims):
            return
        if run.is_late():
            run.note(_no_time(run))
            return


def _attempt(writing: _Writing, attempt: Attempt, found: Found) -> None:
    """One text of the model, split, aligned and checked as it comes."""
    run, splitter = writing.run, SentenceSplitter()
    writing.written = ""
    example = None
    if attempt.scaffold == STRUCTURED:
        example = example_place(writing.pack, run.selection(found).paths)
    messages = phrasing_messages(run.question, writing.pack, attempt.scaffold, example)
    for event in _events(writing, messages, attempt):
        if isinstance(event, TextChunk):
            writing.written += event.text
            sentences = splitter.feed(event.text)
        else:
            _note_end(writing, event)
            sentences = splitter.finish() if event.reason == "stop" else iter(())
        for sentence in sentences:
            claim = checked_sentence(run, sentence, writing.pack.evidence, writing.word_share)
            if claim is None or claim.text in writing.claims:
                continue
            if not writing.claims:
                run.mark("first_phrased")
            writing.claims[claim.text] = claim
            run.emit("claim", claim)


def _events(writing: _Writing, messages: list[Message], attempt: Attempt) -> Iterator[GenerationEvent]:
    """What the model writes, adapted; without the adapter where that cannot be put on, which is found out before the first word."""
    run, adaptation = writing.run, writing.plan.adaptation(attempt.structured, attempt.stronger)
    if adaptation is not None:
        try:
            yield from _generate(writing, messages, adaptation)
        except (AdapterError, UsageError) as error:
            run.note(f"the adapter was not used: {error}")
            writing.plan = Plan()
            run.adapter_name = None
        else:
            run.adapter_name = writing.plan.name
            return
    yield from _generate(writing, messages, None)


def _generate(writing: _Writing, messages: list[Message], adaptation: Adaptation | None) -> Iterator[GenerationEvent]:
    run = writing.run
    options, cancel = decoding(run.options), DeadlineToken(run)
    if adaptation is None:
        yield from writing.backend.generate(messages, options, cancel)
    else:
        yield from writing.backend.generate(messages, options, cancel, adaptation)


def _note_end(writing: _Writing, event: Finished) -> None:
    """Tokens and times add up over the attempts; how large the deltas are is that of the last one."""
    run, metrics = writing.run, writing.run.metrics
    for name in ("prompt_tokens", "new_tokens", "prefill_seconds", "decode_seconds"):
        metrics[name] = round(metrics.get(name, 0) + getattr(event, name), 3)
    if event.delta_norms:
        metrics["delta_norms"] = {target: round(norm, 6) for target, norm in event.delta_norms.items()}
        metrics["deltas_capped"] = event.capped
    for note in event.notes:
        run.note(note)
    if event.reason == "cancelled":
        run.check()
        writing.stopped = True
        run.note(_no_time(run))


def _no_time(run: Run) -> str:
    return f"the model was stopped after {run.options.attempts.deadline:g} seconds"
