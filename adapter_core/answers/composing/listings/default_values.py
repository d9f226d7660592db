"""What something is unless it is given, where a question asks for a default: of parameters, of options that are looked up by name, of
entries in tables of defaults."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import chain, islice

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.outline import outline_of
from ....graph.storage.postings import BODY, SIGNATURE
from ....types import ModuleFacts, SymbolRef
from ...inert import code
from ..candidate import MAX_CITED, Candidate
from .keyed_defaults import KeyedDefault, keyed_defaults

_NAME = r"[`\"']?(?P<{}>[A-Za-z_][\w.]*)[`\"']?(?:\(\))?"
_ASKED = re.compile(
    rf"\bdefaults?(?: values?| settings?)? (?:of|for) (?:the )?{_NAME.format('a')}(?: (?:parameter|argument|option|setting))?"
    rf"(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_a')})?"
    rf"|\bdefault (?:(?:number|amount|count) of )?{_NAME.format('b')}(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_b')})?"
    rf"|\b(?:does|do|is|are) (?:the )?{_NAME.format('c')}(?: (?:parameter|argument|option|setting))?"
    rf"(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_c')})? default(?:s|ed)? to\b(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_d')})?",
    re.I,
)
# Where something else is asked, a default is spoken of in passing.
_ASKS_FOR_IT = re.compile(r"\W*(?:(?:what|which)\b[^?]{0,40}|(?:tell me|show me|the)\b[^?]{0,20})?\Z", re.I)
# "The default value of x": the name is behind it.
_NO_NAMES = frozenset("value values setting settings of for is in to if when a an the".split())
_MAX_CHARS = 300
_MAX_VALUE = 60
_MAX_TOLD = 3
_MAX_FILES = 12
_MOST_BEARERS = 3  # of functions of which none is asked about


def default_asked_for(question: str) -> tuple[str, str]:
    """The name whose default is asked for, and of what it is ("": not said); ("", "") of other questions."""
    for match in _ASKED.finditer(question[:_MAX_CHARS]):
        if not _ASKS_FOR_IT.match(question[: match.start()]):
            break
        for one in "abc":
            name = match[one] or ""
            if name and name.lower() not in _NO_NAMES:
                owner = (match[f"in_{one}"] or (match["in_d"] if one == "c" else "") or "").strip(".")
                return name.strip(".").rpartition(".")[2], owner or name.strip(".").rpartition(".")[0]
    return "", ""


def default_values(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The defaults of what is asked about, in the product; of a parameter in the functions that are asked about, or that alone have one
    of that name."""
    name, owner = default_asked_for(question)
    if not name:
        return
    with graph.store.snapshot():
        index = SearchIndex(graph)
        bearers = list(_bearers(graph, index, name))
        keys = (name, f"default_{name}", f"DEFAULT_{name.upper()}")
        places = [(path, key) for key in keys for path in _paths_with(index, key)]
    asked = [ref for ref in bearers if _belongs(graph, ref, owner)] if owner else bearers
    of_parameters = asked if owner or len(asked) <= _MOST_BEARERS else []
    # A parameter may have something that stands for "not given"; what is then taken is looked up by its name.
    looked_up = (item for path, key in ([] if owner and asked else places) for item in _keyed(graph, path, key))
    parameters = (item for ref in of_parameters if (item := _of_parameter(graph, ref, name)) is not None)
    yield from islice(chain(looked_up, parameters), _MAX_TOLD)


def _paths_with(index: SearchIndex, name: str) -> list[str]:
    """The files of the product in whose statements a name stands, in order."""
    hit = index.hits(terms.split(name)[-1]) if terms.split(name) else None
    if hit is None:
        return []
    files = {int(index.file_of[d]) for d, f in zip(hit.documents, hit.fields, strict=True) if f == BODY}
    paths = [index.paths[f] for f in files if f >= 0]
    return sorted(p for p in paths if not is_test_path(p) and not is_aside(p))[:_MAX_FILES]


def _bearers(graph: CodeGraph, index: SearchIndex, name: str) -> Iterator[SymbolRef]:
    """The functions of the product with a parameter of this name that has a default."""
    split = terms.split(name)
    hit = index.hits(split[-1]) if split else None
    for document, field in zip(hit.documents, hit.fields, strict=True) if hit is not None else ():
        path = index.paths[index.file_of[document]] if field == SIGNATURE and index.file_of[document] >= 0 else ""
        facts = graph.facts(path) if path and not is_test_path(path) and not is_aside(path) else None
        at = int(index.symbol_of[document])
        if facts is None or at >= len(facts.symbols):
            continue
        symbol = facts.symbols[at]
        if "overload" not in symbol.traits and any(p.name == name and p.default is not None for p in symbol.parameters):
            yield graph.ref(facts, at)


def _belongs(graph: CodeGraph, ref: SymbolRef, owner: str) -> bool:
    """Whether a function is the one that is asked about, a method of that class, or how its objects are made."""
    name, scopes = ref.full_name, owner.split(".")
    parts = name.split(".")
    if parts[-len(scopes) :] == scopes or parts[-len(scopes) - 1 : -1] == scopes:
        return True
    made = graph.find_symbol(f"{owner}.__init__", at_most=_MAX_TOLD) if ref.symbol.name == "__init__" else []
    return any((r.path, r.symbol.start) == (ref.path, ref.symbol.start) for r in made)


def _of_parameter(graph: CodeGraph, ref: SymbolRef, name: str) -> Candidate | None:
    default = next((p.default for p in ref.symbol.parameters if p.name == name), None)
    document = graph.document(ref.path)
    outline = outline_of("\n".join(document.lines) + "\n") if document is not None else None
    node = outline.definitions.get((ref.symbol.name, ref.symbol.name_line)) if outline is not None else None
    if default is None or len(default) > _MAX_VALUE or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    lines = _parameter_lines(node.args, name)
    if lines is None:
        return None
    text = f"{code(name)} of {code(ref.symbol.qualname)} defaults to {code(default)}."
    spans = ((ref.path, ref.symbol.name_line, ref.symbol.name_line), (ref.path, *lines))
    return _candidate(ref.path, ref.symbol.start, text, *spans)


def _parameter_lines(arguments: ast.arguments, name: str) -> tuple[int, int] | None:
    """The lines of a parameter with its default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(plain), reversed(arguments.defaults), strict=False)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    return next(((a.lineno, d.end_lineno or d.lineno) for a, d in pairs if a.arg == name), None)


def _keyed(graph: CodeGraph, path: str, name: str) -> Iterator[Candidate]:
    document, facts = graph.document(path), graph.facts(path)
    if document is None or facts is None:
        return
    for one in keyed_defaults("\n".join(document.lines) + "\n"):
        if one.name == name and len(one.value) <= _MAX_VALUE and one.end - one.start < MAX_CITED:
            of = one.table or _scope_at(facts, one)
            text = f"{code(name)} of {code(of)} defaults to {code(one.value)}." if one.table else ""
            text = text or f"In {code(of)}, {code(name)} defaults to {code(one.value)}."
            yield _candidate(path, one.start, text, (path, one.start, one.end))


def _scope_at(facts: ModuleFacts, one: KeyedDefault) -> str:
    """The qualified name of the innermost definition around it; of a module its dotted name."""
    around = [s for s in facts.symbols[1:] if (s.is_callable or s.kind == "class") and s.start <= one.start <= s.end]
    return around[-1].qualname if around else facts.module


def _candidate(path: str, start: int, text: str, *spans: tuple[str, int, int]) -> Candidate:
    return Candidate(text, "default", tuple(dict.fromkeys(spans)), f"{path}:{start}", 0, -1, named=True)
