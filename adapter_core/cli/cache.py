"""`pathline cache`: list what is in the cache folder, and make room there."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..paths import cache_dir
from .common import EXIT_OK, print_json, printable

if TYPE_CHECKING:
    from ..graph.cache.adapters import KeptAdapters
    from ..graph.cache.folder import IndexFile, PruneReport, WorkspaceFolder

_WIDTH = 400


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "cache",
        help="list or prune what is kept of workspaces",
        description="List what the cache folder holds, or remove indexes and adapters that nobody uses; each can be built "
        "anew.",
        epilog="example: pathline cache list",
    )
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser(
        "list",
        help="list indexes, adapters and models with their sizes",
        description="List the indexes and adapters of workspaces, most recently used first, and the models.",
        epilog="example: pathline cache list --json",
    )
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(func=_list)

    prune = actions.add_parser(
        "prune",
        help="remove indexes and adapters that nobody uses",
        description="Remove indexes and adapters of folders that no longer exist, indexes of another Pathline or Python that were long "
        "unused, and the least recently used indexes and adapters beyond a size. One that is being written stays. Models stay, too: see "
        "`pathline model remove`.",
        epilog="example: pathline cache prune --max-size 2GB --dry-run",
    )
    prune.add_argument("--json", action="store_true", help="print JSON")
    prune.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    prune.add_argument(
        "--days",
        type=float,
        metavar="N",
        help="another version's index goes when unused for N days (default: 30)",
    )
    prune.add_argument(
        "--max-size",
        metavar="SIZE",
        help="how much all indexes and adapters may take, such as 2GB (default: PATHLINE_CACHE_MAX, or 5GB)",
    )
    prune.set_defaults(func=_prune)


# -- list ------------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    from ..graph.cache.adapters import list_kept
    from ..graph.cache.folder import folder_bytes, list_workspaces, size_cap

    cache = cache_dir()
    workspaces = list_workspaces(cache)
    kept = list_kept(cache)
    adapters = sum(k.bytes for k in kept)
    models = _models()
    total = folder_bytes(cache)
    indexes = sum(w.bytes for w in workspaces)
    if args.json:
        print_json(
            {
                "schema": 1,
                "cache": str(cache),
                "bytes": total,
                "index_bytes": indexes,
                "max_index_bytes": size_cap(),
                "adapter_bytes": adapters,
                "workspaces": [_workspace_dict(w) for w in workspaces],
                "adapters": [_kept_dict(k) for k in kept],
                "models": models,
            }
        )
        return EXIT_OK
    print(f"{printable(str(cache))}: {_size(total)}")
    print(f"Indexes take {_size(indexes)}, adapters {_size(adapters)}; together at most {_size(size_cap())}.")
    if workspaces:
        print()
        _print_table(workspaces, {k.folder.name: k.bytes for k in kept})
    without_index = [k for k in kept if k.folder.name not in {w.folder.name for w in workspaces}]
    if without_index:
        print("\nAdapters without an index:")
        for folder in without_index:
            missing_mark = " (gone)" if folder.root_exists is False else ""
            print(printable(f"  {_size(folder.bytes):>9}  {folder.root or folder.folder.name}{missing_mark}"))
    if models:
        print("\nModels (`pathline model remove NAME` deletes one):")
        for model in models:
            print(printable(f"  {_size(model['bytes']):>9}  {model['name']}"))
    return EXIT_OK


def _models() -> list[dict[str, Any]]:
    from ..graph.cache.folder import folder_bytes
    from ..models.store import installed

    return [{"name": f.name, "path": str(f), "bytes": folder_bytes(f)} for f in installed()]


def _workspace_dict(workspace: WorkspaceFolder) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "folder": str(workspace.folder),
        "root": workspace.root,
        "root_exists": workspace.root_exists,
        "bytes": workspace.bytes,
        "last_used": _iso(workspace.last_used),
        "indexes": [
            {
                "file": index.path.name,
                "bytes": index.bytes,
                "last_used": _iso(index.last_used),
                "current": index.current,
                "python": index.python or None,
                "partial": index.partial,
            }
            for index in workspace.indexes
        ],
    }


def _kept_dict(kept: KeptAdapters) -> dict[str, Any]:
    return {
        "folder": str(kept.folder),
        "root": kept.root,
        "root_exists": kept.root_exists,
        "bytes": kept.bytes,
        "changed": _iso(kept.changed),
    }


def _print_table(workspaces: list[WorkspaceFolder], adapters: dict[str, int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("SIZE", justify="right", no_wrap=True)
    table.add_column("ADAPTERS", justify="right", no_wrap=True)
    table.add_column("LAST USED", no_wrap=True)
    table.add_column("WORKSPACE", no_wrap=True, style="bold")
    table.add_column("FOLDER", overflow="fold", style="cyan")
    table.add_column("VERSIONS", overflow="fold")
    for workspace in workspaces:
        root = printable(workspace.root) if workspace.root is not None else "not known"
        table.add_row(
            _size(workspace.bytes),
            _size(adapters[workspace.folder.name]) if workspace.folder.name in adapters else "",
            time.strftime("%Y-%m-%d %H:%M", time.localtime(workspace.last_used)),
            Text(printable(workspace.name)),
            Text(root + (" (gone)" if workspace.root_exists is False else "")),
            ", ".join(map(_version, workspace.indexes)) or "none",
        )
    # Wider than most terminals, which wrap a long line themselves: a folder cut into a narrow column cannot be read, or copied.
    console = Console(highlight=False, width=_WIDTH)
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write("".join(line.rstrip(" ") + "\n" for line in captured.get().rstrip("\n").split("\n")))


def _version(index: IndexFile) -> str:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if index.current:
        which = "current"
    elif index.python and index.python != here:
        which = f"of Python {index.python}"
    else:
        which = "of another Pathline"
    return f"{which} (part of the files)" if index.partial else which


# -- prune -----------------------------------------------------------------------------------------------------------


def _prune(args: argparse.Namespace) -> int:
    from ..graph.cache.folder import DEFAULT_UNUSED_DAYS, parse_size, prune

    # Not the parser's default: it would load the index's code for every --help.
    days = DEFAULT_UNUSED_DAYS if args.days is None else args.days
    if not days >= 0:
        raise UsageError("--days must be 0 or more.")
    cap = parse_size(args.max_size, "--max-size") if args.max_size is not None else None
    cache = cache_dir()
    report = prune(cache, days, cap, dry_run=args.dry_run)
    if args.json:
        print_json(_report_dict(report, args.dry_run))
    else:
        _print_report(report, cache, args, days)
    return EXIT_OK


def _report_dict(report: PruneReport, dry_run: bool) -> dict[str, Any]:
    return {
        "schema": 1,
        "dry_run": dry_run,
        "removed": [{"path": str(r.path), "bytes": r.bytes, "why": r.why} for r in report.removed],
        "skipped": [{"path": str(path), "why": why} for path, why in report.skipped],
        "bytes_freed": sum(r.bytes for r in report.removed),
        "bytes_left": report.bytes_left,
    }


def _print_report(report: PruneReport, cache: Path, args: argparse.Namespace, days: float) -> None:
    from ..graph.cache.folder import size_cap

    why = {
        "root_gone": "its folder is gone",
        "other_version": f"of another Pathline or Python, unused for {days:g} days",
        "over_cap": f"least recently used, beyond {args.max_size or _size(size_cap())}",
        "empty": "nothing in it",
    }
    for removal in report.removed:
        print(printable(f"{_short(removal.path, cache)}  {_size(removal.bytes)}  {why[removal.why]}"))
    for path, reason in report.skipped:
        print(printable(f"{_short(path, cache)} stays: {reason}."), file=sys.stderr)
    freed = _size(sum(r.bytes for r in report.removed))
    sentence = f"{freed} would be freed" if args.dry_run else f"{freed} freed"
    print(f"{sentence if report.removed else 'Nothing to remove'}; indexes and adapters take {_size(report.bytes_left)}"
          f"{' then' if args.dry_run and report.removed else ''}.")  # fmt: skip


def _short(path: Path, cache: Path) -> str:
    return str(path.relative_to(cache)) if path.is_relative_to(cache) else str(path)


def _size(count: int) -> str:
    from rich.filesize import decimal

    return decimal(count)


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
