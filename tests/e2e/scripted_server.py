"""A language server for tests of the clients: it does what the question says, and logs each message it receives.

    python scripted_server.py LOG lsp

`wait`: one sentence as a partial result, then nothing until it is cancelled. `hostile`: an answer full of text that must
stay inert. `long`: a sentence of steps that are longer than any window is wide. `fail`: an error. `die`: the process ends.
`incomplete`: an answer that can be asked for again. Anything else: one sentence. Standard library only.
"""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

CANCELLED = -32800

HOSTILE = (
    '<img src="https://pathline.invalid/pixel.png" onerror="document.title=1"> '
    "![logo](https://pathline.invalid/pixel.png) "
    "[a link](command:workbench.action.quit) [another](https://pathline.invalid/) <https://pathline.invalid/> "
    "</li><button data-link='0'>forged.py:1</button><script>document.title=1</script>\n\n# A heading\n\n`code`"
)


class Server:
    def __init__(self, source: BinaryIO, target: BinaryIO, log: str) -> None:
        self.source = source
        self.target = target
        self.log = open(log, "a", encoding="utf-8", buffering=1)  # noqa: SIM115 - for the life of the process
        self.root = ""
        self.waiting: set[int | str] = set()

    def serve(self) -> None:
        while (message := self.read()) is not None:
            self.log.write(json.dumps(message) + "\n")
            method = message.get("method")
            if method == "exit":
                return
            if method == "$/cancelRequest":
                self.cancel(message["params"]["id"])
            elif "id" in message and method:
                self.answer(message["id"], method, message.get("params") or {})

    def answer(self, request: int | str, method: str, params: dict[str, Any]) -> None:
        if method == "initialize":
            self.root = params["workspaceFolders"][0]["uri"]
            commands = ["pathline.server.ask", "pathline.server.clearCitations", "pathline.server.reindex"]
            capabilities = {"textDocumentSync": 1, "executeCommandProvider": {"commands": commands}}
            self.reply(request, {"capabilities": capabilities})
        elif method == "pathline/ask":
            self.ask(request, params)
        else:
            self.reply(request, None)

    def ask(self, request: int | str, params: dict[str, Any]) -> None:
        question = params["question"]
        if question == "wait":
            value = {"claims": [self.claim("The first sentence has arrived.")]}
            self.send({"method": "$/progress", "params": {"token": params["partialResultToken"], "value": value}})
            self.waiting.add(request)
        elif question == "fail":
            self.send({"id": request, "error": {"code": -32603, "message": "the index is broken"}})
        elif question == "die":
            sys.exit(1)
        elif question == "long":
            steps = [f"({number}) `{'call(argument) + ' * 25}{number}`" for number in (1, 2)]
            lead = "In `f`, in the order written:"
            claim = self.claim(f"{lead} {'; '.join(steps)}") | {"lead": lead, "steps": steps}
            self.reply(request, self.result(question, "") | {"claims": [claim]})
        elif question == "incomplete":
            self.reply(
                request, self.result(question, "One.") | {"complete": False, "reason": "the index is being built"}
            )
        else:
            self.reply(request, self.result(question, HOSTILE if question == "hostile" else "One sentence."))

    def cancel(self, request: int | str) -> None:
        if request in self.waiting:
            self.waiting.discard(request)
            self.send({"id": request, "error": {"code": CANCELLED, "message": "cancelled"}})

    def result(self, question: str, text: str) -> dict[str, Any]:
        return {
            "schema": 1,
            "question": question,
            "text": text,
            "found": True,
            "claims": [self.claim(text)],
            "evidence": [],
            "dropped": [{"text": "never shown", "reason": "unsupported"}],
            "complete": True,
            "reason": "",
            "provenance": {"commit": None, "tree": None, "dirty": None, "model": None, "adapter": None},
            "metrics": {},
        }

    def claim(self, text: str) -> dict[str, Any]:
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}
        citation = {
            "root": "shop",
            "path": "shop/loyalty.py",
            "start": 1,
            "end": 1,
            "sha256": "",
            "resolves": True,
            "fresh": True,
            "supports": True,
            "location": {"uri": f"{self.root}/shop/loyalty.py", "range": span},
        }
        return {"text": text, "kind": "composed", "citations": [citation]}

    def reply(self, request: int | str, result: Any) -> None:
        self.send({"id": request, "result": result})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.target.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.target.flush()

    def read(self) -> dict[str, Any] | None:
        length = 0
        while line := self.source.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.source.read(length)) if length else None


if __name__ == "__main__":
    Server(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1]).serve()
