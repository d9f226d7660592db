"""Fit an adapter to a repository: low-rank factors trained on its own text (Hu et al., arXiv 2106.09685), within a budget.

With a budget in tokens, a fixed number of threads and the same Python installation (whose docstrings are also read, unless `prose` is 0),
the same files give the same bytes; a budget in seconds is converted to a number of steps, which is recorded and gives the same bytes
again. An interrupted fit, resumed from its checkpoint, gives the bytes of an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from ..errors import Cancelled, ModelError, UsageError
from ..models.loading import LoadedModel
from ..types import CancelToken, is_cancelled
from .adapter import Adapter, Factors
from .fitting import checkpoint as fit_checkpoint
from .fitting.attention import attention_for_training
from .fitting.lora import TrainedFactors, trainable_sites
from .fitting.loss import check_head, mean_loss
from .fitting.options import FitOptions
from .fitting.packing import Sequences, interleave_rows, mix_in_prose, pack_sequences, prose_sequence_count
from .fitting.prose import prose_sequences
from .fitting.questions import QuestionRow, pack_question_rows
from .targets import layout_of

# Called after each step with the steps done, their number (0 while it is unknown) and the step's loss in nats per token.
FitProgress = Callable[[int, int, float], None]

# Steps whose time tells how many more there is time for; the first is slower than the others.
_TIMED_STEPS = 3
_NICE = 10
_RESUME_HINT = "; the next one of the same text and options goes on there"


@dataclass(frozen=True, slots=True)
class FitResult:
    """`steps` were done on `tokens` tokens, whose order `data` (SHA-256) tells, in `seconds`; `losses` in nats per token."""

    adapter: Adapter
    steps: int
    tokens: int
    seconds: float
    data: str
    losses: tuple[float, ...]


def no_progress(done: int, steps: int, loss: float) -> None:
    """A progress callback that does nothing."""


def fit_adapter(
    loaded: LoadedModel,
    files: Mapping[str, np.ndarray],
    options: FitOptions | None = None,
    progress: FitProgress = no_progress,
    cancel: CancelToken | None = None,
    checkpoint: Path | None = None,
    rows: Sequence[QuestionRow] = (),
) -> FitResult:
    """Train on `files` (path to tokens; the build part of `fitting/split`), and on their question `rows` if the options give these a share.
    The model is unchanged afterwards.

    With `checkpoint`, a file, the state is written there from time to time and on cancel, and an unfinished fit found there is resumed;
    it is removed at the end. Raises `UsageError` for too little text, `Cancelled`, `ModelError` if the loss is no number,
    `AdapterFileError` for a checkpoint of another fit, and `OSError`.
    """
    options = options or FitOptions()
    if options.low_priority:
        _lower_priority()
    separator = min(loaded.end_ids) if loaded.end_ids else 0
    question_count = int(options.steps * options.questions) * options.batch
    questions = pack_question_rows(
        loaded.tokenizer, list(rows), separator, options.length, question_count, options.seed
    )
    prose_count = prose_sequence_count(files, options)
    prose = prose_sequences(loaded.tokenizer, separator, options.length, prose_count, options.seed)
    text = mix_in_prose(pack_sequences(files, separator, options, len(prose)), prose, options.prose)
    sequences = interleave_rows(text, Sequences(*questions), options)
    max_steps = len(sequences) // options.batch
    if max_steps < 1:
        raise UsageError(
            f"There are {sum(map(len, files.values()))} tokens to fit an adapter to; at least {options.batch * options.length} are "
            "needed."
        )
    identity = {
        "model": loaded.info.digest,
        "text": sequences.digest,
        "setting": repr(sorted(asdict(replace(options, low_priority=False, checkpoint_every=0)).items())),
    }
    check_head(loaded.model, sequences.tokens[0])
    with closing(_TrainingRun(loaded, options, max_steps)) as run, attention_for_training(loaded.model):
        run.attach()
        if checkpoint is not None and checkpoint.exists():
            run.restore(*fit_checkpoint.load(checkpoint, identity))
        while not run.finished:
            if is_cancelled(cancel):
                if checkpoint is not None:
                    fit_checkpoint.save(checkpoint, identity, *run.state())
                done = f"{run.done} step{'' if run.done == 1 else 's'}"
                raise Cancelled(f"The fit was stopped after {done}{_RESUME_HINT if checkpoint is not None else ''}.")
            at = run.done * options.batch
            loss = run.step(sequences[at : at + options.batch])
            progress(run.done, run.steps or 0, loss)
            if checkpoint is not None and run.done % options.checkpoint_every == 0 and not run.finished:
                fit_checkpoint.save(checkpoint, identity, *run.state())
        adapter = run.adapter()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    tokens = run.done * options.batch * options.length
    data = sequences[: run.done * options.batch].digest
    return FitResult(adapter, run.done, tokens, run.seconds, data, tuple(run.losses))


class _TrainingRun:
    """The factors on the model, their optimiser, and the progress. `steps` is None until the time of a step is known."""

    def __init__(self, loaded: LoadedModel, options: FitOptions, max_steps: int) -> None:
        import torch

        self._options, self._max_steps, self._device = options, max_steps, loaded.device
        self._body, self._head = loaded.model.base_model, loaded.model.get_output_embeddings()
        sites = trainable_sites(loaded.model, options.targets)
        self._blocks = len(layout_of(loaded.model).sites)
        first = int(options.first_block * self._blocks)
        generator = torch.Generator().manual_seed(options.seed)
        self._factors = {
            where: TrainedFactors(*sites[where], options.rank, options.alpha / options.rank, generator)
            for where in sorted(sites)
            if where[0] >= first
        }
        self._parameters = [p for factors in self._factors.values() for p in (factors.down, factors.up)]
        self._optimiser = torch.optim.AdamW(self._parameters, lr=options.rate, weight_decay=0.0)
        self._means = [torch.zeros_like(p, requires_grad=False) for p in self._parameters]
        self.done = 0
        self.steps = max_steps if options.seconds is None else None
        self.seconds = 0.0
        self.losses: list[float] = []

    def attach(self) -> None:
        for factors in self._factors.values():
            factors.attach()

    @property
    def finished(self) -> bool:
        return self.steps is not None and self.done >= self.steps

    def step(self, sequences: Sequences) -> float:
        import torch

        started = perf_counter()
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate()
        ids = torch.from_numpy(sequences.tokens).to(self._device)
        counted = torch.from_numpy(np.flatnonzero(sequences.loss_mask[:, 1:])).to(self._device)
        with torch.enable_grad():
            hidden = self._body(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
            hidden, following = hidden.flatten(0, 1), ids[:, 1:].flatten()
            if len(counted) < len(following):
                hidden, following = hidden.index_select(0, counted), following[counted]
            loss = mean_loss(hidden, self._head, following)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, self._options.clip)
        self._optimiser.step()
        self._optimiser.zero_grad()
        value = float(loss.detach())
        if not np.isfinite(value):
            raise ModelError("The adapter cannot be fitted: the model's loss is no number.")
        self.done += 1
        self.losses.append(value)
        self.seconds += perf_counter() - started
        self._fix_step_count(perf_counter() - started)
        self._update_means()
        return value

    def _update_means(self) -> None:
        """Update the means of the factors over the last steps, which oscillate less than the factors (Izmailov et al., arXiv
        1803.05407)."""
        import torch

        if count := self._averaged_steps():
            with torch.no_grad():
                for mean, parameter in zip(self._means, self._parameters, strict=True):
                    mean.lerp_(parameter, 1 / count)

    def _averaged_steps(self) -> int:
        """The number of steps that the means cover."""
        return 0 if self.steps is None else max(0, self.done - self.steps + int(self.steps * self._options.averaged))

    def _learning_rate(self) -> float:
        """The learning rate of the next step. During warm-up it does not depend on the number of steps, which may not be known yet."""
        options = self._options
        if self.done < options.warm_up:
            return options.rate * (self.done + 1) / options.warm_up
        rest = max((self.steps or self._max_steps) - options.warm_up, 1)
        return options.rate * (1 - 0.9 * (self.done - options.warm_up) / rest)

    def _fix_step_count(self, seconds: float) -> None:
        """Convert the budget in seconds to a number of steps, once some steps were timed."""
        limit = self._options.seconds
        if (
            self.steps is None
            and limit is not None
            and self.done >= min(_TIMED_STEPS, self._options.warm_up, self._max_steps)
        ):
            more = int(max(limit - self.seconds, 0.0) / max(seconds, 1e-6))
            self.steps = min(self.done + more, self._max_steps)

    def adapter(self) -> Adapter:
        layers: list[dict[str, Factors]] = [{} for _ in range(self._blocks)]
        values = [
            v.detach().cpu().numpy().copy() for v in (self._means if self._averaged_steps() else self._parameters)
        ]
        for number, (block, target) in enumerate(self._factors):
            layers[block][target] = Factors(*values[2 * number : 2 * number + 2])
        return Adapter(tuple(layers), self._options.rank, self._options.alpha)

    def state(self) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        arrays: dict[str, np.ndarray] = {"losses": np.array(self.losses)}
        for number, parameter in enumerate(self._parameters):
            arrays[f"value-{number}"] = parameter.detach().cpu().numpy()
            if self._averaged_steps():
                arrays[f"mean-{number}"] = self._means[number].cpu().numpy()
            for name, value in self._optimiser.state[parameter].items():
                arrays[f"{name}-{number}"] = value.cpu().numpy()
        return {"done": self.done, "steps": self.steps or 0, "seconds": self.seconds}, arrays

    def restore(self, numbers: Mapping[str, float], arrays: Mapping[str, np.ndarray]) -> None:
        import torch

        self.done, self.steps = int(numbers["done"]), int(numbers["steps"]) or None
        self.seconds, self.losses = numbers["seconds"], arrays["losses"].tolist()
        with torch.no_grad():
            for number, parameter in enumerate(self._parameters):
                parameter.copy_(torch.from_numpy(arrays[f"value-{number}"]))
                if self._averaged_steps():
                    self._means[number].copy_(torch.from_numpy(arrays[f"mean-{number}"]))
                # None where it was stopped before the first step.
                if f"step-{number}" in arrays:
                    self._optimiser.state[parameter] = {
                        name: torch.tensor(arrays[f"{name}-{number}"], device=self._device if name != "step" else "cpu")
                        for name in ("step", "exp_avg", "exp_avg_sq")
                    }

    def close(self) -> None:
        for factors in self._factors.values():
            factors.detach()


def _lower_priority() -> None:
    """Lower the priority of this process, permanently: run a background fit in its own process."""
    import psutil

    process = psutil.Process()
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else max(int(process.nice()), _NICE))
