"""One table gives every option its keyword and its flag; nothing of the groups is missing in it."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapter_core.adapters.adapter import Adapter
from adapter_core.answers.flag_table import OPTIONS, TABLE
from adapter_core.answers.flags import add_flags, flag_groups, format_arguments, parsed_values, with_values
from adapter_core.answers.options import AskOptions
from adapter_core.cli.main import build_parser
from adapter_core.errors import UsageError

# Groups of which every field can be given from outside.
GROUPS = (
    "sources", "adapter", "entropy", "rounding", "packing", "attempts", "telemetry", "model", "generation",
)  # fmt: skip
# What the documentation of options names.
DOCUMENTED = """of_sources zoom_symbol zoom_radius rerank alpha rank gsub beta entropy_aware rank_min rank_max gsub_min gsub_max
entropy_weights target_weights layer_schedule q_aware_weights per_target_rank_schedule layer_rank_tiers rank_budget ablate_attn ablate_mlp
alpha_warmup mixture_m adapters_bank pack_context pack_mode context_tokens function_first ff_max_candidates ff_window_lines ff_threshold
ff_noise_penalty model_prob_yes round_lora round_threshold require_citations citations_per_paragraph do_sample temperature top_p
repetition_penalty min_new_tokens max_new_tokens seed stop device adapter_aware_decoding telemetry_out verbose deadline""".split()


def value_at(options: AskOptions, path: str) -> Any:
    value: Any = options
    for part in path.split("."):
        value = getattr(value, part)
    return value


def parsed(*arguments: str) -> AskOptions:
    parser = argparse.ArgumentParser()
    add_flags(flag_groups(parser))
    return with_values(AskOptions(), parsed_values(parser.parse_args(arguments)))


def test_every_field_of_the_groups_has_a_row() -> None:
    paths = {option.path for option in OPTIONS.values()}
    for group in GROUPS:
        for field in fields(getattr(AskOptions(), group)):
            assert f"{group}.{field.name}" in paths
    plain = {f.name for f in fields(AskOptions) if not is_dataclass(getattr(AskOptions(), f.name))}
    assert plain - {"cursor"} <= paths  # only an editor has one
    assert set(DOCUMENTED) <= set(OPTIONS)


def test_rows_are_unique_and_their_groups_say_what_they_are() -> None:
    rows = [option for group in TABLE for option in group.rows]
    assert (
        len({o.name for o in rows})
        == len({o.path for o in rows})
        == len({o.on_command_line for o in rows})
        == len(rows)
    )
    for group in GROUPS:
        assert type(getattr(AskOptions(), group)).__doc__


def test_both_doors_have_every_flag() -> None:
    from adapter_core.cli.run import _module_parser

    ask = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)).choices["ask"]
    for parser in (ask, _module_parser()):
        known = {flag for action in parser._actions for flag in action.option_strings}
        assert {option.on_command_line for option in OPTIONS.values()} <= known


def test_the_help_shows_first_what_most_need_and_last_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    def helped(*flags: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            build_parser().parse_args(["ask", *flags])
        assert stopped.value.code == 0
        return capsys.readouterr().out

    told, everything = helped("--help"), helped("--help-all")
    in_order = [
        "most used:",
        "evidence:",
        "writing:",
        "model:",
        "adapters:",
        "output:",
        "--help-all",
        "example: pathline ask",
    ]
    found = [told.index(title) for title in in_order]
    assert found == sorted(found)
    assert "for developers)" not in told
    for group in TABLE:
        for option in group.rows:
            assert (f" {option.on_command_line}" in told) is not group.for_developers
            assert f" {option.on_command_line}" in everything


def test_the_help_says_what_holds_where_nothing_is_given() -> None:
    for option in OPTIONS.values():
        nothing = option.default is None or option.default in ("", (), {})
        # What names a thing of the user's own has no default.
        assert not nothing or option.unset or option.name in ("zoom_symbol", "telemetry_out", "stop"), option.name


SAMPLES: dict[str, tuple[str, Any]] = {
    "phrase": ("on", True),
    "sentences": ("3", 3),
    "read_weight": ("-0.5", -0.5),
    "min_confidence": ("0.25", 0.25),
    "zoom_symbol": ("Router", "Router"),
    "rerank": ("on", True),
    "zoom_radius": ("2", 2),
    "memory": ("off", False),
    "alpha": ("0", 0.0),
    "entropy_weights": ("1,2,3", (1.0, 2.0, 3.0)),
    "target_weights": ("q_proj=1.5, up_proj=0", {"q_proj": 1.5, "up_proj": 0.0}),
    "per_target_rank_schedule": ("q_proj=4", {"q_proj": 4}),
    "layer_rank_tiers": ("attn=8:4:2,mlp=1:1:0", {"attn": (8, 4, 2), "mlp": (1, 1, 0)}),
    "pack_context": ("off", False),
    "pack_mode": ("windows", "windows"),
    "deadline": ("none", None),
    "link_seconds": ("0.5", 0.5),
    "stop": ("\n\n", ("\n\n",)),
    "device": ("cpu", "cpu"),
    "layer_schedule": ("top", "top"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_flag_a_keyword_and_its_text_are_the_same(name: str) -> None:
    text, value = SAMPLES[name]
    path = OPTIONS[name].path
    by_keyword = with_values(AskOptions(), {name: value})
    assert value_at(by_keyword, path) == value
    assert with_values(AskOptions(), {name: text}) == by_keyword
    assert parsed(*format_arguments({name: value})) == by_keyword


def test_defaults_are_those_of_the_dataclasses() -> None:
    assert parsed() == AskOptions()
    assert all(option.default == value_at(AskOptions(), option.path) for option in OPTIONS.values())


def test_files_are_absolute(tmp_path: Path) -> None:
    assert parsed("--adapter", "a.npz").adapter.adapter == str(tmp_path / "a.npz")
    assert parsed("--adapter", "none").adapter.adapter == "none"
    assert parsed("--telemetry", "t.jsonl").telemetry.telemetry_out == tmp_path / "t.jsonl"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"alpha": -1}, "--alpha must be at least 0"),
        ({"alpha": float("nan")}, "--alpha must be"),
        ({"alpha": "much"}, "--alpha takes a number"),
        ({"gsub": 1.5}, "--gsub must be from 0 to 1"),
        ({"top_p": 0}, "--top-p must be more than 0"),
        ({"rank": 0}, "--rank must be at least 1"),
        ({"sentences": 0}, "--sentences must be at least 1"),
        ({"pack_mode": "all"}, "--pack-mode must be one of"),
        ({"entropy_weights": "1,2"}, "three numbers"),
        ({"layer_rank_tiers": "attn=1:2"}, "top, middle and low"),
        ({"target_weights": "q_proj"}, "weights such as"),
        ({"prob_yes_tokens": 700}, "from 1 to 600"),
        ({"temprature": 1}, "There is no option 'temprature'"),
        ({"of_sources": "zoom"}, "name it with --zoom"),
        ({"model_prob_yes": True}, "--function-first"),
        ({"function_first": True, "pack_mode": "heads"}, "give one of them"),
        ({"entropy_aware": True, "rank": 4}, "use one of them"),
        ({"rank_min": 9, "rank_max": 3}, "must not be larger"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        with_values(AskOptions(), values)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sentences", None, "--sentences takes a whole number, not None"),
        ("sentences", 2.5, "--sentences takes a whole number, not 2.5"),
        ("max_new_tokens", True, "--max-new-tokens takes a whole number, not True"),
        ("alpha", True, "--alpha takes a number"),
        ("zoom_symbol", 5, "--zoom takes a text, not 5"),
        ("device", None, "--device takes a text"),
        ("phrase", 7, "--phrase takes on or off, not 7"),
        ("phrase", None, "--phrase takes on or off"),
        ("adapter", 3, "--adapter takes a path"),
        ("sub", 3, "--sub takes a path"),
        ("telemetry_out", b"t", "--telemetry takes a path"),
        ("deadline", "soon", "--deadline takes a number"),
        ("entropy_weights", 1.0, "three numbers"),
        ("entropy_weights", (1, 2, "x"), "a number"),
        ("target_weights", ["q_proj"], "weights such as"),
        ("target_weights", {"q_proj": None}, "a number"),
        ("per_target_rank_schedule", {"q_proj": 1.5}, "a whole number"),
        ("layer_rank_tiers", {"attn": 8}, "top, middle and low"),
        ("layer_rank_tiers", {"attn": [8, 4, -1]}, "at least 0"),
        ("stop", 5, "a text, or several"),
        ("stop", ["a", 5], "a text"),
    ],
)
def test_a_value_of_another_type_is_said_in_a_sentence(name: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        with_values(AskOptions(), {name: value})


def test_values_are_taken_in_every_form_that_fits(tmp_path: Path) -> None:
    adapter = Adapter((), 4, 8.0)
    given = {
        "zoom_symbol": None, "memory": None, "adapter_reads": None, "alpha": np.float32(0.5), "rank": np.int64(4), "link_seconds": None,
        "telemetry_out": Path("t.jsonl"), "adapter": Path("a.npz"), "sub": adapter, "layer_rank_tiers": {"attn": [8, 4, 2]},
        "stop": ["a", "b"],
    }  # fmt: skip
    options = with_values(AskOptions(), given)
    assert (options.zoom, options.adapter.memory, options.adapter.reads) == (None, None, None)
    assert (options.adapter.alpha, options.adapter.rank, options.compose.link_seconds) == (0.5, 4, None)
    assert options.telemetry.telemetry_out == tmp_path / "t.jsonl"
    assert options.adapter.adapter == str(tmp_path / "a.npz")
    assert options.adapter.sub is adapter
    assert options.adapter.layer_rank_tiers == {"attn": (8, 4, 2)}
    assert options.generation.stop == ("a", "b")


def test_a_switch_is_on_or_off_on_the_command_line_too() -> None:
    assert format_arguments({"phrase": "off", "memory": None, "rerank": True}) == ["--no-phrase", "--rerank"]
    with pytest.raises(UsageError, match="on or off"):
        format_arguments({"phrase": 7})
