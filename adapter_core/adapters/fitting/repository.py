"""Fit an adapter to a repository: which files it is trained on, which judge it, and what the manifest records of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...code_graph import CodeGraph
from ...errors import AdapterFileError, UsageError
from ...models.loading import LoadedModel
from ...types import CancelToken, check_cancelled
from ..adapter import Adapter
from ..fit import FitResult, fit_adapter
from ..memory import Memory, tokenizer_digest
from ..watching import UNWATCHED, Watcher
from .judge import DevelopmentText, Verdict, judge, kept_adapter
from .options import FitOptions, JudgeOptions
from .questions import question_rows
from .reading import mean_reciprocal_rank
from .split import BUILD, DEVELOPMENT, SplitOptions, split_by_directory
from .windows import encode

CHECKPOINT = "unfinished-fit.npz"


@dataclass(frozen=True, slots=True)
class RepositoryFit:
    """`adapter` at the scale at which it was kept, or, where it was not, at 1. `parts`: how many files each part has. `reading`: the mean
    reciprocal rank of the right place for questions of development files, by the model alone and with `adapter`; None where there are
    too few."""

    adapter: Adapter
    fitted: FitResult
    verdict: Verdict
    parts: Mapping[str, int]
    reading: tuple[float, float] | None = None

    @property
    def scale(self) -> float:
        return self.verdict.scale


def fit_repository(
    loaded: LoadedModel,
    graph: CodeGraph,
    options: FitOptions,
    judging: JudgeOptions,
    checkpoint: Path | None = None,
    watcher: Watcher = UNWATCHED,
) -> RepositoryFit:
    """Fit an adapter to the Python files of `graph`, except those of some directories, which judge it beside a memory of the others.

    An unfinished fit of the same text and options at `checkpoint` is resumed; any other is started again. Raises as `fit_adapter`.
    """
    report, cancel = watcher.progress, watcher.cancel
    texts = _read_texts(graph, cancel)
    parts = split_by_directory({path: len(text.encode()) for path, text in texts.items()}, SplitOptions())
    texts_by_part = {
        part: {path: texts[path] for path in texts if parts[path] == part} for part in (BUILD, DEVELOPMENT)
    }
    report("tokens", 0, len(texts), "")
    tokens = {part: _encode_texts(loaded, found, cancel) for part, found in texts_by_part.items()}
    development = DevelopmentText.of(loaded.tokenizer, tokens[DEVELOPMENT], texts_by_part[DEVELOPMENT], judging)
    if not development.text:
        raise UsageError("There are too few files to fit an adapter: none are left that could judge it.")

    def step(done: int, steps: int, loss: float) -> None:
        report("fit", done, steps, f"loss {loss:.3f}")

    rows = question_rows(texts_by_part[BUILD]) if options.questions else []

    def fit() -> FitResult:
        return fit_adapter(loaded, tokens[BUILD], options, step, cancel, checkpoint, rows)

    report("fit", 0, options.steps if options.seconds is None else 0, "")
    try:
        fitted = fit()
    except AdapterFileError:
        if checkpoint is None:
            raise
        checkpoint.unlink(missing_ok=True)  # of other text or options, or damaged
        fitted = fit()
    report("judge", 0, 0, "")
    memory = Memory.build(tokens[BUILD], tokenizer_digest(loaded.tokenizer))
    verdict = judge(
        loaded.model, fitted.adapter, development, judging, memory, cancel=cancel,
        progress=lambda done, total: report("judge", done, total, ""),
    )  # fmt: skip
    adapter = kept_adapter(fitted.adapter, verdict) or fitted.adapter
    report("reading", 0, 0, "")
    development_rows = question_rows(texts_by_part[DEVELOPMENT])
    before, after = (mean_reciprocal_rank(loaded, development_rows, a, 1.0, judging, cancel) for a in (None, adapter))
    reading = (before, after) if before is not None and after is not None else None
    return RepositoryFit(adapter, fitted, verdict, {part: len(found) for part, found in texts_by_part.items()}, reading)


def settings_of(found: RepositoryFit, options: FitOptions, judging: JudgeOptions) -> dict[str, Any]:
    """The settings for the manifest, from which the fit can be repeated. They hold no time: the same inputs give the same bytes."""
    settings = asdict(replace(options, low_priority=False))
    return {
        **settings,
        "targets": [t for t in options.targets if any(t in layer for layer in found.adapter.layers)],
        "steps": found.fitted.steps,
        "tokens": found.fitted.tokens,
        "training_sha256": found.fitted.data,
        "first_loss": round(found.fitted.losses[0], 4),
        "last_loss": round(found.fitted.losses[-1], 4),
        "files": dict(found.parts),
        "judging": {**asdict(judging), "scales": list(judging.scales)},
    }


def scores_of(found: RepositoryFit) -> list[dict[str, Any]]:
    """The scores for the manifest, on development files: bits per byte of the adapter at each scale and of its controls, the model alone
    and the memory alone; and the mean reciprocal rank in reading, of the model alone and with the stored adapter."""
    rows: list[dict[str, Any]] = []
    if found.reading is not None:
        for name, value in zip(("model alone", "adapter as stored"), found.reading, strict=True):
            rows.append({"condition": f"reading, {name}", "mean_reciprocal_rank": round(value, 4)})
    for trial in found.verdict.trials:
        name = f"adapter at {trial.scale:g}" if trial.scale else ""
        rows.append({"condition": name or "model alone", **_bits_per_byte(trial.text, trial.bodies)})
        if trial.general is not None:
            rows[-1]["general"] = round(trial.general, 4)
        if trial.text_with_memory is not None and trial.bodies_with_memory is not None:
            both = f"{name} and memory" if name else "memory alone"
            rows.append({"condition": both, **_bits_per_byte(trial.text_with_memory, trial.bodies_with_memory)})
    return rows


def _bits_per_byte(text: float, bodies: float) -> dict[str, float]:
    return {"text": round(text, 4), "bodies": round(bodies, 4)}


def _read_texts(graph: CodeGraph, cancel: CancelToken | None) -> dict[str, str]:
    found = {}
    for path in graph.view.python_paths():
        check_cancelled(cancel)
        document = graph.document(path)
        if document is not None and document.text.strip():
            found[path] = document.text
    return found


def _encode_texts(loaded: LoadedModel, texts: Mapping[str, str], cancel: CancelToken | None) -> dict[str, Any]:
    check_cancelled(cancel)
    return dict(zip(texts, encode(loaded.tokenizer, list(texts.values())), strict=True))
