"""Other tools on the same files, in the same run: how long they take to read Django, and to find one name in it.

    ./x bench others [FOLDER] [--package NAME] [--every 1] [--runs 5] [--names QuerySet as_sql]

Default: Django 5.2, all Python files that Pathline discovers. `ctags` has to be on PATH; griffe and the language servers go into
environments of their own below `.setup`. jedi reads every k-th file with `--every`; `seconds for all` scales by bytes.

Everything but the warm look-up is the time of a whole process, its start included. The tools do not do the same work: ctags and jedi
list names, griffe also keeps signatures and docstrings, Pathline also stores calls, imports and the words of all text, that of
documents included (whose bytes are not counted). jedi finds a symbol of a project by reading files when asked, and stops after 30
of them; Pathline has read all of them before.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from _common import DATA, ROOT, median_of, report, temporary_cache, timed
from _definition_readers import CTAGS_MISSING, GRIFFE, GRIFFE_CODE, JEDI_CODE, child, ctags_command, environment
from _floor import floor
from _written_definitions import written

import adapter_core
from adapter_core.code_graph import CodeGraph
from adapter_core.graph.discovery.discover import FoundFile, discover

SERVERS = ("jedi-language-server==0.47.0", "python-lsp-server==1.15.0", "pylsp-workspace-symbols==0.7.0")
ANSWER_SECONDS = 300.0
WARM_RUNS = 20

# Pathline as a process of its own: this copy of it, whatever is installed.
_HERE = f"import sys; sys.path.insert(0, {str(Path(adapter_core.__file__).parents[1])!r})\n"
_BUILD = (
    _HERE
    + """
from adapter_core.code_graph import CodeGraph
from adapter_core.graph.indexing.sync import SyncOptions
if __name__ == "__main__":
    graph = CodeGraph.load_or_build(sys.argv[1], options=SyncOptions(workers=int(sys.argv[2])))
    print(graph.store.counts()[1])
"""
)
_FIND = (
    _HERE
    + """
from adapter_core.code_graph import CodeGraph
if __name__ == "__main__":
    print(len(CodeGraph.load_or_build(sys.argv[1]).find_symbol(sys.argv[2])))
"""
)
_SERVE = _HERE + "from adapter_core.cli.main import main\nif __name__ == '__main__':\n    sys.exit(main(['lsp']))"
_GRIFFE_LOAD = """
import json, logging, sys, griffe
logging.disable()
root, name = json.load(sys.stdin)
loader = griffe.GriffeLoader(search_paths=[root], allow_inspection=False)
loader.load(name, submodules=True)
"""


def python(code: str, *arguments: str, text: str | None = None, program: Path | None = None) -> str:
    """What `code` prints, run by `program` (this Python) with nothing of the working folder on its path."""
    command = [str(program or sys.executable), "-I", "-W", "ignore", "-c", code, *arguments]
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


# -- reading all files -------------------------------------------------------------------------------------------------


def reading(root: Path, files: Sequence[FoundFile], package: str, every: int, runs: int) -> list[dict[str, Any]]:
    paths = [f.path for f in files]
    absolute = [str(root / path) for path in paths]
    cores = os.cpu_count() or 1
    floors: dict[int, list[Cost]] = {processes: [] for processes in sorted({1, cores})}
    # What, processes, files, cost of each run, how many names.
    measured: list[tuple[str, int, Sequence[FoundFile], list[Cost], int | None]] = []

    def measure(what: str, processes: int, work: Callable[[], Any], times: int, read: Sequence[FoundFile]) -> None:
        # A shared machine changes its pace within minutes, so the floor is taken anew before each tool.
        for n, costs in floors.items():
            costs.append(cost_of(partial(floor, absolute, n))[0])
        results = [cost_of(work) for _ in range(times)]
        found = results[-1][1]
        measured.append((what, processes, read, [c for c, _ in results], found if isinstance(found, int) else None))

    some = (runs + 1) // 2
    measure("Pathline: cold build of the index", cores, lambda: cold_build(root, cores), some, files)
    measure("Pathline: the same with one parser", 1, lambda: cold_build(root, 1), some, files)
    if command := ctags_command():
        measure("ctags: sorted tags file", 1, lambda: tags_file(command, root, paths), runs, files)
    else:
        print(CTAGS_MISSING, file=sys.stderr)
    with_griffe = environment("griffe", GRIFFE)
    measure("griffe: visit each file", 1, lambda: names_by(with_griffe, GRIFFE_CODE, root, paths), some, files)
    if inside := [f for f in files if f.path.startswith(f"{package}/")]:
        where = json.dumps([str((root / package).parent), Path(package).name])
        load = partial(python, _GRIFFE_LOAD, text=where, program=with_griffe)
        measure(f"griffe: load the package {package}", 1, load, some, inside)
    sample = files[::every]
    what = "jedi: get_names" + ("" if every == 1 else f" (of every {every}th file)")
    some_paths = [f.path for f in sample]
    measure(what, 1, lambda: names_by(Path(sys.executable), JEDI_CODE, root, some_paths), 1, sample)

    measured[:0] = [("floor: ast.parse", processes, files, times, None) for processes, times in floors.items()]
    size = sum(f.size for f in files)
    rows = []
    for what, processes, read, costs, found in measured:
        part = sum(f.size for f in read) / size
        times = [c.seconds for c in costs]
        seconds = statistics.median(times)
        rows.append(
            {
                "what": what,
                "processes": processes,
                "files": len(read),
                "MB": size * part / 1e6,
                "seconds": seconds,
                "runs": f"{len(times)}: {min(times):.3g} to {max(times):.3g}" if len(times) > 1 else "1",
                # For the bytes of all files, where a tool read fewer.
                "seconds for all": seconds / part,
                # As many processes over as many bytes.
                "x floor": seconds / part / statistics.median(c.seconds for c in floors[processes]),
                # Of all processes together; what else the machine does shows in it less than in the seconds.
                "CPU": statistics.median(c.cpu for c in costs) if os.name == "posix" else None,
                "names": found,
            }
        )
    return rows


class Cost(NamedTuple):
    seconds: float
    cpu: float  # of child processes and theirs, as far as they were waited for; 0 on Windows


def cost_of(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """(the cost of `work`, its result)."""
    before = os.times()
    seconds, value = timed(work)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(seconds, used), value


def names_by(program: Path, code: str, root: Path, paths: Sequence[str]) -> int:
    return len(child(program, code, root, paths).definitions)


def cold_build(root: Path, workers: int) -> int:
    with temporary_cache():
        return int(python(_BUILD, str(root), str(workers)))


def tags_file(command: list[str], root: Path, paths: Sequence[str]) -> int:
    """Write tags as an editor would have them; how many."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "tags")
        kept = [c for c in command[: command.index("-f")] if not c.startswith(("--output-format", "--sort"))]
        command = [*kept, "-f", str(target), "-L", "-"]
        subprocess.run(command, input="\n".join(paths).encode(), cwd=root, stderr=subprocess.DEVNULL, check=True)
        return sum(not line.startswith(b"!_") for line in target.read_bytes().split(b"\n") if line)


# -- finding one name --------------------------------------------------------------------------------------------------


class Client:
    """The other end of a language server: requests, one at a time, over its standard streams."""

    def __init__(self, command: Sequence[str], folder: Path, cache: Path) -> None:
        # jedi keeps parsed files in the user's cache: here each server starts without any.
        kept = {**os.environ, "XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
        self.process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=cache, env=kept
        )
        self.folder = folder
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.number = 0
        threading.Thread(target=self._read, daemon=True).start()

    def initialize(self, options: dict[str, Any]) -> None:
        uri = self.folder.as_uri()
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootPath": str(self.folder),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": self.folder.name}],
                "capabilities": {"workspace": {"symbol": {}, "workspaceFolders": True}},
                "initializationOptions": options,
            },
        )
        self._send({"method": "initialized", "params": {}})

    def request(self, method: str, params: Any) -> Any:
        """The result. Raises `RuntimeError` for an error, a server that died and one that is silent for too long."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        end = perf_counter() + ANSWER_SECONDS
        while True:
            try:
                message = self.messages.get(timeout=max(0.0, end - perf_counter()))
            except queue.Empty:
                raise RuntimeError(f"no answer to {method} in {ANSWER_SECONDS:.0f} s") from None
            if message is None:
                raise RuntimeError(f"the server ended before it answered {method}")
            if "method" in message and "id" in message:  # a request of the server, for its configuration and the like
                items = (message.get("params") or {}).get("items") or []
                self._send(
                    {
                        "id": message["id"],
                        "result": [None] * len(items) if "configuration" in message["method"] else None,
                    }
                )
            elif message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error'].get('message')}")
                return message.get("result")

    def close(self) -> None:
        try:
            self.request("shutdown", None)
            self._send({"method": "exit"})
            self.process.wait(10)
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = stream.readline()
            self.messages.put(json.loads(stream.read(length)))
        self.messages.put(None)


Places = set[tuple[str, int]]  # path and line


def finding(root: Path, files: Iterable[FoundFile], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows for each name. `right`: how many places of the answer are a class or function of exactly this name."""
    truth: dict[str, Places] = {name: set() for name in names}
    for file in files:
        for line, name, _ in written((root / file.path).read_bytes()).definitions:
            if name in truth:
                truth[name].add((file.path, line))
    scripts = environment("language-servers", *SERVERS).parent
    rows: list[dict[str, Any]] = []
    # Where a name has many definitions, the answer is complete only when nearly all files are in the index.
    often = max(names, key=lambda name: len(truth[name]))
    with temporary_cache() as cache:
        without, _ = timed(lambda: first_complete(root, often, truth[often], str(cache)))
    with temporary_cache():
        python(_BUILD, str(root), str(os.cpu_count() or 1))
        for name in names:
            rows += pathline_rows(root, name, truth[name])
            rows.append(server_row("Pathline's server", [sys.executable, "-I", "-c", _SERVE], root, name, truth[name]))
            rows.append(
                server_row(
                    "jedi-language-server", [str(scripts / "jedi-language-server")], root, name, truth[name],
                    {"workspace": {"symbols": {"maxSymbols": 0}}},
                )
            )  # fmt: skip
            rows.append(
                server_row("pylsp with pylsp-workspace-symbols", [str(scripts / "pylsp")], root, name, truth[name])
            )
    rows.append(
        {
            "name": often,
            "asked": "Pathline's server, from a start without an index to a complete answer",
            "first": without,
            "right": len(truth[often]),
            "written": len(truth[often]),
        }
    )
    return rows


def pathline_rows(root: Path, name: str, truth: Places) -> list[dict[str, Any]]:
    cold, _ = timed(lambda: python(_FIND, str(root), name))
    with CodeGraph.load_or_build(root) as graph:
        # A view serves one request; a server makes a new one for each.
        warm = median_of(WARM_RUNS, lambda: CodeGraph(root, graph.store).find_symbol(name))
        found = graph.find_symbol(name)
    places = {(ref.path, ref.symbol.name_line) for ref in found}
    row = {"name": name, "asked": "Pathline: find_symbol (first: a process of its own)", "start": None, "first": cold}
    return [{**row, "second": warm, "results": len(found), "right": len(places & truth), "written": len(truth)}]


def server_row(
    what: str, command: Sequence[str], root: Path, name: str, truth: Places, options: dict[str, Any] | None = None
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as cache:
        start = perf_counter()
        client = Client(command, root, Path(cache))
        try:
            client.initialize(options or {})
            row: dict[str, Any] = {"name": name, "asked": what, "start": perf_counter() - start}
            row["first"], _ = timed(lambda: client.request("workspace/symbol", {"query": name}))
            row["second"], answer = timed(lambda: client.request("workspace/symbol", {"query": name}))
        except RuntimeError as error:
            return {"name": name, "asked": f"{what}: {error}", "written": len(truth)}
        finally:
            client.close()
    places = right(answer, root, name)
    return {**row, "results": len(answer or ()), "right": len(places & truth), "written": len(truth)}


def first_complete(root: Path, name: str, truth: Places, cache: str) -> None:
    """Start Pathline's server where there is no index, and ask until the answer holds all that is written."""
    client = Client([sys.executable, "-I", "-c", _SERVE], root, Path(cache))
    end = perf_counter() + ANSWER_SECONDS
    try:
        client.initialize({})
        while not truth <= right(client.request("workspace/symbol", {"query": name}), root, name):
            if perf_counter() > end:
                raise RuntimeError("the answer of Pathline's server stays incomplete")
            sleep(0.1)
    finally:
        client.close()


def right(answer: list[dict[str, Any]] | None, root: Path, name: str) -> Places:
    """The places in an answer whose symbol has exactly this name."""
    found = set()
    for item in answer or ():
        path = Path(unquote(urlsplit(item["location"]["uri"]).path))
        if item["name"] == name and path.is_relative_to(root) and "range" in item["location"]:
            found.add((path.relative_to(root).as_posix(), item["location"]["range"]["start"]["line"] + 1))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "Django-5.2")
    parser.add_argument("--package", default="django", help="the folder in it that griffe loads as a package")
    parser.add_argument("--every", type=int, default=1, help="jedi reads every k-th file only")
    parser.add_argument(
        "--runs", type=int, default=5, help="how often to run what is quick; slower work runs half as often, jedi once"
    )
    parser.add_argument("--names", nargs="+", default=["QuerySet", "as_sql"])
    args = parser.parse_args()
    root = args.folder.resolve()
    if not root.is_dir():
        subprocess.run([sys.executable, str(ROOT / "tests" / "fetch_data.py"), str(DATA), "--benchmarks"], check=True)
    files = [f for f in discover(root).files if f.kind == "python"]
    print(f"{root.name}: {len(files):,} Python files, {sum(f.size for f in files) / 1e6:.1f} MB\n")
    extra = {"folder": root.name, "python_files": len(files)}
    report("others", reading(root, files, args.package, max(1, args.every), args.runs), extra)
    print()
    report("others-symbols", finding(root, files, args.names), extra)


if __name__ == "__main__":
    main()
