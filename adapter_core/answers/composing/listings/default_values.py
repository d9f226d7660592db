"""Default values, for questions that ask for one: of parameters, of options that are looked up by name, and in tables of defaults."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
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
from ..named_constants import constant_sentences
from ..settings.asked import Asked
from ..settings.sentences import Place, declaration_candidate, declarations_of, help_candidates
from .keyed_defaults import KeyedDefault, keyed_defaults
from .none_replaced import none_replaced_sentence
from .product_files import product_files_with

_NAME = r"[`\"']?(?P<{}>[A-Za-z_][\w.]*)[`\"']?(?:\(\))?"
_ASKED = re.compile(
    rf"\bdefaults?(?: values?| settings?)? (?:of|for) (?:the )?{_NAME.format('a')}(?: (?:parameter|argument|option|setting))?"
    rf"(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_a')})?"
    rf"|\bdefault (?:(?:number|amount|count) of )?{_NAME.format('b')}(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_b')})?"
    rf"|\b(?:does|do|is|are) (?:the )?{_NAME.format('c')}(?: (?:parameter|argument|option|setting))?"
    rf"(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_c')})? default(?:s|ed)? to\b(?: (?:of|in|for|on) (?:the )?{_NAME.format('in_d')})?",
    re.I,
)
# With other words before it, a question only mentions a default in passing.
_ASKING_LEAD = re.compile(r"\W*(?:(?:what|which)\b[^?]{0,40}|(?:tell me|show me|the)\b[^?]{0,20})?\Z", re.I)
# "the default of Parser error_level"
_OWNER_AND_NAME = re.compile(
    r"(?i:defaults?(?: values?)? (?:of|for) (?:the )?)(?P<owner>[A-Z]\w*)(?:'s)? (?P<name>[a-z]\w*_\w+)\b"
)
# In "the default value of x" the name comes later.
_NO_NAMES = frozenset("value values setting settings of for is in to if when a an the".split())
_MAX_CHARS = 300
_MAX_VALUE = 60
_MAX_SENTENCES = 3
_MAX_FILES = 12
_MAX_DECLARED = 2
_MAX_FUNCTIONS = 3  # with a parameter of the name, if the question names none of them


def default_in_question(question: str) -> tuple[str, str]:
    """(name, owner) of the default that the question asks for (owner "" if it is not named); ("", "") for other questions."""
    for match in _ASKED.finditer(question[:_MAX_CHARS]):
        if not _ASKING_LEAD.match(question[: match.start()]):
            break
        if followed := _OWNER_AND_NAME.match(question, match.start()):
            return followed["name"], followed["owner"]
        for group in "abc":
            name = match[group] or ""
            if name and name.lower() not in _NO_NAMES:
                owner = (match[f"in_{group}"] or (match["in_d"] if group == "c" else "") or "").strip(".")
                return name.strip(".").rpartition(".")[2], owner or name.strip(".").rpartition(".")[0]
    return "", ""


def default_value_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The sentences about the defaults of the name, in the product; for a parameter, of the named functions, or of all if few functions
    have one of that name."""
    name, owner = default_in_question(question)
    if not name:
        return
    declared = [] if owner[:1].isupper() else _declared_with_default(graph, question, name)
    for place in declared[:_MAX_DECLARED]:
        yield declaration_candidate(graph, place)
        yield from (replace(item, rank=1) for item in help_candidates(graph, place))
    with graph.store.snapshot():
        index = SearchIndex(graph)
        functions = list(_functions_with_default(graph, index, name))
        keys = (name, f"default_{name}", f"DEFAULT_{name.upper()}")
        keyed_places = [
            (path, key)
            for key in keys
            for path in product_files_with(index, terms.split(key)[-1:], frozenset({BODY}))[:_MAX_FILES]
        ]
    matching = [ref for ref in functions if _belongs_to(graph, ref, owner)] if owner else functions
    matching = sorted(matching, key=lambda ref: (_is_private(ref), ref.path.count("/")))
    chosen = matching if owner else matching[:_MAX_FUNCTIONS]
    # The default of a parameter may only mean "not given"; the real default is then looked up by name, so those come first.
    keyed = (
        item
        for path, key in ([] if owner and matching else keyed_places)
        for item in _keyed_sentences(graph, path, key)
        if not any(_overlaps(place, item) for place in declared)
    )
    parameter_sentences = (item for ref in chosen for item in _parameter_sentences(graph, ref, name))
    yield from islice(chain(keyed, parameter_sentences), _MAX_SENTENCES)


def _declared_with_default(graph: CodeGraph, question: str, name: str) -> list[Place]:
    """Where settings of this name are declared with a default."""
    return [place for place in declarations_of(graph, question, Asked(name, True)) if place.declared.default]


def _overlaps(place: Place, item: Candidate) -> bool:
    return any(path == place.path and place.declared.start <= a <= place.declared.end for path, a, _ in item.spans)


def _is_private(ref: SymbolRef) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in ref.full_name.split("."))


def _functions_with_default(graph: CodeGraph, index: SearchIndex, name: str) -> Iterator[SymbolRef]:
    """The functions of the product with a parameter of this name that has a default."""
    split = terms.split(name)
    hit = index.hits(split[-1]) if split else None
    for document, field in zip(hit.documents, hit.fields, strict=True) if hit is not None else ():
        path = index.paths[index.file_of[document]] if field == SIGNATURE and index.file_of[document] >= 0 else ""
        facts = graph.facts(path) if path and not is_test_path(path) and not is_aside(path) else None
        index_in_file = int(index.symbol_of[document])
        if facts is None or index_in_file >= len(facts.symbols):
            continue
        symbol = facts.symbols[index_in_file]
        if "overload" not in symbol.traits and any(p.name == name and p.default is not None for p in symbol.parameters):
            yield graph.ref(facts, index_in_file)


def _belongs_to(graph: CodeGraph, ref: SymbolRef, owner: str) -> bool:
    """Whether a function is the owner, a method of it, or its constructor."""
    name, scopes = ref.full_name, owner.split(".")
    parts = name.split(".")
    if parts[-len(scopes) :] == scopes or parts[-len(scopes) - 1 : -1] == scopes:
        return True
    constructors = (
        graph.find_symbol(f"{owner}.__init__", at_most=_MAX_SENTENCES) if ref.symbol.name == "__init__" else []
    )
    return any((r.path, r.symbol.start) == (ref.path, ref.symbol.start) for r in constructors)


def _parameter_sentences(graph: CodeGraph, ref: SymbolRef, name: str) -> Iterator[Candidate]:
    """The default of a parameter; if that is a constant, also its value, and if it is None, the statement that puts the real one in its
    place."""
    sentence = parameter_default_sentence(graph, ref, name)
    if sentence is None:
        return
    yield sentence
    default = next((p.default for p in ref.symbol.parameters if p.name == name), None) or ""
    facts = graph.facts(ref.path) if default.isidentifier() and default.isupper() else None
    for item in constant_sentences(graph, facts, ref.symbol, 1, default) if facts is not None else ():
        yield replace(item, kind="default", named=True)
    replaced = none_replaced_sentence(graph, ref, name) if sentence.text.endswith("`None`.") else None
    if replaced is not None:
        yield replace(replaced, kind="default", rank=1, named=True)


def parameter_default_sentence(graph: CodeGraph, ref: SymbolRef, name: str) -> Candidate | None:
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
    """First and last line of a parameter with its default; None if it has none."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(plain), reversed(arguments.defaults), strict=False)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    return next(((a.lineno, d.end_lineno or d.lineno) for a, d in pairs if a.arg == name), None)


def _keyed_sentences(graph: CodeGraph, path: str, name: str) -> Iterator[Candidate]:
    document, facts = graph.document(path), graph.facts(path)
    if document is None or facts is None:
        return
    for default in keyed_defaults("\n".join(document.lines) + "\n"):
        if default.name == name and 0 < len(default.value) <= _MAX_VALUE and default.end - default.start < MAX_CITED:
            scope = default.table or _scope_name(facts, default)
            text = f"{code(name)} of {code(scope)} defaults to {code(default.value)}." if default.table else ""
            text = text or f"In {code(scope)}, {code(name)} defaults to {code(default.value)}."
            outer = ((path, line, line) for line in default.outer)
            yield _candidate(path, default.start, text, *outer, (path, default.start, default.end))


def _scope_name(facts: ModuleFacts, default: KeyedDefault) -> str:
    """The qualified name of the innermost definition around a default; at module level the dotted name of the module."""
    enclosing = [
        s for s in facts.symbols[1:] if (s.is_callable or s.kind == "class") and s.start <= default.start <= s.end
    ]
    return enclosing[-1].qualname if enclosing else facts.module


def _candidate(path: str, start: int, text: str, *spans: tuple[str, int, int]) -> Candidate:
    return Candidate(text, "default", tuple(dict.fromkeys(spans)), f"{path}:{start}", 0, -1, named=True)
