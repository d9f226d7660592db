"""Who changes an attribute or variable: all writes that the syntax shows, guesses marked as such, and nothing for other questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.listings.asked_write import asked_write, asks_only_writes
from adapter_core.answers.composing.statements.namespace_writes import namespace_writes
from adapter_core.answers.composing.statements.writes import may_write, writes_of
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- shop/pool.py
class Base:
    def shrink(self):
        self.JOBS.popitem()


class Pool(Base):
    #: The running jobs, by their number.
    JOBS = {}
    LIMIT = 3

    def __init__(self, log):
        # How often it was started so far.
        self.starts = 0
        self.log = log
        self.late = log

    def start(self, job):
        if job is None:
            return
        self.JOBS[job.number] = job
        self.starts += 1

    def stop(self, number):
        del self.JOBS[number]

    def reset(self):
        def clear():
            self.starts = 0

        clear()


class QuietPool(Pool):
    LIMIT = 5

    def start(self, job):
        self.JOBS.setdefault(job.number, job)


class Other:
    def __init__(self):
        self.log = None
        self.timeout = 3

    def start(self):
        self.JOBS = []
#- shop/run.py
from shop.pool import Pool

_registry = {}
_count = 0


def run(job):
    pool = Pool(None)
    pool.starts = 7
    return pool


def postpone(thing):
    thing.late = True


def register(name, value):
    global _count
    _registry[name] = value
    _count += 1


def local():
    _registry = []
    _registry.append(1)
#- shop/settings.py
def timeout_of(options):
    return options["timeout"]
#- tests/test_pool.py
from shop.pool import Pool


def test_pool():
    pool = Pool(None)
    pool.JOBS["test"] = 1
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


JOBS = [
    "`Pool.JOBS` is assigned as `JOBS = {}`.",
    "A comment above `Pool.JOBS` says: “The running jobs, by their number.”",
    "In `Pool.start`, unless `job is None`: `self.JOBS[job.number] = job`",
    "In `Pool.stop`: `del self.JOBS[number]`",
    "In `Base.shrink`: `self.JOBS.popitem()`",
    "In `QuietPool.start`: `self.JOBS.setdefault(job.number, job)`",
]


@pytest.mark.parametrize(
    "question",
    [
        "where is Pool.JOBS modified",
        "Who changes `Pool.JOBS`?",
        "What is stored in Pool.JOBS and who changes it?",
        "which methods write to the JOBS of Pool?",
        "when does Pool.JOBS get updated?",
        "list all changes to Pool.JOBS",
        "is Pool.JOBS ever changed?",
        "who adds jobs to Pool's JOBS?",
    ],
)
def test_items_deletions_and_methods_count_as_changes(graph: CodeGraph, question: str) -> None:
    assert told(graph, question) == JOBS


def test_assignments_are_told_with_the_comment_on_the_first_one(graph: CodeGraph) -> None:
    assert told(graph, "who sets Pool.starts?") == [
        "In `Pool.__init__`: `self.starts = 0`",
        "A comment in `Pool.__init__` says: “How often it was started so far.”",
        "In `Pool.start`, unless `job is None`: `self.starts += 1`",
        "In `Pool.reset.clear`: `self.starts = 0`",
        "In `run`: `pool.starts = 7`",
    ]


def test_a_write_of_which_only_the_name_is_known_is_told_as_a_guess(graph: CodeGraph) -> None:
    assert told(graph, "who sets Pool.late?") == [
        "In `Pool.__init__`: `self.late = log`",
        "Perhaps, by the name alone: In `postpone`: `thing.late = True`",
    ]


def test_a_method_that_seems_to_change_it_is_quoted_last(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        class Builder:
            def __init__(self, tasks):
                self.tasks = tasks

            def finish(self):
                self.tasks.add_task(self.finish)

            def reset(self):
                self.tasks = None
        """,
    )
    assert told(graph, "who adds to Builder.tasks?") == [
        "In `Builder.__init__`: `self.tasks = tasks`",
        "In `Builder.reset`: `self.tasks = None`",
        "In `Builder.finish`: `self.tasks.add_task(self.finish)`",
    ]


def test_a_common_name_is_not_guessed(graph: CodeGraph) -> None:
    assert told(graph, "where is Other.log set?") == ["In `Other.__init__`: `self.log = None`"]


def test_variables_of_a_module_are_told_without_local_ones_of_the_same_name(graph: CodeGraph) -> None:
    assert told(graph, "who modifies _registry?") == [
        "`_registry` is assigned as `_registry = {}`.",
        "In `register`: `_registry[name] = value`",
    ]
    assert told(graph, "where is `_count` incremented?")[1:] == ["In `register`: `_count += 1`"]


def test_classes_that_set_it_otherwise_are_listed(graph: CodeGraph) -> None:
    assert told(graph, "which classes set Pool.LIMIT?") == [
        "`Pool.LIMIT` is assigned as `LIMIT = 3`.",
        "`LIMIT` is also set in `QuietPool`.",
    ]


def test_what_is_too_much_is_listed(repo: Path) -> None:
    methods = "".join(f"    def m{n}(self):\n        self.cells[{n}] = {n}\n\n" for n in range(20))
    graph = graph_of(repo, f"#- m.py\nclass Grid:\n    def __init__(self):\n        self.cells = {{}}\n\n{methods}")
    answer = told(graph, "who changes Grid.cells?")
    assert answer[:2] == ["In `Grid.__init__`: `self.cells = {}`", "In `Grid.m0`: `self.cells[0] = 0`"]
    rest = "`Grid.m4`, `Grid.m5`, `Grid.m6`, `Grid.m7`, `Grid.m8` and `Grid.m9`"
    assert answer[-1] == f"`cells` is also changed in {rest}, among others."


def test_a_list_of_places_must_hold_in_each_of_them(graph: CodeGraph) -> None:
    lines = graph.view.text("shop/pool.py").split("\n")
    numbers = [n for n, line in enumerate(lines, 1) if line.strip() in ("self.JOBS.popitem()", "del self.JOBS[number]")]
    cited = tuple(c for n in numbers if (c := cite(graph, "shop/pool.py", n, n, 12)) is not None)
    assert supports(graph, "`JOBS` is also changed in `Base.shrink` and `Pool.stop`.", cited).ok
    assert not supports(graph, "`JOBS` is also changed in `Base.shrink` and `Pool.start`.", cited).ok
    assert not supports(graph, "`starts` is also changed in `Base.shrink`.", cited).ok


def test_a_name_in_capitals_that_is_changed_is_no_constant(graph: CodeGraph) -> None:
    assert "`Pool.JOBS` is a variable, defined in `shop/pool.py`." in told(graph, "Where is Pool.JOBS defined?")
    assert "`Other.start` is defined in `shop/pool.py`." in told(graph, "Where is Other.start defined?")


@pytest.mark.parametrize(
    "question",
    [
        "who sets up the logging?",
        "which function sets the Content-Length header?",
        "what changes when I set debug?",
        "who uses Pool.JOBS?",
        "what happens when JOBS is changed?",
        "how does Pool start jobs?",
        "What is in DISPATCH and LIMIT?",
        "what is the default of timeout?",
    ],
)
def test_other_questions_do_not_ask_for_writes(question: str) -> None:
    assert asked_write(question) is None
    assert not asks_only_writes([question])


@pytest.mark.parametrize("question", ["where is the timeout set?", "where is timeout set?"])
def test_a_plain_word_is_no_name_but_its_assignment_is_told(graph: CodeGraph, question: str) -> None:
    assert "`self.timeout = 3`" in told(graph, question)[0]


@pytest.mark.parametrize("question", ["who sets up the logging?"])
def test_a_plain_word_may_mean_something_else(graph: CodeGraph, question: str) -> None:
    assert not any(
        "self.timeout" in text and text.startswith("In `Other.__init__`: ") for text in told(graph, question)[:1]
    )


def test_all_forms_of_writes_are_found() -> None:
    text = """
class A:
    def f(self, other, key):
        self.x, y = 1, 2
        self.x[key][0] = 1
        self.x[key].append(2)
        del self.x
        for self.x in range(3):
            pass
        setattr(self, "x", 1)
        object.__setattr__(other.part, "x", 1)
        heappush(self.x, 1)
        if self.x.pop():
            make().x = 3
        (
            self.x,
            y,
        ) = key
        self.x: int
        self.x.y = 1
        print(self.x, self.xx[0], x == 1)
"""
    found = [(write.receiver, write.form, write.line) for write in writes_of(text, "x")]
    assert found == [
        ("self", "assign", 4), ("self", "assign", 5), ("self", "call", 6), ("self", "delete", 7), ("self", "loop", 8),
        ("self", "call", 10), ("other.part", "call", 11), ("self", "call", 12), ("self", "call", 13), (None, "assign", 14),
        ("self", "assign", 16),
    ]  # fmt: skip
    lines = text.split("\n")
    for _, _, line in found[:-1]:
        assert may_write(lines[line - 1], "x")
    assert may_write("(\n    self.x,\n    y,\n) = key\n", "x")
    assert not may_write("print(self.x)\nif self.x == 1:\n    pass\n", "x")


NAMESPACES = """
#- web/request.py
class Request:
    route = None
    view = None

    def load(self, values):
        self.__dict__.update(values)
#- web/router.py
def find(request, route):
    attrs = request.__dict__
    if route:
        attrs["route"] = route


def reset(request):
    vars(request).update(route=None)


def drop(request):
    del request.__dict__["route"]


def other(request, attrs):
    attrs["route"] = 1
    kept = request.__dict__
    kept = {}
    kept["route"] = 2
"""


def test_writes_through_the_dictionary_of_an_object_are_told(tmp_path: Path) -> None:
    with graph_of(tmp_path, NAMESPACES) as graph:
        assert told(graph, "who sets request.route?") == [
            "`Request.route` is assigned as `route = None`.",
            'Perhaps, by the name alone: In `find`, when `route`: `attrs["route"] = route`',
            "Perhaps, by the name alone: In `reset`: `vars(request).update(route=None)`",
            'Perhaps, by the name alone: In `drop`: `del request.__dict__["route"]`',
        ]


def test_what_may_write_any_attribute_is_told_as_such(tmp_path: Path) -> None:
    fixture = """
    #- web/spider.py
    class Spider:
        start = None

        def __init__(self, **values):
            self.__dict__.update(values)

        def open(self):
            self.__dict__["start"] = 1
    """
    with graph_of(tmp_path, fixture) as graph:
        assert told(graph, "who sets Spider.start?") == [
            "`Spider.start` is assigned as `start = None`.",
            'In `Spider.open`: `self.__dict__["start"] = 1`',
            "Perhaps, by a name that is not told: In `Spider.__init__`: `self.__dict__.update(values)`",
        ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x.__dict__['a'] = 1", ["a"]),
        ("vars(x)['a'] += 1", ["a"]),
        ("d = x.__dict__\nd.update({'a': 1, 'b': 2}, c=3)", ["a", "b", "c"]),
        ("d = vars(x)\nd.setdefault('a', 1)\nd.pop('b', None)", ["a", "b"]),
        ("d = x.__dict__\nd.update(other)\nd.update(**more)\nd[key] = 1", ["", "", ""]),
        ("d = x.__dict__\nd = {}\nd['a'] = 1", []),
        ("print(x.__dict__['a'], vars(x).get('a'))", []),
        ("def f():\n    d = x.__dict__\ndef g(d):\n    d['a'] = 1", []),
    ],
)
def test_which_attributes_are_written_through_a_dictionary(text: str, names: list[str]) -> None:
    assert sorted(write.name for write in namespace_writes(text)) == names
