"""A small LSP client for tests.

The client speaks raw JSON, so that tests can send what a well-behaved library would not, and see every message as it
came.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]
# What the console script does, isolated: neither the working folder nor PYTHONPATH is on the server's path.
SERVER = [
    sys.executable,
    "-I",
    "-c",
    f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from lsp_server.__main__ import main; sys.exit(main())",
]
CAPABILITIES = {
    "window": {"workDoneProgress": True},
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {"versionSupport": True},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix"]}}},
    },
    "workspace": {"workspaceFolders": True},
}


def cursor(text: str) -> tuple[str, dict[str, int]]:
    """A text without its `$0`, and the LSP position (in UTF-16) where it stood."""
    before, _, after = text.partition("$0")
    line = before.rpartition("\n")[2]
    return before + after, {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Client:
    def __init__(
        self,
        cache: Path,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        command: list[str] | None = None,
        stderr: IO[bytes] | None = None,
    ) -> None:
        env = {**os.environ, "PATHLINE_CACHE_DIR": str(cache), **(environment or {})}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command or SERVER, stdin=pipe, stdout=pipe, stderr=stderr, cwd=cwd, env=env)
        self.notifications: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.opened: set[str] = set()
        self.configuration: Any = None
        self._results: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._news = threading.Condition()
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()

    # -- sending -----------------------------------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        self.send_raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_raw(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params})

    def start_request(self, method: str, params: Any = None) -> int:
        self._next += 1
        self._results[self._next] = queue.SimpleQueue()
        self.send({"id": self._next, "method": method, "params": params})
        return self._next

    def result(self, number: int, timeout: float = 30.0) -> Any:
        message = self._results[number].get(timeout=timeout)
        if "error" in message:
            raise RpcError(message["error"]["code"], message["error"]["message"])
        return message["result"]

    def request(self, method: str, params: Any = None, timeout: float = 30.0) -> Any:
        return self.result(self.start_request(method, params), timeout)

    def error_code(self, number: int, timeout: float = 30.0) -> int | None:
        """The code of the error that answers a request; None for a result."""
        message = self._results[number].get(timeout=timeout)
        return message["error"]["code"] if "error" in message else None

    # -- receiving ---------------------------------------------------------------------------------------------------

    def wait_for(
        self, wanted: Callable[[dict[str, Any]], Any], timeout: float = 20.0, start: int = 0
    ) -> dict[str, Any]:
        """The first notification (from number `start` on) that is wanted; waits for it."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                for message in self.notifications[start:]:
                    if wanted(message):
                        return message
                if not self._news.wait(end - time.monotonic()) or time.monotonic() > end:
                    seen = [m["method"] for m in self.notifications[start:]]
                    raise AssertionError(f"the notification did not come; there were {seen}")

    def _read(self) -> None:
        assert self.process.stdout is not None
        stream = self.process.stdout
        while True:
            length = 0
            while line := stream.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            if not length:
                return
            self._dispatch(json.loads(stream.read(length)))

    def _dispatch(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            if message["id"] is None:
                self.errors.append(message["error"])
            elif message["id"] in self._results:
                self._results[message["id"]].put(message)
        elif "id" in message:
            self.requests.append(message)
            many = message["method"] == "workspace/configuration"
            self.send({"id": message["id"], "result": [self.configuration] if many else None})
        else:
            with self._news:
                self.notifications.append(message)
                self._news.notify_all()

    # -- a session ---------------------------------------------------------------------------------------------------

    def initialize(
        self, root: Path | None, options: Any = None, encodings: list[str] | None = None, **changes: Any
    ) -> dict[str, Any]:
        capabilities: dict[str, Any] = {**CAPABILITIES}
        if encodings:
            capabilities["general"] = {"positionEncodings": encodings}
        folders = [{"uri": root.as_uri(), "name": root.name}] if root else None
        params = {
            "processId": os.getpid(),
            "rootUri": root.as_uri() if root else None,
            "workspaceFolders": folders,
            "capabilities": capabilities,
            "initializationOptions": options,
            **changes,
        }
        result = self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def ready(self) -> None:
        """Returns when the workspace is indexed."""
        self.request("workspace/executeCommand", {"command": "pathline.server.reindex"}, timeout=60)

    def open(self, file: Path, text: str | None = None, version: int = 1) -> str:
        uri = file.as_uri()
        text = file.read_text("utf-8") if text is None else text
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        self.opened.add(uri)
        return uri

    def close_document(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        self.opened.discard(uri)

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)},
        )

    def at(self, method: str, uri: str, line: int, character: int, **more: Any) -> Any:
        return self.request(
            method, {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}, **more}
        )

    def hover(self, uri: str, line: int, character: int) -> str | None:
        found = self.at("textDocument/hover", uri, line, character)
        return found["contents"]["value"] if found else None

    def ask(self, question: str, **more: Any) -> dict[str, Any]:
        return self.request("pathline/ask", {"question": question, **more}, timeout=60)

    def diagnostics(
        self, uri: str, wanted: Callable[[list[dict[str, Any]]], Any], start: int = 0
    ) -> list[dict[str, Any]]:
        """Waits for diagnostics of a document that satisfy a condition."""
        message = self.wait_for(
            lambda m: (
                m["method"] == "textDocument/publishDiagnostics"
                and m["params"]["uri"] == uri
                and wanted(m["params"]["diagnostics"])
            ),
            start=start,
        )
        return message["params"]["diagnostics"]

    def close(self) -> int:
        """End the session as a client should."""
        if self.process.poll() is None:
            try:
                self.request("shutdown")
                self.notify("exit")
            except (OSError, queue.Empty):
                pass
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def edit(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    positions = {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }
    return {"range": positions, "text": text}
