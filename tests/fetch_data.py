"""Fetch the real packages that tests ask about: pinned versions, pinned hashes. Run by set-up, so that tests run offline.

python tests/fetch_data.py FOLDER
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# name, version, SHA-256 of the sdist
PACKAGES = (("flask", "3.1.2", "bf656c15c80190ed628ad08cdfd3aaa35beb087855e2f494910aa3774cc4fd87"),)
BENCHMARK_PACKAGES = (("Django", "5.2", "1a47f7a7a3d43ce64570d350e008d2949abe8c7e21737b351b6a1611277c6d89"),)


def fetch(folder: Path, name: str, version: str, sha256: str) -> None:
    """Leave the unpacked sdist in `folder/name-version`."""
    target = folder / f"{name}-{version}"
    if (target / "PKG-INFO").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        requirement = Path(scratch, "requirement.txt")
        requirement.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
        command = [sys.executable, "-I", "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-binary", name, "--require-hashes", "-r", str(requirement), "-d", scratch]
        if subprocess.run(command, cwd=scratch, check=False).returncode:
            raise SystemExit(f"{name} {version} could not be fetched; is there a network?")
        (archive,) = Path(scratch).glob("*.tar.gz")
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != sha256:
            raise SystemExit(f"{archive.name} has the SHA-256 {found}, not {sha256}")
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        Path(scratch, f"{name}-{version}").rename(target)


if __name__ == "__main__":
    for package in PACKAGES + (BENCHMARK_PACKAGES if "--benchmarks" in sys.argv else ()):
        fetch(Path(sys.argv[1]), *package)
