"""Adapters: low-rank deltas and memories that fit a language model to a repository.

The public names; each is imported on first use, and Torch only by those that need a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazily

__getattr__ = lazily(
    __name__,
    {
        "Adapter": "adapter",
        "BankEntry": "bank",
        "BankOptions": "options",
        "BuildOptions": "options",
        "CapacityOptions": "options",
        "Factors": "adapter",
        "ForAnswers": "available",
        "GeneratorOptions": "options",
        "MixedAdapters": "mixing",
        "MixingOptions": "options",
        "Mixture": "bank",
        "adapters_bank": "bank",
        "build_per_layer_deltas": "deltas",
        "entropy_score": "capacity",
        "for_answers": "available",
        "generate_lora_from_embedding": "generator",
        "generate_lora_from_embedding_torch": "generator",
        "infer_target_names": "targets",
        "infer_target_shapes": "targets",
        "kbann_priors": "priors",
        "load_adapters_npz": "files",
        "load_peft": "peft",
        "parse_target_shapes": "targets",
        "read_built": "manifest",
        "register_hook_mixed_adapters": "mixing",
        "save_npz": "files",
        "save_peft_like": "peft",
        "scale_capacity": "capacity",
        "shapes_from_config": "targets",
        "shapes_from_dims": "targets",
        "staleness": "manifest",
    },
)

if TYPE_CHECKING:
    from .adapter import Adapter, Factors
    from .available import ForAnswers, for_answers
    from .bank import BankEntry, Mixture, adapters_bank
    from .capacity import entropy_score, scale_capacity
    from .deltas import build_per_layer_deltas
    from .files import load_adapters_npz, save_npz
    from .generator import generate_lora_from_embedding, generate_lora_from_embedding_torch
    from .manifest import read_built, staleness
    from .mixing import MixedAdapters, register_hook_mixed_adapters
    from .options import BankOptions, BuildOptions, CapacityOptions, GeneratorOptions, MixingOptions
    from .peft import load_peft, save_peft_like
    from .priors import kbann_priors
    from .targets import (
        infer_target_names,
        infer_target_shapes,
        parse_target_shapes,
        shapes_from_config,
        shapes_from_dims,
    )

__all__ = [
    "Adapter",
    "BankEntry",
    "BankOptions",
    "BuildOptions",
    "CapacityOptions",
    "Factors",
    "ForAnswers",
    "GeneratorOptions",
    "MixedAdapters",
    "MixingOptions",
    "Mixture",
    "adapters_bank",
    "build_per_layer_deltas",
    "entropy_score",
    "for_answers",
    "generate_lora_from_embedding",
    "generate_lora_from_embedding_torch",
    "infer_target_names",
    "infer_target_shapes",
    "kbann_priors",
    "load_adapters_npz",
    "load_peft",
    "parse_target_shapes",
    "read_built",
    "register_hook_mixed_adapters",
    "save_npz",
    "save_peft_like",
    "scale_capacity",
    "shapes_from_config",
    "shapes_from_dims",
    "staleness",
]
