"""Weights with deltas on them, and the way back: for each parameter its pristine tensor, and the deltas that are on it, in order.

A parameter with deltas holds a new tensor; the pristine one is put aside as it is, and put back when the last delta goes. So what is
restored is not computed but the very same memory, bit for bit in any format. While several deltas are on a parameter, its tensor is
always made from the pristine one and all of them in the order in which they came: taking one off leaves what would be there if it had
never been put on.

Code that keeps a parameter's memory (a view, a fused copy) instead of the parameter does not see this.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Patch:
    """A delta `up @ down` on the output rows `start:stop` of a weight; `transposed`: the weight is stored as (d_in, d_out)."""

    start: int
    stop: int
    transposed: bool
    up: torch.Tensor
    down: torch.Tensor


@dataclass(slots=True)
class _Patched:
    pristine: torch.Tensor
    shown: torch.Tensor
    patches: dict[object, Sequence[Patch]] = field(default_factory=dict)


class WeightRegistry:
    """Which parameters have deltas on them. One for the process: two adapters that know nothing of each other may meet on a weight."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._patched: Any = None

    def put(self, owner: object, patches: Sequence[tuple[torch.nn.Parameter, Sequence[Patch]]]) -> None:
        """Put deltas on parameters, in the name of `owner`: on all of them or, where anything fails, on none."""
        with self._lock:
            entries = self._entries()
            steps = []
            for parameter, own in patches:
                known = entries.get(parameter)
                pristine = known.pristine if known is not None else parameter.data
                before = known.patches if known is not None else {}
                steps.append((parameter, _Patched(pristine, pristine, {**before, owner: tuple(own)})))
            for _, patched in steps:
                patched.shown = _merged(patched.pristine, patched.patches)
            self._commit(steps)

    def take(self, owner: object, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Take the owner's deltas off. Parameters on which no other ones are have their own tensor again."""
        with self._lock:
            entries = self._entries()
            steps: list[tuple[Any, _Patched]] = []
            for parameter in parameters:
                known = entries.get(parameter)
                if known is not None and owner in known.patches:
                    rest = {key: own for key, own in known.patches.items() if key is not owner}
                    shown = _merged(known.pristine, rest) if rest else known.pristine
                    steps.append((parameter, _Patched(known.pristine, shown, rest)))
            self._commit(steps)

    def pristine(self, parameter: torch.nn.Parameter) -> torch.Tensor:
        """The parameter's tensor without any delta."""
        with self._lock:
            known = self._entries().get(parameter)
            return known.pristine if known is not None else parameter.data

    def _entries(self) -> Any:
        if self._patched is None:
            from torch.utils.weak import WeakTensorKeyDictionary

            # By identity, and weakly: a model that is let go takes its entries along.
            self._patched = WeakTensorKeyDictionary()
        return self._patched

    def _commit(self, steps: Sequence[tuple[Any, _Patched]]) -> None:
        """Nothing here computes; only an interrupt (Ctrl-C) can break in, and then what was done is undone."""
        entries = self._entries()
        done = []
        try:
            for parameter, patched in steps:
                before = entries.get(parameter)
                done.append((parameter, before, parameter.data))
                moved = before is not None and not _same(parameter.data, before.shown)
                parameter.data = patched.shown.to(parameter.device, parameter.dtype) if moved else patched.shown
                if patched.patches:
                    entries[parameter] = patched
                else:
                    del entries[parameter]
        except BaseException:
            for parameter, before, tensor in done:
                parameter.data = tensor
                if before is not None:
                    entries[parameter] = before
                elif parameter in entries:
                    del entries[parameter]
            raise


def _same(tensor: torch.Tensor, shown: torch.Tensor) -> bool:
    """Whether a parameter still holds what was put there, and not what `model.to` made of it."""
    return tensor.dtype == shown.dtype and tensor.device == shown.device


def _merged(pristine: torch.Tensor, patches: Mapping[object, Sequence[Patch]]) -> torch.Tensor:
    """A new tensor: the pristine one and the deltas of all owners on it."""
    import torch

    rows: dict[tuple[int, int, bool], list[Patch]] = {}
    for own in patches.values():
        for patch in own:
            rows.setdefault((patch.start, patch.stop, patch.transposed), []).append(patch)
    # Tensors that are made in inference mode could not be trained on later.
    with torch.inference_mode(False), torch.no_grad():
        whole = [key for key in rows if not key[2] and key[1] - key[0] == pristine.shape[0]]
        if len(rows) == 1 and whole:
            up, down = _beside(rows[whole[0]], pristine)
            return torch.addmm(pristine, up, down)
        merged = pristine.clone()
        for (start, stop, transposed), those in rows.items():
            up, down = _beside(those, pristine)
            if transposed:
                merged[:, start:stop].addmm_(down.T, up.T)
            else:
                merged[start:stop].addmm_(up, down)
        return merged


def _beside(patches: Sequence[Patch], like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    up = patches[0].up if len(patches) == 1 else torch.cat([p.up for p in patches], dim=1)
    down = patches[0].down if len(patches) == 1 else torch.cat([p.down for p in patches])
    return up.to(like.device, like.dtype), down.to(like.device, like.dtype)


REGISTRY = WeightRegistry()
