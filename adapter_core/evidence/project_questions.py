"""Questions about the project as a whole: "what is this?", "where do I start reading?"."""

from __future__ import annotations

import re

from ..graph import terms

_MAX_CHARS = 200
_PROJECT_NOUNS = frozenset(
    "project repo repository codebase code package library workspace program application app tool framework software system".split()
)
_MAIN_PARTS = r"\b(?:main|key|core|important) (?:classes|modules|parts|components|packages|pieces|building blocks)\b"
_PROJECT = re.compile(
    rf"\b(?:this|the|our|your|its) (?:(?:python|whole|entire|source) )?(?:code base|{'|'.join(sorted(_PROJECT_NOUNS))})\b"
    r"|\b(?:every|any)thing (?:is|fits?|works?|starts?)\b|\bwhere (?:do|should|can|would|could) (?:i|we|one|you) (?:start|begin)\b"
    r"|\b(?:parts|pieces|modules|components|packages|classes|everything|it all) (?:\w+ )?(?:fits?|works?|hangs?) together\b"
    rf"|\bwhat(?:'s| is) this\b"
    r"|\b(?:overview of|describe|explain) the (?:whole |overall )?(?:architecture|structure|layout|design)\b"
    rf"|{_MAIN_PARTS}",
    re.I,
)
_ASKS = re.compile(r"\W*(?:what|how|where|explain|describe|give|show|tell|introduce|summar|overview)", re.I)
# A question with no words but these, and those above, is about the project: the words of asking, of parts, and of beginning.
ASKING_WORDS = frozenset(
    "a about all also an and anything architecture are as at base basic begin beginning best big blocks building by can class classes "
    "component components contents contribute contributing contributor core could describe design designed divided do does doing entire "
    "entry everything explain file files find first fit fits folder folders for from fully generally give goal good great guide hang "
    "hangs have help high how i idea if important in intended introduce introduction is it its job key know laid layout level lies like "
    "live lives look made main major make me mean meant module modules new newcomer of on one or organisation organised organization "
    "organized our out overall overview package packages part parts picture piece pieces place places please point points problem "
    "purpose python quick quickly read reading s short should show side so solve solves source split start started starting starts "
    "structure structured summarise summarize summary tell that the there these this through to together top tour understand up us use "
    "used useful using walk we what whats where which who whole why with work working works would you your them they".split()
)
_LAYOUT = re.compile(
    r"\b(?:architect\w*|structur\w*|organi[sz]\w*|laid|layout|parts?|pieces?|components?|modules?|packages|classes|files|folders|"
    r"start\w*|begin\w*|look|lives?|reading|contribut\w*|tour|designed|fits?|hangs?|works?|overview|picture|divided|split|key|main)\b",
    re.I,
)


def asks_about_project(text: str, own_names: frozenset[str]) -> bool:
    """Whether a question is about the project as a whole: it names it ("this library", its own name) or asks where to start, and has no
    other subject. `own_names`: the project's own names as terms."""
    if len(text) > _MAX_CHARS or "`" in text:
        return False
    words = re.findall(r"[^\W_]+", text.lower())
    others = [word for word in words if word not in ASKING_WORDS and word not in _PROJECT_NOUNS]
    names_project = _PROJECT.search(text) or (others and _ASKS.match(text))
    if names_project and all(terms.compound(word) in own_names for word in others):
        return True
    # "Give me an overview of the code base: what lives where, and how do the backends fit in?"
    first, separator, _ = text.partition(":")
    return bool(separator and _PROJECT.search(first)) and asks_about_project(first, own_names)


def asks_layout(text: str) -> bool:
    """Whether a question about the project asks for its parts, or where to start, and not only what it is."""
    return bool(_LAYOUT.search(text[:_MAX_CHARS]))


def asks_main_parts(text: str) -> bool:
    """Whether a question about the project asks for its main classes, modules or the like, and nothing else."""
    return re.search(_MAIN_PARTS, text[:_MAX_CHARS], re.I) is not None
