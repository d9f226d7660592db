"""Tables of documentation: their rows as quotations, a short table as a whole and of a long one each row for itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from ....code_graph import CodeGraph
from ....types import STEP_SEPARATOR, Citation, Symbol
from ...citations import are_within, spans_of
from ...inert import code, prose
from ..candidate import MAX_CITED, Candidate, SentenceBuilder
from .quotation import QUOTES, is_quotable, title_of
from .samples import is_markdown

TABLE = " has this table:"
ROW = " has a table with the row:"
_MAX_ROWS = 16  # of a table that is told as a whole
_MAX_TEXT = 1500
_MAX_TOLD_ROWS = 200  # of a longer one, each by itself
_BETWEEN_CELLS, _EMPTY = " · ", "–"  # a value stays below its header
_RULE = re.compile(
    r"(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?|\|[ \t]*:?-+:?[ \t]*\|"
)  # of Markdown, below the header, without the space around it
_BORDER = re.compile(r"\s*\+(?:[-=]+\+)+\s*\Z")
_SIMPLE_BORDER = re.compile(r"\s*=+(?: +=+)+\s*\Z")
_FENCES = frozenset({"```", "~~~"})
_LIST_TABLE = re.compile(r"\s*\.\. list-table::")
_FIRST_CELL, _NEXT_CELL = re.compile(r"\s*[*+-] +(?P<cell>[*+-])(?: +|\Z)"), re.compile(r"\s*[*+-](?: +|\Z)")
_FORM = re.compile(rf"`(?P<path>[^`]+)`(?P<title>, “[^“”]+”)?(?:{TABLE}|{ROW}) (?P<rows>“.+”)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row on the lines `start..end`."""

    cells: tuple[str, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        return f"“{prose(_BETWEEN_CELLS.join(cell or _EMPTY for cell in self.cells) if any(self.cells) else '')}”"


def table_sentences(builder: SentenceBuilder, lines: list[str], start: int, end: int) -> Iterator[Candidate]:
    """The tables on lines `start..end` of a section: kind "table" for a whole table, "text" for a row of a long one."""
    for text, rows, steps in _told(builder.path, builder.symbol, lines, start, end):
        spans = [(builder.symbol.start, builder.symbol.start), *_pieces(rows)]
        candidate = builder.sentence("table" if steps else "text", text, *spans)
        yield replace(candidate, steps=steps)


def table_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a section has exactly this table, or a table with this row, on cited lines; None for a sentence of another form."""
    form = _FORM.fullmatch(sentence.strip())
    facts, document = (graph.facts(form["path"]), graph.document(form["path"])) if form is not None else (None, None)
    if form is None:
        return None
    if facts is None or document is None:
        return False
    cited = spans_of(citations)
    for symbol in facts.symbols:
        if symbol.kind not in ("section", "module") or title_of(symbol) != (form["title"] or ""):
            continue
        for text, rows, _ in _told(facts.path, symbol, document.lines, symbol.start, symbol.end):
            spans = [(facts.path, a, b) for a, b in [(symbol.start, symbol.start), *_pieces(rows)]]
            if text == sentence.strip() and are_within(spans, cited):
                return True
    return False


def _told(
    path: str, symbol: Symbol, lines: list[str], start: int, end: int
) -> Iterator[tuple[str, list[Row], tuple[str, ...]]]:
    """Each sentence with its rows, and its steps if it is about a whole table."""
    title = title_of(symbol)
    if not is_quotable(title):
        return
    for table in tables_in(lines, start, end, is_markdown(path)):
        rows = [row for row in table if row.text != "“”" and not QUOTES.search(row.text[1:-1])]
        steps = tuple(row.text for row in rows)
        if 1 < len(rows) <= _MAX_ROWS and len(rows) == len(table) and sum(map(len, steps)) <= _MAX_TEXT:
            yield f"{code(path)}{title}{TABLE} {STEP_SEPARATOR.join(steps)}", rows, steps
        else:
            yield from ((f"{code(path)}{title}{ROW} {row.text}", [row], ()) for row in rows[1:_MAX_TOLD_ROWS])


def _pieces(rows: list[Row]) -> list[tuple[int, int]]:
    """The lines of rows in pieces that can be cited."""
    last = rows[-1].end
    return [(n, min(n + MAX_CITED - 1, last)) for n in range(rows[0].start, last + 1, MAX_CITED)]


def tables_in(lines: list[str], start: int, end: int, in_markdown: bool = False) -> Iterator[list[Row]]:
    """The tables on lines `start..end`, each as its rows, the first of which is mostly its header: of Markdown, and the four kinds of
    reStructuredText (grid, simple, `list-table`). A row with a cell over several columns has none. `in_markdown`: what stands between
    fences is code."""
    number, end = start, min(end, len(lines))
    while number <= end:
        line = lines[number - 1]
        fence = line.strip()[:3]
        if in_markdown and fence in _FENCES:
            last = next((n for n in range(number + 1, end + 1) if lines[n - 1].strip().startswith(fence)), end)
        elif _RULE.fullmatch(line.strip()) and number > start and "|" in lines[number - 2]:
            last = _last(lines, number, end, lambda text: "|" in text)
            yield [Row(_cells(lines[n - 1]), n, n) for n in range(number - 1, last + 1) if n != number]
        elif _BORDER.match(line):
            last = _last(lines, number, end, lambda text: text.strip()[:1] in ("|", "+"))
            yield _grid_rows(lines, number, last)
        elif _SIMPLE_BORDER.match(line):
            last = _end_of_simple(lines, number, end)
            yield _simple_rows(lines, number, last)
        elif _LIST_TABLE.match(line):
            last = _last(lines, number, end, _is_deeper_than(line))
            yield _listed_rows(lines, number + 1, last)
        else:
            last = number
        number = last + 1


def _last(lines: list[str], number: int, end: int, belongs: Callable[[str], bool]) -> int:
    last = number
    while last < end and belongs(lines[last]):
        last += 1
    return last


def _is_deeper_than(line: str) -> Callable[[str], bool]:
    """A function that tells whether a line belongs to what is indented below this one."""
    indent = len(line) - len(line.lstrip())
    return lambda text: not text.strip() or len(text) - len(text.lstrip()) > indent


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a line of Markdown; a `|` behind a backslash or in code is none that separates."""
    inside = line.strip().removeprefix("|").removesuffix("|")
    return tuple(
        cell.strip().replace("\\|", "|") for cell in re.findall(r"(?:`[^`]*`|\\.|[^|])+|(?<=\|)(?=\|)", inside)
    )


def _grid_rows(lines: list[str], first: int, last: int) -> list[Row]:
    """The rows between the borders of a grid."""
    borders = [n for n in range(first, last + 1) if _BORDER.match(lines[n - 1])]
    rows: list[Row] = []
    width = lines[first - 1].count("+") - 1
    for above, below in pairwise(borders):
        parts = [lines[n - 1].strip().strip("|").split("|") for n in range(above + 1, below)]
        is_plain = all(len(cells) == width for cells in parts)
        columns = zip(*parts, strict=True) if is_plain else ()
        if parts:
            rows.append(Row(tuple(" ".join(" ".join(column).split()) for column in columns), above + 1, below - 1))
    return rows


def _end_of_simple(lines: list[str], first: int, end: int) -> int:
    """The last border of a simple table: the second one below which a blank line stands, or the third."""
    borders = [n for n in range(first, end + 1) if _SIMPLE_BORDER.match(lines[n - 1])]
    closing = (n for n in borders[1:] if n == len(lines) or not lines[n].strip())
    return next(closing, first)


def _simple_rows(lines: list[str], first: int, last: int) -> list[Row]:
    """The rows of a simple table, whose borders say where its columns begin; a line without a first cell goes on with the row above."""
    columns = [match.span() for match in re.finditer(r"=+", lines[first - 1])]
    bounds = [(a, b) for (a, _), (b, _) in pairwise(columns)] + [(columns[-1][0], None)]
    gaps = [(a, b) for (_, a), (b, _) in pairwise(columns)]
    rows: list[Row] = []
    for number in range(first + 1, last):
        line = lines[number - 1]
        if not line.strip() or _SIMPLE_BORDER.match(line) or not line.strip("- "):
            continue
        cells = [line[a:b].strip() for a, b in bounds]
        if any(line[a:b].strip() for a, b in gaps):
            rows.append(Row((), number, number))
        elif rows and rows[-1].cells and not cells[0]:
            joined = tuple(f"{above} {cell}".strip() for above, cell in zip(rows[-1].cells, cells, strict=True))
            rows[-1] = Row(joined, rows[-1].start, number)
        else:
            rows.append(Row(tuple(cells), number, number))
    return rows


def _listed_rows(lines: list[str], first: int, last: int) -> list[Row]:
    """The rows of a `list-table`: a list of lists. A list within a cell stands further in than the marks of the cells."""
    rows: list[Row] = []
    column = 0
    for number in range(first, last + 1):
        line = lines[number - 1]
        if (mark := _FIRST_CELL.match(line)) is not None and mark.start("cell") == (column or mark.start("cell")):
            rows.append(Row((line[mark.end() :].strip(),), number, number))
            column = mark.start("cell")
        elif rows and (mark := _NEXT_CELL.match(line)) is not None and len(line) - len(line.lstrip()) == column:
            rows[-1] = Row((*rows[-1].cells, line[mark.end() :].strip()), rows[-1].start, number)
        elif rows and line.strip():
            *before, cell = rows[-1].cells
            rows[-1] = Row((*before, f"{cell} {line.strip()}".strip()), rows[-1].start, number)
    return rows
