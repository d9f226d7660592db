"""Which weights of a model an adapter changes: canonical targets, their shapes, and their location in a model.

A target has one name for all families: q, k, v, o, gate, up and down_proj. A model may keep several of them in one weight (Phi-3's
`qkv_proj` and `gate_up_proj`, GPT-2's `c_attn`), stacked, or keep a weight transposed (GPT-2's Conv1D): a `Site` names the part of the
module that a target is. Shapes are (d_out, d_in), as of the weight of a `torch.nn.Linear`. Modules that are not recognised (experts, heads
that interleave their rows as in GPT-NeoX) have no site, and are not adapted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AdapterError, ModelFileError, UsageError
from ..evidence.model_shape import TEXT_PARTS, ModelDims, read_dims
from .adapter import Factors, LayerFactors

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")
TARGETS = ATTENTION + MLP

Shape = tuple[int, int]
# The targets in the modules of a block, by the end of the module's path. The parts of a fused module are stacked in this order.
_TARGETS_BY_MODULE: Mapping[str, tuple[str, ...]] = {
    **{target: (target,) for target in TARGETS},
    "qkv_proj": ("q_proj", "k_proj", "v_proj"),
    "attn.c_attn": ("q_proj", "k_proj", "v_proj"),
    "gate_up_proj": ("gate_proj", "up_proj"),
    "out_proj": ("o_proj",),
    "attn.c_proj": ("o_proj",),
    "self_attn.dense": ("o_proj",),
    "mlp.c_fc": ("up_proj",),
    "mlp.c_proj": ("down_proj",),
    "fc1": ("up_proj",),
    "fc2": ("down_proj",),
    "mlp.fc_in": ("up_proj",),
    "mlp.fc_out": ("down_proj",),
}
# Families whose feed-forward part has no gate.
_FAMILIES_WITHOUT_GATE = frozenset("gpt2 gpt_neo gptj gpt_bigcode opt phi starcoder2 codegen".split())
# Families that name or order their layers in a way of their own.
_UNSUPPORTED_FAMILIES = frozenset("gpt_neox gpt_neox_japanese falcon bloom mpt dbrx persimmon".split())
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")


@dataclass(frozen=True, slots=True)
class Site:
    """The location of a target: the output rows `start:stop` of the module at `path` (relative to the block), which has `width` rows.

    `transposed`: the weight is stored as (d_in, d_out).
    """

    path: str
    start: int
    stop: int
    width: int
    d_in: int
    transposed: bool = False

    @property
    def shape(self) -> Shape:
        return self.stop - self.start, self.d_in

    @property
    def covers_module(self) -> bool:
        """Whether the target is the whole module."""
        return self.stop - self.start == self.width


@dataclass(frozen=True, slots=True)
class ModelLayout:
    """`blocks`: the path of the list of blocks in the model; `sites[i]`: those of the i-th block, by target, in the order of `TARGETS`."""

    blocks: str
    sites: tuple[Mapping[str, Site], ...]


def layout_of(model: Any) -> ModelLayout:
    """The location of each target in a (transformers) model. Raises `AdapterError` if there is none."""
    dims = _dims_of(model)
    found = [
        (path, blocks) for path, blocks in _block_lists(model) if any(_find_sites(block, dims) for block in blocks)
    ]
    # A multimodal model also has vision blocks: the language model has as many blocks as its configuration says.
    found.sort(key=lambda f: (dims is None or len(f[1]) != dims.layers, -len(f[1])))
    if not found:
        raise AdapterError(
            f"No layers that an adapter could change were found in this {type(model).__name__}: use a decoder such as Llama or Qwen."
        )
    path, blocks = found[0]
    return ModelLayout(path, tuple(_find_sites(block, dims) for block in blocks))


def match_sites(
    layout: ModelLayout, layers: Iterable[LayerFactors], count: int
) -> Iterator[tuple[int, str, Site, Factors]]:
    """Match the factors of an adapter of `count` layers (0: unknown) to a model: (layer, target, site, factors) one by one. Raises
    `AdapterError` if the adapter is not for this model."""
    if count and count != len(layout.sites):
        raise AdapterError(
            f"The adapter is for a model of {count} layers, and this one has {len(layout.sites)}: build it for this model."
        )
    for layer, targets in enumerate(layers):
        for target, factors in targets.items():
            site = layout.sites[layer].get(target)
            if site is None:
                raise AdapterError(f"This model has no {target} in layer {layer}: build the adapter for this model.")
            if factors.shape != site.shape:
                raise AdapterError(
                    f"The adapter's {target} is of shape {factors.shape}, the model's of {site.shape}: build it for this model."
                )
            yield layer, target, site, factors


def infer_target_shapes(model: Any) -> dict[str, Shape]:
    """The shape of each target of a model, (d_out, d_in). Raises `AdapterError` where there is none, or where blocks differ."""
    layout = layout_of(model)
    shapes: dict[str, Shape] = {}
    for sites in layout.sites:
        for target, site in sites.items():
            if shapes.setdefault(target, site.shape) != site.shape:
                raise AdapterError(
                    f"The blocks of this model differ in the shape of {target}: name one block's targets."
                )
    return {target: shapes[target] for target in TARGETS if target in shapes}


def infer_target_names(model: Any) -> dict[str, str]:
    """The model's own name of each target: the module's path in its block. Fused targets share one. Raises `AdapterError`."""
    names: dict[str, str] = {}
    for sites in layout_of(model).sites:
        for target, site in sites.items():
            names.setdefault(target, site.path)
    return {target: names[target] for target in TARGETS if target in names}


def shapes_from_dims(dims: ModelDims) -> dict[str, Shape]:
    """The shapes that follow from a configuration alone, (d_out, d_in)."""
    d = dims.d_model
    shapes = {
        "q_proj": (dims.query_width, d),
        "k_proj": (dims.key_width, d),
        "v_proj": (dims.key_width, d),
        "o_proj": (d, dims.query_width),
        "gate_proj": (dims.intermediate, d),
        "up_proj": (dims.intermediate, d),
        "down_proj": (d, dims.intermediate),
    }
    if dims.model_type in _FAMILIES_WITHOUT_GATE:
        del shapes["gate_proj"]
    return shapes


def shapes_from_config(config: Mapping[str, Any]) -> dict[str, Shape]:
    """The shapes of the targets that a model of this configuration has, (d_out, d_in): those that `infer_target_shapes` finds in it. Raises
    `AdapterError` for families without any, `ModelFileError` where a number is missing."""
    text = next((config[part] for part in TEXT_PARTS if isinstance(config.get(part), Mapping)), config)
    dims = read_dims(config)
    if dims.model_type in _UNSUPPORTED_FAMILIES or str(text.get("model_type")) in _UNSUPPORTED_FAMILIES:
        raise AdapterError(
            f"Models of the type {dims.model_type} have no layers that an adapter could change here: use another one."
        )
    shapes = shapes_from_dims(dims)
    if any(isinstance(n := text.get(name), int) and n > 1 for name in _EXPERTS):
        shapes = {target: shape for target, shape in shapes.items() if target not in MLP}
    if _mixes_heads(dims):
        shapes = {target: shape for target, shape in shapes.items() if target not in ("q_proj", "k_proj", "v_proj")}
    return shapes


def parse_target_shapes(text: str) -> dict[str, Shape]:
    """ "q_proj=4096:4096,k_proj=1024:4096" to shapes, d_out before d_in. Raises `UsageError` with what is wrong."""
    shapes: dict[str, Shape] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, shape = part.partition("=")
        name, (rows, colon, columns) = name.strip(), shape.partition(":")
        if name not in TARGETS:
            raise UsageError(f"{name[:40]!r} is no target of an adapter: use {', '.join(TARGETS)}.")
        if not (equals and colon and _is_width(rows) and _is_width(columns)):
            raise UsageError(f"{part[:60]!r} is no shape of a target: write it as {name}=ROWS:COLUMNS.")
        if name in shapes:
            raise UsageError(f"{name} has two shapes; give one.")
        shapes[name] = int(rows), int(columns)
    if not shapes:
        raise UsageError("There is no shape of a target: write them as q_proj=4096:4096,k_proj=1024:4096.")
    return {target: shapes[target] for target in TARGETS if target in shapes}


def parse_targets(text: str) -> tuple[str, ...]:
    """ "q_proj,v_proj", "attention", "mlp" or "all" to targets, in the order of `TARGETS`. Raises `UsageError`."""
    groups = {"all": TARGETS, "attention": ATTENTION, "mlp": MLP}
    selected: set[str] = set()
    for name in filter(None, (p.strip() for p in text.split(","))):
        if name not in TARGETS and name not in groups:
            raise UsageError(f"{name[:40]!r} is no target of an adapter: use {', '.join((*TARGETS, *groups))}.")
        selected.update(groups.get(name, (name,)))
    if not selected:
        raise UsageError(f"There is no target: use {', '.join((*TARGETS, *groups))}.")
    return tuple(target for target in TARGETS if target in selected)


def _is_width(text: str) -> bool:
    digits = text.strip()
    return digits.isascii() and digits.isdigit() and len(digits) < 8 and int(digits) > 0


def _dims_of(model: Any) -> ModelDims | None:
    config = getattr(model, "config", None)
    if config is None:
        return None
    try:
        return read_dims(config.get_text_config().to_dict())
    except ModelFileError:
        return None


def _block_lists(model: Any) -> Iterator[tuple[str, Any]]:
    for path, module in model.named_modules():
        if type(module).__name__ == "ModuleList" and len(module):
            yield path, module


def _find_sites(block: Any, dims: ModelDims | None) -> dict[str, Site]:
    found: dict[str, Site] = {}
    for path, module in block.named_modules():
        size = _linear_size(module)
        # Those of experts are many in one block; a path so long is of a whole model within it.
        if size is None or "expert" in path or path.count(".") > 2:
            continue
        ends = (".".join(path.split(".")[-n:]) for n in (2, 1))
        targets = next((_TARGETS_BY_MODULE[end] for end in ends if end in _TARGETS_BY_MODULE), ())
        (d_out, d_in, transposed), start = size, 0
        for target, rows in zip(targets, _part_rows(targets, d_out, dims), strict=False):
            found.setdefault(target, Site(path, start, start + rows, d_out, d_in, transposed))
            start += rows
    return {target: found[target] for target in TARGETS if target in found}


def _linear_size(module: Any) -> tuple[int, int, bool] | None:
    """(d_out, d_in, transposed) of a linear layer, whatever its weight is made of."""
    if isinstance(getattr(module, "in_features", None), int) and isinstance(getattr(module, "out_features", None), int):
        return module.out_features, module.in_features, False
    if type(module).__name__ == "Conv1D" and hasattr(module, "nf"):
        return module.nf, module.nx, True
    return None


def _part_rows(targets: tuple[str, ...], d_out: int, dims: ModelDims | None) -> tuple[int, ...]:
    """The number of rows of each part; () if they do not add up to `d_out`, so that the parts cannot be told apart."""
    if len(targets) == 3:
        queries, keys = (dims.query_width, dims.key_width) if dims is not None else (d_out // 3, d_out // 3)
        mixed = dims is not None and _mixes_heads(dims)
        return (queries, keys, keys) if queries + 2 * keys == d_out and not mixed else ()
    return (d_out // len(targets),) * len(targets) if targets and d_out % len(targets) == 0 else ()


def _mixes_heads(dims: ModelDims) -> bool:
    """Whether a fused layer stores queries, keys and values in another order: CodeGen in four blocks, GPT-BigCode without shared keys head
    by head."""
    return dims.model_type == "codegen" or (dims.model_type == "gpt_bigcode" and dims.kv_heads == dims.heads)
