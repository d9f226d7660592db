"""Tracebacks and error messages in a question: the frames that lie in the workspace, and where the message is raised."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..code_graph import CodeGraph
from ..graph import terms
from ..graph.source import is_python
from ..types import SymbolRef
from .candidates import Candidates, lift
from .search_index import SearchIndex

# `File "src/app.py", line 12, in run`, and pytest's `src/app.py:12: ValueError` or `src/app.py:12: in run`.
_FRAME = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})(?:, in (\w+))?')
_SHORT_FRAME = re.compile(r"^[ \t]{0,20}([\w./\\-]{1,300}\.pyi?):(\d{1,7}):(?: in (\w+))?(?=\s|$)", re.MULTILINE)
# The last line of a traceback, or an error that is spoken of: `app.errors.NoMatch: no rule for /x`. Every repetition has a bound: the text
# is anybody's, and a pattern that begins anew at each of its lines must not read on over the next ones.
_ERROR = re.compile(
    r"^[>E \t]{0,20}(?:[A-Za-z_]\w{0,60}\.){0,8}([A-Z]\w{0,60}[a-z]): {1,8}(\S[^\n]{5,300})$", re.MULTILINE
)
# What is quoted in a question as it came up on a screen: `What does "cannot open the file" mean?`
_TEXT = re.compile(r"\"([^\"\n]{6,300})\"|“([^”\n]{6,300})”")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|\d+|/\S+")
_MAX_FRAMES = 12
_MAX_MESSAGES = 3
_MIN_WORDS = 2
_MAX_FILES = 40


@dataclass(frozen=True, slots=True)
class Trace:
    """`frames`: (path, line, function or "") as written, the innermost last. `errors`: (name of the exception, message); the name is ""
    where only a text is quoted."""

    frames: tuple[tuple[str, int, str], ...]
    errors: tuple[tuple[str, str], ...]


def read_trace(text: str) -> Trace:
    """The frames and errors that a text holds; empty for a question without any."""
    found = sorted((m for pattern in (_FRAME, _SHORT_FRAME) for m in pattern.finditer(text)), key=re.Match.start)
    frames = tuple(dict.fromkeys((m[1].replace("\\", "/"), int(m[2]), m[3] or "") for m in found))
    errors = [(m[1], m[2].strip()) for m in _ERROR.finditer(text)]
    if not errors and not frames:
        errors = [("", (m[1] or m[2]).strip()) for m in _TEXT.finditer(text)]
    return Trace(frames[-_MAX_FRAMES:], tuple(dict.fromkeys(errors))[-_MAX_MESSAGES:])


def lift_trace(graph: CodeGraph, index: SearchIndex, trace: Trace, candidates: Candidates, boost: float) -> bool:
    """Lift the definitions around the frames, the innermost most, and those that raise the messages. Returns whether there are any."""
    found = False
    for place, (written, line, function) in enumerate(reversed(trace.frames)):
        path = _in_workspace(index, written)
        ref = _entered(graph, path, line, function) if path else None
        if ref is not None:
            found = True
            lift(graph, ref, boost / (1 + place), f"traceback: {path}:{line}", candidates)
    for name, path, line in message_places(graph, index, trace):
        # What is only quoted may be anything: lifted, it costs other questions more than it brings these.
        ref = graph.symbol_at(path, line) if name else None
        if ref is not None:
            found = True
            lift(graph, ref, boost, f"message of {name}: line {line}", candidates)
    return found


def message_places(graph: CodeGraph, index: SearchIndex, trace: Trace) -> list[tuple[str, str, int]]:
    """(name of the exception, path, line) of the lines that hold the messages of a trace."""
    return [(name, *place) for name, message in trace.errors for place in _raised(graph, index, message)]


def _entered(graph: CodeGraph, path: str, line: int, function: str) -> SymbolRef | None:
    """The function that a frame stands in. Its name decides where the line is one of another version of the file."""
    ref = graph.symbol_at(path, line)
    if not function or (ref is not None and ref.symbol.name == function):
        return ref
    named = [r for r in graph.defs_in(path) if r.symbol.name == function]
    return min(named, key=lambda r: abs(r.symbol.start - line), default=ref)


def _in_workspace(index: SearchIndex, written: str) -> str | None:
    """The file that a frame names: of those whose path ends like it the one that shares most; none where it shares its name only with
    a file elsewhere (`/usr/lib/python3/json/decoder.py` is not `app/decoder.py`)."""
    parts = written.split("/")
    best: tuple[int, str] | None = None
    for path in index.paths:
        own = path.split("/")
        if own[-1] != parts[-1]:
            continue
        shared = next(
            (i for i, (a, b) in enumerate(zip(own[::-1], parts[::-1], strict=False)) if a != b),
            min(len(own), len(parts)),
        )
        if shared in (len(own), len(parts)) and (best is None or shared > best[0]):
            best = shared, path
    return best[1] if best else None


def _raised(graph: CodeGraph, index: SearchIndex, message: str) -> list[tuple[str, int]]:
    """Lines whose string literals hold the fixed part of a message: the longest run of words without values, which are filled in."""
    fixed = [part.strip(" :,.;()[]{}") for part in _QUOTED.split(message)]
    wanted = max(fixed, key=len)
    if len(wanted.split()) < _MIN_WORDS:
        return []
    files: set[int] | None = None
    for term in dict.fromkeys(terms.terms_of(wanted)):
        hit = index.hits(term)
        own = set(index.file_of[hit.documents].tolist())
        files = own if files is None else files & own
    paths = sorted(index.paths[f] for f in files or () if is_python(index.paths[f]))
    found = []
    for path in paths[:_MAX_FILES]:
        document = graph.document(path)
        lines = document.lines if document is not None else []
        found += [(path, n) for n, line in enumerate(lines, 1) if wanted in line]
    return found
