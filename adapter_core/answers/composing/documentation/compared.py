"""What documentation says of two things in one sentence, for questions how they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

import numpy as np

from ....code_graph import CodeGraph
from ....evidence.documented import is_documentation
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ..candidate import Candidate
from .quotation import quoted_in
from .sections import section_quotes

_MAX_SECTIONS = 12  # that are read
_MAX_SENTENCES = 2
_OF_BOTH = re.compile(r"\W*(?:both|the (?:former|latter|first|difference)|these|they|one of)\b", re.I)
_CONTRAST = re.compile(
    r"\b(?:whereas|while|unlike|in contrast|differ\w*|instead|rather than|but|however|former|latter|compared|although)\b",
    re.I,
)


def comparing_sentences(graph: CodeGraph, names: Sequence[str]) -> Iterator[Candidate]:
    """The sentences of documentation with both names, those that contrast them first."""
    wanted = [terms.split(name.rpartition(".")[2])[-1] for name in names if terms.split(name.rpartition(".")[2])]
    if len(set(wanted)) != 2:
        return
    with graph.store.snapshot():
        index = SearchIndex(graph)
        both = np.intersect1d(index.hits(wanted[0]).documents, index.hits(wanted[1]).documents).tolist()
        places = [(index.paths[index.file_of[n]], int(index.symbol_of[n])) for n in both if index.alive[n]]
    found: list[list[Candidate]] = []
    for path, number in [place for place in places if is_documentation(place[0])][:_MAX_SECTIONS]:
        facts = graph.facts(path)
        quotes = section_quotes(graph, facts, number) if facts is not None and number < len(facts.symbols) else []
        for n, quote in enumerate(quotes):
            if set(wanted) <= terms.distinct(quoted_in(quote)):
                further = list(takewhile(lambda q: _OF_BOTH.match(quoted_in(q)), quotes[n + 1 :]))
                found.append([quote, *([q for q in further if _CONTRAST.search(quoted_in(q))] or further)[:1]])
    contrasting = [quotes for quotes in found if any(_CONTRAST.search(quoted_in(q)) for q in quotes)]
    yield from [q for quotes in contrasting or found[:1] for q in quotes][:_MAX_SENTENCES]
