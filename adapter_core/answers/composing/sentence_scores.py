"""Scores candidate sentences: by the question's words in them, their kind, the rank of their evidence, and the model's vote."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ...code_graph import is_test_path
from ...evidence.guides import asks_how_to
from ...evidence.question import EXTENDING
from ...graph import terms
from ..kinds import LINKS, TAKES, asks_difference, asks_what_it_does
from .candidate import COURSES, OF_STATEMENTS, Candidate
from .documentation.prose import depends_on_previous
from .statements.conditions import THAT_FAR

# The weight of a kind of sentence for a kind of question; set by hand.
_PRIORS: Mapping[str, Mapping[str, float]] = {
    "how": {"doc": 1.0, "calls": 0.95, "comment": 0.8, "returns": 0.6, "sets": 0.65, "raises": 0.55, "text": 0.7, "param": 0.5},
    "what": {"doc": 1.1, "calls": 0.8, "signature": 0.45, "returns": 0.7, "param": 0.6, "raises": 0.6, "text": 0.7, "bases": 0.7},
    "where": {"where": 1.0, "doc": 0.8, "calls": 0.7, "sets": 0.7, "returns": 0.6, "text": 0.5},
    "why": {"comment": 1.1, "doc": 1.0, "raises": 0.8, "text": 0.9, "returns": 0.5, "guide": 1.2, "sample": 0.1},
    "callers": {"callers": 3.0, "tests": 1.5, "imports": 3.0, "where": 0.6, "doc": 0.5},
    "tests": {"tests": 3.0, "perhaps_tests": 2.2, "where": 0.5, "doc": 0.5, "callers": 0.5},
    "impact": {
        "callers": 3.0, "overridden": 2.8, "tests": 2.4, "perhaps_tests": 2.0, "registered": 2.2, "imports": 2.6, "count": 2.0,
        "bases": 1.0, "where": 0.6, "doc": 0.5,
    },
    "count": {"count": 3.0, "where": 0.7, "doc": 0.6, "callers": 0.6},
    "inheritance": {"overridden": 3.0, "total": 40.0, "listing": 9.0, "bases": 2.5, "where": 0.7, "doc": 0.7},
    "registered": {"registered": 3.0, "callers": 1.2, "where": 0.8, "doc": 0.7, "calls": 0.6},
    "overview": {"text": 1.2, "doc": 1.0},
    "other": {"doc": 1.0, "text": 0.7, "calls": 0.7},
}  # fmt: skip
# The same where a question asks how one does something, and not how the code does it: what to call, with what, and an example. All other
# kinds keep `_BESIDE_USE_FACTOR` of their weight.
_HOW_TO_PRIORS: Mapping[str, float] = {
    "doc": 1.5, "param": 1.0, "signature": 1.2, "example": 1.2, "overridden": 1.1, "guide": 2.2, "sample": 2.2, "text": 0.9, "table": 1.2,
    "listing": 4.0, "setting": 16.0, "default": 4.0, "line": 4.0, "listed": 2.0, "call_path": 4.0,
}  # fmt: skip
_BESIDE_USE_FACTOR = 0.55
_WITH_CODE_FACTOR = 1.2  # of what documentation shows with code, beside what it only says
_OF_WHAT_IS_CALLED = frozenset({"signature", "param"})  # which say nothing of how one does it with anything else
_USE_SHARE = 1.0
_COURSE_SHARE = 0.65
_NAMED_USE_PRIOR = 2.3  # of what the thing to call or extend says of itself, before documents on it
_DECORATED_FACTOR = 0.3
_PRIVATE_FACTOR = 0.6  # of what is not for users, if a question asks how one does something
# The words of a question that ask for a kind of sentence.
_ASKED_KINDS: Sequence[tuple[str, re.Pattern[str]]] = (
    (
        "raises",
        re.compile(
            r"\b(?:rais(?:es?|ed|ing)|throws?|thrown|exceptions?|errors?|refus\w+|reject\w*|complain\w*|forbid\w*|disallow\w*)\b",
            re.I,
        ),
    ),
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
_BARE_RETURN = re.compile(
    rf"` returns `\w+`(?: {THAT_FAR})?\.\Z"
)  # says little unless the question asks what is returned
# The words of a condition in a sentence, for questions that ask for conditions.
_CONDITIONAL = re.compile(r"\b(?:when|unless|if|otherwise|while|until) [`i]")
_CONDITION_FACTOR = 1.3
# Sentences about errors, and questions that ask for them: any other question asks for the main path.
_ERROR_TEXT = re.compile(r"` raises |`raise\b|\bwhile handling `|\bwhen it catches `|` catches `")
_ASKS_ERRORS = re.compile(
    r"\b(?:rais(?:e[sd]?|ing)|throws?|thrown|exceptions?|errors?|fail\w*|invalid\w*|wrong|miss(?:es|ing)|reject\w*|catch\w*|handl(?:es?|ed|ing)|"
    r"validat\w*|check\w*|prevent\w*|ensur\w*|guard\w*|recover\w*|unsupported|forbid\w*|not allowed|crash\w*|conflict\w*|"
    r"refus\w*|complain\w*|disallow\w*)\b",
    re.I,
)
_ERROR_FACTOR = 0.75
# Sentences that give a reason.
_OF_REASONS = frozenset({"comment", "doc", "text", "guide"})
_REASON = re.compile(
    r"\b(?:because|since|so that|so as|in order to|otherwise|to (?:avoid|prevent|make sure|ensure|keep)|avoid(?:s|ing)?|prevents?|"
    r"instead of|rather than|would|cannot|can't|must(?: not|n't)?|don't want|reasons?|workaround|compatib\w*|therefore|thus|hence|"
    r"preferred|rejected)\b",
    re.I,
)
_REASON_FACTOR = 1.4
_REASON_SHARE = 0.97  # of the score of a comment's best sentence, for the others in it that give a reason
# Sentences about what is logged or asserted, and questions that ask for that.
_ASIDE_TEXT = re.compile(
    r"`assert |\b(?:log(?:ger|ging)?|warnings)\.(?:debug|info|warn|warning|error|exception|critical|log)\b|\bwhen `[^`]*(?<![^\W_])debug"
)
_ASKS_ASIDES = re.compile(
    r"\b(?:debug\w*|log(?:s|ged|ging|ger)?|warn\w*|messages?|assert\w*|print\w*|reports?)\b", re.I
)
_ASIDE_FACTOR = 0.5
_CODE = re.compile(r"`[^`]*`|(?<!\w)\w+(?:\.\w+)+(?:\(\))?|\b\w+\(\)")
_OWNER_SHARE, _COMMENT_SHARE = 0.5, 0.7
_OFF_SUBJECT_FACTOR = 0.6  # share of the score left if nothing about the subject has a word of the question
# What an alternative counts beside the question's own word, and a phrase beside the weightiest term.
_ALTERNATIVE_SHARE = 0.6
_UNNAMED_FACTOR, _UNNAMED_LINK_FACTOR = 0.9, 0.5  # share of the score left if the question names another symbol
# For kinds of sentences without a weight for the kind of question. "where" has little: that something is a method and defined in some file
# is also shown by the citation of every other sentence about it.
_DEFAULTS: Mapping[str, float] = {
    "steps": 2.0, "listed": 2.0,
    "guide": 2.2, "sample": 2.2, "table": 1.0,
    "quote": 1.0, "branch": 1.2, "decides": 1.2, "used": 0.9, "assigned": 0.8, "calls": 0.6, "signature": 0.25, "where": 0.1,
    "bare": 0.35, "contents": 1.0, "call_path": 4.0, "line": 4.0, "listing": 4.0, "default": 4.0, "setting": 16.0, "total": 16.0,
}  # fmt: skip
_DEFAULT_PRIOR = 0.45
DOMINANT_KINDS = COURSES | {
    "call_path",
    "line",
    "listing",
    "default",
    "setting",
    "total",
}  # their scores exceed all others
# Factors found by the answers benchmark (gold lines and names of the reference): searched for on one half of the repositories, and gaining
# on the other half, too.
_FITTED_FACTORS: Mapping[str, float] = {"doc": 0.75, "comment": 0.75}
# Of a quoted sentence that depends on the one before it, which is not quoted.
_DEPENDENT_FACTOR = 0.6
_ASKED_LINK_PRIOR = 2.0  # priors from here on are those of the links that the question asks for
_RANK_DECAY = 0.96
_ACT_FACTOR = 0.999  # of the statements that do what is asked, beside the best of the others
_GUIDES = frozenset({"guide", "sample"})
_MAY_BE_OF_TESTS = frozenset({"tests", "perhaps_tests", "example"})
_BESIDE_GUIDES_FACTOR = 0.5  # of what the question does not name, beside documentation that tells how
_GUIDE_DECAY = 0.8  # of sentences of documentation that tells how: the first one has the answer
_BESIDE_MAIN_FACTOR = 0.8  # of sentences about other functions than the one that does what is asked
_BESIDE_LINKS_FACTOR = 0.3  # of sentences about statements, beside the callers, tests and the like that were asked for
_TEST_FACTOR = 0.5  # of a test, if the question does not ask about tests
_OPENING_FACTOR = 1.15  # of the first sentences of a docstring
_BASE_SHARE = 0.35  # the word share of a sentence that has no word of the question


def lexical_scores(
    items: Sequence[Candidate],
    kind: str,
    weights: Mapping[str, float],
    question: str = "",
    alternatives: Mapping[str, Sequence[str]] | None = None,
) -> list[float]:
    """A score for each sentence: by the question's words in it, its kind, and the rank of its evidence. `alternatives`: the terms that code
    may have in place of the question's (`Found.alternatives`); not used for links, where only what the question names counts."""
    scorer = _Scorer(items, kind, weights, question, {} if alternatives is None or kind in LINKS else alternatives)
    scores = [scorer.score(item) for item in items]
    best_score = highest_score(items, scores)
    for i, item in enumerate(items):
        if item.kind == "act":
            scores[i] = best_score * _ACT_FACTOR ** (item.order + 1)
    if asks_difference(question):
        for i, item in enumerate(items):
            is_opening = item.kind in ("doc", "where") and item.order == 0
            if item.named and (is_opening or _is_comment_above(item)):
                scores[i] = best_score
    elif kind == "why":
        for i, score in _deciding_paragraphs(items, scores).items():
            scores[i] = score
    elif any(item.role == "main" for item in items):
        for i in _opening_indices(items):
            scores[i] = max(scores[i], best_score * 1.001)  # what the main function is for, before what it does
    elif asks_what_it_does(question):
        for i in _explaining_indices(items, question)[:1]:
            scores[i] = 1.001 * best_score  # before the one that has the best score
    return scores


def _deciding_paragraphs(items: Sequence[Candidate], scores: Sequence[float]) -> dict[int, float]:
    """The paragraphs that give a reason in the comment with the best sentence, and a score for each: where one says what is done and
    another why, they have few words in common."""
    comments = [i for i, item in enumerate(items) if item.kind == "comment" and item.beside]
    best = max(comments, key=lambda i: scores[i], default=None)
    if best is None:
        return {}
    same = [i for i in comments if (items[i].subject, items[i].beside) == (items[best].subject, items[best].beside)]
    reasons = [i for i in same if gives_reason(items[i])]
    least = scores[best] * (_REASON_SHARE if best in reasons else 1 / _REASON_SHARE)
    return {i: max(scores[i], least) for i in reasons} if len(same) > 1 else {}


def highest_score(items: Sequence[Candidate], scores: Sequence[float]) -> float:
    """The best score, ignoring the dominant kinds: beside a whole function all other scores are small, so they are compared with each
    other."""
    return max((s for s, item in zip(scores, items, strict=True) if item.kind not in DOMINANT_KINDS), default=0.0)


def gives_reason(item: Candidate) -> bool:
    """Whether a sentence says why: what is raised, or words that give a reason."""
    return item.kind == "raises" or (item.kind in _OF_REASONS and bool(_REASON.search(item.text)))


def asked_kinds(question: str) -> set[str]:
    """The kinds of sentences that words of a question ask for."""
    plain_words = _plain_words(question)
    return {name for name, pattern in _ASKED_KINDS if pattern.search(plain_words)}


def _plain_words(question: str) -> str:
    """A question without its code: a symbol named `raises` does not ask for exceptions."""
    return _CODE.sub(" ", question)


class _Scorer:
    """Scores sentences for one question. `_weights`: of the question's terms, and of phrases for which code has other words."""

    def __init__(
        self,
        items: Sequence[Candidate],
        kind: str,
        weights: Mapping[str, float],
        question: str,
        alternatives: Mapping[str, Sequence[str]],
    ) -> None:
        plain_words = _plain_words(question)
        self._kind = kind
        self._alternatives = alternatives
        self._weights = dict.fromkeys(alternatives, _ALTERNATIVE_SHARE * max(weights.values(), default=0.0)) | dict(
            weights
        )
        self._mass = sum(weights.values()) or 1.0
        self._asked_kinds = asked_kinds(question)
        self._asks_how_to = kind == "how" and asks_how_to(question)
        self._asks_errors = bool(_ASKS_ERRORS.search(plain_words))
        self._asks_asides = bool(_ASKS_ASIDES.search(plain_words))
        self._asks_tests = kind in ("tests", "impact") or "test" in weights
        self._priors = _PRIORS.get(kind, _PRIORS["other"])
        self._subject_factors = _subject_factors(items, self._weights, alternatives)
        self._has_named = any(item.named for item in items)
        self._has_guide = kind in ("how", "other") and any(item.kind in _GUIDES for item in items)
        self._is_told_how = self._has_guide or (self._asks_how_to and self._has_named)
        self._has_main = any(item.role == "main" for item in items)
        links = (item for item in items if item.named and self._priors.get(item.kind, 0.0) >= _ASKED_LINK_PRIOR)
        self._has_asked_links = kind in LINKS and any(links)

    def score(self, item: Candidate) -> float:
        word_share = _BASE_SHARE + self._overlap(item)
        if self._asks_how_to and item.named and item.kind in ("signature", "example", "param", "where"):
            word_share = max(word_share, _USE_SHARE)  # of what is to be called, however it is worded
        if item.role and item.kind == "steps":
            word_share = max(word_share, _COURSE_SHARE)  # of what does it, whatever words it holds
        return (
            word_share
            * self._prior(item)
            * self._fitness(item)
            * self._subject_factors[item.subject]
            * (_GUIDE_DECAY if item.kind in _GUIDES else _RANK_DECAY) ** item.rank
        )

    def _overlap(self, item: Candidate) -> float:
        """The share of the question's words, by weight, that the sentence has."""
        with_code_below = self._kind == "why" or item.kind != "comment"  # the reason for what is done below
        matched = _match_terms(_term_shares(item, with_code_below), self._weights, self._alternatives)
        return min(1.0, sum(self._weights[t] * share for t, share in matched.items()) / self._mass)

    def _has_word_below_title(self, item: Candidate) -> bool:
        said = set(terms.terms_of(item.text.partition(": “")[2]))
        return not said.isdisjoint(self._weights) or any(not said.isdisjoint(o) for o in self._alternatives.values())

    def _prior(self, item: Candidate) -> float:
        """The weight of a sentence of its kind for a question of this kind."""
        prior = self._priors.get(item.kind, _DEFAULTS.get(item.kind, _DEFAULT_PRIOR))
        if self._asks_how_to:
            if item.named and item.kind == "doc" and item.order == 0:
                prior = _NAMED_USE_PRIOR
            elif item.named and item.kind == "where" and " is a function, " in item.text and not self._has_guide:
                prior = _NAMED_USE_PRIOR  # of what says nothing of itself
            elif item.kind in _HOW_TO_PRIORS and (item.named or item.kind not in _OF_WHAT_IS_CALLED):
                prior = _HOW_TO_PRIORS[item.kind]
                if item.kind == "guide" and item.steps and self._has_word_below_title(item):
                    prior *= _WITH_CODE_FACTOR
            else:
                prior *= _BESIDE_USE_FACTOR
        if item.kind in self._asked_kinds or ("returns" in self._asked_kinds and _BARE_RETURN.search(item.text)):
            prior = max(prior, _ASKED_PRIOR)
            if self._has_guide and item.named and item.kind == "overridden":
                prior = _ASKED_LINK_PRIOR  # beside what is written on it, what others have added
        if "decides" in self._asked_kinds and item.kind in OF_STATEMENTS and _CONDITIONAL.search(item.text):
            prior *= _CONDITION_FACTOR
        if (
            self._has_asked_links
            and item.kind in OF_STATEMENTS | {"used", "assigned"}
            and item.kind not in self._priors
        ):
            prior *= _BESIDE_LINKS_FACTOR
        if self._kind == "where" and item.named and item.kind in ("where", "doc") and item.order == 0:
            prior = _ASKED_LINK_PRIOR
        if prior < _ASKED_LINK_PRIOR and not (self._kind == "why" and item.kind == "comment"):
            prior *= _FITTED_FACTORS.get(item.kind, 1.0)
        return prior

    def _fitness(self, item: Candidate) -> float:
        """A factor for openings, dependent sentences, errors, tests, and subjects that the question does not name."""
        factor = _OPENING_FACTOR if item.kind == "doc" and item.order <= 2 else 1.0
        if item.order > 1 and depends_on_previous(item.text.partition("“")[2]):
            factor *= _DEPENDENT_FACTOR
        if self._kind == "why" and item.kind != "raises" and gives_reason(item):
            factor *= _REASON_FACTOR
        if not self._asks_errors and _ERROR_TEXT.search(item.text):
            factor *= _ERROR_FACTOR
        is_aside = item.kind in OF_STATEMENTS - COURSES and _ASIDE_TEXT.search(item.text)
        if self._has_main and not self._asks_asides and is_aside:
            factor *= _ASIDE_FACTOR
        if self._asks_how_to and item.kind not in ("example", "guide", "sample"):
            factor *= _PRIVATE_FACTOR if is_private(item) else 1.0
            factor *= _TEST_FACTOR if is_test_path(item.spans[0][0]) else 1.0
            factor *= _DECORATED_FACTOR if "` is decorated with `" in item.text else 1.0
        if not self._asks_tests and item.kind not in _MAY_BE_OF_TESTS and is_test_path(item.spans[0][0]):
            factor *= _TEST_FACTOR
        if self._has_main and not item.role:
            factor *= _BESIDE_MAIN_FACTOR
        if self._is_told_how and not item.named:
            factor *= _BESIDE_GUIDES_FACTOR * (_TEST_FACTOR if is_test_path(item.spans[0][0]) else 1.0)
        elif self._has_named and not item.named:
            factor *= _UNNAMED_LINK_FACTOR if self._kind in LINKS else _UNNAMED_FACTOR
        return factor


def _explaining_indices(items: Sequence[Candidate], question: str) -> list[int]:
    """The indices of the sentences that say what the named symbol is, best first."""
    indices = [i for i, item in enumerate(items) if item.named and item.kind in ("doc", "where")]
    if not indices:  # the question may name a parameter
        return [i for i, item in enumerate(items) if item.kind == "param" and _names_parameter(item, question)]
    opening = [i for i in indices if items[i].order == 0]
    if opening and items[opening[0]].kind == "where":
        # For an assigned variable, the comment above it says what it is.
        subject = items[opening[0]].subject
        return [*(i for i, item in enumerate(items) if item.subject == subject and _is_comment_above(item)), *opening]
    return opening


def is_private(item: Candidate) -> bool:
    """Whether the name that a sentence is about, or a part of it, begins with an underscore, as those of special methods do."""
    return any(part.startswith("_") for part in item.text.partition("`")[2].partition("`")[0].split("."))


def _opening_indices(items: Sequence[Candidate]) -> list[int]:
    """The index of the first sentence of the main function's docstring, if it has one."""
    return [i for i, item in enumerate(items) if item.role == "main" and item.kind == "doc" and item.order == 0]


def _is_comment_above(item: Candidate) -> bool:
    return item.text.startswith("A comment above")


def _names_parameter(item: Candidate, question: str) -> bool:
    """Whether the question names the parameter that a sentence is about."""
    name = item.text.partition("`")[2].partition("`")[0].lstrip("*")
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question))


def _subject_factors(
    items: Sequence[Candidate], weights: Mapping[str, float], alternatives: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """A factor for each subject: how much of the question all sentences about it have together, relative to the best subject. A symbol that
    shares one word with the question is not yet what it is about."""
    shares_by_subject: dict[str, dict[str, float]] = {}
    for item in items:
        shares = shares_by_subject.setdefault(item.subject, {})
        for term, share in _match_terms(dict.fromkeys(terms.terms_of(item.text), 1.0), weights, alternatives).items():
            shares[term] = max(shares.get(term, 0.0), share)
    mass_by_subject = {
        subject: sum(weights[t] * share for t, share in shares.items()) for subject, shares in shares_by_subject.items()
    }
    highest_mass = max(mass_by_subject.values(), default=0.0)
    return {
        subject: _OFF_SUBJECT_FACTOR + (1 - _OFF_SUBJECT_FACTOR) * (mass / highest_mass if highest_mass else 1.0)
        for subject, mass in mass_by_subject.items()
    }


def _match_terms(
    present: Mapping[str, float], weights: Mapping[str, float], alternatives: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """For each term or phrase of the question, how far the `present` terms match it: by itself, or less by an alternative."""
    matched = {}
    for term in weights:
        alternative_share = max((present.get(o, 0.0) for o in alternatives.get(term, ())), default=0.0)
        share = max(present.get(term, 0.0), _ALTERNATIVE_SHARE * alternative_share)
        if share:
            matched[term] = share
    return matched


def _term_shares(item: Candidate, with_beside: bool = True) -> dict[str, float]:
    """How much each term of a sentence counts: in one about a statement, the name of the function around it counts little, unless the
    question names that function."""
    owner, _, statement = item.text.partition("`")[2].partition("`")
    comment_terms = dict.fromkeys(terms.terms_of(item.beside), _COMMENT_SHARE) if with_beside else {}
    if item.named or (item.kind not in OF_STATEMENTS and item.kind != "signature"):
        return {**comment_terms, **dict.fromkeys(terms.terms_of(item.text), 1.0)}
    return {
        **dict.fromkeys(terms.terms_of(owner), _OWNER_SHARE),
        **comment_terms,
        **dict.fromkeys(terms.terms_of(statement), 1.0),
    }


def mix(lexical: Sequence[float], votes: Sequence[float | None], weight: float) -> list[float]:
    """The lexical scores plus `weight` times the model's votes, standardised and scaled to the standard deviation of the lexical scores.
    Sentences without a vote (None) keep their score."""
    known_votes = [vote for vote in votes if vote is not None]
    if weight == 0 or len(known_votes) < 2:
        return list(lexical)
    vote_mean = sum(known_votes) / len(known_votes)
    vote_deviation = math.sqrt(sum((vote - vote_mean) ** 2 for vote in known_votes) / len(known_votes)) or 1.0
    lexical_mean = sum(lexical) / len(lexical)
    lexical_deviation = math.sqrt(sum((score - lexical_mean) ** 2 for score in lexical) / len(lexical)) or 1.0
    return [
        score + (weight * lexical_deviation * (vote - vote_mean) / vote_deviation if vote is not None else 0.0)
        for score, vote in zip(lexical, votes, strict=True)
    ]
