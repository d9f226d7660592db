"""Real VS Code: its server process, a browser that shows the workbench, and what a user does in it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .processes import wait_until
from .setup_editors import EXTENSION_PACKAGE, NODE_BINARY, PLAYWRIGHT_CORE, VSCODE_SERVER, find_chromium

DRIVER = Path(__file__).parent / "browser.mjs"

USER_SETTINGS = {
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
}


class Browser:
    """Chromium behind `browser.mjs`: `call(action, ...)` waits for its reply."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [str(NODE_BINARY), str(DRIVER), str(PLAYWRIGHT_CORE), str(find_chromium())],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def call(self, action: str, **options: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"action": action, **options}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser is gone"
        reply = json.loads(line)
        assert "error" not in reply, f"{action} {options}: {reply['error']}"
        return reply["result"]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)


class Workbench:
    """One VS Code with the packaged extension and `settings`, showing `workspace`."""

    def __init__(self, workspace: Path, settings: dict[str, Any], environment: dict[str, str], log: Path) -> None:
        self.workspace = workspace
        self.environment = environment
        self.log = log
        self.data = Path(environment["HOME"]) / "vscode"
        self.extensions = self.data / "extensions"
        self.port = free_port()
        self.write_settings(settings)
        self.install_extension()
        self.server = self.start_server()
        self.browser = Browser(environment)

    def write_settings(self, settings: dict[str, Any]) -> None:
        # Machine-scoped settings of a remote window live on the machine's side, not with the user's.
        for folder, values in (("User", USER_SETTINGS), ("Machine", settings)):
            file = self.data / "data" / folder / "settings.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), encoding="utf-8")

    def install_extension(self) -> None:
        done = self.run_server("--install-extension", str(EXTENSION_PACKAGE))
        done.wait(timeout=120)
        assert list(self.extensions.glob("pathline.pathline-*")), self.log.read_text(encoding="utf-8")

    def start_server(self) -> subprocess.Popen[bytes]:
        server = self.run_server("--host", "127.0.0.1", "--port", str(self.port), "--without-connection-token")

        def ready() -> bool:
            assert server.poll() is None, self.log.read_text(encoding="utf-8")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/version", timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        wait_until(ready, "VS Code's server answers")
        return server

    def run_server(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [
                    str(NODE_BINARY),
                    str(VSCODE_SERVER),
                    "--accept-server-license-terms",
                    "--telemetry-level=off",
                    f"--server-data-dir={self.data}",
                    f"--extensions-dir={self.extensions}",
                    *arguments,
                ],
                cwd=self.environment["HOME"],
                env={**self.environment, "EXTENSIONS_GALLERY": "{}"},  # no marketplace: the tests are offline
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def close(self) -> None:
        """As when a user quits: the window first, then the editor's own process, which ends its children itself."""
        with contextlib.suppress(AssertionError, OSError, subprocess.TimeoutExpired):
            self.browser.close()
        self.server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.wait(timeout=30)

    # --- What a user does ---

    def open(self, path: str) -> None:
        """Opens the workspace with the file `path` in an editor."""
        uri = f"vscode-remote://127.0.0.1:{self.port}{quote(str(self.workspace / path))}"
        payload = quote(json.dumps([["openFile", uri]]))
        self.browser.call(
            "goto", url=f"http://127.0.0.1:{self.port}/?folder={quote(str(self.workspace))}&payload={payload}"
        )
        self.wait(".monaco-workbench")
        self.wait(".monaco-editor .view-line")

    def command(self, title: str) -> None:
        """Runs a command by its title, as from the keyboard."""
        # The label may go on: "Pathline: Ask, recently used".
        row = f'.monaco-list-row:is([aria-label="{title}"], [aria-label^="{title},"])'

        def offered() -> bool:
            self.browser.call("press", key="F1")
            self.wait(".quick-input-widget input")
            self.browser.call("type", text=title)
            # The list is made once: one that opens before the extension is known never has its commands.
            with contextlib.suppress(AssertionError):
                self.wait(row, seconds=5)
                return True
            self.browser.call("press", key="Escape")
            return False

        wait_until(offered, f"the command {title} is offered")
        self.click(row)
        self.wait(row, state="hidden")

    def ask(self, question: str) -> None:
        self.command("Pathline: Ask")
        self.answer_prompt("A question about this workspace", question)

    def wait_for_answer(self) -> None:
        """Waits for a whole answer: one that came before the index was complete is asked for again, as a user does."""
        again = self.in_answer('[data-action="again"]')
        footer = self.in_answer("footer")
        self.wait(*footer)

        def complete() -> bool:
            if self.count(*again):
                self.click(*again)
                self.wait(*footer)
            return self.count(*footer) == 1 and not self.count(*again)

        wait_until(complete, "an answer from the complete index")

    def answer_prompt(self, prompt: str, text: str) -> None:
        message = f'.quick-input-message:has-text("{prompt}")'
        self.wait(message)

        def accepted() -> bool:
            # A prompt that is just opening may lose what is entered; it is then still there.
            self.browser.call("enter", target=[".quick-input-widget input"], text=text)
            with contextlib.suppress(AssertionError):
                self.wait(message, state="hidden", seconds=5)
                return True
            return False

        wait_until(accepted, f"the prompt {prompt!r} is answered")

    # --- What a user sees ---

    def wait(self, *target: str, state: str = "visible", seconds: float = 90) -> None:
        self.browser.call("wait", target=list(target), state=state, seconds=seconds)

    def texts(self, *target: str) -> list[str]:
        found: list[str] = self.browser.call("texts", target=list(target))
        return found

    def count(self, *target: str) -> int:
        number: int = self.browser.call("count", target=list(target))
        return number

    def click(self, *target: str) -> None:
        self.browser.call("click", target=list(target))

    def in_answer(self, selector: str) -> tuple[str, ...]:
        """A target inside the answer: VS Code nests two frames around a webview's page."""
        return ("iframe.webview.ready", "iframe#active-frame", selector)

    def cursor_line(self) -> int:
        """The line the status bar shows."""
        for text in self.texts(".statusbar-item"):
            if match := re.search(r"Ln (\d+), Col", text):
                return int(match[1])
        return 0

    def active_file(self) -> str:
        """The name on the tab of the editor that has the focus."""
        target = [".editor-group-container.active .tab.active"]
        names: list[str] = self.browser.call("attributes", target=target, name="data-resource-name")
        return "".join(names)

    def screenshot(self, path: Path) -> None:
        self.browser.call("screenshot", path=str(path))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
