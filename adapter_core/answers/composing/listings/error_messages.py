"""The statements with a message that is in the question: `SSHException: Error reading SSH protocol banner`, or quoted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from ....code_graph import CodeGraph, is_test_path
from ....evidence.search_index import SearchIndex
from ....evidence.traces import message_places, read_trace
from ....graph.outline import outline_of
from ...inert import code
from ..candidate import Candidate
from ..statements.quotes import sentence_at_line

_MAX_TOLD = 2


def message_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """Those of the product; of tests where there are no others."""
    places = _places(graph, question)
    own = [place for place in places if not is_test_path(place[1])] or places
    told = (_raising(graph, *place) for place in own)
    yield from islice((item for item in told if item is not None), _MAX_TOLD)


def missing_message(graph: CodeGraph, question: str) -> str:
    """The message in a question that no string of the workspace has; "" where there is none, or one of them is there."""
    errors = read_trace(question).errors
    return errors[-1][1] if errors and not _places(graph, question) else ""


def _places(graph: CodeGraph, question: str) -> list[tuple[str, str, int]]:
    trace = read_trace(question)
    if not trace.errors:
        return []
    with graph.store.snapshot():
        return message_places(graph, SearchIndex(graph), trace)


def _raising(graph: CodeGraph, name: str, path: str, line: int) -> Candidate | None:
    """The statement at a line; of a module, which has no statements that are told, that it raises the error there."""
    found = sentence_at_line(graph, (path, line))
    if found is not None:
        return replace(found, named=True, order=-1)
    facts, document = graph.facts(path), graph.document(path)
    tree = outline_of("\n".join(document.lines) + "\n").tree if document is not None else None
    for node in ast.walk(tree) if tree is not None and facts is not None and name else ():
        last = getattr(node, "end_lineno", 0) or 0
        if facts is not None and isinstance(node, ast.Raise) and node.lineno <= line <= last:
            text = f"{code(name)} is raised in {code(facts.module)}."
            return Candidate(text, "line", ((path, node.lineno, last),), f"{path}:{node.lineno}", 0, -1, named=True)
    return None
