"""What a question asks about: its words with their weights, the identifiers it names, and its kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..graph import terms
from .options import RankingOptions
from .vocabulary import GENERIC_WORDS, STOP_TERMS, STOP_WORDS

MAX_CHARS = 20_000
_MAX_TERMS = 40

_QUOTED = re.compile(r"`([^`\n]{1,200})`|\"([A-Za-z_][\w.]*)\"|'([A-Za-z_][\w.]*)'")
_DOTTED = re.compile(r"(?<![\w.])_*[A-Za-z]\w*(?:\.\w+)+(?!\w)")
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_][\w.]*)\(\)?")
_CODE_LIKE = re.compile(r"\b(?:\w*[^\W_]_\w+|_\w+|[A-Z][a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*)\b")
_PATH_LIKE = re.compile(r"(?<![\w./-])[\w./-]{1,200}\.(?:pyi?|md|rst|toml|cfg)\b")

_OVERVIEW = re.compile(
    r"\b(what|purpose|overview|summar\w+|describe|explain|about)\b.*\b(this|the)\s+"
    r"(project|repo|repository|codebase|code base|package|library|workspace|program)\b",
    re.I,
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
    code. `paths`: files it mentions."""

    text: str
    kind: str  # overview | callers | tests | where | why | how | what | other
    terms: dict[str, float]
    words: tuple[str, ...]
    identifiers: tuple[str, ...]
    paths: tuple[str, ...]


def analyse(text: str, own_names: frozenset[str] = frozenset(), options: RankingOptions | None = None) -> Question:
    """Read a question. Only its first 20,000 characters count; a title (first line) counts more than a long body. `own_names`: terms of
    the names of the project itself, of which everything in it speaks."""
    options = options or RankingOptions()
    text = text[:MAX_CHARS].strip()
    kind = next((name for name, pattern in _KINDS if pattern.search(text[:300])), "other")
    identifiers = _identifiers(text)
    weights: dict[str, float] = {}
    title, _, body = text.partition("\n")
    for part, weight in ((title, 1.0), (body, 0.5 if len(text) < 600 else 0.3)):
        for word in terms.words(part):
            if word.lower() in STOP_WORDS:
                continue
            factor = 1.0
            if terms.compound(word) in own_names:
                factor = options.own_name_weight
            elif word.lower() in GENERIC_WORDS:
                factor = options.generic_weight
            for term in terms.split(word):
                if term not in STOP_TERMS and (len(term) > 1 or term.isdigit()):
                    weights[term] = max(weights.get(term, 0.0), weight * factor)
    for name in identifiers:
        if terms.compound(name) in own_names:
            continue
        for term in terms.terms_of(name):
            if term not in STOP_TERMS:
                weights[term] = 1.5
    if not weights and _OVERVIEW.search(text[:300]):
        kind = "overview"
    paths = tuple(dict.fromkeys(_PATH_LIKE.findall(text)))
    if len(weights) > _MAX_TERMS:
        # Long words and early words tell more; the rare ones among them are found out by their idf.
        ranked = sorted(weights, key=lambda t: (-weights[t], -len(t)))[:_MAX_TERMS]
        weights = {t: weights[t] for t in weights if t in set(ranked)}
    content = {w for w in terms.words(title) if w.lower() not in STOP_WORDS and len(w) > 2}
    words = tuple(sorted(content, key=lambda w: (-len(w), w)))[:_MAX_TERMS]
    return Question(text, kind, weights, words, identifiers, paths)


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
    return tuple(dict.fromkeys(f.strip(".") for f in found if len(f) > 1))[:30]
