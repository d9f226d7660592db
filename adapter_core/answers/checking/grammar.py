"""Who does what to whom, in a sentence about two names.

The tokens of `tokens.py` are read by structure: a noun of a relation and the name that hangs on it, else the verb, its voice, and the
preposition by which the other name is bound to it. The reading gives a direction and the relations that the words may mean: a
known verb means few, an unknown one any. Which it is must be shown by the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .bindings import Reading, bindings
from .lexicon import ANY, Word
from .sentence import Mention
from .tokens import Token, in_order, tokens_of, without_carriers

_LIGHT = frozenset(
    "make do perform issue place contain include hold comprise involve use serve act function work count rank list name number form "
    "constitute represent figure feature appear carry bear wear bring declare define specify provide offer expose take give "
    "get receive play fill "
    "come stand exist live sit find show see happen occur become be require need accept expect".split()
)
_INCLUDES = frozenset("include comprise count number list contain cover encompass".split())
_HANDED = frozenset("give hand pass return send provide offer serve supply".split())
_ENDS_IN = frozenset("result end culminate terminate finish close stop conclude".split())
_AGENT = frozenset({"by", "in", "from", "to", "on"})


def readings_of(text: str, mentions: tuple[Mention, ...]) -> list[Reading]:
    """What plain words say of the names in them, all ways to read it; none where the structure is not understood."""
    tokens = in_order(tokens_of(text, mentions))
    count = sum(len(t.names) for t in tokens)
    pair = sum(t.sort == "M" for t in tokens) == 2
    found = _pair(tokens) if pair and count == 2 and not any(t.sort == "D" for t in tokens) else []
    if count == 3 or any(t.sort in "DU" for t in tokens):
        found += dict.fromkeys(bindings(tokens))
    elif pair and not found:
        found = _pair(tokens)
    return found or _uses(tokens)


def _uses(tokens: list[Token]) -> list[Reading]:
    """ "`f` looks for `x` in `y`": of several names behind an unknown verb no more is read than that its subject has to do with them."""
    if [t.sort for t in tokens[:2]] != ["M", "V"] or tokens[1].word is None or tokens[1].word.acts != ANY:
        return []
    return [Reading(("uses",), tokens[0].names, tuple(m for t in tokens[1:] for m in t.names))]


# -- two names -----------------------------------------------------------------------------------------------------------


def _pair(tokens: list[Token]) -> list[Reading]:
    first, second = (t for t in tokens if t.sort == "M")
    if [t.sort for t in tokens if t.sort not in "N,"] == ["when", "V", "p", "M", "V", "p", "M"]:
        return []  # "if you step into `f`, you land in `g`": neither is said to do anything
    row = _resolved(_without_clefts(without_carriers(tokens)), first, second)
    by_noun = _by_noun(row, first, second)
    found = by_noun if by_noun is not None else _by_verb(row, first, second)
    if found is None:
        signed = [t for t in (first, second) if t.mention is not None and t.mention.text.startswith("@")]
        told = any(t.word is not None and "decorates" in (*t.word.acts, *t.word.doer) for t in row)
        if len(signed) == 1 and told:
            return [Reading(("decorates",), signed[0].names, (second if signed[0] is first else first).names)]
        return []
    found = _by_its_end(row, found)
    at = [t for t in (first, second) if t.mention is not None and t.mention.text.startswith("@")]
    if len(at) == 1:
        # An at sign says which of the two is the decorator.
        return [Reading(("decorates",), at[0].names, (second if at[0] is first else first).names)]
    if found.actor == second.names and any(
        t.word is not None and "inherits" in t.word.acts and t.word.middle for t in row
    ):
        # "`a` stems from `b`": of an exception where it is raised, of a class what it extends
        return [found, Reading(("inherits",), first.names, second.names)]
    return [found]


def _by_its_end(row: list[Token], found: Reading) -> Reading:
    """What the end of a sentence says of its verb, "in a `raise` statement", "as the result", leaves fewer kinds."""
    if [t.sort for t in row[-2:]] != ["p", "N"] or row[-2].text not in ("in", "as", "by") or row[-1].word is None:
        return found
    word = row[-1].word
    named = word.deed if row[-2].text != "as" else word.done
    kinds = tuple(kind for kind in found.kinds if kind in named)
    return replace(found, kinds=kinds) if kinds else found


def _reading(kinds: Sequence[str], actor: Token, done: Token) -> Reading | None:
    return Reading(tuple(kinds), actor.names, done.names) if kinds else None


def _without_clefts(row: list[Token]) -> list[Token]:
    """ "it is `f` that calls", "`f` is what calls", "`f` is one of the functions that call": "`f` calls"."""
    found = list(row)
    if [t.sort for t in found[:3]] == ["it", "be", "M"]:
        found = found[2:]
    for place, token in enumerate(found):
        if token.sort != "that":
            continue
        start = place
        while start and (found[start - 1].sort in ("N", "be", "U", ",") or _is(found[start - 1], "p", "of", "in")):
            start -= 1
        if start and found[start - 1].sort == "M":
            return [*found[:start], *found[place + 1 :]]
    return found


def _is(token: Token, sort: str, *texts: str) -> bool:
    return token.sort == sort and token.text in texts


def _resolved(row: list[Token], first: Token, second: Token) -> list[Token]:
    """ "if `e` occurs, `f` catches it", "`f` relies on `g`, which it calls": pronouns that repeat a name are left out with their verb,
    where that tells nothing new, or stand for it."""
    places = [i for i, t in enumerate(row) if t.sort == "M"]
    for place, token in enumerate(row):
        if token.sort != "it" or not places or place < places[0]:
            continue
        before = row[place - 1] if place else None
        if place > places[1]:
            if before is not None and before.sort == "V" and _subject_right_before(row, place - 1, second):
                # "…`e` …, `f` catches it"
                return [second, row[place - 1], first]
            continue
        following = row[place + 1] if place + 1 < len(row) else None
        if following is not None and following.sort in ("V", "be", "have"):
            # "`f`: it returns `x`", "when `f` is called, it raises `e`"
            return [first, *row[place + 1 :]]
        if before is not None and before.sort == "V" and not before.passive:
            continue
    return row


def _subject_right_before(row: list[Token], place: int, name: Token) -> bool:
    return place > 0 and row[place - 1] is name


def _by_noun(row: list[Token], first: Token, second: Token) -> Reading | None:
    for place, token in enumerate(row):
        if token.sort != "N" or token.word is None:
            continue
        owner, how = _owner(row, place, first, second)
        if owner is None:
            labelled = row[place + 1 : place + 3]
            if token.word.doer and [t.sort for t in labelled] == ["be", "M"] and not row[place - 1 : place]:
                return _reading(token.word.doer, labelled[1], second if labelled[1] is first else first)
            continue
        word, other = token.word, second if owner is first else first
        verb = _governing(row, place, owner)
        handed = verb is not None and verb.word is not None and verb.passive and verb.word.lemma in _HANDED
        if handed and "calls" in word.doer and row.index(other) > row.index(owner):
            return _reading(("returns",), owner, other)  # "the caller of `f` is given `x`"
        if verb is not None and verb.word is not None and not verb.passive:
            after_owner = row.index(verb) > row.index(owner)
            behind = row[row.index(verb) + 1 :][:1]
            fronted = place == 1 and row[0].sort == "p"  # "among the subclasses of `b` one finds `a`"
            includes = (
                fronted
                or verb.word.lemma in _INCLUDES
                or (verb.word.middle and verb.word.lemma not in _ENDS_IN and bool(behind) and behind[0].sort == "p")
            )
            user = "calls" in (*word.doer, *word.deed)
            if after_owner and row.index(other) > row.index(verb) and not includes and how != "'s":
                if not user and verb.word.acts != ANY:
                    continue
                # "callers of `f` can pass `x`", "a call to `f` raises `e`"
                kinds = [
                    k for k in verb.word.acts if k in ("takes", "raises", "returns") or (k == "catches" and word.doer)
                ]
                kinds = ["raises" if k == "catches" else k for k in kinds]
                if verb.word.lemma in ("get", "receive", "obtain") and "returns" in kinds:
                    kinds.remove("takes") if "takes" in kinds else None
                if verb.word.acts == ANY and word.deed:
                    return _reading(word.deed, other, owner)
                if word.doer or word.deed:
                    return _reading(list(dict.fromkeys(kinds)) or ("raises", "returns", "takes"), owner, other)
            if verb.word.lemma in _LIGHT:
                kinds = [*word.done, *(() if verb.word.acts == ANY else verb.word.acts)]
                if word.done and not word.deed and owner is first and not after_owner:
                    return _reading(list(dict.fromkeys(kinds)), owner, other)
                after_owner = True
            shared = {*word.doer, *word.done, *word.deed} & set(verb.word.acts)
            if not shared and verb.word.acts not in ((), ANY) and not after_owner:
                continue
        if word.deed and how in ("of", "to", "for"):
            return _reading(word.deed, other, owner)
        if word.deed:
            return _reading(word.deed, owner, other)
        if word.doer == ("catches",) and how in ("in", "on"):
            return _reading(word.doer, owner, other)  # "a handler in `f`"
        if word.doer and how in ("of", "to", "for", "in", "on", "'s"):
            return _reading(word.doer, other, owner)
        if word.done:
            return _reading(word.done, owner, other)
    return None


def _owner(row: list[Token], place: int, first: Token, second: Token) -> tuple[Token | None, str]:
    """The name that hangs on a noun, and by what."""
    if place >= 2 and row[place - 1].sort == "'s" and row[place - 2].sort == "M":
        return row[place - 2], "'s"
    following = row[place + 1 : place + 4]
    if (
        len(following) >= 2
        and following[0].sort == "p"
        and following[0].text in ("of", "to", "for", "from", "by", "in", "on")
    ):
        if following[1].sort == "M":
            return following[1], following[0].text
        if len(following) == 3 and following[1].sort in "NU" and following[2].sort == "M" and not following[1].owned:
            return following[2], following[0].text
    if row[place].owned and row.index(first) < place:
        middle = any(
            t.sort == "V" and t.word is not None and t.word.middle and not _object_follows(row, i)
            for i, t in enumerate(row[:place])
        )
        return (None, "") if middle else (first, "'s")
    before = row[row.index(first) + 1 : place]
    if (
        _is(row[place - 1], "p", "as")
        and row.index(second) < place
        and before[0].sort in ("have", "V")
        and not before[0].passive
    ):
        return first, "'s"  # "`b` has `a` as a subclass"
    named = [t.sort for t in row[place + 1 : place + 3] if t.sort != ","][:1] == ["M"] and row.index(second) > place
    if (
        named
        and before
        and all(t.sort in ("have", "N", ",") or _is(t, "p", "with") or _is_light(t) for t in before)
        and before[0].sort in ("have", "V")
    ):
        return first, "'s"  # "`c` has the method `m`"
    return None, ""


def _is_light(token: Token) -> bool:
    return token.sort == "V" and token.word is not None and token.word.lemma in _LIGHT and not token.passive


def _governing(row: list[Token], place: int, owner: Token) -> Token | None:
    """The verb that says something of a noun: the first behind it and its name, else the last before."""
    start = max(place, row.index(owner))
    behind = [t for t in row[start:] if t.sort == "V"]
    before = [t for t in row[:place] if t.sort == "V"]
    return behind[0] if behind else before[-1] if before else None


def _by_verb(row: list[Token], first: Token, second: Token) -> Reading | None:
    a, b = row.index(first), row.index(second)
    verbs = [(i, t) for i, t in enumerate(row) if t.sort == "V" and t.word is not None]
    sorts = [t.sort for t in row[:5]]
    if sorts[:3] == ["V", "M", "M"] and not row[0].passive:
        return _reading(_kinds(row[0], False, []), second, first)  # "returning `x` is what `f` does"
    if sorts == ["p", "V", "M", ",", "M"] and row[0].text == "by" and not row[1].passive:
        return _reading(_kinds(row[1], False, []), second, first)  # "by calling `g`, `f` …"
    heads = [i for i, _ in verbs]
    if heads and heads[0] == a - 1 and a < heads[-1] and not any(t.sort == "p" for t in row[: heads[0]]):
        # "calling `f` can raise `e`"
        row = row[a:]
        a, b = 0, row.index(second)
        verbs = [(i, t) for i, t in enumerate(row) if t.sort == "V" and t.word is not None]
    nouns = [t.word for t in row if t.sort == "N" and t.word is not None]
    if not verbs:
        return _without_verb(row, first, second, a, b, nouns)
    for place, verb in verbs:
        found = _frame(row, place, verb, first, second, a, b)
        if found is not None:
            actor, done, middle = found
            acts = verb.word.acts if verb.word is not None else ()
            if middle and place < a and not verb.passive and "takes" in acts and _bound_by(row, b) == "to":
                return _reading(("takes",), actor, done)  # "one can pass `x` to `f`"
            governing = (
                [t for i, t in verbs if i < row.index(done)]
                if not middle and row.index(actor) < row.index(done)
                else [verb]
            )
            if (
                verb.passive
                and a < place < b
                and not middle
                and actor is first
                and verb.word is not None
                and "inherits" not in verb.word.acts
                and _bound_by(row, b) in ("with", "")
            ):
                return _reading(("takes",), actor, done)  # "`f` is called with `x`", "`f` is given `x`"
            return _reading(_kinds(governing[-1] if governing else verb, middle, nouns), actor, done)
    return None


def _kinds(verb: Token, middle: bool, nouns: list[Word]) -> Sequence[str]:
    word = verb.word
    assert word is not None
    kinds = (word.middle or ANY) if middle and not verb.passive else word.acts or ANY
    sides = [k for n in nouns for k in (*n.doer, *n.done, *n.deed)]
    if word.lemma in _LIGHT and sides:
        return list(dict.fromkeys((*sides, *(() if kinds == ANY else kinds))))
    return kinds


def _frame(
    row: list[Token], place: int, verb: Token, first: Token, second: Token, a: int, b: int
) -> tuple[Token, Token, bool] | None:
    """(who does it, what it is done to, whether the verb's subject is that) of one verb."""
    word = verb.word
    assert word is not None
    located = _located(row, a, b, first, second)
    where = next((i for i, t in enumerate(row) if t.sort == "where"), None)
    bound = _bound_by(row, b)
    if verb.passive or (
        word.middle and not _object_follows(row, place) and not (a < place < b and bound not in _AGENT)
    ):
        if verb.passive and "inherits" in word.acts and a < place < b and bound in ("from", "on", "as"):
            return first, second, False
        if where is not None:
            # "`f` is where `e` is raised"; "where `e` is raised is `f`"
            return (first, second, True) if a < where else (second, first, True)
        if a < place < b:
            if any(t.sort == "have" or (t.sort == "V" and not t.passive) for t in row[a:place]) and not word.middle:
                return None
            if bound == "with" and "decorates" not in word.acts:
                return first, second, False  # "`f` is called with `x`"
            if bound in _AGENT or (bound in ("with", "of") and "decorates" in word.acts):
                return second, first, True
            if place == b - 1 and "takes" in word.acts:
                return first, second, False  # "`f` is given `x`"
            if bound == "for" and "catches" in word.acts:
                return first, second, False  # "`f` is prepared for `e`"
            through = [t for t in row[place + 1 : b] if t.sort == "p"] if verb.passive else []
            if through and through[0].text in _AGENT:
                return second, first, True
            return None
        if located is not None:
            return located, second if located is first else first, True
        if b < place:
            between = row[a + 1 : b]
            if any(t.sort == "have" or t.sort == "V" for t in between):
                return first, second, False
            if a and row[a - 1].sort in ("when", "V"):
                return first, second, True
            following = row[place + 1 :]
            if following and following[0].sort == "p" and following[0].text == "from":
                return None
        return None
    if a < place < b:
        if any(t.sort == "when" for t in row[place:b]):
            return None
        if row[a - 1 : a] and row[a - 1].sort == "when" and "," in [t.sort for t in row[place:b]]:
            return None if any(t.sort == "V" for t in row[b:]) else (first, second, False)
        if place + 2 == b and row[place + 1].text == "in" and row[place + 1].sort == "p" and word.lemma not in _ENDS_IN:
            return second, first, True  # "`g` runs within `f`"
        return first, second, False
    if b < place:
        if place == b + 1:
            between = row[a + 1 : b]
            if (
                a
                and row[a - 1].sort == "p"
                and row[a - 1].text in ("in", "from")
                and any(t.sort == "," for t in between)
            ):
                return (second, first, False) if "inherits" in word.acts else (first, second, True)
            return second, first, False
        return None
    if place < a and any(t.sort == "be" for t in row[a:b]) and row[b - 1].sort == "be":
        return second, first, False  # "the function that calls `g` is `f`"
    if place < a and row[a - 1].sort != "p" and _is(row[b - 1], "p", "to") and "takes" in word.acts:
        return second, first, True  # "one can pass `x` to `f`"
    if located is not None and place < max(a, b):
        return located, second if located is first else first, True
    return None


def _bound_by(row: list[Token], place: int) -> str:
    """The preposition in front of a name."""
    while place and row[place - 1].sort in "NUD":
        place -= 1
    return row[place - 1].text if place and row[place - 1].sort == "p" else ""


def _object_follows(row: list[Token], place: int) -> bool:
    return place + 1 < len(row) and row[place + 1].sort == "M"


def _located(row: list[Token], a: int, b: int, first: Token, second: Token) -> Token | None:
    """The one name that is said to be the place: "in `f`, `e` is raised", "one finds `m` in `c`"."""
    places = [
        t
        for i, t in ((a, first), (b, second))
        if i and row[i - 1].sort == "p" and row[i - 1].text in ("in", "from", "by", "on")
    ]
    return places[0] if len(places) == 1 else None


def _without_verb(row: list[Token], first: Token, second: Token, a: int, b: int, nouns: list) -> Reading | None:
    sides = [(n.doer, n.done, n.deed) for n in nouns]
    kinds = list(dict.fromkeys(k for s in sides for part in s for k in part)) or list(ANY)
    between = [t.sort for t in row[a:b]]
    located = _located(row, a, b, first, second)
    if located is not None:
        return _reading(kinds, located, second if located is first else first)
    if "have" in between or (b and _is(row[b - 1], "p", "with") and "have" not in between):
        return _reading(kinds, first, second)
    if "be" in between and b and row[b - 1].sort == "p" and row[b - 1].text == "of":
        return _reading(kinds, second, first)
    if between == ["M", "be"] and not nouns:
        return _reading(("inherits",), first, second)  # "`a` is a `b`"
    return None
