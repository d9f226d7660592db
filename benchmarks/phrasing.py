"""Which sentences of a writer pass the checks of free phrasing: those of reference answers, and ones that are made up.

    ./x bench phrasing --rows FILE.jsonl --repo owner/name --root FOLDER

A row has `repo`, `question` and `reference_answer`. Each sentence of a reference is held against what is found for its question, as if
the model had written it. Made up: a sentence of another row's reference whose names are all replaced by one that is found. `words`: the
share of a sentence's words that must stand around its lines, together and in order (`CitationOptions.word_share`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from _common import ROOT, report, share

from adapter_core.answers.checking.sentence import MARK, read_sentence
from adapter_core.answers.options import AskOptions, CitationOptions
from adapter_core.answers.state import Run
from adapter_core.answers.writing.alignment import SentenceSplitter
from adapter_core.answers.writing.passing import checked_sentence
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.selection import search
from adapter_core.types import Evidence

SHARES = (0.0, 0.5, 0.67, 0.75, 0.85, 1.0)
SEED, MADE_UP = 3, 12
_NAMES = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N made-up sentences that pass")
    args = parser.parse_args()
    os.environ["PATHLINE_CACHE_DIR"] = str(ROOT / ".setup" / "answers" / "cache")
    rows = [json.loads(line) for line in args.rows.read_text("utf-8").split("\n") if line]
    rows = [row for row in rows if row["repo"] == args.repo]
    with CodeGraph.load_or_build(args.root) as graph:
        written = [
            (search(graph, row["question"]).passages, sentences_of(row["reference_answer"]), row["question"])
            for row in rows
        ]
        true = [(evidence, s, q) for evidence, sentences, q in written for s in sentences]
        false = list(made_up(written))
        table = []
        for words in SHARES:
            passes_check = [passes(graph, *one, words) for one in true]
            wrong = [one[1] for one in false if passes(graph, *one, words)]
            table.append(
                {
                    "words": words,
                    "sentences": len(true),
                    "pass": sum(passes_check),
                    "share": share(sum(passes_check), len(true)),
                    "made up": len(false),
                    "pass of these": len(wrong),
                    "share of these": share(len(wrong), len(false)),
                }
            )
            for sentence in wrong[: args.show]:
                print(f"{words}: {sentence}")
    report("phrasing", table, {"repo": args.repo, "rows": len(rows), "seed": SEED})


def sentences_of(text: str) -> list[str]:
    splitter = SentenceSplitter()
    return [*splitter.feed(text), *splitter.finish()]


def made_up(
    written: list[tuple[tuple[Evidence, ...], list[str], str]],
) -> Iterator[tuple[tuple[Evidence, ...], str, str]]:
    rng = random.Random(SEED)
    for number, (evidence, _, question) in enumerate(written):
        names = [item.symbol for item in evidence[:_NAMES] if item.symbol]
        for _ in range(MADE_UP):
            foreign = rng.randrange(len(written))
            if foreign == number or not written[foreign][1] or not names:
                continue
            plain, name = read_sentence(rng.choice(written[foreign][1])).plain, rng.choice(names)
            yield evidence, MARK.sub(lambda m, name=name: f"`{name}`", plain), question  # type: ignore[misc]


def passes(graph: CodeGraph, evidence: tuple[Evidence, ...], sentence: str, question: str, words: float) -> bool:
    options = AskOptions(citations=CitationOptions(word_share=words))
    run = Run(graph, question, options, None, None, lambda name, value: None)
    return checked_sentence(run, sentence, evidence, words) is not None


if __name__ == "__main__":
    main()
