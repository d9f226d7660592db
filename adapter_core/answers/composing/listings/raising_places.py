"""The functions that raise an exception, each with its line, for questions where it is raised."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ....code_graph import CodeGraph
from ....evidence.ranking import is_aside
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...inert import code
from ...unparsing import unparse
from ..candidate import Candidate, definition_span, join_list, scope_name
from ..links.library_uses import is_of_library, product_first_key
from .exception_handlers import caught_exception_in_question
from .product_files import is_of_tests
from .totals import MAX_COUNTED_FILES, among_others, spread

_ASKED = re.compile(
    r"\b(?:where (?:is|are|do(?:es)?(?: we| it)?)|who|what|which (?:functions?|methods?|code|places?)) (?:the )?(?:exceptions? |errors? )?"
    r"(?:(?:raises?|throws?) (?:an? |the )?`?(?P<a>[A-Z][\w.]*)`?|`?(?P<b>[A-Z][\w.]*)`?(?: exceptions?| errors?)? (?:raised|thrown))\W*\Z",
    re.I,
)
_MAX_CHARS = 300
_MAX_LISTED = 4
_MAX_GROUPS = 2
_MAX_CLASSES = 3  # classes of one name
_RAISE = re.compile(r"\braise\b")
_MAX_DISTANCE = 200  # characters from a `raise` to the name of what is raised
_PathLines = tuple[str, int, int]


def raised_exception_in_question(question: str) -> str:
    """The exception whose raising the question asks for, as written (perhaps with its module); "" for other questions."""
    match = _ASKED.search(question[:_MAX_CHARS])
    name = (match["a"] or match["b"]).strip(".") if match else ""
    return name if name.rpartition(".")[2][:1].isupper() else ""


def asks_only_raising(parts: Sequence[str]) -> bool:
    """Whether the parts of a question ask for nothing but where exceptions are raised and caught."""
    return all(map(asked_exception, parts))


def asked_exception(question: str) -> str:
    """The exception of which a question asks where it is raised or caught; "" for other questions."""
    return raised_exception_in_question(question) or caught_exception_in_question(question)


def raising_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """ "`X` is raised in `f` and `g`." for the product's functions, or those of tests and examples if there are no others. Classes of the
    same name are kept apart. Files are read until there are more functions than are listed, or the graph's time is up. `check`: raises if
    the answer was cancelled."""
    exception = raised_exception_in_question(question)
    name = exception.rpartition(".")[2]
    classes = [ref for ref in graph.find_symbol(exception) if ref.symbol.kind == "class"] if exception else []
    namesakes = [ref for ref in graph.find_symbol(name) if ref.symbol.kind == "class"] if exception else []
    if len(namesakes) < 2 and (classes or exception == name):
        yield from _listing(name, *_raising_functions(graph, name, _is_only_one(graph, namesakes), check))
    elif not classes:  # `socket.Timeout`, where the workspace has a `Timeout` of its own
        found, _ = _raising_functions(graph, name, lambda raised: not raised.refs, check)
        yield from _listing(name, found, False)
    for ref in classes[:_MAX_CLASSES] if len(namesakes) > 1 else ():
        yield from _listing(name, *_raising_functions(graph, name, _includes(ref), check), ref)


def count_of_raising(graph: CodeGraph, name: str, path: str | None) -> int | None:
    """How many functions of the product raise it; None if they were not counted. `path`: of the class, if several have this name."""
    namesakes = [ref for ref in graph.find_symbol(name) if ref.symbol.kind == "class"]
    of_path = [ref for ref in namesakes if ref.path == path]
    if (path is None and len(namesakes) > 1) or (path is not None and not of_path):
        return None
    accepts = _includes(of_path[0]) if of_path else _is_only_one(graph, namesakes)
    found, is_total = _raising_functions(graph, name, accepts, lambda: None)
    return len(found) if is_total else None


class _Raised(NamedTuple):
    """A statement in `owner` that raises what is `written` so and resolves to `refs`."""

    owner: SymbolRef
    lines: _PathLines
    written: str
    refs: Sequence[SymbolRef]


def _includes(ref: SymbolRef) -> Callable[[_Raised], bool]:
    return lambda raised: ref in raised.refs


def _is_only_one(graph: CodeGraph, namesakes: Sequence[SymbolRef]) -> Callable[[_Raised], bool]:
    only = namesakes[0] if namesakes else None
    return lambda raised: only is None or _may_be(graph, only, raised)


def _may_be(graph: CodeGraph, ref: SymbolRef, raised: _Raised) -> bool:
    """Whether the only class of its name is raised, as far as is known: `requests.Timeout` is another one."""
    return ref in raised.refs if raised.refs else not is_of_library(graph, raised.written)


def _raising_functions(
    graph: CodeGraph, name: str, accepts: Callable[[_Raised], bool], check: Callable[[], None]
) -> tuple[list[tuple[SymbolRef, _PathLines]], bool]:
    """(the functions that raise something of this name, each with the lines of one statement; whether these are all). `accepts`: whether it
    is the right thing."""
    found: dict[tuple[str, str], tuple[SymbolRef, _PathLines]] = {}
    paths = sorted(graph.view.paths_using(name), key=lambda path: (is_of_tests(path), product_first_key(path)))
    counts_all = sum(not is_of_tests(path) and not is_aside(path) for path in paths) <= MAX_COUNTED_FILES
    for path in paths:
        # The product's files come first, so nothing after this one would be listed.
        if found and (is_of_tests(path) or is_aside(path)):
            break
        if graph.inference.expired:
            counts_all = False
            break
        check()
        for raised in _raise_statements(graph, path, name):
            if accepts(raised):
                found.setdefault((path, scope_name(raised.owner)), (raised.owner, raised.lines))
            if not counts_all and len(found) > _MAX_GROUPS * _MAX_LISTED:
                return list(found.values()), False
    return list(found.values()), counts_all


def _listing(
    name: str, found: Sequence[tuple[SymbolRef, _PathLines]], is_total: bool, cls: SymbolRef | None = None
) -> Iterator[Candidate]:
    """The sentences that list the functions. `cls`: the class, if several have this name."""
    origin = f" defined in {code(cls.path)}" if cls is not None else ""
    name_counts = Counter(scope_name(ref) for ref, _ in found)
    listed_functions = spread(found, lambda item: item[0].path)[: _MAX_GROUPS * _MAX_LISTED]
    others = among_others(len(listed_functions), len(found), is_total)
    for start in range(0, len(listed_functions), _MAX_LISTED):
        group = listed_functions[start : start + _MAX_LISTED]
        # Functions of the same name in several files are shown with their modules.
        owners = [code(ref.full_name if name_counts[scope_name(ref)] > 1 else scope_name(ref)) for ref, _ in group]
        spans = tuple(lines for _, lines in group) + ((definition_span(cls),) if cls is not None else ())
        text = f"{code(name)}{origin} is raised in {join_list(owners)}{others}."
        yield Candidate(text, "listing", spans, f"{spans[0][0]}:{spans[0][1]}", 0, -1, named=True)


def _raise_statements(graph: CodeGraph, path: str, name: str) -> Iterator[_Raised]:
    """Each `raise` of this name in a file."""
    document, facts = graph.document(path), graph.facts(path)
    # Parsing takes a thousand times as long, and most files that use a name do not raise it.
    if document is None or facts is None or not _may_raise(document.text, name):
        return
    tree = outline_of(document.text).tree
    raises = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)] if tree is not None else []
    for node in sorted(raises, key=lambda node: node.lineno):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if not isinstance(raised, (ast.Name, ast.Attribute)):
            continue
        raised_text = unparse(raised)
        if raised_text.rpartition(".")[2] == name:
            statement_lines = (path, node.lineno, raised.end_lineno or node.lineno)
            refs = graph.resolve(path, raised.lineno, raised_text, raised.col_offset)
            yield _Raised(graph.ref(facts, scope_at(facts, node.lineno)), statement_lines, raised_text, refs)


def _may_raise(text: str, name: str) -> bool:
    """Whether a `raise` comes shortly before a use of the name. Each use is examined by itself, so that odd texts take linear time."""
    uses = re.finditer(rf"\b{re.escape(name)}\b", text)
    return any(_RAISE.search(text, max(0, use.start() - _MAX_DISTANCE), use.start()) for use in uses)
