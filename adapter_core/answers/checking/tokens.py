"""A sentence as a row of tokens: names, verbs with their voice, nouns that stand for a side of a relation, prepositions.

Articles, adverbs, modal verbs and words that are not known are left out: what is left is what tells who does what to whom.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .lexicon import ANY, CARRIERS, Word, look_up
from .sentence import MARK, Mention

# M name | V verb | N noun of a relation | p preposition | be | have | it | that | where | when | 's | , | there | D default | U value
_SPLIT = re.compile(r"\x02\d+\x03|'s\b|’s\b|[A-Za-z][\w'-]*|[,:;()]")
_PLACE = "(?:place|spot|point|line|function|method|code|one|file|class|module)"
_SPELLINGS = (
    (re.compile(r"\breturn(?:ed)? (?:value|object|result)s?\b", re.I), "returnvalue"),
    (re.compile(r"\b(?:base|parent|super|mother)[ -]?class(?:es)?\b", re.I), "baseclass"),
    (re.compile(r"\b(?:sub|child|derived|inheriting)[ -]?class(?:es)?\b", re.I), "subclass"),
    (re.compile(r"\b(?:parent|super)[ -]?types?\b", re.I), "baseclass"),
    (re.compile(r"\bre-(?=[a-z])", re.I), "re"),
    (re.compile(r"\b(?:out|outside|on the part|from within|from inside) of\b|\bfrom (?:with)?in(?:side)?\b", re.I), "from"),
    (re.compile(rf"\b(?:the )?{_PLACE}? ?(?:in|from|at|by|within|inside|to|on) which\b", re.I), "where"),
    (re.compile(r"\b(?:on top|on the back|on the basis|as an? (?:\w+ )?extension) of\b", re.I), "on"),
    (re.compile(r"\bas (?:an? )?(?:part|step|element) of\b|\bon behalf of\b|\bin the course of\b", re.I), "within"),
    (re.compile(r"\b(?:courtesy|because|as a result) of\b|\bthanks to\b|\bdue to\b|\bat the hands? of\b", re.I), "by"),
    (re.compile(r"\b(?:(?:of|with) (?:the )?(?:type|kind|name|form)|of class) (?=\x02)", re.I), ""),
    (re.compile(r"\bby way of\b|\bby means of\b|\bwith the help of\b|\bthrough\b|\bvia\b", re.I), "by"),
    (re.compile(r"\bin (?:turn|order to|fact|practice|the end|general|particular|some cases|addition|essence|short)\b", re.I), ""),
    (re.compile(r"\b(?:so|as well as|such as|at (?:some|that|this|one) (?:point|place|moment))\b", re.I), ""),
    (re.compile(r"\b(?:in the process|for (?:this|that)|at least)\b", re.I), ""),
    (re.compile(r"\b(?:hand|give|pass|send)s?(?P<what> \x02\d+\x03)? back\b", re.I), r"returns\g<what>"),
    (re.compile(r"\b(?:handed|given|passed|sent)(?P<what> \x02\d+\x03)? back\b", re.I), r"returned\g<what>"),
    (re.compile(r"\b(?:handing|giving|passing|sending)(?P<what> \x02\d+\x03)? back\b", re.I), r"returning\g<what>"),
    (re.compile(r"\b(?:builds?|(?:is|are) built) (?:up)?on\b", re.I), "derives from"),
    (re.compile(r"\bmakes? use of\b", re.I), "uses"),
    (re.compile(r"\b(?:gets?|receives?) (?P<what>\x02\d+\x03 )?back\b", re.I), r"obtains \g<what>"),
    (re.compile(r"\b(?:sits?|stands?|is|lies|ranks) (?:right |directly |just )?(?:above|over)\b", re.I), "is a baseclass of"),
    (re.compile(r"\b(?:sits?|stands?|is|lies|ranks) (?:right |directly |just )?(?:below|beneath)\b", re.I), "is a subclass of"),
    (re.compile(r"\b(?:is|are) parameteri[sz]ed (?:by|with|over|on)\b", re.I), "takes"),
    (re.compile(r"\b(?:from|by|to) (?:its|their|the) callers?\b(?! of)", re.I), ""),
    (re.compile(r"\A\W*(?:open|look (?:in|into|at|inside|through)|consult|read|check) (?P<place>(?:the \w+ )?\x02\d+\x03) "
                r"(?:to|for|if|when)\b(?:[^\x02](?!\bin\b))*?(?=(?:the \w+ )?\x02)", re.I), r"in \g<place> one finds "),
    (re.compile(r"\b(?:you|one|we|anyone|readers?|people)\b(?: \w+)? (?:see|look at|look up|read|spot|discover|notice|observe|encounter)\b",
                re.I), "one finds"),
    (re.compile(r"\b(tak(?:es?|ing|en)|took) on\b", re.I), r"\1"),
    (re.compile(r"(\x02\d+\x03) is (?:the|an?) \w+ of which (?:the \w+ )?(\x02\d+\x03) is (an? \w+)", re.I), r"\2 is \3 of \1"),
    (re.compile(r"\b(?:(?:the|an) )?assignment of (?=(?:the )?(?:value )?\x02)", re.I), "assigning "),
    (re.compile(r"\b(?:equal|identical) to\b", re.I), "to"),
    (re.compile(r"\btak(?:es?|ing|en) care of\b", re.I), "handles"),
    (re.compile(r"\b(?:parameter|argument)s?[ -](?:list|declaration|section|names?)s?\b", re.I), "parameters"),
    (re.compile(r"\bin the (?:form|shape|guise|person) of\b|\bnamely\b", re.I), ","),
    (re.compile(r"\btak(?:es?|ing|en) the (?:place|role) of\b", re.I), "replaces"),
    (re.compile(r"\b(is|are|gets?|be|being) made use of\b", re.I), r"\1 used"),
)  # fmt: skip
PREPOSITIONS = {
    **dict.fromkeys(("in", "inside", "within", "at", "during", "throughout", "among", "amongst", "under", "between", "across", "beneath",
                     "below", "behind"), "in"),
    **dict.fromkeys(("on", "upon", "onto", "above", "over", "atop"), "on"),
    **dict.fromkeys(("to", "into", "towards", "toward"), "to"),
    **{p: p for p in ("by", "from", "of", "with", "as", "for")}, "off": "from", "against": "to", "like": "as",
}  # fmt: skip
BE = frozenset("is are was were be been being isn't aren't wasn't".split())
HAVE = frozenset("has have had having possesses possess".split())
_IT = frozenset("it them they this these those".split())
_THAT = frozenset("that which who whom whose what whatever".split())
_WHEN = frozenset("when whenever if once while as-soon-as after before unless".split())
_ARTICLES = frozenset(
    "a an the its their his this that these those one another some any each every no own new both either such only same immediate "
    "direct single possible given following first further other all more inherited corresponding various several many of".split()
)
_MODALS = frozenset(
    "can may might will would could should must shall to does do did not never cannot don't doesn't didn't can't won't and or then "
    "also".split()
)
_TRANSPARENT = frozenset(
    "body code implementation source text definition logic signature header list list's set inside interior declaration file module "
    "scope block bodies attribute field object instance function class exception error type".split()
)
_POSSESSIVE = frozenset({"its", "their"})
# What these say of a name they say of what is in it: "the body of `f` calls" is "`f` calls".
_CONTENT_OF = re.compile(
    r"\b(?:bod(?:y|ies)|code|implementation|source code|text|definition|logic|signature|header|list|set|inside|interior|declaration|"
    r"scope|block|context|course|behaviou?r|functionality|interface|contract|execution)s? of (?=(?:(?:the|an?|its|class|"
    r"function|method|file|module|constructor) )*\x02)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`owners`: of "`x` of `f`" the `f`. `passive`: of a verb, that its subject is what it is done to;
    `owned`: of a noun, that it is "its"; `stranded`: of a preposition, that nothing
    stands behind it."""

    sort: str
    text: str = ""
    word: Word | None = None
    mention: Mention | None = None
    owners: tuple[Mention, ...] = ()
    passive: bool = False
    owned: bool = False
    stranded: bool = False

    @property
    def names(self) -> tuple[Mention, ...]:
        return (self.mention, *self.owners) if self.mention is not None else ()


def tokens_of(text: str, mentions: tuple[Mention, ...]) -> list[Token]:
    """The tokens of plain words with marks for names (`sentence.Sentence.plain`)."""
    for pattern, spelled in _SPELLINGS:
        text = pattern.sub(spelled, text)
    raw = _SPLIT.findall(_CONTENT_OF.sub("", text))
    tokens: list[Token] = []
    for place, piece in enumerate(raw):
        before = raw[place - 1].lower() if place else ""
        after = raw[place + 1 :]
        token = _token(piece, before, after, tokens, mentions)
        if token is None:
            continue
        if token.sort == "N" and not _POSSESSIVE.isdisjoint(w.lower() for w in raw[max(0, place - 4) : place]):
            token = replace(token, owned=True)
        last = tokens[-1].sort if tokens else ""
        if token.sort == "be" and last == "have":
            tokens.pop()
        if token.sort == "V" and token.word is not None:
            if last == "have" and token.word.form in ("participle", "past"):
                tokens.pop()
                token = replace(token, passive=False)
            elif last == "be" and token.word is not None and token.word.form == "gerund":
                tokens.pop()
        tokens.append(token)
    dangling = {i for i, t in enumerate(tokens[:-1]) if t.sort == "p" and tokens[i + 1].sort == "," and not t.stranded}
    start = [t.sort for t in tokens[:3]]
    if start == ["p", "N", ","]:
        dangling |= {0, 1}  # "during its execution, …"
    return _with_owners([t for i, t in enumerate(tokens) if i not in dangling and i - 1 not in dangling])


def _token(
    piece: str, before: str, after: list[str], tokens: list[Token], mentions: tuple[Mention, ...]
) -> Token | None:
    mark = MARK.fullmatch(piece)
    if mark:
        return Token("M", mention=mentions[int(mark[1])])
    word = piece.lower()
    last = tokens[-1] if tokens else None
    following = after[0].lower() if after else ""
    if word in ("'s", "’s"):
        return Token("'s")
    if piece in ",:;()":
        return Token(",") if last is not None and last.sort != "," else None
    if word in BE:
        return Token("be") if last is None or last.sort != "be" else None
    if word in ("get", "gets", "got", "getting") and _next_word_form(after) in ("participle", "past"):
        return Token("be")
    if word in HAVE:
        return Token("have")
    if word == "there":
        return None
    if word == "where":
        return Token("where")
    if word in _THAT and not (word in ("that", "what") and before in ("so", "such")):
        return (
            Token("that", word)
            if following not in ("is", "are") or word != "that" or last is None or last.sort != "V"
            else None
        )
    if word in _IT and (following.startswith("\x02") is False):
        known = look_up(following)
        if word in ("this", "these", "those", "that") and known is not None and not known.form:
            return None
        return Token("it", word)
    if word in _WHEN:
        return Token("when")
    if word in PREPOSITIONS:
        alone = not after or after[0] in ",.;:" or after[0] in BE or after[0] in _WHEN
        return Token("p", PREPOSITIONS[word], Word(word), stranded=alone)
    if word in ("default", "fallback"):
        return Token("D", word)
    if word in ("value", "values"):
        return Token("U")
    return _content(word, before, after, last)


def _next_word_form(after: list[str]) -> str:
    for piece in after:
        if piece.lower().endswith("ly"):
            continue
        known = look_up(piece)
        return known.form if known is not None else "participle" if piece.endswith("ed") else ""
    return ""


def _content(word: str, before: str, after: list[str], last: Token | None) -> Token | None:
    following = after[0].lower() if after else ""
    known = look_up(word)
    sort = last.sort if last is not None else ""
    subject = sort in ("M", "that", "it") or (sort == "," and before not in _ARTICLES)
    if known is None:
        if word in ("does", "do"):
            return None
        if subject and re.fullmatch(r"[a-z]{3,}s", word) and not word.endswith(("ss", "ous", "ways")) and sort != ",":
            return Token("V", word, Word(word, "third", ANY))
        if sort == "be" and word.endswith("ed"):
            return Token("V", word, Word(word, "participle", ANY), passive=True)
        if following == "of" and before in _ARTICLES and word not in _ARTICLES:
            doer = word.rstrip("s").endswith(("er", "or"))
            return Token("N", word, Word(word, "", doer=ANY if doer else (), done=() if doer else ANY))
        return None
    noun = bool(known.doer or known.done or known.deed)
    article = before in _ARTICLES and before != "that"
    if known.form == "":
        return _noun(word, known, following, after)
    if known.form == "third" and noun and not (subject and not article):
        return _noun(word, known, following, after)
    if known.form == "third" and article and before != "one":
        return None
    if known.form == "base":
        verb = (
            before in _MODALS
            or (before in BE and following.startswith("\x02"))
            or (sort == "V" and not article and not noun)
            or (sort in ("M", "that") and not article)
        )
        passive = sort == "be" and word in ("put", "set", "run", "read", "let", "come")
        if noun and not verb and not passive:
            return _noun(word, known, following, after)
        return Token("V", word, known, passive=passive) if verb or passive or not article else None
    if known.form == "gerund":
        if following == "of":
            return Token("N", word, Word(known.lemma, "", deed=known.acts or ANY))
        return Token("V", word, known) if not (article and not known.acts) else None
    if known.form in ("participle", "past"):
        if article and not (after and after[0] in ("by", "in", "from")):
            return None  # "the inherited `m`"
        direct = bool(after) and after[0].startswith("\x02")
        passive = sort == "be" or not (direct and subject)
        return Token("V", word, known, passive=passive)
    return Token("V", word, known)


def _noun(word: str, known: Word, following: str, after: list[str]) -> Token | None:
    """A noun that stands for a side; right before a name it only says what kind of thing that is."""
    if following.startswith("\x02") and word in _TRANSPARENT:
        return None
    if word in _TRANSPARENT and not (known.doer or known.done or known.deed):
        return None
    return Token("N", word, replace(known, form=""))


def _with_owners(tokens: list[Token]) -> list[Token]:
    """ "`x` of `f`" and "`f`'s `x`" as one name with an owner."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        kind = tokens[place + 1 : place + 4]
        if (
            token.sort == "M"
            and [t.sort for t in kind] == ["N", "p", "M"]
            and kind[1].text == "of"
            and kind[2].mention is not None
        ):
            found.append(replace(token, owners=(*token.owners, kind[2].mention)))  # "the `x` parameter of `f`"
            place += 4
            continue
        following = tokens[place + 1 : place + 3]
        if token.sort == "M" and len(following) == 2 and following[1].sort == "M":
            between, other = following
            bound = between.sort == "p" and between.text == "of"
            if bound and other.mention is not None:
                found.append(replace(token, owners=(*token.owners, other.mention)))
                place += 3
                continue
            if between.sort == "'s" and token.mention is not None:
                found.append(replace(other, owners=(token.mention,)))
                place += 3
                continue
        found.append(token)
        place += 1
    return found


def _holds(token: Token) -> bool:
    return token.sort == "V" and token.word is not None and not token.passive and "defines" in token.word.acts


def in_order(tokens: list[Token]) -> list[Token]:
    """What is put in front for emphasis is put back: "it is to `v` that `x` is set", "it is `c` that `m` belongs to", "`c` is what `m`
    belongs to"; and "from a call to `f`" is "from `f`"."""
    row = _calls_as_names(tokens)
    sorts = [t.sort for t in row]
    if sorts[:2] == ["it", "be"] and "that" in sorts:
        start = sorts.index("that")
        moved, rest = row[2:start], row[start + 1 :]
        if any(t.sort == "M" for t in moved):
            own = next((t for t in rest if t.sort in ("M", "V", "be", "have")), None)
            if own is not None and own.sort == "M":
                return [*rest, *moved]
            return [*moved, *rest]
    for place in range(1, len(row)):
        if not row[place].stranded or row[place - 1].sort != "V":
            continue
        if [t.sort for t in row[place + 1 : place + 3]] == ["be", "M"]:
            return [*row[: place + 1], *row[place + 2 :]]
        names = [i for i, t in enumerate(row) if t.sort == "M"]
        if len(names) == 2 and names[1] < place:
            return [*row[names[1] : place + 1], row[names[0]]]
    return row


def _calls_as_names(tokens: list[Token]) -> list[Token]:
    row: list[Token] = []
    for place, token in enumerate(tokens):
        call = token.sort == "N" and token.word is not None and "calls" in token.word.deed
        call = call or (
            token.sort == "V" and token.word is not None and token.word.form == "gerund" and "calls" in token.word.acts
        )
        before = row[-1] if row else None
        if call and before is not None and before.sort == "p":
            passive = any(t.passive for t in row)
            outer = before.text in ("from", "of", "on") or (before.text in ("by", "in", "to") and passive)
            following = tokens[place + 1 : place + 3]
            if outer and token.sort == "V" and following[:1] and following[0].sort == "M":
                continue
            if outer and [t.sort for t in following] == ["p", "M"] and following[0].text in ("of", "to"):
                row.append(replace(following[0], text="\0"))
                continue
        if row and row[-1].text == "\0":
            row.pop()
            continue
        row.append(token)
    return row


def without_carriers(tokens: list[Token]) -> list[Token]:
    """ "tries to call", "is able to call", "works by calling": the verb that is carried. Clefts: "it is `f` that calls" is "`f` calls"."""
    found = list(tokens)
    place = 0
    while place < len(found) - 1:
        first = found[place]
        carrier = first.sort in ("be", "have") or (
            first.sort == "V" and first.word is not None and (first.word.lemma in CARRIERS or first.word.acts == ANY)
        )
        second = found[place + 1]
        rest = [t.sort for t in found[place + 1 : place + 4]]
        if (
            (carrier or _holds(first))
            and (rest[:2] == ["that", "V"] or rest == ["N", "that", "V"])
            and first.sort != "be"
        ):
            del found[place : place + 1 + rest.index("V")]
            continue
        third = found[place + 2] if place + 2 < len(found) else None
        if carrier and second.sort == "V" and not second.passive and first.sort == "V":
            del found[place]
            continue
        if (
            carrier
            and second.sort == "p"
            and second.text != "of"
            and third is not None
            and third.sort == "V"
            and not third.passive
        ):
            del found[place : place + 2]
            continue
        place += 1
    return found
