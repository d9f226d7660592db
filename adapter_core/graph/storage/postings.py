"""Facts and text of a batch of files to searchable documents and postings.

A document is a possible search hit: a function or method, the head of a class, the statements of a module outside its definitions, a
section of a text file. Each line of a file belongs to exactly one document, the innermost.

A batch becomes an immutable *segment*: arrays of its documents and, for each term, one array of postings. A file's documents are alive as
long as the file's row names that segment; so an update writes a new small segment and touches nothing else.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ...types import ModuleFacts, Symbol
from .. import terms
from ..parsing.line_starts import line_starts
from ..parsing.textfacts import SECTION_SEPARATOR
from .sstable import Table, table_of

# The fields of a document, in the order of the columns of `Segment.lengths`.
FIELDS = ("name", "qualname", "signature", "docstring", "body", "path")
NAME, QUALNAME, SIGNATURE, DOCSTRING, BODY, PATH = range(len(FIELDS))
_COUNT_BITS = 12
_FIELD_BITS = 3
_MAX_COUNT = (1 << _COUNT_BITS) - 1

_DOCUMENT_KINDS = frozenset({"class", "function", "method", "property", "section"})


@dataclass
class Segment:
    """`owners` int32 (documents, 2): file ordinal in the batch, symbol index. `lengths` uint16 (documents, fields): tokens. `terms`:
    term to its postings, uint32 (n, 2): document ordinal; field and count, packed as `field << 12 | count`; in the order of the
    documents. `words`: each distinct word of the batch as written, to the ordinals (uint16) of the files that contain it."""

    owners: np.ndarray
    lengths: np.ndarray
    terms: Table
    words: Table

    def postings(self) -> dict[str, np.ndarray]:
        """`terms` as arrays."""
        packed = np.frombuffer(self.terms.data, "<u4").reshape(-1, 2)
        bounds = [0, *(self.terms.ends // 8).tolist()]
        return {term: packed[bounds[i] : bounds[i + 1]] for i, term in enumerate(self.terms.keys)}


def unpack(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The second column of postings (n,) to fields and counts, each (n,)."""
    return packed >> _COUNT_BITS, packed & _MAX_COUNT


def build_segment(batch: Iterable[tuple[ModuleFacts, str]]) -> Segment:
    """Postings of files given as (facts, text). Words are numbered as they occur; all further steps work on whole arrays: counting a
    word in a field, splitting it into terms, summing what several words contribute to one term."""
    owners: list[tuple[int, int]] = []
    words: defaultdict[str, int] = defaultdict()
    words.default_factory = words.__len__
    number = words.__getitem__
    tokens = array("I")
    text_keys: list[int] = []  # document << _FIELD_BITS | field, for each text
    sizes: list[int] = []
    for ordinal, (facts, text) in enumerate(batch):
        for index, body in own_texts(facts, text):
            document = len(owners) << _FIELD_BITS
            owners.append((ordinal, index))
            for place, part in _field_texts(facts, index, body):
                if part:
                    before = len(tokens)
                    tokens.extend(map(number, terms.words(part)))
                    text_keys.append(document | place)
                    sizes.append(len(tokens) - before)
    return _segment(np.array(owners, dtype="<i4").reshape(-1, 2), list(words), tokens, text_keys, sizes)


def _segment(
    owners: np.ndarray, words: list[str], tokens: array[int], text_keys: list[int], sizes: list[int]
) -> Segment:
    lengths = np.zeros((len(owners), len(FIELDS)), dtype="<u2")
    if not len(tokens):
        return Segment(owners, lengths, table_of({}), table_of({}))
    # Words in the order of their spelling: what is sorted by their numbers then is in the order of a table's keys.
    order = sorted(range(len(words)), key=words.__getitem__)
    words = [words[i] for i in order]
    rank = np.empty(len(words), np.uint64)
    rank[order] = np.arange(len(words), dtype=np.uint64)
    text_key = np.repeat(np.array(text_keys, dtype=np.uint64), sizes)
    pairs, counts = _count_distinct(rank[np.frombuffer(tokens, dtype=np.uint32)] << np.uint64(32) | text_key)
    word = (pairs >> np.uint64(32)).astype(np.int64)
    file_of = owners[((pairs & np.uint64(0xFFFFFFFF)) >> np.uint64(_FIELD_BITS)).astype(np.int64), 0]
    # Documents come file by file, so equal pairs of word and file stand together.
    standing = word << 16 | file_of
    standing = standing[_starts(standing)]
    word_ends = np.searchsorted(standing >> 16, np.arange(1, len(words) + 1)) * 2
    # The terms of each word, one after the other, numbered in the order of their spelling.
    cut = [terms.split(w) for w in words]
    vocabulary = sorted(set(chain.from_iterable(cut)))
    numbered = {t: i for i, t in enumerate(vocabulary)}
    parts_of = np.fromiter(map(len, cut), dtype=np.int64, count=len(cut))
    flat = np.fromiter(map(numbered.__getitem__, chain.from_iterable(cut)), dtype=np.int64, count=int(parts_of.sum()))
    first = np.cumsum(parts_of) - parts_of
    # Each (word, place) becomes as many (term, place) as the word has terms.
    times = parts_of[word]
    source = np.repeat(np.arange(len(word)), times)
    number_in_word = np.arange(len(source)) - np.repeat(np.cumsum(times) - times, times)
    term = flat[first[word[source]] + number_in_word].astype(np.uint64)
    keys, totals = _count_distinct(term << np.uint64(32) | (pairs & np.uint64(0xFFFFFFFF))[source], counts[source])
    where = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    document, part = where >> _FIELD_BITS, where & ((1 << _FIELD_BITS) - 1)
    sums = np.bincount(document * len(FIELDS) + part, weights=totals, minlength=len(owners) * len(FIELDS))
    lengths[:] = np.minimum(sums, 0xFFFF).reshape(len(owners), len(FIELDS))
    packed = np.empty((len(keys), 2), dtype="<u4")
    packed[:, 0] = document
    packed[:, 1] = part << _COUNT_BITS | np.minimum(totals, _MAX_COUNT)
    ends = np.searchsorted((keys >> np.uint64(32)).astype(np.int64), np.arange(1, len(vocabulary) + 1)) * 8
    return Segment(
        owners,
        lengths,
        Table(vocabulary, ends, packed.tobytes()),
        Table(words, word_ends, (standing & 0xFFFF).astype("<u2").tobytes()),
    )


def _count_distinct(keys: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Distinct keys in order, and how often each occurs (or the sum of its weights)."""
    if weights is None:
        keys = np.sort(keys)
        starts = _starts(keys)
        return keys[starts], np.diff(np.append(starts, len(keys)))
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = _starts(keys)
    totals = np.add.reduceat(weights[order], starts) if len(keys) else np.zeros(0, np.int64)
    return keys[starts], totals


def _starts(keys: np.ndarray) -> np.ndarray:
    """The indexes in a sorted array at which a new value begins."""
    return np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)


def is_document(symbol: Symbol, facts: ModuleFacts) -> bool:
    """Functions nested in functions are part of the function around them."""
    return symbol.kind in _DOCUMENT_KINDS and not in_function(facts, symbol)


def in_function(facts: ModuleFacts, symbol: Symbol) -> bool:
    """Whether a symbol is inside a function."""
    parent = symbol.parent
    while parent > 0 and not facts.symbols[parent].is_callable:
        parent = facts.symbols[parent].parent
    return parent > 0


def own_texts(facts: ModuleFacts, text: str) -> list[tuple[int, str]]:
    """For each document (by symbol index, in order) the text of the lines that belong to it and to no document within it."""
    documents = [0, *(i for i, symbol in enumerate(facts.symbols) if i and is_document(symbol, facts))]
    if len(documents) == 1:
        return [(0, text)]
    starts = line_starts(text)
    owner = np.zeros(len(starts) - 1, np.int32)
    # Symbols come in an order where the enclosing one precedes the enclosed, so later assignments win.
    for index in documents[1:]:
        symbol = facts.symbols[index]
        owner[symbol.start - 1 : symbol.end] = index
    parts: dict[int, list[str]] = {index: [] for index in documents}
    borders = [0, *(np.flatnonzero(np.diff(owner)) + 1).tolist(), len(owner)]
    for first, after, index in zip(borders, borders[1:], owner[borders[:-1]].tolist(), strict=False):
        parts[index].append(text[starts[first] : starts[after]])
    return [(index, "".join(own)) for index, own in parts.items()]


def _field_texts(facts: ModuleFacts, index: int, body: str) -> list[tuple[int, str]]:
    symbol = facts.symbols[index]
    separator = SECTION_SEPARATOR if symbol.kind == "section" else "."
    qualname = facts.module if symbol.kind == "module" else symbol.qualname.rpartition(separator)[0]
    members = ""
    if symbol.kind == "class":
        members = " ".join(s.name for s in facts.symbols[index + 1 :] if s.parent == index)
    return [
        (NAME, symbol.name),
        (QUALNAME, qualname),
        (SIGNATURE, " ".join((*symbol.decorators, symbol.signature)) if symbol.decorators else symbol.signature),
        (DOCSTRING, symbol.docstring),
        (BODY, f"{body}\n{members}" if members else body),
        (PATH, "" if index else facts.path.rsplit(".", 1)[0]),
    ]
