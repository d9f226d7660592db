"""Repository text as Markdown that does nothing: no links, images, HTML, `command:` URIs or control characters.

Docstrings and comments come from whoever wrote the repository. What they say is quoted; what they contain is never acted on.
"""

from __future__ import annotations

import re
import unicodedata

_ROLE = re.compile(r":(?:[a-z]+:)*[a-z]+:`([^`]*)`")
_LINK_TARGET = re.compile(r"`([^`<]*?)\s*<[^<>`]*>`_{1,2}")
_DOUBLE_TICKS = re.compile(r"``([^`]+?)``")
_RST_SUFFIX = re.compile(r"`([^`]+)`_{1,2}(?!\w)")
_MD_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_CODE_SPAN = re.compile(r"`[^`]+`")
_CODE_WORD = re.compile(
    r"<[^<>\s][^<>]*>|\b[A-Za-z_][\w.]*\[[^\[\]`]*\]|\bwww\.\S+|[\w.+-]+@[\w-]+\.\w[\w.]*|\b[a-z][a-z0-9+.-]*:(?://|(?=\S*[/?%]))\S+|(?<![\w`])(?:\*{1,2})?_*[A-Za-z]\w*_\w*(?:\(\))?(?:\.\w+)*|(?<!\w)__\w+__"
)
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,2})(?=[^\s*])([^*`]+?)(?<=[^\s*])\1(?![\w*])")
# What would begin something in Markdown; elsewhere these characters are what they are.
_SPECIAL = re.compile(r"[\[\]<]|\*(?=\S)|(?<=\S)\*|~(?=~)|(?<=~)~|\\(?=[!-/:-@\[-`{-~])|!(?=\[)")
_BEGINS_BLOCK = re.compile(r"\s*(?=[#>]|[-+]\s)")


def printable(text: str) -> str:
    """One line without control, format or bidirectional characters, white space collapsed."""
    kept = "".join(c if c.isprintable() and unicodedata.category(c) != "Cf" else " " for c in text)
    return " ".join(kept.split())


def code(text: str) -> str:
    """A code span that its content cannot leave: its fence is longer than any run of backticks in it."""
    text = printable(text)
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (max(len(run) for run in re.findall("`+", text)) + 1)
    return f"{fence} {text} {fence}"


def prose(text: str) -> str:
    """A sentence of a docstring or comment as inert Markdown: code stays in code spans, the rest is plain."""
    text = printable(text)
    text = _ROLE.sub(lambda m: f"`{_target(m[1])}`", text)
    text = _LINK_TARGET.sub(r"\1", text)
    text = _DOUBLE_TICKS.sub(r"`\1`", text)
    text = _RST_SUFFIX.sub(r"\1", text)
    text = _MD_LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", text)
    if "``" in text or text.count("`") % 2:
        # Which backticks belong together is then anybody's guess, and a renderer's may differ from ours.
        text = text.replace("`", "")
    out = []
    position = 0
    for match in _CODE_SPAN.finditer(text):
        out.append(_plain(text[position : match.start()]))
        out.append(match.group())
        position = match.end()
    out.append(_plain(text[position:]))
    whole = "".join(out)
    begins = _BEGINS_BLOCK.match(whole)
    return f"{begins.group()}\\{whole[begins.end() :]}" if begins else whole


def _plain(text: str) -> str:
    out = []
    position = 0
    for match in _CODE_WORD.finditer(text):
        out.append(_SPECIAL.sub(r"\\\g<0>", text[position : match.start()]))
        word = match.group().rstrip(".,;:!?)\"'")
        out.append(f"`{word}`{match.group()[len(word) :]}")
        position = match.end()
    out.append(_SPECIAL.sub(r"\\\g<0>", text[position:]))
    return "".join(out)


def _target(text: str) -> str:
    """`~flask.Flask.route` is shown as its last name, `title <target>` as its title."""
    text = text.partition("<")[0].strip() or text.strip("<>")
    return text[1:].rpartition(".")[2] if text.startswith("~") else text.lstrip("!.")
