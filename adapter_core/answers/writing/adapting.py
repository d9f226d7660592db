"""Which adapter, which memory, mixed how: the adaptation of one answer, from what was built and from the options.

By default the model is given what was shown to help: a fitted adapter that was kept, and the memory. The generated null adapter is mixed
in where a scale is asked for.
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
from .built import Built, what_is_built
from .schedules import (
    blended,
    kept_by_layer,
    kept_by_target,
    multipliers,
    weights_of_targets,
    with_more_on_top,
    with_more_subgraph,
)

_WARM = (0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Plan:
    """`name` says in the provenance what was used, "" for the bare model. `factors`: one for each layer."""

    adapter: Path | None = None
    sub: Path | None = None
    memory: Path | None = None
    mixing: dict[str, Any] = field(default_factory=dict)
    factors: tuple[float, ...] = ()
    warm_up: bool = False
    name: str = ""

    @property
    def mixes(self) -> bool:
        return self.adapter is not None or self.sub is not None

    def adaptation(self, structured: int = 0, stronger: bool = False) -> Adaptation | None:
        """For the first attempt (`structured` 0), the first structured one (1), and those after; None for the bare model.
        `stronger`: more weight on the top layers, and slightly more of the subgraph's adapter."""
        memory = str(self.memory) if self.memory is not None else None
        if not self.mixes:
            return Adaptation(memory=memory) if memory is not None else None
        warm = _WARM[structured] if self.warm_up and structured < len(_WARM) else 1.0
        factors = with_more_on_top(self.factors) if stronger else list(self.factors)
        factors = [round(f * warm, 6) for f in factors]
        mixing = dict(self.mixing)
        if any(f != 1.0 for f in factors):
            mixing["layer_multipliers"] = factors
        if stronger and "g_sub" in mixing:
            mixing["g_sub"] = with_more_subgraph(mixing["g_sub"])
        paths = [str(path) if path is not None else None for path in (self.adapter, self.sub)]
        return Adaptation(paths[0], paths[1], mixing, memory)

    def reading(self) -> Adaptation | None:
        """For votes on sentences: the adapter alone."""
        found = self.adaptation(structured=len(_WARM))
        return replace(found, memory=None) if found is not None and self.mixes else None


def plan(run: Run, found: Found, info: ModelInfo) -> Plan:
    """What is to be mixed in. What is there and cannot be used, and what is stale, is noted; a file that was named and is not there raises
    `AdapterFileError`."""
    options = run.options.adapter
    isolated = options.adapter == "none" or options.alpha == 0
    wants_memory = options.memory if options.memory is not None else not isolated
    if isolated and not wants_memory:
        return Plan()
    named = Path(options.adapter) if options.adapter not in ("auto", "none") else None
    if named is not None and not named.exists():
        raise AdapterFileError(f"There is no adapter {named}: name a file that `pathline build` wrote, or its folder.")
    folder = named if named is not None and named.is_dir() else None
    built = what_is_built(
        run.graph, info.name, info.digest, folder, with_null=named is not None or options.alpha is not None
    )
    for note in built.notes:
        run.note(note)
    memory = built.memory if wants_memory else None
    if options.memory and memory is None:
        run.note("there is no memory of this repository: run `pathline build`")
    bare = Plan(memory=memory, name="memory" if memory is not None else "")
    if isolated:
        return bare
    try:
        return _mixed(run, found, info, built, named, bare)
    except (AdapterError, ValueError) as error:  # a ValueError: a bank whose embeddings are of another kind
        if named is not None and isinstance(error, AdapterError):
            raise
        run.note(f"the adapter was not used: {error}")
        return bare


def _mixed(run: Run, found: Found, info: ModelInfo, built: Built, named: Path | None, bare: Plan) -> Plan:
    options = run.options.adapter
    base, kind = _base(built, named, null_too=options.alpha is not None)
    if base is not None:
        base = _rounded(run, info, base)
    sub, name = _sub(run, found, info, built)
    if base is None and sub is None:
        if options.alpha is not None:
            run.note("there is no adapter of this repository: run `pathline build`")
        return bare
    shown = [f"{kind} {file_sha256(base)[:12]}"] if base is not None else []
    shown += [f"{name} {file_sha256(sub)[:12]}"] if sub is not None else []
    layers = built.layers if named is None or named.is_dir() else 0
    layers = layers or len(load_adapters_npz(base or sub or "").layers)
    mixing = _mixing(run, found, layers, sub is not None)
    label = ", ".join([*shown, *filter(None, [bare.name])])
    told = [
        f"{name} {value if not isinstance(value, list) or name == 'ablate' else 'by layer'}"
        for name, value in mixing.items()
    ]
    run.detail(f"adapter: {label}; {', '.join(told) or 'as it was built'}")
    return Plan(
        base, sub, bare.memory, mixing, tuple(multipliers(options.layer_schedule, layers)), options.alpha_warmup, label
    )


def _base(built: Built, named: Path | None, null_too: bool) -> tuple[Path | None, str]:
    if named is not None and not named.is_dir():
        return named, named.name
    if built.fitted is not None:
        return built.fitted, "fitted"
    if named is not None and built.null is None:
        raise AdapterError(
            f"{named} holds no adapter for this model: name a folder that `pathline build --out` wrote for it."
        )
    if null_too or named is not None:
        return built.null, "generated"
    return None, ""


def _mixing(run: Run, found: Found, layers: int, with_sub: bool) -> dict[str, Any]:
    """Keyword arguments of `register_hook_mixed_adapters`, those that are not its defaults."""
    options = run.options.adapter
    rank, gsub = options.rank, options.gsub if options.gsub is not None else MixingOptions().g_sub
    if run.options.entropy.entropy_aware:
        rank, gsub = _by_entropy(run, found)
    mixing: dict[str, Any] = {}
    if with_sub:
        mixing["g_sub"] = round(gsub, 6)
    if options.alpha is not None:
        mixing["alpha_star"] = options.alpha
        if rank is not None:
            mixing["rank"] = rank
    if options.beta != MixingOptions().beta:
        mixing["beta"] = options.beta
    weights = weights_of_targets(options.target_weights, answer_kind(found.question), options.q_aware_weights)
    if weights:
        mixing["target_weights"] = weights
    keep = kept_by_target(options.per_target_rank_schedule, rank)
    if keep:
        mixing["per_target_keep"] = keep
    if options.layer_rank_tiers:
        mixing["per_target_keep_layers"] = kept_by_layer(options.layer_rank_tiers, layers)
    if options.rank_budget is not None:
        mixing["rank_budget"] = options.rank_budget
    ablated = [name for name, off in (("attn", options.ablate_attn), ("mlp", options.ablate_mlp)) if off]
    if ablated:
        mixing["ablate"] = ablated
    return mixing


def _by_entropy(run: Run, found: Found) -> tuple[int, float]:
    options = run.options.entropy
    paths = run.selection(found).paths
    scores = [
        entropy_score(run.graph),
        entropy_score(run.graph, files=paths),
        entropy_score(run.graph, question=run.question),
    ]
    capacity = scale_capacity(
        blended(scores, options.entropy_weights),
        CapacityOptions(True, options.rank_min, options.rank_max, options.gsub_min, options.gsub_max),
    )
    told = ", ".join(
        f"{name} {score:.2f}" for name, score in zip(("repository", "files", "question"), scores, strict=True)
    )
    run.detail(f"entropy: {told}; so rank {capacity.rank}, gsub {capacity.g_sub:.2f}")
    return capacity.rank, capacity.g_sub


def _sub(run: Run, found: Found, info: ModelInfo, built: Built) -> tuple[Path | None, str]:
    """The file of the subgraph's adapter and what it is, where one is wanted."""
    options = run.options.adapter
    if options.gsub == 0 or (options.gsub is None and not options.mixture_m and options.sub is None):
        return None, ""
    if isinstance(options.sub, Adapter):
        return _rounded(run, info, _written(run, info, options.sub)), "sub"
    if options.sub is not None:
        return _rounded(run, info, Path(options.sub)), "sub"
    if options.mixture_m:
        folder = Path(options.adapters_bank) if options.adapters_bank is not None else built.folder
        entries, version = _bank(folder)
        maker = from_bank(entries, version, BankOptions(mixture_m=options.mixture_m))
        name = f"mixture of {min(options.mixture_m, len(entries))}"
    else:
        maker, name = _null_of_part(built), "sub (generated)"
    kept = _kept(run, info)
    features = FeatureCache.load(kept.parent / "features.npz")  # of what the build has read already
    adapters = SubgraphAdapters(run.graph, info.digest, maker, kept, features, run.cancel)
    return _rounded(run, info, adapters.file_of(run.selection(found).paths)), name


def _bank(folder: Path) -> tuple[list[BankEntry], str]:
    from ...build import open_bank  # what is built is opened by what built it

    return open_bank(folder), file_sha256(folder / "manifest.json")


def _null_of_part(built: Built) -> SubgraphMaker:
    manifest = built.manifest
    if manifest is None:
        raise AdapterError("There is nothing to make the adapter of the selected files with: run `pathline build`.")
    return from_embedding(
        int(manifest.model["d_model"]),
        built.layers,
        manifest.target_shapes,
        GeneratorOptions(targets=tuple(manifest.target_shapes)),
    )


# -- files that are made on the way -------------------------------------------------------------------------------------


def _rounded(run: Run, info: ModelInfo, file: Path) -> Path:
    """The file, or, where it is asked for, one with its factors rounded."""
    options = run.options.rounding
    if not options.round_lora:
        return file
    named = hashlib.sha256(f"{file_sha256(file)} rounded {options.round_threshold}".encode()).hexdigest()[:32]
    made = _kept(run, info) / f"{named}.npz"
    if not made.exists():
        _save(made, rounded(load_adapters_npz(file), options.round_threshold))
    return made


def _written(run: Run, info: ModelInfo, adapter: Adapter) -> Path:
    """A caller's own adapter as a file, which its numbers name."""
    arrays = {
        f"{layer} {target} {part}": array
        for layer, factors in enumerate(adapter.layers)
        for target, one in factors.items()
        for part, array in (("down", one.down), ("up", one.up), ("bias", one.bias))
        if array is not None
    }
    told = f"{digest_of(arrays)} {adapter.rank} {adapter.alpha}"
    made = _kept(run, info) / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.npz"
    if not made.exists():
        _save(made, adapter)
    return made


def _save(file: Path, adapter: Adapter) -> None:
    try:
        save_npz(file, adapter)
    except OSError as error:
        raise AdapterError(f"The folder {file.parent} cannot be written ({error.strerror}).") from error


def _kept(run: Run, info: ModelInfo) -> Path:
    return build_folder(run.graph, info.name, info.digest).parent / "parts"
