"""The predicates of a symbol, as texts along which a model may write (`models.paths`).

A small model invents what it is not given: one in four of its free sentences names only what exists, and few are true. So besides writing
freely it writes along predicates that were compiled from the code (`compose.py`): "`f` " and one predicate, or two of the same symbol.
They are those of the facts (calls, returns, raises, sets, extends, …) and those of docstrings and comments, in the third person, with or
without their trailing clauses. The model chooses the predicates, the calls and their combination.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...models.backend import Paths
from ..checking.third_person import third_person
from ..composing.candidate import Candidate
from .alignment import shorter_beginnings

Place = tuple[str, int, int]  # path, first line, last line

_FACT_KINDS = frozenset({"returns", "raises", "sets", "calls", "bases", "callers", "overridden", "registered", "tests"})
# Used where the question is about links, or where a symbol has no other predicates.
_LINK_KINDS = frozenset({"callers", "overridden", "registered", "tests"})
_SUBJECT = re.compile(r"`([^`\s]+)` ")
_QUOTED = re.compile(r"(?:`(?P<name>[^`\s]+)`|A comment in `(?P<place>[^`\s]+)` says): “(?P<text>.+)”\Z")
_THIS = re.compile(r"(?:this|it|the)(?: (?:function|method|class|decorator|property|object))? (?=[a-z]+s\b)", re.I)
_CALLS = re.compile(r"calls(?:, in the order written,)? (`[^`]+`(?:(?:, | and )`[^`]+`)+)\.?\Z")
_CODE = re.compile(r"`[^`]+`")
_CONDITIONED = re.compile(r"\b(?:if|unless|when|while|branch(?:es)?|that|which|where|,)(?:\b|\s)|,", re.I)
_SPOKEN = re.compile(r"\b(?:you|your|we|our|us|i|todo|fixme|xxx|let's|http|https)\b|\\|::|\w'(?:re|ve|ll)\b", re.I)
_ADVICE = frozenset(
    "Use Call Pass Set Override Subclass Make Ensure Prefer Consider Wrap Provide Specify Run Install Import Keep Avoid Try Check".split()
)
_ITSELF = re.compile(r"\bthis (?:class|method|function|module|object)\b", re.I)
_PLURAL = re.compile(
    r"(?:calls|caches|files|filters|formats|indexes|inputs|limits|links|lists|lookups|maps|marks|names|orders|outputs|patches|records|"
    r"reports|requests|routes|samples|sets|streams|tags|tests|traces|types|updates|uses|views|writes) "
    r"(?:that|which|who|with|for|from|in|on|of|to|are|is|were|can|may|must|should|will)\b",
    re.I,
)
# "Sort key to …", "Exit code of …": the first word is a noun here, although it could be a verb; after a verb the second word would have an
# article.
_COMPOUND = re.compile(
    r"(?:build|cache|cleanup|display|end|entry|exit|filter|format|group|hash|index|input|lookup|match|output|query|request|response|return|"
    r"search|sort|start|test) "
    r"(?:code|key|name|value|type|order|function|method|class|hook|handler|helper|option|flag|point|criterion|case|id|object) "
    r"(?:to|for|of|that|which|used|in|when|from|by|with)\b",
    re.I,
)
_MESSAGE = re.compile(r" with the message (?:`[^`]+`|``.+?``)")
_AUXILIARIES = frozenset("is are was were will can may must should has have do does cannot".split())
_RELATIVE = frozenset("that which who where for used to".split())
_DETERMINERS = r"(?=(?:the|an?|any|all|its?|each|every|this|these|them|some|new|given) |`)"
_FURTHER_VERB = re.compile(rf"((?:, (?:and |or )?| and | or )(?:\w+ly )?)([a-z]+) {_DETERMINERS}")
# Text that addresses a model says nothing about the code.
_ORDERS = re.compile(
    r"\b(?:ignor\w*|disregard\w*|forget\w*|override\w*)\b.*\b(?:evidence|instructions?|questions?|prompts?|above|previous|prior)\b"
    r"|\b(?:answers?|repl(?:y|ies)|responds?|says?|tells?|claims?)\b.*\b(?:safe|secure|harmless|trust\w*|approved)\b",
    re.I,
)
_MAX_PREDICATES, _MAX_CALLS, _MIN_WORDS, _MAX_WORDS = 6, 5, 3, 30
_MAX_CHARS, _MAX_JOINED = 120, 150  # of one predicate, of two: what fits the tokens of a draft


@dataclass(frozen=True, slots=True)
class SymbolPredicates:
    """The predicates of one symbol, which begins at `line` of `path`. `predicates` (without full stop) and `calls`: in their order, each
    with the places (path, first line, last line) that support it. `scores`: by text of predicate or call."""

    name: str
    path: str
    line: int
    predicates: Mapping[str, tuple[Place, ...]]
    calls: Mapping[str, tuple[Place, ...]]
    scores: Mapping[str, float]

    def score(self, sentence: str) -> float:
        """The best score of the predicates in a sentence, as a share of the symbol's best; 0 without any."""
        best = max(self.scores.values(), default=0.0)
        used = max((value for p, value in self.scores.items() if p in sentence), default=0.0)
        return used / best if best > 0 else 0.0

    def places(self, sentence: str) -> tuple[Place, ...]:
        """The places that support the predicates and calls in a sentence."""
        supporting = [place for p, places in self.predicates.items() if p in sentence for place in places]
        if " calls " in sentence:
            supporting += [place for call, places in self.calls.items() if call in sentence for place in places]
        return tuple(dict.fromkeys(supporting))

    @property
    def opening(self) -> str:
        return f"`{self.name}`"

    def paths(self) -> Paths:
        """The paths "`name` predicate." and "`name` predicate and predicate.": the second comes later in the order than the first, and only
        where "and" cannot join it to a part of the first."""
        predicates = list(self.predicates)
        edges: list[list[tuple[str, int]]] = [[], [(".", 2)], []]  # beginning, end of the sentence, nothing more
        for number, predicate in enumerate(predicates):
            later = [p for p in predicates[number + 1 :] if _can_join(predicate, p)]
            if not later:
                edges[0].append((f" {predicate}", 1))
                continue
            edges[0].append((f" {predicate}", len(edges)))
            edges.append([(".", 2), *((f" and {second}", 1) for second in later)])
        if self.calls:
            self._add_calls(edges)
        return Paths(tuple(map(tuple, edges)))

    def _add_calls(self, edges: list[list[tuple[str, int]]]) -> None:
        """Add the paths "calls `a`" and "calls `a` and `c`": one or two calls, in their order."""
        calls = list(self.calls)
        for number, first in enumerate(calls):
            later = calls[number + 1 :]
            edges[0].append((f" calls {first}", len(edges)))
            edges.append([(".", 2), *((f" and {second}", 1) for second in later)])


def symbol_predicates(items: Sequence[Candidate], scores: Sequence[float], links: bool) -> list[SymbolPredicates]:
    """The predicates with the best scores for each symbol that the candidates are about, in their order; symbols without any are left out.
    `links`: whether the question is who calls, overrides, registers or tests it."""
    grouped: dict[str, list[tuple[Candidate, float]]] = {}
    for item, score in zip(items, scores, strict=True):
        grouped.setdefault(item.subject, []).append((item, score))
    result = []
    for group in grouped.values():
        names = [match[1] for item, _ in group if (match := _SUBJECT.match(item.text)) and item.kind != "param"]
        if not names:
            continue
        name = max(dict.fromkeys(names), key=names.count)
        predicates: dict[str, tuple[Place, ...]] = {}
        calls: dict[str, tuple[Place, ...]] = {}
        score_by_text: dict[str, float] = {}
        usable = [(item, score) for item, score in group if links or item.kind not in _LINK_KINDS]
        if not any(_listed_calls(item, name) or any(_candidate_predicates(item, name)) for item, _ in usable):
            usable = group
        for item, score in usable:
            listed_calls = _listed_calls(item, name)
            for call in listed_calls[: _MAX_CALLS - len(calls)]:
                calls.setdefault(call, item.spans)
                score_by_text[call] = max(score, score_by_text.get(call, 0.0))
            for predicate in () if listed_calls else _candidate_predicates(item, name):
                predicates.setdefault(predicate, item.spans)
                score_by_text[predicate] = max(score, score_by_text.get(predicate, 0.0))
        kept = sorted(predicates, key=lambda p: -score_by_text[p])[:_MAX_PREDICATES]
        predicates = {p: spans for p, spans in predicates.items() if p in kept}
        if predicates or calls:
            path, _, line = group[0][0].subject.rpartition(":")
            result.append(SymbolPredicates(name, path, int(line), predicates, calls, score_by_text))
    return result


def _listed_calls(item: Candidate, name: str) -> list[str]:
    """The calls in a candidate that lists calls; empty for any other."""
    if item.kind != "calls" or not item.text.startswith(f"`{name}` "):
        return []
    match = _CALLS.match(item.text[len(name) + 3 :])
    return _CODE.findall(match[1]) if match else []


def _candidate_predicates(item: Candidate, name: str) -> Iterator[str]:
    if item.kind in _FACT_KINDS and item.text.startswith(f"`{name}` "):
        predicate = item.text[len(name) + 3 :].removesuffix(".")
        for variant in dict.fromkeys((predicate, _MESSAGE.sub("", predicate))):
            if variant.isascii() and len(variant) <= _MAX_CHARS:
                yield variant
    elif item.kind in ("doc", "comment"):
        match = _QUOTED.match(item.text)
        if match and (match["name"] or match["place"]) == name:
            # After its first sentence a docstring may advise its reader.
            is_advice = item.kind == "doc" and item.order > 0 and match["text"].partition(" ")[0] in _ADVICE
            yield from predicates_of_sentence(match["text"]) if not is_advice else ()


def predicates_of_sentence(text: str) -> Iterator[str]:
    """The predicates in a sentence of a docstring or comment: the whole, and its beginnings that can stand alone. None for a sentence that
    has another subject, or addresses its reader."""
    text = text.strip().rstrip(".")
    if (
        not text.isascii()
        or _SPOKEN.search(text)
        or _ORDERS.search(text)
        or text.endswith((":", "?", "!"))
        or ". " in text
    ):
        return
    match = _THIS.match(text)
    if match:
        text = text[match.end() :]
    first, _, rest = text.partition(" ")
    if (
        _ITSELF.search(text)
        or _PLURAL.match(text)
        or _COMPOUND.match(text)
        or (third_person(_second_word(text)) == _second_word(text) != "")
    ):
        return
    verb = third_person(first) if first.isalpha() and not rest.startswith("of ") else ""  # "List of …" is none
    if verb:
        whole = f"{verb} {_conjugated(rest) if verb != first.lower() else rest}"
    elif re.match(r"an? [a-z`]", text, re.I) and not _has_own_verb(text):
        whole = f"is {text[0].lower()}{text[1:]}"
    else:
        return
    for candidate in (whole, *(beginning.removesuffix(".") for beginning in shorter_beginnings(whole))):
        if _is_complete(candidate):
            yield candidate


def _second_word(text: str) -> str:
    """The second word in lower case: the verb of "Requests uses this"."""
    words = text.split(maxsplit=2)
    return words[1].lower() if len(words) > 1 and words[1].isalpha() else ""


def _conjugated(rest: str) -> str:
    """The text with the further verbs of an imperative in the third person, where an article shows that they are verbs: "get and removes
    the key" for "get and remove the key"."""

    def conjugate(match: re.Match[str]) -> str:
        verb = third_person(match[2])
        return f"{match[1]}{verb} " if verb else match.group()

    return _FURTHER_VERB.sub(conjugate, f" {rest}")[1:]


def _has_own_verb(text: str) -> bool:
    """Whether a text such as "The router matches …" has a subject and verb of its own, and is no predicate."""
    words = text.lower().split()
    for previous, word in pairwise(words):
        if word in _RELATIVE:
            return False
        if word in _AUXILIARIES or (
            word.isalpha() and third_person(word) == word and previous not in ("of", "the", "a", "an")
        ):
            return True
    return False


def _is_complete(predicate: str) -> bool:
    """Whether a predicate is long enough to say something, not too long, and has its brackets and code spans closed."""
    words = len(predicate.split())
    is_closed = predicate.count("(") == predicate.count(")") and predicate.count("`") % 2 == 0
    return _MIN_WORDS <= words <= _MAX_WORDS and len(predicate) <= _MAX_CHARS and is_closed


def _can_join(first: str, second: str) -> bool:
    """Whether "first and second" can only mean both predicates of the same symbol."""
    plain = _CODE.sub("x", first)
    passive = ("is ", "are ")
    return (
        not _CONDITIONED.search(plain)
        and first.split()[0] != second.split()[0]
        and not second.startswith(passive)
        and not first.startswith(passive)
        and " and " not in plain
        and len(first) + len(second) <= _MAX_JOINED
    )
