"""Does an adapter make the model a better reader? MRR of log P(question | span) over the top 20 lexical spans, with adapter and without.

    ./x bench adapter_reading [--repos NAME…] [--queries 24] [--steps 112] [--shares 0 0.5] [--fits-of NAME]

Questions are first sentences of docstrings of functions in held-out directories (the split of `adapters.py`: the adapter has seen none of
these files); the docstrings are taken out of the copy that is searched. Where the function is not among the top 20, a question counts 0
for all. `mixed`: the model's vote beside the lexical score, one standard deviation of each. Of each span the first 256 tokens are read.
A fit for each of `--shares`: so much of its steps trains log P(question | place) on rows made from the build files
(`fitting/questions.py`); share 0 is the fit of `adapters.py`. With `--fits-of`, all repositories are read with the adapters of that one:
is what helps to read a repository's own? What was computed is kept below `--scratch`, question by question.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _adapter_data import HELD_OUT, Repository, fetch, load, names
from _adapter_runs import Fit, Runs, add_run_arguments, begin
from _common import report
from _docstring_queries import MAX_WORDS, MIN_WORDS, Documented, documented, without
from _retrieval_ours import place_of
from _retrieval_scores import MAX_SPAN_LINES

from adapter_core.adapters.adapter import Adapter
from adapter_core.adapters.fitting.lora import adapter_attached
from adapter_core.adapters.fitting.options import FitOptions
from adapter_core.adapters.fitting.questions import QuestionRow, question_rows
from adapter_core.adapters.fitting.split import BUILD
from adapter_core.answers.composing.sentence_scores import mix
from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.evidence.options import SelectionOptions
from adapter_core.evidence.selection import search
from adapter_core.models.loading import LoadedModel
from adapter_core.models.scoring import ScoringOptions, score
from adapter_core.types import Evidence

SEED = 7
TOP = 20
RESAMPLES = 10_000
CONTEXT_TOKENS = 256
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Read:
    """One question: the lexical scores and the readers' scores of each span, and which spans show the function."""

    lexical: tuple[float, ...]
    read: dict[str, tuple[float, ...]]
    gold: tuple[bool, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", nargs="+", choices=names(), default=names())
    parser.add_argument("--queries", type=int, default=24, help="of each repository, at most")
    add_fit_arguments(parser)
    parser.add_argument("--fits-of", choices=names(), help="whose adapters read (default: each repository's own)")
    add_run_arguments(parser)
    args = parser.parse_args()
    runs, end = begin(args)
    loaded = runs.loaded
    folders = fetch(args.scratch)
    found: dict[str, list[Read]] = {}
    fits: dict[str, Any] = {}
    for name in args.repos:
        repository = load(name, folders[name], loaded.tokenizer, args.scratch)
        source = repository
        if args.fits_of:
            source = load(args.fits_of, folders[args.fits_of], loaded.tokenizer, args.scratch)
        rows = question_rows(source.texts_of(BUILD))
        fitted = fit_shares(runs, source.name, source.of(BUILD), rows, args, end)
        readers = readers_of(fitted)
        for share, fit in fitted.items():
            fits[f"{source.name}, {share:g} questions"] = {
                "rows": Counter(row.kind for row in rows) if share else {},
                **{key: fit.record[key] for key in ("steps", "tokens", "processor seconds") if key in fit.record},
            }
        copy, questions = prepared(repository, args.scratch / "reading" / name, args.queries)
        with CodeGraph.load_or_build(copy) as graph:
            for item in questions:
                if time.monotonic() > end or item.function is None or len(readers) <= len(args.shares):
                    break
                spans = list(search(graph, item.sentence, SelectionOptions(top=TOP)).evidence)
                gold = [place_of(s).length <= MAX_SPAN_LINES and place_of(s).overlaps(item.function) for s in spans]
                found.setdefault(name, []).append(
                    read_spans(args.scratch / "reading", loaded, readers, item.sentence, gold, spans)
                )
        settings = {"steps": args.steps, "top": TOP, "fits": fits, "fits of": args.fits_of or "each its own"}
        report("adapter_reading_other" if args.fits_of else "adapter_reading", table(found), settings)


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, default=FitOptions().steps, help="of a fit")
    parser.add_argument("--shares", type=float, nargs="*", default=[0.0, 0.5], help="of question steps, one fit each")


def fit_shares(
    runs: Runs,
    name: str,
    files: Mapping[str, np.ndarray],
    rows: Sequence[QuestionRow],
    args: argparse.Namespace,
    end: float,
) -> dict[float, Fit]:
    """A fit for each of `--shares`; without those for which there is no time."""
    found: dict[float, Fit] = {}
    for share in args.shares:
        runs.offline = runs.offline or time.monotonic() > end
        options = FitOptions(steps=args.steps, questions=share)
        fit = runs.fit(name, files, options, rows=rows if share else ())
        if fit is not None:
            found[share] = fit
    return found


def readers_of(fits: Mapping[float, Fit]) -> dict[str, Adapter | None]:
    """What reads, by name: the model alone, and with the adapter of each fit."""
    return {MODEL: None, **{f"{share:g} questions": fit.adapter for share, fit in fits.items()}}


def prepared(repository: Repository, folder: Path, count: int) -> tuple[Path, list[Documented]]:
    """A copy of the repository without the docstrings of the drawn functions, and these functions."""
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


def read_spans(
    folder: Path,
    loaded: LoadedModel,
    readers: Mapping[str, Adapter | None],
    sentence: str,
    gold: Sequence[bool],
    spans: Sequence[Evidence],
) -> Read:
    """What each of `readers` (None: the model alone) makes of the spans; kept in `folder`."""
    read: dict[str, tuple[float, ...]] = {}
    for name, adapter in readers.items():
        note = folder / f"{_digest(loaded.info.digest, adapter, sentence, spans)}.json"
        if not note.exists():
            # Where no span could be right, none is read.
            texts = [s.text for s in spans] if any(gold) else []
            with adapter_attached(loaded.model, adapter):
                scores = score(loaded, texts, sentence, ScoringOptions(context_tokens=CONTEXT_TOKENS))
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps(scores), "utf-8")
        read[name] = tuple(json.loads(note.read_text("utf-8")))
    return Read(tuple(s.score for s in spans), read, tuple(gold))


def _digest(model: str, adapter: Adapter | None, sentence: str, spans: Sequence[Evidence]) -> str:
    digest = hashlib.sha256(json.dumps([model, CONTEXT_TOKENS, sentence, [s.sha256 for s in spans]]).encode())
    for layer in adapter.layers if adapter is not None else ():
        for factors in layer.values():
            digest.update(factors.up.tobytes())
    return digest.hexdigest()[:20]


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
        base = f"mixed, {MODEL}" if name.startswith("mixed") else name if name == "lexical" else MODEL
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
