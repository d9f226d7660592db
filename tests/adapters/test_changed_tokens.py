"""Which tokens an adapter makes likelier."""

from __future__ import annotations

import threading

import pytest

from adapter_core.adapters.changed_tokens import changed_tokens
from adapter_core.adapters.report import similarities
from adapter_core.adapters.targets import infer_target_shapes
from adapter_core.errors import Cancelled
from tests.adapters.models import VOCAB, assert_same_bits, random_adapter, tiny, weights

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")


class Characters:
    """A tokenizer of single characters."""

    def __call__(self, text, **options):
        return {"input_ids": [ord(c) % VOCAB for c in text]}

    def decode(self, ids):
        return "".join(chr(i + (VOCAB if i < 32 else 0)) for i in ids)


class Loaded:
    def __init__(self, model):
        self.model, self.tokenizer, self.device = model, Characters(), torch.device("cpu")


def test_the_most_changed_first():
    model = tiny("llama")
    before = weights(model)
    adapter = random_adapter(infer_target_shapes(model))
    found = changed_tokens(Loaded(model), adapter, ["abcdefgh", "hello world", "", "x"], top=5, delta_cap=9.0)
    assert len(found) == 5
    assert [abs(f.change) for f in found] == sorted((abs(f.change) for f in found), reverse=True)
    assert abs(found[-1].change) > 0
    for one in found:
        text = ["abcdefgh", "hello world"][one.text]
        assert Characters()(one.token)["input_ids"] == Characters()(text[one.position])["input_ids"]
        assert one.position > 0
    assert_same_bits(model, before)
    nothing = random_adapter(infer_target_shapes(model), alpha=0.0)
    assert {f.change for f in changed_tokens(Loaded(model), nothing, ["abcdefgh"])} == {0.0}


def test_it_can_be_stopped():
    model = tiny("llama")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        changed_tokens(Loaded(model), random_adapter(infer_target_shapes(model)), ["abc"], cancel=cancel)


def test_without_modules_there_is_no_likeness(tmp_path):
    names, cosines = similarities(tmp_path)
    assert (names, cosines.shape) == ([], (0, 0))
