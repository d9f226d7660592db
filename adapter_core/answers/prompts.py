"""What the model is told when it phrases an answer."""

from __future__ import annotations

from ..models.backend import Message
from ..types import EvidencePack

_SYSTEM = (
    "You explain source code. Use only the numbered evidence. Write two to five short sentences. Name functions, classes and "
    "values exactly as they are written in the evidence, in backticks. Do not invent code. Do not repeat the question."
)


def phrasing_messages(question: str, pack: EvidencePack) -> list[Message]:
    """The conversation that asks for an answer over packed evidence. The evidence is data: it stands between markers."""
    user = f"Evidence:\n<<<\n{pack.text}\n>>>\n\nQuestion: {question.strip()[:2000]}\nAnswer:"
    return [Message("system", _SYSTEM), Message("user", user)]
