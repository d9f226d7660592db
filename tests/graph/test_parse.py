from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.graph.discovery.roots import SourceRoots, source_roots
from adapter_core.graph.parsing.parse import parse_python
from adapter_core.graph.source import split_lines
from adapter_core.graph.storage.codec import decode_facts, encode_facts
from adapter_core.types import ModuleFacts

SOURCE = textwrap.dedent('''\
    """Module docstring."""
    from __future__ import annotations
    import os.path
    import numpy as np
    from .sibling import helper as h, other
    from ..pkg import *

    LIMIT: int = 10
    name = "x"

    @decorate(
        1,
    )
    class Base(Mixin, metaclass=Meta):
        """A base."""
        attribute = os.getcwd()

        @property
        def size(self) -> int:
            return len(self.items)

        async def fetch(self, url: str, /, *, retries: int = 3, **options) -> bytes | None:
            def inner():
                return self.client.get(url)
            return await inner()

    def func(a, b=LIMIT, *args):
        import json
        return json.dumps(a)
    ''')


def facts_of(text: str, path: str = "src/app/mod.py") -> ModuleFacts:
    return parse_python(path, text, SourceRoots(("", "src")).module_name(path))


def test_symbols() -> None:
    found = [(s.qualname, s.kind, s.start, s.end) for s in facts_of(SOURCE).symbols]
    assert found == [
        ("app.mod", "module", 1, 29),
        ("LIMIT", "constant", 8, 8),
        ("name", "variable", 9, 9),
        ("Base", "class", 11, 25),
        ("Base.attribute", "variable", 16, 16),
        ("Base.size", "property", 18, 20),
        ("Base.fetch", "method", 22, 25),
        ("Base.fetch.inner", "function", 23, 24),
        ("func", "function", 27, 29),
    ]


def test_signatures_are_as_written() -> None:
    symbols = {s.qualname: s for s in facts_of(SOURCE).symbols}
    assert symbols["Base"].signature == "class Base(Mixin, metaclass=Meta)"
    assert symbols["Base.fetch"].signature == (
        "async def fetch(self, url: str, /, *, retries: int = 3, **options) -> bytes | None"
    )
    assert symbols["func"].signature == "def func(a, b=LIMIT, *args)"
    assert symbols["LIMIT"].signature == "LIMIT: int = 10"
    assert [(p.name, p.kind, p.default) for p in symbols["Base.fetch"].parameters] == [
        ("self", "positional_only", None),
        ("url", "positional_only", None),
        ("retries", "keyword_only", "3"),
        ("options", "var_keyword", None),
    ]
    assert symbols["Base"].docstring == "A base."
    assert symbols["Base.size"].decorators == ("property",)


def test_imports_and_calls() -> None:
    facts = facts_of(SOURCE)
    assert [(i.module, i.name, i.alias, i.level) for i in facts.imports] == [
        ("__future__", "annotations", "annotations", 0),
        ("os.path", None, "os", 0),
        ("numpy", None, "np", 0),
        ("sibling", "helper", "h", 1),
        ("sibling", "other", "other", 1),
        ("pkg", "*", "*", 2),
        ("json", None, "json", 0),
    ]
    assert [(c.callee, c.line, facts.symbols[c.owner].qualname) for c in facts.calls if not c.form] == [
        ("decorate", 11, "app.mod"),
        ("os.getcwd", 16, "Base"),
        ("len", 20, "Base.size"),
        ("self.client.get", 24, "Base.fetch.inner"),
        ("inner", 25, "Base.fetch"),
        ("json.dumps", 29, "func"),
    ]


def test_spans_and_name_positions_slice_the_source() -> None:
    lines = split_lines(SOURCE)
    for symbol in facts_of(SOURCE).symbols[1:]:
        line = lines[symbol.name_line - 1]
        assert line[symbol.name_column :].startswith(symbol.name)
        assert symbol.start <= symbol.name_line <= symbol.end


def test_columns_count_characters() -> None:
    facts = facts_of('größe = 1; ünï = "🙂"; z = 2\n')
    assert [(s.name, s.name_column) for s in facts.symbols[1:]] == [("größe", 0), ("ünï", 11), ("z", 22)]


def test_broken_source_keeps_what_is_whole() -> None:
    facts = facts_of(
        "def good(a: int) -> str:\n    return str(a)\n\nclass C:\n    def m(self):\n        x = (\n\ndef after(): pass\n"
    )
    assert {"good", "C"} <= {s.name for s in facts.symbols}
    assert facts.problems
    good = next(s for s in facts.symbols if s.name == "good")
    assert (good.start, good.end, good.returns) == (1, 2, "str")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000,
        "-" * 20000 + "1",
        "x = " + "[" * 3000,
        "a" + ".b" * 5000,
        "\0",
        "def f(:\n",
        "class\n",
        "if x:\n" * 300,
        "'''unfinished",
        "f'{x!}'",
    ],
)
def test_nothing_makes_the_parser_raise(text: str) -> None:
    facts = facts_of(text)
    assert facts.symbols[0].kind == "module"
    assert facts.problems or text.startswith(("-", "a"))


@settings(max_examples=150)
@given(st.text(alphabet=st.sampled_from("def clas():\n\t =x.,@'\"#é🙂\x0c\r[]{}\\"), max_size=200))
def test_any_text_yields_facts_within_the_file(text: str) -> None:
    facts = parse_python("m.py", text.replace("\r", "\n"), "m")
    for symbol in facts.symbols[1:]:
        assert 1 <= symbol.start <= symbol.end
        assert symbol.parent < len(facts.symbols)


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("pkg/mod.py", "pkg.mod"),
        ("pkg/__init__.py", "pkg"),
        ("src/pkg/mod.py", "pkg.mod"),
        ("src/pkg/__init__.py", "pkg"),
        ("setup.py", "setup"),
        ("__init__.py", "__init__"),
        ("pkg/mod.pyi", "pkg.mod"),
    ],
)
def test_module_names(path: str, module: str) -> None:
    assert source_roots([path], lambda _: "").module_name(path) == module


def test_facts_survive_the_store() -> None:
    facts = facts_of(SOURCE)
    assert decode_facts(facts.path, facts.module, encode_facts(facts)) == facts
    with pytest.raises(ValueError, match="damaged"):
        decode_facts("a.py", "a", b"no zlib")
