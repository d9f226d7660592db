"""How likely the model finds the reference answer after what it reads to write one: bits per byte, lower is better.

Beside the pack of the question: that of another question of the same repository, and the question alone; each with the repository's
memory mixed in as well.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _answer_scores import Reference
from _retrieval_data import Row

from adapter_core.adapters.fitting.scoring import score_windows
from adapter_core.adapters.fitting.windows import Window, encode
from adapter_core.adapters.memory import Memory
from adapter_core.answers.prompts import phrasing_messages
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import pack_context
from adapter_core.evidence.options import ContextOptions
from adapter_core.evidence.selection import search
from adapter_core.models.loading import LoadedModel, load_model
from adapter_core.models.sources import resolve
from adapter_core.models.text import encode_chat
from adapter_core.types import EvidencePack

PACK_TOKENS, ANSWER_TOKENS = 700, 200
OWN, OTHER, NONE = "pack", "pack of another question", "no pack"
RESAMPLES = 2000


def bits(
    rows: Sequence[Row], known: dict[str, Reference], repos: Path, cache: Path, each: int, seed: int
) -> list[dict[str, Any]]:
    """Up to `each` questions with a reference of every repository that has at least two about one checkout."""
    loaded = load_model(resolve(None))
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)
    by_checkout: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if known.get(row.id, Reference()).text:
            by_checkout[row.checkout].append(row)
    largest = {own[0].repo: own for own in sorted(by_checkout.values(), key=len) if len(own) > 1}
    found: list[dict[str, float]] = []
    for _, own in sorted(largest.items()):
        sample = random.Random(seed).sample(own, min(each, len(own)))
        with CodeGraph.load_or_build(repos / own[0].checkout) as graph:
            memory = _memory(graph, loaded)
            packs = [_pack(graph, loaded, row.question) for row in sample]
            for number, row in enumerate(sample):
                contexts = {OWN: packs[number], OTHER: packs[number - 1], NONE: EvidencePack("", (), 0)}
                found.append(_bits(loaded, memory, row.question, known[row.id].text, contexts))
    return _table(found, seed)


def _memory(graph: CodeGraph, loaded: LoadedModel) -> Memory:
    documents = {r.path: graph.document(r.path) for r in graph.store.files() if r.kind == "python"}
    texts = {path: document.text for path, document in documents.items() if document is not None}
    return Memory.build(dict(zip(texts, encode(loaded.tokenizer, list(texts.values())), strict=True)), "")


def _pack(graph: CodeGraph, loaded: LoadedModel, question: str) -> EvidencePack:
    def count(texts: Sequence[str]) -> list[int]:
        return [len(tokens) for tokens in encode(loaded.tokenizer, texts)]

    return pack_context(search(graph, question).passages, ContextOptions(tokens=PACK_TOKENS), count)


def _bits(
    loaded: LoadedModel, memory: Memory, question: str, answer: str, contexts: dict[str, EvidencePack]
) -> dict[str, float]:
    """Bits of the first tokens of the answer after each context, and their bytes."""
    tokens = encode(loaded.tokenizer, [answer])[0][:ANSWER_TOKENS]
    size = len(loaded.tokenizer.decode(tokens.tolist()).encode())
    found = {"bytes": float(size)}
    for name, pack in contexts.items():
        before = np.array(encode_chat(loaded.tokenizer, phrasing_messages(question, pack)), tokens.dtype)
        window = Window(name, np.concatenate([before, tokens]), len(before), size)
        [scores] = score_windows(loaded.model, [window], memory=memory)
        mixed = scores.with_memory()
        found[name] = -float(scores.chosen.sum()) / float(np.log(2))
        found[f"{name}, memory"] = -float(mixed.sum()) / float(np.log(2))
    return found


def _table(found: list[dict[str, float]], seed: int) -> list[dict[str, Any]]:
    """Bits per byte over all answers, and the change against the pack alone with the 95 % interval of a bootstrap over answers."""
    if not found:
        return []
    draws = np.random.default_rng(seed).integers(0, len(found), size=(RESAMPLES, len(found)))
    size, base = (np.array([one[key] for one in found]) for key in ("bytes", OWN))
    rows = []
    for name in (key for key in found[0] if key != "bytes"):
        now = np.array([one[name] for one in found])
        low, high = np.percentile(100 * (now[draws].sum(axis=1) / base[draws].sum(axis=1) - 1), (2.5, 97.5))
        rows.append(
            {
                "after": name,
                "answers": len(found),
                "bits per byte": float(now.sum() / size.sum()),
                "change, %": float(100 * (now.sum() / base.sum() - 1)),
                "95 %": f"{low:+.1f} to {high:+.1f}",
            }
        )
    return rows
