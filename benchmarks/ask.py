"""How fast is an answer on Flask: the composed one, the model's reading and writing, beside the bare operations.

    ./x bench ask

Bare operations, in the same run and process: one forward pass of the same prompt, and transformers' own greedy `generate`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from _common import DATA, median_of, report, temporary_cache, timed

from adapter_core.answers.options import AskOptions, ReadingOptions
from adapter_core.answers.prompts import phrasing_messages
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import pack_context
from adapter_core.evidence.selection import search
from adapter_core.models.backend import Backend, GenerationOptions

QUESTIONS = (
    "How does Flask match a request URL to a view function?",
    "Where is the session cookie signed?",
    "What does url_for do?",
    "How are errors handled?",
    "Who calls full_dispatch_request?",
)
NEW_TOKENS = 64


def main() -> None:
    root = DATA / "flask-3.1.2"
    with temporary_cache():
        rows = composed(root)
    with CodeGraph.load_or_build(root) as graph:
        rows += with_model(graph)
    report("ask", rows, {"questions": list(QUESTIONS), "new_tokens": NEW_TOKENS})


def composed(root: Path) -> list[dict[str, Any]]:
    cold, graph = timed(lambda: CodeGraph.load_or_build(root))
    graph.close()
    answers, opens = [], []
    for question in QUESTIONS * 3:
        seconds, graph = timed(lambda: CodeGraph.load_or_build(root))
        with graph:
            opens.append(seconds)
            answers.append(timed(lambda q=question, g=graph: answer_question(g, q))[0])
    command = [sys.executable, "-I", "-m", "adapter_core.cli.main", "ask", "--no-model", "--repo", str(root)]
    whole = [timed(lambda q=q: subprocess.run([*command, q], capture_output=True, check=True))[0] for q in QUESTIONS]
    python = median_of(3, lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True))
    return [
        {"what": "index, cold", "seconds": cold},
        {"what": "index, warm: nothing changed", "seconds": statistics.median(opens)},
        {"what": "composed answer, warm index, median", "seconds": statistics.median(answers)},
        {"what": "composed answer, warm index, worst", "seconds": max(answers)},
        {"what": "`pathline ask --no-model`, whole process", "seconds": statistics.median(whole)},
        {"what": "  floor: start Python, import numpy", "seconds": python},
    ]


def with_model(graph: CodeGraph) -> list[dict[str, Any]]:
    from adapter_core.models.process import ProcessBackend

    process = ProcessBackend()
    load = timed(process.load)[0]
    reading = AskOptions(reading=ReadingOptions(weight=0.5))
    read = statistics.median(timed(lambda q=q: answer_question(graph, q, reading, process))[0] for q in QUESTIONS)
    phrased = phrased_answers(graph, process)
    process.close()
    return [
        {"what": "model: start its process and load", "seconds": load},
        {"what": "answer with reading (weight 0.5), median", "seconds": read},
        *phrased,
        *bare_operations(graph),
    ]


def phrased_answers(graph: CodeGraph, backend: Backend) -> list[dict[str, Any]]:
    options = replace(AskOptions(phrase=True), generation=GenerationOptions(max_new_tokens=NEW_TOKENS))
    firsts, totals, rates, phrased_count = [], [], [], 0
    for question in QUESTIONS:
        started = perf_counter()
        seen: list[float] = []

        def first(name: str, value: Any, seen: list[float] = seen, started: float = started) -> None:
            if name == "claim" and value.kind == "phrased":
                seen.append(perf_counter() - started)

        answer = answer_question(graph, question, options, backend, on_event=first)
        totals.append(perf_counter() - started)
        firsts += seen[:1]
        phrased_count += any(c.kind == "phrased" for c in answer.claims)
        # Of drafts, several at once, reading included; of a whole text, without.
        spent = answer.metrics.get("draft_seconds") or answer.metrics.get("decode_seconds")
        if spent:
            rates.append(answer.metrics["new_tokens"] / spent)
    total, condition = statistics.median(totals), f"  questions of {len(QUESTIONS)} with a phrased sentence that passed"
    return [
        {"what": "phrased answer: first checked sentence, median", "seconds": median_or_none(firsts)},
        {"what": "phrased answer: total, median", "seconds": total, "tokens/s": median_or_none(rates)},
        {"what": condition, "seconds": None, "count": phrased_count},
    ]


def bare_operations(graph: CodeGraph) -> list[dict[str, Any]]:
    import torch

    from adapter_core.models.loading import load_model
    from adapter_core.models.sources import resolve

    loaded = load_model(resolve())
    tokenizer, model = loaded.tokenizer, loaded.model
    pack = pack_context(
        search(graph, QUESTIONS[0]).passages, count=lambda texts: [len(tokenizer(t)["input_ids"]) for t in texts]
    )
    messages = [{"role": m.role, "content": m.content} for m in phrasing_messages(QUESTIONS[0], pack)]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)[
        "input_ids"
    ]
    with torch.inference_mode():
        forward = median_of(3, lambda: model(ids, logits_to_keep=1))
        settings = {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS, "do_sample": False}
        bare = timed(lambda: model.generate(ids, attention_mask=torch.ones_like(ids), **settings))[0]
    length = ids.shape[1]
    return [
        {"what": f"  floor: one forward pass, {length} tokens", "seconds": forward, "tokens/s": length / forward},
        {
            "what": f"  floor: bare greedy generate, {NEW_TOKENS} tokens",
            "seconds": bare,
            "tokens/s": NEW_TOKENS / (bare - forward),
        },
    ]


def median_or_none(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


if __name__ == "__main__":
    main()
