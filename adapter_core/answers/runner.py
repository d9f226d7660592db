"""Answers one question: search, compose or phrase sentences, let the model vote, verify, and refuse where nothing supports an answer.

Events for callers that stream: ("stage", name), ("evidence", tuple of Evidence), ("claim", Claim) for each sentence that passed every
check, and with `AskOptions.verbose` ("detail", text). When the model votes, the sentences chosen without it are streamed first, and the
returned answer may hold others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..code_graph import CodeGraph
from ..errors import ModelError, UsageError
from ..evidence.exported import WHY_OFFERED
from ..evidence.guides import WHY_TELLS_HOW
from ..evidence.question import analyse
from ..evidence.selection import Found, search
from ..graph.source import hash_lines, is_python
from ..models.backend import Backend
from ..types import Answer, CancelToken, Claim, EventSink, Evidence, SymbolRef
from .absent_things import absent_thing
from .aside_words import told_of_asides, without_noise, words_of_asides
from .asked_symbols import module_asked_about, resolve_answer_kind
from .chat import WHAT_CAN_BE_ASKED, is_chat
from .claims import chosen_claims, verified_claim
from .compose import introduction
from .composing.collections.told_collections import is_of_collection
from .composing.comparisons import definitions_to_compare
from .composing.documentation.reasons import reason_sentences
from .composing.links.counts import asks_workspace_count
from .composing.listings.absent_members import AbsentMember, absence_sentences, absent_members, names_something_else
from .composing.listings.all_kinds import cached_listings
from .composing.sentence_scores import lexical_scores, mix
from .export import join_reasons
from .flags import validate_options
from .kinds import LINKS, compared_names
from .options import AskOptions
from .pointing import (
    NOTHING_BEFORE,
    expand_question,
    focus_name,
    line_in_question,
    parse_line_name,
    unresolved_pronoun,
    zoom_symbol,
)
from .provenance import provenance_of
from .refusal import (
    confidence,
    is_answerable,
    missing_links_note,
    missing_names,
    missing_subjects,
    missing_words,
    signals,
    unindexed_languages_note,
)
from .render import (
    asides_heading,
    commit_footer,
    missing_names_heading,
    missing_words_heading,
    not_found_text,
    to_markdown,
)
from .respelling import apply_corrections, spelling_corrections
from .rewording import understood_question
from .selecting import keep_selected, sort_by_gains
from .several_names import joined_answer, questions_by_name, share_of
from .state import Run
from .telemetry import answer_record, write_record
from .writing.adapting import Plan, plan
from .writing.phrasing import phrase
from .writing.reading import votes_on

_ABOUT_OWNER = 2  # sentences about the class or module of what does not exist
_COUNT_HINT = (
    'counts are told of what a question names, for example "How many methods does Router have?"; '
    "`pathline graph --dump` counts what the whole workspace has"
)
_TIME_LIMIT_NOTE = "callers, tests and the like were looked for until a time limit; there may be more"
_UNPARSABLE_NOTE = "{} cannot be parsed as it stands, so that the answer may lack something"
_MAX_NAMED = 3  # definitions that a word of a question may mean
_MAX_UNPARSABLE = 3  # files that a note names
_MAX_MISSING = 3  # missing names that a note lists


def _ignore(name: str, value: Any) -> None:
    """The event sink of callers that do not stream."""


def answer_question(
    graph: CodeGraph,
    question: str,
    options: AskOptions | None = None,
    backend: Backend | None = None,
    cancel: CancelToken | None = None,
    on_event: EventSink | None = None,
    context: Sequence[Evidence] = (),
) -> Answer:
    """Answer a question about a workspace. Every claim of the result resolves, is fresh and is supported at this moment.
    `context`: evidence of earlier questions; it is ranked behind what is found now, and dropped where its lines have changed.

    Raises `UsageError` for an empty question, an unknown zoom symbol or contradictory options, `AdapterFileError` for a named adapter that
    does not exist, `Cancelled` when `cancel` is set. If the model fails, the composed answer is returned and `reason` says so.
    """
    options = validate_options(options or AskOptions())
    if not question.strip():
        raise UsageError(
            'The question is empty; ask something, for example: pathline ask "Where is the cache cleared?"'
        )
    with graph.within(None, cancel):
        understood = understood_question(graph, question)
        parts = questions_by_name(graph, understood) if options.zoom is None else {}
        shares = replace(options, compose=share_of(options.compose, len(parts))) if parts else options
        runs = [
            Run(graph, part, shares, backend, cancel, on_event or _ignore, asked=question)
            for part in parts.values() or [understood]
        ]
        answers = [_answer(run, context) for run in runs]
    return joined_answer(list(parts), answers) if parts else answers[0]


def _answer(run: Run, context: Sequence[Evidence]) -> Answer:
    graph, question, options = run.graph, run.question, run.options
    focus = focus_name(question, options.zoom, options.cursor)
    line = line_in_question(graph, question) or parse_line_name(graph, focus)
    zoom = zoom_symbol(graph, focus) or (graph.symbol_at(*line) if line is not None else None)
    if zoom is None and (module := module_asked_about(graph, analyse(question))) is not None:
        zoom = module
    run.emit("stage", "searching")
    found = search(graph, expand_question(question, zoom), options.selection, zoom)
    found = _add_context(graph, replace(found, line=line), context)
    if zoom is None and is_chat(question):
        return _finish(run, replace(found, evidence=()), WHAT_CAN_BE_ASKED, [])
    if zoom is None and not context and (word := unresolved_pronoun(found.question)):
        return _finish(run, found, NOTHING_BEFORE.format(word), [])
    found = _apply_selection(run, found)
    run.check()
    run.mark("evidence")
    run.emit("evidence", found.evidence)
    absent = absent_members(graph, found.question)
    about_absent = [
        claim for item in absent for one in absence_sentences(graph, item) if (claim := verified_claim(run, one))
    ]
    if about_absent and not names_something_else(graph, found.question, absent):
        return _finish_absent(run, found, absent[0], about_absent)
    missing = missing_subjects(graph, found.question)
    if missing:
        return _refuse(run, found, missing)
    if asks_workspace_count(question):
        run.note(_COUNT_HINT)
        return _refuse(run, found, ())
    if not _has_answer(run, found):
        respelled = _search_respelled(run, found, zoom)
        if respelled is None:
            return _refuse(run, found)
        found = respelled
    plan_once = functools.cache(lambda: _load_plan(run, found))
    missing = missing_names(graph, found.question)[:_MAX_MISSING] if not about_absent else []
    names_words = found.zoom is None and found.question.kind != "overview"
    is_collected = any(
        map(is_of_collection, cached_listings(run.links, run.question))
    )  # it may be called something else
    names_words = names_words and not is_collected
    words = missing_words(graph, found.question)[:_MAX_MISSING] if names_words and not missing else []
    asides = words_of_asides(graph, found.question) if found.zoom is None and not (missing or words) else []
    names_nothing = found.zoom is None and not (missing or asides or about_absent)
    thing = absent_thing(graph, found.question) if names_nothing else None
    thing = thing if thing is None or not words or thing.head in words else None
    claims: list[Claim] = []
    if options.phrase:
        run.emit("stage", "phrasing")
        claims = phrase(run, found, plan_once())
    if not claims:
        run.emit("stage", "composing")
        is_listed = bool(cached_listings(run.links, run.question))  # a direct answer
        claims = _compose(
            run,
            found,
            plan_once,
            lambda told: (
                told
                if is_listed
                else thing.nearest(told)
                if thing is not None
                else without_noise(graph, found.question, told, asides, words)
            ),
        )
    is_absent = thing is not None and not words and (thing.is_mentioned or not thing.is_told_by(claims))
    told_of = thing.told if thing is not None and is_absent else told_of_asides(graph, asides)
    if not claims:
        run.note(f"nothing in this workspace speaks of {_quoted(words)}" if words else told_of)
        return _refuse(run, found, words or (thing.words if thing is not None else None))
    claims = [*about_absent, *claims]
    if not options.phrase:
        run.note(missing_links_note(graph, found.question, claims))
    run.note(_one_sided_note(graph, question))
    if missing:
        run.note(f"not found in this workspace: {', '.join(missing)}; the answer is about what comes nearest")
    if words:
        run.note(f"nothing in this workspace speaks of {_quoted(words)}; the answer is about what comes nearest")
    run.note(told_of)
    heading = missing_names_heading(missing) or missing_words_heading(words) or asides_heading(told_of)
    return _finish(run, found, heading + to_markdown(claims), claims)


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _finish_absent(run: Run, found: Found, absent: AbsentMember, about_absent: list[Claim]) -> Answer:
    """The answer that a class or module has no such member; where the question asks why, with what documentation says cannot be done
    with it; and a few sentences about it."""
    owner = absent.owners[0]
    claims = list({claim.text: claim for claim in about_absent}.values())
    if found.question.kind == "why":
        reasons = reason_sentences(run.graph, owner.symbol.name, absent.name)
        claims += [claim for item in reasons if (claim := verified_claim(run, item)) is not None]
    told = len(claims)
    for item in introduction(run.graph, owner):
        if len(claims) - told < _ABOUT_OWNER and (claim := verified_claim(run, item)) is not None:
            claims.append(claim)
    for claim in claims:
        run.emit("claim", claim)
    return _finish(run, found, to_markdown(claims), claims)


def _one_sided_note(graph: CodeGraph, question: str) -> str:
    """Which of two compared names is nowhere defined, if the other one is; else ""."""
    names = compared_names(question)
    unknown = [name for name in names if not definitions_to_compare(graph, name) and not graph.find_symbol(name, 1)]
    return f"nothing is called “{unknown[0]}” here; the answer is about the other one" if len(unknown) == 1 else ""


def _search_respelled(run: Run, found: Found, zoom: SymbolRef | None) -> Found | None:
    """The search results for the question with its typing errors corrected; None if it has none, or still has no answer."""
    corrections = spelling_corrections(run.graph, found.question)
    if not corrections:
        return None
    respelled = search(run.graph, apply_corrections(run.question, corrections), run.options.selection, zoom)
    if not _has_answer(run, respelled):
        return None
    run.note("; ".join(f"“{word}” is read as “{correction}”" for word, correction in corrections.items()))
    return _apply_selection(run, respelled)


def _apply_selection(run: Run, found: Found) -> Found:
    """The search results, narrowed and reranked as the options say."""
    sources = run.options.sources
    if not (sources.rerank or sources.of_sources == "zoom" or run.options.verbose):
        return found
    selected = run.selection(found)
    best_files = ", ".join(f"{f.path} {f.score:g}" for f in selected.files[:5])
    run.detail(f"selected by {sources.of_sources}: {best_files or 'nothing'}")
    if sources.of_sources == "zoom":
        found = keep_selected(found, selected)
    if sources.rerank:
        run.detail("reranked: " + ", ".join(f"{p} ×{g:.2f}" for p, g in list(selected.gains.items())[:5]))
        found = sort_by_gains(found, selected)
    return found


def _load_plan(run: Run, found: Found) -> Plan:
    """The adapter and memory of this answer. This loads the model, so it is called only when the model is needed."""
    if run.backend is None:
        return Plan()
    try:
        info = run.backend.load()
    except ModelError as error:
        run.model_works = False
        run.note(f"the model cannot be used: {error}")
        return Plan()
    run.model_name = info.name
    return plan(run, found, info)


def _add_context(graph: CodeGraph, found: Found, context: Sequence[Evidence]) -> Found:
    """The search results, followed by the items of `context` that are fresh and do not overlap them."""
    added: list[Evidence] = []
    for item in context:
        document = graph.document(item.span.path)
        inside = document is not None and item.span.end <= len(document.lines)
        fresh = (
            inside
            and document is not None
            and hash_lines(document.lines, item.span.start, item.span.end) == item.sha256
        )
        if fresh and not any(item.span.overlaps(e.span) for e in (*found.evidence, *added)):
            added.append(item)
    if not added:
        return found
    return replace(
        found,
        evidence=(*found.evidence, *added),
        passages=(*found.passages, *added),
        definitions=(*found.definitions, *added),
    )


def _has_answer(run: Run, found: Found) -> bool:
    """Whether the workspace seems to hold an answer. Questions about a zoom symbol or the whole project always get one."""
    if cached_listings(run.links, run.question):
        return True  # a direct answer: an option, a default, a quoted message, however much of a foreign traceback surrounds it
    if not found.evidence:
        return False
    if found.zoom is not None or found.question.kind == "overview":
        return True
    if any(WHY_TELLS_HOW in guide.why for guide in found.guides) or any(
        WHY_OFFERED in e.why for e in found.definitions
    ):
        return True
    found_signals = signals(run.graph, found, run.links)
    run.metrics["confidence"] = round(confidence(found_signals, run.options.refusal), 3)
    return is_answerable(found_signals, run.options.refusal)


def _compose(
    run: Run, found: Found, plan_once: Callable[[], Plan], kept: Callable[[list[Claim]], list[Claim]]
) -> list[Claim]:
    """The chosen sentences as verified claims. They are true by construction, and verified all the same. `kept`: those of them that are
    told."""
    items = run.candidates(found)
    run.metrics["candidates"] = len(items)
    base_scores = lexical_scores(
        items,
        resolve_answer_kind(run.graph, found.question),
        found.weights,
        found.question.text[:300],
        found.alternatives,
    )
    run.check()
    claims = kept(chosen_claims(run, found, items, base_scores))
    _note_time_limit(run, found)
    run.mark("composed")
    if not run.options.phrase:
        for claim in claims:
            run.emit("claim", claim)
    votes = votes_on(run, items, base_scores, plan_once)
    if all(vote is None for vote in votes):
        return claims
    return kept(chosen_claims(run, found, items, mix(base_scores, votes, run.options.reading.weight))) or claims


def _note_time_limit(run: Run, found: Found) -> None:
    budget = run.links.budget
    if budget.over or (budget.cut and resolve_answer_kind(run.graph, found.question) in LINKS):
        run.note(_TIME_LIMIT_NOTE)


def _refuse(run: Run, found: Found, missing: Sequence[str] | None = None) -> Answer:
    """A refusal with the nearest names. `missing`: the names that the workspace does not have; None if unknown: then any word of the
    question may be one of them."""
    names: list[str] = []
    for word in missing if missing is not None else (*found.question.identifiers, *found.question.words):
        names.extend(n for n in run.graph.nearest_names(word.rpartition(".")[2], 3) if n not in names)
        if len(names) >= 5:
            break
    locations = []
    for name in names[:5]:
        refs = run.graph.find_symbol(name)
        locations.append(f"{refs[0].path}:{refs[0].symbol.name_line}" if refs else "")
    return _finish(run, found, not_found_text(names[:5], locations), [])


def _unparsable_files(run: Run, found: Found, claims: list[Claim]) -> list[str]:
    """The paths that do not parse (somebody is typing), among the files that are asked about or cited."""
    graph, question = run.graph, found.question
    asked_refs = [found.zoom] if found.zoom is not None else []
    for name in dict.fromkeys((*question.identifiers, *question.words)):
        refs = graph.find_symbol(name, _MAX_NAMED)
        asked_refs += refs if len(refs) <= _MAX_NAMED else []  # a name with many definitions is an ordinary word
    paths = [*(ref.path for ref in asked_refs), *(c.span.path for claim in claims for c in claim.citations)]
    return [path for path in dict.fromkeys(paths) if (facts := graph.facts(path)) is not None and facts.recovered]


def _finish(run: Run, found: Found, text: str, claims: list[Claim]) -> Answer:
    complete, reason = run.graph.completeness
    if text != WHAT_CAN_BE_ASKED and not any(is_python(c.span.path) for claim in claims for c in claim.citations):
        run.note(unindexed_languages_note(run.graph, found.question))
    unparsable = _unparsable_files(run, found, claims)[:_MAX_UNPARSABLE]
    if unparsable:
        complete = False
        run.note(_UNPARSABLE_NOTE.format(" and ".join(unparsable)))
    if not run.graph.store.counts()[0] and complete:
        reason = "there is nothing to answer from here: no Python file and no documentation"
    run.mark("total")
    run.metrics |= {"coverage": round(found.coverage, 3), "evidence": len(found.evidence), "dropped": len(run.dropped)}
    provenance = provenance_of(run.graph.root, run.model_name, run.adapter_name)
    if run.options.commit_footer:
        text += commit_footer(provenance)
    answer = Answer(
        run.asked or run.question,
        text,
        tuple(claims),
        found.evidence,
        tuple(run.dropped),
        bool(claims),
        complete,
        join_reasons(reason, *run.notes),
        provenance,
        run.metrics,
    )
    telemetry = run.options.telemetry
    if telemetry.telemetry_out is not None:
        try:
            write_record(telemetry.telemetry_out, answer_record(run.graph, answer, telemetry.with_question))
        except UsageError as error:
            return replace(answer, reason=join_reasons(answer.reason, str(error)))
    return answer
