"""Does a sentence rest on the lines it cites?

Checked, not believed. Every identifier, number and quoted string of the sentence must occur in the cited lines, or be the name of a
definition that encloses them, or part of their path; an expression stands there as it is quoted. Every relation that is claimed of them
(`relations.py`) must hold, with its direction and its condition. A denial, an "only" or an "always" holds where the whole definition
shows it, or where the lines say so in the same words. A sentence with nothing to check is unsupported, and so is one about few names of
which it could not be made out how they relate. That is made out by patterns, and then the other way round: of what the lines show of
the names, whether the words can mean it (`likely_relations.py`), which also doubts the patterns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph
from ..graph import terms
from ..types import Citation, Claim
from .checking.likely_relations import is_doubtful, supported_relation, word_sequence
from .checking.naming import name_occurs
from .checking.quoted_statements import statements_hold, without_hedges
from .checking.region import Region
from .checking.relation_checks import problem_of
from .checking.relations import Claims, claims_in
from .checking.sentence import MARK, MAX_CHARS, Mention, Sentence, numbers_in, read_sentence
from .citations import check, cited_text
from .composing.links.known_links import KnownLinks
from .composing.listings.option_help import help_is_quoted
from .inert import prose

_NAME = re.compile(r"[^\W\d]\w*")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_PLAIN_NAME = re.compile(r"(?:super\(\)\.)?[\w./:@+-]*(?:\(\))?")
_CALL = re.compile(r"[\w.]+\([\w\s.,*=]*\)")
# Relations that only the patterns of `verbs.py` know.
_READ_BY_PATTERN = frozenset({"annotated", "count", "imports", "kind", "message", "quoted", "says", "tested"})
_BETWEEN_TWO = frozenset({"member", "takes", "inherits", "overrides", "sets"})
_BEYOND = frozenset({"overrides", "tested"})
_AS_SYNTAX = frozenset(
    {
        "returns",
        "returns_result",
        "yields",
        "yields_from",
        "raises",
        "sets",
        "default",
        "default_of",
        "annotated",
        "decorated",
        "inherits",
    }
)
# Words of Python that need not stand in the lines to be said about them.
FREE_WORDS = frozenset(
    "None True False self cls def class return async await lambda not and or in is if else import from raise try except finally with for "
    "while yield pass".split()
)


@dataclass(frozen=True, slots=True)
class Support:
    """`ok`, and otherwise what is missing."""

    ok: bool
    reason: str = ""


def supports(
    graph: CodeGraph, sentence: str, citations: tuple[Citation, ...], links: KnownLinks | None = None
) -> Support:
    """Whether the cited lines, all together, hold what the sentence names and claims. `links`: those that are known, with the time in
    which more are looked for."""
    if len(sentence) > MAX_CHARS:
        return Support(False, "is too long to be checked")
    read = read_sentence(sentence)
    if not read.mentions:
        return Support(False, "names nothing that could be checked")
    stands = statements_hold(graph, sentence, citations)
    if stands is not None:
        return Support(stands, "" if stands else "the statements do not stand so in the cited lines")
    quoted = help_is_quoted(graph, sentence, citations)
    if quoted is not None:
        return Support(quoted, "" if quoted else "the cited lines do not define the option with this help text")
    read = read_sentence(without_hedges(sentence))
    text = cited_text(graph, citations)
    region = Region(graph, citations, links)
    claims = claims_in(read)
    problem = _problem(region, read, claims, text, citations)
    if any(r.negated and (claims.incomplete or (r.kind == "kind" and r.loose)) for r in claims.relations):
        return Support(False, problem or "what is denied of which name could not be made out")
    if _read_by_pattern(claims):
        return Support(not problem, problem)
    about = word_sequence(read)
    unclear = bool(problem or claims.incomplete or _vague(claims))
    relation = supported_relation(region, about, claims.relations) if unclear and about is not None else None
    if relation is not None:
        problem = _problem(region, read, Claims((relation,), (), ()), text, citations)
    elif unclear and not problem and not read.of("quote") and _about_few(read, claims):
        problem = "how the names in it relate could not be made out"
    elif about is not None and not problem and is_doubtful(about, claims.relations):
        problem = "its words hardly tell what the cited lines show"
    return Support(not problem, problem)


def relates_names(sentence: str) -> bool:
    """Whether a sentence that the lines support tells a relation between names, which then holds."""
    read = read_sentence(sentence)
    claims = claims_in(read)
    return bool(claims.relations) or (claims.incomplete and word_sequence(read) is not None)


def _about_few(read: Sentence, claims: Claims) -> bool:
    """Whether a sentence has so few names that it must be made out how all of them relate."""
    return not claims.relations or len(read.mentions) < 4 or (_vague(claims) and not claims.incomplete)


def _vague(claims: Claims) -> bool:
    """Whether a pattern found a relation and not what it is of: "belongs to the parameters that `f` accepts"."""
    return any(r.loose and r.kind in _BETWEEN_TWO for r in claims.relations)


def _read_by_pattern(claims: Claims) -> bool:
    return any(
        r.kind in _READ_BY_PATTERN and (r.kind != "kind" or (r.objects and not r.loose)) for r in claims.relations
    )


def _problem(region: Region, read: Sentence, claims: Claims, text: str, citations: tuple[Citation, ...]) -> str:
    beyond, spelled = _matched_elsewhere(claims)
    return (
        _missing_name(region.graph, read, text, citations, beyond, spelled)
        or _missing_number(read, text, spelled | _paths(read, citations))
        or _missing_quotation(read, text)
        or _unsupported_claim(region, read, claims, text)
    )


def _matched_elsewhere(claims: Claims) -> tuple[set[Mention], set[Mention]]:
    """Names that the graph answers for, since they stand beyond the cited lines (what a method overrides, what is denied); and
    expressions that are compared as syntax, so that their spelling is free. Both hold only if the relation does, which is checked after."""
    beyond: set[Mention] = set()
    spelled: set[Mention] = set()
    for relation in claims.relations:
        if relation.negated:
            beyond.update(relation.objects)
        elif relation.loose:
            continue
        elif relation.kind in _BEYOND:
            beyond.update((*relation.objects, *relation.subjects))
        elif relation.kind == "count":
            spelled.update(relation.objects)
        elif relation.kind in _AS_SYNTAX:
            spelled.update(
                (*relation.objects, *relation.second_objects, *(c.mention for c in relation.conditions if c.exact))
            )
    return beyond, spelled


def _missing_name(
    graph: CodeGraph,
    read: Sentence,
    text: str,
    citations: tuple[Citation, ...],
    beyond: set[Mention],
    spelled: set[Mention],
) -> str:
    known = set(_NAME.findall(text)) | context_names(graph, citations) | FREE_WORDS
    tokens: list[str] | None = None
    for mention in read.of("code", "name"):
        inner = mention.text
        missing = [part for part in _NAME.findall(_LITERAL.sub(" ", inner)) if part not in known]
        if mention in beyond:
            unknown = [part for part in missing if not name_occurs(graph, part)]
            if unknown:
                return f"`{unknown[0]}` does not occur in the workspace"
            continue
        if missing:
            return f"`{missing[0]}` does not occur in the cited lines"
        if mention in spelled or _PLAIN_NAME.fullmatch(inner) or _CALL.fullmatch(inner):
            continue
        tokens = _tokens(text) if tokens is None else tokens
        if not _contains(tokens, _tokens(inner.removesuffix("()"))):
            return f"`{inner}` does not stand like this in the cited lines"
    return ""


def _paths(read: Sentence, citations: tuple[Citation, ...]) -> set[Mention]:
    """The mentions that are the path of a citation, or the pytest id of a test in it: the digits in it are no numbers."""
    paths = [c.span.path for c in citations]
    named = {m: m.text.partition("::")[0] for m in read.mentions}
    return {m for m, name in named.items() if name and any(p == name or p.endswith("/" + name) for p in paths)}


def _missing_number(read: Sentence, text: str, free: set[Mention]) -> str:
    """`free`: mentions that are compared otherwise (`0x1F` is 31 as syntax)."""
    here = numbers_in(text)
    for mention in read.of("number"):
        if mention not in free and mention.text.replace("_", "") not in here:
            return f"the number {mention.text} does not occur in the cited lines"
    for mention in read.of("code"):
        if mention in free:
            continue
        for number in numbers_in(_LITERAL.sub(" ", mention.text)):
            if number not in here:
                return f"the number {number} does not occur in the cited lines"
    return ""


def _missing_quotation(read: Sentence, text: str) -> str:
    quotations = [m.text for m in read.of("quote")]
    for mention in read.of("code"):
        quotations += [g for m in _LITERAL.finditer(mention.text) for g in m.groups() if g and _NAME.search(g)]
    if not quotations:
        return ""
    spoken = (_plain_words(text), _plain_words(prose(text)))
    for quotation in quotations:
        if not any(_contains(words, _plain_words(quotation)) for words in spoken):
            return "the quotation does not occur in the cited lines"
    return ""


def _unsupported_claim(region: Region, read: Sentence, claims: Claims, text: str) -> str:
    for relation in claims.relations:
        problem = problem_of(region, relation)
        if problem:
            return problem
    spoken = _plain_words(text)
    if claims.unread_words:
        return f"what “{claims.unread_words[0]}” relates to what could not be made out"
    for words in claims.negations:
        # "if no rule matches" is supported by lines that say "no rule".
        said = _plain_words(MARK.sub(lambda m: f" {read.mentions[int(m[1])].text} ", words))[:2]
        if len(said) < 2 or not _contains(spoken, said):
            return f"the cited lines do not say “{' '.join(said)}”"
    for word in claims.exclusive:
        if word.lower() not in spoken:
            return f"that it is {word.lower()} so cannot be told from the cited lines"
    return ""


def verify_claim(graph: CodeGraph, claim: Claim, links: KnownLinks | None = None) -> tuple[Claim, str]:
    """The claim with its citations checked at this moment, and why it may not be shown ("" if it may). `links`: as for `supports`."""
    checked = tuple(check(graph, c) for c in claim.citations)
    if not checked:
        return claim, "has no citation"
    if not all(c.resolves for c in checked):
        return replace(claim, citations=checked), "cites lines that do not exist"
    if not all(c.fresh for c in checked):
        return replace(claim, citations=checked), "cites lines that have changed"
    support = supports(graph, claim.text, checked, links)
    checked = tuple(replace(c, supports=support.ok) for c in checked)
    return replace(claim, citations=checked), support.reason


def context_names(graph: CodeGraph, citations: tuple[Citation, ...]) -> set[str]:
    """Names that a reader of `path:line` sees without reading the line: its path, and the definitions around it."""
    names: set[str] = set()
    for citation in citations:
        span = citation.span
        facts = graph.facts(span.path)
        names.update(_NAME.findall(span.path))
        if facts is None:
            continue
        names.update(facts.module.split("."))
        for symbol in facts.symbols[1:]:
            if symbol.start <= span.start and span.end <= symbol.end:
                names.update(_NAME.findall(symbol.qualname))
    return names


def _plain_words(text: str) -> list[str]:
    return [w.lower() for w in terms.words(text)]


def _tokens(text: str) -> list[str]:
    """Words and signs, one kind of quotes."""
    return [t.replace("'", '"') for t in _TOKEN.findall(text)]


def _contains(words: list[str], part: list[str]) -> bool:
    """Whether `part` occurs in `words` without a gap: a word left out may be a "not"."""
    if not part:
        return True
    starts = (i for i, word in enumerate(words) if word == part[0])
    return any(words[i : i + len(part)] == part for i in starts)
