"""`pathline graph`, which is also `python -I -m adapter_core.code_graph ROOT`: look things up in the graph of a repository."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .common import (
    EXIT_NOT_FOUND,
    EXIT_OK,
    add_repo_arguments,
    add_root_argument,
    ctrl_c,
    note,
    print_json,
    printable,
    with_graph,
)
from .graph_queries import LOOK_UP_SECONDS, Query, QueryResult, QueryRunner
from .progress import Bar

if TYPE_CHECKING:
    from ..code_graph import CodeGraph

_EPILOG = """\
A NAME may be bare (route), qualified (Flask.route), full (flask.app.Flask.route) or with a path
(src/flask/app.py:route); the path of a Python file stands for its module. Several queries in one
call are answered in their order; with --json they are one object, keyed by query. Exit code 3: a
name, file, module or text is not there.

example: pathline graph --repo . --find Flask.route --who-calls Flask.dispatch_request
"""
_EXPORTS = ("export", "export-sqlite")
_MAX_UNMATCHED = 5
_MAX_MATCHES = 6

# Flag, its argument ("" none; in brackets: may be left out), help.
_QUERIES = (
    ("dump", "", "a summary, and every module with what it defines"),
    ("defs-in", "PATH", "what a file or module defines"),
    ("find", "NAME", "where a symbol is defined"),
    ("owners-of", "NAME", "the scopes around a symbol, innermost first"),
    ("calls-of", "NAME", "the calls in a symbol's lines"),
    ("who-calls", "NAME", "where a symbol is called"),
    ("refs-of", "NAME", "where a symbol is named"),
    ("search", "TEXT", "where a text stands in names, comments and strings"),
    ("tests-for", "NAME", "the tests that reach a symbol"),
    ("tests-for-module", "MODULE", "the tests that reach a module"),
    ("pytest-nodes", "", "the tests as pytest names them, found without running it"),
    ("module-deps", "[MODULE]", "which modules import which"),
    ("unresolved", "[PATH]", "the calls that could be traced nowhere"),
    ("coverage-xml", "FILE", "read a report of `coverage xml`, for --coverage-of"),
    ("coverage-of", "NAME", "how many lines of a symbol ran"),
    ("export", "FILE", "write everything as JSON (see docs/graph-export.md)"),
    ("export-sqlite", "FILE", "write everything as an SQLite database"),
)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "graph",
        help="look up symbols, calls, references, tests and imports",
        description="Look things up in the graph of a repository: symbols, calls, references, tests, imports.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_repo_arguments(parser)
    _add_queries(parser)
    parser.set_defaults(func=run)


def main(argv: Sequence[str] | None = None) -> int:
    """`python -I -m adapter_core.code_graph`. Returns the exit code."""
    from .main import run_parser

    return run_parser(_module_parser, argv)


def _module_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -I -m adapter_core.code_graph",
        description="Look things up in the graph of a repository; the same as `pathline graph`.",
        epilog=_EPILOG.replace("pathline graph --repo .", "python -I -m adapter_core.code_graph ."),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_root_argument(parser)
    _add_queries(parser)
    parser.set_defaults(func=run)
    return parser


def _add_queries(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=LOOK_UP_SECONDS,
        metavar="SECONDS",
        help="limit of --who-calls, --refs-of and --tests-for each; then they show what was found, and say so (default: %(default)g)",
    )
    group = parser.add_argument_group("queries")
    for name, metavar, text in _QUERIES:
        nargs: Any = None if metavar else 0
        if metavar.startswith("["):
            nargs = "?"
        display_name = metavar.strip("[]") or None
        group.add_argument(
            f"--{name}", action=_AppendQuery, nargs=nargs, const="", metavar=display_name, dest="queries", help=text
        )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds; give one above 0, for example 2.5")
    return seconds


class _AppendQuery(argparse.Action):
    """Appends each query to `queries`, in command-line order, without duplicates."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        query = Query(self.option_strings[0].removeprefix("--"), values if isinstance(values, str) else "")
        queries = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, queries if query in queries else [*queries, query])


def run(args: argparse.Namespace) -> int:
    queries: list[Query] = args.queries or []
    # Before `with_graph` leaves it.
    cwd = Path.cwd()
    _check(queries, cwd)
    # The report is for all questions about coverage, wherever it stands among them.
    queries = sorted(queries, key=lambda q: q.name != "coverage-xml")
    with ctrl_c() as cancel:
        return with_graph(args, cancel, lambda graph: _answer(graph, queries, cwd, cancel, args))


def _check(queries: list[Query], cwd: Path) -> None:
    """Raises `UsageError` for mistakes that can be found before indexing."""
    if not queries:
        raise UsageError("Say what to look up, for example --who-calls NAME; --dump shows everything, --help the rest.")
    names = {query.name for query in queries}
    if "coverage-of" in names and "coverage-xml" not in names:
        raise UsageError("--coverage-of needs a report: add --coverage-xml FILE (`coverage xml` writes one).")
    for query in queries:
        if query.name not in _EXPORTS:
            continue
        if query.value in ("", "-"):
            raise UsageError(f"--{query.name} needs the name of a file.")
        from ..graph.exporting.export import check_target

        check_target(cwd / query.value)


def _answer(
    graph: CodeGraph, queries: list[Query], cwd: Path, cancel: threading.Event, args: argparse.Namespace
) -> int:
    started = time.perf_counter()
    results: dict[str, QueryResult] = {}
    with Bar() as bar:
        runner = QueryRunner(graph, cwd, cancel, partial(bar.show, "Exporting"), args.time_limit)
        for query in queries:
            if query.name in _EXPORTS:
                # It looks at `cancel`, and cleans up.
                results[query.key] = runner.run_query(query)
            else:
                # The others only read, and may be stopped anywhere.
                with _interruptible(cancel), _spinner(query):
                    results[query.key] = runner.run_query(query)
    complete, reason = graph.completeness
    if args.json:
        print_json(
            {
                "schema": 1,
                "root": graph.name,
                "queries": {key: found.to_dict() for key, found in results.items()},
                "complete": complete,
                "reason": reason,
                "elapsed_ms": round((time.perf_counter() - started) * 1000, 1),
            }
        )
    else:
        _print(graph, results, cwd)
    if not complete:
        print(printable(f"The index is not complete: {reason.rstrip('.')}."), file=sys.stderr)
    else:
        note(reason)
    return EXIT_OK if all(found.known for found in results.values()) else EXIT_NOT_FOUND


def _print(graph: CodeGraph, results: dict[str, QueryResult], cwd: Path) -> None:
    from .graph_show import Printer

    printer = Printer(graph.root, cwd)
    sections = 0
    for key, found in results.items():
        if len(results) > 1 and found.known and not key.startswith("coverage-xml "):
            if sections:
                printer.blank()
            printer.title(key)
            sections += 1
        for text in found.head:
            printer.text(text)
        for line in found.to_lines():
            printer.line(line)
        for text in _notes(key, found):
            print(printable(text), file=sys.stderr)


def _notes(key: str, found: QueryResult) -> Iterator[str]:
    """The remarks on a result, for stderr: not found, ambiguous, incomplete."""
    if not found.known:
        near = f" Did you mean {', '.join(found.nearest)}?" if found.nearest else ""
        yield f"{key}: not found in this workspace.{near}"
    elif not (found.items or found.head or found.reason or "unmatched" in found.extra):
        yield f"{key}: there are none."
    if len(found.matches) > 1:
        names = ", ".join(f"{ref.full_name} ({ref.span})" for ref in found.matches[:_MAX_MATCHES])
        more = f" and {len(found.matches) - _MAX_MATCHES} more" if len(found.matches) > _MAX_MATCHES else ""
        yield f"{key}: the name stands for {len(found.matches)} symbols: {names}{more}."
    if not found.complete:
        yield f"{key}: not complete: {found.reason.rstrip('.')}."
    elif found.reason:
        yield f"{key}: {found.reason.rstrip('.')}."
    unmatched = found.extra.get("unmatched", ())
    for name in unmatched[:_MAX_UNMATCHED]:
        yield f"  {name}"
    if len(unmatched) > _MAX_UNMATCHED:
        yield f"  … and {len(unmatched) - _MAX_UNMATCHED} more (--json lists all)"


@contextmanager
def _interruptible(cancel: threading.Event) -> Iterator[None]:
    """Ctrl-C raises `KeyboardInterrupt` at once, also one that came a moment ago."""
    if cancel.is_set():
        raise KeyboardInterrupt
    try:
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _spinner(query: Query) -> Iterator[None]:
    """Shows on stderr, in a terminal only, the query that is running."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(printable(f"Looking up {query.key}"))):
        yield
