"""What the generated adapter, the null model, does to a repository's text, and whether its knobs help.

    ./x bench generated [FOLDER…] [--windows 8] [--tokens 512]

Mean change of bits per byte against no adapter, over windows of files chosen by the hashes of their paths (nothing is trained, so all
files are unseen); negative is better. FOLDERs: unpacked repositories; without any, the packages of the tests and the benchmarks.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from _common import DATA, report

from adapter_core.adapters.bank import BankEntry, adapters_bank
from adapter_core.adapters.capacity import entropy_score, scale_capacity
from adapter_core.adapters.generator import generate_lora_from_embedding
from adapter_core.adapters.options import CapacityOptions
from adapter_core.adapters.priors import kbann_priors
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.embedding import Embedder
from adapter_core.graph.source import is_python
from adapter_core.models.environment import library_environment

MIN_BYTES = 2_000
RESAMPLES = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--windows", type=int, default=8, help="of each repository")
    parser.add_argument("--tokens", type=int, default=512, help="of each window")
    parser.add_argument("--model", default=None)
    args = parser.parse_args()
    for name, value in library_environment().items():
        os.environ.setdefault(name, value)
    from adapter_core.adapters.targets import infer_target_shapes
    from adapter_core.models.loading import load_model
    from adapter_core.models.sources import resolve

    folders = args.folders or sorted(p for p in DATA.iterdir() if p.is_dir())
    loaded = load_model(resolve(args.model))
    shapes = infer_target_shapes(loaded.model)
    layers, width = loaded.model.config.num_hidden_layers, loaded.model.config.hidden_size
    seen = [look(folder, args.windows) for folder in folders]

    def make(z: np.ndarray, **options: Any) -> Any:
        return generate_lora_from_embedding(z, width, layers, target_shapes=shapes, **options)

    changes: dict[str, list[list[float]]] = {}
    for number, one in enumerate(seen):
        foreign = seen[(number + 1) % len(seen)]
        bank = [BankEntry(n, z, lambda z=z: make(z)) for n, z in one["modules"]]  # type: ignore[misc]
        base = make(one["z"])
        variants = {
            "generated": base,
            "of another repository": make(foreign["z"]),
            "another seed": make(one["z"], seed=1),
            "with priors": make(one["z"], target_weights=one["priors"]),
            "rank by entropy": make(one["z"], rank=one["rank"]),
            "gate hump": make(one["z"], layer_gate="hump"),
            "bank, uniform": adapters_bank(bank, one["z"], 4).adapter,
            "bank, by cosine": adapters_bank(bank, one["z"], 4, weighting="cosine").adapter,
        }
        plain = [bits(loaded, text, args.tokens) for text in one["texts"]]
        for name, adapter in variants.items():
            changes.setdefault(name, []).append(with_adapter(loaded, adapter, one["texts"], args.tokens, plain))
    rows = []
    for name, of_repos in changes.items():
        flat = [c for of_one in of_repos for c in of_one]
        low, high = interval(of_repos)
        rows.append(
            {"adapter": name, "bits per byte, %": 100 * statistics.mean(flat), "from": 100 * low, "to": 100 * high}
        )
    extra = {
        "model": loaded.info.name,
        "repositories": [f.name for f in folders],
        "windows": args.windows,
        "tokens": args.tokens,
    }
    report("generated", rows, extra)


def look(folder: Path, windows: int) -> dict[str, Any]:
    """The data of a repository: its embedding, those of some modules, priors, rank, and texts."""
    with CodeGraph.load_or_build(folder) as graph:
        embedder = Embedder(graph)
        whole = embedder.whole()
        rows = [r for r in graph.store.files() if r.kind == "python" and r.size >= MIN_BYTES and is_python(r.path)]
        rows.sort(key=lambda r: hashlib.sha256(r.path.encode()).digest())
        modules = [(r.path, embedder.part(files=[r.path]).z) for r in rows[:16]]
        texts = [d.text for d in map(graph.document, [r.path for r in rows[:windows]]) if d is not None]
        rank = scale_capacity(entropy_score(graph), CapacityOptions(enabled=True)).rank
        return {"z": whole.z, "modules": modules, "priors": kbann_priors(whole), "rank": rank, "texts": texts}


def with_adapter(loaded: Any, adapter: Any, texts: list[str], tokens: int, plain: list[float]) -> list[float]:
    """For each text the relative change of its bits per byte."""
    from adapter_core.adapters.mixing import register_hook_mixed_adapters

    with register_hook_mixed_adapters(loaded.model, adapter):
        return [bits(loaded, text, tokens) / before - 1 for text, before in zip(texts, plain, strict=True)]


def bits(loaded: Any, text: str, tokens: int) -> float:
    """Bits per byte of the first `tokens` tokens, without the first one, each given those before it."""
    import torch

    ids = loaded.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"][:tokens]
    with torch.inference_mode():
        input_ids = torch.tensor([ids], device=loaded.device)
        logits = loaded.model(input_ids=input_ids).logits[0, :-1].float()
        nats = torch.nn.functional.cross_entropy(logits, input_ids[0, 1:], reduction="sum").item()
    return nats / math.log(2) / len(loaded.tokenizer.decode(ids[1:]).encode())


def interval(of_repos: list[list[float]]) -> tuple[float, float]:
    """95 % of the means of resampled repositories and windows."""
    rng = np.random.default_rng(0)
    means = []
    for _ in range(RESAMPLES):
        chosen = [of_repos[i] for i in rng.integers(0, len(of_repos), len(of_repos))]
        means.append(statistics.mean(float(v) for one in chosen for v in rng.choice(one, len(one))))
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


if __name__ == "__main__":
    main()
