"""For a question what a function returns: of the sentences about it those that say so, and what it is for; how it comes to it, who calls it
and what it takes were not asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from .candidate import Candidate

_ASKS_RESULT = re.compile(
    r"\bwhat (?:exactly )?(?:does|do|did|will|would|can|could|should)\b[^?;]{1,80}\b(?:returns?|yields?|give back|hand back)\b|"
    r"\bwhat (?:is|gets?|will be|are) (?:returned|yielded)\b|\bwhat(?: is|'s| are) the (?:return(?:ed)? values?|results?) of\b",
    re.I,
)
# Another part of the question asks for something else.
_ASKS_MORE = re.compile(
    r"\b(?:and|or|,) (?:how|why|what|which|where|when|who|does|do|is|are|can)\b|\band (?:do|take|accept|raise)\b|[?.;]\s+\w",
    re.I,
)
_SAYS_RESULT = re.compile(r"\b(?:returns?|returned|returning|yields?|yielded|yielding)\b|: `(?:return|yield)\b", re.I)
_BY_DOCSTRING = re.compile(r"` (?:returns|yields), by its docstring: ")
_BARE = re.compile(
    r"` (?:returns|yields) `\w+`(?: if it gets that far)?\.\Z|(?:: |: if it gets that far: )`return \w+`\Z"
)
_OF_FUNCTIONS = frozenset({"returns", "signature", "calls"})
_OF_STATEMENTS_WITH_RESULT = frozenset({"quote", "branch", "bare", "decides"})
_ANNOTATED = "is annotated to return"


def asks_result(question: str) -> bool:
    """Whether all that a question asks is what something returns."""
    return bool(_ASKS_RESULT.search(question)) and not _ASKS_MORE.search(question)


def says_result_in_words(item: Candidate) -> bool:
    """Whether a sentence quotes from the documentation of a function what it returns."""
    return bool(_BY_DOCSTRING.search(item.text)) or (item.kind == "doc" and bool(_SAYS_RESULT.search(item.text)))


def says_result(item: Candidate) -> bool:
    """Whether a sentence says what a function returns, in words or by its statements."""
    return item.kind in _OF_STATEMENTS_WITH_RESULT and bool(_SAYS_RESULT.search(item.text))


def of_results(items: Sequence[Candidate]) -> list[Candidate]:
    """The sentences on what the named functions themselves return, and for what these are; all where none of them says that. That it
    returns a variable (`return rv`) is left out if the documentation says what that is."""
    functions = {_owner(item) for item in items if item.named and item.kind in _OF_FUNCTIONS}
    own = [item for item in items if item.named and _is_on_result(item) and not _is_nested(_owner(item), functions)]
    if not any(item.kind != "doc" or says_result_in_words(item) for item in own):
        return list(items)
    told = {item.subject for item in own if says_result_in_words(item)}
    annotated = [item for item in own if item.kind == "signature"]
    said = [item for item in own if item not in annotated and not (item.subject in told and _BARE.search(item.text))]
    return said if any(item.kind != "doc" for item in said) or told else [*said, *annotated]


def _owner(item: Candidate) -> str:
    return item.text.partition("`")[2].partition("`")[0]


def _is_nested(owner: str, functions: Collection[str]) -> bool:
    """Whether a name is that of a function within one of these, which returns something else."""
    return any(owner.startswith(f"{function}.") for function in functions)


def _is_on_result(item: Candidate) -> bool:
    if item.kind == "doc":
        return item.order == 0 or says_result_in_words(item)
    if item.kind == "signature":
        return _ANNOTATED in item.text
    return item.kind == "returns" or says_result(item)
