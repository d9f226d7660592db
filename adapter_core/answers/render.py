"""Claims to Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import Claim, Provenance
from .inert import code, prose

_NEAREST = "What comes nearest:"


def to_markdown(claims: Sequence[Claim]) -> str:
    """One list item for each sentence, followed by its citations as `path:line`."""
    lines = []
    for claim in claims:
        spans = ", ".join(code(str(c.span)) for c in claim.citations)
        lines.append(f"- {claim.text} ({spans})")
    return "\n".join(lines)


def not_found_text(nearest: Sequence[str], locations: Sequence[str]) -> str:
    """The text of a refusal, with the nearest symbols and their `path:line` ("" if unknown)."""
    text = "Not found in this workspace."
    if nearest:
        symbols = [
            f"{code(name)} ({code(location)})" if location else code(name)
            for name, location in zip(nearest, locations, strict=True)
        ]
        text += " The nearest symbols: " + ", ".join(symbols) + "."
    return text


def missing_names_heading(names: Sequence[str]) -> str:
    """The heading of an answer to a question that names missing symbols; "" if there are none."""
    return f"Not found in this workspace: {', '.join(map(code, names))}. {_NEAREST}\n\n" if names else ""


def missing_words_heading(words: Sequence[str]) -> str:
    """The heading of an answer to a question about things of which the workspace does not speak; "" if there are none."""
    quoted_words = ", ".join(f"“{prose(word)}”" for word in words)
    return f"Nothing in this workspace speaks of {quoted_words}. {_NEAREST}\n\n" if words else ""


def asides_heading(told: str) -> str:
    """The heading of an answer to a question about things that no code of the product has; "" if nothing is `told` of such."""
    return f"{told[:1].upper()}{told[1:]}. {_NEAREST}\n\n" if told else ""


def has_heading(text: str) -> bool:
    """Whether the text of an answer begins by saying that what was asked for is not there."""
    return text.partition("\n")[0].endswith(_NEAREST)


def commit_footer(provenance: Provenance) -> str:
    """The footer with the commit and tree of the answer; "" if unknown."""
    if provenance.commit is None:
        return ""
    tree = f", tree {code(provenance.tree)}" if provenance.tree else ""
    return f"\n\nCommit {code(provenance.commit)}{tree}."
