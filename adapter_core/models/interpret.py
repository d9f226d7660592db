"""Inspect a model while it runs: which modules are its blocks, their output, and the weight of a module."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from typing import Any

from ..errors import ModelError


def is_block(module: Any, model: Any) -> bool:
    """Whether a module is one of a model's decoder blocks: an item of a list of modules of one type, as many as the configuration
    tells layers, which each hold linear layers."""
    config = getattr(model, "config", None)
    layers = getattr(config.get_text_config(), "num_hidden_layers", None) if config is not None else None
    for candidates in model.modules():
        if type(candidates).__name__ != "ModuleList" or not any(module is item for item in candidates):
            continue
        alike = len({type(item) for item in candidates}) == 1
        if alike and (layers is None or len(candidates) == layers) and any(_is_linear(m) for m in module.modules()):
            return True
    return False


def block_out_hook(keep: MutableSequence[Any]) -> Callable[[Any, Any, Any], None]:
    """A forward hook for blocks: appends the hidden states that leave one, (batch, tokens, width), detached, to `keep`, in the order in
    which blocks run. `block.register_forward_hook(block_out_hook(keep))`; it changes nothing."""

    def hook(module: Any, args: Any, output: Any) -> None:
        # Some blocks give a tuple, with the hidden states first.
        hidden = output[0] if isinstance(output, tuple) else output
        keep.append(hidden.detach())

    return hook


def get_W(model: Any, path: str) -> Any:  # noqa: N802 - the name is part of the public interface
    """The weight of the module at `path`, as a tensor (d_out, d_in), detached: a view of the model's own, transposed where the model keeps
    it so (Conv1D). Raises `ModelError` where there is no such module, or no matrix in it."""
    try:
        module = model.get_submodule(path)
        weight = module.weight
    except AttributeError as error:
        raise ModelError(f"This model has no weight at {path!r}: see model.named_modules().") from error
    if getattr(weight, "ndim", 0) != 2:
        raise ModelError(f"The weight at {path!r} is no matrix.")
    return weight.detach().T if type(module).__name__ == "Conv1D" else weight.detach()


def _is_linear(module: Any) -> bool:
    return hasattr(module, "in_features") or type(module).__name__ == "Conv1D"
