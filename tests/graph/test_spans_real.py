"""Every symbol, call and flow of real packages, against what Python's own tokenizer and parser say of the same text."""

from __future__ import annotations

import ast
import bisect
import importlib.util
import io
import itertools
import re
import shutil
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.finding.lookup import implementation
from adapter_core.graph.parsing.parse import parse_python
from adapter_core.types import ModuleFacts, Symbol
from tests.support import write_tree

PACKAGES = ["pygls", "rich", "anyio"]
MORE = ["jedi", "hypothesis", "_pytest", "setuptools", "pip"]
_HEAD = re.compile(r"\s*(?:async\s+def|def|class)\s+([^\W\d]\w*)")


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], CodeGraph]]:
    """The graph of a copy of an installed package: where it is installed, it would be ignored."""
    opened: dict[str, CodeGraph] = {}

    def graph(name: str) -> CodeGraph:
        if name not in opened:
            folder = tmp_path_factory.mktemp(name)
            copy_package(name, folder / "repo")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PATHLINE_CACHE_DIR", str(folder / "cache"))
                opened[name] = CodeGraph.load_or_build(folder / "repo")
        return opened[name]

    yield graph
    for one in opened.values():
        one.close()


def copy_package(name: str, root: Path) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{name} is not installed here")
    leave_out = shutil.ignore_patterns("__pycache__", "third_party", "*.so", "*.dll", "*.exe")
    shutil.copytree(spec.submodule_search_locations[0], root / name, ignore=leave_out)


class File:
    """One file with what the tokenizer and the parser say of it."""

    def __init__(self, graph: CodeGraph, facts: ModuleFacts) -> None:
        document = graph.document(facts.path)
        assert document
        self.facts = facts
        self.text = graph.view.text(facts.path)
        self.lines = document.lines
        self.starts = [0, *itertools.accumulate(len(line) + 1 for line in self.lines)]
        self.tree = ast.parse(self.text)

    def definitions(self) -> Counter[tuple[str, int, int]]:
        """(name, line, column) of every name that stands behind `def` or `class`."""
        found: Counter[tuple[str, int, int]] = Counter()
        before = ""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.NAME:
                if before in ("def", "class"):
                    found[(token.string, *token.start)] += 1
                before = token.string
            elif token.type not in (tokenize.NL, tokenize.COMMENT):
                before = ""
        return found

    def extents(self) -> Counter[tuple[str, int, int]]:
        """(name, first line with decorators, last line) of every definition."""
        found: Counter[tuple[str, int, int]] = Counter()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found[(node.name, start, node.end_lineno or 0)] += 1
        return found

    def place(self, offset: int) -> tuple[int, int]:
        """Line and UTF-8 column, as `ast` counts them."""
        line = bisect.bisect_right(self.starts, offset)
        return line, len(self.text[self.starts[line - 1] : offset].encode())


def files(graph: CodeGraph) -> list[File]:
    """The files that this Python can parse; the others are named by the index."""
    found = []
    for row in graph.store.files():
        facts = graph.facts(row.path)
        assert facts
        if row.kind == "python" and not row.problem:
            found.append(File(graph, facts))
    return found


def expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError:
        return None


def report(offenders: Iterable[object]) -> None:
    found = list(offenders)
    assert not found, f"{len(found)}, the first of them: " + "\n".join(map(str, found[:10]))


def definitions(facts: ModuleFacts) -> list[Symbol]:
    return [s for s in facts.symbols[1:] if s.is_callable or s.kind == "class"]


def check_definitions(graph: CodeGraph) -> None:
    for file in files(graph):
        mine = definitions(file.facts)
        assert Counter((s.name, s.name_line, s.name_column) for s in mine) == file.definitions(), file.facts.path
        assert Counter((s.name, s.start, s.end) for s in mine) == file.extents(), file.facts.path
        for symbol in mine:
            head = _HEAD.match("\n".join(file.lines[symbol.name_line - 1 : symbol.end]))
            assert head, (file.facts.path, symbol)
            assert head[1] == symbol.name
            above = "\n".join(file.lines[symbol.start - 1 : symbol.name_line - 1])
            assert not above.strip() or above.lstrip().startswith("@")


def check_symbols(graph: CodeGraph) -> None:
    """Names, parents, and the ways to a symbol: by position and by full name."""
    for file in files(graph):
        facts = file.facts
        for index, symbol in enumerate(facts.symbols):
            where = (facts.path, symbol)
            assert 1 <= symbol.start <= symbol.name_line <= symbol.end <= max(1, len(file.lines)), where
            if index == 0:
                assert (symbol.parent, symbol.kind, symbol.qualname) == (-1, "module", facts.module)
                assert facts in graph.facts_of_module(facts.module)
                continue
            ref = graph.ref(facts, index)
            assert graph.ref(facts, implementation(facts, index)) in graph.find_symbol(ref.full_name), where
            assert file.lines[symbol.name_line - 1][symbol.name_column :].startswith(symbol.name), where
            at = graph.symbol_at(facts.path, symbol.name_line, symbol.name_column)
            assert at
            assert at.symbol == symbol, where
            assert symbol.parent < index, where
            parent = facts.symbols[symbol.parent]
            assert parent.start <= symbol.start <= symbol.end <= parent.end, where
            assert symbol.qualname == (f"{parent.qualname}.{symbol.name}" if symbol.parent else symbol.name), where


def check_calls(graph: CodeGraph) -> None:
    """Each call of the tree is there once, with the text that it has; and nothing else is."""
    for file in files(graph):
        facts = file.facts
        wanted: Counter[tuple[tuple[int, int], tuple[int, int]]] = Counter()
        for node in executed(file.tree):
            if isinstance(node, ast.Call):
                wanted[((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))] += 1
        found: Counter[tuple[tuple[int, int], tuple[int, int]]] = Counter()
        for call in facts.calls:
            where = (facts.path, call, file.text[call.start : call.end])
            node = expression(where[2])
            assert node is not None, where
            if call.form == "decorator":
                assert file.text[: call.start].rstrip(" \t(").endswith("@"), where
            else:
                assert call.form in ("", "lambda")
                assert isinstance(node, ast.Call), where
                found[(file.place(call.start), file.place(call.end))] += 1
            assert file.place(call.start)[0] == call.line, where
            owner = facts.symbols[call.owner]
            assert owner.start <= call.line <= owner.end, where
        assert found == wanted, facts.path


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those of annotations, which describe."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params"):
                continue
            stack.extend(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, ast.AST))


def check_flows(graph: CodeGraph) -> None:
    for file in files(graph):
        facts = file.facts
        for flow in facts.flows:
            where = (facts.path, flow, file.text[flow.start : flow.end])
            assert 0 <= flow.owner < len(facts.symbols), where
            assert 0 <= flow.scope < len(facts.symbols), where
            if flow.kind != "declared":
                assert flow.start < flow.end, where
                assert expression(where[2]) is not None, where
                scope = facts.symbols[flow.scope]
                assert scope.start <= file.place(flow.start)[0] <= scope.end, where
            if flow.last:
                assert flow.first < flow.last, where
                assert expression(file.text[flow.first : flow.last]) is not None, where


CHECKS = [check_definitions, check_symbols, check_calls, check_flows]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("package", PACKAGES)
def test_real_packages(graphs: Callable[[str], CodeGraph], package: str, check: Callable[[CodeGraph], None]) -> None:
    check(graphs(package))


@pytest.mark.huge
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("package", MORE)
def test_more_packages(graphs: Callable[[str], CodeGraph], package: str, check: Callable[[CodeGraph], None]) -> None:
    check(graphs(package))


# -- what those packages happen not to do ------------------------------------------------------------------------------------


def places(text: str) -> list[tuple[str, int, int]]:
    return [(s.name, s.name_line, s.name_column) for s in parse_python("m.py", text, "m").symbols[1:]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def d(): pass\n", [("d", 1, 4)]),
        ("def ef(): pass\n", [("ef", 1, 4)]),
        ("class C: x = C = 1\n", [("C", 1, 6), ("x", 1, 9), ("C", 1, 13)]),
        ("class é: 'é'; ü = 1\n", [("é", 1, 6), ("ü", 1, 14)]),
        ("@d\n@e(\n  1)\n# between\n\nasync   def\tlonger(longer): pass\n", [("longer", 6, 12)]),
        ("if 1:\n\tdef\tx(): pass\n", [("x", 2, 5)]),
        (
            "a = b = 1; c, (d, *e) = a = 2\n",
            [("a", 1, 0), ("b", 1, 4), ("c", 1, 11), ("d", 1, 15), ("e", 1, 19), ("a", 1, 24)],
        ),
    ],
)
def test_names_stand_where_they_are_written(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("async def c(): pass\n", ("c", 1, 10)),
        ("async def d(): pass\n", ("d", 1, 10)),
        ("async def f(): pass\n", ("f", 1, 10)),
        ("async def nc(): pass\n", ("nc", 1, 10)),
        ("class s: pass\n", ("s", 1, 6)),
    ],
)
def test_names_that_are_in_their_keywords_too(text: str, expected: tuple[str, int, int]) -> None:
    assert places(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def \\\n  g(): pass\n", ("g", 2, 2)),
        ("class\\\n  G: pass\n", ("G", 2, 2)),
        ("def ﬁle(): pass\n", ("file", 1, 4)),
    ],
)
def test_names_that_are_elsewhere_or_spelled_otherwise(text: str, expected: tuple[str, int, int]) -> None:
    assert places(text) == [expected]


def test_a_module_and_a_function_of_one_full_name(tmp_path: Path) -> None:
    write_tree(tmp_path / "repo", "#- pkg/__init__.py\ndef main(): pass\n#- pkg/main.py\ndef run(): pass\n")
    with CodeGraph.load_or_build(tmp_path / "repo") as graph:
        assert sorted(r.path for r in graph.find_symbol("pkg.main")) == ["pkg/__init__.py", "pkg/main.py"]
