"""Sentences that are easily false: each case is a function about which a careless reader of its syntax would say too much."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from adapter_core.answers.compose import candidates
from adapter_core.answers.inert import code, prose
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.selection import search
from tests.support import graph_of


def sentences(repo: Path, source: str, name: str = "f") -> str:
    graph = graph_of(repo, f"#- m.py\n{source}")
    (ref, *_) = graph.find_symbol(name)
    return "\n".join(c.text for c in candidates(graph, search(graph, f"`{name}`", zoom=ref), 200))


@pytest.mark.parametrize(
    ("source", "never"),
    [
        ("def f(x):\n    try:\n        raise ValueError('no')\n    except ValueError:\n        return 1\n", "raises"),
        ("def f(x):\n    with suppress(KeyError):\n        raise KeyError(x)\n", "raises"),
        ("def f(x):\n    return 1\n    raise RuntimeError('never')\n", "raises"),
        ("def f(x):\n    try:\n        return 1\n    finally:\n        return 2\n", "returns `1`"),
        ("def f(self):\n    self.count += 1\n", "sets"),
        ("def f(x):\n    yield 1\n    return 2\n", "returns"),
        ("def f(x):\n    yield from other(x)\n", "yields `other"),
        ("def f(x):\n    raise make_error(404)\n", "raises `make_error`"),
        ("def f(x):\n    raise e.with_traceback(x)\n", "raises"),
        ("def f(x):\n    raise error\n", "raises"),
        ("def f(x):\n    raise SystemExit(1)\n", "message"),
        ("def f(x):\n    if False:\n        raise ValueError('dead')\n", "raises"),
        ("def f(x):\n    sql = '''\n    # every row is selected by this query\n    '''\n    return sql\n", "comment"),
        ("def f(\n    mode=\n    'This is a default value and no documentation.',\n): pass\n", "documentation"),
        ("def g(): pass\n\ndef f(g):\n    return g()\n", "calls"),
        ("def g(): pass\n\ndef f(items):\n    for g in items:\n        g()\n", "calls"),
        ("def g(): pass\n\ndef f(x):\n    with x as g:\n        g()\n", "calls"),
        ("def g(): pass\n\ndef f(x):\n    if (g := x):\n        g()\n", "calls"),
        ("def g(): pass\n\ndef f(g):\n    def inner():\n        return g()\n    return inner\n", "`g` is called by"),
        ("def g(): pass\n\ndef f(x):\n    return lambda: g()\n", "calls"),
        ("class A:\n    @staticmethod\n    def f(self):\n        self.go()\n    def go(self): pass\n", "calls"),
        ("class A:\n    def m(self):\n        def f(self):\n            self.go()\n    def go(self): pass\n", "calls"),
        (
            "def f(x):\n    '''Adds numbers up for you:\n\n    >>> f(1)\n    It prints this line here.\n    '''\n",
            "prints",
        ),
        ("def f(x):\n    '''Adds numbers up for you:\n\n    1, 2\n    '''\n", "for you:”"),
        # What is unpacked is none of its parts.
        ("def f(self, r):\n    self.a, self.b = r\n", "sets"),
        ("def f(self, r):\n    [self.a, *self.b] = r\n", "sets"),
        # What stands in a branch, a loop or a handler is not told as if it always ran.
        ("def g(): pass\n\ndef f(x):\n    if x:\n        g()\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    return g() if x else 1\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    return x and g()\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    return [g() for y in x]\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    for y in x:\n        g()\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    try:\n        x()\n    except KeyError:\n        g()\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    if x:\n        return 1\n    g()\n", "calls `g()`."),
        ("def g(): pass\n\ndef f(x):\n    match x:\n        case 1:\n            g()\n", "calls `g()`."),
        ("class A:\n    def f(self):\n        if self.x:\n            self.y.append(1)\n", "append()`."),
        ("def f(x):\n    if x:\n        return 1\n    return 2\n", "`f` returns `2`."),
        # An early exit says nothing any more of what is bound anew behind it.
        ("def f(x):\n    if x:\n        return 1\n    x = 3\n    return g(x)\n", "unless `x`"),
        ("def f(x):\n    while x:\n        if not x:\n            continue\n        x = 3\n        h.y = x\n", "when `x`"),
        # What one of the branches around it asks is not all, where another one cannot be told.
        ("def g(): pass\n\ndef f(x):\n    match x:\n        case 1 | 2:\n            if x == 1:\n"
         "                return 1\n            else:\n                g()\n",
         "calls `g()` unless `x == 1`"),
        # An early exit within a branch.
        ("def g(): pass\n\ndef f(x, y):\n    if y:\n        for z in x:\n            if not z.a:\n"
         "                continue\n            g()\n",
         "calls `g()` when `y`, for each `z in x`"),
        # The last one is not "otherwise" where other exits are in between, and no decision is told in part.
        ("def f(x, y):\n    if x:\n        return 1\n    for z in y:\n        if z:\n            return 3\n    return 2\n", "decides"),
        ("def f(x, y):\n    if x:\n        return 1\n    try:\n        return y()\n    except OSError:\n        return 2\n", "decides"),
        ("def f(x, y):\n    if x:\n        if y:\n            return 1\n        return 3\n    return 2\n", "decides"),
        ("def f(x, y):\n    if x:\n        y()\n    elif y:\n        return 1\n    return 2\n", "decides"),
        ("def f(x):\n    if x is None:\n        x = g()\n    if x is None:\n        raise KeyError(1)\n    return x\n", "decides"),
        # A `finally` that returns swallows what is raised; what stands behind a loop that never ends never runs.
        ("def f(x):\n    try:\n        raise KeyError('lost')\n    finally:\n        return x\n", "`f` raises"),
        ("def f(x):\n    while True:\n        x()\n    raise KeyError('lost')\n", "raises"),
        # What is done between the exits is what the function is for.
        ("def f(x):\n    if x.open:\n        return True\n    x.open = g(x)\n    return x.open is not None\n", "decides"),
        ("def f(x):\n    if not x:\n        return None\n    x.send(1)\n    return x.y\n", "decides"),
        ("def f(x):\n    if x:\n        x.send(1)\n        return 1\n    return x.y\n", "decides"),
        ("def f(x, y):\n    if y:\n        return 1\n    y = x\n    if y:\n        return 2\n    return 3\n", "decides"),
        ("class f(object):\n    def g(self): pass\n", "extends"),
        ("def f(x, y):\n    if x:\n        yield 1\n        return\n    return\n", "decides"),
        # Quoted statements keep what stands in them.
        ("def f(x):\n    if x:\n        y = 'a'  # and more\n        return y\n", "and more"),
        ("def f(x):\n    y = '''\n    one\n    two'''\n    return y\n", "one two"),
        # Sections of a docstring are no sentence.
        ("def f(x, y):\n    '''\n    Parameters\n    ----------\n    x : int\n"
         "        the first one\n    y : str\n        the other one\n    '''\n",
         "one y"),
        ("def f(x, y):\n    '''\n    Args:\n        x: the first one\n        y (str): the other one\n    '''\n", "one y"),
        ("def f(x):\n    '''Splits at a new line or\\n at any other sign.'''\n", "Splits"),
    ],
)  # fmt: skip
def test_never_said(repo: Path, source: str, never: str) -> None:
    assert never not in sentences(repo, source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x):\n    if x:\n        raise ValueError('no')\n", "`f` raises `ValueError` with the message `'no'` when `x`."),
        ("def f(x):\n    if x:\n        pass\n    elif y:\n        return 1\n", "`f` returns `1` when `y`, unless `x`."),
        ("def f(x):\n    if x:\n        return 1\n    return 2\n",
         "`f` decides in this order: if `x`, it returns `1`; otherwise it returns `2`."),
        ("def f(x):\n    if not x:\n        raise KeyError('k')\n    return x.y\n",
         "`f` decides in this order: unless `x`, it raises `KeyError` with the message `'k'`; otherwise it returns `x.y`."),
        ("def f(x):\n    try:\n        return x()\n    except KeyError:\n        try:\n            return 2\n"
         "        except OSError:\n            return 3\n",
         "`f` returns `3` when it catches `OSError`, while handling `KeyError`."),
        ("def f(x):\n    if x:\n        log.debug('x')\n        return 1\n    y = len(x.a)\n    return y + 2\n",
         "`f` decides in this order: if `x`, it returns `1`; otherwise it returns `y + 2`."),
        ("def f(x):\n    if x:\n        return 1\n    elif x.y:\n        return 2\n    else:\n        return 3\n",
         "`f` decides in this order: if `x`, it returns `1`; if `x.y`, it returns `2`; otherwise it returns `3`."),
        ("def f(x):\n    if x:\n        return 1\n    return 2\n", "`f` returns `2` unless `x`."),
        ("def g(): pass\n\ndef f(x):\n    if x:\n        g()\n", "`f` calls `g()` when `x`."),
        ("def g(): pass\n\ndef f(x):\n    return g() if x else 1\n", "`f` calls `g()` when `x`."),
        ("def g(): pass\n\ndef f(x):\n    return x or g()\n", "`f` calls `g()` unless `x`."),
        ("def g(): pass\n\ndef f(x):\n    return [g() for y in x if y]\n", "`f` calls `g()` for each `y in x`, when `y`."),
        ("def g(): pass\n\ndef f(x):\n    for y in x:\n        if not y:\n            continue\n        g()\n",
         "`f` calls `g()` for each `y in x`, when `y`."),
        ("def g(): pass\n\ndef f(x):\n    try:\n        x()\n    except KeyError:\n        g()\n",
         "`f` calls `g()` when it catches `KeyError`."),
        ("def g(): pass\n\ndef f(x):\n    match x:\n        case 1:\n            g()\n", "`f` calls `g()` in one of its branches."),
        ("class A:\n    def f(self):\n        if self.x:\n            self.y.append(1)\n", "`A.f` calls `self.y.append()` when `self.x`."),
        ("def f(x):\n    raise make_error(404)\n", "`f` raises the result of `make_error()`."),
        ("def f(x):\n    yield from other(x)\n", "`f` yields from `other(x)`."),
        ("def f(self):\n    self.count += 1\n", "`f` updates `self.count` with `+= 1`."),
        ("def f(self):\n    self.count = 1\n", "`f` sets `self.count` to `1`."),
        ("def g(): pass\n\ndef f(x):\n    g()\n", "`f` calls `g()`."),
        ("class A:\n    def f(self):\n        self.go()\n    def go(self): pass\n", "`A.f` calls `self.go()`."),
        ("class A:\n    def f(self):\n        def g():\n            self.go()\n    def go(self): pass\n", "In `A.f.g`: `self.go()`"),
        ("class f:\n    @property\n    def x(self): 1\n    @x.setter\n    def x(self, v): 2\n    def y(self): 3\n", "defines `x` and `y`"),
        ("@deco\n@other(1)\nclass f(Base):\n    pass\n", "`f` extends `Base`."),
    ],
)  # fmt: skip
def test_said(repo: Path, source: str, said: str) -> None:
    assert said in sentences(repo, source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x):\n    if x.f:\n        y = 1\n        x.f.y = y\n",
         "In `f`, when `x.f`: `y = 1`; `x.f.y = y`"),
        ("def f(x):\n    if x.f:\n        y = 1\n    else:\n        y = x.f.z()\n    return y\n",
         "In `f`: when `x.f`, `y = 1`; otherwise `y = x.f.z()`"),
        ("def f(x):\n    for y in x:\n        if not y.f:\n            log.info('no f')\n            x.f(y)\n            break\n",
         "In `f`, for each `y in x`, unless `y.f`: `x.f(y)`; `break`"),
        ("def f(x):\n    while x.f:\n        x = x.f(1)\n        x.f = 2\n", "In `f`, while `x.f`: `x = x.f(1)`; `x.f = 2`"),
        ("def f(x):\n    self.f, y = x.f(\n        1,\n    )\n", "In `f`: `self.f, y = x.f(1)`"),
    ],
)  # fmt: skip
def test_quoted(repo: Path, source: str, said: str) -> None:
    graph = graph_of(repo, f"#- m.py\n{source.replace('.f', '.frob')}")
    (ref, *_) = graph.find_symbol("f")
    found = {c.text for c in candidates(graph, search(graph, "What does frob do?", zoom=ref), 200)}
    assert said.replace(".f", ".frob") in found


def test_a_test_that_calls_something_of_that_name_is_not_said_to_call_it(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        class Router:
            def match(self, url): ...
        #- tests/test_m.py
        from m import Router
        def test_traced(router: Router):
            router.match("/")
        def test_other(thing):
            thing.match("/")
        """,
    )
    text = "\n".join(c.text for c in candidates(graph, search(graph, "Which tests cover `Router.match`?"), 200))
    assert "`Router.match` is called in the test `tests/test_m.py::test_traced`." in text
    assert "By name alone: `tests/test_m.py::test_other` calls `thing.match()`." in text


@pytest.mark.parametrize(("name", "said"), [("f", "`f` takes `cls` and `x`."), ("C.g", "`C.g` takes `y`.")])
def test_a_function_takes_what_is_called_like_a_receiver(repo: Path, name: str, said: str) -> None:
    source = "def f(cls, x):\n    return cls(x)\n\nclass C:\n    def g(self, y):\n        return f(C, y)\n"
    assert said in sentences(repo, source, name)


def test_a_chain_of_a_thousand_elifs_and_a_docstring_of_ten_thousand_lines(repo: Path) -> None:
    chain = "".join(f"    elif x == {i}:\n        return {i}\n" for i in range(1, 1200))
    prose_lines = "    One more sentence about this function. It goes on and on.\n" * 10_000
    text = sentences(repo, f"def f(x):\n    '''\n{prose_lines}    '''\n    if x == 0:\n        return 0\n{chain}")
    assert "`f` takes `x`." in text


@pytest.mark.parametrize(
    "text",
    [
        'x="``` ![p](http://evil.example/p.png) ```"',
        "Frobnicate ``` the [click](<command:evil y>) ` thing.",
        "b`[click](command:evil)`",
        "see www.evil.example or mail me@evil.example",
        "<img src=x onerror=alert(1)>",
        "\\`[a](b)\\` and `[c](d)",
        "[a]: http://evil.example\n[a]",
    ],
)
def test_rendered_markdown_has_no_links_and_no_html(text: str) -> None:
    renderer = MarkdownIt("gfm-like", {"linkify": False})
    for shown in (code(text), prose(text), f"- {prose(text)} ({code(text)})"):
        html = renderer.render(shown)
        assert "<a" not in html
        assert "<img" not in html


def test_a_hostile_folder_name_is_inert_in_answers(repo: Path) -> None:
    graph = graph_of(repo, "#- b`[click](command:evil)`/m.py\ndef frobnicate():\n    '''Frobnicates all things.'''\n")
    from adapter_core.answers.runner import answer_question

    answer = answer_question(CodeGraph(graph.root, graph.store), "what frobnicates things")
    assert "<a" not in MarkdownIt().render(answer.text)


@pytest.mark.parametrize(
    ("source", "text", "lines"),
    [
        # What an early exit is, and that it is one; an `else`; a test on several lines.
        ("def f(x):\n    if x:\n        return 1\n    return x.y()\n", "`f` returns `x.y()` unless `x`.", [(2, 4)]),
        (
            "def f(x):\n    if x:\n" + "        x.a()\n" * 11 + "    else:\n        x.b = 1\n",
            "`f` sets `x.b` to `1` unless `x`.",
            [(2, 2), (14, 15)],
        ),
        (
            "def f(x):\n    if (\n        x.a\n        and x.b\n    ):\n        return 1\n",
            "`f` returns `1` when `x.a and x.b`.",
            [(2, 6)],
        ),
    ],
)
def test_the_lines_show_the_condition(repo: Path, source: str, text: str, lines: list[tuple[int, int]]) -> None:
    graph = graph_of(repo, f"#- m.py\n{source}")
    (ref, *_) = graph.find_symbol("f")
    (item,) = [c for c in candidates(graph, search(graph, "`f`", zoom=ref), 200) if c.text == text]
    assert [(a, b) for _, a, b in item.spans] == lines


def test_what_a_coroutine_of_a_library_waits_for_is_not_told_as_what_it_yields(repo: Path) -> None:
    source = "{}def f(engine):\n    yield engine.start(1)\n    return engine.stop(2)\n"
    assert "`f` yields `engine.start(1)`." in sentences(repo / "plain", source.format(""), "f")
    said = sentences(repo / "decorated", source.format("@defer.inlineCallbacks\n"), "f")
    assert "In `f`: `yield engine.start(1)`; `return engine.stop(2)`" in said
    assert "yields" not in said
