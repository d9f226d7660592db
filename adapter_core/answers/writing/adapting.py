"""The adaptation of one answer (adapter, memory and mixing) from what was built and from the options.

By default only what was measured to help is used: a fitted adapter that was kept, and the memory. The generated null adapter is mixed in
only with an explicit scale.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...adapters.adapter import Adapter
from ...adapters.bank import BankEntry
from ...adapters.capacity import entropy_score, scale_capacity
from ...adapters.files import digest_of, load_adapters_npz, save_npz
from ...adapters.manifest import build_folder, file_sha256
from ...adapters.options import BankOptions, CapacityOptions, GeneratorOptions, MixingOptions
from ...adapters.rounding import rounded
from ...adapters.subgraph import SubgraphAdapters, SubgraphMaker, from_bank, from_embedding
from ...errors import AdapterError, AdapterFileError
from ...evidence.feature_cache import FeatureCache
from ...evidence.selection import Found
from ...models.backend import Adaptation, ModelInfo
from ..kinds import answer_kind
from ..state import Run
from .built import BuiltAdapters, find_built_adapters
from .schedules import (
    kept_by_layer,
    kept_by_target,
    layer_multipliers,
    raise_subgraph_share,
    raise_top_layers,
    target_weights_of,
    weighted_mean,
)

_WARM_UP_FACTORS = (0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to adapt the model with. `adapter`, `sub`: files of the repository's and the subgraph's adapter; `mixing`: keyword arguments of
    `register_hook_mixed_adapters`; `layer_factors`: a factor for each layer. `name`: for the provenance, "" for the bare model."""

    adapter: Path | None = None
    sub: Path | None = None
    memory: Path | None = None
    mixing: dict[str, Any] = field(default_factory=dict)
    layer_factors: tuple[float, ...] = ()
    warm_up: bool = False
    name: str = ""

    @property
    def mixes(self) -> bool:
        return self.adapter is not None or self.sub is not None

    def adaptation(self, structured: int = 0, stronger: bool = False) -> Adaptation | None:
        """The adaptation for an attempt, None for the bare model. `structured`: 0 for the first attempt, then the number of the structured
        one. `stronger`: more weight on the top layers, and slightly more of the subgraph's adapter."""
        memory = str(self.memory) if self.memory is not None else None
        if not self.mixes:
            return Adaptation(memory=memory) if memory is not None else None
        warm_up_factor = _WARM_UP_FACTORS[structured] if self.warm_up and structured < len(_WARM_UP_FACTORS) else 1.0
        factors = raise_top_layers(self.layer_factors) if stronger else list(self.layer_factors)
        factors = [round(f * warm_up_factor, 6) for f in factors]
        mixing = dict(self.mixing)
        if any(f != 1.0 for f in factors):
            mixing["layer_multipliers"] = factors
        if stronger and "g_sub" in mixing:
            mixing["g_sub"] = raise_subgraph_share(mixing["g_sub"])
        paths = [str(path) if path is not None else None for path in (self.adapter, self.sub)]
        return Adaptation(paths[0], paths[1], mixing, memory)

    def reading_adaptation(self) -> Adaptation | None:
        """The adaptation for votes on sentences: the adapter without the memory; None without an adapter."""
        adaptation = self.adaptation(structured=len(_WARM_UP_FACTORS))
        return replace(adaptation, memory=None) if adaptation is not None and self.mixes else None


def plan(run: Run, found: Found, info: ModelInfo) -> Plan:
    """The plan for one answer. What was built but is stale or unusable is noted in `run`. Raises `AdapterFileError` for a named file that
    does not exist."""
    options = run.options.adapter
    without_adapter = options.adapter == "none" or options.alpha == 0
    wants_memory = options.memory if options.memory is not None else not without_adapter
    if without_adapter and not wants_memory:
        return Plan()
    named_path = Path(options.adapter) if options.adapter not in ("auto", "none") else None
    if named_path is not None and not named_path.exists():
        raise AdapterFileError(
            f"There is no adapter {named_path}: name a file that `pathline build` wrote, or its folder."
        )
    folder = named_path if named_path is not None and named_path.is_dir() else None
    built = find_built_adapters(
        run.graph, info.name, info.digest, folder, with_null=named_path is not None or options.alpha is not None
    )
    for note in built.notes:
        run.note(note)
    memory = built.memory if wants_memory else None
    if options.memory and memory is None:
        run.note("there is no memory of this repository: run `pathline build`")
    plan_without_adapter = Plan(memory=memory, name="memory" if memory is not None else "")
    if without_adapter:
        return plan_without_adapter
    try:
        return _mixing_plan(run, found, info, built, named_path, plan_without_adapter)
    except (AdapterError, ValueError) as error:  # a ValueError: a bank whose embeddings are of another kind
        if named_path is not None and isinstance(error, AdapterError):
            raise
        run.note(f"the adapter was not used: {error}")
        return plan_without_adapter


def _mixing_plan(
    run: Run, found: Found, info: ModelInfo, built: BuiltAdapters, named_path: Path | None, plan_without_adapter: Plan
) -> Plan:
    options = run.options.adapter
    base_file, base_name = _base_adapter(built, named_path, null_too=options.alpha is not None)
    if base_file is not None:
        base_file = _rounded_file(run, info, base_file)
    sub_file, sub_name = _subgraph_adapter(run, found, info, built)
    if base_file is None and sub_file is None:
        if options.alpha is not None:
            run.note("there is no adapter of this repository: run `pathline build`")
        return plan_without_adapter
    adapter_names = [f"{base_name} {file_sha256(base_file)[:12]}"] if base_file is not None else []
    adapter_names += [f"{sub_name} {file_sha256(sub_file)[:12]}"] if sub_file is not None else []
    layers = built.layers if named_path is None or named_path.is_dir() else 0
    layers = layers or len(load_adapters_npz(base_file or sub_file or "").layers)
    mixing = _mixing_arguments(run, found, layers, sub_file is not None)
    plan_name = ", ".join([*adapter_names, *filter(None, [plan_without_adapter.name])])
    settings = [
        f"{key} {value if not isinstance(value, list) or key == 'ablate' else 'by layer'}"
        for key, value in mixing.items()
    ]
    run.detail(f"adapter: {plan_name}; {', '.join(settings) or 'as it was built'}")
    return Plan(
        base_file,
        sub_file,
        plan_without_adapter.memory,
        mixing,
        tuple(layer_multipliers(options.layer_schedule, layers)),
        options.alpha_warmup,
        plan_name,
    )


def _base_adapter(built: BuiltAdapters, named_path: Path | None, null_too: bool) -> tuple[Path | None, str]:
    if named_path is not None and not named_path.is_dir():
        return named_path, named_path.name
    if built.fitted is not None:
        return built.fitted, "fitted"
    if named_path is not None and built.null is None:
        raise AdapterError(
            f"{named_path} holds no adapter for this model: name a folder that `pathline build --out` wrote for it."
        )
    if null_too or named_path is not None:
        return built.null, "generated"
    return None, ""


def _mixing_arguments(run: Run, found: Found, layers: int, with_sub: bool) -> dict[str, Any]:
    """Keyword arguments of `register_hook_mixed_adapters`, those that are not its defaults."""
    options = run.options.adapter
    rank, gsub = options.rank, options.gsub if options.gsub is not None else MixingOptions().g_sub
    if run.options.entropy.entropy_aware:
        rank, gsub = _capacity_by_entropy(run, found)
    mixing: dict[str, Any] = {}
    if with_sub:
        mixing["g_sub"] = round(gsub, 6)
    if options.alpha is not None:
        mixing["alpha_star"] = options.alpha
        if rank is not None:
            mixing["rank"] = rank
    if options.beta != MixingOptions().beta:
        mixing["beta"] = options.beta
    weights = target_weights_of(options.target_weights, answer_kind(found.question), options.q_aware_weights)
    if weights:
        mixing["target_weights"] = weights
    kept_counts = kept_by_target(options.per_target_rank_schedule, rank)
    if kept_counts:
        mixing["per_target_keep"] = kept_counts
    if options.layer_rank_tiers:
        mixing["per_target_keep_layers"] = kept_by_layer(options.layer_rank_tiers, layers)
    if options.rank_budget is not None:
        mixing["rank_budget"] = options.rank_budget
    ablated = [name for name, off in (("attn", options.ablate_attn), ("mlp", options.ablate_mlp)) if off]
    if ablated:
        mixing["ablate"] = ablated
    return mixing


def _capacity_by_entropy(run: Run, found: Found) -> tuple[int, float]:
    options = run.options.entropy
    paths = run.selection(found).paths
    scores = [
        entropy_score(run.graph),
        entropy_score(run.graph, files=paths),
        entropy_score(run.graph, question=run.question),
    ]
    capacity = scale_capacity(
        weighted_mean(scores, options.entropy_weights),
        CapacityOptions(True, options.rank_min, options.rank_max, options.gsub_min, options.gsub_max),
    )
    score_texts = ", ".join(
        f"{name} {score:.2f}" for name, score in zip(("repository", "files", "question"), scores, strict=True)
    )
    run.detail(f"entropy: {score_texts}; so rank {capacity.rank}, gsub {capacity.g_sub:.2f}")
    return capacity.rank, capacity.g_sub


def _subgraph_adapter(run: Run, found: Found, info: ModelInfo, built: BuiltAdapters) -> tuple[Path | None, str]:
    """(file, description) of the subgraph's adapter; (None, "") where the options have none."""
    options = run.options.adapter
    if options.gsub == 0 or (options.gsub is None and not options.mixture_m and options.sub is None):
        return None, ""
    if isinstance(options.sub, Adapter):
        return _rounded_file(run, info, _save_given_adapter(run, info, options.sub)), "sub"
    if options.sub is not None:
        return _rounded_file(run, info, Path(options.sub)), "sub"
    if options.mixture_m:
        folder = Path(options.adapters_bank) if options.adapters_bank is not None else built.folder
        entries, version = _open_bank(folder)
        maker = from_bank(entries, version, BankOptions(mixture_m=options.mixture_m))
        name = f"mixture of {min(options.mixture_m, len(entries))}"
    else:
        maker, name = _null_adapter_maker(built), "sub (generated)"
    folder_of_parts = _parts_folder(run, info)
    features = FeatureCache.load(folder_of_parts.parent / "features.npz")  # those that the build has computed
    adapters = SubgraphAdapters(run.graph, info.digest, maker, folder_of_parts, features, run.cancel)
    return _rounded_file(run, info, adapters.file_of(run.selection(found).paths)), name


def _open_bank(folder: Path) -> tuple[list[BankEntry], str]:
    from ...build import open_bank  # only `build` knows the layout of its folder

    return open_bank(folder), file_sha256(folder / "manifest.json")


def _null_adapter_maker(built: BuiltAdapters) -> SubgraphMaker:
    manifest = built.manifest
    if manifest is None:
        raise AdapterError("There is nothing to make the adapter of the selected files with: run `pathline build`.")
    return from_embedding(
        int(manifest.model["d_model"]),
        built.layers,
        manifest.target_shapes,
        GeneratorOptions(targets=tuple(manifest.target_shapes)),
    )


# -- derived adapter files ----------------------------------------------------------------------------------------------


def _rounded_file(run: Run, info: ModelInfo, file: Path) -> Path:
    """The file, or with `round_lora` the path of a copy with rounded factors."""
    options = run.options.rounding
    if not options.round_lora:
        return file
    file_name = hashlib.sha256(f"{file_sha256(file)} rounded {options.round_threshold}".encode()).hexdigest()[:32]
    rounded_path = _parts_folder(run, info) / f"{file_name}.npz"
    if not rounded_path.exists():
        _save(rounded_path, rounded(load_adapters_npz(file), options.round_threshold))
    return rounded_path


def _save_given_adapter(run: Run, info: ModelInfo, adapter: Adapter) -> Path:
    """Save a caller's own adapter in a file that is named by the hash of its numbers."""
    arrays = {
        f"{layer} {target} {part}": array
        for layer, factors in enumerate(adapter.layers)
        for target, pair in factors.items()
        for part, array in (("down", pair.down), ("up", pair.up), ("bias", pair.bias))
        if array is not None
    }
    identity = f"{digest_of(arrays)} {adapter.rank} {adapter.alpha}"
    saved_path = _parts_folder(run, info) / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.npz"
    if not saved_path.exists():
        _save(saved_path, adapter)
    return saved_path


def _save(file: Path, adapter: Adapter) -> None:
    try:
        save_npz(file, adapter)
    except OSError as error:
        raise AdapterError(f"The folder {file.parent} cannot be written ({error.strerror}).") from error


def _parts_folder(run: Run, info: ModelInfo) -> Path:
    return build_folder(run.graph, info.name, info.digest).parent / "parts"
