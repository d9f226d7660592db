"""The Neovim plugin in real Neovim."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import missing
from .neovim import PLUGIN, Neovim, lua_string
from .processes import describe, marked, wait_until
from .setup_editors import NVIM
from .workspace import LOYALTY_FILE, LOYALTY_QUESTION, UNKNOWN_QUESTION, line_of, write_workspace

pytestmark = [pytest.mark.editor, pytest.mark.timeout(300)]

ATTACHED = "#vim.lsp.get_clients({ name = 'pathline', bufnr = 0 }) == 1"
ANSWER = "vim.fn.bufnr('^pathline://answer$')"
SEARCHING = "Searching… (`:Pathline cancel` stops)"
CITED = (
    "vim.tbl_filter(function(d) return d.source == 'pathline' and d.code == 'cited' end, vim.diagnostic.get({buffer}))"
)


@pytest.fixture(autouse=True)
def installed() -> None:
    if not NVIM.exists():
        missing("Neovim", "--neovim")


@pytest.fixture
def neovim(server_command: list[str], workspace: Path, environment: dict[str, str]) -> Iterator[Neovim]:
    """Neovim with the loyalty module open and the server attached; leaving it must leave no process."""
    yield from run_neovim(server_command, workspace, environment)


@pytest.fixture
def scripted(
    scripted_server: tuple[list[str], Path], workspace: Path, environment: dict[str, str]
) -> Iterator[tuple[Neovim, Path]]:
    command, log = scripted_server
    for neovim in run_neovim(command, workspace, environment):
        yield neovim, log


def run_neovim(command: list[str], workspace: Path, environment: dict[str, str]) -> Iterator[Neovim]:
    neovim = Neovim(command, workspace, environment)
    neovim.command(f"edit {LOYALTY_FILE}")
    neovim.wait(ATTACHED, "the server is attached")
    yield neovim
    neovim.quit()
    wait_until(lambda: not marked(environment), lambda: f"nothing is left: {describe(marked(environment))}")


@pytest.mark.parametrize(
    ("claim", "lines"),
    [
        (
            {"text": "In `f`: (1) `a; (3) `; (2) `b`", "lead": "In `f`:", "steps": ["(1) `a; (3) `", "(2) `b`"]},
            ["In `f`:", "    (1) `a; (3) `", "    (2) `b`"],
        ),
        ({"text": "Some: (1) `a`; (2) `b`", "lead": "Some: (1) `a`; (2) `b`", "steps": []}, ["Some: (1) `a`; (2) `b`"]),
        ({"text": "Of an older server."}, ["Of an older server."]),
    ],
)
def test_each_step_has_a_line_of_its_own(tmp_path: Path, claim: dict[str, Any], lines: list[str]) -> None:
    turn = {"question": "How?", "phase": "done", "claims": [claim | {"citations": []}]}
    assert rendered(turn, tmp_path) == ["# How?", "", *lines]


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ({"complete": False, "reason": "a limit was met"}, ["Incomplete: a limit was met."]),
        ({"complete": False, "reason": "It cannot be read."}, ["Incomplete: It cannot be read."]),
        ({"complete": False}, ["Incomplete."]),
        ({"reason": "not found: `x`"}, ["(Note: not found: `x`.)"]),
        (
            {"found": False, "text": "Not found.", "evidence": [], "reason": "only Python is indexed"},
            ["Not found.", "", "(Note: only Python is indexed.)"],
        ),
        (
            {"dropped": [{"text": "Secret.", "reason": reason} for reason in ("it is old", "it is new", "it is old")]},
            ["(2 sentences left out: it is old.)", "", "(1 sentence left out: it is new.)"],
        ),
    ],
)
def test_an_answer_says_what_it_lacks(tmp_path: Path, parts: dict[str, Any], lines: list[str]) -> None:
    result = {"found": True, "claims": [], "complete": True, "reason": "", **parts}
    assert rendered({"question": "How?", "phase": "done", "result": result}, tmp_path) == ["# How?", "", *lines]


def rendered(turn: dict[str, Any], tmp_path: Path) -> list[str]:
    """The lines of the answer, without a server."""
    script = tmp_path / "render.lua"
    script.write_text(
        f"vim.opt.runtimepath:append({lua_string(str(PLUGIN))})\n"
        f"io.write(vim.json.encode(require('pathline.answer').render(vim.json.decode({lua_string(json.dumps(turn))})).lines))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [str(NVIM), "--clean", "--headless", "-l", str(script)], capture_output=True, encoding="utf-8", timeout=60, check=True
    )  # fmt: skip
    lines: list[str] = json.loads(done.stdout)
    return lines


def answer_lines(neovim: Neovim) -> list[str]:
    lines: list[str] = neovim.lua(f"return vim.api.nvim_buf_get_lines({ANSWER}, 0, -1, false)")
    return lines


def ask(neovim: Neovim, question: str) -> None:
    neovim.command(f"Pathline ask {question}")
    neovim.wait(f"{ANSWER} ~= -1", "the answer opens")


def ask_until_complete(neovim: Neovim, question: str) -> None:
    """Asks again, as a user does, while the index is still being built."""

    def complete() -> bool:
        ask(neovim, question)
        neovim.wait(
            f"not vim.tbl_contains(vim.api.nvim_buf_get_lines({ANSWER}, 0, 3, false), '{SEARCHING}')", "an answer"
        )
        return not any(line.startswith("Incomplete") for line in answer_lines(neovim))

    wait_until(complete, "an answer from the complete index")


def test_ask_fills_the_quickfix_list_and_marks_the_lines(neovim: Neovim, workspace: Path) -> None:
    ask_until_complete(neovim, LOYALTY_QUESTION)
    neovim.wait("#vim.fn.getqflist() > 0", "the quickfix list has citations")

    entries = neovim.lua(
        "return vim.tbl_map(function(e) return { file = vim.api.nvim_buf_get_name(e.bufnr), line = e.lnum, text = e.text }"
        " end, vim.fn.getqflist())"
    )
    loyalty = [entry for entry in entries if Path(entry["file"]) == workspace / LOYALTY_FILE]
    assert loyalty, entries
    assert any("loyalty_discount" in entry["text"] for entry in loyalty)
    assert f"# {LOYALTY_QUESTION}" in answer_lines(neovim)
    for entry in loyalty:
        assert any(entry["text"] in line for line in answer_lines(neovim))
        assert any(f"{LOYALTY_FILE}:{entry['line']}" in line for line in answer_lines(neovim))

    buffer = f"vim.fn.bufnr({lua_string(str(workspace / LOYALTY_FILE))})"
    cited = CITED.format(buffer=buffer)
    neovim.wait(f"#{cited} > 0", "the cited lines are diagnostics")
    marks = neovim.lua(f"return vim.tbl_map(function(d) return {{ line = d.lnum + 1, text = d.message }} end, {cited})")
    assert {(mark["line"], mark["text"]) for mark in marks} <= {(entry["line"], entry["text"]) for entry in loyalty}

    neovim.command("Pathline clear")
    neovim.wait(f"#{cited} == 0 and {ANSWER} == -1", "the marks and the answer are gone")


def test_a_citation_in_the_answer_opens_its_lines(neovim: Neovim, workspace: Path) -> None:
    neovim.command("edit shop/orders.py")
    neovim.wait(ATTACHED, "the server is attached")
    ask_until_complete(neovim, LOYALTY_QUESTION)
    neovim.wait("#vim.fn.getqflist() > 0", "the answer is complete")
    place = next(line for line in answer_lines(neovim) if line.startswith(f"→ {LOYALTY_FILE}:"))
    cited_line = int(place.rpartition(":")[2].partition("-")[0])

    window = f"vim.fn.win_gotoid(vim.fn.bufwinid({ANSWER}))"
    go = f"{window} vim.fn.search({lua_string(place)}, 'cw')"
    neovim.lua(f"{go} vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'x', false)")
    neovim.wait("vim.bo.filetype == 'python'", "the file is open")
    assert Path(neovim.lua("return vim.api.nvim_buf_get_name(0)")) == workspace / LOYALTY_FILE
    assert neovim.lua("return vim.fn.line('.')") == cited_line

    neovim.lua("vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# one', '# two' })")
    neovim.lua(f"{go} vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'x', false)")
    assert neovim.lua("return vim.fn.line('.')") == cited_line + 2, "the citation moves with the text"


def test_explain_asks_about_the_symbol_at_the_cursor(neovim: Neovim) -> None:
    neovim.lua(f"vim.api.nvim_win_set_cursor(0, {{ {line_of(LOYALTY_FILE, 'def years_of')}, 5 }})")
    neovim.command("Pathline explain")
    neovim.wait("#vim.fn.getqflist() > 0", "the quickfix list has citations")
    assert any("years_of" in entry["text"] for entry in neovim.lua("return vim.fn.getqflist()"))


def test_the_command_alone_prompts_for_a_question(neovim: Neovim) -> None:
    neovim.lua("vim.ui.input = function(_, done) done('What does `loyalty_discount` do?') end")
    neovim.command("Pathline")
    neovim.wait("#vim.fn.getqflist() > 0", "the quickfix list has citations")
    assert "# What does `loyalty_discount` do?" in answer_lines(neovim)


def test_a_follow_up_is_about_the_last_answer(neovim: Neovim) -> None:
    ask_until_complete(neovim, "What does `loyalty_discount` do?")
    neovim.command("Pathline follow And who calls it?")
    neovim.wait(
        f"vim.api.nvim_buf_get_lines({ANSWER}, 0, 1, false)[1] == '# And who calls it?'", "the follow-up is asked"
    )
    neovim.wait("vim.fn.getqflist({ title = 0 }).title == 'Pathline: And who calls it?'", "the answer is complete")
    assert any("loyalty_discount` is called by" in line for line in answer_lines(neovim))


def test_code_actions_prompt_and_answer_in_the_view(neovim: Neovim) -> None:
    neovim.lua(f"vim.api.nvim_win_set_cursor(0, {{ {line_of(LOYALTY_FILE, 'def years_of')}, 5 }})")
    neovim.lua("vim.ui.input = function(options, done) done(options.default) end")
    neovim.lua(
        "vim.lsp.buf.code_action({ apply = true, filter = function(a) return a.title:match('^Ask about') end })",
    )
    neovim.wait("#vim.fn.getqflist() > 0", "the quickfix list has citations")
    assert "# What does `years_of` do?" in answer_lines(neovim)


def test_what_is_not_there_is_said_plainly(neovim: Neovim) -> None:
    ask_until_complete(neovim, UNKNOWN_QUESTION)
    neovim.wait(
        f"table.concat(vim.api.nvim_buf_get_lines({ANSWER}, 0, -1, false)):lower():match('not found') ~= nil",
        "the answer says that it was not found",
    )
    assert neovim.lua("return #vim.fn.getqflist()") == 0


def test_sentences_stream_and_cancel_reaches_the_server(scripted: tuple[Neovim, Path]) -> None:
    neovim, log = scripted
    ask(neovim, "wait")
    arrived = f"vim.tbl_contains(vim.api.nvim_buf_get_lines({ANSWER}, 0, -1, false), 'The first sentence has arrived.')"
    neovim.wait(arrived, "the first sentence is shown while the answer is made")
    assert not methods(log, "$/cancelRequest")

    neovim.command("Pathline cancel")
    wait_until(lambda: methods(log, "$/cancelRequest"), "the server is told")
    (asked,) = methods(log, "pathline/ask")
    (cancelled,) = methods(log, "$/cancelRequest")
    assert cancelled["params"]["id"] == asked["id"]
    assert "Cancelled." in answer_lines(neovim)
    assert "The first sentence has arrived." in answer_lines(neovim)


def test_a_new_question_takes_the_place_of_the_old(scripted: tuple[Neovim, Path]) -> None:
    neovim, log = scripted
    ask(neovim, "wait")
    ask(neovim, "anything else")
    neovim.wait("#vim.fn.getqflist() == 1", "the second answer is complete")
    assert [message["params"]["question"] for message in methods(log, "pathline/ask")] == ["wait", "anything else"]
    assert len(methods(log, "$/cancelRequest")) == 1
    assert answer_lines(neovim)[0] == "# anything else"


@pytest.mark.parametrize("close", ["normal q", "close"])
def test_an_answer_closed_while_it_is_made_stays_closed(scripted: tuple[Neovim, Path], close: str) -> None:
    neovim, log = scripted
    ask(neovim, "wait")
    neovim.lua("_G.said = {} vim.notify = function(text) table.insert(_G.said, text) end")
    neovim.lua(f"vim.api.nvim_win_call(vim.fn.bufwinid({ANSWER}), function() vim.cmd('{close}') end)")
    wait_until(lambda: methods(log, "$/cancelRequest"), "the server is told")
    neovim.lua("vim.wait(300)")
    assert neovim.lua(f"return {ANSWER}") == -1
    assert neovim.lua("return _G.said") == []
    assert "Error" not in neovim.lua("return vim.fn.execute('messages')")

    # What comes next opens anew.
    ask(neovim, "anything else")
    neovim.wait("#vim.fn.getqflist() == 1", "the second answer is complete")
    assert answer_lines(neovim)[0] == "# anything else"
    assert len(methods(log, "$/cancelRequest")) == 1


def test_a_new_answer_is_shown_from_its_top(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    ask(neovim, "anything")
    neovim.wait("#vim.fn.getqflist() == 1", "the answer is complete")
    cursor = f"vim.api.nvim_win_get_cursor(vim.fn.bufwinid({ANSWER}))[1]"
    neovim.lua(f"vim.api.nvim_win_set_cursor(vim.fn.bufwinid({ANSWER}), {{ 3, 0 }})")
    ask(neovim, "anything else")
    assert neovim.lua(f"return {cursor}") == 1


def test_a_follow_up_and_a_question_from_the_answer_go_to_its_folder(
    scripted: tuple[Neovim, Path], tmp_path: Path
) -> None:
    neovim, log = scripted
    other = tmp_path / "other"
    write_workspace(other)
    neovim.command(f"edit {other / LOYALTY_FILE}")
    neovim.wait("#vim.lsp.get_clients({ name = 'pathline' }) == 2", "the other folder has a server of its own")
    neovim.wait(ATTACHED, "the server is attached")
    ask(neovim, "anything")
    neovim.wait("#vim.fn.getqflist() == 1", "the answer is complete")
    neovim.lua(f"vim.fn.win_gotoid(vim.fn.bufwinid({ANSWER}))")
    neovim.command("Pathline follow and then?")
    neovim.command("Pathline ask something new")
    wait_until(lambda: len(methods(log, "pathline/ask")) == 3, "all are asked")
    neovim.wait(f"vim.api.nvim_buf_get_lines({ANSWER}, 0, 1, false)[1] == '# something new'", "the last is shown")
    first, follow, new = (message["params"] for message in methods(log, "pathline/ask"))
    assert first["textDocument"] == follow["textDocument"] == {"uri": (other / LOYALTY_FILE).as_uri()}
    assert "position" not in follow
    assert first["conversation"] == follow["conversation"] != new["conversation"]
    neovim.wait("vim.fn.getqflist({ title = 0 }).title == 'Pathline: something new'", "the last is answered")
    file = neovim.lua("return vim.api.nvim_buf_get_name(vim.fn.getqflist()[1].bufnr)")
    assert Path(file) == other / LOYALTY_FILE


def test_texts_that_may_be_cited_are_known_to_the_server(scripted: tuple[Neovim, Path], workspace: Path) -> None:
    """Those that are opened later, too; a text alone starts no server, and "this" is nothing in it."""
    neovim, log = scripted
    outside = workspace.parent / "elsewhere"
    texts = ["README.md", "setup.cfg", "pytest.ini", "docs/notes.txt", "docs/api.rst", "README", "pyproject.toml"]
    for file in (outside / "README.md", *(workspace / name for name in texts)):
        file.parent.mkdir(exist_ok=True)
        if not file.exists():
            file.write_text("words\n", encoding="utf-8")
        neovim.lua(f"vim.cmd.edit(vim.fn.fnameescape({lua_string(str(file))}))")

    def opened() -> set[str]:
        return {message["params"]["textDocument"]["uri"] for message in methods(log, "textDocument/didOpen")}

    expected = {(workspace / name).as_uri() for name in (LOYALTY_FILE, *texts)}
    wait_until(lambda: opened() == expected, lambda: f"the texts are opened, but for {opened() ^ expected}")
    assert neovim.lua("return #vim.lsp.get_clients({ name = 'pathline' })") == 1
    neovim.lua("vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# typed' })")
    wait_until(lambda: methods(log, "textDocument/didChange"), "what is typed is told")
    ask(neovim, "anything")
    wait_until(lambda: methods(log, "pathline/ask"), "it is asked")
    (asked,) = methods(log, "pathline/ask")
    assert asked["params"]["textDocument"] == {"uri": (workspace / "pyproject.toml").as_uri()}
    assert "position" not in asked["params"]


def test_a_text_that_was_opened_first_is_known_too(
    scripted_server: tuple[list[str], Path], workspace: Path, environment: dict[str, str]
) -> None:
    command, log = scripted_server
    neovim = Neovim(command, workspace, environment)
    neovim.command("edit pyproject.toml")
    assert neovim.lua("return #vim.lsp.get_clients({ name = 'pathline', _uninitialized = true })") == 0
    neovim.command(f"edit {LOYALTY_FILE}")
    neovim.wait(ATTACHED, "the server is attached")
    uri = (workspace / "pyproject.toml").as_uri()
    wait_until(
        lambda: uri in [m["params"]["textDocument"]["uri"] for m in methods(log, "textDocument/didOpen")],
        "the text is opened",
    )
    neovim.quit()


def test_a_file_in_no_project_is_answered_about_from_its_folder(
    server_command: list[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    (folder / "tool.py").write_text("def sharpen(blade):\n    'Make a blade sharp.'\n    return blade\n", "utf-8")
    neovim = Neovim(server_command, folder, environment)
    neovim.command("edit tool.py")
    neovim.wait(ATTACHED, "the server is attached")
    ask_until_complete(neovim, "What does this function do?")
    neovim.wait("#vim.fn.getqflist() > 0", "the quickfix list has citations")
    assert any("Make a blade sharp" in line for line in answer_lines(neovim))
    # The home folder is no project, however little there is in it.
    home = Path(environment["HOME"])
    (home / "tool.py").write_text("x = 1\n", "utf-8")
    neovim.command(f"edit {home / 'tool.py'}")
    neovim.wait(ATTACHED, "the server is attached")
    assert neovim.lua("return vim.lsp.get_clients({ name = 'pathline', bufnr = 0 })[1].root_dir") is None
    # Nor is the whole disk, nor what is installed: a definition is looked at there.
    installed = tmp_path / "lib/python3.11/site-packages/kit"
    installed.mkdir(parents=True)
    (installed / "tool.py").write_text("x = 1\n", "utf-8")
    for file in (f"{Path(tmp_path.anchor).as_posix()}tool.py", (installed / "tool.py").as_posix()):
        neovim.command(f"edit {file}")
        found = neovim.lua(
            "local found = {}; require('pathline.files').find_root(0, function(root) found.root = root end); return found"
        )
        assert not found, (file, found)
    neovim.quit()


def test_a_server_that_dies_leaves_no_question_waiting(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    ask(neovim, "die")
    stopped = "No answer: the server stopped before it had answered."
    neovim.wait(
        f"vim.tbl_contains(vim.api.nvim_buf_get_lines({ANSWER}, 0, -1, false), {lua_string(stopped)})", "it is said"
    )
    neovim.command("Pathline ask anything else")
    neovim.wait("#vim.fn.getqflist() == 1", "the server is started again")


def test_long_lines_wrap_and_their_places_open_beside_the_answer(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    neovim.command("edit shop/orders.py")
    ask(neovim, "long")
    neovim.wait("#vim.fn.getqflist() == 1", "the answer is complete")
    (step,) = (number for number, line in enumerate(answer_lines(neovim), 1) if line.startswith("    (1) "))
    window = f"vim.fn.bufwinid({ANSWER})"
    height = f"vim.api.nvim_win_text_height({window}, {{ start_row = {step - 1}, end_row = {step - 1} }}).all"
    assert neovim.lua(f"return {height}") > 4
    neovim.command("redraw")
    # The second line of a step stands below its text, not below its number.
    continued = neovim.lua(
        f"local at = vim.fn.screenpos({window}, {step}, 9 + vim.api.nvim_win_get_width({window})) return at.curscol"
    )
    assert continued > len("    (1) ")

    # Neither the list of citations nor the answer itself gives its window away.
    neovim.command("copen")
    go = f"vim.fn.win_gotoid({window}) vim.api.nvim_win_set_cursor(0, {{ {step}, 0 }})"
    neovim.lua(f"{go} vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'x', false)")
    assert neovim.lua("return vim.fn.expand('%:t')") == "loyalty.py"
    neovim.lua(f"{go} vim.cmd('cfirst')")
    assert neovim.lua("return vim.fn.expand('%:t')") == "loyalty.py"
    shown = neovim.lua(
        "return vim.tbl_map(function(w) return vim.fn.getwininfo(w)[1].quickfix end, vim.api.nvim_list_wins())"
    )
    assert sorted(shown) == [0, 0, 1]
    assert neovim.lua(f"return {ANSWER}") != -1
    assert not neovim.lua("return vim.wo.winfixbuf or vim.wo.breakindent")


def test_an_error_is_shown(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    ask(neovim, "fail")
    neovim.wait(
        f"vim.tbl_contains(vim.api.nvim_buf_get_lines({ANSWER}, 0, -1, false), 'No answer: the index is broken')",
        "the error is shown",
    )


def test_text_of_the_workspace_cannot_break_the_view(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    ask(neovim, "hostile")
    neovim.wait("#vim.fn.getqflist() == 1", "the answer is complete")
    assert len([line for line in answer_lines(neovim) if "pathline.invalid" in line]) == 1


def test_subcommands_complete(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    assert neovim.lua("return vim.fn.getcompletion('Pathline c', 'cmdline')") == ["cancel", "clear"]
    assert neovim.lua("return vim.fn.getcompletion('Pathline ask c', 'cmdline')") == []


def test_the_program_is_missing(workspace: Path, environment: dict[str, str]) -> None:
    neovim = Neovim(["/nowhere/pathline"], workspace, environment)
    neovim.lua("_G.said = {} vim.notify = function(text) table.insert(_G.said, text) end")
    neovim.command(f"edit {LOYALTY_FILE}")
    neovim.command("Pathline ask anything")
    said = neovim.lua("return _G.said")
    assert any("no server is running" in text for text in said), said
    neovim.command("checkhealth pathline")
    report = "\n".join(neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))
    assert "/nowhere/pathline was not found" in report
    neovim.quit()


def test_the_health_check_takes_a_function_for_a_command(scripted: tuple[Neovim, Path]) -> None:
    neovim, _ = scripted
    neovim.lua("vim.lsp.config('pathline', { cmd = function() end })")
    neovim.command("checkhealth pathline")
    report = "\n".join(neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))
    assert "started by a function of your own" in report
    assert "ERROR" not in report


def methods(log: Path, name: str) -> list[dict[str, Any]]:
    messages = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [message for message in messages if message.get("method") == name]
