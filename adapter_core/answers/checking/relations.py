"""What a sentence claims about the names in it: who calls, returns, raises, sets, extends, overrides, takes what, under which condition.

Read by patterns over the plain words (`sentence.py`), also of long sentences with lists; `meant_relations.py` sees to what no pattern
knows of few names. A relation said the other way round ("is called by") is turned, so that its direction counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .denials import NEGATION
from .sentence import MARK, Mention, Sentence
from .verbs import RELATIONAL, VERBS

_CONDITION = re.compile(
    r"\b(?:only )?(?:if|when|whenever|unless|while|as long as|provided(?: that)?|in (?:a|the) branch (?:under|where|of))\b",
    re.I,
)
EXCLUSIVE = re.compile(r"\b(?:only|always|exclusively|solely|invariably|every time)\b", re.I)
_ORDER = re.compile(r",?\s*\b(?:in (?:the |this )?order(?: written)?|in turn)\b,?", re.I)
_ROOM = re.compile(
    r"[\s,(]*(?:(?:the|a|an|its|their|both|either|optionally|then|also|first|further|new|directly|only|value of|value|literal|function|"
    r"method|class|parameters?|arguments?|tests?|exception|constant|given|named|called)\b[\s,(]*)*"
)
_LIST = re.compile(r"[\s,()]*(?:(?:and|or|then|finally|the|a|an|also|optionally|as well as|next)\b[\s,(]*)*")
BY_DOCSTRING = ", by its docstring:"
_RAISED = re.compile(r"(?<=raises )\x02(\d+)\x03, by its docstring:\s*\Z")
_OF = re.compile(r"(?:\s+\w+){0,2}\s+(?:of|in|on|from)(?: the)?(?: (?:class|module|function|method))?\s+")
_BEFORE_VERB = re.compile(
    r"(?:[\s(),]|\b(?:is|are|was|were|be|being|gets|does|do|did|can|may|will|would|should|must|also|then|first|only|always|never|not|"
    r"directly|internally|cannot|don't|doesn't|isn't|aren't|which|that|who|it|exclusively|solely|an?|the|in turn|finally|optionally|"
    r"immediate|direct|has|have)\b)*\Z",
    re.I,
)
# What is said of a condition to say that it holds, or that it does not.
IS_TRUE = (
    r"(?:\s*,?\s*(?:\b(?:condition|expression|test|check)\b\s*)?\b(?:(?:is|are|being|was|were|turns? out(?: to be)?|comes? out(?: as)?|"
    r"evaluates?(?: to)?|evaluating to|proves?(?: to be)?|becomes?|goes)\s*(?:\b(?:true|truthy|met|satisfied|fulfilled|given|set|the case|"
    r"non-empty|positive|so)\b)?|holds(?: true)?|holding(?: true)?|succeeds|applies|passes|true|met)\b)"
)
IS_FALSE = (
    r"(?:\s*\b(?:(?:does|do) not (?:hold|apply)|doesn't hold|fails|is (?:not (?:true|met|satisfied|set|given|the case)|false|falsy|unset|"
    r"empty)|(?:evaluates|comes out|turns out)(?: to| as| to be)? false)\b)"
)
_HOLDS = re.compile(
    rf"\s*(?:is|are)?\s*(?:set|true|truthy|given|holds?|provided|non-empty|nonempty)?\s*(?=[.,;:)]|\Z)|{IS_TRUE}\s*(?=[.,;:)]|\Z)",
    re.I,
)
_FAILS = re.compile(IS_FALSE, re.I)
_CLAUSE = re.compile(r";|\.\s|—|: (?!\x02)")
_FOR_PARAMETER = re.compile(r"\s+for(?: the)?(?: (?:parameter|argument|option))?\s+(?=\x02)")
_NOUN_OF_CALLS = re.compile(r"(?:an? |the |one )?calls? (?:to|of)", re.I)  # "the calls to `f` are slow"
_PLAIN = frozenset({"kind", "defined"})


@dataclass(frozen=True, slots=True)
class Condition:
    """`exact`: the mention is the whole condition, and holds or does not; else it is only mentioned in it. `caught`: it is the type
    that an exception handler catches."""

    mention: Mention
    holds: bool = True
    exact: bool = False
    caught: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """`subjects` all have to fit ("the method `get` of `Cache`"); none: whatever the lines are about. `loose`: the objects are not the
    object itself ("returns the length of `x`"). `second` are the values of "sets … to", "the default of … is". `words`: the verb."""

    kind: str
    subjects: tuple[Mention, ...]
    objects: tuple[Mention, ...]
    negated: bool = False
    exclusive: bool = False
    loose: bool = False
    ordered: bool = False
    words: str = ""
    second: tuple[Mention, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def mentions(self) -> tuple[Mention, ...]:
        return (*self.subjects, *self.objects, *self.second, *(c.mention for c in self.conditions))


@dataclass
class _Verb:
    kind: str
    turned: bool
    start: int
    end: int
    clause: tuple[int, int] = (0, 0)
    conditions: list[Condition] = field(default_factory=list)
    used: bool = False  # a relation was made of it


@dataclass(frozen=True, slots=True)
class Claims:
    """`negations`: words of negation, with what follows them, that belong to no relation; `exclusive` words ("only") likewise, and
    `unread` words that tell a relation, where there are names that no relation took up. `incomplete`: there
    are such names."""

    relations: tuple[Relation, ...]
    negations: tuple[str, ...]
    exclusive: tuple[str, ...]
    unread: tuple[str, ...] = ()
    incomplete: bool = False


def claims_in(sentence: Sentence) -> Claims:
    """What a sentence claims."""
    return _Reader(sentence).read()


def _turned(relation: Relation) -> Iterator[Relation]:
    """A relation that is told from its object ("is called by"), the right way round."""
    doer = relation.subjects[:1]
    if relation.exclusive:
        yield replace(relation, kind=f"only_{relation.kind}", subjects=relation.objects, objects=doer)
    else:
        for one in relation.objects:
            yield replace(relation, subjects=(one,), objects=doer)


class _Reader:
    def __init__(self, sentence: Sentence) -> None:
        self._mentions = sentence.mentions
        self._ordered = bool(_ORDER.search(sentence.plain))
        self._text = _ORDER.sub(" ", sentence.plain)
        self._used: list[tuple[int, int]] = []

    def read(self) -> Claims:
        verbs = self._verbs()
        conditions = self._conditions(verbs)
        relations = [r for i in range(len(verbs)) for r in self._relation(verbs, i, conditions)]
        if BY_DOCSTRING in self._text:
            relations = [replace(r, words=r.words + BY_DOCSTRING) if r.kind == "raises" else r for r in relations]
        relations += self._of_quotations(verbs)
        left = [m for m in NEGATION.finditer(self._text) if not self._is_used(m)]
        negations = tuple(self._text[m.start() : m.end() + 40] for m in left)
        exclusive = tuple(m.group() for m in EXCLUSIVE.finditer(self._text) if not self._is_used(m))
        incomplete = self._left(relations)
        if any(r.negated and r.kind not in ("default", "default_of") and "default" in self._text for r in relations):
            negations += ("by default",)  # denied is that it is the default
        return Claims(tuple(relations), negations, exclusive, self._unread(verbs) if incomplete else (), incomplete)

    def _left(self, relations: list[Relation]) -> bool:
        """Whether there are several names, of which no relation took up one."""
        taken = {m for r in relations for m in r.mentions}
        names = [m for m in self._mentions if m.kind in ("code", "name")]
        return len(names) > 1 and any(m not in taken for m in names)

    def _unread(self, verbs: list[_Verb]) -> tuple[str, ...]:
        found = list(RELATIONAL.finditer(self._text))
        read = [v for v in verbs if v.used]
        return tuple(m.group() for m in found if not any(v.start <= m.start() < v.end for v in read))

    def _is_used(self, match: re.Match[str]) -> bool:
        return any(a <= match.start() and match.end() <= b for a, b in self._used)

    # -- places ------------------------------------------------------------------------------------------------------

    def _verbs(self) -> list[_Verb]:
        found = [_Verb(kind, turned, *m.span()) for kind, turned, p in VERBS for m in p.finditer(self._text)]
        found.sort(key=lambda v: (v.start, -v.end))
        kept: list[_Verb] = []
        for verb in found:
            if not kept or verb.start >= kept[-1].end:
                kept.append(verb)
        return kept

    def _conditions(self, verbs: list[_Verb]) -> list[tuple[int, int, list[Condition]]]:
        """(start, end, what must hold) of each conditional clause."""
        found = []
        starts = [*(v.start for v in verbs)]
        for match in _CONDITION.finditer(self._text):
            if any(v.start <= match.start() < v.end for v in verbs):
                continue
            word = match.group().lower()
            position = match.end()
            caught = re.match(r"\s*(?:it |an? |the )*(?:catch(?:es)?|catching|exception)\s*", self._text[position:])
            if caught:
                position += caught.end()
            following = [s for s in starts if s >= position]
            end = min([*following, self._clause_end(position)])
            if not self._text[: match.start()].strip():
                comma = self._text.find(",", position)
                end = min(end, comma) if comma > 0 else end
            conditions: list[Condition] = []
            marks = list(MARK.finditer(self._text, position, end))
            unless = "unless" in word
            if not caught and self._is_series(marks, position, end, unless):
                conditions = [Condition(self._mention(m), not unless, True) for m in marks]
                marks = []
            elif marks and not self._text[position : marks[0].start()].strip(" ,(:"):
                conditions.append(self._condition(marks[0], end, unless, bool(caught)))
                marks = marks[1:] if conditions[0].exact or caught else marks
            conditions += [Condition(self._mention(m)) for m in marks]
            found.append((match.start(), end, conditions))
        return found

    def _is_series(self, marks: list[re.Match[str]], start: int, end: int, unless: bool) -> bool:
        """Whether a clause is "`a` and `b`", all of which hold, or "unless `a` or `b`", none of which does. ("Unless `a` and `b`" leaves
        open which one fails; to be sure, both have to.)"""
        if len(marks) < 2 or self._text[start : marks[0].start()].strip(" ,(:"):
            return False
        joins = [self._text[a.end() : b.start()].strip(" ,") for a, b in pairwise(marks)]
        known = ("", "and", "or") if unless else ("", "and")
        return all(join.lower() in known for join in joins) and bool(_HOLDS.match(self._text[marks[-1].end() : end]))

    def _condition(self, mark: re.Match[str], end: int, unless: bool, caught: bool) -> Condition:
        mention, rest = self._mention(mark), self._text[mark.end() : end]
        if caught:
            return Condition(mention, True, True, True)
        fails = _FAILS.match(rest)
        if fails:
            self._used.append((mark.end(), mark.end() + fails.end()))
            return Condition(mention, unless, True)
        return Condition(mention, not unless, bool(_HOLDS.match(rest)))

    def _clause_end(self, position: int) -> int:
        match = _CLAUSE.search(self._text, position)
        return match.start() if match else len(self._text)

    def _mention(self, mark: re.Match[str]) -> Mention:
        return self._mentions[int(mark[1])]

    # -- one relation ------------------------------------------------------------------------------------------------

    def _relation(
        self, verbs: list[_Verb], number: int, conditions: list[tuple[int, int, list[Condition]]]
    ) -> Iterator[Relation]:
        verb = verbs[number]
        if any(a <= verb.start < b for a, b, _ in conditions) and verb.kind == "catches":
            return
        stop = min(
            [v.start for v in verbs[number + 1 :]]
            + [a for a, _, _ in conditions if a >= verb.end]
            + [self._clause_end(verb.end)]
        )
        objects, loose, end = self._objects(verb.end, stop)
        second = self._second(verb.kind, end, stop) if verb.kind in ("sets", "default_of", "passed") and objects else ()
        subjects, before = self._subjects(verbs, number, conditions)
        subjects = self._subjects_behind(verb, subjects, second, objects, (end, stop))
        around = self._text[before : verb.end]
        if not self._is_claimed(verb, subjects, objects, second, around):
            return
        verb.used = True
        negated, exclusive = bool(NEGATION.search(around)), bool(EXCLUSIVE.search(around))
        if negated or exclusive:
            self._used.append((before, verb.end))
        held = tuple(c for a, _, found in conditions for c in found if a >= verb.end and stop >= a) or tuple(
            c for _, b, found in conditions for c in found if b <= verb.start and not number
        )
        words = self._text[verb.start : verb.end].lower()
        if verb.kind == "count":
            words += self._text[end : end + 20].lower()  # the noun is part of it: "has `3` methods"
        relation = Relation(
            verb.kind, subjects, objects, negated, exclusive, loose, self._ordered, words, second, held
        )  # fmt: skip
        yield from _turned(relation) if verb.turned and verb.kind != "count" else [relation]

    def _subjects_behind(
        self,
        verb: _Verb,
        subjects: tuple[Mention, ...],
        second: tuple[Mention, ...],
        objects: tuple[Mention, ...],
        rest: tuple[int, int],
    ) -> tuple[Mention, ...]:
        """The subjects, where those of a default stand behind its objects, in the `rest` of the clause."""
        if verb.kind == "default_of":
            # Of "the default of `x` in `f` is `v`" the `f`.
            between = (self._mention(m) for m in MARK.finditer(self._text, *rest))
            return tuple(m for m in between if m not in second)
        if verb.kind == "default" and objects:
            # Of "has a default of `v` for `x`" the `x`.
            further = _FOR_PARAMETER.match(self._text, *rest)
            mark = MARK.match(self._text, further.end(), rest[1]) if further else None
            return (self._mention(mark), *subjects) if mark else subjects
        return subjects

    def _is_claimed(
        self,
        verb: _Verb,
        subjects: tuple[Mention, ...],
        objects: tuple[Mention, ...],
        second: tuple[Mention, ...],
        around: str,
    ) -> bool:
        """Whether a verb with these makes a relation."""
        if not objects and not (verb.kind in _PLAIN and subjects):
            return False
        if verb.kind == "default_of" and not second:
            return False
        return bool(subjects) or not (verb.turned or _NOUN_OF_CALLS.match(around.strip()))

    def _objects(self, start: int, stop: int) -> tuple[tuple[Mention, ...], bool, int]:
        """The list of mentions behind a verb; whether words stand before it that change what it means; where it ends."""
        room = _ROOM.match(self._text, start, stop)
        position = room.end() if room else start
        first = MARK.match(self._text, position, stop)
        loose = first is None
        if first is None:
            first = MARK.search(self._text, position, stop)
            if first is None or len(self._text[position : first.start()].split()) > 5:
                return (), False, start
        if self._mention(first).kind == "quote":
            return (), False, start
        found = [self._mention(first)]
        position = first.end()
        while True:
            gap = _LIST.match(self._text, position, stop)
            following = MARK.match(self._text, gap.end(), stop) if gap and gap.end() > position else None
            # "calls `a`, and `b` returns": the last one begins what comes next.
            begins = following is not None and stop < len(self._text) and not self._text[following.end() : stop].strip()
            if following is None or begins or self._mention(following).kind == "quote":
                return tuple(found), loose, position
            found.append(self._mention(following))
            position = following.end()

    def _second(self, kind: str, start: int, stop: int) -> tuple[Mention, ...]:
        if kind == "default_of":
            # "the default of `x` (in `f`) is `v`"
            match = re.compile(r"[^.;]*?\bis (?:the )?", re.I).match(self._text, start, stop)
        elif kind == "passed":
            match = re.compile(r"\s+(?:in|by) ", re.I).match(self._text, start, stop)
        else:
            match = re.compile(r"\s+(?:to|with|by|from)(?: the(?: value)?)? ", re.I).match(self._text, start, stop)
        return self._objects(match.end(), stop)[0] if match else ()

    def _subjects(
        self, verbs: list[_Verb], number: int, conditions: list[tuple[int, int, list[Condition]]]
    ) -> tuple[tuple[Mention, ...], int]:
        """Who does it, and where the words between subject and verb begin."""
        verb = verbs[number]
        begin = max([m.end() for m in _CLAUSE.finditer(self._text, 0, verb.start)], default=0)
        marks = list(MARK.finditer(self._text, begin, verb.start))
        marks = [m for m in marks if not any(a <= m.start() < b for a, b, _ in conditions)]
        marks = [m for m in marks if self._mention(m).kind != "quote"]
        if not marks:
            gap = re.search(r"[^,]*\Z", self._text[begin : verb.start])
            return (), begin + (gap.start() if gap else 0)
        near = marks[-1]
        adjacent = bool(_BEFORE_VERB.match(self._text, near.end(), verb.start))
        behind = any(v.end <= near.start() for v in verbs[:number])
        listed = behind and verb.kind != "default" and self._in_list(near, verb)
        if adjacent and not listed:
            chain = [near]
            for earlier in reversed(marks[:-1]):
                if not _OF.fullmatch(self._text, earlier.end(), chain[0].start()):
                    break
                chain.insert(0, earlier)
            return tuple(map(self._mention, chain)), near.end()
        gap = re.search(r"[^,]*\Z", self._text[near.end() : verb.start])
        chain = [marks[0]]
        if len(marks) > 1 and _OF.fullmatch(self._text, marks[0].end(), marks[1].start()):
            chain.append(marks[1])
        return tuple(map(self._mention, chain)), near.end() + (gap.start() if gap else 0)

    def _in_list(self, mark: re.Match[str], verb: _Verb) -> bool:
        """Whether the mention before a verb is an object of the verb before: "calls `a` and returns" is not about `a`."""
        between = self._text[mark.end() : verb.start]
        if re.search(r"\b(?:which|that|who)\b", between):
            return False
        return verb.kind == "defined" or bool(re.search(r"\band\b|,", between))

    # -- quotations --------------------------------------------------------------------------------------------------

    def _of_quotations(self, verbs: list[_Verb]) -> list[Relation]:
        """ "`f`: “…”", "`x` of `f`: “…”": the quotation stands in `f`."""
        found = []
        for mark in MARK.finditer(self._text):
            quote = self._mention(mark)
            if quote.kind != "quote":
                continue
            before = self._text[: mark.start()]
            if not re.search(r"(?::|\bsays:?|\bsays that|\bdocstring)\s*\Z", before):
                continue
            marks = [m for m in MARK.finditer(before) if self._mention(m).kind != "quote"]
            owners = [m for m in marks if not any(v.end <= m.start() and v.kind in ("raises",) for v in verbs)]
            if owners:
                last = (
                    owners[1]
                    if len(owners) > 1 and _OF.fullmatch(before, owners[0].end(), owners[1].start())
                    else owners[0]
                )
                words = "comment" if "comment" in before.lower() else "quoted"
                field = (self._mention(owners[0]),) if last is not owners[0] else ()
                if raised := _RAISED.search(before):
                    words, field = "raised", (self._mention(raised),)
                found.append(Relation("quoted", (self._mention(last),), (quote,), words=words, second=field))
        return found
