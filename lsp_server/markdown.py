"""Text of the repository as inert Markdown, and as plain text for clients without Markdown.

Whoever wrote the opened repository wrote its docstrings. In a hover they may not become links, images, HTML or
`command:` URIs, nor leave the block they stand in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from adapter_core.engine import code

_MAX_HEAD_LINES = 12
_MAX_HEAD_CHARS = 800

# Everything that opens a construct of CommonMark or of GitHub's extensions, inside a line.
_SPECIAL = re.compile(
    r"[\\`*\[\]<>&|~$^]|(?<![^\W_])_|_(?![^\W_])|!(?=\[)|@(?=\w)|(?<=\w):(?=\S)|(?<=www)\.|(?<=WWW)\.", re.ASCII
)
_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`]*[^`\s][^`]*)\1(?!`)")
# ... and at its beginning.
_UNDERLINE = re.compile(r"\s*([-=~^])\1{2,}\s*\Z")
_LEADING = re.compile(r"(?:[-+#=]|(\d{1,9})(?=[.)]))")


def code_block(text: str, language: str = "") -> str:
    """A fenced block that its content cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{_without_controls(text)}\n{fence}"


def docstring_head(docstring: str, written: Callable[[str], str] | None = None) -> str:
    """The first paragraphs of a docstring, up to its first section, as plain prose. `written`: a line of it as it is shown."""
    written = written or plain
    kept: list[str] = []
    size = 0
    for line in _without_controls(docstring).strip().split("\n"):
        if kept and _UNDERLINE.match(line):
            kept.pop()  # the title of the section that begins here
            break
        if _opens_section(line) or len(kept) >= _MAX_HEAD_LINES or size > _MAX_HEAD_CHARS:
            break
        kept.append(line)
        size += len(line)
    return "\n".join(written(line) for line in kept).strip()


def plain(line: str) -> str:
    """One line of text that renders as itself."""
    line = line.strip()
    leading = _LEADING.match(line)
    if leading:
        number = leading[1] or ""
        return f"{number}\\{line[len(number)]}{_inline(line[len(number) + 1 :])}"
    return _inline(line)


def _inline(text: str) -> str:
    """What a docstring marks as code stays code; the rest is escaped."""
    made, position = [], 0
    for span in _CODE.finditer(text):
        made.append(_escaped(text[position : span.start()]))
        made.append(code(span[2]))
        position = span.end()
    return "".join(made) + _escaped(text[position:])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def _opens_section(line: str) -> bool:
    text = line.strip()
    return text.startswith((":param", ":return", ":raise", ":type", ".. ", ">>>")) or text in (
        "Args:", "Arguments:", "Parameters:", "Parameters", "Returns:", "Returns", "Raises:", "Raises", "Yields:",
        "Examples:", "Example:",
    )  # fmt: skip


def _without_controls(text: str) -> str:
    """Without control, format and bidirectional characters, which can make text look like what it is not."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


@dataclass(frozen=True, slots=True)
class Style:
    """How a client is shown the text of a repository: a block of code, a line of prose, a name or place among our words."""

    block: Callable[[str, str], str]
    line: Callable[[str], str]
    code: Callable[[str], str]


def _line_as_it_is(text: str) -> str:
    return " ".join(_without_controls(text).split())


MARKDOWN = Style(code_block, plain, code)
PLAIN_TEXT = Style(lambda text, language: _without_controls(text), _line_as_it_is, _line_as_it_is)
