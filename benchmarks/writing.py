"""How fast the model writes over packed evidence of Flask: with keys and values joined anew for each token, written in place, and
with guesses from the prompt; and what it saves to read the same beginning once.

    ./x bench writing

The ways take turns within each question. Processor seconds are given beside those of the clock: on a busy machine they say more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from time import perf_counter, process_time
from typing import Any
from unittest import mock

from _common import DATA, report

from adapter_core.answers.prompts import phrasing_messages
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import pack_context
from adapter_core.evidence.selection import search
from adapter_core.models import generate
from adapter_core.models.backend import Finished, GenerationOptions, TextChunk
from adapter_core.models.decoder import Decoder
from adapter_core.models.generate import Writing
from adapter_core.models.loading import LoadedModel, load_model
from adapter_core.models.prefixes import Prefixes
from adapter_core.models.sources import resolve
from adapter_core.models.text import encode_chat

QUESTIONS = (
    "How does Flask match a request URL to a view function?",
    "Where is the session cookie signed?",
    "What does url_for do?",
    "How are errors handled?",
    "Who calls full_dispatch_request?",
    "How is a blueprint registered?",
)
FOLLOW_UP = "And which tests cover that?"
WAYS = ("joined anew", "in place", "in place, with guesses")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dtype", default=None)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--penalty", type=float, default=GenerationOptions().repetition_penalty)
    parser.add_argument("--questions", type=int, default=len(QUESTIONS))
    args = parser.parse_args()
    loaded = load_model(resolve(), args.dtype, "cpu")
    prompts, follow_ups = [], []
    with CodeGraph.load_or_build(DATA / "flask-3.1.2") as graph:
        for question in QUESTIONS[: args.questions]:
            pack = pack_context(search(graph, question).passages, count=lambda texts: [*counted(loaded, texts)])
            prompts.append(encode_chat(loaded.tokenizer, phrasing_messages(question, pack)))
            follow_ups.append(encode_chat(loaded.tokenizer, phrasing_messages(FOLLOW_UP, pack)))
    rows = [*writing(loaded, prompts, args.tokens, args.penalty), *reading(loaded, prompts, follow_ups)]
    name = "writing" if args.dtype is None else f"writing-{args.dtype}"
    report(name, rows, {"dtype": loaded.info.dtype, "new_tokens": args.tokens, "repetition_penalty": args.penalty})


def counted(loaded: LoadedModel, texts: Any) -> Iterator[int]:
    for text in texts:
        yield len(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])


def writing(loaded: LoadedModel, prompts: list[list[int]], tokens: int, penalty: float) -> Iterator[dict[str, Any]]:
    totals = {way: {"seconds": 0.0, "processor": 0.0, "tokens": 0, "passes": 0} for way in WAYS}
    texts: dict[str, list[str]] = {way: [] for way in WAYS}
    for turn, prompt in enumerate(prompts):
        for way in (*WAYS[turn % 3 :], *WAYS[: turn % 3]):
            total = totals[way]
            options = GenerationOptions(
                max_new_tokens=tokens, min_new_tokens=tokens, repetition_penalty=penalty, lookup=way == WAYS[2]
            )
            real, passes = Decoder.predict, 0

            def predict(self: Decoder, ids: Any, real: Any = real) -> Any:
                nonlocal passes
                passes += 1
                return real(self, ids)

            single = mock.patch.object(generate, "can_decode", return_value=False)
            with mock.patch.object(Decoder, "predict", predict):
                if way == WAYS[0]:
                    with single:
                        text = write(loaded, prompt, options, total)
                else:
                    text = write(loaded, prompt, options, total)
            total["passes"] += passes or tokens - 1
            print(f"{turn + 1} of {len(prompts)}, {way}: {passes or tokens - 1} passes", file=sys.stderr, flush=True)
            texts[way].append(text)
    plain = totals[WAYS[0]]
    for way, total in totals.items():
        yield {
            "what": f"writing, {way}",
            "tokens/s": total["tokens"] / total["seconds"],
            "against joined anew": plain["seconds"] / total["seconds"],
            "processor seconds per token": total["processor"] / total["tokens"],
            "against, by processor": plain["processor"] / total["processor"],
            "tokens per pass": total["tokens"] / total["passes"],
            "same text as in place": sum(a == b for a, b in zip(texts[way], texts[WAYS[1]], strict=True))
            / len(prompts),
        }


def write(loaded: LoadedModel, prompt: list[int], options: GenerationOptions, total: dict[str, Any]) -> str:
    """The text; what writing it took (without reading the prompt) is added up."""
    written, started, used = [], 0.0, 0.0
    for event in Writing(loaded, prompt, options).events(loaded):
        if not started:  # the first token follows from the prompt
            started, used = perf_counter(), process_time()
        if isinstance(event, TextChunk):
            written.append(event.text)
        else:
            total["tokens"] += event.new_tokens - 1
    total["seconds"] += perf_counter() - started
    total["processor"] += process_time() - used
    return "".join(written)


def reading(loaded: LoadedModel, prompts: list[list[int]], follow_ups: list[list[int]]) -> Iterator[dict[str, Any]]:
    """Another question over the same evidence, with and without what was read for the first."""
    options = GenerationOptions(max_new_tokens=8)
    times, texts, share = {True: 0.0, False: 0.0}, {True: [], False: []}, 0.0
    for prompt, follow_up in zip(prompts, follow_ups, strict=True):
        prefixes = Prefixes()
        list(Writing(loaded, prompt, options).events(loaded, prefixes=prefixes))
        for kept in (False, True):
            *chunks, end = Writing(loaded, follow_up, options).events(loaded, prefixes=prefixes if kept else None)
            assert isinstance(end, Finished)
            times[kept] += end.prefill_seconds
            texts[kept].append([chunk.text for chunk in chunks if isinstance(chunk, TextChunk)])
            share += end.reused_tokens / end.prompt_tokens / len(prompts)
    for kept in (False, True):
        yield {
            "what": "another question over the same evidence: " + ("what was read is kept" if kept else "read anew"),
            "seconds to read": times[kept] / len(prompts),
            "share not read again": share if kept else 0.0,
            "same text": float(texts[kept] == texts[False]),
        }


if __name__ == "__main__":
    main()
