"""Files by their heads: what a module says of itself, what it imports, and what it defines, without any body.

    [1] app/router.py:1,7-8,10-11
    \"\"\"Routing of requests.\"\"\"
    # … imports re, app.rules (Rule)
    class Router:
        \"\"\"Matches URLs to view functions.\"\"\"
        def match(self, url):
            \"\"\"Find the endpoint whose rule matches the URL.\"\"\"

Every line but that of the imports is a real one; the numbers above them say which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..code_graph import CodeGraph
from ..graph.source import hash_text, is_python
from ..graph.storage.postings import in_function
from ..types import Evidence, EvidencePack, ModuleFacts, Span, Symbol
from .options import ContextOptions
from .packing import SEPARATOR, CountTokens, estimate_tokens, fit, runs
from .statements import Unit, units_of

# What is there to see first: what the file is and defines; then its members; then what they say of themselves.
_LEVELS = (0, 1, 2)
_SHOWN = frozenset({"class", "function", "method", "property"})


@dataclass(frozen=True, slots=True)
class _Item:
    """Lines of a head, shown at a level of detail and above. `instead`: what is shown in their place."""

    level: int
    lines: tuple[int, ...]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    facts: ModuleFacts
    lines: Sequence[str]
    items: tuple[_Item, ...]


@dataclass
class _Draft:
    taken: set[tuple[int, int]] = field(default_factory=set)  # (file, item)


def pack_context_heads(
    graph: CodeGraph,
    files_or_modules: Sequence[str],
    budget: int = ContextOptions().tokens,
    count_tokens: CountTokens = estimate_tokens,
) -> EvidencePack:
    """The heads of files (paths, or dotted names of modules) that fit, the first ones first.

    All files are shown in little detail before any is shown in more: first what each says it is and the signatures at its top level, then
    imports, the rest of its docstring and the members of classes, then decorators and the first lines of their docstrings.
    `evidence` are the runs of real lines, file by file; `omitted` what the full heads would show and the pack does not.
    """
    files = _files(graph, files_or_modules)
    texts = dict.fromkeys(_item_text(file, item) for file in files for item in file.items)
    texts |= dict.fromkeys(_header(len(files), file.facts.path, ()) for file in files)
    costs = dict(zip(texts, count_tokens(list(texts)), strict=True)) if texts else {}

    def attempt(allowance: float) -> tuple[_Draft, str, bool]:
        draft = _fill(files, costs, allowance)
        return draft, _render(files, draft), len(draft.taken) == sum(len(f.items) for f in files)

    draft, text, tokens = fit(attempt, _Draft(), budget, count_tokens)
    evidence = [e for n, file in enumerate(files) for e in _evidence(graph.name, file, _shown(n, file, draft))]
    omitted = [s for n, file in enumerate(files) for s in _omitted(graph.name, n, file, draft)]
    return EvidencePack(text, tuple(evidence), tokens, tuple(omitted))


# -- what there is to show ---------------------------------------------------------------------------------------------


def _files(graph: CodeGraph, names: Sequence[str]) -> list[_File]:
    """Each file once, in order; what is neither a file nor a module is left out."""
    found: dict[str, _File] = {}
    for name in names:
        of_path = graph.facts(name)
        for facts in [of_path] if of_path is not None else graph.facts_of_module(name):
            document = graph.document(facts.path)
            if document is not None and document.lines and facts.path not in found:
                items = sorted(_items(facts, document.lines), key=lambda item: item.lines)
                found[facts.path] = _File(facts, document.lines, tuple(items))
    return list(found.values())


def _items(facts: ModuleFacts, lines: Sequence[str]) -> Iterator[_Item]:
    if not is_python(facts.path):
        yield from _text_items(facts, lines)
        return
    units = units_of(facts.path, lines, 1)
    at = {unit.code: number for number, unit in enumerate(units)}
    yield from _docstring(facts, lines, units)
    yield from _imports(facts, units)
    for index, symbol in enumerate(facts.symbols):
        if index and symbol.kind in _SHOWN and symbol.name_line in at and not in_function(facts, symbol):
            number = at[symbol.name_line]
            yield _Item(min(_depth(facts, symbol), 1), tuple(range(units[number].code, units[number].end + 1)))
            decorated = [n for n in range(symbol.start, symbol.name_line) if n <= len(lines)]
            if decorated:
                yield _Item(2, tuple(decorated))
            if symbol.docstring and number + 1 < len(units) and not units[number].final:
                yield _Item(2, _first_lines(lines, units[number + 1]))


def _docstring(facts: ModuleFacts, lines: Sequence[str], units: Sequence[Unit]) -> Iterator[_Item]:
    """The module's: its first line at once, the rest later."""
    if facts.symbols[0].docstring and units:
        first = _first_lines(lines, units[0])
        yield _Item(0, first)
        rest = tuple(range(first[-1] + 1, units[0].end + 1))
        if rest:
            yield _Item(1, rest)


def _first_lines(lines: Sequence[str], docstring: Unit) -> tuple[int, ...]:
    """To the first line of a docstring that says something: the quotes may stand alone above it."""
    end = docstring.code
    while end < docstring.end and not lines[end - 1].strip().strip("\"'rRuU"):
        end += 1
    return tuple(range(docstring.code, end + 1))


def _imports(facts: ModuleFacts, units: Sequence[Unit]) -> Iterator[_Item]:
    """All imports of the module's own, in one line."""
    names: dict[str, list[str]] = {}
    lines: list[int] = []
    for item in facts.imports:
        if item.owner == 0:
            bound = item.name if item.name is None or item.name == item.alias else f"{item.name} as {item.alias}"
            names.setdefault("." * item.level + item.module, []).extend([bound] if bound else [])
            lines.append(item.line)
    if lines:
        told = ", ".join(f"{module} ({', '.join(bound)})" if bound else module for module, bound in names.items())
        covered = sorted(
            {n for u in units if any(u.code <= line <= u.end for line in lines) for n in range(u.code, u.end + 1)}
        )
        yield _Item(1, tuple(covered or lines), f"# … imports {told}")


def _text_items(facts: ModuleFacts, lines: Sequence[str]) -> Iterator[_Item]:
    """Of a text the first paragraph, then the headings."""
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


def _fill(files: Sequence[_File], costs: Mapping[str, int], allowance: float) -> _Draft:
    draft = _Draft()
    left = allowance
    opened: set[int] = set()
    for level in _LEVELS:
        for number, file in enumerate(files):
            header = costs[_header(len(files), file.facts.path, ())]
            for position, item in enumerate(file.items):
                price = costs[_item_text(file, item)] + (header if number not in opened else 0)
                if item.level != level:
                    continue
                if price > left:
                    break
                left -= price
                opened.add(number)
                draft.taken.add((number, position))
    return draft


def _item_text(file: _File, item: _Item) -> str:
    """An item with its share of the header."""
    return f",{_run(item.lines[0], item.lines[-1])}\n" + "\n".join(_lines_of(file, item))


def _lines_of(file: _File, item: _Item) -> list[str]:
    return [item.instead] if item.instead else [file.lines[n - 1] for n in item.lines]


def _render(files: Sequence[_File], draft: _Draft) -> str:
    blocks: list[str] = []
    for number, file in enumerate(files):
        items = [item for position, item in enumerate(file.items) if (number, position) in draft.taken]
        if items:
            header = _header(len(blocks) + 1, file.facts.path, runs(_shown(number, file, draft)))
            blocks.append(header + "\n".join(line for item in items for line in _lines_of(file, item)))
    return SEPARATOR.join(blocks)


def _header(number: int, path: str, runs: Sequence[tuple[int, int]]) -> str:
    return f"[{number}] {path}" + (f":{','.join(_run(a, z) for a, z in runs)}" if runs else "") + "\n"


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _shown(number: int, file: _File, draft: _Draft) -> set[int]:
    """The real lines of a file that are in the pack."""
    items = (item for position, item in enumerate(file.items) if (number, position) in draft.taken)
    return {n for item in items if not item.instead for n in item.lines}


def _evidence(root: str, file: _File, shown: set[int]) -> Iterator[Evidence]:
    facts = file.facts
    for first, last in runs(shown):
        inside = [
            s for s in facts.symbols if s.kind in (*_SHOWN, "section") and s.start <= last and first <= s.name_line
        ]
        about = min(inside, key=lambda s: s.start, default=facts.symbols[0])
        text = "\n".join(file.lines[first - 1 : last])
        name = facts.module if about.kind == "module" else about.qualname
        yield Evidence(Span(root, facts.path, first, last), text, hash_text(text), name, about.kind, 0.0, ("head",))


def _omitted(root: str, number: int, file: _File, draft: _Draft) -> Iterator[Span]:
    left_out = {
        n for position, item in enumerate(file.items) if (number, position) not in draft.taken for n in item.lines
    }
    for first, last in runs(left_out):
        yield Span(root, file.facts.path, first, last)
