from __future__ import annotations

import subprocess
import sys
import threading
import time

import psutil

from lsp_server.watchdog import Process, Watchdog, end_children

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_that_ended_is_not_alive() -> None:
    child = subprocess.Popen(SLEEP)
    process = Process(child.pid)
    assert process.alive
    child.kill()
    # Not waited for: on POSIX it is a zombie now, and as good as gone.
    deadline = time.monotonic() + 5
    while process.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not process.alive
    child.wait()
    assert not process.alive


def test_the_death_of_a_watched_process_is_noticed_once() -> None:
    child = subprocess.Popen(SLEEP)
    gone: list[str] = []
    noticed = threading.Event()
    watchdog = Watchdog(lambda why: (gone.append(why), noticed.set()), poll_seconds=0.05)
    watchdog.watch(child.pid, "the editor")
    watchdog.start()
    assert not noticed.wait(0.3)
    child.kill()
    child.wait()
    assert noticed.wait(5)
    time.sleep(0.2)
    assert gone == ["the editor is gone"]


def test_a_process_that_cannot_be_seen_is_not_watched() -> None:
    """`processId` may belong to another container."""
    watchdog = Watchdog(lambda why: None, poll_seconds=0.05)
    for pid in (None, 0, 1, -5, 2**40, 2**22 + 1):
        watchdog.watch(pid, "the editor")
    assert watchdog._watched == []


def test_children_are_ended_even_if_they_do_not_want_to() -> None:
    stubborn = [
        sys.executable,
        "-c",
        "import signal,time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)",
    ]
    child = subprocess.Popen(stubborn, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    others = [p for p in psutil.Process().children() if p.pid != child.pid]
    assert others == []
    end_children(0.2)
    assert child.wait(5) != 0
