"""The model's process is killed while it writes an answer: the composed answer stands and says what happened."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from adapter_core.answers.options import AskOptions, ReadingOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.models.backend import GenerationEvent, GenerationOptions, TextChunk
from adapter_core.models.process import ProcessBackend

pytest.importorskip("torch", reason='needs the extra "pathline[model]"')

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
        for event in super().generate(*args, **kwargs):
            if isinstance(event, TextChunk) and self.times:
                self.times -= 1
                psutil.Process(self.pid).kill()
            yield event


@pytest.fixture
def backend(tiny_llama):
    backend = Killed(str(tiny_llama), dtype="float32", device="cpu")
    yield backend
    backend.close()


def test_the_composed_answer_stands_and_three_deaths_are_enough(repo, backend):
    (repo / "router.py").write_text(SOURCE)
    writing = GenerationOptions(max_new_tokens=200, min_new_tokens=200)
    options = AskOptions(phrase=True, reading=ReadingOptions(weight=0.0), generation=writing)
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
        assert [claim.text for claim in answer.claims] == composed
        assert "killed" not in answer.reason
        assert backend.pid is not None
