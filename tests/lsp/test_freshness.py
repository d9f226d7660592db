"""Answers about documents that are edited while they are made."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

import lsp_server.answering as answering
from adapter_core import AskOptions, answer_question
from adapter_core.engine import hash_lines
from adapter_core.types import Answer, Citation, Claim, Evidence, Span
from lsp_server.documents import Document, Edit
from lsp_server.features.ask import run_question
from lsp_server.freshness import Located, up_to_date, without_stale
from lsp_server.moved_lines import LineMoves, move_between
from lsp_server.positions import UTF16
from lsp_server.server import PathlineServer
from lsp_server.session import Session
from lsp_server.workspace import Root
from tests.support import graph_of

URI = "file:///a.py"
LINES = [f"line {number}" for number in range(1, 11)]
BEFORE = Document(URI, 1, "\n".join(LINES))


def cited(start: int, end: int, text: str) -> Claim:
    citation = Citation(Span("r", "a.py", start, end), hash_lines(LINES, start, end), True, True, True)
    return Claim(text, "composed", (citation,))


def located(*claims: Claim, text: str = "", evidence: tuple[Evidence, ...] = ()) -> Located:
    answer = Answer(
        "Why?", text or "\n".join(f"- {c.text} (`{c.citations[0].span}`)" for c in claims), claims, evidence
    )
    spans = [x.span for c in claims for x in c.citations] + [e.span for e in evidence]
    return Located(answer, {s: {"uri": URI, "range": lsp_range(s.start, s.end)} for s in spans})


def lsp_range(start: int, end: int) -> dict[str, Any]:
    return {"start": {"line": start - 1, "character": 0}, "end": {"line": end - 1, "character": 6}}


def after(told: Located, *edits: Edit) -> tuple[Located, int]:
    moves, document = LineMoves(), BEFORE
    for version, edit in enumerate(edits, 2):
        before, document = document, document.edited([edit], version, UTF16)
        moves.edited(before, document)
    return up_to_date(told, moves, {URI: document})


ABOVE = Edit("# new\n", (0, 0), (0, 0))
BELOW = Edit("", (8, 0), (9, 0))


def test_lines_that_only_moved_are_cited_where_they_are() -> None:
    seen = Evidence(Span("r", "a.py", 6, 7), "", "", "f", "function", 1.0)
    told, stale = after(located(cited(4, 5, "A."), cited(7, 7, "B."), evidence=(seen,)), BELOW, ABOVE, ABOVE)
    value = told.to_json()
    assert stale == 0
    assert value["text"] == "- A. (`a.py:6-7`)\n- B. (`a.py:9`)"
    assert [(c["start"], c["end"]) for claim in value["claims"] for c in claim["citations"]] == [(6, 7), (9, 9)]
    assert [c["location"]["range"] for claim in value["claims"] for c in claim["citations"]] == [
        lsp_range(6, 7),
        lsp_range(9, 9),
    ]
    assert (value["evidence"][0]["start"], value["evidence"][0]["location"]["range"]) == (8, lsp_range(8, 9))


def test_a_sentence_whose_lines_were_edited_is_not_shown_and_the_others_are() -> None:
    """Where the answer has an opening line, too, and a stale sentence stands first."""
    opening = "Not found in this workspace: `x`. What comes nearest:\n\n"
    claims = cited(2, 2, "A."), cited(4, 5, "B."), cited(7, 7, "C.")
    text = opening + "- A. (`a.py:2`)\n- B. (`a.py:4-5`)\n- C. (`a.py:7`)\n\nCommit `abc`."
    told, stale = after(located(*claims, text=text), ABOVE, Edit("!", (2, 0), (2, 0)))
    assert stale == 1
    shown = without_stale(told).to_json()
    assert shown["text"] == opening + "- B. (`a.py:5-6`)\n- C. (`a.py:8`)\n\nCommit `abc`."
    assert [c["text"] for c in shown["claims"]] == ["B.", "C."]
    assert [d["text"] for d in shown["dropped"]] == ["A."]
    assert (shown["found"], shown["complete"]) == (True, False)
    assert "were edited" in shown["reason"]


def test_where_all_were_edited_there_is_no_answer() -> None:
    told, stale = after(located(cited(2, 2, "A.")), Edit("!", (1, 0), (1, 0)))
    shown = without_stale(told).to_json()
    assert (stale, shown["found"], shown["claims"]) == (1, False, [])
    assert shown["text"].startswith("No answer")


def test_what_an_answer_is_rebuilt_from_is_what_the_core_writes(tmp_path: Path) -> None:
    """`with_claims` finds the sentences in the text of a real answer, behind its opening line."""
    text = "def heat(water):\n    '''Boil it.'''\n    return water + 1\n"
    with graph_of(tmp_path, f"#- a.py\n{text}") as graph:
        answer = answer_question(graph, "What does heat do with kettle_xyz?", AskOptions(zoom="heat"))
    assert answer.text.startswith("Not found in this workspace: `kettle_xyz`")
    assert answer.claims
    locations = {c.span: {"uri": URI, "range": lsp_range(1, 1)} for claim in answer.claims for c in claim.citations}
    told = Located(answer, locations | {e.span: {"uri": URI, "range": lsp_range(1, 1)} for e in answer.evidence})
    document = Document(URI, 1, text)
    moves = LineMoves()
    after = document.edited([ABOVE], 2, UTF16)
    moves.edited(document, after)
    now, stale = up_to_date(told, moves, {URI: after})
    assert stale == 0
    assert now.answer.text.startswith("Not found in this workspace: `kettle_xyz`")
    for claim in now.answer.claims:
        assert str(claim.citations[0].span) in now.answer.text
        assert claim.citations[0].span.start > 1


@pytest.mark.parametrize(
    ("edit", "expected"),
    [(ABOVE, "- A. (`a.py:5-6`)"), (Edit("!", (4, 0), (4, 0)), "No answer: cited lines were edited while")],
)
def test_a_question_during_which_is_typed(monkeypatch: pytest.MonkeyPatch, edit: Edit, expected: str) -> None:
    """Each time it is made, before it is there, an edit comes."""
    session = Session()
    session.roots = (Root("r", "file:///", "/", Path("/")),)
    session.documents.open(URI, 1, BEFORE.text)
    shown: list[dict[str, Any]] = []

    async def run() -> dict[str, Any]:
        loop = asyncio.get_running_loop()

        def typed() -> None:
            changed = session.documents.change(URI, 2, [edit], UTF16)
            assert changed is not None
            session.edited(*changed)

        def answer(*_: Any) -> tuple[Located, Callable[[], None]]:
            asyncio.run_coroutine_threadsafe(_call(typed), loop).result(10)
            return located(cited(4, 5, "A.")), lambda: None

        monkeypatch.setattr(answering, "answer", answer)
        with ThreadPoolExecutor(1) as pool:
            server = SimpleNamespace(
                session=session, answers=pool, engine=None, conversations=None, work_done_progress=None,
                cited=SimpleNamespace(show=shown.append), catch_up=_caught_up,
            )  # fmt: skip
            return await run_question(cast(Any, server), answering.Question("Why?"))

    told = asyncio.run(run())
    assert told["text"].startswith(expected)
    assert shown == [told]
    assert session._line_moves == []


@pytest.mark.parametrize(
    ("on_disk", "reopened", "expected"),
    [
        (BEFORE.text, None, "- A. (`a.py:4-5`)"),
        ("# new\n" + BEFORE.text, None, "- A. (`a.py:5-6`)"),
        ("what was saved\n", None, "No answer: cited lines were edited while"),
        (None, None, "No answer: cited lines were edited while"),
        ("what was saved\n", "# new\n" + BEFORE.text, "- A. (`a.py:5-6`)"),
    ],
)
def test_a_question_during_which_a_document_is_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, on_disk: str | None, reopened: str | None, expected: str
) -> None:
    """What was not saved is gone: what is cited is what is on the disk then, or in the document that was opened again."""
    file = tmp_path / "a.py"
    if on_disk is not None:
        file.write_text(on_disk)
    uri = file.as_uri()
    server = PathlineServer()
    session = server.session
    session.roots = (Root("r", tmp_path.as_uri(), str(tmp_path), tmp_path),)
    features = server.protocol.fm.features
    monkeypatch.setattr(server, "catch_up", _caught_up)
    monkeypatch.setattr(server.cited, "show", lambda answer: None)
    told = located(cited(4, 5, "A."))
    told = Located(told.answer, {span: {**location, "uri": uri} for span, location in told.locations.items()})

    def open_with(text: str) -> None:
        document = types.TextDocumentItem(uri, "python", 1, text)
        features["textDocument/didOpen"](types.DidOpenTextDocumentParams(document))

    def change() -> None:
        features["textDocument/didClose"](types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        if reopened is not None:
            open_with(reopened)

    async def run() -> dict[str, Any]:
        loop = asyncio.get_running_loop()

        def answer(*_: Any) -> tuple[Located, Callable[[], None]]:
            if uri in session.documents.all():
                asyncio.run_coroutine_threadsafe(_call(change), loop).result(10)
            else:
                open_with(BEFORE.text)  # as if the second attempt found the same again
                asyncio.run_coroutine_threadsafe(_call(change), loop).result(10)
            return told, lambda: None

        monkeypatch.setattr(answering, "answer", answer)
        open_with(BEFORE.text)
        return await run_question(server, answering.Question("Why?"))

    assert asyncio.run(run())["text"].startswith(expected)


@pytest.mark.parametrize(
    ("on_disk", "tries", "expected"),
    [
        (BEFORE.text, 1, "- A. (`a.py:4-5`)"),
        ("# new\n" + BEFORE.text, 2, "No answer: cited lines were edited while"),
    ],
)
def test_a_question_during_which_a_file_changes_that_is_not_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, on_disk: str, tries: int, expected: str
) -> None:
    """A branch switch: nothing tells that its lines moved but the file itself."""
    file = tmp_path / "a.py"
    file.write_text(BEFORE.text)
    server = PathlineServer()
    server.session.roots = (Root("r", tmp_path.as_uri(), str(tmp_path), tmp_path),)
    monkeypatch.setattr(server, "catch_up", _caught_up)
    monkeypatch.setattr(server.cited, "show", lambda answer: None)
    told = located(cited(4, 5, "A."))
    told = Located(told.answer, {span: {**place, "uri": file.as_uri()} for span, place in told.locations.items()})
    answered: list[int] = []

    def answer(*_: Any) -> tuple[Located, Callable[[], None]]:
        answered.append(1)
        file.write_text(on_disk)
        return told, lambda: None

    monkeypatch.setattr(answering, "answer", answer)
    assert asyncio.run(run_question(server, answering.Question("Why?")))["text"].startswith(expected)
    assert len(answered) == tries


async def _call(work: Callable[[], None]) -> None:
    work()


async def _caught_up(root: Root, seconds: float, cancel: threading.Event) -> bool:
    return True


texts = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)


@given(st.lists(texts, min_size=2, max_size=5), st.integers(1, 8), st.integers(0, 3))
def test_a_moved_line_is_the_line_that_it_was(versions: list[list[str]], start: int, more: int) -> None:
    end = min(start + more, len(versions[0]))
    place: tuple[int, int] | None = (start, end) if start <= end else None
    for old, new in pairwise(versions):
        place = move_between(old, new).of(*place) if place is not None else None
    if place is not None:
        assert versions[-1][place[0] - 1 : place[1]] == versions[0][start - 1 : end]
