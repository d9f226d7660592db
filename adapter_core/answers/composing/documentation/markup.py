"""The marks of reStructuredText, Markdown and epytext in docstrings, line by line: what of them holds sentences, and of what these are."""

from __future__ import annotations

import re

SILENT = "-"  # the field of what is no sentence about the program: types, authors, dates
_DIRECTIVE = re.compile(r"\s*\.\.(?:\s|\Z)")
_ADMONITION = re.compile(
    r"\s*\.\.\s+(?:note|warning|caution|important|tip|hint|attention|danger|admonition)::\s*(?P<rest>.*)", re.I
)
_FIELD = re.compile(r"\s*[:@](?P<word>[A-Za-z]\w*)(?P<of>(?:\s[^:]*)?):(?:\s+|\Z)(?P<rest>.*)")
_WORDS = {
    "param": "param", "parameter": "param", "arg": "param", "argument": "param", "keyword": "param", "key": "param", "kwarg": "param",
    "kwparam": "param", "ivar": "param", "cvar": "param", "var": "param", "attr": "param", "attribute": "param",
    "raise": "raises", "raises": "raises", "except": "raises", "exception": "raises",
    "return": "returns", "returns": "returns", "yield": "yields", "yields": "yields",
}  # fmt: skip
_SILENT = frozenset(
    "type rtype vartype kwtype ytype meta author authors since version date copyright license status contact organization see group "
    "sort todo bug requires".split()
)
_TITLE = re.compile(
    r"\s*(?:(?P<mark>\*{1,3}|__)(?!\s)[^*]+?(?<![\s.!?])(?P=mark)(?:\s*`[^`]+`|\s*``[^`]+``)*:?|#{1,6}\s.*)\s*\Z"
)
_TABLE = re.compile(r"\s*(?:=+|-+)(?:\s+(?:=+|-+))+\s*\Z")
_TYPED = re.compile(r"(?P<name>\*{0,2}[A-Za-z_]\w*) \(.+\):\s*\Z")


def field_of(line: str) -> tuple[str, str] | None:
    """(field, words) of a line that begins one (":param int x: how many", "@return: all of it"): "param int x", "returns",
    "raises KeyError", `SILENT`, or "" of one that only names what follows."""
    match = _FIELD.match(line)
    if match is None:
        return None
    word = match["word"].lower()
    if word not in _WORDS:
        return SILENT if word in _SILENT else "", match["rest"]
    return f"{_WORDS[word]} {match['of'].strip()}".strip(), match["rest"]


def admonition(line: str) -> str | None:
    """What stands in the line that begins a note, warning or the like, whose lines are sentences; None of any other line."""
    match = _ADMONITION.match(line)
    return match["rest"] if match else None


def is_directive(line: str) -> bool:
    """Whether a line begins a directive, comment, footnote or target; what is further in below it belongs to it."""
    return bool(_DIRECTIVE.match(line))


def is_title(line: str) -> bool:
    """Whether a line that begins a paragraph is a title by itself: all of it bold or emphasised, or marked with #."""
    return bool(_TITLE.match(line))


def is_table_border(line: str) -> bool:
    """Whether a line is a border of a table whose columns are underlined: "=====  ====="."""
    return bool(_TABLE.match(line))


def typed_parameter(line: str, below: str) -> str:
    """The name in "name (type, optional):" over a line that is further in; "" of any other line."""
    match = _TYPED.match(line.strip())
    return match["name"] if match and below.strip() and _indent(below) > _indent(line) else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
