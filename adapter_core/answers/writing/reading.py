"""The model's vote on composed sentences: log P(question | sentence)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import AdapterError, Cancelled, ModelError
from ...models.backend import Adaptation
from ..composing.candidate import Candidate
from ..state import DeadlineToken, Run
from .adapting import Plan
from .built import reads_better


def votes_on(
    run: Run, items: Sequence[Candidate], lexical: Sequence[float], plan: Callable[[], Plan]
) -> list[float | None]:
    """The model's score for each of the best sentences (by `lexical`), within the reading budget; None for the others. The adapter of
    `plan` is applied where the options say so; `plan` is called only once the model is needed."""
    options = run.options.reading
    votes: list[float | None] = [None] * len(items)
    if options.weight == 0 or run.backend is None or not run.model_works or not items:
        return votes
    run.emit("stage", "reading")
    ranked = sorted(range(len(items)), key=lambda i: -lexical[i])[: options.max_sentences]
    try:
        counts = run.backend.count_tokens([items[i].text for i in ranked])
        scored, total = [], 0
        for i, tokens in zip(ranked, counts, strict=True):
            if total + tokens > options.max_tokens:
                break
            total += tokens
            scored.append(i)
        for i, score in zip(scored, _score_sentences(run, [items[i].text for i in scored], plan), strict=True):
            votes[i] = score
        run.model_name = run.backend.load().name
    except (ModelError, AdapterError) as error:
        run.note(f"the model did not read: {error}")
    except Cancelled:
        run.check()
        run.note("the model did not read: there was no time left")
    run.mark("read")
    return votes


def _score_sentences(run: Run, sentences: list[str], plan: Callable[[], Plan]) -> list[float]:
    assert run.backend is not None
    question = run.question.strip()[: run.options.reading.max_question_chars]
    adaptation = _adaptation(run, plan)
    if adaptation is not None:
        try:
            scores = run.backend.score(sentences, question, DeadlineToken(run), adaptation)
        except AdapterError as error:
            run.note(f"the adapter was not used: {error}")
        else:
            run.adapter_name = plan().name
            return scores
    return run.backend.score(sentences, question, DeadlineToken(run))


def _adaptation(run: Run, plan: Callable[[], Plan]) -> Adaptation | None:
    options = run.options.adapter
    if options.reads is None:
        named_path = Path(options.adapter) if options.adapter not in ("auto", "none") else None
        if (
            run.backend is None
            or options.adapter == "none"
            or options.alpha == 0
            or (named_path and not named_path.is_dir())
        ):
            return None
        info = run.backend.load()
        if not reads_better(run.graph, info.name, info.digest, named_path):
            return None
    elif not options.reads:
        return None
    return plan().reading_adaptation()
