"""Choose the text to train on when there is time for little of it: the sequences that together hold the most recurring trigrams.

Token trigrams that occur in several folders are worth learning: they will occur in others. So sequences are chosen one by one, each time
the one with the most such trigrams that are not covered yet (greedy maximum coverage; each further occurrence of a trigram counts a
quarter, a ninth, …). Measured in docs/adapters.md, against a random choice.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

_NONE = np.empty(0, np.uint64)
_BITS = 21  # of a token's number, so that three of them fit one integer
_MAX_FOLDERS = 32  # more folders give a trigram no more weight


def select_covering(sequences: np.ndarray, files: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """The indices (count,) of the sequences (n, length) to train on, the most informative first; all n if there are not more.
    `files`: the tokens of each file, from which the folders of each trigram are counted."""
    trigrams, weights = _recurring_trigrams(_tokens_by_folder(files))
    indices = [_indices_of(_trigrams(sequence), trigrams) for sequence in sequences]
    times_covered = np.zeros(len(trigrams))

    def gain(index: int) -> float:
        return float((weights[indices[index]] / (1 + times_covered[indices[index]]) ** 2).sum())

    # The gain of a sequence only falls, so an earlier value is an upper bound, and few are computed again (Minoux 1978).
    heap = [(-gain(index), index) for index in range(len(sequences))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count:
        _, index = heapq.heappop(heap)
        now = -gain(index)
        if heap and (now, index) > heap[0]:
            heapq.heappush(heap, (now, index))
            continue
        chosen.append(index)
        times_covered[indices[index]] += 1
    return np.array(chosen, np.int64)


def _trigrams(tokens: np.ndarray) -> np.ndarray:
    """The distinct token trigrams, as sorted integers."""
    wide = tokens.astype(np.uint64)
    return np.unique((wide[:-2] << np.uint64(2 * _BITS)) | (wide[1:-1] << np.uint64(_BITS)) | wide[2:])


def _tokens_by_folder(files: Mapping[str, np.ndarray]) -> list[list[np.ndarray]]:
    """The tokens of the files of each folder; or of each file, if all are in one folder."""
    folders: dict[str, list[np.ndarray]] = defaultdict(list)
    for path in sorted(files):
        folders[path.rpartition("/")[0]].append(files[path])
    return list(folders.values()) if len(folders) > 1 else [[files[path]] for path in sorted(files)]


def _recurring_trigrams(folders: Sequence[Sequence[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """(trigrams in at least two folders, sorted; their weights: the log2 of the number of folders)."""
    own = [np.unique(np.concatenate([_NONE, *(_trigrams(t) for t in texts if len(t) > 2)])) for texts in folders]
    known, having = np.unique(np.concatenate([_NONE, *own]), return_counts=True)
    several = having > 1
    return known[several], np.log2(np.minimum(having[several], _MAX_FOLDERS))


def _indices_of(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The indices in `known` of those rows that are in it."""
    places = np.searchsorted(known, rows)
    inside = places < len(known)
    places, rows = places[inside], rows[inside]
    return places[known[places] == rows]
