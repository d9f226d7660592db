"""Parser processes: batches of files parsed on all cores.

The children are plain isolated processes that speak length-prefixed JSON with binary parts. (`multiprocessing` would import the caller's
main module in each child, look up modules in the working folder first, and use pickles.) A child that dies or takes too long costs only the
file that caused it: the batch is halved until that file stands alone.
"""

from __future__ import annotations

import json
import queue
import struct
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import IO, Any

from ...isolation import child_environment, isolated_command, quiet_process_options
from ...paths import neutral_dir
from ...streams import claim_stdio
from ..discovery.discover import FoundFile
from ..storage.rows import FileRecord, FileRow
from .batch import BatchResult, index_batch

_HEAD = struct.Struct(">II")
# How long a batch may take before its process is taken to hang.
_SECONDS = 10.0
_SECONDS_PER_FILE = 0.15
_MAX_HEADER = 512 * 1024 * 1024


class WorkerDied(RuntimeError):  # noqa: N818
    """A parser process ended, or was ended, in the middle of a batch."""


class ParserPool:
    """`workers` children, started on demand. Use as a context manager: leaving it ends them."""

    def __init__(self, workers: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="pathline-parse")
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()
        self._children: list[_Child] = []
        self._lock = threading.Lock()
        self._closed = False

    def submit(
        self, root: str, files: Sequence[FoundFile], known: dict[str, str], max_bytes: int
    ) -> Future[BatchResult]:
        """`index_batch` in a child. Files on which the parser dies are `skipped` in the result."""
        return self._threads.submit(self._run, root, list(files), known, max_bytes)

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, root: str, files: list[FoundFile], known: dict[str, str], max_bytes: int) -> BatchResult:
        todo = [files]
        results: list[BatchResult] = []
        while todo:
            part = todo.pop()
            try:
                results.append(self._call(root, part, known, max_bytes))
            except WorkerDied as error:
                if self._closed:
                    raise
                if len(part) == 1:
                    results.append(BatchResult(skipped=[(part[0].path, str(error))]))
                else:
                    middle = len(part) // 2
                    todo += [part[middle:], part[:middle]]
        # Each half is a segment of its own, so they stay apart.
        return results[0] if len(results) == 1 else BatchResult(parts=results)

    def _call(self, root: str, files: list[FoundFile], known: dict[str, str], max_bytes: int) -> BatchResult:
        child = self._take()
        try:
            result = child.call(root, files, known, max_bytes)
        except BaseException:
            child.kill()
            with self._lock:
                self._children.remove(child)
            raise
        self._idle.put(child)
        return result

    def _take(self) -> _Child:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                if self._closed:
                    raise WorkerDied("stopped") from None
                child = _Child()
                self._children.append(child)
                return child


class _Child:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            isolated_command("adapter_core.graph.indexing.pool"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=neutral_dir(),
            env=child_environment(),
            **quiet_process_options(),
        )

    def call(self, root: str, files: list[FoundFile], known: dict[str, str], max_bytes: int) -> BatchResult:
        mine = {file.path: known[file.path] for file in files if file.path in known}
        request = {"root": root, "files": [asdict(f) for f in files], "known": mine, "max_bytes": max_bytes}
        timed_out = threading.Event()

        def expire() -> None:
            timed_out.set()
            self.kill()

        limit = _SECONDS + _SECONDS_PER_FILE * len(files)
        timer = threading.Timer(limit, expire)
        timer.daemon = True
        timer.start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, request, [])
            reply = _read(self._process.stdout)
        except (OSError, ValueError) as error:
            raise WorkerDied(_why(timed_out, limit)) from error
        finally:
            timer.cancel()
        if reply is None:
            raise WorkerDied(_why(timed_out, limit))
        return _decode(*reply)

    def kill(self) -> None:
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except (OSError, ValueError):
                continue  # the pipe is broken or in use by the thread that is about to notice
        self._process.wait()


def _why(timed_out: threading.Event, limit: float) -> str:
    return f"parsing took longer than {limit:.0f} s" if timed_out.is_set() else "the parser crashed on it"


# -- the child ---------------------------------------------------------------------------------------------------------


def main() -> int:
    """The child: requests on stdin, results on stdout, until stdin closes."""
    source, sink = claim_stdio()
    while (request := _read(source)) is not None:
        value = request[0]
        files = [FoundFile(**f) for f in value["files"]]
        _write(sink, *_encode(index_batch(value["root"], files, value["known"], value["max_bytes"])))
    return 0


# -- frames: lengths of header and body, a JSON header, the binary parts one after the other ----------------------------


def _encode(result: BatchResult) -> tuple[dict[str, Any], list[bytes]]:
    parts = [result.owners, result.lengths, *(f.facts for f in result.files), *(data for _, _, data in result.blocks)]
    header = {
        "files": [f.row for f in result.files],
        "blocks": [(part, first) for part, first, _ in result.blocks],
        "sizes": [len(part) for part in parts],
        "touched": result.touched,
        "skipped": result.skipped,
        "stages": result.stages,
    }
    return header, parts


def _decode(header: dict[str, Any], body: memoryview) -> BatchResult:
    parts: list[bytes] = []
    position = 0
    for size in header["sizes"]:
        parts.append(bytes(body[position : position + size]))
        position += size
    count = len(header["files"])
    files = [FileRecord(FileRow(*row), facts) for row, facts in zip(header["files"], parts[2:], strict=False)]
    blocks = parts[2 + count :]
    return BatchResult(
        files,
        parts[0],
        parts[1],
        [(part, first, data) for (part, first), data in zip(header["blocks"], blocks, strict=True)],
        [tuple(t) for t in header["touched"]],
        [tuple(s) for s in header["skipped"]],
        stages=header["stages"],
    )


def _write(stream: IO[bytes], header: dict[str, Any], parts: list[bytes]) -> None:
    head = json.dumps(header, separators=(",", ":")).encode()
    stream.write(_HEAD.pack(len(head), sum(map(len, parts))))
    stream.write(head)
    for part in parts:
        stream.write(part)
    stream.flush()


def _read(stream: IO[bytes]) -> tuple[dict[str, Any], memoryview] | None:
    """The next frame; None at the end of the stream. Raises `ValueError` on anything else."""
    lengths = stream.read(_HEAD.size)
    if not lengths:
        return None
    if len(lengths) < _HEAD.size:
        raise ValueError("broken frame")
    head_size, body_size = _HEAD.unpack(lengths)
    if head_size > _MAX_HEADER or body_size > _MAX_HEADER:
        raise ValueError("not a frame")
    head, body = stream.read(head_size), stream.read(body_size)
    if len(head) < head_size or len(body) < body_size:
        raise ValueError("broken frame")
    return json.loads(head), memoryview(body)
