"""What an enum, a dictionary, a list or a set of literals holds, entry by entry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.outline import outline_of
from ....graph.storage.columns import column
from ....types import ModuleFacts, Symbol
from ...inert import code, prose
from ...unparsing import short_code
from ..candidate import MAX_CITED, Candidate, SentenceBuilder
from ..documentation.attribute_docs import attribute_doc_sentences
from ..listings.changed_collections import is_changed
from .asked_collection import AskedCollection
from .class_families import of_product

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices", "Choices"})
_KINDS = frozenset({"constant", "variable", "field", "type_alias"})
_MIN_ENTRIES, _MAX_ENTRIES = 2, 300
_MAX_TOLD = 40
_MAX_CODE, _MAX_COMMENT = 60, 160
_MAX_FILES = 40
_MIN_SHARE, _MIN_PART = 0.6, 0.5  # of the wanted terms in the name with what is around it; of the name
_IN_PLACE = 0.7
_PRIVATE = 0.8
_MIN_LETTERS = 3  # of a word of a name that says something
_MAX_LINES = 1500
_SMALL = frozenset(
    "all name map mapp regist registry dict list set tuple type kind choic option value valid support avail known".split()
)
_EXPLAINS = re.compile(r"\A`[^`]*: [\"'][^`]*[A-Za-z]{3}[^`]*`\Z")
_COMMENT = re.compile(r"#+:?\s*(?P<text>\S.*)\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """`text`: the key or value as code, with what is said of it; on the lines `start..end`."""

    text: str
    start: int
    end: int

    @property
    def explains(self) -> bool:
        """Whether it says in words what the key means."""
        return "“" in self.text or bool(_EXPLAINS.search(self.text))


@dataclass(frozen=True, slots=True)
class Holder:
    """A symbol of `facts` with its entries. `noun`: what they are called."""

    facts: ModuleFacts
    index: int
    noun: str
    entries: tuple[Entry, ...]
    score: float

    @property
    def symbol(self) -> Symbol:
        return self.facts.symbols[self.index]


def holders(graph: CodeGraph, asked: AskedCollection) -> list[Holder]:
    """The enums and collections of literals of the product whose name is what is asked for, the best first."""
    found: list[Holder] = []
    for path in files_about(graph, asked):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        kinds, names = column(facts.symbols, "kind"), column(facts.symbols, "name")
        for number, kind in enumerate(kinds):
            if kind != "class" and kind not in _KINDS:
                continue
            score = _score(asked, facts, number, names[number])
            if not score:
                continue
            noun, entries = entries_of(facts, number, document.lines)
            if len(entries) >= _MIN_ENTRIES and (kind == "class" or not is_changed(graph, path, names[number])):
                found.append(Holder(facts, number, noun, entries, score))
    return sorted(found, key=lambda holder: (-holder.score, -len(holder.entries)))


def files_about(graph: CodeGraph, asked: AskedCollection) -> list[str]:
    """The files of the product that have most of the wanted terms."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        shares: dict[str, float] = {}
        for term, weight in asked.weights.items():
            numbers: set[int] = set()
            for word in (term, *asked.alternatives.get(term, ())):
                hit = index.hits(word)
                numbers.update(index.file_of[hit.documents].tolist())
                numbers.update(hit.files.tolist())
            for number in numbers:
                if number >= 0:
                    shares[index.paths[number]] = shares.get(index.paths[number], 0.0) + weight
    at_least = _MIN_SHARE * sum(asked.weights.values())
    paths = [path for path, share in shares.items() if share >= at_least and of_product(path)]
    return sorted(paths, key=lambda path: (-shares[path], path.count("/"), path))[:_MAX_FILES]


def _score(asked: AskedCollection, facts: ModuleFacts, number: int, name: str) -> float:
    """How far the name of a symbol is what is asked for; 0 where the noun is missing."""
    own = terms.parts(name)
    if not own & asked.all_terms:
        return 0.0
    present = dict.fromkeys(terms.distinct(facts.path.removesuffix(".py").replace("/", " ")), _IN_PLACE)
    symbol = facts.symbols[number]
    if symbol.parent > 0:
        present |= dict.fromkeys(terms.parts(facts.symbols[symbol.parent].name), _IN_PLACE)
    present |= dict.fromkeys(own, 1.0)
    telling = {term for term in own - _SMALL if len(term) >= _MIN_LETTERS} or own
    part = len(telling & asked.all_terms) / len(telling)
    if (
        asked.head
        and not asked.counts(asked.head, dict.fromkeys(own, 1.0))
        and (part < 1.0 or not asked.counts(asked.head, present))
    ):
        return 0.0
    factor = _PRIVATE if name.startswith("_") else 1.0
    return (
        factor * asked.share(present) * (0.6 + 0.4 * part)
        if asked.share(present) >= _MIN_SHARE and part >= _MIN_PART
        else 0.0
    )


def entries_of(facts: ModuleFacts, number: int, lines: list[str]) -> tuple[str, tuple[Entry, ...]]:
    """(what the entries of a symbol are called, the entries); none where it is no enum and no collection of literals, or where not all
    of them can be told."""
    symbol = facts.symbols[number]
    if symbol.kind == "class":
        is_enum = any(base.partition("[")[0].rpartition(".")[2] in _ENUMS for base in symbol.bases)
        return ("members", tuple(_members(facts, number, lines))) if is_enum else ("", ())
    node = assigned_value(symbol, lines)
    return _literals(node, lines) if node is not None else ("", ())


def _members(facts: ModuleFacts, number: int, lines: list[str]) -> Iterator[Entry]:
    for index, symbol in enumerate(facts.symbols):
        if symbol.parent != number or symbol.kind not in ("enum_member", "constant", "field", "variable"):
            continue
        if symbol.name.startswith("_") or "=" not in symbol.signature:
            continue
        docs = list(attribute_doc_sentences(SentenceBuilder(facts, index, 0), lines))[:1]
        said = (
            docs[0].text.partition("“")[2].rpartition("”")[0] if docs else comment_at(lines, symbol.start, symbol.end)
        )
        end = docs[0].spans[-1][2] if docs else symbol.end
        first = symbol.start if docs or not said or comment_behind(lines, symbol.end) else symbol.start - 1
        shown = symbol.signature if len(symbol.signature) <= _MAX_CODE else symbol.name
        yield Entry(f"{code(shown)}: “{said}”" if said else code(shown), first, end)


def assigned_value(symbol: Symbol, lines: list[str]) -> ast.expr | None:
    """The value that is assigned on the lines of a symbol."""
    if symbol.end - symbol.start > _MAX_LINES:
        return None
    tree = outline_of("\n".join(lines) + "\n").tree
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.lineno == symbol.start:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name) and targets[0].id == symbol.name:
                return node.value
    return None


def _literals(node: ast.expr, lines: list[str]) -> tuple[str, tuple[Entry, ...]]:
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("frozenset", "set", "tuple", "list", "dict", "OrderedDict", "MappingProxyType"):
            node = node.args[0]
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "Literal":
        node = node.slice
    if isinstance(node, ast.Dict):
        told = [_of_dict(key, value, lines) for key, value in zip(node.keys, node.values, strict=True)]
        noun = "keys"
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        told = [_of_item(item, lines) for item in node.elts]
        noun = "entries"
    else:
        return "", ()
    entries = tuple(entry for entry in told if entry is not None)
    return (noun, entries) if len(entries) == len(told) <= _MAX_ENTRIES else ("", ())


def _of_dict(key: ast.expr | None, value: ast.expr, lines: list[str]) -> Entry | None:
    if not isinstance(key, (ast.Constant, ast.Name, ast.Attribute)):
        return None
    first, last = key.lineno, key.end_lineno or key.lineno
    shown, plain = short_code(key, _MAX_CODE), isinstance(value, (ast.Constant, ast.Name, ast.Attribute))
    held = short_code(value, _MAX_CODE) if plain else ""
    if not shown:
        return None
    if held and value.lineno == last:
        return _entry(f"{shown}: {held}", first, last, lines)
    return _entry(shown, first, last, lines)


def _of_item(item: ast.expr, lines: list[str]) -> Entry | None:
    is_plain = isinstance(item, (ast.Constant, ast.Name, ast.Attribute))
    if isinstance(item, ast.Tuple):
        is_plain = bool(item.elts) and all(isinstance(e, (ast.Constant, ast.Name, ast.Attribute)) for e in item.elts)
    shown = short_code(item, _MAX_CODE) if is_plain else ""
    return _entry(shown, item.lineno, item.end_lineno or item.lineno, lines) if shown else None


def _entry(shown: str, first: int, last: int, lines: list[str]) -> Entry:
    said = comment_behind(lines, last) if _stands_alone(lines, last, shown) else ""
    return Entry(f"{code(shown)}: “{said}”" if said else code(shown), first, last)


def _stands_alone(lines: list[str], number: int, shown: str) -> bool:
    """Whether a line has nothing but this entry, so that the comment behind is about it."""
    before = lines[number - 1].partition("#")[0].strip().rstrip(",")
    return "".join(before.split()).replace('"', "'") == "".join(shown.split()).replace('"', "'")


def comment_at(lines: list[str], first: int, last: int) -> str:
    """The comment behind a statement, or of one line right above it."""
    if said := comment_behind(lines, last):
        return said
    above = lines[first - 2].strip() if first > 1 else ""
    further = lines[first - 3].strip() if first > 2 else ""
    below = lines[last].strip() if last < len(lines) else ""
    is_of_one = not further.startswith("#") and (not below or below.startswith(("#", ")", "]", "}")))
    return _quotable(above) if above.startswith("#") and is_of_one else ""  # and not of all that stand below it


def comment_behind(lines: list[str], number: int) -> str:
    line = lines[number - 1]
    statement, mark, comment = line.partition("  #")
    is_safe = mark and statement.count('"') % 2 == 0 and statement.count("'") % 2 == 0
    return _quotable(f"#{comment}") if is_safe else ""


def _quotable(comment: str) -> str:
    match = _COMMENT.match(comment)
    text = prose(match["text"]) if match is not None else ""
    is_code = re.match(r"(?:type|noqa|pragma|pylint|fmt|mypy|nosec|flake8)\b", text, re.I)
    return "" if is_code or len(text) > _MAX_COMMENT or re.search("[“”]|; ", text) else text


def holder_sentence(holder: Holder) -> Candidate:
    """ "`Status` has 4 members: …", with the entries as steps."""
    builder = SentenceBuilder(holder.facts, holder.index, 0)
    told = holder.entries[:_MAX_TOLD]
    some = ", among them" if len(told) < len(holder.entries) else ""
    lead = f"{code(holder.symbol.qualname)} has {len(holder.entries)} {holder.noun}{some}:"
    spans = spans_of_entries([(holder.symbol.name_line, holder.symbol.name_line)], told)
    return builder.step_list("listing", lead, tuple(entry.text for entry in told), *spans)


def spans_of_entries(spans: list[tuple[int, int]], entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """The lines of entries behind these, in few ranges."""
    for entry in entries:
        first, last = spans[-1] if spans else (entry.start, entry.end)
        if first <= entry.start <= last + 2 and entry.end - first < MAX_CITED:
            spans[-1:] = [(first, max(last, entry.end))]
        else:
            spans.append((entry.start, min(entry.end, entry.start + MAX_CITED - 1)))
    return spans
