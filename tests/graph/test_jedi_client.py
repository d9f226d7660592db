"""jedi behind its client: what it tells, when it does not, and that nothing of a workspace runs."""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapter_core.graph.processes import jedi_client
from adapter_core.graph.processes.jedi_client import Definition, External, Inspection, JediClient

PATIENT = 60.0
SLOW = 'x = """' + "".join(f"\n{i}" for i in range(20)) + '"""\n' + "f(a, [b, c], {d: e})\n" * 5_000


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("PATHLINE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def jedi() -> Iterator[JediClient]:
    client = JediClient(work_seconds=PATIENT)
    yield client
    client.close()


@pytest.fixture
def fresh() -> Iterator[JediClient]:
    client = JediClient(start_seconds=PATIENT)
    yield client
    client.close()


def write(root: Path, text: str) -> Path:
    for part in textwrap.dedent(text).split("#- ")[1:]:
        name, _, content = part.partition("\n")
        file = root / name.strip()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    root.mkdir(exist_ok=True)
    return root


def ask(jedi: JediClient, root: Path, marked: str, path: str = "use.py", **options: Any) -> Inspection:
    """Inspect the place of `$0` in a text."""
    before, _, after = marked.partition("$0")
    *above, start = re.split(r"\r\n|\r|\n", before)
    line, column = len(above) + 1, len(start)
    return jedi.inspect(root, path, before + after, line, column, **{"limit": PATIENT, **options})


def up(jedi: JediClient, root: Path) -> JediClient:
    """A client whose process runs and is idle."""
    assert ask(jedi, root, "$0x = 1\n").status == "ok"
    return jedi


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process ends in time. (`psutil.Process.wait` would take its exit status from the client.)"""
    end = time.monotonic() + seconds
    while psutil.pid_exists(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not psutil.pid_exists(pid)


# -- what it tells ---------------------------------------------------------------------------------------------------


def test_a_definition_of_the_workspace(jedi: JediClient, tmp_path: Path) -> None:
    root = write(
        tmp_path / "ws",
        """\
        #- src/made.py
        class Thing:
            def run(self):
                return self


        def make():
            return Thing()
        """,
    )
    text = "from made import make\n\nthing = make()\nthing.run().$0run()\n"
    assert ask(jedi, root, text) == Inspection((Definition("src/made.py", 2, 8, "run"),), (), "function")
    text = "from made import make\n\n$0thing = make()\n"
    assert ask(jedi, root, text) == Inspection((Definition("src/made.py", 1, 6, "Thing"),), (), "made.Thing")
    found = jedi.inspect(root, "use.py", "import made\nmade.Thing\n", 2, 6)
    assert found.definitions == (Definition("src/made.py", 1, 6, "Thing"),)


def test_definitions_outside(jedi: JediClient, tmp_path: Path) -> None:
    (join,) = ask(jedi, tmp_path, "import os\nos.path.$0join('a')\n").outside
    assert (join.full_name, join.module, join.kind) == ("os.path.join", Path(os.path.__file__).stem, "function")
    assert join.file == Path(os.path.__file__).name
    lines = Path(os.path.__file__).read_text().split("\n")
    assert join.line is not None
    assert lines[join.line - 1].startswith("def join(")
    assert join.signature.startswith("join(")
    assert " -> " in join.signature

    (process,) = ask(jedi, tmp_path, "import psutil\npsutil.$0Process\n").outside
    assert (process.full_name, process.kind) == ("psutil.Process", "class")
    assert process.file == "psutil/__init__.py"
    assert process.doc.startswith("Represents an OS process")

    assert ask(jedi, tmp_path, "$0len([])\n").outside == (
        External(
            "builtins.len", "builtins", "function", "builtins.pyi", None,
            "Return the number of items in a container.", "len(obj: Sized, /) -> int",
        ),
    )  # fmt: skip
    (strip,) = ask(jedi, tmp_path, "s = ''\ns.$0strip()\n").outside
    assert (strip.full_name, strip.line) == ("builtins.str.strip", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$0s = 'a'\n", "str"),
        ("$0x = [1, 2]\n", "list[int]"),
        ("$0x = {'a': 1.0}\n", "dict[str, float]"),
        ("$0x = (1, 'a')\n", "tuple[int, str]"),
        ("$0x = []\n", "list"),
        ("$0x = None\n", "None"),
        ("import random\n$0x = 'a' if random.random() else None\n", "str | None"),
        ("import fractions\n$0x = fractions.Fraction(1)\n", "fractions.Fraction"),
        ("import fractions\n$0x = fractions.Fraction\n", "type[fractions.Fraction]"),
        ("import os\n$0os\n", "module os"),
        ("def f() -> 'dict[str, list[int]]': ...\n$0x = f()\n", "dict[str, list[int]]"),
        ("class A: ...\n$0x = A()\n", "use.A"),
        ("def $0f(): ...\n", "function"),
        ("def f(a: int): $0a\n", "int"),
    ],
)
def test_types(jedi: JediClient, tmp_path: Path, text: str, expected: str) -> None:
    found = ask(jedi, tmp_path, text)
    assert (found.type, found.status, found.reason) == (expected, "ok", "")


def test_nothing_is_an_answer(jedi: JediClient, tmp_path: Path) -> None:
    for text in ("import nowhere\nnowhere.$0x\n", "# a com$0ment\n", "$0if x: pass\n", "'a wo$0rd'\n", "$0\n"):
        found = ask(jedi, tmp_path, text)
        assert (found.outside, found.status) == ((), "ok"), text


def test_imports_follow_the_source_roots(jedi: JediClient, tmp_path: Path) -> None:
    root = write(
        tmp_path / "ws",
        """\
        #- odd/place/made.py
        class Thing: ...
        #- tools/helper.py
        class Help: ...
        #- package/__init__.py
        #- package/inner.py
        class Inner: ...
        """,
    )
    text = "import made\nmade.$0Thing\n"
    assert ask(jedi, root, text).definitions == ()
    assert ask(jedi, root, text, folders=("", "odd/place")).definitions == (
        Definition("odd/place/made.py", 1, 6, "Thing"),
    )
    text = "import helper\nhelper.$0Help\n"
    assert ask(jedi, root, text, "tools/run.py").definitions == (Definition("tools/helper.py", 1, 6, "Help"),)
    assert ask(jedi, root, text).definitions == ()
    text = "import inner\ninner.$0Inner\n"  # beside a module of a package, only `from . import inner` finds it
    assert ask(jedi, root, text, "package/use.py").definitions == ()
    text = "from . import inner\ninner.$0Inner\n"
    assert ask(jedi, root, text, "package/use.py").type == "type[package.inner.Inner]"


def test_an_environment_inside_the_workspace_is_outside(jedi: JediClient) -> None:
    site = Path(psutil.__file__).parents[1]
    found = ask(jedi, site.parent, "import psutil\npsutil.$0Process\n")
    assert (found.definitions, [e.full_name for e in found.outside]) == ((), ["psutil.Process"])


def test_unsaved_text_is_not_taken_for_the_file(jedi: JediClient, tmp_path: Path) -> None:
    root = write(tmp_path / "ws", "#- made.py\nclass Saved: ...\n")
    assert ask(jedi, root, "\n\nclass Unsaved: ...\n$0Unsaved\n", "made.py").definitions[0].line == 3
    assert ask(jedi, root, "import made\nmade.$0Unsaved\n").definitions == ()
    assert ask(jedi, root, "import made\nmade.$0Saved\n").definitions == (Definition("made.py", 1, 6, "Saved"),)
    assert ask(jedi, root, "\n\nclass Unsaved: ...\n$0Unsaved\n", "made.py").definitions[0].line == 3
    (root / "made.py").write_text("\n\n\nclass Saved: ...\n")
    os.utime(root / "made.py", (time.time() + 9, time.time() + 9))
    assert ask(jedi, root, "import made\nmade.$0Saved\n").definitions == (Definition("made.py", 4, 6, "Saved"),)


@pytest.mark.parametrize(
    "text",
    [
        "class A:\r\n    def run(self): ...\r\n\r\n\r\nA().$0run\r\n",
        "class A:\r    def run(self): ...\r\r\rA().$0run\r",
        "class A:\n    def run(self): ...\n\x0c\n\nA().$0run\n",
        "class A:\n    def run(self): ...\ndef broken(:\n\nA().$0run\n",
        "class A:\n    def run(self): ...\n'\u2028\u0085'\n\n('\U0001f600', A().$0run)\n",
    ],
)
def test_odd_texts(jedi: JediClient, tmp_path: Path, text: str) -> None:
    assert ask(jedi, tmp_path, text).definitions == (Definition("use.py", 2, 8, "run"),)


def test_what_cannot_be_asked_fails_with_a_reason(jedi: JediClient, tmp_path: Path) -> None:
    for line, column in ((0, 0), (-1, 0), (99, 0), (1, 99), (1, -1)):
        found = jedi.inspect(tmp_path, "use.py", "x = 1\n", line, column, limit=PATIENT)
        assert (found.definitions, found.outside, found.status) == ((), (), "failed")
        assert "not in a valid range" in found.reason
    for path in ("../use.py", "/use.py", "a/../../use.py", "a\\use.py", "a\0.py"):
        assert ask(jedi, tmp_path, "$0x = 1\n", path).reason == "not a path inside the workspace"
    assert ask(jedi, tmp_path, "$0x = 1\n", folders=("..",)).reason == "not a path inside the workspace"
    assert ask(jedi, tmp_path, "$0x = 1\n", "README.md").reason == "not a Python file"
    for text in ("x = '\udc80'\n$0x\n", "$0x = 1\0\n", f"x = {'(' * 3000}{')' * 3000}\n$0x\n", f"$0x{'.x' * 5000}\n"):
        assert ask(jedi, tmp_path, text).status in ("ok", "failed")
    assert ask(jedi, tmp_path / "gone", "$0x = 1\n").status == "ok"
    assert ask(jedi, tmp_path, "$0x = 1\n").type == "int"


def test_a_huge_text_is_not_asked_about(tmp_path: Path) -> None:
    client = JediClient()
    found = ask(client, tmp_path, "$0x = 1\n" + "#" * 300_000)
    assert (found.status, found.reason) == ("failed", "the file has more than 300,000 characters")
    assert client.pid is None


# -- limits ----------------------------------------------------------------------------------------------------------


def test_the_limit_holds_and_the_work_is_not_lost(jedi: JediClient, tmp_path: Path) -> None:
    up(jedi, tmp_path)
    pid = jedi.pid
    began = time.monotonic()
    found = ask(jedi, tmp_path, "$0x = 1\n" + SLOW, limit=0.2)
    assert time.monotonic() - began < 0.5
    assert (found.status, found.reason) == ("late", "type inference took longer than 0.2 s")
    began = time.monotonic()
    found = ask(jedi, tmp_path, "$0x = 1\n", limit=0.05)
    assert time.monotonic() - began < 0.4
    assert (found.status, found.reason) == ("late", "type inference is still busy with an earlier question")
    assert ask(jedi, tmp_path, "$0x = 1\n").type == "int"
    assert jedi.pid == pid


def test_a_process_that_works_too_long_ends(tmp_path: Path) -> None:
    client = JediClient(start_seconds=PATIENT, limit_seconds=0.1, work_seconds=1.0)
    try:
        pid = up(client, tmp_path).pid
        assert pid is not None
        assert ask(client, tmp_path, "$0x = 1\n" + 10 * SLOW[:25_000], limit=0.1).status == "late"
        assert gone(pid)
        assert ask(client, tmp_path, "$0x = 1\n").type == "int"
    finally:
        client.close()


def test_a_start_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    client = JediClient(limit_seconds=0.01, start_seconds=0.01)
    found = client.inspect(tmp_path, "use.py", "x = 1\n", 1, 0)
    assert (found.status, found.reason) == ("late", "type inference is still starting")
    assert client.pid is None
    client.close()


def test_a_strict_limit_lets_the_start_go_on(fresh: JediClient, tmp_path: Path) -> None:
    began = time.monotonic()
    assert ask(fresh, tmp_path, "$0x = 1\n", limit=0.05).reason == "type inference is still starting"
    assert time.monotonic() - began < 0.5
    pid = fresh.pid
    assert pid is not None
    assert ask(fresh, tmp_path, "$0x = 1\n").type == "int"
    assert fresh.pid == pid


def test_cancelling_the_first_question_takes_the_start_back(tmp_path: Path) -> None:
    client = JediClient()
    cancel = threading.Event()
    threading.Timer(0.02, cancel.set).start()
    assert ask(client, tmp_path, "$0x = 1\n", cancel=cancel, limit=None).status == "cancelled"
    assert client.pid is None
    client.close()


def test_cancel(jedi: JediClient, tmp_path: Path) -> None:
    up(jedi, tmp_path)
    pid = jedi.pid
    cancel = threading.Event()
    cancelled_at: list[float] = []

    def soon() -> None:
        cancelled_at.append(time.monotonic())
        cancel.set()

    threading.Timer(0.2, soon).start()
    assert ask(jedi, tmp_path, "$0x = 1\n" + SLOW, cancel=cancel).status == "cancelled"
    assert time.monotonic() - cancelled_at[0] < 0.25  # 0.1 on a machine that has nothing else to do
    assert ask(jedi, tmp_path, "$0x = 1\n").type == "int"
    assert jedi.pid == pid


def test_a_question_waits_for_another_within_its_own_limit(jedi: JediClient, tmp_path: Path) -> None:
    up(jedi, tmp_path)
    found: list[Inspection] = []
    other = threading.Thread(target=lambda: found.append(ask(jedi, tmp_path, "$0x = 1\n" + SLOW)))
    other.start()
    time.sleep(0.1)
    began = time.monotonic()
    late = ask(jedi, tmp_path, "$0x = 1\n", limit=0.2)
    assert time.monotonic() - began < 0.5
    assert (late.status, late.reason) == ("late", "another question took the time")
    assert ask(jedi, tmp_path, "$0y = 'a'\n").type == "str"
    other.join()
    assert found[0].type == "int"


def test_places_are_told_when_the_type_is_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by a worker that says the first half only."""

    class Half:
        pid, alive = 0, True

        def __init__(self, _: str, on_message: Any, on_exit: Any) -> None:
            self._say = on_message
            on_message({"ready": True})

        def send(self, message: dict[str, Any]) -> bool:
            row = {"path": "a.py", "line": 1, "column": 0, "name": "x"}
            self._say({"id": message["id"], "partial": True, "definitions": [row], "outside": []})
            return True

        def kill(self) -> None: ...

    monkeypatch.setattr(jedi_client, "JsonChild", Half)
    found = ask(JediClient(), tmp_path, "$0x = 1\n", limit=0.2)
    assert found.definitions == (Definition("a.py", 1, 0, "x"),)
    assert (found.status, found.type) == ("late", "")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_process_that_stands_still_keeps_nobody(fresh: JediClient, tmp_path: Path) -> None:
    up(fresh, tmp_path)
    assert fresh.pid is not None
    os.kill(fresh.pid, signal.SIGSTOP)
    began = time.monotonic()
    found = ask(fresh, tmp_path, "$0x = 1\n" + "#" * 200_000, limit=0.3)
    assert time.monotonic() - began < 0.7
    assert found.status == "late"


def test_a_process_that_dies(fresh: JediClient, tmp_path: Path) -> None:
    pid = up(fresh, tmp_path).pid
    assert pid is not None
    psutil.Process(pid).kill()
    assert gone(pid)
    pid = up(fresh, tmp_path).pid
    assert pid is not None
    threading.Timer(0.2, lambda: psutil.Process(pid).kill()).start()
    found = ask(fresh, tmp_path, "$0x = 1\n" + SLOW)
    assert (found.status, found.reason) == ("failed", "the process of type inference ended")
    assert ask(fresh, tmp_path, "$0x = 1\n").type == "int"


def test_a_process_that_cannot_live_is_not_started_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jedi_client, "_WORKER", "adapter_core.graph.no_such_worker")
    client = JediClient()
    began = time.monotonic()
    found = ask(client, tmp_path, "$0x = 1\n")
    assert (found.status, found.reason) == ("failed", "the process of type inference ends as soon as it is started")
    assert time.monotonic() - began < 20
    began = time.monotonic()
    assert ask(client, tmp_path, "$0x = 1\n").status == "failed"
    assert time.monotonic() - began < 0.1


def test_no_interpreter_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    assert "cannot be started" in ask(JediClient(), tmp_path, "$0x = 1\n").reason
    monkeypatch.setattr(sys, "executable", "")
    assert "cannot be started" in ask(JediClient(), tmp_path, "$0x = 1\n").reason


def test_too_much_memory(tmp_path: Path) -> None:
    client = JediClient(start_seconds=PATIENT, memory_bytes=20_000_000)
    found = ask(client, tmp_path, "$0x = 1\n" + SLOW)
    assert found.status == "failed"
    client._memory = 1_000_000_000
    assert ask(client, tmp_path, "$0x = 1\n").type == "int"
    client.close()


def test_close(tmp_path: Path) -> None:
    client = up(JediClient(start_seconds=PATIENT), tmp_path)
    assert client.pid is not None
    pid = client.pid
    threading.Timer(0.2, client.close).start()
    began = time.monotonic()
    assert ask(client, tmp_path, "$0x = 1\n" + SLOW).status == "closed"
    assert time.monotonic() - began < 5
    assert ask(client, tmp_path, "$0x = 1\n").status == "closed"
    assert gone(pid)
    assert client.pid is None


# -- a workspace that wants to be run --------------------------------------------------------------------------------

MODULES = (
    *("sitecustomize", "usercustomize", "jedi", "parso", "typing", "types", "conftest", "setup", "os", "json", "zlib"),
    *("encodings", "psutil", "faulthandler", "resource", "linecache", "evil_package/__init__", "adapter_core/__init__"),
    *("setuptools/__init__", "setuptools/_distutils/__init__", "distutils/__init__", "_distutils_hack/__init__"),
)
USE = """\
import distutils, antigravity, evil, evil_package, conftest, setup, typing, jedi, this, zipped, packed, linked, folder.linked
import sys
sys.path.insert(0, "archive.zip")
sys.path.append("../elsewhere")
from setuptools import *
import setuptools.command
import pytest

@pytest.fixture
def thing(request): return evil_package.Thing()

def test_it(thing): thing.run()

distutils.core
antigravity.fly
evil.x
typing.List
conftest.Thing
evil_package.Thing().run
zipped.Thing
packed.Thing
linked.SECRET
folder.linked.SECRET
jedi.Script
elsewhere.SECRET
this.d
"""


@pytest.fixture
def trap(tmp_path: Path) -> tuple[Path, Path]:
    """A workspace full of plants, and the folder where each leaves a mark when it runs."""
    marks = tmp_path / "marks"
    marks.mkdir()
    root = write(tmp_path / "trap", f"#- use.py\n{USE}")
    for name in MODULES:
        file = root / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        mark = marks / name.replace("/", ".")
        file.write_text(f"open({str(mark)!r}, 'w').close()\nclass Thing:\n    def run(self): return self\n")
    for name in ("evil", "antigravity", "setuptools/command", "packed"):
        for suffix in EXTENSION_SUFFIXES:
            (root / f"{name}{suffix}").write_bytes(b"\x7fELF this is no library")
    python = root / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (root / "venv" / "pyvenv.cfg").write_text("home = bin\n")
    script = f"#!/bin/sh\ntouch {marks / 'program'}-$(basename $0)\n"
    for file in (python, root / "python", root / "python3", root / "browser", root / "bin" / "buildout"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(script if file.name != "buildout" else f"#!{python}\nimport evil_package\n")
        file.chmod(0o755)
    (root / "buildout.cfg").write_text("[buildout]\nparts = x\n")
    (root / ".jedi").mkdir()
    settings = {
        "path": str(root),
        "environment_path": str(python),
        "load_unsafe_extensions": True,
        "sys_path": [str(root)],
    }
    (root / ".jedi" / "project.json").write_text(json.dumps([1, settings]))
    with zipfile.ZipFile(root / "archive.zip", "w") as archive:
        archive.writestr("zipped.py", f"open({str(marks / 'zipped')!r}, 'w').close()\nclass Thing: ...\n")
        archive.writestr("packed.pyc", b"\0" * 16 + b"not marshalled")
    return root, marks


def test_nothing_of_a_workspace_runs(trap: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root, marks = trap
    monkeypatch.setenv("BROWSER", str(root / "browser"))
    monkeypatch.setenv("VIRTUAL_ENV", str(root / "venv"))
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.chdir(root)
    client = JediClient(start_seconds=PATIENT, work_seconds=PATIENT)
    try:
        for path in ("use.py", "test_use.py"):
            for number, line in enumerate(USE.split("\n"), 1):
                for column in {line.rfind(".") + 1, line.rfind(" ") + 1, 0}:
                    seen = client.inspect(root, path, USE, number, column, limit=PATIENT)
                    assert seen.status == "ok", (line, seen)
        assert ask(client, root, "import conftest\nconftest.$0Thing\n").type == "type[conftest.Thing]"  # it was read
        assert client.pid is not None
        process = psutil.Process(client.pid)
        assert process.children(recursive=True) == []
        assert process.net_connections() == []
    finally:
        client.close()
    assert sorted(os.listdir(marks)) == []
    assert list(root.rglob("__pycache__")) == []


def run_python(root: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(code)], capture_output=True, text=True, cwd=root, check=False
    )


def test_the_trap_would_snap(trap: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """jedi by itself, with the same project, runs some of it."""
    root, marks = trap
    monkeypatch.setenv("BROWSER", str(root / "browser"))
    run_python(
        root.parent,
        f"""
        import jedi, sys
        project = jedi.Project({str(root)!r}, smart_sys_path=False, sys_path=[{str(root)!r}, *sys.path])
        for name in ("distutils", "antigravity"):
            jedi.Script(f"import {{name}}\\n{{name}}.x", environment=jedi.InterpreterEnvironment(), project=project).infer(2, 0)
        """,
    )
    hack = run_python(root.parent, "import sys; print('_distutils_hack' in sys.modules)").stdout.strip() == "True"
    assert ("setuptools" in "".join(os.listdir(marks))) == hack
    assert os.name == "nt" or any(name.startswith("program-browser") for name in os.listdir(marks))


def test_no_pickle_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """parso would take the syntax tree of a file from the user's cache folder."""
    for name in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    root = write(tmp_path / "ws", "#- made.py\nclass Thing: ...\n")
    os.utime(root / "made.py", (1, 1))
    where = run_python(
        tmp_path,
        f"""
        import jedi, parso
        from pathlib import Path
        from jedi import settings
        from parso.cache import _get_hashed_path
        print(_get_hashed_path(parso.load_grammar()._hashed, Path({str(root / "made.py")!r}), Path(settings.cache_directory)))
        """,
    ).stdout.strip()
    assert str(tmp_path / "home") in where
    mark = tmp_path / "mark"

    class Bad:
        def __reduce__(self) -> tuple[Any, ...]:
            return (open, (str(mark), "w"))

    Path(where).parent.mkdir(parents=True, exist_ok=True)
    Path(where).write_bytes(pickle.dumps(Bad()))
    project = f"jedi.Project({str(root)!r}, smart_sys_path=False, sys_path=[{str(root)!r}])"
    script = "'import made\\nmade.Thing', environment=jedi.InterpreterEnvironment()"
    run_python(tmp_path, f"import jedi; jedi.Script({script}, project={project}).infer(2, 6)")
    assert mark.exists(), "jedi by itself reads it"
    mark.unlink()
    client = JediClient(start_seconds=PATIENT)
    assert ask(client, root, "import made\nmade.$0Thing\n").definitions == (Definition("made.py", 1, 6, "Thing"),)
    client.close()
    assert not mark.exists()
    assert [p.name for p in tmp_path.rglob("*.pkl")] == [Path(where).name]


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_nothing_outside_the_workspace_is_read(jedi: JediClient, tmp_path: Path) -> None:
    outside = write(
        tmp_path / "outside",
        "#- secret.py\n'''The secret.'''\nclass SECRET: ...\n#- pack/__init__.py\nclass SECRET: ...\n",
    )
    root = write(tmp_path / "ws", "#- real.py\nclass Real: ...\n")
    (root / "linked.py").symlink_to(outside / "secret.py")
    (root / "pack").symlink_to(outside / "pack")
    (root / "inner.py").symlink_to(root / "real.py")
    os.mkfifo(root / "pipe.py")
    head = f"import sys\nsys.path.append({str(outside)!r})\nimport secret, linked, pack, pipe, inner\n"
    for name in ("secret.$0SECRET", "linked.$0SECRET", "pack.$0SECRET", "$0secret", "$0linked", "pipe.$0x"):
        found = ask(jedi, root, f"{head}{name}\n")
        assert (found.definitions, found.outside, found.type, found.status) == ((), (), "", "ok"), name
    assert ask(jedi, root, f"{head}inner.$0Real\n").definitions == (Definition("real.py", 1, 6, "Real"),)
    # Looking for the callers of a function, jedi reads every file there is.
    assert ask(jedi, root, "def called_somewhere(argument):\n    $0argument\n").status == "ok"


GUARDED = """
import os, sys, threading
from pathlib import Path
from adapter_core.graph.processes import jedi_guard
jedi_guard.prepare()
import ctypes, pickle, socket, sqlite3, subprocess, urllib.request, tempfile, shutil
root = Path(sys.argv[1])
sys.path.insert(0, str(root))
def refused(work):
    try:
        work()
    except jedi_guard.RefusedError:
        return True
    except BaseException as error:
        print("another error", repr(error))
    return False
works = {
    "socket": lambda: socket.socket(),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "process": lambda: subprocess.Popen([sys.executable, "-c", ""]),
    "system": lambda: os.system("true"),
    "spawn": lambda: os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", ""]),
    "import": lambda: __import__("planted"),
    "exec": lambda: exec(compile("x = 1", str(root / "planted.py"), "exec")),
    "write": lambda: open(root / "new", "w"),
    "append": lambda: os.open(root / "new", os.O_WRONLY | os.O_CREAT),
    "remove": lambda: os.remove(root / "planted.py"),
    "rename": lambda: os.rename(root / "planted.py", root / "x"),
    "unpickle": lambda: pickle.loads(b"cos\\nsystem\\n."),
    "library": lambda: ctypes.CDLL(None),
    "database": lambda: sqlite3.connect(":memory:"),
}
with jedi_guard.guarded(root):
    allowed = [name for name, work in works.items() if not refused(work)]
    open(root / "planted.py").read()
    assert os.listdir(root)
    import wave  # the standard library may be imported late
    for path in (root.parent / "outside.txt", "/proc/self/environ", root.parent):
        try:
            open(path).read() if path != root.parent else os.listdir(path)
            allowed.append(str(path))
        except FileNotFoundError:
            pass
open(root.parent / "outside.txt").read()
subprocess.run([sys.executable, "-c", ""], check=True)
print("allowed", allowed)
"""


def test_the_guard(tmp_path: Path) -> None:
    root = write(tmp_path / "ws", "#- planted.py\nimport os\n")
    (tmp_path / "outside.txt").write_text("not for jedi")
    repository = Path(jedi_client.__file__).resolve().parents[3]
    found = subprocess.run(
        [sys.executable, "-c", GUARDED, str(root)], capture_output=True, text=True, cwd=repository, check=False
    )
    assert found.stdout.strip() == "allowed []", found.stderr


def test_a_jedi_that_cannot_be_kept_from_running_code_is_not_used() -> None:
    code = """
    from jedi.inference.compiled.subprocess import functions
    del functions.load_module
    from adapter_core.graph.processes import jedi_guard
    jedi_guard.prepare()
    """
    repository = Path(jedi_client.__file__).resolve().parents[3]
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, cwd=repository, check=False
    )
    assert "cannot be kept from running code" in found.stderr
