"""Does the verifier keep what is true and reject what is false? True claims about real repositories, and mutants of them.

    ./x bench verifier --rows FOLDER --repos FOLDER [--half development|report] [--packages NAME …] [--show N]
        [--wordings FILE]

Claims: sentences that Pathline composes for the questions of the rows, and facts that `ast` alone reads, told in plain words. One half
of the repositories is for making the verifier, the other for reporting; so are the wordings. A mutant that is true by chance, as a
table of facts says, is left out. With `--wordings` (JSON: relation to wordings with `{s}`, `{o}`, `{e}`) the plain facts are told in
these wordings alone, and the composed sentences are left out: only shares are printed, so that nobody learns the wordings.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from _claim_facts import Fact, Table, facts_of, usable
from _claim_mutants import (
    KINDS,
    Sentence,
    mutants_of_fact,
    mutants_of_sentence,
    reworded_as_other_relation,
    to_sentence,
)
from _common import ROOT, print_table, report, share
from _retrieval_data import QUESTION_SETS, Row, lines_of, load_rows
from _wordings import EIGHTH, FIRST, sections

from adapter_core.answers.citations import cite
from adapter_core.answers.compose import candidates
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.evidence.selection import search

SEED = 20
COMPOSED = 80  # claims of a repository
PLAIN = 80
QUESTIONS = 5
PACKAGES = ("jedi", "rich", "pygls", "hypothesis", "pathspec", "filelock")
# An error of the graph's is none of the verifier's judgements: counted apart.
GRAPH_FAILED = (RecursionError, ValueError, KeyError)
Judged = tuple[str, str, bool, str, str]  # family, kind ("true" or that of a mutant), kept, text, reason


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--half", choices=("development", "report"), default="report")
    parser.add_argument(
        "--packages", nargs="*", default=list(PACKAGES), help="installed packages to take as repositories, too"
    )
    parser.add_argument("--scratch", type=Path, default=ROOT / ".setup" / "answers")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N wrong judgements of each kind")
    parser.add_argument("--wordings", type=Path, help="a JSON file of wordings to measure instead of the known ones")
    args = parser.parse_args()
    os.environ["PATHLINE_CACHE_DIR"] = str(args.scratch / "cache")
    judged: list[Judged] = []
    repositories = [r for r in roots(args.rows, args.repos, args.packages) if half_of(r[0]) == args.half]
    wordings = [("plain words", sections(FIRST))]
    if args.half == "report":
        wordings.append(("plain words, held out", sections(EIGHTH)))
    if args.wordings is not None:
        wordings_by_relation = json.loads(args.wordings.read_text("utf-8"))
        wordings = [(f"plain words, {args.wordings.stem}", {r: list(some) for r, some in wordings_by_relation.items()})]
    for name, root, questions in repositories:
        questions = [] if args.wordings is not None else questions
        found = list(judge(name, root, questions, wordings))
        judged += found
        wrong = sum(kind == "crashed" or (kind == "true") != kept for _, kind, kept, _, _ in found)
        print(f"{name}: {len(found)} claims, {wrong} judged wrongly", file=sys.stderr)
    rows = table(judged)
    about = {"half": args.half, "repositories": len(repositories), "seed": SEED}
    if args.half == "report":
        report("verifier", rows, about)
    else:
        print_table(rows)
    show(judged, args.show)


def half_of(name: str) -> str:
    return "development" if hashlib.sha256(name.encode()).digest()[0] % 2 else "report"


def roots(rows_folder: Path, repos: Path, packages: list[str]) -> list[tuple[str, Path, list[str]]]:
    """(name, folder, questions) of each repository, one checkout of each, and of the packages."""
    by_repo: dict[str, list[Row]] = defaultdict(list)
    for row in load_rows(rows_folder, repos, QUESTION_SETS):
        by_repo[row.repo].append(row)
    found = []
    for repo, rows in sorted(by_repo.items()):
        checkout = sorted({r.checkout for r in rows})[0]
        found.append((repo, repos / checkout, [r.question for r in rows if r.checkout == checkout][:QUESTIONS]))
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            questions = [
                f"How does {name} work?",
                f"Where does {name} read its options?",
                f"What raises errors in {name}?",
            ]
            found.append((name, Path(spec.origin).parent, questions))
    return found


def judge(
    name: str, root: Path, questions: list[str], wordings: list[tuple[str, dict[str, tuple[str, ...]]]]
) -> Iterator[Judged]:
    rng, relation_rng = random.Random(f"{SEED} {name}"), random.Random(f"{SEED} {name} relation")
    with CodeGraph.load_or_build(root) as graph:
        paths = [row.path for row in graph.store.files() if row.path.endswith(".py")]
        facts = facts_of(root, paths)
        truths = Table(facts)
        names = sorted({s for f in facts for s in (f.subject, f.subject.rpartition(".")[2])})
        if len(names) < 20:
            return
        by_path: dict[str, list[str]] = defaultdict(list)
        for fact in facts:
            by_path[fact.path].append(fact.subject)

        def verdict(family: str, kind: str, sentence: Sentence) -> Judged:
            cited = tuple(c for p, a, b in sentence.spans if (c := cite(graph, p, a, b, 12)) is not None)
            try:
                support = supports(graph, sentence.text, cited)
            except GRAPH_FAILED as error:
                return family, "crashed", False, f"{name}: {sentence.text} ({sentence.spans})", repr(error)
            return family, kind, support.ok, f"{sentence.text} ({sentence.spans})", support.reason

        def near(path: str, first: int, last: int) -> list[str]:
            lines = "\n".join(lines_of(root / path)[first - 1 : last])
            inside = re.findall(r"[A-Za-z_]\w{2,}", lines)
            return sorted({*inside, *rng.sample(by_path[path], min(8, len(by_path[path])))} - KEYWORDS)

        known: dict[str, tuple[Sentence, str]] = {}
        for question in questions:
            try:
                composed = candidates(graph, search(graph, question), 200)
            except GRAPH_FAILED as error:
                yield "composed", "crashed", False, f"{name}: candidates", repr(error)
                continue
            known |= {item.text: (Sentence(item.text, item.spans), item.kind) for item in composed}
        for text in rng.sample(sorted(known), min(COMPOSED, len(known))):
            sentence, kind = known[text]
            path, first, last = sentence.spans[0]
            yield verdict("composed", "true", sentence)
            mutants = mutants_of_sentence(sentence, kind, set(known), truths, names, near(path, first, last), root, rng)
            for changed, mutant in mutants:
                yield verdict("composed", changed, mutant)
        for family, by_relation in wordings:
            for fact in chosen(facts, rng):
                wording = rng.choice(by_relation[fact.relation])
                length = len(lines_of(root / fact.path))
                yield verdict(family, "true", to_sentence(fact, wording))
                neighbours = near(fact.path, fact.first, fact.last)
                for changed, mutant in mutants_of_fact(fact, wording, truths, names, neighbours, length, rng):
                    yield verdict(family, changed, mutant)
                mislabelled = reworded_as_other_relation(fact, by_relation, truths, relation_rng)
                if mislabelled is not None:
                    yield verdict(family, "relation", mislabelled)


KEYWORDS = frozenset(
    "def class return self cls None True False import from async await lambda not and the for with pass raise".split()
)


def chosen(facts: list[Fact], rng: random.Random) -> list[Fact]:
    """About as many facts of each relation, of product code, that hold where their condition does."""
    by_relation: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if usable(fact) and fact.holds and not is_test_path(fact.path):
            by_relation[fact.relation].append(fact)
    each = -(-PLAIN // max(1, len(by_relation)))
    return [f for _, some in sorted(by_relation.items()) for f in rng.sample(some, min(each, len(some)))]


def table(judged: list[Judged]) -> list[dict[str, object]]:
    rows = []
    for family in dict.fromkeys(j[0] for j in judged):
        own = [j for j in judged if j[0] == family]
        for kind in ("true", *KINDS):
            some = [j for j in own if j[1] == kind]
            if not some:
                continue
            kept = sum(j[2] for j in some)
            right = kept if kind == "true" else len(some) - kept
            what = "true claims kept" if kind == "true" else f"mutants rejected: {kind}"
            rows.append({"claims": family, "what": what, "n": len(some), "share": share(right, len(some))})
        crashed = sum(j[1] == "crashed" for j in own)
        if crashed:
            rows.append({"claims": family, "what": "not judged: the graph failed", "n": crashed})
    return rows


def show(judged: list[Judged], count: int) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for family, kind, kept, text, reason in judged:
        if (kind == "crashed" or (kind == "true") != kept) and counts[(family, kind)] < count:
            counts[(family, kind)] += 1
            print(f"{family} | {kind} | {text} | {reason}")


if __name__ == "__main__":
    main()
