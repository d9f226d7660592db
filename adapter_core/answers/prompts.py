"""The prompts for phrasing an answer."""

from __future__ import annotations

from ..models.backend import Message
from ..types import EvidencePack

PLAIN, PLACES, STRUCTURED = "plain", "places", "structured"
_SYSTEM = (
    "You explain source code. Use only the numbered evidence. Write two to five short sentences. Name functions, classes and "
    "values exactly as they are written in the evidence, in backticks. Do not invent code. Do not repeat the question."
)
_FORM = (
    "\n\nWrite each sentence on a line of its own, about one name of the evidence, and end it with its place, in this form:\n"
    "- `name` does what the lines say ({place})."
)
_DRAFTING = (
    "You explain source code. You answer with one short sentence that says only what the code and its comments say."
)
_MAX_QUESTION, _MAX_CITABLE, _MAX_DRAFT_QUESTION = 2000, 8, 400


def phrasing_messages(
    question: str, pack: EvidencePack, scaffold: str = PLAIN, example: str | None = None
) -> list[Message]:
    """The messages that ask for an answer over packed evidence. The evidence is data, so it is put between markers.

    `scaffold` "places": the places that can be cited are named first; "structured": the form of a sentence is shown as well, with
    `example` as its place (`path:line`).
    """
    user = f"Evidence:\n<<<\n{pack.text}\n>>>\n\n" if pack.text else ""
    if scaffold != PLAIN and pack.text:
        user += f"Places in it:\n{_citable_spans(pack)}\n\n"
    user += f"Question: {question.strip()[:_MAX_QUESTION]}"
    if scaffold == STRUCTURED:
        user += _FORM.format(place=example or "path.py:1")
    return [Message("system", _SYSTEM), Message("user", f"{user}\nAnswer:")]


def drafting_messages(question: str, name: str, code: str) -> tuple[Message, ...]:
    """The messages that ask for one sentence about one definition."""
    user = f"Question: {question.strip()[:_MAX_DRAFT_QUESTION]}\n\nCode:\n<<<\n{code}\n>>>\n\nSay in one sentence what `{name}` does."
    return (Message("system", _DRAFTING), Message("user", user))


def _citable_spans(pack: EvidencePack) -> str:
    return "\n".join(
        f"- {item.span}{f' `{item.symbol}`' if item.symbol else ''}" for item in pack.evidence[:_MAX_CITABLE]
    )
