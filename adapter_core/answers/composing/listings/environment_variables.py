"""The environment variables that the product reads, where a question asks for them: all of them, or one by its name."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from typing import NamedTuple

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, join_list, scope_name
from .environment_prefixes import prefix_sentences
from .product_files import product_files_with
from .totals import among_others

_LISTING = re.compile(r"\b(?:which|what|list|all|show)\b[^?]{0,60}\benv(?:ironment)?[ -]?(?:var(?:iable)?s?)\b", re.I)
_NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_OF_KEYWORD = re.compile(r"[A-Z][A-Z0-9_]+")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_READ = re.compile(r"\b(?:read|reads|used|uses|set|looked up|come from|comes from|env\w*)\b", re.I)
_MAX_CHARS = 300
_WORDS = ("environ", "getenv", "env", "envvar")  # one of them stands in each file that reads a variable
_KEYWORDS = frozenset({"env", "envvar", "env_var"})
_LOOKUPS = frozenset({"get", "pop", "setdefault"})
_MAX_FILES = 60
_MAX_LISTED, _MAX_SENTENCES = 4, 8


class _Read(NamedTuple):
    """A variable that is read on a line of `path`, in `owner`."""

    variable: str
    path: str
    line: int
    owner: SymbolRef


def environment_variable_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """ "`A` and `B` are read in `f`." `check` raises once the question is cancelled."""
    question = question[:_MAX_CHARS]
    wanted = set(_NAME.findall(question)) if _READ.search(question) else set()
    if not wanted and not _LISTING.search(question):
        return
    reads = _all_reads(graph, check) if not wanted else [r for r in _reads(graph, check) if r.variable in wanted]
    by_owner: dict[tuple[str, int], list[_Read]] = defaultdict(list)
    for read in reads:
        by_owner[read.path, read.owner.symbol.start].append(read)
    if not wanted:
        yield from prefix_sentences(graph)
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    # What is named after the project is its own, and other programs do not set it by the way.
    owners = sorted(
        by_owner.values(),
        key=lambda of: (not any(own_names & terms.parts(read.variable) for read in of), -len(of)),
    )
    groups = [reads[at : at + _MAX_LISTED] for reads in owners for at in range(0, len(reads), _MAX_LISTED)]
    listed = groups[:_MAX_SENTENCES]
    for number, group in enumerate(listed, 1):
        owner = group[0].owner
        verb = "are" if len(group) > 1 else "is"
        is_total = number == len(listed) and not wanted and not graph.inference.expired
        others = among_others(sum(map(len, listed)), len(reads), is_total)
        text = f"{join_list([code(read.variable) for read in group])} {verb} read in {code(scope_name(owner))}{others}."
        spans = tuple((read.path, read.line, read.line) for read in group)
        yield Candidate(text, "listing", spans, f"{owner.path}:{owner.symbol.start}", 0, -1, named=True)


def count_of_variables(graph: CodeGraph) -> int:
    """How many variables the product reads by name."""
    return len(_all_reads(graph, lambda: None))


def _all_reads(graph: CodeGraph, check: Callable[[], None]) -> list[_Read]:
    """The first read of each variable."""
    found: dict[str, _Read] = {}
    for read in _reads(graph, check):
        found.setdefault(read.variable, read)
    return list(found.values())


def asks_variables(question: str) -> bool:
    """Whether a question asks for all environment variables."""
    return bool(_LISTING.search(question[:_MAX_CHARS]))


def _reads(graph: CodeGraph, check: Callable[[], None]) -> Iterator[_Read]:
    """The reads of the product, file by file, each variable once per function."""
    with graph.store.snapshot():
        paths = product_files_with(SearchIndex(graph), _WORDS)
    for path in paths[:_MAX_FILES]:
        if graph.inference.expired:
            return
        check()
        document, facts = graph.document(path), graph.facts(path)
        tree = outline_of(document.text).tree if document is not None else None
        seen: set[tuple[str, int]] = set()
        # A bare `environ` may as well be a WSGI server's.
        imports = facts.imports if facts is not None else ()
        from_os = {i.alias or i.name or "" for i in imports if i.module == "os"}
        for node in ast.walk(tree) if tree is not None and facts is not None else ():
            for literal in _literals(node, from_os):
                index = scope_at(facts, literal.lineno) if facts is not None else 0
                variable = str(literal.value)
                if facts is not None and (variable, index) not in seen:
                    seen.add((variable, index))
                    yield _Read(variable, path, literal.lineno, graph.ref(facts, index))


def _literals(node: ast.AST, from_os: Set[str]) -> list[ast.Constant]:
    """The string literals by which a node reads variables: `os.environ["A"]`, `os.environ.get("A")`, `getenv("A")`, `option(envvar="A")`.
    `from_os`: the names that the file imports from `os`."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value, from_os):
        found = [node.slice]
    elif isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        looks_up = isinstance(function, ast.Attribute) and name in _LOOKUPS and _is_environ(function.value, from_os)
        if looks_up or _is_getenv(function, from_os):
            found = node.args[:1]
        for keyword in node.keywords:
            if keyword.arg in _KEYWORDS:
                value = keyword.value
                values = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
                found += [v for v in values if isinstance(v, ast.Constant) and _OF_KEYWORD.fullmatch(str(v.value))]
    return [one for one in found if isinstance(one, ast.Constant) and _VARIABLE.fullmatch(str(one.value))]


def _is_environ(node: ast.expr, from_os: Set[str]) -> bool:
    return _is_of_os(node, "environ", from_os)


def _is_getenv(node: ast.expr, from_os: Set[str]) -> bool:
    """Whether it is `os.getenv`; a `getenv` of something else may read anything."""
    return _is_of_os(node, "getenv", from_os)


def _is_of_os(node: ast.expr, name: str, from_os: Set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == name and isinstance(node.value, ast.Name) and node.value.id == "os"
    return isinstance(node, ast.Name) and node.id == name and name in from_os
