"""The classes and functions that are written in a file, read from its tokens: the umpire between tools."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Definition(NamedTuple):
    path: str
    line: int
    name: str
    kind: str  # class | function

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind} {self.name}"


@dataclass(frozen=True)
class Written:
    """One `def` or `class` statement, with its enclosing definitions and its decorators."""

    line: int
    name: str
    kind: str
    qualname: str
    scopes: tuple[str, ...]  # kinds of the definitions around it, outermost first
    outer: tuple[str, ...]  # their qualified names
    decorators: tuple[str, ...]


@dataclass
class Text:
    """One file as its tokens show it."""

    lines: list[str]
    definitions: dict[tuple[int, str, str], Written] = field(default_factory=dict)
    # Lines on which a qualified name is bound by an assignment or an import; tells whether a definition is replaced later.
    bound: dict[str, list[int]] = field(default_factory=dict)
    # `Class.name` of each `self.name = …` in `__init__`.
    of_instance: set[str] = field(default_factory=set)
    # The tokenizer gave up, so definitions were looked for with a regular expression; nothing is known of scopes then.
    rough: bool = False


_COMPOUND = frozenset("if elif else try except finally for while with".split())
_DEFINITION = re.compile(r"\s*(?:async\s+)?(def|class)\s+(\w+)")


def written(data: bytes) -> Text:
    """The definitions in a file by its tokens. Never raises for what the file holds."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        encoding = "latin-1"
    source = io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace").read()  # makes every line end LF
    text = Text(source.split("\n"))
    try:
        _read_tokens(text, tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        text.rough = True
        text.definitions.clear()
        for number, line in enumerate(text.lines, 1):
            if match := _DEFINITION.match(line):
                kind, name = "class" if match[1] == "class" else "function", match[2]
                text.definitions[(number, name, kind)] = Written(number, name, kind, name, (), (), ())
    return text


def _read_tokens(text: Text, tokens: Iterator[tokenize.TokenInfo]) -> None:
    statement: list[tokenize.TokenInfo] = []
    decorators: list[str] = []
    header: Written | None = None  # the last statement, if it was a definition: an indent after it opens its body
    blocks: list[Written | None] = []  # None: the body of an `if`, `try`, `for` …
    for token in tokens:
        if token.type == tokenize.INDENT:
            blocks.append(header)
        elif token.type == tokenize.DEDENT:
            blocks.pop()
        elif token.type in (tokenize.NL, tokenize.COMMENT, tokenize.ENCODING):
            continue
        elif token.type not in (tokenize.NEWLINE, tokenize.ENDMARKER):
            statement.append(token)
        elif statement:
            header = None
            if statement[0].string == "@":
                decorators.append("".join(t.string for t in statement[1:]))
            else:
                header = _read_statement(text, statement, [b for b in blocks if b], tuple(decorators))
                decorators = []
            statement = []


def _read_statement(
    text: Text, statement: list[tokenize.TokenInfo], enclosing: list[Written], decorators: tuple[str, ...]
) -> Written | None:
    prefix = f"{enclosing[-1].qualname}." if enclosing else ""
    words = [t.string for t in statement]
    at = 1 if words[0] == "async" else 0
    if words[at] in ("def", "class"):
        token = statement[at + 1]
        kind = "class" if words[at] == "class" else "function"
        found = Written(
            token.start[0], token.string, kind, prefix + token.string,
            tuple(b.kind for b in enclosing), tuple(b.qualname for b in enclosing), decorators,
        )  # fmt: skip
        text.definitions[(found.line, found.name, kind)] = found
        return found
    if words[0] in ("import", "from"):
        after = words[words.index("import") + 1 :] if "import" in words else []
        names = [w for w, n in zip(after, [*after[1:], ","], strict=True) if n in (",", ")") and w.isidentifier()]
    elif words[0] in _COMPOUND:
        # The one-line form, `try: name = value`.
        names = [
            w for before, w, after in zip(words, words[1:], words[2:], strict=False) if (before, after) == (":", "=")
        ]
    elif statement[0].type == tokenize.NAME and len(words) > 1 and words[1] in ("=", ":"):
        names = [words[0]]
    elif words[0] == "type" and words[2:3] in (["="], ["["]):
        names = [words[1]]
    else:
        names = []
        if (
            words[:2] == ["self", "."]
            and words[3:4] in (["="], [":"])
            and enclosing
            and enclosing[-1].name == "__init__"
        ):
            text.of_instance.add(prefix.removesuffix("__init__.") + words[2])
    for name in names:
        text.bound.setdefault(prefix + name, []).append(statement[0].start[0])
    return None
