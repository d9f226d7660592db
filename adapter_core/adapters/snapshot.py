"""Weights with deltas on them, and the way back: for each parameter its pristine tensor, and the deltas that are on it, in order.

A parameter with deltas holds a new tensor; the pristine one is put aside as it is, and put back when the last delta goes. So what is
restored is not computed but the very same memory, bit for bit in any format. While several deltas are on a parameter, its tensor is
always made from the pristine one and all of them in the order in which they came: taking one off leaves what would be there if it had
never been put on.

Tensors that were taken off are kept to be filled again, up to `SPARE_BYTES` in all: getting fresh memory from the system can take longer
than all of the arithmetic. They go with their parameter.

Code that keeps a parameter's memory (a view, a fused copy) instead of the parameter does not see this, and must not be used while it
changes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


SPARE_BYTES = 512 << 20


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
        self._norms: Any = None
        self._spares: Any = None

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
            for parameter, patched in steps:
                patched.shown = _merged(patched.pristine, patched.patches, self._spare(parameter, patched.pristine))
            self._commit(steps, undo=True)

    def take(self, owner: object, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Take the owner's deltas off. Parameters on which no other ones are have their own tensor again."""
        with self._lock:
            entries = self._entries()
            steps: list[tuple[Any, _Patched]] = []
            for parameter in parameters:
                known = entries.get(parameter)
                if known is not None and owner in known.patches:
                    rest = {key: own for key, own in known.patches.items() if key is not owner}
                    spare = self._spare(parameter, known.pristine) if rest else None
                    shown = _merged(known.pristine, rest, spare) if rest else known.pristine
                    steps.append((parameter, _Patched(known.pristine, shown, rest)))
            self._commit(steps, undo=False)

    def pristine(self, parameter: torch.nn.Parameter) -> torch.Tensor:
        """The parameter's tensor without any delta."""
        with self._lock:
            known = self._entries().get(parameter)
            return known.pristine if known is not None else parameter.data

    def norm(self, parameter: torch.nn.Parameter, start: int, stop: int, transposed: bool) -> float:
        """The Frobenius norm of a parameter's output rows without any delta; remembered, since it takes a look at every number."""
        import torch

        with self._lock:
            pristine = self.pristine(parameter)
            # Tensors of inference mode do not count their changes.
            state = None if parameter.is_inference() else (pristine.data_ptr(), parameter._version)
            known = self._norms.get(parameter)
            norms: dict[tuple[int, int], float] = known[1] if known is not None and state == known[0] and state else {}
            if (start, stop) not in norms:
                rows = pristine[:, start:stop] if transposed else pristine[start:stop]
                norms[start, stop] = float(
                    torch.linalg.vector_norm(rows, dtype=torch.promote_types(rows.dtype, torch.float32))
                )
                self._norms[parameter] = state, norms
            return norms[start, stop]

    def _spare(self, parameter: torch.nn.Parameter, like: torch.Tensor) -> torch.Tensor | None:
        """A tensor that was taken off a parameter, if it still fits. It is handed out once."""
        spare = self._spares.pop(parameter, None)
        if spare is None or (spare.shape, spare.dtype, spare.device) != (like.shape, like.dtype, like.device):
            return None
        found: torch.Tensor = spare
        return found

    def _entries(self) -> Any:
        if self._patched is None:
            from torch.utils.weak import WeakTensorKeyDictionary

            # By identity, and weakly: a model that is let go takes its entries along.
            self._patched, self._norms, self._spares = (WeakTensorKeyDictionary() for _ in range(3))
        return self._patched

    def _commit(self, steps: Sequence[tuple[Any, _Patched]], undo: bool) -> None:
        """Nothing here computes; only an interrupt (Ctrl-C) can break in. Then what was done is undone, or else what is left is done."""
        entries = self._entries()
        before = [(parameter, entries.get(parameter), parameter.data) for parameter, _ in steps]

        def forward() -> None:
            for (parameter, patched), (_, known, tensor) in zip(steps, before, strict=True):
                moved = known is not None and not _same(tensor, known.shown)
                parameter.data = patched.shown.to(tensor.device, tensor.dtype) if moved else patched.shown
                if patched.patches:
                    entries[parameter] = patched
                else:
                    entries.pop(parameter, None)

        def back() -> None:
            for parameter, known, tensor in before:
                parameter.data = tensor
                if known is not None:
                    entries[parameter] = known
                else:
                    entries.pop(parameter, None)

        try:
            forward()
        except BaseException:
            (back if undo else forward)()
            raise
        kept = sum(spare.nbytes for spare in self._spares.values())
        for parameter, known, _ in before:
            if known is not None and kept + known.shown.nbytes <= SPARE_BYTES:
                self._spares[parameter] = known.shown
                kept += known.shown.nbytes


def _same(tensor: torch.Tensor, shown: torch.Tensor) -> bool:
    """Whether a parameter still holds what was put there, and not what `model.to` made of it."""
    return tensor.dtype == shown.dtype and tensor.device == shown.device


def _merged(
    pristine: torch.Tensor, patches: Mapping[object, Sequence[Patch]], spare: torch.Tensor | None
) -> torch.Tensor:
    """The pristine tensor and the deltas of all owners on it: in `spare` where there is one, else in a new tensor."""
    import torch

    rows: dict[tuple[int, int, bool], list[Patch]] = {}
    for own in patches.values():
        for patch in own:
            rows.setdefault((patch.start, patch.stop, patch.transposed), []).append(patch)
    # Tensors that are made in inference mode could not be trained on later.
    with torch.inference_mode(False), torch.no_grad():
        merged = torch.empty_like(pristine) if spare is None else spare
        whole = [key for key in rows if not key[2] and key[1] - key[0] == pristine.shape[0]]
        if len(rows) == 1 and whole:
            up, down = _beside(rows[whole[0]], pristine)
            return torch.addmm(pristine, up, down, out=merged)
        merged.copy_(pristine)
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
