"""What a question asks the place of: the act by its verb ("Where is the state changed?"), and the words of what it is done to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....evidence.question import Question
from ....graph import terms

# The acts, each with the words by which people and code call it. A word may call several.
_ACT_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "set": "set change assign update replace store save overwrite modify alter mutate reset record remember keep put "
        "write patch bump initialize override mark configure cache swap attach adjust",
        "add": "add append insert register push attach put collect queue enqueue subscribe schedule extend include bind "
        "hook install join",
        "remove": "remove delete drop discard throw-away throw-out evict clear prune purge forget pop popleft popitem "
        "unregister detach strip erase expire clean clean-up get-rid wipe destroy reap trim empty unlink rmtree "
        "dispose invalidate take-out flush",
        "create": "create make build construct instantiate open launch spawn allocate start generate new fork begin",
        "raise": "raise throw reject refuse fail complain forbid deny error",
        "send": "send write emit post publish dispatch transmit push deliver respond flush print put notify report answer "
        "reply set",
        "stop": "cancel stop close kill terminate shut-down shut abort tear-down end disconnect release shutdown aclose "
        "finish interrupt give-up exit",
        "skip": "skip leave-out leave ignore omit filter-out filter exclude drop suppress give-up miss",
        "count": "count increment tally number increase decrement bump track",
        "check": "check validate verify decide detect enforce compare ensure test",
        "pass": "hand-down hand-over hand-on pass-on pass-down pass propagate forward apply hand",
        "call": "call run invoke execute perform do trigger fire apply",
        "load": "load read parse fetch decode deserialize import",
        "convert": "convert turn transform translate encode serialize cast coerce resolve map",
        "wait": "wait block sleep pause",
        "merge": "merge combine join mix",
        "handle": "handle catch process accept receive",
    }.items()
}
_KNOWN = frozenset().union(*_ACT_WORDS.values())
# Acts that an assignment does; others keep something elsewhere.
_ASSIGNED = frozenset(
    "set change assign update replace store save overwrite modify alter mutate reset initialize override swap attach bump adjust".split()
)
_IRREGULAR = dict(
    pair.split(":")
    for pair in (
        "thrown:throw left:leave given:give written:write sent:send made:make built:build kept:keep torn:tear "
        "taken:take done:do bound:bind forgotten:forget begun:begin lost:lose caught:catch held:hold run:run set:set "
        "put:put shut:shut read:read got:get gotten:get wiped:wipe dropped:drop stopped:stop trimmed:trim skipped:skip "
        "omitted:omit cancelled:cancel canceled:cancel overridden:override hidden:hide stripped:strip swapped:swap "
        "mapped:map popped:pop merged:merge closed:close"
    ).split()
)
_PARTICLES = frozenset("away out up down over on off".split())
_WHERE = re.compile(
    r"\bwhere(?:abouts)?\b|\b(?:which|what) (?:part|place|line|function|method|module|file|code)\b", re.I
)
_ASIDE = re.compile(r"\b(?:when|if|while|after|before|because|once|until|so that|during)\b", re.I)
_PASSIVE = frozenset("is are was were be been being gets get got isn't aren't".split())
_ACTIVE = frozenset("does do did can could will would should must".split())
_BEFORE_NOUNS = frozenset(
    "the a an its this that these those each every any some all no of to from in on at by for with into".split()
)
_PLACEHOLDER = re.compile(r"\b([A-Za-z]\w*_)(?:<\w+>|\{\w+\}|X{1,3}\b|\*)|(?:<\w+>|\{\w+\})(_\w*[A-Za-z])")


@dataclass(frozen=True, slots=True)
class AskedAct:
    """`names`: of the act, keys of `_ACT_WORDS`. `verbs`: its terms as asked. `words`: all terms by which code may call it. `objects`: the
    other terms of the question with their weights; those of a clause beside it ("when too many are open") count half. `literals`: what a
    name with a placeholder (`is_<state>`) begins or ends with. `is_assigned`: whether an assignment does the act. `compounds`: terms of two
    words that stand beside each other, run together."""

    names: frozenset[str]
    verbs: frozenset[str]
    words: frozenset[str]
    objects: Mapping[str, float]
    literals: tuple[str, ...]
    is_assigned: bool
    compounds: tuple[str, ...] = ()


def asked_act(question: Question, weights: Mapping[str, float]) -> AskedAct | None:
    """The act whose place a question asks for; None if it asks for no place or names no act that is known."""
    text = question.text[:300]
    where = _WHERE.search(text)
    if where is None or not weights:
        return None
    clause = text[where.end() :].partition("?")[0]
    aside = _ASIDE.search(clause)
    main = clause[: aside.start()] if aside else clause
    verbs = _verbs(re.findall(r"[\w'-]+", main.lower()))
    if not verbs:
        return None
    bases = [base for _, base in verbs]
    names = frozenset(name for name, known in _ACT_WORDS.items() if not known.isdisjoint(bases))
    words = {word for name in names for word in _ACT_WORDS[name] if "-" not in word}
    plain = frozenset(terms.stem(base.partition("-")[0]) for base in bases)
    placeholders = list(_PLACEHOLDER.finditer(text))
    own = (
        {terms.stem(word) for written, _ in verbs for part in written for word in (part, _base(part))}
        | plain
        | _FILLERS
    )
    own |= {term for match in placeholders for term in terms.terms_of(match.group())}
    main_terms = set(terms.terms_of(main))
    objects = {t: weight if t in main_terms else weight / 2 for t, weight in weights.items() if t not in own}
    if not objects:
        return None
    literals = tuple(match[1] or match[2] for match in placeholders)
    is_assigned = not _ASSIGNED.isdisjoint(bases)
    plain_words = re.findall(r"[a-z]+", main.lower())
    compounds = tuple(terms.stem(a + b) for a, b in itertools.pairwise(plain_words) if len(a) > 2 and len(b) > 2)
    return AskedAct(names, plain, frozenset(map(terms.stem, words)), objects, literals, is_assigned, compounds)


_FILLERS = frozenset(terms.stem(w) for w in "actually really first finally exactly currently away down get got".split())


def _verbs(words: Sequence[str]) -> list[tuple[tuple[str, ...], str]]:
    """The verb of the clause as written, with its particle, and its base form: the last participle behind a form of "be" or "get", else the
    first word behind "does" that calls an act; with the one before it that "or" joins to it."""
    start = next((i for i, word in enumerate(words) if word in _PASSIVE | _ACTIVE), None)
    if start is None:
        return []
    found: list[tuple[int, tuple[str, ...], str]] = []
    for i in range(start + 1, len(words)):
        base, following = _base(words[i]), words[i + 1] if i + 1 < len(words) else ""
        if following in _PARTICLES and f"{base}-{following}" in _KNOWN:
            found.append((i, (words[i], following), f"{base}-{following}"))
        elif base in _KNOWN:
            found.append((i, (words[i],), base))
    participles = [f for f in found if f[1][0] in _IRREGULAR or f[1][0].endswith("ed")]
    plain = [f for f in found if f[1][0] == _base(f[1][0]) and words[f[0] - 1] not in _BEFORE_NOUNS]
    if not _PASSIVE.isdisjoint(words) and participles:
        chosen, others = participles[-1], participles
    elif words[start] in _ACTIVE and plain:
        chosen, others = plain[0], plain
    else:
        return []
    joined = [f for f in others if chosen[0] - f[0] == 2 and words[chosen[0] - 1] in ("or", "and")]
    return [(written, base) for _, written, base in (*joined, chosen)]


def _base(word: str) -> str:
    """The base form of a verb: `replace` of `replaced`."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for suffix, added in (("ied", "y"), ("ed", ""), ("ed", "e"), ("es", ""), ("s", "")):
        if word.endswith(suffix) and len(word) - len(suffix) > 1:
            base = word[: -len(suffix)] + added
            if base in _BASES:
                return base
    return word


_BASES = frozenset(part for word in _KNOWN for part in (word, word.partition("-")[0]))
