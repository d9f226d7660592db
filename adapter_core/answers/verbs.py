"""The words by which sentences claim relations between names."""

from __future__ import annotations

import re

_ADVERBS = (
    r"(?:\s*\b(?:only|directly|internally|indirectly|exclusively|solely|always|also|then|first|finally|in turn|never|not|once|itself)"
    r"\b)*\s*"
)
_KINDS = (
    "class|function|method|property|variable|constant|type alias|field|enum member|module|coroutine|generator|dataclass|"
    "classmethod|staticmethod|package"
)


def _verb(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)", re.I)


def _acts(*bases: str) -> str:
    """Third person and gerund; the bare form only behind what makes a verb of it: "does not call", but not "a call"."""
    before = "|".join(
        f"(?<={word} )" for word in ("not", "n't", "never", "may", "will", "can", "to", "directly", "also", "must")
    )
    forms = []
    for base in bases:
        third = f"{base}es" if base.endswith("ch") else f"{base}s"
        gerund = f"{base.removesuffix('e')}ing" if base not in ("set", "reset") else f"{base}ting"
        forms += [rf"(?<!the ){third}(?! (?:of|to|from)\b)", gerund, f"(?:{before}){base}"]
    return "|".join(forms)


# (kind, whether subject and object are turned, pattern). Of overlapping matches the earliest counts, then the longest. `\x02` begins a
# mention: see `sentence.py`.
VERBS: tuple[tuple[str, bool, re.Pattern[str]], ...] = (
    ("calls", False, _verb(f"(?:further )?(?:{_acts('call', 'invoke')})", "delegates? to", "delegating to")),
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
        _verb("(?:annotated|declared|typed) (?:to return|as returning)", "has the return (?:type|annotation)"),
    ),
    ("yields_from", False, _verb("yields? from", "yielding from")),
    ("returns_result", False, _verb("(?:returns?|returning) the results? of(?: calling)?")),
    ("returns", False, _verb(_acts("return"))),
    ("returns", True, _verb("(?:returned|yielded) (?:by|from)")),
    ("yields", False, _verb(_acts("yield"))),
    ("raises_result", False, _verb("raises? the results? of(?: calling)?")),
    ("raises", False, _verb(_acts("raise", "throw"))),
    ("raises", True, _verb("(?:raised|thrown) (?:by|in|from)")),
    ("message", False, _verb("with the message", "with message")),
    ("sets", False, _verb(_acts("set", "assign", "update", "mutate", "reset", "increment", "decrement"))),
    ("sets", True, _verb("(?:set|assigned|updated|mutated|reset|changed) (?:by|in|from)")),
    (
        "assigned",
        False,
        _verb(
            r"(?:is|are|gets|being|be) (?:set|assigned|initiali[sz]ed|reset)(?: to| as)?(?= (?:the )?\x02| to| as)(?: to| as)?"
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
    ("overrides", False, _verb("an? override of")),
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
    ("defined", False, _verb("(?:defined|declared|implemented|located|lives?|resides?) (?:in|at|inside|within|on)")),
    (
        "kind",
        False,
        _verb(
            "(?:is|are) (?:not )?an? (?:(?:async|static|class|abstract|private|public|nested|special|plain|free) )*"
            rf"(?:{_KINDS})(?: of| on)?"
        ),
    ),
    ("decorated", False, _verb("(?:decorated|registered) (?:with|by|through|via)")),
    ("imports", False, _verb(r"imports?(?= \x02)")),
    ("imports", True, _verb("imported (?:by|in|into)")),
    ("catches", True, _verb("caught (?:by|in|within|inside)")),
    ("member", False, _verb("belongs to", "is (?:a )?(?:part|member) of")),
    ("catches", False, _verb(_acts("catch"))),
    ("defines", False, _verb(_acts("define", "declare"), "has the methods?")),
    ("passed", False, _verb("(?:passed|handed|given) to")),
    (
        "count",
        False,
        _verb(r"called at(?= \x02)", r"has(?= \x02\d+\x03 (?:direct )?(?:subclass|override|method|parameter|test))"),
    ),
    (
        "tested",
        False,
        _verb("reached by calls from(?: the)?(?: tests?)?", "(?:covered|tested|exercised) by(?: the)?(?: tests?)?"),
    ),
    ("says", False, _verb("says?", "reads?", "states?")),
)

_MARK = r"\x02\d+\x03"
# Word orders that the patterns above do not know, in those that they do.
REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    # "In `s`, `o` is set to `v`."
    (
        re.compile(
            rf"^(?:In|Within|Inside)(?: the \w+)? ({_MARK}), (?:the \w+ )?({_MARK}) (?:is|gets) (?:set|assigned) to ",
            re.I,
        ),
        r"\1 sets \2 to ",
    ),
    # "Within `s`, `o` is called."
    (
        re.compile(
            rf"^(?:In|Within|Inside)(?: the \w+)? ({_MARK}), (?:the \w+ |an? \w+ of type )?({_MARK}) (is|gets) (not )?"
            r"(called|invoked|raised|thrown|returned|yielded|caught)(?! (?:by|in|from))",
            re.I,
        ),
        r"\2 \3 \4\5 in \1",
    ),
    # "`x`, a parameter of `f`, defaults to `1`."
    (re.compile(rf"({_MARK}), an? (?:\w+ )?(?:parameter|argument|option|attribute) of ({_MARK}),"), r"\1 of \2"),
)
