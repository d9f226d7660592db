"""Pieces of files as a model reads them: windows of whole text, and function bodies after signature and docstring."""

from __future__ import annotations

import ast
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models.text import clean


@dataclass(frozen=True, slots=True)
class Window:
    """`tokens` (n,) uint32 of `path`; those from `first` on (at least 1) are predicted. `size` is their text in bytes of UTF-8,
    `start` the place of the first token among those of the file (for a function: 0)."""

    path: str
    tokens: np.ndarray
    first: int
    size: int
    start: int = 0


def encode(tokenizer: Any, texts: Sequence[str]) -> list[np.ndarray]:
    """The tokens of each text, (n,) uint32. Special tokens in the text are encoded as plain text. Runs on all cores."""
    if not texts:
        return []
    texts = [clean(text) for text in texts]
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        found = tokenizer(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return [np.array(ids, np.uint32) for ids in found]
    # Without offsets, which are half of the work.
    before = fast.encode_special_tokens
    fast.encode_special_tokens = True
    try:
        return [np.array(e.ids, np.uint32) for e in fast.encode_batch_fast(texts, add_special_tokens=False)]
    finally:
        fast.encode_special_tokens = before


def windows(
    tokenizer: Any,
    files: Mapping[str, np.ndarray],
    count: int,
    length: int = 1024,
    per_file: int = 3,
    seed: int = 0,
) -> list[Window]:
    """About `count * length` tokens in windows of at most `length`, at most `per_file` of a file, drawn by `seed`. The same for the
    same `files` (path to tokens), in whatever order these come."""
    draw = random.Random(seed)
    places: list[tuple[str, int]] = []
    for path in sorted(files):
        starts = [at for at in range(0, len(files[path]), length) if at == 0 or len(files[path]) - at >= length // 4]
        places += [(path, at) for at in draw.sample(starts, min(per_file, len(starts)))]
    draw.shuffle(places)
    found: list[Window] = []
    total = 0
    for path, at in places:
        tokens = files[path][at : at + length]
        if total >= count * length:
            break
        if len(tokens) >= 64:
            found.append(Window(path, tokens, 1, _decoded_bytes(tokenizer, tokens[1:]), at))
            total += len(tokens)
    return found


def function_windows(
    tokenizer: Any,
    texts: Mapping[str, str],
    count: int,
    max_tokens: int = 384,
    max_body: int = 192,
    seed: int = 0,
) -> list[Window]:
    """Functions of `texts` (path to Python source) that have a docstring and at least two statements after it; their bodies are
    predicted after decorators, signature and docstring. Bodies are cut at `max_body` tokens; what does not fit `max_tokens` is left
    out. At most four functions of a file."""
    draw = random.Random(seed)
    chosen: list[tuple[str, str, str]] = []
    for path in sorted(texts):
        parts = _functions(texts[path])
        chosen += [(path, head, body) for head, body in draw.sample(parts, min(4, len(parts)))]
    draw.shuffle(chosen)
    found: list[Window] = []
    for path, head, body in chosen:
        if len(found) == count:
            break
        # A line break after the closing quotes begins a new token: encoded apart, head and body give the same tokens.
        before, after = encode(tokenizer, [head, body])
        after = after[:max_body]
        if len(before) and len(after) >= 16 and len(before) + len(after) <= max_tokens:
            tokens = np.concatenate([before, after])
            found.append(Window(path, tokens, len(before), _decoded_bytes(tokenizer, after)))
    return found


def _functions(source: str) -> list[tuple[str, str]]:
    """(decorators, signature and docstring; body with the line break before it) of each function worth asking for."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or len(node.body) < 3:
            continue
        docstring = node.body[0]
        if ast.get_docstring(node) is None or docstring.end_lineno is None or node.end_lineno is None:
            continue
        start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        if node.body[1].lineno > docstring.end_lineno:
            head = "\n".join(lines[start - 1 : docstring.end_lineno]).rstrip()
            found.append((head, "\n" + "\n".join(lines[docstring.end_lineno : node.end_lineno])))
    return found


def _decoded_bytes(tokenizer: Any, tokens: np.ndarray) -> int:
    text = tokenizer.decode(tokens.tolist(), skip_special_tokens=False, clean_up_tokenization_spaces=False)
    return max(len(str(text).encode()), 1)
