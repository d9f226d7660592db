"""`pathline`: parse the arguments, run the command, turn errors into one sentence and an exit code.

Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 not found, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from .. import __version__
from ..errors import PathlineError
from .common import EXIT_INTERRUPTED, EXIT_OK, printable


def build_parser() -> argparse.ArgumentParser:
    from . import ask, build, cache, check, graph, index, lsp, model, search

    parser = argparse.ArgumentParser(
        prog="pathline",
        description="Ask your repository. Every sentence of an answer carries a path:line that was checked.",
        epilog='example: pathline ask --repo . "Where is the session cookie signed?"',
    )
    parser.add_argument("--version", action="version", version=f"pathline {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (ask, search, check, graph, index, build, model, cache, lsp):
        command.register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The console script. Returns the exit code."""
    return run_parser(build_parser, argv)


def run_parser(build: Callable[[], argparse.ArgumentParser], argv: Sequence[str] | None = None) -> int:
    """Parse with the parser that `build` makes, and run the `func` that it sets. Returns the exit code."""
    _use_safe_streams()
    try:
        args = build().parse_args(argv)
        return int(args.func(args))
    except PathlineError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _use_safe_streams() -> None:
    """Paths and source may hold anything. A pipe gets UTF-8; a terminal keeps its encoding, with escapes for the rest."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
