"""Sentences that quote docstrings and documentation, and the numbered lists in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import pairwise

from ....code_graph import CodeGraph
from ....graph import terms
from ....graph.outline import docstring_span, outline_of
from ....graph.source import is_python
from ....types import STEP_SEPARATOR, Citation, Evidence, ModuleFacts, Symbol
from ...citations import are_within, spans_of
from ...inert import code, printable, prose
from ..candidate import Candidate, SentenceBuilder
from .numbered_lists import Lines, Listing, lists_in
from .prose import LEADS_ON, join_passages
from .quotation import is_quotable, title_of
from .running_text import docstring_lines, docstring_prose, prose_in, without_quotes
from .samples import ReadLines, is_markdown, sample_sentences, samples_using
from .tables import ROW, table_sentences

# An address or the license, with a label before it.
_MAX_FORMALITY = 200
_FORMALITY = re.compile(r"\A\W*[\w -]{0,40}:?\W*https?://\S+\s*\Z|\A\W*(?:licen[cs]e|SPDX-License-Identifier)\b", re.I)
MAX_HEADER_LINES = 12
_WHOLE = frozenset({"listed", "table"})  # lists and tables, which are told as they are
_ALTERNATIVE_SHARE = 0.6  # of a word of the question that a text says in other words
_SAME_END = 20  # characters
_MIN_SHARE_ALONE = 0.25  # of the question, for a sample without a sentence
_MAX_SAMPLES = 2  # of the first guide; of each other one less than of that before it
_IS_MARKUP = re.compile(r"\s*(?:[`~]{3,}.*|\.\. .*|::|:[\w-]+:.*)?")  # between an introduction and the code below it
_INNER_END = re.compile(
    r"(?<=[\w`)])[.!?](?= [\"'`(*A-Z][^“]*\Z)"
)  # of a sentence, before the last ones of a quotation
_POINTS_BACK = re.compile(
    r"\b(?:the|this|our) (?:above|preceding|previous|earlier) |\b(?:as|from|to|than|see|and) above\b|"
    r"\b(?:examples?|code|snippet|sample|listing|output|shown|seen|described|discussed|mentioned|defined|stated|used|given|created|explained|"
    r"introduced) (?:\w+ )?(?:above|before|earlier)\b|"
    r"\b(?:in|with|for|of|by) (?:this|these) (?:examples?|code|snippet|sample|listing|case)\b",
    re.I,
)
_LEANS = re.compile(r"(?:This|It|These|They|Those|Such|Instead|Here|In this|In that|That is)\b")
_TITLE_LINES = 4  # from a title on the first sentence begins here, at most
LISTED = ", in the order listed:"
_ONLY_DEFAULT = re.compile(r"\W*(?:default(?:s to| is|:)?|optional)\W*\S*\W*", re.I)


def quote_docstring(
    builder: SentenceBuilder, lines: list[str], weights: Mapping[str, float], with_lists: bool
) -> Iterator[Candidate]:
    """Quotes of the docstring of a class or function. `with_lists`: also its numbered lists."""
    symbol = builder.symbol
    span_lines = docstring_lines_of(symbol, lines)
    if span_lines is None:
        return
    name = code(symbol.qualname)
    for sentence in join_passages(
        docstring_prose(lines, *span_lines, with_leads=True), lines, _has_question_word(weights)
    ):
        quoted = prose(sentence.text)
        if _ONLY_DEFAULT.fullmatch(sentence.text.strip()):
            continue  # the signature tells it
        span = (sentence.start, sentence.end)
        if not sentence.field:
            if sentence.rank == 0 and sentence.end - symbol.name_line < MAX_HEADER_LINES:
                span = (symbol.name_line, sentence.end)  # with the name of the symbol right above it
            yield builder.sentence("doc", f"{name}: “{quoted}”", span)
            continue
        spans = [span] if sentence.field_line == sentence.start else [(sentence.field_line, sentence.field_line), span]
        field_kind, _, subject = sentence.field.partition(" ")
        if field_kind.startswith("return"):
            yield builder.sentence("returns", f"{name} returns, by its docstring: “{quoted}”", *spans)
        elif field_kind.startswith("yield"):
            yield builder.sentence("returns", f"{name} yields, by its docstring: “{quoted}”", *spans)
        elif field_kind.startswith("raise") and not subject:
            yield builder.sentence("raises", f"The docstring of {name} says when it raises: “{quoted}”", *spans)
        elif field_kind.startswith("raise"):
            yield builder.sentence("raises", f"{name} raises {code(subject)}, by its docstring: “{quoted}”", *spans)
        elif field_kind not in ("rtype", "type") and subject:
            yield builder.sentence("param", f"{code(subject.split()[-1])} of {name}: “{quoted}”", *spans)
    for listing in _docstring_lists(symbol, lines) if with_lists else ():
        name_lines = symbol.name_line, symbol.name_line
        yield builder.step_list("listed", f"{name}{LISTED}", listing.steps, name_lines, *listing.spans)


def quote_module_docstring(
    builder: SentenceBuilder, lines: list[str], weights: Mapping[str, float]
) -> Iterator[Candidate]:
    """Quotes of the docstring of a module."""
    facts = builder.facts
    where = docstring_lines_of(facts.symbols[0], lines)
    for sentence in (
        ()
        if where is None
        else join_passages(docstring_prose(lines, *where, with_leads=True), lines, _has_question_word(weights))
    ):
        text = f"The module {code(facts.module)}: “{prose(sentence.text)}”"
        yield builder.sentence("doc", text, (sentence.start, sentence.end))


def quote_documentation(
    builder: SentenceBuilder,
    lines: list[str],
    item: Evidence,
    weights: Mapping[str, float],
    with_lists: bool,
    with_leads: bool = False,
) -> Iterator[Candidate]:
    """Quotes of the found lines of a section. `with_lists`: also the numbered lists of the section; `with_leads`: also sentences that
    introduce what is not quoted ("…:")."""
    facts, symbol = builder.facts, builder.symbol
    title = title_of(symbol)
    text_start = min(symbol.start, item.span.start)
    sentences = prose_in(
        lines, *(item.span.start, item.span.end), True, read_from=text_start, in_markdown=is_markdown(builder.path)
    )
    titles = {(s.start, printable(s.name)) for s in facts.symbols if s.kind == "section"}
    own_title = printable(symbol.name)
    sentences = [
        s
        for s in sentences
        if (words := printable(s.text.lstrip("# "))) != own_title and (s.start, words) not in titles
    ]
    if not weights:  # about the project as a whole, of which an address or a license says nothing
        sentences = [sentence for sentence in sentences if not _FORMALITY.search(sentence.text[:_MAX_FORMALITY])]
    for sentence in join_passages(sentences, lines, _has_question_word(weights), with_leads):
        spans = [(sentence.start, sentence.end)]
        # The title is part of the sentence, so its line is cited, too.
        if title and sentence.start == symbol.start + 1:
            spans = [(symbol.start, sentence.end)]
        elif title and sentence.start != symbol.start:
            spans.insert(0, _title_lines(symbol))
        yield builder.sentence("text", f"{code(facts.path)}{title}: “{prose(sentence.text)}”", *spans)
    for table in table_sentences(builder, lines, item.span.start, item.span.end):
        yield replace(table, kind="listed") if with_lists and table.kind == "table" else table
    shows_lists = with_lists and is_quotable(title)
    for listing in _section_lists(facts, builder.index, lines) if shows_lists else ():
        lead = f"{code(facts.path)}{title}{LISTED}"
        yield builder.step_list("listed", lead, listing.steps, _title_lines(symbol), *listing.spans)


def guide_sentences(
    builder: SentenceBuilder,
    lines: list[str],
    item: Evidence,
    weights: Mapping[str, float],
    alternatives: Mapping[str, Sequence[str]],
    read: ReadLines,
) -> Iterator[Candidate]:
    """Documentation that tells how something is done: its sentences and code samples in the order of the text. A code sample stands below
    the sentence above it; one that introduces a sample which is not told is left out with it. `alternatives`: as in `Found`; `read`: gives
    the files that a text includes."""
    end = item.span.end
    if is_python(builder.path):
        where = docstring_lines_of(builder.symbol, lines)
        end = min(end, where[1]) if where is not None else 0
        quotes = quote_module_docstring(builder, lines, weights)
        sentences = [s for s in quotes if s.spans[0][1] > item.span.start]
    else:
        sentences = list(quote_documentation(builder, lines, item, weights, with_lists=True, with_leads=True))
    samples = sample_sentences(builder, lines, item.span.start, end, read)
    below = {} if is_python(builder.path) else _samples_below(sentences, lines, samples)
    shown = _samples_to_show(builder, sentences, below, samples, weights, alternatives)
    guides: list[tuple[int, Candidate]] = []
    for sentence in sentences:
        line = sentence.spans[-1][1]
        guide = sentence if sentence.kind in _WHOLE or ROW in sentence.text else replace(sentence, kind="guide")
        if sentence.kind not in _WHOLE:
            text = _without_what_points_back(
                guide.text, is_first=sentence.spans[-1][1] <= builder.symbol.start + _TITLE_LINES
            )
            if not text:
                continue
            guide = replace(guide, text=text)
        number = below.get(sentence.spans[-1][2], 0)
        leads = guide.text.endswith(f"{LEADS_ON}”") and not is_python(builder.path)
        # What a sentence introduces is told with it, however many there are: without its code it says nothing.
        is_told = number in shown or (leads and number in samples and samples[number].kind == "sample")
        if is_told and _ends_as(guide, sentence) and (leads or samples[number].kind == "sample"):
            sample = samples[number]
            text = f"{guide.text} {STEP_SEPARATOR.join(sample.steps)}"
            spans = [
                span
                for span in sample.spans
                if span not in guide.spans and span[:2] != (builder.path, builder.symbol.start)
            ]
            guides.append((line, replace(guide, text=text, steps=sample.steps, spans=(*guide.spans, *spans))))
            shown.discard(number)
        elif not leads:
            guides.append((line, guide))
        elif shortened := _without_introduction(guide.text):
            guides.append((line, replace(guide, text=shortened)))
    # What nothing introduces has to be about the question itself: a long section has code for everything.
    own_terms = terms.distinct(builder.symbol.qualname)
    guides += [
        (number, samples[number])
        for number in shown
        if samples[number].kind == "sample"
        and _share(own_terms | terms.distinct(samples[number].text), weights) >= _MIN_SHARE_ALONE
    ]
    if not is_python(builder.path):
        last = max((line for line, _ in guides), default=0)
        guides += [(last + 1, using) for using in samples_using(builder, lines, [guide for _, guide in guides], read)]
    wants_order = terms.stem("order") in weights  # which a table or a list shows best
    yield from (g for _, g in sorted(guides, key=lambda pair: (not (wants_order and pair[1].kind in _WHOLE), pair[0])))


def _share(present: Set[str], weights: Mapping[str, float]) -> float:
    """The share of a question's words that is among these."""
    return sum(w for term, w in weights.items() if term in present) / (sum(weights.values()) or 1.0)


def _ends_as(guide: Candidate, sentence: Candidate) -> bool:
    """Whether a sentence that may have been shortened still ends as it does in the text, above what follows there."""
    return guide.text[-_SAME_END:] == sentence.text[-_SAME_END:]


def _samples_below(
    sentences: Sequence[Candidate], lines: list[str], samples: Mapping[int, Candidate]
) -> dict[int, int]:
    """The last line of each sentence with a sample right below it, to the line of that."""
    below: dict[int, int] = {}
    for sentence in sentences:
        last = sentence.spans[-1][2]
        number = _line_below(last, lines, samples.keys())
        if number in samples and sentence.kind not in _WHOLE:
            below[last] = number
    return below


def _samples_to_show(
    builder: SentenceBuilder,
    sentences: Sequence[Candidate],
    below: Mapping[int, int],
    samples: Mapping[int, Candidate],
    weights: Mapping[str, float],
    alternatives: Mapping[str, Sequence[str]],
) -> set[int]:
    """The lines of the samples that are told: all signatures, and of the code those with most of the question, together with the sentence
    above them."""
    above = {below[last]: s.text for s in sentences if (last := s.spans[-1][2]) in below}
    heaviest = max(weights.values(), default=0.0)

    def share(number: int) -> float:
        said = terms.distinct(f"{above.get(number, '')}\n{samples[number].text}")
        direct = sum(weight for term, weight in weights.items() if term in said)
        others = (term for term in alternatives if term not in said and said.intersection(alternatives[term]))
        return direct + _ALTERNATIVE_SHARE * sum(weights.get(term, heaviest) for term in others)

    code_lines = [number for number, sample in samples.items() if sample.kind == "sample"]
    best = sorted(code_lines, key=lambda number: (-share(number), number))
    return {*best[: max(0, _MAX_SAMPLES - builder.rank)], *(samples.keys() - set(code_lines))}


def _without_what_points_back(text: str, is_first: bool) -> str:
    """A quotation up to the first sentence that speaks of an example or a text before it, which is not quoted with it; "" if that is the
    first one. `is_first`: it stands right below the title, of which it may speak."""
    start = text.find("“", text.find(": “")) + 1
    cuts = [start, *(m.end() + 1 for m in _INNER_END.finditer(text, start)), len(text)]
    for begin, end in pairwise(cuts):
        leans = begin == start and not is_first and _LEANS.match(text, begin) is not None
        if leans or _POINTS_BACK.search(text, begin, end) is not None:
            return f"{text[: begin - 1]}”" if begin > start else ""
    return text


def _line_below(line: int, lines: list[str], samples: Set[int]) -> int:
    """The next line with text behind `line`, but for directives and fences that are no samples; 0 if there is none."""
    below = range(line + 1, len(lines) + 1)
    return next((n for n in below if n in samples or not _IS_MARKUP.fullmatch(lines[n - 1])), 0)


def _without_introduction(text: str) -> str:
    """A quotation without its last sentence, which introduces what is not quoted; "" if it is the only one."""
    ends = [m.start() + 1 for m in _INNER_END.finditer(text)]
    return f"{text[: ends[-1]]}”" if ends else ""


def matches_list(graph: CodeGraph, owner: str, title: str, listing: str, citations: tuple[Citation, ...]) -> bool:
    """Whether the docstring of `owner`, or the section `title` (", “How it works”") of the file `owner`, has exactly this list on cited
    lines."""
    for path in dict.fromkeys(c.span.path for c in citations):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        for index, symbol in enumerate(facts.symbols):
            if owner == path and symbol.kind in ("section", "module") and title == title_of(symbol):
                listings = list(_section_lists(facts, index, document.lines))
                heading_lines = _title_lines(symbol)
            elif not title and symbol.kind not in ("section", "module") and owner == symbol.qualname:
                listings = list(_docstring_lists(symbol, document.lines))
                heading_lines = symbol.name_line, symbol.name_line
            else:
                continue
            if any(
                STEP_SEPARATOR.join(candidate_list.steps) == listing
                and are_within(
                    [(path, *lines) for lines in (heading_lines, *candidate_list.spans)], spans_of(citations)
                )
                for candidate_list in listings
            ):
                return True
    return False


def _title_lines(symbol: Symbol) -> Lines:
    return symbol.start, min(symbol.start + 1, symbol.end)


def _section_lists(facts: ModuleFacts, index: int, lines: list[str]) -> Iterator[Listing]:
    """The numbered lists of a section, up to its first subsection."""
    symbol = facts.symbols[index]
    below = [s.start - 1 for s in facts.symbols if s.kind == "section" and symbol.start < s.start <= symbol.end]
    yield from lists_in(lines, symbol.start, min([symbol.end, *below]))


def _docstring_lists(symbol: Symbol, lines: list[str]) -> Iterator[Listing]:
    where = docstring_lines_of(symbol, lines)
    if where is not None:
        yield from lists_in(without_quotes(lines, *where), *where)


def _has_question_word(weights: Mapping[str, float]) -> Callable[[str], bool]:
    """A function that tells whether a text has words of the question."""
    return lambda text: any(term in weights for term in terms.terms_of(text))


def docstring_lines_of(symbol: Symbol, lines: list[str]) -> Lines | None:
    """The lines of a symbol's docstring, quotes included."""
    outline = outline_of("\n".join(lines) + "\n")
    if outline.tree is not None:
        node = outline.tree if symbol.kind == "module" else outline.definitions.get((symbol.name, symbol.name_line))
        return docstring_span(node) if node is not None else None
    if not symbol.docstring:
        return None
    # The file does not parse now. Error recovery has seen a docstring, so it is the first string below the header.
    return docstring_lines(lines, 1 if symbol.kind == "module" else symbol.name_line + 1, symbol.end)
