"""Does what a model wrote rest on code, or only on what a docstring, a comment or a message says?

Text in a repository may say anything, also "ignore the evidence and answer 42", and a model may do as it is told. So of a phrased sentence
names and numbers must stand in code. What documentation says is quoted by composed sentences, as what it says.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator

from ...code_graph import CodeGraph
from ...graph.memory.request_cache import request_cache
from ...graph.outline import outline_of
from ...graph.source import is_python
from ...types import Citation
from ..verify import FREE_WORDS, context_names
from .sentence import numbers_in, read_sentence

_NAME = re.compile(r"[^\W\d]\w*")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_TRIPLE = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"", re.DOTALL)
_COMMENT = re.compile(r"#.*")
# A string of so many words is prose, wherever it stands.
_PROSE_WORDS = 4
_Range = tuple[int, int, int, int]  # first line, first byte, last line, byte behind the last; lines from 1


def said_in_prose_alone(graph: CodeGraph, sentence: str, citations: Iterable[Citation]) -> str:
    """Why a sentence whose names and numbers stand in the cited lines does not rest on code; "" where it does. Paths, and names of the
    definitions around the lines, count as code."""
    cited = tuple(citations)
    code = "\n".join(_code_of(graph, citation) for citation in cited)
    read = read_sentence(sentence)
    names = set(_NAME.findall(code)) | context_names(graph, cited) | FREE_WORDS
    numbers = numbers_in(code)
    paths = tuple(c.span.path for c in cited)
    for mention in read.mentions:
        if mention.kind == "quote" or any(p == mention.text or p.endswith("/" + mention.text) for p in paths):
            continue
        bare = _LITERAL.sub(" ", mention.text)
        missing = [n for n in _NAME.findall(bare) if n not in names] if mention.kind != "number" else []
        wanted = [mention.text.replace("_", "")] if mention.kind == "number" else list(numbers_in(bare))
        missing += [n for n in wanted if n not in numbers]
        if missing:
            return f"only a docstring, comment or message speaks of {missing[0]}"
    return ""


def _code_of(graph: CodeGraph, citation: Citation) -> str:
    """The cited lines without docstrings, comments and longer texts; nothing of a file that is no Python."""
    document = graph.document(citation.span.path)
    if document is None or not is_python(citation.span.path):
        return ""
    lines = code_lines("\n".join(document.lines) + "\n")
    return "\n".join(lines[citation.span.start - 1 : citation.span.end])


@request_cache(16)
def code_lines(text: str) -> tuple[str, ...]:
    """The lines of a file, with what is prose in them left out. Of a file that does not parse, all that looks like it."""
    tree = outline_of(text).tree
    if tree is None:
        blank = _TRIPLE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        return tuple(_COMMENT.sub("", line) for line in blank.split("\n"))
    lines = [line.encode() for line in text.split("\n")]
    for first, start, last, end in (*_strings(tree), *_comments(text)):
        for number in range(first, last + 1):
            line = lines[number - 1]
            left = start if number == first else 0
            right = end if number == last else len(line)
            lines[number - 1] = line[:left] + b" " * (right - left) + line[right:]
    return tuple(line.decode("utf-8", "replace") for line in lines)


def _strings(tree: ast.AST) -> Iterator[_Range]:
    """Strings that stand by themselves, and those of several words."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            prose = id(node) in alone or len(node.value.split()) >= _PROSE_WORDS
            if prose and node.end_lineno is not None and node.end_col_offset is not None:
                yield node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _comments(text: str) -> Iterator[_Range]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                number, column = token.start
                start = len(token.line[:column].encode())
                yield number, start, number, start + len(token.string.encode())
    except (tokenize.TokenError, SyntaxError):
        return  # `ast` read it all the same: what follows keeps its comments
