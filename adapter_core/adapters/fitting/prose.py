"""Prose to train on among a repository's text, so that the model keeps what it knows of other text: docstrings of Python's own library.

Every machine that runs Python has them, and they are not about the repository. The help on the language, on which the judge measures harm
to other prose, is not among them. Their effect: docs/adapters.md, "Keeping other prose".
"""

from __future__ import annotations

import ast
import hashlib
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .windows import encode

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_LEAST = 200  # characters; shorter ones are hardly prose


def prose_sequences(tokenizer: Any, separator: int, length: int, count: int, seed: int) -> np.ndarray:
    """At most `count` sequences (n, length) int64, the same for the same `seed` and the same library; fewer where this has not so much, or
    is not there as files. The docstrings of each of its modules (not of its packages) follow each other, `separator` (a token) before
    them."""
    stream = np.empty(0, np.int64)
    texts = _docstrings(seed)
    while len(stream) < count * length and (text := next(texts, None)) is not None:
        (tokens,) = encode(tokenizer, [text])
        stream = np.concatenate([stream, [separator], tokens.astype(np.int64)])
    found = min(len(stream) // length, count)
    return stream[: found * length].reshape(found, length)


def _docstrings(seed: int) -> Iterator[str]:
    """Of each module of the library, in an order by `seed` that one more or less does not change."""
    try:
        files = list(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    except OSError:
        return
    for file in sorted(files, key=lambda f: hashlib.sha256(f"{seed} {f.name}".encode()).digest()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(file.read_text("utf-8"))
        except (OSError, ValueError, SyntaxError):
            continue
        documented = (n for n in ast.walk(tree) if isinstance(n, _DOCUMENTED))
        found = [text for node in documented if len(text := ast.get_docstring(node) or "") >= _LEAST]
        if found:
            yield "\n\n".join(found)
