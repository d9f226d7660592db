"""The words by which plain English tells what one piece of a program does to another, with all their forms.

A verb names relations from who does it to what it is done to (`s` calls `o`); several where only the lines can tell which. A noun names
one side of a relation: of "the caller of `o` is `s`" who does it, of "a parameter of `s` is `o`" what it is done to; or the deed
itself ("a call to `o`").
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

_VERBS = {
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
# Of these the subject is what it is done to, and the other side stands behind a preposition: "`o` comes from `s`".
_MIDDLE = {
    "calls": "happen occur appear sit live exist take stand",
    "returns": "come originate emerge result",
    "raises": "come originate arise emerge stem emanate happen occur escape propagate bubble leak",
    "defines": "live sit reside exist belong lie stand appear dwell occur originate come",
    "catches": "happen occur end land",
    "takes": "belong appear occur exist",
    "decorates": "belong",
}  # fmt: skip
_DOER = {
    "calls": "caller user client invoker consumer",
    "raises": "source origin raiser thrower cause",
    "catches": "handler clause catcher",
    "inherits": "subclass child descendant heir derivative specialisation specialization extension subtype offspring successor "
    "kind sort flavour flavor form subkind",
    "overrides": "override overriding version replacement reimplementation redefinition variant specialisation specialization substitute",
    "defines": "home location place container owner holder file source origin",
    "decorates": "decorator wrapper",
}
_DONE = {
    "calls": "callee target dependency helper collaborator",
    "returns": "returnvalue result outcome output",
    "raises": "exception error failure",
    "catches": "exception error",
    "takes": "parameter argument option input keyword param arg",
    "inherits": "base parent superclass ancestor supertype baseclass parentclass",
    "defines": "method member attribute property operation class function part element component",
    "overrides": "original",
}
_DEED = {
    "calls": "call invocation use usage execution",
    "raises": "raise throw raising",
    "returns": "return",
    "catches": "catch handling",
}
_PAST = {
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
_DOUBLED = frozenset(
    "run wrap trap put set get tag sit let stop begin quit step spit tap spin drop swap flag top commit preset transfer reset emit admit "
    "transmit equip refer defer occur label model signal".split()
)
# What it is called with stands behind it, and what it is called for goes with "to": "assigns `v` to `x`"; the others "set `x` to `v`".
VALUE_FIRST = frozenset(
    "assign store save put write keep record place copy load use stash pass insert supply substitute attach cache remember "
    "retain preserve deposit inject push register memorise memorize tuck park hang drop commit transfer".split()
)
TARGET_FIRST = frozenset(
    "set update initialise initialize reset change bind point make turn switch overwrite fill populate give assign equip "
    "replace seed provide default define mutate rebind prime configure leave equate let tie fix refresh adjust alter modify reassign "
    "establish preset".split()
)
TARGET_DOES = frozenset(
    "get receive take hold become equal obtain have contain default fall carry be assume acquire start bear end "
    "come amount store refer point evaluate resolve revert go mean".split()
)
BINDING = VALUE_FIRST | TARGET_FIRST | TARGET_DOES
# Verbs that only carry another one: "tries to call", "ends up calling", "is responsible for raising".
_CARRIERS = frozenset(
    "try attempt help serve proceed begin start continue end go work happen choose decide manage tend need want have use be "
    "mean design intend suppose expect allow let fail act function succeed finish".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """`doer`, `done`: the noun names this side of the relations; `deed`: what happens. `acts`: relations as a verb with its
    subject doing it, `middle`: with its subject being what it is done to. `form`: base | third | gerund | participle (or past)."""

    lemma: str
    form: str = ""
    acts: tuple[str, ...] = ()
    middle: tuple[str, ...] = ()
    doer: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    deed: tuple[str, ...] = ()


def _inverted(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for kind, words in table.items():
        for word in words.split():
            if kind not in found.get(word, ()):
                found[word] = (*found.get(word, ()), kind)
    return found


def forms_of(verb: str) -> dict[str, str]:
    """The forms of a verb: base, third, gerund, past, participle. ("be" has too many.)"""
    third = f"{verb}es" if verb.endswith(("ch", "sh", "ss", "x", "o")) else f"{verb}s"
    stem = verb + verb[-1] if verb in _DOUBLED else verb.removesuffix("e") if not verb.endswith("ee") else verb
    past, participle = _PAST.get(verb, (f"{verb}d" if verb.endswith("ie") else f"{stem}ed",) * 2)
    if verb.endswith("y") and verb[-2] not in "aeiou":
        third, past, participle = f"{verb[:-1]}ies", *_PAST.get(verb, (f"{verb[:-1]}ied",) * 2)
    gerund = f"{verb[:-2]}ying" if verb.endswith("ie") else f"{stem}ing"
    third = "has" if verb == "have" else third
    return {"base": verb, "third": third, "gerund": gerund, "past": past, "participle": participle}


@functools.cache
def _forms() -> tuple[dict[str, tuple[str, str]], dict[str, dict[str, tuple[str, ...]]]]:
    """(lemma, form) of each form of each verb; the nouns of each side."""
    forms: dict[str, tuple[str, str]] = {}
    acts, middle = _inverted(_VERBS), _inverted(_MIDDLE)
    for lemma in sorted({*acts, *middle, *BINDING, *_CARRIERS} - {"be", "have"}):
        own = forms_of(lemma)
        forms |= {own[form]: (lemma, form) for form in ("third", "gerund", "past", "participle")}
        if lemma in _DOUBLED and lemma.endswith("l"):  # "labeled" and "labelled"
            forms |= {f"{lemma}ed": (lemma, "participle"), f"{lemma}ing": (lemma, "gerund")}
        forms[lemma] = (lemma, "base")  # also where that is its past
    nouns: dict[str, dict[str, tuple[str, ...]]] = {"acts": acts, "middle": middle}
    for side, table in (("doer", _DOER), ("done", _DONE), ("deed", _DEED)):
        nouns[side] = _inverted(table)
    return forms, nouns


@functools.lru_cache(maxsize=4096)
def look_up(text: str) -> Word | None:
    """The word as a verb and as a noun; None where it is neither, as far as is known."""
    forms, tables = _forms()
    word = text.lower()
    lemma, form = forms.get(word, ("", ""))
    singular = word if word in tables["doer"] or word in tables["done"] or word in tables["deed"] else _singular(word)
    sides = {side: tables[side].get(singular, ()) for side in ("doer", "done", "deed")}
    if not lemma and not any(sides.values()):
        return None
    return Word(lemma or singular, form, tables["acts"].get(lemma, ()), tables["middle"].get(lemma, ()), **sides)


def _singular(word: str) -> str:
    if word == "children":
        return "child"
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
