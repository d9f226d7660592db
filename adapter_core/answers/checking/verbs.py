"""The words by which composed sentences and lists claim relations between names, as patterns for `relations.py`."""

from __future__ import annotations

import re

from .lexicon import forms_of

_ADVERBS = (
    r"(?:\s*\b(?:only|directly|internally|indirectly|exclusively|solely|always|also|then|first|finally|in turn|never|not|once|itself)"
    r"\b)*\s*"
)
# What a sentence may say that a definition is, and the kinds of symbols that are meant.
KINDS = {
    "function": ("function", "method"), "method": ("method", "property"), "property": ("property",), "class": ("class",),
    "dataclass": ("class",), "coroutine": ("function", "method"), "generator": ("function", "method"), "classmethod": ("method",),
    "staticmethod": ("method",), "variable": ("variable", "constant", "field"), "constant": ("constant", "variable"),
    "field": ("field", "variable"), "type alias": ("type_alias",), "enum member": ("enum_member",), "module": ("module",),
    "package": ("module",),
}  # fmt: skip


def _verb(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)", re.I)


def _acts(*bases: str) -> str:
    """Third person and gerund; the bare form only behind what makes a verb of it: "does not call", but not "a call"."""
    before = "|".join(
        f"(?<={word} )" for word in ("not", "n't", "never", "may", "will", "can", "to", "directly", "also", "must")
    )
    forms = []
    for base in bases:
        own = forms_of(base)
        forms += [rf"(?<!the ){own['third']}(?! (?:of|to|from)\b)", own["gerund"], f"(?:{before}){base}"]
    return "|".join(forms)


# (kind, whether subject and object are turned, pattern). Of overlapping matches the earliest counts, then the longest. `\x02` begins a
# mention: see `sentence.py`.
VERBS: tuple[tuple[str, bool, re.Pattern[str]], ...] = (
    ("calls", False, _verb(f"(?:further )?(?:{_acts('call', 'invoke')})", "delegates? to", "delegating to")),
    ("calls", False, _verb("(?:an? |the |one )?calls? (?:to|of)")),
    (
        "calls",
        True,
        _verb(
            rf"(?:called|invoked|constructed|instantiated){_ADVERBS}(?:by|from|in|within|inside)(?: the)?"
            "(?: (?:tests?|functions?|methods?))?"
        ),
    ),
    (
        "annotated",
        False,
        _verb(
            "(?:annotated|declared|typed) (?:to return|as returning)",
            "annotated with",
            "has the return (?:type|annotation)",
        ),
    ),
    ("yields_from", False, _verb("yields? from", "yielding from")),
    ("returns_result", False, _verb("(?:returns?|returning) the results? of(?: calling)?")),
    ("returns", False, _verb(_acts("return"), "(?:hands?|gives?|handing|giving) back")),
    ("returns", True, _verb("(?:returned|yielded) (?:by|from)")),
    ("yields", False, _verb(_acts("yield"))),
    ("raises_result", False, _verb("raises? the results? of(?: calling)?")),
    ("raises", False, _verb(_acts("raise", "throw"))),
    ("raises", True, _verb("(?:raised|thrown) (?:by|in|from)")),
    ("message", False, _verb("with the message", "with message")),
    (
        "sets",
        False,
        _verb(
            _acts("set", "assign", "update", "mutate", "reset", "increment", "decrement", "initialize", "initialise")
        ),
    ),
    ("sets", True, _verb("(?:set|assigned|updated|mutated|reset|changed) (?:by|in|from)")),
    (
        "assigned",
        False,
        _verb(
            r"(?:is|are|gets|being|be) (?:set|assigned(?! to)|initiali[sz]ed|reset)(?: to| as)?(?= (?:the )?\x02| to| as)(?: to| as)?"
        ),
    ),
    (
        "inherits",
        False,
        _verb(
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
        _verb("extended by", "subclassed by", "inherited by", "(?:base|parent|super) ?class(?:es)? of", "base of"),
    ),
    (
        "overrides",
        False,
        _verb(
            "an? override of",
            "takes? the place of",
            r"replaces? the (?:inherited|base|parent)(?: \w+)?",
        ),
    ),
    ("overrides", False, _verb(_acts("override", "reimplement"))),
    ("overrides", True, _verb("(?:overridden|reimplemented) (?:by|in)")),
    (
        "default",
        False,
        _verb(
            "defaults? to",
            "has an? default(?: value)? of",
            "with an? default(?: value)? of",
            r"default(?:s to| is|:)?(?= \x02)",
        ),
    ),
    (
        "default_of",
        False,
        _verb("default(?: value)? (?:of|for)(?: the)?(?: (?:parameter|argument|option))?"),
    ),
    (
        "takes",
        False,
        _verb(
            "(?:takes?|accepts?|taking|accepting|has (?:an? |the )?(?:(?:required|optional|keyword|keyword-only|positional) )*"
            "(?:parameters?|arguments?))(?: optionally)?"
        ),
    ),
    ("takes", True, _verb("(?:parameters?|arguments?) (?:of|to)")),
    ("takes", False, _verb("declared with (?:an? |the )?(?:\\w+ )?(?:parameters?|arguments?)")),
    ("inherits", False, _verb("builds on its (?:base|parent) class")),
    ("decorated", False, _verb("(?:carries|has|bears) the decorator")),
    (
        "defined",
        False,
        _verb(
            "(?:can be |is )?found (?:in|at|inside)",
            "(?:defined|declared|implemented|located|lives?|resides?) (?:in|at|inside|within|on)",
        ),
    ),
    (
        "kind",
        False,
        _verb(
            "(?<!there )(?:is|are) (?:not )?an? (?:(?:async|static|class|abstract|private|public|nested|special|plain|free|"
            "instance|helper|simple|regular|inner|concrete) )*"
            rf"(?:{'|'.join(KINDS)})(?: of| on)?"
        ),
    ),
    ("decorated", False, _verb("(?:decorated|registered) (?:with|by|through|via)")),
    ("imports", False, _verb(r"imports?(?= \x02)")),
    ("imports", True, _verb("imported (?:by|in|into)")),
    ("catches", True, _verb("(?:caught|handled) (?:by|in|within|inside)")),
    ("member", False, _verb("belongs to", "is (?:a )?(?:part|member) of")),
    ("catches", False, _verb(_acts("catch"))),
    ("defines", False, _verb(_acts("define", "declare"), "has the methods?")),
    ("passed", False, _verb("(?:passed|handed|given) to")),
    (
        "count",
        False,
        _verb(
            r"called at(?= \x02)",
            r"called in a total of(?= \x02\d+\x03 tests\b)",
            r"has(?= \x02\d+\x03 (?:direct )?(?:subclass|override|method|parameter|test))",
        ),
    ),
    (
        "tested",
        False,
        _verb("reached by calls from(?: the)?(?: tests?)?", "(?:covered|tested|exercised) by(?: the)?(?: tests?)?"),
    ),
    ("says", False, _verb("says?", "reads?", "states?")),
)

# Words that tell a relation. Where they stand outside every pattern above, who does what to whom was not understood.
RELATIONAL = re.compile(
    r"\b(?:call(?:s|ed|ing|ers?|ees?)?|invok\w+|return(?:s|ed|ing)?|rais(?:e|es|ed|ing)|throws?|throwing|thrown|yield(?:s|ed|ing)?|"
    r"extend(?:s|ed|ing)?|inherit\w*|subclass\w*|superclass\w*|base class\w*|bases|overrid\w+|overriden|reimplement\w*|parameters?|"
    r"arguments?|defaults?|decorat\w+|assign(?:s|ed|ing)|imports?|imported|importing|catch(?:es|ing)?|caught|defin(?:es|ed|ing)|"
    r"declar(?:es|ed|ing)|(?:methods?|definition|member) of|"
    r"contains|initiali[sz]\w+)\b",
    re.I,
)
