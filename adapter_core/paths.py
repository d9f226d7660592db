"""The folders that Pathline uses: the user's, never one of the workspace."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """The cache folder: `PATHLINE_CACHE_DIR`, else the platform's. It may not exist yet."""
    named = os.environ.get("PATHLINE_CACHE_DIR")
    return Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("pathline", appauthor=False)


def config_dir() -> Path:
    """The folder of the user's configuration files: `PATHLINE_CONFIG_DIR`, else the platform's. It may not exist."""
    named = os.environ.get("PATHLINE_CONFIG_DIR")
    return Path(named).expanduser().absolute() if named else _platform_config_dir()


@functools.cache
def _platform_config_dir() -> Path:
    """Worked out once: each question looks several times for the user's synonyms."""
    return platformdirs.user_config_path("pathline", appauthor=False)


def models_dir() -> Path:
    """The folder of the models that Pathline installed. It may not exist yet."""
    return cache_dir() / "models"


def neutral_dir() -> Path:
    """An existing folder outside every workspace, for use as a working folder.

    Python puts the working folder on `sys.path` of some children, and Windows looks up executables in it: standing in an opened
    repository would let its `json.py` or `git.exe` run as us.
    """
    folder = cache_dir() / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(Path.home().anchor)
    return folder
