"""The one table of options that can be given from outside: each row is a keyword of `generate_answer` and a flag of `pathline ask` and of
`python -m adapter_core.run`, and names the field of `AskOptions` where its default and its meaning stand.

    options = with_values(AskOptions(), {"alpha": 8, "pack_mode": "windows"})
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UsageError
from ..models.backend import DEVICES, DTYPES
from .flag_forms import (
    Form,
    adapter_or_word,
    counts,
    file,
    number,
    path,
    seconds_or_none,
    strings,
    switch,
    text,
    three_numbers,
    tiers,
    weights,
    whole,
)
from .options import LAYER_SCHEDULES, OF_SOURCES, PACK_MODES, AskOptions

_PREFIX = "option_"


@dataclass(frozen=True, slots=True)
class Option:
    """`name`: the keyword. `path`: the field. `flag`: where it is not called `--name`. `low`, `high`: what its value may be, both included
    (`above`: `low` itself is not)."""

    name: str
    path: str
    form: Form
    help: str
    flag: str = ""
    metavar: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    above: bool = False

    @property
    def on_command_line(self) -> str:
        return self.flag or "--" + self.name.replace("_", "-")

    @property
    def default(self) -> Any:
        value: Any = AskOptions()
        for part in self.path.split("."):
            value = getattr(value, part)
        return value

    def value_of(self, given: Any) -> Any:
        """What is given as the field's value: text is read, everything is checked. Raises `UsageError`."""
        try:
            value = self.form(given) if isinstance(given, str) else tuple(given) if isinstance(given, list) else given
        except ValueError as error:
            raise UsageError(f"{self.on_command_line} takes {error}, not {given!r}.") from None
        if self.choices and value not in self.choices:
            raise UsageError(f"{self.on_command_line} must be one of {', '.join(self.choices)}.")
        numbers = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,)
        for one in numbers:
            if isinstance(one, tuple):
                self._check(min(one))
            elif isinstance(one, (int, float)) and not isinstance(one, bool):
                self._check(one)
        return value

    def _check(self, number: float) -> None:
        if not self.low <= number <= self.high or (self.above and number == self.low):
            wanted = f"{'more than' if self.above else 'at least'} {self.low:g}" if self.low > -math.inf else ""
            most = f"at most {self.high:g}" if self.high < math.inf else ""
            if wanted and most and not self.above:
                raise UsageError(f"{self.on_command_line} must be from {self.low:g} to {self.high:g}.")
            raise UsageError(
                f"{self.on_command_line} must be {' and '.join(filter(None, (wanted, most))) or 'a number'}."
            )


# Title of a group, and its rows.
TABLE: Mapping[str, tuple[Option, ...]] = {
    "answer": (
        Option("phrase", "phrase", switch, "let the model write; sentences that fail the checks are dropped"),
        Option("sentences", "compose.max_sentences", whole, "at most N sentences", metavar="N", low=1),
        Option(
            "link_seconds", "compose.link_seconds", seconds_or_none,
            "seconds in all that are spent on looking for callers, tests and the like (none: no limit)",
            metavar="S", low=0, above=True,
        ),
        Option("read_weight", "reading.weight", number, "weight of the model's vote on sentences", metavar="W"),
        Option(
            "min_confidence", "refusal.threshold", number,
            "say that nothing is found where the estimated probability of an answer is below P (0: always answer)",
            metavar="P", low=0, high=1,
        ),
        Option("commit_footer", "commit_footer", switch, "end the answer with the commit that it speaks of", "--footer"),
        Option("verbose", "verbose", switch, "say on stderr what was selected, reranked and scaled"),
        Option(
            "telemetry_out", "telemetry.telemetry_out", file,
            "append one JSON line of measurements, without the question's text", "--telemetry", "FILE",
        ),
        Option("telemetry_question", "telemetry.with_question", switch, "with --telemetry: write the question's text, too"),
    ),
    "selection": (
        Option(
            "zoom_symbol", "zoom", text, "start from a symbol, its callers and callees; or from a module, by name or path",
            "--zoom", "SYMBOL",
        ),
        Option(
            "of_sources", "sources.of_sources", text,
            "whose files are looked at: those that the question speaks of, or those around the zoom symbol", choices=OF_SOURCES,
        ),
        Option("zoom_radius", "selection.zoom_radius", whole, "links from the zoom symbol", metavar="N", low=0, high=5),
        Option("rerank", "sources.rerank", switch, "look at files a second time, and order by both looks"),
    ),
    "adapters": (
        Option(
            "adapter", "adapter.adapter", adapter_or_word,
            "auto (what was built for the repository and helps), none, or a file or built folder", metavar="FILE",
        ),
        Option("memory", "adapter.memory", switch, "mix the repository's memory in while writing (where there is one)"),
        Option("adapter_reads", "adapter.reads", switch, "the adapter is on while the model votes, too"),
        Option("alpha", "adapter.alpha", number, "scale of the adapter; 0: the bare model", metavar="A", low=0),
        Option("rank", "adapter.rank", whole, "components kept of each delta", metavar="N", low=1),
        Option("gsub", "adapter.gsub", number, "share of the adapter of the selected files", metavar="G", low=0, high=1),
        Option("sub", "adapter.sub", path, "take that file as the adapter of the selected files", metavar="FILE"),
        Option("mixture_m", "adapter.mixture_m", whole, "mix it from the M nearest of a bank", metavar="M", low=0),
        Option("adapters_bank", "adapter.adapters_bank", path, "built folder with the bank", metavar="DIR"),
        Option("beta", "adapter.beta", number, "scale of biases", metavar="B"),
        Option("target_weights", "adapter.target_weights", weights, "such as q_proj=1.2,down_proj=0.5", metavar="WEIGHTS", low=0),
        Option("q_aware_weights", "adapter.q_aware_weights", switch, "let the kind of the question weigh the targets"),
        Option("layer_schedule", "adapter.layer_schedule", text, "weight of the layers", choices=LAYER_SCHEDULES),
        Option(
            "per_target_rank_schedule", "adapter.per_target_rank_schedule", counts, "such as q_proj=4,down_proj=8",
            metavar="RANKS", low=0,
        ),
        Option(
            "layer_rank_tiers", "adapter.layer_rank_tiers", tiers, "such as attn=8:4:2,mlp=4:2:1 for top:middle:low layers",
            metavar="RANKS", low=0,
        ),
        Option("rank_budget", "adapter.rank_budget", whole, "components kept over all layers and targets", metavar="N", low=0),
        Option("ablate_attn", "adapter.ablate_attn", switch, "leave the attention's deltas out"),
        Option("ablate_mlp", "adapter.ablate_mlp", switch, "leave the feed-forward part's deltas out"),
        Option("alpha_warmup", "adapter.alpha_warmup", switch, "lighter on the first attempts"),
        Option("entropy_aware", "entropy.entropy_aware", switch, "let entropy choose rank and gsub"),
        Option("rank_min", "entropy.rank_min", whole, "least rank that entropy chooses", metavar="N", low=1),
        Option("rank_max", "entropy.rank_max", whole, "largest rank that entropy chooses", metavar="N", low=1),
        Option("gsub_min", "entropy.gsub_min", number, "least gsub that entropy chooses", metavar="G", low=0, high=1),
        Option("gsub_max", "entropy.gsub_max", number, "largest gsub that entropy chooses", metavar="G", low=0, high=1),
        Option(
            "entropy_weights", "entropy.entropy_weights", three_numbers, "of repository, selected files and question",
            metavar="R,S,Q", low=0,
        ),
        Option("round_lora", "rounding.round_lora", switch, "round factors to what 16-bit floats hold"),
        Option(
            "round_threshold", "rounding.round_threshold", number, "with --round-lora: below this share of the largest is 0",
            metavar="T", low=0, high=1,
        ),
    ),
    "context": (
        Option("pack_context", "packing.pack_context", switch, "give the model evidence to write from"),
        Option("pack_mode", "packing.pack_mode", text, "form of that evidence", choices=PACK_MODES),
        Option("context_tokens", "context.tokens", whole, "its budget in the model's tokens", metavar="N", low=1),
        Option("function_first", "packing.function_first", switch, "windows on functions come first"),
        Option("ff_max_candidates", "packing.ff_max_candidates", whole, "functions looked at", metavar="N", low=1),
        Option("ff_window_lines", "packing.ff_window_lines", whole, "lines of a window", metavar="N", low=1),
        Option("ff_threshold", "packing.ff_threshold", number, "least value of a window", metavar="T", low=0, high=1),
        Option("ff_noise_penalty", "packing.ff_noise_penalty", number, "cost of lines beside the question", metavar="P", low=0),
        Option("model_prob_yes", "packing.model_prob_yes", switch, "with --function-first: the model's yes orders the windows"),
        Option("prob_yes_tokens", "packing.prob_yes_tokens", whole, "that it may read for that", metavar="N", low=1, high=600),
    ),
    "citations": (
        Option("require_citations", "citations.require_citations", switch, "ask the model again where no sentence passes"),
        Option("citations_per_paragraph", "citations.citations_per_paragraph", switch, "or none of one of its paragraphs"),
        Option(
            "word_share", "citations.word_share", number, "of a sentence's words that must be found around its lines, as it puts them",
            metavar="W", low=0, high=1,
        ),
        Option("draft_word_share", "citations.draft_word_share", number, "the same for drafts", metavar="W", low=0, high=1),
        Option(
            "deadline", "attempts.deadline", seconds_or_none, "seconds after which the model is stopped (none: never)",
            metavar="S", low=0, above=True,
        ),
        Option(
            "adapter_aware_decoding", "attempts.adapter_aware_decoding", switch,
            "where citations are required: places first in the prompt, gentler sampling",
        ),
    ),
    "writing": (
        Option("by_sentence", "attempts.by_sentence", switch, "the model writes a sentence about each place, not one text over all"),
        Option("draft_places", "attempts.draft_places", whole, "such places, the best first", metavar="N", low=1),
        Option("places_at_once", "attempts.places_at_once", whole, "of them written at once", metavar="N", low=1),
        Option("drafts", "attempts.drafts", whole, "of each sentence; the best that passes is shown", metavar="N", low=1, high=32),
        Option("draft_tokens", "attempts.draft_tokens", whole, "of a draft, at most", metavar="N", low=4),
        Option("do_sample", "generation.do_sample", switch, "sample instead of taking the likeliest token"),
        Option("temperature", "generation.temperature", number, "of sampling", metavar="T", low=0),
        Option("top_p", "generation.top_p", number, "of sampling", metavar="P", low=0, high=1, above=True),
        Option("repetition_penalty", "generation.repetition_penalty", number, "1: none", metavar="P", low=0, above=True),
        Option("min_new_tokens", "generation.min_new_tokens", whole, "at least", metavar="N", low=0),
        Option("max_new_tokens", "generation.max_new_tokens", whole, "at most", metavar="N", low=1),
        Option("seed", "generation.seed", whole, "of sampling", metavar="N", low=0),
        Option("stop", "generation.stop", strings, "end the text before this; may be given several times", metavar="TEXT"),
        Option("device", "model.device", text, "where the model runs", choices=DEVICES),
        Option("dtype", "model.dtype", text, "in which numbers", choices=DTYPES),
        Option("insecure", "model.insecure", switch, "a model's address may be plain http to another machine"),
        Option("lookup", "generation.lookup", switch, "guess ahead from the prompt, which changes the speed alone"),
    ),
}  # fmt: skip
OPTIONS: Mapping[str, Option] = {option.name: option for rows in TABLE.values() for option in rows}


def with_values(options: AskOptions, values: Mapping[str, Any]) -> AskOptions:
    """The options with some given by keyword, as values or as text. Raises `UsageError` for an unknown keyword or value."""
    for name, given in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(f"There is no option {name!r}: use {', '.join(OPTIONS)}.")
        group, _, field = option.path.rpartition(".")
        value = option.value_of(given)
        if group:
            options = replace(options, **{group: replace(getattr(options, group), **{field: value})})
        else:
            options = replace(options, **{field: value})
    return checked(options)


def checked(options: AskOptions) -> AskOptions:
    """The options, where they go together. Raises `UsageError`."""
    packing, entropy, sources = options.packing, options.entropy, options.sources
    if sources.of_sources == "zoom" and not options.zoom:
        raise UsageError("--of-sources zoom looks around a symbol: name it with --zoom.")
    if packing.model_prob_yes and not packing.function_first:
        raise UsageError("--model-prob-yes orders the windows of --function-first: give both.")
    if packing.function_first and packing.pack_mode == "heads":
        raise UsageError("--function-first packs functions, and --pack-mode heads packs none: give one of them.")
    if entropy.entropy_aware and options.adapter.rank is not None:
        raise UsageError("--entropy-aware chooses the rank, and --rank gives it: use one of them.")
    if entropy.rank_min > entropy.rank_max or entropy.gsub_min > entropy.gsub_max:
        raise UsageError("--rank-min and --gsub-min must not be larger than --rank-max and --gsub-max.")
    return options


def add_flags(parser: Any, defaults: AskOptions | None = None) -> None:
    """The flags of the table, in their groups. What is not given stays None."""
    import argparse

    for title, rows in TABLE.items():
        group = parser.add_argument_group(title)
        for option in rows:
            value = _of(defaults, option) if defaults is not None else option.default
            told = {"dest": _PREFIX + option.name, "default": None, "help": f"{option.help}{_default(value)}"}
            if option.form is switch:
                group.add_argument(option.on_command_line, action=argparse.BooleanOptionalAction, **told)
            elif option.form is strings:
                group.add_argument(option.on_command_line, action="append", metavar=option.metavar, **told)
            elif option.choices:
                group.add_argument(option.on_command_line, metavar="|".join(option.choices), **told)
            else:
                group.add_argument(option.on_command_line, metavar=option.metavar or "VALUE", **told)


def values_of(args: Any) -> dict[str, Any]:
    """By keyword what was given on the command line that `add_flags` made."""
    given = {name: getattr(args, _PREFIX + name) for name in OPTIONS}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in given.items() if v is not None}


def as_arguments(values: Mapping[str, Any]) -> list[str]:
    """The command line that gives these keywords. Raises `UsageError` for an unknown one."""
    found: list[str] = []
    for name, value in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(f"There is no option {name!r}: use {', '.join(OPTIONS)}.")
        flag = option.on_command_line
        if value is None and option.form is not seconds_or_none:
            continue  # as it is
        if option.form is switch:
            on = switch(value) if isinstance(value, str) else bool(value)
            found.append(flag if on else f"--no-{flag[2:]}")
        elif option.form is strings:
            found += [f"{flag}={one}" for one in ([value] if isinstance(value, str) else value)]
        else:
            found.append(f"{flag}={_written(value)}")
    return found


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_written(one).replace(',', ':')}" for name, one in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def _of(options: AskOptions, option: Option) -> Any:
    value: Any = options
    for part in option.path.split("."):
        value = getattr(value, part)
    return value


def _default(value: Any) -> str:
    if value is None or (isinstance(value, (dict, tuple, str)) and not value):
        return ""
    if isinstance(value, bool):
        return f" (default: {'on' if value else 'off'})"
    return f" (default: {_written(value)})".replace("%", "%%")
