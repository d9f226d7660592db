"""The models that Pathline keeps: one folder each in the cache, with a manifest of its files' hashes.

    <cache>/models/<name>/config.json, model.safetensors, tokenizer.json, …, manifest.json
    <cache>/models/digests.json       hashes of weights that live elsewhere, by path, size and time
    <cache>/models/.<name>.lock       held while the model is installed or removed
    <cache>/models/.building-<name>-… an unfinished installation or removal; removed by the next one of that name

A folder appears under its name only when it is complete, so whatever is found there with a manifest was whole once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import ModelFileError, ModelMissingError
from ..paths import models_dir
from ..whole_files import whole_file

DEFAULT_NAME = "SmolLM2-135M-Instruct"
MANIFEST = "manifest.json"
_SCHEMA = 1
_CHUNK = 1 << 20

# Called with the stage's name, what is done of it and the total; a total of 0 says that it is unknown.
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """A progress callback that does nothing."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was installed. Equal size and time are taken to mean an equal hash, except by a full `verify`."""

    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`digest` is the SHA-256 of the weights; `source` is their origin, `source_sha256` its hash."""

    name: str
    source: str
    source_sha256: str
    digest: str
    files: dict[str, FileRecord] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(record.size for record in self.files.values())


def model_folder(name: str) -> Path:
    return models_dir() / name


def how_to_repair(name: str) -> str:
    """A sentence with the command that repairs a damaged model."""
    if name == DEFAULT_NAME:
        return "Run `pathline model pull --force` to install it again."
    return f"Run `pathline model remove {name}` and install it again."


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """The file's SHA-256 in hex. `progress` is called with the number of bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done)
    return digest.hexdigest()


def combined_digest(hashes: dict[str, str]) -> str:
    """One digest of all weights files: the file's own where there is one, else that of the sorted `hash name` lines."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def write_manifest(folder: Path, name: str, source: str, source_sha256: str) -> Manifest:
    """Hash every file in `folder` and write its manifest."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != MANIFEST:
            stat = path.stat()
            files[path.name] = FileRecord(sha256_of(path), stat.st_size, stat.st_mtime_ns)
    weights = {file: record.sha256 for file, record in files.items() if file.endswith(".safetensors")}
    manifest = Manifest(name, source, source_sha256, combined_digest(weights), files)
    _save_manifest(folder, manifest)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Raises `ModelMissingError` where there is none and `ModelFileError` where it cannot be read."""
    try:
        text = (folder / MANIFEST).read_text("utf-8")
    except FileNotFoundError as error:
        raise ModelMissingError(f"The model {folder.name} is not installed.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(
            f"The manifest of {folder.name} cannot be read ({error}). {how_to_repair(folder.name)}"
        ) from error
    try:
        data = json.loads(text)
        if data["schema"] != _SCHEMA:
            raise ValueError(f"schema {data['schema']}")
        files = {
            str(file): FileRecord(str(r["sha256"]), int(r["size"]), int(r["mtime_ns"]))
            for file, r in data["files"].items()
        }
        return Manifest(str(data["name"]), str(data["source"]), str(data["source_sha256"]), str(data["digest"]), files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"The manifest of {folder.name} is damaged. {how_to_repair(folder.name)}") from error


def verify(folder: Path, *, full: bool = False, progress: Progress = no_progress) -> Manifest:
    """Check an installed model against its manifest: by size and time, and by hash where those differ or `full` is set.

    Raises `ModelMissingError` or `ModelFileError`.
    """
    manifest = read_manifest(folder)
    total, done = manifest.size, 0
    touched: dict[str, FileRecord] = {}
    for file, record in manifest.files.items():
        path = folder / file
        try:
            stat = path.stat()
            whole = stat.st_size == record.size
            if whole and (full or stat.st_mtime_ns != record.mtime_ns):
                whole = sha256_of(path, partial(_report, progress, done, total)) == record.sha256
                touched[file] = FileRecord(record.sha256, stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError as error:
            raise ModelFileError(f"{file} of the model {folder.name} is gone. {how_to_repair(folder.name)}") from error
        except OSError as error:
            raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error
        if not whole:
            raise ModelFileError(f"{file} of the model {folder.name} is damaged. {how_to_repair(folder.name)}")
        done += record.size
    if any(manifest.files[file] != record for file, record in touched.items()):
        # The bytes are right and only the times differ (a copied cache): note them, or every load would hash again.
        manifest = Manifest(
            manifest.name, manifest.source, manifest.source_sha256, manifest.digest, {**manifest.files, **touched}
        )
        try:
            _save_manifest(folder, manifest)
        except OSError:
            pass  # a read-only cache works too, only slower
    return manifest


def _report(progress: Progress, before: int, total: int, read: int) -> None:
    progress("check", before + read, total)


def installed() -> list[Path]:
    """The folders of complete models, by name."""
    try:
        return sorted(
            path for path in models_dir().iterdir() if not path.name.startswith(".") and (path / MANIFEST).is_file()
        )
    except OSError:
        return []


def find_installed(name: str) -> Path:
    """The folder of a complete model, by name in any case. Raises `ModelMissingError`."""
    folder = next((path for path in installed() if path.name.lower() == name.lower()), None)
    if folder is not None:
        return folder
    hint = "run `pathline model pull`" if name == DEFAULT_NAME else "see `pathline model list`"
    raise ModelMissingError(f"There is no installed model named {name!r}: {hint}.")


def weights_digest(folder: Path) -> str:
    """The SHA-256 of the weights in a folder that Pathline did not install, remembered by path, size and time."""
    hashes = {}
    for path in sorted(folder.glob("*.safetensors")):
        # In the Hugging Face cache a weights file links to a blob that is named by its SHA-256.
        blob = path.resolve().name
        hashes[path.name] = blob if len(blob) == 64 and not set(blob) - set("0123456789abcdef") else cached_sha256(path)
    return combined_digest(hashes)


def cached_sha256(path: Path) -> str:
    """`sha256_of`, remembered in `digests.json`. Raises `ModelFileError` when the file cannot be read."""
    memory = models_dir() / "digests.json"
    try:
        path = path.resolve()
        stat = path.stat()
        known = _read_json(memory)
        entry = known.get(str(path))
        if isinstance(entry, list) and entry[:2] == [stat.st_size, stat.st_mtime_ns] and len(entry) == 3:
            return str(entry[2])
        digest = sha256_of(path)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error
    known[str(path)] = [stat.st_size, stat.st_mtime_ns, digest]
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        _replace_json(memory, known)
    except OSError:
        pass  # only a memory: without it the file is hashed again
    return digest


def _save_manifest(folder: Path, manifest: Manifest) -> None:
    files = {file: {"sha256": r.sha256, "size": r.size, "mtime_ns": r.mtime_ns} for file, r in manifest.files.items()}
    data = {
        "schema": _SCHEMA,
        "name": manifest.name,
        "source": manifest.source,
        "source_sha256": manifest.source_sha256,
    }
    _replace_json(folder / MANIFEST, {**data, "digest": manifest.digest, "files": files})


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _replace_json(path: Path, data: dict[str, Any]) -> None:
    with whole_file(path) as stream:
        stream.write(json.dumps(data, indent=1).encode())
