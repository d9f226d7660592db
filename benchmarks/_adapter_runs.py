"""What takes long, done once: scores of a model with and without adapters, and fits. Both are kept, by all that they depend on."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from _adapter_data import Repository, digest, save_arrays
from _common import ROOT, timed

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.fit import fit_adapter
from adapter_core.adapters.fitting.judge import DevelopmentText, Trial, Verdict, judge
from adapter_core.adapters.fitting.lora import adapter_attached
from adapter_core.adapters.fitting.options import FitOptions, JudgeOptions
from adapter_core.adapters.fitting.questions import QuestionRow
from adapter_core.adapters.fitting.scoring import TokenScores, score_windows
from adapter_core.adapters.fitting.split import BUILD, DEVELOPMENT
from adapter_core.adapters.fitting.windows import Window
from adapter_core.adapters.memory import Memory
from adapter_core.adapters.remembering.gate import ContextStats
from adapter_core.models.loading import LoadedModel, load_model
from adapter_core.models.sources import resolve


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted adapter at scale 1, its verdict, and the `record` of the fit: steps, tokens, seconds, losses."""

    name: str
    adapter: Adapter
    verdict: Verdict
    record: Mapping[str, Any]


@dataclass
class Runs:
    """Scores and fits, cached below `scratch`. `offline`: compute nothing, only use the cache."""

    scratch: Path
    loaded: LoadedModel
    offline: bool = False

    def scores(
        self, key: str, windows: Sequence[Window], adapter: Adapter | None = None, memory: Memory | None = None
    ) -> list[TokenScores] | None:
        """The scores of `windows` under `adapter`, with the statistics of `memory`; `key` names both. None if they are not cached and
        nothing may be computed."""
        info = self.loaded.info
        suffix = f"-{_KNOWN_DIGEST}" if memory is not None else ""
        file = self.scratch / "scores" / f"{key}{suffix}-{digest(windows)}-{info.digest[:12]}-{info.dtype}.npz"
        if not windows:
            return []
        if file.exists():
            with np.load(file, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            ends = np.cumsum([len(w.tokens) - w.first for w in windows])[:-1]
            parts = {name: np.split(array, ends) for name, array in arrays.items()}
            return [_scores({name: part[i] for name, part in parts.items()}) for i in range(len(windows))]
        if self.offline:
            return None
        with adapter_attached(self.loaded.model, adapter):
            found = score_windows(self.loaded.model, windows, memory=memory)
        kept = [_arrays_of(s) for s in found]
        save_arrays(file, **{name: np.concatenate([own[name] for own in kept]) for name in kept[0]})
        return found

    def fit(
        self,
        name: str,
        files: Mapping[str, np.ndarray],
        options: FitOptions,
        development: DevelopmentText | None = None,
        memory: Memory | None = None,
        rows: Sequence[QuestionRow] = (),
    ) -> Fit | None:
        """An adapter fitted to `files` (and to `rows` of them, where `options` say so) and judged on `development` over `memory`; without
        development text it is not judged."""
        setting = hashlib.sha256(repr((sorted(asdict(options).items()), sorted(files))).encode()).hexdigest()[:12]
        file = self.scratch / "fits" / f"{name}-{setting}-{self.loaded.info.digest[:12]}-{self.loaded.info.dtype}.npz"
        if not file.exists():
            if self.offline:
                return None
            file.parent.mkdir(parents=True, exist_ok=True)
            started = process_time()
            fitted = fit_adapter(self.loaded, files, options, checkpoint=file.with_suffix(".unfinished"), rows=rows)
            record = {
                "steps": fitted.steps,
                "tokens": fitted.tokens,
                "fit seconds": round(fitted.seconds, 1),
                # Of this run alone, where it went on from a checkpoint.
                "processor seconds": round(process_time() - started, 1),
                "losses": [round(x, 4) for x in fitted.losses],
                "rank": fitted.adapter.rank,
                "alpha": fitted.adapter.alpha,
                "blocks": len(fitted.adapter.layers),
            }
            _save_fit(file, record, fitted.adapter)
        record, adapter = _load_fit(file)
        if development is None:
            return Fit(name, adapter, Verdict(1.0, ()), record)
        if "general" not in next(iter(record.get("trials", ())), {}):
            if self.offline:
                return None
            seconds, verdict = timed(partial(judge, self.loaded.model, adapter, development, JudgeOptions(), memory))
            trials = [asdict(t) for t in verdict.trials]
            record |= {"judge seconds": round(seconds, 1), "scale": verdict.scale, "trials": trials}
            _save_fit(file, record, adapter)
        return Fit(name, adapter, Verdict(record["scale"], tuple(Trial(**t) for t in record["trials"])), record)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing long after this time")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scratch", type=Path, default=ROOT / ".setup" / "adapters")


def begin(args: argparse.Namespace) -> tuple[Runs, float]:
    """The embedded model with what was computed before, and when (`time.monotonic`) nothing long is to be begun any more."""
    import torch

    torch.set_num_threads(args.threads)
    end = time.monotonic() + 60 * args.minutes
    runs = Runs(args.scratch, load_model(resolve()))
    # Indexes go elsewhere than the user's; the model was found before.
    os.environ["PATHLINE_CACHE_DIR"] = str(args.scratch / "cache")
    return runs, end


def shared_files(repositories: Sequence[Repository], tokens: int, seed: int) -> dict[str, np.ndarray]:
    """Build files of all repositories, about equally much of each and `tokens` together, for one adapter of them all."""
    found: dict[str, np.ndarray] = {}
    for repository in repositories:
        files = repository.of(BUILD)
        order = sorted(files)
        random.Random(f"{seed} {repository.name}").shuffle(order)
        token_count = 0
        for path in order:
            if token_count * len(repositories) >= tokens:
                break
            found[f"{repository.name}/{path}"] = files[path][:4096]
            token_count += min(len(files[path]), 4096)
    return found


def development_of(repository: Repository, tokenizer: Any) -> DevelopmentText:
    return DevelopmentText.of(tokenizer, repository.of(DEVELOPMENT), repository.texts_of(DEVELOPMENT))


def mean_adapter(adapters: Sequence[Adapter]) -> Adapter:
    """The exact mean of the adapters' deltas: concatenated factors, at the sum of their ranks."""
    layers = []
    for own in zip(*(a.layers for a in adapters), strict=True):
        layers.append(
            {
                target: Factors(
                    np.concatenate([layer[target].down for layer in own]),
                    np.concatenate(
                        [layer[target].up * a.scale / len(adapters) for layer, a in zip(own, adapters, strict=True)],
                        axis=1,
                    ),
                )
                for target in own[0]
            }
        )
    rank = sum(a.rank for a in adapters)
    return Adapter(tuple(layers), rank, float(rank))


def cosine(first: Adapter, second: Adapter) -> float:
    """The cosine between the deltas of two adapters, each as one vector, computed from the factors."""
    return _dot(first, second) / (_dot(first, first) * _dot(second, second)) ** 0.5


def _dot(first: Adapter, second: Adapter) -> float:
    total = 0.0
    for a, b in zip(first.layers, second.layers, strict=True):
        for target in a.keys() & b.keys():
            ups = a[target].up.T.astype(np.float64) @ b[target].up
            total += float((ups * (a[target].down.astype(np.float64) @ b[target].down.T)).sum())
    return total * first.scale * second.scale


_KNOWN = tuple(field.name for field in fields(ContextStats))
_KNOWN_DIGEST = hashlib.sha256(repr(_KNOWN).encode()).hexdigest()[:6]


def _arrays_of(scores: TokenScores) -> dict[str, np.ndarray]:
    found = {"chosen": scores.chosen}
    if scores.known is not None:
        found |= {name: getattr(scores.known, name) for name in _KNOWN}
    return found


def _scores(arrays: Mapping[str, np.ndarray]) -> TokenScores:
    known = ContextStats(*(arrays[name] for name in _KNOWN)) if "totals" in arrays else None
    return TokenScores(arrays["chosen"], known)


def _arrays(adapter: Adapter) -> dict[str, np.ndarray]:
    found = {}
    for block, layer in enumerate(adapter.layers):
        for target, factors in layer.items():
            found[f"{block}/{target}/down"], found[f"{block}/{target}/up"] = factors.down, factors.up
    return found


def _save_fit(file: Path, record: dict[str, Any], adapter: Adapter) -> None:
    save_arrays(file, told=np.frombuffer(json.dumps(record).encode(), np.uint8), **_arrays(adapter))


def _load_fit(file: Path) -> tuple[dict[str, Any], Adapter]:
    with np.load(file, allow_pickle=False) as data:
        record: dict[str, Any] = json.loads(bytes(data["told"]).decode())
        layers: list[dict[str, Factors]] = [{} for _ in range(record["blocks"])]
        for key in data.files:
            block, _, rest = key.partition("/")
            if rest.endswith("/down"):
                target = rest.partition("/")[0]
                layers[int(block)][target] = Factors(data[key], data[f"{block}/{target}/up"])
    return record, Adapter(tuple(layers), record["rank"], record["alpha"])
