"""Counts that the graph answers for: calls of something, its methods, parameters, subclasses, overrides and tests."""

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

_MAX_COUNTED = 12  # lines that show a count

# What is counted, in the words of a sentence, one and several.
NOUNS = {
    "places": ("place", "places"),
    "methods": ("method", "methods"),
    "parameters": ("parameter", "parameters"),
    "subclasses": ("direct subclass", "direct subclasses"),
    "overrides": ("override", "overrides"),
    "tests": ("test", "tests"),
}


# What is asked for, in the words of a question.
_WORDS = {
    "places": r"places|call(?:er)?s|call sites|usages?|uses",
    "methods": r"methods|functions|member functions",
    "parameters": r"parameters?|params?|arguments?|args|keyword arguments",
    "subclasses": r"subclass(?:es)?|child classes|derived classes|descendants|classes (?=(?:that )?(?:extend|inherit|derive|subclass))",
    "overrides": r"overrides?|overriding methods",
    "tests": r"tests?|test (?:cases|functions)",
}
_MANY = r"(?:\bhow many|\bnumber of|^\W*count)(?: of)?(?: the| different| distinct| direct| public| unit| other| its)*"
_NAMED = re.compile(
    "|".join(rf"(?P<{what}>{_MANY} (?:\w+ (?:and|or) )?(?:{words})\b)" for what, words in _WORDS.items())
    + rf"|(?P<often>(?:\bhow often|{_MANY} times)\b[^?]*\b(?:called|invoked|used|constructed|instantiated|created)\b)",
    re.I,
)
_SECOND = re.compile(rf"{_MANY} \w+ (?:and|or) (\w+)", re.I)
_MADE = re.compile(r"\bcalls (?:does|do|did) \S+ (?:make|do|issue|send)\b|\bmakes?\b[^?]*\bcalls\b", re.I)
# A question that has no other words than these asks for what the whole workspace has.
_OF_ALL = frozenset(
    "how many often number count total there are is do does have has of in the this that all whole me we tests test files file lines loc "
    "class classes functions function methods modules packages symbols places project repo repository workspace codebase code source "
    "python defined exist contain contains it here".split()
)


_OF_PARTS = re.compile(
    rf"{_MANY} (?:files|lines(?: of code)?|classes|modules|packages|symbols)\b (?:are there|exist|(?:does|do|has|have|is|are) [\w./]+ "
    r"(?:has|have|define|contain|there|in))\b",
    re.I,
)


def counted_kinds(text: str) -> tuple[str, ...]:
    """What a question wants counted, as keys of `NOUNS`; nothing where it is something else, or no number at all."""
    found = [match.lastgroup or "" for match in _NAMED.finditer(text) if not _MADE.search(text)]
    second = _SECOND.search(text)
    if second is not None:
        found += [what for what, words in _WORDS.items() if re.fullmatch(words, second[1], re.I)]
    return tuple(dict.fromkeys("places" if what == "often" else what for what in found))


def asks_workspace_count(text: str) -> bool:
    """Whether a question asks how many of something there are in the whole workspace: "How many tests are there?", or in a
    part of it that is not counted."""
    words = {w.lower() for w in re.findall(r"\w+", text)}
    return bool(re.search(_MANY, text, re.I)) and (words <= _OF_ALL or bool(_OF_PARTS.search(text)))


def count_of(links: Links, what: str) -> int | None:
    """How many there are; None where that cannot be told. `what` is a key of `NOUNS`, or "calling tests"."""
    symbol = links.ref.symbol
    if what == "places":
        calls = [s for s in links.callers.items if not s.deferred]
        # What may be a call of something else, too, makes the number uncertain.
        certain = all(s.resolved and len(s.targets) == 1 and not s.external and not s.open for s in calls)
        return len(calls) if links.callers.complete and certain else None
    if what == "calling tests":
        return len(tests_that_call(links)) if links.callers.complete else None
    if what == "parameters":
        return len(parameters_of(symbol)) if symbol.is_callable else None
    if what == "methods":
        return len(methods_of(links)) if symbol.kind == "class" else None
    if what in ("subclasses", "overrides"):
        found = links.subclasses if what == "subclasses" else links.overrides
        return len(found) if what not in links.late else None
    return len(links.tests.items) if links.tests.complete else None


def methods_of(links: Links) -> dict[str, Symbol]:
    """The methods that a class defines itself, by name; none of anything else."""
    symbol = links.ref.symbol
    facts = links.graph.facts(links.ref.path)
    index = index_of(facts, symbol) if facts is not None and symbol.kind == "class" else None
    if facts is None or index is None:
        return {}
    return {s.name: s for s in facts.symbols if s.parent == index and s.is_callable}


def parameters_of(symbol: Symbol) -> tuple[Parameter, ...]:
    """The parameters that a caller gives: of a method without what it is called on. In a function `cls` is one like any other."""
    first = symbol.parameters[0].name if symbol.parameters else ""
    bound = symbol.kind in ("method", "property") and first in ("self", "cls", "mcs", "mcls")
    return tuple(symbol.parameters[1:] if bound else symbol.parameters)


def count_sentences(
    builder: SentenceBuilder, links: Links, kinds: Sequence[str] = tuple(NOUNS), only_shown: bool = False
) -> Iterator[Candidate]:
    """How many: only what can be counted in full. `kinds`: keys of `NOUNS`. `only_shown`: only where the cited lines show all of them."""
    name = code(links.ref.symbol.qualname)
    for what in kinds:
        one, several = NOUNS[what]
        count = count_of(links, what)
        shown = _examples(links, what) if count else []
        whole = what == "parameters" or count == len(set(shown))
        if not count or (only_shown and not whole):
            continue
        noun = one if count == 1 else several
        said = f"{name} is called at {count} {noun}" if what == "places" else f"{name} has {count} {noun}"
        # A reader sees a few lines; that there are more is what the index says.
        more = "" if whole else ", as the index counts; the first are cited"
        yield builder.sentence_at(
            "count", f"{said}{more}.", *shown, definition_span(links.ref, whole=what == "parameters")
        )


def _examples(links: Links, what: str) -> list[tuple[str, int, int]]:
    """Lines of the first things counted."""
    found: list[tuple[str, int, int]] = []
    if what == "places":
        found = [(s.span.path, s.span.start, s.span.end) for s in links.callers.items if not s.deferred]
    elif what == "subclasses":
        found = [definition_span(r) for r in links.subclasses]
    elif what == "overrides":
        found = [definition_span(r) for r in links.overrides if is_named(r)]
    elif what == "methods":
        found = [(links.ref.path, s.name_line, s.name_line) for s in methods_of(links).values()]
    elif what == "tests":
        found = [(t.span.path, t.span.start, t.span.start) for t in links.tests.items]
    return found[:_MAX_COUNTED]
