"""Number formats of stored adapters: "float32" as is, "float16" rounded to 11 bits, "int8" by rows with a scale each.

int8: each row of `down` and each column of `up` (one component each) has a scale, its largest magnitude / 127, and holds integers from
-127 to 127; no number is off by more than half its scale
(`tests/adapters/test_files.py` holds a delta to what follows from that).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .adapter import Factors

TRANSPORTS = ("float32", "float16", "int8")
_LEVELS = 127


def pack_factors(factors: Factors, transport: str) -> dict[str, np.ndarray]:
    """Encode factors as arrays: "down", "up", with int8 also "down_scale" and "up_scale", and "bias" if there is one."""
    if transport not in TRANSPORTS:
        raise ValueError(f"transport must be one of {', '.join(TRANSPORTS)}")
    arrays: dict[str, np.ndarray] = {}
    if transport == "int8":
        arrays["down"], arrays["down_scale"] = _quantise(factors.down)
        columns, arrays["up_scale"] = _quantise(factors.up.T)
        arrays["up"] = np.ascontiguousarray(columns.T)
    else:
        number = "<f2" if transport == "float16" else "<f4"
        arrays["down"], arrays["up"] = factors.down.astype(number), factors.up.astype(number)
    if factors.bias is not None:
        arrays["bias"] = factors.bias.astype("<f4")
    return arrays


def unpack_factors(arrays: Mapping[str, np.ndarray], transport: str) -> Factors:
    """Decode factors (float32) from arrays. Raises `KeyError` and `ValueError` if they are not valid."""
    down, up = arrays["down"], arrays["up"]
    expected = {"float32": np.float32, "float16": np.float16, "int8": np.int8}[transport]
    if down.dtype != expected or up.dtype != expected:
        raise ValueError(f"numbers of {down.dtype} and {up.dtype} where {transport} is told")
    down, up = down.astype(np.float32), up.astype(np.float32)
    if transport == "int8":
        down_scale, up_scale = arrays["down_scale"], arrays["up_scale"]
        if down_scale.shape != (down.shape[0],) or up_scale.shape != (up.shape[1],):
            raise ValueError("the scales do not fit the numbers")
        down, up = down * down_scale.astype(np.float32)[:, None], up * up_scale.astype(np.float32)
    bias = arrays.get("bias")
    return Factors(down, up, None if bias is None else bias.astype(np.float32))


def _quantise(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wide = rows.astype(np.float64)
    scale = (np.abs(wide).max(axis=1, initial=0.0) / _LEVELS).astype("<f4")
    divisor = np.where(scale > 0, scale, 1.0).astype(np.float64)[:, None]
    return np.clip(np.rint(wide / divisor), -_LEVELS, _LEVELS).astype(np.int8), scale
