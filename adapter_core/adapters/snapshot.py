"""Apply deltas to weights and undo them: keeps, for each parameter, its pristine tensor and the deltas applied to it, in order.

A parameter with deltas holds a new tensor; the pristine one is set aside unchanged, and set again when the last delta is removed. So a
weight is restored not by computation but by the same memory, bit for bit in any format. With several deltas on a parameter, its tensor is
always computed from the pristine one and all of them in the order in which they were applied: removing one leaves the state as if it had
never been applied.

Removed tensors are kept for reuse, up to `SPARE_BYTES` in all: allocating fresh memory can take longer than all of the arithmetic. They are
released with their parameter.

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
class _PatchedParameter:
    pristine: torch.Tensor
    merged: torch.Tensor
    patches: dict[object, Sequence[Patch]] = field(default_factory=dict)


class WeightRegistry:
    """Which parameters have deltas. One for the process, since two independent adapters may change the same weight."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._patched: Any = None
        self._norms: Any = None
        self._spares: Any = None

    def apply(self, owner: object, patches: Sequence[tuple[torch.nn.Parameter, Sequence[Patch]]]) -> None:
        """Apply an owner's deltas to parameters: to all of them or, if anything fails, to none. `owner` is a token that holds no reference
        to a parameter, or these would live as long as their entry here."""
        with self._lock:
            entries = self._entries()
            steps = []
            for parameter, owner_patches in patches:
                entry = entries.get(parameter)
                pristine = entry.pristine if entry is not None else parameter.data
                before = entry.patches if entry is not None else {}
                steps.append(
                    (parameter, _PatchedParameter(pristine, pristine, {**before, owner: tuple(owner_patches)}))
                )
            for parameter, patched in steps:
                patched.merged = _merged(patched.pristine, patched.patches, self._spare(parameter, patched.pristine))
            self._commit(steps, undo=True)

    def remove(self, owner: object, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Remove an owner's deltas. Parameters without other deltas get their pristine tensor back."""
        with self._lock:
            entries = self._entries()
            steps: list[tuple[Any, _PatchedParameter]] = []
            for parameter in parameters:
                entry = entries.get(parameter)
                if entry is not None and owner in entry.patches:
                    remaining = {key: owner_patches for key, owner_patches in entry.patches.items() if key is not owner}
                    spare = self._spare(parameter, entry.pristine) if remaining else None
                    merged = _merged(entry.pristine, remaining, spare) if remaining else entry.pristine
                    steps.append((parameter, _PatchedParameter(entry.pristine, merged, remaining)))
            self._commit(steps, undo=False)

    def pristine(self, parameter: torch.nn.Parameter) -> torch.Tensor:
        """The parameter's tensor without any delta."""
        with self._lock:
            entry = self._entries().get(parameter)
            return entry.pristine if entry is not None else parameter.data

    def norm(self, parameter: torch.nn.Parameter, start: int, stop: int, transposed: bool) -> float:
        """The Frobenius norm of a parameter's output rows without any delta; cached, since it reads every number."""
        import torch

        with self._lock:
            pristine = self.pristine(parameter)
            # Tensors of inference mode do not count their changes.
            state = None if parameter.is_inference() else (pristine.data_ptr(), parameter._version)
            entry = self._norms.get(parameter)
            norms: dict[tuple[int, int], float] = entry[1] if entry is not None and state == entry[0] and state else {}
            if (start, stop) not in norms:
                rows = pristine[:, start:stop] if transposed else pristine[start:stop]
                norms[start, stop] = float(
                    torch.linalg.vector_norm(rows, dtype=torch.promote_types(rows.dtype, torch.float32))
                )
                self._norms[parameter] = state, norms
            return norms[start, stop]

    def _spare(self, parameter: torch.nn.Parameter, like: torch.Tensor) -> torch.Tensor | None:
        """The removed tensor of a parameter for reuse, if its shape, dtype and device still match; each is returned once."""
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

    def _commit(self, steps: Sequence[tuple[Any, _PatchedParameter]], undo: bool) -> None:
        """Set all tensors and entries. Nothing here computes, so only an interrupt (Ctrl-C) can stop it: then the steps are undone
        (`undo`) or completed."""
        entries = self._entries()
        before = [(parameter, entries.get(parameter), parameter.data) for parameter, _ in steps]

        def apply_steps() -> None:
            for (parameter, patched), (_, entry, tensor) in zip(steps, before, strict=True):
                moved = entry is not None and not _not_moved(tensor, entry.merged)
                parameter.data = patched.merged.to(tensor.device, tensor.dtype) if moved else patched.merged
                if patched.patches:
                    entries[parameter] = patched
                else:
                    entries.pop(parameter, None)

        def restore() -> None:
            for parameter, entry, tensor in before:
                parameter.data = tensor
                if entry is not None:
                    entries[parameter] = entry
                else:
                    entries.pop(parameter, None)

        try:
            apply_steps()
        except BaseException:
            (restore if undo else apply_steps)()
            raise
        kept = sum(spare.nbytes for spare in self._spares.values())
        for parameter, entry, _ in before:
            if entry is not None and kept + entry.merged.nbytes <= SPARE_BYTES:
                self._spares[parameter] = entry.merged
                kept += entry.merged.nbytes


def _not_moved(tensor: torch.Tensor, merged: torch.Tensor) -> bool:
    """Whether a parameter still has the dtype and device of the merged tensor: `model.to` may have changed them."""
    return tensor.dtype == merged.dtype and tensor.device == merged.device


def _merged(
    pristine: torch.Tensor, patches: Mapping[object, Sequence[Patch]], spare: torch.Tensor | None
) -> torch.Tensor:
    """The pristine tensor plus the deltas of all owners: in `spare` if given, else in a new tensor."""
    import torch

    rows: dict[tuple[int, int, bool], list[Patch]] = {}
    for owner_patches in patches.values():
        for patch in owner_patches:
            rows.setdefault((patch.start, patch.stop, patch.transposed), []).append(patch)
    # Tensors that are made in inference mode could not be trained on later.
    with torch.inference_mode(False), torch.no_grad():
        merged = torch.empty_like(pristine) if spare is None else spare
        full_rows = [key for key in rows if not key[2] and key[1] - key[0] == pristine.shape[0]]
        if len(rows) == 1 and full_rows:
            up, down = _concatenate(rows[full_rows[0]], pristine)
            return torch.addmm(pristine, up, down, out=merged)
        merged.copy_(pristine)
        for (start, stop, transposed), same_rows in rows.items():
            up, down = _concatenate(same_rows, pristine)
            if transposed:
                merged[:, start:stop].addmm_(down.T, up.T)
            else:
                merged[start:stop].addmm_(up, down)
        return merged


def _concatenate(patches: Sequence[Patch], like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    up = patches[0].up if len(patches) == 1 else torch.cat([p.up for p in patches], dim=1)
    down = patches[0].down if len(patches) == 1 else torch.cat([p.down for p in patches])
    return up.to(like.device, like.dtype), down.to(like.device, like.dtype)


REGISTRY = WeightRegistry()
