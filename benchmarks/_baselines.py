"""Other retrievers beside Pathline: their environment, their runs in processes of their own, and a cache of what they returned.

The cache holds places by digests of questions, one file for each system, checkout and version of `_baseline_worker.py`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _definition_readers import environment
from _retrieval_data import Place
from _retrieval_packing import BUDGETS, Tokens, lines_within, pack_places
from _retrieval_scores import Found

from adapter_core.graph.discovery.discover import discover

REQUIREMENTS = ("bm25s==0.3.16", "semble==0.7.0")
TOP = 30
# System to the name that tables show.
BASELINES = {
    "bm25": "BM25, 60-line chunks (bm25s 0.3.16)",
    "semble": "semble 0.7.0, lexical",
    "ripgrep": "ripgrep, words" if shutil.which("rg") else "words, as ripgrep would find them",
}
_WORKER = Path(__file__).with_name("_baseline_worker.py")


def run_baselines(
    systems: Sequence[str], questions: Iterable[tuple[Path, Sequence[str]]], scratch: Path, processes: int
) -> dict[str, list[list[list[Place]]]]:
    """For each system and each (checkout, questions) the ranked places of each question. Raises `CalledProcessError`."""
    python = environment("retrieval", *REQUIREMENTS, below=scratch)
    jobs = list(questions)
    with ThreadPoolExecutor(processes) as pool:
        running = {
            s: [pool.submit(_run, python, s, root, questions_of_root, scratch) for root, questions_of_root in jobs]
            for s in systems
        }
        return {system: [job.result() for job in own] for system, own in running.items()}


def _run(python: Path, system: str, root: Path, questions: Sequence[str], scratch: Path) -> list[list[Place]]:
    key = hashlib.sha256(_WORKER.read_bytes() + " ".join((*REQUIREMENTS, BASELINES[system], str(TOP))).encode())
    target = scratch / "baselines" / key.hexdigest()[:12] / f"{system}-{root.name}.json"
    known = json.loads(target.read_text("utf-8")) if target.exists() else {}
    digests = [hashlib.sha256(q.encode()).hexdigest() for q in questions]
    if missing := [q for q, d in zip(questions, digests, strict=True) if d not in known]:
        files = [] if system == "semble" else [f.path for f in discover(root).files]
        task = {"system": system, "root": str(root), "files": files, "questions": missing, "top": TOP}
        command = [str(python), "-I", "-W", "ignore", str(_WORKER)]
        done = subprocess.run(command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True)
        new = (hashlib.sha256(q.encode()).hexdigest() for q in missing)
        known.update(zip(new, json.loads(done.stdout), strict=True))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(known), "utf-8")
    return [[Place(*span) for span in known[d]] for d in digests]


def packed(places: Sequence[Place], root: Path, tokens: Tokens) -> Found:
    """Ranked places, and the lines of them that fit each budget."""
    text, parts = pack_places(places, root)
    return Found(tuple(places), {budget: lines_within(text, parts, budget, tokens) for budget in BUDGETS})
