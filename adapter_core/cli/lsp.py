"""`pathline lsp`."""

from __future__ import annotations

import argparse
import importlib


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "lsp",
        help="serve an editor over standard input and output",
        description="The language server. Editors start it; it speaks LSP on its standard streams.",
        epilog="example (Neovim): vim.lsp.enable('pathline')",
    )
    parser.add_argument(
        "--log-level", default="warning", choices=["debug", "info", "warning", "error"], help="what goes to stderr"
    )
    parser.add_argument(
        "--check", metavar="PATH", help="index PATH, try the features without an editor, say what took how long"
    )
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)  # what some clients add
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    # By name: the core never imports the server, only this command starts it.
    if args.check is not None:
        return int(importlib.import_module("lsp_server.check").check(args.check))
    return int(importlib.import_module("lsp_server.__main__").main(args.log_level))
