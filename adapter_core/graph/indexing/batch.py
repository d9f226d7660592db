"""One batch of files to records for the store: the part of indexing that runs in worker processes."""

from __future__ import annotations

import sys
import time
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...types import ModuleFacts
from ..discovery.discover import FoundFile
from ..memory.garbage import without_gc
from ..parsing.parse import parse_file
from ..source import NotText, Source, read_source
from ..storage.codec import encode_facts
from ..storage.postings import build_segment
from ..storage.rows import FileRecord, FileRow
from ..storage.segments import Block, Part
from ..storage.sstable import Table, cut, table_of
from ..storage.uses import uses


@dataclass
class BatchResult:
    """The result of a batch; plain values only, so that any executor can carry it. `parts`: results to be counted with this one."""

    files: list[FileRecord] = field(default_factory=list)
    owners: bytes = b""
    lengths: bytes = b""
    blocks: list[Block] = field(default_factory=list)
    touched: list[tuple[str, int, int, int, int, int]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    parts: list[BatchResult] = field(default_factory=list)
    stages: dict[str, float] = field(
        default_factory=dict
    )  # CPU seconds of "read", "facts", "keys", "records", "search tables"


def index_batch(root: str, found: Sequence[FoundFile], known: dict[str, str], max_bytes: int) -> BatchResult:
    """Read and parse files. `known` maps paths to the stored SHA-256: files that still have it are only `touched`.

    A file that cannot be read, or on which the parser fails, is `skipped` with the reason; no exception is raised for it.
    """
    with without_gc():
        return _index_batch(root, found, known, max_bytes)


def _index_batch(root: str, found: Sequence[FoundFile], known: dict[str, str], max_bytes: int) -> BatchResult:
    result = BatchResult()
    clock = _Clock(result.stages)
    parseable: list[tuple[FoundFile, Source, int]] = []
    for file in found:
        checked = time.time_ns()
        source = _read(root, file, max_bytes, result)
        if source is None:
            continue
        if known.get(file.path) == source.sha256:
            result.touched.append((file.path, file.size, file.mtime_ns, file.ctime_ns, file.inode, checked))
        else:
            parseable.append((file, source, checked))
    clock.lap("read")
    parsed, parseable = _parse(parseable, result)
    clock.lap("facts")
    segment = build_segment((facts, source.text) for facts, (_, source, _) in zip(parsed, parseable, strict=True))
    result.owners = segment.owners.tobytes()
    result.lengths = segment.lengths.tobytes()
    result.blocks = _cut(Part.POSTINGS, segment.terms)
    clock.lap("search tables")
    result.blocks += _cut(Part.NAMED, _with_normalised_words(segment.words))
    for part, table in _name_tables(parsed).items():
        result.blocks += _cut(part, table)
    clock.lap("keys")
    for facts, (file, source, checked) in zip(parsed, parseable, strict=True):
        result.files.append(_record(facts, file, source, checked))
    clock.lap("records")
    return result


def _read(root: str, file: FoundFile, max_bytes: int, result: BatchResult) -> Source | None:
    """The text of a file; None, with the reason in `skipped`, where it cannot be read."""
    try:
        return read_source(Path(root, file.path), max_bytes)
    except NotText:
        reason = "binary data"
    except FileNotFoundError:
        reason = "vanished while it was read"
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        reason = str(error)
    result.skipped.append((file.path, reason))
    return None


def _parse(
    read: list[tuple[FoundFile, Source, int]], result: BatchResult
) -> tuple[list[ModuleFacts], list[tuple[FoundFile, Source, int]]]:
    """The facts of each file, and the files that have some. A file on which the parser fails is skipped and does not affect others."""
    parsed: list[ModuleFacts] = []
    parseable: list[tuple[FoundFile, Source, int]] = []
    for entry in read:
        file, source, _ = entry
        try:
            parsed.append(parse_file(file.path, file.kind, source.text, file.module))
        except Exception as error:  # noqa: BLE001 - a fault of ours, reported for the file, must not cost the index
            result.skipped.append(
                (file.path, f"could not be read as {file.kind} ({type(error).__name__}: {error})"[:300])
            )
        else:
            parseable.append(entry)
    return parsed, parseable


class _Clock:
    """CPU time of this process, by stages."""

    def __init__(self, stages: dict[str, float]) -> None:
        self._stages = stages
        self._last = time.process_time()

    def lap(self, stage: str) -> None:
        now = time.process_time()
        self._stages[stage] = now - self._last
        self._last = now


def _cut(part: Part, table: Table) -> list[Block]:
    return [(int(part), first, data) for first, data in cut(table)]


def _with_normalised_words(words: Table) -> Table:
    """The words with the files in which they occur; identifiers in other Unicode spellings also count for the normalised name (PEP
    3131)."""
    non_ascii = [word for word in words.keys if not word.isascii()]
    names = {w: n for w in non_ascii if (n := unicodedata.normalize("NFKC", w)) != w and n.isidentifier()}
    if not names:
        return words
    values = dict(words.items())
    for word, name in names.items():
        ordinals = np.union1d(np.frombuffer(values[word], "<u2"), np.frombuffer(values.get(name, b""), "<u2"))
        values[name] = ordinals.astype("<u2").tobytes()
    return table_of(values)


_USES = {
    "called": Part.CALLED, "decorated": Part.DECORATED, "base": Part.BASE, "aliased": Part.ALIASED, "asked": Part.ASKED,
}  # fmt: skip


def _name_tables(batch: Sequence[ModuleFacts]) -> dict[Part, Table]:
    """The tables of what files define, and of how they use names."""
    files: dict[Part, dict[str, array[int]]] = {part: {} for part in _USES.values()}
    symbols: dict[Part, dict[str, array[int]]] = {Part.SYMBOLS: {}, Part.SECTIONS: {}}
    named, sections = symbols[Part.SYMBOLS], symbols[Part.SECTIONS]
    for ordinal, facts in enumerate(batch):
        for use, names in uses(facts).items():
            for name in names:
                files[_USES[use]].setdefault(name, array("H")).append(ordinal)
        for index, symbol in enumerate(facts.symbols):
            (sections if symbol.kind == "section" else named).setdefault(symbol.name, array("I")).extend(
                (ordinal, index)
            )
    return {part: _table(values) for part, values in (*files.items(), *symbols.items())}


def _table(values: dict[str, array[int]]) -> Table:
    if sys.byteorder == "big":
        for numbers in values.values():
            numbers.byteswap()
    return table_of({key: numbers.tobytes() for key, numbers in values.items()})


def _record(facts: ModuleFacts, file: FoundFile, source: Source, checked: int) -> FileRecord:
    row = FileRow(
        id=0,
        path=file.path,
        kind=file.kind,
        module=file.module,
        size=file.size,
        mtime_ns=file.mtime_ns,
        ctime_ns=file.ctime_ns,
        inode=file.inode,
        checked_ns=checked,
        sha256=source.sha256,
        segment=0,
        symbols=len(facts.symbols),
        problem="; ".join(filter(None, (source.problem, *facts.problems))),
    )
    return FileRecord(row, encode_facts(facts))
