"""The language server's process: `pathline lsp`."""

from __future__ import annotations

import logging
import os
import sys


def main(log_level: str = "warning") -> int:
    """Serve one client on standard input and output. Does not return while it serves. `log_level` as `pathline lsp` takes it."""
    if sys.stdin is not None and sys.stdin.isatty():
        print(
            "This speaks LSP on its standard streams and waits for an editor; Ctrl-C ends it. To try it out: "
            "pathline lsp --check PATH",
            file=sys.stderr,
        )

    from adapter_core.streams import claim_stdio

    incoming, outgoing = claim_stdio()
    leave_workspace()
    logging.basicConfig(
        stream=sys.stderr,
        level=log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    if log_level != "debug":
        logging.getLogger("pygls").setLevel(logging.WARNING)  # it logs every message at INFO

    from .protocol import ShortErrors
    from .server import PathlineServer

    logging.getLogger("pygls.protocol.json_rpc").addFilter(ShortErrors())
    PathlineServer().serve(incoming, outgoing)
    return 0


def leave_workspace() -> None:
    """Change to a neutral folder, so that neither children nor look-ups of executables find anything in the workspace."""
    from adapter_core.paths import neutral_dir

    os.chdir(neutral_dir())


if __name__ == "__main__":
    sys.exit(main())
