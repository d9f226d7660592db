"""The embedded model itself, where it is installed."""

from __future__ import annotations

import threading

import pytest

from adapter_core.models.backend import Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.generate import generate
from adapter_core.models.loading import load_model
from adapter_core.models.local import LocalBackend
from adapter_core.models.process import ProcessBackend
from adapter_core.models.scoring import ScoringOptions, score
from adapter_core.models.sources import resolve

pytestmark = pytest.mark.model
torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

PROMPT = "Question: what is the capital of France?\nAnswer: "
SENTENCES = [
    "`App.route` registers a view function for a URL rule.",
    "`Session.commit` writes all pending changes to the database.",
    "`parse_args` reads the command line and returns a namespace.",
]


@pytest.fixture(scope="module")
def loaded(embedded):
    return load_model(resolve(), "float32", "cpu")


def test_greedy_writes_what_transformers_writes(loaded):
    ids = loaded.tokenizer(PROMPT * 40)["input_ids"]  # more than one chunk
    *chunks, end = generate(loaded, ids, GenerationOptions(max_new_tokens=24, repetition_penalty=1.0))
    whole = torch.tensor([ids])
    with torch.inference_mode():
        reference = loaded.model.generate(
            whole, attention_mask=torch.ones_like(whole), do_sample=False, max_new_tokens=24
        )
    written = reference[0, len(ids) :]
    assert "".join(chunk.text for chunk in chunks) == loaded.tokenizer.decode(written, skip_special_tokens=True)
    assert end.new_tokens == len(written)


def test_batched_reading_equals_one_by_one(loaded):
    question = "How is a view function bound to a URL?"
    batched = score(loaded, SENTENCES, question, ScoringOptions(padding=1.0))
    assert batched == pytest.approx([score(loaded, [sentence], question)[0] for sentence in SENTENCES], abs=1e-4)
    assert max(zip(batched, SENTENCES, strict=True))[1] == SENTENCES[0]


def test_in_the_number_format_of_this_machine(embedded):
    backend = LocalBackend()
    question = "Which function writes the changes to the database?"
    batched = backend.score(SENTENCES, question)
    assert batched == pytest.approx([backend.score([sentence], question)[0] for sentence in SENTENCES], abs=0.1)
    assert max(zip(batched, SENTENCES, strict=True))[1] == SENTENCES[1]


def test_the_tokenizer_is_the_one_that_the_model_was_trained_with(loaded):
    """Digits one by one, even behind spaces; the expected ids are those of the published tokenizer's rule."""
    tokens = loaded.tokenizer.tokenize("x  12\n    3")
    assert [token for token in tokens if any(c.isdigit() for c in token)] == ["1", "2", "3"]
    assert "".join(tokens).replace("Ġ", " ").replace("Ċ", "\n") == "x  12\n    3"


def test_a_question_in_its_own_process_with_cancel(embedded):
    backend = ProcessBackend()
    try:
        cancel = threading.Event()
        events = backend.generate(
            [Message("user", "Say hello.")], GenerationOptions(max_new_tokens=400, min_new_tokens=400), cancel
        )
        assert isinstance(next(events), TextChunk)
        cancel.set()
        *_, end = events
        assert isinstance(end, Finished)
        assert end.reason == "cancelled"
        assert backend.load().name == "SmolLM2-135M-Instruct"
    finally:
        backend.close()
