"""Which questions ask for all things of a kind, and with which words: "which worker classes does it ship with and how do they differ?",
"what do the permission letters mean?"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from ....evidence.everyday import everyday_table
from ....evidence.question import EXTENDING, analyse
from ....evidence.vocabulary import STOP_WORDS, synonyms
from ....graph import terms
from ...clauses import split_question
from ...kinds import LINKS, answer_kind

_MAX_CHARS = 300
_PROJECT = (
    r"(?:it|this|the (?:\w+ )?(?:library|package|project|framework|tool|program|module|code|codebase|command(?: line)?|cli|app)|"
    r"this (?:\w+ )?(?:library|package|project|framework|tool|program|module|codebase))"
)
_OFFERS = (
    r"(?:ship|come|provide|offer|have|include|support|define|contain|know|understand|export|expose|declare|bundle|implement|recogni[sz]e|"
    r"send|emit|give|bring|accept|raise|throw|use)s?(?: with| us| me)?"
)
_PERSON = r"(?:i|we|you|one|users?|a user|people)"
_CHOOSES = (
    r"(?:register|implement|react to|respond to|handle|hook into|listen to|subscribe to|choose|pick|select|use|raise|throw|catch|"
    r"subclass|override|import|call|get|expect|see|run|work with|make use of|plug in|mix in|"
    r"configure|switch between|take advantage of)"
)
_THERE = (
    r"(?:there|available|supported|included|provided|offered|defined|built[- ]in|predefined|pre-defined|bundled|shipped|possible|allowed|"
    r"known|recogni[sz]ed|implemented|registered|permitted|accepted|ready[- ]made|part of|in the|included in|declared)"
)
# What stands behind the noun, so that all things of its kind are asked for.
_TAIL = re.compile(
    rf"(?:\b(?:does|do|did) (?:{_PROJECT}|{{own}}) (?:currently |already |also )?{_OFFERS}\b"
    rf"|\b(?:can|could|may|might|should|do|must) {_PERSON} (?:\w+ly |then |also )?{_CHOOSES}\b"
    r"|\b(?:can|could|may|might) (?:an? |the |each |every )?[\w -]{1,40} (?:be in|be|have|take|take on|go through|pass through)\W*\Z"
    r"|\b(?:can|could|may|might) (?:an? |the )?[\w -]{1,30} (?:implement|define|override|provide|use|raise|send|emit)\b"
    r"|\b(?:can|could|may|might) be (?:raised|used|chosen|thrown|selected|combined|set|registered|implemented|sent|emitted)\b"
    rf"|\b(?:are|is) (?:all |already |currently )?{_THERE}\b|\bexists?\b|\b(?:come|ship)s? (?:with|in)\b|\b(?:has|have) (?:it|{{own}})\b"
    rf"|\b(?:that|which) (?:{_PROJECT}|{{own}}) (?:can )?{_OFFERS}\b|\b(?:does|do) (?:the )?[\w -]{{1,40}} (?:have|offer|"
    rf"provide|support)\b)",
    re.I,
)
# What an exception does: "which exceptions signal that …". Which ones that are, their names seldom say.
_SIGNALS = re.compile(
    r"\W*(?:(?:would|will|can|could) )?(?:signals?|means?|indicates?|tells?|reports?|represents?|says?|stands? for|shows?|"
    r"(?:is|are|gets?) (?:raised|thrown))\b",
    re.I,
)
_OPENING = re.compile(
    r"\W*(?:(?:so|and|ok|hi|please|tell me|i want to know|can you tell me),? )*(?P<asks>which|what|list|show(?: me)?|name|enumerate|"
    r"give me(?: a list of)?|is there a list of|are there any|how many)\b[ ,]*(?P<rest>.+)\Z",
    re.I | re.S,
)
_LISTS = re.compile(r"(?:list|show|name|enumerate|give|is there a list)", re.I)
_OF_KIND = re.compile(
    r"(?:(?:all|some|other|are|is|of|the|different|various|sorts?|kinds?|types?|variet(?:y|ies)|possible|available|supported|built[- ]?in|"
    r"builtin|ready[- ]made|ready[- ]to[- ]use|pre-?defined|standard|existing|bundled|included|concrete|specific|custom|own|public|"
    r"known|valid|allowed|more|else|me|any|prebuilt|pre-?made|out-of-the-box|stock|its|main)\b[ ,]*)+",
    re.I,
)
_IS_KIND = re.compile(r"\b(?:sorts?|kinds?|types?|variet(?:y|ies)) of\b", re.I)
_OPEN = re.compile(r"\W*(?:are|is)\b", re.I)
_END_OF_NOUN = frozenset(
    "are is was were do does did can could may might should must have has exist exists come comes ship ships for of in on "
    "with from that which "
    "to when at by i we you one it there available supported and or as besides beside apart than if under between the a an this these "
    "out behind inside will would be mean stand implements implement used use using".split()
)
_MEANING = re.compile(
    r"\b(?:what (?:do|does) (?:each (?:of )?(?:the |these )?|all (?:of )?(?:the )?|the (?:different |various |single |individual )?|these )"
    r"(?P<a>.+?) (?:mean|stand for|represent|signify|indicate|denote)\b|"
    r"what(?:'s| is| are) the meanings? of (?:each (?:of )?)?(?:the |these |all )*(?P<b>.+))",
    re.I,
)
_THEY_MEAN = re.compile(
    r"\bwhat (?:do|does) (?:they|each(?: of them| one)?) (?:all )?(?:mean|stand for|do|represent)\b", re.I
)
_FOLLOWS_UP = re.compile(
    r"\b(?:they|them|these|those|each(?: one| of them)?|which (?:one|of them)|the default|the differences?)\b", re.I
)
_PLURAL = re.compile(r"\w(?:[^s\W]s|[^s\W]es|ies)\Z|\A(?:data|criteria|media|schemata|indices)\Z", re.I)
_NO_PLURAL = re.compile(r"(?:ss|us|is|news|class|process|address|status|series|alias)\Z", re.I)
# Things that other answers list, or of which there are too many to tell.
_OTHERS = frozenset(
    "options option flags settings switches parameters arguments variables tests test files modules packages callers "
    "dependencies requirements "
    "places lines steps reasons cases versions parts attributes methods components properties members subclasses calls "
    "things ways keys values "
    "changes differences bugs problems names words entries examples docs sections".split()
)
# Nouns that say of what sort a thing is and not what it is about.
_SORTS: Mapping[str, str] = {
    "class": "classes", "classes": "classes", "exceptions": "exceptions", "errors": "exceptions", "error": "exceptions",
    "exception": "exceptions", "commands": "commands", "subcommands": "commands", "command": "commands", "functions": "functions",
    "function": "functions", "decorators": "functions", "decorator": "functions", "enums": "classes", "implementations": "classes",
    "variants": "classes", "subclasses": "classes",
}  # fmt: skip
_TOOLS = frozenset(
    "tools helpers utilities features facilities primitives recipes things building blocks functionality tool helper".split()
)
_FRAME = frozenset(
    "kind kinds type types sort sorts variety varieties ready made built builtin builtins available possible different "
    "various library package "
    "project framework tool program module ship ships come comes offer offers provide provides have has include includes support supports "
    "supported included provided define defines contain contains know export expose exist exists choose chosen pick select "
    "use used get give "
    "gives expect see run raise raised throw catch subclass override mean means stand stands represent signify box default "
    "one ones all own "
    "public predefined prebuilt bundled standard existing included list show name enumerate tell want need there case "
    "could can differ differs two three four five "
    "difference differences when each several many single concrete specific custom command line user users".split()
)
# What code calls it, on top of the synonyms of code, where people ask for tools.
_WORDS: Mapping[str, str] = {
    "coordinate": "lock semaphore barrier synchronize sync mutex event condition",
    "synchronize": "lock semaphore barrier sync mutex event condition",
    "synchronization": "lock semaphore barrier sync mutex event condition",
    "concurrency": "lock semaphore barrier limiter thread pool",
}
_OWN_WORDS = {terms.stem(word): frozenset(map(terms.stem, others.split())) for word, others in _WORDS.items()}
_OTHER_SHARE = 0.7
# "Cache backends" are kinds of caches, and "status codes" what a status may be.
_KIND_NOUNS = frozenset(
    "backend backends engine engines implementation implementations variant variants driver drivers flavors flavours code "
    "codes value values "
    "strategy strategies condition conditions letter letters character characters number numbers name names symbol symbols".split()
)
_HEAD, _OTHER, _KIND, _BESIDE = (
    1.5,
    1.0,
    0.3,
    0.3,
)  # weights: of the noun, of words before it, of such a word behind it, of all others
_MAX_EVERYDAY = 8
_MAX_TERMS = 6
_SHORTEST = 3  # letters of a word cut short


@dataclass(frozen=True, slots=True)
class AskedCollection:
    """`weights`: the terms of what the collection is about; `alternatives`: the terms that may stand for each of them. `head`: the term of
    the noun, as in "worker" of "worker classes". `sort`: classes | exceptions | commands | functions | "" if no noun says it. `tools`: it
    asks for tools or helpers, whatever they are. `meaning`: it asks what each of them means.
    `form`: the term of the last noun, which may say what form they have: "letter" of "permission letters".
    `noun`: the last noun as written, in the singular. `described`: it asks which of them are for something."""

    weights: Mapping[str, float]
    alternatives: Mapping[str, frozenset[str]]
    head: str
    sort: str = ""
    tools: bool = False
    meaning: bool = False
    form: str = ""
    noun: str = ""
    described: bool = False

    def share(self, present: Mapping[str, float]) -> float:
        """The share of the wanted terms that is among these, each with what it counts there."""
        mass = sum(self.weights.values()) or 1.0
        return sum(weight * self.counts(term, present) for term, weight in self.weights.items()) / mass

    def counts(self, term: str, present: Mapping[str, float]) -> float:
        """What a wanted term counts among these: as itself, or as a term that may stand for it."""
        others = (
            present.get(other, 0.0) * (1.0 if is_short_for(other, term) else _OTHER_SHARE)
            for other in self.alternatives.get(term, ())
        )
        return max(present.get(term, 0.0), max(others, default=0.0))

    @property
    def all_terms(self) -> frozenset[str]:
        """The wanted terms and those that may stand for them."""
        return frozenset(self.weights).union(*self.alternatives.values())


def follows_up(part: str) -> bool:
    """Whether a part of a question asks more of the collection that the part before it asks for: "how do they differ"."""
    return bool(_FOLLOWS_UP.search(part))


def is_short_for(one: str, other: str) -> bool:
    """Whether a term is a longer one cut short: `auth` of "authentication"."""
    return len(one) >= _SHORTEST and len(other) >= len(one) + _SHORTEST and other.startswith(one)


def asked_collections(question: str, own_names: Set[str]) -> list[AskedCollection]:
    """What the parts of a question ask all of; empty for other questions. `own_names`: of the project, as terms."""
    if len(question) > _MAX_CHARS or EXTENDING.search(question):
        return []
    found = [_asked(part, question, own_names) for part in split_question(question)]
    return [asked for asked in found if asked is not None]


def _asked(part: str, question: str, own_names: Set[str]) -> AskedCollection | None:
    query = analyse(part)
    if answer_kind(query) in LINKS:
        return None
    meaning = _MEANING.search(part)
    if meaning is not None:
        noun = _noun(meaning["a"] or meaning["b"])
        if not noun or not (_is_plural(noun[-1]) or re.search(r"\beach\b", meaning.group(), re.I)):
            return None
        return _collection(noun, part[meaning.start() :], own_names, True)
    opening = _OPENING.match(part)
    if opening is None or query.identifiers:
        return None
    rest = opening["rest"]
    kind = _OF_KIND.match(rest)
    behind = rest[kind.end() :] if kind is not None else rest
    noun = _noun(behind)
    of_kind = kind is not None and bool(_IS_KIND.search(kind.group()))
    if not noun or not (of_kind or _is_plural(noun[-1])) or noun[-1].lower() in _OTHERS:
        return None
    tail = behind[behind.index(noun[-1]) + len(noun[-1]) :]
    own = "|".join(re.escape(name) for name in own_names) or "it"
    is_all = (
        _LISTS.match(opening["asks"]) or _OPEN.match(rest) or re.search(_TAIL.pattern.replace("{own}", own), tail, re.I)
    )
    described = _SORTS.get(noun[-1].lower()) == "exceptions" and bool(_SIGNALS.match(tail))
    if not (is_all or described):
        return None
    collection = _collection(noun, part[opening.end("asks") :], own_names, bool(_THEY_MEAN.search(question)))
    return replace(collection, described=described) if collection is not None else None


def _noun(text: str) -> list[str]:
    """The words up to the one with which something else begins."""
    words: list[str] = []
    for word in re.findall(r"[\w-]+|[,;:?!.()]", text):
        is_verb = bool(words) and words[-1].lower() in ("exceptions", "errors")  # "signal" of "which exceptions signal"
        if word.lower() in _END_OF_NOUN or not word[0].isalnum() or is_verb:
            break
        words.append(word)
    return words


def _is_plural(word: str) -> bool:
    return bool(_PLURAL.search(word)) and _NO_PLURAL.search(word) is None


def _singular(word: str) -> str:
    lower = word.lower()
    if lower.endswith("ies"):
        return f"{lower[:-3]}y"
    return lower[:-2] if lower.endswith(("sses", "xes", "ches", "shes")) else lower.removesuffix("s")


def _collection(noun: list[str], text: str, own_names: Set[str], meaning: bool) -> AskedCollection | None:
    sort = _SORTS.get(noun[-1].lower(), "")
    telling = [w for w in (noun[:-1] if sort else noun) if w.lower() not in _FRAME | _TOOLS]
    if not telling and (sort == "commands" or noun[-1].lower().startswith("decorator")):
        telling = [noun[-1]]
    wanted = [
        word
        for word in terms.words(text)
        if word.lower() not in STOP_WORDS | _FRAME | _TOOLS
        and not (sort and word == noun[-1] and word not in telling)
        and terms.compound(word) not in own_names
        and len(word) > 1
    ]
    is_tool = noun[-1].lower() in _TOOLS
    kind_term = terms.split(telling[-1])[-1] if len(telling) > 1 and telling[-1].lower() in _KIND_NOUNS else ""
    telling = telling[:-1] if kind_term else telling
    if not wanted:
        wanted = telling = [noun[-1]] if not sort or sort in ("commands", "exceptions") else []
        is_tool = False
    found = list(dict.fromkeys(terms.split(word)[-1] for word in wanted if terms.split(word)))
    if not found or (len(found) > _MAX_TERMS and sort != "exceptions"):
        return None
    head = terms.split(telling[-1])[-1] if telling else ""
    named = {terms.split(word)[-1] for word in telling if terms.split(word)} or set(found)
    weights = {
        term: _HEAD if term == head else _OTHER if term in named else _KIND if term == kind_term else _BESIDE
        for term in found
    }
    alike, everyday = synonyms(), everyday_table()
    alternatives = {
        term: frozenset(
            (*alike.get(term, ()), *everyday.words.get(term, ())[:_MAX_EVERYDAY], *_OWN_WORDS.get(term, ()))
        )
        for term in found
    }
    if sort == "exceptions":
        alternatives |= {
            term: alternatives[term] | {"error", "except", "warn"} for term in ("error", "except") if term in weights
        }
    return AskedCollection(weights, alternatives, head, sort, is_tool, meaning, kind_term or head, _singular(noun[-1]))
