"""The environment variables that the product reads, where a question asks for them: all of them, or one by its name."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....evidence.vocabulary import STOP_TERMS, synonyms
from ....graph import terms
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate, join_list, scope_name
from ..settings.environment_reads import imported_from_os, read_keys
from .environment_prefixes import prefix_sentences
from .product_files import product_files_with
from .totals import among_others

_LISTING = re.compile(r"\b(?:which|what|list|all|show)\b[^?]{0,60}\benv(?:ironment)?[ -]?(?:var(?:iable)?s?)\b", re.I)
_NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_READ = re.compile(r"\b(?:read|reads|used|uses|set|looked up|come from|comes from|env\w*)\b", re.I)
_MAX_CHARS = 300
_WORDS = ("environ", "getenv", "env", "envvar")  # one of them stands in each file that reads a variable
# Words of such questions that do not say what the variables are about.
_ASKING = frozenset(
    map(terms.stem, "environment env var vars variable variables read reads set sets decide decides list".split())
)
_MAX_FILES = 60
_MAX_LISTED, _MAX_SENTENCES = 4, 8


class _Read(NamedTuple):
    """A variable that is read on a line of `path`, in `owner`, by the name that stands there or in the constant of line `named_at`."""

    variable: str
    path: str
    line: int
    owner: SymbolRef
    named_at: int


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
    asked = _asked_words(question)
    # What is named after the project is its own, and other programs do not set it by the way.
    owners = sorted(
        by_owner.values(),
        key=lambda of: (
            -max(len(asked & _words_of(read)) for read in of),
            not any(own_names & terms.parts(read.variable) for read in of),
            -len(of),
        ),
    )
    groups = [reads[at : at + _MAX_LISTED] for reads in owners for at in range(0, len(reads), _MAX_LISTED)]
    listed = groups[:_MAX_SENTENCES]
    for number, group in enumerate(listed, 1):
        owner = group[0].owner
        verb = "are" if len(group) > 1 else "is"
        is_total = number == len(listed) and not wanted and not graph.inference.expired and _are_all_read(graph)
        others = among_others(sum(map(len, listed)), len(reads), is_total)
        text = f"{join_list([code(read.variable) for read in group])} {verb} read in {code(scope_name(owner))}{others}."
        lines = dict.fromkeys((read.path, line) for read in group for line in (read.line, read.named_at))
        spans = tuple((path, line, line) for path, line in lines)
        yield Candidate(text, "listing", spans, f"{owner.path}:{owner.symbol.start}", 0, -1, named=True)


def _asked_words(question: str) -> set[str]:
    """The terms by which a question says what the variables are about, each with those that code has for it."""
    synonyms_of = synonyms()
    found = terms.distinct(question) - STOP_TERMS - _ASKING
    return found | {other for term in found for other in synonyms_of.get(term, ())}


def _words_of(read: _Read) -> set[str]:
    return terms.parts(read.variable) | terms.parts(read.owner.symbol.name)


def count_of_variables(graph: CodeGraph) -> int | None:
    """How many variables the product reads by name; None where not all files are looked through."""
    return len(_all_reads(graph, lambda: None)) if _are_all_read(graph) else None


def _are_all_read(graph: CodeGraph) -> bool:
    with graph.store.snapshot():
        return len(product_files_with(SearchIndex(graph), _WORDS)) <= _MAX_FILES


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
        constants = _constants(tree) if tree is not None else {}
        from_os = imported_from_os(tree) if tree is not None else set()
        for node in ast.walk(tree) if tree is not None and facts is not None else ():
            for key in read_keys(node, from_os):
                literal = constants.get(key.id) if isinstance(key, ast.Name) else key
                if (
                    facts is None
                    or not isinstance(literal, ast.Constant)
                    or not _VARIABLE.fullmatch(str(literal.value))
                ):
                    continue
                index, variable = scope_at(facts, key.lineno), str(literal.value)
                if (variable, index) not in seen:
                    seen.add((variable, index))
                    yield _Read(variable, path, key.lineno, graph.ref(facts, index), literal.lineno)


def _constants(tree: ast.Module) -> dict[str, ast.Constant]:
    """The names of a module that one statement of it binds to a string: `HOME = "KIT_HOME"`."""
    found: dict[str, ast.Constant | None] = {}
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        text = value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = text if target.id not in found else None
    return {name: value for name, value in found.items() if value is not None}
