"""Draw where an adapter acts: the size of its deltas by layer and target, the similarity of modules, the tokens that it changes.

Needs matplotlib (the extra `report`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..code_graph import CodeGraph
from ..errors import AdapterError, UsageError
from ..graph.source import is_python
from ..installation import how_to_install
from ..models.text import clean
from ..types import CancelToken
from . import manifest as build_files
from .adapter import Adapter
from .bank import load_embeddings
from .changed_tokens import ChangedToken, changed_tokens
from .deltas import delta_norm
from .files import load_adapters_npz
from .targets import TARGETS

_MAX_MODULES, _MAX_NAME = 40, 32
_MAX_TOKENS, _MAX_FILES, _MIN_BYTES = 16, 4, 500


def check_library() -> None:
    """Raises `UsageError` where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UsageError(f"--report draws with matplotlib: {how_to_install('report')}.") from error


def layer_norms(adapter: Adapter) -> tuple[list[str], np.ndarray]:
    """The targets, and the Frobenius norm of each delta: (targets, layers), 0 where there is none."""
    targets = [t for t in TARGETS if any(t in layer for layer in adapter.layers)]
    norms = [[adapter.scale * delta_norm(layer[t]) if t in layer else 0.0 for layer in adapter.layers] for t in targets]
    return targets, np.array(norms).reshape(len(targets), len(adapter.layers))


def similarities(folder: Path) -> tuple[list[str], np.ndarray]:
    """The modules of a built folder, evenly thinned out to what can be shown, and their cosines: (modules, modules). Empty without any."""
    file = folder / build_files.MODULES
    embeddings = load_embeddings(file) if file.is_file() else []
    if len(embeddings) > _MAX_MODULES:
        embeddings = [embeddings[i * len(embeddings) // _MAX_MODULES] for i in range(_MAX_MODULES)]
    if not embeddings:
        return [], np.zeros((0, 0))
    z = np.stack([z for _, z in embeddings]).astype(np.float64)
    return [name for name, _ in embeddings], np.clip(z @ z.T, -1, 1)


def compare(
    graph: CodeGraph, model: str | None, folder: str | os.PathLike[str], cancel: CancelToken | None = None
) -> list[ChangedToken]:
    """The tokens that a built adapter changes most in some files of the repository, chosen by the hashes of their paths. Loads the model.
    Raises `ModelError` where that cannot be."""
    from ..models.loading import computing, load_model
    from ..models.sources import resolve

    built = build_files.read_built(folder)
    paths = sorted(
        (s.path for s in built.sources if s.bytes >= _MIN_BYTES and is_python(s.path)),
        key=lambda p: hashlib.sha256(p.encode("utf-8", "surrogatepass")).digest(),
    )
    texts = [d.text for d in map(graph.document, paths[:_MAX_FILES]) if d is not None]
    adapter = load_adapters_npz(built.folder / build_files.ADAPTERS, built.manifest.target_shapes)
    with computing():
        return changed_tokens(load_model(resolve(model)), adapter, [clean(text) for text in texts], _MAX_TOKENS, cancel)


def draw_report(
    folder: str | os.PathLike[str],
    png: str | os.PathLike[str],
    changed: Sequence[ChangedToken] = (),
    modules_folder: Path | None = None,
) -> None:
    """Draw the adapter of a built folder as PNG, with the modules that were built there or in `modules_folder`, and the tokens whose
    probability it changed most, where they are given. Raises `UsageError` without matplotlib, `AdapterFileError`, and `AdapterError` where
    the picture cannot be written."""
    check_library()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    place = Path(folder)
    manifest = build_files.read_built(place, verify=False).manifest
    adapter = load_adapters_npz(place / build_files.ADAPTERS)
    modules, cosines = similarities(modules_folder or place)
    panels = 1 + bool(modules) + bool(changed)
    figure = Figure(figsize=(6.5 * panels, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    figure.suptitle(f"Adapter ({manifest.kind}, rank {manifest.rank}) for {manifest.model.get('name', '')}")
    _draw_norms(figure, axes[0], adapter)
    if modules:
        _draw_similarities(figure, axes[1], modules, cosines)
    if changed:
        _draw_tokens(axes[-1], changed)
    try:
        Path(png).parent.mkdir(parents=True, exist_ok=True)
        # Without the version of what drew it: the same adapter gives the same picture.
        figure.savefig(png, format="png", dpi=100, metadata={"Software": None})
    except OSError as error:
        raise AdapterError(f"The picture {png} cannot be written ({error}).") from error


def _draw_norms(figure: Any, axis: Any, adapter: Adapter) -> None:
    targets, norms = layer_norms(adapter)
    image = axis.imshow(norms.T, aspect="auto", cmap="viridis", vmin=0, interpolation="nearest")
    axis.set_title("Size of the deltas (Frobenius norm)")
    axis.set_xticks(range(len(targets)), targets, rotation=45, ha="right")
    axis.set_ylabel("layer")
    figure.colorbar(image, ax=axis)


def _draw_similarities(figure: Any, axis: Any, modules: Sequence[str], cosines: np.ndarray) -> None:
    image = axis.imshow(cosines, cmap="RdBu", vmin=-1, vmax=1, interpolation="nearest")
    axis.set_title("Likeness of modules (cosine of embeddings)")
    names = [name if len(name) <= _MAX_NAME else f"…{name[1 - _MAX_NAME :]}" for name in modules]
    axis.set_yticks(range(len(names)), [_plot_text(name) for name in names], fontsize=6)
    axis.set_xticks([])
    figure.colorbar(image, ax=axis)


def _draw_tokens(axis: Any, changed: Sequence[ChangedToken]) -> None:
    top_changes = sorted(changed, key=lambda c: -abs(c.change))[:_MAX_TOKENS]
    top_changes.sort(key=lambda c: c.change)
    colors = ["#b2182b" if c.change < 0 else "#2166ac" for c in top_changes]
    axis.barh(range(len(top_changes)), [c.change for c in top_changes], color=colors)
    labels = [f"{_plot_text(c.before[-24:])}⟨{_plot_text(c.token)}⟩" for c in top_changes]
    axis.set_yticks(range(len(top_changes)), labels, fontsize=7, family="monospace")
    axis.axvline(0, color="black", linewidth=0.5)
    axis.set_title("Tokens changed most")
    axis.set_xlabel("change of log probability (nats)")


def _plot_text(text: str) -> str:
    """Text of the repository for a picture: no mathematical notation, only printable characters."""
    line = text.replace("\n", "⏎").replace("\t", " ")
    return "".join(c if c.isprintable() else "·" for c in line).replace("$", r"\$")
