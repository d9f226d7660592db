"""Adapters in the format of the `peft` library (LoRA): `adapter_config.json` and `adapter_model.safetensors`, both ways.

PEFT has one pair of factors for each module. Of a fused one ours are put together: the parts' `down` below each other, their `up` in
their own rows; so its rank is the sum of theirs. Of PEFT's, each part gets its rows of `lora_B` and the whole `lora_A`.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AdapterError, AdapterFileError
from ..whole_files import whole_file
from .adapter import Adapter, Factors
from .targets import ModelLayout, Site, layout_of, match_sites

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_MAX_CONFIG = 10_000_000
_KEY = re.compile(r"\.lora_([AB])\.(?:default\.)?weight$")
# Of PEFT's configuration: what is read here; what says nothing of the delta of a weight that has factors in the file.
_READ = frozenset("peft_type r lora_alpha rank_pattern alpha_pattern use_rslora init_lora_weights bias".split())
_WITHOUT_EFFECT = frozenset(
    "task_type auto_mapping peft_version base_model_name_or_path revision inference_mode target_modules exclude_modules lora_dropout "
    "fan_in_fan_out layers_to_transform layers_pattern megatron_core qalora_group_size runtime_config ensure_weight_tying "
    "eva_config".split()
)
# Others change the weights of the model itself when PEFT puts such an adapter on it (PiSSA, OLoRA, LoftQ, CorDA, LoRA-GA).
_PLAIN_BEGINNINGS = (None, True, False, "gaussian", "orthogonal", "eva")
_MAX_PATTERN, _MAX_TRIES, _PATH_LENGTH = 500, 1 << 20, 64


def save_peft_like(folder: str | os.PathLike[str], adapter: Adapter, model: Any, base_model: str | None = None) -> None:
    """Write an adapter so that `PeftModel.from_pretrained` loads it. `model`: the model it is for, from which the names of modules are read
    (one on the "meta" device is enough); `base_model`: its name. Raises `AdapterError` if it does not fit, or has nonzero biases, which
    PEFT cannot store beside the factors; `OSError`; `ModelMissingError` without safetensors."""
    from ..models.sources import missing_libraries

    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise missing_libraries(("safetensors",)) from error
    modules, transposed = _module_factors(adapter, layout_of(model))
    names = _target_modules({*modules}, [name for name, _ in model.named_modules()])
    other = {path: f.rank for path, f in modules.items() if f.rank != adapter.rank}
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_model or getattr(getattr(model, "config", None), "_name_or_path", "") or None,
        "r": adapter.rank,
        "lora_alpha": _plain_number(adapter.alpha),
        "rank_pattern": {re.escape(path): rank for path, rank in sorted(other.items())},
        # The scale of each module is alpha / r, with the same scale for all.
        "alpha_pattern": {re.escape(path): _plain_number(adapter.scale * rank) for path, rank in sorted(other.items())},
        "target_modules": names,
        "fan_in_fan_out": transposed,
        "bias": "none",
        "inference_mode": True,
        "lora_dropout": 0.0,
    }
    tensors = {}
    for path, factors in modules.items():
        tensors[f"{_PREFIX}{path}.lora_A.weight"] = np.ascontiguousarray(factors.down, np.float32)
        tensors[f"{_PREFIX}{path}.lora_B.weight"] = np.ascontiguousarray(factors.up, np.float32)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with whole_file(target / CONFIG) as described, whole_file(target / WEIGHTS) as weights:
        described.write(json.dumps(config, indent=2, sort_keys=True).encode() + b"\n")
        weights.write(save(tensors, metadata={"format": "pt"}))
        # Without it there is no adapter: what is killed from here on leaves none, and not halves of two.
        (target / CONFIG).unlink(missing_ok=True)


def load_peft(folder: str | os.PathLike[str], model: Any) -> Adapter:
    """Load an adapter that PEFT (or `save_peft_like`) wrote, for `model`. Raises `AdapterFileError` for files that are missing, damaged,
    only a pickle, or more than LoRA on the targets supported here; `ModelMissingError` without safetensors."""
    source = Path(folder)
    config = _config(source)
    layout = layout_of(model)
    sites = _sites_by_module(layout)
    pairs: dict[str, dict[str, np.ndarray]] = {}
    for key, tensor in _tensors(source):
        match = _KEY.search(key)
        path = key[: match.start()].removeprefix(_PREFIX) if match else key
        if match is None or path not in sites:
            raise AdapterFileError(
                f"{source} changes {path[:120]}, which is no part of this model that an adapter can change."
            )
        if tensor.ndim != 2:
            raise AdapterFileError(f"{source} is damaged: {key[:120]} is no matrix.")
        pairs.setdefault(path, {})[match[1]] = tensor
    rank = config["r"]
    scale = _scale(config, rank, config["lora_alpha"])
    layers: list[dict[str, Factors]] = [{} for _ in layout.sites]
    for path, pair in pairs.items():
        for layer, target, site in sites[path]:
            factors = _read_factors(source, path, pair, site)
            own = _scale(
                config,
                _matching_pattern(config["rank_pattern"], path, rank),
                _matching_pattern(config["alpha_pattern"], path, config["lora_alpha"]),
            )
            # One scale for the whole adapter; what differs from it is put into the factors.
            layers[layer][target] = Factors(factors.down, factors.up * np.float32(own / scale if scale else own))
    return Adapter(tuple(layers), rank, (scale or 1.0) * rank)


# -- writing -----------------------------------------------------------------------------------------------------------


def _module_factors(adapter: Adapter, layout: ModelLayout) -> tuple[dict[str, Factors], bool]:
    """The factors of each module by its path, and whether weights are transposed."""
    parts: dict[str, list[tuple[Site, Factors]]] = {}
    for layer, _, site, factors in match_sites(layout, adapter.layers, len(adapter.layers)):
        if factors.bias is not None and factors.bias.any():
            raise AdapterError("The adapter has biases beside its factors, which the format of PEFT cannot hold.")
        parts.setdefault(f"{layout.blocks}.{layer}.{site.path}", []).append((site, factors))
    modules = {}
    for path, those in parts.items():
        those.sort(key=lambda p: p[0].start)
        up = np.zeros((those[0][0].width, sum(f.rank for _, f in those)), np.float32)
        column = 0
        for site, factors in those:
            up[site.start : site.stop, column : column + factors.rank] = factors.up
            column += factors.rank
        modules[path] = Factors(np.concatenate([f.down for _, f in those]), up)
    return modules, any(site.transposed for those in parts.values() for site, _ in those)


def _target_modules(module_paths: set[str], all_paths: list[str]) -> list[str]:
    """The shortest path endings that match these modules and no others: `q_proj`, else `attn.c_proj`, else whole paths."""
    for length in (1, 2):
        ends = {".".join(path.split(".")[-length:]) for path in module_paths}
        if {path for path in all_paths if any(path == e or path.endswith(f".{e}") for e in ends)} == module_paths:
            return sorted(ends)
    return sorted(module_paths)


def _plain_number(number: float) -> int | float:
    """Integral numbers as `int`: some readers of the format accept no floats there."""
    return int(number) if float(number).is_integer() else float(number)


# -- reading -----------------------------------------------------------------------------------------------------------


def _config(source: Path) -> dict[str, Any]:
    try:
        with (source / CONFIG).open("rb") as stream:
            values = json.loads(stream.read(_MAX_CONFIG))
        if not isinstance(values, dict):
            raise ValueError("it is no object")
        config = {
            "r": values["r"],
            "lora_alpha": values.get("lora_alpha", 8),
            "rank_pattern": values.get("rank_pattern") or {},
            "alpha_pattern": values.get("alpha_pattern") or {},
            "use_rslora": bool(values.get("use_rslora")),
        }
        numbers = [config["lora_alpha"], *config["alpha_pattern"].values()]
        ranks = [config["r"], *config["rank_pattern"].values()]
        if not all(isinstance(n, int) and 0 < n < 100_000 for n in ranks) or not all(
            abs(float(n)) < 1e9 for n in numbers
        ):
            raise ValueError("its ranks or scales are out of range")
    except FileNotFoundError as error:
        raise AdapterFileError(f"There is no adapter of PEFT in {source}: {CONFIG} is missing.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AdapterFileError(f"{source / CONFIG} cannot be read ({error}).") from error
    if values.get("peft_type") != "LORA":
        raise AdapterFileError(
            f"{source} holds an adapter of the kind {str(values.get('peft_type'))[:40]!r}; only LORA is read here."
        )
    unknown = sorted(name for name, value in values.items() if value and name not in _READ | _WITHOUT_EFFECT)
    if values.get("init_lora_weights") not in _PLAIN_BEGINNINGS:
        unknown.append("init_lora_weights")
    if values.get("bias", "none") != "none":
        unknown.append("bias")
    if unknown:
        raise AdapterFileError(
            f"{source} is more than a LoRA of weights ({', '.join(n[:40] for n in unknown[:3])}), and cannot be read here."
        )
    for pattern in (*config["rank_pattern"], *config["alpha_pattern"]):
        _check_pattern(source, pattern)
    return config


def _check_pattern(source: Path, pattern: str) -> None:
    """Raise `AdapterFileError` for a pattern that is none, or could take long to match: Python tries all ways to match it."""
    bare = re.sub(r"\\.|\[[^]]*\]", "x", pattern.replace("(?:", "("))
    quantifiers, alternatives, groups = len(re.findall(r"[*+?{]", bare)), 1 + bare.count("|"), max(bare.count("("), 1)
    tries = _PATH_LENGTH ** min(quantifiers, 9) * alternatives ** min(groups, 99)
    if len(pattern) > _MAX_PATTERN or tries > _MAX_TRIES or re.search(r"\)[*+{]|\(\?", bare):
        raise AdapterFileError(
            f"{source} holds a pattern that is too complicated to be matched here: {pattern[:80]!r}."
        )
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise AdapterFileError(f"{source} holds a pattern that is none ({error}).") from error


def _tensors(source: Path) -> Iterator[tuple[str, np.ndarray]]:
    from ..models.sources import missing_libraries

    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise missing_libraries(("safetensors",)) from error
    file = source / WEIGHTS
    if not file.is_file():
        if (source / "adapter_model.bin").exists():
            raise AdapterFileError(
                f"{source} holds its weights only as a pickle, which can run code and is never read here: save it as safetensors."
            )
        raise AdapterFileError(f"There is no adapter of PEFT in {source}: {WEIGHTS} is missing.")
    try:
        # Through torch: NumPy has no bfloat16.
        with safe_open(file, framework="pt") as archive:
            for key in archive.keys():  # noqa: SIM118 - no mapping
                yield key, archive.get_tensor(key).float().numpy()
    except (SafetensorError, OSError, ValueError) as error:
        raise AdapterFileError(f"{file} is cut or damaged ({error}).") from error
    except ImportError as error:
        raise missing_libraries() from error


def _sites_by_module(layout: ModelLayout) -> dict[str, list[tuple[int, str, Site]]]:
    found: dict[str, list[tuple[int, str, Site]]] = {}
    for layer, sites in enumerate(layout.sites):
        for target, site in sites.items():
            found.setdefault(f"{layout.blocks}.{layer}.{site.path}", []).append((layer, target, site))
    return found


def _read_factors(source: Path, path: str, pair: Mapping[str, np.ndarray], site: Site) -> Factors:
    if set(pair) != {"A", "B"}:
        raise AdapterFileError(f"{source} is damaged: {path} has only one of its two factors.")
    down, up = pair["A"], pair["B"]
    if down.shape[1] != site.d_in or up.shape != (site.width, down.shape[0]):
        raise AdapterFileError(f"{source} is for another model: {path} has factors of {down.shape} and {up.shape}.")
    if not (np.isfinite(down).all() and np.isfinite(up).all()):
        raise AdapterFileError(f"{source} holds what is no number in {path}.")
    return Factors(down, up[site.start : site.stop])


def _matching_pattern(patterns: Mapping[str, Any], path: str, otherwise: Any) -> Any:
    """The value of the first pattern, a regular expression, that matches the end of a path from one of its names on (as in PEFT), else
    `otherwise`."""
    starts = [0, *(match.end() for match in re.finditer(r"\.", path))]
    return next(
        (v for pattern, v in patterns.items() if any(re.compile(pattern).fullmatch(path, at) for at in starts)),
        otherwise,
    )


def _scale(config: Mapping[str, Any], rank: int, alpha: float) -> float:
    return float(alpha) / (math.sqrt(rank) if config["use_rslora"] else rank)
