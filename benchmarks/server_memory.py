"""How much memory the language server takes on Django, as an editor uses it: opened, after hovers, while and after it answers.

    ./x bench server_memory [FOLDER]

The server's own process and its indexer, resident megabytes as the system counts them, before calls are linked and after.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from _common import DATA, ROOT, report

sys.path.insert(0, str(ROOT))
from tests.lsp.harness import Client

QUESTIONS = (
    "How does the ORM build a query?",
    "Who calls get_queryset?",
    "What does Model.save do?",
    "Where is the CSRF token checked?",
    "How are migrations applied?",
    "What tests cover QuerySet.filter?",
    "How does the template engine render a block?",
    "Why does the admin check permissions?",
)
HOVERS, FILES = 3, 40
_LINKED_SECONDS = 900.0


class Watch:
    """The most memory that each process had since `start`, in MB."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._ended = threading.Event()
        self.peaks: dict[str, float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def now(self) -> dict[str, float]:
        children = self._process.children(recursive=True)
        indexer = sum(c.memory_info().rss for c in children if "indexer_worker" in " ".join(c.cmdline()))
        return {"server": self._process.memory_info().rss / 1e6, "indexer": indexer / 1e6}

    def end(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            try:
                for name, size in self.now().items():
                    self.peaks[name] = max(size, self.peaks.get(name, 0.0))
            except psutil.Error:
                continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "Django-5.2")
    root = parser.parse_args().folder.resolve()
    with tempfile.TemporaryDirectory() as cache:
        # Once while calls are being linked, and once with a new server when they are.
        rows = [*session(root, Path(cache), "not linked")]
        link(root, cache)
        rows += session(root, Path(cache), "linked")
    report("server_memory", rows, {"folder": root.name, "idle interpreter, MB": idle()})


def session(root: Path, cache: Path, state: str) -> list[dict[str, Any]]:
    client = Client(cache)
    watch = Watch(psutil.Process(client.process.pid))
    rows = []

    def note(what: str) -> None:
        time.sleep(1.0)
        rows.append({"calls": state, "after": what} | watch.now() | {f"most, {k}": v for k, v in watch.peaks.items()})
        watch.peaks.clear()

    try:
        client.initialize(root, {"useModel": False, "linkCalls": False})
        client.ready()
        note("indexing")
        for file in random.Random(1).sample(sorted(root.rglob("django/**/*.py")), FILES):
            text = file.read_text("utf-8")
            uri = client.open(file)
            places = [(n, line.index("def ") + 4) for n, line in enumerate(text.split("\n")) if "def " in line]
            for line, column in places[:HOVERS]:
                client.hover(uri, line, column)
            client.close_document(uri)
        note(f"hovers in {FILES} files")
        for question in QUESTIONS:
            client.ask(question)
        note(f"{len(QUESTIONS)} questions")
    finally:
        watch.end()
        client.close()
    return rows


def link(root: Path, cache: str) -> None:
    from adapter_core.code_graph import CodeGraph

    os.environ["PATHLINE_CACHE_DIR"] = cache
    enough = threading.Event()
    timer = threading.Timer(_LINKED_SECONDS, enough.set)
    timer.start()
    with CodeGraph.load_or_build(root) as graph:
        graph.link(cancel=enough)
    timer.cancel()


def idle() -> float:
    process = psutil.Popen([sys.executable, "-c", "input()"], stdin=-1)
    time.sleep(0.5)
    size: float = process.memory_info().rss / 1e6
    process.kill()
    return size


if __name__ == "__main__":
    main()
