"""What a setting or option does, for questions that name it: its documentation, its declaration, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....types import Citation
from ...citations import PathLines, are_within, spans_of
from ...clauses import split_question
from ...inert import code
from ..candidate import Candidate, join_list
from ..listings.product_files import product_files_with_all
from .asked import Asked, asked_settings, asks_place
from .choices import asked_choices
from .command_options import scope_of
from .declarations import declared_in
from .declared import PLACES, Declared, bare
from .documented import documented_at, documented_sentences, of_document
from .quotable import Lines
from .reads import reading_sentences
from .setting_questions import asking_of, asks_allowed, calls_it_setting

_HELP = re.compile(r"The (?:help|documentation) of `(?P<name>[^`]+)` says: “[^“”]+”")
_DECLARED = re.compile(rf"`(?P<name>[^`]+)` {PLACES} `[^`]+`[^“”]*[.:]")
_DOCUMENTED = re.compile(r"`(?P<path>[^`]+)` says of `(?P<name>[^`]+)`: “[^“”]+”")
_PRONOUN = re.compile(r"\b(?:it|this|that)\b", re.I)
_KINDS_OF_NAMESAKES = frozenset({"where", "assigned", "signature"})
_KEPT_BESIDE = frozenset({"setting", "default", "listing", "line", "call_path", "guide", "sample"})
_FEW = 3  # settings that are called so, beside which documents on them are quoted
_MAX_FILES, _MAX_TOLD = 40, 2


class Place(NamedTuple):
    """A declaration in a file, with the name that is asked for as it is written there."""

    path: str
    declared: Declared
    name: str


def setting_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """What the settings that the question asks about do. `check` raises once the question is cancelled."""
    for asked in asked_settings(question):
        for rank, place in enumerate(islice(declarations_of(graph, question, asked, check), _MAX_TOLD)):
            yield from _sentences_about(graph, question, place, rank, check)


def declarations_of(
    graph: CodeGraph, question: str, asked: Asked, check: Callable[[], None] = lambda: None
) -> list[Place]:
    """Where the product declares it, the declarations first whose files and scopes have more of the question's other words."""
    if not asked.certain and any(
        r.symbol.is_callable or r.symbol.kind == "class" for r in graph.find_symbol(asked.name, 4)
    ):
        return []
    parts = terms.split(bare(asked.name))
    wanted = parts[-1:] if not asked.certain else parts[:-1] if len(parts) > 1 else parts
    with graph.store.snapshot():
        paths = product_files_with_all(SearchIndex(graph), wanted)
    spellings = {asked.name, asked.name.lstrip("-"), bare(asked.name), bare(asked.name).replace("_", "-")}
    found: list[Place] = []
    for path in paths[:_MAX_FILES]:
        if graph.inference.expired:
            break
        check()
        document = graph.document(path)
        if document is None or not any(spelling in document.text for spelling in spellings):
            continue
        found += [
            Place(path, one, one.written(asked.name))
            for one in declared_in(document.text, path)
            if one.has(asked.name) and not one.is_plain and (asked.certain or not one.is_field)
        ]
    words = set(terms.terms_of(question)) - set(parts)
    relevance = {
        place: len(
            words
            & {
                *terms.terms_of(place.path.replace("_", " ")),
                *terms.terms_of(scope_of(graph, place.path, place.declared)),
            }
        )
        for place in found
    }
    # A positional argument is no setting of that name, if there is one.
    return sorted(
        found, key=lambda p: (-relevance[p], not p.declared.default and not p.declared.quoted, p.path.startswith("doc"))
    )


def declaration_candidate(graph: CodeGraph, place: Place) -> Candidate:
    """ "`W` is declared in `f`, …"."""
    return _candidate(
        _of_declaration(place.declared, place.name, scope_of(graph, place.path, place.declared)),
        place,
        place.declared.shown,
    )


def help_candidates(graph: CodeGraph, place: Place) -> list[Candidate]:
    """What its documentation says: the one beside its declaration, else that in a document."""
    if place.declared.quoted:
        return [_candidate(_of_help(place.declared, place.name), place, place.declared.help_shown)]
    return list(documented_sentences(graph, place.declared.dest))


def declaration_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether the cited lines show what such a sentence says; None where it has another form."""
    text = sentence.strip()
    spans = spans_of(citations)
    if match := _DOCUMENTED.fullmatch(text):
        document = graph.document(match["path"])
        passage = documented_at(document.lines, match["name"]) if document is not None else None
        return (
            passage is not None
            and text == of_document(match["path"], match["name"], passage[0])
            and are_within(_in_file(match["path"], passage[1]), spans)
        )
    match = _HELP.fullmatch(text) or _DECLARED.fullmatch(text)
    if match is None:
        return None
    for path in dict.fromkeys(path for path, _, _ in spans):
        document = graph.document(path)
        for one in declared_in(document.text, path) if document is not None else ():
            if match["name"] not in one.names:
                continue
            if (
                one.quoted
                and text == _of_help(one, match["name"])
                and are_within(_in_file(path, one.help_shown), spans)
            ):
                return True
            scope = scope_of(graph, path, one)
            if text == _of_declaration(one, match["name"], scope) and are_within(_in_file(path, one.shown), spans):
                return True
    return False


def beside_settings(question: str, items: Sequence[Candidate]) -> list[Candidate]:
    """The sentences that are told beside those about settings, if there are any: those that repeat no declaration and mention a setting by
    a name of several words, since a single one may mean anything; and all, if the question has other parts."""
    settings = [item for item in items if item.kind == "setting"]
    if not settings:
        return list(items)
    shown = [span for item in settings for span in item.spans]
    subjects = {item.subject for item in settings}
    declarations = [match for item in settings if (match := _DECLARED.match(item.text))]
    names = {name for match in declarations for name in _names_in(match) if re.search(r"\w[-_]\w", name)}
    mention = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(names))) or '(?!)'})(?![\w-])")
    has_other_parts = not calls_it_setting(question) and not all(map(_is_of_settings, split_question(question)))
    kept = _KEPT_BESIDE | ({"text"} if calls_it_setting(question) and len(settings) <= _FEW else set())
    return [
        item
        for item in items
        if item.kind in kept
        or (
            (has_other_parts or item.subject in subjects or mention.search(item.text))
            and not (
                item.kind in _KINDS_OF_NAMESAKES and (is_aside(item.spans[0][0]) or is_test_path(item.spans[0][0]))
            )
            and not are_within(item.spans, shown)
        )
    ]


def _is_of_settings(part: str) -> bool:
    """Whether a part of a question is answered by settings: it names one, is about what another part asks, or asks for a value."""
    asking = asking_of(part)
    is_asked = asking.default or asking.amount or asking.changes or asks_allowed(part) or bool(asked_choices(part))
    return is_asked or bool(asked_settings(part)) or bool(_PRONOUN.search(part))


def _names_in(match: re.Match[str]) -> list[str]:
    """The name of a declaration and the name that it sets."""
    sets = re.search(r"and sets `([^`]+)`\.\Z", match.string.strip())
    return [match["name"], *([sets[1]] if sets else [])]


def _sentences_about(
    graph: CodeGraph, question: str, place: Place, rank: int, check: Callable[[], None]
) -> Iterator[Candidate]:
    helps, declaration = help_candidates(graph, place), declaration_candidate(graph, place)
    is_told = not rank and place.declared.is_kept
    reads: Sequence[Candidate] = list(reading_sentences(graph, place.declared, place.path, check)) if is_told else []
    ordered = [declaration, *reads, *helps] if asks_place(question) else [*helps, declaration, *reads]
    for number, candidate in enumerate(ordered):
        yield replace(candidate, rank=len(ordered) * rank + number, subject=declaration.subject)


def _of_help(declared: Declared, name: str) -> str:
    return f"The {declared.word} of {code(name)} says: “{declared.quoted}”"


def _of_declaration(declared: Declared, name: str, scope: str) -> str:
    """ "`-W` is declared in `get_parser`, also as `--fail-on-warning`, and sets `warningiserror`." """
    is_negative = name in declared.negatives
    flags = [f for f in declared.names if f != name and f.startswith("-") and (f in declared.negatives) == is_negative]
    opposites = [f for f in declared.names if f.startswith("-") and (f in declared.negatives) != is_negative]
    also = "also as" if name.startswith("-") else "on the command line as"
    parts = [f"{code(name)} {declared.said} {code(scope)}"]
    parts += [f"{also} {join_list(list(map(code, flags)))}"] if flags else []
    parts += [f"as the opposite of {join_list(list(map(code, opposites)))}"] if opposites else []
    parts += [f"with the default {code(declared.default)}"] if declared.default else []
    parts += [f"and sets {code(declared.dest)}"] if name != declared.dest and declared.is_kept else []
    return ", ".join(parts) + "."


def _in_file(path: str, lines: Sequence[Lines]) -> list[PathLines]:
    return [(path, *one) for one in lines]


def _candidate(text: str, place: Place, lines: Sequence[Lines]) -> Candidate:
    return Candidate(
        text, "setting", tuple(_in_file(place.path, lines)), f"{place.path}:{place.declared.start}", 0, -1, named=True
    )
