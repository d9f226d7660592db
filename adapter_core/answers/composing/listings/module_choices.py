"""What a module decides when it is imported: which of two libraries it takes, and what a name means then."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ....code_graph import CodeGraph, is_test_path
from ....evidence.search_index import SearchIndex
from ....evidence.vocabulary import GENERIC_WORDS, STOP_WORDS
from ....graph import terms
from ....graph.outline import outline_of
from ....graph.source import is_python
from ....types import Citation
from ...inert import code, printable
from ...kinds import asks_decision
from ...relation_words import RELATION_WORDS
from ..candidate import Candidate
from ..statements.control_flow import expression_text
from ..statements.quotes import is_logging, quote_statement

_FALLS_BACK = re.compile(
    r"\b(?:falls? back|fallbacks?|not installed|missing|unavailable|optional dependenc\w+|by default|preferred|installed|available)\b",
    re.I,
)
_DECIDING = re.compile(
    r"\A(?:decid|choos|chosen|pick|select|determin|figur|know|detect|guess|setting|set|implementat|option|default|mode|backend|librar)",
    re.I,
)
_MAX_FILES = 8  # that are looked at
_MAX_STATEMENTS = 4  # of one branch
_MAX_TEXT = 700
_MAX_LINES = 12
_MIN_SHARE = 0.75  # of the question's words, by number, that the module's path and what it binds must have
_MIN_WORDS = 2
_CHOOSES = "decides on import:"
_FORM = re.compile(rf"`(?P<module>[^`]+)` {_CHOOSES} .+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Choice:
    text: str
    names: frozenset[str]
    lines: tuple[tuple[int, int], ...]


def choice_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The sentences about modules whose path and names have nearly all words of a question how something is decided."""
    if not (asks_decision(question) or _FALLS_BACK.search(question)):
        return
    wanted = _wanted(graph, question)
    if len(wanted) < _MIN_WORDS:
        return
    for path in _paths(graph, wanted):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        for choice in _choices(document.lines):
            told = set(terms.terms_of(" ".join((path, *choice.names))))
            if len(wanted & told) >= _MIN_SHARE * len(wanted):
                spans = tuple((path, a, b) for a, b in choice.lines)
                text = f"{code(facts.module)} {_CHOOSES} {choice.text}"
                yield Candidate(text, "listing", spans, f"{path}:1", 0, -1, named=True)


def is_choice(sentence: str) -> bool:
    return bool(_FORM.fullmatch(sentence))


def choice_holds(graph: CodeGraph, sentence: str, citations: Sequence[Citation]) -> bool:
    """Whether a sentence of this form says what the cited lines say: it is made again from them."""
    form = _FORM.fullmatch(sentence)
    if form is None:
        return False
    for path in dict.fromkeys(c.span.path for c in citations):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None or facts.module != form["module"]:
            continue
        cited = {n for c in citations if c.span.path == path for n in range(c.span.start, c.span.end + 1)}
        for choice in _choices(document.lines):
            is_cited = all(n in cited for a, b in choice.lines for n in range(a, b + 1))
            if is_cited and printable(f"{code(facts.module)} {_CHOOSES} {choice.text}") == printable(sentence):
                return True
    return False


def _wanted(graph: CodeGraph, question: str) -> set[str]:
    """The terms of a question without those of asking and deciding."""
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    noise = STOP_WORDS | GENERIC_WORDS | RELATION_WORDS
    words = [w for w in terms.words(question) if w.lower() not in noise and terms.compound(w) not in own_names]
    return {terms.split(w)[-1] for w in words if not _DECIDING.match(w) and not _FALLS_BACK.search(w)}


def _paths(graph: CodeGraph, wanted: set[str]) -> list[str]:
    """The files of the product whose path has most of the wanted terms, at least one."""
    counts: dict[str, int] = {}
    with graph.store.snapshot():
        index = SearchIndex(graph)
        for term in wanted:
            for number in index.hits(term).files:
                path = index.paths[int(number)]
                counts[path] = counts.get(path, 0) + 1
    product = [path for path in counts if is_python(path) and not is_test_path(path)]
    return sorted(product, key=lambda path: (-counts[path], len(path), path))[:_MAX_FILES]


def _choices(lines: list[str]) -> Iterator[_Choice]:
    tree = outline_of("\n".join(lines) + "\n").tree
    for node in tree.body if tree is not None else ():
        choice = _import_choice(node, lines) if isinstance(node, ast.Try) else None
        if choice is not None:
            yield choice


def _import_choice(node: ast.Try, lines: list[str]) -> _Choice | None:
    """What a `try` around imports decides; None if it does anything else, or too much."""
    text = _told_try(node, lines)
    first, last = node.lineno, node.end_lineno or node.lineno
    names = frozenset(_bound(node))
    if not text or len(text) > _MAX_TEXT or not names:
        return None
    spans = tuple((n, min(n + _MAX_LINES - 1, last)) for n in range(first, last + 1, _MAX_LINES))
    return _Choice(f"{text}.", names, spans)


def _told_try(node: ast.Try, lines: list[str]) -> str:
    """A `try` around imports in words; "" if it does anything else, or too much."""
    if node.finalbody or not any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in node.body):
        return ""
    parts = [_told(node.body, lines)]
    leads = ["it tries "]
    for handler in node.handlers:
        caught = expression_text(handler.type, lines) if handler.type is not None else ""
        parts.append(_told(handler.body, lines) if caught and "`" not in caught else "")
        leads.append(f"when that raises {code(caught)}, ")
    if node.orelse:
        parts.append(_told(node.orelse, lines))
        leads.append("otherwise ")
    return "; ".join(lead + part for lead, part in zip(leads, parts, strict=True)) if all(parts) else ""


def _told(body: Sequence[ast.stmt], lines: list[str]) -> str:
    """The statements of a branch as written; "" if they cannot be quoted."""
    done = [s for s in body if not isinstance(s, ast.Pass)]
    told = [s for s in done if not is_logging(s)] or done  # a message that is all is something
    if len(told) == 1 and isinstance(told[0], ast.Try):
        inner = _told_try(told[0], lines)
        return f"({inner})" if inner else ""
    if any(getattr(s, "body", None) for s in told):
        return ""
    parts = [quote_statement(lines, s).partition("  #")[0].strip() for s in told]
    if len(parts) > _MAX_STATEMENTS or not all(parts) or any("`" in part for part in parts):
        return ""
    return ", then ".join(map(code, parts)) or "nothing else happens"


def _bound(node: ast.Try) -> Iterator[str]:
    """The names that are bound in a handler, which mean something else if the import fails."""
    for handler in node.handlers:
        for n in ast.walk(handler):
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
                yield n.id
            elif isinstance(n, ast.alias):
                yield (n.asname or n.name).partition(".")[0]
            elif isinstance(n, (ast.FunctionDef, ast.ClassDef)):
                yield n.name
