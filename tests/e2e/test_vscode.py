"""The packaged extension in real VS Code, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from .conftest import missing
from .processes import describe, servers, wait_until
from .setup_editors import EXTENSION_PACKAGE, PLAYWRIGHT_CORE, VSCODE_SERVER, find_chromium
from .workbench import Workbench
from .workspace import LOYALTY_FILE, LOYALTY_QUESTION, UNKNOWN_QUESTION, line_of

CANCEL = '[data-action="cancel"]'
ANSWER_TAB = '.tab[data-resource-name^="webview-pathline.answer"]'

pytestmark = [pytest.mark.editor, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def installed() -> None:
    if not (VSCODE_SERVER.exists() and PLAYWRIGHT_CORE.exists() and EXTENSION_PACKAGE.exists() and find_chromium()):
        missing("VS Code with the packaged extension", "--vscode")


@contextmanager
def open_workbench(
    command: list[str], workspace: Path, environment: dict[str, str], output: Path, name: str, path: str
) -> Iterator[Workbench]:
    """VS Code with `path` open. On failure a screenshot stays; leaving it must leave no server."""
    settings: dict[str, Any] = {"pathline.serverCommand": command, "pathline.useModel": False}
    workbench = Workbench(workspace, settings, environment, output / f"{name}.log")
    try:
        workbench.open(path)
        yield workbench
    except BaseException:
        with suppress(AssertionError, OSError):
            workbench.screenshot(output / f"{name}-failed.png")
        raise
    finally:
        workbench.close()
    wait_until(
        lambda: not servers(environment), lambda: f"the server ends with the editor: {describe(servers(environment))}"
    )


def test_ask_and_follow_a_citation(
    server_command: list[str], workspace: Path, environment: dict[str, str], output: Path
) -> None:
    with open_workbench(server_command, workspace, environment, output, "ask", "shop/orders.py") as workbench:
        workbench.ask(LOYALTY_QUESTION)
        workbench.wait_for_answer()
        assert workbench.texts(*workbench.in_answer("h1")) == [LOYALTY_QUESTION]
        wait_until(lambda: servers(environment), "the server runs")

        labels = workbench.texts(*workbench.in_answer(".citation"))
        assert labels
        sentences = workbench.texts(*workbench.in_answer(".claims > li"))
        assert any("loyalty_discount" in sentence for sentence in sentences)
        assert all(re.search(r"\.py:\d+", sentence) for sentence in sentences), "a sentence without a citation"

        cited = next(label for label in labels if label.startswith(f"{LOYALTY_FILE}:"))
        line = int(cited.partition(":")[2].partition("-")[0])
        workbench.click(*workbench.in_answer(f'.citation[data-link="{labels.index(cited)}"]'))
        wait_until(lambda: workbench.active_file() == "loyalty.py", "the cited file is open")
        wait_until(lambda: workbench.cursor_line() == line, f"the cursor is at line {line}")
        workbench.wait(".editor-group-container.active .squiggly-info")
        workbench.screenshot(output / "ask.png")

        # Moving through the list previews the lines; who only looks is then back where they were.
        place = workbench.active_file(), workbench.cursor_line()
        workbench.command("Pathline: Show Citations")
        workbench.wait(f'.quick-input-list .monaco-list-row:has-text("{cited}")')
        workbench.browser.call("press", key="ArrowUp")
        wait_until(lambda: (workbench.active_file(), workbench.cursor_line()) != place, "the lines are previewed")
        workbench.browser.call("press", key="Escape")
        wait_until(lambda: (workbench.active_file(), workbench.cursor_line()) == place, "the place is as before")

        # "It" is what the last answer is about.
        workbench.click(*workbench.in_answer('[data-action="follow"]'))
        workbench.answer_prompt("A question about the last answer", "And who calls it?")
        workbench.wait(*workbench.in_answer('h1:has-text("And who calls it?")'))
        workbench.wait(*workbench.in_answer("footer"))
        assert any("is called by" in text for text in workbench.texts(*workbench.in_answer(".claims > li")))
        labels = workbench.texts(*workbench.in_answer(".citation"))
        cited = labels[0]

        # By keyboard: the list of citations.
        workbench.command("Pathline: Show Citations")
        workbench.wait(f'.quick-input-list .monaco-list-row:has-text("{cited}")')
        workbench.screenshot(output / "citations.png")
        workbench.browser.call("press", key="Escape")

        workbench.command("Pathline: Clear Citations")
        workbench.wait(".squiggly-info", state="detached")
        workbench.wait("iframe.webview", state="detached")
        assert workbench.browser.call("foreign") == []


def test_symbols_and_what_is_not_there(
    server_command: list[str], workspace: Path, environment: dict[str, str], output: Path
) -> None:
    with open_workbench(server_command, workspace, environment, output, "symbol", LOYALTY_FILE) as workbench:
        go_to_line(workbench, line_of(LOYALTY_FILE, "def years_of"), column=6)
        workbench.command("Pathline: Ask About Symbol")
        workbench.wait('.quick-input-message:has-text("A question about years_of")')
        workbench.browser.call("press", key="Enter")
        workbench.wait_for_answer()
        assert workbench.texts(*workbench.in_answer("h1")) == ["What does years_of do?"]
        assert any("years_of" in text for text in workbench.texts(*workbench.in_answer(".claims > li")))

        # The server's code action asks the same way.
        workbench.click(".editor-group-container .view-lines")
        go_to_line(workbench, line_of(LOYALTY_FILE, "def loyalty_discount"), column=6)
        workbench.browser.call("press", key="Control+.")
        workbench.wait('.action-widget .monaco-list-row:has-text("Ask about")')
        workbench.screenshot(output / "code-action.png")
        workbench.click('.action-widget .monaco-list-row:has-text("Ask about")')
        workbench.wait('.quick-input-message:has-text("A question about loyalty_discount")')
        workbench.browser.call("press", key="Enter")
        workbench.wait(*workbench.in_answer('h1:has-text("loyalty_discount")'))
        workbench.wait(*workbench.in_answer("footer"))

        go_to_line(workbench, 2, column=1)
        workbench.ask(UNKNOWN_QUESTION)
        workbench.wait(*workbench.in_answer('.not-found:has-text("Not found in this workspace")'))
        workbench.screenshot(output / "not-found.png")


def test_streaming_cancel_errors_and_hostile_text(
    scripted_server: tuple[list[str], Path], workspace: Path, environment: dict[str, str], output: Path
) -> None:
    command, log = scripted_server
    with open_workbench(command, workspace, environment, output, "scripted", LOYALTY_FILE) as workbench:
        # Sentences are shown as they arrive, and Cancel reaches the server.
        workbench.ask("wait")
        workbench.wait(*workbench.in_answer('li:has-text("The first sentence has arrived.")'))
        assert not received(log, "$/cancelRequest")
        workbench.screenshot(output / "streaming.png")
        workbench.browser.call("mark", target=workbench.in_answer(".claims > li"))
        workbench.click(*workbench.in_answer(CANCEL))
        wait_until(lambda: received(log, "$/cancelRequest"), "the server is told")
        (asked,) = received(log, "pathline/ask")
        (cancelled,) = received(log, "$/cancelRequest")
        assert cancelled["params"]["id"] == asked["id"]
        workbench.wait(*workbench.in_answer('.status:has-text("Cancelled.")'))
        assert workbench.count(*workbench.in_answer("li")) == 1
        marked = workbench.browser.call("marked", target=workbench.in_answer(".claims > li"))
        assert marked == [True], "what was read stays as it is"

        # So does the command, for the keyboard.
        workbench.ask("wait")
        workbench.wait(*workbench.in_answer(CANCEL))
        workbench.command("Pathline: Cancel")
        wait_until(lambda: len(received(log, "$/cancelRequest")) == 2, "the server is told again")

        # A new question takes the place of one that is still being answered.
        workbench.ask("wait")
        workbench.wait(*workbench.in_answer(CANCEL))
        workbench.ask("fail")
        workbench.wait(*workbench.in_answer('.status .error:has-text("the index is broken")'))
        assert len(received(log, "$/cancelRequest")) == 3

        # What was answered, and is asked again, is no further question of its conversation.
        workbench.ask("incomplete")
        again = ('[data-action="again"]', '.status:has-text("the index is being built")')
        for count in (1, 2):
            workbench.wait(*workbench.in_answer(again[1]))
            workbench.click(*workbench.in_answer(again[0]))
            wait_until(lambda count=count: len(asked_for(log, "incomplete")) == count + 1, "it is asked again")
        first, second, third = asked_for(log, "incomplete")
        assert "again" not in first
        assert second["again"] is third["again"] is True
        assert first["conversation"] == second["conversation"] == third["conversation"]

        # Long lines wrap.
        workbench.ask("long")
        workbench.wait(*workbench.in_answer(".steps > li"))
        workbench.screenshot(output / "long.png")
        assert workbench.browser.call("overflows", target=workbench.in_answer("html")) is False

        # What the repository says stays text.
        workbench.ask("hostile")
        workbench.wait(*workbench.in_answer("footer"))
        workbench.screenshot(output / "hostile.png")
        (sentence,) = workbench.texts(*workbench.in_answer(".claims > li"))
        assert "<img src=" in sentence
        assert "[a link](command:workbench.action.quit)" in sentence
        assert workbench.count(*workbench.in_answer("#answer :is(img, a, script, iframe, h2, h1 + h1)")) == 0
        assert workbench.count(*workbench.in_answer(".citation")) == 1
        assert "never shown" not in " ".join(workbench.texts(*workbench.in_answer("#answer")))
        assert not [url for url in workbench.browser.call("foreign") if "pathline.invalid" in url]


def test_an_answer_closed_while_it_is_made_stays_closed(
    scripted_server: tuple[list[str], Path], workspace: Path, environment: dict[str, str], output: Path
) -> None:
    command, log = scripted_server
    with open_workbench(command, workspace, environment, output, "closed", LOYALTY_FILE) as workbench:
        workbench.ask("wait")
        workbench.wait(*workbench.in_answer(CANCEL))
        workbench.click(f"{ANSWER_TAB} .tab-actions a")
        wait_until(lambda: len(received(log, "$/cancelRequest")) == 1, "closing cancels")
        # What follows needs a while, in which the answer could come back.
        workbench.ask("wait")
        workbench.wait(*workbench.in_answer(CANCEL))
        assert workbench.count(ANSWER_TAB) == 1
        workbench.command("Pathline: Clear Citations")
        wait_until(lambda: len(received(log, "$/cancelRequest")) == 2, "clearing cancels")
        workbench.command("View: Focus Active Editor Group")
        assert workbench.count(ANSWER_TAB) == 0

        # A question brings an answer into sight that stands behind another tab, also while one is being made.
        workbench.ask("wait")
        workbench.wait(*workbench.in_answer(CANCEL))
        workbench.click(ANSWER_TAB)
        workbench.command("File: New Untitled Text File")
        workbench.wait("iframe.webview.ready", state="hidden")
        workbench.ask("anything else")
        workbench.wait(*workbench.in_answer('h1:has-text("anything else")'))
        workbench.wait(*workbench.in_answer("footer"))


def test_a_server_that_dies_and_the_folder_that_is_asked(
    scripted_server: tuple[list[str], Path], workspace: Path, environment: dict[str, str], output: Path
) -> None:
    command, log = scripted_server
    with open_workbench(command, workspace, environment, output, "dies", LOYALTY_FILE) as workbench:
        workbench.ask("die")
        workbench.wait(*workbench.in_answer('.error:has-text("the server stopped before it had answered")'))
        workbench.screenshot(output / "dies.png")
        # The editor starts it again, and the same question finds it.
        workbench.click(*workbench.in_answer('[data-action="again"]'))
        wait_until(lambda: len(received(log, "pathline/ask")) == 2, "the question is asked again")
        workbench.wait(*workbench.in_answer('.error:has-text("the server stopped before it had answered")'))
        workbench.ask("anything")
        workbench.wait(*workbench.in_answer("footer"))

        # A follow-up stays with the conversation's folder, and a question from the answer with the one in view.
        workbench.click(*workbench.in_answer('[data-action="follow"]'))
        workbench.answer_prompt("A question about the last answer", "and then?")
        workbench.wait(*workbench.in_answer('h1:has-text("and then?")'))
        workbench.click(*workbench.in_answer("h1"))
        workbench.ask("something new")
        workbench.wait(*workbench.in_answer('h1:has-text("something new")'))
        workbench.wait(*workbench.in_answer("footer"))
        at_cursor, _, first, follow, new = (message["params"] for message in received(log, "pathline/ask"))
        assert "position" in at_cursor
        for asked in (first, follow, new):
            assert asked["textDocument"] == at_cursor["textDocument"]
        assert first["conversation"] == follow["conversation"] != new["conversation"]
        assert (
            "position" not in follow
        )  # whether `new` has one depends on when the click takes the focus out of the editor


def test_edits_are_followed_and_texts_are_known(
    scripted_server: tuple[list[str], Path], workspace: Path, environment: dict[str, str], output: Path
) -> None:
    command, log = scripted_server
    with open_workbench(command, workspace, environment, output, "edits", LOYALTY_FILE) as workbench:
        workbench.ask("anything")
        workbench.wait(*workbench.in_answer("footer"))
        go_to_line(workbench, 3, column=1)
        workbench.browser.call("press", key="Control+Home")
        wait_until(lambda: workbench.cursor_line() == 1, "the cursor is at what is cited")
        workbench.browser.call("press", key="Control+Shift+Enter")  # a line above this one
        wait_until(lambda: received(log, "textDocument/didChange"), "it is inserted")
        go_to_line(workbench, 5, column=1)
        workbench.click(*workbench.in_answer(".citation"))
        wait_until(lambda: workbench.cursor_line() == 2, "the citation has moved with its line")

        workbench.click('.explorer-folders-view .monaco-list-row:has-text("pyproject.toml")')
        uri = (workspace / "pyproject.toml").as_uri()
        wait_until(
            lambda: uri in [m["params"]["textDocument"]["uri"] for m in received(log, "textDocument/didOpen")],
            "a text that can be cited is opened for the server",
        )


def test_the_program_is_missing(workspace: Path, environment: dict[str, str], output: Path) -> None:
    command = ["/nowhere/pathline"]
    with open_workbench(command, workspace, environment, output, "missing", LOYALTY_FILE) as workbench:
        workbench.wait('.notification-toast:has-text("The program /nowhere/pathline was not found")')
        workbench.screenshot(output / "missing.png")
        workbench.click('.notification-toast .monaco-button:has-text("How to Install")')
        workbench.wait(*workbench.in_answer('h2:has-text("Install")'))


def go_to_line(workbench: Workbench, line: int, column: int) -> None:
    workbench.browser.call("press", key="Control+G")
    workbench.wait(".quick-input-widget input")
    workbench.browser.call("type", text=f"{line}:{column}")
    workbench.browser.call("press", key="Enter")
    wait_until(lambda: workbench.cursor_line() == line, f"the cursor is at line {line}")


def asked_for(log: Path, question: str) -> list[dict[str, Any]]:
    asked = [message["params"] for message in received(log, "pathline/ask")]
    return [params for params in asked if params["question"] == question]


def received(log: Path, method: str) -> list[dict[str, Any]]:
    messages = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [message for message in messages if message.get("method") == method]
