"""Adapters as NPZ files: the same adapter gives the same bytes, and everything is checked before it is used.

An archive holds, uncompressed, `meta` (JSON as bytes: schema, rank, alpha, layers, transport, sha256) and `LAYER.TARGET.down`, `.up`, …
(`transport.py`), in order. `meta` also holds the SHA-256 of all the rest; members' times are fixed.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AdapterFileError
from ..whole_files import whole_file
from .adapter import Adapter, Factors
from .targets import TARGETS, Shape
from .transport import TRANSPORTS, pack_factors, unpack_factors

SCHEMA = 1
MAX_BYTES = 4 << 30
_MAX_METADATA, _MAX_RANK = 1 << 16, 10_000
# Of an array in version 1.0 of NumPy's format, with plain numbers in C order: 10 bytes, the last two the header's length, and the header.
_HEADER_START = 10
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f[248]|<[iu][248]|\|[iu]1)', 'fortran_order': False, "
    rb"'shape': \(((?:\d{1,12}(?:, \d{1,12})*,?)?)\), \} *\n",
    re.DOTALL,
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LAYER_DIGITS = 4
_NAME = "{layer:04d}.{target}.{part}"


def save_npz(file: str | os.PathLike[str], adapter: Adapter, transport: str = "float32") -> None:
    """Write an adapter; the file appears whole or not at all. Raises `OSError`, and `ValueError` for an unknown transport."""
    if transport not in TRANSPORTS:
        raise ValueError(f"transport must be one of {', '.join(TRANSPORTS)}")
    arrays = {
        _NAME.format(layer=layer, target=target, part=part): array
        for layer, targets in enumerate(adapter.layers)
        for target in (t for t in TARGETS if t in targets)
        for part, array in pack_factors(targets[target], transport).items()
    }
    metadata = {
        "schema": SCHEMA, "rank": adapter.rank, "alpha": adapter.alpha, "layers": len(adapter.layers), "transport": transport,
        "sha256": digest_of(arrays),
    }  # fmt: skip
    metadata_bytes = np.frombuffer(json.dumps(metadata, sort_keys=True).encode(), np.uint8)
    write_arrays(Path(file), {"meta": metadata_bytes, **arrays})


def load_adapters_npz(
    file: str | os.PathLike[str],
    target_shapes: Mapping[str, Shape] | None = None,
    num_layers: int | None = None,
    max_bytes: int = MAX_BYTES,
) -> Adapter:
    """Load what `save_npz` wrote; with `target_shapes` and `num_layers`, only if it fits such a model.

    Raises `AdapterFileError`, in one sentence, for a file that is missing, cut, damaged, foreign, larger than `max_bytes`, of another
    version, or for another model. Nothing in it is executed (no pickle), and no more memory is taken than the file has bytes.
    """
    path = Path(file)
    arrays = read_arrays(path, max_bytes)
    metadata = _parse_metadata(path, arrays.pop("meta", None))
    if metadata["sha256"] != digest_of(arrays):
        raise AdapterFileError(f"{path} is damaged (its checksum is wrong): build it anew.")
    layers: list[dict[str, Factors]] = [{} for _ in range(metadata["layers"])]
    grouped: dict[tuple[int, str], dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        layer, _, rest = name.partition(".")
        target, _, part = rest.partition(".")
        known = layer.isascii() and layer.isdigit() and len(layer) <= _LAYER_DIGITS and int(layer) < len(layers)
        if not known or target not in TARGETS:
            raise AdapterFileError(f"{path} is no adapter of Pathline: it holds {name[:60]!r}.")
        grouped.setdefault((int(layer), target), {})[part] = array
    for (index, target), parts in sorted(grouped.items(), key=lambda g: (g[0][0], TARGETS.index(g[0][1]))):
        try:
            factors = unpack_factors(parts, metadata["transport"])
        except (KeyError, ValueError, IndexError) as error:
            raise AdapterFileError(
                f"{path} is damaged in {target} of layer {index} ({error}): build it anew."
            ) from error
        if not all(np.isfinite(a).all() for a in (factors.down, factors.up)) or factors.rank > _MAX_RANK:
            raise AdapterFileError(f"{path} holds what is no number in {target} of layer {index}: build it anew.")
        layers[index][target] = factors
    adapter = Adapter(tuple(layers), metadata["rank"], metadata["alpha"])
    _check_fit(path, adapter, target_shapes, num_layers)
    return adapter


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of arrays with their names: the checksums of a ZIP cover only contents."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an NPZ whose bytes depend on its arrays alone. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for member, array in arrays.items():
            info = zipfile.ZipInfo(f"{member}.npy", _EPOCH)
            info.create_system = 3  # told apart by platform otherwise
            info.external_attr = 0o600 << 16
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(info, data.getvalue())


def read_arrays(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """All arrays of an NPZ, checked: sizes before anything is unpacked, checksums, no objects. Raises `AdapterFileError`."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise AdapterFileError(f"{path} is larger than an adapter may be ({size:,} of {max_bytes:,} bytes).")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            # Ours are stored as they are; one that unpacks to more than the file is made to fill the memory.
            if any(m.compress_type != zipfile.ZIP_STORED for m in members) or sum(m.file_size for m in members) > size:
                raise AdapterFileError(f"{path} unpacks to more than it has bytes: it was not written by Pathline.")
            found: dict[str, np.ndarray] = {}
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name == member.filename or name in found:
                    raise AdapterFileError(f"{path} is no adapter of Pathline: it holds {member.filename[:60]!r}.")
                found[name] = _parse_array(archive.read(member))
            return found
    except FileNotFoundError as error:
        raise AdapterFileError(f"There is no adapter at {path}: run `pathline build`.") from error
    except OSError as error:
        raise AdapterFileError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise AdapterFileError(f"{path} is cut, damaged or no NPZ file ({error}): build it anew.") from error


def _parse_array(data: bytes) -> np.ndarray:
    """The array in a member's bytes. Raises `ValueError` if its header does not match them."""
    # Not with NumPy, which evaluates the header as Python, and fails in many ways on what is none.
    header = _HEADER.match(data)
    if header is None or header.end() != _HEADER_START + int.from_bytes(
        data[_HEADER_START - 2 : _HEADER_START], "little"
    ):
        raise ValueError("an array of another kind")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(n) for n in header[2].split(b",") if n.strip())
    count = math.prod(shape)
    if count * dtype.itemsize != len(data) - header.end():
        raise ValueError("an array that is shorter or longer than it says")
    return np.frombuffer(data, dtype, count, header.end()).reshape(shape)


def _parse_metadata(path: Path, array: np.ndarray | None) -> dict[str, Any]:
    try:
        if array is None or array.dtype != np.uint8 or array.size > _MAX_METADATA:
            raise ValueError("it does not say what it is")
        values = json.loads(array.tobytes())
        # What comes behind it may be another in another version.
        if values["schema"] != SCHEMA:
            raise AdapterFileError(f"{path} was written by another version of Pathline: build it anew.")
        metadata = {k: values[k] for k in ("rank", "alpha", "layers", "transport", "sha256")}
        in_range = all(
            isinstance(metadata[k], int) and not isinstance(metadata[k], bool) and 0 < metadata[k] < 10_000
            for k in ("rank", "layers")
        )
        if not in_range or metadata["transport"] not in TRANSPORTS or not abs(metadata["alpha"]) < 1e6:
            raise ValueError("its numbers are out of range")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AdapterFileError(f"{path} is no adapter of Pathline ({error}).") from error
    metadata["alpha"] = float(metadata["alpha"])
    return metadata


def _check_fit(path: Path, adapter: Adapter, shapes: Mapping[str, Shape] | None, layers: int | None) -> None:
    if layers is not None and len(adapter.layers) != layers:
        raise AdapterFileError(
            f"{path} is for a model of {len(adapter.layers)} layers, and this one has {layers}: build it for this model."
        )
    known: dict[str, Shape] = dict(shapes or {})
    for targets in adapter.layers:
        for target, factors in targets.items():
            expected = known.setdefault(target, factors.shape) if shapes is None else known.get(target)
            if expected != factors.shape:
                raise AdapterFileError(
                    f"{path} has a {target} of shape {factors.shape}, and the model's is {expected}: build it for this model."
                )
