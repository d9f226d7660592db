"""Fits the verifier's model of how English tells relations (`adapter_core/answers/checking/roles.txt`) to wordings of known relations.

    python benchmarks/fit_roles.py [--leave-out SET …] [--sets FOLDER …] [--check] [--write FILE]

Data: the sets of wordings in `wordings/`, `_wordings.py` and `_wordings_held_out.py`, and sentences that `_wordings_by_grammar.py` makes.
`--check` leaves out one set after the other, and says how many of it are read right by the model alone; `--write` fits to all and writes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _wordings import WORDINGS
from _wordings_by_grammar import generated
from _wordings_held_out import HELD_OUT

from adapter_core.answers.checking.plain import keywords_as_words
from adapter_core.answers.checking.role_features import PAIRS, TRIPLES, relation_features, role_features
from adapter_core.answers.checking.role_model import RoleModel, orders, relations_of
from adapter_core.answers.checking.sentence import read_sentence
from adapter_core.answers.checking.word_forms import is_name, words_of

FOLDER = Path(__file__).with_name("wordings")
STEPS, RATE, PENALTY, LEAST = 250, 0.03, 0.2, 3
SMALLEST = 0.1  # weights nearer to 0 are left out
# Who does it of `{s}`, `{o}`, `{e}`, as `role_features.py` names the roles.
_TURNED = ("member", "defined", "decorated")
Sets = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Told:
    """A wording: its words, what it tells, the roles of its names in the order of the text."""

    words: tuple[str, ...]
    relation: str
    roles: tuple[str, ...]
    text: str


def told(wording: str, relation: str) -> Told | None:
    names = {"s": "first_one", "o": "second_one", "e": "third_one"}
    sentence = keywords_as_words(read_sentence(wording.format(**names)))
    words = words_of(sentence)
    texts = [sentence.mentions[int(w[1:-1])].text.lstrip("@") for w in words if is_name(w)]
    roles = "yx" if relation in _TURNED else "xtv" if relation in ("sets", "default") else "xye"
    by_name = dict(zip(names.values(), roles, strict=False))
    wanted = 3 if relation in TRIPLES else 2
    if sorted(texts) != sorted(list(names.values())[:wanted]):
        return None
    return Told(words, relation, tuple(by_name[t] for t in texts), wording)


def known_sets(folders: Iterable[Path] = (FOLDER,)) -> dict[str, Mapping[str, Sequence[str]]]:
    sets: dict[str, Mapping[str, Sequence[str]]] = {"known": WORDINGS, "8": HELD_OUT}
    for folder in folders:
        for path in sorted(folder.glob("*.txt")):
            sets[path.stem] = read_set(path)
    return sets


def read_set(path: Path) -> dict[str, list[str]]:
    """Wordings by relation: a heading `# relation`, then one a line."""
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").split("\n"):
        if line.startswith("# "):
            found[line[2:]] = own = []
        elif line:
            own.append(line)
    return found


def examples(sets: Sets, names: Iterable[str]) -> list[Told]:
    pairs = [(w, relation) for name in names for relation, some in sets[name].items() for w in some]
    return [one for wording, relation in pairs if (one := told(wording, relation)) is not None]


def fit(some: Sequence[Told]) -> dict[str, float]:
    roles = [
        ([list(role_features(e.words, e.relation, o)) for o in orders(e.relation)],
         orders(e.relation).index(e.roles))
        for e in some
    ]  # fmt: skip
    relations = []
    for e in some:
        kinds = relations_of(len(e.roles))
        relations.append(([list(relation_features(e.words, k)) for k in kinds], kinds.index(e.relation)))
    return _fitted(roles) | _fitted(relations)


def _fitted(choices: Sequence[tuple[list[list[str]], int]]) -> dict[str, float]:
    """Weights that make the right one of each choice likely, by gradient descent (Adam) with a penalty on their squares."""
    counts = Counter(f for options, right in choices for f in set(options[right]))
    place = {f: i for i, f in enumerate(sorted(f for f, c in counts.items() if c >= LEAST))}
    rows, columns, starts, golds, size = [], [], [], [], 0
    for options, right in choices:
        starts.append(size)
        golds.append(size + right)
        for features in options:
            own = [place[f] for f in features if f in place]
            rows += [size] * len(own)
            columns += own
            size += 1
    row, column, start = np.array(rows), np.array(columns), np.array(starts)
    group = np.zeros(size, int)
    group[start[1:]] = 1
    group = np.cumsum(group)
    target = np.zeros(size)
    target[golds] = 1
    weight, mean, square = (np.zeros(len(place)) for _ in range(3))
    for step in range(1, STEPS + 1):
        score = np.bincount(row, weight[column], minlength=size)
        likely = np.exp(score - np.maximum.reduceat(score, start)[group])
        likely /= np.add.reduceat(likely, start)[group]
        slope = (np.bincount(column, (likely - target)[row], minlength=len(place)) + PENALTY * weight) / len(choices)
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        weight -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return {f: float(weight[i]) for f, i in place.items() if abs(weight[i]) >= SMALLEST}


def write(path: Path, weights: Mapping[str, float]) -> None:
    lines = [f"{round(w * 100)} {f}" for f, w in sorted(weights.items())]
    path.write_text("# Written by benchmarks/fit_roles.py\n" + "\n".join(lines) + "\n", "utf-8")


def read_right(model: RoleModel, some: Sequence[Told], least_roles: float, least_relation: float) -> str:
    right = turned = 0
    for e in some:
        shares = model.roles(e.words, e.relation)
        kind = model.relations(e.words, len(e.roles))[e.relation] >= least_relation
        last = (
            {"x": "y", "y": "x"}
            if e.relation in PAIRS
            else {"t": "v", "v": "t"}
            if "t" in e.roles
            else {"y": "e", "e": "y"}
        )
        other = tuple(last.get(r, r) for r in e.roles)
        right += kind and shares[e.roles] >= least_roles
        turned += kind and shares[other] >= least_roles
        if "--show" in sys.argv and not (kind and shares[e.roles] >= least_roles):
            print("  ", e.relation, e.text, f"{shares[e.roles]:.2f}", kind)
    return f"{len(some)} wordings, {right / len(some):.1%} read right, {turned / len(some):.1%} the wrong way round"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leave-out", nargs="*", default=[])
    parser.add_argument("--sets", nargs="*", type=Path, default=[FOLDER])
    parser.add_argument("--generated", type=int, default=150)
    parser.add_argument("--check", nargs="*", metavar="SET")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    sets = known_sets(args.sets)
    made = [e for r, some in generated(args.generated).items() for w in some if (e := told(w, r)) is not None]
    for name in args.check if args.check is not None else ():
        weights = fit([*examples(sets, [n for n in sets if n != name and n not in args.leave_out]), *made])
        model = RoleModel(weights)
        for roles, relation in ((0.6, 0.03), (0.7, 0.03), (0.8, 0.05)):
            print(name, len(weights), roles, relation, read_right(model, examples(sets, [name]), roles, relation))
    if args.write is not None:
        weights = fit([*examples(sets, [n for n in sets if n not in args.leave_out]), *made])
        write(args.write, weights)
        print(len(weights), "weights")


if __name__ == "__main__":
    main()
