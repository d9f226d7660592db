"""The beginning of a documentation string, as it can be quoted."""

from __future__ import annotations

import ast
import re

from ...inert import prose
from ..documentation.prose import split_sentences
from ..documentation.running_text import prose_in

Lines = tuple[int, int]
MAX_QUOTED, _MAX_SENTENCES = 400, 2
_QUOTES = re.compile("[“”]")
_STRIPPING = frozenset({"strip", "lstrip", "rstrip"})
_KEEPS_TEXT = re.compile(r"_{1,2}|[lN]_|n?gettext\w*|\w*gettext(?:_lazy|_noop)?|dedent|cleandoc|lazystr")


def text_node(node: ast.expr | None) -> ast.Constant | None:
    """The string literal that a value is, perhaps translated or dedented: `_("…")`, `dedent("…").strip()`."""
    for _ in range(4):
        if isinstance(node, ast.Constant):
            return node if isinstance(node.value, str) and node.value.strip() else None
        if not isinstance(node, ast.Call):
            return None
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _STRIPPING:
            node = function.value
            continue
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        node = node.args[0] if _KEEPS_TEXT.fullmatch(name) and len(node.args) == 1 and not node.keywords else None
    return None


def quoted_text(node: ast.expr) -> tuple[str, Lines]:
    """(the first sentences of a documentation string as inert text, the lines that show them); "" if they cannot be quoted."""
    literal = text_node(node)
    if literal is None:
        return "", (0, 0)
    value = str(literal.value)
    first, last = literal.lineno, literal.end_lineno or literal.lineno
    if "\n" not in value.strip() and len(value) <= MAX_QUOTED:
        return _quotable(" ".join(value.split())), (first, last)
    own = value.split("\n")
    eaten = last - first + 1 - len(own)  # a line that ends with a backslash
    if eaten in (0, 1):
        sentences = prose_in(own, 1, len(own))
    else:
        sentences = split_sentences([(1, " ".join(value.split()))], "", 0, 0)
    sentences = [s for s in sentences if not s.field]
    if not sentences:
        return "", (0, 0)
    taken = sentences[:1]
    if (
        len(sentences) > 1
        and sentences[0].text.endswith((".", "!", "?"))
        and len(sentences[0].text) + len(sentences[1].text) < MAX_QUOTED
    ):
        taken = sentences[:_MAX_SENTENCES]
    quoted = _quotable(" ".join(" ".join(s.text.split()) for s in taken))
    if eaten not in (0, 1):
        return quoted, (first, last)
    return quoted, (first + eaten + taken[0].start - 1, first + eaten + taken[-1].end - 1)


def _quotable(text: str) -> str:
    return "" if _QUOTES.search(text) else prose(text)
