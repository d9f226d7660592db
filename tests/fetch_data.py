"""Fetch the real packages that tests ask about: pinned versions, pinned hashes. Run by set-up, so that tests run offline.

python tests/fetch_data.py FOLDER

Nothing of a package is run. (`pip download` would ask the build backend of a source distribution for its metadata, and so run it.)
"""

from __future__ import annotations

import ast
import base64
import hashlib
import html
import io
import os
import re
import ssl
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

# name, version, SHA-256 of the sdist
PACKAGES = (("flask", "3.1.2", "bf656c15c80190ed628ad08cdfd3aaa35beb087855e2f494910aa3774cc4fd87"),)
BENCHMARK_PACKAGES = (("Django", "5.2", "1a47f7a7a3d43ce64570d350e008d2949abe8c7e21737b351b6a1611277c6d89"),)
_PUBLIC = "https://pypi.org/simple"
_SECONDS = 120


def fetch_source(folder: Path, name: str, version: str, sha256: str) -> Path:
    """The unpacked source distribution `folder/name-version`, as it was uploaded. Raises `OSError` where no index can be read, `ValueError`
    where none has such a file."""
    target = folder / f"{name}-{version}"
    if (target / "PKG-INFO").exists():
        return target
    data = _uploaded(name, f"{name}-{version}.tar.gz", sha256)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            tar.extractall(scratch, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        (unpacked,) = Path(scratch).iterdir()
        unpacked.rename(target)
    return target


def _uploaded(name: str, file: str, sha256: str) -> bytes:
    problems: list[Exception] = []
    for index in _indexes():
        try:
            page = f"{index.rstrip('/')}/{_canonical(name)}/"
            # In a folder on this machine, that is what stands for the page.
            content = _read(urljoin(page, "index.html") if page.startswith("file:") else page).decode(
                "utf-8", "replace"
            )
            links = [html.unescape(link) for link in re.findall(r"""href=["']([^"']+)["']""", content)]
            found = [one for one in links if _canonical(_file_of(one)) == _canonical(file)]
            if not found:
                raise ValueError(f"an index has no {file}")
            data = _read(urljoin(page, found[0]).partition("#")[0])
            if hashlib.sha256(data).hexdigest() != sha256:
                raise ValueError(f"{file} has the SHA-256 {hashlib.sha256(data).hexdigest()}, not {sha256}")
            return data
        except (OSError, ValueError) as error:
            problems.append(error)
    raise problems[0]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _file_of(link: str) -> str:
    return unquote(urlsplit(link).path.rpartition("/")[2])


def _indexes() -> list[str]:
    """The indexes that pip is configured with, the first one first."""
    return [_configured("index-url") or _PUBLIC, *_configured("extra-index-url").split()]


def _configured(option: str) -> str:
    """What pip is told by the environment or its files; "" for nothing."""
    variable = f"PIP_{option.upper().replace('-', '_')}"
    return os.environ.get(variable) or _files_of_pip().get(option, "")


@cache
def _files_of_pip() -> dict[str, str]:
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (line.partition("=") for line in done.stdout.split("\n"))
    return {
        name[len("global.") :]: str(ast.literal_eval(value)) for name, _, value in lines if name.startswith("global.")
    }


def _read(address: str) -> bytes:
    parts = urlsplit(address)
    request = urllib.request.Request(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
    request.add_header("Accept", "text/html, */*")
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(secret.encode()).decode()}")
    context = ssl.create_default_context(cafile=_configured("cert") or None)
    with urllib.request.urlopen(request, timeout=_SECONDS, context=context) as answer:
        data: bytes = answer.read()
    return data


if __name__ == "__main__":
    for package in PACKAGES + (BENCHMARK_PACKAGES if "--benchmarks" in sys.argv else ()):
        try:
            fetch_source(Path(sys.argv[1]), *package)
        except (OSError, ValueError) as error:
            raise SystemExit(f"{package[0]} {package[1]} could not be fetched ({error}); is there a network?") from None
