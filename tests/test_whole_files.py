from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.whole_files import whole_file


def test_a_file_is_the_old_one_until_all_is_written(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(b"old")
    with whole_file(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_the_old_file_alone(tmp_path: Path, error: BaseException) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(b"old")

    def write() -> None:
        with whole_file(file) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert file.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [file]
