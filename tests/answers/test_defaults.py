"""What something is by default: of parameters, of options that are looked up by name, of tables of defaults; and what is supported."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.listings.default_values import default_in_question
from adapter_core.answers.composing.listings.keyed_defaults import keyed_defaults
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

POOL = '''
#- pools/base.py
class BasePool:
    """Runs jobs."""

    def __init__(self, name, grace=undefined, *, idle_seconds=30):
        self.name = name
        self.grace = grace
        self.idle_seconds = idle_seconds

    def configure(self, config):
        """Take what the user has set."""
        self._limits = {"grace": int(config.get("grace", 1)), "burst": config.get("burst", 4)}
        self.colour = getattr(config, "colour", "red")


class ThreadPool(BasePool):
    """Runs jobs in threads."""


class FixedPool(BasePool):
    """Runs jobs in a fixed number of threads."""

    def __init__(
        self,
        name,
        first=1,
        second=2,
        third=3,
        fourth=4,
        fifth=5,
        sixth=6,
        seventh=7,
        eighth=8,
        ninth=9,
        tenth=10,
        max_workers=12,
    ):
        super().__init__(name)
        self.max_workers = max_workers
#- pools/settings.py
DEFAULT_CONFIG = {
    "ARTICLES_PER_PAGE": 10,
    "DEFAULT_PAGINATION": False,
}
default_messages = {
    "burst": "There were too many.",
}
#- samples/conf.py
DEFAULT_PAGINATION = 4
#- tests/test_pools.py
from pools.base import FixedPool, ThreadPool

def test_workers():
    pool = FixedPool("x", max_workers=3)
    assert pool.max_workers == 3
    assert ThreadPool("x", idle_seconds=2).idle_seconds == 2
'''


@pytest.fixture
def pools(repo: Path) -> CodeGraph:
    return graph_of(repo, POOL)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What is the default max_workers of FixedPool?", "`max_workers` of `FixedPool.__init__` defaults to `12`."),
        ("what is the default of max_workers", "`max_workers` of `FixedPool.__init__` defaults to `12`."),
        ("What does `max_workers` default to?", "`max_workers` of `FixedPool.__init__` defaults to `12`."),
        # Its base class has the constructor.
        ("What is the default idle_seconds of ThreadPool?", "`idle_seconds` of `BasePool.__init__` defaults to `30`."),
        ("What is the default value of burst?", "In `BasePool.configure`, `burst` defaults to `4`."),
        ("What is the default colour?", "In `BasePool.configure`, `colour` defaults to `'red'`."),
        ("What is the default of DEFAULT_PAGINATION?", "`DEFAULT_PAGINATION` of `DEFAULT_CONFIG` defaults to `False`."),
        ("What is the default pagination?", "`DEFAULT_PAGINATION` of `DEFAULT_CONFIG` defaults to `False`."),
        # A parameter may have something that stands for "not given".
        ("What is the default of grace?", "In `BasePool.configure`, `grace` defaults to `1`."),
    ],
)
def test_a_default_is_told_first(pools: CodeGraph, question: str, first: str) -> None:
    assert told(pools, question)[0] == first


def test_the_lines_of_a_long_header_show_the_default(pools: CodeGraph) -> None:
    claim = answer_question(pools, "What is the default max_workers of FixedPool?").claims[0]
    shown = [(c.span.start, c.span.end) for c in claim.citations]
    lines = pools.document("pools/base.py").lines  # type: ignore[union-attr]
    assert [lines[a - 1].strip() for a, _ in shown] == ["def __init__(", "max_workers=12,"]


def test_a_long_header_is_cited_whole(pools: CodeGraph) -> None:
    answer = answer_question(pools, "Which parameters does FixedPool take?")
    told_of = next(c for c in answer.claims if c.text.startswith("`FixedPool.__init__` takes `name`"))
    assert "`max_workers` (default `12`)" in told_of.text
    spans = [c.span for c in told_of.citations]
    assert [(b.start - a.end) for a, b in itertools.pairwise(spans)] == [1] * (len(spans) - 1)
    assert len(spans) == 2


@pytest.mark.parametrize(
    ("sentence", "path", "start", "end", "true"),
    [
        ("In `BasePool.configure`, `burst` defaults to `4`.", "pools/base.py", 11, 11, True),
        ("In `BasePool.configure`, `burst` defaults to `5`.", "pools/base.py", 11, 11, False),
        ("In `BasePool.configure`, `grace` defaults to `4`.", "pools/base.py", 11, 11, False),
        ("In `FixedPool.__init__`, `burst` defaults to `4`.", "pools/base.py", 11, 11, False),
        ("`DEFAULT_PAGINATION` of `DEFAULT_CONFIG` defaults to `False`.", "pools/settings.py", 3, 3, True),
        ("`DEFAULT_PAGINATION` of `DEFAULT_CONFIG` defaults to `True`.", "pools/settings.py", 3, 3, False),
        ("`DEFAULT_PAGINATION` of `ARTICLES` defaults to `False`.", "pools/settings.py", 3, 3, False),
        ("`ARTICLES_PER_PAGE` of `DEFAULT_CONFIG` defaults to `False`.", "pools/settings.py", 2, 3, False),
    ],
)
def test_a_default_is_checked(pools: CodeGraph, sentence: str, path: str, start: int, end: int, true: bool) -> None:
    citation = cite(pools, path, start, end, 12)
    assert citation is not None
    assert supports(pools, sentence, (citation,)).ok == true


def test_what_is_looked_up_by_a_text() -> None:
    text = """
def read(env, options, parser):
    env.get("A", 1), env.pop("B", None), getattr(env, "C", [])
    env.setdefault("D", f(2)), env.get("E"), env.get(name, 3)
    parser.add_argument("-v", "--dry-run", default=False)
    messages = {"F": 4}
DEFAULTS = dict(G=5)
default_error_messages = {"H": "no"}
"""
    assert [(d.name, d.value, d.start, d.table) for d in keyed_defaults(text)] == [
        ("A", "1", 3, ""),
        ("B", "None", 3, ""),
        ("C", "[]", 3, ""),
        ("D", "f(2)", 4, ""),
        ("dry_run", "False", 5, ""),
        ("G", "5", 7, "DEFAULTS"),
    ]
    assert keyed_defaults("def f(:\n") == ()


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What is the default value of max_workers in ThreadPool?", ("max_workers", "ThreadPool")),
        ("what's the default for the timeout parameter of Client.get", ("timeout", "Client.get")),
        ("Which value does retries of Client default to?", ("retries", "Client")),
        ("What does timeout default to in Server?", ("timeout", "Server")),
        ("What is the default number of workers?", ("workers", "")),
        ("default of timeout?", ("timeout", "")),
        ("How does the default handler work?", ("", "")),
        ("Under what conditions is a default handler made?", ("", "")),
        ("What happens by default?", ("", "")),
        ("Where is the default value set?", ("", "")),
    ],
)
def test_what_is_asked_for(question: str, asked: tuple[str, str]) -> None:
    assert default_in_question(question) == asked


def test_what_is_returned_is_told_also_where_it_is_a_name(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- jobs.py
        def add_job(queue, job, replace=False):
            \"\"\"Put a job into the queue.

            A job that is there already is replaced, where that is wanted.
            \"\"\"
            made = prepare(job)
            if made.name in queue.names:
                if not replace:
                    raise KeyError(made.name)
                queue.remove(made.name)
            for listener in queue.listeners:
                listener.notice(made)
            queue.append(made)
            return made
        """,
    )
    assert "`add_job` returns `made` if it gets that far." in told(graph, "What does add_job return?")


@pytest.mark.parametrize("question", ["Does it support kerberos?", "Is there support for kerberos?"])
def test_the_support_of_what_is_nowhere_is_refused(pools: CodeGraph, question: str) -> None:
    assert not answer_question(pools, question).found


def test_the_support_of_what_is_there_is_told(pools: CodeGraph) -> None:
    assert answer_question(pools, "Does it support threads?").found
