"""Tracebacks and error messages in a question: the frames within the workspace, and the lines that raise the message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.source import is_python
from ..types import SymbolRef
from .candidates import Candidates, lift
from .search_index import SearchIndex

# `File "src/app.py", line 12, in run`, and pytest's `src/app.py:12: ValueError` or `src/app.py:12: in run`.
_FRAME = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})(?:, in (\w+))?')
_SHORT_FRAME = re.compile(r"^[ \t]{0,20}([\w./\\-]{1,300}\.pyi?):(\d{1,7}):(?: in (\w+))?(?=\s|$)", re.MULTILINE)
# The last line of a traceback, or an error in prose: `app.errors.NoMatch: no rule for /x`. Every repetition is bounded: the text may be
# hostile, and a pattern that can match at each line must not scan the following ones each time.
_ERROR = re.compile(
    r"^[>E \t]{0,20}(?:[A-Za-z_]\w{0,60}\.){0,8}([A-Z]\w{0,60}[a-z]): {1,8}(\S[^\n]{5,300})$", re.MULTILINE
)
# What is asked about the message, behind it: "no rule for x -- what did I do wrong?"
_ASIDE = re.compile(r"\s+(?:--?|–|—|\()\s*(?:what|why|how|where|when|who|which|does|do|is|can)\b[^\n]*\Z", re.I)
# A `KeyError` shows the representation of its argument, and so does one that is raised with bytes.
_REPR = re.compile(r"""\Ab?(?P<quote>["'])(?P<text>(?:(?!(?P=quote)).)*)(?P=quote)\Z""")
# A quoted message: `What does "cannot open the file" mean?`
_QUOTATION = re.compile(r"\"([^\"\n]{1,300})\"|“([^”\n]{1,300})”")
_MIN_MESSAGE, _MAX_MESSAGE = 6, 300  # characters
_VALUE = re.compile(r"(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\"|`[^`\n]*`|\d+|/\S+")
_MAX_FRAMES = 12
_MAX_MESSAGES = 3
_MIN_WORDS = 2
_MAX_FILES, _MAX_FILES_WITH_TEXT, _MAX_FILES_OF_RUN = 1_000, 40, 60
_CONTINUED_STRING = re.compile(r"\s*[fFrRbB]{0,2}[\"']")  # a line with nothing but a part of a string
_MAX_AROUND = 3  # lines
# Where a line has only runs of words of a message: the least share of the message's words that it has, the least characters of a run, and
# how many words and runs are looked at.
_MIN_SHARE, _MIN_RUN, _MAX_WORDS, _MAX_RUNS = 0.6, 8, 20, 80


@dataclass(frozen=True, slots=True)
class Trace:
    """`frames`: (path, line, function or "") as written, the innermost last. `errors`: (name of the exception, message); the name is ""
    for a message that is quoted alone."""

    frames: tuple[tuple[str, int, str], ...]
    errors: tuple[tuple[str, str], ...]


def read_trace(text: str) -> Trace:
    """The frames and errors in a text; the last ones, where there are many."""
    frame_matches = sorted(
        (m for pattern in (_FRAME, _SHORT_FRAME) for m in pattern.finditer(text)), key=re.Match.start
    )
    frames = tuple(dict.fromkeys((m[1].replace("\\", "/"), int(m[2]), m[3] or "") for m in frame_matches))
    errors = [(m[1], _REPR.sub(r"\g<text>", _ASIDE.sub("", m[2]).strip())) for m in _ERROR.finditer(text)]
    if not errors and not frames:
        quotations = [(m[1] or m[2]).strip() for m in _QUOTATION.finditer(text)]
        errors = [("", quoted) for quoted in quotations if len(quoted) >= _MIN_MESSAGE]
    return Trace(frames[-_MAX_FRAMES:], tuple(dict.fromkeys(errors))[-_MAX_MESSAGES:])


def lift_trace(graph: CodeGraph, index: SearchIndex, trace: Trace, candidates: Candidates, boost: float) -> bool:
    """Lift the functions of the frames, the innermost most, and the definitions with the messages. Returns whether there are any."""
    has_match = False
    for position, (written_path, line, function) in enumerate(reversed(trace.frames)):
        path = _workspace_file(index, written_path)
        ref = _function_of_frame(graph, path, line, function) if path else None
        if ref is not None:
            has_match = True
            lift(graph, ref, boost / (1 + position), f"traceback: {path}:{line}", candidates)
    for name, path, line in message_places(graph, index, trace):
        # A quotation alone may be anything: lifting it harms other questions more than it helps these.
        ref = graph.symbol_at(path, line) if name else None
        if ref is not None:
            has_match = True
            lift(graph, ref, boost, f"message of {name}: line {line}", candidates)
    return has_match


def is_looked_for(message: str) -> bool:
    """Whether a message has enough words that the lines with it are looked for."""
    return any(len(part.split()) >= _MIN_WORDS for part in _fixed_parts(message))


def _fixed_parts(message: str) -> list[str]:
    """The parts of a message between the values that are filled in."""
    return [part.strip(" :,.;()[]{}") for part in _VALUE.split(message[:_MAX_MESSAGE])]


def message_places(graph: CodeGraph, index: SearchIndex, trace: Trace) -> list[tuple[str, str, int]]:
    """(name of the exception, path, line) of the lines that hold the messages of a trace."""
    return [(name, *place) for name, message in trace.errors for place in _message_lines(graph, index, message)]


def _function_of_frame(graph: CodeGraph, path: str, line: int, function: str) -> SymbolRef | None:
    """The function of a frame. The name decides where the line number is that of another version of the file."""
    ref = graph.symbol_at(path, line)
    if not function or (ref is not None and ref.symbol.name == function):
        return ref
    same_name = [r for r in graph.defs_in(path) if r.symbol.name == function]
    return min(same_name, key=lambda r: abs(r.symbol.start - line), default=ref)


def _workspace_file(index: SearchIndex, written_path: str) -> str | None:
    """The workspace's file with the path of a frame: one path must end with the other, and the longest match wins. None where only the
    file's name is the same (`/usr/lib/python3/json/decoder.py` is not `app/decoder.py`)."""
    written_parts = written_path.split("/")
    best: tuple[int, str] | None = None
    for path in index.paths:
        path_parts = path.split("/")
        if path_parts[-1] != written_parts[-1]:
            continue
        shared_parts = next(
            (i for i, (a, b) in enumerate(zip(path_parts[::-1], written_parts[::-1], strict=False)) if a != b),
            min(len(path_parts), len(written_parts)),
        )
        if shared_parts in (len(path_parts), len(written_parts)) and (best is None or shared_parts > best[0]):
            best = shared_parts, path
    return best[1] if best else None


def _message_lines(graph: CodeGraph, index: SearchIndex, message: str) -> list[tuple[str, int]]:
    """(path, line) of the lines with the fixed text of a message: its longest part between values that are filled in; or, since a value
    need not look like one ("no such group: www"), the longest run of its words that a line with a string has."""
    parts = _fixed_parts(message)
    fixed_text = max(parts, key=len)
    if len(fixed_text.split()) < _MIN_WORDS:
        return []  # one word may stand anywhere
    places = _lines_with(graph, index, fixed_text)
    if any(not is_test_path(path) for path, _ in places):
        return places
    words = re.findall(r"\w+", " ".join(parts))
    runs = sorted({run for part in parts for run in _runs(part)}, key=lambda run: (-len(run.split()), run))
    shares: dict[tuple[str, int], float] = {}
    length = 0
    for run in runs[:_MAX_RUNS]:
        if len(run.split()) < length and any(not is_test_path(path) for path, _ in shares):
            break  # shorter ones say less
        length = len(run.split())
        for path, line in _lines_with(graph, index, run, _MAX_FILES_OF_RUN):
            string = _string_part(graph, path, line)
            share = sum(word in string for word in words) / len(words)
            if share >= _MIN_SHARE:
                shares[path, line] = share
    # A test may have the message word by word, and what it tests not.
    of_product = {place: share for place, share in shares.items() if not is_test_path(place[0])}
    best = max(of_product.values(), default=0.0)
    return [place for place, share in of_product.items() if share == best] or places or list(shares)


def _runs(text: str) -> list[str]:
    """All runs of at least two words of a text that are long enough to tell it from others, without the punctuation around them."""
    words = list(re.finditer(r"\S+", text))[:_MAX_WORDS]
    runs = (text[a.start() : b.end()].strip(" :,.;()[]{}") for i, a in enumerate(words) for b in words[i + 1 :])
    return [run for run in runs if len(run) >= _MIN_RUN]


def _lines_with(graph: CodeGraph, index: SearchIndex, text: str, at_most: int | None = None) -> list[tuple[str, int]]:
    """(path, line) of the lines that contain a text; none if more than `at_most` files have its words."""
    files: set[int] | None = None
    for term in dict.fromkeys(terms.terms_of(text)):
        hit = index.hits(term)
        files_with_term = set(index.file_of[hit.documents].tolist())
        files = files_with_term if files is None else files & files_with_term
    paths = sorted(index.paths[f] for f in files or () if is_python(index.paths[f]))
    if at_most is not None and len(paths) > at_most:
        return []
    places: list[tuple[str, int]] = []
    for path in paths[:_MAX_FILES]:
        if graph.inference.expired or len({path for path, _ in places}) >= _MAX_FILES_WITH_TEXT:
            break
        document = graph.document(path)
        # Few of these files have the words next to each other, and to look line by line takes long.
        if document is not None and text in document.text:
            places += [(path, n) for n, line in enumerate(document.lines, 1) if text in line]
    return places


def _string_part(graph: CodeGraph, path: str, line: int) -> set[str]:
    """The words from the first quote of a line on, and of the lines of the same string around it; empty if the line has no string."""
    document = graph.document(path)
    lines = document.lines if document is not None else []
    first_quote = re.search("[\"']", lines[line - 1]) if lines else None
    if first_quote is None:
        return set()
    around = [*lines[max(0, line - 1 - _MAX_AROUND) : line - 1], *lines[line : line + _MAX_AROUND]]
    text = " ".join([lines[line - 1][first_quote.start() :], *filter(_CONTINUED_STRING.match, around)])
    return set(re.findall(r"\w+", text))
