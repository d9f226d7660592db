"""A package whose test-suite is observed: its environment, and what runs inside the suite."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from _common import DATA, ROOT

sys.path.append(str(ROOT / "tests"))  # fetch_data.py gets the sdists, as set-up does
from fetch_data import fetch_source

WORK = ROOT / ".setup" / "observe"
SUITE_SECONDS = 900
TOOLS = ("coverage==7.17.3", "pytest-cov==7.1.0")


class Package(NamedTuple):
    name: str
    version: str
    sha256: str  # of the sdist
    requirements: tuple[
        str, ...
    ]  # all that is installed beside the package and TOOLS, with versions: a run can be repeated


PYTEST = ("pytest==8.4.1", "iniconfig==2.3.1", "packaging==26.3", "pluggy==1.7.0", "Pygments==2.21.0")
PACKAGES = (
    Package(
        "flask",
        "3.1.2",
        "bf656c15c80190ed628ad08cdfd3aaa35beb087855e2f494910aa3774cc4fd87",
        # Werkzeug, Click and pytest of that summer: Flask's tests import what newer ones have moved.
        (*PYTEST, "Werkzeug==3.1.3", "Jinja2==3.1.6", "MarkupSafe==3.0.4", "itsdangerous==2.2.0", "click==8.2.1",
         "blinker==1.9.0", "asgiref==3.13.0", "python-dotenv==1.2.4"),
    ),
    Package(
        "marshmallow",
        "4.4.0",
        "9e6ffa8511012ca89732324c1c253efd7b4d35632dcbdf80aa793fe01804af3e",
        (*PYTEST, "simplejson==4.3.0"),
    ),
    Package(
        "jinja2",
        "3.1.6",
        "0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d",
        (*PYTEST, "MarkupSafe==3.0.4", "trio==0.35.0", "attrs==26.1.0", "idna==3.20", "outcome==1.3.0.post0",
         "sniffio==1.3.1", "sortedcontainers==2.4.0"),
    ),
)  # fmt: skip

# A pytest plugin. It is loaded with -p, before any conftest.py, so that it sees the package being imported as well.
_PROFILER = """
import dis, gc, inspect, json, os, sys, threading
import pytest

ROOT = os.environ["OBSERVE_ROOT"] + os.sep
RESUME, CACHE = dis.opmap["RESUME"], dis.opmap["CACHE"]
CALLS = ("CALL", "CALL_FUNCTION_EX")
codes = {}      # id of a code object -> (itself, so that its id stays its own; whether it is of the package; its instructions)
edges = set()   # (id of the caller's code, id of the callee's, offset of the caller's instruction)
outside = set() # ids of what was called from a frame that is not of the package
started = {}    # (test, phase) -> ids of what was called meanwhile
outcomes, functions = {}, {}
now = set()


def look(code):
    file = code.co_filename
    inside = file.startswith(ROOT) and file.endswith(".py") and os.path.exists(file)
    codes[id(code)] = entry = (code, inside, code.co_code if inside else b"")
    return entry


def handler(frame, event, _):
    if event != "call":
        return
    code = frame.f_code
    _, inside, instructions = codes.get(id(code)) or look(code)
    if not inside:
        return
    at = frame.f_lasti
    if instructions[at] != RESUME or instructions[at + 1] & 3:
        return  # a generator or coroutine that goes on, or is closed: it was called earlier
    now.add(id(code))
    back = frame.f_back
    if back is not None and (codes.get(id(back.f_code)) or look(back.f_code))[1]:
        edges.add((id(back.f_code), id(code), back.f_lasti))
    else:
        outside.add(id(code))


def phase(name):
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def hook(item):
        global now
        before, now = now, started.setdefault((item.nodeid, name), set())
        yield
        now = before
    return hook


pytest_runtest_setup, pytest_runtest_call, pytest_runtest_teardown = phase("setup"), phase("run"), phase("teardown")


def pytest_runtest_logreport(report):
    if outcomes.get(report.nodeid) in (None, "passed"):
        outcomes[report.nodeid] = report.outcome


def pytest_collection_finish(session):
    for item in session.items:
        function = getattr(item, "function", None)
        code = getattr(inspect.unwrap(function), "__code__", None) if function else None
        functions[item.nodeid] = key(code) if code and look(code)[1] else None


def key(code):
    return [code.co_filename[len(ROOT):].replace(os.sep, "/"), code.co_qualname, code.co_firstlineno]


def pytest_unconfigure():
    sys.setprofile(None)
    threading.setprofile(None)
    rows, listings = [], {}
    for caller, callee, at in edges:
        code, _, instructions = codes[caller]
        while instructions[at] == CACHE:  # a call of a Python function leaves the offset behind the instruction
            at -= 2
        if caller not in listings:
            listings[caller] = list(dis.get_instructions(code))
        (this,) = (i for i in listings[caller] if i.offset == at)
        # Calls that stand at the same place before it: `@a(1)` calls `a`, and later what that returned.
        earlier = sum(i.offset < at and i.opname in CALLS and i.positions == this.positions for i in listings[caller])
        rows.append([caller, callee, this.opname, earlier, *this.positions])
    with open(os.environ["OBSERVE_RESULT"], "w", encoding="utf-8") as file:
        json.dump({
            "codes": {i: key(code) for i, (code, inside, _) in codes.items() if inside},
            "edges": rows,
            "outside": list(outside),
            "started": [[*test, list(ids)] for test, ids in started.items()],
            "outcomes": outcomes,
            "functions": functions,
        }, file)


gc.disable()  # or else finalizers would seem to be called by whatever runs when the collector comes
threading.setprofile(handler)
sys.setprofile(handler)
"""

# Reads coverage's data file: for each file, the lines by context.
_CONTEXTS = """
import json, sys
from coverage import CoverageData
data = CoverageData(sys.argv[1])
data.read()
print(json.dumps({f.replace("\\\\", "/"): data.contexts_by_lineno(f) for f in data.measured_files()}))
"""
_COVERAGERC = "[run]\nsource = .\nrelative_files = true\ncore = ctrace\n"


@dataclass
class Suite:
    """A package with its environment, ready to have its tests run."""

    package: Package
    tree: Path
    python: Path

    @property
    def command(self) -> list[str]:
        return ["-m", "pytest", "-q", "-p", "no:cacheprovider"]

    def run(self, scratch: Path, arguments: Sequence[str], environment: dict[str, str]) -> None:
        """Failing tests are data; a suite that does not run ends the script."""
        done = subprocess.run(
            [str(self.python), *self.command, "--basetemp", str(scratch / "basetemp"), *arguments],
            cwd=self.tree,
            env={
                # Nothing of this machine but what a process needs: tests look at their environment.
                **{k: os.environ[k] for k in ("PATH", "SYSTEMROOT") if k in os.environ},
                "HOME": str(scratch),
                "TZ": "UTC",
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                **environment,
            },
            capture_output=True,
            timeout=SUITE_SECONDS,
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode not in (0, 1):
            raise SystemExit(f"{output[-3000:]}\n{done.stderr.decode('utf-8', 'replace')[-3000:]}")
        print(f"    {output.strip().splitlines()[-1]}", file=sys.stderr)

    def profile(self, scratch: Path) -> dict[str, Any]:
        (scratch / "pathline_profiler.py").write_text(_PROFILER, "utf-8")
        result = scratch / "profile.json"
        self.run(
            scratch,
            ["-p", "pathline_profiler"],
            {"PYTHONPATH": str(scratch), "OBSERVE_ROOT": str(self.tree), "OBSERVE_RESULT": str(result)},
        )
        loaded: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return loaded

    def coverage(self, scratch: Path) -> dict[str, dict[int, list[str]]]:
        """For each file, the contexts in which each line ran: "" while nothing is tested, else `NODE|setup`, `|run` or `|teardown`."""
        config, data = scratch / "coveragerc", scratch / "coverage"
        config.write_text(_COVERAGERC, "utf-8")
        arguments = ["-p", "pytest_cov", "--cov", "--cov-context=test", f"--cov-config={config}", "--cov-report="]
        self.run(scratch, arguments, {"COVERAGE_FILE": str(data)})
        read = [str(self.python), "-I", "-c", _CONTEXTS, str(data)]
        files = json.loads(subprocess.run(read, cwd=self.tree, stdout=subprocess.PIPE, check=True).stdout)
        return {path: {int(n): contexts for n, contexts in lines.items()} for path, lines in files.items()}


def prepare(package: Package) -> Suite:
    """The sdist in a folder of its own, installed as editable, so that the files that run are those of the sdist."""
    fetch_source(DATA, package.name, package.version, package.sha256)
    folder = WORK / f"{package.name}-{package.version}"
    tree, venv = folder / "tree", folder / "venv"
    # A copy, anew for each run: what a suite leaves behind must not get into the data that tests and benchmarks ask about.
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(DATA / folder.name, tree)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = venv / ".requirements"
    expected_stamp = "\n".join([package.sha256, str(tree), *TOOLS, *package.requirements])
    if not stamp.exists() or stamp.read_text("utf-8") != expected_stamp:
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, *TOOLS, *package.requirements], check=True)
        subprocess.run([*pip, "--editable", str(tree)], check=True)
        stamp.write_text(expected_stamp, "utf-8")
    return Suite(package, tree.resolve(), python.absolute())
