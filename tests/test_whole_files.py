from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

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


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_who_may_read_it_is_as_for_other_files(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    before = os.umask(0o027)
    try:
        with whole_file(file) as stream:
            stream.write(b"new")
        assert S_IMODE(file.stat().st_mode) == 0o640
        for mode in (0o604, 0o600):
            file.chmod(mode)
            with whole_file(file) as stream:
                assert {S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {mode}
                stream.write(b"newer")
            assert S_IMODE(file.stat().st_mode) == mode
    finally:
        os.umask(before)
