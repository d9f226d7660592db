"""From scored sentences to the claims of an answer: how many and which are told, in which order, each verified."""

from __future__ import annotations

from dataclasses import replace

from ..evidence.selection import Found
from ..types import Claim
from .asked_symbols import named_symbols, resolve_answer_kind
from .citations import cite
from .compose import asks_how_laid_out
from .composing.candidate import COURSES, Candidate
from .composing.choose import choose
from .composing.collections.told_collections import MAX_SENTENCES, is_of_collection
from .composing.further_places import further_places
from .composing.leading import leading_sentence
from .composing.listings.all_kinds import cached_listings
from .composing.listings.environment_variables import asks_variables
from .composing.namesakes import with_module
from .composing.reading_order import arrange_with_opening, sort_for_reading
from .composing.settings.command_options import MAX_OPTIONS, command_asked_for_options
from .composing.settings.setting_questions import calls_it_setting
from .kinds import LINKS, asks_course, asks_structure, asks_what_it_does
from .state import Run

# Kinds of questions whose answer is what the search finds, and kinds of sentences that say for sure that it was found.
_SEARCHED = frozenset({"where", "how", "why", "what", "other"})
_SURE = frozenset({"listing", "setting", "default", "call_path", "line", "table"})
_FURTHER_PARTS = 5  # how many sentences more the answer has if it is about the parts of the project
_COURSE_DISCOUNT = 2  # how many sentences less if one of them covers a whole function
_MAIN_DISCOUNT = 1  # the same, if it is the function that does what is asked


def chosen_claims(run: Run, found: Found, items: list[Candidate], scores: list[float]) -> list[Claim]:
    """The best of the sentences as claims, in the order in which they are read. `scores`: how well each of `items` answers."""
    limit = run.options.compose.max_sentences
    if asks_how_laid_out(found):
        return _ordered_claims(run, items[: limit + _FURTHER_PARTS])
    if command_asked_for_options(found.question.text) and cached_listings(run.links, run.question):
        limit = max(limit, min(len(items), MAX_OPTIONS + 2))  # each is part of the answer
    elif calls_it_setting(found.question.text) or asks_variables(found.question.text):
        limit = max(limit, min(sum(item.kind in ("setting", "listing") for item in items), MAX_OPTIONS + 2))
    elif collected := sum(map(is_of_collection, items)):
        limit = max(limit, min(collected, MAX_SENTENCES))
    chosen = choose(items, scores, found.weights, limit)
    discount = (
        _MAIN_DISCOUNT if any(item.role == "main" and item.kind in COURSES for item in chosen) else _COURSE_DISCOUNT
    )
    course_limit = max(1, limit - discount)
    if any(item.kind in COURSES for item in chosen[:course_limit]):
        chosen, limit = chosen[:course_limit], course_limit
    run.check()
    ordered = _arrange(run, found, items, chosen)
    if len(ordered) > limit:  # with the opening
        ordered = _arrange(run, found, items, chosen[:-1]) or sort_for_reading(run.graph, chosen)
    return _with_further_places(run, found, chosen, _ordered_claims(run, ordered))


def _with_further_places(run: Run, found: Found, chosen: list[Candidate], claims: list[Claim]) -> list[Claim]:
    """The claims, followed by the other places that the search found, where nothing says which of them is meant: no name, no listing, no
    documentation."""
    kind = resolve_answer_kind(run.graph, found.question)
    is_told = found.zoom is not None or found.guides or any(item.named or item.kind in _SURE for item in chosen)
    if run.options.phrase or not claims or is_told or kind not in _SEARCHED or named_symbols(run.graph, found.question):
        return claims
    further = further_places(run.graph, found, [c for claim in claims for c in claim.citations])
    claim = verified_claim(run, further) if further is not None else None
    return [*claims, claim] if claim is not None else claims


def _ordered_claims(run: Run, items: list[Candidate]) -> list[Claim]:
    told = (verified_claim(run, with_module(run.graph, item)) or verified_claim(run, item) for item in items)
    return [claim for claim in told if claim is not None]


def _arrange(run: Run, found: Found, items: list[Candidate], chosen: list[Candidate]) -> list[Candidate]:
    """The chosen sentences (best first) in reading order: the answer is about what was found first."""
    kind = resolve_answer_kind(run.graph, found.question)
    if kind in LINKS:
        return sort_for_reading(run.graph, chosen)
    lead = leading_sentence(chosen, kind, found.question.text, found.weights)
    if lead is not None:  # before what leads to it
        chosen = [replace(lead, rank=-1, order=-1), *(item for item in chosen if item is not lead)]
    explains = bool(chosen) and chosen[0].kind != "listing" and asks_what_it_does(found.question.text)
    best_subject = chosen[0].subject if explains else ""
    chosen = sorted(chosen, key=lambda item: (bool(best_subject) and item.subject != best_subject, item.rank))
    named_refs = named_symbols(run.graph, found.question)
    wants_structure = asks_structure(found.question)
    wants_workings = wants_structure or kind in ("how", "overview") or asks_course(found.question)
    return arrange_with_opening(run.graph, chosen, items, named_refs, wants_structure, wants_workings)


def verified_claim(run: Run, item: Candidate) -> Claim | None:
    """The sentence with its citations; None where these do not support it."""
    citations = [cite(run.graph, path, a, b, run.options.citations.max_lines) for path, a, b in item.spans]
    return run.verify(Claim(item.text, "composed", tuple(c for c in citations if c is not None), item.steps))
