"""Which values there are to choose from: the choices of an option, the keys of a table, the members of an enum, the values of a list."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ....code_graph import CodeGraph, is_test_path
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
from ..listings.changed_collections import is_changed
from ..listings.product_files import product_files_with_all
from .declarations import OPTION_CALLS
from .declared import bare, last_line, name_of, text_of
from .quotable import Lines

_HEAD = r"(?P<{}>(?:[\w`'-]+ ){{1,5}}?)"
_GIVEN = (
    r"(?:supported|available|allowed|accepted|valid|possible|permitted|legal|known|built[- ]?in|recogni[sz]ed|implemented"
    r"|provided|there)"
)
_END = r"(?=for |of |in |to |that |and |\Z)"
_ASKED = re.compile(
    rf"\b(?:which|what) {_HEAD.format('a')}(?:can|could|may|do|does|should|must) (?:i|we|you|one|it|they|users?|the \w+|a \w+) "
    r"(?:choose|pick|select|use|have|set|specify|give|pass|accept|support|take|allow|understand|know|recogni[sz]e|offer|ship)\b"
    rf"|\b(?:which|what) {_HEAD.format('b')}(?:are|is|can be) (?:\w+ )?(?:{_GIVEN}|chosen|used|selected|given|set)\b"
    rf"|\b(?:which|what) are (?:the |all |all the |my )?(?:{_GIVEN}|different|various) {_HEAD.format('c')}{_END}"
    rf"|\b(?:list|show|name)(?: me)?(?: all)?(?: the)? {_GIVEN} {_HEAD.format('d')}{_END}"
    rf"|\bwhat (?:values|choices) (?:can|may|could|does|do) (?:the |a |an )?{_HEAD.format('e')}(?:take|have|be|accept|allow)\b",
    re.I,
)
# What lists of code and of settings are for.
_NO_CHOICES = re.compile(
    r"\b(?:class(?:es)?|functions?|methods?|exceptions?|errors?|modules?|tests?|arguments?|parameters?|files?|hooks?|attributes?|settings?|flags?"
    r"|variables?|commands?|packages?|decorators?|fixtures?|people|things?)\s*\Z",
    re.I,
)
# Words that a name of such a list need not have.
_GENERAL = frozenset(
    map(
        terms.stem,
        "kinds types sorts values options choices different built ready made other names default map mapping table dict lookup registry "
        "list set all classes class factory factories handlers aliases supported available valid allowed known possible to by".split(),
    )
)
_WITHOUT_MORE = 0.65  # of what has only the last word of what is asked for: `LOOPS` for "event loops"
_MIN_SHARE = 0.6  # of the parts of a name, what must be asked for
_MAX_FILES, _MAX_TOLD, _MAX_ITEMS, _MAX_CODE, _MIN_ITEMS = 24, 2, 12, 60, 2
_ENUM = re.compile(r"(?:Int|Str)?(?:Enum|Flag)|\w*(?:Choices|Enum)")
_FORM = re.compile(r"The (?:keys|values|members|choices) of `(?P<name>[^`]+)` are `.+\.")


@dataclass(frozen=True, slots=True)
class Choices:
    """`name`: of what has them; `names`: under which it is looked for. `word`: what they are to it. `items`: as written, at most
    `_MAX_ITEMS`; `more`: whether there are others. `shown`: the lines that show all this. `refers`: the name that
    stands for them, if they are listed elsewhere, or "". `of_parameter`: they are annotated, and not in a collection."""

    name: str
    names: tuple[str, ...]
    word: str
    items: tuple[str, ...]
    more: bool
    start: int
    shown: tuple[Lines, ...]
    refers: str = ""
    of_parameter: bool = False

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
                places = [(path, one)] if one.items else _elsewhere(graph, one.refers)
                found += [(share, *place) for place in places if _stays(graph, *place)]
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
            places = [(path, one)] if one.items else _elsewhere(graph, one.refers)
            yield from (candidate(*place) for place in places if _stays(graph, *place))


def _stays(graph: CodeGraph, path: str, one: Choices) -> bool:
    """Whether these are all, since nothing changes what has them."""
    is_collection = one.word in ("keys", "values") and not one.of_parameter
    return not (is_collection and is_changed(graph, path, one.name))


def _elsewhere(graph: CodeGraph, name: str) -> Iterator[tuple[str, Choices]]:
    """The choices that a list has which a name of another file stands for."""
    refs = [r for r in graph.find_symbol(name, 3) if not is_test_path(r.path) and r.symbol.parent == 0]
    document = graph.document(refs[0].path) if len(refs) == 1 else None
    for one in choices_in(document.text) if document is not None else ():
        if one.name == name and one.items:
            yield refs[0].path, one
        elif one.name == name and one.refers and one.refers != name:
            yield from _elsewhere(graph, one.refers)


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
            if (
                one.items
                and one.text == sentence.strip()
                and _stays(graph, path, one)
                and are_within([(path, *lines) for lines in one.shown], spans)
            ):
                return True
    return False


def _wanted(head: str, own_names: frozenset[str]) -> list[set[str]]:
    """The terms of a head, each with those that code may have instead."""
    synonyms_of = synonyms()
    words = [w for w in terms.words(head) if w.lower() not in STOP_WORDS and terms.compound(w) not in own_names]
    found = [terms.split(word) for word in words]
    return [{split[-1], *synonyms_of.get(split[-1], ())} for split in found if split and split[0] not in _GENERAL]


def _files(index: SearchIndex, wanted: list[set[str]]) -> list[str]:
    """The files of the product with a word for the last of them, those first that have all."""
    having = [{path for term in others for path in product_files_with_all(index, [term])} for others in wanted]
    return sorted(having[-1], key=lambda p: (sum(p not in paths for paths in having), p.count("/"), p))


def _share(one: Choices, wanted: list[set[str]]) -> float:
    """How much of its name is what is wanted; 0 where the last of that is not in the name."""
    best = 0.0
    for name in one.names:
        told = name.upper().partition("_TO_")[0] if one.word == "keys" and name.isupper() else name
        parts = {part for word in re.split(r"[.-]+", told) for part in terms.parts(word)} - _GENERAL
        if parts and parts & wanted[-1]:
            has_all = all(parts & others for others in wanted)
            best = max(best, len(parts & set().union(*wanted)) / len(parts) * (1.0 if has_all else _WITHOUT_MORE))
    return best if best >= _MIN_SHARE else 0.0


@request_cache(32)
def choices_in(text: str) -> tuple[Choices, ...]:
    """All that a file declares, in order."""
    tree = parse_tree(text)
    if tree is None:
        return ()
    found: list[Choices | None] = []
    lists: dict[str, tuple[list[ast.expr], ast.stmt]] = {}
    owners: list[ast.Module | ast.ClassDef] = [tree, *(s for s in tree.body if isinstance(s, ast.ClassDef))]
    for owner in owners:
        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
        for statement in owner.body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                word, items = _items_of(statement.value)
                if isinstance(target, ast.Name) and target.id != "__all__" and not target.id.startswith("__"):
                    names = (target.id, f"{prefix}{target.id}") if prefix else (target.id,)
                    found.append(_made(f"{prefix}{target.id}", names, word, items, statement, statement.lineno))
                    if (
                        not items
                        and isinstance(inner := _named(statement.value), ast.Name)
                        and inner is not statement.value
                    ):
                        found.append(Choices(target.id, (), word, (), False, statement.lineno, (), inner.id))
                    lists[target.id] = (items, statement)
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
        return "values", [
            e.elts[0] for e in value.elts if isinstance(e, (ast.Tuple, ast.List))
        ] if pairs else value.elts
    if isinstance(value, ast.Call) and name_of(value) == "dict" and not value.args:
        return "keys", [ast.copy_location(ast.Constant(k.arg), k.value) for k in value.keywords if k.arg]
    if (
        isinstance(value, ast.Call)
        and len(value.args) == 1
        and name_of(value) in ("frozenset", "set", "tuple", "list", "Choice")
    ):
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
    is_type = "choices" not in keywords
    if value is None or not names or (is_type and name_of(value) != "Choice" and not isinstance(value, ast.Name)):
        return None
    value = _named(value)
    long = next((name for name in names if name.startswith("--")), names[0])
    looked_for = tuple(dict.fromkeys((*names, *(bare(name) for name in names))))
    if isinstance(value, ast.Name) and len(lists.get(value.id, ([], None))[0]) < _MIN_ITEMS:
        return Choices(long, looked_for, "choices", (), False, call.lineno, (), value.id)
    if isinstance(value, ast.Name):
        items, node = lists[value.id]
        more = (node.lineno, *(last_line(item) for item in items[:_MAX_ITEMS]))
    else:
        items, more = _items_of(value)[1], (value.lineno,)
    return _made(long, looked_for, "choices", items, call, *(line for line in more), call.args[-1].lineno)


def _named(value: ast.expr) -> ast.expr:
    """The name behind `Choice(NAMES)`, `list(NAMES)`, `sorted(NAMES.keys())`; else the value itself."""
    inner = value
    while isinstance(inner, ast.Call):
        if inner.args and name_of(inner) in ("Choice", "list", "sorted", "tuple", "set"):
            inner = inner.args[0]
        elif isinstance(inner.func, ast.Attribute) and inner.func.attr == "keys":
            inner = inner.func.value
        else:
            return value
    return inner if isinstance(inner, ast.Name) else value


def _made(
    name: str,
    names: tuple[str, ...],
    word: str,
    items: list[ast.expr],
    node: ast.stmt | ast.expr | ast.arg,
    *lines: int,
) -> Choices | None:
    if len(items) < _MIN_ITEMS or not all(isinstance(item, ast.Constant) and item.value is not None for item in items):
        return None
    told = [short_code(item, _MAX_CODE) for item in items[:_MAX_ITEMS]]
    is_flags = any(text_of(item).startswith("-") for item in items)
    if not all(told) or is_flags or any("`" in text or "\n" in text for text in told):
        return None
    shown = _ranges([node.lineno, *lines, *(item.lineno for item in items[:_MAX_ITEMS])])
    more, of_parameter = len(items) > _MAX_ITEMS, isinstance(node, ast.arg)
    return Choices(name, names, word, tuple(told), more, node.lineno, shown, of_parameter=of_parameter)


def _ranges(lines: list[int]) -> tuple[Lines, ...]:
    """The lines as ranges that can be cited: lines that are near each other together."""
    found: list[list[int]] = []
    for line in sorted(set(lines)):
        if found and line - found[-1][1] <= 2 and line - found[-1][0] < MAX_CITED:
            found[-1][1] = line
        else:
            found.append([line, line])
    return tuple((first, last) for first, last in found)
