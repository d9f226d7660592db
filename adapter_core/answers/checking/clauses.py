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
from .relations import NEGATION
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
# "When `f` is called without `x`, the value is `1`", "if you do not pass `x` to `f`, `1` is used".
_WITHOUT = (
    re.compile(
        rf"\A\W*(?:when|if|whenever) (?:the )?(?:\w+ )?(?P<name>{_MARK}) (?:is|gets) (?:called|invoked|used|run) without "
        rf"(?:(?:an?|the|any|its|argument|parameter|value|for) )*(?P<what>{_MARK}),? (?P<rest>.+)\Z",
        re.I | re.S,
    ),
    re.compile(
        r"\A\W*(?:when|if|whenever|in case) (?:you|one|we|nobody|callers?|the caller|users?|the user) "
        r"(?:(?:do|does) not|don't|doesn't|never|omits?|leaves?|skips?|forgets?)"
        r"(?: (?:pass|give|provide|supply|specify|set|use|out|to pass))* "
        rf"(?:(?:an?|the|any|its|argument|parameter|value|for) )*(?P<what>{_MARK})(?: out| off| away)? "
        r"(?:to|in|for|from|of|when calling|calling) "
        rf"(?:(?:the|a|calls?|function|method|class|of|to) )*(?P<name>{_MARK}),? (?P<rest>.+)\Z",
        re.I | re.S,
    ),
)
_IT = re.compile(r"\b(?:for|to) it\b", re.I)


def without_asides(text: str) -> str:
    """The words without asides, but for those that deny something."""
    return _BETWEEN.sub(lambda m: m.group() if NEGATION.search(m.group()) else m["name"], text)


def of_callers(text: str) -> str:
    """ "Callers of `f` who omit `x` get `1` for it": "`f` gets `1` for `x`"; any other text as it is. The second is the name left out."""
    match = _WHO.match(text) or _WITHOUT[0].match(text) or _WITHOUT[1].match(text)
    if match is None or NEGATION.search(match["rest"]):
        return text
    values = [mark for mark in re.findall(_MARK, match["rest"]) if mark != match["what"]]
    if match.re is not _WHO:
        return f"By default, {match['name']} has {values[0]} for {match['what']}" if len(values) == 1 else text
    rest = _IT.sub(f"for {match['what']}", match["rest"], count=1)
    if match["what"] not in rest:
        rest = f"{rest.rstrip(' .')} for {match['what']}"
    return f"By default, {match['name']} has {re.sub(r'^(?:will |then )?[a-z]+ ', '', rest, count=1)}"


def straightened(tokens: Sequence[Token]) -> list[Token]:
    """The row with its clauses in the order of a plain sentence."""
    row = list(tokens)
    for rule in (_named, _reduced, _prefaced, _relative, _repeated, _back, _fronted, _second_clause, _known_as):
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


def _named(row: list[Token]) -> list[Token]:
    """ "a parameter called `x`": "a parameter `x`"."""
    found: list[Token] = []
    for place, token in enumerate(row):
        names = token.sort == "V" and token.passive and token.word is not None and token.word.lemma in ("call", "name")
        if names and [t.sort for t in (*row[max(0, place - 1) : place], *row[place + 1 : place + 2])] == ["N", "M"]:
            continue
        found.append(token)
    return found


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
    match = re.match(r"[Npx]*t(M)(v)N*(M)=N*(M)\Z", sorts)
    if match and any(t.sort == "D" for t in row[: match.start(1)]):
        # "the default that `f` gives its argument `x` is `v`"
        return [*(row[match.start(i)] for i in (1, 2, 3)), Token("D", "default"), row[match.start(4)]]
    match = re.match(r"[Npx]*t=(w)([px]N*M(?:pM)?)=N*(M)\Z", sorts)
    if match:
        return [row[match.start(3)], Token("be"), row[match.start(1)], *row[match.start(2) : match.end(2)]]
    return row


def _repeated(row: list[Token]) -> list[Token]:
    """What is said again of a name by "it" or "which": "`f` makes `o` and returns it", "callers of `f` must expect `e`, which it raises",
    "`f` updates `x`, assigning `v` to it", "`x` starts as `v`, which `f` assigns"."""
    sorts = _sorts(row)
    match = re.match(r"(M)vN*(M),?(v)i\Z", sorts) or re.match(r"[Np]*(M)[^M]*(M),?ti(v)\Z", sorts)
    if match:
        return [row[match.start(1)], row[match.start(3)], row[match.start(2)]]
    match = re.match(r"(M)vN*(M),(v)N*(M)(p)i\Z", sorts)
    if match:
        return [row[match.start(i)] for i in (1, 3, 4, 5, 2)]
    match = re.match(r"(M)[v=]*p*(M),t(M)(v)\Z", sorts)
    if match:
        done, value, actor, verb = (row[match.start(i)] for i in (1, 2, 3, 4))
        return [actor, verb, value, Token("p", "to", Word("to")), done]
    match = re.match(r"(M)vp?(M)=(w)\Z", sorts)
    if match:  # "`f` ends in `e` being raised"
        return [row[match.start(1)], replace(row[match.start(3)], passive=False), row[match.start(2)]]
    return row


def _second_clause(row: list[Token]) -> list[Token]:
    """ "`s` is decorated, and `o` is the decorator", "in `s`, `o` appears as a base": "`o` is the base of `s`"; "`o` has an override in
    `s`": "`s` is an override of `o`"; "`e` is an exception for which `s` has a handler": "`s` has a handler for `e`"."""
    sorts = _sorts(row)
    match = re.match(r"(M)=w,?(M)=(N)p?N*\Z", sorts) or re.match(r"p(?:N*p)?(M),N*(M)[=v]p(N)\Z", sorts)
    if match and (sorts[0] == "M" or row[match.start(3) - 1].text == "as"):
        owner, name, noun = (row[match.start(i)] for i in (1, 2, 3))
        return [name, Token("be"), noun, Token("p", "of", Word("of")), owner]
    match = re.match(r"N*(M)H(N)p(M)\Z", sorts)
    word = row[match.start(2)].word if match else None
    if match and row[match.end(2)].text == "in" and word is not None and word.doer:
        owner, noun, name = (row[match.start(i)] for i in (1, 2, 3))
        return [name, Token("be"), noun, Token("p", "of", Word("of")), owner]
    match = re.match(r"N*(M)=N*(p)t(M)(H)(N)\Z", sorts)
    if match:
        return [row[match.start(i)] for i in (3, 4, 5, 2, 1)]
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
