"""Sentences that tell relations between names in all the forms that grammar has: passive, cleft, relative, participle, noun, condition.

The forms, and verbs and nouns for each relation, stand in `_wordings_forms.txt`. They are for learning (`fit_roles.py`), not for
measuring: nobody talks like this all the time.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from _wordings import sections

from adapter_core.answers.checking.lexicon import forms_of

FORMS = Path(__file__).with_name("_wordings_forms.txt")
S, O, E = "`{s}`", "`{o}`", "`{e}`"  # noqa: E741
# Who does it and what it is done to, of each relation.
SIDES = {
    **dict.fromkeys(("calls", "returns", "raises", "takes", "inherits", "overrides", "catches"), (S, O)),
    **dict.fromkeys(("member", "defined"), (O, S)),
    "decorated": ("`@{o}`", S),
}
ASIDES = 0.15  # so many sentences get one, at either end


def verb_forms(verb: str) -> dict[str, str]:
    """The base, third person, gerund and participle of a verb such as "hand back"."""
    head, space, tail = verb.partition(" ")
    names = {"Vb": "base", "V3": "third", "Vg": "gerund", "Vp": "participle"}
    forms = forms_of(head)
    return {name: f"{forms[form]}{space}{tail}" for name, form in names.items()}


def generated(count: int, seed: int = 0) -> dict[str, list[str]]:
    """About so many wordings of each relation, the same ones for the same seed."""
    rng, forms = random.Random(seed), sections(FORMS)
    makers = dict.fromkeys(SIDES, _pair) | {"sets": _sets, "returns_if": _returns_if, "default": _default}
    return {
        relation: sorted(
            {_capitalised(with_aside(make(relation, forms, rng), forms, rng, ASIDES)) for _ in range(count)}
        )
        for relation, make in makers.items()
    }


def with_aside(text: str, forms: Mapping[str, Sequence[str]], rng: random.Random, share: float) -> str:
    """The sentence with a meaningless aside in front and at the end, each with probability `share`."""
    if rng.random() < share:
        text = f"{rng.choice(forms['before'])} {_inside(text)}"
    if rng.random() < share and text.endswith("."):
        text = f"{text[:-1]}{rng.choice(forms['behind'])}."
    return text


def _pair(relation: str, forms: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    who, what = SIDES[relation]
    sides = [side for side in ("doer", "done", "deed") if f"{relation} {side}" in forms]
    if rng.random() < 0.6 or not sides:
        return rng.choice(forms["verb"]).format(X=who, Y=what, **verb_forms(rng.choice(forms[f"{relation} verbs"])))
    side = rng.choice(sides)
    noun, bound = rng.choice(forms[f"{relation} {side}"]).rsplit(" ", 1)
    first, second = (what, who) if side == "done" else (who, what)
    return rng.choice(forms["deed" if side == "deed" else "doer"]).format(X=first, Y=second, N=noun, of=bound)


def _sets(_: str, forms: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    kind = rng.choice(("value first", "target first", "state"))
    verb, _, bound = rng.choice(forms[f"{kind} verbs"]).partition(" ") if kind != "state" else ("be", "", "")
    text = rng.choice(forms[kind]).format(s=S, o=O, e=E, P=bound, **verb_forms(verb))
    return " ".join(text.replace(" .", ".").split())


def _returns_if(_: str, forms: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    verb = verb_forms(rng.choice(forms["returns verbs"]))
    if rng.random() < 0.2:
        return rng.choice(forms["branch"]).format(X=S, Y=O, E=E, **verb)
    condition = rng.choice(forms["condition"]).format(e=E)
    main = rng.choice(forms["result"] if rng.random() < 0.25 else forms["verb"]).format(X=S, Y=O, **verb)
    if rng.random() < 0.5:
        return f"{main[:-1]} {condition}."
    return f"{condition}{rng.choice((', ', ', then '))}{_inside(main)}"


def _default(_: str, forms: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(forms["default"]).format(s=S, o=O, e=E)
    main, left_out = (rng.choice(forms[name]).format(s=S, o=O, e=E) for name in ("uses default", "left out"))
    return f"{main} {left_out}." if rng.random() < 0.5 else f"{left_out}, {main}."


def _inside(text: str) -> str:
    return text if text.startswith("`") else text[0].lower() + text[1:]


def _capitalised(text: str) -> str:
    return text if text.startswith("`") else text[0].upper() + text[1:]


def varied(wording: str, seed: int) -> str:
    """A wording with an aside or two, or as it is."""
    rng = random.Random(f"{seed} {wording}")
    if not wording.endswith(".") or "?" in wording:
        return wording
    return _capitalised(with_aside(wording, sections(FORMS), rng, 0.6))
