"""Answer one question on a worker thread, and add LSP locations to the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import unquote

from adapter_core import AskOptions, Backend, CodeGraph, Cursor, answer_question
from adapter_core.engine import is_python, join_reasons, points_only_at_cursor
from adapter_core.types import Answer, CancelToken, Span

from .conversations import Conversations
from .engine_client import Engine
from .freshness import Located
from .positions import to_column
from .session import Snapshot
from .symbols import line_range, symbol_at, word_at, zoom_name
from .workspace import Place, Root

# Called on the worker thread: ("stage", name), or ("claim", an answer of one claim, `Located`).
Emit = Callable[[str, Any], None]


_OUTSIDE = "{} lies in none of the folders that are open"
_NO_CURSOR = (
    "{} lies in none of the folders that are open, so what is at its cursor cannot be looked up. Open its folder, or say the name that you"
    " ask about."
)
_FIRST_FOLDER_ONLY = "only the folder {} was asked; ask from a file of another one to ask about that"


@dataclass(frozen=True, slots=True)
class Question:
    """A client's question. `position` is (line, units) in the document `uri`. `conversation` is the client's id of the conversation, whose
    earlier questions this one may refer to; `again`: this is its last one, which is answered anew."""

    text: str
    uri: str | None = None
    position: tuple[int, int] | None = None
    phrase: bool = False
    conversation: str | None = None
    again: bool = False


def root_of(snapshot: Snapshot, question: Question) -> Root:
    """The folder that a question is about; the first if it names no document in one. May read the file system; not for the loop thread."""
    place = snapshot.place(question.uri) if question.uri else None
    return place.root if place is not None else snapshot.roots[0]


def answer(
    snapshot: Snapshot,
    question: Question,
    engine: Engine,
    conversations: Conversations,
    cancel: CancelToken,
    emit: Emit,
) -> tuple[Located, Callable[[], None]]:
    """(answer, remember): `remember()` adds it to its conversation, once it is the answer that is shown.

    Raises `UsageError`, `Cancelled` and other `PathlineError`s. `snapshot` has at least one root.
    """
    place = snapshot.place(question.uri) if question.uri else None
    root = root_of(snapshot, question)
    outside = _file_name(question.uri) if place is None and question.uri is not None else ""
    if outside and question.position is not None and points_only_at_cursor(question.text):
        text = _NO_CURSOR.format(outside)
        return Located(Answer(question.text, text, found=False, reason=_OUTSIDE.format(outside)), {}), _remember_nothing
    with snapshot.graph(root, place.path if place is not None else None) as graph:
        options = AskOptions(
            cursor=_cursor(snapshot, graph, place, question, engine, cancel),
            phrase=question.phrase,
        )
        backend, no_model_reason = _backend(snapshot, options, engine)
        places = _Places(snapshot, graph, root)

        def on_event(name: str, value: Any) -> None:
            if name == "claim":
                emit("claim", places.located(Answer("", "", (value,))))
            elif name == "stage":
                emit("stage", value)

        name = question.conversation
        if name is None:
            answer_found = answer_question(graph, question.text, options, backend, cancel, on_event)
            remember = _remember_nothing
        else:
            again = question.text if question.again else None
            conversation, before = (conversations.copy_of(name, str(root.real), again) for _ in range(2))
            answer_found = conversation.ask(graph, question.text, options, backend, cancel, on_event)
            remember = partial(conversations.keep, name, str(root.real), conversation, before)
        state = snapshot.indexes.get(root.name)
        trouble = state.trouble if state is not None else ""
        folder_note = "" if place is not None or len(snapshot.roots) == 1 else _FIRST_FOLDER_ONLY.format(root.name)
        answer_found = replace(
            answer_found,
            complete=answer_found.complete and not trouble,
            reason=join_reasons(
                trouble, answer_found.reason, no_model_reason, _OUTSIDE.format(outside) if outside else "", folder_note
            ),
        )
        return places.located(answer_found), remember


def _file_name(uri: str) -> str:
    return unquote(uri).rpartition("/")[2] or uri


def _remember_nothing() -> None:
    """The `remember` of a question without a conversation."""


def _cursor(
    snapshot: Snapshot, graph: CodeGraph, place: Place | None, question: Question, engine: Engine, cancel: CancelToken
) -> Cursor | None:
    """The cursor at the question's position; None outside of Python files, in which nothing stands for "this"."""
    if place is None or question.position is None or question.uri is None or not is_python(place.path):
        return None
    line, units = question.position
    column = _column(snapshot, graph, place, question.uri, line, units)
    document = graph.document(place.path)
    word = word_at(document.lines[line], column) if document is not None and line < len(document.lines) else None

    def find_symbol() -> str | None:
        found = symbol_at(graph, place.path, line + 1, column, engine.jedi, cancel)
        return zoom_name(graph, found.ref) if found is not None else None

    return Cursor(f"{place.path}:{line + 1}", word.name if word is not None else "", find_symbol)


def _column(snapshot: Snapshot, graph: CodeGraph, place: Place, uri: str, line: int, units: int) -> int:
    document = snapshot.document(uri)
    if document is not None:
        return document.column(line, units, snapshot.encoding)
    on_disk = graph.document(place.path)
    text = on_disk.lines[line] if on_disk is not None and line < len(on_disk.lines) else ""
    return to_column(text, units, snapshot.encoding)


def _backend(snapshot: Snapshot, options: AskOptions, engine: Engine) -> tuple[Backend | None, str]:
    """(model, "") if this answer uses one; else (None, the reason for the user or "")."""
    if not snapshot.settings.useModel:
        return None, "the model is switched off in the settings" if options.phrase else ""
    if not options.phrase and options.reading.weight <= 0:
        return None, ""
    return engine.backend(snapshot.settings.model_name)


class _Places:
    """The LSP locations of spans."""

    def __init__(self, snapshot: Snapshot, graph: CodeGraph, root: Root) -> None:
        self._snapshot = snapshot
        self._graph = graph
        self._root = root
        self._uris: dict[str, str] = {}

    def located(self, answer: Answer) -> Located:
        spans = {citation.span for claim in answer.claims for citation in claim.citations}
        spans.update(item.span for item in answer.evidence)
        return Located(answer, {span: self._location(span) for span in spans})

    def _location(self, span: Span) -> dict[str, Any]:
        if span.path not in self._uris:
            self._uris[span.path] = self._snapshot.uri_of(self._root, span.path)
        lines = line_range(self._graph, span.path, span.start, span.end, self._snapshot.encoding)
        return {"uri": self._uris[span.path], "range": lines}
