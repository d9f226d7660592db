"""Checks whether a sentence is supported by the lines that it cites.

Every identifier, number and quoted string of the sentence must occur in the cited lines, or be the name of a definition around them, or
part of their path; an expression must occur as quoted. Every relation that the sentence claims (`relations.py`) must hold, with its
direction and its condition. A denial, an "only" or an "always" holds if the whole definition shows it, or if the lines say so in the same
words. A sentence with nothing to check is unsupported, and so is one about few names whose relation cannot be read. Relations are read by
patterns, and then the other way round: of the relations that the lines show, whether the words can mean one (`likely_relations.py`), which
may also raise doubts about the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph
from ..graph import terms
from ..types import Citation, Claim
from .checking.likely_relations import is_doubtful, supported_relation, word_sequence
from .checking.naming import name_occurs
from .checking.quoted_statements import introduction_of_sample, statements_hold, without_hedges
from .checking.raise_checks import raising_holds
from .checking.region import Region
from .checking.relation_checks import problem_of
from .checking.relations import Claims, claims_in
from .checking.sentence import MARK, MAX_CHARS, Mention, Sentence, numbers_in, read_sentence
from .checking.write_checks import without_perhaps, writes_hold
from .citations import check, cited_text
from .composing.collections.told_collections import collection_holds
from .composing.comparisons import comparison_holds
from .composing.documentation.tables import table_holds
from .composing.further_places import places_hold
from .composing.links.known_links import KnownLinks
from .composing.listings.absent_members import absence_holds
from .composing.listings.environment_prefixes import prefix_holds
from .composing.listings.test_runs import test_run_holds
from .composing.listings.topic_tests import topic_tests_hold
from .composing.listings.total_checks import without_total
from .composing.project_layout import parts_hold
from .composing.settings.choices import choices_hold
from .composing.settings.command_options import command_option_holds
from .composing.settings.sentences import declaration_holds
from .composing.settings.ways import rejection_holds
from .inert import prose

_NAME = re.compile(r"[^\W\d]\w*")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_PLAIN_NAME = re.compile(r"(?:super\(\)\.)?[\w./:@+-]*(?:\(\))?")
_CALL = re.compile(r"[\w.]+\([\w\s.,*=]*\)")
# Relations that only the patterns of `verbs.py` know.
_PATTERN_ONLY = frozenset({"annotated", "count", "imports", "kind", "message", "quoted", "reads", "says", "tested"})
_BINARY_RELATIONS = frozenset({"member", "takes", "inherits", "overrides", "sets"})
_BEYOND_CITATION = frozenset({"overrides", "tested"})
_COMPARED_AS_SYNTAX = frozenset(
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
# Words of Python that need not occur in the cited lines.
FREE_WORDS = frozenset(
    "None True False self cls def class return async await lambda not and or in is if else import from raise try except finally with for "
    "while yield pass".split()
)


_NOT_DECLARED = "the cited lines do not declare or document this setting so"
# Sentences of a form of their own: whether one holds (None: it has another form), and what is wrong if it does not.
_FORMS: tuple[tuple[Callable[[CodeGraph, str, tuple[Citation, ...]], bool | None], str], ...] = (
    (table_holds, "the cited lines do not show this table"),
    (lambda _, sentence, cited: parts_hold(sentence, cited), "the cited files are not these parts of the package"),
    (places_hold, "these are not defined at the cited lines"),
    (topic_tests_hold, "the file has no such tests with these lines"),
    (test_run_holds, "the tests are not run so by the cited lines"),
    (absence_holds, "that it has no such member cannot be told"),
    (command_option_holds, _NOT_DECLARED),
    (declaration_holds, _NOT_DECLARED),
    (prefix_holds, _NOT_DECLARED),
    (choices_hold, _NOT_DECLARED),
    (rejection_holds, _NOT_DECLARED),
    (comparison_holds, "the two do not differ in this"),
    (collection_holds, "the cited collection has not just that"),
)


@dataclass(frozen=True, slots=True)
class Support:
    """`reason`: what is missing, if not `ok`."""

    ok: bool
    reason: str = ""


def supports(
    graph: CodeGraph, sentence: str, citations: tuple[Citation, ...], links: KnownLinks | None = None
) -> Support:
    """Whether the cited lines together support what the sentence names and claims. `links`: the links known so far, with the time budget
    for more."""
    if len(sentence) > MAX_CHARS:
        return Support(False, "is too long to be checked")
    sentence, is_right_total = without_total(graph, without_perhaps(sentence))
    if not is_right_total:
        return Support(False, "there are not so many in all")
    parsed = read_sentence(sentence)
    if not parsed.mentions:
        return Support(False, "names nothing that could be checked")
    lists_writes = writes_hold(graph, sentence, citations)
    if lists_writes is not None:
        return Support(lists_writes, "" if lists_writes else "the cited lines do not change it in each of these places")
    raises = raising_holds(graph, sentence, citations, lambda part, cited: supports(graph, part, cited, links).ok)
    if raises is not None:
        return Support(raises, "" if raises else "the cited lines do not show that it raises that, or nothing")
    stands_as_quoted = statements_hold(graph, sentence, citations)
    if stands_as_quoted and (introduction := introduction_of_sample(sentence)):
        return supports(graph, introduction, citations, links)
    if stands_as_quoted is not None:
        reason = "" if stands_as_quoted else "the statements do not stand so in the cited lines"
        return Support(stands_as_quoted, reason)
    for form_holds, reason in _FORMS:
        holds = form_holds(graph, sentence, citations)
        if holds is not None:
            return Support(holds, "" if holds else reason)
    parsed = read_sentence(without_hedges(sentence))
    text = cited_text(graph, citations)
    region = Region(graph, citations, links)
    claims = claims_in(parsed)
    problem = _find_problem(region, parsed, claims, text, citations)
    if any(r.negated and (claims.incomplete or (r.kind == "kind" and r.loose)) for r in claims.relations):
        return Support(False, problem or "what is denied of which name could not be made out")
    if _is_read_by_pattern(claims):
        return Support(not problem, problem)
    relation_words = word_sequence(parsed)
    is_unclear = bool(problem or claims.incomplete or _is_vague(claims))
    relation = (
        supported_relation(region, relation_words, claims.relations)
        if is_unclear and relation_words is not None
        else None
    )
    if relation is not None:
        problem = _find_problem(region, parsed, Claims((relation,), (), ()), text, citations)
    elif is_unclear and not problem and not parsed.of("quote") and _has_few_names(parsed, claims):
        problem = "how the names in it relate could not be made out"
    elif relation_words is not None and not problem and is_doubtful(relation_words, claims.relations):
        problem = "its words hardly tell what the cited lines show"
    return Support(not problem, problem)


def relates_names(sentence: str) -> bool:
    """Whether a supported sentence states a relation between names, which then holds."""
    parsed = read_sentence(sentence)
    claims = claims_in(parsed)
    return bool(claims.relations) or (claims.incomplete and word_sequence(parsed) is not None)


def _has_few_names(sentence: Sentence, claims: Claims) -> bool:
    """Whether a sentence has so few names that the relation between all of them must be read."""
    return not claims.relations or len(sentence.mentions) < 4 or (_is_vague(claims) and not claims.incomplete)


def _is_vague(claims: Claims) -> bool:
    """Whether a pattern found a relation without its terms: "belongs to the parameters that `f` accepts"."""
    return any(r.loose and r.kind in _BINARY_RELATIONS for r in claims.relations)


def _is_read_by_pattern(claims: Claims) -> bool:
    return any(r.kind in _PATTERN_ONLY and (r.kind != "kind" or (r.objects and not r.loose)) for r in claims.relations)


def _find_problem(
    region: Region, sentence: Sentence, claims: Claims, text: str, citations: tuple[Citation, ...]
) -> str:
    beyond_citation, compared_as_syntax = _mentions_checked_elsewhere(claims)
    return (
        _missing_name(region.graph, sentence, text, citations, beyond_citation, compared_as_syntax)
        or _missing_number(sentence, text, compared_as_syntax | _path_mentions(sentence, citations))
        or _missing_quotation(sentence, text)
        or _unsupported_claim(region, sentence, claims, text)
    )


def _mentions_checked_elsewhere(claims: Claims) -> tuple[set[Mention], set[Mention]]:
    """Two sets of mentions that need not occur literally in the cited lines: names that the graph checks, since they are beyond these lines
    (what a method overrides, what is denied); and expressions that are compared as syntax. Their relations are checked later."""
    beyond_citation: set[Mention] = set()
    compared_as_syntax: set[Mention] = set()
    for relation in claims.relations:
        if relation.negated:
            beyond_citation.update(relation.objects)
        elif relation.loose:
            continue
        elif relation.kind in _BEYOND_CITATION:
            beyond_citation.update((*relation.objects, *relation.subjects))
        elif relation.kind == "count":
            compared_as_syntax.update(relation.objects)
        elif relation.kind in _COMPARED_AS_SYNTAX:
            compared_as_syntax.update(
                (*relation.objects, *relation.second_objects, *(c.mention for c in relation.conditions if c.exact))
            )
            if relation.kind == "default":
                compared_as_syntax.update(relation.subjects)  # such as the table `DEFAULTS["db"]`
    return beyond_citation, compared_as_syntax


def _missing_name(
    graph: CodeGraph,
    sentence: Sentence,
    text: str,
    citations: tuple[Citation, ...],
    beyond_citation: set[Mention],
    compared_as_syntax: set[Mention],
) -> str:
    known_names = set(_NAME.findall(text)) | context_names(graph, citations) | FREE_WORDS
    tokens: list[str] | None = None
    for mention in sentence.of("code", "name"):
        mention_text = mention.text
        missing = [part for part in _NAME.findall(_LITERAL.sub(" ", mention_text)) if part not in known_names]
        if mention in beyond_citation:
            unknown = [part for part in missing if not name_occurs(graph, part)]
            if unknown:
                return f"`{unknown[0]}` does not occur in the workspace"
            continue
        if missing:
            return f"`{missing[0]}` does not occur in the cited lines"
        if mention in compared_as_syntax or _PLAIN_NAME.fullmatch(mention_text) or _CALL.fullmatch(mention_text):
            continue
        tokens = _tokens(text) if tokens is None else tokens
        if not _contains(tokens, _tokens(mention_text.removesuffix("()"))):
            return f"`{mention_text}` does not stand like this in the cited lines"
    return ""


def _path_mentions(sentence: Sentence, citations: tuple[Citation, ...]) -> set[Mention]:
    """The mentions that are the path of a citation, or the pytest id of a test in it, whose digits are no numbers."""
    paths = [c.span.path for c in citations]
    file_of = {m: m.text.partition("::")[0] for m in sentence.mentions}
    return {m for m, name in file_of.items() if name and any(p == name or p.endswith("/" + name) for p in paths)}


def _missing_number(sentence: Sentence, text: str, exempt: set[Mention]) -> str:
    """The problem if a number does not occur in the cited lines, else "". `exempt`: mentions that are compared otherwise (`0x1F` is 31 as
    syntax)."""
    cited_numbers = numbers_in(text)
    for mention in sentence.of("number"):
        if mention not in exempt and mention.text.replace("_", "") not in cited_numbers:
            return f"the number {mention.text} does not occur in the cited lines"
    for mention in sentence.of("code"):
        if mention in exempt:
            continue
        for number in numbers_in(_LITERAL.sub(" ", mention.text)):
            if number not in cited_numbers:
                return f"the number {number} does not occur in the cited lines"
    return ""


def _missing_quotation(sentence: Sentence, text: str) -> str:
    quotations = [m.text for m in sentence.of("quote")]
    for mention in sentence.of("code"):
        quotations += [g for m in _LITERAL.finditer(mention.text) for g in m.groups() if g and _NAME.search(g)]
    if not quotations:
        return ""
    cited_words = (_plain_words(text), _plain_words(prose(text)))
    for quotation in quotations:
        if not any(_contains(words, _plain_words(quotation)) for words in cited_words):
            return "the quotation does not occur in the cited lines"
    return ""


def _unsupported_claim(region: Region, sentence: Sentence, claims: Claims, text: str) -> str:
    for relation in claims.relations:
        problem = problem_of(region, relation)
        if problem:
            return problem
    cited_words = _plain_words(text)
    if claims.unread_words:
        return f"what “{claims.unread_words[0]}” relates to what could not be made out"
    for words in claims.negations:
        # "if no rule matches" is supported by lines that say "no rule".
        denied_words = _plain_words(MARK.sub(lambda m: f" {sentence.mentions[int(m[1])].text} ", words))[:2]
        if len(denied_words) < 2 or not _contains(cited_words, denied_words):
            return f"the cited lines do not say “{' '.join(denied_words)}”"
    for word in claims.exclusive:
        if word.lower() not in cited_words:
            return f"that it is {word.lower()} so cannot be told from the cited lines"
    return ""


def verify_claim(graph: CodeGraph, claim: Claim, links: KnownLinks | None = None) -> tuple[Claim, str]:
    """The claim with its citations checked now, and the reason why it may not be shown ("" if it may). `links`: as for `supports`."""
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
    """The names that a citation implies without its text: those in its path, its module, and the definitions around it."""
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
    """Words and other characters, with quotes normalised."""
    return [t.replace("'", '"') for t in _TOKEN.findall(text)]


def _contains(words: list[str], part: list[str]) -> bool:
    """Whether `part` occurs in `words` contiguously: a word left out may be a "not"."""
    if not part:
        return True
    starts = (i for i, word in enumerate(words) if word == part[0])
    return any(words[i : i + len(part)] == part for i in starts)
