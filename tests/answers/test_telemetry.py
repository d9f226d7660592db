"""One JSON line for each answer; the question stays out of it unless asked for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from adapter_core.answers.options import AskOptions, TelemetryOptions
from adapter_core.answers.provenance import git_commit_sha, git_tree_sha
from adapter_core.answers.runner import answer_question
from adapter_core.answers.telemetry import stage_seconds
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

WORKSPACE = """
#- app/cache.py
class Cache:
    def clear(self):
        \"\"\"Drops all that was kept.\"\"\"
        self.data = {}
#- README.md
# Notes

Nothing about it is kept here.
"""
QUESTION = "What does `Cache.clear` drop?"
FIELDS = {
    "schema", "found", "complete", "sentences", "dropped", "citations_total", "citations_must", "resolves", "fresh", "supports",
    "modules_selected", "files_selected", "elapsed_sec", "elapsed_by_stage", "retries", "delta_norms", "tokens", "model", "adapter",
    "commit", "tree",
}  # fmt: skip


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def lines_of(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_line_for_each_answer_and_no_question(graph: CodeGraph, tmp_path: Path) -> None:
    file = tmp_path / "telemetry.jsonl"
    options = AskOptions(telemetry=TelemetryOptions(file))
    answer = answer_question(graph, QUESTION, options)
    answer_question(graph, "How are quantum rockets launched?", options)
    first, second = lines_of(file)
    assert set(first) == FIELDS
    citations = [c for claim in answer.claims for c in claim.citations]
    assert (first["citations_total"], first["citations_must"]) == (len(citations), len(answer.claims))
    assert (first["resolves"], first["fresh"], first["supports"]) == (1.0, 1.0, 1.0)
    assert first["modules_selected"] == 1
    assert (second["found"], second["citations_total"], second["resolves"]) == (False, 0, None)
    assert "Cache" not in file.read_text("utf-8")
    assert "quantum" not in file.read_text("utf-8")


def test_the_question_on_request(graph: CodeGraph, tmp_path: Path) -> None:
    file = tmp_path / "telemetry.jsonl"
    answer_question(graph, QUESTION, AskOptions(telemetry=TelemetryOptions(file, with_question=True)))
    assert lines_of(file)[0]["question"] == QUESTION


def test_a_file_that_cannot_be_written_costs_no_answer(graph: CodeGraph, tmp_path: Path) -> None:
    answer = answer_question(graph, QUESTION, AskOptions(telemetry=TelemetryOptions(tmp_path / "no" / "such" / "file")))
    assert answer.found
    assert "cannot be written" in answer.reason


def test_stages_add_up_to_the_whole() -> None:
    stages = stage_seconds({"evidence_ms": 10.0, "composed_ms": 25.0, "total_ms": 40.0})
    assert stages == {"evidence": 0.01, "composed": 0.015, "finishing": 0.015}


def test_commit_and_footer(graph: CodeGraph, tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(graph.root), "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert git_commit_sha(graph.root) is None
    assert "Commit" not in answer_question(graph, QUESTION, AskOptions(commit_footer=True)).text
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    commit, tree = git("rev-parse", "HEAD"), git("rev-parse", "HEAD^{tree}")
    assert (git_commit_sha(graph.root), git_tree_sha(graph.root)) == (commit, tree)
    answer = answer_question(graph, QUESTION, AskOptions(commit_footer=True))
    assert answer.text.endswith(f"\n\nCommit `{commit}`, tree `{tree}`.")
    assert "Commit" not in answer_question(graph, QUESTION).text


def test_the_flags_of_the_command(graph: CodeGraph, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    arguments = ["ask", "--no-model", "--repo", str(graph.root), "--telemetry", str(file)]
    assert main([*arguments, QUESTION]) == 0
    assert main([*arguments, "--telemetry-question", QUESTION]) == 0
    first, second = lines_of(file)
    assert "question" not in first
    assert second["question"] == QUESTION
