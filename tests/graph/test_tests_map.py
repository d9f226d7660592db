"""What we say that pytest collects, against what it does collect."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.graph.testing.collecting.config import small_toml_table
from adapter_core.graph.testing.collecting.fixtures import closure_names
from adapter_core.graph.testing.collecting.ids import MAX_IDS, escaped, unique_ids
from adapter_core.graph.testing.tests_map import (
    CONFIG_FILES,
    Fixture,
    PytestRules,
    TestFile,
    TestNode,
    changes_collection,
    collect_tests,
    is_test_file,
    read_fixtures,
    read_rules,
    visible_fixtures,
)

REPOSITORY = r"""
#- pytest.ini
[pytest]
python_files = test_*.py check_*.py
python_classes = Test *Suite
python_functions = test check_*
usefixtures = everywhere

#- conftest.py
import pytest

@pytest.fixture
def everywhere():
    yield

@pytest.fixture(params=["x", "y"])
def letter(request):
    return request.param

@pytest.fixture
def derived(letter):
    return letter

@pytest.fixture(params=[1, 2], scope="session")
def number(request):
    return request.param

@pytest.fixture
def plain():
    return 1

#- test_functions.py
import asyncio
import functools
import pytest

def test_plain(): pass
def testify(): pass
async def test_async(): pass
def helper_test(): pass
def _test_hidden(): pass
test_alias = test_plain
test_lambda = lambda: None
test_partial = functools.partial(test_plain)
test_number = 3
test_list = []
def test_redefined(): pass
def test_redefined(tmp_path): pass
def test_deleted(): pass
del test_deleted
def test_flagged(): pass
test_flagged.__test__ = False
def with_flag(): pass
with_flag.__test__ = True
def check_configured(): pass
@functools.lru_cache
def test_cached(): pass
if asyncio:
    def test_conditional(): pass
else:
    def test_never(): pass

@pytest.fixture
def test_fixture(): return 1

#- test_classes.py
import abc
import dataclasses
import enum
from typing import NamedTuple
import pytest

class Base:
    def test_inherited(self): pass
    def test_overridden(self): pass
    class TestNestedInBase:
        def test_deep(self): pass

class TestChild(Base):
    def test_overridden(self): pass
    def test_own(self): pass
    def helper(self): pass
    async def test_async(self): pass
    @staticmethod
    def test_static(): pass
    @classmethod
    def test_class(cls): pass
    @property
    def test_property(self): return 1
    test_value = 1
    test_again = test_own

class TestRemoved(Base):
    test_inherited = None

class TestOuter:
    class TestInner:
        def test_in(self): pass
        class Helper:
            def test_not(self): pass
    class InnerBase:
        def test_from_inner_base(self): pass
    class TestSibling(InnerBase):
        pass
    def test_out(self): pass

class WantedSuite:
    def test_in_suite(self): pass
    def check_method(self): pass

class TestWithInit:
    def __init__(self): pass
    def test_not(self): pass

class TestWithInheritedInit(TestWithInit):
    def test_not(self): pass

@dataclasses.dataclass
class TestData:
    x: int = 1
    def test_not(self): pass

class TestError(Exception):
    def test_not(self): pass

class TestKind(enum.Enum):
    A = 1
    def test_not(self): pass

class TestTuple(NamedTuple):
    a: int = 1
    def test_not(self): pass

class TestDisabled:
    __test__ = False
    def test_not(self): pass

class TestStillDisabled(TestDisabled):
    def test_not(self): pass

class TestEnabledAgain(TestDisabled):
    __test__ = True

class Enabled:
    __test__ = True
    def test_enabled(self): pass

class TestAbstract(abc.ABC):
    @abc.abstractmethod
    def make(self): ...
    def test_made(self): pass

class TestConcrete(TestAbstract):
    def make(self): return 1

class Left(Base):
    def test_left(self): pass
class Right(Base):
    def test_right(self): pass
class TestDiamond(Left, Right):
    pass

TestAliased = TestChild

#- test_unittest.py
import unittest
from unittest import IsolatedAsyncioTestCase, TestCase
import pytest

class Simple(unittest.TestCase):
    def setUp(self): pass
    def test_b(self): pass
    def test_a(self): pass
    def check_nothing(self): pass
    @unittest.skip("later")
    def test_skipped(self): pass
    @pytest.mark.parametrize("x", [1, 2])
    def test_not_parametrized(self, x=1): pass
    test_value = 3
    test_again = test_a

class Derived(Simple):
    def test_c(self): pass

class WithInit(TestCase):
    def __init__(self, *args): super().__init__(*args)
    def test_here(self): pass

class Async(IsolatedAsyncioTestCase):
    async def asyncSetUp(self): pass
    async def test_async(self): pass

class Mixin:
    def test_mixed_in(self): pass

class Mixed(Mixin, TestCase):
    pass

class Runs(TestCase):
    def runTest(self): pass

class Disabled(TestCase):
    __test__ = False
    def test_not(self): pass

class TestHolder:
    class Inside(TestCase):
        def test_inside(self): pass

class Autouse(TestCase):
    @pytest.fixture(autouse=True, params=[1, 2])
    def auto(self): pass

#- test_parametrize.py
import pytest

@pytest.mark.parametrize("a", [1, 2.5, -3, 1e3, True, None, "text", b"bytes", 2j, 10**3, 1 << 4, "a" * 3, "x" "y", float("nan")])
def test_values(a): pass

@pytest.mark.parametrize("a", ["ä", "日本", "a\nb\t", "", "::", "[x]", b"\xff\x00", "\x7f", "a b", "emoji 😀"])
def test_escapes(a): pass

@pytest.mark.parametrize("a", [[], {}, (1, 2), {1}, object(), int, len, lambda: 0, ..., ValueError, ValueError("x"), (i for i in ())])
def test_objects(a): pass

@pytest.mark.parametrize("a, b", [(1, 2), pytest.param(3, 4, id="x"), [5, 6], pytest.param(7, [], marks=pytest.mark.skip)])
def test_two(a, b): pass

@pytest.mark.parametrize(["a", "b"], [(1, "ü")])
def test_list_of_names(a, b): pass

@pytest.mark.parametrize(("a",), [(1,), (2,)])
def test_tuple_of_one(a): pass

@pytest.mark.parametrize("a", [1, 2, 3], ids=["one", None, 3])
def test_ids(a): pass

@pytest.mark.parametrize("a", [1, pytest.param(2, id="own")], ids=["first", "second"])
def test_param_id_wins(a): pass

@pytest.mark.parametrize("a", [1, "b", None, [1, "x"]], ids=repr)
def test_ids_repr(a): pass

@pytest.mark.parametrize("a", [1, "é", 2.0], ids=str)
def test_ids_str(a): pass

@pytest.mark.parametrize("a", ["x", "x", "y", 1, 1, "1"])
def test_duplicates(a): pass

@pytest.mark.parametrize("a", ["a", "a", "a0", "b1", "b1", ""])
def test_duplicates_that_collide(a): pass

@pytest.mark.parametrize("a", ["a0", "a0", "a", "a", "", ""])
def test_duplicates_of_suffixes(a): pass

@pytest.mark.parametrize("top", ["t1", "t2"])
@pytest.mark.parametrize("middle", [0])
@pytest.mark.parametrize("bottom", ["b1", "b2"])
def test_stacked(top, middle, bottom): pass

@pytest.mark.parametrize("a", range(3))
def test_range(a): pass

@pytest.mark.parametrize(argnames="a", argvalues=[1, 2], ids=("p", "q"))
def test_keywords(a): pass

@pytest.mark.parametrize("a", [1], ids=["é"])
@pytest.mark.parametrize("b", [pytest.param(1, id="ü")])
def test_explicit_escapes(a, b): pass

@pytest.mark.skip
@pytest.mark.parametrize("a", [1])
@pytest.mark.xfail(reason="x")
def test_other_marks(a): pass

#- test_hidden_parameters.py
import pytest

@pytest.mark.parametrize("a", [1, 2, 3], ids=["x", pytest.HIDDEN_PARAM, "y"])
def test_hidden(a): pass

@pytest.mark.parametrize("a", [pytest.param(1, id=pytest.HIDDEN_PARAM)])
def test_all_hidden(a): pass

#- test_constants.py
import datetime
import re
from datetime import timedelta
from pathlib import Path
from pytest import mark, param
import pytest as pt

CASES = [("a", 1), ("b", 2)]
MORE = CASES + [("c", 3)]
ONE = 1
NAMES = "x, n"
with_cases = pt.mark.parametrize(NAMES, CASES)
parametrize = mark.parametrize

class Plain:
    def __init__(self, x): self.x = x

def function(): pass

@with_cases
def test_named_mark(x, n): pass

@mark.parametrize("x, n", MORE)
def test_sum(x, n): pass

@parametrize("x, n", [*CASES, ("d", ONE), param("e", ONE + 1, id="last")])
def test_starred(x, n): pass

@parametrize("x", [Plain, Plain(1), function, timedelta(1), datetime.date(2020, 1, 1), Path("."), re.compile("a+ü"), dict(a=1)])
def test_objects(x): pass

@parametrize("x", list(CASES))
def test_list(x): pass

def test_uses_cases():
    for x, n in CASES:
        assert x in ("a", "b")

class TestScope:
    VALUES = ["in", "class"]
    @parametrize("v", VALUES)
    def test_value(self, v): pass

#- test_dynamic.py
import enum
import itertools
import os
import pytest

class Color(enum.Enum):
    RED = 1

FILLED = []
FILLED.append(3)
TWICE = [1]
if os.name:
    TWICE = [2]
BOTH = OTHER = ["o"]
OTHER.append("p")
CHANGED = ["old"]
def change():
    global CHANGED
    CHANGED = ["new"]
change()

def deco(f):
    return pytest.mark.parametrize("d", [1, 2])(f)

@pytest.mark.parametrize("a", [Color.RED])
def test_enum(a): pass

@pytest.mark.parametrize("a", [c for c in "ab"])
def test_comprehension(a): pass

@pytest.mark.parametrize("a", [str(1)])
def test_call(a): pass

@pytest.mark.parametrize("a", [os.sep], ids=["known"])
def test_unknown_value(a): pass

@pytest.mark.parametrize("a, b", [(os.sep, 1)], ids=["known"])
def test_unknown_value_in_a_set(a, b): pass

@pytest.mark.parametrize("a", FILLED)
def test_filled(a): pass

@pytest.mark.parametrize("a", TWICE)
def test_twice(a): pass

@pytest.mark.parametrize("a", BOTH)
def test_both(a): pass

@pytest.mark.parametrize("a", CHANGED)
def test_changed(a): pass

@pytest.mark.parametrize("a", [1, 2], ids=lambda v: f"<{v}>")
def test_ids_function(a): pass

@pytest.mark.parametrize("a, b", itertools.product([1, 2], [3]))
def test_product(a, b): pass

@pytest.mark.parametrize("a", ["x" * 101])
def test_long(a): pass

@pytest.mark.parametrize("a,", [(1,), (2,)])
def test_trailing_comma(a): pass

@pytest.mark.parametrize("a", [])
def test_empty(a): pass

@pytest.mark.parametrize(*("a", [1, 2]))
def test_starred_call(a): pass

@deco
def test_decorated(d): pass

@pytest.mark.parametrize("a", ["after"])
def test_known(a): pass

#- test_generated.py
import pytest

def pytest_generate_tests(metafunc):
    if "made" in metafunc.fixturenames:
        metafunc.parametrize("made", ["m1", "m2"])

def test_made(made): pass

#- test_marks.py
import pytest

pytestmark = [pytest.mark.parametrize("m", ["module"]), pytest.mark.usefixtures("plain")]

@pytest.mark.parametrize("c", ["lower"])
class TestMarked:
    pytestmark = pytest.mark.parametrize("b", ["body"])

    @pytest.mark.parametrize("f", ["function"])
    def test_all(self, f, b, c, m): pass

    class TestInner:
        @pytest.mark.parametrize("i", [1])
        def test_inner(self, i, b, c, m): pass

@pytest.mark.parametrize("base", [1, 2])
class TestBase:
    def test_base(self, base, m): pass

@pytest.mark.parametrize("own", ["o"])
class TestDerived(TestBase):
    def test_base(self, base, own, m): pass

def test_only_module(m): pass

#- test_fixtures.py
import pytest
from pytest import fixture

@pytest.fixture(params=["p1", "p2"])
def local(request): return request.param

@fixture(params=[1, pytest.param(2, id="two")], ids=None, scope="module")
def wide(request): return request.param

@pytest.fixture(params=[[], {}], name="renamed")
def other(request): return request.param

@pytest.fixture(params=[1, 2], ids=["i1", "i2"])
def with_ids(request): return request.param

@pytest.fixture
def needs_local(local): return local

@pytest.fixture
def letter(letter): return letter  # requests the one of conftest.py, which has parameters

@pytest.fixture
def number(): return 0  # hides the one of conftest.py, which has parameters

def test_local(local): pass
def test_wide_first(local, wide): pass
def test_renamed(renamed): pass
def test_with_ids(with_ids): pass
def test_needs(needs_local): pass
def test_overridden(letter): pass
def test_hidden(number): pass
def test_derived(derived): pass
@pytest.mark.usefixtures("local")
def test_used(): pass
@pytest.mark.parametrize("local", [9])
def test_direct(local): pass
@pytest.mark.parametrize("needs_local", [9])
def test_direct_hides_requests(needs_local): pass
@pytest.mark.parametrize("local", ["q1"], indirect=True)
def test_indirect(local): pass
@pytest.mark.parametrize("local, x", [("q", 1)], indirect=["local"])
def test_some_indirect(local, x): pass
@pytest.mark.parametrize("x", [1, 2])
def test_with_marks(x, local, wide): pass
def test_builtin(tmp_path, request, capsys): pass
def test_default(letter, tmp_path, value=1): pass
def test_keyword_only(*, local): pass
def test_unknown_plugin(pytestconfig): pass

class TestMembers:
    @pytest.fixture(params=["c1", "c2"])
    def local(self, request): return request.param
    @pytest.fixture(autouse=True, params=["auto"])
    def auto(self): pass
    def test_member(self, local): pass
    def test_auto(self): pass
    @staticmethod
    def test_static(local): pass
    class TestInside:
        def test_inside(self, local): pass

class TestInherits(TestMembers):
    @pytest.fixture
    def auto(self): pass

#- sub/conftest.py
import pytest

@pytest.fixture(autouse=True, params=["s"])
def everywhere_in_sub(request): pass

@pytest.fixture
def plain(letter): pass

#- sub/__init__.py
#- sub/test_sub.py
def test_sub(): pass
def test_plain(plain): pass

#- sub/deeper/test_deeper.py
import unittest
def test_number(number, letter): pass
class Case(unittest.TestCase):
    def test_case(self): pass

#- test_patches.py
import unittest
from unittest import mock
from unittest.mock import patch
import pytest

@patch("os.getcwd")
@patch.object(unittest, "TestCase")
@patch("os.sep", "/")
@patch.dict("os.environ", {})
def test_patched(case, cwd, letter): pass

@mock.patch("os.getcwd")
class TestPatched:
    def test_method(self, cwd, letter): pass
    @patch("os.sep", new="x")
    def test_other(self, cwd): pass

#- check_named.py
def check_file(): pass

#- named_otherwise.py
def test_not_looked_at(): pass

#- test_open.py
import pytest
from elsewhere import TestForeign, ForeignBase, test_foreign, fixture_elsewhere
from elsewhere import ForeignTestCase

class TestLocal(ForeignBase):
    @pytest.mark.parametrize("a", [1])
    def test_local(self, a): pass

class LocalCase(ForeignTestCase):
    def test_case(self): pass

def test_imported_fixture(fixture_elsewhere): pass

#- elsewhere.py
import unittest
import pytest

@pytest.mark.parametrize("z", ["from elsewhere"])
class ForeignBase:
    def test_from_elsewhere(self, z): pass
    @pytest.fixture(autouse=True, params=["auto elsewhere"])
    def auto(self): pass

class TestForeign:
    def test_in_foreign(self): pass

def test_foreign(): pass

class ForeignTestCase(unittest.TestCase):
    def test_foreign_case(self): pass

@pytest.fixture(params=[1, 2])
def fixture_elsewhere(): pass

#- test_stars.py
from elsewhere import *

def test_starred(plain): pass
def test_starred_plain(): pass

#- test_module_flag.py
__test__ = False
def test_not(): pass

#- test_main.py
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    def test_not_checked(): pass
if __name__ == "__main__":
    def test_not_main(): pass
try:
    import missing_module
except ImportError:
    def test_fallback(): pass
for i in range(2):
    def test_loop(): pass
with open(__file__):
    def test_with(): pass

#- test_broken_parameters.py
import pytest

@pytest.mark.parametrize("absent", [1])
def test_refused(): pass
"""

# Tests whose parameters we do not claim to know, and where more may be found than we list. All others must be known.
UNKNOWN = """
test_dynamic.py::test_enum test_dynamic.py::test_comprehension test_dynamic.py::test_call test_dynamic.py::test_filled
test_dynamic.py::test_unknown_value
test_dynamic.py::test_twice test_dynamic.py::test_both test_dynamic.py::test_changed test_dynamic.py::test_ids_function
test_dynamic.py::test_product test_dynamic.py::test_long test_dynamic.py::test_empty test_dynamic.py::test_starred_call
test_dynamic.py::test_decorated test_dynamic.py::test_trailing_comma test_generated.py::test_made test_open.py::TestLocal::test_local
test_open.py::test_imported_fixture test_stars.py::test_starred test_functions.py::test_lambda
test_broken_parameters.py::test_refused test_stars.py::test_starred_plain
""".split()
OPEN = """
test_open.py::TestLocal test_open.py::LocalCase test_open.py::ForeignTestCase test_open.py::TestForeign
test_open.py::test_foreign test_stars.py
test_functions.py::test_partial
""".split()


def files_of(text: str) -> dict[str, str]:
    """The files of a text with `#- path` headers."""
    files = {}
    for part in text.split("#- ")[1:]:
        path, _, body = part.partition("\n")
        files[path.strip()] = body
    return files


def collect_all(files: dict[str, str]) -> dict[str, TestFile]:
    rules = read_rules({name: files[name] for name in CONFIG_FILES if name in files})
    fixtures = {path: read_fixtures(path, text) for path, text in files.items() if path.endswith("conftest.py")}
    return {
        path: collect_tests(path, text, rules, fixtures_by_file=fixtures)
        for path, text in files.items()
        if is_test_file(path, rules)
    }


@lru_cache(maxsize=1)
def repository() -> dict[str, TestFile]:
    files = files_of(REPOSITORY)
    if not hasattr(pytest, "HIDDEN_PARAM"):  # it came with pytest 8.4
        del files["test_hidden_parameters.py"]
    return collect_all(files)


def run_pytest(root: Path, *options: str) -> list[str]:
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTEST_ADDOPTS": "",
    }
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    return [
        line
        for line in done.stdout.splitlines()
        if "::" in line and not line.startswith(("ERROR", " ", "FAILED", "In "))
    ]


def test_pytest_collects_what_we_say(tmp_path: Path) -> None:
    for path, text in files_of(REPOSITORY).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    collected = run_pytest(tmp_path, "--continue-on-collection-errors")
    assert len(collected) > 190
    nodes = [node for file in repository().values() for node in file.nodes]
    known = {node.node_id for node in nodes if node.parameters_known}
    unknown = {node.node_id for node in nodes if not node.parameters_known}
    open_ids = tuple(one for file in repository().values() for one in file.open_ids)
    conditional = {node.node_id for node in nodes if node.conditional}
    assert known - set(collected) == {"test_functions.py::test_never"}
    assert conditional == {
        *("test_functions.py::test_conditional", "test_functions.py::test_never"),
        *("test_main.py::test_fallback", "test_main.py::test_loop"),
    }
    left = [one for one in collected if one not in known and one.partition("[")[0] not in unknown]
    assert [one for one in left if not one.startswith(open_ids)] == []
    assert unknown == set(UNKNOWN)
    assert set(open_ids) == set(OPEN)


def test_order_is_that_of_pytest(tmp_path: Path) -> None:
    files = files_of(REPOSITORY)
    for path in ("pytest.ini", "conftest.py", "test_classes.py", "test_unittest.py", "test_parametrize.py"):
        (tmp_path / path).write_text(files[path], "utf-8")
    for path in ("test_classes.py", "test_unittest.py", "test_parametrize.py"):
        assert [node.node_id for node in repository()[path].nodes] == run_pytest(tmp_path, path)


def found_in(text: str, path: str = "tests/test_it.py", **options) -> TestFile:
    return collect_tests(path, textwrap.dedent(text), **options)


def node_of(found: TestFile, name: str) -> TestNode:
    (node,) = (node for node in found.nodes if node.node_id.rpartition("::")[2] == name)
    return node


def fixture_of(text: str) -> Fixture:
    (found,) = read_fixtures("conftest.py", "import pytest\nimport pytest_asyncio\nfrom pytest import fixture\n" + text)
    return found


def test_lines_and_qualnames() -> None:
    found = found_in("""\
        import pytest

        class Base:
            @pytest.mark.parametrize(
                "a", [1, 2]
            )
            def test_base(self, a):
                pass

        class TestIt(Base):
            pass
    """)
    assert [(n.node_id, n.qualname, n.start, n.end) for n in found.nodes] == [
        ("tests/test_it.py::TestIt::test_base[1]", "Base.test_base", 4, 8),
        ("tests/test_it.py::TestIt::test_base[2]", "Base.test_base", 4, 8),
    ]
    assert found.nodes[0].classes == (("TestIt", "Base"),)


def test_fixtures_are_read() -> None:
    plain = fixture_of("@pytest.fixture\ndef db(tmp_path, flag=1, *, name): yield\n")
    assert (plain.name, plain.qualname, plain.start, plain.end) == ("db", "db", 4, 5)
    assert (plain.requests, plain.scope, plain.autouse) == (("tmp_path", "name"), "function", False)
    named = fixture_of("@fixture(name='other', scope='module', autouse=True, params=[1, 'ü'])\ndef db(): pass\n")
    assert (named.name, named.qualname, named.scope, named.autouse) == ("other", "db", "module", True)
    assert named.params_ids == ("1", "\\xfc")
    assert fixture_of("@pytest_asyncio.fixture\nasync def db(): yield\n").name == "db"
    assert fixture_of("scoped = pytest.fixture(scope='session')\n@scoped\ndef db(): pass\n").scope == "session"
    member = fixture_of("class TestX:\n    @pytest.fixture\n    def db(self, other): pass\n")
    assert (member.qualname, member.requests) == ("TestX.db", ("other",))
    unknown = fixture_of("@pytest.fixture(params=make(), scope=choose)\ndef db(): pass\n")
    assert (unknown.params_ids, unknown.scope) == (None, "")
    assert fixture_of("from ours import fixture as f\n@f(params=[1])\ndef db(): pass\n").params_ids is None


def test_the_nearest_fixture_wins() -> None:
    text = "import pytest\n@pytest.fixture\ndef db(): pass\n"
    files = {
        path: read_fixtures(path, text)
        for path in ("conftest.py", "tests/conftest.py", "tests/unit/conftest.py", "other/conftest.py")
    }
    assert visible_fixtures("tests/unit/test_a.py", files)["db"].path == "tests/unit/conftest.py"
    assert visible_fixtures("tests/test_a.py", files)["db"].path == "tests/conftest.py"
    assert visible_fixtures("test_a.py", files)["db"].path == "conftest.py"
    assert visible_fixtures("tests/conftest.py", files)["db"].path == "tests/conftest.py"
    assert visible_fixtures("a/test_a.py", {"other/conftest.py": files["other/conftest.py"]}) == {}
    assert visible_fixtures("tests/test_a.py", files)["db"].overrides == files["conftest.py"][0]
    test = "import pytest\nclass TestA:\n    @pytest.fixture\n    def db(self, db): pass\n    class TestB: pass\n"
    files["tests/test_a.py"] = read_fixtures("tests/test_a.py", test)
    assert visible_fixtures("tests/test_a.py", files)["db"].path == "tests/conftest.py"
    inner = visible_fixtures("tests/test_a.py", files, [("TestA",), ("TestA.TestB",)])["db"]
    assert (inner.qualname, inner.overrides and inner.overrides.path) == ("TestA.db", "tests/conftest.py")
    assert visible_fixtures("tests/test_a.py", files, [("TestC", "TestA")])["db"].qualname == "TestA.db"


def test_the_closure_is_that_of_pytest() -> None:
    files = {
        "conftest.py": read_fixtures("conftest.py", "import pytest\n@pytest.fixture\ndef base(wide): pass\n"
            "@pytest.fixture(scope='session')\ndef wide(): pass\n@pytest.fixture\ndef unused(): pass\n"),
        "test_a.py": read_fixtures("test_a.py", "import pytest\n@pytest.fixture\ndef base(base, request): pass\n"
            "@pytest.fixture\ndef top(base, a): pass\n@pytest.fixture\ndef a(b): pass\n@pytest.fixture\ndef b(a): pass\n"),
    }  # fmt: skip
    visible = visible_fixtures("test_a.py", files)
    assert closure_names(["top", "absent"], visible) == ["wide", "top", "base", "request", "a", "b", "absent"]
    assert closure_names([], visible) == []


def test_a_test_says_which_fixtures_it_gets() -> None:
    conftest = "import pytest\n@pytest.fixture(autouse=True)\ndef always(): pass\n@pytest.fixture\ndef db(): pass\n"
    found = found_in(
        """
        import pytest
        from unittest import TestCase, mock
        pytestmark = [pytest.mark.usefixtures("of_module")]

        @pytest.mark.usefixtures("used", "db")
        @pytest.mark.parametrize("value", [1])
        def test_function(db, value, tmp_path, flag=None): pass

        @pytest.mark.usefixtures("of_class")
        class TestIt:
            @mock.patch("os.getcwd")
            def test_method(self, cwd, db): pass

        class Case(TestCase):
            def test_case(self): pass
        """,
        fixtures_by_file={"conftest.py": read_fixtures("conftest.py", conftest)},
    )
    wanted = {node.qualname: node.fixtures for node in found.nodes}
    assert wanted == {
        "test_function": ("always", "used", "db", "of_module", "tmp_path"),
        "TestIt.test_method": ("always", "of_class", "of_module", "db"),
        "Case.test_case": ("always", "of_module"),
    }


def test_strategies_of_hypothesis_are_no_fixtures() -> None:
    found = found_in("""
        from hypothesis import given, strategies as st
        @given(st.integers(), st.text())
        def test_by_position(tmp_path, number, text): pass
        @given(text=st.text())
        def test_by_name(tmp_path, text): pass
        @given(...)
        def test_all(number: int): pass
    """)
    assert [(node.fixtures, node.parameters_known) for node in found.nodes] == [
        (("tmp_path",), True),
        (("tmp_path",), True),
        ((), True),
    ]


def test_helpers_that_run_for_a_test() -> None:
    found = found_in("""
        import pytest
        from unittest import TestCase
        def setUpModule(): pass
        def setup_module(): pass
        def teardown_module(): pass
        def setup_function(): pass
        def test_function(): pass
        class Base:
            def setup_method(self): pass
            @classmethod
            def teardown_class(cls): pass
        class TestIt(Base):
            @pytest.fixture(autouse=True)
            def setup_class(self): pass
            def test_method(self): pass
        class Case(TestCase):
            def tearDown(self): pass
            def setUp(self): pass
            @classmethod
            def setUpClass(cls): pass
            async def asyncSetUp(self): pass
            def test_case(self): pass
    """)
    assert node_of(found, "test_function").helpers == ("setUpModule", "setup_function", "teardown_module")
    assert node_of(found, "test_method").helpers == (
        *("setUpModule", "Base.setup_method", "Base.teardown_class", "teardown_module"),
    )
    assert node_of(found, "test_case").helpers == (
        *("setUpModule", "Case.setUpClass", "Case.setUp", "Case.asyncSetUp", "Case.tearDown", "teardown_module"),
    )
    assert (node_of(found, "test_case").is_unittest, node_of(found, "test_method").is_unittest) == (True, False)


def test_the_caller_may_know_the_bases() -> None:
    text = "from base import Common\nclass Checks(Common):\n    def test_it(self): pass\n"
    assert found_in(text).nodes == ()
    found = found_in(text, is_test_case={"Common": True}.get)
    assert [node.node_id for node in found.nodes] == ["tests/test_it.py::Checks::test_it"]
    assert found.open_ids == ("tests/test_it.py::Common", "tests/test_it.py::Checks")
    text = "from base import NoTestCase\nclass Checks(NoTestCase):\n    def test_it(self): pass\n"
    assert len(found_in(text).nodes) == 1
    assert found_in(text, is_test_case={"NoTestCase": False}.get).nodes == ()


def test_tests_of_one_method_under_several_names_are_open() -> None:
    found = found_in("""
        from unittest import TestCase
        from parameterized import parameterized, parameterized_class
        class Case(TestCase):
            @parameterized.expand([("a", 1)])
            def test_expanded(self, name, value): pass
        @parameterized_class([{"a": 1}])
        class Several(TestCase):
            def test_it(self): pass
    """)
    assert not node_of(found, "test_expanded").parameters_known
    assert found.open_ids == ("tests/test_it.py::Case::test_expanded", "tests/test_it.py::Several")


def test_hooks_make_parameters_unknown() -> None:
    text = "import pytest\n@pytest.mark.parametrize('a', [1])\ndef test_it(a): pass\n"
    assert found_in(text).nodes[0].parameters_known
    assert not found_in(text, hooked=True).nodes[0].parameters_known
    assert changes_collection("def pytest_generate_tests(metafunc): pass")
    assert changes_collection("def pytest_collection_modifyitems(items):\n    items[0]._nodeid = 'x'")
    assert not changes_collection("def pytest_collection_modifyitems(items):\n    items.clear()")
    assert not changes_collection("def pytest_generate_tests(")


def test_modules_that_skip_themselves() -> None:
    assert found_in("import pytest\nnp = pytest.importorskip('numpy')\ndef test_it(): pass").nodes[0].conditional
    assert not found_in("import pytest\ndef test_it(): pytest.skip()").nodes[0].conditional


def test_too_many_parameters_are_not_listed() -> None:
    many = "\n".join(f"@pytest.mark.parametrize('a{i}', range(10))" for i in range(9))
    found = found_in(f"import pytest\n{many}\ndef test_it({', '.join(f'a{i}' for i in range(9))}): pass\n")
    assert [node.parameters_known for node in found.nodes] == [False]
    found = found_in(f"import pytest\n@pytest.mark.parametrize('a', range({MAX_IDS + 1}))\ndef test_it(a): pass\n")
    assert [node.parameters_known for node in found.nodes] == [False]


def check_rules(files: dict[str, str], **expected: object) -> None:
    rules = read_rules({name: textwrap.dedent(text) for name, text in files.items()})
    assert {name: getattr(rules, name) for name in expected} == expected


def test_rules_of_each_kind_of_file() -> None:
    check_rules({}, python_files=("test_*.py", "*_test.py"), python_classes=("Test",), source="")
    check_rules(
        {"pyproject.toml": "[tool.pytest.ini_options]\npython_files = 'a_*.py b.py'\npython_classes = ['A', 'B']\n"},
        python_files=("a_*.py", "b.py"),
        python_classes=("A", "B"),
        source="pyproject.toml",
    )
    check_rules({"pyproject.toml": '[tool.pytest]\npython_functions = ["check"]\n'}, python_functions=("check",))
    check_rules({"pytest.toml": '[pytest]\npython_files = ["x.py"]\n'}, python_files=("x.py",))
    check_rules({"pytest.ini": "[pytest]\npython_files =\n    a.py\n    b.py\n"}, python_files=("a.py", "b.py"))
    check_rules({"tox.ini": "[tox]\na = 1\n[pytest]\nusefixtures = db\n"}, usefixtures=("db",), source="tox.ini")
    check_rules({"setup.cfg": "[tool:pytest]\npython_functions=it_*\n"}, python_functions=("it_*",))
    option = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support"
    check_rules({"pytest.ini": f"[pytest]\n{option} = True\n"}, escape_ids=False)


def test_the_first_file_that_configures_pytest_counts() -> None:
    ini, toml = "[pytest]\npython_files = ini.py\n", "[tool.pytest.ini_options]\npython_files = 'toml.py'\n"
    check_rules({"pytest.ini": ini, "pyproject.toml": toml}, python_files=("ini.py",))
    check_rules(
        {"pytest.ini": "", "pyproject.toml": toml}, python_files=("test_*.py", "*_test.py"), source="pytest.ini"
    )
    check_rules({"tox.ini": "[tox]\n", "setup.cfg": "[metadata]\n", "pyproject.toml": toml}, python_files=("toml.py",))
    check_rules({"tox.ini": ini, "pyproject.toml": "[tool.black]\n"}, python_files=("ini.py",))
    check_rules({"tox.ini": ini, "pyproject.toml": "[tool.pytest.ini_options\n"}, python_files=("ini.py",))
    check_rules({"tox.ini": "[pytest\n", "setup.cfg": "no section\n"}, source="")


def test_files_are_matched_by_name_or_path() -> None:
    assert is_test_file("a/test_b.py", PytestRules())
    assert is_test_file("b_test.py", PytestRules())
    assert not is_test_file("a/b.py", PytestRules())
    assert not is_test_file("test_a.txt", PytestRules(python_files=("*",)))
    assert is_test_file("tests/unit/a.py", PytestRules(python_files=("tests/*.py",)))
    assert not is_test_file("src/a.py", PytestRules(python_files=("tests/*.py",)))


TOML = """
title = "x"
[tool.black]
line-length = 100
[tool.pytest.ini_options]  # ours
minversion = "6.0"
addopts = "-ra -q # not a comment"
strict = true
testpaths = [
    "tests",  # one ]
    'in"tegration',
]
python_files = ["test_*.py", "check_*.py"]
text = \"""
two
lines\"""
[[tool.mypy.overrides]]
module = "a"
"""


def test_the_small_toml_reader_reads_what_matters() -> None:
    found = small_toml_table(TOML, "tool.pytest.ini_options")
    assert found == {
        "minversion": "6.0",
        "addopts": "-ra -q # not a comment",
        "strict": True,
        "testpaths": ["tests", 'in"tegration'],
        "python_files": ["test_*.py", "check_*.py"],
        "text": "\ntwo\nlines",
    }
    assert small_toml_table(TOML, "tool.pytest") is None
    assert small_toml_table("[a]\nx = [1,\n", "a") == {}
    assert small_toml_table("[ tool . pytest ]\nx = 2020-01-01\ny = 'ok'", "tool.pytest") == {"y": "ok"}


@given(st.lists(st.sampled_from(["", "a", "a0", "a1", "a00", "0", "1", "1_0", "0_1", "b"]), max_size=12))
def test_suffixes_are_those_of_pytest(ids: list[str]) -> None:
    sets = [pytest.param(0, id=one) for one in ids]
    maker_class = pytest.importorskip("_pytest.python").IdMaker
    others = {name: None for name in maker_class.__slots__ if name not in ("argnames", "parametersets")}
    maker = maker_class(argnames=["x"], parametersets=sets, **others)
    assert list(unique_ids(ids)) == maker.make_unique_parameterset_ids()


@given(st.text() | st.binary())
def test_escapes_are_those_of_pytest(value: str | bytes) -> None:
    assert escaped(value) == pytest.importorskip("_pytest.compat").ascii_escaped(value)


@pytest.mark.parametrize(
    "text",
    [
        "def test_a(:",
        "\0",
        "A = B\nB = A\nimport pytest\n@pytest.mark.parametrize('a', A)\ndef test_a(a): pass",
        "import pytest\nA = A\n@pytest.mark.parametrize(A, A, ids=A)\n@A\ndef test_a(a): pass",
        "class TestA(TestA): pass\nclass TestB(TestC): pass\nclass TestC(TestB): pass",
        "class TestA:\n    pass\nclass TestB:\n    TestC = TestB\n    TestD = TestA\n",
        "class TestA:\n    class TestB:\n        pass\n    TestC = TestB\n    TestB = TestC\n",
        "import pytest\n@pytest.mark.parametrize()\n@pytest.mark.parametrize('a')\n@pytest.mark.parametrize\ndef test_a(): pass",
        "import pytest\n@pytest.mark.parametrize('a', [pytest.param()], ids=3)\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('', [1])\n@pytest.mark.parametrize(3, 4)\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('a', [10 ** 10 ** 10, 1 / 0, 1 << 10 ** 9, 'x' * 10 ** 9])\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('a', range(10 ** 12))\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('a', [" + "9" * 4000 + " * " + "9" * 4000 + "])\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('a', [" + "1 + " * 500 + "1])\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('a', [" + "[" * 80 + "]" * 80 + "])\ndef test_a(a): pass",
        "if x:\n    pass\n" + "elif x:\n    pass\n" * 2000 + "else:\n    def test_a(): pass",
        "\n".join(f"class T{i}(T{i - 1}, U{i - 1}): pass\nclass U{i}(T{i - 1}, U{i - 1}): pass" for i in range(60)),
        "import pytest\n" + "\n".join(f"@pytest.fixture\ndef f{i}(f{i + 1}): pass" for i in range(2000)) + "\ndef test_a(f0): pass",
        "pytestmark = pytest.mark.x\npytestmark += [1]\n__test__ = []\ndef test_a(): pass",
        "@pytest.fixture(*a, **b)\ndef f(): pass\n@pytest.fixture(name=3, params=3, ids=3, scope=3)\ndef g(): pass",
        "def test_a(*args, **kwargs): pass\nclass TestA:\n    def test_a(): pass\n    def test_b(*, a): pass",
        "class TestA:\n    def test_c(self, /, a): pass\n    @staticmethod\n    def test_d(): pass\n    test_e = test_d",
    ],
)  # fmt: skip
def test_nothing_makes_us_raise(text: str) -> None:
    collect_tests("test_a.py", text)
    read_fixtures("test_a.py", text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_sources_never_raise(data: st.DataObject) -> None:
    """Lines that are dropped, doubled or swapped leave much that still parses, and means something else."""
    path = data.draw(st.sampled_from([p for p in files_of(REPOSITORY) if p.endswith(".py")]))
    lines = files_of(REPOSITORY)[path].split("\n")
    for _ in range(data.draw(st.integers(0, 4))):
        one, other = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))
        lines[one : one + 1] = data.draw(st.sampled_from([[], [lines[other]], [lines[one]] * 2]))
        lines = lines or [""]
    text = "\n".join(lines)
    found = collect_tests(path, text)
    assert found == collect_tests(path, text)
    assert all(1 <= node.start <= node.end <= len(lines) for node in (*found.nodes, *found.fixtures))
    assert len({node.node_id for node in found.nodes}) == len(found.nodes)
