"""Clauses put straight: what stands in a relative clause, in front of its sentence or behind its main verb is put where plain sentences
have it, so that `grammar.py` and `bindings.py` meet fewer forms.

Nothing is known here of what words mean, only of how clauses are built: a relative clause without an object has what it hangs on as its
object ("`o` is what `s` calls"), a participle behind a noun is a clause without "that is", and "it" is what was named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .lexicon import Word
from .tokens import Token

_MARK = r"\x02\d+\x03"
# ", as one can see from its source,": an aside that names nothing, between a name and its verb.
_BETWEEN = re.compile(
    rf"(?P<name>{_MARK}),\s(?!(?:and|or|but|when|if|unless|while|once|after|before)\b)(?:(?!\x02)[^,.;:])+,(?=\s\w)",
    re.I,
)
# "Callers of `f` who leave `x` unspecified get …": what holds where the caller does so.
_WHO = re.compile(
    rf"\A\W*(?:the |any |all )?(?:callers?|users?|those|anyone|whoever|one|people|code)\b"
    rf"(?:\s(?:of|calling|using|that calls?|who calls?))?\s"
    rf"(?P<name>{_MARK})\s(?:who|that|which|and|but|without)\s"
    rf"(?P<how>leaves?|leaving|omits?|omitting|skips?|skipping|does not|do not|doesn't|don't|never|not)\b(?:(?!\x02)[^,.;])*"
    rf"(?P<what>{_MARK})\s*(?:unspecified|unset|out|off|away|blank|empty|alone)?,?\s(?P<rest>.+)\Z",
    re.I | re.S,
)
_IT = re.compile(r"\b(?:for|to) it\b", re.I)


def without_asides(text: str) -> str:
    return _BETWEEN.sub(lambda m: m["name"], text)


def of_callers(text: str) -> str:
    """ "Callers of `f` who omit `x` get `1` for it": "`f` gets `1` for `x`"; any other text as it is. The second is the name left out."""
    match = _WHO.match(text)
    if match is None:
        return text
    rest = _IT.sub(f"for {match['what']}", match["rest"], count=1)
    if match["what"] not in rest:
        rest = f"{rest.rstrip(' .')} for {match['what']}"
    return f"By default, {match['name']} has {re.sub(r'^(?:will |then )?[a-z]+ ', '', rest, count=1)}"


def straightened(tokens: Sequence[Token]) -> list[Token]:
    """The row with its clauses in the order of a plain sentence."""
    row = list(tokens)
    for rule in (_reduced, _prefaced, _relative, _back, _fronted, _known_as):
        row = rule(row)
    return row


def _sorts(row: Sequence[Token]) -> str:
    """A letter for each token: v a verb, w a passive one."""
    letters = {
        "V": "v",
        "M": "M",
        "N": "N",
        "p": "p",
        "be": "=",
        "have": "H",
        "it": "i",
        "that": "t",
        "where": "l",
        "when": "n",
        ",": ",",
    }
    return "".join("w" if t.sort == "V" and t.passive else letters.get(t.sort, "x") for t in row)


def _reduced(row: list[Token]) -> list[Token]:
    """ "a decorator applied to `s` is `o`": "`o` applied to `s`"; "an `e` raised in `s` is caught by its handler": "`e` caught by `s`"."""
    sorts = _sorts(row)
    match = re.match(r"N(w(?:pN*)?M)=M", sorts)
    if match:
        return [row[match.end() - 1], *row[match.start(1) : match.end(1)], *row[match.end() :]]
    match = re.match(r"N*Mw(p)N*(M),?=(w)pN\Z", sorts)
    if match and row[-1].owned:
        name = next(t for t in row if t.sort == "M")
        return [name, *row[match.start(3) - 1 : match.start(3) + 2], row[match.start(2)]]
    return row


def _prefaced(row: list[Token]) -> list[Token]:
    """ "the class to which `m` belongs is `c`", "where `m` lives is `c`": "`m` belongs to `c`"."""
    match = re.match(r"N*lN*(M)=?([vw])N*=N*(M)\Z", _sorts(row))
    if not match:
        return row
    name, verb, place = (row[match.start(i)] for i in (1, 2, 3))
    if verb.word is None or not (verb.passive or verb.word.middle):
        return row
    return [name, *([Token("be")] if verb.passive else []), verb, Token("p", "in", Word("in")), place]


def _relative(row: list[Token]) -> list[Token]:
    """ "`o` is one of the things that `s` accepts ": "`s` accepts `o`"; "what `s` assigns to `o` is `e`": "`s` assigns `e` to `o`"."""
    sorts = _sorts(row)
    match = re.match(r"N*(M)[=Hvw][Npx,=]*N[Npx]*t(M)(v)(?!N*M)([^=Htln]*)\Z", sorts)
    if match and not _needs_no_object(row[match.start(3)]):
        done, actor, verb = (row[match.start(i)] for i in (1, 2, 3))
        return [actor, verb, done, *row[match.start(4) : match.end(4)]]
    match = re.match(r"[Npx]*t(M)(v)(?!N*M)([px]N*M[px]*)=N*(M)\Z", sorts)
    if match:
        return [row[match.start(1)], row[match.start(2)], row[match.start(4)], *row[match.start(3) : match.end(3)]]
    match = re.match(r"[Npx]*t=(w)([px]N*M(?:pM)?)=N*(M)\Z", sorts)
    if match:
        return [row[match.start(3)], Token("be"), row[match.start(1)], *row[match.start(2) : match.end(2)]]
    return row


def _needs_no_object(verb: Token) -> bool:
    return verb.word is None or (bool(verb.word.middle) and not verb.word.acts)


def _back(row: list[Token]) -> list[Token]:
    """ "who wants the definition of `s` finds it in `o`": "`s` is found in `o`"."""
    match = re.match(r"[^M]*(M)[^M]*(v)ip[N]*(M)\Z", _sorts(row))
    if not match or row[match.end(2) + 1].text not in ("in", "from", "on"):
        return row
    verb = replace(row[match.start(2)], passive=True)
    return [row[match.start(1)], Token("be"), verb, row[match.end(2) + 1], row[match.start(3)]]


def _fronted(row: list[Token]) -> list[Token]:
    """ "with `s`, `o` is overridden": "`o` is overridden by `s`"."""
    match = re.match(r"p(M),N*(M)=(w)\Z", _sorts(row))
    if not match or row[0].text not in ("with", "by"):
        return row
    return [
        row[match.start(2)],
        row[match.start(3) - 1],
        row[match.start(3)],
        Token("p", "by", Word("by")),
        row[match.start(1)],
    ]


def _known_as(row: list[Token]) -> list[Token]:
    """ "`o` is part of (what is) `s`, as a parameter": "`o` is a parameter of `s`"."""
    match = re.match(r"(N*M=)N?p(N*M)p(N)\Z", _sorts(row))
    if not match or row[-2].text != "as":
        return row
    return [*row[: match.end(1)], row[-1], Token("p", "of", Word("of")), *row[match.start(2) : match.end(2)]]
