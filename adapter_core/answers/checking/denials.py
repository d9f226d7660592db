"""Words of denial: whether a sentence affirms something or denies it."""

from __future__ import annotations

import re

NEGATION = re.compile(
    r"\b(?:not|never|no|none|nothing|nobody|neither|nor|cannot|without|fails? to|instead of|rather than|except)\b|n't\b",
    re.I,
)
# An "except clause" denies nothing.
_EXCEPT_CLAUSE = re.compile(r"\bexcept(?:ion)?[ -](?:clause|block|handler|branch|statement|arm)s?\b", re.I)
# Verbs and adverbs of denial; and of frequency, which is not checked.
_DENIAL_WORDS = re.compile(
    r"\b(?:avoid\w*|refus\w+|forget\w*|omit\w*|lack\w*|ignor\w+|miss(?:es|ing)?|rarely|hardly|seldom|prevent\w*|skip\w*|unlike|"
    r"other than|bypass\w*|stops? short|unable|impossible|un(?:related|aware|touched)|independent\w*|neglect\w*|disallow\w*|forbid\w*|"
    r"twice|thrice|(?:two|three|four|five|several|many) times|repeatedly|at most|(?:more|less|fewer) than|ceas\w+|declin\w+|exempt\w*|"
    r"free (?:of|from)|far from|anything but)\b",
    re.I,
)  # fmt: skip
# A denial of a condition.
_CONDITION_DENIAL = re.compile(r"\b(?:unless|false|falsy|fails? when|unmet|violated|otherwise|else)\b", re.I)
# A bound is no default.
_BOUND_WORDS = re.compile(r"\b(?:at (?:least|most)|(?:less|fewer|greater) than|minim\w+|maxim\w+|mandatory)\b", re.I)
# A clause with the case of a default, that no value is given, has a denial of its own: "when no `x` is given", "without `x`".
_OMISSION_CLAUSE = re.compile(
    r"\b(?:if|when|whenever|unless|where|in case|without|once|callers?|those|in the absence of|(?:a|an|the) (?:missing|omitted|absent)|"
    r"omit\w*|leav(?:e|es|ing)|skip\w*|need not)\b[^,.;:]*",
    re.I,
)
_OMISSION_WORDS = re.compile(
    r"\b(?:no|not|nothing|none|never|unless|without|omit\w*|skip\w*|leav(?:e|es|ing) (?:out|off|away|\S+ out|\S+ unspecified)|"
    r"left (?:out|off|away|unset|unspecified)|missing|absen\w+|unspecified|unset|lack\w*|nobody)\b|n't\b",
    re.I,
)


def is_denied(plain: str, kind: str) -> bool:
    """Whether plain words deny or limit a relation of this kind. For a default, "no value is given" is no denial; a second one in the same
    clause is."""
    plain = _EXCEPT_CLAUSE.sub("handler", plain)
    if kind != "default":
        return bool(NEGATION.search(plain) or _DENIAL_WORDS.search(plain) or _CONDITION_DENIAL.search(plain))
    if _BOUND_WORDS.search(plain) or NEGATION.search(_OMISSION_CLAUSE.sub(" ", plain)):
        return True
    return any(len(_OMISSION_WORDS.findall(clause.group())) > 1 for clause in _OMISSION_CLAUSE.finditer(plain))
