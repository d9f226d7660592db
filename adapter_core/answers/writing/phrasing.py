"""Phrases an answer with the model: it writes, and each sentence that passes every check is shown.

A model that supports drafts writes one sentence about each symbol (`drafting.py`). Where none of these passes, and with other models, it
writes a text over the packed evidence; where none of its sentences passes, it tries again (`retrying.py`).
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
from .packs import ModelReader, pack_for_model
from .passing import checked_sentence
from .retrying import Attempt, attempts, decoding_options, example_place, has_enough


@dataclass
class _Writing:
    """The state of one answer's attempts. `claims`: those that passed, by their texts; `written`: the text of the last attempt."""

    run: Run
    backend: Backend
    pack: EvidencePack
    plan: Plan
    word_share: float
    claims: dict[str, Claim] = field(default_factory=dict)
    written: str = ""
    stopped: bool = False


def phrase(run: Run, found: Found, plan: Plan) -> list[Claim]:
    """The model's sentences that passed every check. Empty where the model fails, runs out of time, or writes none; a note then says why.
    Raises `Cancelled` on the caller's cancel."""
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
                return _finish(run, claims)
            words = run.options.citations.draft_word_share  # a longer text is checked as strictly as drafts
        reader = ModelReader(run.backend, DeadlineToken(run))
        pack = pack_for_model(run.graph, run.question, found, lambda: run.selection(found), run.options, reader)
        run.metrics["pack_tokens"] = pack.tokens
        writing = _Writing(run, run.backend, pack, plan, words, claims)
        _write_attempts(writing, found)
    except ModelError as error:
        run.model_works = False
        run.note(f"the model stopped: {error}")
    except Cancelled:
        run.check()
        run.note(_out_of_time_note(run))
    return _finish(run, claims)


def _finish(run: Run, claims: dict[str, Claim]) -> list[Claim]:
    run.mark("phrased")
    if not claims:
        run.note("no sentence of the model passed the checks, so the composed answer stands")
    return list(claims.values())


def _write_attempts(writing: _Writing, found: Found) -> None:
    run = writing.run
    for number, attempt in enumerate(attempts(run.options, writing.plan.mixes)):
        if attempt.stronger and not writing.plan.mixes:
            return  # the adapter could not be applied
        run.metrics["retries"] = number
        if number:
            run.detail(f"attempt {number + 1}: {attempt.scaffold}{', adapter put on anew' * attempt.stronger}")
        _write_attempt(writing, attempt, found)
        if writing.stopped or has_enough(run.options, writing.written, writing.claims):
            return
        if run.is_late():
            run.note(_out_of_time_note(run))
            return


def _write_attempt(writing: _Writing, attempt: Attempt, found: Found) -> None:
    """Generate one text; split, align and check it while it is streamed."""
    run, splitter = writing.run, SentenceSplitter()
    writing.written = ""
    example = None
    if attempt.scaffold == STRUCTURED:
        example = example_place(writing.pack, run.selection(found).paths)
    messages = phrasing_messages(run.question, writing.pack, attempt.scaffold, example)
    for event in _generate_adapted(writing, messages, attempt):
        if isinstance(event, TextChunk):
            writing.written += event.text
            sentences = splitter.feed(event.text)
        else:
            _record_metrics(writing, event)
            sentences = splitter.finish() if event.reason == "stop" else iter(())
        for sentence in sentences:
            claim = checked_sentence(run, sentence, writing.pack.evidence, writing.word_share)
            if claim is None or claim.text in writing.claims:
                continue
            if not writing.claims:
                run.mark("first_phrased")
            writing.claims[claim.text] = claim
            run.emit("claim", claim)


def _generate_adapted(writing: _Writing, messages: list[Message], attempt: Attempt) -> Iterator[GenerationEvent]:
    """Generate with the adapter; without it where it cannot be applied, which is known before the first word."""
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
    options, cancel = decoding_options(run.options), DeadlineToken(run)
    if adaptation is None:
        yield from writing.backend.generate(messages, options, cancel)
    else:
        yield from writing.backend.generate(messages, options, cancel, adaptation)


def _record_metrics(writing: _Writing, event: Finished) -> None:
    """Add tokens and times to the metrics; the norms of the deltas are those of the last attempt."""
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
        run.note(_out_of_time_note(run))


def _out_of_time_note(run: Run) -> str:
    return f"the model was stopped after {run.options.attempts.deadline:g} seconds"
