"""What helps a small model with a repository it never read: a memory, a fitted adapter, both; and what controls say about them.

    ./x bench adapters [--repos NAME…] [--windows 24] [--steps 112] [--fits NAME…] [--no-controls] [--minutes M] [--gate]

The packages (`adapter_packages.txt`) are newer than the model and were chosen before the first run. Directories, not files, are for
building, development or held out. M1 is the change in bits per byte on held-out windows, M2 that on function bodies after signature and
docstring, "new lines" M1 on lines that occur nowhere in the build files, "general" that on prose about a library that every model
knows; negative is better. Intervals: a bootstrap over repositories, and within one over its windows.

What takes long is kept below `--scratch` as it is computed: an interrupted run goes on where it was, and `--minutes` ends one in time.
Then the table holds what is known: a condition is averaged over the repositories that have it (`repositories`).
The gate of the memory is that of the package; it was fitted by `--gate` on all development files. `cross-fitted` has one from the
development files of the other repositories alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _adapter_data import (
    fetch,
    general_windows,
    load,
    names,
    read_texts,
    with_context,
)
from _adapter_runs import Runs, add_run_arguments, begin, cosine, development_of, mean_adapter, shared_files
from _adapter_table import BODIES, FITTED_ON, MEASURES, TEXT, Subject, borrow, table
from _common import report, timed
from _memory_gate import fit_gate, save_gate

from adapter_core.adapters.adapter import Adapter
from adapter_core.adapters.fitting.judge import kept_adapter
from adapter_core.adapters.fitting.options import FitOptions
from adapter_core.adapters.fitting.split import BUILD
from adapter_core.adapters.fitting.windows import encode
from adapter_core.adapters.memory import Memory
from adapter_core.adapters.remembering.gate import concatenate_stats
from adapter_core.adapters.remembering.mixing import MemoryStep
from adapter_core.models.loading import LoadedModel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", nargs="+", choices=names(), default=names(), help="of the list (default: all)")
    parser.add_argument("--windows", type=int, default=24, help="held-out windows of 1,024 tokens for each repository")
    parser.add_argument("--steps", type=int, default=FitOptions().steps, help="of a fit, 512 tokens each")
    parser.add_argument("--first-block", type=float, default=FitOptions().first_block, help="see FitOptions")
    parser.add_argument(
        "--fits", nargs="*", choices=names(), help="which get an adapter (default: all; none: the memory alone)"
    )
    parser.add_argument("--no-controls", action="store_true", help="no other adapters, no longer contexts")
    parser.add_argument(
        "--gate", action="store_true", help="fit the memory's gate anew, write it into the package, and end"
    )
    parser.add_argument(
        "--decode", action="store_true", help="only time the memory beside decoding, on the last of --repos"
    )
    add_run_arguments(parser)
    args = parser.parse_args()
    runs, end = begin(args)
    loaded = runs.loaded
    clock = _Clock(runs, end)
    general = general_windows(loaded.tokenizer)
    folders = fetch(args.scratch)
    subjects = []
    costs = []
    for name in args.repos:
        subject = Subject(
            load(name, folders[name], loaded.tokenizer, args.scratch), loaded.tokenizer, args.windows, general
        )
        subjects.append(subject)
        costs.append(build_cost(subject, loaded.tokenizer, args.scratch))
    if args.decode:
        print(subjects[-1].name, decode_cost(loaded, subjects[-1]))
        return
    if args.gate:
        _score(runs, subjects, ["none"], FITTED_ON)
        known, chosen = zip(*(s.development() for s in subjects), strict=True)
        save_gate(fit_gate(concatenate_stats(known), np.concatenate(chosen)))
        return
    clock.check()
    _score(runs, subjects, ["none"], [*FITTED_ON, *MEASURES.values()], clock)
    settings: dict[str, Any] = {
        "model": loaded.info.name,
        "dtype": loaded.info.dtype,
        "steps": args.steps,
        "windows": args.windows,
    }
    settings["memory of another"] = borrow(runs, subjects)
    finish(subjects, costs, settings, {})
    if args.fits is not None and not args.fits:
        return
    options = FitOptions(steps=args.steps, first_block=args.first_block, questions=0.0)
    for subject in subjects if args.fits is None else [s for s in subjects if s.name in args.fits]:
        clock.check()
        development = development_of(subject.repository, loaded.tokenizer)
        subject.fit = runs.fit(subject.name, subject.repository.of(BUILD), options, development, subject.memory)
        _score(runs, [subject], ["fitted"], list(MEASURES.values()), clock)
        finish(subjects, costs, settings, {})
    if not args.no_controls:
        extra = controls(runs, subjects, folders, options, clock)
        finish(subjects, costs, settings, extra)


class _Clock:
    """Stops the run at its time limit, before the next long computation."""

    def __init__(self, runs: Runs, end: float) -> None:
        self._runs, self._end = runs, end

    def check(self) -> None:
        if time.monotonic() > self._end and not self._runs.offline:
            print("The time is over: what is not there yet is left out.", file=sys.stderr)
            self._runs.offline = True


def _score(
    runs: Runs,
    subjects: Sequence[Subject],
    conditions: Sequence[str],
    parts: Sequence[str],
    clock: _Clock | None = None,
) -> None:
    for subject in subjects:
        for condition in conditions:
            for part in parts:
                if clock is not None:
                    clock.check()
                _score_one(runs, subject, condition, part)


def _score_one(runs: Runs, subject: Subject, condition: str, part: str) -> None:
    adapter, key = None, f"{subject.name}-none"
    if condition == "fitted":
        if subject.fit is None:
            return
        # Where it is not kept, it is measured all the same, at scale 1.
        adapter = kept_adapter(subject.fit.adapter, subject.fit.verdict) or subject.fit.adapter
        key = f"{subject.name}-fitted-{subject.fit.record['steps']}-{adapter.alpha:g}"
    found = runs.scores(f"{key}-known-{part.replace(' ', '-')}", subject.windows[part], adapter, subject.memory)
    if found is not None:
        subject.scores[condition, part] = found


def controls(
    runs: Runs, subjects: Sequence[Subject], folders: dict[str, Path], options: FitOptions, clock: _Clock
) -> dict[str, Any]:
    """Scores of adapters that are not the repository's own, and of more context; returns facts about the adapters themselves."""
    fitted = [s for s in subjects if s.fit is not None]
    if len(fitted) < 2:
        return {}
    near = nearest(fitted, folders, runs.scratch)
    adapters = {s.name: s.fit.adapter for s in fitted if s.fit is not None}
    files = shared_files(
        [s.repository for s in subjects], 2 * options.steps * options.batch * options.length, options.seed
    )
    clock.check()
    shared = runs.fit(f"shared-by-{len(subjects)}", files, options)
    for part in (MEASURES[TEXT], MEASURES[BODIES]):
        for subject in fitted:
            _control(runs, subject, part, f"wrong: {near[subject.name]}", adapters[near[subject.name]], clock)
            if shared is not None:
                _control(runs, subject, part, f"shared: by {len(subjects)}", shared.adapter, clock)
    for part in (MEASURES[TEXT], MEASURES[BODIES]):
        for subject in fitted:
            foreign_adapters = [a for name, a in adapters.items() if name != subject.name]
            _control(runs, subject, part, f"mean: of {len(foreign_adapters)}", mean_adapter(foreign_adapters), clock)
    for subject in fitted:
        clock.check()
        longer = [with_context(subject.repository, runs.loaded.tokenizer, w) for w in subject.windows[MEASURES[TEXT]]]
        found = runs.scores(f"{subject.name}-context-known", longer, memory=subject.memory)
        if found is not None:
            subject.scores["context", MEASURES[TEXT]] = found
    cosines = {f"{a} {b}": cosine(adapters[a], adapters[b]) for a in adapters for b in adapters if a < b}
    return {"nearest": near, "cosine of deltas": cosines}


def _control(runs: Runs, subject: Subject, part: str, name: str, adapter: Adapter, clock: _Clock) -> None:
    """`name`: the condition, a colon, and which adapter it is."""
    clock.check()
    steps = subject.fit.record["steps"] if subject.fit else 0
    key = f"{subject.name}-{name}-{steps}-known-{part}".replace(" ", "-").replace(":", "")
    found = runs.scores(key, subject.windows[part], adapter, subject.memory)
    if found is not None:
        subject.scores[name.partition(":")[0], part] = found


def nearest(subjects: Sequence[Subject], folders: dict[str, Path], scratch: Path) -> dict[str, str]:
    """For each repository, the other one whose embedding is nearest."""
    from adapter_core.evidence.embedding import build_repo_embedding
    from adapter_core.evidence.repo_embedding import RepoEmbedding

    vectors = {}
    for subject in subjects:
        folder = scratch / "embeddings" / subject.name
        if not (folder / "embedding.npz").exists():
            build_repo_embedding(folders[subject.name]).save(folder)
        vectors[subject.name] = RepoEmbedding.load(folder).z
    return {a: max((b for b in vectors if b != a), key=lambda b: float(vectors[a] @ vectors[b])) for a in vectors}


def build_cost(subject: Subject, tokenizer: Any, scratch: Path) -> dict[str, Any]:
    """The cost of building the memory of all files, and of an edit; measured once."""
    note = scratch / "costs" / f"{subject.name}.json"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(_measured_cost(subject, tokenizer)), "utf-8")
    found: dict[str, Any] = json.loads(note.read_text("utf-8"))
    return found


def decode_cost(loaded: LoadedModel, subject: Subject) -> dict[str, float]:
    """Medians per token over 64 greedy tokens after 512 held-out ones: the model, and the memory's step beside it."""
    import torch
    from transformers import DynamicCache

    tokens = subject.windows[MEASURES[TEXT]][0].tokens[:512].tolist()
    step, past = MemoryStep(subject.memory), DynamicCache(config=loaded.model.config)
    model_times, memory_times, unread = [], [], list(tokens)
    for _ in range(65):
        with torch.inference_mode():
            ids = torch.tensor([unread])
            spent, output = timed(partial(loaded.model, ids, past_key_values=past, logits_to_keep=1))
        model_times.append(spent)
        spent, logits = timed(partial(step, tokens, output.logits[0, -1]))
        memory_times.append(spent)
        unread = [int(logits.argmax())]
        tokens += unread
    model, memory = (1000 * statistics.median(times[1:]) for times in (model_times, memory_times))
    return {"model ms": model, "memory ms": memory, "share": memory / model}


def _measured_cost(subject: Subject, tokenizer: Any) -> dict[str, Any]:
    root = subject.repository.root
    reading, texts = timed(lambda: read_texts(root))
    tokenizing, tokens = timed(lambda: encode(tokenizer, list(texts.values())))
    counting, memory = timed(lambda: Memory.build(dict(zip(texts, tokens, strict=True)), ""))
    file = subject.repository.root.parent / f"{subject.name}.memory"
    saving, _ = timed(lambda: memory.save(file))
    opening, found = timed(lambda: Memory.load(file, ""))
    edited = sorted(texts, key=lambda p: len(texts[p]))[len(texts) // 2]
    first, _ = timed(lambda: found.update(edited, found.files[edited][::2]))
    size = file.stat().st_size
    file.unlink()
    return {
        "repository": subject.name,
        "files": len(texts),
        "MB of text": sum(len(t.encode()) for t in texts.values()) / 1e6,
        "tokens": memory.token_count,
        "read s": reading,
        "tokenize s": tokenizing,
        "count s": counting,
        "save s": saving,
        "open s": opening,
        "threads": os.environ.get("RAYON_NUM_THREADS", "all"),
        "load": round(os.getloadavg()[0], 1),
        "edit s": first,
        "MB on disk": size / 1e6,
    }


def finish(
    subjects: Sequence[Subject], costs: list[dict[str, Any]], settings: dict[str, Any], extra: dict[str, Any]
) -> None:
    rows = [*table(subjects)]
    fits = {s.name: {k: v for k, v in s.fit.record.items() if k != "losses"} for s in subjects if s.fit is not None}
    sizes = {s.name: s.repository.sizes() for s in subjects}
    report("adapters", rows, {**settings, **extra, "tokens": sizes, "building the memory": costs, "fits": fits})


if __name__ == "__main__":
    main()
