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
import re
import sys
from collections.abc import Sequence
from functools import partial

from _common import ROOT, timed
from _observation import observe
from _observed_data import agreement, write
from _observed_suite import PACKAGES, PYTEST, Package, prepare

PYTHON = (3, 11)


def chosen(names: Sequence[str], requirements: Sequence[str]) -> list[Package]:
    listed = {p.name: p for p in PACKAGES}
    found = []
    for name in names or listed:
        if package := listed.get(name) or next((p for p in PACKAGES if f"{p.name}=={p.version}" == name), None):
            found.append(package)
        elif match := re.fullmatch(r"([\w.-]+)==([\w.]+)@([0-9a-f]{64})", name):
            found.append(Package(match[1], match[2], match[3], (*PYTEST, *requirements)))
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
