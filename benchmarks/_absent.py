"""Questions about what a repository does not have, made of real words: other repositories' questions, names put together anew, and what
a function did that has been taken out."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from _docstring_queries import first_sentence
from _retrieval_data import Row

from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.types import Symbol

_TEMPLATES = (
    "Where is `{n}` defined?",
    "How does `{n}` work?",
    "What does {n}() return, and when does it raise?",
    "Who calls {n}?",
    "Which tests cover `{n}`?",
    "Why does `{n}` check its arguments?",
)


def foreign_questions(rows: Sequence[Row], seed: int) -> list[str]:
    """For each row a question about another repository, each used about equally often, without the other project's name, which would
    reveal it."""
    rng = random.Random(seed)
    by_repo: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_repo[row.repo].append(row)
    found = []
    for row in rows:
        other = rng.choice([name for name in sorted(by_repo) if name != row.repo])
        found.append(without_name(rng.choice(by_repo[other]).question, other))
    return found


def without_name(question: str, repo: str) -> str:
    names = {repo.rpartition("/")[2], repo.partition("/")[0]}
    names |= (
        {n.replace("-", "_") for n in names}
        | {n.replace("-", " ") for n in names}
        | {n.removeprefix("python-") for n in names}
    )
    pattern = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True) if len(n) > 2)
    return re.sub(rf"\b(?:{pattern})(?:'s)?\b", "the project", question, flags=re.I)


def recombined(names: Sequence[str], known: set[str], count: int, rng: random.Random) -> list[str]:
    """Questions about names of which every word is a word of the repository's own names, and that it does not have."""
    words = sorted({w for n in names for w in re.findall(r"[a-z]{3,}", n) if len(n) > 6})
    found: list[str] = []
    while len(found) < count and len(words) > 10:
        name = "_".join(rng.sample(words, rng.choice((2, 3))))
        if name not in known:
            found.append(rng.choice(_TEMPLATES).format(n=name))
    return found


@dataclass(frozen=True, slots=True)
class Removed:
    """A question about a function by the first sentence of its docstring, and the text of its file without the function."""

    question: str
    path: str
    text: str


def removed(graph: CodeGraph, count: int, rng: random.Random) -> list[Removed]:
    """Functions that nothing else mentions, so that removing them removes the feature."""
    found: list[Removed] = []
    paths = [r.path for r in graph.store.files() if r.path.endswith(".py") and not is_test_path(r.path)]
    for path in rng.sample(sorted(paths), len(paths)):
        if len(found) == count:
            break
        document, facts = graph.document(path), graph.facts(path)
        alone = (
            [s for s in facts.symbols if _alone(graph, path, s)] if document is not None and facts is not None else []
        )
        if document is not None and alone:
            symbol = rng.choice(alone)
            lines = list(document.lines)
            indent = lines[symbol.name_line - 1][: -len(lines[symbol.name_line - 1].lstrip())]
            lines[symbol.start - 1 : symbol.end] = [f"{indent}pass", *[""] * (symbol.end - symbol.start)]
            question = f"Where is this done: {first_sentence(symbol.docstring or '')}"
            found.append(Removed(question, path, "\n".join(lines)))
    return found


def _alone(graph: CodeGraph, path: str, symbol: Symbol) -> bool:
    if not symbol.is_callable or symbol.name.startswith("_") or len(first_sentence(symbol.docstring or "").split()) < 5:
        return False
    return len(graph.find_symbol(symbol.name)) == 1 and set(graph.view.paths_using(symbol.name)) <= {path}
