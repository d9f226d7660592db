"""Which values there are to choose from: the choices of an option, the keys of a table, the members of an enum, the values of a list."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....evidence.vocabulary import STOP_WORDS, synonyms
from ....graph import terms
from ....graph.memory.request_cache import request_cache
from ....graph.parsing.tree import parse_tree
from ....types import Citation
from ...citations import are_within, spans_of
from ...inert import code
from ...unparsing import short_code
from ..candidate import MAX_CITED, Candidate, join_list
from ..listings.product_files import product_files_with_all
from .declarations import OPTION_CALLS
from .declared import bare, last_line, name_of, text_of
from .quotable import Lines

_HEAD = r"(?P<{}>(?:[\w`'-]+ ){{1,5}}?)"
_GIVEN = r"(?:supported|available|allowed|accepted|valid|possible|permitted|legal|known|built[- ]?in|recogni[sz]ed|implemented|provided|there)"
_ASKED = re.compile(
    rf"\b(?:which|what) {_HEAD.format('a')}(?:can|could|may|do|does|should|must) (?:i|we|you|one|it|they|users?|the \w+|a \w+) "
    r"(?:choose|pick|select|use|have|set|specify|give|pass|accept|support|take|allow|understand|know|recogni[sz]e|offer|ship)\b"
    rf"|\b(?:which|what) {_HEAD.format('b')}(?:are|is|can be) (?:\w+ )?(?:{_GIVEN}|chosen|used|selected|given|set)\b"
    rf"|\b(?:which|what) are (?:the |all |all the |my )?(?:{_GIVEN}|different|various) {_HEAD.format('c')}(?=for |of |in |to |that |and |\Z)"
    rf"|\b(?:list|show|name)(?: me)?(?: all)?(?: the)? {_GIVEN} {_HEAD.format('d')}(?=for |of |in |to |that |and |\Z)"
    rf"|\bwhat (?:values|choices) (?:can|may|could|does|do) (?:the |a |an )?{_HEAD.format('e')}(?:take|have|be|accept|allow)\b",
    re.I,
)
_OF = re.compile(r"\A(?:for|of) (?:the |a |an )?(?P<of>(?:[\w`'-]+ ?){1,4})", re.I)
# What lists of code and of settings are for.
_NO_CHOICES = re.compile(
    r"\b(?:class(?:es)?|functions?|methods?|exceptions?|errors?|modules?|tests?|arguments?|parameters?|files?|hooks?|attributes?|settings?|flags?"
    r"|variables?|commands?|packages?|decorators?|fixtures?|people|things?)\s*\Z",
    re.I,
)
# Words that a name of such a list need not have.
_GENERAL = frozenset(
    map(terms.stem, "kinds types sorts values options choices different built ready made other names default modes".split())
)
_MAX_FILES, _MAX_TOLD, _MAX_ITEMS, _MAX_CODE, _MIN_ITEMS = 24, 2, 12, 60, 2
_ENUM = re.compile(r"(?:Int|Str)?(?:Enum|Flag)|\w*(?:Choices|Enum)")
_FORM = re.compile(r"The (?:keys|values|members|choices) of `(?P<name>[^`]+)` are `.+\.")


@dataclass(frozen=True, slots=True)
class Choices:
    """`name`: of what has them; `names`: under which it is looked for. `word`: what they are to it. `items`: as written, at most
    `_MAX_ITEMS`; `more`: whether there are others. `shown`: the lines that show all this."""

    name: str
    names: tuple[str, ...]
    word: str
    items: tuple[str, ...]
    more: bool
    start: int
    shown: tuple[Lines, ...]

    @property
    def text(self) -> str:
        others = ", among others" if self.more else ""
        return f"The {self.word} of {code(self.name)} are {join_list(list(map(code, self.items)))}{others}."


def asked_choices(question: str) -> str:
    """What a question asks the choices of; "" for other questions."""
    match = _ASKED.search(question)
    if match is None:
        return ""
    head = next((text for text in match.groups() if text), "").strip()
    if behind := _OF.match(question[match.end() :].lstrip()):
        head = f"{head} {behind['of']}"
    return "" if _NO_CHOICES.search(head) else head


def choice_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """ "The keys of `POLICIES` are `'none'` and `'oldest'`." `check` raises once the question is cancelled."""
    head = asked_choices(question)
    with graph.store.snapshot():
        index = SearchIndex(graph)
        wanted = _wanted(head, index.own_names) if head else []
        if not wanted:
            return
        paths = _files(index, wanted)
    found: list[tuple[float, str, Choices]] = []
    for path in paths[:_MAX_FILES]:
        if graph.inference.expired:
            break
        check()
        document = graph.document(path)
        for one in choices_in(document.text) if document is not None else ():
            if share := _share(one, wanted):
                found.append((share, path, one))
    found.sort(key=lambda item: (-item[0], item[2].word != "choices"))
    told: set[tuple[str, ...]] = set()
    for share, path, one in found:
        if share >= 0.8 * found[0][0] and one.items not in told and len(told) < _MAX_TOLD:
            told.add(one.items)
            yield candidate(path, one)


def choices_of(graph: CodeGraph, path: str, names: tuple[str, ...], start: int) -> Iterator[Candidate]:
    """Those of the option that is declared on a line."""
    document = graph.document(path)
    for one in choices_in(document.text) if document is not None else ():
        if one.start == start and not set(names).isdisjoint(one.names):
            yield candidate(path, one)


def candidate(path: str, one: Choices) -> Candidate:
    spans = tuple((path, *lines) for lines in one.shown)
    return Candidate(one.text, "setting", spans, f"{path}:{one.start}", 0, -1, named=True)


def choices_hold(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether the cited lines show such choices; None for a sentence of another form."""
    if _FORM.fullmatch(sentence.strip()) is None:
        return None
    spans = spans_of(citations)
    for path in dict.fromkeys(path for path, _, _ in spans):
        document = graph.document(path)
        for one in choices_in(document.text) if document is not None else ():
            if one.text == sentence.strip() and are_within([(path, *lines) for lines in one.shown], spans):
                return True
    return False


def _wanted(head: str, own_names: frozenset[str]) -> list[set[str]]:
    """The terms of a head, each with those that code may have instead."""
    synonyms_of = synonyms()
    words = [w for w in terms.words(head) if w.lower() not in STOP_WORDS and terms.compound(w) not in own_names]
    found = [terms.split(word) for word in words]
    return [{split[-1], *synonyms_of.get(split[-1], ())} for split in found if split and split[0] not in _GENERAL]


def _files(index: SearchIndex, wanted: list[set[str]]) -> list[str]:
    """The files of the product with a word for each of them."""
    found: set[str] | None = None
    for others in wanted:
        paths = {path for term in others for path in product_files_with_all(index, [term])}
        found = paths if found is None else found & paths
    return sorted(found or (), key=lambda p: (p.count("/"), p))


def _share(one: Choices, wanted: list[set[str]]) -> float:
    """How much of its name is what is wanted; 0 where something is not in the name."""
    best = 0.0
    for name in one.names:
        parts = {part for word in re.split(r"[.-]+", name) for part in terms.parts(word)} - _GENERAL
        if parts and all(parts & others for others in wanted):
            best = max(best, len(parts & set().union(*wanted)) / len(parts))
    return best if best >= 0.5 else 0.0


@request_cache(32)
def choices_in(text: str) -> tuple[Choices, ...]:
    """All that a file declares, in order."""
    tree = parse_tree(text)
    if tree is None:
        return ()
    found: list[Choices | None] = []
    lists: dict[str, tuple[list[ast.expr], ast.stmt]] = {}
    for owner in (tree, *(n for n in tree.body if isinstance(n, ast.ClassDef))):
        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
        for node in owner.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                word, items = _items_of(node.value)
                if isinstance(target, ast.Name) and target.id != "__all__" and not target.id.startswith("__"):
                    found.append(_made(f"{prefix}{target.id}", (target.id,), word, items, node, node.lineno))
                    lists[target.id] = (items, node)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_ENUM.fullmatch(name_of(base)) for base in node.bases):
            found.append(_of_enum(node))
        elif isinstance(node, ast.Call) and name_of(node) in OPTION_CALLS:
            found.append(_of_option(node, lists))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for argument in (*node.args.args, *node.args.kwonlyargs):
                _, items = _items_of(argument.annotation) if argument.annotation is not None else ("", [])
                found.append(_made(argument.arg, (argument.arg,), "values", items, argument, argument.lineno))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.start))


def _items_of(value: ast.expr) -> tuple[str, list[ast.expr]]:
    """(what they are, the choices that a value holds): the keys of a dict, the values of a list, those of a `Literal`."""
    if isinstance(value, ast.Dict):
        return "keys", [key for key in value.keys if key is not None] if None not in value.keys else []
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        pairs = all(isinstance(e, (ast.Tuple, ast.List)) and len(e.elts) == 2 for e in value.elts)
        return "values", [e.elts[0] for e in value.elts if isinstance(e, (ast.Tuple, ast.List))] if pairs else value.elts
    if isinstance(value, ast.Call) and len(value.args) == 1 and name_of(value) in ("frozenset", "set", "tuple", "list", "Choice"):
        return _items_of(value.args[0])
    if isinstance(value, ast.Subscript) and name_of(value.value) == "Literal":
        return "values", value.slice.elts if isinstance(value.slice, ast.Tuple) else [value.slice]
    if isinstance(value, ast.Subscript) and name_of(value.value) == "Optional":
        return _items_of(value.slice)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
        return _items_of(value.left)
    return "", []


def _of_enum(node: ast.ClassDef) -> Choices | None:
    members = [s for s in node.body if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)]
    members = [s for s in members if not getattr(s.targets[0], "id", "_").startswith("_")]
    told = [ast.Expr(s.targets[0]) if not text_of(s.value) else s for s in members]
    items = [ast.unparse(s) for s in told[:_MAX_ITEMS]]
    if len(members) < _MIN_ITEMS or any("`" in item or len(item) > _MAX_CODE for item in items):
        return None
    shown = _ranges([node.lineno, *(line for s in members[:_MAX_ITEMS] for line in (s.lineno, last_line(s)))])
    return Choices(node.name, (node.name,), "members", tuple(items), len(members) > _MAX_ITEMS, node.lineno, shown)


def _of_option(call: ast.Call, lists: dict[str, tuple[list[ast.expr], ast.stmt]]) -> Choices | None:
    keywords = {k.arg: k.value for k in call.keywords if k.arg}
    value = keywords.get("choices") or keywords.get("type")
    names = [text for text in map(text_of, call.args) if text]
    if value is None or not names or (value is keywords.get("type") and name_of(value) != "Choice"):
        return None
    if isinstance(value, ast.Call) and value.args and isinstance(value.args[0], ast.Name):
        value = value.args[0]
    if isinstance(value, ast.Name) and value.id in lists:
        items, node = lists[value.id]
        more = (node.lineno, *(last_line(item) for item in items[:_MAX_ITEMS]))
    else:
        items, more = _items_of(value)[1], (value.lineno,)
    long = next((name for name in names if name.startswith("--")), names[0])
    looked_for = tuple(dict.fromkeys((*names, *(bare(name) for name in names))))
    return _made(long, looked_for, "choices", items, call, *(line for line in more), call.args[-1].lineno)


def _made(
    name: str, names: tuple[str, ...], word: str, items: list[ast.expr], node: ast.stmt | ast.expr | ast.arg, *lines: int
) -> Choices | None:
    if len(items) < _MIN_ITEMS or not all(isinstance(item, ast.Constant) and item.value is not None for item in items):
        return None
    told = [short_code(item, _MAX_CODE) for item in items[:_MAX_ITEMS]]
    if not all(told) or any("`" in text or "\n" in text for text in told):
        return None
    shown = _ranges([node.lineno, *lines, *(item.lineno for item in items[:_MAX_ITEMS])])
    return Choices(name, names, word, tuple(told), len(items) > _MAX_ITEMS, node.lineno, shown)


def _ranges(lines: list[int]) -> tuple[Lines, ...]:
    """The lines as ranges that can be cited: lines that are near each other together."""
    found: list[list[int]] = []
    for line in sorted(set(lines)):
        if found and line - found[-1][1] <= 2 and line - found[-1][0] < MAX_CITED:
            found[-1][1] = line
        else:
            found.append([line, line])
    return tuple((first, last) for first, last in found)
