"""Parses the relations that a sentence claims between its names: calls, returns, raises, sets, extends …, and under which conditions.

By patterns over the plain words (`sentence.py`), for long sentences with lists, too; `likely_relations.py` handles other wordings about
few names. A passive ("is called by") has its sides swapped, so that all relations run from agent to patient.
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
_BEFORE_OBJECT = re.compile(
    r"[\s,(]*(?:(?:the|a|an|its|their|both|either|optionally|then|also|first|further|new|directly|only|value of|value|literal|function|"
    r"method|class|parameters?|arguments?|tests?|exception|constant|given|named|called)\b[\s,(]*)*"
)
_LIST_SEPARATOR = re.compile(r"[\s,()]*(?:(?:and|or|then|finally|the|a|an|also|optionally|as well as|next)\b[\s,(]*)*")
BY_DOCSTRING = ", by its docstring:"
_RAISED = re.compile(r"(?<=raises )\x02(\d+)\x03, by its docstring:\s*\Z")
_OWNER_PREPOSITION = re.compile(
    r"(?:\s+\w+){0,2}\s+(?:of|in|on|from)(?: the)?(?: (?:class|module|function|method))?\s+"
)
_BEFORE_VERB = re.compile(
    r"(?:[\s(),]|\b(?:is|are|was|were|be|being|gets|does|do|did|can|may|will|would|should|must|also|then|first|only|always|never|not|"
    r"directly|internally|cannot|don't|doesn't|isn't|aren't|which|that|who|it|exclusively|solely|an?|the|in turn|finally|optionally|"
    r"immediate|direct|has|have)\b)*\Z",
    re.I,
)
# Words after a condition that say that it holds, or that it does not.
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
_KINDS_WITHOUT_OBJECT = frozenset({"kind", "defined"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a relation. `exact`: the mention is the whole condition, which `holds` or not; else it only occurs in the condition.
    `caught`: the mention is the type that an exception handler catches."""

    mention: Mention
    holds: bool = True
    exact: bool = False
    caught: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A claimed relation. `subjects` must all match ("the method `get` of `Cache`"); none: any definition of the lines. `loose`: the
    object only contains the mention ("returns the length of `x`"). `second_objects`: the values of "sets … to" and "the default of … is",
    the place of "is passed to … in". `words`: the verb as written."""

    kind: str
    subjects: tuple[Mention, ...]
    objects: tuple[Mention, ...]
    negated: bool = False
    exclusive: bool = False
    loose: bool = False
    ordered: bool = False
    words: str = ""
    second_objects: tuple[Mention, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def mentions(self) -> tuple[Mention, ...]:
        return (*self.subjects, *self.objects, *self.second_objects, *(c.mention for c in self.conditions))


@dataclass
class _Verb:
    kind: str
    is_swapped: bool
    start: int
    end: int
    clause: tuple[int, int] = (0, 0)
    conditions: list[Condition] = field(default_factory=list)
    is_claimed: bool = False  # a relation was made of it


@dataclass(frozen=True, slots=True)
class Claims:
    """What a sentence claims. Words that belong to none of the relations: `negations`, each with the text that follows it, `exclusive`
    ("only") and, where there are names in no relation (`incomplete`), `unread_words` that would express one."""

    relations: tuple[Relation, ...]
    negations: tuple[str, ...]
    exclusive: tuple[str, ...]
    unread_words: tuple[str, ...] = ()
    incomplete: bool = False


def claims_in(sentence: Sentence) -> Claims:
    """Parse the claims of a sentence."""
    return _ClaimParser(sentence).parse()


def _swap_sides(relation: Relation) -> Iterator[Relation]:
    """The active relations of a passive one ("is called by"): one for each agent."""
    patient = relation.subjects[:1]
    if relation.exclusive:
        yield replace(relation, kind=f"only_{relation.kind}", subjects=relation.objects, objects=patient)
    else:
        for mention in relation.objects:
            yield replace(relation, subjects=(mention,), objects=patient)


class _ClaimParser:
    def __init__(self, sentence: Sentence) -> None:
        self._mentions = sentence.mentions
        self._ordered = bool(_ORDER.search(sentence.plain))
        self._text = _ORDER.sub(" ", sentence.plain)
        self._used: list[tuple[int, int]] = []

    def parse(self) -> Claims:
        verbs = self._verbs()
        conditions = self._conditions(verbs)
        relations = [r for i in range(len(verbs)) for r in self._relation(verbs, i, conditions)]
        if BY_DOCSTRING in self._text:
            relations = [replace(r, words=r.words + BY_DOCSTRING) if r.kind == "raises" else r for r in relations]
        relations += self._quotation_relations(verbs)
        unused = [m for m in NEGATION.finditer(self._text) if not self._is_used(m)]
        negations = tuple(self._text[m.start() : m.end() + 40] for m in unused)
        exclusive = tuple(m.group() for m in EXCLUSIVE.finditer(self._text) if not self._is_used(m))
        incomplete = self._has_unclaimed_names(relations)
        if any(r.negated and r.kind not in ("default", "default_of") and "default" in self._text for r in relations):
            negations += ("by default",)  # the default is denied, and not the relation
        return Claims(
            tuple(relations), negations, exclusive, self._unread_words(verbs) if incomplete else (), incomplete
        )

    def _has_unclaimed_names(self, relations: list[Relation]) -> bool:
        """Whether there are several names, and one of them is in no relation."""
        claimed = {m for r in relations for m in r.mentions}
        names = [m for m in self._mentions if m.kind in ("code", "name")]
        return len(names) > 1 and any(m not in claimed for m in names)

    def _unread_words(self, verbs: list[_Verb]) -> tuple[str, ...]:
        relational = list(RELATIONAL.finditer(self._text))
        claimed_verbs = [v for v in verbs if v.is_claimed]
        return tuple(m.group() for m in relational if not any(v.start <= m.start() < v.end for v in claimed_verbs))

    def _is_used(self, match: re.Match[str]) -> bool:
        return any(a <= match.start() and match.end() <= b for a, b in self._used)

    # -- places ------------------------------------------------------------------------------------------------------

    def _verbs(self) -> list[_Verb]:
        matches = [_Verb(kind, turned, *m.span()) for kind, turned, p in VERBS for m in p.finditer(self._text)]
        matches.sort(key=lambda v: (v.start, -v.end))
        verbs: list[_Verb] = []
        for verb in matches:
            if not verbs or verb.start >= verbs[-1].end:
                verbs.append(verb)
        return verbs

    def _conditions(self, verbs: list[_Verb]) -> list[tuple[int, int, list[Condition]]]:
        """(start, end, its conditions) of each conditional clause."""
        clauses = []
        verb_starts = [*(v.start for v in verbs)]
        for match in _CONDITION.finditer(self._text):
            if any(v.start <= match.start() < v.end for v in verbs):
                continue
            word = match.group().lower()
            position = match.end()
            exception_words = re.match(
                r"\s*(?:it |an? |the )*(?:catch(?:es)?|catching|exception)\s*", self._text[position:]
            )
            if exception_words:
                position += exception_words.end()
            starts_behind = [s for s in verb_starts if s >= position]
            end = min([*starts_behind, self._clause_end(position)])
            if not self._text[: match.start()].strip():
                comma = self._text.find(",", position)
                end = min(end, comma) if comma > 0 else end
            conditions: list[Condition] = []
            marks = list(MARK.finditer(self._text, position, end))
            unless = "unless" in word
            if not exception_words and self._is_series(marks, position, end, unless):
                conditions = [Condition(self._mention(m), not unless, True) for m in marks]
                marks = []
            elif marks and not self._text[position : marks[0].start()].strip(" ,(:"):
                conditions.append(self._condition(marks[0], end, unless, bool(exception_words)))
                marks = marks[1:] if conditions[0].exact or exception_words else marks
            conditions += [Condition(self._mention(m)) for m in marks]
            clauses.append((match.start(), end, conditions))
        return clauses

    def _is_series(self, marks: list[re.Match[str]], start: int, end: int, unless: bool) -> bool:
        """Whether a clause is "`a` and `b`", which all hold, or "unless `a` or `b`", which all fail. ("Unless `a` and `b`" is ambiguous; it
        is read as that both fail.)"""
        if len(marks) < 2 or self._text[start : marks[0].start()].strip(" ,(:"):
            return False
        separators = [self._text[a.end() : b.start()].strip(" ,") for a, b in pairwise(marks)]
        series_words = ("", "and", "or") if unless else ("", "and")
        return all(join.lower() in series_words for join in separators) and bool(
            _HOLDS.match(self._text[marks[-1].end() : end])
        )

    def _condition(self, mark: re.Match[str], end: int, unless: bool, caught: bool) -> Condition:
        mention, remainder = self._mention(mark), self._text[mark.end() : end]
        if caught:
            return Condition(mention, True, True, True)
        failure = _FAILS.match(remainder)
        if failure:
            self._used.append((mark.end(), mark.end() + failure.end()))
            return Condition(mention, unless, True)
        return Condition(mention, not unless, bool(_HOLDS.match(remainder)))

    def _clause_end(self, position: int) -> int:
        match = _CLAUSE.search(self._text, position)
        return match.start() if match else len(self._text)

    def _mention(self, mark: re.Match[str]) -> Mention:
        return self._mentions[int(mark[1])]

    # -- one relation ------------------------------------------------------------------------------------------------

    def _relation(
        self, verbs: list[_Verb], index: int, conditions: list[tuple[int, int, list[Condition]]]
    ) -> Iterator[Relation]:
        verb = verbs[index]
        if (
            any(start <= verb.start < stop_of_clause for start, stop_of_clause, _ in conditions)
            and verb.kind == "catches"
        ):
            return
        end_of_objects = min(
            [v.start for v in verbs[index + 1 :]]
            + [start for start, _, _ in conditions if start >= verb.end]
            + [self._clause_end(verb.end)]
        )
        objects, loose, end = self._objects(verb.end, end_of_objects)
        second = (
            self._second_objects(verb.kind, end, end_of_objects)
            if verb.kind in ("sets", "default_of", "passed") and objects
            else ()
        )
        subjects, before = self._subjects(verbs, index, conditions)
        subjects = self._with_subjects_behind(verb, subjects, second, objects, (end, end_of_objects))
        before_and_verb = self._text[before : verb.end]
        if not self._makes_relation(verb, subjects, objects, second, before_and_verb):
            return
        verb.is_claimed = True
        negated, exclusive = bool(NEGATION.search(before_and_verb)), bool(EXCLUSIVE.search(before_and_verb))
        if negated or exclusive:
            self._used.append((before, verb.end))
        applicable = tuple(
            c for start, _, found in conditions for c in found if start >= verb.end and end_of_objects >= start
        ) or tuple(
            c for _, stop_of_clause, found in conditions for c in found if stop_of_clause <= verb.start and not index
        )
        words = self._text[verb.start : verb.end].lower()
        if verb.kind == "count":
            words += self._text[end : end + 20].lower()  # the noun is part of it: "has `3` methods"
        relation = Relation(
            verb.kind, subjects, objects, negated, exclusive, loose, self._ordered, words, second, applicable
        )  # fmt: skip
        yield from _swap_sides(relation) if verb.is_swapped and verb.kind != "count" else [relation]

    def _with_subjects_behind(
        self,
        verb: _Verb,
        subjects: tuple[Mention, ...],
        second: tuple[Mention, ...],
        objects: tuple[Mention, ...],
        span: tuple[int, int],
    ) -> tuple[Mention, ...]:
        """The subjects, with those of a default that follow its objects, in `span`, the rest of the clause."""
        if verb.kind == "default_of":
            # Of "the default of `x` in `f` is `v`" the `f`.
            mentions_behind = (self._mention(m) for m in MARK.finditer(self._text, *span))
            return tuple(m for m in mentions_behind if m not in second)
        if verb.kind == "default" and objects:
            # Of "has a default of `v` for `x`" the `x`.
            parameter_words = _FOR_PARAMETER.match(self._text, *span)
            mark = MARK.match(self._text, parameter_words.end(), span[1]) if parameter_words else None
            return (self._mention(mark), *subjects) if mark else subjects
        return subjects

    def _makes_relation(
        self,
        verb: _Verb,
        subjects: tuple[Mention, ...],
        objects: tuple[Mention, ...],
        second: tuple[Mention, ...],
        verb_phrase: str,
    ) -> bool:
        """Whether the parts are enough for a relation of this verb."""
        if not objects and not (verb.kind in _KINDS_WITHOUT_OBJECT and subjects):
            return False
        if verb.kind == "default_of" and not second:
            return False
        return bool(subjects) or not (verb.is_swapped or _NOUN_OF_CALLS.match(verb_phrase.strip()))

    def _objects(self, start: int, stop: int) -> tuple[tuple[Mention, ...], bool, int]:
        """(the mentions after a verb, whether other words before them make the relation loose, the position after them)."""
        leading = _BEFORE_OBJECT.match(self._text, start, stop)
        position = leading.end() if leading else start
        first = MARK.match(self._text, position, stop)
        loose = first is None
        if first is None:
            first = MARK.search(self._text, position, stop)
            if first is None or len(self._text[position : first.start()].split()) > 5:
                return (), False, start
        if self._mention(first).kind == "quote":
            return (), False, start
        mentions = [self._mention(first)]
        position = first.end()
        while True:
            separator = _LIST_SEPARATOR.match(self._text, position, stop)
            next_mark = (
                MARK.match(self._text, separator.end(), stop) if separator and separator.end() > position else None
            )
            # "calls `a`, and `b` returns": the last mention begins the next clause.
            begins_next_clause = (
                next_mark is not None and stop < len(self._text) and not self._text[next_mark.end() : stop].strip()
            )
            if next_mark is None or begins_next_clause or self._mention(next_mark).kind == "quote":
                return tuple(mentions), loose, position
            mentions.append(self._mention(next_mark))
            position = next_mark.end()

    def _second_objects(self, kind: str, start: int, stop: int) -> tuple[Mention, ...]:
        if kind == "default_of":
            # "the default of `x` (in `f`) is `v`"
            match = re.compile(r"[^.;]*?\bis (?:the )?", re.I).match(self._text, start, stop)
        elif kind == "passed":
            match = re.compile(r"\s+(?:in|by) ", re.I).match(self._text, start, stop)
        else:
            match = re.compile(r"\s+(?:to|with|by|from)(?: the(?: value)?)? ", re.I).match(self._text, start, stop)
        return self._objects(match.end(), stop)[0] if match else ()

    def _subjects(
        self, verbs: list[_Verb], index: int, conditions: list[tuple[int, int, list[Condition]]]
    ) -> tuple[tuple[Mention, ...], int]:
        """(the subjects of a verb, the position where the words between them and the verb begin)."""
        verb = verbs[index]
        clause_start = max([m.end() for m in _CLAUSE.finditer(self._text, 0, verb.start)], default=0)
        marks = list(MARK.finditer(self._text, clause_start, verb.start))
        marks = [m for m in marks if not any(a <= m.start() < b for a, b, _ in conditions)]
        marks = [m for m in marks if self._mention(m).kind != "quote"]
        if not marks:
            gap = re.search(r"[^,]*\Z", self._text[clause_start : verb.start])
            return (), clause_start + (gap.start() if gap else 0)
        nearest = marks[-1]
        is_adjacent = bool(_BEFORE_VERB.match(self._text, nearest.end(), verb.start))
        is_behind_verb = any(v.end <= nearest.start() for v in verbs[:index])
        is_in_list = is_behind_verb and verb.kind != "default" and self._in_list(nearest, verb)
        if is_adjacent and not is_in_list:
            chain = [nearest]
            for earlier in reversed(marks[:-1]):
                if not _OWNER_PREPOSITION.fullmatch(self._text, earlier.end(), chain[0].start()):
                    break
                chain.insert(0, earlier)
            return tuple(map(self._mention, chain)), nearest.end()
        gap = re.search(r"[^,]*\Z", self._text[nearest.end() : verb.start])
        chain = [marks[0]]
        if len(marks) > 1 and _OWNER_PREPOSITION.fullmatch(self._text, marks[0].end(), marks[1].start()):
            chain.append(marks[1])
        return tuple(map(self._mention, chain)), nearest.end() + (gap.start() if gap else 0)

    def _in_list(self, mark: re.Match[str], verb: _Verb) -> bool:
        """Whether the mention before a verb is an object of the previous verb: the subject of "returns" in "calls `a` and returns" is not
        `a`."""
        between = self._text[mark.end() : verb.start]
        if re.search(r"\b(?:which|that|who)\b", between):
            return False
        return verb.kind == "defined" or bool(re.search(r"\band\b|,", between))

    # -- quotations --------------------------------------------------------------------------------------------------

    def _quotation_relations(self, verbs: list[_Verb]) -> list[Relation]:
        """ "`f`: “…”", "`x` of `f`: “…”": the source of the quotation is `f`."""
        relations = []
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
                owner = (
                    owners[1]
                    if len(owners) > 1 and _OWNER_PREPOSITION.fullmatch(before, owners[0].end(), owners[1].start())
                    else owners[0]
                )
                words = "comment" if "comment" in before.lower() else "quoted"
                second = (self._mention(owners[0]),) if owner is not owners[0] else ()
                if raised := _RAISED.search(before):
                    words, second = "raised", (self._mention(raised),)
                relations.append(
                    Relation("quoted", (self._mention(owner),), (quote,), words=words, second_objects=second)
                )
        return relations
