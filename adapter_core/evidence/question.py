"""What a question asks about: its words with their weights, the identifiers it names, and its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..graph import terms
from .everyday import Phrase, everyday_table
from .options import RankingOptions
from .project_questions import asks_about_project
from .repetition import repeating_terms
from .vocabulary import GENERIC_WORDS, INFORMATIVE_WORDS, STOP_TERMS, STOP_WORDS

MAX_CHARS = 20_000
_MAX_TERMS = 200
_MAX_WORDS = 40
_MAX_IDENTIFIERS = 30
# From this length on a text is a bug report rather than a question.
_REPORT_CHARS = 600

_QUOTED = re.compile(r"`([^`\n]{1,200})`|\"([A-Za-z_][\w.]*)\"|'([A-Za-z_][\w.]*)'")
_DOTTED = re.compile(r"(?<![\w.])_*[A-Za-z]\w*(?:\.\w+)+(?!\w)")
_CALL_LIKE = re.compile(r"(?<![\w.])([A-Za-z_][\w.]*)\(\)?")
_CODE_LIKE = re.compile(r"\b(?:\w*[^\W_]_\w+|_\w+|[A-Z][a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*)\b")
# Names written as words: "the Response class", "what a Session holds".
_KIND_OF = re.compile(
    r"\b([A-Za-z_]\w+) (?:class|function|method|decorator|exception|fixture|hook|mixin|enum|property)\b"
)
_CAPITALISED = re.compile(r"(?<=[\w,;:(\"'`] )[A-Z][a-z]\w+")
_PATH_LIKE = re.compile(r"(?<![\w./-])[\w./-]{1,200}\.(?:pyi?|md|rst|toml|cfg)\b")

# "How would I add a new authentication scheme?": the verb and "a new" are not what is looked for. The answer is the code that handles such
# schemes, which need not mention adding.
EXTENDING = re.compile(
    r"\bhow (?:(?:can|do|would|could|should|might|must) (?:i|we|you|one|users?)|to) (?:\w+ly )?"
    r"(?P<verb>add|write|create|implement|build|define|make|support|provide|introduce|use) "
    r"(?P<new>(?:(?:a|an|another|my|our|your|new|own|custom|different|additional|support|for) )+)",
    re.I,
)
# "How do I run the tests locally?": how it is to be done is not what is looked for, and least of all in names.
_HOW_TO_DO = re.compile(r"\bhow (?:to|(?:can|do|would|could|should|might|must) (?:i|we|you|one|users?))\b", re.I)
_ADVERBS = re.compile(
    r"\b(?:locally|manually|myself|yourself|ourselves|properly|correctly|easily|quickly|simply|safely)\b", re.I
)
_WRITING = frozenset({"write", "create", "implement", "build"})
_OWN_ONE = re.compile(r"\b(?:another|my|our|your|new|own|custom|different|additional)\b", re.I)
# Noise in a report: comments of its template, and lists of installed packages.
_FORM_NOISE = re.compile(r"<!--.*?(?:-->|\Z)|^[ \t]*[\w.-]+[ \t]+v?\d+(?:\.\d+)+\S*[ \t]*$", re.DOTALL | re.MULTILINE)
# The manner of the answer, which is not its subject. Code and quotations match first, so that nothing in them counts as manner.
_MANNER = re.compile(
    r"""`[^`]*`|"[^"]*" | (?P<manner>\b(?:
        (?:(?:can|could|would)[ ]you[ ])?(?:please[ ])?
          (?:(?:walk|talk|guide|take)[ ](?:me|us)[ ]through | (?:explain|show|tell|describe)(?:[ ]to)?[ ](?:me|us)
             | help[ ](?:me|us)[ ](?:to[ ])?understand)
        | I(?:'d|[ ]would)[ ]like[ ]to[ ](?:know|understand) | I[ ](?:want|need)[ ]to[ ](?:know|understand)
        | (?:differences?|distinctions?)[ ](?:between|among)
        | (?:in[ ])?(?:what|which)[ ]order(?=[ ](?:is|are|do|does|will|did)\b)
        | step[- ]by[- ]step | under[ ]the[ ]hood | behind[ ]the[ ]scenes | from[ ]start[ ]to[ ]finish
        | (?: in[ ](?:(?:more|great|greater|some|full)[ ])?(?:detail|depth) | in[ ](?:simple|plain|easy)[ ](?:terms|words|english)
            | in[ ](?:short|brief|a[ ]nutshell|(?:one|two|three|a[ ]few)[ ](?:words?|sentences?))
            | (?:many[ ])?thanks | thank[ ]you
          )(?=[ ]*(?:[,.;:?!](?!\w)|$))
    ))""",
    re.I | re.X,
)
# A question for what code does; it asks for no callback, which runs when something happens, and for no name.
WHAT_HAPPENS = re.compile(r"\bwhat (?:\w+ )?happens?\b", re.I)
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
    """A parsed question. `terms`: stemmed term to weight. `words`: its content words as written, longest first. `identifiers`: names
    written as code; `mentions`: words that may be names. `paths`: files it mentions. `is_report`: it is as long as a bug report.
    `phrases`: those for which code uses other words (see `everyday` and `repetition`), with these words as terms, the likeliest first."""

    text: str
    kind: str  # overview | callers | tests | where | why | how | what | other
    terms: dict[str, float]
    words: tuple[str, ...]
    identifiers: tuple[str, ...]
    paths: tuple[str, ...]
    is_report: bool = False
    mentions: tuple[str, ...] = ()
    phrases: Mapping[Phrase, tuple[str, ...]] = field(default_factory=dict)


def analyse(text: str, own_names: frozenset[str] = frozenset(), options: RankingOptions | None = None) -> Question:
    """Parse a question. Only its first 20,000 characters count; the title (first line) counts more than a long body. `own_names`: the
    project's own names as terms, which occur everywhere in it and so count little."""
    options = options or RankingOptions()
    text = text[:MAX_CHARS].strip()
    is_report = len(text) >= _REPORT_CHARS
    title, _, body = text.partition("\n")
    title_identifiers = _identifiers(title)
    if not is_report:
        title = _strip_manner(title)
    asked_text = f"{title}\n{body}"
    kind = next((name for name, pattern in _KINDS if pattern.search(asked_text[:300])), "other")
    body = _FORM_NOISE.sub("\n", body) if is_report else body
    identifiers = tuple(dict.fromkeys((*title_identifiers, *_identifiers(body))))[:_MAX_IDENTIFIERS]
    weights: dict[str, float] = {}
    _weigh_text_words(title, 1.0, own_names, options, weights)
    _weigh_text_words(body, options.long_body_weight if is_report else 0.5, own_names, options, weights)
    _weigh_extending_terms(text, options, weights)
    said = everyday_table().phrases_in(WHAT_HAPPENS.sub(" ", title)) if options.said_weight and not is_report else {}
    for term in {term for phrase in said for word in phrase for term in terms.split(word)} & weights.keys():
        weights[term] *= options.said_word
    phrases = {**repeating_terms(title), **said} if options.said_weight and not is_report else {}
    for name in identifiers:
        if terms.compound(name) not in own_names:
            weight = 1.5 if name in title_identifiers or not is_report else options.long_name_weight
            for word in terms.words(name):
                _raise_weights(weights, terms.split(word), weight, min(1.0, weight) * options.part_weight)
    if len(weights) > _MAX_TERMS:
        # Of equal weights the longer words are the rarer ones; the ranking then looks at their idf.
        kept_terms = set(sorted(weights, key=lambda t: (-weights[t], -len(t)))[:_MAX_TERMS])
        weights = {term: weight for term, weight in weights.items() if term in kept_terms}
    content_words = (
        [w for w in terms.words(asked_text) if w.lower() not in STOP_WORDS] if len(text) < _REPORT_CHARS else []
    )
    if content_words and all(terms.compound(word) in own_names for word in content_words) and _OF_PROJECT.match(text):
        weights = {}  # "What is shop?", in the project of that name
        kind = "overview"
    if asks_about_project(text, own_names):
        weights = {}
        kind = "overview"
    if not weights and _OVERVIEW.search(text[:300]):
        kind = "overview"
    paths = tuple(dict.fromkeys(_PATH_LIKE.findall(f"{title}\n{body}")))
    title_words = {w for w in terms.words(title) if w.lower() not in STOP_WORDS and len(w) > 2}
    words = tuple(sorted(title_words, key=lambda w: (-len(w), w)))[:_MAX_WORDS]
    mentions = tuple(
        word
        for word in dict.fromkeys((*_KIND_OF.findall(title), *_CAPITALISED.findall(title)))
        if word not in identifiers and word.lower() not in STOP_WORDS and terms.compound(word) not in own_names
    )
    return Question(text, kind, weights, words, identifiers, paths, is_report, mentions, phrases)


def _strip_manner(title: str) -> str:
    """The first line of a question without the words on how to answer it."""
    stripped = _MANNER.sub(lambda m: " " if m["manner"] else m.group(), title)
    return stripped.lstrip(" ,;:!") if stripped != title else title


def _weigh_text_words(
    text: str, weight: float, own_names: frozenset[str], options: RankingOptions, weights: dict[str, float]
) -> None:
    """Give the terms of a text's words at least this weight; less for the project's own names and generic words."""
    for word in terms.words(text):
        if word.lower() in STOP_WORDS:
            continue
        factor = 1.0
        if terms.compound(word) in own_names:
            factor = options.own_name_weight
        elif word.lower() in GENERIC_WORDS:
            factor = options.generic_weight
        word_terms = [t for t in terms.split(word) if len(t) > 1 or t.isdigit()]
        is_informative = word.lower() in INFORMATIVE_WORDS
        _raise_weights(weights, word_terms, weight * factor, weight * factor * options.part_weight, is_informative)


def extending_terms(text: str) -> frozenset[str]:
    """The terms of "add a new" in a question how to add something of one's own; none for any other question."""
    match = EXTENDING.search(text[:_REPORT_CHARS])
    return frozenset(terms.terms_of(match.group())) if match is not None else frozenset()


def asks_for_own(text: str) -> bool:
    """Whether a question asks how to make something that is not there yet: "add my own codec", and not "add a timeout"."""
    match = EXTENDING.search(text[:_REPORT_CHARS])
    return match is not None and (writes_own(text) or bool(_OWN_ONE.search(match["new"])))


def writes_own(text: str) -> bool:
    """Whether a question asks how to write something, and not how to add what may be there."""
    match = EXTENDING.search(text[:_REPORT_CHARS])
    return match is not None and match["verb"].lower() in _WRITING


def _weigh_extending_terms(text: str, options: RankingOptions, weights: dict[str, float]) -> None:
    minor = extending_terms(text)
    if (how := _HOW_TO_DO.search(text[:_REPORT_CHARS])) is not None:
        minor |= {term for adverb in _ADVERBS.findall(text[how.end() : _REPORT_CHARS]) for term in terms.split(adverb)}
    for term in minor & weights.keys():
        weights[term] *= options.extending_weight


def _raise_weights(
    weights: dict[str, float],
    word_terms: Sequence[str],
    word_weight: float,
    part_weight: float,
    is_informative: bool = False,
) -> None:
    """Give the terms of one word at least these weights: the last is the word itself, those before it are its parts. `is_informative`:
    they count even if they are stop terms."""
    for position, term in enumerate(word_terms, 1):
        if is_informative or term not in STOP_TERMS:
            weights[term] = max(weights.get(term, 0.0), word_weight if position == len(word_terms) else part_weight)


def _identifiers(text: str) -> tuple[str, ...]:
    identifiers: list[str] = []
    for match in _QUOTED.finditer(text):
        quoted_text = next(g for g in match.groups() if g).strip().rstrip("()")
        identifiers.extend(
            w for w in re.findall(r"[A-Za-z_][\w.]*", quoted_text) if match[1] or "." in w or "_" in w or w[0].isupper()
        )
    identifiers.extend(m.group() for m in _DOTTED.finditer(text) if not _PATH_LIKE.fullmatch(m.group()))
    identifiers.extend(m.group(1) for m in _CALL_LIKE.finditer(text))
    identifiers.extend(_CODE_LIKE.findall(text))
    # A single letter is a name where it is written as one.
    return tuple(dict.fromkeys(f.strip(".") for f in identifiers if len(f) > 1 or f"`{f}`" in text))
