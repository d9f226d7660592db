"""Under which names files are imported: source roots, told by project files, and what imports across them lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.discovery.roots import SourceRoots, source_roots
from tests.support import graph_of, split_fixture


def check_roots(fixture: str, expected: dict[str, str]) -> None:
    """The module names of the Python files, in the order of the fixture's text."""
    files = split_fixture(fixture)
    found = source_roots(files, lambda path: files.get(path, ""))
    assert {path: found.module_name(path) for path in files if path.endswith((".py", ".pyi"))} == expected


def check_folder(file: str, text: str, *folders: str) -> None:
    """The source roots that a project file tells, where there is a module in each of the folders `code`, `more` and `code/pkg`."""
    files = {file: text, "code/pkg/m.py": "", "more/n.py": ""}
    assert source_roots(files, lambda path: files.get(path, "")).folders == ("", *folders)


def test_usual_folders() -> None:
    check_roots(
        """
        #- src/app/__init__.py
        #- src/app/core.py
        #- src/script.py
        #- lib/tools/hammer.py
        #- tests/test_app.py
        #- deep/src/other.py
        #- setup.py
        """,
        {
            "src/app/__init__.py": "app",
            "src/app/core.py": "app.core",
            "src/script.py": "script",
            "lib/tools/hammer.py": "tools.hammer",
            "tests/test_app.py": "tests.test_app",
            "deep/src/other.py": "deep.src.other",
            "setup.py": "setup",
        },
    )


def test_a_usual_folder_that_is_a_package_is_none() -> None:
    check_roots(
        "#- src/__init__.py\n#- src/a.py\n#- lib/b.py", {"src/__init__.py": "src", "src/a.py": "src.a", "lib/b.py": "b"}
    )


def test_projects_in_folders() -> None:
    check_roots(
        """
        #- pyproject.toml
        #- packages/one/pyproject.toml
        [tool.setuptools.packages.find]
        where = ["python"]
        #- packages/one/python/first/core.py
        #- packages/one/src/also.py
        #- packages/two/setup.py
        #- packages/two/second/core.py
        #- packages/two/tests/test_core.py
        #- packages/three/third.py
        #- packages/__init__.py
        #- packages/four/__init__.py
        #- packages/four/setup.cfg
        #- packages/four/core.py
        """,
        {
            "packages/one/python/first/core.py": "first.core",
            "packages/one/src/also.py": "also",
            "packages/two/setup.py": "setup",
            "packages/two/second/core.py": "second.core",
            "packages/two/tests/test_core.py": "tests.test_core",
            "packages/three/third.py": "packages.three.third",
            "packages/__init__.py": "packages",
            "packages/four/__init__.py": "packages.four",
            "packages/four/core.py": "packages.four.core",
        },
    )


def test_what_pyproject_tells() -> None:
    check_folder("pyproject.toml", '[tool.setuptools.package-dir]\n"" = "code"\n', "code")
    check_folder("pyproject.toml", '[tool.setuptools]\npackage-dir = {"" = "code"}\n', "code")
    check_folder("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["code", "more"]\n', "code", "more")
    check_folder("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["code/pkg"]\n', "code")
    check_folder("pyproject.toml", '[tool.hatch.build.targets.wheel]\nsources = ["code"]\n', "code")
    check_folder("pyproject.toml", '[tool.pdm.build]\npackage-dir = "code"\n', "code")
    check_folder("pyproject.toml", '[tool.uv.build-backend]\nmodule-root = "code"\n', "code")
    check_folder("pyproject.toml", '[tool.uv.build-backend]\nmodule-root = ""\n')
    check_folder("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["code", "."]\n', "code")
    check_folder("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = "code more"\n', "code", "more")
    check_folder("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["./code/", "missing"]\n', "code")
    check_folder("pyproject.toml", '[project]\nname = "code"\n')


def test_what_poetry_tells() -> None:
    check_folder(
        "pyproject.toml", '[tool.poetry]\npackages = [{include = "pkg", from = "code"}, {include = "x"}]\n', "code"
    )
    check_folder("pyproject.toml", '[[tool.poetry.packages]]\ninclude = "pkg"\nfrom = "code"\n', "code")


def test_what_setup_cfg_tells() -> None:
    check_folder("setup.cfg", "[options]\npackage_dir =\n    = code\n    other = more\n", "code")
    check_folder("setup.cfg", "[options]\npackage_dir = =code\n", "code")
    check_folder("setup.cfg", "[options.packages.find]\nwhere = code\n", "code")
    check_folder("setup.cfg", "[metadata]\nname = %(code)s\n")


@pytest.mark.parametrize(
    "folder",
    [
        "..",
        "../code",
        "code/..",
        "code/../../x",
        "./../code",
        "/code",
        "//host/code",
        "C:/code",
        "C:code",
        "..\\code",
        "\\code",
        "~",
        "$HOME",
        "",
    ],
)
def test_folders_that_lead_elsewhere_are_left_out(folder: str) -> None:
    quoted = "'" + folder + "'"
    check_folder("pyproject.toml", f"[tool.setuptools.packages.find]\nwhere = [{quoted}, 'more']\n", "more")
    check_folder("pyproject.toml", f"[tool.pdm.build]\npackage-dir = {quoted}\n")
    check_folder("setup.cfg", f"[options]\npackage_dir =\n    = {folder}\n")


@pytest.mark.parametrize(
    "text",
    [
        "[tool.broken\n", "\0", "tool = []\n", "[tool]\nsetuptools = 3\n", "[tool.setuptools]\npackage-dir = 'code'\n", "[tool.poetry]\npackages = ['x', 3]\n",
        "[tool.setuptools.packages.find]\nwhere = 3\n", "[tool.hatch.build]\ntargets = 'x'\n", "[tool.pytest]\nini_options = ['x']\n", "[[tool.pdm]]\nx = 1\n",
        "a = " + "[" * 5000,
    ],
)  # fmt: skip
def test_project_files_that_nobody_can_read(text: str) -> None:
    check_folder("pyproject.toml", text)
    check_folder("setup.cfg", text)


def test_names_of_modules() -> None:
    found = SourceRoots(("", "src", "src/inner"))
    names = {
        "a.py": "a",
        "a/__init__.py": "a",
        "a/__init__.pyi": "a",
        "a/b/c.pyi": "a.b.c",  # a namespace package, as far as anybody can tell
        "__init__.py": "__init__",
        "src/a.py": "a",
        "src/__init__.py": "src",
        "src/inner/a/b.py": "a.b",
        "srcs/a.py": "srcs.a",
        "src.py": "src",
    }
    assert {path: found.module_name(path) for path in names} == names


def test_toml_however_it_is_written() -> None:
    check_folder(
        "pyproject.toml", '[tool.setuptools.packages.find]\nwhere = [\n  "code",\n  "more", # no\n]\n', "code", "more"
    )
    check_folder(
        "pyproject.toml", '[tool.setuptools.packages.find] # where\r\nwhere = ["code"] # not "more"\r\n', "code"
    )
    check_folder("pyproject.toml", "[ tool . \"pdm\" . build ]\npackage-dir = 'code'\n", "code")
    check_folder("pyproject.toml", '[tool]\npdm.build.package-dir = "code"\n', "code")
    check_folder(
        "pyproject.toml", '# [tool.pdm.build]\n# package-dir = "code"\n[tool.pdm.build]\npackage-dir = "more"\n', "more"
    )
    check_folder("pyproject.toml", '[project]\ndescription = """\n[tool.pdm.build]\npackage-dir = "code"\n"""\n')
    check_folder("pyproject.toml", '[tool.setuptools]\npackages = ["code", "more"]\n')
    check_folder("pyproject.toml", '[tool.hatch.build.targets.wheel.sources]\ncode = ""\n', "code")


def test_what_a_setup_script_tells() -> None:
    check_folder("setup.py", "from setuptools import setup\nsetup(name='x', package_dir={'': 'code'})\n", "code")
    check_folder("setup.py", "import setuptools\nsetuptools.setup(packages=setuptools.find_packages('code'))\n", "code")
    check_folder("setup.py", "setup(packages=find_namespace_packages(include=['x'], where='code'))\n", "code")
    check_folder("setup.py", "setup(package_dir={'': folder, **more}, packages=find_packages(where))\n")
    check_folder("setup.py", "setup(package_dir=folders, packages=find_packages())\ndef broken(:\n")


def test_a_string_where_a_list_belongs() -> None:
    files = {"pyproject.toml": "[tool.setuptools.packages.find]\nwhere = 'code'\n", "c/a.py": ""}
    assert source_roots(files, lambda path: files.get(path, "")).module_name("c/a.py") == "c.a"


@pytest.mark.parametrize(
    ("file", "section"), [("setup.cfg", "tool:pytest"), ("pytest.ini", "pytest"), ("tox.ini", "pytest")]
)
def test_pythonpath_in_other_files(file: str, section: str) -> None:
    check_folder(file, f"[{section}]\npythonpath = code\n", "code")


GIVEN = [
    ("pyproject.toml", "[tool.setuptools.package-dir]\nshop = 'code/pkg'\n"),
    ("pyproject.toml", "[tool.setuptools]\npackage-dir = {'' = 'other', shop = './code/pkg/'}\n"),
    ("pyproject.toml", "[tool.hatch.build.targets.wheel.sources]\n'code/pkg' = 'shop'\n"),
    ("setup.cfg", "[options]\npackage_dir =\n    = other\n    shop = code/pkg\n"),
    ("setup.cfg", "[options]\npackage_dir = shop=code/pkg, other=more\n"),
    ("setup.py", "setup(package_dir={'': 'other', 'shop': 'code/pkg'})\n"),
]


@pytest.mark.parametrize(("file", "text"), GIVEN)
@pytest.mark.parametrize("folder", ["", "projects/one/"])
def test_a_package_in_a_folder_of_another_name(file: str, text: str, folder: str) -> None:
    files = dict.fromkeys(["code/pkg/__init__.py", "code/pkg/m.py", "code/pkg/sub/n.py", "code/other.py"], "")
    files = {folder + path: content for path, content in {**files, file: text}.items()}
    found = source_roots(files, lambda path: files.get(path, ""))
    names = [
        found.module_name(folder + path) for path in ("code/pkg/__init__.py", "code/pkg/m.py", "code/pkg/sub/n.py")
    ]
    assert names == ["shop", "shop.m", "shop.sub.n"]
    assert found.module_name(folder + "code/other.py") == "code.other"


def test_packages_that_are_given_a_folder_otherwise() -> None:
    told = "[tool.setuptools.package-dir]\n"
    check_roots(
        f"#- pyproject.toml\n{told}shop = '.'\n#- __init__.py\n#- m.py\n#- src/x.py",
        {"__init__.py": "shop", "m.py": "shop.m", "src/x.py": "x"},
    )
    # A workspace that does not look like a package, no folder, a root that is told, too; names that are none.
    check_roots(f"#- pyproject.toml\n{told}shop = ''\nhall = 'gone'\n#- m.py", {"m.py": "m"})
    check_roots(f"#- pyproject.toml\n{told}'' = 'code'\nshop = 'code'\n#- code/m.py", {"code/m.py": "m"})
    check_roots(f"#- pyproject.toml\n{told}'not a name' = 'code'\n#- code/m.py", {"code/m.py": "code.m"})
    # A usual name is a root by custom alone.
    check_roots(f"#- pyproject.toml\n{told}shop = 'lib'\n#- lib/m.py", {"lib/m.py": "shop.m"})
    check_roots(f"#- pyproject.toml\n{told}'shop.inner' = 'lib'\n#- lib/m.py", {"lib/m.py": "shop.inner.m"})


# -- what imports lead to ------------------------------------------------------------------------------------------------


def check_targets(graph: CodeGraph, path: str, expected: dict[str, str]) -> None:
    """For each callee of a file the full names of its targets, the path of a stub behind them."""
    facts = graph.facts(path)
    assert facts
    found = {}
    for call in facts.calls:
        site = graph.site(facts, call)
        found[call.callee] = " ".join(t.full_name + (" (stub)" if t.path.endswith("i") else "") for t in site.targets)
    assert found == expected


def test_imports_across_source_roots(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- pyproject.toml
        [tool.setuptools.packages.find]
        where = ["python"]
        #- python/shop/__init__.py
        #- python/shop/cart.py
        import tools
        def add(): tools.hammer()
        #- lib/tools.py
        def hammer(): pass
        #- tests/test_cart.py
        from shop.cart import add
        import shop.cart as c
        from . import common
        add(); c.add(); common.make()
        #- tests/common.py
        def make(): pass
        """,
    )
    check_targets(graph, "python/shop/cart.py", {"tools.hammer": "tools.hammer"})
    check_targets(
        graph,
        "tests/test_cart.py",
        {"add": "shop.cart.add", "c.add": "shop.cart.add", "common.make": "tests.common.make"},
    )
    assert graph.module_deps("tests.test_cart") == [
        ("tests.test_cart", "shop.cart", True),
        ("tests.test_cart", "tests.common", True),
    ]


def test_scripts_import_what_lies_beside_them(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- scripts/run.py
        import helper, common
        from helper import aid
        helper.aid(); aid(); common.top()
        #- scripts/helper.py
        def aid(): pass
        #- scripts/common.py
        def beside(): pass
        #- common.py
        def top(): pass
        #- pkg/__init__.py
        #- pkg/a.py
        import b
        b.no()
        #- pkg/b.py
        def no(): pass
        """,
    )
    check_targets(
        graph,
        "scripts/run.py",
        {"helper.aid": "scripts.helper.aid", "aid": "scripts.helper.aid", "common.top": "common.top"},
    )
    check_targets(graph, "pkg/a.py", {"b.no": ""})


def test_stubs(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- both.pyi
        def f() -> int: ...
        def stub_only(): ...
        #- both.py
        def f(): return 1
        #- only.pyi
        def g(): ...
        #- use.py
        import both
        from only import g
        both.f(); both.stub_only(); g()
        """,
    )
    check_targets(
        graph, "use.py", {"both.f": "both.f", "both.stub_only": "both.stub_only (stub)", "g": "only.g (stub)"}
    )
    assert (graph.file_for_module("both"), graph.file_for_module("only")) == ("both.py", "only.pyi")


def test_namespace_packages(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- space/part/one.py
        def f(): pass
        #- src/space/part/other.py
        def g(): pass
        #- space/part/two.py
        from space.part import one, other
        from . import one as relative
        import space.part.one
        one.f(); relative.f(); space.part.one.f(); other.g()
        """,
    )
    one, other = "space.part.one.f", "space.part.other.g"
    check_targets(
        graph, "space/part/two.py", {"one.f": one, "relative.f": one, "space.part.one.f": one, "other.g": other}
    )
    assert graph.file_for_module("space.part") is None


STARS = """
    #- listed.py
    __all__ = ["shown", "_odd"]
    def shown(): pass
    def hidden(): pass
    def _odd(): pass
    #- plain.py
    import helpers
    from helpers import lent
    def visible(): pass
    def _private(): pass
    #- helpers.py
    def lent(): pass
    #- added.py
    from listed import *
    import listed
    __all__ = ["own"] + listed.__all__
    def own(): pass
    #- use.py
    from listed import *
    from plain import *
    shown(); hidden(); _odd(); visible(); _private(); lent(); helpers.lent()
    #- use_added.py
    from added import *
    own(); shown(); hidden()
    """


def test_star_imports(repo: Path) -> None:
    graph = graph_of(repo, STARS)
    check_targets(
        graph,
        "use.py",
        {
            "shown": "listed.shown",
            "hidden": "",
            "_odd": "listed._odd",
            "visible": "plain.visible",
            "_private": "",
            "lent": "helpers.lent",
            "helpers.lent": "helpers.lent",
        },
    )
    check_targets(graph, "use_added.py", {"own": "added.own", "shown": "listed.shown", "hidden": ""})


@pytest.mark.parametrize("exports", ["[n for n in dir()]", "names", "'f g'.split()", "['f'] if names else ['g']"])
def test_star_imports_of_a_module_whose_exports_nobody_can_tell(repo: Path, exports: str) -> None:
    graph = graph_of(repo, f"#- m.py\n__all__ = {exports}\ndef f(): pass\n#- use.py\nfrom m import *\nf()\n")
    check_targets(graph, "use.py", {"f": "m.f"})


@pytest.mark.parametrize(
    "exports",
    [
        "['g', '_h'] + names", "['g', '_h']\n__all__ += names", "[*names, 'g', '_h']", "['g', name, '_h']", "other.__all__ + ['_h']",
        "['_h']\ndef public(f):\n    __all__.append(f.__name__)\n    return f", "'_h g'.split() + names", "['_h'] if names else names",
    ],
)  # fmt: skip
def test_star_imports_of_a_module_whose_exports_are_told_in_part(repo: Path, exports: str) -> None:
    """Nothing that may be listed is hidden: what is listed, and what is public."""
    text = f"#- m.py\nimport other\n__all__ = {exports}\ndef f(): pass\ndef _h(): pass\ndef _i(): pass\n"
    graph = graph_of(repo, f"{text}#- use.py\nfrom m import *\nf(); _h(); _i()\n")
    check_targets(graph, "use.py", {"f": "m.f", "_h": "m._h", "_i": ""})


def test_star_imports_of_words_and_alternatives(repo: Path) -> None:
    text = "#- m.py\n__all__ = 'f _g'.split() + (['h'] if x else ['i'])\ndef f(): pass\ndef _g(): pass\ndef h(): pass\ndef j(): pass\n"
    graph = graph_of(repo, f"{text}#- use.py\nfrom m import *\nf(); _g(); h(); j()\n")
    check_targets(graph, "use.py", {"f": "m.f", "_g": "m._g", "h": "m.h", "j": ""})


def test_re_exports_over_three_levels(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- top/__init__.py
        from .a import thing, Klass as K
        #- top/a/__init__.py
        from .b import thing, Klass
        #- top/a/b/__init__.py
        from .c import *
        #- top/a/b/c.py
        def thing(): pass
        class Klass:
            def m(self): pass
        #- use.py
        import top
        from top import thing, K
        thing(); top.thing(); top.a.thing(); K(); top.K(); K().m()
        """,
    )
    thing, klass = "top.a.b.c.thing", "top.a.b.c.Klass"
    check_targets(
        graph,
        "use.py",
        {"thing": thing, "top.thing": thing, "top.a.thing": thing, "K": klass, "top.K": klass, "().m": f"{klass}.m"},
    )


def test_circular_imports(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- cycle/__init__.py
        from .x import X
        from .y import *
        #- cycle/x.py
        from .y import Y
        class X(Y):
            def go(self): return Y()
        #- cycle/y.py
        from . import x
        import cycle
        class Y:
            def back(self): return x.X(), cycle.X(), cycle.Nothing()
        """,
    )
    check_targets(graph, "cycle/x.py", {"Y": "cycle.y.Y"})
    check_targets(graph, "cycle/y.py", {"x.X": "cycle.x.X", "cycle.X": "cycle.x.X", "cycle.Nothing": ""})


def test_files_and_modules_round_trip(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- src/pkg/__init__.py
        #- src/pkg/m.py
        #- space/n.py
        #- top.py
        #- stub.pyi
        #- __init__.py
        """,
    )
    files = [row.path for row in graph.store.files()]
    assert len(files) == 6
    assert {p: graph.file_for_module(graph.module_for_file(p)) for p in files} == {p: p for p in files}
    assert graph.file_for_module("nowhere") is None
    assert graph.file_for_module("") is None
