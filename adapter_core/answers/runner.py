"""One question to one answer: evidence, composed sentences, the model's vote, phrasing, checks, or a refusal.

Events, for whoever streams: ("stage", name), ("evidence", tuple of Evidence), ("claim", Claim) for each sentence that passed every
check. When the model reads, the sentences in lexical order come first, and the answer that is returned may choose others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..code_graph import CodeGraph
from ..errors import Cancelled, ModelError, UsageError
from ..evidence.context import pack_context
from ..evidence.selection import Found, search
from ..graph.source import hash_lines
from ..models.backend import Backend, Finished, TextChunk
from ..types import Answer, CancelToken, Claim, Dropped, EventSink, Evidence, SymbolRef
from .candidate import Candidate
from .choose import choose, lexical_scores, mix
from .citations import cite
from .compose import candidates
from .kinds import answer_kind
from .options import AskOptions
from .phrase import SentenceSplitter, align
from .prompts import phrasing_messages
from .provenance import provenance_of
from .refusal import answerable, confidence, signals
from .render import commit_footer, not_found, to_markdown
from .telemetry import record_of, write_record
from .verify import verify_claim


def _ignore(name: str, value: Any) -> None:
    """The event sink of callers that do not stream."""


@dataclass
class _Run:
    """What one answer gathers on its way."""

    graph: CodeGraph
    question: str
    options: AskOptions
    backend: Backend | None
    cancel: CancelToken | None
    emit: EventSink
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    model_name: str | None = None
    started: float = field(default_factory=time.perf_counter)

    def check(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The answer was stopped.")

    def mark(self, name: str) -> None:
        """Milliseconds from the question to here."""
        self.metrics[f"{name}_ms"] = round((time.perf_counter() - self.started) * 1000, 1)


def answer_question(
    graph: CodeGraph,
    question: str,
    options: AskOptions | None = None,
    backend: Backend | None = None,
    cancel: CancelToken | None = None,
    on_event: EventSink | None = None,
    context: Sequence[Evidence] = (),
) -> Answer:
    """Answer a question about a workspace. Every claim of the result resolves, is fresh and is supported at this moment.
    `context`: evidence from before, to be used behind what is found now, as far as its lines are still the same.

    Raises `UsageError` for an empty question or an unknown zoom symbol, `Cancelled` when `cancel` is set. A model that fails costs
    only what it would have added: `reason` says so, and the composed answer stands.
    """
    options = options or AskOptions()
    run = _Run(graph, question, options, backend, cancel, on_event or _ignore)
    if not question.strip():
        raise UsageError(
            'The question is empty; ask something, for example: pathline ask "Where is the cache cleared?"'
        )
    zoom = zoom_symbol(graph, options.zoom)
    run.emit("stage", "searching")
    found = _joined(graph, search(graph, question, options.selection, zoom), context)
    run.check()
    run.mark("evidence")
    run.emit("evidence", found.evidence)
    if not _answerable(run, found):
        return _refuse(run, found)
    run.emit("stage", "composing")
    composed = _compose(run, found)
    claims = composed
    if options.phrase:
        run.emit("stage", "phrasing")
        claims = list(_phrase(run, found)) or composed
    if not claims:
        return _refuse(run, found)
    return _finish(run, found, to_markdown(claims), claims)


def _joined(graph: CodeGraph, found: Found, context: Sequence[Evidence]) -> Found:
    """What was found, and behind it the context that is fresh and not in it."""
    kept: list[Evidence] = []
    for item in context:
        document = graph.document(item.span.path)
        inside = document is not None and item.span.end <= len(document.lines)
        fresh = (
            inside
            and document is not None
            and hash_lines(document.lines, item.span.start, item.span.end) == item.sha256
        )
        if fresh and not any(item.span.overlaps(e.span) for e in (*found.evidence, *kept)):
            kept.append(item)
    if not kept:
        return found
    return replace(
        found,
        evidence=(*found.evidence, *kept),
        passages=(*found.passages, *kept),
        definitions=(*found.definitions, *kept),
    )


def _answerable(run: _Run, found: Found) -> bool:
    """Whether the workspace seems to hold an answer. What a user points at, and the project as a whole, are always answered about."""
    if not found.evidence:
        return False
    if found.zoom is not None or found.question.kind == "overview":
        return True
    known = signals(run.graph, found)
    run.metrics["confidence"] = round(confidence(known, run.options.refusal), 3)
    return answerable(known, run.options.refusal)


def zoom_symbol(graph: CodeGraph, name: str | None) -> SymbolRef | None:
    """The symbol that a user named. Raises `UsageError`, with the nearest names, when there is none."""
    if not name:
        return None
    refs = graph.find_symbol(name)
    if refs:
        return refs[0]
    near = graph.nearest_names(name.rpartition(".")[2])
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    raise UsageError(f"There is no symbol {name!r} in this workspace.{hint}")


def _compose(run: _Run, found: Found) -> list[Claim]:
    """The chosen sentences as checked claims. True by construction, and checked all the same."""
    items = candidates(run.graph, found, run.options.compose.max_candidates)
    run.metrics["candidates"] = len(items)
    lexical = lexical_scores(items, answer_kind(found.question), found.weights, found.definitions)
    claims = _chosen(run, found, items, lexical)
    run.mark("composed")
    if not run.options.phrase:
        for claim in claims:
            run.emit("claim", claim)
    votes = _read(run, items, lexical)
    if all(vote is None for vote in votes):
        return claims
    return _chosen(run, found, items, mix(lexical, votes, run.options.reading.weight)) or claims


def _chosen(run: _Run, found: Found, items: list[Candidate], scores: list[float]) -> list[Claim]:
    chosen = choose(items, scores, found.weights, run.options.compose.max_sentences)
    run.check()
    return [claim for item in chosen if (claim := _claim(run, item)) is not None]


def _claim(run: _Run, item: Candidate) -> Claim | None:
    cited = [cite(run.graph, path, a, b, run.options.citations.max_lines) for path, a, b in item.spans]
    return _verified(run, Claim(item.text, "composed", tuple(c for c in cited if c is not None)))


def _verified(run: _Run, claim: Claim) -> Claim | None:
    checked, problem = verify_claim(run.graph, claim)
    if problem:
        if all(d.text != claim.text for d in run.dropped):
            run.dropped.append(Dropped(claim.text, problem))
        return None
    return checked


def _read(run: _Run, items: list[Candidate], lexical: list[float]) -> list[float | None]:
    """log P(question | sentence) of the most promising sentences, within the reading budget; None for the others."""
    options = run.options.reading
    votes: list[float | None] = [None] * len(items)
    if options.weight == 0 or run.backend is None or not items:
        return votes
    run.emit("stage", "reading")
    order = sorted(range(len(items)), key=lambda i: -lexical[i])[: options.max_sentences]
    question = run.question.strip()[: options.max_question_chars]
    try:
        counts = run.backend.count_tokens([items[i].text for i in order])
        total, asked = 0, []
        for i, tokens in zip(order, counts, strict=True):
            if total + tokens > options.max_tokens:
                break
            total += tokens
            asked.append(i)
        for i, score in zip(
            asked, run.backend.score([items[i].text for i in asked], question, run.cancel), strict=True
        ):
            votes[i] = score
        run.model_name = run.backend.load().name
    except ModelError as error:
        run.notes.append(f"the model did not read: {error}")
    run.mark("read")
    return votes


def _phrase(run: _Run, found: Found) -> Iterator[Claim]:
    """Sentences of the model that passed every check, as they come. None of a model that fails or writes nothing that holds."""
    if run.backend is None:
        run.notes.append("phrasing needs the model, so the composed answer stands")
        return
    backend = run.backend
    shown: set[str] = set()
    try:
        info = backend.load()
        run.model_name = info.name
        pack = pack_context(found.passages, run.options.context, backend.count_tokens)
        splitter = SentenceSplitter()
        for event in backend.generate(phrasing_messages(run.question, pack), run.options.generation, run.cancel):
            if isinstance(event, TextChunk):
                sentences = splitter.feed(event.text)
            else:
                _note_generation(run, event)
                sentences = splitter.finish() if event.reason == "stop" else iter(())
            for sentence in sentences:
                claim = _phrased_claim(run, sentence, pack.evidence)
                if claim is None or claim.text in shown:
                    continue
                if not shown:
                    run.mark("first_phrased")
                shown.add(claim.text)
                run.emit("claim", claim)
                yield claim
    except ModelError as error:
        run.notes.append(f"the model stopped: {error}")
    run.check()
    if not shown:
        run.notes.append("no sentence of the model passed the checks, so the composed answer stands")


def _note_generation(run: _Run, event: Finished) -> None:
    run.metrics |= {
        "prompt_tokens": event.prompt_tokens,
        "new_tokens": event.new_tokens,
        "prefill_seconds": round(event.prefill_seconds, 3),
        "decode_seconds": round(event.decode_seconds, 3),
    }
    if event.reason == "cancelled":
        raise Cancelled("The answer was stopped.")


def _phrased_claim(run: _Run, sentence: str, evidence: tuple[Any, ...]) -> Claim | None:
    place = align(sentence, evidence, run.options.citations.max_lines)
    if place is None:
        run.dropped.append(Dropped(sentence, "no lines of the evidence support it"))
        return None
    citation = cite(run.graph, *place, run.options.citations.max_lines)
    return _verified(run, Claim(sentence, "phrased", (citation,) if citation is not None else ()))


def _refuse(run: _Run, found: Found) -> Answer:
    names: list[str] = []
    for word in (*found.question.identifiers, *found.question.words):
        names.extend(n for n in run.graph.nearest_names(word.rpartition(".")[2], 3) if n not in names)
        if len(names) >= 5:
            break
    places = []
    for name in names[:5]:
        refs = run.graph.find_symbol(name)
        places.append(f"{refs[0].path}:{refs[0].symbol.name_line}" if refs else "")
    return _finish(run, found, not_found(names[:5], places), [])


def _finish(run: _Run, found: Found, text: str, claims: list[Claim]) -> Answer:
    complete, reason = run.graph.completeness
    if not run.graph.store.counts()[0] and complete:
        reason = "there is nothing to answer from here: no Python file and no documentation"
    run.mark("total")
    run.metrics |= {"coverage": round(found.coverage, 3), "evidence": len(found.evidence), "dropped": len(run.dropped)}
    provenance = provenance_of(run.graph.root, run.model_name)
    if run.options.commit_footer:
        text += commit_footer(provenance)
    answer = Answer(
        run.question,
        text,
        tuple(claims),
        found.evidence,
        tuple(run.dropped),
        bool(claims),
        complete,
        "; ".join(filter(None, (reason, *run.notes))),
        provenance,
        run.metrics,
    )
    telemetry = run.options.telemetry
    if telemetry.telemetry_out is not None:
        write_record(telemetry.telemetry_out, record_of(run.graph, answer, telemetry.with_question))
    return answer
