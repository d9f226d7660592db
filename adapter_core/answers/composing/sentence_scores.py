"""How well each candidate sentence answers: the question's words in it, its kind, the rank of its evidence, and the model's vote."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ...code_graph import is_test_path
from ...evidence.question import EXTENDING
from ...graph import terms
from ..kinds import LINKS, TAKES, asks_difference, asks_what_it_does
from .candidate import COURSES, OF_STATEMENTS, Candidate
from .documentation.prose import depends_on_previous
from .statements.conditions import THAT_FAR

# How much a kind of sentence tells for a kind of question; set by hand.
_PRIORS: Mapping[str, Mapping[str, float]] = {
    "how": {"doc": 1.0, "calls": 0.95, "comment": 0.8, "returns": 0.6, "sets": 0.65, "raises": 0.55, "text": 0.7, "param": 0.5},
    "what": {"doc": 1.1, "calls": 0.8, "signature": 0.45, "returns": 0.7, "param": 0.6, "raises": 0.6, "text": 0.7, "bases": 0.7},
    "where": {"where": 1.0, "doc": 0.8, "calls": 0.7, "sets": 0.7, "returns": 0.6, "text": 0.5},
    "why": {"comment": 1.1, "doc": 1.0, "raises": 0.8, "text": 0.9, "returns": 0.5},
    "callers": {"callers": 3.0, "tests": 1.5, "imports": 3.0, "where": 0.6, "doc": 0.5},
    "tests": {"tests": 3.0, "where": 0.5, "doc": 0.5, "callers": 0.5},
    "impact": {
        "callers": 3.0, "overridden": 2.8, "tests": 2.4, "registered": 2.2, "imports": 2.6, "count": 2.0,
        "bases": 1.0, "where": 0.6, "doc": 0.5,
    },
    "count": {"count": 3.0, "where": 0.7, "doc": 0.6, "callers": 0.6},
    "inheritance": {"overridden": 3.0, "bases": 2.5, "where": 0.7, "doc": 0.7},
    "registered": {"registered": 3.0, "callers": 1.2, "where": 0.8, "doc": 0.7, "calls": 0.6},
    "overview": {"text": 1.2, "doc": 1.0},
    "other": {"doc": 1.0, "text": 0.7, "calls": 0.7},
}  # fmt: skip
# Words of a question that ask for a kind of sentence.
_ASKS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("raises", re.compile(r"\b(?:rais(?:es?|ed|ing)|throws?|thrown|exceptions?|errors?)\b", re.I)),
    ("returns", re.compile(r"\b(?:returns?|returned|yields?)\b", re.I)),
    (
        "signature",
        re.compile(rf"\b(?:parameters?|arguments?|(?<!by )defaults?|signature|decorators?)\b|{TAKES}", re.I),
    ),
    ("param", re.compile(rf"\b(?:parameters?|arguments?|options?|keyword)\b|{TAKES}", re.I)),
    ("bases", re.compile(r"\b(?:base class|inherit\w*|subclass\w*|superclass\w*|hierarchy|extends?|mixins?)\b", re.I)),
    ("overridden", EXTENDING),
    (
        "decides",
        re.compile(
            r"\b(?:decides?|determines?|conditions?|conditional|checks?|under what|when does|in wh(?:at|ich) cases?)\b",
            re.I,
        ),
    ),
)
_ASKED_PRIOR = 1.1
_BARE_RETURN = re.compile(rf"` returns `\w+`(?: {THAT_FAR})?\.\Z")  # says little where nobody asks what is returned
# Where conditions are asked for: what tells one.
_CONDITIONAL = re.compile(r"\b(?:when|unless|if|otherwise|while|until) [`i]")
_CONDITION = 1.3
# What is told of errors, and questions that ask for it: any other question asks for the main path.
_OF_ERRORS = re.compile(r"` raises |`raise\b|\bwhile handling `|\bwhen it catches `|` catches `")
_ASKS_ERRORS = re.compile(
    r"\b(?:rais(?:e[sd]?|ing)|throws?|thrown|exceptions?|errors?|fail\w*|invalid\w*|wrong|miss(?:es|ing)|reject\w*|catch\w*|handl(?:es?|ed|ing)|"
    r"validat\w*|check\w*|prevent\w*|ensur\w*|guard\w*|recover\w*|unsupported|forbid\w*|not allowed|crash\w*|conflict\w*)\b",
    re.I,
)
_ERROR = 0.75
_CODE = re.compile(r"`[^`]*`|(?<!\w)\w+(?:\.\w+)+(?:\(\))?|\b\w+\(\)")
_OWNER, _ABOVE = 0.5, 0.7
_OFF_SUBJECT = 0.6  # of a score is left where what it is about holds no word of the question
_INSTEAD = 0.6  # what a word that may stand for one of the question counts, and a phrase beside the weightiest term
_UNNAMED, _UNNAMED_LINK = 0.9, 0.5  # of a score are left where the question names something else
# Where a kind of question says nothing of a kind of sentence. That something is a method and defined in some file stands beside every
# other sentence about it, too, in its citation.
_DEFAULTS: Mapping[str, float] = {
    "steps": 2.0, "listed": 2.0,
    "quote": 1.0, "branch": 1.2, "decides": 1.2, "used": 0.9, "assigned": 0.8, "calls": 0.6, "signature": 0.25, "where": 0.1,
    "bare": 0.35, "contents": 1.0, "call_path": 4.0, "line": 4.0, "listing": 4.0, "default": 4.0,
}  # fmt: skip
_DEFAULT_PRIOR = 0.45
WHOLE = COURSES | {"call_path", "line", "listing", "default"}  # beside which all other sentences are small
# What the answers benchmark adds: factors of kinds for gold lines and names of the reference, searched for on either half of the
# repositories; these gained on the other half, too.
_FITTED: Mapping[str, float] = {"doc": 0.75, "comment": 0.75}
# What a quoted sentence loses that leans on one before it, which is not told.
_LEANING = 0.6
_ASKED_FOR = 2.0  # a prior from here on is that of what the question asks for
_PLACE_DECAY = 0.96
_BESIDE_LINKS = 0.3  # of what statements do is left beside the callers, tests and the like that were asked for
_IN_TEST = 0.5  # a test, where nobody asked about tests
_OPENING = 1.15  # of a docstring's first sentences
_WORDLESS = 0.35  # of a sentence that holds no word of the question


def lexical_scores(
    items: Sequence[Candidate],
    kind: str,
    weights: Mapping[str, float],
    question: str = "",
    instead: Mapping[str, Sequence[str]] | None = None,
) -> list[float]:
    """A score for each sentence: the question's words in it, its kind, and the rank of its evidence. `instead`: what code may have in their
    place (`Found.instead`); of links only what the question names counts."""
    scorer = _Scorer(items, kind, weights, question, {} if instead is None or kind in LINKS else instead)
    scores = [scorer.score(item) for item in items]
    most = highest(items, scores)
    if asks_difference(question):
        for i, item in enumerate(items):
            opens = item.kind in ("doc", "where") and item.order == 0
            if item.named and (opens or _is_above(item)):
                scores[i] = most
    elif asks_what_it_does(question):
        for i in _what_it_is(items, question)[:1]:
            scores[i] = 1.001 * most  # before what has as much
    return scores


def highest(items: Sequence[Candidate], scores: Sequence[float]) -> float:
    """The best score. Beside a whole function all other sentences are small; they are measured by each other."""
    return max((s for s, item in zip(scores, items, strict=True) if item.kind not in WHOLE), default=0.0)


class _Scorer:
    """What all sentences are measured by. `told`: the weights of the question's terms, and of phrases for which code has other words."""

    def __init__(
        self,
        items: Sequence[Candidate],
        kind: str,
        weights: Mapping[str, float],
        question: str,
        instead: Mapping[str, Sequence[str]],
    ) -> None:
        words = _CODE.sub(" ", question)  # that something is called `raises` asks for nothing
        self._kind = kind
        self._instead = instead
        self._told = dict.fromkeys(instead, _INSTEAD * max(weights.values(), default=0.0)) | dict(weights)
        self._mass = sum(weights.values()) or 1.0
        self._asked = {name for name, pattern in _ASKS if pattern.search(words)}
        self._asks_errors = bool(_ASKS_ERRORS.search(words))
        self._asks_tests = kind in ("tests", "impact") or "test" in weights
        self._priors = _PRIORS.get(kind, _PRIORS["other"])
        self._subjects = _subjects(items, self._told, instead)
        self._named = any(item.named for item in items)
        links = (item for item in items if item.named and self._priors.get(item.kind, 0.0) >= _ASKED_FOR)
        self._linked = kind in LINKS and any(links)

    def score(self, item: Candidate) -> float:
        words = _WORDLESS + self._overlap(item)
        return words * self._prior(item) * self._fitness(item) * self._subjects[item.subject] * _PLACE_DECAY**item.rank

    def _overlap(self, item: Candidate) -> float:
        """Of the question's words, by weight, the share that the sentence holds."""
        met = _met(_present(item), self._told, self._instead)
        return min(1.0, sum(self._told[t] * share for t, share in met.items()) / self._mass)

    def _prior(self, item: Candidate) -> float:
        """What a sentence of its kind tells for a question of this kind."""
        prior = self._priors.get(item.kind, _DEFAULTS.get(item.kind, _DEFAULT_PRIOR))
        if item.kind in self._asked or ("returns" in self._asked and _BARE_RETURN.search(item.text)):
            prior = max(prior, _ASKED_PRIOR)
        if "decides" in self._asked and item.kind in OF_STATEMENTS and _CONDITIONAL.search(item.text):
            prior *= _CONDITION
        if self._linked and item.kind in OF_STATEMENTS | {"used", "assigned"} and item.kind not in self._priors:
            prior *= _BESIDE_LINKS
        if self._kind == "where" and item.named and item.kind in ("where", "doc") and item.order == 0:
            prior = _ASKED_FOR
        if prior < _ASKED_FOR and not (self._kind == "why" and item.kind == "comment"):
            prior *= _FITTED.get(item.kind, 1.0)
        return prior

    def _fitness(self, item: Candidate) -> float:
        """A factor for how it is put and what it stands in: an opening, the middle of a text, errors, a test, something else."""
        factor = _OPENING if item.kind == "doc" and item.order <= 2 else 1.0
        if item.order > 1 and depends_on_previous(item.text.partition("“")[2]):
            factor *= _LEANING
        if not self._asks_errors and _OF_ERRORS.search(item.text):
            factor *= _ERROR
        if not self._asks_tests and item.kind != "tests" and is_test_path(item.spans[0][0]):
            factor *= _IN_TEST
        if self._named and not item.named:
            factor *= _UNNAMED_LINK if self._kind in LINKS else _UNNAMED
        return factor


def _what_it_is(items: Sequence[Candidate], question: str) -> list[int]:
    """The sentences that say what something is that the question names, the first one best."""
    own = [i for i, item in enumerate(items) if item.named and item.kind in ("doc", "where")]
    if not own:  # a parameter, perhaps
        return [i for i, item in enumerate(items) if item.kind == "param" and _is_asked(item, question)]
    first = [i for i in own if items[i].order == 0]
    if first and items[first[0]].kind == "where":
        # Of what is assigned, the comment above it says what it is.
        about = items[first[0]].subject
        return [*(i for i, item in enumerate(items) if item.subject == about and _is_above(item)), *first]
    return first


def _is_above(item: Candidate) -> bool:
    return item.text.startswith("A comment above")


def _is_asked(item: Candidate, question: str) -> bool:
    """Whether the parameter of a sentence is named in the question."""
    name = item.text.partition("`")[2].partition("`")[0].lstrip("*")
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question))


def _subjects(
    items: Sequence[Candidate], weights: Mapping[str, float], instead: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """For each symbol, how much of the question all sentences about it hold together, beside the one that holds most: what shares a
    word with the question is not yet its subject."""
    held: dict[str, dict[str, float]] = {}
    for item in items:
        own = held.setdefault(item.subject, {})
        for term, share in _met(dict.fromkeys(terms.terms_of(item.text), 1.0), weights, instead).items():
            own[term] = max(own.get(term, 0.0), share)
    mass = {about: sum(weights[t] * share for t, share in found.items()) for about, found in held.items()}
    most = max(mass.values(), default=0.0)
    return {about: _OFF_SUBJECT + (1 - _OFF_SUBJECT) * (own / most if most else 1.0) for about, own in mass.items()}


def _met(
    present: Mapping[str, float], weights: Mapping[str, float], instead: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """How far each term or phrase of a question is met by terms that are `present`: by itself, or less by what may stand for it."""
    found = {}
    for term in weights:
        other = max((present.get(o, 0.0) for o in instead.get(term, ())), default=0.0)
        share = max(present.get(term, 0.0), _INSTEAD * other)
        if share:
            found[term] = share
    return found


def _present(item: Candidate) -> dict[str, float]:
    """How much each term is of what a sentence says: of one about a statement, the name of the function that it stands in says little,
    unless that is what the question names."""
    owner, _, said = item.text.partition("`")[2].partition("`")
    above = dict.fromkeys(terms.terms_of(item.comment_above), _ABOVE)
    if item.named or (item.kind not in OF_STATEMENTS and item.kind != "signature"):
        return {**above, **dict.fromkeys(terms.terms_of(item.text), 1.0)}
    return {**dict.fromkeys(terms.terms_of(owner), _OWNER), **above, **dict.fromkeys(terms.terms_of(said), 1.0)}


def mix(lexical: Sequence[float], read: Sequence[float | None], weight: float) -> list[float]:
    """Lexical scores with the model's vote: `weight` standard deviations of it, in units of the lexical spread."""
    known = [r for r in read if r is not None]
    if weight == 0 or len(known) < 2:
        return list(lexical)
    mean = sum(known) / len(known)
    deviation = math.sqrt(sum((r - mean) ** 2 for r in known) / len(known)) or 1.0
    average = sum(lexical) / len(lexical)
    spread = math.sqrt(sum((s - average) ** 2 for s in lexical) / len(lexical)) or 1.0
    return [
        s + (weight * spread * (r - mean) / deviation if r is not None else 0.0)
        for s, r in zip(lexical, read, strict=True)
    ]
