"""`pathline ask`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from .common import add_repo_arguments, ctrl_c, print_json, with_graph
from .model import open_model

if TYPE_CHECKING:
    from ..answers.options import AskOptions


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "ask",
        help="answer a question with verified citations",
        description="Answer a question about a repository. Exit code 3: not found in it.",
        epilog='example: pathline ask --repo . "How does Flask match a request URL to a view function?"',
    )
    parser.add_argument("question", help='the question; "-" reads it from standard input')
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
    parser.add_argument("--explain", action="store_true", help="show the evidence with the reasons for its rank")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    from ..answers.export import answer_to_dict
    from ..answers.runner import answer_question
    from .main import EXIT_NOT_FOUND, EXIT_OK
    from .render import Screen

    question = sys.stdin.buffer.read().decode("utf-8", "replace") if args.question == "-" else args.question
    if not question.strip():
        raise UsageError(
            'The question is empty; ask something, for example: pathline ask "Where is the cache cleared?"'
        )
    if args.phrase and args.no_model:
        raise UsageError("--phrase needs the model, and --no-model does without it; give one of them.")
    if args.model is not None:
        from ..models.sources import absolute_name

        args.model = absolute_name(args.model)  # relative to where the user stands, which we are about to leave
    options = _options(args)
    screen = Screen(quiet=args.json)
    backend, hint = open_model(args.model, needed=options.phrase or options.reading.weight > 0, skip=args.no_model)
    try:
        with ctrl_c() as cancel:
            answer = with_graph(
                args, cancel, lambda graph: answer_question(graph, question, options, backend, cancel, screen.event)
            )
    finally:
        screen.done()
        if backend is not None:
            backend.close()
    if args.json:
        print_json(answer_to_dict(answer))
    else:
        screen.answer(answer, explain=args.explain, hint=hint)
    return EXIT_OK if answer.found else EXIT_NOT_FOUND


def _options(args: argparse.Namespace) -> AskOptions:
    from dataclasses import replace

    from ..answers.options import AskOptions

    options = AskOptions(zoom=args.zoom, phrase=args.phrase)
    if args.read_weight is not None:
        options = replace(options, reading=replace(options.reading, weight=args.read_weight))
    if args.sentences is not None:
        if args.sentences < 1:
            raise UsageError("--sentences must be at least 1.")
        options = replace(options, compose=replace(options.compose, max_sentences=args.sentences))
    return options
