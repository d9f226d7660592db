"""Runs the tests that reach what an answer cites. This executes the repository's own code: only on a user's explicit command."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from ..code_graph import CodeGraph
from ..types import Answer, SymbolRef
from .composing.links.known_links import Links
from .flag_forms import program

_MAX_OUTPUT = 20_000


@dataclass(frozen=True, slots=True)
class TestRun:
    """`nodes`: the pytest ids that were run, likely ones first. `passed`: None if nothing was run or the run did not finish; then `reason`
    says why. `output`: the end of pytest's output."""

    __test__ = False  # for pytest, which takes it for a test class

    nodes: tuple[str, ...]
    passed: bool | None
    seconds: float
    output: str
    reason: str = ""


def reaching_test_ids(graph: CodeGraph, answer: Answer, limit: int = 20) -> list[str]:
    """At most `limit` pytest ids of tests that reach the definitions that an answer cites, likely ones first."""
    likelihoods: dict[str, float] = {}
    for ref in _cited_definitions(graph, answer):
        for link in Links(graph, ref).tests.items:
            likelihoods[link.node_id] = max(link.likely, likelihoods.get(link.node_id, 0.0))
    return sorted(likelihoods, key=lambda node: (-likelihoods[node], node))[:limit]


def _cited_definitions(graph: CodeGraph, answer: Answer) -> list[SymbolRef]:
    definitions: dict[tuple[str, int], SymbolRef] = {}
    for claim in answer.claims:
        for citation in claim.citations:
            ref = graph.symbol_at(citation.span.path, citation.span.start)
            if ref is not None and (ref.symbol.is_callable or ref.symbol.kind == "class"):
                definitions.setdefault((ref.path, ref.symbol.start), ref)
    return list(definitions.values())


def verify_with_tests(
    graph: CodeGraph, nodes: Iterable[str], timeout: float = 60.0, python: str = sys.executable
) -> TestRun:
    """Run pytest nodes in the workspace's root with the interpreter `python` (a relative path starts at the working folder), which needs
    pytest and the repository's dependencies. After `timeout` seconds pytest and all its children are killed."""
    node_ids = tuple(nodes)
    if not node_ids:
        return TestRun((), None, 0.0, "", "no test leads to what is cited")
    # Else it would be looked up in the root, where the process runs.
    command = [program(python), "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *node_ids]
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command, cwd=graph.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as error:
        return TestRun(node_ids, None, 0.0, "", f"{python} cannot be run ({error.strerror})")
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _stop(process)
        output, _ = process.communicate()
        reason = f"the tests took more than {timeout:g} seconds"
        return TestRun(node_ids, None, time.monotonic() - started, output[-_MAX_OUTPUT:], reason)
    seconds, code = time.monotonic() - started, process.returncode
    # pytest: 0 all passed, 1 some failed; all else (no pytest, a wrong id, an interrupt) says nothing about the code.
    passed = {0: True, 1: False}.get(code) if "No module named pytest" not in output else None
    reason = "" if passed is not None else f"pytest could not run these tests (exit code {code})"
    return TestRun(node_ids, passed, seconds, output[-_MAX_OUTPUT:], reason)


def _stop(process: subprocess.Popen[str]) -> None:
    """End a process and everything below it."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
