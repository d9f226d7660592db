"""Small programs for property tests, made of statements whose borders are hard to see."""

from __future__ import annotations

import textwrap

from hypothesis import strategies as st

_SIMPLE = (
    "x = 1", "f(a,\n  b)", "y = [  # (\n]", "return", "x = 'a\\\nb'", "assert x, \\\n  y", "pass", "z = '''\n    t (\n'''", "# note\nw = 2"
)  # fmt: skip
_OPENING = (
    "if x:", "for i in (\n  1,):", "@d(\n  2)\ndef f(\n  a):", "class A:", "try:\n    pass\nfinally:", "with a: # :",
    'def g(a, b=")"):\n    """Doc."""', "class B(A):\n    '''Doc,\n\n    longer.\n    '''",
)  # fmt: skip


def programs() -> st.SearchStrategy[str]:
    """Texts that parse (as functions' bodies: `return` may stand anywhere)."""
    simple = st.lists(st.sampled_from(_SIMPLE), min_size=1, max_size=4).map("\n".join)

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        compound = st.tuples(st.sampled_from(_OPENING), inner).map(lambda p: f"{p[0]}\n{textwrap.indent(p[1], '    ')}")
        return st.lists(st.one_of(inner, compound), min_size=1, max_size=4).map("\n\n".join)

    return st.recursive(simple, grown, max_leaves=12)
