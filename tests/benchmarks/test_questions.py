"""Questions of our own: each names a listed package, has an id of its own, and places that can be lines of a file."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "own_questions"


def test_every_package_has_its_questions_and_every_question_its_places() -> None:
    lines = (FOLDER / "packages.txt").read_text("utf-8").split("\n")
    packages = [line.split() for line in lines if line and not line.startswith("#")]
    assert {f"{name}.jsonl" for name, _, _ in packages} == {p.name for p in FOLDER.glob("*.jsonl")}
    ids = []
    for name, _, sha256 in packages:
        assert len(sha256) == 64
        rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").split("\n") if line]
        for row in rows:
            ids.append(row["id"])
            assert row["package"] == name, row["id"]
            assert row["question"].strip(), row["id"]
            assert row["gold"], row["id"]
            for place in row["gold"]:
                assert 1 <= place["start_line"] <= place["end_line"], row["id"]
                assert not Path(place["path"]).is_absolute(), row["id"]
    assert len(set(ids)) == len(ids) == 16 * len(packages)
