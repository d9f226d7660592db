"""Decides whether the workspace can answer a question, by a calibrated score, and finds what the question names that is missing.

The score is a logistic model over a few shares between 0 and 1. Its weights and threshold were fitted on questions that have an answer and
on questions about things that do not exist, made of real words (`benchmarks/answers.py`, part `refusal`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from ..code_graph import CodeGraph, is_test_path
from ..evidence.everyday import everyday_table
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
from .composing.listings.base_classes import class_with_asked_bases, named_bases
from .composing.listings.classes_with_method import method_in_question
from .composing.listings.error_messages import missing_message
from .composing.listings.exception_handlers import caught_exception_in_question, import_aliases
from .composing.listings.uses import are_all_looked_at, used_name
from .composing.listings.what_it_raises import function_asked_what_it_raises
from .composing.settings.command_options import command_asked_for_options, is_command
from .kinds import LINKS, answer_kind
from .options import RefusalOptions
from .relation_words import RELATION_WORDS

_MAX_NAMED_SPANS = 3
_ALTERNATIVE_WEIGHT = 0.3  # of a term that only a synonym or other alternative matches
_FEW_TERMS = 4
_MAX_IDENTIFIERS = 8
_MAX_DEFINITIONS = 12
_MAX_MESSAGE_CHARS = 60
_MAX_LISTED_FILES = 3  # of those that are not indexed
# "handles" is not among these: what handles something may be no handler of an exception.
_CATCHING = re.compile(r"\b(?:catch(?:es)?|caught)\b", re.I)
_SUPPORT_QUESTION = re.compile(
    r"\W*(?:(?:does|do|can|could|is|are|will)\b[^?]{0,60}?\b(?:supports?|supported|compatible with|works? with|understands?|speaks?)|"
    r"is there (?:any )?support for) (?P<what>[^?]{2,60})\W*\Z",
    re.I,
)
_MIN_MISSING_SHARE = 1 / 3
# Words of asking, and of what is asked about something: code says `except` for "caught".
_FILLER = RELATION_WORDS | frozenset(
    "vs versus life tour decide decides decided organised organized difference differences differ differs distinction compare compared "
    "comparison order default defaults option options setting settings flag flags argument arguments value values example examples".split()
)
_MAX_CHARS = 300
_USES = re.compile(r"\b(?:us(?:es?|ed|ing|ages?)|read|set|passed)\b", re.I)


def signals(graph: CodeGraph, found: Found, links: KnownLinks | None = None) -> dict[str, float]:
    """The features of `confidence`, each from 0 to 1. Shares are of the number of the question's terms, unweighted: by weight times idf the
    words in which people describe a design would count most, since code rarely has them.

    best: share of the terms in the best single span · names: share in the names and paths of the first three spans (in both, a term that
    only an alternative matches counts `_ALTERNATIVE_WEIGHT`) · unknown: share of the names written as code that the workspace does not use
    · defined: whether the workspace defines what the question names · short: 1 / number of terms, at most 1/4, since there were too few
    shorter questions to learn from. `links`: as for `candidates`."""
    question_terms = (found.weights.keys() - extending_terms(found.question.text)) or found.weights.keys()
    number = max(1, len(question_terms))
    alternatives = _alternatives(found)
    spans = [
        _weigh_present(question_terms, alternatives, terms.distinct(f"{e.symbol} {e.span.path}\n{e.text}"))
        for e in found.definitions
    ]
    names = {t for e in found.definitions[:_MAX_NAMED_SPANS] for t in terms.terms_of(f"{e.symbol} {e.span.path}")}
    identifiers = found.question.identifiers[:_MAX_IDENTIFIERS]
    with graph.store.snapshot():
        index = SearchIndex(graph)
        unknown = [n for n in identifiers if not _is_used(index, n)]
    known = [n for n in identifiers if n not in unknown]
    return {
        "best": max(spans, default=0.0) / number,
        "names": _weigh_present(question_terms, alternatives, names) / number,
        "unknown": len(unknown) / len(identifiers) if identifiers else 0.0,
        "defined": float(_names_something_defined(links or KnownLinks(graph), found, known)),
        "short": 1.0 / max(_FEW_TERMS, number),
    }


def _alternatives(found: Found) -> dict[str, set[str]]:
    """For each term of the question the terms that code may use instead, including those of the phrases that contain it."""
    alternatives = {term: set(found.alternatives.get(term, ())) for term in found.weights}
    for phrase in found.question.phrases:
        phrase_alternatives = found.alternatives.get(" ".join(phrase), ())
        for term in {t for word in phrase for t in terms.split(word)} & alternatives.keys():
            alternatives[term].update(phrase_alternatives)
    return alternatives


def _weigh_present(wanted: Iterable[str], alternatives: Mapping[str, set[str]], present: set[str]) -> float:
    """How many of the wanted terms are present; one that only an alternative matches counts `_ALTERNATIVE_WEIGHT`."""
    return sum(1.0 if t in present else _ALTERNATIVE_WEIGHT if alternatives[t] & present else 0.0 for t in wanted)


def _names_something_defined(links: KnownLinks, found: Found, identifiers: Sequence[str]) -> bool:
    """Whether the workspace defines what the question names, as code or in plain words; or has what the question wants listed, or uses the
    name whose users it asks for."""
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
    """Whether to answer. A question that names something defined, and no unknown name as code, is always answered."""
    if found_signals["defined"] and not found_signals["unknown"] and options.threshold <= 1:
        return True
    return confidence(found_signals, options) >= options.threshold


def missing_names(graph: CodeGraph, question: Question) -> list[str]:
    """The names that a question clearly writes as code (`name`, some_name) and the workspace uses nowhere."""
    names = [
        n
        for n in question.identifiers
        if "_" in n.strip("_") or re.search(rf"`{re.escape(n)}(?:\(\))?`", question.text)
    ]
    with graph.store.snapshot():
        index = SearchIndex(graph)
        return [n for n in names[:_MAX_IDENTIFIERS] if not _is_used(index, n)]


def missing_subjects(graph: CodeGraph, question: Question) -> list[str]:
    """The names whose links (callers, tests, subclasses, …) a question asks for, if none of them is defined or used; for a question whether
    something is supported, the words for it that occur nowhere."""
    if answer_kind(question) not in LINKS:
        return _unsupported_words(graph, question)
    names = list(dict.fromkeys((*question.identifiers[:_MAX_IDENTIFIERS], *filter(None, [bare_object_name(question)]))))
    missing = [
        name
        for name in names
        if not graph.find_symbol(name)
        and not is_used_in_code(graph, name.rpartition(".")[2])
        and not graph.importers_of(name)
    ]
    if _USES.search(question.text):  # a parameter or an attribute is used, too
        with graph.store.snapshot():
            index = SearchIndex(graph)
            missing = [name for name in missing if not _is_used(index, name)]
    return missing if len(missing) == len(names) else []


def _unsupported_words(graph: CodeGraph, question: Question) -> list[str]:
    """The words of "Does it support kerberos?" that occur nowhere in the workspace, nor do their synonyms; empty if that is less than half
    of them. That something else is supported is no answer."""
    match = _SUPPORT_QUESTION.match(question.text[:_MAX_CHARS])
    words = [w for w in terms.words(match["what"]) if set(terms.split(w)) & question.terms.keys()] if match else []
    alike = synonyms()
    with graph.store.snapshot():
        index = SearchIndex(graph)
        missing = [
            word
            for word in words
            if not any(_occurs(index, other) for term in terms.split(word) for other in (term, *alike.get(term, ())))
        ]
    return missing if 2 * len(missing) >= len(words) else []


def missing_words(graph: CodeGraph, question: Question) -> list[str]:
    """The words of a question that occur nowhere in the workspace, nor do their synonyms: names of things in any case ("Postgres"), others
    only if they are `_MIN_MISSING_SHARE` of its words and code has no other words for them. The question is answered all the same: without
    kafka, "where is the kafka backend" still finds a backend."""
    if answer_kind(question) in LINKS:
        return []  # their words are for links ("callers") and need not occur in code
    title = question.text.partition("\n")[0][:_MAX_CHARS]
    alike = synonyms()
    with graph.store.snapshot():
        index = SearchIndex(graph)
        words = [
            word
            for word in dict.fromkeys(terms.words(title))
            if word.lower() not in STOP_WORDS | GENERIC_WORDS | _FILLER and terms.compound(word) not in index.own_names
        ]
        missing = [
            word
            for word in words
            if not any(_occurs(index, o) for t in _forms_of(word) for o in (t, *alike.get(t, ())))
        ]
    things = [word for word in missing if re.search(rf"\w\W+{re.escape(word)}\b", title) and word[:1].isupper()]
    in_other_words = everyday_table().words.keys() | {word for phrase in question.phrases for word in phrase}
    topics = [w for w in missing if w in things or not in_other_words & {w.lower(), *terms.split(w)[-1:]}]
    denied = topics if len(missing) >= _MIN_MISSING_SHARE * len(words) else things
    return [
        word for word in denied if not may_answer(graph.root, [word], [])[0]
    ]  # sources that are not indexed speak of it


def _forms_of(word: str) -> set[str]:
    """The term of a word, and that of its singular: `DataFrame` of "DataFrames"."""
    return {form for one in (word, word.removesuffix("s")) for form in terms.split(one)[-1:]}


# For each kind of links: the pattern of the claims that answer it, and what to call them if there are none.
_LINK_CLAIMS = {
    "callers": (r"\b(?:called|constructed|imported) (?:by|in)\b|\bBy name alone\b|\bis passed to\b", "call of"),
    "tests": (r"::|\bimported by\b|\bin tests\b", "test that leads to"),
    "inheritance": (r"\b(?:extended|overridden) by\b|\b(?:extends|overrides)\b", "subclass or override of"),
}

_TELLS_RAISING = re.compile(r"` (?:raises|has no `raise`) |\braise\b")

# The claims that tell of a use, whatever it is: calls, imports, reads, and quoted statements.
_USE_CLAIM = re.compile(rf"{_LINK_CLAIMS['callers'][0]}|\b(?:is|are) read in\b|\bextended by\b|\AIn `|::")


def _tells_use(name: str, claims: Sequence[Claim]) -> bool:
    mention = re.compile(rf"`[^`]*\b{re.escape(name.rpartition('.')[2])}\b", re.I)
    return any(mention.search(c.text) and _USE_CLAIM.search(c.text) for c in claims)


def _has_claim_about(names: Sequence[str], prefixes: str, pattern: str, claims: Sequence[Claim]) -> bool:
    """Whether a claim that matches the pattern is about one of these names; `prefixes`: the characters allowed right before the name."""
    endings = tuple(f"{prefix}{name}`" for name in names for prefix in prefixes)
    return any(re.search(pattern, c.text) and c.text.partition(" is ")[0].endswith(endings) for c in claims)


def _in_tests(claim: Claim) -> bool:
    return any(is_test_path(citation.span.path) for citation in claim.citations)


def missing_links_note(graph: CodeGraph, question: Question, claims: Sequence[Claim]) -> str:
    """A note that no caller, test, subclass or handler of the one named symbol was found, or that a quoted message occurs nowhere; "" if
    the answer has what the question asks for."""
    message = missing_message(graph, question.text)
    if message:
        quoted_message = message if len(message) <= _MAX_MESSAGE_CHARS else f"{message[:_MAX_MESSAGE_CHARS].rstrip()}…"
        return f"no string in the code has the words of “{quoted_message}”; what is told is what comes nearest"
    caught = caught_exception_in_question(question.text) if _CATCHING.search(question.text) else ""
    if caught[:1].isupper():
        endings = (f"`{caught}`.", f".{caught}`.", *(f"`{name}`." for name in import_aliases(graph, caught)))
        has_claim = any(
            (" catches " in c.text and c.text.endswith(endings)) or c.text.startswith(f"`{caught}` is caught in ")
            for c in claims
        )
        return "" if has_claim else f"no handler of {caught} was found; what is told is what comes nearest"
    if function_asked_what_it_raises(question.text) and any(_TELLS_RAISING.search(c.text) for c in claims):
        return "what libraries raise, what is raised some calls further down, and by calls that may run anything, is not told"
    if is_command(graph, command_asked_for_options(question.text)) and any(
        "` is declared in `" in c.text for c in claims
    ):
        return "options that other modules declare for it are not told"
    if based := class_with_asked_bases(question.text):
        classes = [ref for ref in graph.find_symbol(based) if ref.symbol.kind == "class"]
        return f"{based} names no base class" if classes and not any(map(named_bases, classes)) else ""
    if answer_kind(question) == "tests" and not any(is_test_path(row.path) for row in graph.store.files()):
        return "there are no tests in this workspace; what is told is what else is known"
    used = used_name(question.text)
    if used and _tells_use(used, claims):
        return ""
    if used and are_all_looked_at(graph, used):
        return f"no use of {used} was found; what is told is what else is known of it"
    pattern, what = _LINK_CLAIMS.get(answer_kind(question), ("", ""))
    names = {ref.symbol.qualname for ref in named_symbols(graph, question)} if pattern else set()
    if answer_kind(question) == "callers" and _has_claim_about(
        used_names(question), "`" if names else "`.", pattern, claims
    ):
        return ""  # of a library, perhaps
    if answer_kind(question) == "callers" and not names:
        unused = [n for n in used_names(question) if not graph.find_symbol(n, at_most=1)]
        unused = [n for n in unused if not is_used_in_code(graph, n.rpartition(".")[2]) and not graph.importers_of(n)]
        return f"no call or import of {unused[0]} was found; what is told is what comes nearest" if unused else ""
    if len(names) != 1:
        return ""
    (name,) = names
    has_claim = any(re.search(pattern, c.text) and (f"`{name}`" in c.text or "By name" in c.text) for c in claims)
    # The call may be in a test function that pytest does not collect.
    has_claim = has_claim or (
        what == _LINK_CLAIMS["tests"][1] and any(f"`{name}`" in c.text and _in_tests(c) for c in claims)
    )
    in_lambda = rf"\blambda\b[^`]*\b{re.escape(name.rpartition('.')[2])}\("
    has_claim = has_claim or (what == "call of" and any(re.search(in_lambda, c.text) for c in claims))
    return "" if has_claim else f"no {what} {name} was found; what is told is what else is known of it"


def unindexed_languages_note(graph: CodeGraph, question: Question) -> str:
    """A note that files of other languages, which are not indexed, may answer the question; "" if that is unlikely. Reads some of them."""
    names = [name.rpartition(".")[2] for name in question.identifiers[:_MAX_IDENTIFIERS]]
    found, number = may_answer(graph.root, names, question.words)
    only = "only Python, documentation and configuration are indexed"
    if found:
        more = f" and {len(found) - _MAX_LISTED_FILES} more" if len(found) > _MAX_LISTED_FILES else ""
        return f"{only}; what is asked about may be in what is not: {', '.join(found[:_MAX_LISTED_FILES])}{more}"
    if number and not any(row.kind == "python" for row in graph.store.files()):
        return f"{only}; of other languages there are {number:,} source file{'s' * (number > 1)} here"
    return ""


def _occurs(index: SearchIndex, term: str) -> bool:
    hit = index.hits(term)
    return bool(len(hit.documents) or len(hit.files))


def _is_used(index: SearchIndex, name: str) -> bool:
    """Whether the last part of a name occurs somewhere in the workspace as a whole word."""
    last_word = terms.split(name.rpartition(".")[2])[-1:]
    return bool(last_word) and _occurs(index, last_word[0])
