"""Where a constant, a field, an attribute or a setting is read, by function: `x.NAME`, `NAME`, and `"NAME"` as a key."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.vocabulary import GENERIC_WORDS, STOP_WORDS
from ....graph.finding.lookup import Place, scope_at
from ....graph.finding.receivers import are_related, receiver_places
from ....graph.outline import outline_of
from ....graph.parsing.fields import dotted_name
from ....types import ModuleFacts, SymbolRef
from ...inert import code
from ..candidate import Candidate, join_list, scope_name
from ..links.library_uses import is_library, product_first_key
from ..statements.quotes import quote_at_line

_NAME = (
    r"(?:the )?(?:(?:setting|option|constant|attribute|field|variable|key|flag|property|value) )?"
    r"(?P<{0}tick>[`\"']?)(?P<{0}name>[A-Za-z_][\w.]*)(?P={0}tick)"
    r"(?: (?:setting|option|constant|attribute|field|variable|key|flag|property|value))?"
)
_READ = r"(?:used|read|accessed|consulted|referenced|checked|looked up|evaluated|honou?red|respected)"
_ASKED = re.compile(
    r"\W*(?:"
    rf"(?:where|how often|in which (?:functions?|files?|modules?)) (?:is|are|gets?|does|do)(?: (?:we|it|i|they))? {_NAME.format('a')} "
    rf"(?:(?:being|actually|ever|get|gets) )?{_READ}(?: in .{{1,30}})?"
    rf"|where (?:do|does) (?:\w+ )?(?:use|uses|read|access|consult|check|reference)s? {_NAME.format('b')}"
    r"|(?:who|what|which (?:\w+ ){0,2}?(?:functions?|methods?|class(?:es)?|modules?|files?|parts|places|code))(?: else)? "
    rf"(?:uses?|reads?|access(?:es)?|consults?|checks?|references?|looks? up|evaluates?|honou?rs?|respects?) {_NAME.format('c')}"
    r"|(?:what are |list |show |find |all )*(?:the )?(?:usages?|uses|users|readers?|reads|references|accesses) (?:of|to) "
    rf"{_NAME.format('d')}"
    rf"|{_NAME.format('e')} (?:usages?|uses|references|readers)"
    r")\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_ASSIGNED_KINDS = frozenset({"variable", "constant", "field", "enum_member", "property", "type_alias"})
_KEYED = re.compile(
    r"get|pop|setdefault|has|has_key|lookup|read|opt|option|setting", re.I
)  # how a function begins that takes a key
_MAX_DEFINITIONS = 60  # of one name: subclasses may each have their own
_MIN_LETTERS = 4  # of a plain word that nothing is called
_MAX_FILES = 80
_MAX_FUNCTIONS = 24
_MAX_QUOTED = 5  # of up to so many functions the statements are quoted, of more only those of the first
_FIRST_QUOTED = 3
_MAX_LISTED, _MAX_GROUPS = 4, 2


class _Use(NamedTuple):
    owner: SymbolRef
    line: int


def used_name(question: str) -> str:
    """The name whose uses a question asks for; "" for other questions."""
    match = _ASKED.match(question) if len(question) <= _MAX_CHARS else None
    name = (
        next((value for group, value in match.groupdict().items() if group.endswith("name") and value), "")
        if match
        else ""
    )
    return name.strip(".")


def asks_uses(question: str) -> bool:
    return bool(used_name(question))


def are_all_looked_at(graph: CodeGraph, written: str) -> bool:
    """Whether a name is particular enough that all its uses are looked for."""
    definitions = graph.find_symbol(written, at_most=_MAX_DEFINITIONS)
    files = graph.view.paths_with_part(written.rpartition(".")[2])
    return 0 < len(definitions) <= _MAX_DEFINITIONS and len(files) <= _MAX_FILES and not graph.inference.expired


def use_listing(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """Quotes of the statements that read what the question names; where many functions do, first which. `check`: raises if the answer was
    cancelled."""
    written = used_name(question)
    owner, _, name = written.rpartition(".")
    refs = graph.find_symbol(written, at_most=_MAX_DEFINITIONS) if written else []
    if not name or len(refs) > _MAX_DEFINITIONS or any(ref.symbol.kind not in _ASSIGNED_KINDS for ref in refs):
        return  # functions and classes are called, which is told elsewhere
    if not owner and all(ref.symbol.kind == "variable" for ref in refs) and is_library(graph, name):
        return  # a variable of that name is a fallback for a missing library
    if not refs and (len(name) < _MIN_LETTERS or name.lower() in STOP_WORDS | GENERIC_WORDS):
        return
    uses = _uses(graph, name, refs, _classes_of(graph, refs) if owner else [], check)
    if not uses and not refs and name.islower():
        yield from use_listing(graph, question.replace(written, name.upper()), check)
    if len(uses) > _MAX_QUOTED:
        yield from _summary(name, uses)
    quoted = [(use, _quotation(graph, name, use)) for use in uses[:_MAX_FUNCTIONS]]
    yield from [quotation for _, quotation in quoted if quotation is not None][
        : _MAX_QUOTED if len(uses) <= _MAX_QUOTED else _FIRST_QUOTED
    ]
    if len(uses) <= _MAX_QUOTED:
        yield from _summary(name, [use for use, quotation in quoted if quotation is None])


def _summary(name: str, uses: list[_Use]) -> Iterator[Candidate]:
    listed = uses[: _MAX_GROUPS * _MAX_LISTED]
    others = ", among others" if len(uses) > len(listed) else ""
    for start in range(0, len(listed), _MAX_LISTED):
        yield _read_sentence(name, listed[start : start + _MAX_LISTED], others)


def _read_sentence(name: str, uses: list[_Use], others: str) -> Candidate:
    owners = [code(scope_name(use.owner)) for use in uses]
    spans = tuple((use.owner.path, use.line, use.line) for use in uses)
    text = f"{code(name)} is read in {join_list(owners)}{others}."
    return Candidate(text, "listing", spans, f"{spans[0][0]}:{uses[0].owner.symbol.start}", 0, -1, named=True)


def _quotation(graph: CodeGraph, name: str, use: _Use) -> Candidate | None:
    """The quote of the statement that reads the name; None if it is too long, or outside functions."""
    owner, document = use.owner, graph.document(use.owner.path)
    if document is None or not owner.symbol.is_callable:
        return None
    quote = quote_at_line(scope_name(owner), owner.symbol, document.lines, use.line, with_headers=True)
    if quote is None or not re.search(rf"\b{re.escape(name)}\b", quote[0].partition(": ")[2]):
        return None
    spans = tuple((owner.path, *lines) for lines in quote[1])
    return Candidate(quote[0], "listing", spans, f"{owner.path}:{owner.symbol.start}", 0, -1, named=True)


def _classes_of(graph: CodeGraph, refs: list[SymbolRef]) -> list[Place]:
    """The classes that have these attributes."""
    found = []
    for ref in refs:
        facts = graph.facts(ref.path)
        if facts is not None and ref.symbol.parent > 0 and facts.symbols[ref.symbol.parent].kind == "class":
            found.append((ref.path, ref.symbol.parent))
    return found


def _is_of(graph: CodeGraph, facts: ModuleFacts, read: _Read, owners: list[Place]) -> bool:
    """Whether an attribute that is read may be that of one of the owners; true if there are none."""
    if not owners or not read.receiver:
        return True
    places = receiver_places(graph.inference, facts, read.line, read.receiver)
    return places is None or any(are_related(graph.inference, place, owner) for place in places for owner in owners)


def _is_local(facts: ModuleFacts, line: int, name: str) -> bool:
    """Whether a bare name on a line is a parameter or local variable of a function around it."""
    index = scope_at(facts, line)
    while index > 0:
        symbol = facts.symbols[index]
        if symbol.is_callable and (name in symbol.local_names or any(p.name == name for p in symbol.parameters)):
            return True
        index = symbol.parent
    return False


def _uses(
    graph: CodeGraph, name: str, refs: list[SymbolRef], owners: list[Place], check: Callable[[], None]
) -> list[_Use]:
    """The first use in each function: of the product, or else of its examples and tests. `owners`: the classes whose attribute it is."""
    word = re.compile(rf"(?<![\w]){re.escape(name)}(?!\w)")
    found: dict[tuple[str, int], _Use] = {}
    # A local variable of that name is another thing, unless it is the module's.
    modules = {ref.path for ref in refs if "." not in ref.symbol.qualname}
    for number, path in enumerate(sorted(graph.view.paths_with_part(name), key=product_first_key)):
        aside = is_test_path(path) or is_aside(path)
        if graph.inference.expired or number >= _MAX_FILES or len(found) >= _MAX_FUNCTIONS or (found and aside):
            break
        check()
        document, facts = graph.document(path), graph.facts(path)
        if document is None or facts is None or not word.search(document.text):
            continue
        imported = path in modules or any((i.alias or i.name) == name or i.name == "*" for i in facts.imports)
        for read in sorted(_reads(document.text, name, bool(modules) and imported)):
            if (read.is_bare and _is_local(facts, read.line, name)) or not _is_of(graph, facts, read, owners):
                continue
            index = scope_at(facts, read.line)
            while index > 0 and facts.symbols[index].kind not in ("function", "method", "property"):
                index = facts.symbols[index].parent
            found.setdefault((path, max(index, 0)), _Use(graph.ref(facts, max(index, 0)), read.line))
    return list(found.values())


class _Read(NamedTuple):
    """A line that reads a name: as an attribute of `receiver` ("" where that is no dotted name), or as a variable (`is_bare`)."""

    line: int
    receiver: str
    is_bare: bool


def _reads(text: str, name: str, bare: bool) -> set[_Read]:
    """The reads of a name in a file: as an attribute, as a key, and (`bare`) as a variable."""
    tree = outline_of(text).tree
    found: set[_Read] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute):
            if node.attr == name and isinstance(node.ctx, ast.Load):
                found.add(_Read(node.end_lineno or node.lineno, dotted_name(node.value), False))
        elif isinstance(node, ast.Name):
            if bare and node.id == name and isinstance(node.ctx, ast.Load):
                found.add(_Read(node.lineno, "", True))
        else:
            keys = (key for key in _keys(node) if isinstance(key, ast.Constant) and key.value == name)
            found.update(_Read(key.lineno, "", False) for key in keys)
    return found


def _keys(node: ast.AST) -> list[ast.expr]:
    """The expressions by which a node looks something up: `d["A"]`, `d.get("A")`, `getattr(x, "A")`, `"A" in d`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return [node.slice]
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return [node.left]
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return node.args[:2] if _KEYED.match(name) else []
    return []
