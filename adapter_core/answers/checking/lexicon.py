"""The English words that express relations between parts of a program, with all their forms.

A verb expresses a relation from its agent to its patient (`s` calls `o`); an ambiguous verb expresses several, and the cited lines decide.
A noun names one side of a relation, the agent ("the caller of `o` is `s`") or the patient ("a parameter of `s` is `o`"), or the action
itself ("a call to `o`").
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

_ACTIVE_VERBS = {
    "calls": "call invoke execute run trigger use fire delegate dispatch rely depend consult apply reach employ utilise utilize "
    "start launch defer turn forward resort enter activate instantiate construct create go lean involve leverage hand pass "
    "request query perform end count fall make build kick work draw transfer cede lead spawn exercise need reference summon "
    "engage enlist entrust instruct task initiate prompt drive spin visit harness tap outsource command",
    "returns": "return hand give yield produce deliver evaluate result pass send come finish end answer resolve output respond supply "
    "provide exit report reply conclude get obtain receive compute emit terminate furnish bail spit present render equal "
    "communicate convey transmit relay fetch calculate construct create build",
    "raises": "raise throw emit signal fail abort end lead result blow produce bail error trigger surface report issue stop terminate "
    "give cause crash exit complain break risk expect let send reject see get answer die quit interrupt hurl panic halt "
    "scream generate spit protest choke bark bomb balk refuse",
    "catches": "catch handle trap intercept guard deal swallow rescue absorb cope protect recover watch tolerate process shield react "
    "respond anticipate expect survive prepare stop suppress defend cover prevent brace silence ignore discard eat mask "
    "neutralise neutralize manage await withstand muffle contain tackle treat foresee weather",
    "takes": "take accept expect receive require want declare list need get support understand read know pass supply provide give "
    "specify hand feed consume allow use name include admit ask demand input ingest work operate depend possess "
    "recognise recognize honour honor",
    "inherits": "inherit derive extend specialise specialize subclass build descend stem refine base model come get acquire rest borrow "
    "originate draw sit augment expand adopt reuse share enrich evolve",
    "overrides": "override overwrite reimplement replace redefine supersede shadow substitute supplant displace customise customize "
    "stand step hide supply specialise specialize redeclare change provide revise rework rewrite overload alter adapt "
    "tailor mask usurp swap refine",
    "defines": "define declare contain hold own include house host implement carry offer provide expose feature bring comprise "
    "introduce keep give find locate place put write store come live group specify list code state possess bundle "
    "incorporate situate settle root accommodate supply equip gather",
    "decorates": "decorate wrap annotate mark adorn apply tag cover modify enhance attach place put sit use carry bear wear register "
    "dress surround augment sport flag label stamp precede top equip crown prefix",
    "yields": "yield produce emit generate",
}
# Verbs in the middle voice: the patient is the subject, and the agent follows a preposition: "`o` comes from `s`".
_MIDDLE_VERBS = {
    "calls": "happen occur appear sit live exist take stand",
    "returns": "come originate emerge result",
    "raises": "come originate arise emerge stem emanate happen occur escape propagate bubble leak",
    "defines": "live sit reside exist belong lie stand appear dwell occur originate come",
    "catches": "happen occur end land",
    "takes": "belong appear occur exist",
    "decorates": "belong",
}  # fmt: skip
_AGENT_NOUNS = {
    "calls": "caller user client invoker consumer",
    "raises": "source origin raiser thrower cause",
    "catches": "handler clause catcher",
    "inherits": "subclass child descendant heir derivative specialisation specialization extension subtype offspring successor "
    "kind sort flavour flavor form subkind",
    "overrides": "override overriding version replacement reimplementation redefinition variant specialisation specialization substitute",
    "defines": "home location place container owner holder file source origin",
    "decorates": "decorator wrapper",
}
_PATIENT_NOUNS = {
    "calls": "callee target dependency helper collaborator",
    "returns": "returnvalue result outcome output",
    "raises": "exception error failure",
    "catches": "exception error",
    "takes": "parameter argument option input keyword param arg",
    "inherits": "base parent superclass ancestor supertype baseclass parentclass",
    "defines": "method member attribute property operation class function part element component",
    "overrides": "original",
}
_ACTION_NOUNS = {
    "calls": "call invocation use usage execution",
    "raises": "raise throw raising",
    "returns": "return",
    "catches": "catch handling",
}
_IRREGULAR_PAST = {
    "throw": ("threw", "thrown"), "give": ("gave", "given"), "take": ("took", "taken"), "catch": ("caught", "caught"),
    "find": ("found", "found"),
    "make": ("made", "made"), "build": ("built", "built"), "hold": ("held", "held"), "bring": ("brought", "brought"),
    "override": ("overrode", "overridden"), "overwrite": ("overwrote", "overwritten"), "write": ("wrote", "written"),
    "keep": ("kept", "kept"), "put": ("put", "put"), "set": ("set", "set"), "send": ("sent", "sent"), "come": ("came", "come"),
    "arise": ("arose", "arisen"), "stand": ("stood", "stood"), "deal": ("dealt", "dealt"), "get": ("got", "got"),
    "run": ("ran", "run"), "lead": ("led", "led"), "go": ("went", "gone"), "know": ("knew", "known"), "feed": ("fed", "fed"),
    "draw": ("drew", "drawn"), "see": ("saw", "seen"), "let": ("let", "let"), "read": ("read", "read"), "sit": ("sat", "sat"),
    "become": ("became", "become"), "spit": ("spat", "spat"), "eat": ("ate", "eaten"), "hang": ("hung", "hung"), "spin": ("spun", "spun"),
    "hide": ("hid", "hidden"), "bear": ("bore", "borne"), "wear": ("wore", "worn"),
    "bind": ("bound", "bound"), "rebind": ("rebound", "rebound"), "begin": ("began", "begun"), "choose": ("chose", "chosen"),
    "drive": ("drove", "driven"), "fall": ("fell", "fallen"), "foresee": ("foresaw", "foreseen"), "have": ("had", "had"),
    "lie": ("lay", "lain"), "rewrite": ("rewrote", "rewritten"), "understand": ("understood", "understood"),
    "withstand": ("withstood", "withstood"), "reset": ("reset", "reset"), "preset": ("preset", "preset"), "quit": ("quit", "quit"),
    "mean": ("meant", "meant"), "leave": ("left", "left"), "break": ("broke", "broken"), "blow": ("blew", "blown"),
}  # fmt: skip
_DOUBLING_VERBS = frozenset(
    "run wrap trap put set get tag sit let stop begin quit step spit tap spin drop swap flag top commit preset transfer reset emit admit "
    "transmit equip refer defer occur label model signal".split()
)
# Verbs of assignment by what follows them: the value ("assigns `v` to `x`") or the target ("sets `x` to `v`"); or with the target as
# their subject ("`x` becomes `v`").
VALUE_FIRST = frozenset(
    "assign store save put write keep record place copy load use stash pass insert supply substitute attach cache remember "
    "retain preserve deposit inject push register memorise memorize tuck park hang drop commit transfer".split()
)
TARGET_FIRST = frozenset(
    "set update initialise initialize reset change bind point make turn switch overwrite fill populate give assign equip "
    "replace seed provide default define mutate rebind prime configure leave equate let tie fix refresh adjust alter modify reassign "
    "establish preset".split()
)
TARGET_AS_SUBJECT = frozenset(
    "get receive take hold become equal obtain have contain default fall carry be assume acquire start bear end "
    "come amount store refer point evaluate resolve revert go mean".split()
)
BINDING = VALUE_FIRST | TARGET_FIRST | TARGET_AS_SUBJECT
# Verbs that introduce another verb and express no relation themselves: "tries to call", "ends up calling".
_CARRIER_VERBS = frozenset(
    "try attempt help serve proceed begin start continue end go work happen choose decide manage tend need want have use be "
    "mean design intend suppose expect allow let fail act function succeed finish".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A verb form or a noun, with the relations that it can express. A verb: `active`, with the agent as its subject; `middle`, with the
    patient as its subject. A noun: `agent_of`, `patient_of`, the side that it names; `action_of`, the relation itself. `form`:
    base | third | gerund | past | participle, "" for a word that is only a noun."""

    lemma: str
    form: str = ""
    active: tuple[str, ...] = ()
    middle: tuple[str, ...] = ()
    agent_of: tuple[str, ...] = ()
    patient_of: tuple[str, ...] = ()
    action_of: tuple[str, ...] = ()


def _relations_by_word(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    relations_of: dict[str, tuple[str, ...]] = {}
    for relation, words in table.items():
        for word in words.split():
            if relation not in relations_of.get(word, ()):
                relations_of[word] = (*relations_of.get(word, ()), relation)
    return relations_of


def forms_of(verb: str) -> dict[str, str]:
    """The forms of a verb: base, third, gerund, past, participle. ("be" has too many.)"""
    third = f"{verb}es" if verb.endswith(("ch", "sh", "ss", "x", "o")) else f"{verb}s"
    stem = verb + verb[-1] if verb in _DOUBLING_VERBS else verb.removesuffix("e") if not verb.endswith("ee") else verb
    past, participle = _IRREGULAR_PAST.get(verb, (f"{verb}d" if verb.endswith("ie") else f"{stem}ed",) * 2)
    if verb.endswith("y") and verb[-2] not in "aeiou":
        third, past, participle = f"{verb[:-1]}ies", *_IRREGULAR_PAST.get(verb, (f"{verb[:-1]}ied",) * 2)
    gerund = f"{verb[:-2]}ying" if verb.endswith("ie") else f"{stem}ing"
    third = "has" if verb == "have" else third
    return {"base": verb, "third": third, "gerund": gerund, "past": past, "participle": participle}


@functools.cache
def _tables() -> tuple[dict[str, tuple[str, str]], dict[str, dict[str, tuple[str, ...]]]]:
    """The (lemma, form) of each verb form, and the relations of each word by the field of `Word` that holds them."""
    forms: dict[str, tuple[str, str]] = {}
    active, middle = _relations_by_word(_ACTIVE_VERBS), _relations_by_word(_MIDDLE_VERBS)
    for lemma in sorted({*active, *middle, *BINDING, *_CARRIER_VERBS} - {"be", "have"}):
        forms_of_verb = forms_of(lemma)
        forms |= {forms_of_verb[form]: (lemma, form) for form in ("third", "gerund", "past", "participle")}
        if lemma in _DOUBLING_VERBS and lemma.endswith("l"):  # "labeled" and "labelled"
            forms |= {f"{lemma}ed": (lemma, "participle"), f"{lemma}ing": (lemma, "gerund")}
        forms[lemma] = (lemma, "base")  # also where that is its past form
    relations: dict[str, dict[str, tuple[str, ...]]] = {"active": active, "middle": middle}
    for side, table in (("agent_of", _AGENT_NOUNS), ("patient_of", _PATIENT_NOUNS), ("action_of", _ACTION_NOUNS)):
        relations[side] = _relations_by_word(table)
    return forms, relations


@functools.lru_cache(maxsize=4096)
def look_up(text: str) -> Word | None:
    """The lexicon's entry for a word, as a verb and as a noun; None for a word that it does not have."""
    forms, relations = _tables()
    word = text.lower()
    lemma, form = forms.get(word, ("", ""))
    sides = ("agent_of", "patient_of", "action_of")
    singular = word if any(word in relations[side] for side in sides) else _singular(word)
    noun_relations = {side: relations[side].get(singular, ()) for side in sides}
    if not lemma and not any(noun_relations.values()):
        return None
    active, middle = relations["active"].get(lemma, ()), relations["middle"].get(lemma, ())
    return Word(lemma or singular, form, active, middle, **noun_relations)


def _singular(word: str) -> str:
    if word == "children":
        return "child"
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
