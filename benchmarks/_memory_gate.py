"""A gate of the memory under which given text is likeliest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

import adapter_core.adapters.remembering.gate as package
from adapter_core.adapters.remembering.gate import FEATURES, ContextStats, Gate, features

HIDDEN = 16
_ROUNDS, _BATCH, _RATE, _LAST_RATE, _DECAY = 30, 512, 4e-3, 1e-4, 1e-4


def fit_gate(known: ContextStats, chosen: np.ndarray, seed: int = 0) -> Gate:
    """By Adam on the likelihood of the text, the same for the same `seed` on one machine. `chosen` (n,) as in `Gate.mix`."""
    draw = torch.Generator().manual_seed(seed)
    # Even at first, but for the constant: the memory is believed a little.
    direct = torch.zeros(FEATURES + 1)
    direct[-1] = -1.0
    hidden = (torch.rand(FEATURES + 1, HIDDEN, generator=draw) * 2 - 1) / (FEATURES + 1) ** 0.5
    out = (torch.rand(HIDDEN, generator=draw) * 2 - 1) / HIDDEN**0.5
    weights = [hidden, out, direct]
    for weight in weights:
        weight.requires_grad_()
    inputs, seen = torch.from_numpy(features(known)).float(), torch.from_numpy(known.totals > 0)
    shares, alone = torch.from_numpy(known.shares), torch.from_numpy(np.exp(np.asarray(chosen, np.float64)))
    descent = torch.optim.Adam(weights, _RATE, weight_decay=_DECAY)
    for number in range(_ROUNDS):
        descent.param_groups[0]["lr"] = _RATE * (1 - number / _ROUNDS) + _LAST_RATE
        for batch in torch.randperm(len(inputs), generator=draw).split(_BATCH):
            odds = torch.tanh(inputs[batch] @ hidden) @ out + inputs[batch] @ direct
            believed = torch.where(seen[batch], torch.sigmoid(odds), 0.0).double()
            mixed = alone[batch]
            for k in range(believed.shape[1]):
                mixed = (1 - believed[:, k]) * mixed + believed[:, k] * shares[batch, k]
            loss = -torch.log(mixed.clamp_min(1e-300)).mean()
            descent.zero_grad()
            loss.backward()
            descent.step()
    return Gate(*(weight.detach().double().numpy().round(4) for weight in weights))


def save_gate(gate: Gate) -> None:
    """Into the package."""
    file = Path(package.__file__).with_name("gate.json")
    lines = ['"hidden": [\n  ' + ",\n  ".join(json.dumps(row) for row in gate.hidden.tolist()) + "\n ]"]
    lines += [f'"{name}": {json.dumps(getattr(gate, name).tolist())}' for name in ("out", "direct")]
    file.write_text("{\n " + ",\n ".join(lines) + "\n}\n", "utf-8")
