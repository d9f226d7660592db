"""What several commands share: the repository arguments, opening the index with a progress bar, Ctrl-C, JSON output."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from ..errors import IndexDamagedError
from ..paths import neutral_dir

if TYPE_CHECKING:
    from ..code_graph import CodeGraph
    from ..graph.indexing.sync import SyncOptions

T = TypeVar("T")

# An error brings its own: `PathlineError.exit_code`.
EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


def add_repo_arguments(parser: argparse._ActionsContainer, indexing: argparse._ActionsContainer | None = None) -> None:
    """Add the repository arguments of a `pathline` command. `indexing`: the argument group for index limits (default: `parser`)."""
    parser.add_argument("--repo", default=".", metavar="PATH", help="folder of the repository (default: this folder)")
    _add_json(parser)
    _add_ignore(indexing or parser)
    (indexing or parser).add_argument(
        "--max-files", type=positive, default=None, metavar="N", help="index at most N files (default: all)"
    )


def add_root_argument(
    parser: argparse.ArgumentParser,
    flags: argparse._ActionsContainer | None = None,
    indexing: argparse._ActionsContainer | None = None,
) -> None:
    """The same for `python -I -m adapter_core.…`, which takes the folder as its first argument."""
    parser.add_argument("repo", metavar="ROOT", help="folder of the repository")
    _add_json(flags or parser)
    _add_ignore(indexing or parser)
    parser.set_defaults(max_files=None)


def add_model_argument(parser: argparse._ActionsContainer, more: str = "") -> None:
    """Add `--model`. `more`: what else this command accepts as a model, for the help text."""
    what = f"a Hugging Face id (pulled before), folder or GGUF file{more}"
    parser.add_argument("--model", metavar="MODEL", help=f"{what} (default: the embedded model)")


def _add_json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print JSON, for programs (docs/protocol.md says what is in it)"
    )


def _add_ignore(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out files that match, in .gitignore syntax; may be given several times",
    )


def positive(text: str) -> int:
    """An `argparse` type: an integer of at least 1."""
    value = int(text) if text.strip().isascii() and text.strip().isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return value


def sync_options(args: argparse.Namespace) -> SyncOptions:
    from ..graph.discovery.discover import DiscoverOptions
    from ..graph.indexing.sync import SyncOptions

    limits = {} if args.max_files is None else {"max_files": args.max_files, "max_files_at_home": args.max_files}
    return SyncOptions(DiscoverOptions(ignore=tuple(args.ignore), **limits), workers=getattr(args, "workers", 0))


def with_graph(
    args: argparse.Namespace, cancel: threading.Event, work: Callable[[CodeGraph], T], rebuild: bool = False
) -> T:
    """Returns `work(graph)` for the up-to-date graph of `--repo`.

    An index that turns out to be damaged during that is rebuilt, once. Leaves the working folder: from here on
    nothing is looked up in the repository.
    """
    from ..code_graph import CodeGraph
    from ..graph.discovery.discover import check_root
    from .progress import Bar

    root = check_root(args.repo)
    os.chdir(neutral_dir())
    for attempt in (1, 2):
        try:
            with Bar() as bar:
                graph = CodeGraph.load_or_build(
                    root,
                    options=sync_options(args),
                    on_progress=lambda at: bar.show("Indexing", at.done, at.total, at.current),
                    cancel=cancel,
                    rebuild=rebuild or attempt == 2,
                )
            with graph, graph.store.snapshot():
                return work(graph)
        except IndexDamagedError as error:
            if attempt == 2:
                raise
            note(f"{error} It is built anew now")
    raise AssertionError("unreachable")


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


def printable(text: str) -> str:
    """A line of the repository's for a terminal: nothing in it moves the cursor or changes colours."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """A message, which may quote one of several lines, for a terminal."""
    return printable(" ".join(text.split()))


def note(text: str) -> None:
    """Say something beside the answer in one line, on stderr; nothing where the text is empty. It may hold names of the repository's."""
    if text:
        print(f"Note: {one_line(text).rstrip('.')}.", file=sys.stderr)


def print_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
