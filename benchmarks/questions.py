"""Questions of our own about packages that no weight but one was tuned on: does what was fitted to the development questions hold there?

    ./x bench questions [--set second] [--only ours] [--details FILE]

`own_questions/` holds 16 questions for each of 12 packages (`packages.txt`), two thirds of them without a name of the code, with the places
that answer them; `own_questions/second/` 12 for each of 10 others, in the style of the development sets. Both were written before the first
run on their packages, from the sources alone. The packages are fetched from PyPI; scores, tokens and other retrievers are those of
`retrieval.py`, and so are its measures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from _common import ROOT, print_table, report
from _retrieval_data import OWN_SET, Row, read_row
from _retrieval_ours import OURS
from _retrieval_scores import by_repository, interval, mean_of, ratio_interval, score
from retrieval import SECONDS, baseline_results, pathline_results, write_details

sys.path.append(str(ROOT / "tests"))  # fetch_data.py gets the sdists, as set-up does
from fetch_data import fetch_source

FOLDER = Path(__file__).with_name("own_questions")
SETS = {"first": FOLDER, "second": FOLDER / "second"}
MEASURES = (*SECONDS, "lines@900", "lines@2000", "all lines@900", "all lines@2000")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="first", help="which questions")
    parser.add_argument("--only", choices=("ours",), help="Pathline alone; nothing is kept")
    parser.add_argument("--scratch", type=Path, default=ROOT / ".setup" / "questions", help="sources, indexes, results")
    parser.add_argument("--details", type=Path, help="scores of each question, JSON lines")
    args = parser.parse_args()
    repos = args.scratch / "packages"
    rows = load(repos, SETS[args.set])
    results, _ = pathline_results(rows, repos, args.scratch, ())
    if args.only != "ours":
        results |= baseline_results(rows, repos, args.scratch)
    scores = {system: [score(r, f) for r, f in zip(rows, found, strict=True)] for system, found in results.items()}
    table = []
    for measure in MEASURES:
        for system, own in scores.items():
            values = by_repository(rows, own, measure)
            mean, low, high = interval(values)
            line = {"measure": measure, "system": system, "mean": mean, "95 %": f"{low:.3f} to {high:.3f}"}
            if system != OURS:
                ratio, low, high = ratio_interval(by_repository(rows, scores[OURS], measure), values)
                line["Pathline / it"] = f"{ratio:.2f} ({low:.2f} to {high:.2f})"
            table.append(line)
    each = [
        {
            "package": repo,
            **{m: mean_of((s for r, s in zip(rows, scores[OURS], strict=True) if r.repo == repo), m) for m in MEASURES},
        }
        for repo in dict.fromkeys(r.repo for r in rows)
    ]
    digest = hashlib.sha256("\n".join(sorted(f"{r.id} {r.question}" for r in rows)).encode()).hexdigest()[:16]
    about = {"questions": len(rows), "packages": len(each), "questions_sha256": digest}
    print_table(each)
    if args.only:
        print_table(table)
    else:
        report("questions" if args.set == "first" else f"questions-{args.set}", table, {**about, "each": each})
    if args.details:
        write_details(args.details, rows, results, scores)


def load(repos: Path, folder: Path = FOLDER) -> list[Row]:
    """The questions of a set, and below `repos` the unpacked packages that they are about."""
    rows = []
    for line in (folder / "packages.txt").read_text("utf-8").split("\n"):
        if not line or line.startswith("#"):
            continue
        name, version, sha256 = line.split()
        root = fetch_source(repos, name, version, sha256)
        for text in (folder / f"{name}.jsonl").read_text("utf-8").split("\n"):
            if text:
                raw = json.loads(text)
                rows.append(read_row(OWN_SET, {**raw, "repo": name, "commit": version}, root))
    return rows


if __name__ == "__main__":
    main()
