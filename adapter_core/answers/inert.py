"""Turns repository text into inert Markdown: no links, images, HTML, `command:` URIs or control characters.

Docstrings and comments come from the repository's authors. They are quoted, and nothing in them is ever acted on.
"""

from __future__ import annotations

import re
import unicodedata

_ROLE = re.compile(r"(?::(?:[a-z]+:)*[a-z]+:|\{[a-z][a-z:-]*\})`([^`]*)`")
_LINK_TARGET = re.compile(r"`([^`<]*?)\s*<[^<>`]*>`_{1,2}")
_DOUBLE_TICKS = re.compile(r"``([^`]+?)``")
_RST_SUFFIX = re.compile(r"`([^`]+)`_{1,2}(?!\w)")
_MD_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_CODE_SPAN = re.compile(r"`[^`]+`")
# Of a call the whole, or nothing: `read_pid()`, and no `read_pid(`.
_ARGUMENTS = r"(?:\([^()`<>\[\]]*\))?"
_SNAKE = (
    rf"(?<![\w`.])(?:\*{{1,2}})?(?:[A-Za-z_]\w*\.)*_*[A-Za-z]\w*_\w*{_ARGUMENTS}(?:\.\w+{_ARGUMENTS})*(?![\w(]|\.\w)"
)
_CODE_WORD = re.compile(
    r"<[^<>\s][^<>]*>|\b[A-Za-z_][\w.]*\[[^\[\]`]*\]|\bwww\.\S+|[\w.+-]+@[\w-]+\.\w[\w.]*"
    rf"|\b[a-z][a-z0-9+.-]*:(?://|(?=\S*[/?%]))\S+|{_SNAKE}|(?<!\w)__\w+__(?!\()"
)
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,2})(?=[^\s*])([^*`]+?)(?<=[^\s*])\1(?![\w*])")
# Characters that begin Markdown syntax, in the positions where they do.
_SPECIAL = re.compile(r"[\[\]<]|\*(?=\S)|(?<=\S)\*|~(?=~)|(?<=~)~|\\(?=[!-/:-@\[-`{-~])|!(?=\[)")
_BLOCK_START = re.compile(r"\s*(?=[#>]|[-+]\s)")


def printable(text: str) -> str:
    """One line without control, format or bidirectional characters, white space collapsed."""
    visible = "".join(c if c.isprintable() and unicodedata.category(c) != "Cf" else " " for c in text)
    return " ".join(visible.split())


def code(text: str) -> str:
    """A code span that its content cannot close: its fence is longer than any run of backticks in it."""
    text = printable(text)
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (max(len(run) for run in re.findall("`+", text)) + 1)
    return f"{fence} {text} {fence}"


def prose(text: str) -> str:
    """A sentence of a docstring or comment as inert Markdown: code stays in code spans, the rest is escaped."""
    text = printable(text)
    text = _ROLE.sub(lambda m: f"`{_role_text(m[1])}`", text)
    text = _LINK_TARGET.sub(r"\1", text)
    text = _DOUBLE_TICKS.sub(r"`\1`", text)
    text = _RST_SUFFIX.sub(r"\1", text)
    text = _MD_LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", text)
    if "``" in text or text.count("`") % 2:
        # Which backticks belong together is ambiguous then, and a renderer may decide otherwise than we do.
        text = text.replace("`", "")
    parts = []
    position = 0
    for match in _CODE_SPAN.finditer(text):
        parts.append(_escape_plain(text[position : match.start()]))
        parts.append(match.group())
        position = match.end()
    parts.append(_escape_plain(text[position:]))
    line = "".join(parts)
    block_start = _BLOCK_START.match(line)
    return f"{block_start.group()}\\{line[block_start.end() :]}" if block_start else line


def _escape_plain(text: str) -> str:
    parts = []
    position = 0
    for match in _CODE_WORD.finditer(text):
        parts.append(_SPECIAL.sub(r"\\\g<0>", text[position : match.start()]))
        text_of_word = match.group()
        word = text_of_word if "(" in text_of_word and "://" not in text_of_word else text_of_word.rstrip(".,;:!?)\"'")
        parts.append(f"`{word}`{match.group()[len(word) :]}")
        position = match.end()
    parts.append(_SPECIAL.sub(r"\\\g<0>", text[position:]))
    return "".join(parts)


def _role_text(text: str) -> str:
    """The text to show for a reStructuredText role: of `~flask.Flask.route` the last name, of `title <target>` the title."""
    text = text.partition("<")[0].strip() or text.strip("<>")
    return text[1:].rpartition(".")[2] if text.startswith("~") else text.lstrip("!.")
