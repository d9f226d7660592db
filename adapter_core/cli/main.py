"""`pathline`: parse the arguments, run the command, turn errors into one sentence and an exit code.

Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 not found, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from .. import __version__
from ..errors import PathlineError, UsageError
from .common import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, one_line
from .output import advice_for, drop_output, use_safe_streams


def build_parser() -> argparse.ArgumentParser:
    from . import ask, build, cache, check, graph, index, lsp, model, search

    parser = argparse.ArgumentParser(
        prog="pathline",
        description="Ask your repository. Every sentence of an answer carries a path:line that was checked.",
        epilog='example: pathline ask --repo . "Where is the session cookie signed?"',
    )
    parser.add_argument("--version", action="version", version=f"pathline {__version__}")

    def without_command(_: argparse.Namespace) -> int:
        parser.print_help(sys.stderr)
        return EXIT_USAGE

    parser.set_defaults(func=without_command)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (ask, search, check, graph, index, build, model, cache, lsp):
        command.register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The console script. Returns the exit code."""
    return run_parser(build_parser, argv)


def run_parser(build: Callable[[], argparse.ArgumentParser], argv: Sequence[str] | None = None) -> int:
    """Parse with the parser that `build` makes, and run the `func` that it sets. Returns the exit code."""
    use_safe_streams()
    try:
        args = _parsed(build(), argv)
        code = int(args.func(args))
        sys.stdout.flush()  # here, where what it meets can be told
        return code
    except PathlineError as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted.
        drop_output()
        return EXIT_OK
    except OSError as error:
        if isinstance(error, FileNotFoundError) and _working_folder_is_gone():
            print("error: This folder is gone; go to another one.", file=sys.stderr)
            return EXIT_USAGE
        advice = advice_for(error)
        if not advice:
            raise
        drop_output()
        print(f"error: The output cannot be written ({error.strerror}); {advice}.", file=sys.stderr)
        return EXIT_FAILED


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    args, extra = parser.parse_known_args(argv)
    if extra and isinstance(question := getattr(args, "question", None), str) and not any(e[:1] == "-" for e in extra):
        raise UsageError(f'Put the question in quotes: "{" ".join([question, *extra])}"')
    if extra and getattr(args, "question", "") is None:
        name = " ".join(extra)
        parser.error(f'unrecognized arguments: {name} (if that is the question, write -- before it: -- "{name}")')
    if extra:
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    return args


def _working_folder_is_gone() -> bool:
    """Whether the working folder was deleted, so that everything that needs it fails, such as resolving a relative path."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
