"""`python -I -m adapter_core.run`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..answers.flag_table import ADAPTERS, EVIDENCE, MOST_USED
from ..answers.flags import flag_groups
from ..answers.options import AskOptions
from ..model_names import is_address
from .ask import EXIT_CODES, add_arguments
from .ask import run as ask
from .common import add_root_argument


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    from .main import run_parser

    return run_parser(_module_parser, argv)


def _module_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -I -m adapter_core.run",
        usage='%(prog)s [flags] ROOT "QUESTION"',
        description="Answer a question about a repository, as `pathline ask --phrase` does. What is missing of its adapters is built "
        "first: embedding, null adapter and memory, in seconds; `pathline build --fit` fits one. " + EXIT_CODES,
        epilog='example: python -I -m adapter_core.run . "How does Flask match a URL to a view function?"',
        add_help=False,
    )
    groups = flag_groups(parser)
    add_root_argument(parser, groups[MOST_USED], groups[EVIDENCE])
    parser.add_argument("question", help='the question; "-" reads it from standard input')
    add_arguments(parser, groups, AskOptions(phrase=True))
    groups[ADAPTERS].add_argument("--no-build", action="store_true", help="build nothing, and use what there is")
    parser.set_defaults(func=run)
    return parser


def run(args: argparse.Namespace) -> int:
    remote = args.model is not None and is_address(args.model)  # nothing can be put on a server's model
    ensure = not (args.no_build or args.no_model or remote)
    return ask(args, AskOptions(phrase=not args.no_model), ensure=ensure)


if __name__ == "__main__":
    sys.exit(main())
