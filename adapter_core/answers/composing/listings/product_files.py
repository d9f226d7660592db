"""Which files of the product a listing has to look through."""

from __future__ import annotations

from collections.abc import Iterable

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
    paths = (index.paths[number] for number in numbers if number >= 0)
    return sorted(path for path in paths if is_python(path) and not is_test_path(path) and not is_aside(path))
