"""`pathline lsp --check PATH`: a session with a real server, to see whether it works here, and how fast."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from adapter_core.errors import PathlineError
from adapter_core.isolation import child_environment, isolated_command
from adapter_core.paths import neutral_dir

from .positions import uri_of_path
from .transport import read_bodies

# The longest wait for a message: a server that is indexing or answering sends progress.
_SILENCE_SECONDS = 120.0
_CAPABILITIES = {"window": {"workDoneProgress": True}}


def check(path: str) -> int:
    """Print one line for each step. Returns 0 if all worked, 1 if one failed, 2 if `path` is no folder."""
    root = Path(path).expanduser().resolve()
    if not root.is_dir():
        print(f"{root} is not a folder; give the folder of a project.", file=sys.stderr)
        return 2
    try:
        with _Session() as session:
            uri = uri_of_path(str(root))
            folders = [{"uri": uri, "name": root.name}]
            started = session.step(
                "initialize",
                {"processId": None, "rootUri": uri, "workspaceFolders": folders, "capabilities": _CAPABILITIES},
            )
            print(f"started: pathline {started['serverInfo']['version']}")
            session.notify("initialized", {})
            session.step("workspace/executeCommand", {"command": "pathline.server.reindex"})
            print("indexed: the index is up to date")
            answer = session.step(
                "pathline/ask", {"question": "What is the purpose of this project?", "workDoneToken": "answer"}
            )
            model = answer["provenance"]["model"]
            model_note = (
                f"with {model}, which the first question starts" if model else answer["reason"] or "without a model"
            )
            print(
                f"answered: {_count_text(answer['claims'], 'sentence')}, {_count_text(answer['evidence'], 'place')}; {model_note}"
            )
            session.step("shutdown", None)
            session.notify("exit", None)
            code = session.process.wait(10)
            print(f"ended: exit code {code}")
            return 1 if code else 0
    except (PathlineError, OSError, subprocess.SubprocessError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1


def _count_text(items: list[Any], name: str) -> str:
    return f"{len(items)} {name}" if len(items) == 1 else f"{len(items)} {name}s"


class _Session:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            isolated_command("lsp_server.__main__"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=neutral_dir(),
            env=child_environment(),
        )  # fmt: skip
        # What the server sent; None behind the last of it.
        self._bodies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self._next = 0

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(10)

    def step(self, method: str, params: Any) -> Any:
        """The result of a request; prints its duration as the beginning of the next line. Raises `PathlineError`."""
        self._next += 1
        started = time.perf_counter()
        self._send({"id": self._next, "method": method, "params": params})
        while (body := self._next_body(method)) is not None:
            message = json.loads(body)
            if "method" in message:
                if "id" in message:  # it asks whether it may show progress
                    self._send({"id": message["id"], "result": None})
            elif message.get("id") == self._next:
                if "error" in message:
                    raise PathlineError(f"{method}: {message['error']['message']}")
                print(f"{(time.perf_counter() - started) * 1000:8.0f} ms  ", end="")
                return message["result"]
        raise PathlineError(f"the server ended during {method}")

    def _next_body(self, method: str) -> bytes | None:
        try:
            return self._bodies.get(timeout=_SILENCE_SECONDS)
        except queue.Empty:
            raise PathlineError(f"no answer to {method}, and no sign of life for {_SILENCE_SECONDS:g} s") from None

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            for body in read_bodies(self.process.stdout):
                self._bodies.put(body)
        finally:
            self._bodies.put(None)

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode("ascii")
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()
