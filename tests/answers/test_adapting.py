"""Which adapter and memory an answer gets, how they are mixed, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapter_core.adapters.adapter import Factors
from adapter_core.adapters.files import load_adapters_npz, save_npz
from adapter_core.adapters.rounding import rounded
from adapter_core.adapters.targets import TARGETS
from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AdapterOptions, AskOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterError, AdapterFileError
from adapter_core.models.backend import Adaptation
from adapter_core.types import Answer
from tests.adapters.models import random_adapter
from tests.answers.fakes import DIMS, MODEL, Writer, build_fitted, build_memory, build_null
from tests.answers.test_answers import WORKSPACE
from tests.support import graph_of, write

QUESTION = "How is a URL matched to an endpoint?"
GOOD = "`Router.match` tries each of `self.rules` in order."


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


def asked(graph: CodeGraph, backend: Writer | None = None, **values: Any) -> tuple[Answer, Adaptation | None]:
    """The answer, and what was on the model when it wrote."""
    backend = backend or Writer(GOOD)
    answer = answer_question(graph, QUESTION, with_values(AskOptions(phrase=True), values), backend)
    assert answer.claims
    return answer, backend.adaptations[0]


def test_without_a_build_the_model_is_bare_and_nothing_is_said(graph: CodeGraph) -> None:
    answer, adaptation = asked(graph)
    assert adaptation is None
    assert answer.provenance.adapter is None
    assert answer.reason == ""


def test_the_null_adapter_is_used_only_where_a_scale_is_asked_for(graph: CodeGraph) -> None:
    folder = build_null(graph)
    assert asked(graph)[1] is None
    answer, adaptation = asked(graph, alpha=8)
    assert adaptation == Adaptation(str(folder / "adapters.npz"), None, {"alpha_star": 8})
    assert answer.provenance.adapter is not None
    assert answer.provenance.adapter.startswith("generated ")


def test_by_default_a_fitted_adapter_that_was_kept_and_the_memory(graph: CodeGraph) -> None:
    build_null(graph)
    fitted, memory = build_fitted(graph), build_memory(graph)
    answer, adaptation = asked(graph)
    assert adaptation == Adaptation(str(fitted), None, {}, str(memory))
    assert answer.provenance.adapter is not None
    assert answer.provenance.adapter.startswith("fitted ")
    assert answer.provenance.adapter.endswith(", memory")


def test_a_fitted_adapter_that_was_not_kept_is_not_used(graph: CodeGraph) -> None:
    build_null(graph)
    build_fitted(graph, kept=False)
    assert asked(graph)[1] is None


def test_alpha_0_isolates_the_model(graph: CodeGraph) -> None:
    build_fitted(graph)
    memory = build_memory(graph)
    answer, adaptation = asked(graph, alpha=0)
    assert adaptation is None
    assert answer.provenance.adapter is None
    assert asked(graph, alpha=0, memory=True)[1] == Adaptation(memory=str(memory))


@pytest.mark.parametrize(
    ("values", "adapter", "memory"),
    [
        ({}, True, True),
        ({"memory": False}, True, False),
        ({"adapter": "none"}, False, False),
        ({"adapter": "none", "memory": True}, False, True),
    ],
)
def test_adapter_and_memory_can_be_left_out(graph: CodeGraph, values: Any, adapter: bool, memory: bool) -> None:
    build_fitted(graph)
    build_memory(graph)
    found = asked(graph, **values)[1] or Adaptation()
    assert (found.adapter is not None, found.memory is not None) == (adapter, memory)


def test_a_memory_that_is_asked_for_and_not_there_is_said(graph: CodeGraph) -> None:
    assert "there is no memory of this repository" in asked(graph, memory=True)[0].reason


def test_a_file_or_folder_that_is_named(graph: CodeGraph, tmp_path: Path) -> None:
    file = tmp_path / "own.npz"
    save_npz(file, random_adapter(MODEL.target_shapes, DIMS.layers))
    assert asked(graph, adapter=str(file))[1] == Adaptation(str(file))
    folder = build_null(graph, tmp_path / "built")
    assert asked(graph, adapter=str(folder))[1] == Adaptation(str(folder / "adapters.npz"))
    with pytest.raises(AdapterFileError, match="There is no adapter"):
        asked(graph, adapter=str(tmp_path / "nowhere.npz"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(AdapterError, match="holds no adapter for this model"):
        asked(graph, adapter=str(tmp_path / "empty"))


def test_stale_adapters_are_used_and_said(graph: CodeGraph, repo: Path) -> None:
    fitted, memory = build_fitted(graph), build_memory(graph)
    write(repo, "app/new.py", "def later():\n    return 1\n")
    write(repo, "app/errors.py", "class NoMatch(LookupError):\n    '''No rule fits at all.'''\n")
    with CodeGraph.load_or_build(repo) as now:
        answer, adaptation = asked(now)
    assert adaptation == Adaptation(str(fitted), None, {}, str(memory))
    assert (
        "the adapter is of an earlier state: since then, files 1 changed (app/errors.py), 1 added (app/new.py)"
        in answer.reason
    )
    assert "the memory is of an earlier state" in answer.reason


def test_another_readme_makes_nothing_stale(graph: CodeGraph, repo: Path) -> None:
    build_fitted(graph)
    write(repo, "README.md", "# Router\n\nMatches.\n")
    with CodeGraph.load_or_build(repo) as now:
        assert asked(now)[0].reason == ""


@pytest.mark.parametrize("name", ["manifest.json", "adapters.npz"])
def test_what_is_damaged_is_said_and_not_used(graph: CodeGraph, name: str) -> None:
    file = build_fitted(graph)
    (file.parent / name).write_bytes(b"{")
    answer, adaptation = asked(graph)
    assert adaptation is None
    assert "build the adapter anew" in answer.reason or "--rebuild" in answer.reason


def test_an_adapter_that_does_not_fit_costs_only_itself(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Writer(GOOD, errors=[AdapterError("The adapter is for a model of 6 layers.")])
    answer, _ = asked(graph, backend)
    assert [a is None for a in backend.adaptations] == [False, True]
    assert {c.kind for c in answer.claims} == {"phrased"}
    assert "the adapter was not used: The adapter is for a model of 6 layers" in answer.reason
    assert answer.provenance.adapter is None


MIXED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"alpha": 4}, {"alpha_star": 4}),
    ({"alpha": 4, "rank": 2}, {"alpha_star": 4, "rank": 2, "per_target_keep": dict.fromkeys(TARGETS, 2)}),
    ({"rank": 2}, {"per_target_keep": dict.fromkeys(TARGETS, 2)}),
    ({"beta": 0.5}, {"beta": 0.5}),
    ({"target_weights": {"q_proj": 0.5}}, {"target_weights": {"q_proj": 0.5}}),
    ({"layer_schedule": "top"}, {"layer_multipliers": [0, 0, 0, 0, 3, 3]}),
    ({"per_target_rank_schedule": {"q_proj": 3}}, {"per_target_keep": {"q_proj": 3}}),
    (
        {"layer_rank_tiers": {"q_proj": (3, 2, 1)}},
        {"per_target_keep_layers": [{"q_proj": k} for k in (1, 1, 2, 2, 3, 3)]},
    ),
    ({"rank_budget": 10}, {"rank_budget": 10}),
    ({"ablate_attn": True}, {"ablate": ["attn"]}),
    ({"ablate_attn": True, "ablate_mlp": True}, {"ablate": ["attn", "mlp"]}),
    ({"alpha_warmup": True}, {"layer_multipliers": [0.5] * 6}),
]


@pytest.mark.parametrize(("values", "mixing"), MIXED)
def test_options_of_mixing_reach_the_model(graph: CodeGraph, values: dict[str, Any], mixing: dict[str, Any]) -> None:
    fitted = build_fitted(graph)
    assert asked(graph, **values)[1] == Adaptation(str(fitted), None, mixing)


@pytest.mark.parametrize(("values", "mixing"), MIXED)
def test_the_mixer_takes_them_and_they_change_the_deltas(
    graph: CodeGraph, values: dict[str, Any], mixing: dict[str, Any]
) -> None:
    from adapter_core.adapters.deltas import build_per_layer_deltas, delta_norm

    adapter = load_adapters_npz(build_fitted(graph))

    def norms(**options: Any) -> list[float]:
        deltas = build_per_layer_deltas(adapter, **options)
        return [delta_norm(deltas[i][t]) if t in deltas[i] else 0.0 for i in range(DIMS.layers) for t in TARGETS]

    if "beta" in mixing:
        with_bias = [{"q_proj": Factors(np.zeros((1, 4)), np.zeros((3, 1)), np.ones(3))}]
        (layer,) = build_per_layer_deltas(with_bias, **mixing)
        assert layer["q_proj"].bias is not None
        assert layer["q_proj"].bias.tolist() == [mixing["beta"]] * 3
        return
    assert not np.allclose(norms(), norms(**mixing))


def test_the_kind_of_the_question_weighs_targets(graph: CodeGraph) -> None:
    build_fitted(graph)
    backend = Writer(GOOD)
    options = with_values(AskOptions(phrase=True), {"q_aware_weights": True})
    answer_question(graph, "Where is `Router.match` defined?", options, backend)
    assert backend.adaptations[0] is not None
    weights = backend.adaptations[0].mixing["target_weights"]
    assert weights["q_proj"] > 1 > weights["up_proj"]


def test_rounding_makes_another_file(graph: CodeGraph) -> None:
    fitted = build_fitted(graph)
    plain = load_adapters_npz(fitted)
    coarse = asked(graph, round_lora=True, round_threshold=0.5)[1]
    assert coarse is not None
    assert coarse.adapter not in (None, str(fitted))
    found = load_adapters_npz(coarse.adapter or "")
    before, after = plain.layers[0]["q_proj"].up, found.layers[0]["q_proj"].up
    assert (after == 0).sum() > (before == 0).sum()
    assert np.array_equal(after, after.astype(np.float16).astype(np.float32))
    assert asked(graph, round_lora=True, round_threshold=0.5)[1] == coarse
    fine = asked(graph, round_lora=True)[1]
    assert fine is not None
    assert fine.adapter != coarse.adapter


def test_rounded_keeps_what_16_bits_hold() -> None:
    adapter = rounded(random_adapter({"q_proj": (4, 6)}, layers=1))
    assert rounded(adapter).layers[0]["q_proj"].up.tolist() == adapter.layers[0]["q_proj"].up.tolist()
    with pytest.raises(ValueError, match="from 0 to 1"):
        rounded(adapter, 2.0)


# -- the subgraph's adapter ---------------------------------------------------------------------------------------------


def test_a_callers_own_subgraph_adapter(graph: CodeGraph, tmp_path: Path) -> None:
    fitted, own = build_fitted(graph), tmp_path / "sub.npz"
    save_npz(own, random_adapter(MODEL.target_shapes, DIMS.layers, seed=3))
    answer, adaptation = asked(graph, sub=str(own))
    assert adaptation == Adaptation(str(fitted), str(own), {"g_sub": 0.5})
    assert asked(graph, sub=str(own), gsub=0.25)[1] == Adaptation(str(fitted), str(own), {"g_sub": 0.25})
    assert asked(graph, sub=str(own), gsub=0)[1] == Adaptation(str(fitted))
    assert answer.provenance.adapter is not None
    assert "sub " in answer.provenance.adapter


def test_a_subgraph_adapter_that_is_no_file(graph: CodeGraph) -> None:
    fitted = build_fitted(graph)
    own = random_adapter(MODEL.target_shapes, DIMS.layers, seed=3)
    _, first = asked(graph, sub=own)
    assert first is not None
    assert first.adapter == str(fitted)
    found = load_adapters_npz(first.sub or "")
    assert np.array_equal(found.layers[0]["q_proj"].up, own.layers[0]["q_proj"].up)
    assert asked(graph, sub=own)[1] == first
    other = asked(graph, sub=random_adapter(MODEL.target_shapes, DIMS.layers, seed=4))[1]
    assert other is not None
    assert other.sub != first.sub


def test_the_null_adapter_of_the_selected_files(graph: CodeGraph) -> None:
    build_null(graph)
    _, first = asked(graph, alpha=8, gsub=0.3)
    assert first is not None
    assert first.mixing["g_sub"] == 0.3
    assert first.sub is not None
    assert load_adapters_npz(first.sub).layers[0].keys() == MODEL.target_shapes.keys()
    assert asked(graph, alpha=8, gsub=0.3)[1] == first
    _, around = asked(graph, alpha=8, gsub=0.3, of_sources="zoom", zoom_symbol="NoMatch", zoom_radius=0)
    assert around is not None
    assert around.sub != first.sub  # made of other files


def test_a_mixture_of_the_nearest_of_a_bank(graph: CodeGraph, tmp_path: Path) -> None:
    build_null(graph, modules=True)
    answer, two = asked(graph, alpha=8, mixture_m=2)
    assert two is not None
    assert two.sub is not None
    assert load_adapters_npz(two.sub).rank == 2 * load_adapters_npz(two.adapter or "").rank
    assert answer.provenance.adapter is not None
    assert "mixture of 2" in answer.provenance.adapter
    other = build_null(graph, tmp_path / "bank", modules=True)
    _, from_other = asked(graph, alpha=8, mixture_m=1, adapters_bank=str(other))
    assert from_other is not None
    assert load_adapters_npz(from_other.sub or "").rank == load_adapters_npz(two.adapter or "").rank


def test_a_bank_that_is_not_there_costs_only_the_adapter(graph: CodeGraph) -> None:
    build_null(graph)
    answer, adaptation = asked(graph, alpha=8, mixture_m=2)
    assert adaptation is None
    assert "the adapter was not used" in answer.reason


def test_entropy_chooses_rank_and_share(graph: CodeGraph) -> None:
    build_null(graph)
    values = {
        "alpha": 8,
        "gsub": 0.9,
        "entropy_aware": True,
        "rank_min": 2,
        "rank_max": 6,
        "gsub_min": 0.1,
        "gsub_max": 0.2,
    }
    told: list[str] = []
    options = with_values(AskOptions(phrase=True, verbose=True), values)
    backend = Writer(GOOD)
    answer_question(graph, QUESTION, options, backend, on_event=lambda n, v: told.append(v) if n == "detail" else None)
    found = backend.adaptations[0]
    assert found is not None
    assert 2 <= found.mixing["rank"] <= 6
    assert 0.1 <= found.mixing["g_sub"] <= 0.2
    assert any(t.startswith("entropy: repository") for t in told)
    assert any(t.startswith("adapter: generated") for t in told)
    assert any(t.startswith("selected by question: app/router.py") for t in told)
    of_question = asked(graph, **{**values, "entropy_weights": (0, 0, 1)})[1]
    of_repository = asked(graph, **{**values, "entropy_weights": (1, 0, 0)})[1]
    assert of_question is not None
    assert of_repository is not None
    assert of_question.mixing["g_sub"] != of_repository.mixing["g_sub"]


def test_the_adapter_reads_where_it_is_asked_to(graph: CodeGraph) -> None:
    fitted = build_fitted(graph)
    build_memory(graph)
    for reads, expected in ((False, None), (True, Adaptation(str(fitted)))):
        backend = Writer()
        answer = answer_question(graph, QUESTION, with_values(AskOptions(), {"adapter_reads": reads}), backend)
        assert backend.scored[0][2] == expected
        assert (answer.provenance.adapter or "").startswith("fitted " if reads else "")
        assert (answer.provenance.adapter is not None) == reads


@pytest.mark.parametrize(("reading", "used"), [((0.3, 0.5), True), ((0.5, 0.3), False), ((), False)])
def test_the_adapter_may_read_where_it_was_measured_to_read_better(
    graph: CodeGraph, reading: tuple[float, ...], used: bool
) -> None:
    fitted = build_fitted(graph, reading=reading)
    backend = Writer()
    events: list[str] = []
    auto = AskOptions(adapter=AdapterOptions(reads=None))
    answer = answer_question(graph, QUESTION, auto, backend, on_event=lambda name, _: events.append(name))
    assert backend.scored[0][2] == (Adaptation(str(fitted)) if used else None)
    assert (answer.provenance.adapter is not None) == used
    off = Writer()
    answer_question(graph, QUESTION, AskOptions(), off)
    assert off.scored[0][2] is None  # the default


def test_composed_sentences_do_not_wait_for_the_model(graph: CodeGraph) -> None:
    build_fitted(graph, reading=(0.3, 0.5))
    seen: list[str] = []

    class Watched(Writer):
        def load(self) -> Any:
            seen.append("load")
            return super().load()

    auto = AskOptions(adapter=AdapterOptions(reads=None))
    answer_question(graph, QUESTION, auto, Watched(), on_event=lambda name, _: seen.append(name))
    assert "claim" in seen[: seen.index("load")]
