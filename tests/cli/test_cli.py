"""The command line as a user meets it: in a process of its own, with a clean environment."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from adapter_core.cli.common import note
from adapter_core.cli.main import main
from adapter_core.installation import how_to_install
from adapter_core.isolation import isolated_command
from adapter_core.paths import cache_dir
from tests.support import write, write_tree

WORKSPACE = """
#- shop/cart.py
class Cart:
    '''What a customer is about to buy.'''

    def total(self):
        '''The sum of all prices in cents.'''
        return sum(self.prices)

def checkout(cart: Cart):
    return cart.total()
"""


def pathline(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = isolated_command("adapter_core.cli.main", *map(str, arguments))
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def shop(repo: Path) -> Path:
    return write_tree(repo, WORKSPACE)


def test_ask(shop: Path) -> None:
    result = pathline("ask", "--no-model", "What is the sum of all prices?", cwd=shop)
    assert (result.returncode, result.stderr) == (0, "")
    assert "`Cart.total`: “The sum of all prices in cents.”  shop/cart.py:4-5" in result.stdout


def test_ask_json(shop: Path, tmp_path: Path) -> None:
    result = pathline("ask", "--no-model", "--json", "--repo", shop, "What is the sum of all prices?", cwd=tmp_path)
    value = json.loads(result.stdout)
    assert value["schema"] == 1
    assert value["complete"]
    assert {c["path"] for claim in value["claims"] for c in claim["citations"]} == {"shop/cart.py"}
    assert all(c["resolves"] and c["fresh"] and c["supports"] for claim in value["claims"] for c in claim["citations"])


def test_not_found_has_its_own_exit_code(shop: Path) -> None:
    result = pathline("ask", "--no-model", "How are quantum kumquats teleported?", cwd=shop)
    assert result.returncode == 3
    assert result.stdout.startswith("Not found in this workspace.")


def test_search_takes_a_kind_and_explains(shop: Path) -> None:
    plain = pathline("search", "--explain", "sum of prices", cwd=shop).stdout
    assert "Read as a question of kind other." in plain
    assert "synonyms.txt" in plain
    asked = pathline("search", "--explain", "--kind", "where", "sum of prices", cwd=shop).stdout
    assert "Read as a question of kind where." in asked
    assert pathline("search", "--kind", "nothing", "sum", cwd=shop).returncode == 2


def test_search_and_index_json(shop: Path) -> None:
    found = json.loads(pathline("search", "--json", "sum of prices", cwd=shop).stdout)
    assert set(found) >= {"results", "complete", "elapsed_ms"}
    assert set(found["results"][0]) == {"root", "path", "start", "end", "symbol", "kind", "score", "why"}
    assert found["results"][0]["symbol"] == "Cart.total"
    index = json.loads(pathline("index", "--json", cwd=shop).stdout)
    assert set(index) >= {"files", "symbols", "skipped", "parsed", "unchanged", "elapsed_ms"}
    assert (index["files"], index["parsed"], index["unchanged"]) == (1, 0, 1)
    assert pathline("search", "zebra", cwd=shop).returncode == 3


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("shop", True),
        ("./shop/", True),
        ("shop/cart.py", True),
        ("shop/*", True),
        ("*.py", True),
        (".", True),
        ("{root}/shop", True),
        ("cart", False),
        ("tests/*", False),
        ("{root}/..", False),
    ],
)
def test_search_in_a_folder_or_by_a_pattern(
    shop: Path, pattern: str, found: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop)
    named = pattern.format(root=shop)
    code = main(["search", "sum of prices", "--path", named])
    captured = capsys.readouterr()
    assert (code, "shop/cart.py" in captured.out) == ((0, True) if found else (3, False))
    assert captured.err == ("" if found else f"Note: no file of the index matches --path {named}.\n")


def test_search_for_tests_finds_tests_alone(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        shop,
        "tests/test_cart.py",
        "from shop.cart import Cart\n\ndef test_total():\n    assert Cart().total() == 3  # the sum\n",
    )
    assert main(["search", "--repo", str(shop), "the sum of all prices", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["path"] == "shop/cart.py"
    assert main(["search", "--repo", str(shop), "--kind", "tests", "the sum of all prices", "--json"]) == 0
    assert {r["path"] for r in json.loads(capsys.readouterr().out)["results"]} == {"tests/test_cart.py"}
    assert main(["search", "--repo", str(shop), "--kind", "tests", "--path", "shop", "the sum of all prices"]) == 3


def test_search_reads_a_traceback_from_standard_input(shop: Path) -> None:
    text = 'Traceback (most recent call last):\n  File "/x/shop/cart.py", line 6, in total\nTypeError: no\n'
    command = isolated_command("adapter_core.cli.main", "search", "-")
    done = subprocess.run(command, cwd=shop, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("shop/cart.py:")


def test_zoom(shop: Path) -> None:
    result = pathline("ask", "--no-model", "--zoom", "checkout", "what happens here?", cwd=shop)
    assert "checkout" in result.stdout
    wrong = pathline("ask", "--no-model", "--zoom", "chekout", "what?", cwd=shop)
    assert wrong.returncode == 2
    assert "Did you mean checkout?" in wrong.stderr
    assert (
        "Did you mean shop/cart.py?" in pathline("ask", "--no-model", "--zoom", "lib/cart.py", "what?", cwd=shop).stderr
    )


@pytest.mark.parametrize(
    "command", [[], ["ask"], ["search"], ["index"], ["build"], ["model"], ["model", "pull"], ["lsp"]]
)
def test_help_shows_an_example(command: list[str], repo: Path) -> None:
    result = pathline(*command, "--help", cwd=repo)
    assert result.returncode == 0
    assert "example" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ask", "--repo", "nowhere", "q"], 2, "There is no folder"),
        (["ask", "--repo", "shop/cart.py", "q"], 2, "is a file"),
        (["ask", ""], 2, "question is empty"),
        (["search", " "], 2, "question is empty"),
        (["search", "--top", "0", "q"], 2, "--top"),
        (["index", "--workers", "-1"], 2, "no whole number from 1 on"),
        (["index", "--max-files", "x"], 2, "no whole number from 1 on"),
        (["ask", "--phrase", "--no-model", "q"], 2, "give one of them"),
        (["ask", "--sentences", "0", "q"], 2, "--sentences"),
        (["ask", "--model", "./nowhere", "q", "--phrase"], 1, "nowhere"),
        (["ask", "--run-tests", "0", "q"], 2, "--run-tests"),
        (["ask", "--run-tests", "nan", "q"], 2, "--run-tests"),
        (["ask", "--run-tests", "inf", "q"], 2, "--run-tests"),
        (["ask", "--run-tests", "1e7", "q"], 2, "--run-tests"),
        (["ask"], 2, "required"),
        (["ask", "Who", "calls", "pay?"], 2, 'Put the question in quotes: "Who calls pay?"'),
        (["ask", "q", "--frobnicate"], 2, "unrecognized arguments: --frobnicate"),
        (["frobnicate"], 2, "invalid choice"),
    ],
)
def test_wrong_usage_gets_one_clear_sentence(shop: Path, arguments: list[str], code: int, message: str) -> None:
    result = pathline(*arguments, cwd=shop)
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_without_a_command_the_commands_are_shown(repo: Path) -> None:
    result = pathline(cwd=repo)
    assert (result.returncode, result.stdout) == (2, "")
    assert "    check     check the citations" in result.stderr


def test_an_empty_folder(repo: Path) -> None:
    assert "nothing to index" in pathline("index", cwd=repo).stderr
    assert pathline("ask", "--no-model", "Where is the cache?", cwd=repo).returncode == 3


def test_only_broken_binary_and_latin_1_files(repo: Path) -> None:
    write(repo, "broken.py", "def half(:\n    pass\nclass\n")
    write(repo, "binary.py", b"\x00\x01\x02")
    write(repo, "latin.py", "# coding: latin-1\ndef größe():\n    '''Die Größe des Kastens.'''\n".encode("latin-1"))
    index = json.loads(pathline("index", "--json", cwd=repo).stdout)
    assert index["skipped"] == [{"path": "binary.py", "reason": "binary data"}]
    assert [p["path"] for p in index["problems"]] == ["broken.py"]
    assert "Die Größe des" in pathline("ask", "--no-model", "größe", cwd=repo).stdout


def test_a_question_of_100_000_characters(shop: Path) -> None:
    command = isolated_command("adapter_core.cli.main", "ask", "--no-model", "-")
    question = "What is the sum of all prices? " + "lorem ipsum " * 8_000
    result = subprocess.run(command, cwd=shop, input=question, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode in (0, 3)
    assert "Traceback" not in result.stderr


def test_a_cache_folder_that_cannot_be_written(shop: Path, tmp_path: Path) -> None:
    blocked = write(tmp_path, "blocked", "a file")
    result = pathline("ask", "--no-model", "What is the sum of all prices?", cwd=shop, PATHLINE_CACHE_DIR=str(blocked))
    assert result.returncode == 0
    assert "The sum of all prices" in result.stdout
    assert "kept in memory" in result.stderr


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000, None])
def test_a_corrupt_index_is_built_anew(shop: Path, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "corrupt"
    ask = ("ask", "--no-model", "What is the sum of all prices?")
    pathline(*ask, cwd=shop, PATHLINE_CACHE_DIR=str(cache))
    (database,) = cache.rglob("*.sqlite")
    data = database.read_bytes()
    # None: the head is whole, so the damage shows only when pages of the middle are read.
    database.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096) if damage is None else damage)
    result = pathline(*ask, cwd=shop, PATHLINE_CACHE_DIR=str(cache))
    assert result.returncode == 0, result.stderr
    assert "The sum of all prices" in result.stdout
    assert "Traceback" not in result.stderr


def test_nothing_in_the_repository_is_executed(shop: Path, tmp_path: Path) -> None:
    """Plant what Python, pip, git and jedi would pick up from the folder that one stands in."""
    mark = tmp_path / "executed"
    plant = f"open({str(mark)!r}, 'a').write(__file__)\n"
    for name in (
        "pip",
        "json",
        "torch",
        "sitecustomize",
        "usercustomize",
        "rich",
        "numpy",
        "adapter_core/__init__",
        "ast",
    ):
        write(shop, f"{name}.py", plant)
    script = write(shop, "hook.sh", f"#!/bin/sh\necho ran >> {mark}\n")
    script.chmod(0o755)
    write(shop, ".jedi/project.json", json.dumps([1, {"_environment_path": str(script), "_path": str(shop)}]))
    git = subprocess.run(["git", "init", "-q", str(shop)], check=False).returncode == 0
    if git:
        for key in ("core.fsmonitor", "core.hooksPath", "core.sshCommand", "core.pager"):
            subprocess.run(["git", "-C", str(shop), "config", key, str(script)], check=True)
    result = pathline("ask", "What is the sum of all prices?", cwd=shop)
    assert result.returncode == 0, result.stderr
    assert "The sum of all prices" in result.stdout
    assert not mark.exists(), mark.read_text()


def test_provenance_names_the_commit(shop: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", *identity, "-C", str(shop), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    value = json.loads(pathline("ask", "--no-model", "--json", "sum of all prices", cwd=shop).stdout)
    assert value["provenance"] == {
        "commit": git("rev-parse", "HEAD"),
        "tree": git("rev-parse", "HEAD^{tree}"),
        "dirty": None,
        "model": None,
        "adapter": None,
    }


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_while_indexing_leaves_a_usable_index(repo: Path) -> None:
    for i in range(300):
        write(repo, f"pkg/m{i}.py", f"def f{i}(x):\n    '''Makes {i}.'''\n    return g{i}(x)\n" * 60)
    command = isolated_command("adapter_core.cli.main", "ask", "--no-model", "Makes 7?")
    child = subprocess.Popen(command, cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Once its database is there it indexes; before that, on a busy machine, Python itself may still be starting.
    deadline = time.monotonic() + 60
    while not list(cache_dir().rglob("*.sqlite")) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode in (0, 130)
    assert "Traceback" not in err
    assert pathline("index", "--json", cwd=repo).returncode == 0
    assert pathline("ask", "--no-model", "Makes 7?", cwd=repo).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.parametrize("command", ["search --json sum", "search sum", "graph --dump", "ask --no-model total?"])
def test_a_closed_pipe_is_no_error(shop: Path, command: str) -> None:
    child = subprocess.Popen(
        isolated_command("adapter_core.cli.main", *command.split()),
        cwd=shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout
    child.stdout.close()
    assert child.stderr
    assert b"Traceback" not in child.stderr.read()
    assert child.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "command", ["search --json sum", "search sum", "graph --dump", "ask --no-model total?", "index"]
)
def test_a_full_disk_is_said_in_one_sentence(shop: Path, command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            isolated_command("adapter_core.cli.main", *command.split()),
            cwd=shop,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: The output cannot be written (No space left on device); make room there.\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX descriptors")
@pytest.mark.parametrize(
    ("command", "closed", "code"),
    [("search sum", 1, 0), ("graph --dump --json", 1, 0), ("ask --no-model -", 0, 2), ("check -", 0, 0)],
)
def test_streams_may_be_closed(shop: Path, command: str, closed: int, code: int) -> None:
    quoted = shlex.join(isolated_command("adapter_core.cli.main", *command.split()))
    shell = f"exec {quoted} {closed}{'<' if closed == 0 else '>'}&-"
    done = subprocess.run(["sh", "-c", shell], cwd=shop, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the working folder")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("graph --find Cart", 2),
        ("graph --repo {shop} --find Cart", 2),
        ("search --repo {shop} total", 0),
    ],
)
def test_a_working_folder_that_is_gone(shop: Path, tmp_path: Path, command: str, code: int) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    started = isolated_command("adapter_core.cli.main", *command.format(shop=shop).split())
    shell = ["sh", "-c", 'rmdir "$1" && shift && exec "$@"', "sh", str(gone), *started]
    done = subprocess.run(shell, cwd=gone, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code:
        assert done.stderr == "error: This folder is gone; go to another one.\n"


def test_without_a_model_one_line_says_how_to_get_it(shop: Path) -> None:
    result = pathline("ask", "What is the sum of all prices?", cwd=shop)
    assert result.returncode == 0
    assert "pathline model pull" in result.stderr or how_to_install("model") in result.stderr
    assert len(result.stderr.strip().split("\n")) == 1


@pytest.mark.model
def test_the_embedded_model_on_a_real_package(flask: Path, tmp_path: Path) -> None:
    """A real question about a real package to the real model; every citation is checked by plain reading."""
    import hashlib

    from adapter_core.models.store import DEFAULT_NAME, model_folder
    from tests.conftest import missing

    if not (model_folder(DEFAULT_NAME) / "manifest.json").exists():
        missing("the embedded model is not installed; run: ./x setup")
    question = "How does Flask match a request URL to a view function?"
    for extra in (["--phrase"], ["--read-weight", "0.5"]):
        result = pathline("ask", "--json", "--repo", flask, question, *extra, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        value = json.loads(result.stdout)
        assert value["claims"]
        assert value["provenance"]["model"] == DEFAULT_NAME
        for claim in value["claims"]:
            for c in claim["citations"]:
                lines = (flask / c["path"]).read_text("utf-8").split("\n")[c["start"] - 1 : c["end"]]
                assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == c["sha256"]
                assert c["resolves"]
                assert c["fresh"]
                assert c["supports"]


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "make room there"), (errno.EIO, "the terminal or device behind it is gone; write it elsewhere")],
)
def test_an_output_that_cannot_be_written_says_why(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, advice: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("adapter_core.cli.search.print_json", fail)
    monkeypatch.setattr("adapter_core.cli.main.drop_output", lambda: None)
    assert main(["search", "--repo", str(shop), "sum of prices", "--json"]) == 1
    expected = f"error: The output cannot be written ({os.strerror(number)}); {advice}.\n"
    assert capsys.readouterr().err == expected


def test_a_message_of_several_lines_is_one_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note("the model\nsaid:\r\n\tno\x1b[2J.\n")
    assert capsys.readouterr().err == "Note: the model said: no\N{REPLACEMENT CHARACTER}[2J.\n"
    assert main(["ask", "--no-model", "--repo", str(shop), "--zoom", "a\nb", "what?"]) == 2
    assert "\N{REPLACEMENT CHARACTER}" not in capsys.readouterr().err
