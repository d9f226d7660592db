"""Files that appear whole or not at all: readers see the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(file: Path) -> Iterator[BinaryIO]:
    """A stream to a new file, which takes the place of `file` at the end; where anything is raised on the way, that stays as it was. Its
    folder must be there. Raises `OSError`."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
