"""Questions of our own: each names a listed package, has an id of its own, and places that can be lines of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "own_questions"


def packages_of(folder: Path) -> list[list[str]]:
    lines = (folder / "packages.txt").read_text("utf-8").split("\n")
    return [line.split() for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("folder", "of_each"), [(FOLDER, 16), (FOLDER / "second", 12)])
def test_every_package_has_its_questions_and_every_question_its_places(folder: Path, of_each: int) -> None:
    packages = packages_of(folder)
    assert {f"{name}.jsonl" for name, _, _ in packages} == {p.name for p in folder.glob("*.jsonl")}
    ids = []
    for name, _, sha256 in packages:
        assert len(sha256) == 64
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").split("\n") if line]
        for row in rows:
            ids.append(row["id"])
            assert row["package"] == name, row["id"]
            assert row["question"].strip(), row["id"]
            assert row["gold"], row["id"]
            for place in row["gold"]:
                assert 1 <= place["start_line"] <= place["end_line"], row["id"]
                assert not Path(place["path"]).is_absolute(), row["id"]
    assert len(set(ids)) == len(ids) == of_each * len(packages)


def test_the_sets_share_no_package() -> None:
    first, second = ({name for name, _, _ in packages_of(folder)} for folder in (FOLDER, FOLDER / "second"))
    assert not first & second
