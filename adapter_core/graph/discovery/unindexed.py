"""Source files of other languages, which are not indexed, so that an answer can say that it does not cover them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..source import read_bytes
from .discover import Rules, is_ignored, is_key_file, is_skipped_folder, root_rules, with_own_rules

_SUFFIXES = frozenset(
    ".bash .c .cc .clj .cpp .cs .cu .cxx .dart .erl .ex .exs .f90 .fs .go .groovy .h .hpp .hs .java .jl .js .jsx .kt .lua .m .mjs .ml "
    ".mm .php .pl .ps1 .proto .pyx .r .rb .rs .scala .sh .sol .sql .svelte .swift .tf .ts .tsx .v .vue .zig".split()
)
_MAX_ENTRIES = 20_000
_MAX_READ = 300  # files
_MAX_BYTES = 100_000  # of one of them
_SHARE = 2 / 3
_GENERATED_LINE = 500  # characters, on average: such lines are generated


def other_sources(root: Path) -> Iterator[str]:
    """Paths of source files of languages that are not indexed, in order, outer ones first, without ignored ones. In a very large
    workspace only those among its first entries."""
    waiting: list[tuple[str, tuple[Rules, ...]]] = [("", root_rules(root, ()))]
    entries = 0
    while waiting:
        folder, outer = waiting.pop(0)
        rules = with_own_rules(root, folder, outer)
        try:
            with os.scandir(root / folder if folder else root) as listing:
                children = sorted(listing, key=lambda e: e.name)
        except OSError:
            continue
        for entry in children:
            entries += 1
            if entries > _MAX_ENTRIES:
                return
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                if not is_skipped_folder(entry.name, entry.path) and not is_ignored(path + "/", rules):
                    waiting.append((path, rules))
                continue
            source = os.path.splitext(entry.name.lower())[1] in _SUFFIXES and not is_key_file(entry.name)
            if source and not is_ignored(path, rules):
                yield path


def may_answer(root: Path, names: Sequence[str], words: Sequence[str]) -> tuple[list[str], int]:
    """(files that contain all `names`, or, without names, most of the `words`; the number of source files that are not indexed)."""
    names, words = [n.lower() for n in names], [w.lower() for w in words]
    found: list[str] = []
    number = 0
    for path in other_sources(root):
        number += 1
        if number > _MAX_READ or not (names or words):
            continue
        try:
            text = path.lower() + "\n" + read_bytes(root / path, _MAX_BYTES).decode("utf-8", "replace").lower()
        except (OSError, ValueError):
            continue
        if len(text) > _GENERATED_LINE * (1 + text.count("\n")):
            continue  # minified, or a search index: not written by people
        matching = sum(word in text for word in words)
        if all(name in text for name in names) if names else matching >= _SHARE * len(words):
            found.append(path)
    return found, number
