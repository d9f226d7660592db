"""Sentence by sentence: of several drafts the best that passes is shown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.answers.runner import answer_question
from adapter_core.answers.state import Run
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterError, Cancelled, ModelProcessError
from adapter_core.models.backend import Adaptation, Draft, Drafted, Drafts, GenerationOptions
from adapter_core.types import Answer, CancelToken
from tests.answers.fakes import Writer, build_fitted
from tests.answers.test_answers import WORKSPACE, check_every_citation
from tests.answers.test_predicates import texts_of
from tests.support import graph_of

QUESTION = "How is a URL matched to an endpoint?"
GOOD = "`Router.match` finds the endpoint of a URL."


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


class Drafter(Writer):
    """Writes each draft as `write(draft, number)` says. `calls`: the drafts of each call."""

    drafts = True
    moves = False

    def __init__(self, write: Callable[[Draft, int], Drafted], *texts: str, errors: Sequence[Exception | None] = ()):
        super().__init__(*texts, errors=errors)
        self.write = write
        self.calls: list[list[Draft]] = []

    def draft(
        self,
        drafts: Sequence[Draft],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Drafts:
        self.calls.append(list(drafts))
        self.adaptations.append(adaptation)
        self.options.append(options)
        error = self.errors[len(self.calls) - 1] if len(self.calls) <= len(self.errors) else None
        if error is not None:
            raise error
        written = tuple(self.write(one, number) for number, one in enumerate(drafts))
        norms = {"q_proj": 0.01} if adaptation is not None and adaptation.adapter else {}
        return Drafts(written, 100, 0.5, norms, 1, ("Memory ran out.",) if self.moves else ())


def along_or(text: str) -> Callable[[Draft, int], Drafted]:
    """Free drafts write `text` after their opening, the others the first text of their paths, less likely."""

    def write(draft: Draft, number: int) -> Drafted:
        written = next(texts_of(draft.along)) if draft.along is not None else text
        return Drafted(draft.opening + written, -2.0 if draft.along is not None else -1.0, True, 5)

    return write


def asked(graph: CodeGraph, backend: Any, cancel: Any = None, on_event: Any = None, **values: Any) -> Answer:
    options = with_values(AskOptions(phrase=True), values)
    answer = answer_question(graph, QUESTION, options, backend, cancel, on_event)
    check_every_citation(graph.root, answer)
    return answer


def test_each_place_has_its_prompt_and_its_drafts(graph: CodeGraph) -> None:
    backend = Drafter(along_or(" deletes all files."))
    asked(graph, backend, drafts=3, places_at_once=2)
    first = backend.calls[0]
    assert [(d.along is None, d.sampled) for d in first] == [(True, False), (False, False), (False, True)] * 2
    assert len({d.opening for d in first}) == 2
    for draft in first:
        assert QUESTION in draft.messages[-1].content
        assert f"what {draft.opening} does" in draft.messages[-1].content
    assert backend.options[0].repetition_penalty == 1.0
    assert not backend.asked  # no whole text was needed


def test_one_sentence_for_each_place_and_the_failed_drafts_are_listed(graph: CodeGraph) -> None:
    events: list[tuple[str, Any]] = []
    answer = asked(
        graph, Drafter(along_or(" deletes all files.")), on_event=lambda name, value: events.append((name, value))
    )
    assert len(answer.claims) >= 2
    assert {c.kind for c in answer.claims} == {"phrased"}
    subjects = [c.text.split()[0] for c in answer.claims]
    assert len(set(subjects)) == len(subjects)
    assert [v for n, v in events if n == "claim"] == list(answer.claims)
    assert any("deletes all files" in d.text and d.reason for d in answer.dropped), answer.dropped
    assert answer.metrics["drafts"] >= 8
    assert answer.metrics["new_tokens"] == 5 * answer.metrics["drafts"]


def test_the_likelier_draft_that_passes_is_shown(graph: CodeGraph) -> None:
    def write(draft: Draft, number: int) -> Drafted:
        if draft.opening != "`Router.match`":
            return Drafted(draft.opening, -1.0, False)
        if draft.along is None:
            return Drafted(GOOD, -0.5, True)
        return Drafted("`Router.match` returns `endpoint`.", -4.0, True)

    assert [c.text for c in asked(graph, Drafter(write)).claims] == [GOOD]


def test_a_clause_that_fails_is_cut_off(graph: CodeGraph) -> None:
    def write(draft: Draft, number: int) -> Drafted:
        return Drafted(f"{draft.opening} finds the endpoint of a URL, which encrypts the passwords.", -1.0, True)

    answer = asked(graph, Drafter(write), draft_places=1)
    assert [c.text for c in answer.claims] == [GOOD]


def test_sentences_that_tell_nothing_are_dropped(graph: CodeGraph) -> None:
    backend = Drafter(lambda draft, number: Drafted(f"{draft.opening} is a method.", -1.0, True), "Nothing.")
    answer = asked(graph, backend)
    assert {c.kind for c in answer.claims} == {"composed"}


def test_the_answer_has_at_most_so_many_sentences(graph: CodeGraph) -> None:
    assert len(asked(graph, Drafter(along_or(" deletes all files.")), sentences=1).claims) == 1


def test_where_no_draft_passes_a_whole_text_is_written(graph: CodeGraph) -> None:
    backend = Drafter(lambda draft, number: Drafted(f"{draft.opening} deletes all files.", -1.0, True), GOOD)
    answer = asked(graph, backend)
    assert backend.calls
    assert [c.text for c in answer.claims] == [GOOD]


def test_whole_texts_where_they_are_asked_for(graph: CodeGraph) -> None:
    backend = Drafter(along_or(""), GOOD)
    answer = asked(graph, backend, by_sentence=False)
    assert not backend.calls
    assert [c.text for c in answer.claims] == [GOOD]


def test_no_further_places_after_the_deadline(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Drafter(along_or(" deletes all files."))
    monkeypatch.setattr(Run, "is_late", lambda run: "drafts" in run.metrics)
    answer = asked(graph, backend, places_at_once=1)
    assert len(backend.calls) == 1
    assert [c.kind for c in answer.claims] == ["phrased"]


def test_what_passed_before_a_failure_stands(graph: CodeGraph) -> None:
    backend = Drafter(along_or(" deletes all files."), errors=[None, ModelProcessError("the model process died")])
    answer = asked(graph, backend, places_at_once=1)
    assert [c.kind for c in answer.claims] == ["phrased"]
    assert "the model stopped" in answer.reason


def test_a_callers_cancel_ends_it(graph: CodeGraph) -> None:
    cancel = threading.Event()

    def write(draft: Draft, number: int) -> Drafted:
        cancel.set()
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        asked(graph, Drafter(write), cancel)


def test_an_adapter_that_does_not_fit_costs_only_itself(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Drafter(along_or(" deletes all files."), errors=[AdapterError("The adapter is for another model.")])
    answer = asked(graph, backend)
    assert [a is None for a in backend.adaptations][:2] == [False, True]
    assert "the adapter was not used" in answer.reason
    assert answer.provenance.adapter is None


def test_what_it_took_is_told(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Drafter(along_or(" deletes all files."))
    backend.moves = True
    answer = asked(graph, backend, places_at_once=1)
    calls = len(backend.calls)
    assert calls > 1
    assert answer.metrics["prompt_tokens"] == 100 * calls
    assert answer.metrics["draft_seconds"] == 0.5 * calls
    assert answer.metrics["delta_norms"] == {"q_proj": 0.01}
    assert answer.provenance.adapter is not None
    assert "Memory ran out" in answer.reason
