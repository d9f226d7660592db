"""The remote backend, against `transformers serve` and against a server that does what servers should not."""

from __future__ import annotations

import http.client
import http.server
import importlib.util
import json
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from adapter_core.cli.main import main
from adapter_core.errors import Cancelled, ModelError, UsageError
from adapter_core.models.backend import Adaptation, Backend, Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.http_call import HttpCall, events
from adapter_core.models.local import LocalBackend
from adapter_core.models.open import open_backend
from adapter_core.models.remote import KEY_VARIABLE, open_remote
from adapter_core.models.sources import absolute_name
from tests.support import write

ASKED = [Message("system", "Be brief."), Message("user", "How does the router match a request?")]
SECRET = "sk-very-secret-17"


def texts(backend: Backend, cancel=None, **options) -> tuple[str, Finished]:
    *chunks, end = backend.generate(ASKED, GenerationOptions(**options), cancel)
    assert isinstance(end, Finished)
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk)), end


# A real server.


@pytest.fixture(scope="module")
def served(tiny_llama) -> Iterator[tuple[str, str]]:
    """The address and the model's name of a running `transformers serve`."""
    for module in ("fastapi", "uvicorn", "openai"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"`transformers serve` needs {module}: install the extra dev-model")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = "from transformers.cli.transformers import main; main()"
    arguments = ["serve", str(tiny_llama), "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/health", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "transformers serve ended"
                time.sleep(0.2)
        yield f"http://localhost:{port}/v1", str(tiny_llama)
    finally:
        process.kill()
        process.wait()


def test_a_real_server_writes_what_the_model_writes(served, tiny_llama):
    remote = open_remote(*served)
    local = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")
    assert remote.load().device == "remote"
    options = {"max_new_tokens": 24, "repetition_penalty": 1.0}
    text, end = texts(remote, **options)
    *chunks, expected = local.generate(ASKED, GenerationOptions(**options))
    assert text == "".join(chunk.text for chunk in chunks)
    assert (end.reason, end.prompt_tokens, end.new_tokens) == (
        expected.reason,
        expected.prompt_tokens,
        expected.new_tokens,
    )


def test_a_real_server_streams_and_is_left_when_cancelled(served):
    remote, cancel = open_remote(*served), threading.Event()
    stream = remote.generate(ASKED, GenerationOptions(max_new_tokens=100_000), cancel)
    assert isinstance(next(stream), TextChunk)
    cancel.set()
    assert [*stream][-1].reason == "cancelled"
    text, _ = texts(remote, max_new_tokens=5)  # the server works on, for others too
    assert text
    stop = text[2:4]
    shown, end = texts(remote, max_new_tokens=5, stop=(stop,))
    assert (shown, end.reason) == (text[: text.index(stop)], "stop")


def test_a_real_server_without_log_probabilities_cannot_read(served):
    remote = open_remote(*served)
    with pytest.raises(ModelError, match="no log probabilities"):
        remote.score(["def route(self): ..."], "How are requests routed?")
    assert remote.score([], "x") == []


def test_a_real_server_that_runs_another_model_says_so(served):
    remote = open_remote(served[0], "another/model")
    with pytest.raises(ModelError, match="pinned to"):
        texts(remote)


# A server that is told what to answer.


Reply = Callable[[http.server.BaseHTTPRequestHandler, dict], None]


class Scripted:
    """Answers every POST as `reply` does; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict, dict]] = []
        self.reply: Reply = lambda handler, body: None
        self.models: Reply = lambda handler, body: answer(handler, 404, {})
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, body, dict(self.headers)))
                outer.reply(self, body)

            def do_GET(self) -> None:
                outer.asked.append((self.path, {}, dict(self.headers)))
                outer.models(self, {})

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


def answer(handler, status: int, body: object, **headers: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def stream(handler, *lines: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.end_headers()
    for line in lines:
        handler.wfile.write(line.encode() + b"\n\n")
        handler.wfile.flush()


def delta(text: str, reason: str | None = None, **more: object) -> str:
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": reason}], **more})


@pytest.fixture
def scripted(monkeypatch) -> Iterator[Scripted]:
    monkeypatch.setenv(KEY_VARIABLE, SECRET)
    one = Scripted()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_what_is_asked_for(scripted):
    usage = {"prompt_tokens": 12, "completion_tokens": 34}
    scripted.reply = lambda handler, _: stream(
        handler, ": a comment", delta("Hel"), delta("lo\n"), delta("", "length"), "data: " + json.dumps({"choices": [], "usage": usage}),
        "data: [DONE]",
    )  # fmt: skip
    text, end = texts(open_remote(scripted.url + "/", "m"), max_new_tokens=7, temperature=0.9, seed=3)
    assert (text, end.reason, end.prompt_tokens, end.new_tokens) == ("Hello\n", "length", 12, 34)
    path, body, headers = scripted.asked[-1]
    assert path == "/v1/chat/completions"
    assert body["messages"] == [{"role": m.role, "content": m.content} for m in ASKED]
    assert (body["model"], body["stream"], body["max_tokens"], body["seed"]) == ("m", True, 7, 3)
    assert body["temperature"] == 0.0  # sampling was not asked for
    assert "top_p" not in body
    assert headers["Authorization"] == f"Bearer {SECRET}"
    texts(open_remote(scripted.url, "m", "PATHLINE_NO_SUCH_KEY"), do_sample=True, temperature=0.9, top_p=0.8)
    _, body, headers = scripted.asked[-1]
    assert (body["temperature"], body["top_p"]) == (0.9, 0.8)
    assert "Authorization" not in headers


def test_a_server_that_does_not_stream_is_understood(scripted):
    scripted.reply = lambda handler, _: answer(
        handler, 200, {"choices": [{"message": {"content": "Whole. Stop here"}, "finish_reason": "stop"}]}
    )
    assert texts(open_remote(scripted.url, "m"), stop=(" Stop",))[0] == "Whole."


def test_a_line_may_be_long(scripted):
    long = "word " * 300_000
    scripted.reply = lambda handler, _: answer(
        handler, 200, {"choices": [{"message": {"content": long}, "finish_reason": "stop"}]}
    )
    assert texts(open_remote(scripted.url, "m"))[0] == long
    scripted.reply = lambda handler, _: stream(handler, delta(long, "stop"))
    assert texts(open_remote(scripted.url, "m"))[0] == long


def test_the_name_of_a_model_may_hold_anything(scripted):
    scripted.reply = lambda handler, _: answer(handler, 404, {})
    with pytest.raises(ModelError, match=r"no model 'm.udc80'"):
        texts(open_remote(scripted.url, "m\udc80"))


@pytest.mark.parametrize(
    ("reply", "match"),
    [
        (lambda h, _: answer(h, 401, {"error": {"message": f"Incorrect key {SECRET}"}}), f"set the environment variable {KEY_VARIABLE}"),
        (lambda h, _: answer(h, 404, {"detail": "no\x1b[31m such\nmodel"}), r"no model 'm' there \(no .31m such model\)"),
        (lambda h, _: answer(h, 307, {}, Location="http://127.0.0.1:1/"), "points to another address"),
        (lambda h, _: answer(h, 429, {"message": f"slow down {SECRET}"}), r"no more requests for now \(slow down …\)"),
        (lambda h, _: answer(h, 500, b"<html>oops</html>"), "status 500: <html>oops"),
        (lambda h, _: answer(h, 200, b"[1]"), "not OpenAI's protocol"),
        (lambda h, _: answer(h, 200, b"[" * 100_000), "not OpenAI's protocol"),
        (lambda h, _: stream(h, "data: {]"), "not OpenAI's protocol"),
        (lambda h, _: stream(h, delta("a")), "broke off in the middle"),
        (lambda h, _: stream(h, 'data: {"error": "no memory"}'), "failed: no memory"),
        (lambda h, _: stream(h, 'data: {"choices": 3}'), "broke off in the middle"),
        (lambda h, _: h.wfile.write(b"what?\n"), "broke off"),
        (lambda h, _: h.connection.close(), "broke off"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_without_the_key(scripted, reply, match, caplog):
    scripted.reply = reply
    backend = open_remote(scripted.url, "m")
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelError, match=match) as caught:
        texts(backend)
    assert SECRET not in f"{caught.value}{caught.getrepr(showlocals=False)}{caplog.text}"
    scripted.reply = lambda handler, _: stream(handler, delta("fine", "stop"))
    assert texts(backend)[0] == "fine"


def test_no_server_and_a_silent_one(scripted):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    for call in (lambda b: b.load(), texts, lambda b: b.score(["a"], "b")):
        with pytest.raises(ModelError, match="No server answers"):
            call(open_remote(f"http://127.0.0.1:{free}/v1", "m"))
    release = threading.Event()
    scripted.reply = lambda handler, _: release.wait(20)
    with pytest.raises(ModelError, match=r"said nothing for 0\.2 seconds"):
        texts(open_remote(scripted.url, "m", silence_seconds=0.2))
    release.set()


@pytest.mark.parametrize("after", ["nothing", "a piece"])
def test_cancel_and_close_do_not_wait_for_the_server(scripted, after):
    gone = threading.Event()

    def reply(handler, _) -> None:
        if after == "a piece":
            stream(handler, delta("a"))
        if not handler.connection.recv(1):  # the other side is closed
            gone.set()

    scripted.reply = reply
    for leave in ("cancel", "close", "abandon"):
        backend, cancel = open_remote(scripted.url, "m"), threading.Event()
        found = backend.generate(ASKED, GenerationOptions(), cancel)
        gone.clear()
        if leave == "abandon":
            if after == "nothing":
                continue
            next(found)
            found.close()
        else:
            threading.Timer(0.3, cancel.set if leave == "cancel" else backend.close).start()
            try:
                assert [*found][-1].reason == "cancelled"
            except ModelError:
                assert leave == "close"
        assert gone.wait(5)
    backend.close()
    with pytest.raises(ModelError, match="closed"):
        texts(backend)


@pytest.mark.parametrize(
    "call", [lambda b: b.load(), texts, lambda b: b.score(["a"], "b")], ids=["load", "write", "score"]
)
def test_close_does_not_wait_for_a_connection(scripted, monkeypatch, call):
    connecting, release = threading.Event(), threading.Event()

    def connect(self) -> None:
        connecting.set()
        assert release.wait(60)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", connect)
    backend, raised = open_remote(scripted.url, "m"), queue.Queue()

    def waiting() -> None:
        try:
            raised.put(call(backend))
        except ModelError as error:
            raised.put(error)

    threading.Thread(target=waiting, daemon=True).start()
    assert connecting.wait(20)
    backend.close()
    assert "closed" in str(raised.get(timeout=20))
    release.set()


def test_a_connection_that_cannot_be_made_at_all_is_said(scripted, monkeypatch):
    def no_connection(self):
        raise http.client.InvalidURL("odd")

    monkeypatch.setattr(HttpCall, "_connection", no_connection)
    with pytest.raises(ModelError, match="broke off"):
        open_remote(scripted.url, "m").load()


def test_a_cancelled_token_asks_nothing(scripted):
    cancel = threading.Event()
    cancel.set()
    backend = open_remote(scripted.url, "m")
    assert texts(backend, cancel)[1].reason == "cancelled"
    with pytest.raises(Cancelled):
        backend.score(["a"], "b", cancel)


def test_scores_come_from_a_server_that_echoes_log_probabilities(scripted):
    """Per token of four characters, -1 each, and one of -3 that reaches over the border between context and question."""

    def reply(handler, body) -> None:
        assert body["echo"] is True
        prompt = body["prompt"]
        starts = [*range(0, len(prompt), 4), len(prompt)]  # the last one was written
        border = prompt.index("\n") + 1
        values = [None if not s else -3.0 if s < border < s + 4 else -9.0 if s == len(prompt) else -1.0 for s in starts]
        told = {"token_logprobs": values, "text_offset": starts}
        answer(handler, 200, {"choices": [{"text": prompt, "logprobs": told}]})

    scripted.reply = reply
    backend = open_remote(scripted.url, "m")
    assert backend.score(["abcdef", "abc"], "question?") == [pytest.approx(-5 / 3), pytest.approx(-1.0)]
    for broken in (
        {},
        {"token_logprobs": [None], "text_offset": [0]},
        {"token_logprobs": [1], "text_offset": []},
        {"token_logprobs": [-1, -2], "text_offset": ["a", "b"]},
        {"token_logprobs": [-1, -2], "text_offset": [0, None]},
        {"token_logprobs": [-1, "-2"], "text_offset": [0, 4]},
        {"token_logprobs": [-1, float("nan")], "text_offset": [0, 4]},
        {"token_logprobs": [-1, float("-inf")], "text_offset": [0, 4]},
        {"token_logprobs": [-1, -(10**400)], "text_offset": [0, 4]},
    ):
        scripted.reply = lambda h, _, told=broken: answer(h, 200, {"choices": [{"logprobs": told}]})
        with pytest.raises(ModelError, match="no log probabilities"):
            backend.score(["abc"], "question?")
    scripted.reply = lambda h, _: answer(h, 404, {})
    with pytest.raises(ModelError, match="no log probabilities"):
        backend.score(["abc"], "question?")


def test_the_context_is_what_the_server_says(scripted):
    scripted.models = lambda h, _: answer(h, 200, {"data": [{"id": "x"}, {"id": "m", "max_model_len": 4096}]})
    assert open_remote(scripted.url, "m").load().context == 4096
    assert open_remote(scripted.url, "m", context=512).load().context == 512
    scripted.models = lambda h, _: answer(h, 500, b"no list")
    assert open_remote(scripted.url, "m").load().context == 8192
    scripted.models = lambda h, _: answer(h, 401, {})
    with pytest.raises(ModelError, match=KEY_VARIABLE):
        open_remote(scripted.url, "m").load()


def test_adaptations_are_refused(scripted):
    backend = open_remote(scripted.url, "m")
    for call in (
        lambda a: list(backend.generate(ASKED, GenerationOptions(), None, a)),
        lambda a: backend.score(["a"], "b", None, a),
    ):
        with pytest.raises(ModelError, match="need a local model"):
            call(Adaptation(memory="memory"))
    assert scripted.asked == []
    scripted.reply = lambda handler, _: stream(handler, delta("fine", "stop"))
    list(backend.generate(ASKED, GenerationOptions(), None, Adaptation()))
    assert len(scripted.asked) == 1


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("http://example.com/v1", "plain text"),
        ("http://10.0.0.1:8000/v1", "plain text"),
        ("http://localhost.example.com/v1", "plain text"),
        ("http://127.0.0.1.example.com/v1", "plain text"),
        ("https://user:word@example.com/v1", "Leave the key out"),
        ("ftp://example.com", "no URL"),
        ("localhost:8000", "no URL"),
        ("http://", "no URL"),
        ("http://localhost:99999/v1", "no URL"),
        ("https://example.com/v1?key=1", "no URL"),
        ("https://exam ple.com/v1", "no URL"),
        ("https://exam\udc80ple.com/v1", "no URL"),
    ],
)
def test_addresses_that_are_refused(url, match):
    with pytest.raises(UsageError, match=match):
        open_remote(url, "m")


def test_addresses_that_are_taken():
    for url in ("http://localhost:8000/v1", "http://127.3.2.1", "http://[::1]:80/v1", "https://example.com/v1"):
        open_remote(url, "m")
    open_remote("http://example.com/v1", "m", insecure=True)
    open_backend("http://example.com/v1#m", insecure=True)
    with pytest.raises(UsageError, match="--insecure"):
        open_backend("http://example.com/v1#m")
    with pytest.raises(UsageError, match="Name the model"):
        open_remote("https://example.com/v1", " ")


@pytest.mark.parametrize("key", ["two words", "new\nline", "ümlaut"])
def test_a_key_that_cannot_be_sent_is_not_shown(scripted, monkeypatch, key):
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(ModelError, match="no API key") as caught:
        texts(open_remote(scripted.url, "m"))
    assert key not in str(caught.value)
    assert scripted.asked == []


def test_a_key_in_the_place_of_its_variable_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match="not the key itself") as caught:
        open_remote("http://localhost:8000/v1", "m", SECRET)
    assert SECRET not in str(caught.value)


def test_events_are_read_as_the_standard_says():
    lines = [b"event: x", b"data: a", b"data:b", b"", b": note", b"", b"id: 3", b"data", b"data:  c"]
    assert [*events(iter(lines))] == ["a\nb", " c"]


def test_tokens_are_estimated_from_above():
    backend = open_remote("http://localhost:1/v1", "m")
    assert backend.count_tokens(["", "word", "overlaps", "a.b(12)"]) == [0, 1, 2, 7]
    assert backend.count_tokens(["中文"]) == [4]


def test_a_question_on_the_command_line_is_phrased_by_a_server(scripted, repo, capsys):
    write(repo, "app/cart.py", "def add_item(cart, item):\n    if cart.full:\n        raise CartFull(item)\n")
    scripted.reply = lambda handler, body: stream(
        handler, delta("`add_item` raises `CartFull`. "), delta("`add_item` deletes `CartFull`."), delta("", "stop"), "data: [DONE]"
    ) if "messages" in body else answer(handler, 404, {})  # fmt: skip
    question = "What does add_item raise?"
    code = main(["ask", "--repo", str(repo), "--phrase", "--json", "--model", f"{scripted.url}#some-model", question])
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [(c["kind"], c["text"]) for c in told["claims"]] == [("phrased", "`add_item` raises `CartFull`.")]
    assert told["provenance"]["model"] == "some-model"
    prompts = [m["content"] for path, body, _ in scripted.asked if "messages" in body for m in body["messages"]]
    assert any("raise CartFull(item)" in prompt for prompt in prompts)


def test_plain_http_to_another_machine_needs_the_users_word(repo, capsys):
    write(repo, "app/cart.py", "def add_item(cart, item):\n    raise CartFull(item)\n")
    asked = [
        "ask",
        "--repo",
        str(repo),
        "--phrase",
        "--model",
        "http://192.0.2.1:9/v1#some-model",
        "--deadline",
        "0.001",
    ]
    assert main([*asked, "What does add_item raise?"]) == 2
    assert "plain text" in capsys.readouterr().err
    # Allowed, it is tried; nobody answers there in that time, and the composed answer stands.
    assert main([*asked, "--insecure", "What does add_item raise?"]) == 0
    assert "CartFull" in capsys.readouterr().out


def test_an_address_stays_what_it_is_in_another_folder():
    assert absolute_name("https://example.com/v1#m") == "https://example.com/v1#m"
    with pytest.raises(UsageError, match="Name the model"):
        open_backend("https://example.com/v1")
