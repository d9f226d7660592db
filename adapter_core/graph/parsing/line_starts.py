"""The offsets of a text's lines."""

from __future__ import annotations

import numpy as np

_LF = ord("\n")


def line_starts(text: str) -> list[int]:
    """The offset of each line's first character, in a text whose line ends are LF, and the end of the text."""
    if text.isascii():
        ends = np.frombuffer(text.encode("ascii"), np.uint8) == _LF
    else:
        ends = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4") == _LF
    starts = [0, *(np.flatnonzero(ends) + 1).tolist()]
    if starts[-1] != len(text):
        starts.append(len(text))
    return starts
