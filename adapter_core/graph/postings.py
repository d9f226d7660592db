"""Facts and text of a batch of files to searchable documents and postings.

A document is what one search hit can be: a function or method, the head of a class, the statements of a module outside its
definitions, a section of a text file. Each line of a file belongs to exactly one document, the innermost.

A batch becomes an immutable *segment*: arrays of its documents and, for each term, one array of postings. A file's documents
are alive as long as the file's row names that segment; so an update writes a new small segment and touches nothing else.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
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
_FIELD_BITS = 3
_MAX_COUNT = (1 << _COUNT_BITS) - 1

_DOCUMENT_KINDS = frozenset({"class", "function", "method", "property", "section"})


@dataclass
class Segment:
    """`owners` int32 (documents, 2): file ordinal in the batch, symbol index. `lengths` uint16 (documents, fields): tokens.

    `words` are all distinct words of the batch as written, and `word_files[i]:word_files[i + 1]` the place in `files` (uint16) of the
    ordinals of the files in which `words[i]` stands.

    `packed` uint32 (n, 2) holds the postings of `terms[i]` at `bounds[i]:bounds[i + 1]`: document ordinal; field and count, packed
    as `field << 12 | count`. Terms are in order, documents within a term, too.
    """

    owners: np.ndarray
    lengths: np.ndarray
    terms: list[str]
    bounds: np.ndarray
    packed: np.ndarray
    words: list[str] = field(default_factory=list)
    word_files: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))
    files: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint16))

    def files_of_words(self) -> dict[str, bytes]:
        """For each word the ordinals (uint16) of the files in which it stands."""
        data = self.files.tobytes()
        ends = (self.word_files * 2).tolist()
        return {word: data[ends[i] : ends[i + 1]] for i, word in enumerate(self.words)}

    @property
    def postings(self) -> dict[str, np.ndarray]:
        """`packed`, by term."""
        return {t: self.packed[self.bounds[i] : self.bounds[i + 1]] for i, t in enumerate(self.terms)}

    def rows(self) -> list[tuple[str, bytes]]:
        """(term, its postings as bytes), as the store keeps them."""
        data, size = self.packed.tobytes(), self.packed.itemsize * 2
        ends = (self.bounds * size).tolist()
        return [(t, data[ends[i] : ends[i + 1]]) for i, t in enumerate(self.terms)]


def unpack(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Postings (n, 2) to documents, fields and counts, each (n,)."""
    return packed[:, 0], packed[:, 1] >> _COUNT_BITS, packed[:, 1] & _MAX_COUNT


def build_segment(batch: Iterable[tuple[ModuleFacts, list[str]]]) -> Segment:
    """Postings of files given as (facts, lines).

    Words are numbered as they come, and everything after that is done for all of them at once: counting a word in a field, cutting
    it into terms, adding up what several words give to one term.
    """
    owners: list[tuple[int, int]] = []
    words: defaultdict[str, int] = defaultdict()
    words.default_factory = words.__len__
    number = words.__getitem__
    tokens = array("I")
    places: list[int] = []  # document << _FIELD_BITS | field, for each text
    sizes: list[int] = []
    for ordinal, (facts, lines) in enumerate(batch):
        bodies = _own_lines(facts, lines)
        for index in sorted(bodies):
            document = len(owners)
            owners.append((ordinal, index))
            texts = _field_texts(facts, index, bodies[index])
            if index == 0:
                texts.append((PATH, facts.path.rsplit(".", 1)[0]))
            for place, text in texts:
                found = terms.words(text) if text else ()
                if found:
                    tokens.extend(map(number, found))
                    places.append(document << _FIELD_BITS | place)
                    sizes.append(len(found))
    return _segment(np.array(owners, dtype="<i4").reshape(-1, 2), list(words), tokens, places, sizes)


def _segment(owners: np.ndarray, words: list[str], tokens: array[int], places: list[int], sizes: list[int]) -> Segment:
    lengths = np.zeros((len(owners), len(FIELDS)), dtype="<u2")
    if not len(tokens):
        return Segment(owners, lengths, [], np.zeros(1, np.int64), np.zeros((0, 2), "<u4"))
    place = np.repeat(np.array(places, dtype=np.uint64), sizes)
    token = np.frombuffer(tokens, dtype=np.uint32).astype(np.uint64)
    pairs, counts = np.unique(token << np.uint64(32) | place, return_counts=True)
    word = (pairs >> np.uint64(32)).astype(np.int64)
    file_of = owners[((pairs & np.uint64(0xFFFFFFFF)) >> np.uint64(_FIELD_BITS)).astype(np.int64), 0]
    standing = np.unique(word << 16 | file_of)
    # The terms of each word, one after the other, numbered in the order of their spelling.
    cut = [terms.split(w) for w in words]
    vocabulary = sorted({t for parts in cut for t in parts})
    rank = {t: i for i, t in enumerate(vocabulary)}
    flat = np.fromiter((rank[t] for parts in cut for t in parts), dtype=np.int64)
    parts_of = np.fromiter(map(len, cut), dtype=np.int64, count=len(cut))
    first = np.concatenate(([0], np.cumsum(parts_of)[:-1]))
    # Each (word, place) becomes as many (term, place) as the word has terms.
    times = parts_of[word]
    source = np.repeat(np.arange(len(word)), times)
    within = np.arange(len(source)) - np.repeat(np.cumsum(times) - times, times)
    term = flat[first[word[source]] + within].astype(np.uint64)
    keys = term << np.uint64(32) | (pairs & np.uint64(0xFFFFFFFF))[source]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)
    totals = np.add.reduceat(counts[source][order], starts) if len(keys) else np.zeros(0, np.int64)
    keys = keys[starts]
    where = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    document, part = where >> _FIELD_BITS, where & ((1 << _FIELD_BITS) - 1)
    sums = np.bincount(document * len(FIELDS) + part, weights=totals, minlength=len(owners) * len(FIELDS))
    lengths[:] = np.minimum(sums, 0xFFFF).reshape(len(owners), len(FIELDS))
    packed = np.empty((len(keys), 2), dtype="<u4")
    packed[:, 0] = document
    packed[:, 1] = part << _COUNT_BITS | np.minimum(totals, _MAX_COUNT)
    number = (keys >> np.uint64(32)).astype(np.int64)
    bounds = np.searchsorted(number, np.arange(len(vocabulary) + 1))
    word_files = np.searchsorted(standing >> 16, np.arange(len(words) + 1))
    return Segment(
        owners, lengths, vocabulary, bounds, packed, words, word_files, (standing & 0xFFFF).astype(np.uint16)
    )


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
