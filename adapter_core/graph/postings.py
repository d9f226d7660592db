"""Facts and text of a batch of files to searchable documents and postings.

A document is what one search hit can be: a function or method, the head of a class, the statements of a module outside its
definitions, a section of a text file. Each line of a file belongs to exactly one document, the innermost.

A batch becomes an immutable *segment*: arrays of its documents and, for each term, one array of postings. A file's documents
are alive as long as the file's row names that segment; so an update writes a new small segment and touches nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from ..types import ModuleFacts, Symbol
from . import terms

# The fields of a document, in the order of the columns of `Segment.lengths`.
FIELDS = ("name", "qualname", "signature", "docstring", "body", "path")
NAME, QUALNAME, SIGNATURE, DOCSTRING, BODY, PATH = range(len(FIELDS))
_COUNT_BITS = 12
_MAX_COUNT = (1 << _COUNT_BITS) - 1

_DOCUMENT_KINDS = frozenset({"class", "function", "method", "property", "section"})


@dataclass
class Segment:
    """`owners` int32 (documents, 2): file ordinal in the batch, symbol index. `lengths` uint16 (documents, fields): tokens.

    `postings[term]` uint32 (n, 2): document ordinal; field and count, packed as `field << 12 | count`.
    """

    owners: np.ndarray
    lengths: np.ndarray
    postings: dict[str, np.ndarray] = field(default_factory=dict)


def unpack(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Postings (n, 2) to documents, fields and counts, each (n,)."""
    return packed[:, 0], packed[:, 1] >> _COUNT_BITS, packed[:, 1] & _MAX_COUNT


def build_segment(batch: Iterable[tuple[ModuleFacts, list[str]]]) -> Segment:
    """Postings of files given as (facts, lines)."""
    owners: list[tuple[int, int]] = []
    lengths: list[list[int]] = []
    postings: dict[str, list[int]] = {}
    for ordinal, (facts, lines) in enumerate(batch):
        bodies = _own_lines(facts, lines)
        path_terms = terms.terms_of(facts.path.rsplit(".", 1)[0])
        for index in sorted(bodies):
            document = len(owners)
            owners.append((ordinal, index))
            row = [0] * len(FIELDS)
            texts = _field_texts(facts, index, bodies[index])
            fields = [(f, _count(text)) for f, text in texts]
            if index == 0:
                fields.append((PATH, Counter(path_terms)))
            for number, counts in fields:
                row[number] = min(sum(counts.values()), 0xFFFF)
                tag = number << _COUNT_BITS
                for term, count in counts.items():
                    entry = postings.get(term)
                    if entry is None:
                        entry = postings[term] = []
                    entry.append(document)
                    entry.append(tag | (count if count < _MAX_COUNT else _MAX_COUNT))
            lengths.append(row)
    return Segment(
        np.array(owners, dtype="<i4").reshape(-1, 2),
        np.array(lengths, dtype="<u2").reshape(-1, len(FIELDS)),
        {term: np.array(entry, dtype="<u4").reshape(-1, 2) for term, entry in postings.items()},
    )


def _count(text: str) -> Counter[str]:
    # Splitting each distinct word once and adding its count is several times cheaper than counting all terms.
    split = terms.split
    counts: Counter[str] = Counter()
    for word, count in Counter(terms.words(text)).items():
        for term in split(word):
            counts[term] += count
    return counts


def is_document(symbol: Symbol, facts: ModuleFacts) -> bool:
    """Functions nested in functions are part of the function around them."""
    if symbol.kind not in _DOCUMENT_KINDS:
        return False
    parent = symbol.parent
    while parent > 0:
        if facts.symbols[parent].is_callable:
            return False
        parent = facts.symbols[parent].parent
    return True


def _own_lines(facts: ModuleFacts, lines: list[str]) -> dict[int, str]:
    """For each document (by symbol index), the text of the lines that belong to it and to no document within it."""
    owner = [0] * (len(lines) + 1)
    documents = [0]
    for index, symbol in enumerate(facts.symbols):
        if index and is_document(symbol, facts):
            documents.append(index)
    # Symbols come in an order where the enclosing one precedes the enclosed, so later assignments win.
    for index in documents[1:]:
        symbol = facts.symbols[index]
        end = min(symbol.end, len(lines))
        owner[symbol.start - 1 : end] = [index] * (end - symbol.start + 1)
    text: dict[int, list[str]] = {index: [] for index in documents}
    for number, line in enumerate(lines):
        text[owner[number]].append(line)
    return {index: "\n".join(own) for index, own in text.items()}


def _field_texts(facts: ModuleFacts, index: int, body: str) -> list[tuple[int, str]]:
    symbol = facts.symbols[index]
    qualname = facts.module if symbol.kind == "module" else symbol.qualname.rpartition(".")[0]
    members = ""
    if symbol.kind == "class":
        members = " ".join(s.name for s in facts.symbols[index + 1 :] if s.parent == index)
    return [
        (NAME, symbol.name),
        (QUALNAME, qualname),
        (SIGNATURE, " ".join(chain(symbol.decorators, (symbol.signature,)))),
        (DOCSTRING, symbol.docstring),
        (BODY, body + "\n" + members if members else body),
    ]
