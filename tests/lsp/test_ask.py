"""Questions over LSP: each citation is looked up in the files, and what is shown follows the text."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from adapter_core.answers.conversation import Conversation, QuestionTurn
from lsp_server.conversations import Conversations
from tests.support import write_tree

from .harness import Client, RpcError, edit

Connect = Callable[..., Client]
Shared = tuple[Client, Path]
QUESTION = "What does add_item raise when the cart is full?"


def check_citations(answer: dict[str, Any], root: Path, texts: dict[str, str] | None = None) -> int:
    """Every citation resolves, has the hash of the lines as they are, and a location that covers exactly these. How many."""
    count = 0
    for claim in answer["claims"]:
        assert claim["citations"]
        for citation in claim["citations"]:
            path = citation["path"]
            text = (texts or {}).get(path) or (root / path).read_text("utf-8")
            lines = text.split("\n")
            cited = lines[citation["start"] - 1 : citation["end"]]
            assert len(cited) == citation["end"] - citation["start"] + 1
            assert hashlib.sha256("\n".join(cited).encode()).hexdigest() == citation["sha256"]
            assert (citation["resolves"], citation["fresh"], citation["supports"]) == (True, True, True)
            location = citation["location"]
            assert location["uri"] == (root / path).as_uri()
            assert location["range"] == {
                "start": {"line": citation["start"] - 1, "character": 0},
                "end": {"line": citation["end"] - 1, "character": len(cited[-1].encode("utf-16-le")) // 2},
            }
            count += 1
    return count


def test_every_citation_holds(shared: Shared) -> None:
    client, shop = shared
    answer = client.ask(QUESTION)
    assert (answer["schema"], answer["found"], answer["complete"], answer["question"]) == (1, True, True, QUESTION)
    assert check_citations(answer, shop) >= 1
    assert "ValueError" in answer["text"]
    assert all(item["location"]["uri"].startswith(shop.as_uri()) for item in answer["evidence"])


def test_nothing_found_is_an_answer(shared: Shared) -> None:
    client, _ = shared
    answer = client.ask("How are quantum chromodynamics lattices thermalised?")
    assert not answer["found"]
    assert answer["claims"] == []
    assert answer["text"].startswith("Not found in this workspace.")


def test_the_symbol_under_the_cursor_is_the_subject(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/checkout.py")
    # `cart.add_item`: only type inference knows what `cart` is.
    answer = client.ask("What does this do?", textDocument={"uri": uri}, position={"line": 8, "character": 16})
    assert check_citations(answer, shop) >= 1
    assert "add_item" in answer["text"]


def test_a_question_that_does_not_speak_of_the_cursor_is_not_about_it(shared: Shared) -> None:
    client, shop = shared
    place = {"textDocument": {"uri": client.open(shop / "shop/checkout.py")}, "position": {"line": 8, "character": 16}}
    answer = client.ask("How are quantum chromodynamics lattices thermalised?", **place)
    assert not answer["found"]
    here = client.ask("what happens here?", **place)
    assert "shop/checkout.py:8-9" in here["text"]


def test_unsaved_text_is_what_is_cited(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/cart.py")
    changed = (shop / "shop/cart.py").read_text("utf-8").replace("ValueError", "OverflowError")
    client.change(uri, 2, {"text": "# moved down\n" + changed})
    answer = client.ask(QUESTION)
    assert "OverflowError" in answer["text"]
    assert check_citations(answer, shop, {"shop/cart.py": "# moved down\n" + changed}) >= 1


def test_partial_results_come_first_and_are_in_the_answer(shared: Shared) -> None:
    client, shop = shared
    answer = client.ask(QUESTION, partialResultToken="some", workDoneToken="work")
    progress = [m["params"] for m in client.notifications if m["method"] == "$/progress"]
    parts = [claim for p in progress if p["token"] == "some" for claim in p["value"]["claims"]]
    assert parts
    assert all(part in answer["claims"] for part in parts)
    stages = [p["value"] for p in progress if p["token"] == "work"]
    assert stages[0]["kind"] == "begin"
    assert stages[-1]["kind"] == "end"
    assert {"report"} == {stage["kind"] for stage in stages[1:-1]}
    assert check_citations(answer, shop)


def test_a_cancelled_question_ends_at_once(client: Client, shop: Path) -> None:
    """The question waits for jedi's process to start; the cancel reaches it there, and ends that process."""
    uri = client.open(shop / "shop/checkout.py")
    params = {"question": "What is it?", "textDocument": {"uri": uri}, "position": {"line": 13, "character": 10}}
    for method, request in (
        ("pathline/ask", params),
        ("workspace/executeCommand", {"command": "pathline.server.ask", "arguments": [params]}),
    ):
        number = client.start_request(method, request)
        server = psutil.Process(client.process.pid)
        deadline = time.monotonic() + 10
        while not jedi_processes(server) and time.monotonic() < deadline:
            time.sleep(0.005)
        started = time.monotonic()
        client.notify("$/cancelRequest", {"id": number})
        with pytest.raises(RpcError) as error:
            client.result(number, timeout=10)
        assert error.value.code == -32800
        assert time.monotonic() - started < 1
        deadline = time.monotonic() + 5
        while jedi_processes(server) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert jedi_processes(server) == []
    before = len(client.notifications)
    assert client.ask(QUESTION)["found"]
    late = [m for m in client.notifications[before:] if m["method"] == "window/showMessage"]
    assert late == []


def test_an_edit_while_the_answer_is_made_is_seen_in_it(client: Client, shop: Path) -> None:
    """The answer is made while jedi starts; what it would have cited is edited meanwhile, so it is made again."""
    client.open(shop / "shop/checkout.py")
    cart = client.open(shop / "shop/cart.py")
    changed = "# moved down\n" + (shop / "shop/cart.py").read_text("utf-8").replace("one more item", "another thing")
    place = {"textDocument": {"uri": (shop / "shop/checkout.py").as_uri()}, "position": {"line": 13, "character": 10}}
    number = client.start_request("pathline/ask", {"question": "What does it do?", **place})
    client.change(cart, 2, {"text": changed})
    answer = client.result(number)
    assert check_citations(answer, shop, {"shop/cart.py": changed}) >= 1
    assert "one more item" not in answer["text"]
    shown = client.diagnostics(cart, lambda items: items)
    assert all("one more item" not in d["message"] for d in shown)


def jedi_processes(server: psutil.Process) -> list[psutil.Process]:
    found = []
    for process in server.children():
        # One that ends while it is looked at is as good as gone.
        with contextlib.suppress(psutil.Error):
            if any("jedi_worker" in part for part in process.cmdline()):
                found.append(process)
    return found


def test_hover_does_not_wait_for_answers(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/checkout.py")
    question = "What does add_item raise when the cart of a customer is full of prices? " * 200
    numbers = [client.start_request("pathline/ask", {"question": question}) for _ in range(6)]
    for _ in range(5):
        started = time.monotonic()
        assert "class Cart" in (client.hover(uri, 6, 12) or "")
        assert time.monotonic() - started < 2
    for number in numbers:
        client.notify("$/cancelRequest", {"id": number})
    for number in numbers:
        code = client.error_code(number)
        assert code in (None, -32800)


def test_a_cancelled_question_is_nothing_to_log(connect: Connect, shop: Path) -> None:
    log = shop.parent / "stderr"
    with log.open("wb") as stderr:
        client = connect(stderr=stderr)
        client.initialize(shop)
        client.ready()
        with FileLock(next((shop.parent / "cache").rglob("*.lock"))):  # the question waits for the index
            number = client.start_request("pathline/ask", {"question": QUESTION, "workDoneToken": 7})
            client.wait_for(lambda m: m["method"] == "$/progress" and m["params"]["token"] == 7)
            client.notify("$/cancelRequest", {"id": number})
        assert client.error_code(number) == -32800
        assert client.error_code(client.start_request("pathline/ask", {"question": ""})) == -32602
        client.close()
    lines = log.read_text("utf-8").splitlines()
    assert len(lines) == 1, "\n".join(lines)
    assert "`question` must be a string" in lines[0]


def test_the_progress_button_cancels_too(client: Client, shop: Path) -> None:
    uri = client.open(shop / "shop/checkout.py")
    params = {"textDocument": {"uri": uri}, "position": {"line": 13, "character": 10}}
    number = client.start_request("pathline/ask", {"question": "What is it?", "workDoneToken": 7, **params})
    client.wait_for(lambda m: m["method"] == "$/progress" and m["params"]["token"] == 7)
    client.notify("window/workDoneProgress/cancel", {"token": 7})
    with pytest.raises(RpcError) as error:
        client.result(number)
    assert error.value.code == -32800


def test_a_bad_question_is_an_error_that_says_so(shared: Shared) -> None:
    client, _ = shared
    for params in (
        None,
        [],
        {},
        {"question": "  "},
        {"question": 7},
        {"question": "x" * 100_000},
        {"question": "x", "position": {"line": -1, "character": 0}},
        {"question": "x", "textDocument": "file:///a.py"},
        {"question": "x", "phrase": "yes"},
    ):
        with pytest.raises(RpcError) as error:
            client.request("pathline/ask", params)
        assert error.value.code == -32602
        assert error.value.message


def test_a_document_elsewhere_is_no_subject(shared: Shared) -> None:
    client, shop = shared
    for uri in ("untitled:Untitled-1", "file:///nowhere/else.py", (shop / "gone.py").as_uri()):
        answer = client.ask(QUESTION, textDocument={"uri": uri}, position={"line": 0, "character": 0})
        assert check_citations(answer, shop) >= 1


def complete_answer(client: Client, question: str) -> dict[str, Any]:
    """The first answer that says that it knows all files: on a busy machine the first one may not have waited long enough, and says so."""
    until = time.monotonic() + 60
    while not (answer := client.ask(question))["complete"]:
        assert time.monotonic() < until, answer["reason"]
    return answer


def test_an_answer_knows_files_that_changed_without_a_word(client: Client, shop: Path) -> None:
    """A branch was switched outside the editor, and the client watches no files."""
    (shop / "shop/money.py").rename(shop / "shop/coins.py")
    (shop / "shop/paint.py").write_text('def varnish(fence):\n    """Paints a fence twice."""\n')
    moved = complete_answer(client, "What does parse_price do?")
    assert {c["path"] for claim in moved["claims"][:1] for c in claim["citations"]} == {"shop/coins.py"}
    assert complete_answer(client, "What does varnish do with a fence?")["found"]


def test_an_answer_waits_for_a_change_that_was_just_told(client: Client, shop: Path) -> None:
    shutil.rmtree(shop / "shop")
    (shop / "store.py").write_text('def open_store(key):\n    """Opens the store with its key."""\n')
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": (shop / "shop").as_uri(), "type": 3}]})
    assert complete_answer(client, "What does open_store do?")["found"]
    assert "parse_price" not in complete_answer(client, "What does parse_price do?")["text"]


def test_an_answer_says_that_the_file_that_is_asked_about_does_not_parse(shared: Shared) -> None:
    client, shop = shared
    text = (shop / "shop/cart.py").read_text("utf-8")
    uri = client.open(shop / "shop/cart.py")
    assert "parsed" not in client.ask(QUESTION)["reason"]
    client.change(uri, 2, {"text": text.replace("    def total(self)", "    def half(self, x=\n\n    def total(self)")})
    answer = client.ask(QUESTION)
    assert answer["claims"]
    assert not answer["complete"]
    assert "shop/cart.py cannot be parsed as it stands" in answer["reason"]
    assert "cannot be parsed" in client.ask("What does total return?")["reason"]  # written as a plain word
    assert "parsed" not in client.ask("What does parse_price do?")["reason"]


def test_an_answer_that_could_not_wait_for_the_changes_says_so(client: Client, shop: Path) -> None:
    (lock,) = (shop.parent / "cache").rglob("*.lock")
    with FileLock(lock):  # another process writes
        answer = client.ask(QUESTION)
    assert answer["found"]
    assert (answer["complete"], "still being indexed" in answer["reason"]) == (False, True)


def test_a_question_before_initialized_is_answered(connect: Connect, shop: Path) -> None:
    client = connect()
    client.request("initialize", {"processId": None, "rootUri": shop.as_uri(), "capabilities": {}})
    assert not client.ask(QUESTION)["complete"]


def test_an_answer_before_the_index_is_marked_incomplete(connect: Connect, shop: Path) -> None:
    client = connect()
    client.initialize(shop)
    answer = client.ask(QUESTION)
    if not answer["complete"]:
        assert answer["reason"]
    check_citations(answer, shop)
    client.ready()
    assert client.ask(QUESTION)["complete"]


def test_a_wish_for_phrasing_without_a_model_keeps_the_composed_answer(connect: Connect, shop: Path) -> None:
    client = connect(environment={"HF_HUB_OFFLINE": "1"})
    client.initialize(shop, options={"model": str(shop / "no-such-model")})
    client.ready()
    answer = client.ask(QUESTION, phrase=True)
    assert check_citations(answer, shop) >= 1
    assert answer["reason"]


def test_the_command_shows_the_answer_as_a_message(shared: Shared) -> None:
    client, shop = shared
    arguments = [{"question": QUESTION}]
    answer = client.request("workspace/executeCommand", {"command": "pathline.server.ask", "arguments": arguments})
    assert check_citations(answer, shop) >= 1
    message = client.wait_for(lambda m: m["method"] == "window/showMessage")["params"]["message"]
    assert "shop/cart.py:" in message


def test_a_question_may_be_typed_as_the_argument_of_the_command(shared: Shared) -> None:
    client, shop = shared
    answer = client.request("workspace/executeCommand", {"command": "pathline.server.ask", "arguments": [QUESTION]})
    assert check_citations(answer, shop) >= 1
    with pytest.raises(RpcError, match="or the question"):
        client.request("workspace/executeCommand", {"command": "pathline.server.ask", "arguments": QUESTION.split()})


# -- cited lines as diagnostics --------------------------------------------------------------------------------------


def test_cited_lines_are_diagnostics_that_follow_the_text(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/cart.py")
    client.ask(QUESTION)
    shown = client.diagnostics(uri, lambda items: items)
    assert {(d["severity"], d["source"], d["code"]) for d in shown} == {(3, "pathline", "cited")}
    first = min(d["range"]["start"]["line"] for d in shown)

    # An edit above moves them.
    seen = len(client.notifications)
    client.change(uri, 2, edit((0, 0), (0, 0), "# one\n# two\n"))
    moved = client.diagnostics(uri, lambda items: items, seen)
    assert [d["range"]["start"]["line"] for d in moved] == [d["range"]["start"]["line"] + 2 for d in shown]

    # An edit of their lines withdraws those, and only those.
    seen = len(client.notifications)
    client.change(uri, 3, edit((first + 2, 0), (first + 2, 0), "  "))
    left = client.diagnostics(uri, lambda items: len(items) < len(shown), seen)
    assert all(not d["range"]["start"]["line"] <= first + 2 <= d["range"]["end"]["line"] for d in left)

    # The command removes the rest.
    client.request("workspace/executeCommand", {"command": "pathline.server.clearCitations"})
    if left:
        client.diagnostics(uri, lambda items: not items, seen)


def test_the_next_answer_replaces_the_diagnostics(shared: Shared) -> None:
    client, shop = shared
    uri = (shop / "shop/cart.py").as_uri()
    client.ask(QUESTION)
    client.diagnostics(uri, lambda items: items)
    seen = len(client.notifications)
    client.ask("How are quantum chromodynamics lattices thermalised?")
    client.diagnostics(uri, lambda items: not items, seen)


def test_a_change_on_disk_withdraws_the_diagnostics(client: Client, shop: Path) -> None:
    uri = (shop / "shop/cart.py").as_uri()
    client.ask(QUESTION)
    client.diagnostics(uri, lambda items: items)
    seen = len(client.notifications)
    (shop / "shop/cart.py").write_text("# all gone\n")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
    client.diagnostics(uri, lambda items: not items, seen)


def test_closing_without_saving_goes_back_to_the_disk(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/cart.py")
    changed = (shop / "shop/cart.py").read_text("utf-8").replace("ValueError", "OverflowError")
    client.change(uri, 2, {"text": changed})
    client.ask(QUESTION)
    client.diagnostics(uri, lambda items: any("OverflowError" in d["message"] for d in items))
    seen = len(client.notifications)
    client.close_document(uri)
    client.diagnostics(uri, lambda items: not any("OverflowError" in d["message"] for d in items), seen)


def test_diagnostics_can_be_switched_off(client: Client, shop: Path) -> None:
    uri = (shop / "shop/cart.py").as_uri()
    client.ask(QUESTION)
    client.diagnostics(uri, lambda items: items)
    seen = len(client.notifications)
    client.notify("workspace/didChangeConfiguration", {"settings": {"pathline": {"showDiagnostics": False}}})
    client.diagnostics(uri, lambda items: not items, seen)
    seen = len(client.notifications)
    assert client.ask(QUESTION)["found"]
    published = [m for m in client.notifications[seen:] if m["method"] == "textDocument/publishDiagnostics"]
    assert not [m for m in published if m["params"]["diagnostics"]]


def test_two_roots_that_nest(connect: Connect, shop: Path) -> None:
    inner = write_tree(
        shop / "inner", "#- tool.py\ndef sharpen(blade):\n    '''Make a blade sharp again.'''\n    return blade\n"
    )
    folders = [{"uri": root.as_uri(), "name": root.name} for root in (shop, inner)]
    client = connect()
    client.initialize(shop, workspaceFolders=folders)
    client.ready()
    uri = client.open(inner / "tool.py")
    answer = client.ask("What does sharpen do?", textDocument={"uri": uri}, position={"line": 0, "character": 6})
    assert {(c["root"], c["path"]) for claim in answer["claims"] for c in claim["citations"]} == {("inner", "tool.py")}
    assert check_citations(answer, inner) >= 1


def test_a_conversation_leans_on_its_last_answer_and_on_no_others(shared: Shared) -> None:
    client, shop = shared
    first = client.ask(QUESTION, conversation="one")
    assert "add_item" in first["text"]
    follow = client.ask("And who calls it?", conversation="one")
    assert follow["question"] == "And who calls it?"
    assert "add_item` is called by" in follow["text"]
    assert check_citations(follow, shop) >= 1
    for question, conversation in (("And who calls it?", "another"), ("And who calls it?", None), ("its tests?", None)):
        other = client.ask(question, conversation=conversation)
        assert (other["found"], other["claims"]) == (False, [])
        assert "Nothing was asked before" in other["text"]
    place = {"textDocument": {"uri": client.open(shop / "shop/money.py")}, "position": {"line": 10, "character": 6}}
    assert "parse_price` is called by" in client.ask("Who calls it?", **place)["text"]
    assert client.ask("Who calls Money and uses its cents?")["found"]


def test_a_follow_up_that_is_asked_again_is_the_same_question(shared: Shared) -> None:
    """It was about the symbol of its own answer: who calls the caller."""
    client, _ = shared
    client.ask("What does parse_price do?", conversation="again")
    first = client.ask("And who calls it?", conversation="again")
    assert "`parse_price` is called by" in first["text"]
    for _ in range(2):
        again = client.ask("And who calls it?", conversation="again", again=True)
        assert again["text"] == first["text"]
    further = client.ask("And who calls it?", conversation="again")
    assert "`parse_price` is called by" not in further["text"]
    # What was not answered (it was cancelled) is no turn that could be taken back.
    other = client.ask("What does it return?", conversation="again", again=True)
    assert "`checkout` returns" in other["text"]


@pytest.mark.parametrize("name", ["", "n" * 201, 7])
def test_a_name_of_a_conversation_that_cannot_be(shared: Shared, name: object) -> None:
    client, _ = shared
    with pytest.raises(RpcError, match="conversation"):
        client.ask(QUESTION, conversation=name)


def test_the_server_keeps_the_conversations_used_last() -> None:
    kept = Conversations()
    for number in range(40):
        conversation = kept.copy_of(str(number), "root")
        conversation.turns.append(QuestionTurn("q", "q", f"focus {number}"))
        kept.keep(str(number), "root", conversation, Conversation())
        assert kept.copy_of("0", "root").focus == ("focus 0" if number < 32 else None)
    assert kept.copy_of("39", "root").focus == "focus 39"
    assert kept.copy_of("39", "other root").focus is None
    kept.copy_of("39", "root").turns.clear()  # a copy
    assert kept.copy_of("39", "root").focus == "focus 39"
