"""Compiles the candidate sentences of an answer: each states facts of the graph or quotes the text, and names the lines that show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..code_graph import CodeGraph, is_test_path
from ..evidence.extending import WHY_BASE_CLASS, WHY_NAMED_SO, WHY_REGISTERS
from ..evidence.guides import asks_how_to
from ..evidence.project_questions import asks_layout
from ..evidence.search_index import SearchIndex
from ..evidence.selection import Found
from ..graph import terms
from ..graph.finding.lookup import implementation
from ..types import Evidence, ModuleFacts, SymbolRef
from .asked_symbols import is_named_by_words, leading_symbols, named_symbols, parameter_owners, resolve_answer_kind
from .clauses import split_question
from .composing.about_symbol import QuestionTraits, Subject, SymbolSentences, subject_of
from .composing.acts.act_places import act_sentences
from .composing.asked_result import asks_result, of_results
from .composing.candidate import OF_STATEMENTS, Candidate, SentenceBuilder
from .composing.collections.asked_collection import follows_up
from .composing.collections.told_collections import is_of_collection
from .composing.compared_in_words import sentences_in_words
from .composing.comparisons import compared_pair, comparison_sentences, display_name
from .composing.definitions import class_sentences
from .composing.documentation.quoted_docs import quote_docstring, quote_module_docstring
from .composing.links.call_paths import call_path_sentence
from .composing.links.calls import BY_NAME
from .composing.links.common_caller import common_caller
from .composing.links.counts import counted_kinds
from .composing.links.known_links import KnownLinks
from .composing.links.library_uses import LibraryUse, library_uses
from .composing.links.startup import FRAME, Startup, asks_startup, startup_of
from .composing.listings.all_kinds import cached_listings
from .composing.listings.asked_write import asks_only_writes
from .composing.listings.base_classes import asks_bases
from .composing.listings.environment_variables import asks_variables
from .composing.listings.module_choices import is_choice
from .composing.listings.raising_places import asked_exception, asks_only_raising
from .composing.listings.sent_signals import asks_senders
from .composing.listings.test_runs import asks_to_run_tests, runs_whole_folder
from .composing.listings.topic_tests import asks_topic_tests
from .composing.listings.what_it_raises import function_asked_what_it_raises
from .composing.main_function import does_what_is_asked, main_function
from .composing.project_layout import layout_sentences
from .composing.sentence_scores import is_private
from .composing.settings.command_options import command_asked_for_options
from .composing.settings.sentences import beside_settings
from .composing.statements.quotes import sentence_at_line
from .inert import code
from .kinds import LINKS, asks_course, asks_difference, asks_workings, compared_names

_MAX_SYMBOLS = 8
_MAX_TERMS_ABOUT_ONE = 10  # a question with more words is seldom about one function
_FOR_USERS = frozenset(
    {"example", "guide", "sample", "table", "text", "listed", "listing", "setting", "default", "call_path", "line"}
)
_OF_COMPARED = frozenset({"doc", "returns", "raises", "comment", "decides"})
_INTRODUCTION = (
    "where",
    "contents",
    "doc",
    "param",
    "signature",
    "bases",
    "text",
    "guide",
    "sample",
    "table",
    "listed",
)
_MOST, _NEARLY_ALL = 0.6, 0.85  # of the weight of a question's words


def candidates(graph: CodeGraph, found: Found, limit: int, links: KnownLinks | None = None) -> list[Candidate]:
    """At most `limit` sentences: about what the question names or lists first, then about the evidence, in its order.
    `links`: the links known so far, with the time budget for more."""
    links = links or KnownLinks(graph)
    kind = resolve_answer_kind(graph, found.question)
    with links.budget.spend():
        library = library_uses(graph, found.question) if kind == "callers" else []
    traits = _question_traits(graph, found, kind, library)
    evidence_subjects = list(_evidence_subjects(graph, found))
    with links.budget.spend():
        is_about_one = len(found.weights) <= _MAX_TERMS_ABOUT_ONE and not found.guides and found.line is None
        workings = is_about_one and asks_workings(found.question, kind)
        if traits.wants_course and not traits.named and not workings:
            evidence_subjects = _with_common_caller(graph, evidence_subjects)
        startup = _startup(graph, found) if workings and asks_startup(found.question.text) else None
        if startup is not None:
            first = tuple(s for ref in startup.path if (s := subject_of(graph, ref)) is not None)
            roles = {s.location: "main" if s is first[-1] else "callee" for s in first}
            traits = replace(traits, roles=roles, wants_course=True)
            evidence_subjects = [*first, *(s for s in evidence_subjects if s.location not in roles)]
        elif workings:
            main = main_function(graph, found, evidence_subjects, traits.named)
            if main is not None:
                first = (main.subject, *main.callees)
                roles = {s.location: "callee" if n else "main" for n, s in enumerate(first)}
                traits = replace(traits, roles=roles)
                evidence_subjects = [*first, *(s for s in evidence_subjects if s.location not in roles)]
        by_text = {item.text: item for item in _question_sentences(links, found, kind, library)}
        if kind == "where" and not by_text:
            by_text = {item.text: item for item in act_sentences(graph, found)}
        told_first = (startup.script, startup.sentence) if startup is not None else ()
        by_text = {item.text: item for item in told_first if item is not None} | by_text
    parts = split_question(found.question.text)
    is_whole = (
        _is_all_listed(found.question.text, parts)
        or asks_how_laid_out(found)
        or _is_told_as_list(by_text.values(), parts)
    )
    if by_text and asks_to_run_tests(found.question.text):
        # Beside what is written on it, what is found is about something else.
        evidence_subjects, is_whole = [], not found.guides
        if found.guides:
            by_text = {text: item for text, item in by_text.items() if not runs_whole_folder(text)}
    if by_text and is_whole:
        return list(by_text.values())[:limit]
    if by_text and asks_only_raising(parts):
        names = {name.rpartition(".")[2] for name in map(asked_exception, parts)}
        evidence_subjects = [
            subject
            for subject in evidence_subjects
            if subject.symbol.name in names or _is_told_of(subject, by_text.values())
        ]
    compiler = SymbolSentences(links, traits, found.weights, found.alternatives)
    name_only_spans: set[tuple[str, int, int]] = set()
    for rank, subject in enumerate(_subjects(graph, found, evidence_subjects)):
        if rank >= _MAX_SYMBOLS or (rank and len(by_text) >= limit):
            break
        sentences = _without_repeated_statements(list(compiler.sentences(subject, rank)))
        if found.line is not None and not any(item.kind == "line" for item in by_text.values()):
            sentences = _promote_line(sentences, found.line)
        for order, candidate in enumerate(sorted(sentences, key=lambda c: _order_key(c, kind))):
            if candidate.text.startswith(BY_NAME):
                if name_only_spans.issuperset(candidate.spans):
                    continue  # the same calls were listed for another symbol of that name
                name_only_spans.update(candidate.spans)
            named = subject.location in traits.named or subject.location in traits.guides
            by_text.setdefault(
                candidate.text,
                replace(
                    candidate,
                    order=min(order, candidate.order or order),
                    named=named or candidate.named,
                    role=traits.roles.get(subject.location, ""),
                ),
            )
    items = beside_settings(found.question.text, _of_use(found, list(by_text.values())))
    return _without_filler(graph, found, items)[:limit]


def _is_told_as_list(items: Iterable[Candidate], parts: list[str]) -> bool:
    """Whether some of the sentences are the whole answer by themselves: what a module chooses on import, or a collection with its members,
    if all other parts of the question ask more of that."""
    told = list(items)
    is_collection = any(map(is_of_collection, told)) and all(map(follows_up, parts[1:]))
    return is_collection or any(is_choice(item.text) for item in told)


def asks_how_laid_out(found: Found) -> bool:
    """Whether a question asks how the project as a whole is laid out, or what its parts are."""
    return found.question.kind == "overview" and found.zoom is None and asks_layout(found.question.text)


def _startup(graph: CodeGraph, found: Found) -> Startup | None:
    """How the program starts, up to the function that does most of what is asked."""
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    asked = replace(found, weights={term: w for term, w in found.weights.items() if term not in FRAME})
    return startup_of(graph, found.weights, own_names, lambda ref: does_what_is_asked(graph, asked, ref))


def _is_all_listed(text: str, parts: list[str]) -> bool:
    """Whether what a listing has to say is the whole answer: what else has the words of such a question is about something else."""
    return bool(
        asks_senders(text)
        or asks_bases(text)
        or function_asked_what_it_raises(text)
        or command_asked_for_options(text)
        or all(map(asks_variables, parts))
        or asks_only_writes(parts)
        or asks_topic_tests(text)
    )


def introduction(graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """What a class or module says of itself: its docstring, and the bases and methods of a class."""
    subject, document = subject_of(graph, ref), graph.document(ref.path)
    if subject is None or document is None:
        return
    builder = SentenceBuilder(subject.facts, subject.index, 0)
    if ref.symbol.kind == "module":
        yield from quote_module_docstring(builder, document.lines, {})
        return
    yield from quote_docstring(builder, document.lines, {}, False)
    yield from class_sentences(builder, document.lines)


def _is_told_of(subject: Subject, items: Iterable[Candidate]) -> bool:
    """Whether some of these sentences cite lines of this function."""
    path, symbol = subject.facts.path, subject.symbol
    spans = (span for item in items for span in item.spans)
    return symbol.is_callable and any(p == path and symbol.start <= line <= symbol.end for p, line, _ in spans)


def _of_use(found: Found, items: list[Candidate]) -> list[Candidate]:
    """The sentences; where the question asks how one does something, those on statements and types only if they have most of its words, and
    beside documentation that tells how the others only if they have nearly all, unless about what it names. All if none is left."""
    if not asks_how_to(found.question.text):
        return items
    mass = sum(found.weights.values())

    def is_of_use(item: Candidate) -> bool:
        is_type = item.kind == "signature" and " takes " not in item.text
        shows_code = item.kind in OF_STATEMENTS or item.kind in ("assigned", "bases") or is_type
        if item.named or not (shows_code or found.guides):
            return True
        said = set(terms.terms_of(item.text))
        return (
            sum(weight for term, weight in found.weights.items() if term in said)
            >= (_MOST if shows_code else _NEARLY_ALL) * mass
        )

    usable = [item for item in items if item.named or not _is_for_insiders(item)]
    return [item for item in usable if is_of_use(item)] or usable or items


def _is_for_insiders(item: Candidate) -> bool:
    """Whether a sentence is about a test or a private name, which are not there for users."""
    if item.kind in _FOR_USERS:
        return False
    return is_test_path(item.spans[0][0]) or is_private(item)


def _without_filler(graph: CodeGraph, found: Found, items: list[Candidate]) -> list[Candidate]:
    """The sentences; of a comparison only those that compare, and what the two are by their own lines: who calls one of them, and where it
    is tested, is no difference; of what a function returns only those that say so."""
    text = found.question.text
    if asks_result(text):
        return of_results(items)
    pair = compared_pair(graph, compared_names(text)) if asks_difference(text) else None
    if pair is None or not any(item.kind == "listing" for item in items):
        return items
    told = tuple({item.text.partition("“")[2].rstrip("”") for item in items if item.kind == "listing"} - {""})
    names = {f"{ref.path}:{ref.symbol.start}": (code(ref.symbol.qualname), display_name(graph, ref)) for ref in pair}
    kept: list[Candidate] = []
    for item in items:
        if item.kind == "listing":
            kept.append(item)
        elif item.subject in names and item.kind in _OF_COMPARED and not item.text.partition("“")[2].startswith(told):
            name, full_name = names[item.subject]
            kept.append(replace(item, text=full_name + item.text[len(name) :]) if item.text.startswith(name) else item)
    return kept


def _promote_line(sentences: list[Candidate], line: tuple[str, int]) -> list[Candidate]:
    """The sentences, with the one that cites `line` (path and number) in the shortest span made first; unchanged if none cites it."""
    lengths = {
        i: b - a for i, c in enumerate(sentences) for path, a, b in c.spans if path == line[0] and a <= line[1] <= b
    }
    if not lengths:
        return sentences
    best = min(lengths, key=lambda i: lengths[i])
    return [replace(c, kind="line", order=-1, named=True) if i == best else c for i, c in enumerate(sentences)]


def _question_traits(graph: CodeGraph, found: Found, kind: str, library: Sequence[LibraryUse]) -> QuestionTraits:
    return QuestionTraits(
        kind,
        counted_kinds=counted_kinds(found.question.text),
        named=_named_places(graph, found),
        wants_course=kind not in LINKS and asks_course(found.question),
        is_module_zoom=found.zoom is not None and found.zoom.symbol.kind == "module",
        names_library=bool(library),
        names_unknown=kind == "callers" and bool(found.question.identifiers),  # unless something is named
        guides=frozenset(subject.location for subject in _subjects_of(graph, found.guides)),
        wants_examples=asks_how_to(found.question.text),
    )


def _question_sentences(
    links: KnownLinks, found: Found, kind: str, library: Sequence[LibraryUse]
) -> Iterator[Candidate]:
    """The sentences about no single symbol, which come first: a call path, the statement at a line, uses of libraries, listings."""
    graph, text = links.graph, found.question.text
    first_sentences = (
        call_path_sentence(graph, text) if kind not in LINKS else None,
        sentence_at_line(graph, found.line),
    )
    yield from (sentence for sentence in first_sentences if sentence is not None)
    yield from (sentence for use in library for sentence in use.sentences)
    if asks_difference(text) and kind not in LINKS:
        with links.budget.spend():
            names = compared_names(text)
            in_words = sentences_in_words(graph, text) if compared_pair(graph, names) is None else []
            compared = in_words or comparison_sentences(graph, names)
        yield from compared
    yield from cached_listings(links, text)
    if found.question.kind == "overview" and found.zoom is None:
        with links.budget.spend():
            about_layout = layout_sentences(graph, text)
        yield from about_layout


def _without_repeated_statements(sentences: list[Candidate]) -> list[Candidate]:
    """The sentences about one symbol without repetitions: a statement (identified by its last line) that is put in words is not quoted
    as well."""
    worded_lines = {c.spans[-1][2] for c in sentences if c.kind in ("returns", "raises", "sets")}
    remaining = [c for c in sentences if c.kind != "quote" or c.spans[-1][2] not in worded_lines]
    quoted_lines = {c.spans[-1][2] for c in remaining if c.kind == "quote"}
    return [c for c in remaining if c.kind != "bare" or c.spans[-1][2] not in quoted_lines]


def _order_key(candidate: Candidate, kind: str) -> tuple[int, int]:
    """A sort key for the sentences about one symbol: its introduction, its statements in the order of the code, its links; the links come
    first in an answer about links."""
    if candidate.kind in _INTRODUCTION:
        return 1, 0
    if candidate.kind in OF_STATEMENTS or candidate.kind == "comment":
        return 2, candidate.spans[0 if candidate.kind in ("decides", "steps") else -1][1]
    return (0, 0) if kind in LINKS else (3, 0)


def _subjects(graph: CodeGraph, found: Found, evidence_subjects: Sequence[Subject]) -> Iterator[Subject]:
    """Each symbol once: first those that the question names, then those of the evidence."""
    evidence_by_key = {subject.key: subject.evidence for subject in evidence_subjects}
    seen: set[tuple[str, int]] = set()
    does_it = list(_subjects_of(graph, _found_for(found, WHY_NAMED_SO)[:1]))
    guides = list(_subjects_of(graph, found.guides))
    for subject in (*does_it, *guides, *_named_subjects(graph, found, evidence_by_key), *evidence_subjects):
        if subject.key not in seen:
            seen.add(subject.key)
            yield subject


def _evidence_subjects(graph: CodeGraph, found: Found) -> Iterator[Subject]:
    yield from _subjects_of(graph, sorted(found.definitions, key=lambda e: not is_named_by_words(e, found)))


def _subjects_of(graph: CodeGraph, evidence: Iterable[Evidence]) -> Iterator[Subject]:
    for item in evidence:
        facts = graph.facts(item.span.path)
        index = _symbol_index(facts, item) if facts else None
        if facts is not None and index is not None:
            implementation_index = implementation(facts, index)
            yield Subject(facts, implementation_index, item if implementation_index == index else None)


def _with_common_caller(graph: CodeGraph, subjects: list[Subject]) -> list[Subject]:
    """The subjects, with the function that calls most of them first."""
    refs = [
        graph.ref(subject.facts, subject.index)
        for subject in subjects
        if subject.symbol.is_callable and not is_test_path(subject.facts.path)
    ]
    caller = common_caller(graph, refs)
    caller_subject = subject_of(graph, caller) if caller is not None else None
    if caller_subject is None:
        return subjects
    in_evidence = [subject for subject in subjects if subject.key == caller_subject.key]
    return [*(in_evidence or [caller_subject]), *(subject for subject in subjects if subject.key != caller_subject.key)]


def _named_subjects(
    graph: CodeGraph, found: Found, evidence: Mapping[tuple[str, int], Evidence | None]
) -> Iterator[Subject]:
    for ref in (
        *leading_symbols(graph, found.question),
        *parameter_owners(graph, found.question),
        *_extension_points(graph, found),
    ):
        subject = subject_of(graph, ref)
        if subject is not None:
            yield replace(subject, evidence=evidence.get(subject.key))


def _named_places(graph: CodeGraph, found: Found) -> frozenset[tuple[str, int]]:
    refs = [
        *named_symbols(graph, found.question),
        *leading_symbols(graph, found.question),
        *parameter_owners(graph, found.question),
    ]
    refs += [found.zoom] if found.zoom is not None else []
    if refs:
        return frozenset((ref.path, ref.symbol.start) for ref in refs)
    spans = [e.span for e in found.definitions if is_named_by_words(e, found)]
    return frozenset(
        [
            *((ref.path, ref.symbol.start) for ref in _extension_points(graph, found)),
            *((s.path, s.start) for s in spans),
        ]
    )


def _extension_points(graph: CodeGraph, found: Found) -> list[SymbolRef]:
    """What a user extends or calls to add something of his own, for questions that ask how: the function that is named like that, of the
    found classes the one with most subclasses, and the function that adds such things."""
    named_so, bases, adding = (
        [graph.ref(subject.facts, subject.index) for subject in _subjects_of(graph, _found_for(found, why))]
        for why in (WHY_NAMED_SO, WHY_BASE_CLASS, WHY_REGISTERS)
    )
    bases.sort(key=lambda r: -len(graph.subclasses_of(r)))
    return [*named_so[:1], *bases[:1], *adding[:1]]


def _found_for(found: Found, why: str) -> list[Evidence]:
    return [item for item in found.definitions if why in item.why]


def _symbol_index(facts: ModuleFacts, item: Evidence) -> int | None:
    for index, symbol in enumerate(facts.symbols):
        name = facts.module if symbol.kind == "module" else symbol.qualname
        if (
            name == item.symbol
            and symbol.kind == item.kind
            and symbol.start <= item.span.end
            and item.span.start <= symbol.end
        ):
            return index
    return None
