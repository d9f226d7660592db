"""The heads of files: a module's docstring, its imports and the signatures of its definitions, without any body.

    [1] app/router.py:1,7-8,10-11
    \"\"\"Routing of requests.\"\"\"
    # … imports re, app.rules (Rule)
    class Router:
        \"\"\"Matches URLs to view functions.\"\"\"
        def match(self, url):
            \"\"\"Find the endpoint whose rule matches the URL.\"\"\"

Every line but that of the imports is a line of the file; the header gives their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..code_graph import CodeGraph
from ..graph.source import hash_text, is_python
from ..graph.storage.postings import in_function
from ..types import Evidence, EvidencePack, ModuleFacts, Span, Symbol
from .options import ContextOptions
from .packing import SEPARATOR, CountTokens, estimate_tokens, fit_to_budget, runs
from .statements import Unit, units_of

# Levels of detail: 0 the file's own docstring and definitions, 1 imports and members, 2 decorators and docstrings of definitions.
_LEVELS = (0, 1, 2)
_DEFINITION_KINDS = frozenset({"class", "function", "method", "property"})


@dataclass(frozen=True, slots=True)
class _Item:
    """Lines of a head, shown from a level of detail on. `replacement`: the text that is shown in their place, if any."""

    level: int
    lines: tuple[int, ...]
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    facts: ModuleFacts
    lines: Sequence[str]
    items: tuple[_Item, ...]


@dataclass
class _Draft:
    selected: set[tuple[int, int]] = field(default_factory=set)  # (file, item)


def pack_context_heads(
    graph: CodeGraph,
    files_or_modules: Sequence[str],
    budget: int = ContextOptions().tokens,
    count_tokens: CountTokens = estimate_tokens,
) -> EvidencePack:
    """The heads of files (paths, or dotted names of modules) that fit, the first ones first.

    All files are shown at one level of detail before any is shown at the next: first the head of each file's docstring and its top-level
    signatures, then imports, the rest of its docstring and the members of classes, then decorators and first lines of docstrings.
    `evidence` are the runs of real lines, file by file; `omitted` the lines of the full heads that are not in the pack.
    """
    files = _load_files(graph, files_or_modules)
    texts = dict.fromkeys(_item_text(file, item) for file in files for item in file.items)
    texts |= dict.fromkeys(_header(len(files), file.facts.path, ()) for file in files)
    costs = dict(zip(texts, count_tokens(list(texts)), strict=True)) if texts else {}

    def render_within(allowance: float) -> tuple[_Draft, str, bool]:
        draft = _select_items(files, costs, allowance)
        return draft, _render(files, draft), len(draft.selected) == sum(len(f.items) for f in files)

    draft, text, tokens = fit_to_budget(render_within, _Draft(), budget, count_tokens)
    evidence = [
        item_evidence
        for n, file in enumerate(files)
        for item_evidence in _evidence(graph.name, file, _selected_lines(n, file, draft))
    ]
    omitted = [span for n, file in enumerate(files) for span in _omitted_spans(graph.name, n, file, draft)]
    return EvidencePack(text, tuple(evidence), tokens, tuple(omitted))


# -- what there is to show ---------------------------------------------------------------------------------------------


def _load_files(graph: CodeGraph, names: Sequence[str]) -> list[_File]:
    """Each file once, in order; names of neither a file nor a module are left out."""
    files: dict[str, _File] = {}
    for name in names:
        facts_at_path = graph.facts(name)
        for facts in [facts_at_path] if facts_at_path is not None else graph.facts_of_module(name):
            document = graph.document(facts.path)
            if document is not None and document.lines and facts.path not in files:
                items = sorted(_head_items(facts, document.lines), key=lambda item: item.lines)
                files[facts.path] = _File(facts, document.lines, tuple(items))
    return list(files.values())


def _head_items(facts: ModuleFacts, lines: Sequence[str]) -> Iterator[_Item]:
    if not is_python(facts.path):
        yield from _text_items(facts, lines)
        return
    units = units_of(facts.path, lines, 1)
    unit_at_line = {unit.code: unit_index for unit_index, unit in enumerate(units)}
    yield from _docstring_items(facts, lines, units)
    yield from _import_items(facts, units)
    for index, symbol in enumerate(facts.symbols):
        if (
            index
            and symbol.kind in _DEFINITION_KINDS
            and symbol.name_line in unit_at_line
            and not in_function(facts, symbol)
        ):
            unit_index = unit_at_line[symbol.name_line]
            yield _Item(min(_depth(facts, symbol), 1), tuple(range(units[unit_index].code, units[unit_index].end + 1)))
            decorator_lines = [n for n in range(symbol.start, symbol.name_line) if n <= len(lines)]
            if decorator_lines:
                yield _Item(2, tuple(decorator_lines))
            if symbol.docstring and unit_index + 1 < len(units) and not units[unit_index].final:
                yield _Item(2, _first_lines(lines, units[unit_index + 1]))


def _docstring_items(facts: ModuleFacts, lines: Sequence[str], units: Sequence[Unit]) -> Iterator[_Item]:
    """The module's docstring: its first line at level 0, the rest at level 1."""
    if facts.symbols[0].docstring and units:
        first = _first_lines(lines, units[0])
        yield _Item(0, first)
        rest = tuple(range(first[-1] + 1, units[0].end + 1))
        if rest:
            yield _Item(1, rest)


def _first_lines(lines: Sequence[str], docstring: Unit) -> tuple[int, ...]:
    """The line numbers of a docstring up to its first line with text: the quotes may stand alone above it."""
    end = docstring.code
    while end < docstring.end and not lines[end - 1].strip().strip("\"'rRuU"):
        end += 1
    return tuple(range(docstring.code, end + 1))


def _import_items(facts: ModuleFacts, units: Sequence[Unit]) -> Iterator[_Item]:
    """The module-level imports, in one line."""
    names: dict[str, list[str]] = {}
    lines: list[int] = []
    for item in facts.imports:
        if item.owner == 0:
            bound_names = item.name if item.name is None or item.name == item.alias else f"{item.name} as {item.alias}"
            names.setdefault("." * item.level + item.module, []).extend([bound_names] if bound_names else [])
            lines.append(item.line)
    if lines:
        listing = ", ".join(
            f"{module} ({', '.join(bound_names)})" if bound_names else module for module, bound_names in names.items()
        )
        covered_lines = sorted(
            {n for u in units if any(u.code <= line <= u.end for line in lines) for n in range(u.code, u.end + 1)}
        )
        yield _Item(1, tuple(covered_lines or lines), f"# … imports {listing}")


def _text_items(facts: ModuleFacts, lines: Sequence[str]) -> Iterator[_Item]:
    """The first paragraph of a text (at most 8 lines), then its headings."""
    units = units_of(facts.path, lines, 1)
    first = tuple(range(units[0].code, units[0].end + 1))[:8] if units else ()
    if first:
        yield _Item(0, first)
    for symbol in facts.symbols[1:]:
        if symbol.name_line not in first and symbol.name_line <= len(lines):
            yield _Item(1, (symbol.name_line,))


def _depth(facts: ModuleFacts, symbol: Symbol) -> int:
    depth = 0
    while symbol.parent > 0:
        depth, symbol = depth + 1, facts.symbols[symbol.parent]
    return depth


# -- what fits ---------------------------------------------------------------------------------------------------------


def _select_items(files: Sequence[_File], costs: Mapping[str, int], allowance: float) -> _Draft:
    draft = _Draft()
    budget_left = allowance
    files_with_header: set[int] = set()
    for level in _LEVELS:
        for number, file in enumerate(files):
            header = costs[_header(len(files), file.facts.path, ())]
            for position, item in enumerate(file.items):
                cost = costs[_item_text(file, item)] + (header if number not in files_with_header else 0)
                if item.level != level:
                    continue
                if cost > budget_left:
                    break
                budget_left -= cost
                files_with_header.add(number)
                draft.selected.add((number, position))
    return draft


def _item_text(file: _File, item: _Item) -> str:
    """The text of an item with its line numbers, which are part of the header: the cost of the item."""
    return f",{_range_text(item.lines[0], item.lines[-1])}\n" + "\n".join(_lines_of(file, item))


def _lines_of(file: _File, item: _Item) -> list[str]:
    return [item.replacement] if item.replacement else [file.lines[n - 1] for n in item.lines]


def _render(files: Sequence[_File], draft: _Draft) -> str:
    blocks: list[str] = []
    for number, file in enumerate(files):
        items = [item for position, item in enumerate(file.items) if (number, position) in draft.selected]
        if items:
            header = _header(len(blocks) + 1, file.facts.path, runs(_selected_lines(number, file, draft)))
            blocks.append(header + "\n".join(line for item in items for line in _lines_of(file, item)))
    return SEPARATOR.join(blocks)


def _header(number: int, path: str, runs: Sequence[tuple[int, int]]) -> str:
    return f"[{number}] {path}" + (f":{','.join(_range_text(a, z) for a, z in runs)}" if runs else "") + "\n"


def _range_text(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _selected_lines(number: int, file: _File, draft: _Draft) -> set[int]:
    """The numbers of the file's real lines that are in the pack."""
    items = (item for position, item in enumerate(file.items) if (number, position) in draft.selected)
    return {n for item in items if not item.replacement for n in item.lines}


def _evidence(root: str, file: _File, selected: set[int]) -> Iterator[Evidence]:
    facts = file.facts
    for first, last in runs(selected):
        inside = [
            s
            for s in facts.symbols
            if s.kind in (*_DEFINITION_KINDS, "section") and s.start <= last and first <= s.name_line
        ]
        main_symbol = min(inside, key=lambda s: s.start, default=facts.symbols[0])
        text = "\n".join(file.lines[first - 1 : last])
        name = facts.module if main_symbol.kind == "module" else main_symbol.qualname
        yield Evidence(
            Span(root, facts.path, first, last), text, hash_text(text), name, main_symbol.kind, 0.0, ("head",)
        )


def _omitted_spans(root: str, number: int, file: _File, draft: _Draft) -> Iterator[Span]:
    omitted_lines = {
        n for position, item in enumerate(file.items) if (number, position) not in draft.selected for n in item.lines
    }
    for first, last in runs(omitted_lines):
        yield Span(root, file.facts.path, first, last)
