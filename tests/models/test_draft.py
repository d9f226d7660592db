"""Several sentences at once, freely or along given texts."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from adapter_core.errors import Cancelled, ModelError
from adapter_core.models.backend import Draft, Drafts, GenerationOptions, Message, ModelInfo, Paths
from adapter_core.models.decoder import can_decode
from adapter_core.models.draft import _Batch, draft
from adapter_core.models.loading import LoadedModel, load_model
from adapter_core.models.local import LocalBackend
from adapter_core.models.paths import Spelling, Walk
from adapter_core.models.process import ProcessBackend
from adapter_core.models.serving import Applied
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

from tests.adapters.models import FAMILIES, VOCAB, tiny  # noqa: E402 - after the skip

SHORT = (Message("user", "router"),)
LONG = (Message("user", "How does the router match a request to a view function?"),)
# "the quick fox jumps." | "the quick dog." | "the naïve café."
TEXTS = Paths(
    (
        ((" the quick", 1), (" the na\u00efve caf\u00e9", 3)),
        ((" fox", 2), (" dog", 3)),
        ((" jumps", 3),),
        ((".", 4),),
        (),
    )
)
ALL = {" the quick fox jumps.", " the quick dog.", " the na\u00efve caf\u00e9."}
OPTIONS = GenerationOptions(max_new_tokens=40, repetition_penalty=1.0)


@pytest.fixture
def loaded(tiny_model):
    return load_model(resolve(str(tiny_model)), "float32", "cpu")


def written(loaded, *drafts, options=OPTIONS, **named):
    return list(draft(loaded, drafts, options, Spelling(loaded.tokenizer), **named).written)


@pytest.mark.parametrize("sampled", [False, True])
def test_what_is_written_along_paths_is_one_of_their_texts(loaded, sampled):
    options = GenerationOptions(max_new_tokens=40, repetition_penalty=1.0, temperature=20.0)
    found = written(loaded, *(Draft(SHORT, "It is", TEXTS, sampled) for _ in range(8)), options=options)
    assert all(one.whole and one.text.removeprefix("It is") in ALL for one in found)
    assert len({one.text for one in found}) > (1 if sampled else 0)
    assert all(one.likelihood < 0 and one.tokens for one in found)


def test_every_text_of_the_paths_can_be_spelled(loaded):
    spelling = Spelling(loaded.tokenizer)
    for text in ALL:
        ids = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
        walk = Walk(TEXTS, spelling)
        # Word by word: an edge ends with its text, and tokens do not reach over it.
        for token in ids:
            assert token in walk.allowed()
            walk.go(token)
        assert walk.ended


def test_what_the_vocabulary_cannot_spell_is_not_whole(loaded, monkeypatch):
    monkeypatch.setattr(Spelling, "beginnings", lambda self, text: iter(()))
    [found] = written(loaded, Draft(SHORT, "It", TEXTS))
    assert not found.whole
    assert found.text == "It"


def test_a_row_writes_what_it_writes_alone(loaded):
    """Padding, other rows and memory written in place change nothing."""
    drafts = [Draft(LONG, "It", None), Draft(SHORT, "", None), Draft(LONG, "It is", TEXTS), Draft(SHORT, "The", None)]
    together = written(loaded, *drafts)
    for one, found in zip(drafts, together, strict=True):
        [alone] = written(loaded, one)
        assert alone.text == found.text
        assert alone.likelihood == pytest.approx(found.likelihood, abs=1e-3)


WINDOW = 16


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        *((family, {}) for family in FAMILIES if family != "mistral"),
        ("mistral", {"sliding_window": None}),
        ("mistral", {"sliding_window": WINDOW}),
        ("phi3", {"sliding_window": WINDOW}),
        ("qwen2", {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}),
    ],
)
def test_each_row_is_predicted_as_the_model_reads_it_whole(family, settings):
    """Also by models whose cache keeps a window only, in all layers or in some."""
    model = tiny(family, **settings)
    loaded = LoadedModel(model, None, torch.device("cpu"), ModelInfo("m", "", 64, "float32", "cpu"), frozenset())
    assert can_decode(loaded)
    long = torch.randint(3, VOCAB, (WINDOW * 2,), generator=torch.Generator().manual_seed(0)).tolist()
    rows = [long, long[:10], long, long[: WINDOW + 4]]
    batch = _Batch(loaded, rows)
    predicted = batch.read()
    assert (batch._in_place is None) == bool(settings.get("sliding_window"))
    for step in range(4):
        with torch.inference_mode():
            whole = torch.stack([model(torch.tensor([row])).logits[0, -1] for row in rows])
        assert torch.allclose(predicted, whole, rtol=1e-4, atol=1e-4)
        tokens = [3 + step + 5 * number for number in range(len(rows))]
        rows = [[*row, token] for row, token in zip(rows, tokens, strict=True)]
        predicted = batch.predict(tokens)


def test_a_free_greedy_draft_begins_what_the_model_generates(loaded):
    from adapter_core.models.generate import generate
    from adapter_core.models.text import encode_chat

    [found] = written(loaded, Draft(SHORT))
    text = "".join(
        e.text for e in generate(loaded, encode_chat(loaded.tokenizer, SHORT), OPTIONS) if hasattr(e, "text")
    )
    assert found.text
    assert text.strip().startswith(found.text)


def test_sampling_depends_on_the_seed_alone(loaded):
    drafts = [Draft(LONG, "It", None, sampled=True) for _ in range(3)]
    first, again = written(loaded, *drafts), written(loaded, *drafts)
    assert first == again
    assert len({one.text for one in first}) == 3  # each row has its own numbers
    other = written(loaded, *drafts, options=GenerationOptions(max_new_tokens=40, repetition_penalty=1.0, seed=100))
    assert [one.text for one in other] != [one.text for one in first]


def test_the_memory_is_mixed_in_before_the_mask(loaded):
    wanted = loaded.tokenizer(" dog", add_special_tokens=False)["input_ids"]

    def step(tokens, logits):
        return torch.zeros_like(logits).index_fill(0, torch.tensor(wanted), 50.0)

    [found] = written(loaded, Draft(SHORT, "", Paths((((" fox", 1), (" dog", 1)), ()))), applied=Applied(step=step))
    assert found.text == "dog"


def test_cancelling_and_prompts_that_do_not_fit(loaded):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        written(loaded, Draft(SHORT), cancel=cancel)
    loaded.info = type(loaded.info)("m", "d", 4, "float32", "cpu")
    with pytest.raises(ModelError, match="longer than the model's context"):
        written(loaded, Draft(LONG))


def test_the_process_writes_the_same(tiny_llama):
    drafts = [Draft(SHORT, "It is", TEXTS), Draft(LONG, "It", None, sampled=True)]
    local, process = LocalBackend(str(tiny_llama), dtype="float32"), ProcessBackend(str(tiny_llama), dtype="float32")
    try:
        assert process.drafts
        there, here = process.draft(drafts, OPTIONS), local.draft(drafts, OPTIONS)
        assert [one.text for one in there.written] == [one.text for one in here.written]
        assert there.prompt_tokens == here.prompt_tokens > 0
        assert process.draft([], OPTIONS) == local.draft([], OPTIONS) == Drafts()
    finally:
        process.close()


def test_the_walk_ends_where_no_edge_goes_on():
    class Letters:
        def beginnings(self, text):
            return ((byte, 1) for byte in text[:1])

    walk = Walk(Paths((((("ab"), 1), ("ac", 2)), (("d", 2),), ())), Letters())
    seen = []
    for letter in b"abd":
        assert letter in walk.allowed()
        walk.go(letter)
        seen.append(walk.ended)
    assert seen == [False, False, True]
    assert all(a <= b for a, b in pairwise(seen))
