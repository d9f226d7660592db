"""Fits the verifier's model of how English tells relations (`adapter_core/answers/checking/roles.txt`) to wordings of known relations.

    ./x bench fit_roles [--check [SET …]] [--leave-out SET …] [--write FILE]

Data: the sets of wordings in `wordings/`, and sentences that `_wordings_by_grammar.py` makes.
`--check` leaves out one set after the other, and says how many of it the model alone reads right; `--write` fits to all of them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _common import print_table, share
from _wordings import FOLDER, sections
from _wordings_by_grammar import generated, varied

from adapter_core.answers.checking.likely_relations import (
    MIN_RELATION_PROBABILITY,
    MIN_ROLES_PROBABILITY,
    keywords_as_words,
)
from adapter_core.answers.checking.role_features import PAIRS, TRIPLES, relation_features, role_features
from adapter_core.answers.checking.role_model import RoleModel, orders, relations_of
from adapter_core.answers.checking.sentence import read_sentence
from adapter_core.answers.checking.word_forms import is_name, words_of

STEPS, RATE, PENALTY, LEAST = 250, 0.03, 0.2, 3
FITS = 4  # with other generated sentences each; the weights are their means
GENERATED = 150  # sentences of each relation
SMALLEST = 0.08  # weights nearer to 0 are left out
# Who does it of `{s}`, `{o}`, `{e}`, as `role_features.py` names the roles.
_TURNED = ("member", "defined", "decorated")
Sets = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Wording:
    """A wording: its words, the relation that it states, the roles of its names in the order of the text."""

    words: tuple[str, ...]
    relation: str
    roles: tuple[str, ...]
    text: str


def parse_wording(wording: str, relation: str) -> Wording | None:
    names = {"s": "first_one", "o": "second_one", "e": "third_one"}
    sentence = keywords_as_words(read_sentence(wording.format(**names)))
    words = words_of(sentence)
    texts = [sentence.mentions[int(w[1:-1])].text.lstrip("@") for w in words if is_name(w)]
    roles = "yx" if relation in _TURNED else "xtv" if relation in ("sets", "default") else "xye"
    by_name = dict(zip(names.values(), roles, strict=False))
    role_count = 3 if relation in TRIPLES else 2
    if sorted(texts) != sorted(list(names.values())[:role_count]):
        return None
    return Wording(words, relation, tuple(by_name[t] for t in texts), wording)


def known_sets() -> dict[str, Mapping[str, Sequence[str]]]:
    return {path.stem: sections(path) for path in sorted(FOLDER.glob("*.txt"))}


def examples(sets: Sets, names: Iterable[str]) -> list[Wording]:
    pairs = [(w, relation) for name in names for relation, some in sets[name].items() for w in some]
    return [one for wording, relation in pairs if (one := parse_wording(wording, relation)) is not None]


def weights_from(sets: Sets, names: Iterable[str]) -> dict[str, float]:
    """Means of the weights of several fits to the wordings, each once more with an aside, and to generated sentences."""
    own = examples(sets, names)
    total: Counter[str] = Counter()
    for seed in range(FITS):
        made = [(w, relation) for relation, some in generated(GENERATED, seed).items() for w in some]
        made += [(varied(e.text, seed), e.relation) for e in own]
        for feature, weight in fit([*own, *filter(None, (parse_wording(*one) for one in made))]).items():
            total[feature] += weight / FITS
    return {f: w for f, w in total.items() if abs(w) >= SMALLEST}


def fit(some: Sequence[Wording]) -> dict[str, float]:
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
    return {f: float(weight[i]) for f, i in place.items()}


def write(path: Path, weights: Mapping[str, float]) -> None:
    lines = [f"{round(w * 100)} {f}" for f, w in sorted(weights.items())]
    path.write_text("# Written by benchmarks/fit_roles.py\n" + "\n".join(lines) + "\n", "utf-8")


def read_right(model: RoleModel, some: Sequence[Wording]) -> dict[str, object]:
    """Shares that the model reads right, and that it would read with two roles exchanged."""
    right = turned = 0
    for e in some:
        shares = model.role_probabilities(e.words, e.relation)
        likely = model.relation_probabilities(e.words, len(e.roles))[e.relation] >= MIN_RELATION_PROBABILITY
        pair = "tv" if "t" in e.roles else "xy" if e.relation in PAIRS else "ye"
        exchanged = tuple(dict(zip(pair, reversed(pair), strict=True)).get(r, r) for r in e.roles)
        right += likely and shares[e.roles] >= MIN_ROLES_PROBABILITY
        turned += likely and shares[exchanged] >= MIN_ROLES_PROBABILITY
    return {"n": len(some), "read right": share(right, len(some)), "the wrong way round": share(turned, len(some))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", nargs="*", metavar="SET", help="leave out one after the other, and read it; all where none is named"
    )
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="SET")
    parser.add_argument("--write", type=Path, metavar="FILE")
    args = parser.parse_args()
    sets = known_sets()
    names = [name for name in sets if name not in args.leave_out]
    if args.check is not None:
        rows = []
        for name in args.check or names:
            model = RoleModel(weights_from(sets, [n for n in names if n != name]))
            rows.append({"set": name, **read_right(model, examples(sets, [name]))})
        print_table(rows)
    if args.write is not None:
        write(args.write, weights_from(sets, names))


if __name__ == "__main__":
    main()
