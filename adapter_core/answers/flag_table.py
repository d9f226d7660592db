"""The table of all public options: each row is a keyword of `generate_answer` and a flag of `pathline ask` and of
`python -I -m adapter_core.run`, and names the field of `AskOptions` that has its default and documentation. The groups are those of the
help, in its order; `flags.py` makes the flags."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..errors import UsageError
from ..models.backend import DEVICES, DTYPES
from .flag_forms import (
    Form,
    adapter_or_path,
    adapter_or_word,
    counts,
    file,
    integer,
    number,
    path,
    seconds_or_none,
    strings,
    switch,
    text,
    three_numbers,
    tiers,
    weights,
)
from .options import LAYER_SCHEDULES, OF_SOURCES, PACK_MODES, AskOptions


@dataclass(frozen=True, slots=True)
class Option:
    """`name`: the keyword. `path`: the field. `flag`: the flag if it is not `--name`. `low`, `high`: the bounds of its value, inclusive
    (`above`: `low` is exclusive). `unset`: the meaning of a default of None, for the help."""

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
    unset: str = ""

    @property
    def on_command_line(self) -> str:
        return self.flag or "--" + self.name.replace("_", "-")

    @property
    def default(self) -> Any:
        value: Any = AskOptions()
        for part in self.path.split("."):
            value = getattr(value, part)
        return value

    @property
    def may_be_none(self) -> bool:
        """Whether the type of the field allows None, which may be so even if the default is not None."""
        *groups, name = self.path.split(".")
        holder: Any = AskOptions()
        for part in groups:
            holder = getattr(holder, part)
        return any(field.name == name and "None" in str(field.type).split(" | ") for field in fields(holder))

    def value_of(self, given: Any) -> Any:
        """The field's value for a given one: text is parsed, and every value is checked. Raises `UsageError`."""
        try:
            value = None if given is None and self.may_be_none else self.form(given)
        except ValueError as error:
            raise UsageError(f"{self.on_command_line} takes {error}, not {given!r}.") from None
        if self.choices and value not in self.choices:
            raise UsageError(f"{self.on_command_line} must be one of {', '.join(self.choices)}.")
        numbers = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,)
        for item in numbers:
            if isinstance(item, tuple):
                self._check(min(item))
            elif isinstance(item, (int, float)) and not isinstance(item, bool):
                self._check(item)
        return value

    def _check(self, number: float) -> None:
        if not self.low <= number <= self.high or (self.above and number == self.low):
            lower = f"{'more than' if self.above else 'at least'} {self.low:g}" if self.low > -math.inf else ""
            upper = f"at most {self.high:g}" if self.high < math.inf else ""
            if lower and upper and not self.above:
                raise UsageError(f"{self.on_command_line} must be from {self.low:g} to {self.high:g}.")
            raise UsageError(
                f"{self.on_command_line} must be {' and '.join(filter(None, (lower, upper))) or 'a number'}."
            )


@dataclass(frozen=True, slots=True)
class Group:
    """`about`: the description below the title in the help. Groups `for_developers` are shown by `--help-all` only."""

    title: str
    about: str
    rows: tuple[Option, ...]
    for_developers: bool = False


MOST_USED, EVIDENCE, TESTS, WRITING, MODEL, ADAPTERS, OUTPUT = (
    "most used", "evidence", "tests", "writing", "model", "adapters", "output",
)  # fmt: skip

TABLE: tuple[Group, ...] = (
    Group(
        MOST_USED,
        "",
        (
            Option(
                "zoom_symbol", "zoom", text,
                "ask about this function, class or method, its callers and what it calls; also a module by its name, a file, or "
                "file.py:LINE",
                "--zoom", "SYMBOL",
            ),
            Option("sentences", "compose.max_sentences", integer, "length of the answer: at most N sentences", metavar="N", low=1),
            Option(
                "phrase", "phrase", switch,
                "let the language model write the sentences, instead of composing them from facts of the code; each is checked, and what "
                "fails is not shown (takes up to a minute)",
            ),
        ),
    ),
    Group(
        EVIDENCE,
        "Which files are read, and what of them an answer may rest on.",
        (
            Option(
                "of_sources", "sources.of_sources", text,
                "answer from the files that the question speaks of, or only from those around the symbol of --zoom", choices=OF_SOURCES,
            ),
            Option(
                "zoom_radius", "selection.zoom_radius", integer,
                "how far around the symbol of --zoom to look: 1 is its callers and what it calls, 2 theirs, too", metavar="N",
                low=0, high=5,
            ),
            Option(
                "rerank", "sources.rerank", switch,
                "judge the files that were found a second time, by signatures, docstrings and what is public, and order by both",
            ),
            Option(
                "link_seconds", "compose.link_seconds", seconds_or_none,
                "seconds that may be spent on looking for callers, uses and tests; where they are over, the answer says so; none: no limit",
                metavar="S", low=0, above=True,
            ),
            Option(
                "min_confidence", "refusal.threshold", number,
                'answer "not found" where the estimated probability (0 to 1) that the repository holds an answer is below P; 0 '
                "always answers",
                metavar="P", low=0, high=1,
            ),
        ),
    ),
    Group(
        TESTS,
        "Without these nothing of the repository is executed.",
        (),
    ),
    Group(
        WRITING,
        "How the model writes; all of it goes with --phrase.",
        (
            Option(
                "deadline", "attempts.deadline", seconds_or_none,
                "seconds after the question at which the model is stopped; what passed the checks until then is shown; none: no limit",
                metavar="S", low=0, above=True,
            ),
            Option(
                "by_sentence", "attempts.by_sentence", switch,
                "write one sentence about each place that was found; --no-by-sentence: one text over all of them",
            ),
            Option(
                "draft_places", "attempts.draft_places", integer, "about how many places, the best first, a sentence is written",
                metavar="N", low=1,
            ),
            Option(
                "drafts", "attempts.drafts", integer, "drafts of each sentence, of which the best that passes the checks is shown",
                metavar="N", low=1, high=32,
            ),
            Option(
                "require_citations", "citations.require_citations", switch,
                "where no sentence passes the checks, let the model write again; --no-require-citations: write once",
            ),
            Option(
                "max_new_tokens", "generation.max_new_tokens", integer, "longest text with --no-by-sentence, in the model's tokens",
                metavar="N", low=1,
            ),
            Option(
                "context_tokens", "context.tokens", integer, "how much code the model reads before it writes, in its tokens",
                metavar="N", low=1,
            ),
            Option(
                "do_sample", "generation.do_sample", switch,
                "draw each token at random by its probability, instead of taking the likeliest: more varied, less reliable",
            ),
            Option(
                "temperature", "generation.temperature", number, "with --do-sample: above 1 bolder, towards 0 safer", metavar="T", low=0,
            ),
            Option("seed", "generation.seed", integer, "with --do-sample: the same number draws the same text again", metavar="N", low=0),
        ),
    ),
    Group(
        MODEL,
        "Without --phrase the model only votes on the order of the sentences.",
        (
            Option(
                "read_weight", "reading.weight", number,
                "how much its vote counts beside the words that question and sentence share; 0: it is not asked, which is faster",
                metavar="W",
            ),
            Option("device", "model.device", text, "where it runs; auto: on a GPU where there is one", choices=DEVICES),
            Option(
                "dtype", "model.dtype", text, "its numbers; 16 bits take half the memory of 32; auto: what is fast on the device",
                choices=DTYPES,
            ),
            Option(
                "insecure", "model.insecure", switch,
                "allow a --model address that is plain http on another machine: question and code then cross the network in the clear",
            ),
        ),
    ),
    Group(
        ADAPTERS,
        "An adapter is a small change of the model's weights, a memory a table of what follows what; `pathline build` makes both for a "
        "repository, and the model writes with them.",
        (
            Option(
                "adapter", "adapter.adapter", adapter_or_word,
                "auto: the repository's own, where its build measured that it helps; none; or the adapter in a file (.npz) or built folder",
                metavar="FILE",
            ),
            Option(
                "memory", "adapter.memory", switch, "write with the repository's memory", unset="on where one was built",
            ),
            Option(
                "adapter_reads", "adapter.reads", switch, "use the adapter also while the model votes on the order of sentences",
            ),
        ),
    ),
    Group(
        OUTPUT,
        "",
        (
            Option("commit_footer", "commit_footer", switch, "end the answer with the git commit that it speaks of", "--footer"),
            Option(
                "verbose", "verbose", switch, "say on standard error which files, adapter and settings were used for the answer",
            ),
            Option(
                "telemetry_out", "telemetry.telemetry_out", file,
                "append counts and times of this answer to a file of yours, as one line of JSON; nothing is sent anywhere",
                "--telemetry", "FILE",
            ),
            Option("telemetry_question", "telemetry.with_question", switch, "with --telemetry: the question's text, too"),
        ),
    ),
    Group(
        "what the model reads before it writes (for developers)",
        "",
        (
            Option("pack_context", "packing.pack_context", switch, "give it code; --no-pack-context: nothing but the question"),
            Option(
                "pack_mode", "packing.pack_mode", text,
                "as which pieces of code: the passages as they were found; the head of each file (what it says of itself and "
                "defines); or of each symbol its signature, docstring and the statements that answer", choices=PACK_MODES,
            ),
            Option(
                "function_first", "packing.function_first", switch,
                "before the passages, windows of a few lines on functions of the selected files",
            ),
            Option(
                "ff_max_candidates", "packing.ff_max_candidates", integer, "with --function-first: functions that are compared",
                metavar="N", low=1,
            ),
            Option("ff_window_lines", "packing.ff_window_lines", integer, "with --function-first: lines of a window", metavar="N", low=1),
            Option(
                "ff_threshold", "packing.ff_threshold", number,
                "with --function-first: leave out windows with less than this share (0 to 1) of the best one's score",
                metavar="T", low=0, high=1,
            ),
            Option(
                "ff_noise_penalty", "packing.ff_noise_penalty", number,
                "with --function-first: taken off a window's score times the share of its lines without a word of the question",
                metavar="P", low=0,
            ),
            Option(
                "model_prob_yes", "packing.model_prob_yes", switch,
                "with --function-first: order the first windows by the model's probability that they help",
            ),
            Option(
                "prob_yes_tokens", "packing.prob_yes_tokens", integer, "with --model-prob-yes: tokens that it may read for that",
                metavar="N", low=1, high=600,
            ),
        ),
        for_developers=True,
    ),
    Group(
        "how the model writes (for developers)",
        "",
        (
            Option(
                "citations_per_paragraph", "citations.citations_per_paragraph", switch,
                "with --require-citations: write again also where one paragraph has no sentence that passes",
            ),
            Option(
                "word_share", "citations.word_share", number,
                "a sentence passes where at least this share (0 to 1) of its words stands in the same order around the lines that it cites",
                metavar="W", low=0, high=1,
            ),
            Option(
                "draft_word_share", "citations.draft_word_share", number, "the same for drafts (--by-sentence)", metavar="W", low=0, high=1,
            ),
            Option(
                "places_at_once", "attempts.places_at_once", integer, "with --by-sentence: places written about in one pass of the model",
                metavar="N", low=1,
            ),
            Option("draft_tokens", "attempts.draft_tokens", integer, "longest draft, in the model's tokens", metavar="N", low=4),
            Option(
                "adapter_aware_decoding", "attempts.adapter_aware_decoding", switch,
                "with --require-citations: the prompt begins with the places that can be cited, and sampling is gentler",
            ),
            Option(
                "top_p", "generation.top_p", number,
                "with --do-sample: draw only among the likeliest tokens that together have this probability", metavar="P",
                low=0, high=1, above=True,
            ),
            Option(
                "repetition_penalty", "generation.repetition_penalty", number,
                "above 1: tokens that stand there already become less likely; 1: no penalty", metavar="P", low=0, above=True,
            ),
            Option("min_new_tokens", "generation.min_new_tokens", integer, "shortest text, in tokens", metavar="N", low=0),
            Option("stop", "generation.stop", strings, "end the text before TEXT; may be given several times", metavar="TEXT"),
            Option(
                "lookup", "generation.lookup", switch,
                "guess the next tokens from the prompt and verify them: faster, the same text (in float32)",
            ),
        ),
        for_developers=True,
    ),
    Group(
        "scale and shape of the adapter (for developers)",
        "",
        (
            Option(
                "alpha", "adapter.alpha", number,
                "multiply the adapter's deltas by A / rank; with a number, the generated null adapter is used where there is no "
                "other; 0: the bare model", metavar="A", low=0, unset="as each adapter was built",
            ),
            Option("rank", "adapter.rank", integer, "keep the first N components of each delta", metavar="N", low=1, unset="all"),
            Option("beta", "adapter.beta", number, "multiply the adapter's biases by B", metavar="B"),
            Option(
                "target_weights", "adapter.target_weights", weights,
                "multiply deltas by the weight matrix that they change, such as q_proj=1.2,down_proj=0.5", metavar="WEIGHTS", low=0,
                unset="1 each",
            ),
            Option(
                "q_aware_weights", "adapter.q_aware_weights", switch, "multiply them also by weights that go with the kind of question",
            ),
            Option(
                "layer_schedule", "adapter.layer_schedule", text, "curve of the deltas' weight from the first layer to the last",
                choices=LAYER_SCHEDULES,
            ),
            Option(
                "per_target_rank_schedule", "adapter.per_target_rank_schedule", counts,
                "components kept by weight matrix, such as q_proj=4,down_proj=8", metavar="RANKS", low=0, unset="all",
            ),
            Option(
                "layer_rank_tiers", "adapter.layer_rank_tiers", tiers,
                "components kept in the top, middle and low third of the layers, such as attn=8:4:2,mlp=4:2:1", metavar="RANKS", low=0,
                unset="all",
            ),
            Option(
                "rank_budget", "adapter.rank_budget", integer, "components kept over all layers and matrices together", metavar="N", low=0,
                unset="all",
            ),
            Option("ablate_attn", "adapter.ablate_attn", switch, "leave out the deltas of attention (q, k, v, o)"),
            Option("ablate_mlp", "adapter.ablate_mlp", switch, "leave out the deltas of the feed-forward part (gate, up, down)"),
            Option(
                "alpha_warmup", "adapter.alpha_warmup", switch,
                "half the scale on the first attempt at writing, three quarters on the first structured one",
            ),
            Option("round_lora", "rounding.round_lora", switch, "round factors to what a 16-bit float holds before they are mixed"),
            Option(
                "round_threshold", "rounding.round_threshold", number,
                "with --round-lora: factors below this share (0 to 1) of the largest of their matrix become 0", metavar="T", low=0, high=1,
            ),
        ),
        for_developers=True,
    ),
    Group(
        "the adapter of the selected files (for developers)",
        "",
        (
            Option(
                "gsub", "adapter.gsub", number,
                "its share (0 to 1) in the mixture; the rest is the repository's", metavar="G", low=0, high=1,
                unset="0.5 with --sub or --mixture-m, else 0",
            ),
            Option(
                "sub", "adapter.sub", adapter_or_path, "take the adapter in this file (.npz)", metavar="FILE",
                unset="generated from the files",
            ),
            Option(
                "mixture_m", "adapter.mixture_m", integer, "mix it from the M adapters of modules in the bank that are nearest; 0: do not",
                metavar="M", low=0,
            ),
            Option(
                "adapters_bank", "adapter.adapters_bank", path, "with --mixture-m: a built folder with a bank of adapters", metavar="DIR",
                unset="the repository's own",
            ),
        ),
        for_developers=True,
    ),
    Group(
        "rank and gsub by entropy (for developers)",
        "",
        (
            Option(
                "entropy_aware", "entropy.entropy_aware", switch,
                "choose --rank, and --gsub where there is such an adapter, by how varied repository, selected files and question are",
            ),
            Option("rank_min", "entropy.rank_min", integer, "smallest rank that is chosen", metavar="N", low=1),
            Option("rank_max", "entropy.rank_max", integer, "largest rank that is chosen", metavar="N", low=1),
            Option("gsub_min", "entropy.gsub_min", number, "smallest gsub (0 to 1) that is chosen", metavar="G", low=0, high=1),
            Option("gsub_max", "entropy.gsub_max", number, "largest gsub (0 to 1) that is chosen", metavar="G", low=0, high=1),
            Option(
                "entropy_weights", "entropy.entropy_weights", three_numbers,
                "weights of repository, selected files and question in the mean", metavar="R,S,Q", low=0,
            ),
        ),
        for_developers=True,
    ),
)  # fmt: skip
OPTIONS: Mapping[str, Option] = {option.name: option for group in TABLE for option in group.rows}
