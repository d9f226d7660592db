"""Answer from a repository with its adapters, and first build those that are missing: an embedding, the null adapter and the memory, in
seconds. An adapter is only fitted on request (`pathline build --fit`).

    python -I -m adapter_core.run path/to/repository "Where is the cache cleared?"
    rc, out, err = run_repo_adapter(None, None, "path/to/repository", "Where is the cache cleared?", alpha=0)
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .adapters.watching import UNWATCHED, Watcher
from .answers.flags import format_arguments
from .answers.writing.built import find_built_adapters
from .build import build_adapters, find_model
from .build_fitted import build_memory
from .code_graph import CodeGraph
from .errors import ModelFileError
from .isolation import child_environment, isolated_command
from .paths import neutral_dir

_TIMED_OUT = 124  # as timeout(1) has it
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ensured:
    """`folder`: that of the repository's build for the model. `made`: what was built now. `problems`: what could not be built, and why."""

    folder: Path
    made: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def ensure_adapters(
    graph: CodeGraph,
    model: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    memory: bool = True,
    watcher: Watcher = UNWATCHED,
) -> Ensured:
    """Build what is missing for answers: the base adapter with its embedding, and the memory, which is also brought up to date. What was
    built before is left as it is, though it may be of an earlier state: answers say so.

    Raises `AdapterError` where nothing can be built, `ModelMissingError` and `ModelFileError` for the model, `Cancelled`. A memory that
    cannot be made is a problem, and no error.
    """
    target = find_model(model)
    existing = find_built_adapters(graph, target.name, target.digest, Path(folder) if folder is not None else None)
    built_now: list[str] = []
    build_path = existing.folder
    if existing.null is None:
        build_path = build_adapters(graph, target, folder, rebuild=bool(existing.notes), watcher=watcher).folder
        built_now.append("adapters")
    problems: list[str] = []
    if memory and (existing.memory is None or existing.memory_stale):
        try:
            build_memory(graph, target, build_path, watcher)
            built_now.append("memory")
        except OSError as error:
            problems.append(f"the memory was not built: the folder {build_path} cannot be written ({error.strerror})")
        except ModelFileError as error:
            problems.append(f"the memory was not built: {error}")
    return Ensured(build_path, tuple(built_now), tuple(problems))


def run_repo_adapter(
    model_id: str | None,
    adapters_npz: str | os.PathLike[str] | None,
    program_root: str | os.PathLike[str],
    prompt: str,
    *,
    timeout: float | None = None,
    **options: Any,
) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of `python -I -m adapter_core.run` in a process of its own, isolated from the repository's files.

    Parameters as in `answers.generate.generate_answer`; `json=True` prints JSON. The exit codes are those of `pathline`, and 124 where it
    took longer than `timeout` seconds. Raises `UsageError` for an unknown option.
    """
    json, no_model = options.pop("json", False), options.pop("no_model", False)
    arguments = format_arguments(options)
    arguments += ["--json"] * bool(json) + ["--no-model"] * bool(no_model)
    if model_id is not None:
        from .models.sources import absolute_name

        arguments.append(f"--model={absolute_name(model_id)}")
    if adapters_npz is not None:
        arguments.append(f"--adapter={os.path.abspath(adapters_npz)}")
    command = isolated_command("adapter_core.cli.run", *arguments, "--", os.path.abspath(program_root), prompt)
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=neutral_dir(),
        env=child_environment(), text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    try:
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            out, err = child.communicate(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
        return _TIMED_OUT, out, err + f"error: There was no answer after {timeout:g} seconds.\n"
    except BaseException:
        child.kill()
        child.wait()
        raise
    return child.returncode, out, err


if __name__ == "__main__":
    # The command-line entry point. Nothing else here imports the command line.
    from .cli.run import main

    raise SystemExit(main())
