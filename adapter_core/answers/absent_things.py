"""Things of several words that a question takes for granted, and of which no place here speaks: "how does the built-in rate limiter
work?"."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..evidence.documented import is_documentation
from ..evidence.question import Question
from ..evidence.ranking import is_aside
from ..evidence.search_index import SearchIndex
from ..evidence.vocabulary import GENERIC_WORDS, STOP_WORDS, synonyms
from ..graph import terms
from ..graph.source import is_python
from ..types import Claim
from .inert import prose
from .kinds import LINKS, answer_kind
from .relation_words import RELATION_WORDS

_MAX_CHARS = 160  # longer questions name things in passing
_WINDOW = 3  # lines around a word, in which the others must be
_MAX_PLACES = 60  # definitions or sections that are read; with more of them it is taken for known
_FEW_PLACES = 2  # that only mention it
_MAX_WORDS = 4
_THING = r"(?P<thing>(?:[a-z][\w-]* ){0,3}?[a-z][\w-]*)"
_OF = r"(?: (?:of|for|per|by) (?P<of>(?:[\w-]+ ){0,2}?[\w-]+))?"
_GRANTED = r"(?:(?:the|its|this|[\w.-]+'s) )?(?P<built>(?:built[- ]?in|own|bundled|integrated) )?"
_WORKS = "work|kick in|happen|get (?:enabled|configured|applied|used|triggered)"
_DONE = "implemented|enabled|applied|configured|enforced|triggered"
_SET = "enable|configure|turn on|turn off|disable|tune|set up|adjust|use"
_ASKED = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\W*(?:how|when|where) (?:does|do) {_GRANTED}{_THING}{_OF} (?:{_WORKS})\W*\Z",
        rf"\W*(?:how|when|where) (?:is|are) {_GRANTED}{_THING}{_OF} (?:{_DONE})\W*\Z",
        rf"\W*how (?:do|can|should) (?:i|we|you|one) (?:{_SET}) {_GRANTED}{_THING}{_OF}\W*\Z",
        rf"\W*(?:what (?:is|are|does)|explain|describe|why does|how does) [\w.-]+'s (?P<built>built[- ]?in |own |bundled )"
        rf"{_THING}{_OF}\b[^?]*\W*\Z",
    )
)
_ENDINGS = re.compile(r"(?:ers?|ors?|ings?|ions?)\Z")
_LEAST_STEM = 4


@dataclass(frozen=True, slots=True)
class AbsentThing:
    """What is taken for granted and not there. `words`: those of which no place speaks together; `head`: the one that says what kind of
    thing it is, "limiter" of "rate limiter per address". `is_mentioned`: a place or two speak of them, though no definition is named so."""

    words: tuple[str, ...]
    head: str
    is_mentioned: bool = False

    @property
    def told(self) -> str:
        """ "no place … speaks of “rate” and “limiter” together"."""
        quoted = [f"“{prose(word)}”" for word in self.words]
        listed = f"{', '.join(quoted[:-1])} and {quoted[-1]}"
        if self.is_mentioned:
            return f"no definition of the code is named for {listed}; what is told is what speaks of them"
        return f"no definition and no guide speaks of {listed} together"

    def is_told_by(self, claims: Sequence[Claim]) -> bool:
        """Whether a sentence has all words: one that quotes an example or what changed, where this was not looked for."""
        forms = [_forms(word) for word in self.words]
        return any(all(alike & set(terms.terms_of(claim.text)) for alike in forms) for claim in claims)

    def nearest(self, claims: Sequence[Claim]) -> list[Claim]:
        """The sentences about a thing of that kind; the others are about something else."""
        forms = _forms(self.head)
        return [claim for claim in claims if forms & set(terms.terms_of(claim.text))]


def absent_thing(graph: CodeGraph, question: Question) -> AbsentThing | None:
    """The thing that a short question takes for granted, if no place of the code or the documentation has all of its words, or other forms
    of them or other words for them; None for anything else."""
    text = question.text.partition("\n")[0]
    if len(text) > _MAX_CHARS or question.is_report or answer_kind(question) in LINKS:
        return None
    match = next(filter(None, (pattern.match(text) for pattern in _ASKED)), None)
    if match is None:
        return None
    with graph.store.snapshot():
        index = SearchIndex(graph)
        thing, all_words = (
            [w for w in _content_words(part) if terms.compound(w) not in index.own_names]
            for part in (match["thing"], f"{match['thing']} {match['of'] or ''}")
        )
        # With very many words it is seldom known in just these.
        words = all_words if len(thing) < 2 or len(all_words) < _MAX_WORDS else thing
        if not 2 <= len(words) <= _MAX_WORDS:
            return None
        # Something like it may be there, but not as a thing of its own with that name.
        others = () if match["built"] else words
        forms = [_forms(word, others) for word in words]
        places = [_places(index, alike) for alike in forms]
        common = set.intersection(*places)
        if len(common) > _MAX_PLACES or _in_one_path(index, forms):
            return None
        speaking = [place for place in sorted(common) if _has_all(graph, index, place, forms)]
        if speaking and not (
            match["built"] and len(speaking) <= _FEW_PLACES and _only_mention(graph, index, common, forms)
        ):
            return None
    return AbsentThing(tuple(words), (thing or words)[-1], bool(speaking))


def _only_mention(graph: CodeGraph, index: SearchIndex, places: Set[int], forms: Sequence[Set[str]]) -> bool:
    """Whether no section of documentation is among these places, and no definition whose name has all words."""
    for place in places:
        facts, number = graph.facts(index.paths[int(index.file_of[place])]), int(index.symbol_of[place])
        if facts is None or not is_python(facts.path) or number >= len(facts.symbols):
            return False
        named = terms.distinct(facts.symbols[number].qualname)
        if all(alike & named for alike in forms):
            return False
    return True


def _content_words(text: str) -> list[str]:
    noise = STOP_WORDS | GENERIC_WORDS | RELATION_WORDS
    return [word for word in dict.fromkeys(terms.words(text)) if word.lower() not in noise and len(word) > 1]


def _forms(word: str, words: Sequence[str] = ()) -> Set[str]:
    """The terms that may stand for a word: its own, and that of what it is built from ("limit" of "limiter"); with the `words` of the thing
    also its synonyms, but for those that are other words of these."""
    own = set(terms.split(word)[-1:])
    stems = {
        term
        for w in own | {word.lower()}
        if len(stem := _ENDINGS.sub("", w)) >= _LEAST_STEM
        for term in terms.split(stem)[-1:]
    }
    alike = {other for term in own | stems for other in synonyms().get(term, ())} if words else set()
    others = {term for w in words if w != word for term in terms.split(w)}
    return own | stems | (alike - others)


def _places(index: SearchIndex, alike: Set[str]) -> set[int]:
    """The documents of code and documentation that have one of these terms."""
    found: set[int] = set()
    for term in alike:
        hits = index.hits(term)
        found.update(int(n) for n in np.unique(hits.documents) if _is_told(index.paths[int(index.file_of[n])]))
    return found


def _is_told(path: str) -> bool:
    return is_documentation(path) or (is_python(path) and not (is_aside(path) or is_test_path(path)))


def _in_one_path(index: SearchIndex, forms: Sequence[Set[str]]) -> bool:
    """Whether the path of a file has all words."""
    files = [{int(n) for term in alike for n in index.hits(term).files} for alike in forms]
    return any(_is_told(index.paths[n]) for n in set.intersection(*files))


def _has_all(graph: CodeGraph, index: SearchIndex, place: int, forms: Sequence[Set[str]]) -> bool:
    """Whether a few lines of a definition or section have all words."""
    path = index.paths[int(index.file_of[place])]
    facts, document = graph.facts(path), graph.document(path)
    number = int(index.symbol_of[place])
    if facts is None or document is None or number >= len(facts.symbols):
        return True  # it cannot be told
    symbol = facts.symbols[number]
    lines = [set(terms.terms_of(line)) for line in document.lines[symbol.start - 1 : symbol.end]]
    rarest = min(range(len(forms)), key=lambda i: sum(bool(forms[i] & line) for line in lines))
    for n, line in enumerate(lines):
        if forms[rarest] & line:
            near = set().union(*lines[max(0, n - _WINDOW) : n + _WINDOW + 1])
            if all(alike & near for alike in forms):
                return True
    return False
