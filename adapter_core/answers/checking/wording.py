"""Do the plain words of a sentence come from the lines it cites, or were they made up around a name that stands there?

Names, numbers and relations are checked exactly (`verify.py`); "`Router.match` deletes all files" names nothing but what is there. And
words that all stand there can be put together to something that nobody said: "returns the default when the application is paused". So of
a sentence that a model wrote the words that say something must stand in the cited lines or in what encloses them (names, signature,
docstring), or mean the same as a word that does; and within each clause, near each other in one passage and in the order that they
have there. Words of relations that were checked by themselves need not.
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

# What things in code are called, whatever the code is; that something is a class or a method is checked as a relation.
_NOUNS = """
    argument arguments attribute attributes class classes code function functions instance instances it method methods module
    parameter parameters property given called named value values object objects call calls caller callers definition
"""
_FREE = frozenset(terms.stem(word) for word in _NOUNS.split()) | frozenset(_NOUNS.split()) | STOP_TERMS
# What is said of a condition that was checked.
_HOLDS = frozenset("set true false given empty hold truthy falsy met present branch under".split())
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
# How the words of a docstring are cut into passages. Code is cut line by line.
_PASSAGE = re.compile(r"(?<=[.!?:;])\s+|\n\s*\n")
_AHEAD, _BEHIND = 8, 4  # words between two that belong together


def made_up(graph: CodeGraph, sentence: str, citations: Iterable[Citation], least: float) -> str:
    """Why a sentence is made up of whose words less than the share `least` can be found as it puts them; "" where it is not. At 0
    nothing is looked at."""
    if least <= 0:
        return ""
    cited = tuple(citations)
    read = read_sentence(sentence)
    clauses = _clauses(read, claims_in(read))
    wanted = [word for clause in clauses for word in clause]
    if not wanted:
        return ""
    # What something is for, its statements do not say.
    texts = _prose(graph, cited) if _PURPOSE.search(read.plain) else _passages(graph, cited)
    passages = [[_short(t) for t in terms.terms_of(p)] for p in texts]
    alike = synonyms()
    places: dict[str, list[tuple[int, int]]] = {}
    for number, passage in enumerate(passages):
        for at, term in enumerate(passage):
            places.setdefault(term, []).append((number, at))
    for word in set(wanted):
        if word not in places:
            others = {_short(other) for other in alike.get(word, ())}
            places[word] = [place for other in others for place in places.get(other, ())]
    missing = [word for word in dict.fromkeys(wanted) if not places[word]]
    if len(missing) > (1 - least) * len(wanted):
        return f"the cited lines do not speak of {', '.join(missing[:3])}"
    pairs = [[(a, b) for a, b in pairwise(clause) if a != b and places[a] and places[b]] for clause in clauses]
    apart = [pair for own in pairs for pair in _apart(own, places)]
    if len(apart) > (1 - least) * sum(map(len, pairs)):
        return f"the cited lines do not say “{' … '.join(apart[0])}”"
    return _no_such_thing(read, passages)


def _no_such_thing(read: Sentence, passages: Sequence[Sequence[str]]) -> str:
    """What something is ("is a lazy proxy") must be said of a thing there: a passage begins with it ("A lazy proxy for …") or says "is a",
    "as a" before it, without a gap, and nothing goes on from it that makes it another thing ("Retry logic failed")."""
    problems = [_not_said_to_be(match["what"], passages) for match in _IS_A.finditer(read.plain)]
    return next(filter(None, problems), "")


def _not_said_to_be(what: str, passages: Sequence[Sequence[str]]) -> str:
    told = [_short(terms.stem(w.lower())) for w in terms.words(MARK.sub(" ", what))]
    if not told or all(word in _FREE for word in told):
        return ""
    for passage in passages:
        for at in range(len(passage) - len(told) + 1):
            if [*passage[at : at + len(told)]] != told:
                continue
            before, behind = passage[max(0, at - 2) : at], passage[at + len(told) : at + len(told) + 1]
            begins = (
                not before
                or (len(before) == 1 and before[0] in _ARTICLES)
                or (before[0] in _BEING and before[1] in _ARTICLES)
            )
            if begins and (not behind or behind[0] in STOP_TERMS):
                return ""
    return f"the cited lines do not say that it is “{what.strip()}”"


def tells(sentence: str) -> bool:
    """Whether a sentence says more of what it begins with than what kind of thing that is."""
    read = read_sentence(sentence)
    own = {_short(term) for mention in read.mentions[:1] for term in terms.terms_of(mention.text)} | {
        "python",
        "represent",
    }
    words = {word for clause in _clauses(read, Claims((), (), ())) for word in clause} - own
    return len(read.mentions) > 1 or len(words) > 1


def _clauses(read: Sentence, claims: Claims) -> list[list[str]]:
    """The terms of each clause that say something, without those of relations that were checked."""
    plain = read.plain
    free = _FREE | (_HOLDS if any(r.conditions for r in claims.relations) else frozenset())
    for relation in claims.relations:
        if relation.objects and not relation.loose and relation.words:
            plain = re.sub(re.escape(relation.words), " , ", plain, count=1, flags=re.I)
    return [
        [
            _short(term)
            for word in terms.words(MARK.sub(" ", clause))
            if (term := terms.stem(word.lower())) not in free and word.lower() not in free
        ]
        for clause in _CLAUSE.split(plain)
    ]


def _short(term: str) -> str:
    """Of a stemmed word the form that short verbs have, too: "tried", "adding" and "add"."""
    if term.endswith("ied") and len(term) > 4:
        return term[:-3] + "y"
    match = _ENDING.search(term)
    rest = term[: match.start()] if match else ""
    return rest if len(rest) >= 2 and any(c in "aeiouy" for c in rest) and not term.endswith("eed") else term


def _apart(pairs: Sequence[tuple[str, str]], places: Mapping[str, Sequence[tuple[int, int]]]) -> list[tuple[str, str]]:
    """The pairs of one clause that do not stand together in the passage that holds most of them: a clause is said in one place."""
    numbers = {number for a, _ in pairs for number, _ in places[a]}
    found = [[pair for pair in pairs if not _together(*_within(number, pair, places))] for number in sorted(numbers)]
    return min(found, key=len, default=list(pairs))


def _within(
    number: int, pair: tuple[str, str], places: Mapping[str, Sequence[tuple[int, int]]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The places of both words of a pair in one passage."""
    first, second = ([place for place in places[word] if place[0] == number] for word in pair)
    return first, second


def _together(some: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> bool:
    """Whether the second follows soon after the first somewhere, or stands shortly before it ("the key of the cache", "cache key")."""
    here: dict[int, list[int]] = {}
    for passage, at in others:
        here.setdefault(passage, []).append(at)
    return any(-_BEHIND <= b - a <= _AHEAD for passage, a in some for b in here.get(passage, ()))


def _prose(graph: CodeGraph, citations: tuple[Citation, ...]) -> Iterable[str]:
    """The comments on the cited lines, and the docstrings that begin or go on there."""
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
