"""Silence where there is nothing to say: what counts for and against an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.chat import WHAT_CAN_BE_ASKED, is_chat
from adapter_core.answers.options import AskOptions, RefusalOptions
from adapter_core.answers.refusal import confidence, missing_subjects, missing_words, signals
from adapter_core.answers.rewording import understood_question
from adapter_core.answers.runner import answer_question
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.question import analyse
from adapter_core.evidence.selection import search
from tests.support import graph_of

WORKSPACE = '''
#- shop/cart.py
class Cart:
    """What a customer wants to buy."""

    def add_item(self, product, amount=1):
        """Put an amount of a product into the cart."""
        self.items[product] = amount

    def total_price(self):
        """The price of all items, with taxes."""
        return sum(p.price * n for p, n in self.items.items())
#- shop/stock.py
def reserve_product(product, amount):
    """Take an amount of a product out of the stock, so that nobody else buys it."""
    product.stock -= amount
#- README.md
# Shop

A shop in which nobody has to wait for long.
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


@pytest.mark.parametrize(
    "question",
    [
        "How is an amount of a product put into the cart?",
        "What does total_price do with the prices of all items?",
        "Where is a product taken out of the stock?",
        "`Cart`",
        "reserve",
        "What is this project about?",
    ],
)
def test_answered(graph: CodeGraph, question: str) -> None:
    assert answer_question(graph, question).found


@pytest.mark.parametrize(
    "question",
    [
        "How does the websocket handshake negotiate compression extensions?",
        "Where is `total_stock_reserve` defined?",
        "What does reserve_cart_price() return, and when does it raise?",
        "How are database migrations rolled back after a failed deployment?",
    ],
)
def test_refused_with_the_nearest_names(graph: CodeGraph, question: str) -> None:
    answer = answer_question(graph, question)
    assert not answer.found
    assert not answer.claims
    assert answer.text.startswith("Not found in this workspace.")


def test_names_that_do_not_exist_speak_against_an_answer(graph: CodeGraph) -> None:
    def value(question: str) -> dict[str, float]:
        return signals(graph, search(graph, question))

    real, invented = value("What does `total_price` do?"), value("What does `total_stock_price` do?")
    assert (real["unknown"], real["defined"]) == (0.0, 1.0)
    assert (invented["unknown"], invented["defined"]) == (1.0, 0.0)
    assert confidence(real, RefusalOptions()) > 0.9 > 0.1 > confidence(invented, RefusalOptions())
    assert value("How do rockets fly?")["best"] == 0.0


def test_words_that_stand_nowhere_are_said(graph: CodeGraph) -> None:
    never = AskOptions(refusal=RefusalOptions(threshold=0.0))
    answer = answer_question(graph, "where is the kafka stock of a product", never)
    assert "nothing in this workspace speaks of “kafka”; the answer is about what comes nearest" in answer.reason
    assert answer.text.startswith("Nothing in this workspace speaks of “kafka”. What comes nearest:\n\n- ")
    # A thing's name is told however many other words the question has.
    long_question = "how does the shop reserve an amount of a product in the stock of Postgres"
    assert "speaks of “Postgres”" in answer_question(graph, long_question, never).reason
    for question in ("where is the stock of a product", "How does the shop reserve an amount of a product overnight?"):
        assert "speaks of" not in answer_question(graph, question, never).reason


def test_a_single_letter_in_code_marks_is_a_name(graph: CodeGraph) -> None:
    assert not answer_question(graph, "What does `q` return?").found


def test_a_message_is_enough_however_foreign_the_traceback_around_it_is(repo: Path) -> None:
    graph = graph_of(
        repo,
        WORKSPACE
        + """
#- shop/till.py
def close(till):
    if till.closed:
        raise RuntimeError("the till is closed already")
""",
    )
    frames = "\n".join(
        f'  File "/home/me/own{n}.py", line {n}, in own_{n}\n    own_{n}(quux_{n}.frobnicate)' for n in range(9)
    )
    text = f"Traceback (most recent call last):\n{frames}\nRuntimeError: the till is closed already"
    answer = answer_question(graph, text)
    assert "the till is closed already" in answer.claims[0].text


def test_the_same_signals_with_an_open_editor(graph: CodeGraph) -> None:
    before = signals(graph, search(graph, "What does `total_stock_price` do?"))
    graph.update("shop/stock.py", (graph.root / "shop/stock.py").read_text("utf-8"))
    after = signals(graph, search(graph, "What does `total_stock_price` do?"))
    assert after["unknown"] == before["unknown"] == 1.0


def test_what_the_user_points_at_is_answered_about(graph: CodeGraph) -> None:
    question = "How does the websocket handshake negotiate compression extensions?"
    assert answer_question(graph, question, AskOptions(zoom="Cart.add_item")).found


def test_the_threshold_is_an_option(graph: CodeGraph) -> None:
    question = "How is a product shipped by rocket mail overnight to another planet?"
    never, always = RefusalOptions(threshold=0.0), RefusalOptions(threshold=1.1)
    assert answer_question(graph, question, AskOptions(refusal=never)).found
    assert not answer_question(graph, question, AskOptions(refusal=always)).found


def test_the_flag_of_the_command(graph: CodeGraph) -> None:
    question = "How is a product shipped by rocket mail overnight to another planet?"
    command = ["ask", "--no-model", "--repo", str(graph.root), question]
    assert main(command) == 3
    assert main([*command, "--min-confidence", "0"]) == 0
    assert main([*command, "--min-confidence", "2"]) == 2


@pytest.mark.parametrize(
    ("question", "near"),
    [
        ("Who calls total_prise?", "total_price"),
        ("what calls totalprice", "total_price"),
        ("callers of reserv_product", "reserve_product"),
        ("What breaks if I rename Cartt?", "Cart"),
    ],
)
def test_links_of_a_name_that_nothing_has_are_refused_with_the_nearest(
    graph: CodeGraph, question: str, near: str
) -> None:
    answer = answer_question(graph, question)
    assert not answer.found
    assert answer.text.startswith(f"Not found in this workspace. The nearest symbols: `{near}`")


def test_a_name_that_is_only_in_a_string_is_not_there(repo: Path) -> None:
    files = """
    #- a.py
    def open_door(client):
        return client.get("/nope")
    #- b.py
    from a import open_door
    open_door(1)
    """
    graph = graph_of(repo, files)
    assert missing_subjects(graph, analyse("Who calls nope?")) == ["nope"]
    assert not answer_question(graph, "Who calls nope?").found
    # Whoever defines it, `get` is called here; and an editor has more than the disk.
    assert missing_subjects(graph, analyse("Who calls client.get()?")) == []
    graph.update("b.py", "from a import open_door\nopen_door(nope())\n")
    assert missing_subjects(graph, analyse("Who calls nope?")) == []
    graph.update("b.py", "from a import open_door\nopen_door(2)\n")
    assert missing_subjects(graph, analyse("Who calls nope?")) == ["nope"]
    assert missing_subjects(graph, analyse("How is nope handled?")) == []


def test_who_calls_a_plain_word_is_about_the_symbol_of_that_name(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
    #- a.py
    def match(url):
        return url
    def matches(url):
        return match(url)
    def call_it(url):
        return matches(url)
    """,
    )
    texts = [c.text for c in answer_question(graph, "Who calls match?").claims]
    assert texts == ["`match` is called by `matches`."]


OTHER_LANGUAGES = """
#- README.md
# Tool

A tool for queues of jobs.
#- tool.py
def helper():
    return 1
#- pkg/sched/retry.go
package sched
func RetryBackoff(n int) int { return n } // waits longer for each job that failed
#- pkg/sched/other.go
package sched
#- node_modules/lib/retry.ts
function retryBackoff() { return "waits longer for each job that failed" }
#- web/secrets.js
RetryBackoff
#- .gitignore
generated/
*.min.js
#- generated/retry.go
func RetryBackoff(n int) int { return n } // waits longer for each job that failed
#- web/generated.min.js
RetryBackoff waits longer for each job that failed
"""


@pytest.mark.parametrize(
    ("question", "hint"),
    [
        ("Where is `RetryBackoff` defined?", True),
        ("Why does it wait longer after a job failed?", True),
        ("Where is `FluxCapacitor` defined?", False),
        ("How is the flux capacitor charged?", False),
        ("What does `helper` return?", False),  # answered from Python
    ],
)
def test_what_other_languages_may_answer_is_said(repo: Path, question: str, hint: bool) -> None:
    answer = answer_question(graph_of(repo, OTHER_LANGUAGES), question)
    only = "only Python, documentation and configuration are indexed; what is asked about may be in what is not: "
    assert answer.reason.startswith(f"{only}pkg/sched/retry.go") == hint
    assert "generated" not in answer.reason
    assert hint or "indexed" not in answer.reason


def test_what_a_tool_has_packed_may_not_answer(repo: Path) -> None:
    graph = graph_of(repo, OTHER_LANGUAGES)
    packed = (
        "Search.setIndex({" + ", ".join(f'"waits longer {i} for each job that failed": {i}' for i in range(50)) + "})"
    )
    (repo / "docs").mkdir()
    (repo / "docs" / "searchindex.js").write_text(packed)
    answer = answer_question(graph, "Why does it wait longer after a job failed?")
    assert "retry.go" in answer.reason
    assert "searchindex" not in answer.reason


def test_a_workspace_without_python_says_what_is_indexed(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = graph_of(repo, OTHER_LANGUAGES.replace("#- tool.py", "#- tool.rb"))
    answer = answer_question(graph, "How is the flux capacitor charged?")
    said = "only Python, documentation and configuration are indexed; of other languages there are 3 source files here"
    assert answer.reason == said
    assert main(["search", "--repo", str(repo), "flux capacitor"]) == 3
    assert said in capsys.readouterr()[1]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "Hi!",
        "thanks",
        "Thank you very much.",
        "asdf",
        "asdf qwerty",
        "ok",
        "what can you do?",
        "Good morning, how are you?",
        "?",
        "...",
    ],
)
def test_what_is_no_question_gets_one_friendly_sentence(
    repo: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = graph_of(repo, WORKSPACE + "#- shop/hello.py\ndef greet():\n    return 'hello thanks ok asdf'\n")
    answer = answer_question(graph, text)
    assert (answer.found, answer.text, answer.claims, answer.reason) == (False, WHAT_CAN_BE_ASKED, (), "")
    assert main(["ask", "--no-model", "--repo", str(repo), text]) == 3
    assert capsys.readouterr() == (WHAT_CAN_BE_ASKED + "\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "`hello`",
        "hello()",
        "shop.hello",
        "what is this",
        "Is there a help command?",
        "How does it do that?",
        "no_tax",
        "What does yes do in shop?",
        "reserve",
    ],
)
def test_what_may_be_a_question_is_one(text: str) -> None:
    assert not is_chat(text)


def test_a_message_of_one_word_is_not_said_to_be_missing(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, '#- m.py\ndef refuse(value):\n    raise ValueError("unsupported")\n')
    answer = answer_question(graph, "ValueError: unsupported")
    assert 'raises `ValueError` with the message `"unsupported"`' in answer.text
    assert "no string in the code" not in answer.reason
    assert "no string in the code" in answer_question(graph, "ValueError: not supported here").reason


def test_a_message_is_found_in_the_last_of_many_files_with_its_words(tmp_path: Path) -> None:
    others = "".join(
        f'#- pkg/a{n:02}.py\n"""Too many open files, says some text about connections."""\n' for n in range(50)
    )
    graph = graph_of(
        tmp_path, f'{others}#- pkg/zz.py\ndef connect():\n    raise OSError("too many connections open")\n'
    )
    answer = answer_question(graph, "OSError: too many connections open")
    assert answer.claims[0].citations[0].span.path == "pkg/zz.py"


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("Hi, what does this project do?", "what does this project do?"),
        ("OK so - first, where is refuse called?", "where is refuse called?"),
        ("So, who calls it?", "who calls it?"),
        ("Now where is it?", "Now where is it?"),
        ("hello", "hello"),
    ],
)
def test_a_greeting_is_no_part_of_a_question(tmp_path: Path, question: str, plain: str) -> None:
    assert understood_question(graph_of(tmp_path, "#- m.py\ndef refuse():\n    return 1\n"), question) == plain


def test_what_sources_of_other_languages_speak_of_is_not_denied(tmp_path: Path) -> None:
    files = "#- m.py\nclass Handler:\n    'Saves widgets.'\n    def save(self, widget):\n        return widget\n"
    graph = graph_of(tmp_path, f"{files}#- web/kafka.js\nexport const kafka = connect()\n")
    assert missing_words(graph, analyse("How does the Kafka handler save widgets?")) == []
    assert missing_words(graph, analyse("How does the Redis handler save widgets?")) == ["Redis"]
    assert missing_words(graph, analyse("What is the difference between Handler and save?")) == []
