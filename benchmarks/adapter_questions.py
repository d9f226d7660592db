"""What a fitted adapter does for questions that people asked: how well the model reads for them, and how likely reference answers are.

    ./x bench adapter_questions ROWS.jsonl… --repos FOLDER --only OWNER/NAME… [--rows 16] [--steps 112] [--shares 0 0.5] [--minutes M]

Rows: JSON lines with `repo` (owner/name), `commit`, `question`, `gold` [{path, start_line, end_line}] and `reference_answer`. FOLDER holds
a checkout of each as `owner+name@COMMIT`. Reading: MRR of log P(question | span) over the top 20 lexical spans; right is what overlaps
gold lines. M3: bits per byte of the reference answer after the packed evidence and the question, the change in %; with the memory, too.
A fit for each of `--shares`, see `adapter_reading.py`, as `pathline build --fit` makes it: on the build directories, at the scale that the
development directories allow (at full scale where they allow none, which is said). Of several repositories also the controls, at full
scale: the adapter of another one (the next of `--only`), the mean of the others', and one of equal rank and steps, fitted to all of them.
Only a digest of the rows is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _adapter_data import Repository, digest, load
from _adapter_runs import Fit, Runs, add_run_arguments, begin, development_of, mean_adapter, shared_files
from _common import report
from _retrieval_ours import place_of
from _retrieval_scores import MAX_SPAN_LINES
from adapter_reading import (
    MODEL,
    RESAMPLES,
    SEED,
    TOP,
    Read,
    add_fit_arguments,
    read_spans,
    readers_of,
    table,
)

from adapter_core.adapters.adapter import Adapter
from adapter_core.adapters.fitting.judge import kept_adapter
from adapter_core.adapters.fitting.options import FitOptions
from adapter_core.adapters.fitting.questions import question_rows
from adapter_core.adapters.fitting.scoring import TokenScores
from adapter_core.adapters.fitting.split import BUILD
from adapter_core.adapters.fitting.windows import Window, encode
from adapter_core.adapters.memory import Memory
from adapter_core.answers.prompts import phrasing_messages
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import pack_context
from adapter_core.evidence.options import ContextOptions, SelectionOptions
from adapter_core.evidence.selection import search
from adapter_core.types import Evidence

EVIDENCE_TOKENS, ANSWER_TOKENS = 700, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--only", nargs="+", required=True, help="owner/name")
    parser.add_argument("--rows", type=int, default=16, help="of each repository, at most")
    add_fit_arguments(parser)
    add_run_arguments(parser)
    args = parser.parse_args()
    runs, end = begin(args)
    loaded = runs.loaded
    everything = [json.loads(line) for file in args.files for line in file.read_text("utf-8").split("\n") if line]
    repositories = {}
    for name in args.only:
        rows = rows_of(everything, name, args.rows)
        root = args.repos / f"{name.replace('/', '+')}@{rows[0]['commit']}"
        repositories[name] = load(name.replace("/", "+"), root, loaded.tokenizer, args.scratch)
    fits = {name: own_fits(runs, repository, args, end) for name, repository in repositories.items()}
    readers = {name: readers_of(fits[name]) | foreign_adapters(fits, name) for name in args.only}
    shared = shared_fit(runs, list(repositories.values()), args) if len(args.only) > 1 else None
    found: dict[str, list[Read]] = {}
    answers: dict[str, list[dict[str, float]]] = {}
    whole = hashlib.sha256()
    scales = {
        name: {f"{share:g} questions": fit.verdict.scale for share, fit in own.items()} for name, own in fits.items()
    }
    for name, repository in repositories.items():
        reading = readers[name] | ({"shared": shared.adapter} if shared is not None else {})
        memory = Memory.build(repository.tokens, "")
        with CodeGraph.load_or_build(repository.root) as graph:
            for row in rows_of(everything, name, args.rows):
                if time.monotonic() > end:
                    break
                whole.update(json.dumps(row, sort_keys=True).encode())
                spans = list(search(graph, row["question"], SelectionOptions(top=TOP)).evidence)
                gold = [is_gold(span, row) for span in spans]
                read = read_spans(args.scratch / "reading", loaded, reading, row["question"], gold, spans)
                found.setdefault(name, []).append(read)
                window = answer_window(loaded, row, spans)
                answers.setdefault(name, []).append(bits(runs, window, reading, memory))
        extra = {"steps": args.steps, "top": TOP, "scales": scales, "rows sha256": whole.hexdigest()}
        report("adapter_questions", table(found), {**extra, "M3": answer_table(answers)})


def rows_of(everything: Sequence[dict[str, Any]], name: str, count: int) -> list[dict[str, Any]]:
    rows = [r for r in everything if r["repo"] == name and gold_of(r) and r["reference_answer"]]
    return random.Random(SEED).sample(rows, min(count, len(rows)))


def own_fits(runs: Runs, repository: Repository, args: argparse.Namespace, end: float) -> dict[float, Fit]:
    """For each of `--shares` the fit of a repository, judged over its memory; without those for which there is no time."""
    files, texts = repository.of(BUILD), repository.texts_of(BUILD)
    development, memory = development_of(repository, runs.loaded.tokenizer), Memory.build(files, "")
    found = {}
    for share in args.shares:
        runs.offline = runs.offline or time.monotonic() > end
        options = FitOptions(steps=args.steps, questions=share)
        fit = runs.fit(repository.name, files, options, development, memory, question_rows(texts) if share else ())
        if fit is not None:
            found[share] = replace(fit, adapter=kept_adapter(fit.adapter, fit.verdict) or fit.adapter)
    return found


def foreign_adapters(fits: dict[str, dict[float, Fit]], name: str) -> dict[str, Adapter | None]:
    """The adapters of the first share that are not the repository's own, at full scale."""
    order = list(fits)
    following = order[order.index(name) + 1 :] + order[: order.index(name)]
    full = [at_full_scale(next(iter(fits[n].values())).adapter) for n in following if fits[n]]
    return {"another's": full[0], f"mean of {len(full)} others": mean_adapter(full)} if full else {}


def at_full_scale(adapter: Adapter) -> Adapter:
    return replace(adapter, alpha=FitOptions().alpha)


def shared_fit(runs: Runs, repositories: Sequence[Repository], args: argparse.Namespace) -> Fit | None:
    options = FitOptions(steps=args.steps, questions=0.0)
    files = shared_files(repositories, 2 * options.steps * options.batch * options.length, options.seed)
    return runs.fit("shared-by-" + "-".join(sorted(r.name for r in repositories)), files, options)


def gold_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [g for g in row["gold"] if g.get("start_line")]


def is_gold(span: Evidence, row: dict[str, Any]) -> bool:
    place = place_of(span)
    return place.length <= MAX_SPAN_LINES and any(
        span.span.path == g["path"] and span.span.start <= g["end_line"] and g["start_line"] <= span.span.end
        for g in gold_of(row)
    )


def answer_window(loaded: Any, row: dict[str, Any], spans: Sequence[Evidence]) -> Window:
    """The conversation up to the answer, and the reference answer, whose tokens are predicted."""

    def count(texts: Sequence[str]) -> list[int]:
        return [len(tokens) for tokens in encode(loaded.tokenizer, texts)]

    pack = pack_context(spans, ContextOptions(tokens=EVIDENCE_TOKENS), count)
    messages = [{"role": m.role, "content": m.content} for m in phrasing_messages(row["question"], pack)]
    prompt = loaded.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    before = np.array(loaded.tokenizer(prompt, add_special_tokens=False)["input_ids"], np.uint32)
    answer = encode(loaded.tokenizer, [row["reference_answer"]])[0][:ANSWER_TOKENS]
    size = len(loaded.tokenizer.decode(answer.tolist()).encode())
    return Window(f"{row['repo']} {row['id']}", np.concatenate([before, answer]), len(before), size)


def bits(runs: Runs, window: Window, readers: dict[str, Adapter | None], memory: Memory) -> dict[str, float]:
    """The answer's bits by reader, without and with the memory, and its size in bytes."""
    bits_by_reader = {"bytes": float(window.size)}
    for name, adapter in readers.items():
        key = "none" if adapter is None else hashlib.sha256(adapter.layers[-1]["q_proj"].up.tobytes()).hexdigest()[:16]
        scores = runs.scores(f"answer-{key}-known-{digest([window])}", [window], adapter, memory)
        if scores is None:
            continue
        own: TokenScores = scores[0]
        bits_by_reader[name] = -float(own.chosen.sum()) / float(np.log(2))
        bits_by_reader[f"{name} + memory"] = -float(own.with_memory().sum()) / float(np.log(2))
    return bits_by_reader


def answer_table(found: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """M3 by condition, with the 95 % interval of a bootstrap over answers."""
    items = [item for own in found.values() for item in own]
    rows = []
    for name in items[0] if items else ():
        if name == "bytes":
            continue
        base, now, size = (np.array([i[key] for i in items]) for key in (MODEL, name, "bytes"))
        draws = np.random.default_rng(SEED).integers(0, len(items), size=(RESAMPLES, len(items)))
        low, high = np.percentile(100 * (now[draws].sum(axis=1) / base[draws].sum(axis=1) - 1), (2.5, 97.5))
        rows.append(
            {
                "condition": name,
                "answers": len(items),
                "bits per byte": float(now.sum() / size.sum()),
                "M3": float(100 * (now.sum() / base.sum() - 1)),
                "95 %": f"{low:+.1f} to {high:+.1f}",
                "worse for": statistics.mean(float(a > b) for a, b in zip(now, base, strict=True)),
            }
        )
    return rows


if __name__ == "__main__":
    main()
