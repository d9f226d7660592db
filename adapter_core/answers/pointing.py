"""What a user points at: a symbol or a line, by the question, the zoom option or the cursor. Expands questions that only point ("what
happens here?"), and finds those whose pronoun refers to nothing."""

from __future__ import annotations

import os
import posixpath
import re

from ..code_graph import CodeGraph
from ..errors import UsageError
from ..evidence.question import Question
from ..graph.source import is_python
from ..types import SymbolRef
from .citations import find_citations, locate
from .options import Cursor

_PLACE = re.compile(r":\d+\Z")
_MAX_NEAR = 8  # files suggested for a name that does not exist
_MAX_CHARS = 300
# A pronoun that a question with no other subject refers to: "and who calls it?".
_PRONOUN = re.compile(r"\b(?:it|its|them|they|their)\b", re.I)
_PRONOUN_QUESTION_WORDS = frozenset(
    "accept accepts argument arguments break breaks call called caller callers calls change changed changes cover covered covers "
    "default defaults define defined definition exercise exercised extend extended extends fail fails implement implemented implements "
    "import imported imports inherit inherits invoke invoked invokes override overrides parameter parameters raise raised raises return "
    "returned returns take takes test tested tests throw throws usage usages used uses".split()
)
NOTHING_BEFORE = (
    "What is “{}”? Nothing was asked before that it could mean. Say its name, for example: who calls `Cart.total`?"
)
# A question that has no words but these is about what the user points at.
_POINTING_WORDS = frozenset(
    "what whats is are was does do did doing done this that these those here there it its s the a an of in on at for to by and happen "
    "happens happening go goes going line lines code statement function method class file module block part thing stuff about explain "
    "describe summarise summarize summary overview tell show walk me us how work works working hang hangs fit fits together mean means "
    "meaning understand please can could you i we purpose good used exactly actually up with step through detail short briefly".split()
)

_THIS = re.compile(
    r"\b(?:this|these|here)\b(?! (?:project|repo|repository|package|library|workspace|code ?base|application|app|tool|program)\b)",
    re.I,
)
_FEW_WORDS = 8  # in a longer question "it" need not be what is at the cursor
_LINE_WORDS = frozenset("here line lines statement going".split())


def line_in_question(graph: CodeGraph, question: str) -> tuple[str, int] | None:
    """Path and line of the one line of a Python file that a short question names ("What happens at app.py:12?"), in the forms of
    `find_citations`; None if it names none or several."""
    citations = find_citations(question) if len(question) <= _MAX_CHARS else []
    path = locate(graph, citations[0].path) if len(citations) == 1 else None
    document = graph.document(path) if path is not None and is_python(path) else None
    is_line = document is not None and 1 <= citations[0].start <= len(document.lines)
    return (path, citations[0].start) if path is not None and is_line else None


def parse_line_name(graph: CodeGraph, name: str | None) -> tuple[str, int] | None:
    """Path and line of a zoom name such as `app.py:12`; None for other names."""
    ref = (
        _symbol_at_path(graph, name)
        if name and _PLACE.search(name) and not graph.find_symbol(name, at_most=1)
        else None
    )
    return (ref.path, int(name.rpartition(":")[2])) if name and ref is not None else None


def focus_name(question: str, zoom: str | None, cursor: Cursor | None) -> str | None:
    """The name of the symbol or line that a question is about: the user's choice (`zoom`), or else the symbol or line at the cursor if the
    question refers to it; None otherwise."""
    if cursor is None:
        return zoom
    words = re.findall(r"[^\W_]+", question[:_MAX_CHARS].lower())
    only_points = _only_points(question)
    if only_points and _LINE_WORDS & set(words):
        return cursor.line
    if zoom:
        return zoom
    is_named = cursor.word and re.search(rf"(?<!\w){re.escape(cursor.word)}(?!\w)", question)
    refers = only_points or _THIS.search(question) or (_PRONOUN.search(question) and len(words) <= _FEW_WORDS)
    symbol = cursor.find_symbol() if cursor.word and (is_named or refers) else None
    return symbol or (cursor.line if only_points else None)


def points_only_at_cursor(question: str) -> bool:
    """Whether a question is about what is at the cursor, and about nothing else that it names: "what does this return?"."""
    words = re.findall(r"[^\W_]+", question[:_MAX_CHARS])
    is_short = len(words) <= _FEW_WORDS and "`" not in question
    return _only_points(question) or (is_short and _THIS.search(question) is not None)


def expand_question(question: str, ref: SymbolRef | None) -> str:
    """The question; one that only points ("what does this do?") becomes a question about `ref` by name."""
    if ref is None or not _only_points(question):
        return question
    symbol = ref.symbol
    if symbol.kind == "module":
        return f"What is in the module `{ref.module}`?"
    return f"What does `{symbol.qualname}` do?" if symbol.is_callable else f"What is `{symbol.qualname}`?"


def _only_points(question: str) -> bool:
    text = question[:_MAX_CHARS]
    for citation in reversed(find_citations(text)):
        text = text[: citation.begin] + text[citation.finish :]
    words = re.findall(r"[^\W_]+", text.lower())
    return len(question) <= _MAX_CHARS and "`" not in text and set(words) <= _POINTING_WORDS


def zoom_symbol(graph: CodeGraph, name: str | None) -> SymbolRef | None:
    """The symbol of a zoom name: a symbol's name, the path of a Python file (its module) or a line (`app.py:12`: the innermost definition
    there). None without a name. Raises `UsageError`, with the nearest names, if there is none."""
    if not name:
        return None
    refs = graph.find_symbol(name)
    found = refs[0] if refs else _symbol_at_path(graph, name)
    if found is not None:
        return found
    file = _PLACE.sub("", name)
    if file != name and (module := _symbol_at_path(graph, file)) is not None:
        raise UsageError(f"{module.path} has {module.symbol.end} lines; {name!r} is none of them.")
    is_file = file != name or is_python(file)
    ending = "/" + file.replace(os.sep, "/").lstrip("/")
    paths = ["/" + row.path for row in graph.store.files() if is_python(row.path)]
    near_names = [p[1:] for p in paths if p.endswith(ending)] or [
        p[1:] for p in paths if p.endswith(ending[ending.rfind("/") :])
    ]
    near_names = near_names[:_MAX_NEAR] or graph.nearest_names(
        file.removesuffix(".py").replace("/", ".").rpartition(".")[2]
    )
    hint = f" Did you mean {', '.join(near_names)}?" if near_names else ""
    raise UsageError(f"There is no {'file' if is_file else 'symbol'} {file!r} in this workspace.{hint}")


def _symbol_at_path(graph: CodeGraph, name: str) -> SymbolRef | None:
    """The module of a file or of a package's folder, or the symbol at a line; the front of the path may be left out if it is
    unambiguous."""
    path, _, line = name.rpartition(":") if _PLACE.search(name) else (name, "", "")
    if os.path.isabs(path):
        path = os.path.relpath(os.path.realpath(path), graph.root)
    path = posixpath.normpath(path.replace(os.sep, "/"))
    for candidate_path in (path, f"{path}/__init__.py"):
        facts = graph.facts(located) if (located := locate(graph, candidate_path)) is not None else None
        if facts is not None and is_python(facts.path):
            return graph.symbol_at(facts.path, int(line)) if line else graph.ref(facts, 0)
    return None


def unresolved_pronoun(question: Question) -> str:
    """The pronoun of a question that is about nothing else ("who calls it?"); "" if the question names something."""
    pronoun = _PRONOUN.search(question.text[:300])
    if pronoun is None or question.identifiers or question.paths or not question.words:
        return ""
    return pronoun.group() if all(word.lower() in _PRONOUN_QUESTION_WORDS for word in question.words) else ""
