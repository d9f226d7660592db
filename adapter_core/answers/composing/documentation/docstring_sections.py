"""The sections of NumPy and Google docstrings ("Parameters", "Args:", "Returns:") and their items."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(
    r"\s*(?P<name>args|arguments|kwargs|parameters|params|(?:other|extra) (?:args|arguments|parameters|params)|"
    r"keyword (?:args|arguments|parameters|params)|options|fields|members|inputs?|"
    r"(?:(?:class|instance|environment) )?(?:attributes|variables|properties)|returns?|yields?|"
    r"raises|exceptions|throws|warns|warnings?|examples?|example usage|usage|shapes?|methods|todos?|references|see also|"
    r"notes?|important|caution|tips?|hints?|description|details|side effects)(?P<colon>:?)\s*\Z",
    re.I,
)
_UNDERLINE = re.compile(r"\s*[-=~]{3,}\s*\Z")
_PARAMETER = re.compile(
    r"(?P<name>\*{0,2}[A-Za-z_]\w*)`*(?:,\s*\*{0,2}\w+)*\s*(?P<type>\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*(?P<colon>:(?!:))?\s*(?P<rest>.*)\Z"
)
_TYPE = re.compile(r"\A(?!(?:[^\s:]+ ){4})[\w.\[\], |~:`]{1,60}:\s+(?=\S)")
_RAISED_EXCEPTION = re.compile(r"(?P<name>[A-Za-z_][\w.]*)`*\s*(?P<colon>:(?!:))?\s*(?P<rest>.*)\Z")
_SPACED_COLON = re.compile(r"[^:]*\s:")
# A type begins with no article, and with a full stop at its end hardly with a capital letter.
_PROSE_START = re.compile(r"(?:An?|The|If|Whether) \w")
_PROSE_END = re.compile(r"[\w)`]\.")
_TWO_WORDS = re.compile(r"\w \w")
_LONE_NAME = re.compile(r"(?P<marks>`{0,2})(?P<name>\*{0,2}[A-Za-z_]\w*)(?P=marks)\Z")
_CONDITION = re.compile(r"(?:if|when|unless|or|otherwise|of|on|in case|where)\b")
_TITLE = re.compile(r"\s*[A-Z][^.:;]{2,60}\Z")
_NAMES_BY_KIND = {
    "returns": "return returns", "yields": "yield yields", "raises": "raises exceptions throws warns warnings", "text":
    "note notes warning important caution tip tips hint hints description details", "":
    "example examples usage references methods shape shapes todo todos input inputs",
}  # fmt: skip
_KINDS = {name: kind for kind, names in _NAMES_BY_KIND.items() for name in names.split()} | {
    "see also": "", "example usage": "", "side effects": "text",
}  # fmt: skip


@dataclass(slots=True)
class Section:
    """`kind`: param | returns | yields | raises | text | "" (its content is no prose). `indent`: of its heading; `item_indent`: of its
    items, None before the first. `is_running_text`: its lines are one text, unless their indent separates items."""

    kind: str
    indent: int
    underlined: bool
    item_indent: int | None = None
    is_running_text: bool = False

    def ends_at(self, indent: int, text: str, after_blank: bool) -> bool:
        """Whether a line is outside this section."""
        if indent < self.indent or (indent == self.indent and not self.underlined):
            return True
        if (
            self.kind == ""
            or not after_blank
            or self.item_indent is None
            or indent > self.item_indent
            or self.kind == "text"
        ):
            return False
        form = {"param": _PARAMETER, "raises": _RAISED_EXCEPTION}.get(self.kind)
        return not (form is not None and (m := form.match(text)) is not None and m["colon"] is not None)


def parse_heading(lines: list[str], number: int) -> Section | None:
    """The section that line `number` (from 1) begins, if it is a heading: underlined, or with a colon above more indented lines."""
    match = _HEADING.match(lines[number - 1])
    following = lines[number] if number < len(lines) else ""
    indent = _indent(lines[number - 1])
    underlined = bool(_UNDERLINE.match(following)) and _indent(following) == indent
    if match is None:
        return Section("text", indent, True) if underlined and _TITLE.match(lines[number - 1]) else None
    below = next((line for line in lines[number:] if line.strip()), "")
    if not underlined and not (match["colon"] and _indent(below) > indent):
        return None
    return Section(_KINDS.get(match["name"].lower(), "param"), indent, underlined)


def parse_item(section: Section, text: str) -> tuple[str, str]:
    """(field, words) of the first line of an item, without its type: ("param x", "how many"), ("returns", "")."""
    if section.kind == "param":
        match = _PARAMETER.match(text)
        if match is not None and (match["colon"] or section.underlined) and (match["colon"] or not match["rest"]):
            is_type = section.underlined and not (match["type"] or _is_prose(section, text, match["rest"]))
            return f"param {match['name']}", "" if is_type else match["rest"]
        return "param", text
    if section.kind in ("returns", "yields"):
        # "Message: if there was one": without its "type" it would not say what is returned.
        words = _TYPE.sub("", text, count=1)
        words = text.lstrip("~") if _CONDITION.match(words) else words
        section.is_running_text = not section.underlined or _is_prose(section, text, words)
        return section.kind, words if section.is_running_text else ""
    match = _RAISED_EXCEPTION.match(text) if section.kind == "raises" else None
    if match is not None and (match["colon"] or (section.underlined and not match["rest"])):
        return f"raises {match['name']}", match["rest"]
    return section.kind, text


def field_of_lone_name(lines: list[str], number: int) -> str:
    """ "param x" for line `number` (from 1) if it is nothing but the name `x` and the text below is more indented, as in a definition list;
    "returns", "raises" or "yields" for such a word. "" for other lines, capitalised words ("Caveats") and other headings."""
    text = lines[number - 1].strip()
    match = _LONE_NAME.match(text)
    below = next((line for line in lines[number:] if line.strip()), "")
    if match is None or _indent(below) <= _indent(lines[number - 1]) or number < 2:
        return ""
    kind = "param" if match["marks"] else _KINDS.get(text.lower(), "" if _HEADING.match(text) else "param")
    if kind in ("returns", "yields", "raises"):
        return kind
    is_word = text.istitle() and not match["marks"]
    return f"param {match['name']}" if kind == "param" and not is_word else ""


def _is_prose(section: Section, text: str, words: str) -> bool:
    """Whether the line of an underlined item is prose and no type; `words`: the part after the colon. Items that are indented below their
    heading are written in Google style ("name: what it is"), whatever the heading looks like."""
    is_indented = section.item_indent is not None and section.item_indent > section.indent
    is_google_style = is_indented and ":" in text and _SPACED_COLON.match(text) is None and " " in words
    is_sentence = "A" <= words[:1] <= "Z" and bool(_PROSE_END.fullmatch(words[-2:])) and bool(_TWO_WORDS.search(words))
    return is_google_style or is_sentence or _PROSE_START.match(words) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
