"""Whether the plain words of a model's sentence come from its cited lines, or were made up around a name that occurs there.

Names, numbers and relations are checked exactly (`verify.py`); but "`Router.match` deletes all files" names nothing that is not there.
And words that all occur can be combined into something that no line says: "returns the default when the application is paused". So the
content words of a sentence, or synonyms of them, must occur in the cited lines or in what encloses them (names, signature, docstring);
and within each clause, near each other in one passage and in about the same order. Words of relations that were verified are exempt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ...code_graph import CodeGraph
from ...evidence.vocabulary import STOP_TERMS, synonyms
from ...graph import terms
from ...graph.source import is_python
from ...types import Citation
from ..citations import cited_text
from ..composing.documentation.quoted_docs import docstring_lines_of
from .relations import Claims, claims_in
from .sentence import MARK, Sentence, read_sentence

# Nouns that fit any code; that something is a class or a method is checked as a relation.
_CODE_NOUNS = """
    argument arguments attribute attributes class classes code function functions instance instances it method methods module
    parameter parameters property given called named value values object objects call calls caller callers definition
"""
_FREE_TERMS = frozenset(terms.stem(word) for word in _CODE_NOUNS.split()) | frozenset(_CODE_NOUNS.split()) | STOP_TERMS
# Words about a condition that was checked.
_CONDITION_TERMS = frozenset("set true false given empty hold truthy falsy met present branch under".split())
_ENDING = re.compile(r"(?:ied|ed|ing)\Z")
_CLAUSE = re.compile(
    r"[,;:()]|\s[-\u2013\u2014]+\s|\b(?:which|that|who|where|and|or|but|when|if|unless|because|while|then|so|by)\b",
    re.I,
)
_IS_A = re.compile(
    r"(?:\A\W*\x02\d+\x03|\b(?:which|that|it|they))\s+(?:is|are)\s+(?:an?|the)\s+(?P<what>[^.,;:()]+?)"
    r"(?=[.,;:()]|\s(?:that|which|who|where|for|of|to|in|on|with|as|from|by|used|and|or|containing|whose)\b|\s*\Z)",
    re.I,
)
_PURPOSE = re.compile(
    r"\b(?:is|are) (?:an?|the) (?:\w+ ){0,3}?(?:function|method|class|property|decorator|module|fixture|helper|wrapper|utility)(?:e?s)? "
    r"(?:that|which|for|to|used)\b|\b(?:is|are) used (?:to|for)\b",
    re.I,
)
_ARTICLES, _BEING = frozenset({"a", "an", "the"}), frozenset({"is", "ar", "are", "as", "be"})
# Where a docstring is split into passages. Code is split into lines.
_PASSAGE = re.compile(r"(?<=[.!?:;])\s+|\n\s*\n")
_MAX_AHEAD, _MAX_BEHIND = 8, 4  # words between two that belong together


def wording_problem(graph: CodeGraph, sentence: str, citations: Iterable[Citation], minimum: float) -> str:
    """Why a sentence counts as made up: less than the share `minimum` of its content words, or of its pairs of adjacent ones, is found.
    "" if it passes. With 0 nothing is checked."""
    if minimum <= 0:
        return ""
    cited = tuple(citations)
    parsed = read_sentence(sentence)
    clauses = _content_terms(parsed, claims_in(parsed))
    terms_wanted = [word for clause in clauses for word in clause]
    if not terms_wanted:
        return ""
    # Statements do not say what something is for; only documentation does.
    texts = _prose_passages(graph, cited) if _PURPOSE.search(parsed.plain) else _passages(graph, cited)
    passages = [[_reduced(t) for t in terms.terms_of(p)] for p in texts]
    synonyms_of = synonyms()
    places: dict[str, list[tuple[int, int]]] = {}
    for passage_index, passage in enumerate(passages):
        for position, term in enumerate(passage):
            places.setdefault(term, []).append((passage_index, position))
    for word in set(terms_wanted):
        if word not in places:
            others = {_reduced(other) for other in synonyms_of.get(word, ())}
            places[word] = [place for other in others for place in places.get(other, ())]
    missing = [word for word in dict.fromkeys(terms_wanted) if not places[word]]
    if len(missing) > (1 - minimum) * len(terms_wanted):
        return f"the cited lines do not speak of {', '.join(missing[:3])}"
    pairs = [[(a, b) for a, b in pairwise(clause) if a != b and places[a] and places[b]] for clause in clauses]
    distant_pairs = [pair for clause_pairs in pairs for pair in _pairs_apart(clause_pairs, places)]
    if len(distant_pairs) > (1 - minimum) * sum(map(len, pairs)):
        return f"the cited lines do not say “{' … '.join(distant_pairs[0])}”"
    return _identity_problem(parsed, passages)


def _identity_problem(parsed: Sentence, passages: Sequence[Sequence[str]]) -> str:
    """What is wrong with "is a lazy proxy", or "". A passage must begin with these words ("A lazy proxy for …") or have them directly after
    "is a" or "as a"; and no word may follow that makes it another thing ("Retry logic failed")."""
    problems = [_unsupported_identity(match["what"], passages) for match in _IS_A.finditer(parsed.plain)]
    return next(filter(None, problems), "")


def _unsupported_identity(identity: str, passages: Sequence[Sequence[str]]) -> str:
    identity_terms = [_reduced(terms.stem(w.lower())) for w in terms.words(MARK.sub(" ", identity))]
    if not identity_terms or all(word in _FREE_TERMS for word in identity_terms):
        return ""
    for passage in passages:
        for position in range(len(passage) - len(identity_terms) + 1):
            if [*passage[position : position + len(identity_terms)]] != identity_terms:
                continue
            before, after = (
                passage[max(0, position - 2) : position],
                passage[position + len(identity_terms) : position + len(identity_terms) + 1],
            )
            begins_there = (
                not before
                or (len(before) == 1 and before[0] in _ARTICLES)
                or (before[0] in _BEING and before[1] in _ARTICLES)
            )
            if begins_there and (not after or after[0] in STOP_TERMS):
                return ""
    return f"the cited lines do not say that it is “{identity.strip()}”"


def is_informative(sentence: str) -> bool:
    """Whether a sentence says more of its subject than its kind."""
    parsed = read_sentence(sentence)
    subject_terms = {_reduced(term) for mention in parsed.mentions[:1] for term in terms.terms_of(mention.text)} | {
        "python",
        "represent",
    }
    words = {word for clause in _content_terms(parsed, Claims((), (), ())) for word in clause} - subject_terms
    return len(parsed.mentions) > 1 or len(words) > 1


def _content_terms(parsed: Sentence, claims: Claims) -> list[list[str]]:
    """The content terms of each clause, without those of relations that were verified."""
    plain = parsed.plain
    ignored = _FREE_TERMS | (_CONDITION_TERMS if any(r.conditions for r in claims.relations) else frozenset())
    for relation in claims.relations:
        if relation.objects and not relation.loose and relation.words:
            plain = re.sub(re.escape(relation.words), " , ", plain, count=1, flags=re.I)
    return [
        [
            _reduced(term)
            for word in terms.words(MARK.sub(" ", clause))
            if (term := terms.stem(word.lower())) not in ignored and word.lower() not in ignored
        ]
        for clause in _CLAUSE.split(plain)
    ]


def _reduced(term: str) -> str:
    """A stemmed word without verb endings, which the stemmer leaves on short verbs: "try" for "tried", "add" for "adding"."""
    if term.endswith("ied") and len(term) > 4:
        return term[:-3] + "y"
    match = _ENDING.search(term)
    rest = term[: match.start()] if match else ""
    return rest if len(rest) >= 2 and any(c in "aeiouy" for c in rest) and not term.endswith("eed") else term


def _pairs_apart(
    pairs: Sequence[tuple[str, str]], places: Mapping[str, Sequence[tuple[int, int]]]
) -> list[tuple[str, str]]:
    """The pairs of one clause that are not close together in the passage with most of them: a clause must come from one passage."""
    passage_indexes = {passage_index for a, _ in pairs for passage_index, _ in places[a]}
    by_passage = [
        [pair for pair in pairs if not _are_close(*_places_in_passage(passage_index, pair, places))]
        for passage_index in sorted(passage_indexes)
    ]
    return min(by_passage, key=len, default=list(pairs))


def _places_in_passage(
    passage_index: int, pair: tuple[str, str], places: Mapping[str, Sequence[tuple[int, int]]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The places (passage, position) of both words of a pair in one passage."""
    first, second = ([place for place in places[word] if place[0] == passage_index] for word in pair)
    return first, second


def _are_close(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> bool:
    """Whether the second follows soon after the first somewhere, or shortly precedes it ("the key of the cache", "cache key")."""
    positions_in: dict[int, list[int]] = {}
    for passage, position in second:
        positions_in.setdefault(passage, []).append(position)
    return any(-_MAX_BEHIND <= b - a <= _MAX_AHEAD for passage, a in first for b in positions_in.get(passage, ()))


def _prose_passages(graph: CodeGraph, citations: tuple[Citation, ...]) -> Iterable[str]:
    """The passages of the comments and docstrings on the cited lines; of texts, of the lines themselves."""
    for citation in citations:
        span, facts, document = citation.span, graph.facts(citation.span.path), graph.document(citation.span.path)
        if facts is None or document is None:
            continue
        if not is_python(span.path):
            yield from _PASSAGE.split("\n".join(document.lines[span.start - 1 : span.end]))
            continue
        comments = [line.strip() for line in document.lines[span.start - 1 : span.end]]
        yield from _PASSAGE.split("\n".join(c.lstrip("#") for c in comments if c.startswith("#")))
        for symbol in facts.symbols:
            within = symbol.start <= span.end and span.start <= symbol.end
            where = docstring_lines_of(symbol, document.lines) if within and symbol.docstring else None
            if where is not None and where[0] <= span.end and span.start <= where[1]:
                yield from _PASSAGE.split(symbol.docstring)


def _passages(graph: CodeGraph, citations: tuple[Citation, ...]) -> Iterable[str]:
    yield from cited_text(graph, citations).split("\n")
    yield from _PASSAGE.split(cited_text(graph, citations))
    for citation in citations:
        span, facts = citation.span, graph.facts(citation.span.path)
        yield span.path
        for symbol in facts.symbols[1:] if facts is not None else ():
            if symbol.start <= span.end and span.start <= symbol.end:
                yield f"{symbol.qualname} {symbol.signature}"
                yield from _PASSAGE.split(f"{symbol.qualname} {symbol.docstring}")
