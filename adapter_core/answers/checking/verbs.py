"""Patterns of the words that express relations in composed sentences and lists, for `relations.py`."""

from __future__ import annotations

import re

from .lexicon import forms_of

_ADVERBS = (
    r"(?:\s*\b(?:only|directly|internally|indirectly|exclusively|solely|always|also|then|first|finally|in turn|never|not|once|itself)"
    r"\b)*\s*"
)
# The nouns for a definition in a sentence, and the kinds of symbols that each means.
KINDS = {
    "function": ("function", "method"), "method": ("method", "property"), "property": ("property",), "class": ("class",),
    "dataclass": ("class",), "coroutine": ("function", "method"), "generator": ("function", "method"), "classmethod": ("method",),
    "staticmethod": ("method",), "variable": ("variable", "constant", "field"), "constant": ("constant", "variable"),
    "field": ("field", "variable"), "type alias": ("type_alias",), "enum member": ("enum_member",), "module": ("module",),
    "package": ("module",),
}  # fmt: skip


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)", re.I)


def _verb_forms(*bases: str) -> str:
    """A pattern for third person and gerund; the base form only after a word that makes it a verb: "does not call", but not "a call"."""
    after_words = "|".join(
        f"(?<={word} )" for word in ("not", "n't", "never", "may", "will", "can", "to", "directly", "also", "must")
    )
    patterns = []
    for base in bases:
        forms = forms_of(base)
        patterns += [rf"(?<!the ){forms['third']}(?! (?:of|to|from)\b)", forms["gerund"], f"(?:{after_words}){base}"]
    return "|".join(patterns)


# (kind, whether subject and object are swapped, pattern). Of overlapping matches the earliest counts, then the longest. `\x02` begins a
# mention: see `sentence.py`.
VERBS: tuple[tuple[str, bool, re.Pattern[str]], ...] = (
    ("calls", False, _any_of(f"(?:further )?(?:{_verb_forms('call', 'invoke')})", "delegates? to", "delegating to")),
    ("calls", False, _any_of("(?:an? |the |one )?calls? (?:to|of)")),
    (
        "calls",
        True,
        _any_of(
            rf"(?:called|invoked|constructed|instantiated){_ADVERBS}(?:by|from|in|within|inside)(?: the)?"
            "(?: (?:tests?|functions?|methods?))?"
        ),
    ),
    (
        "annotated",
        False,
        _any_of(
            "(?:annotated|declared|typed) (?:to return|as returning)",
            "annotated with",
            "has the return (?:type|annotation)",
        ),
    ),
    ("yields_from", False, _any_of("yields? from", "yielding from")),
    ("returns_result", False, _any_of("(?:returns?|returning) the results? of(?: calling)?")),
    ("returns", False, _any_of(_verb_forms("return"), "(?:hands?|gives?|handing|giving) back")),
    ("returns", True, _any_of("(?:returned|yielded) (?:by|from)")),
    ("yields", False, _any_of(_verb_forms("yield"))),
    ("raises_result", False, _any_of("raises? the results? of(?: calling)?")),
    ("raises", False, _any_of(_verb_forms("raise", "throw"))),
    ("raises", True, _any_of("(?:raised|thrown) (?:by|in|from)")),
    ("message", False, _any_of("with the message", "with message")),
    (
        "sets",
        False,
        _any_of(
            _verb_forms(
                "set", "assign", "update", "mutate", "reset", "increment", "decrement", "initialize", "initialise"
            )
        ),
    ),
    ("sets", True, _any_of("(?:set|assigned|updated|mutated|reset|changed) (?:by|in|from)")),
    (
        "assigned",
        False,
        _any_of(
            r"(?:is|are|gets|being|be) (?:set|assigned(?! to)|initiali[sz]ed|reset)(?: to| as)?(?= (?:the )?\x02| to| as)(?: to| as)?"
        ),
    ),
    (
        "inherits",
        False,
        _any_of(
            "extends?",
            "extending",
            "inherits? from",
            "inheriting from",
            "derives? from",
            "derived from",
            r"subclasses(?= \x02)",
            "(?:direct |concrete )?(?:subclass|child class) of",
        ),
    ),
    (
        "inherits",
        True,
        _any_of("extended by", "subclassed by", "inherited by", "(?:base|parent|super) ?class(?:es)? of", "base of"),
    ),
    (
        "overrides",
        False,
        _any_of(
            "an? override of",
            "takes? the place of",
            r"replaces? the (?:inherited|base|parent)(?: \w+)?",
        ),
    ),
    ("overrides", False, _any_of(_verb_forms("override", "reimplement"))),
    ("overrides", True, _any_of("(?:overridden|reimplemented) (?:by|in)")),
    (
        "default",
        False,
        _any_of(
            "defaults? to",
            "has an? default(?: value)? of",
            "with an? default(?: value)? of",
            r"default(?:s to| is|:)?(?= \x02)",
        ),
    ),
    (
        "default_of",
        False,
        _any_of("default(?: value)? (?:of|for)(?: the)?(?: (?:parameter|argument|option))?"),
    ),
    (
        "takes",
        False,
        _any_of(
            "(?:takes?|accepts?|taking|accepting|has (?:an? |the )?(?:(?:required|optional|keyword|keyword-only|positional) )*"
            "(?:parameters?|arguments?))(?: optionally)?"
        ),
    ),
    ("takes", True, _any_of("(?:parameters?|arguments?) (?:of|to)")),
    ("takes", False, _any_of("declared with (?:an? |the )?(?:\\w+ )?(?:parameters?|arguments?)")),
    ("inherits", False, _any_of("builds on its (?:base|parent) class")),
    ("decorated", False, _any_of("(?:carries|has|bears) the decorator")),
    (
        "defined",
        False,
        _any_of(
            "(?:can be |is )?found (?:in|at|inside)",
            "(?:defined|declared|implemented|located|lives?|resides?) (?:in|at|inside|within|on)",
        ),
    ),
    (
        "kind",
        False,
        _any_of(
            "(?<!there )(?:is|are) (?:not )?an? (?:(?:async|static|class|abstract|private|public|nested|special|plain|free|"
            "instance|helper|simple|regular|inner|concrete) )*"
            rf"(?:{'|'.join(KINDS)})(?: of| on)?"
        ),
    ),
    ("decorated", False, _any_of("(?:decorated|registered) (?:with|by|through|via)")),
    ("imports", False, _any_of(r"imports?(?= \x02)")),
    ("imports", True, _any_of("imported (?:by|in|into)")),
    ("catches", True, _any_of("(?:caught|handled) (?:by|in|within|inside)")),
    ("member", False, _any_of("belongs to", "is (?:a )?(?:part|member) of")),
    ("catches", False, _any_of(_verb_forms("catch"))),
    ("defines", False, _any_of(_verb_forms("define", "declare"), "has the methods?")),
    ("exports", False, _any_of(r"(?:re-?)?exports?(?= \x02)")),
    ("passed", False, _any_of("(?:passed|handed|given) to")),
    (
        "count",
        False,
        _any_of(
            r"called at(?= \x02)",
            r"called in a total of(?= \x02\d+\x03 tests\b)",
            r"has(?= \x02\d+\x03 (?:direct )?(?:subclass|override|method|parameter|test))",
        ),
    ),
    (
        "tested",
        False,
        _any_of(
            "(?:may be )?reached by calls from(?: the)?(?: tests?)?",
            "(?:covered|tested|exercised) by(?: the)?(?: tests?)?",
        ),
    ),
    ("reads", True, _any_of(r"read (?:by|in)(?= \x02)")),
    ("says", False, _any_of("says?", "reads?", "states?")),
)

# Words that express a relation. Where they occur outside every pattern above, a relation was not understood.
RELATIONAL = re.compile(
    r"\b(?:call(?:s|ed|ing|ers?|ees?)?|invok\w+|return(?:s|ed|ing)?|rais(?:e|es|ed|ing)|throws?|throwing|thrown|yield(?:s|ed|ing)?|"
    r"extend(?:s|ed|ing)?|inherit\w*|subclass\w*|superclass\w*|base class\w*|bases|overrid\w+|overriden|reimplement\w*|parameters?|"
    r"arguments?|defaults?|decorat\w+|assign(?:s|ed|ing)|imports?|imported|importing|catch(?:es|ing)?|caught|defin(?:es|ed|ing)|"
    r"declar(?:es|ed|ing)|(?:methods?|definition|member) of|"
    r"contains|initiali[sz]\w+)\b",
    re.I,
)
