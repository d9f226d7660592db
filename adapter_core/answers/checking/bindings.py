"""What is bound to what, in a sentence about three names: "`f` sets `x` to `v`", "`v` is the default of `x` in `f`".

The tokens become letters, and patterns over these say which name is the target and which the value. Who does it may stand at several
places, which are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .lexicon import BINDING, TARGET_DOES, TARGET_FIRST, VALUE_FIRST
from .sentence import Mention
from .tokens import Token, without_carriers

Names = tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """`actor` does `kinds` (alternatives) to `done`; for what is bound, `done` is the target and `value` what it is bound to."""

    kinds: tuple[str, ...]
    actor: Names
    done: Names
    value: Names = ()


# Subject, target and value, as letters: M a name; T, t a verb whose object is the target (active, passive), W, w the value, G whose
# subject is the target; = is; D default, U value; > to, & with, @ as, o of, f for, i in/by/from.
_FORMS = tuple(
    (re.compile(pattern), order)
    for pattern, order in (
        (r"M[TG]M>?=M|M[GH]&M>M|M[TW]DoM[>=&@]M|M=?R&MG>?D*M|MW[>if@]M=M", "stv"),
        (r"M=D=M|=?t[>&@]M=M|@[DU]M[GH]M", "tv"),
        (r"MHMfM", "svt"),
        (r"GD*MfM", "vt"),
        (r"MTM(?:[>&@ie=]|[>&@]?[DU]o?|&[DU]o)+M", "stv"),
        (r"M[=H]?[RTGHW]M&M@[DU]|[>i]*M[HRTWG]M@[DU]M", "stv"),
        (r"fMM[HWTGR=]M(?:@D)?|fMM[HWTGR=]D[oU]*M", "tsv"),
        (r"M=[DU]*MW[>if@]M|M=[DU]*MTM>", "vst"),
        (r"M=MT[>&@]M", "tsv"),
        (r"M[A-Z]M@[DU]+[fo]M", "svt"),
        (r"WM[>if@]M[A-Z]*|M=?U?Mt|TM@?M", "vt"),
        (r"TM[>&@]M[A-Z]*", "tv"),
        (r"[>if]*MG>?[DU]*MfM", "svt"),
        (r"M[TGW=H](?:[DU])o?M[>f]M", "svt"),
        (r"M[TW][DU]oM(?:[>=&]|@)M", "stv"),
        (r"MW(?:[DU]o?)?M(?:[>if]|@D?[fo]|@[DU][fo]|[>i][DU][fo])M", "svt"),
        (r"MG[o>@]?MfM", "svt"),
        (r"MWM[DU]M", "stv"),
        (r"Mt(?:[>&@]|[DU]o?|[>&@][DU]o?)*M", "tv"),
        (r"MwM", "tv"),
        (r"M=Mt[>&@]M", "stv"),
        (r"M=Mw[>if@]M", "svt"),
        (r"Mw(?:@[DU])?[>if@][DU]?[fo]?M", "vt"),
        (r"M[GH](?:[DU]|[o@&]|D[U]?o)*M|MG[o@]*>M", "tv"),
        (r"[UD]+[of]M[=GT]+>?[@>]?M", "tv"),
        (r"M[=G]@?[UD]+[ofi]?M", "vt"),
        (r"U?MG[i>]M|MR?@[UD]+[of]?M", "vt"),
        (r"M=M", "tv"),
        (r"M[A-Za-z]?M(?:,|&|H|R)*(?:[DU][o>]?|GD|G[>o@]|G|T[>&@]|t[>&@]|G>D|D=)+M", "stv"),
    )
)


def bindings(tokens: list[Token]) -> Iterator[Reading]:
    """The ways to read who binds what to what."""
    names = [t for t in tokens if t.sort == "M"]
    default = any(
        t.sort == "D" or (t.sort == "V" and t.word and t.word.lemma in ("default", "fall", "revert")) for t in tokens
    )
    kinds = ("default",) if default else ("sets",)
    row = without_carriers(
        [t for t in tokens if not (t.sort == "p" and t.text == "by" and _next_is_default(tokens, t))]
    )
    by_default = len(row) < len(tokens)
    row = [t for t in row if not (t.sort == "D" and by_default and _stands_alone(tokens, t))]
    owners = [t for t in names if t.owners]
    if len(owners) == 1 and len(names) == 2:
        actor = owners[0].owners
        yield from _bound(kinds, _letters(row), names, actor)
        return
    for who, rest in _actors(row):
        left = [t for t in rest if t.sort == "M"]
        yield from _bound(kinds, _letters(rest), left, who.names if who is not None else ())


def _next_is_default(tokens: list[Token], token: Token) -> bool:
    place = next(i for i, t in enumerate(tokens) if t is token)
    return place + 1 < len(tokens) and tokens[place + 1].sort == "D"


def _stands_alone(tokens: list[Token], token: Token) -> bool:
    place = next(i for i, t in enumerate(tokens) if t is token)
    return place > 0 and tokens[place - 1].sort == "p" and tokens[place - 1].text == "by"


def _actors(row: list[Token]) -> Iterator[tuple[Token | None, list[Token]]]:
    """Ways to take the one who does it out of the row: in front ("in `f`, …"), behind ("… by `f`"), or none of them."""
    yield None, row
    sorts = [t.sort for t in row]
    if (
        sorts[:2] == ["when", "M"]
        and "," in sorts
        and all(x in ("V", "have", "be") for x in sorts[2 : sorts.index(",")])
    ):
        yield row[1], row[sorts.index(",") + 1 :]
    if sorts[-3:-1] == ["when", "M"] and sorts[-1] in ("V", "be") and sorts.count("M") == 3:
        yield row[-2], row[:-3]
    for place in range(len(row) - 1):
        if row[place].sort == "p" and row[place].text in ("in", "by", "from", "on") and row[place + 1].sort == "M":
            yield row[place + 1], [*row[:place], *row[place + 2 :]]


def _letters(row: list[Token]) -> str:
    letters = []
    for token in row:
        if token.sort == "p":
            letters.append({"to": ">", "with": "&", "as": "@", "of": "o", "for": "f"}.get(token.text, "i"))
        elif token.sort == "V" and token.word is not None:
            letters.append(_verb_letter(token))
        else:
            letters.append(
                {
                    "M": "M",
                    "be": "=",
                    "have": "H",
                    "D": "D",
                    "U": "U",
                }.get(token.sort, "")
            )
    # "the default value" is one thing, and so is "takes on the value".
    joined = re.sub(r"DU|UD", "D", "".join(letters))
    return re.sub(r"=(?=[tw])|(?:(?<=iM)|^)U(?=M)|i+\Z|^R(?=M=?t)", "", joined)


def _verb_letter(token: Token) -> str:
    lemma = token.word.lemma if token.word is not None else ""
    if lemma not in BINDING:
        return "R"
    if lemma in VALUE_FIRST:
        return "w" if token.passive else "W"
    if lemma in TARGET_FIRST and not (lemma == "default" and not token.passive):
        return "t" if token.passive else "T"
    return "G" if lemma in TARGET_DOES or lemma == "default" else ""


def _bound(kinds: tuple[str, ...], letters: str, names: list[Token], actor: Names) -> Iterator[Reading]:
    for pattern, order in _FORMS:
        if len(order) != len(names) or ("s" in order and actor) or not pattern.fullmatch(letters):
            continue
        part = dict(zip(order, names, strict=True))
        subject = part["s"].names if "s" in part else actor
        yield Reading(kinds, subject, (part["t"].mention,), (part["v"].mention,))  # type: ignore[arg-type]
        return
