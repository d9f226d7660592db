"""What several commands share: the repository argument, opening the index with a progress bar, JSON output."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..code_graph import CodeGraph
from ..graph.discover import DiscoverOptions, check_root
from ..graph.sync import SyncOptions, SyncProgress
from ..paths import neutral_dir


def add_repo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", default=".", metavar="PATH", help="folder of the repository (default: this folder)")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="PATTERN", help="leave out files, in .gitignore syntax"
    )
    parser.add_argument("--max-files", type=_positive, default=None, metavar="N", help="stop indexing after N files")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def sync_options(args: argparse.Namespace) -> SyncOptions:
    limits = {} if args.max_files is None else {"max_files": args.max_files, "max_files_at_home": args.max_files}
    return SyncOptions(DiscoverOptions(ignore=tuple(args.ignore), **limits), workers=getattr(args, "workers", 0))


@contextmanager
def opened_graph(args: argparse.Namespace, cancel: threading.Event, rebuild: bool = False) -> Iterator[CodeGraph]:
    """The graph of `--repo`, up to date. Leaves the working folder: from here on nothing is looked up in the repository."""
    root = check_root(args.repo)
    os.chdir(neutral_dir())
    with progress_bar() as show:
        graph = CodeGraph.load_or_build(
            root, options=sync_options(args), on_progress=show, cancel=cancel, rebuild=rebuild
        )
    try:
        yield graph
    finally:
        graph.close()


@contextmanager
def progress_bar() -> Iterator[Any]:
    """A callback for `SyncProgress`. Draws on stderr, only in a terminal, and only when there is something to wait for."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[file]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("index", total=None, file="", visible=False)

        def show(p: SyncProgress) -> None:
            progress.update(task, total=p.total, completed=p.done, file=p.current[-40:], visible=True)

        yield show


@contextmanager
def ctrl_c() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that work stops in order; the second one stops at once."""
    event = threading.Event()

    def interrupt(signum: int, frame: object) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    try:
        previous = signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not in the main thread: there is no Ctrl-C to catch
        yield event
        return
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, previous)


def print_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
