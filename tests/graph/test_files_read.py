"""Files that cannot tell anything are not read for an answer."""

from __future__ import annotations

from pathlib import Path

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.indexing.sync import SyncOptions, sync
from adapter_core.graph.linking.aliases import may_alias
from adapter_core.graph.linking.results.values import Value
from adapter_core.graph.storage.store import Store
from tests.support import graph_of, write_tree

READERS = 90  # more than the calls that are looked at for a parameter


def looked_at(graph: CodeGraph) -> set[str]:
    return {path for path in graph.view.python_paths() if path in graph.inference._tables}


def function_of(graph: CodeGraph, name: str) -> Value:
    (ref,) = graph.find_symbol(name)
    facts = graph.facts(ref.path)
    assert facts is not None
    return Value("function", ref.path, facts.symbols.index(ref.symbol))


def test_of_a_name_that_is_called_everywhere_the_calls_are_counted_and_not_read(repo: Path) -> None:
    others = "".join(f"#- other{n}.py\ndef run(x): pass\nrun({n})\n" for n in range(READERS))
    text = f"#- m.py\nclass A:\n    def go(self): pass\ndef f(x):\n    x.go()\nrun = f\nf(A())\n{others}"
    graph = graph_of(repo, text)
    calls, are_all = may_alias.argument_sites(graph.inference, function_of(graph, "m.f"))
    assert [(path, call.line) for path, call in calls] == [("m.py", 6)]
    assert not are_all
    assert looked_at(graph) == {"m.py"}
    assert [site.span.start for site in graph.who_calls("m.A.go").items if site.resolved] == [4]


def test_of_a_few_calls_all_are_looked_at(repo: Path) -> None:
    graph = graph_of(repo, "#- m.py\ndef f(x):\n    pass\nrun = f\n#- n.py\nfrom m import run, f\nrun(1)\nf(2)\n")
    calls, are_all = may_alias.argument_sites(graph.inference, function_of(graph, "m.f"))
    assert sorted((path, call.callee) for path, call in calls) == [("n.py", "f"), ("n.py", "run")]
    assert are_all


def test_open_files_are_not_counted_as_calling(repo: Path) -> None:
    """They are among the files of any name, whatever they say."""
    write_tree(repo, "#- m.py\ndef f(x):\n    pass\nrun = f\ngo = run\nf(1)\n")
    store = Store(None)
    sync(repo, store, SyncOptions(workers=1))
    graph = CodeGraph(repo, store, {f"other{number}.py": "pass\n" for number in range(39)})
    assert may_alias.argument_sites(graph.inference, function_of(graph, "m.f"))[1]


def test_a_file_that_only_mentions_a_function_is_not_read_for_what_is_done_with_its_result(repo: Path) -> None:
    graph = graph_of(
        repo,
        "#- a.py\ndef handler(): pass\ndef make():\n    return handler\n"
        "#- b.py\nfrom a import make as build\nbuild()()\n"
        "#- c.py\n# make is not called here\n"
        "#- d.py\nimport a\n@a.make\ndef under(): pass\nunder()\n",
    )
    sites = [s for s in graph.who_calls("a.handler", implicit=False).items if s.resolved]
    assert [(s.span.path, s.span.start) for s in sites] == [("b.py", 2), ("d.py", 4)]
    assert "c.py" not in looked_at(graph)


def test_a_question_sees_one_state_of_the_index(tmp_path: Path) -> None:
    root, database = tmp_path / "repo", tmp_path / "index"
    root.mkdir()
    write_tree(root, "#- a.py\nwanted()\n")
    writer = Store(database)
    sync(root, writer, SyncOptions(workers=1))
    reader = Store(database, read_only=True)
    with reader.snapshot():
        before = reader.files_using("wanted", "called")
        write_tree(root, "#- b.py\nwanted()\n")
        sync(root, writer, SyncOptions(workers=1))
        assert reader.files_using("wanted", "called") == before
    assert len(reader.files_using("wanted", "called")) == len(before) + 1
    with reader.snapshot():
        assert len(reader.files_using("wanted", "called")) == len(before) + 1
    reader.close()
    writer.close()


def test_a_closed_store_holds_nothing_of_what_it_read(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    write_tree(root, "#- a.py\nwanted()\n")
    store = Store(tmp_path / "index")
    sync(root, store, SyncOptions(workers=1))
    assert store.files_using("wanted")
    assert len(store._segments._blocks)
    store.close()
    assert not len(store._segments._blocks)
    store.close()
