"""What documentation says that cannot be done with a thing, for questions why it has no such member."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....code_graph import CodeGraph
from ....evidence.documented import is_documentation
from ....evidence.everyday import everyday_table
from ....evidence.search_index import SearchIndex
from ....evidence.vocabulary import synonyms
from ....graph import terms
from ..candidate import Candidate
from .quotation import quoted_in
from .sections import section_quotes

_MAX_SECTIONS = 20  # that are read
_MAX_REASONS = 2
_DENIES = re.compile(
    r"\b(?:cannot|can ?not|can't|must(?: not)? be|should not|never|no longer|only once|impossible|unsupported|not supported|deliberately|"
    r"on purpose|immutable|unlike|instead of|because)\b",
    re.I,
)


def reason_sentences(graph: CodeGraph, owner: str, member: str) -> Iterator[Candidate]:
    """The sentences of documentation on `owner` that deny something, those that speak of `member` in some words first, then those of
    sections that are entitled so."""
    thing, (act, *_) = terms.split(owner)[-1:], terms.split(member)[-1:] or [""]
    acts = {act, *synonyms().get(act, ()), *everyday_table().words.get(act, ())}
    with graph.store.snapshot():
        index = SearchIndex(graph)
        documents = dict.fromkeys(index.hits(thing[0]).documents.tolist()) if thing else {}
        places = [(index.paths[index.file_of[n]], int(index.symbol_of[n])) for n in documents if index.alive[n]]
    found: list[tuple[bool, bool, int, Candidate]] = []
    for path, number in [place for place in places if is_documentation(place[0])][:_MAX_SECTIONS]:
        facts = graph.facts(path)
        if facts is None or number >= len(facts.symbols):
            continue
        is_entitled = thing[0] in terms.distinct(facts.symbols[number].name)
        for quote in section_quotes(graph, facts, number):
            said = quoted_in(quote)
            if _DENIES.search(said) and (thing[0] in terms.distinct(said)):
                speaks_of_it = not acts.isdisjoint(terms.distinct(said))
                if speaks_of_it or is_entitled:
                    found.append((not speaks_of_it, not is_entitled, len(found), quote))
    yield from (quote for *_, quote in sorted(found, key=lambda item: item[:3])[:_MAX_REASONS])
