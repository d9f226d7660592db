from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from adapter_core.errors import Cancelled, ModelError, ModelMissingError, ModelProcessError
from adapter_core.isolation import child_environment, isolated_command
from adapter_core.models import child as child_module
from adapter_core.models import process as process_module
from adapter_core.models.backend import Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.local import LocalBackend
from adapter_core.models.messages import PROTOCOL, read_frame, write_frame
from adapter_core.models.process import ProcessBackend

pytest.importorskip("torch", reason="needs what ./x setup installs")

ENDLESS = GenerationOptions(max_new_tokens=100_000, min_new_tokens=100_000)
LONG = "x y " * 60_000


@pytest.fixture(scope="module")
def backend(tiny_llama, tmp_path_factory) -> Iterator[ProcessBackend]:
    """One process for the tests that leave it as they found it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATHLINE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        backend = ProcessBackend(str(tiny_llama), dtype="float32", device="cpu")
        backend.load()
        yield backend
        backend.close()


def ask(text: str = "x") -> list[Message]:
    return [Message("user", text)]


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_process_gives_what_the_model_gives(backend, tiny_llama):
    local = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")
    options = GenerationOptions(max_new_tokens=40)
    assert backend.load() == local.load()
    assert backend.count_tokens(["a", "\ud800 é"]) == local.count_tokens(["a", "\ud800 é"])
    assert backend.score(["a", "b c"], "d e") == pytest.approx(local.score(["a", "b c"], "d e"), abs=1e-5)

    def written(model) -> str:
        return "".join(event.text for event in model.generate(ask(), options) if isinstance(event, TextChunk))

    assert written(backend) == written(local)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_cancel(backend, phase):
    pid, cancel = backend.pid, threading.Event()
    events = backend.generate(ask(LONG if phase == "prefill" else "x"), ENDLESS, cancel)
    if phase == "decode":
        assert isinstance(next(events), TextChunk)
    threading.Timer(1.0 if phase == "prefill" else 0.0, cancel.set).start()
    started = time.monotonic()
    *_, end = events
    assert time.monotonic() - started < 3.0
    assert isinstance(end, Finished)
    assert end.reason == "cancelled"
    assert backend.count_tokens(["x"]) == [1]
    assert backend.pid == pid


def test_cancelled_scoring(backend):
    pid, cancel = backend.pid, threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Cancelled):
        backend.score(["a b c d e f g h"] * 5_000, "question", cancel)
    assert len(backend.score(["a"], "b")) == 1
    assert backend.pid == pid


def test_an_abandoned_answer_stops(backend):
    pid = backend.pid
    for leave in (lambda events: events.close(), lambda events: None):
        events = backend.generate(ask(), ENDLESS)
        next(events)
        leave(events)
        del events
        gc.collect()
        started = time.monotonic()
        assert backend.count_tokens(["x"]) == [1]
        assert time.monotonic() - started < 2.0
    assert backend.pid == pid


def test_threads_take_turns(backend):
    results: list[list[int]] = []
    threads = [threading.Thread(target=lambda: results.append(backend.count_tokens(["x", "x y"]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 8
    assert len({tuple(result) for result in results}) == 1


def test_errors_keep_their_class_and_the_process_lives(backend, tmp_path):
    pid = backend.pid
    with pytest.raises(ModelError, match="no text to score"):
        backend.score(["a"], " ")
    with pytest.raises(ModelError, match="longer than the model's context"):
        list(backend.generate(ask("x y " * 200_000), ENDLESS))
    assert backend.pid == pid
    missing = ProcessBackend(str(tmp_path / "none"))
    with pytest.raises(ModelMissingError, match="no model at"):
        missing.load()
    missing.close()


def test_a_killed_process_is_an_error_and_the_next_call_starts_another(backend):
    first = backend.pid
    events = backend.generate(ask(), ENDLESS)
    next(events)
    psutil.Process(first).kill()
    with pytest.raises(ModelProcessError, match="starts it again"):
        list(events)
    assert backend.count_tokens(["x"]) == [1]
    second = backend.pid
    assert second not in (None, first)
    psutil.Process(second).kill()  # while idle: nobody waits for it, so nobody is told
    assert eventually(lambda: backend.pid is None)
    assert backend.count_tokens(["x"]) == [1]


def test_idle_gives_the_memory_back(tiny_llama):
    backend = ProcessBackend(str(tiny_llama), device="cpu", idle_seconds=0.3)
    backend.load()
    pid = backend.pid
    assert eventually(lambda: backend.pid is None and gone(pid))
    assert backend.count_tokens(["x"]) == [1]
    pid = backend.pid
    backend.close()
    backend.close()
    assert gone(pid)
    with pytest.raises(ModelProcessError, match="closed"):
        backend.load()


# Without a model: a stand-in for the child's program.


def stand_in(monkeypatch, program: str) -> ProcessBackend:
    prelude = (
        "import json, struct, sys, time, os\n"
        "def send(**m):\n"
        "    b = json.dumps(m).encode(); sys.stdout.buffer.write(struct.pack('>I', len(b)) + b); sys.stdout.flush()\n"
        "def receive():\n"
        "    return json.loads(sys.stdin.buffer.read(struct.unpack('>I', sys.stdin.buffer.read(4))[0]))\n"
        f"hello = dict(type='hello', protocol={PROTOCOL})\n"
        "info = dict(name='m', digest='', context=1, dtype='', device='')\n"
    )
    monkeypatch.setattr(child_module, "isolated_command", lambda *_: [sys.executable, "-I", "-c", prelude + program])
    return ProcessBackend("stand-in")


@pytest.mark.parametrize(
    ("program", "match"),
    [
        ("sys.exit('no torch here')", "ended with code 1.*no torch here"),
        ("print('hello world', flush=True)", "Something other"),
        ("sys.stdout.write('ab')", "broke off"),
        ("send(**{**hello, 'protocol': 99}); receive()", "another version"),
        ("send(**hello); receive(); send(type='strange', id=1); receive()", "unknown kind"),
        ("send(**hello); receive(); send(type='result', id=1, value=[3])", "another version"),
        ("send(**hello); receive(); send(type='text', id=1); os.close(1); time.sleep(60)", "closed its stream"),
    ],
)
def test_a_broken_child_is_an_error_and_is_not_left_behind(monkeypatch, program, match):
    backend = stand_in(monkeypatch, program)
    with pytest.raises(ModelProcessError, match=match):
        backend.load()
    assert backend.pid is None
    backend.close()


def test_three_deaths_in_a_row_are_enough(monkeypatch):
    backend = stand_in(monkeypatch, "send(**hello); receive(); os._exit(7)")
    for _ in range(3):
        with pytest.raises(ModelProcessError, match="code 7"):
            backend.load()
    with pytest.raises(ModelProcessError, match="3 times in a row"):
        backend.load()
    backend.unload()
    with pytest.raises(ModelProcessError, match="code 7"):
        backend.load()
    backend.close()


def test_deaths_while_computing_count_although_loading_works(monkeypatch):
    backend = stand_in(
        monkeypatch, "send(**hello); r = receive(); send(type='result', id=r['id'], value=info); receive(); os._exit(9)"
    )
    for _ in range(3):
        with pytest.raises(ModelProcessError, match="code 9"):
            list(backend.generate(ask(), ENDLESS))
    with pytest.raises(ModelProcessError, match="3 times in a row"):
        list(backend.generate(ask(), ENDLESS))
    backend.close()


def test_a_child_that_ignores_cancel_is_killed(monkeypatch):
    monkeypatch.setattr(process_module, "_CANCEL_GRACE_SECONDS", 0.3)
    backend = stand_in(
        monkeypatch,
        "send(**hello); r = receive(); send(type='result', id=r['id'], value=info)\n"
        "r = receive(); send(type='text', id=r['id'], text='a'); time.sleep(600)",
    )
    cancel = threading.Event()
    events = backend.generate(ask(), ENDLESS, cancel)
    assert next(events) == TextChunk("a")
    pid = backend.pid
    cancel.set()
    assert [event.reason for event in events] == ["cancelled"]
    assert gone(pid)
    backend.close()


def test_close_interrupts_a_call_of_another_thread(monkeypatch):
    backend = stand_in(monkeypatch, "send(**hello); time.sleep(600)")
    caught: list[Exception] = []

    def call() -> None:
        try:
            backend.load()
        except ModelProcessError as error:
            caught.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert eventually(lambda: backend.pid is not None)
    time.sleep(0.3)
    backend.close()
    thread.join(5)
    assert [str(error) for error in caught] == ["The model was closed."]


def test_a_chatty_child_does_not_block(monkeypatch):
    backend = stand_in(
        monkeypatch,
        "sys.stderr.write('x' * 1_000_000); sys.stderr.flush(); send(**hello)\n"
        "r = receive(); send(type='result', id=r['id'], value=info); receive()",
    )
    assert backend.load().name == "m"
    backend.close()


def test_a_dropped_backend_takes_its_process_along(monkeypatch):
    backend = stand_in(
        monkeypatch, "send(**hello); r = receive(); send(type='result', id=r['id'], value=info); receive()"
    )
    backend.load()
    pid = backend.pid
    del backend
    gc.collect()
    assert eventually(lambda: gone(pid))


# The worker by itself.


def start_worker(cwd: Path, parent: int | None = None, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        isolated_command("adapter_core.models.worker", str(parent or os.getpid())),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        env={**child_environment(), **environment},
    )


def request(number: int, method: str, **params: object) -> dict[str, object]:
    return {"type": "request", "id": number, "method": method, "params": params}


def test_the_worker_ends_with_its_input_even_while_it_computes(tmp_path, tiny_llama):
    worker = start_worker(tmp_path)
    assert read_frame(worker.stdout)["type"] == "hello"
    write_frame(worker.stdin, request(1, "load", model=str(tiny_llama), dtype=None, device="cpu"))
    assert read_frame(worker.stdout)["type"] == "result"
    messages = [{"role": "user", "content": LONG}]
    options = {"max_new_tokens": 9, "stop": []}
    write_frame(worker.stdin, request(2, "generate", messages=messages, options=options))
    time.sleep(1.0)
    worker.stdin.close()
    assert worker.wait(2.0) == 0


@pytest.mark.parametrize("garbage", [b"\xff" * 8, b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x09ab"])
def test_the_worker_ends_on_garbage(tmp_path, garbage):
    worker = start_worker(tmp_path)
    worker.stdin.write(garbage)
    worker.stdin.close()
    assert worker.wait(10) == 1


def test_the_worker_answers_nonsense_with_errors(tmp_path):
    worker = start_worker(tmp_path)
    assert read_frame(worker.stdout)["type"] == "hello"
    for number, message in enumerate(
        [{}, {"method": "fly"}, {"method": "load"}, {"method": "load", "params": {"model": 3}}]
    ):
        write_frame(worker.stdin, {"id": number, **message})
        reply = read_frame(worker.stdout)
        assert (reply["type"], reply["id"], reply["error"]) == ("error", number, "ModelError")
    worker.stdin.close()
    assert worker.wait(5) == 0


def test_the_worker_ends_with_its_parent(tmp_path):
    """Here its input stays open in a third process, as when a handle leaked."""
    parent = subprocess.Popen([sys.executable, "-I", "-c", "input()"], stdin=subprocess.PIPE)
    worker = start_worker(tmp_path, parent.pid)
    assert read_frame(worker.stdout)["type"] == "hello"
    assert worker.poll() is None
    parent.kill()
    parent.wait()
    assert worker.wait(10) == 0


def test_planted_modules_are_not_imported(tmp_path, tiny_llama, monkeypatch):
    """The working folder, and what PYTHONPATH names, is a repository that would like to run."""
    for name in ("json", "torch", "queue", "psutil", "transformers", "sitecustomize", "usercustomize", "adapter_core"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    backend = ProcessBackend(str(tiny_llama), device="cpu")
    assert backend.count_tokens(["x"]) == [1]
    assert Path(psutil.Process(backend.pid).cwd()) != tmp_path
    backend.close()
    worker = start_worker(tmp_path, PYTHONPATH=str(tmp_path))
    assert read_frame(worker.stdout)["type"] == "hello"
    write_frame(worker.stdin, request(1, "load", model=str(tiny_llama), dtype=None, device="cpu"))
    assert read_frame(worker.stdout)["type"] == "result"
    worker.stdin.close()
    worker.wait(5)
    assert not (tmp_path / "ran").exists()


def test_starting_a_backend_does_not_import_torch():
    code = (
        "import sys, json\n"
        "from adapter_core.models.process import ProcessBackend\n"
        "from adapter_core.models import pull, store, sources, worker, local\n"
        "import adapter_core.cli.model\n"
        "print(json.dumps([n for n in ('torch', 'transformers', 'numpy', 'huggingface_hub') if n in sys.modules]))"
    )
    root = Path(process_module.__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == []
