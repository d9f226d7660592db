"""The model's process is killed while it writes an answer: the composed answer stands and says what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from adapter_core.answers.options import AskOptions, AttemptOptions, ReadingOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.models.backend import GenerationEvent, GenerationOptions, TextChunk
from adapter_core.models.process import ProcessBackend
from adapter_core.types import CancelToken

pytest.importorskip("torch", reason="needs what ./x setup installs")

SOURCE = '''
class Router:
    """Matches URLs to rules."""

    def match(self, url):
        """Find the first rule that fits a URL."""
        for rule in self.rules:
            if rule.fits(url):
                return rule
        raise LookupError(url)
'''
QUESTION = "How is a URL matched?"


class Killed(ProcessBackend):
    """Its process is killed once it has begun to write, `times` times."""

    times = 3

    def generate(self, *args, **kwargs) -> Iterator[GenerationEvent]:
        struck = False
        for event in super().generate(*args, **kwargs):
            if isinstance(event, TextChunk) and self.times and not struck:
                struck = True  # more text may have arrived before it is dead
                self.times -= 1
                psutil.Process(self.pid).kill()
            yield event

    def _request(self, method: str, params: dict[str, Any], cancel: CancelToken | None) -> Iterator[Any]:
        # Drafts come all at once: meanwhile it is asked whether they are still wanted.
        return super()._request(method, params, Deadly(self, cancel) if method == "draft" else cancel)


class Deadly:
    """A cancel token of one call that kills the process, where that is left to do: once, though it takes a while to be dead."""

    def __init__(self, backend: Killed, cancel: CancelToken | None) -> None:
        self.backend, self.cancel = backend, cancel
        self.struck = False

    def is_set(self) -> bool:
        if self.backend.times and not self.struck:
            self.struck = True
            self.backend.times -= 1
            psutil.Process(self.backend.pid).kill()
        return self.cancel is not None and self.cancel.is_set()


@pytest.fixture
def backend(tiny_llama):
    backend = Killed(str(tiny_llama), dtype="float32", device="cpu")
    yield backend
    backend.close()


@pytest.mark.parametrize("by_sentence", [True, False])
def test_the_composed_answer_stands_and_three_deaths_are_enough(repo, backend, by_sentence):
    (repo / "router.py").write_text(SOURCE)
    writing = GenerationOptions(max_new_tokens=200, min_new_tokens=200)
    attempts = AttemptOptions(by_sentence=by_sentence)
    options = AskOptions(phrase=True, reading=ReadingOptions(weight=0.0), generation=writing, attempts=attempts)
    with CodeGraph.load_or_build(repo) as graph:
        composed = [claim.text for claim in answer_question(graph, QUESTION).claims]
        assert composed
        pids = []
        for _ in range(3):
            answer = answer_question(graph, QUESTION, options, backend)
            assert [claim.text for claim in answer.claims] == composed
            assert {claim.kind for claim in answer.claims} == {"composed"}
            assert "was killed (out of memory?); the next question starts it again" in answer.reason
            pids.append(backend.pid)
        assert pids == [None] * 3
        answer = answer_question(graph, QUESTION, options, backend)
        assert [claim.text for claim in answer.claims] == composed
        assert "died 3 times in a row and is not started again" in answer.reason
        assert backend.pid is None
        backend.unload()  # what restarting the model does
        answer = answer_question(graph, QUESTION, options, backend)
        assert answer.claims
        assert "killed" not in answer.reason
        assert backend.pid is not None
