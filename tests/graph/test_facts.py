"""What one file says: symbols of every kind, imports, `__all__`, calls, flows, and syntax that is newer than the running Python."""

from __future__ import annotations

import ast
import textwrap

from adapter_core.graph.parsing.extract import Extractor
from adapter_core.graph.parsing.newer import older_spelling
from adapter_core.graph.parsing.parse import parse_python
from adapter_core.types import Flow, Import, ModuleFacts, Symbol


def dedented(text: str) -> str:
    return textwrap.dedent(text).strip("\n") + "\n"


def facts_of(text: str) -> ModuleFacts:
    facts = parse_python("m.py", dedented(text), "m")
    assert not facts.problems
    return facts


def symbol_of(text: str, qualname: str) -> Symbol:
    (found,) = (s for s in facts_of(text).symbols if s.qualname == qualname)
    return found


def shown(symbol: Symbol) -> str:
    """`kind qualname lines@line:column of the name`, and whatever is out of the ordinary."""
    more = [*symbol.traits, *(["conditional"] if symbol.conditional else []), symbol.visibility]
    lines = f"{symbol.start}-{symbol.end}@{symbol.name_line}:{symbol.name_column}"
    return " ".join([symbol.kind, symbol.qualname, lines, *(m for m in more if m != "public")])


def check_symbols(text: str, expected: str) -> None:
    assert "\n".join(map(shown, facts_of(text).symbols[1:])) + "\n" == dedented(expected)


# -- symbols -------------------------------------------------------------------------------------------------------------


def test_functions() -> None:
    check_symbols(
        """
        @first
        @second(1)
        def decorated(): pass

        async def awaited():
            yield 1

        def outer():
            def inner():
                yield from []
            class Local:
                attribute = 1
                def method(self): pass
            variable = [(yield_ := 1)]
            return inner

        if outer:
            def either(): pass
        else:
            def other(): pass
        for _ in (): def_ = 1
        """,
        """
        function decorated 1-3@3:4
        function awaited 5-6@5:10 async generator
        function outer 8-15@8:4
        function outer.inner 9-10@9:8 generator
        class outer.Local 11-13@11:10
        variable outer.Local.attribute 12-12@12:8
        method outer.Local.method 13-13@13:12
        function either 18-18@18:8 conditional
        function other 20-20@20:8 conditional
        variable def_ 21-21@21:13 conditional
        """,
    )


def test_methods() -> None:
    check_symbols(
        """
        class Base(Other[int], metaclass=Meta):
            @property
            def size(self): return 1
            @size.setter
            def size(self, value): pass
            @functools.cached_property
            def cached(self): return 2
            @staticmethod
            def static(): pass
            @classmethod
            async def made(cls): pass
            @typing.overload
            def get(self, key: int) -> int: ...
            @abc.abstractmethod
            def get(self, key): yield key
            def __eq__(self, other): pass
            def _protected(self): pass
            def __private(self): pass
            class Inner:
                def method(self): pass
        """,
        """
        class Base 1-20@1:6
        property Base.size 2-3@3:8
        property Base.size 4-5@5:8
        property Base.cached 6-7@7:8
        method Base.static 8-9@9:8 static
        method Base.made 10-11@11:14 async class
        method Base.get 12-13@13:8 overload
        method Base.get 14-15@15:8 abstract generator
        method Base.__eq__ 16-16@16:8 special
        method Base._protected 17-17@17:8 private
        method Base.__private 18-18@18:8 private
        class Base.Inner 19-20@19:10
        method Base.Inner.method 20-20@20:12
        """,
    )


def test_variables_and_members() -> None:
    check_symbols(
        """
        LIMIT = 3
        _Name: int = 4
        __version__ = "1"
        Alias: TypeAlias = "list[int]"
        Other: typing.TypeAlias = int
        a, (b, *C) = d = f()
        e.attribute = e["key"] = 1
        class Color(enum.Enum):
            RED = 1
            blue = enum.auto()
            _ignore_ = []
            def method(self): pass
        @dataclasses.dataclass(frozen=True)
        class Point:
            x: int
            y: int = field(
                default=0,
            )
            KIND: ClassVar[int] = 3
            plain = 1
        class Row(typing.NamedTuple):
            first: str
        class Options(TypedDict, total=False):
            name: str
        class Plain:
            noted: str
        """,
        """
        constant LIMIT 1-1@1:0
        variable _Name 2-2@2:0 private
        variable __version__ 3-3@3:0 special
        type_alias Alias 4-4@4:0
        type_alias Other 5-5@5:0
        variable a 6-6@6:0
        variable b 6-6@6:4
        constant C 6-6@6:8
        variable d 6-6@6:13
        class Color 8-12@8:6
        enum_member Color.RED 9-9@9:4
        enum_member Color.blue 10-10@10:4
        variable Color._ignore_ 11-11@11:4 private
        method Color.method 12-12@12:8
        class Point 13-20@14:6
        field Point.x 15-15@15:4
        field Point.y 16-18@16:4
        constant Point.KIND 19-19@19:4
        variable Point.plain 20-20@20:4
        class Row 21-22@21:6
        field Row.first 22-22@22:4
        class Options 23-24@23:6
        field Options.name 24-24@24:4
        class Plain 25-26@25:6
        variable Plain.noted 26-26@26:4
        """,
    )


def test_enum_members_that_look_like_something_else() -> None:
    check_symbols(
        """
        class Color(enum.Enum):
            RED: int = 1
            _hidden = 2
        """,
        """
        class Color 1-3@1:6
        enum_member Color.RED 2-2@2:4
        enum_member Color._hidden 3-3@3:4 private
        """,
    )


def test_parameters_bases_and_decorators() -> None:
    text = """
        @deco(1)
        @m.other
        async def f(a, /, b: "int" = 1, *args: str, c, d=LIMIT, **options: X | None) -> Iterator[int]: ...
        class A(Base[int], other.Mixin, metaclass=Meta): ...
        class B: ...
        """
    function = symbol_of(text, "f")
    assert [(p.name, p.kind, p.annotation, p.default) for p in function.parameters] == [
        ("a", "positional_only", None, None),
        ("b", "positional", '"int"', "1"),
        ("args", "var_positional", "str", None),
        ("c", "keyword_only", None, None),
        ("d", "keyword_only", None, "LIMIT"),
        ("options", "var_keyword", "X | None", None),
    ]
    assert (function.returns, function.decorators) == ("Iterator[int]", ("deco(1)", "m.other"))
    assert symbol_of(text, "A").bases == ("Base[int]", "other.Mixin")
    assert symbol_of(text, "A").signature == "class A(Base[int], other.Mixin, metaclass=Meta)"
    assert symbol_of(text, "B").bases == ()


def test_the_column_of_a_name_that_its_keywords_contain() -> None:
    check_symbols(
        """
        async def f(): pass
        async def nc(): pass
        class s: pass
        class ss: pass
        def ef(): pass
        """,
        """
        function f 1-1@1:10 async
        function nc 2-2@2:10 async
        class s 3-3@3:6
        class ss 4-4@4:6
        function ef 5-5@5:4
        """,
    )


def test_local_names_of_a_function() -> None:
    text = """
        def f(parameter):
            global G
            a = b, *c = 1, 2
            G = d.e = 1
            for i in []: pass
            with open() as w: pass
            try: import os
            except E as x: pass
            n += 1
            if (walrus := 1): pass
            match a:
                case [first, *rest] | {"k": first, **rest} | K(first) as whole: pass
            [inner for inner in []]
            lambda q: q
        """
    expected = "a b c first i n rest w walrus whole x".split()
    assert symbol_of(text, "f").local_names == tuple(expected)


def test_a_lambda_that_yields_is_its_own_generator() -> None:
    assert not symbol_of("def f(): return lambda: (yield)", "f").is_generator


def test_a_name_that_is_unpacked_does_not_claim_the_whole_value() -> None:
    assert symbol_of("a, b = 1, 2", "b").signature != "b = 1, 2"


# -- imports -------------------------------------------------------------------------------------------------------------


def shown_import(item: Import, facts: ModuleFacts) -> str:
    marks = [m for m, on in (("conditional", item.conditional), ("typing", item.typing_only)) if on]
    name = f".{item.name}" if item.name else ""
    return " ".join(
        [
            f"{item.line} {facts.symbols[item.owner].qualname}: {item.alias} = {'.' * item.level}{item.module}{name}",
            *marks,
        ]
    )


def test_imports() -> None:
    facts = facts_of(
        """
        import os.path, json as j
        from . import sibling
        from ..pkg.mod import (
            name,
            other as renamed,
        )
        from star import *
        try:
            import fast
        except ImportError:
            from slow import fast
        if TYPE_CHECKING:
            from t import T
        elif x:
            from e import E
        if typing.TYPE_CHECKING:
            if x:
                import nested
        class C:
            import in_class
            def f(self):
                global shared
                import local, shared
        """
    )
    assert [shown_import(i, facts) for i in facts.imports] == [
        "1 m: os = os.path",
        "1 m: j = json",
        "2 m: sibling = ..sibling",
        "3 m: name = ..pkg.mod.name",
        "3 m: renamed = ..pkg.mod.other",
        "7 m: * = star.*",
        "9 m: fast = fast conditional",
        "11 m: fast = slow.fast conditional",
        "13 m: T = t.T conditional typing",
        "15 m: E = e.E conditional",
        "18 m: nested = nested conditional typing",
        "20 C: in_class = in_class",
        "23 C.f: local = local",
        "23 m: shared = shared",
    ]


# -- __all__ -------------------------------------------------------------------------------------------------------------


def check_exports(text: str, names: tuple[str, ...] | None, modules: tuple[str, ...] = ()) -> None:
    facts = facts_of(text)
    assert (facts.exports, facts.exports_of) == (names, modules)


def test_exports() -> None:
    check_exports("x = 1", None)
    check_exports("__all__ = ['a', 'b']", ("a", "b"))
    check_exports("__all__ = ()", ())
    check_exports(
        "__all__ = ['a']\n__all__ += ('b',)\n__all__.extend(['c'])\n__all__.append('d')", ("a", "b", "c", "d")
    )
    check_exports("__all__ = ['a'] + other.__all__ + ['b']", ("a", "b"), ("other",))
    check_exports(
        "__all__ = ['a']\n__all__ += pkg.other.__all__\n__all__.extend(third.__all__)", ("a",), ("pkg.other", "third")
    )
    check_exports("__all__ = [*first.__all__, 'a', *list(second.__all__)]", ("a",), ("first", "second"))
    check_exports("__all__ = sorted(['b', 'a'])", ("b", "a"))
    check_exports("def f():\n    __all__ = ['a']\nclass C:\n    __all__ = ['b']", None)


def test_exports_with_an_annotation() -> None:
    check_exports("__all__: list[str] = ['a']", ("a",))


def test_a_second_assignment_replaces_exports() -> None:
    check_exports("__all__ = other.__all__\n__all__ = ['a']", ("a",))


# -- calls and flows -----------------------------------------------------------------------------------------------------


def check_calls(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    """(form, owner, callee, the text between its offsets) of each call."""
    facts, source = facts_of(text), dedented(text)
    found = [(c.form, facts.symbols[c.owner].qualname, c.callee, source[c.start : c.end]) for c in facts.calls]
    assert found == expected
    assert [c.line for c in facts.calls] == [source.count("\n", 0, c.start) + 1 for c in facts.calls]


def test_calls() -> None:
    check_calls(
        """
        @plain
        @made.by(1)
        def f(x=default()) -> annotated():
            g(h(1), k=i())[0].j()
            return super().f(
                *args(),
            )
        key = lambda n=at_once(): later(lambda: latest())
        class C(base(), metaclass=meta()):
            field: noted() = value()
            "é".join(ä for ä in größe())
        f"{inside('🙂')}"
        """,
        [
            ("", "m", "made.by", "made.by(1)"),
            ("", "m", "default", "default()"),
            ("decorator", "m", "plain", "plain"),
            ("decorator", "m", "()", "made.by(1)"),
            ("", "f", "g", "g(h(1), k=i())"),
            ("", "f", "()[].j", "g(h(1), k=i())[0].j()"),
            ("", "f", "h", "h(1)"),
            ("", "f", "i", "i()"),
            ("", "f", "super", "super()"),
            ("", "f", "super().f", "super().f(\n        *args(),\n    )"),
            ("", "f", "args", "args()"),
            ("lambda", "m", "later", "later(lambda: latest())"),
            ("lambda", "m", "latest", "latest()"),
            ("", "m", "at_once", "at_once()"),
            ("", "m", "base", "base()"),
            ("", "m", "meta", "meta()"),
            ("", "C", "value", "value()"),
            ("", "C", "().join", '"é".join(ä for ä in größe())'),
            ("", "C", "größe", "größe()"),
            ("", "m", "inside", "inside('🙂')"),
        ],
    )


def shown_flow(flow: Flow, facts: ModuleFacts, source: str) -> str:
    owner, scope = (facts.symbols[i].qualname for i in (flow.owner, flow.scope))
    where = owner if owner == scope else f"{owner} from {scope}"
    within = f" within {source[flow.first : flow.last]}" if flow.last else ""
    part = f" [{flow.path}]" if flow.path else ""
    return f"{flow.kind} {where}: {flow.target} = {source[flow.start : flow.end]}{part}{within}{' maybe' * flow.conditional}"


def check_flows(text: str, expected: list[str]) -> None:
    facts, source = facts_of(text), dedented(text)
    assert [shown_flow(f, facts, source) for f in facts.flows] == expected


def test_flows_of_every_kind() -> None:
    check_flows(
        """
        a = b
        c.d: Note = e
        for f, *g in h: pass
        with i as (j, k): pass
        try: pass
        except L as l: pass
        m["key"] = m[n] = o
        a += p
        def q(r=s, *, t=u):
            global a
            a = yield v
            yield from w
            if x: return [y := z]
        [aa for aa, ab in ac]
        lambda ad, *ae: ad
        def af():
            ag = ah
            def ai():
                nonlocal ag
                ag = aj
        match ak:
            case {"x": al, **am}: pass
            case An(ao): pass
        """,
        [
            "assign m: a = b",
            "assign m: c.d = e",
            "annotation m: c.d = Note",
            "for m: f = h [0] maybe",
            "for m: g = h [*1:0] maybe",
            "with m: j = i [0]",
            "with m: k = i [1]",
            "except m: l = L",
            "item m: m = o ['key']",
            "item m: m = o",
            "assign m: a = p maybe",
            "default q from m: r = s",
            "default q from m: t = u",
            "declared m from q: a = ",
            "assign m from q: a = yield v",
            "yield q:  = v",
            "yield_from q:  = w",
            "return q:  = [y := z] maybe",
            "assign q: y = z maybe",
            "for m: aa = ac [0] within [aa for aa, ab in ac] maybe",
            "for m: ab = ac [1] within [aa for aa, ab in ac] maybe",
            "lambda m: ad = lambda ad, *ae: ad [0] within lambda ad, *ae: ad maybe",
            "lambda m: ae = lambda ad, *ae: ad [*] within lambda ad, *ae: ad maybe",
            "assign af: ag = ah",
            "declared af from af.ai: ag = ",
            "assign af from af.ai: ag = aj",
            "assign m: am = ak maybe",
            "assign m: al = ak ['x'] maybe",
            "except m: ak = An maybe",
            "except m: ao = An [@0] maybe",
        ],
    )


# -- syntax newer than the running Python --------------------------------------------------------------------------------


def facts_by_older_spelling(text: str) -> ModuleFacts:
    """As Python 3.10 reads it; what this Python reads by itself must be the same."""
    older = older_spelling(text, version=(3, 10))
    assert older is not None
    assert [len(line) for line in older.text.split("\n")] == [len(line) for line in text.split("\n")]
    facts = Extractor("m.py", text, "m", older).run(ast.parse(older.text))
    assert parse_python("m.py", text, "m") == facts
    return facts


def check_newer(text: str, *expected: str) -> None:
    """Each symbol as `shown`, a bar, its signature."""
    assert [f"{shown(s)} | {s.signature}" for s in facts_by_older_spelling(text).symbols[1:]] == list(expected)


def test_type_aliases() -> None:
    check_newer("type Alias = list[int]\n", "type_alias Alias 1-1@1:5 | Alias = list[int]")
    check_newer("type  X[T, *Ts]=tuple[T]\n", "type_alias X 1-1@1:6 | X = tuple[T]")
    check_newer("type Ünï[T] = list[T]\n", "type_alias Ünï 1-1@1:5 | Ünï = list[T]")
    check_newer("type Long[\n    T\n] = list[T]\n", "type_alias Long 1-3@1:5 | Long = list[T]")
    check_newer("type A = (\n    int\n)\n", "type_alias A 1-3@1:5 | A = int")
    check_newer(
        "type type = int\ntype match = type\n",
        "type_alias type 1-1@1:5 | type = int",
        "type_alias match 2-2@2:5 | match = type",
    )
    check_newer("class A:\n    type B = int\n", "class A 1-2@1:6 | class A", "type_alias A.B 2-2@2:9 | B = int")


def test_type_parameters() -> None:
    check_newer("def f[T](x: T) -> T: return g(x)\n", "function f 1-1@1:4 | def f[T](x: T) -> T")
    check_newer("async def go[**P, R](): ...\n", "function go 1-1@1:10 async | async def go[**P, R]()")
    check_newer("class A[T: (int, str)](B[T]): ...\n", "class A 1-1@1:6 | class A[T: (int, str)](B[T])")
    check_newer(
        "class A[T]:\n    def m[U](self): ...\n", "class A 1-2@1:6 | class A[T]", "method A.m 2-2@2:8 | def m[U](self)"
    )
    check_newer("@d\ndef ä[T](x=[1]): ...\n", "function ä 1-2@2:4 | def ä[T](x=[1])")
    check_newer("def f[T](\n    x: T,\n): return g(x)\n", "function f 1-3@1:4 | def f[T](x: T)")


def test_type_parameters_over_several_lines_keep_every_place() -> None:
    text = "class A[\n    T,\n    U,  # why\n](B):\n    def m[\nV](self):\n        return f(V)\n"
    older = older_spelling(text, version=(3, 10))
    assert older is not None
    facts = Extractor("m.py", text, "m", older).run(ast.parse(older.text))
    assert [shown(s) for s in facts.symbols[1:]] == ["class A 1-7@1:6", "method A.m 5-7@5:8"]
    assert [text[c.start : c.end] for c in facts.calls] == ["f(V)"]


def test_type_parameters_over_several_lines_are_spelled_as_python_does() -> None:
    facts_by = older_spelling("class A[\n    T,\n    U,  # why\n](B): ...\n", version=(3, 10))
    assert facts_by is not None
    assert facts_by.parameters == {1: "[T, U]"}


def test_docstrings_are_not_respelled() -> None:
    text = 'def f[T]():\n    """Write\n    type X = int\n    """\n'
    assert facts_by_older_spelling(text).symbols[1].docstring == "Write\ntype X = int"


def test_type_aliases_in_functions_are_the_same_everywhere() -> None:
    facts_by_older_spelling("def f[T]():\n    type X = T\n")


def test_what_only_looks_like_new_syntax_stays() -> None:
    for text in (
        "type(x)", "type = 3", "type == 4", "type[0] = 1", "type.x = 1", "type: int = 3", "types X = 3", "x[0] = 1",
        "def f(x=[1]): ...", "class A(B[int]): ...", "type X[T]", "type X == 3", "type X=int", "print(type)",
    ):  # fmt: skip
        assert older_spelling(text + "\n", version=(3, 10)) is None, text
    assert older_spelling("type X = int\n", version=(3, 12)) is None
