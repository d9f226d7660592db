"""Adapter files: the same bytes for the same adapter, and a sentence for everything that is none."""

from __future__ import annotations

import io
import json
import math
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.files import digest_of, load_adapters_npz, save_npz
from adapter_core.adapters.transport import TRANSPORTS, pack_factors, unpack_factors
from adapter_core.errors import AdapterFileError
from tests.adapters.models import random_adapter

SHAPES = {"q_proj": (12, 8), "down_proj": (8, 20)}
ADAPTER = random_adapter(SHAPES, layers=3, rank=2, seed=4, alpha=4.0)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_npz(tmp_path / "adapters.npz", ADAPTER)
    return tmp_path / "adapters.npz"


def check_refused(file: Path, match: str, **options) -> None:
    with pytest.raises(AdapterFileError, match=match) as caught:
        load_adapters_npz(file, **options)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def rewritten(file: Path, change, **told) -> Path:
    """The archive with its members (name to bytes) changed, by somebody who knows to mend the checksum, and what it tells of itself."""
    with zipfile.ZipFile(file) as archive:
        members = {m.filename: archive.read(m) for m in archive.infolist()}
    change(members)
    try:
        arrays = {n.removesuffix(".npy"): np.load(io.BytesIO(d)) for n, d in members.items()}
        meta = json.loads(arrays.pop("meta").tobytes()) | {"sha256": digest_of(arrays)} | told
        members["meta.npy"] = npy(np.frombuffer(json.dumps(meta).encode(), np.uint8))
    except ValueError:
        pass  # what cannot be read at all has no checksum
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def npy(array: np.ndarray, **options) -> bytes:
    data = io.BytesIO()
    np.save(data, array, **options)
    return data.getvalue()


def test_there_and_back(saved):
    loaded = load_adapters_npz(saved, SHAPES, 3)
    assert (loaded.rank, loaded.alpha, len(loaded.layers)) == (2, 4.0, 3)
    for layer, other in zip(ADAPTER.layers, loaded.layers, strict=True):
        assert list(layer) == list(other)
        for target in layer:
            assert np.array_equal(layer[target].down, other[target].down)
            assert np.array_equal(layer[target].up, other[target].up)
            assert other[target].up.dtype == np.float32


def test_biases_and_missing_targets_are_kept(tmp_path):
    bias = np.arange(8, dtype=np.float32)
    one = ADAPTER.layers[0]["down_proj"]
    adapter = Adapter(({}, {"down_proj": Factors(one.down, one.up, bias)}), 2, 1.0)
    save_npz(tmp_path / "a.npz", adapter)
    loaded = load_adapters_npz(tmp_path / "a.npz")
    assert [set(layer) for layer in loaded.layers] == [set(), {"down_proj"}]
    assert np.array_equal(loaded.layers[1]["down_proj"].bias, bias)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_same_adapter_gives_the_same_bytes(tmp_path, transport):
    save_npz(tmp_path / "a.npz", ADAPTER, transport)
    backwards = tuple(dict(reversed(layer.items())) for layer in ADAPTER.layers)
    save_npz(tmp_path / "deep" / "b.npz", Adapter(backwards, ADAPTER.rank, ADAPTER.alpha), transport)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "deep" / "b.npz").read_bytes()
    assert os.listdir(tmp_path / "deep") == ["b.npz"]
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert "0000.q_proj.down" in data.files


def test_smaller_transports(tmp_path):
    wide = random_adapter({"q_proj": (200, 300)}, rank=8)
    sizes = {}
    for transport in TRANSPORTS:
        save_npz(tmp_path / "a.npz", wide, transport)
        sizes[transport] = (tmp_path / "a.npz").stat().st_size
        loaded = load_adapters_npz(tmp_path / "a.npz", {"q_proj": (200, 300)}, 2)
        assert np.allclose(loaded.layers[0]["q_proj"].up, wide.layers[0]["q_proj"].up, atol=5e-3)
    assert sizes["int8"] < 0.7 * sizes["float16"] < 0.5 * sizes["float32"]
    with pytest.raises(ValueError, match="transport"):
        save_npz(tmp_path / "a.npz", wide, "int4")


def int8_error_bound(factors: Factors) -> float:
    """The most by which int8 can change `up @ down`, as a Frobenius norm: with errors E of at most half a scale in each number,
    |(up + Eu)(down + Ed) - up down| <= |Eu| |down| + |up| |Ed| + |Eu| |Ed|."""
    up, down = factors.up.astype(np.float64), factors.down.astype(np.float64)
    off_up, off_down = _worst(up.T), _worst(down)
    size_up, size_down = float(np.linalg.norm(up)), float(np.linalg.norm(down))
    return off_up * size_down + size_up * off_down + off_up * off_down


def _worst(rows: np.ndarray) -> float:
    """The norm of the errors if every number is off by half its row's scale, and a little for the rounding of the scale itself."""
    half = np.abs(rows).max(axis=1, initial=0.0) / 127 / 2 * (1 + 1e-4)
    return math.sqrt(float((half**2).sum()) * rows.shape[1])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 30),
    columns=st.integers(1, 30),
    rank=st.integers(0, 5),
    spread=st.floats(0, 3),
    seed=st.integers(0, 1000),
)
def test_int8_is_within_its_stated_error(rows, columns, rank, spread, seed):
    rng = np.random.default_rng(seed)
    size = np.exp(spread * rng.standard_normal(rank)).astype(np.float32)
    down = (rng.standard_normal((rank, columns)) * size[:, None]).astype(np.float32)
    up = rng.standard_normal((rows, rank)).astype(np.float32)
    up[:, : rank // 2] = 0
    factors = Factors(down, up)
    back = unpack_factors(pack_factors(factors, "int8"), "int8")
    assert (np.abs(back.down - down) <= np.abs(down).max(axis=1, initial=0)[:, None] / 254 * 1.001 + 1e-12).all()
    off = np.linalg.norm(back.up.astype(np.float64) @ back.down - up.astype(np.float64) @ down)
    assert off <= int8_error_bound(factors)


def test_for_another_model(saved):
    check_refused(saved, "is for a model of 3 layers, and this one has 30", num_layers=30)
    check_refused(
        saved, r"q_proj of shape \(12, 8\), and the model's is \(13, 8\)", target_shapes=SHAPES | {"q_proj": (13, 8)}
    )
    check_refused(saved, "the model's is None", target_shapes={"q_proj": (12, 8)})


def test_no_file(tmp_path):
    check_refused(tmp_path / "adapters.npz", "There is no adapter at .*pathline build")
    check_refused(tmp_path, "cannot be read")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999), place=st.floats(0, 0.999), bit=st.integers(0, 7), cut=st.booleans())
def test_cut_or_with_a_wrong_bit(saved, share, place, bit, cut):
    """Whatever happened to the file, it is refused in a sentence or read as it was (a bit of a name's attributes may not matter)."""
    save_npz(saved, ADAPTER)
    data = bytearray(saved.read_bytes())
    if cut:
        saved.write_bytes(data[: int(share * len(data))])
        check_refused(saved, "cut, damaged")
        return
    data[int(place * len(data))] ^= 1 << bit
    saved.write_bytes(data)
    try:
        loaded = load_adapters_npz(saved, SHAPES, 3)
    except AdapterFileError:
        return
    assert np.array_equal(loaded.layers[2]["q_proj"].up, ADAPTER.layers[2]["q_proj"].up)


def test_foreign_files(tmp_path):
    file = tmp_path / "x.npz"
    for content in (b"", b"hello", b"PK\x03\x04" + b"\0" * 100):
        file.write_bytes(content)
        check_refused(file, "no NPZ file")
    np.savez(file, a=np.ones(3))
    check_refused(file, "no adapter of Pathline")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    check_refused(file, "readme.txt")


def test_pickles_are_not_read(saved):
    planted = npy(np.array([{"a": 1}], object), allow_pickle=True)
    check_refused(rewritten(saved, lambda m: m.update({"0000.q_proj.up.npy": planted})), "another kind")


def test_what_is_larger_than_it_may_be(saved, tmp_path):
    check_refused(saved, "larger than an adapter may be", max_bytes=100)
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.npy", b"\0" * 10_000_000)
    assert bomb.stat().st_size < 20_000
    check_refused(bomb, "unpacks to more")
    # Our own arrays too: what is packed can fail to unpack in other ways than what is stored.
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in archive.infolist():
            packed.writestr(member.filename, archive.read(member))
    check_refused(bomb, "unpacks to more")


@pytest.mark.parametrize(
    "header",
    [
        "(" * 3000,
        "-" * 9000 + "1",
        "'''",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 8), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True, 8), }\n",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 8), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -8), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 8), }",
    ],
)
def test_headers_are_not_evaluated(saved, header):
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(64)
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("meta.npy", data)
    check_refused(saved, "another kind")


def test_a_layer_of_many_digits(saved):
    check_refused(
        rewritten(saved, lambda m: m.update({"1" * 5000 + ".q_proj.up.npy": npy(np.ones(3))})), "it holds '1111"
    )


def test_headers_that_lie(saved):
    def lie(members):
        members["0000.q_proj.up.npy"] = members["0000.q_proj.up.npy"].replace(b"(12, 2)", b"(99, 2)")

    check_refused(rewritten(saved, lie), "shorter or longer")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"schema": 99}, "another version"),
        ({"schema": 99, "rank": "8 and 4"}, "another version"),
        ({"sha256": None}, "checksum is wrong"),
        ({"rank": 0}, "out of range"),
        ({"rank": True}, "out of range"),
        ({"layers": 10**9}, "out of range"),
        ({"alpha": float("nan")}, "out of range"),
        ({"alpha": "x"}, "no adapter of Pathline"),
        ({"transport": "int4"}, "out of range"),
        ({"transport": "int8"}, "damaged in q_proj"),
        ({"layers": 2}, "0002.q_proj.down"),
    ],
)
def test_what_it_says_of_itself(saved, change, match):
    check_refused(rewritten(saved, lambda m: None, **change), match)


def test_a_checksum_that_is_wrong(saved):
    check_refused(rewritten(saved, lambda m: None, sha256="0" * 64), "its checksum is wrong")


def test_parts_that_are_missing_or_do_not_fit(saved):
    save_npz(saved, ADAPTER)
    check_refused(rewritten(saved, lambda m: m.pop("0001.q_proj.up.npy")), "damaged in q_proj of layer 1")
    save_npz(saved, ADAPTER)
    other = npy(np.ones((5, 8), np.float32))
    check_refused(rewritten(saved, lambda m: m.update({"0001.q_proj.down.npy": other})), "do not fit together")
    save_npz(saved, ADAPTER)
    nan = npy(np.full((2, 8), np.nan, np.float32))
    check_refused(rewritten(saved, lambda m: m.update({"0001.q_proj.down.npy": nan})), "no number")
    save_npz(saved, ADAPTER)
    check_refused(rewritten(saved, lambda m: m.update({"0001.lm_head.up.npy": nan})), "lm_head")


def test_layers_that_differ_in_shape(tmp_path):
    save_npz(tmp_path / "a.npz", Adapter((ADAPTER.layers[0], random_adapter({"q_proj": (9, 8)}).layers[0]), 3, 1.0))
    check_refused(tmp_path / "a.npz", r"q_proj of shape \(9, 8\)")


def test_a_write_that_fails_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr(
        np.lib.format, "write_array", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(OSError, match="No space"):
        save_npz(saved, ADAPTER)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == ["adapters.npz"]
