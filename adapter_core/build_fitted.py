"""What a build makes that answers use: the memory of a repository, in seconds, and its fitted adapter, in minutes and on request.

    build_memory(graph, model, folder)
    report = build_fitted(graph, model, folder, FitOptions(steps=56))
    report.manifest.kept

Both lie in the folder of the generated adapter (`build.build_adapters`), the fitted one in a folder of its own there, so that neither
takes the place of another. `adapters/available.py` says what is there.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .adapters.fitting.options import FitOptions, JudgeOptions
from .adapters.fitting.repository import CHECKPOINT, fit_repository, scores_of, settings_of
from .adapters.manifest import FITTED
from .adapters.options import BuildOptions
from .adapters.remembering.sync import StoredMemory, load_tokenizer, stored_memory
from .build import AdapterMaker, BuildInputs, BuildModel, BuildReport, MadeAdapter, Progress, build_adapters
from .code_graph import CodeGraph
from .errors import Cancelled, ModelFileError
from .types import CancelToken

if TYPE_CHECKING:
    from .models.loading import LoadedModel

# Of what is fitted and how: what an earlier one made is made anew.
_VERSION = 1


def build_memory(
    graph: CodeGraph,
    model: BuildModel,
    folder: Path,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> StoredMemory:
    """The memory in `folder`, brought up to date; of the model only its tokenizer is read. Raises `ModelMissingError`,
    `ModelFileError`, `Cancelled` and `OSError`."""
    report = progress or (lambda stage, done, total, current: None)
    report("memory", 0, 0, "")
    tokenizer = load_tokenizer(_folder_of(model), model.name)
    return stored_memory(
        graph, tokenizer, folder, cancel, lambda done, total, path: report("memory", done, total, path)
    )


def build_fitted(
    graph: CodeGraph,
    model: BuildModel,
    folder: Path,
    options: FitOptions | None = None,
    judging: JudgeOptions | None = None,
    transport: str = BuildOptions().transport,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> BuildReport:
    """Fit an adapter and judge it; into `folder / FITTED`. What was broken off goes on where it was, unless `rebuild` is set. Raises as
    `build_adapters` and `fitting/repository`."""
    place = folder / FITTED
    checkpoint = folder / CHECKPOINT
    if rebuild:
        checkpoint.unlink(missing_ok=True)
    maker = fitted_maker(options or FitOptions(), judging or JudgeOptions(), checkpoint)
    return build_adapters(
        graph, model, place, BuildOptions(transport=transport), maker, rebuild=rebuild, progress=progress, cancel=cancel
    )


def fitted_maker(
    options: FitOptions, judging: JudgeOptions, checkpoint: Path | None = None, loaded: LoadedModel | None = None
) -> AdapterMaker:
    """With `loaded`, a model that is there already is used, which must be the one that is built for."""
    told = sorted(asdict(replace(options, low_priority=False, checkpoint_every=0)).items())

    def make(inputs: BuildInputs) -> MadeAdapter:
        model = loaded or _load(inputs)
        found = fit_repository(model, inputs.graph, options, judging, checkpoint, inputs.progress, inputs.cancel)
        return MadeAdapter(
            found.adapter,
            "fitted",
            settings_of(found, options, judging),
            tuple(scores_of(found)),
            kept=bool(found.scale),
            scale=found.scale or 1.0,
        )

    return AdapterMaker(f"fitted {_VERSION} {told} {sorted(asdict(judging).items())}", make)


def _load(inputs: BuildInputs) -> LoadedModel:
    from .models.loading import load_model
    from .models.sources import ModelSource

    if inputs.cancel is not None and inputs.cancel.is_set():
        raise Cancelled("The build was stopped; what was there before is still there.")
    model = inputs.model
    return load_model(ModelSource(model.name, _folder_of(model), model.digest))


def _folder_of(model: BuildModel) -> Path:
    if model.folder is None:
        raise ModelFileError(f"Only the shape of {model.name} is known: name a model that is on this machine.")
    return model.folder
