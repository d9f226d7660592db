"""Functions of real packages with their docstrings taken out: the first sentence is the question, the function the answer."""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from _common import listed_packages
from _retrieval_data import Place

from adapter_core.code_graph import is_test_path

PACKAGES = Path(__file__).with_name("docstring_packages.txt")
MIN_WORDS, MAX_WORDS = 5, 60
# Written beside a copy; another version of this module makes its copies anew.
_VERSION = 1

_SENTENCE_END = re.compile(r"(?<=[.!?])(?:\s|$)")
_ROLE = re.compile(r":[\w:]+:(?=`)")


@dataclass(frozen=True, slots=True)
class Query:
    """The first sentence of a docstring, and the lines of its function in `package`'s copy."""

    package: str
    sentence: str
    function: Place


@dataclass(frozen=True, slots=True)
class Documented:
    """A docstring: its first sentence, the function's lines, and the lines of the string. `function` is None for a class, a module, or a
    function with nothing but a docstring."""

    sentence: str
    function: Place | None
    expression: ast.Expr


def queries(scratch: Path, per_package: int, seed: int) -> list[Query]:
    """At most `per_package` functions of each package; their docstrings are removed from the copies below `scratch`, see `copy_of`."""
    found: list[Query] = []
    for package, wheel in fetch(scratch / "wheels").items():
        found.extend(_prepare(package, wheel, copy_of(scratch, package), per_package, seed))
    return found


def packages() -> list[str]:
    """The listed packages, in order."""
    return listed_packages(PACKAGES)


def tuned_on() -> set[str]:
    """Every third package: those that `tune_ranking.py` may look at. The others are only ever measured."""
    return set(packages()[::3])


def copy_of(scratch: Path, package: str) -> Path:
    return scratch / "copies" / package


def fetch(folder: Path) -> dict[str, Path]:
    """Each package's wheel, by its hash as listed. Raises `CalledProcessError`."""
    names = packages()
    if len(list(folder.glob("*.whl"))) < len(names):
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-I", "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", "--require-hashes", "-r", str(PACKAGES), "-d", str(folder)]
        subprocess.run(command, check=True)
    wheels = {w.name.split("-")[0].lower(): w for w in folder.glob("*.whl")}
    return {name: wheels[name.replace("-", "_").lower()] for name in names}


def _prepare(package: str, wheel: Path, folder: Path, count: int, seed: int) -> list[Query]:
    """Unpack a wheel and take out the docstrings of the functions drawn; or read what was drawn before, by the same rules."""
    note = folder.with_suffix(".json")
    rules = [_VERSION, wheel.name, count, seed]
    if note.exists():
        stored = json.loads(note.read_text("utf-8"))
        if stored["rules"] == rules:
            return [Query(package, q["sentence"], Place(**q["function"])) for q in stored["queries"]]
    note.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    all_ = [d for path in sorted(folder.rglob("*.py")) for d in documented(path, folder)]
    often = Counter(d.sentence for d in all_)
    fit = [
        d for d in all_
        if d.function is not None and often[d.sentence] == 1 and not is_test_path(d.function.path)
        and MIN_WORDS <= len(d.sentence.split()) <= MAX_WORDS
    ]  # fmt: skip
    drawn = random.Random(f"{seed} {package}").sample(fit, min(count, len(fit)))
    by_file: dict[str, list[ast.Expr]] = {}
    found = []
    for item in drawn:
        if item.function is not None:
            by_file.setdefault(item.function.path, []).append(item.expression)
            found.append(Query(package, item.sentence, item.function))
    for path, expressions in by_file.items():
        file = folder / path
        file.write_bytes(without(file.read_bytes(), expressions))
    note.write_text(json.dumps({"rules": rules, "queries": [asdict(q) for q in found]}), "utf-8")
    return found


def documented(path: Path, root: Path) -> list[Documented]:
    """All docstrings of a file; none where it does not parse or is not UTF-8."""
    source = path.read_bytes()
    try:
        source.decode("utf-8")
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node)
        first = node.body[0] if node.body else None
        if not text or not isinstance(first, ast.Expr):
            continue
        function = None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            function = Place(path.relative_to(root).as_posix(), start, node.end_lineno or node.lineno)
        found.append(Documented(first_sentence(text), function, first))
    return found


def first_sentence(docstring: str) -> str:
    """The first sentence of the first paragraph, on one line, without the roles of reStructuredText."""
    paragraph = docstring.strip().split("\n\n")[0]
    text = " ".join(_ROLE.sub("", paragraph).split())
    return _SENTENCE_END.split(text, maxsplit=1)[0].strip()


def without(source: bytes, expressions: list[ast.Expr]) -> bytes:
    """The source with each of these string statements replaced by `...`; all other lines keep their numbers."""
    starts = [0]
    for line in source.splitlines(keepends=True):  # bytes: at LF, CRLF and CR, as `ast` counts lines
        starts.append(starts[-1] + len(line))
    for node in sorted(expressions, key=lambda e: -e.lineno):
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        first = starts[node.lineno - 1] + node.col_offset
        last = starts[end_line - 1] + end_column
        source = source[:first] + b"..." + b"\n" * (end_line - node.lineno) + source[last:]
    return source
