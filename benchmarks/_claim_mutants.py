"""False statements: a true one with an identifier swapped, its roles reversed, a negation, another number, its neighbour's lines, or
another relation.

Whether a mutant is true by chance is told by a table of facts (`_claim_facts.py`), and such mutants are left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from _claim_facts import Fact, Table, last
from _retrieval_data import lines_of

KINDS = ("identifier", "roles", "negation", "number", "neighbour", "relation")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_TWO_SIDED = ("calls", "returns", "raises", "takes", "inherits", "member", "overrides", "catches")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the lines it cites: (path, first, last)."""

    text: str
    spans: tuple[tuple[str, int, int], ...]


# -- of facts told in plain words ----------------------------------------------------------------------------------------


def to_sentence(fact: Fact, wording: str) -> Sentence:
    text = wording.format(s=fact.subject, o=fact.object, e=fact.extra)
    return Sentence(text, ((fact.path, fact.first, fact.last),))


def mutants_of_fact(
    fact: Fact, wording: str, table: Table, names: Sequence[str], near: Sequence[str], length: int, rng: random.Random
) -> Iterator[tuple[str, Sentence]]:
    """(kind, mutant) of each kind that the fact allows. `names`: identifiers of the repository, `near`: of the file and the lines."""
    for _ in range(4):
        swapped = _swapped(fact, names, near, rng)
        if swapped is not None and not _true(swapped, table):
            yield "identifier", to_sentence(swapped, wording)
            break
    if fact.relation in ("calls", "inherits", "member", "overrides", "raises", "takes", "catches", "defined"):
        turned = replace(fact, subject=fact.object, object=fact.subject)
        if not _true(turned, table):
            yield "roles", to_sentence(turned, wording)
    elif fact.relation in ("returns_if", "sets", "default"):
        turned = replace(fact, object=fact.extra, extra=fact.object)
        if turned.object != fact.object and not _true(turned, table):
            yield "roles", to_sentence(turned, wording)
    denied = _negated(to_sentence(fact, wording).text)
    opposite = fact.relation == "returns_if" and table.holds("returns_if", fact.subject, fact.object, fact.extra, False)
    if denied is not None and not opposite:
        yield "negation", replace(to_sentence(fact, wording), text=denied)
    for field in ("object", "extra"):
        value = getattr(fact, field)
        if _NUMBER.search(value):
            changed = replace(fact, **{field: _other_number(value, rng)})  # type: ignore[arg-type]
            if not _true(changed, table):
                yield "number", to_sentence(changed, wording)
                break
    moved = _neighbour(fact.first, fact.last, length, rng)
    if moved is not None:
        elsewhere = [f for f in _same(fact, table) if f.path == fact.path]
        if not any(f.first <= moved[1] and moved[0] <= f.last for f in elsewhere):
            yield "neighbour", replace(to_sentence(fact, wording), spans=((fact.path, *moved),))


def reworded_as_other_relation(
    fact: Fact, wordings: Mapping[str, tuple[str, ...]], table: Table, rng: random.Random
) -> Sentence | None:
    """The fact in a wording of another relation; None where that is true, too, or where the relation has three sides."""
    if fact.relation not in _TWO_SIDED:
        return None
    relation = rng.choice([r for r in _TWO_SIDED if r != fact.relation])
    wording = rng.choice(wordings[relation])
    return None if _true(replace(fact, relation=relation), table) else to_sentence(fact, wording)


def _same(fact: Fact, table: Table) -> Iterator[Fact]:
    yield from table.find(fact.relation, fact.subject, fact.object, fact.extra, fact.holds)


def _true(fact: Fact, table: Table) -> bool:
    """Whether a changed fact is one, too, anywhere; a class does what its methods do."""
    if table.holds(fact.relation, fact.subject, fact.object, fact.extra, fact.holds):
        return True
    return fact.relation == "defined" and fact.path.endswith(fact.object)


def _swapped(fact: Fact, names: Sequence[str], near: Sequence[str], rng: random.Random) -> Fact | None:
    field = rng.choice(("subject", "object"))
    old = getattr(fact, field)
    pool = near if near and rng.random() < 0.5 else names
    new = rng.choice(pool)
    subject_parts = fact.subject.split(".")
    if (
        last(new) == last(old)
        or new in (fact.subject, fact.object, fact.path)
        or (field == "subject" and last(new) in subject_parts)
    ):
        return None
    if field == "object" and fact.relation == "defined":
        new = f"{new}.py"
    elif field == "object" and not re.fullmatch(r"[\w.]+", old):
        # An expression: one identifier in it.
        inside = [n for n in re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'|\"[^\"]*\"", "", old)) if n != new]
        if not inside:
            return None
        new = re.sub(rf"\b{re.escape(rng.choice(inside))}\b", last(new), old)
    return replace(fact, **{field: new}) if new != old else None  # type: ignore[arg-type]


# -- of composed sentences -----------------------------------------------------------------------------------------------


def mutants_of_sentence(
    sentence: Sentence, kind: str, known: set[str], table: Table, names: Sequence[str], near: Sequence[str], root: Path,
    rng: random.Random,
) -> Iterator[tuple[str, Sentence]]:  # fmt: skip
    """As `mutants_of_fact`, of a sentence that Pathline composed; `kind` is the composer's, `known` all sentences it composed here."""

    def is_false(text: str) -> bool:
        return text != sentence.text and text not in known and not _states_a_fact(text, table)

    spans = [m for m in _CODE.finditer(_before_quote(sentence.text)) if re.fullmatch(r"@?[\w.]+(?:\(\))?", m[1])]
    for _ in range(4):
        if not spans:
            break
        chosen = rng.choice(spans)
        new = rng.choice(near if near and rng.random() < 0.5 else names)
        mentioned = {part for m in spans if m is not chosen for part in (m[1], last(m[1].lstrip("@")))}
        # A name that is said already makes the sentence repeat itself, not lie.
        if last(new) in chosen[1].split(".") or chosen[1].split(".")[0] == new or last(new) in mentioned:
            continue
        text = f"{sentence.text[: chosen.start()]}`{new}`{sentence.text[chosen.end() :]}"
        if is_false(text):
            yield "identifier", replace(sentence, text=text)
            break
    turned = _with_roles_exchanged(sentence.text, kind)
    if turned is not None and is_false(turned):
        yield "roles", replace(sentence, text=turned)
    denied = _negated(sentence.text) or _negated_quote(sentence.text)
    if denied is not None and is_false(denied):
        yield "negation", replace(sentence, text=denied)
    if _NUMBER.search(sentence.text):
        changed = _other_number(sentence.text, rng)
        if is_false(changed):
            yield "number", replace(sentence, text=changed)
    moved = [
        (path, place) for path, a, b in sentence.spans if (place := _neighbour(a, b, len(lines_of(root / path)), rng))
    ]
    still_supported = any(
        _fact_on(sentence.text, path, place, table) or _quoted_on(sentence.text, root / path, place)
        for path, place in moved
    )
    if moved and not still_supported:
        yield "neighbour", replace(sentence, spans=tuple((path, *place) for path, place in moved))


def _quoted_on(text: str, file: Path, place: tuple[int, int]) -> bool:
    """Whether a sentence's quotation also occurs on other lines."""
    quoted = re.findall(r"[^\W_]+", text.partition("“")[2].lower())
    here = re.findall(r"[^\W_]+", "\n".join(lines_of(file)[place[0] - 1 : place[1]]).lower())
    return bool(quoted) and f" {' '.join(quoted)} " in f" {' '.join(here)} "


_DEFINED = re.compile(r"`([\w.]+)` is an? [\w ]+?(?: of `[\w.]+`)?, defined in `([^`]+)`")
_DECORATED = re.compile(r"`([\w.]+)` is decorated with `@([^`]+)`\.")
_SIMPLE = re.compile(r"`([\w.]+)` (calls|returns|raises|extends|sets) `([^`]+)`(?: to `([^`]+)`)?")
_CALLED = re.compile(r"`([\w.]+)` is called (?:by|in the tests?) (.*)\.")
_RELATION = {"extends": "inherits"}


def _simple_facts(text: str) -> Iterator[tuple[str, str, str, str]]:
    match = _SIMPLE.match(text)
    if match:
        yield _RELATION.get(match[2], match[2]), match[1], match[3].removesuffix("()"), match[4] or ""
    for relation, pattern in (("defined", _DEFINED), ("decorated", _DECORATED)):
        match = pattern.match(text)
        if match:
            yield relation, match[1], match[2], ""
    called = _CALLED.match(text)
    for caller in re.findall(r"`([\w.]+)`", called[2]) if called else ():
        yield "calls", caller, called[1], ""  # type: ignore[index]
    if " takes " in text:
        name, *parameters = re.findall(r"`([\w.]+)`", text)
        for parameter in parameters:
            yield "takes", name, parameter, ""


def _states_a_fact(text: str, table: Table) -> bool:
    facts = list(_simple_facts(text))
    return bool(facts) and "(default" not in text and " if " not in text and all(table.holds(*fact) for fact in facts)


def _fact_on(text: str, path: str, span: tuple[int, int], table: Table) -> bool:
    found = [f for simple_fact in _simple_facts(text) for f in table.find(*simple_fact)]
    return any(f.path == path and f.first <= span[1] and span[0] <= f.last for f in found)


def _before_quote(text: str) -> str:
    return text.partition("“")[0]


def _with_roles_exchanged(text: str, kind: str) -> str | None:
    """The sentence with subject and first object exchanged, or a condition and its consequence."""
    for pattern in (
        r"^(`[^`]+`) (is called by|calls,? ?(?:in the order written,)?|extends|raises|overrides|is overridden by|defines) (`[^`]+`)(.*)$",
        r"^(`[^`]+`) (is an? (?:async )?(?:method|property) of) (`[^`]+`)(.*)$",
        r"^(`[^`]+`) (is called in the tests?) (`[^`]+`)(.*)$",
        r"^(`[^`]+`) (of) (`[^`]+`)(: .*)$",
    ):
        match = re.match(pattern, text)
        if match and match[1] != match[3]:
            return f"{match[3]} {match[2]} {match[1]}{match[4]}"
    match = re.match(r"^(`[^`]+` (?:sets|returns)) (`[^`]+`) (to|if|when|unless) (`[^`]+`)(.*)$", text)
    if match and match[2] != match[4]:
        return f"{match[1]} {match[4]} {match[3]} {match[2]}{match[5]}"
    return None


# -- parts ---------------------------------------------------------------------------------------------------------------

_VERBS = (
    "calls|invokes|returns|raises|sets|takes|accepts|inherits|extends|derives|overrides|catches|defaults|yields|defines|reimplements|"
    "assigns|updates"
)
_DENIALS = (
    (re.compile(r" does not hold"), " holds"),
    (re.compile(r" if (?=`)"), " unless "),
    (re.compile(r"^If (?=`)"), "Unless "),
    (re.compile(r" when (?=`)"), " unless "),
    (re.compile(rf"(`[^`]+`) ({_VERBS})\b"), None),
    (re.compile(r" (is|are|gets|may|has)\b(?! (?:the base|that))"), r" \1 not"),
)  # fmt: skip


def _negated(text: str) -> str | None:
    """The sentence with its condition or its verb denied."""
    head = _before_quote(text)
    for pattern, replacement in _DENIALS:
        match = pattern.search(head)
        if match is None:
            continue
        if replacement is not None:
            return pattern.sub(replacement, text, count=1)
        verb = {"catches": "catch"}.get(match[2], match[2][:-1])
        return f"{text[: match.start()]}{match[1]} does not {verb}{text[match.end() :]}"
    return None


def _negated_quote(text: str) -> str | None:
    """The sentence with a "not" added to its quotation, or removed from it."""
    head, mark, rest = text.partition("“")
    words = rest.split(" ")
    if not mark or len(words) < 4:
        return None
    for word in ("not", "never", "no"):
        if word in words[:-1]:
            words.remove(word)
            return f"{head}{mark}{' '.join(words)}"
    return f"{head}{mark}{' '.join([*words[:2], 'not', *words[2:]])}"


def _other_number(text: str, rng: random.Random) -> str:
    matches = list(_NUMBER.finditer(text))
    chosen = rng.choice(matches)
    new = chosen.group()
    while new == chosen.group():
        new = str(rng.choice((int(float(new)) + 1, int(float(new)) * 10 + 1, max(0, int(float(new)) - 1))))
    return f"{text[: chosen.start()]}{new}{text[chosen.end() :]}"


def _neighbour(first: int, end: int, length: int, rng: random.Random) -> tuple[int, int] | None:
    """The lines right before or right after, as many."""
    size = end - first + 1
    options = [(a, a + size - 1) for a in (first - size, end + 1) if a >= 1 and a + size - 1 <= length]
    return rng.choice(options) if options else None
