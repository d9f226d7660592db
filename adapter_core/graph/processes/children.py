"""Child processes of the graph that speak JSON lines: the indexer and the jedi worker.

A child is the same interpreter and the same copy of this package, isolated (`-I`: no working folder, no `PYTHONPATH`, no `sitecustomize` of
the workspace), in a neutral folder. It ends when its standard input does, so it cannot outlive its parent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psutil

from ...isolation import child_environment, isolated_command, quiet_process_options
from ...paths import neutral_dir

log = logging.getLogger(__name__)

Message = dict[str, Any]


class JsonChild:
    """One running child. `on_message` and `on_exit` are called on its own thread, `on_exit` once and last."""

    def __init__(
        self,
        module: str,
        on_message: Callable[[Message], None],
        on_exit: Callable[[int], None] | None = None,
        cache: Path | None = None,
    ) -> None:
        """Starts the process. Raises `OSError` when that fails."""
        self._process = subprocess.Popen(
            isolated_command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=neutral_dir(),
            env=child_environment(**({"PATHLINE_CACHE_DIR": str(cache)} if cache else {})),
            **quiet_process_options(),
        )
        self._on_message = on_message
        self._on_exit = on_exit
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"{module.rpartition('.')[2]} messages", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Message) -> bool:
        """Whether the message was sent; False when the child is gone."""
        assert self._process.stdin is not None
        try:
            with self._sending:
                self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
                self._process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def kill(self) -> None:
        """End it now, with its own children. Nothing it writes can be left half done: the index is transactional."""
        kill_tree(self._process.pid, own_group=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for message in read_messages(self._process.stdout):
            self._on_message(message)
        code = self._process.wait()
        # A child that was killed from outside leaves its own children (parser processes) behind.
        _kill_group(self._process.pid)
        if self._on_exit is not None:
            self._on_exit(code)


def kill_tree(pid: int, own_group: bool = False) -> None:
    """Kill a process and everything below it. One that is already gone is no error."""
    victims: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        victims = [*root.children(recursive=True), root]
    if own_group:
        _kill_group(pid)
    for victim in victims:
        with contextlib.suppress(psutil.Error):
            victim.kill()


def _kill_group(group: int) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def read_messages(stream: IO[bytes]) -> Iterator[Message]:
    """The JSON objects of a stream, one a line; anything else on it is skipped with a warning."""
    while True:
        try:
            line = stream.readline()
        except (OSError, ValueError):
            return
        if not line:
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict):
            yield message
        else:
            log.warning("a child wrote something that is no message: %.200r", line)


class ParentPipe:
    """The child's side. Standard output is for messages only; whatever a library prints goes to standard error. When standard input ends
    (the parent closed it, or died), the process ends at once, with its own children."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb")
        self._in = os.fdopen(os.dup(0), "rb")
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        self._sending = threading.Lock()
        self._received: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="parent", daemon=True).start()

    def send(self, message: Message) -> None:
        try:
            with self._sending:
                self._out.write(json.dumps(message).encode("ascii") + b"\n")
                self._out.flush()
        except (OSError, ValueError):
            end_process()

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next message of the parent; None after `timeout` seconds without one."""
        try:
            return self._received.get(timeout=timeout)
        except queue.Empty:
            return None

    @property
    def waiting(self) -> bool:
        """Whether there is a message already."""
        return not self._received.empty()

    def _read(self) -> None:
        for message in read_messages(self._in):
            self._received.put(message)
        end_process()


def end_process(code: int = 0) -> None:
    """End this process and everything it started, at once."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    os._exit(code)
