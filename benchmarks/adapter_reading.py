"""Does an adapter make the model a better reader? MRR of log P(question | span) over the top 20 lexical spans, with adapter and without.

    ./x bench adapter_reading --repos NAME… [--queries 24] [--steps 28] [--minutes M]

Questions are first sentences of docstrings of functions in held-out directories (the split of `adapters.py`: the adapter has seen none of
these files); the docstrings are taken out of the copy that is searched. Where the function is not among the top 20, a question counts 0
for all. `mixed`: the model's vote beside the lexical score, one standard deviation of each. The fits are those of `adapters.py`.
What was computed is kept below `--scratch`, question by question.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _adapter_data import HELD_OUT, Repository, fetch, load, names
from _adapter_runs import Runs, development_of
from _common import ROOT, report
from _docstring_queries import MAX_WORDS, MIN_WORDS, Documented, documented, without
from _retrieval_data import Place
from _retrieval_ours import place_of
from _retrieval_scores import MAX_SPAN_LINES

from adapter_core.adapters.fit_lora import beside
from adapter_core.adapters.fit_options import FitOptions
from adapter_core.adapters.fit_split import BUILD
from adapter_core.adapters.memory import Memory
from adapter_core.answers.choose import mix
from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.evidence.options import SelectionOptions
from adapter_core.evidence.selection import search
from adapter_core.models.loading import load_model
from adapter_core.models.scoring import score
from adapter_core.models.sources import resolve
from adapter_core.types import Evidence

SEED = 7
TOP = 20
RESAMPLES = 10_000
MODEL, ADAPTED = "model", "model with adapter"


@dataclass(frozen=True, slots=True)
class Read:
    """Of one question: its lexical and its read scores of each span, and which spans show the function."""

    lexical: tuple[float, ...]
    read: dict[str, tuple[float, ...]]
    gold: tuple[bool, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", nargs="+", choices=names(), default=names())
    parser.add_argument("--queries", type=int, default=24, help="of each repository, at most")
    parser.add_argument("--steps", type=int, default=28, help="of the fit")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no question after this time")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scratch", type=Path, default=ROOT / ".setup" / "adapters")
    args = parser.parse_args()
    import torch

    torch.set_num_threads(args.threads)
    end = time.monotonic() + 60 * args.minutes
    loaded = load_model(resolve())
    os.environ["PATHLINE_CACHE_DIR"] = str(args.scratch / "cache")
    runs = Runs(args.scratch, loaded)
    folders = fetch(args.scratch)
    found: dict[str, list[Read]] = {}
    for name in args.repos:
        repository = load(name, folders[name], loaded.tokenizer, args.scratch)
        memory = Memory.build(repository.of(BUILD), "")
        development = development_of(repository, loaded.tokenizer)
        fit = runs.fit(name, repository.of(BUILD), FitOptions(steps=args.steps), development, memory)
        copy, asked = prepared(repository, args.scratch / "reading" / name, args.queries)
        with CodeGraph.load_or_build(copy) as graph:
            for item in asked:
                if time.monotonic() > end or item.function is None or fit is None:
                    break
                spans = list(search(graph, item.sentence, SelectionOptions(top=TOP)).evidence)
                note = args.scratch / "reading" / f"{name}-{_digest(loaded.info.digest, fit.told, item, spans)}.json"
                found.setdefault(name, []).append(_read(note, loaded, fit.adapter, item.sentence, item.function, spans))
    report("adapter_reading", table(found), {"steps": args.steps, "top": TOP})


def prepared(repository: Repository, folder: Path, count: int) -> tuple[Path, list[Documented]]:
    """A copy without the docstrings of the functions that are asked for, and these."""
    held = sorted(path for path in repository.of(HELD_OUT) if not is_test_path(path))
    everything = [d for path in sorted(repository.texts) for d in documented(repository.root / path, repository.root)]
    often = Counter(d.sentence for d in everything)
    fit = [
        d for path in held for d in documented(repository.root / path, repository.root)
        if d.function is not None and often[d.sentence] == 1 and MIN_WORDS <= len(d.sentence.split()) <= MAX_WORDS
    ]  # fmt: skip
    drawn = random.Random(f"{SEED} {repository.name}").sample(fit, min(count, len(fit)))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(repository.root, folder)
    for path in {d.function.path for d in drawn if d.function is not None}:
        expressions = [d.expression for d in drawn if d.function is not None and d.function.path == path]
        (folder / path).write_bytes(without((folder / path).read_bytes(), expressions))
    return folder, drawn


def _read(note: Path, loaded: Any, adapter: Any, sentence: str, function: Place, spans: Sequence[Evidence]) -> Read:
    gold = tuple(place_of(s).length <= MAX_SPAN_LINES and place_of(s).overlaps(function) for s in spans)
    if not note.exists():
        texts = [s.text for s in spans] if any(gold) else []
        read = {MODEL: score(loaded, texts, sentence)}
        with beside(loaded.model, adapter):
            read[ADAPTED] = score(loaded, texts, sentence)
        note.write_text(json.dumps(read), "utf-8")
    stored = json.loads(note.read_text("utf-8"))
    return Read(tuple(s.score for s in spans), {k: tuple(v) for k, v in stored.items()}, gold)


def _digest(model: str, told: Any, item: Documented, spans: Sequence[Evidence]) -> str:
    whole = [model, told["steps"], told["losses"], item.sentence, [s.sha256 for s in spans]]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:16]


def reciprocal_rank(scores: Sequence[float], gold: Sequence[bool]) -> float:
    """1 over the rank of the best gold span; 0 where there is none. Equal scores keep their order."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return next((1 / rank for rank, i in enumerate(order, 1) if gold[i]), 0.0)


def ranks(item: Read) -> dict[str, float]:
    orders: dict[str, Sequence[float]] = {"lexical": item.lexical}
    for name, read in item.read.items():
        # Nothing was read where no span could be right.
        orders[name] = read or item.lexical
        orders[f"mixed, {name}"] = mix(item.lexical, list(read), 1.0) if read else item.lexical
    return {name: reciprocal_rank(scores, item.gold) for name, scores in orders.items()}


def table(found: dict[str, list[Read]]) -> list[dict[str, Any]]:
    """A line for each order, with its gain over the model alone and the interval of a bootstrap over questions."""
    items = [ranks(read) for own in found.values() for read in own]
    rows = []
    for name in items[0] if items else ():
        base = MODEL if name in (MODEL, ADAPTED) else f"mixed, {MODEL}" if name.startswith("mixed") else name
        gains = np.array([i[name] - i[base] for i in items])
        draws = gains[np.random.default_rng(SEED).integers(0, len(gains), size=(RESAMPLES, len(gains)))].mean(axis=1)
        low, high = np.percentile(draws, (2.5, 97.5))
        rows.append(
            {
                "order": name,
                "questions": len(items),
                "in the top 20": sum(any(r.gold) for own in found.values() for r in own),
                "MRR": statistics.mean(i[name] for i in items),
                "gain by the adapter": float(gains.mean()) if name != base else None,
                "95 %": f"{low:+.3f} to {high:+.3f}" if name != base else None,
                **{repo: statistics.mean(ranks(r)[name] for r in own) for repo, own in found.items()},
            }
        )
    return rows


if __name__ == "__main__":
    main()
