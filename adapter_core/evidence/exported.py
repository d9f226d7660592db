"""What a package offers its users, for questions how one does something: the public function, class or method whose name and first sentence
have most of the question. Where no documentation tells it, that is the answer; and also where documentation only touches on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.source import is_python
from ..types import ModuleFacts, Symbol
from .candidates import Candidate, Candidates, lift
from .documented import avoided_terms
from .extending import WHY_NAMED_SO
from .guides import wanted_act
from .options import RankingOptions
from .project_overview import top_packages
from .question import Question
from .ranking import Ranked, expanded_terms, is_aside
from .search_index import SearchIndex
from .vocabulary import LIGHT_TERMS, STOP_TERMS

_MAX_PACKAGES, _MAX_NAMES, _MAX_DEFINITIONS = 3, 200, 4
# What a word of the question counts where it stands, and what one that code uses for it counts there.
_IN_NAME, _IN_FIRST, _IN_OWNER, _IN_REST = (1.0, 0.7), (0.9, 0.6), (0.6, 0.0), (0.4, 0.25)
_MAX_DOCSTRING, _MAX_LINES, _FEW_LINES = 1500, 120, 16  # characters of a docstring, lines of a section
# How it is to be done, which no name says.
_SAY_LITTLE = frozenset(
    map(
        terms.stem, "python program programmatically script code instead rather own myself directly whole thing".split()
    )
)
_MAY_BE_ANY = frozenset(("do", "use", "have"))
WHY_OFFERED = "says that it does what is asked"
_SURE_SHARE = 0.45  # of the question's words, by weight
_LEAST_BESIDE_GUIDES, _LEAST_UNSAID = 0.52, 0.58
# The least share of what is offered by (is it exported, does it say that it does what is to be done).
_LEAST_SHARES = {(True, True): 0.3, (True, False): 0.45, (False, True): 0.45, (False, False): _LEAST_UNSAID}
_MORE_THAN_TITLED, _MORE_THAN_NOUNS = (
    0.25,
    0.1,
)  # than the title of a section on doing it, or one that only names a thing
_OF_ACT = 0.1  # added for what says that it does it, among what is offered
_IN_PHRASE_FACTOR, _LIGHT_FACTOR = 0.5, 0.4  # of the words of a phrase for which code has others; of vague ones
_BOOST = 1.5


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be done: the weight of each term, the terms that code may use for it, the term of the act ("": one that says little), and
    for each phrase its terms and those that code may use for it."""

    weights: Mapping[str, float]
    words: Mapping[str, Set[str]]
    act: str
    phrases: Sequence[Set[str]]

    def has_act(self, said: Set[str]) -> bool:
        return bool(self.act) and (self.act in said or not said.isdisjoint(self.words.get(self.act, ())))

    def share(self, said: Set[str], own: float = 1.0, by_other: float = 0.5) -> float:
        """The share of it, by weight, that is among these terms."""
        parts = (
            w * max(own * (t in said), by_other * (not said.isdisjoint(self.words.get(t, ()))))
            for t, w in self.weights.items()
        )
        return sum(parts) / (sum(self.weights.values()) or 1.0)


@dataclass(frozen=True, slots=True)
class Offered:
    """A public definition, and the share of the question that its name and docstring have. `does_it`: whether the name or the first
    sentence has what is to be done."""

    facts: ModuleFacts
    number: int
    share: float
    asked: _Asked
    is_exported: bool
    does_it: bool


def lift_offered(graph: CodeGraph, offered: Offered, candidates: Candidates) -> None:
    """Lift what is offered; with the reason `WHY_OFFERED` if it has so much of the question that it is an answer."""
    ref = graph.ref(offered.facts, offered.number)
    lift(graph, ref, _BOOST, WHY_NAMED_SO, candidates)
    if offered.share >= _SURE_SHARE and ref.symbol.docstring:
        lift(graph, ref, 0.0, WHY_OFFERED, candidates)


def best_offered(
    graph: CodeGraph,
    index: SearchIndex,
    question: Question,
    ranked: Ranked,
    options: RankingOptions,
    more: Callable[[], Candidates],
) -> Offered | None:
    """What the package offers for it; None if nothing says that it does it. `more`: the candidates among which it is looked for."""
    asked = _asked(question, ranked, index, options)
    exported = set(_exported(graph, index)) if asked.weights else set()
    best: tuple[tuple[float, bool, int, str], Offered] | None = None
    for path, number in dict.fromkeys([*exported, *(more() if asked.weights else ())]):
        facts = graph.facts(path)
        symbol = facts.symbols[number] if facts is not None and number < len(facts.symbols) else None
        if facts is None or symbol is None or not _is_offered(path, symbol):
            continue
        share, does_it = _share(symbol, asked)
        is_exported = (path, number) in exported
        if share < _LEAST_SHARES[is_exported, does_it]:
            continue
        key = round(share + _OF_ACT * does_it, 2), is_exported, -len(symbol.qualname), path
        if best is None or key > best[0]:
            best = key, Offered(facts, number, share, asked, is_exported, does_it)
    return best[1] if best is not None else None


def guides_beside(graph: CodeGraph, offered: Offered, guides: list[Candidate]) -> list[Candidate] | None:
    """The guides that tell as much of the question as what is offered; None where this is not clearly more than their titles have."""
    least = _LEAST_BESIDE_GUIDES if offered.does_it else _LEAST_UNSAID
    definition = offered.facts.symbols[offered.number]
    said = terms.distinct(f"{definition.qualname}\n{definition.docstring[:_MAX_DOCSTRING]}")
    has_phrases = not any(said.isdisjoint(phrase) for phrase in offered.asked.phrases)
    if not (offered.is_exported and offered.share >= least and definition.docstring and has_phrases):
        return None
    kept: list[Candidate] = []
    for guide in guides:
        facts, document = graph.facts(guide.path), graph.document(guide.path)
        if facts is None or document is None:
            continue
        symbol = facts.symbols[guide.index]
        title = terms.distinct(symbol.qualname)
        more = _MORE_THAN_TITLED if offered.asked.has_act(title) else _MORE_THAN_NOUNS
        if offered.share < offered.asked.share(title) + more:
            return None
        text = "\n".join(document.lines[symbol.start - 1 : symbol.end][:_MAX_LINES])
        if offered.asked.share(terms.distinct(f"{symbol.qualname}\n{text}")) >= offered.share:
            if symbol.end - symbol.start < _FEW_LINES:
                return None  # a short text that has as much is about it
            kept.append(guide)
    return kept


def _asked(question: Question, ranked: Ranked, index: SearchIndex, options: RankingOptions) -> _Asked:
    left_out = {*avoided_terms(question.text), *index.own_names, *_SAY_LITTLE}
    weights: dict[str, float] = {}
    words: dict[str, set[str]] = {}
    phrases: list[set[str]] = []
    in_phrases: set[str] = set()
    for term, weight, alternatives in expanded_terms(question, question.terms, options):
        parts = terms.terms_of(term) if " " in term else [term]
        if " " in term:
            in_phrases.update(parts)
            phrases += [{*parts, *alternatives} - STOP_TERMS] if weights.keys() & set(parts) else []
        for part in parts:
            words.setdefault(part, set()).update(set(alternatives) - STOP_TERMS)
        if term in ranked.idf and term not in left_out:
            weights[term] = weight * ranked.idf[term] * (_LIGHT_FACTOR if term in LIGHT_TERMS else 1.0)
    for term in in_phrases & weights.keys():
        weights[term] *= _IN_PHRASE_FACTOR
    act = wanted_act(question.text)
    return _Asked(weights, words, act if act not in LIGHT_TERMS | _MAY_BE_ANY else "", phrases)


def _exported(graph: CodeGraph, index: SearchIndex) -> Iterator[tuple[str, int]]:
    """The exported functions and classes, and the public methods of these classes."""
    for path in top_packages(index)[:_MAX_PACKAGES]:
        package = graph.facts(path)
        for name in _public_names(package)[:_MAX_NAMES] if package is not None else ():
            for ref in graph.find_symbol(name, at_most=_MAX_DEFINITIONS):
                facts = graph.facts(ref.path) if not is_test_path(ref.path) else None
                if facts is None or "." in ref.symbol.qualname:
                    continue
                number = next((n for n, s in enumerate(facts.symbols) if s is ref.symbol or s == ref.symbol), 0)
                yield ref.path, number
                inner = (n for n, symbol in enumerate(facts.symbols) if number and symbol.parent == number)
                yield from ((ref.path, n) for n in inner)


def _public_names(package: ModuleFacts) -> list[str]:
    """What a package exports; where it does not say so, what it defines, and imports from its own modules."""
    if package.exports is not None:
        return list(package.exports)
    top = package.module.partition(".")[0]
    imported = [i.alias for i in package.imports if not i.owner and (i.level or i.module.partition(".")[0] == top)]
    defined = [s.name for s in package.symbols[1:] if s.parent == 0]
    return [name for name in dict.fromkeys([*imported, *defined]) if not name.startswith("_") and name != "*"]


def _is_offered(path: str, symbol: Symbol) -> bool:
    is_public = not any(part.startswith("_") for part in symbol.qualname.split("."))
    is_product = is_python(path) and not is_test_path(path) and not is_aside(path)
    return is_public and is_product and (symbol.is_callable or symbol.kind == "class")


def _share(symbol: Symbol, asked: _Asked) -> tuple[float, bool]:
    """(the share of the question that a name and its docstring have, whether the name or the first sentence has what is to be done)."""
    owner, _, name = symbol.qualname.rpartition(".")
    first = symbol.docstring.partition("\n\n")[0].partition(". ")[0]
    places = (
        (set(terms.split(name)), _IN_NAME),
        (set(terms.terms_of(first)), _IN_FIRST),
        (set(terms.split(owner)), _IN_OWNER),
        (set(terms.terms_of(symbol.docstring[:_MAX_DOCSTRING])), _IN_REST),
    )
    total = 0.0
    for term, weight in asked.weights.items():
        others = asked.words.get(term, set())
        total += weight * max(
            max(own * (term in said), by_other * (not said.isdisjoint(others))) for said, (own, by_other) in places
        )
    return total / sum(asked.weights.values()), any(asked.has_act(said) for said, _ in places[:2])
