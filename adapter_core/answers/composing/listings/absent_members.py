"""The member that a question names and its class or module does not have: "`Request` has no `clone`.", with the nearest that there is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ....code_graph import CodeGraph, index_of, is_test_path
from ....evidence.question import Question
from ....evidence.search_index import SearchIndex
from ....evidence.vocabulary import synonyms
from ....graph import terms
from ....graph.finding.membership import lacks, member_names
from ....types import Citation, SymbolRef
from ...citations import are_within, spans_of
from ...inert import code
from ...module_aliases import is_module_alias
from ..candidate import Candidate, definition_span, join_list

_MAX_CHARS = 300
_MAX_OWNERS = 4  # of one name
_SUFFIXES = frozenset("py pyi pyx md rst txt toml cfg ini json yaml yml html".split())  # `store.py` is a file
_MAX_NEAREST = 2
_MAX_FILES = 60  # that are searched for a dotted name
_LEAST_LIKENESS = 0.6
_FORM = re.compile(
    r"`(?P<owner>[\w.]+)` has no `(?P<name>\w+)`(?:; what comes nearest is (?P<nearest>`[\w.]+`(?: and `[\w.]+`)*))?\."
)


class AbsentMember(NamedTuple):
    """`name` that none of `owners`, the classes or modules of that name, has. `written`: as in the question."""

    written: str
    name: str
    owners: tuple[SymbolRef, ...]


def absent_members(graph: CodeGraph, question: Question) -> list[AbsentMember]:
    """The members that a question names and that surely do not exist, though the class or module does."""
    if len(question.text) > _MAX_CHARS or "\n" in question.text.strip():
        return []  # a report may tell of another version
    found = []
    for written in question.identifiers:
        owner_name, _, name = written.rpartition(".")
        if not owner_name or name in _SUFFIXES or graph.find_symbol(written, at_most=1):
            continue
        owners, instance_of = _owners(graph, owner_name), _classes_of_instance(graph, owner_name)
        if any(ref.symbol.kind == "module" for ref in owners) and _is_written(graph, written):
            continue  # `shop.debug` may be the key of a setting
        if (owners or instance_of) and all(_lacks(graph, owner, name) for owner in (*owners, *instance_of)):
            found.append(AbsentMember(written, name, tuple(instance_of or owners)))
    return found


def _is_written(graph: CodeGraph, dotted: str) -> bool:
    """Whether a dotted name stands anywhere in the workspace, be it in a string or a document."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        files = dict.fromkeys(index.file_of[index.hits(terms.split(dotted.rpartition(".")[2])[-1]).documents].tolist())
        paths = [index.paths[file] for file in files][:_MAX_FILES]
    whole = re.compile(rf"(?<![\w.]){re.escape(dotted)}(?!\w)")
    documents = (graph.document(path) for path in paths)
    return any(document is not None and whole.search(document.text) for document in documents)


def names_something_else(graph: CodeGraph, question: Question, absent: Sequence[AbsentMember]) -> bool:
    """Whether a question also names, as code, something that exists and is no part of the names of what does not."""
    parts = {part for item in absent for part in item.written.split(".")} | {item.written for item in absent}
    return any(name not in parts and graph.find_symbol(name, at_most=1) for name in question.identifiers)


def _owners(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The product's classes of that name, or its modules; none if they are many, or if it is the name of anything else."""
    refs = [ref for ref in graph.find_symbol(name) if not is_test_path(ref.path)]
    if len(refs) > _MAX_OWNERS:
        refs = [ref for ref in refs if "." not in ref.symbol.qualname]
    return refs if len(refs) <= _MAX_OWNERS and _owner_kind(refs) else []


def _classes_of_instance(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The product's classes of an instance that is called so: `Session` of `session`."""
    if "." in name or not name.islower() or graph.importers_of(name) or is_module_alias(graph, name):
        return []
    camel = "".join(part.capitalize() for part in name.split("_"))
    return [ref for ref in _owners(graph, camel) if ref.symbol.kind == "class"]


def _owner_kind(refs: Sequence[SymbolRef]) -> str:
    """ "class" or "module" if all are that; "" otherwise."""
    kinds = {ref.symbol.kind for ref in refs}
    return next((kind for kind in ("class", "module") if kinds == {kind}), "")


def absence_sentences(graph: CodeGraph, absent: AbsentMember) -> Iterator[Candidate]:
    """ "`Request` has no `clone`; what comes nearest is `Request.copy`." for each class or module of the name."""
    for owner in absent.owners:
        nearest = list(_nearest_members(graph, owner, absent.name))
        text = f"{code(_name_of(owner))} has no {code(absent.name)}"
        if nearest:
            text += f"; what comes nearest is {join_list([code(_member_name(owner, ref)) for ref in nearest])}"
        spans = (definition_span(owner), *map(definition_span, nearest))
        yield Candidate(
            f"{text}.", "listing", tuple(dict.fromkeys(spans)), f"{owner.path}:{owner.symbol.start}", 0, -1, True
        )


def _lacks(graph: CodeGraph, owner: SymbolRef, name: str) -> bool:
    place = _place(graph, owner)
    return place is not None and lacks(graph.view, graph.inference, place, name)


def _member_names(graph: CodeGraph, owner: SymbolRef) -> list[str]:
    place = _place(graph, owner)
    return member_names(graph.inference, place) if place is not None else []


def _place(graph: CodeGraph, ref: SymbolRef) -> tuple[str, int] | None:
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    return (ref.path, index) if index is not None else None


def _name_of(owner: SymbolRef) -> str:
    return owner.module if owner.symbol.kind == "module" else owner.symbol.qualname


def _member_name(owner: SymbolRef, member: SymbolRef) -> str:
    return f"{owner.module}.{member.symbol.name}" if owner.symbol.kind == "module" else member.symbol.qualname


def _nearest_members(graph: CodeGraph, owner: SymbolRef, name: str) -> Iterator[SymbolRef]:
    """Up to `_MAX_NEAREST` members whose names mean the same, begin the same, or look like it, in this order."""
    names = [n for n in _member_names(graph, owner) if not n.startswith("_") or name.startswith("_")]
    alike = synonyms()
    wanted = terms.parts(name) | {other for term in terms.parts(name) for other in alike.get(term, ())}
    by_meaning = [n for n in names if terms.parts(n) <= wanted]
    by_parts = [n for n in names if terms.parts(name) < terms.parts(n)]
    by_look = difflib.get_close_matches(name, names, n=_MAX_NEAREST, cutoff=_LEAST_LIKENESS)
    nearest = list(dict.fromkeys((*by_meaning, *by_look, *by_parts)))[:_MAX_NEAREST]
    yield from (ref for n in nearest for ref in _defined(graph, owner, n)[:1])


def _defined(graph: CodeGraph, owner: SymbolRef, name: str) -> list[SymbolRef]:
    if owner.symbol.kind == "class":
        return graph.members(owner, name)
    return [ref for ref in graph.find_symbol(f"{owner.module}.{name}") if ref.path == owner.path]


def absence_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a sentence of this form is true of a class or module that the citations introduce, with the members that it names as nearest;
    None for a sentence of another form."""
    match = _FORM.fullmatch(sentence.strip())
    if match is None:
        return None
    nearest, cited = re.findall(r"`([^`]+)`", match["nearest"] or ""), spans_of(citations)
    for owner in graph.find_symbol(match["owner"]):
        if owner.symbol.kind not in ("class", "module") or not are_within([definition_span(owner)], cited):
            continue
        members = [_defined(graph, owner, name.rpartition(".")[2])[:1] for name in nearest]
        are_there = all(
            refs and _member_name(owner, refs[0]) == name and are_within([definition_span(refs[0])], cited)
            for name, refs in zip(nearest, members, strict=True)
        )
        if are_there and _lacks(graph, owner, match["name"]):
            return True
    return False
