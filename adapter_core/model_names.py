"""The kinds of model names, recognised by their form alone.

A bare name or `org/name` is never taken for a folder: a question is usually asked from inside a repository, and a
folder of that name in it would otherwise become the model. A folder is written with a leading `.`, `~`, `/` or drive
letter.
"""

from __future__ import annotations

import os
import re

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


def looks_like_path(model: str) -> bool:
    """Whether a name is a path: by its form alone, never by the contents of the working folder."""
    return (
        model.startswith((".", "~", "/", "\\"))
        or "\\" in model
        or model.lower().endswith(".gguf")
        or os.path.isabs(model)
        or re.match(r"[A-Za-z]:", model) is not None
    )


def is_hub_id(model: str) -> bool:
    return len(model) <= 96 and "--" not in model and ".." not in model and _HUB_ID.fullmatch(model) is not None


def is_address(model: str) -> bool:
    """Whether a name is the address of a server."""
    return model.startswith(("http://", "https://"))
