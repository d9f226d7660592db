"""Is there an answer here at all? A calibrated score from what of the question the workspace knows.

A logistic model over a few shares between 0 and 1; its weights and threshold were fitted on questions that have an answer and on
questions about what is not there, made of real words (`benchmarks/answers.py`, part `refusal`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from ..code_graph import CodeGraph, is_test_path
from ..evidence.question import Question, extending_terms
from ..evidence.search_index import SearchIndex
from ..evidence.selection import Found
from ..evidence.vocabulary import GENERIC_WORDS, STOP_WORDS, synonyms
from ..graph import terms
from ..graph.discovery.unindexed import may_answer
from ..types import Claim
from .asked_symbols import (
    bare_object_name,
    bare_object_symbols,
    classes_in_link_question,
    is_named_by_words,
    is_used_in_code,
    named_symbols,
    plainly_named_symbols,
)
from .composing.links.known_links import KnownLinks
from .composing.links.library_uses import used_names
from .composing.listings.all_kinds import cached_listings
from .composing.listings.classes_with_method import method_in_question
from .composing.listings.error_messages import missing_message
from .composing.listings.exception_handlers import caught_exception_in_question, import_aliases
from .kinds import LINKS, answer_kind
from .options import RefusalOptions

_HEAD = 3
_LIKE = 0.3  # what a word that may stand for another counts
_FEW_TERMS = 4
_MAX_IDENTIFIERS = 8
_MAX_DEFINITIONS = 12
_SHOWN_CHARS = 60
_SHOWN = 3  # files that are not indexed
# What handles something may be no handler of an exception.
_OF_CATCHING = re.compile(r"\b(?:catch(?:es)?|caught)\b", re.I)
_OF_SUPPORT = re.compile(
    r"\W*(?:(?:does|do|can|could|is|are|will)\b[^?]{0,60}?\b(?:supports?|supported|compatible with|works? with|understands?|speaks?)|"
    r"is there (?:any )?support for) (?P<what>[^?]{2,60})\W*\Z",
    re.I,
)
_GOOD_PART = 1 / 3
_MAX_CHARS = 300
_OF_USES = re.compile(r"\b(?:us(?:es?|ed|ing|ages?)|read|set|passed)\b", re.I)


def signals(graph: CodeGraph, found: Found, links: KnownLinks | None = None) -> dict[str, float]:
    """What speaks for an answer and against it. Shares are of the number of the question's terms: by information (weight times idf) the
    words in which people speak of a design would weigh most, since code rarely has them.

    best: in the best single span · names: in the names and paths of the first three (in both, what code may have instead of a term counts
    `_LIKE`) · unknown: share of the names written as code that the workspace does not use · defined: whether it has what the question
    names · short: 1 / number of terms, at most 1/4: of shorter questions there were too few to learn from. `links`: as for `candidates`.
    """
    asked = (found.weights.keys() - extending_terms(found.question.text)) or found.weights.keys()
    number = max(1, len(asked))
    instead = _instead(found)
    spans = [_held(asked, instead, terms.distinct(f"{e.symbol} {e.span.path}\n{e.text}")) for e in found.definitions]
    names = {t for e in found.definitions[:_HEAD] for t in terms.terms_of(f"{e.symbol} {e.span.path}")}
    identifiers = found.question.identifiers[:_MAX_IDENTIFIERS]
    with graph.store.snapshot():
        index = SearchIndex(graph)
        unknown = [n for n in identifiers if not _used(index, n)]
    used = [n for n in identifiers if n not in unknown]
    return {
        "best": max(spans, default=0.0) / number,
        "names": _held(asked, instead, names) / number,
        "unknown": len(unknown) / len(identifiers) if identifiers else 0.0,
        "defined": float(_names_what_is_here(links or KnownLinks(graph), found, used)),
        "short": 1.0 / max(_FEW_TERMS, number),
    }


def _instead(found: Found) -> dict[str, set[str]]:
    """Each term of a question with those that code may have instead, also of the phrases that it stands in."""
    instead = {term: set(found.instead.get(term, ())) for term in found.weights}
    for phrase in found.question.said:
        others = found.instead.get(" ".join(phrase), ())
        for term in {t for word in phrase for t in terms.split(word)} & instead.keys():
            instead[term].update(others)
    return instead


def _held(asked: Iterable[str], instead: Mapping[str, set[str]], present: set[str]) -> float:
    """How many of the terms that are asked for are present; one of which only another word is counts `_LIKE`."""
    return sum(1.0 if t in present else _LIKE if instead[t] & present else 0.0 for t in asked)


def _names_what_is_here(links: KnownLinks, found: Found, identifiers: Sequence[str]) -> bool:
    """Whether a question names, as code or in plain words, what is defined here; or asks for what there is of a kind, or for the users of
    what is used here, and there is some."""
    graph, question = links.graph, found.question
    if any(0 < len(graph.find_symbol(n)) <= _MAX_DEFINITIONS for n in identifiers):
        return True
    if (
        classes_in_link_question(graph, question)
        or bare_object_symbols(graph, question)
        or plainly_named_symbols(graph, question)
    ):
        return True
    if any(is_named_by_words(e, found) for e in found.definitions) or cached_listings(links, question.text):
        return True
    method = method_in_question(question.text)
    if method and graph.find_symbol(method, at_most=1):
        return True
    used = used_names(question) if answer_kind(question) == "callers" else []
    return any(is_used_in_code(graph, n.rpartition(".")[2]) or graph.importers_of(n) for n in used)


def confidence(found_signals: Mapping[str, float], options: RefusalOptions) -> float:
    """The estimated probability, from 0 to 1, that the workspace answers the question."""
    value = options.bias + sum(getattr(options, f"{name}_weight") * x for name, x in found_signals.items())
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def is_answerable(found_signals: Mapping[str, float], options: RefusalOptions) -> bool:
    """Whether to answer. A question that writes as code what is defined here, and nothing that is not used, is always answered."""
    if found_signals["defined"] and not found_signals["unknown"] and options.threshold <= 1:
        return True
    return confidence(found_signals, options) >= options.threshold


def missing_names(graph: CodeGraph, question: Question) -> list[str]:
    """What a question plainly writes as code (`name`, some_name), and the workspace uses nowhere."""
    names = [
        n
        for n in question.identifiers
        if "_" in n.strip("_") or re.search(rf"`{re.escape(n)}(?:\(\))?`", question.text)
    ]
    with graph.store.snapshot():
        index = SearchIndex(graph)
        return [n for n in names[:_MAX_IDENTIFIERS] if not _used(index, n)]


def missing_subjects(graph: CodeGraph, question: Question) -> list[str]:
    """What a question about links (callers, tests, subclasses, …) is about by name, where nothing is defined or used under it; and what
    a question asks for the support of, where nothing speaks of it."""
    if answer_kind(question) not in LINKS:
        return _unsupported(graph, question)
    names = list(dict.fromkeys((*question.identifiers[:_MAX_IDENTIFIERS], *filter(None, [bare_object_name(question)]))))
    absent = [
        name
        for name in names
        if not graph.find_symbol(name)
        and not is_used_in_code(graph, name.rpartition(".")[2])
        and not graph.importers_of(name)
    ]
    if _OF_USES.search(question.text):  # a parameter or an attribute is used, too
        with graph.store.snapshot():
            index = SearchIndex(graph)
            absent = [name for name in absent if not _used(index, name)]
    return absent if len(absent) == len(names) else []


def _unsupported(graph: CodeGraph, question: Question) -> list[str]:
    """The words of "Does it support kerberos?" that stand nowhere in the workspace, nor what means the same; none where more of them do:
    that something else is supported is no answer."""
    match = _OF_SUPPORT.match(question.text[:_MAX_CHARS])
    words = [w for w in terms.words(match["what"]) if set(terms.split(w)) & question.terms.keys()] if match else []
    alike = synonyms()
    with graph.store.snapshot():
        index = SearchIndex(graph)
        absent = [
            word
            for word in words
            if not any(_stands(index, other) for term in terms.split(word) for other in (term, *alike.get(term, ())))
        ]
    return absent if 2 * len(absent) >= len(words) else []


def missing_words(graph: CodeGraph, question: Question) -> list[str]:
    """The words of a question that stand nowhere in the workspace, nor what means the same, where they are a good part of what it asks
    with: of "where is the kafka backend" in a workspace without kafka there is a backend left to tell of."""
    if answer_kind(question) in LINKS:
        return []  # these ask with words for links
    alike = synonyms()
    with graph.store.snapshot():
        index = SearchIndex(graph)
        words = [
            word
            for word in dict.fromkeys(terms.words(question.text.partition("\n")[0][:_MAX_CHARS]))
            if word.lower() not in STOP_WORDS | GENERIC_WORDS and terms.compound(word) not in index.own_names
        ]
        absent = [
            word
            for word in words
            if not any(_stands(index, o) for t in terms.split(word)[-1:] for o in (t, *alike.get(t, ())))
        ]
    return absent if len(absent) >= _GOOD_PART * len(words) else []


# What an answer about links of one symbol has to say, and that it does not.
_LINKS_SAID = {
    "callers": (r"\b(?:called|constructed|imported) (?:by|in)\b|\bBy name alone\b|\bis passed to\b", "call of"),
    "tests": (r"::|\bimported by\b|\bin tests\b", "test that leads to"),
    "inheritance": (r"\b(?:extended|overridden) by\b|\b(?:extends|overrides)\b", "subclass or override of"),
}


def _told_of(names: Sequence[str], before: str, pattern: str, claims: Sequence[Claim]) -> bool:
    """Whether a claim of a pattern is about something of one of these names; `before`: the characters that may stand before it."""
    ends = tuple(f"{sign}{name}`" for name in names for sign in before)
    return any(re.search(pattern, c.text) and c.text.partition(" is ")[0].endswith(ends) for c in claims)


def _in_tests(claim: Claim) -> bool:
    return any(is_test_path(citation.span.path) for citation in claim.citations)


def missing_links_note(graph: CodeGraph, question: Question, claims: Sequence[Claim]) -> str:
    """That no caller, test, subclass or handler was found of the one symbol of which a question asks for these, or that a message stands
    nowhere; "" where the answer has some."""
    message = missing_message(graph, question.text)
    if message:
        shown = message if len(message) <= _SHOWN_CHARS else f"{message[:_SHOWN_CHARS].rstrip()}…"
        return f"no string in the code has the words of “{shown}”; what is told is what comes nearest"
    caught = caught_exception_in_question(question.text) if _OF_CATCHING.search(question.text) else ""
    if caught[:1].isupper():
        ends = (f"`{caught}`.", f".{caught}`.", *(f"`{name}`." for name in import_aliases(graph, caught)))
        told = any(
            (" catches " in c.text and c.text.endswith(ends)) or c.text.startswith(f"`{caught}` is caught in ")
            for c in claims
        )
        return "" if told else f"no handler of {caught} was found; what is told is what comes nearest"
    if answer_kind(question) == "tests" and not any(is_test_path(row.path) for row in graph.store.files()):
        return "there are no tests in this workspace; what is told is what else is known"
    pattern, what = _LINKS_SAID.get(answer_kind(question), ("", ""))
    names = {ref.symbol.qualname for ref in named_symbols(graph, question)} if pattern else set()
    if answer_kind(question) == "callers" and _told_of(used_names(question), "`" if names else "`.", pattern, claims):
        return ""  # that of a library, perhaps
    if answer_kind(question) == "callers" and not names:
        used = [n for n in used_names(question) if not graph.find_symbol(n, at_most=1)]
        used = [n for n in used if not is_used_in_code(graph, n.rpartition(".")[2]) and not graph.importers_of(n)]
        return f"no call or import of {used[0]} was found; what is told is what comes nearest" if used else ""
    if len(names) != 1:
        return ""
    (name,) = names
    told = any(re.search(pattern, c.text) and (f"`{name}`" in c.text or "By name" in c.text) for c in claims)
    # A test may stand in a function that pytest does not collect.
    told = told or (what == _LINKS_SAID["tests"][1] and any(f"`{name}`" in c.text and _in_tests(c) for c in claims))
    in_lambda = rf"\blambda\b[^`]*\b{re.escape(name.rpartition('.')[2])}\("
    told = told or (what == "call of" and any(re.search(in_lambda, c.text) for c in claims))
    return "" if told else f"no {what} {name} was found; what is told is what else is known of it"


def unindexed_languages_note(graph: CodeGraph, question: Question) -> str:
    """That files of other languages may answer a question, which are not indexed; "" where they hardly do. Reads some of them."""
    names = [name.rpartition(".")[2] for name in question.identifiers[:_MAX_IDENTIFIERS]]
    found, number = may_answer(graph.root, names, question.words)
    only = "only Python, documentation and configuration are indexed"
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return f"{only}; what is asked about may be in what is not: {', '.join(found[:_SHOWN])}{more}"
    if number and not any(row.kind == "python" for row in graph.store.files()):
        return f"{only}; of other languages there are {number:,} source file{'s' * (number > 1)} here"
    return ""


def _stands(index: SearchIndex, term: str) -> bool:
    hit = index.hits(term)
    return bool(len(hit.documents) or len(hit.files))


def _used(index: SearchIndex, name: str) -> bool:
    """Whether the last part of a name is written somewhere in the workspace, as a whole."""
    whole = terms.split(name.rpartition(".")[2])[-1:]
    return bool(whole) and _stands(index, whole[0])
