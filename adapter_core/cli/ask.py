"""`pathline ask`."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .common import add_repo_arguments, ctrl_c, print_json, printable, with_graph
from .model import open_model

if TYPE_CHECKING:
    from ..answers.conversation import Conversation
    from ..answers.options import AskOptions
    from ..answers.run_tests import TestRun
    from ..code_graph import CodeGraph
    from ..models.backend import Backend
    from ..types import Answer

_MAX_LINE = 20_000


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "ask",
        help="answer a question with verified citations",
        description="Answer a question about a repository. Exit code 3: not found in it.",
        epilog='example: pathline ask --repo . "How does Flask match a request URL to a view function?"',
    )
    parser.add_argument("question", nargs="?", help='the question; "-" reads it from standard input')
    add_repo_arguments(parser)
    parser.add_argument("--zoom", metavar="SYMBOL", help="start from a symbol: its definition, callers and callees")
    parser.add_argument(
        "--phrase", action="store_true", help="let the model write; sentences that fail the checks are dropped"
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="Hugging Face id, folder or GGUF file (default: the embedded model)"
    )
    parser.add_argument("--no-model", action="store_true", help="answer without a model")
    parser.add_argument(
        "--read-weight", type=float, default=None, metavar="W", help="weight of the model's vote on sentences"
    )
    parser.add_argument("--sentences", type=int, default=None, metavar="N", help="at most N sentences")
    parser.add_argument(
        "--min-confidence",
        type=float,
        default=None,
        metavar="P",
        help="say that nothing is found where the estimated probability of an answer is below P (0: always answer)",
    )
    parser.add_argument("--explain", action="store_true", help="show the evidence with the reasons for its rank")
    parser.add_argument(
        "--follow",
        action="store_true",
        help='go on with further questions, one a line of standard input; "it" means what the last answer is about',
    )
    parser.add_argument("--footer", action="store_true", help="end the answer with the commit that it speaks of")
    parser.add_argument(
        "--telemetry", metavar="FILE", help="append one JSON line of measurements, without the question's text"
    )
    parser.add_argument(
        "--telemetry-question", action="store_true", help="with --telemetry: write the question's text, too"
    )
    parser.add_argument(
        "--run-tests",
        type=float,
        metavar="SECONDS",
        help="run the tests that lead to what is cited, at most so long; this executes the repository's code. Exit code 1: one failed",
    )
    parser.add_argument(
        "--python", default=sys.executable, metavar="FILE", help="the Python that runs them (default: this one)"
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    if args.phrase and args.no_model:
        raise UsageError("--phrase needs the model, and --no-model does without it; give one of them.")
    if args.run_tests is not None and args.run_tests <= 0:
        raise UsageError("--run-tests takes the seconds that the tests may run, more than 0.")
    if args.follow and args.question == "-":
        raise UsageError("--follow reads its questions from standard input; leave the - out.")
    if args.question is None and not args.follow:
        raise UsageError('A question is required, for example: pathline ask "Where is the cache cleared?"')
    question = sys.stdin.buffer.read().decode("utf-8", "replace") if args.question == "-" else args.question or ""
    if not question.strip() and not args.follow:
        raise UsageError(
            'The question is empty; ask something, for example: pathline ask "Where is the cache cleared?"'
        )
    # Relative to where the user stands, which we are about to leave.
    args.repo = os.path.abspath(args.repo)
    args.telemetry = os.path.abspath(args.telemetry) if args.telemetry else None
    if args.model is not None:
        from ..models.sources import absolute_name

        args.model = absolute_name(args.model)
    options = _options(args)
    backend, hint = open_model(args.model, needed=options.phrase or options.reading.weight > 0, skip=args.no_model)
    try:
        if not args.follow:
            return _ask(args, question, options, backend, hint)
        return _follow(args, question, options, backend, hint)
    finally:
        if backend is not None:
            backend.close()


def _ask(
    args: argparse.Namespace, question: str, options: AskOptions, backend: Backend | None, hint: str,
    conversation: Conversation | None = None,
) -> int:  # fmt: skip
    from ..answers.export import answer_to_dict
    from ..answers.run_tests import nodes_behind, verify_with_tests
    from ..answers.runner import answer_question
    from .main import EXIT_FAILED, EXIT_NOT_FOUND, EXIT_OK
    from .render import Screen

    ask = conversation.ask if conversation is not None else answer_question
    screen = Screen(quiet=args.json)
    tests: list[TestRun] = []

    def use(graph: CodeGraph) -> Answer:
        answer = ask(graph, question, options, backend, cancel, screen.event)
        if args.run_tests is not None:
            tests.append(verify_with_tests(graph, nodes_behind(graph, answer), args.run_tests, args.python))
        return answer

    try:
        with ctrl_c() as cancel:
            answer = with_graph(args, cancel, use)
    finally:
        screen.done()
    if args.json and conversation is not None:
        print(json.dumps(answer_to_dict(answer), ensure_ascii=False), flush=True)
    elif args.json:
        print_json(answer_to_dict(answer))
    else:
        screen.answer(answer, explain=args.explain, hint=hint, footer=args.footer)
    if any(_told(run) is False for run in tests):
        return EXIT_FAILED
    return EXIT_OK if answer.found else EXIT_NOT_FOUND


def _told(run: TestRun) -> bool | None:
    """Says on stderr how the tests went; returns that."""
    if run.passed is None:
        print(f"Tests: {run.reason}.", file=sys.stderr)
    else:
        one = len(run.nodes) == 1
        which = "1 test that leads" if one else f"{len(run.nodes)} tests that lead"
        print(f"Tests: {which} to what is cited {'passed' if run.passed else 'failed'}.", file=sys.stderr)
    if run.passed is False:
        print(_printable_lines(run.output), file=sys.stderr)
    return run.passed


def _printable_lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def _follow(args: argparse.Namespace, question: str, options: AskOptions, backend: Backend | None, hint: str) -> int:
    """One question after the other, each over the files as they then are. The exit code is that of the last answer; a question that
    cannot be is said and passed over."""
    from ..answers.conversation import Conversation

    conversation, code = Conversation(), 0
    for line in itertools.chain([question] if question.strip() else [], _lines()):
        if not line.strip():
            continue
        try:
            code = _ask(args, line.strip(), options, backend, hint, conversation)
        except UsageError as error:
            print(f"error: {error}", file=sys.stderr)
            code = error.exit_code
        hint = ""
    return code


def _lines() -> Iterator[str]:
    """Lines of standard input; in a terminal with a prompt on stderr."""
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        raw = sys.stdin.buffer.readline(_MAX_LINE)
        if not raw:
            return
        yield raw.decode("utf-8", "replace")


def _options(args: argparse.Namespace) -> AskOptions:
    from dataclasses import replace

    from ..answers.options import AskOptions, TelemetryOptions

    telemetry = TelemetryOptions(Path(args.telemetry) if args.telemetry else None, args.telemetry_question)
    options = AskOptions(zoom=args.zoom, phrase=args.phrase, commit_footer=args.footer, telemetry=telemetry)
    if args.read_weight is not None:
        options = replace(options, reading=replace(options.reading, weight=args.read_weight))
    if args.min_confidence is not None:
        if not 0 <= args.min_confidence <= 1:
            raise UsageError("--min-confidence must be from 0 to 1.")
        options = replace(options, refusal=replace(options.refusal, threshold=args.min_confidence))
    if args.sentences is not None:
        if args.sentences < 1:
            raise UsageError("--sentences must be at least 1.")
        options = replace(options, compose=replace(options.compose, max_sentences=args.sentences))
    return options
