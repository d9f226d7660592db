"""How often the model is asked, how each time, and what stands at the end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapter_core.adapters.files import save_npz
from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.answers.runner import answer_question
from adapter_core.answers.state import Run
from adapter_core.answers.writing.alignment import SentenceSplitter
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterError, Cancelled, ModelError, ModelProcessError
from adapter_core.models.backend import Finished, GenerationEvent, TextChunk
from adapter_core.types import Answer
from tests.adapters.models import random_adapter
from tests.answers.fakes import DIMS, MODEL, Writer, build_fitted, build_memory
from tests.answers.test_answers import WORKSPACE, check_every_citation
from tests.support import graph_of

QUESTION = "How is a URL matched to an endpoint?"
GOOD = "`Router.match` tries each of `self.rules` in order."
OTHER = "It raises `NoMatch` if `strict` is set."
BAD = "It asks the database for the answer."


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


def asked(graph: CodeGraph, backend: Any, **values: Any) -> Answer:
    answer = answer_question(graph, QUESTION, with_values(AskOptions(phrase=True), values), backend)
    check_every_citation(graph.root, answer)
    return answer


def test_one_attempt_is_enough_where_a_sentence_passes(graph: CodeGraph) -> None:
    backend = Writer(f"{GOOD} {BAD}")
    answer = asked(graph, backend)
    assert len(backend.asked) == 1
    assert answer.metrics["retries"] == 0
    assert [c.text for c in answer.claims] == [GOOD]


def test_the_retry_names_places_and_shows_the_form_of_a_sentence(graph: CodeGraph) -> None:
    backend = Writer(BAD, f"- {GOOD[:-1]} (app/router.py:18).")
    answer = asked(graph, backend)
    assert len(backend.asked) == 2
    assert "Places in it" not in backend.asked[0]
    assert "- app/router.py:" in backend.asked[1]
    assert "(app/router.py:" in backend.asked[1].rpartition("in this form")[2]  # the first selected file
    assert answer.metrics["retries"] == 1
    assert [c.text for c in answer.claims] == [GOOD]  # what the model wrote of places is taken out


def test_without_an_adapter_there_is_no_third_attempt(graph: CodeGraph) -> None:
    build_memory(graph)
    backend = Writer(BAD)
    answer = asked(graph, backend)
    assert len(backend.asked) == 2
    assert {c.kind for c in answer.claims} == {"composed"}
    assert "composed answer stands" in answer.reason


def test_the_fallback_puts_the_adapter_on_anew(graph: CodeGraph, tmp_path: Path) -> None:
    build_fitted(graph)
    own = tmp_path / "sub.npz"
    save_npz(own, random_adapter(MODEL.target_shapes, DIMS.layers, seed=3))
    backend = Writer(BAD, BAD, GOOD, norms={"q_proj": 0.01})
    answer = asked(graph, backend, sub=str(own), gsub=0.4)
    mixing = [a.mixing for a in backend.adaptations if a is not None]
    assert mixing == [{"g_sub": 0.4}, {"g_sub": 0.4}, {"g_sub": 0.5, "layer_multipliers": [1, 1, 1, 1, 1.3, 1.3]}]
    assert answer.metrics["retries"] == 2
    assert answer.metrics["delta_norms"] == {"q_proj": 0.01}
    assert [c.text for c in answer.claims] == [GOOD]


def test_an_adapter_that_cannot_be_put_on_is_not_put_on_anew(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Writer(BAD, errors=[AdapterError("It does not fit.")])
    answer = asked(graph, backend)
    assert [a is not None for a in backend.adaptations] == [True, False, False]  # refused; bare; the retry
    assert answer.metrics["retries"] == 1


def test_a_warm_up_is_lighter_first(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Writer(BAD)
    asked(graph, backend, alpha_warmup=True)
    factors = [a.mixing.get("layer_multipliers", [1.0]) for a in backend.adaptations if a is not None]
    assert [f[0] for f in factors] == [0.5, 0.75, 1.0]


def test_citations_that_are_not_required_cost_no_retry(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Writer(BAD)
    answer = asked(graph, backend, require_citations=False)
    assert len(backend.asked) == 1
    assert {c.kind for c in answer.claims} == {"composed"}


def test_citations_may_be_required_of_each_paragraph(graph: CodeGraph) -> None:
    texts = (f"{GOOD}\n\n{BAD}", f"{OTHER}\n\n{GOOD}")
    plain = Writer(*texts)
    asked(graph, plain)
    assert len(plain.asked) == 1
    strict = Writer(*texts)
    answer = asked(graph, strict, citations_per_paragraph=True)
    assert len(strict.asked) == 2
    assert [c.text for c in answer.claims] == [GOOD, OTHER]


def test_adapter_aware_decoding_names_places_first_and_samples_gently(graph: CodeGraph) -> None:
    values = {"adapter_aware_decoding": True, "do_sample": True, "temperature": 1.2, "top_p": 1.0}
    backend = Writer(GOOD)
    asked(graph, backend, **values)
    options = backend.options[0]
    assert (options.do_sample, options.temperature, options.top_p, options.repetition_penalty) == (True, 0.3, 0.9, 1.05)
    assert backend.asked[0].index("Places in it") < backend.asked[0].index("Question:")
    free = Writer(GOOD)
    asked(graph, free, require_citations=False, **values)
    assert (free.options[0].temperature, free.options[0].top_p) == (1.2, 1.0)
    assert "Places in it" not in free.asked[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("do_sample", True),
        ("temperature", 0.4),
        ("top_p", 0.8),
        ("repetition_penalty", 1.3),
        ("min_new_tokens", 5),
        ("max_new_tokens", 50),
        ("seed", 7),
        ("stop", ("\n\n", "###")),
        ("lookup", False),
    ],
)
def test_options_of_writing_reach_the_model(graph: CodeGraph, name: str, value: Any) -> None:
    backend = Writer(GOOD)
    asked(graph, backend, **{name: value})
    assert getattr(backend.options[0], name) == value


def test_telemetry_counts_retries_and_names_deltas(graph: CodeGraph, tmp_path: Path) -> None:
    build_fitted(graph)
    file = tmp_path / "t.jsonl"
    asked(graph, Writer(BAD, GOOD, norms={"q_proj": 0.0123}), telemetry_out=file)
    (line,) = file.read_text("utf-8").split("\n")[:-1]
    record = json.loads(line)
    assert (record["retries"], record["delta_norms"]) == (1, {"q_proj": 0.0123})
    assert record["tokens"] == {"prompt": 20, "new": 20}  # of both attempts
    assert record["adapter"].startswith("fitted ")
    assert "phrased" in record["elapsed_by_stage"]


# -- time and failure ---------------------------------------------------------------------------------------------------


class Slow(Writer):
    """Writes on until it is stopped. `words`: how many it wrote."""

    words = 0

    def generate(self, messages: Any, options: Any, cancel: Any = None, adaptation: Any = None) -> Any:
        self.asked.append(messages[-1].content)
        yield TextChunk(f"{GOOD} ")
        while cancel is None or not cancel.is_set():
            self.words += 1
            yield TextChunk("Word ")
        yield Finished("cancelled", 10, 10, 0.1, 0.1)


def test_a_deadline_keeps_what_passed_until_then(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Slow()
    monkeypatch.setattr(Run, "is_late", lambda run: backend.words > 5)
    answer = asked(graph, backend, deadline=5)
    assert [c.text for c in answer.claims] == [GOOD]
    assert "the model was stopped after 5 seconds" in answer.reason
    assert len(backend.asked) == 1


def test_no_further_attempt_begins_after_the_deadline(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Writer(BAD)
    monkeypatch.setattr(Run, "is_late", lambda run: "new_tokens" in run.metrics)
    answer = asked(graph, backend, deadline=5)
    assert len(backend.asked) == 1
    assert {c.kind for c in answer.claims} == {"composed"}


def test_a_deadline_before_the_first_word_leaves_the_composed_answer(graph: CodeGraph) -> None:
    backend = Writer(GOOD)
    answer = asked(graph, backend, deadline=1e-9)
    assert {c.kind for c in answer.claims} == {"composed"}
    assert "the model was stopped" in answer.reason


def test_a_callers_cancel_is_no_deadline(graph: CodeGraph) -> None:
    cancel = threading.Event()

    class Stopped(Slow):
        def generate(self, *given: Any, **named: Any) -> Any:
            cancel.set()
            yield from super().generate(*given, **named)

    with pytest.raises(Cancelled):
        answer_question(graph, QUESTION, AskOptions(phrase=True), Stopped(), cancel)


class Dying(Writer):
    """Dies in the middle of its text."""

    def __init__(self, first: str) -> None:
        super().__init__(first)
        self.loads = 0

    def generate(
        self, messages: Any, options: Any, cancel: Any = None, adaptation: Any = None
    ) -> Iterator[GenerationEvent]:
        self.asked.append(messages[-1].content)
        yield TextChunk(self.texts[0])
        raise ModelProcessError("The model process died.")


@pytest.mark.parametrize(("first", "kind"), [(f"{GOOD} It then", "phrased"), ("It then", "composed")])
def test_a_model_that_dies_in_the_middle(graph: CodeGraph, first: str, kind: str) -> None:
    backend = Dying(first)
    answer = asked(graph, backend)
    assert {c.kind for c in answer.claims} == {kind}
    assert "the model stopped: The model process died" in answer.reason
    assert len(backend.asked) == 1
    assert backend.scored == []  # one question does not start it twice


def test_a_model_that_does_not_load(graph: CodeGraph) -> None:
    class Missing(Writer):
        def load(self) -> Any:
            raise ModelError("Its files are damaged.")

    backend = Missing(GOOD)
    answer = asked(graph, backend)
    assert {c.kind for c in answer.claims} == {"composed"}
    assert "the model cannot be used: Its files are damaged" in answer.reason
    assert not backend.asked


def test_notes_of_the_model_are_passed_on(graph: CodeGraph) -> None:
    class Moved(Writer):
        def generate(self, *given: Any, **named: Any) -> Any:
            *rest, _ = super().generate(*given, **named)
            yield from rest
            yield Finished("stop", 1, 1, 0.1, 0.1, notes=("Memory ran out on cuda; the model went on on the CPU.",))

    assert "the model went on on the CPU" in asked(graph, Moved(GOOD)).reason


def test_the_same_question_gets_the_same_answer(graph: CodeGraph) -> None:
    build_fitted(graph)
    build_memory(graph)
    one, two = (asked(graph, Writer(BAD, f"{GOOD} {OTHER}"), rerank=True, function_first=True) for _ in range(2))
    assert (one.text, one.claims, one.dropped, one.reason) == (two.text, two.claims, two.dropped, two.reason)
    assert one.provenance == two.provenance


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("- `name` does it (app/router.py:12).", "`name` does it."),
        ("`name` does it [1] (see `app/router.py:3-9`).", "`name` does it."),
        ("`name` does it (lines 3-9).", "`name` does it."),
        ("Line 610: `name` does it.", "`name` does it."),
        ("It is set to 3.5 in `a.py`.", "It is set to 3.5 in `a.py`."),
    ],
)
def test_places_that_the_model_wrote_are_taken_out(written: str, sentence: str) -> None:
    splitter = SentenceSplitter()
    found: Sequence[str] = [*splitter.feed(written), *splitter.finish()]
    assert found == [sentence]
