"""Parses the markup of reStructuredText, Markdown and epytext in docstrings, line by line: fields, admonitions, directives, titles,
tables."""

from __future__ import annotations

import re

SILENT = "-"  # the field of text that says nothing about the program: types, authors, dates
_DIRECTIVE = re.compile(r"\s*\.\.(?:\s|\Z)")
_ADMONITION = re.compile(
    r"\s*\.\.\s+(?:note|warning|caution|important|tip|hint|attention|danger|admonition)::\s*(?P<rest>.*)", re.I
)
_FIELD = re.compile(r"\s*[:@](?P<word>[A-Za-z]\w*)(?P<of>(?:\s[^:]*)?):(?:\s+|\Z)(?P<rest>.*)")
_FIELD_KINDS = {
    "param": "param", "parameter": "param", "arg": "param", "argument": "param", "keyword": "param", "key": "param", "kwarg": "param",
    "kwparam": "param", "ivar": "param", "cvar": "param", "var": "param", "attr": "param", "attribute": "param",
    "raise": "raises", "raises": "raises", "except": "raises", "exception": "raises",
    "return": "returns", "returns": "returns", "yield": "yields", "yields": "yields",
}  # fmt: skip
_SILENT_FIELDS = frozenset(
    "type rtype vartype kwtype ytype meta author authors since version date copyright license status contact organization see group "
    "sort todo bug requires".split()
)
_TITLE = re.compile(
    r"\s*(?:(?P<mark>\*{1,3}|__)(?!\s)[^*]+?(?<![\s.!?])(?P=mark)(?:\s*`[^`]+`|\s*``[^`]+``)*:?|#{1,6}\s.*)\s*\Z"
)
_TABLE_BORDER = re.compile(r"\s*(?:=+|-+)(?:\s+(?:=+|-+))+\s*\Z")
_TYPED_PARAMETER = re.compile(r"(?P<name>\*{0,2}[A-Za-z_]\w*) \(.+\):\s*\Z")


def parse_field(line: str) -> tuple[str, str] | None:
    """(field, words) of a line that begins a field (":param int x: how many", "@return: all of it"); None for other lines. The field is
    "param int x", "returns", "raises KeyError", `SILENT`, or "" if it is unknown."""
    match = _FIELD.match(line)
    if match is None:
        return None
    word = match["word"].lower()
    if word not in _FIELD_KINDS:
        return SILENT if word in _SILENT_FIELDS else "", match["rest"]
    return f"{_FIELD_KINDS[word]} {match['of'].strip()}".strip(), match["rest"]


def admonition_text(line: str) -> str | None:
    """The text on the first line of a note, warning or the like, whose content is prose; None for other lines."""
    match = _ADMONITION.match(line)
    return match["rest"] if match else None


def is_directive(line: str) -> bool:
    """Whether a line begins a directive, comment, footnote or target, to which the more indented lines below belong."""
    return bool(_DIRECTIVE.match(line))


def is_title(line: str) -> bool:
    """Whether the first line of a paragraph is a title: all of it bold or emphasised, or marked with #."""
    return bool(_TITLE.match(line))


def is_table_border(line: str) -> bool:
    """Whether a line is the border of a table with underlined columns: "=====  ====="."""
    return bool(_TABLE_BORDER.match(line))


def typed_parameter_name(line: str, below: str) -> str:
    """The name in "name (type, optional):" above a more indented line; "" for other lines."""
    match = _TYPED_PARAMETER.match(line.strip())
    return match["name"] if match and below.strip() and _indent(below) > _indent(line) else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
