"""How long does it take to put adapters on a model and to take them off, and is nothing left of them?

    ./x bench mixing [--model MODEL] [--runs 15] [--threads N]

The generated adapter of a fixed embedding, on all seven targets. Decoding is that of `transformers` with a cache, 32 tokens.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
from time import process_time
from typing import Any

from _common import report, timed

from adapter_core.models.environment import library_environment

DECODED = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=None, help="threads of torch (default: its own choice)")
    args = parser.parse_args()
    for name, value in library_environment().items():
        os.environ.setdefault(name, value)
    import numpy as np
    import torch

    from adapter_core.adapters.generator import generate_lora_from_embedding
    from adapter_core.adapters.targets import infer_target_shapes
    from adapter_core.models.loading import load_model
    from adapter_core.models.sources import resolve

    if args.threads:
        torch.set_num_threads(args.threads)
    loaded = load_model(resolve(args.model))
    shapes = infer_target_shapes(loaded.model)
    z = np.sin(np.arange(1536) + 1.0)
    layers, width = loaded.model.config.num_hidden_layers, loaded.model.config.hidden_size
    before = digest(loaded.model)

    def adapter(rank: int, seed: int) -> Any:
        return generate_lora_from_embedding(z, width, layers, rank, seed, target_shapes=shapes)

    rows = [{"what": "no adapter", "decode ms/token": decoding(loaded)}]
    for what, base, sub, backend in (
        ("merged, rank 8", adapter(8, 0), None, "merge"),
        ("merged, rank 32", adapter(32, 0), None, "merge"),
        ("merged, 8 and 8 mixed", adapter(8, 0), adapter(8, 1), "merge"),
        ("side path, rank 8", adapter(8, 0), None, "hook"),
    ):
        rows.append({"what": what, **measure(loaded, base, sub, backend, args.runs)})
        rows[-1]["same bits after"] = digest(loaded.model) == before
    extra = {
        "model": loaded.info.name, "dtype": loaded.info.dtype, "device": loaded.info.device, "threads": torch.get_num_threads(),
        "runs": args.runs,
    }  # fmt: skip
    report("mixing", rows, extra)


def measure(loaded: Any, base: Any, sub: Any, backend: str, runs: int) -> dict[str, float]:
    from adapter_core.adapters.mixing import register_hook_mixed_adapters

    on, off, busy = [], [], []
    for _ in range(runs):
        started = process_time()
        seconds, mixed = timed(lambda: register_hook_mixed_adapters(loaded.model, base, sub, backend=backend))
        busy.append(process_time() - started)
        on.append(seconds)
        off.append(timed(mixed.remove)[0])
    with register_hook_mixed_adapters(loaded.model, base, sub, backend=backend) as mixed:
        decode = decoding(loaded)
        norm = statistics.mean(mixed.delta_norms.values())
    # The first run is slower: the weights are read for the first time.
    return {
        "apply ms, median": statistics.median(on[1:]) * 1000,
        "apply ms, worst": max(on[1:]) * 1000,
        "apply ms, first": on[0] * 1000,
        # What it takes of the processor, all threads together, whoever else is busy.
        "apply CPU ms, median": statistics.median(busy[1:]) * 1000,
        "restore ms, median": statistics.median(off) * 1000,
        "restore ms, worst": max(off) * 1000,
        "decode ms/token": decode,
        "mean relative norm": norm,
    }


def decoding(loaded: Any) -> float:
    """Milliseconds a token, the better of two runs."""
    import torch

    def run() -> None:
        with torch.inference_mode():
            input_ids, cache = torch.tensor([[1, 2, 3, 4]], device=loaded.device), None
            for _ in range(DECODED):
                out = loaded.model(input_ids=input_ids, past_key_values=cache, use_cache=True)
                cache, input_ids = out.past_key_values, out.logits[:, -1:].argmax(-1)

    return min(timed(run)[0] for _ in range(2)) / DECODED * 1000


def digest(model: Any) -> str:
    """SHA-256 of every weight's bytes."""
    import torch

    found = hashlib.sha256()
    for _, tensor in sorted(model.state_dict().items()):
        found.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    main()
