"""`pathline search`."""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import glob
import os
import posixpath
import sys
import time
from typing import TYPE_CHECKING

from ..errors import UsageError
from .common import (
    EXIT_NOT_FOUND,
    EXIT_OK,
    add_repo_arguments,
    ctrl_c,
    note,
    positive,
    print_json,
    printable,
    with_graph,
)

# `Question.kind`, but for questions about the project as a whole.
KINDS = ("where", "what", "how", "why", "callers", "tests")

if TYPE_CHECKING:
    from ..code_graph import CodeGraph


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "search",
        help="find the lines that answer a question",
        description="Rank the spans of a repository for a question. Exit code 3: nothing matches.",
        epilog='example: pathline search --repo . "where are signals sent"',
    )
    parser.add_argument("question", help='a question, some words or a traceback; "-" reads it from standard input')
    add_repo_arguments(parser)
    parser.add_argument(
        "--zoom",
        metavar="SYMBOL",
        help="start from a symbol and its neighbours in the call graph, or from a module, also by its path",
    )
    parser.add_argument("--top", type=positive, default=10, metavar="N", help="at most N spans (default: 10)")
    parser.add_argument(
        "--kind", choices=KINDS, help="what is asked for, where the words do not tell; tests: only these"
    )
    parser.add_argument(
        "--path", metavar="GLOB", help="only files whose path from the root matches; a folder stands for what is in it"
    )
    parser.add_argument("--explain", action="store_true", help="show the reasons for each rank")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    if args.question == "-":
        args.question = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not args.question.strip():
        raise UsageError(
            'The question is empty; give some words, for example: pathline search "where are signals sent"'
        )
    with ctrl_c() as cancel:
        return with_graph(args, cancel, lambda graph: _search(graph, args))


def _glob(graph: CodeGraph, path: str) -> str:
    """The glob over paths relative to the root, for a glob, a file or a folder that the user names."""
    if os.path.isabs(path):
        with contextlib.suppress(ValueError):  # on another drive
            path = os.path.relpath(os.path.realpath(path), graph.root)
    path = posixpath.normpath(path.replace(os.sep, "/"))
    if path == ".":
        return "*"
    return f"{glob.escape(path)}/*" if (graph.root / path).is_dir() else path


def _search(graph: CodeGraph, args: argparse.Namespace) -> int:
    from ..answers.export import evidence_to_dict
    from ..answers.pointing import zoom_symbol
    from ..answers.refusal import unindexed_languages_note
    from ..evidence.options import SelectionOptions
    from ..evidence.selection import search
    from ..evidence.vocabulary import synonyms_file
    from ..graph.source import is_python
    from .render import Screen

    started = time.perf_counter()
    pattern = _glob(graph, args.path) if args.path else None
    if pattern and not any(fnmatch.fnmatchcase(row.path, pattern) for row in graph.store.files()):
        print(f"Note: no file of the index matches --path {printable(args.path)}.", file=sys.stderr)
    options = SelectionOptions(top=args.top, path_glob=pattern, kind=args.kind)
    found = search(graph, args.question, options, zoom_symbol(graph, args.zoom))
    elapsed = (time.perf_counter() - started) * 1000
    complete, reason = graph.completeness
    if args.json:
        print_json(
            {
                "schema": 1,
                "results": [evidence_to_dict(e) for e in found.evidence],
                "complete": complete,
                "reason": reason,
                "elapsed_ms": round(elapsed, 1),
            }
        )
    else:
        Screen().evidence(found.evidence, found.weights, explain=args.explain)
        if args.explain:
            print(f"Read as a question of kind {found.question.kind}. Your own synonyms: {synonyms_file()}.")
        note(reason)
        if not any(is_python(e.span.path) for e in found.evidence):
            note(unindexed_languages_note(graph, found.question))
    return EXIT_OK if found.evidence else EXIT_NOT_FOUND
