"""What really happens when the test-suites of real packages run: which function calls which, and which test runs which function.

    ./x bench observe [PACKAGE…] [--with REQUIREMENT]…        default: flask, marshmallow, jinja2; needs a network

Each sdist (versions and hashes below) is unpacked below `.setup`, gets an environment of its own, and its suite runs twice: under
`sys.setprofile` for the edges, and under coverage with a context for each test. Another package is named `NAME==VERSION@SHA256`
(the name as its sdist spells it, and the hash of that), with what its tests need beside pytest in `--with`. What was seen is kept
as `benchmarks/observed/NAME.json`; the README there tells the layout, and what the data cannot show. It holds names, lines and
numbers: no source, and no path outside the sdist.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from _common import DATA, ROOT, timed

sys.path.append(str(ROOT / "tests"))  # fetch_data.py gets the sdists, as set-up does
from fetch_data import fetch

FORMAT = 1
OBSERVED = ROOT / "benchmarks" / "observed"
WORK = ROOT / ".setup" / "observe"
PYTHON = (3, 11)
MAX_BYTES = 1_000_000
SUITE_SECONDS = 900
TOOLS = ("coverage==7.17.3", "pytest-cov==7.1.0")


class Package(NamedTuple):
    name: str
    version: str
    sha256: str  # of the sdist
    requirements: tuple[
        str, ...
    ]  # all that is installed beside the package and TOOLS, with versions: a run can be repeated


_PYTEST = ("pytest==8.4.1", "iniconfig==2.3.1", "packaging==26.3", "pluggy==1.7.0", "Pygments==2.21.0")
PACKAGES = (
    Package(
        "flask",
        "3.1.2",
        "bf656c15c80190ed628ad08cdfd3aaa35beb087855e2f494910aa3774cc4fd87",
        # Werkzeug, Click and pytest of that summer: Flask's tests import what newer ones have moved.
        (*_PYTEST, "Werkzeug==3.1.3", "Jinja2==3.1.6", "MarkupSafe==3.0.4", "itsdangerous==2.2.0", "click==8.2.1",
         "blinker==1.9.0", "asgiref==3.13.0", "python-dotenv==1.2.4"),
    ),
    Package(
        "marshmallow",
        "4.4.0",
        "9e6ffa8511012ca89732324c1c253efd7b4d35632dcbdf80aa793fe01804af3e",
        (*_PYTEST, "simplejson==4.3.0"),
    ),
    Package(
        "jinja2",
        "3.1.6",
        "0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d",
        (*_PYTEST, "MarkupSafe==3.0.4", "trio==0.35.0", "attrs==26.1.0", "idna==3.20", "outcome==1.3.0.post0",
         "sniffio==1.3.1", "sortedcontainers==2.4.0"),
    ),
)  # fmt: skip

# -- what runs inside the test-suite ----------------------------------------------------------------------------------

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
    fetch(DATA, package.name, package.version, package.sha256)
    folder = WORK / f"{package.name}-{package.version}"
    tree, venv = folder / "tree", folder / "venv"
    # A copy, anew for each run: what a suite leaves behind must not get into the data that tests and benchmarks ask about.
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(DATA / folder.name, tree)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = venv / ".requirements"
    wanted = "\n".join([package.sha256, str(tree), *TOOLS, *package.requirements])
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, *TOOLS, *package.requirements], check=True)
        subprocess.run([*pip, "--editable", str(tree)], check=True)
        stamp.write_text(wanted, "utf-8")
    return Suite(package, tree.resolve(), python.absolute())


# -- what is written --------------------------------------------------------------------------------------------------


class Key(NamedTuple):
    """What tells one code object from another."""

    path: str
    qualname: str
    line: int  # co_firstlineno: that of the first decorator, where there is one


@dataclass
class Scope:
    """A piece of source that is compiled to a code object of its own."""

    key: Key
    kind: str  # module | class | function | generator | coroutine | async generator | lambda | comprehension
    line: int  # of `def` or `class`
    body: range
    around: Scope | None

    @property
    def counted(self) -> Scope:
        """The scope that what happens in this one is counted for: comprehensions are part of what is around them."""
        scope = self
        while scope.kind == "comprehension" and scope.around:
            scope = scope.around
        return scope

    @property
    def is_function(self) -> bool:
        return self.kind in ("function", "generator", "coroutine", "async generator")

    @property
    def is_body(self) -> bool:
        return self.kind in ("module", "class")


Position = tuple[int, int, int, int]


@dataclass
class Text:
    """One file as its syntax tree shows it."""

    path: str
    scopes: dict[Key, Scope] = field(default_factory=dict)
    # Where a call, a decorator, an attribute, an `await`, a `with` or a `class` stands, and the name that is written there.
    calls: dict[Position, str] = field(default_factory=dict)
    decorators: dict[Position, str] = field(default_factory=dict)
    attributes: dict[Position, str] = field(default_factory=dict)
    awaits: dict[Position, str] = field(default_factory=dict)
    statements: dict[Position, str] = field(default_factory=dict)

    def owners(self) -> dict[int, Scope]:
        """For each line, the function whose body it is part of: the innermost one. A `def` line is part of what is around it."""
        found: dict[int, Scope] = {}
        for scope in self.scopes.values():  # outer ones come first
            # Of a function that is all on one line, coverage cannot tell whether the line defined it or ran it, except
            # where defining happens at import.
            if scope.is_function and (scope.body.start > scope.line or not _inside_function(scope)):
                found.update(dict.fromkeys(scope.body, scope))
        return found


def _inside_function(scope: Scope) -> bool:
    around = scope.around
    while around and around.kind == "class":
        around = around.around
    return around is not None and around.kind != "module"


class _Reader:
    """Fills a `Text`. Qualified names and first lines are formed as the compiler of Python 3.11 forms them."""

    def __init__(self, text: Text, tree: ast.Module):
        self.text = text
        self.scope = self._add("<module>", "module", 1, 1, range(0), None)
        self._read_all(ast.iter_child_nodes(tree))

    def _read_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self._read(node)

    def _read(self, node: ast.AST) -> None:
        text = self.text
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._read_definition(node)
                return
            case ast.Lambda():
                self._read(node.args)  # default values are evaluated outside
                self._enter(node, "<lambda>", "lambda", range(0), [node.body])
                return
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                first, *rest = ast.iter_child_nodes(node)
                generator = node.generators[0]
                self._read(generator.iter)  # the first iterable is evaluated outside
                inner = [generator.target, *generator.ifs, first, *(n for n in rest if n is not generator)]
                self._enter(node, _COMPREHENSIONS[type(node)], "comprehension", range(0), inner)
                return
            case ast.Yield() | ast.YieldFrom():
                self.scope.kind = _WITH_YIELD.get(self.scope.kind, self.scope.kind)
            case ast.Call():
                text.calls[_position(node)] = _name(node.func)
            case ast.Attribute():
                text.attributes[_position(node)] = node.attr
            case ast.Await():
                text.awaits[_position(node)] = _name(node.value)
            case ast.With() | ast.AsyncWith():
                text.statements[_position(node)] = "with"
        self._read_all(ast.iter_child_nodes(node))

    def _read_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.text.decorators[_position(decorator)] = _name(decorator)
        if isinstance(node, ast.ClassDef):
            self.text.statements[_position(node)] = "class"
        # Decorators, default values, annotations and base classes are evaluated outside.
        self._read_all(n for n in ast.iter_child_nodes(node) if n not in node.body)
        # With nothing but a docstring in it, what runs is a return that the compiler puts on the first line.
        empty = len(node.body) == 1 and ast.get_docstring(node, clean=False) is not None
        body = range(_first_line(node if empty else node.body[0]), (node.end_lineno or node.lineno) + 1)
        self._enter(node, node.name, _DEFINITIONS[type(node)], body, node.body)

    def _enter(self, node: Any, name: str, kind: str, body: range, inner: Iterable[ast.AST]) -> None:
        around = self.scope
        if around.kind == "module":
            qualname = name
        elif around.kind in ("class", "comprehension"):
            qualname = f"{around.key.qualname}.{name}"
        else:
            qualname = f"{around.key.qualname}.<locals>.{name}"
        self.scope = self._add(qualname, kind, _first_line(node), node.lineno, body, around)
        self._read_all(inner)
        self.scope = around

    def _add(self, qualname: str, kind: str, first: int, line: int, body: range, around: Scope | None) -> Scope:
        scope = Scope(Key(self.text.path, qualname, first), kind, line, body, around)
        return self.text.scopes.setdefault(scope.key, scope)


_DEFINITIONS: dict[type, str] = {ast.FunctionDef: "function", ast.AsyncFunctionDef: "coroutine", ast.ClassDef: "class"}
_WITH_YIELD = {"function": "generator", "coroutine": "async generator"}
_COMPREHENSIONS: dict[type, str] = {
    ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>", ast.GeneratorExp: "<genexpr>",
}  # fmt: skip


def _position(node: Any) -> Position:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _first_line(node: Any) -> int:
    return int(min((d.lineno for d in getattr(node, "decorator_list", ())), default=node.lineno))


def _name(node: ast.expr) -> str:
    """The last name of `a.b.name`, of `name`, or of what is called; "" for anything else."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def read_texts(tree: Path, paths: Iterable[str]) -> dict[str, Text]:
    texts = {path: Text(path) for path in sorted(paths)}
    for path, text in texts.items():
        _Reader(text, ast.parse((tree / path).read_bytes()))
    return texts


# -- what kind of place a call stands at ------------------------------------------------------------------------------

# By instruction; for CALL the syntax tree tells more. What is not here keeps the name of its instruction.
_SITES = (
    (r"BEFORE_(ASYNC_)?WITH|WITH_EXCEPT_START", "with"),
    (r"LOAD_(ATTR|METHOD)", "get"),
    (r"(STORE|DELETE)_ATTR", "set"),
    (r"(BINARY|STORE|DELETE)_SUBSCR", "subscript"),
    (r"BINARY_OP|UNARY_(POSITIVE|NEGATIVE|INVERT)", "operator"),
    (r"COMPARE_OP|CONTAINS_OP", "compare"),
    (r"(POP_)?JUMP\w*IF\w*|UNARY_NOT", "truth"),
    (r"GET_ITER|FOR_ITER|UNPACK_\w+|LIST_EXTEND|SET_UPDATE|GET_AITER|GET_ANEXT", "iterate"),
    (r"SEND|GET_AWAITABLE|GET_YIELD_FROM_ITER", "await"),
    (r"FORMAT_VALUE", "format"),
    (r"IMPORT_\w+", "import"),
)


def site(text: Text, instruction: str, earlier: int, position: Position) -> str:
    """What is written where a call happens: `call:NAME`, `decorator:NAME`, `class`, `with`, `get:NAME` and so on."""
    if instruction in ("CALL", "CALL_FUNCTION_EX"):
        if position in text.decorators and (earlier or position not in text.calls):
            return f"decorator:{text.decorators[position]}"
        if position in text.statements:
            return text.statements[position]
        return f"call:{_at(text.calls, position)}"
    kind = next((kind for pattern, kind in _SITES if re.fullmatch(pattern, instruction)), instruction)
    if kind in ("get", "set"):
        return f"{kind}:{_at(text.attributes, position)}"
    return f"await:{text.awaits[position]}" if position in text.awaits else kind


def _at(names: dict[Position, str], position: Position) -> str:
    """The name at a place. In a chain over several lines, an instruction's position begins at the name after the dot."""
    line, end_line, column, end_column = position
    around = [p for p in names if (p[1], p[3]) == (end_line, end_column) and (p[0], p[2]) <= (line, column)]
    return names[max(around)] if around else "?"


# -- the run ----------------------------------------------------------------------------------------------------------


@dataclass
class Observed:
    """All that two runs of a suite showed, by code object."""

    edges: set[tuple[Key, Key, int, str]] = field(default_factory=set)  # caller, callee, line of the call, site
    body_edges: set[tuple[Key, Key, int, str]] = field(default_factory=set)  # those with a module or class body
    outside: set[Key] = field(default_factory=set)
    seen: set[Key] = field(default_factory=set)
    # For each test, what it executed by coverage; "run", and "around" for setup and teardown.
    tests: dict[str, dict[str, set[Key]]] = field(default_factory=dict)
    started: dict[str, set[Key]] = field(
        default_factory=dict
    )  # for each test, the functions that the profiler saw begin
    lines: dict[str, list[int]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Key | None] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)  # code objects that the source does not explain


def add_profile(observed: Observed, raw: dict[str, Any], texts: dict[str, Text]) -> None:
    scopes: dict[str, Scope] = {}
    for number, row in raw["codes"].items():
        key = Key(*row)
        scope = texts[key.path].scopes.get(key)
        if scope is None:
            observed.unknown[f"{key.path} {key.qualname}"] += 1
        else:
            scopes[number] = scope
    observed.seen.update(scope.counted.key for scope in scopes.values())
    for caller_id, callee_id, instruction, earlier, *position in raw["edges"]:
        caller, callee = scopes.get(str(caller_id)), scopes.get(str(callee_id))
        if caller is None or callee is None or callee.kind == "comprehension":
            continue
        where = site(texts[caller.key.path], instruction, earlier, tuple(position))
        caller = caller.counted
        target = observed.body_edges if caller.is_body or callee.is_body else observed.edges
        target.add((caller.key, callee.key, position[0] or 0, where))
    observed.outside.update(
        scope.key for i in raw["outside"] if (scope := scopes.get(str(i))) and scope.kind != "comprehension"
    )
    for test, _, ids in raw["started"]:
        found = (scopes[str(i)] for i in ids if str(i) in scopes)
        observed.started.setdefault(test, set()).update(scope.key for scope in found if scope.is_function)
    observed.outcomes = raw["outcomes"]
    observed.functions = {test: Key(*row) if row else None for test, row in raw["functions"].items()}


def add_coverage(observed: Observed, raw: dict[str, dict[int, list[str]]], texts: dict[str, Text]) -> None:
    for path, lines in raw.items():
        if path not in texts:
            continue
        observed.lines[path] = sorted(lines)
        owners = texts[path].owners()
        for line, contexts in lines.items():
            owner = owners.get(line)
            if owner is None:
                continue
            observed.seen.add(owner.key)
            for context in contexts:
                test, _, phase = context.rpartition("|")
                if test:
                    sets = observed.tests.setdefault(test, {"run": set(), "around": set()})
                    sets["run" if phase == "run" else "around"].add(owner.key)


def settle_names(observed: Observed) -> None:
    """Put what is known of tests whose parameters name them differently in each run, such as by the time, under the bare name."""
    bare = {test: test.partition("[")[0] for test in observed.outcomes.keys() ^ observed.tests.keys()}
    for test, name in bare.items():
        if name == test:
            continue
        for part, keys in observed.tests.pop(test, {}).items():
            observed.tests.setdefault(name, {"run": set(), "around": set()})[part].update(keys)
        if keys := observed.started.pop(test, set()):
            observed.started.setdefault(name, set()).update(keys)
        if test in observed.outcomes:
            observed.functions[name] = observed.functions.pop(test)
            # Alphabetically "failed" comes before "passed", and that before "skipped".
            outcome = observed.outcomes.pop(test)
            observed.outcomes[name] = min(outcome, observed.outcomes.get(name, outcome))


def observe(suite: Suite) -> tuple[Observed, dict[str, Text]]:
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        scratch = Path(folder)
        profile = suite.profile(scratch)
        coverage = suite.coverage(scratch)
    # Coverage also tells of templates that were compiled to Python, and of modules in archives.
    ran = {path for path, lines in coverage.items() if lines and path.endswith(".py") and (suite.tree / path).is_file()}
    texts = read_texts(suite.tree, ran | {row[0] for row in profile["codes"].values()})
    observed = Observed()
    add_profile(observed, profile, texts)
    add_coverage(observed, coverage, texts)
    settle_names(observed)
    return observed, texts


# -- the data ---------------------------------------------------------------------------------------------------------


def dump(data: dict[str, Any]) -> str:
    """JSON with one entry of a list or object to a line, so that a change of the data can be read as a diff."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_block(value)}" for key, value in data.items()) + "\n}\n"


def _block(value: Any) -> str:
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{_compact(k)}:{_compact(v)}" for k, v in value.items()) + "\n}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(map(_compact, value)) + "\n]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def as_data(suite: Suite, observed: Observed, texts: dict[str, Text], every: int = 1) -> dict[str, Any]:
    """The file's content, with every `every`-th test."""
    package = suite.package
    files = sorted(texts)
    functions = sorted(observed.seen)
    file_numbers = {path: i for i, path in enumerate(files)}
    numbers = {key: i for i, key in enumerate(functions)}
    every_edge = observed.edges | observed.body_edges
    sites = sorted({edge[3] for edge in every_edge})
    site_numbers = {name: i for i, name in enumerate(sites)}

    def rows(edges: set[tuple[Key, Key, int, str]]) -> list[list[int]]:
        return sorted([numbers[a], numbers[b], line, site_numbers[where]] for a, b, line, where in edges)

    nodes = sorted(observed.outcomes)[::every]
    sets: dict[tuple[int, ...], int] = {}

    def number_of_set(test: str, part: str) -> int:
        keys = observed.tests.get(test, {}).get(part, ())
        return sets.setdefault(tuple(sorted(numbers[key] for key in keys)), len(sets))

    tests: dict[str, list[Any]] = {}
    for test in nodes:
        key = observed.functions.get(test)
        function = numbers.get(key) if key else None
        tests[test] = [
            function, observed.outcomes[test], number_of_set(test, "run"), number_of_set(test, "around"),
        ]  # fmt: skip
    return {
        "format": FORMAT,
        "package": package.name,
        "version": package.version,
        "sha256": package.sha256,
        "python": ".".join(map(str, sys.version_info[:3])),
        "command": " ".join(["python", *suite.command]),
        "requirements": sorted([*TOOLS, *package.requirements], key=str.lower),
        "outcomes": dict(sorted(Counter(observed.outcomes.values()).items())),
        "agreement": agreement(observed),
        "tests_sampled_every": every,
        "files": files,
        "functions": [
            [file_numbers[k.path], k.qualname, k.line, texts[k.path].scopes[k].line, texts[k.path].scopes[k].kind]
            for k in functions
        ],
        "sites": sites,
        "edges": rows(observed.edges),
        "body_edges": rows(observed.body_edges),
        "outside": sorted(numbers[key] for key in observed.outside),
        "sets": [list(members) for members in sets],
        "tests": tests,
        "lines": {path: list(_runs(observed.lines[path])) for path in files if observed.lines.get(path)},
    }


def agreement(observed: Observed) -> dict[str, int]:
    """Pairs of a test and a function that both runs saw, and those that only one saw: two readings that share no code."""
    ours = {(test, key) for test, keys in observed.started.items() for key in keys}
    theirs = {(test, key) for test, parts in observed.tests.items() for keys in parts.values() for key in keys}
    return {"both": len(ours & theirs), "only profiler": len(ours - theirs), "only coverage": len(theirs - ours)}


def _runs(lines: Sequence[int]) -> Iterator[list[int]]:
    """[first, last] of each run of consecutive lines."""
    start = 0
    for i, line in enumerate(lines):
        if i + 1 == len(lines) or lines[i + 1] != line + 1:
            yield [lines[start], line]
            start = i + 1


def write(suite: Suite, observed: Observed, texts: dict[str, Text]) -> Path:
    every = 1
    while len((text := dump(as_data(suite, observed, texts, every))).encode()) > MAX_BYTES and every < 64:
        every += 1
    if str(ROOT) in text or str(WORK.resolve()) in text:
        raise SystemExit("A path of this machine got into the data; nothing was written.")
    OBSERVED.mkdir(exist_ok=True)
    target = OBSERVED / f"{suite.package.name}.json"
    target.write_text(text, "utf-8")
    return target


def chosen(names: Sequence[str], requirements: Sequence[str]) -> list[Package]:
    listed = {p.name: p for p in PACKAGES}
    found = []
    for name in names or listed:
        if package := listed.get(name) or next((p for p in PACKAGES if f"{p.name}=={p.version}" == name), None):
            found.append(package)
        elif match := re.fullmatch(r"([\w.-]+)==([\w.]+)@([0-9a-f]{64})", name):
            found.append(Package(match[1], match[2], match[3], (*_PYTEST, *requirements)))
        else:
            raise SystemExit(f"{name}: neither one of {', '.join(listed)} nor NAME==VERSION@SHA256")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    parser.add_argument("--with", dest="requirements", action="append", default=[], metavar="REQUIREMENT")
    args = parser.parse_args()
    if sys.version_info[:2] != PYTHON:
        # Instructions, their positions and the frames of comprehensions are read as that version has them.
        raise SystemExit(f"This needs Python {'.'.join(map(str, PYTHON))}.")
    for package in chosen(args.packages, args.requirements):
        print(f"{package.name} {package.version}", file=sys.stderr)
        suite = prepare(package)
        seconds, (observed, texts) = timed(partial(observe, suite))
        target = write(suite, observed, texts)
        print(
            f"{target.relative_to(ROOT)}: {len(observed.edges)} edges, {len(observed.body_edges)} of bodies, "
            f"{len(observed.seen)} functions, {len(observed.outcomes)} tests, "
            f"{target.stat().st_size / 1000:.0f} kB, {seconds:.0f} s; tests and functions: {agreement(observed)}"
        )
        for name, count in sorted(observed.unknown.items()):
            print(f"    not in the source: {name} ({count})", file=sys.stderr)


if __name__ == "__main__":
    main()
