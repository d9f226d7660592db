"""Programs in which what looks like a link is none, or what looks cheap is dear."""

from __future__ import annotations

from pathlib import Path

from adapter_core import CodeGraph
from adapter_core.graph.testing import likelihood


def graph_of(root: Path, **files: str) -> CodeGraph:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text, "utf-8")
    return CodeGraph.load_or_build(root)


def callers(graph: CodeGraph, name: str) -> list[str]:
    return [str(site.span) for site in graph.who_calls(name).items if site.resolved]


def test_a_long_chain_of_string_methods_is_worked_out_once(tmp_path: Path) -> None:
    chain = "".join(f'.replace("{chr(97 + n % 26)}", "{n}")' for n in range(60))
    grown = "".join('.replace("a", "' + "a" * 100 + '")' for _ in range(6))
    text = (
        f'def escape(s: str):\n    return s{chain}\n\n\ndef use():\n    return "abc"{chain}, "a"{grown}, escape("x")\n'
    )
    with graph_of(tmp_path, app=text) as graph:
        assert graph.link() is not None
        assert callers(graph, "escape") == ["app.py:6"]


def test_the_name_under_which_something_is_registered_is_no_type(tmp_path: Path) -> None:
    text = (
        "class Job:\n    def run(self): ...\n\n\nclass Other:\n    def run(self): ...\n\n\nclass Registry:\n"
        "    def register(self, name):\n        return lambda function: function\n\n\nregistry = Registry()\n\n\n"
        '@registry.register("Job")\ndef handler(x):\n    x.run()\n\n\nhandler(Other())\n'
    )
    with graph_of(tmp_path, app=text) as graph:
        assert callers(graph, "Job.run") == []
        assert callers(graph, "Other.run") == ["app.py:19"]


def test_a_renamed_fixture_does_not_answer_to_its_old_name(tmp_path: Path) -> None:
    app = "class A:\n    def go(self): ...\n\n\nclass B:\n    def go(self): ...\n"
    conftest = "import pytest\nfrom app import A\n\n\n@pytest.fixture\ndef client():\n    return A()\n"
    test = (
        'import pytest\nfrom app import B\n\n\n@pytest.fixture(name="other")\ndef client():\n    return B()\n\n\n'
        "def test_go(client):\n    client.go()\n"
    )
    with graph_of(tmp_path, app=app, conftest=conftest, test_app=test) as graph:
        assert callers(graph, "A.go") == ["test_app.py:11"]
        assert callers(graph, "B.go") == []


def test_a_fixture_of_another_test_module_is_not_taken(tmp_path: Path) -> None:
    app = "class A:\n    def go(self): ...\n"
    mine = "def test_mine(client):\n    client.go()\n"
    theirs = (
        "import pytest\nfrom app import A\n\n\n@pytest.fixture\ndef client():\n    return A()\n\n\n"
        + mine.replace("mine", "theirs")
    )
    with graph_of(tmp_path, app=app, test_a=mine, test_b=theirs) as graph:
        assert callers(graph, "A.go") == ["test_b.py:11"]


def test_a_later_store_in_a_namespace_counts(tmp_path: Path) -> None:
    text = (
        "from types import SimpleNamespace\n\n\ndef a(): ...\n\n\ndef b(): ...\n\n\nstate = SimpleNamespace(run=a)\n\n\n"
        "def configure():\n    state.run = b\n\n\ndef main():\n    state.run()\n"
    )
    with graph_of(tmp_path, app=text) as graph:
        assert callers(graph, "a") == callers(graph, "b") == ["app.py:18"]


def test_evidence_beyond_a_weak_way_takes_nothing_away(tmp_path: Path) -> None:
    app = "def total(x):\n    return x\n"
    weak = (
        "from app import total\n\n\ndef test_total():\n    try:\n        1 / 0\n    except ValueError:\n"
        "        try:\n            1 / 0\n        except KeyError:\n            if 1 > 2:\n                total(1)\n"
    )
    with graph_of(tmp_path, app=app, test_app=weak) as graph:
        assert [link.node_id for link in graph.tests_for_symbol("total").items] == ["test_app.py::test_total"]


def test_what_pytest_does_not_collect(tmp_path: Path) -> None:
    base = (
        "import pytest\n\n\nclass TestBase:\n    __test__ = False\n\n    def test_x(self): ...\n\n\n"
        "@pytest.fixture\ndef test_app(): ...\n\n\ndef test_y(): ...\n"
    )
    again = "try:\n    from base import test_y\nexcept ImportError:\n    from base import test_y\n"
    test = f"from base import TestBase, test_app\n{again}\n\nclass TestReal(TestBase):\n    __test__ = True\n"
    with graph_of(tmp_path, base=base, test_real=test) as graph:
        nodes = [node.node_id for node in graph.test_nodes().items]
    assert sorted(nodes) == ["test_real.py::TestReal::test_x", "test_real.py::test_y"]


def test_a_condition_over_several_lines_is_one() -> None:
    lines = ["def f(a, b):", "    if (a and", "        b):", "        g()"]
    black = ["def f(a, b):", "    if (", "        a", "        and b", "    ):", "        g()"]
    assert [likelihood.conditions(text, 1, len(text)) for text in (lines, black)] == [("if", False), ("if", False)]
