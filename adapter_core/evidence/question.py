"""What a question asks about: its words with their weights, the identifiers it names, and its kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..graph import terms
from .everyday import Phrase, everyday
from .options import RankingOptions
from .vocabulary import GENERIC_WORDS, STOP_TERMS, STOP_WORDS, TELLING_WORDS

MAX_CHARS = 20_000
_MAX_TERMS = 200
_MAX_WORDS = 40
_MAX_IDENTIFIERS = 30
# A text of that many characters is a report rather than a question.
_LONG = 600

_QUOTED = re.compile(r"`([^`\n]{1,200})`|\"([A-Za-z_][\w.]*)\"|'([A-Za-z_][\w.]*)'")
_DOTTED = re.compile(r"(?<![\w.])_*[A-Za-z]\w*(?:\.\w+)+(?!\w)")
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_][\w.]*)\(\)?")
_CODE_LIKE = re.compile(r"\b(?:\w*[^\W_]_\w+|_\w+|[A-Z][a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*)\b")
# Names written as words: "the Response class", "what a Session holds".
_KIND_OF = re.compile(
    r"\b([A-Za-z_]\w+) (?:class|function|method|decorator|exception|fixture|hook|mixin|enum|property)\b"
)
_CAPITALISED = re.compile(r"(?<=[\w,;:(\"'`] )[A-Z][a-z]\w+")
_PATH_LIKE = re.compile(r"(?<![\w./-])[\w./-]{1,200}\.(?:pyi?|md|rst|toml|cfg)\b")

# "How would I add a new authentication scheme?": the verb and what is said of newness ask for the thing behind them; the code that answers
# is the one that takes such things, and need not speak of adding.
EXTENDING = re.compile(
    r"\bhow (?:(?:can|do|would|could|should|might|must) (?:i|we|you|one|users?)|to) (?:\w+ly )?"
    r"(?P<verb>add|write|create|implement|build|define|make|support|provide|introduce|use) "
    r"(?P<new>(?:(?:a|an|another|my|our|your|new|own|custom|different|additional|support|for) )+)",
    re.I,
)
# What is no part of a report: comments of its form, and lists of installed packages.
_FORM = re.compile(r"<!--.*?(?:-->|\Z)|^[ \t]*[\w.-]+[ \t]+v?\d+(?:\.\d+)+\S*[ \t]*$", re.DOTALL | re.MULTILINE)
# How the answer is to be given, and not what is asked about; what is written as code or quoted is neither.
_MANNER = re.compile(
    r"""`[^`]*`|"[^"]*" | (?P<manner>\b(?:
        (?:(?:can|could|would)[ ]you[ ])?(?:please[ ])?
          (?:(?:walk|talk|guide|take)[ ](?:me|us)[ ]through | (?:explain|show|tell|describe)(?:[ ]to)?[ ](?:me|us)
             | help[ ](?:me|us)[ ](?:to[ ])?understand)
        | I(?:'d|[ ]would)[ ]like[ ]to[ ](?:know|understand) | I[ ](?:want|need)[ ]to[ ](?:know|understand)
        | (?:differences?|distinctions?)[ ](?:between|among)
        | step[- ]by[- ]step | under[ ]the[ ]hood | behind[ ]the[ ]scenes | from[ ]start[ ]to[ ]finish
        | (?: in[ ](?:(?:more|great|greater|some|full)[ ])?(?:detail|depth) | in[ ](?:simple|plain|easy)[ ](?:terms|words|english)
            | in[ ](?:short|brief|a[ ]nutshell|(?:one|two|three|a[ ]few)[ ](?:words?|sentences?))
            | (?:many[ ])?thanks | thank[ ]you
          )(?=[ ]*(?:[,.;:?!](?!\w)|$))
    ))""",
    re.I | re.X,
)
_OVERVIEW = re.compile(
    r"\b(what|purpose|overview|summar\w+|describe|explain|about)\b.*\b(this|the)\s+"
    r"(project|repo|repository|codebase|code base|package|library|workspace|program)\b",
    re.I,
)
_OF_PROJECT = re.compile(
    r"\W*(?:what(?:'s| is| does| can)|explain|describe|summar\w+|overview|tell me|introduce|how does \S+ work)\b", re.I
)
_KINDS = (
    (
        "callers",
        re.compile(r"\b(who|what|which|where)\b.{0,40}\b(calls?|called|uses?|used|invokes?|invoked|callers?)\b", re.I),
    ),
    ("tests", re.compile(r"\b(tests?|tested|testing|covered|coverage)\b", re.I)),
    ("where", re.compile(r"^\s*(where|in which|which (file|module|class|function|method))\b", re.I)),
    ("why", re.compile(r"^\s*why\b", re.I)),
    ("how", re.compile(r"^\s*how\b", re.I)),
    ("what", re.compile(r"^\s*(what|which|describe|explain)\b", re.I)),
)


@dataclass(frozen=True, slots=True)
class Question:
    """`terms`: stemmed term to weight. `words`: its content words as written, longest first. `identifiers`: names written as
    code; `mentions`: words that may be names. `paths`: files it mentions. `is_report`: it is as long as a bug report. `said`: phrases for
    which code has words of its own."""

    text: str
    kind: str  # overview | callers | tests | where | why | how | what | other
    terms: dict[str, float]
    words: tuple[str, ...]
    identifiers: tuple[str, ...]
    paths: tuple[str, ...]
    is_report: bool = False
    mentions: tuple[str, ...] = ()
    said: tuple[Phrase, ...] = ()


def analyse(text: str, own_names: frozenset[str] = frozenset(), options: RankingOptions | None = None) -> Question:
    """Read a question. Only its first 20,000 characters count; a title (first line) counts more than a long body. `own_names`: terms of
    the names of the project itself, of which everything in it speaks."""
    options = options or RankingOptions()
    text = text[:MAX_CHARS].strip()
    is_report = len(text) >= _LONG
    title, _, body = text.partition("\n")
    in_title = _identifiers(title)
    if not is_report:
        title = _without_manner(title)
    asked = f"{title}\n{body}"
    kind = next((name for name, pattern in _KINDS if pattern.search(asked[:300])), "other")
    body = _FORM.sub("\n", body) if is_report else body
    identifiers = tuple(dict.fromkeys((*in_title, *_identifiers(body))))[:_MAX_IDENTIFIERS]
    weights: dict[str, float] = {}
    _weigh_words(title, 1.0, own_names, options, weights)
    _weigh_words(body, options.long_body_weight if is_report else 0.5, own_names, options, weights)
    _weigh_extending(text, options, weights)
    said = everyday().phrases_in(title) if options.said_weight and not is_report else ()
    for term in {term for phrase in said for word in phrase for term in terms.split(word)} & weights.keys():
        weights[term] *= options.said_word
    for name in identifiers:
        if terms.compound(name) not in own_names:
            weight = 1.5 if name in in_title or not is_report else options.long_name_weight
            for word in terms.words(name):
                _weigh(weights, terms.split(word), weight, min(1.0, weight) * options.part_weight)
    if len(weights) > _MAX_TERMS:
        # Long words tell more; which of the rest do is found out by their idf.
        kept = set(sorted(weights, key=lambda t: (-weights[t], -len(t)))[:_MAX_TERMS])
        weights = {term: weight for term, weight in weights.items() if term in kept}
    told = [w for w in terms.words(asked) if w.lower() not in STOP_WORDS] if len(text) < _LONG else []
    if told and all(terms.compound(word) in own_names for word in told) and _OF_PROJECT.match(text):
        weights = {}  # "What is shop?", in the project of that name
        kind = "overview"
    if not weights and _OVERVIEW.search(text[:300]):
        kind = "overview"
    paths = tuple(dict.fromkeys(_PATH_LIKE.findall(f"{title}\n{body}")))
    content = {w for w in terms.words(title) if w.lower() not in STOP_WORDS and len(w) > 2}
    words = tuple(sorted(content, key=lambda w: (-len(w), w)))[:_MAX_WORDS]
    mentions = tuple(
        word
        for word in dict.fromkeys((*_KIND_OF.findall(title), *_CAPITALISED.findall(title)))
        if word not in identifiers and word.lower() not in STOP_WORDS and terms.compound(word) not in own_names
    )
    return Question(text, kind, weights, words, identifiers, paths, is_report, mentions, said)


def _without_manner(title: str) -> str:
    """The first line of a question without how it is to be answered."""
    found = _MANNER.sub(lambda m: " " if m["manner"] else m.group(), title)
    return found.lstrip(" ,;:!") if found != title else title


def _weigh_words(
    text: str, weight: float, own_names: frozenset[str], options: RankingOptions, weights: dict[str, float]
) -> None:
    """Give the terms of a text's words at least this weight; less where a word says little about which code is meant."""
    for word in terms.words(text):
        if word.lower() in STOP_WORDS:
            continue
        factor = 1.0
        if terms.compound(word) in own_names:
            factor = options.own_name_weight
        elif word.lower() in GENERIC_WORDS:
            factor = options.generic_weight
        found = [t for t in terms.split(word) if len(t) > 1 or t.isdigit()]
        told = word.lower() in TELLING_WORDS
        _weigh(weights, found, weight * factor, weight * factor * options.part_weight, told)


def extending_terms(text: str) -> frozenset[str]:
    """The terms of "add a new" in a question how to add something of one's own; none of any other."""
    found = EXTENDING.search(text[:_LONG])
    return frozenset(terms.terms_of(found.group())) if found is not None else frozenset()


def _weigh_extending(text: str, options: RankingOptions, weights: dict[str, float]) -> None:
    for term in extending_terms(text) & weights.keys():
        weights[term] *= options.extending_weight


def _weigh(weights: dict[str, float], found: Sequence[str], whole: float, part: float, told: bool = False) -> None:
    """Give the terms of one word at least these weights: the last is the word itself, those before it its parts. `told`: they count also
    where they are those of a word that says nothing."""
    for position, term in enumerate(found, 1):
        if told or term not in STOP_TERMS:
            weights[term] = max(weights.get(term, 0.0), whole if position == len(found) else part)


def _identifiers(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for match in _QUOTED.finditer(text):
        inner = next(g for g in match.groups() if g).strip().rstrip("()")
        found.extend(
            w for w in re.findall(r"[A-Za-z_][\w.]*", inner) if match[1] or "." in w or "_" in w or w[0].isupper()
        )
    found.extend(m.group() for m in _DOTTED.finditer(text) if not _PATH_LIKE.fullmatch(m.group()))
    found.extend(m.group(1) for m in _CALLED.finditer(text))
    found.extend(_CODE_LIKE.findall(text))
    # A single letter is a name where it is written as one.
    return tuple(dict.fromkeys(f.strip(".") for f in found if len(f) > 1 or f"`{f}`" in text))
