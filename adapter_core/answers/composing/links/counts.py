"""Counts that the graph vouches for: call sites of a symbol, its methods, parameters, subclasses, overrides and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....code_graph import index_of
from ....types import Parameter, Symbol
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, definition_span
from .calls import tests_that_call
from .inheritance import is_named
from .known_links import Links

_MAX_EXAMPLES = 12  # lines that show a count

# The kinds of things counted, with their singular and plural in a sentence.
NOUNS = {
    "places": ("place", "places"),
    "methods": ("method", "methods"),
    "parameters": ("parameter", "parameters"),
    "subclasses": ("direct subclass", "direct subclasses"),
    "overrides": ("override", "overrides"),
    "tests": ("test", "tests"),
}


# The words of a question for each of them.
_WORDS = {
    "places": r"places|call(?:er)?s|call sites|usages?|uses",
    "methods": r"methods|functions|member functions",
    "parameters": r"parameters?|params?|arguments?|args|keyword arguments",
    "subclasses": r"subclass(?:es)?|child classes|derived classes|descendants|classes (?=(?:that )?(?:extend|inherit|derive|subclass))",
    "overrides": r"overrides?|overriding methods",
    "tests": r"tests?|test (?:cases|functions)",
}
_MANY = r"(?:\bhow many|\bnumber of|^\W*count)(?: of)?(?: the| different| distinct| direct| public| unit| other| its)*"
_COUNT_QUESTION = re.compile(
    "|".join(rf"(?P<{kind}>{_MANY} (?:\w+ (?:and|or) )?(?:{words})\b)" for kind, words in _WORDS.items())
    + rf"|(?P<often>(?:\bhow often|{_MANY} times)\b[^?]*\b(?:called|invoked|used|constructed|instantiated|created)\b)",
    re.I,
)
_SECOND_COUNT = re.compile(rf"{_MANY} \w+ (?:and|or) (\w+)", re.I)
_CALLS_MADE = re.compile(r"\bcalls (?:does|do|did) \S+ (?:make|do|issue|send)\b|\bmakes?\b[^?]*\bcalls\b", re.I)
# A question that has no words but these asks about the whole workspace.
_WORKSPACE_WORDS = frozenset(
    "how many often number count total there are is do does have has of in the this that all whole me we tests test files file lines loc "
    "class classes functions function methods modules packages symbols places project repo repository workspace codebase code source "
    "python defined exist contain contains it here".split()
)


_WORKSPACE_PARTS = re.compile(
    rf"{_MANY} (?:files|lines(?: of code)?|classes|modules|packages|symbols)\b (?:are there|exist|(?:does|do|has|have|is|are) [\w./]+ "
    r"(?:has|have|define|contain|there|in))\b",
    re.I,
)


def counted_kinds(text: str) -> tuple[str, ...]:
    """What a question wants counted, as keys of `NOUNS`; empty if that is something else, or no number is asked for."""
    found = [match.lastgroup or "" for match in _COUNT_QUESTION.finditer(text) if not _CALLS_MADE.search(text)]
    second = _SECOND_COUNT.search(text)
    if second is not None:
        found += [kind for kind, words in _WORDS.items() if re.fullmatch(words, second[1], re.I)]
    return tuple(dict.fromkeys("places" if kind == "often" else kind for kind in found))


def asks_workspace_count(text: str) -> bool:
    """Whether a question asks for a number in the whole workspace ("How many tests are there?"), or in a part of it that is not counted."""
    words = {w.lower() for w in re.findall(r"\w+", text)}
    return bool(re.search(_MANY, text, re.I)) and (words <= _WORKSPACE_WORDS or bool(_WORKSPACE_PARTS.search(text)))


def count_of(links: Links, kind: str) -> int | None:
    """How many there are; None if that is uncertain or does not apply. `kind`: a key of `NOUNS`, or "calling tests"."""
    symbol = links.ref.symbol
    if kind == "places":
        calls = [s for s in links.callers.items if not s.deferred]
        # A call that may be of something else makes the number uncertain.
        is_certain = all(s.resolved and len(s.targets) == 1 and not s.external and not s.open for s in calls)
        return len(calls) if links.callers.complete and is_certain else None
    if kind == "calling tests":
        return len(tests_that_call(links)) if links.callers.complete else None
    if kind == "parameters":
        return len(parameters_of(symbol)) if symbol.is_callable else None
    if kind == "methods":
        return len(methods_of(links)) if symbol.kind == "class" else None
    if kind in ("subclasses", "overrides"):
        found = links.subclasses if kind == "subclasses" else links.overrides
        return len(found) if kind not in links.incomplete else None
    return len(links.tests.items) if links.tests.complete else None


def methods_of(links: Links) -> dict[str, Symbol]:
    """The methods that a class defines itself, by name; empty for other symbols."""
    symbol = links.ref.symbol
    facts = links.graph.facts(links.ref.path)
    index = index_of(facts, symbol) if facts is not None and symbol.kind == "class" else None
    if facts is None or index is None:
        return {}
    return {s.name: s for s in facts.symbols if s.parent == index and s.is_callable}


def parameters_of(symbol: Symbol) -> tuple[Parameter, ...]:
    """The parameters that a caller passes: for a method without `self` or `cls`. In a function `cls` is one like any other."""
    first = symbol.parameters[0].name if symbol.parameters else ""
    bound = symbol.kind in ("method", "property") and first in ("self", "cls", "mcs", "mcls")
    return tuple(symbol.parameters[1:] if bound else symbol.parameters)


def count_sentences(
    builder: SentenceBuilder, links: Links, kinds: Sequence[str] = tuple(NOUNS), only_shown: bool = False
) -> Iterator[Candidate]:
    """The sentences with counts that are complete. `kinds`: keys of `NOUNS`. `only_shown`: only counts of which the cited lines show
    all."""
    name = code(links.ref.symbol.qualname)
    for kind in kinds:
        singular, plural = NOUNS[kind]
        count = count_of(links, kind)
        examples = _example_lines(links, kind) if count else []
        shows_all = kind == "parameters" or count == len(set(examples))
        if not count or (only_shown and not shows_all):
            continue
        noun = singular if count == 1 else plural
        predicate = f"{name} is called at {count} {noun}" if kind == "places" else f"{name} has {count} {noun}"
        # A reader sees a few lines; that there are more is what the index says.
        more = "" if shows_all else ", as the index counts; the first are cited"
        yield builder.sentence_at(
            "count", f"{predicate}{more}.", *examples, definition_span(links.ref, with_header=kind == "parameters")
        )


def _example_lines(links: Links, kind: str) -> list[tuple[str, int, int]]:
    """The lines of the first `_MAX_EXAMPLES` things counted."""
    found: list[tuple[str, int, int]] = []
    if kind == "places":
        found = [(s.span.path, s.span.start, s.span.end) for s in links.callers.items if not s.deferred]
    elif kind == "subclasses":
        found = [definition_span(r) for r in links.subclasses]
    elif kind == "overrides":
        found = [definition_span(r) for r in links.overrides if is_named(r)]
    elif kind == "methods":
        found = [(links.ref.path, s.name_line, s.name_line) for s in methods_of(links).values()]
    elif kind == "tests":
        found = [(t.span.path, t.span.start, t.span.start) for t in links.tests.items]
    return found[:_MAX_EXAMPLES]
