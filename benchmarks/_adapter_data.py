"""What adapters are built from and judged on: the listed packages, split by directory, and general text."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from _common import DATA, listed_packages

from adapter_core.adapters.fitting.split import BUILD, DEVELOPMENT, HELD_OUT, SplitOptions, split_by_directory
from adapter_core.adapters.fitting.windows import Window, encode, function_windows, windows
from adapter_core.adapters.memory import tokenizer_digest
from adapter_core.graph.source import normalise_newlines

PACKAGES = Path(__file__).with_name("adapter_packages.txt")
HELD_OUT_SHARE = 0.15
DEVELOPMENT_WINDOWS, BODIES, GENERAL_WINDOWS = 16, 40, 8
CONTEXT_TOKENS, CHUNK = 1000, 250
# Prose about a library that every model has read, pinned by tests/fetch_data.py.
GENERAL = DATA / "flask-3.1.2" / "docs"


@dataclass
class Repository:
    """`texts` and `tokens` by path; `parts` maps a path to its part: build, development or held out."""

    name: str
    root: Path
    texts: dict[str, str]
    tokens: dict[str, np.ndarray]
    parts: dict[str, str] = field(default_factory=dict)

    def of(self, part: str) -> dict[str, np.ndarray]:
        return {path: self.tokens[path] for path, own in self.parts.items() if own == part}

    def texts_of(self, part: str) -> dict[str, str]:
        return {path: self.texts[path] for path, own in self.parts.items() if own == part}

    @cached_property
    def build_lines(self) -> frozenset[str]:
        return frozenset(line.strip() for text in self.texts_of(BUILD).values() for line in text.split("\n"))

    @cached_property
    def chunks(self) -> list[np.ndarray]:
        """Pieces of the build files, for the control that puts more context before a window."""
        return [tokens[at : at + CHUNK] for tokens in self.of(BUILD).values() for at in range(0, len(tokens), CHUNK)]

    def sizes(self) -> dict[str, int]:
        return {part: sum(map(len, self.of(part).values())) for part in (BUILD, DEVELOPMENT, HELD_OUT)}


def names() -> list[str]:
    """The listed packages, in order."""
    return listed_packages(PACKAGES)


def fetch(scratch: Path) -> dict[str, Path]:
    """The unpacked wheel of each listed package, by its hash as listed. Raises `CalledProcessError`."""
    wheels = scratch / "wheels"
    if len(list(wheels.glob("*.whl"))) < len(names()):
        wheels.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-I", "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", "--require-hashes", "-r", str(PACKAGES), "-d", str(wheels)]
        subprocess.run(command, check=True)
    found = {w.name.split("-")[0].lower(): w for w in wheels.glob("*.whl")}
    folders = {}
    for name in names():
        folders[name] = scratch / "packages" / name
        if not folders[name].exists():
            with zipfile.ZipFile(found[name.replace("-", "_").lower()]) as archive:
                archive.extractall(folders[name].with_suffix(".new"))
            folders[name].with_suffix(".new").rename(folders[name])
    return folders


def read_texts(root: Path) -> dict[str, str]:
    """The Python files below a folder that are UTF-8, path to text."""
    found = {}
    for file in sorted(root.rglob("*.py")):
        try:
            text = normalise_newlines(file.read_bytes().decode("utf-8"))
        except UnicodeDecodeError:
            continue
        if text.strip():
            found[file.relative_to(root).as_posix()] = text
    return found


def load(name: str, root: Path, tokenizer: Any, scratch: Path) -> Repository:
    """A repository, split. Its tokens are kept below `scratch`: of the largest, they take half a minute."""
    texts = read_texts(root)
    key = hashlib.sha256("".join([tokenizer_digest(tokenizer), *sorted(texts)]).encode()).hexdigest()[:12]
    file = scratch / "tokens" / f"{name}-{key}.npz"
    if not file.exists():
        found = encode(tokenizer, list(texts.values()))
        save_arrays(file, tokens=np.concatenate(found), ends=np.cumsum([len(t) for t in found]))
    with np.load(file, allow_pickle=False) as data:
        tokens = dict(zip(texts, np.split(data["tokens"], data["ends"][:-1]), strict=True))
    sizes = {path: len(text.encode()) for path, text in texts.items()}
    parts = split_by_directory(sizes, SplitOptions(held_out=HELD_OUT_SHARE))
    return Repository(name, root, texts, tokens, parts)


def save_arrays(file: Path, **arrays: np.ndarray) -> None:
    """Write an NPZ file as a whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    part.replace(file)


def pieces(repository: Repository, tokenizer: Any, count: int) -> dict[str, list[Window]]:
    """The windows to score: windows and function bodies of development and held-out files."""
    found = {}
    for part, size in ((DEVELOPMENT, DEVELOPMENT_WINDOWS), (HELD_OUT, count)):
        found[f"{part} text"] = windows(tokenizer, repository.of(part), size)
        found[f"{part} bodies"] = function_windows(tokenizer, repository.texts_of(part), BODIES)
    return found


def general_windows(tokenizer: Any) -> dict[str, list[Window]]:
    """Windows of prose by what they are for. Raises `SystemExit` where the data is missing."""
    texts = {p.name: normalise_newlines(p.read_text("utf-8")) for p in sorted(GENERAL.rglob("*.rst"))}
    if not texts:
        raise SystemExit(f"{GENERAL} is not there; run: ./x setup --dev")
    tokens = dict(zip(texts, encode(tokenizer, list(texts.values())), strict=True))
    found = windows(tokenizer, tokens, 2 * GENERAL_WINDOWS, per_file=1)
    measured = len(windows(tokenizer, tokens, GENERAL_WINDOWS, per_file=1))
    return {"general": found[:measured], f"{DEVELOPMENT} general": found[measured:]}


def with_context(repository: Repository, tokenizer: Any, window: Window) -> Window:
    """The window after 1,000 tokens of the build files that look most like what stands before it in its file, and like its path: what
    a retrieval could know when that window was written."""
    before = repository.tokens[window.path][max(window.start - CONTEXT_TOKENS, 0) : window.start]
    (path,) = encode(tokenizer, [" ".join(re.findall(r"[A-Za-z]+", window.path))])
    query_tokens = np.unique(np.concatenate([before, path]))
    kinds = [np.unique(chunk) for chunk in repository.chunks]
    owner = np.repeat(np.arange(len(kinds)), [len(k) for k in kinds])
    flat = np.concatenate(kinds)
    often = np.bincount(flat, minlength=int(flat.max()) + 1)
    score = np.bincount(owner, np.isin(flat, query_tokens) * np.log(len(kinds) / often[flat]), len(kinds))
    best = np.argsort(-score, kind="stable")[: CONTEXT_TOKENS // CHUNK][::-1]
    tokens = np.concatenate([*(repository.chunks[i] for i in best), window.tokens])
    return Window(window.path, tokens, len(tokens) - len(window.tokens) + window.first, window.size, window.start)


def new_lines(repository: Repository, tokenizer: Any, found: Iterable[Window]) -> list[tuple[np.ndarray, int]]:
    """Of each window, which predicted tokens stand on lines that occur nowhere in the build files, (n,) bool, and their bytes. A token
    belongs to the line on which it ends."""
    result = []
    for window in found:
        text = repository.texts[window.path]
        offsets = np.array(
            tokenizer(text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True)[
                "offset_mapping"
            ]
        )[window.start : window.start + len(window.tokens)][window.first :]
        lines = text.split("\n")
        ends = np.cumsum([len(line) + 1 for line in lines])
        new = np.array([bool(line.strip()) and line.strip() not in repository.build_lines for line in lines])
        mask = new[np.searchsorted(ends, offsets[:, 1] - 1, side="right")]
        size = sum(len(text[a:b].encode()) for a, b in offsets[mask].tolist())
        result.append((mask, size))
    return result


def digest(found: Iterable[Window]) -> str:
    """The digest of the windows to score, which is part of the names of their results."""
    whole = hashlib.sha256()
    for window in found:
        whole.update(f"{window.path} {window.first} {window.size} ".encode() + window.tokens.tobytes())
    return whole.hexdigest()[:16]
