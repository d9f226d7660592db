"""Build what answers use: the memory of a repository, in seconds, and its fitted adapter, in minutes and on request.

    build_memory(graph, model, folder)
    report = build_fitted(graph, model, folder, FittedOptions(FitOptions(steps=56)))
    report.manifest.kept

Both lie in the folder of the generated adapter (`build.build_adapters`), the fitted one in a folder of its own there, so that neither
takes the place of another. `adapters/available.py` says what is there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .adapters.fitting.options import FitOptions, JudgeOptions
from .adapters.fitting.repository import CHECKPOINT, fit_repository, scores_of, settings_of
from .adapters.manifest import FITTED
from .adapters.options import BuildOptions
from .adapters.remembering.sync import StoredMemory, load_tokenizer, stored_memory
from .adapters.watching import UNWATCHED, Watcher
from .build import AdapterMaker, BuildInputs, BuildModel, BuildReport, MadeAdapter, build_adapters, locked
from .code_graph import CodeGraph
from .errors import Cancelled, ModelFileError

if TYPE_CHECKING:
    from .models.loading import LoadedModel

# Of the fitting method: an adapter of another version is fitted again.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class FittedOptions:
    """`fit`: how it is trained. `judging`: how it is decided whether it is kept. `transport`: the number format of the file."""

    fit: FitOptions = field(default_factory=FitOptions)
    judging: JudgeOptions = field(default_factory=JudgeOptions)
    transport: str = BuildOptions().transport


def build_memory(
    graph: CodeGraph,
    model: BuildModel,
    folder: Path,
    watcher: Watcher = UNWATCHED,
) -> StoredMemory:
    """The up-to-date memory in `folder`; only the tokenizer of the model is read. Raises `ModelMissingError`, `ModelFileError`,
    `AdapterError` (another process is building there), `Cancelled` and `OSError`."""
    report = watcher.progress
    report("memory", 0, 0, "")
    tokenizer = load_tokenizer(_model_folder(model), model.name)
    # From reading the old one to writing the new one, or of two builds the later to write could put an older state back.
    with locked(folder):
        return stored_memory(
            graph, tokenizer, folder, watcher.cancel, lambda done, total, path: report("memory", done, total, path)
        )


def build_fitted(
    graph: CodeGraph,
    model: BuildModel,
    folder: Path,
    options: FittedOptions | None = None,
    *,
    rebuild: bool = False,
    watcher: Watcher = UNWATCHED,
) -> BuildReport:
    """Fit an adapter and judge it, into `folder / FITTED`. An unfinished fit is resumed, unless `rebuild` is set. Raises as
    `build_adapters` and `fitting/repository`."""
    options = options or FittedOptions()
    maker = _fitted_maker(options.fit, options.judging, folder / CHECKPOINT, anew=rebuild)
    built = BuildOptions(transport=options.transport)
    return build_adapters(graph, model, folder / FITTED, built, maker, rebuild=rebuild, watcher=watcher)


def _fitted_maker(options: FitOptions, judging: JudgeOptions, checkpoint: Path, anew: bool) -> AdapterMaker:
    """An `AdapterMaker` that fits. `anew`: not from where an earlier fit was interrupted."""
    fit_settings = sorted(asdict(replace(options, low_priority=False, checkpoint_every=0)).items())

    def make(inputs: BuildInputs) -> MadeAdapter:
        if anew:
            checkpoint.unlink(missing_ok=True)  # here, where it is of no fit that runs: the folder is locked
        model = _load(inputs)
        repository_fit = fit_repository(model, inputs.graph, options, judging, checkpoint, inputs.watcher)
        return MadeAdapter(
            repository_fit.adapter,
            "fitted",
            settings_of(repository_fit, options, judging),
            tuple(scores_of(repository_fit)),
            kept=bool(repository_fit.scale),
            scale=repository_fit.scale or 1.0,
        )

    return AdapterMaker(f"fitted {_VERSION} {fit_settings} {sorted(asdict(judging).items())}", make)


def _load(inputs: BuildInputs) -> LoadedModel:
    from .models.loading import load_model
    from .models.sources import ModelSource

    if inputs.watcher.stopped:
        raise Cancelled("The build was stopped; what was there before is still there.")
    model = inputs.model
    return load_model(ModelSource(model.name, _model_folder(model), model.digest))


def _model_folder(model: BuildModel) -> Path:
    if model.folder is None:
        raise ModelFileError(f"Only the shape of {model.name} is known: name a model that is on this machine.")
    return model.folder
