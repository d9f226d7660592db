"""`pathline ask`."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import AdapterError, ModelError, UsageError
from .common import (
    EXIT_FAILED,
    EXIT_NOT_FOUND,
    EXIT_OK,
    add_model_argument,
    add_repo_arguments,
    ctrl_c,
    note,
    one_line,
    print_json,
    printable,
    with_graph,
)
from .open_model import open_model

if TYPE_CHECKING:
    from ..answers.conversation import Conversation
    from ..answers.options import AskOptions
    from ..answers.run_tests import TestRun
    from ..code_graph import CodeGraph
    from ..models.backend import Backend
    from ..types import Answer, CancelToken

EXIT_CODES = "Exit codes: 0 answered, 1 failed, 2 wrong usage, 3 not found in the repository, 130 stopped with Ctrl-C."
_MAX_LINE = 20_000
_MAX_TEST_SECONDS = 1_000_000  # a system call that waits for much longer is refused


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ..answers.flag_table import EVIDENCE, MOST_USED
    from ..answers.flags import flag_groups

    parser = commands.add_parser(
        "ask",
        help="answer a question with verified citations",
        usage='%(prog)s [flags] "QUESTION"',
        description="Answer a question about a Python repository. Each sentence names the lines that show it (path:line), and was checked "
        "against them. It is composed from facts of the code; a small model on this machine helps to choose. "
        + EXIT_CODES,
        epilog='example: pathline ask --repo ../flask "How does Flask match a URL to a view function?"',
        add_help=False,
    )
    parser.add_argument("question", nargs="?", help='the question; "-" reads it from standard input')
    groups = flag_groups(parser)
    add_repo_arguments(groups[MOST_USED], groups[EVIDENCE])
    add_arguments(parser, groups)
    parser.set_defaults(func=run)


def add_arguments(
    parser: argparse.ArgumentParser,
    groups: Mapping[str, argparse._ArgumentGroup],
    defaults: AskOptions | None = None,
) -> None:
    """Add the arguments that `pathline ask` and `python -m adapter_core.run` share."""
    from ..answers.flag_forms import program
    from ..answers.flag_table import MODEL, MOST_USED, TESTS
    from ..answers.flags import add_flags

    add_model_argument(groups[MODEL], ", or a server's address with the model's name (http://localhost:8000/v1#NAME)")
    groups[MODEL].add_argument(
        "--no-model", action="store_true", help="answer without a model: faster, and no less true"
    )
    hidden = add_flags(groups, defaults)
    groups[MOST_USED].add_argument(
        "--explain",
        action="store_true",
        help="also show the code that was found, best first, with the reasons for its rank",
    )
    groups[MOST_USED].add_argument(
        "--follow",
        action="store_true",
        help='ask on: read further questions from standard input, one a line; "it" means what the last answer is about',
    )
    groups[TESTS].add_argument(
        "--run-tests",
        type=float,
        metavar="SECONDS",
        help="run the tests that lead to the cited code, for at most so long; this executes the repository's code. Exit code 1: one failed",
    )
    groups[TESTS].add_argument(
        "--python",
        type=program,
        default=sys.executable,
        metavar="FILE",
        help="the Python that runs them (default: the one that runs Pathline)",
    )
    asking = parser.add_argument_group("help")
    asking.add_argument("-h", "--help", action="help", help="show this help")
    asking.add_argument(
        "--help-all",
        action=HelpAll,
        hidden=hidden,
        help=f"show also the {len(hidden)} flags for developers of models and adapters",
    )


class HelpAll(argparse.Action):
    """Shows the help with the flags that are otherwise hidden; `hidden` maps each to its help text."""

    def __init__(
        self, option_strings: Sequence[str], dest: str, hidden: Mapping[argparse.Action, str], help: str
    ) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)
        self._hidden = hidden

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        for action, text in self._hidden.items():
            action.help = text
        parser.print_help()
        parser.exit()


def run(args: argparse.Namespace, defaults: AskOptions | None = None, ensure: bool = False) -> int:
    """Run the command and return its exit code. `ensure`: first build the adapters that the repository lacks."""
    options = _ask_options(args, defaults)
    if options.phrase and args.no_model:
        raise UsageError("--phrase needs the model, and --no-model does without it; give one of them.")
    if args.run_tests is not None and not 0 < args.run_tests <= _MAX_TEST_SECONDS:
        raise UsageError(
            f"--run-tests takes the seconds that the tests may run, more than 0 and at most {_MAX_TEST_SECONDS:,}."
        )
    if args.follow and args.question == "-":
        raise UsageError("--follow reads its questions from standard input; leave the - out.")
    if args.question is None and not args.follow:
        raise UsageError('A question is required, for example: pathline ask "Where is the cache cleared?"')
    question = sys.stdin.buffer.read().decode("utf-8", "replace") if args.question == "-" else args.question or ""
    if not question.strip() and not args.follow:
        raise UsageError(
            'The question is empty; ask something, for example: pathline ask "Where is the cache cleared?"'
        )
    # Relative to the working folder, which `with_graph` leaves.
    args.repo = os.path.abspath(args.repo)
    if args.model is not None:
        from ..models.sources import absolute_name

        args.model = absolute_name(args.model)
    needed = options.phrase or options.reading.weight != 0
    chosen = options.model
    backend, hint = open_model(args.model, needed, args.no_model, chosen.device, chosen.dtype, chosen.insecure)
    args.ensure = ensure and backend is not None
    try:
        if not args.follow:
            return _ask(args, question, options, backend, hint)
        return _ask_in_turn(args, question, options, backend, hint)
    finally:
        if backend is not None:
            backend.close()


def _ask(
    args: argparse.Namespace, question: str, options: AskOptions, backend: Backend | None, hint: str,
    conversation: Conversation | None = None,
) -> int:  # fmt: skip
    from ..answers.export import answer_to_dict
    from ..answers.run_tests import reaching_test_ids, verify_with_tests
    from ..answers.runner import answer_question
    from .render import Screen

    ask = conversation.ask if conversation is not None else answer_question
    screen = Screen(quiet=args.json)
    tests: list[TestRun] = []

    def answer_with(graph: CodeGraph) -> Answer:
        if args.ensure:
            args.ensure = False
            _build_missing(graph, args.model, options, cancel)
        answer = ask(graph, question, options, backend, cancel, screen.event)
        if args.run_tests is not None:
            tests.append(verify_with_tests(graph, reaching_test_ids(graph, answer), args.run_tests, args.python))
        return answer

    try:
        with ctrl_c() as cancel:
            answer = with_graph(args, cancel, answer_with)
    finally:
        screen.done()
    if args.json and conversation is not None:
        print(json.dumps(answer_to_dict(answer), ensure_ascii=False), flush=True)
    elif args.json:
        print_json(answer_to_dict(answer))
    else:
        screen.answer(answer, explain=args.explain, hint=hint, footer=options.commit_footer)
    if any(_report_tests(run) is False for run in tests):
        return EXIT_FAILED
    return EXIT_OK if answer.found else EXIT_NOT_FOUND


def _report_tests(run: TestRun) -> bool | None:
    """Report the test run on stderr; returns whether the tests passed (None: they did not run)."""
    if run.passed is None:
        print(f"Tests: {run.reason}.", file=sys.stderr)
    else:
        one = len(run.nodes) == 1
        which = "1 test that leads" if one else f"{len(run.nodes)} tests that lead"
        print(f"Tests: {which} to what is cited {'passed' if run.passed else 'failed'}.", file=sys.stderr)
    if not run.passed and run.output.strip():
        print(_printable_lines(run.output), file=sys.stderr)
    return run.passed


def _printable_lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def _ask_in_turn(
    args: argparse.Namespace, question: str, options: AskOptions, backend: Backend | None, hint: str
) -> int:
    """Answer one question after another, each over the current files. The exit code is that of the last answer; an invalid question
    is reported and skipped."""
    from ..answers.conversation import Conversation

    conversation, code = Conversation(), EXIT_OK
    for line in itertools.chain([question] if question.strip() else [], _lines()):
        if not line.strip():
            continue
        try:
            code = _ask(args, line.strip(), options, backend, hint, conversation)
        except UsageError as error:
            print(f"error: {one_line(str(error))}", file=sys.stderr)
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


def _build_missing(graph: CodeGraph, model: str | None, options: AskOptions, cancel: CancelToken) -> None:
    """Build the adapters that are missing; what cannot be built is reported, and the answer is made without it."""
    from ..adapters.watching import Watcher
    from ..run import ensure_adapters

    if options.adapter.adapter == "none" and not options.adapter.memory:
        return
    try:
        found = ensure_adapters(
            graph, model, memory=options.adapter.memory is not False, watcher=Watcher(cancel=cancel)
        )
    except (AdapterError, ModelError) as error:
        note(f"nothing was built: {error}")
        return
    if options.verbose:
        what = f"built now: {', '.join(found.made)}" if found.made else "nothing to build"
        print(printable(f"{what}; {found.folder}"), file=sys.stderr)
    for problem in found.problems:
        note(problem)


def _ask_options(args: argparse.Namespace, defaults: AskOptions | None) -> AskOptions:
    from ..answers.flags import parsed_values, with_values
    from ..answers.options import AskOptions

    return with_values(defaults or AskOptions(), parsed_values(args))
