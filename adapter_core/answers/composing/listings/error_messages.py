"""The statements with an error message that the question quotes: `SSHException: Error reading SSH protocol banner`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from ....code_graph import CodeGraph, is_test_path
from ....evidence.search_index import SearchIndex
from ....evidence.traces import is_looked_for, message_places, read_trace
from ....graph.outline import outline_of
from ...inert import code
from ..candidate import Candidate
from ..statements.quotes import sentence_at_line

_MAX_SENTENCES, _MAX_BARE = 2, 302
# One line that asks nothing, with a value or a colon in it, as it is copied from a log: `No such group: 'www'`.
_BARE_MESSAGE = re.compile(
    r"\s*(?!(?:who|what|where|when|why|how|which|is|are|does|do|can|could|should|list|show|tell|explain|describe|find|give)\b)"
    r"(?=[^\n]*(?:: |'[^'\n]*'|<[^>\n]*>|\.\s*\Z))[A-Z][^\n?`]{12,300}\s*\Z",
    re.I,
)


def message_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The sentences about these statements: those of the product, or those of tests if there are no others."""
    places = _message_lines(graph, question)
    product_places = [place for place in places if not is_test_path(place[1])] or places
    sentences = (_raising_sentence(graph, *place) for place in product_places)
    yield from islice((sentence for sentence in sentences if sentence is not None), _MAX_SENTENCES)


def missing_message(graph: CodeGraph, question: str) -> str:
    """The message in a question that no string of the workspace contains; "" if the question has none that is looked for, or one of its
    messages is found."""
    errors = [error for error in read_trace(question).errors if is_looked_for(error[1])]
    return errors[-1][1] if errors and not _message_lines(graph, question) else ""


def _message_lines(graph: CodeGraph, question: str) -> list[tuple[str, str, int]]:
    trace = read_trace(question)
    is_short = len(question.strip()) <= _MAX_BARE
    if not trace.errors and not trace.frames and is_short and _BARE_MESSAGE.match(question):
        trace = replace(trace, errors=(("", question.strip()),))
    if not trace.errors:
        return []
    with graph.store.snapshot():
        return message_places(graph, SearchIndex(graph), trace)


def _raising_sentence(graph: CodeGraph, name: str, path: str, line: int) -> Candidate | None:
    """The sentence that quotes the statement at a line; at module level, where none is quoted, that the error is raised there."""
    sentence = sentence_at_line(graph, (path, line))
    if sentence is not None:
        return replace(sentence, named=True, order=-1)
    facts, document = graph.facts(path), graph.document(path)
    tree = outline_of("\n".join(document.lines) + "\n").tree if document is not None else None
    for node in ast.walk(tree) if tree is not None and facts is not None and name else ():
        last = getattr(node, "end_lineno", 0) or 0
        if facts is not None and isinstance(node, ast.Raise) and node.lineno <= line <= last:
            text = f"{code(name)} is raised in {code(facts.module)}."
            return Candidate(text, "line", ((path, node.lineno, last),), f"{path}:{node.lineno}", 0, -1, named=True)
    return None
