"""A real Neovim without a screen, driven from outside by expressions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from .processes import wait_until
from .setup_editors import NVIM, REPOSITORY

PLUGIN = REPOSITORY / "editors" / "nvim"

INIT = """
vim.opt.runtimepath:append({plugin})
vim.lsp.config('pathline', {{ cmd = {command}, init_options = {{ useModel = false }} }})
vim.lsp.enable('pathline')
"""


class Neovim:
    """`lua(code)` runs a chunk inside and returns what it returns, by way of JSON."""

    def __init__(self, command: list[str], workspace: Path, environment: dict[str, str]) -> None:
        folder = Path(environment["HOME"])
        init = folder / "init.lua"
        lua_command = "{" + ", ".join(lua_string(part) for part in [*command, "lsp"]) + "}"
        init.write_text(INIT.format(plugin=lua_string(str(PLUGIN)), command=lua_command), encoding="utf-8")
        self.socket = Path(environment["XDG_RUNTIME_DIR"]) / "nvim.sock"
        self.environment = environment
        self.process = subprocess.Popen(
            [str(NVIM), "--clean", "--headless", "-u", str(init), "--listen", str(self.socket)],
            cwd=workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        # The socket is there before it can be connected to.
        wait_until(lambda: self.socket.exists() and self._evaluated("1").returncode == 0, "Neovim listens")

    def lua(self, code: str) -> Any:
        """Runs `code`, whose `return` value comes back."""
        chunk = "return vim.json.encode((function() " + code + " end)() or vim.NIL)"
        expression = f"luaeval('loadstring(_A)()', {json.dumps(chunk)})"
        done = self._evaluated(expression)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def _evaluated(self, expression: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(NVIM), "--clean", "--headless", "--server", str(self.socket), "--remote-expr", expression],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def command(self, text: str) -> None:
        self.lua(f"vim.cmd({lua_string(text)})")

    def wait(self, condition: str, what: str, seconds: float = 60) -> None:
        """Waits until the Lua expression `condition` is true."""
        wait_until(lambda: self.lua(f"return {condition}") is True, what, seconds)

    def quit(self) -> None:
        self.lua("vim.defer_fn(function() vim.cmd('qall!') end, 50)")
        self.process.wait(timeout=60)


def lua_string(text: str) -> str:
    # JSON's escapes are Lua's too, for ASCII without "\u".
    return json.dumps(text, ensure_ascii=False)
