"""Other retrievers, one checkout at a time, in an environment of their own; nothing of Pathline is imported here.

Standard input: JSON `{system, root, files, questions, top}`; `files` are relative paths, read by those systems that do not walk the
folder themselves. Standard output: JSON, for each question a list of `[path, start, end]`, best first, at most `top`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Span = tuple[str, int, int]
CHUNK_LINES = 60
STRIDE = 45
# Lines around the best match of a file: what one reads there.
WINDOW_LINES = 20

_WORD = re.compile(r"[^\W\d_]\w*|\d+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_STOP_WORDS = frozenset(
    """
    a about after all also an and any are as at be because been before between both but by can could did do does each for from get
    had has have how i if in into is it its may more most no not of on only or other our out over should so some such than that
    the their them then there these they this those through to under up use used uses using was we were what when where whether
    which while who why will with would you your
    """.split()
)


def bm25(root: Path, files: Sequence[str], questions: Sequence[str], top: int) -> list[list[Span]]:
    """bm25s with its defaults over windows of 60 lines, 45 apart; identifiers are kept and split."""
    import bm25s

    spans: list[Span] = []
    corpus: list[list[str]] = []
    for path, lines in _texts(root, files):
        for start in range(0, max(1, len(lines) - (CHUNK_LINES - STRIDE)), STRIDE):
            chunk = lines[start : start + CHUNK_LINES]
            spans.append((path, start + 1, start + len(chunk)))
            corpus.append(_tokens("\n".join(chunk)))
    retriever = bm25s.BM25()
    retriever.index(corpus, show_progress=False)
    found = []
    for question in questions:
        tokens = [t for t in _tokens(question) if t not in _STOP_WORDS]
        documents, scores = retriever.retrieve([tokens], k=min(top, len(spans)), show_progress=False)
        found.append([spans[int(d)] for d, s in zip(documents[0], scores[0], strict=True) if s > 0])
    return found


def semble(root: Path, files: Sequence[str], questions: Sequence[str], top: int) -> list[list[Span]]:
    """semble's own walk, chunks, BM25 and ranking rules, its weight of embeddings at 0: no model is needed."""
    import logging

    import numpy as np
    from semble.index.create import create_index_from_path
    from semble.search import search

    class NoModel:
        """In place of the static embedding: every text is the same vector, and its weight is nought."""

        dim = 1

        def encode(self, texts: Sequence[str], **_: Any) -> Any:
            return np.ones((len(texts), 1), dtype=np.float32)

    logging.disable()  # a warning for each language without a grammar
    model: Any = NoModel()
    sparse, dense, chunks, _ = create_index_from_path(root, model, display_root=root)
    return [
        [
            (r.chunk.file_path, r.chunk.start_line, r.chunk.end_line)
            for r in search(question, model, dense, sparse, chunks, top, alpha=0.0)
        ]
        for question in questions
    ]


def ripgrep(root: Path, files: Sequence[str], questions: Sequence[str], top: int) -> list[list[Span]]:
    """Files ranked by the number of the question's words in them, then by the number of matches; of each the window with most words."""
    return [_by_words(root, set(files), question, top, _matches_of_ripgrep) for question in questions]


def grep(root: Path, files: Sequence[str], questions: Sequence[str], top: int) -> list[list[Span]]:
    """As `ripgrep`, where that is not installed."""
    texts = _texts(root, files)

    def matches(_: Path, words: Sequence[str]) -> list[tuple[str, int, str]]:
        pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
        return [
            (path, n, match.group().lower())
            for path, lines in texts
            for n, line in enumerate(lines, 1)
            for match in pattern.finditer(line)
        ]

    return [_by_words(root, set(files), question, top, matches) for question in questions]


def _by_words(
    root: Path,
    files: set[str],
    question: str,
    top: int,
    find: Callable[[Path, Sequence[str]], list[tuple[str, int, str]]],
) -> list[Span]:
    words = sorted({w.lower() for w in _WORD.findall(question) if len(w) > 2} - _STOP_WORDS)
    if not words:
        return []
    by_file: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path, line, word in find(root, words):
        if path in files:
            by_file[path].append((line, word))
    ranked = sorted(by_file, key=lambda p: (-len({w for _, w in by_file[p]}), -len(by_file[p]), p))
    return [(path, *_best_window(by_file[path])) for path in ranked[:top]]


def _matches_of_ripgrep(root: Path, words: Sequence[str]) -> list[tuple[str, int, str]]:
    patterns = [argument for word in words for argument in ("-e", re.escape(word))]
    command = ["rg", "--no-config", "-i", "-w", "-o", "-n", "--no-heading", "--null", "--hidden", *patterns, "."]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, encoding="utf-8", errors="replace", check=False)
    found = []
    for record in done.stdout.split("\n"):
        path, _, rest = record.partition("\0")
        number, _, word = rest.partition(":")
        if number.isdigit():
            found.append((path.removeprefix("./"), int(number), word.lower()))
    return found


def _best_window(matches: list[tuple[int, str]]) -> tuple[int, int]:
    """The window of lines, starting at a match, with the most different words; the first of several."""
    matches = sorted(matches)
    best = (0, 1)
    for i, (start, _) in enumerate(matches):
        words = {w for line, w in matches[i : i + 200] if line < start + WINDOW_LINES}
        if len(words) > best[0]:
            best = (len(words), start)
    return best[1], best[1] + WINDOW_LINES - 1


def _texts(root: Path, files: Sequence[str]) -> list[tuple[str, list[str]]]:
    return [(path, re.split(r"\r\n|\r|\n", (root / path).read_text("utf-8", "replace"))) for path in files]


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    for word in _WORD.findall(text):
        parts = _PART.findall(word)
        tokens.append(word.lower())
        if len(parts) > 1:
            tokens.extend(part.lower() for part in parts)
    return tokens


SYSTEMS = {"bm25": bm25, "semble": semble, "ripgrep": ripgrep if shutil.which("rg") else grep}


def main() -> None:
    task = json.load(sys.stdin)
    found = SYSTEMS[task["system"]](Path(task["root"]), task["files"], task["questions"], task["top"])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
