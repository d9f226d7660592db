"""`pathline index`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from .common import EXIT_OK, add_repo_arguments, ctrl_c, note, positive, print_json, printable, with_graph

if TYPE_CHECKING:
    from ..graph.indexing.sync import SyncReport

_SHOWN_PROBLEMS = 8


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "index",
        help="build or refresh the index",
        description="Index a repository, or bring its index up to date. Other commands do this by themselves.",
        epilog="example: pathline index --repo . --rebuild",
    )
    add_repo_arguments(parser)
    parser.add_argument("--rebuild", action="store_true", help="forget the stored index first")
    parser.add_argument(
        "--workers", type=positive, default=0, metavar="N", help="parser processes (default: one for each core)"
    )
    parser.add_argument(
        "--links",
        action="store_true",
        help="also work out what all calls lead to, as editors do in the background (a minute or more for a large repository)",
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    with ctrl_c() as cancel:
        report, links = with_graph(
            args, cancel, lambda graph: (graph.report, graph.link(cancel) if args.links else None), rebuild=args.rebuild
        )
    assert report is not None  # load_or_build always leaves one
    if args.json:
        print_json(
            {
                "schema": 1,
                "files": report.files,
                "symbols": report.symbols,
                "skipped": [asdict(p) for p in report.skipped],
                "problems": [asdict(p) for p in report.problems],
                "parsed": report.parsed,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "complete": report.complete,
                "reason": report.reason,
                "elapsed_ms": round(report.elapsed_ms, 1),
                **({"links": links._asdict()} if links is not None else {}),
            }
        )
    else:
        _print(report)
        if links is not None:
            rest = "" if links.complete else "; others are left for the next time"
            print(f"the calls of {links.linked:,} files linked{rest}")
    return EXIT_OK


def _print(report: SyncReport) -> None:
    print(
        f"{report.files:,} files, {report.symbols:,} symbols: {report.parsed:,} parsed, {report.unchanged:,} unchanged, "
        f"{report.removed:,} removed in {report.elapsed_ms / 1000:.1f} s"
    )
    for title, problems in (("skipped", report.skipped), ("read with problems", report.problems)):
        if problems:
            print(f"{len(problems):,} {title}:")
            for problem in problems[:_SHOWN_PROBLEMS]:
                print(printable(f"  {problem.path}: {problem.reason}"))
            if len(problems) > _SHOWN_PROBLEMS:
                print(f"  … and {len(problems) - _SHOWN_PROBLEMS:,} more (--json lists all)")
    if not report.complete:
        print(printable(f"The index is not complete: {report.reason}."), file=sys.stderr)
    else:
        note(report.reason)
    if report.files == 0:
        print("There is nothing to index here: no Python file and no documentation.", file=sys.stderr)
