from __future__ import annotations

import threading

import pytest

from adapter_core.errors import Cancelled, ModelError
from adapter_core.models.loading import load_model
from adapter_core.models.local import LocalBackend
from adapter_core.models.scoring import ScoringOptions, _Item, micro_batches, score
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

QUESTION = "How does the router match a request?"
CONTEXTS = ["", "x", "The router matches.", "def match(self): ...\n" * 9, "é🙂" * 20, "The router matches. " * 4, " \n"]


def by_hand(loaded, context, continuation):
    """Log probabilities over a plain forward pass of the whole text."""
    context = context.rstrip()
    prefix = loaded.tokenizer(context + "\n" if context else "")["input_ids"]
    ids = [*prefix, *loaded.tokenizer(continuation)["input_ids"]]
    start = len(prefix)
    if not prefix:
        ids, start = [loaded.tokenizer.bos_token_id, *ids], 1
    with torch.inference_mode():
        logits = loaded.model(torch.tensor([ids])).logits[0].float().log_softmax(-1)
    return float(torch.stack([logits[at - 1, ids[at]] for at in range(start, len(ids))]).mean())


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("bfloat16", 1e-1)])
def test_batched_equals_one_by_one_and_by_hand(tiny_model, dtype, tolerance):
    loaded = load_model(resolve(str(tiny_model)), dtype, "cpu")
    batched = score(loaded, CONTEXTS, QUESTION, ScoringOptions(padding=1.0))
    alone = [score(loaded, [context], QUESTION)[0] for context in CONTEXTS]
    assert batched == pytest.approx(alone, abs=tolerance)
    if dtype == "float32":
        assert batched == pytest.approx([by_hand(loaded, context, QUESTION) for context in CONTEXTS], abs=tolerance)


def test_long_contexts_are_cut_to_their_beginning(tiny_llama):
    loaded = load_model(resolve(str(tiny_llama)), "float32", "cpu")
    options = ScoringOptions(context_tokens=20)
    words = "match the request to a view function " * 50
    first = loaded.tokenizer.decode(loaded.tokenizer(words)["input_ids"][:20])
    assert score(loaded, [words], QUESTION, options) == pytest.approx(
        score(loaded, [first], QUESTION, options), abs=1e-4
    )


def test_batches_stay_in_bounds():
    items = [_Item(index, [0] * length, 1) for index, length in enumerate([3, 500, 480, 100, 101, 7, 2000, 4000])]
    options = ScoringOptions(batch_tokens=1024)
    batches = micro_batches(items, options)
    assert sorted(item.index for batch in batches for item in batch) == list(range(len(items)))
    for batch in batches:
        longest = max(len(item.ids) for item in batch)
        assert len(batch) == 1 or len(batch) * longest <= 1024
        assert min(len(item.ids) for item in batch) >= longest * 0.75 - 8


def test_cancel_is_seen_between_batches(tiny_llama):
    backend = LocalBackend(str(tiny_llama), device="cpu", scoring=ScoringOptions(batch_tokens=1))
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    backend.load()
    with pytest.raises(Cancelled):
        backend.score(["a b c"] * 5_000, QUESTION, cancel)
    assert len(backend.score(["a", "b"], QUESTION)) == 2


def test_nothing_to_score(tiny_gpt2):
    backend = LocalBackend(str(tiny_gpt2), device="cpu")
    assert backend.score([], QUESTION) == []
    for nothing in ("", " \n"):
        with pytest.raises(ModelError, match="no text to score"):
            backend.score(["a"], nothing)
    with pytest.raises(ModelError, match="too long to be scored"):
        backend.score(["a"], "word " * 500)


def test_control_tokens_count_as_text(tiny_llama):
    backend = LocalBackend(str(tiny_llama), device="cpu")
    assert backend.count_tokens(["<|im_end|>"])[0] > 1
    assert backend.count_tokens([]) == []
