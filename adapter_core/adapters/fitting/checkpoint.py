"""An unfinished fit on disk: factors, the optimiser's moments and the step, as arrays without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import AdapterFileError
from ...whole_files import whole_file
from ..files import read_arrays

_VERSION = 1


def save(
    file: Path, identity: Mapping[str, str], numbers: Mapping[str, float], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write the state of a fit. `identity` names what it was fitted to (model, text, setting). Readers see the old file or the new one.
    Raises `OSError`."""
    stored_arrays: dict[str, Any] = {f"array/{name}": value for name, value in arrays.items()}
    stored_arrays.update({f"number/{name}": np.float64(value) for name, value in numbers.items()})
    stored_arrays.update({f"text/{name}": np.frombuffer(value.encode(), np.uint8) for name, value in identity.items()})
    with whole_file(file) as stream:
        np.savez(stream, version=np.int64(_VERSION), **stored_arrays)


def load(file: Path, identity: Mapping[str, str]) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Load what `save` wrote: (numbers, arrays). Raises `AdapterFileError` if it is damaged, or its `identity` differs."""
    try:
        data = read_arrays(file)
        if int(data["version"]) != _VERSION:
            raise AdapterFileError("another version")
        stored = {name: data[f"text/{name}"].tobytes().decode() for name in identity}
        numbers = {n.partition("/")[2]: float(value) for n, value in data.items() if n.startswith("number/")}
        arrays = {n.partition("/")[2]: value.copy() for n, value in data.items() if n.startswith("array/")}
    except (ValueError, KeyError, TypeError, AdapterFileError) as error:
        raise AdapterFileError(
            f"{file} is no unfinished fit that can be read here ({error}): remove it to begin anew."
        ) from error
    changed = [name for name in identity if stored[name] != identity[name]]
    if changed:
        raise AdapterFileError(
            f"{file} is an unfinished fit of another {' and '.join(changed)}: remove it to begin anew."
        )
    return numbers, arrays
