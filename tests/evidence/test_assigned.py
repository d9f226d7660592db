"""Constants and the like are found by the words of their names, where these are what is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from adapter_core.evidence import vocabulary
from adapter_core.evidence.assigned import is_named
from adapter_core.evidence.selection import search
from adapter_core.graph import terms
from tests.support import graph_of

# The words of each question stand in many functions, and once in a name.
WORKSPACE = """
#- net/config.py
DEFAULT_TIMEOUT_CONFIG = 5.0
MAX_REDIRECTS = 20


class Limits:
    default_size = 10
#- net/client.py
from net.config import DEFAULT_TIMEOUT_CONFIG, MAX_REDIRECTS


class Client:
    def __init__(self, timeout=DEFAULT_TIMEOUT_CONFIG):
        self.timeout = timeout

    def get(self, url, timeout=None):
        \"\"\"Send a request. Where no timeout is given, the default one of the client is used.\"\"\"
        return self.send(url, timeout or self.default())

    def post(self, url, timeout=None):
        \"\"\"Send a body. The default is the timeout of the client.\"\"\"
        return self.send(url, timeout or self.default())

    def default(self):
        \"\"\"The timeout that is the default.\"\"\"
        return self.timeout

    def send(self, url, timeout):
        for _ in range(MAX_REDIRECTS):
            url = self.follow(url, timeout)
        return url
#- tests/test_client.py
DEFAULT_TIMEOUT_OF_TESTS = 1


def test_default_timeout():
    assert DEFAULT_TIMEOUT_OF_TESTS
"""


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Where is the default timeout?", "DEFAULT_TIMEOUT_CONFIG"),
        ("What is the value of the default timeout?", "DEFAULT_TIMEOUT_CONFIG"),
        ("What is the maximum number of redirects?", "MAX_REDIRECTS"),
        ("What is the default size?", "Limits.default_size"),
    ],
)
def test_what_is_assigned_under_the_words_comes_first(tmp_path: Path, question: str, name: str) -> None:
    graph = graph_of(tmp_path, WORKSPACE)
    assert name in [e.symbol for e in search(graph, question).evidence[:2]]
    text = answer_question(graph, question).claims[0].text
    assert f"`{name}`" in text or f"`{name.rpartition('.')[2]}` is declared in `{name.rpartition('.')[0]}`" in text


@pytest.mark.parametrize(
    "question",
    [
        "How does a client send a request where no timeout is given?",
        "timeout",
        "Where is the timeout of a client used?",
    ],
)
def test_of_other_questions_names_of_constants_are_no_answer(tmp_path: Path, question: str) -> None:
    graph = graph_of(tmp_path, WORKSPACE)
    assert all("named so" not in e.why for e in search(graph, question).definitions)


@pytest.mark.parametrize(
    ("kind", "name", "words", "holds"),
    [
        ("constant", "DEFAULT_TIMEOUT", "default timeout", True),
        ("constant", "DEFAULT_TIMEOUT", "value default timeout", True),
        ("constant", "DEFAULT_TIMEOUT", "default timeout client", False),
        ("field", "Timeout.got_default_once_only", "default timeout", False),
        ("field", "Timeout.default", "default timeout", True),
        ("constant", "DEFAULT_CONNECT_READ_WRITE_TIMEOUT", "default timeout", False),
        ("constant", "TIMEOUT", "timeout", False),
        ("function", "default_timeout", "default timeout", False),
    ],
)
def test_a_name_is_asked_about_when_it_holds_all_and_little_else(kind: str, name: str, words: str, holds: bool) -> None:
    assert is_named(kind, name, "net/config.py", dict.fromkeys(terms.terms_of(words), 1.0)) is holds


def test_however_many_names_there_are_the_users_own_words_are_looked_for_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked for on the disk, which once took two thirds of a search."""
    looked: list[Path] = []
    file = vocabulary.synonyms_file()
    monkeypatch.setattr(vocabulary, "synonyms_file", lambda: looked.append(file) or file)
    often = []
    for count in (2, 60):
        names = "".join(f"TIMEOUT_OF_STEP_{n} = {n}\n" for n in range(count))
        with graph_of(
            tmp_path / str(count), WORKSPACE.replace("MAX_REDIRECTS = 20\n", f"MAX_REDIRECTS = 20\n{names}")
        ) as graph:
            looked.clear()
            search(graph, "Where is the default timeout?")
            often.append(len(looked))
    assert often[0] == often[1] > 0
