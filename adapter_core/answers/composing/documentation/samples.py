"""Code samples of documentation as sentences: the lines of a block, or of a file that a document includes, each as it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ....code_graph import CodeGraph
from ....graph.outline import outline_of
from ....types import STEP_SEPARATOR, Citation
from ...citations import are_within, spans_of
from ...inert import code
from ..candidate import MAX_CITED, Candidate, SentenceBuilder
from .quotation import QUOTES, is_quotable, title_of

SHOWS = " shows this code:"
_FENCE = re.compile(
    r"\s*(?P<fence>`{3,}|~{3,})\s*\{?(?:\.|code-block\}|code\}|doctest\}|sourcecode\})?\s*(?P<language>[\w+-]*)"
)
_BLOCK = re.compile(
    r"\s*\.\.\s+(?:code-block|code|sourcecode|highlight|doctest|testcode|prompt)::\s*(?P<language>[\w+-]*)"
    r"|(?!\s*\.\. ).*::\s*\Z"
)
_INCLUDE = re.compile(r"\s*\.\.\s+literalinclude::\s*(?P<file>[\w./+-]+)\s*\Z")
_OPTION = re.compile(r"\s*:[\w-]+:")
# What a document says of a function or class, which is what "the following method:" introduces.
_API = re.compile(
    r"\s*\.\.\s+(?:\w+:)?(?:auto)?(?:function|method|classmethod|staticmethod|class|attribute|decorator|data|exception)::\s+"
    r"(?P<signature>\S.*)"
)
_DEFINES = re.compile(r"^(?:async )?(?:def|class) (\w+)", re.M)
_PROMPTS = (">>> ", "$ ")
MARKDOWN_CODE = 4  # columns of indentation that make a block of code in Markdown
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d+[.)])\s")
_LANGUAGES = frozenset(
    "python python3 py py3 pycon ipython bash sh shell console zsh doctest default none toml ini cfg yaml yml json cython jinja nginx "
    "apache conf dockerfile sql properties env makefile".split()
) | {""}
_MARKDOWN = (".md", ".markdown", ".mdx")
_MAX_LINES = 16
_MAX_TEXT = 900


@dataclass(frozen=True, slots=True)
class Sample:
    """`steps`: its lines as code; `start`, `end`: the lines that show them, of the file `path` if the text includes it. `line`: where it
    stands in the text. `is_signature`: of functions that are documented there, and no code that one would copy."""

    steps: tuple[str, ...]
    start: int
    end: int
    is_signature: bool = False
    path: str = ""
    line: int = 0

    def spans(self, path: str) -> list[tuple[str, int, int]]:
        """The lines that show it, in pieces that can be cited; `path`: of the text."""
        source = self.path or path
        pieces = [(source, n, min(n + MAX_CITED - 1, self.end)) for n in range(self.start, self.end + 1, MAX_CITED)]
        return [(path, self.line, self.line), *pieces] if self.path else pieces


ReadLines = Callable[[str], list[str] | None]


def reader_of(graph: CodeGraph) -> ReadLines:
    """A function that gives the lines of an indexed file: what a document names may be one that the user keeps out of the index."""

    def read(path: str) -> list[str] | None:
        document = graph.document(path) if graph.view.row(path) is not None else None
        return document.lines if document is not None else None

    return read


def sample_sentences(
    builder: SentenceBuilder, lines: list[str], start: int, end: int, read: ReadLines | None = None
) -> dict[int, Candidate]:
    """The code samples on lines `start..end` of a section, text or docstring, by the lines where they stand; as kind "signature" the
    signatures documented there. `read`: gives the files that a text includes."""
    title = title_of(builder.symbol)
    if not is_quotable(title):
        return {}
    first, last = builder.symbol.start, min(builder.symbol.start + 1, builder.symbol.end)
    heading = [(builder.path, first, last)] if title else []
    found: dict[int, Candidate] = {}
    for sample in samples_in(lines, start, end, builder.path, read):
        kind = "signature" if sample.is_signature else "sample"
        text = f"{code(builder.path)}{title}{SHOWS} {STEP_SEPARATOR.join(sample.steps)}"
        candidate = builder.sentence_at(kind, text, *heading, *sample.spans(builder.path))
        found[sample.line] = replace(candidate, steps=sample.steps)
    return found


def samples_using(
    builder: SentenceBuilder, lines: list[str], told: Sequence[Candidate], read: ReadLines | None = None
) -> Iterator[Candidate]:
    """Where the told code only defines a function or class: the first code in another section of the text that uses it. A section on
    callbacks may show how one is written, and the one above it how it is handed over."""
    shown = "\n".join(step.strip("`") for item in told for step in item.steps)
    defined = dict.fromkeys(_DEFINES.findall(shown))
    names = [name for name in defined if len(re.findall(rf"\b{name}\b", shown)) == 1]
    symbol = builder.symbol
    for index, section in enumerate(builder.facts.symbols) if names else ():
        if section.kind != "section" or symbol.start <= section.start <= symbol.end:
            continue
        end = min([section.end, *(s.start - 1 for s in builder.facts.symbols[index + 1 :][:1] if s.kind == "section")])
        other = SentenceBuilder(builder.facts, index, builder.rank)
        for item in sample_sentences(other, lines, section.start, end, read).values():
            text = "\n".join(item.steps)
            if any(re.search(rf"\b{n}\b", text) and not re.search(rf"\b(?:def|class) {n}\b", text) for n in names):
                yield replace(item, kind="sample", subject=builder.subject)
                return


def matches_sample(graph: CodeGraph, path: str, title: str, steps: str, citations: tuple[Citation, ...]) -> bool:
    """Whether a section with this title (", “Usage”", or "" for any text) has exactly this sample on cited lines."""
    facts, document = graph.facts(path), graph.document(path)
    if facts is None or document is None:
        return False
    cited = spans_of(citations)
    for symbol in facts.symbols:
        if symbol.kind not in ("section", "module") or title_of(symbol) != title:
            continue
        for sample in samples_in(document.lines, symbol.start, symbol.end, path, reader_of(graph)):
            heading = [(path, symbol.start, symbol.start)] if title else []
            is_shown = are_within([*heading, *sample.spans(path)], cited)
            if is_shown and _plain(STEP_SEPARATOR.join(sample.steps)) == _plain(steps):
                return True
    return False


def samples_in(
    lines: list[str], start: int, end: int, path: str = "", read: ReadLines | None = None
) -> Iterator[Sample]:
    """The code blocks on lines `start..end`: between fences, indented below `::` or, in Markdown, below a paragraph, commands behind a
    prompt, interpreter sessions without their output; the files that a text includes as code, which `read` gives; and the signatures that
    are documented there."""
    end = min(end, len(lines))
    in_markdown, in_list = is_markdown(path), False
    signatures_until = 0
    number = start
    while number <= end:
        text = lines[number - 1]
        in_list = goes_on_in_list(text, in_list)
        if (fence := _FENCE.match(text)) is not None and not _is_underline(lines, number):
            last = next((n for n in range(number + 1, end + 1) if lines[n - 1].strip().startswith(fence["fence"])), end)
            if fence["language"].lower() in _LANGUAGES:
                yield from _sample(lines, number + 1, last - 1)
            number = last + 1
        elif (include := _INCLUDE.match(text)) is not None:
            last = _last_indented(lines, number, end, _indent(text) + 1)
            has_options = any(lines[n - 1].strip() for n in range(number + 1, last + 1))
            if read is not None and not has_options:  # which choose lines of it
                yield from _included(include["file"], number, path, read)
            number = max(last, number) + 1
        elif (block := _BLOCK.match(text)) is not None:
            last = _last_indented(lines, number, end, _indent(text) + 1)
            if (block["language"] or "").lower() in _LANGUAGES:
                yield from _sample(lines, number + 1, last)
            number = max(last, number) + 1
        elif number > signatures_until and _API.match(text) is not None:
            signatures_until = _last_of_signatures(lines, number, end)
            yield from _signatures(lines, number, signatures_until)
            number += 1
        elif text.lstrip().startswith(_PROMPTS):
            last = number
            while last < end and lines[last].strip():
                last += 1
            yield from _sample(lines, number, last)
            number = last + 1
        elif in_markdown and not in_list and begins_indented_code(lines, number):
            last = _last_indented(lines, number, end, MARKDOWN_CODE)
            yield from _sample(lines, number, last)
            number = last + 1
        else:
            number += 1


def _included(name: str, number: int, path: str, read: ReadLines) -> Iterator[Sample]:
    """The code of a file that a document includes on line `number`, without what it imports."""
    file = _beside(path, name)
    lines = read(file) if file.endswith(".py") else None
    if lines is None:
        return
    first = _first_statement(lines)
    for sample in _sample(lines, first, len(lines)) if first else ():
        yield replace(sample, path=file, line=number)


def _first_statement(lines: list[str]) -> int:
    """The line of the first statement of a module that is no import and no docstring; 0 where there is none, or it does not parse."""
    tree = outline_of("\n".join(lines)).tree
    for node in tree.body if tree is not None else ():
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_text and not isinstance(node, (ast.Import, ast.ImportFrom)):
            return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return 0


def _beside(path: str, name: str) -> str:
    """The path of a file that a document names relative to itself; "" where that is outside."""
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *PurePosixPath(name).parts):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in (".", "/"):
            parts.append(part)
    return "/".join(parts)


def is_markdown(path: str) -> bool:
    return path.lower().endswith(_MARKDOWN)


def goes_on_in_list(line: str, in_list: bool) -> bool:
    """Whether a line of Markdown begins an item of a list, or belongs to one if the line before does (`in_list`)."""
    return bool(_ITEM.match(line)) or (in_list and (not line.strip() or line[:1].isspace()))


def begins_indented_code(lines: list[str], number: int) -> bool:
    """Whether a line of Markdown outside a list begins a block of code: it is indented below an empty line."""
    line = lines[number - 1]
    return bool(line.strip()) and _indent(line) >= MARKDOWN_CODE and number > 1 and not lines[number - 2].strip()


def _last_indented(lines: list[str], number: int, end: int, indent: int) -> int:
    """The last line behind `number` up to which all lines are empty or have this indent."""
    last = number
    while last < end and (not lines[last].strip() or _indent(lines[last]) >= indent):
        last += 1
    return last


def _last_of_signatures(lines: list[str], number: int, end: int) -> int:
    """The last line of the signatures documented from line `number` on, one after the other."""
    indent = _indent(lines[number - 1])
    last = number
    while last < end and (
        not lines[last].strip() or _indent(lines[last]) > indent or _API.match(lines[last]) is not None
    ):
        last += 1
    return last


def _signatures(lines: list[str], start: int, end: int) -> Iterator[Sample]:
    shown = [(n, m["signature"].strip()) for n in range(start, end + 1) if (m := _API.match(lines[n - 1]))]
    kept = [(n, signature) for n, signature in shown if n - start < MAX_CITED and not QUOTES.search(signature)]
    if kept and sum(len(signature) for _, signature in kept) <= _MAX_TEXT:
        steps = [code(signature) for _, signature in kept]
        if len(kept) < len(shown):
            steps[-1] += f"{STEP_SEPARATOR}…"
        yield Sample(tuple(steps), kept[0][0], kept[-1][0], is_signature=True, line=kept[0][0])


def _is_underline(lines: list[str], number: int) -> bool:
    """Whether a line of `~` stands below a title."""
    return set(lines[number - 1].strip()) == {"~"} and number > 1 and bool(lines[number - 2].strip())


def _sample(lines: list[str], start: int, end: int) -> Iterator[Sample]:
    shown = [n for n in range(start, end + 1) if lines[n - 1].strip() and not _OPTION.match(lines[n - 1])]
    if any(lines[n - 1].lstrip().startswith(">>>") for n in shown):
        shown = [n for n in shown if lines[n - 1].lstrip().startswith((">>>", "..."))]
    kept: list[int] = []
    for n in shown:
        if len(kept) == _MAX_LINES or sum(len(lines[k - 1]) for k in kept) > _MAX_TEXT:
            break
        kept.append(n)
    indent = min((_indent(lines[n - 1]) for n in kept), default=0)
    steps = [_code_line(lines[n - 1].expandtabs(), indent) for n in kept]
    if (
        not kept
        or lines[kept[0] - 1].lstrip().startswith("<")
        or any(QUOTES.search(step) or len(step) > _MAX_TEXT for step in steps)
    ):
        return
    if len(kept) < len(shown):
        steps[-1] += f"{STEP_SEPARATOR}…"
    yield Sample(tuple(steps), kept[0], kept[-1], line=kept[0])


def _indent(line: str) -> int:
    return len(line.expandtabs()) - len(line.expandtabs().lstrip())


def _code_line(line: str, indent: int) -> str:
    """A line as a code span that keeps its indentation beyond `indent`."""
    span = code(line.strip())
    fence = span[: len(span) - len(span.lstrip("`"))]
    return f"{fence}{' ' * (_indent(line) - indent)}{span[len(fence) :]}"


def _plain(steps: str) -> str:
    return re.sub(r"\s+", " ", steps).replace("` ", "`")
