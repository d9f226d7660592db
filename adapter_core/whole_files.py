"""Files that appear whole or not at all: readers see the old one or the new one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from typing import BinaryIO


@contextmanager
def whole_file(file: Path) -> Iterator[BinaryIO]:
    """A stream to a new file that replaces `file` at the end; if anything is raised before that, `file` stays as it was. Its permissions
    are those of the file that it replaces, or the default ones. Its folder must exist. Raises `OSError`."""
    # Not with `tempfile`, whose files only their owner may read.
    scratch = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    stream = scratch.open("xb")
    try:
        with stream:
            if os.name == "posix" and file.exists():
                scratch.chmod(S_IMODE(file.stat().st_mode))
            yield stream
        scratch.replace(file)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
