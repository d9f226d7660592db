"""A running model process: its streams, its greeting, its end."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from typing import Any

from ..errors import ModelProcessError
from ..isolation import child_environment, isolated_command, quiet_process_options
from ..paths import neutral_dir
from .call_lock import POLL_SECONDS
from .environment import library_environment
from .messages import PROTOCOL, encode_frame, read_frame

_HELLO_SECONDS = 60.0
_STDERR_KEPT = 8192


class Child:
    """A running model process with the threads that read its streams. Raises `ModelProcessError`."""

    def __init__(self, worker: str) -> None:
        try:
            self._process = subprocess.Popen(
                isolated_command(worker, str(os.getpid())),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=neutral_dir(),
                env=child_environment(**library_environment()),
                **quiet_process_options(),
            )
        except OSError as error:
            raise ModelProcessError(f"The model process cannot be started: {error}.") from error
        self.pid = self._process.pid
        self._greeted = False
        self._killed = False
        self._frames: queue.Queue[dict[str, Any] | ModelProcessError | None] = queue.Queue()
        self._stderr = bytearray()
        # The threads hold the streams and not this object, so that an abandoned backend can be collected.
        threading.Thread(target=_pump_frames, args=(self._process.stdout, self._frames), daemon=True).start()
        self._listener = threading.Thread(target=_keep_tail, args=(self._process.stderr, self._stderr), daemon=True)
        self._listener.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def expect_hello(self) -> None:
        """Wait for the greeting, once."""
        if self._greeted:
            return
        message = self.receive(_HELLO_SECONDS)
        if message is None:
            raise ModelProcessError("The model process did not start within a minute.")
        if message.get("type") != "hello" or message.get("protocol") != PROTOCOL:
            raise ModelProcessError("The model process is of another version of Pathline: restart Pathline.")
        self._greeted = True

    def send(self, frame: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(frame)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise self._death() from error

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message, or None when none came in time."""
        try:
            message = self._frames.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(message, ModelProcessError):
            raise message
        if message is None:
            raise self._death()
        return message

    def drain(self, request_id: int, seconds: float) -> bool:
        """Cancel request `request_id` and wait for its end; whether that came within `seconds`."""
        try:
            self.send(encode_frame({"type": "cancel", "id": request_id}))
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                message = self.receive(POLL_SECONDS)
                if (
                    message is not None
                    and message.get("id") == request_id
                    and message.get("type") in ("result", "error")
                ):
                    return True
        except ModelProcessError:
            pass  # dead: nothing runs any more, and the next call starts another
        return False

    def kill(self) -> None:
        """End the process, politely first. Idempotent; may be called from any thread."""
        self._killed = True
        process = self._process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(1.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        try:
            if process.stdin is not None:
                process.stdin.close()
        except OSError:
            pass  # what was still to be flushed has nobody to read it

    def last_words(self) -> str:
        """The last line that the process wrote to its standard error, with a label; "" when there is none."""
        self._listener.join(0.5)
        lines = bytes(self._stderr).decode("utf-8", "replace").strip().replace("\r", "\n").split("\n")
        return f"Its last words: {lines[-1][:300]}" if lines[-1] else ""

    def _death(self) -> ModelProcessError:
        if self._killed:
            return ModelProcessError("The model was closed.")
        try:
            code: int | None = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            code = None
        how = (
            "closed its stream"
            if code is None
            else "was killed (out of memory?)"
            if code == -9
            else f"ended with code {code}"
        )
        return ModelProcessError(
            f"The model process {how}; the next question starts it again. {self.last_words()}".strip()
        )


def _pump_frames(stream: Any, frames: queue.Queue[dict[str, Any] | ModelProcessError | None]) -> None:
    """Put every message of `stream` into `frames`, then what ended it: None for its end, an error for garbage."""
    try:
        while (message := read_frame(stream)) is not None:
            frames.put(message)
        frames.put(None)
    except ModelProcessError as error:
        frames.put(error)
    except (OSError, ValueError):
        frames.put(None)


def _keep_tail(stream: Any, tail: bytearray) -> None:
    """Read `stream` to its end, so that the writer never blocks, and keep its last bytes."""
    try:
        while chunk := stream.read1(4096):
            tail += chunk
            del tail[:-_STDERR_KEPT]
    except (OSError, ValueError):
        pass  # closed under us: the process was killed
