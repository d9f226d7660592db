"""Which files of the product a listing has to look through."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ....code_graph import is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph.source import is_python


def product_files_with(index: SearchIndex, terms: Iterable[str], fields: frozenset[int] | None = None) -> list[str]:
    """The Python files that contain one of the terms, sorted; without tests and examples. `fields`: of the postings; None: any."""
    numbers: set[int] = set()
    for hit in map(index.hits, terms):
        numbers.update(
            int(index.file_of[document])
            for document, field in zip(hit.documents, hit.fields, strict=True)
            if fields is None or field in fields
        )
    return of_product(index, numbers)


def product_files_with_all(index: SearchIndex, terms: Iterable[str]) -> list[str]:
    """The Python files that contain each of the terms, sorted; without tests and examples."""
    return of_product(index, _with_all(index, terms))


def files_with_all(index: SearchIndex, terms: Iterable[str]) -> list[str]:
    """The files of any kind that contain each of the terms."""
    return sorted(index.paths[number] for number in _with_all(index, terms))


def _with_all(index: SearchIndex, terms: Iterable[str]) -> set[int]:
    files = [set(np.unique(index.file_of[index.hits(term).documents]).tolist()) for term in terms]
    return {n for n in set.intersection(*files) if n >= 0} if files else set()


def of_product(index: SearchIndex, numbers: Iterable[int]) -> list[str]:
    """The Python files among those of these numbers, sorted; without tests and examples."""
    paths = (index.paths[number] for number in numbers if number >= 0)
    return sorted(path for path in paths if is_python(path) and not is_test_path(path) and not is_aside(path))


def is_of_tests(path: str) -> bool:
    """Whether a file is one of tests. A package `testing` below another one is the product's: it is for its users' tests."""
    return is_test_path(path.replace("/testing/", "/"))
