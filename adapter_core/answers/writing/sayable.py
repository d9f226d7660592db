"""What can be said of one symbol, as texts along which a model may write (`models.paths`).

A small model invents what it is not given: of its free sentences one in four names only what is there, and few are true. So besides writing
freely it writes along what was compiled from the code (`compose.py`): "`f` " and a predicate, or two that belong to the same symbol. The
predicates are those of the facts (calls, returns, raises, sets, extends, …), and what docstring or comment say the symbol does,
turned to the third person, with or without its further clauses. Which ones, which calls and what goes together is the model's choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...models.backend import Paths
from ..checking.third_person import third_person
from ..composing.candidate import Candidate
from .alignment import shorter

Place = tuple[str, int, int]  # path, first line, last line

_FACTS = frozenset({"returns", "raises", "sets", "calls", "bases", "callers", "overridden", "registered", "tests"})
_LINKS = frozenset(
    {"callers", "overridden", "registered", "tests"}
)  # said where they are asked for, or nothing else can be
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
# "Sort key to …", "Exit code of …": the first word is none of the verbs that it could be, or the second one had an article.
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
# What is meant for a model that reads it says nothing of the code.
_ORDERS = re.compile(
    r"\b(?:ignor\w*|disregard\w*|forget\w*|override\w*)\b.*\b(?:evidence|instructions?|questions?|prompts?|above|previous|prior)\b"
    r"|\b(?:answers?|repl(?:y|ies)|responds?|says?|tells?|claims?)\b.*\b(?:safe|secure|harmless|trust\w*|approved)\b",
    re.I,
)
_MAX_PREDICATES, _MAX_CALLS, _MIN_WORDS, _MAX_WORDS = 6, 5, 3, 30
_MAX_CHARS, _MAX_JOINED = 120, 150  # of one predicate, of two: what fits the tokens of a draft


@dataclass(frozen=True, slots=True)
class Sayable:
    """What can be said of one symbol, that begins at `line` of `path`. `predicates`, without the full stop, and `calls` in their order,
    each with the lines (path, first, last) where it stands."""

    name: str
    path: str
    line: int
    predicates: Mapping[str, tuple[Place, ...]]
    calls: Mapping[str, tuple[Place, ...]]
    scores: Mapping[str, float]

    def score(self, sentence: str) -> float:
        """Of the predicates in a sentence the best score, as a share of the best that there is."""
        best = max(self.scores.values(), default=0.0)
        used = max((value for p, value in self.scores.items() if p in sentence), default=0.0)
        return used / best if best > 0 else 0.0

    def places(self, sentence: str) -> tuple[Place, ...]:
        """Where what a sentence says stands, as far as it was written along the paths."""
        found = [place for p, places in self.predicates.items() if p in sentence for place in places]
        if " calls " in sentence:
            found += [place for call, places in self.calls.items() if call in sentence for place in places]
        return tuple(dict.fromkeys(found))

    @property
    def opening(self) -> str:
        return f"`{self.name}`"

    def paths(self) -> Paths:
        """ "`name` predicate.", "`name` predicate and predicate.": the second one comes later than the first, and only where the first one
        ends with nothing that could be meant of both."""
        predicates = list(self.predicates)
        edges: list[list[tuple[str, int]]] = [[], [(".", 2)], []]  # beginning, end of the sentence, nothing more
        for number, predicate in enumerate(predicates):
            later = [p for p in predicates[number + 1 :] if _joins(predicate, p)]
            if not later:
                edges[0].append((f" {predicate}", 1))
                continue
            edges[0].append((f" {predicate}", len(edges)))
            edges.append([(".", 2), *((f" and {second}", 1) for second in later)])
        if self.calls:
            self._add_calls(edges)
        return Paths(tuple(map(tuple, edges)))

    def _add_calls(self, edges: list[list[tuple[str, int]]]) -> None:
        """ "calls `a`", "calls `a` and `c`": one or two, in their order."""
        calls = list(self.calls)
        for number, first in enumerate(calls):
            later = calls[number + 1 :]
            edges[0].append((f" calls {first}", len(edges)))
            edges.append([(".", 2), *((f" and {second}", 1) for second in later)])


def sayable(items: Sequence[Candidate], scores: Sequence[float], links: bool) -> list[Sayable]:
    """What can be said of each symbol that candidates speak of, in their order: of the predicates those with the best scores. Symbols of
    which nothing can be said are left out. `links`: whether it is asked who calls, overrides, registers or tests it."""
    grouped: dict[str, list[tuple[Candidate, float]]] = {}
    for item, score in zip(items, scores, strict=True):
        grouped.setdefault(item.subject, []).append((item, score))
    found = []
    for group in grouped.values():
        names = [match[1] for item, _ in group if (match := _SUBJECT.match(item.text)) and item.kind != "param"]
        if not names:
            continue
        name = max(dict.fromkeys(names), key=names.count)
        predicates: dict[str, tuple[Place, ...]] = {}
        calls: dict[str, tuple[Place, ...]] = {}
        values: dict[str, float] = {}
        own = [(item, score) for item, score in group if links or item.kind not in _LINKS]
        if not any(_calls(item, name) or any(_predicates(item, name)) for item, _ in own):
            own = group
        for item, score in own:
            listed = _calls(item, name)
            for call in listed[: _MAX_CALLS - len(calls)]:
                calls.setdefault(call, item.spans)
                values[call] = max(score, values.get(call, 0.0))
            for predicate in () if listed else _predicates(item, name):
                predicates.setdefault(predicate, item.spans)
                values[predicate] = max(score, values.get(predicate, 0.0))
        kept = sorted(predicates, key=lambda p: -values[p])[:_MAX_PREDICATES]
        predicates = {p: spans for p, spans in predicates.items() if p in kept}
        if predicates or calls:
            path, _, line = group[0][0].subject.rpartition(":")
            found.append(Sayable(name, path, int(line), predicates, calls, values))
    return found


def _calls(item: Candidate, name: str) -> list[str]:
    """The calls of a list of calls."""
    if item.kind != "calls" or not item.text.startswith(f"`{name}` "):
        return []
    match = _CALLS.match(item.text[len(name) + 3 :])
    return _CODE.findall(match[1]) if match else []


def _predicates(item: Candidate, name: str) -> Iterator[str]:
    if item.kind in _FACTS and item.text.startswith(f"`{name}` "):
        predicate = item.text[len(name) + 3 :].removesuffix(".")
        for one in dict.fromkeys((predicate, _MESSAGE.sub("", predicate))):
            if one.isascii() and len(one) <= _MAX_CHARS:
                yield one
    elif item.kind in ("doc", "comment"):
        match = _QUOTED.match(item.text)
        if match and (match["name"] or match["place"]) == name:
            # Behind its first sentence a docstring tells its reader what to do.
            advises = item.kind == "doc" and item.order > 0 and match["text"].partition(" ")[0] in _ADVICE
            yield from told(match["text"]) if not advises else ()


def told(text: str) -> Iterator[str]:
    """What a sentence of a docstring or a comment says that something does, as a predicate: the whole, and its beginnings that can stand
    alone. Nothing for a sentence that says something else, or speaks to its reader."""
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
        or (third_person(_second(text)) == _second(text) != "")
    ):
        return
    verb = third_person(first) if first.isalpha() and not rest.startswith("of ") else ""  # "List of …" is none
    if verb:
        whole = f"{verb} {_conjugated(rest) if verb != first.lower() else rest}"
    elif re.match(r"an? [a-z`]", text, re.I) and not _says_itself(text):
        whole = f"is {text[0].lower()}{text[1:]}"
    else:
        return
    for one in (whole, *(beginning.removesuffix(".") for beginning in shorter(whole))):
        if _stands(one):
            yield one


def _second(text: str) -> str:
    """The second word: "Requests uses this" has its verb there."""
    words = text.split(maxsplit=2)
    return words[1].lower() if len(words) > 1 and words[1].isalpha() else ""


def _conjugated(rest: str) -> str:
    """ "get and remove the key": the further verbs of an imperative, where an article shows that they are verbs."""

    def turned(match: re.Match[str]) -> str:
        verb = third_person(match[2])
        return f"{match[1]}{verb} " if verb else match.group()

    return _FURTHER_VERB.sub(turned, f" {rest}")[1:]


def _says_itself(text: str) -> bool:
    """Whether "The router matches …" has a verb of its own, so that nothing else can be its subject."""
    words = text.lower().split()
    for before, word in pairwise(words):
        if word in _RELATIVE:
            return False
        if word in _AUXILIARIES or (
            word.isalpha() and third_person(word) == word and before not in ("of", "the", "a", "an")
        ):
            return True
    return False


def _stands(predicate: str) -> bool:
    """Whether it can stand as a predicate: long enough to say something, brackets and code spans closed."""
    words = len(predicate.split())
    closed = predicate.count("(") == predicate.count(")") and predicate.count("`") % 2 == 0
    return _MIN_WORDS <= words <= _MAX_WORDS and len(predicate) <= _MAX_CHARS and closed


def _joins(first: str, second: str) -> bool:
    """Whether "first and second" says both of the same and nothing else."""
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
