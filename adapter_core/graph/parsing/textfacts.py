"""Sections of Markdown (`#` and underlined titles), reStructuredText, configuration files and makefiles (targets), as symbols of kind
"section"."""

from __future__ import annotations

import re

from ...types import ModuleFacts, Symbol
from ..source import MAKEFILES, split_lines

_ATX = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*\Z")
_FENCE = re.compile(r"\s*(```|~~~)")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*\Z")
_SETEXT = re.compile(r" {0,3}(=+|-+)\s*\Z")
_RULE = re.compile(r" {0,3}([-*_])(\s*\1){2,}\s*\Z")
_OTHER_BLOCK = re.compile(r" {0,3}([-*+]\s|\d+[.)]\s|[>|<])")  # a list, a quotation, a table, HTML
_CODE = re.compile(r" {0,3}\t| {4}")
_TABLE = re.compile(r"\[{1,2}([^\[\]]+)\]{1,2}\s*([#;].*)?\Z")
_ANCHOR = re.compile(r"<a\b[^<>]*>\s*(?:</a>)?|</a>|\s*\{#[\w-]+\}\s*\Z", re.I)  # beside a title, for links to it
_TARGET = re.compile(r"(?P<names>[A-Za-z0-9][\w./-]*(?: +[\w./-]+)*)\s*::?(?!=)")
_MAX_TITLE = 120
SECTION_SEPARATOR = " > "  # between the titles in the qualified name of a section


def parse_text(path: str, text: str) -> ModuleFacts:
    """The sections of a text file; entry 0 stands for the whole file, as the module does in Python files."""
    lines = split_lines(text)
    total = max(1, len(lines))
    name = path.rpartition("/")[2]
    symbols = [Symbol(name, name, "module", 1, total, 1, 0)]
    headings = _headings(path, lines)
    open_levels: list[tuple[int, str]] = []
    for position, (line, level, title) in enumerate(headings):
        end = headings[position + 1][0] - 1 if position + 1 < len(headings) else total
        while end > line and not lines[end - 1].strip():
            end -= 1
        open_levels = [entry for entry in open_levels if entry[0] < level] + [(level, title)]
        qualname = SECTION_SEPARATOR.join(t for _, t in open_levels)
        symbols.append(Symbol(title, qualname, "section", line, max(line, end), line, 0, 0, title))
    return ModuleFacts(path, name, tuple(symbols), line_count=len(lines))


def _headings(path: str, lines: list[str]) -> list[tuple[int, int, str]]:
    if path.endswith(".md"):
        return _markdown(lines)
    if path.endswith((".toml", ".cfg", ".ini")):
        return [(i, 1, m[1].strip()) for i, text in enumerate(lines, 1) if (m := _TABLE.match(text))]
    if path.rpartition("/")[2] in MAKEFILES:
        return [(i, 1, m["names"][:_MAX_TITLE]) for i, text in enumerate(lines, 1) if (m := _TARGET.match(text))]
    return _restructured(lines)


def _markdown(lines: list[str]) -> list[tuple[int, int, str]]:
    """`# Title`, and a paragraph over a line of `=` or `-`."""
    found = []
    fence = ""
    paragraph: list[str] | None = []  # None: in a block that is none, up to an empty line
    first = _after_front_matter(lines)
    for number, text in enumerate(lines[first:], first + 1):
        mark = _FENCE.match(text)
        heading = _ATX.match(text)
        if mark:
            fence = "" if fence == mark[1] else fence or mark[1]
            paragraph = []
        elif fence:
            continue
        elif heading:
            title = _ANCHOR.sub("", heading[2]).strip()
            if title:
                found.append((number, len(heading[1]), title[:_MAX_TITLE]))
            paragraph = []
        elif paragraph and (underline := _SETEXT.match(text)):
            level = 1 if underline[1].startswith("=") else 2
            found.append((number - len(paragraph), level, " ".join(paragraph)[:_MAX_TITLE]))
            paragraph = []
        elif not text.strip() or _RULE.match(text):
            paragraph = []
        elif _OTHER_BLOCK.match(text) or (_CODE.match(text) and not paragraph):
            paragraph = None
        elif paragraph is not None:
            paragraph.append(text.strip())
    return found


def _after_front_matter(lines: list[str]) -> int:
    """The number of lines of the front matter: metadata between two lines of `---` at the beginning."""
    if lines and lines[0].rstrip() == "---":
        return next((number for number, text in enumerate(lines[1:], 2) if text.rstrip() in ("---", "...")), 0)
    return 0


def _restructured(lines: list[str]) -> list[tuple[int, int, str]]:
    """A title is a line of text over a line of one punctuation mark at least as long; the order of first use gives the levels."""
    found = []
    styles: list[str] = []
    for number in range(1, len(lines)):
        title, under = lines[number - 1].strip(), lines[number]
        mark = _UNDERLINE.match(under)
        if (
            not mark
            or not title
            or _UNDERLINE.match(title)
            or len(under.rstrip()) < len(title)
            or title.startswith("..")
        ):
            continue
        over = number >= 2 and lines[number - 2].rstrip() == under.rstrip()
        style = mark[1] + ("=" if over else "")
        if style not in styles:
            styles.append(style)
        found.append((number - 1 if over else number, styles.index(style) + 1, title[:_MAX_TITLE]))
    return found
