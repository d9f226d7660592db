"""`pathline check`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .common import EXIT_FAILED, EXIT_OK, add_repo_arguments, ctrl_c, print_json, printable, with_graph

if TYPE_CHECKING:
    from ..answers.foreign import TextReport
    from ..code_graph import CodeGraph

_MAX_BYTES = 5_000_000


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "check",
        help="check the citations of a text that somebody wrote",
        description="Check every sentence of a Markdown text, or of an answer kept as JSON, against the lines it cites. "
        "Exit code 0: all that could be checked is cited and supported; 1: something is not.",
        epilog="example: pathline check --repo . ANSWER.md",
    )
    parser.add_argument("file", help='the text; "-" reads it from standard input')
    add_repo_arguments(parser)
    parser.add_argument("--all", action="store_true", help="show the sentences that hold, too")
    parser.add_argument(
        "--word-share",
        type=float,
        metavar="W",
        help="of the words of a sentence that claims no relation, the share that must be found around its lines "
        "(two thirds of them by default; 0: words are not looked at)",
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    if args.word_share is not None and not 0 <= args.word_share <= 1:
        raise UsageError("--word-share must be from 0 to 1.")
    text = _read(args.file)
    with ctrl_c() as cancel:
        report = with_graph(args, cancel, lambda graph: _verify(graph, text, args.word_share))
    if args.json:
        print_json(to_dict(report))
    else:
        _print(report, everything=args.all)
    return EXIT_OK if report.ok else EXIT_FAILED


def _read(name: str) -> str:
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read ({error.strerror}); name a text file, or - for standard input."
        ) from error
    if len(raw) > _MAX_BYTES:
        raise UsageError(f"The text has more than {_MAX_BYTES:,} bytes; check it in parts.")
    return raw.decode("utf-8", "replace")


def _verify(graph: CodeGraph, text: str, word_share: float | None) -> TextReport:
    from ..answers.foreign import verify_answer, verify_text
    from ..answers.options import CitationOptions

    share = CitationOptions().word_share if word_share is None else word_share
    answer = _as_answer(text)
    if answer is None:
        return verify_text(graph, text, share)
    try:
        return verify_answer(graph, answer, share)
    except ValueError as error:
        raise UsageError("The JSON is no answer of Pathline's; give what `pathline ask --json` printed.") from error


def _as_answer(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "claims" in value else None


def to_dict(report: TextReport) -> dict[str, Any]:
    """The report as plain JSON values; the shape is stable: `"schema": 1`."""
    from ..answers.export import citation_to_dict

    return {
        "schema": 1,
        "ok": report.ok,
        "rates": asdict(report.rates),
        "sentences": [
            {
                "line": s.line,
                "text": s.text,
                "verdict": s.verdict,
                "reason": s.reason,
                "citations": [citation_to_dict(c) for c in s.citations],
            }
            for s in report.sentences
        ],
    }


def _print(report: TextReport, everything: bool) -> None:
    for sentence in report.sentences:
        if not (everything or sentence.failed):
            continue
        places = " ".join(sentence.written)
        print(f"line {sentence.line}: {sentence.verdict}: {printable(sentence.text)}  {printable(places)}".rstrip())
        if sentence.reason:
            print(f"    {printable(sentence.reason)}")
    rates = report.rates
    shares = [
        ("resolve", rates.resolves),
        ("fresh", rates.fresh),
        ("supported", rates.supports),
        ("cited", rates.complete),
    ]
    percentages = ", ".join(f"{name} {value:.0%}" for name, value in shares if value is not None)
    stating = sum(bool(s.citations) or s.failed for s in report.sentences)
    print(f"{stating} sentences with something to check{f': {percentages}' if percentages else ''}.", file=sys.stderr)
