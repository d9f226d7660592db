"""Sources of packages as they were uploaded, taken from the package index without building anything."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin, urlsplit

_PUBLIC = "https://pypi.org/simple"
_SECONDS = 120


def fetch_source(folder: Path, name: str, version: str, sha256: str) -> Path:
    """The unpacked source distribution `folder/name-version`. Raises `OSError` where the index cannot be read, `ValueError` where it has
    no such file, or another one. (`pip download` would ask the build backend of each package for its metadata, and so build it.)"""
    target = folder / f"{name}-{version}"
    if (target / "PKG-INFO").exists():
        return target
    page = f"{_index().rstrip('/')}/{name}/"
    links = re.findall(r'href="([^"]+)"', _read(page).decode("utf-8", "replace"))
    wanted = f"{name}-{version}.tar.gz"
    link = next((one for one in links if urlsplit(one).path.rpartition("/")[2].lower() == wanted), None)
    if link is None:
        raise ValueError(f"{page} has no {wanted}")
    data = _read(urljoin(page, link).partition("#")[0])
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{wanted} has the SHA-256 {found}, not {sha256}")
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return target


def _index() -> str:
    """The index that pip is configured with."""
    if "PIP_INDEX_URL" in os.environ:
        return os.environ["PIP_INDEX_URL"]
    command = [sys.executable, "-I", "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or _PUBLIC


def _read(address: str) -> bytes:
    with urllib.request.urlopen(
        urllib.request.Request(address, headers={"Accept": "text/html"}), timeout=_SECONDS
    ) as answer:
        data: bytes = answer.read()
    return data
