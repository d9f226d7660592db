"""Small programs whose true edges are written beside them: what Pathline finds of them. Needs pytest, for what reads them."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from _common import ROOT, report, share

sys.path.append(str(ROOT))  # the cases are read by what tests them

_CASES = (
    "call_cases",
    "call_cases_later",
    "call_cases_observed",
    "call_cases_further",
    "call_cases_wider",
    "call_cases_unseen",
    "call_cases_fresh",
    "call_cases_categories",
    "call_cases_breadth",
    "call_cases_everyday",
    "call_cases_assorted",
    "call_cases_diverse",
)


def cases() -> None:
    try:
        from tests.graph.test_call_cases import found_in, read_cases
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error}; ./x setup --dev installs it") from error
    rows = []
    for folder in _CASES:
        total: Counter[str] = Counter()
        for file in sorted((ROOT / "tests" / "graph" / folder).glob("*.txt")):
            counts: Counter[str] = Counter()
            for case in read_cases(file.read_text("utf-8")):
                with tempfile.TemporaryDirectory() as scratch:
                    found = found_in(case, Path(scratch))
                wrong, missed = found - case.edges - case.implicit, case.edges - found
                counts.update({
                    "programs": 1, "right": not wrong and not missed,
                    "true": len(found & case.edges), "wrong": len(wrong), "missed": len(missed),
                })  # fmt: skip
            rows.append(_case_row(folder, file.stem, counts))
            total.update(counts)
        rows.append(_case_row(folder, "all", total))
    report("call-cases", rows)


def _case_row(folder: str, topic: str, counts: Counter[str]) -> dict[str, Any]:
    true, wrong, missed = counts["true"], counts["wrong"], counts["missed"]
    return {
        "set": folder, "topic": topic, "programs": counts["programs"], "exactly right": counts["right"],
        "true positives": true, "false positives": wrong, "missed": missed,
        "precision": share(true, true + wrong), "recall": share(true, true + missed),
    }  # fmt: skip
