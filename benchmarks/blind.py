"""Blind readings: do the cited lines entail the sentence, and which of two answers would an engineer rather have?

    ./x bench blind draw claims --rows FOLDER --repos FOLDER --out FOLDER      sheet.jsonl to read, key.jsonl to keep away
    ./x bench blind draw pairs  --rows FOLDER --repos FOLDER --out FOLDER
    ./x bench blind score claims|pairs --out FOLDER                            with the reader's marks.jsonl in it

    --phrased [--questions 2]    what the default model writes: sentences of it, or whole answers of it beside composed ones

Claims: 300 sentences of answers, one repository after the other in turn, and among them 60 false ones (`_claim_mutants.py`),
so that it shows how well the reader reads. A mark is {"id": …, "entailed": true|false, "alone": true|false, "why": …}: from the cited
lines below the headers of the classes and functions that they stand in (as an editor's breadcrumbs show them), and from the lines alone.

Pairs: composed answers beside the plain text of the top evidence, as many characters, in random order. A mark is
{"id": …, "better": "A"|"B"|"tie"}.

The sheets hold other people's code: they stay outside this repository. Without `--phrased` no model is used.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from _claim_facts import Table, facts_of
from _claim_mutants import Sentence, mutants_of_sentence
from _common import ROOT, report, share
from _retrieval_data import QUESTION_SETS, Row, lines_of, load_rows

from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.models.open import open_backend
from adapter_core.models.sources import resolve
from adapter_core.types import Answer

SEED = 2611  # of the first reading; the second has the next number
CLAIMS, FALSE_ONES, PAIRS = 300, 60, 150
QUESTIONS_PER_REPOSITORY = {"claims": 12, "pairs": 24}
COMPOSED, PHRASED, EVIDENCE = "composed", "phrased", "evidence"
_Z = 1.959964

Ask = Callable[[CodeGraph, str], Answer]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=("draw", "score"))
    parser.add_argument("what", choices=("claims", "pairs"))
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--repos", type=Path)
    parser.add_argument(
        "--reading",
        type=int,
        default=1,
        help="each reading draws anew; what one has shown is improved on before the next",
    )
    parser.add_argument("--out", type=Path, required=True, help="a folder outside this repository")
    parser.add_argument(
        "--phrased", action="store_true", help="what the default model writes, without adapter and memory"
    )
    parser.add_argument("--questions", type=int, help="of each repository, at most; a model takes seconds for each")
    parser.add_argument("--scratch", type=Path, default=ROOT / ".setup" / "answers", help="indexes")
    args = parser.parse_args()
    seed = SEED + args.reading - 1
    if args.do == "score":
        of = "-phrased" if args.phrased else ""
        (score_claims if args.what == "claims" else score_pairs)(args.out, {"seed": seed}, of)
        return
    if args.rows is None or args.repos is None:
        parser.error("draw needs --rows and --repos")
    model = (
        str(resolve(None).folder) if args.phrased else None
    )  # found where it is installed, before indexes go elsewhere
    os.environ["PATHLINE_CACHE_DIR"] = str(args.scratch / "cache")
    questions = drawn_questions(args.rows, args.repos, args.what, seed, args.questions)
    if model is None:
        (draw_claims if args.what == "claims" else draw_pairs)(questions, args.repos, args.out, seed, answer_question)
        return
    backend = open_backend(model)
    try:
        options = with_values(AskOptions(), {"phrase": True, "adapter": "none", "memory": False})
        phrase = partial(answer_question, options=options, backend=backend)
        (draw_claims if args.what == "claims" else draw_pairs)(questions, args.repos, args.out, seed, phrase)
    finally:
        backend.close()


# -- drawing -----------------------------------------------------------------------------------------------------------


def drawn_questions(rows: Path, repos: Path, what: str, seed: int, limit: int | None = None) -> dict[str, list[Row]]:
    """For each repository, some questions about one checkout, drawn by the seed."""
    by_repo: dict[str, list[Row]] = defaultdict(list)
    for row in load_rows(rows, repos, QUESTION_SETS):
        by_repo[row.repo].append(row)
    found = {}
    for repo, own in sorted(by_repo.items()):
        rng = random.Random(f"{seed} {repo}")
        checkout = rng.choice(sorted({r.checkout for r in own}))
        here = sorted((r for r in own if r.checkout == checkout), key=lambda r: r.id)
        found[repo] = rng.sample(here, min(limit or QUESTIONS_PER_REPOSITORY[what], len(here)))
    return found


def answers_of(repos: Path, rows: list[Row], ask: Ask) -> Iterator[tuple[CodeGraph, Row, Answer]]:
    with CodeGraph.load_or_build(repos / rows[0].checkout) as graph:
        for row in rows:
            yield graph, row, ask(graph, row.question)


def draw_claims(questions_by_repo: dict[str, list[Row]], repos: Path, out: Path, seed: int, ask: Ask) -> None:
    wanted_kind = COMPOSED if ask is answer_question else PHRASED
    true: dict[str, list[Sentence]] = {}
    false: dict[str, list[tuple[str, Sentence]]] = {}
    roots: dict[str, Path] = {}
    for repo, questions in questions_by_repo.items():
        root = roots[repo] = repos / questions[0].checkout
        rng = random.Random(f"{seed} {repo} claims")
        own = {
            claim.text: Sentence(claim.text, tuple((c.span.path, c.span.start, c.span.end) for c in claim.citations))
            for _, _, answer in answers_of(repos, questions, ask)
            for claim in answer.claims
            if claim.kind == wanted_kind
        }
        true[repo] = rng.sample([own[text] for text in sorted(own)], len(own))
        facts = facts_of(root, sorted({path for s in own.values() for path, _, _ in s.spans if path.endswith(".py")}))
        names = sorted({f.subject for f in facts})
        if len(names) < 20:
            continue
        table = Table(facts)
        found = [m for s in true[repo] for m in mutants_of_sentence(s, "", set(own), table, names, names, root, rng)]
        false[repo] = rng.sample(found, len(found))
        print(f"{repo}: {len(own)} sentences, {len(found)} false ones", file=sys.stderr)
    chosen = [("true", s) for s in in_turn(true, CLAIMS)] + list(in_turn(false, FALSE_ONES))
    random.Random(seed).shuffle(chosen)
    where = {id(s): repo for repo in true for s in true[repo]} | {id(m[1]): repo for repo in false for m in false[repo]}
    sheet = [
        {"id": n, "sentence": s.text, "cited": [excerpt(roots[where[id(s)]], *span) for span in s.spans]}
        for n, (_, s) in enumerate(chosen)
    ]
    key = [{"id": n, "kind": kind, "repo": where[id(s)]} for n, (kind, s) in enumerate(chosen)]
    write(out, sheet, key)


def in_turn(by_repo: dict[str, list[Any]], count: int) -> list[Any]:
    """The first item of each repository, then the second of each, until there are `count`."""
    rounds = [list(items) for _, items in sorted(by_repo.items()) if items]
    found = [items[i] for i in range(max(map(len, rounds), default=0)) for items in rounds if i < len(items)]
    return found[:count]


def excerpt(root: Path, path: str, first: int, last: int) -> dict[str, str]:
    lines = lines_of(root / path)
    cited = "\n".join(f"{first + i}: {text}" for i, text in enumerate(lines[first - 1 : last]))
    header_text = "\n".join(f"{n}: {lines[n - 1]}" for n in headers(path, "\n".join(lines), first))
    return {"where": f"{path}:{first}-{last}", "inside": header_text, "lines": cited}


def headers(path: str, source: str, line: int) -> list[int]:
    """The first lines of the classes and functions around a line, outermost first."""
    if not path.endswith((".py", ".pyi")):
        return []
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno < line <= (node.end_lineno or node.lineno)
    )


def draw_pairs(questions_by_repo: dict[str, list[Row]], repos: Path, out: Path, seed: int, ask: Ask) -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    for repo, questions in questions_by_repo.items():
        found[repo] = []
        for graph, row, answer in answers_of(repos, questions, ask):
            if not answer.claims:
                continue
            if ask is answer_question:
                plain = "\n\n".join(f"{e.span.path}:{e.span.start}-{e.span.end}\n{e.text}" for e in answer.evidence)
                texts = {COMPOSED: answer.text, EVIDENCE: plain[: len(answer.text)]}
            elif any(claim.kind == PHRASED for claim in answer.claims):
                texts = {PHRASED: answer.text, COMPOSED: answer_question(graph, row.question).text}
            else:
                continue
            found[repo].append({"id": row.id, "question": row.question, "texts": texts})
    sheet, key = [], []
    rng = random.Random(seed)
    for n, pair in enumerate(in_turn(found, PAIRS)):
        order = rng.sample(sorted(pair["texts"]), 2)
        sheet.append(
            {"id": n, "question": pair["question"], "A": pair["texts"][order[0]], "B": pair["texts"][order[1]]}
        )
        key.append({"id": n, "A": order[0], "B": order[1]})
    write(out, sheet, key)


def write(out: Path, sheet: list[dict[str, Any]], key: list[dict[str, Any]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, items in (("sheet", sheet), ("key", key)):
        (out / f"{name}.jsonl").write_text("".join(json.dumps(i) + "\n" for i in items), "utf-8")
    print(f"{out}: {len(sheet)} to read")


# -- scoring -----------------------------------------------------------------------------------------------------------


def read(file: Path) -> dict[int, dict[str, Any]]:
    return {item["id"]: item for item in map(json.loads, filter(None, file.read_text("utf-8").split("\n")))}


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    p, z2 = right / total, _Z * _Z
    middle, spread = p + z2 / (2 * total), _Z * ((p * (1 - p) + z2 / (4 * total)) / total) ** 0.5
    return (middle - spread) / (1 + z2 / total), (middle + spread) / (1 + z2 / total)


def score_claims(out: Path, about: dict[str, Any], of: str) -> None:
    key, marks = read(out / "key.jsonl"), read(out / "marks.jsonl")
    table = []
    true = [n for n in key if key[n]["kind"] == "true"]
    for what, mark, expected, ids in (
        ("sentences entailed", "entailed", True, true),
        ("the same, by the lines alone", "alone", True, true),
        ("false ones seen to be false", "entailed", False, [n for n in key if key[n]["kind"] != "true"]),
    ):
        marked = [n for n in ids if n in marks]
        right = sum(marks[n][mark] is expected for n in marked)
        low, high = wilson(right, len(marked))
        table.append({"what": what, "n": len(marked), "share": share(right, len(marked)), "low": low, "high": high})
    report(f"blind-claims{of}", table, {**about, "unmarked": len(key.keys() - marks.keys())})


def score_pairs(out: Path, about: dict[str, Any], of: str) -> None:
    key, marks = read(out / "key.jsonl"), read(out / "marks.jsonl")
    votes = Counter(key[n].get(marks[n]["better"], "tie") for n in key if n in marks)
    total = sum(votes.values())
    table = []
    for name in (*sorted({n for k in key.values() for n in (k["A"], k["B"])}), "tie"):
        low, high = wilson(votes[name], total)
        table.append(
            {"preferred": name, "n": votes[name], "share": share(votes[name], total), "low": low, "high": high}
        )
    report(f"blind-pairs{of}", table, {**about, "unmarked": len(key.keys() - marks.keys())})


if __name__ == "__main__":
    main()
