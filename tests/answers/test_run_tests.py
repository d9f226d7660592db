"""Running the tests behind an answer: which, with what result, and never beyond the time limit."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import psutil
import pytest

from adapter_core.answers.run_tests import reaching_test_ids, verify_with_tests
from adapter_core.answers.runner import answer_question
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of, write

WORKSPACE = '''
#- conftest.py
#- shop/__init__.py
#- shop/price.py
def total(prices):
    """Add up the prices of all items."""
    return sum(prices)
#- tests/test_price.py
from shop.price import total


def test_total():
    assert total([1, 2]) == 3


def test_other():
    assert True
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def test_the_mapped_tests_are_run(graph: CodeGraph) -> None:
    nodes = reaching_test_ids(graph, answer_question(graph, "How does `total` add up prices?"))
    assert nodes == ["tests/test_price.py::test_total"]
    run = verify_with_tests(graph, nodes)
    assert (run.passed, run.reason) == (True, "")
    assert "1 passed" in run.output


def test_a_failing_test_says_so(graph: CodeGraph) -> None:
    write(graph.root, "shop/price.py", "def total(prices):\n    return 0\n")
    run = verify_with_tests(graph, ["tests/test_price.py::test_total"])
    assert run.passed is False
    assert "1 failed" in run.output


def test_what_cannot_be_run_is_no_result(graph: CodeGraph) -> None:
    assert verify_with_tests(graph, []).passed is None
    run = verify_with_tests(graph, ["tests/test_price.py::test_gone"])
    assert (run.passed, "could not run" in run.reason) == (None, True)
    assert "cannot be run" in verify_with_tests(graph, ["x"], python="/no/such/python").reason


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_a_relative_interpreter_is_the_users_and_not_the_repositorys(
    graph: CodeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    for folder, script in ((here, f'exec {shlex.quote(sys.executable)} "$@"'), (graph.root, "exit 0")):
        write(folder, "py", f"#!/bin/sh\n{script}\n").chmod(0o755)
    write(graph.root, "shop/price.py", "def total(prices):\n    '''Add up the prices.'''\n    return 0\n")
    monkeypatch.chdir(here)
    assert verify_with_tests(graph, ["tests/test_price.py::test_total"], python="./py").passed is False
    question = ["ask", "--no-model", "--repo", str(graph.root), "How does `total` add up prices?"]
    assert main([*question, "--run-tests", "60", "--python", "./py"]) == 1


@pytest.mark.slow
def test_the_time_limit_stops_what_the_test_started(graph: CodeGraph) -> None:
    write(
        graph.root,
        "tests/test_slow.py",
        "import subprocess, sys, pathlib\n\ndef test_slow():\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    pathlib.Path('child.pid').write_text(str(child.pid))\n    child.wait()\n",
    )
    run = verify_with_tests(graph, ["tests/test_slow.py::test_slow"], timeout=8.0)
    assert (run.passed, "more than 8 seconds" in run.reason) == (None, True)
    child = int((graph.root / "child.pid").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_only_the_flag_runs_anything(graph: CodeGraph, capsys: pytest.CaptureFixture[str]) -> None:
    write(graph.root, "conftest.py", "import pathlib\npathlib.Path('ran').touch()\n")
    question = ["ask", "--no-model", "--repo", str(graph.root), "How does `total` add up prices?"]
    assert main(question) == 0
    assert not (graph.root / "ran").exists()
    capsys.readouterr()
    assert main([*question, "--run-tests", "60"]) == 0
    assert (graph.root / "ran").exists()
    assert "1 test that leads to what is cited passed" in capsys.readouterr().err
    write(graph.root, "shop/price.py", "def total(prices):\n    '''Add up the prices.'''\n    return 0\n")
    assert main([*question, "--run-tests", "60"]) == 1
    write(graph.root, "conftest.py", "import no_such_package\n")
    capsys.readouterr()
    assert main([*question, "--run-tests", "60"]) == 0
    told = capsys.readouterr().err
    assert "pytest could not run these tests" in told
    assert "No module named 'no_such_package'" in told  # why, in pytest's words
